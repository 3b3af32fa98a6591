"""Students' backward passes beside differences: right ones pass, mistakes are named."""

import numpy as np
import pytest

import rheobase as rb
from rheobase import nn
from rheobase.errors import UserError

RNG = np.random.default_rng(1)
X, W, B = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 2)), RNG.standard_normal(2)


def layer(x, w, b):
    return np.tanh(x @ w + b)


def delta(g, x, w, b):
    return g * (1 - np.tanh(x @ w + b) ** 2)


def back(g, x, w, b):
    d = delta(g, x, w, b)
    return d @ w.T, x.T @ d, d.sum(axis=0)


def test_a_right_backward_pass_passes():
    report = rb.check.gradient(back, layer, (X, W, B))
    assert str(report) == "Your backward pass gives the gradient: 69 entries in 3 trials."


def changed(**parts):
    """The right pass with one gradient changed: by x, w or b."""

    def make(g, x, w, b):
        gradients = dict(zip("xwb", back(g, x, w, b), strict=True))
        for name, change in parts.items():
            gradients[name] = change(g, x, w, b, gradients[name])
        return gradients["x"], gradients["w"], gradients["b"]

    return make


@pytest.mark.parametrize(
    "backward, words",
    [
        (lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(0)), "activation is missing: dL/dz = g*f'(z)"),
        (changed(b=lambda g, x, w, b, r: delta(g, x, w, b)), "sum over the batch"),
        (changed(b=lambda g, x, w, b, r: r / len(x)), "the mean over the samples; it has to be"),
        (
            changed(w=lambda g, x, w, b, r: r * len(x)),
            "summed over the samples; it has",
        ),
        (changed(w=lambda g, x, w, b, r: -r), "the sign is wrong"),
        (changed(w=lambda g, x, w, b, r: 0 * r), "always 0"),
        (changed(x=lambda g, x, w, b, r: 2 * r), "twice the gradient"),
        (changed(w=lambda g, x, w, b, r: r.T), "transposed"),
        (changed(w=lambda g, x, w, b, r: np.outer(x[-1], delta(g, x, w, b)[-1])), "last sample"),
        (lambda g, x, w, b: back(np.ones_like(g), x, w, b), "not multiplied by the gradient that"),
    ],
)
def test_a_mistake_in_a_layer_is_named(backward, words):
    report = rb.check.gradient(backward, layer, (X, W, B))
    assert not report.passed
    assert any(words in cause for cause in report.causes), report


def test_what_a_report_says():
    report = rb.check.gradient(lambda x: x * (1 - x), nn.sigmoid, [0.3, 1.0, -1.0])
    assert str(report) == (
        "Your backward pass does not give the gradient; called as backward(x).\n\n"
        "First difference: gradient by x, entry [0]\n"
        "  yours        0.21\n"
        "  differences  0.24445831\n\n"
        "Cause: x*(1 - x) is yours; y*(1 - y) is to be taken, of the output.\n"
        "(With it built in, ours does what yours does.)"
    )
    assert report.where == "[0]" and report.yours == pytest.approx(0.21)


@pytest.mark.parametrize(
    "backward, words",
    [
        (lambda x, g: g * nn.tanh.derivative(x), None),
        (lambda g, x: g * nn.tanh.derivative(x), None),
        (lambda x, upstream: upstream * nn.tanh.derivative(x), None),
        (lambda x: nn.tanh.derivative(x), None),
        (lambda x, g: 1.0 * g, "the derivative is missing"),
        (lambda x, g: g * np.tanh(x), "the function, not its derivative"),
        (lambda x, g: g * (1 - np.tanh(np.tanh(x)) ** 2), "taken at the output y"),
        (lambda x, g: g * (1 - x**2), "1 - y**2 is to be taken"),
    ],
)
def test_conventions_and_mistakes_of_a_function(backward, words):
    report = rb.check.gradient(backward, np.tanh, [-1.5, 0.4, 2.0])
    assert report.passed is (words is None), report
    if words:
        assert words in report.causes[0]


def test_numbers_as_arguments():
    def unit(x, w, b):
        return np.tanh(w * x + b)

    def right(x, w, b):
        s = 1 - np.tanh(w * x + b) ** 2
        return s * w, s * x, s

    assert rb.check.gradient(right, unit, (0.5, 2.0, -0.3))
    report = rb.check.gradient(lambda x, w, b: [right(x, w, b)[n] for n in (1, 0, 2)], unit,
                               (0.5, 2.0, -0.3))  # fmt: skip
    assert report.causes == ("yours is the gradient by w: the order is another one",)


def test_methods_of_ours_pass():
    for f in (nn.tanh, nn.gelu, nn.softsign):
        assert rb.check.gradient(f.derivative, f, [-1.0, 0.3])
        assert rb.check.gradient(f.backward, f, [-1.0, 0.3])
    assert rb.check.gradient(nn.softmax.backward, nn.softmax, RNG.standard_normal((2, 3)))


def test_a_mask_of_the_wrong_thing_is_named():
    report = rb.check.gradient(lambda x, g: np.where(g > 0, g, 0), nn.relu, [3.0, 1.0, 2.0, 4.0])
    assert "0 where g is negative" in report.causes[0]


def test_objects_that_remember_their_forward_pass():
    neuron = nn.Neuron([2.0, -3.0], -3.0, "sigmoid")
    assert rb.check.gradient(lambda g: neuron.backward(g).inputs, neuron.forward, [-1.0, -2.0])

    class Accumulating:
        def __init__(self):
            self.sum = 0.0

        def forward(self, x):
            self.x = x
            return x**2

        def backward(self, gradient):
            self.sum = self.sum + gradient * 2 * self.x
            return self.sum

    made = Accumulating()
    report = rb.check.gradient(made.backward, made.forward, [1.0, -2.0, 3.0])
    assert "not set back to 0" in report.causes[0]


def test_losses_and_labels():
    t = np.array([0.0, 2.0, 1.0])
    loss = lambda y: np.mean((y - t) ** 2)  # noqa: E731
    assert rb.check.gradient(lambda y: 2 * (y - t) / 3, loss, [0.5, 1.0, -1.0])
    report = rb.check.gradient(lambda y: 2 * (y - t), loss, [0.5, 1.0, -1.0])
    assert report.causes == ("yours is summed over the samples; it has to be the mean",)
    labels = np.array([0, 2])  # whole numbers have no gradient

    def cross_entropy(z, y):
        return -np.mean(np.log(nn.softmax(z)[np.arange(2), y]))

    def wrong(z, y):
        return (nn.softmax(z) - np.eye(3)[y]) / 2

    assert rb.check.gradient(wrong, cross_entropy, (RNG.standard_normal((2, 3)), labels))
    swapped = rb.check.gradient(lambda a, b: {"a": a, "b": b}, lambda a, b: np.sum(a * b),
                                ([1.0, 2.0], [3.0, 4.0]))  # fmt: skip
    assert swapped.causes == ("yours is the gradient by b: the order is another one",)


def test_entries_at_a_kink_are_left_out():
    report = rb.check.gradient(lambda x: 1.0 * (x > 0), nn.relu, [0.0, 1.0, -1.0])
    assert report.passed and "1 at kinks" in str(report)


def test_of_large_arrays_some_entries_are_drawn():
    x = RNG.standard_normal((30, 40))
    report = rb.check.gradient(lambda x: np.cos(x), lambda x: np.sin(x).sum(), x, trials=1)
    assert report.passed and "400 entries in 1 trials" in str(report)


def test_errors():
    def fails(x):
        raise ValueError("no")

    with pytest.raises(UserError, match=r"check\.gradient: forward raised ValueError: no"):
        rb.check.gradient(np.cos, fails, [1.0])
    with pytest.raises(UserError, match="backward is no function\ngiven: 3"):
        rb.check.gradient(3, np.sin, [1.0])
    with pytest.raises(UserError, match="there is nothing to differentiate by"):
        rb.check.gradient(np.cos, np.sin, np.array([1, 2]))
    with pytest.raises(UserError, match="forward returned 'a', which is no number or array"):
        rb.check.gradient(np.cos, lambda x: "a", [1.0])
    report = rb.check.gradient(fails, np.sin, [1.0])
    assert "Your backward pass stopped: backward(x) raised ValueError: no" in str(report)
    assert "it returned None" in str(rb.check.gradient(lambda x: None, np.sin, [1.0]))
    short = rb.check.gradient(lambda x, w, b: (x, w), layer, (X, W, B))
    assert "it has to return 3 gradients, by x, w, b, in this order" in str(short)

    def changes(x):
        x += 1
        return np.cos(x - 1)

    assert "it changes its inputs" in str(rb.check.gradient(changes, np.sin, [1.0]))
