"""Depositing: slices of rows that are due, from synapses to the sums of their targets."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.parts.columns import (
    DENSE,
    EACH32,
    EACH64,
    K_TOTAL,
    L_APPLY,
    L_ARRIVE,
    L_KIND,
    L_NUMBERS,
    L_SLICED,
    L_START_BYTES,
    L_STEP,
    L_SUM,
    L_SUMS,
    L_TABLE,
    L_TARGET_BYTES,
    L_TARGETS,
    L_WEIGHTS,
    L_WIDTH,
    N_CONTROL,
    N_LINES,
    N_SLICES,
    PART,
    PREFETCH,
    S_BEGIN,
    S_END,
    S_LINE,
    S_SLICE,
    S_WIDTH,
    WORD,
)
from rheobase.engine.parts.common import inner
from rheobase.rendering.intrinsics import (
    call_kernel7,
    float32_view,
    float64_view,
    prefetch,
    select,
    uint16_view,
    uint32_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def read_start(piece, lines):
    """Read where a slice begins and ends, and ask for its synapses; return how many there are."""
    line, start = lines + WORD * L_WIDTH * load(piece, S_LINE), load(piece, S_BEGIN)
    if load(line, L_START_BYTES) == 4:
        bounds = uint32_view(start, 0, 2)
        first, end = np.int64(bounds[0]), np.int64(bounds[1])
    elif load(line, L_START_BYTES) == 8:
        first, end = load(start, 0), load(start, 1)
    else:
        first, end = start, load(piece, S_END)
    store(piece, S_BEGIN, first)
    store(piece, S_END, end)
    count = end - first
    size, step = load(line, L_TARGET_BYTES), load(line, L_STEP)
    target, weight = load(line, L_TARGETS) + size * first, load(line, L_WEIGHTS) + step * first
    for n in range(0, size * select(count < 96, count, 96), 64):
        prefetch(target + n)
    for n in range(0, step * select(count < 96, count, 96), 64):
        prefetch(weight + n)
    return count + select(load(line, L_APPLY) < 0 and count > 0, DENSE, 0)


@inner
def run_events(line, piece, first, count, step):
    """Call the kernel of an event port, or that of synapses with variables, for a slice."""
    if load(line, L_SLICED) != 0:
        call_kernel7(
            load(line, L_ARRIVE), load(line, L_TABLE), load(line, L_NUMBERS),
            load(piece, S_SLICE), first, count, step, 0,
        )  # fmt: skip
        return
    call_kernel7(
        load(line, L_ARRIVE), load(line, L_TABLE), load(line, L_NUMBERS),
        load(line, L_TARGETS) + 4 * first, load(line, L_WEIGHTS) + load(line, L_STEP) * first,
        count, step, load(line, L_KIND),
    )  # fmt: skip


@inner
def add_slice(line, first, count, shift):
    """Add the weights of a slice to the sums of its targets, `shift` bytes behind the line's."""
    address = load(line, L_WEIGHTS)
    sums = float64_view(load(line, L_SUM) + shift, 0, load(line, L_SUMS))
    each = np.uint64(load(line, L_KIND) == EACH64)
    if load(line, L_TARGET_BYTES) == 2:
        narrow = uint16_view(load(line, L_TARGETS), first, count)
        if load(line, L_KIND) == EACH32:
            singles = float32_view(address, first, count)
            for n in range(count):
                sums[np.uint64(narrow[n])] += np.float64(singles[n])
        else:
            weights = float64_view(address + load(line, L_STEP) * first, 0, count)
            for n in range(count):
                sums[np.uint64(narrow[n])] += weights[np.uint64(n) * each]
        return
    targets = uint32_view(load(line, L_TARGETS), first, count)
    if load(line, L_KIND) == EACH32:
        singles = float32_view(address, first, count)
        for n in range(count):
            sums[np.uint64(targets[n])] += np.float64(singles[n])
    else:
        weights = float64_view(address + load(line, L_STEP) * first, 0, count)
        for n in range(count):
            sums[np.uint64(targets[n])] += weights[np.uint64(n) * each]


@inner
def deposit(piece, lines, step):
    """Add the weights of a slice to the accumulators of its targets, or run its events."""
    line, first = lines + WORD * L_WIDTH * load(piece, S_LINE), load(piece, S_BEGIN)
    count = load(piece, S_END) - first
    if count == 0:
        return
    if load(line, L_SUM) == 0:
        run_events(line, piece, first, count, step)
    else:
        add_slice(line, first, count, 0)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(unused, network, begin, end, step):
    """Deliver listed slices, asking for what comes next in time; count the synapses."""
    slices, lines, events = load(network, N_SLICES), load(network, N_LINES), np.int64(0)
    for s in range(begin, end + PREFETCH):
        if s < end:
            events += read_start(slices + WORD * S_WIDTH * s, lines)
        if s >= begin + PREFETCH:
            deposit(slices + WORD * S_WIDTH * (s - PREFETCH), lines, step)
    control = load(network, N_CONTROL)
    store(control, K_TOTAL, load(control, K_TOTAL) + events)
