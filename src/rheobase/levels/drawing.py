"""The figure of a comparison: the stimulus, and every level below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.levels.comparison import Comparison, LevelResult
from rheobase.plots import traces
from rheobase.plots.style import FRAME, INK, color, dressed, label, remark, with_unit
from rheobase.units import DIMENSIONLESS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(comparison: Comparison, axes: Any = None) -> Any:
    """Draw the stimulus and the levels; see `Comparison.plot`."""
    panels = _panels(comparison, axes)
    _draw_stimulus(panels[0], comparison)
    for number, (panel, entry) in enumerate(zip(panels[1:], comparison.values(), strict=True)):
        _draw_level(panel, comparison, entry, color(number))
    for panel in panels:
        panel.set_xlim(comparison.result.start, comparison.result.stop)
    label(panels[-1], "time (s)")
    return panels


def _panels(comparison: Comparison, axes: Any) -> Any:
    wanted = len(comparison) + 1
    if axes is None:
        import matplotlib.pyplot as plt

        heights = [0.55] + [1.0] * len(comparison)
        figure, axes = plt.subplots(
            wanted, 1, figsize=(7.2, 1.0 + 1.35 * sum(heights)), sharex=True,
            height_ratios=heights, layout="constrained",
        )  # fmt: skip
        figure.align_ylabels()
    panels = np.atleast_1d(np.asarray(axes, dtype=object)).reshape(-1)
    if panels.size != wanted:
        raise ShapeError(
            "the panels do not fit: one for the stimulus and one for each level",
            expected=f"{wanted} axes",
            given=f"{panels.size}",
            mend=f"write figure, axes = plt.subplots({wanted}, 1, sharex=True)",
        )
    for panel in panels:
        dressed(panel)
    return panels


def _draw_stimulus(ax: Axes, comparison: Comparison) -> None:
    stimulus, dt = comparison.stimulus, comparison.dt
    assert dt is not None
    steps = np.arange(round(comparison.duration / dt))
    values = stimulus.unit.from_si(stimulus.values(steps, dt)[:, 0])
    ax.plot(steps * dt, values, drawstyle="steps-post", color=INK, linewidth=1)
    plain = stimulus.dimension == DIMENSIONLESS
    label(ax, y="input" if plain else f"input\n({stimulus.unit.text})")


def _draw_level(ax: Axes, comparison: Comparison, entry: LevelResult, ink: str) -> None:
    spiking = comparison[comparison.reference]
    if spiking.kind == "spikes" and entry.name != comparison.reference:
        for time in spiking.spikes:
            ax.axvline(time, color=FRAME, linewidth=0.6, alpha=0.35, zorder=0)
    if entry.kind == "rate":
        shown = entry.trace
        ax.plot(shown["time"], shown.to_numpy() * entry.scale, color=ink)
        label(ax, y="rate (Hz)")
    else:
        traces(comparison.result, entry.variable, recording=entry.name, ax=ax)
        for artist in (*ax.lines, *ax.collections):
            if artist.get_gid() in ("traces", "spikes"):
                artist.set(color=ink)
        label(ax, y=with_unit(entry.variable, str(entry.trace.attrs["units"])))
        ax.set_xlabel("")
    ax.set_title(entry.name, loc="left", fontsize=10, fontweight="bold", color=ink, pad=3)
    remark(ax, _words(comparison, entry))


def _words(comparison: Comparison, entry: LevelResult) -> str:
    """Say in a line what a level did and how it differs."""
    parts = []
    if entry.spike_count is not None:
        parts.append(f"{entry.spike_count} spike{'s' * (entry.spike_count != 1)}")
    if np.isfinite(entry.rate):
        own = entry.name == comparison.reference or not np.isfinite(entry.rate_error)
        parts.append(f"{entry.rate:.1f} Hz" + ("" if own else f" ({entry.rate_error:+.1f})"))
    if entry.name == comparison.reference:
        return ", ".join([*parts, "the reference"])
    if entry.match is not None:
        matched = f"{len(entry.matched)} matched"
        if len(entry.matched):
            matched += f", {entry.spike_time_error * 1e3:.1f} ms apart"
        parts.append(matched)
    if np.isfinite(entry.subthreshold_error):
        parts.append(f"{entry.subthreshold_error:.1f} mV between spikes")
    return ", ".join(parts)
