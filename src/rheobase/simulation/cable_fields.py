"""Extracellular stimulation of cells with a morphology, and the potentials that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.fields import axial, line_sources
from rheobase.errors import ShapeError, UserError, WiringError
from rheobase.network.currents import Current
from rheobase.units import DIMENSIONLESS, UNITS, parse_unit, quantity, to_si

if TYPE_CHECKING:
    from rheobase.simulation.cable_population import Branched, Sites

Floats: TypeAlias = NDArray[np.float64]

_METRE, _VOLT = UNITS["um"].dimension, UNITS["mV"].dimension
_CONDUCTIVITY = parse_unit("siemens/metre").dimension


def transfer_resistance(sites: Sites, electrodes: Any, conductivity: Any) -> Floats:
    """Return the potential at electrodes of 1 A out of each site, shape (electrodes, sites), ohm.

    Raises
    ------
    UnitError, ShapeError, UserError
        The places have not three coordinates, or the conductivity is not above 0.
    """
    paste = "electrodes=[[50, 0, 0]]*um"
    at = np.atleast_2d(to_si(electrodes, _METRE, what="electrodes", paste=paste))
    if at.ndim != 2 or at.shape[1] != 3:
        raise ShapeError(
            "electrodes: a place has three coordinates",
            given=f"shape {at.shape}",
            mend=f"write {paste}",
        )
    sigma = to_si(conductivity, _CONDUCTIVITY, what="conductivity", paste='"0.3 S/m"')
    if not isinstance(sigma, float) or not sigma > 0:
        raise UserError(
            "the conductivity is one value above 0",
            given=str(conductivity),
            mend='write conductivity="0.3 S/m"',
        )
    cable, where = sites._cable, sites.indices
    start = cable.of_nodes(lambda cell: cell.compartments.start)[where]
    end = cable.of_nodes(lambda cell: cell.compartments.end)[where]
    radius = cable.of_nodes(lambda cell: cell.compartments.diameter)[where] / 2
    cells = sites._owner._positions
    if cells is not None and cells.shape[1] == 3:
        start, end = start + cells[sites.cell], end + cells[sites.cell]
    return line_sources(start, end, radius, at, sigma)


def field_potential(cells: Branched, trace: Any, electrodes: Any, conductivity: Any) -> Any:
    """Return the potential at electrodes over time, a quantity of shape (times, electrodes)."""
    sites = cells.everywhere
    v = np.asarray(trace["v"].values if hasattr(trace, "data_vars") else trace)
    if v.ndim != 2 or v.shape[1] != sites.size:
        raise ShapeError(
            "the potential of cells is that of all of their compartments",
            expected=f"v of {sites.size} sites",
            given=f"shape {v.shape}",
            mend=f'write net.record({cells._written}, "v") before the run',
        )
    resistance = transfer_resistance(sites, electrodes, conductivity)
    found = np.zeros((v.shape[0], resistance.shape[0]))
    for cell in cells.indices:
        inside = np.flatnonzero(sites.cell == cell)
        compartments = sites._cable.cells[sites._cable.cell_of[cell]].compartments
        found += axial(compartments, 1e-3 * v[:, inside]) @ resistance[:, inside].T
    return quantity(found, parse_unit("uV"))


def stimulating_current(cells: Branched, potential: Any, waveform: Any, call: str) -> Current:
    """Return the currents that potentials outside amount to, one for each compartment.

    With the potential phi outside, the current between neighbors is g (v_j + phi_j - v_k - phi_k):
    what flows because of phi is injected.

    Raises
    ------
    UnitError, ShapeError, WiringError
        The potential is not one voltage for each compartment, or the waveform has a unit.
    """
    sites = cells.everywhere
    paste = f"net.extracellular({cells._written}, potential*mV, rb.stimuli.step(1))"
    phi = np.asarray(to_si(potential, _VOLT, what=f"{call}: the potential", paste=paste))
    if phi.shape != (sites.size,):
        raise ShapeError(
            f"{call}: the potential is one value for each compartment",
            expected=f"{sites.size} values, those of {cells._written}.everywhere",
            given=f"shape {phi.shape}",
            mend=f"write {cells._written}.transfer_resistance(electrode)[0]*1*uA",
        )
    if not isinstance(waveform, Current) or waveform.dimension != DIMENSIONLESS:
        raise WiringError(
            f"{call}: the waveform is a stimulus without a unit",
            given=str(waveform),
            mend=f"write {paste}",
        )
    found = np.zeros(sites.size)
    for cell in cells.indices:
        inside = np.flatnonzero(sites.cell == cell)
        compartments = sites._cable.cells[sites._cable.cell_of[cell]].compartments
        found[inside] = axial(compartments, phi[inside])
    return Current((waveform * found).shapes, UNITS["nA"])
