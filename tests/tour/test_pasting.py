"""Code of the chapters on summation, rates and levels: pasted, it runs by itself."""

import pytest

from rheobase.tour.listing import Listing
from rheobase.tour.pages import levels, rates, summation

CALLS = [
    (summation.four_cells, "four_cells()"),
    (summation.by_quadrature, "by_quadrature([20], [24])"),
    (summation.in_space, "in_space()"),
    (summation.in_time, "in_time(np.arange(0, 9, 4.0))"),
    (summation.with_interneuron, "with_interneuron(np.arange(3.0), '40 nS')"),
    (rates.pulses, "pulses([8.0, 3.0])"),
    (rates.fixed_rates, "fixed_rates(8.0)"),
    (rates.complete, "complete(0)"),
    (rates.by_hand, "by_hand(0, 25)"),
    (rates.self_inhibition, "self_inhibition(np.array([2.1]), '10 ms')"),
    (rates.wilson_cowan, "wilson_cowan([1.0])"),
    (rates.decisions, "decisions(2)"),
    (rates.settled, "settled()"),
    (rates.simulated_rates, "simulated_rates(2)"),
    (rates.predicted_rates, "predicted_rates(np.array([12.0, 15.0]))"),
    (rates.fitted_unit, "fitted_unit()"),
    (rates.step_of_input, "step_of_input(5, np.array([10.0, 0.5, 12.0]))"),
    (levels.traub_miles, "traub_miles(1)"),
    (levels.twice, "twice()"),
    (levels.noise, "noise({})"),
    (levels.a_step, "a_step({})"),
]


@pytest.mark.parametrize(("function", "call"), CALLS, ids=[call for _, call in CALLS])
def test_what_is_shown_can_be_called(function, call):
    space = {}
    exec(Listing().show(function), space)
    assert eval(call, {"np": pytest.importorskip("numpy"), **space}) is not None
