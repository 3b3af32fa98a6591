"""Chapter G: units whose output is a rate."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import curve_fit

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, VERMILION
from rheobase.units import Hz, ms, mV, second

CHAPTER = Chapter(
    "G. Rate-coded units and populations",
    """
    One level up, a unit no longer spikes: its output is a rate, which follows a function of its
    input. Few units already remember, oscillate, complete what they were shown in part, and
    decide. The last experiment asks when such a unit may stand for a population of neurons that
    do spike.
    """,
    order=43,
)


def pulses(weights: list[float]) -> Any:
    """Give units that excite themselves a positive pulse and later a negative one."""
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.RateUnit(tau=10 * ms, threshold=4), len(weights), name="units")
    net.connect(units, units, rb.rules.one_to_one(), weight=weights, of="r", to="I")
    net.inject(units, rb.stimuli.step(4, start=100 * ms, stop=200 * ms))
    net.inject(units, rb.stimuli.step(-4, start=400 * ms, stop=500 * ms))
    net.record(units, "r", every=1 * ms)
    return net.run(600 * ms).traces["units"].r


def excess(r: np.ndarray, weight: float) -> np.ndarray:
    """Return how far the activation is above r."""
    return np.asarray(1 / (1 + np.exp(4 - weight * r)) - r)


def fixed_rates(weight: float) -> np.ndarray:
    """Return the rates at which r = f(weight r - 4), by halving intervals."""
    edges = np.linspace(0, 1, 1000)
    above = excess(edges, weight) > 0
    places = np.flatnonzero(above[:-1] != above[1:])
    low, high = edges[places], edges[places + 1]
    for _ in range(50):
        middle = 0.5 * (low + high)
        same = (excess(middle, weight) > 0) == above[places]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(low)


def draw_memory(r: Any, weights: list[float]) -> Figure:
    """Draw both rates over time, and where the activation meets the diagonal."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0), width_ratios=[1.7, 1])
    x = np.linspace(0, 1, 200)
    right.plot(x, x, color=GRAY, linewidth=1)
    for cell, (weight, ink) in enumerate(zip(weights, (BLUE, ORANGE), strict=True)):
        left.plot(r.time * 1e3, r[:, cell], color=ink, label=f"weight {weight:g}")
        right.plot(x, 1 / (1 + np.exp(4 - weight * x)), color=ink)
        fixed = fixed_rates(weight)
        stable = np.arange(fixed.size) % 2 == 0
        right.plot(fixed[stable], fixed[stable], "o", color=ink)
        right.plot(fixed[~stable], fixed[~stable], "o", color=ink, markerfacecolor="white")
    for start, word in ((100, "+"), (400, "−")):
        left.axvspan(start, start + 100, color=GRAY, alpha=0.15, linewidth=0)
        left.text(start + 50, 1.02, f"pulse {word}4", ha="center", fontsize=9, color=GRAY)
    left.set(xlabel="time (ms)", ylabel="rate r", ylim=(-0.03, 1.12), xlim=(0, 600))
    left.legend(loc="center right")
    right.set(xlabel="rate r", ylabel="f(weight r − 4)", ylim=(-0.03, 1.12), xlim=(0, 1))
    return figure


@CHAPTER.experiment("A unit that remembers")
def a_memory(page: Page) -> None:
    """The lecture's memory task."""
    page.text(
        """
        A unit excites itself. A pulse of input comes and goes; does the unit keep it? That
        depends on the weight with which it excites itself. A rest of the unit is where the
        activation f(weight · r − 4) meets r: with weight 8 there are three such points, the
        middle one unstable, with weight 3 only one.
        """
    )
    weights = [8.0, 3.0]
    r = page.run(pulses, weights)
    page.draw(
        "Left: with weight 8 the unit stays on until a negative pulse clears it; with weight 3 it"
        " forgets. Right: the activation against r; filled dots are stable.",
        "one rate stays high between two pulses, the other returns to rest at once",
        draw_memory,
        r,
        weights,
    )
    page.text("The points where f meets the diagonal, found by halving intervals, and the runs:")
    low, middle, high = page.run(fixed_rates, 8.0)
    page.near("weight 8: before the pulse", float(r[90, 0]), low, 1e-3, digits=4)
    page.near("weight 8: 190 ms after the pulse", float(r[390, 0]), high, 1e-3, digits=4)
    page.near("weight 8: 90 ms after it was cleared", float(r[590, 0]), low, 1e-3, digits=4)
    page.near("weight 3: 190 ms after the pulse", float(r[390, 1]), fixed_rates(3.0)[0], 1e-3,
              digits=4)  # fmt: skip
    page.near("the unstable point, by symmetry", middle, 0.5, 1e-9, digits=4)


def stored_patterns() -> np.ndarray:
    """Three patterns of 64 units, +1 or -1: letters on a grid of eight by eight."""
    letters = [
        "........ .######. ...##... ...##... ...##... ...##... ...##... ........",
        "........ .#...... .#...... .#...... .#...... .#...... .######. ........",
        "........ .#....#. ..#..#.. ...##... ...##... ..#..#.. .#....#. ........",
    ]
    rows = [[1.0 if mark == "#" else -1.0 for mark in one.replace(" ", "")] for one in letters]
    return np.array(rows)


def complete(pattern: int) -> Any:
    """Clamp the upper half of the units to a pattern for 50 ms; let them go."""
    patterns = stored_patterns()
    weights = patterns.T @ np.linalg.pinv(patterns.T)
    net = rb.Network(dt=0.1 * ms)
    units = net.add(rb.models.RateUnit(f="tanh", tau=10 * ms, gain=4), 64, name="units")
    net.connect(units, units, rb.rules.from_matrix(weights), of="r", to="I", delay=2 * ms)
    net.clamp(units[:32], patterns[pattern, :32], start=20 * ms, stop=70 * ms)
    net.record(units, "r", every=1 * ms)
    return net.run(120 * ms).traces["units"].r


def draw_completion(r: Any) -> Figure:
    """Draw the rates of the units on their grid at five times."""
    times = [10, 22, 30, 60, 119]
    titles = ["at rest", "upper half\nclamped", "10 ms of it", "40 ms of it", "49 ms after"]
    figure, panels = plt.subplots(1, 5, figsize=(7.2, 2.1))
    for axes, time, title in zip(panels, times, titles, strict=True):
        picture = axes.imshow(r[time].to_numpy().reshape(8, 8), vmin=-1, vmax=1, cmap="RdBu_r")
        axes.set(xticks=[], yticks=[], xlabel=f"{time} ms")
        axes.set_title(title, fontsize=9, fontweight="normal", loc="center")
        axes.spines[:].set_visible(False)
    figure.colorbar(picture, ax=panels, label="rate", shrink=0.9)
    return figure


def by_hand(pattern: int, until: float) -> np.ndarray:
    """Integrate the same equations in NumPy, with Euler steps of 0.05 ms, up to a time (ms)."""
    patterns, h = stored_patterns(), 0.05
    weights = patterns.T @ np.linalg.pinv(patterns.T)
    r, past = np.zeros(64), [np.zeros(64)] * 40
    for step in range(round(until / h)):
        if 20 <= step * h < 70 - 1e-9:
            r[:32] = patterns[pattern, :32]
        past.append(r.copy())
        r += h / 10 * (-r + np.tanh(4 * past[-41] @ weights))
    return r


@CHAPTER.experiment("A recurrent network completes what it is shown in part")
def completion(page: Page) -> None:
    """Inputs clamped onto a network with delays."""
    page.text(
        """
        64 units, each connected with every other, with a delay of 2 ms. The weights are those
        that have three patterns as their fixed points, here the letters T, L and X. The rates of
        the upper half are **clamped** to a letter for 50 ms, then let go; nothing is told to the
        lower half, which must infer it.
        """
    )
    r = page.run(complete, 0)
    page.draw(
        "The upper half of a T is clamped onto the network; the lower half follows, and all of"
        " it stays when the clamp is released. Red is +1, blue -1.",
        "five grids of pixels: blank, the top of a letter T, and the whole letter emerging",
        draw_completion,
        r,
    )
    patterns = stored_patterns()
    held = float(np.abs(r[40, :32].to_numpy() - patterns[0, :32]).max())
    page.near("distance of clamped rates from the letter", held, 0, 0, digits=3)
    for number, letter in enumerate("TLX"):
        found = complete(number)[119].to_numpy()
        right = int(np.sum(np.sign(found) == patterns[number]))
        page.near(f"units right, 49 ms after the upper half of {letter}", right, 64, 0, digits=0)
    page.text("The same equations stepped in NumPy, 10 ms after the beginning of the clamp:")
    expected = page.run(by_hand, 0, 30)
    lower = r[30, 32:].to_numpy()
    page.between("largest rate of the lower half", float(lower.max()), 0.3, 0.8,
                 published="on its way")  # fmt: skip
    page.near("largest difference of a rate", float(np.abs(lower - expected[32:]).max()), 0, 0.01,
              digits=4)  # fmt: skip


def self_inhibition(gains: np.ndarray, delay: Any) -> Any:
    """Give units that inhibit themselves with a delay a short push."""
    net = rb.Network(dt=0.02 * ms)
    units = net.add(rb.models.RateUnit(f="tanh", tau=10 * ms), gains.size, name="units")
    net.connect(units, units, rb.rules.one_to_one(), weight=-gains, of="r", to="I", delay=delay)
    net.inject(units, rb.stimuli.step(0.2, start=10 * ms, stop=15 * ms))
    net.record(units, "r", every=0.1 * ms)
    return net.run(1200 * ms).traces["units"].r


def draw_delays(r: Any, gains: np.ndarray) -> Figure:
    """Draw the rates of units with a gain below and above the critical one."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 2.7), sharey=True)
    for cell, (axes, ink) in enumerate(zip(panels, (GRAY, GREEN), strict=True)):
        axes.plot(r.time * 1e3, r[:, cell], color=ink, linewidth=1)
        axes.set(title=f"weight −{gains[cell]:g}", xlabel="time (ms)", xlim=(0, 1000))
    panels[0].set(ylabel="rate r")
    return figure


def smallest_turn(times: np.ndarray, r: np.ndarray) -> float:
    """Return the mean time (ms) between upward crossings of 0 in the last third."""
    late = slice(2 * times.size // 3, None)
    t, x = times[late], r[late]
    up = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    crossings = t[up] - x[up] * (t[up + 1] - t[up]) / (x[up + 1] - x[up])
    return float(np.diff(crossings).mean() * 1e3)


@CHAPTER.experiment("Inhibition that comes late")
def late_inhibition(page: Page) -> None:
    """A delay makes a unit oscillate: closed form."""
    page.text(
        """
        A unit inhibits itself with a delay D. Near r = 0, τ r′ = −r − w r(t − D); a solution
        exp(iωt) exists where tan(ωD) = −ωτ and w = √(1 + ω²τ²). For D = τ = 10 ms that is
        w = 2.2618 and a period of 30.97 ms: below that weight a push dies away, above it the unit
        oscillates.
        """
    )
    gains = np.array([2.1, 2.3])
    r = page.run(self_inhibition, gains, 10 * ms)
    page.draw(
        "Weights on either side of the critical one, 2.262, after a short push.",
        "an oscillation that dies away, and one that stays",
        draw_delays,
        r,
        gains,
    )
    late = np.abs(r[-1000:].to_numpy()).max(axis=0)
    page.near("weight 2.1: what is left after a second", late[0], 0, 0.01, digits=4)
    page.between("weight 2.3: amplitude after a second", late[1], 0.1, 0.5, digits=3,
                 published="stays")  # fmt: skip
    period = smallest_turn(r.time.to_numpy(), r[:, 1].to_numpy())
    page.near("weight 2.3: period", period, 30.97, 0.3, "ms", digits=2)


def wilson_cowan(levels: list[float]) -> Any:
    """Run excitatory and inhibitory populations with each of several constant inputs P."""
    net = rb.Network(dt=0.01 * ms)
    model = rb.models.WilsonCowan(tau_E=1 * ms, tau_I=1 * ms)
    populations = net.add(model, len(levels), name="populations")
    populations.P = levels
    net.record(populations, "E", "I", every=0.01 * ms)
    return net.run(100 * ms).traces["populations"]


def draw_wilson_cowan(traces: Any, levels: list[float]) -> Figure:
    """Draw E and I over time, and against each other."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0), width_ratios=[1.6, 1])
    shown = slice(0, 3001)
    cell = levels.index(1.25)
    t = traces.time[shown] * 1e3
    left.plot(t, traces.E[shown, cell], color=VERMILION, label="E, excitatory")
    left.plot(t, traces.I[shown, cell], color=BLUE, label="I, inhibitory")
    left.set(xlabel="time (τ)", ylabel="activity", title="P = 1.25", ylim=(-0.01, 0.34))
    left.legend(loc="upper right", ncols=2)
    for cell, ink in zip(range(len(levels)), (GRAY, GREEN, VERMILION, ORANGE), strict=True):
        e, i = traces.E[-4000:, cell], traces.I[-4000:, cell]
        right.plot(e, i, "." if levels[cell] == 1 else "-", color=ink, label=f"P = {levels[cell]}")
    right.set(xlabel="E, excitatory", ylabel="I, inhibitory", title="after a long time")
    right.legend(loc="upper left", fontsize=8)
    return figure


def period_of(times: np.ndarray, e: np.ndarray) -> float:
    """Return the mean time between upward crossings of the middle, in ms."""
    middle = 0.5 * (e.min() + e.max())
    up = np.flatnonzero((e[:-1] < middle) & (e[1:] >= middle))
    crossings = times[up] + (middle - e[up]) / (e[up + 1] - e[up]) * (times[up + 1] - times[up])
    return float(np.diff(crossings).mean() * 1e3)


@CHAPTER.experiment("Wilson and Cowan's oscillation")
def oscillation(page: Page) -> None:
    """The limit cycle, its range and period."""
    page.text(
        """
        An excitatory and an inhibitory population. Excitation calls up inhibition, which ends
        it, after which it recovers: with enough constant input P they never come to rest.
        The time constants are 1 ms here, so that milliseconds are units of τ.
        """
    )
    levels = [1.0, 1.1, 1.25, 1.5]
    traces = page.run(wilson_cowan, levels)
    page.draw(
        "Left: both activities with P = 1.25. Right: E against I once settled, a point for P = 1"
        " and limit cycles above.",
        "two oscillating curves, and closed loops in the plane of E and I",
        draw_wilson_cowan,
        traces,
        levels,
    )
    late = traces.isel(time=slice(5000, None))
    e, i = late.E.to_numpy(), late.I.to_numpy()
    times = late.time.to_numpy()
    page.near("P = 1: E at rest", e[-1, 0], 0.02825, 1e-4, digits=5)
    page.near("P = 1.25: lowest E", e[:, 2].min(), 0.10256, 1e-4, digits=5)
    page.near("P = 1.25: highest E", e[:, 2].max(), 0.26965, 1e-4, digits=5)
    page.near("P = 1.25: lowest I", i[:, 2].min(), 0.02175, 1e-4, digits=5)
    page.near("P = 1.25: highest I", i[:, 2].max(), 0.19447, 1e-4, digits=5)
    for cell, period in ((1, 9.484), (2, 4.9959), (3, 3.320)):
        page.near(f"P = {levels[cell]}: period", period_of(times, e[:, cell]), period, 0.005, "τ")


COHERENCES = np.array([0, 0.032, 0.064, 0.128, 0.256, 0.512])


def decisions(trials: int) -> Any:
    """Let pairs of populations decide, many trials at each coherence, for 2 s from 0.2 s on."""
    net = rb.Network(dt=0.2 * ms, seed=5)
    pairs = net.add(rb.models.WongWang(mu_0=0 * Hz), trials * COHERENCES.size, name="pairs")
    pairs.coherence = np.repeat(COHERENCES, trials)
    net.record(pairs, "H_1", "H_2", every=4 * ms)
    before = net.run(0.2 * second)
    pairs.mu_0 = 30 * Hz
    return rb.join(before, net.run(2 * second)).traces["pairs"]


def choices(traces: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which population passes 15 Hz first (1, 2, or 0 for none), and when (s)."""
    passed = np.stack([traces.H_1.to_numpy() > 15, traces.H_2.to_numpy() > 15])
    first = np.where(passed.any(axis=1), passed.argmax(axis=1), passed.shape[1])
    winner = np.where(first[0] < first[1], 1, 2)
    winner[first.min(axis=0) == passed.shape[1]] = 0
    return winner, first.min(axis=0) * 0.004 - 0.2


def draw_decisions(traces: Any, correct: np.ndarray, times: np.ndarray) -> Figure:
    """Draw a few trials, the accuracy, and the mean time of a decision."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.2, 2.9))
    trials = traces.sizes["cell"] // COHERENCES.size
    for k in range(3):
        trial = 3 * trials + k
        left.plot(traces.time - 0.2, traces.H_1[:, trial], color=VERMILION, linewidth=1)
        left.plot(traces.time - 0.2, traces.H_2[:, trial], color=BLUE, linewidth=1)
    left.axhline(15, color=GRAY, linestyle="--", linewidth=0.8)
    left.set(xlabel="time (s)", ylabel="rates (Hz)", title="coherence 12.8 %", xlim=(-0.2, 1.2))
    percent = COHERENCES * 100
    middle.plot(percent, correct * 100, "o-", color=GREEN)
    middle.axhline(50, color=GRAY, linestyle="--", linewidth=0.8)
    middle.set(xlabel="coherence (%)", ylabel="correct (%)", ylim=(40, 103))
    right.plot(percent, times * 1e3, "o-", color=ORANGE)
    right.set(xlabel="coherence (%)", ylabel="mean time (ms)", ylim=(0, None))
    return figure


def settled() -> np.ndarray:
    """Run without noise from two starts, until both gates have settled."""
    net = rb.Network(dt=0.5 * ms)
    pairs = net.add(rb.models.WongWang(coherence=0.512, sigma="0 nA"), 2, name="pairs")
    pairs.S_1, pairs.S_2 = [0.1, 0.1], [0.1, 0.6]
    net.record(pairs, "S_1", "S_2", every=100 * ms)
    traces = net.run(20 * second).traces["pairs"]
    return np.array([traces.S_1[-1], traces.S_2[-1]])


@CHAPTER.experiment("Wong and Wang's decisions")
def decision(page: Page) -> None:
    """Accuracy and time against coherence."""
    page.text(
        """
        Two populations, each exciting itself and inhibiting the other, get almost the same input;
        the coherence says how much more the first one gets. Noise and difference together drive
        them apart: the one that passes 15 Hz first has decided. More coherence makes decisions
        better and faster.
        """
    )
    trials = 100 if page.quick else 400
    traces = page.run(decisions, trials)
    winner, when = page.run(choices, traces)
    won = winner.reshape(COHERENCES.size, trials)
    made = np.maximum((won > 0).sum(axis=1), 1)
    correct = (won == 1).sum(axis=1) / made
    spent = np.where(won > 0, when.reshape(won.shape), np.nan)
    times = np.nanmean(spent, axis=1)
    page.draw(
        f"Left: three trials, both rates (red: the one with more input). Middle and right: the"
        f" share of correct decisions and their mean time, of {trials} trials at each coherence.",
        "pairs of rates that diverge; accuracy rises and time falls with coherence",
        draw_decisions,
        traces,
        correct,
        times,
    )
    spread = 3 * 50 / np.sqrt(trials)
    page.near("coherence 0: first population wins", correct[0] * 100, 50, spread, "%", digits=1)
    page.between("coherence 51.2 %: correct", correct[-1] * 100, 98, 100, "%", digits=1,
                 published="nearly all")  # fmt: skip
    rising = bool(np.all(np.diff(correct) > -spread / 150))
    page.holds("accuracy with coherence", "rises", " ".join(f"{c:.0%}" for c in correct), rising)
    falling = bool(times[-1] < 0.7 * times[0])
    page.holds("time with coherence", "falls", f"{times[0] * 1e3:.0f} to {times[-1] * 1e3:.0f} ms",
               falling)  # fmt: skip
    page.text("Without noise, from two starts, coherence 51.2 %: the two stable states.")
    ends = page.run(settled)
    for what, found, published in (
        ("first wins: S_1", ends[0, 0], 0.68839), ("first wins: S_2", ends[1, 0], 0.03406),
        ("second keeps ahead: S_1", ends[0, 1], 0.09224),
        ("second keeps ahead: S_2", ends[1, 1], 0.60745),
    ):  # fmt: skip
        page.near(what, float(found), published, 2e-5, digits=5)


NOISY = rb.Model(
    """
    dv/dt = (mu + I - v)/tau_m + sigma*sqrt(1/tau_m)*xi : mV (unless refractory)
    I : mV (input)
    """,
    threshold="v >= theta", reset="v = 0*mV", refractory=2 * ms, name="NoisyLIF",
    parameters=dict(mu=0 * mV, sigma=3 * mV, tau_m=10 * ms, theta=15 * mV),
)  # fmt: skip
MEANS = np.arange(8.0, 20.5)


def simulated_rates(cells: int) -> np.ndarray:
    """Return the mean rate (Hz) of cells with each of the mean inputs."""
    net = rb.Network(dt=0.05 * ms, seed=2)
    population = net.add(NOISY, MEANS.size * cells, name="cells")
    population.mu = np.repeat(MEANS, cells) * mV
    spikes = net.run(1.2 * second).spikes["cells"].between(0.2, 1.2)
    return np.asarray(spikes.rates().reshape(MEANS.size, cells).mean(axis=1))


def predicted_rates(means: np.ndarray, dt: Any = 0 * ms) -> np.ndarray:
    """Return Siegert's rates, with the threshold where steps of dt effectively put it.

    Between two steps the noise may cross the threshold and come back unseen, as if the threshold
    were higher by 0.5826 sigma sqrt(dt/tau_m) (M. Broadie, P. Glasserman and S. Kou, Mathematical
    Finance 7, 1997).
    """
    unseen = 0.5826 * 3 * mV * float((dt / (10 * ms)).to("") ** 0.5)
    return np.asarray(
        rb.analysis.siegert_rate(
            mean=means * mV, std=3 * mV, tau_m=10 * ms, tau_ref=2 * ms,
            threshold=15 * mV + unseen, reset=0 * mV,
        )
    )  # fmt: skip


def rate_of_unit(mean: Any, scale: float, gain: float, threshold: float) -> np.ndarray:
    """Return the settled rate (Hz) of a rate unit with a softplus."""
    return np.asarray(scale * np.logaddexp(0, gain * (mean - threshold)))


def fitted_unit() -> np.ndarray:
    """Fit scale (Hz), gain (1/mV) and threshold (mV) of a unit to Siegert's rates."""
    found, _ = curve_fit(rate_of_unit, MEANS, predicted_rates(MEANS), [10, 0.5, 12])
    return np.asarray(found)


def step_of_input(cells: int, unit: np.ndarray) -> rb.Result:
    """Give a population and a rate unit the same step of input, from 10 to 18 mV."""
    gain, threshold = unit[1:]
    net = rb.Network(dt=0.05 * ms, seed=3)
    population = net.add(NOISY, cells, name="cells")
    model = rb.models.RateUnit(f="softplus", tau=10 * ms, gain=gain, threshold=threshold)
    rate = net.add(model, name="unit")
    rate.r = np.logaddexp(0, gain * (10 - threshold))
    jump = rb.stimuli.step(8, start=200 * ms, stop=400 * ms) + rb.stimuli.step(10)
    net.inject(population, rb.stimuli.step(10 * mV))
    net.inject(population, rb.stimuli.step(8 * mV, start=200 * ms, stop=400 * ms))
    net.inject(rate, jump)
    net.record(rate, "r", every=1 * ms)
    return net.run(600 * ms)


def draw_population(
    rates: np.ndarray, unit: np.ndarray, result: rb.Result, binned: np.ndarray
) -> Figure:
    """Draw the curves of rate over mean input, and both answers to a step."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2), width_ratios=[1, 1.5])
    fine = np.linspace(MEANS[0], MEANS[-1], 200)
    left.plot(fine, predicted_rates(fine), color=BLUE, label="Siegert")
    left.plot(fine, rate_of_unit(fine, *unit), "--", color=VERMILION, label="rate unit")
    left.plot(MEANS, rates, "o", color=GREEN, markersize=4, label="population")
    left.set(xlabel="mean input (mV)", ylabel="rate (Hz)")
    left.legend(loc="upper left")
    right.plot(np.arange(binned.size) + 0.5, binned, color=GREEN, linewidth=1)
    expected = predicted_rates(np.array([10.0, 18.0, 10.0]))
    right.step([0, 200, 400, 600], [*expected, expected[-1]], where="post", color=BLUE)
    r = result.traces["unit"].r[:, 0]
    right.plot(r.time * 1e3, unit[0] * r, color=VERMILION, linestyle="--")
    right.set(xlabel="time (ms)", xlim=(150, 500), ylim=(0, None))
    return figure


@CHAPTER.experiment("The rate of a population, beside a rate unit")
def population_rate(page: Page) -> None:
    """LIF cells in noise, Siegert's curve, and a rate unit that follows it."""
    page.text(
        """
        What does the rate of a unit stand for? Here many integrate-and-fire cells get the same
        mean input and noise of their own. Their mean rate over a long time is known in closed
        form (Siegert 1951), and a rate unit whose activation is fitted to that curve can stand
        for the population, as long as the input changes slowly.
        """
    )
    rates = page.run(simulated_rates, 40 if page.quick else 200)
    page.run(predicted_rates, MEANS)
    unit = page.run(fitted_unit)
    cells = 1000 if page.quick else 5000
    result = page.run(step_of_input, cells, unit)
    binned = result.spikes["cells"].counts(np.arange(601) * 1e-3).sum(axis=0) / cells / 1e-3
    page.draw(
        f"Left: rate over mean input, of the population, of Siegert's formula, and of the unit"
        f" fitted to it. Right: the mean input steps from 10 to 18 mV and back; the rate of"
        f" {cells:,} cells in bins of 1 ms (green), of the unit (dashed), and what the formula"
        f" says for each level.",
        "three curves that agree; after a step the population overshoots and the unit lags",
        draw_population,
        rates,
        unit,
        result,
        binned,
    )
    page.text("Siegert's formula itself, beside independent evaluations:")
    _check_siegert(page)
    page.text(
        """
        **Where they differ.** (1) The simulated cells look for the threshold once a step, so
        they fire a little less than the formula for continuous time says; with the threshold
        moved by what that hides, the two agree. (2) The unit's activation is an approximation of
        the curve. (3) After a step the population answers at once, overshoots and rings, because
        all cells that are close to the threshold fire together; the unit approaches its new
        rate with one time constant.
        """
    )
    _check_curves(page, rates, unit)
    _check_answers(page, binned, result.traces["unit"].r[:, 0].to_numpy())


def _check_curves(page: Page, rates: np.ndarray, unit: np.ndarray) -> None:
    predicted, moved = predicted_rates(MEANS), predicted_rates(MEANS, 0.05 * ms)
    fitted = rate_of_unit(MEANS, *unit)
    columns = (rates, predicted, moved, fitted)
    page.table(
        ("mean input (mV)", "population (Hz)", "formula", "formula, steps of 0.05 ms", "unit"),
        [[f"{MEANS[k]:g}", *(f"{column[k]:.2f}" for column in columns)]
         for k in range(0, MEANS.size, 2)],
    )  # fmt: skip
    page.near("largest difference of population and formula with steps",
              float(np.abs(rates - moved).max()), 0, 1.2 if page.quick else 0.6, "Hz",
              digits=2)  # fmt: skip
    page.between("largest difference of the unit from the formula",
                 float(np.abs(fitted - predicted).max()), 0, 1.5, "Hz",
                 published="small")  # fmt: skip


def _check_answers(page: Page, binned: np.ndarray, r: np.ndarray) -> None:
    settled_rate, before = binned[300:400].mean(), binned[100:200].mean()
    page.between("population: highest rate after the step, over the settled one",
                 binned[200:225].max() / settled_rate, 1.15, 3,
                 published="more than 1")  # fmt: skip
    reached = np.flatnonzero(binned[200:] > 0.5 * (settled_rate + before))[0]
    page.between("population: time to half of the step", reached + 1.0, 1, 6, "ms", digits=0,
                 published="shorter than τ ln 2 = 6.9 ms")  # fmt: skip
    share = (r - r[200]) / (r[399] - r[200])
    time = float(np.interp(1 - np.exp(-1), share[200:399], np.arange(199)))
    page.near("unit: time to 1 − 1/e of the step", time, 10, 0.2, "ms", digits=2)


def _check_siegert(page: Page) -> None:
    for mean, std, rate in ((15, np.sqrt(1.5), 27.1095934379), (22.5, 0, 77.00527766),
                            (10, 15, 55.78375623), (-5, 22.5, 34.35728713)):  # fmt: skip
        found = rb.analysis.siegert_rate(
            mean=mean * mV, std=std * mV, tau_m=10 * ms, tau_ref=2 * ms, threshold=15 * mV,
            reset=0 * mV,
        )  # fmt: skip
        page.near(f"mean {mean:g} mV, std {std:.4g} mV", float(found), rate, 1e-6, "Hz", digits=7)
