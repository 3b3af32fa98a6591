"""Slopes and their derivatives, against derivatives worked out by hand."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.simulation.slopes import Slopes, differentiate, solve
from rheobase.units import ms, pA

PENDULUM = rb.Model(
    """
    dx/dt = (y + noise*xi*sqrt(ms))/ms : 1
    dy/dt = (-sin(x) - friction*y + push + shift)/ms : 1
    shift = twice/2 : 1
    twice = 2*offset : 1
    push : 1 (input)
    """,
    parameters=dict(friction=0.3, noise=1, offset=0.25),
)


def test_slopes_are_those_of_the_equations_per_second_without_noise():
    slopes = Slopes(PENDULUM, dict(PENDULUM.defaults, push=0.5))
    x, y = 0.7, -0.2
    np.testing.assert_allclose(
        slopes(np.array([x, y])), [1e3 * y, 1e3 * (-np.sin(x) - 0.3 * y + 0.75)]
    )
    assert slopes(np.zeros((3, 5, 2))).shape == (3, 5, 2)


def test_each_state_is_in_its_own_unit():
    model = rb.models.AdEx
    slopes = Slopes(model, model.defaults)
    v, w = -55.0, 20.0
    dv = (10 * (-70 - v) + 20 * np.exp((v + 50) / 2) - w) / 200
    dw = (2 * (v + 70) - w) / 30
    np.testing.assert_allclose(slopes(np.array([v, w])), [1e3 * dv, 1e3 * dw], rtol=1e-12)
    assert slopes.named(np.array([v, w])) == pytest.approx({"v": -0.055, "w": 20e-12})


def test_values_may_vary_over_the_leading_shape():
    slopes = Slopes(PENDULUM, PENDULUM.defaults)
    push = np.array([0.0, 1.0, 2.0])
    found = slopes(np.zeros((3, 2)), {"push": push})
    np.testing.assert_allclose(found[:, 1], 1e3 * (push + 0.25))


def test_the_jacobian_is_that_worked_out_by_hand():
    slopes = Slopes(PENDULUM, PENDULUM.defaults)
    x = np.array([[0.3, 1.0], [2.0, -1.0]])
    wanted = [[[0, 1e3], [-1e3 * np.cos(a), -300]] for a in (0.3, 2.0)]
    np.testing.assert_allclose(slopes.jacobian(x), wanted, rtol=1e-9, atol=1e-6)


def test_held_states_are_no_states_and_keep_their_value():
    slopes = Slopes(PENDULUM, PENDULUM.defaults, held={"x": np.pi / 2})
    assert slopes.states == ["y"]
    np.testing.assert_allclose(slopes(np.array([0.0])), [-750])


def test_cells_that_differ_are_worked_out_together():
    model = rb.models.LIF
    values = dict(model.defaults, E_L=np.array([-70e-3, -60e-3]))
    slopes = Slopes(model, values, size=2)
    assert slopes.cells == 2
    x = np.array([[-65.0, 0.0], [-65.0, 0.0]])
    np.testing.assert_allclose(slopes(x)[:, 0], [-500, 500])
    np.testing.assert_allclose(slopes.jacobian(x)[:, 0, 0], [-100, -100])


def test_some_states_settle_while_the_others_are_held():
    model = rb.models.HodgkinHuxley
    slopes = Slopes(model, model.defaults)
    x = np.zeros((2, 4))
    x[:, 0] = -65, -50
    settled = slopes.settle(x, [1, 2, 3])
    np.testing.assert_allclose(slopes(settled)[:, 1:], 0, atol=1e-9)
    np.testing.assert_array_equal(settled[:, 0], [-65, -50])
    np.testing.assert_allclose(
        settled[0, 1:], [0.0529324852572, 0.596120753508, 0.317676914061], rtol=1e-10
    )  # models.md 5.1
    np.testing.assert_array_equal(slopes.settle(x, []), x)


def test_what_does_not_settle_stays():
    model = rb.Model("dx/dt = 1/ms : 1\ndy/dt = -y/ms : 1")
    settled = Slopes(model, {}).settle(np.array([2.0, 3.0]), [0])
    np.testing.assert_array_equal(settled, [2.0, 3.0])


def test_differences_are_of_fourth_order():
    def function(z):
        return np.stack([np.exp(z[..., 0]) * z[..., 1], z[..., 1] ** 3], axis=-1)

    z = np.array([0.5, 2.0])
    e = np.exp(0.5)
    np.testing.assert_allclose(
        differentiate(function, z), [[2 * e, e], [0, 12]], rtol=1e-10, atol=1e-9
    )
    table = differentiate(function, np.stack([z, 2 * z]))
    assert table.shape == (2, 2, 2)
    np.testing.assert_allclose(table[1, 1, 1], 48, rtol=1e-10)


def test_small_systems_are_solved_each_by_itself():
    tables = np.array([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]])
    right = np.array([[2.0, 4.0], [2.0, 2.0]])
    np.testing.assert_allclose(solve(tables, right), [[1, 1], [1, 1]])  # the second: least squares
    tables[1, 0, 0] = np.nan
    found = solve(tables, right)
    np.testing.assert_allclose(found[0], [1, 1])
    assert np.all(np.isnan(found[1]))


def test_random_numbers_are_at_their_mean_and_currents_over_time_at_0():
    model = rb.Model(
        "dv/dt = ((rand() + randn())*mV + R*drive(t) - v)/tau : mV\ndrive : pA",
        parameters=dict(tau=10 * ms, R="1 Gohm", drive=rb.stimuli.step(5 * pA)),
    )  # fmt: skip
    slopes = Slopes(model, dict(model.defaults))
    np.testing.assert_allclose(slopes(np.array([0.0])), [50])


def test_inputs_are_0_unless_held():
    model = rb.models.HodgkinHuxley
    x = np.array([-65.0, 0.05, 0.6, 0.32])
    quiet, driven = Slopes(model, model.defaults), Slopes(model, dict(model.defaults, I=0.05))
    np.testing.assert_allclose(driven(x)[0] - quiet(x)[0], 5e3)  # 5 uA/cm**2 into 1 uF/cm**2


SCHEME = """
dv/dt = -v/ms + gain*O*mV/ms : mV
dC/dt = flow : 1
dO/dt = -flow + back*J - O/ms : 1
dJ/dt = O/ms - back*J : 1
flow = (2*O - C*exp(v/(10*mV)))/ms : 1/ms
back = 0.5/ms : 1/ms
dg/dt = (h - g)/ms : 1
dh/dt = -h/ms : 1
gain = 3 : 1
"""


def test_states_of_a_scheme_settle_where_they_sum_to_one():
    slopes = Slopes(rb.Model(SCHEME), {})
    assert slopes.schemes == ((1, 2, 3),)
    v = np.array([-20.0, 0.0, 15.0])
    x = np.zeros((3, 6))
    x[:, 0] = v
    settled = slopes.settle(x, [1, 2, 3, 4, 5])
    opened = np.exp(v / 10) / 2  # of what is closed; twice as much is in J
    closed = 1 / (1 + 3 * opened)
    np.testing.assert_allclose(
        settled[:, 1:4], np.stack([closed, opened * closed, 2 * opened * closed], axis=-1)
    )
    np.testing.assert_allclose(settled[:, 4:], 0, atol=1e-12)


def test_changes_of_a_scheme_sum_to_zero():
    slopes = Slopes(rb.Model(SCHEME), {})
    x = slopes.settle(np.zeros(6), [0, 1, 2, 3, 4, 5], rounds=20)
    assert np.sum(x[1:4]) == pytest.approx(1)
    table, push = slopes.jacobian(x), np.array([-1e3, 0, 0, 0, 0, 0])
    slopes.bind(table, push, range(6))
    moved = solve(table, push)
    assert np.sum(moved[1:4]) == pytest.approx(0, abs=1e-12)
    assert push[0] == -1e3 and moved[0] > 1  # v pushes itself further by what it opens


@pytest.mark.parametrize("change", [
    ("- O/ms", "- 1.1*O/ms"), ("dO/dt = -flow", "dO/dt = 0.1/ms - flow"),
    ("dC/dt = flow : 1", "dC/dt = flow*1*mV : mV"), ("back*J", "back*J*J"),
])  # fmt: skip
def test_what_is_no_scheme(change):
    text = SCHEME.replace(*change)
    if "mV : mV" in text:
        text = text.replace("C*exp", "C/mV*exp")
    assert Slopes(rb.Model(text), {}).schemes == ()
