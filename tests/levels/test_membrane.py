"""The membrane a model has at rest, beside what it does under a small current."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.errors import EquationError, WiringError
from rheobase.levels.membrane import membrane_of
from rheobase.units import cm, ms, mV, nS, second, uA


def test_of_a_lif_it_is_what_its_parameters_say():
    found = membrane_of(rb.models.LIF, "I")
    assert found.rest == pytest.approx(-0.065)
    assert found.resistance == pytest.approx(40e6)
    assert found.capacitance == pytest.approx(250e-12)
    assert found.tau == pytest.approx(0.010)


def test_adaptation_below_threshold_is_a_conductance_more():
    found = membrane_of(rb.models.AdEx(a=5 * nS, Delta_T=0.5 * mV), "I")
    assert found.resistance == pytest.approx(1 / 15e-9, rel=1e-6)
    assert found.capacitance == pytest.approx(200e-12)


def test_of_an_axon_it_is_what_a_small_current_shows():
    found = membrane_of(rb.models.HodgkinHuxley, "I")
    net = rb.Network(dt=0.01 * ms)
    axon = net.add(rb.models.HodgkinHuxley, 2, name="axon")
    net.inject(axon, rb.stimuli.step([0.01, -0.01] * uA / cm**2))
    net.record(axon, "v", every=0.01 * ms)
    v = net.run(0.1 * second).traces["axon"].v.to_numpy() * 1e-3
    by_current = (v[:, 0] - v[:, 1]) / (2 * 0.01e-2)  # ohm metre**2
    assert by_current[-1] == pytest.approx(found.resistance, rel=1e-3)
    slope = by_current[1] / 1e-5
    assert 1 / slope == pytest.approx(found.capacitance, rel=5e-3)
    assert found.capacitance == pytest.approx(1e-2)  # 1 uF/cm**2
    assert found.rest == pytest.approx(-0.06499638, abs=1e-8)


def test_an_area_has_less_resistance_and_more_capacitance():
    patch = membrane_of(rb.models.HodgkinHuxley, "I")
    cell = patch.of_area(20_000e-12)
    assert cell.capacitance == pytest.approx(200e-12)
    assert cell.tau == pytest.approx(patch.tau)


def test_what_has_no_membrane_or_no_rest_is_refused():
    with pytest.raises(WiringError) as error:
        membrane_of(rb.models.Izhikevich, "I")
    assert "Izhikevich has no membrane potential v in volts" in str(error.value)
    assert 'rb.levels.reduce(model, "RateUnit", currents)' in str(error.value)
    with pytest.warns(rb.errors.RheobaseWarning), pytest.raises(EquationError) as error:
        membrane_of(rb.models.TraubMiles(E_L=-60 * mV), "I")
    assert "TraubMiles does not rest without input" in str(error.value)
    odd = rb.Model("dv/dt = (-65*mV - v)/(10*ms) - I*(1*Mohm)/(10*ms) : mV\nI : pA (input)",
                   initial={"v": "-65*mV"})  # fmt: skip
    with pytest.raises(WiringError) as error:
        membrane_of(odd, "I")
    assert "a small current into I does not depolarize" in str(error.value)


def test_currents_are_read_in_any_unit():
    scaled = rb.Model("dv/dt = (-65*mV - v)/(10*ms) + I/(250*pF) : mV\nI : nA (input)",
                      initial={"v": "-65*mV"})  # fmt: skip
    assert membrane_of(scaled, "I").resistance == pytest.approx(40e6)
    assert np.isfinite(membrane_of(scaled, "I").tau)
