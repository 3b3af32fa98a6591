"""Electrodes on point cells: as on places, a current that the equations of the cell add to I."""

from __future__ import annotations

from itertools import count

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.simulation.population import Cells
from rheobase.synapses.extending import PER_AREA, Piece, area_of, current_input, extend, voltage

CLAMP = """
    command_{0} : mV (input)
    on_{0} : 1 (input)
    R_{0} : Mohm
    I_{0} = on_{0}*(command_{0} - {1})/R_{0} : nA"""
ELECTRODE = """
    injected_{0} : nA (input)
    R_{0} : Mohm
    I_{0} = 1*injected_{0} : nA
    v_{0} = {1} + R_{0}*injected_{0} : mV"""


def attach(cells: Cells, text: str, label: str, given: str | None, ohms: float, call: str) -> str:
    """Put an electrode at point cells; return what its variables end with.

    Its equations are those of all cells of the population; what is injected into it is that of the
    chosen cells.

    Raises
    ------
    WiringError
        They are no cells with a voltage and a current, they have run, or the name is taken.
    """
    model, population = cells.model, cells.population
    values, own = population._cell_values, population._own_model
    if values is None or not isinstance(model, Model) or not isinstance(own, Model):
        raise WiringError(
            f"{call}: an electrode is at cells with a voltage, and {cells.name!r} has none",
            mend="give cells of a model, or a place on cells with a morphology",
        )
    v, target = voltage(own, cells.name, call), current_input(own, cells.name, None, call)
    area = area_of(own)
    if target.unit.dimension == PER_AREA and area is None:
        raise WiringError(
            f"{call}: the currents of {cells.name!r} are per area of membrane, `{target.text}`, "
            "and an electrode injects amperes",
            mend="take cells of known area, net.add(membrane.point(area=20000*um**2))",
        )
    if values.arrays is not None:
        raise WiringError(
            f"{call}: {cells.name!r} has run, and no electrode can be added any more",
            mend="add it before the first run, with start= and stop= for when it acts",
        )
    per = f"/{area}" if target.unit.dimension == PER_AREA else ""
    for number in count(1):
        name = given or (label if number == 1 else f"{label}_{number}")
        piece = Piece(text.format(name, v), {f"R_{name}": f"{ohms!r} ohm"}, input=target.name,
                      term=f"I_{name}{per}")  # fmt: skip
        clash = sorted(piece.names & {*model.names})
        if not clash:
            break
        if given is not None:
            raise WiringError(
                f"{call}: {cells.name!r} has {', '.join(clash)} already",
                mend=f'give it another name: name="{given}_2"',
            )
    held = [each for _, each in population._pieces.values()]
    extended = extend(own, [*held, piece])
    population._pieces[("electrode", name)] = (name, piece)
    population._model = extended
    values.extend(extended)
    return name
