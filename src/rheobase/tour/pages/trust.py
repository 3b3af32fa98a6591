"""What can be relied on: the same bits on any number of threads, estimates, error checks."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import rheobase as rb
from rheobase.bench.microcircuit import microcircuit
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION
from rheobase.units import Hz, ms, mV, pA, second

Floats = NDArray[np.float64]

CHAPTER = Chapter(
    "What can be relied on",
    """
    A network is chaotic: move one spike by a step, and soon all cells fire at other times. So
    results can be compared, resumed and debugged only if nothing that should not matter
    changes a bit. And whether the step is small enough, or the machine large enough, one wants to
    know before the run and not after it.
    """,
    order=70,
)

# --- threads -----------------------------------------------------------------------------------


def plastic_network(threads: int, nudge: float = 0.0) -> tuple[rb.Result, Floats]:
    """A noisy network with synapses that change; `nudge` (mV) is added to one cell at the start."""
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.models.LIF, 800, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    cells[0].v = cells[0].v + nudge * mV
    net.drive(cells, rb.stimuli.poisson(8000 * Hz), weight=90 * pA)
    stdp = rb.synapses.STDP(20 * ms, 20 * ms, 0.02, 0.021, w_max=120 * pA)
    some = rb.rules.fixed_probability(0.1)
    delays = rb.random.uniform(1 * ms, 3 * ms)
    plastic = net.connect(cells[:640], cells, some, weight=60 * pA, delay=delays, synapse=stdp)
    net.connect(cells[640:], cells, some, weight=-300 * pA, delay=delays)
    net.record(cells, "v", every=2 * ms)
    result = net.run(0.4 * second, threads=threads)
    return result, plastic.weights.magnitude


def same_bits(one: tuple[rb.Result, Floats], other: tuple[rb.Result, Floats]) -> bool:
    """Whether all spikes, traces and weights of two runs have the same bits."""
    pairs = [(r.spikes["cells"].times, r.spikes["cells"].ids, r.traces["cells"].v.values, w)
             for r, w in (one, other)]  # fmt: skip
    return all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True))


def draw_bits(one: tuple[rb.Result, Floats], seven: tuple[rb.Result, Floats],
              nudged: tuple[rb.Result, Floats]) -> Figure:  # fmt: skip
    """Draw both rasters over each other, and how far each run is from that on one thread."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 4.8), sharex=True)
    for run, style, size, color, name in [
        (seven, "o", 4.2, BLUE, "7 threads"),
        (nudged, "x", 3.6, VERMILION, "nudged"),
        (one, ".", 3.2, "black", "1 thread"),
    ]:
        spikes = run[0].spikes["cells"]
        few = spikes.ids < 40
        above.plot(spikes.times[few], spikes.ids[few], style, markersize=size, color=color,
                   markerfacecolor="none" if style == "o" else color, markeredgewidth=0.7,
                   label=name)  # fmt: skip
    above.set_ylabel("cell")
    above.legend(ncol=3, loc="lower right", bbox_to_anchor=(1, 1), handletextpad=0.1)
    v = one[0].traces["cells"].v
    floor = 1e-7
    for run, color, words, height in [
        (nudged, VERMILION, "one of 800 cells lowered by 2 mV at the start", 3e-3),
        (seven, BLUE, "seven threads: 0, every bit the same", 3e-7),
    ]:
        apart = np.sqrt(np.mean((run[0].traces["cells"].v.values - v.values) ** 2, axis=1))
        below.semilogy(v.time, np.maximum(apart, floor), color=color)
        below.text(0.13, height, words, color=color)
    below.set(xlabel="time (s)", ylabel="distance (mV, rms)", xlim=(0, 0.4), ylim=(floor / 3, 30))
    below.set_yticks([floor, 1e-4, 1e-2, 1], ["0", "0.0001", "0.01", "1"])
    below.minorticks_off()
    return figure


@CHAPTER.experiment("The same bits on any number of threads")
def any_number_of_threads(page: Page) -> None:
    """One network on 1, 2, 3 and 7 threads, and once with a nudge."""
    one = page.run(plastic_network, 1)
    others = {count: plastic_network(count) for count in (2, 3, 7)}
    nudged = plastic_network(1, nudge=-2.0)
    page.run(same_bits, one, others[2])
    page.draw(
        "Above, 40 of 800 cells: every spike on one thread (dot) lies in its ring of seven threads;"
        " crosses are the nudged run. Below, the distance of all membrane potentials from the run"
        " on one thread.",
        "the nudged run is far away after a tenth of a second; the run on seven threads"
        " never differs",
        draw_bits,
        one,
        others[7],
        nudged,
    )
    for count, run in others.items():
        agrees = same_bits(one, run)
        found = "the same bits" if agrees else "other bits"
        page.holds(f"1 and {count} threads", "the same bits", found, agrees)
    apart = not same_bits(one, nudged)
    page.holds("1 thread, nudged", "another run", "another run" if apart else "the same", apart)


# --- estimates ---------------------------------------------------------------------------------

SCALES = (0.01, 0.03, 0.1, 0.3, 1.0)


def stored_and_drawn() -> tuple[Floats, Floats, Floats]:
    """Estimate the microcircuit at several sizes: synapses, and GB stored and drawn anew."""
    rows = []
    for scale in SCALES:
        stored, drawn = (
            microcircuit(scale=scale, storage=storage).estimate(1 * second, rate=4 * Hz)
            for storage in ("stored", "procedural")
        )
        rows.append((stored.synapses, stored.memory_bytes / 1e9, drawn.memory_bytes / 1e9))
    synapses, gigabytes, procedural = np.array(rows).T
    return synapses, gigabytes, procedural


def draw_memory(synapses: Floats, stored: Floats, drawn: Floats) -> Figure:
    """Draw memory against the number of synapses, beside usual machines."""
    figure, axes = plt.subplots(figsize=(7.2, 3.4))
    for machine, size in [("a small laptop: 8 GB", 8), ("4 GB", 4)]:
        axes.axhline(size, color=GRAY, linestyle="--", linewidth=1)
        axes.text(1.8e6, size * 1.08, machine, color="#555555", fontsize=9)
    axes.loglog(synapses, stored, "o-", color=BLUE, markersize=4.5)
    axes.loglog(synapses, drawn, "o-", color=GREEN, markersize=4.5)
    axes.text(synapses[-2], stored[-2] * 1.3, "stored, float32", color=BLUE, ha="right")
    axes.text(synapses[-2], drawn[-2] * 0.62, 'storage="procedural"', color=GREEN, ha="center")
    axes.annotate("the whole\nmicrocircuit", (synapses[-1], stored[-1]), (2.2e8, 0.75), ha="center",
                  arrowprops=dict(arrowstyle="-", color=GRAY), fontsize=9)  # fmt: skip
    axes.set(xlabel="synapses", ylabel="memory (GB)", xlim=(1.5e6, 5e8), ylim=(0.07, 16))
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    return figure


@CHAPTER.experiment("What a run needs, before it is built")
def estimates(page: Page) -> None:
    """Potjans and Diesmann's microcircuit, estimated and not built."""
    page.text(
        """
        The cortical microcircuit of Potjans and Diesmann (2014) has 77,169 cells and 298,880,968
        synapses with weights and delays of their own. `net.estimate` tells what a run takes
        without building it. Synapses that do not change need not be stored: with
        `storage="procedural"` a row is drawn again whenever its source spikes, with the same bits.
        """
    )
    synapses, stored, drawn = page.run(stored_and_drawn)
    page.draw(
        "Estimated memory of the whole process, at sizes from a hundredth of the cells to all.",
        "memory grows with the synapses to 3 GB where they are stored, and hardly at all where"
        " they are drawn anew",
        draw_memory,
        synapses,
        stored,
        drawn,
    )
    page.near("synapses", synapses[-1], 298880968, 0, digits=0)
    page.between("bytes a synapse, stored", (stored[-1] - drawn[-1]) * 1e9 / synapses[-1], 6, 10,
                 digits=1, published="at most 10")  # fmt: skip
    page.between("memory, stored", stored[-1], 2, 4, "GB", published="a 4 GB machine")


# --- error checks ------------------------------------------------------------------------------

STEPS = (0.1, 0.05, 0.025)  # ms
ORDERS = {"euler": 1, "heun": 2, "rk4": 4}


def checked(method: str, dt: float) -> tuple[float, float]:
    """Check a van der Pol oscillator: rms error of x, and the order of convergence."""
    oscillator = rb.Model(
        """
        dx/dt = y/ms : 1
        dy/dt = ((1 - x**2)*y - x)/ms : 1
        """,
        method=method,
    )
    net = rb.Network(dt=dt * ms)
    cell = net.add(oscillator, name="oscillator")
    cell.x = 1
    net.record(cell, "x")
    check = net.run(8 * ms, error_check=8 * ms).error_check
    error = check.traces["oscillator", "x"]
    return error.rms, error.order


def draw_errors(errors: dict[str, Floats]) -> Figure:
    """Draw the error found against the step, with the slope each method promises."""
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    steps = np.array(STEPS)
    for (method, order), color in zip(ORDERS.items(), (VERMILION, ORANGE, PURPLE), strict=True):
        found = errors[method]
        axes.loglog(steps, found[1] * (steps / steps[1]) ** order, color=color, alpha=0.4,
                    linewidth=3)  # fmt: skip
        axes.loglog(steps, found, "o", color=color, markersize=5.5)
        axes.text(0.108, found[0], f"{method}, order {order}", color=color, va="center")
    axes.set(xlabel="dt (ms)", ylabel="error found (rms)", xlim=(0.02, 0.25))
    axes.set_xticks(STEPS, [f"{step:g}" for step in STEPS])
    axes.minorticks_off()
    return figure


@CHAPTER.experiment("Is the step small enough?")
def error_checks(page: Page) -> None:
    """Three methods on one oscillator."""
    page.text(
        """
        `net.run(..., error_check=True)` repeats a stretch at dt/2 and dt/4 with the same
        connections, the same delays in ms and nested noise; what then differs is the error of the
        method. Its order shows whether the method does what it promises.
        """
    )
    page.run(checked, "heun", 0.1)
    found = {method: np.array([checked(method, dt) for dt in STEPS]) for method in ORDERS}
    page.draw(
        "What the check says (dots), and the slope of the method's order (lines).",
        "errors fall with the step along lines of slope 1, 2 and 4",
        draw_errors,
        {method: pairs[:, 0] for method, pairs in found.items()},
    )
    for method, order in ORDERS.items():
        page.near(
            f"order of {method} at {STEPS[-1]} ms", found[method][-1, 1], order, 0.3, digits=2
        )
