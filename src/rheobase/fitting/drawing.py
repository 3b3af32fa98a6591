"""Figures of recordings and fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.fitting.recording import Floats, Recording
from rheobase.plots.style import INK, color, dressed, label, legend, remark, with_unit
from rheobase.units import DIMENSIONLESS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.fitting.result import Fit, Sweep

_MODEL = color(1)


def draw_recording(recording: Recording, ax: Axes | None = None) -> Axes:
    """Draw a recording; see `Recording.plot`."""
    ax = dressed(ax, (7.0, 2.2))
    _draw_data(ax, recording)
    if recording.name:
        _title(ax, recording.name)
    label(ax, "time (s)")
    return ax


def _draw_data(ax: Axes, recording: Recording) -> None:
    values = recording.voltage
    if values is None:
        ax.vlines(recording.spikes, 0.0, 1.0, color=INK, linewidth=0.8, label="data")
        ax.set_yticks([])
        label(ax, y="spikes")
    else:
        ax.plot(recording.times, values, color=INK, linewidth=0.8, label="data")
        label(ax, y=with_unit("v", recording.unit))
    ax.set_xlim(recording.start, recording.stop)


def draw_fit(fit: Fit, axes: Any = None) -> Any:
    """Draw recordings and model; see `Fit.plot`."""
    curve = len(fit.sweeps) > 1 and any(one.measured_count for one in fit.sweeps)
    panels = _panels(len(fit.sweeps), curve, axes)
    for place, (panel, sweep) in enumerate(zip(panels, fit.sweeps, strict=False)):
        _draw_sweep(panel, sweep)
        if place == len(fit.sweeps) - 1:
            panel.set_xlabel("time (s)", color=INK, fontsize=10)
        else:
            panel.tick_params(labelbottom=False)
    if curve:
        _draw_curve(panels[-1], fit)
    else:
        legend(panels[0], beside=True)
    return panels


def _panels(count: int, curve: bool, axes: Any) -> Any:
    wanted = count + curve
    if axes is None:
        import matplotlib.pyplot as plt

        height = 0.9 + 1.05 * count
        if curve:
            figure = plt.figure(figsize=(9.6, max(height, 3.2)), layout="constrained")
            grid = figure.add_gridspec(count, 2, width_ratios=(2.1, 1))
            sweeps = [figure.add_subplot(grid[row, 0]) for row in range(count)]
            axes = [*sweeps, figure.add_subplot(grid[:, 1])]
        else:
            axes = plt.subplots(count, 1, figsize=(7.4, height), layout="constrained")[1]
    panels = np.atleast_1d(np.asarray(axes, dtype=object)).reshape(-1)
    if panels.size != wanted:
        raise ShapeError(
            "the panels do not fit: one for each recording"
            + (" and one for the curve of spikes over the current" if curve else ""),
            expected=f"{wanted} axes",
            given=f"{panels.size}",
            mend=f"write figure, axes = plt.subplots({wanted}, 1)",
        )
    for panel in panels:
        dressed(panel)
    return panels


def _draw_sweep(ax: Axes, sweep: Sweep) -> None:
    recording = sweep.recording
    _draw_data(ax, recording)
    if sweep.voltage is None:
        ax.vlines(sweep.spikes, 1.1, 2.1, color=_MODEL, linewidth=0.8, label="model")
    else:
        times, values = _with_spikes(sweep)
        ax.plot(times, values, color=_MODEL, linewidth=0.8, alpha=0.85, label="model")
    _title(ax, recording.name + (" (held out)" if sweep.held_out else ""))
    remark(ax, f"{sweep.measured_count} spikes, model {sweep.count}")


def _with_spikes(sweep: Sweep) -> tuple[Floats, Floats]:
    """Return the model's voltage with a line up to the data's peak where a spike has no shape."""
    assert sweep.voltage is not None and sweep.recording.voltage is not None
    times, values = sweep.times, sweep.voltage
    if not sweep.spikes.size:
        return times, values
    places = np.clip(np.searchsorted(times, sweep.spikes), 1, times.size - 1)
    around = np.stack([values[np.clip(places + k, 0, times.size - 1)] for k in range(-2, 3)])
    peak = float(np.quantile(sweep.recording.voltage, 0.9995))
    shapeless = around.max(axis=0) < peak - 0.2 * (peak - float(np.median(values)))
    spikes = sweep.spikes[shapeless]
    at = places[shapeless]
    return np.insert(times, at, spikes), np.insert(values, at, peak)


def _draw_curve(ax: Axes, fit: Fit) -> None:
    """Draw spikes a second over the current, of data and model."""
    unit = fit.sweeps[0].recording.stimulus.unit
    currents = np.array([unit.from_si(one.recording.mean_current) for one in fit.sweeps])
    order = np.argsort(currents)
    length = np.array([one.recording.stop - one.recording.onset for one in fit.sweeps])
    for counts, ink, marker, words in (
        ([one.measured_count for one in fit.sweeps], INK, "o", "data"),
        ([one.count for one in fit.sweeps], _MODEL, "s", "model"),
    ):
        rates = np.array(counts) / length
        ax.plot(currents[order], rates[order], "-", color=ink, linewidth=1)
        for held, fill in ((False, ink), (True, "white")):
            chosen = np.array([one.held_out == held for one in fit.sweeps])
            ax.plot(currents[chosen], rates[chosen], marker, color=ink, markerfacecolor=fill,
                    markersize=6, linestyle="none", label=words if not held else None)  # fmt: skip
    ax.set_ylim(0, None)
    plain = unit.dimension == DIMENSIONLESS
    label(ax, "stimulus" if plain else with_unit("current", unit.text))
    ax.set_ylabel("rate after onset (Hz)", color=INK, fontsize=10)
    if fit.held_out:
        remark(ax, "open: held out")
    legend(ax, beside=False, inside="lower right")


def draw_history(fit: Fit, ax: Axes | None = None) -> Axes:
    """Draw the best loss over evaluations; see `Fit.plot_history`."""
    ax = dressed(ax, (5.0, 3.0))
    ax.plot(fit.history.evaluations, fit.history.loss, color=color(0), drawstyle="steps-post")
    if np.all(fit.history.loss[np.isfinite(fit.history.loss)] > 0):
        ax.set_yscale("log")
    label(ax, "evaluations of the model", f"best loss ({fit.loss_name})")
    return ax


def _title(ax: Axes, text: str) -> None:
    ax.set_title(text, loc="left", fontsize=10, fontweight="bold", color=INK, pad=3)
