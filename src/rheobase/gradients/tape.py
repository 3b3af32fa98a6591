"""A tape: populations run forward, what their reverse reads is kept, and the run gone back through.

The forward step is the program and the kernels that `net.run` runs, so a run on a tape has the same
bits. The reverse of a step is a program too (`rheobase.lowering.adjoint`), run by the same
renderers. Between them stand connections, delays, injections and couplings, each a few lines
forward and a few lines back (`links.py`, `currents.py`).

Lanes: a tape runs a batch of B independent networks at once. A population of n cells has B*n
elements, lane by lane; parameters and weights are shared by all lanes.

Memory: where the past of all steps does not fit, only the states at the beginning of each of some
sqrt(steps) segments are kept, and each segment is run a second time when the way back comes to it.
The bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from rheobase.engine.plan import FloatArray, new_array
from rheobase.errors import InternalError, UserError
from rheobase.gradients.bars import Bars, Key, bars_of
from rheobase.gradients.cells import Cells
from rheobase.gradients.checkpoints import Checkpoint, segment_length
from rheobase.gradients.currents import Clamp, Coupling, Injection, Remembered
from rheobase.gradients.links import (
    Arrivals,
    Drive,
    Line,
    Link,
    Spikes,
    Trains,
    read_by_weights,
)
from rheobase.gradients.reversing import reversed_program, reversed_reading
from rheobase.lowering.program import Program
from rheobase.lowering.surrogates import Surrogate
from rheobase.rendering.primitives import has_numba

Backend: TypeAlias = Literal["numba", "interpreter"]

MEMORY = 512 * 2**20
"""Bytes that the past of a run may take before it is kept in segments."""


class Tape:
    """Populations, what connects and drives them, and the way back.

    Parameters
    ----------
    dt : float
        Length of a step in seconds.
    batch : int
        Lanes: independent copies of the network, one a sample.
    start : float
        Time of step 0 in seconds.
    first_step : int
        The step to begin with.
    backend : {"numba", "interpreter"} or None
        Compiled, or by NumPy; None: compiled where numba is installed.
    memory : int
        Bytes that the past may take; above, the tape works in segments.

    Notes
    -----
    A tape belongs to one thread; for several threads make one tape a chunk of lanes. The arrays
    that `states` returns are views of the tape, until its next run.

    Examples
    --------
    >>> tape = Tape(dt=1e-3, batch=2)
    >>> cells = tape.cells("cells", lower(rb.models.LIF()), 3, parameters)
    >>> tape.run(100, inputs={(cells, "I"): current})   # (100, 2, 3) in amperes
    >>> v = tape.states(cells, "v")                     # (101, 2, 3)
    >>> bars = tape.backward(states={(cells, "v"): 2*(v - target)})
    >>> bars.parameters[cells]["tau_m"]
    """

    def __init__(self, dt: float, *, batch: int = 1, start: float = 0.0, first_step: int = 0,
                 backend: Backend | None = None, memory: int = MEMORY) -> None:  # fmt: skip
        self.dt, self.batch, self.start, self.first = dt, batch, start, first_step
        self.backend = backend or default_backend()
        self.memory = memory
        self.populations: list[Cells] = []
        self.trains: list[Trains] = []
        self.links: list[Link] = []
        self.drives: list[Drive] = []
        self.injections: list[Injection] = []
        self.clamps: list[Clamp] = []
        self.remembered: list[Remembered] = []
        self.couplings: list[Coupling] = []
        self.spikes: dict[Cells | Trains, Spikes] = {}
        self.steps = 0
        self.length = 0  # steps of a segment
        self.arrivals: list[Arrivals] = []
        self._given: dict[Key, Injection] = {}
        self._checkpoints: list[Checkpoint] = []
        self._kept = -1  # the segment whose past is in memory
        self._collected: dict[Key, FloatArray] = {}
        self.collect: set[Key] = set()
        self.bar_trains: dict[Trains, FloatArray] = {}
        self._driver: Any = None

    # -- building -------------------------------------------------------------------------

    def cells(self, name: str, program: Program, size: int, parameters: Mapping[str, Any], *,
              with_respect_to: frozenset[str] = frozenset(), surrogate: Surrogate | None = None,
              reset: Literal["detached", "through"] = "detached", differentiate: bool = True,
              initial: Mapping[str, Any] | None = None, key: Any = None,
              ) -> Cells:  # fmt: skip
        """Add a population.

        Parameters
        ----------
        name
            Its name.
        program
            The lowered model, `rheobase.lowering.lower(model, per_cell=...)`.
        size
            Cells of one lane.
        parameters
            By name, in SI units: a number, or (per-cell parameters) one value a cell.
        with_respect_to
            Parameters whose derivatives are wanted.
        surrogate
            What stands for the derivative of the threshold; None: the default, fast sigmoid.
        reset
            Whether derivatives go through the reset ("through"), or take the spike in it for a
            constant ("detached").
        differentiate
            False: the way back does not reach this population, and it needs no reverse.
        initial
            Initial states, as for `set_initial`.
        key
            Seed and streams of its random numbers, uint64.

        Raises
        ------
        UserError
            The model has something that cannot be differentiated.
        """
        if self.batch > 1 and _reads_its_number(program):
            raise UserError(
                f"the equations of {name!r} read i, the number of the cell, which on a tape of "
                "several lanes counts through all of them",
                mend="make what depends on i a parameter with one value a cell",
            )
        reverse = None
        if differentiate:
            reverse = reversed_program(program, surrogate, reset, with_respect_to)
        made = Cells(name, size, self.batch, program, reverse, parameters, self.dt, self.start, key)
        made.with_respect_to = with_respect_to
        made.kernels = self._kernels(program)
        self.populations.append(made)
        self.spikes[made] = Spikes()
        self.set_initial(made, initial or {})
        return made

    def _kernels(self, program: Program) -> Any:
        """Return the kernels of a program, compiled or interpreted."""
        from rheobase.rendering import CompiledKernels, InterpreterKernels

        return (CompiledKernels if self.backend == "numba" else InterpreterKernels)(program)

    def _compile_back(self) -> None:
        """Make the kernels of the way back, the first time it is gone."""
        for cells in self.populations:
            if cells.reverse is not None and cells.reverse_kernels is None:
                cells.reverse_kernels = self._kernels(cells.reverse.program)
            for reading in cells.readings.values():
                if reading.kernels is None:
                    reading.kernels = self._kernels(reading.reverse.program)

    def add_trains(self, name: str, size: int) -> Trains:
        """Add a source of given spikes, `size` trains a lane."""
        made = Trains(name, size, self.batch)
        self.trains.append(made)
        self.spikes[made] = Spikes()
        return made

    def connect(self, source: Cells | Trains, target: Cells, port: str, weights: Any, *,
                delay: Any = 1, rows: tuple[Any, Any] | None = None,
                with_respect_to: frozenset[str] = frozenset()) -> Link:  # fmt: skip
        """Connect spikes to a port that accumulates (`x += f(weight)`).

        Parameters
        ----------
        source, target, port
            From, to, and where it arrives.
        weights
            Dense, shape (source size, target size), from i to j; with `rows` one a synapse.
        delay
            In steps: one for all, or an array of the shape of the weights; fractions are allowed.
        rows
            (row_start, targets) of sparse connections, by source.
        with_respect_to
            Of "weight" and "delay", what is wanted.
        """
        start, targets = (None, None) if rows is None else rows
        if start is not None:
            start, targets = np.asarray(start, np.int64), np.asarray(targets, np.int32)
        shape = (source.size, target.size) if targets is None else targets.shape
        values = np.broadcast_to(np.asarray(weights, np.float64), shape)
        link = Link(source, target, port, values, delay, start, targets, with_respect_to)
        self.links.append(link)
        return link

    def set_initial(self, cells: Cells, initial: Mapping[str, Any]) -> None:
        """Set initial states (SI): a number, one a cell, or shape (batch, cells)."""
        for name, values in initial.items():
            if name not in cells.initial:
                raise InternalError(f"{cells.name!r} has no state {name!r}")
            cells.initial[name][:] = cells.spread(values)

    def couple(self, source: Cells, of: str, target: Cells, to: str, row_start: Any, sources: Any,
               weights: Any, delays: Any = 0, wanted: bool = False) -> Coupling:  # fmt: skip
        """Add the sum over i of w_ij r_i(k - delay) to an input, in rows by target cell.

        `wanted`: whether derivatives with respect to the weights are.
        """
        sources = np.asarray(sources, np.int32)
        slots = 1 + int(np.max(delays, initial=0))
        found = next((r for r in self.remembered if (r.source, r.array) == (source, of)), None)
        if found is None:
            computed = of not in source.states
            if computed and source.reverse is not None:
                source.add_reading(of, reversed_reading(source.program, of, source.with_respect_to))
            found = Remembered(source, of, computed, np.zeros((slots, source.count)))
            self.remembered.append(found)
        elif len(found.ring) < slots:
            found.ring = np.zeros((slots, source.count))
        each = np.array(np.broadcast_to(np.asarray(weights, float), sources.shape))
        made = Coupling(found, target, to, np.asarray(row_start, np.int64), sources, each,
                        np.array(np.broadcast_to(np.asarray(delays, np.int64), sources.shape)),
                        np.zeros(sources.size) if wanted else None)  # fmt: skip
        self.couplings.append(made)
        return made

    # -- forward --------------------------------------------------------------------------

    def run(self, steps: int, *, inputs: Mapping[Key, Any] | None = None,
            arrivals: Mapping[Key, Any] | None = None,
            spikes: Mapping[Trains, tuple[Any, Any]] | None = None,
            before: Mapping[Cells | Trains, tuple[Any, Any]] | None = None) -> None:  # fmt: skip
        """Run so many steps from the initial states.

        Parameters
        ----------
        steps
            How many.
        inputs
            By (cells, input): values added to the input, shape (steps, batch, cells), or what can
            be broadcast to it.
        arrivals
            By (cells, variable): what arrives in each step besides spikes, shape (steps, batch,
            cells).
        spikes
            By trains: steps (counted from the first of this run) and elements (lane*size + i) of
            the spikes, sorted by step, then element.
        before
            By source: spikes from before the first step that are still under way, steps < 0.
        """
        self.steps = steps
        self._take_given(inputs or {})
        self._take_arrivals(arrivals or {})
        self._lay_out()
        self._take_spikes(spikes or {}, before or {})
        self._checkpoints = []
        self._collected = {key: np.empty((steps + 1, key[0].count)) for key in self.collect}
        for cells in self.populations:
            self._refresh(cells)
            for name, values in cells.initial.items():
                cells.history[name][0] = values
        for memory in self.remembered:
            memory.start(self.first)
        for segment in range(self.segments):
            self._make_room(segment)
            self._checkpoints.append(Checkpoint.of(self))
            self._run_segment(segment)
            if segment + 1 < self.segments:
                self._collect(segment)
                self._carry_over(segment)
        begin, end = self.bounds(self.segments - 1)
        for clamp in self.clamps:  # what is read after the run is held too
            clamp.forward(self.first + end, end - begin)
        self._collect(self.segments - 1)

    def _refresh(self, cells: Cells) -> None:
        """Prepare numbers again, and weights that depend on parameters, if those changed."""
        if not cells.stale:
            return
        cells.refresh()
        for link in self.links:
            if link.target is cells and link.through:
                link.refresh()
        for drive in self.drives:
            if drive.target is cells and read_by_weights(cells, drive.port):
                drive.refresh()

    @property
    def segments(self) -> int:
        """How many segments the run is kept in."""
        return max(1, -(-self.steps // self.length))

    def bounds(self, segment: int) -> tuple[int, int]:
        """Return where a segment begins and ends, in steps from the first."""
        return segment * self.length, min((segment + 1) * self.length, self.steps)

    def _run_segment(self, segment: int) -> None:
        begin, end = self.bounds(segment)
        for item in self.injections:
            item.take(self.first + begin, end - begin)
        self._kept = segment
        self._driver.forward(begin, end)

    def _make_room(self, segment: int) -> None:
        """Have room for all spikes there can be in a segment."""
        begin, end = self.bounds(segment)
        moved = segment == 0
        for cells in self.populations:
            if cells.program.spiking:
                moved |= self.spikes[cells].make_room(begin, (end - begin) * cells.count)
        if moved:
            self._bind()

    def _carry_over(self, segment: int) -> None:
        """Let the next segment begin with the states that this one ends with."""
        begin, end = self.bounds(segment)
        for cells in self.populations:
            for values in cells.history.values():
                values[0] = values[end - begin]

    def _collect(self, segment: int) -> None:
        begin, end = self.bounds(segment)
        for (cells, name), kept in self._collected.items():
            kept[begin : end + 1] = cells.history[name][: end - begin + 1]

    # -- what there is ----------------------------------------------------------------------

    def states(self, cells: Cells, name: str) -> FloatArray:
        """Return a state before every step and after the last, shape (steps + 1, batch, cells).

        Of a run in segments it is there if (cells, name) was in `collect`, and is otherwise found
        by running once more.
        """
        shape = (self.steps + 1, self.batch, cells.size)
        if self.segments == 1:
            return np.asarray(cells.history[name]).reshape(shape)
        key = (cells, name)
        if key not in self._collected:
            self.collect.add(key)
            self._collected[key] = np.empty((self.steps + 1, cells.count))
            for segment in range(self.segments):
                self._again(segment)
                self._collect(segment)
        return self._collected[key].reshape(shape)

    def last(self, cells: Cells, name: str) -> FloatArray:
        """Return a state after the last step, shape (batch, cells)."""
        self._again(self.segments - 1)
        begin, end = self.bounds(self.segments - 1)
        return np.asarray(cells.history[name][end - begin]).reshape(self.batch, cells.size)

    def spike_events(self, cells: Cells) -> tuple[Any, Any]:
        """Return steps (from the first of the run) and elements of all spikes, sorted."""
        kept = self.spikes[cells]
        count = np.diff(kept.starts[kept.before :])
        ids = kept.ids[kept.starts[kept.before] : kept.starts[-1]]
        return np.repeat(np.arange(count.size), count), ids.copy()

    def spike_array(self, cells: Cells, dtype: Any = np.float64) -> Any:
        """Return 1 for every spike and 0 elsewhere, shape (steps, batch, cells)."""
        found = np.zeros((self.steps, cells.count), dtype)
        found[self.spike_events(cells)] = 1
        return found.reshape(self.steps, self.batch, cells.size)

    def not_finite(self) -> tuple[Cells, int] | None:
        """Return where a state was not finite: the population, and the first step; or None."""
        for segment in range(self.segments):
            self._again(segment)
            begin, end = self.bounds(segment)
            for cells in self.populations:
                for name in cells.states:
                    bad = ~np.isfinite(cells.history[name][: end - begin + 1]).all(axis=1)
                    if np.any(bad):
                        return cells, self.first + begin + int(np.argmax(bad))
        return None

    # -- backward -------------------------------------------------------------------------

    def backward(self, states: Mapping[Key, Any] | None = None,
                 spikes: Mapping[Cells, Any] | None = None,
                 inputs: frozenset[Key] | set[Key] = frozenset(),
                 trains: frozenset[Trains] | set[Trains] = frozenset(),
                 last: Mapping[Key, Any] | None = None) -> Bars:  # fmt: skip
        """Go back through the last run.

        Parameters
        ----------
        states
            By (cells, state): d loss/d state, shape (steps + 1, batch, cells).
        spikes
            By cells: d loss/d spike (0 or 1), shape (steps, batch, cells).
        inputs
            The (cells, input) whose derivatives are wanted at every step.
        trains
            The given spikes whose derivatives are wanted.
        last
            By (cells, state): d loss/d state after the last step, shape (batch, cells).

        Returns
        -------
        Bars
            Derivatives with respect to everything that was asked for.
        """
        self._compile_back()
        self._begin_back(states or {}, spikes or {}, set(inputs), set(trains))
        for (cells, name), bar in (last or {}).items():
            self._need_reverse(cells)
            cells.bars[name] += cells.spread(bar)
        for segment in reversed(range(self.segments)):
            self._again(segment)
            self._driver.back(*self.bounds(segment))
        return bars_of(self, set(inputs))

    def _again(self, segment: int) -> None:
        """Bring the past of a segment back: from its checkpoint, unless it is there."""
        if self._kept != segment:
            self._checkpoints[segment].restore(self)
            self._run_segment(segment)

    def _begin_back(self, states: Mapping[Key, Any], spikes: Mapping[Cells, Any],
                    inputs: set[Key], trains: set[Trains]) -> None:  # fmt: skip
        for cells in self.populations:
            cells.loss_bars = {}
            cells.loss_spikes = None
            for array in (*cells.bars.values(), *cells.totals.values(), cells.bar_spike):
                array[:] = 0.0
        for (cells, name), bar in states.items():
            self._need_reverse(cells)
            shape = (self.steps + 1, self.batch, cells.size)
            whole = np.ascontiguousarray(np.broadcast_to(np.asarray(bar, float), shape))
            cells.loss_bars[name] = whole.reshape(self.steps + 1, cells.count)
        for cells, bar in spikes.items():
            self._need_reverse(cells)
            cells.need_spikes("the loss reads its spikes")
            shape = (self.steps, self.batch, cells.size)
            whole = np.ascontiguousarray(np.broadcast_to(np.asarray(bar, float), shape))
            cells.loss_spikes = whole.reshape(self.steps, cells.count)
        self.bar_trains = {t: np.zeros((self.steps, t.count)) for t in trains}
        self._make_rings(inputs)
        for link in self.links:
            if isinstance(link.source, Cells):
                link.source.need_spikes(f"its spikes reach {link.target.name!r}")
            for line in link.lines:
                line.bar_weights = np.zeros_like(line.weights) if link.goes_back else None
        sums = [item.bar_weights for item in self.drives]
        sums += [item.bar_weights for item in self.couplings]
        for bar_weights in sums:
            if bar_weights is not None:
                bar_weights[:] = 0.0
        for injection in self.injections:
            if injection.bar_amplitude is not None:
                injection.bar_amplitude[:] = 0.0
        for memory in self.remembered:
            if memory.bar.size == 0:
                memory.bar = new_array(memory.source.count)
                memory.values = new_array(memory.source.count)
        self._driver.bind_back()

    @staticmethod
    def _need_reverse(cells: Cells) -> None:
        if cells.reverse is None:
            raise InternalError(f"{cells.name!r} was added with differentiate=False")

    def _make_rings(self, inputs: set[Key]) -> None:
        """Make what holds the derivatives of inputs and arrivals over as many steps as needed."""
        longest = 2 + max((line.delay for link in self.links for line in link.lines), default=0)
        for item in self.arrivals:
            slots = self.steps if item.given is not None else longest
            _ring(item.target.bar_arriving, item.variable, slots, item.target.count)
        slots = 1 + max((int(c.delays.max(initial=0)) for c in self.couplings), default=0)
        for cells in self.populations:
            for name in cells.input_names:
                wide = self.steps if (cells, name) in inputs else slots
                _ring(cells.bar_inputs, name, wide, cells.count)

    # -- laying out -----------------------------------------------------------------------

    def _take_given(self, inputs: Mapping[Key, Any]) -> None:
        """Make an injection of values that are given for every element."""
        for key in [k for k in self._given if k not in inputs]:
            self.injections.remove(self._given.pop(key))
        for key, values in inputs.items():
            cells, name = key
            shape = (self.steps, self.batch, cells.size)
            whole = np.broadcast_to(np.asarray(values, float), shape)
            rows = np.ascontiguousarray(whole).reshape(self.steps, cells.count)
            if key not in self._given:
                every = np.arange(cells.count, dtype=np.int32)
                made = Injection(cells, name, "add", every, every, np.ones(cells.count), _none)
                self._given[key] = made
                self.injections.append(made)
            self._given[key].give(_slice_of(rows, self.first))

    def _take_arrivals(self, given: Mapping[Key, Any]) -> None:
        needed: dict[Key, None] = {}
        for link in self.links:
            needed |= {(link.target, v): None for v in link.variables}
        needed |= {(d.target, d.variable): None for d in self.drives} | dict.fromkeys(given)
        if [(a.target, a.variable) for a in self.arrivals] != list(needed):
            self.arrivals = [Arrivals(*key) for key in needed]
            for cells, variable in needed:
                cells.arriving.setdefault(variable, new_array(cells.count))
        for item in self.arrivals:
            values = given.get((item.target, item.variable))
            item.given = None
            if values is not None:
                shape = (self.steps, self.batch, item.target.size)
                whole = np.broadcast_to(np.asarray(values, float), shape)
                item.given = np.ascontiguousarray(whole).reshape(self.steps, item.target.count)

    def _lay_out(self) -> None:
        """Choose the length of a segment, and make its rows."""
        row = sum(c.row_bytes() for c in self.populations)
        row += sum(8 * len(i.columns) for i in self.injections)
        self.length = segment_length(self.steps, row, self.memory)
        for cells in self.populations:
            cells.make_rows(self.length)

    def lines_onto(self, cells: Cells) -> list[Line]:
        """Return the lines onto a population: longest delay first, then in order of links."""
        lines = [line for link in self.links if link.target is cells for line in link.lines]
        return sorted(lines, key=lambda line: -line.delay)  # stable

    def _take_spikes(self, spikes: Mapping[Trains, tuple[Any, Any]],
                     before: Mapping[Cells | Trains, tuple[Any, Any]]) -> None:  # fmt: skip
        longest = max((line.delay for link in self.links for line in link.lines), default=0)
        for source, kept in self.spikes.items():
            early = before.get(source, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
            kept.begin(longest, self.steps)
            if isinstance(source, Trains):
                steps, ids = spikes.get(source, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
                columns = np.concatenate([np.asarray(early[0]), np.asarray(steps)]) + longest
                inside = (columns >= 0) & (columns < self.steps + longest)
                kept.fill(columns[inside], np.concatenate([early[1], ids])[inside])
                continue
            columns = np.asarray(early[0]) + longest
            inside = columns >= 0
            kept.fill(columns[inside], np.asarray(early[1])[inside])
        for link in self.links:
            for line in link.lines:
                line.spikes = self.spikes[line.source]

    def _bind(self) -> None:
        """Let the driver take over what may be new."""
        if self._driver is None:
            from rheobase.gradients.drivers import driver_of

            self._driver = driver_of(self)
        self._driver.bind()


def default_backend() -> Backend:
    """Return "numba" where it is installed."""
    return "numba" if has_numba() else "interpreter"


def _ring(kept: dict[str, FloatArray], name: str, slots: int, count: int) -> None:
    if name not in kept or kept[name].shape != (slots, count):
        kept[name] = np.zeros((slots, count))
    kept[name][:] = 0.0


def _reads_its_number(program: Program) -> bool:
    return any(node.operation == "scalar" and node.payload == "i"
               for _, block in program.blocks() for node in block.nodes)  # fmt: skip


def _none(first: int, steps: int) -> FloatArray:
    return np.zeros((steps, 1))


def _slice_of(rows: FloatArray, begin: int) -> Callable[[int, int], FloatArray]:
    def values(first: int, steps: int) -> FloatArray:
        return rows[first - begin : first - begin + steps]

    return values
