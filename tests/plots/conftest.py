"""Figures are drawn off screen and closed after each test."""

import matplotlib
import numpy as np
import pytest

from rheobase.results import Result, SpikeTrains, TraceData

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def trains(name, size, count, stop=1.0, seed=0):
    """Return random spikes of a population on a grid of 1 ms."""
    rng = np.random.default_rng([seed, size, count])
    steps = np.sort(rng.integers(0, round(stop * 1e3), count))
    ids = rng.integers(0, size, count)
    return SpikeTrains(steps * 1e-3, ids, size, name=name, stop=stop, dt=1e-3)


@pytest.fixture
def make_trains():
    return trains


@pytest.fixture
def make_result():
    """Return a function that gives a result with a sawtooth voltage that fires at its top."""

    def make(names=("A", "B"), cells=2, period=50, unit="mV"):
        times = np.arange(200) * 1e-3
        spikes, traces = [], []
        for k, name in enumerate(names):
            phase = np.arange(times.size)[:, None] + 7 * k + np.arange(cells)
            values = {"v": -65 + 15 * (phase % period) / (period - 1), "w": np.cos(phase / 20)}
            row, cell = np.nonzero(phase % period == period - 1)
            spikes.append(
                SpikeTrains(times[row], cell, cells, name=name, stop=0.2, dt=1e-3)
            )  # fmt: skip
            units = {"v": unit, "w": "1"}
            traces.append(TraceData(name, name, times, np.arange(cells), values, units))
        return Result(spikes, traces, dt=1e-3, stop=0.2, seed=0)

    return make


@pytest.fixture
def drawn():
    """Return a function that gives the artists of a kind that axes hold."""
    return lambda ax, kind: [a for a in ax.get_children() if a.get_gid() == kind]
