"""The shapes currents are put together from, one frozen description each.

A shape says what it is worth in every step, as a sum of terms: a waveform over steps (without
unit, or in SI units) times an amplitude, one or one a cell; or an Ornstein-Uhlenbeck process.
Everything is zero outside [start, stop), edges rounded to the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeAlias

import numpy as np

from rheobase.errors import InternalError
from rheobase.network.draws import Floats, Ints
from rheobase.network.grid import TOLERANCE, bin_times, nearest_steps, window

Amount: TypeAlias = float | Floats


@dataclass(frozen=True, eq=False)
class WaveformTerm:
    """A waveform times an amplitude.

    Attributes
    ----------
    at : callable
        From an array of n steps to the values there, shape (n, 1) or (n, cells).
    amplitude : ndarray, shape (1,) or (cells,)
        SI units.
    """

    at: Callable[[Ints], Floats]
    amplitude: Floats

    def waveform(self, first_step: int, n_steps: int) -> Floats:
        """Return the values of `n_steps` steps from `first_step` on, without the amplitude."""
        return self.at(np.arange(first_step, first_step + n_steps, dtype=np.int64))

    def values(self, steps: Ints) -> Floats:
        """Return the values at steps, shape (n, 1) or (n, cells), in SI units."""
        return self.at(steps) * self.amplitude


@dataclass(frozen=True, eq=False)
class OUTerm:
    """An Ornstein-Uhlenbeck process with stationary mean and standard deviation.

    `dx/dt = (mean - x)/tau + std*sqrt(2/tau)*xi`; over a step of dt exactly
    `x' = mean + (x - mean)*a + std*sqrt(1 - a**2)*z`, with `a = exp(-dt/tau)`.

    Attributes
    ----------
    std, tau, mean : float
        SI units.
    shared : bool
        One process for all cells; False: one each.
    amplitude : ndarray, shape (1,) or (cells,)
        Factor of the process, of all cells or of each.
    """

    std: float
    tau: float
    mean: float
    shared: bool
    amplitude: Floats = field(default_factory=lambda: np.ones(1))


Term: TypeAlias = WaveformTerm | OUTerm


@dataclass(frozen=True, eq=False)
class Shape:
    """What all shapes have in common.

    Attributes
    ----------
    name : str
        The function that makes it.
    scales : tuple of str
        The fields that a factor multiplies.
    """

    name: ClassVar[str] = "shape"
    scales: ClassVar[tuple[str, ...]] = ()

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return the parts of the sum, for steps of `dt` seconds from `origin` on."""
        raise InternalError(f"{self.name} has no terms")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of what differs from cell to cell."""
        values = [np.asarray(getattr(self, entry.name)) for entry in fields(self)]
        return tuple(value.shape[-1] for value in values if value.ndim and value.shape[-1] > 1)

    def scaled(self, factor: Amount) -> Shape:
        """Return the shape times a factor, one or one a cell."""
        changed: dict[str, Any] = {name: getattr(self, name) * factor for name in self.scales}
        return replace(self, **changed)


@dataclass(frozen=True, eq=False)
class Step(Shape):
    """See `currents.step`."""

    name: ClassVar[str] = "step"
    scales: ClassVar[tuple[str, ...]] = ("amplitude",)
    start: float
    stop: float | None
    amplitude: Amount

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return one term, 1 while it is on."""
        first, end = window(self.start, self.stop, dt, origin, "step")

        def on(steps: Ints) -> Floats:
            return _column((steps >= first) & (steps < end))

        return (WaveformTerm(on, _amplitudes(self.amplitude)),)


@dataclass(frozen=True, eq=False)
class Ramp(Shape):
    """See `currents.ramp`."""

    name: ClassVar[str] = "ramp"
    scales: ClassVar[tuple[str, ...]] = ("start_value", "end_value")
    start: float
    stop: float
    start_value: Amount
    end_value: Amount

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return a falling and a rising line from 0 to 1 between the ends."""
        first, end = window(self.start, self.stop, dt, origin, "ramp")

        def line(steps: Ints) -> Floats:
            time = origin + steps * dt
            return np.clip((time - self.start) / (self.stop - self.start), 0.0, 1.0)

        def rising(steps: Ints) -> Floats:
            return _column(((steps >= first) & (steps < end)) * line(steps))

        def falling(steps: Ints) -> Floats:
            return _column(((steps >= first) & (steps < end)) * (1.0 - line(steps)))

        return (
            WaveformTerm(falling, _amplitudes(self.start_value)),
            WaveformTerm(rising, _amplitudes(self.end_value)),
        )


@dataclass(frozen=True, eq=False)
class Sine(Shape):
    """See `currents.sine`."""

    name: ClassVar[str] = "sine"
    scales: ClassVar[tuple[str, ...]] = ("amplitude", "offset")
    start: float
    stop: float | None
    frequency: Amount
    phase: Amount
    amplitude: Amount
    offset: Amount

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return the oscillation and, if there is one, the offset."""
        first, end = window(self.start, self.stop, dt, origin, "sine")

        def on(steps: Ints) -> Floats:
            return _column((steps >= first) & (steps < end))

        def wave(steps: Ints) -> Floats:
            time = (origin + steps * dt - self.start)[:, None]
            # whole turns left out first, so that a long run loses no digits of the phase
            turns = time * _amplitudes(self.frequency)
            angle = 2.0 * np.pi * (turns - np.floor(turns)) + _amplitudes(self.phase)
            return on(steps) * np.sin(angle)

        made: tuple[Term, ...] = (WaveformTerm(wave, _amplitudes(self.amplitude)),)
        if np.any(np.asarray(self.offset) != 0):
            made += (WaveformTerm(on, _amplitudes(self.offset)),)
        return made


@dataclass(frozen=True, eq=False)
class PulseTrain(Shape):
    """See `currents.pulse_train`."""

    name: ClassVar[str] = "pulse_train"
    scales: ClassVar[tuple[str, ...]] = ("amplitude",)
    start: float
    stop: float | None
    period: float
    width: float
    amplitude: Amount

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return one term, 1 during the pulses: begin and width of each rounded to steps."""
        first, end = window(self.start, self.stop, dt, origin, "pulse_train")
        width = window(0.0, self.width, dt, 0.0, "pulse_train: a pulse")[1]
        begins, period = (self.start - origin) / dt, self.period / dt

        def on(steps: Ints) -> Floats:
            # Pulse m begins in the step nearest to begins + m*period; `last` is the last begun.
            last = np.ceil((steps + 0.5 - TOLERANCE - begins) / period) - 1.0
            began = nearest_steps(begins + last * period, 1.0)
            inside = (last >= 0) & (steps < began + width)
            return _column(inside & (steps >= first) & (steps < end))

        return (WaveformTerm(on, _amplitudes(self.amplitude)),)


@dataclass(frozen=True, eq=False)
class Samples(Shape):
    """See `currents.from_array`."""

    name: ClassVar[str] = "from_array"
    scales: ClassVar[tuple[str, ...]] = ("factor",)
    values: Floats
    interval: float
    factor: Amount = 1.0

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return one term, the value held at the beginning of each step."""

        def held(steps: Ints) -> Floats:
            place = bin_times(origin + steps * dt, self.interval)[0]
            inside = (place >= 0) & (place < self.values.shape[0])
            found = self.values[np.where(inside, place, 0)]
            return np.where(inside[:, None], found, 0.0)

        return (WaveformTerm(held, _amplitudes(self.factor)),)


@dataclass(frozen=True, eq=False)
class Noise(Shape):
    """See `currents.noise`."""

    name: ClassVar[str] = "noise"
    scales: ClassVar[tuple[str, ...]] = ("std", "mean")
    std: Amount
    tau: float
    mean: Amount
    shared: bool

    def terms(self, dt: float, origin: float) -> tuple[Term, ...]:
        """Return the process; where cells differ, one of deviation 1 scaled, and the means."""
        if isinstance(self.std, float) and isinstance(self.mean, float):
            return (OUTerm(self.std, self.tau, self.mean, self.shared),)
        process = OUTerm(1.0, self.tau, 0.0, self.shared, _amplitudes(self.std))
        if not np.any(self.mean):
            return (process,)
        return process, WaveformTerm(lambda steps: np.ones((steps.size, 1)), _amplitudes(self.mean))


def _amplitudes(value: Amount) -> Floats:
    return np.atleast_1d(np.asarray(value, np.float64))


def _column(values: Floats | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    return np.asarray(values, np.float64)[:, None]
