"""Symbolic work on expression trees: linear forms, derivatives, common factors.

Only what lowering needs, exact and small: whether a right-hand side is linear in some names and
with which coefficients; its derivative by a name; whether two expressions are proportional.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

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
from rheobase.lowering.derivatives import ARGUMENTS, VALUE, rule
from rheobase.units import UNITS

ZERO, ONE = Number(0.0), Number(1.0)


def plus(a: Expr, b: Expr) -> Expr:
    """a + b, without additions of nothing."""
    if a == ZERO:
        return b
    return a if b == ZERO else Binary("+", a, b)


def minus(a: Expr, b: Expr) -> Expr:
    """a - b, likewise."""
    if b == ZERO:
        return a
    return Unary("-", b) if a == ZERO else Binary("-", a, b)


def times(a: Expr, b: Expr) -> Expr:
    """a*b, likewise."""
    if ZERO in (a, b):
        return ZERO
    if a == ONE:
        return b
    return a if b == ONE else Binary("*", a, b)


def over(a: Expr, b: Expr) -> Expr:
    """a/b, likewise."""
    if a == ZERO:
        return ZERO
    return a if b == ONE else Binary("/", a, b)


Form = tuple[dict[str, Expr], Expr]


def linear_form(expression: Expr, variables: frozenset[str]) -> Form | None:
    """Write an expression as sum(coefficient*variable) + rest.

    Returns
    -------
    (dict, Expr) or None
        The coefficients, which read none of the variables and stand only for variables that
        occur, and the rest; None where the expression is not linear in the variables.
    """
    if not names_in(expression) & variables:
        return {}, expression
    if isinstance(expression, Name):
        return {expression.id: ONE}, ZERO
    if isinstance(expression, Unary) and expression.operator == "-":
        inner = linear_form(expression.operand, variables)
        return None if inner is None else _combine(({}, ZERO), inner, minus)
    if isinstance(expression, Binary) and expression.operator in ("+", "-", "*", "/"):
        return _linear_binary(expression, variables)
    return None


def _linear_binary(expression: Binary, variables: frozenset[str]) -> Form | None:
    left = linear_form(expression.left, variables)
    right = linear_form(expression.right, variables)
    if left is None or right is None:
        return None
    if expression.operator == "+":
        return _combine(left, right, plus)
    if expression.operator == "-":
        return _combine(left, right, minus)
    if expression.operator == "*" and not left[0]:
        left, right = right, left
    if right[0]:
        return None
    operate = times if expression.operator == "*" else over
    factor = right[1]
    return {k: operate(c, factor) for k, c in left[0].items()}, operate(left[1], factor)


def _combine(a: Form, b: Form, operate: Callable[[Expr, Expr], Expr]) -> Form:
    names = [*a[0], *(n for n in b[0] if n not in a[0])]
    merged = {n: operate(a[0].get(n, ZERO), b[0].get(n, ZERO)) for n in names}
    return {n: c for n, c in merged.items() if c != ZERO}, operate(a[1], b[1])


# -- derivatives ---------------------------------------------------------------------------


def derivative(expression: Expr, name: str) -> Expr | None:
    """Return the derivative by a name, in symbols.

    Every function of the language has one; at kinks the value is PyTorch's
    (`rheobase.lowering.derivatives`). It is finite wherever the expression has a finite
    derivative, for the usual ways to write a function: of ``1/(1 + exp(-x))`` also where
    exp(-x) is infinite.

    Parameters
    ----------
    expression
        Any expression; conditions count as constant between their jumps.
    name
        What to differentiate by; all other names are held.

    Returns
    -------
    Expr or None
        `ZERO` where it does not depend on the name; None where it calls what has no derivative
        that we know, such as a current read at a time, ``drive(t)``. Besides functions of the
        language it may call `exprel_derivative` and `bernoulli_derivative` of
        `rheobase.rendering.functions`.

    Examples
    --------
    >>> from rheobase.language.expressions import to_text
    >>> from rheobase.language.parsing import parse_expression
    >>> to_text(derivative(parse_expression("x*tanh(2*x)"), "x"))
    'tanh(2*x) + x*((1 - tanh(2*x)*tanh(2*x))*2)'
    """
    if name not in names_in(expression):
        return ZERO
    if isinstance(expression, Name):
        return ONE
    if isinstance(expression, Unary) and expression.operator == "-":
        inner = derivative(expression.operand, name)
        return None if inner is None else minus(ZERO, inner)
    if isinstance(expression, Binary):
        return _derivative_of_binary(expression, name)
    if isinstance(expression, Call):
        return _derivative_of_call(expression, name)
    return ZERO  # a condition


def _derivative_of_binary(expression: Binary, name: str) -> Expr | None:
    a, b = expression.left, expression.right
    da, db = derivative(a, name), derivative(b, name)
    if da is None or db is None:
        return None
    match expression.operator:
        case "+":
            return plus(da, db)
        case "-":
            return minus(da, db)
        case "*":
            return plus(scaled(b, da, behind=True), scaled(a, db))
        case "/":
            logistic = _derivative_of_logistic(a, b, name) if da == ZERO else None
            return logistic or over(minus(da, times(expression, db)), b)
        case "**":
            return _derivative_of_power(expression, da, db)
        case "%":
            return _chained("mod", (a, b), (da, db), expression)
        case "//":
            return ZERO
    return None


def _derivative_of_logistic(a: Expr, b: Expr, name: str) -> Expr | None:
    """a/(1 + exp(u)) as -a*u'/((1 + exp(u))*(1 + exp(-u))), which does not overflow."""
    if not isinstance(b, Binary) or b.operator != "+":
        return None
    for one, other in ((b.left, b.right), (b.right, b.left)):
        if one == ONE and isinstance(other, Call) and other.function == "exp":
            (u,) = other.arguments
            du = derivative(u, name)
            mirrored = plus(ONE, Call("exp", (_negated(u),)))
            return None if du is None else over(times(_negated(a), du), times(b, mirrored))
    return None


def _negated(expression: Expr) -> Expr:
    if isinstance(expression, Unary) and expression.operator == "-":
        return expression.operand
    if isinstance(expression, Number):
        return Number(-expression.value)
    return Unary("-", expression)


def _derivative_of_power(expression: Binary, da: Expr, db: Expr) -> Expr | None:
    a, b = expression.left, expression.right
    if db != ZERO or not isinstance(b, Number):
        return _chained("power", (a, b), (da, db), expression)
    if b.value == 0.0:
        return ZERO
    lower = Number(b.value - 1.0)
    slope = a if lower == ONE else ONE if lower == ZERO else Binary("**", a, lower)
    return scaled(times(b, slope), da)


def scaled(factor: Expr, slope: Expr, behind: bool = False) -> Expr:
    """Return factor*slope, within the choices of the slope: 0 where that is 0.

    `behind` writes the factor behind the slope.

    What ``where(x > 0, 1, 0)`` does not choose then has no influence, be the factor infinite there,
    as in the derivative of ``sqrt(maximum(x, 0))``.
    """
    if isinstance(slope, Call) and slope.function == "where":
        condition, yes, no = slope.arguments
        parts = (scaled(factor, yes, behind), scaled(factor, no, behind))
        return Call("where", (condition, *parts))
    return times(slope, factor) if behind else times(factor, slope)


def _derivative_of_call(expression: Call, name: str) -> Expr | None:
    arguments = expression.arguments
    slopes = [derivative(argument, name) for argument in arguments]
    if any(slope is None for slope in slopes):
        return None
    known = tuple(slope for slope in slopes if slope is not None)
    if expression.function == "where" and len(arguments) == 3:
        _, yes, no = known
        return yes if yes == no else Call("where", (arguments[0], yes, no))
    return _chained(expression.function, arguments, known, expression)


def _chained(function: str, arguments: tuple[Expr, ...], slopes: tuple[Expr, ...], value: Expr,
             ) -> Expr | None:  # fmt: skip
    """Return the sum over the arguments of the function's derivative by it, times its own."""
    names: dict[str, Expr] = dict(zip(ARGUMENTS, arguments, strict=False))
    names[VALUE] = value
    total: Expr = ZERO
    for k, slope in enumerate(slopes):
        if slope == ZERO:
            continue
        others = [a for j, a in enumerate(arguments) if j != k]
        found = rule(function, k, bool(others) and all(map(constant, others)))
        if found is None:
            return None
        rate = substitute(found, names)
        chosen = isinstance(rate, Call) and rate.function == "where"
        total = plus(total, scaled(slope, rate, behind=True) if chosen else scaled(rate, slope))
    return total


def tidy(expression: Expr) -> Expr:
    """Write an expression shorter: numbers worked out, signs drawn to the front.

    Examples
    --------
    >>> from rheobase.language.expressions import to_text
    >>> from rheobase.language.parsing import parse_expression
    >>> to_text(tidy(parse_expression("a + -(2*3)*b*1 - (-c)/d + 0*e")))
    'a - 6*b + c/d'
    """
    expression = rebuild(expression, tidy)
    if isinstance(expression, Unary) and expression.operator == "-":
        return _negated(expression.operand)
    if isinstance(expression, Call) and expression.function == "where":
        condition, yes, no = expression.arguments
        known = _known(condition)
        return expression if known is None else yes if known else no
    if not isinstance(expression, Binary):
        return expression
    a, b, operator = expression.left, expression.right, expression.operator
    if isinstance(a, Number) and isinstance(b, Number):
        return _worked_out(expression, a.value, b.value)
    if operator in ("+", "-"):
        if _is_negative(b):
            operator, b = "-" if operator == "+" else "+", _negated(b)
        return plus(a, b) if operator == "+" else tidy_minus(a, b)
    if operator in ("*", "/"):
        product = times if operator == "*" else over
        if _is_negative(a) or _is_negative(b):
            sign = _is_negative(a) != _is_negative(b)
            a = _negated(a) if _is_negative(a) else a
            b = _negated(b) if _is_negative(b) else b
            return _negated(product(a, b)) if sign else product(a, b)
        return product(a, b)
    return expression


def tidy_minus(a: Expr, b: Expr) -> Expr:
    """a - b, where a - a is nothing."""
    return ZERO if a == b else minus(a, b)


def _is_negative(expression: Expr) -> bool:
    if isinstance(expression, Number):
        return expression.value < 0
    return isinstance(expression, Unary) and expression.operator == "-"


def _known(condition: Expr) -> bool | None:
    """Return whether an equality of two numbers holds, None for other conditions."""
    if not isinstance(condition, Compare) or condition.operator != "==":
        return None
    if isinstance(condition.left, Number) and isinstance(condition.right, Number):
        return condition.left.value == condition.right.value
    return None


def _worked_out(expression: Binary, a: float, b: float) -> Expr:
    match expression.operator:
        case "+":
            return Number(a + b)
        case "-":
            return Number(a - b)
        case "*":
            return Number(a * b)
        case "/" if b != 0.0:
            return Number(a / b)
    return expression


def constant(expression: Expr) -> bool:
    """Whether an expression is a number: it reads nothing but units and pi."""
    return names_in(expression) <= UNITS.keys() | {"pi"}


# -- proportional expressions ---------------------------------------------------------------

Product = tuple[float, dict[object, int]]


def ratio(a: Expr, b: Expr, constant: Callable[[Expr], bool]) -> Expr | None:
    """Return a/b where it holds nothing but what `constant` accepts, else None.

    Both are written as products of sums; equal factors cancel, so `0.1*(v + 40*mV)/mV` over
    `-(v + 40*mV)/(10*mV)` is seen to be `-1` whatever v is.
    """
    left, right = _product(a), _product(b)
    if right[0] == 0:
        return None
    exact: dict[object, object] = {}
    factors: dict[object, int] = {}
    for sign, product in ((1, left[1]), (-1, right[1])):
        for key, exponent in product.items():
            found = _rounded(key)
            exact.setdefault(found, key)
            factors[found] = factors.get(found, 0) + sign * exponent
    parts = [(_as_expression(exact[key]), e) for key, e in factors.items() if e != 0]
    if not all(constant(part) for part, _ in parts):
        return None
    one: Expr = ONE
    scale: Expr = Number(left[0] / right[0])
    top = reduce(times, [p for p, e in parts for _ in range(e)], scale)
    bottom = reduce(times, [p for p, e in parts for _ in range(-e)], one)
    return over(top, bottom)


def _product(expression: Expr) -> Product:
    """Write an expression as coefficient * product of factors with whole exponents."""
    if isinstance(expression, Number):
        return expression.value, {}
    if isinstance(expression, Unary) and expression.operator == "-":
        coefficient, factors = _product(expression.operand)
        return -coefficient, factors
    if isinstance(expression, Binary) and expression.operator in ("*", "/"):
        left, right = _product(expression.left), _product(expression.right)
        sign = 1 if expression.operator == "*" else -1
        if sign < 0 and right[0] == 0:
            return 1.0, {expression: 1}
        factors = dict(left[1])
        for key, exponent in right[1].items():
            factors[key] = factors.get(key, 0) + sign * exponent
        return left[0] * right[0] ** sign, {k: e for k, e in factors.items() if e != 0}
    if isinstance(expression, Binary) and expression.operator in ("+", "-"):
        return _sum_as_product(expression)
    return 1.0, {expression: 1}


def _sum_as_product(expression: Expr) -> Product:
    terms = _terms(expression)
    if not terms:
        return 0.0, {}
    ordered = sorted(terms.items(), key=repr)
    if len(ordered) == 1:
        (key, coefficient) = ordered[0]
        return coefficient, dict(key)
    lead = ordered[0][1]
    return lead, {tuple((key, value / lead) for key, value in ordered): 1}


def _terms(expression: Expr) -> dict[tuple[tuple[object, int], ...], float]:
    """Write a sum as a table of products and their coefficients."""
    if isinstance(expression, Unary) and expression.operator == "-":
        return {k: -c for k, c in _terms(expression.operand).items()}
    if isinstance(expression, Binary) and expression.operator in ("+", "-"):
        sign = 1.0 if expression.operator == "+" else -1.0
        terms = dict(_terms(expression.left))
        for key, coefficient in _terms(expression.right).items():
            terms[key] = terms.get(key, 0.0) + sign * coefficient
        return {k: c for k, c in terms.items() if c != 0.0}
    expanded = _expanded(expression)
    if expanded is not None:
        return expanded
    coefficient, factors = _product(expression)
    return {tuple(sorted(factors.items(), key=repr)): coefficient}


def _expanded(expression: Expr) -> dict[tuple[tuple[object, int], ...], float] | None:
    """Multiply out a sum times, or over, a single term: 0.1*(v + 24) is 0.1*v + 2.4."""
    if not isinstance(expression, Binary) or expression.operator not in ("*", "/"):
        return None
    left, right = _terms(expression.left), _terms(expression.right)
    sign = 1
    if expression.operator == "/":
        sign = -1
    elif len(left) == 1:
        left, right = right, left
    if len(right) != 1 or len(left) < 2:
        return None
    ((by, scale),) = right.items()
    if scale == 0:
        return None
    terms: dict[tuple[tuple[object, int], ...], float] = {}
    for key, coefficient in left.items():
        factors = dict(key)
        for factor, exponent in by:
            factors[factor] = factors.get(factor, 0) + sign * exponent
        product = sorted(((f, e) for f, e in factors.items() if e != 0), key=repr)
        terms[tuple(product)] = coefficient * scale**sign
    return terms


def vanishes(expression: Expr) -> bool:
    """Whether a sum is 0 by its writing: its terms cancel, up to rounding of their numbers."""
    if expression == ZERO:
        return True
    largest = max((abs(n.value) for n in walk(expression) if isinstance(n, Number)), default=1.0)
    return all(abs(left) <= 1e-12 * largest for left in _terms(expression).values())


def _rounded(key: object) -> object:
    """Return a factor with its coefficients to 12 digits: 0.1/0.3 and 1/3 are one number."""
    if isinstance(key, tuple):
        return tuple(_rounded(part) for part in key)
    return float(f"{key:.12g}") if isinstance(key, float) else key


def _as_expression(key: object) -> Expr:
    if not isinstance(key, tuple):
        return key  # type: ignore[return-value]
    total: Expr = ZERO
    for factors, coefficient in key:
        term: Expr = Number(coefficient)
        for factor, exponent in factors:
            part = _as_expression(factor)
            for _ in range(abs(exponent)):
                term = times(term, part) if exponent > 0 else over(term, part)
        total = plus(total, term)
    return total


def grows_with(expression: Expr, name: str, negative: Mapping[str, bool]) -> bool:
    """Whether a linear expression rises with a name, parameters being positive unless said."""
    form = linear_form(expression, frozenset({name}))
    if form is None or name not in form[0]:
        return form is None

    def sign(node: Expr) -> int:
        if isinstance(node, Number):
            return -1 if node.value < 0 else 1
        if isinstance(node, Unary):
            return -sign(node.operand)
        if isinstance(node, Binary) and node.operator in ("*", "/"):
            return sign(node.left) * sign(node.right)
        return -1 if isinstance(node, Name) and negative.get(node.id, False) else 1

    return sign(form[0][name]) > 0
