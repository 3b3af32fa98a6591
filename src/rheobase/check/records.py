"""What neurons did in trials, step by step, and where two of them part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rheobase.check.cells import Cell, Kind, Kinds, Snapshot
from rheobase.check.habits import RIGHT, Habits
from rheobase.check.students import Student, StudentError
from rheobase.check.trials import Trial
from rheobase.errors import UserError
from rheobase.language.model import Model

Values = Mapping[str, float]
Parts = tuple[tuple[str, float | list[float], float | list[float]], ...]
"""What differs in a step: (variable or "spikes", theirs, ours)."""
AFTER = 150
"""Steps that are recorded after the first one that differs."""


@dataclass
class Record:
    """What a neuron did in a trial.

    Attributes
    ----------
    values
        After each step, in SI units; the first entry is before the first step.
    spikes
        The times in seconds of the spikes that each step brought.
    before
        Of ours: the whole cell before each step.
    failure
        What stopped it, "" if nothing did.
    """

    values: list[Values] = field(default_factory=list)
    spikes: list[list[float]] = field(default_factory=list)
    before: list[Snapshot] = field(default_factory=list)
    failure: str = ""

    @property
    def spike_count(self) -> int:
        """The number of spikes."""
        return sum(map(len, self.spikes))


@dataclass(frozen=True)
class Difference:
    """Where two records part.

    Attributes
    ----------
    trial
        The number of the trial.
    step
        The step; -1 before the first one.
    parts
        What differs: (variable or "spikes", theirs, ours).
    """

    trial: int
    step: int
    parts: Parts


def record_of(kind: Kind, dt: float, trial: Trial, habits: Habits = RIGHT) -> Record:
    """Return what our neuron does, with habits."""
    cell, record = Cell(kind, dt, habits), Record()
    record.values.append(cell.state())
    for arrivals, inputs in zip(trial.arrivals, trial.inputs, strict=True):
        record.before.append(cell.snapshot())
        count = len(cell.spikes)
        cell.step(arrivals, inputs)
        record.values.append(cell.state())
        record.spikes.append(cell.spikes[count:])
    return record


def record_of_student(student: Student, dt: float, trial: Trial,
                      until: Callable[[int, Record], bool] = lambda k, record: False,
                      ) -> Record:  # fmt: skip
    """Return what a student's neuron does; `until` ends it after a step."""
    model, record = student.model, Record()
    try:
        record.values.append(student.values())
        for k, (arrivals, inputs) in enumerate(zip(trial.arrivals, trial.inputs, strict=True)):
            for port, weight in arrivals:
                student.receive(port, float(model.receives_unit(port).from_si(weight)))
            own = {n: float(model.unit_of(n).from_si(v)) for n, v in inputs.items()}
            student.step(dt, own)
            values, spikes = student.values(), student.new_spikes()
            record.values.append(values)
            record.spikes.append(spikes)
            if until(k, record):
                break
    except StudentError as error:
        record.failure = str(error)
    return record


class Patience:
    """Ends a record some steps after it parts from ours: what follows says no more.

    Faults may feed on themselves; after a while rounding does, too.

    Parameters
    ----------
    parted
        Whether a step differs.
    steps
        How many more are recorded.
    """

    def __init__(self, parted: Callable[[int, Any], bool], steps: int = AFTER) -> None:
        self.parted, self.steps, self.first = parted, steps, -1

    def __call__(self, k: int, record: Any) -> bool:
        """Return whether step k is the last one to be recorded."""
        if self.first < 0 and self.parted(k, record):
            self.first = k
        return 0 <= self.first <= k - self.steps


class Comparison:
    """How close is close enough.

    Parameters
    ----------
    model
        The model.
    names
        The states that are compared.
    dt
        The step, in seconds.
    ours
        Our records: their range is the scale of each state.
    level
        The variable of the threshold and the threshold, in SI units, or None.
    tolerance
        As a fraction of that range, and of dt for times of spikes.
    """

    def __init__(self, model: Model, names: Sequence[str], dt: float, ours: Sequence[Record],
                 level: tuple[str, float] | None, tolerance: float) -> None:  # fmt: skip
        self.names, self.dt, self.level, self.tolerance = tuple(names), dt, level, tolerance
        self.close = {}
        for name in names:
            seen = [values[name] for record in ours for values in record.values]
            largest = max(abs(max(seen)), abs(min(seen)), max(seen) - min(seen))
            self.close[name] = tolerance * (largest or model.unit_of(name).scale)
        # times add up a rounding a step in those who write t = t + dt
        steps = max(len(record.spikes) for record in ours)
        self.close_time = max(tolerance * dt, 4 * steps * math.ulp(steps * dt))

    def first(self, number: int, theirs: Record, ours: Record) -> Difference | None:
        """Return where a trial parts, None where it does not."""
        for k in range(-1, len(ours.spikes)):
            if k + 1 >= len(theirs.values):
                return None  # what stopped it is told elsewhere
            parts = self.at(k, theirs, ours)
            if parts:
                return Difference(number, k, parts)
        return None

    def at(self, k: int, theirs: Record, ours: Record) -> Parts:
        """Return what differs in a step."""
        parts: list[tuple[str, float | list[float], float | list[float]]] = []
        if k >= 0 and not self._same_spikes(theirs.spikes[k], ours.spikes[k]):
            parts.append(("spikes", theirs.spikes[k], ours.spikes[k]))
        for name in self.names:
            yours, mine = theirs.values[k + 1][name], ours.values[k + 1][name]
            if abs(yours - mine) <= max(self.close[name], self.tolerance * abs(mine)):
                continue
            if k >= 0 and ours.spikes[k] and self._waits(name, yours):
                continue
            parts.append((name, yours, mine))
        return tuple(parts)

    def _waits(self, name: str, value: float) -> bool:
        """Whether v still stands at the threshold after a spike, to be reset in the next step."""
        if self.level is None or name != self.level[0]:
            return False
        return abs(value - self.level[1]) <= self.close[name]

    def _same_spikes(self, theirs: list[float], ours: list[float]) -> bool:
        return len(theirs) == len(ours) and all(
            abs(a - b) <= self.close_time for a, b in zip(theirs, ours, strict=True)
        )


class Suspects:
    """Our neuron with faults built in, beside what the student's did.

    Parameters
    ----------
    kinds
        Ours.
    trials
        What was given.
    theirs
        What the student's did with it.
    comparison
        How close is close enough.
    """

    def __init__(self, kinds: Kinds, trials: Sequence[Trial], theirs: Sequence[Record],
                 comparison: Comparison) -> None:  # fmt: skip
        self.kinds, self.trials, self.theirs = kinds, trials, theirs
        self.comparison = comparison

    def agreement(self, habits: Habits) -> float:
        """Return for how many steps, trial after trial, such a neuron does what theirs does.

        The fraction tells how much of the next step is right. -1 if the model cannot be stepped
        in this way.
        """
        try:
            kind = self.kinds.of(habits)
        except UserError:
            return -1
        total = 0.0
        for trial, theirs in zip(self.trials, self.theirs, strict=True):
            done = self._agrees(Cell(kind, self.kinds.dt, habits), trial, theirs)
            total += done
            if done < len(theirs.spikes):
                break
        return total

    @property
    def whole(self) -> int:
        """The agreement of one that does just what theirs does."""
        return sum(len(record.spikes) for record in self.theirs)

    def _agrees(self, cell: Cell, trial: Trial, theirs: Record) -> float:
        for k, parts in self._compared(cell, trial, theirs):
            if parts:
                return k + 0.5 * (1 - len(parts) / (len(self.comparison.names) + 1))
        return len(theirs.spikes)

    def _compared(self, cell: Cell, trial: Trial, theirs: Record) -> Iterator[tuple[int, Parts]]:
        """Yield step after step what differs."""
        now = Record()
        now.values.append(cell.state())
        for k in range(len(theirs.spikes)):
            count = len(cell.spikes)
            cell.step(trial.arrivals[k], trial.inputs[k])
            now.values.append(cell.state())
            now.spikes.append(cell.spikes[count:])
            yield k, self.comparison.at(k, theirs, now)

    def distance(self, habits: Habits, same_place: bool = False) -> float:
        """Return ours minus theirs where they part first, 0 if they do not; see `apart`.

        With `same_place`, where they part without any fault, and in the state that differs there.
        """
        kind = self.kinds.of(habits)
        place = self._place if same_place else None
        for trial, theirs in zip(self.trials, self.theirs, strict=True):
            cell = Cell(kind, self.kinds.dt, habits)
            for k, parts in self._compared(cell, trial, theirs):
                if place is None and parts:
                    return apart(cell, theirs, k, parts)
                if place is not None and (place[0] is trial and place[1] == k):
                    seen = theirs.values[k + 1].get(place[2])
                    return 0.0 if seen is None else float(cell.arrays[place[2]] - seen)
        return 0.0

    @cached_property
    def _place(self) -> tuple[Trial, int, str] | None:
        """Where ours, without a fault, parts from theirs: trial, step, what differs."""
        for trial, theirs in zip(self.trials, self.theirs, strict=True):
            cell = Cell(self.kinds.of(), self.kinds.dt)
            for k, parts in self._compared(cell, trial, theirs):
                if parts:
                    return trial, k, parts[0][0]
        return None


def apart(cell: Cell, theirs: Record, k: int, parts: Parts) -> float:
    """Return ours minus theirs in a step, as above 0 as v of ours is too large or its spike early.

    Parameters
    ----------
    cell
        Ours after the step.
    theirs
        Their record.
    k
        The step.
    parts
        What differs in it.
    """
    known = cell.kind.thresholds
    due = sum(map(len, theirs.spikes[: k + 1]))
    more = float(len(cell.spikes) - due)
    name, yours, _ = parts[0]
    if more and (name == "spikes" or (known is not None and known[0] == name)):
        return more
    if isinstance(yours, list):
        return yours[-1] - cell.spikes[-1] if yours else 0.0
    return float(cell.arrays[name] - yours)
