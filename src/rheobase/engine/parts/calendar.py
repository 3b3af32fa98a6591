"""The calendar: slices of rows that are short for their delays, listed by the step they are due in.

When a source spikes, its row is gone through once and every slice entered under its step; rows
that are not stored are drawn then. What is due is taken out in the order it was entered in:
oldest emission first, then line, then source.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    CHUNK,
    FAR,
    N_PEERS,
    N_SLICES,
    N_THREADS,
    P_IDS,
    P_STARTS,
    P_WIDTH,
    PART,
    PIECES,
    POOL,
    S_BEGIN,
    S_END,
    S_LINE,
    S_SLICE,
    S_WIDTH,
    WORD,
    X_AT,
    X_BUCKETS,
    X_CHUNK,
    X_CHUNKS,
    X_EMISSION,
    X_FILLED,
    X_FREE,
    X_HEAD,
    X_HEADS,
    X_LINE,
    X_MARKS,
    X_NEXT,
    X_POOL_SIZE,
    X_POOL_TARGETS,
    X_POOL_WEIGHTS,
    X_ROW_COUNT,
    X_ROWS,
    X_TAIL,
    X_TAILS,
    Z_CURSORS,
    Z_DRAW,
    Z_HI,
    Z_LINE,
    Z_LINES,
    Z_LO,
    Z_LONGEST,
    Z_RECIPE,
    Z_SHIFT,
    Z_SHORTEST,
    Z_SINCE,
    Z_SOURCE,
    Z_STARTS,
    Z_STEP_BYTES,
    Z_STEPS,
    Z_TARGETS,
    Z_UNTIL,
    Z_WEIGHTS,
    Z_WIDTH,
)
from rheobase.engine.parts.common import ask_for_room, first_not_below, inner, place_for_slice
from rheobase.rendering.atomics import call_counting
from rheobase.rendering.intrinsics import (
    float64_view,
    int32_view,
    int64_view,
    uint16_view,
    uint32_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def new_chunk(calendar, network):
    """Return a chunk that is free, -1 if there is no memory."""
    if load(calendar, X_FREE) < 0:
        ask_for_room(network, PIECES, 0, 0)
    chunk = load(calendar, X_FREE)
    if chunk >= 0:
        follow = load(calendar, X_NEXT)
        store(calendar, X_FREE, load(follow, chunk))
        store(follow, chunk, -1)
    return chunk


@inner
def release(calendar, chunk):
    """Give a chunk back."""
    store(load(calendar, X_NEXT), chunk, load(calendar, X_FREE))
    store(calendar, X_FREE, chunk)


@inner
def enter(calendar, network, due, line, begin, end, emitted):
    """Enter a slice under the step it is due in."""
    bucket = due % load(calendar, X_BUCKETS)
    chunk, count = load(load(calendar, X_TAILS), bucket), load(load(calendar, X_FILLED), bucket)
    if chunk < 0 or count == CHUNK:
        added = new_chunk(calendar, network)
        if added < 0:
            return
        if chunk < 0:
            store(load(calendar, X_HEADS), bucket, added)
        else:
            store(load(calendar, X_NEXT), chunk, added)
        store(load(calendar, X_TAILS), bucket, added)
        chunk, count = added, 0
    piece = load(calendar, X_CHUNKS) + WORD * S_WIDTH * (CHUNK * chunk + count)
    store(piece, S_LINE, line)
    store(piece, S_BEGIN, begin)
    store(piece, S_END, end)
    store(piece, S_SLICE, emitted)
    store(load(calendar, X_FILLED), bucket, count + 1)


@inner
def look(calendar, step):
    """Tell which slice comes next in the bucket of this step."""
    bucket = step % load(calendar, X_BUCKETS)
    chunk, at = load(calendar, X_CHUNK), load(calendar, X_AT)
    if chunk < 0:
        chunk, at = load(load(calendar, X_HEADS), bucket), 0
    elif at == CHUNK and chunk != load(load(calendar, X_TAILS), bucket):
        after = load(load(calendar, X_NEXT), chunk)
        release(calendar, chunk)
        chunk, at = after, 0
    store(calendar, X_CHUNK, chunk)
    store(calendar, X_AT, at)
    store(calendar, X_EMISSION, FAR)
    if chunk < 0:
        return
    last = chunk == load(load(calendar, X_TAILS), bucket)
    if at < (load(load(calendar, X_FILLED), bucket) if last else CHUNK):
        piece = load(calendar, X_CHUNKS) + WORD * S_WIDTH * (CHUNK * chunk + at)
        store(calendar, X_EMISSION, load(piece, S_SLICE))
        store(calendar, X_LINE, load(piece, S_LINE))


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def begin(calendar, network, column, least, step):
    """Close the bucket of the step before, open that of this one, free what is past in the pool."""
    buckets = load(calendar, X_BUCKETS)
    if load(calendar, X_CHUNK) >= 0:
        release(calendar, load(calendar, X_CHUNK))
    past = (step - 1) % buckets
    store(load(calendar, X_HEADS), past, -1)
    store(load(calendar, X_TAILS), past, -1)
    store(load(calendar, X_FILLED), past, 0)
    store(calendar, X_CHUNK, -1)
    store(calendar, X_TAIL, load(load(calendar, X_MARKS), step % buckets))
    look(calendar, step)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def take(calendar, network, emitted, line, step):
    """List the slices of this step that come before a line and its emission."""
    while load(calendar, X_EMISSION) < emitted or (
        load(calendar, X_EMISSION) == emitted and load(calendar, X_LINE) < line
    ):
        at = load(calendar, X_AT)
        found = load(calendar, X_CHUNKS) + WORD * S_WIDTH * (CHUNK * load(calendar, X_CHUNK) + at)
        piece = load(network, N_SLICES) + WORD * S_WIDTH * place_for_slice(network, step)
        for word in range(S_WIDTH):
            store(piece, word, load(found, word))
        store(calendar, X_AT, at + 1)
        look(calendar, step)


@inner
def enter_stored(calendar, network, row, source, least, step):
    """Enter the slices of a stored row."""
    bounds = int64_view(load(row, Z_STARTS), source, 2)
    at, end = bounds[0], bounds[1]
    narrow = load(row, Z_STEP_BYTES) == 2
    few = uint16_view(load(row, Z_STEPS), 0, end)
    many = int32_view(load(row, Z_STEPS), 0, end)
    while at < end:
        delay = np.int64(few[at]) if narrow else np.int64(many[at])
        first = at
        at += 1
        while at < end and (np.int64(few[at]) if narrow else np.int64(many[at])) == delay:
            at += 1
        if step + delay >= least:
            for line in range(load(row, Z_LINES)):
                enter(calendar, network, step + delay, load(row, Z_LINE) + line, first, at, step)


@inner
def room_in_pool(calendar, count):
    """Return where as many synapses can be put in the ring, -1 if there is no room."""
    head, tail = load(calendar, X_HEAD), load(calendar, X_TAIL)
    if head < tail:
        return head if tail - head > count else -1
    if load(calendar, X_POOL_SIZE) - head > count:
        return head
    return 0 if tail > count else -1


@inner
def enter_drawn(calendar, network, row, source, least, step):
    """Draw a row, keep the synapses onto the thread's cells sorted by delay, enter its slices."""
    drawn = call_counting(
        load(row, Z_DRAW), load(row, Z_RECIPE), source, load(row, Z_TARGETS),
        load(row, Z_WEIGHTS), load(row, Z_STEPS),
    )  # fmt: skip
    targets = uint32_view(load(row, Z_TARGETS), 0, drawn)
    weights = float64_view(load(row, Z_WEIGHTS), 0, drawn)
    delays = int32_view(load(row, Z_STEPS), 0, drawn)
    first = first_not_below(targets, 0, drawn, load(row, Z_LO))
    end = first_not_below(targets, first, drawn, load(row, Z_HI))
    at = room_in_pool(calendar, end - first)
    if at < 0:
        ask_for_room(network, POOL, 0, end - first)
        at = room_in_pool(calendar, end - first)
        if at < 0:
            return
    store(calendar, X_HEAD, at + end - first)
    shortest = load(row, Z_SHORTEST)
    count = load(row, Z_LONGEST) - shortest + 1
    cursors = int64_view(load(row, Z_CURSORS), 0, count)
    for k in range(count):
        cursors[k] = 0
    for n in range(first, end):
        cursors[delays[n] - shortest] += 1
    for k in range(count):
        size = cursors[k]
        cursors[k] = at
        if size > 0 and step + shortest + k >= least:
            enter(calendar, network, step + shortest + k, load(row, Z_LINE), at, at + size, step)
        at += size
    shift = load(row, Z_SHIFT)
    kept = uint32_view(load(calendar, X_POOL_TARGETS), 0, at)
    values = float64_view(load(calendar, X_POOL_WEIGHTS), 0, at)
    for n in range(first, end):
        k = delays[n] - shortest
        kept[cursors[k]] = targets[n] + shift
        values[cursors[k]] = weights[n]
        cursors[k] += 1


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def append(calendar, network, column, least, step):
    """Enter what the spikes of a step bring about in step `least` and later ones."""
    for z in range(load(calendar, X_ROW_COUNT)):
        row = load(calendar, X_ROWS) + WORD * Z_WIDTH * z
        if step < load(row, Z_SINCE) or step >= load(row, Z_UNTIL):
            continue
        for thread in range(load(network, N_THREADS)):
            source = load(load(network, N_PEERS), thread) + WORD * P_WIDTH * load(row, Z_SOURCE)
            bounds = int64_view(load(source, P_STARTS), column, 2)
            ids = int32_view(load(source, P_IDS), bounds[0], bounds[1] - bounds[0])
            for i in range(ids.size):
                if load(row, Z_DRAW) != 0:
                    enter_drawn(calendar, network, row, ids[i], least, step)
                else:
                    enter_stored(calendar, network, row, ids[i], least, step)
    store(load(calendar, X_MARKS), step % load(calendar, X_BUCKETS), load(calendar, X_HEAD))
    look(calendar, step)
