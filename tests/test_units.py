"""Units: one table, one door."""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase import units
from rheobase.errors import UnitError
from rheobase.units import (
    DIMENSIONLESS,
    UNITS,
    Dimension,
    Unit,
    cm,
    describe,
    mS,
    ms,
    mV,
    nA,
    parse_unit,
    quantity,
    second,
    spelled_out,
    split_quantity,
    suggest_unit,
    to_si,
    uA,
    unit_factors,
    unit_text,
    usual_unit,
)

TIME = Dimension(second=1)
VOLTAGE = UNITS["volt"].dimension
PAGE = "Five lines about units: docs/five-lines-about-units.md"


def refused(call, *arguments, **named):
    with pytest.raises(UnitError) as caught:
        call(*arguments, **named)
    text = str(caught.value)
    assert text.endswith(PAGE)
    return text


# --- the table ---


def test_the_table_is_what_the_module_exports_and_none_has_one_letter():
    assert set(units.__all__) == set(UNITS) <= set(dir(units))
    assert all(len(name) > 1 for name in UNITS)


@pytest.mark.parametrize("name", list(UNITS))
def test_sizes_and_dimensions_are_those_of_pint(name):
    registry = pint.UnitRegistry()
    base = (1 * getattr(registry, name)).to_base_units()
    assert UNITS[name].scale == pytest.approx(base.magnitude, rel=1e-14)
    ours = getattr(units, name)
    assert dict((1 * ours).dimensionality) == dict(base.dimensionality)
    magnitude, unit = split_quantity(3.0 * ours)
    assert (magnitude, unit.scale, unit.dimension) == (
        3.0, UNITS[name].scale, UNITS[name].dimension
    )  # fmt: skip


def test_an_unknown_unit_of_the_module_is_an_attribute_error_with_a_suggestion():
    with pytest.raises(AttributeError, match=r"no unit 'msec'; did you mean ms\?"):
        _ = units.msec
    assert not hasattr(units, "degC")


@pytest.mark.parametrize(
    "other, ours",
    [("msiemens", "mS"), ("millivolt", "mV"), ("ufarad", "uF"), ("V", "volt"), ("s", "second"),
     ("meter", "metre"), ("mv", "mV"), ("namp", "nA"), ("sec", "second"), ("umetre", "um")],
)  # fmt: skip
def test_other_spellings_are_known(other, ours):
    assert suggest_unit(other) == ours


def test_spelled_out():
    assert spelled_out("mS") == "millisiemens"
    assert spelled_out("ms") == "millisecond"


# --- dimensions ---


def test_dimension_arithmetic():
    volt, amp, ohm = (UNITS[name].dimension for name in ("volt", "amp", "ohm"))
    assert volt / amp == ohm
    assert amp * ohm == volt
    assert hash(volt / amp) == hash(ohm)
    assert (volt ** (1 / 3)) ** 3 == volt
    assert volt / volt == DIMENSIONLESS == Dimension()


@pytest.mark.parametrize("text, words, usual", [
    ("ms", "a time", "ms"), ("nS", "a conductance", "nS"), ("1", "a plain number", "1"),
    ("uA/cm**2", "a current per area", "uA/cm**2"), ("mV/ms", "a voltage per time", "mV/ms"),
    ("mM", "a concentration", "mM"), ("Hz", "a rate", "Hz"),
    ("ms**3", "a quantity in second**3", "second**3"),
])  # fmt: skip
def test_dimensions_in_words(text, words, usual):
    dimension = parse_unit(text).dimension
    assert describe(dimension) == words
    assert usual_unit(dimension) == usual
    assert parse_unit(usual_unit(dimension)).dimension == dimension


@given(st.tuples(*[st.sampled_from([-2.0, -1.0, -0.5, 0.0, 1.0, 2.0])] * 6))
def test_the_text_of_a_dimension_reads_back(exponents):
    dimension = Dimension(*exponents)
    assert parse_unit(str(dimension)).dimension == dimension


# --- reading ---


@pytest.mark.parametrize("text, scale", [
    ("mV", 1e-3), ("uA/cm**2", 1e-2), ("1", 1.0), ("second**-0.5", 1.0), ("1/ms", 1e3),
    ("mV/(ms*pF)", 1e12), ("mS / cm ** 2", 10.0), ("cm**(1/2)", 0.1), ("ms**-1", 1e3),
    ("\u00b5A", 1e-6), ("kg*metre**2", 1.0), ("minute", 60.0),
])  # fmt: skip
def test_parse_unit(text, scale):
    assert parse_unit(text).scale == scale


def test_parse_unit_keeps_the_text_without_spaces():
    assert parse_unit(" uA / cm**2 ") == Unit("uA/cm**2", 0.01, UNITS["uA"].dimension
                                              / UNITS["cm"].dimension ** 2)  # fmt: skip


@pytest.mark.parametrize("text, says", [
    ("furlongs_per_volt", ["furlongs_per_volt is not a unit", "  ^^^^^^^^^^^^^^^^^\n",
                           "the units are: second, ms"]),
    ("mv", ["mv is not a unit", "did you mean mV?"]),
    ("V", ["V is not a unit", "write volt (one letter is free for variables)"]),
    ("uA/cm^2", ["^ is not a power here", "write uA/cm**2", "       ^"]),
    ("uA cm**-2", ["cannot read the unit 'uA cm**-2'", "write products with *"]),
    ("10*mV", ["cannot read the unit '10*mV'", "write a unit such as mV"]),
    ("mV**", ["the exponent of a unit is a number", "write for example cm**2"]),
    ("mV/(ms", ["a parenthesis in the unit is not closed"]),
    ("cm**(2", ["a parenthesis of the exponent is not closed"]),
    ("degC", ["degC is not a unit", "279.45*kelvin"]),
    ("radian", ["radian is not a unit", "write 1 for a plain number"]),
    ("", ["cannot read the unit ''"]),
])  # fmt: skip
def test_what_is_no_unit_is_refused(text, says):
    message = refused(parse_unit, text)
    for words in says:
        assert words in message


@given(st.text(st.sampled_from("mVs*/()1239.-+^ cA"), max_size=12))
def test_any_text_is_a_unit_or_refused(text):
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.scale > 0
    assert split_quantity(f"2 {unit.text}")[1] == unit


def test_exponents_have_a_limit():
    assert "the exponent of a unit is at most 20" in refused(parse_unit, "mV**99999999")
    for huge in ("*".join(["hour**20"] * 5), "*".join(["pF**20"] * 2)):
        assert "is beyond any number" in refused(parse_unit, huge)
    assert "the exponent of a unit is divided by 0" in refused(parse_unit, "mV**(1/0)")


def test_an_error_shows_the_place_in_the_source():
    source = "tau : ms\nv : mw (constant)"
    message = refused(parse_unit, "mw", source=source, offset=source.index("mw"))
    assert "  line 2: v : mw (constant)\n              ^^\n" in message


@given(st.lists(st.tuples(st.sampled_from(["mV", "ms", "cm", "nS"]),
                          st.sampled_from([-2.0, -1.0, 1.0, 2.0, 0.5])),
                min_size=1, max_size=4, unique_by=lambda pair: pair[0]))  # fmt: skip
def test_unit_text_and_factors_are_reverses(factors):
    assert sorted(unit_factors(unit_text(factors))) == sorted(factors)


# --- the door ---


@pytest.mark.parametrize("given_value", [
    20 * ms, "20 ms", "20ms", "20*ms", 0.02 * second, "2e-2 s", 20.0 * ms, np.float32(20) * ms,
    np.int64(20) * ms, "+20 ms", "20000 \u00b5s",
])  # fmt: skip
def test_one_time_in_many_forms(given_value):
    value = to_si(given_value, TIME, what="tau")
    assert isinstance(value, float)
    assert value == pytest.approx(0.02, rel=1e-15)


def test_a_unit_by_itself_is_one_of_it():
    assert to_si(ms, TIME, what="dt") == 0.001


def test_decimal_values_are_the_nearest_doubles():
    for k in range(1, 2000):
        assert to_si((k / 10) * ms, TIME, what="t") == float(Fraction(k / 10) / 1000)


@pytest.mark.parametrize("given_value", [
    [1, 2] * ms, np.array([1.0, 2.0]) * ms, [1 * ms, 2 * ms], ["1 ms", 0.002 * second],
    (1 * ms, 2 * ms), np.array([1 * ms, 2 * ms], dtype=object),
])  # fmt: skip
def test_arrays_in_many_forms(given_value):
    values = to_si(given_value, TIME, what="times")
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [0.001, 0.002])


def test_plain_numbers_where_plain_numbers_belong():
    assert to_si(3, DIMENSIONLESS, what="n") == 3.0
    assert to_si(5 * ms / second, DIMENSIONLESS, what="n") == pytest.approx(0.005)
    np.testing.assert_array_equal(to_si([1, 2], DIMENSIONLESS, what="n"), [1.0, 2.0])
    np.testing.assert_array_equal(to_si(np.arange(3), DIMENSIONLESS, what="n"), [0.0, 1.0, 2.0])
    assert to_si([], TIME, what="times").shape == (0,)


def test_units_of_pint_beyond_the_table_are_converted():
    registry = pint.UnitRegistry()
    length = UNITS["metre"].dimension
    assert to_si(2 * registry.inch, length, what="x") == pytest.approx(0.0508)
    assert to_si(2 * registry.ms, TIME, what="x") == 0.002


@pytest.mark.parametrize("value, paste, says", [
    (1, "net.run(1*second)", "the duration: expected a time, got the plain number 1; write"
     " net.run(1*second)\n"),
    (0.25, None, "expected a time, got the plain number 0.25; write 0.25*ms\n"),
    (5 * mV, None, "expected a time, got 5 mV (a voltage); write a value in ms\n"),
    ("5 mV", None, "expected a time, got '5 mV' (a voltage); write a value in ms\n"),
    (10 * mS, None, "expected a time, got 10 mS (a conductance)"),
    ([1, 2], None, "expected a time, got [1, 2]; write [1, 2]*ms\n"),
    (np.arange(9.0), None, "expected a time, got 9 plain numbers; write ...*ms\n"),
    ("5 sm", None, "sm is not a unit"),
    ("5 sm", "net.run(5*ms)", "write net.run(5*ms)\n"),
    ("soon", None, "the duration: cannot read 'soon' as a quantity\nwrite a number and a unit,"
     ' such as "20 ms"\n'),
    (None, None, "the duration: expected a quantity, got None"),
    ([1 * ms, 2 * mV], None, "the values of a list have one dimension, here 1 ms and 2 mV"),
    ([[1, 2] * ms, [1, 2, 3] * ms], None, "the rows of this list are not equally long"),
    (True, None, "expected a time, got the plain number 1"),
])  # fmt: skip
def test_what_is_no_time_is_refused(value, paste, says):
    assert says in refused(to_si, value, TIME, what="the duration", paste=paste)


def test_a_quantity_where_a_plain_number_belongs_is_refused():
    message = refused(to_si, 5 * mV, DIMENSIONLESS, what="p")
    assert "p: expected a plain number, got 5 mV (a voltage); write a plain number" in message


def test_quantities_of_other_packages_are_named():
    class Quantity(float):
        pass

    Quantity.__module__ = "astropy.units"

    class Array:
        __module__ = "astropy.units.quantity"

    message = refused(to_si, Array(), TIME, what="tau")
    assert "this is a quantity of the package astropy" in message
    assert "from rheobase.units import ms, mV" in message


def test_quantities_come_out_in_the_unit_asked_for():
    out = quantity(-0.065, parse_unit("mV"))
    assert (out.magnitude, str(out)) == (-65.0, "-65.0 mV")
    out = quantity(np.array([0.01, 0.02]), parse_unit("uA/cm**2"))
    np.testing.assert_array_equal(out.magnitude, [1.0, 2.0])
    assert out.units == (uA / cm**2)
    assert quantity(2.0, parse_unit("1")).magnitude == 2.0


@given(st.floats(-1e6, 1e6), st.sampled_from(["mV", "ms", "pF", "uA/cm**2", "minute", "kHz", "1"]))
def test_in_and_out_is_the_same(value, text):
    unit = parse_unit(text)
    assert unit.from_si(unit.to_si(value)) == pytest.approx(value, rel=1e-15)
    assert to_si(quantity(unit.to_si(value), unit), unit.dimension, what="x") == pytest.approx(
        unit.to_si(value), rel=1e-15
    )


@pytest.mark.parametrize("text", ["mV", "volt", "1", "mS/cm**2", "minute", "uA/cm**2"])
def test_values_turned_where_they_stand_are_the_same_numbers(text):
    unit = parse_unit(text)
    values = np.array([1 / 3, -0.07, np.nan, 1e300, 0.0])
    want = unit.from_si(values)
    assert unit.turn_from_si(values) is values
    np.testing.assert_array_equal(values, want)


def test_split_quantity_keeps_the_unit_of_the_user():
    assert split_quantity(5 * uA / cm**2)[1].text == "uA/cm**2"
    assert split_quantity("3 nA") == (3.0, parse_unit("nA"))
    assert split_quantity([1 * nA, 2 * nA])[1].text == "nA"


# --- loading ---


def run_python(code, **environment):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_neither_pint_nor_numpy_is_loaded_before_a_unit_is_taken():
    code = (
        "import sys, rheobase.units as u, rheobase.language.model as m\n"
        "u.to_si(1.0, u.DIMENSIONLESS, what='n')\n"
        "u.to_si('20 ms', u.UNITS['ms'].dimension, what='t')\n"
        "m.Model('dv/dt = -v/tau : mV', parameters=dict(tau='20 ms'))\n"
        "print('pint' in sys.modules, 'numpy' in sys.modules, 'numba' in sys.modules)"
    )
    assert run_python(code) == "False False False"


def test_a_cache_that_cannot_be_written_stops_nobody(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code = "from rheobase.units import ms; print(20*ms)"
    assert run_python(code, RHEOBASE_CACHE=str(blocked)) == "20 ms"


def test_the_cache_is_where_it_was_asked_for(tmp_path):
    run_python("from rheobase.units import ms", RHEOBASE_CACHE=str(tmp_path))
    assert any((tmp_path / "pint").iterdir())
    for path in (tmp_path / "pint").iterdir():
        path.write_bytes(b"broken")
    assert (
        run_python("from rheobase.units import ms; print(ms)", RHEOBASE_CACHE=str(tmp_path)) == "ms"
    )
