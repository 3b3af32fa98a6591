"""Cells that go from event to event: `crossing="exact"`.

Between two events (a spike of its own, an arrival, the end of refractoriness, a change of an
input) every variable of such a cell follows a closed form, and so does the moment at which
it crosses its threshold. A cell is kept as it was at its last event: the *anchors* of its
variables and inputs and the time `anchored`; what it is at another time is computed from them,
so that no error accumulates and the length of a step does not matter.

For dx/dt = a*x + b with a and b constant between events,

    x(s) = x + (a*x + b)*s*exprel(a*s)                       (x*exp(a*s) where b is 0)

after a time s, and c is crossed upwards, if a*x + b > 0 and a*c + b > 0, after

    s = log1p(a*(c - x)/(a*x + b))/a                         ((c - x)/b where a is 0).

x may be driven by one variable y that decays, as a voltage by a synaptic current: then k*y times
(exp(r*s) - exp(a*s))/(r - a) is added, and the crossing, which has no formula, is found to
rounding by iteration (`rheobase.rendering.crossings.first_crossing`).

Blocks of a program of this kind read the time of the event from the number `event_time`, in
seconds since the start of the network, which the engine sets. Products and sums are not fused:
the same formula must give the same bits in every block that it is part of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rheobase.errors import EquationError
from rheobase.language.expressions import (
    Call,
    Compare,
    Expr,
    Name,
    names_in,
    rebuild,
    to_text,
)
from rheobase.language.model import Model, Statement
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.calculus import ONE, ZERO, linear_form, minus
from rheobase.lowering.program import Array, Block, Level, Port
from rheobase.lowering.spikes import apply_statements
from rheobase.lowering.system import is_noise
from rheobase.lowering.translate import Scope

EVENT_TIME = "event_time"
"""The number that holds the time of the event."""
NEVER = 1e300
"""The time of a crossing that does not come, in seconds."""
LINEAR = 'write crossing="linear", which takes any equation and interpolates inside the step'


def anchor(name: str) -> str:
    """Return the array that holds a variable or input as it was at the last event."""
    return f"anchor_{name}"


@dataclass(frozen=True)
class Course:
    """dx/dt = rate*x + rest + gain*driver, all but driver and x constant between events."""

    rate: Expr
    rest: Expr
    driver: str = ""
    gain: Expr = ZERO


@dataclass(frozen=True)
class Lowered:
    """The blocks of a model whose cells go from event to event."""

    update: Block
    on_spike: Block
    anchor: Block
    predict: Block
    ports: dict[str, Port] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """A cell as a block sees it: values of variables, when they held, and refractoriness."""

    scope: Scope
    states: Mapping[str, Value]
    time: Value
    until: Value | None


class Events:
    """Lowers a model to blocks over events.

    Parameters
    ----------
    model
        The model; its crossing is "exact".
    right, threshold
        Right-hand sides and threshold, with the names of draws for rand() and randn().
    drawn
        Those names.
    held_names
        The variables that refractoriness holds.
    new_scope
        Returns a scope over a new block, everything read from its array.

    Raises
    ------
    EquationError
        A line has no closed form.
    """

    def __init__(self, model: Model, right: Mapping[str, Expr], threshold: Expr,
                 drawn: frozenset[str], held_names: frozenset[str],
                 new_scope: Callable[[], Scope]) -> None:  # fmt: skip
        self.model, self.right, self.threshold = model, right, threshold
        self.drawn, self.held_names, self.new_scope = drawn, held_names, new_scope
        self.states = tuple(e.name for e in model.differential)
        self.inputs = tuple(e.name for e in model.inputs) + tuple(model.time_functions)
        self._refuse_options()
        self.courses = {name: self._course(name) for name in self.states}
        for name, course in self.courses.items():
            self._check_driver(name, course)
        self.variable, self.level = self._crossed()

    # -- what has a closed form -----------------------------------------------------------

    def _refuse_options(self) -> None:
        model = self.model
        if model.method not in ("auto", "exact"):
            raise EquationError(
                f'crossing="exact" solves the equations itself, and method="{model.method}" '
                "is asked for",
                mend='leave method away, or write crossing="linear"',
            )
        if model.refractory_kind == "condition" and model.refractory is not None:
            raise EquationError(
                f'crossing="exact": the end of refractory="{to_text(model.refractory)}" has no '
                "closed form",
                mend='write a duration, refractory=5*ms, or crossing="linear"',
            )

    @cached_property
    def _subexpressions(self) -> dict[str, Expr]:
        return {e.name: self.right[e.name] for e in self.model.subexpressions}

    def _refusal(self, line: str, why: str) -> EquationError:
        return EquationError(
            f'crossing="exact": `{line}` has no closed form between events: {why}', mend=LINEAR
        )

    def _fixed(self, expression: Expr, line: str) -> None:
        """Refuse what changes between events."""
        names = names_in(expression)
        if any(is_noise(name) for name in names):
            raise self._refusal(line, "it contains white noise")
        if names & self.drawn:
            raise self._refusal(line, "it draws random numbers in every step")
        if "t" in names:
            raise self._refusal(line, "it depends on t")

    def _course(self, name: str) -> Course:
        line = self.model.equation(name).text
        expression = self._inlined(self.right[name])
        self._fixed(expression, line)
        others = sorted((names_in(expression) & set(self.states)) - {name})
        form = linear_form(expression, frozenset({name, *others}))
        if form is None:
            raise self._refusal(line, f"it is not linear in {' and '.join([name, *others])}")
        if len(others) > 1:
            raise self._refusal(
                line, f"it depends on {' and '.join(others)}, and at most one may drive {name}"
            )
        driver = others[0] if others else ""
        return Course(form[0].get(name, ZERO), form[1], driver, form[0].get(driver, ZERO))

    def _check_driver(self, name: str, course: Course) -> None:
        """Refuse to be driven by anything but a variable that decays to 0 on its own."""
        if not course.driver:
            return
        own, line = self.courses[course.driver], self.model.equation(name).text
        if own.driver or own.rest != ZERO or own.rate == ZERO or course.rate == ZERO:
            raise self._refusal(
                line, f"it depends on {course.driver}, and both would have to decay by "
                f"themselves, as d{course.driver}/dt = -{course.driver}/tau does",
            )  # fmt: skip

    def _inlined(self, expression: Expr) -> Expr:
        return self._held_currents(self.new_scope().inline(expression))

    def _held_currents(self, expression: Expr) -> Expr:
        """Return an expression that reads a current over time, drive(t), as what is held."""
        if isinstance(expression, Call) and expression.function in self.model.time_functions:
            return Name(expression.function, expression.span)
        return rebuild(expression, self._held_currents)

    def _crossed(self) -> tuple[str, Expr]:
        """Return the variable of the threshold, and the negative of the level it has to cross."""
        assert isinstance(self.threshold, Compare)  # the model refuses others with this crossing
        line = f"threshold: {to_text(self.threshold)}"
        gap = self._inlined(minus(self.threshold.left, self.threshold.right))
        self._fixed(gap, line)
        form = linear_form(gap, frozenset(self.states))
        read = sorted(names_in(gap) & set(self.states))
        if not read:
            raise self._refusal(line, "it reads no variable of the equations")
        if len(read) > 1:
            raise self._refusal(
                line, f"it reads {' and '.join(read)}, which change each its own way"
            )
        if form is None or form[0].get(read[0]) != ONE:
            raise self._refusal(line, f"it is not of the form {read[0]} > c")
        return read[0], form[1]

    # -- formulas -------------------------------------------------------------------------

    def _coefficients(self, name: str, scope: Scope) -> tuple[Value | None, Value | None]:
        course = self.courses[name]
        rate = None if course.rate == ZERO else scope.number(course.rate).called(f"rate_{name}")
        rest = None if course.rest == ZERO else scope.number(course.rest).called(f"drive_{name}")
        return rate, rest

    def _slope(self, name: str, scope: Scope, x: Value) -> Value:
        rate, rest = self._coefficients(name, scope)
        if rate is None:
            return rest if rest is not None else scope.graph.constant(0.0)
        return rate * x if rest is None else rate * x + rest

    def _after(self, name: str, scope: Scope, x: Value, elapsed: Value,
               driver: Value | None = None) -> Value:  # fmt: skip
        """Return a variable some time after it was x, and what drives it was `driver`."""
        graph = scope.graph
        graph.section(self.model.equation(name).text)
        if driver is not None:
            gain, rates = self._drive(name, scope, driver)
            alone = elapsed * graph.call("exprel", rates[0] * elapsed)
            driven = gain * graph.call("response", elapsed, *rates)
            return x + (self._slope(name, scope, x) * alone + driven)
        rate, rest = self._coefficients(name, scope)
        if rate is None:
            return x if rest is None else x + rest * elapsed
        if rest is None:
            return x * graph.call("exp", rate * elapsed)
        gain = elapsed * graph.call("exprel", rate * elapsed)
        return x + self._slope(name, scope, x) * gain

    def _drive(self, name: str, scope: Scope, driver: Value) -> tuple[Value, tuple[Value, Value]]:
        """Return the slope that comes from the driver, and the rates of both variables."""
        course = self.courses[name]
        own = scope.number(course.rate).called(f"rate_{name}")
        other = scope.number(self.courses[course.driver].rate).called(f"rate_{course.driver}")
        return scope.number(course.gain) * driver, (own, other)

    def _driver(self, name: str, moment: Moment, waited: Value) -> Value | None:
        """Return what drives a variable, some time after the moment."""
        driver = self.courses[name].driver
        if not driver:
            return None
        if driver in self.held_names:
            return moment.states[driver]
        return self._after(driver, moment.scope, moment.states[driver], waited)

    def _stored(self) -> Moment:
        """Return a cell as it was at its last event, over a new block."""
        scope = self.new_scope()
        graph = scope.graph
        held = {n: graph.leaf("element", anchor(n), Level.ELEMENT, hint=anchor(n))
                for n in (*self.states, *self.inputs)}  # fmt: skip
        scope = scope.at({**held, **self._now(scope)})
        states = {name: held[name] for name in self.states}
        time = graph.leaf("element", "anchored", Level.ELEMENT, hint="anchored")
        return Moment(scope, states, time, self._until(graph))

    def _now(self, scope: Scope) -> dict[str, Value]:
        """Return the meaning of t at an event."""
        prepared = scope.graph.prepared or scope.graph
        start = prepared.leaf("number", "start", Level.SHARED, hint="start")
        return {"t": self._time(scope.graph) + start}

    def _time(self, graph: Graph) -> Value:
        return graph.leaf("number", EVENT_TIME, Level.STEP, hint=EVENT_TIME)

    def _until(self, graph: Graph) -> Value | None:
        if self.model.refractory_kind != "duration":
            return None
        return graph.leaf("element", "held_until", Level.ELEMENT, hint="held_until")

    def _at(self, moment: Moment, time: Value) -> dict[str, Value]:
        """Return the variables at a time at or after the moment."""
        graph = moment.scope.graph
        elapsed = time - moment.time
        waited, before = elapsed, graph.constant(0.0)
        if moment.until is not None and self.held_names:
            graph.section("refractoriness holds until it ends")
            begin = graph.call("maximum", moment.time, moment.until)
            waited, before = graph.call("maximum", time - begin, 0.0), begin - moment.time
        now = {}
        for name, x in moment.states.items():
            held = name in self.held_names
            driver = self._driver(name, moment, before if held else graph.constant(0.0))
            went_on = waited if held else elapsed
            now[name] = self._after(name, moment.scope, x, went_on, driver).called(f"{name}_now")
        return now

    def _crossing(self, moment: Moment) -> Value:
        """Return when the threshold is crossed, NEVER if it is not."""
        graph, scope, name = moment.scope.graph, moment.scope, self.variable
        x, begin = moment.states[name], moment.time
        driver = self._driver(name, moment, graph.constant(0.0))
        if moment.until is not None:
            begin = graph.call("maximum", begin, moment.until).called("free_from")
            if name not in self.held_names:
                x = self._after(name, scope, x, begin - moment.time, driver)
            driver = self._driver(name, moment, begin - moment.time)
        assert isinstance(self.threshold, Compare)
        graph.section(f"threshold: {to_text(self.threshold)}")
        level = graph.negate(scope.number(self.level)).called("level")
        over = graph.compare(self.threshold.operator, x, level)
        slope = self._slope(name, scope, x)
        if slope.level < Level.ELEMENT:  # a condition is worked out in every cell
            slope = slope + (x - x)
        gap = level - x
        if driver is not None:
            gain, rates = self._drive(name, scope, driver)
            there = begin + graph.call("first_crossing", gap, slope, gain, *rates)
            return graph.select(over, begin, there).called("crosses_at")
        rises = graph.call("minimum", slope, self._slope(name, scope, level)) > 0.0
        wait = gap / slope
        rate = self._coefficients(name, scope)[0]
        if rate is not None:
            bend = rate * wait
            curved = graph.call("log1p", bend) / rate
            wait = graph.select(graph.compare("!=", bend, 0.0), curved, wait)
        there = begin + graph.call("maximum", wait, 0.0)
        return graph.select(over, begin, graph.select(rises, there, NEVER)).called("crosses_at")

    def _anchored(self, scope: Scope, states: Mapping[str, Value], until: Value | None,
                  ) -> dict[str, Value]:  # fmt: skip
        """Return what a block writes that leaves a cell as it is at the event."""
        moment = Moment(scope, states, self._time(scope.graph), until)
        writes = {anchor(name): value for name, value in states.items()}
        writes["crossing_time"] = self._crossing(moment)
        writes["anchored"] = moment.time
        return writes

    # -- blocks ---------------------------------------------------------------------------

    def lower(self) -> Lowered:
        """Return the blocks."""
        ports = {name: self._port(name, s) for name, s in self.model.receives.items()}
        return Lowered(self._update(), self._on_spike(), self._anchor(), self._predict(), ports)

    def _update(self) -> Block:
        """Compute the variables at the time of the event; change nothing else."""
        moment = self._stored()
        graph = moment.scope.graph
        now = self._at(moment, self._time(graph))
        graph.section("nan and infinity: x - x is not 0")
        total = graph.constant(0.0)
        for value in now.values():
            total = total + (value - value)
        bad = graph.compare("!=", total, 0.0).called("bad")
        mask = graph.operate("flag", (bad,), kind="int").called("mask")
        return graph.finish("map", {**now, "spiked": mask}, fuse=False)

    def _anchor(self) -> Block:
        """Take the variables and inputs as they stand for those at the time of the event."""
        scope = self.new_scope()
        graph = scope.graph
        scope = scope.at(self._now(scope))
        states = {name: scope.values[name] for name in self.states}
        writes = self._anchored(scope, states, self._until(graph))
        writes |= {anchor(name): scope.values[name] for name in self.inputs}
        return graph.finish("map", writes, fuse=False)

    def _predict(self) -> Block:
        """Work out again when the threshold is crossed."""
        moment = self._stored()
        writes = {"crossing_time": self._crossing(moment)}
        return moment.scope.graph.finish("map", writes, fuse=False)

    def _on_spike(self) -> Block:
        """Reset a cell at the time of the event."""
        moment = self._stored()
        scope, graph = moment.scope, moment.scope.graph
        values = self._values(moment)
        writes = self._applied(moment, self.model.reset, values)
        after = scope.at(values)
        until = moment.until
        now = self._time(graph)
        if self.model.refractory is not None and until is not None:
            graph.section(f"refractory for {to_text(self.model.refractory)}")
            until = now + graph.call("maximum", after.number(self.model.refractory), 0.0)
            writes["held_until"] = until.named("until")
        writes |= {name: values[name] for name in self.states}
        writes |= self._anchored(after, {n: values[n] for n in self.states}, until)
        graph.section("time of the last spike")
        writes["last_spike"] = after.values["t"]
        return graph.finish("on-event", writes, fuse=False)

    def _port(self, name: str, statements: tuple[Statement, ...]) -> Port:
        """Let a spike arrive at the time of the event."""
        moment = self._stored()
        scope, graph = moment.scope, moment.scope.graph
        values = self._values(moment)
        before = dict(values)
        values["weight"] = graph.leaf("scalar", "weight", Level.ELEMENT, hint="weight")
        writes = self._applied(moment, statements, values)
        if moment.until is not None:
            graph.section("arrivals at what refractoriness holds are lost")
            free = self._time(graph) >= moment.until
            for held in sorted(self.held_names & writes.keys()):
                kept = graph.select(free, values[held], before[held]).called(f"{held}_after")
                values[held] = writes[held] = kept
        after = scope.at(values)
        writes |= {n: values[n] for n in self.states}
        writes |= self._anchored(after, {n: values[n] for n in self.states}, moment.until)
        return Port(name, event=True, block=graph.finish("deliver", writes, fuse=False))

    def _applied(self, moment: Moment, statements: tuple[Statement, ...],
                 values: dict[str, Value]) -> dict[str, Value]:  # fmt: skip
        """Run statements on `values`, and return what they wrote.

        What is written counts as different in every cell, even if it is a parameter: else the
        crossing would be worked out in `prepare`, with divisions in place of products with
        reciprocals, and `predict` would not find the same bits.
        """
        graph = moment.scope.graph
        writes = apply_statements(moment.scope.at(values), statements, values, {})
        always = graph.compare("==", moment.time, moment.time)
        for name, value in writes.items():
            if value.level < Level.ELEMENT:
                values[name] = writes[name] = graph.select(always, value, value)
        return writes

    def _values(self, moment: Moment) -> dict[str, Value]:
        """Return what statements may read and write, at the time of the event."""
        elements = {n: v for n, v in moment.scope.values.items() if v.node.operation == "element"}
        return {**elements, **self._at(moment, self._time(moment.scope.graph))}

    def arrays(self) -> list[Array]:
        """Return the arrays that cells of this kind need besides variables and parameters."""
        found = [Array("spiked", "spiked", "bit 1: a state is not finite")]
        found += [Array(anchor(n), "anchor", f"{n} at the last event")
                  for n in (*self.states, *self.inputs)]  # fmt: skip
        found.append(Array("anchored", "anchor", "time of the last event, s"))
        found.append(Array("crossing_time", "anchor", "time of the next crossing, s"))
        if self.model.refractory_kind == "duration":
            found.append(Array("held_until", "anchor", "end of refractoriness, s"))
        found.append(Array("last_spike", "last_spike", "time of the last spike, s"))
        return found
