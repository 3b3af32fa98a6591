"""Strength-duration curves against the closed form of a membrane with a threshold."""

import numpy as np
import pytest
from tests.analysis.cells import ball_and_stick, cylinder, passive, squid

import rheobase as rb
from rheobase.analysis import chronaxie, strength_duration
from rheobase.errors import ShapeError, UnitError, UserError, WiringError
from rheobase.units import cm, ms, mV, nA, pA, uA, um

LN_2 = np.log(2)


def in_ms(found):
    return found.to("ms").magnitude


# -- closed forms -------------------------------------------------------------------------------


def test_the_chronaxie_of_a_leaky_integrator():
    """I = I_r/(1 - exp(-w/tau)), I_r = 375 pA, chronaxie tau ln 2."""
    found = chronaxie(rb.models.LIF, 200 * ms, 0.05 * ms)
    assert in_ms(found) == pytest.approx(10 * LN_2, rel=1e-5)
    interpreted = chronaxie(rb.models.LIF, 60 * ms, 0.1 * ms, backend="interpreter")
    within = -10 * np.log(0.5 + 0.5 * np.exp(-6))  # where the rheobase is that of 60 ms
    assert in_ms(interpreted) == pytest.approx(within, rel=1e-4)


def test_the_curve_of_a_leaky_integrator():
    curve = strength_duration(rb.models.LIF, [0.5, 1, 2, 5, 10, 50] * ms, 200 * ms, 0.05 * ms)
    widths = curve.thresholds["width"].values
    np.testing.assert_allclose(widths, [0.5, 1, 2, 5, 10, 50])
    np.testing.assert_allclose(
        curve.thresholds.values, 375 / -np.expm1(-widths / 10), rtol=2e-5
    )  # fmt: skip
    assert curve.thresholds.attrs["units"] == "pA"
    assert curve.rheobase.to(pA).magnitude == pytest.approx(375, rel=2e-5)
    law = curve.lapicque
    assert law.error < 1e-5
    assert (law.rheobase.to(pA).magnitude, in_ms(law.chronaxie)) == pytest.approx(
        (375, 10 * LN_2), rel=1e-4
    )
    assert law(2 * ms).to(pA).magnitude == pytest.approx(375 / -np.expm1(-0.2), rel=1e-4)
    assert curve.weiss.error > 0.01
    weiss = curve.weiss([1, 2] * ms).to(pA).magnitude
    c = in_ms(curve.weiss.chronaxie)
    assert weiss[0] / weiss[1] == pytest.approx((1 + c) / (1 + c / 2))


def test_a_charge_that_counts_follows_weiss():
    """A threshold that rises with the time under current, by I_r of charge: I w = I_r (w + c).

    dv/dt = I, dy/dt = 1 while I is on, a spike at v > y + c: the curve is 1 + c/w exactly.
    """
    model = rb.Model(
        "dv/dt = I/ms : 1\ndy/dt = where(I > 0, 1.0, 0.0)/ms : 1\nI : 1 (input)",
        threshold="v > y + 2", reset="v = 0", initial=dict(v=0, y=0), method="euler",
    )  # fmt: skip
    curve = strength_duration(
        model, [0.5, 1, 2, 4, 8, 16] * ms, 10_000 * ms, 0.05 * ms, initial=None
    )
    assert float(curve.rheobase.magnitude) == pytest.approx(1, rel=1e-3)
    assert in_ms(curve.chronaxie) == pytest.approx(2, rel=2e-3)
    widths = curve.thresholds["width"].values
    np.testing.assert_allclose(curve.thresholds.values, 1 + 2 / widths, rtol=1e-4)
    assert curve.weiss.error < 1e-4 < curve.lapicque.error
    assert (float(curve.weiss.rheobase.magnitude), in_ms(curve.weiss.chronaxie)) == pytest.approx(
        (1, 2), rel=1e-3
    )


def test_a_pulse_has_a_rheobase_of_its_own():
    found = rb.analysis.rheobase(
        rb.models.LIF, duration=100 * ms, pulse=5 * ms, dt=0.05 * ms, tolerance=0.01 * pA
    )
    expected = 375 / -np.expm1(-0.5)
    assert expected <= found.to(pA).magnitude < expected + 0.02


def test_a_passive_cell_with_a_threshold_is_slower_at_the_end_of_a_dendrite():
    """At the soma charge leaks into the dendrite too: shorter than tau ln 2; far away, longer."""
    cell = ball_and_stick(passive, spikes="v > -60*mV")
    options = dict(duration=150 * ms, dt=0.05 * ms)
    near = in_ms(chronaxie(cell, **options))
    far = in_ms(chronaxie(cell, at=dict(region="dendrite", fraction=1.0), **options))
    assert near < 20 * LN_2 < far + 5
    assert near < far


def test_a_passive_cylinder_in_closed_form():
    """At its end v(t) = v_inf (1 - share(t)), Rall's series; the smallest current is 1/v(w).

    b = 1: v is proportional to coth(b) - (2/b) (exp(-T)/2 + sum of exp(-l_k T)/l_k), where
    l_k = 1 + (k pi/b)**2 and T = t/tau.
    """
    k = np.arange(1, 2000)[:, None]
    l_k = 1 + (k * np.pi) ** 2

    def rises(t):
        T = np.atleast_1d(t) / 20
        return 1 / np.tanh(1) - np.exp(-T) - 2 * (np.exp(-l_k * T) / l_k).sum(axis=0)

    cell = cylinder(max_length=5 * um, spikes="v > -60*mV")
    widths = np.array([3, 10, 30, 100.0])
    curve = strength_duration(cell, widths * ms, 250 * ms, 0.05 * ms)
    expected = rises(250) / rises(widths)
    flat = curve.rheobase.to(nA).magnitude
    np.testing.assert_allclose(curve.thresholds / flat, expected, rtol=5e-3)
    from scipy.optimize import brentq

    half = brentq(lambda t: rises(t)[0] - 0.5 * rises(250)[0], 0.1, 50)
    assert in_ms(curve.chronaxie) == pytest.approx(half, rel=5e-3)
    assert half < 0.8 * 20 * LN_2  # charge leaks along the cable as well


# -- an active membrane ------------------------------------------------------------------------


def test_the_squid_axon():
    """Short pulses are a charge, long ones the rheobase of a step."""
    curve = strength_duration(rb.models.HodgkinHuxley, duration=40 * ms, dt=0.02 * ms)
    currents, widths = curve.thresholds.values, curve.thresholds["width"].values
    assert curve.rheobase.to(uA / cm**2).magnitude == pytest.approx(2.2404, abs=1e-3)
    assert currents[-1] == pytest.approx(2.2404, abs=1e-3)
    assert np.all(np.diff(currents) < 1e-4)
    # 6.505 mV at once are 6.505 nC/cm2 (1 uF/cm2); a short pulse needs a little more
    assert 6.505 < currents[0] * widths[0] < 6.6
    at = np.interp(in_ms(curve.chronaxie), widths, currents)
    assert at == pytest.approx(2 * 2.2404, rel=5e-3)
    text = repr(curve)
    assert text.startswith("rheobase 2.241 µA/cm², chronaxie 1.654 ms")
    for words in ("Lapicque: rheobase", "Weiss: rheobase", "smallest current (uA/cm**2)"):
        assert words in text
    axes = curve.plot()
    assert axes.get_ylabel() == "current (µA/cm²)"
    assert axes.get_xlabel() == "width of the pulse (ms)"
    assert curve.plot(axes) is axes


def test_a_cell_with_an_active_soma():
    """A network that one would write by hand fires above the smallest current, not below."""
    cell = ball_and_stick({"soma": squid, "dendrite": passive})
    curve = strength_duration(cell, [0.5, 2] * ms, 30 * ms, 0.05 * ms)
    from rheobase.analysis.cable_rest import cable_rest

    rest = cable_rest(cell, "test")
    for width, current in zip([0.5, 2], curve.thresholds.values, strict=True):
        for factor, fires in ((0.999, False), (1.001, True)):
            net = rb.Network(dt=0.05 * ms)
            cells = net.add(cell, name="cells")
            cells.v = rest.voltage * 1e3 * mV
            pulse = rb.stimuli.step(factor * current * nA, stop=width * ms)
            net.inject(cells.at("soma"), pulse)
            assert (net.run(30 * ms).spikes["cells"].count > 0) is fires


# -- refused ------------------------------------------------------------------------------------


def refused(error, function, *arguments, words, **options):
    with pytest.raises(error) as raised:
        function(*arguments, **options)
    for word in words:
        assert word in str(raised.value)


def test_errors():
    lif, quick = rb.models.LIF, dict(duration=50 * ms, dt=0.1 * ms)
    refused(WiringError, chronaxie, "LIF", words=["rb.analysis.chronaxie: this is no model"])
    refused(WiringError, chronaxie, rb.models.RateUnit, words=["RateUnit has no threshold"])
    refused(WiringError, chronaxie, lif, input="tau_m", **quick,
            words=["tau_m is a parameter; pulses are of a current"])  # fmt: skip
    refused(
        UserError,
        chronaxie,
        lif(tau_m=0.5 * ms),
        10 * ms,
        1 * ms,
        words=["for one step of 1 ms is enough: the chronaxie is shorter", "dt=0.1*ms"],
    )
    refused(UserError, chronaxie, rb.models.DeltaLIF, **quick,
            words=["fires without a current: twice its rheobase"])  # fmt: skip
    refused(UnitError, strength_duration, lif, [1, 2] * mV, **quick,
            words=["the widths: expected a time"])  # fmt: skip
    refused(ShapeError, strength_duration, lif, np.ones((2, 2)) * ms, **quick,
            words=["the widths are a list of times"])  # fmt: skip
    refused(UserError, strength_duration, lif, [0.01, 1] * ms, **quick,
            words=["a pulse lasts for one step at least", "with steps of 0.1 ms"])  # fmt: skip
    refused(UserError, rb.analysis.rheobase, lif, pulse=0 * ms, **quick,
            words=["a pulse lasts for one step at least", "write pulse=0.1*ms"])  # fmt: skip
    refused(WiringError, rb.analysis.rheobase, lif, input="tau_m", pulse=1 * ms, **quick,
            words=["pulses are of a current"])  # fmt: skip
    never = lif(V_T=1e9 * mV)
    refused(UserError, rb.analysis.rheobase, never, pulse=1 * ms, **quick,
            words=["no pulse of 1 ms up to 1,000,000 pA evokes 1 spike of LIF"])  # fmt: skip


def test_cells_are_refused_what_they_do_not_have():
    cell = ball_and_stick(spikes=None)
    refused(WiringError, chronaxie, cell, words=["ball and stick never spikes", "spikes=("])
    firing = ball_and_stick({"soma": squid, "dendrite": passive})
    refused(WiringError, rb.analysis.rheobase, firing, method="euler",
            words=["is said when it is made", 'rb.Cell(..., method="euler")'])  # fmt: skip
    refused(WiringError, rb.analysis.rheobase, firing, initial=dict(v=-60 * mV),
            words=["begin at rest, or, initial=None, at -65 mV"])  # fmt: skip
    refused(UserError, rb.analysis.rheobase, firing, input="g_Nax",
            words=["no input or parameter 'g_Nax'; did you mean 'g_Na'?"])  # fmt: skip
