"""Features of action potentials, as the library eFEL measures them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.analysis.constant_input import trial
from rheobase.analysis.pasting import model_text
from rheobase.analysis.voltages import Samples, samples_of
from rheobase.cables.cell import Cell
from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.language.model import Model
from rheobase.results.seconds import times_in_seconds
from rheobase.units import UNITS, parse_unit, to_si

if TYPE_CHECKING:
    import xarray as xr

Floats: TypeAlias = NDArray[np.float64]

_SPIKES = "rb.analysis.spike_features"
_EFEL = "rb.analysis.efel_features"
_LEAD = 5e-3
"""How long a model that is run rests before its current [s]."""
_ASKED = ("peak_time", "peak_voltage", "AP_begin_time", "AP_begin_voltage", "AP_begin_indices",
          "peak_indices", "AP_duration_half_width", "min_AHP_indices", "min_AHP_values",
          "AP_peak_upstroke", "AP_peak_downstroke")  # fmt: skip
_UNITS = {
    "time": "s", "threshold": "mV", "peak": "mV", "amplitude": "mV", "half_width": "ms",
    "trough": "mV", "afterhyperpolarization": "mV", "upstroke": "mV/ms", "downstroke": "mV/ms",
}  # fmt: skip


def spike_features(
    source: Any,
    *,
    dt: Any = None,
    threshold: Any = "-20 mV",
    onset: Any = "10 mV/ms",
    current: Any = None,
    duration: Any = "100 ms",
    at: Any = None,
    input: str | None = None,
) -> xr.Dataset:
    """Return the features of every action potential of a voltage, measured by eFEL.

    eFEL, the electrophysiology feature extraction library, is optional:
    ``pip install "rheobase[efel]"``. It is asked with an interpolation step of the trace's own
    interval, so that times are known to that. A spike whose end lies beyond the trace is not
    counted.

    Parameters
    ----------
    source : DataArray, Result, quantity, array, Model or Cell
        A recorded v, of one cell or several; a result with one recording that has v; numbers of
        shape (n,) or (n, cells), plain ones in mV, with `dt`; or a model or cell, which is run
        from rest under a current that is on from 5 ms to the end, and recorded every 0.01 ms.
    dt : quantity, optional
        Of numbers, the interval of the samples; of a model or cell, the step.
    threshold : quantity
        A spike is where v rises above it.
    onset : quantity
        The action potential begins where v rises this fast: its threshold.
    current, duration, at, input
        Of a model or cell: the current, for how long, and where and into which input, as for
        `rheobase`.

    Returns
    -------
    xarray.Dataset, over "spike", with the coordinate "cell", and "site" of recordings of places
        time
            Of the peak [s].
        threshold, peak, amplitude
            v where the action potential begins and at its peak [mV], and their difference.
        half_width
            How long v is above the middle between both [ms], to a whole number of samples.
        trough, afterhyperpolarization
            The lowest v before the next [mV], and how far below the threshold that is.
        upstroke, downstroke
            The steepest rise and fall [mV/ms].

        nan where eFEL finds none, as of a spike that begins before the trace does.

    Raises
    ------
    UserError
        eFEL is not installed, or a model has no current.
    ShapeError, UnitError, WiringError
        These are no samples of a voltage.

    Examples
    --------
    >>> found = rb.analysis.spike_features(result.traces["cells"].v)
    >>> found.half_width.mean()
    """
    import xarray as xr

    efel = _library(_SPIKES)
    samples = _samples(source, dt, current, duration, at, input, _SPIKES)
    with _settings(efel, samples, threshold, onset, _SPIKES):
        tables = [_table(one, samples) for one in _measured(efel, samples, _ASKED, None)]
    joined = {
        name: ("spike", np.concatenate([table[name] for table in tables]), {"units": unit})
        for name, unit in _UNITS.items()
    }
    counts = [table["time"].size for table in tables]
    of = {"cell": ("spike", np.repeat(samples.cells, counts))}
    if samples.sites is not None:
        of["site"] = ("spike", np.repeat(samples.sites, counts))
    return xr.Dataset(joined, of)


def efel_features(
    source: Any,
    names: Sequence[str] | str,
    *,
    dt: Any = None,
    stimulus: Any = None,
    threshold: Any = "-20 mV",
    onset: Any = "10 mV/ms",
) -> list[dict[str, Floats]]:
    """Return any features that eFEL has, by its own names and in its units (ms, mV).

    Parameters
    ----------
    source : DataArray, Result, quantity or array
        As for `spike_features`.
    names : sequence of str
        Such as "ISI_CV", "adaptation_index2", "sag_ratio1"; see eFEL's documentation.
    dt : quantity, optional
        Of numbers, the interval of the samples.
    stimulus : (quantity, quantity), optional
        When it began and ended; the whole trace if not given. Some features compare with what
        was before or after it.
    threshold, onset : quantity
        As for `spike_features`.

    Returns
    -------
    list of dict of str to ndarray
        Cell by cell, or place by place; an array is empty where eFEL found nothing.

    Raises
    ------
    UserError, ShapeError, UnitError
        As for `spike_features`.
    UnknownNameError
        There is no such feature.

    Examples
    --------
    >>> [cell] = rb.analysis.efel_features(trace, ["ISI_CV"], stimulus=(20*ms, 500*ms))
    """
    efel = _library(_EFEL)
    asked = [names] if isinstance(names, str) else list(names)
    known = set(efel.get_feature_names())
    for name in asked:
        if name not in known:
            meant = did_you_mean(str(name), known)
            raise UnknownNameError(
                f"{_EFEL}: eFEL has no feature {name!r}"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend="efel.get_feature_names() lists them",
            )
    samples = samples_of(source, dt, _EFEL)
    window = None if stimulus is None else _window(stimulus)
    with _settings(efel, samples, threshold, onset, _EFEL):
        return list(_measured(efel, samples, asked, window))


def _library(call: str) -> Any:
    try:
        return import_module("efel")
    except ImportError:
        raise UserError(
            f"{call}: action potentials are measured by the library eFEL, which is not installed",
            mend='pip install "rheobase[efel]"',
        ) from None


def _samples(source: Any, dt: Any, current: Any, duration: Any, at: Any, input: str | None,
             call: str) -> Samples:  # fmt: skip
    """Return the samples of a source; a model is run."""
    if not isinstance(source, (Model, Cell)):
        if current is not None:
            raise UserError(
                f"{call}: current= is for a model or cell, which is run with it",
                given=f"{type(source).__name__} and current={current}",
                mend="leave out current=",
            )
        return samples_of(source, dt, call)
    setup = trial(
        source, call=call, input=input, duration=duration, dt="0.01 ms" if dt is None else dt,
        method=None, initial="rest", at=at, spiking=False,
    )  # fmt: skip
    paste = f"{call}({model_text(source)}, current=10*{setup.unit.text})"
    if current is None:
        raise UserError(
            f"{call}: {source.name} is run under a constant current, which is missing",
            mend=f"write {paste}",
        )
    amount = to_si(current, setup.unit.dimension, what=f"{call}: the current", paste=paste)
    if not isinstance(amount, float):
        raise UserError(f"{call}: the current is one", given=str(current), mend=f"write {paste}")
    result = setup.run_network(np.array([amount]), record=True, start=_LEAD)
    return samples_of(result, None, call)


def _window(given: Any) -> tuple[float, float]:
    paste = "stimulus=(20*ms, 500*ms)"
    ends = times_in_seconds(given, what=f"{_EFEL}: the stimulus", paste=paste)
    if ends.shape != (2,) or not ends[0] < ends[1]:
        raise UserError(
            f"{_EFEL}: the stimulus is two times, of which the first is earlier",
            given=str(given),
            mend=f"write {paste}",
        )
    return float(ends[0]), float(ends[1])


# -- asking eFEL ----------------------------------------------------------------------------------


@contextmanager
def _settings(efel: Any, samples: Samples, threshold: Any, onset: Any, call: str) -> Iterator[None]:
    """Set what eFEL keeps for all of its callers, and put it back."""
    level = to_si(threshold, UNITS["mV"].dimension, what=f"{call}: the threshold",
                  paste="threshold=-20*mV")  # fmt: skip
    rise = to_si(onset, parse_unit("mV/ms").dimension, what=f"{call}: the onset",
                 paste="onset=10*mV/ms")  # fmt: skip
    wanted = {
        "Threshold": float(np.asarray(level)) * 1e3,
        "DerivativeThreshold": float(np.asarray(rise)),  # V/s is mV/ms
        "interp_step": _interval(samples),
    }
    held = efel.get_settings()
    before = {name: getattr(held, name) for name in wanted}
    try:
        for name, value in wanted.items():
            efel.set_setting(name, value)
        yield
    finally:
        for name, value in before.items():
            efel.set_setting(name, value)


def _interval(samples: Samples) -> float:
    """Return the interval of the samples in ms, without the rounding of their times."""
    times = samples.times
    return float(f"{1e3 * (times[-1] - times[0]) / (times.size - 1):.10g}")


def _measured(
    efel: Any, samples: Samples, names: Sequence[str], window: tuple[float, float] | None
) -> Iterator[dict[str, Floats]]:
    """Return features of each column, in eFEL's units: ms and mV."""
    unit = parse_unit(samples.unit)
    times = np.arange(samples.times.size) * _interval(samples) + 1e3 * samples.times[0]
    low, high = (times[0], times[-1]) if window is None else (1e3 * window[0], 1e3 * window[1])
    for column in samples.columns:
        trace = {"T": times, "V": 1e3 * np.asarray(unit.to_si(column)),
                 "stim_start": [low], "stim_end": [high]}  # fmt: skip
        (found,) = efel.get_feature_values([trace], list(names), raise_warnings=False)
        yield {name: np.zeros(0) if found[name] is None else np.asarray(found[name])
               for name in names}  # fmt: skip


def _table(found: dict[str, Floats], samples: Samples) -> dict[str, Floats]:
    """Return the features of each spike of a cell, every one by its own peak.

    What begins or ends outside of the trace is missing in eFEL's lists, which are then shorter.
    """
    peaks = found["peak_indices"].astype(np.int64)
    begins = found["AP_begin_indices"].astype(np.int64)
    lows = found["min_AHP_indices"].astype(np.int64)
    after = np.append(peaks, samples.times.size)[1:]
    before = np.append(-1, peaks)[:-1]
    begun = _of_each([np.flatnonzero((begins > a) & (begins <= b))
                      for a, b in zip(before, peaks, strict=True)], last=True)  # fmt: skip
    ended = _of_each([np.flatnonzero((lows > a) & (lows <= b))
                      for a, b in zip(peaks, after, strict=True)], last=False)  # fmt: skip
    threshold = _pick(found["AP_begin_voltage"], begun, begins.size)
    trough = _pick(found["min_AHP_values"], ended, lows.size)
    falls = found["AP_peak_downstroke"]
    return {
        "time": np.asarray(found["peak_time"] * 1e-3, np.float64),
        "threshold": threshold,
        "peak": np.asarray(found["peak_voltage"], np.float64),
        "amplitude": found["peak_voltage"] - threshold,
        "half_width": _pick(found["AP_duration_half_width"], begun, begins.size),
        "trough": trough,
        "afterhyperpolarization": threshold - trough,
        "upstroke": _pick(found["AP_peak_upstroke"], begun, begins.size),
        "downstroke": _pick(falls, ended, lows.size),
    }


def _of_each(places: Sequence[NDArray[np.int64]], last: bool) -> NDArray[np.int64]:
    """Return one place of each list, -1 where it is empty."""
    return np.array([-1 if not p.size else p[-1 if last else 0] for p in places], np.int64)


def _pick(values: Floats, places: NDArray[np.int64], size: int) -> Floats:
    """Return values at places, nan for -1; those missing at the end of eFEL's list are nan too."""
    padded = np.append(values[:size], np.full(max(size - values.size, 0) + 1, np.nan))
    return np.asarray(padded[np.where(places < 0, padded.size - 1, places)], np.float64)
