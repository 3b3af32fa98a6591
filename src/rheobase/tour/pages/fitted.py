"""A neuron fitted to real data, and conductances found from a trace."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.plots.style import INK
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, GREEN, VERMILION
from rheobase.units import cm, mS, ms, mV, nS, pA, pF, second, uA

CHAPTER = Chapter(
    "Parameters from recordings",
    """
    A model says what a cell of its kind does; which cell it is, its parameters say. They can be
    found from a recording: many candidates get the current that the cell got, and those that
    do most nearly what it did are followed up. What the fit has not seen shows what it is worth.
    """,
    order=84,
)

#: What counts as one unit off.
LOSS = rb.fitting.losses.features(
    count=1, latency=10 * ms, first_interval=5 * ms, last_interval=3 * ms, baseline=2 * mV,
    trough=3 * mV,
)  # fmt: skip

#: Where the parameters of an AdEx are looked for.
BOUNDS = {
    "C_m": (20, 300) * pF,
    "g_L": (1, 20) * nS,
    "E_L": (-80, -60) * mV,
    "V_T": (-60, -30) * mV,
    "Delta_T": (0.5, 8) * mV,
    "a": (0, 10) * nS,
    "tau_w": (5, 500) * ms,
    "b": (1, 1000) * pA,
    "V_r": (-70, -40) * mV,
    "tau_ref": (0, 15) * ms,
}


def cortical_cell(iterations: int) -> rb.fitting.Fit:
    """Fit an AdEx to three sweeps of a cortical cell; two are held out."""
    recordings = [one.part(0.5 * second, 2.75 * second) for one in rb.fitting.recordings.b6()]
    return rb.fit_parameters(
        rb.models.AdEx(V_cut=0 * mV), recordings, BOUNDS, loss=LOSS,
        held_out=["B6 182", "B6 184"], iterations=iterations, population=30, seed=2,
    )  # fmt: skip


def draw_fit(fit: rb.fitting.Fit) -> Figure:
    """Draw data and model."""
    figure: Figure = fit.plot()[0].figure
    return figure


@CHAPTER.experiment("A cortical cell")
def a_cortical_cell(page: Page) -> None:
    """An AdEx for five sweeps of a real cell."""
    page.text(
        """
        Five sweeps of one cell of rat somatosensory cortex, two seconds of current each. An AdEx,
        with ten parameters free, is fitted to three of them: the number of spikes, the first one,
        the first interval and the last ones, the voltage before the step and the lowest between
        spikes. A generation of thirty candidates under three currents is one network of
        ninety cells.
        """
    )
    fit = page.run(cortical_cell, 12 if page.quick else 60)
    page.printed(str(fit))
    page.draw(
        "The recordings (black) and the AdEx (orange); its spikes, which have no shape, are drawn "
        "up to the peak of the data. Right: spikes a second over the current.",
        "five voltage traces with spikes, data and model, and a curve that bends down",
        draw_fit,
        fit,
    )
    page.text(
        """
        Rates and their adaptation are predicted; the times of single spikes are not. Under a
        constant current the smallest error of an interval adds up, and after a second the two
        trains meet by chance: the coincidence factor is near 0. A current that fluctuates would
        tell more.
        """
    )
    for one in fit.sweeps:
        wanted = one.measured_count
        seen = "held out" if one.held_out else "fitted"
        within = np.ceil((0.3 if page.quick else 0.1) * wanted)
        page.near(f"{one.name}, {seen}: spikes", one.count, wanted, within, digits=0)


STEP = rb.stimuli.step(10 * uA / cm**2, start=10 * ms, stop=80 * ms)
UNIT = mS / cm**2
CONDUCTANCES = {"g_Na": (20, 400) * UNIT, "g_K": (5, 120) * UNIT, "g_L": (0.05, 2) * UNIT}
PUBLISHED = {"g_Na": 120.0, "g_K": 36.0, "g_L": 0.3}


def measured(model: Any) -> rb.fitting.Recording:
    """What is measured of a cell: its voltage, every 0.1 ms."""
    net = rb.Network(dt=0.025 * ms, seed=0)
    cell = net.add(model, name="cell")
    net.inject(cell, STEP)
    net.record(cell, "v", every=0.1 * ms)
    voltage = net.run(100 * ms).traces["cell"].v[:, 0].to_numpy()
    return rb.fitting.Recording(STEP, voltage * mV, 0.1 * ms, name="axon")


def conductances(recording: rb.fitting.Recording, optimizer: str, **options: Any) -> Any:
    """Find three conductances, from far away."""
    model = rb.models.HodgkinHuxley(g_Na=50 * UNIT, g_K=10 * UNIT, g_L=1 * UNIT)
    return rb.fit_parameters(model, recording, CONDUCTANCES, optimizer=optimizer,
                             dt=0.025 * ms, seed=1, **options)  # fmt: skip


def draw_histories(fits: dict[str, rb.fitting.Fit]) -> Figure:
    """Draw how the losses go down, and the fitted trace."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0), width_ratios=(1, 1.3))
    for ink, (name, fit) in zip((BLUE, GREEN), fits.items(), strict=True):
        shown = np.maximum(fit.history.loss, 1e-16)
        left.plot(fit.history.evaluations, shown, color=ink, label=name)
    left.set(yscale="log", xlabel="runs of the model", ylabel="best mean square (mV²)")
    left.legend()
    (sweep,) = next(iter(fits.values())).sweeps
    data = sweep.recording
    right.plot(data.times * 1e3, data.voltage, color=INK, linewidth=2.5, alpha=0.35, label="data")
    right.plot(sweep.times * 1e3, sweep.voltage, color=VERMILION, linewidth=1, label="model")
    right.set(xlabel="time (ms)", ylabel="v (mV)")
    right.legend(loc="upper right")
    return figure


@CHAPTER.experiment("Conductances from a voltage trace")
def conductances_of_an_axon(page: Page) -> None:
    """Three conductances of Hodgkin and Huxley, along the gradient and without."""
    page.text(
        """
        A trace of which the truth is known: Hodgkin and Huxley's axon under a step, with spikes.
        From it the three conductances are looked for, within a factor of twenty and more. The
        reverse of the run gives the derivative of the error by each of them at about the cost of
        a second run; following it (L-BFGS) takes a few dozen runs from the best of 64 random
        places. Differential evolution needs no derivative, and many more runs.
        """
    )
    recording = page.run(measured, rb.models.HodgkinHuxley)
    descended = page.run(conductances, recording, "lbfgs", iterations=40)
    evolved = conductances(recording, "differential_evolution", iterations=50, population=24)
    fits = {"along the gradient": descended, "differential evolution": evolved}
    page.draw(
        "Left: the best candidate so far. Right: the trace and the model found along the gradient.",
        "two falling curves, one much steeper; a trace with five spikes, model and data alike",
        draw_histories,
        fits,
    )
    for way, fit in fits.items():
        for name, value in PUBLISHED.items():
            found = fit.parameters[name].to(UNIT).magnitude
            page.near(f"{name}, {way}", found, value, round(0.01 * value, 4), "mS/cm²")
