"""Currents over time, for `net.inject` and for parameters read as functions of time.

A current need not be in amperes: it has the unit of the input variable it is added to (pA for
absolute currents, uA/cm**2 for currents per area, a plain number for rate units).

Currents add with `+` and scale with `*`; the sum of a step and noise is one current.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.network.draws import Floats, Ints
from rheobase.network.grid import milliseconds, read_only
from rheobase.network.waveforms import (
    Amount,
    Noise,
    OUTerm,
    PulseTrain,
    Ramp,
    Samples,
    Shape,
    Sine,
    Step,
    Term,
    WaveformTerm,
)
from rheobase.units import DIMENSIONLESS, Dimension, Unit, describe, split_quantity, to_si

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Current", "from_array", "noise", "pulse_train", "ramp", "sine", "step"]

_SECOND = Dimension(second=1.0)
_HERTZ = Dimension(second=-1.0)


@dataclass(frozen=True, eq=False)
class Current:
    """A sum of shapes over time, each scaled; made by the functions of this module.

    Attributes
    ----------
    shapes : tuple of Shape
        What is added up.
    unit : Unit
        The unit it was written in.
    dimension : Dimension
        Of its values.
    size : int or None
        Number of cells, if it differs between them; None: any.
    is_current : bool
        True: what tells a current from a spike train.
    """

    shapes: tuple[Shape, ...]
    unit: Unit
    is_current: ClassVar[bool] = True
    is_train: ClassVar[bool] = False
    __array_ufunc__: ClassVar[None] = None  # numbers * current is left to the current

    def __post_init__(self) -> None:
        sizes = sorted({size for shape in self.shapes for size in shape.sizes})
        if len(sizes) > 1:
            raise ShapeError(
                "these currents are for different numbers of cells",
                expected="one amplitude, or one for each cell",
                given=" and ".join(map(str, sizes)) + " values",
            )

    @property
    def dimension(self) -> Dimension:
        """The dimension of its values."""
        return self.unit.dimension

    @property
    def size(self) -> int | None:
        """The number of cells it differs between; None if it does not."""
        sizes = [size for shape in self.shapes for size in shape.sizes]
        return sizes[0] if sizes else None

    def __str__(self) -> str:
        """Return the calls that make this current."""
        return " + ".join(_call(shape, self.unit) for shape in self.shapes)

    __repr__ = __str__

    def __add__(self, other: object) -> Current:
        """Add another current of the same dimension."""
        if not isinstance(other, Current):
            raise UnitError(
                f"cannot add {other!r} to a current",
                mend="only currents add to currents; a constant one is rb.stimuli.step(100*pA)",
            )
        if other.dimension != self.dimension:
            raise UnitError(
                f"cannot add {other.unit.text} to {self.unit.text}",
                expected=describe(self.dimension),
                given=describe(other.dimension),
            )
        return Current(self.shapes + other.shapes, self.unit)

    def __radd__(self, other: object) -> Current:
        """Let `sum` begin with 0."""
        return self if isinstance(other, numbers.Real) and other == 0 else self + other

    def __sub__(self, other: object) -> Current:
        """Subtract another current of the same dimension."""
        return self + (-other if isinstance(other, Current) else other)

    def __neg__(self) -> Current:
        """Turn the sign."""
        return self * -1.0

    def __mul__(self, factor: Any) -> Current:
        """Scale by a plain number, or by one for each cell."""
        value = to_si(factor, DIMENSIONLESS, what="the factor of a current")
        if np.ndim(value) > 1 or not np.all(np.isfinite(value)):
            raise ShapeError(
                "the factor of a current is one finite number, or one for each cell",
                given=f"{factor}",
            )
        if np.size(value) > 1 and self.size not in (None, np.size(value)):
            raise ShapeError(
                "the factors of a current do not fit",
                expected=f"one, or {self.size}: it has one value for each of {self.size} cells",
                given=f"{np.size(value)} factors",
            )
        scale = value if isinstance(value, float) else read_only(value)
        return Current(tuple(shape.scaled(scale) for shape in self.shapes), self.unit)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Current:
        """Divide by a plain number, or by one for each cell."""
        return self * (1.0 / to_si(divisor, DIMENSIONLESS, what="the divisor of a current"))

    def terms(self, dt: float, start: float = 0.0) -> tuple[Term, ...]:
        """Return what it adds up to on a grid.

        Parameters
        ----------
        dt, start : float
            Step and beginning of the network, in seconds.

        Returns
        -------
        tuple of WaveformTerm and OUTerm

        Raises
        ------
        WiringError
            If a part is shorter than half a step, so that it would vanish.
        """
        return tuple(term for shape in self.shapes for term in shape.terms(dt, start))

    def values(self, steps: Ints, dt: float, start: float = 0.0) -> Floats:
        """Return the values in steps, noise left out, in SI units.

        Parameters
        ----------
        steps : array of int
            Counted from the beginning of the network.
        dt, start : float
            Step and beginning of the network, in seconds.

        Returns
        -------
        ndarray, shape (steps, 1) or (steps, cells)
        """
        total = np.zeros((np.size(steps), self.size or 1))
        for term in self.terms(dt, start):
            if isinstance(term, WaveformTerm):
                total = total + term.values(np.asarray(steps, np.int64))
        return total

    def frozen(self, duration: Any, dt: Any, seed: int = 0) -> Current:
        """Return the current with its noise drawn once: the same wherever it is injected.

        Parameters
        ----------
        duration : quantity
            From 0 on; 0 after it.
        dt : quantity
            Step at which it is drawn, best that of the network.
        seed : int
            Of the noise. Another seed, or another step, is another sample.

        Returns
        -------
        Current
            An array over time, of one value a step, or one a cell where cells differ. Noise that
            is not shared is here one process for all cells.

        Raises
        ------
        UnitError, WiringError
            If the duration or dt is no time above 0.
        """
        length = _length(duration, "frozen")
        interval = _time(dt, "frozen", "dt", "frozen(1*second, dt=0.1*ms)")
        if not 0.0 < interval < math.inf:
            raise WiringError("frozen: dt is not a positive time", given=str(dt))
        values = self._drawn(length, interval, seed)
        return Current((Samples(read_only(values), interval),), self.unit)

    def _drawn(self, length: float, dt: float, seed: int) -> Floats:
        """Return the values of every step of dt, noise with them, in SI units."""
        count = max(1, round(length / dt))
        values = self.values(np.arange(count), dt)
        random = np.random.Generator(np.random.Philox(seed))
        for term in self.terms(dt):
            if isinstance(term, OUTerm):
                values = values + _sample_path(term, count, dt, self.size or 1, random)
        return values

    def plot(self, duration: Any, dt: Any = None, ax: Axes | None = None, seed: int = 0) -> Axes:
        """Draw the current over time, one line a cell.

        Parameters
        ----------
        duration : quantity
            From 0 on.
        dt : quantity, optional
            Step; a two-thousandth of the duration if none is given.
        ax : matplotlib Axes, optional
            Where to draw; a new figure if none is given.
        seed : int
            Of the noise that is shown, if there is any: another sample than a network's.

        Returns
        -------
        matplotlib Axes
        """
        length = _length(duration, "plot")
        step_length = length / 2000 if dt is None else _time(dt, "plot", "dt", "plot(dt=0.1*ms)")
        values = self._drawn(length, step_length, seed)
        count = values.shape[0]
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(6, 2.5), layout="constrained")[1]
        edges = np.arange(count + 1) * step_length * 1e3
        held = self.unit.from_si(np.concatenate([values, values[-1:]]))
        ax.plot(edges, held, drawstyle="steps-post", linewidth=1)
        ax.set_xlabel("time (ms)")
        quantity = describe(self.dimension).removeprefix("a ").removeprefix("an ")
        plain = self.dimension == DIMENSIONLESS
        ax.set_ylabel("input" if plain else f"{quantity} ({self.unit.text})")
        ax.set_xlim(0, edges[-1])
        return ax


def step(amplitude: Any, start: Any = 0.0, stop: Any = None) -> Current:
    """A constant current while start <= t < stop, edges rounded to the grid.

    Parameters
    ----------
    amplitude : quantity
        One, or one a cell.
    start, stop : quantity, optional
        From the beginning, for ever, if not given.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    Raises
    ------
    UnitError
        If a time is not a time.
    WiringError
        If `stop` is before `start`.

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.step(500*pA, start=20*ms, stop=180*ms))
    """
    value, unit = _amount(amplitude, "step: amplitude")
    return Current((Step(*_span(start, stop, "step"), value),), unit)


def ramp(start_value: Any, end_value: Any, start: Any, stop: Any) -> Current:
    """A current that goes from one value to another in a straight line, zero before and after.

    Parameters
    ----------
    start_value, end_value : quantity
        Of one dimension; one, or one a cell.
    start, stop : quantity
        Where the line begins and ends.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.ramp(0*pA, 800*pA, start=0*ms, stop=500*ms))
    """
    first, unit = _amount(start_value, "ramp: start_value")
    last = _same_unit(end_value, unit, "ramp: end_value")
    begin, end = _span(start, stop, "ramp")
    if end is None:
        raise WiringError(
            "ramp: stop is missing",
            expected="when the end value is reached",
            mend="write rb.stimuli.ramp(0*pA, 500*pA, start=0*ms, stop=1*second)",
        )
    return Current((Ramp(begin, end, first, last),), unit)


def sine(
    amplitude: Any,
    frequency: Any,
    phase: Any = 0.0,
    offset: Any = None,
    start: Any = 0.0,
    stop: Any = None,
) -> Current:
    """`offset + amplitude*sin(2*pi*frequency*(t - start) + phase)` from start to stop.

    Parameters
    ----------
    amplitude, offset : quantity
        Of one dimension; one, or one a cell.
    frequency : quantity
        A rate; one, or one a cell.
    phase : float
        In radians; one, or one a cell.
    start, stop : quantity, optional
        Zero outside.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.sine(100*pA, 8*Hz, offset=400*pA))
    """
    value, unit = _amount(amplitude, "sine: amplitude")
    rate = _finite(
        to_si(frequency, _HERTZ, what="sine: frequency", paste="rb.stimuli.sine(100*pA, 5*Hz)"),
        "sine: frequency",
    )
    shift = _finite(to_si(phase, DIMENSIONLESS, what="sine: phase (radians)"), "sine: phase")
    level = 0.0 if offset is None else _same_unit(offset, unit, "sine: offset")
    return Current((Sine(*_span(start, stop, "sine"), rate, shift, value, level),), unit)


def pulse_train(
    amplitude: Any,
    period: Any = None,
    width: Any = None,
    start: Any = 0.0,
    stop: Any = None,
    *,
    frequency: Any = None,
) -> Current:
    """Pulses of one width, one a period, the first at `start`; begin and width rounded to steps.

    Parameters
    ----------
    amplitude : quantity
        One, or one a cell.
    period : quantity
        From the beginning of a pulse to the next; or give `frequency`.
    width : quantity
        How long a pulse is, at most a period.
    start, stop : quantity, optional
        Zero outside; a pulse going on at `stop` is cut.
    frequency : quantity
        Pulses a second, in place of `period`.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.pulse_train(2*nA, period=20*ms, width=1*ms))
    """
    paste = "rb.stimuli.pulse_train(100*pA, period=50*ms, width=5*ms)"
    value, unit = _amount(amplitude, "pulse_train: amplitude")
    if (period is None) == (frequency is None) or width is None:
        raise WiringError(
            "pulse_train: give width, and either period or frequency", mend=f"write {paste}"
        )
    if frequency is None:
        length = _time(period, "pulse_train", "period", paste)
    else:
        rate = to_si(frequency, _HERTZ, what="pulse_train: frequency", paste="frequency=20*Hz")
        length = 1.0 / rate if isinstance(rate, float) and rate > 0 else math.nan
    duration = _time(width, "pulse_train", "width", paste)
    if not 0.0 < duration <= length < math.inf:
        raise WiringError(
            "pulse_train: a pulse does not fit into its period",
            expected="0 < width <= period",
            given=f"width {milliseconds(duration)}, period {milliseconds(length)}",
            mend=f"write {paste}",
        )
    begin, end = _span(start, stop, "pulse_train")
    return Current((PulseTrain(begin, end, length, duration, value),), unit)


def noise(std: Any, tau: Any, mean: Any = None, shared: bool = False) -> Current:
    """An Ornstein-Uhlenbeck process, stationary from the first step on.

    `dx/dt = (mean - x)/tau + std*sqrt(2/tau)*xi`. It is advanced exactly, so that its standard
    deviation is `std` and its autocorrelation `std**2*exp(-|t|/tau)` at the steps, for any dt.

    Parameters
    ----------
    std : quantity
        Stationary standard deviation; one, or one a cell.
    tau : quantity
        Correlation time.
    mean : quantity, optional
        Of the dimension of `std`, one or one a cell; 0 if not given.
    shared : bool
        True: one process for all cells it is injected into; False: one each.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    References
    ----------
    G. E. Uhlenbeck, L. S. Ornstein, Physical Review 36, 823 (1930); exact update: D. T. Gillespie,
    Physical Review E 54, 2084 (1996).

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.noise(std=100*pA, tau=5*ms, mean=300*pA))
    """
    deviation, unit = _amount(std, "noise: std")
    level = 0.0 if mean is None else _same_unit(mean, unit, "noise: mean")
    correlation = _time(tau, "noise", "tau", "rb.stimuli.noise(100*pA, tau=5*ms)")
    negative = bool(np.any(np.asarray(deviation) < 0))
    if negative or not 0.0 < correlation < math.inf:
        raise WiringError(
            "noise: std is negative" if negative else "noise: tau is not a positive time",
            given=str(std if negative else tau),
            mend="write rb.stimuli.noise(100*pA, tau=5*ms)",
        )
    return Current((Noise(deviation, correlation, level, bool(shared)),), unit)


def from_array(values: Any, dt: Any) -> Current:
    """Values given one after the other, each held for `dt`, from time 0; zero after the last.

    Parameters
    ----------
    values : quantity, shape (T,) or (T, cells)
        The values.
    dt : quantity
        How long each holds. It need not be the step of the network: a step takes the value at its
        beginning.

    Returns
    -------
    Current
        For `net.inject`; it adds with `+` and scales with `*`.

    Examples
    --------
    >>> net.inject(cells, rb.stimuli.from_array([0, 300, 500]*pA, dt=50*ms))
    """
    magnitude, unit = split_quantity(values, "from_array: values")
    found = np.asarray(unit.to_si(np.asarray(magnitude, np.float64)))
    if found.ndim not in (1, 2) or found.size == 0:
        raise ShapeError(
            "from_array: values are an array over time",
            expected="shape (T,), or (T, cells)",
            given=f"shape {found.shape}",
            mend="write rb.stimuli.from_array(values*pA, dt=0.1*ms)",
        )
    _finite(found, "from_array: values")
    interval = _time(dt, "from_array", "dt", "rb.stimuli.from_array(values*pA, dt=0.1*ms)")
    if not 0.0 < interval < math.inf:
        raise WiringError("from_array: dt is not a positive time", given=str(dt))
    return Current((Samples(read_only(found.reshape(found.shape[0], -1)), interval),), unit)


def _sample_path(
    term: OUTerm, count: int, dt: float, cells: int, random: np.random.Generator
) -> Floats:
    """Draw a process step by step."""
    kept = math.exp(-dt / term.tau)
    shape = (count, 1 if term.shared else cells)
    path = term.std * random.standard_normal(shape)
    for k in range(1, count):
        path[k] = kept * path[k - 1] + math.sqrt(1.0 - kept * kept) * path[k]
    return term.mean + term.amplitude * path


def _finite(value: Amount, what: str) -> Amount:
    if not np.all(np.isfinite(value)):
        raise WiringError(f"{what}: a value is not finite")
    return value


def _amount(value: Any, what: str) -> tuple[Amount, Unit]:
    """Read a value of any dimension, one or one a cell."""
    magnitude, unit = split_quantity(value, what)
    found = unit.to_si(np.asarray(magnitude, np.float64))
    if found.ndim > 1 or found.size == 0:
        raise ShapeError(
            f"{what} is one value, or one for each cell", given=f"values of shape {found.shape}"
        )
    _finite(found, what)
    return (float(found) if found.ndim == 0 else read_only(found)), unit


def _same_unit(value: Any, unit: Unit, what: str) -> Amount:
    """Read a second value of a current, of the dimension of the first."""
    found, own = _amount(value, what)
    if own.dimension != unit.dimension and not np.all(np.asarray(found) == 0):
        raise UnitError(
            f"{what} is not of the dimension of the value before it",
            expected=f"{describe(unit.dimension)}, in {unit.text}",
            given=f"{value} ({describe(own.dimension)})",
        )
    return found


def _time(value: Any, function: str, argument: str, paste: str) -> float:
    found = to_si(value, _SECOND, what=f"{function}: {argument}", paste=paste)
    if not isinstance(found, float):
        raise ShapeError(f"{function}: {argument} is one time", given=str(value))
    return found


def _length(duration: Any, method: str) -> float:
    """Read how long a current is looked at."""
    length = _time(duration, method, "duration", f"{method}(100*ms)")
    if not 0.0 < length < math.inf:
        raise WiringError(f"{method}: the duration is not a positive time", given=str(duration))
    return length


def _span(start: Any, stop: Any, function: str) -> tuple[float, float | None]:
    """Read start and stop; a start of plain 0 is the default."""
    paste = f"rb.stimuli.{function}(..., start=10*ms, stop=60*ms)"
    begin = 0.0 if isinstance(start, float) and start == 0.0 else (
        _time(start, function, "start", paste)
    )  # fmt: skip
    end = None if stop is None else _time(stop, function, "stop", paste)
    if not math.isfinite(begin) or (end is not None and not end > begin):
        raise WiringError(
            f"{function}: stop is not after start",
            given=f"start={milliseconds(begin)}, stop={milliseconds(end or 0.0)}",
            mend=f"write {paste}",
        )
    return begin, end


_TIMES = ("start", "stop", "period", "width", "tau", "interval")


def _call(shape: Shape, unit: Unit) -> str:
    """Write a shape as the call that makes it."""
    shown = []
    for entry in sorted(fields(shape), key=lambda entry: entry.name not in shape.scales):
        value = getattr(shape, entry.name)
        if value is None or (np.ndim(value) == 0 and value == 0 and entry.name != "amplitude"):
            continue
        if np.ndim(value):
            text = f"<{' x '.join(map(str, np.shape(value)))} values>"
        elif isinstance(value, bool) or entry.name == "factor":
            text = f"{value}"
        elif entry.name in _TIMES:
            text = milliseconds(value)
        elif entry.name in shape.scales:
            number = f"{unit.from_si(value):.9g}"
            text = number if unit.text == "1" else f"{number}*{unit.text}"
        else:
            text = f"{value:.9g}" + ("*Hz" if entry.name == "frequency" else "")
        shown.append(f"{entry.name}={text}")
    return f"{shape.name}({', '.join(shown)})"
