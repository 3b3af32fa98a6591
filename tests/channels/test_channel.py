"""A channel is text: what is read from it, and what is said of text that is none."""

import copy
import pickle

import pytest

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError
from rheobase.units import cm, mS, ms, mV, nS, uA, um

LEAK = "I = g*(v - E) : uA/cm**2\ng : mS/cm**2\nE : mV"
VALUES = dict(g=1 * mS / cm**2, E=-70 * mV)
GATED = """
    I = g*n**4*(v - E) : uA/cm**2
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1/ms
    g : mS/cm**2
    """


def lines(channel):
    return [e.text for e in channel.equations]


def test_rates_make_a_gate():
    channel = rb.Channel(GATED, parameters=VALUES, name="K")
    assert lines(channel)[-2:] == ["dn/dt = alpha_n*(1 - n) - beta_n*n : 1", "E : mV"]
    assert channel.current_variable == "I" and list(channel.gates) == ["n"]
    assert channel.reads == {"v"} and channel.parameters == ("g", "E")


def test_a_goal_and_a_time_make_a_gate():
    channel = rb.Channel("""
        I = g*m*(v - E) : uA/cm**2
        m_inf = 1/(1 + exp(-(v + 40*mV)/(5*mV))) : 1
        """, parameters={**VALUES, "tau_m": 3 * ms})  # fmt: skip
    assert "dm/dt = (m_inf - m)/tau_m : 1" in lines(channel)
    assert channel.gates["m"].time_constant(-40 * mV).to("ms").magnitude == pytest.approx(3)


def test_a_goal_alone_makes_a_gate_that_follows_at_once():
    channel = rb.Channel("I = g*m*(v - E) : uA/cm**2\nm_inf = 1/(1 + exp(-v/mV)) : 1",
                         parameters=VALUES)  # fmt: skip
    assert "m = m_inf : 1" in lines(channel)
    assert channel.gates["m"].time_constant(0 * mV).magnitude == 0
    assert channel.gates["m"].steady(0 * mV) == 0.5


def test_goal_and_time_come_before_rates_that_help_them():
    channel = rb.Channel("""
        I = g*m*(v - E) : uA/cm**2
        alpha_m = 2/ms : 1/ms
        beta_m = 6/ms : 1/ms
        m_inf = alpha_m/(alpha_m + beta_m) : 1
        tau_m = 1/(alpha_m + beta_m) + 1*ms : ms
        """, parameters={**VALUES, "Q10": 3, "T_ref": 20})  # fmt: skip
    gate = channel.gates["m"]
    assert gate.kind == "relaxation" and gate.steady(0 * mV) == 0.25
    tau = gate.time_constant(0 * mV, temperature=30).to("ms").magnitude
    assert tau == pytest.approx(1.125 / 3)


def test_equations_of_gates_may_be_written_out():
    channel = rb.Channel("I = g*o*(v - E) : uA/cm**2\ndo/dt = 0.2*(1 - o)/ms - 0.6*o/ms : 1",
                         parameters=VALUES)  # fmt: skip
    gate = channel.gates["o"]
    assert gate.kind == "written" and gate.steady(0 * mV) == pytest.approx(0.25)
    assert gate.time_constant(0 * mV).to("ms").magnitude == pytest.approx(1.25)


def test_states_that_read_each_other_are_a_scheme():
    channel = rb.Channel("""
        I = g*o*(v - E) : uA/cm**2
        do/dt = 2*c/ms - o/ms : 1
        dc/dt = (1 - c - o)/ms - 2*c/ms + o/ms : 1
        """, parameters=VALUES)  # fmt: skip
    gates = channel.gates
    assert [gates[n].kind for n in "oc"] == ["scheme"] * 2 and gates["o"].states == ("o", "c")
    # c and o are what they are where 2 c = o and 1 - c - o - 2 c + o = 0
    assert [gates[n].steady(0 * mV) for n in "co"] == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("given, line", [
    (dict(Q10=3, T_ref=6.3), "phi = Q10**((temperature - T_ref)/10) : 1"),
    (dict(Q10_n=2.3, T_ref=6.3), "phi_n = Q10_n**((temperature - T_ref)/10) : 1"),
])  # fmt: skip
def test_a_q10_scales_rates(given, line):
    channel = rb.Channel(GATED, parameters={**VALUES, **given})
    phi = line.split(" ", maxsplit=1)[0]
    assert line in lines(channel) and "temperature" in channel.reads
    assert f"alpha_n = {phi}*0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms" in lines(channel)
    cold = channel.gates["n"].time_constant(-65 * mV)
    warm = channel.gates["n"].time_constant(-65 * mV, temperature=16.3)
    assert (cold / warm).to("").magnitude == pytest.approx(next(iter(given.values())))
    assert channel.gates["n"].steady(-65 * mV, temperature=30) == pytest.approx(0.317676914061)


def test_a_q10_scales_times_and_rates_that_are_parameters():
    text = "I = g*m*h*(v - E) : uA/cm**2\nm_inf = 0.5 + 0*v/mV : 1"
    values = {**VALUES, "tau_m": 6 * ms, "alpha_h": 1 / ms, "beta_h": 3 / ms, "Q10": 2, "T_ref": 20}
    channel = rb.Channel(text + "\nalpha_h : 1/ms", parameters=values)
    assert "dm/dt = phi*(m_inf - m)/tau_m : 1" in lines(channel)
    assert "dh/dt = phi*alpha_h*(1 - h) - phi*beta_h*h : 1" in lines(channel)
    m, h = channel.gates["m"], channel.gates["h"]
    assert m.time_constant(0 * mV, temperature=30).to("ms").magnitude == pytest.approx(3)
    assert h.time_constant(0 * mV, temperature=30).to("ms").magnitude == pytest.approx(0.125)
    assert h.steady(0 * mV, temperature=30) == pytest.approx(0.25)


def test_phi_can_be_read_in_equations_that_are_written_out():
    text = "I = g*o*(v - E) : uA/cm**2\ndo/dt = phi*(0.5 - o)/ms : 1"
    channel = rb.Channel(text, parameters={**VALUES, "Q10": 3, "T_ref": 20})
    tau = channel.gates["o"].time_constant(0 * mV, temperature=30)
    assert tau.to("ms").magnitude == pytest.approx(1 / 3)


def test_functions_of_the_user():
    channel = rb.Channel(
        "I = g*m*(v - E) : uA/cm**2\nm_inf = sigmoid(v, -30*mV, 4*mV) : 1",
        parameters=VALUES, functions="sigmoid(v, half, width) = 1/(1 + exp((half - v)/width))",
    )  # fmt: skip
    assert channel.gates["m"].steady(-30 * mV) == 0.5


def test_calling_gives_a_copy():
    channel = rb.Channel(LEAK, parameters=VALUES, name="L", doc="A leak.")
    other = channel(g=2 * mS / cm**2, name="shunt")
    assert (channel.name, other.name) == ("L", "shunt")
    assert other.defaults == {"g": 20.0, "E": -0.07} and channel.defaults["g"] == 10.0
    assert other == channel(g=2 * mS / cm**2, name="shunt") and other != channel
    assert hash(channel) == hash(channel()) and channel() == channel


def test_channels_can_be_copied_and_stored():
    channel = rb.channels.HHSodium(g=1 * mS / cm**2, name="fast")
    assert copy.deepcopy(channel) is channel
    again = pickle.loads(pickle.dumps(channel))
    assert again == channel and again.kind == "HHSodium" and again.__doc__ == channel.__doc__


def test_a_channel_prints_as_its_equations():
    channel = rb.Channel(GATED, parameters=VALUES, name="K", doc="A rectifier.\n\nMore.")
    assert str(channel).splitlines()[:2] == [
        "K: A rectifier.", "  I = g*n**4*(v - E) : uA/cm**2"]  # fmt: skip
    assert "  g = 1 mS/cm**2" in str(channel) and "reads of the membrane: v" in str(channel)


def test_the_current_at_a_voltage():
    leak = rb.Channel(LEAK, parameters=VALUES)
    assert leak.current(-60 * mV).to(uA / cm**2).magnitude == pytest.approx(10)
    assert list(leak.current([-80, -70] * mV).to("uA/cm**2").magnitude) == pytest.approx([-10, 0])


def test_the_current_may_be_called_after_the_channel():
    text = "I_L = g_L*(v - E_L) : uA/cm**2"
    channel = rb.Channel(text, parameters=dict(g_L=1 * mS / cm**2, E_L=0 * mV), name="L")
    assert channel.current_variable == "I_L"
    membrane = rb.Membrane([channel, channel])
    assert membrane.currents == ("I_L", "I_L_2")


@pytest.mark.parametrize("text, given, error, must_say", [
    ("", {}, EquationError, ["the text is empty", "rb.Channel("]),
    (3, {}, EquationError, ["the text is int"]),
    ("g : mS/cm**2", {}, EquationError, ["defines no current I", "I = g*(v - E) : uA/cm**2"]),
    ("\n  i = g*(v - E) : uA/cm**2", VALUES, EquationError,
     ["the current of a channel is called I", "i = g*(v - E)", "write I ="]),
    ("i_x = g*(v - E) : uA/cm**2", {}, EquationError, ["no current I"]),
    ("I = g*(v - E) : nA\ng : nS", VALUES, UnitError,
     ["per area of membrane", "I is in nA", "line 1", "g in mS/cm**2"]),
    ("I = v : mV", {}, UnitError, ["per area of membrane", "I is in mV"]),
    ("dI/dt = -I/ms : uA/cm**2", {}, EquationError, ["the current of the channel, an expression"]),
    (LEAK + "\nv : mV", VALUES, EquationError,
     ["v is the voltage of the membrane", "line 4", "remove the line"]),
    (LEAK + "\ntemperature = 20 : 1", VALUES, EquationError, ["temperature is that of", "line 4"]),
    (LEAK + "\nCa_i : mM", VALUES, EquationError, ["Ca_i is kept by the membrane"]),
    ("I = g*m*(v - E) : uA/cm**2", VALUES, UnknownNameError,
     ["channel, I: unknown name m", "^", "alpha_m and beta_m", "m_inf and tau_m"]),
    ("I = g*(V - E) : uA/cm**2", VALUES, UnknownNameError, ["unknown name V", "did you mean v?"]),
    ("I = g*celsius*(v - E) : uA/cm**2", VALUES, UnknownNameError, ["did you mean temperature?"]),
    ("I = g*(cai/mM)*(v - E) : uA/cm**2", VALUES, UnknownNameError, ["did you mean Ca_i?"]),
    ("I = g*exprel*(v - E) : uA/cm**2", VALUES, UnknownNameError, ["is a function: call it"]),
    ("I = g*n*(v - E) : uA/cm**2\nalpha_n = 1/ms : 1/ms", VALUES, EquationError,
     ["alpha_n is given, and beta_n is missing", "line 2", "add a line `beta_n = ... : 1/ms`"]),
    ("I = g*n*(v - E) : uA/cm**2\ntau_n = 1*ms : ms", VALUES, EquationError,
     ["tau_n is given, and n_inf is missing", "add a line `n_inf = ... : 1`"]),
    (GATED.replace("n**4*", ""), VALUES, EquationError,
     ["alpha_n and beta_n say how a gate n opens, and nothing reads n", "I = g*n*(v - E)"]),
    (GATED.replace("/ms : 1/ms", " : 1"), VALUES, UnitError,
     ["alpha_n is a rate, and its unit is 1", "line 2", "/ms : 1/ms"]),
    ("I = g*m*(v - E) : uA/cm**2\nm_inf = v : mV", VALUES, UnitError,
     ["m_inf is a plain number from 0 to 1, and its unit is mV"]),
    ("I = g*m*(v - E) : uA/cm**2\nm_inf = 1 : 1\ntau_m : mV", VALUES, UnitError,
     ["tau_m is a time, and its unit is mV", "write tau_m : ms"]),
    (GATED, {**VALUES, "Q10": 3}, EquationError,
     ["phi is Q10**((temperature - T_ref)/10), and T_ref is not given",
      "parameters=dict(Q10=3, T_ref=6.3)"]),
    (GATED + "\nphi = 3 : 1", {**VALUES, "Q10": 3, "T_ref": 20}, EquationError,
     ["phi is made from Q10 and T_ref, and defined by the text too", "^"]),
    (LEAK, {**VALUES, "Q10": 3, "T_ref": 20}, UnknownNameError, ["does not read Q10"]),
    (LEAK, {**VALUES, "E": "nernst"}, EquationError,
     ['E="nernst" is the potential of one ion', "does not say what it carries", 'carries="Ca"']),
    (LEAK, {**VALUES, "g": 1 * nS}, UnitError, ["the parameter g", "a conductance per area"]),
    (LEAK, {**VALUES, "g": -1 * mS / cm**2}, UserError, ["g is 0 or more", "g=-1*mS/cm**2"]),
    (GATED, {**VALUES, "Q10": 0, "T_ref": 20}, UserError, ["Q10 is above 0", "write Q10=1"]),
    ("I = g*(v - E : uA/cm**2", VALUES, EquationError, ["unbalanced parentheses"]),
    ("I = g*(v - E)", VALUES, UnitError, ["I has no unit"]),
    ("I = g*(v - E) + v : uA/cm**2", VALUES, UnitError, ["I: ", "mV", "^"]),
    ("I = g*(v - E) : uA/cm**2\nI = 0*uA/cm**2 : uA/cm**2", VALUES, EquationError,
     ["I is defined twice, in line 1 and in line 2"]),
])  # fmt: skip
def test_text_that_is_no_channel(text, given, error, must_say):
    with pytest.raises(error) as refused:
        rb.Channel(text, parameters=given)
    for words in must_say:
        assert words in str(refused.value)


def test_arguments_that_are_none():
    with pytest.raises(EquationError, match="'a b' cannot be a name"):
        rb.Channel(LEAK, parameters=VALUES, name="a b")
    with pytest.raises(EquationError, match="carries is the name of an ion, got int"):
        rb.Channel(LEAK, parameters=VALUES, carries=2)
    with pytest.raises(UnknownNameError, match="carries names the current 'I_Na', which the text"):
        rb.Channel(LEAK, parameters=VALUES, carries=dict(Na="I_Na"))
    with pytest.raises(EquationError, match="nernst is a function of every channel already"):
        rb.Channel(LEAK, parameters=VALUES, functions="nernst(x) = x")
    with pytest.raises(UnknownNameError, match="does not read gbar\ndid you mean g"):
        rb.channels.Leak(gbar=1 * mS / cm**2)
    with pytest.raises(UnknownNameError, match="Leak does not read E_rev\ndid you mean E"):
        rb.channels.Leak(E_rev=1 * mV)
    with pytest.raises(UnknownNameError, match="SK does not read depth\nits parameters are: g, E"):
        rb.channels.SK(depth=1 * um)
    with pytest.raises(
        UnknownNameError, match=r"write rb.Membrane\(\[...\], temperature=37\); that of"
    ):
        rb.channels.HHSodium(temperature=20)
    with pytest.raises(UserError, match="a Channel does not change: g cannot be set"):
        rb.channels.Leak.g = 1
    with pytest.raises(UserError, match="Leak: g is 0 or more"):
        rb.channels.Leak(g=-1 * mS / cm**2)


def test_what_a_gate_depends_on_must_be_given():
    gate = rb.channels.SK.gates["z"]
    with pytest.raises(UserError, match="SK depends on Ca_i, and no value is given\nwrite Ca_i"):
        gate.steady(-60 * mV)
    with pytest.raises(UnknownNameError, match="SK reads no Cai\ndid you mean Ca_i"):
        gate.steady(-60 * mV, Cai=1)
    with pytest.raises(UnitError, match="SK: Ca_i: expected a concentration, got 1 um"):
        gate.steady(-60 * mV, Ca_i=1 * um)
    assert gate.steady(Ca_i="430 nM") == pytest.approx(0.5)


def test_a_written_gate_must_be_linear_to_have_a_time_constant():
    channel = rb.Channel("I = g*o*(v - E) : uA/cm**2\ndo/dt = (1 - o)**2/ms : 1", parameters=VALUES)
    with pytest.raises(EquationError, match="do/dt is not linear in o, so it has no time constant"):
        channel.gates["o"].steady(0 * mV)


NAIVE = """
    I = g*m**3*(v - E) : uA/cm**2
    alpha_m = 0.1*(v + 40*mV)/mV/(1 - exp(-(v + 40*mV)/(10*mV)))/ms : 1/ms
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : 1/ms
"""


@pytest.mark.parametrize("backend", ["numba", "interpreter"])
@pytest.mark.parametrize("pool", [False, True])
def test_rates_that_are_0_over_0_at_one_voltage(pool, backend):
    """Hodgkin and Huxley's as printed, at -40 mV, where x/(1 - exp(-x)) is 1."""
    naive = rb.Channel(NAIVE, parameters=dict(g=1 * mS / cm**2, E=50 * mV), name="Na")
    want = rb.channels.HHSodium.gates["m"]
    voltages = [-65, -40, -20] * mV
    assert naive.gates["m"].steady(voltages) == pytest.approx(want.steady(voltages), abs=1e-6)
    assert naive.gates["m"].time_constant(-40 * mV).magnitude == pytest.approx(
        want.time_constant(-40 * mV).magnitude, abs=1e-6
    )
    more = [rb.channels.LType, rb.channels.CalciumPool] if pool else []
    shape = rb.Morphology.cylinder(length=10 * um, diameter=10 * um)
    net = rb.Network(dt=0.025 * ms)
    cells = net.add(rb.Cell(shape, rb.Membrane([naive, rb.channels.Leak, *more])), name="cells")
    cells.v = -40 * mV
    net.record(cells, "v", "m_Na")
    traces = net.run(1 * ms, backend=backend).traces["cells"]
    assert traces.m_Na.values[0, 0] == pytest.approx(want.steady(-40 * mV), abs=1e-6)
    assert -60 < traces.v.values[-1, 0] < 50
