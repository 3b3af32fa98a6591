"""Activations of a whole vector: softmax and maxout, with the products of their Jacobians.

Their derivative is a matrix, J[i, j] = da_i/dz_j. Backpropagation needs only its product with a
vector from the left (`backward`: dL/dz = dL/da J), forward differentiation from the right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn.activations import floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class VectorActivation:
    """A function of the last axis of an array.

    Attributes
    ----------
    name, formula, about : str
        What it is called, its equation, and what is to be known about it.

    Notes
    -----
    Made by this module: ``nn.softmax(z)`` and ``nn.maxout(z, pieces=2)``.
    """

    name: str
    formula: str
    derivative_formula: str
    about: str
    values: Callable[..., Any]
    products: Callable[..., tuple[Callable[[Any], Any], Callable[[Any], Any]]]
    options: Mapping[str, int]

    def __call__(self, z: Any = None, /, **options: int) -> Any:
        """Return the values; or, called with options alone, a copy that has these.

        Parameters
        ----------
        z : array_like
            (..., n): the function is taken of the last axis.
        **options : int
            ``pieces`` of maxout.

        Raises
        ------
        ShapeError
            z is a single number, or its last axis cannot be divided into the pieces.
        """
        chosen = self._with(options)
        return chosen if z is None else chosen.values(chosen._checked(z), **chosen.options)

    def backward(self, z: Any, gradient: Any) -> Any:
        """Return dL/dz_j = sum_i dL/da_i da_i/dz_j (vector times Jacobian) at z.

        Parameters
        ----------
        z : array_like
            (..., n).
        gradient : array_like
            dL/da, of the shape of the values.
        """
        back, _ = self.products(self._checked(z), **self.options)
        return back(np.asarray(gradient))

    def forward(self, z: Any, direction: Any) -> Any:
        """Return sum_j da_i/dz_j t_j (Jacobian times vector) at z for a direction t."""
        _, ahead = self.products(self._checked(z), **self.options)
        return ahead(np.asarray(direction))

    def derivative(self, z: Any) -> Any:
        """Return the Jacobian J[..., i, j] = da_i/dz_j at z."""
        z = self._checked(z)
        columns = [self.forward(z, np.broadcast_to(row, z.shape)) for row in np.eye(z.shape[-1])]
        return np.stack(columns, axis=-1)

    def facts(self) -> str:
        """Return what is to be known about it, as text."""
        return self.about

    def plot(self, low: float = -6.0, high: float = 6.0, *, others: Any = None,
             derivative: bool = False, ax: Any = None) -> Axes:  # fmt: skip
        """Draw the values as the first input goes from one number to another.

        Parameters
        ----------
        low, high : float
            Of the first input.
        others : array_like, optional
            The other inputs; 0 if left out, as many as make one vector of two inputs, or of the
            pieces of a maxout (which then is ReLU).
        derivative : bool
            Draw the derivatives by the first input, too.
        ax : Axes, optional
            Axes to draw into.
        """
        from rheobase.nn.pictures import draw_vector_activation

        count = self.options.get("pieces", 2) - 1
        rest = np.zeros(count) if others is None else np.atleast_1d(floats(others, self.name))
        return draw_vector_activation(self, low, high, rest, derivative, ax)

    def size_of_output(self, n: int) -> int:
        """Return how many values it has for n inputs."""
        return int(np.shape(self(np.zeros(n)))[-1])

    def _with(self, options: Mapping[str, int]) -> VectorActivation:
        unknown = [key for key in options if key not in self.options]
        if unknown:
            raise ShapeError(
                f"{self.name} has no option {unknown[0]!r}",
                expected=", ".join(self.options) or "none",
            )
        merged = {**self.options, **options}
        return VectorActivation(self.name, self.formula, self.derivative_formula, self.about,
                                self.values, self.products, merged)  # fmt: skip

    def __reduce__(self) -> tuple[Any, ...]:
        # copies are made of the name: a table that cannot be changed cannot be copied
        return _again, (self.name, dict(self.options))

    def _checked(self, z: Any) -> np.ndarray:
        array = floats(z, self.name)
        if array.ndim == 0 or array.shape[-1] == 0:
            raise ShapeError(
                f"{self.name} is a function of several numbers",
                expected="a vector, or an array whose last axis is one",
                given=repr(z)[:80],
                mend=f"write nn.{self.name}([1.0, 2.0])",
            )
        return array

    def __repr__(self) -> str:
        given = "".join(f", {key}={value}" for key, value in self.options.items())
        return f"{self.name}(z{given})"


# -- softmax -----------------------------------------------------------------------------------


def _softmax(z: np.ndarray) -> np.ndarray:
    # exp of nothing above 0; the largest entry cancels in numerator and denominator
    with np.errstate(under="ignore", invalid="ignore"):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _softmax_products(z: np.ndarray) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    a = _softmax(z)

    def both(g: Any) -> Any:  # J = diag(a) - a a' is symmetric: one product for both sides
        return a * (g - (a * g).sum(axis=-1, keepdims=True))

    return both, both


# -- maxout ------------------------------------------------------------------------------------


def _groups(z: np.ndarray, pieces: int) -> np.ndarray:
    n = z.shape[-1]
    if isinstance(pieces, bool) or not isinstance(pieces, int) or pieces < 1:
        raise ShapeError(
            "maxout: pieces is a whole number, 1 or more",
            given=f"pieces={pieces!r}",
            mend="write nn.maxout(pieces=2)",
        )
    if n % pieces:
        raise ShapeError(
            f"maxout takes the largest of every {pieces} entries, and {n} entries cannot be "
            "divided so",
            expected=f"a last axis that is a multiple of {pieces}",
            given=f"shape {z.shape}",
            mend=f"give each unit {pieces} linear pieces: {pieces} entries a unit",
        )
    return z.reshape(*z.shape[:-1], n // pieces, pieces)


def _maxout(z: np.ndarray, pieces: int) -> np.ndarray:
    return np.asarray(_groups(z, pieces).max(axis=-1))


def _maxout_products(
    z: np.ndarray, pieces: int
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    groups = _groups(z, pieces)
    winner = groups.argmax(axis=-1)[..., None]

    def back(g: Any) -> Any:
        spread = np.zeros_like(groups)
        np.put_along_axis(spread, winner, np.asarray(g, groups.dtype)[..., None], axis=-1)
        return spread.reshape(z.shape)

    def ahead(t: Any) -> Any:
        return np.take_along_axis(_groups(np.asarray(t), pieces), winner, axis=-1)[..., 0]

    return back, ahead


softmax = VectorActivation(
    "softmax",
    "a_i = exp(z_i)/sum_j exp(z_j)",
    "da_i/dz_j = a_i*(1 if i == j else 0) - a_i*a_j",
    "Each value is between 0 and 1 and together they are 1, so they are read as probabilities. "
    "Adding one number to every input changes nothing. The derivative is a matrix, "
    "a_i*(1 - a_i) on its diagonal (0.25 at most) and -a_i*a_j beside it; it tends to 0 where one "
    "input is far above all others.",
    _softmax,
    _softmax_products,
    MappingProxyType({}),
)
maxout = VectorActivation(
    "maxout",
    "a_i = max(z_(i*pieces), ..., z_(i*pieces + pieces - 1))",
    "da_i/dz_j = 1 where z_j is the (first) largest of its pieces, else 0",
    "The largest of several linear functions of the inputs: convex, piecewise linear, and "
    "unbounded above. The derivative is 1 by the piece that is largest and 0 by the others, so "
    "it does not saturate; where two are equal it is that of the first (as torch.max).",
    _maxout,
    _maxout_products,
    MappingProxyType({"pieces": 2}),
)

VECTOR_LIBRARY: Mapping[str, VectorActivation] = {"softmax": softmax, "maxout": maxout}
"""The vector activations that have a name."""


def _again(name: str, options: dict[str, int]) -> VectorActivation:
    found: VectorActivation = VECTOR_LIBRARY[name](**options)
    return found
