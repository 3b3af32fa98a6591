"""The tables of what is delivered to the cells of one thread: lines, entries, drives, sums."""

from __future__ import annotations

import numpy as np

from rheobase.engine import facts
from rheobase.engine.addresses import ALIGNED, Addresses, as_table
from rheobase.engine.ahead import Ahead, pays
from rheobase.engine.calendar import Calendar
from rheobase.engine.compiled_events import CompiledEvents
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import (
    AnyArray,
    DrivePlan,
    Int64Array,
    PopulationPlan,
    ProjectionPlan,
)
from rheobase.engine.plastic_tables import PlasticTables
from rheobase.engine.rows import Bundle, Rows, StoredRows, is_by_cell, is_drawn
from rheobase.errors import InternalError

SPARSE_FRACTION = 4
"""Sums are added cell by cell if the events are fewer than this part of the sums to add."""
DENSE_COUNT = 0.1
"""Expected events a cell and step from which a drive is taken to touch every cell."""

_HOLDS = {"": 0, "release": 1, "left": 2, "refractory": 3}


class Arrivals:
    """The tables of deliveries of one thread.

    Parameters
    ----------
    addresses : Addresses
        Of the arrays of the thread.
    rows : Rows
        The synapses as they are stored.
    calendar : Calendar
        It is told which bundles go through it.
    events : CompiledEvents, optional
        The events of cells with exact crossings, whose spikes arrive as those of drives do.

    Attributes
    ----------
    targets, entries, lines, drives, applies : ndarray of int64
        The tables; `targets` has one row, none where nothing is delivered.
    """

    def __init__(
        self,
        addresses: Addresses,
        rows: Rows,
        calendar: Calendar,
        events: CompiledEvents | None = None,
    ) -> None:
        self.addresses, self.plan, self.share = addresses, addresses.plan, addresses.share
        self.sums = rows.sums[self.share.thread]
        self.plastic = PlasticTables(addresses, self.sums)
        self._lines: list[list[int]] = []
        self._listed: list[list[int]] = []
        self._drawn: list[int] = []
        self._drives: list[list[int]] = []
        self._applies: list[list[int]] = []
        self._apply_of: dict[tuple[int, str], int] = {}
        self.delays_of: dict[int, Int64Array] = {}
        self._sums = addresses.of(self.sums.block)
        self._events = addresses.of(np.zeros(columns.EVENT_BUFFER, np.int32), np.int32)
        self._event_weights = addresses.of(np.zeros(columns.EVENT_BUFFER))
        for place, population in facts.models(self.plan):
            for variable in facts.accumulated(self.plan, place):
                self._apply(place, population, variable)
        due: list[list[int]] = []
        for bundle in rows.bundles:
            due += self._bundle(bundle, bundle.shares[self.share.thread])
        due.sort(key=lambda entry: -entry[columns.E_DELAY])  # stable: then in order of creation
        row = events.drive(addresses, self._sum) if events is not None else None
        if row is not None:
            self._drives.append(row)
        for drive in self.plan.drives:
            self._drive(drive)
        self.entries = as_table(due, columns.E_WIDTH)
        self.lines = as_table(self._lines, columns.L_WIDTH)
        self.drives = as_table(self._drives, columns.V_WIDTH)
        self.applies = as_table(self._applies, columns.A_WIDTH)
        delayed = sum(entry[columns.E_DELAY] > 0 for entry in due)
        target = [delayed, len(due), len(self._drives), len(self._applies),
                  self.sums.count // SPARSE_FRACTION, 0]  # fmt: skip
        arriving = due or self._drives or self._listed
        self.ahead = None
        if events is None and not self._listed and pays(rows.bundles, self.share.thread):
            self.ahead = Ahead(addresses, self.sums, due, self.delays_of,
                               self.lines, self.drives, self.applies)  # fmt: skip
            target[columns.T_AHEAD] = self.ahead.address
        self.targets = as_table([target] if arriving else [], columns.T_WIDTH)
        listed = as_table(self._listed, columns.Z_WIDTH)
        calendar.use(listed, self.lines, self._drawn)

    def _apply(self, place: int, population: PopulationPlan, variable: str) -> None:
        """Add the row that adds the sums of a variable to it."""
        lo, hi = self.share.own(place)
        hold = facts.hold(population, variable)
        held = population.arrays[hold] if hold else None
        self._apply_of[place, variable] = len(self._applies)
        self._applies.append([
            self.addresses.own(place, population.arrays[variable]),
            self._sums + columns.WORD * self.sums.first[place, variable], _HOLDS[hold],
            0 if held is None else self.addresses.own(place, held, held.dtype), hi - lo,
        ])  # fmt: skip

    def _sum(self, place: int, variable: str) -> int:
        """Return the address of the sum of the first cell of the thread."""
        return self._sums + columns.WORD * self.sums.first[place, variable]

    # -- synapses ---------------------------------------------------------------------------

    def _bundle(self, bundle: Bundle, stored: StoredRows) -> list[list[int]]:
        """Add the lines of a bundle; return its rows of the table of entries."""
        first = bundle.first
        entries: list[list[int]] = []
        if is_drawn(first):
            self._list_drawn(first)
            return entries
        if not stored.targets.size:
            return entries
        if stored.delays is not None:
            self._list_stored(first, stored)
        for variable in first.variables:
            line = len(self._lines)
            self._lines.append(self._line(bundle, stored, variable))
            if stored.delays is not None:
                continue
            self.delays_of[line] = bundle.delays
            entries += [
                [int(delay), first.source, line, place, first.since, first.until]
                for place, delay in enumerate(bundle.delays)
            ]
        return entries

    def _line(self, bundle: Bundle, stored: StoredRows, variable: str) -> list[int]:
        """Return the row of the synapses of a bundle onto one variable, or an event port."""
        first, addresses = bundle.first, self.addresses
        if first.synapse is not None:
            weights = [0, columns.ONE, 0]  # they are among the arrays of its kernels
        elif variable in stored.weights:
            weights = self._weights(stored.weights[variable], stored.targets.size)
        else:
            weights = self._weights(bundle.shared[variable], stored.targets.size)
        row = [
            addresses.of(stored.starts, stored.starts.dtype),
            stored.starts.itemsize if stored.delays is None else 0,
            bundle.delays.size,
            addresses.of(stored.targets, stored.targets.dtype),
            stored.targets.itemsize,
            *weights,
        ]
        if first.synapse is not None:
            kernel = first.synapse.kernels.on_pre_address
            return [*row, 0, 0, 0, kernel, *self.plastic.of(first), 1, -1]
        if is_by_cell(first):
            population = facts.model(self.plan, first.target)
            kernel = population.kernels.arrive_addresses[first.port]
            return [*row, 0, 0, 0, kernel, *addresses.models[first.target], 0, -1]
        # indices are those of the first variable's sums
        place = self.sums.first[first.target, first.variables[0]]
        shift = self.sums.first[first.target, variable] - place
        apply = self._apply_of[first.target, variable] if len(bundle.projections) == 1 else -1
        return [*row, self._sums + columns.WORD * shift, self.sums.count, place, 0, 0, 0, 0, apply]

    def _list_stored(self, first: ProjectionPlan, stored: StoredRows) -> None:
        """Add the row of the calendar for a bundle whose lines come next."""
        assert stored.delays is not None
        row = [0] * columns.Z_WIDTH
        row[columns.Z_SOURCE] = first.source
        row[columns.Z_LINE], row[columns.Z_LINES] = len(self._lines), len(first.variables)
        row[columns.Z_SINCE], row[columns.Z_UNTIL] = first.since, first.until
        row[columns.Z_STARTS] = self.addresses.of(stored.starts, np.int64)
        row[columns.Z_STEPS] = self.addresses.of(stored.delays, stored.delays.dtype)
        row[columns.Z_STEP_BYTES] = stored.delays.itemsize
        self._listed.append(row)

    def _list_drawn(self, first: ProjectionPlan) -> None:
        """Add the line of synapses that are drawn, and their row of the calendar."""
        recipe, (lo, hi) = first.rows, self.share.own(first.target)
        assert recipe is not None
        place = self.sums.first[first.target, first.variables[0]]
        row = [0] * columns.Z_WIDTH
        row[columns.Z_SOURCE] = first.source
        row[columns.Z_LINE], row[columns.Z_LINES] = len(self._lines), 1
        row[columns.Z_SINCE], row[columns.Z_UNTIL] = first.since, first.until
        row[columns.Z_DRAW], row[columns.Z_RECIPE] = recipe.function, recipe.table
        longest = max(recipe.longest_row, 1)
        row[columns.Z_TARGETS] = self.addresses.of(np.zeros(longest, np.uint32), np.uint32)
        row[columns.Z_WEIGHTS] = self.addresses.of(np.zeros(longest))
        row[columns.Z_STEPS] = self.addresses.of(np.zeros(longest, np.int32), np.int32)
        span = recipe.longest_delay - recipe.shortest_delay + 1
        row[columns.Z_CURSORS] = self.addresses.of(np.zeros(span, np.int64), np.int64)
        row[columns.Z_SHORTEST], row[columns.Z_LONGEST] = (
            recipe.shortest_delay, recipe.longest_delay)  # fmt: skip
        row[columns.Z_LO], row[columns.Z_HI], row[columns.Z_SHIFT] = lo, hi, place - lo
        self._listed.append(row)
        self._drawn.append(len(self._lines))
        line = [0] * columns.L_WIDTH
        line[columns.L_TARGET_BYTES], line[columns.L_KIND] = 4, columns.EACH64
        line[columns.L_STEP], line[columns.L_APPLY] = columns.WORD, -1
        line[columns.L_SUM], line[columns.L_SUMS] = self._sums, self.sums.count
        self._lines.append(line)

    def _weights(self, weights: AnyArray, count: int) -> list[int]:
        """Return address, kind and bytes a weight: one for all, or one each of either precision."""
        if weights.size not in (1, count):
            raise InternalError(f"{weights.size} weights for {count} synapses")
        if weights.size == 1:
            shared = weights if weights.dtype == np.float64 else weights.astype(np.float64)
            return [self.addresses.of(shared), columns.ONE, 0]
        single = weights.dtype == np.float32
        kind = columns.EACH32 if single else columns.EACH64
        address = self.addresses.of(weights, np.float32 if single else np.float64)
        return [address, kind, weights.itemsize]

    # -- drives -----------------------------------------------------------------------------

    def _drive(self, drive: DrivePlan) -> None:
        """Add the rows of a drive, one a variable, and the lines of the cells they touch."""
        own = self.share.within(drive.target, drive.cells)
        if own.start == own.stop:
            return
        law = "poisson_sum" if self._is_summed(drive, own) else "poisson"
        draw = self.addresses.draw(drive, own.start, own.stop, law)
        touched = np.zeros(own.stop - own.start, np.uint32)
        for place, variable in enumerate(drive.weights):
            line = self._touched(drive, variable, touched)
            self._drives.append(
                self._drive_row(drive, variable, own, [draw, int(place > 0)], line, touched)
            )

    def _is_summed(self, drive: DrivePlan, own: slice) -> bool:
        """Whether counts are added to sums as they are drawn: neighboring cells, most with events.

        Draws begin at a multiple of `ALIGNED`, and cells before the first are those of others.
        """
        cells = drive.cells[own]
        together = int(cells[-1]) - int(cells[0]) == cells.size - 1 and own.start % ALIGNED == 0
        return (
            drive.kind == "poisson" and not facts.is_event(drive) and len(drive.weights) == 1
            and together and float(drive.counts.mean()) > DENSE_COUNT
        )  # fmt: skip

    def _drive_row(
        self, drive: DrivePlan, variable: str, own: slice, draw: list[int], line: int,
        touched: AnyArray,
    ) -> list[int]:  # fmt: skip
        """Return the row of a drive onto one variable, or an event port."""
        cells, weights = drive.cells[own], drive.weights[variable]
        some = weights if weights.size == 1 else weights[own]
        count, addresses = cells.size, self.addresses
        if facts.is_event(drive):
            kernel = facts.model(self.plan, drive.target).kernels.arrive_addresses[drive.port]
            sink = [0, 0, kernel, *addresses.models[drive.target]]
        else:
            cells = cells - np.int32(self.share.own(drive.target)[0])
            first = self.sums.first[drive.target, variable]
            sink = [self._sums + columns.WORD * first, self.sums.count - first, 0, 0, 0]
        times = drive.kind == "times"
        given = (0, 0, 0, 0)
        if times:
            given = addresses.given_times(drive, own.start, own.stop)
        dense = not times and float(drive.counts.mean()) > DENSE_COUNT
        summed = self._is_summed(drive, own)
        if summed:
            sink[0] += columns.WORD * int(cells[0])
        return [
            address_of("sums" if summed else "drives", "deliver"), *draw,
            addresses.of(np.ascontiguousarray(cells, np.int32), np.int32), count,
            *self._weights(np.ascontiguousarray(some, np.float64), count)[:2], *sink, *given[:2],
            given[3], 0, addresses.of(touched, np.uint32), self._events, self._event_weights, line,
            int(dense),
        ]  # fmt: skip

    def _touched(self, drive: DrivePlan, variable: str, touched: AnyArray) -> int:
        """Add the line whose targets are the cells that a drive touched; return its number."""
        line = [0] * columns.L_WIDTH
        line[columns.L_TARGETS] = self.addresses.of(touched, np.uint32)
        line[columns.L_TARGET_BYTES], line[columns.L_KIND] = 4, columns.ONE
        if not facts.is_event(drive):
            first = self.sums.first[drive.target, variable]
            line[columns.L_SUM] = self._sums + columns.WORD * first
            line[columns.L_SUMS] = self.sums.count - first
            line[columns.L_APPLY] = self._apply_of[drive.target, variable]
        self._lines.append(line)
        return len(self._lines) - 1
