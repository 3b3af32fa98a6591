"""What several parts need: counts of Poisson processes, and events at given times.

Functions marked `inner` compile into the parts that call them, without wrappers for Python and
without counting references (the arrays here are views of memory that others own).
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import njit

from rheobase.engine.parts.columns import (
    D_COLUMNS,
    D_COUNTS,
    D_DRAWN,
    D_FILL,
    D_INTERVALS,
    D_LENGTH,
    D_SEED,
    D_SIZE,
    D_STREAM,
    WORD,
)
from rheobase.rendering.intrinsics import call_kernel9, int64_view
from rheobase.rendering.intrinsics import load_address as load

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@inner
def draw_counts(draw, step):
    """Draw the counts of Poisson processes in a step into their scratch."""
    interval = step // load(draw, D_LENGTH)
    size = load(draw, D_SIZE)
    if interval < 0 or interval >= load(draw, D_INTERVALS):
        drawn = int64_view(load(draw, D_DRAWN), 0, size)
        for n in range(size):
            drawn[n] = 0
        return
    columns = load(draw, D_COLUMNS)
    call_kernel9(
        load(draw, D_FILL), load(draw, D_SEED), load(draw, D_STREAM), 0, size, step, 0,
        load(draw, D_COUNTS) + WORD * interval * columns, columns, load(draw, D_DRAWN),
    )  # fmt: skip


@inner
def due(steps, count, begin, step):
    """Return the first of the sorted steps that is not before a step, from `begin` on."""
    times = int64_view(steps, 0, count)
    while begin < count and times[begin] < step:
        begin += 1
    return begin
