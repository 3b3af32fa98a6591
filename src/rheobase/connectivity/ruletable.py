"""A rule and two lists of cells as a table that compiled code draws rows from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity.parts import columns as c
from rheobase.network import draws, rules
from rheobase.network.drawing import Drawing, check

ROW_BY_ROW = (
    rules.AllToAll,
    rules.OneToOne,
    rules.Ring,
    rules.FixedProbability,
    rules.FixedOutdegree,
    rules.FixedTotal,
)
"""Rules whose rows can be drawn each by itself (of fixed_total: with multapses)."""


def drawn_by_row(rule: rules.Rule) -> bool:
    """Return whether each row of a rule can be drawn by itself."""
    if isinstance(rule, rules.FixedTotal):
        return rule.multapses
    return isinstance(rule, ROW_BY_ROW)


@dataclass(eq=False)
class RuleTable:
    """The table of a rule, and the arrays it holds the addresses of.

    Attributes
    ----------
    entries : ndarray of int64
        See `parts/columns.py`.
    order : ndarray of int64
        Places of the cells whose rows they are (sources, or for `fixed_indegree` targets) in the
        order of their indices.
    """

    entries: NDArray[np.int64]
    order: NDArray[np.int64]
    kept: dict[int, NDArray[Any]] = field(default_factory=dict)

    @property
    def address(self) -> int:
        """Where the entries are."""
        return address(self.entries)

    def hold(self, entry: int, array: NDArray[Any]) -> None:
        """Keep an array, and write its address into the table."""
        self.kept[entry] = np.ascontiguousarray(array)
        self.entries[entry] = address(self.kept[entry])


def address(array: NDArray[Any]) -> int:
    """Return the address of an array."""
    return int(array.__array_interface__["data"][0])


def bits(value: float) -> int:
    """Return the bits of a float64 as an integer."""
    return int(np.float64(value).view(np.int64))


def rule_table(rule: rules.Rule, drawing: Drawing, seed: int, stream: int) -> RuleTable:
    """Make the table of a rule.

    Parameters
    ----------
    rule
        A rule of `ROW_BY_ROW`, or `fixed_indegree`, or `fixed_total` without multapses.
    drawing
        The cells of both sides.
    seed, stream
        The random numbers of the rule; those of `drawing.random`.

    Raises
    ------
    ShapeError, WiringError
        As when the rule is drawn: it cannot join so many sources to so many targets.
    """
    check(rule, drawing)
    sources, targets = drawing.sources, drawing.targets
    autapses = bool(getattr(rule, "autapses", True))
    own = drawing.own_target(autapses)
    if isinstance(rule, rules.FixedIndegree):  # a row is what a target draws
        sources, targets = targets, sources
        own = drawing.own_source(autapses)
    order = np.argsort(sources.ids, kind="stable")
    made = RuleTable(np.zeros(c.T_SIZE, np.int64), order)
    entries = made.entries
    entries[c.T_ROWS], entries[c.T_COLUMNS] = sources.ids.size, targets.ids.size
    entries[c.T_SEED], entries[c.T_STREAM] = seed, stream
    _kind(rule, drawing, made)
    made.hold(c.T_SOURCES, sources.ids.astype(np.int64))
    if np.any(own >= 0):
        made.hold(c.T_OWN, own.astype(np.int32))
    if targets.contiguous:
        entries[c.T_FIRST] = targets.ids[0]
    elif targets.ids.size:
        by_index = np.argsort(targets.ids, kind="stable")
        made.hold(c.T_TARGETS, targets.ids[by_index].astype(np.uint32))
        if not targets.ascending:
            rank = np.empty(by_index.size, np.uint32)
            rank[by_index] = np.arange(by_index.size, dtype=np.uint32)
            made.hold(c.T_RANK, rank)
    return made


def _kind(rule: rules.Rule, drawing: Drawing, made: RuleTable) -> None:
    """Write what the rule itself says."""
    entries = made.entries
    if isinstance(rule, rules.FixedProbability):
        entries[c.T_KIND] = c.ALL if rule.p == 1.0 else c.PROBABILITY
        if rule.p == 0.0:
            entries[c.T_KIND] = c.OUTDEGREE  # of none
            entries[c.T_REPEATS] = 1
        elif rule.p < 1.0:
            from rheobase.rendering.random import fill_address

            entries[c.T_LOG] = bits(draws.log_of_failure(rule.p))
            entries[c.T_COARSE] = draws.coarse(rule.p)
            entries[c.T_FILL] = fill_address("uniform")
    elif isinstance(rule, (rules.FixedTotal, rules.FixedOutdegree, rules.FixedIndegree)):
        kinds = {"fixed_total": c.TOTAL, "fixed_outdegree": c.OUTDEGREE}
        entries[c.T_KIND] = kinds.get(rule.name, c.INDEGREE)
        entries[c.T_COUNT], entries[c.T_REPEATS] = rule.n, rule.multapses
    elif isinstance(rule, rules.Ring):
        entries[c.T_KIND], entries[c.T_OFFSET] = c.RING, rule.offset % max(drawing.shape[0], 1)
    else:
        entries[c.T_KIND] = c.ONE if isinstance(rule, rules.OneToOne) else c.ALL
