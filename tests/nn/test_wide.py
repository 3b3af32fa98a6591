"""Numbers of unbounded exponent against mpmath, and intervals that have to hold every value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import nn
from rheobase.nn.intervals import INTERVALS, Bounds
from rheobase.nn.searching import bounds, limit
from rheobase.nn.straight_line import FLOATS, operations
from rheobase.nn.wide import OPERATIONS, WIDE, Wide

mp = pytest.importorskip("mpmath")

UNARY = {
    "exp": mp.exp, "expm1": mp.expm1, "log1p": mp.log1p, "tanh": mp.tanh, "sinh": mp.sinh,
    "cosh": mp.cosh, "arctan": mp.atan, "erf": mp.erf, "erfc": mp.erfc, "sin": mp.sin,
    "logistic": lambda x: 1 / (1 + mp.exp(-x)), "softplus": lambda x: mp.log1p(mp.exp(x)),
    "logistic_slope": lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    "tanh_slope": lambda x: 1 / mp.cosh(x) ** 2, "exprel": lambda x: mp.expm1(x) / x,
    "abs": abs, "negate": lambda x: -x,
}  # fmt: skip


def exact(wide):
    return mp.mpf(float(wide.m)) * mp.mpf(2) ** int(wide.e)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("x", [-3000.0, -30.0, -0.7, -1e-200, 1e-9, 0.3, 8.0, 900.0, 5000.0])
def test_functions(name, x):
    mp.mp.dps = 2000
    if name == "log1p" and x <= -1:
        return
    want = UNARY[name](mp.mpf(x))
    with np.errstate(all="ignore"):
        found = exact(OPERATIONS[name](Wide.of(np.float64(x))))
    # exp of a rounded argument: the error grows with the argument
    assert abs(found - want) <= abs(want) * mp.mpf(1e-12) * max(1, abs(x) / 100)


@given(a=st.floats(-1e3, 1e3), b=st.floats(-1e3, 1e3), shift=st.integers(-3000, 3000))
@settings(max_examples=40, deadline=None)
def test_arithmetic(a, b, shift):
    mp.mp.dps = 2500
    x, y = Wide.of(np.float64(a), float(shift)), Wide.of(np.float64(b))
    p, q = mp.mpf(a) * mp.mpf(2) ** shift, mp.mpf(b)
    with np.errstate(all="ignore"):
        results = {"+": p + q, "-": p - q, "*": p * q}
        if b:
            results["/"] = p / q
        for symbol, want in results.items():
            found = exact(OPERATIONS[symbol](x, y))
            # what is below 2**-1074 of the larger one is lost, as nothing else is
            assert abs(found - want) <= abs(want) * mp.mpf(2) ** -52, symbol
        assert bool(OPERATIONS["<"](x, y)) is (p < q)
        assert bool(OPERATIONS[">="](x, y)) is (p >= q)


def test_zero_infinity_and_nothing():
    zero, one, infinite = (Wide.of(np.float64(v)) for v in (0.0, 1.0, np.inf))
    with np.errstate(all="ignore"):
        assert float(OPERATIONS["+"](zero, one).floats()) == 1
        assert float(OPERATIONS["*"](zero, one).floats()) == 0
        assert np.isnan(OPERATIONS["*"](zero, infinite).floats())
        assert float(OPERATIONS["exp"](negated(infinite)).floats()) == 0
        assert float(OPERATIONS["/"](one, zero).floats()) == np.inf
        assert float(OPERATIONS["sqrt"](Wide.of(np.float64(9.0), 2000.0)).e) == 1002


def negated(x):
    return OPERATIONS["negate"](x)


TEXTS = ["x/(1 + exp(-x))", "where(x > 0, x, expm1(x))", "x**3 - 2*x", "abs(x) + clip(x, -1, 1)",
         "sin(x)*cos(2*x)", "exp(-x**2)", "log(1 + x**2)", "1/(2 + sin(x))", "x**2 - x",
         "maximum(x, 1 - x)", "tan(x/4)", "mod(x, 3)", "arctan2(x, 2)", "sqrt(abs(x))",
         "0.5*x*(1 + erf(x/sqrt(2)))", "2**x", "heaviside(x - 1) + sign(x)", "floor(x)",
         "where((x > 0) and not (x > 2), 1, x**3)", "cosh(x)/9", "x**-2", "(1 + x**2)**0.3"]  # fmt: skip


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
    "text, low, high",
    [("1/(1 + exp(-x))", 0, 1), ("x", -np.inf, np.inf), ("sin(x)", None, None),
     ("log(1 + x**2)", np.inf, np.inf), ("arctan(x)", -np.pi / 2, np.pi / 2),
     ("x/(1 + abs(x))", -1, 1), ("exp(-x**2)*x**9", 0, 0), ("x*exp(x)", 0, np.inf),
     ("3 + 1/x", 3, 3), ("sqrt(x)", None, np.inf)],
)  # fmt: skip
def test_limits(text, low, high):
    program = operations(nn.Activation(text).expression, "x")
    for side, want in ((-1, low), (1, high)):
        found = limit(program, side)
        assert (found is None) if want is None else found == pytest.approx(want, abs=1e-8)


def test_floats_of_one_width():
    program = operations(nn.gelu.expression, "x")
    assert program(np.ones(2, np.float32), FLOATS).dtype == np.float32
