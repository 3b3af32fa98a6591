"""Inputs to try known functions with, and the mistakes that are made in writing them.

A mistake is a change of the inputs, of the result, or of both. Built into our own function it has
to give what the student's gives in every trial before it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Inputs = Callable[[np.random.Generator], Iterator[Arguments]]


@dataclass(frozen=True)
class Mistake:
    """A mistake: what to say of it, and a function that makes it.

    `make(theirs, args, kwargs)` returns what one with this mistake returns.
    """

    text: str
    make: Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def of_result(text: str, change: Callable[..., Any]) -> Mistake:
    """Return a mistake that changes the result: change(result, *args)."""
    return Mistake(text, lambda f, args, kwargs: change(np.asarray(f(*args, **kwargs)), *args))


def of_inputs(text: str, change: Callable[..., Any]) -> Mistake:
    """Return a mistake that changes the arguments: change(*args) gives others."""
    return Mistake(text, lambda f, args, kwargs: f(*change(*args), **kwargs))


def of_options(text: str, **options: Any) -> Mistake:
    """Return a mistake that takes other keywords than were given."""

    def make(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return f(*args, **{**kwargs, **{k: v for k, v in options.items() if k in kwargs}})

    return Mistake(text, make)


# -- convolution ----------------------------------------------------------------------------------


def images(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield images and kernels, first the plainest, then with every option."""
    plain = np.arange(1.0, 21.0).reshape(1, 1, 4, 5)
    yield (plain, np.array([[[[1.0, 2.0], [3.0, 5.0]]]])), {}
    yield (rng.standard_normal((2, 3, 6, 7)), rng.standard_normal((4, 3, 3, 2))), {}
    yield (rng.standard_normal((2, 2, 6, 6)), rng.standard_normal((2, 2, 3, 3))), {}
    x, k = rng.standard_normal((2, 2, 7, 6)), rng.standard_normal((3, 2, 3, 3))
    yield (x, k), {"bias": rng.standard_normal(3)}
    for options in ({"padding": 1}, {"stride": 2}, {"stride": 2, "padding": 2}, {"dilation": 2},
                    {"stride": (1, 2), "padding": (2, 0)}):  # fmt: skip
        yield (x, k), options
    yield (x, k[:, :1][:2]), {"groups": 2}


def _both(value: Any) -> tuple[int, int]:
    down, right = (value, value) if np.ndim(value) == 0 else value
    return int(down), int(right)


def _padded(mode: str, sides: Callable[[int], tuple[int, int]]) -> Callable[..., Any]:
    def make(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        down, right = _both(kwargs.get("padding", 0))
        padded = np.pad(args[0], ((0, 0), (0, 0), sides(down), sides(right)), mode=mode)  # type: ignore[call-overload]
        return f(padded, *args[1:], **{**kwargs, "padding": 0})

    return make


def _swapped(name: str) -> Callable[..., Any]:
    def make(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        changed = {name: _both(kwargs[name])[::-1]} if name in kwargs else {}
        return f(*args, **{**kwargs, **changed})

    return make


def _averaged(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    bias = kwargs.get("bias")
    rest = {k: v for k, v in kwargs.items() if k != "bias"}
    mean = np.asarray(f(*args, **rest)) / args[1][0].size
    return mean if bias is None else mean + np.asarray(bias)[:, None, None]


def _running(result: np.ndarray, *_: Any) -> np.ndarray:
    return np.cumsum(result.ravel()).reshape(result.shape)


CONVOLUTION = (
    of_inputs("your convolution flips the kernels (a true convolution); conv2d lays them on as "
              "they are, kernels[..., k, l] on images[..., i + k, j + l]: a cross-correlation",
              lambda x, k, *more: (x, k[..., ::-1, ::-1], *more)),
    of_inputs("your kernels are flipped upside down", lambda x, k, *m: (x, k[..., ::-1, :], *m)),
    of_inputs("your kernels are flipped left to right", lambda x, k, *m: (x, k[..., ::-1], *m)),
    of_inputs("your kernels are transposed: rows and columns are exchanged",
              lambda x, k, *more: (x, np.swapaxes(k, 2, 3), *more)),
    of_inputs("your kernels are (in, out, h, w); they have to be (out, in, h, w)",
              lambda x, k, *more: (x, np.swapaxes(k, 0, 1), *more)),
    of_options("your convolution does not pad the images", padding=0),
    of_options("your convolution does not use the stride", stride=1),
    of_options("your convolution does not use the dilation", dilation=1),
    of_options("your convolution does not add the bias", bias=None),
    Mistake("your padding is on one side only, at the top left; it goes around the images",
            _padded("constant", lambda n: (n, 0))),
    Mistake("your padding is on one side only, at the bottom right; it goes around the images",
            _padded("constant", lambda n: (0, n))),
    Mistake("your padding repeats the pixels of the edge; it has to be 0",
            _padded("edge", lambda n: (n, n))),
    Mistake("your padding mirrors the images; it has to be 0",
            _padded("reflect", lambda n: (n, n))),
    Mistake("your stride is (right, down); it has to be (down, right)", _swapped("stride")),
    Mistake("your padding is (right, down); it has to be (down, right)", _swapped("padding")),
    Mistake("your convolution takes the mean over the pixels under the kernel; it is their sum",
            _averaged),
    of_inputs("your convolution uses the first channel only; the channels are summed",
              lambda x, k, *more: (x[:, :1], k[:, :1], *more)),
    of_inputs("your convolution uses the last channel only (= instead of += over the channels)",
              lambda x, k, *more: (x[:, -1:], k[:, -1:], *more)),
    of_result("your result has one row and one column too few: there are "
              "(height + 2*padding - dilation*(h - 1) - 1)//stride + 1 rows",
              lambda y, *_: y[..., :-1, :-1]),
    of_result("your sum is not set back to 0 before the next pixel", _running),
)  # fmt: skip


# -- functions of numbers and of vectors -----------------------------------------------------------


def numbers(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield arrays of numbers: small ones, 0, and large ones."""
    yield (np.array([-2.0, -0.5, 0.5, 3.0]),), {}
    yield (rng.standard_normal((3, 4)),), {}
    yield (np.array([0.0]),), {}
    yield (np.array([-1000.0, -50.0, 50.0, 1000.0]),), {}


def rows(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield rows of numbers for functions of vectors."""
    yield (np.array([[1.0, 2.0, 3.0, 5.0]]),), {}
    yield (rng.standard_normal((4, 6)),), {}
    yield (np.array([[1000.0, 1001.0], [-1000.0, 0.0]]),), {}


def vectors(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield pairs of vectors."""
    yield (np.array([1.0, 0.0, 2.0]), np.array([0.5, 3.0, -1.0])), {}
    for n in (2, 5, 20):
        yield (rng.standard_normal(n), rng.standard_normal(n)), {}


def predictions(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield outputs and targets."""
    for shape in ((1, 1), (5, 1), (4, 3)):
        yield (rng.standard_normal(shape), rng.standard_normal(shape)), {}


def probabilities(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield probabilities of yes, and yes or no."""
    for shape in ((1, 1), (5, 1), (4, 3)):
        yield (rng.uniform(0.05, 0.95, shape), rng.integers(0, 2, shape).astype(float)), {}


def classes(rng: np.random.Generator) -> Iterator[Arguments]:
    """Yield net inputs of classes, and the number of the right one."""
    for n, k in ((1, 3), (5, 4)):
        yield (rng.standard_normal((n, k)), rng.integers(0, k, n)), {}


def _clipped(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(x, -700, 700))


def _slope(f: Any) -> Any:
    """Return the derivative of an activation."""
    return f.derivative


_ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "the sigmoid": lambda x: 1 / (1 + np.exp(-_clipped(x))), "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0), "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "the identity": lambda x: x, "abs": np.abs, "exp": lambda x: np.exp(_clipped(x)),
    "softplus": lambda x: np.logaddexp(0, x), "the step function": lambda x: (x > 0) * 1.0,
}  # fmt: skip

_HALF = "your sum of squares is halved; squared_error is not"

FUNCTION = (
    *(of_result(f"your function is {name}", lambda y, x, f=f: f(x))
      for name, f in _ACTIVATIONS.items()),
    of_inputs("the sign of the input is wrong, as in exp(x) for exp(-x)", lambda x: (-x,)),
    Mistake("your function is the derivative", lambda f, args, kwargs: _slope(f)(*args)),
)  # fmt: skip


def _owner(f: Any) -> Any:
    """Return the activation whose method `derivative` this is."""
    return f.__self__


DERIVATIVE = (
    Mistake("your function is the activation itself, not its derivative",
            lambda f, args, kwargs: _owner(f)(*args)),
    Mistake("your derivative is taken at a = f(x); it has to be taken at x",
            lambda f, args, kwargs: f(_owner(f)(*args))),
    of_result("your derivative is x*(1 - x); a*(1 - a) is to be taken of the output a = f(x)",
              lambda y, x: x * (1 - x)),
    of_result("your derivative is 1 - x**2; 1 - a**2 is to be taken of the output a = f(x)",
              lambda y, x: 1 - x**2),
    of_result("at the kink yours is 1, the derivative from the right; 0 is taken there, as in "
              "PyTorch (x > 0, not x >= 0)", lambda y, x: np.where(x == 0, 1.0, y)),
    of_result("at the kink yours is 1/2; 0 is taken there, as in PyTorch",
              lambda y, x: np.where(x == 0, 0.5, y)),
    of_inputs("the sign of the input is wrong", lambda x: (-x,)),
)  # fmt: skip

SOFTMAX = (
    of_inputs("you do not exponentiate: it is exp(z_i)/sum_j exp(z_j)",
              lambda z: (np.log(np.abs(z) + 1e-300),)),
    of_result("you do not divide by the sum", lambda y, z: np.exp(z)),
    of_result("you divide by the sum over all samples; it goes over the last axis only",
              lambda y, z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()),
    Mistake("you sum over the samples (axis 0); it goes over the last axis",
            lambda f, args, kwargs: np.swapaxes(f(np.swapaxes(args[0], -1, 0)), -1, 0)),
    of_result("you divide by the sum over all samples; it goes over the last axis only (and exp "
              "overflows: take exp(z - max(z)))", lambda y, z: np.exp(z) / np.exp(z).sum()),
    of_result("you sum over the samples (axis 0); it goes over the last axis (and exp overflows: "
              "take exp(z - max(z)))", lambda y, z: np.exp(z) / np.exp(z).sum(axis=0)),
)  # fmt: skip

VECTORS = (
    of_result("your angle is in degrees; it has to be in radians", lambda y, *_: np.degrees(y)),
    of_result("your result is the cosine; take its arccos", lambda y, *_: np.cos(y)),
    of_result("your result is the sine of the angle", lambda y, *_: np.sin(y)),
    of_result("you take the mean; it is the sum", lambda y, a, w: np.dot(a, w) / len(a)),
    of_result("you leave out the last entry", lambda y, a, w: np.dot(a[:-1], w[:-1])),
    of_result("you leave out the first entry", lambda y, a, w: np.dot(a[1:], w[1:])),
    of_result("you add the entries instead of multiplying them", lambda y, a, w: np.sum(a + w)),
    of_result("you divide by the lengths, which gives the cosine of the angle",
              lambda y, a, w: np.dot(a, w) / np.linalg.norm(a) / np.linalg.norm(w)),
)  # fmt: skip

LOSS = (
    of_result(_HALF, lambda y, *_: y / 2),
    of_result("you take the sum over all entries; it is the mean", lambda y, a, t: y * np.size(a)),
    of_result("you take the sum over the samples; it is the mean", lambda y, a, t: y * len(a)),
    of_result("you take the mean over the samples only; it is the mean over all entries",
              lambda y, a, t: y * np.size(a) / len(a)),
    of_result("you take the root: it is the mean of the squares", lambda y, *_: np.sqrt(np.abs(y))),
    of_result("you take the mean of abs(y - t); it is that of the squares",
              lambda y, a, t: np.mean(np.abs(a - t))),
    of_result("you take the logarithm to base 2", lambda y, *_: y / np.log(2)),
    of_result("you take the logarithm to base 10", lambda y, *_: y / np.log(10)),
)  # fmt: skip

GENERAL = (
    of_result("the sign is wrong", lambda y, *_: -y),
    of_result("yours is twice as large", lambda y, *_: 2 * y),
    of_result("yours is half as large", lambda y, *_: y / 2),
    of_result("your result is transposed: the last two axes are exchanged",
              lambda y, *_: np.swapaxes(y, -1, -2) if y.ndim > 1 else y),
    of_result("your result has an axis of length 1 too many at its end",
              lambda y, *_: y[..., None]),
    of_result("your result has an axis of length 1 too many at its beginning",
              lambda y, *_: y[None]),
    of_result("your result has lost its axes of length 1 (np.squeeze)",
              lambda y, *_: np.squeeze(y)),
    of_result("your result is rounded down to whole numbers: an array of integers cannot hold "
              "fractions (np.zeros(shape), without dtype=int)", lambda y, *_: np.trunc(y)),
    of_result("only the first sample is computed, the others are 0",
              lambda y, *_: np.concatenate([y[:1], 0 * y[1:]])),
    of_result("only the last sample is computed, the others are 0",
              lambda y, *_: np.concatenate([0 * y[:-1], y[-1:]])),
    of_result("every sample gets the result of the last one",
              lambda y, *_: np.broadcast_to(y[-1:], y.shape)),
    of_result("yours is always 0", lambda y, *_: 0 * y),
)  # fmt: skip

KNOWN: Mapping[str, tuple[Inputs, tuple[Mistake, ...]]] = {
    "conv2d": (images, CONVOLUTION),
    "softmax": (rows, SOFTMAX),
    "maxout": (rows, ()),
    "net_input": (vectors, VECTORS),
    "angle": (vectors, VECTORS),
    "squared_error": (predictions, LOSS),
    "binary_cross_entropy": (probabilities, LOSS),
    "cross_entropy": (classes, LOSS),
}
"""Functions of `rheobase.nn` by name: inputs to try, and mistakes that are made."""


def known(theirs: Any) -> tuple[Inputs, tuple[Mistake, ...]] | None:
    """Return inputs and mistakes for a function of ours; None if it is no such function."""
    name = getattr(theirs, "name", getattr(theirs, "__name__", ""))
    if name in KNOWN:
        inputs, mistakes = KNOWN[name]
        return inputs, (*mistakes, *GENERAL)
    if hasattr(theirs, "formula") and hasattr(theirs, "derivative"):
        return numbers, (*FUNCTION, *GENERAL)
    if name == "derivative" and hasattr(getattr(theirs, "__self__", None), "formula"):
        return numbers, (*DERIVATIVE, *GENERAL)
    return None
