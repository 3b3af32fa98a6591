"""The computation graph of one neuron: every operation with its value and its gradient.

Forward, each node is computed from the nodes before it. Backward, each hands its gradient on to
them, times its own (local) derivative: the chain rule. A node that is read several times adds up
what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    children,
    names_in,
    rebuild,
    substitute,
    to_text,
)
from rheobase.nn import rewriting, searching
from rheobase.nn.activations import Activation
from rheobase.nn.straight_line import operations

LOCAL = "u"


@dataclass(frozen=True)
class Part:
    """What comes back to a node from one that read it: its gradient, times a local derivative."""

    gradient: float
    local: float
    rule: str


@dataclass
class Node:
    """One value of the computation.

    Attributes
    ----------
    label : str
        What it is: "w_1", "z", "exp(-z)".
    value : float
    kind : str
        "input", "weight", "bias", "product", "net input", "activation" or "output".
    operands : tuple of int
        The nodes it is computed from.
    local : tuple of float
        Its derivative by each of them.
    symbol : str
        What is written into its box: "*", "+", "exp".
    rules : tuple of str
        How a gradient goes back through it to each of them.
    gradient : float
        dL/d(this node): the sum of its `parts`.
    parts : list of Part
        What came back, one from every node that read it.
    """

    label: str
    value: float
    kind: str
    operands: tuple[int, ...] = ()
    local: tuple[float, ...] = ()
    symbol: str = ""
    rules: tuple[str, ...] = ()
    gradient: float = 0.0
    parts: list[Part] = field(default_factory=list)


def graph(
    weights: Sequence[float], bias: float, x: Sequence[float], activation: Activation
) -> list[Node]:
    """Return the nodes of a = f(sum of w_i*x_i + b) in the order in which they are computed.

    The activation is taken apart into its operations, unless one of them overflows.
    """
    nodes: list[Node] = []
    products: list[int] = []
    for i, (w, value) in enumerate(zip(weights, x, strict=True), start=1):
        nodes.append(Node(f"w_{i}", w, "weight"))
        nodes.append(Node(f"x_{i}", value, "input"))
        nodes.append(
            Node(f"w_{i}*x_{i}", w * value, "product", (len(nodes) - 2, len(nodes) - 1),
                 (value, w), "*", ("product: the gradient times the other factor",) * 2)
        )  # fmt: skip
        products.append(len(nodes) - 1)
    nodes.append(Node("b", bias, "bias"))
    terms = (*products, len(nodes) - 1)
    z = math.fsum(nodes[n].value for n in terms)
    nodes.append(Node("z", z, "net input", terms, (1.0,) * len(terms), "+",
                      ("sum: the gradient passes unchanged",) * len(terms)))  # fmt: skip
    _add_activation(nodes, activation)
    return nodes


def _add_activation(nodes: list[Node], activation: Activation) -> None:
    place = len(nodes) - 1
    z = nodes[place].value
    expression = substitute(activation.expression, {activation.variable: Name("z")})
    taken_apart = list(nodes)
    last = _take_apart(taken_apart, expression, place)
    whole = float(activation.derivative(z))
    finite = all(math.isfinite(n.value) and all(map(math.isfinite, n.local)) for n in taken_apart)
    if last is None or not finite or not _agrees(taken_apart, place, last, whole):
        # an operation overflows or has no derivative of its own: the function as one node
        rule = f"chain rule: the gradient times f'(z), f'(z) = {derivative_text(activation, 'z')}"
        taken_apart = [*nodes, Node("f(z)", float(activation(z)), "activation", (place,),
                                    (whole,), activation.name, (rule,))]  # fmt: skip
        last = len(taken_apart) - 1
    if last == place:
        taken_apart.append(Node("a", z, "output", (place,), (1.0,), "f", ("the identity",)))
    else:
        taken_apart[last].kind = "output"
        taken_apart[last].label = "a"
    nodes[:] = taken_apart


def derivative_text(activation: Activation, variable: str) -> str:
    """Return the derivative of an activation with another name for its variable."""
    slope = rewriting.readable(activation.slope)
    return to_text(substitute(slope, {activation.variable: Name(variable)}))


def formula_text(activation: Activation, variable: str) -> str:
    """Return the formula of an activation with another name for its variable."""
    return to_text(substitute(activation.expression, {activation.variable: Name(variable)}))


def _take_apart(nodes: list[Node], expression: Expr, place: int) -> int | None:
    """Append a node for every operation on z; return the place of the last."""
    known: dict[Expr, int] = {Name("z"): place}

    def visit(part: Expr) -> int | None:
        if part in known:
            return known[part]
        if isinstance(part, Compare | Logical):
            return None
        inner = [child for child in children(part) if "z" in names_in(child)]
        inner = [c for c in inner if not isinstance(c, Compare | Logical)]
        operands = [visit(child) for child in dict.fromkeys(inner)]
        if any(n is None for n in operands):
            return None
        found = tuple(n for n in operands if n is not None)
        node = _node(part, list(dict.fromkeys(inner)), found, nodes)
        if node is None:
            return None
        nodes.append(node)
        known[part] = len(nodes) - 1
        return known[part]

    return visit(expression)


def _node(
    part: Expr, inner: list[Expr], operands: tuple[int, ...], nodes: list[Node]
) -> Node | None:
    """Return the node of an operation: its value, and its derivative by every operand."""
    names = {child: f"{LOCAL}{n}" for n, child in enumerate(inner)}
    held = rebuild(part, lambda child: Name(names[child]) if child in names else child)
    values: dict[str, Expr] = {
        names[child]: Number(nodes[n].value) for child, n in zip(inner, operands, strict=True)
    }
    values["z"] = Number(next(node.value for node in nodes if node.label == "z"))
    value = _number(substitute(held, values))
    slopes = [rewriting.differentiate(held, name) for name in names.values()]
    if any(slope is None for slope in slopes):
        return None
    local = tuple(_number(substitute(slope, values)) for slope in slopes if slope is not None)
    texts: dict[str, Expr] = {name: child for child, name in names.items()}
    shown = [to_text(rewriting.readable(substitute(s, texts))) for s in slopes if s is not None]
    rules = tuple(_rule(part, slope) for slope in shown)
    return Node(to_text(part), value, "activation", operands, local, _symbol(part), rules)


def _number(expression: Expr) -> float:
    """Return the value of an expression without names."""
    program = operations(rewriting.steadied(expression), "z")
    return searching.at(program, 0.0)


def _agrees(nodes: list[Node], place: int, last: int, slope: float) -> bool:
    """Whether the parts multiply to the derivative: at a kink the parts may choose another side."""
    trial = [Node(n.label, n.value, n.kind, n.operands, n.local) for n in nodes]
    run_backward(trial[: last + 1], 1.0)
    return abs(trial[place].gradient - slope) <= 1e-9 * max(1.0, abs(slope))


def _symbol(part: Expr) -> str:
    if isinstance(part, Unary):
        return "*-1"
    if isinstance(part, Call):
        return part.function
    assert isinstance(part, Binary)
    for number, other in ((part.left, part.right), (part.right, part.left)):
        if "z" not in names_in(number) and "z" in names_in(other):
            text = to_text(number)
            if part.operator in ("+", "*"):
                return f"{part.operator}{text}"
            return f"{text}{part.operator}" if number is part.left else f"{part.operator}{text}"
    return part.operator


def _rule(part: Expr, slope: str) -> str:
    if isinstance(part, Unary):
        return "minus: the gradient times -1"
    names = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "**": "power"}
    kind = part.function if isinstance(part, Call) else names.get(getattr(part, "operator", ""), "")
    if slope == "1":
        return f"{kind}: the gradient passes unchanged"
    return f"{kind}: the gradient times {slope}"


def run_backward(nodes: list[Node], gradient: float) -> None:
    """Fill in the gradients: from dL/da = `gradient` back to every node, by the chain rule."""
    for node in nodes:
        node.gradient, node.parts = 0.0, []
    nodes[-1].gradient = gradient
    for node in reversed(nodes):
        rules = node.rules or ("",) * len(node.operands)
        for operand, local, rule in zip(node.operands, node.local, rules, strict=True):
            nodes[operand].parts.append(Part(node.gradient, local, rule))
            nodes[operand].gradient += node.gradient * local
