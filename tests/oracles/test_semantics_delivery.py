"""When spikes arrive, and in which order."""

import numpy as np
import pytest
from tests.oracles.tiny import COUNTER, DIGITS, INBOX, network, spikes_at, values

import rheobase as rb
from rheobase.units import Hz, ms, us


def arrivals(backend, delay, times=(2,), steps=10, **options):
    """Return the steps in which spikes of these times arrive."""
    net = network(**options)
    box = net.add(INBOX, name="box")
    net.connect(net.add(spikes_at(*times)), box, weight=1.0, delay=delay)
    net.record(box, "x")
    net.run((steps - 1) * ms, backend=backend)
    result = net.last_result
    x = [*values(result, "box", "x"), box.x.magnitude[0]]
    return np.flatnonzero(np.diff(x)).tolist()


# -- delays ---------------------------------------------------------------------------------


@pytest.mark.parametrize("delay, step", [
    (None, 3), (0 * ms, 2), (1 * ms, 3), (3 * ms, 5), ("2 ms", 4), (3.0000005 * ms, 5),
    (2.9999995 * ms, 5), (2000 * us, 4),
])  # fmt: skip
def test_a_spike_of_step_2_arrives_its_delay_later(backend, delay, step):
    assert arrivals(backend, delay) == [step]


def test_a_cell_is_reached_as_a_source_is(backend):
    """A spike of a cell in step 2, where the train above has its own."""
    net = network()
    cell = net.add(COUNTER, name="cell")
    net.inject(cell, rb.stimuli.step(1.0, stop=3 * ms))
    box = net.add(INBOX, 3, name="box")
    net.connect(cell, box, weight=1.0, delay=[0, 1, 4] * ms)
    net.record(box, "x")
    x = net.run(9 * ms, backend=backend).traces["box"].x.values
    np.testing.assert_array_equal(np.argmax(x > 0, axis=0) - 1, [2, 3, 6])


def test_heterogeneous_delays_of_one_projection(backend):
    net = network()
    box = net.add(INBOX, 4, name="box")
    source = net.add(spikes_at([0, 5], [2]), name="source")
    made = net.connect(source, box, weight="1 + i", delay=[[3, 1, 7, 1], [2, 2, 0, 9]] * ms)
    net.record(box, "x")
    x = net.run(15 * ms, backend=backend).traces["box"].x.values
    expected = np.zeros((15, 4))
    for i, times in enumerate([[0, 5], [2]]):
        for j in range(4):
            for t in times:
                expected[t + [[3, 1, 7, 1], [2, 2, 0, 9]][i][j] + 1 :, j] += 1 + i
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_allclose(made.delays.to(ms).magnitude, [3, 1, 7, 1, 2, 2, 0, 9])


def test_drawn_delays_are_rounded_to_the_nearest_step_and_are_at_least_one():
    net = network()
    source, box = net.add(COUNTER, 20, name="cells"), net.add(INBOX, 20, name="box")
    made = net.connect(source, box, weight=1.0, delay=rb.random.uniform(0 * ms, 4 * ms))
    steps, counts = np.unique(made.delays.to(ms).magnitude.round(9), return_counts=True)
    assert steps.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(counts / 400, [0.375, 0.25, 0.25, 0.125], atol=0.09)
    never = net.connect(
        net.add(COUNTER, 20), box, weight=1.0, delay=rb.random.uniform(0 * ms, 0.4 * ms)
    )
    assert np.all(never.delays.to(ms).magnitude == 1)


@pytest.mark.parametrize("delay, nearest", [
    (1.5 * ms, "delay=1*ms or delay=2*ms"),
    (0.25 * ms, "delay=0*ms or delay=1*ms"),
    (2.00001 * ms, "delay=2*ms or delay=3*ms"),
])  # fmt: skip
def test_a_delay_off_the_grid_is_refused_with_the_two_nearest(delay, nearest):
    net = network()
    with pytest.raises(rb.errors.WiringError) as refused:
        net.connect(net.add(spikes_at(1)), net.add(INBOX), weight=1.0, delay=delay)
        net.run(1 * ms, backend="interpreter")
    assert "is not a multiple of the step, 1*ms" in str(refused.value)
    assert nearest in str(refused.value)


def test_durations_and_intervals_off_the_grid_are_refused_with_the_two_nearest():
    net = network()
    cell = net.add(INBOX)
    for call in (
        lambda: net.run(2.5 * ms),
        lambda: net.record(cell, "x", every=2.5 * ms),
        lambda: net.every(2.5 * ms, print),
    ):
        with pytest.raises(rb.errors.WiringError) as refused:
            call()
        text = str(refused.value)
        assert "2.5*ms is not a multiple of the step, 1*ms" in text
        assert "2*ms" in text.splitlines()[-1] and "3*ms" in text.splitlines()[-1]


def test_a_delay_below_nothing_is_refused():
    net = network()
    with pytest.raises(rb.errors.WiringError, match="the delay is negative"):
        net.connect(net.add(spikes_at(1)), net.add(INBOX), weight=1.0, delay=-1 * ms)
        net.run(1 * ms, backend="interpreter")


# -- order of arrivals ----------------------------------------------------------------------


def written(backend, build):
    """Return what a cell that writes digits wrote."""
    net = network()
    box = net.add(DIGITS, name="box")
    build(net, box)
    net.run(10 * ms, backend=backend)
    return int(box.x.magnitude[0])


def test_the_oldest_emission_comes_first(backend):
    def build(net, box):
        net.connect(net.add(spikes_at(5)), box, weight=3.0, delay=1 * ms)
        net.connect(net.add(spikes_at(2)), box, weight=1.0, delay=4 * ms)
        net.connect(net.add(spikes_at(4)), box, weight=2.0, delay=2 * ms)

    assert written(backend, build) == 123


@pytest.mark.filterwarnings("ignore:.*connected in the same way")
def test_then_the_projection_created_first(backend):
    def build(net, box):
        late, early = net.add(spikes_at(5), name="a"), net.add(spikes_at(5), name="b")
        net.connect(early, box, weight=1.0, name="z")
        net.connect(late, box, weight=2.0, name="y")
        net.connect(early, box, weight=3.0, name="x")

    assert written(backend, build) == 123


def test_then_the_source_index_then_the_place_in_the_row(backend):
    def build(net, box):
        source = net.add(spikes_at([5], [5], [5]))
        rule = rb.rules.pairs([2, 0, 1, 0], [0, 0, 0, 0])
        made = net.connect(source, box, rule, weight=[4.0, 1.0, 3.0, 2.0])
        assert made.pre.tolist() == [0, 0, 1, 2]
        assert made.weights.magnitude.tolist() == [1, 2, 3, 4]

    assert written(backend, build) == 1234


def test_heterogeneous_delays_keep_the_order(backend):
    def build(net, box):
        source = net.add(spikes_at([5, 6], [5], [4, 6]))
        rule = rb.rules.pairs([0, 0, 0, 1, 2], [0, 0, 0, 0, 0])
        net.connect(source, box, rule, weight=[1.0, 2.0, 3.0, 4.0, 5.0],
                    delay=[2, 1, 2, 2, 3] * ms)  # fmt: skip

    # 6: 2 (0 at 5). 7: 5 (2 at 4), 1 3 (0 at 5), 4 (1 at 5), 2 (0 at 6). 8: 1 3 (0 at 6). 9: 5
    assert written(backend, build) == 251342135


def test_drives_come_after_what_is_on_its_way_and_delay_0_last(backend):
    def build(net, box):
        source = net.add(spikes_at(5))
        net.connect(source, box, weight=5.0, delay=0 * ms)
        net.connect(net.add(spikes_at(5)), box, weight=6.0, delay=0 * ms)
        net.drive(box, spikes_at(5), weight=3.0)
        net.drive(box, spikes_at(5), weight=4.0)
        net.connect(net.add(spikes_at(4)), box, weight=2.0)
        net.connect(net.add(spikes_at(3)), box, weight=1.0, delay=2 * ms)

    assert written(backend, build) == 123456


def test_sums_are_taken_in_the_same_order(backend):
    """2**53 + 1 is 2**53: only (large - large) + 1 leaves the 1."""
    large = 2.0**53

    def total(first, second, third):
        net = network()
        box = net.add(INBOX, name="box")
        net.connect(net.add(spikes_at(5)), box, weight=third, delay=0 * ms)
        net.drive(box, spikes_at(5), weight=second)
        net.connect(net.add(spikes_at(4)), box, weight=first)
        net.run(10 * ms, backend=backend)
        return box.x.magnitude[0]

    assert total(large, -large, 1.0) == 1
    assert total(large, 1.0, -large) == 0
    assert total(1.0, large, -large) == 0


def test_events_of_one_drive_run_cell_by_cell(backend):
    net = network()
    box = net.add(DIGITS, 3, name="box")
    net.drive(box[[2, 0]], spikes_at([1, 1], [2, 3]), weight=[1.0, 2.0])
    net.run(5 * ms, backend=backend)
    assert box.x.magnitude.tolist() == [22, 0, 11]


# -- inputs of a model ----------------------------------------------------------------------

TWO = rb.Model(
    "dg/dt = 0*g/ms : 1\ndh/dt = 0*h/ms : 1\nscale : 1",
    receives=dict(plus="g += scale*weight", minus="g -= weight; h += 1", last="h = weight*g"),
    parameters=dict(scale=2.0),
    method="euler",
)


def test_a_model_can_have_several_inputs(backend):
    net = network()
    cells = net.add(TWO, 2, name="cells")
    cells.scale = [2.0, 3.0]
    source = net.add(spikes_at(1))
    net.connect(source, cells, weight=10.0, to="plus")
    net.connect(source, cells, weight=1.0, to="minus", delay=2 * ms)
    net.connect(source, cells, weight=5.0, to="last", delay=4 * ms)
    net.record(cells, "g", "h")
    result = net.run(7 * ms, backend=backend)
    assert values(result, "cells", "g", 0) == [0, 0, 0, 20, 19, 19, 19]
    assert values(result, "cells", "g", 1) == [0, 0, 0, 30, 29, 29, 29]
    assert values(result, "cells", "h", 0) == [0, 0, 0, 0, 1, 1, 95]


def test_with_several_inputs_one_has_to_be_named():
    net = network()
    with pytest.raises(rb.errors.WiringError, match="several inputs for spikes; say which"):
        net.connect(net.add(spikes_at(1)), net.add(TWO), weight=1.0)


def test_weights_set_between_runs_count_from_then_on(backend):
    net = network()
    box = net.add(INBOX, name="box")
    made = net.connect(net.add(spikes_at(1, 3, 5)), box, weight=1.0, delay=2 * ms)
    net.run(4 * ms, backend=backend)
    assert box.x.magnitude.tolist() == [1]
    made.weights = 10.0  # the spike of 3 ms is on its way, and arrives with the new weight
    net.run(6 * ms, backend=backend)
    assert box.x.magnitude.tolist() == [21]


# -- Poisson sources ------------------------------------------------------------------------


def test_two_events_in_a_step_are_delivered_and_recorded_twice(backend):
    net = network()
    source = net.add(rb.stimuli.poisson(2000 * Hz), 3, name="source")  # two a step
    box = net.add(INBOX, 3, name="box")
    net.connect(source, box, rb.rules.one_to_one(), weight=1.0, delay=0 * ms)
    net.record(box, "x")
    result = net.run(50 * ms, backend=backend)
    for cell in range(3):
        times = np.round(result.spikes["source"][cell] * 1e3).astype(int)
        counts = np.bincount(times, minlength=50)
        assert counts.max() > 2
        np.testing.assert_array_equal(
            values(result, "box", "x", cell), np.concatenate([[0], np.cumsum(counts)[:-1]])
        )


def test_a_poisson_drive_runs_events_one_by_one(backend):
    net = network()
    once = net.add(INBOX, name="once")
    each = net.add(rb.Model("dx/dt = 0*x/ms : 1", receives="x = 2*x + weight", method="euler"),
                   name="each")  # fmt: skip
    net.drive(each, rb.stimuli.poisson(1500 * Hz), weight=1.0)
    net.drive(once, rb.stimuli.poisson(1500 * Hz), weight=1.0)
    net.run(20 * ms, backend=backend)
    events = np.log2(each.x.magnitude[0] + 1)  # n times x -> 2x + 1 from 0 gives 2**n - 1
    assert events == np.rint(events) and 10 < events < 60
    assert 10 < once.x.magnitude[0] < 60
