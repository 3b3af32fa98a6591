import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.network import stimuli
from rheobase.network.grid import bin_times
from rheobase.network.trains import bin_events
from rheobase.units import Hz, ms, mV, second

# --- regular spikes ----------------------------------------------------------------------------


def test_the_courses_regular_train_has_nine_spikes():
    # course.md B: 10 Hz to 0.2 s and 25 Hz to 0.5 s; three spikes in [0.3, 0.4)
    train = stimuli.regular_spikes(rates=[10 * Hz, 25 * Hz], until=[0.2 * second, 0.5 * second])
    times = train.times(1 * second)
    np.testing.assert_allclose(
        times, [0.05, 0.15, 0.22, 0.26, 0.30, 0.34, 0.38, 0.42, 0.46], atol=1e-12
    )
    steps = bin_times(times, 1e-3)[0]
    assert np.count_nonzero((steps >= 300) & (steps < 400)) == 3


def test_the_rate_curve_gets_2100_spikes():
    # course.md C (a): 5, 10, ... 100 Hz, 2 s each
    rates = np.arange(5, 101, 5)
    train = stimuli.regular_spikes(rates=rates * Hz, until=(rates / 5 * 2) * second)
    times = train.times(40 * second)
    assert times.size == 2100
    counts = np.histogram(times, np.arange(0, 41, 2))[0]
    np.testing.assert_array_equal(counts, 2 * rates)


def test_a_silent_interval():
    train = stimuli.regular_spikes(rates=[0 * Hz, 50 * Hz], until=[0.7 * second, 1 * second])
    times = train.times(2 * second)
    np.testing.assert_allclose(times, 0.71 + 0.02 * np.arange(15), atol=1e-12)


def test_one_interval_needs_no_lists():
    assert stimuli.regular_spikes(25 * Hz, 300 * ms).times(1 * second).size == 7


@given(st.floats(0.1, 500), st.floats(0.01, 10))
def test_spikes_are_strictly_before_the_end(rate, end):
    times = stimuli.regular_spikes(rate * Hz, end * second).times(20 * second)
    assert np.all(times < end * (1 + 1e-12))
    assert abs(times.size - rate * end) <= 0.5 + 1e-6
    if times.size > 1:
        np.testing.assert_allclose(np.diff(times), 1 / rate, rtol=1e-9)


def test_jitter_is_normal_and_each_cell_has_its_own(philox):
    train = stimuli.regular_spikes([20 * Hz], [50 * second], jitter=0.1)
    times, cells = train.events(4, philox(1))
    np.testing.assert_array_equal(np.bincount(cells), 1000)
    rows = times.reshape(4, 1000)
    assert np.all(np.diff(rows, axis=1) >= 0)
    moved = (rows - (np.arange(1000) + 0.5) / 20) * 20
    assert stats.kstest(moved.ravel(), stats.norm(0, 0.1).cdf).pvalue > 1e-4
    assert np.all(np.abs(np.corrcoef(moved)[0, 1:]) < 0.15)


def test_jitter_never_moves_before_0(philox):
    train = stimuli.regular_spikes(10 * Hz, 1 * second, jitter=3)
    times, _ = train.events(50, philox(2))
    assert times.min() >= 0
    assert times.size == 500
    assert not np.array_equal(train.times(9 * second), train.times(9 * second, seed=1))
    np.testing.assert_array_equal(train.times(9 * second), train.times(9 * second, seed=0))


@pytest.mark.parametrize("arguments, error, words", [
    (dict(rates=[1, 2] * Hz, until=[1] * second), ShapeError, "given: 2 rates and 1 ends"),
    (dict(rates=[-1] * Hz, until=[1] * second), WiringError, "a rate is negative or not finite"),
    (dict(rates=[1, 1] * Hz, until=[2, 1] * second), WiringError,
     "until says when each interval ends, not how long it is"),
    (dict(rates=[1] * Hz, until=[0] * second), WiringError, "the ends of the intervals"),
    (dict(rates=[1] * Hz, until=[1] * second, jitter=-1), WiringError, "jitter is not a fraction"),
    (dict(rates=[10], until=[1] * second), UnitError, "regular_spikes: rates: expected a rate"),
    (dict(rates=[10] * Hz, until=[1]), UnitError, "regular_spikes: until: expected a time"),
])  # fmt: skip
def test_regular_spikes_refuse(arguments, error, words):
    with pytest.raises(error) as refused:
        stimuli.regular_spikes(**arguments)
    assert words in str(refused.value)


# --- spike times ----------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [
    [30 * ms, 10 * ms, 10 * ms], [30, 10, 10] * ms, [0.03, 0.01, 0.01] * second,
    ["30 ms", "10 ms", "0.01 s"],
])  # fmt: skip
def test_one_list_for_every_cell(times, quick):
    train = stimuli.spike_times(times)
    assert train.size is None
    np.testing.assert_allclose(train.times(1 * second), [0.01, 0.01, 0.03])
    np.testing.assert_allclose(train.times(20 * ms), [0.01, 0.01])
    spikes, cells = train.events(2, quick)
    np.testing.assert_allclose(spikes, [0.01, 0.01, 0.03] * 2)
    np.testing.assert_array_equal(cells, [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("times", [
    [[20 * ms], [24 * ms, 20 * ms], [], [20 * ms]],
    [[20] * ms, [24, 20] * ms, [], [20 * ms]],
    ([20] * ms, [24, 20] * ms, [] * ms, [20] * ms),
])  # fmt: skip
def test_one_list_a_cell(times, quick):
    train = stimuli.spike_times(times)
    assert train.size == 4
    spikes, cells = train.events(4, quick)
    np.testing.assert_allclose(spikes, [0.02, 0.02, 0.024, 0.02])
    np.testing.assert_array_equal(cells, [0, 1, 1, 3])
    each = train.times(22 * ms)
    assert [list(one) for one in each] == [[0.02], [0.02], [], [0.02]]


def test_two_axes_are_one_row_a_cell():
    assert stimuli.spike_times(np.array([[1, 2, 3], [4, 5, 6]]) * ms).size == 2


def test_no_spikes():
    assert stimuli.spike_times([]).times(1 * second).size == 0
    assert stimuli.spike_times([[], []]).size == 2
    assert stimuli.spike_times(0 * ms).times(1 * second).size == 1


def test_spikes_of_a_result_are_replayed(quick):
    from rheobase.results import SpikeTrains

    earlier = SpikeTrains([0.1, 0.2, 0.2, 0.3], [5, 3, 5, 3], 10, stop=1.0)
    train = stimuli.spike_times(earlier)
    assert train.size == 10
    spikes, cells = train.events(10, quick)
    np.testing.assert_array_equal(cells, [3, 3, 5, 5])
    np.testing.assert_array_equal(spikes, [0.2, 0.3, 0.1, 0.2])
    some = stimuli.spike_times(earlier[[5, 3]])
    assert some.size == 2
    assert [list(one) for one in some.times(1 * second)] == [[0.1, 0.2], [0.2, 0.3]]


@pytest.mark.parametrize("times, error, words", [
    ([-1 * ms], WiringError, "spike_times: a time is negative\nexpected: times from 0 on\n"
     "given: -1*ms"),
    ([np.nan] * ms, WiringError, "a time is not finite"),
    ([np.inf] * ms, WiringError, "a time is not finite"),
    ([0.1, 0.2], UnitError, "spike_times: times: expected a time"),
    ([[1 * ms], [2 * mV]], UnitError, "expected a time"),
])  # fmt: skip
def test_spike_times_refuse(times, error, words):
    with pytest.raises(error) as refused:
        stimuli.spike_times(times)
    assert words in str(refused.value)


# --- Poisson ----------------------------------------------------------------------


def test_a_constant_rate():
    train = stimuli.poisson(8000 * Hz)
    assert (train.kind, train.size) == ("poisson", None)
    counts, steps = train.counts(1e-4)
    np.testing.assert_allclose(counts, [[0.8]])
    assert steps == 2**62


def test_a_rate_for_each_cell():
    train = stimuli.poisson([1, 2, 3] * Hz)
    assert train.size == 3
    np.testing.assert_allclose(train.counts(1e-3)[0], [[1e-3, 2e-3, 3e-3]])


def test_rates_over_time():
    train = stimuli.poisson([10, 0, 20] * Hz, dt=1 * ms)
    assert train.size is None
    counts, steps = train.counts(1e-4)
    np.testing.assert_allclose(counts, [[1e-3], [0], [2e-3]])
    assert steps == 10
    assert stimuli.poisson(np.ones((5, 4)) * Hz, dt=1 * ms).size == 4


@pytest.mark.parametrize("start", [-0.003, -0.0004, 0.0, 0.001, 0.0014, 0.005])
def test_rates_over_time_count_from_time_0(start):
    train = stimuli.poisson([10, 0, 20] * Hz, dt=1 * ms)
    counts, steps = train.counts(2e-4, start)
    for step in range(40):
        time = start + (step + 0.5) * 2e-4
        expected = [10, 0, 20][int(time / 1e-3)] if 0 <= time < 3e-3 else 0
        row = step // steps
        found = counts[row, 0] if row < counts.shape[0] else 0.0
        assert found == pytest.approx(expected * 2e-4), (step, time)


def test_an_interval_off_the_grid_is_refused():
    train = stimuli.poisson([10, 0] * Hz, dt=0.25 * ms)
    with pytest.raises(WiringError) as refused:
        train.counts(1e-4)
    assert str(refused.value) == (
        "poisson: the interval of the rates of 0.25*ms is not a multiple of the step, 0.1*ms\n"
        "write dt=0.2*ms or dt=0.3*ms"
    )


def test_poisson_times_are_a_poisson_process():
    times = stimuli.poisson(50 * Hz).times(100 * second, seed=3)
    assert abs(times.size - 5000) < 4.5 * np.sqrt(5000)
    assert stats.kstest(np.diff(times), stats.expon(scale=0.02).cdf).pvalue > 1e-4
    np.testing.assert_array_equal(times, stimuli.poisson(50 * Hz).times(100 * second, seed=3))
    over_time = stimuli.poisson([100, 0, 400] * Hz, dt=5 * second).times(100 * second)
    counts = np.histogram(over_time, [0, 5, 10, 15, 100])[0]
    assert counts[1] == counts[3] == 0
    assert abs(counts[2] - 2000) < 4.5 * np.sqrt(2000)
    each = stimuli.poisson([0, 100] * Hz).times(10 * second)
    assert [one.size > 0 for one in each] == [False, True]


@pytest.mark.parametrize("make, error, words", [
    (lambda: stimuli.poisson(-1 * Hz), WiringError, "poisson: a rate is negative or not finite"),
    (lambda: stimuli.poisson(8000), UnitError, "write rb.stimuli.poisson(8000*Hz)"),
    (lambda: stimuli.poisson(np.ones((2, 2)) * Hz), ShapeError, "poisson(rates, dt=1*ms)"),
    (lambda: stimuli.poisson(1 * Hz, dt=1 * ms), ShapeError, "with dt, rates are an array"),
    (lambda: stimuli.poisson([1] * Hz, dt=0 * ms), WiringError, "dt is not a positive time"),
    (lambda: stimuli.poisson([1] * Hz, dt=1), UnitError, "poisson: dt: expected a time"),
    (lambda: stimuli.poisson(1 * Hz).times(5), UnitError, "poisson: the duration: expected a time"),
])  # fmt: skip
def test_poisson_refuses(make, error, words):
    with pytest.raises(error) as refused:
        make()
    assert words in str(refused.value)


# --- all --------------------------------------------------------------------------


@pytest.mark.parametrize("train, text", [
    (stimuli.regular_spikes([10, 25] * Hz, [0.2, 0.5] * second, 0.1),
     "regular_spikes(rates=[10, 25]*Hz, until=[0.2, 0.5]*second, jitter=0.1)"),
    (stimuli.spike_times([1, 2] * ms), "spike_times(<2 times>)"),
    (stimuli.spike_times([[1] * ms, []]), "spike_times(<1 times of 2 cells>)"),
    (stimuli.poisson(8000 * Hz), "poisson(8000*Hz)"),
    (stimuli.poisson([1, 2, 3] * Hz), "poisson(<3 rates>)"),
    (stimuli.poisson(np.ones((5, 2)) * Hz, dt=2 * ms), "poisson(<5 x 2 rates>, dt=2*ms)"),
])  # fmt: skip
def test_trains_print_and_say_what_they_are(train, text):
    assert str(train) == repr(train) == text
    assert train.is_train
    assert not train.is_current


def test_events_are_sorted_by_step_and_cell():
    times = np.array([0.0, 0.0031, 0.002, 0.0034, 0.0012])
    cells = np.array([1, 1, 0, 0, 2])
    steps, ids, offsets = bin_events(times, cells, 1e-3, start=1e-3)
    np.testing.assert_array_equal(steps, [0, 1, 2, 2])
    np.testing.assert_array_equal(ids, [2, 0, 0, 1])
    np.testing.assert_allclose(offsets, [2e-4, 0, 4e-4, 1e-4], atol=1e-15)
    assert ids.dtype == np.int32
