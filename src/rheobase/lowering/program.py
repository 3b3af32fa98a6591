"""The program: the small intermediate representation between equations and source.

A `Program` says what one kind of cell does in a step, as blocks of nodes in static single
assignment. It is structure only: no parameter value, size, step or seed is in it, so it is the
same, and compiles once, for every network that uses the model in the same way. The NumPy
interpreter (`rheobase.rendering.interpreter`) defines what it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Literal, TypeAlias

from rheobase.errors import InternalError


class Level(IntEnum):
    """How often a value changes; an operation has the highest level among its operands."""

    LITERAL = 0  # written in the model
    SHARED = 1  # one number for the population, fixed during a run: prepared once
    CELL = 2  # one number a cell, fixed during a run: prepared once
    STEP = 3  # one number a step: the time
    ELEMENT = 4  # one number a cell and step: computed in the loop


Kind: TypeAlias = Literal["float", "bool", "int", "matrix"]
Role: TypeAlias = Literal[
    "state", "parameter", "input", "prepared", "spiked", "offset", "release", "left",
    "refractory", "last_spike", "key", "draw", "observed", "anchor", "adjoint", "voltage",
    "source", "rate",
]  # fmt: skip
DTYPES: dict[str, str] = {
    "spiked": "uint8", "refractory": "uint8", "release": "int64", "key": "uint64",
}  # fmt: skip

ARITHMETIC = frozenset({"neg", "add", "sub", "mul", "div", "fma"})
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
LOGIC = frozenset({"and", "or", "not"})
ARITY = {"neg": 1, "not": 1, "add": 2, "sub": 2, "mul": 2, "div": 2, "fma": 3, "select": 3,
         "and": 2, "or": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2,
         "mask": 2, "flag": 1, "entry": 1}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One value of a block.

    Parameters
    ----------
    operation
        "constant" (payload: the value), "number" (payload: a shared number's name), "element"
        (payload: an array's name, read at the cell), "scalar" ("t", "step", "weight"), "draw"
        (payload: array and law), an arithmetic, comparison or logical operation, "select",
        "call" (payload: a function of `rheobase.rendering.functions`), "propagator" and
        "entry" (prepare only: exp(A dt) and its integral, and one of their entries), "frechet"
        (prepare only: the bars of A dt, given those of the propagator), "mask" (spike and
        non-finite bits).
    operands
        Indices of earlier nodes of the same block.
    payload
        See `operation`.
    kind
        "float", "bool", "int" or "matrix".
    level
        How often the value changes.
    hint
        The name a reader would give the value, or ""; after "?" one that is only a suggestion.
    section
        Index of the block's comment this node belongs to.
    """

    operation: str
    operands: tuple[int, ...] = ()
    payload: Any = ""
    kind: Kind = "float"
    level: Level = Level.ELEMENT
    hint: str = field(default="", compare=False)
    section: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Write:
    """Store a node of the block into an array (at the cell) or a number."""

    target: str
    node: int


@dataclass(frozen=True)
class Block:
    """Nodes in order of computation, then the writes, all of them after all reads.

    kind "prepare" runs once when a parameter or the step changes; "map" over cells each step;
    "on-event" over the cells that spiked; "deliver" over arriving events, one after another;
    "weigh" over the weights of a projection, when it is prepared. `first` names what a map may
    write in a loop of its own before the rest: short loops keep more of the machine busy. `whole`
    keeps a map in one loop; `wide` lets it be cut wherever a loop would touch too many arrays.
    """

    kind: Literal["prepare", "map", "on-event", "deliver", "weigh"]
    nodes: tuple[Node, ...]
    writes: tuple[Write, ...]
    sections: tuple[str, ...] = ("",)
    first: frozenset[str] = frozenset()
    whole: bool = False
    wide: bool = False

    def reads(self) -> frozenset[str]:
        """Return the names of the arrays and numbers the block reads."""
        return frozenset(
            str(n.payload) for n in self.nodes if n.operation in ("number", "element")
        ) | frozenset(str(n.payload[0]) for n in self.nodes if isinstance(n.payload, tuple)
                      and n.operation == "draw")  # fmt: skip

    def loops(self) -> tuple[Block, ...]:
        """Return the block as the loops it is run in: `first` apart, where that is possible.

        What the first loop has written the second reads back, so the rest must not need the
        old values.
        """
        early = tuple(w for w in self.writes if w.target in self.first)
        late = tuple(w for w in self.writes if w.target not in self.first)
        if not early or not late:
            return (self,)
        stored = {w.node: w.target for w in early}
        nodes = tuple(
            Node("element", (), stored[k], n.kind, n.level, stored[k], n.section)
            if k in stored else n
            for k, n in enumerate(self.nodes)
        )  # fmt: skip
        for k in needed_by(nodes, late) - stored.keys():
            if nodes[k].operation == "element" and nodes[k].payload in self.first:
                return (self,)
        first = Block(self.kind, self.nodes, early, self.sections, wide=self.wide)
        rest = Block(self.kind, nodes, late, self.sections, wide=self.wide)
        return (first.pruned(), rest.pruned())

    def pruned(self) -> Block:
        """Return the block without the nodes that no write needs."""
        needed = sorted(needed_by(self.nodes, self.writes))
        place = {old: new for new, old in enumerate(needed)}
        nodes = tuple(
            replace(self.nodes[k], operands=tuple(place[o] for o in self.nodes[k].operands))
            for k in needed
        )
        writes = tuple(Write(w.target, place[w.node]) for w in self.writes)
        return replace(self, nodes=nodes, writes=writes)

    def uses(self) -> list[int]:
        """Return how many nodes and writes use each node."""
        count = [0] * len(self.nodes)
        for node in self.nodes:
            for operand in node.operands:
                count[operand] += 1
        for write in self.writes:
            count[write.node] += 1
        return count


def needed_by(nodes: tuple[Node, ...], writes: tuple[Write, ...]) -> set[int]:
    """Return the indices of the nodes that the writes depend on."""
    seen: set[int] = set()
    stack = [w.node for w in writes]
    while stack:
        index = stack.pop()
        if index not in seen:
            seen.add(index)
            stack.extend(nodes[index].operands)
    return seen


@dataclass(frozen=True)
class Array:
    """An array of a population: name, role (which fixes its dtype) and a word to the reader."""

    name: str
    role: Role
    note: str = ""

    @property
    def dtype(self) -> str:
        """The NumPy dtype of the array."""
        return DTYPES.get(self.role, "float64")


@dataclass(frozen=True)
class Draw:
    """One call site of a random number in the update: its scratch array, law and name."""

    array: str
    law: Literal["uniform", "normal"]
    site: str


@dataclass(frozen=True)
class Port:
    """What arrives through one entry of `receives`.

    If not `event`, every statement is `x += f(weight, parameters)` and `weigh[x]` computes
    f(weight): the engine accumulates those from 0 and adds the sum once. Otherwise `block` runs
    event by event.
    """

    name: str
    event: bool
    weigh: dict[str, Block] = field(default_factory=dict)
    identity: frozenset[str] = frozenset()
    block: Block | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that accumulate arrivals."""
        return tuple(self.weigh)


@dataclass(frozen=True)
class Linear:
    """What the program of a part of a cable writes: names of arrays, ``source - rate*voltage``."""

    voltage: str
    source: str
    rate: str


@dataclass(frozen=True)
class Program:
    """What one kind of cell does in a step: see the module's text and `str(program)`.

    Cells with exact crossings do nothing step by step (`rheobase.lowering.events`): there
    `update` computes the variables at a time, `anchor` takes them for the beginning of a new
    course and `predict` finds where it crosses the threshold.
    """

    name: str
    method: str
    reason: str
    arrays: tuple[Array, ...]
    numbers: tuple[str, ...]
    number_notes: tuple[str, ...]
    prepare: Block
    update: Block
    on_spike: Block | None
    ports: dict[str, Port]
    observe: dict[str, Block]
    draws: tuple[Draw, ...]
    spiking: bool
    crossing: str
    refractory_kind: str
    held: frozenset[str]
    mutable: frozenset[str]
    staggered: frozenset[str] = frozenset()
    together: tuple[tuple[str, ...], ...] = ()
    anchor: Block | None = None
    predict: Block | None = None
    linear: Linear | None = None

    def array(self, name: str) -> Array:
        """Return the array of that name."""
        for array in self.arrays:
            if array.name == name:
                return array
        raise InternalError(f"the program of {self.name} has no array {name!r}")

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the state arrays, in order of their equations."""
        return tuple(a.name for a in self.arrays if a.role == "state")

    def blocks(self) -> Iterator[tuple[str, Block]]:
        """Yield every block with the title it is printed under."""
        yield "prepare", self.prepare
        yield "update", self.update
        if self.on_spike is not None:
            yield "on spike", self.on_spike
        if self.anchor is not None:
            yield "anchor", self.anchor
        if self.predict is not None:
            yield "predict", self.predict
        for port in self.ports.values():
            for variable, block in port.weigh.items():
                yield f"arrivals at {port.name!r} add to {variable}", block
            if port.block is not None:
                yield f"each arrival at {port.name!r}", port.block
        for name, block in self.observe.items():
            yield f"observe {name}", block

    def __str__(self) -> str:
        lines = [f"program of {self.name}: method {self.method} ({self.reason})"]
        lines += [f"  array {a.name}: {a.role}, {a.dtype}" for a in self.arrays]
        for title, block in self.blocks():
            lines += [f"  {title}:", *(f"    {line}" for line in print_block(block))]
        return "\n".join(lines)


def print_block(block: Block) -> list[str]:
    """Return one line a node and write of a block."""
    lines: list[str] = []
    for index, node in enumerate(block.nodes):
        operands = ", ".join(f"%{o}" for o in node.operands)
        payload = "" if node.payload == "" else f"[{_payload_text(node)}]"
        name = f"  # {node.hint.lstrip('?')}" if node.hint else ""
        lines.append(
            f"%{index} = {node.operation}{payload}({operands}) : {node.kind}, "
            f"{node.level.name.lower()}{name}"
        )
    lines += [f"{write.target} := %{write.node}" for write in block.writes]
    return lines


def _payload_text(node: Node) -> str:
    if isinstance(node.payload, tuple):
        return " ".join(map(str, node.payload))
    return repr(node.payload) if isinstance(node.payload, float) else node.payload


def check(program: Program) -> Program:
    """Verify a program between passes: SSA, arity, kinds, domains, one owner for every write.

    Raises
    ------
    InternalError
        A pass left the program inconsistent: our bug, never the model's.
    """
    names = {a.name for a in program.arrays}
    if len(names) != len(program.arrays):
        raise InternalError(f"two arrays of one name in the program of {program.name}")
    for title, block in program.blocks():
        _check_block(program, title, block)
    for title, block in program.blocks():
        written = [w.target for w in block.writes]
        if len(written) != len(set(written)):
            raise InternalError(f"{title}: an array has two owners: {sorted(written)}")
        missing = set(written) - names - set(program.numbers)
        if block.kind != "weigh" and missing:
            raise InternalError(f"{title}: writes to unknown {sorted(missing)}")
    return program


def _check_block(program: Program, title: str, block: Block) -> None:
    known = {a.name for a in program.arrays} | set(program.numbers)
    for index, node in enumerate(block.nodes):
        where = f"{title}: node %{index} ({node.operation})"
        if any(o >= index or o < 0 for o in node.operands):
            raise InternalError(f"{where} uses a value before it is computed")
        arity = ARITY.get(node.operation)
        if arity is not None and len(node.operands) != arity:
            raise InternalError(f"{where} takes {arity} operands, has {len(node.operands)}")
        kinds = [block.nodes[o].kind for o in node.operands]
        if node.operation in LOGIC and set(kinds) - {"bool"}:
            raise InternalError(f"{where} needs conditions, has {kinds}")
        if node.operation in ARITHMETIC and set(kinds) - {"float"}:
            raise InternalError(f"{where} needs numbers, has {kinds}")
        if node.operation == "select" and (kinds[0] != "bool" or kinds[1] != kinds[2]):
            raise InternalError(f"{where} needs a condition and two alike, has {kinds}")
        if node.operands and node.level < max(block.nodes[o].level for o in node.operands):
            raise InternalError(f"{where} has a lower level than its operands")
        outside = block.kind in ("map", "on-event") and node.operation in ("number", "element")
        if outside and node.payload not in known:
            raise InternalError(f"{where} reads {node.payload!r}, which nothing provides")
    for write in block.writes:
        if not 0 <= write.node < len(block.nodes):
            raise InternalError(f"{title}: write of {write.target} has no value")
