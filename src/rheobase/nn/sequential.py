"""A network of layers, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UserError, WiringError
from rheobase.nn import passes, saving
from rheobase.nn.layers.base import Array, Key, Layer, Shape, shape_text

_TYPES = ("float64", "float32")


class Sequential:
    """Layers, each taking what the one before gives.

    Parameters
    ----------
    *layers : Layer
        In the order that a sample goes through them.
    seed : int
        Of the initial weights; the same seed gives the same weights.
    dtype : "float64" or "float32"
        Of parameters and of all that is computed.

    Attributes
    ----------
    layers : tuple of Layer
        ``net.layers[0].weights``, ``.bias``, ``.gradient.weights`` ...
    vector : array
        All parameters one after the other. The layers' parameters are views of it.

    Raises
    ------
    ShapeError
        If a layer does not fit the one before.
    WiringError
        If there is no layer, or one that stands in a network already.

    Examples
    --------
    >>> from rheobase import nn
    >>> net = nn.Sequential(nn.Dense(2, 4, "tanh"), nn.Dense(4, 1, "sigmoid"), seed=0)
    >>> print(net.summary())
    0  Dense(2, 4, 'tanh')     (2,) -> (4,)  12
    1  Dense(4, 1, 'sigmoid')  (4,) -> (1,)  5
    17 parameters, float64
    """

    def __init__(self, *layers: Layer, seed: int = 0, dtype: str = "float64") -> None:
        if dtype not in _TYPES:
            raise UserError(
                "a network computes in float64 or float32",
                given=f"dtype={dtype!r}",
                mend='nn.Sequential(..., dtype="float64")',
            )
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise UserError(
                "the seed of a network is a whole number", given=f"seed={seed!r}", mend="seed=0"
            )
        self.layers = _checked(layers)
        self.seed = int(seed)
        self.dtype = np.dtype(dtype)
        shape = self.layers[0].input_shape or (None,)
        for number, layer in enumerate(self.layers):
            shape = layer.build(shape, (seed, number), self.dtype)
        self.vector = self._gather()
        self._fitting: set[tuple[int, ...]] = set()
        self._saved: list[Any] | None = None
        self._given: tuple[int, ...] = ()

    def _gather(self) -> Array:
        """Put all parameters into one array; the layers keep views of it."""
        named = list(self._named())
        vector = np.empty(sum(value.size for *_, value in named), self.dtype)
        begin = 0
        for layer, name, value in named:
            part = vector[begin : begin + value.size].reshape(value.shape)
            part[...] = value
            layer.parameters[name] = part
            begin += value.size
        return vector

    def __setstate__(self, state: dict[str, Any]) -> None:
        # copies of views are arrays of their own: parameters and vector have to be joined again
        self.__dict__.update(state)
        self.vector = self._gather()
        self._saved = None

    def _named(self) -> Iterator[tuple[Layer, str, Array]]:
        for layer in self.layers:
            for name, value in list(layer.parameters.items()):
                yield layer, name, value

    @property
    def parameters(self) -> dict[str, Array]:
        """All parameters by number of the layer and name: ``"0.weights"``, ``"0.bias"`` ..."""
        return {
            f"{number}.{name}": value
            for number, layer in enumerate(self.layers)
            for name, value in layer.parameters.items()
        }

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, number: int) -> Layer:
        return self.layers[number]

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"

    def summary(self, shape: tuple[int, ...] | None = None) -> str:
        """Return a table: every layer, shapes before and after, number of parameters.

        Parameters
        ----------
        shape : tuple of int, optional
            Of one sample; without it sizes that depend on it are question marks.
        """
        before: Shape = shape or self.layers[0].input_shape or (None,)
        rows: list[tuple[str, str, str, str]] = []
        for number, layer in enumerate(self.layers):
            after = layer.output_shape(before)
            shapes = f"{shape_text(before)} -> {shape_text(after)}"
            rows.append((str(number), repr(layer), shapes, str(layer.parameter_count())))
            before = after
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, f"{self.vector.size} parameters, {self.dtype}"])

    # -- passes ---------------------------------------------------------------------------

    def __call__(self, x: Any) -> Array:
        """Return what the network makes of samples; keeps nothing for a backward pass.

        Parameters
        ----------
        x : array, (samples, ...)
            Samples along the first axis.

        Raises
        ------
        ShapeError
            If such samples do not fit the first layer, or what it gives the second, and so on.
        """
        return passes.evaluate(self, self.check_samples(x))

    def forward(self, x: Any, *, training: bool = False, key: Key | None = None) -> Array:
        """Forward pass through all layers, which keeps what `backward` needs.

        Parameters
        ----------
        x : array, (samples, ...)
            Samples along the first axis.
        training : bool
            Whether layers behave as in training (dropout).
        key : tuple of int, optional
            Of the random numbers of a pass in training; the same for every pass if left out.
        """
        y = self.check_samples(x)
        if training and key is None:
            key = (self.seed, 0)
        self._saved = []
        with passes.single_threaded():
            for number, layer in enumerate(self.layers):
                y, saved = layer.run(y, training=training, key=passes.layer_key(key, number))
                self._saved.append(saved)
        self._given = y.shape
        return y

    def backward(self, gradient: Any) -> Array | None:
        """Backward pass through all layers, from the last to the first.

        Sets ``layer.gradient`` of every layer.

        Parameters
        ----------
        gradient : array
            Derivative of the loss by what `forward` returned; same shape.

        Returns
        -------
        array or None
            Derivative of the loss by the input of the network.

        Raises
        ------
        UserError
            If no `forward` went before.
        ShapeError
            If the gradient has another shape than what `forward` returned.
        """
        if self._saved is None:
            raise UserError(
                "a backward pass goes back through a forward pass, and there was none",
                mend="y = net.forward(x); net.backward(y - target)",
            )
        given = numbers(gradient, "the gradient")
        if given.shape != self._given:
            raise ShapeError(
                "the gradient has the shape of what the forward pass returned",
                expected=f"{self._given}",
                given=f"{given.shape}",
            )
        g: Array | None = given.astype(self.dtype, copy=False)
        with passes.single_threaded():
            for layer, saved in zip(reversed(self.layers), reversed(self._saved), strict=True):
                if g is None:
                    break
                g, gradients = layer.reverse(g, saved)
                vars(layer.gradient).update(gradients)
        return g

    def check_samples(self, x: Any) -> Array:
        """Return samples as an array of the network's type, if they fit.

        Raises
        ------
        ShapeError
            If they do not.
        """
        samples = numbers(x, "samples")
        if not (samples.dtype == bool and self.layers[0].keeps_spikes):
            samples = samples.astype(self.dtype, copy=False)
        shape = samples.shape[1:]
        if shape in self._fitting:
            return samples
        wanted = self.layers[0].input_shape
        if samples.ndim == 0 or (wanted is not None and len(wanted) > samples.ndim - 1):
            raise ShapeError(
                "samples stand along the first axis",
                expected=f"an array (samples, {shape_text(wanted or ())[1:].rstrip(',)')})",
                given=f"an array of shape {samples.shape}",
                mend="Gray images need an axis for their channel: x[:, None]."
                if wanted is not None and wanted[0] == 1 and samples.ndim == len(wanted) == 3
                else "For one sample write x[None].",
            )
        after: Shape = shape
        for layer in self.layers:
            after = layer.output_shape(after)
        self._fitting.add(shape)
        return samples

    # -- files ----------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write layers and parameters to a file, from which `nn.load` makes the network again.

        Parameters
        ----------
        path : path
            ``.npz`` is added if there is no ending. The file is put in place when it is whole.
        """
        return saving.save(self, path)

    def load(self, path: str | Path) -> Sequential:
        """Take the parameters from a file that `save` wrote; returns the network.

        Raises
        ------
        FileFormatError
            If the file is not one of those, or its parameters are not those of this network.
        """
        saving.load_parameters(self, path)
        return self


def numbers(given: Any, what: str) -> Array:
    """Return what is given as an array of real numbers."""
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        array = np.asarray("")
    if array.dtype.kind not in "biuf":
        raise ShapeError(f"{what}: there have to be real numbers", given=f"{given!r}"[:80])
    return array


def _checked(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    example = 'nn.Sequential(nn.Dense(2, 4, "tanh"), nn.Dense(4, 1, "sigmoid"), seed=0)'
    if not layers:
        raise WiringError("a network needs a layer", mend=example)
    for number, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise WiringError(
                f"layer {number} of a network is no layer",
                given=f"{layer!r}"[:80],
                mend="nn.Sequential(*layers, seed=0)" if np.iterable(layer) else example,
            )
        if layer.parameters or any(layer is other for other in layers[:number]):
            raise WiringError(
                f"layer {number}, {layer!r}, stands in a network already",
                mend="Make a new layer for every place.",
            )
    return layers
