"""Rules drawn: places of sources and targets from a rule, one function a rule.

`draw` mirrors `rules.py`. Every function speaks of places (0 ... N-1 within the sources and within
the targets); random numbers are keyed by the index of a cell in its population.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, singledispatch
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import InternalError, ShapeError, WiringError
from rheobase.network import rules
from rheobase.network.draws import (
    Floats,
    Ints,
    RandomSource,
    bernoulli_rows,
    degree_rows,
    row_chunks,
    total_pairs,
)
from rheobase.network.evaluate import Draws, evaluate
from rheobase.network.positions import distances, neighbors
from rheobase.network.texts import PairText

Places: TypeAlias = tuple[Ints, Ints]


@dataclass(frozen=True, eq=False)
class Side:
    """The cells at one end of a connection: indices in their population, and positions."""

    ids: Ints
    positions: Floats | None = None

    @cached_property
    def ascending(self) -> bool:
        """Whether the indices are in ascending order, as in every slice and mask."""
        return bool(np.all(self.ids[1:] > self.ids[:-1]))

    @cached_property
    def contiguous(self) -> bool:
        """Whether the indices go up one by one, as in a slice without a step."""
        size = self.ids.size
        return size > 0 and self.ascending and bool(self.ids[-1] - self.ids[0] + 1 == size)

    def indices(self, places: Ints) -> Ints:
        """Return the indices of the cells at some places of this side."""
        if self.contiguous:
            return places + self.ids[0] if self.ids[0] else places
        return self.ids[places]

    def places(self, ids: Ints) -> Ints:
        """Return where cells stand within this side; -1: not there."""
        if self.ids.size == 0:
            return np.full(ids.shape, -1, np.int64)
        if self.contiguous:
            found = ids - self.ids[0]
            return np.where((found >= 0) & (found < self.ids.size), found, -1)
        order = np.argsort(self.ids, kind="stable")
        at = np.minimum(np.searchsorted(self.ids, ids, sorter=order), self.ids.size - 1)
        return np.where(self.ids[order[at]] == ids, order[at], -1)


@dataclass(frozen=True, eq=False)
class Drawing:
    """What every rule is drawn from."""

    sources: Side
    targets: Side
    same: bool
    random: RandomSource

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of sources and of targets."""
        return self.sources.ids.size, self.targets.ids.size

    def own_target(self, autapses: bool) -> Ints:
        """Return, for each source, the place among the targets that it may not reach; else -1."""
        return self._own(self.sources, self.targets, autapses)

    def own_source(self, autapses: bool) -> Ints:
        """Return, for each target, the place among the sources that may not reach it; else -1."""
        return self._own(self.targets, self.sources, autapses)

    def _own(self, rows: Side, columns: Side, autapses: bool) -> Ints:
        if autapses or not self.same:
            return np.full(rows.ids.size, -1, np.int64)
        return columns.places(rows.ids)

    def without_own(self, i: Ints, j: Ints, autapses: bool) -> Places:
        """Leave out autapses where they are not wanted."""
        if autapses or not self.same:
            return i, j
        keep = self.sources.indices(i) != self.targets.indices(j)
        return i[keep], j[keep]


def positions_of(sources: Side, targets: Side, what: str) -> tuple[Floats, Floats]:
    """Return the positions of both sides, which must be there and of one dimension."""
    here, there = sources.positions, targets.positions
    if here is None or there is None:
        side = "sources" if here is None else "targets"
        raise WiringError(
            f"{what}: the {side} have no positions",
            expected="positions of both populations",
            mend="write net.add(model, n, positions=array*um) with an array of shape (n, 2)",
        )
    if here.shape[1] != there.shape[1]:
        raise ShapeError(
            f"{what}: sources and targets lie in different spaces",
            expected="positions with the same number of coordinates",
            given=f"{here.shape[1]} coordinates and {there.shape[1]}",
        )
    return here, there


def small(values: Ints) -> Any:
    """Narrow to 16 bits where they suffice: NumPy then sorts by radix, in linear time."""
    fits = values.size == 0 or (values.min() >= 0 and values.max() < 1 << 16)
    return values.astype(np.uint16) if fits else values


def check(rule: rules.Rule, drawing: Drawing) -> None:
    """Refuse a rule that cannot join so many sources to so many targets; nothing is drawn.

    Raises
    ------
    ShapeError, WiringError
        It needs as many sources as targets, or more connections than there are.
    """
    n_pre, n_post = drawing.shape
    if isinstance(rule, (rules.OneToOne, rules.Ring)):
        _equal_sizes(rule.name, drawing.shape)
    elif isinstance(rule, rules.FixedTotal):
        own = drawing.own_target(rule.autapses)
        _enough(rule, n_pre * n_post - int(np.count_nonzero(own >= 0)), "pairs of cells")
    elif isinstance(rule, rules.FixedIndegree):
        own = drawing.own_source(rule.autapses)
        _enough(rule, n_pre - int(np.any(own >= 0)), "sources for a target")
    elif isinstance(rule, rules.FixedOutdegree):
        own = drawing.own_target(rule.autapses)
        _enough(rule, n_post - int(np.any(own >= 0)), "targets for a source")


@singledispatch
def draw(rule: rules.Rule, drawing: Drawing) -> Places:
    """Return places of sources and targets, one entry a synapse."""
    raise InternalError(f"no way to draw the rule {rule}")


@draw.register
def _(rule: rules.AllToAll, drawing: Drawing) -> Places:
    n_pre, n_post = drawing.shape
    i = np.repeat(np.arange(n_pre), n_post)
    j = np.tile(np.arange(n_post), n_pre)
    return drawing.without_own(i, j, rule.autapses)


@draw.register
def _(rule: rules.OneToOne, drawing: Drawing) -> Places:
    places = np.arange(_equal_sizes(rule.name, drawing.shape))
    return drawing.without_own(places, places, rule.autapses)


@draw.register
def _(rule: rules.Ring, drawing: Drawing) -> Places:
    size = _equal_sizes(rule.name, drawing.shape)
    places = np.arange(size)
    return places, (places + rule.offset) % size


def _equal_sizes(name: str, shape: tuple[int, int]) -> int:
    if shape[0] != shape[1]:
        raise ShapeError(
            f"{name} joins as many sources as targets",
            given=f"{shape[0]} sources and {shape[1]} targets",
            mend=f"connect views of one size, as cells[:{min(shape)}], or use another rule, "
            "as rb.rules.all_to_all()",
        )
    return shape[0]


@draw.register
def _(rule: rules.FixedProbability, drawing: Drawing) -> Places:
    n_pre, n_post = drawing.shape
    pieces = []
    for rows in row_chunks(n_pre, n_post * rule.p + 8.0):
        ids = drawing.sources.ids[rows]
        row, column = bernoulli_rows(drawing.random, ids, n_post, rule.p)
        pieces.append(drawing.without_own(row + rows.start, column, rule.autapses))
    return _joined(pieces)


@draw.register
def _(rule: rules.FixedTotal, drawing: Drawing) -> Places:
    check(rule, drawing)
    own = drawing.own_target(rule.autapses)
    n_post = drawing.shape[1]
    return total_pairs(drawing.random, drawing.sources.ids, n_post, own, rule.n, rule.multapses)


@draw.register
def _(rule: rules.FixedIndegree, drawing: Drawing) -> Places:
    check(rule, drawing)
    own = drawing.own_source(rule.autapses)
    target, source = _degrees(rule, drawing, drawing.targets, own, drawing.shape[0])
    order = np.argsort(small(source), kind="stable")
    return source[order], target[order]


@draw.register
def _(rule: rules.FixedOutdegree, drawing: Drawing) -> Places:
    check(rule, drawing)
    own = drawing.own_target(rule.autapses)
    return _degrees(rule, drawing, drawing.sources, own, drawing.shape[1])


def _degrees(
    rule: rules.FixedIndegree | rules.FixedOutdegree,
    drawing: Drawing,
    side: Side,
    own: Ints,
    limit: int,
) -> Places:
    """Draw the partners of every cell of one side; sorted by cell, then partner."""
    per_row = limit if not rule.multapses and 2 * rule.n > limit else 2.0 * rule.n
    pieces = []
    for rows in row_chunks(side.ids.size, per_row):
        chosen = degree_rows(
            drawing.random, side.ids[rows], own[rows], limit, rule.n, rule.multapses
        )
        row = np.repeat(np.arange(rows.start, rows.stop), rule.n)
        pieces.append((row, chosen.reshape(-1)))
    return _joined(pieces)


def _enough(
    rule: rules.FixedTotal | rules.FixedIndegree | rules.FixedOutdegree, possible: int, what: str
) -> None:
    """Refuse a number of connections that does not exist."""
    if possible >= rule.n or (rule.multapses and possible > 0) or rule.n == 0:
        return
    allow = f"write {rule.name}({possible}, ...), or allow several synapses between two cells with"
    raise WiringError(
        f"{rule}: there are not that many {what}",
        expected=f"n of at most {possible}",
        given=f"n={rule.n}",
        mend=f"{allow} multapses=True" if possible else "",
    )


@draw.register
def _(rule: rules.Pairs, drawing: Drawing) -> Places:
    for name, places, size, side in (
        ("i", rule.i, drawing.shape[0], "sources"),
        ("j", rule.j, drawing.shape[1], "targets"),
    ):
        if places.size and places.max() >= size:
            raise WiringError(
                f"pairs: {name} holds the index {places.max()}, but there are {size} {side}",
                expected=f"places from 0 to {size - 1}, counted within the view connected",
            )
    return rule.i, rule.j


IN_PIECES = (rules.FromMatrix, rules.Where, rules.Within, rules.Gaussian)
"""Rules that `pieces` draws some rows at a time."""


@draw.register(rules.FromMatrix)
@draw.register(rules.Where)
@draw.register(rules.Within)
@draw.register(rules.Gaussian)
def _(rule: rules.Rule, drawing: Drawing) -> Places:
    return _joined(list(pieces(rule, drawing)))


@singledispatch
def pieces(rule: rules.Rule, drawing: Drawing) -> Iterator[Places]:
    """Yield places of sources and targets some rows at a time, sorted, for large networks."""
    raise InternalError(f"the rule {rule} is not drawn in pieces")


@pieces.register
def _(rule: rules.FromMatrix, drawing: Drawing) -> Iterator[Places]:
    if rule.mask.shape != drawing.shape:
        turned = rule.mask.shape[::-1] == drawing.shape
        raise ShapeError(
            "from_matrix: the matrix does not fit",
            expected=f"shape (sources, targets) = {drawing.shape}",
            given=f"shape {rule.mask.shape}",
            mend="rows are sources: write rb.rules.from_matrix(W.T)" if turned else "",
        )
    for rows in row_chunks(drawing.shape[0], float(drawing.shape[1])):
        i, j = np.nonzero(rule.mask[rows])
        yield i.astype(np.int64) + rows.start, j.astype(np.int64)


@pieces.register
def _(rule: rules.Where, drawing: Drawing) -> Iterator[Places]:
    n_pre, n_post = drawing.shape
    columns = np.arange(n_post)
    for rows in row_chunks(n_pre, 2.0 * n_post):
        row = np.arange(rows.start, rows.stop)
        names = _names(rule, drawing, row[:, None], columns[None, :])
        # Call sites of rand() in the texts begin at 1: draw 0 decides about the synapse.
        texts = _draws(drawing, row[:, None], columns[None, :])
        held = np.asarray(evaluate(rule.condition.expression, names, texts)) != 0
        i, j = np.nonzero(np.broadcast_to(held, (row.size, n_post)))
        chance: float | Floats = 1.0
        if isinstance(rule.probability, PairText):
            found = np.asarray(evaluate(rule.probability.expression, names, texts))
            chance = np.broadcast_to(found, (row.size, n_post))[i, j]
            _probabilities(rule.probability.text, chance, row[i], columns[j])
        else:
            chance = rule.probability
        yield _kept(drawing, row[i], columns[j], chance, rule.autapses)


@pieces.register
def _(rule: rules.Within, drawing: Drawing) -> Iterator[Places]:
    here, there = positions_of(drawing.sources, drawing.targets, rule.name)
    reach = rule.distance * (1.0 + 1e-12)  # so that neighbors on a grid are not lost to rounding
    for i, j, apart in neighbors(here, there, reach, rule.period):
        near = apart <= reach
        yield _kept(drawing, i[near], j[near], rule.probability, rule.autapses)


@pieces.register
def _(rule: rules.Gaussian, drawing: Drawing) -> Iterator[Places]:
    here, there = positions_of(drawing.sources, drawing.targets, rule.name)
    reach = rule.width * np.sqrt(2.0 * 54.0 * np.log(2.0))  # no number drawn is below 2**-54
    for i, j, apart in neighbors(here, there, reach, rule.period):
        chance = rule.peak * drawing.random.exp(-0.5 * (apart / rule.width) ** 2)
        yield _kept(drawing, i, j, chance, rule.autapses)


def _names(rule: rules.Where, drawing: Drawing, i: Ints, j: Ints) -> Mapping[str, Any]:
    """Return what a text over pairs may read."""
    names: dict[str, Any] = {
        "i": i.astype(np.float64),
        "j": j.astype(np.float64),
        "N_pre": float(drawing.shape[0]),
        "N_post": float(drawing.shape[1]),
    }
    if rules.needs_positions(rule):
        here, there = positions_of(drawing.sources, drawing.targets, rule.name)
        names["distance"] = distances(here[i], there[j], rule.period)
    return names


def _draws(drawing: Drawing, i: Ints, j: Ints) -> Draws:
    elements, steps = drawing.targets.ids[j], drawing.sources.ids[i]
    return Draws(drawing.random, elements, steps, first=1)


def _kept(drawing: Drawing, i: Ints, j: Ints, chance: float | Floats, autapses: bool) -> Places:
    """Keep each pair with its probability: draw 0 of (element = target, step = source)."""
    if np.ndim(chance) != 0 or chance != 1.0:
        drawn = drawing.random.uniform(drawing.targets.ids[j], drawing.sources.ids[i], 0)
        chosen = drawn < chance
        i, j = i[chosen], j[chosen]
    return drawing.without_own(i, j, autapses)


def _probabilities(text: str, chance: Floats, i: Ints, j: Ints) -> None:
    """Refuse probabilities that are none."""
    wrong = np.flatnonzero(~((chance >= 0.0) & (chance <= 1.0)))
    if wrong.size:
        at = wrong[0]
        raise WiringError(
            f"where: the probability {text!r} is not from 0 to 1",
            given=f"{chance[at]:g} for i = {i[at]}, j = {j[at]}",
            mend=f'write probability="clip({text}, 0, 1)"',
        )


def _joined(pieces: list[Places]) -> Places:
    """Put pieces one after the other."""
    if len(pieces) == 1:
        return pieces[0]
    return (
        np.concatenate([piece[0] for piece in pieces]),
        np.concatenate([piece[1] for piece in pieces]),
    )
