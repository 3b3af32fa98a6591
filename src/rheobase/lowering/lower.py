"""Lowering: a model becomes the program of one step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rheobase import units
from rheobase.errors import EquationError
from rheobase.language.expressions import Expr, calls_in, to_text
from rheobase.language.model import Model
from rheobase.lowering import spikes
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.delivery import lower_port
from rheobase.lowering.events import EVENT_TIME, Events
from rheobase.lowering.integrators import Method, choose
from rheobase.lowering.program import Array, Block, Draw, Level, Port, Program, check
from rheobase.lowering.system import RANDOM, System, renamed
from rheobase.lowering.translate import Scope


def lower(
    model: Model,
    per_cell: frozenset[str] = frozenset(),
    observed: frozenset[str] = frozenset(),
    method: str | None = None,
) -> Program:
    """Lower a model to the program of one step.

    Parameters
    ----------
    model
        The checked model.
    per_cell
        Parameters with a value for each cell; the others are shared by the population.
    observed
        Subexpressions that are recorded.
    method
        Integrator, in place of the model's own.

    Raises
    ------
    EquationError
        The method does not exist or must not be used for these equations.
    """
    return Lowering(model, per_cell, observed, method or model.method).program()


Named = tuple[str, Value]


@dataclass(frozen=True)
class Built:
    """The update under construction: `new` states before the reset, and everything it writes."""

    system: System
    refractory: spikes.Refractoriness
    method: Method | None
    reason: str
    new: dict[str, Value]
    writes: dict[str, Value]

    @property
    def late(self) -> frozenset[str]:
        """The states that are kept half a step behind."""
        return frozenset() if self.method is None else self.method.staggered(self.system)


class Lowering:
    """The state of one lowering."""

    def __init__(self, model: Model, per_cell: frozenset[str], observed: frozenset[str],
                 method: str) -> None:  # fmt: skip
        self.model = model
        self.method_name = method
        self.observed = observed
        self.draws: dict[str, Draw] = {}
        self.mutable = model.written_parameters
        self.right = {e.name: self._renamed(e.expression, e.name)
                      for e in (*model.differential, *model.subexpressions)}  # fmt: skip
        self.threshold = (
            None if model.threshold is None else self._renamed(model.threshold, "threshold")
        )
        self.subexpressions: dict[str, Expr] = {
            e.name: self.right[e.name] for e in model.subexpressions
        }
        self.inputs = tuple(e.name for e in model.inputs) + tuple(model.time_functions)
        self.parameters = {
            e.name: Level.CELL if e.name in per_cell else Level.SHARED
            for e in model.parameter_equations
            if e.name not in self.mutable and e.name not in self.inputs
        }
        self.parameters |= {"N": Level.SHARED, "dt": Level.SHARED}
        self.held_names = frozenset(
            e.name for e in model.equations if "unless refractory" in e.flags
        )
        self.prepared = Graph()

    def _renamed(self, expression: Expr | None, context: str) -> Expr:
        assert expression is not None
        return renamed(expression, context, self.draws)

    # -- scopes ---------------------------------------------------------------------------

    def scope(self) -> Scope:
        """Return a scope over a new block, states at their stored values."""
        graph = Graph(self.prepared)
        states = [e.name for e in self.model.differential] + sorted(self.mutable)
        values: dict[str, Value] = {}
        for name in (*states, *self.inputs):
            values[name] = graph.leaf("element", name, Level.ELEMENT, hint=name)
        for name, draw in self.draws.items():
            values[name] = graph.leaf("draw", (draw.array, draw.law), Level.ELEMENT, hint=name)
        values["i"] = graph.leaf("scalar", "i", Level.ELEMENT)
        number = graph.leaf("scalar", "step_number", Level.STEP)
        values["t"] = (self.dt * number + self.prepared.leaf("number", "start", Level.SHARED,
                                                             hint="start")).named("t")  # fmt: skip
        return Scope(graph, values, self.subexpressions, self.parameters)

    @property
    def dt(self) -> Value:
        """The step."""
        return self.prepared.leaf("number", "dt", Level.SHARED, hint="dt")

    # -- blocks ---------------------------------------------------------------------------

    def update(self) -> tuple[Block, Built]:
        """Build the update; return it with all that led to it."""
        built = self.built()
        return replace(built.system.graph.finish("map", built.writes), first=built.late), built

    def built(self) -> Built:
        """Build everything the update writes."""
        model, scope = self.model, self.scope()
        refractory = spikes.refractoriness(model, scope, self.dt)
        system = System(model, scope, self.right, refractory.held, self.held_names, self.draws)
        if not system.states:
            return self._without_equations(system, refractory)
        method, reason = choose(system, self.method_name)
        new = spikes.hold(system, refractory, method.step(system))
        for name, value in new.items():
            value.named(f"{name}_new")
        writes = dict(new)
        bad = spikes.non_finite(system, new)
        self._spiking(system, refractory, scope.at(new), bad, writes)
        return Built(system, refractory, method, reason, new, writes)

    def _without_equations(self, system: System, refractory: spikes.Refractoriness) -> Built:
        writes: dict[str, Value] = {}
        bad = system.graph.compare("<", system.graph.leaf("scalar", "step_number", Level.STEP), 0.0)
        self._spiking(system, refractory, system.scope, bad, writes)
        return Built(system, refractory, None, "there are no differential equations", {}, writes)

    def _spiking(self, system: System, refractory: spikes.Refractoriness, after: Scope,
                 bad: Value, writes: dict[str, Value]) -> None:  # fmt: skip
        graph = system.graph
        if self.threshold is None:
            writes["spiked"] = graph.operate("flag", (bad,), kind="int").called("mask")
            return
        spike, offset = spikes.threshold(system, refractory, after, self.threshold)
        writes["spiked"] = graph.operate("mask", (spike, bad), kind="int").called("mask")
        if offset is not None:
            writes["offset"] = offset.named("offset")
        if self.model.refractory_kind == "condition" and refractory.held is not None:
            writes["refractory"] = refractory.held
        if refractory.rest is not None:
            writes["left"] = refractory.rest

    def on_spike(self) -> Block | None:
        """Build the block of the reset."""
        if self.model.threshold is None:
            return None
        self._refuse_random_reset()
        return spikes.on_spike(self.model, self.scope(), self.dt, {})

    def _refuse_random_reset(self) -> None:
        for statement in self.model.reset:
            self._refuse_random(statement.expression, statement.text, "reset")
        if self.model.refractory is not None:
            self._refuse_random(self.model.refractory, to_text(self.model.refractory), "refractory")

    def _refuse_random_arrivals(self, port: str) -> None:
        for statement in self.model.receives[port]:
            self._refuse_random(statement.expression, statement.text, f"receives {port!r}")

    def _refuse_random(self, expression: Expr, text: str, where: str) -> None:
        if calls_in(expression) & RANDOM.keys():
            raise EquationError(
                f"{where}: {text!r} draws a random number; draw it in the "
                "equations, for example 'jitter = rand() : 1', and write the name here"
            )

    def ports(self) -> dict[str, Port]:
        """Lower every entry of `receives`."""
        fixed = frozenset(self.parameters) | _constants(self.model)
        result: dict[str, Port] = {}
        for name in self.model.receives:
            self._refuse_random_arrivals(name)
            result[name] = lower_port(
                self.model, name, self.parameters, fixed, self.scope(), self.subexpressions
            )
        return result

    def observe(self) -> dict[str, Block]:
        """Build a block for each recorded subexpression."""
        blocks = {}
        for name in sorted(self.observed):
            scope = self.scope()
            scope.graph.section(self.model.equation(name).text)
            value = scope.number(self.subexpressions[name])
            blocks[name] = scope.graph.finish("map", {f"observed_{name}": value})
        return blocks

    # -- all together ---------------------------------------------------------------------

    def program(self) -> Program:
        """Return the checked program."""
        model = self.model
        if model.crossing == "exact":
            return self._from_events()
        update, built = self.update()
        on_spike = self.on_spike()
        ports = self.ports()
        observe = self.observe()
        blocks = [update, *observe.values()] + [p.block for p in ports.values() if p.block]
        if on_spike is not None:
            blocks.append(on_spike)
        reads = frozenset().union(*(b.reads() for b in blocks))
        shared, cell, prepare = self._prepare(blocks)
        used = [d for d in self.draws.values() if d.array in reads]
        return check(Program(
            name=model.name, method=built.method.name if built.method else "none",
            reason=built.reason,
            arrays=tuple(self._arrays([n for n, _ in cell], used, spikes.arrays(model))),
            numbers=tuple(n for n, _ in shared),
            number_notes=tuple(describe(self.prepared, v) for _, v in shared),
            prepare=prepare, update=update, on_spike=on_spike, ports=ports, observe=observe,
            draws=tuple(used), spiking=model.threshold is not None, crossing=model.crossing,
            refractory_kind=model.refractory_kind, held=self.held_names, mutable=self.mutable,
            staggered=built.late, together=built.system.together,
        ))  # fmt: skip

    def _from_events(self) -> Program:
        """Return the program of cells that go from event to event."""
        model = self.model
        assert self.threshold is not None  # the model refuses to be without, with this crossing
        self._refuse_random_reset()
        for port in model.receives:
            self._refuse_random_arrivals(port)
        events = Events(model, self.right, self.threshold, frozenset(self.draws),
                        self.held_names, self.scope)  # fmt: skip
        lowered = events.lower()
        observe = self.observe()
        shared, cell, prepare = self._prepare(
            [lowered.update, lowered.on_spike, lowered.anchor, lowered.predict, *observe.values(),
             *(p.block for p in lowered.ports.values() if p.block)]
        )  # fmt: skip
        notes = [describe(self.prepared, v) for _, v in shared]
        return check(Program(
            name=model.name, method="exact", reason="in closed form from event to event",
            arrays=tuple(self._arrays([n for n, _ in cell], [], events.arrays())),
            numbers=(*(n for n, _ in shared), EVENT_TIME),
            number_notes=(*notes, "of the event, s; set by the engine"),
            prepare=prepare, update=lowered.update, on_spike=lowered.on_spike,
            ports=lowered.ports, observe=observe, draws=(), spiking=True, crossing="exact",
            refractory_kind=model.refractory_kind, held=frozenset(), mutable=self.mutable,
            anchor=lowered.anchor, predict=lowered.predict,
        ))  # fmt: skip

    def _prepare(self, blocks: list[Block]) -> tuple[list[Named], list[Named], Block]:
        """Return what blocks read that is prepared, shared and of each cell, and what does so."""
        reads = frozenset().union(*(b.reads() for b in blocks))
        exports = [(n, Value(self.prepared, i)) for i, n in self.prepared.exports.items()
                   if n in reads]  # fmt: skip
        shared = [(n, v) for n, v in exports if v.level <= Level.SHARED]
        cell = [(n, v) for n, v in exports if v.level == Level.CELL]
        return shared, cell, self.prepared.finish("prepare", dict([*shared, *cell]), fuse=False)

    def _arrays(self, prepared: list[str], draws: list[Draw], spiking: list[Array]) -> list[Array]:
        model = self.model
        found = [Array(e.name, "state", e.text) for e in model.differential]
        found += [Array(n, "state", "changed by a reset or an arrival")
                  for n in sorted(self.mutable)]  # fmt: skip
        found += [Array(n, "input") for n in self.inputs]
        for name in prepared:
            known = name in self.parameters
            found.append(Array(name, "parameter" if known else "prepared"))
        found += spiking
        if draws:
            found.append(Array("key", "key", "seed, then the stream of each draw"))
        found += [Array(d.array, "draw", f"{d.law}, {d.site}") for d in draws]
        found += [Array(f"observed_{n}", "observed") for n in sorted(self.observed)]
        return found


def _constants(model: Model) -> frozenset[str]:
    return (frozenset(units.UNITS) | {"pi"}) - frozenset(e.name for e in model.equations)


_SYMBOLS = {"add": " + ", "sub": " - ", "mul": "*", "div": "/"}


def describe(graph: Graph, value: Value, depth: int = 0) -> str:
    """Write how a prepared number is computed, for the comments of the source."""
    node = value.node
    parts = [Value(graph, o) for o in node.operands]
    if node.operation == "constant":
        return f"{node.payload:g}"
    if node.operation in ("number", "element"):
        return str(node.payload)
    if depth and node.hint:
        return node.hint.lstrip("?")
    texts = [describe(graph, p, depth + 1) for p in parts]
    if node.operation == "propagator":
        return "exp(A*dt)"
    if node.operation == "entry":
        which, i, j = node.payload
        whole = "exp(A*dt)" if which == "P" else "integral of exp(A*s)"
        return f"{whole} [{i}, {j}]"
    if node.operation == "call":
        return f"{node.payload}({', '.join(texts)})"
    if node.operation == "neg":
        return f"-{texts[0]}"
    if node.operation in _SYMBOLS:
        return _SYMBOLS[node.operation].join(
            f"({t})"
            if (p.node.operation in ("add", "sub") and node.operation in ("mul", "div"))
            or (k == 1 and node.operation == "div" and p.node.operation in ("mul", "div"))
            else t
            for k, (t, p) in enumerate(zip(texts, parts, strict=True))
        )
    return f"{node.operation}({', '.join(texts)})"
