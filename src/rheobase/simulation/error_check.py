"""How much of a result is due to the step: a stretch of a run again at dt/2 and dt/4.

The repetitions start from the same state, with the same connections, delays and refractory
periods in ms, and with noise that is nested in that of the run: increments of half steps add up
to those of whole ones, and so do the counts of Poisson processes. So what differs is the error
of the method. The three runs are made by the interpreted engine, which gives the bits of the
compiled one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.cables import CellKernels
from rheobase.engine.plan import FOREVER, PopulationPlan
from rheobase.engine.run import Engine, EngineState, NotFinite
from rheobase.errors import RheobaseWarning, UserError
from rheobase.language.names import is_noise
from rheobase.lowering.integrators import METHODS
from rheobase.rendering.refining import Draws
from rheobase.simulation.cable_building import together
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.clock import Clock
from rheobase.simulation.describing_files import network_from_plain, network_to_plain
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.saving import resume, state_of
from rheobase.simulation.synapses import Given
from rheobase.simulation.trace_errors import (
    ErrorCheck,
    Observed,
    SpikeError,
    TraceError,
    compare_spikes,
    compare_traces,
)
from rheobase.simulation.warning import warn

if TYPE_CHECKING:
    from rheobase.simulation.network import Network

STRETCH = 0.1
"""Seconds that are repeated if it is not said how long."""
LEVELS = (0, 1, 2)


def stretch_steps(clock: Clock, asked: Any, steps: int) -> int:
    """Return how many steps of a run to repeat: none, those of 0.1 s, or as long as asked for.

    Raises
    ------
    UnitError, WiringError
        It is no time, or not a multiple of dt.
    """
    if asked is False or asked is None:
        return 0
    if asked is True:
        return min(steps, max(1, math.floor(STRETCH / clock.dt + 0.5)))
    paste = "net.run(1*second, error_check=50*ms)"
    return min(steps, clock.steps_of(asked, "the stretch of error_check", "error_check", paste, 1))


def check_errors(net: Network, steps: int) -> ErrorCheck:
    """Repeat the next steps of a network at dt/2 and dt/4, and compare.

    Parameters
    ----------
    net
        Built, and standing where the stretch begins; it is not changed.
    steps
        How many of its steps.

    Raises
    ------
    UserError
        The state of the network cannot be carried over to another step.
    """
    twins = Twins(net)
    observed = [twins.run(level, steps) for level in LEVELS]
    clock = net._clock
    made = ErrorCheck(
        start=clock.time, duration=steps * clock.dt, dt=clock.dt,
        traces=_traces(observed, twins), spikes=_spikes(observed, twins, steps * clock.dt),
        stopped=tuple(o.stopped for o in observed),
        held_draws=twins.held_draws(),
    )  # fmt: skip
    for text in made.warnings:
        warn(f"error_check: {text}")
    return made


class Twins:
    """The same network at other steps.

    Parameters
    ----------
    net
        The network.
    """

    def __init__(self, net: Network) -> None:
        self.net, self._assembly = net, net._assembly
        self._state = self._starting_state()
        self._plain = network_to_plain(net)
        self._noise: list[Any] | None = None
        self.program = dict(self._assembly.programs)
        told = net._told.populations
        self.spiking = {name for name, program in self.program.items() if program.spiking}
        looking = (CellPopulation, DetectorPopulation)
        self.spiking |= {n for n, p in told.items() if isinstance(p, looking) and p.spiking}

    def _starting_state(self) -> EngineState:
        state = state_of(self._assembly)
        assert state is not None
        begun = self.net._clock.step > 0
        late = "error_check: it begins at the start of a network"
        if begun and self._assembly._retired:
            raise UserError(
                f"{late} whose delays were set while spikes were under way",
                mend="run until they have arrived, then ask for error_check",
            )
        if begun and (state.synapses or state.memory.pending):
            what = "with synapses that change" if state.synapses else "with exact crossings"
            raise UserError(
                f"{late} {what}: their state is kept in steps of dt",
                mend="ask for it in the first run: net.run(..., error_check=True)",
            )
        return replace(state, synapses={})

    # -- one of them ----------------------------------------------------------------------

    def run(self, level: int, steps: int) -> Observed:
        """Run the stretch at dt/2**level with nested noise, and return what is observed of it."""
        net = self.twin(2**level)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RheobaseWarning)
            net._assembly.prepare("interpreter")
        assert net._assembly.engine is not None
        draw_from(net._assembly.engine, Draws(level))
        return self.observe(net, steps * 2**level)

    def observe(self, net: Network, steps: int) -> Observed:
        """Let a twin that has been built go on, and return what is observed of it."""
        engine = net._assembly.engine
        assert engine is not None
        self._share_noise(engine.plan.inputs)
        stopped = ""
        try:
            engine.advance(steps)
        except NotFinite as failure:
            stopped = f"{failure.variable or 'a state'} of {failure.population!r}"
        dt = net._clock.dt
        spikes = {}
        for place, population in enumerate(engine.plan.populations):
            taken = engine.take_spikes(place)
            if population.record_spikes:
                inside = 0.0 if taken.offsets is None else taken.offsets
                times = np.asarray(taken.steps * dt + inside, np.float64)
                spikes[population.name] = (times, taken.ids)
        samples: dict[tuple[str, str], list[Any]] = {}
        for place, record in enumerate(engine.plan.records):
            values = engine.take_samples(place).values
            samples.setdefault((record.name, record.variable), []).append(values)
        traces = {}
        for (name, variable), parts in samples.items():
            cells = net._told.recordings[name].cells
            unit = cells._values(variable).unit(variable)
            traces[name, variable] = (unit.from_si(together(cells, variable, parts)), unit.text)
        return Observed(spikes, traces, stopped)

    def _share_noise(self, inputs: list[Any]) -> None:
        """Let Ornstein-Uhlenbeck inputs begin where those of the run itself do."""
        if self._noise is None:
            self._noise = [None if i.state is None else i.state.copy() for i in inputs]
        for item, state in zip(inputs, self._noise, strict=True):
            if state is not None:
                item.state[:] = state

    def twin(self, factor: int) -> Network:
        """Return the network at dt/factor, in the state it stands in; not built yet."""
        clock = self.net._clock
        plain = scaled(self._plain, factor)
        net = network_from_plain(plain, clock.dt / factor)
        for name, projection in net._told.projections.items():
            given = self.net._told.projections[name]
            projection._storage = "stored"  # the same synapses; their delays are to be replaced
            if given._drawn.in_seconds or factor == 1:
                continue
            delays = given._steps()  # kept in ms: also those that were rounded to dt, and defaults
            projection._drawn = projection._drawn.with_delay(Given(_times(delays, factor)), 0)
        since = {name: at * factor for name, at in self._assembly.since()[0].items()
                 if abs(at) < FOREVER}  # fmt: skip
        everything = dict.fromkeys(net._told.projections, -FOREVER) | since
        resume(net._assembly, scaled_state(self._state, factor), everything)
        return net

    # -- facts ----------------------------------------------------------------------------

    def order(self, population: str) -> float | None:
        """Return the order of convergence to expect of a population without spikes."""
        program = self.program.get(population)
        if isinstance(self.net._told.populations.get(population), CellPopulation):
            return 1.0  # what is injected is held over a step
        if program is None or program.method not in METHODS:
            return None
        method = METHODS[program.method]
        noisy = any(is_noise(draw.site) for draw in program.draws)
        order = method.strong_order if noisy else method.order
        engine = self._assembly.engine
        assert engine is not None
        place = [p.name for p in engine.plan.populations].index(population)
        fed = any(i.target == place for i in engine.plan.inputs)
        fed |= any(c.target == place for c in engine.plan.continuous)
        if order is None:  # exact, but for what is held over a step
            return 1.0 if fed else None
        return min(float(order), 1.0) if fed else float(order)

    def held_draws(self) -> tuple[str, ...]:
        """Return the populations whose equations draw rand() or randn()."""
        return tuple(name for name, program in self.program.items()
                     if any(not is_noise(draw.site) for draw in program.draws))  # fmt: skip


def draw_from(engine: Engine, draws: Draws) -> None:
    """Let an interpreted engine draw its random numbers from here."""
    stepper: Any = engine._stepper
    stepper.draws = draws
    if stepper.events is not None:
        stepper.events.draws = draws
    for population in engine.plan.populations:
        own = not isinstance(getattr(population, "kernels", None), CellKernels)
        if isinstance(population, PopulationPlan) and own:
            population.kernels.draws = draws


def _times(delays: Any, factor: int) -> Any:
    if isinstance(delays, np.ndarray):
        return delays.astype(np.int64) * factor
    return int(delays) * factor


def scaled(plain: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """Return a description whose times in steps are those of steps of dt/factor."""

    def later(step: int) -> int:
        return step if abs(step) >= FOREVER else step * factor

    clamps = [c | {"first": later(c["first"]), "last": later(c["last"])} for c in plain["clamps"]]
    recordings = [r | {"every": r["every"] * factor} for r in plain["recordings"]]
    projections = [
        p | {"rewards": [r | {"delay": r["delay"] * factor} for r in p["rewards"]]}
        for p in plain["projections"]
    ]
    return {**plain, "step": plain["step"] * factor, "clamps": clamps, "recordings": recordings,
            "projections": projections, "synapse recordings": []}  # fmt: skip


def scaled_state(state: EngineState, factor: int) -> EngineState:
    """Return a state whose times in steps are those of steps of dt/factor."""
    arrays: dict[tuple[str, str], NDArray[Any]] = {
        key: array * factor if key[1] == "release" else array for key, array in state.arrays.items()
    }
    spikes = {name: (steps * factor, ids) for name, (steps, ids) in state.memory.spikes.items()}
    values = {key: np.repeat(rows, factor, axis=0) for key, rows in state.memory.values.items()}
    memory = replace(state.memory, spikes=spikes, values=values)
    return replace(state, step=state.step * factor, arrays=arrays, memory=memory)


# -- comparing ------------------------------------------------------------------------------


def _traces(observed: list[Observed], twins: Twins) -> dict[tuple[str, str], TraceError]:
    told = twins.net._told.recordings
    dt = twins.net._clock.dt
    first = min((float(times[0]) for o in observed for times, _ in o.spikes.values() if times.size),
                default=math.inf)  # fmt: skip
    found = {}
    for key in observed[0].traces:
        recording = told[key[0]]
        begin = twins.net._clock.step
        due = -(-begin // recording.every_steps) * recording.every_steps
        rows = len(observed[0].traces[key][0])
        times = (due + recording.every_steps * np.arange(rows)) * dt
        found[key] = compare_traces(
            [o.traces[key] for o in observed], times <= first, twins.order(recording.cells.name)
        )
    return found


def _spikes(observed: list[Observed], twins: Twins, duration: float) -> dict[str, SpikeError]:
    sizes = {name: p.size for name, p in twins.net._told.populations.items()}
    return {
        name: compare_spikes(observed[0].spikes[name], observed[1].spikes[name], sizes[name],
                             duration)
        for name in observed[0].spikes
        if name in twins.spiking
    }  # fmt: skip
