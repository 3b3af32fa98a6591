"""The reverse of what is computed once: prepared numbers, effective weights, observed values.

A block that computes values from names (parameters, dt, a weight) becomes one that computes the
bars of these names, given those of the values. NumPy evaluates it (`rheobase.rendering.reverses`).
"""

from __future__ import annotations

from collections.abc import Collection

from rheobase.lowering.adjoint_nodes import Backward, splice
from rheobase.lowering.builder import Graph
from rheobase.lowering.program import Block, Level

GIVEN = "bar of "
"""Begins the name under which the bar of a value is read, and that of a name is written."""


def reverse_block(block: Block, given: Collection[str], wanted: Collection[str]) -> Block:
    """Return the block of the bars of what a block reads.

    Parameters
    ----------
    block
        The forward computation.
    given
        What of its writes has a bar; it is read as the number `GIVEN` + name.
    wanted
        Names it reads (numbers, arrays, "weight") whose bars are wanted.

    Returns
    -------
    Block
        It writes `GIVEN` + name for those of the wanted names that have influence.
    """
    graph = Graph()
    place = splice(graph, block, {})
    backward = Backward(graph, wanted)
    for write in block.writes:
        if write.target in given:
            bar = graph.leaf("number", GIVEN + write.target, Level.ELEMENT)
            backward.add(place[write.node], bar)
    backward.run(tuple(graph.sections))
    bars = {GIVEN + name: backward.of(name) for name in sorted(wanted)}
    found = {name: bar for name, bar in bars.items() if bar is not None}
    return graph.finish(block.kind, found, fuse=False)
