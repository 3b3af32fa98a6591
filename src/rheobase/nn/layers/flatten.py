"""From images to vectors."""

from __future__ import annotations

import math
from typing import Any

from rheobase.nn.layers.base import Array, Key, Layer, Shape


class Flatten(Layer):
    """Put all numbers of a sample into one row: (channels, height, width) row by row.

    ::

        y = x.reshape(samples, -1)           dL/dx = g.reshape(shape of x)

    Examples
    --------
    >>> from rheobase import nn
    >>> nn.Flatten().output_shape((8, 4, 4))
    (128,)
    """

    def __repr__(self) -> str:
        return "Flatten()"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer: none."""
        return {}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        sizes = [size for size in shape if size is not None]
        return (math.prod(sizes) if len(sizes) == len(shape) else None,)

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: the same numbers in one row."""
        return x.reshape(len(x), -1), x.shape

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: the same numbers in the shape they came in."""
        return g.reshape(saved), {}
