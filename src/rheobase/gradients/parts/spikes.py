"""Lines of spikes, drives and arrivals, forward and back."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.common import inner
from rheobase.gradients.parts.columns import (
    A_BAR,
    A_COUNT,
    A_GIVEN,
    A_HOLD,
    A_HOLD_STRIDE,
    A_KIND,
    A_RING,
    A_SLOTS,
    A_STATE,
    A_STATE_STRIDE,
    A_SUMS,
    BY_FLAG,
    BY_RELEASE,
    BY_TIME,
    PART,
    S_BAR_SPIKE,
    S_BAR_STRIDE,
    S_BAR_WEIGHTS,
    S_BEFORE,
    S_DELAY,
    S_IDS,
    S_LANES,
    S_RING,
    S_ROWS,
    S_SINCE,
    S_SLOTS,
    S_SOURCE_SIZE,
    S_STARTS,
    S_SUMS,
    S_TARGET_SIZE,
    S_TARGETS,
    S_TRANSPOSED,
    S_UNTIL,
    S_WEIGHTS,
    V_BAR_WEIGHTS,
    V_COUNT,
    V_COUNTS,
    V_IDS,
    V_RING,
    V_SIZE,
    V_SLOTS,
    V_STARTS,
    V_SUMS,
    V_WEIGHTS,
)
from rheobase.rendering.intrinsics import float64_view, int32_view, int64_view, uint8_view
from rheobase.rendering.intrinsics import load_address as load

FAR = 1 << 40


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(line, step, r, place, end):
    """Add the spikes of `delay` steps ago to what arrives now."""
    delay = load(line, S_DELAY)
    emitted = step - delay
    if emitted < load(line, S_SINCE) or emitted >= load(line, S_UNTIL):
        return
    column = place - delay + load(line, S_BEFORE)
    if column < 0:
        return
    starts = int64_view(load(line, S_STARTS), column, 2)
    count = starts[1] - starts[0]
    ids = int32_view(load(line, S_IDS), starts[0], count)
    size, onto = load(line, S_SOURCE_SIZE), load(line, S_TARGET_SIZE)
    for n in range(count):
        lane = ids[n] // size
        i = ids[n] - lane * size
        if load(line, S_ROWS) == 0:
            sums = float64_view(load(line, S_SUMS), lane * onto, onto)
            weights = float64_view(load(line, S_WEIGHTS), i * onto, onto)
            for j in range(onto):
                sums[j] += weights[j]
        else:
            sums = float64_view(load(line, S_SUMS), lane * onto, onto)
            row = int64_view(load(line, S_ROWS), i, 2)
            begin, many = row[0], row[1] - row[0]
            targets = int32_view(load(line, S_TARGETS), begin, many)
            weights = float64_view(load(line, S_WEIGHTS), begin, many)
            for s in range(many):
                sums[targets[s]] += weights[s]


@inner
def back_dense(line, bars, arrived):
    """bar(s_i) += sum over j of w_ij bar(A_j), all lanes."""
    size, onto = load(line, S_SOURCE_SIZE), load(line, S_TARGET_SIZE)
    for lane in range(load(line, S_LANES)):
        bar = float64_view(arrived, lane * onto, onto)
        spike = float64_view(bars, lane * size, size)
        for j in range(onto):
            value = bar[j]
            if value != 0.0:
                weights = float64_view(load(line, S_TRANSPOSED), j * size, size)
                for i in range(size):
                    spike[i] += value * weights[i]


@inner
def back_sparse(line, bars, arrived):
    """bar(s_i) += sum over the row of i of w bar(A_j), all lanes."""
    size, onto = load(line, S_SOURCE_SIZE), load(line, S_TARGET_SIZE)
    rows = int64_view(load(line, S_ROWS), 0, size + 1)
    targets = int32_view(load(line, S_TARGETS), 0, rows[size])
    weights = float64_view(load(line, S_WEIGHTS), 0, rows[size])
    for lane in range(load(line, S_LANES)):
        bar = float64_view(arrived, lane * onto, onto)
        spike = float64_view(bars, lane * size, size)
        for i in range(size):
            total = 0.0
            for s in range(rows[i], rows[i + 1]):
                total += weights[s] * bar[targets[s]]
            spike[i] += total


@inner
def back_to_weights(line, place, arrived):
    """bar(w_ij) += s_i bar(A_j), of the spikes of this step."""
    column = place + load(line, S_BEFORE)
    starts = int64_view(load(line, S_STARTS), column, 2)
    count = starts[1] - starts[0]
    ids = int32_view(load(line, S_IDS), starts[0], count)
    size, onto = load(line, S_SOURCE_SIZE), load(line, S_TARGET_SIZE)
    for n in range(count):
        lane = ids[n] // size
        i = ids[n] - lane * size
        bar = float64_view(arrived, lane * onto, onto)
        if load(line, S_ROWS) == 0:
            total = float64_view(load(line, S_BAR_WEIGHTS), i * onto, onto)
            for j in range(onto):
                total[j] += bar[j]
        else:
            row = int64_view(load(line, S_ROWS), i, 2)
            begin, many = row[0], row[1] - row[0]
            targets = int32_view(load(line, S_TARGETS), begin, many)
            total = float64_view(load(line, S_BAR_WEIGHTS), begin, many)
            for s in range(many):
                total[s] += bar[targets[s]]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver_back(line, step, r, place, end):
    """Go back from the arrivals of step + delay to the spikes of this step."""
    due = step + load(line, S_DELAY)
    if due >= end or step < load(line, S_SINCE) or step >= load(line, S_UNTIL):
        return
    wide = 8 * load(line, S_LANES) * load(line, S_TARGET_SIZE)
    arrived = load(line, S_RING) + (due % load(line, S_SLOTS)) * wide
    if load(line, S_BAR_SPIKE) != 0:
        bars = load(line, S_BAR_SPIKE) + place * load(line, S_BAR_STRIDE)
        if load(line, S_ROWS) == 0:
            back_dense(line, bars, arrived)
        else:
            back_sparse(line, bars, arrived)
    if load(line, S_BAR_WEIGHTS) != 0:
        back_to_weights(line, place, arrived)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def drive(item, step, r, place, end):
    """Add the events of a step to what arrives."""
    starts = int64_view(load(item, V_STARTS), place, 2)
    count, size = starts[1] - starts[0], load(item, V_SIZE)
    ids = int32_view(load(item, V_IDS), starts[0], count)
    counts = float64_view(load(item, V_COUNTS), starts[0], count)
    weights = float64_view(load(item, V_WEIGHTS), 0, size)
    sums = float64_view(load(item, V_SUMS), 0, FAR)
    for n in range(count):
        sums[ids[n]] += counts[n] * weights[ids[n] % size]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def drive_back(item, step, r, place, end):
    """Go back from what arrives to the weights."""
    starts = int64_view(load(item, V_STARTS), place, 2)
    count, size = starts[1] - starts[0], load(item, V_SIZE)
    ids = int32_view(load(item, V_IDS), starts[0], count)
    counts = float64_view(load(item, V_COUNTS), starts[0], count)
    total = float64_view(load(item, V_BAR_WEIGHTS), 0, size)
    row = (step % load(item, V_SLOTS)) * load(item, V_COUNT)
    bar = float64_view(load(item, V_RING), row, load(item, V_COUNT))
    for n in range(count):
        total[ids[n] % size] += counts[n] * bar[ids[n]]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def begin(item, step, r, place, end):
    """Let arrivals start from nothing, or from what is given."""
    count = load(item, A_COUNT)
    sums = float64_view(load(item, A_SUMS), 0, count)
    if load(item, A_GIVEN) == 0:
        for i in range(count):
            sums[i] = 0.0
        return
    given = float64_view(load(item, A_GIVEN), place * count, count)
    for i in range(count):
        sums[i] = given[i]


@inner
def is_held(item, hold, i, step):
    """Return whether an element is held, so that arrivals are lost."""
    kind = load(item, A_KIND)
    if kind == BY_RELEASE:
        return step < int64_view(hold, i, 1)[0]
    if kind == BY_FLAG:
        return uint8_view(hold, i, 1)[0] > 0
    return kind == BY_TIME and float64_view(hold, i, 1)[0] > 0.0


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def take(item, step, r, place, end):
    """Add what arrived to the variable; cells that hold it while refractory lose it."""
    count = load(item, A_COUNT)
    sums = float64_view(load(item, A_SUMS), 0, count)
    state = float64_view(load(item, A_STATE) + (r + 1) * load(item, A_STATE_STRIDE), 0, count)
    hold = load(item, A_HOLD) + (r + 1) * load(item, A_HOLD_STRIDE)
    for i in range(count):
        if sums[i] != 0.0 and not is_held(item, hold, i, step):
            state[i] += sums[i]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def take_back(item, step, r, place, end):
    """bar(A) = bar(x), 0 where the cell was held."""
    count = load(item, A_COUNT)
    row = float64_view(load(item, A_RING), (step % load(item, A_SLOTS)) * count, count)
    bar = float64_view(load(item, A_BAR), 0, count)
    if load(item, A_KIND) == 0:
        for i in range(count):
            row[i] = bar[i]
        return
    hold = load(item, A_HOLD) + (r + 1) * load(item, A_HOLD_STRIDE)
    for i in range(count):
        row[i] = 0.0 if is_held(item, hold, i, step) else bar[i]
