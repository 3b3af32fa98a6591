"""Chapter A: one leaky integrate-and-fire neuron, step by step."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, VERMILION
from rheobase.units import ms

CHAPTER = Chapter(
    "A. One leaky integrate-and-fire neuron",
    """
    The course's neuron has two variables without units, the membrane potential v and the
    postsynaptic current s: dv/dt = (s − v)/τ_m and ds/dt = −s/τ_s. It spikes when v reaches 1; v
    is then held at 0 for τ_ref = 2 ms, while s goes on. A spike arriving with weight w adds w/τ_s
    to s. The assignment steps it by forward Euler, 1 ms at a time, and finds the time of a spike
    on the straight line between two steps. It prints three short runs for its reader to compare
    with; here they are, one step at a time.
    """,
    order=10,
)


def watch(steps: int, start: Any = 0 * ms, arriving: float = 0.0, **state: Any) -> np.ndarray:
    """Step one neuron; return time, s, v, refractory time left (ms) after each step."""
    net = rb.Network(dt=1 * ms, start=start)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    for variable, value in state.items():
        setattr(cell, variable, value)
    if arriving:
        source = net.add(rb.stimuli.spike_times([start]))
        net.connect(source, cell, weight=arriving, delay=0 * ms)
    rows = []
    for _ in range(steps):
        net.step()
        left = cell.refractory_left.to("ms").magnitude[0]
        rows.append([net.time.to("second").magnitude, cell.s[0], cell.v[0], left])
    return np.array(rows)


def _compare(page: Page, rows: np.ndarray, printed: list[tuple[str, str, str, str]]) -> None:
    """Set rows beside the printed ones; each has to agree in every printed digit."""
    entries = []
    wrong = 0
    for row, expected in zip(rows, printed, strict=True):
        found = [
            f"{value:.{len(text.partition('.')[2])}f}"
            for value, text in zip(row, expected, strict=True)
        ]
        wrong += found != list(expected)
        entries.append(
            [expected[0], *(f"{a} | {b}" for a, b in zip(expected[1:], found[1:], strict=True))]
        )
    page.table(
        ("t (s)", "s: printed | found", "v: printed | found", "refractory left (ms)"), entries
    )
    page.near("rows that differ in a printed digit", wrong, 0, 0, digits=0)


@CHAPTER.experiment("A spike arrives and its current decays")
def a_spike_arrives(page: Page) -> None:
    """First printed check."""
    page.text("A spike with weight 0.03 arrives before the first step: s jumps to 0.03/0.05 = 0.6.")
    rows = page.run(watch, 2, arriving=0.03)
    _compare(
        page, rows, [("0.001", "0.600", "0.0000", "0.00"), ("0.002", "0.588", "0.0300", "0.00")]
    )


@CHAPTER.experiment("A refractory period ends inside a step")
def a_refractory_period_ends(page: Page) -> None:
    """Second printed check."""
    page.text(
        """
        The neuron starts with s = 0.5 and 1.5 ms of refractoriness left. In the second step v is
        integrated over the half millisecond that remains of it.
        """
    )
    rows = page.run(watch, 2, s=0.5, refractory_left=1.5 * ms)
    _compare(
        page, rows, [("0.001", "0.490", "0.0000", "0.50"), ("0.002", "0.480", "0.0123", "0.00")]
    )


def spike_time() -> float:
    """Return the time of the spike in the third run, in seconds."""
    net = rb.Network(dt=1 * ms, start=300 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.v, cell.s = 0.98, 1.3
    return float(net.run(4 * ms).spikes["cell"].times[0])


def draw_crossing(rows: np.ndarray, spike: float) -> Figure:
    """Draw v around the spike: the steps, and the line whose crossing is the spike's time."""
    t, _, v, _ = np.vstack([[0.3, 1.3, 0.98, 0.0], rows]).T * np.array([[1e3], [1], [1], [1]])
    figure, axes = plt.subplots(figsize=(7.2, 2.9))
    axes.axhline(1, color=GRAY, linestyle="--", linewidth=1)
    axes.annotate("threshold", (303.95, 1.0), color=GRAY, va="bottom", ha="right")
    crossing, end = spike * 1e3, (spike + 0.002) * 1e3
    slope = (1 - v[1]) / (crossing - t[1])
    axes.plot([t[1], 302], [v[1], v[1] + slope * (302 - t[1])], color=BLUE, linestyle=":")
    axes.plot([t[0], t[1], crossing], [v[0], v[1], 1], color=BLUE)
    axes.plot([crossing, crossing, end, t[4]], [1, 0, 0, v[4]], color=BLUE)
    axes.plot(t, v, "o", color=BLUE, label="v after each step")
    axes.plot(crossing, 1, "v", color=VERMILION, markersize=9, label=f"spike at {crossing:.3f} ms")
    axes.axvspan(crossing, end, color=GRAY, alpha=0.15, linewidth=0)
    axes.annotate("refractory, 2 ms", ((crossing + end) / 2, 0.5), ha="center", color="#444444")
    axes.set(xlabel="time (ms)", ylabel="v", ylim=(-0.08, 1.14), xticks=range(300, 305))
    axes.legend(loc="center left", bbox_to_anchor=(0.0, 0.45))
    return figure


@CHAPTER.experiment("A spike between two steps")
def a_spike_between_steps(page: Page) -> None:
    """Third printed check."""
    page.text(
        """
        At t = 0.3 s the neuron has v = 0.98 and s = 1.3. Its line reaches 1 during the second
        step, at 0.30129 s; refractoriness runs from there and ends inside the fourth step.
        """
    )
    rows = page.run(watch, 4, start=300 * ms, v=0.98, s=1.3)
    printed = [("0.301", "1.274", "0.9960", "0.00"), ("0.302", "1.249", "0.0000", "1.29"),
               ("0.303", "1.224", "0.0000", "0.29"), ("0.304", "1.199", "0.0436", "0.00")]  # fmt: skip
    _compare(page, rows, printed)
    spike = page.run(spike_time)
    page.near("spike", spike, 0.30129, 5e-6, "s", digits=5)
    page.draw(
        "The third run. Dots are the steps; the dotted line is what Euler's step would have made"
        " of v. (The assignment prints “spike” at 0.302 and nothing for the refractory time left;"
        " both follow from the spike's time.)",
        "v rises from 0.98, crosses 1 at 301.29 ms, is 0 for 2 ms and rises again",
        draw_crossing,
        rows,
        spike,
    )
