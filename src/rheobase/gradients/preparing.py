"""Blocks that are worked out again and again: only what depends on values that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rheobase.lowering.program import Block, Node
from rheobase.rendering.interpreter import evaluate

KEPT = "kept"
_LEAVES = ("number", "element")


class Again:
    """A prepare block whose nodes keep their values until a name they depend on changes.

    The values are those of `rheobase.rendering.interpreter.evaluate`, to the bit.

    Parameters
    ----------
    block
        The block; its leaves are named numbers.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.names: dict[str, Any] = {}
        self.values: list[Any] = []
        self._parts: dict[frozenset[str], tuple[Block, list[int]]] = {}
        self._depends: list[frozenset[str]] = []
        for node in block.nodes:
            own = frozenset([str(node.payload)]) if node.operation in _LEAVES else frozenset[str]()
            self._depends.append(own.union(*(self._depends[o] for o in node.operands)))
        self.reads = frozenset[str]().union(*self._depends)

    def __call__(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the block writes, given the value of every name it reads."""
        changed = frozenset(n for n in self.reads if not self._same(n, names[n]))
        if changed or not self.values:
            self.names.update({n: _held(names[n]) for n in changed or self.reads})
            if not self.values:
                self.values = evaluate(self.block, self._leaf)
            else:
                block, places = self._part(changed)
                for place, value in zip(places, evaluate(block, self._leaf), strict=True):
                    self.values[place] = value
        return {w.target: self.values[w.node] for w in self.block.writes}

    def _leaf(self, node: Node) -> Any:
        if node.operation == KEPT:
            return self.values[node.payload]
        return self.names[str(node.payload)]

    def _same(self, name: str, value: Any) -> bool:
        if name not in self.names:
            return False
        held = self.names[name]
        if isinstance(held, float) and isinstance(value, float):
            return bool(held == value)
        if np.ndim(held) == 0 and np.ndim(value) == 0:
            return bool(held == value)
        return bool(np.shape(held) == np.shape(value) and np.array_equal(held, value))

    def _part(self, changed: frozenset[str]) -> tuple[Block, list[int]]:
        """Return the nodes that depend on these names, and which of the block each is.

        What they are made of and does not depend on them stands before them, as it is kept.
        """
        if changed not in self._parts:
            anew = [k for k, depends in enumerate(self._depends) if depends & changed]
            made = set(anew)
            kept = {o for k in anew for o in self.block.nodes[k].operands} - made
            places = [*sorted(kept), *anew]
            index = {place: n for n, place in enumerate(places)}
            nodes = [Node(KEPT, (), k) for k in sorted(kept)]
            for k in anew:
                node = self.block.nodes[k]
                nodes.append(replace(node, operands=tuple(index[o] for o in node.operands)))
            self._parts[changed] = replace(self.block, nodes=tuple(nodes), writes=()), places
        return self._parts[changed]


def _held(value: Any) -> Any:
    """Return a value that nobody changes in place, as blocks take it."""
    return np.array(value, float) if np.ndim(value) else np.float64(value)
