"""The lines of a model."""

import pytest

from rheobase.errors import EquationError, UnitError
from rheobase.language.equations import RESERVED, parse_equations
from rheobase.language.expressions import to_text
from rheobase.language.model import Model
from rheobase.units import parse_unit


def test_three_kinds_flags_and_comments():
    v, x, p, current = parse_equations(
        """
        # a model
        dv/dt = (E_L - v)/tau_m + I/C_m : mV (unless refractory)   # the membrane
        x = 2*v : mV

        C_m : pF (constant, shared)
        I : uA/cm**2(input)
        """
    )
    assert (v.kind, v.name, v.left, v.line) == ("differential", "v", "dv/dt", 2)
    assert v.unit == parse_unit("mV")
    assert v.flags == {"unless refractory"}
    assert v.text == "dv/dt = (E_L - v)/tau_m + I/C_m : mV (unless refractory)"
    assert (x.kind, x.name, x.left, to_text(x.expression)) == ("subexpression", "x", "x", "2*v")
    assert (p.kind, p.expression, p.flags) == ("parameter", None, {"constant", "shared"})
    assert (current.flags, current.unit.text) == ({"input"}, "uA/cm**2")
    assert current.line == 6


@pytest.mark.parametrize("text", [
    "dv/dt = (a\n  + b)/tau : mV",
    "dv/dt = (a +\n b)/tau : mV",
    "dv/dt =\n    (a + b)/tau : mV",
    "dv/dt = (a + b)\n    /tau : mV",
    "dv/dt = (a + b)/  # why\n  # because\n  tau : mV",
    "dv/dt = (a + b)/ \\\n tau : mV",
    "dv/dt = (a + b)/tau\n    : mV",
    "d v / dt = (a+b) / tau:mV",
])  # fmt: skip
def test_a_definition_goes_on_until_its_unit(text):
    equation, tau = parse_equations(text + "\ntau : ms")
    assert to_text(equation.expression) == "(a + b)/tau"
    assert (equation.unit.text, tau.name) == ("mV", "tau")


def test_flags_and_units_go_on_too():
    one, two, three = parse_equations(
        "a : mV/(ms*pF) (constant)\nb : mV\n   (shared)\nc : uA/\n cm**2"
    )
    assert (one.unit.text, one.flags) == ("mV/(ms*pF)", {"constant"})
    assert (two.name, two.flags) == ("b", {"shared"})
    assert three.unit.text == "uA/cm**2"


def test_a_continued_line_may_look_like_a_parameter():
    (equation,) = parse_equations("x = a +\n    b : mV")
    assert to_text(equation.expression) == "a + b"


def test_no_lines():
    assert parse_equations("  \n # nothing\n") == ()


@pytest.mark.parametrize("text, says", [
    ("dv/dt = (-v/tau : mV", ["dv/dt: unbalanced parentheses, this one is never closed",
                              "\n          ^\n"]),
    ("dv/dt = (-v/tau\ntau : ms", ["dv/dt: unbalanced", "line 1", "never closed"]),
    ("dv/dt = (-v/tau : mV (unless refractory)", ["dv/dt: unbalanced"]),
    ("dv/dt = -v)/tau : mV", ["dv/dt: unbalanced parentheses, this one was never opened"]),
    ("x = (a : mV)", ["x: a colon in parentheses", "expression : unit (flags)"]),
    ("x = (lambda: 1)() : 1", ["x: a lambda is not allowed"]),
    ("v : mV (constant", ["v, behind the colon: unbalanced parentheses"]),
    ("v : mV : ms", ["v: a second colon", "one definition on a line"]),
    ("v : mV (unless refractry)", ["v: (unless refractry) is not a flag",
                                   "did you mean (unless refractory)?", "^^^^^^^^^^^^^^^^"]),
    ("v : mV (refractory)", ["did you mean (unless refractory)?"]),
    ("v : mV (blue)", ["(blue) is not a flag",
                          "(unless refractory), (constant), (shared), (input)"]),
    ("v : mV ()", ["() is not a flag"]),
    ("v : mV (unless refractory)", ["is a flag of a differential equation, and this is a parameter",
                                    "remove the flag"]),
    ("dv/dt = -v/ms : 1 (constant)", ["dv/dt: (constant) is a flag of a parameter"]),
    ("x = 1 : 1 (input)", ["x: (input) is a flag of a parameter, and this is a subexpression"]),
    ("I : pA (input, constant)", ["I: an (input) is set anew in every step",
                                  "write (input) alone"]),
    ("v += 1 : mV", ["cannot read this line", "equations are not assignments",
                    "dx/dt = expression"]),
    ("a, b : mV", ["cannot read this line", "write one line for each name"]),
    ("2*x : mV", ["cannot read this line", "p : unit (flags)"]),
    ("C <-> O : a, b", ["cannot read this line", "kinetic schemes are lines of channels: "
                        "rb.Channel(...); in a model write an equation for each state"]),
    ("v' = -v/ms : 1", ["a prime is not a derivative here", "write dv/dt = ..."]),
    ("d1v/dt = 1 : 1", ["1v cannot be a name", "names begin with a letter"]),
    ("dv/dx = 1 : 1", ["dv/dx: derivatives are over the time t", "write dv/dt"]),
    ("dv/dt = : mV", ["dv/dt: the expression is missing"]),
    ("lambda : 1", ["lambda is a word of Python and cannot be a name", "write lambda_"]),
    ("a__b : 1", ["a__b cannot be a name"]),
    ("größe : 1", ["größe cannot be a name", "plain letters"]),
    ("xi : 1", ["xi is reserved: it is white noise"]),
    ("xi_1 : 1", ["xi_1 is reserved"]),
])  # fmt: skip
def test_bad_lines_are_refused_with_their_place(text, says):
    with pytest.raises(EquationError) as caught:
        parse_equations(text)
    message = str(caught.value)
    assert "^" in message
    for words in says:
        assert words in message


@pytest.mark.parametrize("left", [
    "d2v/dt2", "d2v/dt**2", "d2v/dt^2", "d^2v/dt^2", "d**2v/dt**2", "d²v/dt²", "d2 v / dt2",
    "d2v/dt", "v''",
])  # fmt: skip
def test_a_second_derivative_is_shown_as_two_equations(left):
    with pytest.raises(EquationError) as caught:
        parse_equations(f"a : 1\n{left} = -(v - a)/tau**2 : mV (unless refractory)\ntau : ms")
    assert str(caught.value) == (
        f"{left} = ...: there are first derivatives only\n"
        f"  line 2: {left} = -(v - a)/tau**2 : mV (unless refractory)\n"
        f"          {'^' * len(left)}\n"
        "write two equations:\n"
        "  dv/dt = v_dot : mV\n"
        "  dv_dot/dt = -(v - a)/tau**2 : mV/ms"
    )


def test_the_equations_shown_for_a_second_derivative_make_a_model():
    with pytest.raises(EquationError) as caught:
        parse_equations("d2x/dt2 = -k*x - c*dx/dt + x'/ms : 1")
    shown = str(caught.value).partition("equations:\n")[2]
    assert shown == "  dx/dt = x_dot : 1\n  dx_dot/dt = -k*x - c*x_dot + x_dot/ms : 1/ms"
    Model(shown, parameters=dict(k="1 1/ms**2", c="1 kHz"))


def test_higher_derivatives():
    with pytest.raises(EquationError) as caught:
        parse_equations("d3v/dt3 =")
    assert str(caught.value).endswith(
        "write 3 equations:\n"
        "  dv/dt = v_dot : 1\n"
        "  dv_dot/dt = v_dot_2 : 1/ms\n"
        "  dv_dot_2/dt = expression : 1/ms**2"
    )


@pytest.mark.parametrize("line, mend", [
    ("x = rand() : 1 (constant over dt)",
     "remove it: rand() and randn() are drawn once a step already, and a subexpression follows "
     "its variables within the step"),
    ("x = y : 1 (constant  over dt)", "remove it: rand() and randn() are drawn once a step"),
    ("dg/dt = -g/ms : nS (event-driven)",
     "remove it: in rb.Synapse every equation is integrated from spike to spike; in rb.Model all "
     "are in every step, and receives= says what an arriving spike does"),
    ("dg/dt = -g/ms : nS (clock-driven)",
     "remove it: every equation is integrated in every step here"),
    ("g_post = w*s : nS (summed)",
     "declare an input, `g : nS (input)`, and let a connection sum a variable of the source into "
     'it: net.connect(pre, post, weight=..., of="x", to="g")'),
])  # fmt: skip
def test_flags_of_brian_2_say_what_to_do_here(line, mend):
    with pytest.raises(EquationError) as caught:
        parse_equations(line)
    flag = line[line.rindex("(") + 1 : -1]
    flag = " ".join(flag.split())
    first, *_, carets, last = str(caught.value).split("\n")
    assert first.endswith(f": ({flag}) is a flag of Brian 2 and not one here")
    assert carets.strip() == "^" * (len(line) - line.rindex("(") - 2)
    assert last.startswith(mend) if "  " in line else last == mend


@pytest.mark.parametrize("name", RESERVED)
def test_reserved_names(name):
    with pytest.raises(EquationError, match=f"{name} is reserved: it is {RESERVED[name]}"):
        parse_equations(f"{name} : 1")


@pytest.mark.parametrize("text", [
    "dv/dt = -v/tau", "dv/dt = -v/tau :", "dv/dt = -v/tau\ntau : ms", "dv/dt = -v/tau :\ntau : ms",
    "dv/dt = -v/tau : (unless refractory)",
])  # fmt: skip
def test_a_missing_unit_is_asked_for(text):
    with pytest.raises(UnitError) as caught:
        parse_equations(text)
    message = str(caught.value)
    assert "dv/dt has no unit" in message
    assert "write it after a colon: dv/dt = -v/tau : mV (: 1 for a plain number)" in message


def test_an_unknown_unit_is_shown_in_its_line():
    with pytest.raises(UnitError) as caught:
        parse_equations("tau : ms\ndv/dt = -v/tau : furlongs_per_volt")
    message = str(caught.value)
    assert "furlongs_per_volt is not a unit" in message
    assert (
        "  line 2: dv/dt = -v/tau : furlongs_per_volt\n"
        "                           ^^^^^^^^^^^^^^^^^\n"
    ) in message


def test_a_forgotten_colon_is_put_where_it_belongs():
    with pytest.raises(UnitError, match=r"write it after a colon: dv/dt = -v/tau : pA \("):
        parse_equations("dv/dt = -v/tau pA")
