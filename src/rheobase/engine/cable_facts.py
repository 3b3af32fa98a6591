"""What both engines derive from a plan with cables: whose elements are whose, and what jumps.

The trapezoidal rule leaves what changes fast (neighboring compartments whose voltages differ)
oscillating instead of dying away. So after a **jump** a cell takes `EULER_STEPS` steps of backward
Euler, which damps it. A jump is: an arrival, that is a state which is not as the last update left
it; an injected current that is off the straight line through its last two values by more than its
last change; the beginning or end of a voltage clamp; a voltage that was set, noticed between
slices. Being finitely many, such steps leave the method of second order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rheobase.engine import facts
from rheobase.engine.cables import CablePlan, cables
from rheobase.engine.plan import (
    AnyArray,
    ClampPlan,
    DrivePlan,
    FloatArray,
    Int32Array,
    NetworkPlan,
    ProjectionPlan,
    new_array,
)
from rheobase.errors import InternalError

EULER_STEPS = 2
"""Steps of backward Euler after a jump, that of the jump included."""
NOTICED = 1e-6
"""Volts by which a voltage must differ from what was left to count as set."""
HOLDING = 1e12
"""The conductance that holds a clamped node, in terms of all others of it."""


OWN = ("was_", "left_", "slope_")
"""What the names of the arrays in which jumps are noticed begin with."""


def was(name: str) -> str:
    """Return the name of the array of what a variable was."""
    return f"was_{name}"


def left(name: str) -> str:
    """Return the name of the array of what the last slice left of a variable."""
    return f"left_{name}"


def slope(name: str) -> str:
    """Return the name of the array of the last change of an input."""
    return f"slope_{name}"


def owned(plan: NetworkPlan) -> frozenset[int]:
    """Return the places of patches and points, which their cells update."""
    found: list[int] = []
    for _, cable in cables(plan):
        found += [*cable.patches, *(point.population for point in cable.points)]
    return frozenset(found)


@dataclass(frozen=True)
class Part:
    """A patch or the points of a cable: its place, and the cell of each element."""

    place: int
    cells: Int32Array


def parts(cable: CablePlan) -> list[Part]:
    """Return patches, then points."""
    patches = [Part(place, cable.layout.places(p)[0]) for p, place in enumerate(cable.patches)]
    return [*patches, *(Part(point.population, point.cells) for point in cable.points)]


def watched(plan: NetworkPlan, place: int) -> list[str]:
    """Return the states of a part that arrivals write."""
    connections: list[ProjectionPlan | DrivePlan] = [*plan.projections, *plan.events, *plan.drives]
    events = any(c.target == place and facts.is_event(c) for c in connections)
    population = facts.model(plan, place)
    if events:
        return facts.arrays_with_role(population, "state")
    return facts.accumulated(plan, place)


def probed(plan: NetworkPlan, place: int) -> dict[str, Int32Array]:
    """Return the arrays of a part that something is injected into, and the elements, ascending."""
    found: dict[str, list[AnyArray]] = {}
    for item in plan.inputs:
        if item.target == place:
            size = plan.populations[place].size
            cells = np.arange(size, dtype=np.int32) if item.cells is None else item.cells
            found.setdefault(item.array, []).append(cells)
    return {name: np.unique(np.concatenate(lists)).astype(np.int32)
            for name, lists in sorted(found.items())}  # fmt: skip


def held(plan: NetworkPlan, place: int) -> list[ClampPlan]:
    """Return the clamps of the voltage of a patch."""
    name = names(plan, place)[0]
    return [c for c in plan.clamps if c.target == place and c.array == name]


def names(plan: NetworkPlan, place: int) -> tuple[str, str, str]:
    """Return the names of voltage, source and rate of a part."""
    linear = getattr(facts.model(plan, place).program, "linear", None)
    if linear is None:
        raise InternalError(f"{plan.populations[place].name!r} was not lowered for a cable")
    return linear.voltage, linear.source, linear.rate


def holding(capacitance: AnyArray, total: AnyArray, dt: float) -> AnyArray:
    """Return the conductances that hold clamped nodes."""
    return np.asarray(HOLDING * (total + capacitance * (2.0 / dt)))


def add_missing_arrays(plan: NetworkPlan) -> None:
    """Give patches and points the arrays in which jumps are noticed.

    What is looked at from now on has not jumped yet; but voltages that nothing has left count as
    set, so that every cell begins damped.
    """
    for _, cable in cables(plan):
        for part in parts(cable):
            arrays, size = facts.model(plan, part.place).arrays, plan.populations[part.place].size
            begin: dict[str, AnyArray | float] = {}
            for name in watched(plan, part.place):
                begin[was(name)] = arrays[name]
            for name in probed(plan, part.place):
                begin |= {was(name): arrays[name], slope(name): 0.0}
            if part.place in cable.patches:
                begin[left(names(plan, part.place)[0])] = np.nan
            for name, values in begin.items():
                if name not in arrays:
                    arrays[name] = new_array(size)
                    arrays[name][:] = values


def mark_crossings(arrays: Mapping[str, AnyArray], threshold: FloatArray, before: FloatArray,
                   after: FloatArray, dt: float) -> None:  # fmt: skip
    """Note what rises above its threshold in a step, and where within it if that is asked for."""
    now = after > threshold
    spiked = now & (arrays["above"] == 0)
    arrays["spiked"][:] = spiked
    arrays["above"][:] = now
    if "offset" in arrays:
        gap = threshold - before
        with np.errstate(all="ignore"):
            offset = np.where(gap > 0.0, dt * (gap / (after - before)), 0.0)
        arrays["offset"][spiked] = offset[spiked]


def failed_voltage(plan: NetworkPlan, cable: CablePlan, cell: int) -> float:
    """Return the first voltage of a cell that is not finite."""
    for p, place in enumerate(cable.patches):
        v = facts.model(plan, place).arrays[names(plan, place)[0]]
        own = v[cable.layout.places(p)[0] == cell]
        if not np.all(np.isfinite(own)):
            return float(own[~np.isfinite(own)][0])
    return float("nan")


def begin_slice(plan: NetworkPlan) -> None:
    """Damp the cells whose voltages were set since the last slice; at first, all."""
    for _, cable in cables(plan):
        for p, place in enumerate(cable.patches):
            name = names(plan, place)[0]
            arrays = facts.model(plan, place).arrays
            changed = ~(np.abs(arrays[name] - arrays[left(name)]) <= NOTICED)
            if changed.any():
                cells = cable.layout.places(p)[0][changed]
                cable.arrays["damped"][cells] = EULER_STEPS


def end_slice(plan: NetworkPlan) -> None:
    """Note the voltages that a slice leaves."""
    for _, cable in cables(plan):
        for place in cable.patches:
            name = names(plan, place)[0]
            arrays = facts.model(plan, place).arrays
            arrays[left(name)][:] = arrays[name]
