"""Arrays that xarray reads from a file when they are taken; imported where they are needed."""

from __future__ import annotations

from typing import Any

import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing


class LazyArray(BackendArray):
    """What xarray asks of an array that is read by parts.

    Parameters
    ----------
    rows
        With shape and dtype, and `rows[key]` for numbers, slices and arrays of numbers.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self.shape, self.dtype = rows.shape, rows.dtype

    def __getitem__(self, key: Any) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._rows.__getitem__
        )


def lazy_variable(rows: Any, over: str, attributes: dict[str, str]) -> xr.Variable:
    """Return a variable over (time, cell or synapse) that reads what is taken of it."""
    return xr.Variable(("time", over), indexing.LazilyIndexedArray(LazyArray(rows)), attributes)
