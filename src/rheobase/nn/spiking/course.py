"""A layer of cells taken through all steps, and its gradients taken back.

A `Course` is one part of a batch on its way: lane b*units + j is unit j of sample b. What the
reverse reads is kept of every step, so that going back computes nothing of the way forward again.
`CompiledCourse` runs the kernels of the model in `parts/`; `InterpretedCourse` is the same with
NumPy, for machines without numba, and says what the compiled one means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import new_array
from rheobase.errors import InternalError
from rheobase.nn.spiking.parts import columns, function_of

if TYPE_CHECKING:
    from rheobase.nn.spiking.cells import Cells

Floats = NDArray[np.float64]
AnyArray = NDArray[Any]

HELD = {"release": columns.RELEASE, "left": columns.LEFT, "refractory": columns.FLAG}


@dataclass(frozen=True)
class Link:
    """A recurrent connection: effective weights (units, units) added to one variable."""

    weights: Floats
    variable: str


class Course(ABC):
    """Cells over steps: see the module's text. Its memory can be used again: `begin`.

    Parameters
    ----------
    cells
        Programs, kernels and prepared numbers.
    batch, steps
        Samples, and steps of each.
    inputs, ports
        Names of the input variables and of the variables that get arrivals.
    linked, delay
        Variables that recurrent connections lead to, and after how many steps spikes arrive.

    Attributes
    ----------
    arriving : dict of str to ndarray
        What arrives by variable, (steps, lanes): to be filled before `forward`.
    spikes : ndarray of uint8
        (steps, lanes), after `forward`.
    links : list of Link
        Effective weights of the recurrent connections, to be filled before `forward`.
    kept : dict of str to ndarray
        What arrays were before each step, and at the end: (steps + 1, lanes).
    """

    def __init__(self, cells: Cells, batch: int, steps: int, *, inputs: Sequence[str],
                 ports: Sequence[str], linked: Sequence[str] = (), delay: int = 1,
                 ) -> None:  # fmt: skip
        self.batch, self.steps = batch, steps
        self.units, self.lanes = cells.units, batch * cells.units
        self.inputs, self.ports, self.delay = tuple(inputs), tuple(ports), delay
        self.links = [Link(np.zeros((self.units, self.units)), x) for x in linked]
        self.cells = cells
        self.arrays, self.numbers = cells.arrays(batch), cells.numbers.copy()
        self._fresh = {name: array.copy() for name, array in self.arrays.items()}
        roles = {a.name: a.role for a in cells.program.arrays}
        self.held = next((a for a in self.arrays if roles.get(a) in HELD), None)
        self.held_kind = HELD[roles[self.held]] if self.held else columns.NOBODY
        shape = (steps, self.lanes)
        self.arriving = {x: np.zeros(shape) for x in (*inputs, *ports)}
        self.arrived = {x: np.zeros(shape) for x in self.arriving}
        self.spikes, self.spike_bar = np.zeros(shape, np.uint8), np.zeros(shape)
        self.kept = {
            name: np.zeros((steps + 1, self.lanes), self.arrays[name].dtype)
            for name in cells.kept
        }  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """Copies make tables of their own: those of addresses hold for one object only."""
        tables = ("_ahead", "_back", "_turned", "reverse_arrays", "reverse_numbers")
        return {name: value for name, value in vars(self).items() if name not in tables}

    def begin(self, cells: Cells, key: int) -> None:
        """Go back to before the first step, with parameters that may be others."""
        if cells is not self.cells:
            self.cells = cells
            self._fresh = cells.arrays(self.batch)
            self.numbers[:] = cells.numbers
        for name, array in self.arrays.items():
            array[:] = self._fresh[name]
        if "key" in self.arrays:
            self.arrays["key"][0] = key % 2**64
        for arriving in self.arriving.values():
            arriving.fill(0.0)

    @abstractmethod
    def forward(self) -> int:
        """Take the cells through all steps; return the first one with a nan, or -1."""

    @abstractmethod
    def backward(self, state_bars: Mapping[str, Floats]) -> dict[str, Floats]:
        """Take gradients back through all steps, beginning with `spike_bar`.

        Leaves d loss/d what arrived in `arrived`, and in `spike_bar` also what recurrent
        connections bring.

        Parameters
        ----------
        state_bars
            d loss/d a state after each step, (steps, lanes).

        Returns
        -------
        dict
            d loss/d prepared numbers and arrays, one entry a unit.
        """

    def kept_at(self, name: str, step: int) -> AnyArray | None:
        """Return what the reverse of a step reads under a name, if that changes with the step."""
        rows: AnyArray | None
        rows = self.arriving.get(name) if name in self.inputs else self.kept.get(name)
        if name == "spiked":
            rows = self.spikes
        return None if rows is None else np.asarray(rows[step])

    @cached_property
    def reverse_numbers(self) -> Floats:
        """The numbers of the reverse."""
        return self.cells.reverse_prepared.numbers.copy()

    @cached_property
    def reverse_arrays(self) -> dict[str, AnyArray]:
        """The arrays of the reverse: gradients, what is prepared, what is shared with the step."""
        return {
            a.name: self.arrays[a.name] if a.name in self.arrays else new_array(self.lanes, a.dtype)
            for a in self.cells.reverse.program.arrays
        }

    def begin_back(self) -> None:
        """Set all gradients to 0, and take over what was prepared of the parameters."""
        reverse, arrays = self.cells.reverse, self.reverse_arrays
        prepared = self.cells.reverse_prepared
        self.reverse_numbers[:] = prepared.numbers
        for name, values in prepared.arrays.items():
            if name not in self.arrays:
                arrays[name][:] = self.cells.tiled(values, self.batch)
        for name in (*reverse.bar.values(), *reverse.total.values()):
            arrays[name].fill(0.0)

    def totals(self, arrays: Mapping[str, AnyArray]) -> dict[str, Floats]:
        """Return d loss/d each prepared number or array, one entry a unit."""
        found = {}
        for name, array in self.cells.reverse.total.items():
            found[name] = arrays[array].reshape(self.batch, self.units).sum(axis=0)
        return found


class CompiledCourse(Course):
    """A course in compiled kernels; nothing of Python in a step.

    The tables of addresses are made once: all arrays stay where they are.
    """

    def forward(self) -> int:
        """Take the cells through all steps; return the first one with a nan, or -1."""
        rows, run = self._ahead
        function_of("cells", "forward")(rows.at(run))
        return int(run[columns.R_RESULT])

    def backward(self, state_bars: Mapping[str, Floats]) -> dict[str, Floats]:
        """Take gradients back through all steps, beginning with `spike_bar`."""
        reverse, arrays, (rows, run) = self.cells.reverse, self.reverse_arrays, self._back
        self.begin_back()
        outside = Rows()
        bars = [[outside.at(arrays[reverse.bar[x]]), outside.at(g)] for x, g in state_bars.items()]
        outside.put(run, columns.R_BARS, columns.R_BAR_ROWS, bars)
        for link, turned in zip(self.links, self._turned, strict=True):
            turned[:] = link.weights.T
        function_of("cells", "backward")(rows.at(run))
        return self.totals(arrays)

    @cached_property
    def _turned(self) -> list[Floats]:
        return [np.zeros_like(link.weights) for link in self.links]

    @cached_property
    def _ahead(self) -> tuple[Rows, AnyArray]:
        """The table of the way forward."""
        kernels, rows = self.cells.kernels, Rows()
        run = rows.run(self, kernels, self.arrays, self.numbers)
        run[columns.R_ON_SPIKE] = kernels.on_spike_address
        run[columns.R_MASK] = rows.at(self.arrays["spiked"])
        links = [[rows.at(k.weights), self._row(k.variable)] for k in self.links]
        rows.put(run, columns.R_LINKS, columns.R_LINK_ROWS, links)
        kept = [[rows.at(self.arrays[n]), rows.at(a), a.itemsize, -1] for n, a in self.kept.items()]
        rows.put(run, columns.R_KEPT, columns.R_KEPT_ROWS, kept)
        arrivals = [self._arrival(rows, x, self.arrays[x], self.arriving[x])
                    for x in (*self.inputs, *self.ports)]  # fmt: skip
        rows.put(run, columns.R_ARRIVALS, columns.R_ARRIVAL_ROWS, arrivals)
        run[columns.R_HELD] = rows.at(self.arrays[self.held]) if self.held else 0
        return rows, run

    @cached_property
    def _back(self) -> tuple[Rows, AnyArray]:
        """The table of the way back."""
        reverse, kernels = self.cells.reverse, self.cells.reverse_kernels
        rows, arrays = Rows(), self.reverse_arrays
        run = rows.run(self, kernels, arrays, self.reverse_numbers)
        if reverse.bar_spike is not None:
            run[columns.R_MASK] = rows.at(arrays[reverse.bar_spike])
        run[columns.R_SPIKE_BAR] = rows.at(self.spike_bar)
        links = [[rows.at(turned), self._row(k.variable)]
                 for k, turned in zip(self.links, self._turned, strict=True)]  # fmt: skip
        rows.put(run, columns.R_LINKS, columns.R_LINK_ROWS, links)
        kept = []
        for place, name in enumerate(kernels.array_names):
            first = self.kept_at(name, 0) if name in reverse.stored else None
            if first is not None:
                kept.append([0, rows.at(first), first.itemsize, place])
        rows.put(run, columns.R_KEPT, columns.R_KEPT_ROWS, kept)
        bars = {**reverse.bar, **reverse.bar_input}
        arrivals = [self._arrival(rows, x, arrays[bars[x]], self.arrived[x])
                    for x in (*self.inputs, *self.ports)]  # fmt: skip
        rows.put(run, columns.R_ARRIVALS, columns.R_ARRIVAL_ROWS, arrivals)
        run[columns.R_HELD] = rows.at(self.kept[self.held]) if self.held else 0
        return rows, run

    def _row(self, variable: str) -> int:
        return (*self.inputs, *self.ports).index(variable)

    def _arrival(self, rows: Rows, name: str, array: AnyArray, values: Floats) -> list[int]:
        kind = columns.INPUT if name in self.inputs else columns.PORT
        holds = self.held is not None and name in self.cells.program.held
        return [rows.at(array), rows.at(values), kind, int(holds)]


class Rows:
    """Tables of addresses, and what keeps the memory behind them."""

    def __init__(self) -> None:
        self._alive: dict[int, AnyArray] = {}

    def at(self, array: AnyArray) -> int:
        """Return the address of an array, which must be contiguous."""
        if not array.flags.c_contiguous:
            raise InternalError(f"an array of shape {array.shape} is not contiguous")
        self._alive[id(array)] = array
        return int(array.__array_interface__["data"][0])

    def put(self, run: AnyArray, table: int, count: int, rows: list[list[int]]) -> None:
        """Set the address and the length of a table in the table of a run."""
        run[count] = len(rows)
        run[table] = self.at(np.array(rows, np.int64)) if rows else 0

    def run(self, course: Course, kernels: Any, arrays: Mapping[str, AnyArray],
            numbers: Floats) -> AnyArray:  # fmt: skip
        """Return the table of a run with what forward and backward have in common."""
        run = np.zeros(columns.R_WIDTH, np.int64)
        table = np.array([self.at(arrays[name]) for name in kernels.array_names], np.int64)
        run[columns.R_UPDATE] = kernels.update_address
        run[columns.R_TABLE], run[columns.R_NUMBERS] = self.at(table), self.at(numbers)
        run[columns.R_IDS] = self.at(np.zeros(course.lanes, np.int32))
        run[columns.R_LANES], run[columns.R_UNITS] = course.lanes, course.units
        run[columns.R_STEPS], run[columns.R_SPIKES] = course.steps, self.at(course.spikes)
        run[columns.R_DELAY], run[columns.R_HELD_KIND] = course.delay, course.held_kind
        return run


class InterpretedCourse(Course):
    """A course with NumPy, step by step: the definition of what the compiled one does."""

    def forward(self) -> int:
        """Take the cells through all steps; return the first one with a nan, or -1."""
        kernels = self.cells.interpreter
        for step in range(self.steps):
            for x in self.inputs:
                self.arrays[x][:] = self.arriving[x][step]
            self._keep(step)
            kernels.update(self.arrays, self.numbers, 0, self.lanes, step)
            mask = self.arrays["spiked"]
            if np.any(mask & 2):
                return step
            self.spikes[step] = mask & 1
            kernels.on_spike(self.arrays, self.numbers, np.flatnonzero(mask), step)
            if step >= self.delay:
                spikes = self.spikes[step - self.delay].reshape(self.batch, self.units)
                for link in self.links:
                    self.arriving[link.variable][step] += (spikes @ link.weights).ravel()
            takes = self._takes(step, self.arrays.get(self.held or ""))
            for x in self.ports:
                self.arrays[x] += np.where(takes[x], self.arriving[x][step], 0.0)
        self._keep(self.steps)
        return -1

    def _keep(self, step: int) -> None:
        for name, rows in self.kept.items():
            rows[step] = self.arrays[name]

    def _takes(self, step: int, held: AnyArray | None) -> dict[str, Any]:
        """Return by variable which cells take arrivals after a step."""
        free: Any = True
        if held is not None:
            free = ~(step < held if self.held_kind == columns.RELEASE else held > 0)
        return {x: free if x in self.cells.program.held else True for x in self.ports}

    def backward(self, state_bars: Mapping[str, Floats]) -> dict[str, Floats]:
        """Take gradients back through all steps, beginning with `spike_bar`."""
        reverse, kernels = self.cells.reverse, self.cells.reverse_interpreter
        arrays = self.reverse_arrays
        self.begin_back()
        for step in range(self.steps - 1, -1, -1):
            for x, outside in state_bars.items():
                arrays[reverse.bar[x]] += outside[step]
            takes = self._takes(step, self.kept[self.held][step + 1] if self.held else None)
            for x in self.ports:
                self.arrived[x][step] = np.where(takes[x], arrays[reverse.bar[x]], 0.0)
            if step + self.delay < self.steps:
                for link in self.links:
                    later = self.arrived[link.variable][step + self.delay]
                    back = later.reshape(self.batch, self.units) @ link.weights.T
                    self.spike_bar[step] += back.ravel()
            if reverse.bar_spike is not None:
                arrays[reverse.bar_spike][:] = self.spike_bar[step]
            now = dict(arrays)
            for name in reverse.stored:
                kept = self.kept_at(name, step)
                if kept is not None:
                    now[name] = kept
            kernels.update(now, self.reverse_numbers, 0, self.lanes, step)
            for x in self.inputs:
                self.arrived[x][step] = now[reverse.bar_input[x]]
        return self.totals(arrays)
