"""Steps that making a model and making a synapse have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rheobase.errors import EquationError, UnknownNameError, did_you_mean
from rheobase.language.definitions import PARAMETER, Equation, Source, Statement
from rheobase.language.equations import check_parameter_name
from rheobase.language.expressions import Expr, Number
from rheobase.language.functions import UserFunction, inline
from rheobase.language.parsing import parse_expression, parse_statements
from rheobase.language.values import read_value
from rheobase.units import Unit


def is_quantity_text(text: str) -> bool:
    """Tell whether a text is a number and a unit beside it, "20 ms", and no expression."""
    return bool(re.fullmatch(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*[A-Za-z][\w*/]*\s*", text))


def read_mapping(given: Any, what: str, example: str) -> Mapping[str, Any]:
    """Return what was given as a dict.

    Raises
    ------
    EquationError
        It is none.
    """
    if not isinstance(given, Mapping):
        raise EquationError(
            f"{what}: expected a dict, got {type(given).__name__}", mend=f"write {example}"
        )
    return given


def inlined(
    equations: Iterable[Equation], functions: Mapping[str, UserFunction]
) -> tuple[Equation, ...]:
    """Return equations with the calls of a user's functions replaced by what they say."""
    return tuple(
        equation
        if equation.expression is None
        else replace(equation, expression=inline(equation.expression, functions, equation.source))
        for equation in equations
    )


def read_statements(
    text: str, functions: Mapping[str, UserFunction], what: str, calls: tuple[str, ...] = ()
) -> tuple[Statement, ...]:
    """Return the statements of a text; functions and errors as of `inlined` and parsing."""
    return tuple(
        replace(statement, expression=inline(statement.expression, functions, statement.source))
        for statement in parse_statements(text, what=what, calls=calls)
    )


def read_start(
    name: str, value: Any, unit: Unit, functions: Mapping[str, UserFunction]
) -> tuple[Expr, Source | None]:
    """Return an initial value, and the text it was read from unless it is a plain value.

    Raises
    ------
    EquationError, UnitError
        The text cannot be read, or the value is of another dimension than `unit`.
    """
    what = f"initial, {name}"
    if isinstance(value, str) and not is_quantity_text(value):
        source = Source(value)
        return inline(parse_expression(value, what=what), functions, source), source
    read = read_value(value, what, example=f"initial=dict({name}=0*{unit.text})")
    return Number(read.in_dimension(unit, what, name)), None


def declare(name: str, unit: Unit) -> Equation:
    """Return the parameter that a value stands for which no line declares."""
    check_parameter_name(name)
    return Equation(PARAMETER, name, None, unit, frozenset(), f"{name} : {unit.text}", 0)


def unknown_parameter(
    name: str, equations: Iterable[Equation], missing: Sequence[str] = (),
    reader: str = "the model",
) -> UnknownNameError:  # fmt: skip
    """Return the error for a value whose name no line reads."""
    parameters = [equation.name for equation in equations if equation.kind == PARAMETER]
    meant = did_you_mean(name, [*missing, *parameters])
    names = ", ".join([*parameters, *missing]) or "none"
    return UnknownNameError(
        f"parameters: {reader} does not read {name}",
        mend=f"did you mean {meant}?" if meant else f"its parameters are: {names}",
    )
