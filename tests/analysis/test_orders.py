"""Orders fitted to errors that are known powers of the step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot

import rheobase as rb
from rheobase.analysis.orders import draw, fitted_order, measured

DTS = np.array([0.4, 0.2, 0.1, 0.05]) * 1e-3


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


@settings(deadline=None)
@given(order=st.floats(0.3, 6), scale=st.floats(1e-3, 1e3), reference=st.sampled_from([0, 2, 4]))
def test_the_error_of_the_reference_is_taken_into_account(order, scale, reference):
    finest = DTS[-1] / reference if reference else 0.0
    errors = scale * (DTS**order - finest**order)
    assert fitted_order(errors, DTS, finest) == pytest.approx(order, abs=0.01)
    if reference == 2 and order < 2:
        naive = np.polyfit(np.log(DTS), np.log(errors), 1)[0]
        assert naive > order + 0.05  # why: an error against half the step looks better than it is


def test_rounding_errors_have_no_order():
    found = measured([3e-14, 1e-14, 2e-14, 0], DTS, 0.0, "mV", 10.0, None)
    assert found.order is None
    assert found.row("cell.v")[0] == "cell.v (mV)" and found.row("cell.v")[-2:] == ["-", "-"]
    some = measured([4e-2, 1e-2, np.nan, 1e-14], DTS, 0.0, "1", 10.0, 2.0)
    assert some.order == pytest.approx(2.0)
    assert some.row("x")[0] == "x" and some.row("x")[-1] == "2"


def test_errors_that_are_no_power_of_the_step_have_no_order():
    assert fitted_order(np.array([1.0, 2.0, 4.0, 8.0]), DTS, 0.0) is None
    assert fitted_order(np.array([1.0]), DTS[:1], 0.0) is None


def test_figure():
    measures = {
        "x.v": measured(DTS**2, DTS, 0.0, "mV", 1.0, 2.0),
        "x.w": measured(DTS, DTS, 0.0, "mV", 1.0, 1.0),
        "x.u": measured(np.zeros(4), DTS, 0.0, "mV", 1.0, 1.0),
    }
    axes = draw(DTS, measures, None, None)
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("dt (ms)", "error (mV)")
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["x.v, order 2.00", "x.w, order 1.00"]
    draw(DTS, {"x.v": measures["x.v"]}, "euler", axes)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts[-1] == "euler, order 2.00"
    colors = [line.get_color() for line in axes.get_lines() if line.get_gid() == "convergence"]
    assert len(set(colors)) == 3
    draw(DTS, {"y": measured(DTS, DTS, 0.0, "ms", 1.0, 1.0)}, None, axes)
    assert axes.get_ylabel() == "error"  # of more than one unit
    with pytest.raises(rb.errors.UserError, match="there are no errors to draw: the runs agree"):
        draw(DTS, {"x.u": measures["x.u"]}, None, None)
