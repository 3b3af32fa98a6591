"""Continuous couplings, such as graded synapses, whose ends are at places of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rheobase.errors import WiringError
from rheobase.language.expressions import Name, names_in
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.cable_receptors import place_piece
from rheobase.synapses.extending import Piece
from rheobase.synapses.gap_junctions import Coupling, Separated


def variables(sites: Sites, synapse: Coupling, separated: Separated, call: str) -> tuple[str, ...]:
    """Return what is read at places; what is no variable is worked out by points there.

    Raises
    ------
    WiringError
        It is a function of something else than v.
    """
    model = sites.model
    for read in separated.read:
        others = sorted(names_in(read) & {*model.names} - {"v"})
        if others and not isinstance(read, Name):
            raise WiringError(
                f"{call}: at places on cells with a morphology a coupling reads functions of v",
                given=f"{', '.join(others)} in {synapse.text!r}",
                mend="write it as a function of v, or read one variable by itself",
            )
    if not separated.source_piece("any", model).equations:
        return separated.variables("any", model)

    def make(name: str) -> Piece:
        piece, own = separated.source_piece(name, model), separated.variables(name, model)
        first, unit = next((variable, unit) for variable, unit in
                           zip(own, separated.read_units, strict=True)
                           if variable.startswith("read_"))  # fmt: skip
        return replace(piece, term=f"0*pA*{first}/({unit.text})")  # it lets no current in

    part = place_piece(sites, synapse, synapse.name or synapse.label, make, call, "source")
    return separated.variables(part.label, model)


def check_input(to: str | None, call: str) -> None:
    """Refuse another input of a compartment than its current."""
    if to is not None and to != "I":
        raise WiringError(
            f"{call}: a coupling at a compartment adds to its current; there is no other input",
            given=f'to="{to}"',
            mend="leave out to=",
        )


def sums(sites: Sites, synapse: Coupling, separated: Separated, make: Callable[[str], Piece],
         call: str) -> tuple[str, ...]:  # fmt: skip
    """Place what is added up at places, and return the names of the sums.

    Raises
    ------
    WiringError
        It is a function of something else than v.
    """
    others = sorted({n for q in separated.times for n in names_in(q)} & {*sites.model.names}
                    - {"v"})  # fmt: skip
    if others:
        raise WiringError(
            f"{call}: at places on cells with a morphology a coupling reads v_post only",
            given=f"{', '.join(others)} in {synapse.text!r}",
            mend="write it as a function of v_post",
        )
    part = place_piece(sites, synapse, synapse.name or synapse.label, make, call, "target")
    return separated.sums(part.label)
