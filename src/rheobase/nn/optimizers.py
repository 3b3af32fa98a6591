"""Optimizers: how parameters move when the gradient of the loss is known.

An optimizer is a description and holds no state; `nn.fit` keeps the state. All parameters of a
network stand in one vector, so that a step is a few operations on vectors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.nn.layers.base import Array

Schedule: TypeAlias = Callable[[int], float] | Mapping[int, float]


@dataclass(frozen=True)
class Optimizer(ABC):
    """How to go down a gradient.

    Parameters
    ----------
    rate : float
        Learning rate.
    """

    rate: float

    @abstractmethod
    def start(self, vector: Array) -> list[Array]:
        """Return what has to be remembered from step to step, before the first."""

    @abstractmethod
    def step(
        self, vector: Array, gradient: Array, state: list[Array], count: int, rate: float
    ) -> None:
        """Move `vector` in place.

        Parameters
        ----------
        vector, gradient : array
            All parameters, and the derivative of the loss by them.
        state : list of array
            From `start`; changed in place.
        count : int
            1 at the first step.
        rate : float
            Learning rate of this step.
        """


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    ::

        g = dL/dw + weight_decay w
        m = momentum m + g
        w = w - rate m                        nesterov: w - rate (g + momentum m)

    The same as ``torch.optim.SGD``.

    Parameters
    ----------
    rate : float
        Learning rate.
    momentum : float
        How much of the last step is kept, 0 to 1.
    nesterov : bool
        Whether the gradient is looked at from where momentum leads.
    weight_decay : float
        Strength of the pull of all parameters to 0.

    Raises
    ------
    UserError
        If a number is out of its range, or `nesterov` comes without momentum.
    """

    rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check("SGD", "rate", self.rate, 0, np.inf)
        _check("SGD", "momentum", self.momentum, 0, 1)
        _check("SGD", "weight_decay", self.weight_decay, 0, np.inf)
        if self.nesterov and self.momentum == 0:
            raise UserError(
                "nn.SGD: Nesterov's step needs momentum",
                mend="nn.SGD(0.01, momentum=0.9, nesterov=True)",
            )

    def start(self, vector: Array) -> list[Array]:
        """Return the momentum, 0."""
        return [np.zeros_like(vector)] if self.momentum else []

    def step(
        self, vector: Array, gradient: Array, state: list[Array], count: int, rate: float
    ) -> None:
        """Move `vector` in place."""
        number = vector.dtype.type
        g = gradient + number(self.weight_decay) * vector if self.weight_decay else gradient
        if not self.momentum:
            vector -= number(rate) * g
            return
        (m,) = state
        m *= number(self.momentum)
        m += g
        vector -= number(rate) * (g + number(self.momentum) * m if self.nesterov else m)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: steps as long as the rate, whatever the size of the gradient.

    ::

        m = beta_1 m + (1 - beta_1) g         mean gradient
        s = beta_2 s + (1 - beta_2) g^2       mean square
        w = w - rate m^/(sqrt(s^) + epsilon)  m^ = m/(1 - beta_1^k), s^ = s/(1 - beta_2^k)

    The same as ``torch.optim.Adam``; with ``decoupled=True`` as ``torch.optim.AdamW``.

    Parameters
    ----------
    rate : float
        Learning rate.
    betas : (float, float)
        beta_1 and beta_2.
    epsilon : float
        Keeps the division from 0.
    weight_decay : float
        Strength of the pull of all parameters to 0.
    decoupled : bool
        Whether that pull acts on the parameters themselves, not through the gradient.

    Raises
    ------
    UserError
        If a number is out of its range.

    Notes
    -----
    Kingma and Ba 2015, Adam: a method for stochastic optimization, ICLR. Loshchilov and Hutter
    2019, Decoupled weight decay regularization, ICLR.
    """

    rate: float = 0.001
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decoupled: bool = False

    def __post_init__(self) -> None:
        _check("Adam", "rate", self.rate, 0, np.inf)
        for name, beta in zip(("betas[0]", "betas[1]"), self.betas, strict=True):
            _check("Adam", name, beta, 0, 1)
        _check("Adam", "weight_decay", self.weight_decay, 0, np.inf)
        _check("Adam", "epsilon", self.epsilon, 0, np.inf)

    def start(self, vector: Array) -> list[Array]:
        """Return the means m and s, 0."""
        return [np.zeros_like(vector), np.zeros_like(vector)]

    def step(
        self, vector: Array, gradient: Array, state: list[Array], count: int, rate: float
    ) -> None:
        """Move `vector` in place."""
        number = vector.dtype.type
        m, s = state
        first, second = self.betas
        g = gradient
        if self.weight_decay and self.decoupled:
            vector *= number(1 - rate * self.weight_decay)
        elif self.weight_decay:
            g = gradient + number(self.weight_decay) * vector
        m *= number(first)
        m += number(1 - first) * g
        s *= number(second)
        s += number(1 - second) * (g * g)
        size = np.sqrt(s)
        size *= number(1 / np.sqrt(1 - second**count))
        size += number(self.epsilon)
        vector -= number(rate / (1 - first**count)) * (m / size)


_OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {"sgd": SGD, "adam": Adam}


def find(optimizer: str | Optimizer) -> Optimizer:
    """Return an optimizer by its name (with the rate it has by default), or as it is.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    name = str(optimizer).lower()
    if name not in _OPTIMIZERS:
        close = did_you_mean(name, _OPTIMIZERS)
        raise UnknownNameError(
            f"there is no optimizer {optimizer!r}",
            mend=f"did you mean {close!r}?" if close else "nn.Adam(0.001) or nn.SGD(0.01)",
        )
    return _OPTIMIZERS[name]()


def rates(optimizer: Optimizer, schedule: Schedule | None, epochs: int) -> Array:
    """Return the learning rate of every epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rate holds without a schedule, and before its first entry.
    schedule : callable or mapping, optional
        Rate from the number of the epoch, counted from 0; or new rates from certain epochs on:
        ``{8: 0.01, 18: 0.001}``.
    epochs : int
        How many.

    Raises
    ------
    UserError
        If a rate is no positive number.
    """
    if schedule is None:
        return np.full(epochs, optimizer.rate)
    if isinstance(schedule, Mapping):
        given = [optimizer.rate] * epochs
        for begin in sorted(schedule):
            if not isinstance(begin, int | np.integer) or begin < 0:
                raise _no_schedule(f"epoch {begin!r}")
            given[begin:] = [schedule[begin]] * len(given[begin:])
    elif callable(schedule):
        given = [schedule(epoch) for epoch in range(epochs)]
    else:
        raise _no_schedule(repr(schedule)[:80])
    numbers = int | float | np.integer | np.floating
    result = np.array([float(rate) if isinstance(rate, numbers) else np.nan for rate in given])
    for epoch in np.flatnonzero(~(result >= 0) | ~np.isfinite(result))[:1]:
        raise UserError(
            f"the schedule gives no rate at epoch {epoch}",
            expected="a number, not below 0",
            given=f"{given[epoch]}",
            mend=_SCHEDULES,
        )
    return result


_SCHEDULES = "schedule={8: 0.01, 18: 0.001} or schedule=lambda epoch: 0.1*0.9**epoch"


def _no_schedule(given: str) -> UserError:
    return UserError(
        "a schedule is a function of the epoch, or new rates from certain epochs on",
        given=given,
        mend=_SCHEDULES,
    )


def with_rate(optimizer: Optimizer, rate: float) -> Optimizer:
    """Return the same optimizer with another learning rate."""
    return replace(optimizer, rate=rate)


def _check(owner: str, name: str, value: float, low: float, high: float) -> None:
    if low <= value and (value < high if np.isfinite(high) else np.isfinite(value)):
        return
    until = f"to below {high}" if np.isfinite(high) else "or more"
    raise UserError(f"nn.{owner}: {name} must be {low} {until}", given=f"{name} = {value!r}")
