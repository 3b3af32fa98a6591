"""Linear forms, derivatives and ratios against finite differences and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.language.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Unary,
    calls_in,
    names_in,
    to_text,
)
from rheobase.language.functions import FUNCTIONS as FUNCTIONS_OF_THE_LANGUAGE
from rheobase.language.parsing import parse_expression
from rheobase.lowering.calculus import derivative, grows_with, linear_form, ratio, tidy
from rheobase.lowering.derivatives import RULES
from rheobase.models.activations import ACTIVATIONS
from rheobase.network.evaluate import evaluate
from rheobase.rendering.functions import namespace_numpy

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


@given(smooth(), st.floats(-1, 1), st.floats(-1, 1))
def test_what_is_written_shorter_is_the_same(expression, x, y):
    slope = derivative(expression, "x")
    short = tidy(slope)
    values = {"x": x, "y": y}
    assert number(short, values) == pytest.approx(number(slope, values), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("text, want", [
    ("2*3*x", "6*x"), ("-(-x)", "x"), ("x - -y", "x + y"), ("x + -y", "x - y"), ("-x*y", "-(x*y)"),
    ("-x/-y", "x/y"), ("0*x + 1*y", "y"), ("x - x", "0"), ("where(2 == 0, x, y)", "y"),
    ("where(0 == 0, x, y)", "x"), ("1/0", "1/0"), ("where(x > 0, 1, 0)", "where(x > 0, 1, 0)"),
])  # fmt: skip
def test_how_it_is_written_shorter(text, want):
    assert to_text(tidy(parse_expression(text))) == want


def evaluated(expression, **names):
    given = {name: np.asarray(value, float) for name, value in names.items()}
    with np.errstate(all="ignore"):
        return evaluate(expression, given, None, namespace_numpy())


# every function of the language, at points where it is smooth
SMOOTH = [
    ("exp(x)", 0.4), ("expm1(x)", -0.7), ("exprel(x)", 0.3), ("exprel(x)", -4.0),
    ("exprel(x)", 5.0), ("log(x)", 0.7), ("log1p(x)", 0.2), ("log10(x)", 3.0), ("log2(x)", 3.0),
    ("sqrt(x)", 0.6), ("sin(x)", 0.4), ("cos(x)", 0.4), ("tan(x)", 0.4), ("arcsin(x)", 0.4),
    ("arccos(x)", -0.3), ("arctan(x)", 2.0), ("arctan2(x, 0.3)", -0.4),
    ("arctan2(0.3, x)", -0.4), ("arctan2(sin(x), x)", 0.7), ("sinh(x)", 0.5), ("cosh(x)", 0.5),
    ("tanh(x)", 0.5), ("erf(x)", 0.4), ("abs(x)", -0.3), ("floor(x)", 0.3), ("ceil(x)", 0.3),
    ("round(x)", 0.3), ("sign(x)", 0.3), ("heaviside(x)", -0.3), ("int(x)", 2.3),
    ("int(x > 1)*x", 1.5), ("clip(x, -1, 1)", 0.4), ("clip(x, -1, 1)", 1.4),
    ("clip(1, x, x*x)", 2.0), ("clip(9, x, x*x)", 2.0), ("clip(-9, x, 3)", 0.5),
    ("minimum(x, x*x)", 0.4), ("minimum(x, x*x)", 1.4), ("maximum(x, x*x)", 0.4),
    ("mod(x, 0.7)", 2.0), ("mod(5, x)", 1.3), ("x % 0.7", 2.0), ("x // 0.7", 2.0),
    ("where(x > 0, x**2, -x)", 0.5), ("where(x > 0, x**2, -x)", -0.5), ("x**2.5", 1.3),
    ("x**-2", 1.3), ("2.5**x", 1.3), ("x**x", 1.3), ("x**0.5", 1.3), ("x**1", 0.3),
    ("0.5*x*(1 + erf(x/sqrt(2)))", -0.7), ("1/(1 + exp(-x))", 0.6), ("3/(exp(x) + 1)", 0.6),
    ("x/(1 + abs(x))", -0.6), ("(x > 0)*x", 0.4),
]  # fmt: skip


@pytest.mark.parametrize("text, x", SMOOTH)
def test_every_function_of_the_language_has_its_derivative(text, x):
    expression = parse_expression(text)
    slope = derivative(expression, "x")
    h = 1e-6
    points = evaluated(expression, x=[x - 2 * h, x - h, x + h, x + 2 * h])
    want = (points[0] - 8 * points[1] + 8 * points[2] - points[3]) / (12 * h)
    assert evaluated(slope, x=x) == pytest.approx(want, rel=1e-8, abs=1e-9)


def test_no_function_of_the_language_is_left_out():
    called = {name for text, _ in SMOOTH for name in calls_in(parse_expression(text))}
    assert called | {"rand", "randn"} == set(FUNCTIONS_OF_THE_LANGUAGE)
    assert set(FUNCTIONS_OF_THE_LANGUAGE) - {"where"} <= RULES.keys()
    for name, rules in RULES.items():
        if name in FUNCTIONS_OF_THE_LANGUAGE:
            assert len(rules) == FUNCTIONS_OF_THE_LANGUAGE[name].arity, name
    assert derivative(parse_expression("x + rand()"), "x") == Number(1.0)


@pytest.mark.parametrize("text, x, theirs", [
    ("maximum(x, 0)", 0.0, lambda t, x: t.relu(x)),
    ("maximum(0, x)", 0.0, lambda t, x: t.relu(x)),
    ("maximum(x, x*x)", 1.0, lambda t, x: t.maximum(x, x * x)),
    ("minimum(x, x*x)", 1.0, lambda t, x: t.minimum(x, x * x)),
    ("abs(x)", 0.0, lambda t, x: t.abs(x)),
    ("clip(x, -1, 1)", 1.0, lambda t, x: t.clamp(x, -1, 1)),
    ("clip(x, -1, 1)", -1.0, lambda t, x: t.clamp(x, -1, 1)),
    ("clip(x, -1, 1)", 1.5, lambda t, x: t.clamp(x, -1, 1)),
    ("sign(x)", 0.0, lambda t, x: t.sign(x)),
    ("round(x)", 0.5, lambda t, x: t.round(x)),
    ("x**2", 0.0, lambda t, x: x**2),
    ("2**x", 0.0, lambda t, x: 2**x),
    ("x**0", 0.0, lambda t, x: x**0),
    ("sqrt(maximum(x, 0))", -1.0, lambda t, x: t.sqrt(t.relu(x))),
    ("maximum(x, 0)**0.5*x", -1.0, lambda t, x: t.sqrt(t.relu(x)) * x),
    ("log(clip(x, 0, 2))", 3.0, lambda t, x: t.log(t.clamp(x, 0, 2))),
    ("0**x", 1.0, lambda t, x: t.zeros((), dtype=t.float64) ** x),
    ("x % 0.5", 1.5, lambda t, x: t.remainder(x, 0.5)),
    *[(ACTIVATIONS[n], x, f) for x in (0.0, -1000.0, 1000.0, -30.0, 3.0) for n, f in [
        ("relu", lambda t, x: t.relu(x)),
        ("leaky_relu", lambda t, x: t.nn.functional.leaky_relu(x)),
        ("elu", lambda t, x: t.nn.functional.elu(x)),
        ("softplus", lambda t, x: t.nn.functional.softplus(x)),
        ("softsign", lambda t, x: t.nn.functional.softsign(x)),
        ("gelu", lambda t, x: t.nn.functional.gelu(x)),
        ("sigmoid", lambda t, x: t.sigmoid(x)),
        ("tanh", lambda t, x: t.tanh(x)),
    ]],
])  # fmt: skip
def test_derivatives_at_kinks_and_far_out_are_those_of_pytorch(text, x, theirs):
    torch = pytest.importorskip("torch")
    at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    theirs(torch, at).backward()
    slope = derivative(parse_expression(text), "x")
    assert evaluated(slope, x=x) == pytest.approx(float(at.grad), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("text", ["1/(1 + exp(-x))", "1/(exp(x) + 1)", "-2/(1 + exp((x - 1)/2))"])
def test_the_derivative_of_a_logistic_is_accurate_in_both_tails(text):
    slope = derivative(parse_expression(text), "x")
    x = np.array([-1000.0, -700.0, -40.0, 0.0, 40.0, 700.0, 1000.0])
    got = np.abs(evaluated(slope, x=x))
    u = (x - 1) / 2 if "2" in text else np.abs(x)
    tail = np.exp(-np.abs(u))
    want = tail / (1 + tail) ** 2
    np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-300)


def test_what_is_read_at_a_time_has_no_derivative_in_symbols():
    assert derivative(parse_expression("drive(x)"), "x") is None
    assert derivative(parse_expression("x*drive(x)"), "x") is None
    assert derivative(parse_expression("x > 1"), "x") == Number(0.0)


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
