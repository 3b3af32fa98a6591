"""f-I curves against closed forms and published rates, and what is refused."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UserError
from rheobase.units import cm, ms, mV, nA, pA, second, uA

UNIT = uA / cm**2


@pytest.fixture(params=["numba", "interpreter"])
def backend(request):
    return request.param


def lif_rate(current):
    """1/(tau_ref + tau_m ln((R I)/(R I - 15 mV))) with R = 40 Mohm."""
    drive = 0.04 * current
    return 0.0 if drive <= 15 else 1e3 / (2 + 10 * np.log(drive / (drive - 15)))


def test_leaky_integrate_and_fire_in_closed_form(backend):
    currents = np.array([0, 370, 380, 500, 1000])
    curve = rb.analysis.fi_curve(
        rb.models.LIF, currents * pA, duration=150 * ms, dt=0.05 * ms, measure="intervals",
        backend=backend,
    )  # fmt: skip
    expected = [lif_rate(i) for i in currents]
    # a spike on the grid is up to one step late
    np.testing.assert_allclose(curve.values, expected, rtol=0.05e-3 * 150)
    exact = rb.analysis.fi_curve(
        rb.models.LIF(crossing="exact"), currents * pA, duration=150 * ms, dt=1 * ms,
        measure="intervals", backend=backend,
    )  # fmt: skip
    np.testing.assert_allclose(exact.values, expected, rtol=1e-9)


def test_published_rates_of_another_neuron():
    """tau 10 ms, threshold 10, reset 0, tau_ref 5 ms; the drive is a parameter."""
    model = rb.Model(
        "dv/dt = (drive - v)/(10*ms) : mV (unless refractory)", threshold="v >= 10*mV",
        reset="v = 0*mV", refractory=5 * ms, crossing="exact", parameters=dict(drive=0 * mV),
    )  # fmt: skip
    curve = rb.analysis.fi_curve(
        model, [10.5, 12, 15, 20] * mV, input="drive", measure="intervals", dt=1 * ms
    )
    np.testing.assert_allclose(curve.values, [28.2125, 43.6346, 62.5543, 83.8120], atol=1e-4)


LATE = {  # the inverse of the late interval, integrated independently
    "HodgkinHuxley": {6: 0, 6.3: 52.37, 6.5: 55.06, 7: 58.327, 8: 62.47, 10: 68.324, 12: 72.92,
                      15: 78.65, 20: 86.47, 30: 98.745, 50: 117.04},
    "TraubMiles": {0: 0, 0.25: 13.855, 0.5: 23.523, 1: 38.985, 1.5: 52.623, 2.5: 77.093,
                   3.5: 99.002},
    "WangBuzsaki": {0.1: 0, 0.2: 8.62, 0.5: 32.22, 1: 59.70, 2: 101.79, 5: 189.63},
    "ConnorStevens": {8: 0, 8.2: 3.46, 8.4: 7.80, 9: 18.55, 10: 34.05, 12: 59.95, 15: 91.08,
                      20: 132.30, 30: 191.23},
}  # fmt: skip


@pytest.mark.parametrize("name", LATE)
def test_published_neurons(name):
    rates = rb.analysis.fi_curve(
        getattr(rb.models, name), list(LATE[name]) * UNIT, 2 * second, 1 * second, dt=0.01 * ms,
        measure="intervals",
    )  # fmt: skip
    np.testing.assert_allclose(rates.values, list(LATE[name].values()), atol=0.03, rtol=5e-4)


def test_the_neuron_of_another_tool():
    """1/(tau_ref + tau ln(1 + 1/(J - 1))) for J > 1, 20 ms and 2 ms (Nengo's LIF)."""
    model = rb.models.LIF(tau_m=20 * ms, tau_ref=2 * ms, crossing="exact")
    drives = np.array([0.5, 1.2, 2.0, 5.0])  # in units of the rheobase, 187.5 pA
    curve = rb.analysis.fi_curve(model, drives * 187.5 * pA, dt=1 * ms, measure="intervals")
    want = [0.0, *(1e3 / (2 + 20 * np.log1p(1 / (drives[1:] - 1))))]
    np.testing.assert_allclose(curve.values, want, rtol=1e-9)


def test_counts_are_over_the_time_that_is_left():
    options = dict(duration=500 * ms, dt=0.1 * ms)
    whole = rb.analysis.fi_curve(rb.models.LIF, [500] * pA, **options)
    late = rb.analysis.fi_curve(rb.models.LIF, [500] * pA, discard=100 * ms, **options)
    net = rb.Network(dt=0.1 * ms)
    cell = net.add(rb.models.LIF)
    net.inject(cell, rb.stimuli.step(500 * pA))
    (spikes,) = net.run(500 * ms).spikes.values()
    assert whole.values[0] == pytest.approx(spikes.count / 0.5)
    assert late.values[0] == pytest.approx(spikes.between(0.1).count / 0.4)


def test_the_axis_is_in_the_unit_given():
    curve = rb.analysis.fi_curve(rb.models.LIF, [0.4, 0.5] * nA, duration=100 * ms, dt=0.1 * ms)
    assert curve.dims == ("current",) and curve.attrs["units"] == "Hz"
    np.testing.assert_allclose(curve.current.values, [0.4, 0.5])
    assert curve.current.attrs["units"] == "nA"
    axes = rb.plots.rate_curve(curve)
    assert axes.get_xlabel() == "current (nA)"


def test_one_current_and_lists_of_quantities():
    one = rb.analysis.fi_curve(rb.models.LIF, "0.5 nA", duration=100 * ms, dt=0.1 * ms)
    two = rb.analysis.fi_curve(rb.models.LIF, [400 * pA, 0.5 * nA], 100 * ms, dt=0.1 * ms)
    assert one.shape == (1,) and two.values[1] == one.values[0]


def test_noisy_cells_are_averaged():
    model = rb.Model(
        "dv/dt = (I - v)/(10*ms) + 3*mV*(10*ms)**-0.5*xi : mV (unless refractory)\nI : mV (input)",
        threshold="v >= 15*mV", reset="v = 0*mV", refractory=2 * ms,
    )  # fmt: skip
    curve = rb.analysis.fi_curve(
        model, [10, 14, 18] * mV, duration=1 * second, discard=200 * ms, dt=0.02 * ms, cells=60,
        seed=3,
    )  # fmt: skip
    expected = rb.analysis.siegert_rate(
        mean=[10, 14, 18] * mV, std=3 * mV, tau_m=10 * ms, tau_ref=2 * ms, threshold=15 * mV,
        reset=0 * mV,
    )  # fmt: skip
    np.testing.assert_allclose(curve.values, expected, rtol=0.1, atol=0.5)


def test_another_method():
    """Euler of the normalized form: v after n steps is 1 - (1 - dt/tau)**n, known exactly."""
    options = dict(duration=200 * ms, dt=1 * ms, measure="intervals")
    curve = rb.analysis.fi_curve(rb.models.LIF, [600] * pA, method="euler", **options)
    steps = np.ceil(np.log(1 - 15 / 24) / np.log(1 - 0.1)) + 2
    assert curve.values[0] == pytest.approx(1e3 / steps)


def refused(error, *words, model=rb.models.LIF, currents=[500] * pA, **options):
    with pytest.raises(error) as raised:
        rb.analysis.fi_curve(model, currents, **options)
    for word in words:
        assert word in str(raised.value)


def test_errors():
    WiringError, UnitError = rb.errors.WiringError, rb.errors.UnitError
    refused(WiringError, "this is no model", "write rb.analysis.fi_curve(rb.models.LIF, ...)",
            model="LIF")  # fmt: skip
    refused(WiringError, "RateUnit has no threshold", model=rb.models.RateUnit, currents=[1.0])
    refused(WiringError, "NormalizedLIF has no input variable", 'input="tau_m"',
            model=rb.models.NormalizedLIF, currents=[1.0])  # fmt: skip
    refused(UnitError, "the currents: expected a current per area, got", "uA/cm**2",
            model=rb.models.HodgkinHuxley)  # fmt: skip
    refused(UnitError, "the currents: expected a current, got", currents=[500.0])
    refused(rb.errors.UserError, "nothing is left to count in: discard is 1000 ms of 1000 ms",
            discard=1 * second)  # fmt: skip
    refused(rb.errors.UserError, "there is no measure 'mean'", measure="mean")
    refused(rb.errors.UserError, "some currents are not finite", currents=[np.nan, 1] * pA)
    refused(rb.errors.ShapeError, "a list of at least one", currents=np.ones((2, 2)) * pA)
    refused(rb.errors.UnknownNameError, "no input or parameter 'taum'; did you mean 'tau_m'?",
            input="taum")  # fmt: skip
    refused(rb.errors.UserError, "cells is a whole number, 1 or more", "given: 0", cells=0)
    cubic = rb.Model("dv/dt = (v**3 + I)/ms : 1\nI : 1 (input)", threshold="v > 1e300",
                     reset="v = 0", method="euler")  # fmt: skip
    refused(rb.errors.UserError, "fi_curve: under 5 v of 'cells' became", "a smaller step",
            model=cubic, currents=[0.0, 5.0], cells=2, duration=5 * ms)  # fmt: skip
    two = rb.models.LIF + "dw/dt = (J - w)/(1*ms) : pA\nJ : pA (input)"
    refused(WiringError, "has several inputs; say which", 'input="I"', model=two)


@pytest.mark.parametrize("currents", [[0.5 * nA, 700 * pA], ["0.5 nA", "700 pA"]])
def test_currents_of_several_units_are_in_that_of_the_first(currents):
    curve = rb.analysis.fi_curve(rb.models.LIF, currents, duration=100 * ms)
    np.testing.assert_allclose(curve.current.values, [0.5, 0.7])
    assert curve.current.attrs["units"] == "nA"


@pytest.mark.parametrize(
    ("currents", "line"),
    [
        ([400, 500], "rb.analysis.fi_curve(rb.models.LIF, [400, 500]*pA)"),
        ([4, 5] * mV, "rb.analysis.fi_curve(rb.models.LIF, [4, 5]*pA)"),
        ([], "rb.analysis.fi_curve(rb.models.LIF, np.linspace(0, 10, 21)*pA)"),
    ],
)
def test_the_line_to_paste_has_the_currents_in_it(currents, line):
    with pytest.raises(UserError) as error:
        rb.analysis.fi_curve(rb.models.LIF, currents)
    assert line in str(error.value)
