"""What a run will cost, before anything is built: memory and seconds, from sizes and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rheobase.lowering import Program
from rheobase.network.connecting import expected_synapses
from rheobase.network.distributions import Distribution
from rheobase.network.trains import Poisson
from rheobase.simulation.clock import Clock
from rheobase.simulation.projection import Projection

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Description

# Measured on one core of a 2-core x86-64 server; other machines differ by a factor of two.
SECONDS_PER_CELL_STEP = 1.5e-9
SECONDS_PER_NODE = 0.12e-9
SECONDS_PER_EVENT = 2.5e-9
SECONDS_PER_DRAW = 3e-9
SECONDS_PER_SYNAPSE_BUILT = 40e-9
SECONDS_PER_STEP = 0.5e-6
BYTES_BEFORE_BUILDING = 150_000_000


@dataclass(frozen=True)
class Estimate:
    """What a run will cost; prints as a sentence.

    Attributes
    ----------
    memory_bytes : int
        Memory of the process at its largest, roughly.
    seconds : float
        Wall time on one core, compiling left out, roughly.
    synapses, spikes, events : float
        Expected numbers: of synapses stored, spikes emitted, spikes delivered.
    """

    memory_bytes: int
    seconds: float
    synapses: float
    spikes: float
    events: float

    def __str__(self) -> str:
        return (
            f"about {self.seconds:.2g} s on one core and {bytes_text(self.memory_bytes)} of "
            f"memory: {self.synapses:,.0f} synapses, {self.spikes:,.0f} spikes, "
            f"{self.events:,.0f} deliveries"
        )


def bytes_text(count: float) -> str:
    """Write a number of bytes for people."""
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def estimate(told: Description, programs: Mapping[str, Program], clock: Clock, steps: int,
             rate: float) -> Estimate:  # fmt: skip
    """Return what a run of so many steps costs if cells spike at a rate (Hz)."""
    duration = steps * clock.dt
    memory, seconds = float(BYTES_BEFORE_BUILDING), steps * SECONDS_PER_STEP
    rates: dict[str, float] = {}
    spikes = 0.0
    for name, population in told.populations.items():
        train = population.model
        rates[name] = float(np.mean(train.rates)) if isinstance(train, Poisson) else rate
        if not population.spiking:
            rates[name] = 0.0
        emitted = rates[name] * population.size * duration
        spikes += emitted
        memory += emitted * 20 * population._record_spikes
        if name in programs:
            program = programs[name]
            memory += 8.0 * len(program.arrays) * population.size
            per_step = SECONDS_PER_CELL_STEP + SECONDS_PER_NODE * len(program.update.nodes)
            seconds += steps * population.size * per_step
        elif isinstance(train, Poisson):
            seconds += steps * population.size * SECONDS_PER_DRAW
    synapses = events = 0.0
    for projection in told.projections.values():
        count = _synapses(projection)
        synapses += count
        memory += expected_bytes(projection)
        per_source = count / max(projection.source.size, 1)
        delivered = per_source * rates[projection.source.name] * projection.source.size * duration
        events += count * steps if projection.of else delivered
    for drive in told.drives:
        if isinstance(drive.train, Poisson):
            events += float(np.mean(drive.train.rates)) * drive.cells.size * duration
            seconds += steps * drive.cells.size * SECONDS_PER_DRAW
    for recording in told.recordings.values():
        samples = steps / recording.every_steps * recording.cells.size
        memory += 16.0 * samples * len(recording.variables)
    seconds += events * SECONDS_PER_EVENT + synapses * SECONDS_PER_SYNAPSE_BUILT
    return Estimate(int(memory), seconds, synapses, spikes, events)


def _synapses(projection: Projection) -> float:
    if projection._realized is not None:
        return float(len(projection))
    return expected_synapses(projection.rule, projection.source.size, projection.sink.size)


def expected_bytes(projection: Projection) -> float:
    """Return the memory that the synapses of a projection are expected to need."""
    return _synapses(projection) * _bytes_per_synapse(projection)


def _bytes_per_synapse(projection: Projection) -> float:
    """Return the memory of a synapse: pre, post, target, and what each has of its own."""
    each = 8.0 + 8.0 + 4.0
    weight, delay = projection._weight, projection._delay
    if isinstance(weight, (Distribution, str)) or np.ndim(getattr(weight, "magnitude", 0)):
        each += 2 * np.dtype(projection._dtype).itemsize
    if isinstance(delay, (Distribution, str)) or np.ndim(getattr(delay, "magnitude", 0)):
        each += 16.0
    return each
