"""What both engines derive from a plan: delays, accumulators, coefficients, remembered values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rheobase.engine.plan import (
    DrivePlan,
    FloatArray,
    InputPlan,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    new_array,
)
from rheobase.errors import InternalError

SPIKED = 1
"""Bit of the mask "spiked": the cell spiked in this step."""
NOT_FINITE = 2
"""Bit of the mask "spiked": a state of the cell is not a finite number."""
ENDLESS = 4
"""Bit of the mask "spiked": the reset leaves a cell with an exact crossing over its threshold."""


class Outcome(NamedTuple):
    """How far a slice came: `done` steps are complete; `failed` is the population that stopped it.

    `failed` is -1 unless a state ceased to be finite in the step after those done.
    """

    done: int
    failed: int = -1


SpikesByStep = tuple[Int64Array, Int32Array]
ValueKey = tuple[str, str]
Pending = dict[tuple[str, int], tuple[Int64Array, FloatArray, Int64Array]]
"""By name and beginning of a projection: sources, times of their spikes, places in the rows."""


@dataclass
class Memory:
    """What later steps need of earlier ones, in a form that both engines read and write.

    Attributes
    ----------
    spikes : dict
        By population, the steps and cells of the spikes of the last steps, as many as its
        longest delay.
    values : dict
        By population and variable, the values of a source of continuous coupling at the last
        steps, oldest first, one row a step.
    pending : dict
        Arrivals to come from or at cells with exact crossings.
    """

    spikes: dict[str, SpikesByStep] = field(default_factory=dict)
    values: dict[ValueKey, FloatArray] = field(default_factory=dict)
    pending: Pending = field(default_factory=dict)


def model(plan: NetworkPlan, place: int) -> PopulationPlan:
    """Return the population at a place of the plan, which must be one of model cells."""
    population = plan.populations[place]
    if not isinstance(population, PopulationPlan):
        raise InternalError(f"{population.name!r} is a source of spikes where cells are needed")
    return population


def models(plan: NetworkPlan) -> Iterator[tuple[int, PopulationPlan]]:
    """Yield the populations of model cells with their places."""
    for place, population in enumerate(plan.populations):
        if isinstance(population, PopulationPlan):
            yield place, population


def is_event(connection: ProjectionPlan | DrivePlan) -> bool:
    """Return whether the port of a connection runs its statements event by event."""
    return "weight" in written_to(connection)


def written_to(connection: ProjectionPlan | DrivePlan) -> tuple[str, ...]:
    """Return the variables that the arrivals of a connection are added to."""
    if isinstance(connection, ProjectionPlan):
        return connection.variables
    return tuple(connection.weights)


def accumulated(plan: NetworkPlan, place: int) -> list[str]:
    """Return the variables of a population that arrivals are added to, in order of first use."""
    connections: list[ProjectionPlan | DrivePlan] = [*plan.projections, *plan.events, *plan.drives]
    found: list[str] = []
    for connection in connections:
        if connection.target != place:
            continue
        if isinstance(connection, ProjectionPlan) and connection.synapse is not None:
            found += connection.synapse.sums
        elif not is_event(connection):
            found += written_to(connection)
    return list(dict.fromkeys(found))


def arriving(variable: str) -> str:
    """Return the name of the accumulator of a variable."""
    return f"arriving_{variable}"


def observed(variable: str) -> str:
    """Return the name of the array that the values of a subexpression are written to."""
    return f"observed_{variable}"


def is_subexpression(population: PopulationPlan, variable: str) -> bool:
    """Return whether a variable has to be computed to be read."""
    return all(array.name != variable or array.role == "observed"
               for array in population.program.arrays)  # fmt: skip


def arrays_with_role(population: PopulationPlan, role: str) -> list[str]:
    """Return the names of a population's arrays of one role, in order."""
    return [array.name for array in population.program.arrays if array.role == role]


def hold(population: PopulationPlan, variable: str) -> str:
    """Return the array that says when arrivals at a variable are lost, "" for never.

    "release": while the step is less; "left": while positive; "refractory": while not 0.
    """
    program = population.program
    if variable not in program.held or program.refractory_kind == "none":
        return ""
    if program.refractory_kind == "condition":
        return "refractory"
    return "left" if program.crossing == "linear" else "release"


def hold_clamped(plan: NetworkPlan, step: int) -> None:
    """Set the states that are clamped at the beginning of a step."""
    for clamp in plan.clamps:
        if clamp.first <= step < clamp.last:
            model(plan, clamp.target).arrays[clamp.array][clamp.cells] = clamp.values


def longest_delays(plan: NetworkPlan) -> list[int]:
    """Return the longest delay in steps of the spikes of every population, once laid out."""
    longest = [0] * len(plan.populations)
    for projection in plan.projections:
        longest[projection.source] = max(longest[projection.source], projection.longest_delay)
        for reward in projection.synapse.rewards if projection.synapse is not None else ():
            longest[reward.source] = max(longest[reward.source], reward.delay)
    return longest


def remembered_values(plan: NetworkPlan) -> dict[tuple[int, str], int]:
    """Return the variables that continuous couplings read and their longest delays in steps."""
    longest: dict[tuple[int, str], int] = {}
    for coupling in plan.continuous:
        key = (coupling.source, coupling.source_array)
        last = int(coupling.delay_steps.max(initial=0))
        longest[key] = max(longest.get(key, 0), last)
    return longest


def add_missing_arrays(plan: NetworkPlan, sums: bool) -> None:
    """Give every population the arrays that only engines use, and those of its sums if asked."""
    for place, population in models(plan):
        needed = {array.name: array.dtype for array in population.program.arrays}
        needed["spiked"] = "uint8"
        if sums:
            needed |= {arriving(x): "float64" for x in accumulated(plan, place)}
        read = [r.variable for r in plan.records if r.population == place]
        read += [c.source_array for c in plan.continuous if c.source == place]
        for name in read:
            if is_subexpression(population, name):
                needed[observed(name)] = "float64"
        for name, dtype in needed.items():
            if name not in population.arrays:
                population.arrays[name] = new_array(population.size, dtype)


def untouched_inputs(plan: NetworkPlan) -> list[tuple[int, str]]:
    """Return the input variables that nothing is added to: set to 0 once, they stay so."""
    touched = {(i.target, i.array) for i in plan.inputs}
    touched |= {(c.target, c.input_array) for c in plan.continuous}
    return [
        (place, name)
        for place, population in models(plan)
        for name in arrays_with_role(population, "input")
        if (place, name) not in touched and name not in population.program.mutable
    ]


def seed_of(plan: NetworkPlan, part: object) -> int:
    """Return the seed of a part of the plan: its own, or the network's."""
    own = getattr(part, "seed", None)
    return plan.seed if own is None else int(own)


def noise_coefficients(dt: float, noise: InputPlan) -> tuple[float, float]:
    """Return (decay, kick) of an Ornstein-Uhlenbeck process over one step.

    The deviation y from the mean becomes decay*y + kick*n with n standard normal, which is exact:
    the stationary standard deviation is `std` for any dt.
    """
    decay = math.exp(-dt / noise.tau)
    return decay, noise.std * math.sqrt(-math.expm1(-2.0 * dt / noise.tau))


def noise_size(plan: NetworkPlan, noise: InputPlan) -> int:
    """Return the number of independent processes of an Ornstein-Uhlenbeck input."""
    if noise.shared:
        return 1
    return plan.populations[noise.target].size if noise.cells is None else noise.cells.size


def waveform_values(item: InputPlan, first: int, steps: int) -> FloatArray:
    """Return the values of a waveform at some steps, shape (steps, columns)."""
    if item.waveform is None:
        raise InternalError(f"the input to {item.array!r} has no waveform")
    values = np.ascontiguousarray(item.waveform(first, steps), np.float64)
    if values.ndim != 2 or values.shape[0] != steps:
        raise InternalError(f"a waveform gave shape {values.shape} for {steps} steps")
    return values


def input_columns(item: InputPlan, columns: int, cells: int) -> Int32Array:
    """Return the column of the waveform that each of the cells takes."""
    if item.columns is not None:
        return np.ascontiguousarray(item.columns, np.int32)
    if columns == 1:
        return np.zeros(cells, np.int32)
    if columns != cells:
        raise InternalError(f"a waveform has {columns} columns for {cells} cells")
    return np.arange(cells, dtype=np.int32)


def interval_row(counts: FloatArray, interval_steps: int, step: int) -> FloatArray | None:
    """Return the expected counts that hold in a step, None after the last interval."""
    row = step // interval_steps
    return counts[row] if 0 <= row < len(counts) else None
