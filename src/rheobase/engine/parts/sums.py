"""Drives whose counts are added to the sums of neighboring cells as soon as they are drawn."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    D_COLUMNS,
    D_COUNTS,
    D_FILL,
    D_HI,
    D_INTERVALS,
    D_LENGTH,
    D_LO,
    D_SEED,
    D_STREAM,
    DENSE,
    EACH64,
    K_EVENTS,
    N_CONTROL,
    PART,
    V_DRAW,
    V_KIND,
    V_SUM,
    V_WEIGHTS,
    WORD,
)
from rheobase.rendering.intrinsics import call_kernel11, select
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(drive, network, column, table_row, step):
    """Add the Poisson counts of a step, times their weights, to the sums from V_SUM on."""
    draw, control = load(drive, V_DRAW), load(network, N_CONTROL)
    interval = step // load(draw, D_LENGTH)
    store(control, K_EVENTS, 0)
    if interval < 0 or interval >= load(draw, D_INTERVALS):
        return
    lo, hi, columns = load(draw, D_LO), load(draw, D_HI), load(draw, D_COLUMNS)
    first = interval * columns + select(columns > 1, lo, 0)
    call_kernel11(
        load(draw, D_FILL), load(draw, D_SEED), load(draw, D_STREAM), lo, hi, step, 0,
        load(draw, D_COUNTS) + WORD * first, select(columns > 1, hi - lo, 1),
        load(drive, V_WEIGHTS), select(load(drive, V_KIND) == EACH64, hi - lo, 1),
        load(drive, V_SUM),
    )  # fmt: skip
    store(control, K_EVENTS, DENSE)
