"""The step of a membrane or receptor whose voltage is solved for elsewhere, with its neighbors.

Gates and all else that the voltage changes live half a step behind it, as in
`rheobase.lowering.integrators.staggered`: from x(t - dt/2) and the voltage at t an exponential step
gives x(t + dt/2). What nothing changes but itself (synaptic conductances that rise and decay)
stays on the grid. With all of them in the middle of the step, the slope of the voltage (or a
current) is written as ``a - b*v``: exactly where it is linear in v, else by its derivative at v(t),
which keeps the second order (one Newton step of the implicit rule).

Unlike there, variables half a step behind may read each other, as a calcium concentration that
currents feed and that opens channels. They are stepped one after the other, those that are read
first; of what has been stepped the mean of both ends counts, which is its value at t. Where they
read each other in a circle, each first goes half its step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rheobase.errors import EquationError
from rheobase.language.expressions import Binary, Expr, Name, Unary, names_in, substitute, to_text
from rheobase.lowering.builder import Value
from rheobase.lowering.calculus import ZERO, derivative, linear_form
from rheobase.lowering.integrators.exponential import exponential_step
from rheobase.lowering.integrators.implicit import implicit_step, linear_groups
from rheobase.lowering.integrators.staggered import closed, steps_on_grid
from rheobase.lowering.program import Level
from rheobase.lowering.system import Note, System
from rheobase.lowering.translate import Scope

ORDER = 2
SUMMARY = "gates half a step behind the voltage, which is solved for along the cable"


@dataclass(frozen=True)
class Stepped:
    """States after the step, and the scope in its middle, where only the voltage is that of t."""

    new: dict[str, Value]
    late: frozenset[str]
    middle: Scope


def step(system: System, voltage: str) -> Stepped:
    """Step every state but the voltage."""
    graph, dt = system.graph, system.dt
    if system.noises:
        raise EquationError(
            f"{system.model.name}: a membrane or receptor on a cable has no place for white noise "
            f"({', '.join(system.noises)}); inject a noisy current instead"
        )
    alone = on_grid(system, voltage)
    late = tuple(n for n in system.states if n != voltage and n not in alone)
    new: dict[str, Value] = {}
    if late:
        first = graph.compare("<", graph.leaf("scalar", "step_number", Level.STEP), 1.0)
        h = graph.select(first, 0.5 * dt, dt).named("gate_step")
        _step_late(system, late, h, new)
    whole, half = steps_on_grid(system, alone)
    return Stepped(new | whole, frozenset(late), system.at(new | half, 0.5))


def on_grid(system: System, voltage: str) -> frozenset[str]:
    """Variables stepped exactly on the grid: linear, with fixed coefficients, in each other."""
    found = set(system.states) - {voltage}
    while True:
        fine = {n for n in found if closed(system, n, found, True)}
        if fine == found:
            return frozenset(found)
        found = fine


# -- variables half a step behind ------------------------------------------------------------


def _step_late(system: System, late: tuple[str, ...], h: Value, new: dict[str, Value]) -> None:
    """Step the variables half a step behind over h, in order of who reads whom."""
    reads = {n: system.depends(n) & set(late) for n in late}
    present: dict[str, Value] = {}  # at t, of those that have been stepped
    for circle in _circles(late, reads):
        groups_ = linear_groups(system, tuple(circle))
        scope = system.at(present)
        if len(groups_) > 1:
            ahead = _step_groups(system, groups_, scope, 0.5 * h)
        for group in groups_:
            if len(groups_) > 1:
                others = {n: v for n, v in ahead.items() if n not in group}
                scope = system.at(present | others)
            new |= _step_groups(system, [group], scope, h)
        needed = frozenset().union(*reads.values()) & set(circle)
        present |= {n: 0.5 * (system.x[n] + new[n]) for n in circle if n in needed}


def _step_groups(system: System, divided: list[tuple[str, ...]], scope: Scope,
                 h: Value) -> dict[str, Value]:  # fmt: skip
    """Step groups that are linear in themselves, each alone."""
    new: dict[str, Value] = {}
    for group in divided:
        if len(group) > 1:
            new |= implicit_step(system, group, scope, h)
        else:
            new[group[0]] = rosenbrock_step(system, group[0], scope, h)
    return new


def rosenbrock_step(system: System, name: str, scope: Scope, h: Value) -> Value:
    """Return a variable after a step h; where it is not linear in itself, by its derivative.

    x + f(x)*h*exprel(f'(x)*h): the exponential Rosenbrock-Euler rule, of second order.
    """
    if system.own_linear(name) is not None:
        return exponential_step(system, name, scope, h)
    graph, right = system.graph, system.right[name]
    slope = derivative(right, name)
    if slope is None:
        raise EquationError(f"d{name}/dt = {to_text(right)}: its derivative by {name} is not known")
    graph.section(system.model.equation(name).text)
    a, f = scope.number(slope).called(f"slope_of_{name}"), scope.number(right)
    system.notes.append(Note("linear", name, scope, {"a": a, "b": f - a * system.x[name], "h": h}))
    return system.x[name] + f * (h * graph.call("exprel", a * h))


def _circles(names: tuple[str, ...], reads: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Divide variables into circles that read each other; those that are read come first."""
    reach = {n: set(reads[n]) for n in names}
    changed = True
    while changed:
        changed = False
        for name in names:
            wider = reach[name].union(*(reach[o] for o in reach[name]))
            changed = changed or wider != reach[name]
            reach[name] = wider
    rest, order = list(names), []
    while rest:
        ready = next(n for n in rest if reach[n] & set(rest) <= {n, *_circle(n, rest, reach)})
        circle = [n for n in rest if n == ready or n in _circle(ready, rest, reach)]
        order.append(circle)
        rest = [n for n in rest if n not in circle]
    return order


def _circle(name: str, among: list[str], reach: Mapping[str, set[str]]) -> set[str]:
    return {o for o in among if o in reach[name] and name in reach[o]}


# -- linear in the voltage ---------------------------------------------------------------------


def linear_in(expression: Expr, voltage: str, scope: Scope) -> tuple[Value, Value]:
    """Return (a, b) with ``expression = a - b*v``, about the present v where it is not linear."""
    whole = _written_out(expression, voltage, scope)
    slope, rest = _affine(whole, voltage, scope)
    return rest, -slope


def _written_out(expression: Expr, voltage: str, scope: Scope) -> Expr:
    """Return an expression with those subexpressions written out that read the voltage."""
    while True:
        known = scope.subexpressions
        found = {
            n: known[n] for n in names_in(expression) & known.keys()
            if voltage in names_in(scope.inline(known[n]))
        }  # fmt: skip
        if not found:
            return expression
        expression = substitute(expression, found)


def _affine(expression: Expr, v: str, scope: Scope) -> tuple[Value, Value]:
    """Return (slope, rest) with ``expression = slope*v + rest``, term by term."""
    graph = scope.graph
    if v not in names_in(expression):
        return graph.constant(0.0), scope.number(expression)
    if isinstance(expression, Unary) and expression.operator == "-":
        slope, rest = _affine(expression.operand, v, scope)
        return -slope, -rest
    if isinstance(expression, Binary):
        left, right, operator = expression.left, expression.right, expression.operator
        if operator in ("+", "-"):
            first, second = _affine(left, v, scope), _affine(right, v, scope)
            if operator == "+":
                return first[0] + second[0], first[1] + second[1]
            return first[0] - second[0], first[1] - second[1]
        if operator == "*" and v not in names_in(left):
            factor, (slope, rest) = scope.number(left), _affine(right, v, scope)
            return factor * slope, factor * rest
        if operator in ("*", "/") and v not in names_in(right):
            (slope, rest), factor = _affine(left, v, scope), scope.number(right)
            if operator == "*":
                return slope * factor, rest * factor
            return slope / factor, rest / factor
    form = linear_form(expression, frozenset({v}))
    if form is not None:
        return scope.number(form[0].get(v, ZERO)), scope.number(form[1])
    by_v = derivative(expression, v)
    if by_v is None:
        raise EquationError(
            f"{to_text(expression)}: how it changes with {v} is not known, which solving for the "
            f"voltage needs; write it in functions of the language"
        )
    slope = scope.number(by_v)
    return slope, scope.number(expression) - slope * scope.number(Name(v))
