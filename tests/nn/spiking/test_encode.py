"""Encoders: when values spike, how often, and as currents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase import nn
from rheobase.errors import ShapeError, UserError


@settings(deadline=None)  # the first example imports the layers
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(2, 40))
def test_latency_gives_one_spike_the_earlier_the_larger(values: list[float], steps: int) -> None:
    spikes = nn.encode.latency([values], steps)
    assert np.all(spikes.sum(axis=1) == 1)
    times = spikes.argmax(axis=1)[0]
    order = np.argsort(values)
    assert np.all(np.diff(times[order]) <= 0)
    np.testing.assert_array_equal(times, np.floor((1 - np.array(values)) * (steps - 1) + 0.5))


def test_latency_can_be_turned_round_and_moved() -> None:
    spikes = nn.encode.latency([[2.0, 4.0, 9.0]], 10, low=4.0, high=2.0, first=3, last=7)
    assert spikes.argmax(axis=1)[0].tolist() == [3, 7, 7]


def test_rate_spikes_with_its_probability() -> None:
    spikes = nn.encode.rate(np.array([[0.0, 0.5, 1.0]]), 20000, highest=0.2, seed=3)
    np.testing.assert_allclose(spikes.mean(axis=1)[0], [0, 0.1, 0.2], atol=0.01)
    np.testing.assert_array_equal(spikes, nn.encode.rate([[0.0, 0.5, 1.0]], 20000, highest=0.2,
                                                         seed=3))  # fmt: skip


def test_current_holds_the_values() -> None:
    found = nn.encode.current([[1.0, -2.0]], 4, first=1, last=2)
    assert found[0].tolist() == [[0, 0], [1, -2], [1, -2], [0, 0]]


def test_wrong_values_are_told() -> None:
    with pytest.raises(ShapeError, match=r"x has shape \(3,\): values must be \(batch, features\)"):
        nn.encode.rate([0.1, 0.2, 0.3], 5)
    with pytest.raises(UserError, match=r"must be a probability, 0 to 1; it goes from 0.2 to 2"):
        nn.encode.rate([[1.0, 10.0]], 5, highest=0.2)
    for encode in (nn.encode.latency, nn.encode.rate, nn.encode.current):
        with pytest.raises(UserError, match=r"x is not finite\ngiven: x\[0, 1\] = nan"):
            encode([[0.5, np.nan]], 5)
        with pytest.raises(ShapeError, match="steps must be a whole number above 0"):
            encode([[0.5]], 0)
    with pytest.raises(UserError, match="low and high are both 1"):
        nn.encode.latency([[1.0]], 5, low=1.0, high=1.0)
    with pytest.raises(UserError, match="spikes in steps 0 to 5 of 5"):
        nn.encode.latency([[1.0]], 5, last=5)
