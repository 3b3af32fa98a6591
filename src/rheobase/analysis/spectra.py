"""Rhythms of a population: the power spectrum of its rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.analysis.trains import positive_time, trains_of
from rheobase.errors import UserError
from rheobase.network.grid import TOLERANCE

if TYPE_CHECKING:
    import xarray as xr

    from rheobase.results.spikes import SpikeTrains

_CALL = "rb.analysis.population_spectrum"
_PASTE = f"{_CALL}(spikes, bin=1*ms, segment=500*ms)"


def population_spectrum(trains: Any, bin: Any = 1e-3, segment: Any = 0.5) -> xr.DataArray:
    """Return the power spectral density of a population's rate, one-sided.

    Of the rate in spikes a second and cell, in bins: by Welch's method, the mean over segments
    that overlap by half, their mean taken off, each under a Hann window. The integral over
    frequency is the variance of the rate in the bins. N independent Poisson trains of rate r are
    flat at 2*r/N.

    Parameters
    ----------
    trains
        SpikeTrains, a Result of one population, the times of one cell, or a list of those of
        several (quantities, or plain numbers in seconds). Leave out the beginning:
        ``spikes.between(200*ms)``.
    bin
        Width of the bins: a quantity, a text, or seconds. Frequencies go up to 1/(2*bin).
    segment
        Length of the segments: frequencies are 1/segment apart. Shorter ones give a smoother
        spectrum. Trains that cover less are one segment.

    Returns
    -------
    xarray.DataArray, shape (frequencies,)
        In Hz**2/Hz, over the coordinate "frequency" [Hz]. ``attrs["segments"]`` is how many were
        averaged: the relative deviation by chance is about its inverse square root. The strongest
        rhythm above 5 Hz: ``spectrum.sel(frequency=slice(5, None)).idxmax()``.

    Raises
    ------
    UnitError, UserError
        Bin or segment is no time above 0, or there are fewer than four bins.

    Notes
    -----
    Source: P. D. Welch, IEEE Transactions on Audio and Electroacoustics 15 (1967).

    Examples
    --------
    >>> power = rb.analysis.population_spectrum(result, bin=2*ms, segment=100*ms)
    """
    import xarray as xr

    found = trains_of(trains, _CALL)
    frequencies, power, count = spectrum_of(found, bin, segment)
    axis = xr.Variable("frequency", frequencies, {"units": "Hz"})
    attributes = {"units": "Hz**2/Hz", "of": found.name, "segments": count}
    return xr.DataArray(power, {"frequency": axis}, ("frequency",), name="power", attrs=attributes)


def spectrum_of(found: SpikeTrains, bin: Any, segment: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Return frequencies [Hz], the density there, and how many segments it is averaged over."""
    width = positive_time(bin, _CALL, "bin", _PASTE)
    asked = positive_time(segment, _CALL, "segment", _PASTE)
    bins = int(np.floor(found.duration / width + TOLERANCE))
    length = min(round(asked / width), bins)
    if length < 4:
        raise UserError(
            f"{_CALL}: a segment of {min(asked, found.duration):g} s has {max(length, 0)} bins of "
            f"{width:g} s; a spectrum takes at least four",
            mend=f"write {_PASTE}",
        )
    rate = found._rate_in_bins(width)[1][:bins]
    power, count = _welch(rate, length, width)
    return np.fft.rfftfreq(length, width), power, count


def _welch(rate: np.ndarray, length: int, width: float) -> tuple[np.ndarray, int]:
    """Return the one-sided density, and how many segments it is averaged over."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    starts = range(0, rate.size - length + 1, max(length // 2, 1))
    pieces = np.stack([rate[first : first + length] for first in starts])
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * window
    density = np.abs(np.fft.rfft(pieces, axis=1)) ** 2 * (width / np.sum(window**2))
    density[:, 1 : (length + 1) // 2] *= 2.0  # both signs of every frequency but the ends
    return density.mean(axis=0), len(starts)
