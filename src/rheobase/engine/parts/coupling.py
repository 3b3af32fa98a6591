"""Continuous couplings: the past of their sources, and their sums."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    C_ARRAY,
    C_DELAY_STRIDE,
    C_DELAYS,
    C_HI,
    C_LO,
    C_RING,
    C_ROWS,
    C_SIZE,
    C_SLOTS,
    C_SOURCES,
    C_STRIDE,
    C_WEIGHTS,
    H_ARRAY,
    H_FRESH,
    H_HI,
    H_LO,
    H_NUMBERS,
    H_OBSERVE,
    H_RING,
    H_SIZE,
    H_SLOTS,
    H_TABLE,
    PART,
)
from rheobase.engine.parts.common import meet
from rheobase.rendering.intrinsics import call_kernel5, float64_view, int32_view, int64_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def remember(history, network, column, table_row, step):
    """Put the present values of a source into its ring; the first time, into all its rows."""
    size, slots = load(history, H_SIZE), load(history, H_SLOTS)
    lo, hi = load(history, H_LO), load(history, H_HI)
    if load(history, H_OBSERVE) != 0:
        call_kernel5(
            load(history, H_OBSERVE), load(history, H_TABLE), load(history, H_NUMBERS), lo, hi,
            step,
        )  # fmt: skip
    first = step % slots
    last = first + 1
    if load(history, H_FRESH) != 0:
        store(history, H_FRESH, 0)
        first, last = 0, slots
    now = float64_view(load(history, H_ARRAY), lo, hi - lo)
    for slot in range(first, last):
        row = float64_view(load(history, H_RING), slot * size + lo, hi - lo)
        for n in range(now.size):
            row[n] = now[n]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def wait(row, network, column, table_row, step):
    """Wait until every thread has remembered its part of the present values."""
    meet(network)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def couple(coupling, network, column, table_row, step):
    """Add the sums of one coupling to the input variable of its targets."""
    lo, hi = load(coupling, C_LO), load(coupling, C_HI)
    array = float64_view(load(coupling, C_ARRAY), 0, hi)
    rows = int64_view(load(coupling, C_ROWS), 0, hi + 1)
    n = rows[hi]
    sources = int32_view(load(coupling, C_SOURCES), 0, n)
    stride, delay_stride = load(coupling, C_STRIDE), load(coupling, C_DELAY_STRIDE)
    alike = stride == 2  # one sum is that of every row
    stride = 0 if alike else stride
    weights = float64_view(load(coupling, C_WEIGHTS), 0, stride * n + 1)
    delays = int64_view(load(coupling, C_DELAYS), 0, delay_stride * n + 1)
    slots, size = load(coupling, C_SLOTS), load(coupling, C_SIZE)
    ring = float64_view(load(coupling, C_RING), 0, slots * size)
    now = step % slots
    made = False
    total = 0.0
    for j in range(lo, hi):
        if not (made and rows[j] < rows[j + 1]):
            total = 0.0
            for s in range(rows[j], rows[j + 1]):
                past = now - delays[s * delay_stride]
                if past < 0:
                    past += slots
                total += weights[s * stride] * ring[past * size + sources[s]]
            made = alike and rows[j] < rows[j + 1]
        array[j] += total
