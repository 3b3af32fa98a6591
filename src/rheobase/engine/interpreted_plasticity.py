"""Synapses that change, in plain Python over NumPy arrays: the definition of what they do."""

from __future__ import annotations

import numpy as np

from rheobase.engine import facts
from rheobase.engine.plan import (
    FloatArray,
    Int32Array,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
)
from rheobase.engine.plasticity import PlasticPart, bind_connectivity
from rheobase.engine.synapse_plan import SynapsePlan
from rheobase.lowering.synapse_program import DELIVERED

Spikes = list[dict[int, Int32Array]]
_NOBODY = np.zeros(0, np.int32)


def bind(plan: NetworkPlan) -> None:
    """Lay out the synapses of a plan in one part, where something was set."""
    for projection in plan.projections:
        if projection.synapse is not None:
            size = plan.populations[projection.target].size
            bind_connectivity(projection, [(0, size)], size)


def arrive(
    plan: NetworkPlan, projection: ProjectionPlan, source: int, place: int, step: int
) -> None:
    """Let a spike of a source arrive at the synapses of its delay number `place`."""
    synapse, population = _parts(plan, projection)
    part = _part(synapse)
    rows = part.rows
    where = source * synapse.store.delays.size + place
    begin, end = int(rows.starts[where]), int(rows.starts[where + 1])
    if begin == end:
        return
    targets = rows.targets[begin:end]
    arrays = _arrays(plan, projection)
    delivered = synapse.kernels.on_pre(
        arrays, synapse.numbers, where, slice(begin, end), targets, step
    )
    if DELIVERED in delivered:
        population.kernels.arrive(
            projection.port, population.arrays, population.numbers, targets, delivered[DELIVERED],
            step,
        )  # fmt: skip


def after_arrivals(plan: NetworkPlan, spikes: Spikes, step: int) -> None:
    """Run `on_post` for the cells that spiked, then `on_reward`; by projection, in order."""
    plastic = [p for p in plan.projections if p.synapse is not None]
    for projection in plastic:
        synapse, _ = _parts(plan, projection)
        rows = _part(synapse).rows
        arrays = _arrays(plan, projection)
        for cell in spiking(projection, spikes, step):
            begin, end = rows.column_start[cell : cell + 2]
            if end > begin and synapse.program.has_post:
                positions = rows.positions[begin:end]
                slices = rows.slices[begin:end]
                synapse.kernels.on_post(arrays, synapse.numbers, cell, positions, slices, step)
    for projection in plastic:
        synapse, _ = _parts(plan, projection)
        for reward in synapse.rewards:
            if step - reward.delay < projection.since:
                continue
            for _ in spikes[reward.source].get(step - reward.delay, _NOBODY):
                _reward(_part(synapse), _arrays(plan, projection), synapse, step, reward.amount)


def spiking(projection: ProjectionPlan, spikes: Spikes, step: int) -> list[int]:
    """Return the targets of a projection for which `on_post` is to run in a step, in order."""
    assert projection.synapse is not None
    post = projection.synapse.post
    if post is None:
        return list(map(int, spikes[projection.target].get(step, _NOBODY)))
    cells = spikes[post.population].get(step, _NOBODY)
    return [e for cell in cells for e in range(*post.spans[cell])]


def _reward(part: PlasticPart, arrays: dict[str, FloatArray], synapse: SynapsePlan, step: int,
            amount: float) -> None:  # fmt: skip
    rows = part.rows
    for where in np.flatnonzero(np.diff(rows.starts.astype(np.int64))):
        begin, end = int(rows.starts[where]), int(rows.starts[where + 1])
        synapse.kernels.on_reward(
            arrays, synapse.numbers, int(where), slice(begin, end), rows.targets[begin:end], step,
            amount,
        )  # fmt: skip


def _parts(plan: NetworkPlan, projection: ProjectionPlan) -> tuple[SynapsePlan, PopulationPlan]:
    assert projection.synapse is not None
    return projection.synapse, facts.model(plan, projection.target)


def _part(synapse: SynapsePlan) -> PlasticPart:
    part: PlasticPart = synapse.store.parts[0]
    return part


def _arrays(plan: NetworkPlan, projection: ProjectionPlan) -> dict[str, FloatArray]:
    """Return all arrays of a projection by name."""
    synapse, population = _parts(plan, projection)
    found = dict(_part(synapse).arrays)
    for array in synapse.program.arrays:
        if array.domain == "sum":
            found[array.name] = population.arrays[array.name]
        elif array.domain == "cell":
            own = array.name.removesuffix("_post")
            held = synapse.cells.get(array.name)
            found[array.name] = population.arrays[own] if held is None else held
    return found
