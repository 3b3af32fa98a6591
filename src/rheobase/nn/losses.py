"""Losses: what training makes small, with the derivative that a backward pass begins with.

Each is an object: ``nn.losses.squared_error(y, target)`` is the mean loss, ``.gradient(y, target)``
its derivative by y, for backward passes of one's own::

    y = net.forward(x)
    net.backward(nn.losses.squared_error.gradient(y, target))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.nn.layers.base import Array


class Loss(ABC):
    """A loss: a mean over samples, and its derivative.

    Attributes
    ----------
    name : str
        As given to `nn.fit`.
    after : str or None
        Name of the activation after which it is computed from the net input of the last layer:
        then logarithms and exponentials cancel on paper, and nothing overflows.
    classes : bool
        Whether targets are classes, so that accuracy means something.
    """

    name: str
    after: str | None = None
    classes: bool = True

    @abstractmethod
    def total(self, y: Array, target: Array) -> tuple[float, Array]:
        """Return the sum of the losses of some samples, and its derivative by y."""

    def total_of_net_input(self, z: Array, target: Array) -> tuple[float, Array]:
        """Return `total` and its derivative by z, where y = f(z) and f is `after`."""
        return self.total(z, target)

    def count(self, samples: int, outputs: int) -> int:
        """Return what a sum is divided by: all outputs of all samples, if not said otherwise."""
        return samples * outputs

    @abstractmethod
    def targets(self, target: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return targets as an array, if they fit outputs of this shape.

        Raises
        ------
        ShapeError, UserError
            If they do not.
        """

    def guess(self, target: Array, outputs: int) -> float:
        """Return the loss of the best answer that does not look at its input."""
        mean = target.mean(axis=0, keepdims=True)
        best = np.broadcast_to(mean, target.shape).astype(np.float64)
        return self.total(best, target)[0] / self.count(len(target), outputs)

    def __call__(self, y: Any, target: Any) -> float:
        """Return the mean loss of outputs y.

        Parameters
        ----------
        y : array, (samples, outputs)
            What a network gave.
        target : array
            What it should give.
        """
        y = _outputs(y)
        total, _ = self.total(y, self.targets(target, y.shape, y.dtype))
        return total / self.count(len(y), _width(y.shape))

    def gradient(self, y: Any, target: Any) -> Array:
        """Return the derivative of the mean loss by y, in the shape of y."""
        y = _outputs(y)
        _, gradient = self.total(y, self.targets(target, y.shape, y.dtype))
        return np.asarray(gradient / y.dtype.type(self.count(len(y), _width(y.shape))))

    def __repr__(self) -> str:
        return f"nn.losses.{self.name}"


class SquaredError(Loss):
    """Mean squared error, ``L = mean (y - t)^2``, ``dL/dy = 2 (y - t)/count``.

    The mean is over samples and outputs, as in PyTorch and Keras.
    """

    name = "squared_error"
    classes = False

    def total(self, y: Array, target: Array) -> tuple[float, Array]:
        """Return the sum of (y - t)^2, and 2 (y - t)."""
        error = y - target
        return float(np.vdot(error, error)), 2 * error

    def targets(self, target: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return targets of the shape of the outputs."""
        return _same_shape(target, shape, dtype)


class BinaryCrossEntropy(Loss):
    """Cross-entropy of yes or no, ``L = -mean(t log y + (1 - t) log(1 - y))``, y in 0 .. 1.

    After a sigmoid, y = 1/(1 + exp(-z)), it is computed from z: ``log(1 + exp(z)) - t z``, whose
    derivative is ``y - t``. Elsewhere logarithms stop at -100, as PyTorch's do.
    """

    name = "binary_cross_entropy"
    after = "sigmoid"

    def total(self, y: Array, target: Array) -> tuple[float, Array]:
        """Return the sum of losses of probabilities y, and (y - t)/(y (1 - y))."""
        if y.size and not (y.min() >= 0 and y.max() <= 1):
            raise UserError(
                "binary_cross_entropy is of probabilities",
                expected="outputs between 0 and 1",
                given=f"outputs from {y.min():.4g} to {y.max():.4g}",
                mend='End the network with a sigmoid: nn.Dense(..., 1, "sigmoid")',
            )
        with np.errstate(divide="ignore"):
            yes, no = np.maximum(np.log(y), -100), np.maximum(np.log1p(-y), -100)
        total = -float(np.sum(target * yes + (1 - target) * no))
        return total, (y - target) / np.maximum(y * (1 - y), 1e-12)

    def total_of_net_input(self, z: Array, target: Array) -> tuple[float, Array]:
        """Return the sum of log(1 + exp(z)) - t z, and y - t."""
        small = np.exp(-np.abs(z))
        total = float(np.sum(np.maximum(z, 0) + np.log1p(small) - target * z))
        y = np.where(z >= 0, 1, small) / (1 + small)
        return total, y - target

    def targets(self, target: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return targets of the shape of the outputs, between 0 and 1."""
        given = _same_shape(target, shape, dtype)
        if given.size and not (given.min() >= 0 and given.max() <= 1):
            raise UserError(
                "targets of binary_cross_entropy are 0, 1 or probabilities between",
                given=f"targets from {given.min():.4g} to {given.max():.4g}",
                mend="For numbers use loss='squared_error', for classes 0, 1, 2 ... "
                "loss='cross_entropy'.",
            )
        return given


class CrossEntropy(Loss):
    """Cross-entropy of one of several classes, from net inputs z (logits).

    ``L = mean(log(sum_j exp(z_j)) - z_target)``, ``dL/dz_j = softmax(z)_j - [j is the target]``.
    The last layer is linear (or any other, whose outputs are then taken as z), or a softmax,
    whose net inputs are taken. Targets are numbers of classes (samples,), or probabilities
    (samples, classes).
    """

    name = "cross_entropy"
    after = "softmax"

    def total(self, y: Array, target: Array) -> tuple[float, Array]:
        """Return the sum of losses of net inputs y, and softmax(y) - target."""
        shifted = y - y.max(axis=1, keepdims=True)  # the largest exponential is 1
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        gradient = exponentials / sums
        rows = np.arange(len(y))
        if target.ndim == 1:
            total = float(np.sum(np.log(sums[:, 0]) - shifted[rows, target]))
            gradient[rows, target] -= 1
            return total, gradient
        total = float(np.sum((np.log(sums) - shifted) * target))
        return total, gradient * target.sum(axis=1, keepdims=True) - target

    def count(self, samples: int, outputs: int) -> int:
        """Return the number of samples."""
        return samples

    def targets(self, target: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return classes as whole numbers, or probabilities of the shape of the outputs."""
        given = np.asarray(target)
        if len(shape) != 2:
            raise ShapeError(
                "cross_entropy needs one output a class",
                expected="outputs (samples, classes)",
                given=f"outputs {shape}",
                mend="Put nn.Flatten() and nn.Dense(..., classes) at the end of the network.",
            )
        if given.shape == shape and shape[1] > 1:
            return _probabilities(given, dtype)
        if given.shape != shape[:1]:
            raise ShapeError(
                "targets do not fit the outputs",
                expected=f"classes of shape {shape[:1]} or probabilities of shape {shape}",
                given=f"targets of shape {given.shape}",
                mend="Take the column: y[:, 0]" if given.shape == (shape[0], 1) else "",
            )
        return _labels(given, shape[1])

    def guess(self, target: Array, outputs: int) -> float:
        """Return the entropy of the shares of the classes."""
        if target.ndim == 1:
            shares = np.bincount(target, minlength=outputs) / len(target)
        else:
            shares = target.mean(axis=0)
        shares = shares[shares > 0]
        return float(-np.sum(shares * np.log(shares)))


squared_error = SquaredError()
binary_cross_entropy = BinaryCrossEntropy()
cross_entropy = CrossEntropy()

_LOSSES: dict[str, Loss] = {
    loss.name: loss for loss in (squared_error, binary_cross_entropy, cross_entropy)
}


_ELSEWHERE = {
    "mse": "squared_error", "mseloss": "squared_error", "mean_squared_error": "squared_error",
    "bce": "binary_cross_entropy", "bceloss": "binary_cross_entropy", "nll": "cross_entropy",
    "crossentropyloss": "cross_entropy", "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
}  # fmt: skip
"""What other libraries call them."""


def find(loss: str | Loss) -> Loss:
    """Return a loss by its name, or as it is.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if isinstance(loss, Loss):
        return loss
    if loss not in _LOSSES:
        close = _ELSEWHERE.get(str(loss).lower()) or did_you_mean(str(loss), _LOSSES)
        raise UnknownNameError(
            f"there is no loss {loss!r}",
            mend=(f"did you mean {close!r}? " if close else "") + f"there are {', '.join(_LOSSES)}",
        )
    return _LOSSES[loss]


def _outputs(y: Any) -> Array:
    array = np.asarray(y)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _width(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape[1:], dtype=np.int64))


def _same_shape(target: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    given = np.asarray(target, dtype)
    if given.shape == shape:
        return given
    mend = ""
    if given.shape == shape[:1] and shape[1:] == (1,):
        # NumPy would make (n, n) errors of (n,) and (n, 1), and training would learn nonsense
        mend = "Make a column of the targets: y[:, None]"
    elif given.shape == (*shape, 1):
        mend = "Take the column: target[:, 0]"
    elif given.shape == shape[:1]:
        mend = "For numbers of classes use loss='cross_entropy'."
    raise ShapeError(
        "targets do not fit the outputs",
        expected=f"targets of shape {shape}",
        given=f"targets of shape {given.shape}",
        mend=mend,
    )


def _labels(given: Array, classes: int) -> Array:
    labels = given.astype(np.int64)
    if given.dtype.kind not in "iub" and not np.array_equal(labels, given):
        raise UserError(
            "classes are whole numbers",
            expected=f"0 to {classes - 1}",
            given=f"{given[labels != given][0]:.4g}",
        )
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        counted_from_one = labels.min() == 1 and labels.max() == classes
        raise UserError(
            f"there is no class {wrong}: the last layer has {classes} output"
            + ("s" if classes > 1 else ""),
            expected=f"classes 0 to {classes - 1}",
            given=f"classes {labels.min()} to {labels.max()}",
            mend="Classes are counted from 0: y - 1"
            if counted_from_one
            else "Classes are counted from 0: y - y.min()"
            if labels.min() < 0
            else f"Give the last layer {labels.max() + 1} outputs, or mend the classes.",
        )
    return labels


def _probabilities(given: Array, dtype: np.dtype[Any]) -> Array:
    probabilities = given.astype(dtype)
    sums = probabilities.sum(axis=1)
    if probabilities.size and (probabilities.min() < 0 or np.abs(sums - 1).max() > 1e-3):
        raise UserError(
            "targets of cross_entropy are classes, or probabilities that add up to 1",
            given=f"a row that adds up to {sums[np.abs(sums - 1).argmax()]:.4g}",
            mend="Give the numbers of the classes, shape (samples,).",
        )
    return probabilities
