"""Cells with a morphology in space: where compartments lie, what a potential outside does.

With the potential phi outside, the current between neighbors is g (v_j + phi_j - v_k - phi_k): what
flows because of phi is injected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.fields import axial
from rheobase.errors import ShapeError, UnitError, WiringError
from rheobase.morphology import Compartments
from rheobase.network.currents import Current
from rheobase.network.fields import Field
from rheobase.network.waveforms import Noise
from rheobase.units import DIMENSIONLESS, UNITS, Dimension, describe, to_si

if TYPE_CHECKING:
    from rheobase.cables.cell import Cell
    from rheobase.simulation.cable_population import Branched, Sites

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_VOLT = UNITS["mV"].dimension
_ONE_UNIT = UNITS["nA"]


def in_space(sites: Sites, values: Callable[[Cell], Floats]) -> Floats:
    """Return coordinates of sites, shape (sites, 3) [m], from those of the nodes of each cell.

    Cells are moved by the positions of their population; coordinates that these lack are 0.
    """
    found = sites._cable.of_nodes(values)[sites.indices]
    held = sites._owner._positions
    if held is not None:
        moved = np.zeros((held.shape[0], 3))
        moved[:, : held.shape[1]] = held
        found = found + moved[sites.cell]
    return np.asarray(found, np.float64)


def centers(sites: Sites) -> Floats:
    """Return where the middles of compartments are, shape (sites, 3) [m]."""
    return in_space(sites, lambda cell: cell.compartments.position)


def radii(sites: Sites) -> Floats:
    """Return the mean radius of each compartment [m]."""
    return sites._cable.of_nodes(lambda cell: cell.compartments.diameter)[sites.indices] / 2


def each_cell(cells: Branched) -> Iterator[tuple[Ints, Compartments]]:
    """Yield, for every cell, which of `cells.everywhere` are its, and its compartments."""
    sites = cells.everywhere
    for cell in cells.indices:
        kind = sites._cable.cell_of[cell]
        yield np.flatnonzero(sites.cell == cell), sites._cable.cells[kind].compartments


def axial_currents(cells: Branched, values: Floats) -> Floats:
    """Return what flows into each compartment along the cells, at voltages (..., sites) [A]."""
    found = np.zeros_like(values)
    for inside, compartments in each_cell(cells):
        found[..., inside] = axial(compartments, values[..., inside])
    return found


def stimulating_current(cells: Branched, potential: Any, waveform: Any, call: str) -> Current:
    """Return the currents that a potential outside amounts to, one for each compartment.

    Raises
    ------
    UnitError, ShapeError, WiringError
        It is no potential, or the waveform is of another dimension or differs between cells.
    """
    sites = cells.everywhere
    if isinstance(potential, Field):
        phi = potential.potential(centers(sites), radii(sites))
        expected, example = potential.dimension, f"10*{potential.unit.text}"
    else:
        phi = _given(cells, sites, potential, call)
        expected, example = DIMENSIONLESS, "1"
    shown = f"rb.stimuli.{potential}" if isinstance(potential, Field) else "potential"
    _check_waveform(waveform, expected, call,
                    f"net.extracellular({cells._written}, {shown}, rb.stimuli.step({example}))",
                    isinstance(potential, Field))  # fmt: skip
    # Noise of a potential is one process for all: each place has it in its own proportion.
    shapes = tuple(
        replace(shape, shared=True) if isinstance(shape, Noise) else shape
        for shape in waveform.shapes
    )
    factors = axial_currents(cells, phi)
    return Current((Current(shapes, waveform.unit) * factors).shapes, _ONE_UNIT)


def _given(cells: Branched, sites: Sites, potential: Any, call: str) -> Floats:
    """Read one potential for each compartment [V]."""
    paste = f"net.extracellular({cells._written}, rb.stimuli.uniform_field([1, 0, 0]), " + (
        "rb.stimuli.step(5*mV/mm))"
    )
    try:
        phi = np.asarray(to_si(potential, _VOLT, what=f"{call}: the potential", paste=paste))
    except TypeError:
        raise UnitError(
            f"{call}: the potential is a field of rb.stimuli, or one voltage for each compartment",
            given=repr(potential),
            mend=f"write {paste}",
        ) from None
    if phi.shape != (sites.size,) or not np.isfinite(phi).all():
        raise ShapeError(
            f"{call}: the potential is one finite value for each compartment",
            expected=f"{sites.size} values, those at {cells._written}.everywhere.positions",
            given=f"shape {phi.shape}",
            mend=f"or write {paste}",
        )
    return phi


def _check_waveform(waveform: Any, expected: Dimension, call: str, paste: str,
                    field: bool) -> None:  # fmt: skip
    if not isinstance(waveform, Current):
        raise WiringError(
            f"{call}: the waveform is one of rb.stimuli",
            given=repr(waveform) if len(repr(waveform)) < 60 else type(waveform).__name__,
            mend=f"write {paste}",
        )
    if waveform.dimension != expected:
        raise UnitError(
            f"{call}: the waveform of {'this field' if field else 'given potentials'} is of "
            "another dimension",
            expected=describe(expected),
            given=f"{waveform.unit.text}, {describe(waveform.dimension)}",
            mend=f"write {paste}",
        )
    if waveform.size is not None:
        raise ShapeError(
            f"{call}: a potential has one waveform for all cells",
            given=f"a waveform of {waveform.size} values",
            mend="call net.extracellular for each cell: cells[0], cells[1] ...",
        )
