"""The compiled step loops of a tape: its parts as rows of tables, run by one driver for all.

Nothing is compiled for a network: kernels are those of its models (forward and reverse), parts
are the same for every tape (`gradients/parts`), and a tape is a table of calls.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.plan import AnyArray
from rheobase.gradients.cells import Cells, hold_of
from rheobase.gradients.currents import Clamp, Coupling, Injection, Remembered
from rheobase.gradients.drivers import InterpretedDriver
from rheobase.gradients.links import Arrivals, Drive, Line, Trains
from rheobase.gradients.parts import address_of
from rheobase.gradients.parts import columns as c
from rheobase.lowering.adjoint import Reverse

if TYPE_CHECKING:
    from rheobase.gradients.tape import Tape

_LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)
_HOLDS = {"": c.NOT_HELD, "release": c.BY_RELEASE, "refractory": c.BY_FLAG, "left": c.BY_TIME}


class CompiledDriver(InterpretedDriver):
    """Runs a tape by compiled code; one call is a whole segment.

    The tables hold addresses; the arrays they are of belong to the tape, or are kept here.
    """

    def __init__(self, tape: Tape) -> None:
        super().__init__(tape)
        self._loops: dict[str, Callable[..., None]] = {}
        for name in ("forward", "back"):
            self._loops[name] = _LOOP(address_of("loop", name))
        self._kept: list[Any] = []
        self._tables: dict[tuple[int, str], AnyArray] = {}
        self._forward: AnyArray = np.zeros((0, c.F_WIDTH), np.int64)
        self._back: AnyArray = self._forward
        self._forward_kept = 0  # of `_kept`, those that belong to the way forward
        self._values: list[tuple[Injection, AnyArray]] = []
        self._values_back: list[tuple[Injection, AnyArray]] = []
        self._memories: list[tuple[Remembered, AnyArray]] = []
        self._losses: list[tuple[AnyArray, Cells, str]] = []
        self._bound: list[Any] = []
        self._bound_back: list[Any] = []

    # -- running --------------------------------------------------------------------------

    def forward(self, begin: int, end: int) -> None:
        """Run steps begin <= place < end of the tape."""
        for injection, row in self._values:  # each segment has values of its own
            row[c.J_VALUES], row[c.J_WIDE] = _at(injection.values), injection.values.shape[1]
        for memory, row in self._memories:
            row[c.M_FRESH] = memory.fresh
            memory.fresh = False
        self._run("forward", self._forward, begin, end)

    def back(self, begin: int, end: int) -> None:
        """Go back through steps begin <= place < end, last first."""
        for injection, row in self._values_back:
            row[c.J_VALUES], row[c.J_WIDE] = _at(injection.values), injection.values.shape[1]
        self._run("back", self._back, begin, end)
        if begin == 0:
            self.end_back()

    def _run(self, which: str, calls: AnyArray, begin: int, end: int) -> None:
        tape = self.tape
        last = tape.first + tape.steps
        self._loops[which](_at(calls), len(calls), tape.first, begin, end, last)

    # -- tables ---------------------------------------------------------------------------

    def bind(self) -> None:
        """Write the tables of the way forward, unless they stand."""
        if self._bound and _are(self._bound, _made_of(self.tape)):
            return
        super().bind()
        tape = self.tape
        self._bound_back = []
        self._kept, self._values = [], []
        self._memories = []
        calls: list[tuple[str, str, AnyArray]] = []
        for clamp in tape.clamps:
            calls.append(("clamps", "clamp", self._clamp(clamp)))
        rows = {cells: self._cells(cells) for cells in tape.populations}
        calls += [("cells", "begin", row) for row in rows.values()]
        for memory in tape.remembered:
            row = self._memory(memory)
            self._memories.append((memory, row))
            calls.append(("couplings", "remember", row))
        for mode in ("add", "set"):
            for injection in tape.injections:
                if injection.mode == mode:
                    row = self._injection(injection)
                    self._values.append((injection, row))
                    calls.append(("currents", "inject", row))
            if mode == "add":
                calls += [("couplings", "couple", self._coupling(x)) for x in tape.couplings]
        calls += [("cells", "advance", row) for row in rows.values()]
        arrivals = [self._arrivals(item) for item in tape.arrivals]
        calls += [("spikes", "begin", row) for row in arrivals]
        for cells, lines in self.onto:
            calls += [("spikes", "deliver", self._line(x)) for x in lines if x.delay > 0]
            calls += [("spikes", "drive", self._drive(x)) for x in tape.drives if x.target is cells]
            calls += [("spikes", "deliver", self._line(x)) for x in lines if x.delay == 0]
        calls += [("spikes", "take", row) for row in arrivals]
        self._forward = self._calls(calls)
        self._forward_kept = len(self._kept)
        self._bound = _made_of(tape)

    def bind_back(self) -> None:
        """Write the tables of the way back, unless they stand but for the loss."""
        tape = self.tape
        if self._bound_back and _are(self._bound_back, _made_of_back(tape)):
            for row, cells, name in self._losses:
                rows = cells.loss_bars[name] if name else cells.loss_spikes
                assert rows is not None
                row[c.L_ROWS] = _at(rows)
            return
        calls: list[tuple[str, str, AnyArray]] = []
        self._kept, self._losses = self._kept[: self._forward_kept], []
        for cells in tape.populations:
            for name, bars in cells.loss_bars.items():
                row = self._loss(cells.bars[name], bars, 1, 0)
                self._losses.append((row, cells, name))
                calls.append(("cells", "take_loss", row))
        calls += [("clamps", "clamp_back", self._clamp(clamp)) for clamp in tape.clamps]
        calls += [("spikes", "take_back", self._arrivals(item, True)) for item in tape.arrivals]
        for cells in tape.populations:
            if self._bar_spike(cells, 0) is not None:
                row = self._loss(cells.bar_spike, cells.loss_spikes, 0, 1)
                if cells.loss_spikes is not None:
                    self._losses.append((row, cells, ""))
                calls.append(("cells", "take_loss", row))
        for drive in tape.drives:
            if drive.bar_weights is not None:
                calls.append(("spikes", "drive_back", self._drive(drive, True)))
        for line in self.leaving:
            row = self._line(line, True)
            if row[c.S_BAR_SPIKE] or row[c.S_BAR_WEIGHTS]:
                calls.append(("spikes", "deliver_back", row))
        for cells in tape.populations:
            if cells.reverse is not None:
                calls.append(("cells", "back", self._cells_back(cells)))
        self._values_back = []
        for injection in tape.injections:
            if injection.bar_amplitude is not None:
                row = self._injection(injection, True)
                self._values_back.append((injection, row))
                calls.append(("currents", "inject_back", row))
        memories = [self._memory(memory, True) for memory in tape.remembered]
        calls += [("couplings", "begin_back", row) for row in memories]
        calls += [("couplings", "couple_back", self._coupling(x, True)) for x in tape.couplings]
        calls += [("couplings", "end_back", row) for row in memories]
        self._back = self._calls(calls)
        self._bound_back = _made_of_back(tape)

    def _calls(self, calls: Sequence[tuple[str, str, AnyArray]]) -> AnyArray:
        table = np.zeros((len(calls), c.F_WIDTH), np.int64)
        for n, (part, function, row) in enumerate(calls):
            table[n] = address_of(part, function), _at(row)
        return table

    def _row(self, wide: int, **entries: int) -> AnyArray:
        row = np.zeros(wide, np.int64)
        self._kept.append(row)
        for name, value in entries.items():
            row[getattr(c, name)] = value
        return row

    # -- populations ----------------------------------------------------------------------

    def _table(self, kernels: Any, arrays: dict[str, AnyArray]) -> AnyArray:
        """Return the table of a kernel's arrays; those of the past are filled in every step."""
        table = np.zeros(max(len(kernels.array_names), 1), np.int64)
        for n, name in enumerate(kernels.array_names):
            if name in arrays:
                table[n] = _at(arrays[name])
        self._kept.append(table)
        return table

    def _pointers(self, cells: Cells, names: Sequence[str], table: AnyArray, after: int,
                  begin: bool) -> list[list[int]]:  # fmt: skip
        """Return the rows that say where the past of a population is at a step."""
        rows = []
        slots = {name: n for n, name in enumerate(names)}
        count = cells.count
        for name, values in cells.history.items():
            if name in slots:
                item = values.dtype.itemsize
                rows.append([_at(table), slots[name], _at(values), count * item, after, 0,
                             int(begin), count, item])  # fmt: skip
        for name, values in cells.inputs.items():
            if name in slots:
                rows.append([_at(table), slots[name], _at(values), 8 * count, 0, 0,
                             2 * int(begin), count, 8])  # fmt: skip
        if "spiked" in slots:
            rows.append([_at(table), slots["spiked"], _at(cells.spiked), count, 0, 0, 0, count, 1])
        return rows

    def _pointer_table(self, rows: list[list[int]]) -> AnyArray:
        table = np.array(rows, np.int64).reshape(len(rows), c.P_WIDTH)
        self._kept.append(table)
        return table

    def _cells(self, cells: Cells) -> AnyArray:
        kernels = cells.kernels
        table = self._table(kernels, cells.fixed)
        self._tables[id(cells), "forward"] = table
        rows = self._pointers(cells, kernels.array_names, table, 1, True)
        pointers = self._pointer_table(rows)
        spikes = self.tape.spikes[cells]
        starts = _at(spikes.starts) + 8 * spikes.before if cells.program.spiking else 0
        return self._row(
            c.C_WIDTH, C_POINTERS=_at(pointers), C_POINTER_ROWS=len(rows),
            C_UPDATE=kernels.update_address, C_ON_SPIKE=kernels.on_spike_address,
            C_TABLE=_at(table), C_NUMBERS=_at(cells.numbers), C_COUNT=cells.count,
            C_SPIKED=_at(cells.spiked), C_STARTS=starts, C_IDS=_at(spikes.ids),
        )  # fmt: skip

    def _cells_back(self, cells: Cells) -> AnyArray:
        assert cells.reverse is not None
        kernels = cells.reverse_kernels
        table = self._table(kernels, cells.reverse_fixed)
        rows = self._pointers(cells, kernels.array_names, table, 0, False)
        rows += self._bar_inputs(cells, cells.reverse, kernels, table)
        pointers = self._pointer_table(rows)
        return self._row(
            c.C_WIDTH, C_POINTERS=_at(pointers), C_POINTER_ROWS=len(rows),
            C_UPDATE=kernels.update_address, C_TABLE=_at(table),
            C_NUMBERS=_at(cells.reverse_numbers), C_COUNT=cells.count,
        )  # fmt: skip

    @staticmethod
    def _bar_inputs(cells: Cells, reverse: Reverse, kernels: Any,
                    table: AnyArray) -> list[list[int]]:  # fmt: skip
        rows = []
        for name, array_name in reverse.bar_input.items():
            ring = cells.bar_inputs[name]
            at = kernels.array_names.index(array_name)
            rows.append([_at(table), at, _at(ring), 8 * cells.count, 0, len(ring), 0,
                         cells.count, 8])  # fmt: skip
        return rows

    def _loss(self, bar: AnyArray, rows: AnyArray | None, shift: int, setting: int) -> AnyArray:
        return self._row(
            c.L_WIDTH, L_BAR=_at(bar), L_ROWS=0 if rows is None else _at(rows), L_COUNT=bar.size,
            L_SHIFT=shift, L_SET=setting,
        )  # fmt: skip

    # -- currents -------------------------------------------------------------------------

    def _clamp(self, clamp: Clamp) -> AnyArray:
        cells = clamp.target
        values = cells.history[clamp.array]
        return self._row(
            c.H_WIDTH, H_BASE=_at(values), H_STRIDE=8 * cells.count, H_CELLS=_at(clamp.cells),
            H_VALUES=_at(clamp.values), H_COUNT=clamp.cells.size, H_FIRST=clamp.first,
            H_LAST=clamp.last, H_BAR=_at(cells.bars[clamp.array]),
        )  # fmt: skip

    def _injection(self, item: Injection, back: bool = False) -> AnyArray:
        cells = item.target
        row = self._row(
            c.J_WIDTH, J_ARRAY=_at(cells.inputs[item.array]), J_STRIDE=8 * cells.count,
            J_CELLS=_at(item.cells), J_COLUMNS=_at(item.columns), J_AMPLITUDE=_at(item.amplitude),
            J_COUNT=item.cells.size, J_SET=int(item.mode == "set"),
        )  # fmt: skip
        if back and item.bar_amplitude is not None:
            ring = cells.bar_inputs[item.array]
            row[c.J_BAR_AMPLITUDE] = _at(item.bar_amplitude)
            row[c.J_BAR_INPUT], row[c.J_SLOTS] = _at(ring), len(ring)
        return row

    def _memory(self, memory: Remembered, back: bool = False) -> AnyArray:
        source = memory.source
        count, name = source.count, memory.array
        row = self._row(c.M_WIDTH, M_COUNT=count, M_RING=_at(memory.ring),
                        M_SLOTS=len(memory.ring))  # fmt: skip
        if memory.computed:
            row[c.M_OBSERVE] = source.kernels.observe_addresses[name]
            row[c.M_TABLE] = _at(self._tables[id(source), "forward"])
            row[c.M_NUMBERS] = _at(source.numbers)
            row[c.M_BASE] = _at(source.fixed[f"observed_{name}"])
        else:
            row[c.M_BASE], row[c.M_STRIDE] = _at(source.history[name]), 8 * count
        if back:
            self._memory_back(memory, row)
        return row

    def _memory_back(self, memory: Remembered, row: AnyArray) -> None:
        source = memory.source
        row[c.M_BAR], row[c.M_NOW] = _at(memory.bar), _at(memory.values)
        if not memory.computed:
            row[c.M_TO] = _at(source.bars[memory.array])
            return
        forward = self._tables[id(source), "forward"]
        pointers = self._pointers(source, source.kernels.array_names, forward, 0, False)
        if memory.array in source.readings:
            reading = source.readings[memory.array]
            bar_name = reading.reverse.bar[f"observed_{memory.array}"]
            table = self._table(reading.kernels, reading.fixed | {bar_name: memory.bar})
            names = reading.kernels.array_names
            pointers += self._pointers(source, names, table, 0, False)
            row[c.M_BACK] = reading.kernels.update_address
            row[c.M_BACK_TABLE], row[c.M_BACK_NUMBERS] = _at(table), _at(reading.numbers)
        made = self._pointer_table(pointers)
        row[c.M_POINTERS], row[c.M_POINTER_ROWS] = _at(made), len(pointers)

    def _coupling(self, item: Coupling, back: bool = False) -> AnyArray:
        cells, memory = item.target, item.remembered
        row = self._row(
            c.K_WIDTH, K_LANES=cells.batch, K_SIZE=cells.size, K_SOURCE_SIZE=memory.source.size,
            K_ARRAY=_at(cells.inputs[item.array]), K_STRIDE=8 * cells.count,
            K_ROWS=_at(item.row_start), K_SOURCES=_at(item.sources), K_WEIGHTS=_at(item.weights),
            K_DELAYS=_at(item.delays), K_RING=_at(memory.ring), K_SLOTS=len(memory.ring),
            K_FIRST=self.tape.first,
        )  # fmt: skip
        if back:
            ring = cells.bar_inputs[item.array]
            row[c.K_NOW], row[c.K_BAR] = _at(memory.values), _at(memory.bar)
            row[c.K_BAR_INPUT], row[c.K_BAR_SLOTS] = _at(ring), len(ring)
            if item.bar_weights is not None:
                row[c.K_BAR_WEIGHTS] = _at(item.bar_weights)
            if memory.early is None:
                row[c.K_EARLIEST] = int(item.delays.max(initial=0))
        return row

    # -- spikes ---------------------------------------------------------------------------

    def _line(self, line: Line, back: bool = False) -> AnyArray:
        spikes = line.spikes
        row = self._row(
            c.S_WIDTH, S_LANES=line.source.batch, S_SOURCE_SIZE=line.source.size,
            S_TARGET_SIZE=line.target.size, S_DELAY=line.delay, S_SINCE=line.since,
            S_UNTIL=line.until, S_STARTS=_at(spikes.starts), S_BEFORE=spikes.before,
            S_IDS=_at(spikes.ids), S_SUMS=_at(line.target.arriving[line.variable]),
            S_WEIGHTS=_at(line.weights),
        )  # fmt: skip
        if line.row_start is not None:
            assert line.targets is not None
            row[c.S_ROWS], row[c.S_TARGETS] = _at(line.row_start), _at(line.targets)
        if back:
            self._line_back(line, row)
        return row

    def _line_back(self, line: Line, row: AnyArray) -> None:
        ring = line.target.bar_arriving[line.variable]
        row[c.S_RING], row[c.S_SLOTS] = _at(ring), len(ring)
        if isinstance(line.source, Trains):
            rows = self.tape.bar_trains.get(line.source)
            if rows is not None:
                row[c.S_BAR_SPIKE], row[c.S_BAR_STRIDE] = _at(rows), 8 * line.source.count
        else:
            bars = self._bar_spike(line.source, 0)
            row[c.S_BAR_SPIKE] = 0 if bars is None else _at(bars)
        if row[c.S_BAR_SPIKE] and line.row_start is None:
            if line.transposed is None:
                line.transposed = np.ascontiguousarray(line.weights.T)
            row[c.S_TRANSPOSED] = _at(line.transposed)
        if line.bar_weights is not None:
            row[c.S_BAR_WEIGHTS] = _at(line.bar_weights)

    def _drive(self, item: Drive, back: bool = False) -> AnyArray:
        cells = item.target
        row = self._row(
            c.V_WIDTH, V_SUMS=_at(cells.arriving[item.variable]), V_SIZE=cells.size,
            V_WEIGHTS=_at(item.weights), V_STARTS=_at(item.starts), V_IDS=_at(item.ids),
            V_COUNTS=_at(item.counts), V_COUNT=cells.count,
        )  # fmt: skip
        if back and item.bar_weights is not None:
            ring = cells.bar_arriving[item.variable]
            row[c.V_RING], row[c.V_SLOTS] = _at(ring), len(ring)
            row[c.V_BAR_WEIGHTS] = _at(item.bar_weights)
        return row

    def _arrivals(self, item: Arrivals, back: bool = False) -> AnyArray:
        cells = item.target
        hold = hold_of(cells.program, item.variable)
        row = self._row(
            c.A_WIDTH, A_SUMS=_at(cells.arriving[item.variable]), A_COUNT=cells.count,
            A_GIVEN=0 if item.given is None else _at(item.given), A_KIND=_HOLDS[hold],
            A_STATE=_at(cells.history[item.variable]), A_STATE_STRIDE=8 * cells.count,
            A_BAR=_at(cells.bars[item.variable]),
        )  # fmt: skip
        if hold:
            values = cells.history[hold]
            row[c.A_HOLD], row[c.A_HOLD_STRIDE] = _at(values), values.dtype.itemsize * cells.count
        if back:
            ring = cells.bar_arriving[item.variable]
            row[c.A_RING], row[c.A_SLOTS] = _at(ring), len(ring)
        return row


_EACH_RUN: dict[type, frozenset[str]] = {
    Cells: frozenset(["parameters", "stale", "initial", "loss_bars", "loss_spikes"]),
    Injection: frozenset(["values", "_taken"]),
    Remembered: frozenset(["fresh"]),
}
"""What is another in every run, and is written into the tables there or never stands in them."""


def _made_of(tape: Tape) -> list[Any]:
    """Return all that the tables are made of: arrays and parts by what they are, numbers, names."""
    found: list[Any] = [tape.first]
    parts: list[Any] = [
        *tape.populations,
        *tape.injections,
        *tape.clamps,
        *tape.remembered,
        *tape.couplings,
        *tape.arrivals,
        *tape.drives,
        *tape.spikes.values(),
    ]
    for link in tape.links:
        parts += link.lines
    for part in parts:
        found.append(part)
        every_run = _EACH_RUN.get(type(part), ())
        for name, value in vars(part).items():
            if name in every_run:
                continue
            if isinstance(value, dict):
                found += value
                found += value.values()
            else:
                found.append(value)
    return found


def _made_of_back(tape: Tape) -> list[Any]:
    """Return the same of the way back: what the loss reads, and of which trains it wants bars."""
    found = _made_of(tape)
    for cells in tape.populations:
        found += [*cells.loss_bars, cells.loss_spikes is None]
    return [*found, *tape.bar_trains, *tape.bar_trains.values()]


def _are(one: list[Any], other: list[Any]) -> bool:
    """Return whether two lists hold the very same things, or equal numbers and names."""
    if len(one) != len(other):
        return False
    return all(
        a is b or (isinstance(a, (int, float, str)) and type(a) is type(b) and a == b)
        for a, b in zip(one, other, strict=True)
    )


def _at(array: AnyArray) -> int:
    """Return the address of an array, which must be in one piece."""
    assert array.flags.c_contiguous
    return int(array.__array_interface__["data"][0])
