"""Candidates under the stimuli of recordings: one network, a cell for each of each."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from rheobase.errors import RheobaseWarning, UserError, WiringError
from rheobase.fitting.fitted_cell import Fitted, FittedCell, in_order
from rheobase.fitting.losses import Loss, Sweeps
from rheobase.fitting.recording import Floats, Recording
from rheobase.fitting.space import Space
from rheobase.network.currents import step
from rheobase.simulation import Network, NotFiniteError
from rheobase.units import Dimension, Unit, parse_unit, quantity, to_si

_SECOND = Dimension(second=1.0)
_PER_AREA = parse_unit("uA/cm**2").dimension
#: How long models that begin at rest settle, if nothing is said [s].
USUAL_SETTLE = 0.1

#: Samples that are kept at a time, of all candidates; more are run one lot after another.
MOST_SAMPLES = 20_000_000


Backend: TypeAlias = Literal["numba", "interpreter"]


@dataclass(frozen=True, eq=False)
class Setting:
    """How candidates are run.

    Attributes
    ----------
    model : Model or FittedCell
        Of every cell.
    space : Space
        What differs between them.
    variable, input : str
        What was recorded, and where the stimulus goes.
    dt : float
        Step [s].
    settle : float
        How long every cell runs before time 0 [s].
    holding : bool
        Whether it gets the first value of its stimulus then, or nothing.
    seed : int
        Of the noise of a model that has some.
    threads : int
    backend : str or None
        As for `Network.run`.
    """

    model: Fitted
    space: Space
    variable: str
    input: str
    dt: float
    settle: float
    holding: bool
    seed: int
    threads: int
    backend: Backend | None

    def network(self, recordings: Sequence[Recording], values: Floats) -> tuple[Network, Any]:
        """Return a network of one cell for each candidate and recording, and what is recorded.

        Cell c*R + r is candidate c under recording r; `values` are of shape (candidates,
        parameters), in SI units.
        """
        several = len(recordings)
        before = f"{-self.settle!r} second"
        net = Network(dt=f"{self.dt!r} second", seed=self.seed, start=before)
        count = values.shape[0] * several
        columns = {name: (np.repeat(column, several), unit) for name, unit, column
                   in zip(self.space.names, self.space.units, values.T, strict=True)}  # fmt: skip
        cells: Any
        if isinstance(self.model, FittedCell):
            whole = net.add(self.model.cell, count, name="cells")
            for name in in_order(columns):
                self.model.set_on(whole, name, *columns[name])
            cells = self.model.place_on(whole)
        else:
            cells = net.add(self.model, count, name="cells")
            for name, (column, unit) in columns.items():
                setattr(cells, name, quantity(column, unit))
        for place, recording in enumerate(recordings):
            shown = cells[place::several]
            net.inject(shown, recording.stimulus, to=self.input)
            if self.settle and self.holding:
                first = quantity(recording.first_value, recording.stimulus.unit)
                net.inject(shown, step(first, start=before, stop="0 second"), to=self.input)
        return net, cells

    def steps_of(self, recordings: Sequence[Recording]) -> int:
        """Return how many steps it takes to settle and to run the longest recording."""
        longest = self.settle + max(recording.stop for recording in recordings)
        return int(np.ceil(longest / self.dt - 1e-6))

    def losses(self, recordings: Sequence[Recording], loss: Loss, values: Floats) -> Floats:
        """Return the loss of each candidate under each recording, shape (candidates, recordings).

        Infinite where a cell's state became none.
        """
        samples = sum(_sampled(one) for one in recordings) if loss.needs_voltage else 1
        lot = max(1, MOST_SAMPLES // samples)
        with warnings.catch_warnings():
            # What is odd about a candidate (it has no rest, it begins above threshold) is no news.
            warnings.simplefilter("ignore", RheobaseWarning)
            rows = [
                self._lot(recordings, loss, values[first : first + lot])
                for first in range(0, len(values), lot)
            ]
        return np.concatenate(rows)

    def _lot(self, recordings: Sequence[Recording], loss: Loss, values: Floats) -> Floats:
        """Return the losses of candidates that are run together."""
        try:
            sweeps = self.run(recordings, values, loss.needs_voltage)
        except NotFiniteError:
            if len(values) == 1:
                return np.full((1, len(recordings)), np.inf)
            # Few candidates blow up: halves find them in few runs.
            half = len(values) // 2
            parts = (values[:half], values[half:])
            return np.concatenate([self._lot(recordings, loss, part) for part in parts])
        columns = [loss(one, found) for one, found in zip(recordings, sweeps, strict=True)]
        found = np.stack(columns, axis=1)
        return np.where(np.isnan(found), np.inf, found)

    def run(self, recordings: Sequence[Recording], values: Floats, voltage: bool) -> list[Sweeps]:
        """Run candidates, and return what they did under each recording.

        Parameters
        ----------
        recordings : sequence of Recording
        values : ndarray, shape (candidates, parameters)
            In SI units.
        voltage : bool
            Whether to keep the recorded variable.

        Raises
        ------
        NotFiniteError
            A state of one of them became nan or infinite.
        """
        net, cells = self.network(recordings, values)
        several = len(recordings)
        for place, recording in enumerate(recordings):
            if voltage and np.isfinite(recording.dt):
                ratio = recording.dt / self.dt
                every = round(ratio) if abs(ratio - round(ratio)) < 1e-6 else 1
                net.record(cells[place::several], self.variable, name=f"sweep {place}",
                           every=f"{every * self.dt!r} second")  # fmt: skip
        duration = f"{self.steps_of(recordings) * self.dt!r} second"
        result = net.run(duration, threads=self.threads, backend=self.backend, progress=False)
        trains = self._trains(result, len(values) * several)
        return [
            Sweeps(
                self._voltage(result, place, recording) if voltage else None,
                [recording.inside(train) for train in trains[place::several]],
            )
            for place, recording in enumerate(recordings)
        ]

    def _trains(self, result: Any, size: int) -> list[Floats]:
        if self.model.threshold is None:
            return [np.empty(0)] * size
        spikes = result.spikes["cells"]
        order = np.argsort(spikes.ids, kind="stable")
        edges = np.searchsorted(spikes.ids[order], np.arange(1, size))
        return np.split(spikes.times[order], edges)

    def _voltage(self, result: Any, place: int, recording: Recording) -> Floats | None:
        """Return the variable at the samples of a recording, (candidates, samples) in SI units."""
        if not np.isfinite(recording.dt) or not recording.times.size:
            return None
        data = result.traces.data(f"sweep {place}")
        times = recording.times[recording.samples_inside()]
        values = self.model.unit_of(self.variable).to_si(data.values[self.variable].T)
        apart = (data.times[1] - data.times[0]) if data.times.size > 1 else self.dt
        position = np.clip((times - data.times[0]) / apart, 0, data.times.size - 1)
        left = np.minimum(np.floor(position + 1e-6).astype(int), data.times.size - 1)
        share = position - left
        if np.all(np.abs(share) < 1e-6):
            return np.ascontiguousarray(values[:, left])
        right = np.minimum(left + 1, data.times.size - 1)
        return np.asarray(values[:, left] * (1 - share) + values[:, right] * share)


def at_rest(model: Fitted, settle: Any, dt: float, fixed: bool = False) -> tuple[Fitted, float]:
    """Return a model for candidates, and how long they settle, a multiple of dt [s].

    A model that begins at rest has another rest for all parameters, and to look for each is slow.
    Candidates begin at that of the model as given, and settle into their own by running; without
    time to settle, they begin at their own, unless `fixed` says they must not.
    """
    resting = model.initial == "rest"
    if settle is None:
        length = USUAL_SETTLE if resting else 0.0
    else:
        paste = "fit_parameters(..., settle=200*ms)"
        asked = to_si(settle, _SECOND, what="fit_parameters: settle", paste=paste)
        if not (isinstance(asked, float) and 0 <= asked < np.inf):
            raise UserError("fit_parameters: settle is not one time, 0 or more", given=str(settle))
        length = asked
    length = int(np.ceil(length / dt - 1e-6)) * dt
    if isinstance(model, FittedCell):  # which begins at one voltage, whatever its parameters are
        return model, length
    if not resting or (not length and not fixed):
        return model, length
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RheobaseWarning)
        cell = Network().add(model, name="cells")
        return model(initial={e.name: getattr(cell, e.name)[0] for e in model.differential}), length


def _sampled(recording: Recording) -> int:
    return max(recording.times.size, 1)


def step_of(dt: Any, recordings: Sequence[Recording]) -> float:
    """Return the step of the simulation: the one given, or 0.05 ms if samples are no closer.

    Raises
    ------
    UserError
        It is no time above 0.
    """
    if dt is None:
        known = [one.dt for one in recordings if np.isfinite(one.dt)]
        if not known:
            return 0.05e-3
        # So that samples fall on steps: the sampling interval divided by a whole number.
        shortest = min(known)
        return shortest / max(1, int(np.ceil(shortest / 0.05e-3 - 1e-6)))
    paste = "fit_parameters(..., dt=0.05*ms)"
    found = to_si(dt, _SECOND, what="fit_parameters: dt", paste=paste)
    if not (isinstance(found, float) and 0 < found < np.inf):
        raise UserError("fit_parameters: dt is not one time above 0", given=str(dt))
    return found


def input_of(model: Fitted, given: str | None, recordings: Sequence[Recording]) -> str:
    """Return which input of a model the stimuli go to.

    Raises
    ------
    WiringError
        There is none, it is open which one is meant, or it has another unit than a stimulus.
    """
    inputs = [e.name for e in model.inputs]
    if not inputs:
        raise WiringError(
            f"fit_parameters: {model.name} has no input variable for the stimuli",
            mend="declare one in the equations, `I : pA (input)`, and read it there",
        )
    if given is None and len(inputs) > 1:
        raise WiringError(
            f"fit_parameters: {model.name} has several inputs; say which the stimuli go to",
            expected=f"one of: {', '.join(inputs)}",
            mend=f'write fit_parameters(..., to="{inputs[0]}")',
        )
    name = inputs[0] if given is None else given
    if name not in inputs:
        raise WiringError(
            f"fit_parameters: {model.name} has no input {name!r}",
            mend=f"it has: {', '.join(inputs)}",
        )
    unit = model.unit_of(name)
    for place, recording in enumerate(recordings):
        if recording.stimulus.dimension != unit.dimension:
            raise WiringError(
                f"fit_parameters: the stimulus of recording {_called(recording, place)} does not "
                f"fit the input {name} of {model.name}",
                expected=_in(unit),
                given=_in(recording.stimulus.unit),
                mend="for a patch of membrane, say the area: recording.per_area(20_000*um**2)"
                if unit.dimension == _PER_AREA
                else f"give the stimulus as {_in(unit)}",
            )
    return name


def _in(unit: Unit) -> str:
    return "plain numbers" if unit.text == "1" else f"values in {unit.text}"


def variable_of(model: Fitted, name: str, recordings: Sequence[Recording], voltage: bool) -> str:
    """Return the variable of the model that was recorded, if voltages are looked at.

    Raises
    ------
    WiringError
        The model has no such variable, it has another dimension, or nothing was recorded.
    """
    if not voltage:
        return name
    observed = [e.name for e in (*model.differential, *model.subexpressions)]
    if name not in observed:
        raise WiringError(
            f"fit_parameters: {model.name} has no variable {name!r} to compare with the recordings",
            expected=f"one of: {', '.join(observed)}",
            mend=f'write fit_parameters(..., variable="{observed[0] if observed else "v"}")',
        )
    unit = model.unit_of(name)
    for place, recording in enumerate(recordings):
        if not recording.times.size:
            raise WiringError(
                f"fit_parameters: recording {_called(recording, place)} has no voltage, "
                "and the loss compares voltages",
                mend='choose a loss of spikes: loss="van_rossum"',
            )
        if recording.dimension != unit.dimension:
            raise WiringError(
                f"fit_parameters: recording {_called(recording, place)} is not of the dimension "
                f"of {name} of {model.name}",
                expected=_in(unit),
                given=_in(recording.measured_unit),
                mend="give what was recorded in that unit, as a plain number if need be",
            )
    return name


def _called(recording: Recording, place: int) -> str:
    return repr(recording.name) if recording.name else str(place)
