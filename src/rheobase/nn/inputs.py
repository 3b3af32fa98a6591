"""The net input of a unit, in three ways that are the same, and the angle between two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, did_you_mean
from rheobase.nn.activations import floats


def _loop(a: np.ndarray, w: np.ndarray) -> float:
    total = 0.0
    for i in range(len(a)):
        total = total + float(a[i]) * float(w[i])
    return total


def _sum(a: np.ndarray, w: np.ndarray) -> float:
    return float(np.sum(a * w))


def _dot(a: np.ndarray, w: np.ndarray) -> float:
    return float(np.dot(a, w))


WAYS = {"loop": _loop, "sum": _sum, "dot": _dot}
"""How a net input can be computed."""


def net_input(a: Any, w: Any, how: str = "dot") -> float:
    """Return the net input of a unit: the sum over i of a_i*w_i.

    Parameters
    ----------
    a, w : array_like
        (n,): activities of the units before it, and the weights from them.
    how : {"dot", "loop", "sum"}
        As a loop over i; as the sum of the elementwise product ``a*w``; as the dot product of
        two vectors. They are the same up to rounding: each adds in an order of its own.

    Raises
    ------
    ShapeError
        Not two vectors of one length.
    UnknownNameError
        There is no such way.

    Examples
    --------
    >>> from rheobase import nn
    >>> [nn.net_input([1.0, 0.0, 2.0], [0.5, 3.0, -1.0], how) for how in ("loop", "sum", "dot")]
    [-1.5, -1.5, -1.5]
    """
    if how not in WAYS:
        meant = did_you_mean(str(how), WAYS)
        raise UnknownNameError(
            f"net_input has no way {how!r}" + (f"; did you mean {meant!r}?" if meant else ""),
            expected=", ".join(repr(way) for way in WAYS),
            mend='write nn.net_input(a, w, how="loop")',
        )
    return WAYS[how](*_vectors(a, w, "net_input"))


def angle(a: Any, w: Any) -> float:
    """Return the angle between two vectors, in radians: ``cos(theta) = a.w/(|a| |w|)``.

    0: they point the same way; pi/2: they are orthogonal, and the net input is 0; pi: opposite
    ways. Computed as ``2 arctan2(|u - v|, |u + v|)`` of the unit vectors, which is right to the
    last digits for small angles, too (W. Kahan).

    Parameters
    ----------
    a, w : array_like
        (n,).

    Raises
    ------
    ShapeError
        Not two vectors of one length, or one is 0 and has no direction.

    Examples
    --------
    >>> from rheobase import nn
    >>> import math
    >>> math.degrees(nn.angle([1.0, 0.0], [1.0, 1.0]))
    45.0
    """
    x, y = _vectors(a, w, "angle")
    lengths = [float(np.linalg.norm(vector / (np.abs(vector).max() or 1))) for vector in (x, y)]
    for vector, length, what in ((x, lengths[0], "first"), (y, lengths[1], "second")):
        if length == 0:
            raise ShapeError(
                f"the {what} vector is 0: it has no direction, so there is no angle",
                given=repr(vector.tolist())[:80],
                mend="give a vector with an entry other than 0",
            )
    u, v = (z / np.abs(z).max() / length for z, length in zip((x, y), lengths, strict=True))
    return float(2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v)))


def _vectors(a: Any, w: Any, what: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.asarray(floats(v, what), np.float64) for v in (a, w))
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(
            f"{what} takes two vectors of one length",
            expected="shapes (n,) and (n,)",
            given=f"{x.shape} and {y.shape}",
            mend=f"write nn.{what}([1.0, 0.0], [0.5, -2.0])",
        )
    return x, y
