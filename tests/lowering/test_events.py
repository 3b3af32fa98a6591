"""Which models have closed forms from event to event, and what is said of the others."""

from __future__ import annotations

import numpy as np
import pytest
from tests.stepping import arrays_for

from rheobase.errors import EquationError
from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.lowering.events import NEVER
from rheobase.rendering import CompiledKernels, InterpreterKernels, prepare, source_of
from rheobase.units import ms, mV


def model(equations="dv/dt = (E_L - v)/tau_m : mV (unless refractory)", **options):
    settings = dict(
        threshold="v > V_T", reset="v = V_r", refractory=2 * ms, crossing="exact",
        parameters=dict(E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms),
    )  # fmt: skip
    return Model(equations, **{**settings, **options})


def plain(equations, **options):
    settings = dict(threshold="v > 1", reset="v = 0", crossing="exact")
    return Model(equations, **{**settings, **options})


@pytest.mark.parametrize("made, why", [
    (lambda: plain("dv/dt = (1 - v)*v/ms : 1"),
     "`dv/dt = (1 - v)*v/ms : 1` has no closed form between events: it is not linear in v"),
    (lambda: plain("dv/dt = (s - u - v)/ms : 1\nds/dt = -s/ms : 1\ndu/dt = -u/ms : 1"),
     "`dv/dt = (s - u - v)/ms : 1` has no closed form between events: it depends on s and u, and "
     "at most one may drive v"),
    (lambda: plain("dv/dt = (s - v)/ms : 1\nds/dt = (1 - s)/ms : 1"),
     "it depends on s, and both would have to decay by themselves, as ds/dt = -s/tau does"),
    (lambda: plain("dv/dt = s/ms : 1\nds/dt = -s/ms : 1"), "both would have to decay"),
    (lambda: plain("dv/dt = (s - v)/ms : 1\nds/dt = -(s - v)/ms : 1"), "both would have to decay"),
    (lambda: plain("dv/dt = s*(1 - v)/ms : 1\nds/dt = -s/ms : 1"), "it is not linear in v and s"),
    (lambda: plain("dv/dt = -v/ms + xi*second**-0.5 : 1"), "it contains white noise"),
    (lambda: plain("dv/dt = (rand() - v)/ms : 1"), "it draws random numbers in every step"),
    (lambda: plain("dv/dt = (sin(t/ms) - v)/ms : 1"), "it depends on t"),
    (lambda: plain("dv/dt = (drift - v)/ms : 1\ndrift = 1 + v**2 : 1"), "it is not linear in v"),
    (lambda: plain("dv/dt = -v/ms : 1\ndw/dt = -w/ms : 1", threshold="v > w"),
     "`threshold: v > w` has no closed form between events: it reads v and w, which change each "
     "its own way"),
    (lambda: plain("dv/dt = -v/ms : 1", threshold="2*v > 1"), "it is not of the form v > c"),
    (lambda: plain("dv/dt = -v/ms : 1\nc : 1", threshold="c > 1", parameters=dict(c=0)),
     "it reads no variable of the equations"),
    (lambda: plain("dv/dt = -v/ms : 1", threshold="v > t/second"), "it depends on t"),
])  # fmt: skip
def test_what_has_no_closed_form_is_refused_by_its_line(made, why):
    with pytest.raises(EquationError) as told:
        lower(made())
    assert 'crossing="exact": ' in str(told.value)
    assert why in str(told.value)
    assert str(told.value).endswith(
        'write crossing="linear", which takes any equation and interpolates inside the step'
    )


@pytest.mark.parametrize("options, says", [
    (dict(method="euler"), ["solves the equations itself, and method=\"euler\" is asked for",
                            'leave method away, or write crossing="linear"']),
    (dict(refractory="v > V_T"), ['the end of refractory="v > V_T" has no closed form',
                                  'write a duration, refractory=5*ms, or crossing="linear"']),
    (dict(reset="v = V_r + rand()*mV"), ["reset: 'v = V_r + rand()*mV' draws a random number"]),
    (dict(receives="v += rand()*weight"), ["receives 'v'", "draws a random number"]),
])  # fmt: skip
def test_options_that_do_not_go_with_it(options, says):
    with pytest.raises(EquationError) as told:
        lower(model(**options))
    for text in says:
        assert text in str(told.value)


@pytest.mark.parametrize("options, says", [
    (dict(threshold=None, reset=None, refractory=None), 'crossing="exact" needs a threshold'),
    (dict(threshold="v < V_T"), 'crossing="exact" needs a threshold of the form a > b or a >= b'),
])  # fmt: skip
def test_models_without_an_upward_threshold_are_refused_when_they_are_made(options, says):
    text = "dv/dt = (E_L - v)/tau_m : mV"
    parameters = dict(E_L=-49 * mV, tau_m=20 * ms)
    if options["threshold"]:
        parameters |= dict(V_T=-50 * mV, V_r=-60 * mV)
    with pytest.raises(EquationError) as told:
        model(text, parameters=parameters, **options)
    assert says in str(told.value)


def test_the_program_holds_no_numbers_of_the_model_and_prints_its_blocks():
    program = lower(model(receives="v += weight"))
    assert program == lower(model(receives="v += weight")(tau_m=7 * ms, V_T=0 * mV))
    text = str(program)
    for word in ("method exact (in closed form from event to event)", "anchor:", "predict:",
                 "array anchor_v: anchor", "each arrival at 'v'"):  # fmt: skip
        assert word in text
    assert program.numbers[-1] == "event_time"
    assert "event_time = number[" in source_of(program)


@pytest.mark.parametrize("made", [
    lambda: model(receives="v += weight"),
    lambda: plain("dv/dt = a*v + b + I : 1\na : 1/ms\nb : 1/ms\nI : 1/ms (input)",
                  parameters=dict(a=0.1 / ms, b=0.2 / ms), receives="v *= weight"),
    lambda: plain("dv/dt = a*v + b + s : 1 (unless refractory)\nds/dt = a*s/2 : 1/ms\na : 1/ms\n"
                  "b : 1/ms", parameters=dict(a=-0.1 / ms, b=0.2 / ms),
                  receives="s += weight/ms", refractory=3 * ms),
    lambda: plain("dv/dt = c : 1\nc : 1/ms", parameters=dict(c=0.2 / ms), receives="v = weight",
                  refractory=3 * ms),
])  # fmt: skip
def test_both_renderings_give_the_same_bits(made):
    """All kernels on random cells: what one computes, the other does."""
    from ctypes import CFUNCTYPE, c_int64

    program = lower(made())
    prepared = prepare(program, dict(made().defaults), 1e-3, 0.25)
    numbers = prepared.numbers
    rng = np.random.default_rng(1)
    ours = arrays_for(program, 64, prepared)
    for array in ours.values():
        if array.dtype == np.float64:
            array[:] = rng.normal(-0.055 if "E_L" in made().defaults else 0.5, 0.01, 64)
    for name in {"anchored", "held_until"} & ours.keys():
        ours[name][:] = rng.uniform(0, 2e-3, 64)
    theirs = {name: array.copy() for name, array in ours.items()}
    interpreter, compiled = InterpreterKernels(program), CompiledKernels(program)
    table = np.array([theirs[n].ctypes.data for n in compiled.array_names], np.int64)
    ids, weights = np.arange(0, 64, 3, dtype=np.int32), rng.normal(0, 0.01, 22)
    (port,) = program.ports
    five, seven = CFUNCTYPE(None, *[c_int64] * 5), CFUNCTYPE(None, *[c_int64] * 7)
    numbers[-1] = 3e-3
    for name in ("update", "anchor", "predict", "on_spike", "arrive"):
        if name == "on_spike":
            interpreter.on_spike(ours, numbers, ids, 3)
            five(compiled.on_spike_address)(
                table.ctypes.data, numbers.ctypes.data, ids.ctypes.data, ids.size, 3)  # fmt: skip
        elif name == "arrive":
            interpreter.arrive(port, ours, numbers, ids, weights, 3)
            seven(compiled.arrive_addresses[port])(
                table.ctypes.data, numbers.ctypes.data, ids.ctypes.data, weights.ctypes.data,
                ids.size, 3, 0)  # fmt: skip
        else:
            getattr(interpreter, name)(ours, numbers, 0, 64, 3)
            address = getattr(compiled, f"{name}_address")
            five(address)(table.ctypes.data, numbers.ctypes.data, 0, 64, 3)
        for array in ours:
            np.testing.assert_array_equal(ours[array], theirs[array], err_msg=f"{name}: {array}")
    crossings = ours["crossing_time"].copy()
    interpreter.predict(ours, numbers, 0, 64, 3)  # the bits that events have found already
    np.testing.assert_array_equal(crossings, ours["crossing_time"])
    assert ours["crossing_time"].max() <= NEVER
