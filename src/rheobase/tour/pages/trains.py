"""Chapter B: regular spike trains, and the first small network."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import GRAY
from rheobase.units import Hz, ms, second

CHAPTER = Chapter(
    "B. Spike trains and a first network",
    """
    A regular train of rate r in an interval that begins at t0 has spikes at t0 + 1/(2r), then
    every 1/r, strictly before the interval's end. An input neuron replays it; every arrow of the
    network has a weight and a delay of one step.
    """,
    order=20,
)


def regular_trains() -> list[np.ndarray]:
    """10 Hz to 0.2 s, 25 Hz to 0.5 s: without jitter, then five times with a tenth of 1/r."""
    rates, until = [10, 25] * Hz, [0.2, 0.5] * second
    exact = rb.stimuli.regular_spikes(rates, until)
    jittered = rb.stimuli.regular_spikes(rates, until, jitter=0.1)
    return [exact.times(0.5 * second)] + [
        jittered.times(0.5 * second, seed=seed) for seed in range(1, 6)
    ]


def the_tenth_spike() -> np.ndarray:
    """Make the train as the notebook does: a range of floating-point numbers an interval."""
    return np.concatenate([np.arange(0.05, 0.2, 1 / 10), np.arange(0.2 + 0.02, 0.5, 1 / 25)])


def draw_trains(trains: list[np.ndarray]) -> Figure:
    """Draw a raster: the regular train, and five jittered ones under it."""
    figure, axes = plt.subplots(figsize=(7.2, 2.6))
    names = ["regular", *(f"jittered {number}" for number in range(1, 6))]
    rb.plots.raster(trains, labels=names, ax=axes)
    axes.axvspan(0.3, 0.4, color=GRAY, alpha=0.18, linewidth=0)
    axes.axvline(0.2, color=GRAY, linestyle="--", linewidth=1)
    for time, words in [(0.1, "10 Hz"), (0.25, "25 Hz"), (0.35, "[0.3, 0.4) s")]:
        axes.text(time, -0.15, words, ha="center", va="bottom")
    axes.set_xlim(0, 0.5)
    return figure


@CHAPTER.experiment("A regular train, and a tenth spike")
def a_regular_train(page: Page) -> None:
    """The train of the assignment, counted."""
    trains = page.run(regular_trains)
    page.draw(
        "The assignment's train and five with jitter. The shaded window is closed below"
        " and open above: the spike at 0.3 s is in it, one at 0.4 s would not be.",
        "raster of six trains; the first is regular at 10 and then 25 Hz",
        draw_trains,
        trains,
    )
    regular = trains[0]
    inside = int(np.count_nonzero((regular >= 0.3 - 1e-9) & (regular < 0.4 - 1e-9)))
    page.near("spikes in [0.3, 0.4) s", inside, 3, 0, digits=0)
    page.near("spikes in [0, 0.5) s", regular.size, 9, 0, digits=0)
    page.text(
        """
        The notebook prints a tenth spike, at 0.5 s, where its interval has ended. It makes the
        train with a range of floating-point numbers, and there (0.5 − 0.22)/0.04 comes out as
        7.000000000000001, so that the range has eight entries instead of seven:
        """
    )
    notebook = page.run(the_tenth_spike)
    page.near("spikes in the notebook's way", notebook.size, 10, 0, digits=0)
    page.near("the tenth", notebook[-1], 0.5, 1e-9, "s", digits=3)


def one_neuron_one_input() -> rb.Result:
    """30 Hz for 1 s into one neuron with a slow current: figure 1a."""
    net = rb.Network(dt=1 * ms)
    source = net.add(rb.stimuli.regular_spikes([30 * Hz], [1 * second]), name="input")
    cell = net.add(rb.models.NormalizedLIF(tau_s=100 * ms), name="cell")
    net.connect(source, cell, weight=0.05)
    net.record(cell, "v")
    return net.run(1 * second)


def draw_one_neuron(result: rb.Result) -> Figure:
    """Draw v with its spikes, and the raster of input and neuron under it."""
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7.2, 3.8), sharex=True, height_ratios=[3, 1]
    )
    rb.plots.traces(result, "v", ax=above)
    above.axhline(1, color=GRAY, linestyle="--", linewidth=1)
    rb.plots.raster(result, ax=below)
    return figure


@CHAPTER.experiment("Figure 1a: one neuron, one input")
def figure_1a(page: Page) -> None:
    """The test network of the assignment."""
    result = page.run(one_neuron_one_input)
    page.draw(
        "v of the neuron (spikes drawn above the threshold) and the raster of both.",
        "v climbs with every input spike, reaches 1, and fires ever faster",
        draw_one_neuron,
        result,
    )
    page.near("spikes of the neuron", result.spikes["cell"].count, 36, 0, digits=0)
