"""Loops that fill arrays with random numbers; `random.compiled` compiles them.

`out[0]` belongs to element `lo`, a multiple of 4, so that groups of four words that come from
one evaluation of Philox are never divided. `random.py` has NumPy functions with the same bits.

The work goes in blocks through scratch that stays in the nearest cache, one short loop after
the other: each of these loops vectorises, all in one would not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.rendering.philox import LOW_32, normal_pair, philox, place, unit
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
