"""Random inputs of a tape: the numbers that `net.run` draws, step by step, kept for every run."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.plan import DrivePlan, FloatArray, InputPlan, NetworkPlan, SourcePlan
from rheobase.rendering.refining import Draws


def poisson_counts(plan: NetworkPlan, part: SourcePlan | DrivePlan, size: int, first: int,
                   steps: int) -> tuple[Any, Any, FloatArray]:  # fmt: skip
    """Return the events of Poisson processes: steps from `first`, elements, how many.

    They are sorted by step, then element.
    """
    draws, seed = Draws(), facts.seed_of(plan, part)
    where, which, many = [], [], []
    for place in range(steps):
        expected = facts.interval_row(part.counts, part.interval_steps, first + place)
        if expected is None or not np.any(expected):
            continue
        counts = draws.poisson(seed, part.stream, size, first + place, expected)
        ids = np.flatnonzero(counts)
        where.append(np.full(ids.size, place))
        which.append(ids)
        many.append(counts[ids].astype(float))
    if not where:
        return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0)
    return np.concatenate(where), np.concatenate(which).astype(np.int32), np.concatenate(many)


class NoiseValues:
    """The values of an Ornstein-Uhlenbeck input, step by step, as the engine computes them.

    Parameters
    ----------
    plan, item
        The network and the input; its state is that before step `first`.
    first
        The step of the tape to begin with.
    """

    def __init__(self, plan: NetworkPlan, item: InputPlan, first: int) -> None:
        assert item.state is not None
        self.mean = item.mean
        self.size = item.state.size
        self.seed, self.stream = facts.seed_of(plan, item), item.stream
        self.decay, self.kick = facts.noise_coefficients(plan.dt, item)
        self.draws = Draws()
        self.known = {first: item.state.copy()}  # states before some steps
        self.last: tuple[int, FloatArray] | None = None

    def rows(self, first: int, steps: int) -> FloatArray:
        """Return the values of some steps; those before them were asked for earlier."""
        if self.last is not None and self.last[0] == first and len(self.last[1]) == steps:
            return self.last[1]
        state = self.known[first].copy()
        found = np.empty((steps, self.size))
        for place in range(steps):
            found[place] = self.mean + state
            drawn = self.draws.correlated(
                self.seed, self.stream, self.size, first + place, self.decay
            )
            state = self.decay * state + self.kick * drawn
        self.known[first + steps] = state
        self.last = first, found
        return found
