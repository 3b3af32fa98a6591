"""The definition of exact events: a heap in plain Python.

Whatever cells with exact crossings do, they do what this module does; `parts/events.py` gives the
same bits.
"""

from __future__ import annotations

import heapq
import math
from typing import TypeAlias

import numpy as np

from rheobase.engine import facts
from rheobase.engine.events import Cells, Route, Routes, cells_of, log_spikes, not_finite
from rheobase.engine.facts import Pending
from rheobase.engine.logs import Logs
from rheobase.engine.plan import AnyArray, FloatArray, NetworkPlan
from rheobase.network.grid import TOLERANCE
from rheobase.rendering.refining import Draws

Event: TypeAlias = tuple[float, int, int, float, int]
"""Time, order (negative: a crossing), source cell, time of the spike, place in the row."""


class InterpretedEvents:
    """Runs the populations with exact crossings of a plan.

    Parameters
    ----------
    plan : NetworkPlan
        What to run.
    logs : Logs
        Where spikes are left.
    """

    def __init__(self, plan: NetworkPlan, logs: Logs) -> None:
        self.plan, self.logs = plan, logs
        self.draws = Draws()
        self.routes = Routes()
        self.heap: list[Event] = []  # crossings and arrivals at exact cells
        self.later: list[Event] = []  # arrivals at cells on the grid
        self.spikes: list[list[tuple[int, int, float]]] = []  # by population: step, cell, time
        self.cells: list[Cells] = []
        self.due: list[tuple[Route, int, int]] = []

    # -- what the engine calls --------------------------------------------------------------

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it."""
        pending = self.pending()
        self.routes.bind(self.plan)
        self.cells = cells_of(self.plan)
        self.spikes = [[] for _ in self.cells]
        self.out: list[list[Route]] = [[] for _ in self.plan.populations]
        for route in self.routes.all:
            if route.source >= 0:
                self.out[route.source].append(route)
        self.remember(pending)

    def begin(self, step: int) -> None:
        """Take over what was set since the last slice."""
        for cells in self.cells:
            cells.begin(self.plan.dt, step)

    def run(self, step: int) -> int:
        """Run the events of step `step`; return -1, or a population with a cell without end.

        Its reset leaves such a cell over the threshold, so that it would spike forever at one
        time. What arrives on the grid in the step is in `due` afterwards.
        """
        dt = self.plan.dt
        self.step, self.end = step, (step + 1) * dt
        for cells in self.cells:
            cells.change_inputs(dt, step)
        self.drive()
        for place, cells in enumerate(self.cells):
            for cell in np.flatnonzero(cells.crossings < self.end):
                self.cross(place, int(cell))
        while self.heap and self.heap[0][0] < self.end:
            event = heapq.heappop(self.heap)
            if event[1] >= 0:
                self.arrive(event)
            elif not self.spike(event):
                return self.cells[event[1] + len(self.cells)].place
        for cells in self.cells:
            if cells.every and (step + 1) % cells.every == 0:
                cells.observe(self.end, step)
        self.collect()
        return -1

    def take(self, population: int, step: int, ids: AnyArray, offsets: FloatArray | None) -> None:
        """Take the spikes of step `step` of a population on the grid, or a source."""
        for n, cell in enumerate(ids):
            time = step * self.plan.dt + (0.0 if offsets is None else float(offsets[n]))
            self.send(population, step, int(cell), time)

    def finish(self, step: int, whole: bool) -> list[int]:
        """Leave variables as they are at the beginning of step `step`, and spikes in the logs.

        Parameters
        ----------
        step : int
            The step that comes next.
        whole : bool
            Whether nothing failed in it.

        Returns
        -------
        list of int
            Populations with a state that is not finite.
        """
        failed = not_finite(self.cells, self.plan.dt, step) if whole else []
        for place, cells in enumerate(self.cells):
            found = [spike for spike in self.spikes[place] if spike[0] < step]
            self.spikes[place] = []
            log_spikes(self.logs, cells.place, self.plan.dt,
                       np.array([s for s, _, _ in found], np.int64),
                       np.array([i for _, i, _ in found], np.int64),
                       np.array([t for _, _, t in found], np.float64))  # fmt: skip
        return failed

    def pending(self) -> Pending:
        """Return the arrivals to come."""
        found: Pending = {}
        for route in self.routes.all:
            rows = sorted(e[2:] for e in (*self.heap, *self.later) if e[1] == route.order)
            if rows:
                sources, times, places = zip(*rows, strict=True)
                found[self.routes.key(route)] = (
                    np.array(sources, np.int64), np.array(times, np.float64),
                    np.array(places, np.int64),
                )  # fmt: skip
        return found

    def remember(self, pending: Pending) -> None:
        """Go on with the arrivals that `pending` returned."""
        self.heap, self.later = [], []
        for route in self.routes.all:
            sources, times, places = pending.get(self.routes.key(route), ((), (), ()))
            for source, time, place in zip(sources, times, places, strict=True):
                self.put(route, int(source), float(time), int(place))

    # -- events -----------------------------------------------------------------------------

    def put(self, route: Route, source: int, time: float, place: int) -> None:
        """Let what stands at a place of a row arrive at its time."""
        if place < route.row_start[source + 1]:
            heap = self.heap if route.exact else self.later
            event = (time + route.delay(place), route.order, source, time, place)
            heapq.heappush(heap, event)

    def send(self, population: int, step: int, cell: int, time: float) -> None:
        """Pass a spike on to everything that its population is connected with."""
        for route in self.out[population]:
            if route.since <= step < route.until:
                self.put(route, cell, time, int(route.row_start[cell]))

    def drive(self) -> None:
        """Add the events that drives have in the step; those of Poisson processes at its start."""
        first = len(self.routes.all) - len(self.plan.event_drives)
        for route, drive in zip(self.routes.all[first:], self.plan.event_drives, strict=True):
            begin = self.step * self.plan.dt
            if drive.kind == "times":
                due = slice(*np.searchsorted(drive.steps, [self.step, self.step + 1]))
                offsets = np.zeros(drive.steps.size) if drive.offsets is None else drive.offsets
                for place, offset in zip(drive.ids[due], offsets[due], strict=True):
                    self.put(route, int(place), begin + float(offset), int(place))
                continue
            expected = facts.interval_row(drive.counts, drive.interval_steps, self.step)
            if expected is None:
                continue
            seed, size = facts.seed_of(self.plan, drive), drive.cells.size
            counts = self.draws.poisson(seed, drive.stream, size, self.step, expected)
            for place in np.repeat(np.arange(size), counts):
                self.put(route, int(place), begin, int(place))

    def cross(self, place: int, cell: int) -> None:
        """Note that a cell crosses its threshold in this step."""
        time = float(self.cells[place].crossings[cell])
        heapq.heappush(self.heap, (time, place - len(self.cells), cell, time, 0))

    def spike(self, event: Event) -> bool:
        """Let a cell spike, unless it crosses at another time by now; False if it does forever."""
        time, order, cell = event[:3]
        place = order + len(self.cells)
        cells = self.cells[place]
        if cells.crossings[cell] != time:
            return True
        population = cells.population
        cells.set_time(time)
        ids = np.array([cell], np.int32)
        population.kernels.on_spike(population.arrays, population.numbers, ids, self.step)
        self.spikes[place].append((self.step, cell, time))
        self.send(cells.place, self.step, cell, time)
        if cells.crossings[cell] <= time:
            population.arrays["spiked"][cell] |= facts.ENDLESS
            return False
        if cells.crossings[cell] < self.end:
            self.cross(place, cell)
        return True

    def arrive(self, event: Event) -> None:
        """Let what is due of a row arrive: each cell once, so that a cell spikes before the next.

        A cell that comes over its threshold has a crossing at this very time, which is the
        next event; what is left of the row comes back after it.
        """
        time, order, source, sent, begin = event
        route = self.routes.all[order]
        end = same_arrival(route, source, begin)
        place = next(n for n, c in enumerate(self.cells) if c.place == route.target)
        cells = self.cells[place]
        cells.set_time(time)
        population = cells.population
        targets = route.targets[begin:end]
        (weights,) = route.weights.values()
        some = weights if weights.size == 1 else weights[begin:end]
        population.kernels.arrive(
            route.port, population.arrays, population.numbers, targets, some, self.step
        )
        for cell in targets:
            if cells.crossings[cell] < self.end:
                self.cross(place, int(cell))
        self.put(route, source, sent, end)

    def collect(self) -> None:
        """List what arrives in this step at cells on the grid, in the order of times."""
        self.due = []
        while self.later:
            time, order, source, sent, begin = self.later[0]
            if math.floor(time / self.plan.dt + TOLERANCE) > self.step:
                return
            heapq.heappop(self.later)
            route = self.routes.all[order]
            end = same_arrival(route, source, begin)
            self.due.append((route, begin, end))
            self.put(route, source, sent, end)


def same_arrival(route: Route, source: int, begin: int) -> int:
    """Return where those synapses of a row end that have one delay and differ in their cells."""
    last = int(route.row_start[source + 1])
    end = begin + 1
    while (
        end < last
        and route.delay(end) == route.delay(begin)
        and route.targets[end] > route.targets[end - 1]
    ):
        end += 1
    return end
