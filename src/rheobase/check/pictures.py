"""Yours and ours around the first step that differs, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.errors import UserError
from rheobase.plots.style import FRAME, color, dressed, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.check.reports import Report


def draw(report: Report, ax: Any = None) -> Axes:
    """Draw both traces around the first step that differs; see `Report.plot`."""
    told = report.traces
    if not told:
        raise UserError(
            "report.plot: there is nothing to draw, the check found no difference",
            mend="print(report)",
        )
    axes = dressed(ax)
    begin, dt = told["step"] * told["dt"], told["dt"]
    axes.axvspan(begin * 1e3, (begin + dt) * 1e3, color=FRAME, alpha=0.15, lw=0)
    styles: dict[str, dict[str, Any]] = {
        "ours": {"color": color(0), "lw": 2.5, "marker": "o", "ms": 5},
        "yours": {"color": color(1), "lw": 1.2, "marker": "s", "ms": 3.5, "ls": "--"},
    }
    for side, style in styles.items():
        times, values = told[side]
        axes.plot([1e3 * t for t in times], values, label=side, **style)
    axes.legend(frameon=False, fontsize=9)
    unit = "" if told["unit"] == "1" else f" ({told['unit']})"
    label(axes, "time (ms)", f"{told['name']}{unit}")
    axes.set_title(f"{report.trial}: the first step that differs is shaded", fontsize=10)
    return axes
