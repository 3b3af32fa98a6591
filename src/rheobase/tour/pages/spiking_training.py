"""Chapter: spiking networks that are trained, with a surrogate for the derivative of a spike."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rheobase import nn
from rheobase.gradients import Surrogate
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, PURPLE, VERMILION
from rheobase.units import ms

CHAPTER = Chapter(
    "Spiking networks that learn",
    """
    A spike is there or not: its derivative is 0 or does not exist, so no gradient comes back
    through it. Training takes a narrow bump around the threshold for it, on the way back only. The
    step of the neurons and its reverse come from the same equations; here they are set beside a
    network and its gradient written out by hand.
    """,
    order=83,
)

ALPHA, BETA = np.exp(-1 / 5), np.exp(-1 / 10)  # a step of 1 ms: current and potential decay


def by_hand(x: np.ndarray, y: np.ndarray, w1: np.ndarray,
            w2: np.ndarray) -> list[np.ndarray]:  # fmt: skip
    """Return the gradients of the mean cross-entropy by both layers' weights."""
    samples, steps, _ = x.shape
    u = i = np.zeros((samples, w1.shape[1]))  # hidden: potential and current
    o = f = np.zeros((samples, w2.shape[1]))  # readout
    potentials, outputs = [], [o]
    for t in range(steps):  # forward
        s = u > 1
        potentials.append(u)
        u, i = (BETA * u + i) * ~s, ALPHA * i + x[:, t] @ w1
        o, f = BETA * o + f, ALPHA * f + s @ w2
        outputs.append(o)
    best = np.argmax(outputs, axis=0)
    z = np.max(outputs, axis=0)
    g = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)  # softmax and cross-entropy
    g[np.arange(samples), y] -= 1
    bar_u = bar_i = np.zeros_like(u)
    bar_f, bar_o = np.zeros_like(f), g / samples * (best == steps)
    by_w1, by_w2 = np.zeros_like(w1), np.zeros_like(w2)
    for t in range(steps - 1, -1, -1):  # backward, the last line of a step first
        u, s = potentials[t], potentials[t] > 1
        by_w2 += s.T @ bar_f
        bar_s = bar_f @ w2.T
        bar_f, bar_o = ALPHA * bar_f + bar_o, BETA * bar_o + g / samples * (best == t)
        by_w1 += x[:, t].T @ bar_i
        surrogate = 1 / (1 + 100 * np.abs(u - 1)) ** 2  # for the derivative of s by u
        bar_i, bar_u = ALPHA * bar_i + bar_u * ~s, BETA * bar_u * ~s + bar_s * surrogate
    return [by_w1, by_w2]


def network(surrogate: str, seed: int) -> nn.Sequential:
    """100 inputs, 4 neurons, 2 readouts; weights as in SpyTorch."""
    gain, std = 1 / (1 - BETA), 7 * (1 - BETA)
    lif = nn.normalized_lif(tau_m=10 * ms, tau_syn=5 * ms, tau_ref=1 * ms, gain=gain)
    readout = nn.leaky_readout(tau_m=10 * ms, tau_syn=5 * ms, gain=gain)
    return nn.Sequential(
        nn.Spiking(lif, 100, 4, delay=0 * ms, weight_std=std, surrogate=surrogate),
        nn.Spiking(readout, 4, 2, readout="max", weight_std=std),
        seed=seed,
    )


def learned(samples: int, epochs: int) -> dict[str, Any]:
    """Train with the surrogate and with the true gradient."""
    x, y = nn.tasks.random_patterns(samples, inputs=100, steps=200, seed=0)
    found: dict[str, Any] = {}
    for surrogate in ("fast_sigmoid", "none"):
        net = network(surrogate, seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `nn.fit` tells that the true gradient learns nothing
            found[surrogate] = nn.fit(net, x, y, loss="cross_entropy", optimizer=nn.Adam(0.02),
                                      epochs=epochs)  # fmt: skip
        if surrogate == "fast_sigmoid":
            found["net"] = net
    return found


def draw_learning(found: dict[str, Any]) -> Figure:
    """Draw loss and accuracy over epochs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.7))
    names = {"fast_sigmoid": ("surrogate", BLUE), "none": ("true gradient", VERMILION)}
    for kind, (name, color) in names.items():
        history = found[kind]
        left.plot(history.epochs, history.loss, color=color, label=name)
        right.plot(history.epochs, history.accuracy, color=color)
    left.axhline(np.log(2), color=GRAY, linestyle=":", label="guessing: ln 2")
    right.axhline(0.5, color=GRAY, linestyle=":")
    left.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="accuracy", ylim=(0.4, 1.02))
    left.legend()
    return figure


def draw_sample(net: nn.Sequential, samples: int) -> Figure:
    """Draw one sample on its way through the trained network."""
    x, y = nn.tasks.random_patterns(samples, inputs=100, steps=200, seed=0)
    hidden, readout = net.layers
    spikes, saved = hidden.run(x)
    right = np.flatnonzero(net(x).argmax(axis=1) == y)
    busy = spikes[right].sum(axis=(1, 2))
    chosen = int(right[np.argsort(busy)[3 * len(right) // 4]])
    _, read = readout.run(spikes)
    v = saved.course.kept["v"].reshape(201, samples, 4)[1:, chosen]
    out = read.course.kept["v"].reshape(201, samples, 2)[1:, chosen]
    figure, panels = plt.subplots(3, 1, figsize=(7.2, 4.6), sharex=True,
                                  height_ratios=(1.2, 1, 1.2))  # fmt: skip
    steps, units = np.nonzero(x[chosen])
    panels[0].plot(steps, units, "|", color=GRAY, markersize=4)
    for j, color in enumerate((BLUE, GREEN, PURPLE, VERMILION)):
        panels[1].plot(v[:, j], color=color, linewidth=1)
        at = np.flatnonzero(spikes[chosen, :, j])
        panels[1].plot(at, np.full(at.size, 1.25), "v", color=color, markersize=5)
    panels[1].axhline(1, color=GRAY, linestyle="--", linewidth=0.8)
    for j, color in enumerate((BLUE, VERMILION)):
        panels[2].plot(out[:, j], color=color, label=f"class {j}")
        top = int(out[:, j].argmax())
        panels[2].plot(top, out[top, j], "o", color=color, markersize=4)
    panels[0].set(ylabel="input")
    panels[1].set(ylabel="4 neurons, v", ylim=(-2, 1.6))
    panels[2].set(ylabel="readouts", xlabel="time (ms)", ylim=(None, 2.3 * out.max()))
    panels[2].legend(title=f"the label is {y[chosen]}", ncols=2, loc="upper right")
    return figure


@CHAPTER.experiment("Random patterns, learned by heart")
def random_patterns(page: Page) -> None:
    """SpyTorch's task: with the surrogate it is learned, with the true gradient it is not."""
    page.text(
        """
        Spikes at random on 100 inputs, 200 steps long, with labels at random: what tells
        samples apart is when single inputs spike. Four leaky integrate-and-fire neurons, two
        readouts that only integrate; the answer is the readout whose potential gets highest. This
        is F. Zenke's SpyTorch tutorial, forward and backward in NumPy:
        """
    )
    x, y = nn.tasks.random_patterns(48, inputs=100, steps=200, seed=1)
    net = network("fast_sigmoid", seed=1)
    hidden, readout = net.layers
    expected = page.run(by_hand, x, y, hidden.weights, readout.weights)
    chances = net.forward(x)
    chances = np.exp(chances) / np.exp(chances).sum(axis=1, keepdims=True)
    chances[np.arange(48), y] -= 1
    net.backward(chances / 48)
    page.text(
        """
        `nn.Spiking` takes the equations and makes the step and its reverse from them. The
        gradients are those written by hand:
        """
    )
    for name, layer, hand in zip(("inputs", "hidden"), net.layers, expected, strict=True):
        away = np.abs(layer.gradient.weights - hand).max() / np.abs(hand).max()
        page.near(f"weights from {name}: largest difference, relative to the largest", float(away),
                  0, 1e-9, digits=12)  # fmt: skip
    samples, epochs = (64, 80) if page.quick else (256, 150)
    found = page.run(learned, samples, epochs)
    page.draw(
        "Training with the surrogate, and with the derivative that a spike really has, 0: then only"
        " the readout learns.",
        "a loss that falls to 0 and one that stays at ln 2; an accuracy that rises to 1 and one"
        " near 0.5",
        draw_learning,
        found,
    )
    page.draw(
        "One sample in the trained network: input spikes; potentials, spikes of the four neurons;"
        " potentials of the readouts, the highest point of each marked.",
        "dots of input spikes, four potentials with threshold, two readouts of which one gets high",
        draw_sample,
        found["net"],
        samples,
    )
    with_surrogate, true = (float(found[k].accuracy[-1]) for k in ("fast_sigmoid", "none"))
    page.holds("accuracy with the surrogate (published 0.859)", "at least 0.85",
               f"{with_surrogate:.3f}", with_surrogate >= 0.85)  # fmt: skip
    page.holds("accuracy with the true gradient (published 0.512)", "below 0.65", f"{true:.3f}",
               true < 0.65)  # fmt: skip


def in_time(points: np.ndarray) -> np.ndarray:
    """One spike a coordinate, the larger the earlier, and one at the start."""
    start = np.ones((len(points), 1))
    return nn.encode.latency(np.column_stack([points, start]), steps=40, last=25)


def separated(samples: int, epochs: int) -> nn.Sequential:
    """Train 60 hidden neurons on the yin-yang points."""
    x, y = nn.tasks.yin_yang(samples, seed=42)
    curve = Surrogate("fast_sigmoid", slope=10)
    net = nn.Sequential(
        nn.Spiking(nn.normalized_lif(tau_m=5 * ms, tau_syn=10 * ms), 5, 60, surrogate=curve),
        nn.Spiking(nn.leaky_readout(tau_m=5 * ms, tau_syn=10 * ms), 60, 3, readout="max"),
        seed=1,
    )
    rate = [0.01 * (1 + np.cos(np.pi * epoch / epochs)) for epoch in range(epochs)]
    nn.fit(net, in_time(x), y, loss="cross_entropy", optimizer=nn.Adam(0.02), epochs=epochs,
           batch_size=50, schedule=rate.__getitem__)  # fmt: skip
    return net


def draw_plane(net: nn.Sequential) -> Figure:
    """Draw the test points, and what the network answers over the plane."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), sharex=True, sharey=True)
    x, y = nn.tasks.yin_yang(1000, seed=40)
    colors = np.array([BLUE, VERMILION, GREEN])
    left.scatter(x[:, 0], x[:, 1], s=6, c=colors[y])
    grid = np.linspace(0, 1, 80)
    px, py = (part.ravel() for part in np.meshgrid(grid, grid))
    inside = np.hypot(px - 0.5, py - 0.5) < 0.5
    points = np.column_stack([px, py, 1 - px, 1 - py])[inside]
    answers = net(in_time(points)).argmax(axis=1)
    right.scatter(px[inside], py[inside], s=7, marker="s", linewidths=0, c=colors[answers])
    wrong = net(in_time(x)).argmax(axis=1) != y
    right.scatter(x[wrong, 0], x[wrong, 1], s=14, c="black", marker="x", linewidths=1)
    for axes, title in ((left, "test points"), (right, "answers; × wrong")):
        axes.set(title=title, aspect="equal", xticks=(), yticks=())
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return figure


@CHAPTER.experiment("Yin-Yang, told by the times of spikes")
def yin_yang(page: Page) -> None:
    """Points of a plane, each coordinate the time of one spike."""
    page.text(
        """
        The points of a yin-yang symbol, three classes that no straight line parts. Each
        coordinate x, y, 1 − x, 1 − y becomes the time of a single spike: the larger, the earlier.
        With a resolution of 1 ms in 25 ms, points nearer than 1/25 are the same to the network.
        """
    )
    net = page.run(separated, *((1000, 15) if page.quick else (3000, 25)))
    page.draw(
        "1,000 test points, and what the network answers over the plane.",
        "the yin-yang symbol in dots of three colors, and the same areas found by the network",
        draw_plane,
        net,
    )
    x, y = nn.tasks.yin_yang(1000, seed=40)
    accuracy = float((net(in_time(x)).argmax(axis=1) == y).mean())
    wanted = 0.8 if page.quick else 0.93
    page.holds("test accuracy (shallow network 0.638, lower layer not trained 0.855, published)",
               f"at least {wanted}", f"{accuracy:.3f}", accuracy >= wanted)  # fmt: skip
