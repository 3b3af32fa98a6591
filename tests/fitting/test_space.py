"""Bounds, units and scales of what is searched for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase as rb
from rheobase.errors import UnitError, UnknownNameError, UserError
from rheobase.fitting.space import space_of
from rheobase.units import mS, ms, mV, nS, pA, pF

BOUNDS = {"g_L": (1, 100) * nS, "E_L": (-80, -60) * mV, "b": ("0 pA", "200 pA"),
          "C_m": [20 * pF, 100 * pF], "Delta_T": (-20 * mV, -1 * mV)}  # fmt: skip
SPACE = space_of(rb.models.AdEx, BOUNDS)


def test_decades_are_logarithmic():
    assert list(SPACE.logarithmic) == [True, False, False, False, True]
    middle = SPACE.quantities(SPACE.values(np.full(5, 0.5)))
    assert middle["g_L"].to(nS).magnitude == pytest.approx(10)
    assert middle["E_L"].to(mV).magnitude == pytest.approx(-70)
    assert middle["Delta_T"].to(mV).magnitude == pytest.approx(-np.sqrt(20))
    assert str(middle["b"].units) == str((1 * pA).units)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_coordinates_and_values_are_inverse(places):
    places = np.array(places)
    values = SPACE.values(places)
    assert np.all(values >= SPACE.low) and np.all(values <= SPACE.high)
    np.testing.assert_allclose(SPACE.places(values), places, atol=1e-12)


@given(st.lists(st.floats(0.01, 0.99), min_size=5, max_size=5))
def test_slopes_are_those_of_the_values(places):
    places, h = np.array(places), 1e-6
    numeric = (SPACE.values(places + h) - SPACE.values(places - h)) / (2 * h)
    np.testing.assert_allclose(SPACE.slopes(places), numeric, rtol=1e-6)


def test_bounds_are_kept_outside():
    np.testing.assert_allclose(SPACE.values(np.full(5, 2.0)), SPACE.high)
    np.testing.assert_allclose(SPACE.values(np.full(5, -1.0)), SPACE.low)
    values = SPACE.values(np.array([0.5, 0.0, 1.0, 0.5, 0.5]))
    assert SPACE.at_a_bound(values) == ("E_L", "b")


@pytest.mark.parametrize(
    "bounds, kind, text",
    [
        ({}, UserError, r"which parameters are fitted[^\n]*\n[^\n]*\n.*'C_m': \(low, high\)"),
        ({"gl": (1, 2) * nS}, UnknownNameError, "no parameter 'gl'; did you mean 'g_L'"),
        ({"g_L": 3 * nS}, UserError, r"the bounds of g_L are not a pair"),
        ({"g_L": (2, 1) * nS}, UserError, r"not two finite values, the lower one first"),
        ({"g_L": (1, np.inf) * nS}, UserError, "not two finite values"),
        ({"g_L": (1, 2) * mV}, UnitError, "bounds of g_L"),
        ({"g_L": (1, 2)}, UnitError, "bounds of g_L"),
    ],
)
def test_refused(bounds, kind, text):
    with pytest.raises(kind, match=text):
        space_of(rb.models.AdEx, bounds)


def test_units_of_the_bounds_are_kept():
    space = space_of(rb.models.AdEx, {"g_L": (1e-6, 1e-4) * mS, "tau_w": ("10 ms", 500 * ms)})
    assert space.quantities(space.high)["tau_w"] == 500 * ms
