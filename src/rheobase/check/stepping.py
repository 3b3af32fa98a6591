"""Blocks of a program as functions of single numbers, for one cell in plain Python.

A check steps one cell many thousand times, with one fault after another. These functions do what
the interpreter does with arrays, in floating-point numbers of Python; they agree with it to
rounding, which is all that a comparison with a student's numbers needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, cast

from rheobase.errors import InternalError
from rheobase.lowering.program import Block, Node
from rheobase.rendering.functions import namespace_numpy

Scalars = dict[str, Any]
BlockFunction = Callable[[Scalars, int, float], dict[str, Any]]
"""Arrays of the cell as numbers, the step, the weight -> what the block writes."""

_INFIX = {"add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
          "eq": "==", "ne": "!=", "and": "and", "or": "or"}  # fmt: skip


def _guarded(function: Callable[[float], float]) -> Callable[[float], float]:
    """Return a function of `math` that gives inf and nan where NumPy does."""

    def call(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return call


def _exp(x: float) -> float:
    return math.exp(x) if x < 709.0 else math.inf


def _exprel(x: float) -> float:
    if abs(x) < 1e-5:
        return 1.0 + x * (0.5 + x / 6.0)
    return math.expm1(x) / x if x < 700.0 else math.inf


def _bernoulli(x: float) -> float:
    return _divide(1.0, _exprel(x))


def _log(x: float) -> float:
    return math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan)


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _select(condition: Any, yes: Any, no: Any) -> Any:
    return yes if condition else no


_FAST: Mapping[str, Callable[..., Any]] = {
    "exp": _exp, "exprel": _exprel, "bernoulli": _bernoulli, "log": _log,
    **{name: _guarded(getattr(math, name))
       for name in ("expm1", "tanh", "sinh", "cosh", "sin", "cos", "sqrt", "erf", "floor", "ceil")},
    "abs": abs, "maximum": max, "minimum": min,
}  # fmt: skip


def function_of(block: Block, numbers: Mapping[str, float]) -> BlockFunction:
    """Return a block as a Python function.

    Parameters
    ----------
    block
        The block.
    numbers
        The prepared numbers of the program; `with_numbers` gives the function others.
    """
    names = {**namespace_numpy(), **_FAST}
    space: dict[str, Any] = {f"f_{name}": function for name, function in names.items()}
    space |= {"divide": _divide, "choose": _select, "inf": math.inf, "nan": math.nan}
    space |= _named(numbers)
    lines = ["def run(a, step, weight):"]
    lines += [f"    v{k} = {_expression(node)}" for k, node in enumerate(block.nodes)]
    writes = ", ".join(f"{w.target!r}: v{w.node}" for w in block.writes)
    lines.append(f"    return {{{writes}}}")
    exec(compile("\n".join(lines), f"<{block.kind} of a check>", "exec"), space)
    made: BlockFunction = space["run"]
    return made


def with_numbers(function: BlockFunction, numbers: Mapping[str, float]) -> BlockFunction:
    """Return a function of a block with other numbers; nothing is compiled again."""
    made = cast(FunctionType, function)
    return FunctionType(made.__code__, {**made.__globals__, **_named(numbers)})


def _named(numbers: Mapping[str, float]) -> dict[str, float]:
    return {f"n_{name}": float(value) for name, value in numbers.items()}


def _expression(node: Node) -> str:
    """Return a node as Python over the nodes before it."""
    operation, v = node.operation, [f"v{o}" for o in node.operands]
    if operation in _INFIX:
        return f"{v[0]} {_INFIX[operation]} {v[1]}"
    if operation == "constant":
        return repr(float(node.payload))
    if operation == "number":
        return f"n_{node.payload}"
    if operation == "element":
        return f"a[{str(node.payload)!r}]"
    if operation == "call":
        return f"f_{node.payload}({', '.join(v)})"
    texts = {
        "neg": "-{0}", "not": "not {0}", "div": "divide({0}, {1})", "fma": "{0}*{1} + {2}",
        "select": "choose({0}, {1}, {2})", "mask": "int({0}) | int({1}) << 1",
        "flag": "int({0}) << 1",
    }  # fmt: skip
    if operation in texts:
        return texts[operation].format(*v)
    scalars = {"step": "step", "step_number": "float(step)", "i": "0.0", "zero": "0",
               "weight": "weight"}  # fmt: skip
    if operation == "scalar" and str(node.payload) in scalars:
        return scalars[str(node.payload)]
    raise InternalError(f"a check has no way to compute {operation} {node.payload!r}")
