"""The reverse of a block, node by node: the chain rule, read from the last line to the first.

The bar of a value is the derivative of the loss by it. A node that computes c from a and b takes
the bar of c, multiplies it with the derivatives of c by a and by b, and adds the products to the
bars of a and b. Once all nodes have been gone through, last to first, the bars of everything
that the block reads are complete.

    c = a + b            bar_a += bar_c                 bar_b += bar_c
    c = a - b            bar_a += bar_c                 bar_b -= bar_c
    c = a*b              bar_a += bar_c*b               bar_b += bar_c*a
    c = a/b              bar_a += bar_c/b               bar_b -= bar_c/b*c
    c = f(a)             bar_a += bar_c*f'(a)           f' from `rheobase.lowering.derivatives`
    c = where(q, a, b)   bar_a += where(q, bar_c, 0)    bar_b += where(q, 0, bar_c)

A bar of 0 stays 0 behind an infinite derivative: what a `where` did not choose has no
influence, nor has the exponential in 1/(1 + exp(-x)) where it overflows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rheobase.errors import InternalError
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.derivatives import ARGUMENTS, MAY_OVERFLOW, VALUE, rule
from rheobase.lowering.program import Block, Level, Node
from rheobase.lowering.translate import Scope

BOUNDED = frozenset({
    "tanh", "erf", "sin", "cos", "arctan", "clip", "sign", "heaviside",
})  # fmt: skip
"""Functions whose values and derivatives are finite, whatever they are of."""
HARMLESS = BOUNDED | {"abs", "maximum", "minimum", "floor", "ceil", "round", "int", "bernoulli"}
"""Functions that are finite, and have finite derivatives, of all that is finite."""
_NAMED = frozenset({"number", "element", "scalar"})
_LEAVES = frozenset({"constant", "number", "element", "scalar", "draw"})


def splice(graph: Graph, block: Block, instead: Mapping[str, Value]) -> list[Value]:
    """Put the nodes of a block into a graph as they are, under the comments they have.

    Parameters
    ----------
    graph
        The graph of the reverse, which has no prepared part.
    block
        What is computed again.
    instead
        For arrays that have been written since, what is in them now.

    Returns
    -------
    list of Value
        What stands for each node of the block.
    """
    place: list[Value] = []
    section = 0
    for node in block.nodes:
        if node.operation == "element" and node.payload in instead:
            place.append(instead[str(node.payload)])
            continue
        if node.section != section:
            section = node.section
            graph.section(block.sections[section])
        operands = tuple(place[o].index for o in node.operands)
        copied = Node(node.operation, operands, node.payload, node.kind, node.level, node.hint)
        place.append(graph.copy(copied))
    return place


class Backward:
    """Going back through the nodes of a graph.

    Parameters
    ----------
    graph
        The forward computation; the reverse is added to it.
    active
        Names of the arrays and numbers whose bars are wanted.
    """

    def __init__(self, graph: Graph, active: Collection[str]) -> None:
        self.graph = graph
        self.size = len(graph.nodes)
        self.nodes = tuple(graph.nodes)
        self.bars: dict[int, Value] = {}
        self._active = self._depends_on(frozenset(active))
        self._wild = self._may_be_infinite()
        self._plain: set[int] = set()  # nodes of which some bar has come past no `where`
        self._entries: dict[int, dict[object, Value]] = {}  # bars of entries, by propagator

    # -- what is known of the nodes -------------------------------------------------------

    def _depends_on(self, active: frozenset[str]) -> list[bool]:
        found: list[bool] = []
        for node in self.nodes:
            own = node.operation in _NAMED and node.payload in active
            through = node.kind in ("float", "matrix") and any(found[o] for o in node.operands)
            found.append(own or through)
        return found

    def _may_be_infinite(self) -> list[bool]:
        """Whether a value may be infinite or NaN where nothing that is read is."""
        found: list[bool] = []
        for node in self.nodes:
            risky = node.operation == "div" or (
                node.operation == "call" and node.payload not in HARMLESS
            )
            bounded = node.operation == "call" and node.payload in BOUNDED
            # of numbers, which are the same in all cells, nothing is infinite
            own = risky and node.level > Level.STEP
            found.append(not bounded and (own or any(found[o] for o in node.operands)))
        return found

    def depends(self, value: Value) -> bool:
        """Whether a value depends on what is differentiated by."""
        return value.index < self.size and self._active[value.index]

    # -- bars -----------------------------------------------------------------------------

    def add(self, value: Value, bar: Value | None, plain: bool = True) -> None:
        """Add to the bar of a value; `plain` says that no `where` has chosen it."""
        if bar is None or not self.depends(value) or _is_zero(bar):
            return
        known = self.bars.get(value.index)
        self.bars[value.index] = bar if known is None else known + bar
        if plain:
            self._plain.add(value.index)

    def run(self, sections: tuple[str, ...]) -> None:
        """Go through all nodes from last to first; `sections` are the comments of the graph."""
        section = -1
        for index in range(self.size - 1, -1, -1):
            node = self.nodes[index]
            bar = self.bars.get(index)
            if node.operation == "propagator":
                self._back_through_propagator(index, node)
            if bar is None or node.operation in _LEAVES:
                continue
            if node.section != section:
                section = node.section
                text = sections[section]
                self.graph.section(f"reverse of {text}" if text else "")
            hint = node.hint.lstrip("?")
            if hint:
                bar.named(f"?bar_{hint}" if node.hint.startswith("?") else f"bar_{hint}")
            self._back(index, node, bar)

    def of(self, name: str) -> Value | None:
        """Return the bar of an array or number that is read, None where it is 0."""
        for index, node in enumerate(self.nodes):
            if node.operation in _NAMED and node.payload == name:
                return self.bars.get(index)
        return None

    # -- rules ----------------------------------------------------------------------------

    def _back(self, index: int, node: Node, bar: Value) -> None:
        operands = [Value(self.graph, o) for o in node.operands]
        plain = index in self._plain

        def times(k: int, factor: Value) -> None:
            if self.depends(operands[k]):
                self.add(operands[k], self._product(bar, factor, plain), plain)

        match node.operation:
            case "neg":
                self.add(operands[0], -bar, plain)
            case "add" | "sub":
                self.add(operands[0], bar, plain)
                self.add(operands[1], bar if node.operation == "add" else -bar, plain)
            case "mul":
                times(0, operands[1])
                times(1, operands[0])
            case "fma":
                times(0, operands[1])
                times(1, operands[0])
                self.add(operands[2], bar, plain)
            case "div":
                self._back_through_quotient(index, operands, bar, plain)
            case "select":
                condition, yes, no = operands
                same = plain and condition.level <= Level.STEP
                self.add(yes, self.graph.select(condition, bar, 0.0), same)
                self.add(no, self.graph.select(condition, 0.0, bar), same)
            case "call":
                self._back_through_call(index, node, operands, bar, plain)
            case "entry":
                self._entries.setdefault(node.operands[0], {})[node.payload] = bar
            case _:
                raise InternalError(f"{node.operation} has no reverse")

    def _product(self, bar: Value, factor: Value, plain: bool) -> Value:
        """bar*factor; 0 where the bar is, though the factor may be infinite."""
        if plain or (factor.index < self.size and not self._wild[factor.index]):
            return bar * factor
        return self._guarded(bar, bar * factor)

    def _scaled(self, bar: Value, slope: Value) -> Value:
        """bar*slope, within the choices of the slope: 0 where that is 0, be the bar infinite."""
        if slope.node.operation != "select":
            return slope if _is_zero(slope) else bar * slope
        condition, yes, no = (Value(self.graph, o) for o in slope.node.operands)
        return self.graph.select(condition, self._scaled(bar, yes), self._scaled(bar, no))

    def _guarded(self, bar: Value, product: Value) -> Value:
        return self.graph.select(self.graph.compare("==", bar, 0.0), 0.0, product)

    def _back_through_quotient(self, index: int, operands: list[Value], bar: Value,
                               plain: bool) -> None:  # fmt: skip
        a, b = operands
        part = bar / b
        if not plain and b.level > Level.STEP:
            part = self._guarded(bar, part)
        self.add(a, part, plain)
        if self.depends(b):
            self.add(b, -self._product(part, Value(self.graph, index), plain), plain)

    def _back_through_call(self, index: int, node: Node, operands: list[Value], bar: Value,
                           plain: bool) -> None:  # fmt: skip
        function = str(node.payload)
        names = dict(zip(ARGUMENTS, operands, strict=False))
        names[VALUE] = Value(self.graph, index)
        literal = [o.node.operation == "constant" for o in operands]
        for k, operand in enumerate(operands):
            if not self.depends(operand):
                continue
            others = [known for j, known in enumerate(literal) if j != k]
            found = rule(function, k, bool(others) and all(others))
            if found is None:
                raise InternalError(f"{function} has no derivative by argument {k + 1}")
            slope = Scope(self.graph, names, {}, {}).number(found)
            if _is_zero(slope):
                continue
            product = self._scaled(bar, slope)
            overflows = function in MAY_OVERFLOW and node.level > Level.STEP
            if overflows or (function not in HARMLESS and not plain):
                product = self._guarded(bar, product)
            self.add(operand, product, plain)

    def _back_through_propagator(self, index: int, node: Node) -> None:
        """P, Q = exp([[A*dt, 1], [0, 0]]): the bar of A*dt, by the adjoint Frechet derivative."""
        bars = self._entries.get(index)
        if not bars:
            return
        size = int(node.payload[0])
        places = [(i, j) for i in range(size) for j in range(size)]
        zero = self.graph.constant(0.0)
        given = [bars.get((which, i, j), zero) for which in "PQ" for i, j in places]
        entries = [Value(self.graph, o) for o in node.operands]
        whole = self.graph.operate("frechet", [*entries, *given], kind="matrix", payload=(size,))
        for entry, (i, j) in zip(entries, places, strict=False):
            self.add(entry, self.graph.operate("entry", (whole,), payload=("A", i, j)))


def _is_zero(value: Value) -> bool:
    return value.node.operation == "constant" and float(value.node.payload) == 0.0
