"""Chapter G: the Hodgkin-Huxley simulator of the lecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.interactive import Player
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, VERMILION
from rheobase.units import cm, ms, mV, second, uA

CHAPTER = Chapter(
    "G. The Hodgkin-Huxley simulator",
    """
    One patch of squid axon, four variables, and two sliders: a constant current (IDC) and a
    random one (IRand), both per area of membrane. Everything here starts from rest unless it says
    otherwise, at 6.3 degrees Celsius.
    """,
    order=36,
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
    random = rb.stimuli.noise(std=1.5 * unit, tau=2 * ms)
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
    titles = ["IDC 2.2, IRand 0", "IDC 2.4, IRand 0", "IDC 10, IRand 0", "IDC 2.2, IRand 1.5"]
    colors = [GRAY, BLUE, VERMILION, GREEN]
    for axes, result, title, color in zip(rows, results, titles, colors, strict=True):
        v = result.traces["axon"].v
        axes.plot(v.time * 1e3, v[:, 0], color=color)
        axes.set_title(f"{title} µA/cm²", fontsize=9.5)
        axes.set(yticks=[-80, -40, 0, 40], ylabel="v (mV)")
    rows[-1].set(xlabel="time (ms)", xlim=(0, 200))
    return figure


def slider_current(IDC: Any, IRand: Any) -> Any:
    """A constant current from 20 ms on, and one random current, scaled; both one a cell."""
    random = rb.stimuli.noise(1 * uA / cm**2, tau=2 * ms).frozen(200 * ms, dt=0.05 * ms, seed=3)
    return rb.stimuli.step(IDC, start=20 * ms) + random * (IRand / (uA / cm**2))


def two_sliders(quick: bool = False) -> Player:
    """Run every position of both sliders, each a patch of one run."""
    steps = {"IDC": 31, "IRand": 2} if quick else {"IDC": 31, "IRand": 6}
    return rb.interact(
        rb.models.HodgkinHuxley,
        stimulus=slider_current,
        IDC=(0, 12) * uA / cm**2,
        IRand=(0, 2.5) * uA / cm**2,
        steps=steps,
        at={"IDC": 2.4 * uA / cm**2, "IRand": 0 * uA / cm**2},
        start=20 * ms,
        dt=0.01 * ms,
        title="The simulator: IDC and IRand",
    )


@CHAPTER.experiment("Constant and random current")
def constant_and_random_current(page: Page) -> None:
    """The simulator's two sliders."""
    page.text(
        """
        The constant current begins at 20 ms. The random one is an Ornstein-Uhlenbeck process
        with a standard deviation of 1.5 µA/cm² and a correlation time of 2 ms; unlike a new random
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
    none, one, _, noisy = (result.spikes["axon"].count for result in results)
    page.near("spikes at 2.2 µA/cm²", none, 0, 0, digits=0)
    page.near("spikes at 2.4 µA/cm²", one, 1, 0, digits=0)
    late = np.diff(results[2].spikes["axon"].times[-6:])
    page.near("rate at 10 µA/cm²", float(1 / late.mean()), 68.324, 0.4, "Hz", digits=2)
    page.holds("2.2 µA/cm² with random current", "fires irregularly", f"{noisy} spikes", noisy > 0)
    page.text(
        """
        The sliders move through runs made beforehand, all with the same random numbers: IRand only
        scales them. **Keep** leaves what is shown in the background, to compare with; a click on
        the curve at the right chooses its IDC.
        """
    )
    player = page.play(
        "The simulator. The spikes are counted from 20 ms on, so a single one is 5.6 Hz; the gray"
        " curves are those of other values of IRand.",
        two_sliders,
        page.quick,
    )
    for IDC, count in ((2.0, 0), (2.4, 1)):
        shown = player.value(IDC=IDC * uA / cm**2, IRand=0 * uA / cm**2)
        page.near(f"sliders: spikes at {IDC} µA/cm²", shown.readings["spikes"], count, 0, digits=0)


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


def draw_thresholds(one: float, train: float) -> Figure:
    """Draw v for currents just below and just above both thresholds."""
    currents = np.array([one, one - 0.001, train, train - 0.01])
    step = rb.stimuli.step(currents * uA / cm**2)
    v = patches(step, 4, 600 * ms, traces=True).traces["axon"].v
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.2, 3.2), sharey=True, width_ratios=[1, 2.2]
    )
    for axes, cells in [(left, (0, 1)), (right, (2, 3))]:
        for cell, color in zip(cells, (BLUE, ORANGE), strict=True):
            axes.plot(v.time * 1e3, v[:, cell], color=color, label=f"{currents[cell]:.3f} µA/cm²")
        axes.set(xlabel="time (ms)", yticks=[-80, -40, 0, 40])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, columnspacing=1)
    left.set(ylabel="v (mV)", xlim=(0, 40))
    right.set(xlim=(0, 600))
    return figure


@CHAPTER.experiment("Currents that evoke a spike and a train")
def thresholds(page: Page) -> None:
    """Bisection for both."""
    page.text(
        """
        From rest, a constant current is switched on and stays. How small may it be? Each pass
        tries 33 currents at once and goes on between the last that is too small and the first
        that is enough.
        """
    )
    one = page.run(one_spike)
    train = page.run(a_train)
    page.draw(
        "Just too small (orange) and just enough (blue): for one spike, left, and for a train,"
        " right. A current between the two thresholds evokes one spike or several, and then"
        " nothing, although it goes on.",
        "voltage traces just below and above each threshold",
        draw_thresholds,
        one,
        train,
    )
    page.near("one spike", one, 2.2404, 0.0015, "µA/cm²")
    page.near("a train", train, 6.259, 0.002, "µA/cm²")


def thresholds_of_starts(n_start: np.ndarray) -> np.ndarray:
    """Return the smallest IDC that evokes a spike as in the lecture's page: Euler, 0.025 ms.

    v starts at -65 mV, m at 0.05, h at 0.6, and n at each of the values given.
    """
    low, high = np.zeros(n_start.size), np.full(n_start.size, 10.0)
    while np.max(high - low) > 1e-4:
        middle = (low + high) / 2
        net = rb.Network(dt=0.025 * ms)
        axon = net.add(rb.models.HodgkinHuxley(method="euler"), n_start.size, name="axon")
        axon.v, axon.m, axon.h, axon.n = -65 * mV, 0.05, 0.6, n_start
        net.inject(axon, rb.stimuli.step(middle * uA / cm**2))
        fired = net.run(50 * ms).spikes["axon"].counts([0, 0.05])[:, 0] >= 1
        low, high = np.where(fired, low, middle), np.where(fired, middle, high)
    return high


def draw_starts(n_start: np.ndarray, found: np.ndarray) -> Figure:
    """Draw the threshold against where n starts."""
    figure, axes = plt.subplots(figsize=(6.2, 3.3))
    axes.plot(n_start, found, "o-", color=BLUE, markersize=4)
    axes.axhline(2.3555, color=VERMILION, linestyle="--", linewidth=1)
    axes.annotate("the lecture's page", (n_start[-1], 2.35), color=VERMILION, ha="right", va="top")
    axes.axvline(0.31773, color=GRAY, linestyle=":", linewidth=1.2)
    axes.annotate(" n at rest", (0.31773, found[-1]), color="#555555", va="top")
    axes.axvline(0.32, color=GREEN, linestyle=":", linewidth=1.2)
    axes.annotate(" n = 0.32", (0.32, found[0]), color=GREEN, va="bottom")
    axes.set(xlabel="n at the start", ylabel="smallest IDC for a spike\n(µA/cm²)")
    return figure


@CHAPTER.experiment("Why the lecture's page says 2.355")
def the_lectures_page(page: Page) -> None:
    """Euler, and a start that is not at rest."""
    page.text(
        """
        In the lecture's simulator no action potential appears at IDC 2.355, and one does at
        2.356. It steps with Euler, dt = 0.025 ms, and does not start at rest. The coarse method
        matters little: from rest it gives 2.23 instead of 2.24. The start matters much. Where
        textbooks round the gates at rest to m = 0.05, h = 0.6, n = 0.32, the potassium gate n is
        open 0.002 too far and 2.33 is needed; each further thousandth costs another 0.05. The
        page does not tell its start; n = 0.32058 would give its number.
        """
    )
    starts = np.linspace(0.3170, 0.3225, 12)
    found = page.run(thresholds_of_starts, starts)
    (there,) = thresholds_of_starts(np.array([0.32058]))
    rest = rb.Network(dt=0.025 * ms).add(rb.models.HodgkinHuxley, name="axon").n[0].magnitude
    page.draw(
        "The smallest constant current that evokes a spike, against where n starts; everything"
        " else as in the lecture's page.",
        "a straight line that rises from 2.17 to 2.46 and crosses 2.3555 at n = 0.3206",
        draw_starts,
        starts,
        found,
    )
    page.near("n at rest", float(rest), 0.31773, 2e-5, digits=5)
    page.between("threshold from n = 0.32058, 0.003 above rest", float(there), 2.355, 2.356,
                 "µA/cm²", digits=4, published="2.355: none, 2.356: a spike")  # fmt: skip
    rounded = float(np.interp(0.32, starts, found))
    page.text(f"From m = 0.05, h = 0.6, n = 0.32 the threshold is {rounded:.2f} µA/cm².")


CURRENTS = np.array([6.3, 6.5, 7, 8, 10, 12, 15, 20, 30, 50])
RATES = np.array([52.37, 55.06, 58.327, 62.47, 68.324, 72.92, 78.65, 86.47, 98.745, 117.04])


def rates() -> np.ndarray:
    """Return the late rate, in Hz, at each current."""
    spikes = patches(rb.stimuli.step(CURRENTS * uA / cm**2), CURRENTS.size, 1 * second)
    late = spikes.spikes["axon"].between(0.5, 1.0)
    return np.array([1 / np.diff(late[i]).mean() for i in range(CURRENTS.size)])


def draw_rates(found: np.ndarray) -> Figure:
    """Draw rate against current."""
    figure, axes = plt.subplots(figsize=(6.2, 3.3))
    axes.plot([0, CURRENTS[0]], [0, 0], color=GRAY, linewidth=2)
    axes.plot(CURRENTS, RATES, "o", color=ORANGE, markersize=9, markerfacecolor="none",
              label="reference")  # fmt: skip
    axes.plot(CURRENTS, found, ".-", color=BLUE, label="found")
    axes.set(xlabel="constant current (µA/cm²)", ylabel="late rate (Hz)", xlim=(0, 52))
    axes.legend(loc="lower right")
    return figure


@CHAPTER.experiment("Rate against current")
def rate_against_current(page: Page) -> None:
    """The f-I curve."""
    found = page.run(rates)
    page.draw(
        "The squid axon cannot fire slowly: at 6.26 µA/cm² it begins with some 50 Hz. The"
        " reference was integrated independently (Runge-Kutta of fourth order).",
        "firing rate against current: nothing below 6.26, then from 52 to 117 Hz",
        draw_rates,
        found,
    )
    for current, rate, reference in zip(CURRENTS, found, RATES, strict=True):
        page.near(f"{current:g} µA/cm²", float(rate), reference, 0.03, "Hz", digits=2)
