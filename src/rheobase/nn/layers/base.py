"""What every layer is: parameters, a forward pass, and a backward pass one can read beside it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UserError

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int | None, ...]
Key = tuple[int, ...]


class Gradient:
    """Derivatives of a loss by the parameters of one layer, under the parameters' names.

    ``net.layers[0].gradient.weights`` has the shape of ``net.layers[0].weights``. It is filled by
    ``net.backward`` and by ``nn.fit``; before, a name stands for nothing.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        have = ", ".join(sorted(vars(self)))
        raise AttributeError(
            f"there is no gradient of {name!r}: "
            + (f"there are those of {have}" if have else "call net.backward(...) or nn.fit first")
        )

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {np.shape(value)}" for name, value in vars(self).items())
        return f"Gradient({inside})"


class Layer(ABC):
    """One layer of a `Sequential`: a function of its input and of its parameters.

    Whoever writes a layer gives `output_shape`, `run` and `reverse`, `draw` if it has parameters,
    and `configuration` if networks with it are to be saved whole. The network calls `build` once;
    `run` and `reverse` are pure (they write nothing on the layer), so that parts of a batch can
    go through a layer in several threads.

    Attributes
    ----------
    parameters : dict of str to array
        What is trained, by name. Each is an attribute too; setting the attribute copies into
        the array, whose shape and type stay.
    gradient : Gradient
        Derivatives of the loss by the parameters, after ``net.backward`` or in ``nn.fit``.
    input_shape : tuple
        Shape of one sample; None where the layer does not care.
    chunk : int or None
        How many samples should go through at once; None if it does not matter. The samples of a
        batch are always divided in the same way, so that sums have the same bits whatever the
        number of threads.
    keeps_spikes : bool
        Whether it takes spikes (bool) as they are, an eighth of the memory of numbers.
    """

    chunk: int | None = None
    keeps_spikes: bool = False
    input_shape: Shape | None = None

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradient = Gradient()

    # -- what a layer says of itself ----------------------------------------------------------

    @property
    def name(self) -> str:
        """What kind of layer it is, as the user wrote it."""
        return type(self).__name__

    def draw(self, key: Key, dtype: np.dtype[Any]) -> None:
        """Set `parameters` to initial values, drawn with `generator(key)`; none by default."""
        self.parameters = {}

    def sizes(self) -> dict[str, float]:
        """Return how large parameters typically are, by name; 1 for those that are not named.

        The steps of an optimizer are relative to it: weights in pA that are some thousands large
        move with the same learning rate as others that are about 1.
        """
        return {}

    @abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape of one sample after the layer.

        Parameters
        ----------
        shape : tuple
            Shape of one sample before it; None for a size that is not known yet.

        Raises
        ------
        ShapeError
            If such samples cannot go through.
        """

    @abstractmethod
    def run(self, x: Array, *, training: bool = False, key: Key | None = None) -> tuple[Array, Any]:
        """Forward pass.

        Parameters
        ----------
        x : array
            Some samples, along the first axis.
        training : bool
            Whether the pass is part of training (dropout is active then).
        key : tuple of int, optional
            Where random numbers of this pass come from: `generator(key)`.

        Returns
        -------
        y, saved
            The result, and all that `reverse` needs to know.
        """

    @abstractmethod
    def reverse(self, g: Array, saved: Any) -> tuple[Array | None, dict[str, Array]]:
        """Backward pass.

        Parameters
        ----------
        g : array
            Derivative of the loss by the result of `run`.
        saved
            What `run` returned beside it.

        Returns
        -------
        g_x, gradients
            Derivative of the loss by the input (None if there is none), and by the parameters,
            summed over the samples.
        """

    def reverse_parameters(self, g: Array, saved: Any) -> dict[str, Array]:
        """Return the second part of `reverse`, for the first layer, whose g_x nobody needs."""
        return self.reverse(g, saved)[1]

    def before_activation(self, saved: Any) -> tuple[Array, Any] | None:
        """Return the net input z of a pass, and `saved` for a `reverse` that begins at dL/dz.

        For layers that end with an `activation`, whose loss may be computed from z; None for
        others, and by default.
        """
        return None

    def regularization(self, saved: Any) -> float:
        """Return what the layer adds to the loss, summed over the samples of `saved`; 0 by default.

        Its derivative is part of what `reverse` returns. Sums, not means: `nn.fit` hands the
        derivative of the sum of the losses back through the layers and divides by the number of
        samples at the end, so that a batch can be taken apart.
        """
        return 0.0

    def configuration(self) -> dict[str, Any]:
        """Return the arguments that make such a layer, in a form that JSON can hold.

        Raises
        ------
        UserError
            By default: the layer cannot be written to a file.
        """
        raise UserError(
            f"{self.name} cannot be made from a file",
            mend="Save the parameters of the network, make the layers as you did here, and call "
            "net.load(path).",
        )

    @classmethod
    def from_configuration(cls, arguments: dict[str, Any]) -> Layer:
        """Return a layer from what `configuration` said of one."""
        return cls(**arguments)

    def describe(self) -> str:
        """Return one line: what it is, its sizes, how many parameters."""
        return f"{self!r}: {self.parameter_count()} parameters"

    def parameter_count(self) -> int:
        """Return how many numbers are trained."""
        return sum(value.size for value in self.parameters.values())

    # -- what the network does with it --------------------------------------------------------

    def build(self, shape: Shape, key: Key, dtype: np.dtype[Any]) -> Shape:
        """Draw initial values and return the shape of one sample after the layer.

        Parameters
        ----------
        shape : tuple
            Shape of one sample before it; None for a size that is not known yet.
        key : tuple of int
            Seed of the network and number of the layer.
        dtype : dtype
            Type of the parameters.

        Raises
        ------
        ShapeError
            If such samples cannot go through.
        """
        after = self.output_shape(shape)
        self.draw(key, dtype)
        return after

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("parameters", {})
        if name in parameters:
            return parameters[name]
        text = f"{type(self).__name__} has no attribute {name!r}"
        if name in ("weights", "bias", "recurrent") and not parameters:
            text += "; parameters are drawn when a layer is put into a network, nn.Sequential(...)"
        raise AttributeError(text)

    def __setattr__(self, name: str, value: Any) -> None:
        parameters = self.__dict__.get("parameters", {})
        if name not in parameters:
            object.__setattr__(self, name, value)
            return
        array = parameters[name]
        given = np.asarray(value)
        if given.shape != array.shape:
            raise ShapeError(
                f"{self.name}: {name} of another shape",
                expected=f"{array.shape}",
                given=f"{given.shape}",
            )
        array[...] = given

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.parameters})


def generator(key: Key) -> np.random.Generator:
    """Return random numbers that depend on nothing but the integers of `key`."""
    # the length first: a seed sequence takes (1, 2) and (1, 2, 0) for the same
    seed = np.random.SeedSequence([len(key), *(k % 2**64 for k in key)])
    return np.random.Generator(np.random.Philox(seed))


def expect_features(layer: Layer, shape: Shape, features: int) -> None:
    """Refuse samples that are no vectors (or sequences of vectors) of `features` numbers.

    Raises
    ------
    ShapeError
        Which says what the layer got.
    """
    if shape and shape[-1] in (None, features):
        return
    mend = ""
    if len(shape) == 3 and None not in shape:  # an image
        count = int(np.prod([s or 0 for s in shape]))
        product = f"{count} = " + "*".join(str(s) for s in shape)
        mend = f"Put nn.Flatten() before it: {product}"
        if count != features:
            mend += f"; and make it a {layer.name} of {count} inputs"
    elif shape and shape[-1] is not None:
        mend = f"Make it a {layer.name} of {shape[-1]} inputs, or the layer before it of {features}"
    raise ShapeError(
        f"{layer!r} does not fit what comes before it",
        expected=f"samples of {features} features",
        given=f"samples of shape {shape_text(shape)}",
        mend=mend,
    )


def shape_text(shape: Shape) -> str:
    """Return a shape as text; a size that is not known yet is a question mark."""
    inside = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def positive(layer: str, name: str, value: int) -> int:
    """Return `value` if it is a whole number above 0.

    Raises
    ------
    ShapeError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ShapeError(
            f"nn.{layer}: {name} must be a whole number above 0", given=f"{name} = {value!r}"
        )
    return int(value)
