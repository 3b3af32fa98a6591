"""Which rules have rows that can be drawn each by itself, and what their tables hold."""

import numpy as np
import pytest
from tests.connectivity.drawn import SEED, STREAM, drawing

from rheobase.connectivity.parts import at_hand
from rheobase.connectivity.parts import columns as c
from rheobase.connectivity.rows import part_of
from rheobase.connectivity.ruletable import bits, drawn_by_row, rule_table
from rheobase.network import rules


@pytest.mark.parametrize("rule, by_row, part", [
    (rules.all_to_all(), True, "rows"), (rules.ring(1), True, "rows"),
    (rules.fixed_total(3), True, "totals"),
    (rules.fixed_total(3, multapses=False), False, "totals"),
    (rules.fixed_indegree(3), False, "incoming"), (rules.fixed_outdegree(3), True, "rows"),
    (rules.pairs([0], [0]), False, "listed"),
], ids=str)  # fmt: skip
def test_rules_that_are_drawn_by_row(rule, by_row, part):
    assert drawn_by_row(rule) is by_row
    assert part_of(rule) == part


def test_a_table_tells_cells_in_order_from_others():
    rule = rules.fixed_probability(0.25, autapses=False)
    plain = rule_table(rule, drawing(rule, np.arange(4, 9), np.arange(2, 12), True), SEED, STREAM)
    entries = plain.entries
    assert (entries[c.T_ROWS], entries[c.T_COLUMNS], entries[c.T_FIRST]) == (5, 10, 2)
    assert entries[c.T_TARGETS] == entries[c.T_RANK] == 0
    assert entries[c.T_LOG] == bits(np.log1p(-0.25))
    np.testing.assert_array_equal(plain.kept[c.T_OWN], np.arange(2, 7))
    other = rule_table(rule, drawing(rule, [4], [9, 3, 5], False), SEED, STREAM)
    assert c.T_OWN not in other.kept
    np.testing.assert_array_equal(other.kept[c.T_TARGETS], [3, 5, 9])
    np.testing.assert_array_equal(other.kept[c.T_RANK], [2, 0, 1])


def test_parts_that_need_no_compiling():
    rule_table(rules.fixed_probability(0.5), drawing(rules.ring(1), [0], [0], True), SEED, STREAM)
    from rheobase.connectivity.parts import address_of

    address_of("values", "fill")
    assert at_hand("values")
