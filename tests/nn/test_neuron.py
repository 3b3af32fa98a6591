"""A neuron by hand beside PyTorch, its explanation, its graph, its descent."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from rheobase import nn
from rheobase.errors import RheobaseWarning, ShapeError, UnknownNameError, UserError
from rheobase.nn.activations import LIBRARY
from rheobase.nn.neuron import in_terms_of_output

TEXTS = [*LIBRARY, "x/(1 + exp(-x))", "x*tanh(log(1 + exp(x)))", "abs(x)**1.5", "sin(x)/(2 + x**2)",
         "where(x > 0.3, x**2, 2*x)", "2*x - 3"]  # fmt: skip


@pytest.fixture
def neuron():
    made = nn.Neuron(weights=[2.0, -3.0], bias=-3.0, activation="sigmoid")
    made.forward([-1.0, -2.0])
    return made


def test_a_batch_backpropagates_as_pytorch():
    rng = np.random.default_rng(0)
    x, w, g = rng.standard_normal((5, 3)), rng.standard_normal(3), rng.standard_normal(5)
    neuron = nn.Neuron(w, 0.4, "tanh")
    t, u, b = (torch.tensor(v, requires_grad=True) for v in (x, w, np.array(0.4)))
    y = torch.tanh(t @ u + b)
    y.backward(torch.tensor(g))
    np.testing.assert_allclose(neuron(x), y.detach(), rtol=1e-14)
    found = neuron.backward(g)
    np.testing.assert_allclose(found.weights, u.grad, rtol=1e-12)
    np.testing.assert_allclose(found.inputs, t.grad, rtol=1e-12)
    assert found.bias == pytest.approx(float(b.grad))
    assert found.net_input.shape == (5,)


@pytest.mark.parametrize("text", TEXTS)
def test_the_graph_gives_the_gradients_of_the_formula(text):
    for x in ([-1.0, 2.0], [0.7, 0.1], [400.0, -300.0], [0.0, 0.0]):
        neuron = nn.Neuron([0.8, -0.5], 0.0 if text == "relu" else 0.1, text)
        value = neuron.forward(x)
        found = neuron.backward(0.7)
        nodes = neuron.graph()
        gradients = {node.label: node.gradient for node in nodes}
        assert nodes[-1].value == pytest.approx(value, rel=1e-12, abs=1e-15)
        assert nodes[-1].label == "a" and gradients["a"] == 0.7
        for i in (1, 2):
            assert gradients[f"w_{i}"] == pytest.approx(found.weights[i - 1], rel=1e-9, abs=1e-14)
            assert gradients[f"x_{i}"] == pytest.approx(found.inputs[i - 1], rel=1e-9, abs=1e-14)
        assert gradients["b"] == pytest.approx(found.bias, rel=1e-9, abs=1e-14)


def test_explain_has_every_number_and_every_rule(neuron):
    neuron.backward(1.0)
    text = neuron.explain()
    lines = [re.sub(r" +", " ", line).strip() for line in text.splitlines()]
    assert lines[0] == "a = f(z), z = w_1*x_1 + w_2*x_2 + b, f = sigmoid"
    for line in (
        "z = (-2) + 6 + (-3) = 1 what dendrites and soma add up",
        "w_1*x_1 = 2*(-1) = -2 what the synapse lets through",
        "exp(-z) = 0.367879 from potential to firing",
        "a = 0.731059 firing rate, sent along the axon",
        "dL/da = 1 given",
        "dL/d(1 + exp(-z)) = 1*(-0.534447) = -0.534447 quotient: the gradient times "
        "-(1/(1 + exp(-z))**2)",
        "dL/d(-z) = (-0.534447)*0.367879 = -0.196612 exp: the gradient times exp(-z)",
        "dL/dz = (-0.196612)*(-1) = 0.196612 minus: the gradient times -1",
        "dL/db = 0.196612*1 = 0.196612 sum: the gradient passes unchanged",
        "dL/dw_2 = 0.196612*(-2) = -0.393224 product: the gradient times the other factor",
    ):
        assert line in lines


def test_a_value_that_is_read_twice_adds_up_what_comes_back():
    neuron = nn.Neuron([1.0], 0.0, "x/(1 + exp(-x))")
    neuron.forward([0.5])
    assert "what comes back on several ways is added" in neuron.explain()


def test_where_operations_overflow_the_function_is_one_node():
    neuron = nn.Neuron([1000.0], 0.0, "sigmoid")
    assert neuron.forward([-1.0]) == 0 and neuron.backward(1.0).bias == 0
    assert "chain rule: the gradient times f'(z), f'(z) = exp(-z)/(1 + exp(-z))**2" in (
        neuron.explain()
    )


def test_derive_says_it_in_symbols(neuron):
    text = neuron.derive("squared_error")
    for line in (
        "z = w_1*x_1 + w_2*x_2 + b",
        "a = f(z) = 1/(1 + exp(-z))",
        "da/dz = f'(z) = exp(-z)/(1 + exp(-z))**2 = a*(1 - a)",
        "L = (a - t)**2",
        "dL/da = 2*(a - t)",
        "dL/dw_1 = dL/dz * dz/dw_1 = dL/dz * x_1",
        "dL/db = dL/dz * dz/db = dL/dz * 1",
        "dL/dx_2 = dL/dz * dz/dx_2 = dL/dz * w_2",
    ):
        assert line in text.splitlines()
    assert "da/dw_1 = da/dz * dz/dw_1 = da/dz * x_1" in neuron.derive()
    many = nn.Neuron(np.ones(9)).derive()
    assert "z = w_1*x_1 + w_2*x_2 + ... + w_9*x_9 + b" in many


@pytest.mark.parametrize(
    "name, short",
    [("sigmoid", "a*(1 - a)"), ("tanh", "1 - a**2"), ("softplus", "1 - exp(-a)"),
     ("softsign", "(1 - abs(a))**2"), ("relu", ""), ("gelu", "")],
)  # fmt: skip
def test_derivatives_of_the_output(name, short):
    assert in_terms_of_output(getattr(nn, name)) == short


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy"])
def test_descent_is_pytorchs_gradient_descent(loss):
    rng = np.random.default_rng(3)
    x, t = rng.standard_normal((6, 2)), rng.integers(0, 2, 6).astype(float)
    neuron = nn.Neuron([0.3, -0.2], 0.1)
    found = neuron.descend(x, t, loss=loss, rate=0.5, steps=20)
    w = torch.tensor([0.3, -0.2], dtype=torch.float64, requires_grad=True)
    b = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=0.5)
    function = {"squared_error": torch.nn.functional.mse_loss,
                "binary_cross_entropy": torch.nn.functional.binary_cross_entropy}[loss]  # fmt: skip
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        value = function(torch.sigmoid(torch.tensor(x) @ w + b), torch.tensor(t))
        value.backward()
        losses.append(value.item())
        optimizer.step()
    np.testing.assert_allclose(found.losses[:-1], losses, rtol=1e-12)
    np.testing.assert_allclose(neuron.weights, w.detach(), rtol=1e-12)
    np.testing.assert_allclose(found.weights[-1], neuron.weights)
    assert found.losses[-1] < found.losses[0] and found.gradients.shape == (21, 3)
    assert found.outputs.shape == (21, 6)


def test_a_descent_prints_and_draws(neuron):
    found = neuron.descend([-1.0, -2.0], 0.2, rate=0.5, steps=30)
    lines = str(found).splitlines()
    assert lines[0] == "squared error, learning rate 0.5: w -= 0.5*dL/dw"
    assert lines[1].split() == ["step", "loss", "w_1", "w_2", "b", "dL/dw_1", "dL/dw_2", "dL/db"]
    assert [int(line.split()[0]) for line in lines[2:]] == [0, 1, 2, 3, 5, 10, 30]
    axes = found.plot()
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), found.losses)
    assert axes.get_ylabel() == "loss (squared error)"
    plt.close("all")


def test_the_drawing_has_values_and_gradients(neuron):
    neuron.backward(1.0)
    axes = neuron.draw(biology=True)
    words = [text.get_text() for text in axes.texts]
    for word in ("$w_{1}$", "$b$", "0.731", "-0.393", "exp", "+1", "1/", "values", "gradients"):
        assert word in words
    assert any("dendrites" in word for word in words)
    gelu = nn.Neuron([1.0], 0.0, "gelu")
    gelu.forward([1.0])
    assert "/√2" in [text.get_text() for text in gelu.draw().texts]
    plt.close("all")


def test_errors(neuron):
    with pytest.raises(
        ShapeError, match="the weights of a Neuron are a vector\nexpected: one numb"
    ):
        nn.Neuron([[1.0, 2.0]])
    with pytest.raises(ShapeError, match="the bias of a Neuron is one number"):
        nn.Neuron([1.0], bias=[1.0])
    with pytest.raises(UserError, match="softmax is a function of several units, not of one"):
        nn.Neuron([1.0], activation="softmax")
    with pytest.raises(
        UnknownNameError, match="there is no activation 'sigmod'; did you mean 'sig"
    ):
        nn.Neuron([1.0], activation="sigmod")
    with pytest.raises(
        ShapeError, match=r"expected: \(2,\) or \(samples, 2\)\ngiven: shape \(3,\)"
    ):
        neuron.forward([1.0, 2.0, 3.0])
    with pytest.raises(
        UserError, match=r"Neuron\.backward: nothing has gone forward yet\ncall neuron"
    ):
        nn.Neuron([1.0]).backward(1.0)
    with pytest.raises(ShapeError, match=r"one dL/da a sample\nexpected: a number, or shape \(\)"):
        neuron.backward([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"one target a sample\nexpected: shape \(2,\)\ngiven: shape \(2, 1\)\ntake the column: target\[:, 0\]"):  # fmt: skip  # noqa: E501
        neuron.descend(np.zeros((2, 2)), np.zeros((2, 1)))
    with pytest.raises(UserError, match="cross_entropy is a loss of several outputs"):
        neuron.descend([1.0, 2.0], 1.0, loss="cross_entropy")
    with pytest.raises(UnknownNameError, match="there is no loss 'squared'"):
        neuron.descend([1.0, 2.0], 1.0, loss="squared")
    with pytest.raises(
        UserError, match=r"rate is a number, 0 or more\ngiven: rate = -1\nneuron\.desc"
    ):
        neuron.descend([1.0, 2.0], 1.0, rate=-1)
    with pytest.raises(UserError, match=r"steps is a whole number, 0 or more\ngiven: steps = 1\.5"):
        neuron.descend([1.0, 2.0], 1.0, steps=1.5)
    big = nn.Neuron(np.ones(13))
    big.forward(np.ones(13))
    with pytest.raises(UserError, match="has room for 12 inputs\ngiven: 13 inputs"):
        big.draw()
    assert repr(neuron) == "Neuron(weights=[2, -3], bias=-3, 'sigmoid')"


def test_a_descent_with_steps_that_are_too_long_ends():
    neuron = nn.Neuron([1.0, 2.0], 0.0, "linear")
    with pytest.warns(RheobaseWarning) as said:
        found = neuron.descend([1.0, 2.0], 0.3, rate=10, steps=2000)
    assert [one.filename for one in said] == [__file__]
    assert str(said[0].message) == (
        f"the loss was no finite number after step {len(found.losses) - 1}: the steps are too long."
        " Try a smaller learning rate than 10, or inputs of size 1."
    )
    assert np.isinf(found.losses[-1]) and np.isfinite(found.losses[:-1]).all()


def test_names_in_the_drawing_stand_clear_of_their_numbers():
    neuron = nn.Neuron([2.0, -3.0], -1.0, "sigmoid")
    neuron.forward([1.0, 2.0])
    neuron.backward(1.0)
    axes = neuron.draw()
    axes.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert boxes["$x_{2}$"].x1 < boxes["-0.0199"].x0
    assert boxes["$x_{2}$"].x0 > axes.bbox.x0


def test_weights_bias_and_activation_can_be_set():
    neuron = nn.Neuron([1.0, 2.0])
    neuron.weights, neuron.bias, neuron.activation = [3, 4], -2, "relu"
    assert neuron.forward([1.0, 1.0]) == 5.0
    np.testing.assert_array_equal(neuron.backward(1.0).inputs, [3.0, 4.0])
    neuron.descend([1.0, 1.0], 0.0, steps=1)
    with pytest.raises(
        ShapeError, match=r"weights of a Neuron are a vector\n.*\ngiven: shape \(\)"
    ):
        neuron.weights = 3.0
    with pytest.raises(ShapeError, match="the bias of a Neuron is one number"):
        neuron.bias = [1.0]
