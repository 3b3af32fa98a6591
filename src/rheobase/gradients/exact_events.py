"""Exact gradients of spike times, from event to event.

A spike is where a variable reaches its level, so its time is a differentiable function of
everything before it (as long as no spike appears or vanishes). Between events all is in closed
form; so is the way back. At a spike of v at time t the derivative of the loss by t passes on by

    dt = -(dv - dV_T)/(dv/dt)

and at an arrival to the spike that it comes from, one delay earlier. No surrogate, no step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.plan import PopulationPlan
from rheobase.errors import InternalError, UserError
from rheobase.gradients.courses import courses_of
from rheobase.gradients.event_kernels import kernels
from rheobase.gradients.event_tables import (
    Coefficients,
    Inputs,
    Part,
    events_of,
    refuse,
    waveform,
)
from rheobase.simulation.step_watching import copy_of

if TYPE_CHECKING:
    from rheobase.simulation import Network

Array = np.ndarray[Any, Any]


@dataclass
class EventBars:
    """Derivatives of a loss by everything a run from event to event depends on, in SI units.

    Attributes
    ----------
    parameters : dict of (population, parameter) to ndarray, shape (cells,)
        By the parameters asked for, one value a cell.
    initial : dict of (population, variable) to ndarray, shape (cells,)
        By initial values.
    inputs : dict of (population, input) to ndarray, shape (cells,)
        By a constant added to an input.
    amplitudes : list of (InputPlan, ndarray)
        By the amplitude of every injection, one value a cell of it.
    weights, delays : dict of str to ndarray
        By projection, one value a synapse, in order (pre, post, draw).
    spikes : dict of str to ndarray
        By population, by the time of every spike. Of a source: by the times given.
    """

    parameters: dict[tuple[str, str], Array] = field(default_factory=dict)
    initial: dict[tuple[str, str], Array] = field(default_factory=dict)
    inputs: dict[tuple[str, str], Array] = field(default_factory=dict)
    amplitudes: list[tuple[Any, Array]] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)
    delays: dict[str, Array] = field(default_factory=dict)
    spikes: dict[str, Array] = field(default_factory=dict)


class EventRun:
    """A network with exact crossings, run once, and the way back through its events.

    Parameters
    ----------
    net : Network
        Not yet run. It is left as it is: a copy runs.
    duration : quantity
        How long.
    backend : {"numba", "interpreter"}, optional
        As in `net.run`.

    Raises
    ------
    UserError
        Something that an exact gradient cannot go through; it is named.
    """

    def __init__(self, net: Network, duration: Any, backend: str | None = None) -> None:
        copy = copy_of(net)
        engine = copy._assembly.engine
        assert engine is not None
        plan = engine.plan
        if engine.step:
            raise UserError(
                "this network has run already",
                mend="An exact gradient begins at the beginning: make the network anew.",
            )
        refuse(plan)
        self.plan, self.compiled = plan, None if backend is None else backend == "numba"
        self.steps = copy._clock.steps_of(duration, "duration", "duration", "50*ms", least=1)
        self.end = self.steps * plan.dt
        initial = [
            {} if not isinstance(p, PopulationPlan) else {n: p.arrays[n].copy() for n in p.arrays}
            for p in plan.populations
        ]
        waves = [waveform(plan, item, self.steps) for item in plan.inputs]
        self.copy = copy
        self.result = copy.run(duration, backend=backend)
        self.parts = list(self._parts(copy))
        self.by_name = {part.name: part for part in self.parts}
        self.sizes = {population.name: population.size for population in plan.populations}
        self.coefficients = Coefficients(self.parts)
        wide = self.coefficients.through.shape[2]
        self.inputs = Inputs(plan, self.parts, waves, self.steps, wide)
        self.initial = np.zeros_like(self.coefficients.rate)
        for part, arrays in zip(self.parts, initial, strict=True):
            for j, state in enumerate(part.courses.states if part.courses else ()):
                self.initial[part.cells, j] = arrays[state]
            if np.any(arrays.get("held_until", np.zeros(1)) > 0):
                raise UserError(
                    f"cells of {part.name!r} begin refractory",
                    mend="leave refractory_left at 0 for an exact gradient",
                )
        self.events, self.wires = events_of(
            plan, self.parts, self.coefficients, self.inputs, self.end, self.steps
        )
        self.samples: Array | None = None
        self._forward(sampled=False)

    def _parts(self, copy: Network) -> Iterator[Part]:
        cells = spikes = 0
        for population in self.plan.populations:
            trains = self.result.spikes[population.name]
            size = population.size if isinstance(population, PopulationPlan) else 0
            part = Part(
                population.name, size, slice(cells, cells + size),
                slice(spikes, spikes + trains.times.size), np.asarray(trains.ids, np.int64),
                np.asarray(trains.times) - self.plan.start,
            )  # fmt: skip
            values = copy._told.populations[population.name]._cell_values
            if values is not None:
                part.courses = courses_of(values.model, population.name)
                part.units = {n: values.model.unit_of(n).scale for n in part.courses.states}
                part.names = {
                    **values.parameters, "N": float(size), "dt": self.plan.dt,
                    "i": np.arange(size, dtype=float),
                }  # fmt: skip
            cells, spikes = cells + size, spikes + trains.times.size
            yield part

    def _forward(self, sampled: bool) -> None:
        """Go through the events; with samples, every variable at every multiple of dt too."""
        n, shape = self.events.time.size, self.coefficients.rate.shape
        loops = kernels(self.compiled)
        integers = [np.zeros(n, np.int64) for _ in range(6)]
        rows, earlier, first, last, how, order = integers
        self.past = loops.Past(
            np.zeros((n, shape[1])), np.zeros(n), np.zeros(n, bool), rows, earlier, first, last,
            how, order,
        )  # fmt: skip
        samples = np.zeros((self.steps + 1 if sampled else 0, *shape))
        done = loops.forward(
            self._events(), self.inputs.values, self.plan.dt, self._cells(), self.initial.copy(),
            self.past, samples,
        )  # fmt: skip
        if done != n:
            raise InternalError(f"{n - done} spikes of an exact run could not be found again")
        self.samples = samples if sampled else None

    def _events(self) -> Any:
        e = self.events
        return kernels(self.compiled).Events(
            e.time, e.kind, e.cell, e.ref, e.port, e.weight, e.source
        )

    def _cells(self) -> Any:
        c = self.coefficients
        return kernels(self.compiled).Cells(
            c.rate, c.rest, c.gain, c.driver, c.through, c.never, c.held, c.level, c.crossed,
            c.keep, c.put, c.refractory, c.jump,
        )  # fmt: skip

    def variables(self, name: str, variable: str) -> Array:
        """Return a variable at 0, dt ... to the end, shape (steps + 1, cells), in SI units."""
        if self.samples is None:
            self._forward(sampled=True)
        assert self.samples is not None
        part = self.by_name[name]
        assert part.courses is not None
        return self.samples[:, part.cells, part.courses.states.index(variable)]

    def backward(self, spikes: Mapping[str, Array], variables: Mapping[tuple[str, str], Array],
                 wanted: Mapping[str, Sequence[str]]) -> EventBars:  # fmt: skip
        """Go back from what a loss says to everything it depends on.

        Parameters
        ----------
        spikes
            By population, the derivative by the time of every spike.
        variables
            By (population, variable), the derivative by its samples, of the shape of `variables`.
        wanted
            By population, the parameters whose derivatives are wanted.
        """
        shape, bars = self.coefficients.rate.shape, self.coefficients.bars()
        sampled = np.zeros((self.steps + 1 if variables else 0, *shape))
        for (name, variable), bar in variables.items():
            part = self.by_name[name]
            assert part.courses is not None
            sampled[:, part.cells, part.courses.states.index(variable)] += bar
        bar_spikes = np.zeros(self.parts[-1].spikes.stop)
        for name, bar in spikes.items():
            bar_spikes[self.by_name[name].spikes] += bar
        count = self.wires[-1].synapses.stop if self.wires else 1
        bar, weight, delay = np.zeros(shape), np.zeros(count), np.zeros(count)
        inputs = np.zeros_like(self.inputs.values)
        loops = kernels(self.compiled)
        everything = loops.Bars(
            bar, bars.rate, bars.rest, bars.gain, bars.through, bars.level, bars.keep, bars.put,
            bars.refractory, bars.jump, inputs, weight, delay, bar_spikes, sampled,
        )  # fmt: skip
        loops.backward(
            self.events.time.size, self._events(), self.inputs.values, self.plan.dt,
            self._cells(), self.past, everything,
        )  # fmt: skip
        found = EventBars()
        for part in self.parts:
            found.spikes[part.name] = bar_spikes[part.spikes]
            if part.courses is not None:
                self._collect(found, part, bars, bar, inputs, wanted.get(part.name, ()))
        for wires in self.wires:
            if wires.name:
                found.weights[wires.name] = weight[wires.synapses]
                found.delays[wires.name] = delay[wires.synapses]
        return found

    def _collect(self, found: EventBars, part: Part, bars: Coefficients, bar: Array,
                 inputs: Array, wanted: Sequence[str]) -> None:  # fmt: skip
        courses = part.courses
        assert courses is not None
        by_parameter = courses.parameter_bars(bars.of(part), part.names, wanted)
        found.parameters |= {(part.name, name): by_parameter[name] for name in wanted}
        for j, state in enumerate(courses.states):
            found.initial[part.name, state] = bar[part.cells, j]
        for m, name in enumerate(courses.inputs):
            found.inputs[part.name, name] = self.inputs.constant_bars(inputs, part, m)
        found.amplitudes += self.inputs.amplitude_bars(inputs, part)
