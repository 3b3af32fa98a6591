"""Bifurcation diagrams: fixed points over a parameter, drawn by their stability."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.plots.style import FRAME, color, dressed, label, legend, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.analysis.bifurcations import Bifurcation, Bifurcations, Branch

STABLE: dict[str, Any] = {"color": color(0), "linewidth": 2.0, "linestyle": "-"}
UNSTABLE: dict[str, Any] = {"color": FRAME, "linewidth": 1.3, "linestyle": (0, (4, 2))}
_MARKS = {"hopf": "o", "saddle-node": "s", "branch point": "D"}
_WORDS = {"hopf": "Hopf bifurcation", "saddle-node": "saddle-node", "branch point": "branch point"}


def draw(found: Bifurcations, variable: str | None, ax: Axes | None) -> Axes:
    """Draw a diagram; see `Bifurcations.plot`."""
    states = list(found.branches[0].states)
    if variable is None:
        variable = "v" if "v" in states else states[0]
    if variable not in states:
        meant = did_you_mean(variable, states)
        raise UnknownNameError(
            f"the branches have no state {variable!r}" + (f"; did you mean {meant}?" if meant
                                                          else ""),
            mend=f"their states are: {', '.join(states)}",
        )  # fmt: skip
    ax = dressed(ax, (7.0, 4.0))
    said = {str(text) for text in ax.get_legend_handles_labels()[1]}
    for branch in found.branches:
        _draw_branch(ax, branch, variable, said)
    for one in found:
        _draw_mark(ax, one, variable, said)
    names = (found.parameter, variable)
    label(ax, *(with_unit(name, found.units[name]) for name in names))
    legend(ax, beside=False, inside="best")
    return ax


def _once(text: str, said: set[str]) -> str:
    """Return a label for the legend, "" if it stands there already."""
    if text in said:
        return ""
    said.add(text)
    return text


def _draw_branch(ax: Axes, branch: Branch, variable: str, said: set[str]) -> None:
    """Draw a branch in pieces, each as stable as its points are."""
    changes = [k + 1 for k, (a, b) in enumerate(pairwise(branch.stable)) if a != b]
    ends = [0, *changes, len(branch.values)]
    for first, last in pairwise(ends):
        stable = bool(branch.stable[first])
        piece = slice(max(first - 1, 0), last)  # from the last point of the piece before
        text = _once("stable" if stable else "unstable", said)
        look = STABLE if stable else UNSTABLE
        x, y = branch.values[piece], branch.states[variable][piece]
        ax.plot(x, y, label=text, zorder=2.2 if stable else 2.1, **look)


def _draw_mark(ax: Axes, one: Bifurcation, variable: str, said: set[str]) -> None:
    filled = one.criticality != "subcritical"
    text = _WORDS[one.kind] + (f", {one.criticality}" if one.criticality else "")
    ax.plot(
        [_plain(one.value)],
        [_plain(one.state[variable])],
        _MARKS[one.kind],
        color=color(1),
        markerfacecolor=color(1) if filled else "white",
        markeredgewidth=1.6,
        markersize=7,
        label=_once(text, said),
        zorder=3,
    )


def _plain(value: Any) -> float:
    return float(getattr(value, "magnitude", value))
