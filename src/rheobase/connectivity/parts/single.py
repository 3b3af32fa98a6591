"""One row with its weights and delays, drawn whenever its source spikes."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.connectivity.parts.columns import (
    CONSTANT,
    R_DELAYS,
    R_LONGEST,
    R_PLACES,
    R_RULE,
    R_WEIGHTS,
    V_FIRST,
    V_LAW,
    V_STEP,
)
from rheobase.connectivity.parts.common import draw_row, uint32_view
from rheobase.connectivity.parts.laws import in_steps, row_values
from rheobase.rendering.intrinsics import bits_to_float, float64_view, int32_view, unsigned
from rheobase.rendering.intrinsics import load_address as load


@cfunc("int64(int64, int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def draw(recipe, source, targets_at, weights_at, delays_at):
    """Write the synapses of a source: uint32 targets, float64 weights, int32 delays in steps.

    Each array has room for the longest row. Until they are written, weights and delays are the
    scratch of what comes before.
    """
    place = int(int32_view(load(recipe, R_PLACES), source, 1)[0])
    if place < 0:
        return 0
    room = load(recipe, R_LONGEST)
    count = draw_row(
        load(recipe, R_RULE), place, uint32_view(targets_at, 0, room), weights_at, delays_at, room
    )
    values = float64_view(weights_at, 0, count)
    delays = int32_view(delays_at, 0, count)
    table = load(recipe, R_DELAYS)
    if load(table, V_LAW) == CONSTANT:  # given in steps
        steps = int(bits_to_float(load(table, V_FIRST)))
        for k in range(count):
            delays[unsigned(k)] = steps
    else:
        row_values(table, source, count, values)
        dt = bits_to_float(load(table, V_STEP))
        for k in range(count):
            delays[unsigned(k)] = int(in_steps(values[unsigned(k)], dt))
    row_values(load(recipe, R_WEIGHTS), source, count, values)
    return count
