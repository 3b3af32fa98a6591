"""Building: descriptions become the plan of the engine.

Name for name: a population becomes a `PopulationPlan` or `SourcePlan`, a projection a
`ProjectionPlan` or `ContinuousPlan`, an injection `InputPlan`s, a drive a `DrivePlan`, a
recording `RecordPlan`s. What did not change since the last run is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity.values import CHUNK
from rheobase.engine import cable_facts
from rheobase.engine.plan import (
    Connectivity,
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    PopulationPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
    new_array,
)
from rheobase.language.model import Model
from rheobase.lowering import Program
from rheobase.network.trains import Poisson, RegularSpikes, SpikeTimes, Train, bin_events
from rheobase.network.waveforms import OUTerm
from rheobase.rendering import effective_weights, prepare
from rheobase.rendering.random import stream_of
from rheobase.simulation import cable_building, cable_gaps, procedural
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.descriptions import Drive, Injection, Recording
from rheobase.simulation.population import Cells, Population
from rheobase.simulation.projection import Projection, Term
from rheobase.simulation.streams import RandomStream
from rheobase.simulation.synaptic import PlasticProjection
from rheobase.simulation.values import CellValues

Places: TypeAlias = Mapping[str, int]
Ints: TypeAlias = NDArray[np.int64]


# -- populations ----------------------------------------------------------------------------


def new_arrays(program: Program, values: CellValues,
               old: Mapping[str, NDArray[Any]] | None) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the arrays of a program, those of an earlier build where there are any."""
    arrays: dict[str, NDArray[Any]] = {}
    for array in program.arrays:
        if old is not None and array.name in old and array.role not in ("key", "prepared"):
            arrays[array.name] = old[array.name]
        elif array.role == "key":
            streams = [stream_of(values.name, d.law, d.site) for d in program.draws]
            arrays[array.name] = np.array([values.seed, *streams], dtype=np.uint64)
        else:
            arrays[array.name] = new_array(values.size, array.dtype)
            if array.role == "last_spike":
                arrays[array.name][:] = -np.inf
    if old is not None:
        own = ("arriving_", "observed_", *cable_facts.OWN)
        arrays |= {k: v for k, v in old.items() if k.startswith(own) and k not in arrays}
    return arrays


def set_numbers(plan: PopulationPlan, values: CellValues) -> None:
    """Turn parameters into the numbers and arrays of a population: nothing is compiled."""
    clock = values.clock
    parameters: dict[str, Any] = {**values.parameters, "N": float(values.size)}
    prepared = prepare(plan.program, parameters, clock.dt, clock.start)  # type: ignore[arg-type]
    plan.numbers = prepared.numbers
    for name, array in prepared.arrays.items():
        plan.arrays[name][:] = array
    values.stale = False


def source_plan(population: Population, train: Train, seed: int, dt: float,
                start: float) -> SourcePlan:  # fmt: skip
    """Return the plan of a population that replays spikes."""
    name, size = population.name, population.size
    record = population._record_spikes
    if isinstance(train, Poisson):
        counts, interval = train.counts(dt, start)
        return SourcePlan(name, size, "poisson", record, counts=np.ascontiguousarray(counts),
                          interval_steps=interval, stream=stream_of(name, "poisson"))  # fmt: skip
    assert isinstance(train, (SpikeTimes, RegularSpikes))
    times, cells = train.events(size, RandomStream.of(seed, name, "times"))
    steps, ids, offsets = bin_events(times, cells, dt, start)
    return SourcePlan(name, size, "times", record, steps=steps, ids=ids, offsets=offsets)


# -- connections ----------------------------------------------------------------------------


def row_starts(rows: Ints, count: int) -> Ints:
    """Return where each of `count` rows begins, and where the last ends."""
    starts = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=count), out=starts[1:])
    return starts


def projection_plan(projection: Projection, places: Places, program: Program,
                    values: CellValues) -> ProjectionPlan:  # fmt: skip
    """Return the plan of a projection of spikes."""
    entry = program.ports[projection.to]
    sink = projection.sink
    target = sink._cable.part(projection.to).name if isinstance(sink, Sites) else sink.name
    plan = ProjectionPlan(
        projection.name, places[projection.source.name], places[target],
        projection.to, connectivity_of(projection, program, values),
        ("weight",) if entry.event or is_plastic(projection) else tuple(entry.weigh),
    )  # fmt: skip
    set_weights(plan, projection, program, values)
    projection._built = True
    return plan


def set_weights(plan: ProjectionPlan, projection: Projection, program: Program,
                values: CellValues) -> None:  # fmt: skip
    """Let the engine take over the weights that a projection has now."""
    if plan.synapse is not None and not projection._weights_changed:
        return  # the parameters of the cell matter to its kernels only
    plan.connectivity = connectivity_of(projection, program, values)
    plan.version += 1
    plan.shared_weights = shared_weights(projection, program, values)
    plan.rows = procedural.recipe_of(projection, program, values)
    if isinstance(projection, PlasticProjection):
        projection._write_weights()  # a recording looks at them before the engine does


def shared_weights(projection: Projection, program: Program,
                   values: CellValues) -> dict[str, NDArray[Any]] | None:  # fmt: skip
    """Return the effective weights by variable where all synapses share them; else None."""
    if is_plastic(projection):
        return None
    one = projection._drawn.one_weight()
    if projection.storage == "procedural":
        return None  # the recipe of the rows holds it
    entry = program.ports[projection.to]
    read = {name for block in entry.weigh.values() for name in block.reads()}
    if one is None or any(isinstance(values.parameters.get(n, 0.0), np.ndarray) for n in read):
        return None
    return port_weights(program, projection.to, one, values, np.zeros(1, np.int64))


def is_plastic(projection: Projection) -> bool:
    """Whether the synapses of a projection have variables of their own."""
    return isinstance(projection, PlasticProjection)


def connectivity_of(projection: Projection, program: Program,
                    values: CellValues) -> Callable[[], Connectivity]:  # fmt: skip
    """Return what draws the synapses of a projection, with the weights and delays of now."""
    drawn, port, sink = projection._drawn, projection.to, projection.sink
    element = cable_building.element_of(projection.sink, port)

    def connectivity() -> Connectivity:
        rows = drawn.rows()
        delays, weights = drawn.steps(rows), drawn.weights(rows)
        if isinstance(delays, np.ndarray) and delays.dtype != np.float64:  # those are seconds
            short = delays.dtype == np.uint16 or delays.max(initial=0) < 2**16
            delays = delays.astype(np.uint16 if short else np.int32, copy=False)
        targets = sink._of_numbers(rows.targets)
        if element is not None:
            targets = element[targets].astype(targets.dtype)
        if is_plastic(projection):
            effective = {"weight": _array(weights, rows.targets.size)}
        else:
            effective = port_weights(program, port, weights, values, targets)
        return Connectivity(rows.row_start, targets, delays, effective)

    return connectivity


def port_weights(program: Program, port: str, weights: float | NDArray[Any], values: CellValues,
                 targets: NDArray[Any]) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the effective weights of arrivals at some cells, one for all or one each.

    Parameters
    ----------
    program, port
        The program of the target, and its port.
    weights
        One for all synapses, or one each.
    values
        The parameters of the target.
    targets
        The target of each synapse.
    """
    entry = program.ports[port]
    if entry.event:
        return {"weight": _array(weights, targets.size)}
    result = {}
    for variable, block in entry.weigh.items():
        if variable in entry.identity:
            result[variable] = _array(weights, targets.size)
            continue
        parameters = {k: v for k, v in values.parameters.items() if k in block.reads()}
        one_each = isinstance(weights, np.ndarray) or any(
            isinstance(v, np.ndarray) for v in parameters.values()
        )
        parameters |= {"N": float(values.size), "dt": values.clock.dt}
        if not one_each:
            found = effective_weights(program, port, variable, weights, parameters)
            result[variable] = _array(found, targets.size)
            continue
        result[variable] = np.empty(targets.size, np.asarray(weights).dtype)
        for begin in range(0, targets.size, CHUNK):  # so that few intermediate values are held
            part = slice(begin, begin + CHUNK)
            cells = targets[part].astype(np.int64)
            result[variable][part] = effective_weights(
                program, port, variable, weights[part] if isinstance(weights, np.ndarray)
                else weights,
                {k: v[cells] if isinstance(v, np.ndarray) else v for k, v in parameters.items()},
            )  # fmt: skip
    return result


def _array(weights: Any, count: int) -> NDArray[Any]:
    found = np.asarray(weights)
    if found.dtype != np.float32:
        found = found.astype(np.float64, copy=False)
    return found.reshape(1) if found.ndim == 0 else found.reshape(count)


def continuous_plans(projection: Projection, places: Places) -> list[ContinuousPlan]:
    """Return the plans of a continuous connection, one for each of its sums."""
    if isinstance(projection.source, Sites) or isinstance(projection.sink, Sites):
        found = [cable_gaps.continuous_plans(projection, places, t) for t in projection._terms]
        return [plan for plans in found for plan in plans]
    return [_continuous_plan(projection, places, term) for term in projection._terms]


def _continuous_plan(projection: Projection, places: Places, term: Term) -> ContinuousPlan:
    """Return the plan of a sum: rows by the cell it is added to, ascending in what is read."""
    synapses = projection._synapses()
    source, sink = projection.source, projection.sink
    pre, post = synapses.pre, synapses.post
    if term.back:
        source, sink, pre, post = sink, source, post, pre
    order = np.lexsort((pre, post))
    weights, steps = projection._weights_si(), projection._steps()
    starts, sources = row_starts(post, sink.population.size), pre[order]
    single = isinstance(weights, float) and not isinstance(steps, np.ndarray)
    return ContinuousPlan(
        projection.name, places[source.name], places[sink.name], term.of, term.to,
        starts, np.ascontiguousarray(sources, np.int32),
        _each(weights, order, np.float64), _each(steps, order, np.int64),
        single and _alike(starts, sources),
    )  # fmt: skip


def _alike(starts: Ints, sources: Ints) -> bool:
    """Whether all rows that are not empty have the same sources."""
    lengths = np.unique(np.diff(starts))
    lengths = lengths[lengths > 0]
    if lengths.size != 1:
        return False
    rows = sources.reshape(-1, int(lengths[0]))
    return bool(np.all(rows == rows[0]))


def _each(values: Any, order: Ints, dtype: Any) -> NDArray[Any]:
    found = np.asarray(values, dtype=dtype)
    return found.reshape(1) if found.ndim == 0 else np.ascontiguousarray(found[order])


# -- inputs, drives, recordings -------------------------------------------------------------


def _ascending(cells: Cells) -> tuple[NDArray[np.int32] | None, Ints | None]:
    """Return cells in ascending order (None for all), and what sorts them (None if sorted)."""
    where = cells._where
    if where is None:
        return None, None
    if where.size < 2 or np.all(np.diff(where) > 0):
        return where.astype(np.int32), None
    order = np.argsort(where, kind="stable")
    return where[order].astype(np.int32), order


def input_plans(injection: Injection, places: Places, dt: float, start: float) -> list[InputPlan]:
    """Return the plans of an injection, one for each term of its sum."""
    if isinstance(injection.cells, Sites):
        return cable_building.input_plans(injection, places, dt, start)
    cells, order = _ascending(injection.cells)
    return _input_plans(injection.current, injection.to, injection.stream,
                        places[injection.cells.name], cells, order, dt, start)  # fmt: skip


def _input_plans(current: Any, to: str, stream_name: str, target: int,
                 cells: NDArray[np.int32] | None, order: Ints | None, dt: float,
                 start: float) -> list[InputPlan]:  # fmt: skip
    plans = []
    for number, term in enumerate(current.terms(dt, start)):
        amplitude = np.ascontiguousarray(term.amplitude, np.float64)
        if order is not None and amplitude.size > 1:
            amplitude = amplitude[order]
        if isinstance(term, OUTerm):
            stream = stream_of(stream_name, str(number))
            plans.append(InputPlan(
                target, to, cells=cells, kind="ou", mean=term.mean, std=term.std,
                tau=term.tau, shared=term.shared, stream=stream, amplitude=amplitude,
            ))  # fmt: skip
            continue
        columns = None
        if order is not None and term.waveform(0, 1).shape[1] > 1:
            columns = order.astype(np.int32)
        plans.append(InputPlan(target, to, cells=cells, waveform=term.waveform,
                               amplitude=amplitude, columns=columns))  # fmt: skip
    return plans


def time_function_plans(name: str, values: CellValues, places: Places, dt: float,
                        start: float) -> list[InputPlan]:  # fmt: skip
    """Return the plans of parameters that are functions of time."""
    plans = []
    for to, current in values.currents.items():
        plans += _input_plans(current, to, f"{name} {to}", places[name], None, None, dt, start)
    return plans


def drive_plan(drive: Drive, place: int, program: Program, values: CellValues, seed: int,
               dt: float, start: float) -> DrivePlan:  # fmt: skip
    """Return the plan of a drive."""
    element = cable_building.element_of(drive.cells, drive.target.to)
    found, order = _ascending(drive.cells)
    if element is not None and found is not None:
        found = element[found].astype(np.int32)  # ascending as the sites are
    cells = np.arange(drive.cells.size, dtype=np.int32) if found is None else found
    weights = drive.weight if order is None or isinstance(drive.weight, float) else (
        drive.weight[order]
    )  # fmt: skip
    effective = port_weights(program, drive.target.to, weights, values, cells.astype(np.int64))
    plan = DrivePlan(place, drive.target.to, cells, effective, "poisson")
    train = drive.train
    if isinstance(train, Poisson):
        counts, plan.interval_steps = train.counts(dt, start)
        if order is not None and counts.shape[1] > 1:
            counts = counts[:, order]
        plan.counts = np.ascontiguousarray(counts)
        plan.stream = stream_of(drive.stream)
        return plan
    assert isinstance(train, (SpikeTimes, RegularSpikes))
    times, ids = train.events(drive.cells.size, RandomStream.of(seed, drive.stream))
    if order is not None:
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        ids = back[ids]
    plan.kind = "times"
    plan.steps, plan.ids, plan.offsets = bin_events(times, ids, dt, start)
    return plan


def record_plans(recording: Recording, places: Places) -> list[RecordPlan]:
    """Return the plans of a recording, one for each variable."""
    if isinstance(recording.cells, Sites):
        return cable_building.record_plans(recording, places)
    cells = recording.cells.indices.astype(np.int32)
    place = places[recording.cells.name]
    return [
        RecordPlan(recording.name, place, variable, cells, recording.every_steps)
        for variable in recording.variables
    ]


def observed_names(model: Model, recordings: list[Recording], projections: list[Projection],
                   population: Population) -> frozenset[str]:  # fmt: skip
    """Return the subexpressions of a population that are recorded or read continuously."""
    computed = {e.name for e in model.subexpressions}
    read = {v for r in recordings if r.cells.population is population for v in r.variables}
    for projection in projections:
        for term in projection._terms:
            source = projection.sink if term.back else projection.source
            read |= {term.of} if source.population is population else set()
    return frozenset(computed & read)
