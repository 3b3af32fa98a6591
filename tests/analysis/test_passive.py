"""Input resistances and time constants against closed forms of cables, and what is refused."""

import numpy as np
import pytest
from tests.analysis.cells import (
    TAU,
    G,
    ball_and_stick,
    ball_and_stick_resistance,
    cylinder,
    finite_cable,
    passive,
    squid,
)

import rheobase as rb
from rheobase.analysis import input_resistance, membrane_time_constant
from rheobase.errors import EquationError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.units import cm, mS, ms, mV, nA, pA, uA, um

KOHM = "kohm*cm**2"
END = dict(region="dendrite", fraction=1.0)


def mohm(found):
    return found.to("Mohm").magnitude


def in_ms(found):
    return found.to("ms").magnitude


# -- one point ------------------------------------------------------------------------------


def test_a_leaky_integrator_in_closed_form():
    """R = tau_m/C_m = 40 Mohm, tau = tau_m."""
    model = rb.models.LIF
    assert mohm(input_resistance(model)) == pytest.approx(40, rel=1e-9)
    assert mohm(input_resistance(model, -10 * pA, dt=0.1 * ms)) == pytest.approx(40, rel=1e-6)
    assert str(input_resistance(model).units) == "MΩ"
    assert in_ms(membrane_time_constant(model)) == pytest.approx(10, rel=1e-9)
    peeled = membrane_time_constant(model, method="peeling", dt=0.1 * ms)
    assert in_ms(peeled) == pytest.approx(10, rel=1e-6)


def test_a_passive_membrane():
    """1/(g A) = 100 Mohm, C/g = 20 ms."""
    model = passive.point(20_000 * um**2)
    assert mohm(input_resistance(model)) == pytest.approx(100, rel=1e-9)
    assert in_ms(membrane_time_constant(model)) == pytest.approx(TAU, rel=1e-9)
    peeled = membrane_time_constant(model, method="peeling")
    assert in_ms(peeled) == pytest.approx(TAU, rel=1e-6)


def squid_conductances():
    """At rest [mS/cm2]: with gates held, and with gates that follow, by their definition."""
    from scipy.optimize import brentq

    def gates(v):
        a_m = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10))
        a_h, b_h = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
        a_n = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
        b_m, b_n = 4 * np.exp(-(v + 65) / 18), 0.125 * np.exp(-(v + 65) / 80)
        return a_m / (a_m + b_m), a_h / (a_h + b_h), a_n / (a_n + b_n)

    def current(v):
        m, h, n = gates(v)
        return 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)

    v = brentq(current, -80, -50)
    m, h, n = gates(v)
    held = 120 * m**3 * h + 36 * n**4 + 0.3
    return held, (current(v + 1e-4) - current(v - 1e-4)) / 2e-4


def test_the_squid_axon():
    """1/sum(g) with gates held; the slope of the steady current-voltage curve; C/sum(g)."""
    held, followed = squid_conductances()
    model = rb.models.HodgkinHuxley
    steady, short = input_resistance(model), input_resistance(model, steady=False)
    assert short.to(KOHM).magnitude == pytest.approx(1 / held, rel=1e-6)
    assert steady.to(KOHM).magnitude == pytest.approx(1 / followed, rel=1e-6)
    assert in_ms(membrane_time_constant(model)) == pytest.approx(1 / held, rel=1e-6)
    measured = input_resistance(model, -0.01 * uA / cm**2, duration=300 * ms)
    assert measured.to(KOHM).magnitude == pytest.approx(1 / followed, rel=2e-3)


def test_a_point_of_channels_is_the_model_per_area():
    point, model = squid.point(20_000 * um**2), rb.models.HodgkinHuxley
    per_area = input_resistance(model).to(KOHM).magnitude  # 1e-3 Mohm over 2e-4 cm2
    assert mohm(input_resistance(point)) == pytest.approx(per_area * 1e-3 / 2e-4, rel=1e-6)
    expected = in_ms(membrane_time_constant(model))
    assert in_ms(membrane_time_constant(point)) == pytest.approx(expected, rel=1e-9)


def test_adaptation_lowers_what_a_long_step_meets():
    """1/(g_L (1 - exp((E_L - V_T)/Delta_T)) + a), nearly, and without a for a short step."""
    model = rb.models.AdEx
    value = {n: model.defaults[n] for n in ("g_L", "a")}
    short = input_resistance(model, steady=False).to("ohm").magnitude
    steady = input_resistance(model).to("ohm").magnitude
    assert 1 / steady - 1 / short == pytest.approx(value["a"], rel=1e-6)
    assert short == pytest.approx(1 / value["g_L"], rel=1e-3)


def test_models_without_units():
    model = rb.Model("dv/dt = (-v + 3*I)/(5*ms) : 1\nI : 1 (input)")
    assert input_resistance(model) == pytest.approx(3)
    assert in_ms(membrane_time_constant(model)) == pytest.approx(5)
    other = rb.Model("dv/dt = (-v + 3*mV*I)/(5*ms) : mV\nI : 1 (input)")
    assert input_resistance(other).to(mV).magnitude == pytest.approx(3)


# -- cables ----------------------------------------------------------------------------------


def test_ball_and_stick_in_closed_form():
    """1/(g pi d**2 + G_inf tanh(l/lambda)) at the soma, 1/cosh(l/lambda) of it at the end."""
    cell, (expected, reaches) = ball_and_stick(max_length=2 * um), ball_and_stick_resistance()
    assert mohm(input_resistance(cell)) == pytest.approx(expected, rel=1e-4)
    far = mohm(input_resistance(cell, measured_at=END))
    assert far == pytest.approx(expected * reaches, rel=1e-4)
    back = mohm(input_resistance(cell, at=END, measured_at="soma"))
    assert back == pytest.approx(far, rel=1e-9)  # reciprocity
    assert mohm(input_resistance(cell, at=END)) > expected


def test_the_usual_compartments_are_good_to_a_thousandth():
    cell, (expected, _) = ball_and_stick(), ball_and_stick_resistance()
    assert mohm(input_resistance(cell)) == pytest.approx(expected, rel=1e-3)
    step = input_resistance(cell, -10 * pA, duration=400 * ms, dt=0.1 * ms)
    assert mohm(step) == pytest.approx(expected, rel=1e-3)
    far = input_resistance(cell, -10 * pA, measured_at=END, duration=400 * ms, dt=0.1 * ms)
    linear = input_resistance(cell, measured_at=END)
    assert mohm(far) == pytest.approx(mohm(linear), rel=1e-5)


def test_the_end_of_a_cylinder():
    conductance, _ = finite_cable(length=1000e-6)
    found = input_resistance(cylinder(max_length=2 * um))
    assert mohm(found) == pytest.approx(1e-6 / conductance, rel=2e-3)


def test_a_uniform_cell_has_the_time_constant_of_its_membrane():
    assert in_ms(membrane_time_constant(ball_and_stick())) == pytest.approx(TAU, rel=1e-9)
    assert in_ms(membrane_time_constant(cylinder())) == pytest.approx(TAU, rel=1e-9)
    one = cylinder(max_length=rb.morphology.per_section(1))
    assert in_ms(membrane_time_constant(one)) == pytest.approx(TAU, rel=1e-9)
    assert mohm(input_resistance(one)) == pytest.approx(1e-6 / (G * np.pi * 2e-6 * 1e-3))


def test_a_branched_cell_with_junctions():
    shape = rb.Morphology.tree(levels=3, length=100 * um, diameter=2 * um)
    cell = rb.Cell(shape, passive)
    assert np.any(cell.compartments.is_junction)
    assert in_ms(membrane_time_constant(cell)) == pytest.approx(TAU, rel=1e-9)


def test_the_time_constant_of_a_ball_and_stick_is_peeled():
    found = membrane_time_constant(ball_and_stick(), method="peeling", dt=0.05 * ms)
    assert in_ms(found) == pytest.approx(TAU, rel=1e-4)


def test_an_active_soma_on_a_passive_dendrite():
    """Both ways agree: the linear system at rest, and a small step that is run."""
    cell = ball_and_stick({"soma": squid, "dendrite": passive})
    linear, short = input_resistance(cell), input_resistance(cell, steady=False)
    step = input_resistance(cell, -0.1 * pA, duration=300 * ms)
    assert mohm(step) == pytest.approx(mohm(linear), rel=5e-4)
    dendrite, _ = finite_cable()
    held, _ = squid_conductances()
    alone = 1e-6 / (10 * held * np.pi * (20e-6) ** 2 + dendrite)
    assert mohm(short) == pytest.approx(alone, rel=0.05)  # it rests 0.5 mV lower
    assert TAU > in_ms(membrane_time_constant(cell)) > 1 / held


# -- refused ----------------------------------------------------------------------------------


def refused(error, function, *arguments, words, **options):
    with pytest.raises(error) as raised:
        function(*arguments, **options)
    for word in words:
        assert word in str(raised.value)


def test_errors():
    R, tau = input_resistance, membrane_time_constant
    refused(WiringError, R, "LIF", words=["this is no model and no cell", "given: 'LIF'",
            "write rb.analysis.input_resistance(rb.models.LIF)"])  # fmt: skip
    refused(EquationError, tau, rb.models.RateUnit,
            words=["RateUnit has no state v", "its states are: r"])  # fmt: skip
    refused(UserError, R, rb.models.LIF, at="soma",
            words=["LIF is one point: there are no places on it", "leave out at="])  # fmt: skip
    refused(UserError, tau, rb.models.LIF, at="soma", words=["LIF is one point"])
    refused(
        UserError,
        R,
        rb.models.LIF,
        0 * pA,
        words=["the current is one, and not 0", "input_resistance(rb.models.LIF, -1*pA)"],
    )
    refused(UnitError, R, rb.models.LIF, 1 * mV, words=["the current: expected a current"])
    refused(UserError, tau, rb.models.LIF, method="fit",
            words=["there is no method 'fit'", 'method="linear" or "peeling"'])  # fmt: skip
    refused(EquationError, tau, rb.models.HodgkinHuxley, method="peeling",
            words=["v of HodgkinHuxley overshoots its rest after a pulse",
                   'membrane_time_constant(rb.models.HodgkinHuxley, method="linear")'])  # fmt: skip
    refused(UserError, tau, rb.models.LIF, method="peeling", duration=20 * ms,
            words=["v does not decay to 0.001 of where it begins",
                   "duration=2*second"])  # fmt: skip
    refused(WiringError, R, rb.models.LIF, input="tau_m",
            words=["tau_m of LIF is a parameter", "name an input: I"])  # fmt: skip
    refused(UnknownNameError, R, rb.models.LIF, input="J", words=["no input or parameter 'J'"])


def test_what_fires_by_itself_has_no_rest(recwarn):
    model = rb.models.TraubMiles(E_L=-60 * mV)
    refused(EquationError, input_resistance, model,
            words=["TraubMiles does not rest without input: it fires by itself"])  # fmt: skip
    assert not recwarn


def test_a_cell_that_fires_by_itself_has_no_rest():
    """The squid axon rests up to 9.78 uA/cm**2, its leak at -21.8 mV; a dendrite quiets it."""
    quiet, firing = (squid(E_L=volts * mV) for volts in (-25, -18))
    assert mohm(input_resistance(ball_and_stick(quiet))) > 0
    for function in (input_resistance, membrane_time_constant):
        refused(EquationError, function, ball_and_stick(firing),
                words=["does not rest without input: it fires by itself",
                       "modes in which it leaves its steady state: 2"])  # fmt: skip
    quieted = ball_and_stick({"soma": firing, "dendrite": passive})
    assert mohm(input_resistance(quieted)) > 0


def test_places_are_one_compartment():
    cell = ball_and_stick()
    refused(WiringError, input_resistance, cell, at="dendrite",
            words=["the place is 13 compartments, and one is meant",
                   'at=dict(region="dendrite", fraction=0.5)'])  # fmt: skip
    refused(WiringError, input_resistance, cell, at=3, words=["this is no place", "given: 3"])
    refused(WiringError, input_resistance, cell, at=dict(where=2), words=["this is no place"])
    refused(UserError, input_resistance, cell, at="axon", words=["axon"])
    refused(UnitError, input_resistance, cell, 1 * mS, words=["the current: expected a current"])
    refused(UserError, membrane_time_constant, cell, method="peeling", pulse=0.001 * ms,
            words=["a pulse lasts for one step at least"])  # fmt: skip
    assert mohm(input_resistance(cell, 0.01 * nA, duration=10 * ms, dt=0.1 * ms)) > 0
