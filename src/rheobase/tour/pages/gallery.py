"""A gallery of the library's neurons: what each is for, and the figures it is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, VERMILION
from rheobase.units import cm, ms, mV, pA, pF, second, uA

CHAPTER = Chapter(
    "A gallery of neurons",
    """
    A model stands for what one asks of it. Three integrate-and-fire neurons differ in how a spike
    begins; one with an adaptation current fires in eight patterns; models with channels say why a
    rate begins at zero or does not, and why a first spike comes late. Every model of the library
    brings the stimulus that shows it: `rb.analysis.behavior("AdEx").plot()`, and its published
    sets of parameters go by name: `rb.models.AdEx.variants["transient"]`.
    """,
    order=42,
)


# -- how a spike begins ---------------------------------------------------------------------


def simulated_rates(model: rb.Model, currents: np.ndarray) -> np.ndarray:
    """Return late rates (Hz) under constant currents (pA), every current a cell of its own."""
    curve = rb.analysis.fi_curve(
        model, currents * pA, duration=1 * second, dt=0.01 * ms, measure="intervals"
    )
    return np.asarray(curve)


def rates_in_theory(slope: Callable[[np.ndarray], np.ndarray], low: float, high: float,
                    tau_ref: float) -> float:  # fmt: skip
    """Integrate dv/slope from reset to threshold (mV, mV/ms); return the rate in Hz."""
    edges = np.linspace(low, high, 40_001)
    v = (edges[:-1] + edges[1:]) / 2
    return float(1e3 / (tau_ref + np.sum(np.diff(edges) / slope(v))))


def leaky(current: float) -> float:
    """Rate of the leaky neuron: 1/(tau_ref + tau_m ln((R I)/(R I - 15 mV)))."""
    drive = current * 10 / 250
    return float(1e3 / (2 + 10 * np.log(drive / (drive - 15))))


def exponential(current: float) -> float:
    """Rate of the exponential neuron, from reset at -68 to the cut at 0 mV."""
    return rates_in_theory(
        lambda v: (20 * (-65 - v) + 20 * 3.48 * np.exp((v + 59.9) / 3.48) + current) / 200,
        -68, 0, 1.7,
    )  # fmt: skip


def quadratic(current: float) -> float:
    """Rate of the quadratic neuron: arctangents of the distance from the bottleneck."""
    w = np.sqrt((current - 75) * 15 / 20)
    return float(1e3 / (150 / w * (np.arctan(77.5 / w) + np.arctan(22.5 / w))))


NEURONS = {
    "leaky": (rb.models.LIF, 375.0, leaky),
    "exponential": (rb.models.ExponentialLIF, 32.4, exponential),
    "quadratic": (rb.models.QuadraticIF, 75.0, quadratic),
}


def three_curves() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return currents (pA) and rates (Hz) of three neurons, from their rheobases on."""
    found = {}
    for name, (model, rheobase, _) in NEURONS.items():
        currents = rheobase * np.array([0.9, 1.04, 1.1, 1.25, 1.5, 2, 2.5, 3])
        found[name] = currents, simulated_rates(model, currents)
    return found


def draw_three(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw rates against current; dots are simulated, lines are theory. Left: how v rises."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.3), width_ratios=[1, 1.2])
    for ink, (name, (model, rheobase, theory)) in zip(
        (BLUE, VERMILION, GREEN), NEURONS.items(), strict=True
    ):
        shown = rb.analysis.behavior(
            model, rb.stimuli.step(1.1 * rheobase * pA), duration=300 * ms, dt=0.01 * ms, draw="v"
        )
        first = shown.traces.time.values <= shown.spikes[0]
        time = (shown.traces.time.values[first] - shown.spikes[0]) * 1e3
        left.plot(time, shown.traces.v.values[first, 0], color=ink, label=name)
        smooth = 1 + 2 * np.linspace(0.02, 1, 60) ** 2
        right.plot(smooth, [theory(x * rheobase) for x in smooth], color=ink, linewidth=1)
        currents, rates = curves[name]
        right.plot(currents / rheobase, rates, "o", color=ink, markersize=4.5, label=name)
    left.set(xlabel="time before the first spike (ms)", ylabel="v (mV)", xlim=(-60, 1))
    right.set(xlabel="current (rheobases)", ylabel="rate (Hz)", ylim=(-4, None))
    right.legend(loc="upper left")
    return figure


def rates_of_brian2s_example() -> np.ndarray:
    """tau 10 ms, threshold 10, reset 0, tau_ref 5 ms, under 10.5, 12, 15 and 20 (mV)."""
    model = rb.models.LIF(tau_m=10 * ms, C_m=1000 * pF, E_L=0 * mV, V_T=10 * mV, V_r=0 * mV,
                          tau_ref=5 * ms, crossing="exact")  # fmt: skip
    return simulated_rates(model, np.array([1050.0, 1200, 1500, 2000]))


@CHAPTER.experiment("Three ways to begin a spike")
def three_ways_to_begin_a_spike(page: Page) -> None:
    """Leaky, exponential, quadratic; rates in closed form and by quadrature."""
    page.text(
        """
        The leaky neuron meets its threshold with a finite slope: its rate rises steeply at the
        rheobase. In the quadratic and the exponential neuron v creeps through a bottleneck, and
        then runs away; their rates begin like the square root of what the current exceeds the
        rheobase by.
        """
    )
    curves = page.run(three_curves)
    page.draw(
        "Left: v before the first spike, at 1.1 rheobases. Right: rates against current; dots"
        " are simulated, lines are theory.",
        "v of three neurons rising to the first spike; three rates that rise from the rheobase on",
        draw_three,
        curves,
    )
    found = page.run(rates_of_brian2s_example)
    expected_rates = (28.2125, 43.6346, 62.5543, 83.8120)
    for drive, rate, expected in zip((10.5, 12, 15, 20), found, expected_rates, strict=True):
        page.near(f"leaky, driven by {drive:g}: rate", rate, expected, 1e-3, "Hz", digits=4)
    for name in ("exponential", "quadratic"):
        currents, rates = curves[name]
        expected = NEURONS[name][2](currents[5])
        page.near(f"{name}, two rheobases: rate", rates[5], expected, 0.3, "Hz", digits=2)
        page.near(f"{name}, 0.9 rheobases: rate", rates[0], 0, 0, "Hz", digits=0)


# -- adaptation -----------------------------------------------------------------------------

# Spikes in 500 ms and the time of the first, in ms.
PATTERNS = {
    "tonic": (51, 14.22), "adaptation": (10, 14.91), "initial burst": (10, 5.46),
    "regular bursting": (9, 16.16), "delayed accelerating": (36, 33.58),
    "delayed regular bursting": (26, 57.18), "transient": (1, 30.29), "irregular": (28, 15.65),
}  # fmt: skip


def eight_patterns() -> dict[str, Any]:
    """One model, eight sets of parameters, each under the current it was published for."""
    sets = rb.models.AdEx.variants
    return {name: rb.analysis.behavior(sets[name], dt=0.005 * ms) for name in PATTERNS}


def draw_panels(shown: dict[str, Any], rows: int) -> Figure:
    """Draw the first panel of each behavior, its name above."""
    figure, panels = plt.subplots(rows, 2, figsize=(7.4, 1.35 * rows), sharex=True)
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    for axes, (name, each) in zip(panels.flat, shown.items(), strict=False):
        each.plot(ax=axes)
        axes.set_title(name, fontsize=9.5)
        axes.set_xlabel("")
        for line in axes.lines:
            line.set_linewidth(0.9)
    for axes in panels[-1]:
        axes.set_xlabel("time (s)")
    return figure


@CHAPTER.experiment("Eight firing patterns of one model")
def eight_firing_patterns(page: Page) -> None:
    """Naud and others, 2008."""
    page.text(
        """
        The adaptive exponential neuron has two variables: v, and a current w that follows v
        (strength a) and jumps by b at every spike. Naud and others give eight sets of parameters
        for eight patterns; the numbers beside ours are of an independent integration with a step
        of 0.5 us.
        """
    )
    shown = page.run(eight_patterns)
    page.draw(
        "Eight patterns of the same two equations, under constant currents from the beginning on.",
        "eight voltage traces: regular, adapting, bursting, delayed, a single spike, irregular",
        draw_panels,
        shown,
        4,
    )
    for name, (count, first) in PATTERNS.items():
        # The chaotic pattern diverges after its first spikes; its count depends on the step.
        loose = 2 if name == "irregular" else 0
        times = shown[name].spikes * 1e3
        page.near(f"{name}: spikes in 500 ms", times.size, count, loose, digits=0)
        page.near(f"{name}: first spike", times[0], first, 0.08, "ms", digits=2)


# -- Izhikevich -----------------------------------------------------------------------------

NETWORK = """
    # One step of 1 ms is the published program's: v twice by half a step, then u with the new v.
    half = v + 0.5*(0.04*v**2 + 5*v + 140 - u + total) : 1
    full = half + 0.5*(0.04*half**2 + 5*half + 140 - u + total) : 1
    total = noise*randn() + arrived : 1
    dv/dt = (full - v)/ms : 1
    du/dt = a*(b*full - u)/ms : 1
    darrived/dt = -arrived/ms : 1          # one Euler step of 1 ms empties it
    a : 1
    b : 1
    c : 1
    d : 1
    noise : 1
"""


def seven_types() -> dict[str, Any]:
    """Seven sets of four numbers."""
    sets = rb.models.Izhikevich.variants
    return {name: rb.analysis.behavior(sets[name], dt=0.02 * ms) for name in sets}


def thousand_cells(seed: int) -> rb.Result:
    """800 excitatory and 200 inhibitory cells, all different, all connected, for one second."""
    net = rb.Network(dt=1 * ms, seed=seed)
    model = rb.Model(NETWORK, threshold="v >= 30", reset="v = c; u += d", method="euler",
                     receives="arrived += weight", initial={"v": -65, "u": "b*v"})  # fmt: skip
    cells = net.add(model, 1000, name="cells")
    random = np.random.default_rng(seed)
    r, q = random.random(800), random.random(200)
    cells.a = np.concatenate([np.full(800, 0.02), 0.02 + 0.08 * q])
    cells.b = np.concatenate([np.full(800, 0.2), 0.25 - 0.05 * q])
    cells.c = np.concatenate([-65 + 15 * r**2, np.full(200, -65)])
    cells.d = np.concatenate([8 - 6 * r**2, np.full(200, 2)])
    cells.noise = np.repeat([5.0, 2.0], [800, 200])
    net.connect(cells[:800], cells, weight=rb.random.uniform(0, 0.5), delay=0 * ms)
    net.connect(cells[800:], cells, weight=rb.random.uniform(-1, 0), delay=0 * ms)
    return net.run(1 * second)


def draw_thousand(result: rb.Result) -> Figure:
    """Draw every spike: 800 excitatory cells below, 200 inhibitory ones above."""
    figure, axes = plt.subplots(figsize=(7.4, 3.4))
    trains = result.spikes["cells"]
    inhibitory = trains.ids >= 800
    for chosen, ink in ((~inhibitory, BLUE), (inhibitory, VERMILION)):
        axes.plot(trains.times[chosen], trains.ids[chosen], ",", color=ink)
    axes.set(xlabel="time (s)", ylabel="cell", xlim=(0, 1), ylim=(0, 1000))
    axes.annotate("inhibitory", (1.01, 0.9), xycoords="axes fraction", color=VERMILION, va="center")
    axes.annotate("excitatory", (1.01, 0.4), xycoords="axes fraction", color=BLUE, va="center")
    return figure


@CHAPTER.experiment("Izhikevich's types, and a thousand of them")
def izhikevichs_types(page: Page) -> None:
    """Izhikevich, 2003."""
    page.text(
        """
        Two equations and four numbers: a parabola for the upstroke, a recovery u, a reset. Seven
        sets give seven types of cortical and thalamic neurons. A thousand cells with random
        parameters, all connected, show the rhythms of the paper's figure 3: waves at about 10 Hz.
        """
    )
    shown = page.run(seven_types)
    page.draw(
        "Seven types; the last two under pulses: inhibition that ends, and pairs of weak pulses"
        " 20 and 40 ms apart.",
        "seven voltage traces: regular spiking to resonator",
        draw_panels,
        shown,
        4,
    )
    result = page.run(thousand_cells, seed=1)
    page.draw(
        "The network of the paper: every dot is a spike.",
        "raster of 1000 cells over one second, with vertical bands",
        draw_thousand,
        result,
    )
    spikes = result.spikes["cells"]
    page.text("Published beside found: the range of five realizations of the published program.")
    excitatory, inhibitory = spikes[:800].count / 800, spikes[800:].count / 200
    page.between("rate of excitatory cells", excitatory, 6.9, 8.7, "Hz", published="7.34 to 8.24")
    page.between("rate of inhibitory cells", inhibitory, 6.6, 8.3, "Hz", published="7.07 to 7.78")
    power = np.abs(np.fft.rfft(np.histogram(spikes.times, 1000, (0, 1))[0]))
    slow = int(np.argmax(power[2:80])) + 2
    page.between("its slow rhythm", slow, 5, 15, "Hz", 0, published="about 10 Hz")
    resonator = shown["resonator"].spikes
    page.holds("the resonator answers pulses 40 ms apart, not 20", "one spike, after 220 ms",
               f"{resonator.size} at {resonator[0] * 1e3:.0f} ms",
               resonator.size == 1 and resonator[0] > 0.22)  # fmt: skip


# -- levels of detail -----------------------------------------------------------------------

# NEST 3.10.0, glif_psc, dt 0.01 ms: spikes under 400 pA from 200 to 500 ms, the first and the
# last of them (ms).
NEST = {1: (29, 206.43, 490.07), 2: (45, 206.43, 499.11), 3: (14, 206.43, 478.07),
        4: (14, 206.43, 474.48), 5: (14, 206.61, 497.94)}  # fmt: skip


def five_levels() -> dict[int, Any]:
    """The five GLIF models under one step of current."""
    step = rb.stimuli.step(400 * pA, start=200 * ms, stop=500 * ms)
    return {
        level: rb.analysis.behavior(
            f"GLIF{level}", step, duration=600 * ms, dt=0.01 * ms, draw="v theta"
        )
        for level in NEST
    }


def draw_levels(shown: dict[int, Any]) -> Figure:
    """Draw v and the threshold of the five models under each other."""
    titles = ("leaky", "+ reset rules, rising threshold", "leaky + after-spike currents",
              "both", "+ a threshold that follows v")  # fmt: skip
    figure, panels = plt.subplots(5, 1, figsize=(7.4, 6.4), sharex=True)
    for axes, title, (level, each) in zip(panels, titles, shown.items(), strict=True):
        time = each.traces.time.values * 1e3
        axes.plot(time, each.traces.theta.values[:, 0], color=ORANGE, label="threshold")
        axes.plot(time, each.traces.v.values[:, 0], color=BLUE, linewidth=0.9, label="v")
        axes.vlines(each.spikes * 1e3, -45, -30, color=BLUE, linewidth=0.9)
        axes.set_title(f"GLIF{level}: {title}", fontsize=9.5)
        axes.set(ylabel="mV", xlim=(180, 560), ylim=(-95, -28))
    panels[0].legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 0.97))
    panels[-1].set_xlabel("time (ms)")
    return figure


@CHAPTER.experiment("Five levels of detail, beside NEST")
def five_levels_beside_nest(page: Page) -> None:
    """The models of the Allen Institute."""
    page.text(
        """
        The Allen Institute fitted five nested models to each of hundreds of cells. One cell at
        all five levels, under the same step: the same parameters, one mechanism more each time.
        NEST's times are of the end of a step, and its current acts 0.05 ms later: we add 0.06 ms.
        """
    )
    shown = page.run(five_levels)
    page.draw(
        "One cell at five levels. Without after-spike currents it fires too fast; with them its"
        " intervals grow.",
        "five voltage traces with their thresholds",
        draw_levels,
        shown,
    )
    for level, (count, first, last) in NEST.items():
        times = shown[level].spikes * 1e3 + 0.06
        page.near(f"GLIF{level}: spikes", times.size, count, 0, digits=0)
        page.near(f"GLIF{level}: first spike", times[0], first, 0.011, "ms", digits=2)
        page.near(f"GLIF{level}: last spike", times[-1], last, 0.07, "ms", digits=2)


# -- channels -------------------------------------------------------------------------------

# Published or integrated independently: current (uA/cm2) to rate (Hz).
CHANNELS: dict[str, dict[float, float]] = {
    "HodgkinHuxley": {7: 58.327, 10: 68.324, 15: 78.65, 20: 86.47},
    "ConnorStevens": {8.4: 7.80, 10: 34.05, 15: 91.08, 20: 132.30},
    "WangBuzsaki": {0.2: 8.62, 1: 59.70, 2: 101.79, 5: 189.63},
    "TraubMiles": {0.25: 13.855, 1: 38.985, 2.5: 77.093, 3.5: 99.002},
}
RANGES = {"HodgkinHuxley": (5, 20), "ConnorStevens": (7, 20), "WangBuzsaki": (0, 5),
          "TraubMiles": (0, 3.5)}  # fmt: skip


def rates_of_channels(name: str, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Return currents (uA/cm2) and late rates (Hz) of a model with channels."""
    low, high = RANGES[name]
    currents = np.unique([*np.linspace(low, high, 16), *CHANNELS[name]])
    curve = rb.analysis.fi_curve(
        rb.models.find(name), currents * uA / cm**2, duration=duration * second,
        discard=duration / 3 * second, measure="intervals",
    )  # fmt: skip
    return currents, np.asarray(curve)


def draw_channels(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw the four curves; gray rings are the published points."""
    figure, panels = plt.subplots(1, 4, figsize=(7.6, 2.7), sharey=True)
    for axes, (name, (currents, rates)) in zip(panels, curves.items(), strict=True):
        jumps = name == "HodgkinHuxley"
        for part in (rates == 0, rates > 0) if jumps else (rates >= 0,):
            axes.plot(currents[part], rates[part], "-", color=BLUE)
        axes.plot(list(CHANNELS[name]), list(CHANNELS[name].values()), "o", color=VERMILION,
                  fillstyle="none", markersize=6)  # fmt: skip
        axes.set_title(f"{name}\nclass {'II' if jumps else 'I'}", fontsize=9)
    panels[0].set_ylabel("rate (Hz)")
    figure.supxlabel("current (µA/cm²)", fontsize=10)
    return figure


@CHAPTER.experiment("Where a rate begins: class I and class II")
def where_a_rate_begins(page: Page) -> None:
    """Four models with channels."""
    page.text(
        """
        Hodgkin separated axons that can fire at any low rate (class I) from those whose rate
        begins high (class II). The squid axon begins at some 50 Hz; the interneuron of Wang and
        Buzsaki, the pyramidal cell of Traub and Miles and the neuron of Connor and Stevens begin
        at 0. What decides is the bifurcation by which rest is lost.
        """
    )
    duration = 0.6 if page.quick else 1.5
    curves = {name: page.run(rates_of_channels, name, duration) for name in CHANNELS}
    page.draw(
        "Rates against current; rings: published, or integrated independently.",
        "four curves: one that jumps from 0 to 50 Hz, three that begin at 0",
        draw_channels,
        curves,
    )
    for name, expected in CHANNELS.items():
        currents, rates = curves[name]
        for current, rate in expected.items():
            found = float(rates[np.argmin(np.abs(currents - current))])
            within = max(0.1, round(0.003 * rate, 2))
            page.near(f"{name} at {current:g} µA/cm²", found, rate, within, "Hz", digits=2)


def with_and_without() -> dict[str, Any]:
    """10 uA/cm2 into the neuron of Connor and Stevens, and with its A current taken away."""
    step = rb.stimuli.step(10 * uA / cm**2)
    start = {"v": "-67.978 mV", "m": 0.01007, "h": 0.96591, "n": 0.15586, "a": 0.54042,
             "b": 0.28867}  # fmt: skip
    models = {
        "with the A current": rb.models.ConnorStevens,
        "without": rb.models.ConnorStevens(g_A="0 mS/cm**2", initial=start),
    }
    return {
        name: rb.analysis.behavior(model, step, duration=120 * ms, dt=0.01 * ms, draw=("v", "a b"))
        for name, model in models.items()
    }


def draw_delay(shown: dict[str, Any]) -> Figure:
    """Draw both voltages, and the gates of the A current."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 4.2), sharex=True,
                                          height_ratios=[1.5, 1])  # fmt: skip
    for ink, (name, each) in zip((BLUE, GRAY), shown.items(), strict=True):
        time = each.traces.time.values * 1e3
        above.plot(time, each.traces.v.values[:, 0], color=ink, label=name, zorder=-ink.count("8"))
    whole = shown["with the A current"].traces
    for gate, ink in (("a", GREEN), ("b", VERMILION)):
        what = "activation" if gate == "a" else "inactivation"
        below.plot(whole.time.values * 1e3, whole[gate].values[:, 0], color=ink,
                   label=f"{gate}, {what} of the A current")  # fmt: skip
    above.set(ylabel="v (mV)")
    above.legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 0.97))
    below.set(xlabel="time (ms)", ylabel="gates", ylim=(0, 1))
    below.legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 0.97))
    return figure


@CHAPTER.experiment("A late first spike")
def a_late_first_spike(page: Page) -> None:
    """The A current of Connor and Stevens."""
    page.text(
        """
        The A current is a potassium current that opens below threshold and inactivates slowly. A
        step of current finds it open: the first spike has to wait until it has inactivated.
        """
    )
    shown = page.run(with_and_without)
    page.draw(
        "10 µA/cm² from the beginning on. With the A current the first spike comes after 38 ms.",
        "two voltage traces, one with a first spike at once and a fast train, one late",
        draw_delay,
        shown,
    )
    page.near("first spike", shown["with the A current"].spikes[0] * 1e3, 38.1, 0.1, "ms", digits=1)
    whole = shown["with the A current"].traces
    page.near("rest", float(whole.v.values[0, 0]), -67.978, 5e-4, "mV")
    gates = {"m": 0.01007, "h": 0.96591, "n": 0.15586, "a": 0.54042, "b": 0.28867}
    cell = rb.Network(dt=0.01 * ms).add(rb.models.ConnorStevens)
    for gate, value in gates.items():
        found = float(np.asarray(getattr(cell, gate).magnitude)[0])
        page.near(f"{gate} at rest", found, value, 6e-6, digits=5)
    first = shown["without"].spikes[0] * 1e3
    page.holds("without it the first spike comes at once", "within 5 ms", f"{first:.1f} ms",
               first < 5)  # fmt: skip


# -- bursts ---------------------------------------------------------------------------------

# Upward crossings of x = 1 by an integrator of eighth order, tolerance 1e-11.
BURSTS = {"regular": (2.0, 0.001, 1500, 88, 56.483), "chaotic": (3.25, 0.006, 600, 38, 48.145)}


def bursts() -> dict[str, Any]:
    """The equations of Hindmarsh and Rose, with a slow z and with a faster one."""
    return {
        name: rb.analysis.behavior(
            rb.models.HindmarshRose(r=r, crossing="linear"),
            rb.stimuli.step(current), duration=duration * ms, dt=0.005 * ms, draw=("x", "z"),
        )
        for name, (current, r, duration, *_) in BURSTS.items()
    }  # fmt: skip


def draw_bursts(shown: dict[str, Any]) -> Figure:
    """Draw x over time, with z, for both."""
    figure, panels = plt.subplots(2, 1, figsize=(7.2, 4))
    for axes, (name, each) in zip(panels, shown.items(), strict=True):
        time = each.traces.time.values * 1e3
        axes.plot(time, each.traces.x.values[:, 0], color=BLUE, linewidth=0.8, label="x")
        axes.plot(time, each.traces.z.values[:, 0], color=VERMILION, label="z, slow")
        current, r, *_ = BURSTS[name]
        axes.set_title(f"{name}: I = {current:g}, r = {r:g}", fontsize=9.5)
        axes.set(ylabel="x, z", xlim=(0, time[-1]))
    panels[0].legend(loc="lower right", ncols=2, bbox_to_anchor=(1, 0.97))
    panels[-1].set_xlabel("time (ms)")
    return figure


@CHAPTER.experiment("Bursts from three equations")
def bursts_from_three_equations(page: Page) -> None:
    """Hindmarsh and Rose, 1984."""
    page.text(
        """
        x and y spike or rest, and for the same input both are stable. A slow variable z rises
        with the spikes until they end and falls during rest until they begin again: a burst.
        With a faster z no two bursts are alike.
        """
    )
    shown = page.run(bursts)
    page.draw(
        "Regular bursts of a slow z, and chaos.",
        "two traces of bursts of spikes, and z that rises in each",
        draw_bursts,
        shown,
    )
    for name, (_, _, _, count, twelfth) in BURSTS.items():
        spikes = shown[name].spikes * 1e3
        page.near(f"{name}: time of the twelfth spike", spikes[11], twelfth, 0.01, "ms")
        page.near(f"{name}: spikes", spikes.size, count, 0 if name == "regular" else 1, digits=0)
    cell = rb.Network(dt=0.01 * ms).add(rb.models.HindmarshRose)
    page.near("x at rest, the root of a cubic", float(cell.x[0]), -1.6045345, 1e-6, digits=7)
