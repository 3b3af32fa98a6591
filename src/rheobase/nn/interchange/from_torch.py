"""A PyTorch module as a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rheobase.nn.activations import leaky_relu
from rheobase.nn.interchange.taking import Array, Taken, refused
from rheobase.nn.interchange.torch_names import ELEMENTWISE, steps_module, torch_library
from rheobase.nn.layers.conv import Conv2D
from rheobase.nn.layers.dense import Dense
from rheobase.nn.layers.dropout import Dropout
from rheobase.nn.layers.flatten import Flatten
from rheobase.nn.layers.pool import AvgPool2D, MaxPool2D
from rheobase.nn.layers.recurrent import Recurrent
from rheobase.nn.sequential import Sequential


def from_torch(module: Any, *, dtype: npt.DTypeLike | None = None) -> Sequential:
    """Return a network with the layers and the parameters of a PyTorch module.

    Parameters
    ----------
    module : torch.nn.Module
        A ``torch.nn.Sequential`` (which may hold others) of Linear, Conv2d, MaxPool2d, AvgPool2d,
        Flatten, Dropout, Identity and activations; or one of these, or an RNN of one layer, alone.
        Of a class of your own only you know what its ``forward`` does: give the Sequential inside.
    dtype : "float32" or "float64", optional
        Precision of the network; default that of the parameters.

    Returns
    -------
    Sequential

    Raises
    ------
    UserError
        If PyTorch is not installed, or a module or one of its settings has no counterpart here;
        it is named.

    Examples
    --------
    >>> import torch
    >>> from rheobase import nn
    >>> nn.from_torch(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()))
    Sequential(Dense(2, 3, 'tanh'))
    """
    torch_library()
    taken = Taken()
    _take(module, type(module).__name__, taken)
    return taken.network(dtype)


def _take(module: Any, where: str, taken: Taken) -> None:
    """Take over a module, and those inside it."""
    kind = type(module).__name__
    ours = type(module).__module__.startswith("torch.nn.")
    if ours and kind == "Sequential":
        for name, inside in module.named_children():
            _take(inside, f"module {name}, {inside},", taken)
        return
    if isinstance(module, steps_module(torch_library())):
        _rnn(module.rnn, where, taken, module.last)
        return
    if not ours or kind not in _READERS:
        own = "" if ours else "; of a class of your own give the torch.nn.Sequential inside"
        raise refused(where, "there is no such layer here",
                      f"taken over are Sequential, {', '.join(_READERS)}{own}")  # fmt: skip
    _READERS[kind](module, where, taken)


def _array(tensor: Any) -> Array | None:
    return None if tensor is None else np.asarray(tensor.detach().cpu().numpy())


def _linear(module: Any, where: str, taken: Taken) -> None:
    weights = _array(module.weight)
    assert weights is not None
    layer = Dense(module.in_features, module.out_features, bias=module.bias is not None)
    taken.add(layer, weights=weights.T, bias=_array(module.bias))


def _conv2d(module: Any, where: str, taken: Taken) -> None:
    _settings(module, where, padding_mode="zeros")
    padding = module.padding
    if isinstance(padding, str):
        reach = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        if padding == "same" and any(one % 2 for one in reach):
            raise refused(where, "its padding is not the same on both sides")
        padding = tuple(one // 2 for one in reach) if padding == "same" else (0, 0)
    layer = Conv2D(
        module.in_channels, module.out_channels, module.kernel_size, stride=module.stride,
        padding=padding, dilation=module.dilation, groups=module.groups,
        bias=module.bias is not None,
    )  # fmt: skip
    taken.add(layer, weights=_array(module.weight), bias=_array(module.bias))


def _pool(layer: type[MaxPool2D] | type[AvgPool2D], **plain: Any) -> Callable[..., None]:
    def take(module: Any, where: str, taken: Taken) -> None:
        _settings(module, where, ceil_mode=False, **plain)
        # zeros around the image count in a mean, or there are none
        if module.padding not in (0, (0, 0)) and layer is AvgPool2D:
            _settings(module, where, count_include_pad=True)
        taken.add(layer(module.kernel_size, module.stride, module.padding))

    return take


def _flatten(module: Any, where: str, taken: Taken) -> None:
    _settings(module, where, start_dim=1, end_dim=-1)
    taken.add(Flatten())


def _dropout(module: Any, where: str, taken: Taken) -> None:
    taken.add(Dropout(module.p))


def _rnn(module: Any, where: str, taken: Taken, last: bool = False) -> None:
    _settings(module, where, num_layers=1, batch_first=True, bidirectional=False)
    layer = Recurrent(module.input_size, module.hidden_size, module.nonlinearity, last=last,
                      bias=module.bias)  # fmt: skip
    weights, recurrent = _array(module.weight_ih_l0), _array(module.weight_hh_l0)
    assert weights is not None and recurrent is not None
    # Of PyTorch's two biases only the sum counts.
    bias = _array(module.bias_ih_l0 + module.bias_hh_l0) if module.bias else None
    taken.add(layer, weights=weights.T, recurrent=recurrent.T, bias=bias)


def _identity(module: Any, where: str, taken: Taken) -> None:
    """Nothing is added."""


def _elementwise(ours: str, **plain: Any) -> Callable[..., None]:
    def take(module: Any, where: str, taken: Taken) -> None:
        _settings(module, where, **plain)
        taken.activate(ours, where)

    return take


def _leaky(module: Any, where: str, taken: Taken) -> None:
    taken.activate(leaky_relu(slope=module.negative_slope), where)


def _softmax(module: Any, where: str, taken: Taken) -> None:
    if module.dim not in (1, -1):
        raise refused(where, "softmax is taken of the features, dim=1 or dim=-1")
    taken.activate("softmax", where)


def _settings(module: Any, where: str, **plain: Any) -> None:
    """Refuse a module with a setting that our layer does not have."""
    for name, wanted in plain.items():
        given = getattr(module, name)
        if given not in (wanted, (wanted, wanted)):
            raise refused(where, f"only {name}={wanted!r} has a counterpart here")


# Settings without which PyTorch's activation is ours.
_PLAIN: Final[Mapping[str, Mapping[str, Any]]] = {
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": "none"},
    "softplus": {"beta": 1.0, "threshold": 20.0},
}
_READERS: Final[dict[str, Callable[[Any, str, Taken], None]]] = {
    "Linear": _linear,
    "Conv2d": _conv2d,
    "MaxPool2d": _pool(MaxPool2D, dilation=1, return_indices=False),
    "AvgPool2d": _pool(AvgPool2D, divisor_override=None),
    "Flatten": _flatten,
    "Dropout": _dropout,
    "RNN": _rnn,
    "Identity": _identity,
    **{theirs: _elementwise(o, **_PLAIN.get(o, {})) for o, theirs in ELEMENTWISE.items()},
    "LeakyReLU": _leaky,
    "Softmax": _softmax,
}
