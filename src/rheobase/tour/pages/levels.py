"""Chapter G: one stimulus at several levels of description."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GREEN, PURPLE, VERMILION
from rheobase.units import cm, ms, nA, uA, um

CHAPTER = Chapter(
    "G. One stimulus at several levels",
    """
    A neuron can be written with channels, with a threshold and adaptation, with a threshold
    alone, or as a rate. Each level leaves something out. What, and how much it matters, can be
    measured: the coarser models are derived from the finest, then all get the same current, and
    rates, spike times and voltages are compared.
    """,
    order=44,
)

AREA = 20_000 * um**2
COLORS = (BLUE, VERMILION, GREEN, PURPLE)


def reductions(fine: rb.Model, currents: Any, generations: int) -> dict[str, rb.levels.Reduction]:
    """Reduce a model of channels to an AdEx, a LIF and a rate unit, by its f-I curve."""
    return {
        name: rb.levels.reduce(fine, kind, currents, area=AREA, generations=generations)
        for name, kind in (("AdEx", "AdEx"), ("LIF", "LIF"), ("rate unit", "RateUnit"))
    }


@cache
def traub_miles(generations: int) -> dict[str, rb.levels.Reduction]:
    """Reduce the pyramidal cell of Traub and Miles; 0.2 nA into it are 1 uA/cm2."""
    nanoamps = np.array([0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7])
    return reductions(rb.models.TraubMiles, 5 * nanoamps * uA / cm**2, generations)


@cache
def hodgkin_huxley(generations: int) -> dict[str, rb.levels.Reduction]:
    """Reduce Hodgkin and Huxley's axon."""
    return reductions(rb.models.HodgkinHuxley, np.arange(4, 31, 2.0) * uA / cm**2, generations)


def draw_curves(both: Mapping[str, dict[str, rb.levels.Reduction]]) -> Figure:
    """Draw the rates of every level over the current, for both cells."""
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.3))
    for axes, (title, found) in zip(panels, both.items(), strict=True):
        first = next(iter(found.values()))
        currents = first.currents.magnitude
        axes.plot(currents, first.rates, "o-", color=COLORS[0], markersize=4, label="channels")
        for color, (name, one) in zip(COLORS[1:], found.items(), strict=True):
            axes.plot(currents, one.reduced_rates, "--", color=color, label=name)
        axes.set(title=title, xlabel="current (µA/cm²)", ylim=(-3, None))
    panels[0].set(ylabel="rate (Hz)")
    panels[1].legend(loc="lower right")
    return figure


@CHAPTER.experiment("From channels to a rate: the f-I curves")
def curves(page: Page) -> None:
    """Three reductions of two models."""
    page.text(
        """
        Two cells with channels are reduced to an AdEx, a LIF and a rate unit. Rest, resistance
        and capacitance are taken from their equations; the other parameters are fitted to
        the rates under constant currents. Traub and Miles' cell begins to fire at any low
        rate, as integrate-and-fire models do. Hodgkin and Huxley's axon begins at 50 Hz, and none
        of the coarser models can: they come near by a long refractory period.
        """
    )
    generations = 6 if page.quick else 25
    pyramidal = page.run(traub_miles, generations)
    axon = page.run(hodgkin_huxley, generations)
    both = {"Traub and Miles' cell": pyramidal, "Hodgkin and Huxley's axon": axon}
    page.draw(
        "Rates over the current, with channels (dots) and at the three coarser levels (dashed).",
        "two panels with four curves each that agree well on the left and less on the right",
        draw_curves,
        both,
    )
    page.table(
        ("cell", "AdEx", "LIF", "rate unit"),
        [[title, *(f"{one.rate_error:.2f} Hz" for one in found.values())]
         for title, found in both.items()],
        "Root mean square of the differences of the rates.",
    )  # fmt: skip
    cell, squid = pyramidal["LIF"], axon["LIF"]
    for place, rate in ((2, 13.855), (5, 38.985), (9, 77.093), (11, 99.002)):
        nanoamps = float(cell.currents.magnitude[place]) / 5
        page.near(f"Traub and Miles' cell, {nanoamps:g} nA", cell.rates[place], rate, 0.1, "Hz")
    for place, rate in ((3, 68.324), (8, 86.47), (13, 98.745)):
        amount = float(squid.currents.magnitude[place])
        page.near(f"Hodgkin and Huxley's axon, {amount:g} µA/cm²", squid.rates[place], rate, 0.1,
                  "Hz")  # fmt: skip
    page.near("the LIF's rates beside their closed form: largest difference",
              float(np.abs(closed_form(cell) - cell.reduced_rates).max()), 0, 0.3, "Hz",
              digits=3)  # fmt: skip
    page.between("AdEx for Traub and Miles' cell: rms", pyramidal["AdEx"].rate_error, 0,
                 6.0 if page.quick else 3.0, "Hz", published="small")  # fmt: skip
    page.holds("the axon is harder to reduce to a LIF", "larger difference",
               f"{squid.rate_error:.1f} against {cell.rate_error:.1f} Hz",
               squid.rate_error > cell.rate_error)  # fmt: skip


def closed_form(reduction: rb.levels.Reduction) -> np.ndarray:
    """Return 1/(tau_ref + tau_m ln((R I + E_L - V_r)/(R I + E_L - V_T))) of a reduced LIF."""
    lif = reduction.model.defaults  # SI units
    current = reduction.currents.to("amp/metre**2").magnitude * 20_000e-12
    drive = current * lif["tau_m"] / lif["C_m"] + lif["E_L"]
    rates = np.zeros(drive.size)
    fires = drive > lif["V_T"]
    ratio = (drive[fires] - lif["V_r"]) / (drive[fires] - lif["V_T"])
    rates[fires] = 1 / (lif["tau_ref"] + lif["tau_m"] * np.log(ratio))
    return rates


def under(
    stimulus: Any, found: Mapping[str, Any], fine: rb.Model = rb.models.TraubMiles
) -> rb.levels.Comparison:
    """Give one absolute current to the cell with channels and to its reductions."""
    models = {"channels": fine, **found}
    return rb.levels.compare(
        models, stimulus, duration=600 * ms, reference="channels", area=AREA, dt=0.02 * ms,
        start=50 * ms, stop=550 * ms, seed=7,
    )  # fmt: skip


def a_step(found: dict[str, rb.levels.Reduction]) -> rb.levels.Comparison:
    """0.3 nA for half a second."""
    return under(rb.stimuli.step(0.3 * nA, start=50 * ms, stop=550 * ms), found)


def twice() -> rb.levels.LevelResult:
    """Compare a model with itself."""
    stimulus = rb.stimuli.step(0.3 * nA, start=20 * ms)
    models = {"one": rb.models.TraubMiles, "same": rb.models.TraubMiles}
    return rb.levels.compare(models, stimulus, duration=200 * ms, area=AREA)["same"]


def noise(found: dict[str, rb.levels.Reduction]) -> rb.levels.Comparison:
    """A random current, the same realization for all."""
    return under(rb.stimuli.noise(std=0.2 * nA, tau=10 * ms, mean=0.15 * nA), found)


def draw_levels(table: rb.levels.Comparison) -> Figure:
    """Draw the stimulus and all levels."""
    figure: Figure = table.plot()[0].figure
    return figure


def _tell(page: Page, table: rb.levels.Comparison) -> None:
    page.table(
        ("level", "spikes", "rate (Hz)", "error (Hz)", "matched", "missed", "extra",
         "spike times (ms)", "v between spikes (mV rms)"),
        [_row(entry) for entry in table.values()],
        f"Spikes are matched within {table.within * 1e3:.1f} ms.",
    )  # fmt: skip


def _row(entry: rb.levels.LevelResult) -> list[str]:
    rates = [f"{entry.rate:.1f}", f"{entry.rate_error:+.1f}"]
    if entry.match is None:
        return [entry.name, "-", *rates, *("-" * 5)]
    counts = [str(len(entry.matched)), str(entry.missed.size), str(entry.extra.size)]
    ends = [f"{entry.spike_time_error * 1e3:.2f}", f"{entry.subthreshold_error:.2f}"]
    return [entry.name, str(entry.spike_count), *rates, *counts, *ends]


@CHAPTER.experiment("One step of current")
def one_step(page: Page) -> None:
    """Channels, AdEx, LIF and a rate unit under 0.3 nA."""
    page.text(
        """
        Half a second of 0.3 nA into Traub and Miles' cell and its three reductions. The model
        with channels takes a current per area, the integrate-and-fire cells an absolute one, the
        rate unit a number; the area and the units that came with the reductions say how they
        are turned into each other.
        """
    )
    found = page.run(traub_miles, 6 if page.quick else 25)
    table = page.run(a_step, found)
    page.draw(
        "The same step at four levels. Gray lines are the spikes of the model with channels.",
        "four panels: spikes with their shape, spikes as lines at two levels, and a rate",
        draw_levels,
        table,
    )
    _tell(page, table)
    page.near("with channels: late rate", _late_rate(table["channels"].spikes), 52.623, 0.1, "Hz")
    again = page.run(twice)
    page.near("the same model twice: spike times", again.spike_time_error, 0, 0, "s", digits=1)
    page.near("the same model twice: voltage", again.voltage_error, 0, 0, "mV rms", digits=1)
    page.near("the same model twice: coincidence factor", again.coincidence, 1, 1e-12)
    for name, most in (("AdEx", 10 if page.quick else 6), ("LIF", 6), ("rate unit", 8)):
        page.between(f"{name}: rate error", table[name].rate_error, -most, most, "Hz",
                     published="that of its f-I curve")  # fmt: skip
    drift = table["LIF"].matched
    late = np.abs(np.diff(drift[-3:], axis=1)).mean() if len(drift) else np.nan
    page.text(
        f"""
        Equal rates are not equal spike times: under a constant current a difference of 1 Hz
        moves the spikes apart by one interval a second. The last three of the LIF's matched spikes
        are {late * 1e3:.1f} ms from those of the model with channels.
        """
    )


def _late_rate(spikes: np.ndarray) -> float:
    late = spikes[spikes > 0.2]
    return float((late.size - 1) / (late[-1] - late[0]))


@CHAPTER.experiment("One random current")
def one_noise(page: Page) -> None:
    """The same with noise, which keeps the spikes together."""
    page.text(
        """
        Now the current is random, the same realization for all. Where it rises steeply all
        levels fire within a few milliseconds; where it lingers near a threshold, small differences
        decide whether there is a spike. The coincidence factor is 1 for the same spikes and 0
        for what chance gives (R. Jolivet, T. J. Lewis and W. Gerstner, J Neurophysiol 92, 2004).
        """
    )
    found = page.run(traub_miles, 6 if page.quick else 25)
    table = page.run(noise, found)
    page.draw(
        "One realization of a random current at four levels.",
        "spikes at three levels that mostly line up, and a rate that follows the current",
        draw_levels,
        table,
    )
    _tell(page, table)
    for name in ("AdEx", "LIF"):
        page.between(f"{name}: coincidence factor", table[name].coincidence, 0.2, 1.0,
                     published="well above chance")  # fmt: skip
    entry = table["LIF"]
    accounted = len(entry.matched) + entry.missed.size
    count = table["channels"].spike_count or 0
    page.near("LIF: matched and missed spikes", accounted, count, 0, digits=0)


def three_steps(found: dict[str, rb.levels.Reduction]) -> rb.levels.Comparison:
    """A weak step, a step downwards and a strong step into the squid axon: 3, -3, 10 uA/cm2."""
    stimulus = (
        rb.stimuli.step(0.6 * nA, start=70 * ms, stop=170 * ms)
        + rb.stimuli.step(-0.6 * nA, start=220 * ms, stop=320 * ms)
        + rb.stimuli.step(2 * nA, start=380 * ms, stop=550 * ms)
    )
    return under(stimulus, found, rb.models.HodgkinHuxley)


@CHAPTER.experiment("What the squid axon does and no threshold does")
def squid_axon(page: Page) -> None:
    """HH, AdEx, LIF and a rate unit under one weak, one negative and one strong step."""
    page.text(
        """
        The same with Hodgkin and Huxley's axon, whose gates do more than a threshold. A
        weak step evokes one spike at its beginning, and no train. A step **downwards** evokes a
        spike when it ends: it takes inactivation off the sodium channels and closes potassium
        channels, and both take some milliseconds to come back. A strong step gives a train that
        begins at full rate. An AdEx and a LIF whose rates were fitted to the axon's have the
        train, and nothing else: an f-I curve does not know of onsets.
        """
    )
    found = page.run(hodgkin_huxley, 6 if page.quick else 25)
    table = page.run(three_steps, found)
    page.draw(
        "3, -3 and 10 µA/cm² at four levels. The first two spikes of the axon have no partner.",
        "four panels: the axon spikes at the onset of a weak step, after a negative step and"
        " in a train; the others only in the train",
        draw_levels,
        table,
    )
    _tell(page, table)
    axon = table["channels"].spikes
    onset, rebound, train = (axon[(axon > a) & (axon < b)]
                             for a, b in ((0.07, 0.22), (0.22, 0.38), (0.38, 0.55)))  # fmt: skip
    page.near("axon, 3 µA/cm²: spikes", onset.size, 1, 0, digits=0)
    page.near("axon, after -3 µA/cm²: spikes", rebound.size, 1, 0, digits=0)
    page.holds("when that is", "after the step", f"at {rebound[0] * 1e3:.0f} ms",
               bool(rebound[0] > 0.32))  # fmt: skip
    late = train[train > 0.43]
    page.near("axon, 10 µA/cm²: rate", (late.size - 1) / (late[-1] - late[0]), 68.324, 0.3, "Hz")
    for name in ("AdEx", "LIF"):
        early = table[name].spikes
        page.near(f"{name}: spikes before the strong step", (early < 0.38).sum(), 0, 0, digits=0)
