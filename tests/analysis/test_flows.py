"""Models as flows in scaled states: ranges that are guessed, values that are read."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.analysis.flows import flow_of, valued
from rheobase.units import UNITS, cm, pA, parse_unit, uA


def test_voltages_lie_about_those_of_the_parameters_and_gates_between_0_and_1():
    flow = flow_of("f", rb.models.HodgkinHuxley, {})
    assert flow.names == ["v", "m", "h", "n"]
    assert flow.low[0] < -77 and flow.high[0] > 50
    np.testing.assert_array_equal(flow.low[1:], 0)
    np.testing.assert_array_equal(flow.high[1:], 1)


def test_what_follows_has_the_range_it_then_covers():
    flow = flow_of("f", rb.models.AdEx, {})
    assert flow.leads == (0,)
    assert 50 < flow.high[1] < 500 and flow.low[1] == -flow.high[1]  # w = a (v - E_L), in pA
    synaptic = flow_of("f", rb.models.LIF, {})
    assert list(synaptic.high[1:]) == [2]  # it decays to 0, so nothing is known of it


def test_what_has_no_unit_lies_about_its_initial_value():
    izhikevich = flow_of("f", rb.models.Izhikevich, {})
    assert izhikevich.high[0] == pytest.approx(140)
    fitzhugh = flow_of("f", rb.models.FitzHughNagumo, {})
    assert list(fitzhugh.high) == [2, 2]
    wong = flow_of("f", rb.models.WongWang, {})
    assert list(wong.low[:2]) == [0, 0] and list(wong.high[:2]) == [1, 1]


def test_a_state_that_leaves_the_interval_is_no_fraction():
    model = rb.Model("dx/dt = -2*y/ms : 1\ndy/dt = (2*x - y - y*(x**2 + y**2))/ms : 1")
    assert list(flow_of("f", model, {}).low) == [-2, -2]


def test_scaling_changes_no_eigenvalue():
    model = rb.models.HodgkinHuxley
    flow = flow_of("f", model, {})
    z = np.array([-0.3, 0.1, 0.5, 0.4])
    own = np.linalg.eigvals(flow.slopes.jacobian(z * flow.scale))
    np.testing.assert_allclose(
        np.sort(np.linalg.eigvals(flow.jacobian(z)).real), np.sort(own.real), rtol=1e-6
    )


def test_values_can_be_changed_and_held_states_stay_held():
    flow = flow_of("f", rb.models.AdEx, dict(I=100 * pA), hold=dict(w=20 * pA))
    other = flow.at({"I": 2e-10})
    assert other.names == ["v"]
    z = np.array([-0.5])
    difference = (other(z) - flow(z)) * flow.scale
    assert difference[0] == pytest.approx(500)  # 100 pA into 200 pF, mV per second


def test_a_number_in_a_unit_is_a_quantity_and_a_plain_one_without():
    assert valued(-65.0, UNITS["mV"]).to("volt").magnitude == pytest.approx(-0.065)
    assert str(valued(2.0, parse_unit("uA/cm**2")).units) == str((1 * uA / cm**2).units)
    assert type(valued(0.5, parse_unit("1"))) is float
