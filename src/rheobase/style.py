"""The look that all plots share. Set on the axes drawn into, never in Matplotlib's globals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rheobase.errors import ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colors told apart with every kind of color vision. Source: M. Okabe, K. Ito (2008), "Color
#: universal design"; their yellow, too pale on white, is left out.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

INK = "#222222"  # words
FRAME = "#666666"  # axes and ticks

_POWERS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_WORDS = {"ohm": "Ω", "second": "s", "metre": "m", "volt": "V", "amp": "A", "siemens": "S",
          "farad": "F", "kohm": "kΩ", "Mohm": "MΩ", "Gohm": "GΩ"}  # fmt: skip
_MICRO = re.compile(r"^u(?=(?:A|V|S|F|m|M|s|W)\b)")


def color(index: int) -> str:
    """Return the color of a population or line by its number."""
    return PALETTE[index % len(PALETTE)]


def dressed(ax: Axes | None, size: tuple[float, float] = (7.0, 3.2)) -> Axes:
    """Return the axes to draw into, in the shared look; of a new figure if None is given.

    Parameters
    ----------
    ax : Axes, optional
        Axes to draw into.
    size : tuple of float
        Width and height of the new figure [inches].

    Raises
    ------
    ShapeError
        If ``ax`` is something other than one Axes.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    elif not hasattr(ax, "plot"):
        given = f"an array of shape {ax.shape}" if hasattr(ax, "shape") else repr(ax)
        raise ShapeError(
            "ax is one Matplotlib Axes",
            given=given,
            mend="choose one of several: ax=axes[0]",
        )
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FRAME)
    ax.tick_params(color=FRAME, labelcolor=INK, labelsize=9, length=3)
    return ax


def label(ax: Axes, x: str | None = None, y: str | None = None) -> None:
    """Write the labels of the axes; that of x only below the last of axes that share it."""
    if x is not None and not _has_axes_below(ax):
        ax.set_xlabel(x, color=INK, fontsize=10)
    if y is not None:
        ax.set_ylabel(y, color=INK, fontsize=10)


def _has_axes_below(ax: Axes) -> bool:
    place = ax.get_subplotspec()
    shared = len(ax.get_shared_x_axes().get_siblings(ax)) > 1
    return shared and place is not None and not place.is_last_row()


def show_times(ax: Axes, start: float, stop: float, *, first: bool) -> None:
    """Set the limits of the time axis; they only grow unless this is the first drawn."""
    if not first:
        low, high = ax.get_xlim()
        start, stop = min(low, start), max(high, stop)
    if stop > start:
        ax.set_xlim(start, stop)


def pretty_unit(text: str) -> str:
    """Return a unit of an equation as it is printed: "uA/cm**2" becomes "µA/cm²", "1" nothing."""
    if text in ("", "1", "dimensionless"):
        return ""
    spelled = re.sub(r"[A-Za-z]+", lambda word: _symbol(word.group()), text)
    raised = re.sub(r"\*\*(-?\d+)", lambda power: power.group(1).translate(_POWERS), spelled)
    return raised.replace("*", "·")


def _symbol(word: str) -> str:
    return _WORDS.get(word) or _MICRO.sub("µ", word)


def with_unit(name: str, unit: str) -> str:
    """Return the label of an axis: "v (mV)"; the name alone where the unit is "1"."""
    return f"{name} ({pretty_unit(unit)})" if pretty_unit(unit) else name


def remark(ax: Axes, text: str) -> None:
    """Write a small remark above the right end of the axes."""
    ax.annotate(
        text,
        (1, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=8,
        color=FRAME,
    )


def legend(ax: Axes, *, beside: bool, inside: str = "upper right") -> None:
    """Put a legend beside the axes, where it hides nothing, or in a corner inside them."""
    place: dict[str, Any] = {"loc": inside, "framealpha": 0.85, "edgecolor": "none"}
    if beside:
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.02), "frameon": False}
    ax.legend(fontsize=9, labelcolor=INK, handlelength=1.2, borderaxespad=0.4, **place)


def legend_above(ax: Axes) -> None:
    """Put a legend inside the axes, in room made for it above all that is drawn.

    Where somebody has set the limits of y it is put where least is drawn.
    """
    names = ax.get_legend_handles_labels()[1]
    box, inch = ax.get_window_extent(), 72 / ax.figure.dpi
    width, height = inch * box.width, inch * box.height  # points
    across = max(1, int(width // (5.2 * max(map(len, names), default=1) + 34)))
    rows = -(-len(names) // across)
    place: dict[str, Any] = {"loc": "best"}
    if ax.get_autoscaley_on():
        ax.autoscale_view(scalex=False)
        low, high = ax.get_ylim()
        share = min(0.6, (14 * rows + 6) / height)
        ax.set_ylim(low, low + (high - low) / (1 - share), auto=True)
        place = {"loc": "upper right", "borderpad": 0.2}
    look: dict[str, Any] = {
        "fontsize": 9,
        "labelcolor": INK,
        "framealpha": 0.85,
        "edgecolor": "none",
    }
    ax.legend(handlelength=1.2, borderaxespad=0.2, ncols=across, columnspacing=1.2,
              labelspacing=0.3, **look, **place)  # fmt: skip


def count_of(ax: Axes, kind: str) -> int:
    """Return how many artists of a kind (their gid) the axes hold: the number of the next."""
    return sum(artist.get_gid() == kind for artist in ax.get_children())
