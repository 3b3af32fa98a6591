"""Dimensions: powers of the SI base units, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True)
class Dimension:
    """Exponents of the seven SI base units; a volt is kilogram*metre**2/(second**3*ampere)."""

    metre: float = 0.0
    kilogram: float = 0.0
    second: float = 0.0
    ampere: float = 0.0
    kelvin: float = 0.0
    mole: float = 0.0
    candela: float = 0.0

    @property
    def exponents(self) -> tuple[float, ...]:
        """The seven exponents in the order of the fields."""
        return (self.metre, self.kilogram, self.second, self.ampere, self.kelvin, self.mole,
                self.candela)  # fmt: skip

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(*(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(*(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, exponent: float) -> Dimension:
        return _power(self, exponent)

    def __str__(self) -> str:
        return _dimension_text(self)


@lru_cache(maxsize=1024)
def _power(dimension: Dimension, exponent: float) -> Dimension:
    return Dimension(*(_exact(a * exponent) for a in dimension.exponents))


def _exact(exponent: float) -> float:
    """Return the simple fraction an exponent is meant to be: a third three times is one."""
    if float(exponent).is_integer():
        return exponent + 0.0
    simple = float(Fraction(exponent).limit_denominator(1000))
    return simple if abs(simple - exponent) < 1e-9 else exponent


DIMENSIONLESS = Dimension()
METRE = Dimension(metre=1)
KILOGRAM = Dimension(kilogram=1)
SECOND = Dimension(second=1)
AMP = Dimension(ampere=1)
KELVIN = Dimension(kelvin=1)
MOLE = Dimension(mole=1)
VOLT = Dimension(2, 1, -3, -1)
SIEMENS = AMP / VOLT
OHM = VOLT / AMP
COULOMB = AMP * SECOND
FARAD = COULOMB / VOLT
HERTZ = SECOND**-1
WATT = VOLT * AMP
JOULE = WATT * SECOND
NEWTON = JOULE / METRE
AREA = METRE**2
VOLUME = METRE**3

# A dimension, its name in SI units, what it is called, and the unit neuroscience usually gives
# it in.
_WORDS: tuple[tuple[Dimension, str, str, str], ...] = (
    (DIMENSIONLESS, "1", "a plain number", "1"),
    (SECOND, "second", "a time", "ms"),
    (VOLT, "volt", "a voltage", "mV"),
    (AMP, "amp", "a current", "pA"),
    (SIEMENS, "siemens", "a conductance", "nS"),
    (OHM, "ohm", "a resistance", "Mohm"),
    (FARAD, "farad", "a capacitance", "pF"),
    (HERTZ, "hertz", "a rate", "Hz"),
    (METRE, "metre", "a length", "um"),
    (AREA, "metre**2", "an area", "um**2"),
    (VOLUME, "metre**3", "a volume", "um**3"),
    (COULOMB, "coulomb", "a charge", "pC"),
    (KELVIN, "kelvin", "a temperature", "kelvin"),
    (MOLE, "mole", "an amount of substance", "mmol"),
    (MOLE / VOLUME, "mole/metre**3", "a concentration", "mM"),
    (KILOGRAM, "kg", "a mass", "gram"),
    (JOULE, "joule", "an energy", "joule"),
    (WATT, "watt", "a power", "watt"),
    (NEWTON, "newton", "a force", "newton"),
    (AMP / AREA, "amp/metre**2", "a current per area", "uA/cm**2"),
    (SIEMENS / AREA, "siemens/metre**2", "a conductance per area", "mS/cm**2"),
    (FARAD / AREA, "farad/metre**2", "a capacitance per area", "uF/cm**2"),
    (OHM * METRE, "ohm*metre", "a resistivity", "ohm*cm"),
    (SIEMENS / METRE, "siemens/metre", "a conductivity", "siemens/metre"),
    (VOLT / METRE, "volt/metre", "an electric field", "mV/mm"),
    (OHM * AREA, "ohm*metre**2", "a resistance times an area", "ohm*cm**2"),
    (VOLT / SECOND, "volt/second", "a voltage per time", "mV/ms"),
    (AMP / SECOND, "amp/second", "a current per time", "pA/ms"),
    (SIEMENS / SECOND, "siemens/second", "a conductance per time", "nS/ms"),
    (MOLE / VOLUME / SECOND, "mole/metre**3/second", "a concentration per time", "mM/ms"),
    (AMP / AREA / SECOND, "amp/metre**2/second", "a current per area and time", "uA/cm**2/ms"),
    (
        SIEMENS / AREA / SECOND,
        "siemens/metre**2/second",
        "a conductance per area and time",
        "mS/cm**2/ms",
    ),
    (DIMENSIONLESS / SECOND**2, "1/second**2", "a rate per time", "Hz/second"),
    (SECOND**-0.5, "second**-0.5", "a noise, one over the root of a time", "second**-0.5"),
    (DIMENSIONLESS / VOLT, "1/volt", "one over a voltage", "1/mV"),
    (DIMENSIONLESS / VOLT / SECOND, "1/volt/second", "one over a voltage and a time", "1/mV/ms"),
    (DIMENSIONLESS / METRE, "1/metre", "one over a length", "1/um"),
    (VOLT**2, "volt**2", "a voltage squared", "mV**2"),
    (SECOND**2, "second**2", "a time squared", "ms**2"),
    (SECOND**0.5, "second**0.5", "the root of a time", "second**0.5"),
    (AMP / VOLT**2, "amp/volt**2", "a conductance per voltage", "nS/mV"),
    (METRE / SECOND, "metre/second", "a velocity", "metre/second"),
)
_CALLED = {dimension: words for dimension, _, words, _ in reversed(_WORDS)}
_USUAL = {dimension: unit for dimension, _, _, unit in reversed(_WORDS)}
_NAMED = {dimension: text for dimension, text, _, _ in reversed(_WORDS)}


def describe(dimension: Dimension) -> str:
    """Return a dimension in words: "a time", "a current per area"."""
    return _CALLED.get(dimension) or f"a quantity in {dimension}"


def usual_unit(dimension: Dimension) -> str:
    """Return the unit neuroscience usually gives a quantity of this dimension in."""
    return _USUAL.get(dimension) or str(dimension)


def power_text(name: str, exponent: float) -> str:
    """Write a power: "cm**2", or "cm" for the first."""
    return name if exponent == 1 else f"{name}**{exponent:.9g}"


def _dimension_text(dimension: Dimension) -> str:
    """Write a dimension in SI units, by its name if it has one."""
    if dimension in _NAMED:
        return _NAMED[dimension]
    names = ("metre", "kg", "second", "amp", "kelvin", "mole", "candela")
    pairs = list(zip(names, dimension.exponents, strict=True))
    above = [power_text(name, exponent) for name, exponent in pairs if exponent > 0]
    below = [power_text(name, -exponent) for name, exponent in pairs if exponent < 0]
    return "/".join(["*".join(above) or "1", *below])
