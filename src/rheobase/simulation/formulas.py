"""Expressions as quick Python functions, and the way back through them.

For what is worked out again and again before a run, of few values: where a model rests at other
parameters, what a text gives for a first state. Expressions become the nodes of a block,
derivatives are those of its reverse, and the block is written out as Python over NumPy scalars or
arrays. The values are right to rounding; bits are those of NumPy, not of compiled programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import InternalError
from rheobase.language.expressions import Expr
from rheobase.lowering.adjoint_nodes import Backward
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.program import Block, Level
from rheobase.lowering.translate import Scope
from rheobase.network.evaluate import FUNCTIONS

Function: TypeAlias = Callable[[Mapping[str, Any]], dict[Any, Any]]
Key: TypeAlias = Any

BAR = "bar of "
"""Begins the name under which the bar of a value is read."""


class Formulas:
    """Expressions that share what they are computed from.

    Parameters
    ----------
    expressions
        What to compute, by name.
    subexpressions
        Named expressions that they read.
    leaves
        Names whose values are given.
    silent
        Functions of time, 0 here.

    Examples
    --------
    >>> from rheobase.language.parsing import parse_expression
    >>> square = Formulas({"y": parse_expression("x*x + p")}, {}, ["x", "p"])
    >>> square.values()({"x": 3.0, "p": 1.0})
    {'y': 10.0}
    >>> square.slopes(["x"])({"x": 3.0, "p": 1.0})
    [10.0, 6.0]
    """

    def __init__(self, expressions: Mapping[str, Expr], subexpressions: Mapping[str, Expr],
                 leaves: Collection[str], silent: Collection[str] = ()) -> None:  # fmt: skip
        self.graph = Graph()
        known = {name: self.graph.leaf("number", name, Level.ELEMENT) for name in leaves}
        known |= {name: self.graph.constant(0.0) for name in silent}
        scope = Scope(self.graph, known, subexpressions, {})
        self.found = {name: scope.number(e) for name, e in expressions.items()}
        self.reads = frozenset(str(n.payload) for n in self.block(self.found).nodes
                               if n.operation == "number")  # fmt: skip

    def block(self, writes: Mapping[Key, Value]) -> Block:
        """Return the block that computes some values of the graph."""
        return self.graph.finish("map", dict(writes), fuse=False)

    def values(self) -> Function:
        """Return the function that gives every expression by name."""
        return function_of(self.block(self.found))

    def slopes(self, by: Sequence[str]) -> Callable[[Mapping[str, Any]], list[Any]]:
        """Return the function that gives every expression, then its derivatives, row by row."""
        zero = self.graph.constant(0.0)
        rows: list[Value] = []
        for value in self.found.values():
            backward = Backward(self.graph, by)
            backward.add(value, self.graph.constant(1.0))
            backward.run(tuple(self.graph.sections))
            rows += [backward.of(x) or zero for x in by]
        places = dict(enumerate([*self.found.values(), *rows]))
        return _function(self.block({str(k): value for k, value in places.items()}), "[{}]")

    def back(self, wanted: Collection[str]) -> Function:
        """Return the function that gives the bars of leaves.

        It reads the leaves, and the bar of every expression under `BAR` + its name. A leaf without
        influence has no entry.
        """
        backward = Backward(self.graph, wanted)
        for name, value in self.found.items():
            backward.add(value, self.graph.leaf("number", BAR + name, Level.ELEMENT))
        backward.run(tuple(self.graph.sections))
        bars = {x: backward.of(x) for x in sorted(wanted)}
        return function_of(self.block({x: bar for x, bar in bars.items() if bar is not None}))


_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">",
          "ge": ">=", "eq": "==", "ne": "!="}  # fmt: skip
_LOGIC = {"and": "logical_and", "or": "logical_or", "not": "logical_not", "select": "where"}


def function_of(block: Block) -> Function:
    """Write a block out as a Python function from the values of its leaves to what it writes."""
    return _function(block, "dict(zip(names, [{}]))")


def _function(block: Block, result: str) -> Callable[[Mapping[str, Any]], Any]:
    """Write a block out as a Python function; `result` says how it returns what it writes.

    Numbers are worked out as Python's, which is quick, unless something overflows or is divided by
    0; arrays, and those numbers, by NumPy.
    """
    lines = []
    constants: dict[str, float] = {}
    leaves = []
    for k, node in enumerate(block.nodes):
        operands = [f"x{o}" for o in node.operands]
        if node.operation == "constant":
            constants[f"x{k}"] = float(node.payload)
        elif node.operation == "number":
            leaves.append(str(node.payload))
            lines.append(f"x{k} = known[{str(node.payload)!r}]")
        elif node.operation in _INFIX:
            lines.append(f"x{k} = {operands[0]} {_INFIX[node.operation]} {operands[1]}")
        elif node.operation == "neg":
            lines.append(f"x{k} = -{operands[0]}")
        elif node.operation in _LOGIC or node.operation == "call":
            name = _LOGIC.get(node.operation, str(node.payload))
            if name not in _FUNCTIONS:
                raise InternalError(f"no quick form of {name}")
            lines.append(f"x{k} = {name}({', '.join(operands)})")
        else:
            raise InternalError(f"no quick form of {node.operation}")
    written = result.format(", ".join(f"x{w.node}" for w in block.writes))
    source = "def found(known):\n" + "".join(f"    {line}\n" for line in lines)
    code = compile(f"{source}    return {written}\n", "<formulas>", "exec")
    made: list[Callable[[Mapping[str, Any]], Any]] = []
    for functions in (_OF_NUMBERS, _FUNCTIONS):
        names: dict[str, Any] = {
            **functions,
            **constants,
            "names": [w.target for w in block.writes],
        }
        exec(code, names)
        made.append(names["found"])
    quick, general = made

    def found(known: Mapping[str, Any]) -> Any:
        given = {n: known[n] for n in leaves}
        if not any(isinstance(v, np.ndarray) for v in given.values()):
            try:
                return quick({n: float(v) for n, v in given.items()})
            except (OverflowError, ZeroDivisionError, ValueError):
                pass
        with np.errstate(all="ignore"):
            return general({n: _number(v) for n, v in given.items()})

    return found


def _number(value: Any) -> Any:
    """Return a value that divides by 0 without complaint."""
    return value if isinstance(value, _NUMBERS) else np.float64(value)


_NUMBERS = (np.ndarray, np.float64)


# -- functions that are smooth where their usual text is not ------------------------------------


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, np.bool_ | bool):
        return yes if condition else no
    return np.where(condition, yes, no)


def _bernoulli(x: Any) -> Any:
    """x/(exp(x) - 1)."""
    return _near(x, 1e-3, lambda y: 1.0 - y / 2.0 + y * y / 12.0 - y**4 / 720.0,
                 lambda y: y / np.expm1(y))  # fmt: skip


def _bernoulli_derivative(x: Any, f: Any) -> Any:
    def far(y: Any) -> Any:
        inverse = 1.0 / np.expm1(y)
        return inverse - y * inverse * (1.0 + inverse)

    def near(y: Any) -> Any:
        z = y * y
        return -0.5 + y * (1 / 6 - z * (1 / 180 - z * (1 / 5040 - z * (1 / 151200 - z / 4790016))))

    return _near(x, 0.2, near, far)


def _exprel_derivative(x: Any, f: Any) -> Any:
    """(exp(x) - exprel(x))/x."""

    def near(y: Any) -> Any:
        found: Any = 0.0
        for below in (5760.0, 840.0, 144.0, 30.0, 8.0, 3.0, 2.0):
            found = found * y + 1.0 / below
        return found

    return _near(x, 0.05, near, lambda y: (np.exp(y) - np.expm1(y) / y) / y)


def _near(x: Any, size: float, near: Callable[[Any], Any], far: Callable[[Any], Any]) -> Any:
    """Return a function that has a series of its own near 0."""
    if isinstance(x, float):
        return near(x) if abs(x) < size else far(x)
    small = np.abs(x) < size
    return np.where(small, near(x), far(np.where(small, 1.0, x)))


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "where": _where,
    "power": np.power,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_not": np.logical_not,
    "bernoulli": _bernoulli,
    "bernoulli_derivative": _bernoulli_derivative,
    "exprel_derivative": _exprel_derivative,
}


_OF_NUMBERS: Mapping[str, Callable[..., Any]] = {
    **_FUNCTIONS,
    **{name: getattr(math, name) for name in (
        "exp", "log", "log1p", "log2", "log10", "expm1", "sqrt", "sin", "cos", "tan", "sinh",
        "cosh", "tanh", "erf",
    )},
    "abs": abs,
    "power": math.pow,
    "minimum": min,
    "maximum": max,
    "where": lambda condition, yes, no: yes if condition else no,
    "logical_and": lambda a, b: a and b,
    "logical_or": lambda a, b: a or b,
    "logical_not": lambda a: not a,
}  # fmt: skip
