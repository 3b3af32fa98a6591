import numpy as np
import pytest

from rheobase import plots
from rheobase.errors import ShapeError, UnknownNameError, UserError
from rheobase.results import Result, TraceData


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_line_a_cell_with_its_unit(make_result, drawn):
    result = make_result()
    ax = plots.traces(result, "v")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "v (mV)")
    assert names(ax) == ["A[0]", "A[1]", "B[0]", "B[1]"]
    lines = drawn(ax, "traces")
    np.testing.assert_array_equal(lines[3].get_ydata(), result.traces["B"].v[:, 1])
    np.testing.assert_array_equal(lines[3].get_xdata(), result.traces["B"].time)
    assert ax.get_xlim() == (0.0, 0.2)
    assert len({line.get_color() for line in lines}) == 4


def test_spikes_stand_on_a_voltage_that_is_reset(make_result, drawn):
    result = make_result(["A"], cells=1)
    ax = plots.traces(result, "v")
    (spikes,) = drawn(ax, "spikes")
    segments = np.array(spikes.get_segments())
    times = result.spikes["A"][0]
    # The last spike is in the last sample: nothing is known of what follows.
    np.testing.assert_allclose(segments[:, 0, 0], times[times < 0.199])
    np.testing.assert_allclose(segments[:, 0, 1], -50)  # from the value before the reset
    np.testing.assert_allclose(segments[:, 1, 1], -50 + 0.35 * 15)
    assert not drawn(plots.traces(result, "v", spikes=False), "spikes")


def test_spikes_do_not_stand_on_other_variables(make_result, drawn):
    result = make_result(["A"], cells=1)
    assert not drawn(plots.traces(result, "w"), "spikes")
    assert drawn(plots.traces(result, "w", spikes=True), "spikes")


def test_where_spikes_were_not_kept_none_are_drawn(make_result, drawn):
    result = make_result(["A"], cells=2)
    data = [result.traces.data("A")]
    for spikes in ([], [result.spikes["A"][[1]]]):
        bare = Result(spikes, data, dt=1e-3, stop=0.2, seed=0)
        assert not drawn(plots.traces(bare, "v", spikes=True), "spikes")


def test_what_is_drawn_can_be_chosen(make_result, drawn):
    result = make_result()
    assert names(plots.traces(result, "v", recording="B")) == ["B[0]", "B[1]"]
    assert names(plots.traces(result, "v", recording=["A", "B"], cells=[1])) == ["A", "B"]
    ax = plots.traces(result, "v", recording="A", cells=[1, 0])
    np.testing.assert_array_equal(drawn(ax, "traces")[0].get_ydata(), result.traces["A"].v[:, 1])
    labelled = plots.traces(result, "w", recording="B", labels=["left", "right"])
    assert names(labelled) == ["left", "right"]
    assert labelled.get_ylabel() == "w"
    assert plots.traces(result).get_ylabel() == "v (mV)"
    assert plots.traces(result, "v", recording="A", cells=[0]).get_legend() is None


def test_datasets_and_their_variables_are_drawn_alike(make_result, drawn):
    result = make_result()
    expected = drawn(plots.traces(result, "v", recording="A"), "traces")
    dataset = result.traces["A"]
    for ax in (plots.traces(dataset, "v"), plots.traces(dataset), plots.traces(dataset.v),
               plots.traces(dataset.v.transpose())):  # fmt: skip
        assert ax.get_ylabel() == "v (mV)"
        for line, other in zip(drawn(ax, "traces"), expected, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), other.get_ydata())
    (line,) = drawn(plots.traces(dataset.v.sel(cell=1)), "traces")
    np.testing.assert_array_equal(line.get_ydata(), expected[1].get_ydata())
    (line,) = drawn(plots.traces(dataset.v.mean("cell")), "traces")
    np.testing.assert_array_equal(line.get_ydata(), dataset.v.values.mean(axis=1))
    late = plots.traces(dataset.v.sel(time=slice(0.05, 0.1)))
    np.testing.assert_allclose(late.get_xlim(), [0.05, 0.1])


def test_many_cells_are_faint_with_their_mean(make_result, drawn):
    result = make_result(["A"], cells=12)
    ax = plots.traces(result, "v")
    (mean,) = drawn(ax, "traces")
    np.testing.assert_allclose(mean.get_ydata(), result.traces["A"].v.mean("cell"))
    assert len(ax.lines) == 13
    assert [text.get_text() for text in ax.texts] == ["12 cells, and their mean"]
    both = plots.traces(make_result(cells=12), "v")
    assert names(both) == ["A", "B"]


def test_another_run_in_the_same_axes_goes_on(make_result, drawn):
    result = make_result(["A"], cells=1)
    ax = plots.traces(result, "v", spikes=False)
    plots.traces(result.traces["A"].isel(time=slice(0, 50)), "v", ax=ax)
    assert ax.get_xlim() == (0.0, 0.2)
    first, second = drawn(ax, "traces")
    assert first.get_color() != second.get_color()


def refusal(error, *arguments, **keywords):
    with pytest.raises(error) as refused:
        plots.traces(*arguments, **keywords)
    return str(refused.value)


def test_questions_that_make_no_sense_are_refused(make_result):
    result = make_result()
    assert refusal(UnknownNameError, result, "V") == (
        "no variable 'V' was recorded; did you mean 'v'?\nexpected: v, w"
    )
    assert refusal(UnknownNameError, result.traces["A"], "qq") == (
        "no variable 'qq' was recorded\nexpected: v, w"
    )
    assert refusal(UnknownNameError, result, "v", recording="C").startswith(
        "this result has no traces of 'C'"
    )
    assert refusal(UserError, Result(dt=1e-4, stop=1.0, seed=0), "v") == (
        'nothing was recorded\nbefore the run, write net.record(cells, "v")'
    )
    assert refusal(UserError, result, "v", cells=[5]) == (
        "there is nothing to draw: none of the cells [5] was recorded"
    )
    assert refusal(ShapeError, result, "v", labels=["one"]) == (
        "the labels do not fit the lines\nexpected: 4\ngiven: 1"
    )
    assert refusal(UserError, [1, 2, 3]) == (
        "traces are drawn of a result, or of what it recorded\ngiven: list\n"
        'write rb.plots.traces(result, "v")'
    )


def test_units_that_differ_have_no_common_axis(make_result):
    first, second = make_result(["A"]), make_result(["B"], unit="1")
    data = [first.traces.data("A"), second.traces.data("B")]
    both = Result([], data, dt=1e-3, stop=0.2, seed=0)
    assert refusal(UserError, both, "v") == (
        "v has the unit mV in 'A' and 1 in 'B': they have no common axis\n"
        "draw them one by one: recording='A'"
    )


def test_a_constant_trace_and_no_samples_are_drawn(drawn):
    for n in (0, 1, 5):
        data = TraceData("a", "a", np.arange(n) * 1e-3, np.arange(1), {"v": np.ones((n, 1))},
                         {"v": "mV"})  # fmt: skip
        ax = plots.traces(Result([], [data], dt=1e-3, stop=0.005, seed=0), "v")
        ax.figure.canvas.draw()


def places(cells, name="along"):
    times = np.arange(5) * 1e-3
    where = {
        "cell": np.array(cells), "region": np.array(["soma", "dendrite", "dendrite"]),
        "path": np.array([0.0, 50e-6, 150e-6]), "compartment": np.arange(3),
    }  # fmt: skip
    values = {"v": np.arange(15.0).reshape(5, 3)}
    return TraceData(name, "cells", times, np.arange(3), values, {"v": "mV"}, "site", where)


def test_places_are_called_where_they_are():
    one, two = places([0, 0, 0]), places([0, 0, 1], "other")

    def drawn_of(*traces):
        return names(plots.traces(Result([], traces, dt=1e-3, stop=5e-3, seed=0), "v"))

    assert drawn_of(one) == ["soma 0 µm", "dendrite 50 µm", "dendrite 150 µm"]
    assert drawn_of(two) == ["cell 0, soma 0 µm", "cell 0, dendrite 50 µm",
                             "cell 1, dendrite 150 µm"]  # fmt: skip
    assert drawn_of(one, two)[3] == "other[0] soma 0 µm"


def test_many_places_are_no_cells():
    many, count = places([0, 0, 0]), 12
    where = {k: np.repeat(v, 4) for k, v in many.where.items()}
    values = {"v": np.repeat(many.values["v"], 4, axis=1)}
    many = TraceData("all", "cells", np.arange(5) * 1e-3, np.arange(count), values, {"v": "mV"},
                     "site", where)  # fmt: skip
    ax = plots.traces(Result([], (many,), dt=1e-3, stop=5e-3, seed=0), "v")
    assert [text.get_text() for text in ax.texts] == ["12 places, and their mean"]


@pytest.mark.parametrize("count", [2, 7])
def test_a_legend_hides_nothing(count, make_result):
    import matplotlib.pyplot as plt

    result = make_result(names=("a rather long name", "another"), cells=(count + 1) // 2)
    figure, axes = plt.subplots(2, 1, figsize=(6, 4), layout="constrained")
    ax = plots.traces(result, "v", ax=axes[1])
    figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert ax.get_window_extent().contains(box.x0, box.y0)
    for line in ax.lines:
        drawn_to = ax.transData.transform(np.column_stack(line.get_data()))[:, 1].max()
        assert drawn_to <= box.y0 + 1
    before = ax.get_ylim()
    plots.traces(result, "v", ax=ax)  # again: the room is made once
    assert ax.get_ylim()[1] - ax.get_ylim()[0] < 2 * (before[1] - before[0])
    beside = plots.traces(result, "v")
    beside.figure.canvas.draw()
    assert beside.get_legend().get_window_extent().x0 >= beside.get_window_extent().x1


def test_limits_that_were_set_stay(make_result):
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    ax.set_ylim(-70, 0)
    plots.traces(make_result(), "v", ax=ax)
    assert ax.get_ylim() == (-70, 0) and ax.get_legend() is not None
