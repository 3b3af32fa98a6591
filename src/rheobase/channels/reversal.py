"""Nernst and Goldman-Hodgkin-Katz: what concentrations make of a membrane.

The two functions are text of the language, so that a channel may call them: `nernst(z, Ca_i, Ca_o,
temperature)` is a potential, `ghk(v, z, Ca_i, Ca_o, temperature)` the charge per volume that a
permeability turns into a current per area. Constants are those of CODATA 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.language.values import read_value
from rheobase.units import UNITS, parse_unit, quantity, split_quantity

FARADAY = 96485.33212
"""Charge of a mole of electrons [coulomb/mole]."""
GAS = 8.31446261815324
"""The gas constant [joule/mole/kelvin]."""
ABSOLUTE_ZERO = -273.15
"""In degrees Celsius."""
BOILING = 100.0
"""Degrees Celsius: more than that are kelvin by mistake."""

_THERMAL = f"{GAS!r}*joule/mole/kelvin*(temperature + {-ABSOLUTE_ZERO!r})*kelvin"
_CHARGE = f"{FARADAY!r}*coulomb/mole"

FUNCTIONS = {
    "nernst": "nernst(z, inside, outside, temperature) = "
    f"{_THERMAL}/(z*{_CHARGE})*log(outside/inside)",
    "ghk": "ghk(v, z, inside, outside, temperature) = "
    f"z*{_CHARGE}*(inside/exprel(-z*{_CHARGE}*v/({_THERMAL}))"
    f" - outside/exprel(z*{_CHARGE}*v/({_THERMAL})))",
}
"""What the text of every channel and pool can call."""

CONSTANTS = {
    "F": (f"{FARADAY!r}*coulomb/mole", "coulomb/mole"),
    "R": (f"{GAS!r}*joule/mole/kelvin", "joule/mole/kelvin"),
}
"""What F and R are in the text of a channel that does not define them: value and unit."""

VALENCES: Mapping[str, int] = {"Na": 1, "K": 1, "Ca": 2, "Mg": 2, "Cl": -1, "H": 1, "HCO3": -1}
"""The charge of an ion, in elementary charges."""


def valence_of(ion: str, given: int | None = None, what: str = "nernst") -> int:
    """Return the charge of an ion: what was given, or that of a known one.

    Raises
    ------
    UnknownNameError
        The ion is not known, and no valence was given.
    UserError
        The valence is no whole number other than 0.
    """
    if given is not None:
        if isinstance(given, bool) or not isinstance(given, int) or given == 0:
            raise UserError(
                f"{what}: the valence is a whole number other than 0",
                given=f"valence={given!r}",
                mend="write valence=2, or valence=-1 for an anion",
            )
        return given
    if ion not in VALENCES:
        meant = did_you_mean(str(ion), VALENCES)
        raise UnknownNameError(
            f"{what}: the valence of the ion {ion!r} is not known"
            + (f"; did you mean {meant!r}?" if meant else ""),
            mend="give it: valence=2",
        )
    return VALENCES[ion]


def celsius(given: Any, what: str) -> float:
    """Return a temperature in degrees Celsius: a plain number is one, a quantity is in kelvin.

    Raises
    ------
    UnitError, UserError
        It is no temperature, not above absolute zero, or kelvin by mistake: above 100 degrees.
    """
    value = read_value(given, what, example="temperature=37")
    if value.dimension == UNITS["kelvin"].dimension:
        found = float(value.unit.to_si(value.magnitude)) + ABSOLUTE_ZERO
    else:
        found = value.in_dimension(parse_unit("1"), what, "temperature")
    if not (math.isfinite(found) and found > ABSOLUTE_ZERO):
        raise UserError(
            f"{what}: a temperature is above absolute zero, in degrees Celsius",
            given=f"temperature={given}",
            mend="write temperature=37, or 310.15*kelvin",
        )
    _refuse_boiling(found, what, "temperature=")
    return found


def in_celsius(value: Any) -> Any:
    """Return quantities in kelvin as plain numbers of degrees Celsius, and all else as it is."""
    try:
        number, unit = split_quantity(value)
    except UserError:  # whatever it is, it is no quantity
        return value
    if unit.dimension != UNITS["kelvin"].dimension:
        return value
    return unit.to_si(np.asarray(number, np.float64)) + ABSOLUTE_ZERO


def refuse_below_zero(values: Any, what: str, paste: str) -> None:
    """Refuse temperatures [degrees Celsius] that are not above absolute zero, or boil.

    Raises
    ------
    UserError
    """
    if np.any(np.asarray(values) <= ABSOLUTE_ZERO):
        raise UserError(
            f"{what}: a temperature is above absolute zero, in degrees Celsius",
            given=f"{np.nanmin(values):g}",
            mend=f"write {paste}37, or {paste}310.15*kelvin",
        )
    _refuse_boiling(float(np.nanmax(values)), what, paste)


def _refuse_boiling(hottest: float, what: str, paste: str) -> None:
    """Refuse temperatures [degrees Celsius] that must have been meant in kelvin."""
    if hottest > BOILING:
        raise UserError(
            f"{what}: {hottest:g} degrees Celsius are too many for a cell; are they kelvin?",
            mend=f"write {paste}{hottest:g}*kelvin",
        )


def nernst(ion: str, inside: Any, outside: Any, temperature: Any = 37.0, *,
           valence: int | None = None) -> Any:  # fmt: skip
    """Return the potential at which diffusion and field balance for one ion.

    E = (R T/(z F)) ln(outside/inside).

    Parameters
    ----------
    ion : str
        "Na", "K", "Ca", "Mg", "Cl", "H", "HCO3", or another with its `valence`.
    inside, outside : quantity
        Concentrations.
    temperature : float or quantity
        In degrees Celsius, or a quantity in kelvin.
    valence : int, optional
        Charge of the ion.

    Returns
    -------
    quantity
        In mV.

    Raises
    ------
    UnitError, UserError
        A concentration is none, or is not above 0.

    Examples
    --------
    >>> from rheobase import channels
    >>> print(channels.nernst("K", "140 mM", "5 mM", 37).round(2))
    -89.06 mV
    """
    charge = valence_of(ion, valence)
    kelvin = celsius(temperature, "nernst: temperature") - ABSOLUTE_ZERO
    ratio = _concentration(outside, "outside", ion) / _concentration(inside, "inside", ion)
    return quantity(GAS * kelvin / (charge * FARADAY) * math.log(ratio), parse_unit("mV"))


def ghk_reversal(permeabilities: Mapping[str, float], inside: Mapping[str, Any],
                 outside: Mapping[str, Any], temperature: Any = 37.0) -> Any:  # fmt: skip
    """Return the potential at which currents of several monovalent ions add up to zero.

    E = (R T/F) ln((sum P_c [c]_out + sum P_a [a]_in)/(sum P_c [c]_in + sum P_a [a]_out)), c cations
    and a anions (D. E. Goldman 1943; A. L. Hodgkin and B. Katz 1949).

    Parameters
    ----------
    permeabilities : mapping of str to float
        By ion, relative to any of them: dict(K=1, Na=0.04, Cl=0.45).
    inside, outside : mapping of str to quantity
        Concentrations by ion.
    temperature : float or quantity
        In degrees Celsius, or a quantity in kelvin.

    Returns
    -------
    quantity
        In mV.

    Raises
    ------
    UserError
        An ion is not monovalent, has no concentration, or a permeability is negative.

    Examples
    --------
    The squid axon of Hodgkin and Katz:

    >>> from rheobase import channels
    >>> E = channels.ghk_reversal(
    ...     dict(K=1, Na=0.04, Cl=0.45), temperature=20,
    ...     inside=dict(K="400 mM", Na="50 mM", Cl="52 mM"),
    ...     outside=dict(K="20 mM", Na="440 mM", Cl="560 mM"))
    >>> print(E.round(1))
    -59.9 mV
    """
    into, out = 0.0, 0.0
    for ion, given in permeabilities.items():
        size = _permeability(ion, given)
        sides = []
        for side, concentrations in (("inside", inside), ("outside", outside)):
            if ion not in concentrations:
                raise UserError(
                    f"ghk_reversal: {side} names no concentration of {ion}",
                    mend=f'write {side}=dict({ion}="10 mM", ...)',
                )
            sides.append(_concentration(concentrations[ion], side, ion))
        within, without = sides if VALENCES[ion] > 0 else sides[::-1]
        into += size * without
        out += size * within
    if not (into > 0 and out > 0):
        raise UserError(
            "ghk_reversal: no ion is permeable", mend="write permeabilities=dict(K=1, Na=0.04)"
        )
    kelvin = celsius(temperature, "ghk_reversal: temperature") - ABSOLUTE_ZERO
    return quantity(GAS * kelvin / FARADAY * math.log(into / out), parse_unit("mV"))


def _permeability(ion: str, given: Any) -> float:
    charge = valence_of(ion, what="ghk_reversal")
    if abs(charge) != 1:
        raise UserError(
            f"ghk_reversal: {ion} has {abs(charge)} charges, and the equation is that of ions"
            " with one",
            mend="let a channel carry it by its current: I = P*ghk(v, 2, Ca_i, Ca_o, temperature)",
        )
    what = f"ghk_reversal: the permeability of {ion}"
    value = read_value(given, what, example=f"{ion}=1")
    found = float(value.unit.to_si(value.magnitude))
    if not found >= 0:
        raise UserError(f"{what} is negative", given=f"{ion}={given}", mend=f"write {ion}=1")
    return found


def _concentration(given: Any, side: str, ion: str) -> float:
    what = f"the concentration of {ion} {side}"
    value = read_value(given, what, example=f"{side}=10*mM")
    found = value.in_dimension(parse_unit("mM"), what, side)
    if not (found > 0 and math.isfinite(found)):
        raise UserError(f"{what} is above 0", given=str(given), mend=f"write {side}=10*mM")
    return found
