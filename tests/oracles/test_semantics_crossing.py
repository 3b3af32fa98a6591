"""crossing="linear": where in a step a spike is, and what becomes of the rest of the step."""

import numpy as np
import pytest
from tests.oracles.tiny import INBOX, network, spikes_at, values

import rheobase as rb
from rheobase.units import Hz, ms, mV, second

RISER = rb.Model(
    "dv/dt = I/ms : 1 (unless refractory)\nI : 1 (input)",
    threshold="v > 1", reset="v = 0", refractory="tau_ref", receives="v += weight",
    parameters=dict(tau_ref=2 * ms), crossing="linear", method="euler",
)  # fmt: skip
"""v grows by I in every step; what follows is arithmetic on straight lines."""


def risen(backend, slope, steps, model=RISER, **options):
    net = network(**options)
    cell = net.add(model, name="cell")
    net.inject(cell, rb.stimuli.step(slope))
    net.record(cell, "v")
    result = net.run(steps * ms, backend=backend)
    return result.spikes["cell"][0] * 1e3, values(result, "cell", "v")


def test_the_time_of_a_spike_is_interpolated(backend):
    times, v = risen(backend, 0.375, 8)
    # 0.375, 0.75, 1.125: the crossing is 2/3 into step 2; held until 4 2/3
    assert times == pytest.approx([2 + 2 / 3, 2 + 2 / 3 + 2 + 1 / 0.375], abs=1e-12)
    assert v == pytest.approx([0, 0.375, 0.75, 0, 0, 0.125, 0.5, 0.875], abs=1e-12)


def test_times_count_from_the_start_of_the_clock(backend):
    times, _ = risen(backend, 0.375, 8, start=100 * ms)
    assert times == pytest.approx([102 + 2 / 3, 107 + 1 / 3], abs=1e-9)


def test_straight_lines_give_exact_intervals(backend):
    times, _ = risen(backend, 0.3, 200, RISER(tau_ref=1.7 * ms))
    np.testing.assert_allclose(times, np.arange(1, times.size + 1) * (1 / 0.3 + 1.7) - 1.7,
                               atol=1e-10)  # fmt: skip


def test_a_cell_can_cross_in_the_step_in_which_refractoriness_ends(backend):
    times, v = risen(backend, 5.0, 12, RISER(tau_ref=1.5 * ms))
    assert times == pytest.approx(0.2 + 1.7 * np.arange(7), abs=1e-12)
    # held until 1.7, then up at once: 1.9; at 6.8 it is let go, and crosses at 7.0 or so
    assert v[:2] == [0, 0]


def test_one_spike_a_step_and_cell(backend):
    times, _ = risen(backend, 50.0, 5, RISER(tau_ref=1 * ms))
    np.testing.assert_allclose(times, 0.02 + 1.02 * np.arange(5), atol=1e-12)


@pytest.mark.parametrize("threshold, first", [("v > 1", 3), ("v >= 1", 2)])
def test_an_end_exactly_on_the_threshold(backend, threshold, first):
    """0.5, 1: `>=` crosses at the very end of step 1, `>` at the very start of step 2."""
    model = rb.Model(
        "dv/dt = I/ms : 1 (unless refractory)\nI : 1 (input)", threshold=threshold, reset="v = 0",
        refractory="2*ms", crossing="linear", method="euler",
    )  # fmt: skip
    times, v = risen(backend, 0.5, 6, model)
    assert times[0] == 2.0
    assert v[: first + 1] == ([0, 0.5, 1, 0] if first == 3 else [0, 0.5, 0])


@pytest.mark.filterwarnings("ignore:.*start above threshold")
def test_already_above_at_the_start_of_a_step_the_offset_is_0(backend):
    net = network()
    cells = net.add(RISER, 3, name="cells")
    cells[0].v = 7.0
    net.inject(cells, rb.stimuli.step(0.25))
    net.drive(cells, spikes_at([], [2], []), weight=3.0)  # over the threshold after step 2
    spikes = net.run(4 * ms, backend=backend).spikes["cells"]
    assert spikes[0].tolist() == [0]
    assert spikes[1].tolist() == [0.003]
    assert spikes[2].tolist() == []


def test_starting_above_threshold_is_warned_of(backend):
    net = network()
    cells = net.add(RISER, 3, name="cells")
    cells[1].v = 7.0
    with pytest.warns(rb.errors.RheobaseWarning, match="1 of 3 cells of 'cells' start above"):
        net.run(1 * ms, backend=backend)


def test_offsets_stay_within_the_step(backend):
    """Whatever the numbers: k dt <= t <= (k + 1) dt."""
    net = rb.Network(dt=0.1 * ms, seed=3)
    cells = net.add(RISER(tau_ref=0.25 * ms), 200, name="cells")
    net.inject(cells, rb.stimuli.step(np.linspace(0.01, 30, 200)))
    net.record(cells, "v")
    result = net.run(30 * ms, backend=backend)
    steps = result.spikes["cells"].times / 1e-4
    assert np.all(steps >= 0)
    assert result.traces["cells"].v.values.max() <= 1
    for cell in range(200):
        gaps = np.diff(result.spikes["cells"][cell]) * 1e3
        np.testing.assert_allclose(gaps, 0.25 + 1 / np.linspace(0.01, 30, 200)[cell], atol=1e-9)


def test_other_reset_statements_act_on_values_at_the_end_of_the_step(backend):
    model = rb.Model(
        "dv/dt = 0.75/ms : 1 (unless refractory)\ndw/dt = 1/ms : 1\ndu/dt = 1/ms : 1",
        threshold="v > 1", reset="v = 0.25; w += 10; u = 3", refractory="tau",
        parameters=dict(tau=1 * ms), crossing="linear", method="euler",
    )  # fmt: skip
    net = network()
    cell = net.add(model, name="cell")
    net.record(cell, "v", "w", "u")
    result = net.run(4 * ms, backend=backend)
    # crossing at 1 1/3, held until 2 1/3, then 2/3 of a step from 0.25
    assert values(result, "cell", "v") == pytest.approx([0, 0.75, 0.25, 0.75])
    assert values(result, "cell", "w") == [0, 1, 12, 13]
    assert values(result, "cell", "u") == [0, 1, 3, 4]


def test_what_is_left_of_a_step_uses_the_slopes_at_its_start(backend):
    """The course's own numbers, row by row."""
    net = rb.Network(dt=1 * ms)
    cells = net.add(rb.models.NormalizedLIF, 3, name="cells")
    cells.s = [0.0, 0.5, 1.3]
    cells.v = [0.0, 0.0, 0.98]
    cells.refractory_left = [0, 1.5, 0] * ms
    net.record(cells, "s", "v")
    left = [cells.refractory_left.to(second).magnitude]
    for _ in range(4):
        net.run(1 * ms, backend=backend)
        left.append(cells.refractory_left.to(second).magnitude)
    left = np.array(left)
    np.testing.assert_allclose(left[1:3, 1], [0.0005, 0], atol=1e-12)
    np.testing.assert_allclose(left[3:5, 2], [0.00029, 0], atol=6e-6)
    assert cells.v.magnitude[2] == pytest.approx(0.0436, abs=5e-5)
    assert net.last_result.duration == pytest.approx(0.001)


def test_the_courses_spike_time(backend):
    net = rb.Network(dt=1 * ms, start=300 * ms)
    cell = net.add(rb.models.NormalizedLIF, name="cell")
    cell.s, cell.v = 1.3, 0.98
    net.record(cell, "s", "v")
    result = net.run(5 * ms, backend=backend)
    assert result.spikes["cell"][0] == pytest.approx([0.30129], abs=5e-6)
    assert values(result, "cell", "s") == pytest.approx([1.3, 1.274, 1.249, 1.224, 1.199], abs=6e-4)
    assert values(result, "cell", "v") == pytest.approx([0.98, 0.996, 0, 0, 0.0436], abs=5e-5)


@pytest.mark.parametrize("statement", ["v += weight", "v = v + weight"])
def test_arrivals_are_lost_as_long_as_time_is_left_at_the_end_of_the_step(backend, statement):
    """A crossing at 0.25 ms is held until 2.25 ms: arrivals in steps 0 and 1 are lost."""
    model = rb.Model(
        "dv/dt = I/ms : 1 (unless refractory)\nI : 1 (input)", threshold="v > 1", reset="v = 0",
        refractory="2*ms", receives=statement, crossing="linear", method="euler",
    )  # fmt: skip
    net = network()
    cells = net.add(model, 6, name="cells")
    net.inject(cells, rb.stimuli.step(4.0, stop=1 * ms))
    net.drive(cells, spikes_at(*[[k] for k in range(6)]), weight=0.5)
    result = net.run(7 * ms, backend=backend)
    np.testing.assert_allclose(result.spikes["cells"].times, 0.00025)
    assert cells.v.magnitude.tolist() == [0, 0, 0.5, 0.5, 0.5, 0.5]


def test_a_spike_inside_a_step_is_delivered_as_one_of_the_step(backend):
    net = network()
    cell = net.add(RISER, name="cell")
    net.inject(cell, rb.stimuli.step(0.375, stop=3 * ms))
    box = net.add(INBOX, 2, name="box")
    net.connect(cell, box, weight=1.0, delay=[0, 1] * ms)
    net.record(box, "x")
    x = net.run(6 * ms, backend=backend).traces["box"].x.values
    np.testing.assert_array_equal(np.argmax(x > 0, axis=0) - 1, [2, 3])


def test_a_step_longer_than_the_refractory_time_is_refused(backend):
    net = network()
    net.add(RISER(tau_ref=0.5 * ms), name="cells")
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(1 * ms, backend=backend)
    text = str(refused.value)
    assert "'cells': crossing=\"linear\" needs dt of at most the refractory period" in text
    assert "rb.Network(dt=0.5*ms)" in text


def test_a_linear_crossing_without_refractory_period_is_refused(backend):
    net = network()
    net.add(rb.Model("dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0", crossing="linear"))
    with pytest.raises(rb.errors.UserError) as refused:
        net.run(1 * ms, backend=backend)
    assert "expected: a refractory period of at least one step" in str(refused.value)
    assert 'give the model a refractory period, or use crossing="grid"' in str(refused.value)


def test_one_cell_with_too_short_a_refractory_time_is_enough(backend):
    net = network()
    cells = net.add(RISER, 3, name="cells")
    cells[1].tau_ref = 0.999 * ms
    with pytest.raises(rb.errors.UserError, match="refractory"):
        net.run(1 * ms, backend=backend)


@pytest.mark.parametrize("threshold", ["v > 1 and v < 2", "v == 1", "not v < 1", "1 < v"])
def test_other_thresholds_are_refused(threshold):
    with pytest.raises(rb.errors.EquationError, match="linear"):
        rb.Model("dv/dt = 1/ms : 1", threshold=threshold, reset="v = 0", refractory="2*ms",
                 crossing="linear")  # fmt: skip


def test_a_linear_model_with_units(backend):
    model = rb.Model(
        "dv/dt = (E - v)/tau : mV (unless refractory)",
        threshold="v > V_T", reset="v = V_r", refractory="2*ms",
        parameters=dict(E=10 * mV, tau=10 * ms, V_T=0.5 * mV, V_r=0 * mV), crossing="linear",
        method="euler",
    )  # fmt: skip
    net = network()
    net.add(model, name="cell")
    times = net.run(10 * ms, backend=backend).spikes["cell"][0] * 1e3
    # every time 1 mV/ms from 0: 0.5 ms after the end of what is left, always from v = 0 with
    # the slope of a whole or a part of a step from 0
    assert times == pytest.approx([0.5, 3.0, 5.5, 8.0])


def test_regular_trains_replayed_through_linear_cells(backend):
    net = rb.Network(dt=1 * ms)
    cell = net.add(rb.models.NormalizedLIF(tau_s=100 * ms), name="cell")
    net.connect(net.add(rb.stimuli.regular_spikes(30 * Hz, 1 * second)), cell, weight=0.05)
    assert net.run(1 * second, backend=backend).spikes["cell"].count == 36
