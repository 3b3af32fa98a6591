"""A block of a program as the lines a reader would write, each an expression of those before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    to_text,
)
from rheobase.lowering.program import COMPARISONS, Block, Node, Write

_COMPARISONS = {operation: operator for operator, operation in COMPARISONS.items()}
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_SCALARS = {"step_number": "step", "zero": "0"}
LONG = 60


@dataclass(frozen=True)
class Line:
    """One line: `name = expression`; `section` is the equation it belongs to.

    `kind` is "float", "bool", "matrix" (A*dt of coupled equations, row by row) or "entry" (one of
    its exponential, or of the integral of that).
    """

    name: str
    expression: Expr
    kind: str
    section: str


def lines_of(block: Block, targets: Collection[str], more: Mapping[str, int] | None = None,
             ) -> tuple[list[Line], dict[str, str]]:  # fmt: skip
    """Return the lines that lead to some of a block's writes, and the name of each target's value.

    Values that are used more than once, or that a reader would name, have lines of their own.
    `more` are nodes that are wanted besides what is written.
    """
    writes = [w for w in block.writes if w.target in targets]
    writes += [Write(name, node) for name, node in (more or {}).items()]
    block = Block(block.kind, block.nodes, tuple(writes), block.sections).pruned()
    writer = _Writer(block)
    return writer.lines, {w.target: to_text(writer.texts[w.node]) for w in block.writes}


class _Writer:
    """Names and expressions for the nodes of a block."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.lines: list[Line] = []
        self.texts: list[Expr] = []
        self.taken = {str(n.payload) for n in block.nodes if n.operation in ("number", "element")}
        uses = block.uses()
        written = {w.node for w in block.writes}
        targets = {w.node: w.target for w in block.writes}
        for index, node in enumerate(block.nodes):
            expression = self._expression(node)
            leaf = not node.operands
            named = node.operation == "propagator" or (node.hint and not node.hint.startswith("?"))
            often = uses[index] > 1 and not isinstance(expression, (Name, Number, Unary))
            if leaf or not (named or often or index in written or self._long(expression)):
                self.texts.append(expression)
                continue
            wish = node.hint.lstrip("?") or targets.get(index, "") or f"x{index}"
            if node.operation == "propagator":
                wish = "A_dt"
            name = self._fresh(wish)
            self.lines.append(Line(name, expression, _kind(node), block.sections[node.section]))
            self.texts.append(Name(name))

    def _long(self, expression: Expr) -> bool:
        return len(to_text(expression)) > LONG

    def _fresh(self, wish: str) -> str:
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    def _expression(self, node: Node) -> Expr:
        operation = node.operation
        parts = [self.texts[o] for o in node.operands]
        if operation == "constant":
            return Number(float(node.payload))
        if operation in ("number", "element"):
            return Name(str(node.payload))
        if operation == "draw":
            return Name(str(node.payload[0]).removeprefix("draw_"))
        if operation == "scalar":
            return Name(_SCALARS.get(str(node.payload), str(node.payload)))
        if operation in _BINARY:
            return Binary(_BINARY[operation], parts[0], parts[1])
        if operation == "fma":
            return Binary("+", Binary("*", parts[0], parts[1]), parts[2])
        if operation in ("neg", "not"):
            return Unary("-" if operation == "neg" else "not", parts[0])
        if operation in _COMPARISONS:
            return Compare(_COMPARISONS[operation], parts[0], parts[1])
        if operation in ("and", "or"):
            return Logical(operation, parts[0], parts[1])
        if operation == "select":
            return Call("where", tuple(parts))
        if operation == "call":
            return Call(str(node.payload), tuple(parts))
        if operation == "entry":
            which, i, j = node.payload
            name = to_text(parts[0])
            whole = f"exp({name})" if which == "P" else f"dt*exprel({name})"
            return Name(f"{whole}[{i}, {j}]")
        return Call("matrix", tuple(parts[:-1]))  # a propagator; the last is dt


def _kind(node: Node) -> str:
    if node.operation == "propagator":
        return "matrix"
    return "entry" if node.operation == "entry" else "bool" if node.kind == "bool" else "float"
