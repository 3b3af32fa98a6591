"""Spike trains made outside the network: regular, given, Poisson.

A train is a frozen description; `net.add` makes a population of it, `net.drive` sends it to
cells directly. Times count from time 0, wherever the network starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rheobase.errors import ShapeError, WiringError
from rheobase.network.draws import Floats, Ints, RandomSource
from rheobase.network.grid import bin_times, read_only, whole_steps
from rheobase.units import Dimension, to_si

__all__ = ["Poisson", "RegularSpikes", "SpikeTimes", "Train", "poisson", "regular_spikes",
           "spike_times"]  # fmt: skip

_SECOND = Dimension(second=1.0)
_HERTZ = Dimension(second=-1.0)
_FOREVER = 2**62  # steps no run reaches
_EDGE = 1e-9  # of an interval between spikes: a spike this near to an end is on it


@dataclass(frozen=True, eq=False)
class Train:
    """What all trains have in common.

    Attributes
    ----------
    kind : str
        "times" (known spikes: `events`) or "poisson" (drawn in every step: `counts`).
    is_train : bool
        True: what tells a train from a current.
    """

    is_train: ClassVar[bool] = True
    is_current: ClassVar[bool] = False
    kind: ClassVar[str] = "times"


@dataclass(frozen=True, eq=False)
class SpikeTimes(Train):
    """See `spike_times`.

    Attributes
    ----------
    spikes : ndarray
        Times in seconds, sorted within each cell.
    cells : ndarray or None
        The cell of each spike; None: every cell has them all.
    size : int or None
        Number of cells; None: any.
    """

    spikes: Floats
    cells: Ints | None
    size: int | None

    def __str__(self) -> str:
        """Return the call, the times by their number."""
        of = "" if self.size is None else f" of {self.size} cells"
        return f"spike_times(<{self.spikes.size} times{of}>)"

    __repr__ = __str__

    def events(self, size: int, random: RandomSource) -> tuple[Floats, Ints]:
        """Return all spikes of `size` cells: times in seconds, and the cell of each."""
        if self.cells is not None:
            return self.spikes, self.cells
        return np.tile(self.spikes, size), np.repeat(np.arange(size), self.spikes.size)

    def times(self, duration: Any, seed: int = 0) -> Floats | list[Floats]:
        """Return the spikes before `duration`, in seconds; a list where cells differ."""
        stop = _duration(duration, "spike_times")
        if self.cells is None or self.size is None:
            return self.spikes[self.spikes < stop]
        return [_before(self.spikes[self.cells == cell], stop) for cell in range(self.size)]


@dataclass(frozen=True, eq=False)
class RegularSpikes(Train):
    """See `regular_spikes`.

    Attributes
    ----------
    rates, until : ndarray
        Hz and seconds, one entry an interval.
    jitter : float
        Standard deviation as a fraction of the time between spikes.
    """

    rates: Floats
    until: Floats
    jitter: float = 0.0
    size: ClassVar[int | None] = None

    def __str__(self) -> str:
        """Return the call that makes this train."""
        rates = ", ".join(f"{rate:g}" for rate in self.rates)
        until = ", ".join(f"{end:g}" for end in self.until)
        jitter = f", jitter={self.jitter:g}" if self.jitter else ""
        return f"regular_spikes(rates=[{rates}]*Hz, until=[{until}]*second{jitter})"

    __repr__ = __str__

    def _grid(self) -> tuple[Floats, Floats]:
        """Return the times without jitter, and the time between spikes at each."""
        pieces = [np.zeros(0)]
        gaps = [np.zeros(0)]
        begin = 0.0
        for rate, end in zip(self.rates.tolist(), self.until.tolist(), strict=True):
            count = max(0, int(np.ceil((end - begin) * rate - 0.5 - _EDGE)))
            if count:
                pieces.append(begin + (np.arange(count) + 0.5) / rate)
                gaps.append(np.full(count, 1.0 / rate))
            begin = end
        return np.concatenate(pieces), np.concatenate(gaps)

    def events(self, size: int, random: RandomSource) -> tuple[Floats, Ints]:
        """Return all spikes of `size` cells: times in seconds, and the cell of each.

        Sorted by cell, then time. Jitter is drawn at (spike, step = cell).
        """
        times, gaps = self._grid()
        cells = np.repeat(np.arange(size), times.size)
        if self.jitter == 0.0:
            return np.tile(times, size), cells
        places = np.arange(times.size)
        shifts = random.normal(places[None, :], np.arange(size)[:, None], 0)
        moved = np.abs(times + self.jitter * gaps * shifts)
        return np.sort(moved, axis=1).reshape(-1), cells

    def times(self, duration: Any, seed: int = 0) -> Floats:
        """Return the spikes of one cell before `duration`, in seconds."""
        found, _ = self.events(1, _Normals(seed))
        return _before(found, _duration(duration, "regular_spikes"))


@dataclass(frozen=True, eq=False)
class Poisson(Train):
    """See `poisson`.

    Attributes
    ----------
    rates : ndarray, shape (intervals, 1 or size)
        Hz.
    interval : float or None
        Seconds that a row of `rates` holds; None: one row, for ever.
    size : int or None
        Number of cells; None: any.
    """

    rates: Floats
    interval: float | None
    size: int | None
    kind: ClassVar[str] = "poisson"

    def __str__(self) -> str:
        """Return the call that makes this train."""
        if self.rates.size == 1:
            rate = f"{self.rates[0, 0]:g}*Hz"
        else:
            shape = self.rates.shape if self.interval else self.rates.shape[1:]
            rate = f"<{' x '.join(map(str, shape))} rates>"
        return f"poisson({rate})" if self.interval is None else (
            f"poisson({rate}, dt={self.interval * 1e3:g}*ms)"
        )  # fmt: skip

    __repr__ = __str__

    def counts(self, dt: float, start: float = 0.0) -> tuple[Floats, int]:
        """Return the expected counts a step, and how many steps a row of them holds.

        Parameters
        ----------
        dt, start : float
            Step and beginning of the network, in seconds.

        Returns
        -------
        counts : ndarray, shape (intervals, 1 or size)
            Row r is for the steps from r*steps to (r+1)*steps; after the last row nothing comes.
        steps : int
            2**62 where one row holds for ever.

        Raises
        ------
        WiringError
            If the interval of the rates is not a multiple of the step.
        """
        if self.interval is None:
            return self.rates * dt, _FOREVER
        steps = whole_steps(self.interval, dt, "poisson: the interval of the rates", "dt")
        if steps == 0:
            whole_steps(0.5 * dt, dt, "poisson: the interval of the rates", "dt")
        shift = int(np.floor(start / dt + 0.5))
        if shift == 0:
            return self.rates * dt, steps
        finer = int(np.gcd(steps, abs(shift)))
        rows = np.repeat(self.rates, steps // finer, axis=0)
        skipped = shift // finer
        if skipped < 0:
            rows = np.concatenate([np.zeros((-skipped, rows.shape[1])), rows])
        return rows[max(skipped, 0) :] * dt, finer

    def times(self, duration: Any, seed: int = 0) -> Floats | list[Floats]:
        """Draw the spikes before `duration`, in seconds; a list where cells differ.

        They are drawn by themselves, in continuous time: another sample than a network's.
        """
        stop = _duration(duration, "poisson")
        random = np.random.Generator(np.random.Philox(seed))
        columns = 1 if self.size is None else self.size
        trains = [self._sample(column, stop, random) for column in range(columns)]
        return trains[0] if self.size is None else trains

    def _sample(self, cell: int, stop: float, random: np.random.Generator) -> Floats:
        rates = self.rates[:, cell if self.rates.shape[1] > 1 else 0]
        length = stop if self.interval is None else self.interval
        counts = random.poisson(rates * length)
        begin = np.repeat(np.arange(rates.size) * length, counts)
        return _before(np.sort(begin + length * random.random(begin.size)), stop)


def regular_spikes(rates: Any, until: Any, jitter: float = 0.0) -> RegularSpikes:
    """Spikes at constant rates, one interval after the other.

    In an interval that begins at t0, spikes are at t0 + 1/(2r), then every 1/r, strictly before
    its end. The first interval begins at 0, every other where the one before ends.

    Parameters
    ----------
    rates : quantity or list
        Rate in each interval; 0 gives none.
    until : quantity or list
        Where each interval ends, ascending.
    jitter : float
        Every spike is moved by a normal number with this standard deviation, as a fraction of
        1/r, in each cell another. A spike moved before 0 is reflected there.

    Returns
    -------
    Train

    Raises
    ------
    UnitError
        If rates are not rates or ends are not times.
    ShapeError
        If there is not one end for each rate.
    WiringError
        If a rate or the jitter is negative, or the ends do not ascend.

    Examples
    --------
    >>> rb.stimuli.regular_spikes(rates=[10*Hz, 25*Hz], until=[0.2*second, 0.5*second])
    """
    what = "regular_spikes"
    paste = "rb.stimuli.regular_spikes(rates=[10*Hz, 25*Hz], until=[0.2*second, 0.5*second])"
    per_second = np.atleast_1d(to_si(rates, _HERTZ, what=f"{what}: rates", paste=paste))
    ends = np.atleast_1d(to_si(until, _SECOND, what=f"{what}: until", paste=paste))
    if per_second.shape != ends.shape or ends.ndim != 1:
        raise ShapeError(
            f"{what}: each rate needs the end of its interval",
            expected="as many ends as rates",
            given=f"{per_second.size} rates and {ends.size} ends",
            mend=f"write {paste}",
        )
    _not_negative(per_second, f"{what}: a rate", "Hz")
    if not np.all(np.isfinite(ends)) or np.any(np.diff(ends, prepend=0.0) <= 0):
        raise WiringError(
            f"{what}: the ends of the intervals do not ascend",
            expected="until[0] > 0, until[1] > until[0], ...",
            given=f"[{', '.join(f'{end:g}' for end in ends)}] second",
            mend="until says when each interval ends, not how long it is",
        )
    spread = to_si(jitter, Dimension(), what=f"{what}: jitter")
    if not isinstance(spread, float) or not 0.0 <= spread < np.inf:
        raise WiringError(
            f"{what}: jitter is not a fraction of the time between spikes",
            expected="a number, 0 or more",
            given=str(jitter),
        )
    return RegularSpikes(read_only(per_second), read_only(ends), spread)


def spike_times(times: Any) -> SpikeTimes:
    """Spikes at given times.

    Parameters
    ----------
    times : quantity, list, or SpikeTrains
        One list of times, for every cell the same; or a list of lists, one a cell; or the spikes of
        an earlier result, to be replayed. They need not be sorted; a time given twice is two
        spikes.

    Returns
    -------
    Train
        For `net.add`, as cells that spike so, and for `net.drive`.

    Raises
    ------
    UnitError
        If they are not times.
    WiringError
        If a time is negative or not finite.

    Examples
    --------
    >>> rb.stimuli.spike_times([10*ms, 20*ms])
    >>> rb.stimuli.spike_times([[10, 20]*ms, [], [15*ms]])
    """
    if hasattr(times, "ids") and hasattr(times, "cells") and hasattr(times, "times"):
        return _replayed(times)
    if _is_list_of_lists(times):
        trains = [_one_train(train) for train in times]
        cells = np.repeat(np.arange(len(trains)), [train.size for train in trains])
        together = np.concatenate(trains) if trains else np.zeros(0)
        return SpikeTimes(read_only(together), read_only(cells), len(trains))
    return SpikeTimes(read_only(_one_train(times)), None, None)


def poisson(rate: Any, dt: Any = None) -> Poisson:
    """Spikes of a Poisson process, each cell its own: counts in a step are Poisson with mean r dt.

    Parameters
    ----------
    rate : quantity
        One rate; or one a cell; or, with `dt`, an array over time of shape (T,) or (T, cells).
    dt : quantity, optional
        How long each rate of an array over time holds: a multiple of the network's step. After
        its end there are no spikes.

    Returns
    -------
    Train
        For `net.add`, as cells that spike so, and for `net.drive`.

    Raises
    ------
    UnitError
        If `rate` is not a rate or `dt` not a time.
    ShapeError
        If the array has more axes than that.
    WiringError
        If a rate is negative, or `dt` not positive.

    Examples
    --------
    >>> inputs = net.add(rb.stimuli.poisson(20*Hz), 10, name="noise")
    """
    paste = "rb.stimuli.poisson(8000*Hz)"
    rates = np.asarray(to_si(rate, _HERTZ, what="poisson: rate", paste=paste))
    _not_negative(rates, "poisson: a rate", "Hz")
    if dt is None:
        if rates.ndim > 1:
            raise ShapeError(
                "poisson: an array over time needs dt, how long each rate holds",
                given=f"rates of shape {rates.shape}",
                mend="write rb.stimuli.poisson(rates, dt=1*ms)",
            )
        size = rates.size if rates.ndim else None
        return Poisson(read_only(rates.reshape(1, -1)), None, size)
    interval = to_si(dt, _SECOND, what="poisson: dt", paste="rb.stimuli.poisson(rates, dt=1*ms)")
    if not isinstance(interval, float) or not 0.0 < interval < np.inf:
        raise WiringError("poisson: dt is not a positive time", given=str(dt))
    if rates.ndim not in (1, 2):
        raise ShapeError(
            "poisson: with dt, rates are an array over time",
            expected="shape (T,), or (T, cells)",
            given=f"shape {rates.shape}",
        )
    size = rates.shape[1] if rates.ndim == 2 else None
    return Poisson(read_only(rates.reshape(rates.shape[0], -1)), interval, size)


def bin_events(
    times: Floats, cells: Ints, dt: float, start: float = 0.0
) -> tuple[Ints, npt.NDArray[np.int32], Floats]:
    """Return step, cell and offset of spikes from `start` on, sorted by (step, cell)."""
    steps, offsets = bin_times(times, dt, start)
    order = np.lexsort((offsets, cells, steps))
    order = order[steps[order] >= 0]
    return steps[order], cells[order].astype(np.int32), offsets[order]


class _Normals:
    """Normal numbers for `times(seed=)`, which has no network to draw from."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def _generator(self, draw: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self._seed, draw]))

    def words(self, elements: Ints, step: Ints | int, draw: int) -> npt.NDArray[np.uint32]:
        shape = np.broadcast_shapes(np.shape(elements), np.shape(step))
        return self._generator(draw).integers(0, 1 << 32, shape, dtype=np.uint32)

    def uniform(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        return self._generator(draw).random(np.broadcast_shapes(np.shape(elements), np.shape(step)))

    def normal(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        shape = np.broadcast_shapes(np.shape(elements), np.shape(step))
        return self._generator(draw).standard_normal(shape)

    def log(self, values: Floats) -> Floats:
        return np.log(values)

    def exp(self, values: Floats) -> Floats:
        return np.exp(values)


def _duration(value: Any, train: str) -> float:
    found = to_si(value, _SECOND, what=f"{train}: the duration", paste="times(1*second)")
    if not isinstance(found, float):
        raise ShapeError(f"{train}: the duration is one time", given=str(value))
    return found


def _before(times: Floats, stop: float) -> Floats:
    return times[times < stop]


def _not_negative(values: Floats, what: str, unit: str) -> None:
    wrong = values[~((values >= 0) & np.isfinite(values))]
    if wrong.size:
        raise WiringError(f"{what} is negative or not finite", given=f"{wrong.flat[0]:g}*{unit}")


def _is_list_of_lists(times: Any) -> bool:
    """Return whether there is one list a cell: two axes, or an entry that is itself a list."""
    if isinstance(times, (list, tuple)):
        return any(isinstance(entry, (list, tuple)) or _axes(entry) > 0 for entry in times)
    return _axes(times) == 2


def _axes(value: Any) -> int:
    """Return how many axes a quantity or an array has."""
    return int(getattr(value, "ndim", 0))


def _one_train(times: Any) -> Floats:
    what = "spike_times: times"
    found = np.sort(
        np.atleast_1d(to_si(times, _SECOND, what=what, paste="rb.stimuli.spike_times([10*ms])"))
    )
    wrong = found[~((found >= 0) & np.isfinite(found))]
    if wrong.size:
        raise WiringError(
            f"spike_times: a time is {'negative' if wrong[0] < 0 else 'not finite'}",
            expected="times from 0 on",
            given=f"{wrong[0] * 1e3:g}*ms",
        )
    return found


def _replayed(trains: Any) -> SpikeTimes:
    """Take the spikes of a result."""
    ids = np.asarray(trains.ids)
    cells = np.asarray(trains.cells)
    order = np.argsort(cells, kind="stable")
    places = order[np.searchsorted(cells, ids, sorter=order)]
    sort = np.lexsort((trains.times, places))
    times = np.asarray(trains.times, np.float64)[sort]
    return SpikeTimes(read_only(times), read_only(places[sort].astype(np.int64)), cells.size)
