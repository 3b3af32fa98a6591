"""Statistics of spike trains against processes whose values are known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.results import SpikeTrains
from rheobase.units import Hz, ms, mV, second


def poisson(cells=20, rate=40.0, stop=50.0, seed=1):
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate * stop * cells)
    return SpikeTrains(rng.uniform(0, stop, count), rng.integers(0, cells, count), cells, stop=stop)


def renewal(shape, cells=20, stop=50.0, seed=2):
    """Gamma intervals of a shape and mean 25 ms."""
    rng = np.random.default_rng(seed)
    intervals = rng.gamma(shape, 0.025 / shape, (cells, int(60 * stop)))
    times = np.cumsum(intervals, axis=1)
    return SpikeTrains.from_lists([row[row < stop] for row in times], stop=stop)


def clock(cells=3, stop=10.0):
    return SpikeTrains.from_lists([0.013 + np.arange(0.0, stop - 0.013, 0.02)] * cells, stop=stop,
                                  dt=1e-3)  # fmt: skip


def test_intervals_are_those_of_the_trains():
    trains = renewal(2, cells=3, stop=2.0)
    np.testing.assert_array_equal(rb.analysis.isi(trains), trains.isi())
    np.testing.assert_array_equal(rb.analysis.cv(trains), trains.cv())
    np.testing.assert_allclose(rb.analysis.isi([10, 30, 60] * ms), [0.02, 0.03])


@pytest.mark.parametrize("measure", [rb.analysis.cv, rb.analysis.cv2, rb.analysis.local_variation])
def test_poisson_trains_have_one_and_a_clock_none(measure):
    assert measure(poisson()).mean() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(measure(clock()), 0, atol=1e-6)
    few = SpikeTrains.from_lists([[0.1, 0.2], [], [0.1, 0.2, 0.4]], stop=1.0)
    assert np.isnan(measure(few)[:2]).all() and np.isfinite(measure(few)[2])


@pytest.mark.parametrize("shape", [2, 4])
def test_gamma_intervals(shape):
    """Lv = 3/(2 shape + 1) (Shinomoto et al. 2003), CV = 1/sqrt(shape)."""
    trains = renewal(shape)
    assert rb.analysis.local_variation(trains).mean() == pytest.approx(
        3 / (2 * shape + 1), rel=0.04
    )
    assert rb.analysis.cv(trains).mean() == pytest.approx(shape**-0.5, rel=0.04)


def test_local_measures_do_not_see_a_slow_drift_of_the_rate():
    rng = np.random.default_rng(5)
    phase = np.cumsum(rng.exponential(1.0, 4000))
    times = phase**2 / phase[-1] ** 2 * 200.0  # the rate falls with the square root of time
    assert rb.analysis.cv([times])[0] > 1.15
    assert rb.analysis.cv2([times])[0] == pytest.approx(1.0, abs=0.06)
    assert rb.analysis.local_variation([times])[0] == pytest.approx(1.0, abs=0.08)


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 10), min_size=2, max_size=30))
def test_definitions_interval_by_interval(intervals):
    times = np.concatenate([[0.0], np.cumsum(intervals)])
    i = np.diff(times)
    lv = 3 / (i.size - 1) * sum(((a - b) / (a + b)) ** 2 for a, b in pairwise(i))
    assert rb.analysis.local_variation([times])[0] == pytest.approx(lv, abs=1e-9)
    two = np.mean([2 * abs(a - b) / (a + b) for a, b in pairwise(i)])
    assert rb.analysis.cv2([times])[0] == pytest.approx(two, rel=1e-9)
    revised = (
        3
        / (i.size - 1)
        * sum((1 - 4 * a * b / (a + b) ** 2) * (1 + 4 * 0.005 / (a + b)) for a, b in pairwise(i))
    )
    assert rb.analysis.local_variation([times], 5 * ms)[0] == pytest.approx(revised, abs=1e-9)


def test_fano_factor():
    assert rb.analysis.fano_factor(poisson()).mean() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(rb.analysis.fano_factor(clock(), 100 * ms), 0, atol=1e-12)
    long = rb.analysis.fano_factor(renewal(4, stop=200.0), window=2 * second)
    assert long.mean() == pytest.approx(0.25, rel=0.1)  # the square of the CV of the intervals
    trials = rb.analysis.fano_factor(poisson(cells=400, stop=3.0), "0.2 second", over="cells")
    assert trials.shape == (15,) and trials.mean() == pytest.approx(1.0, abs=0.06)
    counts = [[3, 1, 4], [1, 5, 9]]
    times = [np.repeat(np.arange(3) + 0.5, row) for row in counts]
    by_hand = rb.analysis.fano_factor(SpikeTrains.from_lists(times, stop=3.0), 1.0)
    np.testing.assert_allclose(by_hand, [np.var(row, ddof=1) / np.mean(row) for row in counts])


def test_synchrony():
    assert rb.analysis.synchrony(poisson()) == pytest.approx(1.0, abs=0.05)
    one = poisson(cells=1)
    alike = SpikeTrains.from_lists([one.times] * 10, stop=one.stop)
    assert rb.analysis.synchrony(alike) == pytest.approx(10 * rb.analysis.synchrony(one))
    assert np.isnan(rb.analysis.synchrony(SpikeTrains([], [], 3, stop=1.0)))


def test_chi():
    rng = np.random.default_rng(3)
    common, own = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 25))
    assert rb.analysis.chi(np.repeat(common, 25, axis=1)) == pytest.approx(1.0)
    assert rb.analysis.chi(own) == pytest.approx(0.2, rel=0.05)  # 1/sqrt(25)
    assert np.isnan(rb.analysis.chi(np.ones((10, 3))))


def test_count_correlation():
    rng = np.random.default_rng(4)
    shared = rng.uniform(0, 100, 4000)
    trains = [np.sort(np.concatenate([shared, rng.uniform(0, 100, 4000)])) for _ in range(3)]
    table = rb.analysis.count_correlation(SpikeTrains.from_lists([*trains, []], stop=100.0))
    assert table.shape == (4, 4) and np.isnan(table[3]).all()
    np.testing.assert_allclose(np.diag(table)[:3], 1.0)
    assert table[0, 1] == pytest.approx(0.5, abs=0.05)  # half of the spikes are shared
    np.testing.assert_allclose(table[:3, :3], table[:3, :3].T)


def test_errors():
    trains = clock()
    UserError = rb.errors.UserError
    with pytest.raises(UserError, match="counts vary over time or cells, not 'trials'"):
        rb.analysis.fano_factor(trains, over="trials")
    with pytest.raises(UserError, match="fano_factor: the trains cover 10 s, less than one bin of"
                       " 20 s"):  # fmt: skip
        rb.analysis.fano_factor(trains, 20 * second)
    with pytest.raises(UserError, match="there are 1 windows, and one has no variance"):
        rb.analysis.fano_factor(trains, 6 * second)
    with pytest.raises(UserError, match="refractory is a time, 0 or longer"):
        rb.analysis.local_variation(trains, -1 * ms)
    with pytest.raises(rb.errors.UnitError, match="bin: expected a time"):
        rb.analysis.synchrony(trains, bin=3 * mV)
    with pytest.raises(UserError, match="synchrony: the trains cover"):
        rb.analysis.synchrony(trains, bin=3000.0)
    with pytest.raises(UserError, match="traces are a table over time and at least two cells"):
        rb.analysis.chi(np.ones(5))
    with pytest.raises(UserError, match=r"write rb.analysis.count_correlation\(spikes, bin=5\*ms"):
        rb.analysis.count_correlation(trains, bin=0)


def test_of_a_run():
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.stimuli.poisson(50 * Hz), 50, name="cells")
    result = net.run(2 * second)
    assert rb.analysis.cv2(result).mean() == pytest.approx(1.0, abs=0.06)
    assert rb.analysis.synchrony(result.spikes[cells]) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("measure", [rb.analysis.cv2, rb.analysis.local_variation])
def test_events_of_one_step_do_not_spoil_the_others(measure):
    # Poisson sources emit counts: three events in a step are two intervals of 0.
    with_three = measure([[0.1, 0.3, 0.4, 0.4, 0.4, 0.7, 0.9]])
    pairs = [measure([[0, a, a + b]]) for a, b in [(0.2, 0.1), (0.1, 0.0), (0.0, 0.3), (0.3, 0.2)]]
    np.testing.assert_allclose(with_three, np.mean(pairs))
    assert np.isnan(measure([[0.4, 0.4, 0.4]])).all()
