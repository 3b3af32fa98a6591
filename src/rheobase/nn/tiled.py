"""Images of several samples at once, in vectors: what `parts.tiles` needs, and what it gives.

An array of images keeps its shape (samples, channels, rows, columns) while its numbers stand as
(channels, rows, columns, samples): NumPy's strides say so, and layers in a row hand it on as it
is. Where images come in another order they are put into this one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.nn import parts
from rheobase.nn.layers.base import Array
from rheobase.nn.windows import Pair, Window
from rheobase.rendering.primitives import has_numba

_BYTES = 64  # of a vector, and of a line of the cache
_BLOCK = 8  # outputs of a tile
_MOST_TAPS = 256  # pixels of a pool's window that a byte can count


@dataclass(frozen=True)
class Seen:
    """Images with zeros around them, as the kernels saw them.

    Attributes
    ----------
    numbers : array, (channels, rows, columns, samples)
        Samples are filled up with zeros to whole vectors.
    samples : int
        How many there are.
    """

    numbers: Array
    samples: int


def usable(x: Array) -> bool:
    """Return whether images are convolved in vectors here: always, where numba is."""
    return x.dtype.kind == "f" and x.dtype.itemsize in (4, 8) and has_numba() and len(x) > 0


def in_vectors(x: Array) -> bool:
    """Return whether images stand as (channels, rows, columns, samples)."""
    return bool(has_numba() and x.ndim == 4 and x.transpose(1, 2, 3, 0).flags.c_contiguous)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return memory for an array that begins where a vector should."""
    count = int(np.prod(shape))
    raw = np.empty(count * dtype.itemsize + _BYTES, np.uint8)
    begin = -raw.ctypes.data % _BYTES
    return raw[begin : begin + count * dtype.itemsize].view(dtype).reshape(shape)


def _lanes(dtype: np.dtype[Any]) -> int:
    return _BYTES // dtype.itemsize


def _placed(x: Array, frame: Pair, corner: Pair, step: Pair = (1, 1)) -> Seen:
    """Return images in a larger frame of zeros, their first pixel at a corner."""
    lanes = _lanes(x.dtype)
    samples = -(-len(x) // lanes) * lanes
    buffer = empty((x.shape[1], *frame, samples), x.dtype)
    parts.part("tiles").place(x.transpose(1, 2, 3, 0), buffer, *corner, step)
    return Seen(buffer, len(x))


def see(x: Array, window: Window) -> Seen:
    """Return images with their padding, sample by sample in vectors."""
    top, left = window.padding
    return _placed(x, (x.shape[2] + 2 * top, x.shape[3] + 2 * left), (top, left))


def convolve(seen: Seen, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """Forward: see `convolution.convolve`."""
    _, height, width, samples = seen.numbers.shape
    rows, columns = window.stepping(height, width)
    y = empty((w.shape[0], rows, columns, samples), w.dtype)
    kernels, biases = _packed(w, b, groups)
    parts.part("tiles").convolve(
        seen.numbers.ravel(),
        kernels,
        biases,
        y.ravel(),
        seen.numbers.shape,
        y.shape,
        _sizes(w, groups),
        window.stride,
        window.dilation,
        _lanes(w.dtype),
    )
    return y.transpose(3, 0, 1, 2)[: seen.samples]


def convolve_back_to_weights(g: Array, seen: Seen, w: Array, window: Window, groups: int) -> Array:
    """Backward: see `convolution.convolve_back_to_weights`."""
    ready = in_vectors(g) and len(g) == seen.numbers.shape[3]
    back = g.transpose(1, 2, 3, 0) if ready else _placed(g, g.shape[2:], (0, 0)).numbers
    lanes = _lanes(w.dtype)
    sums = empty((*w.shape, lanes), w.dtype)
    sums[...] = 0
    parts.part("tiles").collect(
        back.ravel(),
        seen.numbers.ravel(),
        sums.ravel(),
        seen.numbers.shape,
        back.shape,
        _sizes(w, groups),
        window.stride,
        window.dilation,
        lanes,
    )
    return np.asarray(sums.sum(axis=-1))


def convolve_back_to_images(g: Array, w: Array, window: Window, groups: int, shape: Pair) -> Array:
    """Backward: every pixel is seen by the flipped kernel, in the stretched gradient.

    A weight (k, l) that led from pixel i*stride + k*dilation to place i leads back from i. So the
    derivative by the images is a convolution, too: of the gradient with stride - 1 zeros between
    its pixels, with kernels turned by half a turn that lead from outputs to channels.
    """
    reach = window.reach(0), window.reach(1)
    frame = shape[0] + reach[0] - 1, shape[1] + reach[1] - 1
    corner = (reach[0] - 1 - window.padding[0], reach[1] - 1 - window.padding[1])
    stretched = _placed(g, frame, corner, window.stride)
    of_group = w.shape[0] // groups
    turned = w[:, :, ::-1, ::-1].reshape(groups, of_group, *w.shape[1:]).swapaxes(1, 2)
    turned = turned.reshape(groups * w.shape[1], of_group, *w.shape[2:])
    return convolve(stretched, turned, None, Window(window.size, dilation=window.dilation), groups)


def _sizes(w: Array, groups: int) -> tuple[int, int, int, int, int]:
    return groups, w.shape[1], w.shape[0] // groups, w.shape[2], w.shape[3]


def _packed(w: Array, b: Array | None, groups: int) -> tuple[Array, Array]:
    """Return kernels and biases block of outputs by block, filled up with zeros."""
    outputs = w.shape[0] // groups
    blocks = -(-outputs // _BLOCK)
    kernels = np.zeros((groups, blocks * _BLOCK, *w.shape[1:]), w.dtype)
    kernels[:, :outputs] = w.reshape(groups, outputs, *w.shape[1:])
    kernels = kernels.reshape(groups, blocks, _BLOCK, *w.shape[1:])
    biases = np.zeros((groups, blocks * _BLOCK), w.dtype)
    if b is not None:
        biases[:, :outputs] = b.reshape(groups, outputs)
    return np.ascontiguousarray(np.moveaxis(kernels, 2, -1)).ravel(), biases.ravel()


def poolable(x: Array, window: Window) -> bool:
    """Return whether a max-pool of images goes by whole vectors here."""
    return (
        in_vectors(x)
        and x.dtype.kind == "f"
        and len(x) % _lanes(x.dtype) == 0
        and window.size[0] * window.size[1] <= _MOST_TAPS
    )


def pool(x: Array, window: Window) -> tuple[Array, Array]:
    """Forward of a max-pool: the largest pixel of every window, and which it was."""
    numbers = x.transpose(1, 2, 3, 0)
    shape = (x.shape[1], *window.sizes(*x.shape[2:]), len(x))
    y, which = empty(shape, x.dtype), empty(shape, np.dtype(np.uint8))
    parts.part("tiles").pool(
        numbers.ravel(),
        y.ravel(),
        which.ravel(),
        numbers.shape,
        shape,
        window.size,
        window.stride,
        _lanes(x.dtype),
    )
    return y.transpose(3, 0, 1, 2), which


def unpool(g: Array, which: Array, shape: tuple[int, ...], window: Window) -> Array:
    """Backward of a max-pool: every gradient goes to the pixel that was the largest."""
    g_x = empty((*shape[1:], shape[0]), g.dtype)
    g_x[...] = 0
    parts.part("tiles").unpool(
        np.ascontiguousarray(g.transpose(1, 2, 3, 0)).ravel(),
        which.ravel(),
        g_x.ravel(),
        g_x.shape,
        which.shape,
        window.size,
        window.stride,
        _lanes(g.dtype),
    )
    return g_x.transpose(3, 0, 1, 2)


def by_channel(g: Array) -> Array:
    """Return the sum over samples and pixels of images, channel by channel."""
    if in_vectors(g):
        return np.asarray(g.transpose(1, 2, 3, 0).reshape(g.shape[1], -1).sum(axis=1))
    return np.asarray(g.sum(axis=(0, 2, 3)))
