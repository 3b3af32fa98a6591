"""When cells spike after a spike: auto- and cross-correlograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.analysis.trains import positive_time, trains_of
from rheobase.errors import UserError
from rheobase.network.grid import TOLERANCE
from rheobase.results import SpikeTrains

if TYPE_CHECKING:
    import xarray as xr

_HERE = "rb.analysis"
_AT_ONCE = 10_000  # spikes, so that memory stays small


def autocorrelogram(trains: Any, window: Any = 0.1, bin: Any = 1e-3) -> xr.DataArray:
    """Return the rate of a cell at a lag from each of its own spikes, averaged over cells.

    Flat at the rate for a Poisson process, empty near 0 for a refractory cell, with peaks at
    multiples of the interval for a regular one. The spike itself, at lag 0, is left out.

    Parameters
    ----------
    trains
        SpikeTrains, a Result of one population, the times of one cell, or a list of those of
        several (quantities, or plain numbers in seconds).
    window
        Largest lag: a quantity, a text, or seconds.
    bin
        Width of the bins, one of which is centered on lag 0. A lag just on an edge counts half
        in each.

    Returns
    -------
    xarray.DataArray, shape (bins,)
        In Hz, over the coordinate "lag" [s], the middle of each bin. Every bin is over the spikes
        from which the lag lies within the time the trains cover, so that the ends take nothing
        away. ``attrs["spikes"]`` is the number of spikes.

    Raises
    ------
    UnitError, UserError
        Window or bin is no time above 0, or the bin is longer than the window.

    Examples
    --------
    >>> rate = rb.analysis.autocorrelogram(result, window=50*ms, bin=1*ms)
    """
    call = f"{_HERE}.autocorrelogram"
    found = trains_of(trains, call)
    grid = _Grid(window, bin, call)
    lags, seen = np.zeros(grid.size), np.zeros(grid.size)
    for times in found:
        lags += grid.histogram(times, times)
        lags[grid.size // 2] -= times.size
        seen += grid.references(times, found)
    return _array(lags, seen, grid, found.name, found.count)


def cross_correlogram(first: Any, second: Any, window: Any = 0.1, bin: Any = 1e-3) -> xr.DataArray:
    """Return the rate of some cells at a lag from each spike of others.

    A peak at a positive lag: the second spike after the first. All pairs of cells count; the rate
    is that of one cell of `second`.

    Parameters
    ----------
    first, second
        The spikes that lags are counted from, and those they lead to; as for `autocorrelogram`.
    window, bin
        As for `autocorrelogram`.

    Returns
    -------
    xarray.DataArray, shape (bins,)
        As from `autocorrelogram`. Flat at the rate of `second` where the two are independent.

    Raises
    ------
    UnitError, UserError
        Window or bin is no time above 0, or the bin is longer than the window.

    Examples
    --------
    >>> spikes = result.spikes["cells"]
    >>> rate = rb.analysis.cross_correlogram(spikes[:5], spikes[5:], window=50*ms)
    """
    call = f"{_HERE}.cross_correlogram"
    one, other = trains_of(first, call), trains_of(second, call)
    grid = _Grid(window, bin, call)
    lags = grid.histogram(one.times, other.times)
    seen = grid.references(one.times, other) * max(other.size, 1)
    return _array(lags, seen, grid, f"{one.name} -> {other.name}", one.count)


class _Grid:
    """Bins of lags, one of them centered on 0."""

    def __init__(self, window: Any, bin: Any, call: str) -> None:
        paste = f"{call}(..., window=100*ms, bin=1*ms)"
        far = positive_time(window, call, "window", paste)
        self.width = positive_time(bin, call, "bin", paste)
        side = int(np.floor(far / self.width + TOLERANCE))
        if side < 1:
            raise UserError(
                f"{call}: a bin of {self.width:g} s does not fit a window of {far:g} s",
                mend=f"write {paste}",
            )
        self.size = 2 * side + 1
        self.centers = self.width * np.arange(-side, side + 1)
        self.edges = self.width * (np.arange(self.size + 1) - side - 0.5)

    def histogram(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return how many pairs have each lag; those on an edge count half on either side."""
        total = np.zeros(self.size)
        margin = TOLERANCE * self.width
        for shift in (-margin, margin):
            # For each edge, how many of `second` come before first + edge: their differences
            # from edge to edge are the counts, without making a list of pairs.
            before = np.zeros(self.edges.size)
            for begin in range(0, first.size, _AT_ONCE):
                some = first[begin : begin + _AT_ONCE, None] + (self.edges + shift)
                before += np.searchsorted(second, some).sum(axis=0)
            total += 0.5 * np.diff(before)
        return total

    def references(self, times: np.ndarray, covered: SpikeTrains) -> np.ndarray:
        """Return from how many spikes each lag leads to a time that is covered."""
        margin = TOLERANCE * self.width
        low = np.searchsorted(times, covered.start - self.centers - margin)
        high = np.searchsorted(times, covered.stop - self.centers - margin)
        return np.asarray(np.maximum(high - low, 0), np.float64)


def _array(lags: np.ndarray, seen: np.ndarray, grid: _Grid, name: str, spikes: int) -> xr.DataArray:
    import xarray as xr

    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(seen > 0, lags / (seen * grid.width), np.nan)
    axis = xr.Variable("lag", grid.centers, {"units": "s"})
    attributes = {"units": "Hz", "of": name, "spikes": spikes}
    return xr.DataArray(rate, {"lag": axis}, ("lag",), name="rate", attrs=attributes)
