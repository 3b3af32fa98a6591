"""One position drawn with Matplotlib."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rheobase.interactive import Curve, Lines, Plane, Player, Raster, Slider
from rheobase.results import SpikeTrains


@pytest.fixture
def figure():
    times = np.arange(4) * 0.1
    trains = [SpikeTrains([0.1], [0], 2, name="cells", stop=0.4)] * 6
    spikes = [np.array([0.2])] * 6
    values = np.arange(6.0)[:, None] + np.arange(4)
    player = Player(
        [Slider("I", [0, 1, 2], "pA"), Slider("kind", ["a", "b"])],
        [Lines("v", "mV", times, {"v": values, "u": -values}, spikes), Raster({"cells": trains}),
         Plane("v", "u"), Curve("rate", "Hz", np.arange(6.0)),
         Curve("x", "", np.arange(6.0), along="kind")],
    )  # fmt: skip
    made = player.plot(I="1 pA", kind="b")
    yield made
    plt.close(made)


def test_every_panel_has_axes_with_labels(figure):
    assert [ax.get_ylabel() for ax in figure.axes] == ["v (mV)", "cell", "u (mV)", "rate (Hz)", "x"]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "time (s)", "v (mV)", "I (pA)", "kind"]
    assert figure.get_suptitle() == "I = 1 pA, kind = b"


def test_the_lines_are_those_of_the_position(figure):
    lines = figure.axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), 3.0 + np.arange(4))
    (stroke,) = figure.axes[0].collections[0].get_segments()
    np.testing.assert_allclose(stroke[0], [0.2, 5.0])


def test_the_plane_is_one_line_against_the_other(figure):
    (line,) = figure.axes[2].lines
    np.testing.assert_array_equal(line.get_ydata(), -line.get_xdata())


def test_the_position_is_marked_on_the_curves(figure):
    rate, chosen = figure.axes[3:]
    assert rate.lines[-1].get_xydata().tolist() == [[1.0, 3.0]]
    assert rate.lines[-2].get_ydata().tolist() == [1.0, 3.0, 5.0]
    assert chosen.lines[-2].get_ydata().tolist() == [2.0, 3.0]
    assert [text.get_text() for text in chosen.get_xticklabels()] == ["a", "b"]
