"""The exponential step of one equation that is linear in its own variable.

For dx/dt = a*x + b with a and b held during a step h,
x(t + h) = x + (a*x + b)*h*exprel(a*h), with exprel(z) = (exp(z) - 1)/z: exact, and smooth at
a = 0.
"""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.program import Level
from rheobase.lowering.system import Note, System
from rheobase.lowering.translate import Scope


def exponential_step(system: System, name: str, scope: Scope, h: Value) -> Value:
    """Return the state after a step h, coefficients taken from the scope."""
    graph = system.graph
    linear = system.own_linear(name)
    assert linear is not None  # the methods that call this refuse other systems
    graph.section(system.model.equation(name).text)
    a = scope.number(linear.coefficient).called(f"a_{name}")
    b = scope.number(linear.rest).called(f"b_{name}")
    x = system.x[name]
    system.notes.append(Note("linear", name, scope, {"a": a, "b": b, "h": h}))
    if a.node.operation == "constant" and a.node.payload == 0.0:
        return x + h * b
    if max(a.level, h.level) <= Level.CELL:
        decay = graph.call("exp", a * h).named(f"decay_{name}")
        if b.node.operation == "constant" and b.node.payload == 0.0:
            return graph.without_subnormals(decay * x)
        gain = (h * graph.call("exprel", a * h)).named(f"gain_{name}")
        return decay * x + gain * b
    return x + (a * x + b) * (h * graph.call("exprel", a * h))
