"""Expression trees: what the text of a model becomes once it has been read.

The nodes are few, frozen and hashable. Every node knows the place it was written at (`span`,
columns of its source text) so that an error can draw a caret under it; the place takes no
part in comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
NOWHERE: Span = (0, 0)


@dataclass(frozen=True)
class Number:
    """A literal: `0.5`; `True` and `False` are 1 and 0."""

    value: float
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Name:
    """A variable, parameter, unit or constant: `v`, `tau_m`, `mV`, `t`."""

    id: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Unary:
    """`-x` (operator "-") or `not x` (operator "not")."""

    operator: str
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Binary:
    """`x + y`, with operator one of + - * / ** % //."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Compare:
    """`x < y`, with operator one of < <= > >= == !=; chains are split by the parser."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Logical:
    """`x and y`, `x or y`: operator "and" or "or"."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Call:
    """`f(x, y)`: a function of the language, or a current read at a time, `drive(t)`."""

    function: str
    arguments: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False)


Expr: TypeAlias = Number | Name | Unary | Binary | Compare | Logical | Call


def children(expression: Expr) -> tuple[Expr, ...]:
    """Return the operands of a node, left to right."""
    if isinstance(expression, Unary):
        return (expression.operand,)
    if isinstance(expression, (Binary, Compare, Logical)):
        return (expression.left, expression.right)
    if isinstance(expression, Call):
        return expression.arguments
    return ()


def walk(expression: Expr) -> Iterator[Expr]:
    """Yield a node and everything below it, parents first."""
    left = [expression]
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(children(node)))


def names_in(expression: Expr) -> frozenset[str]:
    """Return every name an expression reads, function names apart."""
    return frozenset(node.id for node in walk(expression) if isinstance(node, Name))


def calls_in(expression: Expr) -> frozenset[str]:
    """Return the names of all functions an expression calls."""
    return frozenset(node.function for node in walk(expression) if isinstance(node, Call))


def rebuild(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return a node with every operand changed."""
    if isinstance(expression, Unary):
        return Unary(expression.operator, change(expression.operand), expression.span)
    if isinstance(expression, (Binary, Compare, Logical)):
        left, right = change(expression.left), change(expression.right)
        return type(expression)(expression.operator, left, right, expression.span)
    if isinstance(expression, Call):
        arguments = tuple(change(a) for a in expression.arguments)
        return Call(expression.function, arguments, expression.span)
    return expression


def substitute(expression: Expr, replacements: Mapping[str, Expr]) -> Expr:
    """Return the expression with names replaced by expressions."""
    if isinstance(expression, Name):
        return replacements.get(expression.id, expression)
    return rebuild(expression, lambda part: substitute(part, replacements))


_PRECEDENCE = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "*": 6, "/": 6,
               "%": 6, "//": 6, "negate": 7, "**": 8}  # fmt: skip


def _precedence(expression: Expr) -> int:
    if isinstance(expression, Number) and expression.value < 0:
        return _PRECEDENCE["negate"]
    if isinstance(expression, (Binary, Logical)):
        return _PRECEDENCE[expression.operator]
    if isinstance(expression, Compare):
        return _PRECEDENCE["compare"]
    if isinstance(expression, Unary):
        return _PRECEDENCE["negate" if expression.operator == "-" else "not"]
    return 9


def to_text(expression: Expr) -> str:
    """Write an expression back as text, with no more parentheses than it needs."""

    def inner(child: Expr, least: int) -> str:
        text = to_text(child)
        return f"({text})" if _precedence(child) < least else text

    if isinstance(expression, Number):
        value = expression.value
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(expression, Name):
        return expression.id
    if isinstance(expression, Call):
        return f"{expression.function}({', '.join(map(to_text, expression.arguments))})"
    own = _precedence(expression)
    if isinstance(expression, Unary):
        if expression.operator != "-":
            return "not " + inner(expression.operand, own)
        text = inner(expression.operand, own)
        return f"-({text})" if text.startswith("-") else f"-{text}"
    operator = expression.operator
    if operator == "**":
        return f"{inner(expression.left, own + 1)}**{inner(expression.right, own)}"
    tight = operator in ("*", "/", "%", "//")
    gap = "" if tight else " "
    # a < b < c would be a chain, so a comparison of a comparison keeps its parentheses
    left = own + 1 if isinstance(expression, Compare) else own
    return f"{inner(expression.left, left)}{gap}{operator}{gap}{inner(expression.right, own + 1)}"
