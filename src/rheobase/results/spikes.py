"""Spike trains of a population: sorted arrays of times and cells, and what is counted in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.network.grid import TOLERANCE
from rheobase.results.seconds import seconds, times_in_seconds

if TYPE_CHECKING:
    import neo
    import xarray as xr


class CellIndexError(ShapeError, IndexError):
    """A cell was asked for that the spike trains do not have."""


class Burst(NamedTuple):
    """One burst of one cell: its first and last spike [s] and the number of its spikes."""

    #: Time of the first spike [s].
    start: float
    #: Time of the last spike [s].
    stop: float
    #: How many spikes it has.
    count: int  # type: ignore[assignment]


class Bursts(Sequence[Burst]):
    """The bursts of one cell, in order of time: a sequence of `Burst`, and arrays of their parts.

    Attributes
    ----------
    starts, stops : ndarray, shape (n,)
        Times of the first and the last spike of each burst [s].
    counts : ndarray of int, shape (n,)
        Spikes in each burst.
    """

    def __init__(self, starts: np.ndarray, stops: np.ndarray, counts: np.ndarray) -> None:
        self.starts, self.stops, self.counts = starts, stops, counts

    def __len__(self) -> int:
        return self.starts.size

    @overload
    def __getitem__(self, key: int) -> Burst: ...
    @overload
    def __getitem__(self, key: slice) -> Bursts: ...
    def __getitem__(self, key: int | slice) -> Burst | Bursts:
        if isinstance(key, slice):
            return Bursts(self.starts[key], self.stops[key], self.counts[key])
        return Burst(float(self.starts[key]), float(self.stops[key]), int(self.counts[key]))

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"


class SpikeTrains:
    """The spikes of a population (or of some of its cells) during a run.

    ``spikes[i]`` are the times of one cell [s]; ``spikes[:10]``, a mask or an array of indices
    give the SpikeTrains of those cells; iterating goes from cell to cell, and ``len(spikes)`` is
    the number of cells. All arrays are read-only.

    Parameters
    ----------
    times : array_like of float, shape (n,)
        Spike times [s], in any order; they are kept sorted, ties in the order given.
    ids : array_like of int, shape (n,)
        The cell of each spike: its index in the population.
    size : int
        Number of cells in the population.
    name : str
        Name of the population.
    start, stop : float
        The time the trains cover, start <= t < stop [s].
    dt : float, optional
        Step of the run [s]. A time within 1e-6 step of a bound or an edge counts as on it. Without
        a step there is no such tolerance.
    steps : array_like of int, optional, shape (n,)
        The step of each spike; kept beside the times where given.
    cells : array_like of int, optional, shape (k,)
        Indices in the population of the cells these trains are of; default all of them. Rows of
        results (``spikes[i]``, ``counts``, ``rates``) are in this order.

    Attributes
    ----------
    times, ids : ndarray, shape (n,)
        Sorted spike times [s] and the cells' indices in the population.
    cells : ndarray of int, shape (size,)
        The cells' indices in the population.
    size, count : int
        Numbers of cells and of spikes.

    Raises
    ------
    ShapeError
        If the arrays do not fit together or an id is not among the cells.
    """

    def __init__(
        self,
        times: Any,
        ids: Any,
        size: int,
        *,
        name: str = "",
        start: float = 0.0,
        stop: float,
        dt: float | None = None,
        steps: Any = None,
        cells: Any = None,
    ) -> None:
        times_, ids_ = np.asarray(times, dtype=np.float64), np.asarray(ids, dtype=np.int64)
        steps_ = None if steps is None else np.asarray(steps, dtype=np.int64)
        for what, array in (("ids", ids_), ("steps", steps_)):
            if array is not None and (array.ndim != 1 or array.shape != times_.shape):
                raise ShapeError(
                    f"spike trains {name!r}: times and {what} have one entry a spike",
                    given=f"shapes {times_.shape} and {array.shape}",
                )
        if not np.isfinite(times_).all():
            raise ShapeError(f"spike trains {name!r}: some spike times are not finite numbers")
        if np.any(times_[1:] < times_[:-1]):
            order = np.argsort(times_, kind="stable")
            times_, ids_ = times_[order], ids_[order]
            steps_ = None if steps_ is None else steps_[order]
        population_size = int(size)
        if ids_.size and not 0 <= int(ids_.min()) <= int(ids_.max()) < population_size:
            raise ShapeError(
                f"spike trains {name!r}: some ids are of no cell",
                expected=f"indices in a population of {population_size}",
                given=f"{int(ids_.min())} to {int(ids_.max())}",
            )
        if cells is None:
            cells_, rows = np.arange(population_size), ids_
        else:
            cells_ = np.asarray(cells, dtype=np.int64)
            rows = _rows_of(ids_, cells_, population_size, name)
        self._assign(times_, ids_, rows, steps_, cells_, population_size)
        self.name, self.start, self.stop = str(name), float(start), float(stop)
        self.dt = None if dt is None else float(dt)

    @classmethod
    def from_lists(
        cls,
        trains: Sequence[Any],
        *,
        name: str = "",
        start: float = 0.0,
        stop: float | None = None,
        dt: float | None = None,
    ) -> SpikeTrains:
        """Return the SpikeTrains of a list of arrays of times, one a cell.

        Parameters
        ----------
        trains : sequence of array_like
            The spike times of each cell: quantities, or plain numbers in seconds.
        name, start, stop, dt
            As in `SpikeTrains`; without a stop the trains end with their last spike.
        """
        arrays = [
            np.atleast_1d(times_in_seconds(train, what=f"spike train {k}"))
            for k, train in enumerate(trains)
        ]
        times = np.concatenate(arrays) if arrays else np.empty(0)
        ids = np.repeat(np.arange(len(arrays)), [array.size for array in arrays])
        if stop is None:
            stop = float(times.max()) if times.size else start
        return cls(times, ids, len(arrays), name=name, start=start, stop=stop, dt=dt)

    def _assign(
        self,
        times: np.ndarray,
        ids: np.ndarray,
        rows: np.ndarray,
        steps: np.ndarray | None,
        cells: np.ndarray,
        population_size: int,
    ) -> None:
        self.times, self.ids, self.cells = _frozen(times), _frozen(ids), _frozen(cells)
        self.steps = None if steps is None else _frozen(steps)
        self._rows = rows
        self.population_size = population_size
        self._by_cell: tuple[np.ndarray, np.ndarray] | None = None

    def _derived(
        self,
        chosen: np.ndarray | slice,
        *,
        rows: np.ndarray | None = None,
        cells: np.ndarray | None = None,
        start: float | None = None,
        stop: float | None = None,
    ) -> SpikeTrains:
        """Return the chosen spikes (kept in order of time), of other cells or another window."""
        derived = object.__new__(SpikeTrains)
        derived._assign(
            self.times[chosen],
            self.ids[chosen],
            self._rows[chosen] if rows is None else rows,
            None if self.steps is None else self.steps[chosen],
            self.cells if cells is None else cells,
            self.population_size,
        )
        derived.name, derived.dt = self.name, self.dt
        derived.start = self.start if start is None else start
        derived.stop = self.stop if stop is None else stop
        return derived

    # ------------------------------------------------------------------ sizes and cells

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.cells.size

    @property
    def count(self) -> int:
        """Number of spikes."""
        return self.times.size

    @property
    def duration(self) -> float:
        """The time the trains cover [s]."""
        return self.stop - self.start

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._of_row(row) for row in range(self.size))

    @overload
    def __getitem__(self, key: int | np.integer[Any]) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: slice | Sequence[int] | np.ndarray) -> SpikeTrains: ...
    def __getitem__(self, key: Any) -> np.ndarray | SpikeTrains:
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            row = int(key) + self.size if key < 0 else int(key)
            if not 0 <= row < self.size:
                raise CellIndexError(
                    f"there is no cell {int(key)} in the spike trains {self.name!r} of "
                    f"{self.size} cells; they count from 0"
                )
            return self._of_row(row)
        index = self._index(key)
        try:
            chosen = np.arange(self.size)[index]
        except IndexError as error:
            raise CellIndexError(
                f"these cells cannot be chosen from the spike trains {self.name!r} of "
                f"{self.size} cells: {error}"
            ) from None
        return self._select(chosen)

    def _index(self, key: Any) -> slice | np.ndarray:
        if isinstance(key, slice):
            return key
        index = np.asarray(key)
        if index.ndim == 1 and (index.dtype.kind in "iub" or not index.size):
            return index if index.size else index.astype(np.int64)
        raise CellIndexError(
            f"these cells cannot be chosen from the spike trains {self.name!r}",
            expected="a cell's index, a slice, a mask, or a list of indices",
            given=repr(key),
        )

    def _index_by_cell(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the spikes' positions sorted by cell, and where each cell's begin; made once."""
        if self._by_cell is None:
            first = np.zeros(self.size + 1, dtype=np.int64)
            np.cumsum(np.bincount(self._rows, minlength=self.size), out=first[1:])
            self._by_cell = _stable_order(self._rows, self.size), first
        return self._by_cell

    def _of_row(self, row: int) -> np.ndarray:
        order, first = self._index_by_cell()
        times: np.ndarray = self.times[order[first[row] : first[row + 1]]]
        return times

    def _select(self, chosen: np.ndarray) -> SpikeTrains:
        rows = _row_of_each(chosen, self.size, self.name)[self._rows]
        spikes = np.flatnonzero(rows >= 0)
        return self._derived(spikes, rows=rows[spikes], cells=self.cells[chosen])

    # ------------------------------------------------------------------ windows and counts

    @property
    def _tolerance(self) -> float:
        return 0.0 if self.dt is None else TOLERANCE * self.dt

    def between(self, start: Any = None, stop: Any = None) -> SpikeTrains:
        """Return the spikes with start <= t < stop.

        Parameters
        ----------
        start, stop
            Quantities, texts such as ``"20 ms"``, or plain numbers in seconds; left out, the
            trains' own. A spike within 1e-6 step of a bound counts as on it.

        Returns
        -------
        SpikeTrains
            Covering the part of [start, stop) that these trains cover: rates are over that part.

        Raises
        ------
        UnitError
            If a bound is not a time.
        UserError
            If stop is before start.
        """
        paste = "spikes.between(200*ms, 500*ms)"
        low = self.start if start is None else seconds(start, what="start", paste=paste)
        high = self.stop if stop is None else seconds(stop, what="stop", paste=paste)
        if high < low:
            raise UserError(
                f"between: start, {low:g} s, is after stop, {high:g} s",
                mend=f"write spikes.between({high:g}, {low:g})",
            )
        first, last = np.searchsorted(self.times, np.array([low, high]) - self._tolerance)
        low, high = (min(max(bound, self.start), self.stop) for bound in (low, high))
        return self._derived(slice(first, last), start=low, stop=high)

    def counts(self, edges: Any) -> np.ndarray:
        """Return the number of spikes of each cell in each bin, closed below and open above.

        Parameters
        ----------
        edges : array_like, shape (bins + 1,)
            Ascending edges of the bins: quantities, or plain numbers in seconds. A spike within
            1e-6 step of an edge counts as on it.

        Returns
        -------
        ndarray of int, shape (cells, bins)

        Raises
        ------
        UnitError
            If the edges are not times.
        ShapeError
            If they are fewer than two or do not ascend.
        """
        what, paste = "edges", "spikes.counts(numpy.arange(0, 1.01, 0.1)*second)"
        bounds = times_in_seconds(edges, what=what, paste=paste)
        if bounds.ndim != 1 or bounds.size < 2:
            raise ShapeError(
                "the edges of bins are a list of at least two times",
                given=f"an array of shape {bounds.shape}",
                mend=f"write {paste}",
            )
        if not np.all(bounds[1:] > bounds[:-1]):
            raise ShapeError(
                "the edges of bins must ascend",
                mend="write spikes.counts(numpy.unique(edges))",
            )
        first = np.searchsorted(self.times, bounds - self._tolerance)
        bins = bounds.size - 1
        flat = self._rows[first[0] : first[-1]] * bins
        flat += np.repeat(np.arange(bins), np.diff(first))
        return np.bincount(flat, minlength=self.size * bins).reshape(self.size, bins)

    def rates(self) -> np.ndarray:
        """Return each cell's mean rate over the time the trains cover [Hz], shape (cells,)."""
        counts = np.bincount(self._rows, minlength=self.size)
        return counts / self.duration if self.duration > 0 else np.full(self.size, np.nan)

    def mean_rate(self) -> float:
        """Return the mean of the cells' rates [Hz]."""
        cell_seconds = self.size * self.duration
        return self.count / cell_seconds if cell_seconds > 0 else float("nan")

    def population_rate(self, bin: Any = 5e-3) -> xr.DataArray:
        """Return the rate of the population over time, in spikes a second and cell.

        Parameters
        ----------
        bin
            Width of the bins: a quantity, a text, or seconds. The last may be shorter; its
            rate is over its own width.

        Returns
        -------
        xarray.DataArray, shape (bins,)
            In Hz, over the coordinate "time": the middle of each bin [s].

        Raises
        ------
        UnitError
            If the width is not a time.
        UserError
            If it is not longer than zero, or the trains cover no time.
        """
        import xarray as xr

        middles, rate = self._rate_in_bins(bin)
        middle = xr.Variable("time", middles, {"units": "s"})
        return xr.DataArray(
            rate, {"time": middle}, ("time",), name="rate", attrs={"units": "Hz", "of": self.name}
        )

    def _rate_in_bins(self, bin: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the middle of each bin [s] and the rate of the population there [Hz]."""
        edges = self.bin_edges(bin)
        first = np.searchsorted(self.times, edges - self._tolerance)
        width = np.diff(edges)
        return edges[:-1] + width / 2, np.diff(first) / (width * max(self.size, 1))

    def bin_edges(self, width: Any) -> np.ndarray:
        """Return the edges [s] of bins of that width from start to stop; the last may be shorter.

        Raises
        ------
        UnitError
            If the width is not a time.
        UserError
            If it is not longer than zero, or the trains cover no time.
        """
        step = seconds(width, what="bin", paste="spikes.population_rate(bin=5*ms)")
        if not step > 0:
            raise UserError("a bin is longer than zero", given=f"{step:g} s", mend="write bin=5*ms")
        if not self.duration > 0:
            raise UserError(f"the spike trains {self.name!r} cover no time, so they have no rate")
        whole = int(np.floor(self.duration / step + TOLERANCE))
        edges = self.start + step * np.arange(whole + 1)
        if self.stop - edges[-1] > TOLERANCE * step:
            return np.append(edges, self.stop)
        edges[-1] = self.stop
        return edges

    # ------------------------------------------------------------------ intervals

    def isi(self) -> np.ndarray:
        """Return the intervals between successive spikes of a cell [s], cell after cell."""
        return self._intervals()[0]

    def _intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all intervals and the row each belongs to."""
        order, _ = self._index_by_cell()
        rows = self._rows[order]
        same = rows[1:] == rows[:-1]
        return np.diff(self.times[order])[same], rows[1:][same]

    def cv(self) -> np.ndarray:
        """Return the coefficient of variation of each cell's interspike intervals, shape (cells,).

        The standard deviation (of the intervals there are: divided by n) over the mean; 0 for a
        clock, 1 for a Poisson process; nan for cells of fewer than three spikes.
        """
        intervals, rows = self._intervals()
        n = np.bincount(rows, minlength=self.size)
        divisor = np.maximum(n, 1)
        mean = np.bincount(rows, intervals, self.size) / divisor
        variance = np.bincount(rows, (intervals - mean[rows]) ** 2, self.size) / divisor
        enough = (n >= 2) & (mean > 0)
        return np.where(enough, np.sqrt(variance) / np.where(enough, mean, 1.0), np.nan)

    def bursts(self, gap: Any = 0.15) -> list[Bursts]:
        """Return the bursts of each cell: spikes no further apart than the gap.

        Parameters
        ----------
        gap
            The longest silence within a burst: a quantity, a text, or seconds.

        Returns
        -------
        list of Bursts, one a cell
            Each with arrays ``.starts``, ``.stops`` [s] and ``.counts``, and a sequence of
            `Burst` (start, stop, count). A lone spike is a burst of one.

        Raises
        ------
        UnitError
            If the gap is not a time.
        UserError
            If it is negative.
        """
        longest = seconds(gap, what="gap", paste="spikes.bursts(gap=150*ms)")
        if not longest >= 0:
            raise UserError(
                "a gap is zero or longer", given=f"{longest:g} s", mend="write gap=150*ms"
            )
        order, first = self._index_by_cell()
        times, rows = self.times[order], self._rows[order]
        if not times.size:
            empty = np.empty(0)
            return [Bursts(empty, empty, np.empty(0, dtype=np.int64))] * self.size
        parted = np.diff(times) > longest + self._tolerance
        parted |= rows[1:] != rows[:-1]
        begin = np.concatenate([[0], np.flatnonzero(parted) + 1])
        end = np.append(begin[1:], times.size)
        bound = np.searchsorted(begin, first)
        return [
            Bursts(times[begin[a:b]], times[end[a:b] - 1], end[a:b] - begin[a:b])
            for a, b in pairwise(bound.tolist())
        ]

    # ------------------------------------------------------------------ elsewhere

    def to_neo(self) -> list[neo.SpikeTrain]:
        """Return a list of neo.SpikeTrain, one a cell, annotated with population and cell."""
        from rheobase.results.neo_export import neo_spike_trains

        return neo_spike_trains(self)

    def __eq__(self, other: object) -> bool:
        """Whether the spikes, cells and the time covered are the same to the bit."""
        if not isinstance(other, SpikeTrains):
            return NotImplemented
        return (self.start, self.stop) == (other.start, other.stop) and all(
            np.array_equal(getattr(self, part), getattr(other, part))
            for part in ("times", "ids", "cells")
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        spikes = "1 spike" if self.count == 1 else f"{self.count:,} spikes"
        cells = "1 cell" if self.size == 1 else f"{self.size:,} cells"
        name = f" {self.name!r}" if self.name else ""
        rate = f", {self.mean_rate():.4g} Hz a cell" if self.size and self.duration > 0 else ""
        return (
            f"<SpikeTrains{name}: {spikes} of {cells}, {self.start:g} s to {self.stop:g} s{rate}>"
        )


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def _stable_order(rows: np.ndarray, size: int) -> np.ndarray:
    """Return the stable sorting order of rows, by radix (NumPy sorts 16-bit numbers so)."""
    order = np.argsort((rows & 0xFFFF).astype(np.uint16), kind="stable")
    for shift in range(16, int(size).bit_length(), 16):
        digit = ((rows[order] >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit, kind="stable")]
    return order


def _row_of_each(chosen: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return the place of each of `size` cells among the chosen ones, -1 where not chosen."""
    row_of = np.full(size, -1, dtype=np.int64)
    row_of[chosen] = np.arange(chosen.size)
    twice = chosen[row_of[chosen] != np.arange(chosen.size)]
    if twice.size:
        raise ShapeError(f"spike trains {name!r}: cell {twice[0]} is chosen twice")
    return row_of


def _rows_of(ids: np.ndarray, cells: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return the row of each id among the cells; cells are distinct and hold every id."""
    if cells.ndim != 1 or (cells.size and not 0 <= cells.min() <= cells.max() < size):
        raise ShapeError(
            f"spike trains {name!r}: cells are a list of indices in a population of {size}"
        )
    rows: np.ndarray = _row_of_each(cells, size, name)[ids]
    if ids.size and rows.min() < 0:
        stray = int(ids[rows < 0][0])
        raise ShapeError(f"spike trains {name!r}: cell {stray} has spikes but is not among cells")
    return rows
