"""What a plan has to fulfill before compiled code, which checks nothing, reads its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.cables import CablePlan, cables
from rheobase.engine.detectors import DetectorPlan, detectors
from rheobase.engine.plan import (
    AnyArray,
    Connectivity,
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
    for projection in (*plan.projections, *plan.events):
        _projection(plan, projection)
    for coupling in plan.continuous:
        _coupling(plan, coupling)
    for n, item in enumerate(plan.inputs):
        _input(plan, f"input {n}", item)
    for n, drive in enumerate((*plan.drives, *plan.event_drives)):
        name = f"drive {n}"
        _within(name, "cells", drive.cells, facts.model(plan, drive.target).size)
        _events(name, drive, drive.cells.size)
        _weights(name, drive.weights, drive.cells.size)
    for n, clamp in enumerate(plan.clamps):
        name = f"clamp {n}"
        _within(name, "cells", clamp.cells, facts.model(plan, clamp.target).size)
        _that(clamp.values.size in (1, clamp.cells.size), name, "one value, or one a cell")
    for _, cable in cables(plan):
        _cable(plan, cable)
    for place, looking in detectors(plan):
        _detectors(plan, place, looking)
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


def check_connectivity(
    plan: NetworkPlan, projection: ProjectionPlan, synapses: Connectivity
) -> None:
    """Verify the synapses of a projection, once they are drawn.

    Raises
    ------
    InternalError
        They are not what the plan says: our bug, never the user's.
    """
    name, count = projection.name, synapses.targets.size
    _rows(name, synapses.row_start, plan.populations[projection.source].size, count)
    _that(synapses.targets.dtype == np.uint32, name, f"targets of {synapses.targets.dtype}")
    _within(name, "targets", synapses.targets, facts.model(plan, projection.target).size)
    same = tuple(synapses.weights) == tuple(projection.variables)
    _that(same, name, f"weights on {list(synapses.weights)} for {list(projection.variables)}")
    _weights(name, synapses.weights, count)
    delays = synapses.delays
    if isinstance(delays, np.ndarray):
        _that(delays.shape == (count,), name, f"{delays.size} delays for {count} synapses")
        real = any(projection is event for event in plan.events)
        kinds = (np.float64,) if real else (np.uint16, np.int32)
        _that(delays.dtype in kinds, name, f"delays of {delays.dtype}")
        _that(delays.min(initial=0) >= 0, name, "a delay is negative")
    else:
        _that(delays >= 0, name, "a delay is negative")


def _projection(plan: NetworkPlan, projection: ProjectionPlan) -> None:
    name, count = projection.name, len(plan.populations)
    _that(0 <= projection.source < count, name, f"source {projection.source} of {count}")
    size = facts.model(plan, projection.target).size
    post = None if projection.synapse is None else projection.synapse.post
    if post is not None:
        cells = facts.model(plan, post.population).size
        _that(post.spans.shape == (cells, 2), name, "one span of targets a cell is needed")
        fits = bool(np.all((post.spans >= 0) & (post.spans <= size)))
        _that(fits, name, f"spans of targets lie outside 0 ... {size}")
    shared = projection.shared_weights
    if shared is not None:
        same = tuple(shared) == tuple(projection.variables)
        _that(same, name, f"weights on {list(shared)} for {list(projection.variables)}")
        _weights(name, shared, 1)


def _cable(plan: NetworkPlan, cable: CablePlan) -> None:
    """Verify that patches are as laid out, and that points and sites are compartments."""
    name, lay = cable.name, cable.layout
    sizes = [facts.model(plan, place).size for place in cable.patches]
    _that(sizes == lay.sizes, name, f"patches of {sizes} elements for {lay.sizes}")
    for what in ("site", "threshold"):
        _that(getattr(cable, what).shape == (cable.size,), name, f"one {what} a cell is needed")
    _that(bool(np.all(lay.elements(np.arange(cable.size), cable.site)[0] >= 0)), name,
          "a site is no compartment")  # fmt: skip
    for point in cable.points:
        count = facts.model(plan, point.population).size
        fits = point.cells.shape == point.nodes.shape == (count,)
        _that(fits, name, "as many cells and nodes as points are needed")
        _within(name, "cells of points", point.cells, cable.size)
        _that(bool(np.all(np.diff(point.cells) >= 0)), name, "points are not ascending")
        patches, _ = lay.elements(point.cells, point.nodes)
        _that(bool(np.all(patches >= 0)), name, "points are at compartments, some are not")


def _detectors(plan: NetworkPlan, place: int, looking: DetectorPlan) -> None:
    """Verify that detectors look at compartments of cells that are updated before them."""
    name, cable = looking.name, plan.populations[looking.cable]
    _that(isinstance(cable, CablePlan) and looking.cable < place, name, "its cells come later")
    assert isinstance(cable, CablePlan)
    fits = looking.cells.shape == looking.nodes.shape == (looking.size,)
    _that(fits and looking.threshold.shape == (looking.size,), name, "one of each is needed")
    _within(name, "cells", looking.cells, cable.size)
    _that(bool(np.all(np.diff(looking.cells) >= 0)), name, "detectors are not ascending")
    patches, _ = cable.layout.elements(looking.cells, looking.nodes)
    _that(bool(np.all(patches >= 0)), name, "a detector is at no compartment")


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
