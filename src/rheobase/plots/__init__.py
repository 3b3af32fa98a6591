"""Plots: each function takes ``ax`` (default: a new figure) and returns Matplotlib Axes.

Times are in seconds on every axis, as they are in the data, so that what you draw into the
same axes fits. Matplotlib is loaded when the first plot is drawn; its settings are not changed.
"""

from rheobase.plots.of_rates import rate_curve
from rheobase.plots.of_spikes import isi_histogram, population_rate, raster
from rheobase.plots.of_traces import traces

__all__ = ["isi_histogram", "population_rate", "raster", "rate_curve", "traces"]
