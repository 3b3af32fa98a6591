"""Cells with a morphology: their patches and points, and the voltages of the next step.

For the chunks of a thread, one after the other: what has jumped is noticed, the kernels of patches
and points are run, the equations of the trees are put together and solved, the voltages written
back, and those at the sites of spikes compared with their thresholds. `interpreted_cables.py` is
the definition, with the same bits; `sides.py` and `woods.py` have the equations.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.cable_columns import (
    B_ABOVE,
    B_CHUNKS,
    B_COEFFICIENTS,
    B_COUNT,
    B_DAMPED,
    B_DIAGONAL,
    B_EULER,
    B_OFFSET,
    B_RIGHT,
    B_SPIKED,
    B_THRESHOLD,
    B_TIMES,
    BEFORE,
    EULER_STEPS,
    EVERYWHERE,
    H_CELLS,
    H_CLAMP_ROWS,
    H_CLAMPS,
    H_FIRST,
    H_LANES,
    H_NODES,
    H_PATCH_ROWS,
    H_PATCHES,
    H_POINT_ROWS,
    H_POINTS,
    H_PROBE_ROWS,
    H_PROBES,
    H_PUT_TOGETHER,
    H_SITES,
    H_SLOT,
    H_SOLVE,
    H_WATCH_ROWS,
    H_WATCHES,
    H_WIDTH,
    M_COUNT,
    M_HI,
    M_KERNEL,
    M_LO,
    M_MEMBERS,
    M_NUMBERS,
    M_TABLE,
    M_V,
    M_WIDTH,
    PER_CELL,
    R_ARRAY,
    R_CELLS,
    R_COUNT,
    R_ELEMENTS,
    R_SLOPE,
    R_WAS,
    R_WIDTH,
    RATES,
    SHARES,
    T_FROM,
    T_HI,
    T_KERNEL,
    T_LO,
    T_NODES,
    T_NUMBERS,
    T_RATE,
    T_SOURCE,
    T_TABLE,
    T_V,
    T_WIDTH,
    UNKNOWN,
    W_ARRAY,
    W_CELLS,
    W_COUNT,
    W_WAS,
    W_WIDTH,
    WEIGHTS,
    Z_CELL,
    Z_CONDUCTANCE,
    Z_FIRST,
    Z_LAST,
    Z_NODE,
    Z_V,
    Z_WIDTH,
)
from rheobase.engine.parts.columns import PART, WORD
from rheobase.engine.parts.common import inner
from rheobase.rendering.intrinsics import (
    bits_to_float,
    call_kernel5,
    float64_view,
    float_to_bits,
    int32_view,
    select,
    uint8_view,
    wide_vectors,
)
from rheobase.rendering.intrinsics import load_address as load

EXPONENT = 0x7FF0000000000000

# -- what has jumped ---------------------------------------------------------------------------


@inner
def watch(row, damped):
    """Damp the cells of which an arrival has changed a state since the last update."""
    count = load(row, W_COUNT)
    states = float64_view(load(row, W_ARRAY), 0, count)
    were = float64_view(load(row, W_WAS), 0, count)
    different = 0
    for e in range(count):
        different |= select(states[e] != were[e], 1, 0)
    if different == 0:
        return
    cells = int32_view(load(row, W_CELLS), 0, count)
    for e in range(count):
        if states[e] != were[e]:
            damped[cells[e]] = EULER_STEPS


@inner
def probe(row, damped):
    """Damp the cells whose input is off the line of the two before by more than its last change."""
    count = load(row, R_COUNT)
    elements = int32_view(load(row, R_ELEMENTS), 0, count)
    cells = int32_view(load(row, R_CELLS), 0, count)
    values = float64_view(load(row, R_ARRAY), 0, EVERYWHERE)
    were = float64_view(load(row, R_WAS), 0, EVERYWHERE)
    slopes = float64_view(load(row, R_SLOPE), 0, EVERYWHERE)
    for n in range(count):
        e = elements[n]
        change = values[e] - were[e]
        if abs(change - slopes[e]) > abs(slopes[e]):
            damped[cells[n]] = EULER_STEPS
        were[e] = values[e]
        slopes[e] = change


@inner
def notice(cable, chunk, damped, step):
    """Find the cells that are to be damped in this step."""
    for n in range(load(chunk, H_WATCH_ROWS)):
        watch(load(chunk, H_WATCHES) + WORD * W_WIDTH * n, damped)
    for n in range(load(chunk, H_PROBE_ROWS)):
        probe(load(chunk, H_PROBES) + WORD * R_WIDTH * n, damped)
    for n in range(load(chunk, H_CLAMP_ROWS)):
        row = load(chunk, H_CLAMPS) + WORD * Z_WIDTH * n
        if step == load(row, Z_FIRST) or step == load(row, Z_LAST):
            damped[load(row, Z_CELL)] = EULER_STEPS


@inner
def choose(cable, chunk, damped):
    """Choose the rule of each cell for the step: by cell, 1/h, and how v(t + dt) is made."""
    first, count = load(chunk, H_FIRST), load(chunk, H_CELLS)
    times = float64_view(load(cable, B_TIMES), 0, 3)
    coefficients = float64_view(load(cable, B_COEFFICIENTS), 0, PER_CELL * count)
    always = load(cable, B_EULER) != 0
    for i in range(count):
        euler = always or damped[first + i] > 0
        coefficients[RATES * count + i] = select(euler, times[1], times[2])
        coefficients[WEIGHTS * count + i] = select(euler, 1.0, 2.0)
        coefficients[SHARES * count + i] = select(euler, 0.0, -1.0)
        if damped[first + i] > 0:
            damped[first + i] -= 1


# -- patches and points ------------------------------------------------------------------------


@inner
def hand_voltages(chunk):
    """Hand the voltages of nodes to points."""
    for n in range(load(chunk, H_POINT_ROWS)):
        row = load(chunk, H_POINTS) + WORD * T_WIDTH * n
        sources = load(row, T_FROM)
        v = float64_view(load(row, T_V), 0, load(row, T_HI) - load(row, T_LO))
        for e in range(v.size):
            v[e] = float64_view(load(sources, e), 0, 1)[0]


@inner
def run_points(chunk, step):
    """Run the kernels of points."""
    for n in range(load(chunk, H_POINT_ROWS)):
        row = load(chunk, H_POINTS) + WORD * T_WIDTH * n
        lo, hi = load(row, T_LO), load(row, T_HI)
        call_kernel5(load(row, T_KERNEL), load(row, T_TABLE), load(row, T_NUMBERS), lo, hi, step)


@inner
def run_patches(chunk, step):
    """Run the kernels of patches."""
    for n in range(load(chunk, H_PATCH_ROWS)):
        row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
        lo, hi = load(row, M_LO), load(row, M_HI)
        call_kernel5(load(row, M_KERNEL), load(row, M_TABLE), load(row, M_NUMBERS), lo, hi, step)


@inner
def add_points(cable, chunk):
    """Add the currents of points to the equations of their nodes, in order."""
    diagonal = float64_view(load(cable, B_DIAGONAL), 0, EVERYWHERE)
    right = float64_view(load(cable, B_RIGHT), 0, EVERYWHERE)
    for n in range(load(chunk, H_POINT_ROWS)):
        row = load(chunk, H_POINTS) + WORD * T_WIDTH * n
        count = load(row, T_HI) - load(row, T_LO)
        nodes = int32_view(load(row, T_NODES), 0, count)
        sources = float64_view(load(row, T_SOURCE), 0, count)
        rates = float64_view(load(row, T_RATE), 0, count)
        for e in range(count):
            diagonal[nodes[e]] += rates[e]
            right[nodes[e]] += sources[e]


@inner
def hold(cable, chunk, step):
    """Tie the nodes that are clamped to their voltage."""
    diagonal = float64_view(load(cable, B_DIAGONAL), 0, EVERYWHERE)
    right = float64_view(load(cable, B_RIGHT), 0, EVERYWHERE)
    for n in range(load(chunk, H_CLAMP_ROWS)):
        row = load(chunk, H_CLAMPS) + WORD * Z_WIDTH * n
        if load(row, Z_FIRST) <= step < load(row, Z_LAST):
            conductance = bits_to_float(load(row, Z_CONDUCTANCE))
            node = load(row, Z_NODE)
            diagonal[node] += conductance
            right[node] += conductance * float64_view(load(row, Z_V), 0, 1)[0]


# -- after the solve -----------------------------------------------------------------------------


@inner
def before(cable, chunk):
    """Keep the voltages at the sites of spikes."""
    first, count = load(chunk, H_FIRST), load(chunk, H_CELLS)
    sites = load(chunk, H_SITES)
    kept = float64_view(load(cable, B_COEFFICIENTS), BEFORE * count, count)
    threshold = float64_view(load(cable, B_THRESHOLD), first, count)
    above = uint8_view(load(cable, B_ABOVE), first, count)
    for i in range(count):
        kept[i] = float64_view(load(sites, i), 0, 1)[0]
        if above[i] == UNKNOWN:
            above[i] = select(kept[i] > threshold[i], 1, 0)


@inner
def spikes(cable, chunk):
    """Find the cells that spike: above the threshold, and not so a step before."""
    first, count = load(chunk, H_FIRST), load(chunk, H_CELLS)
    sites = load(chunk, H_SITES)
    kept = float64_view(load(cable, B_COEFFICIENTS), BEFORE * count, count)
    threshold = float64_view(load(cable, B_THRESHOLD), first, count)
    above = uint8_view(load(cable, B_ABOVE), first, count)
    spiked = uint8_view(load(cable, B_SPIKED), first, count)
    placed = load(cable, B_OFFSET)
    dt = float64_view(load(cable, B_TIMES), 0, 1)[0]
    for i in range(count):
        v = float64_view(load(sites, i), 0, 1)[0]
        now = v > threshold[i]
        spiked[i] = select(now and above[i] == 0, 1, 0)
        above[i] = select(now, 1, 0)
        if placed != 0 and spiked[i] != 0:
            offset = float64_view(placed, first, count)
            gap = threshold[i] - kept[i]
            offset[i] = select(gap > 0.0, dt * (gap / (v - kept[i])), 0.0)


@inner
def fails(chunk):
    """Whether a voltage of the chunk is nan or infinite."""
    bad = 0
    for n in range(load(chunk, H_PATCH_ROWS)):
        row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
        v = float64_view(load(row, M_V), 0, load(row, M_HI) - load(row, M_LO))
        for e in range(v.size):
            bad |= select((float_to_bits(v[e]) & EXPONENT) == EXPONENT, 1, 0)
    return bad != 0


@inner
def blame(cable, chunk):
    """Mark the cells of which a voltage is nan or infinite."""
    first, count, lanes = load(chunk, H_FIRST), load(chunk, H_CELLS), load(chunk, H_LANES)
    spiked = uint8_view(load(cable, B_SPIKED), first, count)
    slots = int32_view(load(chunk, H_SLOT), 0, load(chunk, H_NODES))
    for n in range(load(chunk, H_PATCH_ROWS)):
        row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
        v = float64_view(load(row, M_V), 0, load(row, M_HI) - load(row, M_LO))
        members = int32_view(load(row, M_MEMBERS), 0, load(row, M_COUNT))
        for e in range(v.size):
            if (float_to_bits(v[e]) & EXPONENT) == EXPONENT:
                if lanes > 0:
                    spiked[e % lanes] = 2
                else:
                    spiked[slots[members[e]]] = 2


@inner
def leave(chunk):
    """Note what the states that arrivals write are now."""
    for n in range(load(chunk, H_WATCH_ROWS)):
        row = load(chunk, H_WATCHES) + WORD * W_WIDTH * n
        states = float64_view(load(row, W_ARRAY), 0, load(row, W_COUNT))
        were = float64_view(load(row, W_WAS), 0, load(row, W_COUNT))
        for e in range(states.size):
            were[e] = states[e]


@inner
def advance(cable, chunk, step):
    """One step of the cells of a chunk."""
    damped = uint8_view(load(cable, B_DAMPED), 0, EVERYWHERE)
    notice(cable, chunk, damped, step)
    choose(cable, chunk, damped)
    before(cable, chunk)
    hand_voltages(chunk)
    run_points(chunk, step)
    run_patches(chunk, step)
    call_kernel5(load(chunk, H_PUT_TOGETHER), cable, chunk, 0, 0, step)
    add_points(cable, chunk)
    hold(cable, chunk, step)
    call_kernel5(load(chunk, H_SOLVE), cable, chunk, 0, 0, step)
    spikes(cable, chunk)
    if fails(chunk):
        blame(cable, chunk)
    leave(chunk)
    hand_voltages(chunk)  # so that what is recorded of points is of one time


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def update(cable, numbers, lo, hi, step):
    """One step of the cells of a thread; as the update of a model."""
    wide_vectors()
    for n in range(load(cable, B_COUNT)):
        advance(cable, load(cable, B_CHUNKS) + WORD * H_WIDTH * n, step)
