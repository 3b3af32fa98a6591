"""Clamps: states and rates that are held at given values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import FOREVER, ClampPlan
from rheobase.errors import UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.network.grid import window
from rheobase.simulation.clock import Clock, one_time
from rheobase.simulation.population import Cells
from rheobase.simulation.wiring import check_columns
from rheobase.units import Unit, split_quantity, to_si


@dataclass(eq=False)
class Clamp:
    """A state of some cells, held in the steps first <= k < last."""

    cells: Cells
    variable: str
    values: NDArray[np.float64]
    first: int
    last: int

    def plan(self, place: int) -> ClampPlan:
        """Return what the engine holds."""
        indices = self.cells.indices
        order = np.argsort(indices, kind="stable")
        values = self.values if self.values.size == 1 else self.values[order]
        return ClampPlan(
            place, self.variable, indices[order].astype(np.int32), values, self.first, self.last
        )


def read_clamp(
    cells: Cells, values: Any, start: Any, stop: Any, variable: str | None, clock: Clock
) -> Clamp:
    """Check what `net.clamp` was told.

    Raises
    ------
    WiringError, UnknownNameError, UnitError, ShapeError, UserError
        There is no such state, or the values are not those of it, or the interval is empty.
    """
    call = f"net.clamp({cells.name}, ...)"
    if isinstance(values, Mapping):
        raise WiringError(
            f"{call}: one variable at a time is clamped, and this is a mapping",
            given=", ".join(map(str, values)) or "none",
            mend="write "
            + "; ".join(f'net.clamp({cells.name}, {_shown(one)}, variable="{name}")'
                        for name, one in values.items()),
        )  # fmt: skip
    name = _state(cells, values, variable, call)
    assert isinstance(cells.model, Model)
    unit = cells.model.unit_of(name)
    paste = f"net.clamp({cells.name}, {_amount(values, unit)})"
    if variable is not None:
        paste = f'{paste[:-1]}, variable="{name}")'
    found = np.asarray(to_si(values, unit.dimension, what=f"{call}: the values", paste=paste))
    if found.ndim:
        check_columns(int(found.size), cells, call, "the clamp")
    if not np.all(np.isfinite(found)):
        raise UserError(f"{call}: a value is not finite", mend=f"write {paste}")
    begin = one_time(start, f"{call}: start", f"{paste[:-1]}, start=10*ms)")
    end = None if stop is None else one_time(
        stop, f"{call}: stop", f"{paste[:-1]}, stop=100*ms)"
    )  # fmt: skip
    if end is not None and end <= begin:
        raise WiringError(
            f"{call}: stop comes before start",
            given=f"start={begin * 1e3:g}*ms, stop={end * 1e3:g}*ms",
            mend=f"write {paste[:-1]}, start=10*ms, stop=100*ms)",
        )
    first, last = window(begin, end, clock.dt, clock.start, f"{call}: the interval")
    return Clamp(cells, name, found.reshape(-1).astype(np.float64), first, min(last, FOREVER))


def _amount(values: Any, unit: Unit) -> str:
    """Return the numbers that were given in the unit they should have, or 1 of it."""
    try:
        given, own = split_quantity(values, "the values")
        numbers = np.asarray(given, np.float64)
        if own.dimension == unit.dimension:
            numbers = numbers * (own.scale / unit.scale)
    except (UserError, TypeError, ValueError):
        numbers = np.array(1.0)
    if numbers.size > 6 or numbers.ndim > 1 or not np.all(np.isfinite(numbers)):
        numbers = np.array(1.0)
    listed = [f"{x:g}" for x in numbers.ravel()]
    text = f"[{', '.join(listed)}]" if numbers.ndim else listed[0]
    return text if unit.text == "1" else f"{text}*{unit.text}"


def _shown(value: Any) -> str:
    """Return a value as one would write it, with the unit it has."""
    try:
        return _amount(value, split_quantity(value, "the value")[1])
    except UserError:
        return "1"


def _fitting(model: Model, states: list[str], values: Any) -> str:
    """Return the first state that the values could be of, else the first."""
    try:
        dimension = split_quantity(values, "the values")[1].dimension
    except UserError:
        return states[0]
    same = [name for name in states if model.unit_of(name).dimension == dimension]
    return (same or states)[0]


def _state(cells: Cells, values: Any, variable: str | None, call: str) -> str:
    model = cells.model
    if not isinstance(model, Model):
        raise WiringError(
            f"{call}: {cells.name!r} is a source of spikes; it has no state to hold",
            mend="clamp a population of a model",
        )
    if model.crossing == "exact":
        raise WiringError(
            f'{call}: {cells.name!r} has crossing="exact": its cells go from event to event, and a '
            "clamp sets them in every step",
            mend='write crossing="linear" in the model',
        )
    states = [e.name for e in model.differential]
    states += [n for n in sorted(model.written_parameters) if n not in states]
    if not states:
        raise WiringError(f"{call}: {model.name} has no state to hold",
                          mend=f"set the parameter, {cells.name}.name = value")  # fmt: skip
    if variable is None and len(states) > 1:
        meant = _fitting(model, states, values)
        raise WiringError(
            f"{call}: {cells.name!r} has several states; say which",
            expected=f"one of: {', '.join(states)}",
            mend=f"write net.clamp({cells.name}, {_amount(values, model.unit_of(meant))}, "
            f'variable="{meant}")',
        )
    if variable is not None and variable not in states:
        close = did_you_mean(str(variable), states)
        ending = f"; did you mean variable={close!r}?" if close else ""
        raise UnknownNameError(
            f"{call}: {cells.name!r} has no state {variable!r}{ending}",
            mend=f"it has: {', '.join(states)}",
        )
    return states[0] if variable is None else variable
