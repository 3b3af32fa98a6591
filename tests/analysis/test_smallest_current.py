"""The rheobase against closed forms and published currents, and what is refused."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError, WiringError
from rheobase.units import cm, ms, mV, nA, pA, second, uA

UNIT = uA / cm**2


def in_units(found):
    return found.to(UNIT).magnitude


@pytest.mark.parametrize("backend", ["numba", "interpreter"])
def test_leaky_integrate_and_fire_in_closed_form(backend):
    """15 mV*C_m/tau_m = 375 pA; in a time T, 375 pA/(1 - exp(-T/tau_m))."""
    options = dict(duration=20 * ms, tolerance=0.01 * pA, dt=0.1 * ms, backend=backend)
    found = rb.analysis.rheobase(rb.models.LIF, **options).to(pA).magnitude
    expected = 375 / (1 - np.exp(-2))
    assert expected <= found < expected + 0.02
    # the threshold is looked at after every step, the last time at 20 ms


def test_the_default_tolerance_is_a_thousandth():
    found = rb.analysis.rheobase(rb.models.LIF, dt=0.1 * ms)
    assert 375 < found.to(pA).magnitude < 375.4
    assert str(found.units) == "pA"


def test_hodgkin_huxley_one_spike_and_sustained_firing():
    one = rb.analysis.rheobase(rb.models.HodgkinHuxley, duration=100 * ms, tolerance=1e-4 * UNIT)
    assert in_units(one) == pytest.approx(2.2404, abs=2e-4)
    train = rb.analysis.rheobase(rb.models.HodgkinHuxley, spikes=52, tolerance=1e-3 * UNIT)
    assert in_units(train) == pytest.approx(6.259, abs=0.02)
    leakier = rb.models.HodgkinHuxley(E_L=-54.3 * mV)
    train = rb.analysis.rheobase(leakier, spikes=52, tolerance=1e-3 * UNIT)
    assert in_units(train) == pytest.approx(6.233, abs=0.02)


def test_traub_miles():
    found = rb.analysis.rheobase(rb.models.TraubMiles, duration=3 * second, dt=0.02 * ms)
    assert in_units(found) == pytest.approx(0.092, abs=1e-3)  # 0.0183 nA of 20,000 um**2


def test_two_neurons_of_class_one():
    """Between 0.16 and 0.17 (Wang and Buzsaki), and 8.119 uA/cm**2 (Connor and Stevens)."""
    options = dict(duration=2 * second, dt=0.02 * ms)
    assert 0.16 < in_units(rb.analysis.rheobase(rb.models.WangBuzsaki, **options)) < 0.17
    found = rb.analysis.rheobase(rb.models.ConnorStevens, tolerance=1e-3 * UNIT, **options)
    # the first spike comes late: waiting for 1 s gives 8.124, for 5 s 8.1145
    assert in_units(found) == pytest.approx(8.119, abs=3e-3)


def test_a_cell_that_fires_by_itself_has_a_negative_rheobase():
    """A leaky integrator driven 5 mV over its threshold: -5 mV of current silence it."""
    model = rb.Model(
        "dv/dt = (20*mV - v + I)/(10*ms) : mV\nI : mV (input)", threshold="v >= 15*mV",
        reset="v = 0*mV",
    )  # fmt: skip
    found = rb.analysis.rheobase(
        model, initial=None, tolerance=1e-3 * mV, dt=0.1 * ms
    ).to(mV).magnitude  # fmt: skip
    assert -5 <= found < -4.998


def test_a_window_of_currents_is_found_from_below():
    """Spikes only for 2 < I < 20: the model stops above."""
    model = rb.Model(
        "dv/dt = where(I > 2, where(I < 20, 1.0, 0.0), 0.0)/ms : 1\nI : 1 (input)",
        threshold="v > 1", reset="v = 0",
    )  # fmt: skip
    found = rb.analysis.rheobase(model, spikes=5, duration=20 * ms, dt=0.1 * ms, tolerance=1e-4)
    assert 2 < found.magnitude < 2.0002


def test_a_parameter_can_be_varied_instead():
    model = rb.Model(
        "dv/dt = (drive - v)/(10*ms) : mV", threshold="v >= 10*mV", reset="v = 0*mV",
        parameters=dict(drive=0 * mV),
    )  # fmt: skip
    found = rb.analysis.rheobase(
        model, input="drive", initial=None, dt=0.1 * ms, tolerance=0.01 * mV
    )
    assert found.to(mV).magnitude == pytest.approx(10, abs=0.02)


def test_overflow_is_left_out_and_told():
    """Cubic growth: Euler overflows at large currents, yet the rheobase is found below them."""
    text = "dv/dt = (v**3 - v + I)/ms : 1\nI : 1 (input)"
    model = rb.Model(text, threshold="v > 2", reset="v = 0", method="euler")
    found = rb.analysis.rheobase(model, duration=50 * ms, dt=0.01 * ms)
    assert found.magnitude == pytest.approx(2 / 27**0.5, rel=0.03)  # the fold of v - v**3
    never = rb.Model(text, threshold="v > 1e300", reset="v = 0", method="euler")
    with pytest.raises(rb.errors.UserError) as raised:
        rb.analysis.rheobase(never, duration=50 * ms, dt=0.01 * ms)
    for words in ("before its state overflows", "v of 'cells' became", "spikes seen: none",
                  "rb.analysis.rheobase(model, dt=0.001*ms)"):  # fmt: skip
        assert words in str(raised.value)


def test_errors():
    with pytest.raises(rb.errors.UserError, match="no constant current up to 1,000,000 pA evokes 5"
                       r" spikes of LIF in 2 ms\ngiven: spikes seen: at most 1, at"):  # fmt: skip
        rb.analysis.rheobase(rb.models.LIF, spikes=5, duration=2 * ms, dt=0.1 * ms)
    with pytest.raises(rb.errors.UserError, match="spikes is a whole number, 1 or more\ngiven: 0"):
        rb.analysis.rheobase(rb.models.LIF, spikes=0)
    with pytest.raises(rb.errors.UnitError, match="the tolerance: expected a current"):
        rb.analysis.rheobase(rb.models.LIF, tolerance=1 * mV)
    with pytest.raises(rb.errors.UserError, match="the tolerance is one current above 0"):
        rb.analysis.rheobase(rb.models.LIF, tolerance=0 * nA)
    with pytest.raises(rb.errors.WiringError, match="RateUnit has no threshold"):
        rb.analysis.rheobase(rb.models.RateUnit)
    always = rb.Model("dv/dt = 1/ms : 1\nI : 1 (input)", threshold="v > 1", reset="v = 0")
    with pytest.raises(rb.errors.UserError, match="there is no smallest current"):
        rb.analysis.rheobase(always, initial=None, duration=5 * ms, dt=0.1 * ms)


def test_a_cell_that_rests_above_its_threshold_begins_as_its_model_says(recwarn):
    # E_L = -49 mV, V_T = -50 mV: it fires without a current, and 1 mV less of drive stops it.
    found = rb.analysis.rheobase(rb.models.DeltaLIF)
    model = rb.models.DeltaLIF
    per_mv = model.defaults["C_m"] / model.defaults["tau_m"] * 1e-3 * 1e12
    assert found.to("pA").magnitude == pytest.approx(-per_mv, rel=0.01)
    assert not recwarn


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (dict(tolerance=2), "rb.analysis.rheobase(rb.models.LIF, tolerance=2*pA)"),
        (dict(tolerance=-1 * pA), "rb.analysis.rheobase(rb.models.LIF, tolerance=0.001*pA)"),
        (dict(spikes=0), "rb.analysis.rheobase(rb.models.LIF, spikes=1)"),
        (
            dict(spikes=1000),
            "rb.analysis.rheobase(rb.models.LIF, spikes=1, duration=5*second)",
        ),
    ],
)
def test_the_line_to_paste_has_the_model_in_it(options, line):
    with pytest.raises(UserError) as error:
        rb.analysis.rheobase(rb.models.LIF, **options)
    assert line in str(error.value)


def test_a_model_without_spikes_is_to_be_recorded():
    with pytest.raises(WiringError) as error:
        rb.analysis.rheobase(rb.models.RateUnit)
    assert 'what it gives is no spikes but r itself: net.record(cells, "r")' in str(error.value)
