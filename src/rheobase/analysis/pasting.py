"""What was given to a function, written as one would write it again: for the ends of errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.cables.cell import Cell
from rheobase.channels.membrane import Membrane
from rheobase.errors import UserError, WiringError
from rheobase.language.model import Model
from rheobase.morphology import Morphology
from rheobase.simulation.population import Population
from rheobase.units import DIMENSIONLESS, Unit, split_quantity

_LISTED = 6
"""So many values are written one by one; more as a range."""
_CHANGED = 3
"""So many parameters of a model of the library are written; with more it is called `model`."""


def model_text(model: Model | Cell) -> str:
    """Return how a model of the library is written, such as ``rb.models.LIF(tau_m=20*ms)``.

    A model that is not of the library, or differs from it in more than a few parameters, is
    called ``model``; a cell with a morphology ``cell``.
    """
    if isinstance(model, Cell):
        return "cell"
    from rheobase.models import catalog

    known = catalog().get(model.name)
    if known is None or known.equations != model.equations:
        return "model"
    options = ("method", "crossing", "threshold", "reset", "refractory")
    if any(getattr(known, name) != getattr(model, name) for name in options):
        return "model"
    changed = [n for n, value in model.defaults.items() if known.defaults.get(n) != value]
    if len(changed) > _CHANGED or model.currents:
        return "model"
    given = [f"{n}={numbers_text(model.unit_of(n).from_si(model.defaults[n]), model.unit_of(n))}"
             for n in changed]  # fmt: skip
    return f"rb.models.{model.name}" + (f"({', '.join(given)})" if given else "")


def numbers_text(numbers: Any, unit: Unit) -> str:
    """Return numbers in a unit: ``5*pA``, ``[1, 2]*pA``, ``np.linspace(0, 30, 16)*pA``."""
    array = np.asarray(numbers, np.float64)
    if array.ndim == 0:
        text = f"{float(array):.12g}"
    elif array.size <= _LISTED:
        text = "[" + ", ".join(f"{float(one):.12g}" for one in array.ravel()) + "]"
    else:
        text = f"np.linspace({array.min():.12g}, {array.max():.12g}, {array.size})"
    return text if unit.text == "1" else f"{text}*{unit.text}"


def values_text(values: Any, unit: Unit, usual: str) -> str:
    """Return the numbers of what was given, with the unit it should have had.

    Parameters
    ----------
    values
        What was given: plain numbers, or quantities, of which the unit is left out.
    unit
        The unit of the equation.
    usual
        What to write where it is no numbers at all.
    """
    try:
        number, _ = split_quantity(values, "the values")
        array = np.asarray(number, np.float64)
    except (UserError, TypeError, ValueError):
        return usual
    if not array.size or array.ndim > 1 or not np.all(np.isfinite(array)):
        return usual
    return numbers_text(array, unit)


def unit_of_values(values: Any, usual: Unit) -> Unit:
    """Return the unit values are written in: of a list of quantities or texts, the first one's."""
    if isinstance(values, (list, tuple)) and values:
        return unit_of_values(values[0], usual)
    unit = split_quantity(values, "the values")[1]
    return usual if unit.dimension == DIMENSIONLESS else unit


def no_model(call: str, given: Any, usual: str, cells: bool = True) -> WiringError:
    """Return the error of a function that was given something that is no model.

    Parameters
    ----------
    call : str
        The function.
    given
        What it was given.
    usual : str
        What to write with a model of the library.
    cells : bool
        Whether the function takes cells with a morphology, too.
    """
    mend = f"write {usual}"
    if isinstance(given, Membrane):
        mend = f"write {call}(membrane.point(area=20000*um**2)"
        mend += f", ...), or {call}(rb.Cell(morphology, membrane), ...)" if cells else ", ...)"
    elif isinstance(given, Morphology) and cells:
        mend = f"write {call}(rb.Cell(morphology, membrane), ...)"
    elif isinstance(given, (Cell, Morphology)):
        mend = f"it takes one point: {call}(membrane.point(area=20000*um**2), ...)"
    elif isinstance(given, Population):
        mend = f"give what its cells are, which is what net.add was given: {usual}"
    text = repr(given)
    return WiringError(
        f"{call}: this is no model" + (" and no cell" if cells else ""),
        given=text if len(text) < 60 else type(given).__name__,
        mend=mend,
    )
