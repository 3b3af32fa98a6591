"""Two-dimensional pictures of morphologies, with Matplotlib."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.morphology.coloring import Pieces, Values, pieces_of, region_colors, values_of
from rheobase.morphology.frusta import Floats
from rheobase.morphology.sections import length_si
from rheobase.morphology.trees import Morphology

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.morphology.compartments import Compartments

# The look of plots lives in a room above this one, which does not import it: it is looked up by
# name when something is drawn.
_STYLE = "rheobase.plots.style"

_SEAM = 0.4  # points
_THINNEST = 0.6  # points: thinner neurites are drawn as thick as that


def fresh_axes(ax: Any, size: tuple[float, float]) -> Axes:
    """Return the axes to draw into, in the look of all plots."""
    axes: Axes = import_module(_STYLE).dressed(ax, size)
    return axes


def draw(
    morphology: Morphology,
    values: Any,
    compartments: Compartments | None,
    label: str | None,
    unit: str | None,
    plane: str,
    colormap: str,
    limits: tuple[float, float] | None,
    scale_bar: Any,
    ax: Any,
    color_bar: bool = True,
) -> Axes:
    """Draw a morphology: see `Morphology.plot`."""
    if len(plane) != 2 or not set(plane) <= set("xyz") or plane[0] == plane[1]:
        raise UserError("plot: plane is two of x, y and z", given=repr(plane), mend='plane="xy"')
    check_colormap(colormap)
    shown = values_of(morphology, values, compartments, label, unit, limits)
    pieces = pieces_of(morphology, compartments)
    axes_of = ["xyz".index(letter) for letter in plane]
    axes = fresh_axes(ax, _size(pieces, axes_of))
    if shown is None:
        by_region = region_colors(morphology)
        regions = np.array([by_region[section.region] for section in morphology.sections])
        of_balls = [regions[section] for _, _, section, _ in pieces.balls]
        _draw_pieces(axes, morphology, pieces, axes_of, regions[pieces.section], of_balls)
        if len(by_region) > 1:
            _legend(axes, by_region)
    else:
        if len(shown.numbers) > 1:
            raise UserError(
                "plot: one value for each compartment, not a row for each time",
                given=f"{len(shown.numbers)} rows",
                mend="draw one row, values[k], or show all with morphology.page(values, ...)",
            )
        _colored(axes, morphology, pieces, axes_of, shown, colormap, color_bar)
    axes.set_aspect("equal")
    axes.axis("off")
    axes.autoscale_view()
    if scale_bar is not False:
        _scale_bar(axes, None if scale_bar is True else scale_bar)
    return axes


def check_colormap(colormap: str) -> None:
    """Refuse names that Matplotlib does not know."""
    from matplotlib import colormaps

    if colormap not in colormaps:
        meant = did_you_mean(str(colormap), list(colormaps))
        raise UnknownNameError(
            f"colormap: Matplotlib has none of the name {colormap!r}",
            mend=f'did you mean "{meant}"?' if meant else 'write colormap="viridis"',
        )


def _size(pieces: Pieces, axes_of: list[int]) -> tuple[float, float]:
    """Return a size of a figure with the shape of the cell."""
    points = np.concatenate([pieces.starts, pieces.ends, *[b[0][None] for b in pieces.balls]])
    width, height = np.maximum(np.ptp(points[:, axes_of], axis=0), 1e-9)
    ratio = float(np.clip(height / width, 0.25, 2.0))
    return (6.0, 6.0 * ratio + 0.3) if ratio < 1 else (6.5 / ratio + 1.5, 6.5)


def _colored(axes: Axes, morphology: Morphology, pieces: Pieces, axes_of: list[int],
             shown: Values, colormap: str, color_bar: bool) -> None:  # fmt: skip
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize, to_hex

    scale = ScalarMappable(Normalize(shown.low, shown.high), colormaps[colormap])
    colors = np.array(
        [to_hex(c) if np.isfinite(v) else "#bbbbbb" for c, v in zip(
            scale.to_rgba(shown.numbers[0]), shown.numbers[0], strict=True)]
    )  # fmt: skip
    of_balls = [colors[node] for _, _, _, node in pieces.balls]
    _draw_pieces(axes, morphology, pieces, axes_of, colors[pieces.node], of_balls)
    if not color_bar:
        return
    bar = axes.figure.colorbar(scale, ax=axes, shrink=0.7, pad=0.02)
    bar.set_label(shown.label, fontsize=10)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, length=3)


def _draw_pieces(
    axes: Axes,
    morphology: Morphology,
    pieces: Pieces,
    axes_of: list[int],
    colors: Any,
    of_balls: list[Any],
) -> None:
    """Draw frusta as lines of at least some width and polygons of their own; balls as disks.

    The soma lies above its neurites, the lines from its middle to where they begin below it.
    """
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.patches import Circle

    starts, ends = pieces.starts[:, axes_of] * 1e6, pieces.ends[:, axes_of] * 1e6
    regions = np.array([section.region == "soma" for section in morphology.sections])
    is_soma = regions[pieces.section] if len(starts) else np.zeros(0, dtype=bool)
    colors = np.asarray(colors)
    for chosen, order, gid in ((~is_soma, 1, "neurites"), (is_soma, 3, "soma")):
        if not chosen.any():
            continue
        a, b, own = starts[chosen], ends[chosen], colors[chosen]
        shapes = _outlines(a, b, pieces.start_radii[chosen] * 1e6, pieces.end_radii[chosen] * 1e6)
        axes.add_collection(
            LineCollection(list(np.stack([a, b], axis=1)), colors=own, linewidths=_THINNEST,
                           capstyle="round", zorder=order)
        )  # fmt: skip
        # edges of their own color close the seams between neighbors
        axes.add_collection(
            PolyCollection(list(shapes), facecolors=own, edgecolors=own, linewidths=_SEAM,
                           joinstyle="round", gid=gid, zorder=order)
        )  # fmt: skip
    for (center, radius, _, _), color in zip(pieces.balls, of_balls, strict=True):
        x, y = center[axes_of] * 1e6
        axes.add_patch(Circle((x, y), radius * 1e6, color=color, linewidth=0, zorder=3, gid="soma"))


def _outlines(starts: Floats, ends: Floats, r1: Floats, r2: Floats) -> Floats:
    """Return the four corners of every projected frustum, shape (pieces, 4, 2)."""
    way = ends - starts
    length = np.hypot(way[:, 0], way[:, 1])
    # a piece along the line of sight has no direction here; it shows as its neighbors' ends
    unit = way / np.where(length > 0, length, 1.0)[:, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    a, b = across * r1[:, None], across * r2[:, None]
    return np.stack([starts + a, ends + b, ends - b, starts - a], axis=1)


def _legend(axes: Axes, colors: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=color, linewidth=3, label=region.replace("_", " "))
        for region, color in colors.items()
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False,
                fontsize=9, handlelength=1.0)  # fmt: skip


def _scale_bar(axes: Axes, length: Any) -> None:
    """Draw a bar of a round length below the cell."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    extent = max(right - left, (top - bottom) / 2)
    if length is None:
        wanted = extent / 5
        power = 10.0 ** np.floor(np.log10(wanted))
        size = power * max(factor for factor in (1, 2, 5) if factor * power <= wanted)
    else:
        size = length_si(length, "plot: scale_bar", "scale_bar=100*um") * 1e6
    y = bottom - 0.03 * max(top - bottom, extent)
    axes.plot([left, left + size], [y, y], color="#222222", linewidth=2, solid_capstyle="butt")
    text = f"{size:g} µm" if size < 1000 else f"{size / 1000:g} mm"
    axes.annotate(text, (left + size / 2, y), (0, -3), textcoords="offset points", ha="center",
                  va="top", fontsize=9, color="#222222")  # fmt: skip
