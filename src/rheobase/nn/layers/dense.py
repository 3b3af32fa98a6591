"""A layer of neurons that each see all of the layer before."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.nn.layers.activating import (
    activate,
    activate_reverse,
    configured,
    output_size,
    resolve,
)
from rheobase.nn.layers.base import Array, Key, Layer, Shape, expect_features, generator, positive
from rheobase.nn.layers.initial import initial_weights


class Dense(Layer):
    """Fully connected layer: every neuron weighs every input.

    ::

        z_j = sum_i x_i w_ij + b_j           y_j = f(z_j)

    and backward, from g_j = dL/dy_j (chain rule, each line one factor)::

        dL/dz_j  = g_j f'(z_j)               through the activation
        dL/dw_ij = sum over samples x_i dL/dz_j
        dL/db_j  = sum over samples dL/dz_j
        dL/dx_i  = sum_j w_ij dL/dz_j        back along every weight

    Parameters
    ----------
    inputs, units : int
        Features of a sample before and after. Samples may be sequences (steps, inputs): the
        layer is applied at each step.
    activation : str, Activation or VectorActivation
        f; linear if left out. With maxout every output is the largest of some units.
    bias : bool
        Whether there is b.

    Attributes
    ----------
    weights : array, (inputs, units)
        ``weights[i, j]`` leads **from** input i **to** neuron j. They begin uniform in
        ±sqrt(6/(inputs + units)) (Glorot and Bengio 2010), for ReLU and its kin in
        ±sqrt(6/inputs) (He et al. 2015).
    bias : array, (units,)
        Begins at 0.

    Raises
    ------
    ShapeError
        If `inputs` or `units` is no positive whole number, or does not fit the layer before.
    UnknownNameError
        If there is no such activation.

    Examples
    --------
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.Dense(2, 3, "tanh"), nn.Dense(3, 1, "sigmoid"), seed=0)
    >>> net([[0.0, 1.0], [1.0, 1.0]]).shape
    (2, 1)
    """

    def __init__(
        self, inputs: int, units: int, activation: Any = "linear", *, bias: bool = True
    ) -> None:
        super().__init__()
        self.inputs = positive("Dense", "inputs", inputs)
        self.units = positive("Dense", "units", units)
        self.activation = resolve(activation)
        self.has_bias = bias
        self.input_shape = (self.inputs,)

        self.outputs = output_size(self.activation, self.units)

    def __repr__(self) -> str:
        end = "" if self.has_bias else ", bias=False"
        return f"Dense({self.inputs}, {self.units}, {self.activation.name!r}{end})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        return {
            "inputs": self.inputs,
            "units": self.units,
            "activation": configured(self.activation),
            "bias": self.has_bias,
        }

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Draw the weights; the bias is 0."""
        shape = (self.inputs, self.units)
        weights = initial_weights(generator(key), shape, *shape, self.activation.name)
        parameters = {"weights": weights.astype(dtype)}
        if self.has_bias:
            parameters["bias"] = np.zeros(self.units, dtype)
        self.parameters = parameters

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        expect_features(self, shape, self.inputs)
        return (*shape[:-1], self.outputs)

    # -- forward and backward, side by side --------------------------------------------------

    def net_input(self, x: Array) -> Array:
        """Return z = x w + b."""
        z: Array = x @ self.weights
        if self.has_bias:
            z += self.bias
        return z

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: z = x w + b, then y = f(z)."""
        z = self.net_input(x)
        return activate(self.activation, z), (x, z)

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: dL/dz = g f'(z), then dL/dx = dL/dz w^T, dL/dw = x^T dL/dz, dL/db."""
        x, z = saved
        g_z = activate_reverse(self.activation, g, z)
        return g_z @ self.weights.T, self._of_parameters(g_z, x)

    def reverse_parameters(self, g: Array, saved: Any) -> dict[str, Array]:
        """Return the gradients of weights and bias only."""
        x, z = saved
        return self._of_parameters(activate_reverse(self.activation, g, z), x)

    def before_activation(self, saved: Any) -> tuple[Array, Any] | None:
        """Return z, and `saved` for a backward pass that begins there."""
        x, z = saved
        return z, (x, None)

    def _of_parameters(self, g_z: Array, x: Array) -> dict[str, Array]:
        g_z = g_z.reshape(-1, self.units)  # steps of a sequence add up as samples do
        gradients = {"weights": x.reshape(-1, self.inputs).T @ g_z}
        if self.has_bias:
            gradients["bias"] = g_z.sum(axis=0)
        return gradients
