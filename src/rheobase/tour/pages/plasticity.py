"""Synapses that change: the window of STDP, short-term plasticity, competition and balance."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, GREEN, ORANGE, PURPLE, VERMILION
from rheobase.units import Hz, ms, mV, nS, pA, pF, second

Floats = NDArray[np.float64]

CHAPTER = Chapter(
    "Synapses that change",
    """
    A synapse is a text like a model: equations, what an arriving spike does (`on_pre`), what a
    spike of the cell does (`on_post`). The library's are four of the best known; each is set
    beside its formula, or beside what its authors found.
    """,
    order=60,
)

# --- the window of STDP ------------------------------------------------------------------------

GAPS = np.arange(-60, 61, 4)  # ms, from the arrival to the spike of the cell


def stdp_window() -> Floats:
    """One synapse for each gap, one pair of spikes: the change of the weight in percent."""
    model = rb.Model(
        "dv/dt = -v/(10*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        receives=dict(kick="v += 2*weight", silent="v += 0*weight/pA"),
    )
    net = rb.Network(dt=0.1 * ms)
    cells = net.add(model, GAPS.size, name="cells")
    before = net.add(rb.stimuli.spike_times([[100 - gap] * ms for gap in GAPS]), name="before")
    kicks = net.add(rb.stimuli.spike_times([[100] * ms] * GAPS.size), name="kicks")
    net.connect(kicks, cells, rb.rules.one_to_one(), weight=1, to="kick")
    stdp = rb.synapses.STDP(20 * ms, 20 * ms, a_plus=0.005, a_minus=0.00525, w_max=100 * pA)
    synapses = net.connect(
        before, cells, rb.rules.one_to_one(), weight=50 * pA, to="silent", synapse=stdp
    )
    net.run(200 * ms)
    change: Floats = synapses.weights.magnitude - 50  # of 100 pA: percent
    return change


def draw_window(change: Floats) -> Figure:
    """Draw the formula, and the synapses as dots."""
    figure, axes = plt.subplots(figsize=(7.2, 3.4))
    axes.axhline(0, color=GRAY, linewidth=0.8)
    axes.axvline(0, color=GRAY, linewidth=0.8)
    for side, height, color, words in [
        (np.linspace(0.1, 60), 0.5, BLUE, "arrival, then spike"),
        (np.linspace(-60, -0.1), -0.525, VERMILION, "spike, then arrival"),
    ]:
        axes.plot(side, height * np.exp(-abs(side) / 20), color=color, alpha=0.45, linewidth=3)
        mine = (GAPS > 0) == (height > 0)
        axes.plot(GAPS[mine], change[mine], "o", color=color, markersize=4.5)
        axes.text(np.sign(height) * 16, height * 0.72, words, color=color,
                  ha="left" if height > 0 else "right")  # fmt: skip
    axes.set(xlabel="spike of the cell after the arrival (ms)", xlim=(-62, 62),
             ylabel="change of the weight\n(% of the largest)")  # fmt: skip
    return figure


@CHAPTER.experiment("The window of spike-timing-dependent plasticity")
def window(page: Page) -> None:
    """Song, Miller and Abbott 2000, figure 1."""
    page.text("An arrival shortly before a spike of the cell strengthens; shortly after, weakens.")
    change = page.run(stdp_window)
    page.draw(
        "Each dot is a synapse that saw one pair of spikes; the lines are"
        " A exp(−|t|/20 ms). At 0 the arrival comes first: the kick arrives with it, and makes the"
        " cell fire a step later.",
        "two exponentials: positive right of zero, negative and slightly larger left of it",
        draw_window,
        change,
    )
    for gap, height in [(20, 0.5), (-20, -0.525)]:
        expected = height * np.exp(-abs(gap + 0.1) / 20)  # the cell fires a step after the kick
        page.near(f"change at {gap} ms", change[gap == GAPS][0], expected, 1e-9, "%", digits=4)


# --- short-term plasticity ---------------------------------------------------------------------

KINDS = {"depressing": (0.5, 800, 1), "facilitating": (0.1, 100, 1000)}  # U, tau_d, tau_f (ms)
FREQUENCIES = np.array([1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70])  # Hz


def released(rates: Floats, kind: str, seconds: float) -> list[Floats]:
    """Return u*R of every spike of regular trains: the part of the weight that is delivered."""
    cell = rb.Model("ds/dt = 0*Hz : 1", receives="s += weight")
    net = rb.Network(dt=0.1 * ms)
    times = [np.arange(0.01, seconds, 1 / rate) for rate in rates]
    trains = net.add(rb.stimuli.spike_times([t * second for t in times]), name="trains")
    cells = net.add(cell, rates.size, name="cells")
    U, tau_d, tau_f = KINDS[kind]
    synapse = rb.synapses.ShortTermPlasticity(U=U, tau_d=tau_d * ms, tau_f=tau_f * ms)
    net.connect(trains, cells, rb.rules.one_to_one(), weight=1, synapse=synapse)
    net.record(cells, "s", every=1 * ms)
    total = net.run(seconds * second).traces["cells"].s
    after = [np.minimum(np.round((t + 0.005) * 1e3).astype(int), total.sizes["time"] - 1)
             for t in times]  # fmt: skip
    return [np.diff(total.values[at, k], prepend=0.0) for k, at in enumerate(after)]


def stationary(rates: Floats, kind: str) -> Floats:
    """Return u*R after many spikes, by the formula of Tsodyks, Pawelzik and Markram."""
    U, tau_d, tau_f = KINDS[kind]
    interval = 1e3 / rates
    u = U / (1 - (1 - U) * np.exp(-interval / tau_f))
    rest = np.exp(-interval / tau_d)
    part: Floats = u * (1 - rest) / (1 - (1 - u) * rest)
    return part


def draw_release(trains: dict[str, Floats], found: dict[str, Floats]) -> Figure:
    """Draw one train spike by spike, and the stationary value at all rates."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3), width_ratios=[1.15, 1])
    line = np.geomspace(FREQUENCIES[0], FREQUENCIES[-1], 200)
    for (kind, parts), color in zip(trains.items(), (VERMILION, BLUE), strict=True):
        number = np.arange(1, 1 + 12)
        left.vlines(number, 0, parts[:12], color=color, alpha=0.35, linewidth=2)
        left.plot(number, parts[:12], "o-", color=color, markersize=4.5, label=kind)
        right.plot(line, stationary(line, kind), color=color, alpha=0.45, linewidth=3)
        right.plot(FREQUENCIES, found[kind], "o", color=color, markersize=4.5)
    left.set(xlabel="number of the spike, at 20 Hz", ylabel="part of the weight delivered",
             ylim=(0, None), title="spike by spike")  # fmt: skip
    right.set(
        xlabel="rate of the train (Hz)", xscale="log", ylim=(0, None), title="in the long run"
    )
    right.set_xticks([1, 10, 50], ["1", "10", "50"])
    left.legend(loc="upper right")
    return figure


@CHAPTER.experiment("Short-term depression and facilitation")
def short_term(page: Page) -> None:
    """Tsodyks, Pawelzik and Markram 1998."""
    page.text(
        """
        R is what is left of a synapse's resources, u the part of it that a spike uses; u grows
        with every spike and decays, R is used up and recovers. Recovery that is slow makes a
        synapse tell of changes, facilitation that is slow makes it a band-pass filter of rates.
        """
    )
    trains, found = {}, {}
    for kind in KINDS:
        trains[kind] = page.run(released, np.array([20.0]), kind, 1.0)[0]
        parts = released(FREQUENCIES.astype(float), kind, 12.0)
        found[kind] = np.array([part[-2] for part in parts])
    page.run(stationary, np.array([20.0]), "depressing")
    page.draw(
        "Left: twelve spikes at 20 Hz onto rested synapses. Right: the value after 12 s of a"
        " train, beside the formula (lines).",
        "a depressing synapse falls within three spikes; a facilitating one rises; in the long run"
        " the first falls with the rate, the second has a maximum near 10 Hz",
        draw_release,
        trains,
        found,
    )
    page.near("first spike, depressing", trains["depressing"][0], 0.5, 1e-6, digits=4)
    for kind in KINDS:
        expected = stationary(np.array([20.0]), kind)[0]
        page.near(f"stationary at 20 Hz, {kind}", found[kind][FREQUENCIES == 20][0], expected, 1e-6,
                  digits=6)  # fmt: skip


# --- competition -------------------------------------------------------------------------------


def competition(seconds: int) -> tuple[rb.Result, Floats]:
    """A thousand Poisson inputs at 15 Hz compete for a cell; ten such cells."""
    model = rb.Model(
        """
        dv/dt   = (E_L - v + g_e*(E_e - v))/tau_m : mV
        dg_e/dt = -g_e/tau_e : 1
        """,
        threshold="v > V_T",
        reset="v = V_r",
        receives="g_e += weight",
        parameters=dict(E_L=-74 * mV, E_e=0 * mV, V_T=-54 * mV, V_r=-60 * mV, tau_m=10 * ms,
                        tau_e=5 * ms),
        initial=dict(v="E_L"),
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=1)
    inputs = net.add(rb.stimuli.poisson(15 * Hz), 1000, name="inputs")
    cells = net.add(model, 10, name="cells")
    stdp = rb.synapses.STDP(20 * ms, 20 * ms, a_plus=0.02, a_minus=0.021, w_max=0.01)
    synapses = net.connect(inputs, cells, weight="0.01*rand()", synapse=stdp, name="synapses")
    net.record(synapses, "weight", every=seconds / 50 * second)
    result = net.run(seconds * second)
    return result, synapses.weights.magnitude / 0.01


def draw_competition(result: rb.Result, final: Floats) -> Figure:
    """Draw how weights travel, and where they are at the start and at the end."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True, width_ratios=[2, 1])
    weight = result.traces["synapses"].weight
    edges = np.linspace(0, 1, 41)
    counts = np.array([np.histogram(w / 0.01, edges)[0] for w in weight.values]).T
    left.pcolormesh(
        np.append(weight.time, result.stop), edges, counts, cmap="Blues", rasterized=True,
        vmin=0, vmax=600,
    )  # fmt: skip
    first = weight.values[0] / 0.01
    middle = abs(first - 0.5) < 0.1
    travelers = [*np.flatnonzero(middle & (final > 0.97))[:2],
                 *np.flatnonzero(middle & (final < 0.03))[:2]]  # fmt: skip
    for k, color in zip(travelers, (VERMILION, ORANGE, PURPLE, GREEN), strict=False):
        left.plot(weight.time, weight[:, k] / 0.01, color=color, linewidth=1.2)
    bins = np.linspace(0, 1, 21)
    right.hist(first, bins, orientation="horizontal", color=GRAY, alpha=0.45, label="at first")
    right.hist(final, bins, orientation="horizontal", color=BLUE, histtype="step",
               linewidth=1.8, label="at the end")  # fmt: skip
    right.set_xlabel("synapses")
    right.legend(loc="center right")
    left.set(xlabel="time (s)", ylabel="weight (of the largest)")
    return figure


@CHAPTER.experiment("Competition: two groups of weights out of one")
def song_miller_abbott(page: Page) -> None:
    """Song, Miller and Abbott 2000, figure 2."""
    page.text(
        """
        Inputs that happen to fire shortly before the cell grow, and take its timing from the
        others. Steps are four times those of the paper, so that a minute or two suffices.
        """
    )
    result, final = page.run(competition, 50 if page.quick else 100)
    page.draw(
        "How 10,000 weights are distributed as time goes on (dark: many), and four of those that"
        " began in the middle and ended at a bound; right, the first and the last distribution.",
        "an even distribution of weights splits into one group near zero and one near the maximum",
        draw_competition,
        result,
        final,
    )
    low, high = float(np.mean(final < 0.2)), float(np.mean(final > 0.8))
    middle = float(np.mean((final > 0.4) & (final < 0.6)))
    page.holds("two groups", "both ends above the middle",
               f"{low:.0%} in the lowest fifth, {middle:.0%} in the middle, {high:.0%} in the"
               " highest", low > 1.3 * middle and high > 1.3 * middle)  # fmt: skip


# --- balance -----------------------------------------------------------------------------------

CELLS = 2000
EXCITED = CELLS * 4 // 5


def balance(seconds: int) -> tuple[rb.Result, rb.Result]:
    """Run a second without plasticity, then some with it; return the first and the last second."""
    model = rb.Model(
        """
        dv/dt   = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I)/C_m : mV (unless refractory)
        dg_e/dt = -g_e/(5*ms)  : nS
        dg_i/dt = -g_i/(10*ms) : nS
        """,
        threshold="v > V_T",
        reset="v = E_L",
        refractory=5 * ms,
        receives=dict(excitatory="g_e += weight", inhibitory="g_i += weight"),
        parameters=dict(C_m=200 * pF, g_L=10 * nS, E_L=-60 * mV, V_T=-50 * mV, E_e=0 * mV,
                        E_i=-80 * mV, I=200 * pA),
    )  # fmt: skip
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(model, CELLS, name="cells")
    cells.v = "E_L + rand()*(V_T - E_L)"
    excited, inhibitory = cells[:EXCITED], cells[EXCITED:]
    some = rb.rules.fixed_probability(0.1)
    net.connect(excited, cells, some, weight=0.3 * nS, to="excitatory")
    net.connect(inhibitory, inhibitory, some, weight=3 * nS, to="inhibitory")
    rule = rb.synapses.Vogels2011(eta=0 * nS, w_max=100 * nS, rate=3 * Hz)
    plastic = net.connect(inhibitory, excited, some, weight=1e-10 * nS, to="inhibitory",
                          synapse=rule)  # fmt: skip
    before = net.run(1 * second)
    plastic.eta = 0.05 * nS
    net.run((seconds - 2) * second)
    return before, net.run(1 * second)


def draw_balance(before: rb.Result, after: rb.Result) -> Figure:
    """Draw the last 200 ms without and with what inhibition has learned."""
    figure, rows = plt.subplots(2, 2, figsize=(7.2, 4.4), height_ratios=[2, 1], sharex="col")
    for k, (result, title, color) in enumerate(
        [(before, "before", VERMILION), (after, "after", BLUE)]
    ):
        spikes = result.spikes["cells"][:EXCITED]
        start = result.stop - 0.2
        late = spikes.between(start, result.stop)
        chosen = late.ids < 200
        rows[0, k].plot(1e3 * (late.times[chosen] - start), late.ids[chosen], ".", color=color,
                        markersize=2.2, rasterized=True)  # fmt: skip
        edges = np.arange(0, 200.1, 1)
        counts = np.histogram(1e3 * (late.times - start), edges)[0]
        rows[1, k].fill_between(edges[:-1], counts / 0.001 / EXCITED, step="post", color=color,
                                alpha=0.8, linewidth=0)  # fmt: skip
        rows[0, k].set_title(title)
        rows[1, k].set(xlabel="time (ms)", xlim=(0, 200), ylim=(0, None))
    rows[0, 0].set_ylabel("excitatory cell")
    rows[1, 0].set_ylabel("rate (Hz)")
    return figure


@CHAPTER.experiment("Balance: inhibition that learns a rate")
def inhibitory_plasticity(page: Page) -> None:
    """Vogels et al. 2011, figure 4, a fifth of the cells with five times the probability."""
    page.text(
        """
        Inhibitory synapses grow when both cells fire together, and shrink at every arrival by what
        a rate of 3 Hz would make good. So each cell finds the inhibition that it needs.
        """
    )
    before, after = page.run(balance, 8 if page.quick else 16)
    page.draw(
        "The same network without inhibition onto excitatory cells, and after it has learned: 200"
        " cells, and the rate of all 1,600 in bins of 1 ms.",
        "before, stripes of synchronous spikes at a high rate; after, sparse irregular spikes",
        draw_balance,
        before,
        after,
    )
    rates = [float(r.spikes["cells"][:EXCITED].rates().mean()) for r in (before, after)]
    page.holds("rate before", "high", f"{rates[0]:.0f} Hz", rates[0] > 50)
    page.between("rate after, on its way to 3 Hz", rates[1], 2.5, 7, "Hz", published="3 Hz")
    late = after.spikes["cells"][:EXCITED]
    cv = late.cv()[np.bincount(late.ids, minlength=EXCITED) >= 4]
    page.between("mean CV of the intervals after", float(np.nanmean(cv)), 0.5, 1.3,
                 published="irregular")  # fmt: skip
