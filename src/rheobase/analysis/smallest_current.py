"""The rheobase: the smallest constant current, or pulse, that evokes spikes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.analysis.constant_input import Floats, Trial, trial
from rheobase.analysis.pasting import model_text, numbers_text, values_text
from rheobase.errors import UserError, WiringError
from rheobase.results import SpikeTrains
from rheobase.simulation import NotFiniteError
from rheobase.simulation.clock import one_time
from rheobase.units import quantity, to_si

CALL = "rb.analysis.rheobase"
_RELATIVE = 1e-3
"""The tolerance if none is given, as a fraction of the result."""
_CELLS = 24
"""Currents tried at once."""
_DECADES = ((-3, 0), (0, 3), (3, 6))
"""Where currents are looked for, as powers of ten of the unit of the equation."""
_ROUNDS = 40


def rheobase(
    model: Any,
    spikes: int = 1,
    duration: Any = "1 second",
    tolerance: Any = None,
    dt: Any = "0.01 ms",
    method: str | None = None,
    input: str | None = None,
    *,
    pulse: Any = None,
    at: Any = None,
    initial: Any = "rest",
    seed: int = 0,
    backend: str | None = None,
) -> Any:
    """Return the smallest constant current that evokes so many spikes in a time, from rest.

    The current is on from the first step. Many currents are tried at once, each in a cell of its
    own: first a wide range, then again and again what lies between the largest current that is
    too weak and the smallest that is not. A cell that fires without a current has a negative
    rheobase. The result is a current that did evoke the spikes, no more than the tolerance above
    one that did not.

    Parameters
    ----------
    model : Model or Cell
        With a threshold and an input variable; or a cell with a morphology.
    spikes : int
        How many spikes are asked for. Many in a long time ask for sustained firing: the
        Hodgkin-Huxley model answers 2.2404 uA/cm**2 with a single spike, from 6.26 uA/cm**2 on it
        fires without end.
    duration : quantity
        The time they have to occur in.
    tolerance : quantity, optional
        How far the result may be above the smallest current; a thousandth of it if not given.
    dt : quantity
        Step.
    method : str, optional
        Another integrator than the model's.
    input : str, optional
        Which input variable, if there are several; or a parameter to be varied in its place.
    pulse : quantity, optional
        For how long the current is on; all the time if not given. The smallest current of a pulse
        over its width is the strength-duration curve, see `strength_duration`.
    at : str or dict, optional
        Of cells with a morphology: where the current is injected, "soma" or what `cells.at` takes,
        dict(region="dendrite", fraction=0.5). The middle of the soma if not given, or the
        beginning of the first section.
    initial : "rest", mapping or None
        Where the cells begin: at the stable fixed point without input (as the model says where
        that lies above the threshold); at values of states as for `Model`; or, None, as the
        model says. Cells with a morphology begin at their steady state, or, None, at -65 mV.
    seed : int
        Of the noise, if there is any: the current found is then that for one sample of it.
    backend : "numba" or "interpreter"
        As for `Network.run`.

    Returns
    -------
    quantity
        In the unit of the input.

    Raises
    ------
    UserError
        No current up to a million units of the input evokes so many spikes, or the state becomes
        nan before one does; the message says what was seen.
    UnitError, WiringError, UnknownNameError
        The tolerance is no current, the model does not spike, or it is open which input is meant.

    Examples
    --------
    >>> rb.analysis.rheobase(rb.models.LIF)                     # (V_T - E_L)*C_m/tau_m = 375 pA
    """
    setup = trial(
        model, call=CALL, input=input, duration=duration, dt=dt, method=method, initial=initial,
        seed=seed, backend=backend, at=at,
    )  # fmt: skip
    if isinstance(spikes, bool) or not isinstance(spikes, (int, np.integer)) or spikes < 1:
        raise UserError(
            f"{CALL}: spikes is a whole number, 1 or more", given=repr(spikes),
            mend=f"write {CALL}({model_text(setup.model)}, spikes=1)",
        )  # fmt: skip
    close = _closeness(setup, tolerance)
    width = None if pulse is None else pulse_width(setup, pulse, CALL)
    return quantity(Search(setup, int(spikes), width).smallest(close), setup.unit)


def pulse_width(setup: Trial, pulse: Any, call: str) -> float:
    """Return the width of a pulse on the grid [s], or refuse what is none."""
    width = one_time(pulse, "pulse", f"{call}({model_text(setup.model)}, pulse=1*ms)")
    step = one_time(setup.dt, "dt", f"{call}({model_text(setup.model)}, dt=0.01*ms)")
    if not setup.injected:
        raise WiringError(
            f"{call}: {setup.name} is a parameter; pulses are of a current",
            mend="leave out pulse=, or input=",
        )
    count = round(width / step)
    if count < 1:
        raise UserError(
            f"{call}: a pulse lasts for one step at least",
            given=f"{width * 1e3:g} ms, with steps of {step * 1e3:g} ms",
            mend=f"take a smaller step: dt={width * 1e2:g}*ms" if width > 0 else
            f"write pulse={step * 1e3:g}*ms",
        )  # fmt: skip
    return count * step


def _closeness(setup: Trial, tolerance: Any) -> Callable[[float], float]:
    """Return how close the search has to come at a current, in SI units."""
    if tolerance is None:
        return lambda current: _RELATIVE * max(abs(current), 1e-6 * setup.unit.scale)
    text = values_text(tolerance, setup.unit, numbers_text(0.001, setup.unit))
    paste = f"{CALL}({model_text(setup.model)}, tolerance={text})"
    width = to_si(tolerance, setup.unit.dimension, what=f"{CALL}: the tolerance", paste=paste)
    if not isinstance(width, float) or not 0 < width < np.inf:
        raise UserError(
            f"{CALL}: the tolerance is one current above 0", given=str(tolerance),
            mend=f"write {CALL}({model_text(setup.model)}, "
            f"tolerance={numbers_text(0.001, setup.unit)})",
        )  # fmt: skip
    return lambda current: width


@dataclass
class Search:
    """Currents tried so far: what the search knows.

    Attributes
    ----------
    setup : Trial
    spikes : int
        How many are asked for.
    width : float or None
        How long the current is on [s]; None: all the time.
    most : (int, float)
        The most spikes seen, and the current that evoked them.
    overflow : NotFiniteError or None
        What happened at the smallest current that was too strong for the step.
    """

    setup: Trial
    spikes: int
    width: float | None = None
    most: tuple[int, float] = (-1, 0.0)
    overflow: NotFiniteError | None = None

    def smallest(self, close: Callable[[float], float]) -> float:
        """Return a current that is enough, and no further than that above one that is not."""
        low, high = self.bracket()
        for _ in range(_ROUNDS):
            if high - low <= close(high) or np.nextafter(low, high) == high:
                break
            low, high = self.closer(low, high)
        return high

    def bracket(self) -> tuple[float, float]:
        """Return two currents, of which the larger evokes the spikes and the smaller does not."""
        scale, steps = self.setup.unit.scale, np.linspace(0, 1, _CELLS + 1)[1:]
        below = 0.0
        for first, last in _DECADES:
            values = scale * 10.0 ** (first + (last - first) * steps)
            if first == _DECADES[0][0]:
                values = np.concatenate([[0.0], values])
            values, counts = self.counts(values)
            enough = np.flatnonzero(counts >= self.spikes)
            if enough.size:
                place = int(enough[0])
                if values[place] == 0.0:
                    return self.negative_bracket()
                return (float(values[place - 1]) if place else below), float(values[place])
            if self.overflow is not None:
                break
            below = float(values[-1])
        raise self.not_found()

    def negative_bracket(self) -> tuple[float, float]:
        """Return two negative currents, for a cell that fires without one."""
        scale, steps = self.setup.unit.scale, np.linspace(0, 1, _CELLS + 1)[1:]
        above = 0.0
        for first, last in _DECADES:
            values, counts = self.counts(-scale * 10.0 ** (first + (last - first) * steps))
            silent = np.flatnonzero(counts < self.spikes)
            if silent.size:
                place = int(silent[0])
                return float(values[place]), float(values[place - 1]) if place else above
            if self.overflow is not None:
                break
            above = float(values[-1])
        name = self.setup.model.name
        raise UserError(
            f"{CALL}: {name} spikes {self.spikes} times in {self.setup.duration} without a current,"
            f" and still at {self.setup.written(above)}: there is no smallest current",
            mend=f"ask for more spikes: {CALL}({model_text(self.setup.model)}, "
            f"spikes={max(50, 10 * self.spikes)})",
        )

    def closer(self, low: float, high: float) -> tuple[float, float]:
        """Return the bracket again, narrowed by trying the currents inside."""
        inside = np.linspace(low, high, _CELLS + 2)
        values, counts = self.counts(inside[1:-1])
        if values.size < _CELLS:
            raise self.not_found()
        enough = np.flatnonzero(counts >= self.spikes)
        place = int(enough[0]) if enough.size else _CELLS
        return float(inside[place]), float(inside[place + 1])

    def counts(self, values: Floats) -> tuple[Floats, np.ndarray]:
        """Return the spikes each current evokes; strong ones are left out where they overflow."""
        while values.size:
            try:
                widths = None if self.width is None else np.full(values.size, self.width)
                trains = self.setup.run(values, widths)
            except NotFiniteError as error:
                self.overflow = error
                if values[error.cell] == 0.0:
                    raise
                values = values[np.abs(values) < abs(values[error.cell])]
                continue
            counts = _counts(trains)
            best = int(np.argmax(counts))
            if counts[best] > self.most[0]:
                self.most = int(counts[best]), float(values[best])
            return values, counts
        return values, np.zeros(0, np.int64)

    def not_found(self) -> UserError:
        """Return the error for a search that found no current."""
        most, at = self.most
        name, time = self.setup.model.name, self.setup.duration
        plural = "" if self.spikes == 1 else "s"
        seen = f"at most {most}, at {self.setup.written(at)}" if most > 0 else "none"
        if self.overflow is not None:
            return UserError(
                f"{CALL}: no current evokes {self.spikes} spike{plural} of {name} in {time} before "
                "its state overflows",
                given=f"{str(self.overflow).splitlines()[0]}; spikes seen: {seen}",
                mend="take a smaller step, or another method: "
                f"{CALL}({model_text(self.setup.model)}, dt=0.001*ms)",
            )
        what = "constant current" if self.width is None else f"pulse of {self.width * 1e3:g} ms"
        highest = 10.0 ** _DECADES[-1][1] * self.setup.unit.scale
        return UserError(
            f"{CALL}: no {what} up to {self.setup.written(highest)} evokes "
            f"{self.spikes} spike{plural} of {name} in {time}",
            given=f"spikes seen: {seen}",
            mend="allow more time, or ask for fewer spikes: "
            f"{CALL}({model_text(self.setup.model)}, spikes=1, duration=5*second)",
        )


def _counts(trains: SpikeTrains) -> np.ndarray:
    return np.array([times.size for times in trains])
