"""Recordings of variables."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    FLOAT64,
    INT64,
    PART,
    R_ARRAY,
    R_CELLS,
    R_COUNT,
    R_EVERY,
    R_HI,
    R_LO,
    R_NEXT,
    R_NUMBERS,
    R_OBSERVE,
    R_OUT,
    R_PLACES,
    R_ROW,
    R_TABLE,
    R_TYPE,
    R_WIDE,
)
from rheobase.rendering.intrinsics import (
    call_kernel5,
    float64_view,
    int32_view,
    int64_view,
    uint8_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def sample(record, network, column, table_row, step):
    """Copy the values of a recording into its next row, if it is due."""
    if load(record, R_NEXT) != step:
        return
    hi = load(record, R_HI)
    if load(record, R_OBSERVE) != 0:
        call_kernel5(
            load(record, R_OBSERVE), load(record, R_TABLE), load(record, R_NUMBERS),
            load(record, R_LO), hi, step,
        )  # fmt: skip
    count, row, wide = load(record, R_COUNT), load(record, R_ROW), load(record, R_WIDE)
    array, kind = load(record, R_ARRAY), load(record, R_TYPE)
    cells = int32_view(load(record, R_CELLS), 0, count)
    places = int32_view(load(record, R_PLACES), 0, count)
    out = float64_view(load(record, R_OUT), row * wide, wide)
    numbers = float64_view(array, 0, hi)
    integers = int64_view(array, 0, hi)
    flags = uint8_view(array, 0, hi)
    for n in range(count):
        if kind == FLOAT64:
            out[places[n]] = numbers[cells[n]]
        elif kind == INT64:
            out[places[n]] = integers[cells[n]]
        else:
            out[places[n]] = flags[cells[n]]
    store(record, R_ROW, row + 1)
    store(record, R_NEXT, step + load(record, R_EVERY))
