"""Building what concerns cells with a morphology: places on them become elements of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.cable_facts import EULER_STEPS
from rheobase.engine.cables import CablePlan, PointPlan, cable_plan
from rheobase.engine.plan import ClampPlan, InputPlan, RecordPlan
from rheobase.language.model import Model
from rheobase.lowering import Program
from rheobase.lowering.cable import lower_patch, lower_point
from rheobase.network.waveforms import OUTerm
from rheobase.rendering.random import stream_of
from rheobase.simulation.cable_parts import Cable, Part
from rheobase.simulation.cable_population import CellPopulation, Sites
from rheobase.simulation.clamping import Clamp
from rheobase.simulation.descriptions import Injection, Recording
from rheobase.simulation.population import Cells
from rheobase.simulation.values import CellValues

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Description

Ints: TypeAlias = NDArray[np.int64]
Places: TypeAlias = Mapping[str, int]


# -- programs -------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _patch(model: Model, per_cell: frozenset[str], observed: frozenset[str]) -> Program:
    return lower_patch(model, per_cell, observed)


@lru_cache(maxsize=256)
def _point(model: Model, per_cell: frozenset[str], observed: frozenset[str],
           current: str) -> Program:  # fmt: skip
    return lower_point(model, per_cell, observed, current)


def lowered(part: Part, told: Description) -> tuple[tuple[Any, ...], Program]:
    """Return what the program of a part depends on, and the program."""
    model, per_cell = part.values.model, part.values.per_cell
    observed = _observed(part, told)
    key = (model, per_cell, observed)
    if part.current is None:
        return key, _patch(*key)
    return key, _point(*key, part.current)


def _observed(part: Part, told: Description) -> frozenset[str]:
    """Return the subexpressions of a part that are recorded or read continuously."""
    computed = {e.name for e in part.values.model.subexpressions}
    read: set[str] = set()
    for recording in told.recordings.values():
        if isinstance(recording.cells, Sites) and part in recording.cells._cable.parts:
            read |= {*recording.variables}
    for projection in told.projections.values():
        for term in projection._terms:
            source = projection.sink if term.back else projection.source
            if isinstance(source, Sites) and part in source._cable.parts:
                read.add(term.of)
    return frozenset(computed & read)


# -- populations ----------------------------------------------------------------------------


def plan_of(population: CellPopulation, places: Places) -> CablePlan:
    """Return the plan of the cells themselves; its parts have plans of their own."""
    cable = population._cable_of
    sites = [cell.site for cell in cable.cells]
    node = np.array([site.node for site in sites])[cable.cell_of]
    threshold = np.array([site.threshold for site in sites])[cable.cell_of]
    first = cable.cells[0]
    return cable_plan(
        population.name, cable.layout, [places[part.name] for part in cable.patches],
        node, threshold, point_plans(cable, places),
        backward_euler=first.method == "backward_euler", crossing=first.crossing,
        record_spikes=population._record_spikes,
    )  # fmt: skip


def point_plans(cable: Cable, places: Places) -> list[PointPlan]:
    """Return where points are."""
    made = []
    for part in cable.points:
        cells, nodes = cable.compartments(part.sites)
        made.append(PointPlan(places[part.name], cells.astype(np.int32), nodes.astype(np.int32)))
    return made


def damp_changed(population: CellPopulation, plan: Any) -> None:
    """Let cells of which a value was changed between runs be damped: a current may jump."""
    cable = population._cable_of
    for part in cable.parts:
        plan.arrays["damped"][cable.cell[part.sites[part.changed()]]] = EULER_STEPS


# -- what is sent in, held and recorded -----------------------------------------------------


def _ascending(elements: Ints, within: Ints) -> tuple[NDArray[np.int32], Ints]:
    """Return elements in order, and of each its place in the view."""
    order = np.argsort(elements, kind="stable")
    return elements[order].astype(np.int32), within[order]


def input_plans(injection: Injection, places: Places, dt: float, start: float) -> list[InputPlan]:
    """Return the plans of an injection into places on cells, one for each part and term."""
    sites = injection.cells
    assert isinstance(sites, Sites)
    plans = []
    for part, elements, within in sites._split(injection.to):
        chosen, order = _ascending(elements, within)
        target = places[part.name]
        for number, term in enumerate(injection.current.terms(dt, start)):
            amplitude = np.ascontiguousarray(term.amplitude, np.float64)
            if amplitude.size > 1:
                amplitude = amplitude[order]
            if isinstance(term, OUTerm):
                own = () if term.shared else (part.name,)
                stream = stream_of(injection.stream, str(number), *own)
                plans.append(InputPlan(
                    target, injection.to, cells=chosen, kind="ou", mean=term.mean, std=term.std,
                    tau=term.tau, shared=term.shared, stream=stream, amplitude=amplitude,
                ))  # fmt: skip
                continue
            columns = order.astype(np.int32) if term.waveform(0, 1).shape[1] > 1 else None
            plans.append(InputPlan(target, injection.to, cells=chosen, waveform=term.waveform,
                                   amplitude=amplitude, columns=columns))  # fmt: skip
    return plans


def record_plans(recording: Recording, places: Places) -> list[RecordPlan]:
    """Return the plans of a recording of places: for each variable one a part."""
    sites = recording.cells
    assert isinstance(sites, Sites)
    return [
        RecordPlan(recording.name, places[part.name], variable, elements.astype(np.int32),
                   recording.every_steps)
        for variable in recording.variables
        for part, elements, _ in sites._split(variable)
    ]  # fmt: skip


def clamp_plans(clamp: Clamp, places: Places) -> list[ClampPlan]:
    """Return the plans of a clamp, one for each part."""
    sites = clamp.cells
    if not isinstance(sites, Sites):
        return [clamp.plan(places[sites.name])]
    plans = []
    for part, elements, within in sites._split(clamp.variable):
        chosen, order = _ascending(elements, within)
        values = clamp.values if clamp.values.size == 1 else clamp.values[order]
        plans.append(ClampPlan(
            places[part.name], clamp.variable, chosen, values, clamp.first, clamp.last
        ))  # fmt: skip
    return plans


def together(cells: Any, variable: str, found: list[NDArray[Any]]) -> NDArray[Any]:
    """Return samples of a variable, one column a cell or place, from those of its parts."""
    if not isinstance(cells, Sites) or (len(found) == 1 and _in_order(cells, variable)):
        return found[0]
    split = cells._split(variable)
    shape = (found[0].shape[0], cells.size)
    is_full = sum(within.size for _, _, within in split) == cells.size
    whole = np.empty(shape) if is_full else np.full(shape, np.nan)
    for (_, _, within), values in zip(split, found, strict=True):
        _put(whole, within, values)
    return whole


def _put(whole: NDArray[Any], columns: Ints, values: NDArray[Any]) -> None:
    """Put columns into an array, by stretches where they follow each other, as in a region."""
    starts = np.flatnonzero(np.diff(columns, prepend=-2) != 1)
    if 8 * starts.size > columns.size:
        whole[:, columns] = values
        return
    for first, last in pairwise([*starts.tolist(), columns.size]):
        begin = columns[first]
        whole[:, begin : begin + last - first] = values[:, first:last]


def _in_order(sites: Sites, variable: str) -> bool:
    return sites._split(variable)[0][2].size == sites.size


def arrival(cells: Cells, port: str) -> tuple[str, CellValues]:
    """Return what spikes arrive at: its name in the plan, and its values."""
    if isinstance(cells, Sites):
        part = cells._cable.part(port)
        return part.name, part.values
    values = cells.population._cell_values
    assert values is not None
    return cells.name, values


def element_of(sink: Any, port: str) -> Ints | None:
    """Return, by site, where arrivals at a port go; None for cells without a morphology."""
    return sink._cable.part(port).element if isinstance(sink, Sites) else None


def moved(plan: Any, targets: NDArray[Any]) -> Any:
    """Return connectivity that goes to other targets."""
    return replace(plan, targets=targets)
