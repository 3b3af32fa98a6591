"""Numbers with the digits of a float and an exponent without bounds.

``exp(1000)`` is no float, but ``exp(1000)/(1 + exp(1000))**2`` is a number like any other. A wide
number is m*2**e with a float m and an e of its own, so that only what is asked for at the end has
to fit into a float. It is slower than a float, and taken only where floats overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from rheobase.nn.straight_line import NUMPY

_NOTHING = -1e18
"""The exponent of 0: smaller than that of any other number."""
_EDGE = 1000.0
"""Exponents up to which floats are surely good."""
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # fdlibm's split
_FAR = 1e15
"""exp of more is taken for exp of this: its exponent is beyond all that is asked for."""


@dataclass(frozen=True)
class Wide:
    """m*2**e, elementwise; 0.5 <= abs(m) < 1, or m is 0, infinite or nan."""

    m: np.ndarray
    e: np.ndarray

    @staticmethod
    def of(x: Any, e: Any = 0.0) -> Wide:
        """Return x*2**e for floats x."""
        m, shift = np.frexp(np.asarray(x, np.float64))
        exponent = shift + np.broadcast_to(e, np.shape(m)).astype(np.float64)
        exponent = np.where(m == 0, _NOTHING, np.where(np.isinf(m), -_NOTHING, exponent))
        return Wide(np.asarray(m), exponent)

    def floats(self) -> np.ndarray:
        """Return the nearest floats: 0 or infinite where there are none."""
        with np.errstate(all="ignore"):
            return np.asarray(np.ldexp(self.m, np.clip(self.e, -5000, 5000).astype(np.int64)))

    def log2(self) -> np.ndarray:
        """Return log2(abs(x)); -inf for 0."""
        with np.errstate(all="ignore"):
            return np.asarray(np.where(self.m == 0, -np.inf, np.log2(np.abs(self.m)) + self.e))

    def __getitem__(self, place: Any) -> Wide:
        return Wide(self.m[place], self.e[place])


def _add(a: Wide, b: Wide) -> Wide:
    e = np.maximum(a.e, b.e)
    shifted = [np.ldexp(x.m, np.clip(x.e - e, -1100, 0).astype(np.int64)) for x in (a, b)]
    return Wide.of(shifted[0] + shifted[1], e)


def negate(a: Wide) -> Wide:
    """Return -a."""
    return Wide(-a.m, a.e)


def _subtract(a: Wide, b: Wide) -> Wide:
    return _add(a, negate(b))


def _multiply(a: Wide, b: Wide) -> Wide:
    return Wide.of(a.m * b.m, a.e + b.e)


def _divide(a: Wide, b: Wide) -> Wide:
    return Wide.of(a.m / b.m, a.e - np.where(b.m == 0, 0.0, b.e))


def choose(condition: Any, a: Wide, b: Wide) -> Wide:
    """Return a where the condition holds, else b."""
    return Wide(np.where(condition, a.m, b.m), np.where(condition, a.e, b.e))


def scaled_exp(t: Any) -> Wide:
    """Return exp(t) for floats t: never 0 and never infinite for a finite t."""
    t = np.asarray(t, np.float64)
    inside = np.clip(np.nan_to_num(t), -_FAR, _FAR)
    k = np.rint(inside / math.log(2))
    found = Wide.of(np.exp(inside - k * _LN2_HIGH - k * _LN2_LOW), k)
    m = np.where(t == np.inf, np.inf, np.where(t == -np.inf, 0.0, found.m))
    return Wide.of(np.where(np.isnan(t), np.nan, m), np.where(np.isfinite(t), found.e, 0.0))


def _log(a: Wide) -> Wide:
    far = np.abs(a.e) > _EDGE
    finite = np.where(np.isfinite(a.m) & (a.m != 0), a.e, 0.0)
    return Wide.of(np.where(far, np.log(a.m) + finite * math.log(2), np.log(a.floats())))


def _power(a: Wide, b: Wide) -> Wide:
    n = b.floats()
    if np.ndim(n) == 0 and float(n) == round(float(n)) and 0 < abs(n) <= 64:
        result = Wide.of(np.ones(np.shape(a.m)))
        for _ in range(int(abs(n))):
            result = _multiply(result, a)
        return result if n > 0 else _divide(Wide.of(1.0), result)
    by_exp = scaled_exp(n * _log(Wide(np.abs(a.m), a.e)).floats())
    odd = np.mod(n, 2) == 1
    signed = Wide(np.where((a.m < 0) & odd, -by_exp.m, by_exp.m), by_exp.e)
    signed = choose((a.m == 0) & (n > 0), Wide.of(np.zeros(np.shape(a.m))), signed)
    undefined = (a.m < 0) & (n != np.rint(n))
    return Wide(np.where(undefined, np.nan, signed.m), signed.e)


def _exprel(a: Wide) -> Wide:
    t = a.floats()
    return choose(np.abs(t) > 700, _divide(_subtract(scaled_exp(t), Wide.of(1.0)), a),
                  Wide.of(NUMPY["exprel"](np.clip(t, -700, 700))))  # fmt: skip


def _exprel_derivative(a: Wide, y: Wide) -> Wide:
    t = a.floats()
    inside = np.clip(t, -700, 700)
    near = NUMPY["exprel_derivative"](np.asarray(inside), NUMPY["exprel"](inside))
    far = _divide(_subtract(scaled_exp(t), y), a)  # (exp(t) - exprel(t))/t
    return choose(np.abs(t) > 700, far, Wide.of(near))


def _half_exps(a: Wide, sign: float) -> Wide:
    up, down = scaled_exp(a.floats()), scaled_exp(-a.floats())
    return _multiply(_add(up, Wide(sign * down.m, down.e)), Wide.of(0.5))


def _sinh(a: Wide) -> Wide:
    t = a.floats()
    return choose(np.abs(t) > 1, _half_exps(a, -1.0), _tiny_as(a, np.sinh(np.clip(t, -1, 1)), 1.0))


def _expm1(a: Wide) -> Wide:
    t = a.floats()
    near = np.abs(t) < 1
    return choose(near, _tiny_as(a, np.expm1(np.clip(t, -1, 1)), 1.0),
                  _subtract(scaled_exp(t), Wide.of(1.0)))  # fmt: skip


def _tiny_as(a: Wide, y: Any, slope: float) -> Wide:
    """Return y, and slope*a where a is too small for a float."""
    return choose(a.e < -_EDGE, Wide(a.m * slope, a.e) if slope == 1 else
                  _multiply(a, Wide.of(slope)), Wide.of(y))  # fmt: skip


def _slope_of_logistic(a: Wide) -> Wide:
    e = scaled_exp(-np.abs(a.floats()))
    one = _add(Wide.of(1.0), e)
    return _divide(e, _multiply(one, one))


def _logistic(a: Wide) -> Wide:
    e = scaled_exp(-np.abs(a.floats()))
    top = choose(a.m >= 0, Wide.of(np.ones(np.shape(a.m))), e)
    return _divide(top, _add(Wide.of(1.0), e))


def _softplus(a: Wide) -> Wide:
    t = a.floats()
    small = _log1p(scaled_exp(-np.abs(t)))
    return choose(a.m > 0, _add(a, small), small)


def _log1p(a: Wide) -> Wide:
    t = a.floats()
    return choose(a.e > _EDGE, _log(a), _tiny_as(a, np.log1p(t), 1.0))


def _slope_of_tanh(a: Wide) -> Wide:
    double = Wide(a.m, a.e + (a.m != 0) * np.isfinite(a.m))
    found = _slope_of_logistic(double)
    return _multiply(found, Wide.of(4.0))


def _erfc(a: Wide) -> Wide:
    import scipy.special

    t = a.floats()
    far = np.clip(t, 5, 1e150)
    tail = _multiply(scaled_exp(-far * far), Wide.of(scipy.special.erfcx(far)))
    return choose(t > 5, tail, Wide.of(scipy.special.erfc(np.minimum(t, 6))))


def _sqrt(a: Wide) -> Wide:
    odd = np.mod(a.e, 2) == 1
    exponent = np.where((a.m == 0) | np.isinf(a.m), 0.0, (a.e - odd) / 2)
    return Wide.of(np.sqrt(np.where(odd, 2 * a.m, a.m)), exponent)


def _through_floats(name: str) -> Callable[..., Wide]:
    return lambda *parts: Wide.of(NUMPY[name](*(part.floats() for part in parts)))


def _near_zero_linear(name: str, slope: float = 1.0) -> Callable[[Wide], Wide]:
    return lambda a: _tiny_as(a, NUMPY[name](a.floats()), slope)


def _compared(name: str) -> Callable[[Wide, Wide], np.ndarray]:
    def compare(a: Wide, b: Wide) -> np.ndarray:
        same = (a.m == b.m) & (a.e == b.e)
        difference = np.where(same, 0.0, _subtract(a, b).m)
        return np.asarray(NUMPY[name](difference, 0.0))

    return compare


def _minimum(a: Wide, b: Wide) -> Wide:
    return choose(_compared("<=")(a, b), a, b)


def _maximum(a: Wide, b: Wide) -> Wide:
    return choose(_compared(">=")(a, b), a, b)


_SMALL_IS_LINEAR = ("sin", "tan", "arcsin", "arctan", "tanh")
_BY_FLOATS = ("cos", "arccos", "floor", "ceil", "round", "int", "mod", "%", "//", "arctan2")

OPERATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({
    "+": _add, "-": _subtract, "*": _multiply, "/": _divide, "**": _power, "negate": negate,
    "exp": lambda a: scaled_exp(a.floats()), "log": _log, "log1p": _log1p, "expm1": _expm1,
    "log2": lambda a: _multiply(_log(a), Wide.of(1 / math.log(2))),
    "log10": lambda a: _multiply(_log(a), Wide.of(1 / math.log(10))),
    "exprel_derivative": _exprel_derivative,
    "exprel": _exprel, "sinh": _sinh, "cosh": lambda a: _half_exps(a, 1.0), "sqrt": _sqrt,
    "logistic": _logistic, "logistic_slope": _slope_of_logistic, "softplus": _softplus,
    "tanh_slope": _slope_of_tanh, "erfc": _erfc,
    "erf": _near_zero_linear("erf", 2 / math.sqrt(math.pi)),
    "abs": lambda a: Wide(np.abs(a.m), a.e), "sign": lambda a: Wide.of(np.sign(a.m)),
    "heaviside": lambda a: Wide.of(np.heaviside(a.m, 0.5)),
    "where": choose, "minimum": _minimum, "maximum": _maximum,
    "clip": lambda a, low, high: _minimum(_maximum(a, low), high),
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    **{name: _compared(name) for name in ("<", "<=", ">", ">=", "==", "!=")},
    **{name: _near_zero_linear(name) for name in _SMALL_IS_LINEAR},
    **{name: _through_floats(name) for name in _BY_FLOATS},
})  # fmt: skip
"""Operations on wide numbers by name."""


class WideArithmetic:
    """Wide numbers as an arithmetic that evaluates lists of operations."""

    def constant(self, value: float, like: Any) -> Wide:
        """Return a constant as a wide number."""
        return Wide.of(value)

    def perform(self, operation: str, operands: Sequence[Any]) -> Any:
        """Return the result of an operation."""
        with np.errstate(all="ignore"):
            return OPERATIONS[operation](*operands)


WIDE = WideArithmetic()
