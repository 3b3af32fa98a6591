"""A step of a cell with exact crossings: the events of that time, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rheobase.language.expressions import to_text
from rheobase.simulation.step_arrivals import arrival_line
from rheobase.simulation.step_numbers import milliseconds

if TYPE_CHECKING:
    from rheobase.simulation.step_explaining import StepTold


def event_lines(told: StepTold) -> list[str]:
    """Return the spikes and arrivals of a step, at their times."""
    model = told.model
    assert model.threshold is not None
    lines = ["", "From event to event, each equation solved in closed form"]
    lines += [f"  {e.left} = {to_text(e.expression)}" for e in model.differential if e.expression]
    lines += [f"  spikes where {to_text(model.threshold)} begins to hold"]
    begin = told.step * told.dt
    if told.left_before > 0:
        end = told.start + begin + told.left_before
        lines.append(f"  refractory until {milliseconds(end)}")
    events = [(time, 0, "spike, and the reset") for time in told.seen.spikes]
    events += [(a.time, 1, arrival_line(told, a)) for a in told.seen.arrivals]
    lines += ["", "Events within the step"]
    for time, _, what in sorted(events):
        lines.append(f"  {milliseconds(told.start + time)}, {milliseconds(time - begin)} from the "
                     f"start of the step: {what}")  # fmt: skip
    if not events:
        lines.append("  none")
    lines += _next_crossing(told)
    return lines


def _next_crossing(told: StepTold) -> list[str]:
    """Tell when the threshold would be crossed if nothing arrived."""
    time = told.seen.after.get("crossing_time", 1e300)
    if time >= 1e200:
        return ["  without another event, it does not spike"]
    return [f"  without another event, it spikes at {milliseconds(told.start + time)}"]
