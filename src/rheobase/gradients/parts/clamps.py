"""Clamps, forward and back."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.gradients.parts.columns import (
    H_BAR,
    H_BASE,
    H_CELLS,
    H_COUNT,
    H_FIRST,
    H_LAST,
    H_STRIDE,
    H_VALUES,
    PART,
)
from rheobase.rendering.intrinsics import float64_view, int32_view
from rheobase.rendering.intrinsics import load_address as load

FAR = 1 << 40


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def clamp(item, step, r, place, end):
    """Set the state at the beginning of a step."""
    if step < load(item, H_FIRST) or step >= load(item, H_LAST):
        return
    count = load(item, H_COUNT)
    row = float64_view(load(item, H_BASE) + r * load(item, H_STRIDE), 0, FAR)
    cells = int32_view(load(item, H_CELLS), 0, count)
    values = float64_view(load(item, H_VALUES), 0, count)
    for m in range(count):
        row[cells[m]] = values[m]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def clamp_back(item, step, r, place, end):
    """What the next step begins with does not depend on this one, where it is held."""
    if step + 1 < load(item, H_FIRST) or step + 1 >= load(item, H_LAST):
        return
    count = load(item, H_COUNT)
    bars = float64_view(load(item, H_BAR), 0, FAR)
    cells = int32_view(load(item, H_CELLS), 0, count)
    for m in range(count):
        bars[cells[m]] = 0.0
