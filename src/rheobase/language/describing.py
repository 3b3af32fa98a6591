"""A model, written out for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rheobase.language.definitions import PARAMETER
from rheobase.language.expressions import Number, to_text

if TYPE_CHECKING:
    from rheobase.language.model import Model


def value_text(model: Model, name: str) -> str:
    """Return the default of a parameter without its unit: "250", "-" if it has none."""
    if name in model.defaults:
        return f"{model.unit_of(name).from_si(model.defaults[name]):.10g}"
    if name in model.currents:
        return repr(model.currents[name])
    if "input" in model.equation(name).flags:
        return "(input)"
    return "-"


def _equation_lines(model: Model) -> list[str]:
    return [e.text for e in model.equations if e.kind != PARAMETER or e.flags]


def _spiking_lines(model: Model) -> list[str]:
    lines = []
    if model.threshold is not None:
        lines.append(f"threshold: {to_text(model.threshold)}")
    if model.reset:
        lines.append("reset: " + "; ".join(statement.text for statement in model.reset))
    if model.refractory is not None:
        lines.append(f"refractory: {to_text(model.refractory)} (a {model.refractory_kind})")
    for port, statements in model.receives.items():
        unit = model.receives_unit(port).text
        written = "; ".join(statement.text for statement in statements)
        lines.append(f"receives {port}: {written} (weight in {unit})")
    return lines


def _initial_line(model: Model) -> str:
    if isinstance(model.initial, str):
        return "initially: at rest"
    parts = []
    for name, expression in model.initial.items():
        unit = model.unit_of(name)
        if isinstance(expression, Number):
            number = f"{unit.from_si(expression.value):.10g}"
            parts.append(f"{name} = {number}" + ("" if unit.text == "1" else f" {unit.text}"))
        else:
            parts.append(f"{name} = {to_text(expression)}")
    return "initially: " + "; ".join(parts)


def describe_model(model: Model) -> str:
    """Return equations, spiking and a table of parameters with values and units."""
    lines = [model.name]
    if model.doc:
        lines[0] += f": {model.doc.strip().splitlines()[0]}"
    lines += [f"  {line}" for line in _equation_lines(model)]
    lines += [f"  {function}" for function in model.functions.values()]
    lines += [f"  {line}" for line in _spiking_lines(model)]
    if model.initial:
        lines.append(f"  {_initial_line(model)}")
    lines.append(f"  method: {model.method}; crossing: {model.crossing}")
    rows = [(e.name, value_text(model, e.name), e.unit.text) for e in model.parameter_equations]
    if rows:
        rows.insert(0, ("parameter", "value", "unit"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines.append("")
        for name, value, unit in rows:
            row = f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {unit}"
            lines.append(row.rstrip())
    return "\n".join(lines)


def summarize(model: Model) -> str:
    """Return the name, the equations and one line of values."""
    shown = [
        e.text
        for e in model.equations
        if e.kind != PARAMETER or e.flags or e.name not in model.defaults
    ]
    lines = [model.name, *(f"  {line}" for line in shown)]
    lines += [f"  {line}" for line in _spiking_lines(model)]
    values = []
    for name in model.defaults:
        unit = model.unit_of(name).text
        behind = "" if unit == "1" else f" {unit}"
        values.append(f"{name} = {value_text(model, name)}{behind}")
    if values:
        lines.append("  " + ", ".join(values))
    return "\n".join(lines)
