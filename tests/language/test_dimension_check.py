"""Dimensions: what fits, what does not, and how to mend it."""

import pytest

from rheobase.errors import EquationError, UnitError
from rheobase.language.dimension_check import (
    check_dimension,
    constant_value,
    dimension_of,
    over_time,
)
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression
from rheobase.units import DIMENSIONLESS, parse_unit

UNITS = {
    name: parse_unit(unit)
    for name, unit in {
        "v": "mV", "E_L": "mV", "w": "pA", "I": "pA", "g_L": "nS", "C_m": "pF", "tau_m": "ms",
        "x": "1", "n": "1", "drive": "nA",
    }.items()
}  # fmt: skip


def dimension(text):
    return dimension_of(parse_expression(text), UNITS, text=text, what="dv/dt")


@pytest.mark.parametrize("text, unit", [
    ("(E_L - v)/tau_m", "mV/ms"),
    ("(g_L*(E_L - v) - w + I)/C_m", "mV/ms"),
    ("x*v + E_L", "mV"),
    ("v**2", "mV**2"),
    ("v**(1/2)*E_L**0.5", "mV"),
    ("v**-(2 - 1)", "1/mV"),
    ("x**n", "1"),
    ("2**(v/E_L)", "1"),
    ("sqrt(v*E_L)", "mV"),
    ("exp((v - E_L)/(2*mV))", "1"),
    ("abs(v)", "mV"),
    ("sign(v)", "1"),
    ("heaviside(v - E_L)", "1"),
    ("clip(v, -1*volt, 0*mV)", "mV"),
    ("minimum(v, E_L)", "mV"),
    ("mod(t, 5*ms)", "ms"),
    ("t % (5*ms)", "ms"),
    ("t // (5*ms)", "1"),
    ("arctan2(v, E_L)", "1"),
    ("where(v > E_L, I, w)", "pA"),
    ("int(v > E_L)*v", "mV"),
    ("int(x)", "1"),
    ("rand()*(v - E_L)", "mV"),
    ("randn()", "1"),
    ("sqrt(2/tau_m)*xi*v", "mV/ms"),
    ("xi_a*sqrt(tau_m)", "1"),
    ("drive(t)", "nA"),
    ("sin(2*pi*t/tau_m)", "1"),
    ("dt/tau_m + i/N", "1"),
    ("v*nS", "pA"),
])  # fmt: skip
def test_what_fits(text, unit):
    assert dimension(text) == parse_unit(unit).dimension


@pytest.mark.parametrize(
    "text", ["v > E_L", "v > E_L and not w < I or x == 1", "not 1", "0 < x < 1"]
)
def test_conditions_have_no_dimension(text):
    assert dimension(text) is None


@pytest.mark.parametrize("text, says", [
    ("(E_L - v)/tau_m + I", ["dv/dt: cannot add pA to mV/ms; divide the current by a capacitance",
                             "expected: a voltage per time", "given: `I`, pA (a current)",
                             "\n  (E_L - v)/tau_m + I\n                    ^\n"]),
    ("I - v", ["cannot subtract mV from pA; divide the voltage by a resistance"]),
    ("v + 1", ["cannot add a plain number to mV; give it a unit: write 1*mV"]),
    ("1 + v", ["cannot add a plain number to mV", "write 1*mV"]),
    ("v > -50", ["cannot compare mV (a voltage) with a plain number",
                 "give it a unit: write -50*mV"]),
    ("v - 0", ["cannot subtract a plain number from mV; give it a unit: write 0*mV"]),
    ("0 - v", ["cannot subtract mV from a plain number; give it a unit: write 0*mV"]),
    ("v + x*2", ["write (x*2)*mV"]),
    ("I + g_L", ["cannot add nS to pA; multiply the conductance with a voltage, as in g*(E - v)"]),
    ("v + v/tau_m", ["cannot add mV/ms to mV; multiply it with a time"]),
    ("v/tau_m + v", ["cannot add mV to mV/ms; divide the voltage by a time constant"]),
    ("v + I", ["cannot add pA to mV; divide the current by a conductance (or multiply it with a"
               " resistance)"]),
    ("w + g_L*v*v", ["cannot add nS*mV**2 to pA; divide it by a voltage"]),
    ("v/tau_m + xi*v", ["white noise goes with the root of a time: multiply it with sqrt(2/tau)"]),
    ("x + tau_m", ["cannot add ms to a plain number; divide it by a time"]),
    ("exp(v)", ["exp takes a plain number, and this is mV (a voltage)",
                "divide the voltage by a voltage", "\n  exp(v)\n      ^\n"]),
    ("2**v", ["an exponent takes a plain number, and this is mV (a voltage)"]),
    ("v**n", ["mV (a voltage) can only be raised to a number written out",
              "divide `v` by its unit"]),
    ("v % I", ["cannot divide mV by pA with %", "give both one dimension"]),
    ("minimum(v, I)", ["the values of minimum have one dimension, here mV (a voltage) and pA"]),
    ("clip(v, 0, 1)", ["the values of clip have one dimension, here mV (a voltage) and a plain"
                       " number", "write 0*mV"]),
    ("v > 0", ["cannot compare mV (a voltage) with a plain number", "expected: a voltage, as `v`",
               "give it a unit: write 0*mV"]),
    ("0 < v", ["cannot compare a plain number with mV (a voltage)", "write 0*mV"]),
    ("v > I", ["cannot compare mV (a voltage) with pA (a current)"]),
])  # fmt: skip
def test_what_does_not_fit_is_refused(text, says):
    with pytest.raises(UnitError) as caught:
        dimension(text)
    message = str(caught.value)
    assert message.startswith("dv/dt: ")
    assert message.endswith("Five lines about units: docs/five-lines-about-units.md")
    for words in [*says, "^"]:
        assert words in message


@pytest.mark.parametrize("text, says", [
    ("(v > E_L)*x", ["this is a condition (true or false), and a number is needed",
                     "write int(v > E_L), which is 1 or 0"]),
    ("not v", ["`not` takes conditions, and this is mV (a voltage)", "write v > 0*mV"]),
    ("x and v > E_L", ["`and` takes conditions, and this is a plain number", "write x > 0"]),
    ("where(v, 1, 2)", ["`where` takes conditions"]),
])  # fmt: skip
def test_conditions_and_numbers_are_not_mixed(text, says):
    with pytest.raises(EquationError) as caught:
        dimension(text)
    for words in [*says, "^"]:
        assert words in str(caught.value)


def test_check_dimension_names_who_needs_it():
    text = "E_L + rand()*I"
    with pytest.raises(UnitError) as caught:
        check_dimension(parse_expression("I"), UNITS, parse_unit("mV"), text="I", what="cells.v")
    message = str(caught.value)
    assert "cells.v: expected mV (a voltage), got pA (a current)" in message
    assert "expected: a voltage, since cells.v is in mV" in message
    check_dimension(parse_expression("E_L"), UNITS, parse_unit("volt"), text=text, what="cells.v")


@pytest.mark.parametrize("text, value", [
    ("1/3", 1 / 3), ("-2**2", -4.0), ("1 + 2*3 - 4", 3.0), ("1/0", None), ("x", None),
    ("(-1)**0.5", None), ("5 % 2", None), ("2*x", None), ("10.0**400", None),
])  # fmt: skip
def test_constant_value(text, value):
    assert constant_value(parse_expression(text)) == value


def test_over_time():
    assert over_time(parse_unit("mV")).text == "mV/second"
    assert over_time(parse_unit("1")).text == "1/second"
    assert over_time(parse_unit("mV")).dimension == parse_unit("mV/ms").dimension


# --- the unit to blame ---


@pytest.mark.parametrize("equations, parameters, says", [
    ("dv/dt = -v/tau : mV\ntau : mS", {},
     ["dv/dt: tau is in mS, and a time is needed", "  line 2: tau : mS\n                ^^\n",
      "  line 1: dv/dt = -v/tau : mV\n                  ^^^^^^\n",
      "mS is millisiemens; did you mean ms?"]),
    ("dv/dt = -v/tau : mV", {"tau": "20 mS"}, ["mS is millisiemens; did you mean ms?"]),
    ("dv/dt = g*v/C_m : mV\ng : ns\nC_m : pF", {}, ["ns is nanosecond; did you mean nS?"]),
    ("dv/dt = -v/tau : mV\ntau : mV", {},
     ["dv/dt: tau is in mV, and a time is needed", "expected: a time, such as ms",
      "given: mV, a voltage", "write tau : ms"]),
    ("dv/dt = -v/tau : mV\ntau : 1", {}, ["dv/dt: tau is a plain number, and a time is needed"]),
    ("dv/dt = -v/tau : mV", {"tau": 20}, ["tau is a plain number", "give tau in ms"]),
    ("dv/dt = (E_L - v)*g_L/C_m : mV\nE_L : mV\ng_L : nS\nC_m : pA", {},
     ["C_m is in pA, and a capacitance is needed", "write C_m : pF"]),
    ("dv/dt = (E_L - v)*g_L/cm : mV\nE_L : mV\ng_L : nS\nC_m : pF", {},
     ["cm is the unit centimeter here", "did you mean C_m?"]),
])  # fmt: skip
def test_one_unit_that_would_mend_it_is_named(equations, parameters, says):
    with pytest.raises(UnitError) as caught:
        Model(equations, parameters=parameters)
    for words in says:
        assert words in str(caught.value)


def test_a_conductance_where_no_unit_would_do_is_said_plainly():
    with pytest.raises(UnitError) as caught:
        Model("dv/dt = -v : mV")
    message = str(caught.value)
    assert "dv/dt: expected mV/second (a voltage per time), got mV (a voltage)" in message
    assert "expected: a voltage per time, since v is in mV and dv/dt is per time" in message
    assert "given: `-v` is mV (a voltage)" in message
    assert "divide the voltage by a time constant" in message


def test_the_wrong_summand_is_the_one_that_does_not_fit_the_left_side():
    for right in ("I + (E_L - v)/tau_m", "(E_L - v)/tau_m + I"):
        equations = f"dv/dt = {right} : mV\nI : pA\nE_L : mV\ntau_m : ms"
        with pytest.raises(UnitError) as caught:
            Model(equations)
        message = str(caught.value)
        assert "cannot add pA to mV/ms; divide the current by a capacitance" in message
        assert " " * (len("  line 1: dv/dt = ") + right.index("I")) + "^\n" in message
    with pytest.raises(UnitError, match="cannot add mV to nS"):
        Model("dv/dt = (v + g_L*(E_L - v))/C_m : mV\ng_L : nS\nE_L : mV\nC_m : pF")


def test_dimensionless_is_dimensionless():
    assert dimension("v/E_L") == DIMENSIONLESS
