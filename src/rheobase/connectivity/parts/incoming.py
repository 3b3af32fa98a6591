"""Rows of targets turned into rows of sources: a counting sort of what each target draws."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.connectivity.parts.columns import (
    T_COLUMNS,
    T_COUNT,
    T_REPEATS,
    T_SEED,
    T_SOURCES,
    T_STREAM,
)
from rheobase.connectivity.parts.common import (
    chosen,
    draw_integers,
    own_column,
    pass_own,
    uint32_view,
)
from rheobase.rendering.intrinsics import int32_view, int64_view, unsigned
from rheobase.rendering.intrinsics import load_address as load


@cfunc("void(int64, int64, int64, int64, int64, int64, int64, int64, int64)", cache=True,
       error_model="numpy", _nrt=False)  # fmt: skip
def place(table, lo, hi, order, ends_at, out_at, drawn_at, spare, counters):
    """Write targets into the rows of the sources they draw, where `ends` says.

    Parameters: places lo .. hi of `order` (int64), which holds places of targets in order of
    their indices; `ends` (int64 by source) moves on with every target written; without `out_at`
    it only counts. `drawn` has room for one row of targets.
    """
    seed, stream = load(table, T_SEED), load(table, T_STREAM)
    count, repeats = load(table, T_COUNT), load(table, T_REPEATS)
    sources = load(table, T_COLUMNS)
    ends = int64_view(ends_at, 0, sources)
    drawn = uint32_view(drawn_at, 0, count)
    for k in range(lo, hi):
        target = load(order, k)
        own = own_column(table, target)
        cell = load(load(table, T_SOURCES), target)
        limit = sources - (own >= 0)
        if repeats:  # in which order does not matter here
            draw_integers(seed, stream, cell, 0, 0, count, limit, drawn)
        else:
            chosen(seed, stream, cell, limit, count, repeats, drawn, spare,
                   int32_view(counters, 0, count), count)  # fmt: skip
        if own >= 0:
            pass_own(drawn, count, own)
        if out_at == 0:
            for n in range(count):
                ends[unsigned(drawn[unsigned(n)])] += 1
        else:
            for n in range(count):
                source = unsigned(drawn[unsigned(n)])
                uint32_view(out_at, ends[source], 1)[0] = cell
                ends[source] += 1
