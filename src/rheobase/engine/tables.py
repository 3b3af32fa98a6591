"""A plan as the tables of addresses and sizes that the compiled driver of one thread reads.

The columns are named in `parts/columns.py`. Whatever has an address in a table is kept alive by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rheobase.engine import facts
from rheobase.engine.addresses import ALIGNED, Addresses, as_int64, as_table
from rheobase.engine.arrivals import Arrivals
from rheobase.engine.cable_facts import owned
from rheobase.engine.cable_tables import CableTables, detector_row
from rheobase.engine.cables import CablePlan
from rheobase.engine.calendar import Calendar
from rheobase.engine.compiled_events import CompiledEvents
from rheobase.engine.detectors import DetectorPlan
from rheobase.engine.logs import has_offsets
from rheobase.engine.partition import Share
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import (
    AnyArray,
    FloatArray,
    InputPlan,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    SourcePlan,
)
from rheobase.engine.rows import Rows
from rheobase.engine.workers import patience, sleep_call
from rheobase.errors import InternalError
from rheobase.rendering import random

Buffers = list[tuple[AnyArray, FloatArray]]
SLICES = 4096
"""Slices of rows that are collected before they are delivered."""

LONGEST_NAP = 2_000_000
"""Nanoseconds that a waiting thread sleeps before it looks whether others have given up."""

_TYPES = {"float64": 0, "int64": 1, "uint8": 2}


class Tables:
    """The tables of one thread.

    Parameters
    ----------
    plan : NetworkPlan
        The plan; its populations have `CompiledKernels` and all their arrays.
    share : Share
        What the thread owns.
    buffers : list of (ndarray, ndarray)
        By population, where the spikes of the thread are written: cells and offsets.
    starts : ndarray of int64
        By population and step, where the spikes of the step begin in its buffer.
    rings : dict
        By place and variable, the past values of a source of continuous coupling.
    rows : Rows
        The synapses.
    calendar : Calendar
        The slices that are due at the thread's cells.
    events : CompiledEvents, optional
        The events of cells with exact crossings, which the first thread runs.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        share: Share,
        buffers: Buffers,
        starts: Int64Array,
        rings: dict[tuple[int, str], FloatArray],
        rows: Rows,
        calendar: Calendar,
        events: CompiledEvents | None = None,
    ) -> None:
        self.plan, self.share, self.calendar = plan, share, calendar
        self.addresses = Addresses(plan, share)
        self.events = events if share.thread == 0 else None
        if self.events is not None:
            self.events.bind(self.addresses)
        self._address = self.addresses.of
        self.populations = self._populations(buffers)
        self.set_starts(starts)
        self.records = self._records()
        self.clamps = self._clamps()
        self.histories = self._histories(rings)
        self.shared_noise: list[tuple[InputPlan, FloatArray]] = []
        self._held = [item for item in sorted(plan.inputs, key=_group_of) if self._touches(item)]
        self.inputs = as_table([self._input(item) for item in self._held], columns.I_WIDTH)
        self.couplings = self._couplings(rings)
        self.groups = self._groups()
        self.arrivals = Arrivals(self.addresses, rows, calendar, events)
        largest = max((p.size for p in plan.populations), default=0)
        self.slices = np.zeros((max(SLICES, largest), columns.S_WIDTH), np.int64)
        self.control = np.zeros(columns.K_WIDTH, np.int64)
        self.network = self._network()

    def _network(self) -> Int64Array:
        """Return the table of tables: addresses and, where the driver needs them, rows."""
        row = [0] * columns.N_WIDTH
        self.emissions, self.calls = self._emissions(), self._calls()
        arrivals = self.arrivals
        part = "delivery" if arrivals.ahead is None else "ahead"
        deliveries = self.addresses.calls(part, "deliver", arrivals.targets)
        self.deliveries = np.concatenate([deliveries, arrivals.plastic.calls()])
        if self.events is not None:
            self.calls = np.concatenate([self.calls, self.events.before_update()])
            self.deliveries = np.concatenate([self.deliveries, self.events.after_update()])
        for table, place in (
            (self.populations, columns.N_POPULATIONS), (self.emissions, columns.N_EMISSIONS),
            (self.calls, columns.N_CALLS), (self.deliveries, columns.N_DELIVERIES),
            (self.slices, columns.N_SLICES),
        ):  # fmt: skip
            row[place : place + 2] = self._address(table, np.int64), len(table)
        for table, place in (
            (self.inputs, columns.N_INPUTS), (arrivals.entries, columns.N_ENTRIES),
            (arrivals.lines, columns.N_LINES), (arrivals.drives, columns.N_DRIVES),
            (arrivals.applies, columns.N_APPLIES), (self.control, columns.N_CONTROL),
            (self.calendar.row, columns.N_CALENDAR),
        ):  # fmt: skip
            row[place] = self._address(table, np.int64)
        if len(arrivals.lines):
            row[columns.N_DEPOSIT] = address_of("slices", "deliver")
        return np.array(row, np.int64)

    def join(self, peers: Int64Array, sync: Int64Array, yield_address: int, grow: int) -> None:
        """Tell the thread of the others: their populations, and what they share with it."""
        self.network[columns.N_PEERS] = self._address(peers, np.int64)
        self.network[columns.N_SYNC] = self._address(sync, np.int64)
        self.network[columns.N_THREAD] = self.share.thread
        self.network[columns.N_THREADS] = self.share.threads
        self.network[columns.N_YIELD], self.network[columns.N_GROW] = yield_address, grow
        first, most = patience(self.share.threads)
        self.network[columns.N_PATIENCE], self.network[columns.N_LONGEST] = first, most
        self.network[columns.N_SYSTEM], self.network[columns.N_FUTEX] = sleep_call()
        nap = np.array([0, LONGEST_NAP], np.int64)  # a thread that is interrupted wakes nobody
        self.network[columns.N_NAP] = self._address(nap, np.int64)

    def _emissions(self) -> Int64Array:
        """Return the calls that let sources emit."""
        rows = []
        for p, source in enumerate(self.plan.populations):
            if isinstance(source, SourcePlan):
                row = self.addresses.row(self.populations, p)
                rows.append([address_of(source.kind, "emit"), row])
        return as_table(rows, columns.F_WIDTH)

    def _calls(self) -> Int64Array:
        """Return the calls before the update.

        Clamps, samples, histories, inputs that are added, couplings, inputs that are set.
        """
        calls = self.addresses.calls
        gather = calls("inputs", "gather", self.groups)
        added = int(self.groups[:, columns.G_ZERO].sum())  # they come first
        wait = np.zeros((0, columns.F_WIDTH), np.int64)
        if len(self.histories) and self.share.threads > 1:
            wait = as_table([[address_of("coupling", "wait"), 0]], columns.F_WIDTH)
        return np.concatenate([
            calls("holding", "hold", self.clamps),
            calls("sampling", "sample", self.records),
            calls("coupling", "remember", self.histories),
            gather[:added],
            wait,
            calls("coupling", "couple", self.couplings),
            gather[added:],
        ])  # fmt: skip

    def _observe(self, p: int, name: str) -> tuple[int, AnyArray]:
        """Return the kernel that computes a variable, 0 if none is needed, and its array."""
        population = facts.model(self.plan, p)
        if not facts.is_subexpression(population, name):
            return 0, population.arrays[name]
        kernel = population.kernels.observe_addresses[name]
        return kernel, population.arrays[facts.observed(name)]

    # -- populations ------------------------------------------------------------------------

    def _populations(self, buffers: Buffers) -> Int64Array:
        rows, parts = [], owned(self.plan)
        for p, population in enumerate(self.plan.populations):
            row = [0] * columns.P_WIDTH
            row[columns.P_PLACE] = p
            row[columns.P_LO], row[columns.P_HI] = self.share.own(p)
            if isinstance(population, PopulationPlan):
                self._fill_model(row, p, population)
                if p in parts:  # their cells update them
                    row[columns.P_UPDATE] = 0
            else:
                self._fill_source(row, p, population)
            rows.append(row)
        table = as_table(rows, columns.P_WIDTH)
        for p, buffer in enumerate(buffers):
            self.set_buffer(table, p, buffer)
        return table

    def set_buffer(self, table: Int64Array, p: int, buffer: tuple[AnyArray, FloatArray]) -> None:
        """Let the spikes of a population be written to a buffer."""
        ids, offsets = buffer
        table[p, columns.P_OFFSETS] = self._address(offsets)
        table[p, columns.P_IDS] = self._address(ids, np.int32)
        table[p, columns.P_CAPACITY] = ids.size

    def set_starts(self, starts: Int64Array) -> None:
        """Let the beginnings of the spikes of each step be written to an array."""
        first = self._address(starts, np.int64)
        self.populations[:, columns.P_STARTS] = first + starts.strides[0] * np.arange(len(starts))

    def _fill_model(self, row: list[int], p: int, population: PopulationPlan) -> None:
        if population.program.crossing != "exact":  # those go from event to event
            row[columns.P_UPDATE] = population.kernels.update_address
        row[columns.P_ON_SPIKE] = population.kernels.on_spike_address
        row[columns.P_TABLE], row[columns.P_NUMBERS] = self.addresses.models[p]
        if isinstance(population, CablePlan):
            row[columns.P_UPDATE] = address_of("cables", "update")
            row[columns.P_TABLE] = CableTables(self.addresses, p, population).address
        if isinstance(population, DetectorPlan):
            row[columns.P_UPDATE] = address_of("detectors", "update")
            row[columns.P_TABLE] = detector_row(self.addresses, population)
        row[columns.P_MASK] = self._address(population.arrays["spiked"], np.uint8)
        if has_offsets(population) and population.program.crossing == "linear":
            row[columns.P_OFFSET] = self._address(population.arrays["offset"])

    def _fill_source(self, row: list[int], p: int, source: SourcePlan) -> None:
        lo, hi = self.share.own(p)
        if source.kind == "poisson":
            row[columns.P_DRAW] = self.addresses.draw(source, lo, hi)
            return
        (row[columns.P_STEPS], row[columns.P_TRAINS], row[columns.P_TIMES],
         row[columns.P_COUNT]) = self.addresses.given_times(source, lo, hi)  # fmt: skip

    # -- recordings and histories -------------------------------------------------------------

    def _records(self) -> Int64Array:
        rows = []
        for record in self.plan.records:
            kernel, array = self._observe(record.population, record.variable)
            lo, hi = self.share.own(record.population)
            places = np.flatnonzero((record.cells >= lo) & (record.cells < hi)).astype(np.int32)
            cells = np.ascontiguousarray(record.cells[places], np.int32)
            rows.append([
                0, record.every_steps, kernel if places.size else 0,
                *self.addresses.models[record.population],
                max(int(cells.min(initial=hi)) // 32 * 32, lo), int(cells.max(initial=lo)) + 1,
                self._address(array, array.dtype), _TYPES[str(array.dtype)],
                self._address(cells, np.int32), cells.size, self._address(places, np.int32),
                record.cells.size, 0, 0,
            ])  # fmt: skip
        return as_table(rows, columns.R_WIDTH)

    def _clamps(self) -> Int64Array:
        rows = []
        for clamp in self.plan.clamps:
            population = facts.model(self.plan, clamp.target)
            lo, hi = self.share.own(clamp.target)
            own = self.share.within(clamp.target, clamp.cells)
            if own.start == own.stop:
                continue
            cells = np.ascontiguousarray(clamp.cells[own] - lo, np.int32)
            values = clamp.values if clamp.values.size == 1 else clamp.values[own]
            rows.append([
                clamp.first, clamp.last,
                self.addresses.own(clamp.target, population.arrays[clamp.array]), hi - lo,
                self._address(cells, np.int32), cells.size,
                self._address(np.ascontiguousarray(values, np.float64)), int(values.size > 1),
            ])  # fmt: skip
        return as_table(rows, columns.O_WIDTH)

    def _histories(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        for (p, name), ring in rings.items():
            kernel, array = self._observe(p, name)
            lo, hi = self.share.own(p)
            rows.append([
                kernel if hi > lo else 0, *self.addresses.models[p], self._address(array),
                self.plan.populations[p].size, lo, hi, self._address(ring), ring.shape[0], 0,
            ])  # fmt: skip
        return as_table(rows, columns.H_WIDTH)

    # -- inputs -----------------------------------------------------------------------------

    def _own_cells(self, item: InputPlan) -> slice:
        """Return where in the cells of an input those of the thread stand."""
        if item.cells is None:
            return slice(*self.share.own(item.target))
        return self.share.within(item.target, item.cells)

    def _touches(self, item: InputPlan) -> bool:
        own = self._own_cells(item)
        return int(own.stop) > int(own.start)

    def _input(self, item: InputPlan) -> list[int]:
        population = facts.model(self.plan, item.target)
        own, (lo, hi) = self._own_cells(item), self.share.own(item.target)
        if item.cells is None:
            cells, whole = np.arange(hi - lo, dtype=np.int32), population.size
        else:
            cells, whole = (item.cells[own] - lo).astype(np.int32), item.cells.size
        row = [0] * columns.I_WIDTH
        row[columns.I_SET] = int(item.mode == "set")
        row[columns.I_ARRAY] = self.addresses.own(item.target, population.arrays[item.array])
        row[columns.I_WHOLE] = hi - lo
        row[columns.I_CELLS], row[columns.I_COUNT] = self._address(cells, np.int32), cells.size
        each = item.amplitude.size > 1
        amplitude = item.amplitude[own] if each else item.amplitude
        row[columns.I_AMPLITUDE] = self._address(np.ascontiguousarray(amplitude, np.float64))
        row[columns.I_STRIDE] = int(each)
        if item.kind == "waveform":
            width = facts.waveform_values(item, 0, 1).shape[1]
            row[columns.I_WIDTH_OF_ROW] = width
            places = facts.input_columns(item, width, whole)[own]
        else:
            places = self._noise(row, item, own)
        row[columns.I_COLUMNS] = self._address(np.ascontiguousarray(places, np.int32), np.int32)
        return row

    def _noise(self, row: list[int], item: InputPlan, own: slice) -> AnyArray:
        """Fill in what a noise input has; return which state each cell takes."""
        if item.state is None:
            raise InternalError("a noise input has no state")
        state, begin, end = item.state, 0, item.state.size
        if not item.shared:
            begin, end = own.start, own.stop
            state = item.state[begin:end]
        elif self.share.threads > 1:  # every thread advances one of its own, all alike
            state = item.state.copy()
            self.shared_noise.append((item, state))
        lo = begin // ALIGNED * ALIGNED
        coefficients = np.array([item.mean, *facts.noise_coefficients(self.plan.dt, item)])
        row[columns.I_NOISE] = self._address(coefficients)
        row[columns.I_FILL] = random.fill_address("normal")
        row[columns.I_SEED] = as_int64(facts.seed_of(self.plan, item))
        row[columns.I_STREAM] = as_int64(item.stream)
        row[columns.I_STATE], row[columns.I_STATES] = self._address(state), end - begin
        row[columns.I_LO], row[columns.I_HI], row[columns.I_SKIP] = lo, end, begin - lo
        row[columns.I_DRAWN] = self._address(np.zeros(end - lo))
        if item.shared:
            return np.zeros(own.stop - own.start, np.int32)
        return np.arange(end - begin, dtype=np.int32)

    def _couplings(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        for coupling in self.plan.continuous:
            target = facts.model(self.plan, coupling.target)
            ring = rings[coupling.source, coupling.source_array]
            rows.append([
                self._address(coupling.row_start, np.int64),
                self._address(coupling.sources, np.int32),
                self._address(coupling.weights),
                2 if coupling.alike else int(coupling.weights.size > 1),
                self._address(coupling.delay_steps, np.int64), int(coupling.delay_steps.size > 1),
                self._address(ring), ring.shape[0], self.plan.populations[coupling.source].size,
                self._address(target.arrays[coupling.input_array]),
                *self.share.own(coupling.target),
            ])  # fmt: skip
        return as_table(rows, columns.C_WIDTH)

    def _groups(self) -> Int64Array:
        """Return the arrays that receive input: every input variable, and those that are set.

        Where only waveforms are added and nothing else writes the array, `group_inputs` lists
        them, so that steps in which none of them changes can be passed over; else it is None.
        """
        keys = [_group_of(item) for item in self._held]
        coupled = {("add", c.target, c.input_array) for c in self.plan.continuous}
        lasting = set(facts.untouched_inputs(self.plan))
        variables = [("add", p, name) for p, population in facts.models(self.plan)
                     for name in facts.arrays_with_role(population, "input")
                     if (p, name) not in lasting]  # fmt: skip
        self.group_inputs: list[list[int] | None] = []
        rows = []
        for key in sorted({*keys, *coupled, *variables}):
            mode, p, name = key
            lo, hi = self.share.own(p)
            inputs = _range_of(key, keys)
            population = facts.model(self.plan, p)
            steady = mode == "add" and key not in coupled
            steady = steady and name not in population.program.mutable
            steady = steady and all(i.kind == "waveform" for i in self._held[slice(*inputs)])
            self.group_inputs.append(list(range(*inputs)) if steady else None)
            rows.append([
                self.addresses.own(p, population.arrays[name]), hi - lo, 0, int(mode == "add"),
                *inputs,
            ])  # fmt: skip
        return as_table(rows, columns.G_WIDTH)

    def set_waveforms(self, values: Mapping[int, FloatArray], steps: int) -> None:
        """Take the values of all waveforms at some steps, and note where they change.

        Parameters
        ----------
        values
            By `id` of the input, the values; kept alive by the caller until the next call.
        steps
            How many steps they are for.
        """
        for row, item in zip(self.inputs, self._held, strict=True):
            if item.kind == "waveform":
                row[columns.I_VALUES] = values[id(item)].__array_interface__["data"][0]
        self._changes: list[AnyArray] = []
        for g, members in enumerate(self.group_inputs):
            if members is None:
                continue
            changed = np.zeros(steps, np.uint8)
            changed[0] = 1
            for n in members:
                own = values[id(self._held[n])]
                changed[1:] |= np.any(own[1:] != own[:-1], axis=1)
            self.groups[g, columns.G_CHANGED] = changed.__array_interface__["data"][0]
            self._changes.append(changed)


def _group_of(item: InputPlan) -> tuple[str, int, str]:
    return item.mode, item.target, item.array


def _range_of(key: tuple[str, int, str], keys: list[tuple[str, int, str]]) -> tuple[int, int]:
    """Return the range of equal keys, which stand next to each other."""
    if key not in keys:
        return 0, 0
    first = keys.index(key)
    return first, first + keys.count(key)
