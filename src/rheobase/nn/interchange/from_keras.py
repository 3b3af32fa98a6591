"""A Keras model as a network."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rheobase.nn.activations import leaky_relu
from rheobase.nn.interchange.keras_files import KerasLayer, read_keras
from rheobase.nn.interchange.taking import Array, Taken, refused
from rheobase.nn.layers.base import Layer
from rheobase.nn.layers.conv import Conv2D
from rheobase.nn.layers.dense import Dense
from rheobase.nn.layers.dropout import Dropout
from rheobase.nn.layers.flatten import Flatten
from rheobase.nn.layers.pool import AvgPool2D, MaxPool2D
from rheobase.nn.layers.recurrent import Recurrent
from rheobase.nn.sequential import Sequential

_SAME: Final = ("linear", "relu", "sigmoid", "tanh", "elu", "gelu", "softplus", "softsign",
                "softmax")  # fmt: skip
_KERAS_LEAK: Final = 0.2  # of the activation called "leaky_relu" there


def from_keras(
    model: str | os.PathLike[str] | Any, *, dtype: npt.DTypeLike | None = None
) -> Sequential:
    """Return a network with the layers and the parameters of a Keras model.

    Keras keeps the channels of an image last, (rows, columns, channels), ours come first: for
    the same predictions give the network ``x.transpose(0, 3, 1, 2)``. Kernels, and the weights
    behind a Flatten, are put into the order this needs.

    Parameters
    ----------
    model : path or keras.Model
        A ``.keras`` file of Keras 3, which is read without Keras; or a model: a
        ``keras.Sequential``, or a functional model that is one layer after the other, of Dense,
        Conv2D, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D, Flatten, Dropout,
        SimpleRNN and activations.
    dtype : "float32" or "float64", optional
        Precision of the network; default that of the parameters.

    Returns
    -------
    Sequential

    Raises
    ------
    FileFormatError
        If the file is no .keras file.
    UserError
        If a layer or one of its settings has no counterpart here; it is named.

    Examples
    --------
    >>> net = nn.from_keras("model.keras")                     # doctest: +SKIP
    >>> net(x.transpose(0, 3, 1, 2))                           # doctest: +SKIP
    """
    reader = _Reader()
    for layer in read_keras(model):
        reader.take(layer)
    return reader.network(dtype)


class _Reader:
    """Takes over one layer after the other, and knows the shape of a sample between them.

    Attributes
    ----------
    shape : tuple or None
        Of one sample as we have it, channels first; None while it is not known.
    order : ndarray or None
        Behind a Flatten of several channels: where our feature k stands in Keras's order.
    """

    def __init__(self) -> None:
        self.taken = Taken()
        self.shape: tuple[int | None, ...] | None = None
        self.order: Array | None = None
        self.flattened = ""

    def take(self, layer: KerasLayer) -> None:
        """Take over one layer of Keras."""
        read = _READERS.get(layer.kind)
        if read is None:
            raise refused(layer.where, "there is no such layer here",
                          f"taken over are {', '.join(_READERS)}")  # fmt: skip
        if layer.config.get("data_format", "channels_last") not in ("channels_last", None):
            raise refused(layer.where, "its data_format is not 'channels_last'")
        if self.shape is None and layer.input_shape is not None:
            sizes = tuple(layer.input_shape[1:])
            self.shape = (sizes[2], *sizes[:2]) if len(sizes) == 3 else sizes
        read(self, layer)

    def network(self, dtype: npt.DTypeLike | None) -> Sequential:
        """Return the network."""
        if self.order is not None:
            raise refused(self.flattened, "no Dense follows it, and its features would come out in "
                          "another order")  # fmt: skip
        return self.taken.network(dtype)

    def add(self, layer: Layer, **values: Array | None) -> None:
        """Add a layer of ours and go on with the shape behind it."""
        self.taken.add(layer, **values)
        if self.shape is not None:
            self.shape = layer.output_shape(self.shape)

    def image(self, layer: KerasLayer) -> tuple[int, int, int]:
        """Return channels, rows and columns before a layer that needs to know them."""
        shape = self.shape
        if shape is None or len(shape) != 3 or None in shape:
            raise refused(
                layer.where,
                "the size of the images before it is not known",
                "save a model that begins with keras.Input((rows, columns, channels))",
            )
        return shape  # type: ignore[return-value]


def _dense(reader: _Reader, layer: KerasLayer) -> None:
    kernel, bias = _arrays(layer)
    if kernel.ndim != 2:
        raise refused(layer.where, f"its kernel has shape {kernel.shape}, not (inputs, units)")
    if reader.shape is not None and len(reader.shape) == 3:
        raise refused(layer.where, "it mixes the channels of every pixel",
                      "put a Flatten before it, or use a Conv2D of 1x1 kernels")  # fmt: skip
    if reader.order is not None:
        kernel, reader.order = kernel[reader.order], None
    reader.add(Dense(*kernel.shape, bias=bias is not None), weights=kernel, bias=bias)
    _named_activation(reader, layer)


def _conv2d(reader: _Reader, layer: KerasLayer) -> None:
    kernel, bias = _arrays(layer)
    config, groups = layer.config, int(layer.config.get("groups", 1))
    rows, columns, channels, outputs = kernel.shape
    stride, dilation = tuple(config["strides"]), tuple(config["dilation_rate"])
    ours = Conv2D(
        channels * groups, outputs, (rows, columns), stride=stride, dilation=dilation,
        padding=_padding(reader, layer, (rows, columns), stride, dilation), groups=groups,
        bias=bias is not None,
    )  # fmt: skip
    # Keras: (rows, columns, in, out); ours, as PyTorch's: (out, in, rows, columns).
    reader.add(ours, weights=kernel.transpose(3, 2, 0, 1), bias=bias)
    _named_activation(reader, layer)


def _padding(
    reader: _Reader, layer: KerasLayer, kernel: tuple[int, ...], stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, int]:  # fmt: skip
    """Return the rows and columns of zeros on each side that "valid" or "same" mean."""
    kind = layer.config["padding"]
    if kind == "valid":
        return 0, 0
    if kind != "same":
        raise refused(layer.where, f"its padding is {kind!r}", "taken over are 'valid' and 'same'")
    sides = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(step > 1 for step in stride):
        sizes = reader.image(layer)[1:]
        sides = [max((math.ceil(n / s) - 1) * s + reach + 1 - n, 0)
                 for n, s, reach in zip(sizes, stride, sides, strict=True)]  # fmt: skip
    if any(one % 2 for one in sides):
        raise refused(layer.where, "its padding is not the same on both sides")
    return sides[0] // 2, sides[1] // 2


def _pool(kind: type[MaxPool2D] | type[AvgPool2D]) -> Callable[[_Reader, KerasLayer], None]:
    def take(reader: _Reader, layer: KerasLayer) -> None:
        size, stride = tuple(layer.config["pool_size"]), tuple(layer.config["strides"])
        if layer.config["padding"] != "valid":
            sizes = reader.image(layer)[1:]
            if stride != size or any(n % k for n, k in zip(sizes, size, strict=True)):
                raise refused(layer.where, "its windows reach beyond the image",
                              "padding='valid' is taken over")  # fmt: skip
        reader.add(kind(size, stride))

    return take


def _global_average(reader: _Reader, layer: KerasLayer) -> None:
    if layer.config.get("keepdims"):
        raise refused(layer.where, "keepdims=True has no counterpart here")
    reader.add(AvgPool2D(reader.image(layer)[1:]))
    reader.add(Flatten())


def _flatten(reader: _Reader, layer: KerasLayer) -> None:
    if reader.shape is None or len(reader.shape) == 3:
        channels, rows, columns = reader.image(layer)
        if channels > 1 and rows * columns > 1:
            places = np.arange(rows * columns * channels).reshape(rows, columns, channels)
            reader.order = places.transpose(2, 0, 1).ravel()
            reader.flattened = layer.where
    reader.add(Flatten())


def _dropout(reader: _Reader, layer: KerasLayer) -> None:
    if layer.config.get("noise_shape") is not None:
        raise refused(layer.where, "its noise_shape has no counterpart here")
    reader.add(Dropout(layer.config["rate"]))


def _simple_rnn(reader: _Reader, layer: KerasLayer) -> None:
    config = layer.config
    for name in ("go_backwards", "stateful", "return_state"):
        if config.get(name):
            raise refused(layer.where, f"{name}=True has no counterpart here")
    if len(layer.arrays) != 2 + bool(config["use_bias"]):
        raise refused(layer.where, f"it has {len(layer.arrays)} arrays")
    kernel, recurrent, *bias = layer.arrays
    if config["activation"] not in _SAME or config["activation"] == "softmax":
        raise refused(layer.where, f"there is no activation {config['activation']!r} for it here")
    inputs, units = kernel.shape
    last = not config["return_sequences"]
    ours = Recurrent(inputs, units, config["activation"], bias=bool(bias), last=last)
    reader.add(ours, weights=kernel, recurrent=recurrent, bias=bias[0] if bias else None)


def _input(reader: _Reader, layer: KerasLayer) -> None:
    """Only its shape counts."""


def _named_activation(reader: _Reader, layer: KerasLayer) -> None:
    name = layer.config.get("activation", "linear")
    if name == "leaky_relu":
        reader.taken.activate(leaky_relu(slope=_KERAS_LEAK), layer.where)
    elif name in _SAME:
        reader.taken.activate(name, layer.where)
    else:
        raise refused(layer.where, f"there is no activation {name!r} here",
                      f"there are {', '.join(_SAME)} and leaky_relu")  # fmt: skip


def _relu(reader: _Reader, layer: KerasLayer) -> None:
    config = layer.config
    slope = float(config.get("negative_slope") or 0.0)
    if config.get("max_value") is not None or config.get("threshold"):
        raise refused(layer.where, "max_value and threshold have no counterpart here")
    reader.taken.activate(leaky_relu(slope=slope) if slope else "relu", layer.where)


def _leaky(reader: _Reader, layer: KerasLayer) -> None:
    reader.taken.activate(leaky_relu(slope=float(layer.config["negative_slope"])), layer.where)


def _elu(reader: _Reader, layer: KerasLayer) -> None:
    if layer.config.get("alpha", 1.0) != 1.0:
        raise refused(layer.where, "only alpha=1 has a counterpart here")
    reader.taken.activate("elu", layer.where)


def _softmax(reader: _Reader, layer: KerasLayer) -> None:
    if layer.config.get("axis", -1) != -1:
        raise refused(layer.where, "softmax is taken of the features, axis=-1")
    reader.taken.activate("softmax", layer.where)


def _arrays(layer: KerasLayer) -> tuple[Array, Array | None]:
    """Return kernel and bias."""
    wanted = 2 if layer.config.get("use_bias", True) else 1
    if len(layer.arrays) != wanted:
        raise refused(
            layer.where,
            f"it has {len(layer.arrays)} arrays instead of {wanted}",
            "a model that was never built, or is quantized, has no weights to take",
        )
    kernel, *bias = layer.arrays
    return kernel, bias[0] if bias else None


_READERS: Final[dict[str, Callable[[_Reader, KerasLayer], None]]] = {
    "InputLayer": _input,
    "Dense": _dense,
    "Conv2D": _conv2d,
    "MaxPooling2D": _pool(MaxPool2D),
    "AveragePooling2D": _pool(AvgPool2D),
    "GlobalAveragePooling2D": _global_average,
    "Flatten": _flatten,
    "Dropout": _dropout,
    "SimpleRNN": _simple_rnn,
    "Activation": _named_activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "Softmax": _softmax,
}
