"""Statistics of trains whose statistics are known."""

import numpy as np
import pytest

from rheobase.bench.statistics import describe, irregularity, spectral_peak, synchrony
from rheobase.results import SpikeTrains


def poisson(rate, cells, duration, seed=0):
    """Trains on a grid of 0.1 ms."""
    rng = np.random.default_rng(seed)
    steps, ids = np.nonzero(rng.random((round(duration * 1e4), cells)) < rate * 1e-4)
    return SpikeTrains(steps * 1e-4, ids, cells, start=0.0, stop=duration, dt=1e-4)


def clocks(rate, cells, duration):
    times = np.arange(round(duration * rate)) / rate
    return SpikeTrains(
        np.repeat(times, cells), np.tile(np.arange(cells), times.size), cells,
        start=0.0, stop=duration, dt=1e-4,
    )  # fmt: skip


def test_poisson_trains_are_irregular_and_not_synchronous():
    spikes = poisson(40.0, 200, 4.0)
    assert irregularity(spikes) == pytest.approx(1.0, abs=0.03)
    assert synchrony(spikes) == pytest.approx(1.0, abs=0.1)
    assert spectral_peak(spikes)[1] < 6
    assert describe(spikes)["rate"] == pytest.approx(40.0, rel=0.02)


def test_clocks_that_tick_together():
    spikes = clocks(40.0, 100, 2.0)
    assert irregularity(spikes) == pytest.approx(0.0, abs=1e-9)
    # One bin in 25/3 holds 100 spikes: variance over mean is 100*(1 - 3/25).
    assert synchrony(spikes) == pytest.approx(88.0, rel=0.02)
    frequency, height = spectral_peak(spikes)
    assert frequency % 40.0 == 0.0
    assert height > 100


def test_synchrony_is_of_a_thousand_cells():
    together = clocks(40.0, 1500, 0.5)
    assert synchrony(together) == pytest.approx(880.0, rel=0.05)


def test_views_keep_their_own_cells():
    spikes = poisson(40.0, 50, 4.0)
    assert irregularity(spikes[40:]) == pytest.approx(1.0, abs=0.1)


def test_silence_has_no_statistics():
    silent = SpikeTrains([], [], 10, start=0.0, stop=1.0)
    found = describe(silent)
    assert found["rate"] == 0.0
    assert all(np.isnan(found[key]) for key in ("cv", "synchrony", "frequency", "peak"))
