"""The units users write, and the one door from quantities to the SI floats used inside.

`from rheobase.units import ms, mV` gives pint units (`20*ms` is a quantity). The table `UNITS`
is what this module exports and what the text of an equation may use; it knows scale and
dimension of every unit itself, so that reading an equation needs no pint. No unit has one
letter: s, m, h, a, b, V are free for variables.
"""

from __future__ import annotations

import ast
import numbers
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from rheobase.errors import UnitError, did_you_mean, point_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


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
        # rounded, so that a third taken three times is exactly one
        return Dimension(*(round(a * exponent, 9) + 0.0 for a in self.exponents))

    def __str__(self) -> str:
        return _dimension_text(self)


DIMENSIONLESS = Dimension()


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

_VOLT = Dimension(2, 1, -3, -1)
_AMP = Dimension(ampere=1)
_SECOND = Dimension(second=1)
_METRE = Dimension(metre=1)

_BASES = (
    _Base("second", "second", "s", _SECOND, "mun"),
    _Base("minute", "minute", "minute", _SECOND, scale=Fraction(60)),
    _Base("hour", "hour", "hour", _SECOND, scale=Fraction(3600)),
    _Base("metre", "meter", "m", _METRE, "cmun"),
    _Base("volt", "volt", "V", _VOLT, "mu"),
    _Base("amp", "ampere", "A", _AMP, "munp"),
    _Base("siemens", "siemens", "S", _AMP / _VOLT, "munp"),
    _Base("ohm", "ohm", "ohm", _VOLT / _AMP, "kMG"),
    _Base("farad", "farad", "F", _AMP * _SECOND / _VOLT, "munp"),
    _Base("hertz", "hertz", "Hz", _SECOND**-1, "k"),
    _Base("coulomb", "coulomb", "C", _AMP * _SECOND, "np"),
    _Base("kelvin", "kelvin", "K", Dimension(kelvin=1)),
    _Base("mole", "mole", "mol", Dimension(mole=1), "m"),
    _Base("molar", "molar", "M", Dimension(metre=-3, mole=1), "mun", Fraction(1000)),
    _Base("gram", "gram", "g", Dimension(kilogram=1), "k", Fraction(1, 1000)),
    _Base("joule", "joule", "J", _VOLT * _AMP * _SECOND),
    _Base("watt", "watt", "W", _VOLT * _AMP),
    _Base("newton", "newton", "N", Dimension(1, 1, -2)),
    _Base("litre", "liter", "L", Dimension(metre=3), scale=Fraction(1, 1000)),
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


UNITS, _SPELLED, _OTHER_SPELLINGS, _EXACT = _build_tables()
_BY_PINT_NAME = {spelled: name for name, spelled in reversed(_SPELLED.items())}
# In a quantity given as text ("2 s") the symbols of the SI are clear; in an equation they are
# free for variables.
_SI_SYMBOLS = {base.symbol: base.name for base in _BASES if len(base.symbol) == 1}

__all__ = list(UNITS)


def __getattr__(name: str) -> Any:
    """Give the pint unit of that name; pint is loaded when the first one is taken."""
    if name not in UNITS:
        raise AttributeError(f"module {__name__!r} has no unit {name!r}{_hint(name)}")
    unit = getattr(_registry(), name)
    globals()[name] = unit  # found directly from now on
    return unit


def __dir__() -> list[str]:
    return sorted({*globals(), *UNITS})


def _hint(name: str) -> str:
    suggestion = suggest_unit(name)
    return f"; did you mean {suggestion}?" if suggestion else ""


def suggest_unit(name: str) -> str | None:
    """Return the unit that was probably meant by `name`, or None."""
    return _OTHER_SPELLINGS.get(name) or did_you_mean(name, UNITS)


def spelled_out(name: str) -> str:
    """Return the full name of a unit: "millisiemens" of "mS"."""
    return _SPELLED.get(name, name)


# --- reading units -----------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:([^\W\d]\w*)|(\d+\.?\d*|\.\d+)|(\*\*|[*/()^+-])|(\S))")


class _UnitReader:
    """Reads `product := power (('*' | '/') power)*`, `power := atom ('**' exponent)?`."""

    def __init__(self, text: str, source: str, offset: int, symbols: bool) -> None:
        self.text, self.source, self.offset, self.symbols = text, source, offset, symbols
        self.tokens = [
            (match.group().strip(), match.start() + len(match.group()) - len(match.group().strip()))
            for match in _TOKEN.finditer(text.rstrip())
        ]
        self.at = 0

    def fail(self, what: str, mend: str = "") -> UnitError:
        token, start = self.tokens[self.at] if self.at < len(self.tokens) else ("", len(self.text))
        start += self.offset
        place = point_at(self.source, start, start + len(token))
        return UnitError(what, place=place, mend=mend)

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def read(self) -> tuple[Fraction | float, Dimension]:
        result = self.product()
        if self.peek():
            raise self.fail(
                f"cannot read the unit {self.text.strip()!r}",
                "write products with * and powers with **, as in uA/cm**2",
            )
        return result

    def product(self) -> tuple[Fraction | float, Dimension]:
        scale, dimension = self.power()
        while self.peek() in ("*", "/"):
            divide = self.peek() == "/"
            self.at += 1
            factor, of = self.power()
            scale = scale / factor if divide else scale * factor
            dimension = dimension / of if divide else dimension * of
        return scale, dimension

    def power(self) -> tuple[Fraction | float, Dimension]:
        scale, dimension = self.atom()
        if self.peek() == "^":
            mended = self.text.strip().replace("^", "**")
            raise self.fail("^ is not a power here", f"write {mended}")
        if self.peek() != "**":
            return scale, dimension
        self.at += 1
        exponent = self.exponent()
        whole = exponent.denominator == 1
        raised = scale ** int(exponent) if whole else float(scale) ** float(exponent)
        return raised, dimension ** float(exponent)

    def exponent(self) -> Fraction:
        if self.peek() == "(":
            self.at += 1
            value = self.exponent()
            if self.peek() == "/":
                self.at += 1
                value /= self.exponent()
            if self.peek() != ")":
                raise self.fail("a parenthesis of the exponent is not closed")
            self.at += 1
            return value
        sign = -1 if self.peek() == "-" else 1
        if self.peek() in ("-", "+"):
            self.at += 1
        if not re.fullmatch(r"[\d.]+", self.peek()):
            raise self.fail("the exponent of a unit is a number", "write for example cm**2")
        value = Fraction(self.peek())
        self.at += 1
        return sign * value

    def atom(self) -> tuple[Fraction | float, Dimension]:
        token = self.peek()
        if token == "(":
            self.at += 1
            inner = self.product()
            if self.peek() != ")":
                raise self.fail("a parenthesis in the unit is not closed")
            self.at += 1
            return inner
        if token == "1":
            self.at += 1
            return Fraction(1), DIMENSIONLESS
        if self.symbols:
            token = _SI_SYMBOLS.get(token, token)
        if token in UNITS:
            self.at += 1
            return _EXACT[token], UNITS[token].dimension
        if re.fullmatch(r"[^\W\d]\w*", token):
            raise self.fail(f"{token} is not a unit", _unknown_unit_help(token))
        raise self.fail(
            f"cannot read the unit {self.text.strip()!r}",
            "write a unit such as mV, uA/cm**2, or 1 for a plain number",
        )


def _unknown_unit_help(name: str) -> str:
    if name in ("degC", "celsius"):
        return "temperatures are in kelvin: 6.3 degrees Celsius are 279.45*kelvin"
    suggestion = suggest_unit(name)
    if suggestion == "1":
        return "write 1 for a plain number"
    if suggestion and len(name) == 1:
        return f"write {suggestion} (one letter is free for variables)"
    if suggestion:
        return f"did you mean {suggestion}?"
    return "the units are: " + ", ".join(UNITS)


def parse_unit(text: str, *, source: str | None = None, offset: int = 0) -> Unit:
    """Read a unit such as "mV", "uA/cm**2", "1" or "second**-0.5".

    Parameters
    ----------
    text : str
        The unit.
    source : str, optional
        The text that `text` stands in, and `offset` where it begins there; an error then
        shows its place in the source.

    Raises
    ------
    UnitError
        If it is no unit; the message points at the part that is none and suggests one.
    """
    return _read_unit(text, text if source is None else source, offset, symbols=False)


def _read_unit(text: str, source: str, offset: int, symbols: bool) -> Unit:
    plain = text.replace("\u00b5", "u").replace("\u03bc", "u")  # both signs for micro
    scale, dimension = _UnitReader(plain, source, offset, symbols).read()
    written = re.sub(r"\s+", "", plain)
    return Unit(written, float(scale), dimension)


# --- words for dimensions ----------------------------------------------------------------------


def _dimension(text: str) -> Dimension:
    return _read_unit(text, text, 0, symbols=False).dimension


# What a dimension is called, in the order of looking them up, and the unit to suggest.
_WORDS = {
    "1": ("a plain number", "1"),
    "second": ("a time", "ms"),
    "volt": ("a voltage", "mV"),
    "amp": ("a current", "pA"),
    "siemens": ("a conductance", "nS"),
    "ohm": ("a resistance", "Mohm"),
    "farad": ("a capacitance", "pF"),
    "hertz": ("a rate", "Hz"),
    "metre": ("a length", "um"),
    "metre**2": ("an area", "um**2"),
    "metre**3": ("a volume", "um**3"),
    "coulomb": ("a charge", "pC"),
    "kelvin": ("a temperature", "kelvin"),
    "mole": ("an amount of substance", "mmol"),
    "mole/metre**3": ("a concentration", "mM"),
    "kg": ("a mass", "gram"),
    "joule": ("an energy", "joule"),
    "watt": ("a power", "watt"),
    "newton": ("a force", "newton"),
    "amp/metre**2": ("a current per area", "uA/cm**2"),
    "siemens/metre**2": ("a conductance per area", "mS/cm**2"),
    "farad/metre**2": ("a capacitance per area", "uF/cm**2"),
    "ohm*metre": ("a resistivity", "ohm*cm"),
    "ohm*metre**2": ("a resistance times an area", "ohm*cm**2"),
    "volt/second": ("a voltage per time", "mV/ms"),
    "amp/second": ("a current per time", "pA/ms"),
    "siemens/second": ("a conductance per time", "nS/ms"),
    "mole/metre**3/second": ("a concentration per time", "mM/ms"),
    "amp/metre**2/second": ("a current per area and time", "uA/cm**2/ms"),
    "siemens/metre**2/second": ("a conductance per area and time", "mS/cm**2/ms"),
    "1/second**2": ("a rate per time", "Hz/second"),
    "second**-0.5": ("a noise, one over the root of a time", "second**-0.5"),
    "1/volt": ("one over a voltage", "1/mV"),
    "1/volt/second": ("one over a voltage and a time", "1/mV/ms"),
    "1/metre": ("one over a length", "1/um"),
    "volt**2": ("a voltage squared", "mV**2"),
    "second**2": ("a time squared", "ms**2"),
    "second**0.5": ("the root of a time", "second**0.5"),
    "amp/volt**2": ("a conductance per voltage", "nS/mV"),
    "metre/second": ("a velocity", "metre/second"),
    "amp/farad": ("a current per capacitance", "pA/pF"),
}
_WORD_OF = {_dimension(text): words for text, words in reversed(_WORDS.items())}
_NAME_OF = {_dimension(text): text for text in reversed(_WORDS)}


def describe(dimension: Dimension) -> str:
    """Return a dimension in words: "a time", "a current per area"."""
    words = _WORD_OF.get(dimension)
    return words[0] if words else f"a quantity in {dimension}"


def usual_unit(dimension: Dimension) -> str:
    """Return the unit neuroscience usually gives a quantity of this dimension in."""
    words = _WORD_OF.get(dimension)
    return words[1] if words else str(dimension)


def _power_text(name: str, exponent: float) -> str:
    return name if exponent == 1 else f"{name}**{exponent:.9g}"


def _dimension_text(dimension: Dimension) -> str:
    """Write a dimension in SI units, in the words of `_WORDS` if it has one."""
    if dimension in _NAME_OF:
        return _NAME_OF[dimension]
    names = ("metre", "kg", "second", "amp", "kelvin", "mole", "candela")
    pairs = list(zip(names, dimension.exponents, strict=True))
    above = [_power_text(name, exponent) for name, exponent in pairs if exponent > 0]
    below = [_power_text(name, -exponent) for name, exponent in pairs if exponent < 0]
    return "/".join(["*".join(above) or "1", *below])


# --- pint, loaded when the first unit is taken -------------------------------------------------


def cache_directory() -> str:
    """Return the directory for what can be computed again; it need not exist.

    `RHEOBASE_CACHE_DIR` if that is set, else the place the operating system has for caches.
    """
    chosen = os.environ.get("RHEOBASE_CACHE_DIR")
    if chosen:
        return chosen
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        root = os.path.join(home, "Library", "Caches")
    else:
        root = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(root, "rheobase")


@lru_cache(maxsize=1)
def _registry() -> Any:
    """Return the one pint registry, from pint's cache on disk where that can be written."""
    import pint

    folder = os.path.join(cache_directory(), "pint")
    try:
        os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(folder)
        registry = pint.UnitRegistry(cache_folder=folder)
    except Exception:  # a cache that cannot be written, or read, must not stop anybody
        registry = pint.UnitRegistry()
    registry.formatter.default_format = "~C"
    return registry


@lru_cache(maxsize=512)
def _pint_unit(text: str) -> Any:
    registry = _registry()
    return registry.dimensionless if text == "1" else registry.parse_units(text)


def quantity(si: Any, unit: Unit) -> Any:
    """Return an SI number or array as a quantity in `unit`."""
    return _registry().Quantity(unit.from_si(si), _pint_unit(unit.text))


# --- the door ----------------------------------------------------------------------------------

_NUMBER_AND_UNIT = re.compile(
    r"\s*([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\s*(?:inf|nan))\s*\*?\s*(.*?)\s*$",
    re.DOTALL,
)


def _is_quantity(value: Any) -> bool:
    return hasattr(value, "magnitude") and hasattr(value, "unit_items")


def _is_pint_unit(value: Any) -> bool:
    return hasattr(value, "dimensionality") and hasattr(value, "is_compatible_with")


def _split(value: Any) -> tuple[Any, Unit]:
    """Split a pint quantity into its magnitude and its unit."""
    scale: Fraction | float = Fraction(1)
    dimension = DIMENSIONLESS
    above, below = [], []
    for pint_name, exponent in value.unit_items():
        name = _BY_PINT_NAME.get(pint_name)
        if name is None:
            return _split_elsewhere(value)
        whole = float(exponent).is_integer()
        base = _EXACT[name]
        scale *= base ** int(exponent) if whole else float(base) ** float(exponent)
        dimension *= UNITS[name].dimension ** float(exponent)
        text = _power_text(name, abs(exponent))
        (above if exponent > 0 else below).append(text)
    text = "/".join(["*".join(above) or "1", *below])
    return value.magnitude, Unit(text, float(scale), dimension)


def _split_elsewhere(value: Any) -> tuple[Any, Unit]:
    """Split a quantity in units that are not ours (inches, electron volts) by pint's table."""
    names = {"[length]": "metre", "[mass]": "kilogram", "[time]": "second", "[current]": "ampere",
             "[temperature]": "kelvin", "[substance]": "mole", "[luminosity]": "candela"}  # fmt: skip
    exponents = {names.get(key): float(power) for key, power in value.dimensionality.items()}
    if None in exponents:
        raise UnitError(f"the unit of {value} is not one of the SI")
    dimension = Dimension(**{key: power for key, power in exponents.items() if key})
    base = value.to_base_units()
    return base.magnitude, Unit(str(dimension), 1.0, dimension)


def _read_quantity(text: str, what: str) -> tuple[float, Unit]:
    match = _NUMBER_AND_UNIT.match(text)
    if match is None:
        raise UnitError(
            f"{what}: cannot read {text!r} as a quantity",
            mend='write a number and a unit, such as "20 ms"',
        )
    number = float(match.group(1).replace(" ", ""))
    unit = match.group(2) or "1"
    if unit.startswith("/"):
        unit = "1" + unit
    return number, _read_unit(unit, unit, 0, symbols=True)


def _foreign(value: Any) -> str:
    """Return the package of a quantity that is not pint's, or ""."""
    package = type(value).__module__.partition(".")[0]
    return package if package in ("brian2", "astropy", "quantities", "unyt", "nir") else ""


def split_quantity(value: Any, what: str = "the value") -> tuple[Any, Unit]:
    """Split what a user gave into its number (or array of numbers) and its unit.

    Parameters
    ----------
    value
        A quantity, a text ("20 ms"), a plain number, or an array or list of these.
    what : str
        What the value is for, named by an error.

    Returns
    -------
    magnitude : float or array
    unit : Unit
        Of a list of quantities in different units, the SI unit.

    Raises
    ------
    UnitError
        If it is none of these.
    """
    if isinstance(value, numbers.Real):
        return float(value), _ONE
    if isinstance(value, str):
        return _read_quantity(value, what)
    if _is_quantity(value):
        return _split(value)
    if _is_pint_unit(value):
        return _split(1.0 * value)
    package = _foreign(value)
    if package:
        raise UnitError(
            f"{what}: this is a quantity of the package {package}",
            mend="take units from here: from rheobase.units import ms, mV",
        )
    if isinstance(value, (list, tuple)) or getattr(value, "dtype", None) == object:
        return _split_list(list(value), what)
    if hasattr(value, "dtype") and value.dtype.kind in "biuf":
        return value, _ONE
    raise UnitError(
        f"{what}: expected a quantity, got {_shown(value)}",
        mend='write a number times a unit, such as 20*ms or "20 ms"',
    )


_ONE = Unit("1", 1.0, DIMENSIONLESS)


def _split_list(values: list[Any], what: str) -> tuple[Any, Unit]:
    import numpy as np

    if not values:
        return np.zeros(0), _ONE
    if all(isinstance(value, numbers.Real) for value in values):
        return np.asarray(values, dtype=float), _ONE
    parts = [split_quantity(value, what) for value in values]
    first = parts[0][1]
    for (_, unit), value in zip(parts, values, strict=True):
        if unit.dimension != first.dimension:
            raise UnitError(
                f"{what}: the values of a list have one dimension, here {values[0]} and {value}"
            )
    same = len({unit for _, unit in parts}) == 1
    arrays = [
        np.asarray(magnitude if same else unit.to_si(np.asarray(magnitude, dtype=float)), float)
        for magnitude, unit in parts
    ]
    if len({array.shape for array in arrays}) > 1:
        raise UnitError(f"{what}: the rows of this list are not equally long")
    si = Unit(str(first.dimension), 1.0, first.dimension)
    return np.stack(arrays), first if same else si


def to_si(
    value: Any, dimension: Dimension, *, what: str, paste: str | None = None
) -> float | FloatArray:
    """Return a value a user gave as an SI float, or an array of them: the one door.

    Parameters
    ----------
    value
        A quantity, a text ("20 ms"), an array or list of these; a plain number (or array)
        where the value is dimensionless.
    dimension : Dimension
        What is expected.
    what : str
        What the value is for ("the duration", "tau_m"), for the error.
    paste : str, optional
        The line that would be right, for the error: "net.run(1*second)".

    Returns
    -------
    float or ndarray of float64

    Raises
    ------
    UnitError
        With what was expected and given, and a line to paste.
    """
    if dimension == DIMENSIONLESS and isinstance(value, (float, int)):
        return float(value)
    try:
        magnitude, unit = split_quantity(value, what)
    except UnitError as error:
        if paste and isinstance(value, str):
            raise UnitError(str(error).rsplit("\n", 1)[0], mend=f"write {paste}") from None
        raise
    empty = getattr(magnitude, "size", 1) == 0 and unit == _ONE
    if unit.dimension != dimension and not empty:
        raise _mismatch(value, unit, dimension, what, paste)
    if isinstance(magnitude, (float, int)):
        return float(unit.to_si(float(magnitude)))
    import numpy as np

    si = unit.to_si(np.asarray(magnitude, dtype=np.float64))
    return float(si) if np.ndim(si) == 0 else np.asarray(si, dtype=np.float64)


def _mismatch(
    value: Any, unit: Unit, dimension: Dimension, what: str, paste: str | None
) -> UnitError:
    usual = usual_unit(dimension)
    if unit.dimension == DIMENSIONLESS:
        given = _shown(value)
        mended = "" if dimension == DIMENSIONLESS else _times(value, usual)
    else:
        given = f"{_shown(value)} ({describe(unit.dimension)})"
        mended = f"a value in {usual}" if dimension != DIMENSIONLESS else "a plain number"
    return UnitError(
        f"{what}: expected {describe(dimension)}, got {given}; write {paste or mended}"
    )


def _times(value: Any, unit: str) -> str:
    if isinstance(value, numbers.Real):
        return f"{_number(value)}*{unit}"
    return f"{_shown(value)}*{unit}" if isinstance(value, (list, tuple)) else f"...*{unit}"


def _number(value: Any) -> str:
    return f"{float(value):g}" if float(f"{float(value):g}") == float(value) else repr(float(value))


def _shown(value: Any) -> str:
    if isinstance(value, numbers.Real):
        return f"the plain number {_number(value)}"
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, Iterable) and not _is_quantity(value):
        items = list(value)
        if len(items) > 4:
            return f"{len(items)} plain numbers"
        return f"[{', '.join(str(item) for item in items)}]"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def unit_text(factors: Iterable[tuple[str, float]]) -> str:
    """Write a product of powers of units: [("mV", 1), ("ms", -1)] is "mV/ms"."""
    pairs = [(name, exponent) for name, exponent in factors if exponent]
    above = [_power_text(name, exponent) for name, exponent in pairs if exponent > 0]
    below = [_power_text(name, -exponent) for name, exponent in pairs if exponent < 0]
    if not above and len(below) == 1 and pairs[0][1] != -1:
        return f"{pairs[0][0]}**{pairs[0][1]:.9g}"
    return "/".join(["*".join(above) or "1", *below])


def unit_factors(text: str) -> tuple[tuple[str, float], ...]:
    """Split the text of a unit into powers of named units, the reverse of `unit_text`."""
    powers: dict[str, float] = {}

    def visit(node: ast.expr, sign: float) -> None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            exponent = ast.unparse(node.right).strip("()")
            above, _, below = exponent.partition("/")
            visit(node.left, sign * float(above.replace(" ", "")) / float(below or 1))
        elif isinstance(node, ast.BinOp):
            visit(node.left, sign)
            visit(node.right, -sign if isinstance(node.op, ast.Div) else sign)
        elif isinstance(node, ast.Name):
            powers[node.id] = powers.get(node.id, 0.0) + sign

    visit(ast.parse(text, mode="eval").body, 1.0)
    return tuple((name, power) for name, power in powers.items() if power)
