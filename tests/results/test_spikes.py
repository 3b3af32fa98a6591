"""SpikeTrains against counting done by hand, one spike at a time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.results import Burst, SpikeTrains
from rheobase.units import ms, mV, second

DT = 1e-3
SIZE = 5


def trains_of(pairs, size=SIZE, **keywords):
    """Return SpikeTrains of (step, id) pairs on a grid of 1 ms."""
    steps = [step for step, _ in pairs]
    window = {"start": 0.0, "stop": 1.0, "dt": DT, "name": "cells", **keywords}
    return SpikeTrains(np.array(steps) * DT, [i for _, i in pairs], size, steps=steps, **window)


def some_pairs(max_step=999):
    return st.lists(st.tuples(st.integers(0, max_step), st.integers(0, SIZE - 1)), max_size=60).map(
        sorted
    )


@given(some_pairs())
def test_each_cell_has_its_own_spikes(pairs):
    spikes = trains_of(pairs)
    assert len(spikes) == spikes.size == SIZE
    assert spikes.count == len(pairs)
    for cell, times in enumerate(spikes):
        expected = [step * DT for step, i in pairs if i == cell]
        np.testing.assert_array_equal(times, expected)
        np.testing.assert_array_equal(spikes[cell], expected)
        np.testing.assert_array_equal(spikes[cell - SIZE], expected)
        np.testing.assert_array_equal(spikes[np.int32(cell)], expected)


@given(some_pairs(), st.permutations(range(SIZE)), st.integers(0, SIZE))
def test_chosen_cells_keep_their_spikes_and_their_order(pairs, order, k):
    chosen = spikes = trains_of(pairs)[order[:k]]
    np.testing.assert_array_equal(chosen.cells, order[:k])
    assert chosen.count == sum(i in order[:k] for _, i in pairs)
    assert np.all(np.diff(chosen.times) >= 0)
    for row, cell in enumerate(order[:k]):
        expected = [step * DT for step, i in pairs if i == cell]
        np.testing.assert_array_equal(chosen[row], expected)
        np.testing.assert_array_equal(spikes.ids[np.isin(spikes.ids, cell)], [cell] * len(expected))
    assert chosen.rates().shape == chosen.cv().shape == (k,)
    np.testing.assert_allclose(chosen.rates(), [len(times) for times in chosen])


def test_slices_masks_and_lists_choose_alike():
    spikes = trains_of([(1, 0), (2, 3), (3, 4), (3, 2), (9, 3)])
    assert spikes[2:4] == spikes[[2, 3]] == spikes[np.array([False, False, True, True, False])]
    assert spikes[2:][1:2] == spikes[3:4]
    assert spikes[[]].size == 0
    np.testing.assert_array_equal(spikes[2:4].ids, [3, 2, 3])
    np.testing.assert_array_equal(spikes[2:4].steps, [2, 3, 9])
    assert spikes[2:4] != spikes[2:5]
    assert spikes[2:4].population_size == SIZE


def test_times_are_sorted_and_ties_stay_in_the_order_given():
    spikes = SpikeTrains([0.3, 0.1, 0.3, 0.1], [0, 1, 2, 0], 3, stop=1.0, steps=[3, 1, 3, 1])
    np.testing.assert_array_equal(spikes.times, [0.1, 0.1, 0.3, 0.3])
    np.testing.assert_array_equal(spikes.ids, [1, 0, 0, 2])
    np.testing.assert_array_equal(spikes.steps, [1, 1, 3, 3])
    with pytest.raises(ValueError, match="read-only"):
        spikes.times[0] = 1.0


@given(some_pairs(), st.integers(0, 1000), st.integers(0, 1000))
def test_between_is_closed_below_and_open_above_on_the_grid(pairs, a, b):
    low, high = sorted((a, b))
    # Bounds as sums of tenths of a millisecond, which miss the grid by rounding.
    bounds = [sum([DT / 10] * (10 * k)) for k in (low, high)]
    window = trains_of(pairs).between(*bounds)
    expected = [(step, i) for step, i in pairs if low <= step < high]
    np.testing.assert_array_equal(window.ids, [i for _, i in expected])
    np.testing.assert_array_equal(window.times, [step * DT for step, _ in expected])
    assert (window.start, window.stop) == tuple(bounds)


def test_between_takes_quantities_texts_and_seconds():
    spikes = trains_of([(100, 0), (200, 1), (300, 2)])
    expected = spikes.between(0.1, 0.3)
    assert expected.count == 2
    assert spikes.between(100 * ms, 0.3 * second) == expected
    assert spikes.between("100 ms", "0.3 second") == expected
    assert spikes.between(0.2).count == 2
    assert spikes.between(stop=0.2).count == 1


def test_a_window_is_cut_to_what_the_trains_cover():
    window = trains_of([(100, 0)]).between(-1, 0.5)
    assert (window.start, window.stop) == (0.0, 0.5)
    assert window.rates()[0] == 2.0
    beyond = trains_of([(100, 0)]).between(2, 3)
    assert beyond.count == 0
    assert np.isnan(beyond.rates()).all()
    assert np.isnan(beyond.mean_rate())


def test_bounds_without_a_step_are_exact():
    spikes = SpikeTrains([0.1], [0], 1, stop=1.0)
    assert spikes.between(np.nextafter(0.1, 1), 1).count == 0
    assert spikes.between(0.1, 1).count == 1


@given(some_pairs(), st.lists(st.integers(-10, 1010), min_size=2, max_size=12, unique=True))
def test_counts_against_one_spike_at_a_time(pairs, edges):
    edges = sorted(edges)
    expected = np.zeros((SIZE, len(edges) - 1), dtype=int)
    for step, i in pairs:
        for k, (low, high) in enumerate(pairwise(edges)):
            expected[i, k] += low <= step < high
    spikes = trains_of(pairs)
    np.testing.assert_array_equal(spikes.counts(np.array(edges) * 0.1 / 100), expected)
    np.testing.assert_array_equal(spikes.counts(edges * ms), expected)
    np.testing.assert_array_equal(spikes[::-1].counts(edges * ms), expected[::-1])


def test_a_spike_on_the_grid_is_in_the_bin_that_begins_there():
    # The course's notebook bins with floating-point windows and loses spikes of this kind.
    steps = np.arange(1000)
    spikes = SpikeTrains(steps * 1e-4, steps * 0, 1, stop=0.1, dt=1e-4)
    np.testing.assert_array_equal(spikes.counts(np.arange(101) * 1e-3), np.full((1, 100), 10))


@given(some_pairs())
def test_rates_and_their_mean(pairs):
    spikes = trains_of(pairs, stop=2.0)
    expected = [sum(i == cell for _, i in pairs) / 2 for cell in range(SIZE)]
    np.testing.assert_allclose(spikes.rates(), expected)
    assert spikes.mean_rate() == pytest.approx(np.mean(expected))


@given(some_pairs())
def test_intervals_and_their_variation(pairs):
    spikes = trains_of(pairs)
    per_cell = [np.diff([step * DT for step, i in pairs if i == cell]) for cell in range(SIZE)]
    np.testing.assert_allclose(spikes.isi(), np.concatenate(per_cell), atol=1e-15)
    for cell, intervals in enumerate(per_cell):
        cv = spikes.cv()[cell]
        if intervals.size < 2 or intervals.mean() == 0:
            assert np.isnan(cv)
        else:
            assert cv == pytest.approx(intervals.std() / intervals.mean(), abs=1e-9)


def test_a_clock_has_no_variation_and_a_poisson_process_has_one():
    rng = np.random.default_rng(1)
    spikes = SpikeTrains.from_lists(
        [np.arange(100) * 0.01, np.cumsum(rng.exponential(0.01, 20_000)), [0.1, 0.2]]
    )
    regular, poisson, few = spikes.cv()
    assert regular == pytest.approx(0, abs=1e-9)
    assert poisson == pytest.approx(1, abs=0.03)
    assert np.isnan(few)


def test_trains_may_be_lists_of_quantities():
    spikes = SpikeTrains.from_lists([[10, 20] * ms, [], "5 ms"], name="mine")
    np.testing.assert_allclose(spikes.times, [0.005, 0.01, 0.02])
    np.testing.assert_array_equal(spikes.ids, [2, 0, 0])
    assert (spikes.size, spikes.start, spikes.stop) == (3, 0.0, 0.02)
    assert SpikeTrains.from_lists([]).size == 0


@given(some_pairs(), st.integers(1, 300))
def test_population_rate_integrates_to_the_number_of_spikes(pairs, bin_steps):
    spikes = trains_of(pairs)
    rate = spikes.population_rate(bin=bin_steps * ms)
    width = np.minimum(bin_steps, 1000 - bin_steps * np.arange(rate.size)) * DT
    np.testing.assert_allclose((rate.values * width).sum() * SIZE, len(pairs))
    counts = np.bincount([step // bin_steps for step, _ in pairs] or [0], minlength=rate.size)
    np.testing.assert_allclose(rate.values, counts * bool(pairs) / width / SIZE)
    np.testing.assert_allclose(rate.time, bin_steps * DT * np.arange(rate.size) + width / 2)
    assert rate.attrs["units"] == "Hz"
    assert rate.time.attrs["units"] == "s"


@settings(max_examples=200)
@given(some_pairs(max_step=200), st.integers(0, 40))
def test_bursts_against_one_spike_at_a_time(pairs, gap):
    found = trains_of(pairs).bursts(gap=gap * ms)
    assert len(found) == SIZE
    for cell, bursts in enumerate(found):
        expected = []
        for step in [step for step, i in pairs if i == cell]:
            if expected and step - expected[-1][1] <= gap:
                expected[-1][1] = step
                expected[-1][2] += 1
            else:
                expected.append([step, step, 1])
        assert list(bursts) == [Burst(a * DT, b * DT, n) for a, b, n in expected]
        np.testing.assert_array_equal(bursts.starts, [a * DT for a, _, _ in expected])
        np.testing.assert_array_equal(bursts.stops, [b * DT for _, b, _ in expected])
        np.testing.assert_array_equal(bursts.counts, [n for _, _, n in expected])


def test_bursts_are_a_sequence():
    (bursts,) = trains_of([(10, 0), (12, 0), (300, 0)], size=1).bursts()
    assert bursts[0] == (0.01, 0.012, 2)
    assert bursts[-1].count == 1
    assert len(bursts[:1]) == 1
    assert repr(bursts[:1]) == "[Burst(start=0.01, stop=0.012, count=2)]"


@pytest.mark.parametrize("size", [70_000, 65_536, 3])
def test_large_populations_are_indexed_alike(size):
    rng = np.random.default_rng(size)
    ids = rng.integers(0, size, 20_000)
    times = np.sort(rng.random(20_000))
    spikes = SpikeTrains(times, ids, size, stop=1.0)
    for cell in rng.choice(ids, 20):
        np.testing.assert_array_equal(spikes[cell], times[ids == cell])
    np.testing.assert_array_equal(spikes.counts([0, 0.5])[:, 0],
                                  np.bincount(ids[times < 0.5], minlength=size))  # fmt: skip


def test_trains_are_equal_to_the_bit_or_not_at_all():
    pairs = [(1, 0), (2, 3)]
    assert trains_of(pairs) == trains_of(pairs, name="others")
    assert trains_of(pairs) != trains_of(pairs[:1])
    assert trains_of(pairs) != trains_of(pairs, stop=2.0)
    assert trains_of(pairs) != trains_of(pairs, size=6)
    assert trains_of(pairs) != "spikes"
    with pytest.raises(TypeError, match="unhashable"):
        hash(trains_of(pairs))


def test_it_prints_what_it_is():
    spikes = trains_of([(1, 0), (2, 3)])
    assert repr(spikes) == "<SpikeTrains 'cells': 2 spikes of 5 cells, 0 s to 1 s, 0.4 Hz a cell>"
    one = SpikeTrains([0.5], [0], 1, start=0.5, stop=0.5)
    assert repr(one) == "<SpikeTrains: 1 spike of 1 cell, 0.5 s to 0.5 s>"


def test_neo_gets_a_train_a_cell():
    neo = pytest.importorskip("neo")
    spikes = trains_of([(1, 0), (2, 3), (999, 3)])[2:4]
    trains = spikes.to_neo()
    assert all(isinstance(train, neo.SpikeTrain) for train in trains)
    assert [train.name for train in trains] == ["cells[2]", "cells[3]"]
    assert [train.annotations["cell"] for train in trains] == [2, 3]
    np.testing.assert_array_equal(trains[1].rescale("s").magnitude, [0.002, 0.999])
    assert float(trains[1].t_stop) == 1.0
    # A crossing interpolated at the very end stays inside.
    late = SpikeTrains([1.0000000001], [0], 1, stop=1.0).to_neo()
    assert float(late[0].t_stop) >= 1.0


def text_of(error, call):
    with pytest.raises(error) as refused:
        call()
    return str(refused.value)


@pytest.mark.parametrize("arguments, expected", [
    (dict(times=[0.1, 0.2], ids=[0]),
     "spike trains 'x': times and ids have one entry a spike\ngiven: shapes (2,) and (1,)"),
    (dict(times=[[0.1]], ids=[[0]]),
     "spike trains 'x': times and ids have one entry a spike\ngiven: shapes (1, 1) and (1, 1)"),
    (dict(times=[0.1], ids=[0], steps=[1, 2]),
     "spike trains 'x': times and steps have one entry a spike\ngiven: shapes (1,) and (2,)"),
    (dict(times=[float("nan")], ids=[0]),
     "spike trains 'x': some spike times are not finite numbers"),
    (dict(times=[0.1, 0.2], ids=[0, 7]),
     "spike trains 'x': some ids are of no cell\nexpected: indices in a population of 5\n"
     "given: 0 to 7"),
    (dict(times=[], ids=[], cells=[5]),
     "spike trains 'x': cells are a list of indices in a population of 5"),
    (dict(times=[], ids=[], cells=[2, 1, 2]), "spike trains 'x': cell 2 is chosen twice"),
    (dict(times=[0.1], ids=[4], cells=[2]),
     "spike trains 'x': cell 4 has spikes but is not among cells"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(arguments, expected):
    call = lambda: SpikeTrains(size=SIZE, name="x", stop=1.0, **arguments)  # noqa: E731
    assert text_of(ShapeError, call) == expected


@pytest.mark.parametrize("key, expected", [
    (5, "there is no cell 5 in the spike trains 'cells' of 5 cells; they count from 0"),
    (-6, "there is no cell -6 in the spike trains 'cells' of 5 cells; they count from 0"),
    ([1, 9], "these cells cannot be chosen from the spike trains 'cells' of 5 cells: index 9 is "
             "out of bounds for axis 0 with size 5"),
    ("v", "these cells cannot be chosen from the spike trains 'cells'\nexpected: a cell's index, "
          "a slice, a mask, or a list of indices\ngiven: 'v'"),
    ([1.5], "these cells cannot be chosen from the spike trains 'cells'\nexpected: a cell's "
            "index, a slice, a mask, or a list of indices\ngiven: [1.5]"),
    ([1, 1], "spike trains 'cells': cell 1 is chosen twice"),
])  # fmt: skip
def test_cells_that_are_not_there_are_refused(key, expected):
    assert text_of(ShapeError, lambda: trains_of([(1, 0)])[key]) == expected


def test_a_missing_cell_is_an_index_error_too():
    with pytest.raises(IndexError, match="there is no cell 9"):
        trains_of([(1, 0)])[9]


@pytest.mark.parametrize("call, expected", [
    (lambda s: s.between(0.5, 0.3),
     "between: start, 0.5 s, is after stop, 0.3 s\nwrite spikes.between(0.3, 0.5)"),
    (lambda s: s.between([0.5, 0.6], 1), "start is one time\ngiven: an array of shape (2,)"),
    (lambda s: s.counts(0.1),
     "the edges of bins are a list of at least two times\ngiven: an array of shape ()\n"
     "write spikes.counts(numpy.arange(0, 1.01, 0.1)*second)"),
    (lambda s: s.counts([0, 0.2, 0.2]),
     "the edges of bins must ascend\nwrite spikes.counts(numpy.unique(edges))"),
    (lambda s: s.population_rate(bin=0 * ms),
     "a bin is longer than zero\ngiven: 0 s\nwrite bin=5*ms"),
    (lambda s: s.between(2, 3).population_rate(),
     "the spike trains 'cells' cover no time, so they have no rate"),
    (lambda s: s.bursts(gap=-1), "a gap is zero or longer\ngiven: -1 s\nwrite gap=150*ms"),
])  # fmt: skip
def test_questions_that_make_no_sense_are_refused(call, expected):
    assert text_of(UserError, lambda: call(trains_of([(1, 0)]))) == expected


@pytest.mark.parametrize("call, what, paste", [
    (lambda s: s.between(5 * mV, 1), "start", "spikes.between(200*ms, 500*ms)"),
    (lambda s: s.between(0, "5 mV"), "stop", "spikes.between(200*ms, 500*ms)"),
    (lambda s: s.counts([1, 2] * mV), "edges",
     "spikes.counts(numpy.arange(0, 1.01, 0.1)*second)"),
    (lambda s: s.population_rate(5 * mV), "bin", "spikes.population_rate(bin=5*ms)"),
    (lambda s: s.bursts(5 * mV), "gap", "spikes.bursts(gap=150*ms)"),
])  # fmt: skip
def test_a_voltage_is_no_time(call, what, paste):
    text = text_of(UnitError, lambda: call(trains_of([(1, 0)])))
    assert text.startswith(f"{what}: expected a time, got ")
    assert f"write {paste}" in text
