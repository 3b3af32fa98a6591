"""Training: batches, steps down the gradient, validation, early stopping."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rheobase.errors import RheobaseWarning, ShapeError, UserError
from rheobase.nn import compiled, diagnosis, losses, optimizers, passes
from rheobase.nn.history import History
from rheobase.nn.layers.base import Array, generator
from rheobase.nn.losses import Loss
from rheobase.nn.metrics import Metric, chosen
from rheobase.nn.optimizers import Optimizer, Schedule
from rheobase.nn.sequential import Sequential, numbers
from rheobase.progress import Progress

_SLICE = 0.1  # seconds of wall time between two looks at the clock


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the loss has not improved for some epochs.

    Watches the validation loss, or the training loss without validation.

    Parameters
    ----------
    patience : int
        How many epochs without improvement are borne.
    least : float
        What counts as one.
    restore : bool
        Whether the parameters of the best epoch are put back at the end.
    """

    patience: int = 5
    least: float = 0.0
    restore: bool = True

    def __post_init__(self) -> None:
        _whole("EarlyStopping", "patience", self.patience, 1)


@dataclass(frozen=True)
class Task:
    """All that a fit is about, checked."""

    net: Sequential
    loss: Loss
    optimizer: Optimizer
    x: Array
    target: Array
    outputs: tuple[int, ...]
    metrics: dict[str, Callable[[Array, Array], float]]
    batch_size: int
    seed: int
    threads: int | None

    @property
    def batches(self) -> list[slice]:
        """The batches of an epoch, in its order of samples."""
        size, samples = self.batch_size, len(self.x)
        return [slice(k, min(k + size, samples)) for k in range(0, samples, size)]


class Trainer(Protocol):
    """Whoever goes through epochs: layer by layer, or compiled."""

    gradient: Array

    def run(self, orders: Array | None, rates: Array) -> Array:
        """Train for some epochs.

        Parameters
        ----------
        orders : array, (epochs, samples), optional
            Order of the samples in each; without it as they stand.
        rates : array, (epochs,)
            Learning rates.

        Returns
        -------
        array, (batches of all epochs, columns)
            Loss, norm of the gradient, mean absolute gradient by the weights of each layer,
            metrics.
        """


class LayerByLayer:
    """Trains through `run` and `reverse` of the layers."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.gradient = np.zeros_like(task.net.vector)
        self._views = passes.gradient_views(task.net, self.gradient)
        self._sizes = passes.sizes_of(task.net)
        self._relative = self.gradient if self._sizes is None else np.zeros_like(self.gradient)
        self._looked_at = passes.gradient_views(task.net, self._relative)
        self._state = task.optimizer.start(task.net.vector)
        self._steps = 0

    def run(self, orders: Array | None, rates: Array) -> Array:
        """Train for some epochs; see `Trainer.run`."""
        rows = []
        for epoch, rate in enumerate(rates):
            for batch in self.task.batches:
                chosen_samples = batch if orders is None else orders[epoch, batch]
                rows.append(self._step(chosen_samples, float(rate)))
        return np.array(rows)

    def _step(self, samples: Any, rate: float) -> list[float]:
        task = self.task
        target = task.target[samples]
        loss, y = passes.backpropagate(
            task.net,
            task.loss,
            task.x[samples],
            target,
            self._views,
            key=(task.seed, self._steps),
            threads=task.threads,
        )
        self._steps += 1
        self._move(rate)
        sizes = [
            float(np.abs(view["weights"]).mean()) if "weights" in view else np.nan
            for view in self._looked_at
        ]
        norm = float(np.sqrt(np.vdot(self._relative, self._relative)))
        return [loss, norm, *sizes, *(metric(y, target) for metric in task.metrics.values())]

    def _move(self, rate: float) -> None:
        """Let the optimizer make a step; it sees parameters relative to how large they are."""
        task, vector = self.task, self.task.net.vector
        if self._sizes is None:
            task.optimizer.step(vector, self.gradient, self._state, self._steps, rate)
            return
        np.multiply(self.gradient, self._sizes, out=self._relative)
        relative = vector / self._sizes
        task.optimizer.step(relative, self._relative, self._state, self._steps, rate)
        np.multiply(relative, self._sizes, out=vector)


def fit(
    net: Sequential,
    x: Any,
    y: Any,
    *,
    loss: str | Loss,
    optimizer: str | Optimizer = "adam",
    epochs: int = 10,
    batch_size: int | None = None,
    validation: tuple[Any, ...] | float | None = None,
    metrics: tuple[Metric, ...] = ("accuracy",),
    schedule: Schedule | None = None,
    seed: int = 0,
    early_stopping: EarlyStopping | int | None = None,
    record_every: int | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> History:
    """Train a network: change its parameters so that the loss becomes small.

    An epoch goes through all samples once, in a new order each time, batch by batch: forward
    pass, loss, backward pass, a step of the optimizer. The same seed gives the same bits, for
    any number of threads.

    Parameters
    ----------
    net : Sequential
        Its parameters are changed in place.
    x : array, (samples, ...)
        Inputs.
    y : array
        Targets: of the shape of the outputs, or for "cross_entropy" classes (samples,).
    loss : str or Loss
        "squared_error", "binary_cross_entropy" (outputs are probabilities) or "cross_entropy"
        (outputs are net inputs of the classes, or end with a softmax).
    optimizer : str or Optimizer
        ``nn.Adam(0.001)``, ``nn.SGD(0.1, momentum=0.9)`` ...
    epochs : int
        How many.
    batch_size : int, optional
        Samples in a batch; all of them if left out, then always in the order given.
    validation : (x, y) or float, optional
        Samples that are not trained on, or which share of those given is set aside for it.
    metrics : tuple
        "accuracy" (left out where targets are no classes), or functions of (outputs, targets).
    schedule : callable or mapping, optional
        Learning rate from the number of the epoch, or ``{8: 0.01, 18: 0.001}``: from epoch 8 on
        0.01, from 18 on 0.001.
    seed : int
        Of the order of samples, of dropout, and of what is set aside.
    early_stopping : EarlyStopping or int, optional
        When to stop before the end; a number is the patience in epochs.
    record_every : int, optional
        Batches between two entries of the history; an epoch if left out.
    threads : int, optional
        How many at most; all cores if left out. The result does not depend on it.
    progress : bool, optional
        Whether to show how far it is; on terminals and in notebooks if left out.

    Returns
    -------
    History
        ``history.loss``, ``.accuracy``, ``.validation_loss``, ``.plot()`` ...

    Raises
    ------
    ShapeError
        If samples do not fit the network or each other: targets (n,) are no targets (n, 1).
    UserError
        If a number is out of its range, or a sample is not finite.
    UnknownNameError
        If there is no such loss, optimizer or metric.

    Warns
    -----
    RheobaseWarning
        If the fit ends no better than guessing, with what may be the reason, or if the loss
        stops being a number.

    Examples
    --------
    >>> from rheobase import nn
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> net = nn.Sequential(nn.Dense(2, 8, "tanh"), nn.Dense(8, 1, "sigmoid"), seed=0)
    >>> history = nn.fit(net, x, y, loss="binary_cross_entropy", optimizer=nn.Adam(0.05),
    ...                  epochs=500)
    >>> float(history.accuracy[-1])
    1.0
    """
    if not isinstance(net, Sequential):
        raise UserError(
            "nn.fit trains a network", given=f"{net!r}"[:80], mend="nn.fit(nn.Sequential(...), x, y"
            ", loss=...)",
        )  # fmt: skip
    loss_used, optimizer_used = losses.find(loss), optimizers.find(optimizer)
    inputs, target, outputs = _samples(net, x, y, loss_used, "")
    _whole("fit", "epochs", epochs, 0)
    _whole("fit", "seed", seed, None)
    if threads is not None:
        _whole("fit", "threads", threads, 1)
    inputs, target, held_out = _set_aside(net, inputs, target, loss_used, validation, seed)
    size = len(inputs) if batch_size is None else _whole("fit", "batch_size", batch_size, 1)
    if record_every is not None:
        _whole("fit", "record_every", record_every, 1)
    task = Task(
        net,
        loss_used,
        optimizer_used,
        inputs,
        target,
        outputs,
        chosen(metrics, loss_used, target),
        min(size, len(inputs)),
        seed,
        threads,
    )
    if early_stopping is not None and not isinstance(early_stopping, EarlyStopping):
        early_stopping = EarlyStopping(early_stopping)
    rates = optimizers.rates(optimizer_used, schedule, epochs)
    with passes.single_threaded():
        run = _Run(task, held_out, early_stopping, record_every)
        history = run.through(rates, progress)
        diagnosis.warn_if_guessing(task, history)
    return history


class _Run:
    """A fit from epoch to epoch."""

    def __init__(
        self,
        task: Task,
        held_out: tuple[Array, Array] | None,
        early_stopping: EarlyStopping | None,
        record_every: int | None,
    ) -> None:
        self.task = task
        self.held_out = held_out
        self.stopping = early_stopping
        self.every = record_every or len(task.batches)
        self.trainer: Trainer = compiled.trainer(task) or LayerByLayer(task)
        self.rows: list[Array] = []
        self.validation: list[list[float]] = []
        self.stopped = ""
        self.best, self.best_epoch, self.best_vector = np.inf, 0, task.net.vector.copy()

    def through(self, rates: Array, progress: bool | None) -> History:
        """Go through all epochs, or until it is time to stop."""
        began = last = time.monotonic()
        done, span = 0, 1
        looks = self.held_out is not None or self.stopping is not None
        with Progress(len(rates), "fit", progress, unit="epochs") as shown:
            while done < len(rates) and not self.stopped:
                count = 1 if looks else min(span, len(rates) - done)
                some = slice(done, done + count)
                self.rows.append(self.trainer.run(self._orders(some), rates[some]))
                done += count
                self._look(done)
                shown.update(done)
                now = time.monotonic()
                # as many epochs at once as fit between two looks at the clock
                span = max(1, min(2 * span, int(count * _SLICE / max(now - last, 1e-9))))
                last = now
        if self.stopping is not None and self.stopping.restore and self.best_epoch:
            self.task.net.vector[...] = self.best_vector
        self._leave_gradients()
        return self._history(rates, time.monotonic() - began)

    def _orders(self, epochs: slice) -> Array | None:
        samples = len(self.task.x)
        if self.task.batch_size == samples:
            return None
        return np.array(
            [
                generator((self.task.seed, epoch, 0)).permutation(samples)
                for epoch in range(epochs.start, epochs.stop)
            ]
        )

    def _look(self, done: int) -> None:
        """Validate, and find out whether it is time to stop."""
        rows = self.rows[-1]
        bad = np.flatnonzero(~np.isfinite(rows[:, 0]))
        if bad.size:
            epoch = done - (len(rows) - int(bad[0]) - 1) // len(self.task.batches)
            self.stopped = f"the loss was no finite number in epoch {epoch}"
            warnings.warn(
                f"{self.stopped}: the steps are too long. Try a smaller learning rate than "
                f"{self.task.optimizer.rate:g}, or inputs of size 1.",
                RheobaseWarning,
                stacklevel=4,
            )
            return
        watched = float(np.mean(rows[-len(self.task.batches) :, 0]))
        if self.held_out is not None:
            self.validation.append(self._validate(*self.held_out))
            watched = self.validation[-1][0]
        if self.stopping is None:
            return
        if watched < self.best - self.stopping.least:
            self.best, self.best_epoch = watched, done
            self.best_vector[...] = self.task.net.vector
        elif done - self.best_epoch >= self.stopping.patience:
            self.stopped = f"no improvement since epoch {self.best_epoch}"

    def _validate(self, x: Array, target: Array) -> list[float]:
        task = self.task
        y, total = passes.evaluate_loss(task.net, task.loss, x, target, task.threads)
        return [total, *(metric(y, target) for metric in task.metrics.values())]

    def _leave_gradients(self) -> None:
        """Put the gradients of the last batch where `net.backward` puts them."""
        net = self.task.net
        views = passes.gradient_views(net, self.trainer.gradient.copy())
        for layer, gradients in zip(net.layers, views, strict=True):
            vars(layer.gradient).update(gradients)

    def _history(self, rates: Array, seconds: float) -> History:
        task = self.task
        layers, batches = len(task.net.layers), len(task.batches)
        columns = 2 + layers + len(task.metrics)
        rows = np.concatenate(self.rows) if self.rows else np.zeros((0, columns))
        means = _means(rows, [b.stop - b.start for b in task.batches], self.every)
        entries = len(means)
        ends = np.minimum(np.arange(1, entries + 1) * self.every, len(rows)) / batches
        found = {name: means[:, 2 + layers + k] for k, name in enumerate(task.metrics)}
        validation = np.array(self.validation).reshape(len(self.validation), 1 + len(task.metrics))
        if self.held_out is not None:
            found |= {
                f"validation_{name}": validation[:, 1 + k] for k, name in enumerate(task.metrics)
            }
        return History(
            epochs=ends,
            loss=means[:, 0],
            gradient_norm=means[:, 1],
            gradient_size=means[:, 2 : 2 + layers],
            rate=rates[np.maximum(np.ceil(ends).astype(int) - 1, 0)],
            validation_loss=validation[:, 0],
            metrics=found,
            stopped=self.stopped,
            seconds=seconds,
        )


def _means(rows: Array, sizes: list[int], every: int) -> Array:
    """Return the means over every so many batches, each counted by its samples."""
    weights = np.resize(np.array(sizes, np.float64), len(rows))[:, None]
    starts = np.arange(0, len(rows), every)
    if not len(starts):
        return rows
    return np.asarray(np.add.reduceat(rows * weights, starts) / np.add.reduceat(weights, starts))


def _samples(
    net: Sequential, x: Any, y: Any, loss: Loss, what: str
) -> tuple[Array, Array, tuple[int, ...]]:
    """Check inputs and targets; return them, and the shape of one output."""
    inputs = net.check_samples(x)
    if not len(inputs):
        raise ShapeError(f"there are no {what}samples to learn from")
    outputs = passes.through(net, inputs[:1]).shape[1:]
    given = numbers(y, f"{what}targets")
    if given.ndim == 0 or len(given) != len(inputs):
        raise ShapeError(
            f"not as many {what}targets as {what}samples",
            expected=f"{len(inputs)} targets",
            given=f"{len(given) if given.ndim else 'one number'}",
        )
    for name, values in ((f"{what}input", inputs), (f"{what}target", given)):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
            raise UserError(f"{name} {list(place)} is not finite", given=f"{values[place]}")
    target = loss.targets(given, (len(inputs), *outputs), net.dtype)
    return inputs, target, outputs


def _set_aside(
    net: Sequential,
    x: Array,
    target: Array,
    loss: Loss,
    validation: tuple[Any, ...] | float | None,
    seed: int,
) -> tuple[Array, Array, tuple[Array, Array] | None]:
    """Return what is trained on, and what is not."""
    if validation is None:
        return x, target, None
    if isinstance(validation, tuple | list) and len(validation) == 2:
        held = _samples(net, validation[0], validation[1], loss, "validation ")
        return x, target, held[:2]
    share = validation if isinstance(validation, float | np.floating) else 0.0
    count = round(share * len(x))
    if not 0 < count < len(x):
        raise UserError(
            "validation is a pair (x, y), or the share of samples that is set aside",
            expected=f"a share that leaves both some of {len(x)} samples",
            given=f"a {type(validation).__name__} of {len(validation)}"
            if isinstance(validation, tuple | list)
            else f"{validation!r}"[:80],
            mend="validation=0.2",
        )
    order = generator((seed,)).permutation(len(x))
    kept, aside = np.sort(order[count:]), np.sort(order[:count])
    return x[kept], target[kept], (x[aside], target[aside])


def _whole(owner: str, name: str, value: Any, least: int | None) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or (least is not None and value < least):
        from_where = "" if least is None else f", {least} or more"
        raise UserError(
            f"nn.{owner}: {name} is a whole number{from_where}", given=f"{name} = {value!r}"
        )
    return int(value)
