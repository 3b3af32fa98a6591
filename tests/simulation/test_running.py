"""What happens in between: callbacks, conditions that stop, nan, interrupts."""

import signal
import warnings

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import RheobaseWarning
from rheobase.simulation import NotFiniteError
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, pA, second, um

RAMP = rb.Model("dv/dt = slope : 1\nslope : Hz", parameters=dict(slope=1000 * Hz), name="Ramp")


@pytest.fixture
def ramp():
    net = rb.Network(dt=0.1 * ms, seed=1)
    return net, net.add(RAMP, 3, name="ramp")


# -- every ----------------------------------------------------------------------------------


def test_functions_are_called_at_multiples_of_their_interval(ramp, backend):
    net, _ = ramp
    with_net, without = [], []
    net.every(2 * ms, lambda network: with_net.append(network.time.to(ms).magnitude))
    net.every(3 * ms, lambda: without.append(net.time.to(ms).magnitude))
    net.run(5 * ms, backend=backend)
    net.run(4 * ms, backend=backend)
    np.testing.assert_allclose(with_net, [0, 2, 4, 6, 8])
    np.testing.assert_allclose(without, [0, 3, 6])


def test_what_a_function_sets_counts_from_then_on(ramp, backend):
    net, cells = ramp
    source = net.add(rb.stimuli.spike_times([1 * ms, 5 * ms]), name="source")
    sink = net.add(rb.Model("dv/dt = 0*v/ms : 1", receives="v += weight"), name="sink")
    projection = net.connect(source, sink, weight=1, delay=0 * ms)
    net.record(cells, "v", every=1 * ms)

    def change(network):
        step = round(network.time.to(ms).magnitude)
        if step == 2:
            cells.v = 10
            cells.slope = -1000 * Hz
        if step == 4:
            cells[0].slope = 0 * Hz  # one value a cell from now on
            projection.weights = 7

    net.every(2 * ms, change)
    result = net.run(6 * ms, backend=backend)
    v = result.traces["ramp"].v.values
    np.testing.assert_allclose(v[:, 1], [0, 1, 10, 9, 8, 7], atol=1e-9)
    np.testing.assert_allclose(v[:, 0], [0, 1, 10, 9, 8, 8], atol=1e-9)
    assert sink.v.magnitude[0] == 8
    assert result.spikes["source"].count == 2


def test_a_function_may_not_change_what_there_is(ramp):
    net, cells = ramp
    acts = {
        "add": lambda: net.add(RAMP),
        "record": lambda: net.record(cells, "v"),
        "run": lambda: net.run(1 * ms),
        "store": net.store,
        "every": lambda: net.every(1 * ms, print),
    }
    for name, act in acts.items():
        net._hooks.clear()
        net.every(1 * ms, act)
        with pytest.raises(rb.errors.WiringError) as refused:
            net.run(1 * ms, backend="interpreter")
        assert f"net.{name} was called while the network runs" in str(refused.value)
        net._clock.step = 0
    net._hooks.clear()
    net.run(1 * ms, backend="interpreter")


@pytest.mark.parametrize("arguments, error, words", [
    ((1 * ms, 3), rb.errors.WiringError, ["expected a function", "net.every(10*ms, lambda net"]),
    ((0.25 * ms, print), rb.errors.WiringError, ["is not a multiple", "interval=0.2*ms"]),
    ((0 * ms, print), rb.errors.UserError, ["shorter than a step"]),
    ((5, print), rb.errors.UnitError, ["expected a time", "net.every(10*ms, function)"]),
])  # fmt: skip
def test_refused_callbacks(ramp, arguments, error, words):
    with pytest.raises(error) as refused:
        ramp[0].every(*arguments)
    for word in words:
        assert word in str(refused.value)


def test_an_error_of_a_function_keeps_the_results(ramp, backend):
    net, cells = ramp
    net.record(cells, "v", every=1 * ms)

    def fail(network):
        if network.time.to(ms).magnitude > 2.5:
            raise ZeroDivisionError("mine")

    net.every(1 * ms, fail)
    with pytest.raises(ZeroDivisionError, match="mine"):
        net.run(10 * ms, backend=backend)
    assert net.last_result.traces["ramp"].v.shape == (3, 3)
    assert net.last_result.stop == pytest.approx(3e-3)
    assert "mine" in net.last_result.note


# -- nan and interrupts ---------------------------------------------------------------------


def test_nan_stops_the_run_and_says_where(backend):
    model = rb.Model("dv/dt = (v**2 + 1)/tau : 1\ntau : ms", method="euler",
                     parameters=dict(tau=1 * ms), name="Runaway")  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(model, 5, name="cells")
    cells[[1, 3]].v = 1e200
    net.record(cells, "v")
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(10 * ms, backend=backend)
    error, text = refused.value, str(refused.value)
    assert "v of 'cells' became inf in cell 1 at 0 ms, and in 1 more cells" in text
    assert "try a smaller step, rb.Network(dt=0.05*ms)" in text
    assert "another method than euler" in text
    assert "dv/dt" in text
    assert "cells[1].state()" in text
    assert "net.last_result" in text
    assert (error.population, error.variable, error.cell, error.time) == ("cells", "v", 1, 0.0)
    assert error.result is net.last_result
    assert error.result.note.startswith("v of 'cells' became inf")


def test_results_up_to_nan_are_kept(backend):
    model = rb.Model("dv/dt = where(t > 2.05*ms, 1e300, 1)*where(v > 1e100, 1e300, 1)/ms : 1",
                     method="euler")  # fmt: skip
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(model, name="cells")
    net.record(cells, "v", every=1 * ms)
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(10 * ms, backend=backend)
    result = refused.value.result
    np.testing.assert_allclose(result.traces["cells"].v.values[:, 0], [0, 1, 2], atol=1e-9)
    assert refused.value.time == pytest.approx(result.stop)
    assert result.stop == pytest.approx(2.2e-3)


def test_an_interrupt_keeps_the_results(ramp, backend):
    net, cells = ramp
    net.record(cells, "v", every=1 * ms)

    def interrupt(network):
        if network.time.to(ms).magnitude > 2.5:
            signal.raise_signal(signal.SIGINT)

    net.every(1 * ms, interrupt)
    with pytest.raises(KeyboardInterrupt):
        net.run(1 * second, backend=backend)
    assert net.last_result.note == "interrupted"
    assert net.last_result.traces["ramp"].v.shape == (3, 3)
    net._hooks.clear()
    net.run(1 * ms, backend=backend)
    assert net.time.to(ms).magnitude == pytest.approx(4)


def test_an_interrupt_inside_a_slice_waits_for_its_end(backend):
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 10, name="cells")
    net.inject(cells, rb.stimuli.step(1 * nA))

    net.run(1 * ms, backend=backend)
    old = signal.getsignal(signal.SIGINT)

    def alarm(number, frame):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            net.run(1000 * second, backend=backend, progress=False)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert signal.getsignal(signal.SIGINT) is old
    assert net.last_result.note == "interrupted"
    assert 0 < net.last_result.stop < 1000
    assert net.last_result.stop == pytest.approx(net.time.to(second).magnitude)


# -- progress -------------------------------------------------------------------------------


def test_progress_is_shown_if_asked_for(ramp, capsys, monkeypatch):
    monkeypatch.setattr("rheobase.progress.SHOWN_AFTER", -1.0)
    monkeypatch.setattr("rheobase.progress.REDRAWN_EVERY", -1.0)
    ramp[0].run(5 * ms, backend="interpreter", progress=True)
    assert capsys.readouterr().err
    ramp[0].run(5 * ms, backend="interpreter", progress=False)
    assert capsys.readouterr().err == ""


def test_voltages_are_compared_in_their_unit():
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF, 3, name="cells")
    net.inject(cells[1], rb.stimuli.step(300 * pA))
    result = net.run(100 * ms, backend="interpreter", stop_when="any(cells.v > -60*mV)")
    assert 2e-3 < result.stop < 50e-3
    assert np.max(cells.v.to(mV).magnitude) > -60


def one_compartment(net, count=2):
    shape = rb.Morphology.cylinder(length=20 * um, diameter=20 * um)
    leak = rb.channels.Leak(g=0.1 * mS / cm**2, E=-70 * mV)
    return net.add(
        rb.Cell(shape, rb.Membrane([leak]), max_length=rb.morphology.per_section(1)),
        count,
        name="cells",
    )


@pytest.mark.parametrize(("weight", "runs_away"), [(100, False), (160, True)])
def test_gap_junctions_that_are_too_strong_for_the_step_are_told(weight, runs_away):
    """Two equal patches swing up where g dt > C, 12.57 pF here: the mode with the root -1."""
    net = rb.Network(dt=0.1 * ms)
    cells = one_compartment(net)
    place = cells.at(fraction=0.5)
    net.connect(place[:1], place[1:], weight=weight * nS, synapse=rb.synapses.GapJunction())
    net.inject(place[:1], rb.stimuli.step(0.05 * nA))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.run(100 * ms)
    told = [str(each.message) for each in caught if "no membrane stands" in str(each.message)]
    assert len(told) == runs_away
    if told:
        assert "mV in cell 1 at 100 ms" in told[0] or "mV in cell 0 at 100 ms" in told[0]
        assert "gap junctions that are too strong for the step, g dt > C" in told[0]
        with pytest.raises(NotFiniteError, match=r"g dt > C of what they join: rb\.Network\(dt=0"):
            net.run(10 * second)


def test_a_current_in_the_wrong_unit_is_told():
    net = rb.Network(dt=0.1 * ms)
    net.inject(one_compartment(net)[1].at(fraction=0.5), rb.stimuli.step("1 amp"))
    with pytest.warns(RheobaseWarning) as caught:
        net.run(1 * ms)
    (text,) = [str(each.message) for each in caught]
    assert text.startswith("v of 'cells' is ") and "in cell 1 at 1 ms" in text
    assert text.endswith("which no membrane stands: look for a current in the wrong unit")


def test_equations_that_are_never_finite_are_told_once():
    """A time constant of 0: one error, and none of the warnings of what was tried before it."""
    gate = rb.Channel(
        "I = g*m*(v - E) : uA/cm**2\nm_inf = 0.5 : 1\ntau_m = 0*ms : ms",
        parameters=dict(g=1 * mS / cm**2, E=0 * mV), name="x",
    )  # fmt: skip
    net = rb.Network(dt=0.025 * ms)
    net.add(rb.Membrane([gate]).point(area=1000 * um**2), name="cells")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(NotFiniteError, match="v of 'cells' became nan in cell 0 at 0 ms"):
            net.run(1 * ms)
