"""Exact events: a heap of arrivals and crossings at real times.

The same as `engine/interpreted_events.py`, with the same bits. Run by the first thread, in the
part of a step before the threads meet; the others take what is due on the grid after it.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import cfunc

from rheobase.engine.facts import ENDLESS
from rheobase.engine.parts.columns import (
    D_DRAWN,
    D_SKIP,
    DENSE,
    EACH32,
    K_EVENTS,
    K_POPULATION,
    K_REASON,
    LINE_WORDS,
    N_CONTROL,
    N_PEERS,
    N_SYNC,
    N_THREADS,
    NOT_FINITE,
    P_IDS,
    P_OFFSET,
    P_OFFSETS,
    P_STARTS,
    P_TIMES,
    P_WIDTH,
    PART,
    V_TABLE,
    WORD,
    Y_FAILED,
)
from rheobase.engine.parts.common import draw_counts, due, inner, own_count
from rheobase.engine.parts.event_columns import (
    B_ARRIVE,
    B_DELAY_STRIDE,
    B_DELAYS,
    B_KIND,
    B_ROWS,
    B_SINCE,
    B_STEP,
    B_TARGET,
    B_TARGETS,
    B_UNTIL,
    B_WEIGHTS,
    B_WIDTH,
    DUE,
    G_OUT,
    G_OUTS,
    G_PLACE,
    G_WIDTH,
    H_ORDER,
    H_PLACE,
    H_SENT,
    H_SOURCE,
    H_TIME,
    H_WIDTH,
    HEAP,
    LATER,
    M_ALL,
    M_LINES,
    M_ROWS,
    R_ARRIVE,
    R_HI,
    R_KIND,
    R_LO,
    R_NUMBERS,
    R_ROUTE,
    R_STEP,
    R_SUM,
    R_TABLE,
    R_WEIGHTS,
    R_WIDTH,
    SPIKES,
    U_BEGIN,
    U_END,
    U_ROUTE,
    U_WIDTH,
    V_CURSOR,
    V_DRAW,
    V_EVENTS,
    V_IDS,
    V_OFFSETS,
    V_ROUTE,
    V_STEPS,
    V_WIDTH,
    W_CELL,
    W_STEP,
    W_TIME,
    W_WIDTH,
    X_CELL_ROWS,
    X_CELLS,
    X_DRIVE_ROWS,
    X_DRIVES,
    X_DT,
    X_END,
    X_GROW,
    X_ONE,
    X_ROUTES,
    X_SOURCE_ROWS,
    X_SOURCES,
    X_STORES,
    Y_DATA,
    Y_ROOM,
    Y_SIZE,
    Y_WIDTH,
    Z_ANCHOR,
    Z_CROSSINGS,
    Z_EVERY,
    Z_INPUT_ROWS,
    Z_INPUTS,
    Z_MASK,
    Z_NUMBERS,
    Z_ON_SPIKE,
    Z_OUT,
    Z_OUTS,
    Z_PLACE,
    Z_SIZE,
    Z_TABLE,
    Z_TIME,
    Z_UPDATE,
    Z_WIDTH,
)
from rheobase.network.grid import TOLERANCE
from rheobase.rendering.atomics import atomic_store
from rheobase.rendering.intrinsics import (
    bits_to_float,
    call_kernel5,
    call_kernel7,
    float32_view,
    float64_view,
    float_to_bits,
    floor,
    int32_view,
    int64_view,
    uint8_view,
)
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store

# -- lists and heaps ------------------------------------------------------------------------


@inner
def new_row(x, which, width):
    """Return the address of a new row at the end of a list, which grows if it has to."""
    row = load(x, X_STORES) + WORD * Y_WIDTH * which
    size = load(row, Y_SIZE)
    if size == load(row, Y_ROOM):
        call_kernel5(load(x, X_GROW), which, size + 1, 0, 0, 0)
    store(row, Y_SIZE, size + 1)
    return load(row, Y_DATA) + WORD * width * size


@inner
def before(a, time, order, source, sent, place):
    """Whether the event at an address comes before one of these keys."""
    if load(a, H_TIME) != time:
        return load(a, H_TIME) < time
    if load(a, H_ORDER) != order:
        return load(a, H_ORDER) < order
    if load(a, H_SOURCE) != source:
        return load(a, H_SOURCE) < source
    if load(a, H_SENT) != sent:
        return load(a, H_SENT) < sent
    return load(a, H_PLACE) < place


@inner
def move(begin, end):
    """Copy an event."""
    for word in range(H_WIDTH):
        store(end, word, load(begin, word))


@inner
def put_event(at, time, order, source, sent, place):
    """Write an event."""
    store(at, H_TIME, time)
    store(at, H_ORDER, order)
    store(at, H_SOURCE, source)
    store(at, H_SENT, sent)
    store(at, H_PLACE, place)


@inner
def push(x, which, time, order, source, sent, place):
    """Add an event to a heap."""
    new_row(x, which, H_WIDTH)
    row = load(x, X_STORES) + WORD * Y_WIDTH * which
    data, k = load(row, Y_DATA), load(row, Y_SIZE) - 1
    while k > 0:
        parent = data + WORD * H_WIDTH * ((k - 1) >> 1)
        if before(parent, time, order, source, sent, place):
            break
        move(parent, data + WORD * H_WIDTH * k)
        k = (k - 1) >> 1
    put_event(data + WORD * H_WIDTH * k, time, order, source, sent, place)


@inner
def pop(x, which):
    """Remove the first event of a heap, which the caller has read."""
    row = load(x, X_STORES) + WORD * Y_WIDTH * which
    data, size = load(row, Y_DATA), load(row, Y_SIZE) - 1
    store(row, Y_SIZE, size)
    last = data + WORD * H_WIDTH * size
    time, order = load(last, H_TIME), load(last, H_ORDER)
    source, sent, place = load(last, H_SOURCE), load(last, H_SENT), load(last, H_PLACE)
    k = 0
    while 2 * k + 1 < size:
        child = data + WORD * H_WIDTH * (2 * k + 1)
        step = 1
        if 2 * k + 2 < size:
            right = child + WORD * H_WIDTH
            if before(right, load(child, H_TIME), load(child, H_ORDER), load(child, H_SOURCE),
                      load(child, H_SENT), load(child, H_PLACE)):  # fmt: skip
                child, step = right, 2
        if not before(child, time, order, source, sent, place):
            break
        move(child, data + WORD * H_WIDTH * k)
        k = 2 * k + step
    if size > 0:
        put_event(data + WORD * H_WIDTH * k, time, order, source, sent, place)


# -- sending --------------------------------------------------------------------------------


@inner
def put(x, number, source, sent, place):
    """Let what stands at a place of a row arrive at its time."""
    route = load(x, X_ROUTES) + WORD * B_WIDTH * number
    if place >= load(load(route, B_ROWS), source + 1):
        return
    stride = load(route, B_DELAY_STRIDE)
    delay = float64_view(load(route, B_DELAYS), place * stride, 1)[0]
    time = float_to_bits(bits_to_float(sent) + delay)
    which = HEAP if load(route, B_TARGET) >= 0 else LATER
    push(x, which, time, number, source, sent, place)


@inner
def send(x, out, count, step, cell, time):
    """Pass a spike on to everything that its population is connected with."""
    for n in range(count):
        number = load(out, n)
        route = load(x, X_ROUTES) + WORD * B_WIDTH * number
        if load(route, B_SINCE) <= step < load(route, B_UNTIL):
            put(x, number, cell, time, load(load(route, B_ROWS), cell))


@inner
def same_arrival(route, source, begin):
    """Return where those synapses of a row end that have one delay and differ in their cells."""
    last = load(load(route, B_ROWS), source + 1)
    targets = int32_view(load(route, B_TARGETS), 0, last)
    stride = load(route, B_DELAY_STRIDE)
    delays = float64_view(load(route, B_DELAYS), 0, last)
    end = begin + 1
    while end < last and targets[end] > targets[end - 1]:
        if delays[end * stride] != delays[begin * stride]:
            break
        end += 1
    return end


# -- events ---------------------------------------------------------------------------------


@inner
def cross(x, place, cells, cell):
    """Note that a cell crosses its threshold in this step."""
    time = load(load(cells, Z_CROSSINGS), cell)
    push(x, HEAP, time, place - load(x, X_CELL_ROWS), cell, time, 0)


@inner
def spike(x, step, time, order, cell):
    """Let a cell spike, unless it crosses at another time by now; False if it does forever."""
    place = order + load(x, X_CELL_ROWS)
    cells = load(x, X_CELLS) + WORD * Z_WIDTH * place
    crossings = load(cells, Z_CROSSINGS)
    if load(crossings, cell) != time:
        return True
    store(load(cells, Z_TIME), 0, time)
    one = int32_view(load(x, X_ONE), 0, 1)
    one[0] = cell
    call_kernel5(
        load(cells, Z_ON_SPIKE), load(cells, Z_TABLE), load(cells, Z_NUMBERS), load(x, X_ONE), 1,
        step,
    )  # fmt: skip
    row = new_row(x, SPIKES + place, W_WIDTH)
    store(row, W_STEP, step)
    store(row, W_CELL, cell)
    store(row, W_TIME, time)
    send(x, load(cells, Z_OUT), load(cells, Z_OUTS), step, cell, time)
    if load(crossings, cell) <= time:
        uint8_view(load(cells, Z_MASK), cell, 1)[0] |= ENDLESS
        return False
    if load(crossings, cell) < load(x, X_END):
        cross(x, place, cells, cell)
    return True


@inner
def arrive(x, step, time, order, source, sent, begin):
    """Let what is due of a row arrive: each cell once, so that a cell spikes before the next."""
    route = load(x, X_ROUTES) + WORD * B_WIDTH * order
    end = same_arrival(route, source, begin)
    place = load(route, B_TARGET)
    cells = load(x, X_CELLS) + WORD * Z_WIDTH * place
    store(load(cells, Z_TIME), 0, time)
    call_kernel7(
        load(route, B_ARRIVE), load(cells, Z_TABLE), load(cells, Z_NUMBERS),
        load(route, B_TARGETS) + 4 * begin, load(route, B_WEIGHTS) + load(route, B_STEP) * begin,
        end - begin, step, load(route, B_KIND),
    )  # fmt: skip
    targets = int32_view(load(route, B_TARGETS), begin, end - begin)
    crossings, limit = load(cells, Z_CROSSINGS), load(x, X_END)
    for n in range(end - begin):
        if load(crossings, targets[n]) < limit:
            cross(x, place, cells, targets[n])
    put(x, order, source, sent, end)


@inner
def change_inputs(x, step, begin):
    """Let the cells whose inputs are other than they were go on with the new ones."""
    for c in range(load(x, X_CELL_ROWS)):
        cells = load(x, X_CELLS) + WORD * Z_WIDTH * c
        pairs, count = load(cells, Z_INPUTS), load(cells, Z_INPUT_ROWS)
        if count == 0:
            continue
        size, table, numbers = load(cells, Z_SIZE), load(cells, Z_TABLE), load(cells, Z_NUMBERS)
        store(load(cells, Z_TIME), 0, begin)
        for i in range(size):
            changed = False
            for n in range(count):
                now = float64_view(load(pairs, 2 * n), i, 1)[0]
                changed |= now != float64_view(load(pairs, 2 * n + 1), i, 1)[0]
            if changed:
                call_kernel5(load(cells, Z_UPDATE), table, numbers, i, i + 1, step)
                call_kernel5(load(cells, Z_ANCHOR), table, numbers, i, i + 1, step)


@inner
def run_drives(x, step, begin):
    """Add the events that drives have in the step; those of Poisson processes at its start."""
    for d in range(load(x, X_DRIVE_ROWS)):
        drive = load(x, X_DRIVES) + WORD * V_WIDTH * d
        number, draw = load(drive, V_ROUTE), load(drive, V_DRAW)
        if draw != 0:
            draw_counts(draw, step)
            drawn = int64_view(load(draw, D_DRAWN), load(draw, D_SKIP), own_count(draw))
            for place in range(drawn.size):
                for _ in range(drawn[place]):
                    put(x, number, place, begin, place)
            continue
        steps, count = load(drive, V_STEPS), load(drive, V_EVENTS)
        first = due(steps, count, load(drive, V_CURSOR), step)
        last = due(steps, count, first, step + 1)
        store(drive, V_CURSOR, last)
        ids = int32_view(load(drive, V_IDS), 0, last)
        offsets = float64_view(load(drive, V_OFFSETS), 0, last)
        for n in range(first, last):
            time = float_to_bits(bits_to_float(begin) + offsets[n])
            put(x, number, ids[n], time, ids[n])


@inner
def collect(x, step):
    """List what arrives in this step at cells on the grid, in the order of times."""
    heap = load(x, X_STORES) + WORD * Y_WIDTH * LATER
    store(load(x, X_STORES) + WORD * Y_WIDTH * (DUE + step % 2), Y_SIZE, 0)
    dt = bits_to_float(load(x, X_DT))
    while load(heap, Y_SIZE) > 0:
        top = load(heap, Y_DATA)
        if np.int64(floor(bits_to_float(load(top, H_TIME)) / dt + TOLERANCE)) > step:
            return
        order, source, sent = load(top, H_ORDER), load(top, H_SOURCE), load(top, H_SENT)
        begin = load(top, H_PLACE)
        pop(x, LATER)
        end = same_arrival(load(x, X_ROUTES) + WORD * B_WIDTH * order, source, begin)
        row = new_row(x, DUE + step % 2, U_WIDTH)
        store(row, U_ROUTE, order)
        store(row, U_BEGIN, begin)
        store(row, U_END, end)
        put(x, order, source, sent, end)


@inner
def run_heap(x, step):
    """Run the events of a step in order; return the population whose cell has no end, or -1."""
    heap = load(x, X_STORES) + WORD * Y_WIDTH * HEAP
    while load(heap, Y_SIZE) > 0:
        top = load(heap, Y_DATA)
        time, order = load(top, H_TIME), load(top, H_ORDER)
        if time >= load(x, X_END):
            return np.int64(-1)
        source, sent, place = load(top, H_SOURCE), load(top, H_SENT), load(top, H_PLACE)
        pop(x, HEAP)
        if order >= 0:
            arrive(x, step, time, order, source, sent, place)
        elif not spike(x, step, time, order, source):
            return order + load(x, X_CELL_ROWS)
    return np.int64(-1)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def run(x, network, column, table_row, step):
    """Run the events of a step."""
    dt = bits_to_float(load(x, X_DT))
    begin = float_to_bits(np.float64(step) * dt)
    store(x, X_END, float_to_bits(np.float64(step + 1) * dt))
    change_inputs(x, step, begin)
    run_drives(x, step, begin)
    for c in range(load(x, X_CELL_ROWS)):
        cells = load(x, X_CELLS) + WORD * Z_WIDTH * c
        crossings = int64_view(load(cells, Z_CROSSINGS), 0, load(cells, Z_SIZE))
        for i in range(crossings.size):
            if crossings[i] < load(x, X_END):
                cross(x, c, cells, i)
    failed = run_heap(x, step)
    if failed >= 0:
        control = load(network, N_CONTROL)
        store(control, K_POPULATION, load(load(x, X_CELLS) + WORD * Z_WIDTH * failed, Z_PLACE))
        store(control, K_REASON, NOT_FINITE)
        atomic_store(load(network, N_SYNC), LINE_WORDS * Y_FAILED, step)
        return
    for c in range(load(x, X_CELL_ROWS)):
        cells = load(x, X_CELLS) + WORD * Z_WIDTH * c
        every = load(cells, Z_EVERY)
        if every > 0 and (step + 1) % every == 0:
            store(load(cells, Z_TIME), 0, load(x, X_END))
            call_kernel5(
                load(cells, Z_UPDATE), load(cells, Z_TABLE), load(cells, Z_NUMBERS), 0,
                load(cells, Z_SIZE), step,
            )  # fmt: skip
    collect(x, step)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def take(x, network, column, table_row, step):
    """Take the spikes of the step of populations on the grid, and of sources."""
    begin = np.float64(step) * bits_to_float(load(x, X_DT))
    for s in range(load(x, X_SOURCE_ROWS)):
        row = load(x, X_SOURCES) + WORD * G_WIDTH * s
        for thread in range(load(network, N_THREADS)):
            peers = load(load(network, N_PEERS), thread)
            source = peers + WORD * P_WIDTH * load(row, G_PLACE)
            first, last = load(load(source, P_STARTS), column), load(load(source, P_STARTS),
                                                                   column + 1)  # fmt: skip
            ids = int32_view(load(source, P_IDS), 0, last)
            placed = load(source, P_OFFSET) != 0 or load(source, P_TIMES) != 0
            offsets = float64_view(load(source, P_OFFSETS), 0, last)
            for n in range(first, last):
                time = begin + offsets[n] if placed else begin
                send(x, load(row, G_OUT), load(row, G_OUTS), step, ids[n], float_to_bits(time))


# -- on the grid ----------------------------------------------------------------------------


@inner
def deposit(line, address, begin, end, step):
    """Deliver the part of a piece of a row that goes to the cells of a thread."""
    lo, hi = load(line, R_LO), load(line, R_HI)
    targets = int32_view(address, 0, end)
    while begin < end and targets[begin] < lo:
        begin += 1
    while begin < end and targets[end - 1] >= hi:
        end -= 1
    if begin == end:
        return
    weights = load(line, R_WEIGHTS) + load(line, R_STEP) * begin
    if load(line, R_SUM) == 0:
        call_kernel7(
            load(line, R_ARRIVE), load(line, R_TABLE), load(line, R_NUMBERS),
            address + 4 * begin, weights, end - begin, step, load(line, R_KIND),
        )  # fmt: skip
        return
    sums = float64_view(load(line, R_SUM), 0, hi - lo)
    if load(line, R_KIND) == EACH32:
        singles = float32_view(weights, 0, end - begin)
        for n in range(end - begin):
            sums[targets[begin + n] - lo] += np.float64(singles[n])
        return
    stride = np.int64(load(line, R_STEP) != 0)
    each = float64_view(weights, 0, (end - begin - 1) * stride + 1)
    for n in range(end - begin):
        sums[targets[begin + n] - lo] += each[n * stride]


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def deliver(drive, network, column, table_row, step):
    """Deliver what is due on the grid to the cells of a thread."""
    table = load(drive, V_TABLE)
    x = load(table, M_ALL)
    stored = load(x, X_STORES) + WORD * Y_WIDTH * (DUE + step % 2)
    count, rows = load(stored, Y_SIZE), load(stored, Y_DATA)
    for u in range(count):
        row = rows + WORD * U_WIDTH * u
        number = load(row, U_ROUTE)
        route = load(x, X_ROUTES) + WORD * B_WIDTH * number
        for n in range(load(table, M_ROWS)):
            line = load(table, M_LINES) + WORD * R_WIDTH * n
            if load(line, R_ROUTE) == number:
                deposit(line, load(route, B_TARGETS), load(row, U_BEGIN), load(row, U_END), step)
    store(load(network, N_CONTROL), K_EVENTS, DENSE if count > 0 else 0)
