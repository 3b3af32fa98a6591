"""A layer of neurons that see what they said a step ago."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn.layers.activating import activate, activate_reverse, configured, elementwise
from rheobase.nn.layers.base import (
    Array,
    Key,
    Layer,
    Shape,
    expect_features,
    generator,
    positive,
    shape_text,
)
from rheobase.nn.layers.initial import initial_weights


class Recurrent(Layer):
    """Recurrent layer (Elman 1990): from sequences (steps, inputs) to sequences (steps, units).

    ::

        z(t) = x(t) w + h(t-1) u + b         h(t) = f(z(t)), h(-1) = 0

    and backward, from the last step to the first (backpropagation through time)::

        dL/dh(t) = g(t) + u dL/dz(t+1)       what is said now is heard in the next step
        dL/dz(t) = dL/dh(t) f'(z(t))
        dL/dw = sum over t of x(t) dL/dz(t)
        dL/du = sum over t of h(t-1) dL/dz(t)
        dL/db = sum over t of dL/dz(t)       dL/dx(t) = w dL/dz(t)

    Parameters
    ----------
    inputs, units : int
        Features of a step before and after.
    activation : str or Activation
        f.
    last : bool
        Whether only the last step is handed on: (units,) instead of (steps, units).
    bias : bool
        Whether there is b.

    Attributes
    ----------
    weights : array, (inputs, units)
        w, from inputs to neurons.
    recurrent : array, (units, units)
        u, from neurons to neurons: ``recurrent[i, j]`` leads from i to j. Begins orthogonal (Saxe
        et al. 2014).
    bias : array, (units,)
        b, begins at 0.

    Raises
    ------
    ShapeError
        If a size is no positive whole number, or does not fit the layer before.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.Recurrent(3, 5, last=True), nn.Dense(5, 2), seed=0)
    >>> net(np.zeros((4, 10, 3))).shape
    (4, 2)
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        activation: Any = "tanh",
        *,
        last: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.inputs = positive("Recurrent", "inputs", inputs)
        self.units = positive("Recurrent", "units", units)
        self.activation = elementwise("Recurrent", activation)
        self.last = last
        self.has_bias = bias
        self.input_shape = (None, self.inputs)

    def __repr__(self) -> str:
        end = (", last=True" if self.last else "") + ("" if self.has_bias else ", bias=False")
        return f"Recurrent({self.inputs}, {self.units}, {self.activation.name!r}{end})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        return {
            "inputs": self.inputs,
            "units": self.units,
            "activation": configured(self.activation),
            "last": self.last,
            "bias": self.has_bias,
        }

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Draw the weights; the bias is 0."""
        random = generator(key)
        shape = (self.inputs, self.units)
        weights = initial_weights(random, shape, *shape, self.activation.name)
        orthogonal, triangle = np.linalg.qr(random.standard_normal((self.units, self.units)))
        parameters = {
            "weights": weights.astype(dtype),
            "recurrent": (orthogonal * np.sign(np.diagonal(triangle))).astype(dtype),
        }
        if self.has_bias:
            parameters["bias"] = np.zeros(self.units, dtype)
        self.parameters = parameters

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        if len(shape) != 2:
            raise ShapeError(
                f"{self!r} does not fit what comes before it",
                expected=f"samples of shape (steps, {self.inputs})",
                given=f"samples of shape {shape_text(shape)}",
            )
        expect_features(self, shape, self.inputs)
        return (self.units,) if self.last else (shape[0], self.units)

    # -- forward and backward, side by side --------------------------------------------------

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward, from the first step to the last: z = x w + h u + b, h = f(z)."""
        z = x @ self.weights
        if self.has_bias:
            z += self.bias
        h = np.empty_like(z)
        before = np.zeros_like(z[:, 0])
        for t in range(x.shape[1]):
            z[:, t] += before @ self.recurrent
            h[:, t] = before = activate(self.activation, z[:, t])
        return (h[:, -1] if self.last else h), (x, z, h)

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward, from the last step to the first."""
        x, z, h = saved
        g_z = np.empty_like(z)
        from_later = np.zeros_like(z[:, 0])
        for t in reversed(range(x.shape[1])):
            here = g if self.last and t == x.shape[1] - 1 else 0 if self.last else g[:, t]
            g_z[:, t] = activate_reverse(self.activation, here + from_later, z[:, t])
            from_later = g_z[:, t] @ self.recurrent.T
        flat = g_z.reshape(-1, self.units)
        gradients = {
            "weights": x.reshape(-1, self.inputs).T @ flat,
            "recurrent": h[:, :-1].reshape(-1, self.units).T @ g_z[:, 1:].reshape(-1, self.units),
        }
        if self.has_bias:
            gradients["bias"] = flat.sum(axis=0)
        return g_z @ self.weights.T, gradients
