"""Threshold, reset, refractoriness and crossings inside a step.

What `update` does after the integrator: variables that refractoriness holds keep their value,
the threshold is looked at, and the mask of spiking (and non-finite) cells is written. What
`on_spike` does with the cells that spiked: the reset, in order, and the refractory period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rheobase.language.expressions import Compare, Expr, to_text
from rheobase.language.model import Model, Statement
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.program import Array, Block, Level
from rheobase.lowering.system import System
from rheobase.lowering.translate import Scope


@dataclass(frozen=True)
class Refractoriness:
    """What is known of a cell's refractoriness at the start of a step.

    Attributes
    ----------
    held
        The cell is refractory for the whole step; None where the model has none.
    left
        Linear crossings: the part of the step that is still refractory, in seconds, at most dt.
    rest
        Linear crossings: the refractory time left after this step, in seconds.
    """

    held: Value | None = None
    left: Value | None = None
    rest: Value | None = None


def refractoriness(model: Model, scope: Scope, dt: Value) -> Refractoriness:
    """Build the condition "refractory" of the update."""
    graph = scope.graph
    if model.refractory_kind == "none":
        return Refractoriness()
    if model.refractory_kind == "condition":
        assert model.refractory is not None
        graph.section(f"refractory as long as {to_text(model.refractory)}")
        flag = graph.leaf("element", "refractory", Level.ELEMENT, kind="int")
        zero = graph.leaf("scalar", "zero", Level.STEP, kind="int")
        was = graph.compare("!=", flag, zero)
        return Refractoriness(graph.both(was, scope.condition(model.refractory)).named("held"))
    graph.section("refractory")
    if model.crossing == "grid":
        release = graph.leaf("element", "release", Level.ELEMENT, kind="int")
        step = graph.leaf("scalar", "step", Level.STEP, kind="int")
        return Refractoriness(graph.compare("<", step, release).named("held"))
    left = graph.leaf("element", "left", Level.ELEMENT, hint="left")
    held = (left >= dt).named("held")
    rest = graph.select(held, left - dt, 0.0).named("left_after")
    return Refractoriness(held, graph.select(held, dt, left).called("left_now"), rest)


def hold(system: System, refractory: Refractoriness, new: Mapping[str, Value]) -> dict[str, Value]:
    """Keep `(unless refractory)` variables of refractory cells; integrate what is left of a step.

    Where refractoriness ends inside the step, a held variable takes one step over what is left,
    with the slope of the start of the step.
    """
    if refractory.held is None or not system.held_names:
        return dict(new)
    graph = system.graph
    slopes = system.slopes() if refractory.left is not None else {}
    result = dict(new)
    for name in system.states:
        if name not in system.held_names:
            continue
        free = new[name]
        if refractory.left is not None:
            graph.section(f"the rest of the step after refractoriness: {name}")
            rest = (system.dt - refractory.left).called("rest_of_step")
            part = system.x[name] + rest * slopes[name]
            free = graph.select(refractory.left > 0.0, part, free)
        free = free.called(f"{name}_free")
        result[name] = graph.select(refractory.held, system.x[name], free).named(f"{name}_new")
    return result


def non_finite(system: System, new: Mapping[str, Value]) -> Value:
    """Return the condition that a state is nan or infinite: then so is the sum, less itself."""
    system.graph.section("nan and infinity: x - x is not 0")
    total = new[system.states[0]]
    for name in system.states[1:]:
        total = total + new[name]
    return system.graph.compare("!=", total - total, 0.0).called("bad")


def threshold(system: System, refractory: Refractoriness, after: Scope, condition: Expr,
              ) -> tuple[Value, Value | None]:  # fmt: skip
    """Return whether a cell spikes and, for linear crossings, when inside the step.

    `condition` is the model's threshold, with draws in place of rand() and randn().
    """
    model, graph = system.model, system.graph
    assert model.threshold is not None
    graph.section(f"threshold: {to_text(model.threshold)}")
    spikes = after.condition(condition)
    if refractory.held is not None:
        spikes = graph.both(spikes, graph.invert(refractory.held))
    spikes = spikes.named("spike")
    if model.crossing == "grid":
        return spikes, None
    before_gap = _gap(condition, system.scope).called("gap_before")
    after_gap = _gap(condition, after).called("gap_after")
    fraction = graph.select(before_gap >= 0.0, 0.0, before_gap / (before_gap - after_gap))
    if refractory.left is None:
        return spikes, fraction * system.dt
    left = refractory.left
    return spikes, left + fraction * (system.dt - left)


def _gap(expression: Expr, scope: Scope) -> Value:
    """Return a - b of a threshold a > b."""
    assert isinstance(expression, Compare)  # the model refuses others with this crossing
    left, right = scope.number(expression.left), scope.number(expression.right)
    return left - right if expression.operator.startswith(">") else right - left


def apply_statements(scope: Scope, statements: tuple[Statement, ...], values: dict[str, Value],
                     renamed: Mapping[str, Expr]) -> dict[str, Value]:  # fmt: skip
    """Run statements in order on `values` (changed in place); return what they wrote."""
    graph = scope.graph
    written: dict[str, Value] = {}
    for statement in statements:
        graph.section(statement.text)
        scope = scope.at(values)
        value = scope.number(renamed.get(statement.text, statement.expression))
        old = values[statement.target]
        match statement.operator:
            case "+=":
                value = old + value
            case "-=":
                value = old - value
            case "*=":
                value = old * value
            case "/=":
                value = old / value
        values[statement.target] = written[statement.target] = value
    return written


def on_spike(model: Model, scope: Scope, dt: Value, renamed: Mapping[str, Expr]) -> Block:
    """Build the block that runs for the cells that spiked."""
    graph = scope.graph
    values = {n: v for n, v in scope.values.items() if v.node.operation == "element"}
    writes = apply_statements(scope, model.reset, values, renamed)
    after = scope.at(values)
    linear = model.crossing == "linear"
    offset = graph.leaf("element", "offset", Level.ELEMENT, hint="offset") if linear else None
    if model.refractory_kind == "condition":
        graph.section("refractory from now on")
        writes["refractory"] = graph.constant(1.0)
    elif model.refractory_kind == "duration":
        assert model.refractory is not None
        graph.section(f"refractory for {to_text(model.refractory)}")
        duration = after.number(model.refractory)
        if offset is not None:
            writes["left"] = graph.call("maximum", duration - (dt - offset), 0.0)
        else:
            writes["release"] = _rounded(graph, duration / dt).named("refractory_steps")
    graph.section("time of the last spike")
    time = scope.values["t"]
    writes["last_spike"] = time if offset is None else time + offset
    return graph.finish("on-event", writes)


def _rounded(graph: Graph, value: Value) -> Value:
    return graph.call("floor", value + 0.5)


def arrays(model: Model) -> list[Array]:
    """Return the arrays that spiking needs."""
    found = [Array("spiked", "spiked", "bit 0: spike, bit 1: a state is not finite")]
    if model.threshold is None:
        return found
    found.append(Array("last_spike", "last_spike", "time of the last spike, s"))
    if model.crossing == "linear":
        found.append(Array("offset", "offset", "time of the crossing inside the step, s"))
    if model.refractory_kind == "condition":
        found.append(Array("refractory", "refractory", "1 while the condition has held"))
    elif model.refractory_kind == "duration" and model.crossing == "linear":
        found.append(Array("left", "left", "refractory time left, s"))
    elif model.refractory_kind == "duration":
        found.append(Array("release", "release", "held in steps before this one"))
    return found
