"""The equations of cells with different trees, level by level: put together, solved, written."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.cable_columns import (
    B_COEFFICIENTS,
    B_DIAGONAL,
    B_FACTOR,
    B_RIGHT,
    EVERYWHERE,
    H_CELLS,
    H_CONDUCTANCE,
    H_NODES,
    H_PARENT,
    H_PATCH_ROWS,
    H_PATCHES,
    H_SLOT,
    H_SQUARE,
    M_CAPACITANCE,
    M_COUNT,
    M_MEMBERS,
    M_RATE,
    M_SOURCE,
    M_TOTAL,
    M_V,
    M_WIDTH,
    RATES,
    SHARES,
    WEIGHTS,
)
from rheobase.engine.parts.columns import PART, WORD
from rheobase.engine.parts.common import inner
from rheobase.engine.parts.sides import junctions
from rheobase.rendering.intrinsics import float64_view, fma, select, uint32_view, unsigned
from rheobase.rendering.intrinsics import load_address as load


@inner
def put_wood_together(cable, chunk):
    """Put together the equations of trees that differ."""
    cells = load(chunk, H_CELLS)
    diagonal = float64_view(load(cable, B_DIAGONAL), 0, EVERYWHERE)
    right = float64_view(load(cable, B_RIGHT), 0, EVERYWHERE)
    reciprocals = float64_view(load(cable, B_COEFFICIENTS), RATES * cells, cells)
    slots = uint32_view(load(chunk, H_SLOT), 0, load(chunk, H_NODES))
    alike = all_alike(reciprocals)
    for n in range(load(chunk, H_PATCH_ROWS)):
        row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
        size = load(row, M_COUNT)
        members = uint32_view(load(row, M_MEMBERS), 0, size)
        capacitance = float64_view(load(row, M_CAPACITANCE), 0, size)
        total = float64_view(load(row, M_TOTAL), 0, size)
        v = float64_view(load(row, M_V), 0, size)
        source = float64_view(load(row, M_SOURCE), 0, size)
        rate = float64_view(load(row, M_RATE), 0, size)
        reciprocal = reciprocals[0]
        for m in range(size):
            node = members[m]
            if not alike:
                reciprocal = reciprocals[slots[node]]
            diagonal[node] = fma(capacitance[m], reciprocal + rate[m], total[m])
            right[node] = capacitance[m] * fma(v[m], reciprocal, source[m])
    junctions(cable, chunk, 1)


@inner
def all_alike(values):
    """Whether all cells go by one rule in this step, as most do in most."""
    different = 0
    for i in range(values.size):
        different |= select(values[i] != values[0], 1, 0)
    return different == 0


@inner
def solve_wood(cable, chunk):
    """Solve the equations of trees that differ; their roots have no parent."""
    nodes = load(chunk, H_NODES)
    diagonal = float64_view(load(cable, B_DIAGONAL), 0, nodes)
    right = float64_view(load(cable, B_RIGHT), 0, nodes)
    factor = float64_view(load(cable, B_FACTOR), 0, nodes)
    parents = uint32_view(load(chunk, H_PARENT), 0, nodes)
    conductance = float64_view(load(chunk, H_CONDUCTANCE), 0, nodes)
    square = float64_view(load(chunk, H_SQUARE), 0, nodes)
    roots = load(chunk, H_CELLS)
    for back in range(nodes - roots):
        node = unsigned(nodes - 1 - back)
        parent = parents[node]
        q = 1.0 / diagonal[node]
        f = conductance[node] * q
        own = right[node]
        diagonal[parent] = fma(-square[node], q, diagonal[parent])
        right[parent] = fma(f, own, right[parent])
        factor[node] = f
        right[node] = own * q
    for root in range(roots):
        right[root] = right[root] * (1.0 / diagonal[root])
    for more in range(nodes - roots):
        node = unsigned(roots + more)
        right[node] = fma(factor[node], right[parents[node]], right[node])


@inner
def write_back_wood(cable, chunk):
    """Hand the voltages of the next step to the patches."""
    cells = load(chunk, H_CELLS)
    right = float64_view(load(cable, B_RIGHT), 0, EVERYWHERE)
    weights = float64_view(load(cable, B_COEFFICIENTS), WEIGHTS * cells, cells)
    shares = float64_view(load(cable, B_COEFFICIENTS), SHARES * cells, cells)
    slots = uint32_view(load(chunk, H_SLOT), 0, load(chunk, H_NODES))
    alike = all_alike(weights)
    for n in range(load(chunk, H_PATCH_ROWS)):
        row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
        size = load(row, M_COUNT)
        members = uint32_view(load(row, M_MEMBERS), 0, size)
        v = float64_view(load(row, M_V), 0, size)
        if alike:
            weight, share = weights[0], shares[0]
            for m in range(size):
                v[m] = fma(weight, right[members[m]], share * v[m])
            continue
        for m in range(size):
            slot = slots[members[m]]
            v[m] = fma(weights[slot], right[members[m]], shares[slot] * v[m])


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def put_together(cable, chunk, column, table_row, step):
    """Put the equations of a chunk together."""
    put_wood_together(cable, chunk)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def solve(cable, chunk, column, table_row, step):
    """Solve them, and write the voltages of the next step back."""
    solve_wood(cable, chunk)
    write_back_wood(cable, chunk)
