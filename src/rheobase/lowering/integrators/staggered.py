"""Staggered exponential steps: second order for voltages with gates or conductances.

The gates live half a step behind the voltage. From m(t - dt/2) and the rates at v(t) the exact
step gives m(t + dt/2); with these gates in the middle of the step, the exact step of v from t
to t + dt is of second order. Variables that depend on nothing else (synaptic conductances that
rise and decay) stay on the grid, and v takes their value in the middle of the step. The first
step of a network moves the gates by dt/2 only, so that the whole method is of second order from
any initial state. The cost is that of exponential Euler.

Source: Hines (1984), Int. J. Biomed. Comput. 15:69-76, with exponential steps for Crank-Nicolson's.
"""

from __future__ import annotations

from rheobase.language.expressions import Expr, names_in
from rheobase.lowering.builder import Value
from rheobase.lowering.calculus import ZERO, linear_form
from rheobase.lowering.integrators.exact import coupled, propagate_some
from rheobase.lowering.integrators.exponential import exponential_step
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.program import Level
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """Gates over a step at v(t), then the grid variables with the gates in the middle."""
    graph, dt = system.graph, system.dt
    gates = half_step_variables(system)
    alone = independent(system)
    new: dict[str, Value] = {}
    first = graph.compare("<", graph.leaf("scalar", "step_number", Level.STEP), 1.0)
    h = graph.select(first, 0.5 * dt, dt).named("gate_step") if gates else dt
    for name in system.states:
        if name in gates:
            new[name] = exponential_step(system, name, system.scope, h)
    whole, half = steps_on_grid(system, alone)
    scope = system.at({name: new[name] for name in gates} | half, 0.5)
    new |= whole
    for name in system.states:
        if name not in new:
            new[name] = exponential_step(system, name, scope, dt)
    return new


def steps_on_grid(
    system: System, alone: frozenset[str]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return variables that stay on the grid after the step, and in the middle of it."""
    dt = system.dt
    whole: dict[str, Value] = {}
    half: dict[str, Value] = {}
    for group in groups(system, alone):
        if len(group) > 1:
            whole |= propagate_some(system, group, dt, "")
            half |= propagate_some(system, group, 0.5 * dt, "_half")
            continue
        (name,) = group
        whole[name] = exponential_step(system, name, system.scope, dt)
        half[name] = exponential_step(system, name, system.scope, 0.5 * dt)
    return whole, half


def independent(system: System) -> frozenset[str]:
    """Variables stepped exactly: linear, with fixed coefficients, in themselves and each other.

    So are conductances with one exponential, and those with a rise and a decay. What a spike
    resets or refractoriness holds is none, unless it reads no other variable.
    """
    moved = {s.target for s in system.model.reset} | system.held_names
    found = set(system.states)
    while True:
        fine = {n for n in found if closed(system, n, found, n not in moved)}
        if fine == found:
            break
        found = fine
    if len(found) == len(system.states):  # all: then what there is to stagger is these
        found = {n for n in found if not system.depends(n)}
    return frozenset(found)


def closed(system: System, name: str, among: set[str], chained: bool) -> bool:
    """Whether an equation is linear in variables of a set, with fixed coefficients."""
    others = system.depends(name)
    if others and not (chained and others <= among):
        return False
    form = linear_form(system.drift(name), others | {name})
    if form is None or "t" in names_in(form[1]):
        return False
    return all(system.scope.fixed(coefficient) for coefficient in form[0].values())


def groups(system: System, names: frozenset[str]) -> list[tuple[str, ...]]:
    """Divide variables into groups that do not read each other, in order of writing."""
    ordered = tuple(n for n in system.states if n in names)
    reads: dict[str, dict[str, Expr]] = {
        n: dict.fromkeys(sorted(system.depends(n)), ZERO) for n in ordered
    }
    return [tuple(group) for group in coupled(ordered, reads)]


def on_grid(system: System) -> frozenset[str]:
    """Variables that must be known on the grid: in the threshold, reset, or with arrivals."""
    model = system.model
    named = {s.target for s in model.reset}
    for statements in model.receives.values():
        named |= {s.target for s in statements}
    if model.threshold is not None:
        named |= names_in(system.scope.inline(model.threshold))
    inputs = {e.name for e in model.inputs}
    named |= {n for n in system.states if names_in(system.right[n]) & inputs}
    return frozenset(named) & system.names


def half_step_variables(system: System) -> frozenset[str]:
    """Return the variables that are kept half a step behind; empty where there are none."""
    return colouring(system) or frozenset()


def colouring(system: System) -> frozenset[str] | None:
    """Colour the variables so that none depends on another of its own colour.

    Returns those to be kept half a step behind, or None where there is no such colouring.
    """
    rest = [n for n in system.states if n not in independent(system)]
    near = {n: {m for m in rest if m in system.depends(n) or n in system.depends(m)}
            for n in rest}  # fmt: skip
    required = on_grid(system)
    gates: set[str] = set()
    colour: dict[str, bool] = {}
    for root in rest:
        if root in colour:
            continue
        colour[root] = False
        component, stack = [root], [root]
        while stack:
            name = stack.pop()
            for other in near[name]:
                if other not in colour:
                    colour[other] = not colour[name]
                    component.append(other)
                    stack.append(other)
                elif colour[other] == colour[name]:
                    return None
        late = {n for n in component if colour[n]}
        if late & required:
            late = set(component) - late
        if late & required:
            return None
        gates |= late
    return frozenset(gates)


def refuses(system: System) -> str | None:
    """Refuse systems that are not linear equation by equation or cannot be staggered."""
    name = system.not_own_linear
    if name is not None:
        return f"d{name}/dt is not linear in {name}"
    gates = colouring(system)
    if gates is None:
        return (
            "its variables do not fall into two groups, each depending only on the other "
            "(voltage and gates)"
        )
    alone = independent(system)
    if not gates and not any(system.depends(n) & alone for n in system.states):
        return "no variable depends on another: 'exponential_euler' does the same"
    return None


STAGGERED = register(Method(
    "staggered", 2, "staggered exponential steps: gates half a step behind the voltage", step,
    refuses=refuses, staggered=half_step_variables,
))  # fmt: skip
