"""A population on a tape: the rows of its past, a step forward, a step back.

A population of n cells in a batch of B lanes has N = B*n elements, lane by lane: element b*n + i is
cell i of lane b. Row r of a history holds the values before step r of the segment that is kept;
a step copies row r to row r + 1 and works there, so that what the reverse of the step reads
stays where it is and nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.plan import AnyArray, FloatArray, new_array
from rheobase.errors import InternalError, UserError
from rheobase.gradients.preparing import Again
from rheobase.lowering.program import Program

if TYPE_CHECKING:
    from rheobase.lowering.adjoint import Reverse

PAST = frozenset({"state", "release", "refractory", "left"})
"""Roles of the arrays that a step changes and a later step reads."""


@dataclass
class Reading:
    """The way back through a subexpression that couplings read."""

    reverse: Reverse
    fixed: dict[str, AnyArray] = field(default_factory=dict)
    kernels: Any = None
    numbers: FloatArray = field(default_factory=lambda: np.zeros(0))


class Cells:
    """One population of a tape. Made by `Tape.cells`; users read its attributes.

    Attributes
    ----------
    name : str
        Its name.
    size, batch, count : int
        Cells of a lane; lanes; elements, `size*batch`.
    program : Program
        The forward step.
    reverse : Reverse or None
        The reverse of the step; None where nothing before this population is trained.
    parameters : dict
        Parameters in SI units, a number or one value a cell.
    bars : dict of str to ndarray, shape (count,)
        During `backward`: the derivative of the loss with respect to every state.
    totals : dict of str to ndarray, shape (count,)
        During `backward`: with respect to prepared numbers, summed over steps.
    """

    def __init__(self, name: str, size: int, batch: int, program: Program,
                 reverse: Reverse | None, parameters: Mapping[str, Any], dt: float,
                 start: float, key: AnyArray | None = None) -> None:  # fmt: skip
        self.name, self.size, self.batch, self.count = name, size, batch, size * batch
        self.program, self.reverse = program, reverse
        self.dt, self.start = dt, start
        self.with_respect_to: frozenset[str] = frozenset()
        self._prepare = Again(program.prepare)
        self._shared = frozenset(program.numbers)
        self._extra: dict[int, Again] = {}
        self.kernels: Any = None
        self.reverse_kernels: Any = None
        self.readings: dict[str, Reading] = {}
        self.fixed: dict[str, AnyArray] = {}
        for array in program.arrays:
            if array.role == "key":
                wide = 1 + len(program.draws)
                self.fixed[array.name] = np.zeros(wide, np.uint64) if key is None else key
            elif array.role not in PAST | {"input", "spiked"}:
                self.fixed[array.name] = new_array(self.count, array.dtype)
        self.states = tuple(a.name for a in program.arrays if a.role == "state")
        self.past_names = tuple(a.name for a in program.arrays if a.role in PAST)
        self.input_names = tuple(a.name for a in program.arrays if a.role == "input")
        self.initial = {n: np.zeros(self.count, program.array(n).dtype) for n in self.past_names}
        self.history: dict[str, AnyArray] = {}
        self.inputs: dict[str, FloatArray] = {}
        self.spiked: AnyArray = np.zeros((0, self.count), np.uint8)
        self.rows = 0
        self.accumulated: list[str] = []
        self.arriving: dict[str, FloatArray] = {}
        self.numbers: FloatArray = np.zeros(0)
        self.parameters: dict[str, Any] = {}
        self.bars = {n: new_array(self.count) for n in self.states}
        self.loss_bars: dict[str, FloatArray] = {}
        self.loss_spikes: FloatArray | None = None
        self.bar_spike: FloatArray = new_array(self.count)
        self.bar_inputs: dict[str, FloatArray] = {}
        self.bar_arriving: dict[str, FloatArray] = {}
        self.totals: dict[str, FloatArray] = {}
        self.back_to_parameters: Again | None = None
        self.reverse_fixed: dict[str, AnyArray] = {}
        self.reverse_numbers: FloatArray = np.zeros(0)
        self.stale = True
        if reverse is not None:
            self._lay_out_reverse(reverse)
        self.set_parameters(parameters)

    def _lay_out_reverse(self, reverse: Reverse) -> None:
        """Make the arrays that only the reverse has."""
        self.reverse_fixed = self._arrays_of(reverse)
        if reverse.bar_spike is not None:
            self.reverse_fixed[reverse.bar_spike] = self.bar_spike

    def need_spikes(self, why: str) -> None:
        """Refuse cells whose spikes have no derivative, unless none was asked for.

        Raises
        ------
        UserError
            It says what to do about it.
        """
        if self.reverse is not None and self.reverse.no_spikes:
            raise UserError(
                f"{self.name!r} cannot be differentiated: {why}, and {self.reverse.no_spikes}",
                mend="surrogate='none' takes 0 for the derivative of its spikes",
            )

    def _arrays_of(self, reverse: Reverse) -> dict[str, AnyArray]:
        """Return the arrays of a reverse that are the same at every step."""
        found: dict[str, AnyArray] = {}
        for array in reverse.program.arrays:
            if array.role == "key":
                found[array.name] = self.fixed[array.name]
            elif array.name not in (*self.past_names, *self.input_names, "spiked"):
                found[array.name] = new_array(self.count, array.dtype)
        for name, array_name in reverse.total.items():
            found[array_name] = self.totals.setdefault(name, new_array(self.count))
        for name, array_name in reverse.bar.items():
            if name in self.bars:
                found[array_name] = self.bars[name]
        return found

    def add_reading(self, name: str, reverse: Reverse) -> None:
        """Take the way back through a subexpression."""
        self.readings[name] = Reading(reverse, self._arrays_of(reverse))
        self.stale = True

    # -- values ---------------------------------------------------------------------------

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Take over parameters (SI; a number, or an array with one value a cell)."""
        self.parameters = {**parameters, "N": float(self.size)}
        self.stale = True

    def set_parameter(self, name: str, value: Any) -> None:
        """Take over one parameter."""
        self.parameters[name] = value
        self.stale = True

    def refresh(self) -> None:
        """Prepare the numbers of the programs again, if parameters changed.

        The numbers of a reverse begin with those of the step, in the same order.
        """
        if not self.stale:
            return
        self.stale = False
        names = self.known_values()
        found = self._prepare(names)
        arrays = {n: v for n, v in found.items() if n not in self._shared}
        now = np.array([float(found.get(n, 0.0)) for n in self.program.numbers])
        self.numbers = _into(self.numbers, now)
        if self.reverse is not None:
            now = self._more(self.reverse.program, found, arrays)
            self.reverse_numbers = _into(self.reverse_numbers, now)
        for reading in self.readings.values():
            now = self._more(reading.reverse.program, found, arrays)
            reading.numbers = _into(reading.numbers, now)
        places = [self.fixed, self.reverse_fixed, *(r.fixed for r in self.readings.values())]
        for name, values in arrays.items():
            each = self.spread(values)
            for fixed in places:
                if name in fixed:
                    fixed[name][:] = each

    def known_values(self) -> dict[str, Any]:
        """Return everything that numbers are prepared from, by name."""
        return {**self.parameters, "dt": self.dt, "start": self.start}

    def _more(self, program: Program, found: dict[str, Any],
              arrays: dict[str, AnyArray]) -> FloatArray:  # fmt: skip
        """Return the numbers of a reverse; add to `arrays` what only it prepares."""
        if id(program) not in self._extra:
            writes = tuple(w for w in program.prepare.writes if w.target not in found)
            self._extra[id(program)] = Again(replace(program.prepare, writes=writes).pruned())
        more = self._extra[id(program)](self.known_values())
        arrays |= {n: v for n, v in more.items() if n not in program.numbers}
        whole = found | more
        return np.array([float(whole.get(n, 0.0)) for n in program.numbers])

    def spread(self, values: Any) -> AnyArray:
        """Return one value an element: from a number, one a cell, one a lane and cell."""
        found = np.asarray(values)
        if found.ndim == 2 or found.size == self.count:
            return found.reshape(self.count)
        if found.size not in (1, self.size):
            raise InternalError(f"{found.shape} values for {self.size} cells of {self.name!r}")
        whole = np.broadcast_to(found.reshape(1, -1), (self.batch, self.size))
        return np.ascontiguousarray(whole).reshape(self.count)

    def row_bytes(self) -> int:
        """Return what a kept step takes."""
        past = sum(np.dtype(self.program.array(n).dtype).itemsize for n in self.past_names)
        return self.count * (past + 8 * len(self.input_names) + 1)

    def make_rows(self, rows: int) -> None:
        """Make room for the past of so many steps, unless there is."""
        if rows == self.rows:
            return
        self.rows = rows
        for name in self.past_names:
            dtype = self.program.array(name).dtype
            self.history[name] = np.empty((rows + 1, self.count), dtype)
        self.inputs = {n: np.empty((rows, self.count)) for n in self.input_names}
        self.spiked = np.zeros((rows, self.count), np.uint8)

    # -- forward --------------------------------------------------------------------------

    def begin(self, r: int) -> None:
        """Copy what a step changes into its row; the inputs start from 0."""
        for values in self.history.values():
            values[r + 1] = values[r]
        for values in self.inputs.values():
            values[r] = 0.0

    def arrays_at(self, r: int, after: int) -> dict[str, AnyArray]:
        """Return the arrays by name: those of the past in row `after`, inputs in row r."""
        found = dict(self.fixed)
        found |= {n: values[after] for n, values in self.history.items()}
        found |= {n: values[r] for n, values in self.inputs.items()}
        return found | {"spiked": self.spiked[r]}

    def advance(self, step: int, r: int) -> AnyArray:
        """Integrate one step in row r + 1, reset the cells that spiked; return their elements."""
        arrays = self.arrays_at(r, r + 1)
        self.kernels.update(arrays, self.numbers, 0, self.count, step)
        ids = np.flatnonzero(self.spiked[r] == facts.SPIKED).astype(np.int32)
        if ids.size:
            self.kernels.on_spike(arrays, self.numbers, ids, step)
        return ids

    # -- backward -------------------------------------------------------------------------

    def back(self, step: int, r: int) -> None:
        """Go back through one step: `bars` become those of the states before it."""
        assert self.reverse is not None
        arrays = dict(self.reverse_fixed)
        arrays |= {n: values[r] for n, values in self.history.items()}
        arrays |= {n: values[r] for n, values in self.inputs.items()}
        arrays["spiked"] = self.spiked[r]
        for name, array_name in self.reverse.bar_input.items():
            rows = self.bar_inputs[name]
            arrays[array_name] = rows[step % len(rows)]
        self.reverse_kernels.update(arrays, self.reverse_numbers, 0, self.count, step)

    def back_reading(self, name: str, bar: FloatArray, step: int, r: int) -> None:
        """Go back through a subexpression that something reads: add to `bars` and `totals`."""
        reading = self.readings[name]
        arrays = dict(reading.fixed)
        arrays |= {n: values[r] for n, values in self.history.items()}
        arrays |= {n: values[r] for n, values in self.inputs.items()}
        arrays["spiked"] = self.spiked[r]
        arrays[reading.reverse.bar[f"observed_{name}"]] = bar
        reading.kernels.update(arrays, reading.numbers, 0, self.count, step)

    def lost(self, variable: str, step: int, r: int) -> AnyArray | None:
        """Return where arrivals of a step are lost because cells are held; None for nowhere."""
        hold = hold_of(self.program, variable)
        if not hold:
            return None
        values = self.history[hold][r + 1]
        return np.asarray(step < values if hold == "release" else values > 0)


def _into(kept: FloatArray, values: FloatArray) -> FloatArray:
    """Return an array with these values: the one that is kept, if they fit, as tables name it."""
    if kept.shape != values.shape:
        return values
    kept[:] = values
    return kept


def hold_of(program: Program, variable: str) -> str:
    """Return the array that says when arrivals at a variable are lost, "" for never."""
    if variable not in program.held or program.refractory_kind == "none":
        return ""
    if program.refractory_kind == "condition":
        return "refractory"
    return "left" if program.crossing == "linear" else "release"
