"""A page that shows a morphology in three dimensions: one file, nothing from elsewhere."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import FileFormatError, ShapeError
from rheobase.morphology.coloring import Values, pieces_of, region_colors, values_of
from rheobase.morphology.drawing import check_colormap
from rheobase.morphology.swc_text import file_at
from rheobase.morphology.trees import Morphology
from rheobase.units import to_si
from rheobase.units.dimensions import SECOND

if TYPE_CHECKING:
    from rheobase.morphology.compartments import Compartments

STYLE = (files("rheobase.morphology") / "viewer.css").read_text(encoding="utf-8")
SCRIPT = (files("rheobase.morphology") / "viewer.js").read_text(encoding="utf-8")
"""The only style and the only script of a page; one that frames it has to allow both."""

_STEPS = 256  # colors of a scale
_HEIGHT = 620  # pixels of the frame in a notebook


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """A morphology to be turned, in a notebook or as a file: `Morphology.page`.

    Drag to turn it, drag with Shift (or two fingers) to move it, turn the wheel to come closer,
    double-click to begin again; the arrow keys, +, - and 0 do the same, and r turns it slowly. What
    lies under the pointer is named. Values over time play from where there is something to see,
    with their course in the middle of the first section and under the pointer; the space bar stops,
    comma and point step. Whoever asks for less motion starts it by hand.

    Attributes
    ----------
    title : str
        Heading.
    """

    title: str
    _data: dict[str, Any]

    @cached_property
    def html(self) -> str:
        """The whole page."""
        data = json.dumps(self._data, separators=(",", ":")).replace("<", "\\u003c")
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'\">\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{escape(self.title)}</h1>\n"
            '<div id="view"><canvas tabindex="0" role="img" aria-label="'
            f'{escape(self.title)}, three-dimensional; drag to turn"></canvas>'
            '<div id="tip" role="status"></div></div>\n<div id="bar"></div>\n'
            f'<script type="application/json" id="cell">{data}</script>\n'
            f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page.

        Parameters
        ----------
        path : path
            The file, such as ``"cell.html"``.

        Raises
        ------
        FileFormatError
            If it cannot be written.
        """
        file = file_at(path, "page.save")
        try:
            file.write_text(self.html, encoding="utf-8")
        except OSError as error:
            raise FileFormatError(
                f"{file.name}: cannot be written: {error.strerror}", given=str(file)
            ) from None

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" width="100%" height="{_HEIGHT}" '
            'style="border: 0" sandbox="allow-scripts"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Page: {self.title}, {len(self.html) / 1e6:.1f} MB; .save(path) writes it>"


def page(
    morphology: Morphology,
    values: Any,
    compartments: Compartments | None,
    label: str | None,
    unit: str | None,
    limits: tuple[float, float] | None,
    title: str | None,
    times: Any = None,
    colormap: str = "viridis",
) -> Page:
    """Return the page of a morphology: see `Morphology.page`."""
    check_colormap(colormap)
    shown = values_of(morphology, values, compartments, label, unit, limits)
    pieces = pieces_of(morphology, compartments)
    lines = [pieces.starts, pieces.ends, pieces.start_radii[:, None], pieces.end_radii[:, None]]
    balls = [[*(center * 1e6), radius * 1e6, section, node]
             for center, radius, section, node in pieces.balls]  # fmt: skip
    names = list(morphology.regions)
    data: dict[str, Any] = {
        "lines": _packed(np.concatenate(lines, axis=1) * 1e6, "<f4"),
        "section": _packed(pieces.section, "<i4"),
        "node": _packed(pieces.node, "<i4"),
        "balls": balls,
        "regions": names,
        "colors": list(region_colors(morphology).values()),
        "sections": _sections(morphology, names),
        "compartments": compartments is not None,
        "origin": "the soma" if morphology.sections[0].region == "soma" else "the start",
        "home": 0 if compartments is None else compartments.counts[0] // 2,
        "home_name": names[0].replace("_", " "),
    }
    if shown is not None:
        data["values"] = _values(shown, colormap)
        if len(shown.numbers) > 1:
            data["values"]["times"] = _times(times, values, len(shown.numbers))
            data["values"]["start"] = _start(shown)
    return Page(morphology.name if title is None else title, data)


def _sections(morphology: Morphology, names: list[str]) -> list[list[float]]:
    """Return of every section: region, length, order, path at its start (um)."""
    return [
        [
            names.index(section.region),
            round(section.length * 1e6, 2),
            int(morphology.branch_orders[k]),
            round(float(morphology.path_starts[k]) * 1e6, 2),
        ]
        for k, section in enumerate(morphology.sections)
    ]


def _start(shown: Values) -> int:
    """Return the first row that shows something: most of the largest spread over the cell."""
    known = np.where(np.isfinite(shown.numbers), shown.numbers, np.nan)
    known = np.clip(known, shown.low, shown.high)
    empty = np.isnan(known).all(axis=1)
    known[empty] = 0.0
    spread = np.nanmax(known, axis=1) - np.nanmin(known, axis=1)
    return int(np.argmax(spread >= 0.7 * spread.max()))


def _values(shown: Values, colormap: str) -> dict[str, Any]:
    """Return the steps of the scale of every value, one byte each; 255 is no value."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    share = (shown.numbers - shown.low) / (shown.high - shown.low)
    known = np.isfinite(share)
    steps = np.clip(np.round(np.where(known, share, 0.0) * (_STEPS - 2)), 0, _STEPS - 2)
    steps = np.where(known, steps, _STEPS - 1).astype(np.uint8)
    scale = colormaps[colormap](np.linspace(0, 1, _STEPS - 1))
    return {
        "steps": _packed(steps, "u1"),
        "frames": len(steps),
        "places": steps.shape[1],
        "low": shown.low,
        "high": shown.high,
        "label": shown.label,
        "scale": [to_hex(color) for color in scale],
    }


def _times(times: Any, values: Any, frames: int) -> list[float]:
    """Return the time of every row of values, ms."""
    if times is None and hasattr(values, "coords") and "time" in values.coords:
        times = np.asarray(values.coords["time"])  # of recorded traces, s
    if times is None:
        return []
    plain = isinstance(times, np.ndarray) and times.dtype.kind == "f"
    seconds = times if plain else to_si(times, SECOND, what="page: times", paste="times=[0, 1]*ms")
    found = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
    if found.shape != (frames,):
        raise ShapeError(
            "page: not one time for every row of values",
            expected=f"{frames} times",
            given=f"shape {found.shape}",
        )
    return [float(f"{time * 1e3:.6g}") for time in found]


def _packed(array: Any, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode("ascii")
