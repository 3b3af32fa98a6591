"""The fast engine: buffers, tables and the compiled driver, advanced slice by slice."""

from __future__ import annotations

import ctypes

import numpy as np

from rheobase.engine import facts
from rheobase.engine.facts import Memory, Outcome
from rheobase.engine.logs import Logs, has_offsets
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import FloatArray, Int32Array, Int64Array, NetworkPlan
from rheobase.engine.stored import Store
from rheobase.engine.tables import Tables

MOST_STEPS = 65536
"""Steps in a slice at most."""
MOST_NUMBERS = 1 << 21
"""Entries of a table that has a row or column a step, at most."""


class Compiled:
    """Runs a plan in the compiled columns.

    Parameters
    ----------
    plan : NetworkPlan
        What to run; its populations hold `CompiledKernels`.
    logs : Logs
        Where spikes and samples are left.
    """

    def __init__(self, plan: NetworkPlan, logs: Logs) -> None:
        self.plan = plan
        self.logs = logs
        self.store = Store()
        self.store.bind(plan)
        self.longest = facts.longest_delays(plan)
        self.history = max(self.longest, default=0)
        self.ids: list[Int32Array] = []
        self.offsets: list[FloatArray] = []
        for p in range(len(plan.populations)):
            self.ids.append(np.zeros(0, np.int32))
            self.offsets.append(np.zeros(0))
            self._grow(p, 2 * plan.populations[p].size + 1024)
        # starts[p, history + j]: where the spikes of the j-th step of the slice begin
        self.starts: Int64Array = np.zeros((len(plan.populations), self.history + 2), np.int64)
        self.rings = {
            (p, name): np.zeros((delay + 1, plan.populations[p].size))
            for (p, name), delay in facts.remembered_values(plan).items()
        }
        self.fresh = dict.fromkeys(self.rings, True)
        # compiles the step loop, or finds it on disk; calls through ctypes let go of the GIL
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
        self._run = prototype(address_of("driver", "run"))
        self._bound: list[object] = []
        self.bind()

    # -- what the engine calls --------------------------------------------------------------

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it.

        Nothing is done where everything in the plan is the very object it was: the tables hold
        addresses, so values written into arrays count anyway.
        """
        bound = _contents(self.plan)
        if len(bound) == len(self._bound) and all(map(_same, bound, self._bound)):
            return
        self._bound = bound
        self.store.bind(self.plan)
        buffers = list(zip(self.ids, self.offsets, strict=True))
        self.tables = Tables(self.plan, buffers, self.starts, self.rings, self.store)
        widest_row = self.tables.inputs[:, columns.I_WIDTH_OF_ROW].max(initial=0)
        widest = max(len(self.plan.populations), int(widest_row), 1)
        self.most_steps = int(np.clip(MOST_NUMBERS // widest, 16, MOST_STEPS))

    def run(self, first: int, steps: int) -> Outcome:
        """Run steps first <= k < first + steps or fewer, at least one unless a state fails."""
        steps = min(steps, self.most_steps)
        tables = self.tables
        if self.starts.shape[1] < self.history + 1 + steps:
            kept = self.starts[:, : self.history + 1]
            self.starts = np.zeros((len(kept), self.history + 1 + steps), np.int64)
            self.starts[:, : self.history + 1] = kept
            tables.set_starts(self.starts)
        tables.fill_waveforms(first, steps)
        for row, log in zip(tables.records, self.logs.samples, strict=True):
            row[columns.R_NEXT] = log.first_due(first)
            row[columns.R_OUT] = log.values[-1].__array_interface__["data"][0]
            row[columns.R_ROW] = log.rows
        for h, key in enumerate(self.rings):
            tables.histories[h, columns.H_FRESH] = self.fresh[key]
        done = self._call(first, steps)
        while done == 0 and tables.control[columns.K_REASON] == columns.ROOM:
            p = int(tables.control[columns.K_POPULATION])
            self._grow(p, 2 * self.ids[p].size + int(tables.control[columns.K_LACKING]))
            tables.set_buffer(tables.populations, p, (self.ids[p], self.offsets[p]))
            done = self._call(first, steps)
        for row, log in zip(tables.records, self.logs.samples, strict=True):
            log.rows = int(row[columns.R_ROW])
        for h, key in enumerate(self.rings):
            self.fresh[key] = bool(tables.histories[h, columns.H_FRESH])
        self._collect(first, done)
        failed = tables.control[columns.K_REASON] == columns.NOT_FINITE
        return Outcome(done, int(tables.control[columns.K_POPULATION]) if failed else -1)

    def memory(self, step: int) -> Memory:
        """Return what step `step` and those after it need of earlier ones."""
        memory = Memory()
        for p, population in enumerate(self.plan.populations):
            row = self.starts[p, self.history - self.longest[p] : self.history + 1]
            steps = np.arange(step - self.longest[p], step, dtype=np.int64)
            memory.spikes[population.name] = (
                np.repeat(steps, np.diff(row)),
                self.ids[p][row[0] : row[-1]].copy(),
            )
        for (p, name), ring in self.rings.items():
            slots = ring.shape[0]
            if slots > 1 and not self.fresh[p, name]:
                past = np.arange(step - slots + 1, step) % slots
                memory.values[self.plan.populations[p].name, name] = ring[past]
        return memory

    def remember(self, memory: Memory, step: int) -> None:
        """Go on from what `memory` returned before step `step`."""
        self._bound = []  # sources of given times begin anew
        self.starts[:, : self.history + 1] = 0
        for p, population in enumerate(self.plan.populations):
            steps, ids = memory.spikes.get(
                population.name, (np.zeros(0, np.int64), np.zeros(0, np.int32))
            )
            recent = steps >= step - self.longest[p]
            steps, ids = steps[recent], ids[recent]
            if self.ids[p].size < ids.size + 2 * population.size:
                self._grow(p, ids.size + 2 * population.size + 1024)
            self.ids[p][: ids.size] = ids
            due = np.arange(step - self.history, step + 1)
            self.starts[p, : self.history + 1] = np.searchsorted(steps, due)
        for (p, name), ring in self.rings.items():
            rows = memory.values.get((self.plan.populations[p].name, name))
            slots = ring.shape[0]
            self.fresh[p, name] = rows is None or len(rows) < slots - 1
            if rows is not None and not self.fresh[p, name]:
                ring[np.arange(step - slots + 1, step) % slots] = rows[len(rows) - slots + 1 :]

    # -- parts ------------------------------------------------------------------------------

    def _call(self, first: int, steps: int) -> int:
        network = self.tables.network.__array_interface__["data"][0]
        self._run(first, steps, first, first - self.history, network)
        return int(self.tables.control[columns.K_DONE])

    def _grow(self, p: int, capacity: int) -> None:
        """Make the buffers of a population longer, keeping what is in them."""
        kept = self.ids[p]
        self.ids[p] = np.zeros(capacity, np.int32)
        self.ids[p][: kept.size] = kept
        placed = has_offsets(self.plan.populations[p])
        offsets = self.offsets[p]
        self.offsets[p] = np.zeros(capacity if placed else 1)
        if placed:
            self.offsets[p][: offsets.size] = offsets

    def _collect(self, first: int, done: int) -> None:
        """Hand the spikes of a slice to the logs; move those still to be delivered to the front."""
        for p, log in enumerate(self.logs.spikes):
            row = self.starts[p, self.history : self.history + done + 1]
            begin, end = int(row[0]), int(row[-1])
            if log.keep and end > begin:
                steps = np.repeat(np.arange(first, first + done, dtype=np.int64), np.diff(row))
                offsets = self.offsets[p][begin:end].copy() if log.has_offsets else None
                log.append(steps, self.ids[p][begin:end].copy(), offsets)
            tail = int(self.starts[p, self.history + done - self.longest[p]])
            self.ids[p][: end - tail] = self.ids[p][tail:end]
            kept = self.starts[p, done : done + self.history + 1] - tail
            self.starts[p, : self.history + 1] = np.maximum(kept, 0)
            capacity = end - tail + 2 * self.plan.populations[p].size
            if capacity > self.ids[p].size:
                self._grow(p, 2 * capacity)
                buffer = (self.ids[p], self.offsets[p])
                self.tables.set_buffer(self.tables.populations, p, buffer)


def _contents(plan: NetworkPlan) -> list[object]:
    """Return everything that the tables of a plan are made of."""
    found: list[object] = [plan.dt, plan.seed]
    for parts in (plan.populations, plan.projections, plan.continuous, plan.inputs, plan.drives,
                  plan.records, plan.clamps):  # fmt: skip
        for part in parts:
            found.append(part)
            for value in vars(part).values():
                if isinstance(value, dict):
                    found += [*value, *value.values()]
                    found += [w.item() for w in value.values() if w.size == 1]  # may be copied
                else:
                    found.append(value)
    return found


def _same(one: object, other: object) -> bool:
    """Return whether two objects are one, or equal numbers or names."""
    return one is other or (isinstance(one, (int, float, str)) and one == other)
