"""Arrays that receive input: set to zero, then waveforms and noise added."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import (
    DECAY,
    G_ARRAY,
    G_CHANGED,
    G_INPUT,
    G_INPUT_END,
    G_SIZE,
    G_ZERO,
    I_AMPLITUDE,
    I_ARRAY,
    I_CELLS,
    I_COLUMNS,
    I_COUNT,
    I_DRAWN,
    I_FILL,
    I_HI,
    I_LO,
    I_NOISE,
    I_SEED,
    I_SET,
    I_SKIP,
    I_STATE,
    I_STATES,
    I_STREAM,
    I_STRIDE,
    I_VALUES,
    I_WHOLE,
    I_WIDTH,
    I_WIDTH_OF_ROW,
    KICK,
    MEAN,
    N_INPUTS,
    PART,
    WORD,
)
from rheobase.engine.parts.common import inner
from rheobase.rendering.intrinsics import call_kernel7, float64_view, int32_view, uint8_view
from rheobase.rendering.intrinsics import load_address as load


@inner
def next_noise(item, step):
    """Advance Ornstein-Uhlenbeck processes by one step, exactly."""
    count, drawn = load(item, I_STATES), load(item, I_DRAWN)
    call_kernel7(
        load(item, I_FILL), load(item, I_SEED), load(item, I_STREAM), load(item, I_LO),
        load(item, I_HI), step, 0, drawn,
    )  # fmt: skip
    states = float64_view(load(item, I_STATE), 0, count)
    normals = float64_view(drawn, load(item, I_SKIP), count)
    coefficients = float64_view(load(item, I_NOISE), 0, 3)
    decay, kick = coefficients[DECAY], coefficients[KICK]
    for m in range(count):
        states[m] = decay * states[m] + kick * normals[m]


@inner
def inject(item, row):
    """Add (or set) the value of one input at this step."""
    count, setting = load(item, I_COUNT), load(item, I_SET) != 0
    array = float64_view(load(item, I_ARRAY), 0, load(item, I_WHOLE))
    columns = int32_view(load(item, I_COLUMNS), 0, count)
    cells = int32_view(load(item, I_CELLS), 0, count)
    stride, noise = load(item, I_STRIDE), load(item, I_NOISE)
    amplitude = float64_view(load(item, I_AMPLITUDE), 0, stride * (count - 1) + 1)
    width = load(item, I_WIDTH_OF_ROW)
    values = float64_view(load(item, I_VALUES), row * width, width)
    mean = 0.0
    if noise != 0:
        values = float64_view(load(item, I_STATE), 0, load(item, I_STATES))
        mean = float64_view(noise, 0, 3)[MEAN]
    elif width == 1 and not setting:
        value = values[0]
        if value == 0.0:
            return
        if stride == 0 and count == array.size:
            value *= amplitude[0]
            for m in range(count):
                array[m] += value
            return
    for m in range(count):
        value = values[columns[m]]
        if noise != 0:
            value = mean + value
        value *= amplitude[m * stride]
        if setting:
            array[cells[m]] = value
        else:
            array[cells[m]] += value


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def gather(group, network, column, table_row, step):
    """Zero an array that receives input, unless nothing changes, and add to it."""
    changed = load(group, G_CHANGED)
    if changed != 0 and uint8_view(changed, table_row, 1)[0] == 0:
        return
    if load(group, G_ZERO) != 0:
        array = float64_view(load(group, G_ARRAY), 0, load(group, G_SIZE))
        for i in range(array.size):
            array[i] = 0.0
    for n in range(load(group, G_INPUT), load(group, G_INPUT_END)):
        item = load(network, N_INPUTS) + WORD * I_WIDTH * n
        inject(item, table_row)
        if load(item, I_NOISE) != 0:
            next_noise(item, step)
