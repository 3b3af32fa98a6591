"""What several parts need: counts of Poisson processes, events at given times, barriers.

Functions marked `inner` compile into the parts that call them, without wrappers for Python and
without counting references (the arrays here are views of memory that others own).
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import njit

from rheobase.engine.parts.columns import (
    D_COLUMNS,
    D_COUNTS,
    D_DRAWN,
    D_FILL,
    D_HI,
    D_INTERVALS,
    D_LENGTH,
    D_LO,
    D_SEED,
    D_SKIP,
    D_STREAM,
    DENSE,
    K_LISTED,
    K_PENDING,
    K_ROUND,
    K_TOTAL,
    LINE_WORDS,
    N_CONTROL,
    N_DEPOSIT,
    N_FUTEX,
    N_GROW,
    N_LONGEST,
    N_NAP,
    N_PATIENCE,
    N_SLICE_ROWS,
    N_SYNC,
    N_SYSTEM,
    N_THREAD,
    N_THREADS,
    N_YIELD,
    SLEEP,
    WAKE,
    WORD,
    Y_ABANDON,
    Y_ASLEEP,
    Y_COUNT,
)
from rheobase.rendering.atomics import atomic_add, atomic_load, call_system, pause
from rheobase.rendering.intrinsics import (
    call_kernel5,
    call_kernel7,
    call_kernel9,
    int64_view,
    select,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store

SHORTEST = 15
TRIAL = 128  # rounds after which a thread that sleeps tries whether waiting has become worth it

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@inner
def draw_counts(draw, step):
    """Draw the counts of Poisson processes in a step into their scratch."""
    interval = step // load(draw, D_LENGTH)
    lo, hi = load(draw, D_LO), load(draw, D_HI)
    if interval < 0 or interval >= load(draw, D_INTERVALS):
        drawn = int64_view(load(draw, D_DRAWN), 0, hi - lo)
        for n in range(hi - lo):
            drawn[n] = 0
        return
    columns = load(draw, D_COLUMNS)
    first = interval * columns + select(columns > 1, lo, 0)
    call_kernel9(
        load(draw, D_FILL), load(draw, D_SEED), load(draw, D_STREAM), lo, hi, step, 0,
        load(draw, D_COUNTS) + WORD * first, select(columns > 1, hi - lo, 1),
        load(draw, D_DRAWN),
    )  # fmt: skip


@inner
def own_count(draw):
    """Return how many of the elements that counts are drawn for are of the thread."""
    return load(draw, D_HI) - load(draw, D_LO) - load(draw, D_SKIP)


@inner
def rest(network, needed):
    """Sleep until another thread comes, or for a short time; where threads cannot, make way."""
    if load(network, N_SYSTEM) == 0:
        call_system(load(network, N_YIELD))
        return
    sync = load(network, N_SYNC)
    atomic_add(sync, LINE_WORDS * Y_ASLEEP, 1)
    seen = atomic_load(sync, LINE_WORDS * Y_COUNT)
    if seen < needed:  # those that come from now on know that this thread is to be woken
        call_kernel7(
            load(network, N_SYSTEM), load(network, N_FUTEX), sync + WORD * LINE_WORDS * Y_COUNT,
            SLEEP, seen, load(network, N_NAP), 0, 0,
        )  # fmt: skip
    atomic_add(sync, LINE_WORDS * Y_ASLEEP, -1)


@inner
def meet(network):
    """Wait until all threads have come here as often as this one; False if one has given up.

    A thread that waits long sleeps, so that others run: there may be more threads than free
    processors. But threads that sleep make each other wait, for as long as it takes to be woken:
    where that is longer than their patience has become, they go on sleeping in turns although there
    are processors for all. So now and then all are patient again, in the same round.
    """
    threads = load(network, N_THREADS)
    sync, control = load(network, N_SYNC), load(network, N_CONTROL)
    if threads == 1:
        return atomic_load(sync, LINE_WORDS * Y_ABANDON) == 0
    round_ = load(control, K_ROUND) + 1
    store(control, K_ROUND, round_)
    atomic_add(sync, LINE_WORDS * Y_COUNT, 1)
    if atomic_load(sync, LINE_WORDS * Y_ASLEEP) != 0:
        call_kernel7(
            load(network, N_SYSTEM), load(network, N_FUTEX), sync + WORD * LINE_WORDS * Y_COUNT,
            WAKE, threads, 0, 0, 0,
        )  # fmt: skip
    waited, patience, rests = 0, load(network, N_PATIENCE), 0
    if round_ % TRIAL == 0:
        patience = max(patience, load(network, N_LONGEST) // 2)
    while atomic_load(sync, LINE_WORDS * Y_COUNT) < round_ * threads:
        pause()
        waited += 1
        if waited > patience:
            if atomic_load(sync, LINE_WORDS * Y_ABANDON) != 0:
                return False
            rest(network, round_ * threads)
            rests = 1
    if rests != 0:  # others need the processors: less patience from now on
        store(network, N_PATIENCE, patience // 4 + SHORTEST)
    elif patience < load(network, N_LONGEST):
        store(network, N_PATIENCE, patience + patience // 32)
    return atomic_load(sync, LINE_WORDS * Y_ABANDON) == 0


@inner
def ask_for_room(network, kind, place, needed):
    """Have the engine give the thread more memory; its tables then say where it is."""
    call_kernel5(load(network, N_GROW), load(network, N_THREAD), kind, place, needed, 0)


@inner
def due(steps, count, begin, step):
    """Return the first of the sorted steps that is not before a step, from `begin` on."""
    times = int64_view(steps, 0, count)
    while begin < count and times[begin] < step:
        begin += 1
    return begin


@inner
def first_not_below(targets, begin, end, least):
    """Return the first place of ascending targets that holds no less than a number."""
    while begin < end:
        middle = (begin + end) >> 1
        if targets[middle] < least:
            begin = middle + 1
        else:
            end = middle
    return begin


@inner
def deposit_listed(network, step):
    """Deliver the slices that were listed since this was done last."""
    control = load(network, N_CONTROL)
    begin, end = load(control, K_PENDING), load(control, K_LISTED)
    if begin < end:
        call_kernel5(load(network, N_DEPOSIT), 0, network, begin, end, step)
    store(control, K_PENDING, end)


@inner
def place_for_slice(network, step):
    """Return the place of the next slice in the list.

    A full list is delivered and forgotten, so that all sums have to be gone through.
    """
    control = load(network, N_CONTROL)
    if load(control, K_LISTED) == load(network, N_SLICE_ROWS):
        deposit_listed(network, step)
        store(control, K_TOTAL, load(control, K_TOTAL) + DENSE)
        store(control, K_PENDING, 0)
        store(control, K_LISTED, 0)
    place = load(control, K_LISTED)
    store(control, K_LISTED, place + 1)
    return place
