"""One step of a copy of a network, watched from within: what a cell was, received and became."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine import facts
from rheobase.engine.interpreted import Interpreted
from rheobase.engine.interpreted_events import Event, InterpretedEvents, same_arrival
from rheobase.engine.logs import Logs
from rheobase.engine.plan import DrivePlan, InputPlan, NetworkPlan, PopulationPlan, ProjectionPlan
from rheobase.engine.run import NotFinite
from rheobase.errors import RheobaseWarning
from rheobase.simulation.assembly import Assembly
from rheobase.simulation.saving import state_of

if TYPE_CHECKING:
    from rheobase.simulation.network import Network

Values = dict[str, float]


@dataclass(frozen=True)
class Arrival:
    """Events that reached the cell.

    Attributes
    ----------
    source
        Where from: the name of a population, "" for a drive.
    cell
        The cell of it.
    port
        Where they arrive.
    amounts
        What each variable gets, or the "weight" where statements run event by event, in SI units;
        empty where a synapse that changes works it out.
    delay
        How long ago the spike was, in seconds.
    count
        How many: a Poisson process may have several in a step.
    time
        When, in seconds since the start of the network; for exact crossings.
    """

    source: str
    cell: int
    port: str
    amounts: Values
    delay: float
    count: int = 1
    time: float = 0.0


@dataclass
class Watched:
    """What was seen of a cell in a step, all values in SI units.

    Attributes
    ----------
    before
        Its arrays at the start of the step; `inputs`, what every input was made of; `draws`, the
        random numbers.
    reset
        After the reset, before arrivals.
    arrivals
        What reached it.
    after
        Its arrays at the end of the step.
    spikes
        The times of its spikes, in seconds since the start of the network.
    clamped
        The states that `net.clamp` holds in this step.
    failed
        The state that ceased to be finite, "" if none did.
    """

    before: Values = field(default_factory=dict)
    inputs: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    held_inputs: Values = field(default_factory=dict)
    draws: Values = field(default_factory=dict)
    reset: Values = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    after: Values = field(default_factory=dict)
    spikes: list[float] = field(default_factory=list)
    clamped: frozenset[str] = frozenset()
    failed: str = ""


def copy_of(net: Network) -> Network:
    """Return an independent network that stands where this one does, to be interpreted."""
    assembly = net._assembly
    kept: dict[int, Any] = {
        id(assembly): None, id(net._last_result): None, id(net._snapshots): {}, id(net._hooks): [],
    }  # fmt: skip
    other = copy.deepcopy(net, kept)
    other._assembly = Assembly(other._told, other._clock, other._seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RheobaseWarning)
        if assembly.engine is None:
            other._assembly.resumed = copy.deepcopy(assembly.resumed)
            other._assembly.prepare("interpreter")
            return other
        state = state_of(assembly)
        since, retired = assembly.since()
        other._assembly.prepare("interpreter")
    now = dict.fromkeys(other._told.projections, assembly.clock.step)
    other._assembly.set_since(now | since, retired)
    assert other._assembly.engine is not None and state is not None
    other._assembly.engine.restore(state)
    return other


def watch(other: Network, population: str, cell: int) -> Watched:
    """Run a step of a copy, and return what was seen of a cell.

    Parameters
    ----------
    other
        What `copy_of` returned.
    population, cell
        The cell.
    """
    engine = other._assembly.engine
    assert engine is not None
    place = list(other._told.populations).index(population)
    plan = engine.plan
    watcher = _Watcher(plan, engine.logs, place, cell)
    watcher.remember(engine._stepper.memory(engine.step), engine.step)
    engine._stepper = watcher
    step = engine.step
    facts.hold_clamped(plan, step)
    seen = watcher.seen
    seen.before = watcher.values()
    seen.clamped = frozenset(
        c.array
        for c in plan.clamps
        if c.target == place and c.first <= step < c.last and cell in c.cells
    )
    try:
        engine.advance(1)
    except NotFinite as failure:
        seen.failed = f"{failure.variable or 'a state'} of {failure.population!r}"
    other._clock.step = engine.step
    seen.after = watcher.values()
    taken = engine.take_spikes(place)
    own = taken.ids == cell
    inside = np.zeros(taken.ids.size) if taken.offsets is None else taken.offsets
    times = np.asarray(taken.steps * plan.dt + inside)[own]
    seen.spikes = [float(t) for t in times]
    return seen


class _Watcher(Interpreted):
    """Runs a step and looks at one cell of it."""

    def __init__(self, plan: NetworkPlan, logs: Logs, place: int, cell: int) -> None:
        super().__init__(plan, logs)
        self.place, self.cell = place, cell
        self.population: PopulationPlan = facts.model(plan, place)
        self.seen = Watched()
        if self.events is not None:
            self.events = _WatchedEvents(plan, logs, place, cell, self.seen)
            self.bind()

    def values(self) -> Values:
        """Return everything the arrays hold of the cell."""
        size = (self.population.size,)
        return {name: float(array[self.cell]) for name, array in self.population.arrays.items()
                if array.shape == size}  # fmt: skip

    # -- inputs ---------------------------------------------------------------------------

    def gather(self, k: int) -> None:
        super().gather(k)
        names = facts.arrays_with_role(self.population, "input")
        self.seen.held_inputs = {n: float(self.population.arrays[n][self.cell]) for n in names}

    def inject(self, n: int, item: InputPlan, k: int) -> None:
        if item.target != self.place:
            super().inject(n, item, k)
            return
        array = self.population.arrays[item.array]
        before = float(array[self.cell])
        super().inject(n, item, k)
        self._note_input(item.array, "injected", float(array[self.cell]) - before)

    def couple(self) -> None:
        names = facts.arrays_with_role(self.population, "input")
        arrays = self.population.arrays
        before = {name: float(arrays[name][self.cell]) for name in names}
        super().couple()
        for name in names:
            self._note_input(
                name, "from other cells", float(arrays[name][self.cell]) - before[name]
            )

    def _note_input(self, name: str, what: str, value: float) -> None:
        if value != 0.0:
            self.seen.inputs.setdefault(name, []).append((what, value))

    # -- update and arrivals --------------------------------------------------------------

    def update(self, p: int, population: PopulationPlan, k: int) -> bool:
        fine = super().update(p, population, k)
        if p == self.place:
            names = facts.arrays_with_role(population, "draw")
            self.seen.draws = {n: float(population.arrays[n][self.cell]) for n in names}
        return fine

    def deliver(self, p: int, population: PopulationPlan, k: int) -> None:
        if p == self.place:
            self.seen.reset = self.values()
        super().deliver(p, population, k)

    def deliver_delay(self, population: PopulationPlan, onto: list[ProjectionPlan], delay: int,
                      k: int) -> None:  # fmt: skip
        if population is self.population:
            for projection in onto:
                self._list(projection, delay, k)
        super().deliver_delay(population, onto, delay, k)

    def _list(self, projection: ProjectionPlan, delay: int, k: int) -> None:
        rows = self.store.rows(projection)
        place = int(np.searchsorted(rows.delays, delay))
        if place == rows.delays.size or rows.delays[place] != delay:
            return
        if not projection.since <= k - delay < projection.until:
            return
        source = self.plan.populations[projection.source].name
        for i in self.spikes[projection.source].get(k - delay, np.zeros(0, np.int32)):
            begin, end = (int(x) for x in rows.starts[i, place : place + 2])
            for synapse in begin + np.flatnonzero(rows.targets[begin:end] == self.cell):
                plastic = projection.synapse is not None
                some = {} if plastic else _at(self.store.weights(projection), int(synapse))
                self.seen.arrivals.append(
                    Arrival(source, int(i), projection.port, some, delay * self.plan.dt)
                )

    def deliver_drive(self, population: PopulationPlan, drive: DrivePlan, k: int) -> None:
        if population is self.population:
            where = np.flatnonzero(drive.cells == self.cell)
            if drive.kind == "times":
                due = slice(*np.searchsorted(drive.steps, [k, k + 1]))
                counts = np.bincount(drive.ids[due], minlength=drive.cells.size)
            else:
                counts = self.draw_counts(drive, drive.cells.size, k)
            for n in where[counts[where] > 0]:
                some = _at(drive.weights, int(n))
                self.seen.arrivals.append(Arrival("", -1, drive.port, some, 0.0, int(counts[n])))
        super().deliver_drive(population, drive, k)

    def deliver_events(self, p: int, population: PopulationPlan, k: int) -> None:
        for route, begin, end in self.events.due if self.events is not None else []:
            if p == self.place == route.target:
                for synapse in begin + np.flatnonzero(route.targets[begin:end] == self.cell):
                    some = _at(route.weights, int(synapse))
                    source = self.plan.populations[route.source].name
                    self.seen.arrivals.append(
                        Arrival(source, -1, route.port, some, float(route.delay(int(synapse))))
                    )
        super().deliver_events(p, population, k)


class _WatchedEvents(InterpretedEvents):
    """Runs exact events and notes those of one cell."""

    def __init__(self, plan: NetworkPlan, logs: Logs, place: int, cell: int,
                 seen: Watched) -> None:  # fmt: skip
        super().__init__(plan, logs)
        self.place, self.cell, self.seen = place, cell, seen

    def arrive(self, event: Event) -> None:
        time, order, source, sent, begin = event
        route = self.routes.all[order]
        end = same_arrival(route, source, begin)
        if route.target == self.place:
            for synapse in begin + np.flatnonzero(route.targets[begin:end] == self.cell):
                some = _at(route.weights, int(synapse))
                name = self.plan.populations[route.source].name if route.source >= 0 else ""
                self.seen.arrivals.append(
                    Arrival(name, source, route.port, some, time - sent, 1, time)
                )
        super().arrive(event)


def _at(weights: Mapping[str, NDArray[Any]], place: int) -> Values:
    """Return what each variable gets from one synapse."""
    return {n: float(w[0] if w.size == 1 else w[place]) for n, w in weights.items()}
