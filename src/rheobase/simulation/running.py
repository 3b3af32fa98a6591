"""A run: slices of the engine between whatever looks at the network in between."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.run import Endless, Engine, NotFinite
from rheobase.errors import FileFormatError, UserError
from rheobase.progress import Progress
from rheobase.results import Result
from rheobase.simulation.arguments import takes_argument
from rheobase.simulation.assembly import Assembly, Seconds
from rheobase.simulation.cable_population import CellPopulation
from rheobase.simulation.clock import Clock
from rheobase.simulation.collecting import Collector
from rheobase.simulation.long_runs import Keeper, Kept
from rheobase.simulation.texts import StopCondition
from rheobase.simulation.warning import warn

if TYPE_CHECKING:
    from rheobase.simulation.network import Network

STOP_EVERY = 1e-3
"""Seconds of biology between two looks at `stop_when`."""
RUNAWAY = 1e3
"""Volts across a membrane that are told to be wrong."""


class NotFiniteError(UserError):
    """A state became nan or infinite, which stopped the run.

    Attributes
    ----------
    population, variable : str
        Where; the variable is "" if it is not known.
    cell : int
        The first cell that failed.
    time : float
        The beginning of the step in which it did [s].
    result : Result
        Everything up to there.
    """

    def __init__(self, text: str, *, failure: NotFinite, time: float, result: Result,
                 mend: str) -> None:  # fmt: skip
        super().__init__(text, mend=mend)
        self.population, self.variable = failure.population, failure.variable
        self.cell, self.time, self.result = failure.cell, time, result


@dataclass(eq=False)
class Hook:
    """A function that is called every so many steps."""

    interval_steps: int
    function: Callable[..., Any]
    takes_network: bool
    last_step: int = -1
    changes: bool = True  # whether it may set something

    def next_after(self, step: int) -> int:
        """Return the first step at or after `step` that it is due at and was not called at."""
        due = -(-step // self.interval_steps) * self.interval_steps
        return due + self.interval_steps if due == self.last_step else due


class Run:
    """One call of `net.run`.

    Parameters
    ----------
    network
        The network; it is handed to the functions that are called in between.
    assembly
        What runs, already up to date.
    hooks
        What is called in between.
    stop_when
        A condition, or a function of the network; None: run to the end.
    """

    def __init__(self, network: Network, assembly: Assembly, clock: Clock, hooks: list[Hook],
                 stop_when: StopCondition | Callable[..., Any] | None,
                 kept: Kept | None = None) -> None:  # fmt: skip
        self.network, self.assembly, self.clock = network, assembly, clock
        self.hooks, self.stop_when = hooks, stop_when
        self.collector = Collector(assembly.description, clock, assembly.seed)
        self.stop_steps = max(1, math.floor(STOP_EVERY / clock.dt + 0.5))
        self.note = ""
        if isinstance(stop_when, StopCondition):
            stop_when.holds(self._value_of)  # what it has to refuse, it refuses before the run
        self.keeper = None if kept is None else Keeper(network, assembly, kept)

    @property
    def engine(self) -> Engine:
        """The engine, another one after a function changed what it is made for."""
        assert self.assembly.engine is not None
        return self.assembly.engine

    def go(self, n_steps: int, progress: Progress) -> None:
        """Run so many steps, or until the condition holds."""
        first, end = self.clock.step, self.clock.step + n_steps
        dt = self.clock.dt

        def on_slice(engine: Engine) -> bool:
            progress.update((engine.step - first) * dt)
            return self.keeper is not None and self.keeper.stops_slice(engine)

        while self.clock.step < end:
            if self.keeper is not None:
                self.keeper.at_step(self.clock.step, end)
            self._call_hooks()
            until = self._next_look(first, end)
            try:
                self.engine.advance(until - self.clock.step, on_slice)
            finally:
                self.clock.step = self.engine.step
            if self.keeper is not None:
                self.keeper.take(self.engine)
            if self._stops(first):
                return
        if self.keeper is not None:
            self.keeper.at_step(end, end)

    def _next_look(self, first: int, end: int) -> int:
        step = self.clock.step
        due = [end, *(hook.next_after(step) for hook in self.hooks)]
        if self.stop_when is not None:
            due.append(first + ((step - first) // self.stop_steps + 1) * self.stop_steps)
        if self.keeper is not None:
            due.append(self.keeper.next_look(step, end))
        return min(due)

    def take(self) -> None:
        """Take what the engine has kept so far, to memory or to the stream."""
        if self.keeper is None or self.keeper.writer is None:
            self.collector.take(self.engine)
        else:
            self.keeper.append(self.engine)

    def _call_hooks(self) -> None:
        """Call what is due, and take over what it set."""
        called = False
        for hook in self.hooks:
            if hook.next_after(self.clock.step) == self.clock.step:
                hook.last_step = self.clock.step
                called |= hook.changes
                if hook.takes_network:
                    hook.function(self.network)
                else:
                    hook.function()
        if called:
            self.take()
            self.assembly.refresh()

    def _stops(self, first: int) -> bool:
        """Return whether the condition is to be looked at, and holds."""
        if self.stop_when is None or (self.clock.step - first) % self.stop_steps:
            return False
        if isinstance(self.stop_when, StopCondition):
            holds = self.stop_when.holds(self._value_of)
            reason = self.stop_when.text
        else:
            takes_network = takes_argument(self.stop_when)
            holds = bool(self.stop_when(self.network) if takes_network else self.stop_when())
            reason = getattr(self.stop_when, "__name__", "a function")
        if holds:
            self.note = f"stop_when held at {self.clock.time * 1e3:g} ms: {reason}"
        return holds

    def _value_of(self, population: str, variable: str) -> Any:
        return self.assembly.description.populations[population]._values(variable).read(variable)


def carry_out(run: Run, n_steps: int, backend: str, seconds: Seconds,
              show: bool | None, extra: dict[str, str]) -> Result:  # fmt: skip
    """Run, and return the result; keep it in the network also where the run is cut short.

    Raises
    ------
    NotFiniteError
        A state became nan or infinite.
    KeyboardInterrupt
        The run was interrupted; `net.last_result` holds what there is.
    """
    begin = time.perf_counter()

    def result(note: str) -> Result:
        spent = time.perf_counter() - begin
        run.take()
        if run.keeper is not None and run.keeper.writer is not None:
            made = run.keeper.result(backend, seconds, spent, note, extra)
        else:
            made = run.collector.result(backend, seconds, spent, note, extra)
        run.network._last_result = made
        return made

    try:
        with Progress(n_steps * run.clock.dt, "", show) as progress:
            run.go(n_steps, progress)
    except NotFinite as failure:
        raise _explained(run, failure, result) from None
    except FileFormatError:  # the stream cannot be written any more; it says what it holds
        raise
    except BaseException as error:
        result("interrupted" if isinstance(error, KeyboardInterrupt) else repr(error))
        raise
    _warn_of_runaways(run)
    return result(run.note)


def _warn_of_runaways(run: Run) -> None:
    """Warn of cells with a morphology whose voltages have left what any membrane can have."""
    for name, population in run.assembly.description.populations.items():
        if not isinstance(population, CellPopulation):
            continue
        v = np.abs(np.asarray(population._values("v").read("v")))
        if v.max() > RUNAWAY:
            site = int(v.argmax())
            cell = int(population._cable.values.cell[site])
            warn(
                f"v of {name!r} is {v[site] * 1e3:.3g} mV in cell {cell} at "
                f"{run.clock.time * 1e3:.9g} ms, which no membrane stands: look for a current in "
                "the wrong unit" + _of_junctions(run)
            )


def _of_junctions(run: Run) -> str:
    """Return what to do where gap junctions may make the voltages swing up."""
    found = run.assembly.description.projections.values()
    if all(projection._target.signed for projection in found):
        return ""
    return (
        ", or gap junctions that are too strong for the step, g dt > C of what they join: "
        f"rb.Network(dt={run.clock.dt * 1e3 / 4:.6g}*ms)"
    )


def _without_end(run: Run, failure: Endless, result: Callable[[str], Result]) -> NotFiniteError:
    """Return the error for a cell whose reset leaves it over its threshold."""
    at = run.clock.start + failure.step * run.clock.dt
    text = (
        f"cell {failure.cell} of {failure.population!r} would spike forever at one time, in the "
        f"step that begins at {at * 1e3:.9g} ms: after its reset it is over the threshold, and "
        "it is not refractory"
    )
    mend = "let the reset go below the threshold, or write refractory=2*ms"
    return NotFiniteError(text, failure=failure, time=at, result=result(text), mend=mend)


def _explained(run: Run, failure: NotFinite, result: Callable[[str], Result]) -> NotFiniteError:
    """Return the error that tells a user where a state became nan, and what to try."""
    clock = run.clock
    if isinstance(failure, Endless):
        return _without_end(run, failure, result)
    at = clock.start + failure.step * clock.dt
    what = failure.variable or "a state"
    others = f", and in {failure.cells - 1} more cells" if failure.cells > 1 else ""
    where = f"{failure.population}[{failure.cell}]"
    text = (
        f"{what} of {failure.population!r} became {failure.value} in cell {failure.cell} "
        f"at {at * 1e3:.9g} ms{others}"
    )
    program = run.assembly.programs.get(failure.population)
    ways = [f"try a smaller step, rb.Network(dt={clock.dt * 1e3 / 2:.6g}*ms)"]
    if program is not None and program.method not in ("exact", "exponential_euler", "exponential"):
        ways.append(f"or another method than {program.method}")
    mend = (
        f"{' '.join(ways)}; look for a division by zero or an exp() of a large number in "
        f"d{what}/dt{_of_junctions(run)}; the state now: print({where}.state()); the results up to "
        "there: net.last_result"
    )
    told = result(f"{text.splitlines()[0]}")
    return NotFiniteError(text, failure=failure, time=at, result=told, mend=mend)
