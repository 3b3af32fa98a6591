"""Tasks to train spiking networks on, drawn from random numbers: nothing is downloaded.

Each function returns inputs and labels: `x` with one sample a row, `y` the class of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RADIUS, DOT = 0.5, 0.1
LEFT, RIGHT = (0.25, 0.5), (0.75, 0.5)


def random_patterns(
    samples: int = 256,
    inputs: int = 100,
    steps: int = 200,
    *,
    probability: float = 0.005,
    classes: int = 2,
    seed: int = 0,
) -> tuple[Bools, Ints]:
    """Return spikes at random with labels at random: what is learned is learned by heart.

    Every input spikes in every step with the same probability, independently (5 Hz for steps of
    1 ms), so that only the times of single spikes tell the samples apart. There is nothing to
    generalize to: the accuracy on the samples themselves counts.

    Parameters
    ----------
    samples, inputs, steps
        Sizes: the result has the shape (samples, steps, inputs).
    probability
        Of a spike, for an input and step.
    classes
        Number of labels, all equally likely.
    seed
        Seed of the random numbers.

    Returns
    -------
    (ndarray of bool, ndarray of int)
        Spikes (samples, steps, inputs) and labels (samples,).

    Raises
    ------
    ShapeError
        A size is not positive.

    Notes
    -----
    F. Zenke, SpyTorch tutorial 1; E. O. Neftci, H. Mostafa and F. Zenke, IEEE Signal Processing
    Magazine 36 (2019).

    Examples
    --------
    >>> from rheobase import nn
    >>> x, y = nn.tasks.random_patterns(samples=8, inputs=10, steps=50, seed=1)
    >>> x.shape, x.dtype, y.shape
    ((8, 50, 10), dtype('bool'), (8,))
    """
    _positive(samples=samples, inputs=inputs, steps=steps, classes=classes)
    if not 0 <= probability <= 1:
        raise UserError(f"random_patterns: probability = {probability} is none: give 0 to 1")
    rng = _generator(seed)
    x = rng.random((samples, steps, inputs)) < probability
    return x, rng.integers(0, classes, samples)


def yin_yang(samples: int = 5000, *, seed: int = 42) -> tuple[Floats, Ints]:
    """Return points of the yin-yang symbol and which part each lies in.

    Two parts (0 yin, 1 yang) that no straight line separates, and two dots in them (2). A class
    is drawn first, then points of the circle until one has it, so that the classes are balanced.
    The published sets are `yin_yang(5000, seed=42)` for training, `yin_yang(1000, seed=41)` for
    validation and `yin_yang(1000, seed=40)` for tests, and these are the same points.

    Parameters
    ----------
    samples
        Number of points.
    seed
        Seed of NumPy's `RandomState`, as in the published set.

    Returns
    -------
    (ndarray, ndarray of int)
        (x, y, 1 - x, 1 - y) of each point, shape (samples, 4), and its class (samples,).

    Raises
    ------
    ShapeError
        The number of samples is not positive.

    Notes
    -----
    L. Kriener, J. Göltz and M. A. Petrovici, The Yin-Yang dataset (2022). They report 97.6 % for
    a network of 30 ReLU units, 85.5 % if its lower layer stays as drawn, 63.8 % without a hidden
    layer.

    Examples
    --------
    >>> from rheobase import nn
    >>> x, y = nn.tasks.yin_yang(1000, seed=40)
    >>> [int(n) for n in np.bincount(y)]
    [350, 316, 334]
    """
    _positive(samples=samples)
    rng = np.random.RandomState(seed)
    points, labels = np.empty((samples, 2)), np.empty(samples, np.int64)
    for k in range(samples):
        goal = rng.randint(3)
        found = -1
        while found != goal:
            x, y = (float(u) for u in rng.rand(2) * 2.0 * RADIUS)
            if np.hypot(x - RADIUS, y - RADIUS) <= RADIUS:
                found = _part(x, y)
        points[k], labels[k] = (x, y), goal
    return np.concatenate([points, 1.0 - points], axis=1), labels


def _part(x: float, y: float) -> int:
    """Return which part of the symbol a point of the circle lies in."""
    left, right = (float(np.hypot(x - dot[0], y - dot[1])) for dot in (LEFT, RIGHT))
    if left < DOT or right < DOT:
        return 2
    around_left = DOT < left <= 0.5 * RADIUS
    upper = y > RADIUS and right > 0.5 * RADIUS
    return int(right <= DOT or around_left or upper)


def randman(
    classes: int = 10,
    units: int = 100,
    steps: int = 100,
    *,
    samples: int = 1000,
    dimensions: int = 2,
    alpha: float = 2.0,
    spikes: int = 1,
    seed: int = 0,
) -> tuple[Bools, Ints]:
    r"""Return spikes whose times lie on a smooth random manifold, one for each class.

    A point u of the unit cube gives the time of the spike of every unit by a random function

    .. math:: f(u) = \prod_d \sum_{i=0}^{F-1} \frac{\theta^0_{di}}{(i + 1)^\alpha}
                     \sin\bigl(2\pi (i\, u_d\, \theta^1_{di} + \theta^2_{di})\bigr)

    of the unit and class, scaled to the steps over the samples of the class. Every unit spikes
    `spikes` times in every sample, so that counts tell nothing: the times do.

    Parameters
    ----------
    classes, units, steps
        Number of manifolds, of input units and of steps.
    samples
        Points drawn for each class.
    dimensions
        Dimension of the manifolds, D.
    alpha
        The larger, the smoother the manifolds.
    spikes
        Spikes of each unit in a sample; each has a random function of its own.
    seed
        Seed of the random numbers.

    Returns
    -------
    (ndarray of bool, ndarray of int)
        Spikes (classes*samples, steps, units), in random order, and labels.

    Raises
    ------
    ShapeError
        A size is not positive.

    Notes
    -----
    F. Zenke and T. P. Vogels, Neural Computation 33 (2021): F = min(ceil(1000^(1/alpha)), 1000),
    all theta uniform in (0, 1), theta0 of i = 0 is 0.

    Examples
    --------
    >>> from rheobase import nn
    >>> x, y = nn.tasks.randman(2, 30, 100, samples=5, dimensions=1, seed=42)
    >>> x.shape, sorted(int(n) for n in set(x.sum(axis=1).ravel()))
    ((10, 100, 30), [1])
    """
    _positive(classes=classes, units=units, steps=steps, samples=samples,
              dimensions=dimensions, spikes=spikes)  # fmt: skip
    rng = _generator(seed)
    x = np.zeros((classes * samples, steps, units), bool)
    for k in range(classes):
        rows = np.arange(k * samples, (k + 1) * samples)[:, None]
        where = rng.random((samples, dimensions))
        for _ in range(spikes):
            value = _manifold(where, units, alpha, rng)
            low, high = value.min(axis=0), value.max(axis=0)
            scaled = (value - low) / (high - low + 1e-7)
            times = np.minimum((scaled * steps).astype(np.int64), steps - 1)
            x[rows, times, np.arange(units)] = True
    y = np.repeat(np.arange(classes), samples)
    order = rng.permutation(len(y))
    return x[order], y[order]


def _manifold(where: Floats, units: int, alpha: float, rng: np.random.Generator) -> Floats:
    """Evaluate one random function a unit at points of the unit cube."""
    samples, dimensions = where.shape
    count = min(int(np.ceil(1e-3 ** (-1 / alpha))), 1000)
    theta = rng.random((units, dimensions, 3, count))
    theta[:, :, 0, 0] = 0.0  # no constant term
    i = np.arange(count)
    result = np.ones((samples, units))
    for unit in range(units):
        for d in range(dimensions):
            size, pace, phase = theta[unit, d]
            turns = where[:, d, None] * (i * pace) + phase
            result[:, unit] *= np.sin(2 * np.pi * turns) @ (size / (i + 1.0) ** alpha)
    return result


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def _positive(**sizes: Any) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ShapeError(f"{name} = {size}: a whole number is needed, at least 1")
