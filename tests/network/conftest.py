"""Random numbers for these tests, at (element, step, draw) of a seed."""

import numpy as np
import pytest

from rheobase.rendering import random


class Philox:
    """The numbers a network draws, of one seed and one stream."""

    def __init__(self, seed=0):
        self.seed = seed

    def words(self, elements, step, draw):
        return random.words(self.seed, 7, elements, step, draw)

    def uniform(self, elements, step, draw):
        return random.uniform_at(self.seed, 7, elements, step, draw)

    def normal(self, elements, step, draw):
        return random.normal_at(self.seed, 7, elements, step, draw)

    log, exp = staticmethod(np.log), staticmethod(np.exp)


@pytest.fixture
def philox():
    """Make a source of random numbers from a seed."""
    return Philox


class Hashed:
    """A quick source for many small draws: a hash of the place (splitmix64)."""

    def __init__(self, seed):
        self.seed = seed

    def words(self, elements, step, draw):
        x = np.asarray(elements, np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = x + np.asarray(step, np.int64).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
        x = x + np.uint64(self.seed * 7919 + draw * 104729)
        for multiplier in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
            x = (x ^ (x >> np.uint64(30))) * np.uint64(multiplier)
        return ((x ^ (x >> np.uint64(31))) >> np.uint64(32)).astype(np.uint32)

    def uniform(self, elements, step, draw):
        return (self.words(elements, step, draw) + 0.5) / 2.0**32

    def normal(self, elements, step, draw):
        first, second = (self.uniform(elements, step, 2 * draw + k) for k in (0, 1))
        return np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)

    log, exp = staticmethod(np.log), staticmethod(np.exp)


@pytest.fixture(scope="session")
def quick():
    """Give a quick source of random numbers."""
    return Hashed(5)


@pytest.fixture(scope="session")
def hashed():
    """Make a quick source of random numbers from a seed."""
    return Hashed
