"""What an error check found: differences in traces, spike times and rates, as sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Spikes: TypeAlias = tuple[Floats, NDArray[Any]]

MATCHED_WITHIN = 5e-3
"""Seconds: spikes of a cell further apart are not the same spike."""
LARGE = 0.05
"""Of a trace's range: an error that is warned of."""
NEGLIGIBLE = 1e-5
"""Of a trace's range: an error whose order of convergence does not matter."""
UNFIT = 0.7
"""By how much less than its method's the order of convergence may be."""


@dataclass(frozen=True)
class Observed:
    """What one of the runs left.

    Attributes
    ----------
    spikes : dict of str to (times, ids)
    traces : dict of (recording, variable) to (values, unit)
    stopped : str
        What ceased to be finite, "" if nothing did.
    """

    spikes: dict[str, Spikes]
    traces: dict[tuple[str, str], tuple[Floats, str]]
    stopped: str = ""


@dataclass(frozen=True)
class TraceError:
    """How a recorded variable differs from that at half the step.

    Attributes
    ----------
    max, rms : float
        Of the difference, in `unit`.
    range : float
        Largest less smallest value of the trace, in `unit`.
    unit : str
    order : float or None
        The measured order of convergence before the first spike: log2 of how much less dt/2 and
        dt/4 differ than dt and dt/2. None where there is nothing to be measured.
    expected : float or None
        The order of the method; None if it is exact.
    """

    max: float
    rms: float
    range: float
    unit: str
    order: float | None
    expected: float | None

    @property
    def fraction(self) -> float:
        """The rms difference as a fraction of the trace's range."""
        return self.rms / self.range if self.range > 0 else float(self.rms > 0)


@dataclass(frozen=True)
class SpikeError:
    """How the spikes of a population differ from those at half the step.

    Attributes
    ----------
    count, finer_count : int
        At dt and at dt/2.
    matched : int
        Spikes of one cell within 5 ms in both.
    mean, max : float
        Of the time between matched spikes [s].
    rate, finer_rate : float
        Spikes a cell and second [Hz].
    """

    count: int
    finer_count: int
    matched: int
    mean: float
    max: float
    rate: float
    finer_rate: float

    @property
    def rate_differs(self) -> bool:
        """Whether the rates differ by more than 5 % and more than chance may explain."""
        apart = abs(self.count - self.finer_count)
        most = max(self.count, self.finer_count)
        return apart > LARGE * most and apart > 3 * math.sqrt(most)


@dataclass(frozen=True)
class ErrorCheck:
    """What repeating a stretch of a run at dt/2 showed; prints as sentences.

    Attributes
    ----------
    start, duration, dt : float
        The stretch, and the step of the run [s].
    traces : dict of (recording, variable) to TraceError
    spikes : dict of str to SpikeError
        By population.
    stopped : tuple of str
        What ceased to be finite at dt, dt/2 and dt/4; "" where nothing did.
    held_draws : tuple of str
        Populations whose equations draw `rand()` or `randn()`, which are held over dt.
    """

    start: float
    duration: float
    dt: float
    traces: dict[tuple[str, str], TraceError]
    spikes: dict[str, SpikeError]
    stopped: tuple[str, ...] = ()
    held_draws: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is nothing to warn of."""
        return not self.warnings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the step or the method unfit, as sentences."""
        found = [
            f"{what} is not finite at {'dt' if n == 0 else f'dt/{2**n}'}"
            for n, what in enumerate(self.stopped)
            if what
        ]
        smaller = f"dt={self.dt * 1e3 / 2:.6g}*ms"
        for (name, variable), error in self.traces.items():
            where = f"{variable} of {name!r}"
            if error.fraction > LARGE:
                found.append(
                    f"{where} differs by {100 * error.fraction:.2g} % of its range (rms) from the "
                    f"run at half the step; try {smaller}, or look at rates only: single traces "
                    "of a chaotic network part at any step"
                )
            if _unfit(error):
                found.append(
                    f"{where} converges with order {error.order:.2g}, its method promises "
                    f"{error.expected:g}: the step is too long for these equations, or they jump; "
                    f"try {smaller} or another method"
                )
        for name, spikes in self.spikes.items():
            if spikes.rate_differs:
                found.append(
                    f"{name!r} fires at {spikes.rate:.4g} Hz, and at {spikes.finer_rate:.4g} Hz at "
                    f"half the step; try {smaller}"
                )
        return tuple(found)

    def __str__(self) -> str:
        lines = [
            f"{self.start * 1e3:.6g} to {(self.start + self.duration) * 1e3:.6g} ms at "
            f"dt = {self.dt * 1e3:.6g} ms beside half of it, with the same noise:"
        ]
        lines += [_trace_line(*key, error) for key, error in self.traces.items()]
        lines += [_spike_line(name, error) for name, error in self.spikes.items()]
        lines += [
            f"rand() and randn() of {name!r} are held over dt in all runs: if they stand for "
            "white noise, write xi"
            for name in self.held_draws
        ]
        lines += [f"Warning: {text}." for text in self.warnings]
        return "\n".join(lines)

    __repr__ = __str__


def _unfit(error: TraceError) -> bool:
    return (
        error.fraction > NEGLIGIBLE
        and error.order is not None
        and error.expected is not None
        and error.order < error.expected - UNFIT
    )


def _trace_line(name: str, variable: str, error: TraceError) -> str:
    unit = "" if error.unit == "1" else f" {error.unit}"
    order = "" if error.order is None else f"; order of convergence {error.order:.2g}"
    return (
        f"{variable} of {name!r} differs by {error.rms:.3g}{unit} (rms), at most "
        f"{error.max:.3g}{unit}, {100 * error.fraction:.2g} % of its range{order}."
    )


def _spike_line(name: str, error: SpikeError) -> str:
    if not error.count and not error.finer_count:
        return f"{name!r} does not spike."
    line = (
        f"{name!r} has {error.count} spikes, {error.finer_count} at half the step "
        f"({error.rate:.4g} and {error.finer_rate:.4g} Hz); {error.matched} match"
    )
    if error.matched:
        line += f", {error.mean * 1e3:.3g} ms apart on average, at most {error.max * 1e3:.3g} ms"
    return line + "."


# -- measuring ------------------------------------------------------------------------------


def compare_traces(
    traces: list[tuple[Floats, str]], quiet: NDArray[np.bool_], expected: float | None
) -> TraceError:
    """Compare one variable at dt, dt/2 and dt/4.

    Parameters
    ----------
    traces
        Values and unit at each; those of a run that stopped are shorter.
    quiet
        Which samples of the first come before any spike.
    expected
        The order of the method.
    """
    rows = min(len(values) for values, _ in traces)
    values = [held[:rows] for held, _ in traces]
    unit = traces[0][1]
    difference = values[0] - values[1]
    if not difference.size:
        return TraceError(0.0, 0.0, 0.0, unit, None, expected)
    spread = float(np.ptp(values[0]))
    before = quiet[:rows]
    order = _order(difference[before], (values[1] - values[2])[before], spread)
    return TraceError(
        float(np.max(np.abs(difference))), _rms(difference), spread, unit, order, expected
    )


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0


def _order(coarse: Floats, fine: Floats, spread: float) -> float | None:
    """Return the order of convergence, None where errors are rounding errors or too few."""
    here, there = _rms(coarse), _rms(fine)
    if len(coarse) < 10 or min(here, there) <= 1e-9 * spread or spread == 0:
        return None
    return math.log2(here / there)


def compare_spikes(one: Spikes, other: Spikes, size: int, duration: float) -> SpikeError:
    """Match the spikes of each cell in two runs."""
    apart = np.concatenate([
        _apart(one[0][one[1] == cell], other[0][other[1] == cell])
        for cell in np.union1d(one[1], other[1])
    ] or [np.zeros(0)])  # fmt: skip
    seconds = size * duration
    return SpikeError(
        one[0].size, other[0].size, apart.size, float(apart.mean()) if apart.size else 0.0,
        float(apart.max(initial=0.0)), one[0].size / seconds, other[0].size / seconds,
    )  # fmt: skip


def _apart(one: Floats, other: Floats) -> Floats:
    """Return the times between spikes of one cell that match, in order of time."""
    found = []
    i = j = 0
    while i < one.size and j < other.size:
        between = one[i] - other[j]
        if abs(between) <= MATCHED_WITHIN:
            found.append(abs(between))
            i, j = i + 1, j + 1
        elif between < 0:
            i += 1
        else:
            j += 1
    return np.array(found, np.float64)
