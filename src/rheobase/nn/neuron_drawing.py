"""The computation graph of a neuron as a picture: values above the lines, gradients below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rheobase.errors import UserError
from rheobase.nn.computation import Node
from rheobase.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_INPUTS = 12
_RADIUS, _COLUMN = 0.28, 1.45
_DIGIT = 0.1  # how wide a digit of a value is
_VALUE, _GRADIENT = style.PALETTE[0], style.PALETTE[1]
_SHORT = {"maximum": "max", "minimum": "min", "heaviside": "step", "arctan": "atan"}
_ORGANS = ("senders' axons,\nsynapses", "what synapses\nlet through", "dendrites and soma\nadd up")


def draw_graph(nodes: Sequence[Node], ax: Any, biology: bool) -> Axes:
    """Draw the nodes; those that are given on the left, the output on the right."""
    inputs = sum(node.kind == "input" for node in nodes)
    if inputs > _MOST_INPUTS:
        raise UserError(
            "Neuron.draw has room for 12 inputs",
            given=f"{inputs} inputs",
            mend="print(neuron.explain()) lists every one of them",
        )
    places = _layout(nodes)
    right = max(x for x, _ in places) + _COLUMN
    low, high = min(y for _, y in places), max(y for _, y in places)
    below = 1.7 if biology else 0.6
    size = (0.72 * (right + 1.4), 0.72 * (high - low + below + 0.8))
    axes = style.dressed(ax, size)
    for n, node in enumerate(nodes):
        for operand in node.operands:
            _draw_line(axes, places[operand], places[n])
    for n, node in enumerate(nodes):
        _draw_node(axes, node, places[n], last=n == len(nodes) - 1)
    axes.set_xlim(-1.0, right + 0.4)
    axes.set_ylim(low - below, high + 0.8)
    axes.set_aspect("equal", adjustable="box")
    axes.axis("off")
    axes.text(-0.7, high + 0.78, "values", color=_VALUE, fontsize=9, va="top")
    axes.text(0.35, high + 0.78, "gradients", color=_GRADIENT, fontsize=9, va="top")
    if biology:
        _draw_organs(axes, low, right)
    return axes


def _layout(nodes: Sequence[Node]) -> list[tuple[float, float]]:
    """Return where the nodes stand: each right of all that it is computed from."""
    given = [n for n, node in enumerate(nodes) if not node.operands]
    top = (len(given) - 1) / 2
    places: list[tuple[float, float]] = []
    rows = {n: top - row for row, n in enumerate(given)}
    for n, node in enumerate(nodes):
        if n in rows:  # the bias, the last of them, stands in the column of the products
            places.append((_COLUMN if node.kind == "bias" else 0.0, rows[n]))
            continue
        x = _COLUMN + max(places[m][0] for m in node.operands)
        y = sum(places[m][1] for m in node.operands) / len(node.operands)
        while any(abs(a - x) < 0.5 and abs(b - y) < 0.8 for a, b in places):
            y -= 1.0
        places.append((x, y))
    return places


def _draw_line(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    over_others = start[1] == end[1] and end[0] - start[0] > 1.5 * _COLUMN
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "connectionstyle": f"arc3,rad={-0.22 if over_others else 0}",
            "color": style.FRAME,
            "linewidth": 0.9,
            "shrinkA": 0,
            "shrinkB": 13,
            "mutation_scale": 8,
        },
        zorder=1,
    )


def _draw_node(axes: Axes, node: Node, place: tuple[float, float], last: bool) -> None:
    from matplotlib.patches import Circle

    x, y = place
    if node.operands:
        axes.add_patch(Circle(place, _RADIUS, facecolor="white", edgecolor=style.INK, zorder=3))
        symbol = _SHORT.get(node.symbol, node.symbol)
        symbol = symbol.replace("*", "×").replace("sqrt(2)", "√2")
        size = 9 if len(symbol) <= 4 else 6.5
        axes.text(x, y, symbol, ha="center", va="center", fontsize=size, zorder=4,
                  color=style.INK)  # fmt: skip
        beside, align = x + _RADIUS + 0.06, "left"
    else:
        beside, align = x + 0.02, "center"
        half = _DIGIT / 2 * max(len(_short(node.value)), len(_short(node.gradient)))
        axes.text(beside - max(half + 0.08, 0.3), y, _subscript(node.label), ha="right",
                  va="center", fontsize=10, color=style.INK)  # fmt: skip
    if last:
        axes.annotate("", (x + _COLUMN, y), (x + _RADIUS, y), zorder=1,
                      arrowprops={"arrowstyle": "-|>", "color": style.FRAME, "linewidth": 0.9,
                                  "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8})  # fmt: skip
        axes.text(x + _COLUMN + 0.05, y, "a", fontsize=10, va="center", color=style.INK)
    box = {"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for value, side, color in ((node.value, 1, _VALUE), (node.gradient, -1, _GRADIENT)):
        axes.text(beside, y + 0.05 * side, _short(value), fontsize=8, color=color, ha=align,
                  va="bottom" if side > 0 else "top", zorder=5, bbox=box)  # fmt: skip


def _short(value: float) -> str:
    return f"{value + 0.0:.3g}"


def _subscript(label: str) -> str:
    return f"${label.replace('_', '_{')}}}$" if "_" in label else f"${label}$"


def _draw_organs(axes: Axes, low: float, right: float) -> None:
    last = "from potential\nto firing; axon"
    middle = max(3 * _COLUMN, (2 * _COLUMN + right) / 2)
    for x, text in [*((n * _COLUMN, text) for n, text in enumerate(_ORGANS)), (middle, last)]:
        axes.text(x, low - 0.75, text, ha="center", va="top", fontsize=7, color=style.FRAME)
