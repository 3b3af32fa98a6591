"""LIF neurons against closed forms and independent integration."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import ms, mV, nS, pA, second

BACKENDS = ["interpreter", "numba"]


@pytest.mark.parametrize("current", [376, 400, 500, 1000])
def test_lif_fires_at_its_analytic_rate(current):
    """f = 1/(t_ref + tau ln((R I + E_L - V_r)/(R I + E_L - V_T))); the grid delays a spike."""
    dt = 0.005
    net = rb.Network(dt=dt * ms)
    cell = net.add(rb.models.LIF, name="cell")
    net.inject(cell, rb.stimuli.step(current * pA))
    intervals = np.diff(net.run(2 * second).spikes["cell"].times) * 1e3
    drive = current * 10 / 250
    expected = 2 + 10 * np.log(drive / (drive - 15))
    assert np.all(intervals >= expected - 1e-9)
    np.testing.assert_allclose(intervals, expected, atol=2 * dt)


@pytest.mark.parametrize("backend", BACKENDS)
def test_unit_psp_of_the_microcircuits_neuron(backend):
    """A weight of 1 pA: peak 1.70826 uV after 1.5767 ms (Potjans and Diesmann's neuron)."""
    net = rb.Network(dt=0.001 * ms)
    cell = net.add(rb.models.LIF, name="cell")
    net.connect(net.add(rb.stimuli.spike_times([0 * ms])), cell, weight=1 * pA, delay=0 * ms)
    net.record(cell, "v", every=0.001 * ms)
    v = net.run(3 * ms, backend=backend).traces["cell"].v.values[:, 0] + 65
    assert v.max() * 1e3 == pytest.approx(1.70826, abs=5e-6)
    assert (np.argmax(v) - 1) * 0.001 == pytest.approx(1.5767, abs=1e-3)


def test_the_weight_of_a_psp_of_015_mv():
    """87.8084935 pA make a PSP of 0.15 mV, with a step of 0.1 ms too: the update is exact."""
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF, name="cell")
    weight = 87.8084935 * pA
    net.connect(net.add(rb.stimuli.spike_times([0 * ms])), cell, weight=weight, delay=0 * ms)
    net.record(cell, "v")
    v = net.run(3 * ms).traces["cell"].v
    t = v.time.values * 1e3 - 0.1
    a, b = 1 / 0.5, 1 / 10
    exact = 87.8084935 / 250 / (a - b) * (np.exp(-b * t) - np.exp(-a * t)) * (t > 0)
    np.testing.assert_allclose(v.values[:, 0] + 65, exact, atol=1e-9)
    assert exact.max() == pytest.approx(0.15, abs=2e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_delta_lif_fires_at_its_closed_form(backend):
    """First spike after 20 ln 11 = 47.957905 ms, then every 52.957905 ms, up to the grid."""
    dt = 0.02
    net = rb.Network(dt=dt * ms)
    net.add(rb.models.DeltaLIF, name="cell")
    times = net.run(0.3 * second, backend=backend).spikes["cell"].times * 1e3
    # A spike is stamped with the beginning of its step; every cycle begins on the grid.
    assert times[0] == pytest.approx(np.floor(47.957905 / dt) * dt, abs=1e-9)
    expected = np.ceil(47.957905 / dt) * dt + 5
    np.testing.assert_allclose(np.diff(times), expected, atol=1e-9)
    assert abs(expected - 52.957905) < dt


def test_a_jump_to_threshold_fires_and_is_lost_in_refractoriness():
    net = rb.Network(dt=0.1 * ms)
    source = net.add(rb.stimuli.spike_times([1 * ms, 3 * ms, 10 * ms]))
    cell = net.add(rb.models.DeltaLIF(E_L=-60 * mV), name="cell")
    net.connect(source, cell, weight=10.1 * mV, delay=0.1 * ms)
    times = net.run(20 * ms).spikes["cell"].times * 1e3
    np.testing.assert_allclose(times, [1.2, 10.2], atol=1e-9)


def test_delta_lif_rests_where_it_can():
    for e_l, begins in [(-60, -60), (-49, -60), (-70, -70)]:
        net = rb.Network(dt=0.1 * ms)
        cell = net.add(rb.models.DeltaLIF(E_L=e_l * mV), name="cell")
        assert cell.v.to("mV").magnitude == pytest.approx([begins])


@pytest.mark.parametrize("port, weight, reversal, tau", [
    ("excitatory", 6.0, 0.0, 5.0), ("inhibitory", 67.0, -80.0, 10.0),
])  # fmt: skip
def test_conductance_lif_psp(port, weight, reversal, tau):
    """Against a Runge-Kutta integration of its own, step 0.001 ms."""
    h, v, expected = 0.001, -60.0, []

    def slope(v, t):
        return (10 * (-60 - v) + weight * np.exp(-t / tau) * (reversal - v)) / 200

    for k in range(30_000):
        t = k * h
        a = slope(v, t)
        b = slope(v + h / 2 * a, t + h / 2)
        c = slope(v + h / 2 * b, t + h / 2)
        d = slope(v + h * c, t + h)
        v += h / 6 * (a + 2 * b + 2 * c + d)
        expected.append(v)
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(rb.models.ConductanceLIF, name="cell")
    source = net.add(rb.stimuli.spike_times([0 * ms]))
    net.connect(source, cell, weight=weight * nS, to=port, delay=0 * ms)
    net.record(cell, "v", every=0.1 * ms)
    found = net.run(30 * ms).traces["cell"].v
    reference = np.interp(found.time.values * 1e3 - 0.01, np.arange(1, 30_001) * h, expected,
                          left=-60)  # fmt: skip
    np.testing.assert_allclose(found.values[:, 0], reference, atol=0.006)
