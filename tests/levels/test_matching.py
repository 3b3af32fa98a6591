"""Matching spikes: beside every possible matching, and the coincidence factor by hand."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.levels.matching import coincidence_factor, match, usual_window

times = st.lists(st.integers(0, 60), max_size=5).map(
    lambda ticks: np.sort(np.array(ticks, dtype=float)) * 1e-3
)


def cost(found):
    shift = np.abs(found.pairs[:, 1] - found.pairs[:, 0]).sum()
    return found.missed.size + found.extra.size + 2 * shift / found.within


def cheapest_of_all(reference, train, within):
    """Try every way to pair spikes in order."""
    best = reference.size + train.size
    for count in range(1, min(reference.size, train.size) + 1):
        for ours in combinations(reference, count):
            for theirs in combinations(train, count):
                shift = np.abs(np.subtract(ours, theirs)).sum()
                alone = reference.size + train.size - 2 * count
                best = min(best, alone + 2 * shift / within)
    return best


@given(times, times, st.sampled_from([0.002, 0.01, 0.03]))
def test_it_is_the_cheapest_of_all_matchings(reference, train, within):
    found = match(reference, train, within)
    assert cost(found) == pytest.approx(cheapest_of_all(reference, train, within))
    assert np.all(np.abs(found.pairs[:, 1] - found.pairs[:, 0]) <= within + 1e-12)
    np.testing.assert_array_equal(np.sort([*found.pairs[:, 0], *found.missed]), reference)
    np.testing.assert_array_equal(np.sort([*found.pairs[:, 1], *found.extra]), train)
    assert np.all(np.diff(found.pairs, axis=0) >= 0)


def test_the_same_train_matches_without_a_difference():
    train = np.array([0.01, 0.02, 0.02, 0.5])
    found = match(train, train, 0.01)
    assert found.mean_difference == 0
    assert not found.missed.size and not found.extra.size


def test_one_missed_one_extra_two_shifted():
    found = match(np.array([0.010, 0.050, 0.100]), np.array([0.012, 0.075, 0.101]), 0.005)
    np.testing.assert_allclose(found.pairs, [[0.010, 0.012], [0.100, 0.101]])
    assert found.missed.tolist() == [0.050] and found.extra.tolist() == [0.075]
    assert found.mean_difference == pytest.approx(0.0015)


def test_without_spikes_there_is_no_difference():
    assert np.isnan(match(np.empty(0), np.array([1.0]), 0.01).mean_difference)


def test_the_usual_window_is_half_an_interval_and_at_most_10_ms():
    assert usual_window(np.empty(0)) == 0.010
    assert usual_window(np.array([0.1, 0.108, 0.116, 0.3])) == pytest.approx(0.004)
    assert usual_window(np.array([0.1, 0.2])) == 0.010


def test_the_coincidence_factor_is_1_for_the_same_train_and_0_for_chance():
    train = np.arange(50) * 0.02
    for within in (0.002, 0.0019, 0.0033):
        assert coincidence_factor(match(train, train, within), 50, 50, 1.0) == 1
    random = np.random.default_rng(1)
    factors = []
    for _ in range(20):
        one, other = (np.sort(random.uniform(0, 10, 100)) for _ in range(2))
        factors.append(coincidence_factor(match(one, other, 0.002), 100, 100, 10.0))
    assert abs(np.mean(factors)) < 0.03
    # By hand: 2 pairs of 4 and 2 spikes in 1 s, within 5 ms: (2 - 0.02*4)/3/(1 - 0.02).
    found = match(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.1, 0.3]), 0.005)
    assert coincidence_factor(found, 4, 2, 1.0) == pytest.approx((2 - 0.08) / 3 / 0.98)


def test_the_coincidence_factor_of_no_spikes_or_of_too_many_is_none():
    none = match(np.empty(0), np.empty(0), 0.01)
    assert np.isnan(coincidence_factor(none, 0, 0, 1.0))
    dense = np.arange(100) * 0.01
    assert np.isnan(coincidence_factor(match(dense, dense, 0.01), 100, 100, 1.0))
