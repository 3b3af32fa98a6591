"""Products of the inputs of a layer with its weights, and their way back.

Inputs are (batch, steps, in), mostly zeros: what is not 0 is listed once, forward and back go
through the list. What arrives is (steps, batch*units), as the cells read it.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc, njit

from rheobase.nn.spiking.parts.columns import (
    BYTES,
    W_ARRIVALS,
    W_BATCH,
    W_COUNT,
    W_DELAY,
    W_DELAYS_BAR,
    W_IN,
    W_INPUTS,
    W_INPUTS_BAR,
    W_KIND,
    W_PART,
    W_PLACES,
    W_ROWS,
    W_SIZE,
    W_STEPS,
    W_UNITS,
    W_VALUES,
    W_WEIGHTS,
    W_WEIGHTS_BAR,
    W_WHOLE,
)
from rheobase.rendering.intrinsics import (
    float64_view,
    int32_view,
    int64_view,
    uint8_view,
    uint64_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@inner
def list_bytes(job):
    """List the spikes, as many as there is room for, and count them all.

    Words of memory without any are passed over.
    """
    size, inputs, room = load(job, W_SIZE), load(job, W_IN), load(job, W_COUNT)
    address, count = load(job, W_INPUTS), 0
    rows = int32_view(load(job, W_ROWS), 0, load(job, W_COUNT))
    places = int32_view(load(job, W_PLACES), 0, load(job, W_COUNT))
    marks = uint8_view(address, 0, size)
    words = uint64_view(address, 0, size // 8)
    row, first = 0, 0  # the row at hand and where it begins: divisions would take most of the time
    for w in range(size // 8):
        if words[w] != np.uint64(0):
            for k in range(8 * w, 8 * w + 8):
                if marks[k] != 0:
                    while k - first >= inputs:
                        first += inputs
                        row += 1
                    if count < room:
                        rows[count] = row
                        places[count] = k - first
                    count += 1
    for k in range(size // 8 * 8, size):
        if marks[k] != 0:
            if count < room:
                rows[count] = k // inputs
                places[count] = k % inputs
            count += 1
    return count


@inner
def list_numbers(job):
    """List the inputs that are not 0, and their values."""
    size, inputs, count = load(job, W_SIZE), load(job, W_IN), 0
    rows = int32_view(load(job, W_ROWS), 0, load(job, W_COUNT))
    places = int32_view(load(job, W_PLACES), 0, load(job, W_COUNT))
    values = float64_view(load(job, W_VALUES), 0, load(job, W_COUNT))
    numbers = float64_view(load(job, W_INPUTS), 0, size)
    for k in range(size):
        if numbers[k] != 0.0:
            rows[count] = k // inputs
            places[count] = k % inputs
            values[count] = numbers[k]
            count += 1
    return count


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def listed(job):
    """List what is not 0; W_COUNT says how much room there is, and how much it was."""
    store(job, W_COUNT, list_bytes(job) if load(job, W_KIND) == BYTES else list_numbers(job))


@inner
def value_of(job, c):
    """The value of an input of the list."""
    return 1.0 if load(job, W_VALUES) == 0 else float64_view(load(job, W_VALUES), c, 1)[0]


@inner
def value_at(bars, step, b, j, batch, units, steps):
    """The bar of a step; after the end nothing arrives."""
    return bars[(step * batch + b) * units + j] if step < steps else 0.0


@inner
def between(bars, step, part, b, j, batch, units, steps):
    """The bar between a step and the next."""
    now = value_at(bars, step, b, j, batch, units, steps)
    return now * (1.0 - part) + value_at(bars, step + 1, b, j, batch, units, steps) * part


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive(job):
    """Arrivals += inputs @ weights, `W_DELAY` steps later."""
    steps, units, batch = load(job, W_STEPS), load(job, W_UNITS), load(job, W_BATCH)
    count, delay = load(job, W_COUNT), load(job, W_DELAY)
    rows = int32_view(load(job, W_ROWS), 0, count)
    places = int32_view(load(job, W_PLACES), 0, count)
    b, first = 0, 0  # the sample at hand, and its first row
    for c in range(count):
        while rows[c] - first >= steps:
            first += steps
            b += 1
        due = rows[c] - first + delay
        if due < steps:
            out = float64_view(load(job, W_ARRIVALS), (due * batch + b) * units, units)
            weights = float64_view(load(job, W_WEIGHTS), places[c] * units, units)
            size = value_of(job, c)
            for j in range(units):
                out[j] += size * weights[j]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_back(job):
    """Weights' bar += inputs' transpose @ arrivals' bar; inputs' bar += that @ weights'."""
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch, count, delay = load(job, W_BATCH), load(job, W_COUNT), load(job, W_DELAY)
    rows = int32_view(load(job, W_ROWS), 0, count)
    places = int32_view(load(job, W_PLACES), 0, count)
    b, first = 0, 0  # the sample at hand, and its first row
    for c in range(count):
        while rows[c] - first >= steps:
            first += steps
            b += 1
        due = rows[c] - first + delay
        if due < steps:
            bar = float64_view(load(job, W_ARRIVALS), (due * batch + b) * units, units)
            out = float64_view(load(job, W_WEIGHTS_BAR), places[c] * units, units)
            size = value_of(job, c)
            for j in range(units):
                out[j] += size * bar[j]
    if load(job, W_INPUTS_BAR) == 0:
        return
    for b in range(batch):
        for step in range(steps - delay):
            at = (step + delay) * batch + b
            bar = float64_view(load(job, W_ARRIVALS), at * units, units)
            back = float64_view(load(job, W_INPUTS_BAR), (b * steps + step) * inputs, inputs)
            for j in range(units):
                # the weights are transposed here: row j is what arrives at unit j
                weights = float64_view(load(job, W_WEIGHTS), j * inputs, inputs)
                size = bar[j]
                for i in range(inputs):
                    back[i] += size * weights[i]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_delayed(job):
    """The same with a delay for every weight, between two steps: shared among both."""
    steps, units, batch = load(job, W_STEPS), load(job, W_UNITS), load(job, W_BATCH)
    count = load(job, W_COUNT)
    rows = int32_view(load(job, W_ROWS), 0, count)
    places = int32_view(load(job, W_PLACES), 0, count)
    out = float64_view(load(job, W_ARRIVALS), 0, steps * batch * units)
    for c in range(count):
        b, step, at = rows[c] // steps, rows[c] % steps, places[c] * units
        weights = float64_view(load(job, W_WEIGHTS), at, units)
        whole = int64_view(load(job, W_WHOLE), at, units)
        part = float64_view(load(job, W_PART), at, units)
        value = value_of(job, c)
        for j in range(units):
            due, size = step + whole[j], value * weights[j]
            if due < steps:
                out[(due * batch + b) * units + j] += size * (1.0 - part[j])
            if due + 1 < steps:
                out[((due + 1) * batch + b) * units + j] += size * part[j]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_delayed_back(job):
    """Back to weights and delays from the spikes there were; to inputs from all."""
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch, count = load(job, W_BATCH), load(job, W_COUNT)
    rows = int32_view(load(job, W_ROWS), 0, count)
    places = int32_view(load(job, W_PLACES), 0, count)
    bars = float64_view(load(job, W_ARRIVALS), 0, steps * batch * units)
    for c in range(count):
        b, step, at = rows[c] // steps, rows[c] % steps, places[c] * units
        weights = float64_view(load(job, W_WEIGHTS), at, units)
        whole = int64_view(load(job, W_WHOLE), at, units)
        part = float64_view(load(job, W_PART), at, units)
        weights_bar = float64_view(load(job, W_WEIGHTS_BAR), at, units)
        delays_bar = float64_view(load(job, W_DELAYS_BAR), at, units)
        value = value_of(job, c)
        for j in range(units):
            due = step + whole[j]
            mean = between(bars, due, part[j], b, j, batch, units, steps)
            weights_bar[j] += value * mean
            later = value_at(bars, due + 1, b, j, batch, units, steps)
            now = value_at(bars, due, b, j, batch, units, steps)
            delays_bar[j] += value * weights[j] * (later - now)
    if load(job, W_INPUTS_BAR) == 0:
        return
    for b in range(batch):
        for step in range(steps):
            back = float64_view(load(job, W_INPUTS_BAR), (b * steps + step) * inputs, inputs)
            for i in range(inputs):
                weights = float64_view(load(job, W_WEIGHTS), i * units, units)
                whole = int64_view(load(job, W_WHOLE), i * units, units)
                part = float64_view(load(job, W_PART), i * units, units)
                for j in range(units):
                    mean = between(bars, step + whole[j], part[j], b, j, batch, units, steps)
                    back[i] += weights[j] * mean
