"""Limits, zeros and largest values of functions of one variable."""

import math

import numpy as np
import pytest

from rheobase import nn
from rheobase.nn.searching import WHOLE, largest, limit, zeros
from rheobase.nn.straight_line import operations


def program(text):
    return operations(nn.Activation(text).expression, "x")


def derivative(text):
    return operations(nn.Activation(text).slope, "x")


@pytest.mark.parametrize(
    "text, low, high",
    [("1/(1 + exp(-x))", 0, 1), ("x", -np.inf, np.inf), ("sin(x)", None, None),
     ("log(1 + x**2)", np.inf, np.inf), ("arctan(x)", -np.pi / 2, np.pi / 2),
     ("x/(1 + abs(x))", -1, 1), ("exp(-x**2)*x**9", 0, 0), ("x*exp(x)", 0, np.inf),
     ("3 + 1/x", 3, 3), ("sqrt(x)", None, np.inf)],
)  # fmt: skip
def test_limits(text, low, high):
    for side, want in ((-1, low), (1, high)):
        found = limit(program(text), side)
        assert (found is None) if want is None else found == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("text", ["cos(3*x)*exp(-x**2/9)", "x*exp(-x)", "1/(1 + (x - 0.3)**4)",
                                  "x - x**4/7 + sin(5*x)", "arctan(x)*exp(-abs(x))"])  # fmt: skip
def test_the_largest_value_is_that_of_a_fine_grid(text):
    f = nn.Activation(text)
    ends = (limit(program(text), -1), limit(program(text), 1))
    smooth = [(-math.inf, 0.0), (0.0, math.inf)] if "abs" in text else WHOLE
    found = largest(program(text), derivative(text), smooth, ends)
    x = np.linspace(-6, 6, 600_001)
    y = f(x)
    assert found.attained and found.value == pytest.approx(y.max(), abs=1e-9)
    assert found.points[0] == pytest.approx(x[y.argmax()], abs=1e-4)


def test_zeros_of_polynomials_and_where_they_only_touch():
    points, spans = zeros(program("(x - 1)*(x + 2.5)*(x - 7)"), WHOLE)
    assert points == pytest.approx([-2.5, 1, 7], abs=1e-9) and spans == []
    points, _ = zeros(program("(x - 0.3)**2*(1 + x**2)"), WHOLE)
    assert points == pytest.approx([0.3], abs=1e-4)
    thirds = [(-math.inf, -1), (-1, 1), (1, math.inf)]
    _, spans = zeros(program("maximum(abs(x) - 1, 0)"), thirds)
    assert spans == [(-1, 1)]
    assert zeros(program("1 + x**2"), WHOLE) == ([], [])


def test_a_search_ends_and_what_it_did_not_decide_is_not_wrong():
    facts = nn.Activation("x*sin(x)").facts()
    assert str(facts.range) == "(-inf, inf)"
    mixed = nn.Activation("minimum(x**2, sin(x))").facts()  # 2*x up to where they meet
    assert mixed.max_derivative == pytest.approx(2 * 0.8767262153950624, abs=1e-6)
