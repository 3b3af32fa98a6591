"""Chapter G: what becomes of a potential along a neurite, without and with channels."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.special import erfc

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GRAY, ORANGE, VERMILION
from rheobase.units import cm, mS, ms, mV, nA, ohm, uA, um

CHAPTER = Chapter(
    "G. Along a neurite",
    """
    So far a neuron was a point. A neurite is not: what happens at one place reaches another later
    and smaller, through the resistance of the cytoplasm. Here it is a cable, divided into
    compartments with a membrane each, which are solved for together. Without channels potentials
    die away along it. With them they are made anew everywhere, and run on as spikes.
    """,
    order=37,
)

PASSIVE = rb.Membrane([rb.channels.Leak(g=0.3 * mS / cm**2, E=-65 * mV)])
ACTIVE = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak])


def one_pulse(membrane: rb.Membrane) -> Any:
    """Inject 0.6 nA for 1 ms into the end of a neurite of 8 mm; return v everywhere, in mV."""
    neurite = rb.Morphology.cylinder(length=8000 * um, diameter=2 * um)
    net = rb.Network(dt=0.01 * ms)
    cell = net.add(rb.Cell(neurite, membrane, axial_resistivity=100 * ohm * cm,
                           max_length=20 * um), name="neurite")  # fmt: skip
    cell.v = -65 * mV
    net.inject(cell.at(fraction=0), rb.stimuli.step(0.6 * nA, start=1 * ms, stop=2 * ms))
    net.record(cell.everywhere, "v")
    return net.run(22 * ms).traces["neurite"].v


def both_neurites() -> tuple[Any, Any]:
    """The same pulse into both."""
    return one_pulse(PASSIVE), one_pulse(ACTIVE)


def arrival(v: Any, level: float) -> np.ndarray:
    """Return when v first rises through a level at each place, in ms; nan where it does not."""
    volts, time = v.to_numpy(), v.time.to_numpy() * 1e3
    up = (volts[:-1] < level) & (volts[1:] >= level)
    k, place = np.argmax(up, axis=0), np.arange(volts.shape[1])
    before, after = volts[k, place], volts[k + 1, place]
    share = (level - before) / np.where(up.any(axis=0), after - before, 1)
    return np.where(up.any(axis=0), time[k] + share * (time[1] - time[0]), np.nan)


def draw_pulse(passive: Any, active: Any) -> Figure:
    """Draw v over time at some places, and the peak over the distance."""
    figure, panels = plt.subplot_mosaic(
        [["passive", "peaks"], ["active", "peaks"]], figsize=(7.4, 4.4), width_ratios=[1.5, 1]
    )
    places = np.array([0.01, 0.3, 0.6, 1, 2, 4, 6])  # mm
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.92, places.size))
    for name, v, ink in (("passive", passive, ORANGE), ("active", active, BLUE)):
        axes, path = panels[name], v.path.to_numpy() * 1e3
        for place, color in zip(places, colors, strict=True):
            k = np.argmin(np.abs(path - place))
            axes.plot(v.time * 1e3 - 1, v[:, k], color=color, label=f"{place:.1f} mm")
        axes.set(ylabel="v (mV)", xlim=(-1, 17))
        panels["peaks"].plot(path, v.max("time") + 65, color=ink, linewidth=2)
    panels["passive"].set(title="Leak alone", ylim=(-67, -15), yticks=[-60, -40, -20])
    panels["passive"].tick_params(labelbottom=False)
    panels["passive"].legend(title="distance", fontsize=8, title_fontsize=8, ncols=2)
    panels["active"].set(title="With channels of sodium and potassium", yticks=[-80, -40, 0, 40],
                         xlabel="time after the pulse begins (ms)")  # fmt: skip
    panels["peaks"].annotate("with channels", (5, 97), color=BLUE, ha="center", va="top")
    panels["peaks"].annotate("leak alone", (1.1, 10), color="#9a6a00")
    panels["peaks"].set(title="Peak", xlabel="distance (mm)", ylabel="peak above rest (mV)",
                        ylim=(0, None), xlim=(0, 8))  # fmt: skip
    return figure


def response(x: float, t: np.ndarray) -> np.ndarray:
    """Return what a constant current of 0.6 nA does at x, in mV: Hodgkin and Rushton (1946)."""
    radius, g, axial = 1e-4, 0.3e-3, 100.0  # cm, S/cm2, ohm cm
    length, tau = np.sqrt(radius / (2 * axial * g)), 1e-3 / g  # cm, ms
    scale = 0.6e-6 * axial * length / (np.pi * radius**2)
    X, T = x / length, np.maximum(t, 1e-12) / tau
    rising = np.exp(-X) * erfc(X / (2 * np.sqrt(T)) - np.sqrt(T))
    return np.asarray(scale / 2 * (rising - np.exp(X) * erfc(X / (2 * np.sqrt(T)) + np.sqrt(T))))


def exact_peak(x: float) -> float:
    """Return the peak of the pulse at x (mm) along an endless passive cable, in mV."""
    t = np.linspace(0.01, 20, 20_000)
    return float((response(x / 10, t) - (t > 1) * response(x / 10, t - 1)).max())


@CHAPTER.experiment("One pulse: it dies away, or is made anew")
def decay_and_regeneration(page: Page) -> None:
    """A passive neurite, and the same with channels."""
    page.text(
        """
        A neurite of 8 mm and 2 µm gets 0.6 nA for a millisecond at one end. Once its membrane has
        nothing but a leak; once also the channels of Hodgkin and Huxley.
        """
    )
    passive, active = page.run(both_neurites)
    page.draw(
        "The same pulse into both. Left: v at seven distances from where it is injected. Right:"
        " how high it gets at each distance; at a sealed end the spike is higher, since nothing"
        " flows on.",
        "without channels the potential is lower and later the further away, and gone after 2 mm;"
        " with channels the same spike passes every place, one after the other",
        draw_pulse,
        passive,
        active,
    )
    page.text(
        """
        For an endless passive cable the potential is known in closed form (Hodgkin and Rushton
        1946); 8 mm are twenty of its length constants of 0.41 mm, endless enough. With channels,
        speed goes with the square root of diameter over resistivity. From the speed of the
        squid's axon, below, follows that of this neurite.
        """
    )
    peaks, path = passive.max("time").to_numpy() + 65, passive.path.to_numpy() * 1e3
    for x in (0.25, 0.5, 1.0, 2.0):
        here = float(np.exp(np.interp(x, path, np.log(peaks))))
        page.near(f"leak alone: peak at {x:g} mm", here, exact_peak(x), 0.02, "mV")
    when = page.run(arrival, active, -15)
    far, near = (int(np.argmin(np.abs(path - x))) for x in (5.0, 2.0))
    speed = (path[far] - path[near]) / (when[far] - when[near])
    law = 12.314 * np.sqrt(2 / 476 * 35.4 / 100)
    page.near("with channels: speed", speed, law, 0.002, "m/s", digits=4)
    heights = active.max("time").to_numpy()[(path > 2) & (path < 6)]
    page.near("peaks from 2 to 6 mm: largest less smallest", float(np.ptp(heights)), 0, 0.5, "mV",
              digits=2)  # fmt: skip


def squid_axon(temperature: float, dt: Any) -> Any:
    """Evoke a spike at one end of an axon of 8 cm; return v everywhere, in mV."""
    membrane = rb.Membrane(
        [rb.channels.HHSodium, rb.channels.HHPotassium, rb.channels.Leak], temperature=temperature
    )
    axon = rb.Morphology.cylinder(length=8 * cm, diameter=476 * um)
    net = rb.Network(dt=dt)
    cell = net.add(rb.Cell(axon, membrane, axial_resistivity=35.4 * ohm * cm,
                           max_length=100 * um), name="axon")  # fmt: skip
    net.inject(cell.at(fraction=0), rb.stimuli.step(100 * uA, start=0 * ms, stop=0.5 * ms))
    net.record(cell.everywhere, "v", every=0.01 * ms)
    return net.run(10 * ms).traces["axon"].v


def speed(v: Any, begin: float = 3.2, end: float = 5.6) -> float:
    """Return the speed between two places (cm) in m/s, by when v rises through -15 mV."""
    when = np.interp([begin, end], v.path.to_numpy() * 100, arrival(v, -15))
    return float((end - begin) * 10 / (when[1] - when[0]))


def draw_axon(cold: Any, warm: Any) -> Figure:
    """Draw v at each centimeter, and when the spike comes over the distance."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.7), width_ratios=[1.35, 1])
    path = cold.path.to_numpy() * 100
    for place in range(1, 8):
        k = np.argmin(np.abs(path - place))
        for v, color in ((warm, VERMILION), (cold, BLUE)):
            left.plot(v.time * 1e3, place + (v[:, k] + 65) / 115, color=color, zorder=-place)
    left.plot([9.6, 9.6], [1.25, 1.25 + 100 / 115], color=GRAY, linewidth=3, solid_capstyle="butt")
    left.annotate("100 mV", (9.45, 1.25 + 50 / 115), ha="right", va="center", color="#555555")
    left.set(xlabel="time (ms)", ylabel="v at this distance (cm)", xlim=(0, 10), ylim=(0.7, 8.2))
    for v, color, name in ((warm, VERMILION, "18.5 °C"), (cold, BLUE, "6.3 °C")):
        right.plot(path, arrival(v, -15), color=color, linewidth=2)
        beside = (3.6, 3.4) if v is cold else (4.9, 1.5)
        right.annotate(f"{name}\n{speed(v):.2f} m/s", beside, color=color,
                       ha="right" if v is cold else "left")  # fmt: skip
    right.set(xlabel="distance (cm)", ylabel="spike arrives (ms)", xlim=(0, 8), ylim=(0, None))
    return figure


def speeds(diameters: np.ndarray) -> np.ndarray:
    """Return the speed along axons of several diameters (um), in m/s, from one run."""
    wide = np.sqrt(diameters / 476)
    cells = [
        rb.Cell(rb.Morphology.cylinder(length=share * 4 * cm, diameter=diameter * um), ACTIVE,
                axial_resistivity=35.4 * ohm * cm, max_length=share * 100 * um)
        for share, diameter in zip(wide, diameters, strict=True)
    ]  # fmt: skip
    net = rb.Network(dt=0.005 * ms)
    axons = net.add(cells, name="axons")
    net.inject(axons.at(fraction=0), rb.stimuli.step(100 * wide**3 * uA, stop=0.5 * ms))
    for name, fraction in (("near", 0.4), ("far", 0.7)):
        net.record(axons.at(fraction=fraction), "v", name=name)
    traces = net.run(5 * ms).traces
    far, near = (traces[name].v for name in ("far", "near"))
    apart = (far.path.to_numpy() - near.path.to_numpy()) * 1e3
    return np.asarray(apart / (arrival(far, -15) - arrival(near, -15)))


def draw_speeds(diameters: np.ndarray, found: np.ndarray) -> Figure:
    """Draw speed over diameter."""
    figure, axes = plt.subplots(figsize=(5.6, 3))
    wide = np.geomspace(0.5, 1000, 50)
    axes.plot(wide, 12.314 * np.sqrt(wide / 476), color=GRAY, linestyle="--", linewidth=1.2)
    axes.plot(diameters, found, "o", color=BLUE, markersize=6)
    axes.annotate("squid's giant axon", (476, found[-1]), (-8, 2), textcoords="offset points",
                  ha="right")  # fmt: skip
    axes.annotate("square root", (3, 1.05), ha="right", va="bottom", color="#555555")
    axes.set(xscale="log", yscale="log", xlabel="diameter (µm)", ylabel="speed (m/s)",
             xticks=[1, 10, 100, 1000], xticklabels=["1", "10", "100", "1000"],
             yticks=[0.3, 1, 3, 10, 30], yticklabels=["0.3", "1", "3", "10", "30"])  # fmt: skip
    axes.minorticks_off()
    return figure


@CHAPTER.experiment("How fast a spike runs along the squid's axon")
def conduction_velocity(page: Page) -> None:
    """The giant axon at two temperatures, and thinner ones."""
    page.text(
        """
        In 1952 this was the test of the theory: channels had been measured where the voltage was
        clamped and the same everywhere. Do they give the speed of a spike that runs? Hodgkin and
        Huxley computed 18.8 m/s for the axon they had measured at 18.5 °C to have 21.2 m/s,
        turning the handle of a desk calculator for three weeks; they took for granted that the
        spike keeps its shape. Here nothing is: the equation of the cable is solved as it stands.
        """
    )
    cold = page.run(squid_axon, 6.3, 0.005 * ms)
    warm = page.run(squid_axon, 18.5, 0.002 * ms)
    page.draw(
        "A spike begins at one end of an axon of 8 cm and 476 µm, at 6.3 °C (blue) and at 18.5 °C"
        " (red): v at each centimeter, and when it arrives.",
        "spikes at seven places, each later than the one before; straight lines of the arrival"
        " over the distance",
        draw_axon,
        cold,
        warm,
    )
    page.near("speed at 6.3 °C", speed(cold), 12.314, 0.06, "m/s")
    page.near("speed at 18.5 °C", speed(warm), 18.731, 0.09, "m/s")
    page.near("speed at 18.5 °C, Hodgkin and Huxley 1952", speed(warm), 18.8, 0.2, "m/s", digits=1)
    page.text(
        """
        The first two were found by an independent program (Crank-Nicolson, 100 µm). A squid has
        so thick an axon because thick ones are fast, though not very much: for twice the speed an
        axon without myelin has to be four times as thick. These axons differ in all that belongs
        to the diameter, and run together:
        """
    )
    diameters = np.array([1.0, 10, 100, 476])
    found = page.run(speeds, diameters)
    page.draw(
        "Speed at 6.3 °C over the diameter.",
        "four dots on a line of slope one half in a doubly logarithmic plot",
        draw_speeds,
        diameters,
        found,
    )
    for diameter, one in zip(diameters[:3], found[:3], strict=True):
        law = 12.314 * np.sqrt(diameter / 476)
        page.near(f"speed at {diameter:g} µm, by the square root", one, law, 0.02, "m/s")
