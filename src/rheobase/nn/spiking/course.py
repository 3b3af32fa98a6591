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
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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
    """Cells over steps: see the module's text.

    Parameters
    ----------
    cells
        Programs, kernels and prepared numbers.
    batch, steps
        Samples, and steps of each.
    inputs, ports
        Names of the input variables and of the variables that get arrivals.
    links, delay
        Recurrent connections and after how many steps their spikes arrive.
    key
        Seed of random numbers of the equations.

    Attributes
    ----------
    arriving : dict of str to ndarray
        What arrives by variable, (steps, lanes): to be filled before `forward`.
    spikes : ndarray of uint8
        (steps, lanes), after `forward`.
    kept : dict of str to ndarray
        What arrays were before each step, and at the end: (steps + 1, lanes).
    """

    def __init__(self, cells: Cells, batch: int, steps: int, *, inputs: Sequence[str],
                 ports: Sequence[str], links: Sequence[Link] = (), delay: int = 1,
                 key: int = 0) -> None:  # fmt: skip
        self.cells, self.batch, self.steps = cells, batch, steps
        self.units, self.lanes = cells.units, batch * cells.units
        self.inputs, self.ports = tuple(inputs), tuple(ports)
        self.links, self.delay = tuple(links), delay
        self.arrays = cells.arrays(batch, key)
        roles = {a.name: a.role for a in cells.program.arrays}
        self.held = next((a for a in self.arrays if roles.get(a) in HELD), None)
        self.held_kind = HELD[roles[self.held]] if self.held else columns.NOBODY
        self.arriving = {x: np.zeros((steps, self.lanes)) for x in (*inputs, *ports)}
        self.spikes = np.zeros((steps, self.lanes), np.uint8)
        self.kept = {
            name: np.empty((steps + 1, self.lanes), self.arrays[name].dtype)
            for name in cells.kept
        }  # fmt: skip

    @abstractmethod
    def forward(self) -> int:
        """Take the cells through all steps; return the first one with a nan, or -1."""

    @abstractmethod
    def backward(self, spike_bar: Floats, state_bars: Mapping[str, Floats]) -> Back:
        """Take gradients back through all steps.

        Parameters
        ----------
        spike_bar
            d loss/d spike, (steps, lanes); changed in place.
        state_bars
            d loss/d a state after each step, (steps, lanes).
        """

    def kept_at(self, name: str, step: int) -> AnyArray | None:
        """Return what the reverse of a step reads under a name, if that changes with the step."""
        if name == "spiked":
            return self.spikes[step]
        if name in self.inputs:
            return self.arriving[name][step]
        return self.kept[name][step] if name in self.kept else None

    def totals(self, arrays: Mapping[str, AnyArray]) -> dict[str, Floats]:
        """Return d loss/d each prepared number or array, one entry a unit."""
        found = {}
        for name, array in self.cells.reverse.total.items():
            found[name] = arrays[array].reshape(self.batch, self.units).sum(axis=0)
        return found


@dataclass(frozen=True)
class Back:
    """What `Course.backward` found.

    Attributes
    ----------
    arrived
        d loss/d what arrived, by variable, (steps, lanes).
    spike_bar
        d loss/d spike, with what recurrent connections brought.
    totals
        d loss/d prepared numbers and arrays, one entry a unit.
    """

    arrived: dict[str, Floats]
    spike_bar: Floats
    totals: dict[str, Floats]


class CompiledCourse(Course):
    """A course in compiled kernels; nothing of Python in a step."""

    def forward(self) -> int:
        """Take the cells through all steps; return the first one with a nan, or -1."""
        kernels = self.cells.kernels
        rows = Rows()
        run = rows.run(self, kernels, kernels.on_spike_address, self.arrays, self.cells.numbers)
        run[columns.R_MASK] = rows.at(self.arrays["spiked"])
        links = [[rows.at(k.weights), self._row(k.variable)] for k in self.links]
        rows.put(run, columns.R_LINKS, columns.R_LINK_ROWS, links)
        kept = [[rows.at(self.arrays[n]), rows.at(a), a.itemsize, -1] for n, a in self.kept.items()]
        rows.put(run, columns.R_KEPT, columns.R_KEPT_ROWS, kept)
        arrivals = [self._arrival(rows, x, self.arrays[x], self.arriving[x])
                    for x in (*self.inputs, *self.ports)]  # fmt: skip
        rows.put(run, columns.R_ARRIVALS, columns.R_ARRIVAL_ROWS, arrivals)
        run[columns.R_HELD] = rows.at(self.arrays[self.held]) if self.held else 0
        function_of("cells", "forward")(rows.at(run))
        return int(run[columns.R_RESULT])

    def backward(self, spike_bar: Floats, state_bars: Mapping[str, Floats]) -> Back:
        """Take gradients back through all steps."""
        reverse, kernels = self.cells.reverse, self.cells.reverse_kernels
        rows, arrays = Rows(), self.cells.reverse_arrays(self.batch, self.arrays)
        run = rows.run(self, kernels, 0, arrays, self.cells.reverse_numbers)
        if reverse.bar_spike is not None:
            run[columns.R_MASK] = rows.at(arrays[reverse.bar_spike])
        run[columns.R_SPIKE_BAR] = rows.at(spike_bar)
        links = [[rows.at(np.ascontiguousarray(k.weights.T)), self._row(k.variable)]
                 for k in self.links]  # fmt: skip
        rows.put(run, columns.R_LINKS, columns.R_LINK_ROWS, links)
        bars = [[rows.at(arrays[reverse.bar[x]]), rows.at(g)] for x, g in state_bars.items()]
        rows.put(run, columns.R_BARS, columns.R_BAR_ROWS, bars)
        kept = []
        for place, name in enumerate(kernels.array_names):
            first = self.kept_at(name, 0) if name in reverse.stored else None
            if first is not None:
                kept.append([0, rows.at(first), first.itemsize, place])
        rows.put(run, columns.R_KEPT, columns.R_KEPT_ROWS, kept)
        arrived = {x: np.zeros_like(a) for x, a in self.arriving.items()}
        arrivals = [self._arrival(rows, x, arrays[reverse.bar_input[x]], arrived[x])
                    for x in self.inputs]  # fmt: skip
        arrivals += [self._arrival(rows, x, arrays[reverse.bar[x]], arrived[x])
                     for x in self.ports]  # fmt: skip
        rows.put(run, columns.R_ARRIVALS, columns.R_ARRIVAL_ROWS, arrivals)
        run[columns.R_HELD] = rows.at(self.kept[self.held]) if self.held else 0
        function_of("cells", "backward")(rows.at(run))
        return Back(arrived, spike_bar, self.totals(arrays))

    def _row(self, variable: str) -> int:
        return (*self.inputs, *self.ports).index(variable)

    def _arrival(self, rows: Rows, name: str, array: AnyArray, values: Floats) -> list[int]:
        kind = columns.INPUT if name in self.inputs else columns.PORT
        holds = self.held is not None and name in self.cells.program.held
        return [rows.at(array), rows.at(values), kind, int(holds)]


class Rows:
    """Tables of addresses, and what keeps the memory behind them."""

    def __init__(self) -> None:
        self._alive: list[AnyArray] = []

    def at(self, array: AnyArray) -> int:
        """Return the address of an array."""
        self._alive.append(array)
        return int(array.__array_interface__["data"][0])

    def put(self, run: AnyArray, table: int, count: int, rows: list[list[int]]) -> None:
        """Set the address and the length of a table in the table of a run."""
        run[count] = len(rows)
        run[table] = self.at(np.array(rows, np.int64)) if rows else 0

    def run(self, course: Course, kernels: Any, on_spike: int, arrays: Mapping[str, AnyArray],
            numbers: Floats) -> AnyArray:  # fmt: skip
        """Return the table of a run with what forward and backward have in common."""
        run = np.zeros(columns.R_WIDTH, np.int64)
        table = np.array([self.at(arrays[name]) for name in kernels.array_names], np.int64)
        run[columns.R_UPDATE], run[columns.R_ON_SPIKE] = kernels.update_address, on_spike
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
        kernels, numbers = self.cells.interpreter, self.cells.numbers
        for step in range(self.steps):
            for x in self.inputs:
                self.arrays[x][:] = self.arriving[x][step]
            self._keep(step)
            kernels.update(self.arrays, numbers, 0, self.lanes, step)
            mask = self.arrays["spiked"]
            if np.any(mask & 2):
                return step
            self.spikes[step] = mask & 1
            kernels.on_spike(self.arrays, numbers, np.flatnonzero(mask), step)
            if self.links and step >= self.delay:
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

    def backward(self, spike_bar: Floats, state_bars: Mapping[str, Floats]) -> Back:
        """Take gradients back through all steps."""
        reverse, kernels = self.cells.reverse, self.cells.reverse_interpreter
        arrays = self.cells.reverse_arrays(self.batch, self.arrays)
        arrived = {x: np.zeros_like(a) for x, a in self.arriving.items()}
        for step in range(self.steps - 1, -1, -1):
            for x, outside in state_bars.items():
                arrays[reverse.bar[x]] += outside[step]
            takes = self._takes(step, self.kept[self.held][step + 1] if self.held else None)
            for x in self.ports:
                arrived[x][step] = np.where(takes[x], arrays[reverse.bar[x]], 0.0)
            if self.links and step + self.delay < self.steps:
                for link in self.links:
                    later = arrived[link.variable][step + self.delay]
                    back = later.reshape(self.batch, self.units) @ link.weights.T
                    spike_bar[step] += back.ravel()
            if reverse.bar_spike is not None:
                arrays[reverse.bar_spike][:] = spike_bar[step]
            now = dict(arrays)
            for name in reverse.stored:
                kept = self.kept_at(name, step)
                if kept is not None:
                    now[name] = kept
            kernels.update(now, self.cells.reverse_numbers, 0, self.lanes, step)
            for x in self.inputs:
                arrived[x][step] = now[reverse.bar_input[x]]
        return Back(arrived, spike_bar, self.totals(arrays))
