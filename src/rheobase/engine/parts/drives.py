"""Drives: events delivered straight to cells."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    D_DRAWN,
    D_SKIP,
    DENSE,
    EACH64,
    EVENT_BUFFER,
    K_EVENTS,
    N_CONTROL,
    PART,
    V_ARRIVE,
    V_CELLS,
    V_COUNT,
    V_COUNTED,
    V_CURSOR,
    V_DENSE,
    V_DRAW,
    V_EVENT_CELLS,
    V_EVENT_WEIGHTS,
    V_EVENTS,
    V_IDS,
    V_KIND,
    V_NUMBERS,
    V_STEPS,
    V_SUM,
    V_SUMS,
    V_TABLE,
    V_TOUCHED,
    V_WEIGHTS,
)
from rheobase.engine.parts.common import draw_counts, due, inner, own_count
from rheobase.rendering.intrinsics import call_kernel7, float64_view, int32_view, int64_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def count_events(drive, draw, drawn, step):
    """Count the events of a drive in a step: given times, or Poisson processes."""
    steps = load(drive, V_STEPS)
    if steps == 0:
        draw_counts(draw, step)
        return
    for m in range(drawn.size):
        drawn[m] = 0
    count = load(drive, V_EVENTS)
    begin = due(steps, count, load(drive, V_CURSOR), step)
    end = due(steps, count, begin, step + 1)
    store(drive, V_CURSOR, begin)
    ids = int32_view(load(drive, V_IDS), 0, end)
    for e in range(begin, end):
        drawn[ids[e]] += 1


@inner
def run_events(drive, drawn, step):
    """Run the events of a drive at an event port, in order of cells, buffer by buffer."""
    cells = int32_view(load(drive, V_CELLS), 0, load(drive, V_COUNT))
    stride = np.int64(load(drive, V_KIND) == EACH64)
    weights = float64_view(load(drive, V_WEIGHTS), 0, cells.size)
    buffer = int32_view(load(drive, V_EVENT_CELLS), 0, EVENT_BUFFER)
    chosen = float64_view(load(drive, V_EVENT_WEIGHTS), 0, EVENT_BUFFER)
    filled, n = 0, 0
    while n < drawn.size:
        if drawn[n] > 0:
            drawn[n] -= 1
            buffer[filled] = cells[n]
            chosen[filled] = weights[n * stride]
            filled += 1
        else:
            n += 1
        if filled == EVENT_BUFFER or (filled > 0 and n == drawn.size):
            call_kernel7(
                load(drive, V_ARRIVE), load(drive, V_TABLE), load(drive, V_NUMBERS),
                load(drive, V_EVENT_CELLS), load(drive, V_EVENT_WEIGHTS), filled, step, 0,
            )  # fmt: skip
            filled = 0


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(drive, network, column, table_row, step):
    """Deliver the events of one drive; list the cells touched, unless most of them are."""
    control = load(network, N_CONTROL)
    draw = load(drive, V_DRAW)
    drawn = int64_view(load(draw, D_DRAWN), load(draw, D_SKIP), own_count(draw))
    store(control, K_EVENTS, 0)
    if load(drive, V_COUNTED) == 0:
        count_events(drive, draw, drawn, step)
    if load(drive, V_SUM) == 0:
        run_events(drive, drawn, step)
        return
    cells = int32_view(load(drive, V_CELLS), 0, drawn.size)
    stride = np.int64(load(drive, V_KIND) == EACH64)
    weights = float64_view(load(drive, V_WEIGHTS), 0, drawn.size)
    sums = float64_view(load(drive, V_SUM), 0, load(drive, V_SUMS))
    if load(drive, V_DENSE) != 0:
        for m in range(drawn.size):
            sums[cells[m]] += np.float64(drawn[m]) * weights[m * stride]
        store(control, K_EVENTS, DENSE)
        return
    touched = int32_view(load(drive, V_TOUCHED), 0, drawn.size)
    count = 0
    for m in range(drawn.size):
        if drawn[m] != 0:
            sums[cells[m]] += np.float64(drawn[m]) * weights[m * stride]
            touched[count] = cells[m]
            count += 1
    store(control, K_EVENTS, count)
