import numpy as np
import pytest
from matplotlib.colors import to_hex

from rheobase import plots
from rheobase.errors import ShapeError, UserError
from rheobase.plots.style import PALETTE
from rheobase.results import Result, SpikeTrains
from rheobase.units import ms


def marks(ax, drawn):
    """Return time and row of each mark, population by population."""
    found = []
    for artist in drawn(ax, "raster"):
        if hasattr(artist, "get_segments"):
            segments = np.array(artist.get_segments()).reshape(-1, 2, 2)
            found.append((segments[:, 0, 0], segments[:, :, 1].mean(axis=1)))
        else:
            found.append((artist.get_xdata(), artist.get_ydata()))
    return found


def test_a_raster_has_a_mark_a_spike_from_top_to_bottom(drawn):
    first = SpikeTrains([0.1, 0.2], [0, 2], 3, name="first", stop=1.0)
    second = SpikeTrains([0.3], [1], 2, name="second", stop=1.0)
    ax = plots.raster([first, second])
    (times, rows), (later, below) = marks(ax, drawn)
    np.testing.assert_allclose(times, [0.1, 0.2])
    np.testing.assert_allclose(rows, [0.5, 2.5])
    np.testing.assert_allclose(later, [0.3])
    np.testing.assert_allclose(below, [4.5])
    assert ax.get_ylim() == (5.0, 0.0)  # row 0 is at the top
    assert ax.get_xlim() == (0.0, 1.0)
    assert ax.get_xlabel() == "time (s)"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"]
    np.testing.assert_allclose(ax.get_yticks(), [1.5, 4.0])
    colors = [to_hex(artist.get_color()[0]).upper() for artist in drawn(ax, "raster")]
    assert colors == list(PALETTE[:2])
    assert [to_hex(t.get_color()).upper() for t in ax.get_yticklabels()] == list(PALETTE[:2])


def test_a_single_population_has_numbered_cells(make_trains):
    ax = plots.raster(make_trains("ring", 8, 40))
    assert ax.get_ylabel() == "cell of ring"
    numbers = {float(y): text.get_text() for y, text in
               zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)}  # fmt: skip
    assert all(text == f"{y - 0.5:.0f}" for y, text in numbers.items())
    assert plots.raster(make_trains("cells", 8, 40)).get_ylabel() == "cell"
    some = plots.raster(make_trains("ring", 8, 40)[[2, 5]])
    assert [text.get_text() for text in some.get_yticklabels()] == ["2", "5"]


@pytest.mark.parametrize("source", [
    [[0.1, 0.2], [], [0.3]], [np.array([100, 200]) * ms, [] * ms, [300] * ms],
])  # fmt: skip
def test_a_list_of_trains_is_a_row_each(source, drawn):
    ax = plots.raster(source)
    ((times, rows),) = marks(ax, drawn)
    np.testing.assert_allclose(times, [0.1, 0.2, 0.3])
    np.testing.assert_allclose(rows, [0.5, 0.5, 2.5])
    assert ax.get_ylabel() == "cell"
    assert ax.get_xlim()[1] > 0.3  # the last spike is not on the edge


def test_labels_name_rows(drawn):
    ax = plots.raster([[0.1], [0.2], [0.3]], labels=["input", "LIF", "mine"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["input", "LIF", "mine"]
    assert len(drawn(ax, "raster")) == 3
    ax = plots.raster({"a": [0.1], "b": SpikeTrains([0.2], [0], 1, stop=1.0)})
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]


@pytest.mark.parametrize("names, labels, expected", [
    (["A", "B"], ["x"], "the labels do not fit the rows\nexpected: 2, one a population\ngiven: 1"),
    (["A"], ["x", "y", "z"], "the labels do not fit the rows\nexpected: 2, one a cell\ngiven: 3"),
])  # fmt: skip
def test_labels_that_do_not_fit_are_refused(make_result, names, labels, expected):
    with pytest.raises(ShapeError) as refused:
        make_result(names).plot.raster(labels)
    assert str(refused.value) == expected


def test_an_empty_raster_is_an_empty_plot():
    for source in ([], Result(dt=1e-4, stop=1.0, seed=0), SpikeTrains([], [], 3, stop=1.0)):
        plots.raster(source).figure.canvas.draw()


def test_a_sparse_raster_is_whole_and_says_nothing(make_trains, drawn):
    ax = plots.raster([make_trains("E", 3200, 16_000), make_trains("I", 800, 4_000)])
    assert [times.size for times, _ in marks(ax, drawn)] == [16_000, 4_000]
    assert not ax.texts


def test_a_dense_raster_leaves_out_cells_and_says_so(make_trains, drawn):
    dense = make_trains("E", 4000, 150_000)
    ax = plots.raster(dense)
    assert [text.get_text() for text in ax.texts] == ["1 cell in 4 shown"]
    ((times, rows),) = marks(ax, drawn)
    kept = dense.ids % 4 == 0
    np.testing.assert_array_equal(times, dense.times[kept])
    np.testing.assert_allclose(rows, dense.ids[kept] + 0.5)


def test_small_populations_are_left_whole(make_trains, drawn):
    big, small = make_trains("E", 4000, 150_000), make_trains("I", 10, 300)
    ax = plots.raster([big, small])
    assert [text.get_text() for text in ax.texts] == ["up to 1 cell in 4 shown"]
    assert marks(ax, drawn)[1][0].size == 300
    top, bottom = marks(ax, drawn)[1][1].min(), ax.get_ylim()[0]
    assert bottom - top > 100  # ten cells have a band that is seen beside four thousand


def test_a_few_cells_with_very_many_spikes_lose_spikes(make_trains, drawn):
    ax = plots.raster(make_trains("fast", 4, 200_000, stop=100.0))
    assert [text.get_text() for text in ax.texts] == ["1 spike in 3 shown"]
    assert marks(ax, drawn)[0][0].size == 66_667


def test_population_rates_are_steps_over_time(make_result, drawn):
    result = make_result()
    ax = result.plot.population_rate(bin=20 * ms)
    assert ax.get_ylabel() == "rate per cell (Hz)"
    steps = drawn(ax, "population_rate")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["A", "B"]
    for name, artist in zip("AB", steps, strict=True):
        values, edges, _ = artist.get_data()
        np.testing.assert_allclose(values, result.spikes[name].population_rate(20 * ms))
        np.testing.assert_allclose(edges, np.arange(0, 0.201, 0.02))
    assert ax.get_xlim() == (0.0, 0.2)
    assert plots.population_rate(result.spikes["A"]).get_legend() is None


def test_interval_histograms_integrate_to_one(make_result, drawn):
    ax = make_result(period=20).plot.isi_histogram(bins=[0, 10, 19.5, 20.5, 40])
    values, edges, _ = drawn(ax, "isi_histogram")[0].get_data()
    assert (values * np.diff(edges)).sum() == pytest.approx(1)
    np.testing.assert_allclose(values, [0, 0, 1, 0])
    assert ax.get_xlabel() == "interspike interval (ms)"
    text = ax.get_legend().get_texts()[0].get_text()
    assert text == "A: n = 18, mean 20 ms, CV 0.00"


def test_bins_of_intervals_are_whole_steps(make_trains, drawn):
    trains = make_trains("E", 20, 3000)
    values, edges, _ = drawn(plots.isi_histogram(trains), "isi_histogram")[0].get_data()
    width = np.diff(edges)
    np.testing.assert_allclose(width, np.round(width[0]))
    assert values.size <= 51
    counts = values * width * trains.isi().size
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-6)
    assert counts.sum() == pytest.approx(trains.isi().size)
    clock = plots.isi_histogram([np.arange(10) * 0.01])
    assert clock.get_xlim()[0] < 10 < clock.get_xlim()[1]


def test_no_intervals_are_refused():
    with pytest.raises(UserError) as refused:
        plots.isi_histogram([[0.1], [0.2]])
    assert str(refused.value) == (
        "there are no interspike intervals: no cell has two spikes\n"
        "run for longer, or drive the cells harder"
    )


def test_a_number_is_no_raster():
    with pytest.raises(UserError, match=r"given: int(.|\n)*write rb\.plots\.raster\(result\)"):
        plots.raster(3)
