"""Correlograms against pairs counted one by one, and processes whose rates are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.results import SpikeTrains
from rheobase.units import ms, second

LAGS = np.arange(-10, 11, 2)
grids = st.lists(st.integers(0, 400), max_size=60, unique=True)


def pairs(one, other):
    """Return how many pairs have each lag, in steps; those on an edge count half on either side."""
    lags = np.abs(np.subtract.outer(np.subtract.outer(other, one).ravel(), LAGS))
    return np.sum(lags < 1, axis=0) + 0.5 * np.sum(lags == 1, axis=0)


@settings(deadline=None)
@given(grids, grids)
def test_it_is_pairs_over_the_spikes_that_could_have_had_one(one, other):
    """Steps of 1 ms, bins of 2 ms up to 10 ms: edges at odd steps, where lags count half."""
    trains = [SpikeTrains.from_lists([np.sort(x) * 1e-3], stop=0.401) for x in (one, other)]
    for a, b, places in ((0, 1, (one, other)), (1, 0, (other, one))):
        found = rb.analysis.cross_correlogram(trains[a], trains[b], 10 * ms, 2 * ms)
        seen = np.array([sum(0 <= step + lag < 401 for step in places[0]) for lag in LAGS])
        want = pairs(np.array(places[0], float), np.array(places[1], float))
        np.testing.assert_allclose(found.lag.values, LAGS * 1e-3, atol=1e-12)
        np.testing.assert_allclose(found.values[seen > 0] * seen[seen > 0] * 2e-3, want[seen > 0])
        assert np.isnan(found.values[seen == 0]).all()


def test_poisson_is_flat_at_the_rate_up_to_the_ends():
    rng = np.random.default_rng(1)
    trains = SpikeTrains(rng.uniform(0, 2, 12000), rng.integers(0, 100, 12000), 100, stop=2.0)
    found = rb.analysis.autocorrelogram(trains, window=1.5 * second, bin=100 * ms)
    np.testing.assert_allclose(found.values, 60, rtol=0.06)
    assert found.attrs["units"] == "Hz" and found.attrs["spikes"] == 12000
    np.testing.assert_allclose(found.lag.values, np.arange(-15, 16) * 0.1, atol=1e-12)


def test_a_clock_has_peaks_at_multiples_of_its_interval():
    times = np.arange(100) * 0.02
    found = rb.analysis.autocorrelogram(SpikeTrains.from_lists([times] * 3, stop=2.0, dt=1e-3),
                                        window=50 * ms)  # fmt: skip
    peaks = found.lag.values[found.values > 0]
    np.testing.assert_allclose(peaks, [-0.04, -0.02, 0.02, 0.04], atol=1e-12)
    np.testing.assert_allclose(found.values[found.values > 0], 1000)  # one spike in 1 ms
    np.testing.assert_allclose(found.values, found.values[::-1])


def test_a_delay_is_seen_with_its_sign():
    rng = np.random.default_rng(2)
    first = np.sort(rng.integers(0, 20_000, 1000)) * 1e-3
    found = rb.analysis.cross_correlogram([first], [first + 0.007], window=20 * ms)
    assert float(found.idxmax()) == pytest.approx(0.007)


def test_refractory_cells_leave_a_gap():
    rng = np.random.default_rng(3)
    times = np.cumsum(0.005 + rng.exponential(0.015, 20_000))
    found = rb.analysis.autocorrelogram([times], window=60 * ms)
    assert found.sel(lag=slice(-0.0044, 0.0044)).max() == 0
    assert float(found.sel(lag=slice(0.04, None)).mean()) == pytest.approx(50, rel=0.05)


def test_errors():
    with pytest.raises(rb.errors.UserError, match=r"autocorrelogram: a bin of 0.2 s does not fit a"
                       r" window of 0.1 s\nwrite rb.analysis.autocorrelogram\("):  # fmt: skip
        rb.analysis.autocorrelogram([[0.1]], bin=200 * ms)
    with pytest.raises(rb.errors.UserError, match="window is a time above 0"):
        rb.analysis.cross_correlogram([[0.1]], [[0.1]], window=-1.0)
