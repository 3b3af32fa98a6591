"""Have the expressions of a synapse the dimensions they must have?

Asked when it is made, as far as it can be known then, and again when it is placed: only then are
the variables of the cell known, and what the input it arrives at takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rheobase.errors import EquationError, UnitError, did_you_mean
from rheobase.language.definitions import DIFFERENTIAL, Equation, Source, Statement
from rheobase.language.dimension_check import Checker, find_weight, over_time
from rheobase.language.expressions import Binary, Expr, Name, names_in, walk
from rheobase.language.model import Model
from rheobase.language.parsing import CALL
from rheobase.units import DIMENSIONLESS, Dimension, Unit, parse_unit, usual_unit

if TYPE_CHECKING:
    from rheobase.language.synapse import Synapse
    from rheobase.language.synapse_building import SynapseParts

_PLAIN = Unit("1", 1.0, DIMENSIONLESS)
Statements = Iterable[tuple[str, Statement]]


def check_dimensions(parts: SynapseParts) -> Unit | None:
    """Check what does not depend on the cell; return the unit of `weight` if the text says it."""
    units = {e.name: e.unit for e in parts.equations}
    for name, source in parts.initial_sources.items():
        checker = Checker(units, source, f"initial, {name}")
        checker.require(parts.initial[name], units[name], f"{name} is in {units[name].text}")
    units["reward"] = _PLAIN
    weight = _weight(parts.statements(), units)
    if weight is not None:
        units["weight"] = weight
    check_equations(parts.equations, units)
    known = set(units)
    ready = [(w, s) for w, s in parts.statements() if _is_known(s, known)]
    check_statements(ready, units)
    return weight


def _is_known(statement: Statement, known: set[str]) -> bool:
    names = {n for n in names_in(statement.expression) if n.endswith("_post") or n == "weight"}
    if statement.operator != CALL:
        names.add(statement.target)
    return not names - known


def check_equations(equations: Iterable[Equation], units: Mapping[str, Unit]) -> None:
    """Check the right-hand sides that read only what is in `units`."""
    for equation in equations:
        expression = equation.expression
        if expression is None or _unknown(expression, units):
            continue
        unit, reason = equation.unit, f"{equation.name} is in {equation.unit.text}"
        if unit.dimension == DIMENSIONLESS:
            reason = f"{equation.name} is a plain number"
        if equation.kind == DIFFERENTIAL:
            unit, reason = over_time(unit), f"{reason} and {equation.left} is per time"
        Checker(units, equation.source, equation.left).require(expression, unit, reason)


def _unknown(expression: Expr, units: Mapping[str, Unit]) -> bool:
    return any(
        (name.endswith("_post") or name == "weight") and name not in units
        for name in names_in(expression)
    )


def check_statements(statements: Statements, units: Mapping[str, Unit]) -> None:
    """Check statements whose names are all in `units`; deliveries only in themselves."""
    for what, statement in statements:
        checker = Checker(units, statement.source, f"{what}, `{statement.text}`")
        if statement.operator == CALL:
            checker.value(statement.expression)
            continue
        unit = units[statement.target]
        plain = unit.dimension == DIMENSIONLESS
        reason = f"{statement.target} is {'a plain number' if plain else 'in ' + unit.text}"
        if statement.operator in ("*=", "/="):
            unit, reason = _PLAIN, f"{statement.operator} scales {statement.target}"
        checker.require(statement.expression, unit, reason)


def _weight(statements: Statements, units: Mapping[str, Unit]) -> Unit | None:
    """Return the unit `weight` must have, if a statement tells."""
    found: list[Dimension | None] = []
    for _, statement in statements:
        expression, target = statement.expression, statement.target
        if any(n.endswith("_post") for n in names_in(expression)):
            continue
        if target == "weight" and statement.operator in ("=", "+=", "-="):
            # the difference has to be 0: what is set must have the dimension of the weight
            difference = Binary("-", Name("weight"), expression, expression.span)
            found.append(_found(difference, _PLAIN, statement.source, units, zero=True))
        elif statement.operator != CALL and target in units:
            unit = _PLAIN if statement.operator in ("*=", "/=") else units[target]
            found.append(_found(expression, unit, statement.source, units))
    first = next((dimension for dimension in found if dimension is not None), None)
    return None if first is None else unit_of(first, units.values())


def _found(
    expression: Expr, unit: Unit, source: Source, units: Mapping[str, Unit], zero: bool = False
) -> Dimension | None:
    """Return the dimension of `weight` that one statement asks for, None if it asks for none.

    With `zero` the expression has to be 0, which it can be in any dimension: one that follows from
    that of the result, as in `weight -= eta*weight`, is no answer.
    """
    if "weight" not in names_in(expression):
        return None
    # An answer that is no answer is told apart by asking for another result as well.
    strange = Unit("kelvin", 1.0, unit.dimension * Dimension(kelvin=7))
    one = find_weight([(expression, unit, source)], units)
    other = find_weight([(expression, strange, source)], units)
    if zero and other != one:
        return None
    if one == DIMENSIONLESS and other == one:
        return DIMENSIONLESS if _fits_plain(expression, source, units) else None
    return one


def _fits_plain(expression: Expr, source: Source, units: Mapping[str, Unit]) -> bool:
    try:
        Checker({**units, "weight": _PLAIN}, source, "weight").value(expression)
        Checker({**units, "weight": parse_unit("mV")}, source, "weight").value(expression)
    except (UnitError, EquationError):
        return _plain_only(expression, source, units)
    return False


def _plain_only(expression: Expr, source: Source, units: Mapping[str, Unit]) -> bool:
    try:
        Checker({**units, "weight": _PLAIN}, source, "weight").value(expression)
    except (UnitError, EquationError):
        return False
    return True


def unit_of(dimension: Dimension, offered: Iterable[Unit]) -> Unit:
    """Return a unit of a dimension: one of those offered, else the usual one."""
    for unit in offered:
        if unit.dimension == dimension:
            return unit
    text = usual_unit(dimension)
    found = parse_unit(text) if text else Unit(str(dimension), 1.0, dimension)
    return found if found.dimension == dimension else Unit(str(dimension), 1.0, dimension)


# --- placed on a cell --------------------------------------------------------------------------


def check_placed(synapse: Synapse, model: Model, port: str, call: str) -> Unit:
    """Check a synapse on the cell it is placed on; return the unit of its weight there.

    Raises
    ------
    EquationError, UnitError
        The text reads or writes what the cell has not, or what it delivers is of another
        dimension than the input takes.
    """
    units = {e.name: e.unit for e in synapse.equations}
    units |= {f"{name}_post": model.unit_of(name) for name in model.names}
    units["reward"] = _PLAIN
    for expression, source, label in _expressions(synapse):
        for node in walk(expression):
            if isinstance(node, Name) and node.id.endswith("_post") and node.id not in units:
                raise _no_variable(node.id, source.point(node.span), label, model, call)
    for what, statement in _statements(synapse):
        _check_added(statement, what, model, call)
    wanted = model.receives_unit(port)
    units["weight"] = synapse.weight_unit or _delivered_weight(synapse, units, wanted)
    check_equations(synapse.equations, units)
    check_statements(_statements(synapse), units)
    delivered = next(s for s in synapse.on_pre if s.operator == CALL)
    checker = Checker(units, delivered.source, f"{call}: on_pre, `{delivered.text}`")
    reason = f"the input {port!r} of {model.name} takes {wanted.text}"
    checker.require(delivered.expression, wanted, reason)
    return units["weight"]


def _delivered_weight(synapse: Synapse, units: Mapping[str, Unit], wanted: Unit) -> Unit:
    """Return the unit of a weight that only `deliver` says something about."""
    delivered = next(s for s in synapse.on_pre if s.operator == CALL)
    check = (delivered.expression, wanted, delivered.source)
    found = find_weight([check], units)
    return wanted if found == wanted.dimension else unit_of(found, units.values())


def _statements(synapse: Synapse) -> list[tuple[str, Statement]]:
    events = ("on_pre", "on_post", "on_reward")
    return [(event, statement) for event in events for statement in getattr(synapse, event)]


def _expressions(synapse: Synapse) -> Iterable[tuple[Expr, Source, str]]:
    for equation in synapse.equations:
        if equation.expression is not None:
            yield equation.expression, equation.source, equation.left
    for what, statement in _statements(synapse):
        yield statement.expression, statement.source, f"{what}, `{statement.text}`"


def _no_variable(name: str, place: str, label: str, model: Model, call: str) -> EquationError:
    own = name.removesuffix("_post")
    meant = did_you_mean(own, model.names)
    return EquationError(
        f"{call}: {label}: {model.name} has no variable {own}",
        place=place,
        mend=f"did you mean {meant}_post?" if meant else "it has: " + ", ".join(model.names),
    )


def _check_added(statement: Statement, what: str, model: Model, call: str) -> None:
    """Refuse `x_post += ...` where x is no state of the cell."""
    if not statement.target.endswith("_post") or statement.operator == CALL:
        return
    own = statement.target.removesuffix("_post")
    place = statement.source.point(statement.target_span)
    if own not in model.names:
        raise _no_variable(statement.target, place, what, model, call)
    if own not in [e.name for e in model.differential]:
        states = ", ".join(e.name for e in model.differential)
        raise EquationError(
            f"{call}: {what}: {own} is no state of {model.name}, and arrivals add to states",
            place=place,
            mend=f"its states are: {states}",
        )
