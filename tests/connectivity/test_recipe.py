"""A row drawn alone is that of all rows drawn together, weights and delays with it."""

import ctypes

import numpy as np
import pytest
from tests.connectivity.drawn import SEED, STREAM, drawing

from rheobase.connectivity.recipe import row_recipe
from rheobase.connectivity.rows import draw_rows
from rheobase.connectivity.ruletable import address
from rheobase.connectivity.values import Source, steps, weights_of
from rheobase.network import distributions, rules
from rheobase.simulation.streams import RandomStream
from rheobase.units import DIMENSIONLESS, ms

DT = 1e-4


def source(stream):
    return Source(SEED, stream, RandomStream(SEED, stream))


def made_of(rule, drawn, size, weight, delay, single=False):
    return row_recipe(rule, drawn, size, source(STREAM), weight, source(3), delay, source(4), DT,
                      single, 2)  # fmt: skip


def rows_of(recipe, size):
    """Call the compiled function for every source."""
    call = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 5)(recipe.function)
    targets = np.empty(recipe.longest_row, np.uint32)
    weights, delays = np.empty(recipe.longest_row), np.empty(recipe.longest_row, np.int32)
    found = []
    for cell in range(size):
        n = call(recipe.table, cell, address(targets), address(weights), address(delays))
        found.append((targets[:n].copy(), weights[:n].copy(), delays[:n].copy()))
    return [np.concatenate([row[k] for row in found]) for k in range(3)]


@pytest.mark.parametrize("rule", [
    rules.all_to_all(autapses=False), rules.one_to_one(), rules.ring(3),
    rules.fixed_probability(0.2, autapses=False), rules.fixed_probability(3e-5),
    rules.fixed_outdegree(30), rules.fixed_outdegree(30, multapses=False),
    rules.fixed_outdegree(12, autapses=False, multapses=False), rules.fixed_total(700),
    rules.fixed_total(700, autapses=False),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("order", [1, -1])
def test_rows(rule, order):
    pre, post = np.arange(5, 45)[::order], np.arange(0, 80, 2)[::order]
    drawn = drawing(rule, pre, post, True)
    weight = distributions.lognormal(2, 1, low=0.5)
    delay = distributions.normal(1.5 * ms, 0.7 * ms, low=0.1 * ms)
    recipe = made_of(rule, drawn, 80, weight, delay, single=True)
    rows = draw_rows(rule, drawn, 80, SEED, STREAM, 1)
    targets, weights, delays = rows_of(recipe, 80)
    np.testing.assert_array_equal(targets, rows.targets)
    want = weights_of(weight, DIMENSIONLESS, rows, source(3), "w", np.float32, 1, True)
    np.testing.assert_array_equal(weights, want.astype(np.float64))
    want = steps(delay, DT, rows, source(4), "d", 1, True)
    np.testing.assert_array_equal(delays, want)
    assert recipe.count == len(rows)
    if len(rows):
        assert (recipe.shortest_delay, recipe.longest_delay) == (want.min(), want.max())
    else:
        assert recipe.longest_row == 0


def test_one_weight_and_one_delay():
    rule = rules.fixed_outdegree(5)
    recipe = made_of(rule, drawing(rule, np.arange(9), np.arange(9), True), 9, -2.5, 7)
    _, weights, delays = rows_of(recipe, 9)
    assert np.all(weights == -2.5)
    assert np.all(delays == 7)
    assert (recipe.shortest_delay, recipe.longest_delay, recipe.longest_row) == (7, 7, 5)


@pytest.mark.parametrize("weight, delay", [
    (1.0, distributions.normal(1 * ms, 5 * ms)),
    (1.0, distributions.uniform(0 * ms, 1e9 * ms)),
    (distributions.lognormal(1e300, 1e300) * 1e9, 1),
])  # fmt: skip
def test_what_cannot_be_drawn_has_no_recipe(weight, delay):
    rule = rules.fixed_outdegree(50)
    drawn = drawing(rule, np.arange(90), np.arange(90), True)
    assert made_of(rule, drawn, 90, weight, delay) is None
