"""Functions of two cells as sums of products of functions of one.

f(x_pre, x_post) = sum over k of p_k(x_pre) q_k(x_post), where f can be written so. Then the sum
over the sources i of w_i f(x_i, x) is the sum over k of q_k(x) S_k with S_k the sum of
w_i p_k(x_i): what continuous connections add up.
"""

from __future__ import annotations

from rheobase.language.expressions import (
    Binary,
    Call,
    Expr,
    Name,
    Number,
    Unary,
    names_in,
    rebuild,
)

PRE, POST = "_pre", "_post"
_ONE = Number(1.0)
_MOST = 8

Products = list[tuple[Expr, Expr]]


class NotSeparableError(Exception):
    """A part that is no sum of products; `part` is that part."""

    def __init__(self, part: Expr) -> None:
        self.part = part
        super().__init__()


def separate(expression: Expr) -> Products:
    """Return the pairs (p_k, q_k) of an expression over names ending in _pre and _post.

    Names of neither kind (units, parameters of the target) go into q_k. The p_k differ from
    each other; one of them may be the number 1.

    Raises
    ------
    NotSeparableError
        With the part of the expression that is the obstacle.
    """
    gathered: dict[Expr, Expr] = {}
    for p, q in _products(expression):
        gathered[p] = q if p not in gathered else Binary("+", gathered[p], q)
    found = [(p, q) for p, q in gathered.items() if q != Number(0.0)]
    if len(found) > _MOST:
        raise NotSeparableError(expression)
    return found


def side(expression: Expr) -> str:
    """Return whose names an expression reads: "pre", "post", "both" or "" (neither)."""
    names = names_in(expression)
    pre = any(name.endswith(PRE) for name in names)
    post = any(name.endswith(POST) for name in names)
    return ("both" if pre and post else "pre") if pre else ("post" if post else "")


def _products(node: Expr) -> Products:
    """Return pairs whose products add up to an expression."""
    whose = side(node)
    if whose in ("", "post"):
        return [(_ONE, node)]
    if whose == "pre" and not _has_other_names(node):
        return [(node, _ONE)]
    if isinstance(node, Unary) and node.operator == "-":
        return [(p, Unary("-", q)) for p, q in _products(node.operand)]
    if isinstance(node, Binary):
        return _of_binary(node)
    if isinstance(node, Call) and node.function in ("sin", "cos", "exp") and whose == "both":
        return _of_sum(node)
    if whose == "pre":
        return [(node, _ONE)]
    raise NotSeparableError(node)


def _has_other_names(node: Expr) -> bool:
    """Whether an expression of the source's names may be simpler without its constants."""
    return isinstance(node, (Binary, Unary)) and any(
        not name.endswith(PRE) for name in names_in(node)
    )


def _of_binary(node: Binary) -> Products:
    if node.operator in ("+", "-"):
        right = _products(node.right)
        if node.operator == "-":
            right = [(p, Unary("-", q)) for p, q in right]
        return _products(node.left) + right
    if node.operator == "*":
        return _multiplied(_products(node.left), _products(node.right))
    if node.operator == "/":
        below = _products(node.right)
        if side(node.right) == "pre":  # of the source, whatever it is
            below = [(node.right, _ONE)]
        if len(below) == 1:
            p, q = below[0]
            inverse = (_over(p), _over(q))
            return _multiplied(_products(node.left), [inverse])
    if node.operator == "**" and isinstance(node.right, Number) and node.right.value in (2, 3):
        base = _products(node.left)
        found = base
        for _ in range(int(node.right.value) - 1):
            found = _multiplied(found, base)
        return found
    if side(node) == "pre":
        return [(node, _ONE)]
    raise NotSeparableError(node)


def _over(expression: Expr) -> Expr:
    return _ONE if expression == _ONE else Binary("/", _ONE, expression)


def _multiplied(left: Products, right: Products) -> Products:
    if len(left) * len(right) > 4 * _MOST:
        raise NotSeparableError(left[0][0])
    return [(_times(p, r), _times(q, s)) for p, q in left for r, s in right]


def _times(one: Expr, other: Expr) -> Expr:
    if one == _ONE:
        return other
    return one if other == _ONE else Binary("*", one, other)


def _of_sum(node: Call) -> Products:
    """Apply the addition theorem: sin(a + b), cos(a + b), exp(a + b), a of pre and b of post."""
    of_pre, of_post = _halves(node)
    sin = [Call("sin", (x,)) for x in (of_pre, of_post)]
    cos = [Call("cos", (x,)) for x in (of_pre, of_post)]
    if node.function == "sin":
        return [(sin[0], cos[1]), (cos[0], sin[1])]
    if node.function == "cos":
        return [(cos[0], cos[1]), (sin[0], Unary("-", sin[1]))]
    return [(Call("exp", (of_pre,)), Call("exp", (of_post,)))]


def _halves(node: Call) -> tuple[Expr, Expr]:
    """Divide the argument of a call into a sum of a part of pre and one of post."""
    halves: dict[str, Expr] = {}
    for sign, part in _summands(node.arguments[0], False):
        whose = side(part)
        if whose == "both":
            raise NotSeparableError(node)
        key = "pre" if whose == "pre" else "post"
        signed = Unary("-", part) if sign else part
        held = halves.get(key)
        halves[key] = signed if held is None else Binary("-" if sign else "+", held, part)
    return halves["pre"], halves["post"]


def _summands(node: Expr, negative: bool) -> list[tuple[bool, Expr]]:
    if isinstance(node, Binary) and node.operator in ("+", "-"):
        other = negative != (node.operator == "-")
        return _summands(node.left, negative) + _summands(node.right, other)
    if isinstance(node, Unary) and node.operator == "-":
        return _summands(node.operand, not negative)
    if isinstance(node, Binary) and node.operator == "*" and side(node) == "both":
        for factor, sum_ in ((node.left, node.right), (node.right, node.left)):
            if side(factor) == "" and isinstance(sum_, Binary) and sum_.operator in ("+", "-"):
                pieces = _summands(sum_, negative)
                return [(sign, Binary("*", factor, part)) for sign, part in pieces]
    if isinstance(node, Binary) and node.operator == "/" and side(node.right) == "":
        pieces = _summands(node.left, negative)
        return [(sign, Binary("/", part, node.right)) for sign, part in pieces]
    return [(negative, node)]


def without_ending(expression: Expr, ending: str) -> Expr:
    """Return an expression with an ending taken off the names that have it."""
    if isinstance(expression, Name) and expression.id.endswith(ending):
        return Name(expression.id.removesuffix(ending), expression.span)
    return rebuild(expression, lambda part: without_ending(part, ending))
