"""Pairs of a whole connection: how many each row has, and pairs that are all different."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.connectivity.parts.columns import (
    T_COLUMNS,
    T_OWN,
    T_ROWS,
    T_SEED,
    T_STREAM,
)
from rheobase.connectivity.parts.common import (
    data,
    draw_integers,
    inner,
    name_targets,
    own_column,
    put_in_order,
    take_in,
    uint32_view,
)
from rheobase.network.draws import PAIRS
from rheobase.rendering.intrinsics import int32_view, int64_view, scratch, unsigned
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store
from rheobase.rendering.primitives import SCRATCH


@inner
def draw_pairs(table, first, count, rows, columns):
    """Draw pairs first .. first + count of a connection; `rows` has room for twice as many."""
    seed, stream = load(table, T_SEED), load(table, T_STREAM)
    n_rows, n_columns = load(table, T_ROWS), load(table, T_COLUMNS)
    # a pair takes two integers of one evaluation, the first below another limit than the second
    draw_integers(seed, stream, 0, PAIRS, 2 * first, 2 * count, n_rows, rows)
    draw_integers(seed, stream, 0, PAIRS, 2 * first, 2 * count, n_columns, columns)
    for k in range(count):
        rows[unsigned(k)] = rows[unsigned(2 * k)]
        columns[unsigned(k)] = columns[unsigned(2 * k + 1)]


@inner
def allowed(table, row, column):
    """Whether a pair is none of a cell with itself that is not wanted."""
    own = load(table, T_OWN)
    return own == 0 or int32_view(own, 0, row + 1)[unsigned(row)] != column


@cfunc("void(int64, int64, int64, int64, int64)", cache=True, error_model="numpy", _nrt=False)
def count_rows(table, first, last, unequal, counts_at):
    """Count how many of the pairs first .. last fall into each row."""
    room, more = scratch(), scratch()
    rows, columns = uint32_view(data(room), 0, 2 * SCRATCH), uint32_view(data(more), 0, 2 * SCRATCH)
    counts = int64_view(counts_at, 0, load(table, T_ROWS))
    for begin in range(first, last, SCRATCH):
        size = min(SCRATCH, last - begin)
        if unequal:
            draw_pairs(table, begin, size, rows, columns)
            for k in range(size):
                row = rows[unsigned(k)]
                counts[unsigned(row)] += allowed(table, row, columns[unsigned(k)])
        else:
            draw_integers(
                load(table, T_SEED), load(table, T_STREAM), 0, PAIRS, begin, size,
                load(table, T_ROWS), rows,
            )  # fmt: skip
            for k in range(size):
                counts[unsigned(rows[unsigned(k)])] += 1


@cfunc("void(int64, int64, int64, int64, int64, int64, int64)", cache=True, error_model="numpy",
       _nrt=False)  # fmt: skip
def place_pairs(table, lo, hi, first, last, ends, out_at):
    """Write the columns of pairs first .. last with rows in lo .. hi where `ends` says.

    `ends` (int64 by row) moves on with every column written; without `out_at` it only counts.
    """
    room, more = scratch(), scratch()
    rows, columns = uint32_view(data(room), 0, 2 * SCRATCH), uint32_view(data(more), 0, 2 * SCRATCH)
    for begin in range(first, last, SCRATCH):
        size = min(SCRATCH, last - begin)
        draw_pairs(table, begin, size, rows, columns)
        for k in range(size):
            row, column = int(rows[unsigned(k)]), columns[unsigned(k)]
            if row < lo or row >= hi or not allowed(table, row, column):
                continue
            end = load(ends, row)
            store(ends, row, end + 1)
            if out_at != 0:
                uint32_view(out_at, end, 1)[0] = column


@cfunc("void(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64)",
       cache=True, error_model="numpy", _nrt=False)  # fmt: skip
def merge_rows(table, lo, hi, begins, have_at, kept_at, fresh_begins, drawn_at, new_begins, out_at,
               spare, counters):  # fmt: skip
    """Merge what was drawn for rows lo .. hi into what they have, repeats left out.

    Row r has `have[r]` columns from `begins[r]` of `kept` on; drawn were those of `drawn` from
    `fresh_begins[r]` to `fresh_begins[r + 1]`; both together come to `new_begins[r]` of `out`.
    """
    columns = load(table, T_COLUMNS)
    for row in range(lo, hi):
        begin, have = load(begins, row), load(have_at, row)
        first = load(fresh_begins, row)
        fresh = load(fresh_begins, row + 1) - first
        kept, drawn = uint32_view(kept_at, begin, have), uint32_view(drawn_at, first, fresh)
        out = uint32_view(out_at, load(new_begins, row), have + fresh)
        for k in range(have):
            out[unsigned(k)] = kept[unsigned(k)]
        ordered = uint32_view(spare, 0, fresh)
        put_in_order(drawn, fresh, columns, ordered, int32_view(counters, 0, fresh))
        store(have_at, row, take_in(out, have, ordered, fresh))


@cfunc("void(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64)",
       cache=True, error_model="numpy", _nrt=False)  # fmt: skip
def finish_rows(table, lo, hi, begins, have_at, kept_at, others, ends, out_at, spare, counters,
                room):  # fmt: skip
    """Write the targets of rows lo .. hi from their columns, or from those left out (`others`).

    The targets of row r come to `out` from `ends[r]` on.
    """
    columns = load(table, T_COLUMNS)
    for row in range(lo, hi):
        count = load(have_at, row)
        kept = uint32_view(kept_at, load(begins, row), count)
        out = uint32_view(out_at, load(ends, row), columns)
        if others:
            own = own_column(table, row)
            left, to = 0, 0
            for column in range(columns):
                if left < count and kept[unsigned(left)] == column:
                    left += 1
                elif column != own:
                    out[unsigned(to)] = column
                    to += 1
            count = to
        else:
            for k in range(count):
                out[unsigned(k)] = kept[unsigned(k)]
        name_targets(table, out, count, spare, counters, room)
