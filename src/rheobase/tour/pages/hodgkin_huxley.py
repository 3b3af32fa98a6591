"""Chapter G: the Hodgkin-Huxley simulator of the lecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, VERMILION
from rheobase.units import cm, ms, second, uA

CHAPTER = Chapter(
    "G. The Hodgkin-Huxley simulator",
    """
    One patch of squid axon, four variables, and two sliders: a constant current (IDC) and a
    random one (IRand), both per area of membrane. Everything here starts from rest unless it says
    otherwise, at 6.3 degrees Celsius.
    """,
    order=40,
)


def patches(current: Any, size: int, duration: Any, traces: bool = False) -> rb.Result:
    """Inject a current into patches of axon at rest."""
    net = rb.Network(dt=0.01 * ms, seed=1)
    axon = net.add(rb.models.HodgkinHuxley, size, name="axon")
    net.inject(axon, current)
    if traces:
        net.record(axon, "v", every=0.05 * ms)
    return net.run(duration)


def simulator() -> list[rb.Result]:
    """Four settings of the two sliders."""
    unit = uA / cm**2
    random = rb.stimuli.noise(std=3 * unit, tau=2 * ms)
    currents = [
        rb.stimuli.step(2.2 * unit, start=20 * ms),
        rb.stimuli.step(2.4 * unit, start=20 * ms),
        rb.stimuli.step(10 * unit, start=20 * ms),
        rb.stimuli.step(2.2 * unit, start=20 * ms) + random,
    ]
    return [patches(current, 1, 200 * ms, traces=True) for current in currents]


def draw_simulator(results: list[rb.Result]) -> Figure:
    """Draw the four voltages under each other."""
    figure, rows = plt.subplots(4, 1, figsize=(7.2, 5.6), sharex=True, sharey=True)
    titles = ["IDC 2.2, IRand 0", "IDC 2.4, IRand 0", "IDC 10, IRand 0", "IDC 2.2, IRand 3"]
    colors = [GRAY, BLUE, VERMILION, GREEN]
    for axes, result, title, color in zip(rows, results, titles, colors, strict=True):
        v = result.traces["axon"].v
        axes.plot(v.time * 1e3, v[:, 0], color=color)
        axes.set_title(f"{title} µA/cm²", fontsize=9.5)
        axes.set(yticks=[-80, -40, 0, 40], ylabel="v [mV]")
    rows[-1].set(xlabel="time [ms]", xlim=(0, 200))
    return figure


@CHAPTER.experiment("Constant and random current")
def constant_and_random_current(page: Page) -> None:
    """The simulator's two sliders."""
    page.text(
        """
        The constant current begins at 20 ms. The random one is an Ornstein-Uhlenbeck process
        with a standard deviation of 3 µA/cm² and a correlation time of 2 ms; unlike a new random
        number in every step, it means the same for any step.
        """
    )
    results = page.run(simulator)
    page.draw(
        "A current just too small; one that evokes a single spike although it goes on; one that"
        " evokes a train; and the first again with a random current beside it, which fires now"
        " and then.",
        "four voltage traces: no spike, one spike, a regular train, irregular spikes",
        draw_simulator,
        results,
    )
    none, one, train, noisy = (result.spikes["axon"].count for result in results)
    page.near("spikes at 2.2 µA/cm²", none, 0, 0, digits=0)
    page.near("spikes at 2.4 µA/cm²", one, 1, 0, digits=0)
    late = np.diff(results[2].spikes["axon"].times[-6:])
    page.near("rate at 10 µA/cm²", float(1 / late.mean()), 68.324, 0.4, "Hz", digits=2)
    page.holds("2.2 µA/cm² with random current", "fires irregularly", f"{noisy} spikes", noisy > 0)


def smallest_current(
    enough: Callable[[rb.SpikeTrains], np.ndarray], low: float, high: float, duration: Any
) -> float:
    """Return the smallest current (µA/cm²) that is enough, to 0.001: 32 intervals at a time."""
    while high - low > 0.001:
        currents = np.linspace(low, high, 33)
        spikes = patches(rb.stimuli.step(currents * uA / cm**2), 33, duration).spikes["axon"]
        first = int(np.argmax(enough(spikes)))
        low, high = currents[first - 1], currents[first]
    return float(high)


def one_spike() -> float:
    """At least one spike within 50 ms of a current that goes on."""
    return smallest_current(lambda spikes: spikes.counts([0, 0.05])[:, 0] >= 1, 0, 10, 50 * ms)


def a_train() -> float:
    """Still firing after 0.9 s."""
    return smallest_current(lambda spikes: spikes.counts([0.9, 1])[:, 0] >= 1, 0, 10, 1 * second)


def thresholds_of_starts(n_start: np.ndarray) -> np.ndarray:
    """Return the smallest IDC that evokes a spike by Euler with 0.025 ms from v = -65 mV.

    m starts at 0.05, h at 0.6, n at each of the values given.
    """
    low, high = np.zeros(n_start.size), np.full(n_start.size, 10.0)
    while np.max(high - low) > 1e-4:
        middle = (low + high) / 2
        net = rb.Network(dt=0.025 * ms)
        page = net.add(rb.models.HodgkinHuxley, n_start.size, name="page", method="euler")
        page.v, page.m, page.h, page.n = -65 * mV, 0.05, 0.6, n_start
        net.inject(page, rb.stimuli.step(middle * uA / cm**2))
        fired = net.run(50 * ms).spikes["page"].counts([0, 0.05])[:, 0] >= 1
        low, high = np.where(fired, low, middle), np.where(fired, middle, high)
    return high
