"""All cells of a layer over all steps, forward and back.

A cell of sample b and unit j is lane b*units + j. What a step does is in the kernels of the model
and of its reverse, called by address; here is what lies between them: what is kept, who spiked,
what arrives, and the way back of each.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc, njit

from rheobase.nn.spiking.parts.columns import (
    A_ARRAY,
    A_HOLDS,
    A_KIND,
    A_VALUES,
    A_WIDTH,
    B_ARRAY,
    B_VALUES,
    B_WIDTH,
    FLAG,
    INPUT,
    K_ARRAY,
    K_BYTES,
    K_KEPT,
    K_PLACE,
    K_WIDTH,
    L_ROW,
    L_WEIGHTS,
    L_WIDTH,
    NOBODY,
    PORT,
    R_ARRIVAL_ROWS,
    R_ARRIVALS,
    R_BAR_ROWS,
    R_BARS,
    R_DELAY,
    R_HELD,
    R_HELD_KIND,
    R_IDS,
    R_KEPT,
    R_KEPT_ROWS,
    R_LANES,
    R_LINK_ROWS,
    R_LINKS,
    R_MASK,
    R_NUMBERS,
    R_ON_SPIKE,
    R_RESULT,
    R_SPIKE_BAR,
    R_SPIKES,
    R_STEPS,
    R_TABLE,
    R_UNITS,
    R_UPDATE,
    RELEASE,
)
from rheobase.rendering.intrinsics import (
    call_kernel5,
    float64_view,
    int32_view,
    int64_view,
    uint8_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store

inner = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@inner
def copy(target, source):
    """Set all elements, without asking whether the two overlap."""
    for e in range(target.size):
        target[e] = source[e]


@inner
def keep(run, step):
    """Copy what the reverse reads to its row of that step."""
    lanes = load(run, R_LANES)
    for k in range(load(run, R_KEPT_ROWS)):
        row = load(run, R_KEPT) + 8 * K_WIDTH * k
        size = load(row, K_BYTES)
        if load(row, K_ARRAY) == 0:  # written by arrivals themselves
            continue
        if size == 8:
            source = int64_view(load(row, K_ARRAY), 0, lanes)
            target = int64_view(load(row, K_KEPT), step * lanes, lanes)
            for e in range(lanes):
                target[e] = source[e]
        else:
            marks = uint8_view(load(row, K_ARRAY), 0, lanes)
            kept = uint8_view(load(row, K_KEPT), step * lanes, lanes)
            for e in range(lanes):
                kept[e] = marks[e]


@inner
def held_in(run, address, lanes, step, held):
    """Say which cells do not take arrivals after step `step`; the array is at `address`."""
    kind = load(run, R_HELD_KIND)
    if kind == RELEASE:
        release = int64_view(address, 0, lanes)
        for e in range(lanes):
            held[e] = np.uint8(step < release[e])
    elif kind == FLAG:
        flags = uint8_view(address, 0, lanes)
        for e in range(lanes):
            held[e] = np.uint8(flags[e] != 0)
    else:
        left = float64_view(address, 0, lanes)
        for e in range(lanes):
            held[e] = np.uint8(left[e] > 0.0)


@inner
def recur(run, step):
    """Add what the spikes of some steps ago bring to the units of the same sample."""
    lanes, units, delay = load(run, R_LANES), load(run, R_UNITS), load(run, R_DELAY)
    if step < delay:
        return
    marks = uint8_view(load(run, R_SPIKES), (step - delay) * lanes, lanes)
    for k in range(load(run, R_LINK_ROWS)):
        link = load(run, R_LINKS) + 8 * L_WIDTH * k
        row = load(run, R_ARRIVALS) + 8 * A_WIDTH * load(link, L_ROW)
        arriving = float64_view(load(row, A_VALUES), step * lanes, lanes)
        for e in range(lanes):
            if marks[e] != 0:
                i = e % units
                weights = float64_view(load(link, L_WEIGHTS), i * units, units)
                sample = arriving[e - i : e - i + units]
                for j in range(units):
                    sample[j] += weights[j]


@inner
def deliver(run, step):
    """Add to the variables what arrives in this step."""
    lanes = load(run, R_LANES)
    held = uint8_view(load(run, R_IDS), 0, lanes)  # the list of spikes is no longer needed
    if load(run, R_HELD_KIND) != NOBODY:
        held_in(run, load(run, R_HELD), lanes, step, held)
    for k in range(load(run, R_ARRIVAL_ROWS)):
        row = load(run, R_ARRIVALS) + 8 * A_WIDTH * k
        if load(row, A_KIND) != PORT:
            continue
        x = float64_view(load(row, A_ARRAY), 0, lanes)
        arriving = float64_view(load(row, A_VALUES), step * lanes, lanes)
        if load(row, A_HOLDS) != 0:
            for e in range(lanes):
                if held[e] == 0:
                    x[e] += arriving[e]
        else:
            for e in range(lanes):
                x[e] += arriving[e]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def forward(run):
    """Take all cells through all steps; the result is the first step with a nan, or -1."""
    lanes = load(run, R_LANES)
    ids = int32_view(load(run, R_IDS), 0, lanes)
    mask = uint8_view(load(run, R_MASK), 0, lanes)
    store(run, R_RESULT, -1)
    for step in range(load(run, R_STEPS)):
        for k in range(load(run, R_ARRIVAL_ROWS)):
            row = load(run, R_ARRIVALS) + 8 * A_WIDTH * k
            if load(row, A_KIND) == INPUT:
                x = float64_view(load(row, A_ARRAY), 0, lanes)
                copy(x, float64_view(load(row, A_VALUES), step * lanes, lanes))
        keep(run, step)
        call_kernel5(load(run, R_UPDATE), load(run, R_TABLE), load(run, R_NUMBERS), 0, lanes, step)
        count, kinds = 0, 0
        spikes = uint8_view(load(run, R_SPIKES), step * lanes, lanes)
        for e in range(lanes):
            spikes[e] = mask[e] & 1
            kinds |= mask[e]
        if kinds & 2:
            store(run, R_RESULT, step)
            return
        if kinds & 1 and load(run, R_ON_SPIKE) != 0:
            for e in range(lanes):
                if mask[e] != 0:
                    ids[count] = e
                    count += 1
            call_kernel5(load(run, R_ON_SPIKE), load(run, R_TABLE), load(run, R_NUMBERS),
                         load(run, R_IDS), count, step)  # fmt: skip
        if load(run, R_LINK_ROWS) > 0:
            recur(run, step)
        deliver(run, step)
    keep(run, load(run, R_STEPS))


@inner
def deliver_back(run, step):
    """d loss/d what arrived is d loss/d the variable it was added to."""
    lanes = load(run, R_LANES)
    held = uint8_view(load(run, R_IDS), 0, lanes)
    kind = load(run, R_HELD_KIND)
    if kind != NOBODY:
        size = 1 if kind == FLAG else 8
        held_in(run, load(run, R_HELD) + (step + 1) * lanes * size, lanes, step, held)
    for k in range(load(run, R_ARRIVAL_ROWS)):
        row = load(run, R_ARRIVALS) + 8 * A_WIDTH * k
        if load(row, A_KIND) != PORT:
            continue
        bar = float64_view(load(row, A_ARRAY), 0, lanes)
        arrived = float64_view(load(row, A_VALUES), step * lanes, lanes)
        if load(row, A_HOLDS) != 0:
            for e in range(lanes):
                arrived[e] = 0.0 if held[e] != 0 else bar[e]
        else:
            copy(arrived, bar)


@inner
def recur_back(run, step):
    """d loss/d spike gets, over the weights, what the spike brought some steps later."""
    lanes, units, delay = load(run, R_LANES), load(run, R_UNITS), load(run, R_DELAY)
    if step + delay >= load(run, R_STEPS):
        return
    bar = float64_view(load(run, R_SPIKE_BAR), step * lanes, lanes)
    for k in range(load(run, R_LINK_ROWS)):
        link = load(run, R_LINKS) + 8 * L_WIDTH * k
        row = load(run, R_ARRIVALS) + 8 * A_WIDTH * load(link, L_ROW)
        arrived = float64_view(load(row, A_VALUES), (step + delay) * lanes, lanes)
        for first in range(0, lanes, units):
            sample = bar[first : first + units]
            for j in range(units):
                # the weights are transposed here: row j is what arrives at unit j
                weights = float64_view(load(link, L_WEIGHTS), j * units, units)
                size = arrived[first + j]
                if size != 0.0:
                    for i in range(units):
                        sample[i] += size * weights[i]


@cfunc("void(int64)", cache=True, nopython=True, error_model="numpy")
def backward(run):
    """Take the gradients of all cells back through all steps."""
    lanes, steps = load(run, R_LANES), load(run, R_STEPS)
    for step in range(steps - 1, -1, -1):
        for k in range(load(run, R_BAR_ROWS)):
            row = load(run, R_BARS) + 8 * B_WIDTH * k
            bar = float64_view(load(row, B_ARRAY), 0, lanes)
            outside = float64_view(load(row, B_VALUES), step * lanes, lanes)
            for e in range(lanes):
                bar[e] += outside[e]
        deliver_back(run, step)
        if load(run, R_LINK_ROWS) > 0:
            recur_back(run, step)
        if load(run, R_MASK) != 0:
            spike_bar = float64_view(load(run, R_MASK), 0, lanes)
            copy(spike_bar, float64_view(load(run, R_SPIKE_BAR), step * lanes, lanes))
        for k in range(load(run, R_KEPT_ROWS)):
            row = load(run, R_KEPT) + 8 * K_WIDTH * k
            if load(row, K_PLACE) >= 0:
                at = load(row, K_KEPT) + step * lanes * load(row, K_BYTES)
                store(load(run, R_TABLE), load(row, K_PLACE), at)
        call_kernel5(load(run, R_UPDATE), load(run, R_TABLE), load(run, R_NUMBERS), 0, lanes, step)
        for k in range(load(run, R_ARRIVAL_ROWS)):
            row = load(run, R_ARRIVALS) + 8 * A_WIDTH * k
            if load(row, A_KIND) == INPUT:
                arrived = float64_view(load(row, A_VALUES), step * lanes, lanes)
                copy(arrived, float64_view(load(row, A_ARRAY), 0, lanes))
