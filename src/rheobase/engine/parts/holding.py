"""Clamps: states that are held at given values."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    O_ARRAY,
    O_CELLS,
    O_COUNT,
    O_FIRST,
    O_LAST,
    O_STRIDE,
    O_VALUES,
    O_WHOLE,
    PART,
)
from rheobase.rendering.intrinsics import float64_view, int32_view
from rheobase.rendering.intrinsics import load_address as load


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def hold(clamp, network, column, table_row, step):
    """Put the values of a clamp into its array, in the steps it covers."""
    if step < load(clamp, O_FIRST) or step >= load(clamp, O_LAST):
        return
    count, stride = load(clamp, O_COUNT), load(clamp, O_STRIDE)
    array = float64_view(load(clamp, O_ARRAY), 0, load(clamp, O_WHOLE))
    cells = int32_view(load(clamp, O_CELLS), 0, count)
    values = float64_view(load(clamp, O_VALUES), 0, stride * (count - 1) + 1)
    for n in range(count):
        array[cells[n]] = values[n * stride]
