"""Spikes and samples, gathered slice by slice."""

from __future__ import annotations

import numpy as np
from tests.engine.hand_made import cells, network

from rheobase.engine.logs import BLOCK_NUMBERS, SampleLog, SpikeLog, has_offsets, new_logs
from rheobase.engine.plan import RecordPlan, SourcePlan


def test_spikes_of_slices_come_out_joined_and_once() -> None:
    log = SpikeLog(keep=True, has_offsets=True)
    log.append(np.array([0, 0]), np.array([1, 2], np.int32), np.array([0.1, 0.2]))
    log.append(np.array([], np.int64), np.array([], np.int32), np.array([]))
    log.append(np.array([5]), np.array([0], np.int32), np.array([0.3]))
    assert log.count() == 3
    steps, ids, offsets = log.take()
    np.testing.assert_array_equal(steps, [0, 0, 5])
    np.testing.assert_array_equal(ids, [1, 2, 0])
    np.testing.assert_array_equal(offsets, [0.1, 0.2, 0.3])
    assert steps.dtype == np.int64
    assert ids.dtype == np.int32
    assert log.take().ids.size == 0


def test_a_log_that_keeps_nothing() -> None:
    log = SpikeLog(keep=False, has_offsets=False)
    log.append(np.array([0]), np.array([1], np.int32), None)
    assert log.count() == 0
    assert log.take().offsets is None


def test_samples_are_due_at_multiples_of_the_interval() -> None:
    log = SampleLog(every=10, cells=2)
    assert [log.first_due(k) for k in (0, 1, 10, 11)] == [0, 10, 10, 20]
    assert log.due(5, 31) == 3
    log.reserve(5, 31, 31)
    log.values[0][:2] = [[1, 2], [3, 4]]
    log.rows = 2  # the third was never taken
    log.close()
    log.reserve(25, 31, 31)
    log.values[1][:] = [5, 6]
    log.rows = 1
    steps, values = log.take()
    np.testing.assert_array_equal(steps, [10, 20, 30])
    np.testing.assert_array_equal(values, [[1, 2], [3, 4], [5, 6]])
    assert log.take().values.shape == (0, 2)


def test_memory_for_samples_is_bounded() -> None:
    log = SampleLog(every=1, cells=BLOCK_NUMBERS // 4)
    log.reserve(0, 2, 10**12)
    assert len(log.values[0]) == 4
    log.rows = 2
    log.reserve(2, 4, 10**12)
    assert len(log.values) == 1
    log.rows = 4
    log.reserve(4, 9, 10**12)  # a slice is never divided
    assert [len(block) for block in log.values] == [4, 5]
    assert log.first == [0, 4]


def test_which_populations_place_spikes_inside_a_step() -> None:
    grid = cells("grid", 1, "interpreter")
    linear = cells("linear", 1, "interpreter", crossing="linear")
    silent = cells("silent", 1, "interpreter", crossing="linear", spiking=False)
    plain = SourcePlan("plain", 1, "times")
    placed = SourcePlan("placed", 1, "times", offsets=np.zeros(0))
    found = [has_offsets(p) for p in (grid, linear, silent, plain, placed)]
    assert found == [False, True, False, False, True]
    plan = network(grid, placed, records=[RecordPlan("r", 0, "v", np.zeros(1, np.int32), 3)])
    logs = new_logs(plan)
    assert [log.has_offsets for log in logs.spikes] == [False, True]
    assert logs.samples[0].every == 3
