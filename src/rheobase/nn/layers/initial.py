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

    Uniform in ±sqrt(6/(fan_in + fan_out)) (Glorot and Bengio 2010, AISTATS); before a rectifier in
    ±sqrt(6/fan_in) (He, Zhang, Ren and Sun 2015, ICCV).

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
    """
    fan = fan_in if activation in _RECTIFIERS else fan_in + fan_out
    limit = np.sqrt(6.0 / fan)
    return random.uniform(-limit, limit, shape)
