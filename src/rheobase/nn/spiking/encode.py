"""Encoders: numbers become the spikes, or the currents, of a spiking layer's inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError
from rheobase.nn.layers.base import positive

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def latency(
    x: Any, steps: int, *, low: float = 0.0, high: float = 1.0, first: int = 0,
    last: int | None = None,
) -> Bools:  # fmt: skip
    """Return one spike an input: the larger the value, the earlier.

    A value spikes in step first + (high - x)/(high - low)*(last - first), rounded.

    Parameters
    ----------
    x : array_like
        Values (batch, features); those outside low ... high count as at its end.
    steps
        Steps of the result.
    low, high
        The values that spike last and first. With ``low > high`` small values spike early.
    first, last
        Steps of the earliest and latest spike; `last` is the last step unless given.

    Returns
    -------
    ndarray of bool
        (batch, steps, features).

    Raises
    ------
    ShapeError
        `x` is not (batch, features), or there are no steps.
    UserError
        Steps that do not lie in the result, ``low == high``, or a value that is not finite.

    Examples
    --------
    >>> from rheobase import nn
    >>> spikes = nn.encode.latency([[1.0, 0.5, 0.0]], steps=5)
    >>> [[int(t) for t in row] for row in spikes.argmax(axis=1)]
    [[0, 2, 4]]
    """
    values = _samples("latency", x, steps)
    end = steps - 1 if last is None else last
    if not 0 <= first <= end < steps:
        raise UserError(f"latency: spikes in steps {first} to {end} of {steps}: they must lie in "
                        "0 <= first <= last < steps")  # fmt: skip
    if low == high:
        raise UserError(f"latency: low and high are both {low}: every value would spike at once; "
                        "give the smallest and the largest value")  # fmt: skip
    late = np.clip((high - values) / (high - low), 0.0, 1.0)
    at = first + np.floor(late * (end - first) + 0.5).astype(np.int64)
    result = np.zeros((values.shape[0], steps, values.shape[1]), bool)
    samples, features = np.indices(values.shape)
    result[samples, at, features] = True
    return result


def rate(x: Any, steps: int, *, highest: float = 0.1, seed: int = 0) -> Bools:
    """Return random spikes: an input spikes in every step with probability x*highest.

    Parameters
    ----------
    x : array_like
        Values from 0 to 1, (batch, features).
    steps
        Steps of the result.
    highest
        Probability of a spike in a step where x is 1: for 100 Hz and steps of 1 ms, 0.1.
    seed
        Seed of the random numbers.

    Returns
    -------
    ndarray of bool
        (batch, steps, features).

    Raises
    ------
    ShapeError
        `x` is not (batch, features), or there are no steps.
    UserError
        Probabilities below 0 or above 1, or a value that is not finite.

    Examples
    --------
    >>> from rheobase import nn
    >>> nn.encode.rate([[0.0, 1.0]], steps=1000, highest=0.1, seed=1).sum(axis=1) < 150
    array([[ True,  True]])
    """
    values = _samples("rate", x, steps)
    probability = values * highest
    if probability.size and (probability.min() < 0 or probability.max() > 1):
        raise UserError(f"rate: x*highest must be a probability, 0 to 1; it goes from "
                        f"{probability.min():g} to {probability.max():g}: scale x to 0 ... 1"
                        )  # fmt: skip
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.random((values.shape[0], steps, values.shape[1])) < probability[:, None, :]


def current(x: Any, steps: int, *, first: int = 0, last: int | None = None) -> Floats:
    """Return the values themselves in every step: a constant input, for `Spiking(..., to="I")`.

    Parameters
    ----------
    x : array_like
        Values (batch, features).
    steps
        Steps of the result.
    first, last
        The input is 0 before step `first` and after step `last` (by default the last one).

    Returns
    -------
    ndarray
        (batch, steps, features).

    Raises
    ------
    ShapeError
        `x` is not (batch, features), or there are no steps.

    Examples
    --------
    >>> from rheobase import nn
    >>> nn.encode.current([[0.5, 2.0]], steps=3, last=1)
    array([[[0.5, 2. ],
            [0.5, 2. ],
            [0. , 0. ]]])
    """
    values = _samples("current", x, steps)
    result = np.zeros((values.shape[0], steps, values.shape[1]))
    result[:, first : (steps if last is None else last + 1)] = values[:, None, :]
    return result


def _samples(encoder: str, x: Any, steps: Any) -> Floats:
    positive(f"encode.{encoder}", "steps", steps)
    values = np.asarray(x, float)
    if values.ndim != 2:
        raise ShapeError(f"x has shape {values.shape}: values must be (batch, features), one "
                         "sample a row; x.reshape(len(x), -1) makes it so")  # fmt: skip
    if not np.isfinite(values).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise UserError(
            f"nn.encode.{encoder}: x is not finite", given=f"x{list(place)} = {values[place]}",
            mend="leave such samples out, or put a number there: np.nan_to_num(x)",
        )  # fmt: skip
    return values
