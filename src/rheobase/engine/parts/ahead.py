"""Delivery ahead of time: what earlier spikes bring about in the next few steps, in one go.

The synapses of a source are sorted by delay, so those due in neighboring steps stand side by side.
At the first step of a block all that spikes of earlier steps bring about in any of its steps is
added to sums of their own, oldest spikes first; in each step only spikes of the block itself are
left to deliver, which are the newest. Every sum has its additions in the order it has step by step.
Memory is read in fewer and longer pieces.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    A_WIDTH,
    AHEAD,
    B_APPLIES,
    B_APPLIES_BYTES,
    B_CHUNK_ROWS,
    B_CHUNKS,
    B_DRIVES,
    B_DRIVES_BYTES,
    B_FIRST,
    B_LENGTH,
    B_LINES,
    B_LINES_BYTES,
    B_STRIDE,
    E_DELAY,
    E_WIDTH,
    K_END,
    K_LISTED,
    K_PENDING,
    K_TOTAL,
    L_DELAYS,
    L_START_BYTES,
    L_STARTS,
    L_STEP,
    L_TARGET_BYTES,
    L_TARGETS,
    L_WEIGHTS,
    L_WIDTH,
    N_APPLIES,
    N_CONTROL,
    N_DRIVES,
    N_ENTRIES,
    N_LINES,
    N_PEERS,
    N_SLICE_ROWS,
    N_SLICES,
    N_THREADS,
    P_IDS,
    P_STARTS,
    P_WIDTH,
    PART,
    S_LINE,
    S_SLICE,
    S_WIDTH,
    T_AHEAD,
    T_APPLIES,
    T_DELAYED,
    T_ENTRIES,
    U_AGE,
    U_COUNT,
    U_DELAYS,
    U_LINE,
    U_PLACE,
    U_SINCE,
    U_SOURCE,
    U_UNTIL,
    U_WIDTH,
    WORD,
)
from rheobase.engine.parts.common import inner
from rheobase.engine.parts.delivery import add_dense, deliver_drives, deliver_entries
from rheobase.engine.parts.slices import add_slice
from rheobase.rendering.intrinsics import int32_view, int64_view, prefetch, select, uint32_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store

FETCHED = 6  # chunks that are asked for before the first of them is read
LONGEST = 384  # synapses of a chunk that are asked for; the processor foresees the rest


@inner
def bound(starts, size, place):
    """Return entry `place` of a table of starts."""
    if size == 4:
        return np.int64(uint32_view(starts, place, 1)[0])
    return load(starts, place)


@inner
def open_chunk(piece, chunks, lines):
    """Read where a chunk begins and ends, and ask for its synapses."""
    chunk = chunks + WORD * U_WIDTH * load(piece, S_LINE)
    line = lines + WORD * L_WIDTH * load(chunk, U_LINE)
    starts, size = load(piece, S_SLICE), load(line, L_START_BYTES)
    first = bound(starts, size, 0)
    count = bound(starts, size, load(chunk, U_COUNT)) - first
    count = select(count < LONGEST, count, LONGEST)
    size, step = load(line, L_TARGET_BYTES), load(line, L_STEP)
    target, weight = load(line, L_TARGETS) + size * first, load(line, L_WEIGHTS) + step * first
    for n in range(0, size * count, 64):
        prefetch(target + n)
    for n in range(0, step * count, 64):
        prefetch(weight + n)


@inner
def spread_chunk(piece, chunks, lines, ahead):
    """Add the slices of a chunk to the sums of their steps."""
    chunk = chunks + WORD * U_WIDTH * load(piece, S_LINE)
    line = lines + WORD * L_WIDTH * load(chunk, U_LINE)
    starts, size, count = load(piece, S_SLICE), load(line, L_START_BYTES), load(chunk, U_COUNT)
    delays = int64_view(load(chunk, U_DELAYS), load(chunk, U_PLACE), count)
    length, stride = load(ahead, B_LENGTH), load(ahead, B_STRIDE)
    first = bound(starts, size, 0)
    for q in range(count):
        end = bound(starts, size, q + 1)
        later = delays[q] - load(chunk, U_AGE)
        if later >= length:
            return
        if end > first:
            add_slice(line, first, end - first, later * stride)
        first = end


@inner
def spread_listed(ahead, network, listed):
    """Deliver the chunks that are listed."""
    slices, chunks = load(network, N_SLICES), load(ahead, B_CHUNKS)
    lines = load(ahead, B_LINES)
    for s in range(listed + FETCHED):
        if s < listed:
            open_chunk(slices + WORD * S_WIDTH * s, chunks, lines)
        if s >= FETCHED:
            spread_chunk(slices + WORD * S_WIDTH * (s - FETCHED), chunks, lines, ahead)


@inner
def spread(ahead, network, column, step):
    """Deliver what spikes of earlier steps bring about in the steps of a block."""
    listed = 0
    for c in range(load(ahead, B_CHUNK_ROWS)):
        chunk = load(ahead, B_CHUNKS) + WORD * U_WIDTH * c
        age = load(chunk, U_AGE)
        if step - age < load(chunk, U_SINCE) or step - age >= load(chunk, U_UNTIL):
            continue
        line = load(ahead, B_LINES) + WORD * L_WIDTH * load(chunk, U_LINE)
        width, size, starts = load(line, L_DELAYS), load(line, L_START_BYTES), load(line, L_STARTS)
        for thread in range(load(network, N_THREADS)):
            source = load(load(network, N_PEERS), thread) + WORD * P_WIDTH * load(chunk, U_SOURCE)
            begin, end = (
                load(load(source, P_STARTS), column - age),
                load(load(source, P_STARTS), column - age + 1),
            )
            ids = int32_view(load(source, P_IDS), begin, end - begin)
            for n in range(end - begin):
                if listed == load(network, N_SLICE_ROWS):
                    spread_listed(ahead, network, listed)
                    listed = 0
                start = starts + size * (ids[n] * width + load(chunk, U_PLACE))
                prefetch(start)
                piece = load(network, N_SLICES) + WORD * S_WIDTH * listed
                store(piece, S_LINE, c)
                store(piece, S_SLICE, start)
                listed += 1
    spread_listed(ahead, network, listed)


@inner
def enter(ahead, network, column, step):
    """Begin a block, if a step is the first of one; let the tables be those of the step."""
    later = step - load(ahead, B_FIRST)
    if later < 0 or later >= load(ahead, B_LENGTH):
        left = load(load(network, N_CONTROL), K_END) - step
        store(ahead, B_FIRST, step)
        store(ahead, B_LENGTH, select(left < AHEAD, left, AHEAD))
        spread(ahead, network, column, step)
        later = 0
    store(network, N_LINES, load(ahead, B_LINES) + later * load(ahead, B_LINES_BYTES))
    store(network, N_DRIVES, load(ahead, B_DRIVES) + later * load(ahead, B_DRIVES_BYTES))
    store(network, N_APPLIES, load(ahead, B_APPLIES) + later * load(ahead, B_APPLIES_BYTES))
    return later


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(target, network, column, table_row, step):
    """Deliver all that is due at the cells of a thread, then add up what arrived."""
    control = load(network, N_CONTROL)
    later = enter(load(target, T_AHEAD), network, column, step)
    store(control, K_LISTED, 0)
    store(control, K_PENDING, 0)
    store(control, K_TOTAL, 0)
    first, last = 0, load(target, T_DELAYED)
    while first < last and (
        load(load(network, N_ENTRIES) + WORD * E_WIDTH * first, E_DELAY) > later
    ):
        first += 1  # spikes of before the block
    for phase in range(2):  # once in the text: it is compiled into this function
        if phase == 1:
            deliver_drives(target, network, column, table_row, step)
            first, last = last, load(target, T_ENTRIES)
        deliver_entries(first, last, network, column, step, step + phase)
    for a in range(load(target, T_APPLIES)):
        add_dense(load(network, N_APPLIES) + WORD * A_WIDTH * a, step)
