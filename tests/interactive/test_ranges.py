"""What a user writes as a range becomes a slider, or an error that says what to write."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import ShapeError, UnitError, UnknownNameError, UserError
from rheobase.interactive.parts import Slider
from rheobase.interactive.ranges import read_sliders
from rheobase.units import cm, ms, mV, nA, pA, parse_unit, uA


def one(given, steps=None, at=None, unit=None):
    units = {"x": parse_unit(unit)} if unit else None
    (slider,) = read_sliders({"x": given}, steps, at, units)
    return slider


def test_two_ends_become_round_steps():
    slider = one((0, 12) * uA / cm**2)
    assert slider.unit == "uA/cm**2"
    np.testing.assert_allclose(np.diff(slider.numbers), slider.numbers[1], rtol=1e-9)
    assert slider.numbers[[0, -1]].tolist() == [0, 12] and slider.labels[1] in ("0.4", "0.5")
    assert slider.at == slider.size // 2


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e4))
def test_ends_are_always_kept(low, width):
    slider = one((low, low + width))
    assert slider.numbers[0] == pytest.approx(low, rel=1e-9, abs=1e-9 * width)
    assert slider.numbers[-1] == pytest.approx(low + width, rel=1e-9, abs=1e-9 * width)
    assert 10 <= slider.size <= 60


def test_steps_that_are_asked_for():
    assert one((0, 1), steps=5).numbers.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert one((0, 1), steps={"x": 3}).numbers.tolist() == [0, 0.5, 1]


def test_values_one_by_one_are_those_and_sorted():
    assert one([5, 1, 3] * mV).numbers.tolist() == [1, 3, 5]


def test_texts_and_lists_of_quantities():
    assert one(("0 pA", "100 pA"), unit="pA").unit == "pA"
    slider = one((0 * pA, 0.1 * nA), unit="pA")
    assert slider.unit == "pA" and slider.numbers[-1] == pytest.approx(100)


def test_the_unit_is_the_one_that_was_written():
    assert one((0, 1) * nA, unit="pA").unit == "nA"


def test_words_are_to_choose_from():
    slider = one(["ring", "random"])
    assert slider.labels == ("ring", "random") and slider.numbers is None
    assert one([True, False]).labels == ("True", "False")


def test_a_slider_is_taken_as_it_is():
    assert one(Slider("other", [1, 2, 4], "mV")).name == "x"


def test_where_it_stands_first():
    assert one((0, 10), steps=11, at={"x": 3.2}).at == 3


def test_fewer_values_where_there_are_more_sliders():
    sizes = [[s.size for s in read_sliders(dict.fromkeys("xyz"[:n], (0, 10)), None, None)]
             for n in (1, 2, 3)]  # fmt: skip
    assert np.prod(sizes[1]) < 400 and np.prod(sizes[2]) < 1500


@pytest.mark.parametrize("given, options, error, text", [
    ((0, 0), {}, ShapeError, "the slider x goes from 0 to 0"),
    (3, {}, ShapeError, "the slider x has no range"),
    ((0, np.inf), {}, ShapeError, "the slider x has no range"),
    ((0, 1) * ms, {"unit": "pA"}, UnitError, "the slider x"),
    ((0, 1), {"unit": "pA"}, UnitError, "x=(0, 1)*pA"),
    ((0, 1), {"steps": 1}, ShapeError, "expected: a whole number, 2 or more"),
    ((0, 1), {"steps": {"y": 3}}, UnknownNameError, "steps names 'y', which is no slider"),
    ((0, 1), {"at": {"X": 3}}, UnknownNameError, "did you mean x?"),
    ((0, 1), {"steps": 30_000}, ShapeError, "the sliders have 30,000 positions, each a run"),
    ([1, 2, 3], {"steps": 5}, ShapeError, "the slider x has 3 values, and steps says 5"),
    ((0, True), {}, UserError, "True and False are no numbers"),
    (["ring", "random"], {"unit": "pA"}, UnitError, "the slider x"),
])  # fmt: skip
def test_what_is_no_range(given, options, error, text):
    with pytest.raises(error) as caught:
        one(given, **options)
    assert text in str(caught.value)


@pytest.mark.parametrize("names, text", [("", "no slider"), ("abcd", "4 sliders")])
def test_one_to_three_sliders(names, text):
    with pytest.raises(ShapeError) as error:
        read_sliders(dict.fromkeys(names, (0, 1)), None, None)
    assert f"rb.interact: {text}\nexpected: 1 to 3" in str(error.value)
    assert "rb.interact(rb.models.LIF, I=(0, 1000)*pA)" in str(error.value)
