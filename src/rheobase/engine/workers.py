"""Threads that wait for work: kept from slice to slice, gone with the engine."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from queue import SimpleQueue
from typing import Any

from rheobase.connectivity.threads import usable_cores


class Workers:
    """Runs several functions at once, the first of them in the calling thread.

    Parameters
    ----------
    count : int
        How many functions at most.
    """

    def __init__(self, count: int) -> None:
        self._queues: list[SimpleQueue[Any]] = [SimpleQueue() for _ in range(count - 1)]
        self._threads: list[threading.Thread] = []
        self._end = weakref.finalize(self, _dismiss, self._queues)

    def run(
        self,
        functions: Sequence[Callable[[], object]],
        abandon: Callable[[], object] | None = None,
    ) -> None:
        """Call functions, each in a thread of its own, and wait until all are done.

        Parameters
        ----------
        functions
            The first is called in this thread. What they raise is raised when all are done.
        abandon
            Called if this thread is interrupted, so that others stop waiting for it.
        """
        for queue in self._queues[len(self._threads) : len(functions) - 1]:
            thread = threading.Thread(target=_work, args=(queue,), daemon=True)
            thread.start()
            self._threads.append(thread)
        done: SimpleQueue[BaseException | None] = SimpleQueue()
        given, places, before = 0, _places(len(functions)), _allowed()
        try:
            for queue, function, processors in zip(
                self._queues, functions[1:], places[1:], strict=False
            ):
                queue.put((function, processors, done))
                given += 1
            _stay_on(places[0])
            functions[0]()
        except BaseException:
            if abandon is not None:
                abandon()
            raise
        finally:
            try:
                failures = [done.get() for _ in range(given)]
            finally:  # an interrupt may end the waiting too
                _stay_on(before if places[0] else set())
        for failure in failures:
            if failure is not None:
                raise failure


def _work(queue: SimpleQueue[Any]) -> None:
    while (task := queue.get()) is not None:
        function, processors, done = task
        try:
            _stay_on(processors)
            function()
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)
        del function, processors, done, task


def _dismiss(queues: list[SimpleQueue[Any]]) -> None:
    for queue in queues:
        queue.put(None)


def patience(threads: int) -> tuple[int, int]:
    """Return how often a thread looks for others before it makes way: at first, and at most.

    With a processor each they come within microseconds, and going to sleep takes as long. With
    fewer processors than threads, waiting keeps from running what is waited for.
    """
    return (20_000, 40_000) if threads <= usable_cores() else (30, 30)


@cache
def _ask_processor() -> Callable[[], int] | None:
    """Return the system's function that tells which processor runs this thread, if it has one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)


def _processor() -> int:
    """Return the processor that runs this thread; -1 where that is not told."""
    ask = _ask_processor()
    return -1 if ask is None else ask()


def _places(count: int) -> list[set[int]]:
    """Return on which processors each of some threads is to run: this one, then those beside it.

    A thread that is woken begins beside the one that woke it, and may stay there although another
    processor is idle; so each has its own while they run together. Where there are too few
    processors, or the system does not tell, all may run everywhere.
    """
    processor = _processor()
    if processor < 0 or count == 1:
        return [set()] * count
    own = _allowed()
    others = sorted(own - {processor})
    if len(others) < count - 1:
        return [own] * count
    return [{processor}, *(set(others[k :: count - 1]) for k in range(count - 1))]


def _allowed() -> set[int]:
    """Return the processors that this thread may run on, none where the system does not tell."""
    return os.sched_getaffinity(0) if _ask_processor() is not None else set()


def _stay_on(processors: set[int]) -> None:
    """Have this thread run on some processors only, if any are given."""
    if not processors:
        return
    try:
        os.sched_setaffinity(0, processors)
    except OSError:  # forbidden, or a processor has gone: it runs where it is
        return


def yield_address() -> int:
    """Return the address of the system's function that lets another thread run."""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238}
"""By machine, the number of the system call by which threads of Linux sleep and wake each other."""


def sleep_call() -> tuple[int, int]:
    """Return the address of the function for system calls and the number of that for sleeping.

    Both are 0 where there is none: a thread that waits then only lets others run.
    """
    number = _FUTEX.get(platform.machine(), 0)
    if sys.platform != "linux" or number == 0:
        return 0, 0
    return int(ctypes.cast(ctypes.CDLL(None).syscall, ctypes.c_void_p).value or 0), number
