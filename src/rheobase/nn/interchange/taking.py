"""Layers of another library collected one by one, until they are a network."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rheobase.errors import UserError
from rheobase.nn.layers.activating import resolve
from rheobase.nn.layers.base import Layer
from rheobase.nn.layers.conv import Conv2D
from rheobase.nn.layers.dense import Dense
from rheobase.nn.layers.flatten import Flatten
from rheobase.nn.layers.pool import MaxPool2D
from rheobase.nn.sequential import Sequential

Array = npt.NDArray[Any]

# f(max(z)) = max(f(z)) holds for functions that never fall.
_NEVER_FALL: Final = frozenset(
    {"linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "softsign"}
)


def refused(where: str, why: str, mend: str = "") -> UserError:
    """Return the error that a layer cannot be taken over.

    Parameters
    ----------
    where : str
        The layer as its own library calls it.
    why, mend : str
    """
    return UserError(f"{where} cannot be taken over: {why}", mend=mend)


class Taken:
    """The layers taken over so far, each with the values of its parameters."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.values: list[dict[str, Array]] = []

    def add(self, layer: Layer, **values: Array | None) -> None:
        """Add a layer behind the others; parameters that are None it does not have."""
        self.layers.append(layer)
        self.values.append({name: value for name, value in values.items() if value is not None})

    def activate(self, activation: Any, where: str) -> None:
        """Let the layer whose net input reaches here apply an activation.

        Between the two only `Flatten` may stand, or, for a function that never falls,
        max-pooling: these give the same in either order.

        Raises
        ------
        UserError
            If there is no such layer.
        """
        name = getattr(activation, "name", activation)
        if name == "linear":
            return
        elementwise = name not in ("softmax", "maxout")
        for layer in reversed(self.layers):
            if isinstance(layer, Dense | Conv2D):
                if layer.activation.name == "linear" and (elementwise or isinstance(layer, Dense)):
                    layer.activation = resolve(activation)
                    return
                break
            passes = isinstance(layer, Flatten) or (
                isinstance(layer, MaxPool2D) and name in _NEVER_FALL
            )
            if not (elementwise and passes):
                break
        raise refused(
            where,
            "an activation belongs to the Dense or Conv2D layer before it, and there is none "
            "without one",
        )

    def network(self, dtype: npt.DTypeLike | None) -> Sequential:
        """Return the network, in the given precision or that of its parameters."""
        if not self.layers:
            raise UserError("there is no layer to take over", mend="give a model that has layers")
        kinds = [value.dtype for values in self.values for value in values.values()]
        single = bool(kinds) and all(kind.itemsize <= 4 for kind in kinds)
        chosen = np.dtype(dtype) if dtype is not None else np.dtype("f4" if single else "f8")
        net = Sequential(*self.layers, dtype=chosen.name)
        for layer, values in zip(net.layers, self.values, strict=True):
            for name, value in values.items():
                setattr(layer, name, value)
        return net
