import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rheobase import plots
from rheobase.errors import ShapeError
from rheobase.plots import style


def test_matplotlib_keeps_its_settings(make_result):
    before = dict(plt.rcParams)
    result = make_result()
    for draw in (result.plot.raster, result.plot.traces, result.plot.population_rate,
                 result.plot.isi_histogram):  # fmt: skip
        draw().figure.canvas.draw()
    plots.rate_curve([1, 2], [3, 4])
    assert dict(plt.rcParams) == before


def test_matplotlib_is_loaded_with_the_first_plot():
    script = (
        "import sys, rheobase.plots, rheobase.plots.accessor;"
        "assert not {'matplotlib', 'xarray'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_plot_draws_into_the_axes_given(make_result, make_trains):
    _, axes = plt.subplots(1, 5)
    result = make_result()
    assert result.plot.raster(ax=axes[0]) is axes[0]
    assert result.plot.traces("v", ax=axes[1]) is axes[1]
    assert result.plot.population_rate(ax=axes[2]) is axes[2]
    assert result.plot.isi_histogram(ax=axes[3]) is axes[3]
    assert plots.rate_curve([1, 2], [3, 4], ax=axes[4]) is axes[4]
    assert len(plt.get_fignums()) == 1


def test_several_axes_are_refused(make_result):
    _, axes = plt.subplots(2)
    with pytest.raises(ShapeError) as refused:
        make_result().plot.raster(ax=axes)
    assert str(refused.value) == (
        "ax is one Matplotlib Axes\ngiven: an array of shape (2,)\n"
        "choose one of several: ax=axes[0]"
    )


def test_axes_that_share_time_name_it_once(make_result):
    _, (upper, lower) = plt.subplots(2, sharex=True)
    result = make_result()
    result.plot.traces("v", ax=upper)
    result.plot.raster(ax=lower)
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "time (s)")
    _, (left, right) = plt.subplots(1, 2)
    result.plot.traces("v", ax=left)
    assert left.get_xlabel() == "time (s)"
    assert right.get_xlabel() == ""


def test_colors_can_be_told_apart_on_white():
    assert len(set(style.PALETTE)) == len(style.PALETTE) == 7
    assert style.color(7) == style.color(0)
    for text in style.PALETTE:
        rgb = np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        assert rgb @ [0.2126, 0.7152, 0.0722] < 0.75


def test_labels_carry_units():
    assert style.with_unit("v", "mV") == "v (mV)"
    assert style.with_unit("m", "1") == "m"
    assert style.with_unit("m", "") == "m"


def test_the_plots_of_a_result_list_themselves(make_result):
    text = "<plots of a result: raster, traces, population_rate, isi_histogram>"
    assert repr(make_result().plot) == text


@pytest.mark.parametrize("text, printed", [
    ("uA/cm**2", "µA/cm²"), ("mV", "mV"), ("1", ""), ("", ""), ("second", "s"), ("ohm*cm", "Ω·cm"),
    ("1/ms", "1/ms"), ("um", "µm"), ("mS/cm**2", "mS/cm²"), ("volt", "V"), ("Mohm", "MΩ"),
    ("uF/cm**2", "µF/cm²"),
])  # fmt: skip
def test_units(text, printed):
    assert style.pretty_unit(text) == printed


def test_labels_of_axes():
    assert style.with_unit("v", "mV") == "v (mV)"
    assert style.with_unit("r", "1") == "r"
