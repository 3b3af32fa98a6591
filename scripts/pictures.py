"""Draw the pictures of README.md and docs/ again, from the code that stands above them.

python scripts/pictures.py [PAGE ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
from pages import ROOT, pages, run_page

STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 110,
    "savefig.bbox": "tight",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 10,
}


def draw(page: Path) -> None:
    from matplotlib import pyplot

    def save(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without a date and a version inside, the same picture is the same file.
        pyplot.gcf().savefig(path, metadata={"Software": None})
        pyplot.close("all")
        print(path.relative_to(ROOT))

    run_page(page, save)
    pyplot.close("all")


def main() -> int:
    matplotlib.use("Agg")
    matplotlib.rcParams.update(STYLE)
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        draw(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
