"""A neuron going down the gradient of a loss, step by step."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import RheobaseWarning, ShapeError, UserError
from rheobase.nn import losses
from rheobase.nn.activations import floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.nn.neuron import Neuron

_LINES = {
    "squared_error": ("L = (a - t)**2", "dL/da = 2*(a - t)"),
    "binary_cross_entropy": (
        "L = -t*log(a) - (1 - t)*log(1 - a)",
        "dL/da = (a - t)/(a*(1 - a))",
    ),
}
"""Losses of one neuron, and their derivatives by its output."""


@dataclass(frozen=True)
class Descent:
    """What happened while a neuron learned; prints as a table.

    Attributes
    ----------
    losses : array
        (steps + 1,): before every step, and after the last.
    weights : array
        (steps + 1, inputs).
    biases : array
        (steps + 1,).
    gradients : array
        (steps + 1, inputs + 1): dL/dw_i and dL/db.
    outputs : array
        (steps + 1, samples).
    loss : str
    rate : float
    """

    losses: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    gradients: np.ndarray
    outputs: np.ndarray
    loss: str
    rate: float

    def __str__(self) -> str:
        n = self.weights.shape[1]
        shown = min(n, 4)
        names = [f"w_{i}" for i in range(1, shown + 1)]
        header = ["step", "loss", *names, "b", *(f"dL/d{name}" for name in names), "dL/db"]
        rows = [header]
        last = len(self.losses) - 1
        for step in _few(last):
            gradient = self.gradients[step]
            numbers = [*self.weights[step, :shown], self.biases[step]]
            numbers += [*gradient[:shown], gradient[n]]
            rows.append([str(step), *(f"{v:.5g}" for v in (self.losses[step], *numbers))])
        widths = [max(len(row[c]) for row in rows) for c in range(len(header))]
        table = ["  ".join(v.rjust(w) for v, w in zip(row, widths, strict=True)) for row in rows]
        title = f"{self.loss.replace('_', ' ')}, learning rate {self.rate:g}: "
        return "\n".join([f"{title}w -= {self.rate:g}*dL/dw", *table])

    __repr__ = __str__

    def plot(self, ax: Any = None) -> Axes:
        """Draw the loss after every step.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw into.
        """
        from rheobase.nn.pictures import draw_descent

        return draw_descent(self, ax)


def _few(last: int) -> list[int]:
    """Return the steps that are printed: the first ones, and ever fewer."""
    steps = {*range(min(last, 3) + 1), last}
    size = 5
    while size < last:
        steps |= {size, 2 * size}
        size *= 10
    return sorted(step for step in steps if step <= last)


def loss_lines(loss: str) -> tuple[str, str]:
    """Return a loss and its derivative by the output, as text.

    Raises
    ------
    UserError
        It is no loss of one output.
    """
    if loss not in _LINES:
        losses.find(loss)  # a name that is none at all is refused there
        raise UserError(
            f"{loss} is a loss of several outputs, not of one neuron",
            expected=" or ".join(_LINES),
        )
    return _LINES[loss]


def _check_steps(rate: Any, steps: Any) -> None:
    if not isinstance(rate, int | float | np.number) or not 0 <= rate < np.inf:
        raise UserError(
            "Neuron.descend: the learning rate is a number, 0 or more",
            given=f"rate = {rate!r}",
            mend="neuron.descend(x, target, rate=0.1); downhill is against the gradient already",
        )
    if not isinstance(steps, int | np.integer) or steps < 0:
        raise UserError(
            "Neuron.descend: steps is a whole number, 0 or more", given=f"steps = {steps!r}"
        )


def _warn_of_long_steps(step: int, rate: float) -> None:
    warnings.warn(
        f"the loss was no finite number after step {step}: the steps are too long. Try a smaller "
        f"learning rate than {rate:g}, or inputs of size 1.",
        RheobaseWarning,
        stacklevel=4,
    )


def descend(neuron: Neuron, x: Any, target: Any, loss: str, rate: float, steps: int) -> Descent:
    """Go down the gradient of a loss; see `Neuron.descend`."""
    loss_lines(loss)
    measure = losses.find(loss)
    x = np.asarray(floats(x, "Neuron.descend"), np.float64)
    batch = np.atleast_2d(x)
    t = np.asarray(floats(target, "targets"), np.float64)
    if t.shape not in ((), (len(batch),)) or (t.shape == () and len(batch) > 1):
        raise ShapeError(
            "one target a sample",
            expected=f"shape ({len(batch)},)",
            given=f"shape {t.shape}",
            mend="take the column: target[:, 0]" if t.shape == (len(batch), 1) else "",
        )
    t = np.broadcast_to(t, (len(batch),))[:, None]
    _check_steps(rate, steps)
    rows: list[tuple[Any, ...]] = []
    for step in range(steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            a = neuron.forward(batch)[:, None]
            g = neuron.backward(measure.gradient(a, t)[:, 0])
            rows.append((measure(a, t), neuron.weights.copy(), neuron.bias,
                         np.append(g.weights, g.bias), a[:, 0]))  # fmt: skip
            if not np.isfinite(rows[-1][0]):
                _warn_of_long_steps(step, rate)
                break
            if step < steps:
                neuron.weights -= rate * g.weights  # downhill, against the gradient
                neuron.bias -= rate * g.bias
    values, weights, biases, gradients, outputs = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return Descent(values, weights, biases, gradients, outputs, loss, float(rate))
