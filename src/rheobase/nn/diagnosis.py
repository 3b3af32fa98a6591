"""Why a network learned nothing: looked for in the network, and said at the end of a fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rheobase.errors import RheobaseWarning
from rheobase.nn.activations import Activation
from rheobase.nn.spiking.layer import Spiking

if TYPE_CHECKING:
    from rheobase.nn.history import History
    from rheobase.nn.training import Task

BETTER = 0.98
"""A loss below this share of that of guessing counts as better than guessing."""
_LOOKED_AT = 256  # samples that are sent through to look at the layers
_FLAT = 0.01  # share of the largest derivative below which an activation is saturated

_SATURATING = {"sigmoid": 0.25, "tanh": 1.0, "softsign": 1.0}  # with their largest derivatives


def warn_if_guessing(task: Task, history: History) -> None:
    """Warn when the loss at the end is that of an answer that does not look at its input.

    Warns
    -----
    RheobaseWarning
        Which names what was found and could be the reason.
    """
    if history.stopped.startswith("the loss") or not history.loss.size:
        return
    reached = float(history.loss[-1])
    guess = task.loss.guess(task.target, int(np.prod(task.outputs)))
    if guess <= 0 or reached <= BETTER * guess:
        return
    text = (
        f"the fit ended no better than guessing: loss {reached:.4g}, and {guess:.4g} for always "
        "the same answer."
    )
    reasons = [
        *_of_the_network(task),
        *_of_the_outputs(task),
        *_of_the_activations(task),
        *_of_the_steps(task, history),
    ]
    if reasons:
        text += "\nWhat may be the reason:\n" + "\n".join(f"- {reason}" for reason in reasons)
    warnings.warn(text, RheobaseWarning, stacklevel=3)


def _of_the_network(task: Task) -> Iterator[str]:
    """What the network could not learn whatever the steps."""
    trained = [layer for layer in task.net.layers if "weights" in layer.parameters]
    names = [getattr(getattr(layer, "activation", None), "name", "") for layer in trained]
    if len(trained) == 1 and all(layer.name in ("Dense", "Flatten") for layer in task.net.layers):
        yield (
            "there is no hidden layer: one layer tells apart only what a straight line (a plane) "
            "divides, and XOR is not. Put nn.Dense(..., 'tanh') before it."
        )
    elif len(trained) > 1 and all(name == "linear" for name in names[:-1]):
        yield (
            "all hidden layers are linear, and linear layers in a row are one linear layer. Give "
            "them an activation: nn.Dense(..., 'tanh')."
        )
    spread = float(np.std(task.x[:_LOOKED_AT]))
    largest = float(np.abs(task.x[:_LOOKED_AT]).max())
    if largest > 30:
        yield (
            f"inputs are as large as {largest:.4g}: bring them to about -1 to 1, for example "
            "(x - x.mean())/x.std()."
        )
    elif spread < 1e-3:
        yield f"inputs hardly differ (standard deviation {spread:.2g})."


def _of_the_outputs(task: Task) -> Iterator[str]:
    """What the last layer cannot answer."""
    activation = getattr(task.net.layers[-1], "activation", None)
    if not isinstance(activation, Activation) or activation.name == "linear":
        return
    if task.loss.name == "cross_entropy":
        yield (
            f"the last layer ends with {activation.name}, and cross_entropy takes its outputs as "
            "net inputs of the classes: leave the activation out, or make it 'softmax'."
        )
    elif task.loss.name == "squared_error":
        values = activation.facts().range
        low, high = float(task.target.min()), float(task.target.max())
        if low < values.low or high > values.high:
            yield (
                f"targets go from {low:.4g} to {high:.4g}, and {activation.name} gives numbers in "
                f"{values}: leave the activation of the last layer out, or scale the targets."
            )


def _of_the_activations(task: Task) -> Iterator[str]:
    """Layers through which no gradient passes."""
    y = task.x[:_LOOKED_AT]
    for number, layer in enumerate(task.net.layers):
        activation = getattr(layer, "activation", None)
        y, saved = layer.run(y)
        silent = layer.silent(saved) if isinstance(layer, Spiking) else 0.0
        if silent > 0.5:
            yield (
                f"layer {number}: {silent:.0%} of the units never spike. Give them larger first "
                "weights (weight_scale=5), or rates to aim at (rate_target=(1*Hz, 50*Hz))."
            )
        if not isinstance(activation, Activation) or number == len(task.net.layers) - 1:
            continue
        split = layer.before_activation(saved)
        if split is None:
            continue
        slopes = np.abs(activation.derivative(split[0]))
        units = np.moveaxis(slopes, 1, -1) if slopes.ndim == 4 else slopes
        if activation.derivative_formula == "0":
            yield (
                f"layer {number}: the derivative of {activation.name} is 0 everywhere, so no "
                "gradient comes back through it. Take tanh or relu."
            )
            continue
        dead = units.reshape(-1, units.shape[-1]).max(axis=0) == 0
        if activation.name in _SATURATING:
            flat = float(np.mean(slopes < _FLAT * _SATURATING[activation.name]))
            if flat > 0.9:
                yield (
                    f"layer {number}: {activation.name} is saturated for {flat:.0%} of what it "
                    "gets, and its derivative nearly 0. Make inputs or weights smaller."
                )
        elif dead.mean() >= 0.25:
            yield (
                f"layer {number}: {dead.sum()} of {dead.size} units are dead ({activation.name} "
                "passes no gradient for any sample). Take a smaller learning rate, another seed, "
                "or leaky_relu."
            )


def _of_the_steps(task: Task, history: History) -> Iterator[str]:
    """Steps that are too long, too short or too few."""
    loss, rate = history.loss, float(history.rate[-1])
    tail = loss[-max(len(loss) // 4, 2) :]
    if len(loss) >= 4 and (tail.max() > 1.2 * tail.min() or loss[-1] > 1.05 * loss[0]):
        yield (
            f"the loss jumps up and down: the steps may be too long. Try a learning rate of "
            f"{rate / 10:g}."
        )
        return
    if task.batch_size == len(task.x) and len(loss) < 20:
        made = f"{len(loss)} steps were" if len(loss) > 1 else "one step was"
        yield f"only {made} made: give more epochs, or a batch_size."
    if len(loss) >= 4 and loss[-1] < loss[0] and loss[-2] > loss[-1]:
        yield (
            f"the loss was still falling: give more epochs, or a learning rate of {rate * 10:g}."
        )
    sizes = history.gradient_size[-1]
    sizes = sizes[np.isfinite(sizes)]
    if sizes.size > 1 and 0 < sizes[0] < 1e-3 * sizes[-1]:
        mend = "Take relu or tanh for sigmoid, or fewer layers."
        if any(isinstance(layer, Spiking) for layer in task.net.layers):
            mend = (
                "Take a wider surrogate, surrogate=rb.gradients.Surrogate('fast_sigmoid', slope=10)"
                ", or larger first weights (weight_scale=...), so that units come near threshold."
            )
        yield (
            f"the gradient vanishes on its way back: {sizes[0]:.2g} in the first layer, "
            f"{sizes[-1]:.2g} in the last. {mend}"
        )
