"""What lies outside a cell: potentials of its currents, and currents of potentials along it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.morphology import Compartments

Floats: TypeAlias = NDArray[np.float64]


def line_sources(start: Floats, end: Floats, radius: Floats, at: Floats,
                 conductivity: float) -> Floats:  # fmt: skip
    """Return the potential at places of a current of 1 A from each of some straight lines.

    phi = I/(4 pi sigma L) ln(((h^2 + r^2)^(1/2) - h)/((l^2 + r^2)^(1/2) - l)) with the line's
    length L, the distance r of the place from the line, h along the line from its end and
    l = L + h; r is at least the radius. A line without length is a point.

    Parameters
    ----------
    start, end : ndarray, shape (n, 3)
        Of the lines, in metres.
    radius : ndarray, shape (n,) or (k, 1)
        Of the lines, or of what is at the places: how near they are at least. In metres.
    at : ndarray, shape (k, 3)
        Places, in metres.
    conductivity : float
        Of the medium around, which is unlimited and the same everywhere, S/m.

    Returns
    -------
    ndarray, shape (k, n)
        In ohms.

    Source: G. R. Holt and C. Koch, Journal of Computational Neuroscience 6 (1999).
    """
    along = end - start
    length = np.linalg.norm(along, axis=1)
    direction = along / np.where(length > 0, length, 1.0)[:, None]
    to_end = at[:, None, :] - end[None, :, :]
    h = np.einsum("kni,ni->kn", to_end, direction)
    across = to_end - h[:, :, None] * direction[None, :, :]
    r = np.maximum(np.linalg.norm(across, axis=2), radius)
    away = h + length[None, :]
    # (x^2 + r^2)^(1/2) - x loses its digits where x is large: asinh does not
    whole = np.arcsinh(away / r) - np.arcsinh(h / r)
    point = 1.0 / np.maximum(np.linalg.norm(to_end, axis=2), radius)
    per_length = np.where(length > 0, whole / np.where(length > 0, length, 1.0)[None, :], point)
    return np.asarray(per_length / (4.0 * np.pi * conductivity))


def axial(compartments: Compartments, values: Floats) -> Floats:
    """Return the currents that flow into every compartment along the cell at given voltages.

    Parameters
    ----------
    compartments
        Of the cell.
    values : ndarray, shape (..., compartments)
        Voltages of the nodes with membrane, V.

    Returns
    -------
    ndarray, shape (..., compartments)
        In A. Their sum over a cell is 0.
    """
    inside = compartments.membrane
    whole = np.zeros((*values.shape[:-1], compartments.nodes))
    whole[..., inside] = values
    junctions = np.flatnonzero(compartments.is_junction)
    if junctions.size:
        whole[..., junctions] = _between(compartments, whole, junctions)
    child = np.flatnonzero(compartments.parent >= 0)
    parent = compartments.parent[child]
    current = compartments.conductance_to_parent[child] * (whole[..., child] - whole[..., parent])
    found = np.zeros_like(whole)
    np.add.at(found.T, parent, current.T)
    np.add.at(found.T, child, -current.T)
    return found[..., inside]


def _between(compartments: Compartments, whole: Floats, junctions: NDArray[np.int64]) -> Floats:
    """Return the voltages of branch points, into which as much flows as out."""
    place = np.full(compartments.nodes, -1)
    place[junctions] = np.arange(junctions.size)
    matrix = np.zeros((junctions.size, junctions.size))
    right = np.zeros((junctions.size, *whole.shape[:-1]))
    for child in np.flatnonzero(compartments.parent >= 0):
        parent, g = compartments.parent[child], compartments.conductance_to_parent[child]
        for one, other in ((child, parent), (parent, child)):
            if place[one] < 0:
                continue
            matrix[place[one], place[one]] += g
            if place[other] >= 0:
                matrix[place[one], place[other]] -= g
            else:
                right[place[one]] += g * whole[..., other].T
    solved = np.linalg.solve(matrix, right.reshape(junctions.size, -1))
    found: NDArray[Any] = solved.reshape(right.shape)
    return np.moveaxis(found, 0, -1)
