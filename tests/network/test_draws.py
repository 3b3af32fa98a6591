import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rheobase.network import draws


@pytest.mark.parametrize("limit", [1, 2, 7, 1000, 3_000_000_000])
def test_integers_are_uniform(philox, limit):
    found = draws.integers(philox(1), np.arange(40_000), 5, limit)
    assert found.min() >= 0
    assert found.max() < limit
    bins = min(limit, 20)
    counts = np.bincount(found * bins // limit, minlength=bins)
    if bins > 1:
        expected = np.diff(np.ceil(np.arange(bins + 1) * limit / bins)) / limit * found.size
        assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_integers_take_a_limit_for_each():
    class Highest:
        def words(self, elements, step, draw):
            return np.full(np.shape(elements), 0xFFFFFFFF, np.uint32)

    found = draws.integers(Highest(), np.arange(3), 0, np.array([1, 10, 4_294_967_295]))
    np.testing.assert_array_equal(found, [0, 9, 4_294_967_294])


@pytest.mark.parametrize("probability", [0.00003, 0.002, 0.3, 0.97])
def test_bernoulli_rows_are_binomial_and_uniform(philox, probability):
    columns = 200_000 if probability < 1e-3 else 500
    rows = np.arange(2000)
    row, column = draws.bernoulli_rows(philox(3), rows, columns, probability)
    assert np.all(np.diff(row * columns + column) > 0)
    counts = np.bincount(row, minlength=rows.size)
    assert _looks_binomial(counts, columns, probability)
    places = np.bincount(column * 10 // columns, minlength=10)
    spread = stats.chisquare(places).pvalue
    assert spread > 1e-4 or probability > 0.9  # for large p it is the gaps that vary


def _looks_binomial(counts, n, p):
    mean, std = n * p, np.sqrt(n * p * (1 - p))
    by_mean = abs(counts.mean() - mean) < 4.5 * std / np.sqrt(counts.size)
    by_spread = abs(counts.var() / std**2 - 1) < 4.5 * np.sqrt(2 / counts.size) + 0.02
    return by_mean and by_spread


def test_neighbors_in_a_row_are_independent(philox):
    row, column = draws.bernoulli_rows(philox(4), np.arange(4000), 100, 0.2)
    dense = np.zeros((4000, 100))
    dense[row, column] = 1
    together = np.mean(dense[:, :-1] * dense[:, 1:])
    assert abs(together - 0.04) < 4.5 * np.sqrt(0.04 * 0.96 / (4000 * 99)) * 1.5


@given(
    columns=st.integers(0, 60),
    probability=st.floats(0, 1),
    rows=st.lists(st.integers(0, 10**9), max_size=12, unique=True),
    cut=st.integers(0, 12),
)
@settings(max_examples=60, deadline=None)
def test_bernoulli_rows_do_not_depend_on_the_division(quick, columns, probability, rows, cut):
    rows = np.array(rows, np.int64)
    row, column = draws.bernoulli_rows(quick, rows, columns, probability)
    first = draws.bernoulli_rows(quick, rows[:cut], columns, probability)
    rest = draws.bernoulli_rows(quick, rows[cut:], columns, probability)
    cut = min(cut, rows.size)
    np.testing.assert_array_equal(row, np.concatenate([first[0], rest[0] + cut]))
    np.testing.assert_array_equal(column, np.concatenate([first[1], rest[1]]))
    assert column.size == 0 or (column.min() >= 0 and column.max() < columns)


@given(limit=st.integers(1, 30), data=st.data())
@settings(max_examples=80, deadline=None)
def test_distinct_rows_are_distinct(quick, limit, data):
    count = data.draw(st.integers(0, limit))
    rows = np.array([3, 8, 1000], np.int64)
    found = draws.distinct_rows(quick, rows, limit, count)
    assert found.shape == (3, count)
    assert np.all(np.diff(found, axis=1) > 0)
    assert count == 0 or (found.min() >= 0 and found.max() < limit)
    alone = draws.distinct_rows(quick, rows[1:2], limit, count)
    np.testing.assert_array_equal(alone[0], found[1])


@pytest.mark.parametrize("limit, count", [(6, 2), (6, 4), (5, 1), (5, 5)])
def test_all_sets_are_equally_likely(philox, limit, count):
    found = draws.distinct_rows(philox(6), np.arange(30_000), limit, count)
    codes = (1 << found).sum(axis=1)
    kinds, counts = np.unique(codes, return_counts=True)
    assert kinds.size == round(stats.binom(limit, 0.5).pmf(count) * 2**limit)
    assert kinds.size == 1 or stats.chisquare(counts).pvalue > 1e-4


def test_a_row_that_repeats_itself_often_is_drawn_further(hashed):
    class Stubborn(hashed):
        def words(self, elements, step, draw):
            # the first 60 numbers of a row are all the same
            return np.where(np.asarray(elements) < 120, 0, super().words(elements, step, draw))

    found = draws.distinct_rows(Stubborn(1), np.arange(4), 50, 10)
    assert np.all(np.diff(found, axis=1) > 0)
    assert np.all(found[:, 0] == 0)


@pytest.mark.parametrize("repeats", [True, False])
def test_degree_rows_never_choose_the_own_column(philox, repeats):
    own = np.array([0, 3, -1, 9])
    rows = np.tile(np.arange(4), 5000)
    found = draws.degree_rows(philox(7), np.arange(20_000), own[rows], 10, 3, repeats)
    for kind in range(4):
        counts = np.bincount(found[rows == kind].ravel(), minlength=10)
        allowed = np.arange(10) != own[kind]
        assert np.all(counts[~allowed] == 0)
        # without replacement counts vary less than chi-square expects: never too unlikely
        assert stats.chisquare(counts[allowed]).pvalue > 1e-4


@pytest.mark.parametrize("repeats, count", [(True, 40), (False, 40), (False, 200)])
def test_total_pairs_are_uniform(philox, repeats, count):
    own = np.array([-1, 2, 5, -1, 0])
    totals = np.zeros((5, 60))
    for seed in range(60):
        row, column = draws.total_pairs(philox(seed), np.arange(5), 60, own, count, repeats)
        assert row.size == count
        assert np.all(np.diff(row * 60 + column) >= (0 if repeats else 1))
        np.add.at(totals, (row, column), 1)
    assert totals[1, 2] == totals[2, 5] == totals[4, 0] == 0
    allowed = np.ones((5, 60), bool)
    allowed[[1, 2, 4], [2, 5, 0]] = False
    assert stats.chisquare(totals[allowed]).pvalue > 1e-4


def test_row_chunks_cover_all_rows():
    pieces = draws.row_chunks(10, draws.CHUNK / 3)
    assert [(piece.start, piece.stop) for piece in pieces] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert draws.row_chunks(0, 5.0) == []
    assert len(draws.row_chunks(2, 1e12)) == 2
