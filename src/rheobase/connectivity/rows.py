"""Rules drawn into rows by source: where each row begins, and its targets in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity import totals
from rheobase.connectivity.parts import columns as c
from rheobase.connectivity.parts import function_of
from rheobase.connectivity.ruletable import RuleTable, address, drawn_by_row, rule_table
from rheobase.connectivity.threads import divide, each, evenly
from rheobase.network import rules
from rheobase.network.connecting import Realized, arranged, realized
from rheobase.network.drawing import IN_PIECES, Drawing, Side, draw, pieces
from rheobase.network.draws import Ints

UInts = NDArray[np.uint32]


@dataclass(eq=False)
class Rows:
    """The synapses of a connection in the order (source, target, draw).

    Attributes
    ----------
    row_start : ndarray of int64, shape (size of the source population + 1,)
        Where the row of each source begins.
    targets : ndarray of uint32
        Index of each target in its population, ascending within a row.
    drawing : Drawing
        The cells of both sides.
    order : ndarray of int64 or None
        As that of `Realized`.
    """

    rule: rules.Rule
    row_start: Ints
    targets: UInts
    drawing: Drawing
    order: Ints | None = None

    def __len__(self) -> int:
        """Return the number of synapses."""
        return int(self.targets.size)

    def sources(self, lo: int = 0, hi: int | None = None) -> Ints:
        """Return the index of the source of each synapse of sources lo .. hi."""
        lengths = np.diff(self.row_start[lo : None if hi is None else hi + 1])
        return np.repeat(np.arange(lo, lo + lengths.size), lengths)

    def chunks(self, most: int) -> Iterator[tuple[slice, Realized]]:
        """Yield the synapses of some sources at a time, about `most`, and which they are."""
        size = self.row_start.size - 1
        lo = 0
        while lo < size:
            limit = self.row_start[lo] + most
            hi = max(int(np.searchsorted(self.row_start, limit, side="right")) - 1, lo + 1)
            part = slice(int(self.row_start[lo]), int(self.row_start[hi]))
            if part.stop > part.start:
                yield part, self.realized(lo, hi)
            lo = hi

    def realized(self, lo: int = 0, hi: int | None = None) -> Realized:
        """Return the synapses of sources lo .. hi as the definition has them."""
        hi = self.row_start.size - 1 if hi is None else hi
        begin, end = int(self.row_start[lo]), int(self.row_start[hi])
        drawing = self.drawing
        made = arranged(
            self.rule, self.sources(lo, hi), self.targets[begin:end].astype(np.int64),
            drawing.sources, drawing.targets,
            None if self.order is None else self.order[begin:end],
        )  # fmt: skip
        return replace(made, first=begin, total=len(self))


def draw_rows(
    rule: rules.Rule, drawing: Drawing, size: int, seed: int, stream: int, threads: int
) -> Rows:
    """Draw a rule into rows.

    Parameters
    ----------
    rule
        A description from `rules`.
    drawing
        The cells of both sides, and their random numbers.
    size
        Number of cells of the source population.
    seed, stream
        Those of `drawing.random`.
    threads
        How many threads draw; the rows are the same for any number.

    Raises
    ------
    ShapeError, WiringError
        As `connecting.realized`.
    """
    if 0 in drawing.shape:
        return Rows(rule, np.zeros(size + 1, np.int64), np.zeros(0, np.uint32), drawing)
    if drawn_by_row(rule):
        table = rule_table(rule, drawing, seed, stream)
        lengths = row_lengths(rule, table, threads)
        row_start, begins = layout(lengths, drawing.sources, size)
        return Rows(rule, row_start, _filled(table, lengths, begins, threads), drawing)
    if isinstance(rule, rules.FixedIndegree):
        return _from_targets(rule, drawing, size, seed, stream, threads)
    if isinstance(rule, rules.FixedTotal):
        table = rule_table(rule, drawing, seed, stream)
        lengths, targets_of = totals.different_pairs(rule, table, drawing, threads)
        row_start, begins = layout(lengths, drawing.sources, size)
        return Rows(rule, row_start, targets_of(begins), drawing)
    if isinstance(rule, rules.Pairs):
        return _listed(rule, drawing, size, threads)
    in_order = drawing.sources.ascending and drawing.targets.ascending
    if isinstance(rule, IN_PIECES) and in_order:
        return _from_pieces(rule, drawing, size)
    return from_realized(rule, realized(rule, drawing), drawing, size)


def count_of(rule: rules.Rule, drawing: Drawing, seed: int, stream: int, threads: int) -> int:
    """Return how many synapses a rule that is `drawn_by_row` makes; as of `draw_rows`."""
    if 0 in drawing.shape:
        return 0
    return int(row_lengths(rule, rule_table(rule, drawing, seed, stream), threads).sum())


def part_of(rule: rules.Rule) -> str:
    """Return the compiled part that draws a rule."""
    if isinstance(rule, rules.FixedIndegree):
        return "incoming"
    if isinstance(rule, rules.Pairs):
        return "listed"
    return "totals" if isinstance(rule, rules.FixedTotal) else "rows"


def from_realized(rule: rules.Rule, made: Realized, drawing: Drawing, size: int) -> Rows:
    """Return synapses of the definition as rows."""
    return Rows(
        rule, starts_of(np.bincount(made.pre, minlength=size)), made.post.astype(np.uint32),
        drawing, made.order,
    )  # fmt: skip


def starts_of(lengths: Ints) -> Ints:
    """Return where rows of these lengths begin, and where the last ends."""
    starts = np.zeros(lengths.size + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def layout(lengths: Ints, sources: Side, size: int) -> tuple[Ints, Ints]:
    """Return where the row of each cell begins, and that of each source by its place."""
    of_cell = np.zeros(size, np.int64)
    of_cell[sources.ids] = lengths
    row_start = starts_of(of_cell)
    return row_start, row_start[sources.ids]


# -- rows that are drawn each by itself -------------------------------------------------------


def row_lengths(rule: rules.Rule, table: RuleTable, threads: int) -> Ints:
    """Return how many synapses each source has, by place; the table then knows it too."""
    entries = table.entries
    rows, columns = int(entries[c.T_ROWS]), int(entries[c.T_COLUMNS])
    own = table.kept.get(c.T_OWN, np.full(rows, -1)).astype(np.int64)
    kind = entries[c.T_KIND]
    if kind == c.ALL:
        lengths: Ints = columns - (own >= 0)
        return lengths
    if kind == c.ONE:
        return np.asarray(1 - (own == np.arange(rows)), np.int64)
    if kind == c.TOTAL:
        lengths = totals.pairs_of_rows(table, threads)
        table.hold(c.T_COUNTS, lengths)
        return lengths
    if kind != c.PROBABILITY:
        return np.full(rows, 1 if kind == c.RING else entries[c.T_COUNT], np.int64)
    lengths = np.zeros(rows, np.int64)
    count = function_of("rows", "count", 4)

    def work(number: int, lo: int, hi: int) -> None:
        count(table.address, lo, hi, address(lengths))

    each(work, evenly(rows, threads))
    return lengths


def _filled(table: RuleTable, lengths: Ints, begins: Ints, threads: int) -> UInts:
    """Return the targets of all rows."""
    targets = np.empty(int(lengths.sum()), np.uint32)
    room = int(lengths.max(initial=0))
    fill = function_of("rows", "fill", 8)

    def work(number: int, lo: int, hi: int) -> None:
        spare, counters = np.empty(2 * room, np.uint32), np.empty(room, np.int32)
        fill(table.address, lo, hi, address(begins), address(targets), address(spare),
             address(counters), room)  # fmt: skip

    if room:
        each(work, divide(lengths, threads))
    return targets


# -- rows of targets, turned ------------------------------------------------------------------


def _from_targets(
    rule: rules.FixedIndegree, drawing: Drawing, size: int, seed: int, stream: int, threads: int
) -> Rows:
    """Draw the sources of every target, and sort by source."""
    table = rule_table(rule, drawing, seed, stream)
    n_pre, n_post = drawing.shape
    ranges = evenly(n_post, threads)
    ends = np.zeros((threads, n_pre), np.int64)
    place = function_of("incoming", "place", 9)
    by_index = table.order

    def pass_over(targets: UInts | None) -> None:
        def work(number: int, lo: int, hi: int) -> None:
            drawn, spare = np.empty(rule.n, np.uint32), np.empty(2 * rule.n, np.uint32)
            counters = np.empty(rule.n, np.int32)
            place(table.address, lo, hi, address(by_index), address(ends[number]),
                  0 if targets is None else address(targets), address(drawn), address(spare),
                  address(counters))  # fmt: skip

        each(work, ranges)

    if rule.n == 0:
        return Rows(rule, np.zeros(size + 1, np.int64), np.zeros(0, np.uint32), drawing)
    pass_over(None)
    counts = ends.copy()
    row_start, begins = layout(counts.sum(axis=0), drawing.sources, size)
    # targets come in order of their indices: those of the first thread first
    ends[:] = begins + np.cumsum(counts, axis=0) - counts
    targets = np.empty(int(row_start[-1]), np.uint32)
    pass_over(targets)
    return Rows(rule, row_start, targets, drawing)


# -- rules worked out with NumPy ---------------------------------------------------------------


def _from_pieces(rule: rules.Rule, drawing: Drawing, size: int) -> Rows:
    """Draw some rows at a time, keeping of each synapse no more than its target."""
    lengths = np.zeros(size, np.int64)
    found = []
    for i, j in pieces(rule, drawing):
        lengths += np.bincount(drawing.sources.indices(i), minlength=size)
        found.append(drawing.targets.indices(j).astype(np.uint32))
    targets = np.concatenate(found) if found else np.zeros(0, np.uint32)
    return Rows(rule, starts_of(lengths), targets, drawing)


# -- listed pairs ------------------------------------------------------------------------------


def _listed(rule: rules.Pairs, drawing: Drawing, size: int, threads: int) -> Rows:
    """Put listed pairs in order; pairs alike stay in the order of the list."""
    i, j = draw(rule, drawing)
    sources = np.ascontiguousarray(drawing.sources.indices(i))
    targets = np.ascontiguousarray(drawing.targets.indices(j))
    row_start = starts_of(np.bincount(sources, minlength=size))
    order = np.empty(sources.size, np.int64)
    ends = row_start.copy()
    by_source = function_of("listed", "by_source", 4)
    by_source(sources.size, address(sources), address(ends), address(order))
    lengths = np.diff(row_start)
    by_target = function_of("listed", "by_target", 6)

    def work(number: int, lo: int, hi: int) -> None:
        room = np.empty(int(lengths.max(initial=0)), np.int64)
        by_target(lo, hi, address(row_start), address(order), address(targets), address(room))

    each(work, divide(lengths, threads))
    return Rows(rule, row_start, targets[order].astype(np.uint32), drawing, order)
