"""Pictures of channels: steady states and time constants of their gates, and currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.channels.reversal import VALENCES
from rheobase.errors import ShapeError, UserError
from rheobase.language.values import read_value
from rheobase.style import FRAME, INK, PALETTE, color, dressed, label, legend
from rheobase.units import parse_unit, quantity, split_quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rheobase.channels.channel import Channel
    from rheobase.channels.gating import Gate

_POINTS = 601
_USUAL = {"i": ("100 nM", "1 uM", "10 uM"), "o": ("2 mM",)}
"""Concentrations that are drawn if none are given, inside and outside."""
_SODIUM = {"i": ("5 mM", "20 mM", "80 mM"), "o": ("145 mM",)}
_LINES = ("-", "--", ":", "-.", (0, (1, 3)))
_RANGE = {"Ca": (1e-8, 1e-4)}
"""Concentrations along the axis [M]; of other ions from 1 to 100 mM."""
_UNIT = {"Ca": "uM"}
"""The unit of the axis; of other ions mM."""


def draw_channel(
    channel: Channel, low: Any, high: Any, ax: Any, values: Mapping[str, Any]
) -> tuple[Axes, ...]:
    """Draw a channel; see `Channel.plot`."""
    if not channel.forms:
        return (_draw_current(channel, low, high, ax, values),)
    left, right = _pair(ax)
    gates = list(channel.gates.values())
    by_voltage = any("v" in gate.reads for gate in gates)
    concentrations = sorted({name for gate in gates for name in gate.reads if _is_inside(name)})
    along = "v" if by_voltage or not concentrations else concentrations[0]
    series = _series([name for name in concentrations if name != along], values)
    fixed = {key: value for key, value in values.items() if key not in series[0]}
    x = _volts(low, high, gates, {**fixed, **series[0]}) if along == "v" else _concentrations(along)
    at = x.to(_UNIT.get(along[:-2], "mM" if along != "v" else "mV")).magnitude
    drawn = False
    for k, gate in enumerate(gates):
        for n, chosen in enumerate(series if _reads_any(gate, series) else [{}]):
            given = {**fixed, **chosen, along: x}
            text = gate.name + "".join(f", {_told(each)}" for each in chosen.values())
            line = _LINES[(n + k // len(PALETTE)) % len(_LINES)]
            style: dict[str, Any] = {"color": color(k), "linestyle": line}
            left.plot(at, gate.steady(**given), label=text, **style)
            if gate.states and gate.name != gate.states[0]:
                continue  # a scheme has one curve, its slowest time constant
            tau = gate.time_constant(**given).magnitude
            if np.any(tau > 0):
                style["color"] = INK if gate.states else style["color"]
                right.plot(at, tau, **style)
                drawn = True
    _finish(left, right, along, drawn)
    left.set_title(channel.kind, loc="left", fontsize=10, color=INK)
    return left, right


def _finish(left: Axes, right: Axes, along: str, drawn: bool) -> None:
    """Label the axes, the logarithmic ones with plain numbers."""
    ion, side = along[:-2], {"i": "inside", "o": "outside"}.get(along[-1])
    words = "v (mV)" if along == "v" else f"{ion} {side} ({_UNIT.get(ion, 'mM')})"
    label(left, words.replace("uM", "µM"), "steady state")
    left.set_ylim(-0.03, 1.03)
    legend(left, beside=False, inside="best")
    if along != "v":
        left.set_xscale("log")
        _plain_ticks(left.xaxis)
    if not drawn:
        right.set_axis_off()
        right.text(0.5, 0.5, "no time constant:\nfollows at once", ha="center", va="center",
                   transform=right.transAxes, color=FRAME)  # fmt: skip
        return
    label(right, words.replace("uM", "µM"), "time constant (ms)")
    if along != "v":
        right.set_xscale("log")
        _plain_ticks(right.xaxis)
    right.set_yscale("log")
    low, high = right.get_ylim()
    if high < 4 * low:
        right.set_ylim(low / 2, high * 2)
    _plain_ticks(right.yaxis)


def _plain_ticks(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    marks = (1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=marks))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_locator(NullLocator())


def _draw_current(
    channel: Channel, low: Any, high: Any, ax: Any, values: Mapping[str, Any]
) -> Axes:
    axes = dressed(ax, (4.2, 3.0))
    volts = _volts(low, high, (), {})
    axes.axhline(0, color=FRAME, linewidth=0.8)
    axes.plot(volts.magnitude, channel.current(volts, **values).magnitude, color=color(0))
    label(axes, "v (mV)", "outward current (µA/cm²)")
    axes.set_title(channel.kind, loc="left", fontsize=10, color=INK)
    return axes


def _pair(ax: Any) -> tuple[Axes, Axes]:
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")[1]
    given = list(np.ravel(ax)) if isinstance(ax, (Sequence, np.ndarray)) else [ax]
    if len(given) != 2:
        raise ShapeError(
            "plot: a channel is drawn into two Axes, steady states and time constants",
            given=f"{len(given)} Axes",
            mend="write fig, axes = plt.subplots(1, 2); channel.plot(ax=axes)",
        )
    left, right = (dressed(each) for each in given)
    return left, right


def _volts(low: Any, high: Any, gates: Sequence[Gate], values: Mapping[str, Any]) -> Any:
    """Return the voltages to draw; the usual ones reach lower where a gate still moves there."""
    unit = parse_unit("mV")
    if low is None:
        low = "-100 mV"
        for gate in gates:
            if 0.1 < gate.steady(low, **values) < 0.9:
                low = "-160 mV"
                break
    begin, end = (
        read_value(given, f"plot: {name}", example=f"{name}=-100*mV").in_dimension(
            unit, f"plot: {name}", name
        )
        for name, given in (("low", low), ("high", high))
    )
    if not begin < end:
        raise UserError(
            "plot: low is below high", given=f"low={low}, high={high}",
            mend="write low=-100*mV, high=50*mV",
        )  # fmt: skip
    return quantity(np.linspace(begin, end, _POINTS), unit)


def _concentrations(name: str) -> Any:
    low, high = _RANGE.get(name[:-2], (1e-3, 1e-1))
    return quantity(1e3 * np.geomspace(low, high, _POINTS), parse_unit("mM"))


def _is_inside(name: str) -> bool:
    return name[:-2] in VALENCES and name[-2:] in ("_i", "_o")


def _series(names: Sequence[str], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sets of concentrations to draw: those given, else usual ones."""
    made: list[dict[str, Any]] = [{}]
    for name in names:
        usual = _SODIUM if name.startswith("Na") else _USUAL
        given = values.get(name, usual[name[-1]])
        several = given if isinstance(given, (list, tuple)) else [given]
        if np.ndim(split_quantity(several[0])[0]):
            several = list(several[0])
        made = [{**chosen, name: each} for chosen in made for each in several]
    return made


def _reads_any(gate: Gate, series: Sequence[Mapping[str, Any]]) -> bool:
    return bool(series[0].keys() & gate.reads)


def _told(given: Any) -> str:
    if isinstance(given, str):
        return given.replace("uM", "µM")
    magnitude, unit = split_quantity(given)
    return f"{float(magnitude):g} {unit.text}".replace("uM", "µM")
