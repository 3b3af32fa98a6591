"""Models: what they hold, what they refuse."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import EquationError, ShapeError, UnitError, UnknownNameError, UserError
from rheobase.language.expressions import Call, Name, Number, to_text
from rheobase.language.model import Model, Statement
from rheobase.units import Unit, cm, mS, ms, mV, nS, pA, parse_unit, pF, uF

LINES = """
dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) - w + I)/C_m : mV
dw/dt = (a*(v - E_L) - w)/tau_w : pA
I : pA (input)                      # the sum of what is injected
"""
VALUES = dict(C_m=200 * pF, g_L=10 * nS, E_L=-70 * mV, V_T=-50 * mV, Delta_T=2 * mV, V_cut=0 * mV,
              a=2 * nS, tau_w=30 * ms, b=0 * pA, V_r=-58 * mV, tau_ref=0 * ms)  # fmt: skip


def make_adex(**others):
    arguments = dict(threshold="v > V_cut", reset="v = V_r; w += b", refractory="tau_ref",
                     parameters=VALUES, initial=dict(v="E_L"))  # fmt: skip
    return Model(LINES, **{**arguments, **others})


DECAY = "dv/dt = -v/tau_m : mV"
TAU = dict(parameters=dict(tau_m=10 * ms))


class Current:
    is_current = True

    def __init__(self, unit="pA"):
        self.unit = parse_unit(unit)

    def __repr__(self):
        return "Current()"


# --- what it holds ---


def test_attributes_of_a_model():
    adex = make_adex(name="AdEx", doc="Brette and Gerstner 2005.")
    assert (adex.name, adex.doc) == ("AdEx", "Brette and Gerstner 2005.")
    assert [e.name for e in adex.differential] == ["v", "w"]
    assert [e.name for e in adex.inputs] == ["I"]
    assert adex.names == ("v", "w", "I", *VALUES)
    assert adex.subexpressions == ()
    assert to_text(adex.threshold) == "v > V_cut"
    assert adex.reset == (
        Statement("v", "=", Name("V_r"), "v = V_r"), Statement("w", "+=", Name("b"), "w += b")
    )  # fmt: skip
    assert (adex.refractory, adex.refractory_kind) == (Name("tau_ref"), "duration")
    assert adex.defaults["C_m"] == 200e-12
    assert adex.defaults["E_L"] == -0.07
    assert "I" not in adex.defaults
    assert adex.initial == {"v": Name("E_L")}
    assert (adex.method, adex.crossing, dict(adex.receives)) == ("auto", "grid", {})
    assert adex.unit_of("g_L") == parse_unit("nS")
    assert adex.equation("C_m").kind == "parameter"
    assert adex.equation("C_m").text == "C_m : pF"
    assert adex.time_functions == ()
    assert adex.written_parameters == frozenset()


def test_units_of_undeclared_parameters_are_those_of_their_values():
    model = Model(
        "dv/dt = (I - g*v)/C : volt\nI : uA/cm**2 (input)",
        parameters=dict(g=0.1 * mS / cm**2, C="1 uF/cm**2"),
    )
    assert model.unit_of("g").text == "mS/cm**2"
    assert model.unit_of("C").text == "uF/cm**2"
    assert model.defaults["C"] == (1 * uF / cm**2).to("farad/metre**2").magnitude
    assert Model("dv/dt = -p*v/ms : 1", parameters=dict(p=3)).unit_of("p") == Unit(
        "1", 1.0, parse_unit("1").dimension
    )


def test_declared_parameters_keep_their_unit():
    model = Model("dv/dt = -v/tau : mV\ntau : second", parameters=dict(tau=20 * ms))
    assert model.unit_of("tau").text == "second"
    assert model.defaults["tau"] == 0.02
    assert "tau" not in Model("dv/dt = -v/tau : mV\ntau : second").defaults


def test_model_names_shadow_units_and_functions():
    model = Model("dv/dt = -v*cm/exp/ms : 1\ncm : 1\nexp : 1")
    assert model.names == ("v", "cm", "exp")


def test_a_refractory_period_given_as_a_quantity_is_a_parameter():
    for period in (5 * ms, "5 ms", "5ms"):
        model = Model(DECAY, threshold="v > 1*mV", reset="v = 0*mV", refractory=period, **TAU)
        assert (model.refractory, model.refractory_kind) == (Name("tau_ref"), "duration")
        assert model.defaults["tau_ref"] == 0.005
        assert model.unit_of("tau_ref").text == "ms"
        assert model(tau_ref=2 * ms).defaults["tau_ref"] == 0.002
        assert (model + "x : 1").defaults["tau_ref"] == 0.005
    other = Model(DECAY + "\ntau_ref : 1", threshold="v > 1*mV", reset="v = 0*mV",
                  refractory=5 * ms, **TAU)  # fmt: skip
    assert other.refractory == Name("refractory_period")


@pytest.mark.parametrize("text, kind", [
    ("5*ms", "duration"), ("2*tau_m", "duration"), ("v > 0*mV", "condition"),
    ("v > 0*mV and t < 1*second", "condition"),
])  # fmt: skip
def test_refractory_kinds(text, kind):
    model = Model(DECAY, threshold="v > 1*mV", refractory=text, reset="v = 0*mV", **TAU)
    assert model.refractory_kind == kind
    assert Model(DECAY, **TAU).refractory_kind == "none"


def test_receives_and_the_dimension_of_weights():
    model = Model(
        "dv/dt = (g_e + g_i - v)/tau_m : mV\ndg_e/dt = -g_e/tau_m : mV\ndg_i/dt = -g_i/tau_m : mV",
        receives=dict(excitatory="g_e += weight", inhibitory="g_i -= weight*tau_m/ms"), **TAU,
    )  # fmt: skip
    assert list(model.receives) == ["excitatory", "inhibitory"]
    assert model.receives_dimension("excitatory") == parse_unit("mV").dimension
    assert model.receives_unit("inhibitory").text == "mV"
    named = Model("ds/dt = -s/tau_m : 1", receives="s += weight*second/tau_m", **TAU)
    assert list(named.receives) == ["s"]
    assert named.receives_unit("s").text == "1"
    with pytest.raises(UnknownNameError, match=r"no input 'exitatory' for spikes; did you mean"):
        model.receives_unit("exitatory")


@pytest.mark.parametrize("statement, unit", [
    ("v += weight", "mV"), ("v += weight*tau_m/C_m", "pA"), ("v += 1*mV*exp(weight/nS)", "nS"),
    ("v += sqrt(weight)*mV**0.5", "mV"), ("v *= weight", "1"), ("v += 1*mV", "1"),
    ("v += where(weight > 1*pA, 1*mV, 0*mV)", "pA"), ("v += mV/weight", "1"),
    ("v = weight; v += 1*mV", "mV"), ("v *= 2; v += weight", "mV"),
])  # fmt: skip
def test_the_dimension_of_weight_is_found(statement, unit):
    model = Model(DECAY + "\nC_m : pF", receives=dict(port=statement), **TAU)
    assert model.receives_dimension("port") == parse_unit(unit).dimension


def test_initial_values():
    model = Model(DECAY + "\ndw/dt = -w/tau_m : 1\ndu/dt = -u/tau_m : mV\nE : mV", **TAU,
                  initial=dict(v="E + rand()*mV", w=0.5, u="-65 mV"))  # fmt: skip
    assert to_text(model.initial["v"]) == "E + rand()*mV"
    assert model.initial["w"] == Number(0.5)
    assert model.initial["u"] == Number(-0.065)
    assert Model(DECAY, initial=dict(v=3 * mV), **TAU).initial["v"] == Number(0.003)
    assert Model(DECAY, initial="rest", **TAU).initial == "rest"
    assert dict(Model(DECAY, **TAU).initial) == {}


def test_currents_over_time():
    drive = Current()
    model = Model("dv/dt = drive(t)/C : mV\ndrive : pA", parameters=dict(C=1 * pF, drive=drive))
    assert model.time_functions == ("drive",)
    assert model.currents["drive"] is drive
    assert "drive" not in model.defaults
    assert model.differential[0].expression.left == Call("drive", (Name("t"),))
    other = Current("nA")
    assert model(drive=other).currents["drive"] is other
    undeclared = Model("dv/dt = drive(t)/C : mV", parameters=dict(C=1 * pF, drive=drive))
    assert undeclared.unit_of("drive").text == "pA"
    assert Model("dv/dt = drive(t)/ms : 1\ndrive : 1").time_functions == ("drive",)


# --- copies and sums ---


def test_calling_a_model_gives_a_copy_with_other_values():
    adex = make_adex()
    fast = adex(C_m=130 * pF, b="120 pA")
    assert (fast.defaults["C_m"], fast.defaults["b"]) == (130e-12, 120e-12)
    assert (adex.defaults["C_m"], adex.defaults["b"]) == (200e-12, 0.0)
    assert fast.equations == adex.equations
    assert fast(C_m=1 * pF).defaults["b"] == 120e-12
    assert (fast + "x : 1").defaults["b"] == 120e-12


def test_adding_text():
    model = make_adex() + "dca/dt = -ca/tau_ca : 1\ntau_ca : ms"
    assert [e.name for e in model.differential] == ["v", "w", "ca"]
    assert model.threshold is not None
    assert model.name == "Model"


def test_adding_models():
    base = Model("dv/dt = (I - v)/ms : 1\nI : 1 (input)", name="base", initial=dict(v=1))
    spikes = Model("th : 1", method="euler", functions=["f(x) = -x"])
    both = base + spikes + Model("du/dt = -u/ms : 1", initial=dict(u=2), receives="u += weight")
    assert both.name == "base"
    assert both.method == "euler"
    assert dict(both.initial) == {"v": Number(1.0), "u": Number(2.0)}
    assert list(both.receives) == ["u"]
    assert "f" in both.functions


def test_what_cannot_be_added():
    adex = make_adex()
    with pytest.raises(EquationError, match="v is defined twice, in line 1 and in line 1 of what"):
        adex + "v : mV"
    with pytest.raises(EquationError, match="both models have a threshold"):
        adex + Model("x : 1\ndy/dt = 1/ms : 1", threshold="y > 1", reset="y = 0")
    with pytest.raises(EquationError, match="parameters of both models name tau_w"):
        adex + Model("x = tau_w : ms", parameters=dict(tau_w=1 * ms))
    with pytest.raises(TypeError):
        adex + 3


def test_models_do_not_change():
    adex = make_adex()
    with pytest.raises(UserError, match=r"a Model does not change.*\n.*model\(C_m=...\)"):
        adex.C_m = 3 * pF
    with pytest.raises(TypeError):
        adex.defaults["C_m"] = 3.0
    assert copy.copy(adex) is copy.deepcopy(adex) is adex


def test_models_are_stored():
    adex = make_adex(name="AdEx")(b=80 * pA)
    again = pickle.loads(pickle.dumps(adex))
    assert again.equations == adex.equations
    assert dict(again.defaults) == dict(adex.defaults)
    assert again.describe() == adex.describe()


def test_describe_and_repr():
    adex = make_adex(name="AdEx", doc="Brette and Gerstner 2005.\nMore.")
    text = adex.describe()
    assert text.startswith("AdEx: Brette and Gerstner 2005.\n  dv/dt = (g_L*(E_L - v)")
    for line in ("  threshold: v > V_cut", "  reset: v = V_r; w += b", "  initially: v = E_L",
                 "  refractory: tau_ref (a duration)", "  method: auto; crossing: grid",
                 "  C_m            200  pF", "  I          (input)  pA"):  # fmt: skip
        assert line in text.splitlines()
    assert "C_m = 200 pF, g_L = 10 nS" in repr(adex)
    other = Model("dv/dt = f(v)/ms : 1\np : mV", functions=["f(x) = -x"], initial=dict(v=2),
                  receives="v += weight")  # fmt: skip
    text = other.describe()
    for line in ("  f(x) = -x", "  receives v: v += weight (weight in 1)", "  initially: v = 2",
                 "  p              -  mV"):  # fmt: skip
        assert line in text.splitlines()
    assert "  p : mV" in repr(other).splitlines()
    assert "initially: at rest" in Model(DECAY, initial="rest", **TAU).describe()


# --- what is refused ---


@pytest.mark.parametrize("equations, must_say", [
    ("dv/dt = -v/tau : mV\ntau : mV", ["dv/dt", "tau", "mV"]),
    ("dv/dt = -v/taum : mV\ntau_m : ms", ["dv/dt: unknown name taum", "did you mean tau_m?",
                                          "                     ^^^^\n"]),
    ("dv/dt = -v/tau : furlongs_per_volt", ["furlongs_per_volt"]),
    ("dv/dt = (-v/tau : mV", ["dv/dt"]),
    ("dv/dt = __import__('os').system('true')/ms : 1", ["__import__"]),
    ("dv/dt = v.__class__/ms : 1", ["__class__"]),
    ("dv/dt = -v/ms : 1\ndv/dt = v/ms : 1",
     ["v is defined twice, in line 1 and in line 2", "line 1: dv/dt = -v/ms : 1",
      "line 2: dv/dt = v/ms : 1", "remove one"]),
    ("x = y : 1\ny = x : 1", ["x is defined by itself: x -> y -> x", "line 1", "line 2",
                              "dx/dt = ..."]),
    ("x = x : 1", ["x is defined by itself: x -> x"]),
    ("a = b : 1\nb = c : 1\nc = d + b : 1\nd : 1", ["b is defined by itself: b -> c -> b"]),
    ("dv/dt = (v_rest - v)/ms : mV\nE_L : mV", ["did you mean E_L?"]),
    ("dv/dt = -v/(3*mvolt) : mV", ["did you mean the unit mV?"]),
    ("dv/dt = -v/blub : mV", ["unknown name blub", "parameters=dict(blub=...)"]),
    ("dv/dt = -v*weight/ms : mV", ["unknown name weight", "use it in receives="]),
    ("dv/dt = -v*j/ms : mV", ["unknown name j", "the index of the cell a connection goes to"]),
    ("dv/dt = -v*e/ms : mV", ["write exp(1)"]),
    ("x = xi*second**0.5 : 1", ["xi is white noise, which has no value at a moment",
                                "write randn()"]),
    ("x = drive(2*t) : pA\ndrive : pA", ["read at the time of the step", "write drive(t)"]),
    ("x = drive(t) + drive : pA\ndrive : pA", ["drive is a function of time", "write drive(t)"]),
])  # fmt: skip
def test_bad_equations_are_refused(equations, must_say):
    with pytest.raises(UserError) as caught:
        Model(equations, parameters={})
    message = str(caught.value)
    assert "^" in message
    for words in must_say:
        assert words in message


SPIKING = dict(threshold="v > 1*mV", reset="v = 0*mV")


@pytest.mark.parametrize("others, says", [
    (dict(threshold="v > 0", reset="v = 0*mV"), ["the threshold: cannot compare mV", "0*mV"]),
    (dict(threshold="v", reset="v = 0*mV"), ["the threshold: expected a condition, got mV",
                                             "write a comparison such as v > V_T"]),
    (dict(threshold="u > 1*mV", reset=""), ["the threshold: unknown name u", "did you mean v?"]),
    (dict(threshold="v > 1*mV"), ["a threshold without reset and refractory"]),
    (dict(threshold=5), ["threshold: expected a text, got int", 'threshold="v > V_T"']),
    (dict(reset="v = 0*mV"), ["a reset needs a threshold", 'threshold="v > V_T"']),
    (dict(refractory=5 * ms), ["refractory needs a threshold"]),
    (dict(threshold="v > 1*mV", reset="u = 0*mV"), ["reset: unknown name u", "did you mean v?"]),
    (dict(threshold="v > 1*mV", reset="v = 0"), ["reset, `v = 0`: expected mV (a voltage), got a"
                                                 " plain number", "write 0*mV"]),
    (dict(threshold="v > 1*mV", reset="v = th"), ["reset: unknown name th"]),
    (dict(threshold="v > 1*mV", reset="v *= 2*mV"), ["expected a plain number",
                                                     "since *= scales v"]),
    (dict(threshold="v > 1*mV", reset="tau_m = 2*ms"), ["reset: tau_m is not declared as something"
                                                        " that changes", "tau_m : ms"]),
    (dict(**SPIKING, refractory=5 * mV), ["refractory: expected a time or a condition, got 5 mV",
                                          "write refractory=5*ms"]),
    (dict(**SPIKING, refractory=5), ["got the plain number 5", "write refractory=5*ms"]),
    (dict(**SPIKING, refractory="v"), ["refractory: expected a time or a condition, got mV"]),
    (dict(**SPIKING, refractory="tau"), ["refractory: unknown name tau", "did you mean tau_m?"]),
    (dict(crossing="liner"), ["crossing: 'liner' is not one of them",
                              '"grid" or "linear" or "exact"', 'write crossing="linear"']),
    (dict(crossing="exact"), ['crossing="exact" needs a threshold']),
    (dict(crossing="linear"), ['crossing="linear" needs a threshold']),
    (dict(threshold="v < 1*mV", reset="v = 2*mV", crossing="linear"),
     ['needs a threshold of the form a > b or a >= b', 'crossing="grid"']),
    (dict(method="rk 4"), ["method: 'rk 4' is not the name of a method", 'method="auto"']),
    (dict(method=None), ["method: None is not the name"]),
    (dict(initial=dict(v=3)), ["initial, v: expected a voltage, got the plain number 3",
                               "write v=3*mV"]),
    (dict(initial=dict(v="tau_m")), ["initial, v: expected mV (a voltage), got ms (a time)"]),
    (dict(initial=dict(v="u")), ["initial, v: unknown name u"]),
    (dict(initial=dict(V="3*mV")), ["the model has no state V", "did you mean v?"]),
    (dict(initial=dict(quux=3)), ["the model has no state quux", "its states are: v"]),
    (dict(initial="resting"), ["initial: 'resting' is not one of them", 'initial="rest"']),
    (dict(initial=[1]), ["initial: expected a dict, got list"]),
    (dict(initial=dict(v=[1, 2] * mV)), ["a default is one value, here are 2"]),
    (dict(receives="v += weight + 1"), ["receives, v"]),
    (dict(receives=dict(a="u += weight")), ["receives, a: unknown name u", "did you mean v?"]),
    (dict(receives=dict(a="")), ["receives, a: the text is empty"]),
    (dict(receives=""), ["receives: the text is empty"]),
    (dict(receives=3), ["receives: expected a text or a dict, got int"]),
    (dict(receives={"a b": "v += weight"}), ["'a b' cannot be the name of an input"]),
])  # fmt: skip
def test_bad_arguments_are_refused(others, says):
    with pytest.raises(UserError) as caught:
        Model(DECAY, **TAU, **others)
    for words in says:
        assert words in str(caught.value)


@pytest.mark.parametrize("line, target, says", [
    ("th : mV (constant)", "th", ["th is constant and cannot be assigned to", "th : mV"]),
    ("th : mV (shared)", "th", ["th is shared"]),
    ("th : mV (input)", "th", ["th is an (input), which is set anew in every step"]),
    ("th = 2*v : mV", "th", ["th is a subexpression and cannot be assigned to",
                             "it is always th = 2*v : mV"]),
    ("th : mV\nx = th(t) : mV", "th", ["th is a current over time"]),
])  # fmt: skip
def test_what_cannot_be_assigned_to(line, target, says):
    for others in (dict(threshold="v > 1*mV", reset=f"{target} = 1*mV"),
                   dict(receives=f"{target} += weight")):  # fmt: skip
        with pytest.raises(EquationError) as caught:
            Model(f"{DECAY}\n{line}", **TAU, **others)
        for words in [*says, "  ^^\n"]:
            assert words in str(caught.value)


def test_a_declared_parameter_can_be_written():
    model = Model(DECAY + "\nth : mV", threshold="v > th", reset="v = 0*mV; th += 1*mV", **TAU)
    assert model.written_parameters == {"th"}


def test_unless_refractory_needs_refractory():
    with pytest.raises(EquationError) as caught:
        Model("dv/dt = -v/ms : 1 (unless refractory)", threshold="v > 1", reset="v = 0")
    message = str(caught.value)
    assert "dv/dt: (unless refractory) needs to know how long a cell is refractory" in message
    assert "write refractory=5*ms" in message
    assert "^^^^^^^^^^^^^^^^^" in message


@pytest.mark.parametrize("threshold", ["rand() < 0.1", "v > 1 and rand() < 0.1"])
def test_a_random_threshold_needs_no_reset(threshold):
    assert Model("dv/dt = -v/ms : 1", threshold=threshold).reset == ()


@pytest.mark.parametrize("error, parameters, says", [
    (UnitError, dict(tau=5 * mV), ["the parameter tau: expected a time, got 5 mV (a voltage)",
                                   "  line 2: tau : ms", "write tau=5*ms"]),
    (UnitError, dict(tau=5), ["expected a time, got the plain number 5", "write tau=5*ms"]),
    (UnitError, dict(tau=5 * mS), ["mS is millisiemens; did you mean ms?"]),
    (UnitError, dict(tau="5 furlongs"), ["furlongs is not a unit"]),
    (UnitError, dict(tau=None), ["the parameter tau: no value is given"]),
    (UnitError, dict(p=5 * mV), ["expected a plain number, got 5 mV", "write p=5"]),
    (UnitError, dict(tau=object()), ["the parameter tau: expected a quantity"]),
    (ShapeError, dict(tau=np.arange(3) * ms), ["the parameter tau: a default is one value, here"
                                               " are 3", "cells.tau = ..."]),
    (UnknownNameError, dict(taum=5 * ms), ["the model does not read taum", "did you mean tau?"]),
    (UnknownNameError, dict(quux=5), ["the model does not read quux",
                                      "its parameters are: tau, p, I"]),
    (EquationError, dict(v=5), ["v is a state, not a parameter", "write initial=dict(v=...)"]),
    (EquationError, dict(x=5), ["x is a subexpression, not a parameter"]),
    (EquationError, dict(I=5), ["I is an (input), which is set anew", "net.inject(cells, ...,"]),
    (EquationError, dict(tau=Current("ms")), ["tau is"]),
])  # fmt: skip
def test_bad_values_of_parameters_are_refused(error, parameters, says):
    lines = "dv/dt = (-v + x + I)/tau : 1\ntau : ms\np : 1\nx = p : 1\nI : 1 (input)"
    for make in (lambda: Model(lines, parameters=parameters), lambda: Model(lines)(**parameters)):
        with pytest.raises(error) as caught:
            make()
        for words in says:
            assert words in str(caught.value)


def test_values_of_names_that_are_only_read():
    with pytest.raises(UnknownNameError) as caught:
        Model("dv/dt = (E_L - v)/tau_m : mV", parameters=dict(v_rest=-65 * mV, tau_m=1 * ms))
    assert "the model does not read v_rest\ndid you mean E_L?" in str(caught.value)
    assert "or is this meant to be v_rest?\n  dv/dt = (E_L - v)/tau_m : mV\n" in str(caught.value)
    with pytest.raises(EquationError, match="t is reserved"):
        Model("dv/dt = -v/t : 1", parameters=dict(t=1 * ms))


@pytest.mark.parametrize("arguments, line, caret", [
    (dict(equations="dw/dt = -w/ms : 1\ndv/dt = -v/tua_m : mV"),
     "  line 2: dv/dt = -v/tua_m : mV", "^^^^^"),
    (dict(equations="dv/dt = -v/ms : mV", threshold="v > 1*mV", reset="v = 0*mV",
          refractory="tua_m"), "  tua_m", "^^^^^"),
    (dict(equations="dv/dt = -v/ms : mV", threshold="v > tua_m*mV/ms", reset="v = 0*mV"),
     "  v > tua_m*mV/ms", "^^^^^"),
])  # fmt: skip
def test_a_name_misspelt_in_the_text_is_shown_there(arguments, line, caret):
    with pytest.raises(UnknownNameError) as caught:
        Model(**arguments, parameters=dict(tau_m=10 * ms))
    lines = str(caught.value).splitlines()
    assert lines[:3] == ["parameters: the model does not read tau_m", "did you mean tua_m?",
                         "or is this meant to be tau_m?"]  # fmt: skip
    assert lines[3] == line
    assert lines[4].strip() == caret
    assert lines[4].index("^") == line.index("tua_m")


def test_a_time_function_is_given_a_current():
    lines = "dv/dt = drive(t)/ms : 1\ndrive : 1"
    for make in (lambda: Model(lines, parameters=dict(drive=3)), lambda: Model(lines)(drive=3)):
        with pytest.raises(EquationError, match=r"drive is read as a function of time, drive\(t\)"):
            make()
    with pytest.raises(UnitError, match="the parameter drive: expected a plain number, got a curr"):
        Model(lines, parameters=dict(drive=Current()))


def test_wrong_types():
    with pytest.raises(EquationError, match=r"equations: expected a text, got list"):
        Model(["dv/dt = -v/ms : 1"])
    with pytest.raises(EquationError, match=r"parameters: expected a dict, got list"):
        Model(DECAY, parameters=[1])


def test_looking_up_a_name_that_is_none():
    with pytest.raises(UnknownNameError, match=r"Model has no variable 'V'; did you mean v\?"):
        make_adex().equation("V")


PIECES = ["dv/dt", "v", "tau", "x", " = ", " : ", "mV", "ms", "1", "(", ")", "+", "-", "*", "/",
          "**", "\n", "\n  ", ";", "#", "(input)", "(unless refractory)", "exp(", "t", "0.5", ">",
          " and ", "xi", "rand()", ",", "weight", ".", "'", "\\", "μ"]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(texts, texts, texts)
def test_any_text_makes_a_model_or_a_user_error(equations, condition, statements):
    for arguments in (
        dict(equations=equations),
        dict(equations="dv/dt = -v/(5*ms) : mV\n" + equations),
        dict(equations="dv/dt = -v/(5*ms) : mV", threshold=condition, reset=statements),
        dict(equations="dv/dt = -v/(5*ms) : mV", receives=statements, initial=dict(v=condition)),
        dict(equations="dv/dt = -v/(5*ms) : mV", threshold="v > mV", refractory=condition),
    ):
        try:
            model = Model(**arguments)
        except UserError as error:
            assert len(str(error)) > 10
        else:
            assert repr(model)
            assert model.describe()


@pytest.mark.parametrize(
    ("name", "line"), [("tau", "tau : ms"), ("g_L", "g_L : nS"), ("E_L", "E_L : mV")]
)
def test_a_line_that_declares_a_name_has_a_likely_unit(name, line):
    with pytest.raises(UnknownNameError, match=f"declare it on a line, `{line}`"):
        Model(f"dv/dt = -v/{name} : 1")


def test_the_target_of_brian_is_the_cell_itself():
    with pytest.raises(UnknownNameError, match="write v: it is that of the cell"):
        Model("dv/dt = -v/ms : 1", receives="v_post += weight")


def test_an_empty_text_is_no_model():
    with pytest.raises(EquationError, match="the text is empty"):
        Model("\n")


def test_a_negative_refractory_duration_is_refused():
    with pytest.raises(EquationError, match=r"the duration is negative(.|\n)*refractory=5\*ms"):
        Model("dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0", refractory=-5 * ms)


@pytest.mark.parametrize("name, text, others", [
    ("dv", "dv = -v/ms : 1", {}),
    ("dvdt", "dvdt = -v/ms : 1", {}),
    ("dvdt", "dvdt = 1/ms : 1", {}),
    ("dv_dt", "dv_dt = -v/ms : 1", {}),
    ("dv", "dv = 1/ms : 1", dict(threshold="v > 1", reset="v = 0")),
    ("dv", "dv = 1/ms : 1", dict(receives="v += weight")),
    ("dv", "dv = 1/ms : 1", dict(initial=dict(v=1))),
])  # fmt: skip
def test_a_derivative_written_like_a_name(name, text, others):
    with pytest.raises(EquationError) as caught:
        Model(text, **others)
    assert str(caught.value) == (
        f"{name} = ... defines a value called {name}, not the derivative of v\n"
        f"  {text}\n  {'^' * len(name)}\nwrite dv/dt = ..."
    )


@pytest.mark.parametrize("text, parameters", [
    ("dE = E - v : mV\ndv/dt = dE/ms : mV", dict(E=1 * mV)),
    ("dvdt = -v/ms : 1/ms\ndv/dt = dvdt : 1", {}),
    ("di = i/N : 1\ndx/dt = di/ms : 1", {}),
    ("drive = 2 : 1\ndx/dt = drive/ms : 1", {}),
])  # fmt: skip
def test_names_that_begin_with_d_are_names(text, parameters):
    assert Model(text, parameters=parameters).names
