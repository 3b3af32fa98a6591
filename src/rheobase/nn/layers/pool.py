"""Layers that make images smaller."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn import tiled
from rheobase.nn.layers.base import Array, Key, Layer, Shape
from rheobase.nn.windows import Window, expect_images, pair


class _Pool(Layer):
    """What both pools share: a window that moves by its size."""

    def __init__(
        self,
        size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        owner = f"nn.{self.name}"
        two = pair(owner, "size", size, 1)
        steps = two if stride is None else pair(owner, "stride", stride, 1)
        around = pair(owner, "padding", padding, 0)
        if any(2 * p > k for p, k in zip(around, two, strict=True)):
            raise ShapeError(
                f"{owner}: a window would see nothing but padding",
                expected="a padding of at most half the window",
                given=f"size={size}, padding={padding}",
            )
        self.window = Window(two, steps, around)
        self.inside = Window(two, steps)  # the same, of images that have their padding
        self.input_shape = (None, None, None)

    size = property(lambda self: self.window.size, doc="Height and width of the window.")
    stride = property(lambda self: self.window.stride, doc="How far the window moves.")
    padding = property(lambda self: self.window.padding, doc="Pixels around the image.")

    def __repr__(self) -> str:
        def short(two: tuple[int, int]) -> str:
            return str(two[0]) if two[0] == two[1] else str(two)

        end = "" if self.stride == self.size else f", stride={short(self.stride)}"
        end += "" if self.padding == (0, 0) else f", padding={short(self.padding)}"
        return f"{self.name}({short(self.size)}{end})"

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer."""
        return {"size": self.size, "stride": self.stride, "padding": self.padding}

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer."""
        expect_images(self, shape, None)
        return (shape[0], *self.window.after(repr(self), shape[1], shape[2]))


class MaxPool2D(_Pool):
    """Each output is the largest pixel of its window.

    ::

        y = max of x in the window
        dL/dx = g for that pixel (the first, if several are largest), 0 for the others

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        How far it moves; its size if left out. Pixels that fill no window are left over.
    padding : int or (int, int)
        How many pixels around the image, which are never the largest.

    Raises
    ------
    ShapeError
        If a size is no positive whole number, the padding larger than half the window, or the
        image smaller than the window.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import nn
    >>> y, _ = nn.MaxPool2D(2).run(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> y
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: the largest of what the pixels of the window see, and which it was."""
        x = self.window.padded(x, -np.inf)
        if tiled.poolable(x, self.inside):
            y, which = tiled.pool(x, self.inside)
            return y, (x.shape, which, True)
        places = self.inside.sizes(*x.shape[2:])
        taps = list(np.ndindex(*self.size))
        y = self.inside.tap(x, 0, 0, places).copy(order="K")
        which = np.zeros_like(y, dtype=np.uint16)
        for number, (row, column) in enumerate(taps[1:], start=1):
            seen = self.inside.tap(x, row, column, places)
            # a NaN wins, as in PyTorch: it must not be hidden by what is beside it
            larger = (seen > y) | np.isnan(seen)
            np.copyto(y, seen, where=larger)
            which[larger] = number
        return y, (x.shape, which, False)

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: g goes to the pixel that was largest."""
        shape, which, in_vectors = saved
        if in_vectors:
            return self.window.cut(tiled.unpool(g, which, shape, self.inside)), {}
        places = which.shape[2:]
        g_x = np.zeros(shape, g.dtype)
        for number, (row, column) in enumerate(np.ndindex(*self.size)):
            seen = self.inside.tap(g_x, row, column, places)
            seen += np.where(which == number, g, 0)
        return self.window.cut(g_x), {}


class AvgPool2D(_Pool):
    """Each output is the mean of its window.

    ::

        y = mean of x in the window
        dL/dx = g/(pixels of the window) for each of them

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        How far it moves; its size if left out. Pixels that fill no window are left over.
    padding : int or (int, int)
        How many pixels around the image, zeros that count in the mean.

    Raises
    ------
    ShapeError
        If a size is no positive whole number, the padding larger than half the window, or the
        image smaller than the window.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import nn
    >>> y, _ = nn.AvgPool2D(2).run(np.arange(4.0).reshape(1, 1, 2, 2))
    >>> y
    array([[[[1.5]]]])
    """

    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward: the mean of what the pixels of the window see."""
        x = self.window.padded(x)
        places = self.inside.sizes(*x.shape[2:])
        y = self.inside.tap(x, 0, 0, places).copy(order="K")
        for row, column in list(np.ndindex(*self.size))[1:]:
            y += self.inside.tap(x, row, column, places)
        y /= x.dtype.type(self.size[0] * self.size[1])
        return y, x.shape

    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward: every pixel of the window gets its share of g."""
        g_x = np.zeros(saved, g.dtype)
        portion = g / g.dtype.type(self.size[0] * self.size[1])
        for row, column in np.ndindex(*self.size):
            seen = self.inside.tap(g_x, row, column, g.shape[2:])
            seen += portion
        return self.window.cut(g_x), {}
