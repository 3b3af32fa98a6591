import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.errors import WiringError
from rheobase.network import grid

DTS = st.sampled_from([1e-3, 1e-4, 2.5e-5, 5e-4, 1 / 3000])


@given(st.integers(0, 10**8), DTS, st.floats(-5e-7, 5e-7))
def test_a_time_near_a_grid_point_is_on_it(step, dt, off):
    steps, offsets = grid.bin_times([(step + off) * dt], dt)
    assert steps[0] == step
    assert offsets[0] == 0.0


@given(st.integers(0, 10**6), DTS, st.floats(1e-5, 1 - 1e-5))
def test_a_time_inside_a_step_keeps_its_offset(step, dt, inside):
    steps, offsets = grid.bin_times([(step + inside) * dt], dt)
    assert steps[0] == step
    assert offsets[0] == pytest.approx(inside * dt, rel=1e-3, abs=1e-9 * dt)
    assert 0 <= offsets[0] < dt


def test_times_count_from_the_start_of_the_network():
    steps, offsets = grid.bin_times([0.0, 0.1, 0.10005], 1e-4, start=0.1)
    np.testing.assert_array_equal(steps, [-1000, 0, 0])
    np.testing.assert_allclose(offsets, [0, 0, 5e-5], atol=1e-12)


def test_the_inputs_of_the_ring_oscillator_are_on_the_grid():
    # course.md C: 0.10, 0.14, 0.18, 0.22 and 0.26 s arrived a step early in the notebook
    times = 0.02 + 0.04 * np.arange(7)
    np.testing.assert_array_equal(grid.bin_times(times, 1e-3)[0], [20, 60, 100, 140, 180, 220, 260])


def test_nearest_steps_round_halves_up():
    found = grid.nearest_steps([0.0, 0.4e-3, 0.5e-3, 1.5e-3, 0.7e-3], 1e-3)
    np.testing.assert_array_equal(found, [0, 0, 1, 2, 1])


@given(st.integers(0, 10**7), DTS)
def test_whole_steps(step, dt):
    assert grid.whole_steps(step * dt, dt, "the delay") == step


def test_a_time_off_the_grid_is_refused_with_the_two_nearest():
    with pytest.raises(WiringError) as refused:
        grid.whole_steps(0.25e-3, 1e-4, "the delay", "delay")
    assert str(refused.value) == (
        "the delay of 0.25*ms is not a multiple of the step, 0.1*ms\n"
        "write delay=0.2*ms or delay=0.3*ms"
    )
    with pytest.raises(WiringError, match=r"write 0\*ms or 1\*ms"):
        grid.whole_steps(0.4e-3, 1e-3, "the interval")
    with pytest.raises(WiringError, match="the delay is not finite"):
        grid.whole_steps(np.inf, 1e-3, "the delay")


def test_window_rounds_its_edges():
    assert grid.window(0.0104, 0.0606, 1e-3, 0.0, "step") == (10, 61)
    assert grid.window(0.0104, 0.0606, 1e-3, 0.01, "step") == (0, 51)
    assert grid.window(0.0, None, 1e-3, 0.0, "step") == (0, np.iinfo(np.int64).max)


def test_a_window_that_vanishes_is_refused():
    with pytest.raises(WiringError) as refused:
        grid.window(1.0e-3, 1.04e-3, 1e-4, 0.0, "step")
    assert str(refused.value) == (
        "step from 1*ms to 1.04*ms vanishes on the grid\n"
        "expected: at least one step of 0.1*ms\n"
        "given: 0.04*ms\n"
        "use a smaller dt: edges are rounded to the nearest step"
    )
