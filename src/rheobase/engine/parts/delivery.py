"""Delivery: arrivals due at the cells of a thread, from slices of rows to variables."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    A_COUNT,
    A_HELD,
    A_HOLD,
    A_SUM,
    A_VARIABLE,
    A_WIDTH,
    DENSE,
    E_DELAY,
    E_LINE,
    E_PLACE,
    E_SINCE,
    E_SOURCE,
    E_UNTIL,
    E_WIDTH,
    FLAG,
    K_EVENTS,
    K_LISTED,
    K_PENDING,
    K_TOTAL,
    L_APPLY,
    L_DELAYS,
    L_FIRST,
    L_START_BYTES,
    L_STARTS,
    L_SUM,
    L_SUMS,
    L_TARGET_BYTES,
    L_TARGETS,
    L_WIDTH,
    N_APPLIES,
    N_CALENDAR,
    N_CONTROL,
    N_DRIVES,
    N_ENTRIES,
    N_LINES,
    N_PEERS,
    N_SLICES,
    N_THREADS,
    NEVER,
    P_IDS,
    P_STARTS,
    P_WIDTH,
    PART,
    RELEASE,
    S_BEGIN,
    S_END,
    S_LINE,
    S_SLICE,
    S_WIDTH,
    T_APPLIES,
    T_DELAYED,
    T_DRIVES,
    T_ENTRIES,
    T_SPARSE,
    V_DELIVER,
    V_LINE,
    V_WIDTH,
    WORD,
    X_APPEND,
    X_BEGIN,
    X_EMISSION,
    X_LINE,
    X_TAKE,
)
from rheobase.engine.parts.common import deposit_listed, inner, place_for_slice
from rheobase.rendering.intrinsics import (
    call_kernel5,
    float64_view,
    int32_view,
    int64_view,
    prefetch,
    select,
    uint8_view,
    uint16_view,
    uint32_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def take_from_calendar(network, emitted, line, step):
    """List what the calendar has for this step and comes before a line and its emission."""
    calendar = load(network, N_CALENDAR)
    first = load(calendar, X_EMISSION)
    if first < emitted or (first == emitted and load(calendar, X_LINE) < line):
        call_kernel5(load(calendar, X_TAKE), calendar, network, emitted, line, step)


@inner
def list_slices(entry, ids, network, step):
    """List the slices of one entry for some spikes."""
    place = load(entry, E_LINE)
    line = load(network, N_LINES) + WORD * L_WIDTH * place
    width, size, starts = load(line, L_DELAYS), load(line, L_START_BYTES), load(line, L_STARTS)
    for i in range(ids.size):
        which = ids[i] * width + load(entry, E_PLACE)
        start = starts + size * which
        prefetch(start)
        piece = load(network, N_SLICES) + WORD * S_WIDTH * place_for_slice(network, step)
        store(piece, S_LINE, place)
        store(piece, S_BEGIN, start)
        store(piece, S_SLICE, which)


@inner
def deliver_entries(first, last, network, column, step, limit):
    """Deliver what is due of some entries, and what the calendar has from steps before `limit`."""
    for e in range(first, last):
        entry = load(network, N_ENTRIES) + WORD * E_WIDTH * e
        delay = load(entry, E_DELAY)
        if step - delay < load(entry, E_SINCE) or step - delay >= load(entry, E_UNTIL):
            continue
        take_from_calendar(network, step - delay, load(entry, E_LINE), step)
        offset = WORD * P_WIDTH * load(entry, E_SOURCE)
        for thread in range(load(network, N_THREADS)):
            source = load(load(network, N_PEERS), thread) + offset
            bounds = int64_view(load(source, P_STARTS), column - delay, 2)
            if bounds[0] < bounds[1]:
                ids = int32_view(load(source, P_IDS), bounds[0], bounds[1] - bounds[0])
                list_slices(entry, ids, network, step)
    take_from_calendar(network, limit, np.int64(0), step)
    deposit_listed(network, step)


@inner
def add_dense(apply, step):
    """Add the sums of the cells of a thread to a variable, and zero them."""
    count = load(apply, A_COUNT)
    variable = float64_view(load(apply, A_VARIABLE), 0, count)
    sums = float64_view(load(apply, A_SUM), 0, count)
    held, hold = load(apply, A_HELD), load(apply, A_HOLD)
    if hold == FLAG:
        flags = uint8_view(held, 0, count)
        for i in range(count):
            sums[i] = select(flags[i] != 0, 0.0, sums[i])
    elif hold != NEVER:
        limit = select(hold == RELEASE, step, 0)
        holds = int64_view(held, 0, count)
        for i in range(count):
            sums[i] = select(holds[i] > limit, 0.0, sums[i])
    for i in range(count):
        variable[i] = select(sums[i] != 0.0, variable[i] + sums[i], variable[i])
        sums[i] = 0.0


@inner
def add_one(apply, cell, total, step):
    """Add the sum of one cell to its variable, unless the cell loses it."""
    held, hold = load(apply, A_HELD), load(apply, A_HOLD)
    lost = False
    if hold == FLAG:
        lost = uint8_view(held, cell, 1)[0] != 0
    elif hold != NEVER:
        lost = load(held, cell) > select(hold == RELEASE, step, 0)
    if not lost:
        float64_view(load(apply, A_VARIABLE), cell, 1)[0] += total


@inner
def add_sparse(network, step):
    """Add the sums of the targets of slices to their variables, each once, and zero them."""
    for s in range(load(load(network, N_CONTROL), K_LISTED)):
        piece = load(network, N_SLICES) + WORD * S_WIDTH * s
        line = load(network, N_LINES) + WORD * L_WIDTH * load(piece, S_LINE)
        if load(line, L_SUM) == 0:
            continue
        apply = load(network, N_APPLIES) + WORD * A_WIDTH * load(line, L_APPLY)
        begin, count = load(piece, S_BEGIN), load(piece, S_END) - load(piece, S_BEGIN)
        narrow = load(line, L_TARGET_BYTES) == 2
        few = uint16_view(load(line, L_TARGETS), begin, count)
        many = uint32_view(load(line, L_TARGETS), begin, count)
        sums = float64_view(load(line, L_SUM), 0, load(line, L_SUMS))
        first = load(line, L_FIRST)
        for m in range(count):
            t = np.uint64(few[m]) if narrow else np.uint64(many[m])
            total = sums[t]
            if total != 0.0:
                sums[t] = 0.0
                add_one(apply, np.int64(t) - first, total, step)


@inner
def deliver_drives(target, network, column, table_row, step):
    """Deliver the events of drives, and list the cells they touched."""
    control = load(network, N_CONTROL)
    for v in range(load(target, T_DRIVES)):
        drive = load(network, N_DRIVES) + WORD * V_WIDTH * v
        call_kernel5(load(drive, V_DELIVER), drive, network, column, table_row, step)
        count = load(control, K_EVENTS)
        if 0 < count < DENSE:
            place = place_for_slice(network, step)
            piece = load(network, N_SLICES) + WORD * S_WIDTH * place
            store(piece, S_LINE, load(drive, V_LINE))
            store(piece, S_BEGIN, 0)
            store(piece, S_END, count)
            store(control, K_PENDING, place + 1)  # they are delivered already
        store(control, K_TOTAL, load(control, K_TOTAL) + count)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(target, network, column, table_row, step):
    """Deliver all that is due at the cells of a thread, then add up what arrived."""
    calendar, control = load(network, N_CALENDAR), load(network, N_CONTROL)
    store(control, K_LISTED, 0)
    store(control, K_PENDING, 0)
    store(control, K_TOTAL, 0)
    first, last = 0, load(target, T_DELAYED)
    if load(calendar, X_BEGIN) != 0:
        call_kernel5(load(calendar, X_BEGIN), calendar, network, column, step, step)
    for phase in range(2):  # once in the text: it is compiled into this function
        if phase == 1:
            deliver_drives(target, network, column, table_row, step)
            first, last = last, load(target, T_ENTRIES)
            if load(calendar, X_APPEND) != 0:
                call_kernel5(load(calendar, X_APPEND), calendar, network, column, step, step)
        deliver_entries(first, last, network, column, step, step + phase)
    if load(control, K_TOTAL) <= load(target, T_SPARSE):
        add_sparse(network, step)
        return
    for a in range(load(target, T_APPLIES)):
        add_dense(load(network, N_APPLIES) + WORD * A_WIDTH * a, step)
