"""The units users write, and the one door to the SI floats used inside.

`from rheobase.units import ms, mV` gives pint units (`20*ms` is a quantity). The table `UNITS`
is what this module exports and what the text of an equation may use; it knows scale and
dimension of every unit itself, so that reading an equation needs no pint. No unit has one
letter: s, m, h, a, b, V are free for variables.
"""

from __future__ import annotations

from typing import Any

from rheobase.units.dimensions import DIMENSIONLESS as DIMENSIONLESS
from rheobase.units.dimensions import Dimension as Dimension
from rheobase.units.dimensions import describe as describe
from rheobase.units.dimensions import usual_unit as usual_unit
from rheobase.units.quantities import cache_directory as cache_directory
from rheobase.units.quantities import pint_unit
from rheobase.units.quantities import quantity as quantity
from rheobase.units.quantities import split_quantity as split_quantity
from rheobase.units.quantities import to_si as to_si
from rheobase.units.reading import parse_unit as parse_unit
from rheobase.units.reading import unit_factors as unit_factors
from rheobase.units.reading import unit_text as unit_text
from rheobase.units.table import UNITS as UNITS
from rheobase.units.table import Unit as Unit
from rheobase.units.table import spelled_out as spelled_out
from rheobase.units.table import suggest_unit as suggest_unit

__all__ = list(UNITS)


def __getattr__(name: str) -> Any:
    """Give the pint unit of that name; pint is loaded when the first one is taken."""
    if name not in UNITS:
        raise AttributeError(f"module {__name__!r} has no unit {name!r}{_hint(name)}")
    unit = pint_unit(name)
    globals()[name] = unit  # found directly from now on
    return unit


def __dir__() -> list[str]:
    return sorted({*globals(), *UNITS})


def _hint(name: str) -> str:
    suggestion = None if name.startswith("_") else suggest_unit(name)
    return f"; did you mean {suggestion}?" if suggestion else ""
