"""One position of a player drawn with Matplotlib, for print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.interactive.parts import Curve, Lines, Plane, Raster, Slider
from rheobase.plots.style import (
    FRAME,
    PALETTE,
    color,
    dressed,
    label,
    legend,
    pretty_unit,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rheobase.interactive.player import Player


def draw(player: Player, position: int) -> Figure:
    """Draw all panels at one position; curves stand beside the traces, as on the page."""
    import matplotlib.pyplot as plt

    timed, curves = player.timed, player.beside
    heights = [panel.height if isinstance(panel, Lines) else panel.pixels for panel in timed] or [
        250
    ]
    width = 5.2 * bool(timed) + 3.4 * bool(curves)
    figure = plt.figure(figsize=(width, max(2.4, sum(heights) / 85)), layout="constrained")
    figure.suptitle(_settings(player, position), fontsize=10, x=0.01, ha="left")
    sides = [side for side in (timed, curves) if side]
    ratios = [5.2, 3.4] if len(sides) == 2 else [1.0]
    grid = figure.add_gridspec(1, len(sides), width_ratios=ratios)
    for column, side in enumerate(sides):
        rows = heights if side is timed else [1] * len(side)
        inner = grid[column].subgridspec(len(side), 1, height_ratios=rows)
        axes: list[Axes] = []
        for row in range(len(side)):
            shared = axes[0] if axes and side is timed else None
            axes.append(figure.add_subplot(inner[row], sharex=shared))
        for ax, panel in zip(axes, side, strict=True):
            _draw_panel(dressed(ax), panel, player, position)
            if side is timed:
                ax.label_outer()
    return figure


def _draw_panel(ax: Axes, panel: Any, player: Player, position: int) -> None:
    if isinstance(panel, Lines):
        _draw_lines(ax, panel, position)
    elif isinstance(panel, Raster):
        _draw_raster(ax, panel, position)
    elif isinstance(panel, Plane):
        _draw_plane(ax, panel, player, position)
    else:
        _draw_curve(ax, panel, player, position)


def _settings(player: Player, position: int) -> str:
    places = np.unravel_index(position, player.shape)
    return ", ".join(
        f"{slider.name} = {slider.labels[int(place)]} {pretty_unit(slider.unit)}".rstrip()
        for slider, place in zip(player.sliders, places, strict=True)
    )


def _draw_lines(ax: Axes, panel: Lines, position: int) -> None:
    for number, (name, values) in enumerate(panel.lines.items()):
        ax.plot(panel.times, values[position], color=color(number), linewidth=1.2, label=name)
    every = np.concatenate([np.ravel(values) for values in panel.lines.values()])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    margin = 0.05 * (high - low) or 1.0
    top = high + margin
    if panel.spikes is not None and panel.strokes:
        # As on the page: strokes from where the voltage was to above the highest value.
        # The sample at the step of a spike holds the state before it.
        times, step = np.asarray(panel.spikes[position]), panel.times[1] - panel.times[0]
        first = next(iter(panel.lines.values()))[position]
        before = np.floor((times - panel.times[0]) / step + 1e-3).astype(int)
        before = np.clip(before, 0, first.size - 1)
        top = high + 0.35 * (high - low)
        ax.vlines(times, first[before], top, colors=color(0), linewidths=1.2)
    ax.set(xlim=panel.span, ylim=(low - margin, top))
    label(ax, "time (s)", panel.title)
    if len(panel.lines) > 1:
        legend(ax, beside=False)


def _draw_raster(ax: Axes, panel: Raster, position: int) -> None:
    from rheobase.plots import raster

    raster({name: trains[position] for name, trains in panel.groups.items()}, ax=ax)
    ax.set_xlim(panel.span)


def _draw_plane(ax: Axes, panel: Plane, player: Player, position: int) -> None:
    (across, x), (up, y) = player.lines_of(panel)
    ax.plot(x[position], y[position], color=PALETTE[0], linewidth=1.2)
    for low, high, set_limits in ((np.nanmin(x), np.nanmax(x), ax.set_xlim),
                                  (np.nanmin(y), np.nanmax(y), ax.set_ylim)):  # fmt: skip
        margin = 0.05 * (high - low) or 1.0
        set_limits(low - margin, high + margin)
    label(ax, with_unit(panel.x, across.unit), with_unit(panel.y, up.unit))


def _draw_curve(ax: Axes, panel: Curve, player: Player, position: int) -> None:
    names = [slider.name for slider in player.sliders]
    axis = names.index(panel.along) if panel.along else 0
    slider = player.sliders[axis]
    places = [int(place) for place in np.unravel_index(position, player.shape)]
    grid = np.moveaxis(np.reshape(panel.values, player.shape), axis, 0)
    others = [place for number, place in enumerate(places) if number != axis]
    along: tuple[Any, ...] = (slice(None), *others)
    here = grid[along]
    x = _numbers(slider)
    for line in np.reshape(grid, (slider.size, -1)).T if grid.ndim > 1 else ():
        ax.plot(x, line, color=FRAME, linewidth=0.6, alpha=0.35)
    ax.plot(x, here, color=PALETTE[0], linewidth=1.0, marker="o", markersize=3.5)
    ax.plot(x[places[axis]], here[places[axis]], "o", color=PALETTE[1], markersize=8)
    if slider.numbers is None:
        ax.set_xticks(x, slider.labels)
    low, high = panel.limits
    ax.set_ylim(low - 0.05 * (high - low), high + 0.1 * (high - low))
    label(ax, with_unit(slider.name, slider.unit), panel.title)


def _numbers(slider: Slider) -> np.ndarray:
    return np.arange(slider.size, dtype=float) if slider.numbers is None else slider.numbers
