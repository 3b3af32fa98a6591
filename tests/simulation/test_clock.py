"""The clock: whole steps, and times that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rheobase as rb
from rheobase.simulation.clock import Clock, one_time
from rheobase.units import ms, mV, second


@given(step=st.integers(0, 2**40), dt=st.sampled_from([1e-3, 1e-4, 2.5e-5, 1e-5]))
def test_time_comes_from_the_whole_number_of_steps(step, dt):
    assert Clock(dt, 0.5, step).time == 0.5 + step * dt


@given(steps=st.integers(0, 10**9), dt=st.sampled_from([1e-3, 1e-4, 2.5e-5, 1e-5]))
def test_multiples_of_the_step_are_whole(steps, dt):
    assert Clock(dt).steps_of(f"{steps * dt!r} second", "it", "it", "it") == steps


def test_a_shortest_time():
    clock = Clock(1e-4)
    assert clock.steps_of(0 * ms, "the duration", "duration", "net.run(1*second)") == 0
    with pytest.raises(rb.errors.UserError) as refused:
        clock.steps_of(0 * ms, "the interval", "every", "every=1*ms", least=1)
    assert "the interval is shorter than a step" in str(refused.value)
    assert "0.1 ms or longer" in str(refused.value)
    assert "write every=1*ms" in str(refused.value)


def test_one_time():
    assert one_time(3 * second, "it", "it") == 3.0
    with pytest.raises(rb.errors.ShapeError, match="it is one time\ngiven: 2 times\nwrite x"):
        one_time([1, 2] * ms, "it", "x")
    with pytest.raises(rb.errors.UnitError, match="it: expected a time"):
        one_time(3 * mV, "it", "x")
