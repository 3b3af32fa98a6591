"""Synapses that change: spikes of their cells, and rewards, after all arrivals of a step."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import N_PEERS, N_POPULATIONS, N_THREADS, P_WIDTH, PART, WORD
from rheobase.engine.parts.columns import P_IDS as IDS
from rheobase.engine.parts.columns import P_STARTS as STARTS
from rheobase.engine.parts.plastic_columns import (
    B_AMOUNT,
    B_DELAY,
    B_KERNEL,
    B_NUMBERS,
    B_SINCE,
    B_SLICES,
    B_SOURCE,
    B_STARTS,
    B_TABLE,
    X_CELLS,
    X_COLUMNS,
    X_KERNEL,
    X_LO,
    X_NUMBERS,
    X_TABLE,
)
from rheobase.rendering.intrinsics import call_kernel7, int32_view
from rheobase.rendering.intrinsics import load_address as load


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def on_post(row, network, column, table_row, step):
    """Run `on_post` for the synapses of the cells of a thread that spiked in this step."""
    cells = load(network, N_POPULATIONS) + WORD * P_WIDTH * load(row, X_CELLS)
    starts, lo, columns = load(cells, STARTS), load(row, X_LO), load(row, X_COLUMNS)
    at = load(starts, column)
    ids = int32_view(load(cells, IDS), at, load(starts, column + 1) - at)
    for n in range(ids.size):
        begin = load(columns, ids[n] - lo)
        count = load(columns, ids[n] - lo + 1) - begin
        if count > 0:
            call_kernel7(
                load(row, X_KERNEL), load(row, X_TABLE), load(row, X_NUMBERS), ids[n], begin,
                count, step, 0,
            )  # fmt: skip


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def reward(row, network, column, table_row, step):
    """Run `on_reward` for all synapses of a thread, once for each spike that is a reward now."""
    delay = load(row, B_DELAY)
    if step - delay < load(row, B_SINCE):
        return
    spikes = 0
    for thread in range(load(network, N_THREADS)):
        source = load(load(network, N_PEERS), thread) + WORD * P_WIDTH * load(row, B_SOURCE)
        starts = load(source, STARTS)
        spikes += load(starts, column - delay + 1) - load(starts, column - delay)
    starts = load(row, B_STARTS)
    for _ in range(spikes):
        for s in range(load(row, B_SLICES)):
            begin = load(starts, s)
            count = load(starts, s + 1) - begin
            if count > 0:
                call_kernel7(
                    load(row, B_KERNEL), load(row, B_TABLE), load(row, B_NUMBERS), s, begin,
                    count, step, load(row, B_AMOUNT),
                )  # fmt: skip
