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
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.language.names import is_noise
from rheobase.rendering import random

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_BITS = 32  # of a random word
_AHEAD = 1024  # numbers of a site that are drawn at once, of as many steps as that is
_SITES = 256  # that are kept; more are drawn step by step, so that memory stays small


class Draws:
    """What the interpreted engine draws from.

    Parameters
    ----------
    level : int
        How often the step has been halved.
    """

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self._ahead: dict[tuple[int, ...], tuple[int, Floats]] = {}

    def of_site(self, law: str, site: str, seed: int, stream: int, lo: int, hi: int,
                step: int) -> Floats:  # fmt: skip
        """Return the numbers of a call site in equations, for cells lo to hi."""
        if law == "normal" and is_noise(site):
            return self._normal(seed, stream, lo, hi, step, self.level, None)
        if law == "normal":
            return self._plain(seed, stream, lo, hi, step >> self.level)
        return random.uniform(seed, stream, lo, hi, step >> self.level, 0)

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
            return self._plain(seed, stream, lo, hi, step)
        first = 1.0 if decay is None else decay  # what the first half counts, the second 1
        coarser = None if decay is None else decay * decay
        whole = self._normal(seed, stream, lo, hi, step >> 1, level - 1, coarser)
        other = self._plain(seed, _finer(stream, level), lo, hi, step >> 1)
        length = math.sqrt(1.0 + first * first)
        if step & 1:
            return (whole - first * other) * (1.0 / length)
        return (first * whole + other) * (1.0 / length)

    def _plain(self, seed: int, stream: int, lo: int, hi: int, step: int) -> Floats:
        """Return the normal numbers of a step.

        Of few cells those of many steps are drawn at once: a call costs more than its numbers.
        """
        rows = _AHEAD // max(hi - lo, 1)
        key = (seed, stream, lo, hi)
        if rows < 2 or (key not in self._ahead and len(self._ahead) >= _SITES):
            return random.normal(seed, stream, lo, hi, step, 0)
        block = step // rows
        if self._ahead.get(key, (-1,))[0] != block:
            drawn = random.normal_of_steps(seed, stream, lo, hi, block * rows, rows)
            self._ahead[key] = block, drawn
        return np.array(self._ahead[key][1][step - block * rows])

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


@lru_cache(maxsize=4096)
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
