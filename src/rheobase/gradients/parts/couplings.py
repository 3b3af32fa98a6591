"""Continuous couplings, forward and back."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.gradients.parts.columns import (
    K_ARRAY,
    K_BAR,
    K_BAR_INPUT,
    K_BAR_SLOTS,
    K_BAR_WEIGHTS,
    K_DELAYS,
    K_EARLIEST,
    K_FIRST,
    K_LANES,
    K_NOW,
    K_RING,
    K_ROWS,
    K_SIZE,
    K_SLOTS,
    K_SOURCE_SIZE,
    K_SOURCES,
    K_STRIDE,
    K_WEIGHTS,
    M_BACK,
    M_BACK_NUMBERS,
    M_BACK_TABLE,
    M_BAR,
    M_BASE,
    M_COUNT,
    M_FRESH,
    M_NOW,
    M_NUMBERS,
    M_OBSERVE,
    M_POINTER_ROWS,
    M_POINTERS,
    M_RING,
    M_SLOTS,
    M_STRIDE,
    M_TABLE,
    M_TO,
    PART,
)
from rheobase.gradients.parts.common import point
from rheobase.rendering.intrinsics import call_kernel5, float64_view, int32_view, int64_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def remember(memory, step, r, place, end):
    """Put the values before a step into the ring; the first time, into all its rows."""
    count, slots = load(memory, M_COUNT), load(memory, M_SLOTS)
    if load(memory, M_OBSERVE) != 0:
        call_kernel5(
            load(memory, M_OBSERVE), load(memory, M_TABLE), load(memory, M_NUMBERS), 0, count, step
        )
    now = float64_view(load(memory, M_BASE) + r * load(memory, M_STRIDE), 0, count)
    first = step % slots
    last = first + 1
    if load(memory, M_FRESH) != 0:
        store(memory, M_FRESH, 0)
        first, last = 0, slots
    for slot in range(first, last):
        row = float64_view(load(memory, M_RING), slot * count, count)
        for n in range(count):
            row[n] = now[n]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def couple(item, step, r, place, end):
    """Add the sums of a coupling to the input of its targets."""
    size, wide, slots = load(item, K_SIZE), load(item, K_SOURCE_SIZE), load(item, K_SLOTS)
    rows = int64_view(load(item, K_ROWS), 0, size + 1)
    sources = int32_view(load(item, K_SOURCES), 0, rows[size])
    weights = float64_view(load(item, K_WEIGHTS), 0, rows[size])
    delays = int64_view(load(item, K_DELAYS), 0, rows[size])
    lanes = load(item, K_LANES)
    ring = float64_view(load(item, K_RING), 0, slots * lanes * wide)
    array = float64_view(load(item, K_ARRAY) + r * load(item, K_STRIDE), 0, lanes * size)
    now = step % slots
    for lane in range(lanes):
        for j in range(size):
            total = 0.0
            for s in range(rows[j], rows[j + 1]):
                past = now - delays[s]
                if past < 0:
                    past += slots
                total += weights[s] * ring[(past * lanes + lane) * wide + sources[s]]
            array[lane * size + j] += total


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def begin_back(memory, step, r, place, end):
    """Find the values before the step again, and start their derivatives from 0."""
    count = load(memory, M_COUNT)
    bar, now = (
        float64_view(load(memory, M_BAR), 0, count),
        float64_view(load(memory, M_NOW), 0, count),
    )
    if load(memory, M_OBSERVE) != 0:
        point(load(memory, M_POINTERS), load(memory, M_POINTER_ROWS), step, r)
        call_kernel5(
            load(memory, M_OBSERVE), load(memory, M_TABLE), load(memory, M_NUMBERS), 0, count, step
        )
    values = float64_view(load(memory, M_BASE) + r * load(memory, M_STRIDE), 0, count)
    for n in range(count):
        now[n] = values[n]
        bar[n] = 0.0


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def couple_back(item, step, r, place, end):
    """Go back from the sums of step + delay to the values of this step."""
    size, wide, lanes = load(item, K_SIZE), load(item, K_SOURCE_SIZE), load(item, K_LANES)
    rows = int64_view(load(item, K_ROWS), 0, size + 1)
    sources = int32_view(load(item, K_SOURCES), 0, rows[size])
    weights = float64_view(load(item, K_WEIGHTS), 0, rows[size])
    delays = int64_view(load(item, K_DELAYS), 0, rows[size])
    slots, first = load(item, K_BAR_SLOTS), load(item, K_FIRST)
    ring = float64_view(load(item, K_BAR_INPUT), 0, slots * lanes * size)
    now = float64_view(load(item, K_NOW), 0, lanes * wide)
    bar = float64_view(load(item, K_BAR), 0, lanes * wide)
    wanted = load(item, K_BAR_WEIGHTS) != 0
    bar_weights = float64_view(load(item, K_BAR_WEIGHTS), 0, rows[size])
    earliest = step
    if step == first:
        earliest -= load(item, K_EARLIEST)
    for read in range(earliest, step + 1):
        for lane in range(lanes):
            for j in range(size):
                for s in range(rows[j], rows[j + 1]):
                    arrived = read + delays[s]
                    if arrived < first or arrived >= end:
                        continue
                    came = ring[((arrived % slots) * lanes + lane) * size + j]
                    at = lane * wide + sources[s]
                    bar[at] += weights[s] * came
                    if wanted:
                        bar_weights[s] += came * now[at]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def end_back(memory, step, r, place, end):
    """Go back to the states: directly, or through the subexpression."""
    count = load(memory, M_COUNT)
    if load(memory, M_BACK) != 0:
        call_kernel5(
            load(memory, M_BACK), load(memory, M_BACK_TABLE), load(memory, M_BACK_NUMBERS), 0,
            count, step,
        )  # fmt: skip
        return
    bar, to = (
        float64_view(load(memory, M_BAR), 0, count),
        float64_view(load(memory, M_TO), 0, count),
    )
    for n in range(count):
        to[n] += bar[n]
