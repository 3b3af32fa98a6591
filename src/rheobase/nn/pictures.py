"""Pictures of activations and of a neuron's descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UserError
from rheobase.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.nn.activations import Activation
    from rheobase.nn.descent import Descent
    from rheobase.nn.vector_activations import VectorActivation


def draw_activation(
    activation: Activation, low: float, high: float, derivative: bool, ax: Any
) -> Axes:
    """Draw a function, and its derivative dashed, between two values of x."""
    x, axes = _range_and_axes(activation.name, low, high, ax)
    first = style.count_of(axes, "activation") == 0
    color = style.color(style.count_of(axes, "activation"))
    axes.plot(x, _broken(activation, x), color=color, label=activation.name, gid="activation")
    if derivative:
        y = _broken_derivative(activation, x)
        axes.plot(x, y, "--", color=color, label="its derivative", linewidth=1.2)
    style.label(axes, activation.variable, "a")
    axes.set_xlim(low, high)
    if derivative or not first:
        style.legend(axes, beside=False, inside="upper left")
    return axes


def draw_vector_activation(
    activation: VectorActivation, low: float, high: float, others: np.ndarray, derivative: bool,
    ax: Any,
) -> Axes:  # fmt: skip
    """Draw every value of a function of a vector, as its first input goes from low to high."""
    x, axes = _range_and_axes(activation.name, low, high, ax)
    z = np.column_stack([x, np.broadcast_to(others, (len(x), len(others)))])
    values, slopes = activation(z), activation.derivative(z)[..., 0]
    for k in range(values.shape[-1]):
        name = "a" if values.shape[-1] == 1 else f"a_{k + 1}"
        color = style.color(style.count_of(axes, "activation"))
        axes.plot(x, values[:, k], color=color, label=f"{activation.name}: {name}",
                  gid="activation")  # fmt: skip
        if derivative:
            axes.plot(x, slopes[:, k], "--", color=color, label=f"d{name}/dz_1", linewidth=1.2)
    rest = ", ".join(f"{other:g}" for other in others[:3]) + (", ..." if len(others) > 3 else "")
    style.label(axes, "z_1" + (f" (others: {rest})" if len(others) else ""), "a")
    axes.set_xlim(low, high)
    alone = values.shape[-1] == 1
    style.legend(axes, beside=not alone, inside="upper left")
    return axes


def _range_and_axes(name: str, low: float, high: float, ax: Any) -> tuple[np.ndarray, Axes]:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UserError(
            f"{name}.plot(low, high): from a number to a larger one",
            given=f"plot({low!r}, {high!r})",
            mend="write plot(-6, 6)",
        )
    axes = style.dressed(ax, (5.0, 3.2))
    if style.count_of(axes, "activation") == 0:
        for draw in (axes.axhline, axes.axvline):
            draw(0, color="#cccccc", linewidth=0.8, zorder=0)
    return np.linspace(low, high, 801), axes


def _broken(activation: Activation, x: np.ndarray) -> np.ndarray:
    """Return values with a gap at every jump, where no line is to be drawn."""
    y = np.array(activation(x))
    steps = np.abs(np.diff(y))
    inside = np.median(steps) + np.abs(activation.derivative(x)).max() * (x[1] - x[0])
    far = np.flatnonzero(steps > 4 * inside + 1e-9)
    y[far] = np.nan
    return y


def _broken_derivative(activation: Activation, x: np.ndarray) -> np.ndarray:
    """Return the derivative with a gap at every kink."""
    y = np.array(activation.derivative(x))
    steps = np.abs(np.diff(y))
    usual = np.sort(steps)[-5] if len(steps) > 5 else 0.0
    y[np.flatnonzero(steps > 4 * usual + 1e-9)] = np.nan
    return y


def draw_descent(descent: Descent, ax: Any) -> Axes:
    """Draw the loss after every step."""
    from matplotlib.ticker import MaxNLocator

    axes = style.dressed(ax, (5.0, 3.0))
    color = style.color(style.count_of(axes, "descent"))
    axes.plot(np.arange(len(descent.losses)), descent.losses, color=color, gid="descent")
    style.label(axes, "step", f"loss ({descent.loss})".replace("_", " "))
    axes.set_xlim(0, max(len(descent.losses) - 1, 1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set_ylim(bottom=0)
    return axes
