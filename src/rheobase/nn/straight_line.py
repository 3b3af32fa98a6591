"""An expression of one variable as a list of operations, for any kind of numbers.

The same list is evaluated with NumPy's floats (fast), with numbers of unbounded exponent (where
floats overflow) and with intervals (where a statement about all x is wanted).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    children,
)


class Arithmetic(Protocol):
    """A kind of numbers: how to make a constant, and how to perform an operation by its name."""

    def constant(self, value: float, like: Any) -> Any:
        """Return a constant as such a number."""

    def perform(self, operation: str, operands: Sequence[Any]) -> Any:
        """Return the result of an operation."""


@dataclass(frozen=True)
class Line:
    """One operation: its name, the places of its operands in the list, its value."""

    operation: str
    operands: tuple[int, ...] = ()
    value: float = 0.0


@dataclass(frozen=True)
class Operations:
    """A list of operations; the last is the result.

    Attributes
    ----------
    lines : tuple of Line
    growing : bool
        Whether a function in it can leave the range of floats where x does not: then a result
        that underflowed is not to be trusted either.
    """

    lines: tuple[Line, ...]
    growing: bool

    def __call__(self, x: Any, arithmetic: Arithmetic) -> Any:
        """Evaluate at x."""
        values: list[Any] = []
        for line in self.lines:
            if line.operation == "x":
                values.append(x)
            elif line.operation == "constant":
                values.append(arithmetic.constant(line.value, x))
            else:
                values.append(
                    arithmetic.perform(line.operation, [values[n] for n in line.operands])
                )
        return values[-1]


_GROWING = frozenset({"exp", "expm1", "exprel", "exprel_derivative", "sinh", "cosh"})


def _grows(part: Expr) -> bool:
    """Whether a part can be far larger than what it is computed from."""
    if isinstance(part, Binary) and part.operator == "**":
        return not (isinstance(part.right, Number) and 0 <= part.right.value <= 8)
    if not (isinstance(part, Call) and part.function in _GROWING):
        return False
    u = part.arguments[0]
    if isinstance(u, Call) and u.function == "minimum":
        return not any(isinstance(bound, Number) for bound in u.arguments)
    if not (isinstance(u, Unary) and u.operator == "-"):
        return True
    square = isinstance(u.operand, Binary) and u.operand.right == Number(2.0)
    size = isinstance(u.operand, Call) and u.operand.function == "abs"
    return not (size or (square and u.operand.operator == "**"))  # type: ignore[union-attr]


def operations(expression: Expr, name: str) -> Operations:
    """Return the list of operations of an expression of one name; equal parts stand in it once."""
    lines: list[Line] = []
    places: dict[Expr, int] = {}

    def place(part: Expr) -> int:
        if part in places:
            return places[part]
        operands = tuple(place(child) for child in children(part))
        lines.append(_line(part, operands))
        places[part] = len(lines) - 1
        return places[part]

    place(expression)
    return Operations(tuple(lines), any(_grows(part) for part in places))


def _line(part: Expr, operands: tuple[int, ...]) -> Line:
    if isinstance(part, Number):
        return Line("constant", (), part.value)
    if isinstance(part, Name):
        return Line("x")
    if isinstance(part, Unary):
        return Line("negate" if part.operator == "-" else "not", operands)
    if isinstance(part, Binary | Compare | Logical):
        return Line(part.operator, operands)
    assert isinstance(part, Call)
    return Line(part.function, operands)


# -- NumPy ------------------------------------------------------------------------------------


def _logistic(u: Any) -> Any:
    e = np.exp(-np.abs(u))
    return np.where(u >= 0, u.dtype.type(1), e) / (1 + e)


def _logistic_slope(u: Any) -> Any:
    e = np.exp(-np.abs(u))
    return e / np.square(1 + e)


def _tanh_slope(u: Any) -> Any:
    e = np.exp(-2 * np.abs(u))
    return 4 * e / np.square(1 + e)


def _softplus(u: Any) -> Any:
    return np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u)))


def _special(name: str) -> Any:
    def call(u: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(u)

    return call


def _exprel_derivative(u: Any, y: Any) -> Any:
    from rheobase.rendering.functions import namespace_numpy

    return np.asarray(namespace_numpy()["exprel_derivative"](u, y)).astype(u.dtype)


def _power(a: Any, b: Any) -> Any:
    return np.square(a) if np.ndim(b) == 0 and b == 2 else np.power(a, b)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return np.where(condition, yes, no)


_SAME_NAME = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "sinh", "cosh", "tanh", "abs", "sign", "floor", "ceil", "minimum",
    "maximum",
)  # fmt: skip

NUMPY: Mapping[str, Any] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": _power,
    "%": np.mod, "//": np.floor_divide, "negate": np.negative, "not": np.logical_not,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "and": np.logical_and, "or": np.logical_or,
    "logistic": _logistic, "logistic_slope": _logistic_slope, "tanh_slope": _tanh_slope,
    "softplus": _softplus, "erfc": _special("erfc"), "erf": _special("erf"),
    "exprel": _special("exprel"), "exprel_derivative": _exprel_derivative, "where": _where,
    "clip": lambda u, low, high: np.minimum(np.maximum(u, low), high),
    "heaviside": lambda u: np.heaviside(u, u.dtype.type(0.5)),
    "round": np.rint, "int": np.trunc, "mod": np.mod, "arctan2": np.arctan2,
    **{name: getattr(np, name) for name in _SAME_NAME},
}  # fmt: skip
"""Operations on NumPy arrays by name."""


class Floats:
    """NumPy's floats of one width."""

    def constant(self, value: float, like: Any) -> Any:
        """Return a constant of the width of x."""
        return like.dtype.type(value)

    def perform(self, operation: str, operands: Sequence[Any]) -> Any:
        """Return the result of NumPy's function."""
        return NUMPY[operation](*operands)


FLOATS = Floats()


class _Alarm:
    """Remembers that NumPy met something that may spoil a result."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()

    def __call__(self, kind: str, flag: int) -> None:
        self.kinds.add(kind)


def evaluate(program: Operations, x: np.ndarray) -> np.ndarray:
    """Evaluate at floats; where these overflow on the way, with numbers of unbounded exponent.

    Parameters
    ----------
    program : Operations
    x : array of float64 or float32

    Returns
    -------
    array
        Of the shape and type of x.
    """
    alarm = _Alarm()
    with np.errstate(all="call", call=alarm):
        y = program(x, FLOATS)
    y = np.broadcast_to(np.asarray(y, x.dtype), x.shape)
    serious = alarm.kinds - {"underflow"}
    if serious or (alarm.kinds and program.growing):
        from rheobase.nn.wide import WIDE, Wide

        wide = program(Wide.of(np.asarray(x, np.float64)), WIDE)
        with np.errstate(all="ignore"):
            y = np.broadcast_to(np.asarray(wide.floats(), x.dtype), x.shape)
    return y if y.flags.writeable else y.copy()
