"""Chapter G: neurons as dynamical systems: fixed points, phase planes, bifurcations."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import GREEN, ORANGE
from rheobase.units import Hz, cm, ms, mV, nA, second, uA

CHAPTER = Chapter(
    "G. Rest, threshold and rhythm",
    """
    What a neuron does under a constant current is decided by its fixed points: the states in which
    every slope is 0. A stable one is rest. Where it vanishes or loses its stability as the current
    grows (a bifurcation), the neuron begins to fire, and how it does so depends on which of the
    two happens.
    """,
    order=41,
)


# -- the phase plane ---------------------------------------------------------------------------


def rest_and_cycle() -> tuple[list[Any], Any]:
    """Return the fixed points without current and at I = 0.5, and v in the cycle there."""
    model = rb.models.FitzHughNagumo(method="rk4")
    points = [rb.analysis.fixed_points(model, I=current)[0] for current in (0, 0.5)]
    net = rb.Network(dt=0.02 * ms)
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.step(0.5))
    net.record(cell, "v")
    return points, net.run(400 * ms).traces["cell"].v[:, 0]


def period(v: Any, level: float) -> float:
    """Return the mean time between upward crossings of a level, in the second half (ms)."""
    times, values = v.time.values * 1e3, v.values
    k = np.flatnonzero((values[:-1] < level) & (values[1:] >= level) & (times[:-1] > 200))
    part = (level - values[k]) / (values[k + 1] - values[k])
    return float(np.diff(times[k] + part * (times[k + 1] - times[k])).mean())


def draw_planes() -> Figure:
    """Draw the plane without current, where a push decides, and with one, where all paths cycle."""
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 4.0), sharey=True)
    within = dict(v=(-2.4, 2.4), w=(-1.1, 2.0))
    starts = [[dict(v=-0.65, w=-0.62), dict(v=-0.55, w=-0.62)], [dict(v=0, w=1.5), dict(v=-0.7)]]
    for ax, current, paths in zip(axes, (0, 0.5), starts, strict=True):
        rb.analysis.phase_plane(rb.models.FitzHughNagumo, "v", "w", I=current, within=within,
                                trajectories=paths, duration=100*ms, ax=ax)  # fmt: skip
        ax.get_legend().remove()
        ax.set_title(f"I = {current}")
    axes[1].set_ylabel("")
    parts = {
        name: line
        for ax in axes
        for line, name in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(parts.values(), parts, loc="outside lower center", ncols=5, fontsize=8)
    return figure


@CHAPTER.experiment("Two variables, seen at once")
def phase_plane(page: Page) -> None:
    """FitzHugh and Nagumo's model."""
    page.text(
        """
        FitzHugh and Nagumo's model has two variables, v that is fast and w that follows. Where
        dv/dt = 0 lies a cubic, where dw/dt = 0 a straight line; they cross in the fixed point.
        Its stability is found from the eigenvalues of the Jacobian there.
        """
    )
    (rest, middle), v = page.run(rest_and_cycle)
    page.near("v at rest", rest["v"], -1.1994080, 1e-6, digits=7)
    page.near("w at rest", rest["w"], -0.6242600, 1e-6, digits=7)
    page.holds("the fixed point at I = 0", "stable", rest.kind, rest.stable)
    page.holds("the fixed point at I = 0.5", "unstable", middle.kind, not middle.stable)
    page.draw(
        "Left: without current both paths return to rest, but the one pushed a little further goes"
        " round through a spike: the threshold is a line in the plane, not a value of v. Right: at"
        " I = 0.5 the fixed point is unstable, and every path ends in one cycle.",
        "two phase planes with nullclines, arrows and orange paths; a small and a large excursion"
        " at the left, a closed cycle at the right",
        draw_planes,
    )
    late = v.values[v.time.values > 0.2]
    page.near("period of the cycle", page.run(period, v, 0.0), 39.474, 0.02, "ms")
    page.near("lowest v", float(late.min()), -1.97041, 1e-3, digits=4)
    page.near("highest v", float(late.max()), 1.85212, 1e-3, digits=4)


# -- Hodgkin and Huxley ------------------------------------------------------------------------


def rest_of_the_axon() -> rb.analysis.Bifurcations:
    """Follow the fixed point of the axon from no current to 200 uA/cm**2."""
    return rb.analysis.bifurcations(rb.models.HodgkinHuxley, "I", (0, 200) * uA / cm**2)


def swings(model: rb.Model, currents: Any, duration: Any, dt: Any, first: Any) -> np.ndarray:
    """Run a cell at each current; return lowest and highest v in the last quarter, and rate.

    They begin at a voltage far from rest, so that a cycle beside a stable rest is found too.
    """
    net = rb.Network(dt=dt)
    cells = net.add(model, len(currents), name="cells")
    net.inject(cells, rb.stimuli.step(currents))
    cells.v = first
    net.record(cells, "v", every=10 * dt)
    result = net.run(duration)
    stop = float(duration.to("second").magnitude)
    v = result.traces["cells"].v.values
    late = v[3 * len(v) // 4 :]
    spikes = result.spikes["cells"].between(stop / 2, stop)
    trains = [spikes[k] for k in range(len(currents))]
    rates = [1 / np.diff(train).mean() if len(train) > 1 else 0.0 for train in trains]
    return np.array([late.min(axis=0), late.max(axis=0), rates])


def axon_swings(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return currents (uA/cm**2), and lowest and highest v at each."""
    near = np.arange(6.0, 6.6, 0.02)
    wide = np.concatenate([np.arange(7, 30, 1.5), np.arange(30, 152, 6), [152, 154, 156, 170]])
    currents = near if quick else np.concatenate([near, wide])
    values = currents * uA / cm**2
    return currents, swings(rb.models.HodgkinHuxley, values, 400 * ms, 0.02 * ms, -25 * mV)


def draw_axon(found: rb.analysis.Bifurcations, currents: np.ndarray, v: np.ndarray) -> Figure:
    """Draw the fixed points, and how far v swings about them."""
    figure, (ax, near) = plt.subplots(1, 2, figsize=(7.6, 3.4), width_ratios=[2, 1], sharey=True)
    swings = v[1] - v[0] > 1
    for axes in (ax, near):
        found.plot("v", ax=axes)
        for bound in v[:2]:
            axes.plot(currents[swings], bound[swings], ".", color=GREEN, markersize=4.5)
        axes.get_legend().remove()
    ax.plot([], [], ".", color=GREEN, label="lowest and highest v of the cycle")
    ax.legend(fontsize=8, loc="upper right")
    ax.set_xlabel("I (µA/cm²)")
    near.set(xlim=(4, 12), ylabel="", xlabel="I (µA/cm²)")
    return figure


@CHAPTER.experiment("Where the axon's rest ends")
def rest_of_hodgkin_and_huxley(page: Page) -> None:
    """The two Hopf bifurcations of Hodgkin and Huxley's equations."""
    page.text(
        """
        Hodgkin and Huxley's axon has one fixed point at every current. It loses its stability in a
        **Hopf bifurcation**: a pair of complex eigenvalues crosses the imaginary axis, and an
        oscillation begins at a frequency that is not 0. The first one is *subcritical*: the cycle
        that begins there is unstable and leans back over lower currents, where it turns into the
        stable cycle of firing. So from 6.26 to 9.78 µA/cm² rest and firing are both possible, and
        the axon's history decides.
        """
    )
    found = page.run(rest_of_the_axon)
    low, high = found
    unit = "uA/cm**2"
    page.near("first Hopf bifurcation", low.value.to(unit).magnitude, 9.775, 0.002, "µA/cm²")
    page.near("v there", low.state["v"].to("mV").magnitude, -59.654, 0.001, "mV")
    page.near("second one", high.value.to(unit).magnitude, 154.52, 0.005, "µA/cm²", digits=2)
    page.near("v there", high.state["v"].to("mV").magnitude, -43.058, 0.001, "mV")
    page.holds("the first", "subcritical", str(low.criticality), low.criticality == "subcritical")
    page.holds("the second", "supercritical", str(high.criticality),
               high.criticality == "supercritical")  # fmt: skip
    currents, v = page.run(axon_swings, page.quick)
    firing = currents[v[1] - v[0] > 60]
    page.near("lowest current with a large cycle", float(firing.min()), 6.26, 0.03, "µA/cm²", 2)
    page.draw(
        "Fixed points of the axon over the current, full where stable and dashed where not, and"
        " the lowest and highest v of its firing (dots). At the first Hopf bifurcation firing is"
        " there at its full height already; at the second it shrinks to nothing.",
        "a rising curve of fixed points between a cloud of dots above and below; at the left end"
        " the dots begin abruptly, at the right end they close",
        draw_axon,
        found,
        currents,
        v,
    )


# -- Morris and Lecar ---------------------------------------------------------------------------


def three_fibers() -> dict[str, rb.analysis.Bifurcations]:
    """Follow the fixed points of the three parameter sets of Rinzel and Ermentrout."""
    range = (0, 250) * uA / cm**2
    names = ("Hopf", "SNIC", "homoclinic")
    models = {name: rb.models.MorrisLecar.variants[name] for name in names}
    return {name: rb.analysis.bifurcations(models[name], "I", range) for name in names}


def fiber_swings(quick: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return currents (uA/cm**2), and lowest and highest v and rate at each, for every set."""
    ranges = {"Hopf": (84, 216), "SNIC": (39.6, 118), "homoclinic": (36.5, 40.4)}
    found = {}
    for name, (low, high) in ranges.items():
        currents = low + (high - low) * np.linspace(0, 1, 8 if quick else 24) ** 1.7
        values, duration = currents * uA / cm**2, (1 if quick else 3) * second
        model = rb.models.MorrisLecar.variants[name]
        found[name] = currents, swings(model, values, duration, 0.1 * ms, -1 * mV)
    return found


def draw_fibers(found: dict[str, Any], cycles: dict[str, Any]) -> Figure:
    """Draw for each set the diagram, and below it the rate of firing."""
    figure, axes = plt.subplots(2, 3, figsize=(7.6, 4.6), sharex="col", height_ratios=[1.5, 1])
    for (top, below), name in zip(axes.T, found, strict=True):
        currents, (low, high, rates) = cycles[name]
        cycle, pad = high - low > 1, 0.1 * (currents[-1] - currents[0])
        found[name].plot("v", ax=top)
        top.get_legend().remove()
        top.set_title(name)
        for bound in (low, high):
            top.plot(currents[cycle], bound[cycle], ".", color=GREEN, markersize=4)
        below.plot(currents, rates, ".-", color=ORANGE, markersize=5, linewidth=1)
        below.set(xlabel="I (µA/cm²)", ylim=(-1, None))
        top.set_xlim(currents[0] - pad, currents[-1] + pad)
    axes[0, 0].set_ylabel("v (mV)")
    axes[1, 0].set_ylabel("rate (Hz)")
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    return figure


@CHAPTER.experiment("Three ways to begin to fire")
def three_ways_to_fire(page: Page) -> None:
    """Morris and Lecar's fiber with three sets of parameters."""
    page.text(
        """
        Three sets of parameters of one model. With **Hopf** firing begins at once at some 10 Hz
        (class II). With **SNIC**, a saddle-node on an invariant circle, rest meets a saddle and
        both vanish; the cycle that is left passes slowly where they were, and firing begins at
        rate 0 (class I). With **homoclinic** the cycle ends in the saddle itself, below the current
        at which rest vanishes: the fiber can rest or fire.
        """
    )
    found = page.run(three_fibers)
    printed = {
        ("Hopf", "hopf"): [93.858, 212.019],
        ("SNIC", "saddle-node"): [39.963],
        ("SNIC", "hopf"): [97.788],
        ("homoclinic", "hopf"): [36.316],
        ("homoclinic", "saddle-node"): [39.963],
    }
    for (name, kind), values in printed.items():
        here = [b.value.to("uA/cm**2").magnitude for b in found[name] if b.kind == kind]
        for value, wanted in zip(here, values, strict=True):
            page.near(f"{name}: {kind}", value, wanted, 0.001, "µA/cm²")
    cycles = page.run(fiber_swings, page.quick)
    onset = {name: rates[rates > 0].min() for name, (_, (_, _, rates)) in cycles.items()}
    page.between("Hopf: lowest rate of firing", onset["Hopf"], 5, 20, "Hz")
    page.between("SNIC: lowest rate of firing", onset["SNIC"], 0, 9 if page.quick else 5, "Hz")
    currents, (_, _, rates) = cycles["homoclinic"]
    both = currents[(rates > 0) & (currents < 39.963)]
    page.holds("homoclinic: firing where rest is stable", "there is",
               f"at {len(both)} of the currents", len(both) > 0)  # fmt: skip
    page.draw(
        "Above: fixed points (full: stable; dashed: not) with their bifurcations, and the lowest"
        " and highest v of firing (dots). Below: its rate.",
        "three diagrams; the rate jumps from zero at the left, rises from zero in the middle, and"
        " begins below the saddle-node at the right",
        draw_fibers,
        found,
        cycles,
    )


# -- a decision ---------------------------------------------------------------------------------


def decision_points() -> dict[tuple[float, float], list[Any]]:
    """Find all fixed points without a stimulus, and with stimuli of four coherences."""
    cases = [(0, 0), (30, 0), (30, 0.064), (30, 0.512), (30, 1)]
    find = rb.analysis.fixed_points
    return {(mu, c): find(rb.models.WongWang, mu_0=mu * Hz, coherence=c) for mu, c in cases}


def draw_decision() -> Figure:
    """Draw the planes of the two populations before and during a stimulus."""
    figure, axes = plt.subplots(1, 3, figsize=(7.6, 3.1), sharey=True)
    within = dict(S_1=(0, 0.8), S_2=(0, 0.8))
    model = rb.models.WongWang(sigma=0 * nA)
    starts = [dict(S_1=0.1, S_2=0.1), dict(S_1=0.1, S_2=0.16), dict(S_1=0.16, S_2=0.1)]
    for ax, rate, coherence in zip(axes, (0, 30, 30), (0, 0, 0.512), strict=True):
        rb.analysis.phase_plane(
            model, "S_1", "S_2", mu_0=rate * Hz, coherence=coherence, within=within,
            trajectories=starts, duration=2 * second, dt=1 * ms, ax=ax,
        )  # fmt: skip
        ax.get_legend().remove()
        ax.set(aspect="equal", xlabel="S₁", ylabel="S₂" if ax is axes[0] else "")
        ax.set_title(f"{rate} Hz, coherence {coherence:g}", fontsize=9.5)
    return figure


@CHAPTER.experiment("A decision in the plane")
def decision_in_the_plane(page: Page) -> None:
    """The fixed points of Wong and Wang's two populations."""
    page.text(
        """
        In Wong and Wang's model two populations stand for two choices. Without a stimulus a low
        symmetric state and two decided ones are stable. A stimulus takes the low state away: a
        saddle is left between two attractors, and the state rolls down to one side of it. A
        coherent stimulus moves the saddle, so that more states lead to the right choice; at full
        coherence only one attractor is left.
        """
    )
    found = page.run(decision_points)
    printed: dict[tuple[float, float], list[tuple[float, float]]] = {
        (0, 0): [(0.10265, 0.10265), (0.56699, 0.03189), (0.31384, 0.05579)],
        (30, 0): [(0.65869, 0.05181), (0.42446, 0.42446)],
        (30, 0.064): [(0.66308, 0.04894), (0.05495, 0.65404), (0.40728, 0.43928)],
        (30, 0.512): [(0.68839, 0.03406), (0.09224, 0.60745), (0.25759, 0.49894)],
        (30, 1): [(0.70928, 0.02396)],
    }
    rows, differ = [], 0
    for (rate, coherence), points in found.items():
        for x, y in printed[rate, coherence]:
            near = min(points, key=lambda p: np.hypot(p["S_1"] - x, p["S_2"] - y))
            differ += np.hypot(near["S_1"] - x, near["S_2"] - y) > 1.5e-5
            rows.append([f"{rate} Hz", coherence, f"{x:.5f}, {y:.5f}",
                         f"{near['S_1']:.5f}, {near['S_2']:.5f}",
                         "stable" if near.stable else near.kind])  # fmt: skip
    page.table(("stimulus", "coherence", "S₁, S₂ published", "found", "kind"), rows)
    page.near("fixed points that differ in the fifth digit", differ, 0, 0, digits=0)
    count = [sum(p.stable for p in points) for points in found.values()]
    page.holds(
        "stable states", "3, 2, 2, 2, 1", ", ".join(map(str, count)), count == [3, 2, 2, 2, 1]
    )
    page.draw(
        "The same three starts before the stimulus (all return to the low state); under a stimulus"
        " without a preference, where the side decides and the start between them is led to the"
        " saddle; and under one that favors S₁. Blue: dS₁/dt = 0; green: dS₂/dt = 0; filled dots:"
        " stable; diamonds: saddles.",
        "three phase planes of S1 and S2 with nullclines, crossing in five, three and three points",
        draw_decision,
    )
