"""What a run leaves behind: spikes and samples, gathered slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rheobase.engine.plan import (
    FloatArray,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    SourcePlan,
)

BLOCK_NUMBERS = 1 << 27
"""Numbers in a block of samples, unless one slice needs more (1 GiB)."""


class Spikes(NamedTuple):
    """Spikes of one population, sorted by (step, id).

    Spike n is of cell `ids[n]`, at `steps[n]*dt`, plus `offsets[n]` seconds where the population
    places its spikes inside a step (else `offsets` is None).
    """

    steps: Int64Array
    ids: Int32Array
    offsets: FloatArray | None


class Samples(NamedTuple):
    """Samples of one recording: `values[n]` was taken at `steps[n]*dt`, one column a cell."""

    steps: Int64Array
    values: FloatArray


@dataclass
class SpikeLog:
    """The spikes of one population that were kept and not yet taken."""

    keep: bool
    has_offsets: bool
    steps: list[Int64Array] = field(default_factory=list)
    ids: list[Int32Array] = field(default_factory=list)
    offsets: list[FloatArray] = field(default_factory=list)

    def append(self, steps: Int64Array, ids: Int32Array, offsets: FloatArray | None) -> None:
        """Keep the spikes of a slice; the arrays must not be changed afterwards."""
        if not self.keep or not ids.size:
            return
        self.steps.append(steps)
        self.ids.append(ids)
        if offsets is not None:
            self.offsets.append(offsets)

    def count(self) -> int:
        """Return how many spikes are kept."""
        return sum(block.size for block in self.ids)

    def take(self) -> Spikes:
        """Return the spikes kept so far, and forget them."""
        taken = Spikes(
            np.concatenate([np.zeros(0, np.int64), *self.steps]),
            np.concatenate([np.zeros(0, np.int32), *self.ids]),
            np.concatenate([np.zeros(0), *self.offsets]) if self.has_offsets else None,
        )
        self.steps, self.ids, self.offsets = [], [], []
        return taken


@dataclass
class SampleLog:
    """The samples of one recording: blocks of rows that the engine writes into.

    Attributes
    ----------
    every : int
        Steps from sample to sample.
    cells : int
        Numbers in a row.
    values : list of ndarray
        The blocks; only the last is written to.
    first : list of int
        The step of the first row of each block.
    rows : int
        How many rows of the last block have been written.
    open : bool
        Whether the last block may be written to.
    """

    every: int
    cells: int
    values: list[FloatArray] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    rows: int = 0
    open: bool = False

    def first_due(self, step: int) -> int:
        """Return the first step at or after `step` at which a sample is due."""
        return -(-step // self.every) * self.every

    def due(self, first: int, stop: int) -> int:
        """Return how many samples are due in steps first <= k < stop."""
        return len(range(self.first_due(first), stop, self.every))

    def reserve(self, first: int, stop: int, end: int) -> None:
        """Make room for the samples of steps first <= k < stop of a run until `end`.

        Memory is taken for the whole run at once, unless that were more than `BLOCK_NUMBERS`;
        the system gives it when it is written to.
        """
        needed = self.due(first, stop)
        if self.open and len(self.values[-1]) - self.rows >= needed:
            return
        self.close()
        most = BLOCK_NUMBERS // max(self.cells, 1)
        rows = max(needed, min(self.due(first, end), most))
        self.values.append(np.empty((rows, self.cells)))
        self.first.append(self.first_due(first))
        self.open = True

    def close(self) -> None:
        """Drop the rows of the last block that were not written; the next begins a new one."""
        if self.open:
            self.values[-1] = self.values[-1][: self.rows]
        self.open, self.rows = False, 0

    def take(self) -> Samples:
        """Return the samples so far, and forget them."""
        self.close()
        blocks = [
            first + self.every * np.arange(len(values), dtype=np.int64)
            for first, values in zip(self.first, self.values, strict=True)
        ]
        if len(blocks) == 1:
            taken = Samples(blocks[0], self.values[0])
        else:
            taken = Samples(
                np.concatenate([np.zeros(0, np.int64), *blocks]),
                np.concatenate([np.zeros((0, self.cells)), *self.values]),
            )
        self.values, self.first = [], []
        return taken


@dataclass
class Logs:
    """The logs of a network, in the order of its populations and recordings."""

    spikes: list[SpikeLog]
    samples: list[SampleLog]


def has_offsets(population: PopulationPlan | SourcePlan) -> bool:
    """Return whether the spikes of a population are placed inside their step."""
    if isinstance(population, SourcePlan):
        return population.kind == "times" and population.offsets is not None
    return population.program.spiking and population.program.crossing != "grid"


def new_logs(plan: NetworkPlan) -> Logs:
    """Return empty logs for a network."""
    return Logs(
        [SpikeLog(p.record_spikes, has_offsets(p)) for p in plan.populations],
        [SampleLog(r.every_steps, r.cells.size) for r in plan.records],
    )
