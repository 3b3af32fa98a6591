"""Chapter A: one leaky integrate-and-fire neuron, step by step."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.interactive import Player
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, ORANGE, VERMILION
from rheobase.units import ms, pA, second

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


def watch(net: rb.Network, cell: rb.Population, steps: int) -> np.ndarray:
    """Step a network; return time, s, v, refractory time left (s), at first and after each step."""
    rows = []
    for _ in range(steps + 1):
        left = cell.refractory_left.to("second").magnitude[0]
        rows.append([net.time.to("second").magnitude, cell.s[0], cell.v[0], left])
        net.step()
    return np.array(rows)


def a_spike_arrives() -> np.ndarray:
    """A spike with weight 0.03 arrives before the first step."""
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    net.connect(net.add(rb.stimuli.spike_times([0 * ms])), cell, weight=0.03, delay=0 * ms)
    return watch(net, cell, steps=2)


def a_refractory_period_ends() -> np.ndarray:
    """Half of the current that is needed, and 1.5 ms of refractoriness left."""
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.s, cell.refractory_left = 0.5, 1.5 * ms
    return watch(net, cell, steps=2)


def a_spike_between_steps() -> tuple[np.ndarray, float]:
    """Just below threshold, at 0.3 s; also return the time of the spike."""
    net = rb.Network(dt=1 * ms, start=300 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.v, cell.s = 0.98, 1.3
    rows = watch(net, cell, steps=4)
    return rows, cell.last_spike.to("second").magnitude[0]


def draw_crossing(rows: np.ndarray, spike: float) -> Figure:
    """Draw v around the spike: what happens at the threshold, and what follows."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3), width_ratios=[1, 1.6])
    t, v, crossing, end = rows[:, 0] * 1e3, rows[:, 2], spike * 1e3, (spike + 0.002) * 1e3
    slope = (1 - v[1]) / (crossing - t[1])
    for axes in panels:
        axes.axhline(1, color=GRAY, linestyle="--", linewidth=1)
        axes.plot([crossing, t[2]], [1, 1 + slope * (t[2] - crossing)], color=BLUE, linestyle=":")
        axes.plot([*t[:2], crossing, crossing, end, t[4]], [*v[:2], 1, 0, 0, v[4]], color=BLUE)
        axes.plot(t, v, "o", color=BLUE)
        axes.plot(crossing, 1, "v", color=VERMILION, markersize=9)
        axes.set(xlabel="time (ms)")
    near, whole = panels
    near.set(ylabel="v", xlim=(299.9, 302.1), ylim=(0.975, 1.012), xticks=[300, 301, 302])
    near.text(
        crossing - 0.1, 1.0, f"spike at {crossing:.2f} ms", color=VERMILION, ha="right", va="bottom"
    )
    whole.axvspan(crossing, end, color=GRAY, alpha=0.18, linewidth=0)
    whole.text((crossing + end) / 2, 0.5, "refractory, 2 ms", ha="center")
    whole.set(xticks=range(300, 305))
    return figure


def _compare(page: Page, rows: np.ndarray, printed: list[str], spike: float = np.nan) -> None:
    """Set the rows that are printed beside the printed words: time, s, v, refractory time left."""
    entries, wrong = [], 0
    for line in printed:
        words = line.split()
        row = rows[np.argmin(np.abs(rows[:, 0] - float(words[0])))]
        found = [f"{value:.{len(word.partition('.')[2])}f}"
                 for value, word in zip(row, words, strict=False)]  # fmt: skip
        if 0 <= row[0] - spike < 1e-3:
            found[2] = "spike"
        wrong += found != words
        pairs = zip([*words, "", ""][1:4], [*found, "", ""][1:4], strict=True)
        entries.append([words[0], *(word for pair in pairs for word in pair)])
    page.table(
        ("t (s)", "s, printed", "found", "v, printed", "found", "refractory (s), printed", "found"),
        entries,
    )
    page.near("rows that differ in a printed digit", wrong, 0, 0, digits=0)


@CHAPTER.experiment("Three short runs, step by step")
def step_by_step(page: Page) -> None:
    """The three printed checks."""
    page.text(
        "**First:** a spike with weight 0.03 arrives before the first step, so s jumps to"
        " 0.03/0.05 = 0.6; it decays, and v follows."
    )
    rows = page.run(a_spike_arrives)
    _compare(page, rows, ["0.000 0.000 0.0000 0", "0.001 0.600 0.0000 0", "0.002 0.588 0.0300 0"])
    page.text(
        """
        **Second:** the neuron starts with s = 0.5 and 1.5 ms of refractoriness left. In the second
        step v is integrated over the half millisecond that remains of it.
        """
    )
    rows = page.run(a_refractory_period_ends)
    _compare(page, rows, ["0.001 0.490 0.0000 0.00050", "0.002 0.480 0.0123 0"])
    page.text(
        """
        **Third:** at t = 0.3 s the neuron has v = 0.98 and s = 1.3. Its line reaches 1 during the
        second step; refractoriness runs from there and ends inside the fourth step.
        """
    )
    rows, spike = page.run(a_spike_between_steps)
    _compare(page, rows, ["0.301 1.274 0.9960", "0.302 1.249 spike", "0.303 1.224 0.0000 0.00029",
                          "0.304 1.199 0.0436 0"], spike)  # fmt: skip
    page.near("time of the spike", spike, 0.30129, 5e-6, "s", digits=5)
    page.draw(
        "The third run; dots are the steps. Left: the straight line from 0.301 s crosses the"
        " threshold 0.29 ms later, and there the spike is (dotted: the step without it). Right:"
        " the 2 ms of refractoriness end inside the last step, of which v uses what is left.",
        "v rises from 0.98, crosses 1 at 301.29 ms, is 0 for 2 ms and rises again",
        draw_crossing,
        rows,
        spike,
    )


CURRENTS = np.array([376, 380, 400, 450, 500, 600, 800, 1000.0])


def closed_form(current: np.ndarray) -> np.ndarray:
    """Return the rate (Hz) of the LIF in a constant current (pA); 0 where v never reaches V_T.

    v rises from E_L towards E_L + I*tau_m/C_m and starts there again after tau_ref.
    """
    C_m, tau_m, tau_ref, needed = 250.0, 10.0, 2.0, 15.0  # pF, ms, ms, mV
    reached = np.asarray(current) * tau_m / C_m
    enough = reached > needed
    rise = tau_m * np.log(reached / np.where(enough, reached - needed, reached))
    return np.where(enough, 1e3 / (tau_ref + rise), 0.0)


def found_rates() -> np.ndarray:
    """Measure the intervals between spikes at eight currents, eight cells of one run."""
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(rb.models.LIF(crossing="linear"), CURRENTS.size, name="cells")
    net.inject(cells, rb.stimuli.step(CURRENTS * pA))
    spikes = net.run(1 * second).spikes["cells"]
    return np.array([1 / np.diff(train).mean() for train in spikes])


def draw_rates(found: np.ndarray) -> Figure:
    """Draw rate against current: the closed form, and what was measured."""
    figure, axes = plt.subplots(figsize=(6.2, 3.2))
    current = np.linspace(0, 1000, 2001)
    axes.plot(current, closed_form(current), color=ORANGE, linewidth=2.5, label="closed form")
    axes.plot(CURRENTS, found, "o", color=BLUE, markersize=5, label="found")
    axes.axvline(375, color=GRAY, linestyle=":", linewidth=1.2)
    axes.annotate(" 375 pA", (375, 138), color="#555555")
    axes.set(xlabel="constant current (pA)", ylabel="rate (Hz)", xlim=(0, 1020), ylim=(0, 155))
    axes.legend(loc="upper left")
    return figure


def one_slider(quick: bool = False) -> Player:
    """Run the neuron at every current, each a cell of one run."""
    return rb.interact(
        rb.models.LIF,
        I=(0, 1000) * pA,
        steps=21 if quick else 41,
        at={"I": 500 * pA},
        duration=300 * ms,
        start=20 * ms,
        dt=0.1 * ms,
        title="A leaky integrate-and-fire neuron in a constant current",
    )


@CHAPTER.experiment("A current, and how fast the neuron fires")
def current_and_rate(page: Page) -> None:
    """The neuron in units, and a slider."""
    page.text(
        """
        The same neuron with units: 250 pF, 10 ms, rest and reset at −65 mV, threshold at −50 mV,
        refractory for 2 ms. A constant current I moves v from rest towards E_L + I τ_m/C_m. Up to
        375 pA, the **rheobase**, that stays below the threshold; beyond, the neuron fires, and the
        interval between its spikes is τ_ref + τ_m ln(x/(x − 15 mV)) with x = I τ_m/C_m.
        """
    )
    found = page.run(found_rates)
    page.draw(
        "At the rheobase the curve begins with infinite slope: a leaky integrate-and-fire neuron"
        " can fire as slowly as one likes, but only in a narrow range of currents. Towards large"
        " currents it bends below 500 Hz, one spike every τ_ref.",
        "rate against current: zero up to 375 pA, then rising steeply at first to 147 Hz",
        draw_rates,
        found,
    )
    player = page.play(
        "The current flows from 20 ms on. v has no spikes, only resets; strokes"
        " are drawn where it fires. The rate counts the spikes of 280 ms.",
        one_slider,
        page.quick,
    )
    for current, rate in zip(CURRENTS, found, strict=True):
        closed = float(closed_form(current))
        page.near(f"rate at {current:g} pA, closed form", float(rate), closed, 0.01, "Hz", digits=2)
    for current, fires in ((350, False), (400, True)):
        count = int(player.value(I=current * pA).readings["spikes"])
        page.holds(f"slider: spikes at {current} pA", "some" if fires else "none", str(count),
                   fires == (count > 0))  # fmt: skip
