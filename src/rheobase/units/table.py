"""The units: names, sizes, dimensions, and how others spell them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from rheobase.errors import did_you_mean
from rheobase.units.dimensions import (
    AMP,
    COULOMB,
    FARAD,
    HERTZ,
    JOULE,
    KELVIN,
    KILOGRAM,
    METRE,
    MOLE,
    NEWTON,
    OHM,
    SECOND,
    SIEMENS,
    VOLT,
    VOLUME,
    WATT,
    Dimension,
)


@dataclass(frozen=True)
class Unit:
    """A unit as written: its text, its size in SI units, its dimension."""

    text: str
    scale: float
    dimension: Dimension

    def to_si(self, value: Any) -> Any:
        """Return `value` of this unit in SI units.

        Sizes like 1/1000 are divided by, not multiplied with: 1.1 ms is the double nearest to
        0.0011, which 1.1*0.001 is not.
        """
        inverse = _whole_inverse(self.scale)
        return value / inverse if inverse else value * self.scale

    def from_si(self, value: Any) -> Any:
        """Return an SI `value` in this unit."""
        inverse = _whole_inverse(self.scale)
        return value * inverse if inverse else value / self.scale

    def turn_from_si(self, values: Any) -> Any:
        """Turn an array of SI values into this unit where it stands, and return it.

        The same numbers as of `from_si`, without a second array: for large ones, getting the
        memory takes longer than the division.
        """
        inverse = _whole_inverse(self.scale)
        if inverse:
            values *= inverse
        elif self.scale != 1:
            values /= self.scale
        return values


@lru_cache(maxsize=1024)
def _whole_inverse(scale: float) -> float:
    """Return 1/scale if that is a whole number a double holds exactly, else 0."""
    if not 0 < scale < 1:
        return 0.0
    inverse = float(round(1 / scale))
    return inverse if inverse <= 1e22 and 1 / inverse == scale else 0.0


class _Base(NamedTuple):
    """A unit without prefix, and the prefixes it is offered with."""

    name: str  # what this library calls it, "" if it is offered with prefixes only
    spelled: str  # what pint calls it
    symbol: str
    dimension: Dimension
    prefixes: str = ""
    scale: Fraction = Fraction(1)


_PREFIXES = {"": ("", 0), "G": ("giga", 9), "M": ("mega", 6), "k": ("kilo", 3),
             "c": ("centi", -2), "m": ("milli", -3), "u": ("micro", -6), "n": ("nano", -9),
             "p": ("pico", -12)}  # fmt: skip

_BASES = (
    _Base("second", "second", "s", SECOND, "mun"),
    _Base("minute", "minute", "minute", SECOND, scale=Fraction(60)),
    _Base("hour", "hour", "hour", SECOND, scale=Fraction(3600)),
    _Base("metre", "meter", "m", METRE, "cmun"),
    _Base("volt", "volt", "V", VOLT, "mu"),
    _Base("amp", "ampere", "A", AMP, "munp"),
    _Base("siemens", "siemens", "S", SIEMENS, "munp"),
    _Base("ohm", "ohm", "ohm", OHM, "kMG"),
    _Base("farad", "farad", "F", FARAD, "munp"),
    _Base("hertz", "hertz", "Hz", HERTZ, "k"),
    _Base("coulomb", "coulomb", "C", COULOMB, "np"),
    _Base("kelvin", "kelvin", "K", KELVIN),
    _Base("mole", "mole", "mol", MOLE, "m"),
    _Base("molar", "molar", "M", MOLE / VOLUME, "mun", Fraction(1000)),
    _Base("gram", "gram", "g", KILOGRAM, "k", Fraction(1, 1000)),
    _Base("joule", "joule", "J", JOULE),
    _Base("watt", "watt", "W", WATT),
    _Base("newton", "newton", "N", NEWTON),
    _Base("litre", "liter", "L", VOLUME, scale=Fraction(1, 1000)),
)


def _build_tables() -> tuple[dict[str, Unit], dict[str, str], dict[str, str], dict[str, Fraction]]:
    """Return the units, how each is spelled out, other spellings of each, and exact sizes."""
    units: dict[str, Unit] = {}
    spelled: dict[str, str] = {}
    others: dict[str, str] = {}
    exact: dict[str, Fraction] = {}
    for base in _BASES:
        offered = [(base.name, "")] + [(prefix + base.symbol, prefix) for prefix in base.prefixes]
        if len(base.symbol) > 1 and base.symbol != base.name:
            offered.append((base.symbol, ""))
        for name, prefix in offered:
            word, power = _PREFIXES[prefix]
            exact[name] = base.scale * Fraction(10) ** power
            units[name] = Unit(name, float(exact[name]), base.dimension)
            spelled[name] = word + base.spelled
            for long in {base.name, base.spelled, base.name + "s", base.spelled + "s"}:
                others.setdefault(word + long, name)
                others.setdefault(prefix + long, name)
        others.setdefault(base.symbol, base.name)
    for other in list(others):
        if other in units:
            del others[other]
    others |= {"sec": "second", "msec": "ms", "usec": "us", "min": "minute", "hr": "hour",
               "liter": "litre", "l": "litre", "micron": "um", "um2": "um**2",
               "cm2": "cm**2", "degC": "kelvin", "celsius": "kelvin", "rad": "1",
               "radian": "1", "dimensionless": "1", "unitless": "1"}  # fmt: skip
    return units, spelled, others, exact


UNITS, _SPELLED, _OTHER_SPELLINGS, EXACT_SIZES = _build_tables()
BY_PINT_NAME = {spelled: name for name, spelled in reversed(_SPELLED.items())}
# In a quantity given as text ("2 s") the symbols of the SI are clear; in an equation they are
# free for variables.
SI_SYMBOLS = {base.symbol: base.name for base in _BASES if len(base.symbol) == 1}


def suggest_unit(name: str) -> str | None:
    """Return the unit that was probably meant by `name`, or None."""
    return _OTHER_SPELLINGS.get(name) or did_you_mean(name, UNITS)


def spelled_out(name: str) -> str:
    """Return the full name of a unit: "millisiemens" of "mS"."""
    return _SPELLED.get(name, name)
