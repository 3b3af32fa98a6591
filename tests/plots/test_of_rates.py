import numpy as np
import pytest
import xarray as xr

from rheobase import plots
from rheobase.errors import ShapeError
from rheobase.plots.style import PALETTE
from rheobase.units import Hz, pA


def test_a_dot_a_measurement(drawn):
    ax = plots.rate_curve(np.arange(5, 101, 5), np.arange(20), xlabel="input rate (Hz)")
    (curve,) = drawn(ax, "rate_curve")
    np.testing.assert_array_equal(curve.get_xdata(), np.arange(5, 101, 5))
    np.testing.assert_array_equal(curve.get_ydata(), np.arange(20))
    assert curve.get_marker() == "o"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input rate (Hz)", "rate (Hz)")
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_legend() is None


def test_curves_in_one_plot_have_names_and_colors(drawn):
    ax = plots.rate_curve([1, 2], [0, 5], name="LIF")
    plots.rate_curve([1, 2], [0, 7], name="AdEx", ax=ax)
    assert [line.get_color() for line in drawn(ax, "rate_curve")] == list(PALETTE[:2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["LIF", "AdEx"]


def test_a_higher_curve_is_not_cut_off():
    ax = plots.rate_curve([1, 2], [0, 5])
    plots.rate_curve([1, 2], [0, 50], ax=ax)
    assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 50
    plots.rate_curve([1, 2], [-3, 5], ax=ax)
    assert ax.get_ylim()[0] < -3 and ax.get_ylim()[1] > 50


def test_units_are_written(drawn):
    ax = plots.rate_curve([100, 200] * pA, [0.01, 0.02] * (1000 * Hz))
    assert ax.get_xlabel() == "(pA)"
    np.testing.assert_allclose(drawn(ax, "rate_curve")[0].get_ydata(), [10, 20])


def test_a_curve_with_its_coordinate(drawn):
    current = xr.Variable("current", [1.0, 2.0], {"units": "pA"})
    curve = xr.DataArray([3.0, 4.0], {"current": current}, ("current",), attrs={"units": "Hz"})
    ax = plots.rate_curve(curve)
    assert ax.get_xlabel() == "current (pA)"
    np.testing.assert_array_equal(drawn(ax, "rate_curve")[0].get_xdata(), [1, 2])


@pytest.mark.parametrize("arguments, given", [
    (([1, 2], [1, 2, 3]), "(2,) stimuli and (3,) rates"),
    (([1, 2],), "(2,) stimuli and no rates"),
    ((np.ones((2, 2)), np.ones((2, 2))), "(2, 2) stimuli and (2, 2) rates"),
])  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(arguments, given):
    with pytest.raises(ShapeError) as refused:
        plots.rate_curve(*arguments)
    assert str(refused.value) == (
        f"a rate curve has one rate for each stimulus\ngiven: {given}\n"
        "write rb.plots.rate_curve(currents, rates)"
    )
