"""Exponentials peeled from a decay, the slowest first."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.analysis.voltages import samples_of
from rheobase.errors import UserError
from rheobase.units import UNITS, parse_unit, quantity, to_si

Floats: TypeAlias = NDArray[np.float64]

_CALL = "rb.analysis.peel"
_WINDOW = (1e-3, 1e-2)
_FEWEST = 3
"""Samples a line is laid through, at least."""


class ExponentialTerm(NamedTuple):
    """One term of a decay, amplitude*exp(-t/tau).

    Attributes
    ----------
    amplitude : quantity
        At the first sample.
    tau : quantity
    """

    amplitude: Any
    tau: Any


def peel(
    trace: Any,
    terms: int = 2,
    *,
    dt: Any = None,
    baseline: Any = None,
    window: tuple[float, float] = _WINDOW,
) -> list[ExponentialTerm]:
    """Return the exponentials a decay is the sum of, the slowest first, by peeling.

    v - baseline = sum of a_n exp(-t/tau_n). When the others have died away the slowest is a
    straight line of the logarithm: it is fitted there by least squares, subtracted, and so on
    with what is left. Of a cable the slowest is the membrane time constant and the next ones say
    how long it is: of a uniform cylinder with sealed ends tau_n = tau_0/(1 + (n pi lambda/l)**2)
    (W. Rall, Biophysical Journal 9, 1483 (1969)). Noise ends it soon: after the first or second.

    Parameters
    ----------
    trace : DataArray, quantity or array
        A voltage over time, from the end of a pulse on; of one cell. An array in mV.
    terms : int
        How many to look for; fewer are found where nothing is left.
    dt : quantity, optional
        The interval of the samples, of what is no DataArray.
    baseline : quantity, optional
        Where it decays to; the last sample if not given.
    window : (float, float)
        Between which fractions of what is left a line is laid; of a noisy trace, higher ones.

    Returns
    -------
    list of ExponentialTerm

    Raises
    ------
    UserError, ShapeError, UnitError
        It does not decay so far, or these are no samples of one voltage.

    Examples
    --------
    >>> slow, fast = rb.analysis.peel(result.traces["cells"].v[400:, 0], baseline=-70*mV)
    """
    if isinstance(terms, bool) or not isinstance(terms, (int, np.integer)) or terms < 1:
        raise UserError(f"{_CALL}: terms is a whole number, 1 or more", given=repr(terms))
    low, high = window
    if not 0 < low < high < 1:
        raise UserError(
            f"{_CALL}: the window is two fractions, the smaller first",
            given=repr(window),
            mend="write window=(0.01, 0.1)",
        )
    found = samples_of(trace, dt, _CALL)
    if len(found.columns) != 1:
        raise UserError(
            f"{_CALL}: the trace is of {len(found.columns)} cells, and one is meant",
            mend='choose one: result.traces["cells"].v[:, 0]',
        )
    (v,) = found.columns
    unit = parse_unit(found.unit)
    rest = v[-1]
    if baseline is not None:
        held = to_si(baseline, unit.dimension, what=f"{_CALL}: baseline", paste="baseline=-70*mV")
        rest = unit.from_si(float(np.asarray(held)))
    away = v - rest
    sign = 1.0 if away[0] >= 0 else -1.0
    parts = peel_samples(found.times, sign * away, int(terms), _CALL, window)
    return [ExponentialTerm(quantity(sign * unit.to_si(a), unit), quantity(tau, UNITS["ms"]))
            for a, tau in parts]  # fmt: skip


def peel_samples(
    times: Floats,
    values: Floats,
    terms: int,
    call: str,
    window: tuple[float, float] = _WINDOW,
) -> list[tuple[float, float]]:
    """Return amplitudes, at the first time, and time constants [s], of a decay from above to 0."""
    left, t = values.copy(), times - times[0]
    found: list[tuple[float, float]] = []
    for number in range(terms):
        line = _line(t, left, window)
        if line is None:
            break
        found.append(line)
        amplitude, tau = line
        left = left - amplitude * np.exp(-t / tau)
        if number == 0:
            # what is left behind the line is its error
            end = int(np.argmax(values <= window[1] * values[0]))
            left, t = left[:end], t[:end]
    if not found:
        raise UserError(
            f"{call}: v does not decay to {window[0]:.3g} of where it begins",
            given=f"{1e3 * (times[-1] - times[0]):.6g} ms, at the end {values[-1] / values[0]:.3g} "
            "of it" if values[0] > 0 else "nothing to decay from",
            mend="watch it for longer, or take a higher window=(0.01, 0.1)"
            if call == _CALL
            else "watch it for longer: duration=2*second",
        )  # fmt: skip
    return found


def _line(t: Floats, left: Floats, window: tuple[float, float]) -> tuple[float, float] | None:
    """Return amplitude and time constant of a line through the logarithm; None without one."""
    if not left.size or not left[0] > 0:
        return None
    low, high = window[0] * left[0], window[1] * left[0]
    below = np.flatnonzero(left < low)
    last = int(below[0]) if below.size else left.size
    above = np.flatnonzero(left[:last] > high)
    first = int(above[-1]) + 1 if above.size else 0
    if not below.size or last - first < _FEWEST:
        return None
    slope, height = np.polyfit(t[first:last], np.log(left[first:last]), 1)
    return (float(np.exp(height)), float(-1.0 / slope)) if slope < 0 else None
