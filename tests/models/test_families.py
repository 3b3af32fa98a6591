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
    "ExponentialLIF": "C_m 200 pF, g_L 20 nS, E_L -65 mV, V_T -59.9 mV, Delta_T 3.48 mV,"
    " V_cut 0 mV, V_r -68 mV, tau_ref 1.7 ms",
    "QuadraticIF": "C_m 200 pF, g_L 20 nS, E_L -65 mV, V_T -50 mV, V_cut 20 mV, V_r -80 mV,"
    " tau_ref 0 ms",
    "GLIF1": "C_m 58.72 pF, g_L 9.43 nS, E_L -78.85 mV, V_T -51.68 mV, tau_syn 2 ms,"
    " tau_ref 3.75 ms, V_r -78.85 mV",
    "GLIF5": "C_m 58.72 pF, g_L 9.43 nS, E_L -78.85 mV, V_T -51.68 mV, tau_syn 2 ms,"
    " tau_ref 3.75 ms, f_v 0.2 1, V_add 18.51 mV, b_s 0.009 1/ms, theta_add 0.37 mV,"
    " k_1 0.003 1/ms, k_2 0.1 1/ms, A_1 -9.18 pA, A_2 -198.94 pA, r_1 1 1, r_2 1 1,"
    " a_v 0.005 1/ms, b_v 0.09 1/ms",
    "WangBuzsaki": "C_m 1 uF/cm**2, g_Na 35 mS/cm**2, E_Na 55 mV, g_K 9 mS/cm**2, E_K -90 mV,"
    " g_L 0.1 mS/cm**2, E_L -65 mV, phi 5 1, V_spike -20 mV",
    "ConnorStevens": "C_m 1 uF/cm**2, g_Na 120 mS/cm**2, E_Na 55 mV, g_K 20 mS/cm**2, E_K -72 mV,"
    " g_A 47.7 mS/cm**2, E_A -75 mV, g_L 0.3 mS/cm**2, E_L -17 mV, V_spike -20 mV",
    "MorrisLecar": "C_m 20 uF/cm**2, g_L 2 mS/cm**2, E_L -60 mV, g_Ca 4.4 mS/cm**2, E_Ca 120 mV,"
    " g_K 8 mS/cm**2, E_K -84 mV, V_1 -1.2 mV, V_2 18 mV, V_3 2 mV, V_4 30 mV, phi 0.04 1/ms,"
    " V_spike 0 mV",
    "FitzHughNagumo": "a 0.7 1, b 0.8 1, epsilon 0.08 1, v_spike 1 1",
    "HindmarshRose": "a 1 1, b 3 1, c 1 1, d 5 1, r 0.006 1, s 4 1, x_r -1.6 1, x_spike 1 1",
    "WilsonCowan": "tau_E 8 ms, tau_I 8 ms, c_1 16 1, c_2 12 1, c_3 15 1, c_4 3 1, a_E 1.3 1,"
    " theta_E 4 1, a_I 2 1, theta_I 3.7 1, r_E 1 1, r_I 1 1, P 0 1, Q 0 1, exact_k 1 1",
    "WongWang": "tau_S 100 ms, gamma 0.641 1, a 270 Hz/nA, b 108 Hz, d 0.154 second,"
    " J_N11 0.2609 nA, J_N12 0.0497 nA, I_0 0.3255 nA, J_ext 0.00052 nA/Hz, mu_0 30 Hz,"
    " coherence 0 1, tau_AMPA 2 ms, sigma 0.02 nA",
}

INPUTS = {
    **dict.fromkeys(["LIF", "ConductanceLIF", "DeltaLIF", "AdEx", "ExponentialLIF", "QuadraticIF",
                     "GLIF1", "GLIF5"], "I pA"),
    **dict.fromkeys(["HodgkinHuxley", "TraubMiles", "WangBuzsaki", "ConnorStevens",
                     "MorrisLecar"], "I uA/cm**2"),
    **dict.fromkeys(["Izhikevich", "FitzHughNagumo", "HindmarshRose", "RateUnit"], "I 1"),
    "WilsonCowan": "I_E 1 I_I 1",
    "WongWang": "I_1 nA I_2 nA",
    "NormalizedLIF": "",
}  # fmt: skip

PORTS = {
    "LIF": {"i_syn": "pA"},
    "ConductanceLIF": {"excitatory": "nS", "inhibitory": "nS"},
    "DeltaLIF": {"v": "mV"},
    "NormalizedLIF": {"s": "1"},
    "AdEx": {"v": "mV"},
    "Izhikevich": {"v": "1"},
    "ExponentialLIF": {"v": "mV"},
    "QuadraticIF": {"v": "mV"},
    "GLIF1": {"x_syn": "pA"},
    "GLIF5": {"x_syn": "pA"},
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
    words = INPUTS[name].split()
    assert {e.name: e.unit.text for e in model.inputs} == dict(
        zip(words[::2], words[1::2], strict=True)
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
