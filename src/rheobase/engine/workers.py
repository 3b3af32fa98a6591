"""Threads that wait for work: kept from slice to slice, gone with the engine."""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any


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
        given = 0
        try:
            for queue, function in zip(self._queues, functions[1:], strict=False):
                queue.put((function, done))
                given += 1
            functions[0]()
        except BaseException:
            if abandon is not None:
                abandon()
            raise
        finally:
            failures = [done.get() for _ in range(given)]
        for failure in failures:
            if failure is not None:
                raise failure


def _work(queue: SimpleQueue[Any]) -> None:
    while (task := queue.get()) is not None:
        function, done = task
        try:
            function()
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)
        del function, done, task


def _dismiss(queues: list[SimpleQueue[Any]]) -> None:
    for queue in queues:
        queue.put(None)


def yield_address() -> int:
    """Return the address of the system's function that lets another thread run."""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
