"""The compiled step loop: one function for every network, over tables of addresses and sizes.

Each table is a 2-D int64 array; its columns are named below, one line a table, and
`tables.py` fills them. Kernels of models are called by address. A step does what
`interpreted.py` says, in that order and with the same bits.

This file is compiled from a copy in the cache folder (see `compiled.py`), so it takes nothing
from other modules of the engine.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import numpy as np
from numba import njit

from rheobase.rendering import random
from rheobase.rendering.intrinsics import (
    call_kernel5,
    call_kernel7,
    float32_view,
    float64_view,
    int32_view,
    int64_view,
    prefetch,
    select,
    uint8_view,
    uint64_view,
)

# Populations. P_IDS, P_OFFSETS: buffers of spikes; starts[p, k - base] is where those of step k
# begin. P_OFFSET: the array of offsets of a linear crossing, 0 if none.
(P_KIND, P_LO, P_HI, P_UPDATE, P_ON_SPIKE, P_TABLE, P_NUMBERS, P_MASK, P_IDS, P_OFFSETS,
 P_CAPACITY, P_OFFSET, P_STEPS, P_TRAINS, P_TIMES, P_COUNT, P_CURSOR, P_DRAW,
 P_WIDTH) = range(19)  # fmt: skip
MODEL, TIMES, POISSON = range(3)
# Poisson processes: expected counts in intervals, and the scratch that counts are drawn into.
(D_SEED, D_STREAM, D_COUNTS, D_INTERVALS, D_COLUMNS, D_LENGTH, D_SIZE, D_DRAWN,
 D_WIDTH) = range(9)  # fmt: skip
# Recordings. R_NEXT: the next step that is due; R_ROW: the next row of R_OUT.
(R_NEXT, R_EVERY, R_OBSERVE, R_TABLE, R_NUMBERS, R_LO, R_HI, R_ARRAY, R_TYPE, R_CELLS,
 R_COUNT, R_OUT, R_ROW, R_WIDTH) = range(14)  # fmt: skip
FLOAT64, INT64, UINT8 = range(3)
# Sources of continuous coupling: rings of R_SLOTS rows, row k % slots holds step k.
(H_OBSERVE, H_TABLE, H_NUMBERS, H_ARRAY, H_SIZE, H_RING, H_SLOTS, H_FRESH,
 H_WIDTH) = range(9)  # fmt: skip
# Arrays that receive input. G_CHANGED: one byte a step, 0 where nothing differs from the step
# before; address 0 where that is not known.
(G_ARRAY, G_LO, G_HI, G_CHANGED, G_ZERO, G_INPUT, G_INPUT_END, G_COUPLING, G_COUPLING_END,
 G_WIDTH) = range(10)  # fmt: skip
# Inputs. I_VALUES: rows by step; I_NOISE: row of the table of coefficients, -1 for waveforms.
(I_SET, I_ARRAY, I_CELLS, I_COUNT, I_VALUES, I_WIDTH_OF_ROW, I_COLUMNS, I_AMPLITUDE, I_STRIDE,
 I_WHOLE, I_NOISE, I_SEED, I_STREAM, I_STATE, I_STATES, I_DRAWN, I_WIDTH) = range(17)  # fmt: skip
MEAN, DECAY, KICK = range(3)
# Continuous couplings.
(C_ROWS, C_SOURCES, C_WEIGHTS, C_STRIDE, C_DELAYS, C_DELAY_STRIDE, C_RING, C_SLOTS, C_SIZE,
 C_ARRAY, C_LO, C_HI, C_WIDTH) = range(13)  # fmt: skip
# Populations that spikes arrive at: ranges of the next four tables.
(T_POPULATION, T_DELAYED, T_IMMEDIATE, T_ENTRY_END, T_DRIVE, T_DRIVE_END, T_APPLY, T_APPLY_END,
 T_SPARSE, T_WIDTH) = range(10)  # fmt: skip
# Entries: one a distinct delay and line; oldest emission first, then order of creation.
E_DELAY, E_SOURCE, E_LINE, E_PLACE, E_WIDTH = range(5)
# Lines: the synapses of a projection onto one variable, or onto an event port (L_SUM is 0).
(L_ROWS, L_SLICES, L_DELAYS, L_TARGETS, L_WEIGHTS, L_KIND, L_SUM, L_ARRIVE, L_APPLY,
 L_WIDTH) = range(10)  # fmt: skip
EACH64, ONE, EACH32 = range(3)
# Drives. V_LINE: the line whose targets are the cells that this drive touched; V_DENSE: most
# cells have events, so that no list of those touched is kept.
(V_DRAW, V_DRAWN_BEFORE, V_CELLS, V_COUNT, V_WEIGHTS, V_KIND, V_SUM, V_ARRIVE, V_STEPS, V_IDS,
 V_EVENTS, V_CURSOR, V_TOUCHED, V_EVENT_CELLS, V_EVENT_WEIGHTS, V_LINE, V_DENSE,
 V_WIDTH) = range(18)  # fmt: skip
EVENT_BUFFER = 1024
# Applications: sums that are added to a variable at the end of delivery.
A_VARIABLE, A_SUM, A_HOLD, A_HELD, A_LO, A_HI, A_WIDTH = range(7)
NEVER, RELEASE, LEFT, FLAG = range(4)
# Slices: pieces of rows that are due.
S_LINE, S_BEGIN, S_END, S_WIDTH = range(4)
DENSE = 1 << 60
PREFETCH = 6

DONE, ROOM, NOT_FINITE = range(3)

_compiled = random.compiled()
fill_normal = _compiled.fill_normal
fill_poisson = _compiled.fill_poisson


@njit(error_model="numpy", cache=True)
def draw_counts(draws, d, step):
    """Draw the counts of Poisson processes in a step into their scratch, and return it."""
    interval = step // draws[d, D_LENGTH]
    size = draws[d, D_SIZE]
    drawn = int64_view(draws[d, D_DRAWN], 0, size)
    if interval < 0 or interval >= draws[d, D_INTERVALS]:
        drawn[:] = 0
        return drawn
    columns = draws[d, D_COLUMNS]
    expected = float64_view(draws[d, D_COUNTS], interval * columns, columns)
    fill_poisson(draws[d, D_SEED], draws[d, D_STREAM], 0, size, step, 0, expected, drawn)
    return drawn


@njit(error_model="numpy", cache=True)
def due_events(table, row, steps_column, count_column, cursor_column, step):
    """Return the range of given times that are in a step; the cursor moves to its beginning."""
    count = table[row, count_column]
    steps = int64_view(table[row, steps_column], 0, count)
    begin = table[row, cursor_column]
    while begin < count and steps[begin] < step:
        begin += 1
    table[row, cursor_column] = begin
    end = begin
    while end < count and steps[end] == step:
        end += 1
    return begin, end


@njit(error_model="numpy", cache=True)
def emit(p, populations, draws, starts, column, step):
    """Write the spikes of a source; return the room that is lacking, 0 if there was enough.

    Doing it again for the same step gives the same, so a step that lacked room starts over.
    """
    at = starts[p, column]
    room = populations[p, P_CAPACITY] - at
    if populations[p, P_KIND] == MODEL:
        return max(populations[p, P_HI] - room, 0)
    if populations[p, P_KIND] == TIMES:
        begin, end = due_events(populations, p, P_STEPS, P_COUNT, P_CURSOR, step)
        count = end - begin
        starts[p, column + 1] = at + count
        if count > room or count == 0:
            return max(count - room, 0)
        int32_view(populations[p, P_IDS], at, count)[:] = int32_view(
            populations[p, P_TRAINS], begin, count
        )
        if populations[p, P_TIMES] != 0:
            float64_view(populations[p, P_OFFSETS], at, count)[:] = float64_view(
                populations[p, P_TIMES], begin, count
            )
        return 0
    drawn = draw_counts(draws, populations[p, P_DRAW], step)
    total = 0
    for i in range(drawn.size):
        total += drawn[i]
    starts[p, column + 1] = at + total
    if total > room or total == 0:
        return max(total - room, 0)
    ids = int32_view(populations[p, P_IDS], at, total)
    place = 0
    for i in range(drawn.size):
        for _ in range(drawn[i]):
            ids[place] = i
            place += 1
    return 0


@njit(error_model="numpy", cache=True)
def sample(records, r, step):
    """Copy the values of one recording into its next row."""
    if records[r, R_OBSERVE] != 0:
        call_kernel5(
            records[r, R_OBSERVE], records[r, R_TABLE], records[r, R_NUMBERS],
            records[r, R_LO], records[r, R_HI], step,
        )  # fmt: skip
    count = records[r, R_COUNT]
    cells = int32_view(records[r, R_CELLS], 0, count)
    out = float64_view(records[r, R_OUT], records[r, R_ROW] * count, count)
    if records[r, R_TYPE] == FLOAT64:
        values = float64_view(records[r, R_ARRAY], 0, records[r, R_HI])
        for n in range(count):
            out[n] = values[cells[n]]
    elif records[r, R_TYPE] == INT64:
        integers = int64_view(records[r, R_ARRAY], 0, records[r, R_HI])
        for n in range(count):
            out[n] = integers[cells[n]]
    else:
        flags = uint8_view(records[r, R_ARRAY], 0, records[r, R_HI])
        for n in range(count):
            out[n] = flags[cells[n]]
    records[r, R_ROW] += 1
    records[r, R_NEXT] += records[r, R_EVERY]


@njit(error_model="numpy", cache=True)
def remember(histories, h, step):
    """Put the present values of a source of continuous coupling into its ring."""
    size = histories[h, H_SIZE]
    if histories[h, H_OBSERVE] != 0:
        call_kernel5(
            histories[h, H_OBSERVE], histories[h, H_TABLE], histories[h, H_NUMBERS], 0, size, step
        )
    if histories[h, H_RING] == histories[h, H_ARRAY]:
        return
    now = float64_view(histories[h, H_ARRAY], 0, size)
    slots = histories[h, H_SLOTS]
    if histories[h, H_FRESH] != 0:
        histories[h, H_FRESH] = 0
        for slot in range(slots):
            float64_view(histories[h, H_RING], slot * size, size)[:] = now
    float64_view(histories[h, H_RING], (step % slots) * size, size)[:] = now


@njit(error_model="numpy", cache=True)
def inject(inputs, n, noise, row, step):
    """Add (or set) the value of one input at this step; noise moves on to the next."""
    count = inputs[n, I_COUNT]
    array = float64_view(inputs[n, I_ARRAY], 0, inputs[n, I_WHOLE])
    columns = int32_view(inputs[n, I_COLUMNS], 0, count)
    cells = int32_view(inputs[n, I_CELLS], 0, count)
    stride = inputs[n, I_STRIDE]
    amplitude = float64_view(inputs[n, I_AMPLITUDE], 0, stride * (count - 1) + 1)
    width = inputs[n, I_WIDTH_OF_ROW]
    which = inputs[n, I_NOISE]
    if which < 0:
        values = float64_view(inputs[n, I_VALUES], row * width, width)
        if width == 1 and values[0] == 0.0 and inputs[n, I_SET] == 0:
            return
        if inputs[n, I_SET] != 0:
            for m in range(count):
                array[cells[m]] = values[columns[m]] * amplitude[m * stride]
        elif width == 1 and stride == 0 and count == array.size:
            value = values[0] * amplitude[0]
            for m in range(count):
                array[m] += value
        else:
            for m in range(count):
                array[cells[m]] += values[columns[m]] * amplitude[m * stride]
        return
    states = inputs[n, I_STATES]
    state = float64_view(inputs[n, I_STATE], 0, states)
    mean = noise[which, MEAN]
    for m in range(count):
        value = (mean + state[columns[m]]) * amplitude[m * stride]
        if inputs[n, I_SET] != 0:
            array[cells[m]] = value
        else:
            array[cells[m]] += value
    drawn = float64_view(inputs[n, I_DRAWN], 0, states)
    fill_normal(inputs[n, I_SEED], inputs[n, I_STREAM], 0, states, step, 0, drawn)
    decay, kick = noise[which, DECAY], noise[which, KICK]
    for m in range(states):
        state[m] = decay * state[m] + kick * drawn[m]


@njit(error_model="numpy", cache=True)
def couple(couplings, c, step):
    """Add the sums of one continuous coupling to the input variable of its targets."""
    lo, hi = couplings[c, C_LO], couplings[c, C_HI]
    array = float64_view(couplings[c, C_ARRAY], 0, hi)
    rows = int64_view(couplings[c, C_ROWS], 0, hi + 1)
    n = rows[hi]
    sources = int32_view(couplings[c, C_SOURCES], 0, n)
    stride, delay_stride = couplings[c, C_STRIDE], couplings[c, C_DELAY_STRIDE]
    weights = float64_view(couplings[c, C_WEIGHTS], 0, max(stride * n, 1))
    delays = int64_view(couplings[c, C_DELAYS], 0, max(delay_stride * n, 1))
    slots, size = couplings[c, C_SLOTS], couplings[c, C_SIZE]
    ring = float64_view(couplings[c, C_RING], 0, slots * size)
    now = step % slots
    if delay_stride == 0:
        past = now - delays[0]
        past += slots if past < 0 else 0
        values = ring[past * size : (past + 1) * size]
        for j in range(lo, hi):
            total = 0.0
            for s in range(rows[j], rows[j + 1]):
                total += weights[s * stride] * values[sources[s]]
            array[j] += total
        return
    for j in range(lo, hi):
        total = 0.0
        for s in range(rows[j], rows[j + 1]):
            past = now - delays[s]
            past += slots if past < 0 else 0
            total += weights[s * stride] * ring[past * size + sources[s]]
        array[j] += total


@njit(error_model="numpy", cache=True)
def gather(groups, inputs, noise, couplings, row, step):
    """Zero every array that receives input, where anything changes, and add to it."""
    for g in range(groups.shape[0]):
        if groups[g, G_CHANGED] != 0 and uint8_view(groups[g, G_CHANGED], row, 1)[0] == 0:
            continue
        if groups[g, G_ZERO] != 0:
            float64_view(groups[g, G_ARRAY], 0, groups[g, G_HI])[:] = 0.0
        for n in range(groups[g, G_INPUT], groups[g, G_INPUT_END]):
            inject(inputs, n, noise, row, step)
        for c in range(groups[g, G_COUPLING], groups[g, G_COUPLING_END]):
            couple(couplings, c, step)


@njit(error_model="numpy", cache=True)
def scan_word(word, first, ids, count):
    """Append the spikes among eight cells; return their number, or -1 if one is not finite."""
    for b in range(8):
        mark = (word >> np.uint64(8 * b)) & np.uint64(3)
        if mark != np.uint64(0):
            if mark & np.uint64(2):
                return -1
            ids[count] = first + b
            count += 1
    return count


@njit(error_model="numpy", cache=True)
def scan(address, size, ids):
    """List the cells whose mask says that they spiked; -1 if a state is not finite."""
    count = 0
    words = uint64_view(address, 0, size // 8)
    blocks = words.size // 8
    for block in range(blocks):
        eight = words[8 * block : 8 * block + 8]
        seen = np.uint64(0)
        for w in range(8):
            seen |= eight[w]
        if seen == np.uint64(0):
            continue
        for w in range(8):
            if eight[w] != np.uint64(0):
                count = scan_word(eight[w], 64 * block + 8 * w, ids, count)
                if count < 0:
                    return -1
    for w in range(8 * blocks, words.size):
        if words[w] != np.uint64(0):
            count = scan_word(words[w], 8 * w, ids, count)
            if count < 0:
                return -1
    last = 8 * words.size
    tail = uint8_view(address, last, size - last)
    for n in range(tail.size):
        if tail[n] & 2:
            return -1
        if tail[n] & 1:
            ids[count] = last + n
            count += 1
    return count


@njit(error_model="numpy", cache=True)
def update(p, populations, starts, column, step):
    """Integrate a population, list and reset the cells that spiked; False if one failed."""
    size = populations[p, P_HI]
    table, numbers = populations[p, P_TABLE], populations[p, P_NUMBERS]
    call_kernel5(populations[p, P_UPDATE], table, numbers, populations[p, P_LO], size, step)
    at = starts[p, column]
    ids = int32_view(populations[p, P_IDS], at, size)
    count = scan(populations[p, P_MASK], size, ids)
    starts[p, column + 1] = at + max(count, 0)
    if count <= 0:
        return count == 0
    if populations[p, P_OFFSET] != 0:
        offset = float64_view(populations[p, P_OFFSET], 0, size)
        offsets = float64_view(populations[p, P_OFFSETS], at, count)
        for n in range(count):
            offsets[n] = offset[ids[n]]
    if populations[p, P_ON_SPIKE] != 0:
        where = populations[p, P_IDS] + 4 * at
        call_kernel5(populations[p, P_ON_SPIKE], table, numbers, where, count, step)
    return True


@njit(error_model="numpy", cache=True)
def deposit(slices, begin, end, lines, size, table, numbers, step):
    """Add the weights of slices to the accumulators of their targets, or run their events."""
    for s in range(begin, end):
        if s + PREFETCH < end:
            ahead = lines[slices[s + PREFETCH, S_LINE], L_TARGETS]
            here = ahead + 4 * slices[s + PREFETCH, S_BEGIN]
            while here < ahead + 4 * slices[s + PREFETCH, S_END]:
                prefetch(here)
                here += 64
        line, first = slices[s, S_LINE], slices[s, S_BEGIN]
        count = slices[s, S_END] - first
        kind, address = lines[line, L_KIND], lines[line, L_WEIGHTS]
        if lines[line, L_SUM] == 0:
            width = 0 if kind == ONE else (8 if kind == EACH64 else 4)
            call_kernel7(
                lines[line, L_ARRIVE], table, numbers, lines[line, L_TARGETS] + 4 * first,
                address + width * first, count, step, kind,
            )  # fmt: skip
            continue
        targets = int32_view(lines[line, L_TARGETS], first, count)
        sums = float64_view(lines[line, L_SUM], 0, size)
        if kind == ONE:
            weight = float64_view(address, 0, 1)[0]
            for n in range(count):
                sums[np.uint64(targets[n])] += weight
        elif kind == EACH64:
            weights = float64_view(address, first, count)
            for n in range(count):
                sums[np.uint64(targets[n])] += weights[n]
        else:
            singles = float32_view(address, first, count)
            for n in range(count):
                sums[np.uint64(targets[n])] += np.float64(singles[n])


@njit(error_model="numpy", cache=True)
def collect(first, last, entries, lines, populations, starts, column, slices, n, events,
            size, table, numbers, step):  # fmt: skip
    """Find the slices due of some entries and deposit them; return slices and events so far.

    When the list of slices is full, those in it are deposited and forgotten, which a dense
    application at the end of the step makes up for.
    """
    pending = n
    for e in range(first, last):
        source = entries[e, E_SOURCE]
        emitted = column - entries[e, E_DELAY]
        begin = starts[source, emitted]
        spikes = starts[source, emitted + 1] - begin
        if spikes == 0:
            continue
        line, place = entries[e, E_LINE], entries[e, E_PLACE]
        ids = int32_view(populations[source, P_IDS], begin, spikes)
        width = lines[line, L_DELAYS]
        rows = lines[line, L_ROWS]
        if width > 1:
            rows = lines[line, L_SLICES]
            width += 1
        for i in range(spikes):
            if i + PREFETCH < spikes:
                prefetch(rows + 8 * (np.int64(ids[i + PREFETCH]) * width + place))
            bounds = int64_view(rows, np.int64(ids[i]) * width + place, 2)
            if bounds[1] <= bounds[0]:
                continue
            if n == slices.shape[0]:
                deposit(slices, pending, n, lines, size, table, numbers, step)
                n = pending = 0
                events = DENSE
            slices[n, S_LINE], slices[n, S_BEGIN], slices[n, S_END] = line, bounds[0], bounds[1]
            events += bounds[1] - bounds[0]
            n += 1
    deposit(slices, pending, n, lines, size, table, numbers, step)
    return n, events


@njit(error_model="numpy", cache=True)
def run_events(drives, v, drawn, table, numbers, step):
    """Run the events of a drive at an event port, in order of cells, buffer by buffer."""
    cells = int32_view(drives[v, V_CELLS], 0, drives[v, V_COUNT])
    each = drives[v, V_KIND] == EACH64
    weights = float64_view(drives[v, V_WEIGHTS], 0, drives[v, V_COUNT] if each else 1)
    buffer = int32_view(drives[v, V_EVENT_CELLS], 0, EVENT_BUFFER)
    chosen = float64_view(drives[v, V_EVENT_WEIGHTS], 0, EVENT_BUFFER)
    filled = 0
    for n in range(drawn.size):
        for _ in range(drawn[n]):
            buffer[filled] = cells[n]
            chosen[filled] = weights[n if each else 0]
            filled += 1
            if filled == EVENT_BUFFER:
                call_kernel7(
                    drives[v, V_ARRIVE], table, numbers, drives[v, V_EVENT_CELLS],
                    drives[v, V_EVENT_WEIGHTS], filled, step, EACH64,
                )  # fmt: skip
                filled = 0
    if filled > 0:
        call_kernel7(
            drives[v, V_ARRIVE], table, numbers, drives[v, V_EVENT_CELLS],
            drives[v, V_EVENT_WEIGHTS], filled, step, EACH64,
        )  # fmt: skip


@njit(error_model="numpy", cache=True)
def drive(drives, v, draws, slices, n, events, size, table, numbers, step):
    """Deliver the events of one drive; return slices and events so far."""
    d = drives[v, V_DRAW]
    drawn = int64_view(draws[d, D_DRAWN], 0, draws[d, D_SIZE])
    if drives[v, V_DRAWN_BEFORE] == 0:
        if drives[v, V_STEPS] != 0:
            begin, end = due_events(drives, v, V_STEPS, V_EVENTS, V_CURSOR, step)
            if begin == end:
                drawn[:] = 0
                return n, events
            ids = int32_view(drives[v, V_IDS], 0, end)
            drawn[:] = 0
            for e in range(begin, end):
                drawn[ids[e]] += 1
        else:
            draw_counts(draws, d, step)
    if drives[v, V_SUM] == 0:
        run_events(drives, v, drawn, table, numbers, step)
        return n, events
    cells = int32_view(drives[v, V_CELLS], 0, drives[v, V_COUNT])
    each = drives[v, V_KIND] == EACH64
    weights = float64_view(drives[v, V_WEIGHTS], 0, drives[v, V_COUNT] if each else 1)
    sums = float64_view(drives[v, V_SUM], 0, size)
    if drives[v, V_DENSE] != 0:
        if each:
            for m in range(drawn.size):
                sums[cells[m]] += np.float64(drawn[m]) * weights[m]
        else:
            for m in range(drawn.size):
                sums[cells[m]] += np.float64(drawn[m]) * weights[0]
        return n, np.int64(DENSE)
    touched = int32_view(drives[v, V_TOUCHED], 0, drives[v, V_COUNT])
    count = 0
    for m in range(drawn.size):
        if drawn[m] != 0:
            sums[cells[m]] += np.float64(drawn[m]) * weights[m if each else 0]
            touched[count] = cells[m]
            count += 1
    if n == slices.shape[0]:
        return 0, np.int64(DENSE)
    slices[n, S_LINE], slices[n, S_BEGIN], slices[n, S_END] = drives[v, V_LINE], 0, count
    return n + 1, events + count


@njit(error_model="numpy", cache=True)
def add_dense(applies, a, step):
    """Add the sums of a whole population to a variable, and zero them."""
    lo, hi = applies[a, A_LO], applies[a, A_HI]
    variable = float64_view(applies[a, A_VARIABLE], lo, hi - lo)
    sums = float64_view(applies[a, A_SUM], lo, hi - lo)
    held, hold = applies[a, A_HELD], applies[a, A_HOLD]
    if hold == RELEASE:
        release = int64_view(held, lo, hi - lo)
        for i in range(sums.size):
            sums[i] = select(step < release[i], 0.0, sums[i])
    elif hold == LEFT:
        left = float64_view(held, lo, hi - lo)
        for i in range(sums.size):
            sums[i] = select(left[i] > 0.0, 0.0, sums[i])
    elif hold == FLAG:
        flags = uint8_view(held, lo, hi - lo)
        for i in range(sums.size):
            sums[i] = select(flags[i] != 0, 0.0, sums[i])
    for i in range(sums.size):
        variable[i] = select(sums[i] != 0.0, variable[i] + sums[i], variable[i])
    sums[:] = 0.0


@njit(error_model="numpy", cache=True)
def add_sparse(applies, lines, slices, n, step):
    """Add the sums of the targets of slices to their variables, each once, and zero them."""
    for s in range(n):
        line, first = slices[s, S_LINE], slices[s, S_BEGIN]
        if lines[line, L_SUM] == 0:
            continue
        a = lines[line, L_APPLY]
        targets = int32_view(lines[line, L_TARGETS], first, slices[s, S_END] - first)
        hi = applies[a, A_HI]
        variable = float64_view(applies[a, A_VARIABLE], 0, hi)
        sums = float64_view(applies[a, A_SUM], 0, hi)
        held, hold = applies[a, A_HELD], applies[a, A_HOLD]
        for m in range(targets.size):
            t = np.uint64(targets[m])
            total = sums[t]
            if total == 0.0:
                continue
            sums[t] = 0.0
            lost = False
            if hold == RELEASE:
                lost = step < int64_view(held, 0, hi)[t]
            elif hold == LEFT:
                lost = float64_view(held, 0, hi)[t] > 0.0
            elif hold == FLAG:
                lost = uint8_view(held, 0, hi)[t] != 0
            if not lost:
                variable[t] += total


@njit(error_model="numpy", cache=True)
def deliver(t, targets, entries, lines, drives, draws, applies, populations, starts, column,
            slices, step):  # fmt: skip
    """Deliver all that is due at one population, then add up what arrived."""
    p = targets[t, T_POPULATION]
    size, table = populations[p, P_HI], populations[p, P_TABLE]
    numbers = populations[p, P_NUMBERS]
    n, events = collect(
        targets[t, T_DELAYED], targets[t, T_IMMEDIATE], entries, lines, populations, starts,
        column, slices, 0, 0, size, table, numbers, step,
    )  # fmt: skip
    for v in range(targets[t, T_DRIVE], targets[t, T_DRIVE_END]):
        n, events = drive(drives, v, draws, slices, n, events, size, table, numbers, step)
    if targets[t, T_IMMEDIATE] < targets[t, T_ENTRY_END]:
        n, events = collect(
            targets[t, T_IMMEDIATE], targets[t, T_ENTRY_END], entries, lines, populations,
            starts, column, slices, n, events, size, table, numbers, step,
        )  # fmt: skip
    if events == 0:
        return
    if events <= targets[t, T_SPARSE]:
        add_sparse(applies, lines, slices, n, step)
        return
    for a in range(targets[t, T_APPLY], targets[t, T_APPLY_END]):
        add_dense(applies, a, step)


@njit(error_model="numpy", cache=True, nogil=True)
def run(first, steps, table_first, base, control, starts, populations, draws, records,
        histories, groups, inputs, noise, couplings, targets, entries, lines, drives, applies,
        slices):  # fmt: skip
    """Run steps first <= k < first + steps and return how many are complete.

    Rows of the tables of waveforms begin at step `table_first`, columns of `starts` at step
    `base`. `control` tells why it came back early: (DONE, -, -), (ROOM, population, spikes
    lacking) or (NOT_FINITE, population, -).
    """
    control[0] = DONE
    for done in range(steps):
        step = first + done
        column = step - base
        for p in range(populations.shape[0]):
            lacking = emit(p, populations, draws, starts, column, step)
            if lacking > 0:
                control[0], control[1], control[2] = ROOM, p, lacking
                return done
        for r in range(records.shape[0]):
            if records[r, R_NEXT] == step:
                sample(records, r, step)
        for h in range(histories.shape[0]):
            remember(histories, h, step)
        gather(groups, inputs, noise, couplings, step - table_first, step)
        for p in range(populations.shape[0]):
            if populations[p, P_KIND] == MODEL:
                if not update(p, populations, starts, column, step):
                    control[0], control[1], control[2] = NOT_FINITE, p, 0
                    return done
        for t in range(targets.shape[0]):
            deliver(
                t, targets, entries, lines, drives, draws, applies, populations, starts, column,
                slices, step,
            )  # fmt: skip
    return steps
