"""What to do about dimensions that do not fit, in the words of a neuroscientist."""

from __future__ import annotations

from collections.abc import Iterable

from rheobase.units import (
    DIMENSIONLESS,
    UNITS,
    Dimension,
    Unit,
    describe,
    parse_unit,
    spelled_out,
    usual_unit,
)


def _dimension(text: str) -> Dimension:
    return parse_unit(text).dimension


_CURRENT, _VOLTAGE, _TIME = _dimension("amp"), _dimension("volt"), _dimension("second")
_CONDUCTANCE, _AREA = _dimension("siemens"), _dimension("metre**2")
# given/expected: what it has too much of, so what to divide it by.
_EXCESS = {
    _dimension("farad"): "a capacitance",
    _dimension("farad/metre**2"): "a capacitance per area",
    _dimension("siemens"): "a conductance (or multiply it with a resistance)",
    _dimension("siemens/metre**2"): "a conductance per area",
    _dimension("second"): "a time constant",
    _dimension("ohm"): "a resistance (or multiply it with a conductance)",
    _dimension("volt"): "a voltage",
    _dimension("amp"): "a current",
    _dimension("metre**2"): "an area",
    _dimension("coulomb"): "a charge",
}
_LACK = {
    _dimension("volt"): "a voltage",
    _dimension("metre**2"): "an area",
    _dimension("second"): "a time",
    _dimension("farad"): "a capacitance",
    _dimension("farad/metre**2"): "a capacitance per area",
    _dimension("siemens/metre**2"): "a conductance per area",
    _dimension("amp"): "a current",
    _dimension("ohm*metre**2"): "a resistance times an area",
}
_NOUNS = {
    _CURRENT: "the current",
    _VOLTAGE: "the voltage",
    _CONDUCTANCE: "the conductance",
    _dimension("amp/metre**2"): "the current",
    _dimension("siemens/metre**2"): "the conductance",
}


def mend_mismatch(given: Dimension, expected: Dimension, unit: str, text: str) -> str:
    """Say how to make something of dimension `given` fit where `expected` is needed.

    Parameters
    ----------
    given, expected : Dimension
    unit : str
        The unit expected there.
    text : str
        The expression that does not fit.
    """
    it = _NOUNS.get(given, "it")
    if given == DIMENSIONLESS:
        simple = text.removeprefix("-").replace(".", "").replace("_", "").isalnum()
        return f"give it a unit: write {text if simple else f'({text})'}*{unit}"
    excess = given / expected
    if expected == DIMENSIONLESS:
        return f"divide {it} by {describe(given)}"
    if given == _CONDUCTANCE and expected == _CURRENT:
        return "multiply the conductance with a voltage, as in g*(E - v)"
    if excess in _EXCESS:
        return f"divide {it} by {_EXCESS[excess]}"
    lack = expected / given
    if lack in _LACK:
        return f"multiply {it} with {_LACK[lack]}"
    if lack == _dimension("siemens"):
        return f"multiply {it} with a conductance (or divide it by a resistance)"
    if lack == _dimension("ohm"):
        return f"multiply {it} with a resistance (or divide it by a conductance)"
    if lack == _TIME**-0.5:
        return f"white noise goes with the root of a time: multiply {it} with sqrt(2/tau)"
    if lack == _TIME**-1:
        return f"divide {it} by a time"
    return f"{describe(expected)} is needed, such as one in {usual_unit(expected)}"


def siblings(unit: Unit) -> Iterable[Unit]:
    """Yield units that differ from a single one in upper and lower case only: ms of mS."""
    for name, other in UNITS.items():
        if name != unit.text and name.lower() == unit.text.lower():
            yield other


def sibling_text(unit: Unit, other: Unit) -> str:
    """Return "mS is millisiemens; did you mean ms?"."""
    return f"{unit.text} is {spelled_out(unit.text)}; did you mean {other.text}?"


# What a parameter is by the beginning of its name, as the literature uses them.
_BY_NAME = (
    (("tau", "t_"), ("ms",)),
    (("C_", "c_m", "C"), ("pF", "uF/cm**2")),
    (("g_", "g"), ("nS", "mS/cm**2")),
    (("E_", "V_", "v_", "E", "V", "Delta"), ("mV",)),
    (("I_", "I", "i_"), ("pA", "uA/cm**2")),
    (("R_", "R"), ("Mohm",)),
    (("rate", "f_"), ("Hz",)),
)


def likely_units(name: str) -> tuple[Unit, ...]:
    """Return the units a parameter of this name usually has, or none."""
    for beginnings, units in _BY_NAME:
        if name.startswith(beginnings):
            return tuple(parse_unit(unit) for unit in units)
    return ()
