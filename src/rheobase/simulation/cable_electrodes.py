"""Electrodes at places and point cells: voltage clamp and current clamp with a resistance."""

from __future__ import annotations

from itertools import count
from typing import Any

from rheobase.errors import UserError, WiringError
from rheobase.language.model import Model
from rheobase.network import stimuli
from rheobase.network.currents import Current
from rheobase.simulation import point_electrodes
from rheobase.simulation.cable_parts import Part
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.population import Cells
from rheobase.units import parse_unit, quantity, to_si

_OHM, _VOLT = parse_unit("ohm").dimension, parse_unit("volt").dimension

CLAMP = """
    v : mV (input)
    command_{0} : mV (input)
    on_{0} : 1 (input)
    R_{0} : Mohm
    I_{0} = on_{0}*(command_{0} - v)/R_{0} : nA"""
ELECTRODE = """
    v : mV (input)
    injected_{0} : nA (input)
    R_{0} : Mohm
    I_{0} = injected_{0} + 0*v/R_{0} : nA
    v_{0} = v + R_{0}*injected_{0} : mV"""


def _resistance(given: Any, written: str, text: str, call: str) -> float:
    if given is None:
        alone = "clamp" if text is CLAMP else "inject"
        what = "holds a voltage" if text is CLAMP else "injects a current"
        raise WiringError(
            f"{call}: the resistance of the electrode is missing",
            expected="series_resistance=, in Mohm",
            mend=f"write series_resistance=5*Mohm; net.{alone}({written}, ...) {what} "
            "without an electrode",
        )
    found = to_si(given, _OHM, what=f"{call}: series_resistance", paste="series_resistance=5*Mohm")
    if not isinstance(found, float) or not 0 < found < float("inf"):
        raise UserError(
            f"{call}: the series resistance is one value above 0",
            given=str(given),
            mend="write series_resistance=5*Mohm; net.clamp(...) holds a voltage without one",
        )
    return found


def place(
    cells: Cells, text: str, label: str, given: str | None, resistance: Any, call: str
) -> str:
    """Put an electrode at places, or point cells; return what its variables end with.

    Raises
    ------
    WiringError, UnitError, UserError
        It is no place or cell with a voltage, the network has run, the name is taken, or the
        resistance is missing.
    """
    if not isinstance(cells, Sites):
        ohms = _resistance(resistance, cells.name, text, call)
        at_points = point_electrodes.CLAMP if text is CLAMP else point_electrodes.ELECTRODE
        return point_electrodes.attach(cells, at_points, label, given, ohms, call)
    sites = cells
    ohms = _resistance(resistance, sites._written, text, call)
    cable = sites._cable
    if any(p.values.arrays is not None for p in cable.patches):
        raise WiringError(
            f"{call}: {sites.name!r} has run, and no electrode can be added any more",
            mend="add it before the first run, with start= and stop= for when it acts",
        )
    for number in count(1):
        name = given or (label if number == 1 else f"{label}_{number}")
        model = Model(text.format(name), parameters={f"R_{name}": f"{ohms!r} ohm"}, name=name)
        clash = sorted({*model.names} - {"v"} & {*cable.values.kinds})
        if not clash:
            break
        if given is not None:
            raise WiringError(
                f"{call}: {sites.name!r} has {', '.join(clash)} already",
                mend=f'give it another name: name="{given}_2"',
            )
    part: Part = cable.add_point(model, name, f"I_{name}")
    part.example = sites._written.partition(".at(")[2].removesuffix(")")
    cable.grow(part, sites.indices)
    return name


def command(value: Any, call: str) -> Current:
    """Return the voltage to be held as a stimulus.

    Raises
    ------
    UnitError
        It is no voltage.
    """
    if isinstance(value, Current):
        if value.dimension != _VOLT:
            raise WiringError(
                f"{call}: the command is a voltage", given=str(value),
                mend="write rb.stimuli.step(-20*mV, start=10*ms)",
            )  # fmt: skip
        return value
    volts = to_si(
        value,
        _VOLT,
        what=f"{call}: the command",
        paste=f'{call[:-4]}cells.at("soma"), -65*mV, series_resistance=5*Mohm)',
    )
    return stimuli.step(quantity(volts, parse_unit("mV")))


def switch(start: Any, stop: Any) -> Current:
    """Return 1 from start to stop."""
    return stimuli.step(1, start=start) if stop is None else stimuli.step(1, start=start, stop=stop)
