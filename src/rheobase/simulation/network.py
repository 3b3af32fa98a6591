"""`Network`: populations, what connects and drives them, and running them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from rheobase.errors import (
    ShapeError,
    UnknownNameError,
    UserError,
    WiringError,
    did_you_mean,
)
from rheobase.results import Result
from rheobase.simulation import batches, explaining, saving, step_explaining
from rheobase.simulation.arguments import (
    choose_backend,
    read_seed,
    read_threads,
    refuse_to_set,
)
from rheobase.simulation.assembly import Assembly, Description
from rheobase.simulation.clock import Clock, milliseconds_quantity, one_time
from rheobase.simulation.describing import Describing
from rheobase.simulation.describing_files import functions_left_out
from rheobase.simulation.error_check import check_errors, stretch_steps
from rheobase.simulation.estimating import Estimate, estimate
from rheobase.simulation.long_runs import read_kept
from rheobase.simulation.memory import refuse_recordings_that_do_not_fit
from rheobase.simulation.naming import unknown_population
from rheobase.simulation.population import Population
from rheobase.simulation.projection import Projection
from rheobase.simulation.running import Hook, Run, carry_out
from rheobase.simulation.storing import Snapshot
from rheobase.simulation.texts import StopCondition
from rheobase.simulation.warning import warn
from rheobase.units import UNITS, Unit, to_si

_HERTZ = UNITS["Hz"].dimension


class Network(Describing):
    """Populations of cells, how they are connected and driven, and the clock they share.

    Parameters
    ----------
    dt : quantity
        Length of a step.
    seed : int, optional
        The same seed gives the same run. Without one, one is drawn and kept in `net.seed`.
    start : quantity
        The time of the first step, a multiple of dt.

    Attributes
    ----------
    populations, projections : mapping
        By name, in order of creation.
    time : quantity
        Where the network stands.
    dt : quantity
        Length of a step.
    seed : int
        Of every random number.
    last_result : Result or None
        Of the last run, also of one that was interrupted or stopped by an error.

    Examples
    --------
    >>> net = rb.Network(dt=0.1*ms, seed=1)
    >>> cells = net.add(rb.models.LIF(tau_m=20*ms), 100, name="cells")
    >>> net.inject(cells, rb.stimuli.step(500*pA))
    >>> result = net.run(1*second)
    """

    def __init__(self, dt: Any = "0.1 ms", seed: int | None = None, start: Any = "0 ms") -> None:
        step = one_time(dt, "dt", "rb.Network(dt=0.1*ms)")
        if not 0 < step < np.inf:
            raise UserError(
                "dt is the length of a step",
                expected="a time above 0",
                given=f"{step * 1e3:g} ms",
                mend="write rb.Network(dt=0.1*ms)",
            )
        begin = one_time(start, "start", "rb.Network(start=100*ms)")
        if not np.isfinite(begin):
            raise UserError("start is not a finite time", mend="write rb.Network(start=100*ms)")
        self._clock = Clock(step, begin)
        self._seed = read_seed(seed)
        self._told = Description()
        self._assembly = Assembly(self._told, self._clock, self._seed)
        self._hooks: list[Hook] = []
        self._snapshots: dict[str, Snapshot] = {}
        self._connected: set[tuple[Any, ...]] = set()
        self._running = False
        self._last_result: Result | None = None
        self._stream: dict[str, Any] = {}  # which stream of a file ends where the network stands

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            refuse_to_set(name, dir(self))
        object.__setattr__(self, name, value)

    # -- what there is --------------------------------------------------------------------

    @property
    def dt(self) -> Any:
        """Length of a step, a quantity."""
        return milliseconds_quantity(self._clock.dt)

    @property
    def time(self) -> Any:
        """Where the network stands, a quantity."""
        return milliseconds_quantity(self._clock.time)

    @property
    def seed(self) -> int:
        """The seed of every random number of the network."""
        return self._seed

    @property
    def populations(self) -> Mapping[str, Population]:
        """The populations by name, in order of creation."""
        return MappingProxyType(self._told.populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """The projections by name, in order of creation."""
        return MappingProxyType(self._told.projections)

    @property
    def last_result(self) -> Result | None:
        """The result of the last run, also where it was cut short."""
        return self._last_result

    def __repr__(self) -> str:
        lines = [f"<Network: dt {self._clock.dt * 1e3:g} ms, seed {self._seed}, "
                 f"at {self._clock.time * 1e3:g} ms"]  # fmt: skip
        lines += [f"  {part!r}" for part in self._told.populations.values()]
        lines += [f"  {part!r}" for part in self._told.projections.values()]
        return "\n".join(lines) + ">"

    # -- running --------------------------------------------------------------------------

    def run(self, duration: Any, *, threads: int = 1, backend: str | None = None,
            progress: bool | None = None,
            stop_when: str | Callable[[Network], Any] | None = None,
            stream_to: str | os.PathLike[str] | None = None, overwrite: bool = False,
            checkpoint_every: Any = None,
            checkpoint_to: str | os.PathLike[str] | None = None,
            error_check: Any = False) -> Result:  # fmt: skip
        """Run for a time; time goes on at the next run.

        Parameters
        ----------
        duration : quantity
            A multiple of dt.
        threads : int
            How many threads share the work; spikes, traces and states are the same bits for any
            number of them. The interpreter takes one.
        backend : "numba" or "interpreter"
            Compiled kernels, or their definition in NumPy; numba where it is installed, if not
            given.
        progress : bool
            Whether to show a progress bar; if not given, on terminals and in notebooks.
        stop_when : str or callable
            Ends the run early. A text over `population.variable`, those of several cells within
            any, all, mean, sum, max or min ("any(cells.v > -20*mV)"), or a function of the
            network that returns whether to stop. Looked at after every 1 ms of the run (after
            every step if dt is longer).
        stream_to : path
            Spikes and samples are appended to this HDF5 file instead of being kept in memory, and
            flushed about every second; `rb.Result.load` reads it at any time. A network that
            wrote the file before, or comes from a checkpoint of the run that did, goes on with
            it; any other file is refused.
        overwrite : bool
            Whether to replace the file of `stream_to`.
        checkpoint_every : quantity
            Write the network to a file at 0, that, twice that, ... of the network's time and at
            the end of the run; `rb.Network.load` goes on from it to the bit.
        checkpoint_to : path
            Where; beside the stream ("run.checkpoint.h5" beside "run.h5") or beside the script if
            not given.
        error_check : bool or quantity
            Repeat the first 100 ms of the run, or as long as is given, at dt/2 and dt/4 from the
            same state with nested noise, before the run. `result.error_check` says how traces,
            spike times and rates differ, and a warning whether the method is unfit. The
            repetition is interpreted: small networks take seconds.

        Returns
        -------
        Result
            Of this run.

        Raises
        ------
        UnitError, WiringError
            The duration is no time, or not a multiple of dt.
        UserError
            A parameter has no value; a state became nan (`error.result` has what came before).
        KeyboardInterrupt
            The run was interrupted; `net.last_result` has what came before.
        """
        paste = "net.run(1*second)"
        steps = self._clock.steps_of(duration, "the duration", "duration", paste)
        count = read_threads(threads)
        chosen, extra = choose_backend(backend)
        self._not_while_running("run")
        condition = self._condition(stop_when)
        kept = read_kept(self._clock, stream_to, overwrite, checkpoint_every, checkpoint_to)
        if stream_to is None and stop_when is None:
            refuse_recordings_that_do_not_fit(self._told.recordings.values(), steps)
        with self._busy():
            spent = self._assembly.prepare(chosen, count)
            extra["threads"] = str(self._assembly.threads)
            repeated = stretch_steps(self._clock, error_check, steps)
            errors = check_errors(self, repeated) if repeated else None
            run = Run(self, self._assembly, self._clock, self._hooks, condition, kept)
            result = carry_out(run, steps, chosen, spent, progress, extra)
            result.error_check = errors
            return result

    def run_batch(self, duration: Any, sets: Sequence[Mapping[str, Any]], *, threads: int = 1,
                  backend: str | None = None) -> list[Result]:  # fmt: skip
        """Run once for every set of values, each time from where the network stands.

        Parameters
        ----------
        duration : quantity
            Of each run.
        sets : sequence of dict
            What is set before each run: "population.parameter" or "projection.weights" -> value,
            and "seed" -> that of the noise.
        threads : int
            How many runs go on at a time. Each is a run on one thread, and has the bits of the run
            that follows `restore` and the same settings.
        backend : "numba" or "interpreter"
            As for `run`.

        Returns
        -------
        list of Result
            In the order of the sets. The network is left where it stood.

        Raises
        ------
        UnknownNameError, WiringError
            A set names what is not there, or is no dict.
        UserError
            What setting a value or a run raises; of several, that of the first set.

        Examples
        --------
        >>> sets = [{"cells.tau_m": tau*ms, "seed": 3} for tau in (5, 10, 20)]
        >>> rates = [r.spikes["cells"].rates().mean() for r in net.run_batch(1*second, sets)]
        """
        self._not_while_running("run_batch")
        return batches.run_batch(self, duration, sets, threads, choose_backend(backend)[0])

    def step(self) -> Result:
        """Run one step.

        Returns
        -------
        Result
            Of this step.
        """
        return self.run(self.dt, progress=False)

    def _condition(self, stop_when: Any) -> StopCondition | Callable[..., Any] | None:
        if isinstance(stop_when, str):
            return StopCondition(stop_when, self._unit_of, tuple(self._told.populations))
        if stop_when is None or callable(stop_when):
            return stop_when  # type: ignore[no-any-return]
        raise WiringError(
            "stop_when: expected a text or a function",
            given=repr(stop_when),
            mend='write stop_when="any(cells.v > -20*mV)"',
        )

    def _unit_of(self, population: str, variable: str) -> Unit:
        if population not in self._told.populations:
            raise unknown_population(population, "stop_when", self._told.populations)
        values = self._told.populations[population]._values(variable)
        return values.unit(variable)

    # -- looking --------------------------------------------------------------------------

    def explain(self) -> str:
        """Return equations, the integrator and why it was chosen, the program and the source.

        Returns
        -------
        str
            To be printed: ``print(net.explain())``.
        """
        return explaining.explain(self._told, self._assembly.lowered(), self._clock, self._seed)

    def explain_step(self, cell: Any) -> str:
        """Return the next step of one cell as text, number by number.

        State and inputs at its start; slopes and equations with the numbers put in, for every
        stage of the method; threshold, crossing and reset; the refractory time left; arrivals; the
        state after it, which is the one that `net.step()` gives. The network is left as it is.

        Parameters
        ----------
        cell : view of one cell
            Of a population of a model: `cells[0]`.

        Returns
        -------
        str

        Raises
        ------
        WiringError
            It is not one cell of a model of this network.
        UserError
            What a run would raise: a parameter has no value.

        Examples
        --------
        >>> print(net.explain_step(cells[0]))
        """
        self._not_while_running("explain_step")
        return step_explaining.explain_step(self, cell)

    def source(self) -> str:
        """Return the generated Python: one module for each model and the way it is used."""
        return explaining.source(self._told, self._assembly.lowered())

    def estimate(self, duration: Any, rate: Any = "5 Hz", *, threads: int = 1) -> Estimate:
        """Return about what a run will cost, before anything is built.

        Parameters
        ----------
        duration : quantity
            Of the run.
        rate : quantity
            At which the cells spike.
        threads : int
            How many share the work.

        Returns
        -------
        Estimate
            With `.memory_bytes` and `.seconds`; prints as a sentence.
        """
        paste = "net.estimate(1*second, rate=5*Hz)"
        steps = self._clock.steps_of(duration, "the duration", "duration", paste)
        hertz = to_si(rate, _HERTZ, what="the rate", paste=paste)
        if not isinstance(hertz, float):
            raise ShapeError("the rate is one rate", mend=f"write {paste}")
        programs, count = self._assembly.lowered(), read_threads(threads)
        return estimate(self._told, programs, self._clock, steps, hertz, count)

    # -- files ----------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the network and its state to a file, and return its path.

        `Network.load` gives a network that goes on from there to the bit, on any number of
        threads. The file is written beside its place and moved there when it is whole: the one
        before stays until then. Functions of `net.every` and what `net.store` keeps are left out.

        Parameters
        ----------
        path : path
            Of the file, an HDF5 file.

        Raises
        ------
        UserError
            Something cannot be held by a file, such as a Python function; it is named.
        FileFormatError
            The file cannot be written there.
        """
        self._not_while_running("save")
        left_out = functions_left_out(self)
        if left_out:
            warn(
                f"net.save: {left_out} function{'s' * (left_out > 1)} of net.every "
                f"{'are' if left_out > 1 else 'is'} not in the file; call net.every again after "
                "rb.Network.load"
            )
        return saving.save(self, path, {"stream": self._stream})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """Return the network of a file that `save` or `run(..., checkpoint_every=)` wrote.

        Parameters
        ----------
        path : path
            Of the file.

        Raises
        ------
        FileFormatError
            There is no such file, or it is no checkpoint, cut short, damaged or of another
            version.
        """
        return saving.load(path)

    # -- storing --------------------------------------------------------------------------

    def store(self, name: str = "default") -> None:
        """Keep everything the next step depends on, for `restore`.

        States, parameters, weights, delays, spikes under way and the time are kept; what is
        connected, injected and recorded is not.

        Parameters
        ----------
        name : str
            Of what is kept, for several.

        Examples
        --------
        >>> net.store()
        >>> first = net.run(100*ms)
        >>> net.restore()  # back to where `store` was called
        """
        self._not_while_running("store")
        self._assembly.prepare(choose_backend(None)[0] if self._assembly.engine is None
                               else self._assembly.engine.backend)  # fmt: skip
        self._snapshots[name] = Snapshot.of(self._assembly, self._seed, self._hooks)

    def restore(self, name: str = "default", seed: int | None = None) -> None:
        """Go back to what `store` kept; nothing is built again.

        Parameters
        ----------
        name : str
            What it was stored as.
        seed : int, optional
            Noise drawn from now on is that of this seed: another trial. Without one the run that
            follows is the same, to the bit.

        Raises
        ------
        UnknownNameError
            Nothing was stored under that name.
        WiringError
            Populations or projections were added since.
        """
        self._not_while_running("restore")
        if name not in self._snapshots:
            meant = did_you_mean(name, self._snapshots)
            raise UnknownNameError(
                f"nothing was stored as {name!r}" + (f"; did you mean {meant!r}?" if meant else ""),
                mend=f'write net.store("{name}") first',
            )
        kept = self._snapshots[name]
        chosen = kept.seed if seed is None else read_seed(seed)
        kept.bring_back(self._assembly, chosen, self._hooks)
        self._seed = chosen
