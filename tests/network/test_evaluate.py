import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import UnknownNameError
from rheobase.language.functions import FUNCTIONS
from rheobase.language.parsing import parse_expression
from rheobase.network import evaluate as module
from rheobase.network.evaluate import Draws, evaluate

X = np.array([-2.5, -1.0, 0.0, 0.5, 3.0])


def value(text, random=None, **names):
    return evaluate(parse_expression(text), names, random)


@pytest.mark.parametrize("text, expected", [
    ("x + 2*y - 1", X + 5.0),
    ("x**2/4", X**2 / 4),
    ("-x**2", -(X**2)),
    ("x % 2", X % 2),
    ("x // 2", X // 2),
    ("x < 0", X < 0),
    ("not x < 0 and x != 3", (X >= 0) & (X != 3)),
    ("x == 0 or x == 3", (X == 0) | (X == 3)),
    ("(x < 0) + (x < 1)", 1.0 * (X < 0) + (X < 1)),
    ("(x > 0) - (x < 0)", np.sign(X)),
    ("where(x < 0, -1, x)", np.where(X < 0, -1, X)),
    ("clip(x, -1, 1)", np.clip(X, -1, 1)),
    ("minimum(x, 0) + maximum(x, 1)", np.minimum(X, 0) + np.maximum(X, 1)),
    ("int(x)", np.trunc(X)),
    ("int(x < 0)", (X < 0) * 1.0),
    ("round(x)", np.array([-2, -1, 0, 0, 3.0])),
    ("mod(x, 2)", np.mod(X, 2)),
    ("heaviside(x)", np.array([0, 0, 0.5, 1, 1])),
    ("sign(x)", np.sign(X)),
    ("erf(x)", [math.erf(x) for x in X]),
    ("abs(x) + floor(x) + ceil(x)", np.abs(X) + np.floor(X) + np.ceil(X)),
    ("arctan2(x, y)", np.arctan2(X, 3.0)),
    ("1 - cos(pi*x)", 1 - np.cos(np.pi * X)),
    ("x*mV", X * 1e-3),
    ("x*uA/cm**2", X * 1e-2),
])  # fmt: skip
def test_against_numpy(text, expected):
    np.testing.assert_allclose(value(text, x=X, y=3.0), expected, rtol=1e-14)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"rand", "randn"}))
def test_every_function_of_the_language_is_there(name):
    arguments = ", ".join(["0.5", "0.25", "0.75"][: FUNCTIONS[name].arity])
    assert math.isfinite(value(f"{name}({arguments})"))


@given(st.floats(-700, 700))
def test_exprel(x):
    expected = 1.0 + x / 2 + x**2 / 6 if abs(x) < 1e-5 else math.expm1(x) / x
    assert value("exprel(x)", x=x) == pytest.approx(expected, rel=1e-9)


def test_numbers_stay_numbers():
    assert isinstance(value("2*3 + x", x=1.0), float)
    assert isinstance(value("2 < 3"), float)


def test_an_array_read_is_not_handed_out():
    given = np.array([1.0, 2.0])
    value("x", x=given)[0] = 5.0
    assert given[0] == 1.0


def test_names_shadow_units_and_pi():
    assert value("mV*pi", mV=2.0, pi=3.0) == 6.0


def test_whole_numbers_are_doubles():
    assert value("i**-1", i=np.array([2, 4]))[1] == 0.25
    np.testing.assert_array_equal(value("i/2", i=np.array([1, 2])), [0.5, 1.0])


def test_division_by_zero_is_silent():
    assert value("1/x", x=0.0) == math.inf


def test_each_call_site_draws_anew(philox):
    cells = np.arange(1000)
    draws = Draws(philox(1), cells)
    both = value("rand() - rand()", draws)
    assert np.abs(both).min() > 0
    again = value("rand() - rand()", Draws(philox(1), cells))
    np.testing.assert_array_equal(both, again)
    normal = value("randn()", Draws(philox(1), cells))
    assert abs(normal.mean()) < 0.15
    assert normal.std() == pytest.approx(1, abs=0.1)


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError) as refused:
        value("2*V_t", V_T=1.0)
    assert str(refused.value) == "'V_t' is no name here\ndid you mean V_T?"
    with pytest.raises(UnknownNameError, match="'lop' is no function here"):
        value("lop(1)")
    with pytest.raises(UnknownNameError, match=r"rand\(\) cannot be drawn here"):
        value("rand()")


def test_other_functions_can_be_given():
    functions = {**module.FUNCTIONS, "exp": lambda x: 7.0}
    assert evaluate(parse_expression("exp(1) + 1"), {}, None, functions) == 8.0
