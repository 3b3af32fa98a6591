"""From a network to a tape: its plan, population for population and connection for connection.

The network itself is left alone: a copy that stands where it does is built (initial values,
synapses and noise are drawn as in its run), and the tape is made of the copy's plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rheobase.engine import facts
from rheobase.engine.cables import CablePlan
from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    FloatArray,
    InputPlan,
    NetworkPlan,
    PopulationPlan,
    ProjectionPlan,
    SourcePlan,
)
from rheobase.errors import UserError
from rheobase.gradients.bars import Bars
from rheobase.gradients.beginnings import Beginning
from rheobase.gradients.cells import Cells
from rheobase.gradients.currents import Clamp, Coupling, Injection
from rheobase.gradients.links import Drive, Link, Trains, read_by_weights
from rheobase.gradients.noise import NoiseValues, poisson_counts
from rheobase.gradients.tape import MEMORY, Backend, Tape
from rheobase.lowering.surrogates import Surrogate
from rheobase.simulation.step_watching import copy_of

if TYPE_CHECKING:
    from rheobase.simulation import Network

Wishes = Mapping[str, frozenset[str]]


@dataclass
class NetworkTape:
    """A tape made of a network, and where everything of the network is on it.

    Attributes
    ----------
    net : Network
        The copy that the tape was made of.
    beginnings : dict of Cells to Beginning
        How first states follow parameters, where they do.
    tape : Tape
        What runs.
    steps : int
        Of a run.
    populations : dict of str to Cells or Trains
        By name.
    links : dict of str to Link
        By projection.
    couplings : dict of str to list of (Coupling, order)
        By projection with `of=`: its sums, and the place in the projection of each entry.
    injections : list of (Injection, InputPlan)
        In order of the plan.
    """

    net: Network
    tape: Tape
    steps: int
    populations: dict[str, Cells | Trains] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    couplings: dict[str, list[tuple[Coupling, Any]]] = field(default_factory=dict)
    injections: list[tuple[Injection, InputPlan]] = field(default_factory=list)
    spikes: dict[Trains, tuple[Any, Any]] = field(default_factory=dict)
    before: dict[Cells | Trains, tuple[Any, Any]] = field(default_factory=dict)
    beginnings: dict[Cells, Beginning] = field(default_factory=dict)

    def run(self) -> None:
        """Run the tape."""
        for cells, beginning in self.beginnings.items():
            beginning.set(cells.parameters, cells.initial)
        self.tape.run(self.steps, spikes=self.spikes, before=self.before)

    def follow(self, wanted: Wishes, chosen: Mapping[str, Mapping[str, Any]]) -> None:
        """Let first states follow parameters, as they do in a network that is to run first.

        Parameters
        ----------
        wanted
            By population, the parameters whose derivatives are wanted.
        chosen
            By population and state, the cells whose first value is a number of its own.
        """
        for name, cells in self.populations.items():
            values = self.net._told.populations[name]._cell_values
            if isinstance(cells, Cells) and values is not None:
                found = Beginning(values, cells.parameters, cells.initial,
                                  wanted.get(name, frozenset()), chosen.get(name, {}))  # fmt: skip
                if found:
                    self.beginnings[cells] = found

    def to_parameters(self, bars: Bars) -> None:
        """Pass derivatives by first states on to the parameters that these follow."""
        for cells, beginning in self.beginnings.items():
            states = {n: bars.initial[cells, n][0] for n in cells.states}
            found, own = beginning.back(states)
            mine = bars.parameters.setdefault(cells, {})
            for name, bar in found.items():
                mine[name] = mine.get(name, 0.0) + bar
            for name, bar in own.items():
                bars.initial[cells, name] = bar[None]


@dataclass
class Options:
    """How a network is differentiated: the arguments of `rb.gradient`."""

    surrogate: Surrogate = field(default_factory=Surrogate)
    reset: Literal["detached", "through"] = "detached"
    memory: int = MEMORY
    backend: Backend | None = None


def has_begun(net: Network) -> bool:
    """Return whether the states of a network stand: it has run, was stored or was loaded."""
    return net._assembly.engine is not None or net._assembly.resumed is not None


def independent_copy(net: Network) -> Network:
    """Return a network that stands where this one does, and shares nothing with it.

    Raises
    ------
    UserError
        Functions are called during its run that may set something.
    """
    if any(hook.changes for hook in net._hooks):
        raise UserError(
            "functions are called during the runs of this network (net.every), and what they set "
            "has no derivative",
            mend="differentiate a network without them",
        )
    return copy_of(net)


def tape_of(net: Network, steps: int, parameters: Wishes, projections: Wishes,
            options: Options) -> NetworkTape:  # fmt: skip
    """Return the tape of a network that `independent_copy` returned.

    Parameters
    ----------
    net
        The copy.
    steps
        Of a run.
    parameters
        By population, the parameters whose derivatives are wanted.
    projections
        By projection, of "weight" and "delay" what is wanted.
    options
        Surrogate, reset, memory, backend.

    Raises
    ------
    UserError
        Something of the network cannot be differentiated; it is named.
    """
    assembly = net._assembly
    engine = assembly.engine
    assert engine is not None
    plan = engine.plan
    refuse(plan)
    tape = Tape(plan.dt, start=plan.start, first_step=engine.step, memory=options.memory,
                backend=options.backend)  # fmt: skip
    made = NetworkTape(net, tape, steps)
    for population in plan.populations:
        if isinstance(population, SourcePlan):
            _add_source(made, plan, population)
        else:
            _add_cells(made, population, parameters.get(population.name, frozenset()), options)
    for projection in plan.projections:
        _connect(made, projection, projections.get(projection.name, frozenset()))
    for coupling in plan.continuous:
        _couple(made, coupling, bool(projections.get(coupling.name)))
    for current in plan.inputs:
        made.injections.append((_inject(made, plan, current), current))
        tape.injections.append(made.injections[-1][0])
    for item, told in zip(plan.drives, net._told.drives, strict=True):
        tape.drives += _drives(made, plan, item, told.weight, told.cells)
    for clamp in plan.clamps:
        cells = _cells_at(made, clamp.target)
        values = np.array(np.broadcast_to(clamp.values, clamp.cells.shape))
        tape.clamps.append(Clamp(cells, clamp.array, clamp.cells, values, clamp.first, clamp.last))
    _take_memory(made, engine._stepper.memory(engine.step), engine.step)
    return made


def refuse(plan: NetworkPlan) -> None:
    """Refuse what has no derivative on a tape, by name.

    Raises
    ------
    UserError
        Exact crossings, plastic synapses, ports that run event by event, procedural synapses.
    """
    for population in plan.populations:
        if isinstance(population, CablePlan):
            raise UserError(
                f"{population.name!r} are cells with a morphology, which have no derivative here",
                mend="use the point model of the membrane: net.add(membrane.point(area))",
            )
        if isinstance(population, PopulationPlan) and population.program.crossing == "exact":
            raise UserError(
                f"{population.name!r} has exact crossings, so it does not go step by step",
                mend='write rb.gradient(..., surrogate="exact"), which takes spike times for what '
                'they are, or a model with crossing="grid"',
            )
    for projection in plan.projections:
        _refuse_projection(projection)
    for drive in plan.drives:
        if facts.is_event(drive):
            raise UserError(
                f"what drives {plan.populations[drive.target].name!r} arrives at the port "
                f"{drive.port!r}, whose statements run event by event and have no reverse here",
                mend=f"let the port only add: receives={{{drive.port!r}: 'g += weight'}}",
            )


def _refuse_projection(projection: ProjectionPlan) -> None:
    name = projection.name
    if projection.synapse is not None:
        raise UserError(
            f"the synapses of {name!r} change by themselves (plasticity), which is not "
            "differentiated",
            mend="connect with a fixed weight: net.connect(..., weight=1*nS) without synapse=",
        )
    if projection.rows is not None:
        raise UserError(
            f"the synapses of {name!r} are drawn anew at every spike and not stored",
            mend='connect with storage="stored"',
        )
    if facts.is_event(projection):
        raise UserError(
            f"{name!r} arrives at the port {projection.port!r}, whose statements run event by "
            "event and have no reverse here",
            mend=f"let the port only add: receives={{{projection.port!r}: 'g += weight'}}",
        )


# -- populations ------------------------------------------------------------------------------


def _add_cells(made: NetworkTape, plan: PopulationPlan, wanted: frozenset[str],
               options: Options) -> None:  # fmt: skip
    values = made.net._told.populations[plan.name]._cell_values
    assert values is not None
    program = made.net._assembly.programs[plan.name]
    cells = made.tape.cells(
        plan.name, program, plan.size, values.parameters, with_respect_to=wanted,
        surrogate=options.surrogate, reset=options.reset, key=plan.arrays.get("key"),
    )  # fmt: skip
    made.tape.set_initial(cells, {n: plan.arrays[n] for n in cells.past_names})
    if "last_spike" in cells.fixed:
        cells.fixed["last_spike"][:] = plan.arrays["last_spike"]
    made.populations[plan.name] = cells


def _add_source(made: NetworkTape, plan: NetworkPlan, source: SourcePlan) -> None:
    trains = made.tape.add_trains(source.name, source.size)
    first = made.tape.first
    made.populations[source.name] = trains
    if source.kind == "times":
        inside = (source.steps >= first) & (source.steps < first + made.steps)
        made.spikes[trains] = source.steps[inside] - first, source.ids[inside]
        return
    steps, ids, counts = poisson_counts(plan, source, source.size, first, made.steps)
    many = counts.astype(np.int64)
    made.spikes[trains] = np.repeat(steps, many), np.repeat(ids, many)


def _cells_at(made: NetworkTape, place: int) -> Cells:
    found = list(made.populations.values())[place]
    assert isinstance(found, Cells)
    return found


# -- connections ------------------------------------------------------------------------------


def _connect(made: NetworkTape, plan: ProjectionPlan, wanted: frozenset[str]) -> None:
    projection = made.net._told.projections[plan.name]
    found = plan.connectivity()
    populations = list(made.populations.values())
    source, target = populations[plan.source], _cells_at(made, plan.target)
    shape = found.targets.shape
    weights = np.broadcast_to(np.asarray(projection._weights_si(), np.float64), shape)
    delays = found.delays if np.ndim(found.delays) == 0 else np.asarray(found.delays, float)
    rows: tuple[Any, Any] | None = (found.row_start, found.targets)
    if is_dense(found.row_start, found.targets, target.size):
        whole = (source.size, target.size)
        rows, weights = None, weights.reshape(whole)
        delays = delays if np.ndim(delays) == 0 else np.reshape(delays, whole)
    link = made.tape.connect(source, target, plan.port, weights, delay=delays, rows=rows,
                             with_respect_to=wanted)  # fmt: skip
    link.since, link.until = plan.since, plan.until
    for line in link.lines:
        line.since, line.until = plan.since, plan.until
    made.links[plan.name] = link


def is_dense(row_start: Any, targets: Any, size: int) -> bool:
    """Return whether every source is connected with every target once."""
    if targets.size != (row_start.size - 1) * size or not np.all(np.diff(row_start) == size):
        return False
    return bool(np.all(targets.reshape(-1, size) == np.arange(size)))


def _couple(made: NetworkTape, plan: ContinuousPlan, wanted: bool) -> None:
    source = _cells_at(made, plan.source)
    block = source.program.observe.get(plan.source_array)
    if block is not None and block.reads() & set(source.input_names):
        inputs = ", ".join(sorted(block.reads() & set(source.input_names)))
        raise UserError(
            f"{plan.name!r} reads {plan.source_array} of {source.name!r}, which is computed from "
            f"the input {inputs} of the step before; that is not differentiated",
            mend=f"read a state, or a {plan.source_array} that is computed from states",
        )
    projection = made.net._told.projections[plan.name]
    coupling = made.tape.couple(
        source, plan.source_array, _cells_at(made, plan.target),
        plan.input_array, plan.row_start, plan.sources, plan.weights, plan.delay_steps, wanted,
    )  # fmt: skip
    kept = made.couplings.setdefault(plan.name, [])
    synapses = projection._synapses()
    term = projection._terms[len(kept)]
    pre, post = (synapses.post, synapses.pre) if term.back else (synapses.pre, synapses.post)
    kept.append((coupling, np.lexsort((pre, post))))


# -- inputs and drives ------------------------------------------------------------------------


def _inject(made: NetworkTape, plan: NetworkPlan, item: InputPlan) -> Injection:
    cells = _cells_at(made, item.target)
    every = np.arange(cells.size, dtype=np.int32) if item.cells is None else item.cells
    rows: Callable[[int, int], FloatArray]
    if item.kind == "ou":
        values = NoiseValues(plan, item, made.tape.first)
        columns, rows = facts.input_columns(item, values.size, every.size), values.rows
    else:
        waveform = item.waveform
        assert waveform is not None
        wide = np.asarray(waveform(made.tape.first, 1)).shape[1]
        columns, rows = facts.input_columns(item, wide, every.size), waveform
    amplitude = np.array(np.broadcast_to(item.amplitude, every.shape), np.float64)
    return Injection(cells, item.array, item.mode, every, columns, amplitude, rows)


def _drives(made: NetworkTape, plan: NetworkPlan, item: DrivePlan, weight: Any,
            driven: Any) -> list[Drive]:  # fmt: skip
    first, count = made.tape.first, item.cells.size
    if item.kind == "times":
        inside = (item.steps >= first) & (item.steps < first + made.steps)
        pairs = np.stack([item.steps[inside] - first, item.ids[inside].astype(np.int64)], axis=1)
        found, many = np.unique(pairs, axis=0, return_counts=True)
        steps, places, counts = found[:, 0], found[:, 1], many.astype(float)
    else:
        steps, places, counts = poisson_counts(plan, item, count, first, made.steps)
    starts = np.searchsorted(steps, np.arange(made.steps + 1)).astype(np.int64)
    cells = _cells_at(made, item.target)
    raw = np.zeros(cells.size)
    raw[driven.indices] = weight
    wanted = bool(read_by_weights(cells, item.port) & cells.with_respect_to)
    drives = []
    for variable, weights in item.weights.items():
        each = np.zeros(cells.size)
        each[item.cells] = weights
        ids = np.ascontiguousarray(item.cells[places], np.int32)
        drives.append(Drive(cells, variable, each, starts, ids, counts, item.port, raw,
                            np.zeros(cells.size) if wanted else None))  # fmt: skip
    return drives


def _take_memory(made: NetworkTape, memory: facts.Memory, first: int) -> None:
    """Take over spikes under way and values that couplings still reach."""
    for name, (steps, ids) in memory.spikes.items():
        if len(steps) and name in made.populations:
            made.before[made.populations[name]] = np.asarray(steps) - first, np.asarray(ids)
    for item in made.tape.remembered:
        values = memory.values.get((item.source.name, item.array))
        if values is None or first == 0:
            continue
        item.early = np.asarray(values)
