"""Numbers of unbounded exponent against mpmath."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.nn.wide import OPERATIONS, Wide

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
