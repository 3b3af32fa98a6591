"""The parameters that are searched for: names, bounds, units, and how they are scaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.fitting.fitted_cell import Fitted, FittedCell
from rheobase.fitting.recording import Floats
from rheobase.units import Unit, quantity, to_si

#: Bounds of one sign whose ratio is this or more are searched on a logarithmic scale.
DECADES = 10.0
#: A parameter closer than this to a bound, in shares of the range, is said to be at it.
AT_A_BOUND = 1e-3


@dataclass(frozen=True, eq=False)
class Space:
    """A box of parameters; points in it are given by coordinates from 0 to 1.

    Attributes
    ----------
    names : tuple of str
        The parameters.
    units : tuple of Unit
        Those of the bounds, as they were written.
    low, high : ndarray, shape (parameters,)
        Bounds in SI units.
    logarithmic : ndarray of bool
        Which are scaled by their logarithm: bounds of one sign, a decade or more apart.
    """

    names: tuple[str, ...]
    units: tuple[Unit, ...]
    low: Floats
    high: Floats
    logarithmic: np.ndarray

    @property
    def size(self) -> int:
        """The number of parameters."""
        return len(self.names)

    def values(self, places: Floats) -> Floats:
        """Return parameters in SI units of coordinates, both of shape (..., parameters)."""
        inside = np.clip(places, 0.0, 1.0)
        straight = self.low + inside * (self.high - self.low)
        with np.errstate(all="ignore"):
            bent = self.low * (self.high / self.low) ** inside
        found = np.where(self.logarithmic, bent, straight)
        return np.clip(found, np.minimum(self.low, self.high), np.maximum(self.low, self.high))

    def places(self, values: Floats) -> Floats:
        """Return coordinates of parameters in SI units; the inverse of `values`."""
        with np.errstate(all="ignore"):
            bent = np.log(values / self.low) / np.log(self.high / self.low)
        straight = (values - self.low) / (self.high - self.low)
        return np.where(self.logarithmic, bent, straight)

    def slopes(self, places: Floats) -> Floats:
        """Return d parameter/d coordinate, for the chain rule."""
        with np.errstate(all="ignore"):
            bent = self.values(places) * np.log(self.high / self.low)
        return np.where(self.logarithmic, bent, self.high - self.low)

    def quantities(self, values: Floats) -> dict[str, Any]:
        """Return one point, shape (parameters,), as quantities in the units of the bounds."""
        pairs = zip(self.names, self.units, values, strict=True)
        return {name: quantity(float(value), unit) for name, unit, value in pairs}

    def at_a_bound(self, values: Floats) -> tuple[str, ...]:
        """Return which parameters of a point lie at one of their bounds."""
        places = self.places(values)
        close = (places < AT_A_BOUND) | (places > 1 - AT_A_BOUND)
        return tuple(name for name, one in zip(self.names, close, strict=True) if one)


def space_of(model: Fitted, parameters: Any) -> Space:
    """Read the bounds of parameters of a model.

    Raises
    ------
    UserError
        There are none, or bounds that are no pair, not finite, or not in order.
    UnknownNameError
        The model has no such parameter.
    UnitError
        Bounds of another dimension than the parameter's.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise UserError(
            "fit_parameters: which parameters are fitted, and within which bounds?",
            given=repr(parameters),
            mend=f"write parameters={{{_example(model)!r}: (low, high)}}, with units",
        )
    free = fitted_names(model)
    rows = []
    for name, bounds in parameters.items():
        if name not in free:
            raise _unknown(model, name, free)
        rows.append(_bounds(model, name, bounds))
    low, high = np.array([row[:2] for row in rows]).T
    ratio_known = (low * high) > 0
    with np.errstate(all="ignore"):
        ratio = np.where(ratio_known, np.maximum(high / low, low / high), 1.0)
    return Space(
        tuple(parameters), tuple(row[2] for row in rows), low, high, ratio >= DECADES * (1 - 1e-9)
    )


def fitted_names(model: Fitted) -> list[str]:
    """Return the parameters of a model that can be fitted."""
    if isinstance(model, FittedCell):
        return model.parameter_names()
    other = {*model.time_functions, *(e.name for e in model.inputs)}
    return [e.name for e in model.parameter_equations if e.name not in other]


def _bounds(model: Fitted, name: str, bounds: Any) -> tuple[float, float, Unit]:
    unit = model.unit_of(name)
    paste = f"parameters={{{name!r}: (1, 100)*{unit.text}}}"
    try:
        first, last = bounds
    except (TypeError, ValueError):
        raise UserError(
            f"fit_parameters: the bounds of {name} are not a pair",
            expected="a lowest and a highest value",
            given=str(bounds),
            mend=f"write {paste}",
        ) from None
    what = f"fit_parameters: bounds of {name}"
    low, high = (float(to_si(one, unit.dimension, what=what, paste=paste)) for one in (first, last))
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UserError(
            f"fit_parameters: the bounds of {name} are not two finite values, the lower one first",
            given=f"{first}, {last}",
            mend=f"write {paste}; a parameter that is not fitted is set in the model: "
            f"model({name}=...)",
        )
    return low, high, unit


def _unknown(model: Fitted, name: str, free: list[str]) -> UnknownNameError:
    meant = did_you_mean(str(name), free)
    ending = f"; did you mean {meant!r}?" if meant else ""
    return UnknownNameError(
        f"fit_parameters: {model.name} has no parameter {name!r}{ending}",
        mend=f"it has: {', '.join(free) or 'none'}",
    )


def _example(model: Fitted) -> str:
    free = fitted_names(model)
    return free[0] if free else "g_L"
