"""Has every expression the dimension it must have? Asked once, when a model is made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from rheobase.errors import EquationError, InternalError, UnitError
from rheobase.language.definitions import Source
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Span,
    Unary,
    to_text,
)
from rheobase.language.functions import FUNCTIONS
from rheobase.language.mending import mend_mismatch
from rheobase.language.names import is_noise
from rheobase.units import (
    DIMENSIONLESS,
    UNITS,
    Dimension,
    Unit,
    describe,
    unit_factors,
    unit_text,
    usual_unit,
)

_SECOND = UNITS["second"].dimension
_NOISE = _SECOND**-0.5
_BUILT_IN = {
    "t": UNITS["second"],
    "dt": UNITS["second"],
    "pi": Unit("1", 1.0, DIMENSIONLESS),
    "i": Unit("1", 1.0, DIMENSIONLESS),
    "j": Unit("1", 1.0, DIMENSIONLESS),
    "N": Unit("1", 1.0, DIMENSIONLESS),
}
_Factors = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Kind:
    """What an expression is: a dimension with the units it was written in, or a condition.

    `weight` is the power of `weight` in it while the dimension of that is not known yet.
    """

    dimension: Dimension
    factors: _Factors = ()
    boolean: bool = False
    weight: float = 0.0

    @property
    def unit(self) -> str:
        """The unit as the user would write it: "mV/ms"."""
        if self.dimension == DIMENSIONLESS:
            return "1"
        if len(self.factors) > 3 or not self.factors:
            return usual_unit(self.dimension)
        return unit_text(self.factors)

    @property
    def words(self) -> str:
        """What it is, for a sentence: "nS*mV (a current)"."""
        if self.boolean:
            return "a condition (true or false)"
        if self.dimension == DIMENSIONLESS:
            return "a plain number"
        words = describe(self.dimension)
        return self.unit if words.startswith("a quantity in") else f"{self.unit} ({words})"


_PLAIN = Kind(DIMENSIONLESS)
_CONDITION = Kind(DIMENSIONLESS, boolean=True)


class _WeightFound(Exception):
    """Raised while looking for the dimension of `weight`: it must be this one."""

    def __init__(self, dimension: Dimension) -> None:
        super().__init__()
        self.dimension = dimension


def _multiply(left: Kind, right: Kind, sign: int) -> Kind:
    powers = dict(left.factors)
    for name, exponent in right.factors:
        powers[name] = powers.get(name, 0.0) + sign * exponent
    factors = tuple((name, exponent) for name, exponent in powers.items() if exponent)
    dimension = left.dimension * right.dimension**sign
    return Kind(dimension, factors, weight=left.weight + sign * right.weight)


def _power(base: Kind, exponent: float) -> Kind:
    factors = tuple((name, power * exponent) for name, power in base.factors)
    return Kind(base.dimension**exponent, factors, weight=base.weight * exponent)


def constant_value(expression: Expr) -> float | None:
    """Return the value of an expression of literals only (`1/3`, `-2`), else None."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Unary) and expression.operator == "-":
        value = constant_value(expression.operand)
        return None if value is None else -value
    if isinstance(expression, Binary):
        left, right = constant_value(expression.left), constant_value(expression.right)
        if left is None or right is None:
            return None
        try:
            result = _fold(expression.operator, left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if isinstance(result, float) else None
    return None


def _fold(operator: str, left: float, right: float) -> object:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    return left**right if operator == "**" else None


class Checker:
    """Works out what an expression is, and refuses what does not fit.

    Parameters
    ----------
    units : mapping of str to Unit
        The names of the model; they shadow units.
    source : Source
        The text the expression was read from.
    label : str
        What the expression is ("dv/dt", "the threshold"), named first in errors.
    open_weight : bool
        Whether the dimension of `weight` is being looked for.
    """

    def __init__(
        self, units: Mapping[str, Unit], source: Source, label: str, open_weight: bool = False
    ) -> None:
        self.units, self.source, self.label, self.open_weight = units, source, label, open_weight
        # by identity, with the expression, so that none comes to another's place
        self._quiet: dict[int, tuple[Expr, Dimension | None]] = {}

    def refuse(
        self, span: Span, what: str, *, expected: str = "", given: str = "", mend: str = ""
    ) -> UnitError:
        """Return the error for a place of the text."""
        place = self.source.point(span)
        return UnitError(
            f"{self.label}: {what}", place=place, expected=expected, given=given, mend=mend
        )

    def same(self, left: Kind, right: Kind) -> bool:
        """Tell whether two kinds have one dimension; find that of `weight` by it."""
        if left.weight != right.weight:
            ratio = right.dimension / left.dimension
            raise _WeightFound(ratio ** (1.0 / (left.weight - right.weight)))
        return left.dimension == right.dimension

    # --- one node ---

    def kind(self, expression: Expr, expected: Dimension | None = None) -> Kind:
        """Return what an expression is.

        `expected` is what it should be, where that is known: it decides which of two summands
        is called the wrong one.
        """
        if isinstance(expression, Number):
            return _PLAIN
        if isinstance(expression, Name):
            return self.name(expression)
        if isinstance(expression, Unary):
            if expression.operator == "not":
                self.condition(expression.operand, "not")
                return _CONDITION
            return self.value(expression.operand, expected)
        if isinstance(expression, Binary):
            return self.binary(expression, expected)
        if isinstance(expression, Compare):
            return self.compare(expression)
        if isinstance(expression, Logical):
            self.condition(expression.left, expression.operator)
            self.condition(expression.right, expression.operator)
            return _CONDITION
        return self.call(expression, expected)

    def name(self, node: Name) -> Kind:
        """Return what a name is: a variable, else a unit or a built-in."""
        if node.id == "weight" and self.open_weight:
            return Kind(DIMENSIONLESS, (), weight=1.0)
        unit = self.units.get(node.id) or _BUILT_IN.get(node.id) or UNITS.get(node.id)
        if unit is not None:
            return Kind(unit.dimension, unit_factors(unit.text))
        if is_noise(node.id):
            return Kind(_NOISE, (("second", -0.5),))
        raise InternalError(f"{self.label}: the name {node.id} was not resolved")

    def value(self, expression: Expr, expected: Dimension | None = None) -> Kind:
        """Return the kind of something that must be a value, not a condition."""
        found = self.kind(expression, expected)
        if found.boolean:
            raise EquationError(
                f"{self.label}: this is a condition (true or false), and a number is needed",
                place=self.source.point(expression.span),
                mend=f"write int({to_text(expression)}), which is 1 or 0",
            )
        return found

    def condition(self, expression: Expr, operator: str) -> None:
        """Require a condition, as an operand of `operator`."""
        found = self.kind(expression)
        literal = isinstance(expression, Number) and expression.value in (0.0, 1.0)
        if not found.boolean and not literal:
            zero = "0" if found.dimension == DIMENSIONLESS else f"0*{found.unit}"
            raise EquationError(
                f"{self.label}: `{operator}` takes conditions, and this is {found.words}",
                place=self.source.point(expression.span),
                mend=f"compare it: write {to_text(expression)} > {zero}",
            )

    def plain(self, expression: Expr, why: str) -> Kind:
        """Require a plain number."""
        found = self.value(expression, DIMENSIONLESS)
        if self.same(found, _PLAIN):
            return found
        raise self.refuse(
            expression.span,
            f"{why} takes a plain number, and this is {found.words}",
            mend=mend_mismatch(found.dimension, DIMENSIONLESS, found.unit, to_text(expression)),
        )

    # --- operators ---

    def binary(self, node: Binary, expected: Dimension | None) -> Kind:
        """Return what an arithmetic operation gives."""
        if node.operator in "+-":
            return self.add(node, expected)
        if node.operator in ("*", "/"):
            sign = 1 if node.operator == "*" else -1
            left_expected, right_expected = self.of_factors(node, expected, sign)
            left = self.value(node.left, left_expected)
            right = self.value(node.right, right_expected)
            return _multiply(left, right, sign)
        if node.operator == "**":
            return self.raise_to_power(node)
        left, right = self.value(node.left), self.value(node.right)
        if not self.same(left, right):
            raise self.refuse(
                node.span,
                f"cannot divide {left.unit} by {right.unit} with {node.operator}",
                mend="give both one dimension",
            )
        return left if node.operator == "%" else _PLAIN

    def of_factors(
        self, node: Binary, expected: Dimension | None, sign: int
    ) -> tuple[Dimension | None, Dimension | None]:
        """Return what the factors of a product should be, each if the other is right."""
        if expected is None or self.open_weight:
            return None, None
        left, right = self.quiet(node.left), self.quiet(node.right)
        of_left = None if right is None else expected / right**sign
        of_right = None if left is None else (expected / left) ** sign
        return of_left, of_right

    def quiet(self, expression: Expr) -> Dimension | None:
        """Return the dimension of an expression, None where it has an error."""
        if id(expression) not in self._quiet:  # of nested products each is asked for many times
            found: Dimension | None = None
            with suppress(UnitError, EquationError):
                found = self.kind(expression).dimension
            self._quiet[id(expression)] = expression, found
        return self._quiet[id(expression)][1]

    def add(self, node: Binary, expected: Dimension | None) -> Kind:
        """Require two summands of one dimension."""
        left = self.value(node.left, expected)
        right = self.value(node.right, expected)
        if self.same(left, right):
            return left if left.factors and len(left.factors) <= len(right.factors) else right
        odd, odd_kind, other = node.right, right, left
        right_fits = expected is not None and right.dimension == expected != left.dimension
        bare = left.dimension == DIMENSIONLESS and isinstance(node.left, Number)
        if right_fits or bare:
            odd, odd_kind, other = node.left, left, right
        verb, link = ("add", "to") if node.operator == "+" else ("subtract", "from")
        given = "a plain number" if odd_kind.dimension == DIMENSIONLESS else odd_kind.unit
        onto = "a plain number" if other.dimension == DIMENSIONLESS else other.unit
        if node.operator == "-" and odd is node.left:
            given, onto = onto, given
        mend = mend_mismatch(odd_kind.dimension, other.dimension, other.unit, to_text(odd))
        raise self.refuse(
            odd.span,
            f"cannot {verb} {given} {link} {onto}; {mend}",
            expected=describe(other.dimension),
            given=f"`{to_text(odd)}`, {odd_kind.words}",
        )

    def raise_to_power(self, node: Binary) -> Kind:
        """Return a power; what has a unit takes exponents that are written out."""
        base = self.value(node.left)
        self.plain(node.right, "an exponent")
        if base.dimension == DIMENSIONLESS and not base.weight:
            return base
        exponent = constant_value(node.right)
        if exponent is None:
            raise self.refuse(
                node.right.span,
                f"{base.words} can only be raised to a number written out",
                mend=f"write a number such as 2 or 1/3, or divide `{to_text(node.left)}` by its"
                " unit first",
            )
        return _power(base, exponent)

    def compare(self, node: Compare) -> Kind:
        """Require two sides of one dimension."""
        left, right = self.value(node.left), self.value(node.right)
        if self.same(left, right):
            return _CONDITION
        odd, odd_kind, other = node.right, right, left
        if left.dimension == DIMENSIONLESS and isinstance(node.left, Number):
            odd, odd_kind, other = node.left, left, right
        raise self.refuse(
            odd.span,
            f"cannot compare {left.words} with {right.words}",
            expected=f"{describe(other.dimension)}, as `{to_text(node.left)}`"
            if odd is node.right
            else describe(other.dimension),
            given=f"`{to_text(odd)}`, {describe(odd_kind.dimension)}",
            mend=mend_mismatch(odd_kind.dimension, other.dimension, other.unit, to_text(odd)),
        )

    # --- functions ---

    def call(self, node: Call, expected: Dimension | None) -> Kind:
        """Return what a function gives, its arguments checked."""
        if node.function in self.units:  # a current over time, drive(t)
            unit = self.units[node.function]
            return Kind(unit.dimension, unit_factors(unit.text))
        known = FUNCTIONS[node.function]
        arguments = node.arguments
        if known.rule == "plain":
            for argument in arguments:
                self.plain(argument, node.function)
            return _PLAIN
        if known.rule == "root":
            squared = None if expected is None else expected**2
            return _power(self.value(arguments[0], squared), 0.5)
        if known.rule == "any":
            self.value(arguments[0])
            return _PLAIN
        if known.rule == "count":
            if not self.kind(arguments[0]).boolean:
                self.plain(arguments[0], node.function)
            return _PLAIN
        if known.rule == "where":
            self.condition(arguments[0], "where")
            arguments = arguments[1:]
        result = self.alike(node.function, arguments, expected)
        return _PLAIN if known.rule == "ratio" else result

    def alike(self, name: str, arguments: tuple[Expr, ...], expected: Dimension | None) -> Kind:
        """Require values of one dimension."""
        kinds = [self.value(argument, expected) for argument in arguments]
        first = next((kind for kind in kinds if kind.dimension != DIMENSIONLESS), kinds[0])
        for argument, found in zip(arguments, kinds, strict=True):
            if not self.same(first, found):
                raise self.refuse(
                    argument.span,
                    f"the values of {name} have one dimension, here {first.words} and"
                    f" {found.words}",
                    mend=mend_mismatch(
                        found.dimension, first.dimension, first.unit, to_text(argument)
                    ),
                )
        return first

    # --- whole expressions ---

    def require(self, expression: Expr, unit: Unit, what: str) -> None:
        """Refuse an expression that has not the dimension of `unit`; `what` says who needs it."""
        found = self.value(expression, unit.dimension)
        wanted = Kind(unit.dimension, unit_factors(unit.text))
        if self.same(found, wanted):
            return
        raise self.refuse(
            expression.span,
            f"expected {wanted.words}, got {found.words}",
            expected=f"{describe(unit.dimension)}, since {what}",
            given=f"`{to_text(expression)}` is {found.words}",
            mend=mend_mismatch(found.dimension, unit.dimension, unit.text, to_text(expression)),
        )

    def require_condition(self, expression: Expr, example: str) -> None:
        """Refuse an expression that is not a condition."""
        found = self.kind(expression)
        if not found.boolean and not isinstance(expression, Number):
            raise EquationError(
                f"{self.label}: expected a condition, got {found.words}",
                place=self.source.point(expression.span),
                mend=f"write a comparison such as {example}",
            )


def dimension_of(
    expression: Expr, units: Mapping[str, Unit], *, text: str = "", what: str = "the expression"
) -> Dimension | None:
    """Return the dimension of an expression, or None of a condition.

    Parameters
    ----------
    expression : Expr
        With every name in `units`, a unit, or reserved.
    units : mapping of str to Unit
        The variables and parameters it may read.
    text, what : str
        The text it was read from and what that is, for errors.

    Raises
    ------
    UnitError, EquationError
        If the parts do not fit together.
    """
    found = Checker(units, Source(text), what).kind(expression)
    return None if found.boolean else found.dimension


def check_dimension(
    expression: Expr,
    units: Mapping[str, Unit],
    unit: Unit,
    *,
    text: str,
    what: str,
    why: str = "",
) -> None:
    """Refuse an expression that has not the dimension of `unit`; see `dimension_of`."""
    needs = why or f"{what} is in {unit.text}"
    Checker(units, Source(text), what).require(expression, unit, needs)


def find_weight(checks: list[tuple[Expr, Unit, Source]], units: Mapping[str, Unit]) -> Dimension:
    """Return the dimension `weight` must have for expressions to have those of their units."""
    for expression, unit, source in checks:
        checker = Checker(units, source, "receives", open_weight=True)
        try:
            found = checker.value(expression)
            checker.same(found, Kind(unit.dimension))
        except _WeightFound as answer:
            return answer.dimension
        except (UnitError, EquationError):
            continue  # said better when the statement is checked with a known weight
    return DIMENSIONLESS


def over_time(unit: Unit) -> Unit:
    """Return the unit of the derivative of a variable in `unit`."""
    text = "1/second" if unit.text == "1" else f"{unit.text}/second"
    return replace(unit, text=text, dimension=unit.dimension / _SECOND)
