"""How irregular spike trains are, and how alike: intervals, counts, synchrony."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.analysis.trains import positive_time, trains_of
from rheobase.errors import UserError
from rheobase.network.grid import TOLERANCE
from rheobase.results import SpikeTrains
from rheobase.results.seconds import seconds

_HERE = "rb.analysis"


def isi(trains: Any) -> np.ndarray:
    """Return the intervals between successive spikes of a cell [s], cell after cell.

    Parameters
    ----------
    trains
        SpikeTrains, a Result of one population, the times of one cell, or a list of those of
        several (quantities, or plain numbers in seconds).

    Returns
    -------
    ndarray, shape (intervals,)

    Examples
    --------
    >>> rb.analysis.isi([0.1, 0.2, 0.4])
    """
    return trains_of(trains, f"{_HERE}.isi").isi()


def cv(trains: Any) -> np.ndarray:
    """Return the coefficient of variation of each cell's intervals, shape (cells,).

    Standard deviation over mean: 0 for a clock, 1 for a Poisson process; nan for cells of fewer
    than three spikes. A rate that drifts makes it larger; `cv2` and `local_variation` compare
    neighboring intervals only.

    Parameters
    ----------
    trains
        As for `isi`.

    Returns
    -------
    ndarray, shape (cells,)

    Examples
    --------
    >>> rb.analysis.cv([0.1, 0.2, 0.4, 0.5])
    """
    return trains_of(trains, f"{_HERE}.cv").cv()


def cv2(trains: Any) -> np.ndarray:
    """Return the local coefficient of variation CV2 of each cell, shape (cells,).

    The mean of ``2*|I[k+1] - I[k]|/(I[k+1] + I[k])`` over the intervals I of a cell: 0 for a
    clock, 1 for a Poisson process, also where the rate drifts slowly. nan for cells of fewer than
    three spikes.

    Parameters
    ----------
    trains
        As for `isi`.

    Returns
    -------
    ndarray, shape (cells,)

    Notes
    -----
    Source: G. R. Holt, W. R. Softky, C. Koch and R. J. Douglas, Journal of Neurophysiology 75
    (1996).

    Examples
    --------
    >>> rb.analysis.cv2([0.1, 0.2, 0.4, 0.5])
    """
    return _over_neighbors(
        trains_of(trains, f"{_HERE}.cv2"), lambda a, b: 2.0 * np.abs(b - a) / (a + b)
    )


def local_variation(trains: Any, refractory: Any = 0.0) -> np.ndarray:
    """Return the local variation Lv of each cell's intervals, shape (cells,).

    The mean of ``3*(1 - 4*I[k]*I[k+1]/(I[k] + I[k+1])**2)*(1 + 4*R/(I[k] + I[k+1]))`` over the
    intervals I of a cell, R the refractory constant: 0 for a clock, 1 for a Poisson process (with
    R = 0), about 0.5 for gamma intervals of shape 2. nan for cells of fewer than three spikes.

    Parameters
    ----------
    trains
        As for `isi`.
    refractory
        R: a quantity, a text, or seconds. With about 5 ms the measure, then called LvR, depends
        less on the rate of a cell.

    Returns
    -------
    ndarray, shape (cells,)

    Raises
    ------
    UnitError, UserError
        R is no time, or negative.

    Notes
    -----
    Sources: S. Shinomoto, K. Shima and J. Tanji, Neural Computation 15 (2003); for R,
    S. Shinomoto et al., PLoS Computational Biology 5 (2009).

    Examples
    --------
    >>> rb.analysis.local_variation([0.1, 0.2, 0.4, 0.5])
    """
    call = f"{_HERE}.local_variation"
    dead = seconds(refractory, what=f"{call}: refractory", paste=f"{call}(spikes, 5*ms)")
    if not 0 <= dead < np.inf:
        raise UserError(f"{call}: refractory is a time, 0 or longer", given=f"{dead:g} s")

    def term(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        both = a + b
        return np.asarray(3.0 * (1.0 - 4.0 * a * b / both**2) * (1.0 + 4.0 * dead / both))

    return _over_neighbors(trains_of(trains, call), term)


def _over_neighbors(trains: SpikeTrains, term: Any) -> np.ndarray:
    """Return the mean of a function of neighboring intervals, for each cell.

    Two intervals of 0, as between three events of a Poisson source in one step, are no pair: the
    functions have no value there.
    """
    found = np.full(trains.size, np.nan)
    for row, times in enumerate(trains):
        if times.size > 2:
            intervals = np.diff(times)
            first, second = intervals[:-1], intervals[1:]
            some = first + second > 0
            if np.any(some):
                found[row] = np.mean(term(first[some], second[some]))
    return found


def fano_factor(trains: Any, window: Any = 0.1, over: str = "time") -> np.ndarray:
    """Return the variance of spike counts over their mean, the Fano factor.

    Parameters
    ----------
    trains
        As for `isi`.
    window
        Length of the windows that spikes are counted in, one after another from the beginning of
        the trains; what is left at their end is left out. A quantity, a text, or seconds.
    over : "time" or "cells"
        Between what counts vary: between the windows of a cell, or between cells (or trials) in
        the same window.

    Returns
    -------
    ndarray, shape (cells,) or, over cells, (windows,)
        1 for Poisson trains of constant rate; for a renewal process and long windows the square
        of the coefficient of variation of its intervals. nan where there are no spikes. The
        variance is that of a sample, with one less than the number of counts.

    Raises
    ------
    UnitError
        The window is no time.
    UserError
        Fewer than two counts are left to vary.

    Examples
    --------
    >>> factors = rb.analysis.fano_factor(result, window=100*ms)
    """
    call = f"{_HERE}.fano_factor"
    if over not in ("time", "cells"):
        raise UserError(f"{call}: counts vary over time or cells, not {over!r}",
                        mend='write over="time"')  # fmt: skip
    found = trains_of(trains, call)
    paste = f"{call}(spikes, window=100*ms)"
    counts = _binned(found, positive_time(window, call, "window", paste), call, paste)
    axis = 1 if over == "time" else 0
    if counts.shape[axis] < 2:
        what = "windows" if over == "time" else "cells"
        raise UserError(f"{call}: there are {counts.shape[axis]} {what}, and one has no variance",
                        mend=f"write {paste}" if over == "time" else "")  # fmt: skip
    return _variance_over_mean(counts, axis)


def _variance_over_mean(counts: np.ndarray, axis: int, ddof: int = 1) -> np.ndarray:
    mean = counts.mean(axis=axis)
    safe = np.where(mean > 0, mean, 1.0)
    return np.where(mean > 0, counts.var(axis=axis, ddof=ddof) / safe, np.nan)


def _binned(trains: SpikeTrains, width: float, call: str, paste: str) -> np.ndarray:
    """Return spike counts in whole bins of that width [s], shape (cells, bins)."""
    bins = _whole_bins(trains, width, call, paste)
    return trains.counts(trains.start + width * np.arange(bins + 1))


def _whole_bins(trains: SpikeTrains, width: float, call: str, paste: str) -> int:
    bins = int(np.floor(trains.duration / width + TOLERANCE))
    if bins < 1:
        raise UserError(
            f"{call}: the trains cover {trains.duration:g} s, less than one bin of {width:g} s",
            mend=f"write {paste}",
        )
    return bins


def synchrony(trains: Any, bin: Any = 3e-3) -> float:
    """Return how synchronous a population is: variance over mean of its spike count.

    The counts are those of all cells together in bins. Independent Poisson trains give 1; it
    grows with the number of cells where they are correlated, so compare equal numbers of cells
    (``spikes[:1000]``).

    Parameters
    ----------
    trains
        As for `isi`.
    bin
        Width of the bins: a quantity, a text, or seconds.

    Returns
    -------
    float
        nan without spikes.

    Raises
    ------
    UnitError, UserError
        The bin is no time, or longer than the trains.

    Notes
    -----
    Source: T. C. Potjans and M. Diesmann, Cerebral Cortex 24 (2014), with bins of 3 ms and 1,000
    cells of a population.

    Examples
    --------
    >>> value = rb.analysis.synchrony(result, bin=3*ms)
    """
    call = f"{_HERE}.synchrony"
    paste = f"{call}(spikes, bin=3*ms)"
    width = positive_time(bin, call, "bin", paste)
    found = trains_of(trains, call)
    bins = _whole_bins(found, width, call, paste)
    # through the rate, so that no table of cells and bins is made
    counts = found._rate_in_bins(width)[1][:bins] * (width * found.size)
    return float(_variance_over_mean(counts, 0, ddof=0))


def chi(traces: Any) -> float:
    """Return the synchrony of voltages, chi: how much of their variance their mean keeps.

    ``chi**2`` is the variance over time of the mean of all cells over the mean of the cells' own
    variances: 1 for cells that move as one, about 1/sqrt(n) for n independent ones.

    Parameters
    ----------
    traces : array_like or xarray.DataArray, shape (time, cells)
        As ``result.traces["cells"].v``; leave out the beginning.

    Returns
    -------
    float
        nan if nothing moves.

    Raises
    ------
    UserError
        It is not a table of at least two cells.

    Notes
    -----
    Source: D. Golomb and J. Rinzel, Physica D 72 (1994).

    Examples
    --------
    >>> value = rb.analysis.chi(result.traces["cells"].v)
    """
    values = np.asarray(traces, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise UserError(
            f"{_HERE}.chi: traces are a table over time and at least two cells",
            given=f"an array of shape {values.shape}",
            mend=f'write {_HERE}.chi(result.traces["cells"].v)',
        )
    each = values.var(axis=0).mean()
    return float(np.sqrt(values.mean(axis=1).var() / each)) if each > 0 else float("nan")


def count_correlation(trains: Any, bin: Any = 5e-3) -> np.ndarray:
    """Return the correlation of the spike counts of every pair of cells.

    Pearson's coefficient over bins.

    Parameters
    ----------
    trains
        As for `isi`.
    bin
        Width of the bins: a quantity, a text, or seconds.

    Returns
    -------
    ndarray, shape (cells, cells)
        1 on the diagonal; nan for cells whose count never changes.

    Raises
    ------
    UnitError, UserError
        The bin is no time, or longer than the trains.

    Examples
    --------
    >>> table = rb.analysis.count_correlation(result, bin=5*ms)
    """
    call = f"{_HERE}.count_correlation"
    paste = f"{call}(spikes, bin=5*ms)"
    width = positive_time(bin, call, "bin", paste)
    counts = _binned(trains_of(trains, call), width, call, paste).astype(np.float64)
    centered = counts - counts.mean(axis=1, keepdims=True)
    length = np.sqrt((centered**2).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        table = centered @ centered.T / np.outer(length, length)
    return np.asarray(table)
