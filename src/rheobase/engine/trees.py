"""Trees of nodes, and the order in which they are solved.

The equations of a tree are solved by elimination from the leaves to the root and back. Any node
may be the root: it is one in the middle, so that the branches on its sides, which do not depend on
each other, are eliminated at the same time. Nodes stand **level by level** from the root, for the
same reason: what stands next to each other is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import FloatArray, Int32Array, Int64Array
from rheobase.errors import InternalError

SHORTEST_RUN = 8
"""Nodes of a run of pairs, at least."""


@dataclass(frozen=True, eq=False)
class Tree:
    """The nodes of a cell, in any order.

    Attributes
    ----------
    parent : ndarray of int32
        The parent of each node, -1 for the one root.
    conductance : ndarray of float64
        The axial conductance between each node and its parent, S; 0 for the root.
    capacitance : ndarray of float64
        Capacitance times area, F; 0 for junctions.
    patch : ndarray of int32
        For each compartment the place of its membrane among the patches of the cells, -1 for
        junctions.
    """

    parent: Int32Array
    conductance: FloatArray
    capacitance: FloatArray
    patch: Int32Array

    def __post_init__(self) -> None:
        count = self.parent.size
        if any(a.shape != (count,) for a in (self.conductance, self.capacitance, self.patch)):
            raise InternalError("the arrays of a tree differ in length")
        if np.count_nonzero(self.parent < 0) != 1 or self.parent.max(initial=-1) >= count:
            raise InternalError("a tree has one root, and its parents are among its nodes")
        if np.any((self.capacitance > 0) != (self.patch >= 0)):
            raise InternalError("compartments have a capacitance and a membrane, junctions neither")
        if not np.any(self.patch >= 0):
            raise InternalError("a tree has at least one compartment")


@dataclass(frozen=True, eq=False)
class Wood:
    """One or several trees in the order in which they are solved.

    "Position" is the place in that order, "slot" the place of a tree among the wood's.

    Attributes
    ----------
    parent : ndarray of int32
        By position, the position of the parent, which is less; -1 for roots.
    levels : ndarray of int64
        Where each level begins, and where the last ends.
    conductance, capacitance, total : ndarray of float64
        By position: to the parent; of the node; the sum of all conductances of the node, added
        in the order of positions of its neighbors: the parent first.
    slot, node : ndarray of int32
        By position, which node of which tree it is.
    members : tuple of ndarray of int32
        By patch, the positions of its compartments, ascending.
    offsets : ndarray of int64
        By slot, where its nodes begin in `position`, `patch_of` and `rank`, which are by node.
    position, patch_of, rank : ndarray of int32
        Of each node: its position (-1 where it was left out), its patch (-1 for junctions), its
        place in `members` of that.
    """

    parent: Int32Array
    levels: Int32Array
    conductance: FloatArray
    capacitance: FloatArray
    total: FloatArray
    slot: Int32Array
    node: Int32Array
    members: tuple[Int32Array, ...]
    offsets: Int32Array
    position: Int32Array
    patch_of: Int32Array
    rank: Int32Array

    def runs(self) -> Int64Array:
        """Return all but the first position in runs: begin, end, whether they are pairs.

        In a run of pairs every parent stands two places before: two branches side by side.
        """
        count = self.parent.size
        pair = np.append(self.parent[1:] == np.arange(-1, count - 2), False)
        pair[:1] = False  # the parent of the first pair has to be there
        rows: list[tuple[int, int, int]] = []
        begin, at = 1, 1
        while at < count:
            end = at
            while end < count and pair[end - 1] and end >= 2:
                end += 1
            end -= (end - at) % 2
            if end - at < SHORTEST_RUN:
                at = max(end, at + 1)
                continue
            if begin < at:
                rows.append((begin, at, 0))
            rows.append((at, end, 1))
            begin = at = end
        if begin < count:
            rows.append((begin, count, 0))
        return np.array(rows, np.int64).reshape(-1, 3)


def wood_of(trees: Sequence[Tree], patches: int) -> Wood:
    """Return trees in the order of solving: by level, then by tree, then as in the tree alone.

    Junctions at which nothing branches are left out: at an end no current flows through them, and
    between two nodes two resistances are one.
    """
    own = [_order(tree) for tree in trees]
    slot = np.concatenate([np.full(o[0].size, s, np.int32) for s, o in enumerate(own)])
    node = np.concatenate([o[0] for o in own])
    level = np.concatenate([o[1] for o in own])
    order = np.argsort(level, kind="stable")
    slot, node, level = slot[order], node[order], level[order]
    offsets = np.concatenate([[0], np.cumsum([tree.parent.size for tree in trees])])
    whole = offsets[slot] + node
    position = np.full(offsets[-1], -1, np.int64)
    position[whole] = np.arange(whole.size)
    up = np.concatenate([o[2] + (o[2] >= 0) * f for o, f in zip(own, offsets, strict=False)])[order]
    parent = np.where(up >= 0, position[up], -1)
    conductance = np.concatenate([o[3] for o in own])[order]
    total = conductance.copy()
    for child in range(parent.size):
        if parent[child] >= 0:
            total[parent[child]] += conductance[child]
    patch = np.concatenate([tree.patch for tree in trees])
    members = tuple(np.flatnonzero(patch[whole] == p).astype(np.int32) for p in range(patches))
    rank = np.full(patch.size, -1, np.int32)
    for some in members:
        rank[whole[some]] = np.arange(some.size)
    capacitance = np.concatenate([tree.capacitance for tree in trees])[whole]
    bounds = np.searchsorted(level, np.arange(level.max() + 2))
    return Wood(
        parent.astype(np.int32), bounds.astype(np.int64), conductance, capacitance, total,
        slot, node.astype(np.int32), members, offsets.astype(np.int64),
        position.astype(np.int32), patch.astype(np.int32), rank,
    )  # fmt: skip


Near = list[dict[int, float]]
"""By node, its neighbors and the conductances between."""


def _neighbors(tree: Tree) -> Near:
    """Return the neighbors of each node, with the conductance between them."""
    found: Near = [{} for _ in range(tree.parent.size)]
    for node, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            conductance = float(tree.conductance[node])
            found[parent][node] = conductance
            found[node][parent] = conductance
    return found


def _connected(near: Near) -> bool:
    seen, stack = {0}, [0]
    while stack:
        for other in near[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return len(seen) == len(near)


def _simplified(near: Near, junction: NDArray[np.bool_]) -> set[int]:
    """Take out the junctions at which nothing branches; return them."""
    gone: set[int] = set()
    stack = [int(n) for n in np.flatnonzero(junction)[::-1]]
    while stack:
        node = stack.pop()
        others = list(near[node].items())
        if node in gone or len(others) > 2:
            continue
        gone.add(node)
        near[node] = {}
        for other, _ in others:
            del near[other][node]
        if len(others) == 2:
            (one, first), (two, second) = others
            near[one][two] = near[two][one] = 1 / (1 / first + 1 / second)
        stack += [other for other, _ in others if junction[other]]
    return gone


def _order(tree: Tree) -> tuple[Int32Array, Int32Array, Int32Array, FloatArray]:
    """Return the nodes level by level: node, level, parent (a node) and conductance to it."""
    near = _neighbors(tree)
    if not _connected(near):
        raise InternalError("the nodes of a tree do not hang together")
    gone = _simplified(near, tree.capacitance == 0.0)
    first = next(node for node in range(len(near)) if node not in gone)
    path = _farthest(near, _farthest(near, first)[-1])
    root = path[len(path) // 2]
    nodes, levels, parents, conductances = [root], [0], [-1], [0.0]
    at = 0
    while at < len(nodes):
        node = nodes[at]
        for other, conductance in near[node].items():
            if other != parents[at]:
                nodes.append(other)
                levels.append(levels[at] + 1)
                parents.append(node)
                conductances.append(conductance)
        at += 1
    return (np.array(nodes, np.int32), np.array(levels, np.int32), np.array(parents, np.int32),
            np.array(conductances))  # fmt: skip


def _farthest(near: Near, start: int) -> list[int]:
    """Return the path from a node to one of those with the most nodes between."""
    before = {start: -1}
    queue = [start]
    for node in queue:
        for other in near[node]:
            if other not in before:
                before[other] = node
                queue.append(other)
    path = [queue[-1]]
    while before[path[-1]] >= 0:
        path.append(before[path[-1]])
    return path[::-1]
