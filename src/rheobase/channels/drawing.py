"""Pictures of channels: steady states and time constants of their gates, and currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.channels.reversal import VALENCES
from rheobase.errors import ShapeError, UserError
from rheobase.language.values import read_value
from rheobase.style import FRAME, color, dressed, label, legend, remark
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


def draw_channel(
    channel: Channel, low: Any, high: Any, ax: Any, values: Mapping[str, Any]
) -> tuple[Axes, ...]:
    """Draw a channel; see `Channel.plot`."""
    if not channel.forms:
        return (_draw_current(channel, low, high, ax, values),)
    left, right = _pair(ax)
    gates = list(channel.gates.values())
    volts = _volts(low, high)
    by_voltage = any("v" in gate.reads for gate in gates)
    concentrations = sorted({name for gate in gates for name in gate.reads if _is_inside(name)})
    along = "v" if by_voltage or not concentrations else concentrations[0]
    series = _series([name for name in concentrations if name != along], values)
    x = volts if along == "v" else _concentrations(along)
    drawn = 0
    for k, gate in enumerate(gates):
        for n, chosen in enumerate(series if _reads_any(gate, series) else [{}]):
            given = {key: value for key, value in values.items() if key not in series[0]}
            given = {**given, **chosen, along: x}
            text = gate.name + "".join(f", {_told(each)}" for each in chosen.values())
            style: dict[str, Any] = {"color": color(k), "linestyle": _LINES[n % len(_LINES)]}
            at = _magnitude(x, along)
            left.plot(at, gate.steady(**given), label=text, **style)
            tau = gate.time_constant(**given).magnitude
            if np.any(tau > 0):
                right.plot(at, tau, **style)
                drawn += 1
    _label(left, right, along, drawn)
    remark(left, channel.doc.strip().split("\n")[0].rstrip(".") or channel.name)
    return left, right


def _label(left: Axes, right: Axes, along: str, drawn: int) -> None:
    words = "v (mV)" if along == "v" else f"{along} (mM)"
    label(left, words, "steady state")
    label(right, words, "time constant (ms)")
    left.set_ylim(-0.03, 1.03)
    legend(left, beside=False, inside="center right")
    if along != "v":
        left.set_xscale("log")
        right.set_xscale("log")
    if drawn:
        right.set_yscale("log")
    else:
        right.text(0.5, 0.5, "no time constant:\nfollows at once", ha="center", va="center",
                   transform=right.transAxes, color=FRAME)  # fmt: skip


def _draw_current(
    channel: Channel, low: Any, high: Any, ax: Any, values: Mapping[str, Any]
) -> Axes:
    axes = dressed(ax, (4.2, 3.0))
    volts = _volts(low, high)
    axes.axhline(0, color=FRAME, linewidth=0.8)
    axes.plot(volts.magnitude, channel.current(volts, **values).magnitude, color=color(0))
    label(axes, "v (mV)", "outward current (µA/cm²)")
    remark(axes, channel.doc.strip().split("\n")[0].rstrip(".") or channel.name)
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


def _volts(low: Any, high: Any) -> Any:
    unit = parse_unit("mV")
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


def _magnitude(x: Any, along: str) -> Any:
    return x.to("mV" if along == "v" else "mM").magnitude
