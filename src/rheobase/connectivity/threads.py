"""Work divided among threads of Python, each in a compiled function that lets go of the GIL."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Range = tuple[int, int]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def divide(lengths: NDArray[np.int64], threads: int) -> list[Range]:
    """Divide rows of these lengths into ranges of about the same work, one a thread."""
    work = np.concatenate([[0], np.cumsum(lengths + 16)])
    shares = np.arange(1, threads) * (work[-1] / threads)
    bounds = [0, *np.searchsorted(work, shares).tolist(), lengths.size]
    return [(lo, max(lo, hi)) for lo, hi in itertools.pairwise(bounds)]


def evenly(count: int, threads: int) -> list[Range]:
    """Divide a number of things into ranges, one a thread."""
    return [(count * t // threads, count * (t + 1) // threads) for t in range(threads)]


def each(work: Callable[[int, int, int], None], ranges: Sequence[Range]) -> None:
    """Call `work(number, lo, hi)` for every range that is not empty, each in a thread.

    The first error of any of them is raised when all have come back.
    """
    errors: list[BaseException] = []

    def guarded(number: int, lo: int, hi: int) -> None:
        try:
            work(number, lo, hi)
        except BaseException as error:
            errors.append(error)

    calls = [(number, lo, hi) for number, (lo, hi) in enumerate(ranges) if hi > lo]
    others = [threading.Thread(target=guarded, args=call) for call in calls[1:]]
    for thread in others:
        thread.start()
    if calls:
        guarded(*calls[0])
    for thread in others:
        thread.join()
    if errors:
        raise errors[0]
