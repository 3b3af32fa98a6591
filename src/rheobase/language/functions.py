"""The functions of the language, and functions a user writes in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from rheobase.errors import EquationError, UnknownNameError
from rheobase.language.definitions import Source
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Unary,
    calls_in,
    names_in,
    substitute,
    walk,
)
from rheobase.language.parsing import RANDOM, read_expression
from rheobase.units import UNITS


@dataclass(frozen=True)
class LanguageFunction:
    """A function the language knows.

    Attributes
    ----------
    name : str
    arity : int
        How many arguments it takes.
    rule : str
        What it takes and gives: "plain" (plain numbers), "same" (the dimension of its
        arguments, which is one), "root" (the square root of it), "ratio" (arguments of one
        dimension, a plain number back), "any" (one argument of any dimension, a plain number
        back), "where" (a condition and two values of one dimension), "count" (a condition or
        a plain number).
    """

    name: str
    arity: int
    rule: str


def _functions(rule: str, arity: int, names: str) -> dict[str, LanguageFunction]:
    return {name: LanguageFunction(name, arity, rule) for name in names.split()}


FUNCTIONS: Mapping[str, LanguageFunction] = {
    **_functions("plain", 1, "exp log log10 log2 log1p expm1 exprel sin cos tan arcsin arccos"
                 " arctan sinh cosh tanh floor ceil round erf"),
    **_functions("plain", 0, "rand randn"),
    **_functions("root", 1, "sqrt"),
    **_functions("same", 1, "abs"),
    **_functions("same", 2, "minimum maximum mod"),
    **_functions("same", 3, "clip"),
    **_functions("ratio", 2, "arctan2"),
    **_functions("any", 1, "sign heaviside"),
    **_functions("where", 3, "where"),
    **_functions("count", 1, "int"),
}  # fmt: skip

_OTHER_FUNCTIONS = {
    "ln": "log", "pow": "x**y", "min": "minimum", "max": "maximum", "fabs": "abs", "asin": "arcsin",
    "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "random": "rand", "normal": "randn",
    "uniform": "rand", "if": "where", "ifelse": "where", "fmod": "mod", "power": "x**y",
    "sgn": "sign", "step": "heaviside", "trunc": "int", "square": "x**2", "vtrap": "exprel",
}  # fmt: skip

_HEADER = re.compile(r"\s*([^\W\d]\w*)\s*\(([^()=]*)\)\s*=(?!=)")


@dataclass(frozen=True)
class UserFunction:
    """A function written in the language: `f(x, y) = x*y/(1 + y)`.

    It is put in place wherever it is called, so its dimensions are those of its arguments.
    """

    name: str
    parameters: tuple[str, ...]
    expression: Expr
    text: str

    @property
    def arity(self) -> int:
        """How many arguments it takes."""
        return len(self.parameters)

    def __str__(self) -> str:
        return self.text


def function(text: str) -> UserFunction:
    """Make a function for `Model(..., functions=[...])` from text.

    Parameters
    ----------
    text : str
        For example "f(x, y) = x*y/(1 + y)". The right-hand side reads the arguments, units,
        functions of the language, and functions that stand before it in the list.

    Raises
    ------
    EquationError
        If it cannot be read.
    """
    source = Source(text)
    match = _HEADER.match(text)
    if match is None:
        raise EquationError(
            "this is not a function",
            place=source.point((0, len(text))),
            mend="write a function such as f(x, y) = x*y/(1 + y)",
        )
    name = match.group(1)
    parameters = tuple(part.strip() for part in match.group(2).split(",") if part.strip())
    for parameter in parameters:
        if not parameter.isidentifier() or parameters.count(parameter) > 1:
            raise EquationError(
                f"{name}: {parameter!r} cannot be the name of an argument",
                place=source.point(match.span(2)),
                mend="write different names, as in f(x, y) = ...",
            )
    if name in FUNCTIONS:
        raise EquationError(
            f"{name} is a function of the language already",
            place=source.point(match.span(1)),
            mend=f"choose another name, such as {name}_2",
        )
    expression = read_expression(source, match.end(), len(text), name)
    return UserFunction(name, parameters, expression, text.strip())


def suggest_function(name: str, offered: Iterable[str]) -> str | None:
    """Return what other tools' `name` is called here, or None."""
    return _OTHER_FUNCTIONS.get(name.lower()) if name not in offered else None


def inline(expression: Expr, functions: Mapping[str, UserFunction], source: Source) -> Expr:
    """Put the user's functions in place of their calls.

    Every node of the result has the place of the call.

    Raises
    ------
    EquationError
        If a call has the wrong number of arguments, or would draw one random number twice.
    """
    if not functions or not calls_in(expression) & functions.keys():
        return expression
    if isinstance(expression, Unary):
        return replace(expression, operand=inline(expression.operand, functions, source))
    if isinstance(expression, (Binary, Compare, Logical)):
        return replace(
            expression,
            left=inline(expression.left, functions, source),
            right=inline(expression.right, functions, source),
        )
    if not isinstance(expression, Call):
        return expression
    arguments = tuple(inline(argument, functions, source) for argument in expression.arguments)
    called = functions.get(expression.function)
    if called is None:
        return replace(expression, arguments=arguments)
    if len(arguments) != called.arity:
        raise EquationError(
            wrong_arity(called.name, called.arity, len(arguments)),
            place=source.point(expression.span),
            mend=f"it is {called.text}",
        )
    reads = Counter(node.id for node in walk(called.expression) if isinstance(node, Name))
    for parameter, argument in zip(called.parameters, arguments, strict=True):
        if reads[parameter] > 1 and calls_in(argument) & RANDOM:
            raise EquationError(
                f"{called.name} reads {parameter} {reads[parameter]} times, and would draw a"
                " random number anew each time",
                place=source.point(argument.span),
                mend="name it first: write a subexpression such as `draw = rand() : 1`",
            )
    placed = _at(called.expression, expression.span)
    return substitute(placed, dict(zip(called.parameters, arguments, strict=True)))


def _at(expression: Expr, span: tuple[int, int]) -> Expr:
    """Return the expression with every node at one place."""
    if isinstance(expression, Unary):
        return replace(expression, operand=_at(expression.operand, span), span=span)
    if isinstance(expression, (Binary, Compare, Logical)):
        left, right = _at(expression.left, span), _at(expression.right, span)
        return replace(expression, left=left, right=right, span=span)
    if isinstance(expression, Call):
        arguments = tuple(_at(argument, span) for argument in expression.arguments)
        return replace(expression, arguments=arguments, span=span)
    return replace(expression, span=span)


def wrong_arity(name: str, arity: int, given: int) -> str:
    """Say that a function was called with the wrong number of arguments."""
    takes = "no arguments" if arity == 0 else "1 argument" if arity == 1 else f"{arity} arguments"
    return f"{name} takes {takes}, here it has {given}"


def collect(functions: Iterable[UserFunction | str]) -> dict[str, UserFunction]:
    """Return functions by name, with those before each put in place in it.

    Raises
    ------
    EquationError, UnknownNameError
        If two have one name, or one reads what is not its own.
    """
    listed = (functions,) if isinstance(functions, (str, UserFunction)) else tuple(functions)
    if all(isinstance(given, str) for given in listed):
        return dict(_collected(listed))  # those of every channel are collected for each
    return _collected.__wrapped__(listed)


@lru_cache(maxsize=256)
def _collected(functions: tuple[UserFunction | str, ...]) -> dict[str, UserFunction]:
    collected: dict[str, UserFunction] = {}
    for given in functions:
        made = function(given) if isinstance(given, str) else given
        if not isinstance(made, UserFunction):
            raise EquationError(
                f"functions=: expected a text, got {made!r}",
                mend='write functions=["f(x) = x/(1 + x)"]; no Python is run by a model',
            )
        if made.name in collected:
            raise EquationError(f"the function {made.name} is defined twice")
        _check_reads(made)
        source = Source(made.text)
        collected[made.name] = replace(
            made, expression=inline(made.expression, collected, source)
        )  # fmt: skip
        if made.name in calls_in(made.expression):
            raise EquationError(f"the function {made.name} calls itself: {made.text}")
    return collected


def _check_reads(made: UserFunction) -> None:
    for name in sorted(names_in(made.expression)):
        if name not in made.parameters and name not in UNITS and name != "pi":
            raise UnknownNameError(
                f"the function {made.name} reads {name}, which is not one of its arguments",
                place=Source(made.text).point((0, len(made.text))),
                mend=f"write {made.name}({', '.join([*made.parameters, name])}) = ...",
            )
