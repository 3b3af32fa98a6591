"""Readouts: what is read, and the derivative of the first spike as a polynomial of the spikes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from rheobase.nn.spiking import readouts


def first_spike(s: Any) -> Any:
    """The polynomial sum_t t s_t prod_{u<t} (1 - s_u) + T prod (1 - s)."""
    survived, total = 1.0, 0.0
    for t, spike in enumerate(s):
        total += t * spike * survived
        survived *= 1 - spike
    return total + len(s) * survived


def test_first_spike_and_its_derivative_are_those_of_the_polynomial() -> None:
    for bits in itertools.product([0, 1], repeat=5):
        s = np.array(bits, float)
        spikes = np.array(bits, np.uint8).reshape(5, 1, 1)
        assert readouts.read_spikes("first", spikes, 2.0)[0, 0] == 2 * first_spike(s)
        slopes = []
        for t in range(5):
            up, down = s.copy(), s.copy()
            up[t], down[t] = 1, 0  # linear in each
            slopes.append(first_spike(up) - first_spike(down))
        out = np.empty((5, 1, 1))
        readouts.spikes_back("first", np.array([[3.0]]), spikes, 2.0, out)
        np.testing.assert_allclose(out.ravel(), 6 * np.array(slopes))


@pytest.mark.parametrize("readout", ["spikes", "count", "first"])
def test_spikes_are_read(readout: str) -> None:
    spikes = (np.random.default_rng(1).random((6, 3, 2)) < 0.4).astype(np.uint8)
    found = readouts.read_spikes(readout, spikes, 1.0)
    if readout == "spikes":
        np.testing.assert_array_equal(found, spikes.transpose(1, 0, 2) > 0)
    elif readout == "count":
        np.testing.assert_array_equal(found, spikes.sum(axis=0))
    else:
        assert found[0, 0] == (np.flatnonzero(spikes[:, 0, 0])[0] if spikes[:, 0, 0].any() else 6)
    assert not np.shares_memory(found, spikes)


@pytest.mark.parametrize("readout", readouts.OF_STATES)
def test_states_are_read_and_their_way_back_is_the_transposed(readout: str) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(6, 3, 2))
    found, where = readouts.read_state(readout, values)
    want = {"trace": values.transpose(1, 0, 2), "max": values.max(axis=0),
            "mean": values.mean(axis=0), "last": values[-1]}[readout]  # fmt: skip
    np.testing.assert_allclose(found, want)
    g = rng.normal(size=found.shape)
    back = readouts.state_back(readout, g, 6, where)
    assert back.flags.c_contiguous
    change = 1e-6 * rng.normal(size=values.shape)
    more, _ = readouts.read_state(readout, values + change)
    np.testing.assert_allclose((g * (more - found)).sum(), (back * change).sum(), rtol=1e-6)
