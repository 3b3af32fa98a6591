"""Random numbers of a network: counter-based, one stream for every use of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rheobase.network.draws import Floats, Ints, Words
from rheobase.rendering import random
from rheobase.rendering.functions import namespace_numpy

_CHUNK = 1 << 14


@dataclass(frozen=True)
class RandomStream:
    """The random numbers of one seed and one stream, as rules, values and trains draw them.

    `elements` and `step` broadcast against each other; the same place always gives the same
    number, whatever else is drawn.
    """

    seed: int
    stream: int

    @classmethod
    def of(cls, seed: int, *names: str) -> RandomStream:
        """Return the stream that belongs to these names: a population and what is drawn for it."""
        return cls(seed, random.stream_of(*names))

    def words(self, elements: Ints, step: Ints | int, draw: int) -> Words:
        """Return 32 random bits for each place."""
        if _are_rows(elements, step):
            first, count = int(elements[0, 0]), elements.size
            steps = np.asarray(step, np.int64).reshape(-1)
            return random.words_of_rows(self.seed, self.stream, first, count, steps, draw)
        return random.words(self.seed, self.stream, *_places(elements, step), draw)

    def uniform(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        """Return numbers uniform between 0 and 1."""
        return random.uniform_at(self.seed, self.stream, *_places(elements, step), draw)

    def normal(self, elements: Ints, step: Ints | int, draw: int) -> Floats:
        """Return standard normal numbers."""
        return random.normal_at(self.seed, self.stream, *_places(elements, step), draw)

    def log(self, values: Floats) -> Floats:
        """Return natural logarithms, with the bits of compiled code."""
        return _shared("log", values)

    def exp(self, values: Floats) -> Floats:
        """Return exponentials, with the bits of compiled code."""
        return _shared("exp", values)


def _shared(name: str, values: Floats) -> Floats:
    """Work out a function of the language, some values at a time so that they stay in cache."""
    function = namespace_numpy()[name]
    flat = np.asarray(values, np.float64).reshape(-1)
    out = np.empty(flat.size)
    for begin in range(0, flat.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        out[part] = function(flat[part])
    return out.reshape(np.shape(values))


def _are_rows(elements: Ints, step: Ints | int) -> bool:
    """Whether these are the same neighboring elements for one step after the other."""
    return (
        np.ndim(elements) == 2 and np.ndim(step) == 2 and elements.shape[0] == 1
        and np.shape(step)[1] == 1 and elements.size > 1 and elements[0, 0] % 4 == 0
        and bool(np.all(np.diff(elements[0]) == 1))
    )  # fmt: skip


def _places(elements: Ints, step: Ints | int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    one, other = np.broadcast_arrays(np.asarray(elements, np.int64), np.asarray(step, np.int64))
    return one, other
