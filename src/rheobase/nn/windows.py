"""How a kernel or a pool moves over an image: sizes, strides, paddings, dilations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn.layers.base import Array, Shape, shape_text

Pair = tuple[int, int]


def pair(owner: str, name: str, value: Any, least: int) -> Pair:
    """Return two whole numbers, for height and width, from one or two.

    Raises
    ------
    ShapeError
        If they are none, or below `least`.
    """
    two = tuple(value) if isinstance(value, tuple | list | np.ndarray) else (value, value)
    good = len(two) == 2 and all(
        isinstance(k, int | np.integer) and not isinstance(k, bool) and k >= least for k in two
    )
    if not good:
        raise ShapeError(
            f"{owner}: {name} is a whole number, {least} or more, or two (height, width)",
            given=f"{name}={value!r}",
        )
    return int(two[0]), int(two[1])


def paddings(
    owner: str, padding: Any, size: Pair, stride: Pair = (1, 1), dilation: Pair = (1, 1)
) -> tuple[Pair, Pair]:
    """Return how many zeros there are around an image, and how many more below and on the right.

    ``"valid"`` is none; ``"same"`` as many as make the result as large as the image. If those are
    odd in number, the last is below or on the right, as in PyTorch.

    Raises
    ------
    ShapeError
        If it is neither a name nor whole numbers, or "same" with a stride.
    """
    if not isinstance(padding, str):
        return pair(owner, "padding", padding, 0), (0, 0)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        raise ShapeError(
            f"{owner}: padding is a whole number, 0 or more, or two (height, width)",
            expected='a number, two, "valid" or "same"',
            given=f"padding={padding!r}",
        )
    if stride != (1, 1):
        raise ShapeError(
            f'{owner}: padding="same" is for a stride of 1', given=f"stride={stride}",
            mend="say how many zeros there are around the image: padding=1",
        )  # fmt: skip
    reach = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]
    return (reach[0] // 2, reach[1] // 2), (reach[0] % 2, reach[1] % 2)


@dataclass(frozen=True)
class Window:
    """A window of some pixels that moves over an image.

    Attributes
    ----------
    size, stride, padding, dilation : (int, int)
        Height and width: pixels it looks at, pixels it moves by, zeros around the image, distance
        of the pixels it looks at.
    """

    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def reach(self, axis: int) -> int:
        """Return how many pixels there are from the first it looks at to the last."""
        return self.dilation[axis] * (self.size[axis] - 1) + 1

    def places(self, axis: int, pixels: int) -> int:
        """Return in how many places it stands: (pixels + 2 padding - reach)//stride + 1."""
        return (pixels + 2 * self.padding[axis] - self.reach(axis)) // self.stride[axis] + 1

    def after(self, owner: str, height: int | None, width: int | None) -> Shape:
        """Return height and width of the result.

        Raises
        ------
        ShapeError
            If the window is larger than the image with its padding.
        """
        pixels = (height, width)
        for axis, name in enumerate(("height", "width")):
            given = pixels[axis]
            if given is not None and self.places(axis, given) < 1:
                raise ShapeError(
                    f"{owner} does not fit into the image: its {name} is too small",
                    expected=f"{self.reach(axis) - 2 * self.padding[axis]} pixels or more",
                    given=f"{given} pixels, {self.padding[axis]} of padding on each side",
                    mend="Take a smaller kernel, or more padding.",
                )
        return tuple(None if p is None else self.places(a, p) for a, p in enumerate(pixels))

    def sizes(self, height: int, width: int) -> Pair:
        """Return height and width of the result."""
        return self.places(0, height), self.places(1, width)

    def stepping(self, height: int, width: int) -> Pair:
        """Return height and width of the result for images that have their padding already."""
        inside = height - 2 * self.padding[0], width - 2 * self.padding[1]
        return self.sizes(*inside)

    def tap(self, padded: Array, row: int, column: int, places: Pair) -> Array:
        """Return what pixel (row, column) of the window sees in all its places.

        Parameters
        ----------
        padded : array, (..., height, width)
            Images with their padding.
        row, column : int
            Which pixel of the window.
        places : (int, int)
            Of `sizes`.
        """
        parts = []
        for k, axis in ((row, 0), (column, 1)):
            begin = k * self.dilation[axis]
            parts.append(
                slice(begin, begin + (places[axis] - 1) * self.stride[axis] + 1, self.stride[axis])
            )
        return padded[..., parts[0], parts[1]]

    def padded(self, images: Array, value: float = 0.0) -> Array:
        """Return images (..., height, width) with zeros, or another value, around them."""
        if self.padding == (0, 0):
            return images
        before = [(0, 0)] * (images.ndim - 2)
        return np.pad(images, [*before, *((p, p) for p in self.padding)], constant_values=value)

    def cut(self, padded: Array) -> Array:
        """Return the images inside their padding: what `padded` goes back through."""
        (top, left), (height, width) = self.padding, padded.shape[-2:]
        return padded[..., top : height - top, left : width - left]


def expect_images(owner: Any, shape: Shape, channels: int | None) -> None:
    """Refuse samples that are no images (channels, height, width).

    Raises
    ------
    ShapeError
        Which says what the layer got.
    """
    if len(shape) == 3 and (channels is None or shape[0] in (None, channels)):
        return
    mend = ""
    if len(shape) == 2 and channels in (None, 1):
        mend = "Gray images need an axis for their channel: x[:, None]"
    elif len(shape) == 3 and shape[2] == channels:
        mend = "Put the channels first: x.transpose(0, 3, 1, 2)"
    wanted = "channels" if channels is None else str(channels)
    raise ShapeError(
        f"{owner!r} does not fit what comes before it",
        expected=f"samples of shape ({wanted}, height, width)",
        given=f"samples of shape {shape_text(shape)}",
        mend=mend,
    )
