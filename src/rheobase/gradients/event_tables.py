"""From a network with exact crossings to the arrays that the loops over events read.

The network has run: its spikes are known. Here they become events (spikes, arrivals at spike +
delay, ends of refractoriness, changes of inputs), and its models coefficients, one value a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.plan import InputPlan, NetworkPlan, PopulationPlan
from rheobase.errors import UserError
from rheobase.gradients.courses import Courses, Key
from rheobase.gradients.event_loops import ARRIVAL, END, INPUT, RELEASE, SPIKE
from rheobase.gradients.noise import NoiseValues, poisson_counts

Array = np.ndarray[Any, Any]

_EARLY = 1e-12
"""Seconds by which a spike comes before what else happens at its time: its own crossing first."""
_FIRST = {RELEASE: 0, SPIKE: 1, INPUT: 2, ARRIVAL: 3, END: 4}


@dataclass
class Part:
    """A population: where its cells and spikes stand among those of the network.

    Attributes
    ----------
    name : str
        Of the population.
    cells, spikes : slice
        Its cells among all with exact crossings (empty: a source), and its spikes among all.
    ids, times : ndarray
        Cell (in the population) and time of every spike, in order of time.
    courses : Courses or None
        What its cells follow; None: a source of spikes.
    names : dict
        Parameters in SI units, and what else expressions may read.
    units : dict
        By variable, its unit in SI units.
    """

    name: str
    size: int
    cells: slice
    spikes: slice
    ids: Array
    times: Array
    courses: Courses | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Wires:
    """The synapses of a projection: where they stand among all, in order (pre, post, draw)."""

    name: str
    synapses: slice
    weights: Array
    delays: Array


@dataclass
class Events:
    """All events in order, one entry each; see `event_loops.forward`."""

    time: Array
    kind: Array
    cell: Array
    ref: Array
    port: Array
    weight: Array
    source: Array


class Coefficients:
    """The coefficients of all cells, and bars of the same shapes.

    Arrays with one entry a cell, then a variable; a model with fewer variables than the widest
    leaves the last ones at 0.
    """

    def __init__(self, parts: list[Part]) -> None:
        with_cells = [part for part in parts if part.courses is not None]
        cells = sum(part.size for part in with_cells)
        courses = [part.courses for part in with_cells if part.courses is not None]
        wide = max((len(c.states) for c in courses), default=1)
        inputs = max((len(c.inputs) for c in courses), default=0)
        self.ports = {(part.name, port): n for n, (part, port) in enumerate(
            (part, port) for part in with_cells for port in part.courses.ports  # type: ignore[union-attr]
        )}  # fmt: skip
        self.rate, self.rest = np.zeros((cells, wide)), np.zeros((cells, wide))
        self.gain, self.put = np.zeros((cells, wide)), np.zeros((cells, wide))
        self.through = np.zeros((cells, wide, inputs))
        self.keep = np.zeros((cells, wide, wide))
        self.level, self.refractory = np.zeros(cells), np.zeros(cells)
        self.jump = np.zeros((max(len(self.ports), 1), cells, wide))
        self.driver = np.full((cells, wide), -1)
        self.held = np.zeros((cells, wide), bool)
        self.never = np.zeros((cells, wide), bool)
        self.crossed = np.zeros(cells, np.int64)
        self.parts = with_cells
        for part in with_cells:
            self._fill(part)

    def _fill(self, part: Part) -> None:
        courses, rows = part.courses, part.cells
        assert courses is not None
        values = courses.values(part.names, part.size)
        for key, value in values.items():
            self._place(key, part)[...] = value
        np.maximum(self.refractory[rows], 0.0, out=self.refractory[rows])
        many = len(courses.states)
        self.driver[rows, :many] = courses.drivers
        self.held[rows, :many] = courses.held
        self.crossed[rows] = courses.crossed

    def _place(self, key: Key, part: Part) -> Any:
        """Return the entries of a coefficient, one a cell of a population."""
        kind, rows = str(key[0]), part.cells
        array: Array = getattr(self, kind)
        if kind == "jump":
            return array[self.ports[part.name, str(key[1])], rows, int(key[2])]
        place: tuple[Any, ...] = (rows, *key[1:])
        return array[place]

    def bars(self) -> Coefficients:
        """Return zeros of the same shapes."""
        made = object.__new__(Coefficients)
        made.ports, made.parts = self.ports, self.parts
        for name in (
            "rate",
            "rest",
            "gain",
            "put",
            "through",
            "keep",
            "level",
            "refractory",
            "jump",
        ):
            setattr(made, name, np.zeros_like(getattr(self, name)))
        return made

    def of(self, part: Part) -> dict[Key, Array]:
        """Return the entries of a population by the keys of its courses."""
        assert part.courses is not None
        return {key: self._place(key, part) for key in part.courses.expressions}


class Inputs:
    """What the inputs of all cells are, step by step: one row where one of a cell changes."""

    def __init__(self, plan: NetworkPlan, parts: list[Part], waves: list[Array], steps: int,
                 wide: int) -> None:  # fmt: skip
        self.values, self.cells, self.steps = (
            np.zeros((0, wide)),
            np.zeros(0, int),
            np.zeros(0, int),
        )
        self.items: list[tuple[InputPlan, Part, int, Array]] = []
        rows, cells, begins = [], [], []
        for place, part in enumerate(parts):
            items = [(item, wave) for item, wave in zip(plan.inputs, waves, strict=True)
                     if item.target == place]  # fmt: skip
            if part.courses is None or not items:
                continue
            total, changed = self._totals(part, items, steps)
            step, cell = np.nonzero(changed)
            row = np.zeros((step.size, wide))
            row[:, : total.shape[2]] = total[step, cell]
            rows.append(row)
            cells.append(part.cells.start + cell)
            begins.append(step)
        if rows:
            self.values, self.cells = np.concatenate(rows), np.concatenate(cells)
            self.steps = np.concatenate(begins)

    def _totals(self, part: Part, items: list[tuple[InputPlan, Array]], steps: int,
                ) -> tuple[Array, Array]:  # fmt: skip
        """Inputs of (step, cell, input), and where they change or one of what they sum does."""
        assert part.courses is not None
        total = np.zeros((steps, part.size, len(part.courses.inputs)))
        changed = np.zeros((steps, part.size), bool)
        changed[0] = True
        for item, rows in items:
            m = part.courses.inputs.index(item.array)
            every = np.arange(part.size) if item.cells is None else item.cells
            columns = facts.input_columns(item, rows.shape[1], every.size)
            wave = rows[:, columns]
            self.items.append((item, part, m, wave))
            if item.mode == "set":
                total[:, every, m] = wave * item.amplitude
            else:
                total[:, every, m] += wave * item.amplitude
            changed[1:, every] |= wave[1:] != wave[:-1]
        return total, changed

    def constant_bars(self, bars: Array, part: Part, m: int) -> Array:
        """Derivative of the loss by a constant added to an input, one a cell."""
        mine = (self.cells >= part.cells.start) & (self.cells < part.cells.stop)
        places = self.cells[mine] - part.cells.start
        return np.bincount(places, bars[mine, m], minlength=part.size)

    def amplitude_bars(self, bars: Array, part: Part) -> list[tuple[InputPlan, Array]]:
        """Derivatives by the amplitudes of what is injected, one value a cell of each."""
        mine = np.flatnonzero((self.cells >= part.cells.start) & (self.cells < part.cells.stop))
        places = self.cells[mine] - part.cells.start
        found = []
        for item, of, m, wave in self.items:
            if of is not part:
                continue
            every = np.arange(part.size) if item.cells is None else np.asarray(item.cells)
            column = np.full(part.size, -1)
            column[every] = np.arange(every.size)
            at = column[places]
            here = at >= 0
            step = self.steps[mine[here]]
            worth = bars[mine[here], m] * wave[step, at[here]]
            found.append((item, np.bincount(at[here], worth, minlength=every.size)))
        return found


def waveform(plan: NetworkPlan, item: InputPlan, steps: int) -> Array:
    """Return what is injected in each step, shape (steps, columns); before a run: noise goes on."""
    if item.kind == "ou":
        return np.asarray(NoiseValues(plan, item, 0).rows(0, steps))
    assert item.waveform is not None
    rows = np.asarray(item.waveform(0, steps), float)
    return np.broadcast_to(rows, (steps, rows.shape[1]))


# -- events ------------------------------------------------------------------------------------


class Builder:
    """Collects events and puts them in order."""

    def __init__(self) -> None:
        self.columns: list[tuple[Array, ...]] = []

    def add(self, kind: int, time: Array, cell: Array, *, ref: Any = -1, port: int = 0,
            weight: Any = 0.0, source: Any = -1, order: int = 0) -> None:  # fmt: skip
        """Add events of one kind."""
        n = len(time)
        whole = [np.broadcast_to(x, n) for x in (kind, cell, ref, port, source, order)]
        self.columns.append((time, np.broadcast_to(np.asarray(weight, float), n), *whole))

    def events(self) -> Events:
        """Return all of them by time, then as events at one time come."""
        time, weight, kind, cell, ref, port, source, order = (
            np.concatenate(parts) for parts in zip(*self.columns, strict=True)
        )
        first = np.array([_FIRST[k] for k in range(len(_FIRST))])[kind]
        when = time - np.where(kind == SPIKE, _EARLY, 0.0)
        found = np.lexsort((source, order, first, when))
        integer = [
            np.ascontiguousarray(x[found], np.int64) for x in (kind, cell, ref, port, source)
        ]
        return Events(
            time[found], integer[0], integer[1], integer[2], integer[3],
            np.ascontiguousarray(weight[found]), integer[4],
        )  # fmt: skip


def events_of(plan: NetworkPlan, parts: list[Part], coefficients: Coefficients, inputs: Inputs,
              end: float, steps: int) -> tuple[Events, list[Wires]]:  # fmt: skip
    """Return all events of a run that begins at time 0, and the synapses by projection."""
    made = Builder()
    cells = sum(part.size for part in coefficients.parts)
    made.add(END, np.full(cells, end), np.arange(cells))
    made.add(INPUT, inputs.steps * plan.dt, inputs.cells, ref=np.arange(inputs.cells.size))
    for part in coefficients.parts:
        which = np.arange(part.spikes.start, part.spikes.stop)
        cell = part.cells.start + part.ids
        made.add(SPIKE, part.times, cell, source=which)
        release = part.times + coefficients.refractory[cell]
        ends = (release < end) & (coefficients.refractory[cell] > 0)
        made.add(RELEASE, release[ends], cell[ends], source=which[ends])
    wires, count = [], 0
    for order, projection in enumerate(plan.events):
        synapses = projection.connectivity()
        sender, target = parts[projection.source], parts[projection.target]
        n = synapses.targets.size
        weights = np.array(np.broadcast_to(synapses.weights["weight"], n), float)
        delays = np.array(np.broadcast_to(synapses.delays, n), float)
        begin, length = synapses.row_start[sender.ids], np.diff(synapses.row_start)[sender.ids]
        spike = np.repeat(np.arange(sender.ids.size), length)
        place = np.arange(spike.size) + np.repeat(begin - np.cumsum(length) + length, length)
        time = sender.times[spike] + delays[place]
        due = time < end
        spike, place = spike[due], place[due]
        cell = target.cells.start + synapses.targets[place].astype(np.int64)
        port = coefficients.ports[target.name, projection.port]
        made.add(ARRIVAL, time[due], cell, ref=count + place, port=port, weight=weights[place],
                 source=sender.spikes.start + spike, order=order)  # fmt: skip
        wires.append(Wires(projection.name, slice(count, count + n), weights, delays))
        count += n
    for order, drive in enumerate(plan.event_drives, len(plan.events)):
        time, place = _driven(plan, drive, steps)
        due = time < end
        time, place = time[due], place[due]
        weights = np.broadcast_to(drive.weights["weight"], drive.cells.size)
        target = parts[drive.target]
        made.add(ARRIVAL, time, target.cells.start + drive.cells[place], ref=count + place,
                 port=coefficients.ports[target.name, drive.port], weight=weights[place],
                 order=order)  # fmt: skip
        wires.append(Wires("", slice(count, count + drive.cells.size), weights, np.zeros(0)))
        count += drive.cells.size
    return made.events(), wires


def _driven(plan: NetworkPlan, drive: Any, steps: int) -> tuple[Array, Array]:
    """Return times and places of the events that a drive has."""
    if drive.kind == "times":
        offsets = 0.0 if drive.offsets is None else drive.offsets
        return drive.steps * plan.dt + offsets, np.asarray(drive.ids, np.int64)
    step, place, many = poisson_counts(plan, drive, drive.cells.size, 0, steps)
    repeat = np.asarray(many, np.int64)
    return np.repeat(step * plan.dt, repeat), np.repeat(np.asarray(place, np.int64), repeat)


def refuse(plan: NetworkPlan) -> None:
    """Refuse what an exact gradient cannot go through, by name.

    Raises
    ------
    UserError
        Populations on the grid, continuous connections, spikes that are not kept.
    """
    for population in plan.populations:
        if isinstance(population, PopulationPlan) and population.program.crossing != "exact":
            raise UserError(
                f"{population.name!r} spikes on the grid, so its spike times are no smooth "
                "function of anything",
                mend='write crossing="exact", as rb.models.LIF(crossing="exact"), or take a '
                'surrogate: rb.gradient(..., surrogate="fast_sigmoid")',
            )
        if not population.record_spikes:
            raise UserError(
                f"the spikes of {population.name!r} are not kept",
                mend="add it without record_spikes=False: the way back goes from spike to spike",
            )
    for coupling in plan.continuous:
        raise UserError(
            f"{coupling.name!r} is a continuous connection, which has no exact gradient",
            mend="connect by spikes",
        )
