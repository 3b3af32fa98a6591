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
        self._parts: dict[frozenset[str], Block] = {}
        self._depends: list[frozenset[str]] = []
        for node in block.nodes:
            own = frozenset([str(node.payload)]) if node.operation in _LEAVES else frozenset[str]()
            self._depends.append(own.union(*(self._depends[o] for o in node.operands)))
        self.reads = frozenset[str]().union(*self._depends)

    def __call__(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the block writes, given the value of every name it reads."""
        changed = frozenset(n for n in self.reads if not self._same(n, names[n]))
        if changed or not self.values:
            block = self.block if not self.values else self._part(changed)
            self.names.update({n: _held(names[n]) for n in self.reads})
            self.values = evaluate(block, self._leaf)
        return {w.target: self.values[w.node] for w in self.block.writes}

    def _leaf(self, node: Node) -> Any:
        if node.operation == KEPT:
            return self.values[node.payload]
        return self.names[str(node.payload)]

    def _same(self, name: str, value: Any) -> bool:
        if name not in self.names:
            return False
        held = self.names[name]
        if np.ndim(held) == 0 and np.ndim(value) == 0:
            return bool(held == value)
        return bool(np.shape(held) == np.shape(value) and np.array_equal(held, value))

    def _part(self, changed: frozenset[str]) -> Block:
        """Return the block with every node that does not depend on these names replaced."""
        if changed not in self._parts:
            nodes = tuple(
                node if depends & changed else Node(KEPT, (), k)
                for k, (node, depends) in enumerate(
                    zip(self.block.nodes, self._depends, strict=True)
                )
            )
            self._parts[changed] = replace(self.block, nodes=nodes)
        return self._parts[changed]


def _held(value: Any) -> Any:
    """Return a value that nobody changes in place, as blocks take it."""
    return np.array(value, float) if np.ndim(value) else np.float64(value)
