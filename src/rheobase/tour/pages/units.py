"""Chapters D and E: idealised units: activation functions, and one neuron trained by hand."""

from __future__ import annotations

import math
import re
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase import nn
from rheobase.nn.facts import table as facts_table
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, VERMILION

CHAPTER = Chapter(
    "D, E. Idealised units",
    """
    At the highest level a neuron is a sum and a function of it. What is left of the cell is enough
    to learn: the derivative of the output by every weight says how to change it. Functions are
    written as text, as models are, and their derivatives are found from the text. A neuron shows
    every number of its forward and of its backward pass.
    """,
    order=80,
)

NAMES = ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "gelu")


def all_facts() -> dict[str, nn.Facts]:
    """What holds for each function for every x, found from its text."""
    return {name: getattr(nn, name).facts() for name in NAMES}


def draw_functions() -> Figure:
    """Draw each function and its derivative over [-6, 6]."""
    figure, panels = plt.subplots(2, 4, figsize=(7.6, 3.9), sharex=True)
    for axes, name in zip(panels.flat, NAMES, strict=True):
        getattr(nn, name).plot(-6, 6, derivative=True, ax=axes)
        axes.get_legend().remove()
        axes.set(title=name.replace("_", " "), xlabel="", ylabel="", ylim=(-1.6, 2.6))
    lines = panels[0, 0].get_lines()[-2:]
    figure.legend(lines, ["function", "its derivative"], loc="outside upper right", ncols=2)
    for axes in panels[1]:
        axes.set_xlabel("x")
    return figure


@CHAPTER.experiment("Activation functions, and what their text tells")
def activation_facts(page: Page) -> None:
    """Values, derivatives, and facts that are found and not looked up."""
    page.text(
        """
        `nn.Activation("a = n/(1 + abs(n))")` is a function with a derivative. `facts()` says where
        the derivative is largest, where it is 0, where it only tends to 0, and where it jumps.
        None of it is stored anywhere: the line is divided into intervals, the expression and its
        derivatives are evaluated with whole intervals instead of numbers, and what is certain is
        written down. Where a function has a kink, the derivative is PyTorch's: 0 for ReLU at 0.
        """
    )
    facts = page.run(all_facts)
    page.table(
        ("function", "values", "zero-centered", "largest derivative", "derivative 0", "tends to 0",
         "kinks"),
        facts_table(list(facts.values())),
    )  # fmt: skip
    page.draw(
        "Functions (solid) and derivatives (dashed). Where the derivative is near 0 a unit hardly"
        " learns: it is saturated, or, for ReLU below 0, dead.",
        "eight panels with a function and its derivative between -6 and 6",
        draw_functions,
    )
    page.text("In sentences, for one of them:")
    page.printed(str(facts["relu"]))
    page.near("largest derivative of the sigmoid", facts["sigmoid"].max_derivative, 0.25, 1e-12)
    page.near("largest derivative of tanh", facts["tanh"].max_derivative, 1, 1e-12)
    page.near("GELU is steepest at √2", float(_point(facts["gelu"])), math.sqrt(2), 1e-6, digits=6)
    page.near("its derivative there, Φ(√2) + √2 φ(√2)", facts["gelu"].max_derivative,
              _normal(math.sqrt(2)), 1e-9, digits=6)  # fmt: skip
    centered = [name for name in NAMES if facts[name].zero_centered]
    page.holds("zero-centered", "linear, tanh", ", ".join(centered), centered == ["linear", "tanh"])
    dead = str(facts["relu"].derivative_zero[0])
    page.holds("derivative of ReLU is 0 for x in", "(-inf, 0]", dead, dead == "(-inf, 0]")


def _point(facts: nn.Facts) -> Any:
    return facts.max_derivative_at


def _normal(x: float) -> float:
    """Return Φ(x) + x φ(x), the derivative of x Φ(x)."""
    return 0.5 * math.erfc(-x / math.sqrt(2)) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def one_neuron() -> nn.Neuron:
    """A neuron with two inputs, forward and backward."""
    neuron = nn.Neuron(weights=[2.0, -3.0], bias=-3.0, activation="sigmoid")
    neuron.forward([-1.0, -2.0])
    neuron.backward(1.0)
    return neuron


def draw_neuron(neuron: nn.Neuron) -> Figure:
    """Draw the computation graph of the neuron."""
    axes = neuron.draw(biology=True)
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


@CHAPTER.experiment("One neuron, forward and backward")
def neuron_by_hand(page: Page) -> None:
    """Every number of both passes, against differences and the published ones."""
    page.text(
        """
        Inputs arrive over synapses of different strengths (weights), dendrites and soma add them
        up (net input z), and the cell fires more or less (activation f). Backward, each operation
        hands on the gradient it gets, times its own derivative: the chain rule. The numbers are
        those of the example by which Stanford's course CS231n introduces backpropagation.
        """
    )
    neuron = page.run(one_neuron)
    page.printed(neuron.explain())
    page.draw(
        "The same as a graph: values above the lines, from left to right; gradients below, from"
        " right to left.",
        "a graph from two inputs, two weights and a bias through products, a sum and the parts of"
        " the sigmoid to the output",
        draw_neuron,
        neuron,
    )
    page.text("In symbols, down from a squared error:")
    page.printed(neuron.derive("squared_error"))
    # CS231n, "Backpropagation, Intuitions": 0.73, and gradients -0.20, -0.39, 0.39, -0.59, 0.20
    g = neuron.backward(1.0)
    page.near("output, published as 0.73", neuron.forward([-1.0, -2.0]), 0.73, 0.005, digits=4)
    page.near("gradient by w_1, published as -0.20", g.weights[0], -0.20, 0.005, digits=4)
    page.near("gradient by w_2, published as -0.39", g.weights[1], -0.39, 0.005, digits=4)
    page.near("gradient by x_1, published as 0.39", g.inputs[0], 0.39, 0.005, digits=4)
    page.near("gradient by x_2, published as -0.59", g.inputs[1], -0.59, 0.005, digits=4)
    report = rb.check.gradient(lambda g: neuron.backward(g).inputs, neuron.forward, [-1.0, -2.0])
    page.holds("against differences", "equal", "equal" if report else "not equal", report.passed)


SAMPLES = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 1.0])


def descents(rates: tuple[float, ...]) -> dict[float, Any]:
    """Let a neuron learn OR with several learning rates, from the same start."""
    return {
        rate: nn.Neuron([-2.0, 3.0], 0.0, "sigmoid").descend(
            SAMPLES, TARGETS, loss="squared_error", rate=rate, steps=300
        )
        for rate in rates
    }


def squared_error(w_1: np.ndarray, w_2: np.ndarray, bias: float) -> np.ndarray:
    """The loss over a plane of weights."""
    z = (SAMPLES[:, 0, None, None] * w_1 + SAMPLES[:, 1, None, None] * w_2) + bias
    return np.asarray(np.mean((nn.sigmoid(z) - TARGETS[:, None, None]) ** 2, axis=0))


def draw_descent(found: dict[float, Any]) -> Figure:
    """Draw the losses, and the way through the plane of weights."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.1), width_ratios=[1.2, 1])
    colors = (BLUE, VERMILION, GREEN)
    for color, (rate, descent) in zip(colors, found.items(), strict=True):
        left.plot(descent.losses, color=color, label=f"rate {rate:g}")
        right.plot(*descent.weights.T, ".-", color=color, markersize=2, linewidth=0.8)
        right.plot(*descent.weights[-1], "o", color=color, markersize=5)
    left.set(xlabel="step", ylabel="squared error", xlim=(0, 300), ylim=(0, None))
    left.legend()
    sides = [np.linspace(low, high, 80) for low, high in (right.get_xlim(), right.get_ylim())]
    w_1, w_2 = np.meshgrid(*sides)
    bias = float(next(iter(found.values())).biases[-1])
    lines = right.contour(w_1, w_2, squared_error(w_1, w_2, bias), 9, colors=GRAY, linewidths=0.6)
    right.clabel(lines, fontsize=6)
    right.set(xlabel="$w_1$", ylabel="$w_2$")
    return figure


@CHAPTER.experiment("One neuron learns OR")
def neuron_learns(page: Page) -> None:
    """Gradient descent step by step; small steps lower the loss as the gradient says."""
    page.text(
        """
        Downhill: every weight is changed against its gradient, `w -= rate*dL/dw`. For a small step
        the loss has to fall by the rate times the square of the gradient's length, which checks
        the gradient once more. The targets are those of OR, which one neuron can learn; XOR it
        cannot, and the next chapter gives it a hidden layer.
        """
    )
    rates = (0.3, 3.0, 10.0)
    found = page.run(descents, rates)
    page.printed(str(found[10.0]))
    page.draw(
        "Left: the loss for three learning rates. Right: the ways of the weights, over lines of"
        " equal loss (for the last bias of the slowest).",
        "falling losses for three learning rates, and three paths in the plane of the two weights",
        draw_descent,
        found,
    )
    small = nn.Neuron([-2.0, 3.0]).descend(SAMPLES, TARGETS, rate=1e-4, steps=1)
    fall = (small.losses[0] - small.losses[1]) / 1e-4
    page.near("fall of the loss by a small step, over the rate", fall,
              float(np.sum(small.gradients[0] ** 2)), 1e-6, digits=6)  # fmt: skip
    outputs = found[10.0].outputs[-1]
    solved = int(((outputs > 0.5) == (TARGETS > 0.5)).sum())
    page.holds("learned OR in 300 steps", "4 of 4", f"{solved} of 4", solved == 4)
    weights = found[10.0].weights[-1]
    three = {nn.net_input(SAMPLES[3], weights, how) for how in ("loop", "sum", "dot")}
    page.near("net input as loop, sum and dot product: spread", max(three) - min(three), 0, 1e-12,
              digits=1)  # fmt: skip


def flipped(images: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """A student's convolution: a true one, that turns the kernel round."""
    rows, columns = (n - m + 1 for n, m in zip(images.shape[2:], kernels.shape[2:], strict=True))
    result = np.zeros((len(images), len(kernels), rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = images[:, :, i : i + kernels.shape[2], j : j + kernels.shape[3]]
            result[:, :, i, j] = np.einsum("bchw,ochw->bo", part, kernels[:, :, ::-1, ::-1])
    return result


def forgetful(g: np.ndarray, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Any:
    """A student's backward pass of tanh(x w + b): it forgets the derivative of tanh."""
    return g @ w.T, x.T @ g, g.sum(axis=0)


def saturating(x: np.ndarray) -> np.ndarray:
    """A student's derivative of the sigmoid, taken of the wrong thing."""
    return np.asarray(x * (1 - x))


def checks() -> dict[str, Any]:
    """Check a convolution, a backward pass and a derivative."""
    rng = np.random.default_rng(0)
    point = tuple(rng.standard_normal(shape) for shape in ((5, 3), (3, 2), (2,)))
    return {
        "convolution": rb.check.equal(flipped, nn.conv2d),
        "backward pass": rb.check.gradient(forgetful, lambda x, w, b: np.tanh(x @ w + b), point),
        "derivative": rb.check.equal(saturating, nn.sigmoid.derivative),
    }


def draw_flipped() -> Figure:
    """Draw an image, and what both make of it with a kernel."""
    image = np.zeros((1, 1, 12, 12))
    image[0, 0, 3:9, 3:9] = 1.0
    kernel = np.array([[[[0.0, 0.0, 0.0], [0.0, 1.0, -1.0], [0.0, 0.0, 0.0]]]])
    figure, panels = plt.subplots(1, 4, figsize=(7.4, 2.1), width_ratios=[1, 0.4, 1, 1])
    shown = (image, kernel, nn.conv2d(image, kernel), flipped(image, kernel))
    for axes, picture, title in zip(
        panels, shown, ("image", "kernel", "ours", "flipped"), strict=True
    ):
        axes.imshow(picture[0, 0], cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])
    return figure


@CHAPTER.experiment("Your own pass, and what is wrong with it")
def students_passes(page: Page) -> None:
    """Three faulty functions; each fault is called by its name."""
    page.text(
        """
        Who writes a convolution or a backward pass can lay it beside ours: `rb.check.equal` gives
        both the same inputs, `rb.check.gradient` compares with differences. A cause is named only
        if ours, with that mistake built in, gives what the other gives in everything that is tried.
        """
    )
    reports = page.run(checks)
    for report in reports.values():
        page.printed(str(report))
    page.draw(
        "A kernel that answers to the right edge of a square with +1. Flipped, it answers to both"
        " edges with the other sign.",
        "an image of a square, a kernel, and two pictures of edges with opposite signs",
        draw_flipped,
    )
    words = {"convolution": "a cross-correlation", "backward pass": "derivative of the activation",
             "derivative": "of the output"}  # fmt: skip
    named = sum(bool(re.search(words[key], reports[key].causes[0])) for key in words)
    page.near("mistakes called by their name", named, 3, 0, digits=0)
    right = rb.check.gradient(np.cos, np.sin, [0.0, 1.0, 2.0])
    page.holds("a right derivative", "passes", "passes" if right else "differs", right.passed)
