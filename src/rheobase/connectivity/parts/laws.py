"""The values of one row: `network/distributions.py` in compiled loops."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from rheobase.connectivity.parts.columns import (
    CONSTANT,
    LOGNORMAL,
    NORMAL,
    UNIFORM,
    V_BOUNDED,
    V_FACTOR,
    V_FILL,
    V_FIRST,
    V_HIGH,
    V_LAW,
    V_LOW,
    V_MOST,
    V_SECOND,
    V_SEED,
    V_SINGLE,
    V_STREAM,
)
from rheobase.connectivity.parts.common import (
    LOW_32,
    _bound,
    data,
    inner,
    log,
    place_of,
    words_of,
)
from rheobase.network.grid import TOLERANCE
from rheobase.rendering import exponential, philox
from rheobase.rendering.intrinsics import (
    bits_to_float,
    call_kernel7,
    floor,
    unsigned,
    wide_vectors,
)
from rheobase.rendering.intrinsics import load_address as load

exp = _bound[exponential.exp]
unit_of = _bound[philox.unit]
normal_pair_of = _bound[philox.normal_pair]


@inner
def in_steps(seconds, dt):
    """A delay drawn as a number of steps: the nearest, at least one."""
    steps = floor(seconds / dt + 0.5 + TOLERANCE)
    return steps if steps > 1.0 else 1.0


@inner
def shaped(law, first, second, drawn):
    """A value from the number drawn for it: standard normal, or uniform between 0 and 1."""
    if law == NORMAL:
        return first + second * drawn
    if law == UNIFORM:
        return first + second * drawn
    if law == LOGNORMAL:
        return exp(first + second * drawn)
    return -first * log(drawn)


@inner
def drawn_again(table, source, place, attempt):
    """Number `attempt` drawn for one place of a row."""
    c1, c2, c3, k0, k1 = place_of(load(table, V_SEED), load(table, V_STREAM), source, attempt)
    a, b, c, d = words_of(unsigned(place >> 2) & LOW_32, c1, c2, c3, k0, k1)
    law = load(table, V_LAW)
    if law in (NORMAL, LOGNORMAL):
        first = place & 3 < 2
        p, q = normal_pair_of(unit_of(a if first else c), unit_of(b if first else d))
        return q if place & 1 else p
    lane = place & 3
    return unit_of(a if lane == 0 else (b if lane == 1 else (c if lane == 2 else d)))


@inner
def row_values(table, source, count, out):
    """Fill `out` with the values of a row; return how many are too rare to be drawn."""
    wide_vectors()
    law = load(table, V_LAW)
    first, second = bits_to_float(load(table, V_FIRST)), bits_to_float(load(table, V_SECOND))
    if law == CONSTANT:
        for k in range(count):
            out[unsigned(k)] = first
        return 0
    call_kernel7(
        load(table, V_FILL), load(table, V_SEED), load(table, V_STREAM), 0, count, source, 0,
        data(out),
    )  # fmt: skip
    if law == LOGNORMAL:
        for k in range(count):
            out[unsigned(k)] = exp(first + second * out[unsigned(k)])
    elif law in (NORMAL, UNIFORM):
        for k in range(count):
            out[unsigned(k)] = first + second * out[unsigned(k)]
    else:
        for k in range(count):
            out[unsigned(k)] = -first * log(out[unsigned(k)])
    rare = 0
    if load(table, V_BOUNDED):
        rare = draw_beyond_again(table, source, count, out)
    factor = bits_to_float(load(table, V_FACTOR))
    if factor != 1.0:
        for k in range(count):
            out[unsigned(k)] = factor * out[unsigned(k)]
    if load(table, V_SINGLE):
        for k in range(count):
            out[unsigned(k)] = np.float64(np.float32(out[unsigned(k)]))
    return rare


@inner
def draw_beyond_again(table, source, count, out):
    """Draw the values beyond their bounds again; return how many stay there."""
    law = load(table, V_LAW)
    first, second = bits_to_float(load(table, V_FIRST)), bits_to_float(load(table, V_SECOND))
    low, high = bits_to_float(load(table, V_LOW)), bits_to_float(load(table, V_HIGH))
    most = load(table, V_MOST)
    rare = 0
    for k in range(count):
        value = out[unsigned(k)]
        if value < low or value > high:
            attempt = 0
            while (value < low or value > high) and attempt < most:
                attempt += 1
                value = shaped(law, first, second, drawn_again(table, source, k, attempt))
            rare += value < low or value > high
            out[unsigned(k)] = value
    return rare
