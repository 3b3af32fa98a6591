"""From a finer model to a coarser one: what is known is found again, and errors are measured."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import ShapeError, UnitError, UnknownNameError, UserError, WiringError
from rheobase.levels.fitting import lif_rate
from rheobase.units import Hz, cm, ms, mV, nA, pA, pF, second, uA, um

CURRENTS = np.arange(200, 1001, 100) * pA
AREA = 20_000 * um**2


@pytest.fixture(scope="module")
def lif():
    fine = rb.models.LIF(tau_ref=3 * ms, V_r=-60 * mV)
    return rb.levels.reduce(fine, "LIF", CURRENTS, seed=1)


def test_a_lif_is_found_again_from_its_rates(lif):
    found = lif.model.defaults
    for name, value in {"C_m": 250e-12, "tau_m": 10e-3, "E_L": -65e-3, "V_T": -50e-3}.items():
        assert found[name] == pytest.approx(value, rel=1e-3)
    assert found["V_r"] == pytest.approx(-60e-3, abs=0.2e-3)
    assert found["tau_ref"] == pytest.approx(3e-3, abs=0.05e-3)
    assert lif.rate_error < 0.5 and lif.largest_error < 1
    assert lif.rates[0] == 0 and lif.rates[-1] > 150
    assert lif.area is None and lif.rate_per_unit is None


def test_errors_are_those_of_the_rates(lif):
    difference = lif.reduced_rates - lif.rates
    assert lif.rate_error == pytest.approx(np.sqrt(np.mean(difference**2)))
    assert lif.largest_error == pytest.approx(np.abs(difference).max())
    np.testing.assert_allclose(lif.currents.to("pA").magnitude, np.arange(200, 1001, 100))


def test_the_closed_form_is_that_of_the_literature():
    # models.md 5.10: tau 10 ms, threshold 10 mV, reset 0, t_ref 5 ms.
    rates = lif_rate(np.array([9.0, 10.5, 12, 15, 20]), 10.0, 0.0, 0.010, 0.005)
    np.testing.assert_allclose(rates, [0, 28.2125, 43.6346, 62.5543, 83.8120], atol=1e-4)


def test_it_prints_as_a_table(lif):
    lines = str(lif).splitlines()
    assert lines[0].startswith("LIF as LIF: rates differ by ")
    assert lines[1].split() == ["C_m", "250", "pF"]
    assert "I (pA)" in lines[7]
    assert len(lines) == 8 + len(lif.rates)
    assert lines[-1].split()[0] == "1000"
    assert repr(lif) == str(lif)


def test_it_draws_both_curves(lif):
    ax = lif.plot()
    assert ax.get_xlabel() == "current (pA)" and ax.get_ylabel() == "rate (Hz)"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), lif.rates)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), lif.reduced_rates)
    plt.close("all")


def test_a_rate_proportional_to_the_current_is_a_relu():
    perfect = rb.Model("dv/dt = I/C_m : mV\nI : pA (input)", threshold="v >= 10*mV",
                       reset="v = 0*mV", parameters={"C_m": 250 * pF})  # fmt: skip
    found = rb.levels.reduce(perfect, "RateUnit", [50, 100, 200, 300] * pA, tau=5 * ms, dt=0.1 * ms)
    assert found.rate_error < 0.6  # spikes on a grid of 0.1 ms
    assert found.model.defaults["tau"] == pytest.approx(5e-3)
    assert found.current_per_unit.to("pA").magnitude == pytest.approx(1)
    slope = found.rate_per_unit.to("Hz").magnitude * found.model.defaults["gain"]
    assert slope == pytest.approx(1 / (0.250 * 10), rel=0.02)  # Hz/pA
    assert found.model.defaults["threshold"] == pytest.approx(0, abs=3)


def test_an_activation_can_be_asked_for():
    units = [rb.levels.reduce(rb.models.LIF, "RateUnit", CURRENTS, f=f, duration=0.4 * second,
                              discard=0.1 * second, dt=0.1 * ms)
             for f in ("linear", None)]  # fmt: skip
    assert units[1].rate_error < units[0].rate_error
    assert units[1].model.defaults["tau"] == pytest.approx(10e-3)  # that of the membrane


def test_an_adex_is_no_worse_than_the_lif_it_begins_with(lif):
    adex = rb.levels.reduce(lif.fine, rb.models.AdEx, CURRENTS, generations=2)
    assert adex.model.name == "AdEx"
    assert adex.rate_error < 5
    assert adex.model.defaults["C_m"] == pytest.approx(250e-12, rel=1e-6)
    conductance = adex.model.defaults["g_L"] + adex.model.defaults["a"]
    assert conductance == pytest.approx(25e-9, rel=1e-4)


def test_reductions_can_be_compared_without_saying_their_units(lif):
    unit = rb.levels.reduce(rb.models.HodgkinHuxley, "RateUnit", np.arange(4, 31, 6) * uA / cm**2,
                            area=AREA, duration=0.3 * second, discard=0.1 * second)  # fmt: skip
    per_area = rb.levels.reduce(
        rb.models.HodgkinHuxley, "LIF", np.arange(4, 31, 6) * uA / cm**2, area=AREA,
        duration=0.3 * second, discard=0.1 * second,
    )  # fmt: skip
    models = {"HH": rb.models.HodgkinHuxley, "LIF": per_area, "unit": unit, "other": lif}
    absolute = rb.levels.compare(models, rb.stimuli.step(3 * nA), duration=100 * ms, area=AREA)
    spread = rb.levels.compare(models, rb.stimuli.step(15 * uA / cm**2), duration=100 * ms,
                               area=AREA)  # fmt: skip
    for name in models:
        assert absolute[name].rate == pytest.approx(spread[name].rate)
    assert abs(absolute["unit"].rate_error) < 20
    assert absolute["other"].model is lif.model


def test_the_area_of_a_reduction_comes_before_that_of_all(lif):
    unit = rb.levels.reduce(rb.models.HodgkinHuxley, "RateUnit", np.arange(4, 31, 6) * uA / cm**2,
                            area=AREA, f="relu", duration=0.3 * second,
                            discard=0.1 * second)  # fmt: skip
    stimulus = rb.stimuli.step(3 * nA)
    first = rb.levels.compare({"unit": unit}, stimulus, duration=50 * ms)
    same = rb.levels.compare({"unit": unit}, stimulus, duration=50 * ms, area=AREA / 2)
    other = rb.levels.compare({"unit": unit}, stimulus, duration=50 * ms, area={"unit": AREA / 2})
    assert first["unit"].rate == same["unit"].rate < other["unit"].rate


# --- errors --------------------------------------------------------------------------------------


def test_other_kinds_are_refused():
    with pytest.raises(UnknownNameError) as error:
        rb.levels.reduce(rb.models.LIF, "Lif", CURRENTS)
    assert "there is no reduction to 'Lif'; did you mean 'LIF'?" in str(error.value)
    assert "expected: LIF, AdEx, RateUnit" in str(error.value)


def test_a_missing_area_is_asked_for():
    with pytest.raises(UnitError) as error:
        rb.levels.reduce(rb.models.HodgkinHuxley, "LIF", [7, 8, 9] * uA / cm**2,
                         duration=0.1 * second, discard=0 * ms)  # fmt: skip
    assert "HodgkinHuxley is per area, and LIF is a whole cell; its area is missing" in str(
        error.value
    )
    assert (
        'write rb.levels.reduce(rb.models.HodgkinHuxley, "LIF", [7, 8, 9]*uA/cm**2, '
        "area=20000*um**2)" in str(error.value)
    )


def test_plain_currents_go_to_rate_units_only():
    with pytest.raises(WiringError, match="no membrane potential v in volts"):
        rb.levels.reduce(rb.models.Izhikevich, "LIF", [5, 10, 15], duration=0.3 * second,
                         discard=0 * ms, dt=0.1 * ms)  # fmt: skip
    found = rb.levels.reduce(rb.models.Izhikevich, "RateUnit", [5, 10, 15], tau=10 * ms,
                             duration=0.5 * second, discard=0.2 * second,
                             dt=0.1 * ms)  # fmt: skip
    assert found.current_per_unit is None
    assert found.rate_per_unit > 0 * Hz
    assert "I  " in str(found)


def test_currents_must_be_three_and_evoke_spikes():
    with pytest.raises(ShapeError, match="the currents are a list of at least three"):
        rb.levels.reduce(rb.models.LIF, "LIF", 500 * pA)
    with pytest.raises(UserError) as error:
        rb.levels.reduce(rb.models.LIF, "LIF", [1, 2, 3] * pA, duration=0.1 * second,
                         discard=0 * ms)  # fmt: skip
    assert "LIF does not go on firing at any of these currents" in str(error.value)
    assert "given: up to 3 pA" in str(error.value)


def test_it_works_without_compiled_code():
    options = {"duration": 0.2 * second, "discard": 0 * ms, "dt": 0.1 * ms}
    found = [
        rb.levels.reduce(rb.models.LIF, "LIF", [300, 500, 700] * pA, backend=backend, **options)
        for backend in ("interpreter", None)
    ]
    np.testing.assert_array_equal(found[0].rates, found[1].rates)
    assert found[0].rate_error == pytest.approx(found[1].rate_error)


@pytest.mark.parametrize(
    ("model", "to", "currents", "line"),
    [
        (
            rb.models.WangBuzsaki(g_Na=40 * rb.units.mS / cm**2), "LIF", [1, 2, 3] * uA / cm**2,
            'rb.models.WangBuzsaki(g_Na=40*mS/cm**2), "LIF", [1, 2, 3]*uA/cm**2, area=20000*um**2',
        ),
        (
            rb.models.Izhikevich, "RateUnit", [5, 10, 15],
            'rb.models.Izhikevich, "RateUnit", [5, 10, 15], tau=10*ms',
        ),
        (
            rb.models.FitzHughNagumo, "LIF", [0.4, 0.6, 0.8],
            'rb.models.FitzHughNagumo, "RateUnit", [0.4, 0.6, 0.8], tau=10*ms',
        ),
        (
            rb.models.LIF, "AdEx", np.arange(400, 801, 50),
            'rb.models.LIF, "AdEx", np.linspace(400, 800, 9)*pA',
        ),
        (rb.models.LIF, "lif", [400, 500, 600] * pA, 'rb.models.LIF, "LIF", currents'),
    ],
)  # fmt: skip
def test_the_line_to_paste_is_the_call_that_was_made_mended(model, to, currents, line):
    with pytest.raises(UserError) as error:
        rb.levels.reduce(model, to, currents, duration=0.3 * second, discard=0.1 * second)
    text = str(error.value)
    assert f"rb.levels.reduce({line})" in text
    pasted = f"rb.levels.reduce({line}, generations=1, duration=0.3*second, discard=0.1*second)"
    names = {"rb": rb, "np": np, "currents": currents, **vars(rb.units)}
    assert eval(pasted, names).rates.size == len(currents)


def test_a_time_constant_and_currents_that_are_no_such_thing():
    with pytest.raises(ShapeError, match="tau is one time above 0"):
        rb.levels.reduce(rb.models.LIF, "RateUnit", CURRENTS, tau=0 * ms)
    with pytest.raises(ShapeError, match="at least three numbers that are finite"):
        rb.levels.reduce(rb.models.LIF, "LIF", [1, 2] * nA)


def test_currents_of_several_units_are_shown_in_that_of_the_first():
    made = rb.levels.reduce(rb.models.LIF, "LIF", [0.4 * nA, 500 * pA, 600 * pA])
    assert "I (nA)" in str(made)
