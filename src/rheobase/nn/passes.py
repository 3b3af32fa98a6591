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

from rheobase.nn.layers.base import Array, Key, Layer
from rheobase.nn.losses import Loss

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


Gradients = list[dict[str, Array]]


def gradient_views(net: Sequential, vector: Array) -> Gradients:
    """Return views of a vector that is laid out as the parameters of a network."""
    views: Gradients = []
    begin = 0
    for layer in net.layers:
        views.append({})
        for name, value in layer.parameters.items():
            views[-1][name] = vector[begin : begin + value.size].reshape(value.shape)
            begin += value.size
    return views


def sizes_of(net: Sequential) -> Array | None:
    """Return how large every parameter typically is, as one vector; None where all are about 1."""
    sizes = np.ones_like(net.vector)
    for layer, views in zip(net.layers, gradient_views(net, sizes), strict=True):
        for name, size in layer.sizes().items():
            views[name][...] = 2.0 ** np.round(np.log2(size))  # so that dividing by it is exact
    return None if np.all(sizes == 1.0) else sizes


def backpropagate(
    net: Sequential,
    loss: Loss,
    x: Array,
    target: Array,
    into: Gradients,
    *,
    key: Key | None = None,
    threads: int | None = None,
) -> tuple[float, Array]:
    """Forward and backward pass of a batch.

    Parameters
    ----------
    net, loss
        What is trained, on what.
    x, target : array
        The batch.
    into : list of dict
        Takes the derivatives of the mean loss by the parameters.
    key : tuple of int, optional
        Of the random numbers of this pass.
    threads : int, optional
        How many threads share the parts of the batch; the result does not depend on it.

    Returns
    -------
    loss, outputs
        The mean loss with what layers add to it, and what the network gave.
    """
    pieces = parts(net, len(x))
    results: list[Any] = [None] * len(pieces)

    def work(number: int) -> None:
        piece = pieces[number]
        part_key = None if key is None else (*key, number)
        results[number] = _backpropagate_part(net, loss, x[piece], target[piece], part_key)

    share(work, len(pieces), threads)
    total = sum(result[0] for result in results)
    for number, gradients in enumerate(into):
        for name, sink in gradients.items():
            sink[...] = 0
            for _, _, found in results:
                if name in found[number]:  # nothing comes back through a layer without a derivative
                    sink += found[number][name]
            sink /= sink.dtype.type(len(x))
    outputs = [result[1] for result in results]
    return total / len(x), outputs[0] if len(outputs) == 1 else np.concatenate(outputs)


def _backpropagate_part(
    net: Sequential, loss: Loss, x: Array, target: Array, key: Key | None
) -> tuple[float, Array, Gradients]:
    """Forward and backward pass of a part: sums over its samples."""
    saved: list[Any] = []
    y = x
    for number, layer in enumerate(net.layers):
        y, kept = layer.run(y, training=True, key=layer_key(key, number))
        saved.append(kept)
    last = net.layers[-1]
    split = _net_input(loss, last, saved[-1])
    if split is None:
        total, g = loss.total(y, target)
    else:
        z, saved[-1] = split
        total, g = loss.total_of_net_input(z, target)
    # the loss of a sample is a mean over its outputs, or not, as `count` says
    outputs = int(np.prod(y.shape[1:]))
    of_outputs = len(y) / max(loss.count(len(y), outputs), 1)
    added = sum(layer.regularization(s) for layer, s in zip(net.layers, saved, strict=True))
    return total * of_outputs + added, y, _back(net, g * g.dtype.type(of_outputs), saved)


def _back(net: Sequential, g: Array | None, saved: list[Any]) -> Gradients:
    """Go back through all layers; the first need not say what its input should be."""
    gradients: Gradients = [{} for _ in net.layers]
    for number in reversed(range(1, len(net.layers))):
        if g is None:
            return gradients
        g, gradients[number] = net.layers[number].reverse(g, saved[number])
    if g is not None:
        gradients[0] = net.layers[0].reverse_parameters(g, saved[0])
    return gradients


def _net_input(loss: Loss, layer: Layer, saved: Any) -> tuple[Array, Any] | None:
    """Return what `before_activation` gives, if the loss is computed from there."""
    activation = getattr(layer, "activation", None)
    if loss.after is None or getattr(activation, "name", None) != loss.after:
        return None
    return layer.before_activation(saved)


def evaluate_loss(
    net: Sequential, loss: Loss, x: Array, target: Array, threads: int | None = None
) -> tuple[Array, float]:
    """Return what the network makes of samples, and the mean loss of that."""
    pieces = parts(net, len(x))
    results: list[Any] = [None] * len(pieces)
    last = net.layers[-1]

    def work(number: int) -> None:
        piece = pieces[number]
        y, saved = x[piece], None
        for layer in net.layers:
            y, saved = layer.run(y)
        split = _net_input(loss, last, saved)
        if split is None:
            total, _ = loss.total(y, target[piece])
        else:
            total, _ = loss.total_of_net_input(split[0], target[piece])
        results[number] = (y, total)

    share(work, len(pieces), threads)
    y = np.concatenate([y for y, _ in results])
    return y, sum(total for _, total in results) / loss.count(len(x), int(np.prod(y.shape[1:])))


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
