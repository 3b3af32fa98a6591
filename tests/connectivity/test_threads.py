"""Work divided among threads."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheobase.connectivity.threads import divide, each, evenly, usable_cores


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1, 9))
def test_ranges_cover_all_rows_in_order(lengths, threads):
    for ranges in (divide(np.array(lengths, np.int64), threads), evenly(len(lengths), threads)):
        assert len(ranges) == threads
        covered = [row for lo, hi in ranges for row in range(lo, hi)]
        assert covered == list(range(len(lengths)))


def test_long_rows_are_shared_out():
    lengths = np.array([1000] + [10] * 100)
    (_, middle), _ = divide(lengths, 2)
    assert middle < 40


def test_every_range_has_a_thread_of_its_own():
    seen = {}
    together = threading.Barrier(3, timeout=30)

    def work(number, lo, hi):
        together.wait()
        seen[number] = (lo, hi, threading.get_ident())

    each(work, [(0, 2), (2, 2), (2, 5), (5, 6)])
    assert {n: found[:2] for n, found in seen.items()} == {0: (0, 2), 2: (2, 5), 3: (5, 6)}
    assert len({found[2] for found in seen.values()}) == 3


def test_an_error_of_any_thread_is_raised():
    def work(number, lo, hi):
        if number == 1:
            raise MemoryError("no room for row 3")

    with pytest.raises(MemoryError, match="no room for row 3"):
        each(work, [(0, 3), (3, 4)])
    assert usable_cores() >= 1
