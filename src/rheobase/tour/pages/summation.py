"""Chapter G: postsynaptic potentials and how they add up."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, PURPLE, VERMILION
from rheobase.units import ms, nS, pA

CHAPTER = Chapter(
    "G. Postsynaptic potentials",
    """
    A spike that arrives at an excitatory synapse depolarizes the cell for a while: an EPSP. At
    an inhibitory synapse it gives an IPSP. Neither matters much alone; a cell fires because of
    what they add up to, over its synapses and over time.
    """,
    order=25,
)

EXCITATION = 4 * nS
INHIBITION = 20 * nS


def four_cells() -> Any:
    """One EPSP; two, 4 ms apart; one IPSP; an EPSP and an IPSP at once."""
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(rb.models.ConductanceLIF, 4, name="cells")
    excite = net.add(rb.stimuli.spike_times([[20] * ms, [20, 24] * ms, [], [20] * ms]), 4)
    inhibit = net.add(rb.stimuli.spike_times([[], [], [20] * ms, [20] * ms]), 4)
    pairs = rb.rules.one_to_one()
    net.connect(excite, cells, pairs, weight=EXCITATION, to="excitatory")
    net.connect(inhibit, cells, pairs, weight=INHIBITION, to="inhibitory")
    net.record(cells, "v")
    return net.run(100 * ms).traces["cells"].v


def draw_four_cells(v: Any) -> Figure:
    """Draw the lecture's figure: four potentials, and the arrivals below them."""
    figure, panels = plt.subplots(1, 4, figsize=(7.2, 2.9), sharex=True, sharey=True)
    titles = ["one EPSP", "two EPSPs", "one IPSP", "both"]
    arrivals = [[(20, VERMILION)], [(20, VERMILION), (24, VERMILION)], [(20, BLUE)],
                [(20, VERMILION), (20, BLUE)]]  # fmt: skip
    for cell, axes in enumerate(panels):
        axes.axhline(-60, color=GRAY, linewidth=0.8)
        axes.axhline(-50, color=GRAY, linewidth=0.8, linestyle="--")
        axes.plot(v.time * 1e3, v[:, cell], color="black")
        for number, (time, color) in enumerate(arrivals[cell]):
            below = 1.1 * number if cell == 3 else 0
            axes.plot(time, -69 - below, "^", color=color, markersize=6)
        axes.set(title=titles[cell], xlabel="time (ms)", xlim=(0, 100), ylim=(-71, -49))
    panels[0].set(ylabel="v (mV)")
    panels[0].text(99, -50.2, "threshold", color=GRAY, ha="right", va="top", fontsize=9)
    panels[0].text(99, -60.2, "rest", color=GRAY, ha="right", va="top", fontsize=9)
    return figure


def by_quadrature(excitatory: Any, inhibitory: Any) -> np.ndarray:
    """Work out v - rest of a cell by an integral, without steps of a simulator.

    With the conductances given, C dv/dt = -G(t) (v - rest) + J(t) is linear: its solution is
    exp(-F) times the integral of exp(F) J/C, with F the integral of G/C. Times are in ms from
    0 to 100, conductances in nS, potentials in mV, C = 200 pF.
    """
    t = np.arange(0, 100, 0.002)
    total, current = np.full(t.size, 10.0), np.zeros(t.size)
    for times, weight, tau, reversal in ((excitatory, 4, 5, 60), (inhibitory, 20, 10, -20)):
        for time in times:
            late = np.maximum(t - time, 0)
            g = np.where(t >= time, weight * np.exp(-late / tau), 0)
            total, current = total + g, current + g * reversal
    f = _integral(total / 200, t)
    return np.asarray(np.exp(-f) * _integral(np.exp(f) * current / 200, t))


def _integral(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return the integral from 0 on, by trapezoids."""
    return np.concatenate([[0.0], np.cumsum(0.5 * (y[1:] + y[:-1]) * np.diff(t))])


@CHAPTER.experiment("One EPSP, two, one IPSP, both")
def one_two_and_both(page: Page) -> None:
    """The lecture's figure."""
    page.text(
        """
        Four cells that rest at −60 mV. An excitatory spike opens 4 nS towards 0 mV, an inhibitory
        one 20 nS towards −80 mV; the conductances decay with 5 and 10 ms. The triangles are
        arrivals, red ones excitatory, blue ones inhibitory.
        """
    )
    v = page.run(four_cells)
    page.draw(
        "One EPSP; two that add up because the second comes before the first is over; an IPSP; an"
        " EPSP and an IPSP at once. The threshold is reached by none.",
        "four panels of the membrane potential: small bump, larger bump, dip, and a small dip",
        draw_four_cells,
        v,
    )
    page.text(
        "Given the conductances, the equation is linear, and its solution is an integral. The"
        " extremes of that integral, beside those of the four cells:"
    )
    expected = page.run(by_quadrature, [20], [])
    one, two, ipsp, both = (v[:, cell].to_numpy() + 60 for cell in range(4))
    page.near("one EPSP, peak", one.max(), expected.max(), 0.02, "mV")
    page.near("two EPSPs, peak", two.max(), by_quadrature([20, 24], []).max(), 0.02, "mV")
    page.near("one IPSP, trough", ipsp.min(), by_quadrature([], [20]).min(), 0.03, "mV")
    page.near("both, trough", both.min(), by_quadrature([20], [20]).min(), 0.03, "mV")
    page.holds("an EPSP and an IPSP at once", "less than the sum of the two",
               f"lowest {both.min():.2f}; sum {(one + ipsp).min():.2f} mV",
               abs(both.min() - (one + ipsp).min()) > 0.3)  # fmt: skip


def simultaneous(model: rb.Model, port: str | None, weights: Any) -> tuple[Any, np.ndarray]:
    """Give cells one spike each, of growing weight: so many EPSPs at once. Return v, spikes."""
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(model, len(weights), name="cells")
    source = net.add(rb.stimuli.spike_times([5 * ms]), len(weights))
    net.connect(source, cells, rb.rules.one_to_one(), weight=weights, to=port)
    net.record(cells, "v")
    result = net.run(60 * ms)
    return result.traces["cells"].v, result.spikes["cells"].counts([0, 0.06])[:, 0]


def in_space() -> tuple[Any, np.ndarray, Any, np.ndarray]:
    """One to seven EPSPs at once, as currents and as conductances."""
    number = np.arange(1, 8)
    currents = simultaneous(rb.models.LIF, None, number * 1500 * pA)
    conductances = simultaneous(rb.models.ConductanceLIF, "excitatory", number * EXCITATION)
    return *currents, *conductances


def draw_in_space(found: tuple[Any, np.ndarray, Any, np.ndarray]) -> Figure:
    """Draw both cells' potentials; those that fire in red, with a line at the spike."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.0))
    titles = ("currents", "conductances")
    for axes, title, v, spikes in zip(panels, titles, found[::2], found[1::2], strict=True):
        for cell in range(v.sizes["cell"]):
            line = v[:, cell]
            if spikes[cell]:
                end = int(line.argmax())
                axes.plot(line.time[: end + 1] * 1e3, line[: end + 1], color=VERMILION)
                axes.vlines(line.time[end] * 1e3, line[end], -44, color=VERMILION)
            else:
                axes.plot(line.time * 1e3, line, color=BLUE)
        axes.axhline(-50, color=GRAY, linewidth=0.8, linestyle="--")
        axes.set(title=title, xlabel="time (ms)", xlim=(0, 40), ylim=(float(v.min()) - 1, -43))
    panels[0].set(ylabel="v (mV)")
    return figure


def in_time(gaps: np.ndarray) -> np.ndarray:
    """Return the highest depolarization (mV) of two EPSPs at each of the gaps (ms)."""
    net = rb.Network(dt=0.05 * ms)
    cells = net.add(rb.models.ConductanceLIF, gaps.size, name="cells")
    source = net.add(rb.stimuli.spike_times([[5 * ms, (5 + gap) * ms] for gap in gaps]))
    net.connect(source, cells, rb.rules.one_to_one(), weight=EXCITATION, to="excitatory")
    net.record(cells, "v")
    v = net.run(150 * ms).traces["cells"].v.to_numpy()
    return np.asarray(v.max(axis=0) + 60)


def draw_in_time(gaps: np.ndarray, peaks: np.ndarray, one: float) -> Figure:
    """Draw the peak of two EPSPs over the time between them."""
    figure, axes = plt.subplots(figsize=(5.2, 2.9))
    axes.axhline(one, color=GRAY, linewidth=0.8, linestyle="--")
    axes.text(gaps[-1], one - 0.1, "one EPSP", color=GRAY, ha="right", va="top", fontsize=9)
    axes.plot(gaps, peaks, "o-", color=GREEN, markersize=4)
    axes.set(xlabel="time between the two spikes (ms)", ylabel="peak above rest (mV)",
             ylim=(0, None), xlim=(-1, None))  # fmt: skip
    return figure


@CHAPTER.experiment("Summation in space and in time")
def in_space_and_time(page: Page) -> None:
    """How many are needed at once, and how close."""
    page.text(
        """
        **In space:** one to seven spikes arrive at once, at as many synapses. In the cell on the
        left each adds a current, and what they do adds up exactly; in the one on the right each
        opens a conductance, and every further one finds less of a difference to the reversal
        potential to work with.
        """
    )
    found = page.run(in_space)
    page.draw(
        "One to seven EPSPs at once; in red, cells that fire. With currents the sum is exact;"
        " with conductances it falls short.",
        "growing bumps; the larger ones cross the threshold and end in a spike",
        draw_in_space,
        found,
    )
    v, spikes, w, fired = found
    peaks, grown = v.to_numpy().max(axis=0) + 65, w.to_numpy().max(axis=0) + 60
    page.near("one EPSP of 1500 pA, peak", peaks[0], 1500 * 1.70826e-3, 0.005, "mV")
    page.near("five at once / one, as currents", peaks[4] / peaks[0], 5, 1e-6, digits=6)
    page.between("two at once / one, as conductances", grown[1] / grown[0], 1.9, 1.97, digits=4,
                 published="less than 2")  # fmt: skip
    page.near("currents needed for a spike", 1 + int(np.argmax(spikes)),
              int(np.ceil(15 / (1500 * 1.70826e-3))), 0, digits=0)  # fmt: skip
    smallest = 1 + int(np.argmax(fired))
    page.near("conductances needed for a spike", smallest, 3, 0, digits=0)
    page.text("**In time:** the second of two spikes comes some milliseconds after the first.")
    gaps = np.arange(0, 61, 4.0)
    tops = page.run(in_time, gaps)
    page.draw(
        "The highest depolarization that two EPSPs reach, over the time between them. What is left"
        " of the first is what the second gains.",
        "a curve that falls from almost twice to once the height of one EPSP",
        draw_in_time,
        gaps,
        tops,
        float(grown[0]),
    )
    for gap in (0, 8, 20):
        expected = by_quadrature([5, 5 + gap], []).max()
        page.near(f"peak, {gap} ms apart", tops[int(gap / 4)], expected, 0.02, "mV")


def with_interneuron(gaps: np.ndarray, weight: Any) -> rb.Result:
    """Two inputs converge on principal cells and on interneurons, which inhibit those.

    Each pair of cells gets its inputs at another distance in time. The interneuron fires at the
    first input; what it then does reaches the principal cell 2 ms later.
    """
    net = rb.Network(dt=0.05 * ms)
    n = gaps.size
    principal = net.add(rb.models.ConductanceLIF, n, name="principal")
    inter = net.add(rb.models.ConductanceLIF(tau_ref=40 * ms), n, name="interneuron")
    first = net.add(rb.stimuli.spike_times([20 * ms]), n, name="first")
    second = net.add(rb.stimuli.spike_times([[(20 + gap) * ms] for gap in gaps]), name="second")
    pairs = rb.rules.one_to_one()
    for source in (first, second):
        net.connect(source, principal, pairs, weight=10 * nS, to="excitatory")
    net.connect(first, inter, pairs, weight=25 * nS, to="excitatory")
    net.connect(inter, principal, pairs, weight=weight, to="inhibitory", delay=2 * ms)
    net.record(principal, "v", every=0.1 * ms)
    net.record(inter, "v", every=0.1 * ms)
    return net.run(100 * ms)


def draw_interneuron(results: list[rb.Result], gaps: np.ndarray, chosen: int) -> Figure:
    """Draw one principal cell with and without its interneuron, and who fires at which gap."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2), width_ratios=[1.2, 1])
    names = ("alone", "with interneuron")
    for row, (result, ink) in enumerate(zip(results, (GRAY, VERMILION), strict=True)):
        v = result.traces["principal"].v[:, chosen]
        left.plot(v.time * 1e3, v, color=ink, label=names[row])
        for spike in result.spikes["principal"][chosen]:
            left.vlines(spike * 1e3, -50, -46, color=ink)
        fired = result.spikes["principal"].counts([0, 0.1])[:, 0] > 0
        right.plot(gaps[fired], np.full(fired.sum(), -row), "o", color=ink, markersize=5)
        right.plot(gaps[~fired], np.full((~fired).sum(), -row), "o", color=ink, markersize=5,
                   markerfacecolor="white")  # fmt: skip
    inter = results[1].spikes["interneuron"][chosen][0] * 1e3
    left.plot(inter, -67.5, "^", color=PURPLE, markersize=7)
    left.text(inter + 1.5, -67.5, "interneuron fires", color=PURPLE, va="center", fontsize=9)
    left.set(xlim=(10, 70), ylim=(-69, -45), xlabel="time (ms)", ylabel="v (mV)",
             title=f"inputs {gaps[chosen]:g} ms apart")  # fmt: skip
    left.legend(loc="upper right")
    right.set(xlabel="time between the inputs (ms)", yticks=[0, -1], ylim=(-1.6, 0.6),
              yticklabels=["alone", "with\ninterneuron"], title="filled: it fires")  # fmt: skip
    return figure


@CHAPTER.experiment("Excitatory cells, inhibitory cells, an interneuron")
def an_interneuron(page: Page) -> None:
    """Feedforward inhibition leaves a short time for summation."""
    page.text(
        """
        A cell either excites or inhibits all that it reaches. Here two inputs excite a principal
        cell, and the first of them excites an interneuron too, which inhibits the principal cell
        2 ms after it has fired: feedforward inhibition. Without the interneuron two inputs add
        up over many milliseconds; with it, only if they come almost together. Cortex and
        hippocampus time their cells so (F. Pouille and M. Scanziani, Science 293, 2001).
        """
    )
    gaps = np.arange(0, 41, 1.0)
    alone = page.run(with_interneuron, gaps, 0 * nS)
    inhibited = with_interneuron(gaps, 40 * nS)
    page.draw(
        "Left: the same two inputs, without and with the interneuron. Right: the times between"
        " them at which the principal cell fires.",
        "the cell with an interneuron fires only for inputs that come close together",
        draw_interneuron,
        [alone, inhibited],
        gaps,
        6,
    )
    windows = [gaps[result.spikes["principal"].counts([0, 0.1])[:, 0] > 0].max()
               for result in (alone, inhibited)]  # fmt: skip
    page.holds("time for summation", "shorter with inhibition",
               f"{windows[0]:g} ms alone, {windows[1]:g} ms with it",
               windows[1] < windows[0] / 2)  # fmt: skip
    one = np.flatnonzero(np.diff(_inhibition(inhibited, alone)) < -1e-6)[0]
    onset = float(inhibited.traces["principal"].time[one]) * 1e3
    fired = inhibited.spikes["interneuron"][24][0] * 1e3
    page.near("inhibition after the interneuron's spike", onset - fired, 2.0, 0.15, "ms", digits=2)


def _inhibition(inhibited: rb.Result, alone: rb.Result) -> np.ndarray:
    """Return what the interneuron has added to v (mV), inputs 24 ms apart."""
    first, second = (r.traces["principal"].v[:, 24].to_numpy() for r in (inhibited, alone))
    return np.asarray(first - second)
