"""Channels of the library against closed forms of their sources, worked out here."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.channels.library import describe
from rheobase.language.model import Model
from rheobase.units import cm, mM, mV, nM, second, uM

V = np.array(
    [-154.9, -110.0, -81.0, -65.0, -57.0, -40.0, -35.0, -27.0, -20.0, 0.0, 13.0, 19.88, 40.0]
)
exp = np.exp
R, F = 8.31446261815324, 96485.33212

LIBRARY = [n for n in rb.channels.__all__ if isinstance(getattr(rb.channels, n), rb.Channel)]
POOLS = [n for n in rb.channels.__all__ if isinstance(getattr(rb.channels, n), rb.channels.Pool)]


def linoid(x, y):
    """Return x/(1 - exp(-x/y)), y at 0."""
    small = np.abs(x) < 1e-9
    return np.where(small, y, np.where(small, 1.0, x) / (1 - exp(-np.where(small, 1.0, x) / y)))


def rates(alpha, beta):
    return alpha / (alpha + beta), 1 / (alpha + beta)


def zeta_a(v):
    return -1.5 - 1 / (1 + exp((v + 40) / 5))


FRT = F / (R * 297.15) * 1e-3
"""At 24 degrees, per mV."""
CLOSED = {
    ("HHSodium", "m"): lambda v: rates(0.1 * linoid(v + 40, 10), 4 * exp(-(v + 65) / 18)),
    ("HHSodium", "h"): lambda v: rates(0.07 * exp(-(v + 65) / 20), 1 / (1 + exp(-(v + 35) / 10))),
    ("HHPotassium", "n"): lambda v: rates(0.01 * linoid(v + 55, 10), 0.125 * exp(-(v + 65) / 80)),
    ("TraubMilesSodium", "m"): lambda v: rates(
        0.32 * linoid(v + 50, 4), 0.28 * linoid(-(v + 23), 5)),
    ("TraubMilesSodium", "h"): lambda v: rates(
        0.128 * exp(-(v + 46) / 18), 4 / (1 + exp(-(v + 23) / 5))),
    ("TraubMilesPotassium", "n"): lambda v: rates(
        0.032 * linoid(v + 48, 5), 0.5 * exp(-(v + 53) / 40)),
    ("WangBuzsakiSodium", "m"): lambda v: (
        rates(0.1 * linoid(v + 35, 10), 4 * exp(-(v + 60) / 18))[0], 0 * v),
    ("WangBuzsakiSodium", "h"): lambda v: rates(
        0.35 * exp(-(v + 58) / 20), 5 / (1 + exp(-0.1 * (v + 28)))),
    ("WangBuzsakiPotassium", "n"): lambda v: rates(
        0.05 * linoid(v + 34, 10), 0.625 * exp(-(v + 44) / 80)),
    ("ConnorStevensSodium", "m"): lambda v: rates(
        0.38 * linoid(v + 29.7, 10), 15.2 * exp(-0.0556 * (v + 54.7))),
    ("ConnorStevensSodium", "h"): lambda v: rates(
        0.266 * exp(-0.05 * (v + 48)), 3.8 / (1 + exp(-0.1 * (v + 18)))),
    ("ConnorStevensPotassium", "n"): lambda v: rates(
        0.02 * linoid(v + 45.7, 10), 0.25 * exp(-0.0125 * (v + 55.7))),
    ("ConnorStevensA", "a"): lambda v: (
        np.cbrt(0.0761 * exp(0.0314 * (v + 94.22)) / (1 + exp(0.0346 * (v + 1.17)))),
        0.3632 + 1.158 / (1 + exp(0.0497 * (v + 55.96)))),
    ("ConnorStevensA", "b"): lambda v: (
        (1 / (1 + exp(0.0688 * (v + 53.3)))) ** 4, 1.24 + 2.678 / (1 + exp(0.0624 * (v + 50)))),
    ("AType", "n"): lambda v: (
        1 / (1 + exp(zeta_a(v) * FRT * (v - 11))),
        np.maximum(exp(0.55 * zeta_a(v) * FRT * (v - 11))
                   / (0.05 * (1 + exp(zeta_a(v) * FRT * (v - 11)))), 0.1)),
    ("AType", "l"): lambda v: (
        1 / (1 + exp(3 * FRT * (v + 56))), np.maximum(0.26 * (v + 50), 2)),
    ("MType", "p"): lambda v: (
        1 / (1 + exp(-(v + 35) / 10)), 1000 / (3.3 * exp((v + 35) / 20) + exp(-(v + 35) / 20))),
    ("HType", "m"): lambda v: rates(
        0.00643 * linoid(-(v + 154.9), 11.9), 0.193 * exp(v / 33.1)),
    ("TType", "m"): lambda v: (
        1 / (1 + exp(-(v + 57) / 6.2)),
        0.612 + 1 / (exp(-(v + 132) / 16.7) + exp((v + 16.8) / 18.2))),
    ("TType", "h"): lambda v: (
        1 / (1 + exp((v + 81) / 4)),
        np.where(v < -80, exp((v + 467) / 66.6), 28 + exp(-(v + 22) / 10.5))),
    ("LType", "q"): lambda v: rates(0.055 * linoid(v + 27, 3.8), 0.94 * exp((-75 - v) / 17)),
    ("LType", "r"): lambda v: rates(
        0.000457 * exp((-13 - v) / 50), 0.0065 / (exp((-v - 15) / 28) + 1)),
    ("NType", "m"): lambda v: rates(0.1967 * linoid(v - 19.88, 10), 0.046 * exp(-v / 20.73)),
    ("NType", "h"): lambda v: rates(1.6e-4 * exp(-v / 48.4), 1 / (exp((39 - v) / 10) + 1)),
}  # fmt: skip
"""By channel and gate, steady state and time constant [ms] at v [mV], written another way."""


@pytest.mark.parametrize("name, gate", CLOSED)
def test_gates_at_voltages(name, gate):
    steady, tau = CLOSED[name, gate](V)
    found = getattr(rb.channels, name).gates[gate]
    np.testing.assert_allclose(found.steady(V * mV), steady, rtol=2e-6, atol=1e-300)
    np.testing.assert_allclose(found.time_constant(V * mV).to("ms").magnitude, tau, rtol=2e-6)


@pytest.mark.parametrize("name, gate, half", [
    ("AType", "n", 11.0), ("AType", "l", -56.0), ("ATypeDistal", "n", -1.0),
    ("ATypeDistal", "l", -56.0), ("MType", "p", -35.0), ("TType", "m", -57.0),
    ("TType", "h", -81.0),
])  # fmt: skip
def test_half_activations_as_measured(name, gate, half):
    assert getattr(rb.channels, name).gates[gate].steady(half * mV) == pytest.approx(0.5)


def test_gates_of_the_squid_at_rest():
    """models in wide use start there."""
    gates = {**rb.channels.HHSodium.gates, **rb.channels.HHPotassium.gates}
    found = [gates[name].steady(-65 * mV) for name in "mhn"]
    np.testing.assert_allclose(found, [0.0529324852572, 0.596120753508, 0.317676914061], rtol=1e-9)
    both = gates["h"].steady([-65, -65] * mV, temperature=20)
    np.testing.assert_allclose(both, 0.596120753508, rtol=1e-9)


def test_temperature_scales_the_squid():
    gate = rb.channels.HHPotassium.gates["n"]
    cold, warm = (gate.time_constant(-65 * mV, temperature=t).magnitude for t in (6.3, 18.5))
    assert cold / warm == pytest.approx(3**1.22) and cold == pytest.approx(5.4586, abs=1e-4)


def test_the_h_current_opens_by_hyperpolarization():
    gate = rb.channels.HType.gates["m"]
    m = gate.steady(np.array([-140.0, -110.0, -80.0, -60.0]) * mV)
    assert m[0] > 0.9 and m[1] == pytest.approx(0.5, abs=0.01) and m[2] < 0.1 and m[3] < 0.01


def test_the_m_current_is_slowest_where_its_derivative_vanishes():
    gate = rb.channels.MType.gates["p"]
    slowest = -35 - 10 * np.log(3.3)
    tau = gate.time_constant(np.array([slowest - 1, slowest, slowest + 1]) * mV, temperature=36)
    assert tau[1].to("ms").magnitude == pytest.approx(1000 / (2 * np.sqrt(3.3)))
    assert tau[1] > tau[0] and tau[1] > tau[2]


def test_bk_is_a_channel_with_two_sites():
    """Opening k_o C/(C + K_1 e^-2 d_1 u'), closing k_c/(1 + C/(K_2 e^-2 d_2 u')), u' = Fv/RT."""
    v, calcium = V[:, None], np.array([0.1, 1.0, 10.0, 100.0])
    u = F * v * 1e-3 / (R * 296.15)
    opening = 0.28 * calcium / (calcium + 0.48 * exp(-2 * 0.84 * u))
    closing = 0.48 / (1 + calcium / (0.00013 * exp(-2 * u)))
    gate = rb.channels.BK.gates["o"]
    np.testing.assert_allclose(
        gate.steady(v * mV, Ca_i=calcium * uM), opening / (opening + closing), rtol=1e-9
    )
    np.testing.assert_allclose(gate.time_constant(v * mV, Ca_i=calcium * uM).to("ms").magnitude,
                               1 / (opening + closing), rtol=1e-9)  # fmt: skip
    open_ = gate.steady(-20 * mV, Ca_i=calcium * uM)
    assert np.all(np.diff(open_) > 0)


def test_what_calcium_and_sodium_open():
    sk, ahp, kna = (getattr(rb.channels, n).gates for n in
                    ("SK", "AHP", "SodiumActivatedPotassium"))  # fmt: skip
    calcium = np.array([0.1, 0.43, 1.0]) * uM
    expected = 1 / (1 + (0.43 / np.array([0.1, 0.43, 1.0])) ** 4.8)
    np.testing.assert_allclose(sk["z"].steady(Ca_i=calcium), expected)
    half = np.sqrt(0.001 / 0.0012) * uM
    assert ahp["m"].steady(Ca_i=half) == pytest.approx(0.5)
    assert ahp["m"].time_constant(Ca_i=half).to("ms").magnitude == pytest.approx(500)
    assert kna["w"].steady(Na_i=38.7 * mM) == pytest.approx(0.185)
    assert kna["w"].steady(Na_i=[10, 20] * mM) == pytest.approx(
        0.37 / (1 + (38.7 / np.array([10, 20])) ** 3.5))  # fmt: skip


def test_the_drive_of_the_n_current():
    """f (Ca_i/Ca_o e^(v/f) - 1) (v/f)/(e^(v/f) - 1), f = RT/2F: v - something near rest."""
    f = R * 307.15 / (2 * F) * 1e3
    v = np.array([-80.0, -60.0, -20.0, 20.0])
    drive = f * (5e-5 / 2 * exp(v / f) - 1) * (v / f) / (exp(v / f) - 1)
    given = dict(Ca_i=50 * nM, Ca_o=2 * mM, temperature=34, m=1, h=1)
    current = rb.channels.NType.current(v * mV, **given).to("mA/cm**2").magnitude
    np.testing.assert_allclose(current, 1e-3 * drive * 1 / (1 + 0.05), rtol=1e-9)


def test_the_t_current_is_that_of_goldman():
    u = 2 * F * -0.06 / (R * 297.15)
    ghk = 2 * F * u * (1e-4 - 2 * exp(-u)) / (1 - exp(-u))
    given = dict(Ca_i=100 * nM, Ca_o=2 * mM, m=0.5, h=0.25)
    current = rb.channels.TType(P=1 * cm / second).current(-60 * mV, **given)
    assert current.to("amp/metre**2").magnitude == pytest.approx(1e-2 * 0.25 * 0.25 * ghk)


@pytest.mark.parametrize("name", LIBRARY + POOLS)
def test_each_says_what_it_is(name):
    member = getattr(rb.channels, name)
    told = describe(member.kind)
    assert member.kind == name and told is not None
    assert told.title in member.__doc__.replace("\n", " ") and told.source and told.checked
    assert f"Source: {told.source.split()[0]}" in member.__doc__
    for parameter in member.parameters:
        assert f"- {parameter} : " in member.__doc__
    assert member().__doc__ == member.__doc__ and member().kind == name


@pytest.mark.parametrize("name", LIBRARY)
def test_each_current_carries_its_ion(name):
    member = getattr(rb.channels, name)
    assert list(member.carries) == (
        [] if name in ("Leak", "HType") else ["Ca"] if name in ("TType", "LType", "NType")
        else ["Na"] if name.endswith("Sodium") else ["K"])  # fmt: skip


def test_connor_and_stevens_at_rest():
    """At -67.978 mV: m .01007, h .96591, n .15586, a .54042, b .28867."""
    channels = [rb.channels.ConnorStevensSodium, rb.channels.ConnorStevensPotassium,
                rb.channels.ConnorStevensA]  # fmt: skip
    gates = {k: g for c in channels for k, g in c.gates.items()}
    found = [gates[name].steady(-67.978 * mV) for name in "mhnab"]
    np.testing.assert_allclose(found, [0.01007, 0.96591, 0.15586, 0.54042, 0.28867], atol=1e-5)


def test_names_that_are_none():
    with pytest.raises(
        AttributeError, match=r"did you mean rb.channels.HHSodium\?\nthere are AHP,"
    ):
        _ = rb.channels.HHSodiun
    assert "BK" in dir(rb.channels) and rb.channels.__all__ == sorted(rb.channels.__all__)


def test_a_copy_has_other_values():
    other = rb.channels.HHSodium(g="60 mS/cm**2", E=55 * mV)
    assert other.defaults["g"] == 600 and other.defaults["E"] == 0.055 and other.name == "Na"
    assert other.gates["m"].time_constant(-65 * mV) == rb.channels.HHSodium.gates[
        "m"].time_constant(-65 * mV)  # fmt: skip
    assert isinstance(rb.Membrane([other]).patch(), Model)
