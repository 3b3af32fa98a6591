"""Threads that wait for work."""

from __future__ import annotations

import gc
import os
import threading
import time

import pytest

from rheobase.engine import workers
from rheobase.engine.workers import Workers, patience, sleep_call, yield_address

ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def test_functions_run_at_once_each_in_a_thread_of_its_own() -> None:
    meeting, seen = threading.Barrier(3, timeout=30), set()

    def function() -> None:
        meeting.wait()  # would not end if one came after the other
        seen.add(threading.get_ident())

    workers = Workers(3)
    for _ in range(2):
        workers.run([function] * 3)
    assert len(seen) == 3
    assert threading.get_ident() in seen


def test_what_a_thread_raises_is_raised() -> None:
    def fail() -> None:
        raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        Workers(2).run([int, fail])


def test_others_are_told_if_this_thread_is_interrupted() -> None:
    told = threading.Event()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Workers(2).run([interrupted, lambda: told.wait(30)], told.set)
    assert told.is_set()


def test_threads_go_with_their_owner() -> None:
    workers = Workers(4)
    workers.run([int] * 4)
    made = list(workers._threads)
    assert [thread.is_alive() for thread in made] == [True] * 3
    del workers
    gc.collect()
    end = time.monotonic() + 30
    while any(thread.is_alive() for thread in made) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(thread.is_alive() for thread in made)


def test_the_system_has_a_function_that_lets_others_run() -> None:
    assert yield_address() != 0
    address, number = sleep_call()
    assert (address != 0) == (number != 0)
    assert patience(10_000)[1] < patience(1)[0]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not tell")
def test_this_thread_may_run_everywhere_again_also_after_an_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted(workers.SimpleQueue):
        def get(self) -> None:
            raise KeyboardInterrupt

    threads = Workers(2)
    threads.run([int, int])
    assert os.sched_getaffinity(0) == ALLOWED
    monkeypatch.setattr(workers, "SimpleQueue", Interrupted)  # of what is done
    with pytest.raises(KeyboardInterrupt):
        threads.run([int, int])
    assert os.sched_getaffinity(0) == ALLOWED
