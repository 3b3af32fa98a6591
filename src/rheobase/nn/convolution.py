"""Two-dimensional convolution: from its definition, and fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.nn import tiled
from rheobase.nn.layers.base import Array
from rheobase.nn.loops import convolve_by_loops
from rheobase.nn.windows import Window, paddings, pair

_METHODS = ("fast", "loops")


def conv2d(
    images: Any,
    kernels: Any,
    bias: Any = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    method: str = "fast",
) -> Array:
    """Convolve images with kernels, as ``torch.conv2d`` does.

    Every output pixel is the sum, over channels and over the pixels under the kernel, of pixel
    times weight::

        y[n, o, i, j] = b[o] + sum over c, k, l of
                        x[n, c, i*stride + k*dilation - padding, j*stride + l*dilation - padding]
                        * w[o, c, k, l]

    The kernel is not flipped: mathematicians call this cross-correlation. Pixels outside of the
    image are 0.

    Parameters
    ----------
    images : array, (batch, channels, height, width)
        Images x.
    kernels : array, (outputs, channels/groups, h, w)
        Weights w.
    bias : array, (outputs,), optional
        b.
    stride : int or (int, int)
        How far the kernel moves (down, right).
    padding : int or (int, int), or "valid" or "same"
        How many zeros around the image; none, or as many as keep its size (stride 1).
    dilation : int or (int, int)
        Distance of the pixels that neighboring weights look at.
    groups : int
        Channels and outputs are divided into so many groups that do not see each other.
    method : "fast" or "loops"
        Several samples at once in vectors; or the nested loops of the definition, to be read.

    Returns
    -------
    array, (batch, outputs, rows, columns)
        ``rows = (height + 2 padding - dilation (h - 1) - 1)//stride + 1``.

    Raises
    ------
    ShapeError
        If sizes do not fit.
    UserError
        If there is no such method.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase import nn
    >>> edge = np.array([[[[-1.0, 1.0]]]])
    >>> nn.conv2d([[[[0.0, 0.0, 5.0, 5.0]]]], edge)
    array([[[[0., 5., 0.]]]])
    """
    x, w, b = _arrays(images, kernels, bias)
    if method not in _METHODS:
        raise UserError(
            f"there is no method {method!r} of conv2d", expected=" or ".join(map(repr, _METHODS))
        )
    size = (w.shape[2], w.shape[3])
    steps = pair("nn.conv2d", "stride", stride, 1)
    apart = pair("nn.conv2d", "dilation", dilation, 1)
    around, more = paddings("nn.conv2d", padding, size, steps, apart)
    window = Window(size, steps, around, apart)
    check_groups("nn.conv2d", x.shape[1], w.shape[0], groups)
    if w.shape[1] * groups != x.shape[1]:
        raise ShapeError(
            "kernels and images have different channels",
            expected=f"kernels of shape (outputs, {x.shape[1] // groups}, h, w)",
            given=f"kernels of shape {w.shape}, images of shape {x.shape}",
        )
    x = np.pad(x, [(0, 0), (0, 0), (0, more[0]), (0, more[1])]) if any(more) else x
    window.after("nn.conv2d: the kernel", x.shape[2], x.shape[3])
    if method == "loops":
        return convolve_by_loops(x, w, b, window, groups)
    return np.ascontiguousarray(convolve(x, w, b, window, groups)[0])


def _arrays(images: Any, kernels: Any, bias: Any) -> tuple[Array, Array, Array | None]:
    x, w = np.asarray(images), np.asarray(kernels)
    if "c" in (x.dtype.kind, w.dtype.kind):
        raise ShapeError("nn.conv2d: images and kernels are real numbers", given="complex ones")
    dtype = np.result_type(x, w, np.float32)
    for name, array, axes in (
        ("images", x, "batch, channels, height, width"),
        ("kernels", w, "outputs, channels, h, w"),
    ):
        if array.ndim != 4:
            raise ShapeError(
                f"nn.conv2d: {name} have four axes",
                expected=f"{name} of shape ({axes})",
                given=f"{name} of shape {array.shape}",
                mend=f"{name}[None, None]" if array.ndim == 2 else "",
            )
    if bias is None:
        return x.astype(dtype), w.astype(dtype), None
    b = np.asarray(bias, dtype)
    if b.shape != w.shape[:1]:
        raise ShapeError(
            "nn.conv2d: one bias an output", expected=f"{w.shape[:1]}", given=f"{b.shape}"
        )
    return x.astype(dtype), w.astype(dtype), b


def check_groups(owner: str, channels: int, outputs: int, groups: Any) -> int:
    """Return the number of groups, if they divide channels and outputs.

    Raises
    ------
    ShapeError
        If they do not.
    """
    whole = isinstance(groups, int | np.integer) and groups >= 1
    if not whole or channels % groups or outputs % groups:
        raise ShapeError(
            f"{owner}: groups must divide channels and outputs",
            given=f"groups={groups!r}, {channels} channels, {outputs} outputs",
        )
    return int(groups)


# -- forward and backward, side by side: every weight of the kernel is a matrix product ---------


def convolve(
    x: Array, w: Array, b: Array | None, window: Window, groups: int = 1
) -> tuple[Array, Any]:
    """Forward: y += w[:, :, k, l] x seen by weight (k, l), for all (k, l).

    Returns
    -------
    y, seen
        The result, and the images with their padding, as the backward pass wants them.
    """
    if tiled.usable(x):
        seen = tiled.see(x, window)
        return tiled.convolve(seen, w, b, window, groups), seen
    places = window.sizes(*x.shape[2:])
    padded = window.padded(x)
    y = np.zeros((len(x), groups, w.shape[0] // groups, places[0] * places[1]), x.dtype)
    matrices = _by_group(w, groups)
    for k, m in np.ndindex(*window.size):
        y += matrices[..., k, m] @ _columns(window.tap(padded, k, m, places), groups)
    y = y.reshape(len(x), w.shape[0], *places)
    if b is not None:
        y += b[:, None, None]
    return y, padded


def convolve_back_to_weights(
    g: Array, seen: Any, w: Array, window: Window, groups: int = 1
) -> Array:
    """Backward: dL/dw[:, :, k, l] = g (x seen by weight (k, l))^T, summed over samples."""
    if isinstance(seen, tiled.Seen):
        return tiled.convolve_back_to_weights(g, seen, w, window, groups)
    columns = _columns(g, groups)
    g_w = np.empty((groups, w.shape[0] // groups, *w.shape[1:]), g.dtype)
    for k, m in np.ndindex(*window.size):
        pixels = _columns(window.tap(seen, k, m, g.shape[2:]), groups)
        g_w[..., k, m] = (columns @ pixels.swapaxes(-1, -2)).sum(axis=0)
    return g_w.reshape(w.shape)


def convolve_back_to_images(
    g: Array, w: Array, window: Window, groups: int, shape: tuple[int, int]
) -> Array:
    """Backward: what weight (k, l) saw gets w[:, :, k, l]^T g, for all (k, l).

    Parameters
    ----------
    g, w, window, groups
        Gradient by the results, kernels, and how they moved.
    shape : (int, int)
        Height and width of the images.
    """
    if tiled.usable(g):
        return tiled.convolve_back_to_images(g, w, window, groups, shape)
    (top, left), channels = window.padding, w.shape[1] * groups
    g_x = np.zeros((len(g), channels, shape[0] + 2 * top, shape[1] + 2 * left), g.dtype)
    columns = _columns(g, groups)
    matrices = _by_group(w, groups).swapaxes(1, 2)
    for k, m in np.ndindex(*window.size):
        seen = window.tap(g_x, k, m, g.shape[2:])
        seen += (matrices[..., k, m] @ columns).reshape(seen.shape)
    return window.cut(g_x)


def _by_group(w: Array, groups: int) -> Array:
    """Kernels as (groups, outputs of a group, channels of a group, h, w)."""
    return w.reshape(groups, w.shape[0] // groups, *w.shape[1:])


def _columns(images: Array, groups: int) -> Array:
    """Images as (batch, groups, channels of a group, pixels)."""
    batch, channels, rows, columns = images.shape
    return images.reshape(batch, groups, channels // groups, rows * columns)
