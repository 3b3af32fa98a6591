"""The door for times in results: quantities, ``"20 ms"``, or plain numbers in seconds.

Results hand out times as plain numbers in seconds, so their methods take such numbers back;
everywhere else in the library a time needs its unit.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.units import parse_unit, to_si


def _is_plain(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu"
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def times_in_seconds(value: Any, *, what: str, paste: str | None = None) -> np.ndarray:
    """Return times in seconds as a float array of the shape given (0-d for one time).

    Parameters
    ----------
    value
        A quantity, a text such as ``"20 ms"``, arrays or lists of them, or plain numbers, which
        are seconds.
    what, paste
        For the error: what the value is for, and a line that would be right.

    Raises
    ------
    rheobase.errors.UnitError
        If it is something other than a time.
    """
    if not _is_plain(value):
        value = to_si(value, parse_unit("second").dimension, what=what, paste=paste)
    return np.asarray(value, dtype=np.float64)


def seconds(value: Any, *, what: str, paste: str | None = None) -> float:
    """Return one time in seconds; see `times_in_seconds`."""
    times = times_in_seconds(value, what=what, paste=paste)
    if times.ndim:
        raise ShapeError(f"{what} is one time", given=f"an array of shape {times.shape}")
    return float(times)
