"""Expressions of the language worked out with NumPy: text weights, conditions, gates at a voltage.

What a program does every step is not evaluated here; this is for what is worked out once, when
a network is built or a picture is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from rheobase.errors import InternalError, UnknownNameError, did_you_mean
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
)
from rheobase.units import UNITS

Value: TypeAlias = float | npt.NDArray[Any]


class RandomNumbers(Protocol):
    """What `rand()` and `randn()` give: new numbers at every call."""

    def rand(self) -> npt.NDArray[np.float64]:
        """Return numbers uniform between 0 and 1."""
        ...

    def randn(self) -> npt.NDArray[np.float64]:
        """Return standard normal numbers."""
        ...


def _exprel(x: Value) -> Value:
    values = np.asarray(x, np.float64)
    small = np.abs(values) < 1e-8
    safe = np.where(small, 1.0, values)
    return np.where(small, 1.0 + 0.5 * values, np.expm1(safe) / safe)


_NUMPY_HAS = ("exp", "log", "log10", "log2", "log1p", "expm1", "sqrt", "sin", "cos", "tan",
              "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "abs", "floor",
              "ceil", "sign", "clip", "minimum", "maximum", "where", "mod")  # fmt: skip

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in _NUMPY_HAS},
    "round": np.rint,
    "int": np.trunc,
    "exprel": _exprel,
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
    "heaviside": lambda x: np.heaviside(x, 0.5),
}

_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "%": np.mod,
    "//": np.floor_divide,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def evaluate(
    expression: Expr,
    names: Mapping[str, Any],
    random: RandomNumbers | None = None,
    functions: Mapping[str, Callable[..., Any]] = FUNCTIONS,
) -> Value:
    """Work an expression out, in SI units.

    Parameters
    ----------
    expression
        A tree of the language, its dimensions checked before.
    names
        Value of each name, a float or an array; arrays broadcast. Names shadow units and `pi`.
    random
        What `rand()` and `randn()` draw; None where they may not be used.
    functions
        The functions of the language by name, over NumPy arrays.

    Returns
    -------
    float or ndarray
        A float if everything it reads is one; a condition gives bool.

    Raises
    ------
    UnknownNameError
        If a name or function stands for nothing.
    """
    with np.errstate(all="ignore"):
        found = _Evaluator(names, random, functions).of(expression)
    if np.ndim(found) == 0:
        return float(found)
    # a name alone gives the caller's own array, which may be written to later
    return np.array(found) if isinstance(expression, Name) else np.asarray(found)


class _Evaluator:
    def __init__(
        self,
        names: Mapping[str, Any],
        random: RandomNumbers | None,
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.names, self.random, self.functions = names, random, functions

    def of(self, node: Expr) -> Any:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return self.name(node.id)
        if isinstance(node, Unary):
            if node.operator == "not":
                return np.logical_not(_truth(self.of(node.operand)))
            return np.negative(_number(self.of(node.operand)))
        if isinstance(node, Binary):
            left, right = _number(self.of(node.left)), _number(self.of(node.right))
            return _ARITHMETIC[node.operator](left, right)
        if isinstance(node, Compare):
            left, right = _number(self.of(node.left)), _number(self.of(node.right))
            return _COMPARISONS[node.operator](left, right)
        if isinstance(node, Logical):
            join = np.logical_and if node.operator == "and" else np.logical_or
            return join(_truth(self.of(node.left)), _truth(self.of(node.right)))
        if isinstance(node, Call):
            return self.call(node)
        raise InternalError(f"no way to evaluate {node!r}")

    def name(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        if name == "pi":
            return math.pi
        if name in UNITS:
            return UNITS[name].scale
        raise _unknown(name, "name", [*self.names, *UNITS])

    def call(self, node: Call) -> Any:
        if node.function in ("rand", "randn"):
            if self.random is None:
                raise UnknownNameError(f"{node.function}() cannot be drawn here")
            return self.random.rand() if node.function == "rand" else self.random.randn()
        found = self.functions.get(node.function)
        if found is None:
            raise _unknown(node.function, "function", self.functions)
        arguments = [self.of(argument) for argument in node.arguments]
        if node.function == "where":
            return found(_truth(arguments[0]), *map(_number, arguments[1:]))
        return found(*map(_number, arguments))


def _unknown(name: str, kind: str, candidates: Any) -> UnknownNameError:
    meant = did_you_mean(name, candidates)
    return UnknownNameError(
        f"{name!r} is no {kind} here", mend=f"did you mean {meant}?" if meant else ""
    )


def _truth(value: Any) -> Any:
    return np.not_equal(value, 0)


def _number(value: Any) -> Any:
    """Make 0 and 1 of conditions, doubles of whole numbers."""
    return np.asarray(value, np.float64) if np.ndim(value) else np.float64(value)
