"""Pictures of whole membranes, and of pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.channels.drawing import _plain_ticks, _volts
from rheobase.channels.gating import Held
from rheobase.channels.reversal import celsius
from rheobase.channels.settling import Floats, Settled, settled_where, state_of
from rheobase.errors import ShapeError, UserError
from rheobase.style import FRAME, INK, color, dressed, label, legend, remark
from rheobase.units import parse_unit, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.channels.membrane import Membrane
    from rheobase.channels.pool import Pool

_PER_AREA = parse_unit("uA/cm**2")
_LINES = ("-", "--", ":", "-.", (0, (1, 3)))
_COLORS = 6
"""Of the palette: black is the sum of all."""
_STEEP = 100.0
"""Where the largest current is above this, their axis is logarithmic [uA/cm**2] ..."""
_LINEAR = 1.0
"""... but for currents below this, which are drawn to scale."""
_POINTS = 401
_FALL = 10.0
"""From how many times the concentration at rest a pool is let go."""


def draw_membrane(membrane: Membrane, low: Any, high: Any, ax: Any,
                  values: Mapping[str, Any]) -> tuple[Axes, ...]:  # fmt: skip
    """Draw a membrane; see `Membrane.plot`."""
    volts = _volts(low, high, (), {}).magnitude
    settled = Settled(membrane, 1e-3 * volts, values)
    gates = list(settled.gates())
    axes = _axes(ax, 3 if gates else 1)
    _draw_currents(axes[0], volts, settled)
    axes[0].set_title(membrane.name, loc="left", fontsize=10, color=INK)
    if gates:
        _draw_gates(axes[1], axes[2], volts, gates, list(membrane.channels))
    return tuple(axes)


def _axes(ax: Any, count: int) -> list[Axes]:
    if ax is None:
        import matplotlib.pyplot as plt

        size = (12.0, 3.4) if count == 3 else (5.2, 3.4)
        ax = plt.subplots(1, count, figsize=size, layout="constrained")[1]
    given = list(np.ravel(ax)) if isinstance(ax, (Sequence, np.ndarray)) else [ax]
    if len(given) != count:
        what = {3: "currents, steady states and time constants of gates", 1: "its currents",
                2: "steady concentrations and their decay"}[count]  # fmt: skip
        raise ShapeError(
            f"plot: it is drawn into {count} Axes, {what}", given=f"{len(given)} Axes",
            mend=f"write fig, axes = plt.subplots(1, {count}), and ax=axes",
        )  # fmt: skip
    return [dressed(each) for each in given]


def _draw_currents(axes: Axes, volts: Floats, settled: Settled) -> None:
    axes.axhline(0, color=FRAME, linewidth=0.8)
    whole, parts = np.zeros(volts.shape), list(settled.currents())
    for k, (ending, current) in enumerate(parts):
        shown = _PER_AREA.from_si(current)
        whole = whole + shown
        line = _LINES[k // _COLORS % len(_LINES)]
        axes.plot(volts, shown, color=color(k % _COLORS), linestyle=line, linewidth=1.2,
                  label=ending)  # fmt: skip
    if len(parts) > 1:
        axes.plot(volts, whole, color=INK, linewidth=2.0, label="all")
    if np.nanmax(np.abs(whole)) > _STEEP:
        axes.set_yscale("symlog", linthresh=_LINEAR)
        _signed_ticks(axes)
    rests = crossings(volts, whole)
    axes.plot(rests, np.zeros(rests.size), "o", markersize=5, color=INK, zorder=5)
    if rests.size:
        told = ", ".join(f"{rest:.1f}" for rest in rests).replace("-", "\N{MINUS SIGN}")
        remark(axes, f"0 at {told} mV")
    label(axes, "v (mV)", "steady outward current (µA/cm²)")
    legend(axes, beside=True)


def _signed_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axes.get_ylim()
    powers = 10.0 ** np.arange(0, 9)
    ticks = np.concatenate([-powers[::-1], [0.0], powers])
    axes.yaxis.set_major_locator(FixedLocator(list(ticks[(ticks >= low) & (ticks <= high)])))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}".replace("-", "−")))
    axes.yaxis.set_minor_locator(NullLocator())


def crossings(x: Floats, y: Floats) -> Floats:
    """Return where a curve crosses 0, by straight lines between its points."""
    k = np.flatnonzero(np.diff(np.sign(y)) != 0)
    k = k[np.isfinite(y[k]) & np.isfinite(y[k + 1]) & (y[k + 1] != y[k])]
    found = x[k] - y[k] * (x[k + 1] - x[k]) / (y[k + 1] - y[k])
    return np.asarray(np.unique(found), np.float64)


def _draw_gates(left: Axes, right: Axes, volts: Floats, gates: Sequence[Any],
                channels: list[str]) -> None:  # fmt: skip
    numbers: dict[str, int] = {}
    for ending, name, form, held in gates:
        number = numbers[ending] = numbers.get(ending, -1) + 1
        style: dict[str, Any] = {
            "color": color(channels.index(ending) % _COLORS),
            "linestyle": _LINES[(number + 2 * (channels.index(ending) // _COLORS)) % len(_LINES)],
        }
        left.plot(volts, np.broadcast_to(held.steady(form), volts.shape), label=name, **style)
        if form.states and form.name != form.states[0]:
            continue  # a scheme has one curve, its slowest time constant
        tau = 1e3 * np.broadcast_to(held.time_constant(form), volts.shape)
        if np.any(tau > 0):
            right.plot(volts, tau, label=name, **style)
    label(left, "v (mV)", "steady state of gates")
    left.set_ylim(-0.03, 1.03)
    handles, names = left.get_legend_handles_labels()
    right.set_visible(bool(right.lines))
    last = right if right.lines else left
    if right.lines:
        label(right, "v (mV)", "time constant (ms)")
        right.set_yscale("log")
        right.get_ylim()  # which fits the range to what was drawn
        _plain_ticks(right.yaxis)
    last.legend(handles, names, loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False,
                fontsize=9, labelcolor=INK, handlelength=1.6, borderaxespad=0.4,
                ncols=1 + len(names) // 14)  # fmt: skip


# -- pools --------------------------------------------------------------------------------------


def draw_pool(pool: Pool, ax: Any, temperature: Any) -> tuple[Axes, ...]:
    """Draw a pool; see `Pool.plot`."""
    line = state_of(pool)
    ion = pool.ion
    unit = parse_unit("uM" if ion == "Ca" else "mM")
    shown = f"{ion} inside ({'µM' if ion == 'Ca' else 'mM'})"
    if line is None:
        return (_draw_nernst(pool, ax, temperature, unit, shown),)

    def change(inside: Floats, current: Any) -> Floats:
        given = {line.name: quantity(inside, parse_unit("mM"))}
        if f"I_{ion}_total" in pool.reads:
            given[f"I_{ion}_total"] = quantity(current, _PER_AREA)
        assert line.expression is not None
        found = Held(pool, given).of(line.expression)
        return np.broadcast_to(np.asarray(found, np.float64), np.shape(inside))

    rest = float(settled_where(lambda c: change(c, 0.0), (1,))[0])
    if not np.isfinite(rest):
        raise UserError("plot: the pool has no concentration at rest without a current")
    left, right = _axes(ax, 2)
    currents = np.geomspace(0.01, 10, _POINTS)
    inward = -1e-2 * currents  # A/m**2
    settled = settled_where(lambda c: change(c, inward), currents.shape)
    left.plot(currents, unit.from_si(settled), color=color(0))
    left.axhline(unit.from_si(rest), color=FRAME, linewidth=0.8, linestyle=":")
    left.set_xscale("log")
    left.set_yscale("log")
    _plain_numbers(left)
    label(left, f"steady inward current of {ion} (µA/cm²)", shown)
    left.set_title(pool.kind, loc="left", fontsize=10, color=INK)
    times, falling = _decay(change, rest)
    right.plot(1e3 * times, unit.from_si(falling), color=color(0))
    right.axhline(unit.from_si(rest), color=FRAME, linewidth=0.8, linestyle=":")
    right.set_ylim(0, None)
    label(right, f"time without {ion} current (ms)", shown)
    return left, right


def _plain_numbers(axes: Axes) -> None:
    """Number two logarithmic axes, after fitting their ranges to what was drawn."""
    axes.get_xlim(), axes.get_ylim()
    _plain_ticks(axes.xaxis)
    _plain_ticks(axes.yaxis)


def _decay(change: Any, rest: float) -> tuple[Floats, Floats]:
    """Return times [s] and concentrations [mM] from ten times that at rest to close to it.

    t = integral of dc/(dc/dt), by Simpson's rule in the logarithm of what is left of c.
    """
    left = np.geomspace((_FALL - 1) * rest, 0.01 * rest, 2 * _POINTS - 1)
    slope = -left / change(rest + left, 0.0)  # dt for a change of log(left)
    step = np.log(left[0] / left[-1]) / (left.size - 1)
    parts = (slope[:-2:2] + 4 * slope[1:-1:2] + slope[2::2]) * step / 3
    times = np.concatenate([[0.0], np.cumsum(parts)])
    return times, (rest + left)[::2]


def _draw_nernst(pool: Pool, ax: Any, temperature: Any, unit: Any, shown: str) -> Axes:
    """Draw the potential of an ion whose concentrations are constant."""
    (axes,) = _axes(ax, 1)
    ion = pool.ion
    degrees = celsius(temperature, "plot: temperature")
    known = Held(pool, {})
    inside, outside = float(known.value(f"{ion}_i")), float(known.value(f"{ion}_o"))
    at = np.geomspace(inside / 20, inside * 20, _POINTS)

    def potential(mM: Any) -> Any:
        return 8.31446261815324 * (degrees + 273.15) / (pool.valence * 96485.33212) * np.log(
            outside / mM)  # fmt: skip

    axes.plot(unit.from_si(at), 1e3 * potential(at), color=color(0))
    point = float(unit.from_si(inside)), 1e3 * float(potential(inside))
    axes.plot(*([each] for each in point), marker="o", color=color(0))
    axes.annotate(f"{point[1]:.1f} mV", point, (6, 4), textcoords="offset points", fontsize=9,
                  color=INK)  # fmt: skip
    axes.set_xscale("log")
    axes.get_xlim()
    _plain_ticks(axes.xaxis)
    label(axes, shown, f"Nernst potential at {degrees:g} °C (mV)")
    axes.set_title(f"{ion}: {outside:g} mM outside", loc="left", fontsize=10, color=INK)
    return axes
