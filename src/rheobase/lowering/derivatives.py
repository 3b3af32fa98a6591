"""The derivative of every function of the language, in the language itself.

A rule is a text for each argument: the derivative of f(x, y, z) by it, in the arguments `x`, `y`,
`z` and the value `f`. The same table serves derivatives in symbols (`rheobase.lowering.calculus`)
and the reverse of a step (`rheobase.lowering.adjoint`), which shows the rule beside the line.

The derivatives of exprel and bernoulli take the value of these as a second argument; what is said
of them by the first is the whole change, by the second none.

At a kink, where there is no derivative, the value is PyTorch's:

- ``abs(x)`` at 0: 0.
- ``maximum(x, y)`` and ``minimum(x, y)`` of two that are equal: half to each, as
  `torch.maximum`; beside a constant, as in ``maximum(x, 0)``, the constant takes all, as
  `torch.relu`, whose derivative at 0 is 0.
- ``clip(x, low, high)`` at a bound: 1, as `torch.clamp`.
- ``sign``, ``floor``, ``ceil``, ``round``, ``int``, ``heaviside``: 0 everywhere.
- ``x**y`` by y at x = 0: 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from rheobase.language.expressions import Expr
from rheobase.language.parsing import parse_expression

ARGUMENTS = ("x", "y", "z")
VALUE = "f"

RULES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "exp": ("f",),
    "expm1": ("exp(x)",),
    "exprel": ("exprel_derivative(x, f)",),
    "bernoulli": ("bernoulli_derivative(x, f)",),
    "exprel_derivative": (
        "where(abs(x) < 0.01, 1/3 + x*(1/4 + x*(1/10 + x*(1/36 + x/168))), f + (y - 2*f)/x)", "0"
    ),
    "bernoulli_derivative": (
        "where(abs(x) < 0.01, 1/6 - x*x*(1/60 - x*x/1008), -((2*y + x)*f + y)/x)", "0"
    ),
    "log": ("1/x",),
    "log1p": ("1/(1 + x)",),
    "log10": ("0.4342944819032518/x",),
    "log2": ("1.4426950408889634/x",),
    "power": ("where(y == 0, 0, y*x**(y - 1))", "where(x == 0, 0, f*log(x))"),
    "sqrt": ("0.5/f",),
    "sin": ("cos(x)",),
    "cos": ("-sin(x)",),
    "tan": ("1 + f*f",),
    "arcsin": ("1/sqrt((1 - x)*(1 + x))",),
    "arccos": ("-1/sqrt((1 - x)*(1 + x))",),
    "arctan": ("1/(1 + x*x)",),
    "arctan2": ("y/(x*x + y*y)", "-x/(x*x + y*y)"),
    "sinh": ("cosh(x)",),
    "cosh": ("sinh(x)",),
    "tanh": ("1 - f*f",),
    "erf": ("1.1283791670955126*exp(-(x*x))",),
    "abs": ("sign(x)",),
    "maximum": ("where(x > y, 1, where(x < y, 0, 0.5))", "where(y > x, 1, where(y < x, 0, 0.5))"),
    "minimum": ("where(x < y, 1, where(x > y, 0, 0.5))", "where(y < x, 1, where(y > x, 0, 0.5))"),
    "clip": ("where(x < y, 0, where(x > z, 0, 1))", "where(x < y, 1, 0)", "where(x > z, 1, 0)"),
    "mod": ("1", "-floor(x/y)"),
    **{name: ("0",) for name in ("floor", "ceil", "round", "int", "sign", "heaviside")},
    "rand": (),
    "randn": (),
})  # fmt: skip
"""The derivative of each function by each of its arguments, as a text."""

BESIDE_A_CONSTANT: Mapping[str, tuple[str, str]] = MappingProxyType({
    "maximum": ("where(x > y, 1, 0)", "where(y > x, 1, 0)"),
    "minimum": ("where(x < y, 1, 0)", "where(y < x, 1, 0)"),
})  # fmt: skip
"""Rules that hold where the other argument is a constant."""

MAY_OVERFLOW = frozenset({"exp", "expm1", "exprel", "sinh", "cosh", "power"})
"""Functions whose derivative may be infinite where what is done with their value has none."""


def rule_text(function: str, argument: int, beside_constant: bool = False) -> str | None:
    """Return the derivative of a function by an argument (counted from 0) as a text.

    Parameters
    ----------
    function
        Its name; one that has no rule gives None.
    argument
        Which of its arguments.
    beside_constant
        Whether the other arguments are constants: then kinks count as theirs.
    """
    rules = RULES.get(function)
    if beside_constant and function in BESIDE_A_CONSTANT:
        rules = BESIDE_A_CONSTANT[function]
    return None if rules is None or argument >= len(rules) else rules[argument]


@cache
def rule(function: str, argument: int, beside_constant: bool = False) -> Expr | None:
    """Return `rule_text` as an expression in `x`, `y`, `z` and `f`."""
    text = rule_text(function, argument, beside_constant)
    return None if text is None else parse_expression(text)
