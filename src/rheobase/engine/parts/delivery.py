"""Delivery: arrivals due at a population, from slices of rows to variables."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    A_HELD,
    A_HI,
    A_HOLD,
    A_LO,
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
    EACH64,
    FLAG,
    K_EVENTS,
    L_APPLY,
    L_ARRIVE,
    L_KIND,
    L_ROW_WIDTH,
    L_ROWS,
    L_STEP,
    L_SUM,
    L_TARGETS,
    L_WEIGHTS,
    L_WIDTH,
    N_APPLIES,
    N_CONTROL,
    N_DRIVES,
    N_ENTRIES,
    N_LINES,
    N_POPULATIONS,
    N_SLICE_ROWS,
    N_SLICES,
    NEVER,
    ONE,
    P_IDS,
    P_NUMBERS,
    P_SIZE,
    P_STARTS,
    P_TABLE,
    P_WIDTH,
    PART,
    PREFETCH,
    RELEASE,
    S_BEGIN,
    S_END,
    S_LINE,
    S_WIDTH,
    T_APPLY,
    T_APPLY_END,
    T_DELAYED,
    T_DRIVE,
    T_DRIVE_END,
    T_ENTRY_END,
    T_IMMEDIATE,
    T_POPULATION,
    T_SPARSE,
    V_DELIVER,
    V_LINE,
    V_WIDTH,
    WORD,
)
from rheobase.engine.parts.common import inner
from rheobase.rendering.intrinsics import (
    call_kernel5,
    call_kernel7,
    float32_view,
    float64_view,
    int32_view,
    int64_view,
    prefetch,
    select,
    uint8_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def deposit(slices, begin, end, lines, population, step):
    """Add the weights of slices to the accumulators of their targets, or run their events."""
    size = load(population, P_SIZE)
    for s in range(begin, end):
        piece = slices + WORD * S_WIDTH * s
        if s + PREFETCH < end:
            ahead = piece + WORD * S_WIDTH * PREFETCH
            there, first = lines + WORD * L_WIDTH * load(ahead, S_LINE), load(ahead, S_BEGIN)
            target = load(there, L_TARGETS) + 4 * first
            weight = load(there, L_WEIGHTS) + load(there, L_STEP) * first
            for n in range(0, 192, 64):  # the beginning; the processor foresees the rest
                prefetch(target + n)
                prefetch(weight + n)
        line, first = lines + WORD * L_WIDTH * load(piece, S_LINE), load(piece, S_BEGIN)
        count = load(piece, S_END) - first
        kind, address = load(line, L_KIND), load(line, L_WEIGHTS)
        sums = float64_view(load(line, L_SUM), 0, size)
        targets = int32_view(load(line, L_TARGETS), first, count)
        if load(line, L_SUM) == 0:
            call_kernel7(
                load(line, L_ARRIVE), load(population, P_TABLE), load(population, P_NUMBERS),
                load(line, L_TARGETS) + 4 * first, address + load(line, L_STEP) * first, count,
                step, kind,
            )  # fmt: skip
        elif kind == ONE:
            weight = float64_view(address, 0, 1)[0]
            for n in range(count):
                sums[np.uint64(targets[n])] += weight
        elif kind == EACH64:
            weights = float64_view(address, first, count)
            for n in range(count):
                sums[np.uint64(targets[n])] += weights[n]
        else:
            singles = float32_view(address, first, count)
            for n in range(count):
                sums[np.uint64(targets[n])] += np.float64(singles[n])


@inner
def collect(first, last, network, column, n, events, step):
    """List the slices that are due; return the next entry, and the slices and events so far.

    It stops before an entry whose slices may not fit.
    """
    slices, room = load(network, N_SLICES), load(network, N_SLICE_ROWS)
    for e in range(first, last):
        entry = load(network, N_ENTRIES) + WORD * E_WIDTH * e
        emitted = step - load(entry, E_DELAY)
        if emitted < load(entry, E_SINCE) or emitted >= load(entry, E_UNTIL):
            continue
        source = load(network, N_POPULATIONS) + WORD * P_WIDTH * load(entry, E_SOURCE)
        bounds = int64_view(load(source, P_STARTS), column - load(entry, E_DELAY), 2)
        spikes = bounds[1] - bounds[0]
        if spikes == 0:
            continue
        if n + spikes > room:
            return e, n, events
        place = load(entry, E_LINE)
        line = load(network, N_LINES) + WORD * L_WIDTH * place
        ids = int32_view(load(source, P_IDS), bounds[0], spikes)
        width = WORD * load(line, L_ROW_WIDTH)
        rows = load(line, L_ROWS) + WORD * load(entry, E_PLACE)
        for i in range(spikes):
            if i + PREFETCH < spikes:
                prefetch(rows + width * ids[i + PREFETCH])
            row = rows + width * ids[i]
            piece = slices + WORD * S_WIDTH * n
            store(piece, S_LINE, place)
            store(piece, S_BEGIN, load(row, 0))
            store(piece, S_END, load(row, 1))
            count = load(row, 1) - load(row, 0)
            n += select(count > 0, 1, 0)  # an empty one is written over
            events += count
    return last, n, events


@inner
def add_dense(apply, step):
    """Add the sums of a whole population to a variable, and zero them."""
    lo, count = load(apply, A_LO), load(apply, A_HI) - load(apply, A_LO)
    variable = float64_view(load(apply, A_VARIABLE), lo, count)
    sums = float64_view(load(apply, A_SUM), lo, count)
    held, hold = load(apply, A_HELD), load(apply, A_HOLD)
    if hold == FLAG:
        flags = uint8_view(held, lo, count)
        for i in range(count):
            sums[i] = select(flags[i] != 0, 0.0, sums[i])
    elif hold != NEVER:
        limit = select(hold == RELEASE, step, 0)
        holds = int64_view(held, lo, count)
        for i in range(count):
            sums[i] = select(holds[i] > limit, 0.0, sums[i])
    for i in range(count):
        variable[i] = select(sums[i] != 0.0, variable[i] + sums[i], variable[i])
        sums[i] = 0.0


@inner
def add_sparse(slices, n, lines, applies, step):
    """Add the sums of the targets of slices to their variables, each once, and zero them."""
    for s in range(n):
        piece = slices + WORD * S_WIDTH * s
        line = lines + WORD * L_WIDTH * load(piece, S_LINE)
        if load(line, L_SUM) == 0:
            continue
        apply = applies + WORD * A_WIDTH * load(line, L_APPLY)
        first, hi = load(piece, S_BEGIN), load(apply, A_HI)
        targets = int32_view(load(line, L_TARGETS), first, load(piece, S_END) - first)
        variable = float64_view(load(apply, A_VARIABLE), 0, hi)
        sums = float64_view(load(apply, A_SUM), 0, hi)
        held, hold = load(apply, A_HELD), load(apply, A_HOLD)
        holds, flags = int64_view(held, 0, hi), uint8_view(held, 0, hi)
        limit = select(hold == RELEASE, step, 0)
        for m in range(targets.size):
            t = np.uint64(targets[m])
            total = sums[t]
            if total == 0.0:
                continue
            sums[t] = 0.0
            lost = False
            if hold == FLAG:
                lost = flags[t] != 0
            elif hold != NEVER:
                lost = holds[t] > limit
            if not lost:
                variable[t] += total


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(target, network, column, table_row, step):
    """Deliver all that is due at one population, then add up what arrived."""
    lines, slices = load(network, N_LINES), load(network, N_SLICES)
    room = load(network, N_SLICE_ROWS)
    population = load(target, T_POPULATION)
    applies = load(network, N_APPLIES)
    n, events = np.int64(0), np.int64(0)  # not literals: one type for collect and deposit
    e, last = load(target, T_DELAYED), load(target, T_IMMEDIATE)
    for phase in range(2):
        if phase == 1:
            for v in range(load(target, T_DRIVE), load(target, T_DRIVE_END)):
                drive = load(network, N_DRIVES) + WORD * V_WIDTH * v
                call_kernel5(load(drive, V_DELIVER), drive, network, column, table_row, step)
                count = load(load(network, N_CONTROL), K_EVENTS)
                events += count
                if n == room:
                    n, events = np.int64(0), np.int64(DENSE)
                elif 0 < count < DENSE:
                    store(slices + WORD * S_WIDTH * n, S_LINE, load(drive, V_LINE))
                    store(slices + WORD * S_WIDTH * n, S_BEGIN, 0)
                    store(slices + WORD * S_WIDTH * n, S_END, count)
                    n += 1
            last = load(target, T_ENTRY_END)
        while e < last:
            pending = n
            e, n, events = collect(e, last, network, column, n, events, step)
            deposit(slices, pending, n, lines, population, step)
            if e < last:  # the slices are forgotten, so that all sums have to be gone through
                n, events = np.int64(0), np.int64(DENSE)
    if events <= load(target, T_SPARSE):
        add_sparse(slices, n, lines, applies, step)
        return
    for a in range(load(target, T_APPLY), load(target, T_APPLY_END)):
        add_dense(applies + WORD * A_WIDTH * a, step)
