"""The update of a model with everything on the way to it: for those who explain a step.

The very blocks that `lower` makes are made again, without fusing products and sums, and write
besides the new states what the method noted: slopes of every stage, coefficients, factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rheobase.language.expressions import Compare, Expr, Name, names_in
from rheobase.language.model import Model
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.calculus import ZERO, minus
from rheobase.lowering.events import Course, Events
from rheobase.lowering.lower import Built, Lowering
from rheobase.lowering.program import Block
from rheobase.lowering.system import Note, System
from rheobase.lowering.translate import Scope


@dataclass(frozen=True)
class TracedNote:
    """A note of the method; every value by the name under which the block writes it.

    Attributes
    ----------
    kind, name, fraction, label
        As those of `Note`.
    values
        What was computed.
    states, subexpressions
        What the names mean there.
    """

    kind: str
    name: str
    fraction: float
    label: str
    values: Mapping[str, str]
    states: Mapping[str, str]
    subexpressions: Mapping[str, str]


@dataclass(frozen=True)
class Traced:
    """A step of a model with what leads to it.

    Attributes
    ----------
    method, reason, formula
        The integrator, why it was chosen, and its step in a line.
    right
        The right-hand side of each state and subexpression, without noise, rand() and randn()
        under the names of their draws.
    draws
        The array of each of these names.
    notes
        What the method noted, in order.
    new
        States before the reset.
    held
        Whether the cell is refractory for all of the step; "" where the model has no such thing.
    sides
        Left and right side of the threshold, at the start of the step and after it; empty where
        it is no comparison.
    spiked, offset
        The mask of the spike, and the time of the crossing inside the step ("" on the grid).
    prepare, update
        The blocks that compute it all.
    """

    method: str
    reason: str
    formula: str
    right: Mapping[str, Expr]
    draws: Mapping[str, str]
    notes: tuple[TracedNote, ...]
    new: Mapping[str, str]
    held: str
    sides: tuple[str, ...]
    spiked: str
    offset: str
    prepare: Block
    update: Block


def trace(model: Model, per_cell: frozenset[str] = frozenset()) -> Traced:
    """Return the step of a model with everything that leads to it.

    Parameters
    ----------
    model
        A model without exact crossings: these have no steps.
    per_cell
        Parameters with a value for each cell.
    """
    lowering = Lowering(model, per_cell, frozenset(), model.method)
    built = lowering.built()
    names = _Names(built.system.graph)
    notes = _distinct([_traced(note, built.system, lowering, names) for note in built.system.notes])
    held = built.refractory.held
    sides = _sides(lowering, built, names)
    new = {name: names.of(value) for name, value in built.new.items()}
    spiked = names.of(built.writes["spiked"])
    offset = names.of(built.writes["offset"]) if "offset" in built.writes else ""
    told = "" if held is None else names.of(held)
    update = built.system.graph.finish("map", names.writes, fuse=False)
    reads = update.reads()
    exports = {n: Value(lowering.prepared, i) for i, n in lowering.prepared.exports.items()}
    prepared = {n: v for n, v in exports.items() if n in reads}
    return Traced(
        method=built.method.name if built.method else "none", reason=built.reason,
        formula=_formula(built), right=_right(built.system, lowering),
        draws={name: draw.array for name, draw in lowering.draws.items()},
        notes=notes, new=new, held=told, sides=sides, spiked=spiked, offset=offset,
        prepare=lowering.prepared.finish("prepare", prepared, fuse=False), update=update,
    )  # fmt: skip


@dataclass
class _Names:
    """Names for values that a block is to write."""

    graph: Graph
    writes: dict[str, Value] = field(default_factory=dict)
    known: dict[tuple[int, int], str] = field(default_factory=dict)

    def of(self, value: Value) -> str:
        key = (id(value.graph), value.index)
        if key not in self.known:
            self.known[key] = f"told_{len(self.known)}"
            self.writes[self.known[key]] = value
        return self.known[key]


def _formula(built: Built) -> str:
    if built.method is None:
        return ""
    return (built.method.step.__doc__ or built.method.summary).strip().splitlines()[0].rstrip(".")


def _right(system: System, lowering: Lowering) -> dict[str, Expr]:
    """Return right-hand sides as written, without noise where there is some."""
    found = {e.name: lowering.right[e.name] for e in lowering.model.subexpressions}
    for name in system.states:
        found[name] = system.drift(name) if system.noises else lowering.right[name]
    return found


def _traced(note: Note, system: System, lowering: Lowering, names: _Names) -> TracedNote:
    told = [note.name] if note.name in system.states else [n for n in note.values if n]
    needed = [] if note.kind == "noise" else _read(lowering, told)
    of_noise = note.kind == "noise"
    return TracedNote(
        note.kind, note.name, note.fraction, note.label,
        {key: names.of(value) for key, value in note.values.items()},
        {} if of_noise else {name: names.of(note.scope.values[name]) for name in system.states},
        {} if of_noise else {name: names.of(_number(note.scope, name)) for name in needed},
    )  # fmt: skip


def _number(scope: Scope, name: str) -> Value:
    return scope.number(Name(name))


def _read(lowering: Lowering, states: list[str]) -> list[str]:
    """Return the subexpressions that some equations read, in order of the model."""
    found: set[str] = set()
    open_ = list(states)
    while open_:
        read = names_in(lowering.right[open_.pop()]) & lowering.subexpressions.keys()
        open_ += sorted(read - found)
        found |= read
    return [e.name for e in lowering.model.subexpressions if e.name in found]


def _sides(lowering: Lowering, built: Built, names: _Names) -> tuple[str, ...]:
    condition = lowering.threshold
    if not isinstance(condition, Compare):
        return ()
    scopes = (built.system.scope, built.system.scope.at(built.new))
    return tuple(
        names.of(scope.number(side)) for scope in scopes for side in (condition.left,
                                                                     condition.right)
    )  # fmt: skip


def _distinct(notes: list[TracedNote]) -> tuple[TracedNote, ...]:
    """Return notes without those that say the same again."""
    found: list[TracedNote] = []
    for note in notes:
        if note not in found:
            found.append(note)
    return tuple(found)


@dataclass(frozen=True)
class Courses:
    """What is known in closed form of a model whose cells go from event to event.

    Attributes
    ----------
    courses
        dx/dt = rate*x + rest + gain*driver, by state.
    variable, level
        The variable of the threshold, and the level it has to cross.
    """

    courses: Mapping[str, Course]
    variable: str
    level: Expr


def courses_of(model: Model) -> Courses:
    """Return the closed forms of a model with exact crossings."""
    lowering = Lowering(model, frozenset(), frozenset(), model.method)
    assert lowering.threshold is not None
    events = Events(model, lowering.right, lowering.threshold, frozenset(lowering.draws),
                    lowering.held_names, lowering.scope)  # fmt: skip
    return Courses(events.courses, events.variable, minus(ZERO, events.level))
