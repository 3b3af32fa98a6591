"""Columns of rows: choosing them by chance, putting them in order, naming the targets.

Everything here has its definition in NumPy: `network/draws.py` and `network/drawing.py`, function
by function. A row has scratch of its own: `spare` for as many uint32 as two rows have entries,
`counters` for as many int32 as one row has.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit, types

from rheobase.connectivity.parts.columns import (
    ALL,
    ONE,
    PROBABILITY,
    RING,
    T_COARSE,
    T_COLUMNS,
    T_COUNT,
    T_COUNTS,
    T_FILL,
    T_FIRST,
    T_KIND,
    T_LOG,
    T_OFFSET,
    T_OWN,
    T_RANK,
    T_REPEATS,
    T_ROWS,
    T_SEED,
    T_SOURCES,
    T_STREAM,
    T_TARGETS,
    TOTAL,
)
from rheobase.rendering import exponential, philox
from rheobase.rendering.functions import bind_to_numba, compiled_twins
from rheobase.rendering.intrinsics import (
    _view,
    bits_to_float,
    call_kernel7,
    floor,
    int32_view,
    scratch,
    select,
    unsigned,
    wide_vectors,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.primitives import SCRATCH

uint32_view = _view("uint32_view", types.uint32)
uint16_view = _view("uint16_view", types.uint16)

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)

_bound = dict(compiled_twins())
bind_to_numba(philox, _bound)
words_of = _bound[philox.philox]
place_of = _bound[philox.place]
log = _bound[exponential.log]

LOW_32 = philox.LOW_32
HALF = np.uint64(32)
FEW = 24  # entries that are put in order one by one
COARSEST = 2.0**32


@inner
def data(array):
    """The address of the first entry of an array."""
    return types.int64(array.ctypes.data)


@inner
def scaled(high, low, limit):
    """64 random bits times a limit, the whole part: an integer below the limit."""
    return (high * limit + ((low * limit) >> HALF)) >> HALF


@inner
def draw_integers(seed, stream, step, draw, first, count, limit, out):
    """Integers below a limit, numbers first .. first + count of a step."""
    wide_vectors()
    bound = unsigned(limit)
    c1, c2, c3, k0, k1 = place_of(seed, stream, step, draw)
    n = 0
    if first & 1 and count > 0:
        group = unsigned(first >> 1) & LOW_32
        _, _, c, d = words_of(group, c1, c2, c3, k0, k1)
        out[unsigned(0)] = scaled(c, d, bound)
        n = 1
    begin = unsigned((first + n) >> 1)
    pairs = (count - n) >> 1
    for g in range(pairs):
        a, b, c, d = words_of((begin + unsigned(g)) & LOW_32, c1, c2, c3, k0, k1)
        to = unsigned(n + 2 * g)
        out[to] = scaled(a, b, bound)
        out[to + np.uint64(1)] = scaled(c, d, bound)
    n += 2 * pairs
    if n < count:
        a, b, _, _ = words_of((begin + unsigned(pairs)) & LOW_32, c1, c2, c3, k0, k1)
        out[unsigned(n)] = scaled(a, b, bound)


@inner
def insert_in_order(values, count):
    """Put nearly ordered values in order, by insertion."""
    for i in range(1, count):
        value = values[unsigned(i)]
        j = i - 1
        while j >= 0 and values[unsigned(j)] > value:
            values[unsigned(j + 1)] = values[unsigned(j)]
            j -= 1
        values[unsigned(j + 1)] = value


@inner
def put_in_order(values, count, limit, out, counters):
    """Put values below a limit in order, into `out`: into buckets, and in these by insertion."""
    if count <= FEW:
        for i in range(count):
            out[unsigned(i)] = values[unsigned(i)]
        insert_in_order(out, count)
        return
    shift = 0
    while (limit - 1) >> shift >= count:
        shift += 1
    buckets = ((limit - 1) >> shift) + 1
    by = unsigned(shift)
    for b in range(buckets):
        counters[unsigned(b)] = 0
    for i in range(count):
        counters[unsigned(values[unsigned(i)]) >> by] += 1
    total = 0
    for b in range(buckets):
        here = counters[unsigned(b)]
        counters[unsigned(b)] = total
        total += here
    for i in range(count):
        value = values[unsigned(i)]
        bucket = unsigned(value) >> by
        out[unsigned(counters[bucket])] = value
        counters[bucket] += 1
    insert_in_order(out, count)


@inner
def take_in(kept, have, new, count):
    """Merge ordered new values into ordered different ones; return how many there are then."""
    fresh = 0
    at = 0
    for i in range(count):
        value = new[unsigned(i)]
        if fresh > 0 and new[unsigned(fresh - 1)] == value:
            continue
        while at < have and kept[unsigned(at)] < value:
            at += 1
        if at < have and kept[unsigned(at)] == value:
            continue
        new[unsigned(fresh)] = value
        fresh += 1
    i, j, to = have - 1, fresh - 1, have + fresh - 1
    while j >= 0:
        if i >= 0 and kept[unsigned(i)] > new[unsigned(j)]:
            kept[unsigned(to)] = kept[unsigned(i)]
            i -= 1
        else:
            kept[unsigned(to)] = new[unsigned(j)]
            j -= 1
        to -= 1
    return have + fresh


@inner
def chosen(seed, stream, step, limit, count, repeats, out, spare, counters, room):
    """Draw `count` integers below a limit into `out`, in order.

    Different ones are drawn until there are enough, as many again as repeat; where more than half
    of all are wanted, the others are drawn.
    """
    first = uint32_view(spare, 0, room)
    ordered = uint32_view(spare, room, room)
    others = not repeats and count > limit - count
    wanted = limit - count if others else count
    kept, drawn = (first, out) if others else (out, first)
    have, begin = 0, 0
    while have < wanted:
        missing = wanted - have
        draw_integers(seed, stream, step, 0, begin, missing, limit, drawn)
        put_in_order(drawn, missing, limit, ordered, counters)
        if repeats:
            for i in range(missing):
                kept[unsigned(i)] = ordered[unsigned(i)]
            have = missing
        else:
            have = take_in(kept, have, ordered, missing)
        begin += missing
    if others:
        left, to = 0, 0
        for value in range(limit):
            if left < wanted and kept[unsigned(left)] == value:
                left += 1
            else:
                out[unsigned(to)] = value
                to += 1


@inner
def pass_own(out, count, own):
    """Make columns of others out of columns, one being left out: from `own` on, one further."""
    for i in range(count):
        value = out[unsigned(i)]
        out[unsigned(i)] = value + (value >= own)


@inner
def jump(table, source, own, out, write):
    """Choose each column with a probability, by jumps; return how many."""
    wide_vectors()
    u = scratch()
    columns = load(table, T_COLUMNS)
    most = float(columns)
    log_of_failure = bits_to_float(load(table, T_LOG))
    coarse = load(table, T_COARSE)
    at = -1
    found = 0
    first = 0
    # a first guess at the numbers of the row, then small pieces
    width = int(columns * -log_of_failure) + 16
    while at < columns - 1:
        width = min(max(16, (width + 3) & ~3), SCRATCH)
        call_kernel7(
            load(table, T_FILL), load(table, T_SEED), load(table, T_STREAM), first,
            first + width, source, 0, data(u),
        )  # fmt: skip
        first += width
        number = width
        if coarse:
            number = width >> 1
            for k in range(number):  # exact: back to words, then high and low together
                high = u[2 * k] * COARSEST - 0.5
                u[k] = (high + u[2 * k + 1]) / COARSEST
        for k in range(number):
            skips = floor(log(u[unsigned(k)]) / log_of_failure)
            u[unsigned(k)] = select(skips < most, skips, most)
        for k in range(number):
            at += int(u[unsigned(k)]) + 1
            if at >= columns:
                break
            if at != own:
                if write:
                    out[unsigned(found)] = at
                found += 1
        width = 64
    return found


@inner
def own_column(table, place):
    """The column that a source may not reach, or -1."""
    own = load(table, T_OWN)
    if own == 0:
        return -1
    return int(int32_view(own, place, 1)[0])


@inner
def count_row(table, place):
    """How many synapses a source has; draws only where that is not known without."""
    kind = load(table, T_KIND)
    own = own_column(table, place)
    columns = load(table, T_COLUMNS)
    if kind == ALL:
        return columns - (own >= 0)
    if kind == ONE:
        return 1 - (own == place)
    if kind == RING:
        return 1
    if kind == TOTAL:
        return load(load(table, T_COUNTS), place)
    if kind == PROBABILITY:
        source = load(load(table, T_SOURCES), place)
        return jump(table, source, own, uint32_view(0, 0, 0), False)
    return load(table, T_COUNT)


@inner
def draw_row(table, place, out, spare, counters_at, room):
    """Write the targets of a source, in order, and return how many there are."""
    kind = load(table, T_KIND)
    own = own_column(table, place)
    columns = load(table, T_COLUMNS)
    source = load(load(table, T_SOURCES), place)
    count = 0
    if kind == ALL:
        for column in range(columns):
            if column != own:
                out[unsigned(count)] = column
                count += 1
    elif kind == ONE:
        if own != place:
            out[unsigned(0)] = place
            count = 1
    elif kind == RING:
        out[unsigned(0)] = (place + load(table, T_OFFSET)) % load(table, T_ROWS)
        count = 1
    elif kind == PROBABILITY:
        count = jump(table, source, own, out, True)
    else:
        if kind == TOTAL:
            count = load(load(table, T_COUNTS), place)
        else:
            count = load(table, T_COUNT)
        chosen(
            load(table, T_SEED), load(table, T_STREAM), source, columns - (own >= 0), count,
            load(table, T_REPEATS), out, spare, int32_view(counters_at, 0, room), room,
        )  # fmt: skip
        if own >= 0:
            pass_own(out, count, own)
    name_targets(table, out, count, spare, counters_at, room)
    return count


@inner
def name_targets(table, out, count, spare, counters_at, room):
    """Turn columns into indices of targets, in order."""
    rank_at, targets_at = load(table, T_RANK), load(table, T_TARGETS)
    columns = load(table, T_COLUMNS)
    if rank_at != 0:
        rank = uint32_view(rank_at, 0, columns)
        ranked = uint32_view(spare, 0, room)
        for i in range(count):
            ranked[unsigned(i)] = rank[unsigned(out[unsigned(i)])]
        put_in_order(ranked, count, columns, out, int32_view(counters_at, 0, room))
    if targets_at != 0:
        targets = uint32_view(targets_at, 0, columns)
        for i in range(count):
            out[unsigned(i)] = targets[unsigned(out[unsigned(i)])]
    else:
        first = load(table, T_FIRST)
        if first != 0:
            for i in range(count):
                out[unsigned(i)] = out[unsigned(i)] + first
