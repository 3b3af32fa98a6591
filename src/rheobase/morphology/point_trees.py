"""From the points of a file, each with its parent, to sections."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rheobase.morphology.frusta import Floats, Ints
from rheobase.morphology.sections import REGIONS, Section

SOMA = 1  # label of SWC files


@dataclass(frozen=True, eq=False)
class PointTree:
    """Points with one root each of which has a parent.

    Attributes
    ----------
    points : ndarray, shape (n, 3)
        m.
    radii : ndarray, shape (n,)
        m.
    labels : ndarray of int
        As in SWC files.
    parents : ndarray of int
        Index of the parent; -1 for the root.
    """

    points: Floats
    radii: Floats
    labels: Ints
    parents: Ints

    def children(self) -> list[list[int]]:
        """Return the children of every point, in the order of the file."""
        found: list[list[int]] = [[] for _ in self.parents]
        for k, parent in enumerate(self.parents.tolist()):
            if parent >= 0:
                found[parent].append(k)
        return found

    @property
    def root(self) -> int:
        """The first point without a parent."""
        return int(np.flatnonzero(self.parents < 0)[0])

    def chosen(self, keep: Ints) -> PointTree:
        """Return some of the points, whose parents are among them or missing."""
        places = np.full(len(self.parents) + 1, -1)
        places[keep] = np.arange(len(keep))
        return PointTree(
            self.points[keep], self.radii[keep], self.labels[keep], places[self.parents[keep]]
        )


def region_name(label: int) -> str:
    """Return the region of a label of an SWC file."""
    return REGIONS.get(label, f"custom_{label}")


def rooted_at(tree: PointTree, root: int) -> PointTree:
    """Return the tree with another root: the way up to it is turned round."""
    parents = tree.parents.copy()
    below, here = -1, root
    while here >= 0:
        above = int(parents[here])
        parents[here] = below
        below, here = here, above
    return PointTree(tree.points, tree.radii, tree.labels, parents)


@dataclass(frozen=True)
class _Start:
    """Where a section begins: its first own point, and what it leaves."""

    first: int
    lead: int  # the point of the parent it begins with, or -1
    parent: int
    fraction: float


class Sectioning:
    """Divides a tree of points where it branches and where its labels change.

    The rules are those of NEURON's reader of SWC files:

    - a section begins with the last point of its parent;
    - points of a soma are one section up to a point with more than one child of the soma,
      whatever else leaves them;
    - a neurite that leaves the inside of a soma, or a soma of one point, is connected to its
      middle and begins with its own first point: no membrane is counted twice;
    - a neurite that begins at a point of the soma is as wide there as at its own first point;
    - what leaves the first point of such a neurite leaves the soma too.
    """

    def __init__(self, tree: PointTree, sphere: int | None = None) -> None:
        self.tree = tree
        self.children = tree.children()
        self.sphere = sphere  # the point that is a whole soma
        self.sections: list[Section] = []
        self.lost: list[int] = []  # points that make no section: ends at the place they leave
        labels = tree.labels
        self.soma_children = [
            sum(labels[c] == SOMA for c in children) if labels[k] == SOMA else 0
            for k, children in enumerate(self.children)
        ]

    def run(self) -> tuple[Section, ...]:
        """Return the sections."""
        root = self.tree.root
        if self.sphere is not None:
            self._add_sphere()
            starts = [_Start(c, root, 0, 0.5) for c in reversed(self.children[root])]
            starts = [s for start in starts for s in self._without_lead(start)]
        else:
            starts = self._root_section(root)
        while starts:
            starts += self._grow(starts.pop())
        return tuple(self.sections)

    def _add_sphere(self) -> None:
        """Add a soma of one point: a cylinder as long as wide, whose area is the sphere's."""
        center, radius = self.tree.points[self.tree.root], self.tree.radii[self.tree.root]
        along = np.array([[0.0, -radius, 0.0], [0.0, radius, 0.0]])
        radii = np.array([radius, radius])
        label = int(self.tree.labels[self.tree.root])
        self.sections.append(Section(region_name(label), -1, center + along, radii))

    def _root_section(self, root: int) -> list[_Start]:
        """Grow the section of the root into its first child; the others leave its start."""
        labels, children = self.tree.labels, self.children[root]
        same = [c for c in children if labels[c] == labels[root]]
        first = (same or children)[0]
        starts = self._grow(_Start(first, root, -1, 1.0))
        others = [c for c in children if c != first]
        at_start = [_Start(c, root, 0, 0.0) for c in reversed(others)]
        for start in at_start:
            leaves = labels[root] == SOMA and labels[start.first] != SOMA
            if leaves and self.soma_children[root] > 1:
                starts += self._without_lead(start)
            else:
                starts.append(start)
        return starts

    def _grow(self, start: _Start) -> list[_Start]:
        """Add the section that begins here; return where those that leave it begin."""
        chain, own = [start.first], len(self.sections)
        while (following := self._following(chain[-1])) is not None:
            chain.append(following)
        if not self._add(start, chain):  # no length: what leaves it leaves its parent
            fresh = [
                _Start(child, chain[-1], start.parent, start.fraction)
                for point, child in self._leaving(chain)
            ]
            return fresh[::-1]
        starts = []
        is_soma = self.tree.labels[start.first] == SOMA
        for point, child in self._leaving(chain):
            inside = is_soma and point != chain[-1]
            begin = _Start(child, point, own, 0.5 if inside else 1.0)
            leaves = is_soma and self.tree.labels[child] != SOMA
            if leaves and (inside or self.soma_children[point] > 1):
                starts += self._without_lead(begin)
            else:
                starts.append(begin)
        return starts[::-1]

    def _leaving(self, chain: list[int]) -> list[tuple[int, int]]:
        """Return the points of a chain and their children that are not in it."""
        going_on = dict(pairwise(chain))
        return [
            (point, child)
            for point in chain
            for child in self.children[point]
            if child != going_on.get(point)
        ]

    def _following(self, point: int) -> int | None:
        """Return the point with which the section of this one goes on, if it does."""
        labels, children = self.tree.labels, self.children[point]
        if labels[point] == SOMA:
            soma = [c for c in children if labels[c] == SOMA]
            return soma[0] if len(soma) == 1 else None
        alone = len(children) == 1 and labels[children[0]] == labels[point]
        return children[0] if alone else None

    def _without_lead(self, start: _Start) -> list[_Start]:
        """Return where neurites begin that leave a soma with their own first point."""
        first, labels = start.first, self.tree.labels
        children = self.children[first]
        if len(children) > 1:  # it branches at once: each branch begins there
            return [_Start(c, first, start.parent, start.fraction) for c in reversed(children)]
        if not children or labels[children[0]] != labels[first]:
            return [start]  # one point is no section: it begins at the soma after all
        return [_Start(first, -1, start.parent, start.fraction)]

    def _add(self, start: _Start, chain: list[int]) -> bool:
        """Add a section, unless it has no length."""
        where = np.array(chain if start.lead < 0 else [start.lead, *chain])
        points, radii = self.tree.points[where], self.tree.radii[where]
        labels = self.tree.labels[where]
        if labels[0] == SOMA and len(where) > 1 and labels[1] != SOMA:
            radii[0] = radii[1]  # where it leaves the soma it is as wide as itself
        while len(points) > 2 and not (points[0] != points[1]).any():
            points, radii = points[1:], radii[1:]  # it begins with a width of its own
        if len(points) < 2 or not (points != points[0]).any():
            self.lost += chain
            return False
        region = region_name(int(self.tree.labels[chain[0]]))
        self.sections.append(Section(region, start.parent, points, radii, start.fraction))
        return True
