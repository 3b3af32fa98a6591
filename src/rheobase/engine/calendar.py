"""The memory of the calendar of one thread: slices by the step they are due in, and drawn rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import AnyArray, Int64Array

FIRST_CHUNKS = 64
FIRST_POOL = 1024
FREE = -1


class Calendar:
    """What lies between a spike and its arrivals, where rows are not looked up at every delay.

    Parameters
    ----------
    longest : int
        The longest delay in steps.

    Attributes
    ----------
    row : ndarray of int64
        What compiled code knows of it; it says that nothing is due unless `use` was called.
    """

    def __init__(self, longest: int) -> None:
        self.row = np.zeros(columns.X_WIDTH, np.int64)
        self.row[columns.X_BUCKETS] = longest + 1
        self.row[columns.X_EMISSION] = columns.FAR
        self.row[columns.X_CHUNK] = FREE
        self._chunks: Int64Array = np.zeros((0, columns.S_WIDTH), np.int64)
        self._next: Int64Array = np.zeros(0, np.int64)
        self._lists: list[Int64Array] = []
        self._pool: tuple[AnyArray, AnyArray] = (np.zeros(0, np.uint32), np.zeros(0))
        self._replaced: list[AnyArray] = []
        self._rows: Int64Array = np.zeros((0, columns.Z_WIDTH), np.int64)
        self._lines: Int64Array = np.zeros((0, columns.L_WIDTH), np.int64)
        self._drawn: list[int] = []

    @property
    def used(self) -> bool:
        """Whether any synapses are delivered through it."""
        return len(self._rows) > 0

    def use(self, rows: Int64Array, lines: Int64Array, drawn: list[int]) -> None:
        """Say which bundles go through the calendar.

        Parameters
        ----------
        rows
            Their table.
        lines
            The table of all lines, kept up to date where the pool moves.
        drawn
            The lines whose synapses are drawn into the pool.
        """
        self._rows, self._lines, self._drawn = rows, lines, drawn
        self._replaced = []
        self.row[columns.X_ROWS], self.row[columns.X_ROW_COUNT] = _address(rows), len(rows)
        if not len(rows):
            return
        if not self._lists:
            for column, function in (
                (columns.X_BEGIN, "begin"), (columns.X_APPEND, "append"), (columns.X_TAKE, "take"),
            ):  # fmt: skip
                self.row[column] = address_of("calendar", function)
            buckets = int(self.row[columns.X_BUCKETS])
            self._lists = [np.zeros(buckets, np.int64) for _ in range(4)]
            self.clear()
        self._tell_pool()

    def clear(self) -> None:
        """Forget everything that is due."""
        if not self._lists:
            return
        heads, tails, filled, marks = self._lists
        heads[:], tails[:], filled[:], marks[:] = FREE, FREE, 0, 0
        for column, array in zip(
            (columns.X_HEADS, columns.X_TAILS, columns.X_FILLED, columns.X_MARKS),
            self._lists, strict=True,
        ):  # fmt: skip
            self.row[column] = _address(array)
        self.row[columns.X_CHUNK], self.row[columns.X_EMISSION] = FREE, columns.FAR
        self.row[columns.X_HEAD] = self.row[columns.X_TAIL] = 0
        self.row[columns.X_FREE] = FREE
        self._chain(0)

    def _chain(self, first: int) -> None:
        """Let all chunks from one on be free, before those that are so already."""
        count = self._next.size
        if count > first:
            self._next[first:] = np.arange(first + 1, count + 1)
            self._next[-1] = self.row[columns.X_FREE]
            self.row[columns.X_FREE] = first
        self.row[columns.X_CHUNKS] = _address(self._chunks)
        self.row[columns.X_NEXT] = _address(self._next)

    def more_pieces(self) -> None:
        """Make room for more slices."""
        before = self._next.size
        count = max(2 * before, FIRST_CHUNKS)
        chunks = np.zeros((count * columns.CHUNK, columns.S_WIDTH), np.int64)
        chunks[: len(self._chunks)] = self._chunks
        following = np.zeros(count, np.int64)
        following[:before] = self._next
        self._chunks, self._next = chunks, following
        self._chain(before)

    def more_pool(self, needed: int) -> None:
        """Make room for more drawn synapses; where they go round the end, they move with it."""
        targets, weights = self._pool
        before = targets.size
        size = 2 * before + needed + FIRST_POOL
        head, tail = int(self.row[columns.X_HEAD]), int(self.row[columns.X_TAIL])
        moved = size - before if head < tail else 0
        self._replaced += [targets, weights]  # slices of this step are listed with their places
        self._pool = np.zeros(size, np.uint32), np.zeros(size)
        for new, old in zip(self._pool, (targets, weights), strict=True):
            if moved:
                new[:head], new[tail + moved :] = old[:head], old[tail:]
            else:
                new[:before] = old
        if moved:
            late = np.isin(self._chunks[:, columns.S_LINE], self._drawn)
            late &= self._chunks[:, columns.S_BEGIN] >= tail
            self._chunks[late, columns.S_BEGIN] += moved
            self._chunks[late, columns.S_END] += moved
            marks = self._lists[3]
            marks[marks >= tail] += moved
            self.row[columns.X_TAIL] += moved
        self._tell_pool()

    def _tell_pool(self) -> None:
        targets, weights = self._pool
        self.row[columns.X_POOL_SIZE] = targets.size
        self.row[columns.X_POOL_TARGETS] = _address(targets)
        self.row[columns.X_POOL_WEIGHTS] = _address(weights)
        for line in self._drawn:
            self._lines[line, columns.L_TARGETS] = _address(targets)
            self._lines[line, columns.L_WEIGHTS] = _address(weights)


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
