"""A layer of kernels that move over images."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn import tiled
from rheobase.nn.convolution import (
    check_groups,
    convolve,
    convolve_back_to_images,
    convolve_back_to_weights,
)
from rheobase.nn.layers.activating import activate, activate_reverse, configured, elementwise
from rheobase.nn.layers.base import Array, Key, Layer, Shape, generator, positive
from rheobase.nn.layers.initial import initial_weights
from rheobase.nn.windows import Window, expect_images, paddings, pair

SAMPLES = 16
"""Samples that go through at once: as many as stand in a vector of float32."""


class Conv2D(Layer):
    """Convolution: every neuron sees a small part of the image, all with the same weights.

    ::

        z = w * x + b                        `nn.conv2d` says which pixel meets which weight
        y = f(z)

    and backward, from g = dL/dy::

        dL/dz = g f'(z)                      through the activation
        dL/dw[o, c, k, l] = sum over samples and places of dL/dz[o] x[c] seen by weight (k, l)
        dL/db[o] = sum over samples and places of dL/dz[o]
        dL/dx: every pixel collects dL/dz times weight from all places it was seen from

    Parameters
    ----------
    channels : int
        Of the images before.
    outputs : int
        Kernels, and channels after.
    size : int or (int, int)
        Height and width of a kernel.
    activation : str or Activation
        f; linear if left out.
    stride, padding, dilation : int or (int, int)
        As of `nn.conv2d`; the padding may be "valid" or "same", too.
    groups : int
        As of `nn.conv2d`.
    bias : bool
        Whether there is b.

    Attributes
    ----------
    weights : array, (outputs, channels/groups, height, width)
        The kernels. They begin as those of `Dense`, with the weights that lead to a neuron
        counted as inputs.
    bias : array, (outputs,)
        Begins at 0.

    Raises
    ------
    ShapeError
        If a size is no positive whole number, or does not fit the layer before.

    Examples
    --------
    >>> from rheobase import nn
    >>> layer = nn.Conv2D(1, 8, 3, "relu", padding=1)
    >>> layer.output_shape((1, 28, 28))
    (8, 28, 28)
    """

    chunk = SAMPLES

    def __init__(
        self,
        channels: int,
        outputs: int,
        size: int | tuple[int, int],
        activation: Any = "linear",
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.channels = positive("Conv2D", "channels", channels)
        self.outputs = positive("Conv2D", "outputs", outputs)
        two = pair("nn.Conv2D", "size", size, 1)
        steps = pair("nn.Conv2D", "stride", stride, 1)
        apart = pair("nn.Conv2D", "dilation", dilation, 1)
        around, more = paddings("nn.Conv2D", padding, two, steps, apart)
        if any(more):
            raise ShapeError(
                'nn.Conv2D: padding="same" of this kernel is not the same on both sides',
                expected="a kernel whose height and width are odd",
                given=f"a kernel of {two[0]} by {two[1]} pixels",
            )
        self.window = Window(two, steps, around, apart)
        self.groups = check_groups("nn.Conv2D", channels, outputs, groups)
        self.activation = elementwise("Conv2D", activation)
        self.has_bias = bias
        self.input_shape = (self.channels, None, None)

    size = property(lambda self: self.window.size, doc="Height and width of a kernel.")
    stride = property(lambda self: self.window.stride, doc="How far a kernel moves.")
    padding = property(lambda self: self.window.padding, doc="Zeros around the image.")
    dilation = property(lambda self: self.window.dilation, doc="Distance of the pixels seen.")

    def __repr__(self) -> str:
        parts = [str(self.channels), str(self.outputs), _short(self.size)]
        parts.append(repr(self.activation.name))
        usual = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
        parts += [
            f"{name}={_short(getattr(self, name))}"
            for name, value in usual.items()
            if getattr(self, name) != value
        ]
        parts += [f"groups={self.groups}"] if self.groups > 1 else []
        parts += [] if self.has_bias else ["bias=False"]
        return f"Conv2D({', '.join(parts)})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        return {
            "channels": self.channels,
            "outputs": self.outputs,
            "size": self.size,
            "activation": configured(self.activation),
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
            "bias": self.has_bias,
        }

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Draw the kernels; the bias is 0."""
        pixels = self.size[0] * self.size[1]
        shape = (self.outputs, self.channels // self.groups, *self.size)
        fans = shape[1] * pixels, self.outputs // self.groups * pixels
        weights = initial_weights(generator(key), shape, *fans, self.activation.name)
        parameters = {"weights": weights.astype(dtype)}
        if self.has_bias:
            parameters["bias"] = np.zeros(self.outputs, dtype)
        self.parameters = parameters

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        expect_images(self, shape, self.channels)
        return (self.outputs, *self.window.after(repr(self), shape[1], shape[2]))

    # -- forward and backward, side by side --------------------------------------------------

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: z = w * x + b, then y = f(z)."""
        z, seen = convolve(x, self.weights, self.parameters.get("bias"), self.window, self.groups)
        return activate(self.activation, z), (x.shape[2:], seen, z)

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: dL/dz = g f'(z), then to images, kernels and bias."""
        shape, seen, z = saved
        g_z = activate_reverse(self.activation, g, z)
        g_x = convolve_back_to_images(g_z, self.weights, self.window, self.groups, shape)
        return g_x, self._of_parameters(g_z, seen)

    def reverse_parameters(self, g: Array, saved: Any) -> dict[str, Array]:
        """Return the gradients of kernels and bias only."""
        _, seen, z = saved
        return self._of_parameters(activate_reverse(self.activation, g, z), seen)

    def before_activation(self, saved: Any) -> tuple[Array, Any] | None:
        """Return z, and `saved` for a backward pass that begins there."""
        shape, seen, z = saved
        return z, (shape, seen, None)

    def _of_parameters(self, g_z: Array, seen: Any) -> dict[str, Array]:
        g_w = convolve_back_to_weights(g_z, seen, self.weights, self.window, self.groups)
        gradients = {"weights": g_w}
        if self.has_bias:
            gradients["bias"] = tiled.by_channel(g_z)
        return gradients


def _short(two: tuple[int, int]) -> str:
    return str(two[0]) if two[0] == two[1] else str(two)
