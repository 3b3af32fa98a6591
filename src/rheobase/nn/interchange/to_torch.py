"""A network as a PyTorch module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.nn.interchange.taking import Array, refused
from rheobase.nn.interchange.torch_names import ELEMENTWISE, steps_module, torch_library
from rheobase.nn.layers.base import Layer
from rheobase.nn.layers.conv import Conv2D
from rheobase.nn.layers.dense import Dense
from rheobase.nn.layers.dropout import Dropout
from rheobase.nn.layers.flatten import Flatten
from rheobase.nn.layers.pool import AvgPool2D, MaxPool2D
from rheobase.nn.layers.recurrent import Recurrent
from rheobase.nn.sequential import Sequential

if TYPE_CHECKING:
    import torch


def to_torch(net: Sequential) -> torch.nn.Sequential:
    """Return a PyTorch module with the layers and the parameters of a network.

    It gives the same numbers for the same inputs, and PyTorch may train it on. Parameters are
    copied: w[i, j] from i to j becomes PyTorch's ``weight[j, i]``.

    Parameters
    ----------
    net : Sequential

    Returns
    -------
    torch.nn.Sequential
        In the precision of the network, in evaluation mode (dropout is off until ``.train()``).

    Raises
    ------
    UserError
        If PyTorch is not installed, or a layer or an activation has no counterpart there.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.Dense(2, 3, "tanh"), nn.Dense(3, 1), seed=0)
    >>> x = np.array([[0.0, 1.0], [1.0, 1.0]])
    >>> bool(np.allclose(nn.to_torch(net)(torch.tensor(x)).detach(), net(x), rtol=1e-12))
    True
    """
    torch = torch_library()
    modules: list[Any] = []
    for number, layer in enumerate(net.layers):
        modules.extend(_modules(torch, layer, f"layer {number}, {layer!r},"))
    module = torch.nn.Sequential(*modules)
    return module.to(getattr(torch, net.dtype.name)).eval()  # type: ignore[no-any-return]


def _modules(torch: Any, layer: Layer, where: str) -> Iterator[Any]:
    """Give the modules that do together what a layer does."""
    nn = torch.nn
    if type(layer) is Dense:
        linear = nn.utils.skip_init(nn.Linear, layer.inputs, layer.units, bias=layer.has_bias)
        yield _filled(torch, linear, layer.weights.T, layer.parameters.get("bias"))
        yield from _activation(torch, layer.activation, -1, where)
    elif type(layer) is Conv2D:
        convolution = nn.utils.skip_init(
            nn.Conv2d, layer.channels, layer.outputs, layer.size, stride=layer.stride,
            padding=layer.padding, dilation=layer.dilation, groups=layer.groups,
            bias=layer.has_bias,
        )  # fmt: skip
        yield _filled(torch, convolution, layer.weights, layer.parameters.get("bias"))
        yield from _activation(torch, layer.activation, 1, where)
    elif type(layer) is MaxPool2D:
        yield nn.MaxPool2d(layer.size, layer.stride, layer.padding)
    elif type(layer) is AvgPool2D:
        yield nn.AvgPool2d(layer.size, layer.stride, layer.padding)
    elif type(layer) is Flatten:
        yield nn.Flatten()
    elif type(layer) is Dropout:
        yield nn.Dropout(layer.rate)
    elif type(layer) is Recurrent:
        yield _recurrent(torch, layer, where)
    else:
        raise refused(
            where,
            "PyTorch has no module that does the same",
            "taken over are Dense, Conv2D, MaxPool2D, AvgPool2D, Flatten, Dropout, Recurrent",
        )


def _filled(torch: Any, module: Any, weight: Array, bias: Array | None) -> Any:
    """Copy weights and bias into a module."""
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None:
            _copy(torch, module, name, value)
    return module


def _copy(torch: Any, module: Any, name: str, value: Array) -> None:
    setattr(module, name, torch.nn.Parameter(torch.tensor(np.ascontiguousarray(value))))


def _recurrent(torch: Any, layer: Recurrent, where: str) -> Any:
    """Return a recurrent layer of PyTorch that hands on its outputs and not its state."""
    kind = layer.activation.name
    if kind not in ("tanh", "relu"):
        raise refused(where, f"PyTorch has no recurrent layer with {kind}", "tanh and relu it has")
    rnn = torch.nn.RNN(layer.inputs, layer.units, nonlinearity=kind, bias=layer.has_bias,
                       batch_first=True)  # fmt: skip
    _copy(torch, rnn, "weight_ih_l0", layer.weights.T)
    _copy(torch, rnn, "weight_hh_l0", layer.recurrent.T)
    if layer.has_bias:
        _copy(torch, rnn, "bias_ih_l0", layer.bias)
        _copy(torch, rnn, "bias_hh_l0", np.zeros_like(layer.bias))
    return steps_module(torch)(rnn, layer.last)


def _activation(torch: Any, activation: Any, axis: int, where: str) -> Iterator[Any]:
    name = activation.name
    if name == "linear":
        return
    if name == "softmax":
        yield torch.nn.Softmax(dim=axis)
    elif name == "leaky_relu":
        yield torch.nn.LeakyReLU(activation.parameters["slope"])
    elif name in ELEMENTWISE:
        yield getattr(torch.nn, ELEMENTWISE[name])()
    else:
        have = ", ".join(["linear", *sorted(ELEMENTWISE), "softmax"])
        raise refused(where, f"PyTorch has no activation {name}", f"there are {have}")
