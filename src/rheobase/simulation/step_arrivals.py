"""What arrived at a cell in a step, and what statements did, as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rheobase.language.expressions import names_in, to_text
from rheobase.language.model import Model, Statement
from rheobase.rendering.interpreter import weigh
from rheobase.simulation.step_numbers import milliseconds, put_in, with_unit, written

if TYPE_CHECKING:
    from rheobase.simulation.step_explaining import StepTold
    from rheobase.simulation.step_watching import Arrival

_SHOWN = 12


def arrival_lines(told: StepTold) -> list[str]:
    """Return the arrivals of a step, and what they add up to."""
    arrivals = told.seen.arrivals
    if not told.model.receives or told.seen.failed:
        return []
    if not arrivals:
        return ["", "Arrivals at the end of the step: none"]
    lines = ["", "Arrivals at the end of the step"]
    lines += [f"  {arrival_line(told, arrival)}" for arrival in arrivals[:_SHOWN]]
    if len(arrivals) > _SHOWN:
        lines.append(f"  ... and {len(arrivals) - _SHOWN} more")
    for name in _changed(told):
        unit = told.model.unit_of(name)
        before, after = told.seen.reset[name], told.seen.after[name]
        added = with_unit(float(unit.from_si(after) - unit.from_si(before)), unit.text)
        lines.append(
            f"  all together: {name} from {written(before, unit)} to {written(after, unit)}, "
            f"by {added}"
        )
    for name in _lost(told):
        lines.append(f"  {name} is held while the cell is refractory: what arrives there is lost")
    return lines


def _changed(told: StepTold) -> list[str]:
    before, after = told.seen.reset, told.seen.after
    return [name for name in told.cells.states if before[name] != after[name]]


def _lost(told: StepTold) -> list[str]:
    if told.left_after <= 0 or not told.seen.arrivals:
        return []
    targets = {s.target for a in told.seen.arrivals for s in told.model.receives[a.port]}
    return sorted(targets & told.program.held)


def arrival_line(told: StepTold, arrival: Arrival) -> str:
    """Tell one arrival: where from, how long under way, and what it does."""
    cell = f"[{arrival.cell}]" if arrival.cell >= 0 else ""
    many = f"{arrival.count} events" if arrival.count > 1 else "an event"
    source = f"{arrival.source}{cell}, {milliseconds(arrival.delay)} ago" if arrival.source else ""
    text = f"spike of {source}" if source else f"{many} of a drive"
    statements = told.model.receives[arrival.port]
    what = "; ".join(s.text for s in statements)
    if not arrival.amounts:
        return f"{text}: {what}, with the weight that the synapse gives"
    unit = told.model.receives_unit(arrival.port)
    if "weight" in arrival.amounts:
        return f"{text}, weight {written(arrival.amounts['weight'], unit)}: {what}"
    return f"{text}{_weight(told, arrival)}: {_added(told, arrival)}"


def _weight(told: StepTold, arrival: Arrival) -> str:
    """Tell the weight itself, where the effect is that of the weight times something."""
    unit = told.model.receives_unit(arrival.port)
    variable, amount = next(iter(arrival.amounts.items()))
    port = told.program.ports[arrival.port]
    if variable in port.identity:
        return f", weight {written(amount, unit)}"
    parameters = {**told.parameters, "N": float(told.size), "dt": told.dt}
    factor = float(weigh(port.weigh[variable], 1.0, parameters))
    if not factor or abs(float(weigh(port.weigh[variable], 2.0, parameters)) / factor - 2) > 1e-12:
        return ""
    return f", weight {written(amount / factor, unit)}"


def _added(told: StepTold, arrival: Arrival) -> str:
    parts = []
    for variable, amount in arrival.amounts.items():
        unit = told.model.unit_of(variable)
        text = next((s.text for s in told.model.receives[arrival.port] if s.target == variable), "")
        parts.append(f"{text}, that is {variable} += {written(amount * arrival.count, unit)}")
    return "; ".join(parts)


def statement_line(model: Model, statement: Statement, before: Mapping[str, float],
                   after: Mapping[str, float]) -> str:  # fmt: skip
    """Return a statement of a reset with the numbers put in."""
    target = statement.target
    unit = model.unit_of(target)
    result = written(after[target], unit)
    if not names_in(statement.expression) - {"second"} and statement.operator == "=":
        return f"{statement.text}" if result in statement.text else f"{statement.text} = {result}"
    values = {
        name: written(before[name], model.unit_of(name))
        for name in names_in(statement.expression)
        if name in before and name in model.names
    }
    full = put_in(statement.expression, values)
    if statement.operator == "=":
        return f"{statement.text} = {full}" + ("" if full == result else f" = {result}")
    sign = statement.operator[0]
    old = written(before[target], unit)
    right = full if full == to_text(statement.expression) else f"({full})"
    return f"{statement.text}: {old} {sign} {right} = {result}"
