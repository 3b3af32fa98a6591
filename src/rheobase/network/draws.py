"""Random choices of whole rows at once, from numbers that belong to a place.

A row is one cell: the source, or the target where a rule speaks of targets. Number k of a row
is the word (element k, step = index of the cell), so a row is the same whatever other rows are
drawn with it, in one piece or in many.
"""

from __future__ import annotations

import math
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint32]

CHUNK = 1 << 20  # numbers drawn at a time: some 8 MB an array
PAIRS = 1  # the draw of pairs of a whole connection; draw 0 is that of the rows by themselves
_FEW = 1e-4  # below this probability one word of 32 bits is too coarse


class RandomSource(Protocol):
    """Counter-based random numbers of one seed and one stream.

    `elements` and `step` are integers or integer arrays that broadcast against each other;
    `draw` is one integer below 2**16. The same place always gives the same number.
    """

    def words(self, elements: Ints, step: Ints | int, draw: int) -> Words:
        """Return 32 random bits for each place."""

    def uniform(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        """Return numbers uniform between 0 and 1."""

    def normal(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        """Return standard normal numbers."""

    def log(self, values: Floats) -> Floats:
        """Return natural logarithms, with the same bits as compiled code has them."""

    def exp(self, values: Floats) -> Floats:
        """Return exponentials, with the same bits as compiled code has them."""


def row_chunks(n_rows: int, per_row: float) -> list[slice]:
    """Divide rows so that each piece holds about `CHUNK` numbers."""
    size = max(1, int(CHUNK / max(per_row, 1.0)))
    return [slice(first, min(first + size, n_rows)) for first in range(0, n_rows, size)]


def integers(
    random: RandomSource, elements: Ints, step: Ints | int, limit: Ints | int, draw: int = 0
) -> Ints:
    """Return integers uniform in [0, limit), from two words each (limit below 2**32).

    The 64 bits are multiplied by the limit and the whole part is kept: the chance of a value is
    off by less than limit/2**64.
    """
    bound = np.asarray(limit, dtype=np.uint64)
    half = np.uint64(32)
    high, low = _two_words(random, elements, step, draw)
    return ((high * bound + ((low * bound) >> half)) >> half).astype(np.int64)


def _two_words(
    random: RandomSource, elements: Ints, step: Ints | int, draw: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return words 2k and 2k + 1 for every element k."""
    if np.ndim(elements) == 2 and elements.shape[0] == 1 and np.all(np.diff(elements[0]) == 1):
        first, count = (2 * int(elements[0, 0]), elements.size) if elements.size else (0, 0)
        both = random.words(np.arange(first, first + 2 * count)[None, :], step, draw)
        return both[..., ::2].astype(np.uint64), both[..., 1::2].astype(np.uint64)
    high, low = (random.words(2 * elements + k, step, draw) for k in (0, 1))
    return high.astype(np.uint64), low.astype(np.uint64)


def coarse(probability: float) -> bool:
    """Return whether one word is too coarse for jumps from success to success."""
    return probability < _FEW


def log_of_failure(probability: float) -> float:
    """Return log(1 - p), the logarithm of the chance that a place is passed over."""
    return math.log1p(-probability)


def _skips(
    random: RandomSource, elements: Ints, step: Ints | int, probability: float, most: int
) -> Ints:
    """Return how many places are passed over before the next success, at most `most`."""
    if coarse(probability):
        high, low = _two_words(random, elements, step, 0)
        unit = (high + (low + 0.5) / 2.0**32) / 2.0**32
    else:
        unit = (random.words(elements, step, 0).astype(np.float64) + 0.5) / 2.0**32
    with np.errstate(over="ignore"):  # of a probability near the smallest double
        whole = np.floor(random.log(unit) / log_of_failure(probability))
    skips: Ints = np.minimum(whole, most).astype(np.int64)
    return skips


def bernoulli_rows(
    random: RandomSource, rows: Ints, columns: int, probability: float
) -> tuple[Ints, Ints]:
    """Choose each column of each row independently, by jumping from one success to the next.

    Parameters
    ----------
    random
        Where the numbers come from.
    rows
        Index of the cell each row belongs to.
    columns
        How many columns a row has.
    probability
        Chance of each column, from 0 to 1.

    Returns
    -------
    row, column
        Places in `rows` and columns chosen, sorted by row, then column.
    """
    if probability == 0.0 or columns == 0 or rows.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if probability == 1.0:
        every = np.arange(columns, dtype=np.int64)
        return np.repeat(np.arange(rows.size), columns), np.tile(every, rows.size)
    mean = columns * probability
    width = 4 * (1 + int(mean + 3.0 * np.sqrt(mean * (1.0 - probability)) + 1.0) // 4)
    pending = np.arange(rows.size)
    reached = np.full(rows.size, -1, np.int64)
    first = 0
    pieces = []
    while pending.size:
        places = np.arange(first, first + width, dtype=np.int64)
        jumps = _skips(random, places[None, :], rows[pending, None], probability, columns)
        at = reached[:, None] + np.cumsum(jumps + 1, axis=1)
        hit = at < columns
        pieces.append((np.repeat(pending, np.count_nonzero(hit, axis=1)), at[hit]))
        more = at[:, -1] < columns - 1
        pending, reached = pending[more], at[more, -1]
        first += width
        width = max(8, width // 4 // 4 * 4)
    row = np.concatenate([piece[0] for piece in pieces])
    column = np.concatenate([piece[1] for piece in pieces])
    if len(pieces) > 1:
        order = np.argsort(row, kind="stable")
        row, column = row[order], column[order]
    return row, column


def _width_for(count: int, limit: int) -> int:
    """Return how many draws with replacement nearly always hold `count` different values."""
    repeats = limit * np.log(limit / (limit - count)) - count if count < limit else 4.0 * limit
    return int(count + repeats + 4.0 * np.sqrt(max(repeats, 0.0)) + 2.0)


def distinct_rows(random: RandomSource, rows: Ints, limit: int, count: int) -> Ints:
    """Return, for each row, `count` different values below `limit`, all sets equally likely.

    Values are drawn one after the other and those already there passed over. Where more than half
    of the values are wanted, the others are drawn instead.

    Returns
    -------
    ndarray, shape (rows, count)
        Ascending in each row.
    """
    if count > limit - count:
        left_out = distinct_rows(random, rows, limit, limit - count)
        wanted = np.ones((rows.size, limit), dtype=bool)
        np.put_along_axis(wanted, left_out, False, axis=1)
        return np.nonzero(wanted)[1].astype(np.int64).reshape(rows.size, count)
    chosen = np.empty((rows.size, count), np.int64)
    if count == 0:
        return chosen
    pending = np.arange(rows.size)
    width = _width_for(count, limit)
    while pending.size:
        places = np.arange(width, dtype=np.int64)
        drawn = integers(random, places[None, :], rows[pending, None], limit)
        fresh = _first_of_each(drawn)
        number = np.cumsum(fresh, axis=1)
        done = number[:, -1] >= count
        keep = fresh & (number <= count) & done[:, None]
        chosen[pending[done]] = np.sort(drawn[keep].reshape(-1, count), axis=1)
        pending = pending[~done]
        width *= 2
    return chosen


def _first_of_each(drawn: Ints) -> Flags:
    """Mark, in each row, the entries whose value has not come before."""
    order = np.argsort(drawn, axis=1, kind="stable")
    ordered = np.take_along_axis(drawn, order, axis=1)
    new = np.ones(drawn.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    fresh = np.empty_like(new)
    np.put_along_axis(fresh, order, new, axis=1)
    return fresh


def degree_rows(
    random: RandomSource, rows: Ints, own: Ints, limit: int, count: int, repeats: bool
) -> Ints:
    """Return, for each row, `count` columns below `limit`, never the row's `own` one.

    Parameters
    ----------
    random
        Where the numbers come from.
    rows
        Index of the cell each row belongs to.
    own
        The column that a row may not choose; -1: it may choose all.
    limit
        How many columns there are.
    count
        How many columns each row chooses.
    repeats
        True: with replacement.

    Returns
    -------
    ndarray, shape (rows, count)
        Ascending in each row.
    """
    barred = own >= 0
    if repeats:
        places = np.arange(count, dtype=np.int64)
        limits = np.where(barred, limit - 1, limit)
        chosen = integers(random, places[None, :], rows[:, None], limits[:, None])
        chosen = np.sort(chosen, axis=1)
    else:
        chosen = np.empty((rows.size, count), np.int64)
        for group, size in ((barred, limit - 1), (~barred, limit)):
            if np.any(group):
                chosen[group] = distinct_rows(random, rows[group], size, count)
    return chosen + (barred[:, None] & (chosen >= own[:, None]))


def total_pairs(
    random: RandomSource, rows: Ints, columns: int, own: Ints, count: int, repeats: bool
) -> tuple[Ints, Ints]:
    """Draw `count` pairs (row, column), all pairs equally likely, never (r, own[r]).

    With repeats, first is drawn how many pairs each row has, then the columns of each row by
    itself, so that a row can be drawn alone once these numbers are known.

    Parameters
    ----------
    random
        Where the numbers come from.
    rows
        Index of the cell each row belongs to.
    columns
        How many columns there are.
    own
        For each row the column that it may not have; -1: it may have all.
    count
        How many pairs.
    repeats
        True: with replacement.

    Returns
    -------
    row, column
        Sorted by row, then column.
    """
    if not repeats:
        return _different_pairs(random, (rows.size, columns), own, count)
    number = pairs_of_rows(random, rows.size, columns, own, count)
    pieces_of_row, pieces_of_column = [], []
    for part in row_chunks(rows.size, 2.0 * count / max(rows.size, 1)):
        length = number[part]
        row = np.repeat(np.arange(part.start, part.stop), length)
        starts = np.cumsum(length) - length
        place = np.arange(row.size, dtype=np.int64) - np.repeat(starts, length)
        barred = own[row] >= 0
        column = integers(random, place, rows[row], columns - barred)
        code = np.sort((row - part.start) * np.int64(columns) + column)
        column = code - (row - part.start) * np.int64(columns)
        pieces_of_row.append(row)
        pieces_of_column.append(column + (barred & (column >= own[row])))
    return np.concatenate(pieces_of_row), np.concatenate(pieces_of_column)


def pairs_of_rows(random: RandomSource, rows: int, columns: int, own: Ints, count: int) -> Ints:
    """Return how many of `count` pairs drawn with replacement fall into each row.

    Where some rows have a column that they may not have and others not, rows are not equally
    likely: whole pairs are drawn, and those not allowed passed over.
    """
    barred = own >= 0
    number = np.zeros(rows, np.int64)
    unequal = bool(np.any(barred) and not np.all(barred))
    first, missing = 0, count
    while missing:
        # never more than are missing, so that all that are allowed count
        for begin in range(first, first + missing, CHUNK):
            place = np.arange(begin, min(begin + CHUNK, first + missing), dtype=np.int64)
            row = integers(random, 2 * place if unequal else place, 0, rows, PAIRS)
            if unequal:
                row = row[integers(random, 2 * place + 1, 0, columns, PAIRS) != own[row]]
            number += np.bincount(row, minlength=rows)
        first += missing
        missing = count - int(number.sum())
    return number


def _different_pairs(
    random: RandomSource, shape: tuple[int, int], own: Ints, count: int
) -> tuple[Ints, Ints]:
    """Draw pairs one after the other, those already there or not allowed passed over.

    Where more than half of all pairs are wanted, the others are drawn instead.
    """
    barred = int(np.count_nonzero(own >= 0))
    possible = shape[0] * shape[1] - barred
    if count > possible - count:
        row, column = _different_pairs(random, shape, own, possible - count)
        wanted = np.ones(shape, dtype=bool)
        wanted[np.nonzero(own >= 0)[0], own[own >= 0]] = False
        wanted[row, column] = False
        rows, columns = np.nonzero(wanted)
        return rows.astype(np.int64), columns.astype(np.int64)
    codes = np.zeros(0, np.int64)
    first = 0
    while codes.size < count:
        # never more than are missing, so that all new ones are kept
        places = np.arange(first, first + count - codes.size, dtype=np.int64)
        row = integers(random, 2 * places, 0, shape[0], PAIRS)
        column = integers(random, 2 * places + 1, 0, shape[1], PAIRS)
        allowed = column != own[row]
        drawn = row[allowed] * shape[1] + column[allowed]
        codes = np.unique(np.concatenate([codes, drawn]))
        first += places.size
    return codes // shape[1], codes % shape[1]
