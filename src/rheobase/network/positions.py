"""Where cells are: positions, distances, and space that closes on itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, WiringError
from rheobase.network.draws import Floats, Ints, row_chunks
from rheobase.units import Dimension, to_si

_METRE = Dimension(metre=1.0)
_FEW_PAIRS = 1 << 22  # all distances of so many pairs are worked out in no time


def positions_si(values: Any, size: int) -> Floats:
    """Read the positions of a population, in metres.

    Parameters
    ----------
    values : quantity, shape (size, D) or (size,)
        One row a cell, with one to three coordinates; a plain list is a line.
    size : int
        Number of cells.

    Returns
    -------
    ndarray, shape (size, D)
        Not writable.

    Raises
    ------
    UnitError
        If they are not lengths.
    ShapeError
        If there is not one row a cell, or not one to three coordinates.
    WiringError
        If a coordinate is not finite.
    """
    found = np.asarray(to_si(values, _METRE, what="positions", paste="positions=array*um"))
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or found.shape[0] != size or not 1 <= found.shape[1] <= 3:
        raise ShapeError(
            "positions: not one position for each cell",
            expected=f"shape ({size}, D), with D from 1 to 3",
            given=f"shape {found.shape}",
        )
    if not np.all(np.isfinite(found)):
        raise WiringError(
            f"positions: cell {np.argwhere(~np.isfinite(found))[0][0]} has a coordinate that is "
            "not finite"
        )
    held = np.array(found)
    held.setflags(write=False)
    return held


def length(value: Any, argument: str, rule: str, paste: str) -> float:
    """Read a positive length of a rule, in metres."""
    found = to_si(value, _METRE, what=f"{rule}: {argument}", paste=f"rb.rules.{paste}")
    if not isinstance(found, float) or not 0.0 < found < np.inf:
        raise WiringError(
            f"{rule}: {argument} is not a positive length",
            expected="one length above 0",
            given=str(value),
            mend=f"write rb.rules.{paste}",
        )
    return found


def period_lengths(value: Any, rule: str) -> Floats | None:
    """Read the size of a torus, in metres: one length an axis, or one for all; None stays."""
    if value is None:
        return None
    found = np.atleast_1d(to_si(value, _METRE, what=f"{rule}: period", paste="period=1000*um"))
    if found.ndim != 1 or not np.all((found > 0) & np.isfinite(found)):
        raise WiringError(
            f"{rule}: period is not a positive length",
            expected="one length above 0 for each axis, or one for all",
            given=str(value),
            mend="write period=1000*um",
        )
    held = np.array(found)
    held.setflags(write=False)
    return held


def neighbors(
    here: Floats, there: Floats, reach: float, period: Floats | None = None
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield all pairs at most about `reach` apart, some rows at a time.

    Parameters
    ----------
    here, there : ndarray, shapes (n, D) and (m, D)
        Positions in metres.
    reach : float
        Metres. Pairs a little further apart may be among those yielded.
    period : ndarray, optional
        Lengths of the torus.

    Yields
    ------
    i, j : ndarray of int64
        Places in `here` and `there`, sorted.
    apart : ndarray of float64
        Their distances.
    """
    period_of = None if period is None else np.broadcast_to(period, (here.shape[1],))
    extent = np.ptp(there, axis=0) if period_of is None else period_of
    few = here.shape[0] * there.shape[0] <= _FEW_PAIRS
    if few or np.prod(np.minimum(2.0 * reach / np.maximum(extent, reach), 1.0)) > 0.2:
        for rows in row_chunks(here.shape[0], 2.0 * there.shape[0]):
            apart = distances(here[rows, None, :], there[None, :, :], period)
            i, j = np.nonzero(apart <= reach)
            yield i + rows.start, j, apart[i, j]
        return
    from scipy.spatial import cKDTree

    folded = [at if period_of is None else np.mod(at, period_of) for at in (here, there)]
    if period_of is not None:  # a remainder can round up to the period itself
        folded = [np.where(at >= period_of, 0.0, at) for at in folded]
    tree = cKDTree(folded[1], boxsize=period_of)
    for rows in row_chunks(here.shape[0], 256.0):
        found = tree.query_ball_point(folded[0][rows], reach * (1 + 1e-9), return_sorted=True)
        i = np.repeat(np.arange(rows.start, rows.start + len(found)), [len(one) for one in found])
        j = np.array([place for one in found for place in one], dtype=np.int64)
        yield i, j, distances(here[i], there[j], period)


def distances(here: Floats, there: Floats, period: Floats | None = None) -> Floats:
    """Return Euclidean distances, the shortest way round where space is a torus.

    Parameters
    ----------
    here, there : ndarray, shape (..., D)
        Positions in metres; the axes before the last broadcast.
    period : ndarray, shape (1,) or (D,), optional
        Lengths of the torus.
    """
    dimensions = here.shape[-1]
    if period is not None and period.size not in (1, dimensions):
        raise ShapeError(
            "period: not one length for each axis",
            expected=f"{dimensions} lengths, or one for all",
            given=f"{period.size} lengths",
        )
    total: Floats | float = 0.0
    for axis in range(dimensions):
        apart = np.abs(here[..., axis] - there[..., axis])
        if period is not None:
            around = period[axis % period.size]
            apart = np.abs(apart - around * np.rint(apart / around))
        total = total + apart * apart
    return np.asarray(np.sqrt(total))
