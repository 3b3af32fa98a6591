"""The curves that stand for the derivative of a spike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from rheobase.errors import UserError
from rheobase.lowering.surrogates import CURVES, Surrogate, surrogate
from rheobase.units import mV


@pytest.mark.parametrize("kind, area", [
    ("fast_sigmoid", 2 / 100), ("sigmoid", 1.0), ("arctan", 1.0), ("triangle", 0.3),
    ("straight_through", 1.0), ("none", 0.0),
])  # fmt: skip
def test_curves_are_even_largest_at_the_threshold_and_have_their_area(kind, area):
    curve = Surrogate(kind).curve
    m = np.linspace(-3, 3, 61)
    np.testing.assert_allclose(curve(m), curve(-m))
    assert np.all(curve(m) <= curve(0.0)) and np.all(curve(m) >= 0)
    found = sum(quad(curve, a, b, limit=200)[0] for a, b in
                ((-np.inf, -0.5), (-0.5, 0), (0, 0.5), (0.5, np.inf)))  # fmt: skip
    assert found == pytest.approx(area, rel=1e-6, abs=1e-12)


def test_slopes_are_those_of_the_publications_unless_given():
    assert {k: Surrogate(k).steepness for k in CURVES}["fast_sigmoid"] == 100.0
    assert Surrogate("fast_sigmoid").curve(0.01) == pytest.approx(0.25)  # SpyTorch's 1/(100|U|+1)^2
    assert Surrogate("fast_sigmoid", slope=10.0).curve(0.1) == pytest.approx(0.25)
    assert surrogate("arctan") == Surrogate("arctan")
    assert surrogate(Surrogate("arctan", 3.0)).steepness == 3.0


def test_scales_are_quantities_or_numbers_in_si_units():
    assert Surrogate("arctan", scale=10 * mV) == Surrogate("arctan", scale=0.01)
    assert Surrogate("arctan", scale="10 mV") == Surrogate("arctan", scale=0.01)


def test_what_cannot_be_a_surrogate_is_refused():
    with pytest.raises(UserError, match=r"no surrogate .fast_sigmod.; did you mean fast_sigmoid\?"):
        Surrogate("fast_sigmod")
    with pytest.raises(UserError, match=r"the slope of a surrogate has to be positive, got -1\.0"):
        Surrogate("arctan", slope=-1.0)
    with pytest.raises(UserError, match="the scale of a surrogate has to be positive, got nan"):
        Surrogate("arctan", scale=float("nan"))
    with pytest.raises(UserError, match=r"the scale of a surrogate has to be positive, got -0\.01"):
        Surrogate("arctan", scale=-10 * mV)
    with pytest.raises(UserError, match="expected the name of a surrogate, got 3") as error:
        surrogate(3)  # type: ignore[arg-type]
    assert "fast_sigmoid, sigmoid" in str(error.value)
