"""How connections in real time are laid out, and which cells are to be worked out again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine.hand_made import cells, network

from rheobase.engine.events import Routes, _runs, exact_populations
from rheobase.engine.interpreted_events import same_arrival
from rheobase.engine.plan import Connectivity, ProjectionPlan
from rheobase.errors import InternalError


def projection(delays):
    rows = np.array([0, 4, 4, 6])
    targets = np.array([0, 0, 1, 2, 1, 2], np.uint32)
    weights = {"weight": np.arange(6.0)}
    return ProjectionPlan("p", 0, 0, "jump", lambda: Connectivity(rows, targets, delays, weights),
                          ("weight",))  # fmt: skip


def route_of(delays, dt=1e-3):
    plan = network(cells("a", 3, "interpreter"))
    plan.dt = dt
    plan.events = [projection(delays)]
    routes = Routes()
    routes.bind(plan)
    assert routes.all[0] is routes.all[-1]
    again = routes.all[0]
    routes.bind(plan)
    assert routes.all[0] is again  # nothing is drawn again without need
    return plan, again


def test_rows_are_sorted_by_delay_then_target():
    plan, route = route_of(np.array([3.0, 2.0, 3.0, 2.0, 1.0, 1.0]) * 1e-3)
    np.testing.assert_array_equal(route.targets, [0, 2, 0, 1, 1, 2])
    np.testing.assert_array_equal(route.delays, np.array([2, 2, 3, 3, 1, 1]) * 1e-3)
    np.testing.assert_array_equal(route.weights["weight"], [1, 3, 0, 2, 4, 5])
    assert plan.events[0].longest_delay == 4
    assert [same_arrival(route, 0, begin) for begin in (0, 2)] == [2, 4]


def test_one_cell_receives_once_in_a_piece_of_a_row():
    _, route = route_of(1.5e-3)
    assert route.delays.shape == (1,)
    assert [same_arrival(route, 0, begin) for begin in (0, 1)] == [1, 4]
    assert same_arrival(route, 2, 4) == 6


def test_delays_in_steps_are_a_bug_here():
    with pytest.raises(InternalError, match="p: delays of int32"):
        route_of(np.ones(6, np.int32))


def test_ranges_of_chosen_cells():
    assert _runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert _runs(np.zeros(3, bool)) == []


def test_hand_made_cells_step_on_the_grid():
    assert exact_populations(network(cells("a", 3, "interpreter"))) == []
