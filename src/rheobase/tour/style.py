"""How the report looks: one style for all figures, one sheet for the page.

The colors are those of the library's plots, which hold for every kind of color vision.
"""

from __future__ import annotations

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

SHEET: Final = """
:root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1c1c1e; --soft: #5d6068;
  --line: #dedede; --box: #f3f4f1; --link: #00609a; --good: #00694e; --goodbox: #e2f3ec;
  --bad: #a33d00; --badbox: #fbe9df; --key: #7a3e9d; --string: #00694e; --comment: #74777f; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e6e6e3; --soft: #a0a4ab;
  --line: #34373c; --box: #1f2226; --link: #6fb7e9; --good: #58d0a8; --goodbox: #12342a;
  --bad: #ff9e66; --badbox: #42210d; --key: #c9a0e4; --string: #7fd1ae; --comment: #8b9099; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.55;
  font: 16px/1.6 "Source Sans 3", "Segoe UI", system-ui, -apple-system, "Helvetica Neue",
  sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.5rem; margin: 3.5rem 0 .6rem; padding-top: .8rem;
  border-top: 2px solid var(--line); }
h3 { font-size: 1.15rem; margin: 2.6rem 0 .5rem; display: flex; gap: .7rem; align-items: baseline;
  flex-wrap: wrap; }
p { margin: .7rem 0; max-width: 44rem; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 2px; }
.lead { color: var(--soft); font-size: 1.05rem; }
.verdict { font-size: .78rem; font-weight: 600; padding: .1rem .55rem; border-radius: 1rem;
  white-space: nowrap; }
.agrees { color: var(--good); background: var(--goodbox); }
.warned { color: var(--soft); font-size: .88rem; }
.differs, .failed { color: var(--bad); background: var(--badbox); }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
caption { caption-side: bottom; text-align: left; color: var(--soft); padding-top: .5rem; }
figure { margin: 1.4rem 0; }
figure img { display: block; width: 100%; height: auto; background: #fff; border-radius: 6px;
  border: 1px solid var(--line); padding: .5rem; }
figcaption { color: var(--soft); font-size: .92rem; margin-top: .5rem; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto;
  padding: .8rem 1rem; font-size: .84rem; line-height: 1.5; margin: 1rem 0; }
code, pre { font-family: "JetBrains Mono", "Cascadia Code", Menlo, Consolas, monospace; }
p code, td code, li code { font-size: .88em; background: var(--box); padding: .05em .3em;
  border-radius: 3px; }
.k { color: var(--key); } .s { color: var(--string); }
.c { color: var(--comment); font-style: italic; }
details { margin: .5rem 0 1.2rem; }
summary { cursor: pointer; color: var(--soft); font-size: .92rem; }
nav ol { padding-left: 1.3rem; } nav li { margin: .15rem 0; }
footer { color: var(--soft); font-size: .92rem; }
@media print { details { display: none; } main { max-width: none; }
  figure, table { break-inside: avoid; } }
"""
