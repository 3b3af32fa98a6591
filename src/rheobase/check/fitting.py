"""Numbers that a student may have otherwise: found by turning ours until both do the same.

The first step that differs says how far off a number is, and in which direction: with guesses of
it built in, ours is run until it parts from theirs. Between two that are too small and too large
lies the right one, with which ours does what the student's does in every step of every trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any, Protocol

import numpy as np

from rheobase.check.cells import Kind
from rheobase.check.faults import Agreeing, Fault
from rheobase.check.habits import RIGHT
from rheobase.check.records import Record
from rheobase.language.expressions import names_in
from rheobase.simulation.step_numbers import written
from rheobase.units import UNITS

_ROUND = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8, 0.9, 1.1, 1.2, 1.25, 1.5, 2, 3, 4, 5, 10)
_FACTORS = sorted({*np.geomspace(0.02, 50, 33).tolist(), *_ROUND, 1e-3, 1e-2, 1e2, 1e3, -1.0})
"""Times what is right, to begin with."""
_NONE = np.geomspace(1e-2, 1e3, 16).tolist()
"""Times the unit, where 0 is right."""
_BRACKETS, _HALVINGS = 5, 60


class Turnable(Agreeing, Protocol):
    """Says besides how far one with habits is off."""

    def distance(self, habits: Any, same_place: bool = False) -> float:
        """Return ours minus theirs where they part first, 0 if they do not.

        With `same_place`, where they part without any fault: for states that some values raise
        and others lower there is no telling from different places.
        """


@dataclass(frozen=True)
class Knob:
    """A number of ours that can be turned.

    Attributes
    ----------
    changes
        From a value to changes of the habits.
    right
        Its value, in SI units.
    guesses
        Where to begin.
    shown
        From a value to its text.
    rounded
        From a value and a number of digits to a value of so many digits in its unit.
    text
        Of the fault; {seen} stands for the value.
    """

    changes: Callable[[float], Mapping[str, Any]]
    right: float
    guesses: Sequence[float]
    shown: Callable[[float], str]
    rounded: Callable[[float, int], float]
    text: str

    def fault(self, value: float) -> Fault:
        """Return the fault of one with another value."""
        return Fault(self.changes(value), self.text.replace("{seen}", self.shown(value)))


def knobs_of(kind: Kind) -> Iterator[Knob]:
    """Yield what can be turned in a neuron of a kind."""
    model = kind.model
    if model.receives:
        yield times("gain", "an arrival does {seen} times what it should in your neuron: "
                     "{arrival}")  # fmt: skip
    if model.inputs:
        names = ", ".join(e.name for e in model.inputs)
        yield times("drive", f"your neuron takes its input {names} {{seen}} times")
    for name, value in model.defaults.items():
        unit = model.unit_of(name)
        yield Knob(
            lambda x, name=name: {"parameter": (name, x)},  # type: ignore[misc]
            value, _guesses(value, unit, kind.dt), lambda x, unit=unit: written(x, unit),  # type: ignore[misc]
            _rounding(unit), f"your neuron goes as if {name} were {{seen}}; it has to be "
            f"{written(value, unit)}",
        )  # fmt: skip
    right = getattr(model.threshold, "right", None)
    if kind.thresholds is not None and right is not None and not names_in(right):
        name, level = kind.thresholds
        unit = model.unit_of(name)
        yield Knob(lambda x: {"level": x}, level, _guesses(level, unit, kind.dt),
                   lambda x: written(x, unit), _rounding(unit), "your neuron spikes as if the "
                   f"threshold were {{seen}}; it has to be {written(level, unit)}")  # fmt: skip


def times(habit: str, text: str) -> Knob:
    """Return the knob of a habit that says how many times something counts."""
    return Knob(lambda x: {habit: x}, 1.0, _FACTORS, lambda x: f"{x:.6g}",
                lambda x, digits: float(f"{x:.{digits}g}"), text)  # fmt: skip


def _rounding(unit: Any) -> Callable[[float, int], float]:
    return lambda x, digits: float(unit.to_si(float(f"{float(unit.from_si(x)):.{digits}g}")))


def _guesses(right: float, unit: Any, dt: float) -> list[float]:
    if right:
        return sorted(right * factor for factor in _FACTORS)
    if unit.dimension == UNITS["second"].dimension:
        return [dt * n for n in (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)]
    return sorted([0.0, *(sign * unit.scale * x for x in _NONE for sign in (1, -1))])


# -- turning ---------------------------------------------------------------------------------


def fitted(suspects: Turnable, knobs: Iterator[Knob], right: Any = RIGHT,
           of_cell: Callable[[Fault], Fault] = lambda fault: fault) -> list[Fault]:  # fmt: skip
    """Return the faults of one number each with which ours does all that the student's does.

    Parameters
    ----------
    suspects
        Runs ours with faults.
    knobs
        What can be turned.
    right
        The habits of ours.
    of_cell
        From a fault of a neuron to that of what is checked.
    """
    found = []
    for knob in knobs:

        def habits(value: float, knob: Knob = knob) -> Any:
            return of_cell(knob.fault(value)).habits(right)

        with np.errstate(all="ignore"):  # guesses may be far off, or 0
            value = _Search(suspects, knob, habits).value()
        if value is not None:
            found.append(of_cell(knob.fault(value)))
    return found


class _Search:
    """Looks for the value of one number."""

    def __init__(self, suspects: Turnable, knob: Knob, habits: Callable[[float], Any]) -> None:
        self.suspects, self.knob, self.habits = suspects, knob, habits

    def value(self) -> float | None:
        """Return the value that explains everything, in as few digits as do; None if none does."""
        knob = self.knob
        ends = (knob.guesses[0], knob.right, knob.guesses[-1])
        if len({self._distance(x) for x in ends}) == 1:
            return None
        values = (self._between(same_place) for same_place in (False, True))
        value = next((x for x in values if x is not None), None)
        return None if value is None else self._short(value)

    def _between(self, same_place: bool) -> float | None:
        """Return a value between guesses at which nothing differs."""
        guesses = [(x, self._distance(x, same_place)) for x in self.knob.guesses]
        known = [(x, d) for x, d in guesses if math.isfinite(d)]
        zeros = [x for x, d in known if d == 0 and self._distance(x) == 0]
        brackets = [(a, b) for a, b in pairwise(known) if a[1] * b[1] < 0]
        brackets.sort(key=lambda ends: abs(ends[0][0] - self.knob.right))
        found = (self._zero(a, b, same_place) for a, b in brackets[:_BRACKETS])
        return next((x for x in chain(zeros, found) if x is not None), None)

    def _distance(self, value: float, same_place: bool = False) -> float:
        return self.suspects.distance(self.habits(value), same_place)

    def _zero(self, a: tuple[float, float], b: tuple[float, float],
              same_place: bool) -> float | None:  # fmt: skip
        """Return a value between two at which nothing differs, None where there is a jump."""
        (low, below), (high, above) = a, b
        for turn in range(_HALVINGS):
            middle = (low + high) / 2
            if turn % 2:
                middle = (low * above - high * below) / (above - below)
            if not low < middle < high:
                continue
            now = self._distance(middle, same_place)
            if now == 0 or turn % 4 == 3:
                if self._distance(middle) == 0:
                    return middle
                if now == 0:
                    return None
            if now * below > 0:
                low, below = middle, now
            else:
                high, above = middle, now
        return None

    def _short(self, value: float) -> float:
        for digits in range(8):
            short = self.knob.rounded(value, digits) if digits else 0.0
            if self._distance(short) == 0:
                return short
        return value


# -- what is seen ----------------------------------------------------------------------------


def seen_resets(kind: Kind, records: Sequence[Record], names: Sequence[str]) -> Iterator[Fault]:
    """Yield resets to what v of a student was after its first spike, or a step later."""
    if kind.thresholds is None or kind.thresholds[0] not in names:
        return
    name = kind.thresholds[0]
    right, unit = kind.reset_to.get(name), kind.model.unit_of(name)
    for record in records:
        first = next((k for k, spikes in enumerate(record.spikes) if spikes), None)
        if first is None or right is None:
            continue
        for values in record.values[first + 1 : first + 3]:
            seen = values[name]
            if math.isfinite(seen):
                text = f"{written(seen, unit)}; it has to be {written(right, unit)}"
                yield Fault({"reset_at": seen}, f"your neuron resets {{v}} to {text}")
        return


def cell_fault(fault: Fault) -> Fault:
    """Return a fault of neurons as that of a network of them."""
    text = fault.text.replace("your neuron", "each of your neurons")
    return Fault({"cell": replace(RIGHT, **fault.changes)}, text)
