"""What is injected, clamped and coupled on a tape; forward and back.

=====================================  ==================================================
forward, in step k                     back, in step k
=====================================  ==================================================
I_j += a_j u_j(k)                      bar(a_j) += u_j(k) bar(I_j);  bar(u_j)(k) = a_j bar(I_j)
I_j += sum over i of w_ij r_i(k - d)   bar(r_i)(k) += sum over j of w_ij bar(I_j)(k + d)
..                                     bar(w_ij) += r_i(k) bar(I_j)(k + d)
x_j(k) = held value                    bar(x_j)(k) = 0
=====================================  ==================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rheobase.engine.plan import FloatArray, Int32Array, Int64Array
from rheobase.gradients.cells import Cells


@dataclass(eq=False)
class Injection:
    """Values that are added to an input, or stored in it, step by step.

    Attributes
    ----------
    target, array : Cells, str
        The input.
    mode : {"add", "set"}
        Added to what is there, or in its place.
    cells, columns : ndarray of int32, shape (m,)
        The elements, and the column of the values that each takes.
    amplitude : ndarray, shape (m,)
        Factor of the value, of each element.
    rows : callable
        `rows(first, steps)` returns the values of some steps, shape (steps, columns).
    bar_amplitude : ndarray, shape (m,), or None
        Derivative with respect to `amplitude`.
    values : ndarray
        The values of the segment of the tape that is kept.
    """

    target: Cells
    array: str
    mode: Literal["add", "set"]
    cells: Int32Array
    columns: Int32Array
    amplitude: FloatArray
    rows: Callable[[int, int], FloatArray]
    bar_amplitude: FloatArray | None = None
    values: FloatArray = field(default_factory=lambda: np.zeros((0, 1)))
    _taken: tuple[int, int] | None = None

    def give(self, rows: Callable[[int, int], FloatArray]) -> None:
        """Take values from elsewhere from now on."""
        self.rows, self._taken = rows, None

    def take(self, first: int, steps: int) -> None:
        """Work out the values of a segment, unless they are those at hand."""
        if self._taken != (first, steps):
            self.values = np.ascontiguousarray(self.rows(first, steps), np.float64)
            self._taken = first, steps

    def forward(self, r: int) -> None:
        """Add or store the values of a step."""
        values = self.values[r][self.columns] * self.amplitude
        row = self.target.inputs[self.array][r]
        if self.mode == "set":
            row[self.cells] = values
        else:
            np.add.at(row, self.cells, values)

    def back(self, step: int, r: int) -> None:
        """Go back to the amplitudes."""
        if self.bar_amplitude is None:
            return
        ring = self.target.bar_inputs[self.array]
        bar = ring[step % len(ring)]
        self.bar_amplitude += bar[self.cells] * self.values[r][self.columns]


@dataclass(eq=False)
class Clamp:
    """A state that is held in steps first <= k < last.

    Attributes
    ----------
    target, array : Cells, str
        The state.
    cells : ndarray of int32
        The elements.
    values : ndarray, shape (m,)
        What it is held at.
    """

    target: Cells
    array: str
    cells: Int32Array
    values: FloatArray
    first: int
    last: int

    def forward(self, step: int, r: int) -> None:
        """Set the state at the beginning of a step."""
        if self.first <= step < self.last:
            self.target.history[self.array][r][self.cells] = self.values

    def back(self, step: int) -> None:
        """What was set does not depend on what was there before."""
        if self.first <= step < self.last:
            self.target.bars[self.array][self.cells] = 0.0


@dataclass(eq=False)
class Remembered:
    """The last values of a variable or subexpression that couplings read.

    Attributes
    ----------
    source, array : Cells, str
        What is remembered.
    ring : ndarray, shape (slots, elements)
        Row k % slots holds the values before step k.
    early : ndarray or None
        Values before the last steps before the first, oldest first; None: as at the first.
    bar, values : ndarray, shape (elements,)
        On the way back: the values before the step it is at, and the derivative by them.
    """

    source: Cells
    array: str
    computed: bool
    ring: FloatArray
    early: FloatArray | None = None
    fresh: bool = True
    bar: FloatArray = field(default_factory=lambda: np.zeros(0))
    values: FloatArray = field(default_factory=lambda: np.zeros(0))

    def start(self, first: int) -> None:
        """Begin a run: with what is known of earlier steps."""
        self.fresh = self.early is None
        for back, row in enumerate(reversed(self.early if self.early is not None else [])):
            if back + 1 < len(self.ring):
                self.ring[(first - 1 - back) % len(self.ring)] = row

    def forward(self, step: int, r: int) -> None:
        """Remember the values before a step; at first they were always what they are."""
        now = self.now(step, r)
        if self.fresh:
            self.ring[:] = now
            self.fresh = False
        self.ring[step % len(self.ring)] = now

    def now(self, step: int, r: int) -> FloatArray:
        """Return the values before a step."""
        source = self.source
        if not self.computed:
            return np.asarray(source.history[self.array][r])
        arrays = source.arrays_at(r, r)
        found = source.kernels.observe(
            self.array, arrays, source.numbers, 0, source.count, step
        )  # fmt: skip
        return np.asarray(found)

    def begin_back(self, step: int, r: int) -> None:
        """Find the values before the step again, and start their derivatives from 0."""
        self.values[:] = self.now(step, r)
        self.bar[:] = 0.0

    def back(self, step: int, r: int) -> None:
        """Go back to the states: directly, or through the subexpression."""
        if self.computed:
            self.source.back_reading(self.array, self.bar, step, r)
        else:
            self.source.bars[self.array] += self.bar


@dataclass(eq=False)
class Coupling:
    """Continuous coupling, in rows by target cell, within each lane.

    Attributes
    ----------
    remembered : Remembered
        What is read, r.
    target, array : Cells, str
        The input that sums are added to.
    row_start, sources : ndarray
        The row of each target cell of a lane; the source cells.
    weights, delays : ndarray, shape (synapses,)
        Weights, and delays in steps.
    bar_weights : ndarray, shape (synapses,), or None
        Derivative with respect to `weights`.
    """

    remembered: Remembered
    target: Cells
    array: str
    row_start: Int64Array
    sources: Int32Array
    weights: FloatArray
    delays: Int64Array
    bar_weights: FloatArray | None = None

    def forward(self, step: int, r: int) -> None:
        """Add the sums, each taken from 0 in the order of its row."""
        ring = self.remembered.ring
        lanes = self.target.batch
        shaped = ring.reshape(len(ring), lanes, -1)
        values = shaped[(step - self.delays) % len(ring), :, self.sources]  # (synapses, lanes)
        sums = np.zeros((self.target.size, lanes))
        targets = np.repeat(np.arange(self.target.size), np.diff(self.row_start))
        np.add.at(sums, targets, self.weights[:, None] * values)
        self.target.inputs[self.array][r] += sums.T.reshape(-1)

    def back(self, step: int, first: int, end: int) -> None:
        """Go back from the sums of step + delay to the values of this step.

        Values from before the first step are those of the first step.
        """
        slots = self.target.bar_inputs[self.array]
        lanes = self.target.batch
        now = self.remembered.values.reshape(lanes, -1)
        bar = self.remembered.bar.reshape(lanes, -1)
        targets = np.repeat(np.arange(self.target.size), np.diff(self.row_start))
        earliest = step
        if step == first and self.remembered.early is None:
            earliest -= int(self.delays.max(initial=0))
        for read in range(earliest, step + 1):
            arrived = read + self.delays
            due = np.flatnonzero((arrived >= first) & (arrived < end))
            rows = slots.reshape(len(slots), lanes, -1)
            came = rows[arrived[due] % len(slots), :, targets[due]]  # (synapses, lanes)
            np.add.at(bar.T, self.sources[due], self.weights[due][:, None] * came)
            if self.bar_weights is not None:
                self.bar_weights[due] += np.sum(came * now.T[self.sources[due]], axis=1)
