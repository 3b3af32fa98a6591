"""A step of a cell with exact crossings: closed forms, and the events of that time, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rheobase.language.expressions import Expr, to_text
from rheobase.lowering.calculus import ZERO
from rheobase.lowering.events import Course
from rheobase.lowering.tracing import Courses, courses_of
from rheobase.network.evaluate import evaluate
from rheobase.simulation.step_arrivals import arrival_line
from rheobase.simulation.step_numbers import (
    milliseconds,
    put_in,
    rate_text,
    slope,
    written,
)

if TYPE_CHECKING:
    from rheobase.simulation.step_explaining import StepTold

Known = Mapping[str, float]


def event_lines(told: StepTold) -> list[str]:
    """Return the course of every variable, and the spikes and arrivals of a step."""
    courses = courses_of(told.model)
    known = {**told.parameters, **told.seen.before, **told.seen.held_inputs,
             "N": float(told.size), "i": float(told.cell)}  # fmt: skip
    lines = ["", "From event to event: each equation in closed form"]
    for name in courses.courses:
        lines += _course(told, name, courses.courses[name], known)
    lines += ["", *_threshold(told, courses, known), "", "Events within the step"]
    begin = told.step * told.dt
    events = [(time, 1, "spike, and the reset") for time in told.seen.spikes]
    events += [(a.time, 0, arrival_line(told, a)) for a in told.seen.arrivals]
    for time, _, what in sorted(events):
        lines.append(f"  {milliseconds(told.start + time)}, {milliseconds(time - begin)} from the "
                     f"start of the step: {what}")  # fmt: skip
    if not events:
        lines.append("  none")
    return [*lines, *_next_crossing(told)]


def _value(expression: Expr, known: Known) -> float:
    return float(evaluate(expression, known))


def _course(told: StepTold, name: str, course: Course, known: Known) -> list[str]:
    """Return the equation of a variable with the numbers put in, and what it goes towards."""
    model, unit = told.model, told.model.unit_of(name)
    names = {n: written(v, model.unit_of(n)) for n, v in known.items() if n in model.names}
    names |= {f"{n}()": names[n] for n in model.time_functions}
    right = model.equation(name).expression
    assert right is not None
    left = f"  d{name}/dt"
    pad = " " * len(left)
    a, b = _value(course.rate, known), _value(course.rest, known)
    now = a * known[name] + b
    if course.driver:
        now += _value(course.gain, known) * known[course.driver]
    lines = [f"{left} = {to_text(right)}"]
    if put_in(right, names) != to_text(right):
        lines.append(f"{pad} = {put_in(right, names)}")
    lines.append(f"{pad} = {slope(now, unit, told.per_second)}")
    if name in told.model_held and told.left_before > 0:
        lines.append(f"  {name} is held for another {milliseconds(told.left_before)}")
    if not a:
        return [*lines, f"  a straight line: {name} + ({slope(b, unit, told.per_second)})*s"]
    end, rate = -b / a, rate_text(a, told.per_second)
    away = written(known[name] - end, unit)
    away = f"({away})" if " " in away or away.startswith("-") else away
    if course.driver:
        return [*lines, f"  decays at {rate} towards {written(end, unit)}, driven by "
                f"{course.driver}"]  # fmt: skip
    towards = "" if course.rest == ZERO else f"{written(end, unit)} + "
    return [*lines, f"  after a time s: {name} = {towards}{away}*exp(({rate})*s)"]


def _threshold(told: StepTold, courses: Courses, known: Known) -> list[str]:
    """Tell when the threshold would be crossed from the state at the start."""
    threshold, name = told.model.threshold, courses.variable
    assert threshold is not None
    course, unit = courses.courses[name], told.model.unit_of(name)
    level, x = _value(courses.level, known), known[name]
    lines = [f"Threshold: {to_text(threshold)}, that is {name} at {written(level, unit)}"]
    if course.driver:
        return [*lines, "  the time has no formula; it is found to rounding by iteration"]
    a, b = _value(course.rate, known), _value(course.rest, known)
    if x >= level:
        return [*lines, "  it is there already"]
    if a * x + b <= 0 or a * level + b <= 0:
        return [*lines, f"  {name} does not get there by itself"]
    wait = (level - x) / (a * x + b)
    wait = math.log1p(a * wait) / a if a else wait
    held = told.left_before > 0 and name in told.model_held
    since = "the end of the refractory period" if held else "the start of the step"
    how = "log(1 + a*(c - x)/(a*x + b))/a" if a else "(c - x)/b"
    return [*lines, f"  reached {how} = {milliseconds(wait)} after {since}"]


def _next_crossing(told: StepTold) -> list[str]:
    """Tell when the threshold would be crossed if nothing arrived."""
    time = told.seen.after.get("crossing_time", 1e300)
    if time >= 1e200:
        return ["  without another event, it does not spike"]
    return [f"  without another event, it spikes at {milliseconds(told.start + time)}"]
