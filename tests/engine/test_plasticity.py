"""Values of synapses, divided between threads and put together again."""

import numpy as np
import pytest

import rheobase as rb
from rheobase.engine.plan import Connectivity
from rheobase.engine.plasticity import PlasticRows, PlasticStore, distinct_delays
from rheobase.errors import UserError
from rheobase.lowering import lower
from rheobase.lowering.synapse import lower_synapse
from rheobase.rendering.synapse_kernels import prepare_synapse
from rheobase.units import ms

SYNAPSE = rb.Synapse(
    "dx/dt = -x/tau : 1\ndy/dt = -y/tau : 1\nz : 1",
    on_pre="deliver(weight); x += 1; z += y", on_post="y += 1; weight *= 1 + 0*x",
    parameters=dict(tau=20 * ms),
)  # fmt: skip


def synapses(seed=0, delays=4, cells=200, sources=30):
    random = np.random.default_rng(seed)
    rows = [np.sort(random.integers(0, cells, random.integers(0, 60))) for _ in range(sources)]
    targets = np.concatenate(rows).astype(np.uint32)
    steps = random.integers(1, delays + 1, targets.size).astype(np.uint16)
    weights = random.random(targets.size)
    starts = np.concatenate([[0], np.cumsum([r.size for r in rows])])
    return Connectivity(starts, targets, steps if delays > 1 else 3, {"weight": weights})


def store(initial=None):
    program = lower_synapse(SYNAPSE, rb.models.LIF, lower(rb.models.LIF).ports["i_syn"])
    return PlasticStore(program, initial or {})


@pytest.mark.parametrize("delays", [1, 4])
def test_rows_are_sorted_by_source_delay_and_target_and_found_by_cell(delays):
    given = synapses(delays=delays)
    distinct = distinct_delays(given)
    source = np.repeat(np.arange(30), np.diff(given.row_start))
    steps = np.broadcast_to(given.delays, source.shape)
    for lo, hi in ((0, 200), (64, 128)):
        rows = PlasticRows.of(given, distinct, lo, hi, 200)
        order = np.arange(source.size) if rows.order is None else rows.order
        own = np.flatnonzero((given.targets >= lo) & (given.targets < hi))
        np.testing.assert_array_equal(np.sort(order), own)
        key = source[order] * 1000 + steps[order]
        assert np.all(np.diff(key) >= 0)
        same = np.diff(key) == 0
        assert np.all(np.diff(order.astype(int))[same] > 0)
        for j in range(lo, hi):
            begin, end = rows.column_start[j - lo : j - lo + 2]
            places = rows.positions[begin:end]
            assert np.all(rows.targets[places] == j) and np.all(np.diff(places.astype(int)) > 0)
            slices = rows.slices[begin:end]
            assert np.all(rows.starts[slices] <= places)
            assert np.all(places < rows.starts[slices + 1])
        assert rows.column_start[-1] == own.size


def test_values_move_when_synapses_are_divided_anew():
    held, given = store({"x": np.full(1, 0.25)}), synapses()
    held.lay_out(given, 1, [(0, 200)], 200, 5)
    assert np.all(held.read("x") == 0.25) and np.all(held.read("last_x") == 5)
    values = np.random.default_rng(1).random(given.targets.size)
    held.write("z", values)
    held.lay_out(given, 1, [(0, 64), (64, 128), (128, 200)], 200, 9)
    np.testing.assert_array_equal(held.read("z"), values)
    np.testing.assert_array_equal(held.read("weight"), given.weights["weight"])
    assert np.all(held.read("last_x") == 5)
    state = held.state()
    other = store()
    other.lay_out(given, 1, [(0, 128), (128, 200)], 200, 0)
    other.restore(state)
    for name in held.names():
        np.testing.assert_array_equal(held.read(name), other.read(name))


def test_variables_are_integrated_to_the_step_they_are_read_at():
    held, given = store(), synapses()
    held.lay_out(given, 1, [(0, 64), (64, 200)], 200, 0)
    numbers = prepare_synapse(held.program, dict(SYNAPSE.defaults), 1e-4, 0.0)
    held.set_now("x", np.ones(1), numbers, 100)
    np.testing.assert_allclose(held.current("x", numbers, 300), np.exp(-20 / 20), rtol=1e-12)
    np.testing.assert_array_equal(held.current("x", numbers, 100), 1.0)


def test_shared_values_are_refused_where_they_differ():
    held, given = store(), synapses()
    held.lay_out(given, 1, [(0, 200)], 200, 0)
    with pytest.raises(UserError, match="x is the same for all synapses of one source and delay"):
        held.write("x", np.arange(given.targets.size, dtype=float))
    with pytest.raises(UserError, match="y is the same for all synapses onto one cell"):
        held.write("y", np.arange(given.targets.size, dtype=float))
    held.write("y", given.targets.astype(float))
