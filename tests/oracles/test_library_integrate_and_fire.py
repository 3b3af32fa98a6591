"""Integrate-and-fire neurons of the library: rates in closed form, by quadrature, and published."""

import numpy as np
import pytest
from scipy.integrate import quad

import rheobase as rb
from rheobase.units import ms, mV, nA, pA, pF, second


def rates(model, currents, duration=2 * second, dt=0.01, **run):
    net = rb.Network(dt=dt * ms)
    cells = net.add(model, len(currents), name="cells")
    net.inject(cells, rb.stimuli.step(np.asarray(currents, dtype=float) * pA))
    spikes = net.run(duration, **run).spikes["cells"]
    return np.array([1 / np.diff(spikes[i][1:]).mean() if spikes[i].size > 3 else 0.0
                     for i in range(len(currents))])  # fmt: skip


# -- the leaky one --------------------------------------------------------------------------


def test_rate_against_drive_of_brian_2s_example():
    """tau 10 ms, threshold 10, reset 0, refractory 5 ms, driven by v0: figures to 1e-4 Hz."""
    model = rb.models.LIF(E_L=0 * mV, V_r=0 * mV, V_T=10 * mV, tau_m=10 * ms, tau_ref=5 * ms,
                          C_m=1000 * pF, crossing="exact")  # fmt: skip
    drive = np.array([10.5, 12, 15, 20])  # mV; R = tau_m/C_m = 10 MOhm, so 1 mV is 100 pA
    expected = [28.2125, 43.6346, 62.5543, 83.8120]
    np.testing.assert_allclose(rates(model, drive * 100), expected, atol=1e-4)


def test_rate_of_nengos_lif():
    """1/(tau_ref + tau_rc ln(1 + 1/(J - 1))), spikes interpolated inside the step."""
    unit = dict(E_L=0 * mV, V_r=0 * mV, V_T=1 * mV, C_m=20_000 * pF)
    j = np.array([1.0, 1.05, 1.5, 2, 5, 10])
    expected = [0, *(1 / (0.002 + 0.02 * np.log(1 + 1 / (j[1:] - 1))))]
    for crossing, within in (("exact", 1e-7), ("linear", 2e-4)):
        model = rb.models.LIF(tau_m=20 * ms, tau_ref=2 * ms, crossing=crossing, **unit)
        np.testing.assert_allclose(rates(model, j * 1000), expected, rtol=within)


# -- the exponential one --------------------------------------------------------------------

EIF = rb.models.ExponentialLIF


def period(current):
    """The time from reset to cut, by quadrature, with the refractory period (ms)."""

    def slope(v):
        return (20 * (-65 - v) + 20 * 3.48 * np.exp((v + 59.9) / 3.48) + current) / 200

    whole, _ = quad(lambda v: 1 / slope(v), -68, -50, limit=200, points=[-59.9])
    end, _ = quad(lambda v: 1 / slope(v), -50, 0, limit=200, points=[-40])
    return whole + end + 1.7


def test_rates_of_the_exponential_neuron():
    currents = [34, 40, 100, 300]
    found = rates(EIF(crossing="linear", tau_ref=1.7 * ms), currents, dt=0.002)
    np.testing.assert_allclose(found, [1e3 / period(i) for i in currents], rtol=1e-3)


def test_rheobase_of_the_exponential_neuron():
    """g_L (V_T - E_L - Delta_T) = 32.4 pA."""
    net = rb.Network(dt=0.01 * ms)
    cells = net.add(EIF, 2, name="cells")
    net.inject(cells, rb.stimuli.step([32.38, 32.42] * pA))
    spikes = net.run(4 * second).spikes["cells"]
    assert spikes[0].size == 0 < spikes[1].size


def test_the_exponential_neuron_stands_for_wang_and_buzsakis():
    """It was fitted to it: rates within a tenth at 20,000 um2, from the same rheobase on."""
    area = 200  # pA per uA/cm2
    published = {0.5: 32.22, 1: 59.70, 2: 101.79}
    found = rates(EIF, [current * area for current in published])
    np.testing.assert_allclose(found, list(published.values()), rtol=0.1)
    assert 0.16 < 32.4 / area < 0.17


def test_the_exponential_neuron_begins_at_rest():
    cell = rb.Network(dt=0.1 * ms).add(EIF, name="cell")
    v = cell.v.to("mV").magnitude[0]
    assert 20 * (-65 - v) + 20 * 3.48 * np.exp((v + 59.9) / 3.48) == pytest.approx(0, abs=1e-6)
    assert -65 < v < -59.9


# -- the quadratic one ----------------------------------------------------------------------

QIF = rb.models.QuadraticIF


def test_rates_of_the_quadratic_neuron():
    """With x = v + 57.5 mV, C dv/dt = g (x^2 + w^2)/15 mV: an arctangent above 75 pA."""
    currents = np.array([76, 80, 100, 200, 500])
    w = np.sqrt((currents - 75) * 15 / 20)
    times = 200 * 15 / 20 / w * (np.arctan(77.5 / w) + np.arctan(22.5 / w))
    found = rates(QIF(crossing="linear", tau_ref=1 * ms), currents, duration=4 * second)
    np.testing.assert_allclose(found, 1e3 / (times + 1), rtol=2e-3)


def test_rest_and_rheobase_of_the_quadratic_neuron():
    assert list(rates(QIF, [74, 75.5], duration=6 * second) > 0) == [False, True]
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(QIF, 2, name="cells")
    cells.v = [-50.5, -49.5] * mV  # below and above the point of no return
    net.record(cells, "v")
    result = net.run(500 * ms)
    assert [result.spikes["cells"][i].size for i in (0, 1)] == [0, 1]
    assert result.traces["cells"].v.values[-1] == pytest.approx([-65, -65], abs=1e-6)


# -- the adaptive one: variants -------------------------------------------------------------

# By Dormand and Prince's method of eighth order, tolerance 1e-10, spikes at V_cut; 300 ms at 1 nA.
BRETTE = {
    "Brette-Gerstner": (11, [11.73, 25.25, 41.00, 59.52, 81.32, 106.76, 135.74, 167.59]),
    "Brette-Gerstner bursting": (17, [11.92, 12.84, 17.78, 58.49, 59.70, 98.29, 99.51, 138.17]),
    "Brette-Gerstner fast spiking": (24, [11.73, 23.54, 35.43, 47.39, 59.42, 71.52, 83.67, 95.88]),
}


@pytest.mark.parametrize("name", BRETTE)
def test_sets_of_brette_and_gerstner(name):
    count, first = BRETTE[name]
    net = rb.Network(dt=0.005 * ms)
    cell = net.add(rb.models.AdEx.variants[name], name="cell")
    net.inject(cell, rb.stimuli.step(1 * nA))
    times = net.run(300 * ms).spikes["cell"].times * 1e3
    assert times.size == count
    np.testing.assert_allclose(times[:8], first, atol=0.06)


def test_a_resonator_answers_pulses_at_its_own_period():
    model = rb.models.Izhikevich.variants["resonator"]
    for gap, fires in ((20, False), (40, True), (60, False)):
        net = rb.Network(dt=0.02 * ms)
        cell = net.add(model, name="cell")
        for start in (20, 20 + gap):
            net.inject(cell, rb.stimuli.step(1.1, start=start * ms, stop=(start + 2) * ms))
        assert (net.run(200 * ms).spikes["cell"].count > 0) is fires


def test_a_thalamo_cortical_cell_fires_when_inhibition_ends():
    net = rb.Network(dt=0.02 * ms)
    cell = net.add(rb.models.Izhikevich.variants["thalamo-cortical"], name="cell")
    net.inject(cell, rb.stimuli.step(-12, start=50 * ms, stop=120 * ms))
    times = net.run(200 * ms).spikes["cell"].times * 1e3
    assert times.size >= 2
    assert times.min() > 120
