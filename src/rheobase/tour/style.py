"""How the report looks: one style for all figures, one sheet and one script for the page.

The colors are those of the library's plots, which hold for every kind of color vision.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from rheobase.plots.style import FRAME, INK, PALETTE

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, _ = PALETTE
GRAY: Final = "#888888"

FIGURES: Final[Any] = {  # settings of Matplotlib
    "figure.figsize": (7.2, 3.2),
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FRAME,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.color": FRAME,
    "ytick.color": FRAME,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "font.family": ["DejaVu Sans"],
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "path",
    "svg.hashsalt": "rheobase",
}

SHEET: Final = (files("rheobase.tour") / "sheet.css").read_text(encoding="utf-8")
"""The sheet of styles of the page."""

SCRIPT: Final = (files("rheobase.tour") / "page.js").read_text(encoding="utf-8")
"""What the page can do besides: choose colors, copy code, mark where one is."""
