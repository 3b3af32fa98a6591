"""Notes of a computation, and the way back through them: the chain rule from the end.

Every result is a node that links to what it was made of; a link says how the bar of the result
(the derivative of the loss by it) passes on to that.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Pull = Callable[[Array], Any]
"""Bar of a result -> bar of what it was made of."""
Scatter = Callable[[Array, Array], None]
"""The same for a result that is a part of it: added into the bar of the whole."""


class Node:
    """One result: of what it was made, and how its bar passes on to that.

    Attributes
    ----------
    links : sequence of (Node, numpy.ndarray, pull or None, scatter or None)
        What it was made of, the values of that, and one of the two ways for the bar.
    depth : int
        0 for what was made of nothing, else one more than the deepest it was made of.
    """

    __slots__ = ("depth", "links")

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = links
        self.depth: int = 1 + max((link[0].depth for link in links), default=-1)


Link = tuple[Node, Array, Pull | None, Scatter | None]


def bars_of(last: Node, value: Array, wanted: set[int]) -> dict[int, Array]:
    """Go back from one number to everything it was made of.

    Each node is read once, after all that were made of it (deepest first), in an order that
    depends on the computation alone.

    Parameters
    ----------
    last : Node
        The node of one number.
    value : numpy.ndarray
        That number.
    wanted : set of int
        Identities (`id`) of the nodes whose bars are kept.

    Returns
    -------
    dict
        id of a wanted node -> its bar; those that `last` was not made of are absent.
    """
    bars: dict[int, tuple[Array, bool]] = {id(last): (np.ones_like(value), False)}
    seen, order = {id(last)}, itertools.count()
    heap = [(-last.depth, next(order), last)]
    while heap:
        _, _, node = heapq.heappop(heap)
        bar = bars[id(node)][0] if id(node) in wanted else bars.pop(id(node))[0]
        for parent, values, pull, scatter in node.links:
            if id(parent) not in seen:
                seen.add(id(parent))
                heapq.heappush(heap, (-parent.depth, next(order), parent))
            known = bars.get(id(parent))
            bars[id(parent)] = _more(known, values, bar, pull, scatter)
    return {key: bar for key, (bar, _) in bars.items() if key in wanted}


def _more(
    known: tuple[Array, bool] | None,
    values: Array,
    bar: Array,
    pull: Pull | None,
    scatter: Scatter | None,
) -> tuple[Array, bool]:
    """Add what one use brings: in place as soon as nobody else can hold the array."""
    if scatter is not None:
        if known is None:
            ours = np.zeros_like(values)
        else:
            ours = known[0] if known[1] else known[0].copy()
        scatter(bar, ours)
        return ours, True
    assert pull is not None
    more = np.asarray(pull(bar), dtype=values.dtype)
    if known is None:
        return more, False
    if known[1]:
        np.add(known[0], more, out=known[0])
        return known
    return np.asarray(known[0] + more), True
