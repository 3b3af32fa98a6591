"""Products of the inputs of a layer with its weights, and their way back.

Inputs are (batch, steps, in), mostly zeros: only what is not 0 is multiplied. What arrives is
(steps, batch*units), as the cells read it.
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
    W_DELAY,
    W_DELAYS_BAR,
    W_IN,
    W_INPUTS,
    W_INPUTS_BAR,
    W_KIND,
    W_PART,
    W_STEPS,
    W_UNITS,
    W_WEIGHTS,
    W_WEIGHTS_BAR,
    W_WHOLE,
)
from rheobase.rendering.intrinsics import float64_view, int64_view, uint8_view, uint64_view
from rheobase.rendering.intrinsics import load_address as load

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@inner
def listed(job, row, places, values):
    """List the inputs of a row of (batch*steps) rows that are not 0; return their number."""
    count, inputs = 0, load(job, W_IN)
    if load(job, W_KIND) == BYTES:
        first = 0
        address = load(job, W_INPUTS) + row * inputs
        marks = uint8_view(address, 0, inputs)
        while first < inputs:
            last = first + 8
            if last <= inputs:
                if uint64_view(address + first, 0, 1)[0] == np.uint64(0):
                    first = last
                    continue
            else:
                last = inputs
            for i in range(first, last):
                if marks[i] != 0:
                    places[count] = i
                    values[count] = marks[i]
                    count += 1
            first = last
    else:
        numbers = float64_view(load(job, W_INPUTS), row * inputs, inputs)
        for i in range(inputs):
            if numbers[i] != 0.0:
                places[count] = i
                values[count] = numbers[i]
                count += 1
    return count


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
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch, delay = load(job, W_BATCH), load(job, W_DELAY)
    places, values = np.empty(inputs, np.int64), np.empty(inputs)
    for b in range(batch):
        for step in range(steps - delay):
            count = listed(job, b * steps + step, places, values)
            at = ((step + delay) * batch + b) * units
            out = float64_view(load(job, W_ARRIVALS), at, units)
            for c in range(count):
                weights = float64_view(load(job, W_WEIGHTS), places[c] * units, units)
                size = values[c]
                for j in range(units):
                    out[j] += size * weights[j]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_back(job):
    """Weights' bar += inputs' transpose @ arrivals' bar; inputs' bar += that @ weights'."""
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch, delay = load(job, W_BATCH), load(job, W_DELAY)
    places, values = np.empty(inputs, np.int64), np.empty(inputs)
    for b in range(batch):
        for step in range(steps - delay):
            row = b * steps + step
            bar = float64_view(load(job, W_ARRIVALS), ((step + delay) * batch + b) * units, units)
            count = listed(job, row, places, values)
            for c in range(count):
                out = float64_view(load(job, W_WEIGHTS_BAR), places[c] * units, units)
                size = values[c]
                for j in range(units):
                    out[j] += size * bar[j]
            if load(job, W_INPUTS_BAR) != 0:
                back = float64_view(load(job, W_INPUTS_BAR), row * inputs, inputs)
                for j in range(units):
                    # the weights are transposed here: row j is what arrives at unit j
                    weights = float64_view(load(job, W_WEIGHTS), j * inputs, inputs)
                    size = bar[j]
                    for i in range(inputs):
                        back[i] += size * weights[i]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_delayed(job):
    """The same with a delay for every weight, between two steps: shared among both."""
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch = load(job, W_BATCH)
    places, values = np.empty(inputs, np.int64), np.empty(inputs)
    out = float64_view(load(job, W_ARRIVALS), 0, steps * batch * units)
    for b in range(batch):
        for step in range(steps):
            count = listed(job, b * steps + step, places, values)
            for c in range(count):
                at = places[c] * units
                weights = float64_view(load(job, W_WEIGHTS), at, units)
                whole = int64_view(load(job, W_WHOLE), at, units)
                part = float64_view(load(job, W_PART), at, units)
                for j in range(units):
                    due, size = step + whole[j], values[c] * weights[j]
                    if due < steps:
                        out[(due * batch + b) * units + j] += size * (1.0 - part[j])
                    if due + 1 < steps:
                        out[((due + 1) * batch + b) * units + j] += size * part[j]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def arrive_delayed_back(job):
    """Back to weights and delays from the spikes there were; to inputs from all."""
    steps, units, inputs = load(job, W_STEPS), load(job, W_UNITS), load(job, W_IN)
    batch = load(job, W_BATCH)
    places, values = np.empty(inputs, np.int64), np.empty(inputs)
    bars = float64_view(load(job, W_ARRIVALS), 0, steps * batch * units)
    for b in range(batch):
        for step in range(steps):
            row = b * steps + step
            count = listed(job, row, places, values)
            everywhere = load(job, W_INPUTS_BAR) != 0
            for c in range(inputs if everywhere else count):
                i = c if everywhere else places[c]
                weights = float64_view(load(job, W_WEIGHTS), i * units, units)
                whole = int64_view(load(job, W_WHOLE), i * units, units)
                part = float64_view(load(job, W_PART), i * units, units)
                total = 0.0
                for j in range(units):
                    total += weights[j] * between(bars, step + whole[j], part[j], b, j, batch,
                                                  units, steps)  # fmt: skip
                if everywhere:
                    float64_view(load(job, W_INPUTS_BAR), row * inputs, inputs)[i] += total
            for c in range(count):
                at = places[c] * units
                weights = float64_view(load(job, W_WEIGHTS), at, units)
                whole = int64_view(load(job, W_WHOLE), at, units)
                part = float64_view(load(job, W_PART), at, units)
                weights_bar = float64_view(load(job, W_WEIGHTS_BAR), at, units)
                delays_bar = float64_view(load(job, W_DELAYS_BAR), at, units)
                for j in range(units):
                    due = step + whole[j]
                    weights_bar[j] += values[c] * between(bars, due, part[j], b, j, batch,
                                                          units, steps)  # fmt: skip
                    later = value_at(bars, due + 1, b, j, batch, units, steps)
                    now = value_at(bars, due, b, j, batch, units, steps)
                    delays_bar[j] += values[c] * weights[j] * (later - now)
