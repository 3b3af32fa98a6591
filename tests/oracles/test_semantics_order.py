"""The order within a step: sample, gather, update, threshold, reset, deliver."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, INBOX, network, spikes_at, steps_of, values

import rheobase as rb
from rheobase.units import ms


def grown(current, steps, backend, **options):
    """Return v of one counter that never spikes."""
    net = network(**options)
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    net.inject(cell, current)
    net.record(cell, "v")
    return values(net.run(steps * ms, backend=backend), "cell", "v")


# -- 0. sample ------------------------------------------------------------------------------


def test_the_first_sample_is_the_initial_state_and_the_last_is_before_the_last_step(backend):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    cell.v = 5.0
    net.inject(cell, rb.stimuli.step(1.0))
    net.record(cell, "v")
    result = net.run(3 * ms, backend=backend)
    assert values(result, "cell", "v") == [5, 6, 7]
    assert cell.v.magnitude.tolist() == [8]
    assert result.traces["cell"].time.values.tolist() == [0, 0.001, 0.002]


def test_the_state_at_the_end_is_the_first_sample_of_the_next_run(backend):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    net.inject(cell, rb.stimuli.step(1.0))
    net.record(cell, "v", every=2 * ms)
    assert values(net.run(4 * ms, backend=backend), "cell", "v") == [0, 2]
    again = net.run(3 * ms, backend=backend)
    assert values(again, "cell", "v") == [4, 6]
    assert again.traces["cell"].time.values.tolist() == [0.004, 0.006]
    assert values(net.run(2 * ms, backend=backend), "cell", "v") == [8]  # 7 ms is none of 2 ms


def test_a_sample_is_taken_after_everything_of_the_step_before(backend):
    net = network()
    cell = net.add(COUNTER(tau_ref=0 * ms), name="cell")
    kick = net.add(spikes_at(1), name="kick")
    net.connect(kick, cell, weight=3.0, delay=0 * ms)
    net.record(cell, "v")
    result = net.run(5 * ms, backend=backend)
    assert values(result, "cell", "v") == [0, 0, 3, 0, 0]  # delivered in 1, reset in 2
    assert steps_of(result, "cell") == [2]


# -- 1. gather ------------------------------------------------------------------------------


def test_an_injection_has_its_value_at_the_start_of_the_step(backend):
    ramp = rb.stimuli.ramp(0.0, 4.0, 0 * ms, 4 * ms)
    assert grown(ramp, 5, backend) == pytest.approx([0, 0, 1, 3, 6])


def test_edges_of_a_step_current_are_rounded_to_the_grid(backend):
    late = rb.stimuli.step(1.0, start=1.6 * ms, stop=3.6 * ms)  # steps 2 and 3
    early = rb.stimuli.step(1.0, start=1.4 * ms, stop=3.4 * ms)  # steps 1 and 2
    assert grown(late, 6, backend) == [0, 0, 0, 1, 2, 2]
    assert grown(early, 6, backend) == [0, 0, 1, 2, 2, 2]


def test_injections_count_from_the_start_of_the_clock(backend):
    current = rb.stimuli.step(1.0, start=12 * ms, stop=14 * ms)
    assert grown(current, 6, backend, start=10 * ms) == [0, 0, 0, 1, 2, 2]


def test_injections_into_one_cell_add_and_inputs_start_from_nothing_in_every_step(backend):
    net = network()
    cells = net.add(COUNTER(V_T=1e9), 3, name="cells")
    net.inject(cells, rb.stimuli.step(1.0))
    net.inject(cells[1:], rb.stimuli.step([10.0, 20.0]))
    net.inject(cells[[2, 0]], rb.stimuli.step([100.0, 200.0]))
    net.record(cells, "v")
    found = net.run(3 * ms, backend=backend).traces["cells"].v.values
    np.testing.assert_array_equal(found, np.outer([0, 1, 2], [201, 11, 121]))


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_couplings_read_all_populations_at_the_start_of_the_step(backend, order):
    net = network()
    made = {name: net.add(COUNTER(V_T=1e9), name=name) for name in order}
    made["a"].v, made["b"].v = 1.0, 10.0
    net.connect(made["a"], made["b"], weight=1.0, of="v")
    net.connect(made["b"], made["a"], weight=1.0, of="v")
    for name in order:
        net.record(made[name], "v")
    result = net.run(3 * ms, backend=backend)
    assert values(result, "a", "v") == [1, 11, 22]
    assert values(result, "b", "v") == [10, 11, 22]


@pytest.mark.parametrize("delay, expected", [
    (None, [1, 2, 4, 8, 16]),       # x(k + 1) = x(k) + x(k)
    (0 * ms, [1, 2, 4, 8, 16]),
    (1 * ms, [1, 2, 3, 5, 8]),      # + x(k - 1); before the start x is what it began with
    (2 * ms, [1, 2, 3, 4, 6]),
])  # fmt: skip
def test_a_coupling_reads_the_state_its_delay_ago(backend, delay, expected):
    net = network()
    cell = net.add(COUNTER(V_T=1e9), name="cell")
    cell.v = 1.0
    net.connect(cell, cell, weight=1.0, of="v", delay=delay)
    net.record(cell, "v")
    assert values(net.run(5 * ms, backend=backend), "cell", "v") == expected


def test_couplings_of_different_delays_read_each_its_own_past(backend):
    net = network()
    source = net.add(COUNTER(V_T=1e9), 2, name="source")
    source.v = [0.0, 100.0]
    net.inject(source, rb.stimuli.step(1.0))
    target = net.add(COUNTER(V_T=1e9), name="target")
    net.connect(source, target, weight=[1.0, 10.0], delay=[3, 1] * ms, of="v")
    net.record(target, "I")
    found = values(net.run(6 * ms, backend=backend), "target", "I")
    # the sample at k shows what was held in step k - 1
    assert found == [0, 1000, 1000, 1010, 1020, 1031]


def test_inputs_are_held_during_the_stages_of_a_method(backend):
    net = network()
    cell = net.add(
        rb.Model("dx/dt = I/ms : 1\nI : 1 (input)", method="rk4", initial=dict(x="1")), name="cell"
    )
    net.connect(cell, cell, weight=1.0, of="x")
    net.record(cell, "x")
    assert values(net.run(4 * ms, backend=backend), "cell", "x") == [1, 2, 4, 8]


# -- 2 to 4. update, threshold, reset -------------------------------------------------------


def test_the_threshold_looks_at_the_state_after_the_update(backend):
    net = network()
    cell = net.add(COUNTER(tau_ref=0 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(1.0))
    net.record(cell, "v")
    result = net.run(7 * ms, backend=backend)
    assert values(result, "cell", "v") == [0, 1, 2, 0, 1, 2, 0]
    assert steps_of(result, "cell") == [2, 5]


def test_the_threshold_is_one_of_level(backend):
    net = network()
    cell = net.add(
        rb.Model("dv/dt = I/ms : 1\nI : 1 (input)\nw : 1", threshold="v >= 2", reset="w = w + 1",
                 refractory="0*ms", parameters=dict(w=0.0), method="euler"),
        name="cell",
    )  # fmt: skip
    net.inject(cell, rb.stimuli.step(1.0))
    result = net.run(6 * ms, backend=backend)
    assert steps_of(result, "cell") == [1, 2, 3, 4, 5]
    assert cell.w.magnitude.tolist() == [5]


def test_reset_statements_run_in_order_on_the_state_after_the_update(backend):
    model = rb.Model(
        "dv/dt = 1/ms : 1\ndu/dt = 1/ms : 1\nn : 1",
        threshold="v >= 2", reset="u = 10*v; v = 0; n = n + v + 1; u += n", parameters=dict(n=5.0),
        refractory="0*ms", method="euler",
    )  # fmt: skip
    net = network()
    cell = net.add(model, name="cell")
    net.record(cell, "v", "u", "n")
    result = net.run(4 * ms, backend=backend)
    assert values(result, "cell", "v") == [0, 1, 0, 1]
    assert values(result, "cell", "u") == [0, 1, 26, 27]  # 10*2, then + 6
    assert values(result, "cell", "n") == [5, 5, 6, 6]


def test_refractory_is_evaluated_at_the_reset(backend):
    model = rb.Model(
        "dv/dt = 1/ms : 1 (unless refractory)\nn : 1",
        threshold="v >= 1", reset="v = 0; n += 1", refractory="n*tau",
        parameters=dict(n=0.0, tau=1 * ms), method="euler",
    )  # fmt: skip
    net = network()
    net.add(model, name="cell")
    result = net.run(12 * ms, backend=backend)
    assert steps_of(result, "cell") == [0, 2, 5, 9]  # held for 1, 2, 3 steps in between


# -- 5. deliver -----------------------------------------------------------------------------


def test_an_arrival_comes_after_threshold_and_reset_of_its_step(backend):
    net = network()
    cell = net.add(COUNTER(tau_ref=0 * ms), name="cell")
    net.inject(cell, rb.stimuli.step(1.0))
    net.drive(cell, spikes_at(2), weight=2.0)  # the cell spikes in step 2 by itself
    net.record(cell, "v")
    result = net.run(5 * ms, backend=backend)
    assert values(result, "cell", "v") == [0, 1, 2, 2, 0]  # reset to 0, then + 2
    assert steps_of(result, "cell") == [2, 3]


def test_populations_see_each_others_spikes_of_the_same_step_only_through_delivery(backend):
    for order in (("first", "second"), ("second", "first")):
        net = network()
        made = {name: net.add(COUNTER(tau_ref=0 * ms), name=name) for name in order}
        net.inject(made["first"], rb.stimuli.step(3.0, stop=1 * ms))
        net.connect(made["first"], made["second"], weight=3.0, delay=0 * ms)
        net.connect(made["second"], made["first"], weight=3.0, delay=0 * ms)
        result = net.run(5 * ms, backend=backend)
        assert steps_of(result, "first") == [0, 2, 4]
        assert steps_of(result, "second") == [1, 3]


def test_summed_arrivals_start_from_nothing_and_are_added_once(backend):
    net = network()
    box = net.add(INBOX, name="box")
    box.x = 2.0**53  # adding 1 to it changes nothing, adding 2 does
    net.connect(net.add(spikes_at([1], [1])), box, weight=1.0)
    net.drive(box, spikes_at(0), weight=1.0)
    net.record(box, "x")
    found = np.array(values(net.run(8 * ms, backend=backend), "box", "x")) - 2.0**53
    assert found.tolist() == [0, 0, 0, 2, 2, 2, 2, 2]


def test_the_time_and_parameters_of_each_cell_in_one_expression(backend):
    """Computed for each cell, though neither changes from cell to step."""
    model = rb.Model(
        "dx/dt = slope*t/ms : second\nslope : 1", threshold="x > late*slope*t",
        reset="x = slope*t", refractory="slope*wait", method="euler",
        parameters=dict(slope=1.0, late=1e9, wait=1 * ms),
    )  # fmt: skip
    net = network()
    cells = net.add(model, 3, name="cells")
    cells.slope = [1.0, 2.0, 3.0]
    net.record(cells, "x")
    x = net.run(5 * ms, backend=backend).traces["cells"].x.values
    np.testing.assert_allclose(x, np.outer([0, 0, 1, 3, 6], [1, 2, 3]) * 1e-3, atol=1e-15)
