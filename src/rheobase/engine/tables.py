"""A plan as the tables of addresses and sizes that the compiled driver reads.

The columns are named in `parts/columns.py`. Whatever has an address in a table is kept alive by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.logs import has_offsets
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import (
    AnyArray,
    DrivePlan,
    FloatArray,
    InputPlan,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    SourcePlan,
)
from rheobase.engine.stored import Store
from rheobase.errors import InternalError
from rheobase.rendering import random

Buffers = list[tuple[AnyArray, FloatArray]]
SLICES = 4096
"""Slices of rows that are collected before they are delivered."""
SPARSE_FRACTION = 4
"""Sums are added cell by cell if the events are fewer than this part of the sums to add."""
DENSE_COUNT = 0.1
"""Expected events a cell and step from which a drive is taken to touch every cell."""

_HOLDS = {"": 0, "release": 1, "left": 2, "refractory": 3}
_TYPES = {"float64": 0, "int64": 1, "uint8": 2}


class Tables:
    """The tables of one plan.

    Parameters
    ----------
    plan : NetworkPlan
        The plan; its populations have `CompiledKernels` and all their arrays.
    buffers : list of (ndarray, ndarray)
        By population, where its spikes are written: cells and offsets.
    starts : ndarray of int64
        By population and step, where the spikes of the step begin in its buffer.
    rings : dict
        By place and variable, the past values of a source of continuous coupling.
    store : Store
        The rows of the projections.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        buffers: Buffers,
        starts: Int64Array,
        rings: dict[tuple[int, str], FloatArray],
        store: Store,
    ) -> None:
        self.plan = plan
        self.store = store
        self._alive: list[AnyArray] = []
        self._addresses = {p: self._model_addresses(m) for p, m in facts.models(plan)}
        self.populations = self._populations(buffers)
        self.set_starts(starts)
        self.records = self._records()
        self.clamps = self._clamps()
        self.histories = self._histories(rings)
        self.inputs = _table([self._input(item) for item in self._ordered()], columns.I_WIDTH)
        self.couplings = self._couplings(rings)
        self.groups = self._groups()
        self._deliveries()
        largest = max((p.size for p in plan.populations), default=0)
        self.slices = np.zeros((max(SLICES, largest), columns.S_WIDTH), np.int64)
        self.control = np.zeros(columns.K_WIDTH, np.int64)
        self.network = self._network()

    def _network(self) -> Int64Array:
        """Return the table of tables: addresses and, where the driver needs them, rows."""
        row = [0] * columns.N_WIDTH
        self.emissions, self.calls = self._emissions(), self._calls()
        self.deliveries = self._parts("delivery", "deliver", self.targets)
        for table, place in (
            (self.populations, columns.N_POPULATIONS), (self.emissions, columns.N_EMISSIONS),
            (self.calls, columns.N_CALLS), (self.deliveries, columns.N_DELIVERIES),
            (self.slices, columns.N_SLICES),
        ):  # fmt: skip
            row[place : place + 2] = self.address(table, np.int64), len(table)
        for table, place in (
            (self.inputs, columns.N_INPUTS), (self.couplings, columns.N_COUPLINGS),
            (self.entries, columns.N_ENTRIES), (self.lines, columns.N_LINES),
            (self.drives, columns.N_DRIVES), (self.applies, columns.N_APPLIES),
            (self.control, columns.N_CONTROL),
        ):  # fmt: skip
            row[place] = self.address(table, np.int64)
        return np.array(row, np.int64)

    def _emissions(self) -> Int64Array:
        """Return the calls that let sources emit."""
        rows = []
        for p, source in enumerate(self.plan.populations):
            if isinstance(source, SourcePlan):
                rows.append([address_of(source.kind, "emit"), self._row(self.populations, p)])
        return _table(rows, columns.F_WIDTH)

    def _calls(self) -> Int64Array:
        """Return the calls before the update.

        Clamps, samples, histories, inputs that are added, couplings, inputs that are set.
        """
        gather = self._parts("inputs", "gather", self.groups)
        added = int(self.groups[:, columns.G_ZERO].sum())  # they come first
        return np.concatenate([
            self._parts("holding", "hold", self.clamps),
            self._parts("sampling", "sample", self.records),
            self._parts("coupling", "remember", self.histories),
            gather[:added],
            self._parts("coupling", "couple", self.couplings),
            gather[added:],
        ])  # fmt: skip

    def _parts(self, part: str, function: str, table: Int64Array) -> Int64Array:
        """Return the calls of a part, one a row of a table."""
        rows = [[address_of(part, function), self._row(table, n)] for n in range(len(table))]
        return _table(rows, columns.F_WIDTH)

    def _row(self, table: Int64Array, n: int) -> int:
        """Return the address of a row of a table."""
        return self.address(table, np.int64) + n * table.strides[0]

    # -- addresses --------------------------------------------------------------------------

    def address(self, array: AnyArray, dtype: Any = np.float64) -> int:
        """Return the address of an array, which must be contiguous and of that type."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise InternalError(
                f"the engine needs a contiguous array of {np.dtype(dtype)}, "
                f"got {array.dtype} with strides {array.strides}"
            )
        self._alive.append(array)
        return int(array.__array_interface__["data"][0])

    def _model_addresses(self, population: PopulationPlan) -> tuple[int, int]:
        """Return the addresses of a population's table of arrays and of its numbers."""
        for array in population.program.arrays:
            own = population.arrays[array.name]
            if array.role != "key" and own.shape != (population.size,):
                raise InternalError(
                    f"array {array.name!r} of {population.name!r} has shape {own.shape} "
                    f"for {population.size} cells"
                )
        dtypes = {array.name: array.dtype for array in population.program.arrays}
        table = [
            self.address(population.arrays[name], dtypes.get(name, "float64"))
            for name in population.kernels.array_names
        ]
        numbers = np.ascontiguousarray(population.numbers)
        return self.address(np.array(table, np.int64), np.int64), self.address(numbers)

    def _observe(self, p: int, name: str) -> tuple[int, AnyArray]:
        """Return the kernel that computes a variable, 0 if none is needed, and its array."""
        population = facts.model(self.plan, p)
        if not facts.is_subexpression(population, name):
            return 0, population.arrays[name]
        kernel = population.kernels.observe_addresses[name]
        return kernel, population.arrays[facts.observed(name)]

    # -- populations ------------------------------------------------------------------------

    def _populations(self, buffers: Buffers) -> Int64Array:
        rows = []
        for p, population in enumerate(self.plan.populations):
            row = [0] * columns.P_WIDTH
            row[columns.P_PLACE], row[columns.P_SIZE] = p, population.size
            if isinstance(population, PopulationPlan):
                self._fill_model(row, p, population)
            else:
                self._fill_source(row, population)
            rows.append(row)
        table = _table(rows, columns.P_WIDTH)
        for p, buffer in enumerate(buffers):
            self.set_buffer(table, p, buffer)
        return table

    def set_buffer(self, table: Int64Array, p: int, buffer: tuple[AnyArray, FloatArray]) -> None:
        """Let the spikes of a population be written to a buffer."""
        ids, offsets = buffer
        table[p, columns.P_IDS] = self.address(ids, np.int32)
        table[p, columns.P_OFFSETS] = self.address(offsets)
        table[p, columns.P_CAPACITY] = ids.size

    def set_starts(self, starts: Int64Array) -> None:
        """Let the beginnings of the spikes of each step be written to an array."""
        first = self.address(starts, np.int64)
        self.populations[:, columns.P_STARTS] = first + starts.strides[0] * np.arange(len(starts))

    def _fill_model(self, row: list[int], p: int, population: PopulationPlan) -> None:
        row[columns.P_UPDATE] = population.kernels.update_address
        row[columns.P_ON_SPIKE] = population.kernels.on_spike_address
        row[columns.P_TABLE], row[columns.P_NUMBERS] = self._addresses[p]
        row[columns.P_MASK] = self.address(population.arrays["spiked"], np.uint8)
        if has_offsets(population):
            row[columns.P_OFFSET] = self.address(population.arrays["offset"])

    def _fill_source(self, row: list[int], source: SourcePlan) -> None:
        if source.kind == "poisson":
            row[columns.P_DRAW] = self._draw(source, source.size)
            return
        row[columns.P_STEPS] = self.address(source.steps, np.int64)
        row[columns.P_TRAINS] = self.address(source.ids, np.int32)
        row[columns.P_TIMES] = 0 if source.offsets is None else self.address(source.offsets)
        row[columns.P_COUNT] = source.steps.size

    def _draw(self, part: SourcePlan | DrivePlan, size: int) -> int:
        """Return the address of a row for Poisson processes, or counts of given times."""
        counts = part.counts
        return self.address(np.array([
            random.fill_address("poisson") if part.kind == "poisson" else 0,
            _as_int64(facts.seed_of(self.plan, part)), _as_int64(part.stream),
            self.address(counts), counts.shape[0], counts.shape[1], part.interval_steps, size,
            self.address(np.zeros(size, np.int64), np.int64),
        ]), np.int64)  # fmt: skip

    # -- recordings and histories -------------------------------------------------------------

    def _records(self) -> Int64Array:
        rows = []
        for record in self.plan.records:
            kernel, array = self._observe(record.population, record.variable)
            cells = np.ascontiguousarray(record.cells, np.int32)
            rows.append([
                0, record.every_steps, kernel, *self._addresses[record.population],
                int(cells.min(initial=0)) // 32 * 32, int(cells.max(initial=-1)) + 1,
                self.address(array, array.dtype), _TYPES[str(array.dtype)],
                self.address(cells, np.int32), cells.size, 0, 0,
            ])  # fmt: skip
        return _table(rows, columns.R_WIDTH)

    def _clamps(self) -> Int64Array:
        rows = []
        for clamp in self.plan.clamps:
            population = facts.model(self.plan, clamp.target)
            values = np.ascontiguousarray(clamp.values, np.float64)
            rows.append([
                clamp.first, clamp.last, self.address(population.arrays[clamp.array]),
                population.size, self.address(np.ascontiguousarray(clamp.cells), np.int32),
                clamp.cells.size, self.address(values), int(values.size > 1),
            ])  # fmt: skip
        return _table(rows, columns.O_WIDTH)

    def _histories(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        for (p, name), ring in rings.items():
            kernel, array = self._observe(p, name)
            size = self.plan.populations[p].size
            own = self.address(ring) if ring.shape[0] > 1 else self.address(array)
            rows.append([
                kernel, *self._addresses[p], self.address(array), size, own, ring.shape[0], 0,
            ])  # fmt: skip
        return _table(rows, columns.H_WIDTH)

    # -- inputs -----------------------------------------------------------------------------

    def _ordered(self) -> list[InputPlan]:
        """Return the inputs by what they do to which array, then in order."""
        return sorted(self.plan.inputs, key=_group_of)

    def _input(self, item: InputPlan) -> list[int]:
        population = facts.model(self.plan, item.target)
        cells = item.cells
        if cells is None:
            cells = np.arange(population.size, dtype=np.int32)
        row = [0] * columns.I_WIDTH
        row[columns.I_SET] = int(item.mode == "set")
        row[columns.I_ARRAY] = self.address(population.arrays[item.array])
        row[columns.I_WHOLE] = population.size
        row[columns.I_CELLS] = self.address(np.ascontiguousarray(cells, np.int32), np.int32)
        row[columns.I_COUNT] = cells.size
        amplitude = np.ascontiguousarray(item.amplitude, np.float64)
        row[columns.I_AMPLITUDE] = self.address(amplitude)
        row[columns.I_STRIDE] = int(amplitude.size > 1)
        if item.kind == "waveform":
            width = facts.waveform_values(item, 0, 1).shape[1]
            row[columns.I_WIDTH_OF_ROW] = width
            places = facts.input_columns(item, width, cells.size)
        else:
            if item.state is None:
                raise InternalError("a noise input has no state")
            places = facts.input_columns(item, item.state.size, cells.size)
            noise = np.array([item.mean, *facts.noise_coefficients(self.plan.dt, item)])
            row[columns.I_NOISE] = self.address(noise)
            row[columns.I_FILL] = random.fill_address("normal")
            row[columns.I_SEED] = _as_int64(facts.seed_of(self.plan, item))
            row[columns.I_STREAM] = _as_int64(item.stream)
            row[columns.I_STATE] = self.address(item.state)
            row[columns.I_STATES] = item.state.size
            row[columns.I_DRAWN] = self.address(np.zeros(item.state.size))
        row[columns.I_COLUMNS] = self.address(places, np.int32)
        return row

    def _couplings(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        for coupling in self.plan.continuous:
            target = facts.model(self.plan, coupling.target)
            ring = rings[coupling.source, coupling.source_array]
            if ring.shape[0] == 1:
                ring = self._observe(coupling.source, coupling.source_array)[1]
            slots = 1 if ring.ndim == 1 else ring.shape[0]
            rows.append([
                self.address(coupling.row_start, np.int64),
                self.address(coupling.sources, np.int32),
                self.address(coupling.weights), int(coupling.weights.size > 1),
                self.address(coupling.delay_steps, np.int64), int(coupling.delay_steps.size > 1),
                self.address(ring), slots, self.plan.populations[coupling.source].size,
                self.address(target.arrays[coupling.input_array]), 0, target.size,
            ])  # fmt: skip
        return _table(rows, columns.C_WIDTH)

    def _groups(self) -> Int64Array:
        """Return the arrays that receive input: every input variable, and those that are set.

        Where only waveforms are added and nothing else writes the array, `group_inputs` lists
        them, so that steps in which none of them changes can be passed over; else it is None.
        """
        ordered = self._ordered()
        keys = [_group_of(item) for item in ordered]
        coupled = {("add", c.target, c.input_array) for c in self.plan.continuous}
        lasting = set(facts.untouched_inputs(self.plan))
        variables = [("add", p, name) for p, population in facts.models(self.plan)
                     for name in facts.arrays_with_role(population, "input")
                     if (p, name) not in lasting]  # fmt: skip
        self.group_inputs: list[list[int] | None] = []
        self._numbers = {id(item): n for n, item in enumerate(ordered)}
        rows = []
        for key in sorted({*keys, *coupled, *variables}):
            mode, p, name = key
            inputs = _range_of(key, keys)
            population = facts.model(self.plan, p)
            steady = mode == "add" and key not in coupled
            steady = steady and name not in population.program.mutable
            steady = steady and all(i.kind == "waveform" for i in ordered[slice(*inputs)])
            self.group_inputs.append(list(range(*inputs)) if steady else None)
            rows.append([
                self.address(population.arrays[name]), population.size, 0, int(mode == "add"),
                *inputs,
            ])  # fmt: skip
        return _table(rows, columns.G_WIDTH)

    def fill_waveforms(self, first: int, steps: int) -> None:
        """Compute the values of all waveforms at some steps, and where they change."""
        self._slice: list[AnyArray] = []
        values: dict[int, FloatArray] = {}
        for item in self.plan.inputs:
            if item.kind == "waveform":
                n = self._numbers[id(item)]
                values[n] = facts.waveform_values(item, first, steps)
                self.inputs[n, columns.I_VALUES] = self.address(values[n])
                self._slice.append(self._alive.pop())
        for g, members in enumerate(self.group_inputs):
            if members is None:
                continue
            changed = np.zeros(steps, np.uint8)
            changed[0] = 1
            for n in members:
                changed[1:] |= np.any(values[n][1:] != values[n][:-1], axis=1)
            self.groups[g, columns.G_CHANGED] = self.address(changed, np.uint8)
            self._slice.append(self._alive.pop())

    # -- deliveries -------------------------------------------------------------------------

    def _deliveries(self) -> None:
        """Build the tables of targets, entries, lines, drives and applications."""
        self._entries: list[list[int]] = []
        self._lines: list[list[int]] = []
        self._drives: list[list[int]] = []
        self._applies: list[list[int]] = []
        self._events = self.address(np.zeros(columns.EVENT_BUFFER, np.int32), np.int32)
        self._event_weights = self.address(np.zeros(columns.EVENT_BUFFER))
        rows = [row for p, m in facts.models(self.plan) if (row := self._target(p, m))]
        self.targets = _table(rows, columns.T_WIDTH)
        self.entries = _table(self._entries, columns.E_WIDTH)
        self.lines = _table(self._lines, columns.L_WIDTH)
        self.drives = _table(self._drives, columns.V_WIDTH)
        self.applies = _table(self._applies, columns.A_WIDTH)

    def _target(self, p: int, population: PopulationPlan) -> list[int]:
        """Return the row of a population that spikes arrive at, an empty one for others."""
        projections = [j for j in self.plan.projections if j.target == p]
        drives = [v for v in self.plan.drives if v.target == p]
        if not projections and not drives:
            return []
        first_apply, first_drive = len(self._applies), len(self._drives)
        self._apply_of: dict[str, int] = {}
        for variable in facts.accumulated(self.plan, p):
            self._apply_of[variable] = len(self._applies)
            self._applies.append(self._apply(population, variable))
        due: list[tuple[int, ...]] = []
        for projection in projections:
            due += self._projection(population, projection)
        for drive in drives:
            self._drive(p, population, drive)
        first = len(self._entries)
        due.sort(key=lambda entry: -entry[0])  # stable: then in order of creation
        self._entries += [list(entry) for entry in due]
        immediate = sum(entry[0] == 0 for entry in due)
        last = len(self._entries)
        sums = len(self._applies) - first_apply
        return [
            self._row(self.populations, p), first, last - immediate, last, first_drive,
            len(self._drives), first_apply, len(self._applies),
            population.size * sums // SPARSE_FRACTION,
        ]  # fmt: skip

    def _apply(self, population: PopulationPlan, variable: str) -> list[int]:
        hold = facts.hold(population, variable)
        held = population.arrays[hold] if hold else None
        return [
            self.address(population.arrays[variable]),
            self.address(population.arrays[facts.arriving(variable)]), _HOLDS[hold],
            0 if held is None else self.address(held, held.dtype), 0, population.size,
        ]  # fmt: skip

    def _projection(
        self, population: PopulationPlan, projection: ProjectionPlan
    ) -> list[tuple[int, ...]]:
        """Add the lines of a projection; return its rows of the table of entries."""
        stored = self.store.rows(projection)
        targets = self.address(stored.targets, np.uint32)
        common = [self.address(stored.starts, np.int64), stored.starts.shape[1], targets]
        entries: list[tuple[int, ...]] = []
        for variable, weights in self.store.weights(projection).items():
            line = len(self._lines)
            self._lines.append([*common, *self._weights(weights, stored.targets.size),
                                *self._sink(population, projection, variable)])  # fmt: skip
            entries += [
                (int(delay), projection.source, line, place, projection.since, projection.until)
                for place, delay in enumerate(stored.delays)
            ]
        return entries

    def _weights(self, weights: AnyArray, count: int) -> list[int]:
        """Return address, kind and bytes a weight: one for all, or one each of either precision."""
        if weights.size not in (1, count):
            raise InternalError(f"{weights.size} weights for {count} synapses")
        if weights.size == 1:
            return [self.address(weights.astype(np.float64)), columns.ONE, 0]
        single = weights.dtype == np.float32
        kind = columns.EACH32 if single else columns.EACH64
        address = self.address(weights, np.float32 if single else np.float64)
        return [address, kind, weights.itemsize]

    def _sink(
        self, population: PopulationPlan, connection: ProjectionPlan | DrivePlan, variable: str
    ) -> list[int]:
        """Return accumulator, kernel of the port and application, the first two 0 where unused."""
        if facts.is_event(connection):
            return [0, population.kernels.arrive_addresses[connection.port], -1]
        sums = population.arrays[facts.arriving(variable)]
        return [self.address(sums), 0, self._apply_of[variable]]

    def _drive(self, p: int, population: PopulationPlan, drive: DrivePlan) -> None:
        """Add the rows of a drive, one a variable, and the lines of the cells they touch."""
        count = drive.cells.size
        draw = self._draw(drive, count)
        touched = self.address(np.zeros(count, np.int32), np.int32)
        times = drive.kind == "times"
        dense = not times and float(drive.counts.mean()) > DENSE_COUNT
        for place, (variable, weights) in enumerate(drive.weights.items()):
            sink = self._sink(population, drive, variable)
            line = len(self._lines)
            self._lines.append([0, 0, touched, 0, columns.ONE, 0, *sink])
            self._drives.append([
                address_of("drives", "deliver"), self._row(self.populations, p), draw,
                int(place > 0), self.address(drive.cells, np.int32), count,
                *self._weights(weights, count)[:2], *sink[:2],
                self.address(drive.steps, np.int64) if times else 0,
                self.address(drive.ids, np.int32) if times else 0,
                drive.steps.size, 0, touched, self._events, self._event_weights, line, int(dense),
            ])  # fmt: skip


def _table(rows: list[list[int]], width: int) -> Int64Array:
    """Return rows as a table; no rows make an empty one."""
    if any(len(row) != width for row in rows):
        raise InternalError(f"a table has rows of {[len(r) for r in rows]} for {width} columns")
    return np.array(rows, np.int64).reshape(len(rows), width)


def _as_int64(number: int) -> int:
    """Return the int64 with the lowest 64 bits of a number."""
    return (int(number) + 2**63) % 2**64 - 2**63


def _group_of(item: InputPlan) -> tuple[str, int, str]:
    return item.mode, item.target, item.array


def _range_of(key: tuple[str, int, str], keys: list[tuple[str, int, str]]) -> tuple[int, int]:
    """Return the range of equal keys, which stand next to each other."""
    if key not in keys:
        return 0, 0
    first = keys.index(key)
    return first, first + keys.count(key)
