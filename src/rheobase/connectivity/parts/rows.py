"""Rows of sources: how long they are, and their targets, for a range of sources."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.connectivity.parts.columns import WORD
from rheobase.connectivity.parts.common import count_row, draw_row, uint32_view
from rheobase.rendering.intrinsics import int64_view
from rheobase.rendering.intrinsics import load_address as load


@cfunc("void(int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def count(table, lo, hi, lengths_at):
    """Write how many synapses the sources at places lo .. hi have."""
    lengths = int64_view(lengths_at, 0, hi)
    for place in range(lo, hi):
        lengths[place] = count_row(table, place)


@cfunc("void(int64, int64, int64, int64, int64, int64, int64, int64)", cache=True,
       error_model="numpy", _nrt=False)  # fmt: skip
def fill(table, lo, hi, begins, targets, spare, counters, room):
    """Write the targets of the sources at places lo .. hi, each where its row begins."""
    for place in range(lo, hi):
        begin = load(begins + WORD * place, 0)
        draw_row(table, place, uint32_view(targets, begin, room), spare, counters, room)
