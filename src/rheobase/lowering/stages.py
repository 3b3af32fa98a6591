"""The loops that a map is run in: costly functions of costly functions come in later loops.

A processor works on several cells at a time as long as the chain of operations that wait for each
other is short. Where an exponential takes the result of another, the chain of both is too
long, and half of the machine idles (Traub-Miles gates: 11 against 8.5 ns a cell). So what has one
costly function behind it is computed in a first loop and kept in scratch, what has two in a
second, and so on. Every operation, and thereby every bit, stays the same.
"""

from __future__ import annotations

from dataclasses import replace

from rheobase.lowering.program import Block, Level, Node, Write, needed_by

CHEAP = frozenset({
    "abs", "bernoulli_derivative", "ceil", "clip", "exprel_derivative", "floor", "heaviside", "int",
    "maximum", "minimum", "round", "sign", "sqrt",
})  # fmt: skip
SCRATCH = "each "
"""Begins the names of scratch arrays, which no array of a program has."""


def loops(block: Block) -> tuple[Block, ...]:
    """Return a block as the loops it is run in, one after the other.

    Names that begin with `SCRATCH` are arrays between the loops, with a value for each cell.
    """
    parts = block.loops()
    if block.kind != "map" or block.whole:
        return parts
    return tuple(stage for part in parts for stage in _staged(part))


def scratch_of(block: Block) -> list[str]:
    """Return the scratch arrays of a block's loops, in order of writing."""
    return [w.target for part in loops(block) for w in part.writes if w.target.startswith(SCRATCH)]


def _staged(block: Block) -> tuple[Block, ...]:
    """Divide a block by the number of costly functions behind each value."""
    depth = _depths(block.nodes)
    needed = sorted(needed_by(block.nodes, block.writes))
    last = max((depth[k] for k in needed), default=0)
    crossing = _crossing(block.nodes, needed, depth)
    if last < 2 or any(block.nodes[k].kind != "float" for k in crossing):
        return (block,)
    names = _scratch_names(block.nodes, crossing)
    stages = []
    for stage in range(1, last + 1):
        earlier = {k for k in crossing if depth[k] < stage}
        nodes = tuple(
            Node("element", (), names[k], n.kind, n.level, names[k], n.section)
            if k in earlier else n
            for k, n in enumerate(block.nodes)
        )  # fmt: skip
        writes = [w for w in block.writes if max(depth[w.node], 1) == stage]
        writes += [Write(names[k], k) for k in crossing if depth[k] == stage]
        if writes:
            stages.append(replace(block, nodes=nodes, writes=tuple(writes)).pruned())
    return _postponed(stages)


def _depths(nodes: tuple[Node, ...]) -> list[int]:
    """Return how many costly functions are behind each value that differs between cells."""
    depth: list[int] = []
    for node in nodes:
        own = node.operation == "call" and node.payload not in CHEAP
        before = max((depth[o] for o in node.operands), default=0)
        depth.append(0 if node.level <= Level.STEP else before + own)
    return depth


def _crossing(nodes: tuple[Node, ...], needed: list[int], depth: list[int]) -> list[int]:
    """Return the values of one stage that later ones need.

    A value that only later ones need, and that is cheap to compute from others, is left to them.
    """
    users: dict[int, list[int]] = {k: [] for k in needed}
    for k in needed:
        for o in nodes[k].operands:
            users[o].append(k)
    found = {k for k in needed if 0 < depth[k] < max((depth[u] for u in users[k]), default=0)}
    cheap = {k for k in found if nodes[k].operation != "call" or nodes[k].payload in CHEAP}
    while True:
        later = {k for k in cheap & found if all(depth[u] > depth[k] for u in users[k])}
        instead = {o for k in later for o in nodes[k].operands if depth[o] > 0}
        fewer = (found - later) | instead
        if not later or len(fewer) > len(found):
            return sorted(found)
        found = fewer


def _scratch_names(nodes: tuple[Node, ...], crossing: list[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for k in crossing:
        name = SCRATCH + (nodes[k].hint.lstrip("?") or f"x{k}")
        while name in names.values():
            name += "_"
        names[k] = name
    return names


def _postponed(stages: list[Block]) -> tuple[Block, ...]:
    """Keep the new value of an array in scratch as long as later loops read the old one."""
    final = stages[-1]
    for place, stage in enumerate(stages[:-1]):
        read = frozenset().union(*(later.reads() for later in stages[place + 1 :]))
        late = [w for w in stage.writes if w.target in read and not w.target.startswith(SCRATCH)]
        for write in late:
            name = f"{SCRATCH}{write.target} afterwards"
            node = Node("element", (), name, stage.nodes[write.node].kind, hint=write.target)
            added = Write(write.target, len(final.nodes))
            final = replace(final, nodes=(*final.nodes, node), writes=(*final.writes, added))
        stages[place] = replace(stage, writes=tuple(
            replace(w, target=f"{SCRATCH}{w.target} afterwards") if w in late else w
            for w in stage.writes
        ))  # fmt: skip
    return (*stages[:-1], final)
