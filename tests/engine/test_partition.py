"""Every cell has one owner, whatever the number of threads."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.hand_made import cells, network

from rheobase.engine.partition import LINE, bounds, shares
from rheobase.engine.plan import SourcePlan


@given(st.integers(0, 5000), st.integers(1, 40))
def test_ranges_cover_all_cells_and_begin_at_cache_lines(size: int, threads: int) -> None:
    found = bounds(size, threads)
    assert found[0] == 0
    assert found[-1] == size
    assert (np.diff(found) >= 0).all()
    inside = found[found < size]
    assert (inside % LINE == 0).all()
    assert np.diff(found).max() <= size / threads + 2 * LINE


def test_shares_find_their_cells_in_a_list() -> None:
    plan = network(cells("a", 300, "interpreter"), SourcePlan("s", 10, "times"))
    first, second = shares(plan, 2)
    assert (first.own(0), second.own(0)) == ((0, 128), (128, 300))
    assert [first.own(1), second.own(1)] == [(0, 0), (0, 10)]
    listed = np.array([3, 127, 128, 250])
    assert listed[first.within(0, listed)].tolist() == [3, 127]
    assert listed[second.within(0, listed)].tolist() == [128, 250]
