"""The step loop: one function for every network, over tables of addresses and sizes.

Every thread runs it over its own tables. A step does what `engine/interpreted.py` says, in that
order and with the same bits; the threads meet once, when the spikes of the step are listed.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    DONE,
    F_FUNCTION,
    F_ROW,
    F_WIDTH,
    K_DONE,
    K_END,
    K_POPULATION,
    K_REASON,
    LINE_WORDS,
    N_CALL_ROWS,
    N_CALLS,
    N_CONTROL,
    N_DELIVERIES,
    N_DELIVERY_ROWS,
    N_EMISSION_ROWS,
    N_EMISSIONS,
    N_POPULATION_ROWS,
    N_POPULATIONS,
    N_SYNC,
    NOT_FINITE,
    P_CAPACITY,
    P_HI,
    P_IDS,
    P_LO,
    P_MASK,
    P_NUMBERS,
    P_OFFSET,
    P_OFFSETS,
    P_ON_SPIKE,
    P_PLACE,
    P_STARTS,
    P_TABLE,
    P_UPDATE,
    P_WIDTH,
    PART,
    ROOM,
    SPIKES,
    WORD,
    Y_FAILED,
)
from rheobase.engine.parts.common import ask_for_room, inner, meet
from rheobase.rendering.atomics import atomic_load, atomic_store
from rheobase.rendering.intrinsics import (
    call_kernel5,
    float64_view,
    int32_view,
    uint8_view,
    uint64_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def scan(address, lo, size, ids):
    """List the cells whose mask says that they spiked; the sum of all masks says what there is."""
    count = 0
    first = 0
    kinds = 0
    marks = uint8_view(address, lo, size)
    while first < size:
        last = first + 64
        if last <= size:
            words = uint64_view(address + lo + first, 0, 8)
            seen = np.uint64(0)
            for w in range(8):
                seen |= words[w]
            if seen == np.uint64(0):
                first = last
                continue
        else:
            last = size
        for i in range(first, last):
            if marks[i] != 0:
                kinds |= marks[i]
                if marks[i] == 1:
                    ids[count] = lo + i
                    count += 1
        first = last
    return count, kinds


@inner
def update(population, network, column, step):
    """Integrate a population, list and reset the cells that spiked; False if one failed."""
    lo, size = load(population, P_LO), load(population, P_HI) - load(population, P_LO)
    table, numbers = load(population, P_TABLE), load(population, P_NUMBERS)
    starts = load(population, P_STARTS)
    at = load(starts, column)
    if at + size > load(population, P_CAPACITY):  # there has to be room for a spike of every cell
        ask_for_room(network, SPIKES, load(population, P_PLACE), at + size)
        if at + size > load(population, P_CAPACITY):
            return False
    count, kinds = 0, 0
    if size > 0:
        call_kernel5(load(population, P_UPDATE), table, numbers, lo, lo + size, step)
        ids = int32_view(load(population, P_IDS), at, size)
        count, kinds = scan(load(population, P_MASK), lo, size, ids)
        if count > 0 and load(population, P_OFFSET) != 0:
            offset = float64_view(load(population, P_OFFSET), 0, lo + size)
            offsets = float64_view(load(population, P_OFFSETS), at, count)
            for n in range(count):
                offsets[n] = offset[ids[n]]
    store(starts, column + 1, at + count)
    if count > 0 and load(population, P_ON_SPIKE) != 0:
        where = load(population, P_IDS) + 4 * at
        call_kernel5(load(population, P_ON_SPIKE), table, numbers, where, count, step)
    return kinds < 2


@inner
def call_all(calls, count, network, column, table_row, step):
    """Call parts in order, each with its row."""
    for c in range(count):
        call = calls + WORD * F_WIDTH * c
        call_kernel5(load(call, F_FUNCTION), load(call, F_ROW), network, column, table_row, step)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def run(first, steps, table_first, base, network):
    """Run steps first <= k < first + steps.

    Rows of the tables of waveforms begin at step `table_first`, lists of the starts of spikes at
    step `base`; `network` is the address of the table of tables. The table of control tells
    how many steps are complete, and why there are not more.
    """
    populations, control = load(network, N_POPULATIONS), load(network, N_CONTROL)
    size, sync = load(network, N_POPULATION_ROWS), load(network, N_SYNC)
    store(control, K_REASON, DONE)
    store(control, K_END, first + steps)
    for done in range(steps):
        step = first + done
        column, table_row = step - base, step - table_first
        store(control, K_DONE, done)
        call_all(
            load(network, N_EMISSIONS), load(network, N_EMISSION_ROWS), network, column,
            table_row, step,
        )  # fmt: skip
        call_all(
            load(network, N_CALLS), load(network, N_CALL_ROWS), network, column, table_row, step
        )
        for p in range(size):
            population = populations + WORD * P_WIDTH * p
            if load(population, P_UPDATE) != 0 and not update(population, network, column, step):
                if load(control, K_REASON) == DONE:
                    store(control, K_POPULATION, p)
                store(control, K_REASON, NOT_FINITE)
                atomic_store(sync, LINE_WORDS * Y_FAILED, step)
        if not meet(network):
            store(control, K_REASON, ROOM)
            return
        if atomic_load(sync, LINE_WORDS * Y_FAILED) <= step:
            return
        call_all(
            load(network, N_DELIVERIES), load(network, N_DELIVERY_ROWS), network, column,
            table_row, step,
        )  # fmt: skip
    store(control, K_DONE, steps)
