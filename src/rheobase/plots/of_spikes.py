"""Plots of spikes: raster, population rate, interspike intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rheobase.errors import UserError
from rheobase.network.grid import TOLERANCE
from rheobase.plots.sources import Row, rows_of
from rheobase.plots.style import (
    color,
    count_of,
    dressed,
    label,
    legend,
    legend_above,
    remark,
    show_times,
)
from rheobase.results.spikes import SpikeTrains

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More spikes than this are too many to be seen apart; then some cells are left out.
MOST_SPIKES = 40_000
# A population keeps at least this many of its cells when thinned.
_FEWEST_CELLS = 20
# Up to this many cells each is a row of the same height; beyond, a population gets at least
# _LEAST_SHARE of the height, so that a single cell is seen beside thousands.
_EQUAL_ROWS = 60
_LEAST_SHARE = 0.05
# The size of axes in points, about: what marks are scaled to.
_AXES_HEIGHT, _AXES_AREA = 240.0, 110_000.0
# Rows at least this high have lines for marks, lower ones dots.
_LEAST_LINE = 4.0


def raster(source: Any, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw a spike raster: a mark a spike, a row a cell, a color a population.

    Populations go from top to bottom in order of creation, and so do the cells of each.

    Parameters
    ----------
    source
        A Result; SpikeTrains, or a list or mapping of them; or a list of arrays of times [s], one
        a cell.
    labels : sequence of str, optional
        Names for the populations; or, of a single population or a list of arrays, for its
        cells.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Returns
    -------
    Axes
        Time in seconds over rows. Of more than 40,000 spikes only every n-th cell is drawn; the
        plot says so.

    Raises
    ------
    ShapeError
        If the labels do not fit.
    """
    rows = [row for row in rows_of(source, labels) if row.trains.size]
    cells = sum(row.trains.size for row in rows)
    ax = dressed(ax, (7.0, min(max(1.6 + 0.22 * cells, 2.2), 4.2)))
    first = not ax.has_data()
    bands = _bands(rows)
    height = bands[-1].bottom if bands else 1.0
    shown, left_out = _thinned(rows)
    size = math.sqrt(0.3 * _AXES_AREA / max(sum(trains.count for trains in shown), 1))
    for k, (band, trains) in enumerate(zip(bands, shown, strict=True)):
        y = band.middle_of(_places(rows[k].trains, trains))
        reach = 0.38 * band.row_height
        if band.row_height / height * _AXES_HEIGHT >= _LEAST_LINE:
            _draw_lines(ax, trains.times, y, reach, color(k))
        else:
            _draw_dots(ax, trains.times, y, min(max(size, 1.0), 3.5), color(k))
    start = min((row.trains.start for row in rows), default=0.0)
    show_times(ax, start, max((row.trains.stop for row in rows), default=1.0), first=first)
    ax.set_ylim(height, 0.0)
    label(ax, "time (s)")
    _name_rows(ax, rows, bands)
    if left_out:
        remark(ax, left_out)
    return ax


def _draw_lines(ax: Axes, x: np.ndarray, y: np.ndarray, reach: float, ink: str) -> None:
    ax.vlines(x, y - reach, y + reach, colors=ink, linewidths=1.0, gid="raster")


def _draw_dots(ax: Axes, x: np.ndarray, y: np.ndarray, size: float, ink: str) -> None:
    ax.plot(
        x, y, linestyle="none", marker="o", markersize=size, markeredgewidth=0, color=ink,
        rasterized=True, gid="raster",
    )  # fmt: skip


class _Band(NamedTuple):
    """Where the rows of a population are, counted from the top."""

    top: float
    bottom: float
    size: int

    @property
    def row_height(self) -> float:
        return (self.bottom - self.top) / self.size

    def middle_of(self, place: np.ndarray) -> np.ndarray:
        return self.top + (place + 0.5) * self.row_height


def _bands(rows: Sequence[Row]) -> list[_Band]:
    sizes = [row.trains.size for row in rows]
    total = sum(sizes)
    least = _LEAST_SHARE * total if total > _EQUAL_ROWS else 0.0
    edges = np.cumsum([0.0, *(max(size, least) for size in sizes)]).tolist()
    return [_Band(a, b, size) for (a, b), size in zip(pairwise(edges), sizes, strict=True)]


def _places(whole: SpikeTrains, part: SpikeTrains) -> np.ndarray:
    """Return the place of the cell of each spike of a part among the cells of the whole."""
    place = np.zeros(whole.population_size, dtype=np.int64)
    place[whole.cells] = np.arange(whole.size)
    rows: np.ndarray = place[part.ids]
    return rows


def _thinned(rows: Sequence[Row]) -> tuple[list[SpikeTrains], str]:
    """Return the trains to draw, and in words what is left out.

    Cells are left out rather than spikes, so that bursts, pauses and synchrony look as they are.
    """
    wanted = max(math.ceil(sum(row.trains.count for row in rows) / MOST_SPIKES), 1)
    strides = [max(min(wanted, row.trains.size // _FEWEST_CELLS), 1) for row in rows]
    shown = [row.trains[::stride] for row, stride in zip(rows, strides, strict=True)]
    widest = max(strides, default=1)
    words = []
    if widest > 1:
        words.append(f"{'up to ' if min(strides) < widest else ''}1 cell in {widest} shown")
    # A few cells with very many spikes each: only spikes can be left out.
    every = math.ceil(sum(trains.count for trains in shown) / (2 * MOST_SPIKES))
    if every > 1:
        words.append(f"1 spike in {every} shown")
        shown = [_every(trains, every) for trains in shown]
    return shown, ", ".join(words)


def _every(trains: SpikeTrains, n: int) -> SpikeTrains:
    return SpikeTrains(
        trains.times[::n],
        trains.ids[::n],
        trains.population_size,
        start=trains.start,
        stop=trains.stop,
        cells=trains.cells,
    )


def _name_rows(ax: Axes, rows: Sequence[Row], bands: Sequence[_Band]) -> None:
    if len(rows) == 1 and rows[0].trains.size > 1:
        _number_cells(ax, rows[0])
        return
    ax.set_yticks([(band.top + band.bottom) / 2 for band in bands], [row.name for row in rows])
    ax.tick_params(axis="y", length=0)
    for k, text in enumerate(ax.get_yticklabels()):
        text.set_color(color(k))


def _number_cells(ax: Axes, row: Row) -> None:
    from matplotlib.ticker import MaxNLocator

    size = row.trains.size
    places = np.asarray(
        MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, size - 1), dtype=np.int64
    )
    places = places[(places >= 0) & (places < size)]
    ax.set_yticks(places + 0.5, [f"{cell:,}" for cell in row.trains.cells[places]])
    label(ax, y="cell" if row.name in ("", "cell", "cells") else f"cell of {row.name}")


def population_rate(source: Any, bin: Any = 5e-3, ax: Axes | None = None) -> Axes:
    """Draw the rate of each population over time, in spikes a second and cell.

    Parameters
    ----------
    source
        As in `raster`.
    bin
        Width of the bins: a quantity, a text, or seconds.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    UnitError, UserError
        As `SpikeTrains.population_rate`.
    """
    rows = rows_of(source)
    rates = [row.trains.population_rate(bin).to_numpy() for row in rows]
    beside = ax is None
    ax = dressed(ax, (7.0, 2.8))
    for row, rate in zip(rows, rates, strict=True):
        first = not ax.has_data()
        trains = row.trains
        ax.stairs(
            rate,
            trains.bin_edges(bin),
            baseline=None,
            color=color(count_of(ax, "population_rate")),
            linewidth=1.2,
            label=row.name or None,
            gid="population_rate",
        )
        show_times(ax, trains.start, trains.stop, first=first)
    label(ax, "time (s)", "rate per cell (Hz)")
    if count_of(ax, "population_rate") > 1:
        if beside:
            legend(ax, beside=True)
        else:
            legend_above(ax)
    ax.set_ylim(bottom=0, auto=None)
    return ax


def isi_histogram(source: Any, bins: Any = 50, ax: Axes | None = None) -> Axes:
    """Draw the distribution of interspike intervals, of all cells together.

    Parameters
    ----------
    source
        As in `raster`; populations are drawn over each other.
    bins : int or array_like
        Number of bins, or their edges [ms].
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Returns
    -------
    Axes
        Probability density a millisecond, over intervals in milliseconds.

    Raises
    ------
    UserError
        If no cell has two spikes.
    """
    rows = [(row, row.trains.isi() * 1e3) for row in rows_of(source)]
    rows = [(row, intervals) for row, intervals in rows if intervals.size]
    if not rows:
        raise UserError(
            "there are no interspike intervals: no cell has two spikes",
            mend="run for longer, or drive the cells harder",
        )
    ax = dressed(ax, (5.0, 3.2))
    steps = [row.trains.dt for row, _ in rows if row.trains.dt is not None]
    pooled = np.concatenate([intervals for _, intervals in rows])
    edges = _interval_edges(pooled, bins, max(steps, default=0.0) * 1e3)
    highest = 0.0
    for row, intervals in rows:
        ink = color(count_of(ax, "isi_histogram"))
        density, _ = np.histogram(intervals, edges, density=True)
        highest = max(highest, float(density.max()))
        ax.stairs(density, edges, fill=True, color=ink, alpha=0.25)
        text = _in_words(row, intervals)
        ax.stairs(density, edges, color=ink, linewidth=1.3, label=text, gid="isi_histogram")
    ax.set_ylim(0, highest * (1.12 + 0.1 * len(rows)))  # room for the legend
    label(ax, "interspike interval (ms)", "probability density (1/ms)")
    legend(ax, beside=False)
    return ax


def _interval_edges(intervals: np.ndarray, bins: Any, dt: float) -> np.ndarray:
    if np.ndim(bins):
        return np.asarray(bins, dtype=np.float64)
    low, high = float(intervals.min()), float(intervals.max())
    if dt > 0:
        # Intervals are multiples of the step: bins of other widths would hold now more, now
        # fewer of these, and the histogram would be a comb.
        steps = max(math.ceil((high - low + dt) / (int(bins) * dt) - TOLERANCE), 1)
        count = math.ceil((high - low + dt) / (steps * dt) - TOLERANCE)
        return low - dt / 2 + steps * dt * np.arange(count + 1)
    if high - low <= 1e-6 * high:  # a clock
        low, high = 0.9 * low, 1.1 * high if high > 0 else 1.0
    return np.linspace(low, high, int(bins) + 1)


def _in_words(row: Row, intervals: np.ndarray) -> str:
    cv = row.trains.cv()
    head = f"{row.name}: " if row.name else ""
    text = f"{head}n = {intervals.size:,}, mean {intervals.mean():.3g} ms"
    return f"{text}, CV {np.nanmean(cv):.2f}" if np.isfinite(cv).any() else text
