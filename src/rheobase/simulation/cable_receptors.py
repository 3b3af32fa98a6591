"""Receptors on cells with a morphology: points whose current goes into a compartment."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.simulation import wiring
from rheobase.simulation.cable_parts import Part
from rheobase.simulation.cable_population import Branched, Sites
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Target
from rheobase.synapses.extending import Piece
from rheobase.synapses.gap_junctions import Coupling
from rheobase.synapses.receptors import Receptor


def place(sites: Sites, synapse: Receptor, to: str | None, call: str) -> Part:
    """Place a receptor at sites, and return the points that are all of its kind.

    Raises
    ------
    WiringError
        The network has run and there is no such receptor at some of the sites.
    """
    if to is not None and to != "I":
        raise WiringError(
            f"{call}: a receptor on a compartment adds to its current; there is no other input",
            given=f'to="{to}"',
            mend="leave out to=",
        )
    base = sites.model

    def make(name: str) -> Piece:
        return synapse.piece(name, base, sites.name, None, call)

    return place_piece(sites, synapse, synapse.name or synapse.label, make, call)


def place_piece(sites: Sites, synapse: Receptor | Coupling, label: str,
                make: Callable[[str], Piece], call: str, end: str = "") -> Part:  # fmt: skip
    """Place points at sites, as `place` does; `make` gives their equations from a name.

    `end` tells apart those that one coupling has at its source and at its target.
    """
    cable, key = sites._cable, (end, synapse) if end else synapse
    part = next((p for p, what in cable.placed.items() if what == key), None)
    built = any(p.values.arrays is not None for p in cable.patches)
    if part is not None and np.all(part.element[sites.indices] >= 0):
        return part
    if built:
        raise WiringError(
            f"{call}: {sites.name!r} has run, and {synapse} cannot be placed any more",
            mend="connect it before the first run, with weight 0 if it is to act later",
        )
    if part is None:
        name, piece = _named(sites, synapse, label, make, call)
        text = f"v : mV (input)\n{piece.equations}"
        model = Model(text, parameters=dict(piece.parameters), name=name,
                      receives=dict(piece.receives) or None)  # fmt: skip
        part = cable.add_point(model, name, piece.term)
        cable.placed[part] = key
    cable.grow(part, sites.indices)
    part.example = sites._written.partition(".at(")[2].removesuffix(")")
    return part


def _named(sites: Sites, synapse: Receptor | Coupling, label: str,
           make: Callable[[str], Piece], call: str) -> tuple[str, Piece]:  # fmt: skip
    """Return the name of new points: their own, or the first free one after their kind."""
    taken = {*sites._cable.values.kinds}
    for part in sites._cable.parts:
        taken |= {*part.values.model.receives}
    for number in count(1):
        name = label if number == 1 else f"{label}_{number}"
        piece = make(name)
        clash = sorted(piece.names & taken)
        if not clash:
            return name, piece
        if synapse.name is not None:
            raise synapse.refuse_taken(clash, name, sites.model, sites.name, call)
    raise AssertionError


def check_source(source: Cells, sink: Cells, call: str) -> None:
    """Refuse cells that never spike as a source of spikes."""
    if isinstance(source, Branched):
        if not source.population.spiking:
            raise WiringError(
                f"{call}: {source.name!r} never spikes",
                mend='make the cell with rb.Cell(..., spikes=("soma", "v > -20*mV"))',
            )
        return
    wiring.check_spiking(source, sink, call)


def check_gates(source: Cells, synapse: Any, call: str) -> None:
    """Refuse cells with a morphology where gates would have to be in the source."""
    if isinstance(source, (Branched, Sites)):
        raise WiringError(
            f"{call}: the gates of {synapse} are in the source's cells, and {source.name!r} has "
            "none",
            mend="write synapse=rb.synapses.LinearNMDA(), which has none",
        )


def nmda_target(source: Cells, sites: Sites, part: Part, gate: str) -> Target:
    """Return the sum that opens a saturating receptor at points."""
    name = part.label
    unit = part.values.unit(f"g_{name}")
    line = f"{sites.name}.g_{name} [{unit.text}] += weight*{source.name}.s_{gate}"
    return Target(f"g_{name}", f"s_{gate}", unit.dimension, unit, line, receptor=name)
