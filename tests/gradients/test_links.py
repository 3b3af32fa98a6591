"""Connections of a tape: the same synapses written in several ways do the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rheobase as rb
from rheobase.gradients import Tape
from rheobase.gradients.links import Spikes
from rheobase.lowering import lower
from rheobase.lowering.surrogates import Surrogate

STEPS, LANES = 14, 2
MODEL = rb.Model(
    "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", receives={"in": "v += weight"},
    parameters=dict(tau=10 * rb.units.ms), method="euler",
)  # fmt: skip
PROGRAM = lower(MODEL)


def gone_back(weights, delays, rows=None, wanted=("weight",), backend="interpreter"):
    """Run two populations with one link; return the states, and the derivatives of a loss."""
    n, m = weights.shape if rows is None else (rows[0].size - 1, 3)
    tape = Tape(1e-3, batch=LANES, backend=backend)
    surrogate = Surrogate("fast_sigmoid", 5.0, 1.0)
    a = tape.cells("a", PROGRAM, n, {"tau": 10e-3}, surrogate=surrogate)
    b = tape.cells("b", PROGRAM, m, {"tau": 10e-3}, surrogate=surrogate)
    link = tape.connect(a, b, "in", weights, delay=delays, rows=rows,
                        with_respect_to=frozenset(wanted))  # fmt: skip
    drive = 0.5 * np.abs(np.sin(np.arange(STEPS * LANES * n))).reshape(STEPS, LANES, n)
    tape.run(STEPS, arrivals={(a, "v"): drive})
    v = tape.states(b, "v").copy()
    bars = tape.backward({(b, "v"): np.cos(np.arange(v.size)).reshape(v.shape)})
    return v, bars.weights[link], bars.arrivals[a, "v"], bars.delays.get(link)


matrices = st.integers(0, 2**32 - 1).map(lambda s: np.random.default_rng(s).normal(size=(2, 3)))


@settings(max_examples=15, deadline=None)
@given(matrices, st.integers(0, 4))
def test_dense_and_sparse_and_each_its_delay(weights, delay):
    dense = gone_back(weights, delay)
    rows = np.array([0, 3, 6]), np.tile(np.arange(3), 2)
    sparse = gone_back(weights.reshape(-1), delay, rows)
    each = gone_back(weights, np.full((2, 3), float(delay)), wanted=("weight", "delay"))
    np.testing.assert_array_equal(sparse[0], dense[0])
    np.testing.assert_array_equal(each[0], dense[0])
    np.testing.assert_allclose(sparse[1].reshape(2, 3), dense[1], atol=1e-14)
    np.testing.assert_allclose(each[1], dense[1], atol=1e-14)
    for other in (sparse, each):
        np.testing.assert_allclose(other[2], dense[2], atol=1e-13)


@settings(max_examples=10, deadline=None)
@given(matrices, st.floats(0.05, 3.95))
def test_a_delay_between_two_steps_is_shared_by_both(weights, delay):
    low = int(delay)
    f = delay - low
    v, by_weight, _, by_delay = gone_back(weights, delay, wanted=("weight", "delay"))
    if f == 0.0:
        return
    again = gone_back(weights, delay)
    np.testing.assert_array_equal(again[0], v)
    np.testing.assert_allclose(again[1], by_weight, atol=1e-14)
    assert by_delay.shape == weights.shape


def test_shares_add_up():
    tape = Tape(1e-3)
    a = tape.cells("a", PROGRAM, 2, {"tau": 10e-3})
    delays = np.array([[0.0, 1.0, 2.25], [1.5, 3.0, 0.75]])
    for wanted in ((), ("delay", "weight")):
        b = tape.cells("b", PROGRAM, 3, {"tau": 10e-3})
        link = tape.connect(a, b, "in", np.ones((2, 3)), delay=delays,
                            with_respect_to=frozenset(wanted))  # fmt: skip
        total = np.zeros(6)
        mean = np.zeros(6)
        for line in link.lines:
            np.add.at(total, line.places, line.factors)
            np.add.at(mean, line.places, line.factors * line.delay)
        np.testing.assert_allclose(total, 1.0)
        np.testing.assert_allclose(mean, delays.reshape(-1))


def test_backends_agree_on_lanes():
    weights = np.random.default_rng(3).normal(size=(2, 3))
    one = gone_back(weights, 2.5, wanted=("weight", "delay"))
    other = gone_back(weights, 2.5, wanted=("weight", "delay"), backend="numba")
    np.testing.assert_array_equal(other[0], one[0])
    for mine, theirs in zip(other[1:], one[1:], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_spikes_are_kept_by_column(seed):
    rng = np.random.default_rng(seed)
    raster = rng.random((9, 5)) < 0.3
    columns, ids = np.nonzero(raster)
    at_once, one_by_one = Spikes(), Spikes()
    for spikes in (at_once, one_by_one):
        spikes.begin(2, 7)
    at_once.fill(columns, ids)
    one_by_one.make_room(-2, 45)
    for column in range(9):
        one_by_one.put(column, np.flatnonzero(raster[column]))
    for column in (-1, *range(10)):
        np.testing.assert_array_equal(at_once.of(column), one_by_one.of(column))
    assert at_once.of(9).size == at_once.of(-1).size == 0


@pytest.mark.parametrize(
    "options",
    [
        dict(refractory="3*ms"),
        dict(refractory="w > 0.3"),
        dict(refractory="3*ms", crossing="linear"),
    ],
    ids=["duration", "condition", "linear"],
)
def test_arrivals_that_are_lost_have_no_derivative(options):
    model = rb.Model(
        "dv/dt = -v/tau : 1 (unless refractory)\ndw/dt = -w/tau : 1", method="euler",
        threshold="v > 1", reset="v = 0\nw = 0.4", receives={"in": "v += weight"},
        parameters=dict(tau=10 * rb.units.ms), **options,
    )  # fmt: skip
    found = []
    for backend in ("interpreter", "numba"):
        tape = Tape(1e-3, backend=backend)
        cells = tape.cells("cells", lower(model), 1, {"tau": 10e-3},
                           surrogate=Surrogate("none"))  # fmt: skip
        given = np.full((11, 1, 1), 0.3)
        tape.run(11, arrivals={(cells, "v"): given})
        v = tape.states(cells, "v")[:, 0, 0].copy()
        bars = tape.backward(last={(cells, "v"): np.ones((1, 1))})
        found.append(bars.arrivals[cells, "v"][:, 0, 0])
    (steps, _) = tape.spike_events(cells)
    assert steps.tolist() == [5]  # v after arrivals: 0.3, 0.57, 0.81, 1.03, 1.23
    held = (v[1:] == 0.0) & (np.arange(11) >= 5)
    assert 2 <= held.sum() <= 4 and not held[-1]
    for bar in found:
        assert np.all(bar[held] == 0.0)
        after = np.flatnonzero(held)[-1] + 1
        np.testing.assert_allclose(bar[after:], 0.9 ** np.arange(10 - after, -1, -1))
