"""Convolution in two dimensions, as it is defined."""

from __future__ import annotations

from typing import Any


def convolve(
    x: Any, w: Any, b: Any, y: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> None:
    """Set y to the convolution of images x with kernels w, plus b; y is 0 before.

    y[n, o, i, j] = b[o] + sum of x[n, c, row, column] * w[o, c, k, l] over c, k, l: a channel of
    the group of o, and a pixel under the kernel at (i, j).
    """
    batch, channels, height, width = x.shape
    _, outputs, rows, columns = y.shape
    of_group, outputs_of_group = channels // groups, outputs // groups
    for n in range(batch):
        for o in range(outputs):
            first = (o // outputs_of_group) * of_group
            for i in range(rows):
                for j in range(columns):
                    total = b[o]
                    for c in range(of_group):
                        for k in range(w.shape[2]):
                            for m in range(w.shape[3]):
                                row = i * stride[0] + k * dilation[0] - padding[0]
                                column = j * stride[1] + m * dilation[1] - padding[1]
                                if 0 <= row < height and 0 <= column < width:
                                    total += x[n, first + c, row, column] * w[o, c, k, m]
                    y[n, o, i, j] = total
