"""Philox 4x32-10 and the laws drawn from it, written once for NumPy and for compiled loops.

Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC'11 (2011): a
block cipher turns a counter of four 32-bit words under a key of two into four random words.
Nothing is remembered between numbers. Words are kept in uint64, whose upper half is zero.
"""

from __future__ import annotations

import numpy as np

from rheobase.rendering.exponential import log_positive
from rheobase.rendering.primitives import Value, bits_to_float, ceil, select, sqrt, unsigned
from rheobase.rendering.trigonometric import sin_cos_turns

# typed, because an int64 beside a uint64 would become a float64
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
LOW_32 = np.uint64(0xFFFFFFFF)
LOW_16 = np.uint64(0xFFFF)
SHIFT_32 = np.uint64(32)
SHIFT_16 = np.uint64(16)
INTEGER_BITS = np.uint64(0x4330000000000000)  # the bits of 2**52
ROUNDS = 10

MOST_A_DRAW = 32.0  # expected count that one word is enough for
MOST_EXPECTED = 2.0**20  # in a step and cell, in all


def philox(c0: Value, c1: Value, c2: Value, c3: Value, k0: Value, k1: Value) -> Value:
    """The four random words of a counter under a key."""
    for _ in range(ROUNDS):
        # Upper halves fill with rubbish; only factors (free on most machines) and results are
        # cleared of it.
        product_0 = MULTIPLIER_0 * (c0 & LOW_32)
        product_1 = MULTIPLIER_1 * (c2 & LOW_32)
        c0 = (product_1 >> SHIFT_32) ^ c1 ^ k0
        c2 = (product_0 >> SHIFT_32) ^ c3 ^ k1
        c1 = product_1
        c3 = product_0
        k0 = k0 + WEYL_0
        k1 = k1 + WEYL_1
    return c0 & LOW_32, c1 & LOW_32, c2 & LOW_32, c3 & LOW_32


def place(seed: Value, stream: Value, step: Value, draw: Value) -> Value:
    """The words of counter and key that groups of a step share: (c1, c2, c3, k0, k1)."""
    time = unsigned(step)
    key = unsigned(seed)
    line = unsigned(stream)
    c2 = (((time >> SHIFT_32) & LOW_16) << SHIFT_16) | (unsigned(draw) & LOW_16)
    k1 = (key >> SHIFT_32) ^ (line >> SHIFT_32)
    return time & LOW_32, c2, line & LOW_32, key & LOW_32, k1


def unit(word: Value) -> Value:
    """(word + 1/2) / 2**32, exactly: uniform between 0 and 1, never 0, never 1."""
    return (bits_to_float(word | INTEGER_BITS) - 4503599627370495.5) * 2.3283064365386963e-10


def normal_pair(u: Value, v: Value) -> Value:
    """Two standard normal numbers from two uniform ones (Box and Muller 1958); sizes up to 6.8."""
    radius = sqrt(-2.0 * log_positive(u))
    sine, cosine = sin_cos_turns(v)
    return radius * cosine, radius * sine


def shares(expected: Value) -> Value:
    """(n, expected/n) such that counts of a cell are the sum of n draws of at most MOST_A_DRAW."""
    sane = select(expected > 0.0, select(expected > MOST_EXPECTED, MOST_EXPECTED, expected), 0.0)
    n = ceil(sane * (1.0 / MOST_A_DRAW))
    n = select(n < 1.0, 1.0, n)
    return n, sane / n
