"""Statistics of spike trains by which two simulations of one network are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rheobase import analysis
from rheobase.analysis.spectra import spectrum_of

if TYPE_CHECKING:
    from rheobase.results import SpikeTrains

FEWEST_INTERVALS: Final = 5
SYNCHRONY_BIN: Final = 3e-3
SYNCHRONY_CELLS: Final = 1000
SPECTRUM_BIN: Final = 0.5e-3
SPECTRUM_SEGMENT: Final = 0.25
LOWEST_FREQUENCY: Final = 8.0


def describe(spikes: SpikeTrains) -> dict[str, float]:
    """Return every statistic of a population, by name; nan where there are too few spikes."""
    frequency, height = spectral_peak(spikes)
    return {
        "rate": spikes.mean_rate(),
        "cv": irregularity(spikes),
        "synchrony": synchrony(spikes),
        "frequency": frequency,
        "peak": height,
    }


def irregularity(spikes: SpikeTrains) -> float:
    """Return the mean coefficient of variation of the intervals of cells.

    Of cells with at least 5 intervals: with fewer the coefficient is far too small.
    """
    counts = np.bincount(np.searchsorted(spikes.cells, spikes.ids), minlength=spikes.size)
    enough = counts > FEWEST_INTERVALS
    return float(np.mean(spikes.cv()[enough])) if enough.any() else float("nan")


def synchrony(spikes: SpikeTrains) -> float:
    """Return variance over mean of the spike count of 1,000 cells in bins of 3 ms.

    1 for independent Poisson trains. It grows with the number of cells where they are
    correlated, hence a fixed number; populations with fewer cells give all they have.
    """
    if not spikes.count:
        return float("nan")
    return analysis.synchrony(spikes[: min(SYNCHRONY_CELLS, spikes.size)], SYNCHRONY_BIN)


def spectral_peak(spikes: SpikeTrains) -> tuple[float, float]:
    """Return the strongest frequency of the population [Hz], and its power over the median's.

    From the rate in bins of 0.5 ms, segments of 250 ms that overlap by half, each with a Hann
    window; above 8 Hz, so that a drift of the rate is no oscillation.
    """
    if not spikes.count or spikes.duration < SPECTRUM_SEGMENT:
        return float("nan"), float("nan")
    frequencies, power, _ = spectrum_of(spikes, SPECTRUM_BIN, SPECTRUM_SEGMENT)
    high = frequencies >= LOWEST_FREQUENCY
    frequencies, power = frequencies[high], power[high]
    return float(frequencies[np.argmax(power)]), float(power.max() / np.median(power))
