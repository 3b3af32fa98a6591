"""The benchmark networks of the 2007 review of simulators."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import rheobase as rb
from rheobase.bench.networks import EXCITATORY, N, coba, cobahh, cuba
from rheobase.tour.page import Chapter, Page
from rheobase.tour.style import BLUE, VERMILION
from rheobase.units import ms, second

CHAPTER = Chapter(
    "Three networks of 4,000 neurons",
    """
    Brette and others compared simulators in 2007 on networks of 3,200 excitatory and 800
    inhibitory neurons, every ordered pair connected with probability 0.02. Nothing drives them:
    a random initial state ignites an activity that keeps itself up. The review prints no rates;
    those below were found with independent programs on the same equations, for two random
    networks each (one for COBAHH), and 10 % more or less is the play between random networks.
    """,
    order=50,
)


def draw_network(result: rb.Result) -> Figure:
    """Draw the spikes of every twentieth neuron, and the rates of both populations."""
    spikes = result.spikes["cells"]
    figure, (raster, rate) = plt.subplots(
        2, 1, figsize=(7.2, 4.4), sharex=True, height_ratios=[2.2, 1]
    )
    for cells, color, name in [(slice(0, EXCITATORY), BLUE, "excitatory"),
                               (slice(EXCITATORY, N), VERMILION, "inhibitory")]:  # fmt: skip
        part = spikes[cells]
        shown = part.ids % 20 == 0
        raster.plot(part.times[shown], part.ids[shown], ".", color=color, markersize=2.2,
                    rasterized=True)  # fmt: skip
        edges = np.arange(0, result.stop + 0.0025, 0.005)
        counts, _ = np.histogram(part.times, edges)
        rate.plot(edges[:-1] + 0.0025, counts / part.size / 0.005, color=color, label=name)
    raster.set(ylabel="neuron (every 20th)", ylim=(-40, N + 40))
    rate.set(xlabel="time [s]", ylabel="rate [Hz]", xlim=(0, result.stop))
    rate.legend(ncols=2, loc="upper right")
    return figure
