"""From expression trees to values of a block.

A `Scope` knows what every name means at one moment of a step: the start of it, or a stage of a
Runge-Kutta method. Subexpressions are computed where they are first needed. Rates such as
`0.1*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV)))` have a removable singularity; they are
recognised and computed through `bernoulli(u) = u/(exp(u) - 1)`, which is smooth there.
"""

from __future__ import annotations

from collections.abc import Mapping

from rheobase import units
from rheobase.errors import InternalError
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    names_in,
    substitute,
)
from rheobase.lowering.builder import Graph, Operand, Value
from rheobase.lowering.calculus import ratio
from rheobase.lowering.program import Level

CONSTANTS = {"pi": 3.141592653589793}


class Scope:
    """The meaning of every name at one moment.

    Parameters
    ----------
    graph
        The block being built.
    values
        Names that change during a run: states, inputs, draws, `t`.
    subexpressions
        Named expressions, computed in this scope when first read.
    parameters
        Levels of the parameters that are fixed in a run.
    """

    def __init__(self, graph: Graph, values: Mapping[str, Value],
                 subexpressions: Mapping[str, Expr], parameters: Mapping[str, Level],
                 ) -> None:  # fmt: skip
        self.graph = graph
        self.values = dict(values)
        self.subexpressions = subexpressions
        self.parameters = parameters
        self._computed: dict[str, Value] = {}

    def at(self, values: Mapping[str, Value]) -> Scope:
        """Return the scope with other values, as at a stage of a method."""
        return Scope(self.graph, {**self.values, **values}, self.subexpressions, self.parameters)

    def fixed(self, expression: Expr) -> bool:
        """Whether an expression reads nothing that changes during a run."""
        return all(self._fixed_name(name) for name in names_in(expression))

    def _fixed_name(self, name: str) -> bool:
        if name in self.values:
            return self.values[name].level <= Level.CELL
        if name in self.subexpressions:
            return self.fixed(self.subexpressions[name])
        return True

    def inline(self, expression: Expr) -> Expr:
        """Return an expression with the subexpressions written out."""
        while names_in(expression) & self.subexpressions.keys():
            expression = substitute(expression, self.subexpressions)
        return expression

    # -- values ---------------------------------------------------------------------------

    def number(self, expression: Expr) -> Value:
        """Compute an expression as a number; a condition counts 1 or 0."""
        value = self.value(expression)
        if value.node.kind == "bool":
            return self.graph.select(value, 1.0, 0.0)
        return value

    def condition(self, expression: Expr) -> Value:
        """Compute an expression as a condition; a number holds when it is not 0."""
        value = self.value(expression)
        if value.node.kind != "bool":
            return self.graph.compare("!=", value, 0.0)
        return value

    def value(self, expression: Expr) -> Value:
        """Compute an expression."""
        if isinstance(expression, Number):
            return self.graph.constant(expression.value)
        if isinstance(expression, Name):
            return self._name(expression.id)
        if isinstance(expression, Unary):
            if expression.operator == "not":
                return self.graph.invert(self.condition(expression.operand))
            return self.graph.negate(self.number(expression.operand))
        if isinstance(expression, Compare):
            left, right = self.number(expression.left), self.number(expression.right)
            return self.graph.compare(expression.operator, left, right)
        if isinstance(expression, Logical):
            left, right = self.condition(expression.left), self.condition(expression.right)
            join = self.graph.both if expression.operator == "and" else self.graph.either
            return join(left, right)
        if isinstance(expression, Binary):
            return self._binary(expression)
        return self._call(expression)

    def _name(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        if name in self.subexpressions:
            if name not in self._computed:
                self._computed[name] = self.value(self.subexpressions[name]).named(name)
            return self._computed[name]
        if name in self.parameters:
            prepared = self.graph.prepared or self.graph
            level = self.parameters[name]
            operation = "number" if level == Level.SHARED else "element"
            return prepared.leaf(operation, name, level, hint=name)
        if name in CONSTANTS:
            return self.graph.constant(CONSTANTS[name])
        if name in units.UNITS:
            return self.graph.constant(units.UNITS[name].scale)
        raise InternalError(f"the checked model reads {name!r}, which means nothing")

    def _binary(self, expression: Binary) -> Value:
        graph, operator = self.graph, expression.operator
        if operator == "**":
            return self._power(expression)
        if operator == "/":
            smooth = self._smooth_quotient(expression)
            if smooth is None:
                smooth = self._over_exprel(expression)
            if smooth is not None:
                return smooth
        left, right = self.number(expression.left), self.number(expression.right)
        match operator:
            case "+":
                return graph.add(left, right)
            case "-":
                return graph.subtract(left, right)
            case "*":
                return graph.multiply(left, right)
            case "/":
                return graph.divide(left, right)
            case "//":
                return graph.call("floor", graph.divide(left, right))
            case "%":
                return graph.call("mod", left, right)
        raise InternalError(f"unknown operator {operator!r}")

    def _power(self, expression: Binary) -> Value:
        base = self.number(expression.left)
        exponent = _literal(expression.right)
        if exponent is not None:
            if exponent == int(exponent) and abs(exponent) <= 64:
                return self.graph.power(base, int(exponent))
            if exponent == 0.5:
                return self.graph.call("sqrt", base)
            if exponent == -0.5:
                return self.graph.divide(1.0, self.graph.call("sqrt", base))
        return self.graph.call("power", base, self.number(expression.right))

    def _smooth_quotient(self, expression: Binary) -> Value | None:
        """k*u/(exp(u) - 1) as k*bernoulli(u), smooth at u = 0."""
        denominator = self.inline(expression.right)
        found = _one_minus_exp(denominator)
        if found is None:
            return None
        argument, sign = found
        varying = names_in(argument) - units.UNITS.keys()
        if not self.fixed(argument):
            varying = frozenset(n for n in varying if not self._fixed_name(n))
        factor = ratio(self.inline(expression.left), argument,
                       lambda part: not names_in(part) & varying)  # fmt: skip
        if factor is None:
            return None
        scale = self.graph.multiply(self.number(factor), sign)
        return self.graph.multiply(scale, self.graph.call("bernoulli", self.number(argument)))

    def _over_exprel(self, expression: Binary) -> Value | None:
        """x/exprel(u) as x*bernoulli(u): one division instead of two."""
        divisor = expression.right
        if not isinstance(divisor, Call) or divisor.function != "exprel":
            return None
        smooth = self.graph.call("bernoulli", self.number(divisor.arguments[0]))
        return self.graph.multiply(self.number(expression.left), smooth)

    def _call(self, expression: Call) -> Value:
        name, arguments = expression.function, expression.arguments
        if name in self.values and len(arguments) == 1:  # a current read at t
            return self.values[name]
        if name == "where":
            yes, no = self.number(arguments[1]), self.number(arguments[2])
            return self.graph.select(self.condition(arguments[0]), yes, no)
        operands: list[Operand] = [self.number(a) for a in arguments]
        if name == "int" and self.value(arguments[0]).node.kind == "bool":
            return self.number(arguments[0])
        return self.graph.call(name, *operands)


def _literal(expression: Expr) -> float | None:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Unary) and expression.operator == "-":
        inner = _literal(expression.operand)
        return None if inner is None else -inner
    if isinstance(expression, Binary) and expression.operator in ("/", "*"):
        left, right = _literal(expression.left), _literal(expression.right)
        if left is not None and right is not None and right != 0:
            return left / right if expression.operator == "/" else left * right
    return None


def _one_minus_exp(expression: Expr) -> tuple[Expr, float] | None:
    """Read exp(u) - 1 as (u, 1), 1 - exp(u) as (u, -1), and expm1(u)."""
    if isinstance(expression, Call) and expression.function == "expm1":
        return expression.arguments[0], 1.0
    if not isinstance(expression, Binary) or expression.operator not in ("-", "+"):
        return None
    left, right = expression.left, expression.right
    if expression.operator == "-" and isinstance(left, Call) and left.function == "exp":
        return (left.arguments[0], 1.0) if _literal(right) == 1.0 else None
    if expression.operator == "+" and isinstance(left, Call) and left.function == "exp":
        return (left.arguments[0], 1.0) if _literal(right) == -1.0 else None
    if expression.operator == "-" and isinstance(right, Call) and right.function == "exp":
        return (right.arguments[0], -1.0) if _literal(left) == 1.0 else None
    if expression.operator == "+" and isinstance(right, Call) and right.function == "exp":
        return (right.arguments[0], 1.0) if _literal(left) == -1.0 else None
    return None
