"""The one door from what users give to SI floats, and from SI floats to quantities."""

from __future__ import annotations

import numbers
import os
import re
import sys
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rheobase.errors import UnitError
from rheobase.units.dimensions import (
    DIMENSIONLESS,
    Dimension,
    describe,
    power_text,
    usual_unit,
)
from rheobase.units.reading import read_unit
from rheobase.units.table import BY_PINT_NAME, EXACT_SIZES, UNITS, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# --- pint, loaded when the first unit is taken -------------------------------------------------


def cache_directory() -> str:
    """Return the directory for what can be computed again; it need not exist.

    `RHEOBASE_CACHE` if that is set, else the place the operating system has for caches.
    """
    chosen = os.environ.get("RHEOBASE_CACHE")
    if chosen:
        return os.path.expanduser(chosen)
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
        registry: Any = pint.UnitRegistry(cache_folder=folder)
    except Exception:  # a cache that cannot be written, or read, must not stop anybody
        registry = pint.UnitRegistry()
    registry.formatter.default_format = "~C"
    return registry


@lru_cache(maxsize=512)
def pint_unit(text: str) -> Any:
    """Return the pint unit of a text such as "uA/cm**2"."""
    registry = _registry()
    return registry.dimensionless if text == "1" else registry.parse_units(text)


def quantity(si: Any, unit: Unit) -> Any:
    """Return an SI number or array as a quantity in `unit`."""
    return _registry().Quantity(unit.from_si(si), pint_unit(unit.text))


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
    above: list[str] = []
    below: list[str] = []
    for pint_name, exponent in value.unit_items():
        name = BY_PINT_NAME.get(pint_name)
        if name is None:
            return _split_elsewhere(value)
        whole = float(exponent).is_integer()
        base = EXACT_SIZES[name]
        scale *= base ** int(exponent) if whole else float(base) ** float(exponent)
        dimension *= UNITS[name].dimension ** float(exponent)
        text = power_text(name, abs(exponent))
        (above if exponent > 0 else below).append(text)
    text = "/".join(["*".join(above) or "1", *below])
    return value.magnitude, Unit(text, float(scale), dimension)


_PINT_BASES = {
    "[length]": "metre",
    "[mass]": "kilogram",
    "[time]": "second",
    "[current]": "ampere",
    "[temperature]": "kelvin",
    "[substance]": "mole",
    "[luminosity]": "candela",
}


def _split_elsewhere(value: Any) -> tuple[Any, Unit]:
    """Split a quantity in units that are not ours (inches, electron volts) by pint's table."""
    exponents = {_PINT_BASES.get(key): float(power) for key, power in value.dimensionality.items()}
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
    return number, read_unit(unit, unit, 0, symbols=True)


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
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if isinstance(value, (list, tuple)) or kind == "O":
        return _split_list(list(value), what)
    if kind and kind in "biuf":
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
