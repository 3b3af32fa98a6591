"""Names, defaults and inputs of the library's models are those users rely on."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import UnknownNameError
from rheobase.units import UNITS, parse_unit

DEFAULTS = {
    "LIF": "C_m 250 pF, tau_m 10 ms, tau_syn 0.5 ms, E_L -65 mV, V_T -50 mV, V_r -65 mV,"
    " tau_ref 2 ms",
    "ConductanceLIF": "C_m 200 pF, g_L 10 nS, E_L -60 mV, E_e 0 mV, E_i -80 mV, tau_e 5 ms,"
    " tau_i 10 ms, V_T -50 mV, V_r -60 mV, tau_ref 5 ms",
    "DeltaLIF": "C_m 200 pF, tau_m 20 ms, E_L -49 mV, V_T -50 mV, V_r -60 mV, tau_ref 5 ms",
    "NormalizedLIF": "tau_m 20 ms, tau_s 50 ms, tau_ref 2 ms",
    "AdEx": "C_m 200 pF, g_L 10 nS, E_L -70 mV, V_T -50 mV, Delta_T 2 mV, V_cut 0 mV, a 2 nS,"
    " tau_w 30 ms, b 0 pA, V_r -58 mV, tau_ref 0 ms",
    "Izhikevich": "a 0.02 1, b 0.2 1, c -65 1, d 8 1, v_peak 30 1, tau_ref 0 ms",
    "HodgkinHuxley": "C_m 1 uF/cm**2, g_Na 120 mS/cm**2, E_Na 50 mV, g_K 36 mS/cm**2, E_K -77 mV,"
    " g_L 0.3 mS/cm**2, E_L -54.387 mV, temperature 6.3 1, V_spike -20 mV",
    "TraubMiles": "C_m 1 uF/cm**2, g_Na 100 mS/cm**2, E_Na 50 mV, g_K 30 mS/cm**2, E_K -90 mV,"
    " g_L 0.05 mS/cm**2, E_L -65 mV, V_T -63 mV, V_spike -20 mV",
    "RateUnit": "tau 10 ms, gain 1 1, threshold 0 1",
}

INPUTS = {"LIF": "pA", "ConductanceLIF": "pA", "DeltaLIF": "pA", "AdEx": "pA", "Izhikevich": "1",
          "HodgkinHuxley": "uA/cm**2", "TraubMiles": "uA/cm**2", "RateUnit": "1"}  # fmt: skip

PORTS = {
    "LIF": {"i_syn": "pA"},
    "ConductanceLIF": {"excitatory": "nS", "inhibitory": "nS"},
    "DeltaLIF": {"v": "mV"},
    "NormalizedLIF": {"s": "1"},
    "AdEx": {"v": "mV"},
    "Izhikevich": {"v": "1"},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults(name):
    expected = {}
    for entry in DEFAULTS[name].split(", "):
        parameter, value, unit = entry.split()
        expected[parameter] = float(value) * parse_unit(unit).scale
    assert rb.models.find(name).defaults == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", DEFAULTS)
def test_inputs_and_ports(name):
    model = rb.models.find(name)
    assert {e.name: e.unit.text for e in model.inputs} == (
        {"I": INPUTS[name]} if name in INPUTS else {}
    )
    assert set(model.receives) == set(PORTS.get(name, {}))
    for port, unit in PORTS.get(name, {}).items():
        assert model.receives_dimension(port) == parse_unit(unit).dimension


def test_the_courses_neuron_is_integrated_as_the_course_says():
    model = rb.models.NormalizedLIF
    assert (model.method, model.crossing) == ("euler", "linear")


def test_calling_gives_a_copy_with_other_values():
    slow = rb.models.LIF(tau_m="20 ms")
    assert slow.defaults["tau_m"] == 0.02
    assert rb.models.LIF.defaults["tau_m"] == 0.01
    with pytest.raises(UnknownNameError, match="V_T"):
        rb.models.LIF(V_th="-40 mV")


# -- the rate unit --------------------------------------------------------------------------

X = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])

ACTIVATIONS = {
    "linear": X,
    "sigmoid": 1 / (1 + np.exp(-X)),
    "tanh": np.tanh(X),
    "relu": np.maximum(X, 0),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "elu": np.where(X > 0, X, np.exp(X) - 1),
    "softplus": np.log(1 + np.exp(X)),
    "softsign": X / (1 + np.abs(X)),
    "gelu": [-0.00404969, -0.15426877, 0.0, 0.34573123, 2.99595031],
    "step": [0.0, 0.0, 0.0, 1.0, 1.0],
}


def test_every_activation_is_tested():
    from rheobase.models.activations import ACTIVATIONS as OFFERED

    assert set(OFFERED) == set(ACTIVATIONS)


@pytest.mark.parametrize("f", ACTIVATIONS)
def test_a_rate_unit_rests_where_its_activation_says(f):
    from rheobase.network.evaluate import evaluate

    model = rb.models.RateUnit(f=f, gain=2.0)
    rest = [float(evaluate(model.initial["r"], {"gain": 2.0, "threshold": -x / 2})) for x in X]
    expected = np.array(ACTIVATIONS[f], dtype=float)
    if f == "step":
        rest[2] = 0.0  # at the step itself either value is right
    np.testing.assert_allclose(rest, expected, rtol=1e-7, atol=1e-8)


def test_a_rate_unit_keeps_what_it_was_given():
    fast = rb.models.RateUnit(tau="2 ms", threshold=4)
    both = fast(f="tanh", gain=3)
    assert both.defaults == pytest.approx({"tau": 2e-3, "threshold": 4, "gain": 3})
    assert "tanh(x)" in both.describe()
    assert "tanh(x)" in both(gain=1).describe()
    assert "exp(-x)" in rb.models.RateUnit(gain=2).describe()


def test_an_activation_that_is_none_is_refused():
    with pytest.raises(UnknownNameError) as refused:
        rb.models.RateUnit(f="sigmoide")
    assert "RateUnit: there is no activation 'sigmoide'; did you mean 'sigmoid'?" in str(
        refused.value
    )
    assert "there are linear, sigmoid, tanh, relu" in str(refused.value)


def test_units_of_one_letter_are_free_for_symbols():
    assert not any(len(name) == 1 for name in UNITS)


def test_a_copy_can_be_integrated_in_another_way_and_start_elsewhere():
    model = rb.models.HodgkinHuxley(method="euler", g_L="0.2 mS/cm**2", initial={"v": "-65 mV"})
    assert model.method == "euler"
    assert model.defaults["g_L"] == pytest.approx(2.0)
    assert list(model.initial) == ["v"]
    assert rb.models.HodgkinHuxley.method == "auto"
    assert rb.models.RateUnit(f="tanh", method="euler").method == "euler"
    with pytest.raises(UnknownNameError, match="does not read metod"):
        rb.models.LIF(metod="euler")


def test_a_parameter_of_that_name_comes_first():
    model = rb.Model("dx/dt = -method*x/ms : 1", parameters={"method": 2})
    assert model(method=3).defaults["method"] == 3
