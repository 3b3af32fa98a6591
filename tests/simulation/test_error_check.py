"""Error checks: what differs at half the step is the error of the method, and nothing else."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.simulation import error_check
from rheobase.simulation.error_check import STRETCH, stretch_steps
from rheobase.simulation.trace_errors import ErrorCheck, SpikeError, TraceError, compare_spikes
from rheobase.units import Hz, ms, mV, nA, pA, second


def check(net, duration):
    return net.run(duration, backend="interpreter", progress=False,
                   error_check=True).error_check  # fmt: skip


def oscillator(method, dt=0.1 * ms, **more):
    """A nonlinear system without spikes."""
    model = rb.Model(
        "dx/dt = y/ms : 1\ndy/dt = (0.5*(1 - x**2)*y - x)/ms : 1", method=method, **more
    )
    net = rb.Network(dt=dt, seed=1)
    cells = net.add(model, 2, name="cells")
    cells.x, cells.y = [1.0, 0.5], 0.2
    net.record(cells, "x", every=0.5 * ms)
    return net


@pytest.mark.parametrize("method, order", [("euler", 1), ("rk2", 2), ("rk4", 4)])
def test_the_order_of_a_method_is_measured(method, order):
    found = check(oscillator(method), 20 * ms)
    error = found.traces["cells", "x"]
    assert error.order == pytest.approx(order, abs=0.25)
    assert error.expected == order
    assert 0 < error.rms < error.max < error.range
    assert found.passed is (error.fraction < 0.05)


def test_exact_methods_differ_by_rounding_only():
    net = rb.Network(dt=0.5 * ms)
    cells = net.add(rb.Model("dx/dt = -x/tau : 1", parameters=dict(tau=5 * ms)), name="cells")
    cells.x = 1
    net.record(cells, "x")
    error = check(net, 20 * ms).traces["cells", "x"]
    assert error.max < 1e-14
    assert error.order is None and error.expected is None


ADDITIVE = "dx/dt = -x/tau + sqrt(2/tau)*xi : 1"
CUBIC = "dx/dt = -x**3/tau + sqrt(2/tau)*xi : 1"
MULTIPLICATIVE = "dx/dt = -x/tau + 0.5*x*sqrt(2/tau)*xi : 1"


@pytest.mark.parametrize("equations, method", [
    (ADDITIVE, "euler"), (CUBIC, "stochastic_heun"), (MULTIPLICATIVE, "milstein"),
])  # fmt: skip
def test_strong_convergence_is_visible_with_nested_noise(equations, method):
    """A path at dt/2 follows that at dt, ever closer; with other noise it would be as far away."""
    rms = []
    for dt in (1.0, 0.5, 0.25):
        net = rb.Network(dt=dt * ms, seed=3)
        model = rb.Model(equations, method=method, parameters=dict(tau=20 * ms))
        cells = net.add(model, 400, name="cells")
        cells.x = 1
        net.record(cells, "x", every=1 * ms)
        error = check(net, 40 * ms).traces["cells", "x"]
        assert error.order == pytest.approx(1, abs=0.4)
        assert error.expected == 1
        rms.append(error.rms)
    assert rms[0] < 0.04
    assert rms[1] < 0.7 * rms[0] and rms[2] < 0.7 * rms[1]


def test_ornstein_uhlenbeck_currents_are_the_same_process(monkeypatch):
    net = rb.Network(dt=1 * ms, seed=3)
    model = rb.Model("dx/dt = (I - x)/tau : 1\nI : 1 (input)", parameters=dict(tau=20 * ms))
    cells = net.add(model, 5, name="cells")
    net.inject(cells, rb.stimuli.noise(2, tau=8 * ms))
    net.record(cells, "x")
    engines, plain = [], error_check.draw_from
    monkeypatch.setattr(error_check, "draw_from", lambda engine, draws: (
        engines.append(engine), plain(engine, draws)))  # fmt: skip
    for _ in range(2):  # also where the network does not stand at its beginning
        assert check(net, 30 * ms).traces["cells", "x"].order > 0.6
        after = [engine.plan.inputs[0].state for engine in engines[-3:]]
        np.testing.assert_allclose(after[1], after[0], atol=1e-12)
        np.testing.assert_allclose(after[2], after[0], atol=1e-12)
        np.testing.assert_array_equal(after[0], net._assembly.engine.plan.inputs[0].state)


def spiking(dt=0.1 * ms, **options):
    net = rb.Network(dt=dt, seed=1)
    cells = net.add(rb.models.LIF, 20, name="cells")
    noise = net.add(rb.stimuli.poisson(200 * Hz), 40, name="noise")
    cells.v = "E_L + rand()*(V_T - E_L)"
    net.inject(cells, rb.stimuli.step(np.linspace(0.3, 0.6, 20) * nA))
    net.connect(noise, cells, rb.rules.fixed_indegree(5), weight=50 * pA, delay=rb.random.uniform(
        0.5 * ms, 3 * ms))  # fmt: skip
    net.connect(cells, cells, rb.rules.fixed_probability(0.2), weight=-30 * pA)
    net.drive(cells, rb.stimuli.poisson(500 * Hz), weight=20 * pA)
    net.record(cells, "v", "i_syn", every=1 * ms)
    return net


def test_spikes_delays_and_counts_are_those_of_the_run():
    net = spiking()
    found = check(net, 60 * ms)
    spikes = found.spikes["cells"]
    assert list(found.spikes) == ["cells"]
    assert spikes.count > 20
    assert spikes.matched > 0.9 * spikes.count
    assert spikes.mean < 0.2e-3
    assert not spikes.rate_differs
    run = net.last_result.spikes["cells"]
    assert spikes.count == run.count
    assert spikes.rate == pytest.approx(run.mean_rate())


def test_the_run_itself_is_left_alone():
    plain, checked = spiking(), spiking()
    expected = plain.run(20 * ms, backend="interpreter", progress=False)
    for part in (10 * ms, 10 * ms):
        result = checked.run(part, backend="interpreter", progress=False, error_check=5 * ms)
        assert result.error_check.duration == pytest.approx(5e-3)
        assert result.error_check.start == pytest.approx(result.start)
    np.testing.assert_array_equal(
        result.traces["cells"].v, expected.traces["cells"].v.sel(time=slice(0.00999, 1))
    )
    assert expected.error_check is None


def test_a_second_stretch_begins_with_spikes_under_way():
    """Without rounding by dt, what is under way arrives at the same time in all runs."""
    net = rb.Network(dt=1 * ms)
    pre = net.add(rb.stimuli.spike_times([[8, 9] * ms]), name="pre")
    model = rb.Model("dx/dt = -x/tau : 1", parameters=dict(tau=5 * ms), receives="x += weight")
    cell = net.add(model, name="cell")
    net.connect(pre, cell, weight=1, delay=5 * ms)
    net.record(cell, "x")
    net.run(10 * ms, backend="interpreter", progress=False)
    found = check(net, 10 * ms).traces["cell", "x"]
    assert found.range > 0.5
    assert found.max < 0.2  # an arrival at the end of a half step, half a step earlier


def test_refractory_periods_are_kept_in_milliseconds():
    net = rb.Network(dt=0.5 * ms)
    cell = net.add(rb.models.LIF(tau_ref=4 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(2 * nA))
    net.record(cell, "v")
    net.run(10.5 * ms, backend="interpreter", progress=False)
    spikes = check(net, 50 * ms).spikes["cell"]
    assert spikes.count > 5
    assert abs(spikes.count - spikes.finer_count) <= 1


# -- warnings -------------------------------------------------------------------------------


def test_a_step_that_is_too_long_is_warned_of():
    with pytest.warns(rb.errors.RheobaseWarning) as told:
        found = check(oscillator("euler", 0.5 * ms), 20 * ms)
    assert str(told[0].message).startswith("error_check: x of 'cells' differs by ")
    assert not found.passed
    assert "try dt=0.25*ms, or look at rates only" in str(found)


def test_a_method_that_does_not_converge_as_promised_is_warned_of():
    model = rb.Model("dx/dt = (-x + 2*heaviside(sin(t*second**-1*2000)) - 1)/tau : 1", method="rk4",
                     parameters=dict(tau=3 * ms))  # fmt: skip
    net = rb.Network(dt=0.2 * ms)
    cells = net.add(model, name="cells")
    net.record(cells, "x", every=0.2 * ms)
    with pytest.warns(rb.errors.RheobaseWarning, match="its method promises 4") as told:
        check(net, 30 * ms)
    assert str(told[-1].message).endswith("try dt=0.1*ms or another method")


def test_random_numbers_held_over_a_step_are_told():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(
        rb.Model("dx/dt = (randn() - x)/tau : 1", parameters=dict(tau=3 * ms)), name="c"
    )
    net.record(cells, "x")
    found = check(net, 5 * ms)
    assert "rand() and randn() of 'c' are held over dt in all runs" in str(found)
    assert found.traces["c", "x"].fraction < 0.05


def test_states_that_are_not_finite_are_told():
    model = rb.Model("dx/dt = x**3/tau : 1", method="euler", parameters=dict(tau=1 * ms))
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(model, name="cells")
    cells.x = 2
    net.record(cells, "x")
    with pytest.warns(rb.errors.RheobaseWarning), pytest.raises(rb.errors.UserError):
        check(net, 30 * ms)


def test_the_sentences():
    found = ErrorCheck(
        0.0, 0.1, 1e-4, {("cells", "v"): TraceError(1.5, 0.25, 50.0, "mV", 1.02, 1.0)},
        {"cells": SpikeError(100, 101, 99, 5e-5, 2e-4, 10.0, 10.1),
         "quiet": SpikeError(0, 0, 0, 0.0, 0.0, 0.0, 0.0)},
    )  # fmt: skip
    assert str(found) == (
        "0 to 100 ms at dt = 0.1 ms beside half of it, with the same noise:\n"
        "v of 'cells' differs by 0.25 mV (rms), at most 1.5 mV, 0.5 % of its range; order of "
        "convergence 1.\n"
        "'cells' has 100 spikes, 101 at half the step (10 and 10.1 Hz); 99 match, 0.05 ms apart on "
        "average, at most 0.2 ms.\n"
        "'quiet' does not spike."
    )
    assert found.passed
    many = SpikeError(1000, 1300, 900, 1e-4, 1e-3, 10.0, 13.0)
    assert ErrorCheck(0.0, 0.1, 1e-4, {}, {"cells": many}).warnings == (
        "'cells' fires at 10 Hz, and at 13 Hz at half the step; try dt=0.05*ms",
    )


def test_spikes_are_matched_in_order():
    one = (np.array([0.010, 0.020, 0.050]), np.array([0, 0, 0]))
    other = (np.array([0.011, 0.012, 0.021, 0.080]), np.array([0, 1, 0, 0]))
    found = compare_spikes(one, other, 2, 0.1)
    assert (found.count, found.finer_count, found.matched) == (3, 4, 2)
    assert found.mean == pytest.approx(1e-3)
    assert found.rate == pytest.approx(15)


def test_how_long_the_stretch_is():
    clock = spiking()._clock
    assert STRETCH == 0.1
    assert stretch_steps(clock, False, 5000) == 0
    assert stretch_steps(clock, True, 5000) == 1000
    assert stretch_steps(clock, True, 50) == 50
    assert stretch_steps(clock, 20 * ms, 5000) == 200
    with pytest.raises(rb.errors.UnitError, match="the stretch of error_check: expected a time"):
        stretch_steps(clock, 3 * mV, 5000)
    assert stretch_steps(clock, 1 * second, 10) == 10


def test_synapses_that_change_are_checked_from_the_start():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells, noise = net.add(rb.models.LIF, 5, name="cells"), net.add(rb.stimuli.poisson(90 * Hz), 9)
    net.inject(cells, rb.stimuli.step(0.45 * nA))
    stdp = rb.synapses.STDP(tau_plus=20 * ms, tau_minus=20 * ms, a_plus=0.1, a_minus=0.1,
                            w_max=90 * pA)  # fmt: skip
    net.connect(noise, cells, weight=50 * pA, synapse=stdp, delay=2 * ms)
    net.record(cells, "i_syn")
    found = check(net, 40 * ms)
    assert found.traces["cells", "i_syn"].range > 50
    assert found.spikes["cells"].matched > 0
    with pytest.raises(rb.errors.UserError) as told:
        check(net, 10 * ms)
    assert str(told.value) == (
        "error_check: it begins at the start of a network with synapses that change: their state "
        "is kept in steps of dt\nask for it in the first run: net.run(..., error_check=True)"
    )


def test_exact_crossings_do_not_depend_on_the_step():
    model = rb.Model(
        "dv/dt = (E_L - v)/tau_m : mV (unless refractory)", threshold="v >= V_T", reset="v = V_r",
        refractory=5 * ms, crossing="exact", receives=dict(jump="v += weight"),
        parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms),
    )  # fmt: skip
    net = rb.Network(dt=1 * ms, seed=2)
    cells = net.add(model, 5, name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    net.connect(cells, cells, rb.rules.ring(1), weight=0.3 * mV, delay=1.3 * ms)
    spikes = check(net, 90 * ms).spikes["cells"]
    assert spikes.matched == spikes.count == spikes.finer_count > 4
    assert spikes.max < 1e-9
