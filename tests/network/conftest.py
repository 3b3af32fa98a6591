"""Random numbers for these tests: Philox 4x32-10 written out in NumPy, from its publication."""

import numpy as np
import pytest


class Philox:
    """Counter-based numbers at (element, step, draw) of one seed.

    Source: J. K. Salmon et al., SC11 (2011), "Parallel random numbers: as easy as 1, 2, 3".
    """

    def __init__(self, seed=0):
        self.seed = seed
        self.calls = 0

    def _block(self, element, step, draw):
        low = np.uint64(0xFFFFFFFF)
        shift = np.uint64(32)
        c0 = np.asarray(element, np.int64).astype(np.uint64)
        step = np.asarray(step, np.int64).astype(np.uint64)
        c0, c1 = np.broadcast_arrays(c0, step & low)
        c2 = np.broadcast_to((step >> shift) << np.uint64(16) | np.uint64(draw), c0.shape)
        c3 = np.broadcast_to(np.uint64(7), c0.shape)
        k0, k1 = self.seed & 0xFFFFFFFF, self.seed >> 32
        for _ in range(10):
            p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
            c0, c1, c2, c3 = (
                (p1 >> shift) ^ c1 ^ np.uint64(k0),
                p1 & low,
                (p0 >> shift) ^ c3 ^ np.uint64(k1),
                p0 & low,
            )
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        return c0, c1, c2, c3

    def words(self, elements, step, draw):
        elements = np.asarray(elements, np.int64)
        self.calls += 1
        blocks = self._block(elements // 4, step, draw)
        part = np.broadcast_to(elements % 4, blocks[0].shape)
        return np.choose(part, blocks).astype(np.uint32)

    def uniform(self, elements, step, draw):
        return (self.words(elements, step, draw) + 0.5) / 2.0**32

    def normal(self, elements, step, draw):
        elements = np.asarray(elements, np.int64)
        first = self.uniform(2 * elements, step, draw)
        second = self.uniform(2 * elements + 1, step, draw)
        return np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)


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


@pytest.fixture(scope="session")
def quick():
    """Give a quick source of random numbers."""
    return Hashed(5)


@pytest.fixture(scope="session")
def hashed():
    """Make a quick source of random numbers from a seed."""
    return Hashed
