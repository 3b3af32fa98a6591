"""crossing="exact": single cells against closed forms, and what is set between runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rheobase as rb
from rheobase.units import ms, mV, pA, second


@pytest.fixture(params=["interpreter", "numba"])
def backend(request):
    return request.param


def run(net, duration, backend, name="cell"):
    return net.run(duration * ms, backend=backend).spikes[name].times * 1e3


def ramp(equations="dv/dt = rate : 1 (unless refractory)", **options):
    settings = dict(threshold="v >= 1", reset="v = 0", refractory=2 * ms, crossing="exact",
                    parameters=dict(rate=0.3 / ms))  # fmt: skip
    return rb.Model(equations, **{**settings, **options})


def test_a_constant_slope(backend):
    net = rb.Network(dt=1 * ms)
    net.add(ramp(), name="cell")
    np.testing.assert_allclose(
        run(net, 29, backend), 10 / 3 + (10 / 3 + 2) * np.arange(5), rtol=1e-14
    )


def test_slopes_that_never_cross(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(ramp(), 3, name="cells")
    cells.rate = np.array([0, -1, 0.3]) / ms
    result = net.run(5 * ms, backend=backend)
    np.testing.assert_array_equal(result.spikes["cells"].ids, [2])
    np.testing.assert_allclose(cells.v[:2].magnitude, [0, -5], rtol=1e-14)


def test_growth_away_from_a_fixed_point(backend):
    model = ramp("dv/dt = v/tau : 1", initial=dict(v="0.01"), parameters=dict(tau=3 * ms),
                 reset="v = 0.02")  # fmt: skip
    net = rb.Network(dt=1 * ms)
    net.add(model, name="cell")
    # v is not held: it starts to grow again at once
    expected = 3 * math.log(100) + 3 * math.log(50) * np.arange(3)
    np.testing.assert_allclose(run(net, 40, backend), expected, rtol=1e-14)


def test_what_refractoriness_does_not_hold_fires_when_it_ends(backend):
    model = ramp("dv/dt = rate : 1", refractory=5 * ms, receives="v += weight")
    net = rb.Network(dt=1 * ms)
    cell = net.add(model, name="cell")
    net.drive(cell, rb.stimuli.spike_times([13 * ms]), weight=-0.75)
    # 1 is reached within the refractory period, at whose end it fires; what arrives during the
    # second one puts the crossing behind it
    first, second_one = 10 / 3, 10 / 3 + 5
    third = second_one + 1.75 / 0.3
    expected = [first, second_one, third, third + 5]
    np.testing.assert_allclose(run(net, 20, backend), expected, rtol=1e-14)


def test_a_threshold_that_spikes_raise_and_a_variable_that_decays_beside(backend):
    model = rb.Model(
        """
        dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)
        dw/dt = -w/(5*ms) : 1
        theta : 1
        """,
        threshold="v > theta", reset="v = 0; w += theta; theta += 0.1", refractory="2*ms + w*ms",
        crossing="exact",
    )  # fmt: skip
    net = rb.Network(dt=2 * ms)
    cell = net.add(model, name="cell")
    cell.theta = 1
    times = run(net, 60, backend)
    time, w, last, expected = 0.0, 0.0, 0.0, []
    for theta in 1 + 0.1 * np.arange(5):
        time += 10 * math.log(2 / (2 - theta))
        w = w * math.exp(-(time - last) / 5) + theta
        expected.append(time)
        last, time = time, time + 2 + w
    np.testing.assert_allclose(times[:5], expected, rtol=1e-13)
    assert cell.theta == pytest.approx(1 + 0.1 * times.size)


def test_injections_are_held_for_the_step_and_keep_exactness(backend):
    """DeltaLIF with a step of current that begins and ends on the grid of both steps."""

    def times(dt):
        net = rb.Network(dt=dt * ms)
        cell = net.add(rb.models.DeltaLIF(crossing="exact", E_L=-60 * mV), name="cell")
        net.inject(cell, rb.stimuli.step(150 * pA, start=5 * ms, stop=45 * ms))
        return run(net, 80, backend)

    # 150 pA over 10 nS is 15 mV: the threshold, 10 mV over rest, is crossed after 20 ms ln 3
    expected = [5 + 20 * math.log(3)]
    np.testing.assert_allclose(times(0.5), expected, rtol=1e-13)
    np.testing.assert_allclose(times(5), expected, rtol=1e-13)


def test_a_current_over_time_as_a_parameter(backend):
    drive = rb.stimuli.from_array(np.array([0.1, 0.4]) / ms, dt=4 * ms)
    model = ramp("dv/dt = drive(t) : 1\ndrive : 1/ms", parameters=dict(drive=drive),
                 refractory=None)  # fmt: skip
    net = rb.Network(dt=1 * ms)
    net.add(model, name="cell")
    np.testing.assert_allclose(run(net, 7, backend), [4 + 0.6 / 0.4], rtol=1e-14)


def test_what_is_set_between_runs_counts_from_there(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(ramp(), 2, name="cells")
    net.run(2 * ms, backend=backend)
    np.testing.assert_allclose(cell.v.magnitude, [0.6, 0.6])
    cell[1].v = 0.9
    cell.rate = 0.1 / ms
    spikes = net.run(6 * ms, backend=backend).spikes["cells"]
    np.testing.assert_allclose(spikes[0] * 1e3, [2 + 4], rtol=1e-13)
    np.testing.assert_allclose(spikes[1] * 1e3, [2 + 1], rtol=1e-13)
    assert cell[0].refractory_left.to("ms").magnitude == pytest.approx(0)
    assert cell[1].last_spike.to("ms").magnitude == pytest.approx(3)
    cell[0].refractory_left = 4 * ms
    spikes = net.run(20 * ms, backend=backend).spikes["cells"]
    # cell 0 began again at 6 + 2 ms, from 0
    assert spikes[0][0] * 1e3 == pytest.approx(8 + 4 + 10, rel=1e-12)


def test_a_level_that_is_lowered_below_the_state_fires_at_once(backend):
    model = ramp(threshold="v >= level", parameters=dict(rate=0.1 / ms, level=1))
    net = rb.Network(dt=1 * ms)
    cell = net.add(model, name="cell")
    net.run(5 * ms, backend=backend)
    cell.level = 0.25
    np.testing.assert_allclose(run(net, 4, backend), [5.0], rtol=1e-14)


def test_continuous_coupling_reads_the_exact_state(backend):
    net = rb.Network(dt=1 * ms)
    source = net.add(ramp(), name="source")
    sink = net.add(rb.Model("dx/dt = I/ms : 1\nI : 1 (input)", method="euler"), name="sink")
    net.connect(source, sink, of="v", to="I", weight=1)
    net.record(sink, "x")
    x = net.run(5 * ms, backend=backend).traces["sink"]["x"].values[:, 0]
    np.testing.assert_allclose(np.diff(x), 0.3 * np.arange(4), rtol=1e-13)


def test_a_reset_over_the_threshold_is_told(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(ramp(reset="v = 1.5", refractory=0 * ms), 3, name="cells")
    cells.v = [0, 0.5, 0.2]
    with pytest.raises(rb.errors.UserError) as told:
        net.run(10 * ms, backend=backend)
    assert "cell 1 of 'cells' would spike forever at one time" in str(told.value)
    assert "in the step that begins at 1 ms" in str(told.value)
    assert "refractory=2*ms" in str(told.value)


def test_a_state_that_is_not_finite_is_told(backend):
    net = rb.Network(dt=1 * ms)
    model = ramp("dv/dt = v/tau : 1", receives="v *= weight", parameters=dict(tau=1 * ms))
    cells = net.add(model, 2, name="cells")
    cells.v = -1.0
    net.drive(cells, rb.stimuli.spike_times([2 * ms]), weight=1e300)
    with pytest.raises(rb.errors.UserError, match=r"v of 'cells' became -?(inf|nan) in cell 0"):
        net.run(400 * ms, backend=backend)


def test_rates_of_the_benchmark_do_not_depend_on_the_step():
    def network(dt):
        net = rb.Network(dt=dt * ms, seed=1)
        model = rb.models.DeltaLIF(crossing="exact")
        cells = net.add(model, 4000, name="cells")
        cells.v = "V_r + rand()*(V_T - V_r)"
        rule = rb.rules.fixed_probability(0.02, autapses=False)
        net.connect(cells[:3200], cells, rule, weight=0.25 * mV, delay=0.1 * ms)
        net.connect(cells[3200:], cells, rule, weight=-2.25 * mV, delay=0.1 * ms)
        return net.run(1.2 * second, backend="numba").spikes["cells"]

    fine, coarse = network(0.1), network(1.0)
    rates = fine.between(0.2 * second, 1.2 * second).rates()
    assert 8.5 < rates[:3200].mean() < 10.5  # 9.8 and 9.3 Hz on a grid of 0.1 ms
    assert 8.5 < rates[3200:].mean() < 10.5
    np.testing.assert_array_equal(fine[17].size, coarse[17].size)
    np.testing.assert_allclose(np.sort(fine.times), np.sort(coarse.times), rtol=0, atol=1e-9)


def driven_by_a_current(v, current, gap_to, tau=10.0, tau_syn=0.5):
    """The first time [ms] at which LIF's voltage crosses, scanned and bisected."""
    from scipy.optimize import brentq

    def height(t):
        swing = (math.exp(-t / tau_syn) - math.exp(-t / tau)) / (1 / tau - 1 / tau_syn)
        return v * math.exp(-t / tau) + current / 250.0 * swing - gap_to

    times = np.linspace(0, 20, 20001)
    values = [height(t) for t in times]
    first = next(n for n, value in enumerate(values) if value >= 0)
    return brentq(height, times[first - 1], times[first], xtol=1e-15, rtol=1e-15)


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_a_voltage_that_a_synaptic_current_drives(backend, dt):
    """LIF: 15 mV above rest to cross, currents of 15 nA that last half a millisecond."""
    net = rb.Network(dt=dt * ms)
    cell = net.add(rb.models.LIF(crossing="exact"), name="cell")
    net.drive(cell, rb.stimuli.spike_times([1.3, 6.5] * ms), weight=15000 * pA)
    net.record(cell, "v", "i_syn", every=2 * ms)
    result = net.run(20 * ms, backend=backend)
    first = 1.3 + driven_by_a_current(0.0, 15000.0, 15.0)
    assert first + 2 < 6.5
    # what is left of the current when refractoriness ends moves v on
    left = 15000.0 * math.exp(-(first + 2 - 1.3) / 0.5)
    waited = 6.5 - first - 2
    moved = left / 250 * (math.exp(-waited / 0.5) - math.exp(-waited / 10)) / (0.1 - 2)
    both = 15000.0 + left * math.exp(-waited / 0.5)
    second_one = 6.5 + driven_by_a_current(moved, both, 15.0)
    np.testing.assert_allclose(
        result.spikes["cell"].times * 1e3, [first, second_one], rtol=0, atol=1e-12
    )
    current = result.traces["cell"]["i_syn"].values[1, 0]
    assert current == pytest.approx(15000 * math.exp(-0.7 / 0.5), rel=1e-13)


def test_a_drive_that_does_not_decay_is_told(backend):
    net = rb.Network(dt=1 * ms)
    cells = net.add(rb.models.LIF(crossing="exact"), 3, name="cells")
    cells[1].tau_syn = -1 * ms
    with pytest.raises(rb.errors.UserError) as told:
        net.run(1 * ms, backend=backend)
    assert (
        "'cells': crossing=\"exact\" needs a variable and the one that drives it to decay"
        in str(told.value)
    )
    assert str(told.value).endswith("look at the parameters of the first cell: cells[1]")
