"""Five networks that classify small images: two multilayer perceptrons, three convolutional ones.

They end in one linear output a class, to be trained with the loss ``"cross_entropy"``; strides
are 1, convolutions are padded by 1, max-pooling halves. For Fashion-MNIST (28 by 28 pixels):

======== ========================================================================== ==========
name     layers                                                                     parameters
======== ========================================================================== ==========
`mlp_1`  32 f, 10                                                                   25,450
`mlp_2`  32 f, 64 without bias, 10                                                  27,818
`cnn_3`  3x3x16 f, 5x5x8 f, pool, 7x7x16, pool, 10                                  12,226
`cnn_4`  3x3x16 f, 3x3x8 f, 5x5x16 f, pool, 5x5x16, pool, 10                        14,962
`cnn_5`  3x3 times 8, 16, 8, 16, each f, pool, 3x3x16 f, 3x3x8 f, pool, 10          10,986
======== ========================================================================== ==========

f is the activation, ReLU unless another is asked for; "7x7x16" is 16 kernels of 7 by 7 pixels.

Smaller images: where a kernel would leave nothing to pool (fewer than two pixels a side) it is
3x3 instead. For the digits, 8 by 8, that is the 7x7 of `cnn_3` and the last 5x5 of `cnn_4`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from rheobase.errors import ShapeError
from rheobase.nn.layers.base import Layer
from rheobase.nn.layers.conv import Conv2D
from rheobase.nn.layers.dense import Dense
from rheobase.nn.layers.flatten import Flatten
from rheobase.nn.layers.pool import MaxPool2D
from rheobase.nn.sequential import Sequential

Dtype: TypeAlias = Literal["float32", "float64"]

_PADDING: Final = 1
_POOL: Final = 2


def mlp_1(
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    *,
    activation: Any = "relu",
    seed: int = 0,
    dtype: Dtype = "float32",
) -> Sequential:
    """Multilayer perceptron with one hidden layer of 32 units.

    Parameters
    ----------
    shape : tuple of int
        Of one image: channels, rows, columns.
    classes : int
        How many labels there are.
    activation : str or Activation
        Of the hidden layers.
    seed : int
        Of the initial weights.
    dtype : "float32" or "float64"

    Raises
    ------
    ShapeError
        If `shape` is not the shape of an image.

    Examples
    --------
    >>> from rheobase import nn
    >>> net = nn.architectures.mlp_1((1, 8, 8))
    >>> net.layers[1], net.vector.size
    (Dense(64, 32, 'relu'), 2410)
    """
    pixels = _pixels(shape)
    return Sequential(
        Flatten(), Dense(pixels, 32, activation), Dense(32, classes), seed=seed, dtype=dtype
    )


def mlp_2(
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    *,
    activation: Any = "relu",
    seed: int = 0,
    dtype: Dtype = "float32",
) -> Sequential:
    """Multilayer perceptron with a hidden layer of 32 units and a linear one of 64 without bias.

    Parameters and errors: as `mlp_1`.
    """
    return Sequential(
        Flatten(),
        Dense(_pixels(shape), 32, activation),
        Dense(32, 64, bias=False),
        Dense(64, classes),
        seed=seed,
        dtype=dtype,
    )


def cnn_3(
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    *,
    activation: Any = "relu",
    seed: int = 0,
    dtype: Dtype = "float32",
) -> Sequential:
    """Convolutional network: 3x3x16, 5x5x8, pool, 7x7x16, pool, and the outputs.

    Parameters and errors: as `mlp_1`; `shape` has to have room for two poolings.
    """
    f = activation
    plan = [(3, 16, f), (5, 8, f), "pool", (7, 16, "linear"), "pool"]
    return _convolutional(plan, shape, classes, seed, dtype)


def cnn_4(
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    *,
    activation: Any = "relu",
    seed: int = 0,
    dtype: Dtype = "float32",
) -> Sequential:
    """Convolutional network: 3x3x16, 3x3x8, 5x5x16, pool, 5x5x16, pool, and the outputs.

    Parameters and errors: as `cnn_3`.
    """
    f = activation
    plan = [(3, 16, f), (3, 8, f), (5, 16, f), "pool", (5, 16, "linear"), "pool"]
    return _convolutional(plan, shape, classes, seed, dtype)


def cnn_5(
    shape: tuple[int, int, int] = (1, 28, 28),
    classes: int = 10,
    *,
    activation: Any = "relu",
    seed: int = 0,
    dtype: Dtype = "float32",
) -> Sequential:
    """Convolutional network: six layers of 3x3 kernels, a pool after the fourth and the last.

    Parameters and errors: as `cnn_3`.
    """
    plan: list[Any] = [(3, kernels, activation) for kernels in (8, 16, 8, 16)]
    plan += ["pool", (3, 16, activation), (3, 8, activation), "pool"]
    return _convolutional(plan, shape, classes, seed, dtype)


ALL: Final[Mapping[str, Callable[..., Sequential]]] = {
    "mlp_1": mlp_1,
    "mlp_2": mlp_2,
    "cnn_3": cnn_3,
    "cnn_4": cnn_4,
    "cnn_5": cnn_5,
}
"""The five by name."""


def _pixels(shape: tuple[int, ...]) -> int:
    if len(shape) != 3 or min(shape) < 1:
        raise ShapeError(
            "an architecture is made for images of one shape",
            expected="channels, rows, columns",
            given=f"{tuple(shape)}",
            mend="nn.architectures.mlp_1(images.shape)",
        )
    return math.prod(shape)


def _convolutional(
    plan: list[Any], shape: tuple[int, int, int], classes: int, seed: int, dtype: Dtype
) -> Sequential:
    """Build the layers of a plan: (side of a kernel, kernels, activation) or "pool"."""
    _pixels(shape)
    layers: list[Layer] = []
    channels, size = shape[0], list(shape[1:])
    for entry in plan:
        if entry == "pool":
            layers.append(MaxPool2D(_POOL))
            size = [side // _POOL for side in size]
            continue
        asked, kernels, activation = entry
        grown = min(size) + 2 * _PADDING
        side = asked if grown - asked + 1 >= _POOL else 3
        layers.append(Conv2D(channels, kernels, side, activation, padding=_PADDING))
        size = [one + 2 * _PADDING - side + 1 for one in size]
        channels = kernels
    if min(size) < 1:
        raise ShapeError(
            "these images are too small for a convolutional network that pools twice",
            expected="at least 6 by 6 pixels",
            given=f"{shape[1]} by {shape[2]}",
            mend="nn.architectures.mlp_1(shape) takes images of any size",
        )
    outputs = Dense(channels * math.prod(size), classes)
    return Sequential(*layers, Flatten(), outputs, seed=seed, dtype=dtype)
