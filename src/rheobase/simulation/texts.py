"""Texts over the variables of populations: initial values, and conditions that stop a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import EquationError, UnknownNameError, did_you_mean, point_at
from rheobase.language.definitions import Source
from rheobase.language.dimension_check import Checker, check_dimension, dimension_of
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
    walk,
)
from rheobase.language.functions import UserFunction, inline
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.network.evaluate import FUNCTIONS, Draws, evaluate
from rheobase.units import DIMENSIONLESS, UNITS, Unit

Number_: TypeAlias = float | NDArray[Any]


def read_text(
    text: str,
    unit: Unit,
    units: Mapping[str, Unit],
    what: str,
    functions: Mapping[str, UserFunction],
) -> Expr:
    """Read and check a text that gives the values of a variable.

    Parameters
    ----------
    text
        An expression of the language over the names of `units`, i, N, t and dt.
    unit
        The unit of the variable it is for.
    units
        The names it may read.
    what
        What it is for ("cells.v"), named first in errors.
    functions
        Functions of the user, put in place where they are called.

    Raises
    ------
    EquationError, UnknownNameError, UnitError
        With a caret under the place.
    """
    source = Source(text)
    expression = inline(parse_expression(text, what=what), functions, source)
    check_names(expression, units, source=source, label=what)
    check_dimension(expression, units, unit, text=text, what=what)
    return expression


def evaluate_text(
    expression: Expr,
    value_of: Callable[[str], Number_ | None],
    draws: Draws | None,
    currents: Mapping[str, Callable[..., Any]],
) -> Number_:
    """Work out a checked expression; names that `value_of` does not know are units."""
    names = {}
    for name in names_in(expression):
        value = value_of(name)
        if value is not None:
            names[name] = value
    return evaluate(expression, names, draws, {**FUNCTIONS, **currents})


_REFERENCE = re.compile(r"\b([^\W\d]\w*)\.([^\W\d]\w*)\b")
_OVER_CELLS: Mapping[str, Callable[[Any], Any]] = {
    "any": np.any, "all": np.all, "mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min,
}  # fmt: skip
_EXAMPLE = 'stop_when="any(cells.v > -20*mV)"'


@dataclass(frozen=True)
class _Part:
    """One `any(...)`: what it does and over what."""

    name: str
    inner: Expr
    condition: bool


class StopCondition:
    """A condition over `population.variable` that ends a run.

    Parameters
    ----------
    text
        For example "any(cells.v > -20*mV) and mean(cells.w) > 10*pA". Variables of several cells
        stand within any, all, mean, sum, max or min.
    unit_of
        From population and variable to the unit, or an error if there is none.
    names
        The populations there are.

    Raises
    ------
    EquationError, UnknownNameError, UnitError
        The text cannot be read; with a caret under the place.
    """

    def __init__(
        self, text: str, unit_of: Callable[[str, str], Unit], names: tuple[str, ...]
    ) -> None:
        self.text = text
        self.references: dict[str, tuple[str, str]] = {}
        plain = _REFERENCE.sub(self._token, text)  # as long as before: carets stay in place
        self.source = Source(text)
        expression = parse_expression(plain, what="stop_when")
        self._names, self._parts = names, dict[str, _Part]()
        self._units = {token: unit_of(*pair) for token, pair in self.references.items()}
        expression = self._without_parts(expression)
        units = self._units | {
            token: Unit("1", 1.0, DIMENSIONLESS)
            for token in self._parts
            if token not in self._units
        }
        self._check(expression, units)
        Checker(units, self.source, "stop_when").require_condition(
            expression, "any(cells.v > -20*mV)"
        )
        self._expression = expression

    def _token(self, match: re.Match[str]) -> str:
        token = f"{match.group(1)}_{match.group(2)}"
        pair = (match.group(1), match.group(2))
        if self.references.setdefault(token, pair) != pair:
            other = ".".join(self.references[token])
            raise EquationError(
                f"stop_when: {match.group()} and {other} cannot stand in one text",
                mend="give a function: stop_when=lambda net: ...",
            )
        return token

    def _check(self, expression: Expr, units: Mapping[str, Unit]) -> None:
        for node in walk(expression):
            if isinstance(node, Name) and node.id in self._names:
                raise UnknownNameError(
                    f"stop_when: {node.id} is a population",
                    place=self.source.point(node.span),
                    mend=f"write one of its variables, {node.id}.v",
                )
            if isinstance(node, Name) and node.id not in (*units, *UNITS, "pi"):
                raise self._unknown(node)
        check_names(expression, units, source=self.source, label="stop_when")

    def _unknown(self, node: Name) -> UnknownNameError:
        """Return the error for a name without a population."""
        mend = f"say whose it is: any({(*self._names, 'cells')[0]}.{node.id} > ...)"
        if node.id in ("t", "dt", "i", "N"):
            mend = "a function can look at anything: stop_when=lambda net: net.time > 5*ms"
        return UnknownNameError(
            f"stop_when: {node.id} is no variable of a population",
            place=self.source.point(node.span),
            mend=mend,
        )

    def _without_parts(self, node: Expr) -> Expr:
        """Put a name in place of every `any(...)`, to be worked out by itself."""
        if isinstance(node, Call) and node.function in _OVER_CELLS:
            return self._part(node)
        if isinstance(node, Call):
            if node.function not in FUNCTIONS:
                meant = did_you_mean(node.function, [*_OVER_CELLS, *FUNCTIONS])
                raise UnknownNameError(
                    f"stop_when: unknown function {node.function}",
                    place=self.source.point(node.span),
                    mend=f"did you mean {meant}?" if meant
                    else f"over cells there are {', '.join(_OVER_CELLS)}",
                )  # fmt: skip
            arguments = tuple(self._without_parts(a) for a in node.arguments)
            return Call(node.function, arguments, node.span)
        if isinstance(node, Unary):
            return replace(node, operand=self._without_parts(node.operand))
        if isinstance(node, (Binary, Compare, Logical)):
            left, right = self._without_parts(node.left), self._without_parts(node.right)
            return replace(node, left=left, right=right)
        return node

    def _part(self, node: Call) -> Expr:
        if len(node.arguments) != 1:
            raise EquationError(
                f"stop_when: {node.function} takes 1 argument, here it has {len(node.arguments)}",
                place=self.source.point(node.span),
                mend=f"write {_EXAMPLE}",
            )
        inner = node.arguments[0]
        self._check(inner, self._units)
        dimension = dimension_of(inner, self._units, text=self.text, what="stop_when")
        condition = dimension is None
        if node.function in ("any", "all") and not condition:
            raise EquationError(
                f"stop_when: {node.function} takes a condition",
                place=self.source.point(inner.span),
                mend=f"write a comparison, as in {_EXAMPLE}",
            )
        token = f"part_{len(self._parts)}"
        self._parts[token] = _Part(node.function, inner, condition)
        if dimension is not None:
            self._units[token] = Unit(str(dimension), 1.0, dimension)
        name = Name(token, node.span)
        if node.function in ("any", "all"):
            return Compare("!=", name, Number(0.0, node.span), node.span)
        return name

    def holds(self, value_of: Callable[[str, str], Number_]) -> bool:
        """Return whether the condition holds now.

        Parameters
        ----------
        value_of
            From population and variable to the values, in SI units.
        """
        names: dict[str, Any] = {t: value_of(*pair) for t, pair in self.references.items()}
        for token, part in self._parts.items():
            names[token] = float(_OVER_CELLS[part.name](evaluate(part.inner, names)))
        found = np.asarray(evaluate(self._expression, names))
        if found.size > 1:
            raise EquationError(
                "stop_when: the condition has one value for each cell",
                place=point_at(self.text, 0, len(self.text)),
                mend=f"write any(...) or all(...): {_EXAMPLE}",
            )
        return bool(found.reshape(())) if found.ndim == 0 else bool(found[0])
