"""Lowering: a synapse, placed on an input of a cell, becomes the programs of its two events."""

from __future__ import annotations

from collections.abc import Mapping

from rheobase.errors import EquationError
from rheobase.language.definitions import DIFFERENTIAL, SUBEXPRESSION, Statement
from rheobase.language.expressions import Expr, Name, Unary, calls_in, names_in, substitute
from rheobase.language.model import Model
from rheobase.language.parsing import CALL
from rheobase.language.synapse import Synapse
from rheobase.lowering.builder import Graph, Operand, Value
from rheobase.lowering.calculus import ZERO
from rheobase.lowering.lower import describe
from rheobase.lowering.program import Block, Level, Port
from rheobase.lowering.synapse_domains import (
    Group,
    find_domains,
    find_groups,
    inlined,
    refuse_own_values,
)
from rheobase.lowering.synapse_program import DELIVERED, Coupled, SynapseArray, SynapseProgram
from rheobase.lowering.system import is_noise
from rheobase.lowering.translate import Scope

POST = "_post"


def arriving(variable: str) -> str:
    """Return the name of the accumulator of arrivals at a variable of the cell."""
    return f"arriving_{variable}"


def lower_synapse(
    synapse: Synapse, model: Model, port: Port, per_cell: frozenset[str] = frozenset()
) -> SynapseProgram:
    """Lower a synapse for the input of a cell.

    Parameters
    ----------
    synapse
        The checked synapse.
    model
        The model of the cell it is placed on.
    port
        The input that it delivers to, lowered.
    per_cell
        Parameters of the model with a value for each cell.

    Raises
    ------
    EquationError
        An equation of the synapse is not linear with constant coefficients, or what it reads of
        the cell cannot be read there.
    """
    return _Lowering(synapse, model, port, per_cell).program()


class _Lowering:
    """The state of one lowering."""

    def __init__(self, synapse: Synapse, model: Model, port: Port,
                 per_cell: frozenset[str]) -> None:  # fmt: skip
        self.synapse, self.model, self.port, self.per_cell = synapse, model, port, per_cell
        self.prepared = Graph()
        self.groups = find_groups(synapse)
        self.each = frozenset(synapse.per_synapse)
        self.domains = find_domains(synapse, self.groups, self.each)
        self.arrays: dict[str, SynapseArray] = {}
        self.coupled: dict[str, tuple[dict[tuple[str, str], Value], dict[str, Value]]] = {}
        self.post: dict[str, str] = {}  # name of the cell's with _post -> how it is read
        self.subexpressions: dict[str, Expr] = {
            e.name: e.expression for e in synapse.subexpressions if e.expression is not None
        }
        self.parameters = {"dt": Level.SHARED} | {
            e.name: Level.SHARED
            for e in synapse.equations
            if e.kind not in (DIFFERENTIAL, SUBEXPRESSION)
            and e.name not in synapse.variables
            and e.name not in self.each
        }
        self._find_post()

    # -- what is read of the cell ---------------------------------------------------------

    def _find_post(self) -> None:
        """Find out how every variable of the cell that is read is stored."""
        wanted: list[str] = []
        synapse = self.synapse
        for statement in (*synapse.on_pre, *synapse.on_post, *synapse.on_reward):
            wanted += sorted(names_in(inlined(self.synapse, statement.expression)))
        for statement in self.model.receives[self.port.name]:
            wanted += sorted(f"{n}{POST}" for n in names_in(statement.expression)
                             if n in self.model.names)  # fmt: skip
        while wanted:
            name = wanted.pop()
            if not name.endswith(POST) or name in self.post or name in self.subexpressions:
                continue
            own = name.removesuffix(POST)
            equation = self.model.equation(own)
            if equation.kind == SUBEXPRESSION:
                assert equation.expression is not None
                self._refuse_unreadable(own, equation.expression)
                self.subexpressions[name] = self.of_cell(equation.expression)
                wanted += sorted(names_in(self.subexpressions[name]))
            elif equation.kind == DIFFERENTIAL or own in self.model.written_parameters or (
                "input" in equation.flags or own in self.model.time_functions
            ) or own in self.per_cell:  # fmt: skip
                self.post[name] = "array"
            else:
                self.post[name] = "number"
                self.parameters[name] = Level.SHARED

    def _refuse_unreadable(self, name: str, expression: Expr) -> None:
        random = calls_in(expression) & {"rand", "randn"}
        noise = {n for n in names_in(expression) if is_noise(n)}
        if random or noise or names_in(expression) & {"i", "N"}:
            raise EquationError(
                f"{self.synapse.name}: {name} of {self.model.name} cannot be read by a synapse: "
                f"it is computed from {', '.join(sorted(random | noise)) or 'the cell number'}",
                mend=f"read a state of the cell instead of {name}{POST}",
            )

    def of_cell(self, expression: Expr) -> Expr:
        """Return an expression of the cell in the names a synapse has for it."""
        names = names_in(expression) & set(self.model.names)
        return substitute(expression, {n: Name(f"{n}{POST}") for n in names})

    # -- values ---------------------------------------------------------------------------

    def leaf(self, graph: Graph, name: str, domain: str, role: str, outer: str,
             note: str = "") -> Value:  # fmt: skip
        """Read an array; what is the same for the whole slice (or cell) is read once."""
        self.arrays.setdefault(name, SynapseArray(name, domain, role, note))  # type: ignore[arg-type]
        once = domain in _ONCE[outer]
        return graph.leaf("element", name, Level.STEP if once else Level.ELEMENT, hint=name)

    def scope(self, outer: str) -> Scope:
        """Return the scope of an event: every variable as it is at the present step."""
        graph = Graph(self.prepared)
        step = graph.leaf("scalar", "step_number", Level.STEP)
        dt = self.prepared.leaf("number", "dt", Level.SHARED, hint="dt")
        start = self.prepared.leaf("number", "start", Level.SHARED, hint="start")
        values: dict[str, Value] = {"t": (dt * step + start).named("t")}
        values["reward"] = graph.leaf("scalar", "reward", Level.STEP)
        values["weight"] = self.leaf(graph, "weight", "synapse", "variable", outer)
        for name in sorted(self.each):
            values[name] = self.leaf(graph, name, "synapse", "parameter", outer)
        for name, how in self.post.items():
            if how == "array":
                values[name] = self.leaf(graph, name, "cell", "cell", outer)
        scope = Scope(graph, values, self.subexpressions, self.parameters)
        for group in self.groups:
            values |= self.now(scope, group, step, dt, outer)
        return scope.at(values)

    def now(self, scope: Scope, group: Group, step: Value, dt: Value,
            outer: str) -> dict[str, Value]:  # fmt: skip
        """Return the variables of a group, integrated from their last write to this step."""
        graph = scope.graph
        held = {}
        for name in group.variables:
            note = self.synapse.equation(name).text
            held[name] = self.leaf(graph, name, self.domains[name], "variable", outer, note)
        if not group.moves:
            return held
        graph.section(", ".join(f"{self.synapse.equation(v).text}" for v in group.variables))
        last = self.leaf(graph, group.last, self.domains[group.name], "last", outer)
        lag = (step - last).called(f"steps_{group.name}")
        if len(group.variables) > 1:
            return self.coupled_now(scope, group, lag, held)
        (name,) = group.variables
        rate, rest = group.matrix.get((name, name), ZERO), group.rest[name]
        if rate == ZERO:
            value = held[name] + lag * (scope.number(rest) * dt)
            return {name: value.named(f"{name}_now")}
        z = lag * (scope.number(rate) * dt).called(f"rate_{name}")
        value = graph.call("exp", z) * held[name]
        if rest != ZERO:
            gain = graph.call("exprel", z)
            value = value + lag * gain * (scope.number(rest) * dt).called(f"gain_{name}")
        return {name: value.named(f"{name}_now")}

    def coupled_now(self, scope: Scope, group: Group, lag: Value,
                    held: dict[str, Value]) -> dict[str, Value]:  # fmt: skip
        """Return coupled variables, integrated together."""
        refuse_own_values(group, self.each)
        dt = self.prepared.leaf("number", "dt", Level.SHARED, hint="dt")
        if group.name not in self.coupled:
            entries = {
                (a, b): (scope.number(c) * dt).named(f"A_{a}_{b}")
                for (a, b), c in group.matrix.items()
            }
            rest = {
                a: (scope.number(c) * dt).named(f"b_{a}")
                for a, c in group.rest.items()
                if c != ZERO
            }
            self.coupled[group.name] = (entries, rest)
        graph = scope.graph
        operands: list[Operand] = [lag, *(held[v] for v in group.variables)]
        whole = graph.operate("advance", operands, kind="matrix", payload=(group.name,))
        return {
            name: graph.operate("component", (whole,), payload=(k,)).named(f"{name}_now")
            for k, name in enumerate(group.variables)
        }

    # -- events ---------------------------------------------------------------------------

    def event(self, outer: str, statements: tuple[Statement, ...]) -> tuple[Block, Block]:
        """Build the blocks of an event: for each synapse, and once."""
        scope = self.scope(outer)
        graph = scope.graph
        values = dict(scope.values)
        written: dict[str, Value] = {}
        sums: dict[str, Value] = {}
        for statement in statements:
            graph.section(statement.text)
            scope = scope.at(values)
            value = scope.number(statement.expression)
            if statement.operator == CALL:
                self.deliver(scope, value, sums)
            elif statement.target.endswith(POST):
                signed = value if statement.operator == "+=" else -value
                _add(sums, statement.target.removesuffix(POST), signed)
            else:
                value = _applied(statement, values[statement.target], value)
                values[statement.target] = written[statement.target] = value
        for group in self.groups:  # what is written, is written as a whole, at this step
            if group.moves and written.keys() & set(group.variables):
                for name in group.variables:
                    written[name] = values[name]
                written[group.last] = graph.leaf("scalar", "step_number", Level.STEP)
        once = {n: v for n, v in written.items() if self.domain_of(n) == _OWN[outer]}
        rest: dict[str, Value] = {n: v for n, v in written.items() if n not in once}
        for variable, value in sums.items():
            name = variable if variable == DELIVERED else arriving(variable)
            domain = "event" if variable == DELIVERED else "sum"
            self.arrays.setdefault(name, SynapseArray(name, domain, domain))  # type: ignore[arg-type]
            rest[name] = value
        return graph.finish("map", rest), graph.finish("map", once)

    def now_block(self) -> Block:
        """Build the block of what variables are at a step."""
        scope = self.scope("each")
        moving = [v for group in self.groups if group.moves for v in group.variables]
        return scope.graph.finish("map", {name: scope.values[name] for name in moving})

    def domain_of(self, name: str) -> str:
        """Return the domain of a variable, or of the step a group was last written in."""
        if name in self.domains:
            return self.domains[name]
        for group in self.groups:
            if group.last == name:
                return self.domains[group.name]
        return "synapse"

    def deliver(self, scope: Scope, value: Value, sums: dict[str, Value]) -> None:
        """Hand a weight to the port."""
        if self.port.event:
            _add(sums, DELIVERED, value)
            return
        at_port = scope.at({"weight": value})
        for statement in self.model.receives[self.port.name]:
            expression = self.of_cell(statement.expression)
            if statement.operator == "-=":
                expression = Unary("-", expression)
            _add(sums, statement.target, at_port.number(expression))

    # -- all together ---------------------------------------------------------------------

    def program(self) -> SynapseProgram:
        """Return the program."""
        on_pre, after_pre = self.event("row", self.synapse.on_pre)
        on_post, after_post = self.event("target", self.synapse.on_post)
        on_reward, _ = self.event("row", self.synapse.on_reward)
        now = self.now_block()
        coupled_values = {
            entry.node.hint.lstrip("?"): entry
            for entries, rest in self.coupled.values()
            for entry in (*entries.values(), *rest.values())
        }
        for entry in coupled_values.values():
            self.prepared.export(entry)
        blocks = (on_pre, after_pre, on_post, after_post, on_reward, now)
        reads = frozenset().union(*(b.reads() for b in blocks))
        needed = {v.index for v in coupled_values.values()}
        exports = [(n, Value(self.prepared, k)) for k, n in self.prepared.exports.items()
                   if n in reads or k in needed]  # fmt: skip
        written = {w.target for b in blocks for w in b.writes}
        kept = [a for a in self.arrays.values()
                if a.name in reads | written or a.role == "variable"]  # fmt: skip
        return SynapseProgram(
            name=self.synapse.name, arrays=tuple(kept), numbers=tuple(n for n, _ in exports),
            number_notes=tuple(describe(self.prepared, v) for _, v in exports),
            coupled=tuple(self._coupled(g) for g in self.groups if g.name in self.coupled),
            prepare=self.prepared.finish("prepare", dict(exports), fuse=False),
            on_pre=on_pre, after_pre=after_pre, on_post=on_post, after_post=after_post,
            on_reward=on_reward, now=now,
            domains={"weight": "synapse", **self.domains},
            groups={v: g.last for g in self.groups if g.moves for v in g.variables},
            event=self.port.event,
        )  # fmt: skip

    def _coupled(self, group: Group) -> Coupled:
        entries, rest = self.coupled[group.name]

        def names(values: Mapping[object, Value]) -> dict[object, str]:
            return {k: self.prepared.exports[v.index] for k, v in values.items()}

        return Coupled(group.name, group.variables, names(entries), names(rest))  # type: ignore[arg-type]


_OWN = {"row": "row", "target": "target"}
_ONCE = {"row": ("row",), "target": ("target", "cell"), "each": ()}
"""The domains that have one value for all synapses of an event."""


def _add(sums: dict[str, Value], name: str, value: Value) -> None:
    sums[name] = sums[name] + value if name in sums else value


def _applied(statement: Statement, old: Value, value: Value) -> Value:
    match statement.operator:
        case "+=":
            return old + value
        case "-=":
            return old - value
        case "*=":
            return old * value
        case "/=":
            return old / value
    return value
