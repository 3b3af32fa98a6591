"""What a model is between its events: linear equations, level, reset and jumps, as numbers.

All that a way back through events needs of a model with `crossing="exact"` are the coefficients of

    dx/dt = rate*x + rest + sum of through*input + gain*driver
    x > level;  x = keep @ x + put;  refractory;  x += jump*weight

Each is an expression over parameters. It is worked out once for each cell, and a bar (the
derivative of the loss by the coefficient) goes on to the parameters by its symbolic derivative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rheobase.errors import EquationError, InternalError
from rheobase.language.definitions import Equation
from rheobase.language.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Name,
    names_in,
    rebuild,
    substitute,
    to_text,
)
from rheobase.language.model import Model, Statement
from rheobase.lowering.calculus import ONE, ZERO, derivative, linear_form, minus
from rheobase.network.evaluate import evaluate

Array = np.ndarray[Any, Any]
Key = tuple[str | int, ...]

_SURROGATE = 'write crossing="linear" and a surrogate: rb.gradient(..., surrogate="fast_sigmoid")'


@dataclass(frozen=True)
class Courses:
    """The coefficients of a model, as expressions.

    Attributes
    ----------
    states, inputs, ports : tuple of str
        Names, whose places number them.
    drivers : tuple of int
        The place of what drives each variable, -1 for nothing.
    held : tuple of bool
        Whether refractoriness holds each variable.
    crossed : int
        The variable of the threshold.
    expressions : dict
        By ("rate", j), ("rest", j), ("gain", j), ("through", j, input), ("level",),
        ("keep", j, k), ("put", j), ("refractory",), ("jump", port, j); what is missing is 0.
    """

    states: tuple[str, ...]
    inputs: tuple[str, ...]
    ports: tuple[str, ...]
    drivers: tuple[int, ...]
    held: tuple[bool, ...]
    crossed: int
    expressions: Mapping[Key, Expr] = field(default_factory=dict)

    def values(self, names: Mapping[str, Any], size: int) -> dict[Key, Array]:
        """Work all coefficients out, one value a cell.

        Parameters
        ----------
        names
            Parameters in SI units, one number or one a cell.
        size
            Number of cells.
        """
        return {
            key: np.array(np.broadcast_to(evaluate(expression, names), size), np.float64)
            for key, expression in self.expressions.items()
        }

    def parameter_bars(
        self, bars: Mapping[Key, Array], names: Mapping[str, Any], wanted: Iterable[str]
    ) -> dict[str, Array]:
        """Take bars of coefficients on to parameters, one value a cell.

        Parameters
        ----------
        bars
            Bars of coefficients, by their keys, one a cell.
        names
            As for `values`.
        wanted
            The parameters.
        """
        found = {}
        for name in wanted:
            total = np.zeros(len(next(iter(bars.values()))))
            for key, expression in self.expressions.items():
                if name not in names_in(expression):
                    continue
                slope = derivative(expression, name)
                if slope is None:
                    raise EquationError(
                        f"`{to_text(expression)}` has no derivative by {name} that is known here",
                        mend="write it with functions that have one",
                    )
                total += bars[key] * evaluate(slope, names)
            found[name] = total
        return found


def courses_of(model: Model, name: str) -> Courses:
    """Read the courses of a model that `rheobase.lowering.events` accepts.

    Parameters
    ----------
    model
        The model; its crossing is "exact".
    name
        Of the population, for messages.

    Raises
    ------
    EquationError
        What depends on an input other than by addition, a reset that is not linear, arrivals that
        do something else than add.
    """
    return _Reading(model, name).courses()


def _written(equation: Equation) -> Expr:
    assert equation.expression is not None  # only parameters have none
    return equation.expression


class _Reading:
    def __init__(self, model: Model, name: str) -> None:
        self.model, self.name = model, name
        self.states = tuple(e.name for e in model.differential)
        self.inputs = tuple(e.name for e in model.inputs) + tuple(model.time_functions)
        self.subexpressions = {e.name: _written(e) for e in model.subexpressions}
        self.found: dict[Key, Expr] = {}

    def courses(self) -> Courses:
        model = self.model
        if model.written_parameters:
            raise self.refusal(
                f"{', '.join(sorted(model.written_parameters))}, which a spike sets",
                "it has no equation of its own, and its past is not followed",
            )
        held = tuple("unless refractory" in model.equation(n).flags for n in self.states)
        drivers = tuple(self._course(j, name) for j, name in enumerate(self.states))
        crossed = self._level()
        self._reset()
        if model.refractory is not None:
            self._put(("refractory",), self._inlined(model.refractory), "refractory")
            if not held[crossed]:
                raise self.refusal(
                    f"{self.states[crossed]}, which goes on during refractoriness",
                    "a spike at its end has no slope",
                    f"write : ... (unless refractory) behind d{self.states[crossed]}/dt",
                )
        for j, driver in enumerate(drivers):
            if driver >= 0 and held[driver] and not held[j]:
                raise self.refusal(
                    f"{self.states[driver]}, held while {self.states[j]}, which it drives, is not",
                    "that is no sum of two exponentials",
                )
        ports = tuple(model.receives)
        for port in ports:
            self._jumps(port)
        return Courses(self.states, self.inputs, ports, drivers, held, crossed, self.found)

    def refusal(self, what: str, why: str, mend: str = _SURROGATE) -> EquationError:
        """Make the error for something that has no exact gradient here."""
        return EquationError(f"{self.name!r} has no exact gradient by {what}: {why}", mend=mend)

    def _inlined(self, expression: Expr) -> Expr:
        while names_in(expression) & self.subexpressions.keys():
            expression = substitute(expression, self.subexpressions)
        return self._held_currents(expression)

    def _held_currents(self, expression: Expr) -> Expr:
        if isinstance(expression, Call) and expression.function in self.model.time_functions:
            return Name(expression.function, expression.span)
        return rebuild(expression, self._held_currents)

    def _put(self, key: Key, expression: Expr, line: str) -> None:
        """Keep a coefficient; it may read nothing that changes."""
        changing = sorted(names_in(expression) & {*self.states, *self.inputs, "t"})
        if changing:
            raise self.refusal(f"`{line}`", f"it depends on {' and '.join(changing)}")
        if expression != ZERO:
            self.found[key] = expression

    def _course(self, j: int, name: str) -> int:
        line = self.model.equation(name).text
        form = linear_form(
            self._inlined(_written(self.model.equation(name))), frozenset(self.states)
        )
        if form is None:
            raise InternalError(f"{line} was taken for linear")
        coefficients, rest = form
        pushed = linear_form(rest, frozenset(self.inputs))
        if pushed is None:
            raise self.refusal(f"`{line}`", "it is not linear in its inputs")
        self._put(("rate", j), coefficients.get(name, ZERO), line)
        self._put(("rest", j), pushed[1], line)
        for m, source in enumerate(self.inputs):
            self._put(("through", j, m), pushed[0].get(source, ZERO), line)
        others = [n for n in coefficients if n != name]
        if not others:
            return -1
        self._put(("gain", j), coefficients[others[0]], line)
        return self.states.index(others[0])

    def _level(self) -> int:
        threshold = self.model.threshold
        assert isinstance(threshold, Compare)
        form = linear_form(
            self._inlined(minus(threshold.left, threshold.right)), frozenset(self.states)
        )
        assert form is not None
        self._put(("level",), minus(ZERO, form[1]), f"threshold: {to_text(threshold)}")
        return self.states.index(next(iter(form[0])))

    def _after(self, statements: Iterable[Statement]) -> dict[str, Expr]:
        """Write every variable after some statements over those before."""
        now: dict[str, Expr] = {name: Name(name) for name in self.states}
        for statement in statements:
            right = substitute(self._inlined(statement.expression), now)
            if statement.operator != "=":
                right = Binary(statement.operator[0], now[statement.target], right)
            now[statement.target] = right
        return now

    def _reset(self) -> None:
        text = "; ".join(statement.text for statement in self.model.reset)
        for j, (_, expression) in enumerate(self._after(self.model.reset).items()):
            form = linear_form(expression, frozenset(self.states))
            if form is None:
                raise self.refusal(f"`reset: {text}`", "it is not linear in the variables")
            for k, name in enumerate(self.states):
                self._put(("keep", j, k), form[0].get(name, ZERO), f"reset: {text}")
            self._put(("put", j), form[1], f"reset: {text}")

    def _jumps(self, port: str) -> None:
        statements = self.model.receives[port]
        text = "; ".join(statement.text for statement in statements)
        for j, (name, expression) in enumerate(self._after(statements).items()):
            form = linear_form(expression, frozenset({*self.states, "weight"}))
            added = None if form is None else {k: v for k, v in form[0].items() if k != "weight"}
            if form is None or added != {name: ONE} or form[1] != ZERO:
                raise self.refusal(
                    f"`receives: {text}`", "arrivals must add a multiple of their weight"
                )
            self._put(("jump", port, j), form[0].get("weight", ZERO), f"receives: {text}")
