"""Hodgkin-Huxley and Traub-Miles cells against independent Runge-Kutta integrations.

The figures were computed with a step of 0.01 ms and less, and agree with the literature where
it has them (first spike at 2.24, sustained firing at 6.26 uA/cm2).
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, ms, mV, second, uA

UNIT = uA / cm**2


def spikes_of(model, currents, duration, dt=0.01, **run):
    net = rb.Network(dt=dt * ms)
    cells = net.add(model, len(currents), name="cells")
    net.inject(cells, rb.stimuli.step(np.asarray(currents) * UNIT))
    return net.run(duration, **run).spikes["cells"]


def state(model):
    cell = rb.Network(dt=0.01 * ms).add(model, name="cell")
    return {name: float(getattr(cell, name).magnitude[0]) for name in "vmhn"}


def test_rest():
    rest = state(rb.models.HodgkinHuxley)
    assert rest["v"] == pytest.approx(-64.99638, abs=1e-5)
    for e_l, v in [(-54.4, -64.99972), (-54.3, -64.97405)]:
        assert state(rb.models.HodgkinHuxley(E_L=e_l * mV))["v"] == pytest.approx(v, abs=1e-5)
    rest = state(rb.models.TraubMiles)
    assert rest == pytest.approx({"v": -64.7646, "m": 0.010227, "h": 0.997410, "n": 0.028167},
                                 abs=5e-5)  # fmt: skip


@pytest.mark.parametrize("model", [rb.models.HodgkinHuxley, rb.models.TraubMiles])
def test_at_rest_nothing_happens(model):
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(model, name="cell")
    net.record(cell, "v", every=1 * ms)
    result = net.run(200 * ms)
    assert result.spikes["cell"].count == 0
    assert np.ptp(result.traces["cell"].v.values) < 1e-6


def test_gates_at_minus_65_mv():
    """The values of Brian 2's test suite."""
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(rb.models.HodgkinHuxley, name="cell")
    cell.v = -65 * mV
    found = [float((getattr(cell, f"alpha_{x}") / (getattr(cell, f"alpha_{x}")
             + getattr(cell, f"beta_{x}"))).to("").magnitude[0]) for x in "mhn"]  # fmt: skip
    expected = [0.0529324852572, 0.596120753508, 0.317676914061]
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("voltage, rate, value", [(-40, "alpha_m", 1.0), (-55, "alpha_n", 0.1)])
def test_rates_where_their_text_is_zero_over_zero(voltage, rate, value):
    cell = rb.Network(dt=0.01 * ms).add(rb.models.HodgkinHuxley, name="cell")
    cell.v = voltage * mV
    assert getattr(cell, rate).to("1/ms").magnitude == pytest.approx([value], rel=1e-12)


F_I = {6.3: 52.37, 6.5: 55.06, 7: 58.327, 8: 62.47, 10: 68.324, 12: 72.92, 15: 78.65, 20: 86.47,
       30: 98.745, 50: 117.04}  # fmt: skip
FIRST = {6.3: 2.547, 7: 2.3762, 10: 1.9012, 15: 1.497, 20: 1.2708, 30: 1.0122, 50: 0.7592}


def test_rate_against_current():
    spikes = spikes_of(rb.models.HodgkinHuxley, list(F_I), 1 * second).between(0.5, 1)
    rates = [1 / np.diff(spikes[i]).mean() for i in range(len(F_I))]
    np.testing.assert_allclose(rates, list(F_I.values()), atol=0.02)


@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_first_crossing_of_0_mv(backend):
    model = rb.models.HodgkinHuxley(V_spike=0 * mV, crossing="linear")
    spikes = spikes_of(model, list(FIRST), 4 * ms, dt=0.005, backend=backend)
    first = [spikes[i][0] * 1e3 for i in range(len(FIRST))]
    np.testing.assert_allclose(first, list(FIRST.values()), atol=1.5e-3)


def test_peak_trough_and_period():
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(rb.models.HodgkinHuxley, name="cell")
    net.inject(cell, rb.stimuli.step(10 * UNIT))
    net.record(cell, "v")
    result = net.run(300 * ms)
    v = result.traces["cell"].v.values[:, 0]
    assert v[:400].max() == pytest.approx(40.26, abs=0.02)
    assert v[:1400].min() == pytest.approx(-75.08, abs=0.02)
    late = np.diff(result.spikes["cell"].times[5:]) * 1e3
    assert late.mean() == pytest.approx(14.63621, abs=0.005)


def smallest(enough, duration, low, high, width):
    """Return the smallest current that is enough, from a grid that closes in on it."""
    while high - low > width:
        currents = np.linspace(low, high, 33)
        spikes = spikes_of(rb.models.HodgkinHuxley, currents, duration)
        first = int(np.argmax([enough(spikes[i]) for i in range(33)]))
        low, high = currents[first - 1], currents[first]
    return high


def test_the_current_that_evokes_one_spike():
    found = smallest(lambda times: times.size >= 1, 50 * ms, 2, 3, 1e-4)
    assert found == pytest.approx(2.2404, abs=2e-4)


def test_the_current_that_evokes_a_train():
    found = smallest(lambda times: np.any(times > 0.9), 1 * second, 6, 7, 1e-3)
    assert found == pytest.approx(6.259, abs=2e-3)


@pytest.mark.parametrize("jump, fires", [(6.50, False), (6.51, True)])
def test_an_instantaneous_depolarization_has_a_threshold(jump, fires):
    net = rb.Network(dt=0.005 * ms)
    cell = net.add(rb.models.HodgkinHuxley, name="cell")
    cell.v = (-64.99638 + jump) * mV
    assert (net.run(20 * ms).spikes["cell"].count > 0) is fires


def test_rates_scale_with_temperature():
    """At 16.3 degrees all rates are three times those at 6.3."""
    cells = [rb.Network(dt=0.01 * ms).add(rb.models.HodgkinHuxley(temperature=t), name="cell")
             for t in (6.3, 16.3)]  # fmt: skip
    for name in ("alpha_m", "beta_m", "alpha_h", "beta_h", "alpha_n", "beta_n"):
        cold, warm = (getattr(cell, name).to("1/ms").magnitude[0] for cell in cells)
        assert warm == pytest.approx(3 * cold, rel=1e-6)


def test_at_high_currents_spikes_are_still_counted():
    """At 80 uA/cm2 later spikes stay below 0 mV, not below -20 mV."""
    spikes = spikes_of(rb.models.HodgkinHuxley, [80], 200 * ms)
    high = spikes_of(rb.models.HodgkinHuxley(V_spike=0 * mV), [80], 200 * ms)
    assert spikes.count > 20 > high.count


# -- Traub and Miles ------------------------------------------------------------------------

NA = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7]
"""Currents of the review's cell of 20,000 um2, in nA: 0.2 nA are 1 uA/cm2."""


@pytest.mark.filterwarnings("ignore:.*has no stable fixed point")
@pytest.mark.parametrize("e_l, expected", [
    (-60, [13.855, 23.523, 31.591, 45.958, 59.037, 82.779, 104.158]),
    (-65, [0, 13.855, 23.523, 38.985, 52.623, 77.093, 99.002]),
])  # fmt: skip
def test_traub_miles_fires_by_itself_with_the_printed_leak(e_l, expected):
    """With the review's E_L = -60 mV it has no rest and fires at 13.86 Hz."""
    model = rb.models.TraubMiles(E_L=e_l * mV)
    spikes = spikes_of(model, np.array(NA) / 0.2, 1 * second).between(0.4, 1)
    rates = [1 / np.diff(t).mean() if t.size > 2 else 0 for t in (spikes[i] for i in range(7))]
    np.testing.assert_allclose(rates, expected, rtol=3e-4)


def test_rheobase_of_traub_miles():
    spikes = spikes_of(rb.models.TraubMiles, [0.0905, 0.0935], 1 * second)
    assert spikes[0].size == 0 < spikes[1].size  # 0.092 uA/cm2, 0.0183 nA
