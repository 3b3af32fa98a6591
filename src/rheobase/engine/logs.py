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
    """The samples of one recording: blocks that the engine writes into, row by row.

    `rows` counts the rows of the last block that have been written.
    """

    every: int
    cells: int
    steps: list[Int64Array] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)
    rows: int = 0
    is_open: bool = False

    def first_due(self, step: int) -> int:
        """Return the first step at or after `step` at which a sample is due."""
        return -(-step // self.every) * self.every

    def open(self, first: int, stop: int) -> None:
        """Make a block for the samples due in steps first <= k < stop."""
        self.close()
        due = np.arange(self.first_due(first), stop, self.every, dtype=np.int64)
        self.steps.append(due)
        self.values.append(np.empty((due.size, self.cells)))
        self.is_open = True

    def close(self) -> None:
        """Drop the rows of the last block that were not written."""
        if self.is_open:
            self.steps[-1] = self.steps[-1][: self.rows]
            self.values[-1] = self.values[-1][: self.rows]
        self.rows = 0
        self.is_open = False

    def take(self) -> Samples:
        """Return the samples so far, and forget them."""
        self.close()
        if len(self.values) == 1:
            taken = Samples(self.steps[0], self.values[0])
        else:
            taken = Samples(
                np.concatenate([np.zeros(0, np.int64), *self.steps]),
                np.concatenate([np.zeros((0, self.cells)), *self.values]),
            )
        self.steps, self.values = [], []
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
    return population.program.spiking and population.program.crossing == "linear"


def new_logs(plan: NetworkPlan) -> Logs:
    """Return empty logs for a network."""
    return Logs(
        [SpikeLog(p.record_spikes, has_offsets(p)) for p in plan.populations],
        [SampleLog(r.every_steps, r.cells.size) for r in plan.records],
    )
