"""From what a user gave to a checked synapse: the steps of `Synapse(...)`, in their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.definitions import (
    DIFFERENTIAL,
    PARAMETER,
    SUBEXPRESSION,
    Equation,
    Source,
    Statement,
)
from rheobase.language.equations import parse_equations
from rheobase.language.expressions import Call, Expr, Name, Number, calls_in, names_in, walk
from rheobase.language.functions import UserFunction, collect
from rheobase.language.names import check_cycles, check_names, check_twice, unknown_name
from rheobase.language.parsing import CALL, parse_expression
from rheobase.language.reading import (
    declare,
    inlined,
    is_quantity_text,
    read_mapping,
    read_start,
    read_statements,
    unknown_parameter,
)
from rheobase.language.synapse_checking import check_dimensions
from rheobase.language.values import Value, read_value
from rheobase.units import UNITS, Unit, split_quantity

DELIVER = "deliver"
POST = "_post"
_OF_CELLS = {"i": "the index of a cell", "N": "the number of cells"}


@dataclass(frozen=True)
class SynapseArguments:
    """What a synapse was made from, kept to copy and to store it."""

    equations: str = ""
    on_pre: str = ""
    on_post: str = ""
    on_reward: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    name: str = "Synapse"
    doc: str = ""


@dataclass
class SynapseParts:
    """A synapse under construction."""

    arguments: SynapseArguments
    functions: dict[str, UserFunction]
    equations: tuple[Equation, ...] = ()
    on_pre: tuple[Statement, ...] = ()
    on_post: tuple[Statement, ...] = ()
    on_reward: tuple[Statement, ...] = ()
    defaults: dict[str, float] = field(default_factory=dict)
    per_synapse: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Expr] = field(default_factory=dict)
    initial_sources: dict[str, Source] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    weight_unit: Unit | None = None

    def placed_expressions(self) -> Iterable[tuple[Expr, Source, str]]:
        """Yield every expression with its source and what it is."""
        for equation in self.equations:
            if equation.expression is not None:
                yield equation.expression, equation.source, equation.left
        for what, statement in self.statements():
            yield statement.expression, statement.source, f"{what}, `{statement.text}`"

    def statements(self) -> Iterable[tuple[str, Statement]]:
        """Yield the statements with where they stand."""
        yield from (("on_pre", s) for s in self.on_pre)
        yield from (("on_post", s) for s in self.on_post)
        yield from (("on_reward", s) for s in self.on_reward)


def build_synapse(arguments: SynapseArguments) -> SynapseParts:
    """Read, complete and check a synapse.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
    """
    for what in ("equations", "on_pre", "on_post", "on_reward"):
        given = getattr(arguments, what)
        if not isinstance(given, str):
            raise EquationError(
                f"{what}: expected a text, got {type(given).__name__}",
                mend='write rb.Synapse("dx/dt = -x/tau : 1", on_pre="x += 1", ...)',
            )
    parts = SynapseParts(arguments, collect(arguments.functions))
    _read_equations(parts)
    parts.on_pre = read_statements(arguments.on_pre, parts.functions, "on_pre", (DELIVER,))
    parts.on_post = read_statements(arguments.on_post, parts.functions, "on_post", (DELIVER,))
    parts.on_reward = read_statements(arguments.on_reward, parts.functions, "on_reward", (DELIVER,))
    _check_deliver(parts)
    _place_parameters(parts)
    _find_variables(parts)
    _read_initial(parts)
    _check_names(parts)
    for what, statement in parts.statements():
        _check_target(parts, statement, what)
    parts.weight_unit = check_dimensions(parts)
    return parts


def _read_equations(parts: SynapseParts) -> None:
    text = parts.arguments.equations
    over_time = re.search(r"^[ \t]*(dweight/dt)", text, re.MULTILINE)
    if over_time:
        raise EquationError(
            "dweight/dt: weight changes at spikes only",
            place=Source(text).point(over_time.span(1)),
            mend="change it in on_pre or on_post: weight += ...; or all weights now and then:"
            " net.every(1*second, f), where f sets projection.weights",
        )
    equations = parse_equations(text) if text.strip() else ()
    check_twice(equations)
    for equation in equations:
        _check_own(equation.name, equation.source.point(equation.name_span))
        for flag in equation.flags & {"unless refractory", "input"}:
            raise EquationError(
                f"{equation.left}: ({flag}) is for cells, and this is a synapse",
                place=equation.source.point(equation.name_span),
                mend="remove the flag",
            )
    parts.equations = inlined(equations, parts.functions)
    check_cycles(e for e in parts.equations if e.kind == SUBEXPRESSION)


def _check_own(name: str, place: str = "") -> None:
    """Refuse a name of the synapse that would be one of the cell."""
    if name.endswith(POST):
        raise EquationError(
            f"{name}: names that end in _post are those of the cell a synapse is on",
            place=place,
            mend=f"choose another name, such as {name.removesuffix(POST)}",
        )


def _check_deliver(parts: SynapseParts) -> None:
    """One delivery an arrival; where the text has none, the weight is delivered first."""
    late = next(
        ((w, s) for w, s in parts.statements() if s.operator == CALL and w != "on_pre"), None
    )
    if late is not None:
        what, statement = late
        raise EquationError(
            f"{what}: only an arriving spike delivers",
            place=statement.source.point(statement.target_span),
            mend="write deliver(...) in on_pre",
        )
    delivered = [s for s in parts.on_pre if s.operator == CALL]
    if len(delivered) > 1:
        raise EquationError(
            "on_pre: deliver stands there twice, and an arrival delivers once",
            place=delivered[1].source.point(delivered[1].target_span),
            mend="deliver the sum: deliver(a + b)",
        )
    added = next((s for s in parts.on_pre if s.target.endswith(POST)), None)
    if not delivered and added is not None and added.operator in ("+=", "-="):
        raise EquationError(
            f"on_pre: `{added.text}` adds to the cell, and so does the delivery of the weight,"
            " which comes first unless on_pre says what is delivered",
            place=added.source.point(added.target_span),
            mend=f'for both write on_pre="deliver(weight); {added.text}"; for one leave'
            f" `{added.text}` out: the weight goes to the input chosen by net.connect(..., to=)",
        )
    if not delivered:
        source = Source("deliver(weight)")
        statement = Statement(DELIVER, CALL, Name("weight", (8, 14)), source.text, source, (0, 7))
        parts.on_pre = (statement, *parts.on_pre)


# --- parameters --------------------------------------------------------------------------------


def is_per_synapse(given: Any) -> bool:
    """Whether a value is given one by one: an array, or a distribution to draw from."""
    if hasattr(given, "sample") and hasattr(given, "dimension"):
        return True
    if given is None or isinstance(given, str) or getattr(given, "is_current", False):
        return False
    if isinstance(given, (list, tuple)):
        return True
    return getattr(getattr(given, "magnitude", given), "ndim", 0) > 0


def _place_parameters(parts: SynapseParts) -> None:
    """Give declared parameters their values, and declare those the text only reads."""
    given_all = read_mapping(parts.arguments.parameters, "parameters", "parameters=dict(tau=20*ms)")
    declared = {equation.name: equation for equation in parts.equations}
    used: set[str] = set()
    for expression, _, _ in parts.placed_expressions():
        used |= names_in(expression) | calls_in(expression)
    used |= _read_initially(parts)
    implicit: list[Equation] = []
    for name, given in given_all.items():
        if name not in declared and name not in used:
            raise _unread(parts, name, used - declared.keys() - given_all.keys())
        unit, value = _read_parameter(name, given)
        equation = declared.get(name)
        if equation is None:
            equation = declare(name, unit)
            _check_own(name)
            implicit.append(equation)
        if equation.kind != PARAMETER:
            raise EquationError(
                f"parameters: {name} is not a parameter",
                place=equation.source.point(equation.name_span),
                mend=f"write initial=dict({name}=...)"
                if equation.kind == DIFFERENTIAL
                else "change its line, or make it a parameter",
            )
        Value(0.0 if value is None else value, unit).check(
            equation.unit, f"the parameter {name}", name, equation
        )
        if value is None:
            parts.per_synapse[name] = given
        else:
            parts.defaults[name] = float(unit.to_si(value))
    parts.equations = (*parts.equations, *implicit)


def _read_parameter(name: str, given: Any) -> tuple[Unit, float | None]:
    """Return the unit of a parameter and its value; None where every synapse has its own."""
    if not is_per_synapse(given):
        value = read_value(given, f"the parameter {name}", example=f"parameters=dict({name}=1)")
        if value.current is not None:
            raise EquationError(
                f"the parameter {name}: a synapse reads no currents over time",
                mend="read a variable of the cell, such as v_post",
            )
        return value.unit, value.magnitude
    unit = getattr(given, "unit", None) if hasattr(given, "sample") else None
    if not isinstance(unit, Unit):
        unit = split_quantity(given, f"the parameter {name}")[1]
    return unit, None


def _read_initially(parts: SynapseParts) -> set[str]:
    given = parts.arguments.initial
    read: set[str] = set()
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if isinstance(value, str) and not is_quantity_text(value):
            read |= names_in(parse_expression(value, what=f"initial, {name}"))
    return read


def _unread(parts: SynapseParts, name: str, missing: Iterable[str]) -> UnknownNameError:
    free = sorted(n for n in missing if n not in UNITS and not n.endswith(POST))
    return unknown_parameter(name, parts.equations, free, "the synapse")


def _find_variables(parts: SynapseParts) -> None:
    written = {s.target for _, s in parts.statements()}
    parts.variables = tuple(
        e.name
        for e in parts.equations
        if e.kind == DIFFERENTIAL or (e.kind == PARAMETER and e.name in written and e.line)
    )
    for name in parts.variables:  # a value given for a variable is that it begins with
        if name in parts.defaults:
            parts.initial[name] = Number(parts.defaults.pop(name))


def _read_initial(parts: SynapseParts) -> None:
    given = read_mapping(parts.arguments.initial, "initial", "initial=dict(x=1)")
    by_name = {e.name: e for e in parts.equations}
    for name, value in given.items():
        if name not in parts.variables:
            meant = did_you_mean(name, parts.variables)
            raise UnknownNameError(
                f"initial: the synapse has no variable {name}",
                mend=f"did you mean {meant}?"
                if meant
                else "its variables are: " + (", ".join(parts.variables) or "none"),
            )
        unit = by_name[name].unit
        parts.initial[name], source = read_start(name, value, unit, parts.functions)
        if source is not None:
            parts.initial_sources[name] = source


# --- names -------------------------------------------------------------------------------------


def _check_names(parts: SynapseParts) -> None:
    known = [equation.name for equation in parts.equations]
    for expression, source, label in parts.placed_expressions():
        _check_reads(expression, source, label, known)
    for name in ("reward", "deliver"):
        taken = next((e for e in parts.equations if e.name == name), None)
        if taken is not None:
            raise EquationError(
                f"{name} is reserved in a synapse",
                place=taken.source.point(taken.name_span) if taken.line else "",
                mend=f"choose another name, such as {name}_0",
            )
    shared = [e.name for e in parts.equations if e.name in parts.defaults]
    for name, source in parts.initial_sources.items():
        check_names(parts.initial[name], shared, source=source, label=f"initial, {name}")
    for equation in parts.equations:
        right = equation.expression
        if equation.kind != DIFFERENTIAL or right is None:
            continue
        if "weight" in names_in(right):
            raise EquationError(
                f"{equation.left}: weight changes at spikes only",
                place=equation.source.point(right.span),
                mend="read it in on_pre or on_post",
            )


def _check_reads(expression: Expr, source: Source, label: str, known: Sequence[str]) -> None:
    post = [name for name in names_in(expression) if name.endswith(POST)]
    extra = ("weight", "reward") if label.startswith("on_reward") else ("weight",)
    check_names(expression, [*known, *post], source=source, label=label, extra=extra)
    for node in walk(expression):
        if isinstance(node, Name) and node.id in _OF_CELLS and node.id not in known:
            raise EquationError(
                f"{label}: {node.id} is {_OF_CELLS[node.id]}, which a synapse does not know",
                place=source.point(node.span),
                mend="give a parameter one value a synapse: parameters=dict(p=array)",
            )
        if isinstance(node, Call) and node.function in ("rand", "randn"):
            raise EquationError(
                f"{label}: synapses draw no random numbers while they run",
                place=source.point(node.span),
                mend="give a parameter a distribution: parameters=dict(p=rb.random.normal(...)),"
                " or draw in the equations of the cell and read the name with _post",
            )


def _check_target(parts: SynapseParts, statement: Statement, what: str) -> None:
    """Refuse statements that write what cannot be written."""
    target = statement.target
    place = statement.source.point(statement.target_span)
    if statement.operator == CALL or target == "weight" or target in parts.variables:
        return
    if target.endswith(POST):
        if what == "on_pre" and statement.operator in ("+=", "-="):
            return
        cell = target.removesuffix(POST)
        raise EquationError(
            f"{what}: {target} belongs to the cell"
            + ("" if what == "on_pre" else ", and its own spike is its reset's affair"),
            place=place,
            mend=f"add to it in on_pre: {target} += ..."
            if what == "on_pre"
            else f'write it in the model: reset="...; {cell} += ..."',
        )
    equation = next((e for e in parts.equations if e.name == target), None)
    if equation is None:
        known = ["weight", *parts.variables]
        raise unknown_name(target, known, label=what, place=place, declare=False)
    if equation.kind == SUBEXPRESSION:
        raise EquationError(
            f"{what}: {target} is a subexpression and cannot be assigned to",
            place=place,
            mend=f"it is always {equation.text}; assign to a variable",
        )
    raise EquationError(
        f"{what}: {target} is not declared as something that changes",
        place=place,
        mend=f"declare it on a line: {target} : {equation.unit.text}",
    )
