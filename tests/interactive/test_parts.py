"""Sliders and panels: what they refuse, and what they tell the page."""

import numpy as np
import pytest

from rheobase.errors import ShapeError, UserError
from rheobase.interactive import Curve, Lines, Raster, Reading, Slider
from rheobase.results import SpikeTrains

TIMES = np.arange(5) * 1e-3


def trains(times, size=3):
    return SpikeTrains(times, [0] * len(times), size, name="cells", stop=1.0)


def test_a_slider_of_numbers():
    slider = Slider("I", [0, 0.5, 1], "uA/cm**2", at=1)
    assert slider.size == 3
    assert slider.describe() == {
        "name": "I", "unit": "µA/cm²", "at": 1, "labels": ("0.0", "0.5", "1.0"),
        "numbers": [0, 0.5, 1],
    }  # fmt: skip


def test_a_slider_of_words():
    slider = Slider("kind", ["ring", "random"])
    assert slider.numbers is None
    assert "numbers" not in slider.describe()
    assert Slider("on", [False, True]).labels == ("False", "True")


@pytest.mark.parametrize("values, text", [
    ([1], "the slider I has 1 value\n"),
    ([], "the slider I has 0 values\n"),
    ([0, 1, 1], "the values of the slider I do not rise"),
    ([0, np.nan], "the values of the slider I do not rise"),
])  # fmt: skip
def test_values_that_are_no_slider(values, text):
    with pytest.raises(ShapeError) as error:
        Slider("I", values)
    assert text in str(error.value)


def test_where_a_slider_stands_is_one_of_its_values():
    with pytest.raises(ShapeError, match="expected: 0 to 1: it has 2 values"):
        Slider("I", [0, 1], at=2)


def test_lines_are_checked():
    Lines("v", "mV", TIMES, {"v": np.zeros((4, 5))}).check(4)
    with pytest.raises(ShapeError, match="the line v of the panel v does not fit") as error:
        Lines("v", "mV", TIMES, {"v": np.zeros((3, 5))}).check(4)
    assert "expected: 4 positions of the sliders and 5 samples" in str(error.value)
    with pytest.raises(ShapeError, match="the spikes of the panel v do not fit the sliders"):
        Lines("v", "mV", TIMES, {"v": np.zeros((4, 5))}, [np.zeros(0)]).check(4)
    with pytest.raises(ShapeError, match="the panel v has 70,000 samples"):
        Lines("v", "mV", np.arange(70_000.0), {}).check(4)


def test_lines_tell_their_range_and_their_times():
    told = Lines("v", "mV", TIMES, {"v": np.array([[-65.0] * 5, [-50.0] * 5])}).describe()
    assert (told["low"], told["high"], told["title"]) == (-65.0, -50.0, "v (mV)")
    assert told["step"] == pytest.approx(1e-3)
    assert Lines("v", "mV", TIMES, {}).span == pytest.approx((0.0, 5e-3))


def test_what_never_changes_still_has_a_range():
    told = Lines("v", "mV", TIMES, {"v": np.full((1, 5), -65.0)}).describe()
    assert told["low"] < -65 < told["high"]
    told = Curve("rate", "Hz", np.zeros(3)).describe()
    assert told["low"] < 0 < told["high"]


def test_nothing_finite_is_refused():
    with pytest.raises(UserError, match="there is nothing to show"):
        Curve("rate", "Hz", np.full(3, np.nan)).describe()


def test_rasters_are_checked():
    raster = Raster({"cells": [trains([0.1]), trains([0.2, 0.3])]})
    raster.check(2)
    assert raster.span == (0.0, 1.0) and raster.sizes == {"cells": 3}
    with pytest.raises(ShapeError, match="the raster of cells does not fit the sliders"):
        raster.check(3)
    with pytest.raises(ShapeError, match="the raster of cells has 70,000 rows") as error:
        Raster({"cells": [trains([], size=70_000)]}).check(1)
    assert "trains[:100]" in str(error.value)
    with pytest.raises(ShapeError, match="other numbers of cells at other positions"):
        Raster({"cells": [trains([]), trains([], size=4)]}).check(2)


def test_rows_of_a_raster_are_those_of_the_view():
    view = SpikeTrains([0.1, 0.2], [7, 5], 10, stop=1.0, cells=[5, 7])
    (group,) = Raster({"some": [view]}).describe()["groups"]
    assert group["size"] == 2 and group["rows"] == "AQAAAA=="  # rows 1 and 0


def test_curves_begin_at_zero_where_that_is_near():
    assert Curve("rate", "Hz", np.array([10.0, 50.0])).describe()["low"] == 0
    assert Curve("v", "mV", np.array([-65.0, -50.0])).describe()["low"] == -65
    assert Curve("v", "mV", np.array([48.0, 50.0])).describe()["low"] == 48
    with pytest.raises(ShapeError, match="the curve rate does not fit the sliders"):
        Curve("rate", "Hz", np.zeros(3)).check(4)


def test_readings_are_printed_with_three_digits():
    reading = Reading("rate", "Hz", np.array([0.0, 5.5556, 68.324, 123.4, np.nan, -0.0123]))
    assert reading.texts() == ["0", "5.56", "68.3", "123", "–", "−0.0123"]
