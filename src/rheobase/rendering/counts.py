"""Loops that fill arrays with Poisson counts; `random.compiled` compiles them.

The law: a uniform number of 64 bits, and the cumulative distribution in float64. The count is
how many of the values P(X <= 0), P(X <= 1) ... the number is not below. Only the upper 32 bits
are drawn for every cell. The lower ones matter only where the upper ones are those of one of the
values themselves, which happens to a few cells in 10**9; `exactly` draws them then. So every
probability is that of the law to the rounding of float64, some 1e-16, in the tail too.

Cells go in blocks through scratch. Where a block shares one expectation, its cells are marked
value by value: a mark holds the upper bits of the last value that was passed and, in its lowest
seven, the count. One comparison and one choice a value and cell, sixteen cells at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.rendering.exponential import exp
from rheobase.rendering.philox import LOW_32, philox, place, shares
from rheobase.rendering.primitives import (
    SCRATCH,
    Value,
    scratch,
    scratch_words,
    select,
    unsigned,
    wide_vectors,
)

Array = Any

MOST_SHARE = 32.0  # `philox.MOST_A_DRAW`: up to it a count of one draw fits into a mark
LOWER_BITS = 1 << 15  # added to the number of a draw: the lower halves of its words
WORDS = 2.0**32
WHOLE = 2.0**64
COUNT = 127
LAST = 0xFFFFFFFF
NONE = np.uint32(0)
SOME = np.uint32(1)
SHIFT_32 = np.uint64(32)
ONE = np.uint64(1)


def draw_words(where: Value, first: int, groups: int, pairs: Array) -> None:
    """Fill `pairs` with the words of groups first, first + 1 ..., four of 32 bits each."""
    wide_vectors()
    c1, c2, c3, k0, k1 = where
    begin = unsigned(first)
    for g in range(groups):
        at = unsigned(g)
        a, b, c, d = philox((begin + at) & LOW_32, c1, c2, c3, k0, k1)
        pairs[at + at] = a | (b << SHIFT_32)
        pairs[at + at + ONE] = c | (d << SHIFT_32)


def exactly(place_of_draw: Value, element: int, word: int, share: float) -> int:
    """The count of one element, by all 64 bits; `word` is the upper half."""
    seed, stream, step, draw = place_of_draw
    where = place(seed, stream, step, draw + LOWER_BITS)
    a, b, c, d = philox(unsigned(element >> 2) & LOW_32, *where)
    lane = element & 3
    lower = a
    if lane == 1:
        lower = b
    elif lane == 2:
        lower = c
    elif lane == 3:
        lower = d
    number = (unsigned(word) << SHIFT_32) | lower
    term = exp(-share)
    before, below = 0.0, term
    k = 0
    while before < below < 1.0 and number >= np.uint64(below * WHOLE):
        k += 1
        term = term * (share * (1.0 / k))
        before, below = below, below + term
    return k


def steps_of_law(share: float, heights: Array, marks: Array) -> int:
    """List the words at which the count grows, and the marks of those beyond; return how many.

    The list is filled up to a multiple of four.
    """
    term = exp(-share)
    before, below = 0.0, term
    k = 0
    height = 0
    while before < below < 1.0 and height < LAST:
        height = int(below * WORDS)
        heights[k] = height
        marks[k] = (height | COUNT) - COUNT + k + 1
        k += 1
        term = term * (share * (1.0 / k))
        before, below = below, below + term
    while k == 0 or k & 3 != 0:
        heights[k] = LAST
        marks[k] = LAST - COUNT
        k += 1
    return k


def mark_shared(
    words: Array, size: int, heights: Array, marks: Array, steps: int, marked: Array
) -> Value:
    """Mark a block whose cells share their expectation; say whether one has to be looked at.

    That is one whose word and mark agree in all but the lowest bits.
    """
    wide_vectors()
    largest = NONE
    for i in range(size):
        word = words[unsigned(i)]
        largest = select(word > largest, word, largest)
    k = 0
    while k == 0 or (k < steps and heights[k] <= largest):
        h0, h1, h2, h3 = heights[k], heights[k + 1], heights[k + 2], heights[k + 3]
        m0, m1, m2, m3 = marks[k], marks[k + 1], marks[k + 2], marks[k + 3]
        for i in range(size):
            at = unsigned(i)
            word = words[at]
            mark = select(word >= h0, m0, select(k > 0, marked[at], NONE))
            mark = select(word >= h1, m1, mark)
            mark = select(word >= h2, m2, mark)
            marked[at] = select(word >= h3, m3, mark)
        k += 4
    close = NONE
    for i in range(size):
        at = unsigned(i)
        close = select((words[at] ^ marked[at]) <= COUNT, SOME, close)
    return close


def count_shared(
    place_of_draw: Value, first: int, words: Array, size: int, heights: Array, marks: Array,
    steps: int, share: float, marked: Array,
) -> None:  # fmt: skip
    """Leave the counts of elements first, first + 1 ... in the lowest bits of `marked`."""
    if mark_shared(words, size, heights, marks, steps, marked) != 0:
        for i in range(size):
            at = unsigned(i)
            if (words[at] ^ marked[at]) <= COUNT:
                marked[at] = exactly(place_of_draw, first + i, words[at], share)


def count_each(
    words: Array, size: int, share: Array, term: Array, below: Array, counts: Array
) -> int:
    """Count a block of cells with expectations `share`; say whether one has to be looked at.

    That is one whose word is the upper half of one of the values.
    """
    wide_vectors()
    for i in range(size):
        at = unsigned(i)
        term[at] = exp(-share[at])
        below[at] = term[at]
        counts[at] = 0.0
    k = 0
    close, above = 0, 1
    while above > close:
        above = 0
        i1, i2, i3, i4 = 1.0 / (k + 1), 1.0 / (k + 2), 1.0 / (k + 3), 1.0 / (k + 4)
        for i in range(size):
            at = unsigned(i)
            mean, t, p = share[at], term[at], below[at]
            word = np.float64(words[at])
            after = word + 1.0
            a = p * WORDS
            t = t * (mean * i1)
            p = p + t
            b = p * WORDS
            t = t * (mean * i2)
            p = p + t
            c = p * WORDS
            t = t * (mean * i3)
            p = p + t
            d = p * WORDS
            t = t * (mean * i4)
            term[at] = t
            below[at] = p + t
            more = select(after > a, 1.0, 0.0) + select(after > b, 1.0, 0.0)
            more = more + (select(after > c, 1.0, 0.0) + select(after > d, 1.0, 0.0))
            counts[at] = counts[at] + more
            # a value is passed by `after`, but not by the word itself: the last one passed
            last = select(after > d, d, select(after > c, c, select(after > b, b, a)))
            close |= select((last >= word) & (after > last), 1, 0)
            above |= select(after > d, 1, 0)
        k += 4
    return close


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
    if expected.size == 1:
        fill_shared(seed, stream, lo, hi, step, draw, expected[0], out)
    else:
        fill_each(seed, stream, lo, hi, step, draw, expected, out)


def fill_shared(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int, expected: float, out: Array
) -> None:
    """Fill `out` with counts of one expectation."""
    wide_vectors()
    number, share = shares(expected)
    words, pairs = scratch_words()
    marked = scratch_words()[0]
    heights, marks = scratch_words()[0], scratch_words()[0]
    steps = steps_of_law(share, heights, marks)
    for k in range(int(number)):
        where = place(seed, stream, step, draw + k)
        for begin in range(0, hi - lo, SCRATCH):
            left = hi - lo - begin
            size = select(left < SCRATCH, left, SCRATCH)
            draw_words(where, (lo + begin) >> 2, (size + 3) >> 2, pairs)
            count_shared((seed, stream, step, draw + k), lo + begin, words, size, heights,
                         marks, steps, share, marked)  # fmt: skip
            to = unsigned(begin)
            if k == 0:
                for i in range(size):
                    out[to + unsigned(i)] = marked[unsigned(i)] & COUNT
            else:
                for i in range(size):
                    out[to + unsigned(i)] += marked[unsigned(i)] & COUNT


def fill_each(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int, expected: Array, out: Array
) -> None:
    """Fill `out` with counts of an expectation each."""
    wide_vectors()
    words, pairs = scratch_words()
    numbers, share, term, below, counts = scratch(), scratch(), scratch(), scratch(), scratch()
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        to = unsigned(begin)
        many = NONE
        for i in range(size):
            at = unsigned(i)
            mean = expected[to + at]
            share[at] = select(mean > 0.0, mean, 0.0)
            many = select(mean > MOST_SHARE, SOME, many)
            numbers[at] = 1.0
            out[to + at] = 0
        most = 1.0
        if many > 0:
            for i in range(size):
                at = unsigned(i)
                numbers[at], share[at] = shares(expected[to + at])
                most = select(numbers[at] > most, numbers[at], most)
        for k in range(int(most)):
            if k > 0:
                for i in range(size):  # a cell that has had all its draws gets no more
                    share[unsigned(i)] = select(numbers[unsigned(i)] > k, share[unsigned(i)], 0.0)
            where = place(seed, stream, step, draw + k)
            draw_words(where, (lo + begin) >> 2, (size + 3) >> 2, pairs)
            if count_each(words, size, share, term, below, counts) == 0:
                for i in range(size):
                    out[to + unsigned(i)] += int(counts[unsigned(i)])
            else:
                for i in range(size):
                    out[to + unsigned(i)] += exactly(
                        (seed, stream, step, draw + k), lo + begin + i, words[unsigned(i)],
                        share[unsigned(i)],
                    )  # fmt: skip


def add_poisson(
    seed: int,
    stream: int,
    lo: int,
    hi: int,
    step: int,
    draw: int,
    expected: Array,
    weights: Array,
    out: Array,
) -> None:
    """Add Poisson counts times weights to `out` for elements lo .. hi.

    The counts are those of `fill_poisson`. Expectations, and weights, are one for all or one each.
    """
    number, share = shares(expected[0])
    if expected.size == 1 and weights.size == 1 and number == 1.0:
        add_shared((seed, stream, step, draw), lo, hi, share, weights[0], out)
        return
    counts = scratch()
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        first = lo + begin
        own = 0 if expected.size == 1 else begin
        after = 1 if expected.size == 1 else begin + size
        fill_poisson(seed, stream, first, first + size, step, draw, expected[own:after], counts)
        for i in range(size):
            n = begin + i if weights.size > 1 else 0
            out[unsigned(begin + i)] += counts[unsigned(i)] * weights[n]


def add_shared(
    place_of_draw: Value, lo: int, hi: int, share: float, weight: float, out: Array
) -> None:
    """Add counts of one draw and one expectation, times a weight, to `out`."""
    wide_vectors()
    seed, stream, step, draw = place_of_draw
    where = place(seed, stream, step, draw)
    words, pairs = scratch_words()
    marked = scratch_words()[0]
    heights, marks = scratch_words()[0], scratch_words()[0]
    steps = steps_of_law(share, heights, marks)
    for begin in range(0, hi - lo, SCRATCH):
        left = hi - lo - begin
        size = select(left < SCRATCH, left, SCRATCH)
        draw_words(where, (lo + begin) >> 2, (size + 3) >> 2, pairs)
        count_shared(place_of_draw, lo + begin, words, size, heights, marks, steps, share,
                     marked)  # fmt: skip
        for i in range(size):
            at = unsigned(i)
            out[unsigned(begin) + at] += np.float64(marked[at] & COUNT) * weight
