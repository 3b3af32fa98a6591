"""The equations of a model as an integrator sees them.

`System` offers what a textbook writes: the states at the start of the step, dt, the slopes
f(x, t) at any stage, noise increments, and what is known about the structure of the right-hand
sides (linear in all states, in their own, additive noise).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rheobase.errors import EquationError
from rheobase.language.expressions import Call, Expr, Name, names_in, rebuild, to_text, walk
from rheobase.language.model import Model
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.calculus import ZERO, derivative, grows_with, linear_form
from rheobase.lowering.program import Draw, Level
from rheobase.lowering.translate import Scope

RANDOM = {"rand": "uniform", "randn": "normal"}


@dataclass(frozen=True)
class Linear:
    """dx/dt = coefficient*x + rest, for one state."""

    coefficient: Expr
    rest: Expr


@dataclass(frozen=True)
class Note:
    """What a method computed on the way to the states after the step, for those who explain it.

    Attributes
    ----------
    kind
        "slopes" (values: the slope of each state), "linear" (dx/dt = a*x + b over a time h),
        "propagator" (values: the factor of each state, and "" for what is added), "implicit"
        (values: the slope of each of the states that are solved for together, and "" for the time
        h), "noise" (values: the increment).
    name
        The state or noise, "" for slopes and implicit steps.
    scope
        What every name means there.
    fraction
        How far into the step it is, for slopes.
    label
        Tells apart what is computed for one state in several ways.
    """

    kind: str
    name: str
    scope: Scope
    values: Mapping[str, Value]
    fraction: float = 0.0
    label: str = ""


def is_noise(name: str) -> bool:
    """Whether a name stands for white noise: `xi` or `xi_something`."""
    return name == "xi" or name.startswith("xi_")


class System:
    """The differential equations of a model, ready to be stepped.

    Attributes
    ----------
    states
        Names of the differential variables, in order of writing.
    x
        Their values at the start of the step.
    dt
        The step, a prepared number.
    held
        Condition "refractory", or None; `held_names` are the variables it holds.
    notes
        What the method that is building the step has computed so far.
    """

    def __init__(self, model: Model, scope: Scope, right: Mapping[str, Expr], held: Value | None,
                 held_names: frozenset[str], draws: dict[str, Draw]) -> None:  # fmt: skip
        self.model = model
        self.scope = scope
        self.graph: Graph = scope.graph
        self.held = held
        self.held_names = held_names
        self.draws = draws
        self.states = tuple(e.name for e in model.differential)
        self.x = {name: scope.values[name] for name in self.states}
        prepared = self.graph.prepared or self.graph
        self.dt = prepared.leaf("number", "dt", Level.SHARED, hint="dt")
        self.written = right
        self.right = {name: scope.inline(right[name]) for name in self.states}
        self.notes: list[Note] = []

    # -- slopes ---------------------------------------------------------------------------

    @cached_property
    def names(self) -> frozenset[str]:
        """The differential variables as a set."""
        return frozenset(self.states)

    @cached_property
    def noises(self) -> tuple[str, ...]:
        """Names of the white noises, in order of writing."""
        found: dict[str, None] = {}
        for name in self.states:
            for node in walk(self.right[name]):
                if isinstance(node, Name) and is_noise(node.id):
                    found[node.id] = None
        return tuple(found)

    @cached_property
    def _split(self) -> dict[str, tuple[Expr, dict[str, Expr]]]:
        table: dict[str, tuple[Expr, dict[str, Expr]]] = {}
        for name in self.states:
            form = linear_form(self.right[name], frozenset(self.noises))
            if form is None:
                raise EquationError(
                    f"d{name}/dt = {to_text(self.right[name])} is not linear in its noise "
                    "(xi); white noise may only be multiplied by a factor and added, as in "
                    "sigma*sqrt(2/tau)*xi"
                )
            table[name] = (form[1], form[0])
        return table

    def drift(self, name: str) -> Expr:
        """Return the right-hand side without its noise."""
        return self._split[name][0]

    def noise_factors(self, name: str) -> dict[str, Expr]:
        """Return the factor of each noise in the equation of a state."""
        return self._split[name][1]

    @cached_property
    def additive(self) -> bool:
        """Whether no noise is multiplied by anything that the equations change."""
        return all(
            not names_in(factor) & self.names
            for name in self.states
            for factor in self.noise_factors(name).values()
        )

    @cached_property
    def holds_matter(self) -> bool:
        """Whether a variable that goes on depends on one that refractoriness holds."""
        return self.held is not None and any(
            names_in(self.right[name]) & self.held_names
            for name in self.states
            if name not in self.held_names
        )

    def at(self, x: Mapping[str, Value], fraction: float = 0.0) -> Scope:
        """Return the scope of a stage: states x, at a fraction of the step."""
        values = dict(x)
        if fraction and "t" in self.scope.values:
            values["t"] = self.scope.values["t"] + fraction * self.dt
        return self.scope.at(values)

    def slopes(self, x: Mapping[str, Value] | None = None, fraction: float = 0.0,
               ) -> dict[str, Value]:  # fmt: skip
        """Return f(x, t + fraction*dt) of every state; 0 for a held one that others read."""
        scope = self.scope if x is None else self.at(x, fraction)
        result: dict[str, Value] = {}
        for name in self.states:
            self.graph.section(self.model.equation(name).text)
            slope = scope.number(self.drift(name) if self.noises else self.written[name])
            if self.holds_matter and name in self.held_names and self.held is not None:
                slope = self.graph.select(self.held, 0.0, slope)
            result[name] = slope.called(f"slope_{name}")
        self.notes.append(Note("slopes", "", scope, result, fraction))
        return result

    def increment(self, noise: str) -> Value:
        """Return the increment of a noise over the step: a normal of variance dt."""
        prepared = self.graph.prepared or self.graph
        root = prepared.call("sqrt", self.dt).named("sqrt_dt")
        draw = Draw(f"draw_{noise}", "normal", noise)
        self.draws[noise] = draw
        normal = self.graph.leaf("draw", (draw.array, draw.law), Level.ELEMENT, hint=noise)
        made = (root * normal).named(f"d{noise}")
        self.notes.append(Note("noise", noise, self.scope, {noise: made}))
        return made

    def noise_terms(self, name: str, scope: Scope | None = None) -> Value | None:
        """Return sum(factor*increment) of a state, None where it has no noise."""
        total: Value | None = None
        for noise, factor in self.noise_factors(name).items():
            term = (scope or self.scope).number(factor) * self.increment(noise)
            total = term if total is None else total + term
        return total

    @property
    def together(self) -> tuple[tuple[str, ...], ...]:
        """Return groups of states that the method has solved for together, in its order."""
        groups = (tuple(n for n in note.values if n) for note in self.notes
                  if note.kind == "implicit")  # fmt: skip
        return tuple(dict.fromkeys(groups))

    # -- structure ------------------------------------------------------------------------

    def depends(self, name: str) -> frozenset[str]:
        """Return the other states that the equation of a state reads."""
        return (names_in(self.right[name]) & self.names) - {name}

    def own_linear(self, name: str) -> Linear | None:
        """Write the drift of a state as coefficient*x + rest, None where it is not linear."""
        form = linear_form(self.drift(name), frozenset({name}))
        return None if form is None else Linear(form[0].get(name, ZERO), form[1])

    @cached_property
    def not_own_linear(self) -> str | None:
        """The first state whose equation is not linear in itself."""
        return next((n for n in self.states if self.own_linear(n) is None), None)

    @cached_property
    def matrix(self) -> dict[str, tuple[dict[str, Expr], Expr]] | None:
        """Coefficients and rest of every state where the system is linear and fixed in a run."""
        table: dict[str, tuple[dict[str, Expr], Expr]] = {}
        for name in self.states:
            form = linear_form(self.drift(name), self.names)
            if form is None or not all(self.scope.fixed(c) for c in form[0].values()):
                return None
            if "t" in names_in(form[1]):
                return None
            table[name] = form
        return table

    def why_not_linear(self) -> str:
        """Say which equation is not linear with fixed coefficients."""
        for name in self.states:
            form = linear_form(self.drift(name), self.names)
            if form is None:
                return f"d{name}/dt is not linear in {', '.join(self.states)}"
            if not all(self.scope.fixed(c) for c in form[0].values()):
                return f"d{name}/dt has a coefficient that changes during a run"
            if "t" in names_in(form[1]):
                return f"d{name}/dt depends on t"
        return ""

    @cached_property
    def conductances(self) -> bool:
        """Whether a variable relaxes at a rate that others set, as voltages and gates do.

        Its equation is dx/dt = a*x + b, where a reads other variables and b is not 0. Such
        equations are stiff, and exponential steps are made for them.
        """
        for name in self.states:
            linear = self.own_linear(name)
            if linear is None or linear.rest == ZERO:
                continue
            if names_in(linear.coefficient) & (self.names - {name}):
                return True
        return False

    @cached_property
    def uncoupled(self) -> bool:
        """Whether no equation reads another variable or the time."""
        return not any(
            self.depends(name) or "t" in names_in(self.right[name]) for name in self.states
        )

    def unclipped_exponential(self) -> str | None:
        """Return an exp() that a stage beyond the threshold would blow up, or None.

        It grows with a variable that a spike resets, and nothing bounds its argument.
        """
        if self.model.threshold is None:
            return None
        reset = {s.target for s in self.model.reset} & self.names
        negative = {name: value < 0 for name, value in self.model.defaults.items()}
        for name in self.states:
            for node in walk(self.right[name]):
                if not isinstance(node, Call) or node.function not in ("exp", "expm1"):
                    continue
                argument = unclipped(node.arguments[0])
                for variable in names_in(argument) & reset:
                    if grows_with(argument, variable, negative):
                        return to_text(node)
        return None

    def noise_derivative(self, name: str, noise: str) -> Value | None:
        """Return g*dg/dx of a noise factor g of a state x, None where it is 0."""
        factor = self.noise_factors(name)[noise]
        slope = derivative(factor, name)
        if slope is None:
            raise EquationError(
                f"method 'milstein' needs the derivative of {to_text(factor)} by {name}, which "
                "is not known; use method='stochastic_heun'"
            )
        return None if slope == ZERO else self.scope.number(factor) * self.scope.number(slope)


def renamed(expression: Expr, context: str, draws: dict[str, Draw]) -> Expr:
    """Give every rand() and randn() of an expression the name of its own draw."""
    counter = [0]

    def visit(node: Expr) -> Expr:
        if isinstance(node, Call) and node.function in RANDOM:
            counter[0] += 1
            name = f"{node.function}_{context}_{counter[0]}"
            draws[name] = Draw(f"draw_{name}", RANDOM[node.function], name)  # type: ignore[arg-type]
            return Name(name, node.span)
        return rebuild(node, visit)

    return visit(expression)


def unclipped(expression: Expr) -> Expr:
    """Return an expression with what clip() and minimum() bound taken out."""
    bounded: dict[Expr, Name] = {}
    for index, node in enumerate(walk(expression)):
        if isinstance(node, Call) and node.function in ("clip", "minimum"):
            bounded[node] = Name(f"bounded_{index}")
    if not bounded:
        return expression
    return _replace(expression, bounded)


def _replace(expression: Expr, table: Mapping[Expr, Name]) -> Expr:
    if expression in table:
        return table[expression]
    return rebuild(expression, lambda part: _replace(part, table))
