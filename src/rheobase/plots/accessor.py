"""``result.plot``: the plots of a result as its methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rheobase.plots import of_spikes, of_traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.results.result import Result


class ResultPlots:
    """Plots of a result; each takes ``ax`` and returns Matplotlib Axes."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def raster(self, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw all spikes; see `rheobase.plots.raster`."""
        return of_spikes.raster(self._result, labels, ax)

    def traces(self, variable: str | None = None, **options: Any) -> Axes:
        """Draw a recorded variable; see `rheobase.plots.traces` for the options."""
        return of_traces.traces(self._result, variable, **options)

    def population_rate(self, bin: Any = 5e-3, ax: Axes | None = None) -> Axes:
        """Draw the rate of each population; see `rheobase.plots.population_rate`."""
        return of_spikes.population_rate(self._result, bin, ax)

    def isi_histogram(self, bins: Any = 50, ax: Axes | None = None) -> Axes:
        """Draw interspike intervals; see `rheobase.plots.isi_histogram`."""
        return of_spikes.isi_histogram(self._result, bins, ax)

    def __repr__(self) -> str:
        return "<plots of a result: raster, traces, population_rate, isi_histogram>"
