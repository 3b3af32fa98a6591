"""Synapses that change: spikes of their cells, and rewards, after all arrivals of a step."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
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
    M_CELLS,
    M_COLUMNS,
    M_COUNT,
    M_LO,
    M_POSITIONS,
    M_SLICE_OF,
    M_SLICES,
    M_START_BYTES,
    M_STARTS,
    M_TARGETS,
    X_CELLS,
    X_COLUMNS,
    X_KERNEL,
    X_LO,
    X_NUMBERS,
    X_SPANS,
    X_TABLE,
)
from rheobase.rendering.intrinsics import call_kernel7, int32_view, int64_view, uint32_view
from rheobase.rendering.intrinsics import load_address as load


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def index(job, a, b, c, d):
    """List where the synapses of each cell are stored, and in which slices: a sort by counting."""
    cells, lo, total = load(job, M_CELLS), load(job, M_LO), load(job, M_COUNT)
    targets = uint32_view(load(job, M_TARGETS), 0, total)
    columns = int64_view(load(job, M_COLUMNS), 0, cells + 1)
    positions = uint32_view(load(job, M_POSITIONS), 0, total)
    slice_of = uint32_view(load(job, M_SLICE_OF), 0, total)
    slices = load(job, M_SLICES)
    wide = int64_view(load(job, M_STARTS), 0, slices + 1)
    narrow = uint32_view(load(job, M_STARTS), 0, slices + 1)
    short = load(job, M_START_BYTES) == 4
    for p in range(total):
        columns[targets[p] - lo + 1] += 1
    for j in range(cells):
        columns[j + 1] += columns[j]
    for s in range(slices):
        begin, end = wide[s], wide[s + 1]
        if short:
            begin, end = np.int64(narrow[s]), np.int64(narrow[s + 1])
        for p in range(begin, end):
            j = targets[p] - lo
            q = columns[j]  # becomes where the next one begins, and is moved back below
            positions[q] = p
            slice_of[q] = s
            columns[j] = q + 1
    for j in range(cells, 0, -1):
        columns[j] = columns[j - 1]
    columns[0] = 0


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def on_post(row, network, column, table_row, step):
    """Run `on_post` for the synapses of the cells of a thread that spiked in this step."""
    cells = load(network, N_POPULATIONS) + WORD * P_WIDTH * load(row, X_CELLS)
    starts, lo, columns = load(cells, STARTS), load(row, X_LO), load(row, X_COLUMNS)
    at = load(starts, column)
    ids = int32_view(load(cells, IDS), at, load(starts, column + 1) - at)
    spans = load(row, X_SPANS)
    for n in range(ids.size):
        first, end = np.int64(ids[n]), np.int64(ids[n]) + 1
        if spans != 0:
            first, end = load(spans, 2 * ids[n]), load(spans, 2 * ids[n] + 1)
        for target in range(first, end):
            begin = load(columns, target - lo)
            count = load(columns, target - lo + 1) - begin
            if count > 0:
                call_kernel7(
                    load(row, X_KERNEL), load(row, X_TABLE), load(row, X_NUMBERS), target, begin,
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
