"""Chapter C: the course's four experiments, and what the notebook's binning does to them."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.interactive import Player
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, PURPLE, VERMILION
from rheobase.units import Hz, ms, second

CHAPTER = Chapter(
    "C. Four experiments",
    """
    Small circuits of the same neuron, all with a step of 1 ms and delays of one step: a
    firing-rate curve, a pair that keeps itself active, the same pair silenced by inhibition, and
    a ring round which a wave of activity travels.
    """,
    order=30,
)

RATES = np.arange(5, 101, 5)


def firing_rate_curve() -> np.ndarray:
    """Count the spikes during 2 s of input at 5, 10, ... 100 Hz, one rate after the other."""
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.NormalizedLIF(tau_s=100 * ms), name="cell")
    until = 2 * np.arange(1, 21)
    source = net.add(rb.stimuli.regular_spikes(RATES * Hz, until * second))
    net.connect(source, cell, weight=0.03)
    spikes = net.run(40 * second).spikes["cell"]
    counts: np.ndarray = spikes.counts(np.arange(0, 41, 2) * second)[0]
    return counts


def draw_curve(counts: np.ndarray) -> Figure:
    """Draw output rate against input rate."""
    figure, axes = plt.subplots(figsize=(5.4, 3.4))
    axes.plot([0, 100], [0, 100], color=GRAY, linestyle="--", linewidth=1)
    axes.annotate("out = in", (84, 90), color="#555555", ha="right")
    labels = {"xlabel": "input rate (Hz)", "ylabel": "output rate (Hz)"}
    rb.plots.rate_curve(RATES, counts / 2, **labels, ax=axes)
    return figure


@CHAPTER.experiment("(a) Firing-rate curve")
def a_firing_rate_curve(page: Page) -> None:
    """Twenty rates, twenty dots."""
    counts = page.run(firing_rate_curve)
    page.draw(
        "Up to 30 Hz the input never lifts v to 1; at 100 Hz there is a spike for every input"
        " spike.",
        "output rate against input rate: zero up to about 30 Hz, then rising to 100 Hz at 100 Hz",
        draw_curve,
        counts,
    )
    page.near("spikes in 2 s at 30 Hz", counts[RATES == 30][0], 0, 1, digits=0)
    page.near("spikes in 2 s at 100 Hz", counts[RATES == 100][0], 200, 1, digits=0)


def pair(inhibited: bool = False) -> rb.Result:
    """A and B excite each other; C, driven from 0.7 s on, inhibits B if wanted."""
    net = rb.Network(dt=1 * ms)
    a, b = (net.add(rb.models.NormalizedLIF, name=name) for name in "AB")
    kick = net.add(rb.stimuli.regular_spikes([30 * Hz], [0.3 * second]), name="kick")
    net.connect(kick, a, weight=0.05)
    net.connect(a, b, weight=0.05)
    net.connect(b, a, weight=0.05)
    if inhibited:
        c = net.add(rb.models.NormalizedLIF, name="C")
        veto = rb.stimuli.regular_spikes([0, 50] * Hz, [0.7, 1.0] * second)
        net.connect(net.add(veto, name="veto"), c, weight=0.05)
        net.connect(c, b, weight=-0.2)
    net.record(b, "s")
    return net.run(1.5 * second if inhibited else 1 * second)


def draw_pair(free: rb.Result, inhibited: rb.Result) -> Figure:
    """Draw what differs: the rasters of both runs, and the current into B."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 4.8), sharex=True)
    rows = {"A in (b)": free.spikes["A"], "A in (c)": inhibited.spikes["A"],
            "B in (b)": free.spikes["B"], "B in (c)": inhibited.spikes["B"],
            "C": inhibited.spikes["C"]}  # fmt: skip
    rb.plots.raster(rows, ax=above)
    for result, name, color in [(free, "(b)", GREEN), (inhibited, "(c)", PURPLE)]:
        s = result.traces["B"].s
        below.plot(s.time, s[:, 0], color=color, label=name)
    below.axhline(1, color=GRAY, linestyle="--", linewidth=1)
    below.set(xlabel="time (s)", ylabel="current s into B", xlim=(0, 1.5))
    below.legend(loc="upper right")
    for axes in (above, below):
        axes.axvspan(0.7, 1.0, color=GRAY, alpha=0.18, linewidth=0)
    return figure


@CHAPTER.experiment("(b), (c) A pair that keeps itself active, and its end")
def the_pair(page: Page) -> None:
    """Two excitatory neurons, then a third that inhibits one of them."""
    page.text(
        """
        A and B excite each other with 0.05. After 0.3 s of input at 30 Hz into A they go on by
        themselves (b). In (c) a third neuron, driven at 50 Hz from 0.7 s to 1 s, inhibits B with
        −0.2: that ends it.
        """
    )
    free = page.run(pair)
    inhibited = page.run(pair, inhibited=True)
    page.draw(
        "What differs between (b) and (c): from 0.7 s on (shaded) the spikes of C take the"
        " current into B below the threshold of 1, B stops, then A for want of B.",
        "rasters of A and B in both experiments and of C, above the current into B",
        draw_pair,
        free,
        inhibited,
    )
    for name, published in (("A", 192), ("B", 168), ("C", 22)):
        page.near(f"(c) spikes of {name}", inhibited.spikes[name].count, published, 0, digits=0)
    last = float(inhibited.spikes["A"].times.max())
    page.between("(c) last spike of A", last, 0.7, 0.93, "s", digits=3)
    at_the_end = free.spikes["B"].between(0.9, 1.0).count
    page.holds("(b) still active at 1 s", "yes", f"yes: {at_the_end} spikes of B in the last 0.1 s"
               if at_the_end else "no", at_the_end > 0)  # fmt: skip


PRINTED = np.array(
    [0.06424, 0.08741, 0.23990, 0.26609, 0.28546, 0.31040, 0.63412, 0.65624, 0.68671, 1.06609,
     1.10637, 1.45990, 1.49526, 1.85305, 1.88551, 2.24637, 2.27789, 2.64000, 2.67119, 3.03296,
     3.06413, 3.42596, 3.45712, 3.81896, 3.85012]
)  # fmt: skip


def ring(kick: Any, excitation: float = 0.2, inhibition: float = -0.4) -> rb.SpikeTrains:
    """Eight neurons; each excites the next and inhibits the one before."""
    net = rb.Network(dt=1 * ms)
    cells = net.add(rb.models.NormalizedLIF(tau_m=50 * ms, tau_s=100 * ms), 8, name="ring")
    net.connect(net.add(kick), cells[0], weight=0.2)
    net.connect(cells, cells, rb.rules.ring(+1), weight=excitation)
    net.connect(cells, cells, rb.rules.ring(-1), weight=inhibition)
    return net.run(4 * second).spikes["ring"]


def exact_ring(excitation: float = 0.2, inhibition: float = -0.4) -> rb.SpikeTrains:
    """Kick the first neuron at 25 Hz for 0.3 s."""
    return ring(rb.stimuli.regular_spikes([25 * Hz], [0.3 * second]), excitation, inhibition)


def draw_ring(spikes: rb.SpikeTrains) -> Figure:
    """Draw the wave, a row a neuron, and one round of it."""
    figure, axes = plt.subplots(figsize=(7.2, 3))
    rb.plots.raster(spikes, ax=axes)
    before, after = spikes.bursts(gap=150 * ms)[0].starts[-2:]
    axes.annotate("", (after, -0.3), (before, -0.3), arrowprops={"arrowstyle": "<->"},
                  annotation_clip=False)  # fmt: skip
    axes.text((before + after) / 2, -0.4, f"{after - before:.3f} s", ha="center", va="bottom")
    return figure


def one_round(result: rb.Result) -> float:
    """Return the time of a round (s) where a wave is still going in the last second."""
    starts = result.spikes["ring"].bursts(gap=150 * ms)[0].starts
    going = starts.size > 4 and starts[-1] > 3
    return float(np.diff(starts[-4:]).mean()) if going else np.nan


def other_weights(quick: bool = False) -> Player:
    """Run the ring with other weights."""
    return rb.interact(
        exact_ring,
        excitation=(0.1, 0.3),
        inhibition=(-0.8, -0.3),
        steps={"excitation": 5, "inhibition": 6} if quick else {"excitation": 21, "inhibition": 6},
        at={"excitation": 0.2, "inhibition": -0.4},
        measure={"one round (s)": one_round},
        title="The ring with other weights",
    )


@CHAPTER.experiment("(d) Ring oscillator")
def ring_oscillator(page: Page) -> None:
    """A wave that goes round."""
    spikes = page.run(exact_ring)
    page.draw(
        "A wave travels round the ring; neuron 0 is the one kicked. The arrow is one round.",
        "raster of eight neurons in which bursts move diagonally, again and again",
        draw_ring,
        spikes,
    )
    starts = spikes.bursts(gap=150 * ms)[0].starts
    page.near("one round, start of burst to start of burst", float(np.diff(starts[-5:]).mean()),
              0.393, 5e-4, "s", digits=4)  # fmt: skip
    page.near("spikes of the driven neuron", spikes[0].size, 25, 0, digits=0)
    difference = np.abs(spikes[0] - PRINTED) * 1e3
    page.near("spikes 12 to 25: largest difference from the printed list",
              float(difference[11:].max()), 0, 0.006, "ms")  # fmt: skip
    page.between("all 25 spikes: largest difference", float(difference.max()), 0, 0.7, "ms",
                 digits=3, published="less than a step")  # fmt: skip
    page.text("Why the third to the eleventh differ at all is the next experiment.")
    player = page.play(
        "Too weak an excitation lets the wave die; stronger, it makes the wave faster and its"
        " bursts longer, while stronger inhibition slows it. Where no wave is going in the last"
        " second, the curve has no dot; gray curves are those of other inhibition.",
        other_weights,
        page.quick,
    )
    shown = player.value(excitation=0.2, inhibition=-0.4).spikes["ring"]
    differing = int(np.count_nonzero(shown.times != spikes.times))
    page.near("sliders: spikes at 0.2 and −0.4 unlike those above", differing, 0, 0, digits=0)


def notebook_train(rates: Any, until: Any) -> np.ndarray:
    """Make a regular train as the notebook does, in floating-point ranges."""
    begin = np.concatenate([[0.0], until[:-1]])
    return np.concatenate(
        [
            np.arange(t0 + 1 / (2 * r), t1, 1 / r)
            for r, t0, t1 in zip(rates, begin, until, strict=True)
        ]
    )


def notebook_steps(train: np.ndarray, steps: int, dt: float = 1e-3) -> list[np.ndarray]:
    """Bin a train as the notebook does: step k takes what is in [k dt - dt, k dt)."""
    t = np.arange(1, steps + 1) * dt
    low, high = np.searchsorted(train, t - dt), np.searchsorted(train, t)
    return [np.flatnonzero((low <= i) & (i < high)) for i in range(train.size)]


def misplaced(train: np.ndarray, dt: float = 1e-3) -> tuple[int, int, int]:
    """Count the spikes that are lost, doubled, and in another step than the exact one."""
    exact = np.floor(train / dt + 1e-6).astype(int)
    found = notebook_steps(train, exact[-1] + 2)
    lost = sum(steps.size == 0 for steps in found)
    doubled = sum(steps.size > 1 for steps in found)
    moved = sum(s.size == 1 and s[0] != k for s, k in zip(found, exact, strict=True))
    return lost, doubled, moved


def ring_as_in_the_notebook() -> rb.SpikeTrains:
    """Kick the ring with the five early inputs 0.1 ms earlier: a step early, as there."""
    times = [0.02, 0.06, 0.0999, 0.1399, 0.1799, 0.2199, 0.2599]
    return ring(rb.stimuli.spike_times(times * second))


def draw_differences(exact: rb.SpikeTrains, notebook: rb.SpikeTrains) -> Figure:
    """Draw how far either ring is from the printed list."""
    figure, axes = plt.subplots(figsize=(7.2, 2.9))
    number = np.arange(1, 26)
    axes.axhline(0, color=GRAY, linewidth=0.8)
    axes.plot(number, (exact[0] - PRINTED) * 1e3, "o", color=BLUE, label="exact binning")
    axes.plot(number, (notebook[0] - PRINTED) * 1e3, "x", color=VERMILION, markersize=7,
              label="five inputs a step early")  # fmt: skip
    axes.set(xlabel="spike of the driven neuron, by number",
             ylabel="difference from the\nprinted list (ms)", xticks=range(1, 26, 2))  # fmt: skip
    axes.legend()
    return figure


@CHAPTER.experiment("The notebook's lost and doubled spikes")
def lost_and_doubled_spikes(page: Page) -> None:
    """The finding about binning, in numbers."""
    page.text(
        """
        The notebook asks, in every step, which input spikes lie in the window [t − dt, t), in
        floating-point numbers. Regular trains put many spikes exactly on the grid, where the
        last bit decides: such a spike can fall a step early, or into two windows, or into none.

        In the ring the inputs at 0.10, 0.14, 0.18, 0.22 and 0.26 s arrive a step early. In the
        firing-rate curve 6 of 2,100 input spikes are lost, 9 count twice and 500 are moved.
        Rheobase bins exactly: a spike on the grid belongs to the step that begins there, and
        times are compared as multiples of dt with a tolerance.
        """
    )
    train = page.run(notebook_train, RATES.astype(float), 2.0 * np.arange(1, 21))
    lost, doubled, moved = page.run(misplaced, train)
    page.near("(a) input spikes", train.size, 2100, 0, digits=0)
    page.near("(a) lost", lost, 6, 0, digits=0)
    page.near("(a) counted twice", doubled, 9, 0, digits=0)
    page.near("(a) moved to another step", moved, 500, 0, digits=0)
    early = misplaced(notebook_train([25.0], [0.3]))[2]
    page.near("(d) input spikes a step early", early, 5, 0, digits=0)
    page.text("With those five moved 0.1 ms earlier, so that they are a step early here too:")
    notebook = page.run(ring_as_in_the_notebook)
    exact = exact_ring()
    page.draw(
        "Distance from the printed list, spike by spike. With the notebook's binning all 25 agree"
        " to the last printed digit; with exact binning nine differ, and then the wave forgets it.",
        "differences are zero for all spikes in one case, up to half a millisecond in the other",
        draw_differences,
        exact,
        notebook,
    )
    worst = float(np.abs(notebook[0] - PRINTED).max()) * 1e3
    page.near("largest of 25 differences", worst, 0, 0.006, "ms", digits=4)
