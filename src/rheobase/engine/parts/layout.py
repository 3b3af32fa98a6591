"""Laying out synapses: rows of one or several projections sorted by delay, for one thread."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    J_COUNT,
    J_CURSORS,
    J_DELAYS,
    J_PART,
    J_PARTS,
    J_PLACE_OF,
    J_SEEN,
    J_SOURCES,
    J_START_BYTES,
    J_STARTS,
    J_STEP_BYTES,
    J_STEPS,
    J_TARGET_BYTES,
    J_TARGETS,
    J_WRONG,
    PART,
    Q_DELAY_BYTES,
    Q_DELAYS,
    Q_HI,
    Q_LO,
    Q_ROWS,
    Q_SHIFT,
    Q_SIZE,
    Q_STORED,
    Q_TARGETS,
    Q_WEIGHT_BYTES,
    Q_WEIGHTS,
    Q_WIDTH,
    WORD,
)
from rheobase.engine.parts.common import first_not_below, inner
from rheobase.rendering.intrinsics import (
    int32_view,
    int64_view,
    uint8_view,
    uint16_view,
    uint32_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def delay_of(part, n):
    """Return the delay of a synapse in steps."""
    size = load(part, Q_DELAY_BYTES)
    if size == 0:
        return load(part, Q_DELAYS)
    if size == 2:
        return int(uint16_view(load(part, Q_DELAYS), n, 1)[0])
    return int(int32_view(load(part, Q_DELAYS), n, 1)[0])


@inner
def own(part, source):
    """Return where in the row of a source the synapses onto the thread's cells stand."""
    row = int64_view(load(part, Q_ROWS), source, 2)
    begin, end = row[0], row[1]
    targets = uint32_view(load(part, Q_TARGETS), 0, end)
    if load(part, Q_LO) > 0:
        begin = first_not_below(targets, begin, end, load(part, Q_LO))
    if load(part, Q_HI) < load(part, Q_SIZE):
        end = first_not_below(targets, begin, end, load(part, Q_HI))
    return begin, end


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def measure(job, a, b, c, d):
    """Count the synapses onto the thread's cells, mark their delays, check their targets."""
    count, wrong = 0, 0
    for q in range(load(job, J_PARTS)):
        part = load(job, J_PART) + WORD * Q_WIDTH * q
        delayed = load(part, Q_DELAY_BYTES) != 0
        for source in range(load(job, J_SOURCES)):
            begin, end = own(part, source)
            count += end - begin
            targets = uint32_view(load(part, Q_TARGETS), 0, end)
            last = load(part, Q_LO)
            for n in range(begin, end):
                wrong |= int(targets[n]) < last
                last = int(targets[n])
            wrong |= last >= load(part, Q_SIZE) and end > begin
            if delayed:
                for n in range(begin, end):
                    uint8_view(load(job, J_SEEN), delay_of(part, n), 1)[0] = 1
    store(job, J_COUNT, count)
    store(job, J_WRONG, wrong)


@inner
def put_start(job, at, value):
    """Set one entry of the beginnings of slices."""
    if load(job, J_START_BYTES) == 4:
        uint32_view(load(job, J_STARTS), at, 1)[0] = value
    else:
        store(load(job, J_STARTS), at, value)


@inner
def move(job, part, n, at):
    """Put synapse n of a projection into place `at` of storage."""
    target = int(uint32_view(load(part, Q_TARGETS), n, 1)[0]) + load(part, Q_SHIFT)
    if load(job, J_TARGET_BYTES) == 2:
        uint16_view(load(job, J_TARGETS), at, 1)[0] = target
    else:
        uint32_view(load(job, J_TARGETS), at, 1)[0] = target
    size = load(part, Q_WEIGHT_BYTES)
    if size == 4:
        weight = int32_view(load(part, Q_WEIGHTS), n, 1)[0]
        int32_view(load(part, Q_STORED), at, 1)[0] = weight
    elif size == 8:
        store(load(part, Q_STORED), at, load(load(part, Q_WEIGHTS), n))


@inner
def put_delay(job, at, delay):
    """Keep the delay of a synapse beside it."""
    if load(job, J_STEP_BYTES) == 2:
        uint16_view(load(job, J_STEPS), at, 1)[0] = delay
    else:
        int32_view(load(job, J_STEPS), at, 1)[0] = delay


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def place(job, a, b, c, d):
    """Sort the rows: by source, then delay, then projection, then as they come."""
    delays, parts = load(job, J_DELAYS), load(job, J_PARTS)
    cursors = int64_view(load(job, J_CURSORS), 0, delays)
    place_of, listed = load(job, J_PLACE_OF), load(job, J_STEPS) != 0
    at = 0
    for source in range(load(job, J_SOURCES)):
        for k in range(delays):
            cursors[k] = 0
        for q in range(parts):
            part = load(job, J_PART) + WORD * Q_WIDTH * q
            begin, end = own(part, source)
            if load(part, Q_DELAY_BYTES) == 0:
                cursors[int32_view(place_of, load(part, Q_DELAYS), 1)[0]] += end - begin
            else:
                for n in range(begin, end):
                    cursors[int32_view(place_of, delay_of(part, n), 1)[0]] += 1
        if listed:
            put_start(job, source, at)
        for k in range(delays):
            count = cursors[k]
            cursors[k] = at
            if not listed:
                put_start(job, source * delays + k, at)
            at += count
        for q in range(parts):
            part = load(job, J_PART) + WORD * Q_WIDTH * q
            begin, end = own(part, source)
            for n in range(begin, end):
                k = int32_view(place_of, delay_of(part, n), 1)[0]
                move(job, part, n, cursors[k])
                if listed:
                    put_delay(job, cursors[k], delay_of(part, n))
                cursors[k] += 1
    put_start(job, load(job, J_SOURCES) * (1 if listed else delays), at)
