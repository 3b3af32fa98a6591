"""Plots of firing rates against what evokes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.plots.style import color, count_of, dressed, label, legend, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rate_curve(
    x: Any,
    rates: Any = None,
    *,
    xlabel: str | None = None,
    ylabel: str = "rate (Hz)",
    name: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw firing rates over a stimulus: a dot a measurement, a faint line between.

    Curves drawn into the same axes get colors of their own.

    Parameters
    ----------
    x : array_like or xarray.DataArray
        The stimulus: numbers or a quantity, whose unit is then written; or a DataArray of rates
        over one coordinate, as `rheobase.analysis.fi_curve` gives.
    rates : array_like, optional
        Rates [Hz], as many as x; not with a DataArray.
    xlabel, ylabel : str, optional
        Labels of the axes with their units.
    name : str, optional
        Name of the curve in the legend.
    ax : Axes, optional
        Axes to draw into; default a new figure.

    Raises
    ------
    ShapeError
        If x and rates have other sizes, or no rates are given.
    """
    stimulus, heights, words = _curve(x, rates)
    ax = dressed(ax, (4.6, 3.2))
    ink = color(count_of(ax, "rate_curve"))
    ax.plot(
        stimulus, heights, color=ink, linewidth=1.0, marker="o", markersize=4.5,
        markeredgewidth=0, label=name, gid="rate_curve",
    )  # fmt: skip
    drawn = [line.get_ydata() for line in ax.get_lines() if line.get_gid() == "rate_curve"]
    ax.autoscale(axis="y")  # a bottom that was set holds the top too, and cuts higher curves off
    if np.nanmin(np.concatenate(drawn)) >= 0:
        ax.set_ylim(bottom=0.0)
    label(ax, xlabel or words or None, ylabel)
    if name is not None:
        legend(ax, beside=False, inside="upper left")
    return ax


def _curve(x: Any, rates: Any) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the stimulus, the rates, and words for the axis of the stimulus."""
    words = ""
    if rates is None and hasattr(x, "coords") and np.ndim(x) == 1:
        (dimension,) = x.dims
        coordinate = x.coords[dimension]
        rates, words = x.to_numpy(), with_unit(str(dimension), coordinate.attrs.get("units", ""))
        x = coordinate.to_numpy()
    elif hasattr(x, "units") and hasattr(x, "magnitude"):
        unit = f"{x.units:~P}"
        x, words = x.magnitude, f"({unit})" if unit else ""
    if hasattr(rates, "magnitude"):
        rates = rates.to("Hz").magnitude
    stimulus = np.atleast_1d(np.asarray(x, dtype=np.float64))
    heights = np.atleast_1d(np.asarray(np.nan if rates is None else rates, dtype=np.float64))
    if rates is None or stimulus.shape != heights.shape or stimulus.ndim != 1:
        raise ShapeError(
            "a rate curve has one rate for each stimulus",
            given=f"{stimulus.shape} stimuli and {'no' if rates is None else heights.shape} rates",
            mend="write rb.plots.rate_curve(currents, rates)",
        )
    return stimulus, heights, words
