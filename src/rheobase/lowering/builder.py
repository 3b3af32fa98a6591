"""Building blocks of a program: values with operators, sorted by how often they change.

Integrators and the rest of lowering compute with `Value` as they would with numbers. Every
operation lands where it belongs: what depends on parameters and the step alone goes into the
`prepare` block, the rest into the block being built. Equal values are computed once. A
division by something prepared becomes a multiplication with a prepared reciprocal; a product
added to something becomes one fused multiply-add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rheobase.errors import InternalError
from rheobase.lowering.program import COMPARISONS, Block, Kind, Level, Node, Write

TINY = 1e-290
"""Added and taken away again: what is smaller by 16 digits becomes 0, nothing else changes."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value being computed: an index into the graph that holds it."""

    graph: Graph
    index: int

    @property
    def node(self) -> Node:
        """The node behind the value."""
        return self.graph.nodes[self.index]

    @property
    def level(self) -> Level:
        """How often the value changes."""
        return self.node.level

    def __add__(self, other: Operand) -> Value:
        return self.graph.add(self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.graph.add(other, self)

    def __sub__(self, other: Operand) -> Value:
        return self.graph.subtract(self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.graph.subtract(other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.graph.multiply(self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.graph.multiply(other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self.graph.divide(self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.graph.divide(other, self)

    def __neg__(self) -> Value:
        return self.graph.negate(self)

    def __lt__(self, other: Operand) -> Value:
        return self.graph.compare("<", self, other)

    def __le__(self, other: Operand) -> Value:
        return self.graph.compare("<=", self, other)

    def __gt__(self, other: Operand) -> Value:
        return self.graph.compare(">", self, other)

    def __ge__(self, other: Operand) -> Value:
        return self.graph.compare(">=", self, other)

    def named(self, hint: str) -> Value:
        """Give the value the name a reader would give it."""
        graph = self.graph
        node = graph.nodes[self.index]
        weak = not node.hint or (node.hint.startswith("?") and not hint.startswith("?"))
        if weak and node.operation != "constant":
            graph.nodes[self.index] = replace(node, hint=hint)
        return self

    def called(self, hint: str) -> Value:
        """Suggest a name, to be used only if the value needs one."""
        return self.named(f"?{hint}")


Operand = Value | float | int


class Graph:
    """One block under construction; `prepared` is the graph for what is fixed in a run."""

    def __init__(self, prepared: Graph | None = None) -> None:
        self.nodes: list[Node] = []
        self.prepared = prepared
        self.sections: list[str] = [""]
        self.exports: dict[int, str] = {}  # in the prepared graph: node -> name
        self._known: dict[Node, int] = {}
        self._imported: dict[int, int] = {}

    # -- leaves ---------------------------------------------------------------------------

    def section(self, text: str) -> None:
        """Start a part of the block, under this comment."""
        self.sections.append(text)

    def constant(self, value: float) -> Value:
        """Return a literal."""
        return self._emit(Node("constant", (), float(value), "float", Level.LITERAL))

    def leaf(self, operation: str, payload: str | tuple[str | int, ...], level: Level,
             kind: Kind = "float", hint: str = "") -> Value:  # fmt: skip
        """Return a value read from outside the block."""
        return self._emit(Node(operation, (), payload, kind, level, hint))

    def copy(self, node: Node) -> Value:
        """Put a node in as it is, its operands in this graph."""
        return self._emit(node)

    def _emit(self, node: Node) -> Value:
        index = self._known.get(node)
        if index is None:
            index = len(self.nodes)
            self.nodes.append(replace(node, section=len(self.sections) - 1))
            self._known[node] = index
        return Value(self, index)

    def _import(self, value: Value) -> int:
        """Return the index in this graph of a value of the prepared graph."""
        if value.graph is self:
            return value.index
        if value.graph is not self.prepared:
            raise InternalError("a value of another block was used")
        node = value.node
        if node.operation == "constant":
            return self._emit(node).index
        if value.index not in self._imported:
            name = self.prepared.export(value)
            # a value of each cell is loaded within the loop over cells
            operation, level = (
                ("number", Level.SHARED) if node.level == Level.SHARED
                else ("element", Level.ELEMENT)
            )  # fmt: skip
            leaf = self.leaf(operation, name, level, node.kind, hint=name)
            self._imported[value.index] = leaf.index
        return self._imported[value.index]

    def export(self, value: Value) -> str:
        """Name a prepared value that another block reads."""
        if value.index not in self.exports:
            node = value.node
            if node.operation in ("number", "element"):
                name = str(node.payload)
            else:
                taken = set(self.exports.values())
                name = node.hint.lstrip("?") or f"c{len(taken) + 1}"
                while name in taken:
                    name += "_"
            self.exports[value.index] = name
        return self.exports[value.index]

    # -- operations -----------------------------------------------------------------------

    def operate(self, operation: str, operands: Sequence[Operand], kind: Kind = "float",
                payload: str | tuple[str | int, ...] = "") -> Value:  # fmt: skip
        """Apply an operation, in the prepared graph if all operands are fixed in a run."""
        values = [o if isinstance(o, Value) else self.constant(o) for o in operands]
        for value in values:
            if value.graph.prepared is self:  # belongs into the block that reads from here
                return value.graph.operate(operation, values, kind, payload)
        level = max((v.level for v in values), default=Level.LITERAL)
        home = self
        if self.prepared is not None and level <= Level.CELL:
            home = self.prepared
            values = [v if _literal(v) is None else home.constant(_literal(v) or 0.0)
                      for v in values]  # fmt: skip
        if level == Level.STEP and any(v.level == Level.CELL for v in values):
            level = Level.ELEMENT  # of each cell and of the time
        level = max(level, Level.SHARED)
        indices = tuple(home._import(v) for v in values)
        return home._emit(Node(operation, indices, payload, kind, level))

    def add(self, a: Operand, b: Operand) -> Value:
        """a + b."""
        left, right = _literal(a), _literal(b)
        if left is not None and right is not None:
            return self.constant(left + right)
        if left == 0.0:
            return self._lift(b)
        if right == 0.0:
            return self._lift(a)
        return self.operate("add", (a, b))

    def subtract(self, a: Operand, b: Operand) -> Value:
        """a - b."""
        left, right = _literal(a), _literal(b)
        if left is not None and right is not None:
            return self.constant(left - right)
        if left == 0.0:
            return self.negate(b)
        if right == 0.0:
            return self._lift(a)
        return self.operate("sub", (a, b))

    def multiply(self, a: Operand, b: Operand) -> Value:
        """a*b."""
        left, right = _literal(a), _literal(b)
        if left is not None and right is not None:
            return self.constant(left * right)
        for literal, other in ((left, b), (right, a)):
            if literal == 1.0:
                return self._lift(other)
            if literal == -1.0:
                return self.negate(other)
            scaled = None if literal is None else self._scaled(other, literal)
            if scaled is not None:
                return scaled
        return self.operate("mul", (a, b))

    def _scaled(self, value: Operand, factor: float) -> Value | None:
        """Merge a literal factor into those that the value has: (x*2 + 1)*3 is x*6 + 3."""
        if not isinstance(value, Value):
            return None
        operation = value.node.operation
        inner = [Value(value.graph, o) for o in value.node.operands]
        if operation == "neg":
            return self.multiply(inner[0], -factor)
        if operation in ("add", "sub") and value.level > Level.CELL:
            if all(_literal(v) is None for v in inner):
                return None
            left, right = (self.multiply(v, factor) for v in inner)
            return left + right if operation == "add" else left - right
        if operation != "mul":
            return None
        for own, other in ((inner[0], inner[1]), (inner[1], inner[0])):
            literal = _literal(own)
            if literal is not None:
                return self.multiply(other, literal * factor)
        return None

    def divide(self, a: Operand, b: Operand) -> Value:
        """a/b; a prepared divisor becomes a reciprocal."""
        left, right = _literal(a), _literal(b)
        if left is not None and right is not None and right != 0.0:
            return self.constant(left / right)
        if right == 1.0:
            return self._lift(a)
        if right is not None and right != 0.0:
            return self.multiply(a, 1.0 / right)
        numerator, divisor = self._lift(a), self._lift(b)
        if divisor.level <= Level.CELL < numerator.level:
            return self.multiply(numerator, self.operate("div", (1.0, divisor)))
        return self.operate("div", (numerator, divisor))

    def negate(self, a: Operand) -> Value:
        """-a."""
        literal = _literal(a)
        return self.constant(-literal) if literal is not None else self.operate("neg", (a,))

    def compare(self, operator: str, a: Operand, b: Operand) -> Value:
        """A condition, a < b and its like."""
        return self.operate(COMPARISONS[operator], (a, b), kind="bool")

    def select(self, condition: Value, yes: Operand, no: Operand) -> Value:
        """`yes` where the condition holds, `no` elsewhere."""
        kind = yes.node.kind if isinstance(yes, Value) else "float"
        return self.operate("select", (condition, yes, no), kind=kind)

    def call(self, function: str, *arguments: Operand) -> Value:
        """A function of `rheobase.rendering.functions`."""
        return self.operate("call", arguments, payload=function)

    def both(self, a: Value, b: Value) -> Value:
        """a and b."""
        return self.operate("and", (a, b), kind="bool")

    def either(self, a: Value, b: Value) -> Value:
        """a or b."""
        return self.operate("or", (a, b), kind="bool")

    def invert(self, a: Value) -> Value:
        """not a."""
        return self.operate("not", (a,), kind="bool")

    def without_subnormals(self, a: Value) -> Value:
        """A value that dies away, 0 before it is subnormal, which makes processors slow."""
        return (a + TINY) - TINY

    def power(self, base: Operand, exponent: int) -> Value:
        """base**exponent for a whole exponent, as multiplications."""
        if exponent < 0:
            return self.divide(1.0, self.power(base, -exponent))
        result: Operand = 1.0
        square: Operand = base
        while exponent:
            if exponent & 1:
                result = self.multiply(result, square)
            exponent >>= 1
            if exponent:
                square = self.multiply(square, square)
        return self._lift(result)

    def _lift(self, value: Operand) -> Value:
        return value if isinstance(value, Value) else self.constant(value)

    # -- the end --------------------------------------------------------------------------

    def finish(self, kind: Literal["prepare", "map", "on-event", "deliver", "weigh"],
               writes: dict[str, Value], fuse: bool = True, since: int = 0) -> Block:  # fmt: skip
        """Return the block: only what the writes need, with products and sums fused.

        Nodes before `since` are left as they are.
        """
        targets = [(name, self._import(value)) for name, value in writes.items()]
        roots = [i for _, i in targets]
        nodes = _fused(self.nodes, roots, since) if fuse else list(self.nodes)
        needed = _needed(nodes, [i for _, i in targets])
        place = {old: new for new, old in enumerate(needed)}
        kept = tuple(
            replace(nodes[i], operands=tuple(place[o] for o in nodes[i].operands)) for i in needed
        )
        final = tuple(Write(name, place[index]) for name, index in targets)
        return Block(kind, kept, final, tuple(self.sections))


def _literal(value: Operand) -> float | None:
    if not isinstance(value, Value):
        return float(value)
    if value.node.operation == "constant":
        return float(value.node.payload)
    return None


def _needed(nodes: Sequence[Node], roots: Sequence[int]) -> list[int]:
    """Return the nodes that the roots depend on, operands first, in order of writing."""
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        index = stack.pop()
        if index not in seen:
            seen.add(index)
            stack.extend(nodes[index].operands)
    order: list[int] = []
    placed: set[int] = set()

    def place(index: int) -> None:
        if index not in placed:
            placed.add(index)
            for operand in nodes[index].operands:
                place(operand)
            order.append(index)

    for index in sorted(seen):
        place(index)
    return order


def _fused(nodes: Sequence[Node], roots: Sequence[int], since: int = 0) -> list[Node]:
    """Turn a*b + c into one fused multiply-add where the product is used nowhere else."""
    result = list(nodes)
    uses = [0] * len(nodes)
    for index in _needed(nodes, roots):
        for operand in nodes[index].operands:
            uses[operand] += 1
    for root in roots:
        uses[root] += 1

    def product(index: int) -> bool:
        return result[index].operation == "mul" and uses[index] == 1

    def negated(index: int) -> int:
        result.append(Node("neg", (index,), level=result[index].level,
                           section=result[index].section))  # fmt: skip
        uses.append(1)
        return len(result) - 1

    for index in range(since, len(nodes)):
        node = nodes[index]
        if node.operation not in ("add", "sub") or uses[index] == 0:
            continue
        left, right = node.operands
        minus = node.operation == "sub"
        if product(left):
            x, y = result[left].operands
            operands = (x, y, negated(right) if minus else right)
        elif product(right):
            x, y = result[right].operands
            operands = (negated(x) if minus else x, y, left)
        else:
            continue
        result[index] = replace(node, operation="fma", operands=operands)
    return result
