"""Numbers with units, and equations with the numbers put in, as text."""

from __future__ import annotations

from collections.abc import Mapping

from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Unary,
    to_text,
)
from rheobase.units import Unit

DIGITS = 6


def written(value: float, unit: Unit) -> str:
    """Return an SI value in a unit: "-65 mV", "0.98"."""
    return with_unit(unit.from_si(value), unit.text)


def with_unit(number: float, unit: str) -> str:
    """Return a number and its unit, "1" being none."""
    text = f"{number + 0.0:.{DIGITS}g}"
    return text if unit == "1" else f"{text} {unit.removeprefix('1') if unit[:2] == '1/' else unit}"


def slope(value: float, unit: Unit, per_second: bool) -> str:
    """Return a slope, given in SI units per second: "13.9 /s", "-0.25 mV/ms"."""
    number = float(unit.from_si(value)) * (1.0 if per_second else 1e-3)
    over = "/s" if per_second else "/ms"
    if unit.text == "1":
        return f"{number + 0.0:.{DIGITS}g} {over}"
    return with_unit(number, f"({unit.text}){over}" if "/" in unit.text else unit.text + over)


def rate_text(value: float, per_second: bool) -> str:
    """Return a rate, given per second: "-0.05 /ms"."""
    return f"{value * (1.0 if per_second else 1e-3):.{DIGITS}g} {'/s' if per_second else '/ms'}"


def milliseconds(seconds: float) -> str:
    """Return a time in ms, to a tenth of a nanosecond."""
    return f"{round(seconds * 1e3, 7) + 0.0:.10g} ms"


def put_in(expression: Expr, values: Mapping[str, str]) -> str:
    """Return an expression as text with names replaced by their values as text."""
    return to_text(_put_in(expression, values, ""))


def _put_in(node: Expr, values: Mapping[str, str], wraps: str) -> Expr:
    """Replace names; `wraps`: what goes into parentheses there, "", "negative" or "all"."""
    if isinstance(node, Name):
        text = values.get(node.id, node.id)
        inside = (wraps == "all" and " " in text) or (wraps != "" and text.startswith("-"))
        return Name(f"({text})" if inside else text, node.span)
    if isinstance(node, Unary):
        return Unary(node.operator, _put_in(node.operand, values, "all"), node.span)
    if isinstance(node, Binary):
        left, right = ("", "negative") if node.operator in ("+", "-") else ("all", "all")
        return Binary(node.operator, _put_in(node.left, values, left),
                      _put_in(node.right, values, right), node.span)  # fmt: skip
    if isinstance(node, (Compare, Logical)):
        return type(node)(node.operator, _put_in(node.left, values, ""),
                          _put_in(node.right, values, ""), node.span)  # fmt: skip
    if isinstance(node, Call):
        arguments = tuple(_put_in(part, values, "") for part in node.arguments)
        name = values.get(f"{node.function}()")  # a current over time, read at t
        return Name(name) if name else Call(node.function, arguments, node.span)
    return node
