"""A batch through a network: in parts of a fixed size, in several threads, with the same bits.

Sums over samples are made part by part, in the order of the parts. Neither the size of a part
nor that order depends on the number of threads, and the linear algebra inside a part runs in one
thread, so no result does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.nn.layers.base import Array, Key

if TYPE_CHECKING:
    from rheobase.nn.sequential import Sequential

PART = 256
"""Samples in a part where no layer says otherwise."""


def part_size(net: Sequential) -> int:
    """Return how many samples go through a network at once."""
    return min((layer.chunk for layer in net.layers if layer.chunk is not None), default=PART)


def parts(net: Sequential, samples: int) -> list[slice]:
    """Return the parts of a batch, in order."""
    size = part_size(net)
    return [slice(begin, min(begin + size, samples)) for begin in range(0, samples, size)] or [
        slice(0, 0)
    ]


def layer_key(key: Key | None, number: int) -> Key | None:
    """Return the key of one layer in a pass with a key."""
    return None if key is None else (*key, number)


def through(net: Sequential, x: Array) -> Array:
    """Return what the layers make of samples, all at once."""
    for layer in net.layers:
        x, _ = layer.run(x)
    return x


def evaluate(net: Sequential, x: Array, threads: int | None = None) -> Array:
    """Return what the network makes of samples, part by part."""
    pieces = parts(net, len(x))
    if len(pieces) == 1:
        with single_threaded():
            return through(net, x)
    results: list[Any] = [None] * len(pieces)

    def work(number: int) -> None:
        results[number] = through(net, x[pieces[number]])

    with single_threaded():
        share(work, len(pieces), threads)
    return np.concatenate(results)


def share(work: Callable[[int], None], count: int, threads: int | None = None) -> None:
    """Call ``work(0) ... work(count - 1)`` in several threads; each does every n-th."""
    from rheobase.connectivity.threads import usable_cores

    number = min(threads or usable_cores(), count)
    if number <= 1:
        for k in range(count):
            work(k)
        return

    def some(first: int) -> None:
        for k in range(first, count, number):
            work(k)

    workers = _workers(number)
    workers.run([lambda first=first: some(first) for first in range(number)])


@cache
def _workers(count: int) -> Any:
    from rheobase.engine.workers import Workers

    return Workers(count)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Linear algebra of NumPy in one thread: sums in an order that does not depend on cores."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
