"""Blocks as functions of single numbers agree with the interpreter."""

import math

import numpy as np
import pytest

import rheobase as rb
from rheobase.check.cells import Kind
from rheobase.check.stepping import function_of
from rheobase.errors import InternalError
from rheobase.lowering import lower
from rheobase.units import ms


def test_functions_of_the_language_give_the_same_numbers():
    model = rb.Model(
        """
        da/dt = (exp(x) + exprel(x) + log(abs(x) + 1) + sqrt(abs(x)) + tanh(x) - a)/tau : 1
        db/dt = (where(x > 0 and not x > 1, sin(x), cos(x)) + clip(x, -1, 1) - b)/tau : 1
        dc/dt = (floor(x) + ceil(x) + minimum(x, 2) + maximum(x, 1) + x**3 + erf(x) - c)/tau : 1
        dx/dt = 0/tau : 1
        """,
        parameters=dict(tau=1 * ms), method="euler",
    )  # fmt: skip
    kind = Kind(model, 1e-4)
    for x in (-3.2, -1e-9, 0.0, 0.3, 1.5, 4.0):
        arrays = {n: np.array([x if n == "x" else 0.2]) for n in ("a", "b", "c", "x")}
        arrays["spiked"] = np.zeros(1, np.uint8)
        given = {name: value[0].item() for name, value in arrays.items()}
        mine = kind.update(given, 0, 0.0)
        kind.plan.kernels.update(arrays, kind.plan.numbers, 0, 1, 0)
        for name in "abcx":
            assert mine[name] == pytest.approx(arrays[name][0], rel=1e-12), (name, x)


def test_what_overflows_or_divides_by_zero_is_infinite_as_in_numpy():
    model = rb.Model(
        "da/dt = exp(x)/tau : 1\ndb/dt = 1/x/tau : 1\ndc/dt = log(x)/tau : 1\ndx/dt = 0/tau : 1",
        parameters=dict(tau=1 * ms), method="euler",
    )  # fmt: skip
    kind = Kind(model, 1e-3)
    start = {"a": 0.0, "b": 0.0, "c": 0.0, "spiked": 0}
    assert kind.update({**start, "x": 1000.0}, 0, 0.0)["a"] == math.inf
    zero = kind.update({**start, "x": 0.0}, 0, 0.0)
    assert zero["b"] == math.inf and zero["c"] == -math.inf
    assert math.isnan(kind.update({**start, "x": -1.0}, 0, 0.0)["c"])


def test_random_numbers_are_refused():
    program = lower(rb.Model("dv/dt = (rand() - v)/ms : 1"))
    with pytest.raises(InternalError, match="a check has no way to compute draw"):
        function_of(program.update, dict.fromkeys(program.numbers, 1.0))
