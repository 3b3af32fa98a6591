"""Cells with exact crossings between the steps of the others: what both engines share.

Populations whose program says `crossing="exact"` are not updated step by step. They live on
events at real times, in seconds since step 0: arrivals at spike + delay and crossings of the
threshold, in the order (time, connection, source); a cell's own crossing comes before what
arrives at the same time. Connections from or to such a population (`NetworkPlan.events` and
`NetworkPlan.event_drives`) keep their delays in seconds.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from rheobase.engine import facts
from rheobase.engine.checks import check_connectivity
from rheobase.engine.logs import Logs
from rheobase.engine.plan import (
    FOREVER,
    AnyArray,
    Connectivity,
    DrivePlan,
    FloatArray,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
)
from rheobase.errors import UserError
from rheobase.lowering.events import EVENT_TIME


@dataclass
class Route:
    """A connection in real time: rows by source, each sorted by (delay, target, draw).

    Attributes
    ----------
    name : str
        Of the projection; "" for a drive.
    order : int
        Its place in the order of events at one time: projections as created, then drives.
    source : int
        The place of the source, -1 for a drive, whose rows have one synapse each.
    target : int
        The place of the target.
    port : str
        Its port.
    exact : bool
        Whether the target has exact crossings; if not, arrivals are collected for its steps.
    since, until : int
        Spikes emitted in steps since <= k < until are passed on.
    row_start : ndarray of int64
        Where the row of each source begins.
    targets : ndarray of int32
        Target cell of every synapse.
    delays : ndarray of float64, shape (1,) or (n,)
        Delays in seconds.
    weights : dict of str to ndarray
        As those of `Connectivity`, in this order.
    """

    name: str
    order: int
    source: int
    target: int
    port: str
    exact: bool
    since: int
    until: int
    row_start: Int64Array
    targets: Int32Array
    delays: FloatArray
    weights: dict[str, AnyArray]

    def delay(self, place: int) -> float:
        """Return the delay of a synapse."""
        return float(self.delays[place if self.delays.size > 1 else 0])


def is_exact(plan: NetworkPlan, place: int) -> bool:
    """Return whether the cells of a population have exact crossings."""
    population = plan.populations[place]
    return isinstance(population, PopulationPlan) and population.program.crossing == "exact"


def exact_populations(plan: NetworkPlan) -> list[int]:
    """Return the places of the populations with exact crossings."""
    return [place for place, _ in facts.models(plan) if is_exact(plan, place)]


class Routes:
    """The connections of a plan in real time, laid out again only where one has a new version."""

    def __init__(self) -> None:
        self.all: list[Route] = []
        self._held: dict[int, tuple[ProjectionPlan, int, Route]] = {}

    def bind(self, plan: NetworkPlan) -> None:
        """Draw what is new in a plan, and forget what is no longer in it."""
        held, self._held, self.all = self._held, {}, []
        for order, projection in enumerate(plan.events):
            before = held.get(id(projection))
            if before is None or before[1] != projection.version:
                route = _projection_route(plan, projection)
            else:
                route = before[2]
            route.order = order
            if projection.shared_weights is not None:
                route.weights = dict(projection.shared_weights)
            self._held[id(projection)] = (projection, projection.version, route)
            self.all.append(route)
        for drive in plan.event_drives:
            self.all.append(_drive_route(plan, drive, len(self.all)))

    def key(self, route: Route) -> tuple[str, int]:
        """Return what names a projection among those of the plan, the replaced ones too."""
        return route.name, route.since


def _projection_route(plan: NetworkPlan, projection: ProjectionPlan) -> Route:
    synapses = projection.connectivity()
    check_connectivity(plan, projection, synapses)
    delays, order = _sorted_delays(synapses)
    targets, weights = synapses.targets, dict(synapses.weights)
    if order is not None:
        targets = targets[order]
        weights = {name: w if w.size == 1 else w[order] for name, w in weights.items()}
    projection.longest_delay = math.ceil(float(delays.max(initial=0.0)) / plan.dt) + 1
    return Route(
        projection.name, 0, projection.source, projection.target, projection.port,
        is_exact(plan, projection.target), projection.since, projection.until,
        np.ascontiguousarray(synapses.row_start, np.int64),
        np.ascontiguousarray(targets, np.int32), delays,
        {name: np.ascontiguousarray(w) for name, w in weights.items()},
    )  # fmt: skip


def _sorted_delays(synapses: Connectivity) -> tuple[FloatArray, Int64Array | None]:
    """Return delays in order of the rows, and what sorts them; None where they are one."""
    if not isinstance(synapses.delays, np.ndarray):
        return np.array([synapses.delays], np.float64), None
    delays = synapses.delays.astype(np.float64)
    rows = np.repeat(np.arange(synapses.row_start.size - 1), np.diff(synapses.row_start))
    order = np.lexsort((delays, rows))
    return np.ascontiguousarray(delays[order]), order


def _drive_route(plan: NetworkPlan, drive: DrivePlan, order: int) -> Route:
    rows = np.arange(drive.cells.size + 1, dtype=np.int64)
    return Route(
        "", order, -1, drive.target, drive.port, True, -FOREVER, FOREVER, rows,
        np.ascontiguousarray(drive.cells, np.int32), np.zeros(1), dict(drive.weights),
    )  # fmt: skip


def log_spikes(logs: Logs, place: int, dt: float, steps: Int64Array, ids: Int64Array,
               times: FloatArray) -> None:  # fmt: skip
    """Hand spikes at real times to the logs, sorted by (step, cell, time)."""
    order = np.lexsort((times, ids, steps))
    offsets = times - steps * dt
    logs.spikes[place].append(steps[order], ids[order].astype(np.int32), offsets[order])


# -- populations ----------------------------------------------------------------------------

Kernel = Callable[[int, int, int], None]


@dataclass
class Cells:
    """A population with exact crossings.

    Attributes
    ----------
    place : int
        Where it stands in the plan.
    population : PopulationPlan
        The population.
    every : int
        Its variables are computed at the end of steps k with k + 1 a multiple of this, for
        those who read them; 0: only when a slice ends.
    inputs : list of str
        Its inputs.
    update, anchor, predict : callable
        The kernels, called with (lo, hi, step).
    """

    place: int
    population: PopulationPlan
    every: int
    inputs: list[str]
    update: Kernel
    anchor: Kernel
    predict: Kernel

    def set_time(self, time: float) -> None:
        """Set the time of the event that kernels are called for."""
        self.population.numbers[self.population.program.numbers.index(EVENT_TIME)] = time

    @property
    def crossings(self) -> FloatArray:
        """When each cell crosses its threshold."""
        return self.population.arrays["crossing_time"]

    def begin(self, dt: float, step: int) -> None:
        """Take over what was set since the last slice: variables, inputs, parameters.

        A variable that is not what its course leads to was set, and the cell goes on from there.
        """
        arrays, size = self.population.arrays, self.population.size
        names = facts.arrays_with_role(self.population, "state")
        names = [name for name in names if f"anchor_{name}" in arrays]
        self.set_time(step * dt)
        self.predict(0, size, step)
        seen = {name: arrays[name].copy() for name in names}
        self.update(0, size, step)
        changed = np.zeros(size, bool)
        for name in names:
            changed |= seen[name].view(np.int64) != arrays[name].view(np.int64)
            arrays[name][:] = seen[name]
        for lo, hi in _runs(changed):
            self.anchor(lo, hi, step)
        if np.isnan(self.crossings).any():
            raise UserError(
                f'{self.population.name!r}: crossing="exact" needs a variable and the one that '
                "drives it to decay, and a time constant is negative or infinite",
                mend="look at the parameters of the first cell: "
                f"{self.population.name}[{int(np.argmax(np.isnan(self.crossings)))}]",
            )
        np.maximum(self.crossings, step * dt, out=self.crossings)  # over a level that was set

    def change_inputs(self, dt: float, step: int) -> None:
        """Let the cells whose inputs are other than they were go on with the new ones."""
        arrays = self.population.arrays
        changed = np.zeros(self.population.size, bool)
        for name in self.inputs:
            changed |= arrays[name] != arrays[f"anchor_{name}"]
        if changed.any():
            self.set_time(step * dt)
        for lo, hi in _runs(changed):
            self.update(lo, hi, step)
            self.anchor(lo, hi, step)

    def observe(self, time: float, step: int) -> bool:
        """Compute the variables at a time; False if one is not finite."""
        self.set_time(time)
        self.update(0, self.population.size, step)
        return not np.any(self.population.arrays["spiked"] & facts.NOT_FINITE)


def _runs(chosen: AnyArray) -> list[tuple[int, int]]:
    """Return the ranges of cells in which all are chosen."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]])))
    return [(int(lo), int(hi)) for lo, hi in edges.reshape(-1, 2)]


def not_finite(cells: Iterable[Cells], dt: float, step: int) -> list[int]:
    """Bring cells to the beginning of a step; return the populations with a nan or infinity."""
    return [of.place for of in cells if not of.observe(step * dt, step)]


def cells_of(plan: NetworkPlan) -> list[Cells]:
    """Return the populations with exact crossings."""
    found = []
    for place in exact_populations(plan):
        population = facts.model(plan, place)
        every = [r.every_steps for r in plan.records if r.population == place]
        every += [1 for c in plan.continuous if c.source == place]
        untouched = facts.untouched_inputs(plan)
        inputs = [n for n in facts.arrays_with_role(population, "input")
                  if (place, n) not in untouched]  # fmt: skip
        update, anchor, predict = _kernels(population)
        found.append(Cells(place, population, math.gcd(*every), inputs, update, anchor, predict))
    return found


def _kernels(population: PopulationPlan) -> tuple[Kernel, Kernel, Kernel]:
    """Return what calls the kernels of a population, of either kind."""
    kernels = population.kernels
    if not hasattr(kernels, "update_address"):

        def interpreted(kernel: Callable[..., None]) -> Kernel:
            def call(lo: int, hi: int, step: int) -> None:
                kernel(population.arrays, population.numbers, lo, hi, step)

            return call

        return interpreted(kernels.update), interpreted(kernels.anchor), interpreted(
            kernels.predict)  # fmt: skip
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)

    def compiled(address: int) -> Kernel:
        function = prototype(address)

        def call(lo: int, hi: int, step: int) -> None:
            table = np.array(
                [population.arrays[n].__array_interface__["data"][0] for n in kernels.array_names],
                np.int64,
            )
            numbers = population.numbers.__array_interface__["data"][0]
            function(table.__array_interface__["data"][0], numbers, lo, hi, step)

        return call

    return (
        compiled(kernels.update_address),
        compiled(kernels.anchor_address),
        compiled(kernels.predict_address),
    )
