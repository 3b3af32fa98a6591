"""From what a user gave to a checked model: the steps of `Model(...)`, in their order."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError, did_you_mean
from rheobase.language.checking import check_model
from rheobase.language.definitions import (
    DIFFERENTIAL,
    PARAMETER,
    SUBEXPRESSION,
    Equation,
    Source,
    Statement,
)
from rheobase.language.equations import parse_equations
from rheobase.language.expressions import Call, Expr, Name, calls_in, names_in, walk
from rheobase.language.functions import UserFunction, collect, inline
from rheobase.language.names import (
    CONSTANTS,
    check_cycles,
    check_derivatives,
    check_twice,
    is_noise,
)
from rheobase.language.parsing import parse_expression, parse_statements
from rheobase.language.reading import (
    declare,
    inlined,
    is_quantity_text,
    read_mapping,
    read_start,
    read_statements,
    unknown_parameter,
)
from rheobase.language.values import Value, read_value
from rheobase.units import UNITS, Dimension, Unit

CROSSINGS = ("grid", "linear", "exact")


@dataclass(frozen=True)
class Arguments:
    """What a model was made from, kept to copy it, to add to it and to store it."""

    equations: tuple[str, ...]
    threshold: str | None = None
    reset: str | None = None
    refractory: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] | str | None = None
    receives: Mapping[str, str] = field(default_factory=dict)
    method: str = "auto"
    crossing: str = "grid"
    functions: tuple[str, ...] = ()
    name: str = "Model"
    doc: str = ""


@dataclass
class Parts:
    """A model under construction: the attributes of `Model`, and the texts they came from."""

    arguments: Arguments
    functions: dict[str, UserFunction]
    equations: tuple[Equation, ...] = ()
    threshold: Expr | None = None
    threshold_source: Source = field(default_factory=lambda: Source(""))
    reset: tuple[Statement, ...] = ()
    refractory: Expr | None = None
    refractory_source: Source = field(default_factory=lambda: Source(""))
    refractory_kind: str = "none"
    receives: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    weights: Mapping[str, Unit] = field(default_factory=dict)
    initial: Mapping[str, Expr] | str = field(default_factory=dict)
    initial_sources: Mapping[str, Source] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    currents: Mapping[str, Any] = field(default_factory=dict)
    time_functions: tuple[str, ...] = ()

    def expressions(self) -> Iterable[Expr]:
        """Yield every expression of the model."""
        yield from (e.expression for e in self.equations if e.expression is not None)
        yield from (e for e in (self.threshold, self.refractory) if e is not None)
        yield from (statement.expression for statement in self.reset)
        for statements in self.receives.values():
            yield from (statement.expression for statement in statements)
        if not isinstance(self.initial, str):
            yield from self.initial.values()

    def placed_expressions(self) -> Iterable[tuple[Expr, Source]]:
        """Yield the expressions of the equations and of spiking with where they were read."""
        yield from ((e.expression, e.source) for e in self.equations if e.expression is not None)
        if self.threshold is not None:
            yield self.threshold, self.threshold_source
        if self.refractory is not None:
            yield self.refractory, self.refractory_source
        for statements in (self.reset, *self.receives.values()):
            yield from ((statement.expression, statement.source) for statement in statements)


def build(arguments: Arguments) -> Parts:
    """Read, complete and check a model.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
    """
    parts = Parts(arguments, collect(arguments.functions))
    _read_equations(parts)
    _read_spiking(parts)
    _read_receives(parts)
    _check_derivatives(parts)
    _read_initial(parts)
    check_cycles(e for e in parts.equations if e.kind == SUBEXPRESSION)
    _place_parameters(parts)
    _find_time_functions(parts)
    check_model(parts)
    return parts


def _read_equations(parts: Parts) -> None:
    equations: list[Equation] = []
    for text in parts.arguments.equations:
        equations.extend(parse_equations(text))
    check_twice(equations)
    for equation in equations:
        if equation.name in parts.functions:
            raise EquationError(
                f"{equation.name} is a function and a variable",
                place=equation.source.point(equation.name_span),
                mend="give one of them another name",
            )
    parts.equations = inlined(equations, parts.functions)


def _check_derivatives(parts: Parts) -> None:
    """Refuse `dv = ...` for dv/dt before v is found to be unknown elsewhere."""
    read: set[str] = set()
    for expression in parts.expressions():
        read |= names_in(expression)
    for statements in (parts.reset, *parts.receives.values()):
        read |= {statement.target for statement in statements}
    if isinstance(parts.arguments.initial, Mapping):
        read |= {str(name) for name in parts.arguments.initial}
    check_derivatives(parts.equations, parts.arguments.parameters, read)


def _text(value: Any, what: str, example: str) -> str:
    if isinstance(value, str):
        return value
    raise EquationError(
        f"{what}: expected a text, got {type(value).__name__}", mend=f"write {example}"
    )


def _condition(parts: Parts, text: str, what: str) -> tuple[Expr, Source]:
    source = Source(text)
    return inline(parse_expression(text, what=f"the {what}"), parts.functions, source), source


def _read_spiking(parts: Parts) -> None:
    arguments = parts.arguments
    if arguments.threshold is not None:
        text = _text(arguments.threshold, "threshold", 'threshold="v > V_T"')
        parts.threshold, parts.threshold_source = _condition(parts, text, "threshold")
    if arguments.reset is not None:
        text = _text(arguments.reset, "reset", 'reset="v = V_r"')
        parts.reset = read_statements(text, parts.functions, "reset")
    if arguments.refractory is not None:
        _read_refractory(parts, arguments.refractory)
    if arguments.crossing not in CROSSINGS:
        meant = did_you_mean(str(arguments.crossing), CROSSINGS)
        raise EquationError(
            f"crossing: {arguments.crossing!r} is not one of them",
            expected=" or ".join(f'"{crossing}"' for crossing in CROSSINGS),
            mend=f'write crossing="{meant or "grid"}"',
        )
    method = arguments.method
    if not (isinstance(method, str) and re.fullmatch(r"[A-Za-z]\w*", method)):
        raise EquationError(
            f"method: {method!r} is not the name of a method",
            mend='write method="auto", or a name such as "rk4" or "exponential_euler"',
        )


def _read_refractory(parts: Parts, given: Any) -> None:
    """Read a text; a duration given as a quantity becomes the default of a parameter.

    A value is no part of the structure of a model: so changing it compiles nothing.
    """
    if isinstance(given, str) and not is_quantity_text(given):
        parts.refractory, parts.refractory_source = _condition(parts, given, "refractory")
        return
    value = read_value(given, "refractory", example="refractory=5*ms")
    taken = {equation.name for equation in parts.equations} | set(parts.arguments.parameters)
    for expression in parts.expressions():
        taken |= names_in(expression)
    name = next(
        free for free in ("tau_ref", "refractory_period", "refractory_time") if free not in taken
    )
    parts.refractory = Name(name, (0, len(str(given))))
    parts.refractory_source = Source(str(given))
    parts.arguments = replace(
        parts.arguments,
        refractory=name,
        parameters={**parts.arguments.parameters, name: given},
    )
    if value.dimension != _TIME:
        raise UnitError(
            f"refractory: expected a time or a condition, got {value.words}",
            mend='write refractory=5*ms, or a condition such as refractory="v > -20*mV"',
        )
    if not value.magnitude >= 0:
        raise EquationError(
            "refractory: the duration is negative", given=str(given), mend="write refractory=5*ms"
        )


_TIME = Dimension(second=1)


def _read_receives(parts: Parts) -> None:
    receives: dict[str, tuple[Statement, ...]] = {}
    for port, text in parts.arguments.receives.items():
        if not (isinstance(port, str) and port.isidentifier()):
            raise EquationError(
                f"receives: {port!r} cannot be the name of an input",
                mend='write receives=dict(excitatory="g_e += weight")',
            )
        written = _text(text, f"receives, {port}", f'receives=dict({port}="v += weight")')
        statements = read_statements(written, parts.functions, f"receives, {port}")
        if not statements:
            raise EquationError(
                f"receives, {port}: the text is empty", mend=f'write {port}="v += weight"'
            )
        receives[port] = statements
    parts.receives = MappingProxyType(receives)


def name_ports(receives: Mapping[str, str] | str | None) -> dict[str, str]:
    """Return texts by the names of inputs; a plain text is named by what it changes."""
    if receives is None:
        return {}
    if isinstance(receives, str):
        statements = parse_statements(receives, what="receives")
        if not statements:
            raise EquationError("receives: the text is empty", mend='write receives="v += weight"')
        return {statements[0].target: receives}
    if not isinstance(receives, Mapping):
        raise EquationError(
            f"receives: expected a text or a dict, got {type(receives).__name__}",
            mend='write receives="v += weight" or receives=dict(excitatory="g_e += weight")',
        )
    return dict(receives)


def _read_initial(parts: Parts) -> None:
    given = parts.arguments.initial
    if given is None:
        parts.initial = MappingProxyType({})
        return
    if isinstance(given, str):
        if given != "rest":
            raise EquationError(
                f"initial: {given!r} is not one of them",
                expected='"rest", or values by name',
                mend='write initial="rest" or initial=dict(v="E_L")',
            )
        parts.initial = "rest"
        return
    read_mapping(given, "initial", 'initial=dict(v="E_L") or initial="rest"')
    states = {e.name: e for e in parts.equations if e.kind == DIFFERENTIAL}
    expressions: dict[str, Expr] = {}
    sources: dict[str, Source] = {}
    for name, value in given.items():
        if name not in states:
            raise _no_state(name, states, parts)
        unit = states[name].unit
        expressions[name], source = read_start(name, value, unit, parts.functions)
        if source is not None:
            sources[name] = source
    parts.initial = MappingProxyType(expressions)
    parts.initial_sources = sources


def _no_state(name: str, states: Mapping[str, Equation], parts: Parts) -> UserError:
    known = {equation.name: equation for equation in parts.equations}
    if name in known:
        kind = "a parameter" if known[name].kind == PARAMETER else "a subexpression"
        mend = (
            f"write parameters=dict({name}=...)"
            if known[name].kind == PARAMETER
            else f"it is always {known[name].text}"
        )
        return EquationError(
            f"initial: {name} is {kind}, and only states have initial values", mend=mend
        )
    meant = did_you_mean(name, states)
    return UnknownNameError(
        f"initial: the model has no state {name}",
        mend=f"did you mean {meant}?" if meant else "its states are: " + ", ".join(states),
    )


def _place_parameters(parts: Parts) -> None:
    """Give declared parameters their values, and declare those the text only reads."""
    declared = {equation.name: equation for equation in parts.equations}
    used: set[str] = set()
    for expression in parts.expressions():
        used |= names_in(expression) | calls_in(expression)
    defaults: dict[str, float] = {}
    currents: dict[str, Any] = {}
    implicit: list[Equation] = []
    for name, given in parts.arguments.parameters.items():
        equation = declared.get(name)
        if equation is None and name not in used:
            raise _unread(name, parts, _missing(parts, used))
        value = read_value(given, f"the parameter {name}", example=f"parameters=dict({name}=1)")
        if equation is None:
            equation = declare(name, value.unit)
            implicit.append(equation)
        place_value(equation, value, defaults, currents)
    parts.equations = (*parts.equations, *implicit)
    parts.defaults = MappingProxyType(defaults)
    parts.currents = MappingProxyType(currents)


def _missing(parts: Parts, used: set[str]) -> tuple[str, ...]:
    """Return the names that are read and neither defined nor given nor built in."""
    known = {e.name for e in parts.equations} | set(parts.arguments.parameters)
    functions = {node.function for e in parts.expressions() for node in walk(e)
                 if isinstance(node, Call)}  # fmt: skip
    free = used - known - CONSTANTS - UNITS.keys() - functions - {"weight"}
    return tuple(sorted(name for name in free if not is_noise(name)))


def _unread(name: str, parts: Parts, missing: Sequence[str]) -> UnknownNameError:
    """Return the error for a value nothing reads; the text may be what is misspelt."""
    error = unknown_parameter(name, parts.equations, missing)
    meant = did_you_mean(name, missing)
    if meant is None or f"did you mean {meant}?" not in str(error):
        return error
    for expression, source in parts.placed_expressions():
        for node in walk(expression):
            if isinstance(node, Name) and node.id == meant:
                place = source.point(node.span)
                return UnknownNameError(f"{error}\nor is this meant to be {name}?\n{place}")
    return error


def place_value(
    equation: Equation, value: Value, defaults: dict[str, float], currents: dict[str, Any]
) -> None:
    """Put the value of a parameter where it belongs, after checking that it fits.

    Raises
    ------
    EquationError, UnitError
        If the name is no parameter, or the value has another dimension.
    """
    name = equation.name
    if equation.kind != PARAMETER:
        kind = "a state" if equation.kind == DIFFERENTIAL else "a subexpression"
        mend = (
            f"write initial=dict({name}=...)"
            if equation.kind == DIFFERENTIAL
            else "change its line, or make it a parameter"
        )
        raise EquationError(
            f"parameters: {name} is {kind}, not a parameter",
            place=equation.source.point(equation.name_span),
            mend=mend,
        )
    if "input" in equation.flags:
        raise EquationError(
            f"parameters: {name} is an (input), which is set anew in every step",
            place=equation.source.point(equation.name_span),
            mend=f"inject a current: net.inject(cells, ..., to={name!r}), or remove the flag",
        )
    if value.current is not None:
        value.check(equation.unit, f"the parameter {name}", name, equation)
        currents[name] = value.current
        defaults.pop(name, None)
    else:
        found = value.in_dimension(equation.unit, f"the parameter {name}", name, equation)
        if math.isnan(found):
            unit = "" if equation.unit.text == "1" else f"*{equation.unit.text}"
            raise UserError(
                f"the parameter {name} is nan, not a number",
                mend=f"write {name}=1{unit}, or leave it out and set it before the run",
            )
        defaults[name] = found
        currents.pop(name, None)


def _find_time_functions(parts: Parts) -> None:
    """A parameter that is read as `drive(t)`, or whose value is a current, is one over time."""
    parameters = [e.name for e in parts.equations if e.kind == PARAMETER]
    called: set[str] = set()
    for expression in parts.expressions():
        called |= calls_in(expression)
    parts.time_functions = tuple(
        name for name in parameters if name in called or name in parts.currents
    )
    for name in parts.time_functions:
        if name in parts.defaults:
            raise EquationError(
                f"{name} is read as a function of time, {name}(t), and its value is a number",
                mend=f"give a current over time, {name}=rb.stimuli.from_array(values, dt),"
                f" or read it as {name}",
            )
