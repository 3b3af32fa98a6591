"""The fast engine: buffers, tables and the compiled driver, advanced slice by slice.

Every thread has buffers and tables of its own. Python threads call the compiled driver, which
lets go of the interpreter, and meet inside it step by step.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from functools import partial

import numpy as np

from rheobase.engine import cable_facts, detectors, facts
from rheobase.engine.calendar import Calendar
from rheobase.engine.compiled_events import CompiledEvents
from rheobase.engine.events import exact_populations
from rheobase.engine.facts import Memory, Outcome
from rheobase.engine.logs import Logs, has_offsets
from rheobase.engine.partition import shares
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import DrivePlan, FloatArray, Int32Array, Int64Array, NetworkPlan
from rheobase.engine.plasticity import bind_bundle
from rheobase.engine.rows import Rows
from rheobase.engine.tables import Tables
from rheobase.engine.workers import Workers, yield_address

MOST_STEPS = 65536
"""Steps in a slice at most."""
MOST_NUMBERS = 1 << 21
"""Entries of a table that has a row or column a step, at most."""
NEVER = 2**62
"""A step that no run reaches."""


class Compiled:
    """Runs a plan in the compiled columns.

    Parameters
    ----------
    plan : NetworkPlan
        What to run; its populations hold `CompiledKernels`.
    logs : Logs
        Where spikes and samples are left.
    threads : int
        How many threads share the work; the results do not depend on it.
    before : Compiled, optional
        An engine that this one follows: synapses that are the same are taken over.
    """

    def __init__(
        self, plan: NetworkPlan, logs: Logs, threads: int = 1, before: Compiled | None = None
    ) -> None:
        self.plan, self.logs, self.threads = plan, logs, threads
        self.shares = shares(plan, threads)
        self.tables: list[Tables] = []
        self.workers = Workers(threads)
        if before is not None:
            before.tables, before._bound = [], []  # they keep synapses in memory
        self.rows: Rows = Rows(plan, self.shares, self.workers, before.rows if before else None)
        self.longest = facts.longest_delays(plan)
        self.history = max(self.longest, default=0)
        populations = range(len(plan.populations))
        self.ids = [[np.zeros(0, np.int32) for _ in populations] for _ in self.shares]
        self.offsets = [[np.zeros(0) for _ in populations] for _ in self.shares]
        silent = cable_facts.owned(plan)
        for t, share in enumerate(self.shares):
            for p in populations:
                room = 0 if p in silent else 2 * (share.hi[p] - share.lo[p]) + 1024
                self._enlarge(t, p, room)
        # starts[t][p, history + j]: where the spikes of the j-th step of the slice begin
        self.starts: list[Int64Array] = [
            np.zeros((len(plan.populations), self.history + 2), np.int64) for _ in self.shares
        ]
        self.rings = {
            (p, name): np.zeros((delay + 1, plan.populations[p].size))
            for (p, name), delay in facts.remembered_values(plan).items()
        }
        self.fresh = dict.fromkeys(self.rings, True)
        self.calendars = [Calendar(self.history) for _ in self.shares]
        self._refill = False  # whether what is due has to be listed in them again
        # compiles the step loop, or finds it on disk; calls through ctypes let go of the GIL
        self._prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
        self._run = self._prototype(address_of("driver", "run"))
        self._grow = self._prototype(_weakly(self))
        self.sync = np.zeros(columns.Y_WIDTH * columns.LINE_WORDS, np.int64)
        self._trouble: BaseException | None = None
        self._replaced: list[tuple[Int32Array, FloatArray]] = []  # others may still read them
        self._bound: list[object] = []
        self.events = CompiledEvents(plan, logs) if exact_populations(plan) else None
        self.bind()

    # -- what the engine calls --------------------------------------------------------------

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it.

        Nothing is done where everything in the plan is the very object it was: the tables hold
        addresses, so values written into arrays count anyway.
        """
        cable_facts.add_missing_arrays(self.plan)
        self.rows.bind(self.plan)
        self._bind_plastic()
        bound = [*_contents(self.plan), *self.rows.bundles]
        if len(bound) == len(self._bound) and all(map(_same, bound, self._bound)):
            return
        self._bound = bound
        self._refill = True
        self.tables = [
            Tables(self.plan, share, list(zip(ids, offsets, strict=True)), starts, self.rings,
                   self.rows, calendar, self.events)
            for share, ids, offsets, starts, calendar in zip(
                self.shares, self.ids, self.offsets, self.starts, self.calendars, strict=True)
        ]  # fmt: skip
        places = [t.populations.__array_interface__["data"][0] for t in self.tables]
        peers, grow = np.array(places, np.int64), ctypes.cast(self._grow, ctypes.c_void_p).value
        for tables in self.tables:
            tables.join(peers, self.sync, yield_address(), int(grow or 0))
        widths = (t.inputs[:, columns.I_WIDTH_OF_ROW].max(initial=0) for t in self.tables)
        widest = max(len(self.plan.populations), *map(int, widths), 1)
        self.most_steps = int(np.clip(MOST_NUMBERS // widest, 16, MOST_STEPS))

    def _bind_plastic(self) -> None:
        """Divide the synapses that change between the threads."""
        for bundle in self.rows.bundles:
            if bundle.first.synapse is not None:
                place = bundle.first.target
                bounds = [share.own(place) for share in self.shares]
                size = self.plan.populations[place].size
                bind_bundle(bundle, bounds, size, self._index_columns)

    def _index_columns(self, jobs: list[Int64Array]) -> None:
        """Fill in the column indices of synapses that change, each thread its own."""
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
        index = prototype(address_of("plasticity", "index"))
        addresses = [int(job.__array_interface__["data"][0]) for job in jobs]
        self.rows.each(partial(index, address, 0, 0, 0, 0) for address in addresses)

    def run(self, first: int, steps: int) -> Outcome:
        """Run steps first <= k < first + steps or fewer, at least one unless a state fails."""
        steps = min(steps, self.most_steps)
        cable_facts.begin_slice(self.plan)
        detectors.begin_slice(self.plan)
        self._begin(first, steps)
        if self._refill:
            self._refill_calendars(first)
        base = first - self.history
        addresses = [t.network.__array_interface__["data"][0] for t in self.tables]
        runs = [partial(self._run, first, steps, first, base, a) for a in addresses]
        self.workers.run(runs, self._abandon)
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble
        done = int(self.tables[0].control[columns.K_DONE])
        self._end()
        cable_facts.end_slice(self.plan)
        self._collect(first, done)
        failed = [int(t.control[columns.K_POPULATION]) for t in self.tables
                  if t.control[columns.K_REASON] == columns.NOT_FINITE]  # fmt: skip
        if self.events is not None:
            failed += self.events.finish(first + done, not failed)
        return Outcome(done, min(failed, default=-1))

    def memory(self, step: int) -> Memory:
        """Return what step `step` and those after it need of earlier ones."""
        memory = Memory()
        for p, population in enumerate(self.plan.populations):
            past = slice(self.history - self.longest[p], self.history + 1)
            steps = np.arange(step - self.longest[p], step, dtype=np.int64)
            memory.spikes[population.name] = self._listed(p, past, steps)[:2]
        for (p, name), ring in self.rings.items():
            slots = ring.shape[0]
            if slots > 1 and not self.fresh[p, name]:
                rows = np.arange(step - slots + 1, step) % slots
                memory.values[self.plan.populations[p].name, name] = ring[rows]
        if self.events is not None:
            memory.pending = self.events.pending()
        return memory

    def remember(self, memory: Memory, step: int) -> None:
        """Go on from what `memory` returned before step `step`."""
        self._bound = []  # sources of given times begin anew
        if self.events is not None:
            self.events.remember(memory.pending)
        nothing = np.zeros(0, np.int64), np.zeros(0, np.int32)
        for p, population in enumerate(self.plan.populations):
            steps, ids = memory.spikes.get(population.name, nothing)
            recent = steps >= step - self.longest[p]
            for t, share in enumerate(self.shares):
                lo, hi = share.own(p)
                own = recent & (ids >= lo) & (ids < hi)
                self._put(t, p, steps[own], ids[own], step)
        for (p, name), ring in self.rings.items():
            rows = memory.values.get((self.plan.populations[p].name, name))
            slots = ring.shape[0]
            self.fresh[p, name] = rows is None or len(rows) < slots - 1
            if rows is not None and not self.fresh[p, name]:
                ring[np.arange(step - slots + 1, step) % slots] = rows[len(rows) - slots + 1 :]

    # -- parts ------------------------------------------------------------------------------

    def _begin(self, first: int, steps: int) -> None:
        """Make everything ready for a slice."""
        if self.events is not None:
            self.events.begin(first)
        self._values = {
            id(item): facts.waveform_values(item, first, steps)
            for item in self.plan.inputs
            if item.kind == "waveform"
        }
        self.sync[:] = 0
        self.sync[columns.LINE_WORDS * columns.Y_FAILED] = NEVER
        for t, tables in enumerate(self.tables):
            starts = self.starts[t]
            if starts.shape[1] < self.history + 1 + steps:
                kept = starts[:, : self.history + 1]
                self.starts[t] = np.zeros((len(kept), self.history + 1 + steps), np.int64)
                self.starts[t][:, : self.history + 1] = kept
                tables.set_starts(self.starts[t])
            tables.set_waveforms(self._values, steps)
            tables.control[columns.K_ROUND] = 0
            if tables.arrivals.ahead is not None:
                tables.arrivals.ahead.clear()
            for row, log in zip(tables.records, self.logs.samples, strict=True):
                row[columns.R_NEXT] = log.first_due(first)
                row[columns.R_OUT] = log.values[-1].__array_interface__["data"][0]
                row[columns.R_ROW] = log.rows
            for h, key in enumerate(self.rings):
                tables.histories[h, columns.H_FRESH] = self.fresh[key]
            for item, state in tables.shared_noise:
                state[:] = item.state

    def _refill_calendars(self, step: int) -> None:
        """List what the spikes of earlier steps still bring about."""
        self._refill = False
        for tables, calendar in zip(self.tables, self.calendars, strict=True):
            if not calendar.used:
                continue
            calendar.clear()
            append = self._prototype(address_of("calendar", "append"))
            row, network = (a.__array_interface__["data"][0]
                            for a in (calendar.row, tables.network))  # fmt: skip
            for back in range(self.history, 0, -1):
                append(row, network, self.history - back, step, step - back)

    def _end(self) -> None:
        """Read from the tables how far a slice came."""
        for row, log in zip(self.tables[0].records, self.logs.samples, strict=True):
            log.rows = int(row[columns.R_ROW])
        for h, key in enumerate(self.rings):
            self.fresh[key] = bool(self.tables[0].histories[h, columns.H_FRESH])
        for tables in self.tables:
            for item, state in tables.shared_noise:
                assert item.state is not None
                item.state[:] = state

    def make_room(self, thread: int, kind: int, place: int, needed: int) -> None:
        """Give a thread more memory in the middle of a step.

        Others may still be reading what was there: it stays as it is.
        """
        try:
            if kind == columns.PIECES:
                self.calendars[thread].more_pieces()
                return
            if kind == columns.POOL:
                self.calendars[thread].more_pool(needed)
                return
            self._replaced.append((self.ids[thread][place], self.offsets[thread][place]))
            self._enlarge(thread, place, 2 * needed + 1024)
            buffer = self.ids[thread][place], self.offsets[thread][place]
            tables = self.tables[thread]
            tables.set_buffer(tables.populations, place, buffer)
        except BaseException as error:  # there is nobody above to raise it to
            self._trouble = error
            self._abandon()

    def _abandon(self) -> None:
        """Let no thread wait for another any longer; what the slice has done is lost."""
        self.sync[columns.LINE_WORDS * columns.Y_ABANDON] = 1

    def _enlarge(self, t: int, p: int, capacity: int) -> None:
        """Make the buffers of a population longer, keeping what is in them."""
        kept, offsets = self.ids[t][p], self.offsets[t][p]
        ids = np.zeros(capacity, np.int32)
        ids[: kept.size] = kept
        placed = has_offsets(self.plan.populations[p])
        longer = np.zeros(capacity if placed else 1)
        if placed:
            longer[: offsets.size] = offsets
        self.ids[t][p], self.offsets[t][p] = ids, longer

    def _put(self, t: int, p: int, steps: Int64Array, ids: Int32Array, step: int) -> None:
        """Put spikes of steps before `step` into the buffer of a thread."""
        share = self.shares[t]
        needed = ids.size + 2 * (share.hi[p] - share.lo[p])
        if self.ids[t][p].size < needed:
            self._enlarge(t, p, needed + 1024)
        self.ids[t][p][: ids.size] = ids
        due = np.arange(step - self.history, step + 1)
        self.starts[t][p, : self.history + 1] = np.searchsorted(steps, due)

    def _listed(
        self, p: int, columns_of: slice, steps: Int64Array
    ) -> tuple[Int64Array, Int32Array, FloatArray | None]:
        """Return the spikes of a population in some steps, sorted by (step, cell)."""
        placed = has_offsets(self.plan.populations[p])
        found: list[tuple[Int64Array, Int32Array, FloatArray]] = []
        for t in range(self.threads):
            row = self.starts[t][p, columns_of]
            begin, end = int(row[0]), int(row[-1])
            offsets = self.offsets[t][p][begin:end] if placed else np.zeros(0)
            found.append((np.repeat(steps, np.diff(row)), self.ids[t][p][begin:end], offsets))
        times, ids, offsets = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if self.threads > 1:
            order = np.argsort(times, kind="stable")
            times, ids = times[order], ids[order]
            offsets = offsets[order] if placed else offsets
        return times, ids, offsets if placed else None

    def _collect(self, first: int, done: int) -> None:
        """Hand the spikes of a slice to the logs; move those still to be delivered to the front."""
        self._replaced = []
        now = slice(self.history, self.history + done + 1)
        steps = np.arange(first, first + done, dtype=np.int64)
        for p, log in enumerate(self.logs.spikes):
            if log.keep:
                log.append(*self._listed(p, now, steps))
            for t, share in enumerate(self.shares):
                self._move_up(t, p, done, 2 * (share.hi[p] - share.lo[p]))

    def _move_up(self, t: int, p: int, done: int, room: int) -> None:
        """Move the spikes still to be delivered to the front of a buffer."""
        starts = self.starts[t][p]
        end, tail = (
            int(starts[self.history + done]),
            int(starts[self.history + done - self.longest[p]]),
        )
        self.ids[t][p][: end - tail] = self.ids[t][p][tail:end]
        kept = starts[done : done + self.history + 1] - tail
        starts[: self.history + 1] = np.maximum(kept, 0)
        capacity = end - tail + room
        if capacity > self.ids[t][p].size:
            self._enlarge(t, p, 2 * capacity)
            buffer = self.ids[t][p], self.offsets[t][p]
            self.tables[t].set_buffer(self.tables[t].populations, p, buffer)


def _weakly(stepper: Compiled) -> Callable[..., None]:
    """Return what compiled code calls for more memory; it does not keep the engine alive."""
    reference = weakref.ref(stepper)

    def make_room(thread: int, kind: int, place: int, needed: int, unused: int) -> None:
        found = reference()
        if found is not None:
            found.make_room(thread, kind, place, needed)

    return make_room


def _contents(plan: NetworkPlan) -> list[object]:
    """Return everything that the tables of a plan are made of, besides stored synapses."""
    found: list[object] = [plan.dt, plan.seed]
    for parts in (plan.populations, plan.continuous, plan.inputs, plan.drives, plan.records,
                  plan.clamps, plan.events, plan.event_drives):  # fmt: skip
        for part in parts:
            found.append(part)
            for value in vars(part).values():
                if isinstance(value, dict):
                    found += [*value, *value.values()]
                    if isinstance(part, DrivePlan):  # weights, of which there may be copies
                        found += [w.item() for w in value.values() if w.size == 1]
                else:
                    found.append(value)
    for projection in plan.projections:
        found += [projection, projection.since, projection.until]
        synapse = projection.synapse
        if synapse is not None:
            found += [synapse.program, synapse.numbers, synapse.store.parts, synapse.post,
                      *synapse.rewards]  # fmt: skip
            found += synapse.cells.values()
    return found


def _same(one: object, other: object) -> bool:
    """Return whether two objects are one, or equal numbers or names."""
    return one is other or (isinstance(one, (int, float, str)) and one == other)
