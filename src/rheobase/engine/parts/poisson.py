"""Sources of spikes that are Poisson processes."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    D_DRAWN,
    D_SKIP,
    P_CAPACITY,
    P_DRAW,
    P_IDS,
    P_LO,
    P_PLACE,
    P_STARTS,
    PART,
    SPIKES,
)
from rheobase.engine.parts.common import ask_for_room, draw_counts, own_count
from rheobase.rendering.intrinsics import int32_view, int64_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def emit(population, network, column, table_row, step):
    """List the spikes of a step."""
    starts, draw = load(population, P_STARTS), load(population, P_DRAW)
    at = load(starts, column)
    draw_counts(draw, step)
    drawn = int64_view(load(draw, D_DRAWN), load(draw, D_SKIP), own_count(draw))
    spikes = 0
    for i in range(drawn.size):
        spikes += drawn[i]
    store(starts, column + 1, at + spikes)
    if at + spikes > load(population, P_CAPACITY):
        ask_for_room(network, SPIKES, load(population, P_PLACE), at + spikes)
        if at + spikes > load(population, P_CAPACITY):
            return
    lo = load(population, P_LO)
    ids = int32_view(load(population, P_IDS), at, spikes)
    place = 0
    for i in range(drawn.size):
        for _ in range(drawn[i]):
            ids[place] = lo + i
            place += 1
