"""Functions of two cells as sums of products, against their values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.language.expressions import to_text
from rheobase.language.parsing import parse_expression
from rheobase.network.evaluate import evaluate
from rheobase.synapses.separating import NotSeparableError, separate, side, without_ending

PARTS = [
    "x_pre", "x_post", "2", "0.5", "sin(x_pre - x_post)", "cos(x_pre + 2*x_post)",
    "exp(x_pre - x_post)", "tanh(x_pre)", "(x_pre - x_post)**2", "x_pre/(2 + x_post**2)",
]  # fmt: skip


def value(expression, x_pre, x_post):
    names = {"x_pre": x_pre, "x_post": x_post}
    return evaluate(expression, names)


def test_differences_are_two_sums():
    pairs = [(to_text(p), to_text(q)) for p, q in separate(parse_expression("v_pre - v_post"))]
    assert pairs == [("v_pre", "1"), ("1", "-v_post")]


def test_sines_of_differences_are_two_products():
    found = separate(parse_expression("sin(a_pre - a_post)"))
    assert [to_text(p) for p, _ in found] == ["sin(a_pre)", "cos(a_pre)"]


def test_what_has_the_same_source_part_is_one_sum():
    found = separate(parse_expression("x_pre*(1 - x_post) + 2*x_post*x_pre"))
    assert [(to_text(p), to_text(q)) for p, q in found] == [("x_pre", "1 - x_post + 2*x_post")]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3), st.sampled_from("+-*"),
       st.floats(-2, 2), st.floats(-2, 2))  # fmt: skip
def test_sums_of_products_have_the_value_of_the_text(parts, operator, a, b):
    text = operator.join(f"({part})" for part in parts)
    expression = parse_expression(text)
    try:
        pairs = separate(expression)
    except NotSeparableError:
        assert operator == "*"  # too many products
        return
    assert all(side(p) in ("pre", "") and side(q) in ("post", "") for p, q in pairs)
    total = sum(value(p, a, b) * value(q, a, b) for p, q in pairs)
    np.testing.assert_allclose(total, value(expression, a, b), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("tanh(x_pre - x_post)", "tanh(x_pre - x_post)"),
        ("1 + 1/(1 + x_pre - x_post)", "1/(1 + x_pre - x_post)"),
        ("sin(x_pre*x_post)", "sin(x_pre*x_post)"),
        ("x_pre**x_post", "x_pre**x_post"),
    ],
)
def test_what_is_no_sum_of_products(text, part):
    with pytest.raises(NotSeparableError) as caught:
        separate(parse_expression(text))
    assert to_text(caught.value.part) == part


def test_endings_are_taken_off():
    assert to_text(without_ending(parse_expression("sin(a_pre) + b"), "_pre")) == "sin(a) + b"
