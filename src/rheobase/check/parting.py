"""Further trials that tell faults apart which did the same in those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rheobase.check.cells import Kinds, kinds_of
from rheobase.check.faults import Fault
from rheobase.check.records import Comparison, Record, record_of
from rheobase.check.trials import Trial, Trials

_STEPS = (1.0, 0.7)
"""Of those before, the steps that are tried: what is rounded to steps shows at another one."""
_SIZES = (1.0, 3.0, 10.0, 30.0)
"""Times the sizes of those before: strong input meets the threshold while refractory."""
_AFTER = 20
"""Steps that are compared after faults part."""

Recorded = Callable[[float, Trial, Callable[[int, Record], bool]], Record]
"""Runs the student's: the step in seconds, the trial, what ends it -> what it did."""


def further_trials(kinds: Kinds, steps: int, driven: Sequence[str], weight: float | None,
                   seed: int) -> Iterator[tuple[Kinds, Trial]]:  # fmt: skip
    """Yield trials besides those of a check, each with ours for its step.

    Parameters
    ----------
    kinds
        Ours.
    steps, driven, weight
        As for `Trials`.
    seed
        That of the check.
    """
    for part in _STEPS:
        own = kinds if part == 1 else kinds_of(kinds.model, kinds.dt * part)
        rng = np.random.default_rng(seed + 1)
        maker = Trials(own.of(), own.dt, steps, rng, driven, weight)
        for size in _SIZES:
            yield own, maker.random("", size)


def told_apart(faults: Sequence[Fault], trials: Iterator[tuple[Kinds, Trial]],
               names: Sequence[str], tolerance: float,
               recorded: Recorded) -> tuple[Fault, ...]:  # fmt: skip
    """Return those of faults that still do what the student's does where they part.

    Parameters
    ----------
    faults
        Each does what the student's does in all trials so far.
    trials
        Others, run as long as there are several.
    names, tolerance
        As for `Comparison`.
    recorded
        Runs the student's.
    """
    left = tuple(faults)
    for kinds, trial in trials:
        if len({fault.text for fault in left}) < 2:
            break
        habits = [fault.habits() for fault in left]
        ours = [record_of(kinds.of(one), kinds.dt, trial, one) for one in habits]
        level = kinds.of().thresholds
        comparison = Comparison(kinds.model, names, kinds.dt, ours, level, tolerance)
        found = [comparison.first(0, one, ours[0]) for one in ours[1:]]
        partings = [one.step for one in found if one is not None]
        if not partings:
            continue
        last = max(partings) + _AFTER
        theirs = recorded(kinds.dt, trial, lambda k, record, last=last: k >= last)  # type: ignore[misc]
        left = tuple(f for f, one in zip(left, ours, strict=True)
                     if comparison.first(0, theirs, one) is None) or left  # fmt: skip
    return left
