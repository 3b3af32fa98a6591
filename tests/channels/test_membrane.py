"""Channels together: the same as the models of the library, names apart, ions shared."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.language.parsing import parse_expression
from rheobase.lowering.cable import lower_patch
from rheobase.units import cm, kelvin, mM, mS, ms, mV, nA, ohm, second, uA, uF, um

C = rb.channels
AREA = 20000 * um**2
SQUID = [C.HHSodium, C.HHPotassium, C.Leak]
PYRAMIDAL = [C.TraubMilesSodium, C.TraubMilesPotassium, C.Leak(g=0.05 * mS / cm**2, E=-65 * mV)]
INTERNEURON = [C.WangBuzsakiSodium, C.WangBuzsakiPotassium,
               C.Leak(g=0.1 * mS / cm**2, E=-65 * mV)]  # fmt: skip
CRAB = [C.ConnorStevensSodium, C.ConnorStevensPotassium, C.ConnorStevensA,
        C.Leak(g=0.3 * mS / cm**2, E=-17 * mV)]  # fmt: skip


# -- the same as the models of the library ------------------------------------------------------


@pytest.mark.parametrize("channels, model, current, rest", [
    (SQUID, rb.models.HodgkinHuxley, 10.0, -64.99638),
    (PYRAMIDAL, rb.models.TraubMiles, 1.0, -64.7646),
    (INTERNEURON, rb.models.WangBuzsaki, 1.0, -64.0176),
    (CRAB, rb.models.ConnorStevens, 10.0, -67.978),
])  # fmt: skip
def test_a_point_is_the_model_of_the_library(channels, model, current, rest):
    point = rb.Membrane(channels).point(AREA)
    assert point.method == "membrane"
    if channels is INTERNEURON:  # not linear in v: the library's model is integrated by Heun
        point = point(method="heun")
    net = rb.Network(dt=0.01 * ms, seed=1)
    ours, theirs = net.add(point, name="ours"), net.add(model(), name="theirs")
    assert ours.v.to("mV").magnitude[0] == pytest.approx(rest, abs=5e-4)
    net.inject(ours, rb.stimuli.step(current / 5 * nA, start=1 * ms))
    net.inject(theirs, rb.stimuli.step(current * uA / cm**2, start=1 * ms))
    for cells, name in ((ours, "ours"), (theirs, "theirs")):
        net.record(cells, "v", every=0.1 * ms, name=name)
    result = net.run(60 * ms)
    np.testing.assert_allclose(
        result.traces["ours"].v.values, result.traces["theirs"].v.values, rtol=0, atol=1e-6
    )
    assert np.array_equal(result.spikes["ours"].times, result.spikes["theirs"].times)
    assert result.spikes["ours"].count > 0


def test_the_squid_has_its_known_figures():
    """One spike from 2.2404 uA/cm**2, a train from 6.259; 68.32 Hz at 10 (and 86.47 at 20)."""
    point = rb.Membrane(SQUID, temperature=6.3).point(AREA)
    once = rb.analysis.rheobase(point, spikes=1, duration=50 * ms, tolerance=0.0005 * nA)
    train = rb.analysis.rheobase(point, spikes=15, duration=400 * ms, tolerance=0.0005 * nA)
    assert once.to("nA").magnitude * 5 == pytest.approx(2.2404, abs=0.01)
    assert train.to("nA").magnitude * 5 == pytest.approx(6.259, abs=0.01)
    rates = rb.analysis.fi_curve(point, [2, 4] * nA, duration=1.5 * second, discard=500 * ms)
    np.testing.assert_allclose(rates.values, [68.324, 86.47], atol=1.0)


def test_temperature_speeds_the_spike_up():
    width = []
    for degrees in (6.3, 18.5, 291.65 * kelvin):
        point = rb.Membrane(SQUID, temperature=degrees).point(AREA)
        net = rb.Network(dt=0.01 * ms, seed=1)
        cells = net.add(point)
        net.inject(cells, rb.stimuli.step(40 * nA, start=1 * ms, stop=1.5 * ms))
        net.record(cells, "v", every=0.01 * ms)
        v = net.run(15 * ms).traces[cells.name].v.values[:, 0]
        width.append(np.sum(v > -20) * 0.01)
    assert width[0] > 2.5 * width[1] and width[1] == width[2]


# -- names --------------------------------------------------------------------------------------


def test_integrators():
    noisy = rb.Channel("I = g*o*(v - E) : uA/cm**2\ndo/dt = (0.5 - o)/ms + 0.1*xi/ms**0.5 : 1",
                       parameters=dict(g="1 mS/cm**2", E=0 * mV))  # fmt: skip
    assert rb.Membrane([noisy]).point(AREA).method == "auto"
    assert rb.Membrane([C.Leak]).point(AREA).method == "auto"
    assert rb.Membrane(SQUID).point(AREA)(method="rk4").method == "rk4"
    assert rb.Membrane(SQUID).patch().method == "auto"


def test_a_point_whose_channels_only_calcium_opens():
    still = rb.Membrane([C.Leak, C.AHP, C.CalciumPool], temperature=36)  # nothing lets calcium in
    assert still.point(AREA).method == "auto"
    moved = rb.Membrane([C.Leak, C.LType, C.AHP, C.CalciumPool], temperature=36)
    assert moved.point(AREA).method == "membrane"
    net = rb.Network(dt=0.025 * ms)
    cell = net.add(still.point(1000 * um**2), name="cell")
    net.inject(cell, rb.stimuli.step(0.01 * nA))
    net.run(20 * ms)
    # 1 mV for each 3 pA through 0.3 mS/cm**2, with a time constant of 1/0.3 ms; AHP is all closed
    want = -54.387 + (10 / 3) * (1 - np.exp(-20 * 0.3))
    assert cell.v.magnitude[0] == pytest.approx(want, abs=0.05)


def test_names_end_with_the_channel():
    membrane = rb.Membrane(SQUID)
    assert list(membrane.channels) == ["Na", "K", "L"]
    assert membrane.currents == ("I_Na", "I_K", "I_L") and membrane.gates == (
        "m_Na", "h_Na", "n_K")  # fmt: skip
    assert membrane.names["Na"]["alpha_m"] == "alpha_m_Na"
    patch = membrane.patch()
    assert isinstance(patch, Model) and [e.name for e in patch.differential] == [
        "v", "m_Na", "h_Na", "n_K"]  # fmt: skip
    assert patch.equation("v").text == "dv/dt = (I/area - (I_Na + I_K + I_L))/C_m : mV"
    assert patch.equation("I_Na").text == "I_Na = g_Na*m_Na**3*h_Na*(v - E_Na) : uA/cm**2"
    assert "area" not in patch.defaults and patch.threshold is None
    assert patch.unit_of("g_Na").text == "mS/cm**2" and patch.inputs[0].unit.text == "nA"
    assert patch.defaults["g_Na"] == 1200 and patch.defaults["temperature"] == 6.3


def test_two_channels_of_one_name():
    membrane = rb.Membrane([*SQUID, C.TraubMilesSodium, C.HHSodium(name="fast"), C.Leak])
    assert list(membrane.channels) == ["Na", "K", "L", "Na_2", "fast", "L_2"]
    names = [e.name for e in membrane.patch().equations]
    assert len(set(names)) == len(names) and {"g_Na_2", "V_T_Na_2", "m_fast", "g_L_2"} <= set(names)


def test_a_name_that_would_hide_another_is_moved():
    odd = rb.Channel("I = m_K*g*(v - E) : uA/cm**2\nm_K : 1\nn = 1 : 1",
                     parameters=dict(g="1 mS/cm**2", E=0 * mV, m_K=1), name="K")  # fmt: skip
    membrane = rb.Membrane([odd, C.HHPotassium, odd(name="m")])
    assert list(membrane.channels) == ["K", "K_2", "m"]
    values = dict(g="1 mS/cm**2", E=0 * mV, V=1 * mV)
    text = "I = V*g*(v - E)/mV : uA/cm**2\nV : mV"
    taken = rb.Channel(text, parameters=values, name="spike")
    assert list(rb.Membrane([taken]).channels) == ["spike_2"]  # V_spike is the membrane's


def test_values_of_a_membrane():
    membrane = rb.Membrane(SQUID, capacitance=0.9 * uF / cm**2, name="axon")
    assert membrane.defaults["C_m"] == pytest.approx(0.009) and membrane.name == "axon"
    other = membrane(g_Na=60 * mS / cm**2, temperature=20, C_m="1 uF/cm**2")
    assert other.defaults["g_Na"] == 600 and other.temperature == 20
    assert other.patch().defaults["C_m"] == 0.01 and other(E_L=0 * mV).defaults["g_Na"] == 600
    point = other.point("100 um**2")
    assert point.defaults["area"] == pytest.approx(1e-10) and point.defaults["V_spike"] == -0.02
    assert membrane == rb.Membrane(SQUID, capacitance=0.9 * uF / cm**2, name="axon") != other
    assert hash(membrane) == hash(membrane()) and membrane.patch() is membrane.patch()
    again = pickle.loads(pickle.dumps(other))
    assert again == other
    assert again.defaults == other.defaults and again.currents == other.currents


def test_it_prints_as_what_it_is_made_of():
    membrane = rb.Membrane([*SQUID, C.CalciumPool], name="axon")
    assert str(membrane) == "axon: Na, K, L, pool of Ca, 6.3 degrees Celsius"
    assert "dm_Na/dt = alpha_m_Na*(1 - m_Na)" in membrane.describe()
    assert str(rb.Membrane([C.Leak])) == "Membrane: L"


def test_where_gates_go():
    membrane = rb.Membrane([*SQUID, C.MType, C.WangBuzsakiSodium], temperature=36)
    assert membrane.steady["m_Na"] == "alpha_m_Na/(alpha_m_Na + beta_m_Na)"
    assert membrane.steady["p_M"] == "p_inf_M"
    assert "m_Na_2" not in membrane.steady and "h_Na_2" in membrane.steady  # m follows at once


def test_noise_of_two_channels_is_two_noises():
    noisy = rb.Channel("I = g*o*(v - E) : uA/cm**2\ndo/dt = (0.5 - o)/ms + 0.1*xi/ms**0.5 : 1",
                       parameters=dict(g="1 mS/cm**2", E=0 * mV), name="a")  # fmt: skip
    patch = rb.Membrane([noisy, noisy]).patch()
    assert "xi_a" in patch.equation("o_a").text and "xi_a_2" in patch.equation("o_a_2").text


def test_currents_over_time_are_parameters_too():
    light = rb.stimuli.from_array([0.0, 1.0], dt=1 * ms)
    values = dict(g="1 mS/cm**2", E=0 * mV, light=light)
    opsin = rb.Channel("I = g*light(t)*(v - E) : uA/cm**2", name="ChR", parameters=values)
    patch = rb.Membrane([opsin, C.Leak]).patch()
    assert patch.time_functions == ("light_ChR",)


# -- temperature --------------------------------------------------------------------------------


def test_the_temperature_is_that_of_the_measurements_unless_given():
    assert rb.Membrane(SQUID).temperature == 6.3
    assert rb.Membrane([C.Leak]).temperature is None
    assert rb.Membrane([C.MType, C.TraubMilesSodium]).temperature == 36
    with pytest.raises(UserError, match="M at 36 degrees Celsius\nsay at which it is"):
        rb.Membrane([*SQUID, C.MType])
    assert rb.Membrane([*SQUID, C.MType], temperature=30).temperature == 30
    with pytest.raises(UserError, match="depend on the temperature, and none is given"):
        rb.Membrane([C.NType, C.CalciumPool])


# -- ions ---------------------------------------------------------------------------------------


def test_all_calcium_channels_feed_the_pool():
    membrane = rb.Membrane([C.TType, C.LType, C.NType, C.SK, C.CalciumPool], temperature=36)
    patch = membrane.patch()
    assert patch.equation("I_Ca_total").text == "I_Ca_total = I_CaT + I_CaL + I_CaN : uA/cm**2"
    assert patch.unit_of("Ca_i").text == "uM" and "depth_Ca" in patch.defaults
    assert patch.equation("z_inf_SK").text == "z_inf_SK = 1/(1 + (K_SK/Ca_i)**4.8) : 1"
    assert membrane.pools["Ca"].valence == 2 and "Ca_i" not in membrane.gates
    assert membrane.names["pool of Ca"]["tau"] == "tau_Ca"


def test_nernst_reads_the_pool():
    channels = [C.HHSodium, C.HHPotassium(E="nernst"), C.Leak, C.LType(E="nernst"),
                C.CalciumPool, C.Ion("K", inside=140 * mM, outside=5 * mM)]  # fmt: skip
    patch = rb.Membrane(channels).patch()
    assert patch.equation("E_K").text == "E_K = nernst_K : mV"
    assert patch.equation("nernst_Ca").text == (
        "nernst_Ca = nernst(2, Ca_i, Ca_o, temperature) : mV")  # fmt: skip
    assert patch.defaults["K_o"] == 5 and "E_CaL" not in patch.defaults
    net = rb.Network(dt=0.01 * ms, seed=1)
    cells = net.add(rb.Membrane(channels).point(AREA))
    expected = C.nernst("K", 140 * mM, 5 * mM, 6.3).to("mV").magnitude
    net.record(cells, "nernst_K", "E_K", every=1 * ms)
    trace = net.run(2 * ms).traces[cells.name]
    np.testing.assert_allclose(trace.nernst_K.values, expected)
    np.testing.assert_allclose(trace.E_K.values, expected)


def test_parts_of_a_current_go_to_several_pools():
    mixed = rb.Channel(
        "I = I_Na + I_K : uA/cm**2\nI_Na = g*(v - E) : uA/cm**2\nI_K = 2*g*(v - E) : uA/cm**2",
        parameters=dict(g="1 mS/cm**2", E=0 * mV), carries=dict(Na="I_Na", K="I_K"), name="mix",
    )  # fmt: skip
    reader = rb.Channel("I = 0*I_Na_total + 0*I_K_total : uA/cm**2", name="reader")
    patch = rb.Membrane([mixed, C.HHSodium, reader]).patch()
    assert patch.equation("I_Na_total").text == "I_Na_total = I_Na_mix + I_Na : uA/cm**2"
    assert patch.equation("I_K_total").text == "I_K_total = I_K_mix : uA/cm**2"


@pytest.mark.parametrize("make, error, must_say", [
    (lambda: rb.Membrane([C.SK, C.Leak]), WiringError,
     ["SK reads Ca_i, and nothing in the membrane keeps Ca", "rb.channels.CalciumPool"]),
    (lambda: rb.Membrane([C.LType(E="nernst")], temperature=36), WiringError,
     ["CaL reads nernst_Ca", "or fix the potential: E=120*mV"]),
    (lambda: rb.Membrane([C.HHPotassium(E="nernst")]), WiringError,
     ["K reads nernst_K", "or fix the potential: E=-90*mV"]),
    (lambda: rb.Membrane([C.SodiumActivatedPotassium]), WiringError,
     ["KNa reads Na_i, and nothing in the membrane keeps Na",
      "add a pool of Na to the channels: rb.Membrane([..., rb.channels.SodiumPool])"]),
    (lambda: rb.Membrane([C.HHSodium(E="nernst")]), WiringError,
     ['rb.Membrane([..., rb.channels.Ion("Na", inside=12*mM, outside=145*mM)])']),
    (lambda: rb.Membrane([C.LType(E="nernst"), rb.channels.Pool("Ca_i : mM", ion="Ca",
                          parameters=dict(Ca_i="1 uM"))], temperature=36), WiringError,
     ["reads nernst_Ca, and the pool Ca defines no Ca_o", "parameters=dict(Ca_o=2*mM)"]),
    (lambda: rb.Membrane([C.Leak, C.CalciumPool, C.PumpedCalciumPool]), WiringError,
     ["two pools keep Ca, Ca and Ca"]),
    (lambda: rb.Membrane(C.Leak), EquationError,
     ["expected a list of channels, got the channel L"]),
    (lambda: rb.Membrane("leak"), EquationError, ["got str", "rb.Membrane([rb.channels.HHSodium"]),
    (lambda: rb.Membrane([]), EquationError, ["there is no channel", "rb.channels.Leak"]),
    (lambda: rb.Membrane([C.CalciumPool]), EquationError, ["there is no channel"]),
    (lambda: rb.Membrane([rb.models.LIF]), EquationError, ["a Model is no channel"]),
    (lambda: rb.Membrane([C.Leak], capacitance="1 pF"), UnitError,
     ["Membrane: capacitance: expected a capacitance per area"]),
    (lambda: rb.Membrane([C.Leak], capacitance="0 uF/cm**2"), UserError, ["is above 0"]),
    (lambda: rb.Membrane(SQUID, temperature=-300), UserError, ["above absolute zero"]),
    (lambda: rb.Membrane(SQUID, temperature=300), UserError, ["Membrane: temperature: 300 degrees "
     "Celsius are too many for a cell; are they kelvin?", "write temperature=300*kelvin"]),
    (lambda: rb.Membrane(SQUID, celsius=36), UnknownNameError, ["did you mean temperature?"]),
    (lambda: rb.Membrane([C.Leak], temperature="warm"), UnitError, ["cannot read 'warm'"]),
    (lambda: rb.Membrane([C.Leak], cm=1 * uF / cm**2), UnknownNameError,
     ["no argument 'cm'; did you mean capacitance?"]),
    (lambda: rb.Membrane([C.Leak], celcius=36), UnknownNameError, ["there are: channels, cap"]),
    (lambda: rb.Membrane(SQUID).point(3 * um), UnitError, ["membrane.point: area", "an area"]),
    (lambda: rb.Membrane(SQUID).point(-3 * um**2), UserError, ["area of a membrane is above 0"]),
    (lambda: rb.Membrane(SQUID)(g_na=1), UnknownNameError, ["does not read g_na", "g_Na?"]),
    (lambda: rb.Membrane(SQUID)(area=AREA), UnknownNameError, ["does not read area"]),
    (lambda: rb.Membrane(SQUID)(g_Na=1 * mV), UnitError, ["a conductance per area, got 1 mV"]),
    (lambda: setattr(rb.Membrane(SQUID), "g_Na", 1), UserError, ["a Membrane does not change"]),
    (lambda: rb.Membrane([rb.Channel("I = g*(v - E) + 0*g_x : uA/cm**2", name="x", parameters=dict(
        g="1 mS/cm**2", E=0 * mV, g_x="1 uA/cm**2"))]), EquationError,
     ["g and g_x would be one name in a membrane"]),
])  # fmt: skip
def test_what_is_refused(make, error, must_say):
    with pytest.raises(error) as refused:
        make()
    for words in must_say:
        assert words in str(refused.value)


# -- passive ------------------------------------------------------------------------------------


def test_a_passive_membrane_in_closed_form():
    """Time constant C/g = 20 ms, input resistance 1/(g A)."""
    leak = C.Leak(g=0.05 * mS / cm**2, E=-70 * mV)
    net = rb.Network(dt=0.1 * ms, seed=1)
    cells = net.add(rb.Membrane([leak]).point(AREA))
    net.inject(cells, rb.stimuli.step(0.1 * nA, start=0 * ms))
    net.record(cells, "v", "I_L", every=1 * ms)
    trace = net.run(60 * ms).traces[cells.name]
    t = trace.time.values
    v = -70 + 0.1e-9 / (0.5 * 2e-8) * 1e3 * (1 - np.exp(-t / 0.02))
    np.testing.assert_allclose(trace.v.values[:, 0], v, atol=1e-9)
    np.testing.assert_allclose(trace.I_L.values[:, 0], 0.05 * (v + 70), atol=1e-9)


def test_a_leak_given_by_its_resistance():
    leak = C.Leak(g=1 / (40_000 * ohm * cm**2), E=-65 * mV)
    assert rb.Membrane([leak]).defaults["g_L"] == pytest.approx(0.25)


def test_synapses_go_on_a_point_of_membrane():
    net = rb.Network(dt=0.05 * ms, seed=1)
    source = net.add(rb.stimuli.spike_times([5 * ms]))
    cells = net.add(rb.Membrane(SQUID).point(AREA), name="cells")
    net.connect(source, cells, weight="100 nS",
                synapse=rb.synapses.Exponential(tau=2 * ms, E=0 * mV))  # fmt: skip
    assert net.run(20 * ms).spikes["cells"].count == 1


# -- any channels together ----------------------------------------------------------------------

LIBRARY = [getattr(C, n) for n in C.__all__ if isinstance(getattr(C, n), rb.Channel)]
ORGANS = [C.CalciumPool, C.SodiumPool, C.Ion("K", inside=140 * mM, outside=5 * mM)]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(LIBRARY), min_size=1, max_size=6), st.booleans())
def test_any_channels_make_a_membrane_and_a_compartment(chosen, nernst):
    if nernst:
        chosen = [c(E="nernst") if "E" in c.parameters and c.carries else c for c in chosen]
    membrane = rb.Membrane([*chosen, *ORGANS], temperature=30)
    patch = membrane.patch()
    assert len(set(patch.names)) == len(patch.equations)
    assert len(membrane.currents) == len(chosen) == len(membrane.channels)
    for name in membrane.steady.values():
        assert names_in(parse_expression(name)) <= {*patch.names}
    program = lower_patch(patch, per_cell=frozenset({"area"}))
    late = {e.name for e in patch.differential} - {"v"}
    assert program.linear.voltage == "v" and program.staggered <= late


def test_a_compartment_is_a_point():
    """A cylinder in one piece, under the same current, is the point model of its area."""
    channels = [*PYRAMIDAL, C.LType(E="nernst"), C.CalciumPool, C.SK]
    membrane = rb.Membrane(channels, temperature=36)
    cable = rb.Morphology.cylinder(length=100 * um, diameter=20 * um)
    cell = rb.Cell(cable, membrane, axial_resistivity=100 * ohm * cm, max_length=200 * um)
    area = np.pi * 2000 * um**2
    net = rb.Network(dt=0.01 * ms, seed=1)
    whole, point = net.add(cell, name="whole"), net.add(membrane.point(area), name="point")
    soma = whole.at(fraction=0.5)
    for cells in (soma, point):
        net.inject(cells, rb.stimuli.step(0.2 * nA, start=202 * ms))
    net.run(200 * ms)  # to rest
    net.record(soma, "v", every=0.01 * ms, name="a")
    net.record(point, "v", every=0.01 * ms, name="b")
    traces = net.run(40 * ms).traces
    a, b = (traces[name].v.values[:, 0] for name in "ab")
    t = traces["a"].time.values * 1e3
    crossings = []
    for v in (a, b):
        k = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))[0]
        crossings.append(t[k] - v[k] * (t[k + 1] - t[k]) / (v[k + 1] - v[k]))
    assert abs(crossings[0] - crossings[1]) < 2e-3
    assert np.sqrt(np.mean((a - b) ** 2)) < 1.0  # r_CaL settles within a second only
