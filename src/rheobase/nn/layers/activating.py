"""The activation of a layer: by name, as an `nn.Activation`, or none."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.nn.layers.base import Array


class Elementwise(Protocol):
    """What a layer asks of an activation."""

    name: str

    def __call__(self, x: Array) -> Array:
        """Return f(x)."""

    def derivative(self, x: Array) -> Array:
        """Return f'(x)."""


_TEMPORARY: dict[str, Any] = {
    "linear": (lambda x: x, lambda x: np.ones_like(x)),
    "sigmoid": (
        lambda x: 0.5 + 0.5 * np.tanh(x / 2),
        lambda x: 0.25 * (1 - np.tanh(x / 2) ** 2),
    ),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype)),
}


class _Temporary:
    def __init__(self, name: str) -> None:
        self.name = name
        self._f, self._d = _TEMPORARY[name]

    def __call__(self, x: Array) -> Array:
        return np.asarray(self._f(x))

    def derivative(self, x: Array) -> Array:
        return np.asarray(self._d(x))


def resolve(activation: Any) -> Elementwise:
    """Return the activation that is meant: an object, or the name of one of the library.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if activation is None:
        activation = "linear"
    if not isinstance(activation, str):
        return cast(Elementwise, activation)
    if activation not in _TEMPORARY:
        close = did_you_mean(activation, _TEMPORARY)
        raise UnknownNameError(
            f"there is no activation {activation!r}",
            mend=(f"did you mean {close!r}? " if close else "")
            + f"there are {', '.join(sorted(_TEMPORARY))}",
        )
    return _Temporary(activation)


def activate(activation: Elementwise, z: Array) -> Array:
    """a = f(z), in the type of z."""
    return np.asarray(activation(z), dtype=z.dtype)


def activate_reverse(activation: Elementwise, g: Array, z: Array) -> Array:
    """Chain rule: derivative of the loss by z is that by a = f(z) times f'(z)."""
    return np.asarray(g * np.asarray(activation.derivative(z), dtype=z.dtype))


def configured(activation: Elementwise) -> str:
    """Return an activation as a file of a network has it: its name, or its text."""
    return activation.name
