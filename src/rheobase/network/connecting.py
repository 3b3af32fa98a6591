"""Connections as lists of synapses: a rule drawn between two lists of cells, put in order.

A synapse is named by the index of its source and its place in the row of that source; weights and
delays draw their random numbers by that name (`synapse_values.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.network import rules
from rheobase.network.drawing import Drawing, Side, draw, positions_of, small
from rheobase.network.draws import Floats, Ints, RandomSource
from rheobase.network.positions import distances

__all__ = ["Realized", "Side", "drawing_of", "expected_synapses", "realized"]

_UNSORTED = (rules.Pairs, rules.Ring)  # all other rules are drawn in order of (i, j)


@dataclass(frozen=True, eq=False)
class Realized:
    """The synapses of a connection, sorted by (pre, post, draw).

    Attributes
    ----------
    pre, post
        Indices of source and target in their populations, one entry a synapse.
    sources, targets
        The two sides that were connected.
    weights
        What the rule itself says about weights (`from_matrix`), with its unit; else None.
    order
        `order[k]` is the place of synapse k in the list the user gave (`pairs`); else None.
    period
        Lengths of the torus, in metres; else None.
    first, total
        Where these are whole rows out of more: the number of the first, and of all.
    """

    pre: Ints
    post: Ints
    sources: Side
    targets: Side
    weights: Any = None
    order: Ints | None = None
    period: Floats | None = None
    first: int = 0
    total: int | None = None

    def __len__(self) -> int:
        """Return the number of synapses."""
        return int(self.pre.size)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of sources and of targets."""
        return self.sources.ids.size, self.targets.ids.size

    @cached_property
    def i(self) -> Ints:
        """Place of each synapse's source within the sources."""
        return self.sources.places(self.pre)

    @cached_property
    def j(self) -> Ints:
        """Place of each synapse's target within the targets."""
        return self.targets.places(self.post)

    @cached_property
    def place_in_row(self) -> Ints:
        """How many synapses of the same source come before each synapse.

        With the index of the source it names a synapse for the random numbers of its weight and
        delay, so that a row can be drawn by itself.
        """
        starts = np.flatnonzero(np.concatenate([[True], self.pre[1:] != self.pre[:-1]]))
        lengths = np.diff(np.concatenate([starts, [self.pre.size]]))
        return np.arange(self.pre.size, dtype=np.int64) - np.repeat(starts, lengths)[: len(self)]

    @cached_property
    def distance(self) -> Floats:
        """Distance of source and target of each synapse, in metres."""
        here, there = positions_of(self.sources, self.targets, "distance")
        return distances(here[self.i], there[self.j], self.period)


def drawing_of(
    rule: rules.Rule,
    pre: Ints,
    post: Ints,
    same: bool,
    random: RandomSource,
    pre_positions: Floats | None = None,
    post_positions: Floats | None = None,
) -> Drawing:
    """Return what a rule is drawn from between two lists of cells.

    Parameters
    ----------
    rule
        A description from `rules`.
    pre, post
        Indices of the cells in their populations, each at most once, in the order of the view.
    same
        Whether both are cells of one population, so that an autapse is possible.
    random
        Random numbers of this connection's rule.
    pre_positions, post_positions
        Positions of these cells in metres, shape (N, D); None where they have none.

    Raises
    ------
    WiringError
        If a cell is twice on one side, or the rule asks for positions that are not there.
    """
    sources = _side(pre, pre_positions, f"{rule.name}: a cell is twice among the sources")
    targets = _side(post, post_positions, f"{rule.name}: a cell is twice among the targets")
    if rules.needs_positions(rule):
        positions_of(sources, targets, rule.name)
    return Drawing(sources, targets, same, random)


def realized(rule: rules.Rule, drawing: Drawing) -> Realized:
    """Draw a rule: synapses sorted by (pre, post, draw).

    Raises
    ------
    ShapeError
        If the rule cannot join that many sources to that many targets.
    WiringError
        If the rule asks for more connections than there are.
    """
    sources, targets = drawing.sources, drawing.targets
    if sources.ids.size == 0 or targets.ids.size == 0:
        i = j = np.zeros(0, np.int64)
    else:
        i, j = draw(rule, drawing)
    in_order = sources.ascending and targets.ascending and not isinstance(rule, _UNSORTED)
    order = None if in_order else _order(i, j, sources, targets)
    if order is not None:
        i, j = i[order], j[order]
    pre, post = sources.indices(i), targets.indices(j)
    return arranged(rule, pre, post, sources, targets, _given_order(rule, order, i.size))


def arranged(
    rule: rules.Rule, pre: Ints, post: Ints, sources: Side, targets: Side, order: Ints | None
) -> Realized:
    """Return synapses that are in order already, with what else the rule says about them."""
    weights = None
    if isinstance(rule, rules.FromMatrix):
        weights = rule.weights[sources.places(pre), targets.places(post)]
    period = getattr(rule, "period", None)
    return Realized(pre, post, sources, targets, weights, order, period)


def _side(ids: Ints, positions: Floats | None, refusal: str) -> Side:
    """Make one side of a connection; its cells must be different."""
    side = Side(np.asarray(ids, np.int64), positions)
    if not side.ascending and np.unique(side.ids).size < side.ids.size:
        raise WiringError(refusal)
    return side


def expected_synapses(rule: rules.Rule, n_pre: int, n_post: int) -> float:
    """Return about how many synapses a rule makes, without drawing them.

    For rules over conditions and distances it is the most there can be.
    """
    pairs = float(n_pre) * float(n_post)
    if isinstance(rule, rules.FixedProbability):
        return pairs * rule.p
    if isinstance(rule, rules.FixedTotal):
        return float(rule.n)
    if isinstance(rule, rules.FixedIndegree):
        return float(rule.n) * n_post
    if isinstance(rule, rules.FixedOutdegree):
        return float(rule.n) * n_pre
    if isinstance(rule, (rules.OneToOne, rules.Ring)):
        return float(n_pre)
    if isinstance(rule, rules.Pairs):
        return float(rule.i.size)
    if isinstance(rule, rules.FromMatrix):
        return float(np.count_nonzero(rule.mask))
    chance = getattr(rule, "probability", getattr(rule, "peak", 1.0))
    return pairs * (chance if isinstance(chance, float) else 1.0)


def _order(i: Ints, j: Ints, sources: Side, targets: Side) -> Ints:
    """Return what sorts synapses by (pre, post, draw)."""
    pre, post = sources.ids[i], targets.ids[j]
    by_post = np.argsort(small(post), kind="stable")
    return by_post[np.argsort(small(pre[by_post]), kind="stable")]


def _given_order(rule: rules.Rule, order: Ints | None, count: int) -> Ints | None:
    if not isinstance(rule, rules.Pairs):
        return None
    return np.arange(count) if order is None else order
