"""Activations beside PyTorch's and Keras's, stable everywhere, and the text of their errors."""

import doctest
import importlib
import os
import re
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import nn
from rheobase.errors import EquationError, ShapeError, UnknownNameError
from rheobase.language.functions import FUNCTIONS
from rheobase.nn.activations import LIBRARY

F = torch.nn.functional
TORCH = {
    "linear": lambda t: t * 1, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
    "leaky_relu": F.leaky_relu, "elu": F.elu, "softplus": lambda t: F.softplus(t, threshold=1e9),
    "softsign": F.softsign, "gelu": F.gelu,
}  # fmt: skip
EVERYWHERE = np.concatenate([np.linspace(-30, 30, 2001), [-1000.0, -700.0, -100.0, 100.0, 700.0]])


@pytest.mark.parametrize("name", TORCH)
def test_values_and_derivatives_are_pytorchs(name):
    x = np.append(EVERYWHERE, 0.0)  # at kinks, too
    t = torch.tensor(x, requires_grad=True)
    y = TORCH[name](t)
    y.sum().backward()
    ours = getattr(nn, name)
    known = torch.isfinite(t.grad).numpy()  # log(1 + exp(x)) has none there
    tiny = 1e-14 if name == "gelu" else 3e-16  # PyTorch's 1 + erf(x) cancels below -5
    np.testing.assert_allclose(ours(x)[known], y.detach().numpy()[known], rtol=1e-12, atol=tiny)
    np.testing.assert_allclose(
        ours.derivative(x)[known], t.grad.numpy()[known], rtol=1e-12, atol=tiny
    )


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "elu", "softplus", "softsign", "gelu"])
def test_values_are_kerass(name):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    activations = pytest.importorskip("keras").activations
    x = np.linspace(-9, 9, 181).astype(np.float32)
    options = {"approximate": False} if name == "gelu" else {}
    want = getattr(activations, name)(torch.tensor(x), **options).detach().cpu().numpy()
    ours = getattr(nn, name)(x)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, want, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", LIBRARY)
def test_values_and_derivatives_are_finite_and_right_far_out(name):
    """Against mpmath's arithmetic with 700 digits, where floats overflow on the way."""
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 700
    functions = {
        "linear": lambda x: x, "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "tanh": mp.tanh,
        "relu": lambda x: max(x, 0), "leaky_relu": lambda x: x if x > 0 else x / 100,
        "elu": lambda x: x if x > 0 else mp.expm1(x), "softplus": lambda x: mp.log1p(mp.exp(x)),
        "softsign": lambda x: x / (1 + abs(x)), "gelu": lambda x: x * mp.ncdf(x),
        "step": lambda x: mp.mpf(x > 0),
    }  # fmt: skip
    x = np.array([-1000.0, -745.0, -40.0, -20.0, 20.0, 300.0, 1000.0])
    want = [functions[name](mp.mpf(v)) for v in x]
    slopes = [mp.diff(functions[name], mp.mpf(v), h=mp.mpf(10) ** -300) for v in x]
    ours = getattr(nn, name)
    np.testing.assert_allclose(ours(x), np.array(want, float), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(
        ours.derivative(x), np.array(slopes, float), rtol=1e-9, atol=1e-300
    )  # fmt: skip


TEXTS = ["x/(1 + exp(-x))", "x*tanh(log(1 + exp(x)))", "exp(-x**2)", "sin(x) + x**3/7",
         "sqrt(1 + x**2) - 1", "arctan(2*x)", "where(x > 1, 2*x - 1, x**2)", "log(1 + x**2)",
         "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "erf(x)*cosh(x/9)", "0.5*(1 - erf(x))",
         "maximum(x, 2*x) - minimum(x, x**2)", "2**x", "clip(x, -1, 1)*x"]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@given(x=st.floats(-4, 4))
@settings(max_examples=25, deadline=None)
def test_the_derivative_found_is_that_of_differences(text, x):
    f = nn.Activation(text)
    if min(abs(x - kink) for kink in (-1, 0, 1)) < 1e-4:
        return  # at a kink there is none
    h = 1e-5
    differences = (f(x + h) - f(x - h)) / (2 * h)
    assert f.derivative(x) == pytest.approx(differences, rel=1e-6, abs=1e-8)


def calls():
    """Every function of the language, with x in each place."""
    for name, known in FUNCTIONS.items():
        if name == "where":
            yield "where(x > 0.3, x**2, sin(x))"
        elif known.arity:
            others = (", 0.7", ", 0.2, 0.9")[known.arity - 2] if known.arity > 1 else ""
            yield f"{name}(x{others})"
        if known.arity == 2:
            yield f"{name}(0.7, x)"
            yield f"{name}(x**2, sin(x))"


@pytest.mark.parametrize("text", [*calls(), "x % 0.4", "x // 0.4", "x**x", "x**0.5"])
def test_every_function_of_the_language_has_its_derivative(text):
    f = nn.Activation(text)
    x, h = np.array([0.31, 0.55, 0.83]), 1e-6
    np.testing.assert_allclose(f.derivative(x), (f(x + h) - f(x - h)) / (2 * h), atol=1e-6)


def test_what_overflows_on_the_way_does_not_spoil_the_result():
    f = nn.Activation("exp(x)/(1 + exp(x))**2")
    np.testing.assert_allclose(f([-1000.0, -700.0, 0.0, 1000.0]), [0, np.exp(-700), 0.25, 0])
    g = nn.Activation("(exp(x) - exp(-x))/(exp(x) + exp(-x))")
    np.testing.assert_allclose(g([-1000.0, 0.5, 1000.0]), [-1, np.tanh(0.5), 1], rtol=1e-14)
    np.testing.assert_allclose(g.derivative([-1000.0, 1000.0]), 0, atol=1e-15)
    h = nn.Activation("log(cosh(x))")
    np.testing.assert_allclose(h(1000.0), 1000 - np.log(2))
    assert h.derivative(1000.0) == 1
    k = nn.Activation("exp(x - 800)*exp(900 - x)")  # 0*inf, and 0 times what is no float
    assert k(0.0) == pytest.approx(np.exp(100), rel=1e-12)


def test_an_equation_an_expression_and_a_name():
    one, two = nn.Activation("a = n/(1 + abs(n))"), nn.Activation("x/(1 + abs(x))")
    assert (one.variable, two.variable) == ("n", "x")
    assert one.formula == "n/(1 + abs(n))"
    assert one.derivative_formula == "1/(1 + abs(n))**2"
    assert float(one(3.0)) == float(two(3.0)) == 0.75
    assert nn.activation("relu") is nn.relu and nn.activation(nn.tanh) is nn.tanh
    assert nn.activation(None) is nn.linear and nn.activation("softmax") is nn.softmax
    assert nn.activation("x**2")(3.0) == 9
    assert repr(one) == "Activation('n/(1 + abs(n))')"


@pytest.mark.parametrize(
    "name, formula",
    [("sigmoid", "exp(-x)/(1 + exp(-x))**2"), ("tanh", "1 - tanh(x)**2"), ("linear", "1"),
     ("relu", "where(x > 0, 1, 0)"), ("elu", "where(x > 0, 1, exp(x))"),
     ("softplus", "1/(1 + exp(-x))"), ("softsign", "1/(1 + abs(x))**2"), ("step", "0")],
)  # fmt: skip
def test_derivatives_as_text(name, formula):
    assert getattr(nn, name).derivative_formula == formula


def test_parameters_are_values_and_make_copies():
    steep = nn.leaky_relu(slope=0.2)
    assert (float(steep(-1.0)), float(nn.leaky_relu(-1.0))) == (-0.2, -0.01)
    assert repr(steep) == "Activation('where(x > 0, x, slope*x)', slope=0.2)"
    swish = nn.Activation("x/(1 + exp(-beta*x))", beta=2.0)
    assert float(swish(1.0)) == pytest.approx(1 / (1 + np.exp(-2)))
    with pytest.raises(
        UnknownNameError, match=r"leaky_relu has no parameter 'alpha'\nexpected: its"
    ):
        nn.leaky_relu(alpha=0.1)


@pytest.mark.parametrize(
    "module",
    ["rheobase.nn.activations", "rheobase.nn.neuron", "rheobase.nn.inputs",
     "rheobase.check.passes", "rheobase.check.gradients"],
)  # fmt: skip
def test_examples_of_docstrings(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted and not found.failed


def test_shapes_and_types():
    assert nn.relu(np.ones((2, 3), np.float32)).dtype == np.float32
    assert nn.relu(np.ones((2, 3), np.int64)).dtype == np.float64
    assert nn.gelu.derivative(np.ones((2, 0, 3))).shape == (2, 0, 3)
    assert nn.step([[0.0, -1.0, 2.0]]).tolist() == [[0.5, 0.0, 1.0]]
    np.testing.assert_allclose(nn.tanh.backward([0.5], [2.0]), 2 * (1 - np.tanh(0.5) ** 2))
    for f in LIBRARY.values():
        out = f(np.zeros(3))
        out += 1  # may be written to


@pytest.mark.parametrize(
    "text, message",
    [
        (3, "an activation is written as text\ngiven: 3\nwrite nn.Activation("),
        ("a = 3", "the activation depends on nothing"),
        ("x*y", "has 2 free names: x, y\n  x*y\n  ^^^\nexpected: one free name, the input\n"
                "give the others values: nn.Activation('x*y', y=1.0)"),
        ("x > 2", "is a condition, not a number\n  x > 2\n  ^^^^^\nwrite where(x > 2, 1, 0)"),
        ("relu6(x)", "there is no function relu6"),
        ("ln(x)", "there is no function ln\n  ln(x)\n  ^^^^^\ndid you mean log?"),
        ("rand()*x", "it cannot be random"),
        ("exp(x, 2)", "exp takes 1 argument, here it has 2"),
        ("x +", "the activation: cannot read this expression"),
        ("x % 2.5 + arctan2(x, x)", None),
    ],
)  # fmt: skip
def test_errors_of_texts(text, message):
    if message is None:
        nn.Activation(text)
        return
    with pytest.raises((EquationError, UnknownNameError), match=re.escape(message)):
        nn.Activation(text)


def test_errors_of_names_and_values():
    with pytest.raises(
        UnknownNameError, match="there is no activation 'ReLu'; did you mean 'relu'"
    ):
        nn.activation("ReLu")
    with pytest.raises(UnknownNameError, match="did you mean 'linear'"):
        nn.activation("identity")
    with pytest.raises(UnknownNameError, match="this is no activation\nexpected: a name, a text"):
        nn.activation(np.tanh)
    with pytest.raises(ShapeError, match="sigmoid is taken of real numbers\ngiven: str 'one'"):
        nn.sigmoid("one")
    with pytest.raises(ShapeError, match="of real numbers"):
        nn.sigmoid([[1.0], [2.0, 3.0]] if sys.version_info < (3,) else ["a", 1.0])


def test_a_plot_has_function_and_derivative_and_gaps_at_jumps():
    axes = nn.sigmoid.plot(-2, 3, derivative=True)
    f, slope = [line for line in axes.lines if len(line.get_xdata()) > 2]
    x = f.get_xdata()
    np.testing.assert_allclose(slope.get_ydata(), nn.sigmoid.derivative(x))
    assert axes.get_xlim() == (-2, 3)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["sigmoid", "its derivative"]
    jump = nn.step.plot(-1, 1).lines[-1].get_ydata()
    assert np.isnan(jump).any() and np.nanmax(np.abs(np.diff(jump))) == 0
    kink = nn.relu.plot(-1, 1, derivative=True).lines[-1].get_ydata()
    assert np.isnan(kink).sum() == 1
    from rheobase.errors import UserError

    with pytest.raises(UserError, match=r"given: plot\(3, -3\)"):
        nn.relu.plot(3, -3)
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("text, mend", [
    ("sigmoid", 'nn.sigmoid is there, or write nn.Activation("1/(1 + exp(-x))")'),
    ("a = swish", 'write nn.Activation("x/(1 + exp(-x))")'),
    ("softmax", "nn.softmax is there"),
])  # fmt: skip
def test_a_name_is_no_expression(text, mend):
    with pytest.raises(EquationError) as refused:  # read as one it would be the identity
        nn.Activation(text)
    assert str(refused.value) == (
        "an activation is written as an expression of x, and this is a name\n"
        f"given: {text.removeprefix('a = ')!r}\n{mend}"
    )


def test_activations_from_elsewhere_are_written_out():
    with pytest.raises(UnknownNameError, match=r'write it as text: nn\.Activation\("x/\(1 \+ exp'):
        nn.activation("SiLU")
    with pytest.raises(UnknownNameError, match=r"write it out: sigmoid\(x\) is 1/\(1 \+ exp\(-x\)"):
        nn.Activation("x*sigmoid(x)")


def test_a_name_stands_for_one_function():
    with pytest.raises(EquationError) as refused:
        nn.Activation("maximum(x, 0.5)", name="relu")
    assert str(refused.value) == (
        "nn.relu is another function\nexpected: relu: maximum(x, 0)\ngiven: maximum(x, 0.5)\n"
        "give yours a name of its own"
    )
    with pytest.raises(EquationError, match=r"nn\.softmax is another function\ngiven: exp\(x\)"):
        nn.Activation("exp(x)", name="softmax")
    assert nn.Activation("a = 1/(1+exp(-x))", name="sigmoid").name == "sigmoid"
