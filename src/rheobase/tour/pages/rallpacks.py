"""Chapter: the Rallpacks, by which programs for cables have been compared since 1992."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, ORANGE, VERMILION
from rheobase.units import cm, mS, ms, mV, nA, ohm, um

CHAPTER = Chapter(
    "The Rallpacks",
    """
    Three cables and trees on which programs of this kind have been compared since 1992
    (Bhalla, Bilitch and Bower): a passive cylinder, a passive tree that branches ten times,
    and the cylinder with channels, which spikes. Of the first two the solution is known exactly;
    of the third, what NEURON and GENESIS found with steps of 1 µs. 0.1 nA goes into one end for
    250 ms.
    """,
    order=39,
)

PASSIVE = rb.Membrane([rb.channels.Leak(g=0.025 * mS / cm**2, E=-65 * mV)])
SQUID = rb.Membrane(
    [
        rb.channels.HHSodium(g=120 * mS / cm**2, E=50 * mV),
        rb.channels.HHPotassium(g=36 * mS / cm**2, E=-77 * mV),
        rb.channels.Leak(g=0.025 * mS / cm**2, E=-65 * mV),
    ]
)
CABLE = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um)
TREE = rb.Morphology.tree(levels=10, length=32 * um, diameter=16 * um)


def both_ends(morphology: rb.Morphology, membrane: rb.Membrane, rule: Any, dt: Any) -> Any:
    """Inject 0.1 nA into the first compartment; return the traces of it and of the last."""
    cell = rb.Cell(morphology, membrane, axial_resistivity=100 * ohm * cm, max_length=rule)
    net = rb.Network(dt=dt)
    cells = net.add(cell, name="cell")
    cells.v = -65 * mV
    ends = cells.everywhere[[0, cells.everywhere.size - 1]]
    net.inject(ends[0], rb.stimuli.step(0.1 * nA, start=0 * ms))
    net.record(ends, "v")
    return net.run(250 * ms).traces["cell"].v


def passive_ends() -> tuple[Any, Any]:
    """Rallpacks 1 and 2: compartments of 1 um, and one for each branch of the tree."""
    cable = both_ends(CABLE, PASSIVE, 1 * um, 0.05 * ms)
    return cable, both_ends(TREE, PASSIVE, rb.morphology.per_section(1), 0.05 * ms)


def spiking_ends() -> Any:
    """Rallpack 3: the cable with channels."""
    return both_ends(CABLE, SQUID, 1 * um, 0.01 * ms)


def series(t: np.ndarray, x: float, b: float, scale: float) -> np.ndarray:
    """Return v of a sealed cylinder, in mV: x and its length b in length constants, t in s."""
    T, k = np.maximum(t, 1e-9) / 0.04, np.arange(1, 400)[:, None]
    rates = 1 + (k * np.pi / b) ** 2
    terms = (-1.0) ** k * np.cos(k * np.pi * (b - x) / b) * np.exp(-rates * T) / rates
    steady = np.cosh(b - x) / np.sinh(b)
    return np.asarray(-65 + scale * (steady - (np.exp(-T) + 2 * terms.sum(axis=0)) / b))


def exact(v: Any, x: tuple[float, float], b: float, scale: float) -> np.ndarray:
    """Return the solution at both places and all times but the first, in mV."""
    t = v.time.to_numpy()[1:]
    return np.stack([series(t, place, b, scale) for place in x], axis=1)


def errors(v: Any, wanted: np.ndarray) -> np.ndarray:
    """Return the root of the mean squared error at both places, in percent of the range."""
    found = v.to_numpy()[1:]
    spans = np.maximum(found.max(axis=0), wanted.max(axis=0)) - wanted.min(axis=0)
    return np.asarray(100 * np.sqrt(np.mean((found - wanted) ** 2, axis=0)) / spans)


def draw_passive(cable: Any, tree: Any, wanted: list[np.ndarray]) -> Figure:
    """Draw both, and what they are off by."""
    figure, panels = plt.subplots(2, 2, figsize=(7.4, 4.3), sharex=True, height_ratios=[2, 1])
    titles = ("1: cylinder", "2: tree")
    for column, (title, v, curves) in enumerate(zip(titles, (cable, tree), wanted, strict=True)):
        above, below = panels[:, column]
        t = v.time.to_numpy()[1:] * 1e3
        names = ("near end", "far end") if column == 0 else ("root", "tip")
        for k, (name, color) in enumerate(zip(names, (BLUE, VERMILION), strict=True)):
            above.plot(t[::40], curves[::40, k], ".", color=color, markersize=4)
            above.plot(t, v[1:, k], color=color, linewidth=1, label=name)
            below.plot(t, 1e3 * (v[1:, k] - curves[:, k]), color=color, linewidth=1)
        above.set(title=title)
        above.legend(loc="lower right")
        below.set(xlabel="time (ms)", ylim=(-25, 25))
    panels[0, 0].set_ylabel("v (mV)")
    panels[1, 0].set_ylabel("error (µV)")
    return figure


@CHAPTER.experiment("Rallpacks 1 and 2: passive, known exactly")
def rallpacks_passive(page: Page) -> None:
    """A cylinder and a tree against the series of cosines."""
    page.text(
        """
        The cylinder has 1,000 compartments, a length of one length constant and a time constant
        of 40 ms; the tree has a compartment for each of its 1,023 branches, whose diameters are
        such that the whole is a cylinder to the current that enters it (Rall's law of 3/2). The
        steps are of 50 µs.
        """
    )
    cable, tree = page.run(passive_ends)
    first = page.run(exact, cable, (0.0005, 0.9995), 1.0, 127.32395)
    second = exact(tree, (0.0, 0.08), 0.08, 1.98944)
    page.draw(
        "Above: found (line) and exact (dots). Below: the difference, in µV. The tree is a little"
        " off since one compartment a branch is coarse.",
        "voltages that rise at both ends, on the dots; errors of some microvolts",
        draw_passive,
        cable,
        tree,
        [first, second],
    )
    for name, v, wanted, limit in (("1", cable, first, 0.05), ("2", tree, second, 0.05)):
        off = page.run(errors, v, wanted)
        for place, one in zip(("near", "far"), off, strict=True):
            page.near(f"Rallpack {name}, {place} end: rms error in % of the range", float(one), 0,
                      limit, digits=4)  # fmt: skip
    page.text(
        """
        The series holds at any place. For the ends themselves its values are printed; the
        outermost compartments have their centers 0.5 µm further in, which is 0.064 mV where the
        current enters.
        """
    )
    for t, near, far in ((10, 1.4733, -54.27069), (50, 65.70189, 6.86337),
                         (100, 91.72946, 32.89087)):  # fmt: skip
        now = cable.sel(time=t * 1e-3, method="nearest").to_numpy()
        page.near(f"cylinder after {t} ms, near end", float(now[0]), near, 0.1, "mV")
        page.near(f"cylinder after {t} ms, far end", float(now[1]), far, 0.1, "mV")


NEURON = np.array([
    1.307, 16.008, 30.552, 45.088, 59.622, 74.157, 88.691, 103.225, 117.760,
    132.294, 146.828, 161.363, 175.897, 190.432, 204.966, 219.500, 234.035, 248.569,
])  # fmt: skip


def crossings(v: Any, place: int) -> np.ndarray:
    """Return when v rises through 0 mV, in ms."""
    volts, time = v.to_numpy()[:, place], v.time.to_numpy() * 1e3
    k = np.flatnonzero((volts[:-1] < 0) & (volts[1:] >= 0))
    return np.asarray(time[k] - volts[k] / (volts[k + 1] - volts[k]) * (time[1] - time[0]))


def draw_spikes(v: Any, found: np.ndarray) -> Figure:
    """Draw v at both ends, and by how much each spike is off."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.4, 4.2), height_ratios=[2, 1.2])
    for k, (name, color) in enumerate((("near end", BLUE), ("far end", ORANGE))):
        above.plot(v.time * 1e3, v[:, k], color=color, linewidth=1, label=name)
    above.set(ylabel="v (mV)", xlim=(0, 90), yticks=[-80, -40, 0, 40], xlabel="time (ms)")
    above.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    below.axhline(0, color=GRAY, linewidth=0.8)
    below.plot(NEURON, (found - NEURON) * 1e3, "o-", color=BLUE, markersize=4)
    below.set(xlabel="time of the spike (ms)", ylabel="ours less\nNEURON's (µs)", xlim=(0, 250))
    return figure


@CHAPTER.experiment("Rallpack 3: spikes along the cable")
def rallpack_active(page: Page) -> None:
    """Times of spikes against those of two programs."""
    page.text(
        """
        The cylinder again, with the channels of Hodgkin and Huxley, in steps of 10 µs. Each spike
        begins at the end where the current goes in and runs to the other.
        """
    )
    v = page.run(spiking_ends)
    near, far = page.run(crossings, v, 0), crossings(v, 1)
    page.draw(
        "Above: the first 90 ms. Below: how much later each of the spikes comes than in NEURON,"
        " in µs. That difference is NEURON's more than ours: it is of first order in the step, and"
        " GENESIS, which is not, has the last spike at 248.518 ms.",
        "trains of spikes at both ends; differences growing to some forty microseconds",
        draw_spikes,
        v,
        near,
    )
    page.near("spikes at the near end", near.size, 18, 0, digits=0)
    page.near("spikes at the far end", far.size, 17, 0, digits=0)
    page.near("first spike", near[0], 1.307, 0.01, "ms")
    page.near("last spike, NEURON", near[-1], 248.569, 0.06, "ms")
    page.near("last spike, GENESIS", near[-1], 248.518, 0.06, "ms")
    intervals, wanted = np.diff(near), np.diff(NEURON)
    apart = 200 * (intervals - wanted) / (intervals + wanted)
    page.near("rms difference of the intervals, in %", float(np.sqrt(np.mean(apart**2))), 0, 0.1,
              digits=4)  # fmt: skip
    page.near("from end to end, first spike", float(far[0] - near[0]), 2.765, 0.01, "ms")
    page.near("from end to end, late", float(far[-1] - near[16]), 2.689, 0.01, "ms")
    volts = v.to_numpy()[::5]  # the references were sampled every 50 us
    for k, (name, high, low) in enumerate((("near", 41.33, -69.85), ("far", 46.23, -76.96))):
        page.near(f"{name} end, highest", float(volts[:, k].max()), high, 0.1, "mV", digits=2)
        page.near(f"{name} end, lowest", float(volts[:, k].min()), low, 0.1, "mV", digits=2)
