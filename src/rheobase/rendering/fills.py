"""Loops that fill arrays with random numbers; `random.compiled` compiles them.

`out[0]` belongs to element `lo`, a multiple of 4, so that groups of four words that come from
one evaluation of Philox are never divided. `random.py` has NumPy functions with the same bits.

The work goes in blocks through scratch that stays in the nearest cache, one short loop after
the other: each of these loops vectorises, all in one would not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.rendering.exponential import exp
from rheobase.rendering.philox import LOW_32, normal_pair, philox, place, shares, unit
from rheobase.rendering.primitives import SCRATCH, Value, scratch, select, unsigned, wide_vectors

Array = Any

GROUPS = SCRATCH // 4  # groups in a block, which is as much as fits into scratch
ROW_1 = np.uint64(GROUPS)
ROW_2 = np.uint64(2 * GROUPS)
ROW_3 = np.uint64(3 * GROUPS)
ONE = np.uint64(1)
TWO = np.uint64(2)
THREE = np.uint64(3)


def draw_units(where: Value, first: int, groups: int, rows: Array) -> None:
    """Fill row k of `rows`, at place g, with the uniform number of element 4 (first + g) + k."""
    wide_vectors()
    c1, c2, c3, k0, k1 = where
    begin = unsigned(first)
    for g in range(groups):
        at = unsigned(g)
        a, b, c, d = philox((begin + at) & LOW_32, c1, c2, c3, k0, k1)
        rows[at] = unit(a)
        rows[at + ROW_1] = unit(b)
        rows[at + ROW_2] = unit(c)
        rows[at + ROW_3] = unit(d)


def interleave(rows: Array, out: Array, begin: int, size: int) -> None:
    """Copy element 4 g + k from row k, place g, to `out`, `size` of them from `begin` on."""
    wide_vectors()
    whole = size >> 2
    for g in range(whole):
        at = unsigned(g)
        to = unsigned(begin + 4 * g)
        out[to] = rows[at]
        out[to + ONE] = rows[at + ROW_1]
        out[to + TWO] = rows[at + ROW_2]
        out[to + THREE] = rows[at + ROW_3]
    for k in range(size & 3):
        out[unsigned(begin + 4 * whole + k)] = rows[unsigned(whole + GROUPS * k)]


def fill_uniform(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int, out: Array
) -> None:
    """Fill `out` with numbers uniform in (0, 1) for elements lo .. hi."""
    wide_vectors()
    where = place(seed, stream, step, draw)
    rows = scratch()
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        draw_units(where, (lo + begin) >> 2, (size + 3) >> 2, rows)
        interleave(rows, out, begin, size)


def fill_normal(seed: int, stream: int, lo: int, hi: int, step: int, draw: int, out: Array) -> None:
    """Fill `out` with standard normal numbers for elements lo .. hi."""
    wide_vectors()
    where = place(seed, stream, step, draw)
    rows = scratch()
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        groups = (size + 3) >> 2
        draw_units(where, (lo + begin) >> 2, groups, rows)
        for pair in range(2):
            for g in range(groups):
                u = unsigned(g + 2 * GROUPS * pair)
                v = u + ROW_1
                p, q = normal_pair(rows[u], rows[v])
                rows[u] = p
                rows[v] = q
        interleave(rows, out, begin, size)


def count_shared(u: Array, share: float, out: Array, begin: int, size: int) -> None:
    """Add to `out` the Poisson counts that the uniform numbers u stand for (inverse CDF)."""
    wide_vectors()
    term = exp(-share)
    below = term
    k = 0
    above = 1
    while above > 0:
        above = 0
        for i in range(size):
            hit = select(u[unsigned(i)] >= below, 1, 0)
            out[unsigned(begin + i)] += hit
            above |= hit
        k += 1
        term = term * (share * (1.0 / k))
        below = below + term


def count_each(
    u: Array, share: Array, term: Array, below: Array, out: Array, begin: int, size: int
) -> None:
    """Add to `out` the counts of cells with expected counts `share`; term, below are scratch."""
    wide_vectors()
    for i in range(size):
        at = unsigned(i)
        term[at] = exp(-share[at])
        below[at] = term[at]
    k = 0
    above = 1
    while above > 0:
        above = 0
        k += 1
        inverse = 1.0 / k
        for i in range(size):
            at = unsigned(i)
            hit = select(u[at] >= below[at], 1, 0)
            out[unsigned(begin + i)] += hit
            above |= hit
            term[at] = term[at] * (share[at] * inverse)
            below[at] = below[at] + term[at]


def fill_poisson(
    seed: int,
    stream: int,
    lo: int,
    hi: int,
    step: int,
    draw: int,
    expected: Array,
    out: Array,
) -> None:
    """Fill `out` (of integers) with Poisson counts for elements lo .. hi.

    `expected` holds the expected counts: one for all, or one an element from `lo` on. Beyond 32
    a count is the sum of several draws, numbered `draw`, `draw + 1` and so on.
    """
    wide_vectors()
    shared = expected.size == 1
    number, share_of_all = shares(expected[0])
    rows, u = scratch(), scratch()
    numbers, share = scratch(), scratch()
    term, below = rows, scratch()
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        most = number
        for i in range(size):
            out[unsigned(begin + i)] = 0
            if not shared:
                numbers[i], share[i] = shares(expected[begin + i])
                most = select(numbers[i] > most, numbers[i], most)
        for k in range(int(most)):
            where = place(seed, stream, step, draw + k)
            draw_units(where, (lo + begin) >> 2, (size + 3) >> 2, rows)
            interleave(rows, u, 0, size)
            if shared:
                count_shared(u, share_of_all, out, begin, size)
            else:
                for i in range(size):  # a cell that has had all its draws gets no more
                    share[i] = select(numbers[i] > k, share[i], 0.0)
                count_each(u, share, term, below, out, begin, size)
