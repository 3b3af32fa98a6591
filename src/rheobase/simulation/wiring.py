"""What may be connected, injected, driven and recorded: checks that need no engine.

Every refusal names the call, lists what there is with its unit, and gives a line to paste.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rheobase.errors import (
    ShapeError,
    UnitError,
    UnknownNameError,
    UserError,
    WiringError,
    did_you_mean,
)
from rheobase.language.model import Model
from rheobase.network.currents import Current
from rheobase.network.distributions import Distribution
from rheobase.network.rules import FromMatrix, Rule
from rheobase.network.synapse_values import is_expression
from rheobase.network.texts import pair_text
from rheobase.network.trains import Train
from rheobase.simulation import cable_ports
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.clock import SECOND
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Target
from rheobase.simulation.values import CellValues
from rheobase.units import (
    DIMENSIONLESS,
    Dimension,
    Unit,
    describe,
    parse_unit,
    split_quantity,
    to_si,
    usual_unit,
)


def _amount(unit: Unit) -> str:
    return "1" if unit.text == "1" else f"1*{unit.text}"


def _model(cells: Cells, call: str, what: str) -> Model:
    """Return the model of cells, or refuse cells that replay spikes."""
    if isinstance(cells.model, Model):
        return cells.model
    raise WiringError(
        f"{call}: {cells.name!r} {cells.population._nature}; {what}",
        mend="give a population of a model: net.add(rb.models.LIF, 10)",
    )


def _own(cells: Cells) -> Model:
    """Return the model of cells as they were added: it says what is meant without `to`."""
    model = cells.population._own_model
    assert isinstance(model, Model)
    return model


# -- spikes ---------------------------------------------------------------------------------


def _ports(model: Model) -> str:
    shown = [(port, model.receives_unit(port).text) for port in model.receives]
    return ", ".join(p if unit == "1" else f"{p} (weight in {unit})" for p, unit in shown)


def spike_target(post: Cells, to: str | None, call: str, plastic: bool = False) -> Target:
    """Return the port that spikes arrive at.

    Raises
    ------
    WiringError
        The target receives no spikes, or several kinds and `to` does not say which.
    UnknownNameError
        `to` is none of them.
    """
    if isinstance(post, Sites):
        return cable_ports.spike_target(post, to, call, plastic)
    model = _model(post, call, "it receives none")
    if not model.receives:
        state = model.differential[0].name if model.differential else "v"
        raise WiringError(
            f"{call}: {post.name!r} receives no spikes: {model.name} does not say what one does",
            mend=f'say it: rb.Model(..., receives="{state} += weight")',
        )
    own = _own(post).receives or model.receives
    if to is None and len(own) > 1:
        raise WiringError(
            f"{call}: {post.name!r} has several inputs for spikes; say which",
            expected=f"one of: {_ports(model)}",
            mend=f'write to="{next(iter(own))}"',
        )
    port = next(iter(own)) if to is None else to
    if port not in model.receives:
        meant = did_you_mean(str(port), model.receives)
        ending = f"; did you mean to={meant!r}?" if meant else ""
        receptor = f"rb.synapses.Exponential(tau=2*ms, E=0*mV, name={str(port)!r})"
        ready = "" if meant else f"; with a receptor: net.add(model + {receptor}, N)"
        raise UnknownNameError(
            f"{call}: {post.name!r} has no input {port!r} for spikes{ending}",
            mend=f"it receives: {_ports(model)}{ready}",
        )
    unit = model.receives_unit(port)
    line = "; ".join(statement.text for statement in model.receives[port])
    return Target(port, None, unit.dimension, unit, line)


def check_spiking(pre: Cells, post: Cells, call: str) -> None:
    """Refuse to send spikes from cells that have none."""
    model = pre.model
    if isinstance(model, Train) or model.threshold is not None:
        return
    names = [e.name for e in model.differential]
    read = names[0] if names else "r"
    raise WiringError(
        f"{call}: {pre.name!r} does not spike: {model.name} has no threshold",
        mend=f"connect it continuously, net.connect({pre.name}, {post.name}, weight=..., "
        f'of="{read}"), or give the model a threshold: threshold="{read} > ..."',
    )


# -- continuous -----------------------------------------------------------------------------


def continuous_target(pre: Cells, post: Cells, of: str, to: str | None, call: str) -> Target:
    """Return the input that a continuous connection is added to.

    Raises
    ------
    WiringError, UnknownNameError
        The source has no such variable, the target no such input, or several.
    """
    source = _model(pre, call, f"there is no {of!r} to read")
    readable = [e.name for e in (*source.differential, *source.subexpressions)]
    readable += sorted(source.written_parameters)
    if of not in readable:
        meant = did_you_mean(of, readable)
        ending = f"; did you mean of={meant!r}?" if meant else ""
        fixed = of in source.names
        raise UnknownNameError(
            f"{call}: {pre.name}.{of} cannot be read continuously: it is no state and no "
            "subexpression" if fixed
            else f"{call}: {pre.name!r} has no variable {of!r}{ending}",
            mend=f"it has: {', '.join(readable)}",
        )  # fmt: skip
    name = input_of(post, to, call, f"the {of} of {pre.name!r}")
    unit = _model(post, call, "it has no inputs").unit_of(name)
    dimension = unit.dimension / source.unit_of(of).dimension
    line = f"{post.name}.{name} [{unit.text}] += weight*{pre.name}.{of} [{source.unit_of(of).text}]"
    text = usual_unit(dimension) or "1"
    own = unit if dimension == unit.dimension else parse_unit(text)
    return Target(name, of, dimension, own, line)


def _inputs(model: Model) -> str:
    return ", ".join(e.name if e.unit.text == "1" else f"{e.name} [{e.unit.text}]"
                     for e in model.inputs)  # fmt: skip


def input_of(cells: Cells, to: str | None, call: str, what: str) -> str:
    """Return the input variable that something is added to."""
    if isinstance(cells, Sites) and cells._cable.values.kinds.get(str(to)) == "input":
        cells._has(str(to), call)
        return str(to)
    model = _model(cells, call, "it has no inputs")
    names = [e.name for e in model.inputs]
    own = [e.name for e in _own(cells).inputs] or names
    if not names:
        raise WiringError(
            f"{call}: {cells.name!r} has no input that {what} could be added to",
            mend="declare one in the equations of the model, `I : pA (input)`, and read it there",
        )
    if to is None and len(own) > 1:
        raise WiringError(
            f"{call}: {cells.name!r} has several inputs; say which",
            expected=f"one of: {_inputs(model)}",
            mend=f'write to="{own[0]}"',
        )
    if to is not None and to not in names:
        meant = did_you_mean(str(to), names)
        ending = f"; did you mean to={meant!r}?" if meant else ""
        port = " (spikes arrive there: net.drive or net.connect)" if to in model.receives else ""
        raise UnknownNameError(
            f"{call}: {cells.name!r} has no input {to!r}{port}{ending}",
            mend=f"it has: {_inputs(model)}",
        )
    return own[0] if to is None else to


# -- weights --------------------------------------------------------------------------------


def check_rule(rule: Any, call: str) -> Rule:
    """Return the rule, or refuse what is none."""
    if isinstance(rule, Rule):
        return rule
    if callable(rule) and hasattr(rule, "__name__"):
        raise WiringError(
            f"{call}: the rule was not called", mend=f"write rb.rules.{rule.__name__}(...)"
        )
    raise WiringError(
        f"{call}: this is no connection rule",
        expected="one of rb.rules, such as rb.rules.fixed_probability(0.1)",
        given=repr(rule) if len(repr(rule)) < 60 else type(rule).__name__,
        mend="weights and delays are given by name: weight=..., delay=...",
    )


def check_weight(weight: Any, rule: Rule | None, target: Target, call: str) -> Target:
    """Refuse a weight that is missing, or of another dimension than its line needs.

    Returns
    -------
    Target
        With the unit weights are read back in: the one they were written in.
    """
    matrix = isinstance(rule, FromMatrix)
    needs = f"{describe(target.dimension)}: it is used in the line `{target.line}`"
    mend = f"write weight={_amount(target.unit)}"
    if weight is None and not matrix:
        raise WiringError(f"{call}: the weight is missing", expected=needs, mend=mend)
    if weight is not None and matrix:
        raise WiringError(
            f"{call}: the weights are those of the matrix, and weight is given too",
            mend="leave weight away, or scale the matrix: rb.rules.from_matrix(2*W)",
        )
    given = rule.weights if isinstance(rule, FromMatrix) else weight
    try:
        _check_value(given, target.dimension, "the weight", f"weight={_amount(target.unit)}")
    except UnitError as error:
        told = str(error).rsplit("\n", 1)[0]
        raise UnitError(
            f"{call}: {told}", mend=f"the weight is used in the line `{target.line}`"
        ) from None
    if isinstance(given, str):
        return target
    unit = given.unit if isinstance(given, Distribution) else split_quantity(given)[1]
    return target if unit.text == "1" else replace(target, unit=unit)


def _check_value(given: Any, dimension: Dimension, what: str, paste: str) -> None:
    """Refuse a value of synapses of another dimension, before anything is drawn."""
    if isinstance(given, Distribution):
        given.check(dimension, what)
    elif isinstance(given, str) and is_expression(given):
        pair_text(given, dimension, what)
    else:
        to_si(given, dimension, what=what, paste=paste)


def check_delay(delay: Any, call: str) -> None:
    """Refuse a delay that is no time."""
    if delay is None:
        return
    try:
        _check_value(delay, SECOND, "the delay", "delay=1.5*ms")
    except UnitError as error:
        raise UnitError(f"{call}: {str(error).rsplit(chr(10), 1)[0]}") from None


# -- currents, trains, recordings -----------------------------------------------------------


def injection_input(cells: Cells, current: Any, to: str | None) -> str:
    """Return the input variable that a current is injected into, or say why it cannot be."""
    call = f"net.inject({cells.name}, ...)"
    if isinstance(current, Train):
        raise WiringError(
            f"{call}: {current} is a spike train, not a current",
            mend=f"write net.drive({cells._written}, train, weight=...) to send each cell its own "
            f"train, or noise = net.add(train); net.connect(noise, {cells._written}, weight=...)",
        )
    name = input_of(cells, to, call, "a current")
    model = _model(cells, call, "it has no inputs")
    if isinstance(cells, Sites):
        model = cells._cable.part(name).values.model
    unit = model.unit_of(name)
    if not isinstance(current, Current):
        amount, shown = _constant(current, unit)
        raise WiringError(
            f"{call}: this is no current",
            expected="one of rb.stimuli: step, ramp, sine, pulse_train, noise, from_array",
            given=shown,
            mend=f"if it is constant, write net.inject({cells._written}, "
            f"rb.stimuli.step({amount}))",
        )
    if current.dimension != unit.dimension:
        raise UnitError(
            f"{call}: expected {describe(unit.dimension)} ({unit.text}), got "
            f"{current.unit.text} ({describe(current.dimension)})",
            expected=f"what the line `{model.equation(name).text}` says",
            given=str(current),
            mend=f"write net.inject({cells._written}, {_with_unit(current, unit)})",
        )
    check_columns(current.size, cells, call, "the current")
    return name


def _with_unit(current: Current, unit: Unit) -> str:
    """Return a current of plain numbers as it is written with a unit; a step of 1 of others."""
    shapes, usual = current.shapes, f"rb.stimuli.step({_amount(unit)})"
    if current.dimension != DIMENSIONLESS or len(shapes) != 1 or current.size not in (None, 1):
        return usual
    text = str(Current((shapes[0].scaled(unit.scale / current.unit.scale),), unit))
    return usual if "<" in text else f"rb.stimuli.{text}"


def _constant(given: Any, unit: Unit) -> tuple[str, str]:
    """Return the amount of a constant current, as in what was given if it is one; and that."""
    shown = repr(given) if len(repr(given)) < 60 else type(given).__name__
    try:
        number, own = split_quantity(given)
    except UserError:
        return _amount(unit), shown
    if np.ndim(number):
        return _amount(unit), shown
    if own.dimension == unit.dimension:
        return f"{number:g}*{own.text}", f"{number:g}*{own.text}"
    return (f"{number:g}*{unit.text}", shown) if own.text == "1" else (_amount(unit), shown)


def check_columns(size: int | None, cells: Cells, call: str, what: str) -> None:
    """Refuse a stimulus that differs between another number of cells or places."""
    if size is None or size == cells.size:
        return
    word = "place" if isinstance(cells, Sites) else "cell"
    raise ShapeError(
        f"{call}: {what} is for {size} {word}s",
        expected=f"one value, or {cells.size}: one for each {word}",
        given=f"{size}",
        mend=f"choose as many {word}s: {cells._written}[:{size}]" if size < cells.size else "",
    )


def drive_target(cells: Cells, train: Any, to: str | None) -> Target:
    """Return the port that a train drives, or say why it cannot."""
    call = f"net.drive({cells.name}, ...)"
    if isinstance(train, Current):
        raise WiringError(
            f"{call}: {train} is a current, not a spike train",
            mend=f"write net.inject({cells._written}, {train})",
        )
    if isinstance(train, Cells):
        raise WiringError(
            f"{call}: {train.name!r} is a population",
            mend=f"write net.connect({train.name}, {cells._written}, weight=...)",
        )
    if not isinstance(train, Train):
        raise WiringError(
            f"{call}: this is no spike train",
            expected="one of rb.stimuli: poisson, regular_spikes, spike_times",
            given=repr(train) if len(repr(train)) < 60 else type(train).__name__,
            mend=f"write net.drive({cells._written}, rb.stimuli.poisson(100*Hz), weight=...)",
        )
    target = spike_target(cells, to, call)
    check_columns(getattr(train, "size", None), cells, call, "the train")
    return target


def drive_weights(
    weight: Any, target: Target, cells: Cells, call: str
) -> float | np.ndarray[Any, Any]:
    """Return the weight of a drive in SI units: one, or one a cell."""
    check_weight(weight, None, target, call)
    if isinstance(weight, Distribution) or (isinstance(weight, str) and is_expression(weight)):
        raise WiringError(
            f"{call}: the weight of a drive is one value, or one a cell",
            given=repr(weight),
            mend="to draw weights, write noise = net.add(train, n) and net.connect(noise, cells, "
            "rb.rules.one_to_one(), weight=...)",
        )
    found = to_si(weight, target.dimension, what="the weight")
    if isinstance(found, np.ndarray):
        if found.shape != (cells.size,):
            check_columns(int(found.size), cells, call, "the weight")
        found = found.reshape(cells.size)
    if not np.all(np.isfinite(found)):
        raise UserError(f"{call}: the weight is not finite")
    return found


def _in_a_row(variables: Any) -> str:
    """Write the names of a list as arguments, or an example where it is no list of names."""
    if isinstance(variables, (list, tuple)) and all(isinstance(v, str) for v in variables):
        return ", ".join(f'"{name}"' for name in variables) or '"v"'
    return '"v"'


def check_recorded(cells: Cells, variable: Any) -> None:
    """Refuse what cannot be recorded, and say where it is found."""
    call = f"net.record({cells.name}, ...)"
    if not isinstance(variable, str):
        raise WiringError(
            f"{call}: a variable is given by its name",
            given=repr(variable) if len(repr(variable)) < 60 else type(variable).__name__,
            mend=f"write net.record({cells._written}, {_in_a_row(variable)}, every=1*ms)",
        )
    if variable in ("spikes", "spike"):
        raise WiringError(
            f"{call}: spikes are kept without being asked for",
            mend=f'read result.spikes["{cells.name}"] after the run; net.add(..., '
            "record_spikes=False) turns it off",
        )
    if not isinstance(cells.model, Model):
        raise WiringError(
            f"{call}: {cells.name!r} {cells.population._nature} and has no variables",
            mend=f'its spikes are result.spikes["{cells.name}"]',
        )
    values = cells._values(variable)
    kind = values.kind(variable)
    if kind in ("parameter", "current"):
        raise WiringError(
            f"{call}: {variable} is a parameter and does not change during a run",
            expected=f"one of: {values.listing('state', 'subexpression', 'input')}",
            mend=f"read it with {cells.name}.{variable}",
        )
    if kind == "spiking":
        raise WiringError(
            f"{call}: {variable} is not recorded",
            expected=f"one of: {values.listing('state', 'subexpression', 'input')}",
            mend=f'spikes are in result.spikes["{cells.name}"]; now it is {cells.name}.{variable}',
        )


def check_crossing(values: CellValues, dt: float) -> None:
    """Refuse linear crossings with a refractory period shorter than a step."""
    model = values.model
    if model.crossing != "linear" or model.refractory_kind == "condition":
        return
    shortest = 0.0
    if model.refractory is not None:
        shortest = float(np.min(values.evaluate_expression(model.refractory)))
    if shortest < dt * (1 - 1e-9):
        raise UserError(
            f'{values.name!r}: crossing="linear" needs dt of at most the refractory period',
            expected=f"dt of at most {shortest * 1e3:g} ms" if model.refractory is not None
            else "a refractory period of at least one step: what is left of a step after a spike "
            "is part of it",
            given=f"dt = {dt * 1e3:g} ms",
            mend=f"write rb.Network(dt={shortest * 1e3:g}*ms)" if shortest > 0
            else 'give the model a refractory period, or use crossing="grid"',
        )  # fmt: skip
