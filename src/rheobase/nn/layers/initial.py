"""Weights before training."""

from __future__ import annotations

import numpy as np

from rheobase.nn.layers.base import Array

# Half of what arrives is cut away by these, so variance is kept with weights twice as strong.
_RECTIFIERS = frozenset({"relu", "leaky_relu", "elu", "gelu", "softplus"})


def initial_weights(
    random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int, activation: str
) -> Array:
    """Draw weights that keep the variance of what passes through them.

    Uniform in ±sqrt(6/(fan_in + fan_out)) [1]_; before a rectifier in ±sqrt(6/fan_in) [2]_.

    Parameters
    ----------
    random : Generator
        Random numbers.
    shape : tuple of int
        Of the weights.
    fan_in, fan_out : int
        How many weights lead to a neuron, and away from one.
    activation : str
        Name of the activation that follows.

    References
    ----------
    .. [1] Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward
       neural networks, AISTATS.
    .. [2] He, Zhang, Ren and Sun 2015, Delving deep into rectifiers, ICCV.
    """
    fan = fan_in if activation in _RECTIFIERS else fan_in + fan_out
    limit = np.sqrt(6.0 / fan)
    return random.uniform(-limit, limit, shape)
