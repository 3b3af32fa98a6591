"""Models with channels against independent Runge-Kutta integrations, beside those of 1952.

Wang and Buzsaki, Connor and Stevens: rest, rates, rheobases, delays. Hodgkin and Huxley: figures
that depend on the leak, which tools write differently.
"""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import cm, ms, mV, second, uA

UNIT = uA / cm**2


def run(model, currents, duration, dt=0.01, record=()):
    net = rb.Network(dt=dt * ms)
    cells = net.add(model, len(currents), name="cells")
    net.inject(cells, rb.stimuli.step(np.asarray(currents, dtype=float) * UNIT))
    if record:
        net.record(cells, *record)
    return net.run(duration)


def late_rates(model, currents, duration):
    spikes = run(model, currents, duration).spikes["cells"]
    return [1 / np.diff(spikes[i][-4:]).mean() for i in range(len(currents))]


def rest(model):
    cell = rb.Network(dt=0.01 * ms).add(model, name="cell")
    return {e.name: float(getattr(cell, e.name).magnitude[0]) for e in model.differential}


# -- Hodgkin and Huxley ---------------------------------------------------------------------

HH = rb.models.HodgkinHuxley


def test_from_minus_65_mv_with_rounded_gates():
    """First crossing of 0 mV after 1.90101 ms, period 14.63621 ms, peak 40.2687 mV."""
    start = {"v": "-65 mV", "m": 0.05293, "h": 0.59612, "n": 0.31768}
    model = HH(V_spike=0 * mV, crossing="linear", initial=start)
    result = run(model, [10], 300 * ms, dt=0.005, record=["v"])
    times = result.spikes["cells"].times * 1e3
    assert times[0] == pytest.approx(1.90101, abs=1e-3)
    assert np.diff(times[5:]).mean() == pytest.approx(14.63621, abs=2e-3)
    v = result.traces["cells"].v.values[:1000, 0]
    assert v.max() == pytest.approx(40.2687, abs=0.01)
    assert v.max() + 65 == pytest.approx(105, abs=0.5)  # the height of the action potential


def test_with_the_leak_of_neuron():
    """E_L = -54.3 mV: 68.390 Hz and a first spike after 1.8998 ms at 10 uA/cm2."""
    model = HH.variants["NEURON"](V_spike=0 * mV, crossing="linear")
    times = run(model, [10], 300 * ms, dt=0.005).spikes["cells"].times
    assert times[0] * 1e3 == pytest.approx(1.8998, abs=1e-3)
    assert 1 / np.diff(times[5:]).mean() == pytest.approx(68.390, abs=0.01)
    spikes = run(HH.variants["NEURON"], [6.231, 6.235], 1 * second).spikes["cells"]
    assert spikes[0][-1] < 0.9 < spikes[1][-1]  # sustained from 6.233 on


def test_jumps_of_6_and_7_mv():
    """The experiment of 1952: 6 mV fail, 7 mV fire."""
    for jump, fires in ((6, False), (7, True)):
        net = rb.Network(dt=0.01 * ms)
        cell = net.add(HH, name="cell")
        cell.v = (-64.99638 + jump) * mV
        assert (net.run(20 * ms).spikes["cell"].count > 0) is fires


@pytest.mark.parametrize("current, peak, trough", [(7, 39.69, -75.40), (15, 40.87, -74.56)])
def test_peaks_and_troughs(current, peak, trough):
    v = run(HH, [current], 20 * ms, record=["v"]).traces["cells"].v.values[:, 0]
    first = v[:1100]
    assert first.max() == pytest.approx(peak, abs=0.02)
    assert first.min() == pytest.approx(trough, abs=0.02)


# -- Wang and Buzsaki -----------------------------------------------------------------------

WB = rb.models.WangBuzsaki


def test_wang_buzsaki_rests():
    assert rest(WB)["v"] == pytest.approx(-64.0176, abs=5e-5)


def test_rates_of_wang_buzsaki():
    rates = late_rates(WB, [0.2, 0.5, 1, 2, 5], 1 * second)
    np.testing.assert_allclose(rates, [8.62, 32.22, 59.70, 101.79, 189.63], rtol=1e-3)


def test_rheobase_of_wang_buzsaki():
    spikes = run(WB, [0.16, 0.17], 2 * second).spikes["cells"]
    assert spikes[0].size == 0 < spikes[1].size


# -- Connor and Stevens ---------------------------------------------------------------------

CS = rb.models.ConnorStevens


def test_connor_stevens_rests():
    found = rest(CS)
    assert found["v"] == pytest.approx(-67.978, abs=5e-4)
    gates = {"m": 0.01007, "h": 0.96591, "n": 0.15586, "a": 0.54042, "b": 0.28867}
    assert {name: found[name] for name in gates} == pytest.approx(gates, abs=6e-6)


def test_rates_of_connor_stevens():
    expected = {8.2: 3.46, 8.4: 7.80, 9: 18.55, 10: 34.05, 12: 59.95, 15: 91.08, 20: 132.30,
                30: 191.23}  # fmt: skip
    rates = late_rates(CS, list(expected), 1.5 * second)
    np.testing.assert_allclose(rates, list(expected.values()), rtol=2e-3)


def test_the_first_spike_is_late():
    """The A current delays it to 38.1 ms at 10 uA/cm2."""
    times = run(CS, [10], 60 * ms).spikes["cells"].times
    assert times[0] * 1e3 == pytest.approx(38.1, abs=0.1)
    without = CS(g_A="0 mS/cm**2", initial={"v": "-68 mV", "h": 0.97, "n": 0.156, "m": 0.01})
    assert run(without, [10], 60 * ms).spikes["cells"].times[0] < 5e-3


def test_rheobase_of_connor_stevens():
    """8.119 uA/cm2 for a spike within 1.5 s; the saddle-node itself is 0.004 below."""
    spikes = run(CS, [8.118, 8.119], 1.5 * second).spikes["cells"]
    assert spikes[0].size == 0 < spikes[1].size


@pytest.mark.parametrize("model, rate, voltage, value", [
    (WB, "alpha_m", -35, 1.0), (WB, "alpha_n", -34, 0.1),
    (CS, "alpha_m", -29.7, 3.8), (CS, "alpha_n", -45.7, 0.2),
])  # fmt: skip
def test_rates_where_their_published_text_is_zero_over_zero(model, rate, voltage, value):
    cell = rb.Network(dt=0.01 * ms).add(model, name="cell")
    cell.v = voltage * mV
    assert getattr(cell, rate).to("1/ms").magnitude == pytest.approx([value], rel=1e-9)
