"""Arrays that whole blocks of cells may be read from."""

from __future__ import annotations

import numpy as np
import pytest

from rheobase.engine.plan import BLOCK, FOREVER, Connectivity, ProjectionPlan, SourcePlan, new_array


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", "uint64"])
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 4000])
def test_new_arrays_begin_at_a_cache_line_and_fill_blocks(size: int, dtype: str) -> None:
    array = new_array(size, dtype)
    assert array.shape == (size,)
    assert array.dtype == dtype
    assert not array.any()
    assert array.__array_interface__["data"][0] % 64 == 0
    owner = array
    while owner.base is not None:
        owner = owner.base
    begin = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    blocks = -(-max(size, 1) // BLOCK)
    assert owner.nbytes - begin >= blocks * BLOCK * array.itemsize


def test_a_source_emits_nothing_unless_told() -> None:
    source = SourcePlan("s", 3, "poisson")
    assert source.counts.sum() == 0.0
    assert source.interval_steps == FOREVER
    assert source.steps.size == source.ids.size == 0


def test_a_projection_keeps_no_synapses() -> None:
    drawn = Connectivity(np.array([0, 1]), np.zeros(1, np.uint32), 1, {"g": np.ones(1)})
    plan = ProjectionPlan("p", 0, 1, "g", lambda: drawn, ("g",))
    assert plan.connectivity() is drawn
    assert (plan.version, plan.rows, plan.synapse, plan.shared_weights) == (0, None, None, None)
