"""Values of a membrane that differ along a cell: quantities, texts and functions of distance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.channels.mechanism import refuse_sign
from rheobase.channels.reversal import in_celsius, refuse_below_zero
from rheobase.errors import UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.definitions import Source
from rheobase.language.dimension_check import check_dimension
from rheobase.language.evaluating import evaluate
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.units import UNITS, Unit, quantity, to_si

if TYPE_CHECKING:
    from rheobase.cables.cell import Cell

Floats: TypeAlias = NDArray[np.float64]
Painting: TypeAlias = dict[str, list[tuple[Any, Floats]]]

_UM = UNITS["um"]
_QUANTITY = re.compile(r"\s*[-+]?[\d.]+([eE][-+]?\d+)?(\s+[A-Za-z%].*)?\s*$")
"""A number with a unit, "3 uF/cm**2", which is no expression."""


def painted(cell: Cell, given: Mapping[str, Any]) -> Painting:
    """Return, by parameter, nodes and their values in SI units, in the order they were given.

    Raises
    ------
    UnknownNameError
        There is no such region or parameter.
    UnitError, UserError
        A value is of another dimension, not finite, or a negative conductance.
    """
    found: Painting = {}
    regions = cell.morphology.regions
    for key, value in given.items():
        if key in regions:
            if not isinstance(value, Mapping):
                raise WiringError(
                    f"Cell: the parameters of {key!r} are no dict",
                    given=repr(value),
                    mend=f'write parameters={{"{key}": {{"g_L": 0.1*mS/cm**2}}}}',
                )
            for name, one in value.items():
                _paint(cell, [key], name, one, found)
        elif isinstance(value, Mapping):
            meant = did_you_mean(str(key), regions)
            raise UnknownNameError(
                f"Cell: {cell.morphology.name} has no region {key!r}"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend=f"its regions are: {', '.join(regions)}",
            )
        else:
            _paint(cell, [r for r in regions if key in cell.patches[r].defaults], key, value, found)
    return found


def _paint(cell: Cell, regions: list[str], name: str, value: Any, found: Painting) -> None:
    known = sorted(
        {n for r in regions or cell.morphology.regions for n in cell.patches[r].defaults}
    )
    if not regions or name not in known:
        meant = did_you_mean(name, known)
        where = f" of {regions[0]!r}" if regions else ""
        raise UnknownNameError(
            f"Cell: no parameter {name!r}{where}" + (f"; did you mean {meant}?" if meant else ""),
            mend=f"there are: {', '.join(known)}",
        )
    unit = cell.patches[regions[0]].unit_of(name)
    compartments = cell.compartments
    places = [compartments.regions.index(region) for region in regions]
    nodes = np.flatnonzero(np.isin(compartments.region, places) & ~compartments.is_junction)
    if name == "temperature":
        value = in_celsius(value)
    numbers = values_at(
        value, unit, compartments.path[nodes], compartments.diameter[nodes], f"Cell: {name}"
    )
    if name == "C_m" and np.any(numbers <= 0):
        raise UserError("Cell: the capacitance per area is above 0", mend="C_m=1*uF/cm**2")
    if name == "temperature":
        refuse_below_zero(numbers, "Cell: temperature", "temperature=")
    refuse_sign(name, unit, numbers, f"Cell: {name}", f"{name}=")
    found.setdefault(name, []).append((nodes, numbers))


def values_at(value: Any, unit: Unit, distance: Floats, diameter: Floats, what: str) -> Floats:
    """Return a value at places of a cell, in SI units.

    Parameters
    ----------
    value
        A quantity, a text over `distance` and `diameter`, or a function of a quantity, the
        distances.
    unit
        Of the parameter.
    distance, diameter
        Of the places, in metres.
    what
        What it is for, named first in errors.
    """
    paste = f'write "{"1" if unit.text == "1" else f"1*{unit.text}"}*exp(-distance/(100*um))"'
    if isinstance(value, str) and not _QUANTITY.match(value):
        source, units = Source(value), {"distance": _UM, "diameter": _UM}
        expression = parse_expression(value, what=what)
        check_names(expression, units, source=source, label=what, declare=False)
        check_dimension(expression, units, unit, text=value, what=what)
        found = np.asarray(evaluate(expression, {"distance": distance, "diameter": diameter}))
    else:
        if callable(value) and not hasattr(value, "magnitude"):
            value = value(quantity(distance, _UM))
        found = np.asarray(to_si(value, unit.dimension, what=what, paste=paste[6:]))
    if found.ndim and found.shape != distance.shape:
        raise UserError(
            f"{what}: not one value for each compartment",
            expected=f"one value, or {distance.size}",
            given=f"{found.size}",
            mend=paste,
        )
    numbers = np.array(np.broadcast_to(found, distance.shape), np.float64)
    if not np.all(np.isfinite(numbers)):
        at = distance[np.argmin(np.isfinite(numbers))] * 1e6
        raise UserError(f"{what} is not finite at a distance of {at:.4g} um", mend=paste)
    return numbers
