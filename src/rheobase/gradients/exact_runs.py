"""What a loss sees of a run from event to event, and its derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.gradients.event_tables import Part
from rheobase.gradients.exact_events import EventBars, EventRun
from rheobase.gradients.tracked import Tracked, check_finite, detach, gradients_of
from rheobase.simulation.values import NoSuchVariableError

Array = np.ndarray[Any, Any]


class SpikeTimes(Sequence[Any]):
    """Spike times of a population, cell by cell: `spike_times[3]` is a tracked array [s]."""

    def __init__(self, times: Tracked, ids: Array, size: int) -> None:
        self._times, self._ids, self._size = times, ids, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, cell: Any) -> Any:
        if not -self._size <= cell < self._size:
            raise IndexError(f"cell {cell} of {self._size}")
        return self._times[np.flatnonzero(self._ids == cell % self._size)]


class ExactCells:
    """A population in a run from event to event, as a loss sees it.

    Variables are attributes: `run["cells"].v` has shape (steps + 1, cells), the exact values at 0,
    dt, 2 dt ... to the end, in the unit of the equation (as traces of a result).

    Attributes
    ----------
    times : Tracked, shape (spikes,)
        Times of all spikes, in order [s].
    ids : ndarray
        The cell of each.
    counts : ndarray, shape (cells,)
        How many spikes each cell has; whole numbers, without a derivative.
    spike_times : sequence of Tracked
        Times cell by cell [s].
    """

    def __init__(self, run: EventRun, part: Part, size: int) -> None:
        self._run, self._part, self._size = run, part, size
        self.ids = part.ids
        self.times = Tracked(part.times + run.plan.start)
        self.counts = np.bincount(part.ids, minlength=size)
        self._variables: dict[str, tuple[Tracked, float]] = {}

    @property
    def spike_times(self) -> SpikeTimes:
        """Times cell by cell [s]."""
        return SpikeTimes(self.times, self.ids, self._size)

    def first_spikes(self, missing: float | None = None) -> Any:
        """Return the time of the first spike of each cell [s], shape (cells,).

        Parameters
        ----------
        missing : float, optional
            What stands for cells without a spike; the end of the run unless said. It is a constant.
        """
        end = self._run.plan.start + self._run.end if missing is None else missing
        found, first = np.unique(self.ids, return_index=True)
        if not found.size:
            return np.full(self._size, end)
        place = np.zeros(self._size, np.int64)
        place[found] = first
        return np.where(self.counts > 0, self.times[place], end)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        courses = self._part.courses
        states = () if courses is None else courses.states
        if name not in states:
            meant = did_you_mean(name, (*states, "times", "spike_times", "first_spikes", "counts"))
            raise NoSuchVariableError(
                f"{self._part.name!r} has no {name!r} in a run from event to event",
                expected=", ".join((*states, "times", "spike_times", "first_spikes", "counts")),
                mend=f"did you mean {meant}?" if meant else "",
            )
        if name not in self._variables:
            scale = self._part.units[name]
            values = self._run.variables(self._part.name, name) / scale
            self._variables[name] = Tracked(values), scale
        return self._variables[name][0]


class ExactRun(Mapping[str, ExactCells]):
    """A run from event to event, as a loss sees it: `run["cells"]`, by name or population.

    Attributes
    ----------
    times : ndarray, shape (steps + 1,)
        The times of samples of variables, in ms.
    dt : float
        From one to the next, in ms.
    """

    def __init__(self, run: EventRun) -> None:
        self.dt = run.plan.dt * 1e3
        self.times = (run.plan.start + np.arange(run.steps + 1) * run.plan.dt) * 1e3
        self._cells = {part.name: ExactCells(run, part, run.sizes[part.name]) for part in run.parts}

    def __getitem__(self, population: Any) -> ExactCells:
        name = getattr(population, "name", population)
        if name not in self._cells:
            meant = did_you_mean(str(name), self._cells)
            raise UnknownNameError(
                f"the run has no population {name!r}",
                expected=", ".join(self._cells),
                mend=f"did you mean {meant}?" if meant else "",
            )
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


def differentiate(
    run: EventRun, loss: Callable[[ExactRun], Any], wanted: Mapping[str, Sequence[str]]
) -> tuple[float, EventBars]:
    """Value of a loss of a run, and its derivatives by everything the run depends on.

    Parameters
    ----------
    run
        The run.
    loss
        A function of an `ExactRun`, written in NumPy.
    wanted
        By population, the parameters whose derivatives are wanted.

    Returns
    -------
    value : float
    bars : EventBars
        In SI units.
    """
    seen = ExactRun(run)
    result = loss(seen)
    times = [cells.times for cells in seen.values()]
    samples = {
        (name, variable): tracked
        for name, cells in seen.items()
        for variable, tracked in cells._variables.items()
    }
    bars = gradients_of(result, [*times, *(tracked for tracked, _ in samples.values())])
    spikes = dict(zip(seen, bars, strict=False))
    variables = {
        key: bar / scale
        for (key, (_, scale)), bar in zip(samples.items(), bars[len(times) :], strict=True)
    }
    check_finite(bars)
    return float(np.asarray(detach(result)).reshape(())), run.backward(spikes, variables, wanted)
