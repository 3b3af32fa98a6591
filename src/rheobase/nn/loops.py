"""Convolution as it is defined: seven loops, compiled where numba is installed."""

from __future__ import annotations

import numpy as np

from rheobase.nn import parts
from rheobase.nn.layers.base import Array
from rheobase.nn.parts.definition import convolve
from rheobase.nn.windows import Window


def convolve_by_loops(x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """Return the convolution of images (batch, channels, height, width), loop by loop.

    Parameters
    ----------
    x, w, b : array
        Images, kernels, and biases if there are any.
    window : Window
        How the kernel moves.
    groups : int
        Of channels.
    """
    rows, columns = window.sizes(*x.shape[2:])
    y = np.zeros((len(x), w.shape[0], rows, columns), x.dtype)
    bias = np.zeros(w.shape[0], x.dtype) if b is None else b
    function = parts.compiled_definition() or convolve
    function(x, w, bias, y, window.stride, window.padding, window.dilation, groups)
    return y
