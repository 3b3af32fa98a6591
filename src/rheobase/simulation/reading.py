"""Values handed to the user: quantities that say so when one tries to change them in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import UserError
from rheobase.units import Unit, quantity


class Reading(np.ndarray[tuple[int, ...], np.dtype[np.float64]]):
    """Numbers read from a network: a copy, so setting an entry would change nothing.

    Setting one is therefore refused, with what to write. Whatever is computed from a reading
    is an ordinary array.
    """

    _mend: str

    def __new__(cls, values: Any, mend: str) -> Reading:
        """Wrap a fresh array; `mend` is the line that does set an entry."""
        made = np.asarray(values, dtype=np.float64).view(cls)
        made._mend = mend
        return made

    def __array_finalize__(self, other: object) -> None:
        self._mend = getattr(other, "_mend", "")

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)
        return plain[()] if return_scalar else plain

    def __setitem__(self, key: Any, value: Any) -> None:
        raise UserError("these values are a copy: setting one changes nothing", mend=self._mend)

    def copy(self, order: Any = "C") -> Any:
        """Return an ordinary array, which may be changed."""
        return np.array(self, order=order)

    def __copy__(self) -> Any:
        return np.array(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return np.array(self)

    def __reduce__(self) -> Any:
        return np.array(self).__reduce__()


def read_quantity(si: Any, unit: Unit, mend: str) -> Any:
    """Return SI values as a quantity in `unit` whose entries cannot be set."""
    if isinstance(si, float):
        return quantity(si, unit)
    plain = quantity(np.array(si, dtype=np.float64), unit)
    return type(plain)(Reading(plain.magnitude, mend), plain.units)
