"""Sources of spikes at given times."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    P_CAPACITY,
    P_COUNT,
    P_CURSOR,
    P_IDS,
    P_OFFSETS,
    P_PLACE,
    P_STARTS,
    P_STEPS,
    P_TIMES,
    P_TRAINS,
    PART,
    SPIKES,
)
from rheobase.engine.parts.common import ask_for_room, due
from rheobase.rendering.intrinsics import float64_view, int32_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def emit(population, network, column, table_row, step):
    """List the spikes of a step."""
    starts = load(population, P_STARTS)
    at = load(starts, column)
    steps, count = load(population, P_STEPS), load(population, P_COUNT)
    begin = due(steps, count, load(population, P_CURSOR), step)
    spikes = due(steps, count, begin, step + 1) - begin
    store(population, P_CURSOR, begin)
    store(starts, column + 1, at + spikes)
    if at + spikes > load(population, P_CAPACITY):
        ask_for_room(network, SPIKES, load(population, P_PLACE), at + spikes)
        if at + spikes > load(population, P_CAPACITY):
            return
    ids = int32_view(load(population, P_IDS), at, spikes)
    trains = int32_view(load(population, P_TRAINS), begin, spikes)
    for n in range(spikes):
        ids[n] = trains[n]
    if load(population, P_TIMES) != 0:
        offsets = float64_view(load(population, P_OFFSETS), at, spikes)
        times = float64_view(load(population, P_TIMES), begin, spikes)
        for n in range(spikes):
            offsets[n] = times[n]
