"""What comes before a spike: the spike-triggered average of a trace or a stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.analysis.trains import trains_of
from rheobase.errors import ShapeError, UserError
from rheobase.network.currents import Current
from rheobase.network.grid import TOLERANCE
from rheobase.network.waveforms import OUTerm
from rheobase.results import SpikeTrains
from rheobase.results.seconds import times_in_seconds

if TYPE_CHECKING:
    import xarray as xr

_CALL = "rb.analysis.spike_triggered_average"
_PASTE = f'{_CALL}(result.traces["cells"].I, result.spikes["cells"], window=(-50*ms, 10*ms))'
_AT_ONCE = 1 << 20  # samples, so that memory stays small


def spike_triggered_average(
    trace: Any, trains: Any, window: Any = (-0.05, 0.0), *, every: Any = None
) -> xr.DataArray:
    """Return the mean course of a trace or stimulus around the spikes.

    Parameters
    ----------
    trace : xarray.DataArray or current
        A recorded variable, over (time, cell) or time: each cell's spikes are averaged over its
        own column (of places on cells with a morphology one a cell); a trace over time only, such
        as ``v[:, 0]``, serves all cells. Or a current of
        `rb.stimuli`, worked out at the steps of the run. One with noise is drawn in the run:
        record the input, ``net.record(cells, "I")``, and give that trace. (A recorded input is
        what acted in the step that ended at that time, so it lags by one step.)
    trains
        The spikes: SpikeTrains, a Result of one population, or lists of times.
    window : (time, time) or time
        From where to where, relative to the spike: quantities, texts, or seconds. One time is
        taken before and after it.
    every : quantity, optional
        How far apart the lags are; the interval of the trace (of a current: of the steps) if not
        given.

    Returns
    -------
    xarray.DataArray, shape (lags,)
        In the unit of the trace, over the coordinate "lag" [s], negative before the spike.
        ``attrs["spikes"]`` is how many were averaged: those whose window lies inside the trace.
        Between samples the trace is interpolated.

    Raises
    ------
    UserError
        No spike has its window inside the trace, the current has noise or no grid is known.
    ShapeError
        A cell that spikes has no column in the trace, or several places.
    UnitError
        A time is no time.

    Examples
    --------
    >>> average = spike_triggered_average(result.traces["cells"].I, result.spikes["cells"],
    ...                                   window=(-50*ms, 10*ms))
    """
    if isinstance(trace, SpikeTrains) or isinstance(trains, Current) or hasattr(trains, "dims"):
        raise ShapeError(
            f"{_CALL}: the trace comes first, then the spikes",
            given=f"{type(trace).__name__}, {type(trains).__name__}",
            mend=f"write {_PASTE}",
        )
    found = trains_of(trains, _CALL)
    low, high = _window(window)
    times, columns, unit, name = _samples(trace, found)
    step = (times[-1] - times[0]) / (times.size - 1)
    if every is not None:
        step = float(times_in_seconds(every, what=f"{_CALL}: every", paste="every=1*ms"))
        if not step > 0:
            raise UserError(f"{_CALL}: every is a time above 0", mend="write every=1*ms")
    first, last = np.ceil(low / step - TOLERANCE), np.floor(high / step + TOLERANCE)
    lags = step * np.arange(first, last + 1)
    if not lags.size:
        raise UserError(
            f"{_CALL}: no lag, a multiple of {step * 1e3:g} ms, is in the window",
            mend=f"write {_PASTE}",
        )
    total, count = np.zeros(lags.size), 0
    for cell, spikes in zip(found.cells, found, strict=True):
        if spikes.size:
            part, used = _sum_around(_column(columns, int(cell), found), times, spikes, lags)
            total, count = total + part, count + used
    if not count:
        raise UserError(
            f"{_CALL}: no spike has its window, {low * 1e3:g} to {high * 1e3:g} ms, inside the "
            f"trace, {times[0] * 1e3:g} to {times[-1] * 1e3:g} ms",
            given=f"{found.count} spikes",
            mend="take a shorter window, or run for longer",
        )
    return _array(lags, total / count, unit, name, count)


def _window(window: Any) -> tuple[float, float]:
    paste = "window=(-50*ms, 10*ms)"
    ends = times_in_seconds(window, what=f"{_CALL}: the window", paste=paste)
    if ends.ndim == 0:
        ends = np.array([-abs(float(ends)), abs(float(ends))])
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise UserError(
            f"{_CALL}: the window is one time, or two of which the first is earlier",
            given=str(window),
            mend=f"write {paste}",
        )
    return float(ends[0]), float(ends[1])


def _samples(trace: Any, trains: SpikeTrains) -> tuple[np.ndarray, dict[int, np.ndarray], str, str]:
    """Return times, columns by cell (-1: of any cell), unit and name of what is averaged."""
    if isinstance(trace, Current):
        return _of_current(trace, trains)
    one = hasattr(trace, "dims") and hasattr(trace, "ndim")  # a Dataset has several variables
    if not one or "time" not in trace.dims or trace.ndim > 2:
        raise ShapeError(
            f"{_CALL}: the trace is no recorded variable over time",
            expected='a DataArray such as result.traces["cells"].v, or a current of rb.stimuli',
            given=type(trace).__name__,
            mend=f"write {_PASTE}",
        )
    times = np.asarray(trace["time"].values, np.float64)
    if times.size < 2:
        raise ShapeError(f"{_CALL}: the trace has {times.size} samples")
    others = [dim for dim in trace.dims if dim != "time"]
    values = np.asarray(trace.transpose("time", *others).values, np.float64)
    if values.ndim == 1:
        columns = {-1: values}
    else:
        cells = np.asarray(trace["cell" if "cell" in trace.coords else others[0]].values)
        if np.unique(cells).size < cells.size:
            raise ShapeError(
                f"{_CALL}: the trace is of several places on a cell",
                given=f"{cells.size} places on {np.unique(cells).size} cells",
                mend='record one: net.record(cells.at("soma"), "v", name="soma"), and give '
                'result.traces["soma"].v',
            )
        columns = {int(cell): values[:, k] for k, cell in enumerate(cells)}
    return times, columns, str(trace.attrs.get("units", "1")), str(trace.name or "trace")


def _of_current(current: Current, trains: SpikeTrains) -> tuple[Any, dict[int, Any], str, str]:
    if trains.dt is None:
        raise UserError(
            f"{_CALL}: the spikes know no step to work the current out at",
            mend='give it as a trace: net.record(cells, "I"), then result.traces["cells"].I',
        )
    if any(isinstance(term, OUTerm) for term in current.terms(trains.dt, trains.start)):
        raise UserError(
            f"{_CALL}: {current} has noise, which is drawn in the run",
            mend='record the input, net.record(cells, "I"), and give result.traces["cells"].I; or '
            "inject and give what current.frozen(1*second, dt=0.1*ms) returns",
        )
    steps = np.arange(round(trains.duration / trains.dt))
    values = current.unit.from_si(current.values(steps, trains.dt, trains.start))
    columns = {-1: values[:, 0]}
    if values.shape[1] > 1:
        columns = {cell: values[:, cell] for cell in range(values.shape[1])}
    return trains.start + steps * trains.dt, columns, current.unit.text, "current"


def _column(columns: dict[int, np.ndarray], cell: int, trains: SpikeTrains) -> np.ndarray:
    if -1 in columns:
        return columns[-1]
    if cell not in columns:
        raise ShapeError(
            f"{_CALL}: cell {cell} of {trains.name!r} spikes, and the trace has no column of it",
            mend="choose the cells that were recorded, spikes[:10]; or one column that is meant "
            "for all, trace[:, 0]",
        )
    return columns[cell]


def _sum_around(
    values: np.ndarray, times: np.ndarray, spikes: np.ndarray, lags: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the sum of the trace at each lag from the spikes, and how many spikes it is over."""
    margin = TOLERANCE * (times[1] - times[0])
    inside = (spikes + lags[0] >= times[0] - margin) & (spikes + lags[-1] <= times[-1] + margin)
    kept, total = spikes[inside], np.zeros(lags.size)
    for begin in range(0, kept.size, max(_AT_ONCE // lags.size, 1)):
        some = kept[begin : begin + max(_AT_ONCE // lags.size, 1), None] + lags
        total += np.interp(some, times, values).sum(axis=0)
    return total, int(kept.size)


def _array(lags: np.ndarray, mean: np.ndarray, unit: str, name: str, count: int) -> xr.DataArray:
    import xarray as xr

    axis = xr.Variable("lag", lags, {"units": "s"})
    attributes = {"units": unit, "spikes": count}
    return xr.DataArray(mean, {"lag": axis}, ("lag",), name=name, attrs=attributes)
