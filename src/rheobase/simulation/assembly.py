"""The stages in order: lower, render, allocate, connect, and only for what changed.

An `Assembly` holds what a network has been built into so far. `prepare` brings it up to date
before a run: the first time everything is made, later only what the user added or set.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rheobase.engine.cables import CablePlan
from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    RecordPlan,
    SourcePlan,
)
from rheobase.engine.run import Engine, EngineState
from rheobase.language.expressions import calls_in, to_text
from rheobase.language.model import Model
from rheobase.lowering import Program, lower
from rheobase.rendering import CompiledKernels, InterpreterKernels
from rheobase.rendering.cache import seconds_loading
from rheobase.simulation import building, cable_building, cable_gaps
from rheobase.simulation.cable_parts import Part
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.clamping import Clamp
from rheobase.simulation.clock import Clock
from rheobase.simulation.descriptions import Drive, Injection, Recording
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.memory import refuse_what_does_not_fit
from rheobase.simulation.population import Population
from rheobase.simulation.projection import Projection
from rheobase.simulation.real_time import is_exact
from rheobase.simulation.synaptic import PlasticProjection
from rheobase.simulation.values import CellValues
from rheobase.simulation.warning import warn
from rheobase.simulation.wiring import check_crossing

if TYPE_CHECKING:
    from rheobase.simulation.saving import Resumed

Backend = Literal["numba", "interpreter"]


@lru_cache(maxsize=64)
def _lowered(model: Model, per_cell: frozenset[str], observed: frozenset[str]) -> Program:
    """Lower a model once for all networks that use it alike: sweeps and fits build many."""
    return lower(model, per_cell, observed)


@dataclass
class Description:
    """Everything a network was told, in order of creation."""

    populations: dict[str, Population] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)
    injections: list[Injection] = field(default_factory=list)
    drives: list[Drive] = field(default_factory=list)
    recordings: dict[str, Recording] = field(default_factory=dict)
    clamps: list[Clamp] = field(default_factory=list)
    synapse_recordings: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # of populations and parts in the plan

    def enter(self, population: Population) -> None:
        """Take a new population, behind those there are."""
        self.populations[population.name] = population
        self.order.append(population.name)
        if isinstance(population, CellPopulation):
            population._told = self  # what is injected counts for the potentials outside

    @property
    def parts(self) -> dict[str, Part]:
        """What cells with a morphology consist of, by name."""
        return {part.name: part for population in self.populations.values()
                if isinstance(population, CellPopulation)
                for part in population._cable_of.parts}  # fmt: skip

    @property
    def places(self) -> dict[str, int]:
        """The place of every population and part in the plan; new ones come last."""
        known = {*self.order}
        self.order += [name for name in self.parts if name not in known]
        return {name: k for k, name in enumerate(self.order)}


@dataclass
class Seconds:
    """Wall time of the parts of building."""

    build: float = 0.0
    compile: float = 0.0
    connect: float = 0.0

    @contextmanager
    def spent_on(self, part: str) -> Iterator[None]:
        """Count the time of the block for a part, but what it compiles for compiling."""
        begin, loaded = time.perf_counter(), seconds_loading()
        try:
            yield
        finally:
            compiling = seconds_loading() - loaded
            spent = time.perf_counter() - begin - compiling
            setattr(self, part, getattr(self, part) + spent)
            self.compile += compiling


class Assembly:
    """What a network has been built into.

    Parameters
    ----------
    description
        What the user told the network; read again by every `prepare`.
    clock, seed
        Of the network.

    Attributes
    ----------
    engine
        What runs; None before the first `prepare`.
    """

    def __init__(self, description: Description, clock: Clock, seed: int) -> None:
        self.description, self.clock, self.seed = description, clock, seed
        self.engine: Engine | None = None
        self.programs: dict[str, Program] = {}
        self._populations: dict[str, PopulationPlan | SourcePlan] = {}
        self._projections: dict[str, ProjectionPlan] = {}
        self._continuous: dict[str, list[ContinuousPlan]] = {}
        self._inputs: dict[int, list[InputPlan]] = {}
        self._time_functions: dict[str, tuple[object, list[InputPlan]]] = {}
        self._drives: dict[int, DrivePlan] = {}
        self._keys: dict[str, tuple[object, frozenset[str], frozenset[str]]] = {}
        self._renumbered: set[str] = set()
        self._retired: list[ProjectionPlan] = []  # replaced, with spikes under way
        self._shape: tuple[object, ...] = ()
        self.threads = 1
        self.resumed: Resumed | None = None  # what the first engine is to go on from

    # -- before a run ---------------------------------------------------------------------

    def prepare(self, backend: Backend, threads: int | None = None) -> Seconds:
        """Bring plan and engine up to date, for a number of threads or as many as before.

        Raises
        ------
        UserError
            Something is missing or does not fit, which could not be said before.
        """
        spent = Seconds()
        if threads is not None:
            self.threads = threads if backend == "numba" else 1
            for projection in self.description.projections.values():
                projection._drawn.use_threads(self.threads)
        with spent.spent_on("build"):
            refuse_what_does_not_fit(self.description.projections.values())
            self._check()
            self._lower()
        self._make_populations(backend, spent)
        with spent.spent_on("connect"):
            self._connect()
        with spent.spent_on("compile"):
            for projection in self.description.projections.values():
                if isinstance(projection, PlasticProjection):
                    projection._ready(backend)
        with spent.spent_on("build"):
            plan = self._network_plan()
        with spent.spent_on("connect"):  # draws and lays out the synapses
            self._renew_engine(plan, backend)
        return spent

    def lowered(self) -> dict[str, Program]:
        """Return the programs of all populations; nothing is built for it."""
        self._lower()
        return self.programs

    def reseed(self, seed: int) -> None:
        """Draw everything random from now on with another seed; what was drawn stays."""
        if self.engine is None or seed == self.engine.plan.seed:
            return
        self.seed = self.engine.plan.seed = seed
        for name, values in self._model_values():
            values.seed = seed
            plan = self._populations[name]
            if isinstance(plan, PopulationPlan) and "key" in plan.arrays:
                plan.arrays["key"][0] = seed
        for projection in self.description.projections.values():
            projection._seed = seed

    def refresh(self) -> None:
        """Take over parameters and weights that were set since `prepare`; nothing was added."""
        for name, values in self._model_values():
            plan = self._populations[name]
            new = isinstance(plan, PopulationPlan) and values.per_cell != self._keys[name][1]
            if values.stale and new:
                assert self.engine is not None
                self.prepare(self.engine.backend)
                return
        self._set_numbers()
        self._connect()
        assert self.engine is not None
        self._renew_engine(self._network_plan(), self.engine.backend)

    def _model_values(self) -> Iterator[tuple[str, CellValues]]:
        for name, population in self.description.populations.items():
            if population._cell_values is not None:
                yield name, population._cell_values
        for name, part in self.description.parts.items():
            yield name, part.values

    def _check(self) -> None:
        for name, values in self._model_values():
            values.check_complete()
            if values.stale:
                check_crossing(values, self.clock.dt)
            if name not in self._populations and self.resumed is None:
                warn_above_threshold(values)

    def _lower(self) -> None:
        """Lower the models whose use changed."""
        told = self.description
        recordings, projections = list(told.recordings.values()), list(told.projections.values())
        for name, part in told.parts.items():
            of_part, program = cable_building.lowered(part, told)
            if self._keys.get(name) != of_part:
                self.programs[name], self._keys[name] = program, of_part
        for name, population in told.populations.items():
            values = population._cell_values
            if values is None:
                continue
            observed = building.observed_names(values.model, recordings, projections, population)
            key = (values.model, values.per_cell, observed)
            if self._keys.get(name) != key:
                self.programs[name] = _lowered(*key)
                self._keys[name] = key

    def _make_populations(self, backend: Backend, spent: Seconds) -> None:
        for name, population in self.description.populations.items():
            values, model = population._cell_values, population._model
            if isinstance(population, CellPopulation):
                self._make_cells(population, backend, spent)
            elif values is not None:
                self._make_population(name, values, population._record_spikes, backend, spent)
            elif isinstance(population, DetectorPopulation):
                if name not in self._populations:
                    self._populations[name] = population.plan(self._places)
            elif name not in self._populations and not isinstance(model, Model):
                with spent.spent_on("build"):
                    self._populations[name] = building.source_plan(
                        population, model, self.seed, self.clock.dt, self.clock.start
                    )
        with spent.spent_on("build"):
            self._set_numbers()

    def _make_population(self, name: str, values: CellValues, record_spikes: bool,
                         backend: Backend, spent: Seconds) -> None:  # fmt: skip
        kernels_of = CompiledKernels if backend == "numba" else InterpreterKernels
        program, old = self.programs[name], self._populations.get(name)
        assert old is None or isinstance(old, PopulationPlan)
        if old is None or old.program is not program:
            with spent.spent_on("build"):
                arrays = building.new_arrays(program, values, old.arrays if old else None)
                values.bind(arrays)
                values.stale = True
            with spent.spent_on("compile"):
                kernels = kernels_of(program)
            self._populations[name] = PopulationPlan(
                name, values.size, program, kernels, arrays, np.zeros(0), record_spikes
            )
        elif not isinstance(old.kernels, kernels_of):
            with spent.spent_on("compile"):
                old.kernels = kernels_of(program)

    def _make_cells(self, population: CellPopulation, backend: Backend, spent: Seconds) -> None:
        """Make the parts of cells with a morphology, then the cells themselves."""
        for part in population._cable_of.parts:
            self._make_population(part.name, part.values, False, backend, spent)
        with spent.spent_on("build"):
            for part in population._cable_of.points:
                plan = self._populations[part.name]
                assert isinstance(plan, PopulationPlan)
                plan.arrays["v"][:] = part.values.read("v")
            old = self._populations.get(population.name)
            if old is None:
                self._populations[population.name] = cable_building.plan_of(
                    population, self._places
                )
            else:
                assert isinstance(old, CablePlan)
                if len(old.points) != len(population._cable_of.points):
                    points = cable_building.point_plans(population._cable_of, self._places)
                    self._populations[population.name] = replace(old, points=points)

    def _set_numbers(self) -> None:
        self._renumbered = set()
        for name, values in self._model_values():
            plan = self._populations[name]
            if values.stale and isinstance(plan, PopulationPlan):
                building.set_numbers(plan, values)
                self._renumbered.add(name)

    # -- connections ----------------------------------------------------------------------

    @property
    def _places(self) -> dict[str, int]:
        return self.description.places

    def _connect(self) -> None:
        """Draw new projections; work out again the weights of those that changed."""
        places = self._places
        for name, projection in self.description.projections.items():
            changed = projection._weights_changed or projection._delays_changed
            if projection.of is not None:
                if changed or name not in self._continuous:
                    self._continuous[name] = building.continuous_plans(projection, places)
            else:
                self._connect_spikes(name, projection, places)
            projection._weights_changed = projection._delays_changed = False
        for name, values in cable_gaps.sum_conductances(self.description.projections.values()):
            plan = self._populations[name]
            assert isinstance(plan, PopulationPlan)
            building.set_numbers(plan, values)
        self.notice_changes()
        if self.engine is None and self.resumed is None:
            plans = [plan for found in self._continuous.values() for plan in found]
            cable_gaps.begin(plans, [self._populations[name] for name in places])

    def notice_changes(self) -> None:
        """Damp the cells with a morphology of which a value was set to another."""
        for name, population in self.description.populations.items():
            if isinstance(population, CellPopulation) and name in self._populations:
                cable_building.damp_changed(population, self._populations[name])

    def _connect_spikes(self, name: str, projection: Projection, places: dict[str, int]) -> None:
        sink, values = cable_building.arrival(projection.sink, projection.to)
        program = self.programs[sink]
        held = self._projections.get(name)
        if held is None or projection._delays_changed:
            made = building.projection_plan(projection, places, program, values)
            if self.resumed is not None:
                made.since = self.resumed.since.get(name, self.clock.step)
            elif self.engine is not None:
                made.since = self.clock.step
            if held is not None:  # spikes under way arrive after the delays they left with
                self._retired.append(replace(held, until=self.clock.step))
            self._projections[name] = made
        elif projection._weights_changed or sink in self._renumbered:
            building.set_weights(held, projection, program, values)
        if isinstance(projection, PlasticProjection):
            self._projections[name].synapse = projection._make_plan(program, values, places)

    def since(self) -> tuple[dict[str, int], list[ProjectionPlan]]:
        """Return from which step on each projection delivers, and the replaced ones."""
        return {n: plan.since for n, plan in self._projections.items()}, list(self._retired)

    def set_since(self, since: dict[str, int], retired: list[ProjectionPlan]) -> None:
        """Put back what `since` returned, after the state of then."""
        for name, plan in self._projections.items():
            if plan.since != since[name]:
                self._projections[name] = replace(plan, since=since[name])
        self._retired = list(retired)
        assert self.engine is not None
        self._renew_engine(self._network_plan(), self.engine.backend)

    # -- the plan -------------------------------------------------------------------------

    def _network_plan(self) -> NetworkPlan:
        told, clock, places = self.description, self.clock, self._places
        projections: list[ProjectionPlan] = []
        continuous: list[ContinuousPlan] = []
        step = clock.step
        self._retired = [p for p in self._retired if p.until + p.longest_delay > step]
        for name, projection in told.projections.items():
            if projection.of is None:
                projections += [p for p in self._retired if p.name == name]
                projections.append(self._projections[name])
            else:
                continuous += self._continuous[name]
        drives = self._drive_plans(places)
        exact = {places[n] for n, p in told.populations.items() if is_exact(p)}
        real = [{p.source, p.target} & exact for p in projections]
        return NetworkPlan(
            clock.dt, clock.start, self.seed, [self._populations[n] for n in places],
            [p for p, of in zip(projections, real, strict=True) if not of], continuous,
            self._input_plans(places), [d for d in drives if d.target not in exact],
            self._record_plans(places),
            [p for c in told.clamps for p in cable_building.clamp_plans(c, places)],
            [p for p, of in zip(projections, real, strict=True) if of],
            [d for d in drives if d.target in exact],
        )  # fmt: skip

    def _input_plans(self, places: dict[str, int]) -> list[InputPlan]:
        clock, plans = self.clock, list[InputPlan]()
        for name, values in self._model_values():
            key = tuple(map(id, values.currents.values()))
            held = self._time_functions.get(name)
            if held is None or held[0] != key:
                made = building.time_function_plans(name, values, places, clock.dt, clock.start)
                held = self._time_functions[name] = (key, made)
            plans += held[1]
        for injection in self.description.injections:
            if id(injection) not in self._inputs:
                self._inputs[id(injection)] = building.input_plans(
                    injection, places, clock.dt, clock.start
                )
            plans += self._inputs[id(injection)]
        return plans

    def _drive_plans(self, places: dict[str, int]) -> list[DrivePlan]:
        plans = []
        for drive in self.description.drives:
            sink, values = cable_building.arrival(drive.cells, drive.target.to)
            if id(drive) not in self._drives or sink in self._renumbered:
                self._drives[id(drive)] = building.drive_plan(
                    drive, places[sink], self.programs[sink], values, self.seed, self.clock.dt,
                    self.clock.start,
                )  # fmt: skip
            plans.append(self._drives[id(drive)])
        return plans

    def _record_plans(self, places: dict[str, int]) -> list[RecordPlan]:
        recordings = self.description.recordings.values()
        return [plan for r in recordings for plan in building.record_plans(r, places)]

    def _renew_engine(self, plan: NetworkPlan, backend: Backend) -> None:
        """Make an engine if the structure is new, and let it go on where the old one was."""
        shape = (self.threads, *_shape(plan, backend))
        old = self.engine
        if old is not None and shape == self._shape:
            return
        memory = old.state().memory if old is not None else None
        self.engine = Engine(plan, backend, self.clock.step, self.threads, old)
        if memory is not None:  # arrays and noise are the same objects as before
            self.engine.restore(EngineState(self.clock.step, memory=memory))
        elif self.resumed is not None:
            self.resumed.take_over(self.engine, self)
            self.resumed = None
        self._shape = shape


def _shape(plan: NetworkPlan, backend: str) -> tuple[object, ...]:
    """Return what an engine is made for; the objects in it are compared by identity."""
    parts: Sequence[Sequence[object]] = (
        plan.populations, plan.projections, plan.continuous, plan.inputs, plan.drives,
        plan.events, plan.event_drives,
    )  # fmt: skip
    programs = [id(getattr(p, "program", None)) for p in plan.populations]
    programs += [id(getattr(p.synapse, "program", None)) for p in plan.projections]
    records = [(r.name, r.population, r.variable, r.every_steps) for r in plan.records]
    clamps = [(c.target, c.array, c.cells.tobytes(), c.values.tobytes(), c.first, c.last)
              for c in plan.clamps]  # fmt: skip
    return (backend, [list(map(id, part)) for part in parts], programs, records, clamps)


def warn_above_threshold(values: CellValues) -> None:
    """Warn of cells that spike in the first step because they start above threshold."""
    threshold = values.model.threshold
    if threshold is None or calls_in(threshold) & {"rand", "randn"}:
        return
    above = np.broadcast_to(np.asarray(values.evaluate_expression(threshold)), values.size) != 0
    above = above & (values._refractory_left() == 0)
    count = int(np.count_nonzero(above))
    if not count:
        return
    first = int(np.flatnonzero(above)[0])
    cells = "the cell" if values.size == 1 else (
        f"all {count} cells" if count == values.size else f"{count} of {values.size} cells"
    )  # fmt: skip
    name = values.states[0] if values.states else "v"
    unit = values.unit(name)
    value = float(unit.from_si(np.asarray(values.read(name)).reshape(-1)[first]))
    shown = f"{value:g}" if unit.text == "1" else f"{value:g} {unit.text}"
    warn(
        f"{cells} of {values.name!r} start above threshold, {to_text(threshold)}, and may spike "
        f"in the first step: {values.name}[{first}].{name} is {shown}; "
        f"set it before the run: {values.name}.{name} = ..."
    )
