"""Clamps: states and rates that are held at given values."""

from __future__ import annotations

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
from rheobase.units import to_si


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
    name = _state(cells, variable, call)
    assert isinstance(cells.model, Model)
    unit = cells.model.unit_of(name)
    example = "1" if unit.text == "1" else f"1*{unit.text}"
    paste = f"net.clamp({cells.name}, {example})"
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


def _state(cells: Cells, variable: str | None, call: str) -> str:
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
        raise WiringError(
            f"{call}: {cells.name!r} has several states; say which",
            expected=f"one of: {', '.join(states)}",
            mend=f'write variable="{states[0]}"',
        )
    if variable is not None and variable not in states:
        meant = did_you_mean(str(variable), states)
        ending = f"; did you mean variable={meant!r}?" if meant else ""
        raise UnknownNameError(
            f"{call}: {cells.name!r} has no state {variable!r}{ending}",
            mend=f"it has: {', '.join(states)}",
        )
    return states[0] if variable is None else variable
