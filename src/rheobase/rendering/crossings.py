"""When a variable that an exponential drives first rises to a level, written in plain arithmetic.

As `exponential.py`: the same code on NumPy arrays and in compiled loops, without branches.
"""

from __future__ import annotations

from rheobase.lowering.events import NEVER
from rheobase.rendering.exponential import NAN, exp, exprel, log1p
from rheobase.rendering.primitives import Value, fabs, select

LASTING = 800.0
"""Time constants after which nothing is left of an exponential in float64."""
SAFE, LAST = 36, 8
"""Iterations of which every third halves the bracket, and those at the end that do not."""


def response(s: Value, rate: Value, decay: Value) -> Value:
    """(exp(decay*s) - exp(rate*s))/(decay - rate), s*exp(rate*s) where both are the same."""
    slower = select(rate > decay, rate, decay)
    return s * exp(slower * s) * exprel(-fabs(decay - rate) * s)


def first_crossing(gap: Value, slope: Value, drive: Value, rate: Value, decay: Value) -> Value:
    """The first s > 0 with slope*(exp(rate*s) - 1)/rate + drive*response(s) = gap, rising.

    The left side is where x has come after a time s by dx/dt = rate*x + ... from 0, and `gap` > 0
    how far the level is. It turns at most once, at a known time; between, a Newton iteration
    kept in a bracket, which every third time is halved, finds the crossing to rounding.
    NEVER if there is none; NaN unless rate and decay are negative.
    """
    total = slope + drive
    turn = -total / (drive * decay)
    bend = (decay - rate) * turn
    turns = (turn > 0.0) & (turn < NEVER) & (bend > -1.0)
    top = select(turns, select(bend != 0.0, log1p(bend) / (decay - rate), turn), 0.0)
    rising = total > 0.0
    peaks = rising & turns
    height = slope * (top * exprel(rate * top)) + drive * response(top, rate, decay)
    lasts = (rate * gap + slope > 0.0) & (rising | turns)
    crosses = select(peaks, height >= gap, lasts)
    slower = select(rate > decay, rate, decay)
    low = select(peaks, 0.0, top)
    high = select(peaks, top, low - LASTING / slower)
    s = select(rising, gap / total, 0.5 * (low + high))
    s = select((s > low) & (s < high), s, 0.5 * (low + high))
    for k in range(SAFE + LAST):
        there = response(s, rate, decay)
        over = slope * (s * exprel(rate * s)) + drive * there - gap
        steep = slope * exp(rate * s) + drive * (rate * there + exp(decay * s))
        low, high = select(over < 0.0, s, low), select(over < 0.0, high, s)
        newton = s - over / steep
        inside = (newton >= low) & (newton <= high)
        middle = 0.5 * (low + high)
        near = select(newton < low, low, select(newton > high, high, middle))
        s = select(inside, newton, select(k < SAFE, middle, near))
        s = select((k < SAFE) & (k % 3 == 2), middle, s)
    found = select(crosses, s, NEVER)
    return select((rate < 0.0) & (decay < 0.0), found, NAN)
