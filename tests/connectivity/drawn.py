"""Connections drawn in both ways, for the tests of this room."""

import numpy as np

from rheobase.network.connecting import drawing_of, realized
from rheobase.simulation.streams import RandomStream

SEED, STREAM = 11, 2**45 + 77


def drawing(rule, pre, post, same, **positions):
    pre, post = np.asarray(pre, np.int64), np.asarray(post, np.int64)
    return drawing_of(rule, pre, post, same, RandomStream(SEED, STREAM), **positions)


def defined(rule, drawing, size):
    """Where rows begin, and targets, as the definition has them."""
    made = realized(rule, drawing)
    return np.concatenate([[0], np.cumsum(np.bincount(made.pre, minlength=size))]), made.post
