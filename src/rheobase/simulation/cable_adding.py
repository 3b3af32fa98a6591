"""Adding cells with a morphology, and what may be said of them: checks that need no engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from rheobase.cables.cell import Cell
from rheobase.errors import ShapeError, WiringError
from rheobase.simulation.arguments import read_size
from rheobase.simulation.cable_population import (
    RESERVED,
    Branched,
    CellPopulation,
    Sites,
    refuse_whole,
)
from rheobase.simulation.clock import Clock
from rheobase.simulation.population import Cells, check_names
from rheobase.synapses.gap_junctions import Coupling


def is_cells(model: Any) -> TypeGuard[Cell | Sequence[Cell]]:
    """Whether this is a cell with a morphology, or a list of them."""
    if isinstance(model, Cell):
        return True
    return (isinstance(model, (list, tuple)) and len(model) > 0
            and any(isinstance(one, Cell) for one in model))  # fmt: skip


def add_cells(model: Cell | Sequence[Cell], size: int | None, name: str, seed: int, clock: Clock,
              record_spikes: bool) -> CellPopulation:  # fmt: skip
    """Return a population of one cell many times, or of the cells of a list.

    Raises
    ------
    WiringError, ShapeError
        Something in the list is no cell, the size is not that of the list, or the cells are
        solved in different ways.
    """
    if isinstance(model, Cell):
        count = read_size(model, size)  # type: ignore[arg-type]
        different, cell_of = [model], np.zeros(count, np.int64)
    else:
        different, cell_of = _of_list(model, size)
    first = different[0]
    for cell in different:
        for what in ("method", "crossing"):
            if getattr(cell, what) != getattr(first, what):
                raise WiringError(
                    f"net.add: the cells of a population have one {what}",
                    given=f"{getattr(first, what)} and {getattr(cell, what)}",
                    mend="add them as two populations",
                )
        for patch in cell.patches.values():
            check_names(patch, name)
            taken = [n for n in RESERVED if n in patch.names]
            if taken:
                raise WiringError(
                    f"{name!r}: a membrane has a variable called {taken[0]}, which every "
                    "population of cells with a morphology has",
                    mend=f"rename it: {taken[0]}_1",
                )
    return CellPopulation(name, different, cell_of, seed, clock, bool(record_spikes))


def _of_list(cells: Sequence[Cell], size: int | None) -> tuple[list[Cell], Any]:
    different: list[Cell] = []
    places: dict[int, int] = {}
    found = []
    for k, cell in enumerate(cells):
        if not isinstance(cell, Cell):
            raise WiringError(
                f"net.add: entry {k} of the list is no rb.Cell",
                given=type(cell).__name__,
                mend="write net.add([cell, other], name=...)",
            )
        if id(cell) not in places:
            places[id(cell)] = len(different)
            different.append(cell)
        found.append(places[id(cell)])
    if size is not None and size != len(found):
        raise ShapeError(
            f"net.add: the list has {len(found)} cells",
            given=f"size {size}",
            mend="leave out the size",
        )
    return different, np.array(found, np.int64)


def check_ends(source: Cells, sink: Cells, synapse: Any, of: str | None, storage: str,
               call: str) -> Cells:  # fmt: skip
    """Return the source of a connection, or refuse what does not go with a morphology."""
    reads = of is not None or isinstance(synapse, Coupling)
    if reads and isinstance(source, Branched):
        source = refuse_whole(source, call, "what is read continuously is read at places")
    branched = isinstance(source, Sites) or isinstance(sink, Sites)
    if not branched:
        return source
    if reads and any(isinstance(ends, Sites) and ends._repeated for ends in (source, sink)):
        raise WiringError(
            f"{call}: random places may be in one compartment, and what acts all the time joins "
            "compartments once",
            mend='choose them with at: cells.at("dendrite", fraction=0.5)',
        )
    if isinstance(sink, Sites) and storage == "procedural":
        raise WiringError(
            f'{call}: storage="procedural" is for point cells',
            mend="leave it out",
        )
    return source


def clamped_variable(sites: Sites, variable: str | None) -> str:
    """Return the state that is clamped: v if none is named."""
    name = "v" if variable is None else variable
    call = f"net.clamp({sites._written}, ...)"
    if sites._cable.values.kind(name) == "state":
        sites._has(name, call)
    return name
