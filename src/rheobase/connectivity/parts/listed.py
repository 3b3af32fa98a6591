"""Listed pairs put in order: by source in one pass, then by target within each row."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.connectivity.parts.common import inner
from rheobase.rendering.intrinsics import int64_view, unsigned
from rheobase.rendering.intrinsics import load_address as load

RUN = 16  # pairs that are put in order by insertion


@cfunc("void(int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def by_source(count, sources_at, ends_at, order_at):
    """Write the numbers of pairs in order of their sources; `ends` says where, and moves on."""
    for k in range(count):
        source = load(sources_at, k)
        at = int64_view(ends_at, source, 1)
        int64_view(order_at, at[0], 1)[0] = k
        at[0] += 1


@inner
def insert_pairs(order, begin, end, targets):
    """Put a few pairs in order of their targets; those alike stay as they are."""
    for i in range(begin + 1, end):
        pair = order[unsigned(i)]
        target = load(targets, pair)
        j = i - 1
        while j >= begin and load(targets, order[unsigned(j)]) > target:
            order[unsigned(j + 1)] = order[unsigned(j)]
            j -= 1
        order[unsigned(j + 1)] = pair


@inner
def merge_pairs(order, begin, middle, end, targets, room):
    """Merge two neighboring stretches that are in order; of those alike the first come first."""
    for i in range(begin, middle):
        room[unsigned(i - begin)] = order[unsigned(i)]
    i, j, to, left = 0, middle, begin, middle - begin
    while i < left:
        pair = room[unsigned(i)]
        if j < end and load(targets, order[unsigned(j)]) < load(targets, pair):
            order[unsigned(to)] = order[unsigned(j)]
            j += 1
        else:
            order[unsigned(to)] = pair
            i += 1
        to += 1


@cfunc("void(int64, int64, int64, int64, int64, int64)", cache=True, error_model="numpy",
       _nrt=False)  # fmt: skip
def by_target(lo, hi, row_start, order_at, targets, room_at):
    """Put the pairs of sources lo .. hi in order of their targets; `room` holds one row."""
    for row in range(lo, hi):
        first = load(row_start, row)
        count = load(row_start, row + 1) - first
        order, room = int64_view(order_at, first, count), int64_view(room_at, 0, count)
        for begin in range(0, count, RUN):
            insert_pairs(order, begin, min(begin + RUN, count), targets)
        width = RUN
        while width < count:
            for begin in range(0, count - width, 2 * width):
                end = min(begin + 2 * width, count)
                merge_pairs(order, begin, begin + width, end, targets, room)
            width *= 2
