"""Every rule: the law it is drawn from, what it never does, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.network.drawn import realize

from rheobase.errors import ShapeError, WiringError
from rheobase.network import rules
from rheobase.network.connecting import expected_synapses
from rheobase.units import mV, um


@pytest.fixture
def draw(philox):
    def draw(rule, n_pre, n_post=None, *, seed=1, same=None, **positions):
        same = n_post is None if same is None else same
        pre, post = (np.arange(n) if np.ndim(n) == 0 else np.asarray(n)
                     for n in (n_pre, n_pre if n_post is None else n_post))  # fmt: skip
        return realize(rule, pre, post, same=same, random=philox(seed), **positions)

    return draw


def dense(synapses, shape):
    matrix = np.zeros(shape, int)
    np.add.at(matrix, (synapses.pre, synapses.post), 1)
    return matrix


# --- deterministic rules --------------------------------------------------------------------


def test_all_to_all(draw):
    found = draw(rules.all_to_all(), 3, 2)
    np.testing.assert_array_equal(found.pre, [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(found.post, [0, 1, 0, 1, 0, 1])
    assert len(draw(rules.all_to_all(), 5)) == 25
    np.testing.assert_array_equal(
        dense(draw(rules.all_to_all(autapses=False), 5), (5, 5)), 1 - np.eye(5, dtype=int)
    )
    assert len(draw(rules.all_to_all(autapses=False), 3, 3, same=False)) == 9


def test_one_to_one(draw):
    found = draw(rules.one_to_one(), [7, 5, 6], [1, 2, 3])
    np.testing.assert_array_equal(found.pre, [5, 6, 7])
    np.testing.assert_array_equal(found.post, [2, 3, 1])
    assert len(draw(rules.one_to_one(autapses=False), 4)) == 0
    assert len(draw(rules.one_to_one(autapses=False), [0, 1, 2], [0, 5, 1], same=True)) == 2


@pytest.mark.parametrize("rule", [rules.one_to_one(), rules.ring(1)])
def test_rules_that_need_as_many_sources_as_targets(draw, rule):
    with pytest.raises(ShapeError) as refused:
        draw(rule, 3, 4)
    assert str(refused.value) == (
        f"{rule.name} joins as many sources as targets\n"
        "given: 3 sources and 4 targets\n"
        "connect views of one size, as cells[:3], or use another rule, as rb.rules.all_to_all()"
    )


@pytest.mark.parametrize("offset", [1, -1, 3, -9, 8])
def test_ring(draw, offset):
    found = draw(rules.ring(offset), 8)
    np.testing.assert_array_equal(found.pre, np.arange(8))
    np.testing.assert_array_equal(found.post, (np.arange(8) + offset) % 8)


def test_pairs(draw):
    found = draw(rules.pairs([2, 0, 2, 0], [1, 3, 1, 0]), [10, 11, 12], [20, 21, 22, 23])
    np.testing.assert_array_equal(found.pre, [10, 10, 12, 12])
    np.testing.assert_array_equal(found.post, [20, 23, 21, 21])
    np.testing.assert_array_equal(found.order, [3, 1, 0, 2])
    with pytest.raises(WiringError) as refused:
        draw(rules.pairs([0, 12], [0, 0]), 10, 10)
    assert "pairs: i holds the index 12, but there are 10 sources" in str(refused.value)
    assert "expected: places from 0 to 9, counted within the view" in str(refused.value)
    with pytest.raises(WiringError, match="j holds the index 4, but there are 4 targets"):
        draw(rules.pairs([0], [4]), 10, 4)


def test_from_matrix(draw):
    weights = np.array([[0, 2.0, np.nan], [-1, 0, 3]])
    found = draw(rules.from_matrix(weights * mV), 2, 3)
    np.testing.assert_array_equal(found.pre, [0, 1, 1])
    np.testing.assert_array_equal(found.post, [1, 0, 2])
    np.testing.assert_array_equal(found.weights.to(mV).magnitude, [2, -1, 3])
    with pytest.raises(ShapeError) as turned:
        draw(rules.from_matrix(weights), 3, 2)
    assert "expected: shape (sources, targets) = (3, 2)\ngiven: shape (2, 3)" in str(turned.value)
    assert "rows are sources: write rb.rules.from_matrix(W.T)" in str(turned.value)
    with pytest.raises(ShapeError) as other:
        draw(rules.from_matrix(weights), 3, 4)
    assert "W.T" not in str(other.value)


def test_from_matrix_follows_cells_in_any_order(draw):
    matrix = np.array([[0, 1.0], [2, 3]])
    found = draw(rules.from_matrix(matrix), [9, 4], [1, 0])
    np.testing.assert_array_equal(found.pre, [4, 4, 9])
    np.testing.assert_array_equal(found.post, [0, 1, 0])
    np.testing.assert_array_equal(found.weights, [3, 2, 1])


# --- random rules ----------------------------------------------------------------------------


def test_fixed_probability_is_binomial(draw):
    totals = np.array([len(draw(rules.fixed_probability(0.1), 40, 50, seed=s)) for s in range(300)])
    mean, std = 200, np.sqrt(2000 * 0.1 * 0.9)
    assert abs(totals.mean() - mean) < 4 * std / np.sqrt(300)
    assert 0.75 < totals.std() / std < 1.25
    edges = stats.binom(2000, 0.1).ppf([0, 0.2, 0.4, 0.6, 0.8, 1])
    counts, _ = np.histogram(totals, [-1, *(edges[1:-1] + 0.5), 2001])
    chances = np.diff([0, *stats.binom(2000, 0.1).cdf(edges[1:-1]), 1])
    assert stats.chisquare(counts, chances * 300).pvalue > 1e-4


def test_fixed_probability_of_0_and_1(draw):
    assert len(draw(rules.fixed_probability(0), 10)) == 0
    assert len(draw(rules.fixed_probability(1), 10)) == 100
    assert len(draw(rules.fixed_probability(1, autapses=False), 10)) == 90


def test_every_pair_is_as_likely(draw):
    together = sum(dense(draw(rules.fixed_probability(0.3), 8, seed=s), (8, 8)) for s in range(400))
    z = (together - 120) / np.sqrt(400 * 0.3 * 0.7)
    assert np.abs(z).max() < 4.5
    without = sum(
        dense(draw(rules.fixed_probability(0.3, autapses=False), 8, seed=s), (8, 8))
        for s in range(50)
    )
    assert np.all(np.diag(without) == 0)


def test_fixed_indegree_with_replacement(draw):
    found = draw(rules.fixed_indegree(20), 30, 400)
    np.testing.assert_array_equal(np.bincount(found.post, minlength=400), 20)
    matrix = dense(found, (30, 400))
    assert matrix.max() > 1  # multapses
    assert stats.chisquare(matrix.sum(axis=1)).pvalue > 1e-4
    out = stats.binom(20, 1 / 30)
    seen = np.bincount(matrix.ravel(), minlength=4)[:3]
    expected = out.pmf([0, 1, 2]) * matrix.size
    assert np.all(np.abs(seen - expected) < 5 * np.sqrt(expected))


@pytest.mark.parametrize("n", [1, 5, 9])
def test_fixed_indegree_without_replacement_or_autapses(draw, n):
    found = draw(rules.fixed_indegree(n, autapses=False, multapses=False), 10)
    matrix = dense(found, (10, 10))
    np.testing.assert_array_equal(matrix.sum(axis=0), n)
    assert matrix.max() == 1
    assert np.all(np.diag(matrix) == 0)


@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_outdegree(draw, multapses):
    found = draw(rules.fixed_outdegree(7, autapses=False, multapses=multapses), 40)
    matrix = dense(found, (40, 40))
    np.testing.assert_array_equal(matrix.sum(axis=1), 7)
    assert np.all(np.diag(matrix) == 0)
    assert (matrix.max() == 1) is not multapses


def test_only_cells_on_both_sides_have_autapses(draw):
    rule = rules.fixed_indegree(3, autapses=False, multapses=False)
    found = draw(rule, [0, 1, 2, 3], [3, 4], same=True)
    np.testing.assert_array_equal(found.pre[found.post == 3], [0, 1, 2])
    assert any(
        3 in found.pre[found.post == 4]
        for found in (draw(rule, [0, 1, 2, 3], [3, 4], same=True, seed=s) for s in range(20))
    )
    assert 3 in draw(rules.fixed_indegree(4, multapses=False), [0, 1, 2, 3], [3], same=True).pre


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("autapses", [True, False])
def test_fixed_total(draw, autapses, multapses):
    matrices = [
        dense(draw(rules.fixed_total(30, autapses, multapses), 8, seed=s), (8, 8))
        for s in range(200)
    ]
    assert all(matrix.sum() == 30 for matrix in matrices)
    assert bool(max(matrix.max() for matrix in matrices) > 1) is multapses
    together = sum(matrices)
    assert bool(np.all(np.diag(together) == 0)) is not autapses
    allowed = together[~np.eye(8, dtype=bool)] if not autapses else together.ravel()
    assert stats.chisquare(allowed).pvalue > 1e-4


@pytest.mark.parametrize("rule, text", [
    (rules.fixed_indegree(5, multapses=False), "there are not that many sources for a target"),
    (rules.fixed_outdegree(5, multapses=False), "there are not that many targets for a source"),
    (rules.fixed_total(17, multapses=False), "there are not that many pairs of cells"),
])  # fmt: skip
def test_more_connections_than_there_are(draw, rule, text):
    with pytest.raises(WiringError) as refused:
        draw(rule, 4)
    most = 16 if rule.name == "fixed_total" else 4
    assert str(refused.value) == (
        f"{rule}: {text}\n"
        f"expected: n of at most {most}\n"
        f"given: n={rule.n}\n"
        f"write {rule.name}({most}, ...), or allow several synapses between two cells with "
        "multapses=True"
    )


def test_a_cell_alone_cannot_be_given_sources_without_autapses(draw):
    with pytest.raises(WiringError, match="expected: n of at most 0"):
        draw(rules.fixed_indegree(1, autapses=False), 1)
    assert len(draw(rules.fixed_indegree(0, autapses=False), 1)) == 0
    assert len(draw(rules.fixed_indegree(3), 1)) == 3


def test_where(draw):
    found = draw(rules.where("abs(i - j) < 2 and i != j"), 6)
    expected = np.eye(6, k=1, dtype=int) + np.eye(6, k=-1, dtype=int)
    np.testing.assert_array_equal(dense(found, (6, 6)), expected)
    found = draw(rules.where("j == N_post - 1 - i"), [4, 5, 6], [7, 8, 9])
    np.testing.assert_array_equal(found.post, [9, 8, 7])
    assert len(draw(rules.where("True"), 3, 4)) == 12
    assert len(draw(rules.where("False"), 3, 4)) == 0
    assert len(draw(rules.where("i == j", autapses=False), 5)) == 0


def test_where_with_a_probability(draw):
    found = draw(rules.where("i < 100", 0.25), 200, 300)
    assert found.pre.max() < 100
    assert abs(len(found) - 7500) < 4.5 * np.sqrt(30_000 * 0.25 * 0.75)
    graded = draw(rules.where("True", "i/N_pre"), 200, 300)
    z = (np.bincount(graded.pre, minlength=200) - 1.5 * np.arange(200)) / np.sqrt(
        300 * np.arange(1, 201) / 200 * (1 - np.arange(200) / 200)
    )
    assert np.abs(z).max() < 4.5
    drawn = draw(rules.where("rand() < 0.5", "0.5"), 200, 300)
    assert abs(len(drawn) - 15_000) < 4.5 * np.sqrt(60_000 * 0.25 * 0.75)


def test_where_refuses_a_probability_above_1(draw):
    with pytest.raises(WiringError) as refused:
        draw(rules.where("True", "i/2"), 5)
    assert str(refused.value) == (
        "where: the probability 'i/2' is not from 0 to 1\n"
        "given: 1.5 for i = 3, j = 0\n"
        'write probability="clip(i/2, 0, 1)"'
    )


def grid_positions(n):
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    return np.stack([x.ravel(), y.ravel()], axis=1) * 1e-6


def test_within(draw):
    at = grid_positions(5)
    found = draw(rules.within(1 * um, autapses=False), 25, pre_positions=at, post_positions=at)
    sums = np.bincount(found.pre, minlength=25)
    assert sums[12] == 4
    assert sums[0] == 2
    torus = draw(
        rules.within(1 * um, autapses=False, period=5 * um), 25, pre_positions=at, post_positions=at
    )
    np.testing.assert_array_equal(np.bincount(torus.pre), 4)
    np.testing.assert_allclose(torus.distance, 1e-6)
    some = draw(rules.within(9 * um, 0.3), 25, pre_positions=at, post_positions=at)
    assert abs(len(some) - 187.5) < 4.5 * np.sqrt(625 * 0.21)


def test_gaussian_falls_off_with_distance(draw):
    at = grid_positions(40)
    rule = rules.gaussian(6 * um, peak=0.8, period=[40, 40] * um)
    found = draw(rule, 1600, pre_positions=at, post_positions=at)
    apart = np.round(found.distance * 1e6, 6)
    x = np.minimum(np.arange(40), 40 - np.arange(40))
    all_apart = np.round(np.sqrt(x[:, None] ** 2 + x[None] ** 2), 6)
    for d in np.unique(all_apart)[:60:6]:
        pairs = 1600 * np.count_nonzero(all_apart == d)
        p = 0.8 * np.exp(-(d**2) / 72)
        seen = np.count_nonzero(apart == d)
        assert abs(seen - pairs * p) < 4.5 * np.sqrt(pairs * p * (1 - p))


@pytest.mark.parametrize("rule", [
    rules.within(1 * um), rules.gaussian(1 * um), rules.where("distance < 1*um"),
])  # fmt: skip
def test_rules_over_space_need_positions(draw, rule):
    at = grid_positions(2)
    with pytest.raises(WiringError) as refused:
        draw(rule, 4, 4, pre_positions=at)
    assert str(refused.value) == (
        f"{rule.name}: the targets have no positions\n"
        "expected: positions of both populations\n"
        "write net.add(model, n, positions=array*um) with an array of shape (n, 2)"
    )
    with pytest.raises(WiringError, match="the sources have no positions"):
        draw(rule, 4)
    with pytest.raises(ShapeError, match="2 coordinates and 1"):
        draw(rule, 4, 4, pre_positions=at, post_positions=at[:, :1])


def test_where_over_distance(draw):
    at = grid_positions(5)
    positions = dict(pre_positions=at, post_positions=at)
    by_text = draw(rules.where("distance <= 2.3*um", period=5 * um), 25, **positions)
    by_rule = draw(rules.within(2.3 * um, period=5 * um), 25, **positions)
    np.testing.assert_array_equal(by_text.pre, by_rule.pre)
    np.testing.assert_array_equal(by_text.post, by_rule.post)


# --- what holds for all ------------------------------------------------------------------------

RULES = [
    rules.all_to_all(autapses=False),
    rules.fixed_probability(0.3, autapses=False),
    rules.fixed_total(20, autapses=False),
    rules.fixed_indegree(3, autapses=False),
    rules.fixed_indegree(3, autapses=False, multapses=False),
    rules.fixed_outdegree(3, autapses=False),
    rules.fixed_outdegree(3, multapses=False, autapses=False),
    rules.where("i != j", 0.4, autapses=False),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_invariants(rule, data, quick):
    ids = st.lists(st.integers(0, 40), min_size=5, max_size=15, unique=True)
    pre, post = np.array(data.draw(ids)), np.array(data.draw(ids))
    found = realize(rule, pre, post, same=True, random=quick)
    assert found.pre.dtype == found.post.dtype == np.int64
    assert np.all(np.diff(found.pre * 100 + found.post) >= 0)
    assert np.all(np.isin(found.pre, pre))
    assert np.all(np.isin(found.post, post))
    assert np.all(found.pre != found.post)
    np.testing.assert_array_equal(pre[found.i], found.pre)
    np.testing.assert_array_equal(post[found.j], found.post)
    again = realize(rule, pre, post, same=True, random=quick)
    np.testing.assert_array_equal(again.post, found.post)


@pytest.mark.parametrize("rule", [r for r in RULES if r.name in (
    "fixed_probability", "fixed_outdegree", "where", "all_to_all")], ids=str)  # fmt: skip
def test_a_row_is_the_same_drawn_alone(draw, rule):
    # where i and j are places, the row of one source reads another i: use a condition without
    rule = rules.where("j >= 0", 0.4, autapses=False) if rule.name == "where" else rule
    whole = draw(rule, 30, seed=9)
    alone = draw(rule, np.array([17]), np.arange(30), seed=9, same=True)
    np.testing.assert_array_equal(alone.post, whole.post[whole.pre == 17])


def test_a_target_keeps_its_sources_drawn_alone(draw):
    rule = rules.fixed_indegree(5, autapses=False, multapses=False)
    whole = draw(rule, 30, seed=9)
    alone = draw(rule, np.arange(30), np.array([17]), seed=9, same=True)
    np.testing.assert_array_equal(alone.pre, whole.pre[whole.post == 17])


def test_pieces_make_the_whole(draw, monkeypatch):
    whole = [draw(rule, 50, seed=3) for rule in RULES]
    monkeypatch.setattr("rheobase.network.draws.CHUNK", 64)
    for rule, one in zip(RULES, whole, strict=True):
        many = draw(rule, 50, seed=3)
        np.testing.assert_array_equal(one.pre, many.pre)
        np.testing.assert_array_equal(one.post, many.post)


@pytest.mark.parametrize("rule", [*RULES, rules.one_to_one(), rules.ring(2)], ids=str)
def test_nothing_comes_of_nothing(draw, rule):
    assert len(draw(rule, 0)) == 0
    if rule.name not in ("one_to_one", "ring"):
        assert len(draw(rule, 5, 0)) == len(draw(rule, 0, 5)) == 0
        assert draw(rule, 5, 0).place_in_row.size == 0


def test_a_cell_twice_in_a_view_is_refused(draw):
    with pytest.raises(WiringError, match="all_to_all: a cell is twice among the targets"):
        draw(rules.all_to_all(), [0, 1], [3, 2, 3])


def test_place_in_row(draw):
    found = draw(rules.pairs([0, 0, 2, 2, 2, 5], [1, 2, 0, 0, 1, 1]), 6)
    np.testing.assert_array_equal(found.place_in_row, [0, 1, 0, 1, 2, 0])


@pytest.mark.parametrize("rule, count", [
    (rules.all_to_all(), 600), (rules.fixed_probability(0.1), 60), (rules.fixed_total(7), 7),
    (rules.fixed_indegree(2), 60), (rules.fixed_outdegree(2), 40), (rules.one_to_one(), 20),
    (rules.ring(1), 20), (rules.pairs([1], [2]), 1), (rules.from_matrix(np.eye(3)), 3),
    (rules.where("i < j", 0.5), 300), (rules.where("i < j", "i"), 600), (rules.within(1 * um), 600),
    (rules.gaussian(1 * um, 0.5), 300),
])  # fmt: skip
def test_expected_synapses(rule, count):
    assert expected_synapses(rule, 20, 30) == pytest.approx(count)
