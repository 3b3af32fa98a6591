"""Intervals have to hold every value of an expression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import nn
from rheobase.nn.intervals import INTERVALS, Bounds
from rheobase.nn.searching import bounds
from rheobase.nn.straight_line import operations
from rheobase.nn.wide import WIDE, Wide

TEXTS = ["x/(1 + exp(-x))", "where(x > 0, x, expm1(x))", "x**3 - 2*x", "abs(x) + clip(x, -1, 1)",
         "sin(x)*cos(2*x)", "exp(-x**2)", "log(1 + x**2)", "1/(2 + sin(x))", "x**2 - x",
         "maximum(x, 1 - x)", "tan(x/4)", "mod(x, 3)", "arctan2(x, 2)", "sqrt(abs(x))",
         "0.5*x*(1 + erf(x/sqrt(2)))", "2**x", "heaviside(x - 1) + sign(x)", "floor(x)",
         "where((x > 0) and not (x > 2), 1, x**3)", "cosh(x)/9", "x**-2",
         "(1 + x**2)**0.3"]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@given(a=st.floats(-8, 8), size=st.floats(0, 4), share=st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_intervals_hold_every_value(text, a, size, share):
    f = nn.Activation(text)
    for expression in (f.expression, f.slope):
        program = operations(expression, "x")
        x = np.float64(min(a + share * size, a + size))
        found = bounds(program, np.array([a]), np.array([a + size]))
        with np.errstate(all="ignore"):
            value = np.asarray(program(Wide.of(x), WIDE).floats())
        if np.isnan(value):
            continue  # 0/0 at a single point
        assert found.low.floats()[0] <= value <= found.high.floats()[0]


def test_an_exact_interval_is_one_number():
    relu = operations(nn.relu.slope, "x")
    found = bounds(relu, np.array([-3.0, 1e-9, -1.0]), np.array([-1.0, 2.0, 1.0]))
    assert found.exact.tolist() == [True, True, False]
    assert found.is_zero().tolist() == [True, False, False]
    sure = INTERVALS.perform("==", [Bounds.of(1.0, 1.0), Bounds.of(1.0, 1.0)])
    assert bool(sure.can) and not bool(sure.can_fail)


@pytest.mark.parametrize(
    "low, high, want",
    [(-2.0, 0.0, (-np.inf, -0.5)), (0.0, 4.0, (0.25, np.inf)), (-1.0, 2.0, (-np.inf, np.inf)),
     (-4.0, -2.0, (-0.5, -0.25))],
)  # fmt: skip
def test_a_quotient_by_what_touches_zero(low, high, want):
    program = operations(nn.Activation("1/x").expression, "x")
    found = bounds(program, np.array([low]), np.array([high]))
    assert (found.low.floats()[0], found.high.floats()[0]) == pytest.approx(want)
