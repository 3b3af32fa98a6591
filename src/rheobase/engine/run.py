"""Advancing a network in slices: what lies between one call of `run` and the step loop.

Between slices, some 50 ms apart, the engine gathers spikes and samples, calls back (progress,
conditions to stop), and notices an interrupt. A slice is never left half done: whatever ends
a run, the steps before it are complete and their results kept.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import numpy as np

from rheobase.engine import cable_facts, facts
from rheobase.engine.cables import CablePlan
from rheobase.engine.checks import check
from rheobase.engine.facts import Memory, Outcome
from rheobase.engine.logs import Logs, Samples, Spikes, new_logs
from rheobase.engine.plan import AnyArray, FloatArray, NetworkPlan, PopulationPlan
from rheobase.errors import InternalError, RheobaseError
from rheobase.rendering import random

Backend: TypeAlias = Literal["numba", "interpreter"]

SLICE_SECONDS = 0.05
"""Wall time of a slice that the engine aims at."""
GROWTH = 8
"""A slice has at most this many times the steps of the one before it."""
FIRST_STEPS = {"numba": 256, "interpreter": 4}
"""Steps of the first slice."""


class NotFinite(RheobaseError):
    """A state became nan or infinite; the steps before are complete and their results kept.

    Attributes
    ----------
    population, variable : str
        Where; the variable is "" if the reset has overwritten it.
    cell : int
        The first cell of the population that failed.
    step : int
        The step in which it failed; it covers step*dt <= t < (step + 1)*dt.
    value : float
        What the variable became.
    cells : int
        The number of cells that failed in that step.
    """

    def __init__(
        self, population: str, variable: str, cell: int, step: int, value: float, cells: int
    ) -> None:
        self.population = population
        self.variable = variable
        self.cell = cell
        self.step = step
        self.value = value
        self.cells = cells
        what = variable or "a state"
        super().__init__(f"{what} of {population}[{cell}] became {value} in step {step}")


class Endless(NotFinite):
    """A cell with an exact crossing would spike forever at one time; as `NotFinite`."""


@dataclass
class EngineState:
    """Everything that the next step depends on, copied, keyed by names.

    Attributes
    ----------
    step : int
        The step that comes next.
    arrays : dict of (population, array) to ndarray
        The arrays of the populations.
    memory : Memory
        Spikes and values that delays still reach.
    noise : list
        The states of Ornstein-Uhlenbeck inputs, in order of the inputs (None for others).
    synapses : dict of str to dict
        By projection, the values of synapses that change, in canonical order.
    """

    step: int
    arrays: dict[tuple[str, str], AnyArray] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    noise: list[FloatArray | None] = field(default_factory=list)
    synapses: dict[str, dict[str, FloatArray]] = field(default_factory=dict)


class Stepper(Protocol):
    """What both engines offer: `interpreted.Interpreted` and `compiled.Compiled`."""

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it."""

    def run(self, first: int, steps: int) -> Outcome:
        """Run up to that many steps, at least one unless a state ceases to be finite."""

    def memory(self, step: int) -> Memory:
        """Return what step `step` and those after it need of earlier ones."""

    def remember(self, memory: Memory, step: int) -> None:
        """Go on from what `memory` returned before step `step`."""


class Engine:
    """A network that runs.

    The engine works on the arrays of the plan itself: values written between runs into states,
    parameters, weights, amplitudes and rates count. Other arrays of the plan may be replaced
    between runs; the list of populations, and which of them are connected with which delays, may
    not (make a new engine and `restore` the state of the old one).

    Parameters
    ----------
    plan : NetworkPlan
        What to run.
    backend : {"numba", "interpreter"}
        The compiled engine, or its definition.
    step : int
        The step to begin with.
    threads : int
        How many threads share the work of the compiled engine; the results do not depend on it.
    before : Engine, optional
        An engine that this one follows: synapses that are the same are not drawn again.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        backend: Backend = "numba",
        step: int = 0,
        threads: int = 1,
        before: Engine | None = None,
    ) -> None:
        self.plan = plan
        self.threads = threads
        self.backend = backend
        self.step = step
        self.stop_step = step
        self.logs: Logs = new_logs(plan)
        check(plan)
        facts.add_missing_arrays(plan, sums=backend == "interpreter")
        _draw_noise(plan, step)
        self._stepper = _stepper(plan, self.logs, backend, threads, before)
        self._next_steps = FIRST_STEPS[backend]
        self._interrupted = False

    # -- running ----------------------------------------------------------------------------

    def advance(self, n_steps: int, on_slice: Callable[[Engine], object] | None = None) -> None:
        """Run some steps.

        Parameters
        ----------
        n_steps : int
            How many.
        on_slice : callable, optional
            Called with the engine after every slice; `engine.step` of `engine.stop_step` steps
            are done. If it returns True, the run stops there.

        Raises
        ------
        NotFinite
            A state became nan or infinite. `step` is the step in which it did.
        KeyboardInterrupt
            The run was interrupted; it stopped after a complete slice.
        """
        self.stop_step = self.step + n_steps
        self._stepper.bind()
        for place, name in facts.untouched_inputs(self.plan):
            facts.model(self.plan, place).arrays[name][:] = 0.0
        for log in self.logs.samples:
            log.close()
        try:
            with self._interrupts():
                while self.step < self.stop_step:
                    self._slice()
                    if self._interrupted:
                        raise KeyboardInterrupt
                    if on_slice is not None and on_slice(self) is True:
                        break
        finally:
            facts.hold_clamped(self.plan, self.step)  # what is read now is held too
            for log in self.logs.samples:
                log.close()

    def _slice(self) -> None:
        """Run one slice, and choose the length of the next by how long it took."""
        steps = min(self._next_steps, self.stop_step - self.step)
        for log in self.logs.samples:
            log.reserve(self.step, self.step + steps, self.stop_step)
        begin = time.perf_counter()
        outcome = self._stepper.run(self.step, steps)
        elapsed = time.perf_counter() - begin
        self.step += outcome.done
        if outcome.failed >= 0:
            raise self._failure(outcome.failed)
        wanted = int(outcome.done * SLICE_SECONDS / max(elapsed, 1e-9))
        self._next_steps = max(1, min(wanted, GROWTH * self._next_steps))

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """Let the first interrupt wait for the end of the slice; a second one is raised at once.

        Signals reach the main thread only; elsewhere nothing is changed.
        """
        self._interrupted = False
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)
        if before is not signal.default_int_handler:  # the host program has its own way
            yield
            return

        def note(number: int, frame: object) -> None:
            self._interrupted = True
            signal.signal(signal.SIGINT, before)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _failure(self, place: int) -> NotFinite:
        """Find the cell and the variable that ceased to be finite."""
        population = facts.model(self.plan, place)
        endless = np.flatnonzero(population.arrays["spiked"] & facts.ENDLESS)
        if endless.size:
            return Endless(population.name, "", int(endless[0]), self.step, np.inf, endless.size)
        failed = np.flatnonzero(population.arrays["spiked"] & facts.NOT_FINITE)
        cell = int(failed[0])
        if isinstance(population, CablePlan):
            value = cable_facts.failed_voltage(self.plan, population, cell)
            return NotFinite(population.name, "v", cell, self.step, value, failed.size)
        for name in facts.arrays_with_role(population, "state"):
            value = float(population.arrays[name][cell])
            if not np.isfinite(value):
                return NotFinite(population.name, name, cell, self.step, value, failed.size)
        return NotFinite(population.name, "", cell, self.step, float("nan"), failed.size)

    # -- results ----------------------------------------------------------------------------

    def take_spikes(self, population: int) -> Spikes:
        """Return the spikes of a population since they were last taken."""
        return self.logs.spikes[population].take()

    def take_samples(self, record: int) -> Samples:
        """Return the samples of a recording since they were last taken.

        Not to be called from within `on_slice`.
        """
        return self.logs.samples[record].take()

    def spike_count(self, population: int) -> int:
        """Return how many spikes of a population are kept and not yet taken."""
        return self.logs.spikes[population].count()

    # -- state ------------------------------------------------------------------------------

    def state(self) -> EngineState:
        """Return a copy of everything that the next step depends on."""
        arrays = {
            (population.name, name): array.copy()
            for _, population in facts.models(self.plan)
            for name, array in population.arrays.items()
        }
        noise = [None if i.state is None else i.state.copy() for i in self.plan.inputs]
        synapses = {
            p.name: p.synapse.store.state() for p in self.plan.projections if p.synapse is not None
        }
        return EngineState(self.step, arrays, self._stepper.memory(self.step), noise, synapses)

    def restore(self, state: EngineState) -> None:
        """Go on from a state, of this engine or of one whose plan has the same names.

        Populations and arrays that the state does not know keep what they have.
        """
        for _, population in facts.models(self.plan):
            _restore_arrays(population, state)
        for item, noise in zip(self.plan.inputs, state.noise, strict=False):
            if item.state is not None and noise is not None and noise.shape == item.state.shape:
                item.state[:] = noise
        for projection in self.plan.projections:
            if projection.synapse is not None:
                projection.synapse.store.restore(state.synapses.get(projection.name, {}))
        self.step = self.stop_step = state.step
        self._stepper.remember(state.memory, state.step)


def _restore_arrays(population: PopulationPlan, state: EngineState) -> None:
    for name, array in population.arrays.items():
        saved = state.arrays.get((population.name, name))
        if saved is None:
            continue
        if saved.shape != array.shape:
            raise InternalError(
                f"{name!r} of {population.name!r} has {array.shape} values, the state {saved.shape}"
            )
        array[...] = saved


def _stepper(
    plan: NetworkPlan, logs: Logs, backend: Backend, threads: int, before: Engine | None
) -> Stepper:
    if backend == "interpreter":
        from rheobase.engine.interpreted import Interpreted

        return Interpreted(plan, logs)
    if backend == "numba":
        from rheobase.engine.compiled import Compiled  # imports numba

        earlier = before._stepper if before is not None else None
        return Compiled(plan, logs, threads, earlier if isinstance(earlier, Compiled) else None)
    raise InternalError(f"no backend {backend!r}")


def _draw_noise(plan: NetworkPlan, step: int) -> None:
    """Draw the states of Ornstein-Uhlenbeck inputs that have none from the stationary law."""
    for item in plan.inputs:
        if item.kind == "ou" and item.state is None:
            size = facts.noise_size(plan, item)
            seed = facts.seed_of(plan, item)
            item.state = item.std * random.normal(seed, item.stream, 0, size, step, 1)
