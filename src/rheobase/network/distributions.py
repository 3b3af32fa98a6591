"""Distributions of weights, delays, initial values and parameters: `rb.random`.

A distribution with `low` or `high` is truncated by drawing again, never by clipping: no value piles
up at a bound. The number drawn for one synapse (or cell) is its own: it depends on the seed,
the connection and the synapse's place in its source's row, on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rheobase.errors import UnitError, WiringError
from rheobase.network.draws import Floats, Ints, RandomSource
from rheobase.units import Dimension, Unit, describe, split_quantity

__all__ = ["Distribution", "exponential", "lognormal", "normal", "uniform"]

MOST_ATTEMPTS = 10_000  # a bound so far out that this does not suffice is refused


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution with its arguments in SI units; made by the functions of this module.

    Attributes
    ----------
    name : str
        The function that made it.
    arguments : dict of float
        Its arguments, in SI units.
    low, high : float
        Bounds, in SI units; infinite where there is none. A value drawn beyond is drawn again.
    factor : float
        What values are multiplied with, after the bounds.
    dimension : Dimension
        What is drawn.
    """

    name: str
    arguments: dict[str, float]
    dimension: Dimension
    unit: Unit
    low: float = -math.inf
    high: float = math.inf
    factor: float = 1.0

    def __str__(self) -> str:
        """Return the call that makes this distribution."""
        shown = dict(self.arguments)
        if self.name != "uniform":
            shown |= {"low": self.low, "high": self.high}
        parts = [f"{key}={self._in_unit(v)}" for key, v in shown.items() if math.isfinite(v)]
        times = {1.0: "", -1.0: "-"}.get(self.factor, f"{self.factor:g}*")
        return f"{times}{self.name}({', '.join(parts)})"

    __repr__ = __str__

    def __mul__(self, factor: float) -> Distribution:
        """Multiply everything that is drawn with a plain number, after its bounds."""
        return replace(self, factor=self.factor * float(factor))

    __rmul__ = __mul__

    def __neg__(self) -> Distribution:
        """Turn the sign of everything that is drawn: inhibitory weights from lognormal ones."""
        return self * -1.0

    def _in_unit(self, value: float) -> str:
        number = f"{self.unit.from_si(value):.9g}"
        return number if self.unit.text == "1" else f"{number}*{self.unit.text}"

    def check(self, dimension: Dimension, what: str) -> None:
        """Refuse to draw values of another dimension."""
        if dimension != self.dimension:
            raise UnitError(
                f"{what}: {self} draws {describe(self.dimension)}",
                expected=describe(dimension),
                given=describe(self.dimension),
            )

    def too_rare(self) -> WiringError:
        """Return the error that says that drawing again does not end."""
        return WiringError(
            f"{self}: values between low and high are too rare to be drawn",
            mend="choose bounds that the distribution reaches",
        )

    def sample(self, elements: Ints, step: Ints | int, random: RandomSource) -> Floats:
        """Draw one value, in SI units, for each place.

        Parameters
        ----------
        elements, step
            The places, integers that broadcast against each other.
        random
            Where the numbers come from; attempt k of a value is its draw k.

        Raises
        ------
        WiringError
            If the bounds are so far out that drawing again does not end.
        """
        with np.errstate(over="ignore"):  # what is not finite is refused by who asked for it
            return self._sampled(elements, step, random)

    def _sampled(self, elements: Ints, step: Ints | int, random: RandomSource) -> Floats:
        draw = _LAWS[self.name]
        values = draw(self.arguments, elements, step, random, 0)
        if not math.isfinite(self.low) and not math.isfinite(self.high):
            return self.factor * values
        elements, step = (
            np.broadcast_to(np.asarray(part, np.int64), values.shape) for part in (elements, step)
        )
        out = (values < self.low) | (values > self.high)
        attempt = 0
        while np.any(out):
            attempt += 1
            if attempt > MOST_ATTEMPTS:
                raise self.too_rare()
            places = elements[out], np.asarray(step)[out]
            values[out] = draw(self.arguments, *places, random, attempt)
            out[out] = (values[out] < self.low) | (values[out] > self.high)
        return self.factor * values


def normal(mean: Any, std: Any, *, low: Any = None, high: Any = None) -> Distribution:
    """Draw from a normal distribution, again while the value is below `low` or above `high`.

    `p(x) = exp(-(x - mean)**2/(2*std**2))/(std*sqrt(2*pi))`; with bounds, mean and standard
    deviation are those of the distribution before it is cut.

    Parameters
    ----------
    mean, std : quantity or float
        Of one dimension; `std` not negative.
    low, high : quantity or float, optional
        Bounds, both included.

    Returns
    -------
    Distribution
        For weights and delays, parameters and initial values; `-d` and `2*d` are some too.

    Raises
    ------
    UnitError
        If the arguments are not of one dimension.
    WiringError
        If `std` is negative, `low` above `high`, or the interval practically never reached.

    Examples
    --------
    >>> cells.tau_m = rb.random.normal(20*ms, 2*ms, low=10*ms)
    """
    made = _make("normal", {"mean": mean, "std": std}, low, high)
    mu, sigma = made.arguments["mean"], made.arguments["std"]
    _refuse(sigma < 0, made, "std is negative")

    def below(x: float) -> float:
        if sigma == 0 or math.isinf(x):
            return float(x >= mu)
        return 0.5 * math.erfc((mu - x) / (sigma * math.sqrt(2.0)))

    # From the nearer tail, so that an interval far above the mean is not lost to rounding.
    inside = below(made.high) - below(made.low)
    if made.low > mu:
        inside = below(2 * mu - made.low) - below(2 * mu - made.high)
    if sigma == 0:
        inside = float(made.low <= mu <= made.high)
    _refuse(inside < 1e-3, made, "values between low and high are drawn less than once in 1000")
    return made


def uniform(low: Any, high: Any) -> Distribution:
    """Draw uniformly between `low` and `high`.

    Parameters
    ----------
    low, high : quantity or float
        Of one dimension; `low` not above `high`.

    Returns
    -------
    Distribution
        For weights and delays, parameters and initial values; `-d` and `2*d` are some too.

    Examples
    --------
    >>> cells.v = rb.random.uniform(-65*mV, -50*mV)
    """
    made = _make("uniform", {"low": low, "high": high}, None, None)
    _refuse(made.arguments["low"] > made.arguments["high"], made, "low is above high")
    return made


def lognormal(mean: Any, std: Any, *, low: Any = None, high: Any = None) -> Distribution:
    """Draw from a lognormal distribution with the mean and standard deviation of the variable.

    `x = exp(mu + sigma*z)`, z standard normal, `sigma**2 = log(1 + std**2/mean**2)` and
    `mu = log(mean) - sigma**2/2`. So `mean` and `std` are those of x itself, not of its logarithm;
    with bounds, those before it is cut.

    Parameters
    ----------
    mean, std : quantity or float
        Of one dimension; `mean` positive, `std` not negative.
    low, high : quantity or float, optional
        Bounds, both included; values beyond are drawn again.

    Returns
    -------
    Distribution
        For weights and delays, parameters and initial values; `-d` and `2*d` are some too.

    Examples
    --------
    >>> made = net.connect(cells, cells, weight=rb.random.lognormal(20*pA, 5*pA))
    """
    made = _make("lognormal", {"mean": mean, "std": std}, low, high)
    _refuse(
        made.arguments["mean"] <= 0,
        made,
        "mean is not positive",
        "for negative values turn its sign: -rb.random.lognormal(...)",
    )
    _refuse(made.arguments["std"] < 0, made, "std is negative")
    return made


def exponential(mean: Any, *, low: Any = None, high: Any = None) -> Distribution:
    """Draw from an exponential distribution: `p(x) = exp(-x/mean)/mean`.

    Parameters
    ----------
    mean : quantity or float
        Positive.
    low, high : quantity or float, optional
        Bounds, both included; values beyond are drawn again.

    Returns
    -------
    Distribution
        For weights and delays, parameters and initial values; `-d` and `2*d` are some too.

    Examples
    --------
    >>> made = net.connect(cells, cells, weight=rb.random.exponential(20*pA, high=100*pA))
    """
    made = _make("exponential", {"mean": mean}, low, high)
    _refuse(made.arguments["mean"] <= 0, made, "mean is not positive")
    return made


def _make(name: str, arguments: dict[str, Any], low: Any, high: Any) -> Distribution:
    """Read the arguments, which must be of one dimension."""
    given = {**arguments, "low ": low, "high ": high}
    read: dict[str, float] = {}
    unit: Unit | None = None
    for key, value in given.items():
        if value is None:
            continue
        argument = key.strip()
        magnitude, own = split_quantity(value, f"{name}: {argument}")
        if np.ndim(magnitude) != 0 or not math.isfinite(float(magnitude)):
            raise WiringError(
                f"{name}: {argument} is not one finite value",
                given=str(value),
                mend="values that differ from cell to cell are written as a text or an array",
            )
        unit = unit or own
        if own.dimension != unit.dimension:
            first = next(iter(arguments))
            raise UnitError(
                f"{name}: {argument} and {first} are of different dimension",
                expected=f"{describe(unit.dimension)}, as {first}",
                given=f"{value} ({describe(own.dimension)})",
            )
        read[key] = float(own.to_si(float(magnitude)))
    assert unit is not None
    made = Distribution(name, {key: read[key] for key in arguments}, unit.dimension, unit)
    made = replace(made, low=read.get("low ", -math.inf), high=read.get("high ", math.inf))
    _refuse(made.low > made.high, made, "low is above high")
    return made


def _refuse(wrong: bool, made: Distribution, why: str, mend: str = "") -> None:
    if wrong:
        raise WiringError(f"{made}: {why}", mend=mend)


def log_mean_and_std(mean: float, std: float) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm of a lognormal variable."""
    variance = math.log1p((std / mean) ** 2)
    return math.log(mean) - 0.5 * variance, math.sqrt(variance)


_Law = Callable[[dict[str, float], Ints, "Ints | int", RandomSource, int], Floats]


def _normal(a: dict[str, float], e: Ints, step: Ints | int, r: RandomSource, draw: int) -> Floats:
    return a["mean"] + a["std"] * r.normal(e, step, draw)


def _uniform(a: dict[str, float], e: Ints, step: Ints | int, r: RandomSource, draw: int) -> Floats:
    return a["low"] + (a["high"] - a["low"]) * r.uniform(e, step, draw)


def _lognormal(a: dict[str, float], e: Ints, step: Ints | int, r: RandomSource, n: int) -> Floats:
    mu, sigma = log_mean_and_std(a["mean"], a["std"])
    return r.exp(mu + sigma * r.normal(e, step, n))


def _exponential(a: dict[str, float], e: Ints, step: Ints | int, r: RandomSource, n: int) -> Floats:
    return -a["mean"] * r.log(r.uniform(e, step, n))


_LAWS: dict[str, _Law] = {
    "normal": _normal,
    "uniform": _uniform,
    "lognormal": _lognormal,
    "exponential": _exponential,
}
