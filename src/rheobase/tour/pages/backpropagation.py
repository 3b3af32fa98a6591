"""Chapter F: networks of units that learn by backpropagation."""

from __future__ import annotations

import warnings
from statistics import NormalDist
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.signal import correlate2d

from rheobase import nn
from rheobase.tour.page import Chapter, Page

CHAPTER = Chapter(
    "F. Networks of units that learn",
    """
    Units in layers, trained by explicit forward and backward passes: first the exclusive or, which
    no single layer can learn and one hidden layer can; then convolution, from its definition; then
    five networks that name what is in a picture.
    """,
    order=81,
)


def xor_by_hand(net: nn.Sequential, x: np.ndarray, y: np.ndarray, rate: float,
                steps: int) -> list[np.ndarray]:  # fmt: skip
    """Train two layers, tanh and sigmoid, on the mean squared error, in NumPy."""
    w1, b1, w2, b2 = (value.copy() for value in net.parameters.values())
    for _ in range(steps):
        h = np.tanh(x @ w1 + b1)  # forward: the hidden layer
        p = 1 / (1 + np.exp(-(h @ w2 + b2)))  # and the output
        d2 = 2 * (p - y) / len(x) * p * (1 - p)  # backward: loss and sigmoid
        d1 = d2 @ w2.T * (1 - h**2)  # back along the weights, then tanh
        w2 -= rate * h.T @ d2
        b2 -= rate * d2.sum(axis=0)
        w1 -= rate * x.T @ d1
        b1 -= rate * d1.sum(axis=0)
    return [w1, b1, w2, b2]


def two_layers(activation: str, seed: int) -> nn.Sequential:
    """Four hidden units and one output."""
    return nn.Sequential(nn.Dense(2, 4, activation), nn.Dense(4, 1, "sigmoid"), seed=seed)


def xor_networks(epochs: int, seeds: int) -> dict[str, list[nn.Sequential]]:
    """Train networks with three activations from several seeds on 1,000 points."""
    x, y = nn.datasets.xor(1000, std=0.4, seed=0)
    nets: dict[str, list[nn.Sequential]] = {}
    for activation in ("sigmoid", "tanh", "relu"):
        nets[activation] = [two_layers(activation, seed) for seed in range(seeds)]
        for net in nets[activation]:
            nn.fit(net, x, y, loss="squared_error", optimizer=nn.Adam(0.03), epochs=epochs)
    return nets


def draw_boundaries(nets: dict[str, list[nn.Sequential]]) -> Figure:
    """Draw the boundaries of every activation, from two seeds each."""
    x, y = nn.datasets.xor(300, std=0.4, seed=1)
    figure, panels = plt.subplots(2, 3, figsize=(7.2, 5.0), sharex=True, sharey=True)
    for column, (activation, some) in zip(panels.T, nets.items(), strict=True):
        for seed, axes in enumerate(column):
            nn.plots.decision_boundary(some[seed], x, y, ax=axes)
            axes.set_title(f"{activation}, seed {seed}", fontsize=9, fontweight="normal")
            axes.get_legend().remove()
            axes.label_outer()
    return figure


def right(net: nn.Sequential, samples: Any) -> float:
    """Return the fraction of points whose label is found."""
    return float(np.mean((net(samples.x) > 0.5) == (samples.y > 0.5)))


def one_unit() -> tuple[nn.Sequential, str]:
    """Train a single unit on the same points; return it and what the fit warns of."""
    single = nn.Sequential(nn.Dense(2, 1, "sigmoid"), seed=0)
    x, y = nn.datasets.xor(1000, std=0.4, seed=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nn.fit(single, x, y, loss="squared_error", optimizer=nn.Adam(0.03), epochs=300)
    return single, "\n".join(str(one.message) for one in caught)


@CHAPTER.experiment("The exclusive or")
def exclusive_or(page: Page) -> None:
    """XOR with sigmoid, tanh and ReLU."""
    page.text(
        """
        1,000 points lie around the corners of a square, with a standard deviation of 0.4; their
        label is 1 where **one** coordinate of the corner is 1. No straight line parts the labels.
        Four hidden units can: each draws a line, and the output combines them. Below is
        the whole of backpropagation in eight lines of NumPy, forward and backward.
        """
    )
    x, y = nn.datasets.xor(1000, std=0.4, seed=0)
    net = two_layers("tanh", seed=0)
    expected = page.run(xor_by_hand, net, x, y, 1.0, 200)
    nn.fit(net, x, y, loss="squared_error", optimizer=nn.SGD(1.0), epochs=200)
    pairs = zip(net.parameters.values(), expected, strict=True)
    away = max(float(np.abs(ours - hand).max()) for ours, hand in pairs)
    page.text("`nn.fit` does the same. After 200 steps from the same weights:")
    page.near("largest difference of a weight from those by hand", away, 0, 1e-9, digits=12)
    page.text(
        """
        Three activations, each from several random beginnings. The boundary depends on the seed:
        many pairs of lines part the corners.
        """
    )
    nets = page.run(xor_networks, 600 if page.quick else 1500, 2 if page.quick else 5)
    page.draw(
        "What six networks answer over the plane, blue 0 and red 1, and 300 test points.",
        "six panels, most with two lines or a band that separates opposite corners",
        draw_boundaries,
        nets,
    )
    many = nn.datasets.xor(20000, std=0.4, seed=2)
    q = NormalDist().cdf(0.5 / 0.4)
    page.text(
        f"""
        Noise takes some points across a middle line, where no rule can know their label. A point
        stays on its side of one line with probability q = {q:.4f}; the best rule, which only
        looks at the quadrant, is right with probability q² + (1 − q)².
        """
    )
    best = q * q + (1 - q) * (1 - q)
    for activation, some in nets.items():
        accuracy = max(right(net, many) for net in some)
        page.near(f"{activation}: accuracy of the best seed on 20,000 points", accuracy, best, 0.02)
    single, said = page.run(one_unit)
    page.text("One unit alone cannot; `nn.fit` says so itself, and why that may be:")
    page.printed(said)
    line = max(q, 1 - q) * 0.5 + 0.25
    page.between("without a hidden layer", right(single, many), 0.35, line,
                 published=f"one line: below {line:.2f}")  # fmt: skip


KERNELS = {
    "vertical": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "horizontal": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "spot": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "mean": [[1 / 9] * 3] * 3,
}


def by_definition(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Lay the kernel on every place of the image; multiply and add up."""
    rows, columns = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for m in range(kernel.shape[0]):
                for n in range(kernel.shape[1]):
                    out[i, j] += image[i + m, j + n] * kernel[m, n]
    return out


def some_pictures() -> np.ndarray:
    """Three pictures of Fashion-MNIST if it is installed, three digits if not."""
    images = nn.datasets.images()
    return np.stack([images.test.x[images.test.y == label][0, 0] for label in (0, 3, 9)])


def draw_maps(pictures: np.ndarray, kernels: np.ndarray) -> Figure:
    """Draw every kernel against every picture."""
    figure, axes = plt.subplots(figsize=(5.6, 4.6))
    nn.plots.feature_maps(pictures, kernels, names=list(KERNELS), ax=axes)
    return figure


@CHAPTER.experiment("Convolution")
def convolution(page: Page) -> None:
    """Kernels against images."""
    page.text(
        """
        A unit of a convolutional layer sees a small window of the picture, and all units of a map
        share their weights: the kernel is laid on every place, multiplied and added up. (Networks
        say convolution to what mathematics calls cross-correlation: the kernel is not flipped.)
        """
    )
    pictures = some_pictures()
    kernels = np.array(list(KERNELS.values()), dtype=float)
    slow = page.run(by_definition, pictures[0], kernels[0])
    page.draw(
        "Kernels (above) against pictures (left): where the picture looks like the kernel the map"
        " is red, where it looks like its negative, blue.",
        "a grid: edges of one direction light up in two columns, outlines and a blur in others",
        draw_maps,
        pictures,
        kernels,
    )
    maps = nn.conv2d(pictures[:, None], kernels[:, None])
    loops = nn.conv2d(pictures[:, None], kernels[:, None], method="loops")
    page.text("The same by three other ways, SciPy's `correlate2d` among them:")
    scipys = [[correlate2d(one, kernel, "valid") for kernel in kernels] for one in pictures]
    for what, other, ours in (("the definition above", slow, maps[0, 0]),
                              ("the definition, compiled", loops, maps),
                              ("SciPy", np.array(scipys), maps)):  # fmt: skip
        page.near(f"largest difference from {what}", float(np.abs(ours - other).max()), 0, 1e-12,
                  digits=15)  # fmt: skip


def trained(quick: bool) -> nn.studies.Study:
    """Train the five: on digits, or on a part of Fashion-MNIST if that is installed."""
    images = nn.datasets.images()
    if quick or images.name == "digits":
        names = ["mlp_1", "cnn_5"] if quick else list(nn.architectures.ALL)
        digits = nn.datasets.digits(dtype=np.float32)
        return nn.studies.compare(digits, names, seeds=[0], epochs=3 if quick else 8,
                                  batch_size=32, every=3, optimizer=nn.Adam(3e-3))  # fmt: skip
    part = nn.datasets.Images(images.train[:2000], images.test[:2000])
    return nn.studies.compare(part, seeds=[0], epochs=2, batch_size=32, every=5,
                              optimizer=nn.Adam(3e-3))  # fmt: skip


def draw_training(study: nn.studies.Study) -> Figure:
    """Draw curves of loss, and first-layer weights of a perceptron and of a convolutional net."""
    figure, (left, middle, last) = plt.subplots(1, 3, figsize=(7.2, 2.8), width_ratios=[1.4, 1, 1])
    study.plot("loss", ax=left)
    left.legend(fontsize=8, frameon=False)
    names = list(study.runs)
    nn.plots.weights(study["mlp_1"][0].net.layers[1].weights[:, :16], columns=4, ax=middle)
    nn.plots.weights(study[names[-1]][0].net.layers[0], columns=4, ax=last)
    middle.set_title("mlp_1: what 16 units look for", fontsize=8, fontweight="normal")
    last.set_title(f"{names[-1]}: kernels", fontsize=8, fontweight="normal")
    return figure


def slope_along(net: nn.Sequential, samples: Any, seed: int) -> tuple[float, float]:
    """Return the derivative of the loss along a direction: by backpropagation, by differences."""
    loss, direction = nn.losses.cross_entropy, np.random.default_rng(seed)
    d = direction.standard_normal(net.vector.size)
    y = net.forward(samples.x)
    net.backward(loss.gradient(y, samples.y))
    gradient = [getattr(layer.gradient, name).ravel()
                for layer in net.layers for name in layer.parameters]  # fmt: skip
    here, h = net.vector.copy(), 1e-6
    ahead, behind = (loss_at(net, here + s * h * d, samples) for s in (1, -1))
    net.vector[:] = here
    return float(np.concatenate(gradient) @ d), (ahead - behind) / (2 * h)


def loss_at(net: nn.Sequential, vector: np.ndarray, samples: Any) -> float:
    """Return the loss with these parameters."""
    net.vector[:] = vector
    return float(nn.losses.cross_entropy(net(samples.x), samples.y))


@CHAPTER.experiment("Five architectures")
def five_architectures(page: Page) -> None:
    """Two perceptrons and three convolutional networks name pictures."""
    page.text(
        """
        Two multilayer perceptrons and three convolutional networks, of 10,000 to 28,000 weights
        for pictures of 28 by 28 pixels. Is their gradient right? Its product with a random
        direction must be the slope of the loss in that direction, here by central differences:
        """
    )
    some = nn.datasets.digits().test[:20]
    for name, make in nn.architectures.ALL.items():
        net = make((1, 8, 8), activation="tanh", dtype="float64")
        by_passes, by_differences = page.run(slope_along, net, some, 5)
        page.near(f"{name}: slope of the loss", by_passes, by_differences,
                  1e-6 * max(1, abs(by_differences)), digits=7)  # fmt: skip
    page.text("The counts of their weights, from sizes of kernels and layers, and their training:")
    study = page.run(trained, page.quick)
    page.printed(str(study))
    page.draw(
        "Loss over epochs; weights of the first layer, red positive and blue negative.",
        "falling curves, sixteen weight pictures with blobs, and small kernels",
        draw_training,
        study,
    )
    counted = {"mlp_1": 784 * 32 + 32 + 330, "cnn_3": 160 + 3208 + 6288 + 2570}
    for name, count in counted.items():
        size = nn.architectures.ALL[name]().vector.size
        page.near(f"{name}: weights and biases for 28 by 28 pixels", size, count, 0, digits=0)
    for name in study.runs:
        low = 0.6 if "Fashion" in study.data else 0.8
        page.between(f"{name}: test accuracy", study.accuracy(name), low, 1.0,
                     published="far above 0.1, which is chance")  # fmt: skip
