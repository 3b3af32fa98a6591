"""Detectors: the voltages at places are compared with thresholds; `engine/detectors.py` defines it.

They are the update of a population, called after that of the cells they look at.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.cable_columns import (
    D_ABOVE,
    D_BEFORE,
    D_OFFSET,
    D_SPIKED,
    D_THRESHOLD,
    D_TIME,
    D_VOLTAGES,
)
from rheobase.engine.parts.columns import PART
from rheobase.rendering.intrinsics import float64_view, select, uint8_view
from rheobase.rendering.intrinsics import load_address as load


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def update(row, numbers, lo, hi, step):
    """Compare the voltages at places lo <= e < hi with their thresholds."""
    threshold = float64_view(load(row, D_THRESHOLD), 0, hi)
    before = float64_view(load(row, D_BEFORE), 0, hi)
    above = uint8_view(load(row, D_ABOVE), 0, hi)
    spiked = uint8_view(load(row, D_SPIKED), 0, hi)
    voltages, placed = load(row, D_VOLTAGES), load(row, D_OFFSET)
    dt = float64_view(load(row, D_TIME), 0, 1)[0]
    for e in range(lo, hi):
        v = float64_view(load(voltages, e), 0, 1)[0]
        now = v > threshold[e]
        spiked[e] = select(now and above[e] == 0, 1, 0)
        above[e] = select(now, 1, 0)
        if placed != 0 and spiked[e] != 0:
            offset = float64_view(placed, 0, hi)
            gap = threshold[e] - before[e]
            offset[e] = select(gap > 0.0, dt * (gap / (v - before[e])), 0.0)
        before[e] = v
