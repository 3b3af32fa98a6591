"""Weights and delays drawn by compiled code are those of the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectivity.drawn import SEED, STREAM, drawing

from rheobase.connectivity import values as compiled
from rheobase.connectivity.rows import draw_rows
from rheobase.connectivity.values import Source, reach, steps, weights_of
from rheobase.errors import WiringError
from rheobase.network import distributions, rules
from rheobase.network.synapse_values import delay_steps, values
from rheobase.simulation.streams import RandomStream
from rheobase.units import DIMENSIONLESS, ms

SOURCE = Source(5, 2**50 + 3, RandomStream(5, 2**50 + 3))
DT = 1e-4


@pytest.fixture(autouse=True)
def compiled_for_any_size(monkeypatch):
    monkeypatch.setattr(compiled, "COMPILED_FROM", 0)
    monkeypatch.setattr(compiled, "COMPILED_FROM_WHEN_COLD", 0)
    monkeypatch.setattr(compiled, "CHUNK", 50)


def rows_of(rule, n_pre=40, n_post=50):
    made = drawing(rule, np.arange(3, 3 + n_pre), np.arange(n_post), False)
    return draw_rows(rule, made, n_pre + 5, SEED, STREAM, 1)


ROWS = rows_of(rules.fixed_probability(0.3))
LAWS = [
    distributions.normal(1, 0.5), distributions.normal(1, 0.5, low=0.2, high=1.4),
    -2.5 * distributions.normal(0, 1, low=-0.1), distributions.uniform(-1, 3),
    distributions.lognormal(2, 1), -distributions.lognormal(2, 1, high=2.5),
    distributions.exponential(3), distributions.exponential(3, low=1, high=2),
    distributions.normal(7, 0),
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_weights(law, dtype):
    want = values(law, DIMENSIONLESS, ROWS.realized(), SOURCE.random, "the weight")
    low, high = reach(law)
    assert low <= want.min() <= want.max() <= high
    for threads in (1, 2, 3):
        found = weights_of(law, DIMENSIONLESS, ROWS, SOURCE, "the weight", dtype, threads, True)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, want.astype(dtype))
    alike = weights_of(law, DIMENSIONLESS, ROWS, SOURCE, "the weight", dtype, 1, False)
    np.testing.assert_array_equal(alike, found)


@given(mean=st.floats(0, 30), std=st.floats(0, 40), dt=st.sampled_from([1e-4, 1e-3, 3.7e-5]),
       threads=st.sampled_from([1, 2, 3]))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_delays(mean, std, dt, threads):
    law = distributions.normal(mean * ms, std * ms, low=min(mean, 0.05) * ms)
    want = delay_steps(law, dt, ROWS.realized(), SOURCE.random)
    found = steps(law, dt, ROWS, SOURCE, "the delay", threads, True)
    np.testing.assert_array_equal(found, want)
    assert found.dtype == np.uint16
    alike = steps(law, dt, ROWS, SOURCE, "the delay", threads, False)
    np.testing.assert_array_equal(alike, want)


def test_long_delays_take_more_room():
    law = distributions.uniform(0 * ms, 20_000 * ms)
    found = steps(law, DT, ROWS, SOURCE, "the delay", 2, True)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, delay_steps(law, DT, ROWS.realized(), SOURCE.random))
    assert steps(law, DT, ROWS, SOURCE, "the delay", 2, False).dtype == np.int32


@pytest.mark.parametrize("rows", [
    ROWS, rows_of(rules.pairs([5, 1, 1, 3, 1, 0], [1, 2, 9, 3, 2, 4])),
    rows_of(rules.from_matrix(np.eye(40, 50))), rows_of(rules.fixed_probability(0.0)),
])  # fmt: skip
def test_texts_and_arrays_in_chunks(rows):
    n = len(rows)
    for spec in (np.arange(n) + 1.0, "i + 2*j", "rand() + 0*j", "3 + 1", 7.0, "7",
                 np.arange(2000.0).reshape(40, 50)):  # fmt: skip
        if np.ndim(spec) == 1 and n == 1:
            continue
        want = values(spec, DIMENSIONLESS, rows.realized(), SOURCE.random, "the weight")
        found = weights_of(spec, DIMENSIONLESS, rows, SOURCE, "the weight", "float64", 2, True)
        np.testing.assert_array_equal(found, want)
        assert isinstance(found, float) == isinstance(want, float)
    for spec in (None, 0.3 * ms, "(i + j)*0.04*ms", np.arange(n) * 0.03 * ms):
        want = delay_steps(spec, DT, rows.realized(), SOURCE.random)
        found = steps(spec, DT, rows, SOURCE, "the delay", 2, True)
        np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("law, words", [
    (distributions.normal(1 * ms, 5 * ms), "the delay is negative\nexpected: a time, 0 or more"),
    (distributions.uniform(0 * ms, 1e9 * ms), "steps: spikes under way that long are not held"),
    (distributions.uniform(-1e300 * ms, 1e308 * ms) * 1e9, "is not finite\ngiven: inf"),
])  # fmt: skip
def test_errors_are_those_of_the_definition(law, words):
    with pytest.raises(WiringError) as defined:
        delay_steps(law, DT, ROWS.realized(), SOURCE.random)
    for quick in (True, False):
        with pytest.raises(WiringError) as refused:
            steps(law, DT, ROWS, SOURCE, "the delay", 2, quick)
        assert str(refused.value) == str(defined.value)
    assert words in str(defined.value)


def test_weights_that_are_not_finite_or_too_rare(monkeypatch):
    law = distributions.lognormal(1e300, 1e300) * 1e9
    with pytest.raises(WiringError, match=r"the weight from \d+ to \d+ is not finite"):
        weights_of(law, DIMENSIONLESS, ROWS, SOURCE, "the weight", "float64", 2, True)
    never = distributions.exponential(1, low=0, high=1)
    never = type(never)(**{**vars(never), "low": 30.0, "high": 31.0})
    monkeypatch.setattr(compiled, "MOST_ATTEMPTS", 20)
    monkeypatch.setattr(distributions, "MOST_ATTEMPTS", 20)
    with pytest.raises(WiringError, match="too rare to be drawn"):
        weights_of(never, DIMENSIONLESS, ROWS, SOURCE, "the weight", "float64", 2, True)
