"""Random numbers of one run at a smaller step: the same noise, seen more closely.

A run at dt/2**level draws numbers nested in those of the run at dt. Every halving of a step
splits what the whole step drew, with a further number z of a stream of its own:

- an increment of white noise, sqrt(dt)*n: n = (n1 + n2)/sqrt(2), with n1, n2 = (n + z)/sqrt(2),
  (n - z)/sqrt(2), so that the two half increments add up to the whole one;
- a step of an Ornstein-Uhlenbeck process, whose halves count with a and 1, a = exp(-dt/(2 tau)):
  n = (a*n1 + n2)/sqrt(1 + a**2), so that after the whole step the process is the same;
- a Poisson count c: binomial, c random bits say which half each event is in;
- `rand()` and `randn()` in equations, which mean no process in time: held over the whole step.

n1 and n2 are again independent and standard normal (a rotation of n and z), the half counts
Poisson and independent: the finer run is as good a sample as the coarser (P. Levy's construction
of Brownian motion; thinning of a Poisson process). At level 0 nothing is changed.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.language.names import is_noise
from rheobase.rendering import random

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_BITS = 32  # of a random word


class Draws:
    """What the interpreted engine draws from.

    Parameters
    ----------
    level : int
        How often the step has been halved.
    """

    def __init__(self, level: int = 0) -> None:
        self.level = level

    def of_site(self, law: str, site: str, seed: int, stream: int, lo: int, hi: int,
                step: int) -> Floats:  # fmt: skip
        """Return the numbers of a call site in equations, for cells lo to hi."""
        if law == "normal" and is_noise(site):
            return self._normal(seed, stream, lo, hi, step, self.level, None)
        fill = random.normal if law == "normal" else random.uniform
        return fill(seed, stream, lo, hi, step >> self.level, 0)

    def correlated(self, seed: int, stream: int, size: int, step: int, decay: float) -> Floats:
        """Return the numbers that move an Ornstein-Uhlenbeck process on by one step.

        Parameters
        ----------
        decay : float
            What is left of the process after this step, exp(-dt/tau).
        """
        return self._normal(seed, stream, 0, size, step, self.level, decay)

    def _normal(self, seed: int, stream: int, lo: int, hi: int, step: int, level: int,
                decay: float | None) -> Floats:  # fmt: skip
        if level == 0:
            return random.normal(seed, stream, lo, hi, step, 0)
        first = 1.0 if decay is None else decay  # what the first half counts, the second 1
        coarser = None if decay is None else decay * decay
        whole = self._normal(seed, stream, lo, hi, step >> 1, level - 1, coarser)
        other = random.normal(seed, _finer(stream, level), lo, hi, step >> 1, 0)
        length = math.sqrt(1.0 + first * first)
        if step & 1:
            return (whole - first * other) * (1.0 / length)
        return (first * whole + other) * (1.0 / length)

    def poisson(self, seed: int, stream: int, size: int, step: int, expected: Any) -> Ints:
        """Return the counts of a step in which `expected` are expected."""
        means = np.asarray(expected, np.float64) * 2.0**self.level
        counts = np.asarray(
            random.poisson(seed, stream, 0, size, step >> self.level, 0, means), np.int64
        )
        for level in range(1, self.level + 1):
            half = step >> (self.level - level)
            first = _halved(counts, seed, _finer(stream, level), half >> 1)
            counts = counts - first if half & 1 else first
        return counts


def _finer(stream: int, level: int) -> int:
    """Return the stream of what a halving adds."""
    return random.stream_of("refinement", level, stream)


def _halved(counts: Ints, seed: int, stream: int, step: int) -> Ints:
    """Return how many of each count fall into the first half of a step."""
    found = np.zeros_like(counts)
    places = np.arange(counts.size)
    for draw in range(-(-int(counts.max(initial=0)) // _BITS)):
        bits = np.clip(counts - _BITS * draw, 0, _BITS)
        words = random.words(seed, stream, places, step, draw).astype(np.int64)
        found += np.bitwise_count(words & ((np.int64(1) << bits) - 1))
    return found
