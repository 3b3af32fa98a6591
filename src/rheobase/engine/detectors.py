"""Detectors: spikes that are looked for at places of cells with a morphology.

A `CablePlan` looks for the spikes of each cell at one compartment. A `DetectorPlan` is a population
whose elements look at any compartments, each with a threshold of its own, by the same rule: an
element spikes in step k where v of its compartment is above the threshold at (k + 1)*dt and was
not at k*dt. Its cells are updated before it, by the thread that owns both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rheobase.engine import cable_facts, facts
from rheobase.engine.cables import UNKNOWN, CableArrays, CablePlan, CellArray, CellKernels
from rheobase.engine.plan import (
    AnyArray,
    FloatArray,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    new_array,
)
from rheobase.errors import InternalError


@dataclass(frozen=True)
class DetectorProgram(CableArrays):
    """What stands for a lowered model where detectors are concerned."""

    name: str = "detector"

    @property
    def arrays(self) -> tuple[CellArray, ...]:
        """The arrays of a population of detectors."""
        return self._with(CellArray("before", "before", "float64"))


@dataclass
class DetectorPlan(PopulationPlan):
    """Places whose voltage is compared with a threshold; make it by `detector_plan`.

    Attributes
    ----------
    cable : int
        Place in `NetworkPlan.populations` of the cells, which come before this population.
    cells, nodes : ndarray of int32
        The cell and the compartment of each element; by cell, ascending.
    threshold : ndarray of float64
        In volts.
    """

    cable: int = field(kw_only=True)
    cells: Int32Array = field(kw_only=True)
    nodes: Int32Array = field(kw_only=True)
    threshold: FloatArray = field(kw_only=True)


def detector_plan(name: str, cable: int, cells: AnyArray, nodes: AnyArray, threshold: AnyArray, *,
                  crossing: str = "grid", record_spikes: bool = True) -> DetectorPlan:  # fmt: skip
    """Return the plan of detectors; see `DetectorPlan` for the arguments.

    Parameters
    ----------
    crossing : {"grid", "linear"}
        "linear": a spike is placed inside its step, on the straight line between the voltages.
    """
    program, size = DetectorProgram(crossing), int(cells.size)
    arrays = {a.name: new_array(size, a.dtype) for a in program.arrays}
    arrays["above"][:] = UNKNOWN
    return DetectorPlan(
        name, size, program, CellKernels(tuple(arrays)), arrays, np.zeros(0), record_spikes,
        cable=cable, cells=np.ascontiguousarray(cells, np.int32),
        nodes=np.ascontiguousarray(nodes, np.int32),
        threshold=np.ascontiguousarray(np.broadcast_to(threshold, size), np.float64),
    )  # fmt: skip


def detectors(plan: NetworkPlan) -> list[tuple[int, DetectorPlan]]:
    """Return the populations of detectors, with their places."""
    return [(p, d) for p, d in enumerate(plan.populations) if isinstance(d, DetectorPlan)]


def looked_at(plan: NetworkPlan, found: DetectorPlan) -> tuple[Int64Array, Int64Array]:
    """Return where the voltages of detectors are: places of patches in the plan, and elements."""
    cable = plan.populations[found.cable]
    if not isinstance(cable, CablePlan):
        raise InternalError(f"{found.name!r} looks at {cable.name!r}, which has no compartments")
    patches, elements = cable.layout.elements(found.cells, found.nodes)
    return np.array(cable.patches, np.int64)[patches], elements


def voltages(plan: NetworkPlan, found: DetectorPlan) -> FloatArray:
    """Return the voltages that detectors look at."""
    places, elements = looked_at(plan, found)
    held = np.empty(found.size)
    for place in np.unique(places):
        v = facts.model(plan, int(place)).arrays[cable_facts.names(plan, int(place))[0]]
        some = places == place
        held[some] = v[elements[some]]
    return held


def begin_slice(plan: NetworkPlan) -> None:
    """Read the voltages again, which may have been set; at first, see what is above."""
    for _, found in detectors(plan):
        above, held = found.arrays["above"], voltages(plan, found)
        above[:] = np.where(above == UNKNOWN, held > found.threshold, above)
        found.arrays["before"][:] = held


def update(plan: NetworkPlan, found: DetectorPlan) -> None:
    """Write the mask "spiked", after the cells were updated: the definition."""
    arrays, after = found.arrays, voltages(plan, found)
    cable_facts.mark_crossings(arrays, found.threshold, arrays["before"], after, plan.dt)
    arrays["before"][:] = after
