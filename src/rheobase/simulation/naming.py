"""Names of populations and projections: unique, and made up where none is given."""

from __future__ import annotations

from collections.abc import Mapping

from rheobase.errors import UnknownNameError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.simulation.arguments import checked_name
from rheobase.simulation.population import Cells


def new_name(name: str | None, kind: str, taken: Mapping[str, object]) -> str:
    """Return the name of a new population or projection, or refuse one that is taken."""
    if name is None:
        number = len(taken) + 1
        while f"{kind}_{number}" in taken:
            number += 1
        return f"{kind}_{number}"
    chosen = checked_name(name)
    if chosen in taken:
        raise WiringError(
            f"there is a {kind} called {chosen!r} already",
            expected="names that are unique in the network",
            mend=f'write name="{chosen}_2"',
        )
    return chosen


def projection_name(
    name: str | None, source: Cells, sink: Cells, to: str, taken: Mapping[str, object]
) -> str:
    """Return the name; one made here depends on what is connected and nothing else."""
    if name is not None:
        return new_name(name, "projection", taken)
    stem = f"{source.name}_to_{sink.name}"
    own = sink.population._own_model
    if isinstance(own, Model) and (len(own.receives) > 1 or to not in {*own.receives, *own.names}):
        stem += f"_{to}"  # of several ports, or a receptor placed in the cells
    chosen, number = stem, 2
    while chosen in taken:
        chosen, number = f"{stem}_{number}", number + 1
    return chosen


def unknown_population(name: str, call: str, known: Mapping[str, object]) -> UnknownNameError:
    """Return the error for a population that is not there."""
    meant = did_you_mean(name, known)
    ending = f"; did you mean {meant}?" if meant else ""
    return UnknownNameError(
        f"{call}: there is no population {name!r}{ending}",
        mend=f"there are: {', '.join(known) or 'none'}",
    )
