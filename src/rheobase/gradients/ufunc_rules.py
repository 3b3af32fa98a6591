"""Derivatives of NumPy's functions that work element by element.

A rule takes the bar g of the result (the derivative of the loss by it), the result y and the
operands, and returns what passes on to one operand, before the sum over broadcast axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Rule = Callable[..., Any]


def to_shape_of(g: Any, operand: Any) -> Any:
    """Sum a bar over the axes along which the operand was repeated (broadcast)."""
    g = np.asarray(g)
    shape = np.shape(operand)
    if g.shape == shape:
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    repeated = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
    g = np.asarray(g.sum(axis=repeated, keepdims=True)) if repeated else np.asarray(g)
    return np.broadcast_to(g, shape)  # a bar that was a number by itself, as of a mean


def through(g: Any, slope: Any) -> Any:
    """Return g*slope, and 0 where g is 0 even if the slope is infinite or undefined."""
    return np.where(np.asarray(g) == 0.0, 0.0, g * slope)


def _largest(g: Any, y: Any, mine: Any, other: Any) -> Any:
    return g * np.where(mine == other, 0.5, mine == y)


def _power_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    return through(g, np.where(np.asarray(b) == 0.0, 0.0, b * np.power(a, b - 1.0)))


def _power_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    flat = (np.asarray(a) == 0.0) & (np.asarray(b) >= 0.0)
    return through(g, np.where(flat, 0.0, y * np.log(np.where(flat, 1.0, a))))


def _matrices(a: Any, b: Any) -> tuple[Array, Array]:
    """Return both as matrices: a vector is a row on the left, a column on the right."""
    return (a[None, :] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)


def _bar_of_product(g: Any, a: Any, b: Any) -> Any:
    g = np.asarray(g)
    g = g[..., None, :] if a.ndim == 1 and b.ndim > 1 else g
    if b.ndim == 1:
        g = g[..., None]
        g = g[..., None, :] if a.ndim == 1 else g
    return g


def matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """y = a @ b: bar of a = g @ b^T."""
    left, right = _matrices(a, b)
    bar = _bar_of_product(g, a, b) @ np.swapaxes(right, -1, -2)
    return to_shape_of(bar, left).reshape(a.shape)


def matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    """y = a @ b: bar of b = a^T @ g."""
    left, right = _matrices(a, b)
    bar = np.swapaxes(left, -1, -2) @ _bar_of_product(g, a, b)
    return to_shape_of(bar, right).reshape(b.shape)


_TWO_OVER_ROOT_PI = 1.1283791670955126
_LN2, _LN10 = 0.6931471805599453, 2.302585092994046

# name of the ufunc: one rule an operand
UFUNCS: dict[str, tuple[Rule, ...]] = {
    "add": (lambda g, y, a, b: g, lambda g, y, a, b: g),
    "subtract": (lambda g, y, a, b: g, lambda g, y, a, b: -g),
    "multiply": (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "divide": (
        lambda g, y, a, b: through(g, 1.0 / b),
        lambda g, y, a, b: through(g, -y / b),
    ),
    "power": (_power_base, _power_exponent),
    "float_power": (_power_base, _power_exponent),
    "remainder": (lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor(a / b)),
    "fmod": (lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b)),
    "maximum": (_largest, lambda g, y, a, b: _largest(g, y, b, a)),
    "minimum": (_largest, lambda g, y, a, b: _largest(g, y, b, a)),
    "fmax": (_largest, lambda g, y, a, b: _largest(g, y, b, a)),
    "fmin": (_largest, lambda g, y, a, b: _largest(g, y, b, a)),
    "arctan2": (
        lambda g, y, a, b: through(g, b / (a * a + b * b)),
        lambda g, y, a, b: through(g, -a / (a * a + b * b)),
    ),
    "hypot": (lambda g, y, a, b: through(g, a / y), lambda g, y, a, b: through(g, b / y)),
    "logaddexp": (
        lambda g, y, a, b: through(g, np.exp(a - y)),
        lambda g, y, a, b: through(g, np.exp(b - y)),
    ),
    "matmul": (matmul_left, matmul_right),
    "negative": (lambda g, y, x: -g,),
    "positive": (lambda g, y, x: g,),
    "conjugate": (lambda g, y, x: g,),
    "absolute": (lambda g, y, x: g * np.sign(x),),
    "fabs": (lambda g, y, x: g * np.sign(x),),
    "square": (lambda g, y, x: g * (2.0 * x),),
    "sqrt": (lambda g, y, x: through(g, 0.5 / y),),
    "cbrt": (lambda g, y, x: through(g, 1.0 / (3.0 * y * y)),),
    "reciprocal": (lambda g, y, x: through(g, -y * y),),
    "exp": (lambda g, y, x: through(g, y),),
    "exp2": (lambda g, y, x: through(g, y * _LN2),),
    "expm1": (lambda g, y, x: through(g, y + 1.0),),
    "log": (lambda g, y, x: through(g, 1.0 / x),),
    "log2": (lambda g, y, x: through(g, 1.0 / (x * _LN2)),),
    "log10": (lambda g, y, x: through(g, 1.0 / (x * _LN10)),),
    "log1p": (lambda g, y, x: through(g, 1.0 / (1.0 + x)),),
    "sin": (lambda g, y, x: g * np.cos(x),),
    "cos": (lambda g, y, x: -g * np.sin(x),),
    "tan": (lambda g, y, x: g * (1.0 + y * y),),
    "arcsin": (lambda g, y, x: through(g, 1.0 / np.sqrt((1.0 - x) * (1.0 + x))),),
    "arccos": (lambda g, y, x: through(g, -1.0 / np.sqrt((1.0 - x) * (1.0 + x))),),
    "arctan": (lambda g, y, x: g / (1.0 + x * x),),
    "sinh": (lambda g, y, x: through(g, np.cosh(x)),),
    "cosh": (lambda g, y, x: through(g, np.sinh(x)),),
    "tanh": (lambda g, y, x: g * (1.0 - y * y),),
    "arcsinh": (lambda g, y, x: g / np.hypot(x, 1.0),),
    "arccosh": (lambda g, y, x: through(g, 1.0 / np.sqrt((x - 1.0) * (x + 1.0))),),
    "arctanh": (lambda g, y, x: through(g, 1.0 / ((1.0 - x) * (1.0 + x))),),
    "deg2rad": (lambda g, y, x: g * (np.pi / 180.0),),
    "radians": (lambda g, y, x: g * (np.pi / 180.0),),
    "rad2deg": (lambda g, y, x: g * (180.0 / np.pi),),
    "degrees": (lambda g, y, x: g * (180.0 / np.pi),),
    # ufuncs of scipy.special, found by their names: SciPy need not be there
    "erf": (lambda g, y, x: g * (_TWO_OVER_ROOT_PI * np.exp(-x * x)),),
    "erfc": (lambda g, y, x: -g * (_TWO_OVER_ROOT_PI * np.exp(-x * x)),),
    "expit": (lambda g, y, x: g * (y * (1.0 - y)),),
    "log_expit": (lambda g, y, x: g * -np.expm1(y),),
}

FLAT_UFUNCS = frozenset((
    "sign", "floor", "ceil", "rint", "trunc", "floor_divide", "heaviside", "isfinite", "isinf",
    "isnan", "signbit", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "logical_and", "logical_or", "logical_not", "logical_xor", "spacing", "nextafter",
))  # fmt: skip
