"""Errors: one tree for the user, one for us; texts with places and suggestions."""

import pickle

import pytest

from rheobase import errors
from rheobase.errors import did_you_mean, point_at


def test_two_trees():
    for name in ("UnitError", "EquationError", "UnknownNameError", "ShapeError", "WiringError",
                 "FileFormatError"):  # fmt: skip
        assert issubclass(getattr(errors, name), errors.UserError)
    assert issubclass(errors.UserError, errors.RheobaseError)
    assert issubclass(errors.InternalError, errors.RheobaseError)
    assert not issubclass(errors.InternalError, errors.UserError)
    assert issubclass(errors.RheobaseWarning, UserWarning)


def test_a_message_has_its_parts_in_order():
    error = errors.UserError(
        "what is wrong", place="  v^2\n   ^", expected="this", given="that", mend="write v**2"
    )
    assert str(error) == (
        "what is wrong\n  v^2\n   ^\nexpected: this\ngiven: that\nwrite v**2"
    )  # fmt: skip


def test_unit_errors_end_with_the_page_and_survive_pickling():
    error = errors.UnitError("expected a time", mend="write 1*ms")
    assert str(error) == (
        "expected a time\nwrite 1*ms\nFive lines about units: docs/five-lines-about-units.md"
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert str(errors.UnitError("no unit")).endswith("docs/five-lines-about-units.md")


@pytest.mark.parametrize(
    "written, candidates, meant",
    [
        ("v_rest", ["V_T", "E_L"], "E_L"),
        ("V_th", ["E_L", "V_T"], "V_T"),
        ("v_thresh", ["E_L", "V_T"], "V_T"),
        ("v_reset", ["V_T", "V_r"], "V_r"),
        ("t_ref", ["tau_ref", "tau_m"], "tau_ref"),
        ("tau_refrac", ["tau_m", "tau_ref"], "tau_ref"),
        ("Ra", ["axial_resistivity", "R"], "axial_resistivity"),
        ("cm", ["C_m", "g_L"], "C_m"),
        ("nseg", ["morphology", "max_length"], "max_length"),
        ("gbar", ["E", "g"], "g"),
        ("gnabar", ["g_K", "g_Na"], "g_Na"),
        ("celsius", ["parameters", "temperature"], "temperature"),
        ("taum", ["tau", "tau_m"], "tau_m"),
        ("V", ["w", "v"], "v"),
        ("tua_m", ["tau_s", "tau_m"], "tau_m"),
        ("conductnace", ["current", "conductance"], "conductance"),
        ("sm", ["volt", "ms"], "ms"),
        ("v_rest", ["x", "y"], None),
        ("zzz", ["v", "w"], None),
        ("v", [], None),
    ],
)
def test_did_you_mean(written, candidates, meant):
    assert did_you_mean(written, candidates) == meant


def test_point_at_one_line():
    assert point_at("a + v^2", 5, 6) == "  a + v^2\n       ^"


def test_point_at_a_line_of_several():
    text = "tau : ms\n    dv/dt = -v/taum : mV"
    start = text.index("taum")
    assert point_at(text, start, start + 4) == (
        "  line 2: dv/dt = -v/taum : mV\n                     ^^^^"
    )
    assert point_at("x = 1", 0, 1, line_no=7) == "  line 7: x = 1\n          ^"


def test_point_at_never_leaves_the_line():
    assert point_at("ab\ncd", 1, 5) == "  line 1: ab\n           ^"
    assert point_at("ab", 9, 12) == "  ab\n    ^"
