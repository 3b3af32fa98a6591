"""Linear forms, derivatives and ratios against finite differences and each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.language.expressions import Binary, Call, Expr, Name, Number, Unary, names_in, to_text
from rheobase.language.parsing import parse_expression
from rheobase.lowering.calculus import derivative, grows_with, linear_form, ratio

FUNCTIONS = {"exp": math.exp, "tanh": math.tanh, "sin": math.sin, "cos": math.cos,
             "arctan": math.atan, "cosh": math.cosh,
    "sinh": math.sinh, "erf": math.erf}  # fmt: skip


def number(expression: Expr, values: dict[str, float]) -> float:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Name):
        return values[expression.id]
    if isinstance(expression, Unary):
        return -number(expression.operand, values)
    if isinstance(expression, Call):
        return FUNCTIONS[expression.function](number(expression.arguments[0], values))
    assert isinstance(expression, Binary)
    a, b = number(expression.left, values), number(expression.right, values)
    return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__,
            "**": a.__pow__}[expression.operator](b)  # fmt: skip


def smooth(depth: int = 3):
    leaves = st.one_of(
        st.sampled_from([Name("x"), Name("y")]),
        st.floats(0.5, 2).map(lambda v: Number(round(v, 3))),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from("+-*"), inner, inner).map(lambda t: Binary(*t)),
            inner.map(lambda e: Unary("-", e)),
            st.tuples(st.sampled_from(sorted(FUNCTIONS.keys() - {"sinh"})), inner).map(
                lambda t: Call(t[0], (Call("tanh", (t[1],)),))
            ),
        ),
        max_leaves=8,
    )


@given(smooth(), st.floats(-1, 1), st.floats(-1, 1))
def test_derivatives_are_those_of_finite_differences(expression, x, y):
    slope = derivative(expression, "x")
    assert slope is not None
    h = 1e-5
    up = number(expression, {"x": x + h, "y": y})
    down = number(expression, {"x": x - h, "y": y})
    want = (up - down) / (2 * h)
    assert number(slope, {"x": x, "y": y}) == pytest.approx(want, rel=1e-4, abs=1e-4)


@given(smooth(), st.floats(-2, 2), st.floats(-2, 2))
def test_a_linear_form_is_the_expression(expression, x, y):
    form = linear_form(expression, frozenset({"x"}))
    if form is None:
        return
    coefficients, rest = form
    values = {"x": x, "y": y}
    total = number(rest, values) + sum(
        number(c, values) * values[n] for n, c in coefficients.items()
    )
    assert total == pytest.approx(number(expression, values), rel=1e-9, abs=1e-9)
    assert all("x" not in names_in(c) for c in (*coefficients.values(), rest))


@pytest.mark.parametrize("text", ["x*x", "exp(x)", "x/(1 + x)", "1/x", "x**2"])
def test_what_is_not_linear_has_no_linear_form(text):
    assert linear_form(parse_expression(text), frozenset({"x"})) is None


@pytest.mark.parametrize("a, b, want", [
    ("0.1*(v + 40*mV)/mV", "-(v + 40*mV)/(10*mV)", "-1"),
    ("0.32*(13*mV - v + V_T)", "(13*mV - v + V_T)/(4*mV)", "1.28*mV"),
    ("0.38*(v - a)", "(a - v)*0.1", "-3.8"),
    ("0.1*(25 - (v + 24))", "2.5 - 0.1*(v + 24)", "1"),  # multiplied out
    ("3 - v/mV", "0.3 - 0.1*v/mV", "10"),  # 1/3 and 0.1/0.3 differ in the last bit
    ("(v + a)/mV", "-(0.2*(v + a))/(4*mV)", "-20"),
])  # fmt: skip
def test_proportional_expressions_are_seen(a, b, want):
    found = ratio(parse_expression(a), parse_expression(b), lambda e: "v" not in names_in(e))
    assert found is not None
    value = number(found, {"mV": 1e-3, "V_T": -0.06, "a": 0.01})
    assert value == pytest.approx(number(parse_expression(want), {"mV": 1e-3}))


def test_expressions_with_different_zeros_are_not_proportional():
    found = ratio(parse_expression("v + 41*mV"), parse_expression("v + 40*mV"),
                  lambda e: "v" not in names_in(e))  # fmt: skip
    assert found is None


def test_growing_takes_parameters_for_positive():
    assert grows_with(parse_expression("(v - V_T)/Delta_T"), "v", {})
    assert not grows_with(parse_expression("-(v - V_T)/Delta_T"), "v", {})
    assert not grows_with(parse_expression("(v - V_T)/slope"), "v", {"slope": True})


def test_text_of_a_form_can_be_read():
    form = linear_form(parse_expression("(E - v)/tau"), frozenset({"v"}))
    assert form is not None and to_text(form[0]["v"]) == "-1/tau"
