"""Pairs of a whole connection: `fixed_total`, with and without two synapses of one pair."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity.parts import columns as c
from rheobase.connectivity.parts import function_of
from rheobase.connectivity.ruletable import RuleTable, address
from rheobase.connectivity.threads import each, evenly
from rheobase.network import rules
from rheobase.network.drawing import Drawing
from rheobase.network.draws import Ints

UInts = NDArray[np.uint32]


def pairs_of_rows(table: RuleTable, threads: int) -> Ints:
    """Return how many of the pairs of `fixed_total` fall into each row, by place."""
    rows, total = int(table.entries[c.T_ROWS]), int(table.entries[c.T_COUNT])
    own = table.kept.get(c.T_OWN)
    unequal = own is not None and bool(np.any(own < 0))
    counts = np.zeros((threads, rows), np.int64)
    count_rows = function_of("totals", "count_rows", 5)
    first, missing = 0, total
    while missing:

        def work(number: int, lo: int, hi: int, first: int = first) -> None:
            count_rows(table.address, first + lo, first + hi, unequal, address(counts[number]))

        each(work, evenly(missing, threads))
        first += missing
        missing = total - int(counts.sum())
    found: Ints = counts.sum(axis=0)
    return found


def different_pairs(
    rule: rules.FixedTotal, table: RuleTable, drawing: Drawing, threads: int
) -> tuple[Ints, Callable[[Ints], UInts]]:
    """Draw pairs that are all different.

    Returns
    -------
    lengths
        How many synapses each source has, by place.
    targets_of
        Makes the array of targets from where each row begins, by place.
    """
    rows, columns = drawing.shape
    own = drawing.own_target(rule.autapses)
    most = columns - (own >= 0)  # of each row
    possible = int(most.sum())
    others = rule.n > possible - rule.n
    columns_drawn = _Drawn(table, rows, threads)
    columns_drawn.fill(possible - rule.n if others else rule.n)
    lengths = most - columns_drawn.have if others else columns_drawn.have

    def targets_of(ends: Ints) -> UInts:
        return columns_drawn.finished(lengths, ends, others)

    return lengths, targets_of


class _Drawn:
    """Different columns of every row, ascending, drawn until there are as many as wanted."""

    def __init__(self, table: RuleTable, rows: int, threads: int) -> None:
        self.table, self.ranges = table, evenly(rows, threads)
        self.have = np.zeros(rows, np.int64)
        self._begins = np.zeros(rows + 1, np.int64)
        self._kept = np.zeros(1, np.uint32)

    def fill(self, wanted: int) -> None:
        """Draw as many pairs as are missing, until none is."""
        place_pairs = function_of("totals", "place_pairs", 7)
        first, missing = 0, wanted
        while missing:
            ends = np.zeros(self.have.size, np.int64)

            def work(number: int, lo: int, hi: int, out: UInts | None = None,
                     first: int = first, last: int = first + missing,
                     ends: Ints = ends) -> None:  # fmt: skip
                place_pairs(self.table.address, lo, hi, first, last, address(ends),
                            0 if out is None else address(out))  # fmt: skip

            each(work, self.ranges)
            begins = np.concatenate([[0], np.cumsum(ends)])
            ends[:] = begins[:-1]
            drawn = np.empty(max(int(begins[-1]), 1), np.uint32)
            each(partial(work, out=drawn), self.ranges)
            self._merge(begins, drawn)
            first += missing
            missing = wanted - int(self.have.sum())

    def _merge(self, fresh_begins: Ints, drawn: UInts) -> None:
        """Take in what was drawn."""
        merge_rows = function_of("totals", "merge_rows", 12)
        fresh = np.diff(fresh_begins)
        begins = np.concatenate([[0], np.cumsum(self.have + fresh)])
        kept = np.empty(max(int(begins[-1]), 1), np.uint32)
        room = max(int(fresh.max()), 1)

        def work(number: int, lo: int, hi: int) -> None:
            spare, counters = np.empty(room, np.uint32), np.empty(room, np.int32)
            merge_rows(self.table.address, lo, hi, address(self._begins), address(self.have),
                       address(self._kept), address(fresh_begins), address(drawn),
                       address(begins), address(kept), address(spare),
                       address(counters))  # fmt: skip

        each(work, self.ranges)
        self._begins, self._kept = begins, kept

    def finished(self, lengths: Ints, ends: Ints, others: bool) -> UInts:
        """Return the targets of all rows: of the columns drawn, or of all `others`."""
        finish_rows = function_of("totals", "finish_rows", 12)
        targets = np.empty(max(int(lengths.sum()), 1), np.uint32)
        room = max(int(lengths.max(initial=0)), 1)

        def work(number: int, lo: int, hi: int) -> None:
            spare, counters = np.empty(2 * room, np.uint32), np.empty(room, np.int32)
            finish_rows(self.table.address, lo, hi, address(self._begins), address(self.have),
                        address(self._kept), others, address(ends), address(targets),
                        address(spare), address(counters), room)  # fmt: skip

        each(work, self.ranges)
        return targets[: int(lengths.sum())]
