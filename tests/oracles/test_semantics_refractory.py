"""How long a cell is held after a spike, and what it then misses."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, network, spikes_at, steps_of, values

import rheobase as rb
from rheobase.units import ms

SHADOWED = COUNTER + "du/dt = I/ms : 1"


@pytest.mark.parametrize("tau_ref, held", [
    (0.0, 0), (0.4, 0), (0.5, 1), (0.6, 1), (1.0, 1), (2.0, 2), (2.4, 2), (2.5, 3), (2.6, 3),
])  # fmt: skip
def test_after_a_spike_a_cell_is_held_for_the_rounded_number_of_steps(backend, tau_ref, held):
    net = network()
    cell = net.add(COUNTER(tau_ref=tau_ref * ms), name="cell")
    net.inject(cell, rb.stimuli.step(1.0))
    net.record(cell, "v")
    result = net.run(12 * ms, backend=backend)
    v = ([0, 1, 2] + [0] * held) * 5
    assert values(result, "cell", "v") == v[:12]
    assert steps_of(result, "cell") == list(range(2, 12, 3 + held))


def test_each_cell_may_have_its_own_refractory_time(backend):
    net = network()
    cells = net.add(COUNTER, 3, name="cells")
    cells.tau_ref = [0, 1, 4] * ms
    net.inject(cells, rb.stimuli.step(3.0))
    result = net.run(10 * ms, backend=backend)
    assert steps_of(result, "cells", 0) == list(range(10))
    assert steps_of(result, "cells", 1) == [0, 2, 4, 6, 8]
    assert steps_of(result, "cells", 2) == [0, 5]


def test_only_variables_unless_refractory_are_held(backend):
    net = network()
    cell = net.add(SHADOWED, name="cell")
    net.inject(cell, rb.stimuli.step(1.0))
    net.record(cell, "v", "u")
    result = net.run(7 * ms, backend=backend)
    assert values(result, "cell", "v") == [0, 1, 2, 0, 0, 0, 1]
    assert values(result, "cell", "u") == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("tau_ref, lost", [(0, []), (1, [3, 4]), (2, [3, 4, 5])])
@pytest.mark.parametrize(
    "statement", ["v += weight; u += weight", "u = u + weight; v = v + weight"]
)
def test_arrivals_at_a_held_variable_are_lost(backend, statement, tau_ref, lost):
    """The cells spike in step 3; cell k gets one arrival, in step k."""
    model = rb.Model(
        "dv/dt = 0*v/ms : 1 (unless refractory)\ndu/dt = 0*u/ms : 1",
        threshold="v > 3", reset="v = 0", refractory="tau_ref", receives=statement,
        parameters=dict(tau_ref=tau_ref * ms), method="euler",
    )  # fmt: skip
    net = network()
    cells = net.add(model, 10, name="cells")
    net.drive(cells, spikes_at(*[[2]] * 10), weight=8.0)
    net.drive(cells, spikes_at(*[[k] for k in range(10)]), weight=0.25)
    result = net.run(10 * ms, backend=backend)
    assert result.spikes["cells"].count == 10
    kept = [k not in lost and k > 2 for k in range(10)]  # before the spike: reset with v
    np.testing.assert_array_equal(cells.v.magnitude, 0.25 * np.array(kept))
    np.testing.assert_array_equal(cells.u.magnitude, 8.25)


def test_the_state_tells_the_time_left(backend):
    net = network()
    cell = net.add(COUNTER(tau_ref=3 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(3.0))
    left = []
    for _ in range(6):
        net.run(1 * ms, backend=backend)
        left.append(float(cell.refractory_left.to(ms).magnitude[0]))
    assert left == pytest.approx([3, 2, 1, 0, 3, 2])
    assert cell.last_spike.to(ms).magnitude.tolist() == pytest.approx([4])


def test_cells_can_start_refractory(backend):
    net = network()
    cells = net.add(COUNTER, 3, name="cells")
    cells.refractory_left = [0, 2, 5] * ms
    net.inject(cells, rb.stimuli.step(1.0))
    net.record(cells, "v")
    result = net.run(6 * ms, backend=backend)
    assert values(result, "cells", "v", 0) == [0, 1, 2, 0, 0, 0]
    assert values(result, "cells", "v", 1) == [0, 0, 0, 1, 2, 0]
    assert values(result, "cells", "v", 2) == [0, 0, 0, 0, 0, 0]


# -- a condition ----------------------------------------------------------------------------


def follower(**options):
    """Return a model whose v is 0, 1, 2 ... as it is told, step by step."""
    return rb.Model(
        "dv/dt = I/ms : 1\nI : 1 (input)", threshold="v > 0.5", method="euler", **options
    )


def told(backend, model, course):
    """Return the spikes of a cell whose v after step k is course[k]."""
    net = network()
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.from_array(np.diff([0.0, *course]), dt=1 * ms))
    net.record(cell, "v")
    result = net.run(len(course) * ms, backend=backend)
    assert values(result, "cell", "v") == pytest.approx([0, *course[:-1]], abs=1e-12)
    return steps_of(result, "cell")


COURSE = [0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0]


def test_a_condition_holds_a_cell_as_long_as_it_is_true(backend):
    assert told(backend, follower(refractory="v > 0.5"), COURSE) == [1, 5, 8]


def test_a_condition_below_the_threshold_waits_for_the_return(backend):
    course = [0, 1, 0.3, 1, 0.3, 0.1, 1, 0.1, 1]
    assert told(backend, follower(refractory="v > 0.2"), course) == [1, 6, 8]


def test_without_reset_a_duration_spaces_the_spikes(backend):
    assert told(backend, follower(refractory="2*ms"), COURSE) == [1, 5, 8]
    assert told(backend, follower(refractory="1*ms"), COURSE) == [1, 3, 5, 8]


def test_a_model_without_reset_has_to_say_how_long_it_is_refractory():
    with pytest.raises(rb.errors.EquationError) as refused:
        follower()
    assert "without reset and refractory would be a spike in every step" in str(refused.value)
    assert 'refractory="..." with a condition or a duration' in str(refused.value)


def test_a_condition_holds_variables_and_loses_arrivals(backend):
    model = rb.Model(
        "dv/dt = 0*v/ms : 1 (unless refractory)\ndh/dt = -1/ms : 1",
        threshold="v > 3", reset="v = 0; h = 2.5", refractory="h > 0", receives="v += weight",
        method="euler",
    )  # fmt: skip
    net = network()
    cells = net.add(model, 10, name="cells")
    net.drive(cells, spikes_at(*[[2]] * 10), weight=8.0)
    net.drive(cells, spikes_at(*[[k] for k in range(10)]), weight=0.25)
    result = net.run(10 * ms, backend=backend)
    assert result.spikes["cells"].count == 10
    # spike in 3; at the start of 4, 5, 6 h is 2.5, 1.5, 0.5; at the start of 7 it is -0.5
    assert cells.v.magnitude.tolist() == [0, 0, 0, 0, 0, 0, 0, 0.25, 0.25, 0.25]
