"""Everything a model must fulfill, asked of its parts when it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rheobase.errors import EquationError, UnitError, did_you_mean
from rheobase.language.definitions import (
    DIFFERENTIAL,
    PARAMETER,
    SUBEXPRESSION,
    Equation,
    Source,
    Statement,
)
from rheobase.language.dimension_check import Checker, find_weight, over_time
from rheobase.language.expressions import Compare, Expr, Name, calls_in, names_in, walk
from rheobase.language.mending import likely_units, sibling_text, siblings
from rheobase.language.names import check_names, unknown_name
from rheobase.units import (
    DIMENSIONLESS,
    UNITS,
    Unit,
    describe,
    parse_unit,
    spelled_out,
    usual_unit,
)

if TYPE_CHECKING:
    from rheobase.language.building import Parts

_PLAIN = Unit("1", 1.0, DIMENSIONLESS)
_TIME = parse_unit("ms")


def check_model(parts: Parts) -> None:
    """Check names, then what goes with what, then dimensions.

    Raises
    ------
    EquationError, UnitError, UnknownNameError
    """
    _check_all_names(parts)
    _check_spiking(parts)
    for what, statements in _statement_blocks(parts):
        for statement in statements:
            _check_target(parts, statement, what)
    units = {equation.name: equation.unit for equation in parts.equations}
    _Dimensions(parts, units).check()


def _statement_blocks(parts: Parts) -> list[tuple[str, tuple[Statement, ...]]]:
    blocks = [("reset", parts.reset)]
    return blocks + [(f"receives, {port}", block) for port, block in parts.receives.items()]


# --- names -------------------------------------------------------------------------------------


def _check_all_names(parts: Parts) -> None:
    known = [equation.name for equation in parts.equations]
    functions = parts.time_functions

    def check(expression: Expr, source: Source, label: str, noise: bool = False,
              extra: tuple[str, ...] = ()) -> None:  # fmt: skip
        check_names(expression, known, source=source, label=label, noise=noise,
                    time_functions=functions, extra=extra)  # fmt: skip

    for equation in parts.equations:
        if equation.expression is not None:
            check(equation.expression, equation.source, equation.left,
                  noise=equation.kind == DIFFERENTIAL)  # fmt: skip
    if parts.threshold is not None:
        check(parts.threshold, parts.threshold_source, "the threshold")
    for statement in parts.reset:
        check(statement.expression, statement.source, "reset")
    if parts.refractory is not None:
        check(parts.refractory, parts.refractory_source, "refractory")
    for port, statements in parts.receives.items():
        for statement in statements:
            label = f"receives, {port}"
            check(statement.expression, statement.source, label, extra=("weight",))
    for name, source in parts.initial_sources.items():
        assert not isinstance(parts.initial, str)
        check(parts.initial[name], source, f"initial, {name}")


# --- what goes with what -----------------------------------------------------------------------


def _check_spiking(parts: Parts) -> None:
    if parts.threshold is None:
        for what, given in (("reset", parts.reset), ("refractory", parts.refractory)):
            if given:
                raise EquationError(
                    f"a {what} needs a threshold"
                    if what == "reset"
                    else "refractory needs a threshold",
                    mend='write when a cell spikes, such as threshold="v > V_T"',
                )
        if parts.arguments.crossing != "grid":
            raise EquationError(
                f'crossing="{parts.arguments.crossing}" needs a threshold',
                mend='write when a cell spikes, such as threshold="v > V_T"',
            )
    held = next((e for e in parts.equations if "unless refractory" in e.flags), None)
    if held is not None and parts.refractory is None:
        at = held.source.text.find("unless refractory", held.name_span[1])
        raise EquationError(
            f"{held.left}: (unless refractory) needs to know how long a cell is refractory",
            place=held.source.point((max(at, 0), max(at, 0) + len("unless refractory"))),
            mend='write refractory=5*ms, or a condition such as refractory="v > -20*mV"',
        )
    if parts.threshold is None:
        return
    if not parts.reset and parts.refractory is None and not calls_in(parts.threshold):
        raise EquationError(
            "a threshold without reset and refractory would be a spike in every step above it",
            place=parts.threshold_source.point(parts.threshold.span),
            mend='write reset="v = V_r", or refractory="..." with a condition or a duration',
        )
    if parts.arguments.crossing != "grid" and not _is_upward(parts.threshold):
        raise EquationError(
            f'crossing="{parts.arguments.crossing}" needs a threshold of the form a > b or a >= b',
            place=parts.threshold_source.point(parts.threshold.span),
            mend='write threshold="v > V_T", or crossing="grid"',
        )


def _is_upward(threshold: Expr) -> bool:
    return isinstance(threshold, Compare) and threshold.operator in (">", ">=")


def _check_target(parts: Parts, statement: Statement, what: str) -> None:
    """Refuse statements that write what cannot be written."""
    place = statement.source.point(statement.target_span)
    target = statement.target
    equation = next((e for e in parts.equations if e.name == target), None)
    why = mend = ""
    if equation is None:
        states = [e.name for e in parts.equations if e.kind == DIFFERENTIAL]
        error = unknown_name(target, states, label=what, place=place, declare=False)
        raise error
    if equation.kind == SUBEXPRESSION:
        why = f"{target} is a subexpression and cannot be assigned to"
        mend = f"it is always {equation.text}; assign to a state or a parameter"
    elif "constant" in equation.flags:
        why = f"{target} is constant and cannot be assigned to"
        mend = f"remove the flag: {target} : {equation.unit.text}"
    elif "shared" in equation.flags:
        why = f"{target} is shared: one cell's spike cannot change it for all"
        mend = f"remove the flag: {target} : {equation.unit.text}"
    elif "input" in equation.flags:
        why = f"{target} is an (input), which is set anew in every step"
        mend = "assign to a state"
    elif target in parts.time_functions:
        why = f"{target} is a current over time and cannot be assigned to"
        mend = "assign to a state"
    elif equation.kind == PARAMETER and equation.line == 0:
        why = f"{target} is not declared as something that changes"
        mend = f"declare it on a line: {target} : {equation.unit.text}"
    if why:
        raise EquationError(f"{what}: {why}", place=place, mend=mend)


# --- dimensions --------------------------------------------------------------------------------


class _Dimensions:
    """Checks every expression; when one fails, looks whether one unit would mend it."""

    def __init__(self, parts: Parts, units: Mapping[str, Unit]) -> None:
        self.parts, self.units = parts, units
        self.by_name = {equation.name: equation for equation in parts.equations}

    def check(self) -> None:
        for equation in self.parts.equations:
            if equation.expression is not None:
                self.attempt(equation.expression, equation.source, equation.left,
                             self.needs_of(equation))  # fmt: skip
        parts = self.parts
        if parts.threshold is not None:
            threshold = parts.threshold
            self.attempt(threshold, parts.threshold_source, "the threshold",
                         lambda c: c.require_condition(threshold, "v > V_T"))  # fmt: skip
        for statement in parts.reset:
            self.check_statement(statement, "reset", self.units)
        if parts.refractory is not None:
            self.attempt(parts.refractory, parts.refractory_source, "refractory",
                         self.find_refractory)  # fmt: skip
        self.check_receives()
        for name, source in parts.initial_sources.items():
            assert not isinstance(parts.initial, str)
            expression, unit = parts.initial[name], self.units[name]

            def needs(checker: Checker, e: Expr = expression, u: Unit = unit,
                      n: str = name) -> None:  # fmt: skip
                checker.require(e, u, f"{n} is in {u.text}")

            self.attempt(expression, source, f"initial, {name}", needs)

    def needs_of(self, equation: Equation) -> Callable[[Checker], None]:
        expression = equation.expression
        assert expression is not None
        unit = equation.unit
        reason = f"{equation.name} is in {unit.text}"
        if unit.dimension == DIMENSIONLESS:
            reason = f"{equation.name} is a plain number"
        if equation.kind == DIFFERENTIAL:
            unit, reason = over_time(unit), f"{reason} and {equation.left} is per time"
        return lambda checker: checker.require(expression, unit, reason)

    def find_refractory(self, checker: Checker) -> None:
        expression = self.parts.refractory
        assert expression is not None
        found = checker.kind(expression, _TIME.dimension)
        if found.boolean:
            self.parts.refractory_kind = "condition"
        elif found.dimension == _TIME.dimension:
            self.parts.refractory_kind = "duration"
        else:
            raise checker.refuse(
                expression.span,
                f"expected a time or a condition, got {found.words}",
                mend='write a time such as refractory="tau_ref", or a condition such as'
                ' refractory="v > -20*mV"',
            )

    def check_statement(self, statement: Statement, what: str, units: Mapping[str, Unit]) -> None:
        unit = self.units[statement.target]
        reason = f"{statement.target} is in {unit.text}"
        if statement.operator in ("*=", "/="):
            unit, reason = _PLAIN, f"{statement.operator} scales {statement.target}"
        expression = statement.expression
        self.attempt(expression, statement.source, f"{what}, `{statement.text}`",
                     lambda checker: checker.require(expression, unit, reason), units)  # fmt: skip

    def check_receives(self) -> None:
        weights: dict[str, Unit] = {}
        for port, statements in self.parts.receives.items():
            checks = []
            for statement in statements:
                unit = self.units[statement.target]
                if statement.operator in ("*=", "/="):
                    unit = _PLAIN
                checks.append((statement.expression, unit, statement.source))
            dimension = find_weight(checks, self.units)
            target = self.units[statements[0].target]
            same = target.dimension == dimension
            weights[port] = target if same else parse_unit(_safe(usual_unit(dimension)))
            if weights[port].dimension != dimension:
                weights[port] = Unit(str(dimension), 1.0, dimension)
            units = {**self.units, "weight": weights[port]}
            for statement in statements:
                self.check_statement(statement, f"receives, {port}", units)
        self.parts.weights = weights

    def attempt(
        self,
        expression: Expr,
        source: Source,
        label: str,
        needs: Callable[[Checker], None],
        units: Mapping[str, Unit] | None = None,
    ) -> None:
        """Check one expression; if it fails, say which parameter's unit is to blame, if one is."""
        units = self.units if units is None else units
        try:
            needs(Checker(units, source, label))
        except UnitError as error:
            raise self.blame(expression, source, label, needs, units) or error from None

    def fits(
        self, source: Source, label: str, needs: Callable[[Checker], None],
        units: Mapping[str, Unit],
    ) -> bool:  # fmt: skip
        try:
            needs(Checker(units, source, label))
        except (UnitError, EquationError):
            return False
        return True

    def blame(
        self,
        expression: Expr,
        source: Source,
        label: str,
        needs: Callable[[Checker], None],
        units: Mapping[str, Unit],
    ) -> UnitError | None:
        """Look for one parameter whose other unit would mend the expression."""
        mistaken = self.mistaken_unit(expression, source, label, needs, units)
        if mistaken is not None:
            return mistaken
        names = sorted((names_in(expression) | calls_in(expression)) & self.by_name.keys())
        parameters = [self.by_name[name] for name in names if self.by_name[name].kind == PARAMETER]
        for parameter in parameters:
            for other in siblings(parameter.unit):
                if self.fits(source, label, needs, {**units, parameter.name: other}):
                    return self.wrong_unit(
                        parameter, other, source, expression, label,
                        sibling_text(parameter.unit, other),
                    )  # fmt: skip
        for parameter in parameters:
            for likely in likely_units(parameter.name):
                if likely.dimension == parameter.unit.dimension:
                    continue
                if self.fits(source, label, needs, {**units, parameter.name: likely}):
                    mend = f"write {parameter.name} : {likely.text}"
                    if parameter.line == 0:
                        mend = f"give {parameter.name} in {likely.text}"
                    return self.wrong_unit(parameter, likely, source, expression, label, mend)
        return None

    def mistaken_unit(
        self,
        expression: Expr,
        source: Source,
        label: str,
        needs: Callable[[Checker], None],
        units: Mapping[str, Unit],
    ) -> UnitError | None:
        """Look for a unit where a variable was meant: cm, which other tools call C_m."""
        for node in walk(expression):
            if not (isinstance(node, Name) and node.id in UNITS) or node.id in units:
                continue
            meant = did_you_mean(node.id, self.by_name)
            if meant and self.fits(source, label, needs, {**units, node.id: units[meant]}):
                return UnitError(
                    f"{label}: {node.id} is the unit {spelled_out(node.id)} here",
                    place=source.point(node.span),
                    mend=f"did you mean {meant}?",
                )
        return None

    def wrong_unit(
        self, parameter: Equation, other: Unit, source: Source, expression: Expr, label: str,
        mend: str,
    ) -> UnitError:  # fmt: skip
        place = source.point(expression.span)
        if parameter.line:
            place = f"{parameter.source.point(parameter.unit_span)}\nread by\n{place}"
        unit = parameter.unit
        given = "a plain number" if unit.dimension == DIMENSIONLESS else f"in {unit.text}"
        words = describe(unit.dimension)
        return UnitError(
            f"{label}: {parameter.name} is {given}, and {describe(other.dimension)} is needed",
            place=place,
            expected=f"{describe(other.dimension)}, such as {other.text}",
            given=f"{unit.text}, {words}",
            mend=mend,
        )


def _safe(text: str) -> str:
    """Return the unit text if it can be read as one, else 1."""
    try:
        parse_unit(text)
    except UnitError:
        return "1"
    return text
