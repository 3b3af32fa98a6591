"""What was measured: a stimulus, the voltage under it, and when the cell spiked."""

from __future__ import annotations

import math
import warnings
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import RheobaseWarning, ShapeError, UserError
from rheobase.network.currents import Current, from_array
from rheobase.network.waveforms import Noise
from rheobase.units import UNITS, Dimension, Unit, parse_unit, split_quantity, to_si

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats: TypeAlias = NDArray[np.float64]

_SECOND = Dimension(second=1.0)
_VOLT = UNITS["volt"].dimension
_PASTE = "rb.fitting.Recording(current*pA, voltage*mV, dt=0.1*ms)"
#: Where an upward crossing of a measured voltage counts as a spike, if nothing else is said [V].
USUAL_LEVEL = -0.020


class Recording:
    """One sweep: what was injected, and what was measured.

    Sample k of both is at time k dt. The current holds from there to the next sample. A spike is
    an upward crossing of `spike_level`, its time interpolated in a straight line.

    Parameters
    ----------
    stimulus : quantity, shape (T,), or Current
        What was injected, in the unit of the model's input (pA; uA/cm**2 for currents per area).
    voltage : quantity, shape (T,), optional
        The measured voltage, or another variable of the model.
    dt : quantity, optional
        Time between samples. Only a recording of a Current without a voltage needs none.
    duration : quantity, optional
        Length of a recording that has no samples.
    spikes : quantity, shape (n,), optional
        Times of spikes, where they are known; found in the voltage if not given.
    spike_level : quantity, optional
        -20 mV if not given.
    start, stop : quantity, optional
        Losses look at start <= t < stop; everywhere if not given. The model always begins at 0.
    weight : float
        How much the recording counts in a fit beside others.
    name : str
        What it is called in tables and figures.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Of the samples [s]; empty without a voltage.
    voltage : ndarray, shape (T,), or None
        In `unit`.
    unit : str
        Of the voltage, as it was given.
    dt, duration, start, stop : float
        In seconds; `dt` is nan without samples.
    spikes : ndarray
        Times of the spikes inside start ... stop [s].
    stimulus : Current
        What was injected.

    Raises
    ------
    ShapeError
        Sizes that do not fit, or samples that are not finite.
    UnitError
        A time that is none, a voltage without a unit.
    UserError
        There is neither a voltage nor a list of spikes.

    Warns
    -----
    RheobaseWarning
        Spikes lie outside the recording.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.units import ms, mV, pA
    >>> v = np.array([-70.0, -65.0, 10.0, -60.0, -68.0])
    >>> one = rb.fitting.Recording(np.full(5, 300.0) * pA, v * mV, dt=1 * ms)
    >>> one.spikes
    array([0.0016])
    """

    def __init__(
        self,
        stimulus: Any,
        voltage: Any = None,
        dt: Any = None,
        *,
        duration: Any = None,
        spikes: Any = None,
        spike_level: Any = None,
        start: Any = None,
        stop: Any = None,
        weight: float = 1.0,
        name: str = "",
    ) -> None:
        self.name, self.weight = str(name), _weight(weight)
        self.dt = math.nan if dt is None else _time(dt, "dt")
        if voltage is None and spikes is None:
            raise UserError(
                "Recording: there is nothing to fit to",
                expected="a voltage, or the times of spikes",
                mend=f"write {_PASTE}",
            )
        self._unit, self._si = self._read_voltage(voltage)
        self.stimulus, samples = self._read_stimulus(stimulus)
        self.duration = self._length(samples, duration)
        self.start = 0.0 if start is None else _time(start, "start", zero=True)
        self.stop = self.duration if stop is None else min(_time(stop, "stop"), self.duration)
        if not self.start < self.stop:
            raise UserError(
                "Recording: stop is not after start",
                given=f"start {self.start * 1e3:g} ms, stop {self.stop * 1e3:g} ms, "
                f"{self.duration * 1e3:g} ms recorded",
            )
        self._level = spike_level
        self._spikes = None if spikes is None else _spike_times(spikes, self.duration)

    # -- reading ----------------------------------------------------------------------------

    def _read_voltage(self, voltage: Any) -> tuple[Unit, Floats | None]:
        if voltage is None:
            return UNITS["mV"], None
        magnitude, unit = split_quantity(voltage, "Recording: voltage")
        found = _samples(unit.to_si(np.asarray(magnitude, np.float64)), "voltage")
        self._needs_dt("voltage")
        return unit, found

    def _read_stimulus(self, stimulus: Any) -> tuple[Current, int | None]:
        if getattr(stimulus, "is_current", False):
            if stimulus.size not in (None, 1):
                raise ShapeError(
                    "Recording: the stimulus is for several cells, and a recording is of one",
                    given=f"a current for {stimulus.size} cells",
                )
            if any(isinstance(shape, Noise) for shape in stimulus.shapes):
                raise UserError(
                    "Recording: the stimulus is drawn at random, so it is not known what was "
                    "injected",
                    mend="draw it once: stimulus.frozen(1*second, dt=0.1*ms, seed=1)",
                )
            return stimulus, None
        magnitude, unit = split_quantity(stimulus, "Recording: stimulus")
        values = _samples(np.asarray(magnitude, np.float64), "stimulus")
        self._needs_dt("stimulus")
        if self._si is not None and values.size != self._si.size:
            raise ShapeError(
                "Recording: stimulus and voltage have different numbers of samples",
                expected="one value of each at every time",
                given=f"{values.size} of the stimulus, {self._si.size} of the voltage",
                mend="resample one of them, or give a Current as stimulus: rb.stimuli.step(...)",
            )
        from rheobase.units import quantity

        return from_array(quantity(unit.to_si(values), unit), f"{self.dt!r} second"), values.size

    def _needs_dt(self, what: str) -> None:
        if math.isnan(self.dt):
            raise UserError(
                f"Recording: dt is missing, the time between samples of the {what}",
                mend=f"write {_PASTE}",
            )

    def _length(self, samples: int | None, duration: Any) -> float:
        count = self._si.size if self._si is not None else samples
        given = None if duration is None else _time(duration, "duration")
        if count is not None:
            return min(count * self.dt, math.inf if given is None else given)
        if given is None:
            raise UserError(
                "Recording: how long was recorded is not known",
                expected="samples of the voltage or of the stimulus, or a duration",
                mend="write rb.fitting.Recording(stimulus, spikes=times, duration=1*second)",
            )
        return given

    # -- what it holds ----------------------------------------------------------------------

    @property
    def times(self) -> Floats:
        """Times of the samples of the voltage [s]."""
        count = 0 if self._si is None else self._si.size
        return np.asarray(np.arange(count) * (self.dt if count else 0.0), np.float64)

    @property
    def voltage(self) -> Floats | None:
        """The measured voltage in `unit`; None if there is none."""
        return None if self._si is None else self.in_unit(self._si)

    @property
    def unit(self) -> str:
        """The unit of the voltage, as it was given."""
        return self._unit.text

    @property
    def measured_unit(self) -> Unit:
        """The unit of the voltage, with its dimension."""
        return self._unit

    @property
    def dimension(self) -> Dimension:
        """The dimension of what was measured."""
        return self._unit.dimension

    @property
    def spikes(self) -> Floats:
        """Times of the spikes inside start ... stop [s]."""
        if self._spikes is None:
            assert self._si is not None
            self._spikes = upward_crossings(self._si, self.dt, self._level_si())
        return self.inside(self._spikes)

    @cached_property
    def mean_current(self) -> float:
        """Mean of the stimulus where it is at least half as far from its beginning as it goes (SI).

        Of a step this is its height, noise averaged out: what the axis of an f-I curve shows.
        """
        dt = self.dt if math.isfinite(self.dt) else self.duration / 2000
        count = max(1, round(self.duration / dt))
        values = self.stimulus.values(np.arange(count), dt)[:, 0]
        away = np.abs(values - values[0])
        return float(np.mean(values[away >= 0.5 * away.max()]))

    @cached_property
    def first_value(self) -> float:
        """The stimulus at time 0, in SI units."""
        dt = self.dt if math.isfinite(self.dt) else self.duration / 2000
        return float(self.stimulus.values(np.arange(1), dt)[0, 0])

    @cached_property
    def onset(self) -> float:
        """When the stimulus inside the window first goes half its way; else its start [s]."""
        dt = self.dt if math.isfinite(self.dt) else self.duration / 2000
        steps = np.arange(round(self.start / dt), round(self.stop / dt))
        values = self.stimulus.values(steps, dt)[:, 0]
        away = np.abs(values - values[0])
        if not away.max():
            return self.start
        return float(steps[np.argmax(away >= 0.5 * away.max())] * dt)

    def in_unit(self, values: Floats) -> Floats:
        """Return values in SI units in the unit of the voltage."""
        return np.asarray(self._unit.from_si(values))

    def values_si(self) -> Floats:
        """Return the voltage in SI units, at the samples inside start ... stop."""
        assert self._si is not None
        return self._si[self.samples_inside()]

    def samples_inside(self) -> slice:
        """Return which samples lie inside start ... stop; none where there are none."""
        if self._si is None:
            return slice(0, 0)
        tolerance = 1e-6
        first = math.ceil(self.start / self.dt - tolerance)
        return slice(first, math.ceil(self.stop / self.dt - tolerance))

    def inside(self, times: Floats) -> Floats:
        """Return those of some times [s] that lie inside start ... stop."""
        return times[(times >= self.start) & (times < self.stop)]

    def _level_si(self) -> float:
        if self._level is not None:
            found = to_si(self._level, self._unit.dimension, what="Recording: spike_level")
            return float(found)
        if self._unit.dimension != _VOLT:
            raise UserError(
                "Recording: where a spike begins is not known of what is no voltage",
                mend="say it: spike_level=20, or give the times: spikes=[0.1, 0.3]*second",
            )
        return USUAL_LEVEL

    # -- parts ------------------------------------------------------------------------------

    def part(self, start: Any, stop: Any) -> Recording:
        """Return what was recorded from start to stop, with times that begin at 0.

        Parameters
        ----------
        start, stop : quantity
            Rounded to samples.

        Raises
        ------
        UserError
            There are no samples, or none in between.
        """
        if self._si is None:
            raise UserError("Recording.part: only a recording with samples of a voltage has parts")
        first = max(0, round(_time(start, "start", zero=True) / self.dt))
        last = min(self._si.size, round(_time(stop, "stop") / self.dt))
        if last - first < 2:
            raise UserError(
                "Recording.part: no samples lie between start and stop",
                expected=f"times from 0 to {self.duration * 1e3:g} ms",
                given=f"start={start}, stop={stop}",
            )
        from rheobase.units import quantity

        steps = np.arange(first, last)
        current = self.stimulus.values(steps, self.dt)[:, 0]
        spikes = None
        if self._spikes is not None:
            shifted = self._spikes - first * self.dt
            kept = shifted[(shifted >= 0) & (shifted < (last - first) * self.dt)]
            spikes = quantity(kept, UNITS["second"])
        return Recording(
            quantity(current, self.stimulus.unit), quantity(self._si[first:last], self._unit),
            f"{self.dt!r} second", spikes=spikes, spike_level=self._level, weight=self.weight,
            name=self.name, start=f"{max(self.start - first * self.dt, 0.0)!r} second",
            stop=f"{self.stop - first * self.dt!r} second",
        )  # fmt: skip

    def per_area(self, area: Any) -> Recording:
        """Return the recording with a stimulus per area: what models of a patch of membrane take.

        Parameters
        ----------
        area : quantity
            Of the membrane of the cell: 20_000*um**2.

        Raises
        ------
        UnitError
            It is no area.
        UserError
            It is not above 0.
        """
        paste = "recording.per_area(20_000*um**2)"
        found = to_si(area, Dimension(metre=2.0), what="Recording.per_area: area", paste=paste)
        if not (isinstance(found, float) and found > 0):
            raise UserError(
                "Recording.per_area: the area is not one value above 0", given=str(area)
            )
        made = copy(self)
        for name in ("mean_current", "first_value", "onset"):
            made.__dict__.pop(name, None)  # worked out from the stimulus, kept
        shapes = tuple(shape.scaled(1.0 / found) for shape in self.stimulus.shapes)
        made.stimulus = Current(shapes, parse_unit("uA/cm**2"))
        return made

    # -- showing ----------------------------------------------------------------------------

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the voltage over time; lines where only the times of spikes are known.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure if none is given.
        """
        from rheobase.fitting.drawing import draw_recording

        return draw_recording(self, ax)

    def __repr__(self) -> str:
        held = "no voltage" if self._si is None else f"{self._si.size:,} samples"
        name = f" {self.name!r}" if self.name else ""
        return f"<Recording{name}: {self.duration * 1e3:g} ms, {held}, weight {self.weight:g}>"


def upward_crossings(values: Floats, dt: float, level: float) -> Floats:
    """Return when samples rise from below a level to it or above, interpolated [s]."""
    before, after = values[:-1], values[1:]
    (places,) = np.nonzero((before < level) & (after >= level))
    share = (level - before[places]) / (after[places] - before[places])
    return np.asarray((places + share) * dt)


def _samples(values: Any, what: str) -> Floats:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or found.size < 2:
        raise ShapeError(
            f"Recording: the {what} is one array over time",
            expected="shape (T,), two samples or more",
            given=f"shape {found.shape}",
            mend=f"write {_PASTE}",
        )
    if not np.all(np.isfinite(found)):
        place = int(np.flatnonzero(~np.isfinite(found))[0])
        raise ShapeError(
            f"Recording: sample {place} of the {what} is not a finite number",
            given=str(found[place]),
        )
    return found


def _time(value: Any, what: str, zero: bool = False) -> float:
    found = to_si(value, _SECOND, what=f"Recording: {what}", paste=_PASTE)
    if not isinstance(found, float) or not math.isfinite(found) or found < 0:
        raise UserError(f"Recording: {what} is not one finite time", given=str(value))
    if found == 0 and not zero:
        raise UserError(f"Recording: {what} is 0", expected="a time above 0")
    return found


def _spike_times(spikes: Any, duration: float) -> Floats:
    paste = "spikes=[0.1, 0.35]*second"
    given = to_si(spikes, _SECOND, what="Recording: spikes", paste=paste)
    found = np.atleast_1d(np.asarray(given, np.float64))
    if not np.all(np.isfinite(found)):
        place = int(np.flatnonzero(~np.isfinite(found))[0])
        raise ShapeError(
            f"Recording: the time of spike {place} is not a finite number", given=str(found[place])
        )
    outside = found[(found < 0) | (found > duration)]
    if outside.size:
        warnings.warn(
            f"Recording: {outside.size} of {found.size} spikes lie outside its {duration:g} s and "
            f"are left out, the first at {outside[0]:g} s: are times counted from its beginning?",
            RheobaseWarning, stacklevel=3,
        )  # fmt: skip
    return np.sort(found)


def _weight(weight: Any) -> float:
    found = float(weight)
    if not (math.isfinite(found) and found > 0):
        raise UserError("Recording: weight is not a number above 0", given=str(weight))
    return found
