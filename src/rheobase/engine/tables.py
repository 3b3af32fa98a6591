"""A plan as the tables of addresses and sizes that the compiled driver reads.

The columns are named in `driver.py`. Whatever has an address in a table is kept alive by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.logs import has_offsets
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
from rheobase.errors import InternalError
from rheobase.rendering.cache import module_from_source

if TYPE_CHECKING:
    from rheobase.engine import driver
else:
    # a copy in the cache folder, named by its content and that of the functions it calls, so
    # that a change in either is compiled anew and the package's own folder is never written to
    driver = module_from_source(
        Path(__file__).with_name("driver.py").read_text(encoding="utf-8"), "driver"
    )

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
    rings : dict
        By place and variable, the past values of a source of continuous coupling.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        buffers: Buffers,
        rings: dict[tuple[int, str], FloatArray],
    ) -> None:
        self.plan = plan
        self._alive: list[AnyArray] = []
        self._draws: list[list[int]] = []
        self._addresses = {p: self._model_addresses(m) for p, m in facts.models(plan)}
        self.populations = self._populations(buffers)
        self.records = self._records()
        self.histories = self._histories(rings)
        self.noise = np.zeros((max(len(plan.inputs), 1), 3))
        self.inputs = _table([self._input(n, i) for n, i in self._ordered()], driver.I_WIDTH)
        self.couplings = self._couplings(rings)
        self.groups = self._groups()
        self._deliveries()
        self.draws = _table(self._draws, driver.D_WIDTH)
        self.slices = np.zeros((SLICES, driver.S_WIDTH), np.int64)

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
            row = [0] * driver.P_WIDTH
            row[driver.P_HI] = population.size
            if isinstance(population, PopulationPlan):
                self._fill_model(row, p, population)
            else:
                self._fill_source(row, population)
            rows.append(row)
        table = _table(rows, driver.P_WIDTH)
        for p, buffer in enumerate(buffers):
            self.set_buffer(table, p, buffer)
        return table

    def set_buffer(self, table: Int64Array, p: int, buffer: tuple[AnyArray, FloatArray]) -> None:
        """Let the spikes of a population be written to a buffer."""
        ids, offsets = buffer
        table[p, driver.P_IDS] = self.address(ids, np.int32)
        table[p, driver.P_OFFSETS] = self.address(offsets)
        table[p, driver.P_CAPACITY] = ids.size

    def _fill_model(self, row: list[int], p: int, population: PopulationPlan) -> None:
        row[driver.P_KIND] = driver.MODEL
        row[driver.P_UPDATE] = population.kernels.update_address
        row[driver.P_ON_SPIKE] = population.kernels.on_spike_address
        row[driver.P_TABLE], row[driver.P_NUMBERS] = self._addresses[p]
        row[driver.P_MASK] = self.address(population.arrays["spiked"], np.uint8)
        if has_offsets(population):
            row[driver.P_OFFSET] = self.address(population.arrays["offset"])

    def _fill_source(self, row: list[int], source: SourcePlan) -> None:
        if source.kind == "poisson":
            row[driver.P_KIND] = driver.POISSON
            row[driver.P_DRAW] = self._draw(source, source.size)
            return
        row[driver.P_KIND] = driver.TIMES
        row[driver.P_STEPS] = self.address(source.steps, np.int64)
        row[driver.P_TRAINS] = self.address(source.ids, np.int32)
        row[driver.P_TIMES] = 0 if source.offsets is None else self.address(source.offsets)
        row[driver.P_COUNT] = source.steps.size

    def _draw(self, part: SourcePlan | DrivePlan, size: int) -> int:
        """Add a row for Poisson processes (or counts of given times) and return its number."""
        counts = part.counts
        self._draws.append([
            _as_int64(facts.seed_of(self.plan, part)), _as_int64(part.stream),
            self.address(counts), counts.shape[0], counts.shape[1], part.interval_steps, size,
            self.address(np.zeros(size, np.int64), np.int64),
        ])  # fmt: skip
        return len(self._draws) - 1

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
        return _table(rows, driver.R_WIDTH)

    def _histories(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        for (p, name), ring in rings.items():
            kernel, array = self._observe(p, name)
            size = self.plan.populations[p].size
            own = self.address(ring) if ring.shape[0] > 1 else self.address(array)
            rows.append([
                kernel, *self._addresses[p], self.address(array), size, own, ring.shape[0], 0,
            ])  # fmt: skip
        return _table(rows, driver.H_WIDTH)

    # -- inputs -----------------------------------------------------------------------------

    def _ordered(self) -> list[tuple[int, InputPlan]]:
        """Return the inputs with their numbers: by what they do to which array, then in order."""
        keys = list(dict.fromkeys(_group_of(item) for item in self.plan.inputs))
        return sorted(enumerate(self.plan.inputs), key=lambda pair: keys.index(_group_of(pair[1])))

    def _input(self, n: int, item: InputPlan) -> list[int]:
        population = facts.model(self.plan, item.target)
        cells = item.cells
        if cells is None:
            cells = np.arange(population.size, dtype=np.int32)
        row = [0] * driver.I_WIDTH
        row[driver.I_SET] = int(item.mode == "set")
        row[driver.I_ARRAY] = self.address(population.arrays[item.array])
        row[driver.I_WHOLE] = population.size
        row[driver.I_CELLS] = self.address(np.ascontiguousarray(cells, np.int32), np.int32)
        row[driver.I_COUNT] = cells.size
        amplitude = np.ascontiguousarray(item.amplitude, np.float64)
        row[driver.I_AMPLITUDE] = self.address(amplitude)
        row[driver.I_STRIDE] = int(amplitude.size > 1)
        row[driver.I_NOISE] = -1
        if item.kind == "waveform":
            width = facts.waveform_values(item, 0, 1).shape[1]
            row[driver.I_WIDTH_OF_ROW] = width
            columns = facts.input_columns(item, width, cells.size)
        else:
            if item.state is None:
                raise InternalError("a noise input has no state")
            columns = facts.input_columns(item, item.state.size, cells.size)
            row[driver.I_NOISE] = n
            self.noise[n] = [item.mean, *facts.noise_coefficients(self.plan.dt, item)]
            row[driver.I_SEED] = _as_int64(facts.seed_of(self.plan, item))
            row[driver.I_STREAM] = _as_int64(item.stream)
            row[driver.I_STATE] = self.address(item.state)
            row[driver.I_STATES] = item.state.size
            row[driver.I_DRAWN] = self.address(np.zeros(item.state.size))
        row[driver.I_COLUMNS] = self.address(columns, np.int32)
        return row

    def _couplings(self, rings: dict[tuple[int, str], FloatArray]) -> Int64Array:
        rows = []
        ordered = sorted(self.plan.continuous, key=lambda c: (c.target, c.input_array))
        for coupling in ordered:
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
        self._coupling_keys = [(c.target, c.input_array) for c in ordered]
        return _table(rows, driver.C_WIDTH)

    def _groups(self) -> Int64Array:
        """Return the arrays that receive input: every input variable, and those that are set.

        Where only waveforms are added and nothing else writes the array, `group_inputs` lists
        them, so that steps in which none of them changes can be passed over; else it is None.
        """
        ordered = [item for _, item in self._ordered()]
        keys = [_group_of(item) for item in ordered]
        coupled = [("add", *key) for key in self._coupling_keys]
        variables = [("add", p, name) for p, population in facts.models(self.plan)
                     for name in facts.arrays_with_role(population, "input")]  # fmt: skip
        self.group_inputs: list[list[int] | None] = []
        self._numbers = {id(item): n for n, item in enumerate(ordered)}
        rows = []
        for key in sorted({*keys, *coupled, *variables}):
            mode, p, name = key
            inputs, couplings = _range_of(key, keys), _range_of(key, coupled)
            population = facts.model(self.plan, p)
            steady = mode == "add" and couplings[0] == couplings[1]
            steady = steady and name not in population.program.mutable
            steady = steady and all(i.kind == "waveform" for i in ordered[slice(*inputs)])
            self.group_inputs.append(list(range(*inputs)) if steady else None)
            rows.append([
                self.address(population.arrays[name]), 0, population.size, 0,
                int(mode == "add"), *inputs, *couplings,
            ])  # fmt: skip
        return _table(rows, driver.G_WIDTH)

    def fill_waveforms(self, first: int, steps: int) -> None:
        """Compute the values of all waveforms at some steps, and where they change."""
        self._slice: list[AnyArray] = []
        values: dict[int, FloatArray] = {}
        for item in self.plan.inputs:
            if item.kind == "waveform":
                n = self._numbers[id(item)]
                values[n] = facts.waveform_values(item, first, steps)
                self.inputs[n, driver.I_VALUES] = self.address(values[n])
                self._slice.append(self._alive.pop())
        for g, members in enumerate(self.group_inputs):
            if members is None:
                continue
            changed = np.zeros(steps, np.uint8)
            changed[0] = 1
            for n in members:
                changed[1:] |= np.any(values[n][1:] != values[n][:-1], axis=1)
            self.groups[g, driver.G_CHANGED] = self.address(changed, np.uint8)
            self._slice.append(self._alive.pop())

    # -- deliveries -------------------------------------------------------------------------

    def _deliveries(self) -> None:
        """Build the tables of targets, entries, lines, drives and applications."""
        self._entries: list[list[int]] = []
        self._lines: list[list[int]] = []
        self._drives: list[list[int]] = []
        self._applies: list[list[int]] = []
        self._events = self.address(np.zeros(driver.EVENT_BUFFER, np.int32), np.int32)
        self._event_weights = self.address(np.zeros(driver.EVENT_BUFFER))
        rows = [row for p, m in facts.models(self.plan) if (row := self._target(p, m))]
        self.targets = _table(rows, driver.T_WIDTH)
        self.entries = _table(self._entries, driver.E_WIDTH)
        self.lines = _table(self._lines, driver.L_WIDTH)
        self.drives = _table(self._drives, driver.V_WIDTH)
        self.applies = _table(self._applies, driver.A_WIDTH)

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
        due: list[tuple[int, int, int, int]] = []
        for projection in projections:
            due += self._projection(population, projection)
        for drive in drives:
            self._drive(population, drive)
        first = len(self._entries)
        due.sort(key=lambda entry: -entry[0])  # stable: then in order of creation
        self._entries += [list(entry) for entry in due]
        immediate = sum(entry[0] == 0 for entry in due)
        last = len(self._entries)
        sums = len(self._applies) - first_apply
        return [
            p, first, last - immediate, last, first_drive, len(self._drives), first_apply,
            len(self._applies), population.size * sums // SPARSE_FRACTION,
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
    ) -> list[tuple[int, int, int, int]]:
        """Add the lines of a projection; return its entries (delay, source, line, place)."""
        several = projection.delays.size > 1
        if several and projection.slice_start is None:
            raise InternalError(f"{projection.name!r} has several delays and no slices")
        slices = projection.slice_start if several else None
        common = [
            self.address(projection.row_start, np.int64),
            0 if slices is None else self.address(slices, np.int64), projection.delays.size,
            self.address(projection.targets, np.int32),
        ]  # fmt: skip
        entries = []
        for variable, weights in projection.weights.items():
            line = len(self._lines)
            self._lines.append([*common, *self._weights(weights, projection.targets.size),
                                *self._sink(population, projection, variable)])  # fmt: skip
            entries += [
                (int(delay), projection.source, line, place)
                for place, delay in enumerate(projection.delays)
            ]
        return entries

    def _weights(self, weights: AnyArray, count: int) -> list[int]:
        """Return address and kind of weights: one for all, or one each of either precision."""
        if weights.size not in (1, count):
            raise InternalError(f"{weights.size} weights for {count} synapses")
        if weights.size == 1:
            return [self.address(weights.astype(np.float64)), driver.ONE]
        single = weights.dtype == np.float32
        kind = driver.EACH32 if single else driver.EACH64
        return [self.address(weights, np.float32 if single else np.float64), kind]

    def _sink(
        self, population: PopulationPlan, connection: ProjectionPlan | DrivePlan, variable: str
    ) -> list[int]:
        """Return accumulator, kernel of the port and application, the first two 0 where unused."""
        if facts.is_event(connection):
            return [0, population.kernels.arrive_addresses[connection.port], -1]
        sums = population.arrays[facts.arriving(variable)]
        return [self.address(sums), 0, self._apply_of[variable]]

    def _drive(self, population: PopulationPlan, drive: DrivePlan) -> None:
        """Add the rows of a drive, one a variable, and the lines of the cells they touch."""
        count = drive.cells.size
        draw = self._draw(drive, count)
        touched = self.address(np.zeros(count, np.int32), np.int32)
        times = drive.kind == "times"
        dense = not times and float(drive.counts.mean()) > DENSE_COUNT
        for place, (variable, weights) in enumerate(drive.weights.items()):
            sink = self._sink(population, drive, variable)
            line = len(self._lines)
            self._lines.append([0, 0, 1, touched, 0, driver.ONE, *sink])
            self._drives.append([
                draw, int(place > 0), self.address(drive.cells, np.int32), count,
                *self._weights(weights, count), *sink[:2],
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
