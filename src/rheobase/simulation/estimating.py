"""What a run will cost, before anything is built: memory and seconds, from sizes and rates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rheobase.lowering import Program
from rheobase.lowering.program import Level
from rheobase.network.trains import Poisson
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.clock import Clock
from rheobase.simulation.population import Population
from rheobase.simulation.projection import Projection
from rheobase.simulation.synapse_memory import (
    bytes_of,
    distinct_delays,
    most_bytes,
    plastic_values,
)

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Description

# Seconds of one core of the 2-core x86-64 server they were measured on; `slowness` compares.
BEFORE_RUNNING = 0.1
PER_STEP = 0.4e-6
PER_CELL_STEP = 0.3e-9
PER_NODE = 0.025e-9
PER_COMPARTMENT = 6e-9
PER_CALL = 1.0e-9
PER_DRAW = 1.2e-9
PER_EVENT = 0.8e-9
PER_OWN_EVENT = 1.6e-9
PER_SLICE = 40e-9
PER_PLASTIC_EVENT = 12e-9
PER_CONTINUOUS_EVENT = 1e-9
PER_SYNAPSE_BUILT = 25e-9
PER_VALUE_DRAWN = 12e-9
PER_PLASTIC_BUILT = 50e-9
REFERENCE_LOOP = 95e-6
"""Seconds of `_loop` on that server."""

PROCESS_BYTES = 135e6
"""Interpreter, libraries and compiled kernels, before there is a network."""
NUMBA_BYTES = 50e6
"""Of numba, which is loaded where connections are drawn by compiled code."""
BYTES_PER_SPIKE = 60.0
BYTES_PER_SAMPLE = 24.0
ARRAYS_BESIDE = 3.0
"""What an engine adds to the arrays of a program, a cell: masks, accumulators, lists."""


@dataclass(frozen=True)
class Estimate:
    """What a run will cost; prints as a sentence.

    Attributes
    ----------
    memory_bytes : int
        Memory of the process at its largest.
    seconds : float
        Wall time of building and running, compiling left out.
    synapses, spikes, events : float
        Expected numbers: of synapses, spikes emitted, spikes delivered.
    threads : int
        On how many threads.
    """

    memory_bytes: int
    seconds: float
    synapses: float
    spikes: float
    events: float
    threads: int = 1

    def __str__(self) -> str:
        cores = "one core" if self.threads == 1 else f"{self.threads} cores"
        return (
            f"about {self.seconds:.2g} s on {cores} and {bytes_text(self.memory_bytes)} of "
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
             rate: float, threads: int = 1) -> Estimate:  # fmt: skip
    """Return what a run of so many steps costs if cells spike at a rate (Hz)."""
    rates = {name: _rate(population, rate) for name, population in told.populations.items()}
    duration = steps * clock.dt
    spikes = sum(rates[p.name] * p.size for p in told.populations.values()) * duration
    synapses = sum(projection._drawn.expected for projection in told.projections.values())
    events, delivering = _delivery(told, rates, steps, duration)
    updating = _updating(told, programs, steps)
    building = sum(_building(projection) for projection in told.projections.values())
    shared = (updating + delivering + building) / threads
    seconds = slowness() * (BEFORE_RUNNING + shared + steps * PER_STEP)
    memory = _memory(told, programs, rates, steps, duration, threads)
    return Estimate(int(memory), seconds, synapses, spikes, events, threads)


def expected_bytes(projection: Projection) -> float:
    """Return the memory that the synapses of a projection are expected to need."""
    return bytes_of(projection).stays


def passing_bytes(projection: Projection) -> float:
    """Return the memory that is needed besides while a projection is laid out."""
    return bytes_of(projection).passes


def _rate(population: Population, rate: float) -> float:
    if not population.spiking:
        return 0.0
    train = population.model
    return float(np.mean(train.rates)) if isinstance(train, Poisson) else rate


def _memory(told: Description, programs: Mapping[str, Program], rates: Mapping[str, float],
            steps: int, duration: float, threads: int) -> float:  # fmt: skip
    drawn = any(projection._drawn.compiled for projection in told.projections.values())
    found, sums = PROCESS_BYTES + NUMBA_BYTES * drawn, 0
    for name, size in _sizes(told, programs).items():
        program = programs[name]
        found += 8.0 * (len(program.arrays) + ARRAYS_BESIDE) * size
        ports = [port for port in program.ports.values() if not port.event]
        variables = {variable for port in ports for variable in port.variables}
        sums += len(variables) * size
    for name, population in told.populations.items():
        emitted = rates[name] * population.size * duration
        found += emitted * BYTES_PER_SPIKE * population._record_spikes
    for recording in told.recordings.values():
        samples = steps / recording.every_steps * recording.cells.size
        found += BYTES_PER_SAMPLE * samples * len(recording.variables)
    return found + most_bytes(told.projections.values(), -(-sums // threads), threads)


def _updating(told: Description, programs: Mapping[str, Program], steps: int) -> float:
    """Seconds of integrating cells and of drawing counts, on one core."""
    a_step = sum(size * _cell_step(programs[n]) for n, size in _sizes(told, programs).items())
    for population in told.populations.values():
        if isinstance(population, CellPopulation):
            a_step += population._cable_of.size * PER_COMPARTMENT
        elif isinstance(population.model, Poisson):
            a_step += population.size * PER_DRAW
    for drive in told.drives:
        if isinstance(drive.train, Poisson):
            a_step += drive.cells.size * PER_DRAW
    return steps * a_step


def _sizes(told: Description, programs: Mapping[str, Program]) -> dict[str, int]:
    """Return the number of elements of everything that has a program."""
    sizes = {name: p.size for name, p in told.populations.items()}
    sizes |= {name: part.values.size for name, part in told.parts.items()}
    return {name: sizes[name] for name in programs if name in sizes}


def _cell_step(program: Program) -> float:
    nodes = [node for node in program.update.nodes if node.level == Level.ELEMENT]
    calls = sum(node.operation == "call" for node in nodes)
    return PER_CELL_STEP + PER_NODE * (len(nodes) - calls) + PER_CALL * calls


def _delivery(told: Description, rates: Mapping[str, float], steps: int,
              duration: float) -> tuple[float, float]:  # fmt: skip
    """Deliveries, and their seconds on one core."""
    events = seconds = 0.0
    slices: dict[tuple[str, float], float] = {}  # those of merged projections are shared
    for projection in told.projections.values():
        count, source = projection._drawn.expected, projection.source
        if projection.of is not None:
            events += count * steps
            seconds += count * steps * PER_CONTINUOUS_EVENT
            continue
        arriving = count * rates[source.name] * duration
        events += arriving
        # A plastic synapse is worked on at spikes of its source and of its target.
        each = PER_EVENT if projection._drawn.one_weight() is not None else PER_OWN_EVENT
        if plastic_values(projection):
            each = 2 * PER_PLASTIC_EVENT
        seconds += arriving * each
        delays = distinct_delays(projection)
        spikes = rates[source.name] * source.size * duration
        found = spikes * min(delays, count / max(source.size, 1))
        key = source.name, delays
        slices[key] = max(slices.get(key, 0.0), found)
    for drive in told.drives:
        if isinstance(drive.train, Poisson):
            events += float(np.mean(drive.train.rates)) * drive.cells.size * duration
    return events, seconds + PER_SLICE * sum(slices.values())


def _building(projection: Projection) -> float:
    """Seconds of drawing and laying out synapses, on one core."""
    drawn = projection._drawn
    if projection.storage == "procedural":
        return 0.0
    each = PER_SYNAPSE_BUILT
    each += PER_VALUE_DRAWN * (drawn.one_weight() is None)
    each += PER_VALUE_DRAWN * (distinct_delays(projection) > 1)
    each += PER_PLASTIC_BUILT * (plastic_values(projection) > 0)
    return drawn.expected * each


@cache
def slowness() -> float:
    """Return how many times slower than the reference this machine is, from a loop of 1 ms."""
    return float(np.clip(min(_loop() for _ in range(15)) / REFERENCE_LOOP, 0.2, 20.0))


def _loop() -> float:
    """Seconds of arithmetic in NumPy on arrays that fit into the cache."""
    values = np.linspace(1.0, 2.0, 4000)
    started = time.perf_counter()
    for _ in range(10):
        np.exp(values)
        np.multiply(values, 1.5) + values
    return time.perf_counter() - started
