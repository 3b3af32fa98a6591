"""Populations: the rows of a step, the kernel forward, the kernel back."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.gradients.parts.columns import (
    C_COUNT,
    C_IDS,
    C_NUMBERS,
    C_ON_SPIKE,
    C_POINTER_ROWS,
    C_POINTERS,
    C_SPIKED,
    C_STARTS,
    C_TABLE,
    C_UPDATE,
    L_BAR,
    L_COUNT,
    L_ROWS,
    L_SET,
    L_SHIFT,
    PART,
)
from rheobase.gradients.parts.common import point, scan
from rheobase.rendering.intrinsics import (
    call_kernel5,
    float64_view,
    int32_view,
    int64_view,
    uint8_view,
    uint64_view,
)
from rheobase.rendering.intrinsics import load_address as load


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def begin(cells, step, r, place, end):
    """Copy what a step changes into its row; the inputs start from 0."""
    point(load(cells, C_POINTERS), load(cells, C_POINTER_ROWS), step, r)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def advance(cells, step, r, place, end):
    """Integrate one step, list and reset the elements that spiked."""
    count, table, numbers = load(cells, C_COUNT), load(cells, C_TABLE), load(cells, C_NUMBERS)
    call_kernel5(load(cells, C_UPDATE), table, numbers, 0, count, step)
    if load(cells, C_STARTS) == 0:
        return
    starts = int64_view(load(cells, C_STARTS), place, 2)
    at = load(cells, C_SPIKED) + r * count
    ids = int32_view(load(cells, C_IDS), starts[0], count)
    found = scan(uint8_view(at, 0, count), uint64_view(at, 0, count >> 3), count, ids)
    starts[1] = starts[0] + found
    if found > 0 and load(cells, C_ON_SPIKE) != 0:
        where = load(cells, C_IDS) + 4 * starts[0]
        call_kernel5(load(cells, C_ON_SPIKE), table, numbers, where, found, step)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def back(cells, step, r, place, end):
    """Go back through one step."""
    point(load(cells, C_POINTERS), load(cells, C_POINTER_ROWS), step, r)
    call_kernel5(
        load(cells, C_UPDATE), load(cells, C_TABLE), load(cells, C_NUMBERS), 0,
        load(cells, C_COUNT), step,
    )  # fmt: skip


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def take_loss(loss, step, r, place, end):
    """Add the derivatives of the loss by states or spikes."""
    count, setting = load(loss, L_COUNT), load(loss, L_SET) != 0
    bars = float64_view(load(loss, L_BAR), 0, count)
    if load(loss, L_ROWS) == 0:
        for i in range(count):
            bars[i] = 0.0
        return
    rows = float64_view(load(loss, L_ROWS), (place + load(loss, L_SHIFT)) * count, count)
    if setting:
        for i in range(count):
            bars[i] = rows[i]
    else:
        for i in range(count):
            bars[i] += rows[i]
