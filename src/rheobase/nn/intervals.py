"""Intervals that surely hold all values of an expression over an interval of x.

Interval arithmetic: every operation on intervals gives one that holds the result for whatever
numbers are taken from its operands; bounds are rounded outwards. An interval whose bounds are one
number is exact: where the derivative is [0, 0] over a whole interval of x, it is 0 there.
R. E. Moore (1966), *Interval Analysis*. Bounds are wide numbers, so nothing overflows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from rheobase.nn.wide import OPERATIONS, Wide, choose, negate

_SLACK = 2.0**-46
"""How far bounds are moved outwards, relatively: more than any of our functions is wrong by."""


@dataclass(frozen=True)
class Bounds:
    """Intervals [low, high], elementwise."""

    low: Wide
    high: Wide

    @staticmethod
    def of(low: Any, high: Any) -> Bounds:
        """Return the intervals between floats."""
        return Bounds(Wide.of(low), Wide.of(high))

    @property
    def exact(self) -> np.ndarray:
        """Where the interval is one number."""
        same = (self.low.m == self.high.m) & (self.low.e == self.high.e)
        return np.asarray(same)

    def holds_zero(self) -> np.ndarray:
        """Where 0 is in the interval."""
        return np.asarray((self.low.m <= 0) & (self.high.m >= 0))

    def is_zero(self) -> np.ndarray:
        """Where the interval is 0 and nothing else."""
        return np.asarray((self.low.m == 0) & (self.high.m == 0))


@dataclass(frozen=True)
class Truth:
    """Whether a condition can hold, and can fail, somewhere in the intervals."""

    can: np.ndarray
    can_fail: np.ndarray


def _op(name: str, *operands: Wide) -> Wide:
    found = OPERATIONS[name](*operands)
    assert isinstance(found, Wide)
    return found


def _outward(low: Wide, high: Wide, exact: Any = False) -> Bounds:
    """Move bounds outwards, except where they are known to be exact; nan bounds nothing."""
    down = Wide(low.m - np.abs(low.m) * _SLACK, low.e)
    up = Wide(high.m + np.abs(high.m) * _SLACK, high.e)
    low, high = choose(exact, low, down), choose(exact, high, up)
    lost = np.isnan(low.m) | np.isnan(high.m)
    everything = Wide.of(np.full(np.shape(lost), np.inf))
    return Bounds(choose(lost, negate(everything), low), choose(lost, everything, high))


def _smallest(parts: Sequence[Wide]) -> Wide:
    found = parts[0]
    for part in parts[1:]:
        found = _op("minimum", found, part)
    return found


def _largest(parts: Sequence[Wide]) -> Wide:
    found = parts[0]
    for part in parts[1:]:
        found = _op("maximum", found, part)
    return found


def _add(a: Bounds, b: Bounds) -> Bounds:
    x, y = a.low.floats(), b.low.floats()
    total = x + y
    part = total - x
    lost = (x - (total - part)) + (y - part)  # what rounding took away (Knuth)
    exact = (a.exact & b.exact & (lost == 0)) | a.is_zero() | b.is_zero()
    return _outward(_op("+", a.low, b.low), _op("+", a.high, b.high), exact)


def _negate(a: Bounds) -> Bounds:
    return Bounds(negate(a.high), negate(a.low))


def _short(a: Bounds) -> np.ndarray:
    """Where an exact number has so few digits that its product with another has no more than 53."""
    return np.asarray(a.exact & (np.mod(a.low.m * 2.0**26, 1) == 0))


def _multiply(a: Bounds, b: Bounds) -> Bounds:
    products = []
    for x in (a.low, a.high):
        for y in (b.low, b.high):
            product = _op("*", x, y)
            nothing = (x.m == 0) | (y.m == 0)  # also of what is infinite
            products.append(choose(nothing, Wide.of(np.zeros(np.shape(nothing))), product))
    power_of_two = [np.abs(c.low.m) == 0.5 for c in (a, b)]
    exact = (_short(a) & _short(b)) | (a.exact & power_of_two[0]) | (b.exact & power_of_two[1])
    return _outward(_smallest(products), _largest(products), exact)


def _reciprocal(b: Bounds) -> Bounds:
    one = Wide.of(1.0)
    low, high = _op("/", one, b.high), _op("/", one, b.low)
    infinite = Wide.of(np.full(np.shape(b.low.m), np.inf))
    low = choose(b.high.m == 0, negate(infinite), low)
    high = choose(b.low.m == 0, infinite, high)
    straddles = (b.low.m < 0) & (b.high.m > 0)
    low, high = choose(straddles, negate(infinite), low), choose(straddles, infinite, high)
    return _outward(low, high, b.exact & (np.abs(b.low.m) == 0.5))


def _divide(a: Bounds, b: Bounds) -> Bounds:
    return _multiply(a, _reciprocal(b))


def _absolute(a: Bounds) -> Bounds:
    sizes = [_op("abs", a.low), _op("abs", a.high)]
    low = choose(a.holds_zero(), Wide.of(np.zeros(np.shape(a.low.m))), _smallest(sizes))
    return Bounds(low, _largest(sizes))


def _power(a: Bounds, b: Bounds) -> Bounds:
    n = float(np.ravel(b.low.floats())[0])
    if not (np.ndim(b.low.m) == 0 and bool(b.exact)):
        return _exponential(_multiply(b, _monotone("log")(a)))
    if n < 0:
        return _reciprocal(_power(a, Bounds.of(-n, -n)))
    if n != round(n):
        zero = Wide.of(np.zeros(np.shape(a.low.m)))
        a = Bounds(_op("maximum", a.low, zero), a.high)
    elif n % 2 == 0:
        a = _absolute(a)
    return _outward(_op("**", a.low, b.low), _op("**", a.high, b.low))


def _monotone(name: str, falling: bool = False, exact: bool = False) -> Callable[[Bounds], Bounds]:
    def apply(a: Bounds) -> Bounds:
        low, high = _op(name, a.low), _op(name, a.high)
        return _outward(high, low, exact) if falling else _outward(low, high, exact)

    return apply


_exponential = _monotone("exp")


def _even(name: str, falling: bool = False) -> Callable[[Bounds], Bounds]:
    """A function of abs(u) that rises or falls with it."""
    return lambda a: _monotone(name, falling)(_absolute(a))


def _wave(name: str, peak: float) -> Callable[[Bounds], Bounds]:
    """sin and cos: 1 at peak + 2*pi*n, -1 half way between."""

    def has(low: Any, high: Any, phase: float) -> Any:
        turn = 2 * math.pi
        return np.floor((high - phase) / turn) > np.ceil((low - phase) / turn) - 1

    def apply(a: Bounds) -> Bounds:
        low, high = a.low.floats(), a.high.floats()
        ends = [_op(name, a.low), _op(name, a.high)]
        top, bottom = has(low, high, peak), has(low, high, peak + math.pi)
        unknown = ~(np.abs(low) < 1e9) | ~(np.abs(high) < 1e9)
        one = Wide.of(np.ones(np.shape(low)))
        lowest = choose(bottom | unknown, negate(one), _smallest(ends))
        return _outward(lowest, choose(top | unknown, one, _largest(ends)))

    return apply


def _tan(a: Bounds) -> Bounds:
    turns = [np.floor(end.floats() / math.pi + 0.5) for end in (a.low, a.high)]
    whole = (turns[0] == turns[1]) & (np.abs(a.low.floats()) < 1e9)
    infinite = Wide.of(np.full(np.shape(a.low.m), np.inf))
    low = choose(whole, _op("tan", a.low), negate(infinite))
    return _outward(low, choose(whole, _op("tan", a.high), infinite))


def _steps(name: str) -> Callable[[Bounds], Bounds]:
    """sign and heaviside: what they are on both ends; both values where 0 is inside."""

    def apply(a: Bounds) -> Bounds:
        return Bounds(_op(name, a.low), _op(name, a.high))

    return apply


def _modulo(a: Bounds, b: Bounds) -> Bounds:
    quotient = _divide(a, b)
    turns = Bounds(_op("floor", quotient.low), _op("floor", quotient.high))
    same = turns.exact
    rest = _add(a, _negate(_multiply(turns, b)))
    zero = Wide.of(np.zeros(np.shape(a.low.m)))
    low, high = _op("minimum", b.low, zero), _op("maximum", b.high, zero)
    return Bounds(choose(same, rest.low, low), choose(same, rest.high, high))


def _arctan2(a: Bounds, b: Bounds) -> Bounds:
    right = b.low.m > 0  # there it is arctan(a/b)
    angle = _monotone("arctan")(_divide(a, b))
    half = Wide.of(np.full(np.shape(angle.low.m), math.pi))
    return _outward(choose(right, angle.low, negate(half)), choose(right, angle.high, half))


def _exprel_derivative(a: Bounds, _: Bounds) -> Bounds:
    """Rising: exprel is convex."""
    ends = [_op("exprel_derivative", end, _op("exprel", end)) for end in (a.low, a.high)]
    return _outward(*ends)


def _where(condition: Truth, yes: Bounds, no: Bounds) -> Bounds:
    both = condition.can & condition.can_fail
    low = choose(both, _smallest([yes.low, no.low]), choose(condition.can, yes.low, no.low))
    high = choose(both, _largest([yes.high, no.high]), choose(condition.can, yes.high, no.high))
    return Bounds(low, high)


def _less(a: Wide, b: Wide) -> np.ndarray:
    return np.asarray(OPERATIONS["<"](a, b))


def _less_or_equal(a: Wide, b: Wide) -> np.ndarray:
    return np.asarray(OPERATIONS["<="](a, b))


def _below(a: Bounds, b: Bounds) -> Truth:
    return Truth(_less(a.low, b.high), _less_or_equal(b.low, a.high))


def _below_or_at(a: Bounds, b: Bounds) -> Truth:
    return Truth(_less_or_equal(a.low, b.high), _less(b.low, a.high))


def _equal(a: Bounds, b: Bounds) -> Truth:
    overlap = _less_or_equal(a.low, b.high) & _less_or_equal(b.low, a.high)
    return Truth(overlap, ~(overlap & a.exact & b.exact))


def _not(a: Truth) -> Truth:
    return Truth(a.can_fail, a.can)


def _minimum(a: Bounds, b: Bounds) -> Bounds:
    return Bounds(_op("minimum", a.low, b.low), _op("minimum", a.high, b.high))


def _maximum(a: Bounds, b: Bounds) -> Bounds:
    return Bounds(_op("maximum", a.low, b.low), _op("maximum", a.high, b.high))


_RISING = ("exp", "expm1", "exprel", "log", "log1p", "log2", "log10", "sqrt", "sinh", "tanh",
           "arctan", "arcsin", "erf", "logistic", "softplus")  # fmt: skip

_OPERATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({
    "+": _add, "-": lambda a, b: _add(a, _negate(b)), "*": _multiply, "/": _divide,
    "**": _power, "negate": _negate, "abs": _absolute, "tan": _tan,
    "//": lambda a, b: _monotone("floor", exact=True)(_divide(a, b)), "%": _modulo, "mod": _modulo,
    "exprel_derivative": _exprel_derivative,
    "arctan2": _arctan2, "where": _where, "minimum": _minimum, "maximum": _maximum,
    "clip": lambda a, low, high: _minimum(_maximum(a, low), high),
    "sin": _wave("sin", math.pi / 2), "cos": _wave("cos", 0.0),
    "cosh": _even("cosh"), "logistic_slope": _even("logistic_slope", falling=True),
    "tanh_slope": _even("tanh_slope", falling=True), "sign": _steps("sign"),
    "heaviside": _steps("heaviside"), "erfc": _monotone("erfc", falling=True),
    "arccos": _monotone("arccos", falling=True),
    "<": _below, "<=": _below_or_at, ">": lambda a, b: _below(b, a),
    ">=": lambda a, b: _below_or_at(b, a), "==": _equal, "!=": lambda a, b: _not(_equal(a, b)),
    "not": _not, "and": lambda a, b: Truth(a.can & b.can, a.can_fail | b.can_fail),
    "or": lambda a, b: Truth(a.can | b.can, a.can_fail & b.can_fail),
    **{name: _monotone(name) for name in _RISING},
    **{name: _monotone(name, exact=True) for name in ("floor", "ceil", "round", "int")},
})  # fmt: skip


class IntervalArithmetic:
    """Intervals as an arithmetic that evaluates lists of operations."""

    def constant(self, value: float, like: Any) -> Bounds:
        """Return a constant as an exact interval."""
        return Bounds.of(value, value)

    def perform(self, operation: str, operands: Sequence[Any]) -> Any:
        """Return the result of an operation."""
        with np.errstate(all="ignore"):
            return _OPERATIONS[operation](*operands)


INTERVALS = IntervalArithmetic()
