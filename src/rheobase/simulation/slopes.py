"""The slopes of a model as a function of its states, and their derivatives.

What rests, fixed points, bifurcations and phase planes are found from: the right-hand sides of
the differential equations, with noise left out, inputs held at values and nothing of spikes and
resets. Every variable is in its own unit, and every array may have any leading shape, so that
many states are worked out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.language.expressions import Call, Expr, Name, Number, names_in, rebuild, substitute
from rheobase.language.model import Model
from rheobase.lowering.calculus import linear_form
from rheobase.lowering.integrators.implicit import conserved
from rheobase.network.evaluate import FUNCTIONS, evaluate
from rheobase.units import DIMENSIONLESS

Floats: TypeAlias = NDArray[np.float64]

_STEP = 1e-4
"""Step of a numerical derivative, relative to the value."""
_FAR = 1e6
"""A step of Newton's method this long, beside the value, leads nowhere."""
_SETTLED = 1e-12
"""Slopes this small, beside the largest at first, have vanished."""

# The central difference of fourth order: where the function is taken, and with what weight.
_PLACES = np.array([-2.0, -1.0, 1.0, 2.0])
_WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0


class Slopes:
    """dx/dt of every state of a model, noise left out.

    Parameters
    ----------
    model
        The model.
    parameters
        Values in SI units, one number or one a cell. Inputs that are not named are 0.
    size
        Number of cells; `N` in the equations.
    held
        States that do not move, with their values in SI units; they are no states here.

    Attributes
    ----------
    states : list of str
        Names of the states, in order of writing.
    scales : ndarray, shape (states,)
        The units they are written in, in SI units.
    cells : int
        1 where all cells are alike, else `size`.
    held : dict
        States that do not move.
    fixed : dict
        What the equations read beside the states, in SI units.
    right : list of Expr
        The slopes as expressions, noise left out.
    computed : dict of str to Expr
        The subexpressions they read, each after those that it reads itself.
    schemes : tuple of tuple of int
        The places of states without a unit that are linear in each other and whose slopes sum to
        0: the states of a kinetic scheme, which settle where they sum to 1.
    """

    def __init__(
        self,
        model: Model,
        parameters: Mapping[str, float | Floats],
        size: int = 1,
        held: Mapping[str, float] | None = None,
    ) -> None:
        self.model = model
        self.held = dict(held or {})
        moving = [e for e in model.differential if e.name not in self.held]
        self.states = [e.name for e in moving]
        self.scales = np.array([model.unit_of(name).scale for name in self.states])
        arrays = [v for v in parameters.values() if isinstance(v, np.ndarray)]
        self.cells = size if arrays or self._differs() else 1
        self.fixed: dict[str, float | Floats] = {
            **{e.name: 0.0 for e in model.inputs}, **parameters, **self.held,
            "t": 0.0, "i": np.arange(self.cells, dtype=np.float64), "N": float(size),
        }  # fmt: skip
        self.right = [_quiet(e.expression) for e in moving]
        self.computed = _in_order(model, self.right)
        self.schemes = tuple(
            tuple(map(self.states.index, names)) for names in _schemes(model, self.states)
        )
        self._functions = {**FUNCTIONS, **{name: _silent for name in model.time_functions}}

    def _differs(self) -> bool:
        reads = [names_in(e.expression) for e in self.model.equations if e.expression is not None]
        return any("i" in names for names in reads)

    def named(self, x: Floats) -> dict[str, Floats]:
        """Return states of shape (..., states) by name, in SI units."""
        return {name: x[..., k] * self.scales[k] for k, name in enumerate(self.states)}

    def __call__(self, x: Floats, values: Mapping[str, float | Floats] | None = None) -> Floats:
        """Return dx/dt, each state in its own unit, per second.

        Parameters
        ----------
        x : ndarray, shape (..., states)
            With cells that differ, (..., cells, states).
        values
            Parameters and inputs that have other values here, in SI units, of shape (...).

        Returns
        -------
        ndarray, shape (..., states)
        """
        known: dict[str, float | Floats] = {**self.fixed, **self.named(x), **(values or {})}

        for name, expression in self.computed.items():
            known[name] = evaluate(expression, known, None, self._functions)
        slopes = [evaluate(right, known, None, self._functions) for right in self.right]
        rows = [np.broadcast_to(slope, x.shape[:-1]) for slope in slopes]
        return np.asarray(np.stack(rows, axis=-1) / self.scales)

    def jacobian(self, x: Floats, values: Mapping[str, float | Floats] | None = None) -> Floats:
        """Return the derivatives of the slopes by the states, shape (..., states, states)."""
        return differentiate(lambda moved: self(moved, values), x)

    def bind(self, table: Floats, right: Floats, places: Sequence[int],
             x: Floats | None = None) -> None:  # fmt: skip
        """Let the states of each scheme sum to 1, in place of one of their equations.

        Without that their equations are no more than all but one, and nothing can be solved for.

        Parameters
        ----------
        table, right : ndarray, shapes (..., m, m) and (..., m)
            Derivatives of the slopes of some states by them, and what a solution is asked for;
            changed in place.
        places : sequence of int
            These states; schemes count that are among them.
        x : ndarray, shape (..., m), optional
            Where they are, for Newton's method: `right` becomes what is left of the sum; 0 if not
            given, as for changes.
        """
        at = {place: k for k, place in enumerate(places)}
        for scheme in self.schemes:
            if at.keys() >= set(scheme):
                own = [at[place] for place in scheme]
                scales = self.scales[list(scheme)]
                table[..., own[0], :] = 0.0
                table[..., own[0], own] = scales
                right[..., own[0]] = 0.0 if x is None else np.sum(x[..., own] * scales, -1) - 1.0

    def free(self, table: Floats) -> Floats:
        """Return the derivatives among states of which one of each scheme is what is left of 1.

        Parameters
        ----------
        table : ndarray, shape (..., states, states)

        Returns
        -------
        ndarray, shape (..., n, n), n = states - schemes
        """
        table = table.copy()
        for first, *others in self.schemes:
            share = self.scales[others] / self.scales[first]
            table[..., others] -= table[..., first, None] * share
        kept = [k for k in range(table.shape[-1]) if all(k != s[0] for s in self.schemes)]
        return table[..., kept, :][..., kept]

    def settle(self, x: Floats, places: Sequence[int], rounds: int = 5) -> Floats:
        """Bring some states to where their slopes vanish, the others held: by Newton's method.

        Gates and schemes, whose equations are linear in them, are there after one round.

        Parameters
        ----------
        x : ndarray, shape (..., states)
            Where to begin.
        places : sequence of int
            The states to move, by their place.
        rounds : int
            Newton steps.

        Returns
        -------
        ndarray, shape (..., states)
            A copy; where a step leads nowhere, the states stay as they were.
        """
        x, chosen = x.copy(), list(places)
        if not chosen:
            return x

        def of_chosen(part: Floats) -> Floats:
            whole = np.broadcast_to(x, (*part.shape[:-1], x.shape[-1])).copy()
            whole[..., chosen] = part
            return np.asarray(self(whole)[..., chosen])

        first = None
        for _ in range(rounds):
            part = x[..., chosen]
            rest, table = expand(of_chosen, part)
            self.bind(table, rest, chosen, part)
            largest = float(np.max(np.abs(rest), initial=0.0, where=np.isfinite(rest)))
            first = largest if first is None else first
            if largest <= _SETTLED * first:
                break
            move = solve(table, -rest)
            with np.errstate(invalid="ignore"):
                good = np.all(np.abs(move) < _FAR * (1.0 + np.abs(part)), axis=-1)
            x[..., chosen] = np.where(good[..., None], part + move, part)
        return x


def _schemes(model: Model, states: Sequence[str]) -> list[list[str]]:
    """Return groups of states without a unit whose slopes are linear in them and sum to 0."""
    plain = [n for n in states if model.unit_of(n).dimension == DIMENSIONLESS]
    if len(plain) < 2:
        return []
    written: dict[str, Expr] = {e.name: _quiet(e.expression) for e in model.subexpressions}
    right = {e.name: _quiet(e.expression) for e in model.differential if e.name in plain}
    for name, expression in right.items():
        while names_in(expression) & written.keys():
            expression = substitute(expression, written)
        right[name] = expression
    group = {name: {name} for name in plain}
    for name in plain:
        for other in names_in(right[name]) & group.keys():
            joined = group[name] | group[other]
            group.update(dict.fromkeys(joined, joined))
    found = []
    for names in {id(each): each for each in group.values()}.values():
        forms = {n: linear_form(right[n], frozenset(names)) for n in plain if n in names}
        linear = {n: form for n, form in forms.items() if form is not None}
        if len(names) > 1 and len(linear) == len(names) and conserved(linear):
            found.append(list(linear))
    return found


def differentiate(function: Callable[[Floats], Floats], z: Floats) -> Floats:
    """Return the derivatives of a function of vectors; see `expand`."""
    return expand(function, z)[1]


def expand(function: Callable[[Floats], Floats], z: Floats) -> tuple[Floats, Floats]:
    """Return a function of vectors and its derivatives, by central differences of fourth order.

    Everything is worked out in one call of the function.

    Parameters
    ----------
    function : callable
        Takes (..., m), gives (..., n), any leading shape.
    z : ndarray, shape (..., m)
        Where; values are of order 1 or of their own size.

    Returns
    -------
    values : ndarray, shape (..., n)
    derivatives : ndarray, shape (..., n, m)
    """
    count, lead = z.shape[-1], z.shape[:-1]
    step = _STEP * np.maximum(np.abs(z), 0.1)
    directions = np.eye(count)[:, None] * _PLACES[None, :, None]  # (m, 4, m)
    moves = directions.reshape(count * _PLACES.size, *(1,) * len(lead), count) * step
    found = function(np.concatenate([z[None], z + moves]))  # (1 + 4 m, ..., n)
    beside = found[1:].reshape(count, _PLACES.size, *lead, found.shape[-1])
    with np.errstate(all="ignore"):  # what is not finite is looked at by the caller
        sums = np.tensordot(_WEIGHTS, beside, axes=(0, 1))  # (m, ..., n)
        return found[0], np.asarray(np.moveaxis(sums, 0, -1) / step[..., None, :])


def solve(tables: Floats, right: Floats) -> Floats:
    """Solve many small systems: tables (..., n, n), right (..., n); nan where there is none."""
    finite = np.all(np.isfinite(tables), axis=(-2, -1)) & np.all(np.isfinite(right), axis=-1)
    safe = np.where(finite[..., None, None], tables, np.eye(tables.shape[-1]))
    try:
        moves = np.linalg.solve(safe, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        # one of them is singular: the least-squares solution, for each by itself
        moves = (np.linalg.pinv(safe) @ np.where(finite[..., None], right, 0.0)[..., None])[..., 0]
    return np.asarray(np.where(finite[..., None], moves, np.nan))


def _silent(*_: float | Floats) -> float:
    """Stand for a function of time: there is no input over time at rest."""
    return 0.0


def _in_order(model: Model, read: Sequence[Expr]) -> dict[str, Expr]:
    """Return the subexpressions that are read, each after those that it reads itself."""
    written = {e.name: _quiet(e.expression) for e in model.subexpressions}
    found: dict[str, Expr] = {}

    def visit(expression: Expr) -> None:
        for name in sorted(names_in(expression)):
            if name in written and name not in found:
                visit(written[name])
                found[name] = written[name]

    for expression in read:
        visit(expression)
    return found


def _quiet(expression: Expr | None) -> Expr:
    """Return an expression with noise at 0 and random numbers at their mean."""
    assert expression is not None
    if isinstance(expression, Name) and (expression.id == "xi" or expression.id.startswith("xi_")):
        return Number(0.0, expression.span)
    if isinstance(expression, Call) and expression.function in ("rand", "randn"):
        return Number(0.5 if expression.function == "rand" else 0.0, expression.span)
    return rebuild(expression, _quiet)
