"""Traces made small: straight pieces in place of samples, whole numbers in place of floats.

A trace is drawn as a line through points. Points that lie on the line anyway (to a third of a
pixel, which no eye sees) are left out by the method of Ramer, Douglas and Peucker:
between two points that are kept, the one farthest from the straight line is kept too, until none
is too far. Times and values of what is kept become 16-bit numbers, and these base64.

References
----------
U. Ramer, Computer Graphics and Image Processing 1, 244 (1972); D. H. Douglas, T. K. Peucker,
Cartographica 10, 112 (1973).
"""

from __future__ import annotations

import base64
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

GAP = 65535
"""The value that stands for "no value here": the line is broken."""

FINEST = GAP - 1

TOLERANCE = 0.35
"""Largest distance of a point left out from the line, in pixels."""


def kept_points(values: Floats, tolerance: float) -> npt.NDArray[np.bool_]:
    """Return which samples are kept so that straight lines between them miss none by more.

    Parameters
    ----------
    values : ndarray, shape (traces, samples)
        Samples at equal distances; nan where there is none. Ends, and what stands beside a gap,
        are always kept.
    tolerance : float
        In the unit of the values.
    """
    flat = np.ascontiguousarray(values).ravel()
    keep = np.zeros(values.shape, dtype=bool)
    keep[:, 0] = keep[:, -1] = True
    missing = np.isnan(values)
    keep |= missing
    keep[:, 1:] |= missing[:, :-1]
    keep[:, :-1] |= missing[:, 1:]
    chosen = keep.ravel()
    filled = np.where(missing.ravel(), 0.0, flat)
    # The traces stand one behind the other; from the last sample of one to the first of the next
    # there is nothing between, so they can be treated as one line.
    ends = np.flatnonzero(chosen)
    begin, end = ends[:-1], ends[1:]
    open_ = end - begin > 1
    begin, end = begin[open_], end[open_]
    while begin.size:
        farthest, distance = _farthest(filled, begin, end)
        far = distance > tolerance
        middle = farthest[far]
        chosen[middle] = True
        begin = np.concatenate([begin[far], middle])
        end = np.concatenate([middle, end[far]])
        open_ = end - begin > 1
        begin, end = begin[open_], end[open_]
    return keep


def _farthest(
    values: Floats, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return, for each piece, the sample within it that is farthest from its line, and how far."""
    lengths = end - begin - 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    piece = np.repeat(np.arange(begin.size), lengths)
    offset = np.arange(piece.size) - starts[piece] + 1
    place = begin[piece] + offset
    slope = (values[end] - values[begin]) / (end - begin)
    distance = np.abs(values[place] - values[begin][piece] - slope[piece] * offset)
    most = np.maximum.reduceat(distance, starts)
    first = np.flatnonzero(distance == most[piece])
    _, where = np.unique(piece[first], return_index=True)
    return place[first[where]], most


def pack_lines(values: Floats, low: float, high: float, height: int) -> dict[str, str]:
    """Pack the traces of one line at every position of the sliders.

    Parameters
    ----------
    values : ndarray, shape (positions, samples)
        At most 65,535 samples.
    low, high : float
        What becomes 0 and the largest number.
    height : int
        Of the panel, in pixels.

    Returns
    -------
    dict
        Base64 of little-endian arrays: "points", pairs of (sample, value) of 16 bits, and
        "offsets" of 32 bits, where the points of each position begin and the last ends.
    """
    keep = kept_points(values, TOLERANCE / height * (high - low))
    rows, samples = np.nonzero(keep)
    scaled = np.rint((values[keep] - low) / (high - low) * FINEST)
    points = np.empty((rows.size, 2), dtype="<u2")
    points[:, 0] = samples
    points[:, 1] = np.where(np.isnan(scaled), GAP, np.clip(np.nan_to_num(scaled), 0, FINEST))
    offsets = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
    return {"points": encode(points), "offsets": encode(offsets.astype("<u4"))}


def encode(array: npt.NDArray[Any]) -> str:
    """Return the bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
