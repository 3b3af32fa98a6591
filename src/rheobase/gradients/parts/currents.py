"""Injections, forward and back."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.gradients.parts.columns import (
    J_AMPLITUDE,
    J_ARRAY,
    J_BAR_AMPLITUDE,
    J_BAR_INPUT,
    J_CELLS,
    J_COLUMNS,
    J_COUNT,
    J_SET,
    J_SLOTS,
    J_STRIDE,
    J_VALUES,
    J_WIDE,
    PART,
)
from rheobase.rendering.intrinsics import float64_view, int32_view
from rheobase.rendering.intrinsics import load_address as load

FAR = 1 << 40


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def inject(item, step, r, place, end):
    """Add or store the values of a step."""
    count, wide, setting = load(item, J_COUNT), load(item, J_WIDE), load(item, J_SET) != 0
    row = float64_view(load(item, J_ARRAY) + r * load(item, J_STRIDE), 0, FAR)
    cells = int32_view(load(item, J_CELLS), 0, count)
    columns = int32_view(load(item, J_COLUMNS), 0, count)
    amplitude = float64_view(load(item, J_AMPLITUDE), 0, count)
    values = float64_view(load(item, J_VALUES), r * wide, wide)
    for m in range(count):
        value = values[columns[m]] * amplitude[m]
        if setting:
            row[cells[m]] = value
        else:
            row[cells[m]] += value


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def inject_back(item, step, r, place, end):
    """Go back to the amplitudes."""
    count, wide = load(item, J_COUNT), load(item, J_WIDE)
    ring = load(item, J_BAR_INPUT) + (step % load(item, J_SLOTS)) * load(item, J_STRIDE)
    bar = float64_view(ring, 0, FAR)
    cells = int32_view(load(item, J_CELLS), 0, count)
    columns = int32_view(load(item, J_COLUMNS), 0, count)
    total = float64_view(load(item, J_BAR_AMPLITUDE), 0, count)
    values = float64_view(load(item, J_VALUES), r * wide, wide)
    for m in range(count):
        total[m] += bar[cells[m]] * values[columns[m]]
