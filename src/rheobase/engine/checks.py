"""What a plan has to fulfill before compiled code, which checks nothing, reads its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.plan import (
    AnyArray,
    ContinuousPlan,
    InputPlan,
    NetworkPlan,
    ProjectionPlan,
    SourcePlan,
)
from rheobase.errors import InternalError


def check(plan: NetworkPlan) -> None:
    """Verify that every index of a plan points into the array it is meant for.

    Raises
    ------
    InternalError
        The simulation made a plan that is wrong: our bug, never the user's.
    """
    for source in plan.populations:
        if isinstance(source, SourcePlan):
            _events(source.name, source, source.size)
    for projection in plan.projections:
        _projection(plan, projection)
    for coupling in plan.continuous:
        _coupling(plan, coupling)
    for n, item in enumerate(plan.inputs):
        _input(plan, f"input {n}", item)
    for n, drive in enumerate(plan.drives):
        name = f"drive {n}"
        _within(name, "cells", drive.cells, facts.model(plan, drive.target).size)
        _events(name, drive, drive.cells.size)
        _weights(name, drive.weights, drive.cells.size)
    for n, clamp in enumerate(plan.clamps):
        name = f"clamp {n}"
        _within(name, "cells", clamp.cells, facts.model(plan, clamp.target).size)
        _that(clamp.values.size in (1, clamp.cells.size), name, "one value, or one a cell")
    for record in plan.records:
        size = facts.model(plan, record.population).size
        _within(record.name, "cells", record.cells, size)
        _that(record.every_steps >= 1, record.name, "samples come at least a step apart")


def _that(condition: bool | np.bool_, name: str, text: str) -> None:
    if not condition:
        raise InternalError(f"{name}: {text}")


def _within(name: str, what: str, places: AnyArray, size: int) -> None:
    """Verify that indices lie in 0 .. size."""
    if places.size:
        fits = places.min() >= 0 and places.max() < size
        _that(fits, name, f"{what} lie in {places.min()} ... {places.max()} of {size}")


def _rows(name: str, rows: AnyArray, size: int, count: int) -> None:
    """Verify the beginnings of `size` rows of `count` synapses."""
    _that(rows.shape == (size + 1,), name, f"{rows.size} beginnings of rows for {size} cells")
    _that(rows[0] == 0 and rows[-1] == count, name, f"rows end at {rows[-1]} of {count} synapses")
    _that(bool(np.all(rows[1:] >= rows[:-1])), name, "a row ends before it begins")


def _weights(name: str, weights: dict[str, AnyArray], count: int) -> None:
    for variable, array in weights.items():
        fits = array.shape in ((1,), (count,))
        _that(fits, name, f"{array.shape} weights on {variable!r} for {count} synapses")


def _projection(plan: NetworkPlan, projection: ProjectionPlan) -> None:
    name, count = projection.name, projection.targets.size
    size = plan.populations[projection.source].size
    _rows(name, projection.row_start, size, count)
    _within(name, "targets", projection.targets, facts.model(plan, projection.target).size)
    _weights(name, projection.weights, count)
    delays = projection.delays
    _that(bool(np.all(delays[1:] > delays[:-1])), name, "delays do not ascend")
    _that(not delays.size or delays[0] >= 0, name, "a delay is negative")
    _that(delays.size > 0 or count == 0, name, "synapses have no delay")
    if delays.size > 1:
        slices = projection.slice_start
        _that(slices is not None, name, "several delays and no slices")
        assert slices is not None
        _that(slices.shape == (size, delays.size + 1), name, f"slices of shape {slices.shape}")
        begin, end = projection.row_start[:-1], projection.row_start[1:]
        whole = np.array_equal(slices[:, 0], begin) and np.array_equal(slices[:, -1], end)
        _that(whole, name, "the slices of a row do not make up the row")
        _that(bool(np.all(slices[:, 1:] >= slices[:, :-1])), name, "a slice ends before it begins")


def _coupling(plan: NetworkPlan, coupling: ContinuousPlan) -> None:
    name, count = coupling.name, coupling.sources.size
    target = facts.model(plan, coupling.target)
    _rows(name, coupling.row_start, target.size, count)
    _within(name, "sources", coupling.sources, facts.model(plan, coupling.source).size)
    _weights(name, {coupling.input_array: coupling.weights}, count)
    _that(coupling.delay_steps.shape in ((1,), (count,)), name, "delays do not fit the synapses")
    _that(coupling.delay_steps.min(initial=0) >= 0, name, "a delay is negative")


def _input(plan: NetworkPlan, name: str, item: InputPlan) -> None:
    population = facts.model(plan, item.target)
    _that(item.array in population.arrays, name, f"there is no array {item.array!r}")
    inputs = facts.arrays_with_role(population, "input")
    _that(item.mode == "set" or item.array in inputs, name, f"{item.array!r} is no input variable")
    count = population.size
    if item.cells is not None:
        count = item.cells.size
        _within(name, "cells", item.cells, population.size)
    _that(item.amplitude.shape in ((1,), (count,)), name, "amplitudes do not fit the cells")
    if item.kind == "ou":
        expected = (facts.noise_size(plan, item),)
        fits = item.state is None or item.state.shape == expected
        _that(fits, name, f"states of noise do not have shape {expected}")
    elif item.columns is not None:
        _that(item.columns.shape == (count,), name, "columns do not fit the cells")
        _within(name, "columns", item.columns, facts.waveform_values(item, 0, 1).shape[1])


def _events(name: str, part: Any, size: int) -> None:
    """Verify given times, or the expected counts of Poisson processes."""
    if part.kind == "poisson":
        fits = part.counts.ndim == 2 and part.counts.shape[1] in (1, size)
        _that(fits, name, f"expected counts of shape {part.counts.shape} for {size} trains")
        _that(part.interval_steps >= 1, name, "intervals are shorter than a step")
        return
    _that(part.steps.shape == part.ids.shape, name, "as many steps as trains are needed")
    _within(name, "trains", part.ids, size)
    order = np.lexsort((part.ids, part.steps))
    _that(np.array_equal(order, np.arange(order.size)), name, "events are not sorted")
    if part.offsets is not None:
        _that(part.offsets.shape == part.steps.shape, name, "as many offsets as steps are needed")
