"""`rb.check.neuron`: a student's neuron beside ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rheobase.check.cells import Kinds, kinds_of, network_of
from rheobase.check.faults import Verdict, diagnose, known_faults
from rheobase.check.fitting import fitted, knobs_of, seen_resets
from rheobase.check.parting import further_trials, told_apart
from rheobase.check.records import (
    Comparison,
    Difference,
    Patience,
    Record,
    Suspects,
    record_of,
    record_of_student,
)
from rheobase.check.reports import (
    Report,
    cause_lines,
    difference_lines,
    in_units,
    numbers_of,
    traces_of,
)
from rheobase.check.students import Student
from rheobase.check.trials import Trial, Trials
from rheobase.errors import UserError, WiringError
from rheobase.language.model import Model
from rheobase.simulation.clock import one_time
from rheobase.simulation.step_numbers import milliseconds
from rheobase.units import to_si

CALL = "rb.check.neuron"
_NOT_FINITE = (
    "`{name}` of your neuron is no finite number any more: look for a division by 0, or a step "
    "that makes it grow without bound"
)
LEAST_STEPS, LEAST_TIME = 600, 0.1
"""How long a trial is if it is not said: so many steps, and so many seconds."""


def neuron(make: Any, like: Any, dt: Any = "1 ms", *, duration: Any = None, trials: int = 3,
           weight: Any = None, seed: int = 1, tolerance: float = 1e-6) -> Report:  # fmt: skip
    """Check a neuron you wrote beside one of a model, on random inputs.

    Parameters
    ----------
    make : callable
        A class, or a function without arguments, that gives a new neuron: an object with

        - ``step(dt)``: goes one step of dt seconds; ``step(dt, I)`` if the model has an input and
          the object no attribute of its name, which is set before every step otherwise;
        - ``receive(weight)``: called for every spike that arrives in a step, before ``step``;
          ``receive(weight, port)`` if the model has several ports. What arrives is added at the
          end of the step;
        - ``v``, and any other states of the model it has (``s``): numbers in the units of the
          model, read after every step;
        - ``spikes``: the list of the times of its spikes, in seconds, the first step beginning
          at 0.

        Or a function ``f(state, dt, arrived) -> state``: state is a dict of the states of the
        model, ``refractory_left`` and ``t`` in seconds, and the list ``spikes``; arrived is the sum
        of the weights that arrive in the step (a dict by port if there are several).
    like : Model
        What it is to do, such as ``rb.models.NormalizedLIF``, with its method and crossing.
    dt : quantity
        The step.
    duration : quantity, optional
        Of a trial; 600 steps, and at least 100 ms, if not given.
    trials : int
        How many: one with a single strong input, the others with random ones.
    weight : quantity or float, optional
        Mean size of the weights; one that makes the neuron fire is found if not given.
    seed : int
        Of the random inputs.
    tolerance : float
        How far the states may be apart, as a fraction of their range, and the times of spikes, as
        a fraction of dt.

    Returns
    -------
    Report
        With ``.passed``, ``.causes``, ``.explanation``; prints as text. At a spike v may be what
        it is reset to, or still the threshold.

    Raises
    ------
    UserError
        What is made is no neuron: something is missing, or it is no class or function. What goes
        wrong during a step (an exception, nan) is part of the report.
    WiringError
        The model cannot be checked against: it is noisy, or has exact crossings.

    Examples
    --------
    >>> print(rb.check.neuron(MyNeuron, like=rb.models.NormalizedLIF, dt=1*ms))
    """
    model = checked_model(like, CALL)
    step = one_time(dt, f"{CALL}: dt", f"{CALL}(MyNeuron, like=rb.models.LIF, dt=0.1*ms)")
    check_numbers(trials, tolerance, step, CALL)
    kinds = kinds_of(model, step)
    steps = steps_of(duration, step, CALL)
    given = Student(make, model, CALL)
    size = None if weight is None else weight_of(weight, model, CALL)
    maker = Trials(kinds.of(), step, steps, np.random.default_rng(seed), given.driven, size)
    made = maker.made(trials)
    names = given.names
    ours = [record_of(kinds.of(), step, trial) for trial in made]
    level = kinds.of().thresholds
    comparison = Comparison(model, names, step, ours, level, tolerance)
    theirs = []
    for trial, right in zip(made, ours, strict=True):
        student = Student(make, model, CALL)
        theirs.append(record_of_student(student, step, trial, _until(comparison, right)))
    others = further_trials(kinds, steps, given.driven, size, seed)
    check = _Check(make, kinds, made, theirs, ours, comparison, others)
    return check.report(maker.at_threshold())


def _until(comparison: Comparison, right: Record) -> Patience:
    return Patience(lambda k, record: bool(comparison.at(k, record, right)))


class _Check:
    """Records of both sides, and the report on them."""

    def __init__(self, make: Any, kinds: Kinds, trials: list[Trial], theirs: list[Record],
                 ours: list[Record], comparison: Comparison,
                 others: Iterator[tuple[Kinds, Trial]]) -> None:  # fmt: skip
        self.make, self.kinds, self.kind, self.others = make, kinds, kinds.of(), others
        self.model, self.dt = kinds.model, kinds.dt
        self.trials, self.theirs, self.ours = trials, theirs, ours
        self.comparison, self.names = comparison, comparison.names
        self._explained: dict[tuple[int, int], str] = {}

    def report(self, strict: Trial | None) -> Report:
        """Return what there is to say."""
        for number, (theirs, ours) in enumerate(zip(self.theirs, self.ours, strict=True)):
            found = self.comparison.first(number, theirs, ours)
            if found is not None:
                return self.differs(found)
            if theirs.failure:
                return self.failed(number, theirs.failure)
        waits = None if strict is None else self._waits_at_threshold(strict)
        return self.fine() if waits is None else waits

    def fine(self) -> Report:
        """Return the report of a neuron without fault."""
        steps = sum(trial.steps for trial in self.trials)
        spikes = sum(record.spike_count for record in self.ours)
        compared = ", ".join([*self.names, *(["spikes"] if self.model.threshold else [])])
        text = (
            f"Passed: your neuron does what {self.model.name} does in {steps} steps of "
            f"{milliseconds(self.dt)} with {spikes} spikes, in {len(self.trials)} trials "
            f"({compared} compared after every step)."
        )
        if not spikes and self.model.threshold is not None:
            text += " There was no spike: give a longer duration=... or the size of weight=..."
        return Report(True, text)

    def failed(self, number: int, failure: str) -> Report:
        """Return the report of a neuron that was right as long as it ran."""
        trial, step = self.trials[number], len(self.theirs[number].spikes)
        begin = step * self.dt
        arrived = ", ".join(f"{self.model.receives_unit(p).from_si(w):.6g}"
                            for p, w in trial.arrivals[step])  # fmt: skip
        lines = [
            f"Your neuron stopped: {failure}",
            f"in the step from {milliseconds(begin)} to {milliseconds(begin + self.dt)} "
            f"({trial.name}, step {step}), " + (f"in which weights {arrived} arrive" if arrived
                                                else "in which nothing arrives"),
            "Until then it did what ours does.", "", *self._told(number, step),
        ]  # fmt: skip
        return Report(False, "\n".join(lines), (failure.splitlines()[0],), True, begin,
                      explanation=self.explanation(number, step), trial=trial.name,
                      traces=self._traces(number, step))  # fmt: skip

    def differs(self, found: Difference) -> Report:
        """Return the report of a neuron that does something else."""
        number, k = found.trial, found.step
        trial, theirs = self.trials[number], self.theirs[number]
        lines = [f"Your neuron does not do what {self.model.name} does.", ""]
        lines += difference_lines(self.model, found, self.dt, trial.name)
        verdict = Verdict((), False, 0)
        lost = [name for name, yours, _ in found.parts if not finite(yours)]
        if lost:
            causes, certain = [_NOT_FINITE.format(name=lost[0])], True
        elif k >= 0:
            verdict = self._verdict()
            causes = self._causes(verdict, number, k)
            certain = bool(verdict.faults) and verdict.steps == self._whole()
        else:
            causes, certain = self._initially(found), True
        lines += ["", *cause_lines(causes, certain, verdict, self._whole(), "neuron")]
        if theirs.failure:
            lines.append(f"Later your neuron stopped: {theirs.failure}")
        if k >= 0:
            lines += ["", *self._told(number, k)]
        name, yours, ours = found.parts[0]
        return Report(
            False, "\n".join(lines), tuple(causes), certain, max(k, 0) * self.dt, name,
            in_units(self.model, name, yours), in_units(self.model, name, ours),
            self.explanation(number, k) if k >= 0 else "", trial.name, self._traces(number, k),
        )  # fmt: skip

    def _whole(self) -> int:
        return sum(len(record.spikes) for record in self.theirs)

    def _verdict(self) -> Verdict:
        suspects = Suspects(self.kinds, self.trials, self.theirs, self.comparison)
        faults = [*known_faults(self.kind), *seen_resets(self.kind, self.theirs, self.names)]
        found = diagnose(suspects, faults, more=lambda: fitted(suspects, knobs_of(self.kind)))
        if found.together or found.steps < suspects.whole:
            return found
        causes = found.faults
        if any(fault.changes.get("period") in ("longer", "shorter") for fault in causes):
            knobs = (knob for knob in knobs_of(self.kind) if knob.right == self.kind.duration)
            causes += tuple(fitted(suspects, knobs))  # it may be another period
        left = told_apart(causes, self.others, self.names, self.comparison.tolerance,
                          self._recorded)  # fmt: skip
        return replace(found, faults=left)

    def _recorded(self, dt: float, trial: Trial,
                  until: Callable[[int, Record], bool] = lambda k, record: False,
                  ) -> Record:  # fmt: skip
        return record_of_student(Student(self.make, self.model, CALL), dt, trial, until)

    def _causes(self, verdict: Verdict, number: int, k: int) -> list[str]:
        left = self.ours[number].before[k].left
        numbers = numbers_of(self.model, left, self.dt, self.kind.duration)
        return list(dict.fromkeys(fault.told(numbers) for fault in verdict.faults[:3]))

    def _initially(self, found: Difference) -> list[str]:
        return [_other_unit(self.model, found) or "your neuron starts with other values of "
                + ", ".join(name for name, _, _ in found.parts)]  # fmt: skip

    def _traces(self, number: int, k: int) -> dict[str, Any]:
        return traces_of(self.kind, self.comparison, self.theirs[number], self.ours[number], k)

    # -- the step -------------------------------------------------------------------------

    def _told(self, number: int, k: int) -> list[str]:
        return ["How this step goes, number by number:", ""] + [
            f"  {line}".rstrip() for line in self.explanation(number, k).splitlines()
        ]

    def explanation(self, number: int, k: int) -> str:
        """Return a step of ours as `net.explain_step` tells it."""
        if (number, k) not in self._explained:
            before, trial = self.ours[number].before[k], self.trials[number]
            told = explained(self.model, self.dt, k, before, trial)
            self._explained[number, k] = told
        return self._explained[number, k]

    # -- the threshold --------------------------------------------------------------------

    def _waits_at_threshold(self, trial: Trial) -> Report | None:
        """Return the report of a neuron that spikes only beyond its threshold."""
        assert self.kind.thresholds is not None
        name, level = self.kind.thresholds
        ours = record_of(self.kind, self.dt, trial)
        theirs = self._recorded(self.dt, trial)
        k = next((n for n, spikes in enumerate(ours.spikes) if spikes), -1)
        known = 0 <= k < len(theirs.spikes) and name in self.names
        if not known or theirs.spikes[k] or theirs.values[k + 1][name] != level:
            return None
        unit = self.model.unit_of(name)
        self.trials, self.theirs, self.ours, self._explained = [trial], [theirs], [ours], {}
        cause = (
            f"your neuron spikes only if {name} is above {unit.from_si(level):g}; reaching it is "
            "enough (>= in place of >)"
        )
        found = Difference(0, k, (("spikes", theirs.spikes[k], ours.spikes[k]),))
        lines = [f"Your neuron does what {self.model.name} does, except at the threshold itself.",
                 "", *difference_lines(self.model, found, self.dt, trial.name), "",
                 f"Cause: {cause}.", "", *self._told(0, k)]  # fmt: skip
        return Report(False, "\n".join(lines), (cause,), True, k * self.dt, "spikes", [],
                      ours.spikes[k], self.explanation(0, k), trial.name,
                      self._traces(0, k))  # fmt: skip


def finite(value: Any) -> bool:
    """Whether a number, or every number of a list, is finite."""
    return bool(np.all(np.isfinite(value)))


def explained(model: Model, dt: float, k: int, before: Any, trial: Trial) -> str:
    """Return a step of a trial, from the state before it, as `net.explain_step` tells it."""
    from rheobase.network import stimuli
    from rheobase.units import UNITS, quantity

    second = UNITS["second"]
    net = network_of(model, dt, k * dt)
    cell = net.add(model, 1, name="ours")
    for name, value in before.values.items():
        unit = model.unit_of(name)
        setattr(cell, name, quantity(value, unit))
    if before.left > 0:
        cell.refractory_left = quantity(before.left, second)
    for port, weight in trial.arrivals[k]:
        unit = model.receives_unit(port)
        source = net.add(stimuli.spike_times([quantity(k * dt, second)]),
                         name=f"input_{len(net.populations)}")  # fmt: skip
        net.connect(source, cell, weight=quantity(weight, unit),
                    delay=quantity(0.0, second), to=port)  # fmt: skip
    for name, value in trial.inputs[k].items():
        unit = model.unit_of(name)
        if value:
            net.inject(cell, stimuli.step(quantity(value, unit)), to=name)
    return net.explain_step(cell[0])


# -- arguments ------------------------------------------------------------------------------


def checked_model(like: Any, call: str) -> Model:
    """Return the model to be like, or refuse what cannot be checked against."""
    if not isinstance(like, Model):
        raise UserError(
            f"{call}: like is no model",
            given=repr(like)[:80],
            mend=f"write {call}(MyNeuron, like=rb.models.NormalizedLIF)",
        )
    if like.crossing == "exact":
        raise WiringError(
            f'{call}: {like.name} has crossing="exact": it goes from event to event, without steps '
            "to compare",
            mend='give like=model(crossing="linear")',
        )
    from rheobase.lowering import lower

    if lower(like).draws:
        raise WiringError(
            f"{call}: {like.name} draws random numbers, which yours cannot draw alike",
            mend="compare without the noise, with sigma=0 or a model without xi and rand()",
        )
    if not like.differential:
        raise WiringError(f"{call}: {like.name} has no differential equation to be stepped")
    return like


def check_numbers(trials: Any, tolerance: Any, dt: float, call: str) -> None:
    """Refuse numbers that make no sense."""
    if not isinstance(trials, int) or isinstance(trials, bool) or trials < 1:
        raise UserError(f"{call}: trials is a number of trials", expected="1, 2, 3, ...",
                        given=repr(trials), mend=f"write {call}(..., trials=3)")  # fmt: skip
    if not isinstance(tolerance, (int, float)) or not 0 < tolerance < 1:
        raise UserError(f"{call}: tolerance is a fraction", expected="a number between 0 and 1",
                        given=repr(tolerance),
                        mend=f"write {call}(..., tolerance=1e-6)")  # fmt: skip
    if not 0 < dt < np.inf:
        raise UserError(f"{call}: dt is the length of a step", expected="a time above 0",
                        given=f"{dt * 1e3:g} ms", mend=f"write {call}(..., dt=1*ms)")  # fmt: skip


def steps_of(duration: Any, dt: float, call: str) -> int:
    """Return how many steps a trial has."""
    if duration is None:
        return max(LEAST_STEPS, int(np.ceil(LEAST_TIME / dt)))
    seconds = one_time(duration, f"{call}: duration", f"{call}(..., duration=500*ms)")
    steps = int(np.floor(seconds / dt + 0.5)) if np.isfinite(seconds) else 0
    if steps < 1:
        raise UserError(f"{call}: a trial takes at least one step",
                        given=f"duration={seconds * 1e3:g}*ms at dt={dt * 1e3:g}*ms",
                        mend=f"write {call}(..., duration=500*ms)")  # fmt: skip
    return steps


def weight_of(weight: Any, model: Model, call: str) -> float:
    """Return the size of the weights in SI units."""
    if not model.receives:
        raise WiringError(f"{call}: {model.name} receives no spikes, so there is no weight to give")
    port = next(iter(model.receives))
    unit = model.receives_unit(port)
    example = "0.05" if unit.text == "1" else f"1*{unit.text}"
    found = to_si(weight, unit.dimension, what=f"{call}: weight",
                  paste=f"{call}(..., weight={example})")  # fmt: skip
    if not isinstance(found, float) or not 0 < found < np.inf:
        raise UserError(f"{call}: weight is the mean size of the weights",
                        expected="one value above 0", given=repr(weight),
                        mend=f"write {call}(..., weight={example})")  # fmt: skip
    return found


def _other_unit(model: Model, found: Difference) -> str:
    """Return what to say of a neuron whose numbers are ours in another unit; "" if not so."""
    for name, yours, ours in found.parts:
        unit = model.unit_of(name).text if name in model.names else "1"
        if unit == "1" or not (isinstance(yours, float) and isinstance(ours, float)):
            continue
        ratio = ours / yours if yours else 0.0
        for power in (3, 6, 9, 12):
            if abs(ratio / 10.0**power - 1) < 0.01:
                return (
                    f"`{name}` of your neuron seems to be in a unit that is 10**{power} times as "
                    f"large; the check compares it in that of the model, {unit}"
                )
    return ""
