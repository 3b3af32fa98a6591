"""Expressions of one variable, written so that nothing overflows or cancels, and their derivatives.

The text of an activation says what is meant, not how it is computed best: ``1/(1 + exp(-x))``
overflows at -1000, ``1 - tanh(x)**2`` is 0 at 20. `steadied` puts functions in place of such
expressions that are the same on paper and good in floating point: `logistic`, `softplus`, `erfc`.
`differentiate` knows their derivatives; that of everything else is `rheobase.lowering.calculus`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Name,
    Number,
    Unary,
    names_in,
    rebuild,
    substitute,
    walk,
)
from rheobase.lowering import calculus
from rheobase.lowering.calculus import ONE, ZERO, plus, times

TWO = Number(2.0)


def negative(expression: Expr) -> Expr:
    """Return -expression, without a double minus."""
    if isinstance(expression, Unary) and expression.operator == "-":
        return expression.operand
    if isinstance(expression, Number):
        return Number(-expression.value)
    return Unary("-", expression)


def call(name: str, *arguments: Expr) -> Call:
    """Return a call of a function."""
    return Call(name, arguments)


# -- folding ---------------------------------------------------------------------------------


def folded(expression: Expr) -> Expr:
    """Return the expression tidied, with numbers in front of products and powers drawn together."""
    expression = rebuild(expression, folded)
    if not isinstance(expression, Binary):
        return calculus.tidy(expression)
    a, b = expression.left, expression.right
    if expression.operator == "*":
        return _product(a, b)
    if expression.operator == "**":
        return _power(a, b)
    if expression.operator == "/" and isinstance(a, Binary) and a.operator == "/" and a.right == b:
        return calculus.tidy(Binary("/", a.left, Binary("**", b, TWO)))
    return calculus.tidy(expression)


def _power(a: Expr, b: Expr) -> Expr:
    if b == ZERO:
        return ONE
    if b == TWO and isinstance(a, Unary):
        return Binary("**", a.operand, TWO)
    return a if b == ONE else Binary("**", a, b)


def _product(a: Expr, b: Expr) -> Expr:
    """Return a*b with its number in front, and its sign before that."""
    (left, x), (right, y) = _coefficient(a), _coefficient(b)
    value = left * right
    size = times(Number(abs(value)), times(x, y)) if value else ZERO
    return negative(size) if value < 0 else size


def _coefficient(expression: Expr) -> tuple[float, Expr]:
    """Return the number in front of an expression, and the rest."""
    if isinstance(expression, Number):
        return expression.value, ONE
    if isinstance(expression, Unary) and expression.operator == "-":
        value, rest = _coefficient(expression.operand)
        return -value, rest
    product = isinstance(expression, Binary) and expression.operator == "*"
    if product and isinstance(expression, Binary) and isinstance(expression.left, Number):
        return expression.left.value, expression.right
    return 1.0, expression


# -- what is the same on paper and better in floating point ----------------------------------


def steadied(expression: Expr) -> Expr:
    """Return the expression with the functions that neither overflow nor cancel in place."""
    expression = folded(rebuild(expression, steadied))
    for rule in _RULES:
        found = rule(expression)
        if found is not None:
            return folded(found)
    return expression


def _one_plus(expression: Expr) -> Expr | None:
    """Return w of ``1 + w`` or ``w + 1``."""
    if not (isinstance(expression, Binary) and expression.operator == "+"):
        return None
    if expression.left == ONE:
        return expression.right
    return expression.left if expression.right == ONE else None


def _is(expression: Expr | None, function: str) -> Expr | None:
    """Return the argument of a call of a function of one argument."""
    if isinstance(expression, Call) and expression.function == function:
        return expression.arguments[0]
    return None


def _logistic(expression: Expr) -> Expr | None:
    """c/(1 + exp(u)) = c*logistic(-u); exp(u)/(1 + exp(u)) = logistic(u)."""
    if not (isinstance(expression, Binary) and expression.operator == "/"):
        return None
    u = _is(_one_plus(expression.right), "exp")
    if u is None:
        return None
    if _is(expression.left, "exp") == u:
        return call("logistic", u)
    return times(expression.left, call("logistic", negative(u)))


def _softplus(expression: Expr) -> Expr | None:
    """log(1 + exp(u)), log1p(exp(u)) and (u + abs(u))/2 + log1p(exp(-abs(u))) = softplus(u)."""
    u = _is(_is(expression, "log1p"), "exp")
    if u is not None:
        return call("softplus", u)
    if not (isinstance(expression, Binary) and expression.operator == "+"):
        return None
    for part, rest in ((expression.left, expression.right), (expression.right, expression.left)):
        v = _is(rest, "softplus")
        w = _is(negative(v), "abs") if v is not None else None
        if w is not None and part in _positive_parts(w):
            return call("softplus", w)
    return None


def _positive_parts(u: Expr) -> tuple[Expr, ...]:
    """Return the ways to write maximum(u, 0)."""
    twice = plus(u, call("abs", u))
    return (call("maximum", u, ZERO), call("maximum", ZERO, u), calculus.over(twice, TWO),
            times(Number(0.5), twice))  # fmt: skip


def _log1p(expression: Expr) -> Expr | None:
    """log(1 + w) = log1p(w)."""
    w = _one_plus(_is(expression, "log") or ZERO)
    return None if w is None else steadied(call("log1p", w))


def _expm1(expression: Expr) -> Expr | None:
    """exp(u) - 1 = expm1(u)."""
    if not (isinstance(expression, Binary) and expression.operator == "-"):
        return None
    u = _is(expression.left, "exp")
    return call("expm1", u) if u is not None and expression.right == ONE else None


def _erfc(expression: Expr) -> Expr | None:
    """1 + erf(u) = erfc(-u); 1 - erf(u) = erfc(u)."""
    u = _is(_one_plus(expression), "erf")
    if u is not None:
        return call("erfc", negative(u))
    if isinstance(expression, Binary) and expression.operator == "-" and expression.left == ONE:
        u = _is(expression.right, "erf")
        return None if u is None else call("erfc", u)
    return None


def _tanh_slope(expression: Expr) -> Expr | None:
    """1 - tanh(u)**2 = 1/cosh(u)**2."""
    if not (isinstance(expression, Binary) and expression.operator == "-"):
        return None
    square = expression.right
    if expression.left != ONE or not isinstance(square, Binary):
        return None
    u = _is(square.left, "tanh")
    if u is None:
        return None
    squared = (square.operator == "**" and square.right == TWO) or (
        square.operator == "*" and square.left == square.right
    )
    return call("tanh_slope", u) if squared else None


def _guarded(expression: Expr) -> Expr | None:
    """where(u > c, ..., exp(u)): exp is taken of nothing above c, where it is not chosen."""
    if not (isinstance(expression, Call) and expression.function == "where"):
        return None
    condition, yes, no = expression.arguments
    if not isinstance(condition, Compare) or condition.operator not in (">", ">="):
        return None
    u, c = condition.left, condition.right
    if not isinstance(c, Number):
        return None

    def guard(part: Expr) -> Expr:
        if isinstance(part, Call) and part.function in ("exp", "expm1") and part.arguments == (u,):
            return call(part.function, call("minimum", u, c))
        return rebuild(part, guard)

    return call("where", condition, yes, guard(no))


def _quotient(expression: Expr) -> Expr | None:
    """(1 - n/d*s)/d = (d - n*s)/d**2, where d - n*s is a number: 1 + abs(x) - x*sign(x) = 1."""
    if not (isinstance(expression, Binary) and expression.operator == "/"):
        return None
    top, d = expression.left, expression.right
    if not (isinstance(top, Binary) and top.operator == "-" and top.left == ONE):
        return None
    product = top.right
    if not (isinstance(product, Binary) and product.operator == "*"):
        return None
    for part, s in ((product.left, product.right), (product.right, product.left)):
        if isinstance(part, Binary) and part.operator == "/" and part.right == d:
            size = call("abs", part.left) if s == call("sign", part.left) else times(part.left, s)
            rest = _taken_from(d, size)
            if rest is not None:
                return calculus.over(rest, Binary("**", d, TWO))
    return None


def _taken_from(total: Expr, part: Expr) -> Number | None:
    """Return c of c + part."""
    if not (isinstance(total, Binary) and total.operator == "+"):
        return None
    for c, other in ((total.left, total.right), (total.right, total.left)):
        if isinstance(c, Number) and other == part:
            return c
    return None


_RULES: tuple[Callable[[Expr], Expr | None], ...] = (
    _logistic, _softplus, _log1p, _expm1, _erfc, _tanh_slope, _guarded, _quotient,
)  # fmt: skip


# -- derivatives -------------------------------------------------------------------------------

_SLOPES: Mapping[str, Callable[[Expr], Expr]] = MappingProxyType({
    "logistic": lambda u: call("logistic_slope", u),
    "logistic_slope": lambda u: negative(
        times(call("logistic_slope", u), call("tanh", Binary("/", u, TWO)))),
    "softplus": lambda u: call("logistic", u),
    "tanh": lambda u: call("tanh_slope", u),
    "tanh_slope": lambda u: times(
        Number(-2.0), times(call("tanh", u), call("tanh_slope", u))),
    "erfc": lambda u: times(
        Number(-2 / math.sqrt(math.pi)), call("exp", negative(Binary("**", u, TWO)))),
})  # fmt: skip
"""Derivatives of the functions that `steadied` puts in place."""

_OURS = frozenset({*_SLOPES, "where", "minimum", "maximum"})


Decided = Mapping[Expr, Expr]
"""Calls of minimum and maximum, and the argument that a condition makes them equal to."""


def differentiate(expression: Expr, name: str) -> Expr | None:
    """Return the derivative of a steadied expression by a name; None where there is none.

    At a kink it is PyTorch's: that of ``where`` is the derivative of the branch that is chosen
    there, that of ``abs(x)`` and of ``maximum(x, 0)`` is 0, and where two expressions are equal
    the derivative of their maximum is the mean of both. In a branch of ``where(x > c, ...)``,
    ``minimum(x, c)`` has the derivative of what the condition makes it.
    """
    found = _derivative(expression, name, {})
    return None if found is None else folded(found)


def _derivative(expression: Expr, name: str, decided: Decided) -> Expr | None:
    if name not in names_in(expression):
        return ZERO
    if isinstance(expression, Call) and expression.function in _OURS:
        return _derivative_of_ours(expression, name, decided)
    outer, inner = _held(expression)
    total = calculus.derivative(outer, name)
    for held, part in inner.items():
        by_part = calculus.derivative(outer, held)
        of_part = _derivative(part, name, decided)
        if total is None or by_part is None or of_part is None:
            return None
        total = plus(total, times(by_part, of_part))
    return None if total is None else steadied(substitute(total, inner))


def _held(expression: Expr) -> tuple[Expr, dict[str, Expr]]:
    """Return the expression with calls of ours as names, and what these stand for."""
    names: dict[Expr, str] = {}

    def hold(part: Expr) -> Expr:
        if isinstance(part, Call) and part.function in _OURS:
            return Name(names.setdefault(part, f"_held_{len(names)}"))
        return rebuild(part, hold)

    outer = hold(expression)
    return outer, {name: part for part, name in names.items()}


def _derivative_of_ours(expression: Call, name: str, decided: Decided) -> Expr | None:
    if expression.function == "where":
        return _derivative_of_choice(expression, name, decided)
    if expression.function in ("minimum", "maximum"):
        return _derivative_of_extreme(expression, name, decided)
    u = expression.arguments[0]
    inner = _derivative(u, name, decided)
    return None if inner is None else times(_SLOPES[expression.function](u), inner)


def _derivative_of_choice(expression: Call, name: str, decided: Decided) -> Expr | None:
    condition, yes, no = expression.arguments
    dyes = _derivative(yes, name, {**decided, **_decisions(yes, condition, True)})
    dno = _derivative(no, name, {**decided, **_decisions(no, condition, False)})
    if dyes is None or dno is None:
        return None
    return dyes if dyes == dno else call("where", condition, dyes, dno)


def _derivative_of_extreme(expression: Call, name: str, decided: Decided) -> Expr | None:
    if expression in decided:
        return _derivative(decided[expression], name, decided)
    a, b = expression.arguments
    da, db = _derivative(a, name, decided), _derivative(b, name, decided)
    if da is None or db is None:
        return None
    if da == db:
        return da
    wins = "<" if expression.function == "minimum" else ">"
    if isinstance(a, Number) or isinstance(b, Number):
        if isinstance(a, Number):
            a, b, da, db = b, a, db, da
        return call("where", Compare(wins, a, b), da, ZERO)
    tie = times(Number(0.5), plus(da, db))
    return call(
        "where", Compare(wins, a, b), da, call("where", Compare(wins, b, a), db, tie)
    )  # fmt: skip


def _decisions(branch: Expr, condition: Expr, holds: bool) -> dict[Expr, Expr]:
    """Return what a condition makes of the extremes in a branch."""
    if not isinstance(condition, Compare) or condition.operator not in ("<", "<=", ">", ">="):
        return {}
    pair = {condition.left, condition.right}
    left_larger = (condition.operator in (">", ">=")) == holds
    larger, smaller = (
        (condition.left, condition.right) if left_larger else (condition.right, condition.left)
    )
    extremes = {"maximum": larger, "minimum": smaller}
    return {
        part: extremes[part.function]
        for part in walk(branch)
        if isinstance(part, Call) and part.function in extremes and set(part.arguments) == pair
    }


def readable(expression: Expr) -> Expr:
    """Return the expression with the language's functions in place of ours, to be printed."""
    expression = rebuild(expression, readable)
    if not isinstance(expression, Call):
        return expression
    u = expression.arguments[0] if expression.arguments else ZERO
    if expression.function == "where":
        return _without_guards(expression)
    e = call("exp", negative(u))
    if expression.function == "logistic":
        return Binary("/", ONE, plus(ONE, e))
    if expression.function == "logistic_slope":
        return Binary("/", e, Binary("**", plus(ONE, e), TWO))
    if expression.function == "softplus":
        return call("log", plus(ONE, call("exp", u)))
    if expression.function == "tanh_slope":
        return calculus.minus(ONE, Binary("**", call("tanh", u), TWO))
    if expression.function == "exprel_derivative":
        return Binary("/", calculus.minus(call("exp", u), call("exprel", u)), u)
    if expression.function == "erfc":
        return (plus(ONE, call("erf", u.operand)) if isinstance(u, Unary)
                else calculus.minus(ONE, call("erf", u)))  # fmt: skip
    return expression


def _without_guards(expression: Call) -> Expr:
    condition, yes, no = expression.arguments
    if not isinstance(condition, Compare):
        return expression
    guard = call("minimum", condition.left, condition.right)

    def bare(part: Expr) -> Expr:
        return condition.left if part == guard else rebuild(part, bare)

    return call("where", condition, yes, bare(no)) if ">" in condition.operator else expression


def switching(expression: Expr) -> list[Expr]:
    """Return what is 0 where the expression may have a kink, a jump, a pole or an end."""
    found: list[Expr] = []
    for part in walk(expression):
        if isinstance(part, Compare):
            found.append(calculus.minus(part.left, part.right))
        elif isinstance(part, Binary) and part.operator == "/":
            found.append(part.right)
        elif isinstance(part, Binary) and part.operator == "**" and not _whole(part.right):
            found.append(part.left)
        elif isinstance(part, Call):
            found.extend(_switches(part))
    return list(dict.fromkeys(folded(part) for part in found))


def _whole(exponent: Expr) -> bool:
    return isinstance(exponent, Number) and exponent.value >= 0 and exponent.value % 1 == 0


_AT_ZERO = frozenset({"abs", "sign", "heaviside", "sqrt", "log", "log2", "log10"})


def _switches(part: Call) -> list[Expr]:
    arguments = part.arguments
    if part.function in _AT_ZERO:
        return [arguments[0]]
    if part.function in ("minimum", "maximum"):
        return [calculus.minus(*arguments)]
    if part.function == "clip":
        return [calculus.minus(arguments[0], bound) for bound in arguments[1:]]
    if part.function == "log1p":
        return [plus(ONE, arguments[0])]
    if part.function in ("arcsin", "arccos"):
        return [calculus.minus(ONE, Binary("**", arguments[0], TWO))]
    if part.function in ("floor", "ceil", "int"):
        return [call("sin", times(Number(math.pi), arguments[0]))]
    if part.function == "tan":
        return [call("cos", arguments[0])]
    if part.function == "mod":
        return [call("sin", times(Number(math.pi), calculus.over(*arguments)))]
    return []
