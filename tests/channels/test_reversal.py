"""Nernst and Goldman-Hodgkin-Katz against their equations and published potentials."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase as rb
from rheobase.errors import UnitError, UnknownNameError, UserError
from rheobase.units import kelvin, mM, mV, uM

R, F = 8.31446261815324, 96485.33212


def volts(quantity):
    return quantity.to("volt").magnitude


def test_potentials_of_textbooks():
    """Squid at 20 degrees (Hodgkin 1951), a mammalian cell at 37 degrees."""
    assert volts(rb.channels.nernst("K", 400 * mM, 20 * mM, 20)) == pytest.approx(-0.0757, abs=1e-4)
    assert volts(rb.channels.nernst("Na", 50 * mM, 440 * mM, 20)) == pytest.approx(0.0549, abs=1e-4)
    assert volts(rb.channels.nernst("Cl", 52 * mM, 560 * mM, 20)) == pytest.approx(-0.060, abs=1e-4)
    assert volts(rb.channels.nernst("K", 140 * mM, 5 * mM)) == pytest.approx(-0.08905, abs=1e-5)
    calcium = rb.channels.nernst("Ca", 0.1 * uM, 2 * mM, 310.15 * kelvin)
    assert calcium.units == mV and volts(calcium) == pytest.approx(0.13234, abs=1e-5)


@given(st.floats(1e-5, 1e3), st.floats(1e-5, 1e3), st.floats(0, 45), st.sampled_from([1, 2, -1]))
def test_nernst_is_its_equation(inside, outside, temperature, valence):
    ion = {1: "K", 2: "Ca", -1: "Cl"}[valence]
    expected = R * (temperature + 273.15) / (valence * F) * math.log(outside / inside)
    found = volts(rb.channels.nernst(ion, inside * mM, outside * mM, temperature))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_squid_rests_where_goldman_says():
    """P_K, P_Na, P_Cl as 1, 0.04, 0.45 at rest, 1, 20, 0.45 at the peak (Hodgkin, Katz 1949)."""
    inside, outside = dict(K=400 * mM, Na=50 * mM, Cl=52 * mM), dict(
        K=20 * mM, Na=440 * mM, Cl=560 * mM)  # fmt: skip
    rest = rb.channels.ghk_reversal(dict(K=1, Na=0.04, Cl=0.45), inside, outside, 20)
    peak = rb.channels.ghk_reversal(dict(K=1, Na=20, Cl=0.45), inside, outside, 20)
    assert volts(rest) == pytest.approx(-0.060, abs=5e-4)
    assert volts(peak) == pytest.approx(0.042, abs=1e-3)
    alone = rb.channels.ghk_reversal(dict(Na=3), inside, outside, 20)
    assert volts(alone) == pytest.approx(volts(rb.channels.nernst("Na", 50 * mM, 440 * mM, 20)))


def test_the_currents_add_up_to_zero_there():
    """At the reversal of GHK the three GHK currents cancel: the equations belong together."""
    inside, outside = dict(K=140, Na=10, Cl=8), dict(K=4, Na=145, Cl=120)
    p = dict(K=1.0, Na=0.05, Cl=0.3)
    sides = ({ion: c * mM for ion, c in side.items()} for side in (inside, outside))
    reversal = rb.channels.ghk_reversal(p, *sides)
    total = 0.0
    for ion in p:
        channel = rb.Channel(
            f"I = P*ghk(v, {-1 if ion == 'Cl' else 1}, {ion}_i, {ion}_o, temperature) : uA/cm**2",
            parameters=dict(P=f"{p[ion]} cm/second"), carries=ion,
        )  # fmt: skip
        held = {f"{ion}_i": inside[ion] * mM, f"{ion}_o": outside[ion] * mM, "temperature": 37}
        total += channel.current(reversal, **held).magnitude
    assert abs(total) < 1e-8 * abs(channel.current(0 * mV, **held).magnitude)


def test_the_current_of_goldman():
    """I = P z F u (c_i - c_o exp(-u))/(1 - exp(-u)) with u = zFv/RT; at 0 mV P z F (c_i - c_o)."""
    v = np.array([-90.0, -30.0, -1e-7, 0.0, 1e-7, 30.0, 200.0])
    channel = rb.Channel("I = P*ghk(v, 2, Ca_i, Ca_o, temperature) : uA/cm**2",
                         parameters=dict(P="0.0001 cm/second"))  # fmt: skip
    found = channel.current(v * mV, Ca_i=1 * uM, Ca_o=2 * mM, temperature=24).to("amp/metre**2")
    u = 2 * F * v * 1e-3 / (R * 297.15)
    with np.errstate(invalid="ignore"):
        expected = 1e-6 * 2 * F * u * (1e-3 - 2 * np.exp(-u)) / (1 - np.exp(-u))
    expected[3] = 1e-6 * 2 * F * (1e-3 - 2)
    np.testing.assert_allclose(found.magnitude, expected, rtol=1e-6)


@pytest.mark.parametrize("call, error, must_say", [
    (lambda c: c.nernst("Kalium", 1 * mM, 1 * mM), UnknownNameError,
     ["valence of the ion 'Kalium' is not known", "valence=2"]),
    (lambda c: c.nernst("na", 1 * mM, 1 * mM), UnknownNameError, ["did you mean 'Na'?"]),
    (lambda c: c.nernst("Zn", 1 * mM, 1 * mM, valence=0), UserError,
     ["the valence is a whole number other than 0"]),
    (lambda c: c.nernst("K", 1 * mV, 1 * mM), UnitError, ["concentration of K inside", "1 mV"]),
    (lambda c: c.nernst("K", 0 * mM, 1 * mM), UserError,
     ["the concentration of K inside is above 0", "write inside=10*mM"]),
    (lambda c: c.nernst("K", 1 * mM, 1 * mM, -300), UserError, ["above absolute zero"]),
    (lambda c: c.nernst("K", 1 * mM, 1 * mM, 300), UserError,
     ["nernst: temperature: 300 degrees Celsius are too many for a cell; are they kelvin?",
      "write temperature=300*kelvin"]),
    (lambda c: c.nernst("K", 1 * mM, 1 * mM, 3 * mV), UnitError, ["nernst: temperature"]),
    (lambda c: c.ghk_reversal(dict(Ca=1), {}, {}), UserError, ["Ca has 2 charges", "*ghk(v, 2"]),
    (lambda c: c.ghk_reversal(dict(K=1), {}, {}), UserError,
     ["inside names no concentration of K", 'inside=dict(K="10 mM", ...)']),
    (lambda c: c.ghk_reversal(dict(K=-1), {}, {}), UserError,
     ["the permeability of K is negative"]),
    (lambda c: c.ghk_reversal(dict(K=0), dict(K=1 * mM), dict(K=1 * mM)), UserError,
     ["no ion is permeable"]),
])  # fmt: skip
def test_what_is_refused(call, error, must_say):
    with pytest.raises(error) as refused:
        call(rb.channels)
    for words in must_say:
        assert words in str(refused.value)
