"""The equations of cells with one tree, side by side: put together, solved, written back.

`lanes_1.py`, `lanes_4.py` and `lanes_8.py` are made of this, each compiled when it is needed.
"""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from rheobase.engine.parts.cable_columns import (
    B_COEFFICIENTS,
    B_DIAGONAL,
    B_FACTOR,
    B_RIGHT,
    EVERYWHERE,
    H_CONDUCTANCE,
    H_JUNCTION_COUNT,
    H_JUNCTION_TOTALS,
    H_JUNCTIONS,
    H_NODES,
    H_PARENT,
    H_PATCH_ROWS,
    H_PATCHES,
    H_RUN_COUNT,
    H_RUNS,
    H_SQUARE,
    M_CAPACITANCE,
    M_COUNT,
    M_MEMBERS,
    M_RATE,
    M_SOURCE,
    M_STRETCH_COUNT,
    M_STRETCHES,
    M_TOTAL,
    M_V,
    M_WIDTH,
    NODE,
    RATES,
    RUN,
    SHARES,
    WEIGHTS,
)
from rheobase.engine.parts.columns import WORD
from rheobase.engine.parts.common import inner
from rheobase.engine.parts.lanes import arithmetic
from rheobase.rendering.intrinsics import float64_view, fma, int32_view
from rheobase.rendering.intrinsics import load_address as load


@inner
def junctions(cable, chunk, lanes):
    """Put together the equations of junctions."""
    count = load(chunk, H_JUNCTION_COUNT)
    diagonal = float64_view(load(cable, B_DIAGONAL), 0, EVERYWHERE)
    right = float64_view(load(cable, B_RIGHT), 0, EVERYWHERE)
    places = int32_view(load(chunk, H_JUNCTIONS), 0, count)
    totals = float64_view(load(chunk, H_JUNCTION_TOTALS), 0, count)
    for n in range(count):
        for lane in range(lanes):
            diagonal[places[n] * lanes + lane] = totals[n]
            right[places[n] * lanes + lane] = 0.0


# -- one cell: what stands one after the other, as loops over arrays -------------------------------


@inner
def fill_stretch(cable, row, node, member, count, reciprocal):
    """Put together the equations of nodes of one cell that stand one after the other."""
    diagonal = float64_view(load(cable, B_DIAGONAL), node, count)
    right = float64_view(load(cable, B_RIGHT), node, count)
    capacitance = float64_view(load(row, M_CAPACITANCE), member, count)
    total = float64_view(load(row, M_TOTAL), member, count)
    v = float64_view(load(row, M_V), member, count)
    source = float64_view(load(row, M_SOURCE), member, count)
    rate = float64_view(load(row, M_RATE), member, count)
    for m in range(count):
        diagonal[m] = fma(capacitance[m], reciprocal + rate[m], total[m])
    for m in range(count):
        right[m] = capacitance[m] * fma(v[m], reciprocal, source[m])


@inner
def extrapolate_stretch(cable, row, node, member, count, weight, share):
    """Hand the voltages of such nodes to their patch."""
    right = float64_view(load(cable, B_RIGHT), node, count)
    v = float64_view(load(row, M_V), member, count)
    for m in range(count):
        v[m] = fma(weight, right[m], share * v[m])


# -- some cells ----------------------------------------------------------------------------------


def named_after(lanes):
    """Return what makes a function an inner one, under a name of its own.

    The modules of different lanes may be compiled by different processes and then loaded by one,
    which tells their functions apart by names alone.
    """

    def made(function):
        function.__name__ = f"{function.__name__}_{lanes}"
        function.__qualname__ = f"{function.__qualname__}_{lanes}"
        return inner(function)

    return made


def putting(lanes, fill):
    """Return the function that puts the equations of a chunk together."""

    @named_after(lanes)
    def of_patch(cable, row, rates):
        diagonal, right = load(cable, B_DIAGONAL), load(cable, B_RIGHT)
        count, stretches = load(row, M_COUNT), load(row, M_STRETCH_COUNT)
        capacitance, total = load(row, M_CAPACITANCE), load(row, M_TOTAL)
        v, source, rate = load(row, M_V), load(row, M_SOURCE), load(row, M_RATE)
        if stretches == 0:
            members = int32_view(load(row, M_MEMBERS), 0, count)
            for m in range(count):
                fill(diagonal, right, np.int64(members[m]), capacitance, total, m, rates, v,
                     source, rate)  # fmt: skip
        for n in range(stretches):
            stretch = load(row, M_STRETCHES) + WORD * RUN * n
            node, member, size = load(stretch, 0), load(stretch, 1), load(stretch, 2)
            if lanes == 1:
                reciprocal = float64_view(rates, 0, 1)[0]
                fill_stretch(cable, row, node, member, size, reciprocal)
                continue
            for m in range(size):
                fill(diagonal, right, node + m, capacitance, total, member + m, rates, v, source,
                     rate)  # fmt: skip

    @named_after(lanes)
    def put_together(cable, chunk):
        rates = load(cable, B_COEFFICIENTS) + NODE * RATES * lanes
        for n in range(load(chunk, H_PATCH_ROWS)):
            of_patch(cable, load(chunk, H_PATCHES) + WORD * M_WIDTH * n, rates)
        junctions(cable, chunk, lanes)

    return put_together


def solving(lanes, root, of_node, of_pairs):
    """Return the function that solves the equations of a chunk."""
    (eliminate, substitute), (eliminate_pairs, substitute_pairs) = of_node, of_pairs

    @named_after(lanes)
    def solve(cable, chunk):
        diagonal, right = load(cable, B_DIAGONAL), load(cable, B_RIGHT)
        factor = load(cable, B_FACTOR)
        parent = int32_view(load(chunk, H_PARENT), 0, load(chunk, H_NODES))
        conductance, square = load(chunk, H_CONDUCTANCE), load(chunk, H_SQUARE)
        runs, count = load(chunk, H_RUNS), load(chunk, H_RUN_COUNT)
        for back in range(count):
            run = runs + WORD * RUN * (count - 1 - back)
            begin, end = load(run, 0), load(run, 1)
            if load(run, 2) != 0:
                eliminate_pairs(diagonal, right, factor, conductance, square, begin, end)
                continue
            for more in range(end - begin):
                node = end - 1 - more
                up = np.int64(parent[node])
                eliminate(diagonal, right, factor, conductance, square, node, up)
        root(diagonal, right, 0)
        for n in range(count):
            run = runs + WORD * RUN * n
            begin, end = load(run, 0), load(run, 1)
            if load(run, 2) != 0:
                substitute_pairs(right, factor, begin, end)
                continue
            for node in range(begin, end):
                substitute(right, factor, node, np.int64(parent[node]))

    return solve


def writing(lanes, extrapolate):
    """Return the function that hands the voltages of the next step to the patches."""

    @named_after(lanes)
    def write_back(cable, chunk):
        right, coefficients = load(cable, B_RIGHT), load(cable, B_COEFFICIENTS)
        weights = coefficients + NODE * WEIGHTS * lanes
        shares = coefficients + NODE * SHARES * lanes
        for n in range(load(chunk, H_PATCH_ROWS)):
            row = load(chunk, H_PATCHES) + WORD * M_WIDTH * n
            v, count, stretches = load(row, M_V), load(row, M_COUNT), load(row, M_STRETCH_COUNT)
            if stretches == 0:
                members = int32_view(load(row, M_MEMBERS), 0, count)
                for m in range(count):
                    extrapolate(right, np.int64(members[m]), v, m, weights, shares)
            for k in range(stretches):
                stretch = load(row, M_STRETCHES) + WORD * RUN * k
                node, member, size = load(stretch, 0), load(stretch, 1), load(stretch, 2)
                if lanes == 1:
                    weight, share = float64_view(weights, 0, 1)[0], float64_view(shares, 0, 1)[0]
                    extrapolate_stretch(cable, row, node, member, size, weight, share)
                    continue
                for m in range(size):
                    extrapolate(right, node + m, v, member + m, weights, shares)

    return write_back


def side_by_side(lanes):
    """Return for chunks of `lanes` cells: put together, solve, write back."""
    fill, extrapolate, root, of_node, of_pairs = arithmetic(lanes)
    return (
        putting(lanes, fill), solving(lanes, root, of_node, of_pairs), writing(lanes, extrapolate),
    )  # fmt: skip
