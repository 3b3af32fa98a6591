"""The reverse of a step: from the derivatives of a loss by what is after it to those before.

A step takes the states x to x' (integrator), finds the cells that spike, s = 1 where the
threshold is passed, and resets those, x'' = x' + s*(r(x') - x'). Given the derivatives of a loss
by x'' (their bars) and by s, the reverse gives those by x, by the inputs and by the parameters. It
is a `Program` as the step is, made from the same nodes: first the step is computed again from what
was stored of its beginning, with the same bits, then its nodes are gone through from last to first
(`rheobase.lowering.adjoint_nodes`).

What is exact: everything that is smooth, for any integrator, with the draws of white noise as
they were. What is not: s has the derivative 0 or none; `Surrogate` says what stands in its place.
When a cell crosses within a step (``crossing="linear"``) and how long it then stays refractory are
taken as constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.parsing import parse_expression
from rheobase.lowering.adjoint_nodes import Backward, splice
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.program import Array, Block, Level, Node, Program, Write, check, needed_by
from rheobase.lowering.surrogates import Surrogate
from rheobase.lowering.translate import Scope

Reset = Literal["detached", "through"]
_STORED = frozenset({
    "state", "input", "parameter", "prepared", "release", "refractory", "left",
})  # fmt: skip


@dataclass(frozen=True)
class Reverse:
    """The reverse of one step.

    Attributes
    ----------
    program
        The reverse as a program: its `update` is the reverse of update, threshold and reset
        together. Its numbers are those of the forward program, in the same order.
    stored
        Arrays it reads as they were before the step (states, inputs, values of each cell,
        refractoriness); and "spiked", as the step wrote it.
    bar
        For each state, the array of its bar: given after the reset (before arrivals), replaced by
        that before the step.
    bar_spike
        The array of d loss/d spike of this step, which is given; None where that has no
        influence.
    bar_input
        For each input, the array that d loss/d input of this step is written to.
    total
        For each number or array that `prepare` makes of the parameters, the array with one entry a
        cell that its derivative in this step is added to.
    no_spikes
        Why spikes have no derivative, "" where they have one: with the surrogate "none" the true
        one, which is 0.
    """

    program: Program
    stored: tuple[str, ...]
    bar: Mapping[str, str]
    bar_spike: str | None
    bar_input: Mapping[str, str]
    total: Mapping[str, str]
    no_spikes: str = ""


def reverse(program: Program, *, surrogate: Surrogate, reset: Reset = "detached",
            with_respect_to: frozenset[str] = frozenset(),
            inputs: frozenset[str] = frozenset()) -> Reverse:  # fmt: skip
    """Return the reverse of the step of a program.

    Parameters
    ----------
    program
        The step.
    surrogate
        What stands for the derivative of a spike by the threshold's margin.
    reset
        "detached": which cells are reset is a constant, as is usual with surrogate
        gradients. "through": the reset is x + s*(r(x) - x), and s has the surrogate's derivative
        there too.
    with_respect_to
        Parameters whose derivatives are wanted.
    inputs
        Inputs whose derivatives are wanted.

    Raises
    ------
    EquationError
        The program cannot be reversed: its cells go from event to event, or a parameter
        acts only through a number of whole steps.
    UnknownNameError
        The program has no such input.
    """
    return _Reversal(program, surrogate, reset, with_respect_to, inputs).result()


def prepared_from(program: Program, parameters: frozenset[str]) -> frozenset[str]:
    """Return the numbers and arrays that `prepare` makes of some parameters."""
    nodes, writes = program.prepare.nodes, program.prepare.writes
    return frozenset(
        w.target for w in writes
        if any(nodes[k].payload in parameters and nodes[k].operation in ("number", "element")
               for k in needed_by(nodes, (w,)))
    )  # fmt: skip


def without_derivative(program: Program, parameters: frozenset[str]) -> frozenset[str]:
    """Return those of some parameters that say for how long a cell is refractory.

    Some do nothing else; of others (`tau_ref` where a reset reads it too) only a part of the
    derivative could be had.
    """
    if program.on_spike is None:
        return frozenset()
    states = frozenset(program.states)
    spike = program.on_spike
    times = replace(spike, writes=tuple(w for w in spike.writes if w.target not in states))
    read = times.pruned().reads()
    made = {name: prepared_from(program, frozenset({name})) for name in parameters}
    return frozenset(name for name, values in made.items() if values & read)


def threshold_sides(program: Program) -> tuple[list[tuple[int, int]], str]:
    """Return what the threshold of a program compares, and which comparison decides.

    Returns
    -------
    (list of (int, int), str)
        Of each comparison the nodes of the update of which the first is to be above the second;
        and how the margin m comes from those of the comparisons, ``minimum(m_1, m_2)``. Empty
        where the threshold is not made of comparisons.
    """
    nodes, sides = program.update.nodes, list[tuple[int, int]]()

    def text(place: int) -> str:
        node = nodes[place]
        if node.operation in ("and", "or"):
            name = "minimum" if node.operation == "and" else "maximum"
            return f"{name}({', '.join(text(o) for o in node.operands)})"
        found = _compared(node)
        if found is None:
            raise _NoMarginError
        sides.append(found)
        return f"m_{len(sides)}"

    try:
        return sides, text(_spike_and_held(program)[0])
    except _NoMarginError:
        return [], ""


def _spike_and_held(program: Program) -> tuple[int, int | None]:
    """Return the nodes of the threshold, and of what says that a cell is refractory."""
    block = program.update
    mask = next(w.node for w in block.writes if w.target == "spiked")
    spike = block.nodes[mask].operands[0]
    if program.refractory_kind == "none":
        return spike, None
    spike, free = block.nodes[spike].operands
    return spike, block.nodes[free].operands[0]


def _compared(node: Node) -> tuple[int, int] | None:
    """Return the greater and the smaller side of a comparison that holds, None for another node."""
    if node.operation not in ("gt", "ge", "lt", "le"):
        return None
    left, right = node.operands
    return (left, right) if node.operation in ("gt", "ge") else (right, left)


class _Reversal:
    """The state of one reversal."""

    def __init__(self, program: Program, surrogate: Surrogate, reset: Reset,
                 with_respect_to: frozenset[str], inputs: frozenset[str]) -> None:  # fmt: skip
        if program.anchor is not None:
            raise EquationError(
                f"{program.name}: with crossing='exact' cells have no steps to go back through",
                mend="take surrogate='exact', or a model with crossing='grid'",
            )
        self.program, self.surrogate, self.reset = program, surrogate, reset
        self.inputs = self._checked(inputs)
        self.wanted = prepared_from(program, with_respect_to)
        self._refuse_whole_steps(with_respect_to)
        self.graph = Graph()
        self.taken = {a.name for a in program.arrays} | set(program.numbers)
        self.taken |= {str(n.payload) for n in program.prepare.nodes}
        self.added: list[Array] = []
        self.bar: dict[str, str] = {}
        self.bar_spike: str | None = None
        self.slope = self.scale = ""

    def _checked(self, inputs: frozenset[str]) -> tuple[str, ...]:
        known = [a.name for a in self.program.arrays if a.role == "input"]
        for name in sorted(inputs - set(known)):
            meant = did_you_mean(name, known)
            raise UnknownNameError(
                f"{self.program.name} has no input {name!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend="its inputs are: " + (", ".join(known) or "none"),
            )
        return tuple(name for name in known if name in inputs)

    def _refuse_whole_steps(self, parameters: frozenset[str]) -> None:
        for name in sorted(without_derivative(self.program, parameters)):
            raise EquationError(
                f"{self.program.name}: {name} says for how long a cell is refractory, which "
                "has no derivative here",
                mend="leave it out of what is differentiated by or trained, or find it by trying "
                'values: rb.fit_parameters(..., optimizer="differential_evolution")',
            )

    # -- the step, once more --------------------------------------------------------------

    def result(self) -> Reverse:
        program, graph = self.program, self.graph
        update = splice(graph, program.update, {})
        written = {w.target: update[w.node] for w in program.update.writes}
        states = {name: written.get(name) or self._element(name) for name in program.states}
        after = self._reset(states)
        spikes, why = self._spike(update, states, after)
        backward = Backward(graph, {*program.states, *self.inputs, *self.wanted})
        sections = tuple(graph.sections)
        self._seed(backward, states, after, spikes)
        backward.run(sections)
        return self._finished(backward, why)

    def _element(self, name: str) -> Value:
        return self.graph.leaf("element", name, Level.ELEMENT, hint=name)

    def _reset(self, states: Mapping[str, Value]) -> dict[str, Value]:
        """Return what a spike makes of the states that it changes."""
        block = self.program.on_spike
        if block is None:
            return {}
        writes = tuple(w for w in block.writes if w.target in states)
        block = replace(block, writes=writes).pruned()
        place = splice(self.graph, block, states)
        return {w.target: place[w.node] for w in block.writes}

    # -- spikes ---------------------------------------------------------------------------

    def _spike(self, update: list[Value], states: Mapping[str, Value],
               after: Mapping[str, Value]) -> tuple[_Spikes | None, str]:  # fmt: skip
        """Return what is known of the threshold, or why there is no derivative of spikes."""
        if self.program.on_spike is None:
            return None, f"{self.program.name} has no threshold, so it never spikes"
        if self.surrogate.kind == "none":
            return None, ""
        node, refractory = _spike_and_held(self.program)
        held = None if refractory is None else update[refractory]
        self._shared_scale()
        try:
            margin, parts = self._margin(node, update, states, after)
        except _NoMarginError as problem:
            self.scale = ""
            return None, str(problem)
        return _Spikes(margin, parts, held), ""

    def _shared_scale(self) -> None:
        """Read the scale of the user, if there is one."""
        graph = self.graph
        self.given: Value | None = None
        if self.surrogate.scale is not None:
            self.scale = self._fresh("surrogate_scale")
            self.given = graph.leaf("number", self.scale, Level.SHARED, hint=self.scale)

    def _margin(self, place: int, update: list[Value], states: Mapping[str, Value],
                after: Mapping[str, Value]) -> tuple[Value, list[_Part]]:  # fmt: skip
        """Return how far above the threshold a cell is, in units of scales, and of what.

        Of two conditions joined by `and` the one with the smaller margin decides, by `or` the one
        with the larger.
        """
        graph, node = self.graph, self.program.update.nodes[place]
        if node.operation in ("and", "or"):
            (a, of_a), (b, of_b) = (self._margin(o, update, states, after) for o in node.operands)
            first = graph.compare("<=" if node.operation == "and" else ">=", a, b)
            parts = [one.where(graph, first) for one in of_a]
            parts += [one.where(graph, graph.invert(first)) for one in of_b]
            return graph.select(first, a, b), parts
        sides = _compared(node)
        if sides is None:
            raise _NoMarginError(
                f"the threshold of {self.program.name} is no comparison such as v > V_T, "
                "and a surrogate needs the distance from it"
            )
        left, right = update[sides[0]], update[sides[1]]
        scale = self.given or _Gap(graph, left, right).after_reset(states, after)
        if scale is None:
            raise _NoMarginError(
                f"no reset of {self.program.name} brings it away from its threshold, so that "
                "nothing says how wide the surrogate is: give it a scale, as in "
                f"rb.gradients.Surrogate({self.surrogate.kind!r}, scale=0.01) for 10 mV"
            )
        margin = ((left - right) / scale).named("m")
        return margin, [_Part(left, right, scale)]

    def _seed(self, backward: Backward, states: Mapping[str, Value], after: Mapping[str, Value],
              spikes: _Spikes | None) -> None:  # fmt: skip
        """Add the bars that are given: of the states after the reset, and of the spike."""
        graph = self.graph
        self.bar = {name: self._new(f"bar_{name}", f"d loss/d {name}") for name in states}
        graph.section("reverse of the reset")
        spiked = self._spiked() if after else None
        through: Value | None = None
        for name, value in states.items():
            bar = self._element(self.bar[name])
            if spiked is None or name not in after:
                backward.add(value, bar)
                continue
            backward.add(after[name], graph.select(spiked, bar, 0.0))
            backward.add(value, graph.select(spiked, 0.0, bar))
            change = bar * (after[name] - value)
            through = change if through is None else through + change
        if spikes is None:
            return
        graph.section(f"surrogate of the spike: {self.surrogate.kind}")
        self.bar_spike = self._new("bar_spike", "d loss/d spike")
        total = self._element(self.bar_spike)
        if self.reset == "through" and through is not None:
            total = total + through
        curve = self._curve(spikes.margin)
        for part in spikes.parts:
            bar = (total * (curve / part.scale)).called("bar_margin")
            if part.decides is not None:
                bar = graph.select(part.decides, bar, 0.0)
            if spikes.held is not None:
                bar = graph.select(spikes.held, 0.0, bar)
            plain = spikes.held is None and part.decides is None
            backward.add(part.left, bar, plain)
            backward.add(part.right, -bar, plain)

    def _spiked(self) -> Value:
        flag = self.graph.leaf("element", "spiked", Level.ELEMENT, kind="int")
        zero = self.graph.leaf("scalar", "zero", Level.STEP, kind="int")
        return self.graph.compare("!=", flag, zero).named("was_spike")

    def _curve(self, margin: Value) -> Value:
        """Return the surrogate's derivative of the spike by the margin in units of the scale."""
        graph = self.graph
        self.slope = self._fresh("surrogate_slope")
        slope = graph.leaf("number", self.slope, Level.SHARED, hint=self.slope)
        return Scope(graph, {"m": margin, "slope": slope}, {}, {}).number(
            parse_expression(self.surrogate.text)
        )

    # -- the end --------------------------------------------------------------------------

    def _fresh(self, wish: str) -> str:
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    def _new(self, wish: str, note: str) -> str:
        name = self._fresh(wish)
        self.added.append(Array(name, "adjoint", note))
        return name

    def _finished(self, backward: Backward, why: str) -> Reverse:
        graph, writes = self.graph, {}
        zero = graph.constant(0.0)
        graph.section("bars of what was before the step")
        for name, array in self.bar.items():
            bar = backward.of(name) or zero
            if bar.index != self._element(array).index:
                writes[array] = bar
        bar_input = {name: self._new(f"bar_{name}", f"d loss/d {name}") for name in self.inputs}
        for name, array in bar_input.items():
            writes[array] = backward.of(name) or zero
        total: dict[str, str] = {}
        for name in sorted(self.wanted):
            part = backward.of(name)
            if part is not None:
                total[name] = self._new(f"total_{name}", f"d loss/d {name}, summed over steps")
                writes[total[name]] = self._element(total[name]) + part
        # one loop: what the forward part leaves to the reverse is more than loops should exchange
        block = replace(graph.finish("map", writes, since=backward.size), whole=True)
        program = self._program(block)
        stored = tuple(
            a.name for a in program.arrays if a.role in _STORED or a.name == "spiked"
        )  # fmt: skip
        return Reverse(program, stored, self.bar, self.bar_spike, bar_input, total, why)

    def _program(self, block: Block) -> Program:
        program = self.program
        reads = block.reads()
        draws = program.draws if any(d.array in reads for d in program.draws) else ()
        needed = reads | {d.array for d in draws} | ({"key"} if draws else set())
        arrays = [a for a in program.arrays if a.name in needed]
        constants = {
            name: value
            for name, value in ((self.slope, self.surrogate.steepness),
                                (self.scale, self.surrogate.scale or 0.0)) if name
        }  # fmt: skip
        return check(Program(
            name=f"{program.name}_reversed", method=program.method, reason="the reverse of a step",
            arrays=(*arrays, *self.added), numbers=(*program.numbers, *constants),
            number_notes=(*program.number_notes, *("of the surrogate" for _ in constants)),
            prepare=_with_constants(program.prepare, reads | set(program.numbers), constants),
            update=block, on_spike=None, ports={}, observe={}, draws=draws, spiking=False,
            crossing=program.crossing, refractory_kind="none", held=frozenset(),
            mutable=frozenset(),
        ))  # fmt: skip


@dataclass(frozen=True)
class _Spikes:
    """A cell spikes where the margin is above 0 and it is not held."""

    margin: Value
    parts: list[_Part]
    held: Value | None


@dataclass
class _Part:
    """One comparison of a threshold, left > right; where it decides, None for always."""

    left: Value
    right: Value
    scale: Value
    decides: Value | None = None

    def where(self, graph: Graph, condition: Value) -> _Part:
        """Return the comparison, to decide only where a condition holds too."""
        both = condition if self.decides is None else graph.both(condition, self.decides)
        return replace(self, decides=both)


class _NoMarginError(Exception):
    """A threshold has no distance from it."""


class _Gap:
    """How far from its threshold a cell is, as nodes of a graph."""

    def __init__(self, graph: Graph, left: Value, right: Value) -> None:
        self.graph, self.left, self.right = graph, left, right

    def after_reset(self, states: Mapping[str, Value], after: Mapping[str, Value]) -> Value | None:
        """Return by how much the reset takes a cell from the threshold, None where it does not.

        Where it sets a variable of the threshold (v = V_r), that is the distance after it;
        where it adds to one (v -= V_T), the distance it goes.
        """
        read = self._between(states)
        changed = [name for name in after if states[name].index in read]
        if not changed:
            return None
        there = {states[name].index: value for name, value in after.items()}
        gap = self._again(self.left, there) - self._again(self.right, there)
        nodes = tuple(self.graph.nodes)
        added = all(
            states[n].index in needed_by(nodes, (Write("", after[n].index),)) for n in changed
        )
        if added:
            gap = gap - (self.left - self.right)
        return self.graph.call("abs", gap).named("gap")

    def _between(self, states: Mapping[str, Value]) -> set[int]:
        """Return the states after the step that the threshold reads."""
        ends = {value.index for value in states.values()}
        found, stack = set[int](), [self.left.index, self.right.index]
        while stack:
            index = stack.pop()
            if index in ends:
                found.add(index)
            else:
                stack.extend(self.graph.nodes[index].operands)
        return found

    def _again(self, value: Value, there: dict[int, Value]) -> Value:
        """Compute a side of the threshold with other states."""
        if value.index in there:
            return there[value.index]
        node = value.node
        operands = [self._again(Value(self.graph, o), there) for o in node.operands]
        indices = tuple(o.index for o in operands)
        if indices == node.operands:
            return value
        level = max((o.level for o in operands), default=node.level)
        return self.graph.copy(replace(node, operands=indices, level=level, hint=""))


def _with_constants(prepare: Block, kept: frozenset[str] | set[str],
                    constants: Mapping[str, float]) -> Block:  # fmt: skip
    """Return a prepare block that writes what is kept of it, and constants."""
    writes = tuple(w for w in prepare.writes if w.target in kept)
    block = replace(prepare, writes=writes).pruned()
    count = len(block.nodes)
    nodes = tuple(
        Node("constant", (), float(value), "float", Level.LITERAL, name)
        for name, value in constants.items()
    )
    added = tuple(Write(name, count + k) for k, name in enumerate(constants))
    return replace(block, nodes=(*block.nodes, *nodes), writes=(*block.writes, *added))
