"""Small dense networks trained without Python between the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rheobase.nn import losses, parts
from rheobase.nn.activations import LIBRARY, Activation
from rheobase.nn.elementwise import loops_of
from rheobase.nn.layers.base import Array, Layer
from rheobase.nn.layers.dense import Dense
from rheobase.nn.metrics import accuracy
from rheobase.nn.optimizers import SGD, Adam
from rheobase.rendering.primitives import has_numba

if TYPE_CHECKING:
    from rheobase.nn.training import Task, Trainer

MOST_WEIGHTS = 4096
"""Networks with more are faster by the matrix products of linear algebra."""


def trainer(task: Task) -> Trainer | None:
    """Return a compiled trainer of a task, if there is one for it.

    There is for small networks of `Dense` layers in float64, with the losses, optimizers and
    activations of the library.
    """
    net = task.net
    if not has_numba() or net.dtype != np.float64 or net.vector.size > MOST_WEIGHTS:
        return None
    if task.x.ndim != 2 or type(task.optimizer) not in (SGD, Adam):
        return None
    if any(metric is not accuracy for metric in task.metrics.values()):
        return None
    if not all(type(layer) is Dense for layer in net.layers):
        return None
    *hidden, last = (layer for layer in net.layers if isinstance(layer, Dense))
    if _loss_of(task, last) is None or not all(_simple(layer.activation) for layer in hidden):
        return None
    return CompiledDense(task)


def _simple(activation: object) -> bool:
    return any(activation is known for known in LIBRARY.values()) and (
        isinstance(activation, Activation) and loops_of(activation, 64) is not None
    )


def _loss_of(task: Task, last: Dense) -> str | None:
    """Return which of the compiled losses a task has; None if it has none of them."""
    name = last.activation.name
    if task.loss is losses.squared_error and _simple(last.activation):
        return "SQUARED"
    if task.loss is losses.binary_cross_entropy and last.activation is LIBRARY["sigmoid"]:
        return "BINARY"
    if task.loss is losses.cross_entropy and name in ("linear", "softmax"):
        return "CLASSES"
    return None


class CompiledDense:
    """Trains a small dense network; see `training.Trainer`.

    Parameters
    ----------
    task : Task
        What is trained, on what.
    """

    def __init__(self, task: Task) -> None:
        self._part = parts.part("dense_training")
        self._task = task
        self.gradient = np.zeros_like(task.net.vector)
        self._x = np.ascontiguousarray(task.x.T)
        self._t = np.ascontiguousarray(self._targets().T)
        # SGD without momentum keeps it all the same: 0 times the last step
        self._state = np.zeros((2, task.net.vector.size))
        self._numbers = self._of_optimizer()
        self._layers, self._places, size = self._laid_out()
        self._memory = np.zeros(size)
        ones = self._places[2]
        self._memory[ones : ones + self._part.PART] = 1.0
        self._columns = np.arange(len(task.net.layers))
        self._kinds = self._of_task()
        self._steps = 0

    def run(self, orders: Array | None, rates: Array) -> Array:
        """Train for some epochs; see `Trainer.run`."""
        task = self._task
        if orders is None:
            orders = np.zeros((1, 0), np.int64)
        columns = self._part.SIZES + len(task.net.layers) + len(task.metrics)
        rows = np.zeros((len(rates) * len(task.batches), columns))
        self._steps = self._part.train(
            self._x,
            self._t,
            orders,
            task.batch_size,
            np.ascontiguousarray(rates, np.float64),
            task.net.vector,
            self.gradient,
            self._state,
            self._numbers,
            self._memory,
            self._layers,
            self._columns,
            self._places,
            self._kinds,
            self._steps,
            rows,
        )
        return rows

    def _targets(self) -> Array:
        """Return targets as numbers (samples, outputs)."""
        target, outputs = self._task.target, self._task.outputs[0]
        if target.ndim == 2:
            return np.asarray(target, np.float64)
        return np.eye(outputs)[target]

    def _of_optimizer(self) -> Array:
        optimizer, part = self._task.optimizer, self._part
        numbers = np.zeros(part.EPSILON + 1)
        if isinstance(optimizer, SGD):
            numbers[part.MOMENTUM] = optimizer.momentum
            numbers[part.NESTEROV] = optimizer.nesterov
            numbers[part.DECAY] = optimizer.weight_decay
        elif isinstance(optimizer, Adam):
            numbers[part.FIRST], numbers[part.SECOND] = optimizer.betas
            numbers[part.EPSILON] = optimizer.epsilon
            numbers[part.DECAY] = optimizer.weight_decay
            numbers[part.DECOUPLED] = optimizer.decoupled
        return numbers

    def _of_task(self) -> tuple[int, int, bool, float]:
        task, last = self._task, self._task.net.layers[-1]
        assert isinstance(last, Dense)
        loss = getattr(self._part, _loss_of(task, last) or "")
        optimizer = self._part.ADAM if isinstance(task.optimizer, Adam) else self._part.SGD
        return loss, optimizer, bool(task.metrics), float(task.loss.count(1, task.outputs[0]))

    def _laid_out(self) -> tuple[Array, tuple[int, int, int, int], int]:
        """Return the table of layers, the other places in memory, and the size of memory."""
        part = self._part
        width: int = part.PART
        free = at = 0
        rows = []

        def room(units: int) -> int:
            nonlocal free
            begin, free = free, free + units * width
            return begin

        before = room(self._task.net.layers[0].inputs)
        for layer in self._task.net.layers:
            row = np.zeros(part.BACK_AT + 1, np.int64)
            row[part.INPUTS], row[part.UNITS] = layer.inputs, layer.units
            row[part.WEIGHTS], at = at, at + layer.inputs * layer.units
            row[part.BIAS] = at if layer.has_bias else -1
            at += layer.units if layer.has_bias else 0
            row[part.BEFORE], row[part.NET] = before, room(layer.units)
            row[part.VALUES_AT], row[part.BACK_AT], from_values = _addresses(layer)
            row[part.AFTER] = room(layer.units) if row[part.VALUES_AT] else row[part.NET]
            row[part.SLOPE] = row[part.AFTER if from_values else part.NET]
            row[part.BACK] = room(layer.units)
            row[part.BACK_NET] = room(layer.units) if row[part.BACK_AT] else row[part.BACK]
            before = row[part.AFTER]
            rows.append(row)
        places = room(self._task.outputs[0]), room(1), room(1), room(2)
        return np.array(rows), places, free


def _addresses(layer: Layer) -> tuple[int, int, bool]:
    """Return where the compiled loops of a layer's activation are; 0 if it is linear.

    Beside them stands whether the way back begins at y = f(z) instead of z.
    """
    if layer.activation.name in ("linear", "softmax"):  # softmax is part of its loss
        return 0, 0, False
    loops = loops_of(layer.activation, 64)
    assert loops is not None
    if loops.back_from_values_address:
        return loops.values_address, loops.back_from_values_address, True
    return loops.values_address, loops.back_address, False
