"""The loops that a map is run in: costly functions of costly functions come in later loops.

A processor works on several cells at a time as long as the chain of operations that wait for each
other is short. Where an exponential takes the result of another, the chain of both is too
long, and half of the machine idles (Traub-Miles gates: 11 against 8.5 ns a cell). So what has one
costly function behind it is computed in a first loop and kept in scratch, what has two in a
second, and so on. Every operation, and thereby every bit, stays the same.

Loops over many arrays are not vectorized at all. A block that says that it may be `wide`, as that
of a membrane with ten channels, is cut into loops of at most `MOST_ARRAYS` (`MOST_PLAIN` without
costly functions); what a later one needs of an earlier one is kept in scratch as well.
"""

from __future__ import annotations

from dataclasses import replace

from rheobase.lowering.program import Block, Level, Node, Write, needed_by

CHEAP = frozenset({
    "abs", "bernoulli_derivative", "ceil", "clip", "exprel_derivative", "floor", "heaviside", "int",
    "maximum", "minimum", "round", "sign", "sqrt",
})  # fmt: skip
MOST_ARRAYS = 12
"""Arrays that a loop of a wide block touches at most, where it can be cut."""
MOST_PLAIN = 64
"""The same of loops without costly functions."""
SCRATCH = "each "
"""Begins the names of scratch arrays, which no array of a program has."""
_KEPT = "loops of this block"
"""Where a block keeps them; no field, so that it plays no part in comparing blocks."""


def loops(block: Block) -> tuple[Block, ...]:
    """Return a block as the loops it is run in, one after the other.

    Names that begin with `SCRATCH` are arrays between the loops, with a value for each cell.
    """
    known: tuple[Block, ...] | None = vars(block).get(_KEPT)
    if known is None:
        known = _found(block)
        vars(block)[_KEPT] = known  # asked for several times while a kernel is written
    return known


def _found(block: Block) -> tuple[Block, ...]:
    parts = block.loops()
    if block.kind != "map" or block.whole:
        return parts
    if block.wide:
        parts = tuple(piece for n, part in enumerate(parts) for piece in _cut(part, n))
    return tuple(stage for part in parts for stage in _staged(part))


def scratch_of(block: Block) -> list[str]:
    """Return the scratch arrays of a block's loops, in order of writing."""
    found = [w.target for part in loops(block) for w in part.writes]
    return list(dict.fromkeys(name for name in found if name.startswith(SCRATCH)))


# -- cutting wide blocks -----------------------------------------------------------------------


def _cut(block: Block, number: int) -> tuple[Block, ...]:
    """Cut a block in order of its nodes, where its loops would touch too many arrays.

    Of the later half of places where it could be cut, that which the fewest values have to cross,
    and of those the last. What one array alone gives without a costly function does not cross: it
    is computed anew.
    """
    needed = needed_by(block.nodes, block.writes)
    inside = _weighty(block, needed)
    last_use = _last_uses(block, needed)
    names = {k: f"{SCRATCH}part {number} {k}" for k in inside}
    pieces: list[Block] = []
    begin, end = 0, 0
    fitting: list[tuple[int, int, Block]] = []  # values that cross, -end, piece
    while end < len(inside):
        end += 1
        piece = _piece(block, inside, begin, end, last_use, names)
        if piece is None:
            continue
        if fitting and not _fits(piece):
            longest = (-fitting[-1][1] - begin + 1) // 2
            _, back, best = min((f for f in fitting if -f[1] - begin >= longest), key=_place)
            pieces.append(best)
            begin = end = -back
            fitting = []
            continue
        crossing = sum(w.target.startswith(SCRATCH) for w in piece.writes)
        fitting.append((crossing, -end, piece))
    if not fitting:
        return (block,)
    pieces.append(fitting[-1][2])
    untouched = [w for w in block.writes if w.node not in names]  # leaves, written as they are
    pieces[-1] = _with_writes(pieces[-1], block, untouched)
    return _postponed(pieces)


def _place(found: tuple[int, int, Block]) -> tuple[int, int]:
    return found[:2]


def _weighty(block: Block, needed: set[int]) -> list[int]:
    """Return the nodes that are computed in the loop and not slight: see `_cut`."""
    depth = _depths(block.nodes)
    roots = {w.node for w in block.writes}
    arrays: list[frozenset[str]] = []
    for node in block.nodes:
        own = {str(node.payload)} if node.operation == "element" else set()
        arrays.append(frozenset(own).union(*(arrays[o] for o in node.operands)))
    return [
        k for k in sorted(needed)
        if _computed(block.nodes[k]) and (k in roots or depth[k] > 0 or len(arrays[k]) > 1)
    ]  # fmt: skip


def _computed(node: Node) -> bool:
    leaf = node.operation in ("constant", "number", "element", "draw", "scalar")
    return node.level > Level.STEP and not leaf


def _last_uses(block: Block, needed: set[int]) -> dict[int, int]:
    """Return for each node the last that uses it."""
    found: dict[int, int] = {}
    for k in sorted(needed):
        for o in block.nodes[k].operands:
            found[o] = k
    return found


def _piece(block: Block, inside: list[int], begin: int, end: int, last_use: dict[int, int],
           names: dict[int, str]) -> Block | None:  # fmt: skip
    """Return the nodes begin <= n < end of `inside` as a block; None where none can end there."""
    own, last = inside[begin:end], inside[end - 1]
    leaving = [k for k in own if last_use.get(k, -1) > last]
    if any(block.nodes[k].kind != "float" for k in leaving):
        return None
    members = set(own)
    writes = [w for w in block.writes if w.node in members]
    writes += [Write(names[k], k) for k in leaving]
    # only what the writes need is looked at: a membrane is tried to be cut at thousands of places
    first = own[0]
    seen: dict[int, Node] = {}
    stack = [w.node for w in writes]
    while stack:
        k = stack.pop()
        if k in seen:
            continue
        n = block.nodes[k]
        if k < first and k in names:
            n = Node("element", (), names[k], n.kind, n.level, names[k], n.section)
        seen[k] = n
        stack.extend(n.operands)
    place = {old: new for new, old in enumerate(sorted(seen))}
    nodes = tuple(
        Node(n.operation, tuple([place[o] for o in n.operands]), n.payload, n.kind, n.level, n.hint,
             n.section) if n.operands else n
        for n in (seen[k] for k in place)
    )  # fmt: skip
    moved = tuple(Write(w.target, place[w.node]) for w in writes)
    return replace(block, nodes=nodes, writes=moved)


def _with_writes(piece: Block, block: Block, writes: list[Write]) -> Block:
    """Return a piece that also writes leaves of the block."""
    if not writes:
        return piece
    nodes = (*piece.nodes, *(block.nodes[w.node] for w in writes))
    more = [Write(w.target, len(piece.nodes) + n) for n, w in enumerate(writes)]
    return replace(piece, nodes=nodes, writes=(*piece.writes, *more))


def _fits(block: Block) -> bool:
    """Whether every loop of a block touches few arrays."""
    return all(len(touched(stage)) <= most_arrays(stage) for stage in _staged(block))


def most_arrays(block: Block) -> int:
    """Return how many arrays a loop touches at most, where it can be cut.

    Without a costly function it gains little from working on several cells at a time, and what it
    gains it loses by keeping values in scratch: a membrane with a kinetic scheme of 12 states takes
    as long in 11 loops as in 84, and half the time to compile.
    """
    plain = not any(n.operation == "call" and n.payload not in CHEAP for n in block.nodes)
    return MOST_PLAIN if plain else MOST_ARRAYS


def touched(block: Block) -> set[str]:
    """Return the arrays that a block reads or writes at each cell."""
    read = {str(n.payload) for n in block.nodes if n.operation == "element"}
    return read | {w.target for w in block.writes}


# -- costly functions of costly functions ----------------------------------------------------------


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
