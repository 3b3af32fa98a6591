import numpy as np
import pytest

from rheobase.errors import EquationError, ShapeError, UnitError, UnknownNameError, WiringError
from rheobase.network import rules
from rheobase.units import ms, mV, um


@pytest.mark.parametrize("rule, text", [
    (rules.all_to_all(), "all_to_all()"),
    (rules.one_to_one(autapses=False), "one_to_one(autapses=False)"),
    (rules.fixed_probability(0.02), "fixed_probability(p=0.02)"),
    (rules.fixed_indegree(10, multapses=False), "fixed_indegree(n=10, multapses=False)"),
    (rules.fixed_outdegree(3), "fixed_outdegree(n=3)"),
    (rules.fixed_total(np.int64(7)), "fixed_total(n=7)"),
    (rules.ring(-1), "ring(offset=-1)"),
    (rules.pairs([0, 1], [2, 2]), "pairs(i=[0, 1], j=[2, 2])"),
    (rules.from_matrix(np.eye(3)), "from_matrix(<3 x 3>)"),
    (rules.where("i < j", 0.5), "where(condition='i < j', probability=0.5)"),
])  # fmt: skip
def test_a_rule_prints_as_the_call_that_makes_it(rule, text):
    assert str(rule) == repr(rule) == text


def test_rules_are_frozen():
    with pytest.raises(AttributeError):
        rules.fixed_probability(0.1).p = 0.2
    with pytest.raises(ValueError, match="read-only"):
        rules.pairs([0], [1]).i[0] = 3


def test_only_texts_with_distance_and_spatial_rules_need_positions():
    assert not rules.needs_positions(rules.where("i < j"))
    assert rules.needs_positions(rules.where("i < j", "exp(-distance/um)"))
    assert rules.needs_positions(rules.within(1 * um))
    assert rules.needs_positions(rules.gaussian(1 * um, 0.5, period=3 * um))
    assert not rules.needs_positions(rules.all_to_all())


@pytest.mark.parametrize("value", [-0.1, 1.5, "much", float("nan"), None])
def test_a_probability_is_from_0_to_1(value):
    with pytest.raises(WiringError) as refused:
        rules.fixed_probability(value)
    assert str(refused.value) == (
        "fixed_probability: p is not a probability\n"
        "expected: a number from 0 to 1\n"
        f"given: {value}\n"
        "2 % is written fixed_probability(0.02)"
    )


def test_other_probabilities_too():
    with pytest.raises(WiringError, match=r"written where\(..., probability=0.02\)"):
        rules.where("i < j", 2)
    with pytest.raises(WiringError, match=r"written gaussian\(..., peak=0.02\)"):
        rules.gaussian(1 * um, 2)
    with pytest.raises(WiringError, match=r"within: probability is not"):
        rules.within(1 * um, -1)


@pytest.mark.parametrize("value", [-1, 2.5, "3", True])
@pytest.mark.parametrize("rule", ["fixed_total", "fixed_indegree", "fixed_outdegree"])
def test_a_count_is_a_whole_number(rule, value):
    with pytest.raises(WiringError) as refused:
        getattr(rules, rule)(value)
    assert str(refused.value) == (
        f"{rule}: n is not a number of connections\n"
        "expected: a whole number, 0 or more\n"
        f"given: {value}\n"
        f"write rb.rules.{rule}(10)"
    )


def test_ring_takes_a_whole_offset():
    with pytest.raises(WiringError) as refused:
        rules.ring(0.5)
    assert "ring: offset is not a whole number of cells" in str(refused.value)
    assert "given: 0.5\nwrite rb.rules.ring(+1) for each to the next" in str(refused.value)


def test_pairs():
    made = rules.pairs(3, [1, 2])
    np.testing.assert_array_equal(made.i, [3, 3])
    assert rules.pairs([], []).i.size == 0
    with pytest.raises(ShapeError) as lengths:
        rules.pairs([0, 1, 2], [5, 6])
    assert "given: 3 sources and 2 targets" in str(lengths.value)
    with pytest.raises(WiringError) as negative:
        rules.pairs([0, 1], [5, -2])
    assert "pairs: j holds the negative index -2" in str(negative.value)
    assert "write N - 2" in str(negative.value)
    with pytest.raises(WiringError) as kind:
        rules.pairs([0.5], [1])
    assert "pairs: i is not a list of cells" in str(kind.value)
    assert "given: an array of float64 of shape (1,)" in str(kind.value)
    with pytest.raises(WiringError, match="an array of bool"):
        rules.pairs([True, False], [1, 2])


def test_from_matrix():
    made = rules.from_matrix(np.array([[0, 1.5], [np.nan, -2]]) * mV)
    np.testing.assert_array_equal(made.mask, [[False, True], [False, True]])
    assert made.weights[0, 1] == 1.5 * mV
    with pytest.raises(ShapeError) as shape:
        rules.from_matrix([1, 2])
    assert "expected: an array of shape (N_pre, N_post)" in str(shape.value)
    assert "given: an array of shape (2,)" in str(shape.value)
    with pytest.raises(WiringError, match="the weight from 0 to 1 is infinite"):
        rules.from_matrix([[1, np.inf]])


def test_a_matrix_changed_afterwards_does_not_change_the_rule():
    matrix = np.eye(2)
    quantity = np.eye(2) * mV
    plain, with_unit = rules.from_matrix(matrix), rules.from_matrix(quantity)
    matrix[:] = 5
    quantity[:] = 5 * mV
    np.testing.assert_array_equal(plain.weights, np.eye(2))
    np.testing.assert_array_equal(with_unit.weights.magnitude, np.eye(2))


def test_where_reads_its_texts_at_once():
    with pytest.raises(UnknownNameError) as name:
        rules.where("abs(i - k) < 5")
    assert "where: the condition: unknown name k" in str(name.value)
    assert "^" in str(name.value)
    with pytest.raises(EquationError, match="where: the probability"):
        rules.where("i < j", "exp(-(i")
    with pytest.raises(UnitError):
        rules.within(5)
    with pytest.raises(UnitError):
        rules.gaussian(5 * ms)
