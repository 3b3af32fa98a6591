"""Who works on what: every population divided into ranges of cells, one a thread.

A thread owns its ranges, all state of those cells, the synapses onto them and the list of their
spikes; it writes to nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheobase.engine.cables import cables
from rheobase.engine.detectors import detectors
from rheobase.engine.plan import AnyArray, Int64Array, NetworkPlan, PopulationPlan

LINE = 64
"""Ranges begin at multiples of this many cells, so that no two share a cache line."""


@dataclass(frozen=True)
class Share:
    """What one thread owns.

    Attributes
    ----------
    thread, threads : int
        Which of how many it is.
    lo, hi : tuple of int
        By population, the range of its cells; it may be empty.
    """

    thread: int
    threads: int
    lo: tuple[int, ...]
    hi: tuple[int, ...]

    def own(self, place: int) -> tuple[int, int]:
        """Return the range of cells of a population."""
        return self.lo[place], self.hi[place]

    def within(self, place: int, cells: AnyArray) -> slice:
        """Return where in an ascending list of cells of a population those it owns stand."""
        begin, end = np.searchsorted(cells, self.own(place))
        return slice(int(begin), int(end))


def bounds(size: int, threads: int) -> Int64Array:
    """Return where the ranges of a population begin, and where the last ends.

    Examples
    --------
    >>> bounds(300, 2).tolist()
    [0, 128, 300]
    """
    lines = -(-size // LINE)
    return np.minimum(np.arange(threads + 1, dtype=np.int64) * lines // threads * LINE, size)


def shares(plan: NetworkPlan, threads: int) -> list[Share]:
    """Divide a network among threads."""
    found = [bounds(population.size, threads) for population in plan.populations]
    for place, population in enumerate(plan.populations):
        if isinstance(population, PopulationPlan) and population.program.crossing == "exact":
            found[place] = np.array([0] + [population.size] * threads)  # one heap of events
    for place, cable in cables(plan):  # by chunk, with their patches and points
        lay = cable.layout
        chunks = lay.chunk_bounds(threads)
        firsts = np.array([*(chunk.first for chunk in lay.chunks), cable.size], np.int64)
        found[place] = firsts[chunks]
        for p, patch in enumerate(cable.patches):
            found[patch] = lay.starts[chunks, p]
        for point in cable.points:
            found[point.population] = np.searchsorted(point.cells, found[place])
    for place, looking in detectors(plan):
        found[place] = np.searchsorted(looking.cells, found[looking.cable])
    return [
        Share(t, threads, tuple(int(b[t]) for b in found), tuple(int(b[t + 1]) for b in found))
        for t in range(threads)
    ]
