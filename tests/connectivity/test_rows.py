"""Rows drawn by compiled code are those of the definition, for any rule, view and threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectivity.drawn import SEED, STREAM, defined, drawing

from rheobase.connectivity.rows import draw_rows
from rheobase.errors import ShapeError, WiringError
from rheobase.network import rules
from rheobase.network.connecting import realized
from rheobase.units import um


def agree(rule, pre, post, same, size, threads, **positions):
    made = drawing(rule, pre, post, same, **positions)
    starts, targets = defined(rule, made, size)
    rows = draw_rows(rule, made, size, SEED, STREAM, threads)
    np.testing.assert_array_equal(rows.row_start, starts)
    np.testing.assert_array_equal(rows.targets, targets)
    assert rows.targets.dtype == np.uint32
    assert len(rows) == targets.size


@st.composite
def views(draw):
    """Sources and targets out of one population or two: slices, and cells in any order."""
    size = draw(st.sampled_from([1, 2, 3, 5, 8, 40, 131]))
    other = draw(st.sampled_from([1, 2, 4, 33, 90]))
    same = draw(st.booleans())
    found = []
    for cells in (size, size if same else other):
        kind = draw(st.sampled_from(["all", "slice", "any"]))
        ids = np.arange(cells)
        if kind == "slice":
            ids = ids[draw(st.integers(0, cells - 1)) :: draw(st.integers(1, 3))]
        elif kind == "any":
            ids = np.array(draw(st.permutations(ids.tolist())))[: draw(st.integers(0, cells))]
        found.append(ids)
    return size, found[0], found[1], same


def chances():
    return st.one_of(st.sampled_from([0.0, 1.0, 5e-5, 0.5]), st.floats(0, 1))


@st.composite
def drawn_rules(draw, n_pre, n_post):
    flags = {"autapses": draw(st.booleans())}
    kind = draw(st.sampled_from(["probability", "total", "in", "out", "all"]))
    if kind == "probability":
        return rules.fixed_probability(draw(chances()), **flags)
    if kind == "all":
        return rules.all_to_all(**flags)
    flags["multapses"] = draw(st.booleans())
    most = {"total": n_pre * n_post, "in": n_pre, "out": n_post}[kind]
    count = draw(st.integers(0, most + (7 if flags["multapses"] else 0)))
    make = {"total": rules.fixed_total, "in": rules.fixed_indegree, "out": rules.fixed_outdegree}
    return make[kind](count, **flags)


@given(view=views(), threads=st.sampled_from([1, 2, 3]), data=st.data())
@settings(max_examples=300, deadline=None)
def test_rules_of_chance(view, threads, data):
    size, pre, post, same = view
    rule = data.draw(drawn_rules(pre.size, post.size))
    try:
        agree(rule, pre, post, same, size, threads)
    except WiringError as refused:  # more connections than there are without autapses
        with pytest.raises(WiringError) as again:
            draw_rows(rule, drawing(rule, pre, post, same), size, SEED, STREAM, threads)
        assert str(again.value) == str(refused)
        assert "there are not that many" in str(refused)


@given(view=views(), threads=st.sampled_from([1, 2, 3]), data=st.data())
@settings(max_examples=60, deadline=None)
def test_rules_without_chance(view, threads, data):
    size, pre, post, same = view
    few = min(pre.size, post.size)
    agree(rules.one_to_one(autapses=data.draw(st.booleans())), pre[:few], post[:few], same, size,
          threads)  # fmt: skip
    agree(rules.ring(data.draw(st.integers(-5, 200))), pre[:few], post[:few], same, size, threads)
    if few:
        places = st.lists(st.integers(0, few - 1), min_size=6, max_size=6)
        i, j = data.draw(places), data.draw(places)
        agree(rules.pairs(i, j), pre, post, same, size, threads)
    matrix = np.random.default_rng(few).integers(0, 2, (pre.size, post.size)).astype(float)
    agree(rules.from_matrix(matrix), pre, post, same, size, threads)


@pytest.mark.parametrize("rule", [
    rules.where("i % 3 == j % 2", probability=0.5),
    rules.where("abs(i - j) < 5 or rand() < 0.1", probability="1/(1 + j)", autapses=False),
    rules.within(20 * um, 0.5, period=90 * um),
    rules.gaussian(10 * um, 0.8, autapses=False),
])  # fmt: skip
@pytest.mark.parametrize("order", [1, -1])
def test_rules_over_conditions_and_space(rule, order):
    at = np.random.default_rng(1).random((60, 2)) * 90e-6
    pre = np.arange(5, 60, 2)[::order]
    agree(rule, pre, np.arange(60), True, 60, 2, pre_positions=at[pre], post_positions=at)


@pytest.mark.parametrize("rule", [
    rules.fixed_total(60_000), rules.fixed_total(60_000, multapses=False),
    rules.fixed_total(60_000, autapses=False), rules.fixed_probability(0.2),
    rules.fixed_indegree(151, autapses=False, multapses=False), rules.fixed_outdegree(400),
    rules.fixed_outdegree(300, multapses=False), rules.fixed_probability(9e-5),
])  # fmt: skip
def test_rows_longer_than_any_scratch(rule):
    agree(rule, np.arange(300), np.arange(100, 500), True, 500, 3)
    if rule.name != "fixed_indegree" and rule.name != "fixed_total":
        agree(rule, np.arange(3), np.arange(40_000), False, 3, 2)


def test_what_does_not_fit_is_refused_as_in_the_definition():
    with pytest.raises(ShapeError, match="ring joins as many sources as targets"):
        agree(rules.ring(1), np.arange(3), np.arange(4), True, 4, 1)


def test_rows_in_chunks():
    rule = rules.fixed_probability(0.3)
    made = drawing(rule, np.arange(2, 50), np.arange(60), True)
    rows = draw_rows(rule, made, 60, SEED, STREAM, 1)
    parts = list(rows.chunks(100))
    assert len(parts) > 5
    assert [part.start for part, _ in parts] == [0, *(part.stop for part, _ in parts[:-1])]
    np.testing.assert_array_equal(np.concatenate([r.pre for _, r in parts]), rows.sources())
    np.testing.assert_array_equal(np.concatenate([r.post for _, r in parts]), rows.targets)
    whole = rows.realized()
    np.testing.assert_array_equal(
        np.concatenate([r.place_in_row for _, r in parts]), whole.place_in_row
    )


@given(seed=st.integers(0, 1000), count=st.integers(0, 900), cells=st.integers(1, 12),
       threads=st.sampled_from([1, 2, 3]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_listed_pairs_keep_the_order_of_those_alike(seed, count, cells, threads):
    rng = np.random.default_rng(seed)
    rule = rules.pairs(rng.integers(0, cells, count), rng.integers(0, cells, count))
    made = drawing(rule, rng.permutation(20)[:cells], rng.permutation(30)[:cells], False)
    want = realized(rule, made)
    rows = draw_rows(rule, made, 20, SEED, STREAM, threads)
    np.testing.assert_array_equal(rows.sources(), want.pre)
    np.testing.assert_array_equal(rows.targets, want.post)
    np.testing.assert_array_equal(rows.order, want.order)
