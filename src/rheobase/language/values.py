"""The values users give: numbers with units, or currents over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rheobase.errors import ShapeError, UnitError
from rheobase.language.definitions import Equation
from rheobase.language.mending import sibling_text, siblings
from rheobase.units import DIMENSIONLESS, Dimension, Unit, describe, parse_unit, split_quantity


@dataclass(frozen=True)
class Value:
    """A number and its unit, or a current over time."""

    magnitude: float
    unit: Unit
    current: Any = None

    @property
    def dimension(self) -> Dimension:
        """The dimension of the value."""
        return self.unit.dimension

    @property
    def words(self) -> str:
        """The value for a sentence: "20 mV (a voltage)", "the plain number 1"."""
        if self.current is not None:
            return f"a current over time in {self.unit.text}"
        if self.dimension == DIMENSIONLESS:
            return f"the plain number {self.magnitude:g}"
        return f"{self.magnitude:g} {self.unit.text} ({describe(self.dimension)})"

    def check(self, unit: Unit, what: str, name: str, declared: Equation | None = None) -> None:
        """Refuse a value that has not the dimension of `unit`."""
        if self.dimension == unit.dimension:
            return
        mend = f"write {name}={self.magnitude:.12g}*{unit.text}"
        if unit.dimension == DIMENSIONLESS:
            mend = f"write {name}={self.magnitude:.12g}, or divide it by a unit"
        for other in siblings(self.unit):
            if other.dimension == unit.dimension:
                mend = sibling_text(self.unit, other)
        place = declared.source.point(declared.unit_span) if declared and declared.line else ""
        raise UnitError(
            f"{what}: expected {describe(unit.dimension)}, got {self.words}",
            place=place,
            mend=mend,
        )

    def in_dimension(
        self, unit: Unit, what: str, name: str, declared: Equation | None = None
    ) -> float:
        """Return the value in SI units, if it has the dimension of `unit`.

        Raises
        ------
        UnitError
        """
        self.check(unit, what, name, declared)
        return float(self.unit.to_si(self.magnitude))


def read_value(given: Any, what: str, example: str) -> Value:
    """Read one value: a quantity, a text ("20 ms"), a plain number, a current over time.

    Raises
    ------
    ShapeError
        If it is an array: values per cell are set on a population.
    UnitError
        If it is nothing of these.
    """
    if getattr(given, "is_current", False):
        unit = getattr(given, "unit", None)
        if not isinstance(unit, Unit):
            unit = parse_unit("amp")
        return Value(0.0, unit, current=given)
    if given is None:
        raise UnitError(f"{what}: no value is given", mend=f"write {example}, or leave it out")
    magnitude, unit = split_quantity(given, what)
    if getattr(magnitude, "ndim", 0):
        raise ShapeError(
            f"{what}: a default is one value, here are {magnitude.size}",
            mend="give a population its values: cells = net.add(model, N); then"
            f" cells.{what.split()[-1]} = ...",
        )
    return Value(float(magnitude), unit)
