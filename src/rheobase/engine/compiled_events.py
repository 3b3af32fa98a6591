"""Exact events in the fast engine: the tables of `parts/events.py` and its growing lists."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from rheobase.engine import facts
from rheobase.engine.addresses import Addresses, as_table
from rheobase.engine.events import Cells, Route, Routes, cells_of, log_spikes, not_finite
from rheobase.engine.facts import Pending
from rheobase.engine.logs import Logs
from rheobase.engine.parts import address_of, columns
from rheobase.engine.parts import event_columns as of
from rheobase.engine.plan import AnyArray, DrivePlan, Int64Array, NetworkPlan
from rheobase.lowering.events import EVENT_TIME

WIDTHS = (of.H_WIDTH, of.H_WIDTH, of.U_WIDTH, of.U_WIDTH)
FIRST_ROOM = 1024
"""Rows of a list at first."""

Sums = Callable[[int, str], int]
"""Returns the address of the sum of the first own cell, of a population and variable."""


class CompiledEvents:
    """Runs the populations with exact crossings of a plan in the compiled engine.

    Parameters
    ----------
    plan : NetworkPlan
        What to run.
    logs : Logs
        Where spikes are left.
    """

    def __init__(self, plan: NetworkPlan, logs: Logs) -> None:
        self.plan, self.logs = plan, logs
        self.routes = Routes()
        self.cells: list[Cells] = []
        self.lists: Int64Array = np.zeros((0, of.Y_WIDTH), np.int64)
        self._data: list[Int64Array] = []
        self._before: list[Int64Array] = []  # that a thread may still read
        self._grow = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(self._make_room)
        self.table: Int64Array = np.zeros((1, of.X_WIDTH), np.int64)

    # -- what the engine calls --------------------------------------------------------------

    def bind(self, addresses: Addresses) -> None:
        """Make the tables again; `addresses` are those of the first thread."""
        pending = self.pending()
        self.routes.bind(self.plan)
        self.cells = cells_of(self.plan)
        self._data = [np.zeros((FIRST_ROOM, width), np.int64)
                      for width in (*WIDTHS, *[of.W_WIDTH] * len(self.cells))]  # fmt: skip
        self.lists = np.zeros((len(self._data), of.Y_WIDTH), np.int64)
        for which in range(len(self._data)):
            self._point(which)
        self.addresses = addresses
        tables = [
            as_table([self._cells_row(cells) for cells in self.cells], of.Z_WIDTH),
            as_table([self._route_row(route) for route in self.routes.all], of.B_WIDTH),
            as_table(self._source_rows(), of.G_WIDTH),
            as_table(self._drive_rows(), of.V_WIDTH),
        ]
        row: list[int] = []
        for table in tables:
            row += [addresses.of(table, np.int64), len(table)]
        grow = int(ctypes.cast(self._grow, ctypes.c_void_p).value or 0)
        dt = int(np.float64(self.plan.dt).view(np.int64))
        one = addresses.of(np.zeros(1, np.int32), np.int32)
        self.table = as_table(
            [[*row, addresses.of(self.lists, np.int64), grow, dt, 0, one]], of.X_WIDTH
        )
        self.remember(pending)

    def before_update(self) -> Int64Array:
        """Return the calls of the first thread before the threads meet."""
        return self.addresses.calls("events", "run", self.table)

    def after_update(self) -> Int64Array:
        """Return those of the first thread when the spikes of the step are listed."""
        return self.addresses.calls("events", "take", self.table)

    def drive(self, addresses: Addresses, sums: Sums) -> list[int] | None:
        """Return the row that delivers to the cells of a thread as a drive, None if nothing.

        Parameters
        ----------
        addresses : Addresses
            Of the thread.
        sums : callable
            Where the thread adds up what arrives.
        """
        lines: list[list[int]] = []
        for route in self.routes.all:
            lo, hi = addresses.share.own(route.target)
            if route.exact or lo == hi:
                continue
            for variable in route.weights:
                lines.append(self._line(addresses, sums, route, variable))
        if not lines:
            return None
        table = as_table(lines, of.R_WIDTH)
        own = [addresses.row(self.table, 0), len(lines), addresses.of(table, np.int64)]
        row = [0] * columns.V_WIDTH
        row[columns.V_DELIVER] = address_of("events", "deliver")
        row[columns.V_TABLE] = addresses.of(np.array(own, np.int64), np.int64)
        return row

    def begin(self, step: int) -> None:
        """Take over what was set since the last slice."""
        for cells in self.cells:
            cells.begin(self.plan.dt, step)

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
        self._before.clear()
        failed = not_finite(self.cells, self.plan.dt, step) if whole else []
        for place, cells in enumerate(self.cells):
            rows = self._rows(of.SPIKES + place)
            rows = rows[rows[:, of.W_STEP] < step]
            log_spikes(self.logs, cells.place, self.plan.dt, rows[:, of.W_STEP],
                       rows[:, of.W_CELL], rows[:, of.W_TIME].view(np.float64))  # fmt: skip
            self.lists[of.SPIKES + place, of.Y_SIZE] = 0
        return failed

    def pending(self) -> Pending:
        """Return the arrivals to come."""
        found: Pending = {}
        if not len(self.lists):
            return found
        events = np.concatenate([self._rows(of.HEAP), self._rows(of.LATER)])
        for route in self.routes.all:
            rows = events[events[:, of.H_ORDER] == route.order]
            order = np.lexsort((rows[:, of.H_PLACE], rows[:, of.H_SENT], rows[:, of.H_SOURCE]))
            sources, sent, places = rows[order][:, [of.H_SOURCE, of.H_SENT, of.H_PLACE]].T
            if sources.size:
                times = np.ascontiguousarray(sent).view(np.float64)
                found[self.routes.key(route)] = (sources.copy(), times, places.copy())
        return found

    def remember(self, pending: Pending) -> None:
        """Go on with the arrivals that `pending` returned."""
        if not len(self.lists):
            return
        rows: dict[int, list[Int64Array]] = {of.HEAP: [], of.LATER: []}
        for route in self.routes.all:
            if self.routes.key(route) in pending:
                sources, times, places = pending[self.routes.key(route)]
                left = places < route.row_start[sources + 1]
                sources, times, places = sources[left], times[left], places[left]
                due = times + route.delays[places if route.delays.size > 1 else 0 * places]
                order = np.full(sources.size, route.order, np.int64)
                parts = [due.view(np.int64), order, sources, times.view(np.int64), places]
                rows[of.HEAP if route.exact else of.LATER].append(np.stack(parts, axis=1))
        for which, parts in rows.items():
            events = np.concatenate([np.zeros((0, of.H_WIDTH), np.int64), *parts])
            events = events[np.lexsort(events.T[::-1])]  # what is sorted is a heap
            self.lists[which, of.Y_SIZE] = 0
            self._make_room(which, len(events), 0, 0, 0)
            self._data[which][: len(events)] = events
            self.lists[which, of.Y_SIZE] = len(events)

    # -- lists that grow --------------------------------------------------------------------

    def _rows(self, which: int) -> Int64Array:
        return self._data[which][: self.lists[which, of.Y_SIZE]]

    def _make_room(self, which: int, needed: int, _a: int, _b: int, _c: int) -> None:
        """Make a list long enough; also called by compiled code."""
        held = self._data[which]
        if needed <= len(held):
            return
        self._before.append(held)
        self._data[which] = np.zeros((2 * needed, held.shape[1]), np.int64)
        self._data[which][: len(held)] = held
        self._point(which)

    def _point(self, which: int) -> None:
        data = self._data[which]
        self.lists[which, of.Y_DATA] = data.__array_interface__["data"][0]
        self.lists[which, of.Y_ROOM] = len(data)

    # -- tables -----------------------------------------------------------------------------

    def _cells_row(self, cells: Cells) -> list[int]:
        address, population, kernels = self.addresses.of, cells.population, cells.population.kernels
        table, numbers = self.addresses.models[cells.place]
        time = numbers + columns.WORD * population.program.numbers.index(EVENT_TIME)
        pairs = [address(population.arrays[name])
                 for n in cells.inputs for name in (n, f"anchor_{n}")]  # fmt: skip
        out, outs = self._out(cells.place)
        return [
            cells.place, population.size, table, numbers, time, kernels.update_address,
            kernels.on_spike_address, kernels.anchor_address, address(cells.crossings),
            cells.every, address(np.array(pairs, np.int64), np.int64), len(cells.inputs), out, outs,
            address(population.arrays["spiked"], np.uint8),
        ]  # fmt: skip

    def _out(self, place: int) -> tuple[int, int]:
        """Return the numbers of the routes that the spikes of a population are sent on."""
        found = [route.order for route in self.routes.all if route.source == place]
        return self.addresses.of(np.array(found, np.int64), np.int64), len(found)

    def _source_rows(self) -> list[list[int]]:
        own = {cells.place for cells in self.cells}
        sources = sorted({route.source for route in self.routes.all} - own - {-1})
        return [[place, *self._out(place)] for place in sources]

    def _route_row(self, route: Route) -> list[int]:
        address = self.addresses.of
        target, kernel = -1, 0
        if route.exact:
            target = next(n for n, c in enumerate(self.cells) if c.place == route.target)
            population = self.cells[target].population
            kernel = population.kernels.arrive_addresses[route.port]
        weights = next(iter(route.weights.values()))
        return [
            target, route.since, route.until, address(route.row_start, np.int64),
            address(route.targets, np.int32), address(route.delays), int(route.delays.size > 1),
            *_weights(self.addresses, weights), kernel,
        ]  # fmt: skip

    def _drive_rows(self) -> list[list[int]]:
        first = len(self.routes.all) - len(self.plan.event_drives)
        return [self._drive_row(first + n, drive) for n, drive in enumerate(self.plan.event_drives)]

    def _drive_row(self, number: int, drive: DrivePlan) -> list[int]:
        size = drive.cells.size
        if drive.kind == "poisson":
            return [number, self.addresses.draw(drive, 0, size), 0, 0, 0, 0, 0]
        steps, ids, offsets, count = self.addresses.given_times(drive, 0, size)
        if offsets == 0:
            offsets = self.addresses.of(np.zeros(max(count, 1)))
        return [number, 0, steps, ids, offsets, count, 0]

    def _line(self, addresses: Addresses, sums: Sums, route: Route, variable: str) -> list[int]:
        lo, hi = addresses.share.own(route.target)
        kernels = facts.model(self.plan, route.target).kernels
        event = variable == "weight" and route.port in kernels.arrive_addresses
        sink = [0 if event else sums(route.target, variable),
                *_weights(addresses, route.weights[variable])]  # fmt: skip
        kernel = kernels.arrive_addresses[route.port] if event else 0
        return [route.order, lo, hi, *sink, kernel, *addresses.models[route.target]]


def _weights(addresses: Addresses, weights: AnyArray) -> list[int]:
    """Return address, kind and bytes from weight to weight."""
    if weights.size == 1:
        return [addresses.of(weights.astype(np.float64)), columns.ONE, 0]
    single = weights.dtype == np.float32
    kind = columns.EACH32 if single else columns.EACH64
    return [addresses.of(weights, np.float32 if single else np.float64), kind, weights.itemsize]
