"""`rb.check.network`: a student's network of neurons beside ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rheobase.check.cells import Cell, Kind, Kinds, Snapshot, kinds_of
from rheobase.check.faults import Fault, Verdict, diagnose
from rheobase.check.fitting import cell_fault, fitted, seen_resets
from rheobase.check.neurons import (
    check_numbers,
    checked_model,
    explained,
    finite,
    steps_of,
    weight_of,
)
from rheobase.check.records import Comparison, Difference, Patience, Record, apart
from rheobase.check.reports import (
    Report,
    cause_lines,
    difference_lines,
    in_units,
    numbers_of,
    traces_of,
)
from rheobase.check.student_networks import CALL, StudentNetwork
from rheobase.check.students import StudentError
from rheobase.check.trials import Trial, Trials
from rheobase.check.wirings import PROPER, Floats, Ours, Wiring, network_faults, network_knobs
from rheobase.errors import UserError, WiringError
from rheobase.language.model import Model
from rheobase.simulation.clock import one_time
from rheobase.simulation.step_numbers import milliseconds, written


@dataclass(frozen=True)
class NetworkTrial:
    """What is given to a network.

    Attributes
    ----------
    name
        For the report.
    weights
        w[i, j] from i to j, in SI units.
    outside
        For each cell what it gets from outside.
    """

    name: str
    weights: Floats
    outside: Sequence[Trial]

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.weights)

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return self.outside[0].steps


@dataclass
class Cells:
    """What the cells of a network did, one record each.

    Attributes
    ----------
    records
        By cell.
    arrivals
        Of ours: by step and cell, what arrived.
    failure
        What stopped it.
    """

    records: list[Record]
    arrivals: list[list[list[tuple[str, float]]]] = field(default_factory=list)
    failure: str = ""

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.records[0].spikes)


# -- running ---------------------------------------------------------------------------------


def run_ours(kind: Kind, dt: float, trial: NetworkTrial, wiring: Wiring = PROPER) -> Cells:
    """Return what our network does, with habits."""
    net = Ours(kind, dt, trial.weights, wiring)
    cells = _beginning(net)
    for k in range(trial.steps):
        _step_ours(net, cells, [one.arrivals[k] for one in trial.outside])
    return cells


def _beginning(net: Ours) -> Cells:
    cells = Cells([Record() for _ in net.cells])
    for record, cell in zip(cells.records, net.cells, strict=True):
        record.values.append(cell.state())
    return cells


def _step_ours(net: Ours, cells: Cells, outside: Sequence[Any]) -> None:
    counts = [len(cell.spikes) for cell in net.cells]
    for record, cell in zip(cells.records, net.cells, strict=True):
        record.before.append(cell.snapshot())
    cells.arrivals.append(net.step(outside))
    for record, cell, count in zip(cells.records, net.cells, counts, strict=True):
        record.values.append(cell.state())
        record.spikes.append(cell.spikes[count:])


def run_student(student: StudentNetwork, dt: float, trial: NetworkTrial,
                until: Callable[[int, Cells], bool]) -> Cells:  # fmt: skip
    """Return what a student's network does; `until` ends it after a step."""
    cells = Cells([Record() for _ in range(student.size)])
    try:
        for j, record in enumerate(cells.records):
            record.values.append(student.values(j))
        for k in range(trial.steps):
            student.step(dt, [one.arrivals[k] for one in trial.outside])
            now = [(student.values(j), student.new_spikes(j)) for j in range(student.size)]
            for record, (values, spikes) in zip(cells.records, now, strict=True):
                record.values.append(values)
                record.spikes.append(spikes)
            if until(k, cells):
                break
    except StudentError as error:
        cells.failure = str(error)
    return cells


class NetworkSuspects:
    """Our network with faults built in, beside what the student's did."""

    def __init__(self, kinds: Kinds, trials: Sequence[NetworkTrial], theirs: Sequence[Cells],
                 comparison: Comparison) -> None:  # fmt: skip
        self.kinds, self.trials, self.theirs = kinds, trials, theirs
        self.comparison = comparison

    @property
    def whole(self) -> int:
        """The number of steps there are."""
        return sum(cells.steps for cells in self.theirs)

    def agreement(self, habits: Wiring) -> float:
        """Return for how many steps, trial after trial, such a network does what theirs does.

        The fraction tells how much of the next step is right.
        """
        try:
            kind = self.kinds.of(habits.cell)
        except UserError:
            return -1
        total = 0.0
        for trial, theirs in zip(self.trials, self.theirs, strict=True):
            done = self._agrees(kind, trial, theirs, habits)
            total += done
            if done < theirs.steps:
                break
        return total

    def distance(self, habits: Wiring, same_place: bool = False) -> float:
        """Return ours minus theirs where they part first, 0 if they do not; see `apart`."""
        kind = self.kinds.of(habits.cell)
        for trial, theirs in zip(self.trials, self.theirs, strict=True):
            net = Ours(kind, self.kinds.dt, trial.weights, habits)
            now = _beginning(net)
            for k in range(theirs.steps):
                _step_ours(net, now, [one.arrivals[k] for one in trial.outside])
                found = _parts_of(k, theirs, now, self.comparison)
                if found is not None:
                    cell, parts = found
                    return apart(net.cells[cell], theirs.records[cell], k, parts)
        return 0.0

    def _agrees(self, kind: Kind, trial: NetworkTrial, theirs: Cells, wiring: Wiring) -> float:
        net = Ours(kind, self.kinds.dt, trial.weights, wiring)
        now = _beginning(net)
        for k in range(theirs.steps):
            _step_ours(net, now, [one.arrivals[k] for one in trial.outside])
            wrong = sum(len(self.comparison.at(k, a, b))
                        for a, b in zip(theirs.records, now.records, strict=True))  # fmt: skip
            if wrong:
                most = len(net.cells) * (len(self.comparison.names) + 1)
                return k + 0.5 * (1 - wrong / most)
        return theirs.steps


def _parts_of(k: int, theirs: Cells, ours: Cells,
              comparison: Comparison) -> tuple[int, Any] | None:  # fmt: skip
    """Return the first cell that differs in a step, and what differs."""
    for cell, (a, b) in enumerate(zip(theirs.records, ours.records, strict=True)):
        parts = comparison.at(k, a, b)
        if parts:
            return cell, parts
    return None


# -- the check -------------------------------------------------------------------------------


def network(make: Any, like: Any, dt: Any = "1 ms", *, size: int = 5, duration: Any = None,
            trials: int = 3, weight: Any = None, seed: int = 1,
            tolerance: float = 1e-6) -> Report:  # fmt: skip
    """Check a network you wrote beside one of a model, with random weights and inputs.

    Spikes arrive one step after they are fired: those of a step are collected, and delivered in
    the next step to all neurons, together with what comes from outside.

    Parameters
    ----------
    make : callable
        A class or function that gives a new network from ``weights``, an array of shape (size,
        size) in the unit of the model: weights[i][j] from neuron i to neuron j, 0 for none. The
        network is an object with

        - ``step(dt)``: all neurons go one step of dt seconds;
        - ``receive(cell, weight)``: a spike from outside arrives at a neuron in this step; called
          before ``step``;
        - ``neurons``: the list of its neurons, each with ``v``, ``spikes`` (times in seconds) and
          any other states of the model; or without it ``v`` and ``spikes`` themselves, with an
          entry for each neuron.
    like : Model
        Of the neurons, such as ``rb.models.NormalizedLIF``.
    dt : quantity
        The step.
    size : int
        How many neurons.
    duration, trials, weight, seed, tolerance
        As for `rb.check.neuron`. The first trial has one strong input from outside.

    Returns
    -------
    Report
        As that of `rb.check.neuron`; it also names the neuron.

    Raises
    ------
    UserError
        What is made is no network.
    WiringError
        The model receives no spikes, or at several ports; or as for `rb.check.neuron`.

    Examples
    --------
    >>> print(rb.check.network(MyNetwork, like=rb.models.NormalizedLIF, dt=1*ms))
    """
    model = checked_model(like, CALL)
    step = one_time(dt, f"{CALL}: dt", f"{CALL}(MyNetwork, like=rb.models.LIF, dt=0.1*ms)")
    check_numbers(trials, tolerance, step, CALL)
    _check_network(model, size)
    kinds = kinds_of(model, step)
    given = None if weight is None else weight_of(weight, model, CALL)
    rng = np.random.default_rng(seed)
    maker = Trials(kinds.of(), step, steps_of(duration, step, CALL), rng, (), given)
    chosen = [_trial(maker, rng, size, n) for n in range(trials)]
    unit = model.receives_unit(next(iter(model.receives)))
    students = [StudentNetwork(make, np.asarray(unit.from_si(t.weights)), model) for t in chosen]
    ours = [run_ours(kinds.of(), step, trial) for trial in chosen]
    records = [record for cells in ours for record in cells.records]
    level = kinds.of().thresholds
    one = Comparison(model, students[0].names, step, records, level, tolerance)
    theirs = [
        run_student(student, step, trial, _until(one, right))
        for student, trial, right in zip(students, chosen, ours, strict=True)
    ]
    return _NetworkCheck(kinds, chosen, theirs, ours, one).report()


def _until(comparison: Comparison, right: Cells) -> Patience:
    return Patience(lambda k, cells: _parts_of(k, cells, right, comparison) is not None)


def _check_network(model: Model, size: Any) -> None:
    if len(model.receives) != 1 or model.threshold is None:
        what = "several ports" if len(model.receives) > 1 else "no port for spikes, or fires none"
        raise WiringError(
            f"{CALL}: {model.name} has {what}",
            expected="a model whose neurons spike and receive at one port",
            mend=f"write {CALL}(MyNetwork, like=rb.models.NormalizedLIF)",
        )
    if not isinstance(size, int) or isinstance(size, bool) or size < 2:
        raise UserError(f"{CALL}: size is the number of neurons", expected="2, 3, ...",
                        given=repr(size), mend=f"write {CALL}(..., size=5)")  # fmt: skip


def _trial(maker: Trials, rng: np.random.Generator, size: int, number: int) -> NetworkTrial:
    """Return a trial: a strong input to one neuron, then random inputs to all."""
    typical = next(iter(maker.weights.values()))
    weights = typical * rng.uniform(0.5, 2.0, (size, size))
    weights *= np.where(rng.random((size, size)) < 0.3, -1.0, 1.0)
    weights[rng.random((size, size)) < 0.2] = 0.0
    weights[0, 0], weights[0, 1], weights[1, 0] = 0.7 * typical, 2.5 * typical, -0.8 * typical
    if number == 0:
        first = maker.simple()
        nothing = Trial(first.name, [[]] * first.steps, [{}] * first.steps)
        return NetworkTrial(first.name, weights, [first, *[nothing] * (size - 1)])
    outside = [maker.random("") for _ in range(size)]
    return NetworkTrial(f"random input {number}", weights, outside)


class _NetworkCheck:
    """Records of both sides, and the report on them."""

    def __init__(self, kinds: Kinds, trials: list[NetworkTrial], theirs: list[Cells],
                 ours: list[Cells], comparison: Comparison) -> None:  # fmt: skip
        self.kinds, self.kind, self.model, self.dt = kinds, kinds.of(), kinds.model, kinds.dt
        self.trials, self.theirs, self.ours = trials, theirs, ours
        self.comparison, self.names = comparison, comparison.names

    def report(self) -> Report:
        """Return what there is to say."""
        for place, (theirs, ours) in enumerate(zip(self.theirs, self.ours, strict=True)):
            for k in range(-1, theirs.steps):
                found = _parts_of(k, theirs, ours, self.comparison)
                if found is not None:
                    return self.differs(place, k, *found)
            if theirs.failure:
                return self.failed(place, theirs.failure)
        steps = sum(trial.steps for trial in self.trials)
        spikes = sum(r.spike_count for cells in self.ours for r in cells.records)
        compared = ", ".join([*self.names, "spikes"])
        text = (
            f"Passed: your network does what {self.trials[0].size} cells of {self.model.name} do "
            f"in {steps} steps of {milliseconds(self.dt)} with {spikes} spikes, in "
            f"{len(self.trials)} trials ({compared} of every neuron compared after every step)."
        )
        return Report(True, text)

    def failed(self, number: int, failure: str) -> Report:
        """Return the report of a network that was right as long as it ran."""
        k = self.theirs[number].steps
        lines = [f"Your network stopped: {failure}",
                 f"in the step from {milliseconds(k * self.dt)} to "
                 f"{milliseconds((k + 1) * self.dt)} ({self.trials[number].name}, step {k})",
                 "Until then it did what ours does."]  # fmt: skip
        return Report(False, "\n".join(lines), (failure.splitlines()[0],), True, k * self.dt,
                      trial=self.trials[number].name)  # fmt: skip

    def differs(self, number: int, k: int, cell: int, parts: Any) -> Report:
        """Return the report of a network that does something else."""
        trial, theirs = self.trials[number], self.theirs[number]
        where = Difference(number, k, parts)
        lines = [f"Your network does not do what cells of {self.model.name} do.", ""]
        lines += difference_lines(self.model, where, self.dt, f"{trial.name}, neuron {cell}")
        verdict, causes, certain = self._causes(number, k, cell, parts)
        whole = sum(cells.steps for cells in self.theirs)
        lines += ["", *cause_lines(causes, certain, verdict, whole, "network")]
        if not causes:
            lines += self._where()
        if theirs.failure:
            lines.append(f"Later your network stopped: {theirs.failure}")
        explanation = self._explained(number, k, cell) if k >= 0 else ""
        if k >= 0:
            lines += ["", *self._arrivals(number, k, cell), "",
                      f"How this step of neuron {cell} goes, number by number:", ""]  # fmt: skip
            lines += [f"  {line}".rstrip() for line in explanation.splitlines()]
        name, yours, ours = parts[0]
        return Report(
            False, "\n".join(lines), tuple(causes), certain, max(k, 0) * self.dt, name,
            in_units(self.model, name, yours), in_units(self.model, name, ours), explanation,
            f"{trial.name}, neuron {cell}",
            traces_of(self.kind, self.comparison, theirs.records[cell],
                      self.ours[number].records[cell], k),
        )  # fmt: skip

    def _causes(
        self, number: int, k: int, cell: int, parts: Any
    ) -> tuple[Verdict, list[str], bool]:
        verdict = Verdict((), False, 0)
        lost = [name for name, yours, _ in parts if not finite(yours)]
        if lost:
            text = f"`{lost[0]}` of neuron {cell} is no finite number any more"
            return verdict, [text], True
        if k < 0:
            return verdict, [f"neuron {cell} starts with other values"], True
        suspects = NetworkSuspects(self.kinds, self.trials, self.theirs, self.comparison)
        faults = list(network_faults(self.kind, self.trials[0].size))
        records = [record for cells in self.theirs for record in cells.records]
        faults += map(cell_fault, seen_resets(self.kind, records, self.names))
        verdict = diagnose(suspects, faults, PROPER, lambda: self._fitted(suspects))
        left = self.ours[number].records[cell].before[k].left
        numbers = numbers_of(self.model, left, self.dt, self.kind.duration)
        causes = list(dict.fromkeys(fault.told(numbers) for fault in verdict.faults[:3]))
        return verdict, causes, bool(causes) and verdict.steps == suspects.whole

    def _where(self) -> list[str]:
        """Return which neurons are wrong, where others do what ours do with what reaches them."""
        size = self.trials[0].size
        both = list(zip(self.trials, self.theirs, strict=True))
        wrong = [j for j in range(size) if not all(self._right(j, *pair) for pair in both)]
        if len(wrong) in (0, size):
            return []
        them = "it" if len(wrong) == 1 else "them"
        which = f"neuron {wrong[0]} does" if len(wrong) == 1 else (
            f"neurons {', '.join(map(str, wrong))} do")  # fmt: skip
        return [f"With the spikes that reach {them}, {which} something else than ours; the other "
                "neurons do the same: look at what is special there."]  # fmt: skip

    def _right(self, cell: int, trial: NetworkTrial, theirs: Cells) -> bool:
        """Whether a neuron does what ours does with the spikes of the student's others."""
        one, now = Cell(self.kind, self.dt), Record()
        port = next(iter(self.model.receives))
        now.values.append(one.state())
        inputs = {e.name: 0.0 for e in self.model.inputs}
        fired: list[int] = []
        for k in range(theirs.steps):
            count = len(one.spikes)
            reached = [(port, float(trial.weights[i, cell])) for i in fired]
            one.step([*trial.outside[cell].arrivals[k], *reached], inputs)
            now.values.append(one.state())
            now.spikes.append(one.spikes[count:])
            if self.comparison.at(k, theirs.records[cell], now):
                return False
            fired = [i for i, record in enumerate(theirs.records) if record.spikes[k]]
        return True

    def _fitted(self, suspects: NetworkSuspects) -> list[Fault]:
        """Return the numbers, each alone, that explain everything."""
        found = []
        for knob, of_cell in network_knobs(self.kind):
            found += fitted(suspects, iter([knob]), PROPER, of_cell)
        return found

    def _arrivals(self, number: int, k: int, cell: int) -> list[str]:
        """Return which spikes reach a cell in a step, and from where."""
        ours, trial = self.ours[number], self.trials[number]
        unit = self.model.receives_unit(next(iter(self.model.receives)))
        before = [i for i, r in enumerate(ours.records) if k > 0 and r.spikes[k - 1]]
        fired = ", ".join(map(str, before)) or "none"
        lines = [f"Neurons that spiked in the step before: {fired}"]
        for i in before:
            weight = trial.weights[i, cell]
            lines.append(f"  weights[{i}][{cell}] = {written(weight, unit)}")
        outside = trial.outside[cell].arrivals[k]
        told = ", ".join(written(w, unit) for _, w in outside) or "nothing"
        return [*lines, f"From outside to neuron {cell}: {told}"]

    def _explained(self, number: int, k: int, cell: int) -> str:
        ours = self.ours[number]
        before: Snapshot = ours.records[cell].before[k]
        arrivals: list[Any] = [[]] * k + [ours.arrivals[k][cell]]
        given = Trial("", arrivals, [{}] * (k + 1))
        return explained(self.model, self.dt, k, before, given)
