"""Sources of spikes that are Poisson processes."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    D_DRAWN,
    D_SIZE,
    K_LACKING,
    K_POPULATION,
    K_REASON,
    N_CONTROL,
    P_CAPACITY,
    P_DRAW,
    P_IDS,
    P_PLACE,
    P_STARTS,
    PART,
    ROOM,
)
from rheobase.engine.parts.common import draw_counts
from rheobase.rendering.intrinsics import int32_view, int64_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def emit(population, network, column, table_row, step):
    """List the spikes of a step. Doing it again, after room was made, gives the same."""
    starts, draw = load(population, P_STARTS), load(population, P_DRAW)
    at = load(starts, column)
    draw_counts(draw, step)
    drawn = int64_view(load(draw, D_DRAWN), 0, load(draw, D_SIZE))
    spikes = 0
    for i in range(drawn.size):
        spikes += drawn[i]
    store(starts, column + 1, at + spikes)
    lacking = at + spikes - load(population, P_CAPACITY)
    if lacking > 0:
        control = load(network, N_CONTROL)
        store(control, K_REASON, ROOM)
        store(control, K_POPULATION, load(population, P_PLACE))
        store(control, K_LACKING, lacking)
        return
    ids = int32_view(load(population, P_IDS), at, spikes)
    place = 0
    for i in range(drawn.size):
        for _ in range(drawn[i]):
            ids[place] = i
            place += 1
