"""Weights and delays of synapses: a distribution drawn for every place of a row."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.connectivity.parts.columns import (
    FLOAT32,
    FLOAT64,
    INT32,
    S_HIGHEST,
    S_LOWEST,
    S_WRONG,
    UINT16,
    V_STEP,
)
from rheobase.connectivity.parts.common import uint16_view
from rheobase.connectivity.parts.laws import in_steps, row_values
from rheobase.rendering.intrinsics import (
    bits_to_float,
    float32_view,
    float64_view,
    int32_view,
    unsigned,
)
from rheobase.rendering.intrinsics import load_address as load


@cfunc("void(int64, int64, int64, int64, int64, int64, int64, int64)", cache=True,
       error_model="numpy", _nrt=False)  # fmt: skip
def fill(table, lo, hi, row_start, kind, out_at, room_at, seen_at):
    """Write the values of the synapses of sources lo .. hi, and what they are like.

    `kind` says what is written: weights as float64 or float32, delays as uint16 or int32. `room`
    has space for the float64 of one row; `seen` gets the lowest, the highest and how many wrong.
    """
    lowest, highest, wrong = np.inf, -np.inf, 0
    dt = bits_to_float(load(table, V_STEP))
    for source in range(lo, hi):
        begin = load(row_start, source)
        count = load(row_start, source + 1) - begin
        values = float64_view(room_at, 0, count)
        if kind == FLOAT64:
            values = float64_view(out_at, begin, count)
        wrong += row_values(table, source, count, values)
        for k in range(count):
            value = values[unsigned(k)]
            lowest = value if value < lowest else lowest
            highest = value if value > highest else highest
            wrong += not abs(value) < np.inf
        if kind == FLOAT32:
            singles = float32_view(out_at, begin, count)
            for k in range(count):
                singles[unsigned(k)] = np.float32(values[unsigned(k)])
        elif kind == UINT16:
            short = uint16_view(out_at, begin, count)
            for k in range(count):
                short[unsigned(k)] = np.uint16(int(in_steps(values[unsigned(k)], dt)))
        elif kind == INT32:
            long = int32_view(out_at, begin, count)
            for k in range(count):
                long[unsigned(k)] = int(in_steps(values[unsigned(k)], dt))
    seen = float64_view(seen_at, 0, 3)
    seen[S_LOWEST], seen[S_HIGHEST], seen[S_WRONG] = lowest, highest, float(wrong)
