"""What arriving spikes do: the statements of `receives`, lowered port by port."""

from __future__ import annotations

from collections.abc import Mapping

from rheobase.language.expressions import Expr, Name, Unary, calls_in, names_in
from rheobase.language.model import Model, Statement
from rheobase.lowering.builder import Graph, Value
from rheobase.lowering.program import Level, Port
from rheobase.lowering.spikes import apply_statements
from rheobase.lowering.translate import Scope


def accumulates(statement: Statement, fixed: frozenset[str]) -> bool:
    """Whether a statement is `x += f(weight, parameters)`, so that arrivals can be summed."""
    reads = names_in(statement.expression)
    random = calls_in(statement.expression) & {"rand", "randn"}
    return statement.operator in ("+=", "-=") and not random and not reads - fixed - {"weight"}


def lower_port(model: Model, name: str, parameters: Mapping[str, Level], fixed: frozenset[str],
               event_scope: Scope, subexpressions: Mapping[str, Expr]) -> Port:  # fmt: skip
    """Lower one entry of `receives`.

    Parameters
    ----------
    parameters
        Levels of the parameters that are fixed in a run.
    fixed
        Names that a summed statement may read besides `weight`.
    event_scope
        A scope over a fresh graph, for statements that run event by event.
    """
    statements = model.receives[name]
    targets = [s.target for s in statements]
    if all(accumulates(s, fixed) for s in statements) and len(set(targets)) == len(targets):
        weigh = {}
        identity = set()
        for statement in statements:
            expression = statement.expression
            if statement.operator == "-=":
                expression = Unary("-", expression)
            if expression == Name("weight"):
                identity.add(statement.target)
            graph = Graph()
            weight = graph.leaf("scalar", "weight", Level.ELEMENT, hint="weight")
            scope = Scope(graph, {"weight": weight}, subexpressions, parameters)
            value = scope.number(expression)
            weigh[statement.target] = graph.finish("weigh", {statement.target: value}, fuse=False)
        return Port(name, event=False, weigh=weigh, identity=frozenset(identity))
    graph = event_scope.graph
    values: dict[str, Value] = dict(event_scope.values)
    values["weight"] = graph.leaf("scalar", "weight", Level.ELEMENT, hint="weight")
    writes = apply_statements(event_scope.at(values), statements, values, {})
    return Port(name, event=True, block=graph.finish("deliver", writes))
