"""The first states of a population as a function of its parameters, and the way back through it.

A cell begins at rest, or as a text says, unless it was set to a number. Other parameters, another
beginning: that is worked out here for an evaluation at other values, and the derivatives by first
states are passed on to what these follow. Of a rest x with F(x, p) = 0 that is dx/dp = -J^-1 F_p,
with J = dF/dx, backwards bar_p -= F_p^T J^-T bar_x.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rheobase.engine.plan import FloatArray
from rheobase.gradients.rests import RestPiece, add_bar
from rheobase.language.expressions import Call, Expr, Name, rebuild
from rheobase.network.evaluate import Draws
from rheobase.simulation.first_values import names_read
from rheobase.simulation.formulas import BAR, Formulas
from rheobase.simulation.values import SPIKING

if TYPE_CHECKING:
    from rheobase.simulation.values import CellValues

Masks = Mapping[str, Any]
Known = dict[str, Any]


class Piece(Protocol):
    """First values of some cells, by a rule."""

    reads: frozenset[str]
    masks: dict[str, Any]

    def set(self, known: Known, initial: Mapping[str, FloatArray]) -> None:
        """Work the values out."""

    def back(self, known: Known, bars: dict[str, Any]) -> None:
        """Pass the bars of the values on to what was read; `bars` are by name."""


class Beginning:
    """How the first states of a population follow its parameters.

    Parameters
    ----------
    values
        The population, as its first run found it.
    parameters
        Its parameters in SI units.
    initial
        By state, the first values, shape (cells,).
    wanted
        Parameters that may change, and whose derivatives are wanted.
    chosen
        By state, the cells whose first value is a number of its own (a mask), besides those that
        were set.
    """

    def __init__(self, values: CellValues, parameters: Mapping[str, Any],
                 initial: Mapping[str, FloatArray], wanted: frozenset[str],
                 chosen: Masks) -> None:  # fmt: skip
        self.values, self.wanted = values, wanted
        self.pieces = _pieces(values, parameters, wanted, chosen)
        read = frozenset[str]().union(*(piece.reads for piece in self.pieces))
        self.watched = sorted(read & wanted)
        self._read_states = sorted(read & frozenset(values.states))
        self.follows_states = any(np.any(chosen.get(name, False)) for name in read)
        self._home = self._now = self._watch(parameters)
        self._first = {name: np.array(initial[name]) for p in self.pieces for name in p.masks}
        self._known = self._all(parameters, initial)

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def _watch(self, parameters: Mapping[str, Any]) -> list[Any]:
        held = [parameters[name] for name in self.watched]
        return [np.array(value) if np.ndim(value) else value for value in held]

    def _all(self, parameters: Mapping[str, Any], initial: Mapping[str, FloatArray]) -> Known:
        return {**parameters, **initial}

    def set(self, parameters: Mapping[str, Any], initial: Mapping[str, FloatArray]) -> None:
        """Set the first values of cells that follow parameters, where these have changed.

        Raises
        ------
        EquationError
            Cells without a threshold have no rest at these parameters.
        """
        same = _equal(self._now, (parameters[name] for name in self.watched))
        if same and not self.follows_states:
            return
        now, self._now = self._watch(parameters), []  # nothing is known until all is set
        self._known = self._all(parameters, initial)
        if not self.follows_states and _equal(self._home, now):
            for piece in self.pieces:
                for name, mask in piece.masks.items():
                    initial[name][mask] = self._first[name][mask]
                if isinstance(piece, RestPiece):
                    piece.go_home()
        else:
            for piece in self.pieces:
                piece.set(self._known, initial)
        self._now = now

    def back(self, states: Mapping[str, FloatArray]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return derivatives by parameters and by first values that are numbers of their own.

        Parameters
        ----------
        states
            By state, the derivatives by its first values, shape (cells,).

        Returns
        -------
        (dict, dict)
            By parameter, in its shape; by state, shape (cells,), of those that texts read.
        """
        bars: dict[str, Any] = dict(states)
        for name in self._read_states:  # texts add to these
            bars[name] = np.array(bars[name])
        for piece in reversed(self.pieces):
            piece.back(self._known, bars)
        found = {name: bars[name] for name in self.wanted if name in bars}
        return found, {name: bars[name] for name in self._read_states}


def _equal(held: list[Any], values: Any) -> bool:
    others = list(values)
    return len(held) == len(others) and all(
        a == b if isinstance(a, float) else np.array_equal(a, b)
        for a, b in zip(held, others, strict=True)
    )


# -- texts ------------------------------------------------------------------------------------


class TextPiece:
    """First values that a text gives."""

    def __init__(self, values: CellValues, state: str, expression: Expr, mask: Any, *,
                 places: Any, count: int, draws: Draws, frozen: Mapping[str, tuple[Any, Any]],
                 follows: frozenset[str]) -> None:  # fmt: skip
        """`places` are the numbers of the cells of the mask in what the text was written for."""
        self.state, self.masks = state, {state: mask}
        self.cells = np.flatnonzero(mask)
        self.own: Known = {"i": places.astype(float), "N": float(count),
                           "t": values.clock.time, "dt": values.clock.dt}  # fmt: skip
        expression = self._drawn(expression, draws)
        subexpressions = {e.name: e.expression for e in values.model.subexpressions
                          if e.expression is not None}  # fmt: skip
        for name in values.currents:
            self.own[f"{name}(t)"] = values.current_now(name, self.cells)(None)
        expression = self._still(expression, values)
        subexpressions = {n: self._still(e, values) for n, e in subexpressions.items()}
        for name, kind in values.kinds.items():
            if kind == "input":
                self.own[name] = 0.0
            elif kind == "spiking" or name in SPIKING:
                self.own[name] = values.read(name, self.cells)
        self.frozen = {n: (mask[self.cells], v[self.cells]) for n, (mask, v) in frozen.items()}
        names = [n for n, kind in values.kinds.items() if kind in ("parameter", "state")]
        formulas = Formulas({state: expression}, subexpressions, {*names, *self.own})
        still = {n for n, (mask, _) in self.frozen.items() if mask.all()}
        self.reads = (formulas.reads & frozenset(names)) - still
        self._leaves = formulas.reads
        self._values = formulas.values()
        self._back = formulas.back(self.reads & follows)

    def _drawn(self, expression: Expr, draws: Draws) -> Expr:
        """Put names in place of random numbers, which are those of the first run."""

        def change(node: Expr) -> Expr:
            if isinstance(node, Call) and node.function in ("rand", "randn"):
                name = f"{node.function} {len(self.own)}"
                self.own[name] = draws.rand() if node.function == "rand" else draws.randn()
                return Name(name)
            return rebuild(node, change)

        return change(expression)

    def _still(self, expression: Expr, values: CellValues) -> Expr:
        """Put names in place of functions of time, which are read at the beginning."""

        def change(node: Expr) -> Expr:
            if isinstance(node, Call) and node.function in values.currents:
                return Name(f"{node.function}(t)")
            return rebuild(node, change)

        return change(expression)

    def _read(self, known: Known) -> Known:
        found = {}
        for name in self._leaves:
            value = self.own[name] if name in self.own else known[name]
            whole = name not in self.own and np.ndim(value) > 0
            found[name] = value[self.cells] if whole else value
            if name in self.frozen:
                mask, then = self.frozen[name]
                found[name] = np.where(mask, then, found[name])
        return found

    def set(self, known: Known, initial: Mapping[str, FloatArray]) -> None:
        """Work the text out."""
        initial[self.state][self.cells] = self._values(self._read(known))[self.state]

    def back(self, known: Known, bars: dict[str, Any]) -> None:
        """Pass the bars on to parameters and states that the text reads."""
        bar = bars[self.state][self.cells]
        for name, found in self._back(self._read(known) | {BAR + self.state: bar}).items():
            each = np.broadcast_to(found, bar.shape)
            if name in self.frozen:
                each = np.where(self.frozen[name][0], 0.0, each)
            add_bar(bars, name, known[name], self.cells, each)


# -- what follows what --------------------------------------------------------------------------


def _pieces(values: CellValues, parameters: Mapping[str, Any], wanted: frozenset[str],
            chosen: Masks) -> list[Piece]:  # fmt: skip
    """Return the rules of first values that depend on what may change, in order."""
    every = np.arange(values.size)
    rest_masks: dict[str, Any] = {}
    order: list[tuple[str, frozenset[str], Callable[[frozenset[str]], Piece]]] = []
    for state in values.states:
        free = ~np.asarray(chosen.get(state, np.zeros(values.size, dtype=bool)))
        for text in values.texts.get(state, ()):
            cells = every if text.cells is None else text.cells
            inside = text.holds & free[cells]
            if np.any(inside):
                order.append((state, text.follows(),
                              _given_text(values, state, text, cells, inside)))  # fmt: skip
        unset = free & ~values.begun.get(state, np.zeros(values.size, dtype=bool))
        given = values.model.initial
        if not np.any(unset):
            continue
        if isinstance(given, str):
            if state not in values.model.written_parameters:
                rest_masks[state] = unset
        elif given.get(state) is not None:
            order.append((state, names_read(values, given[state]),
                          _model_text(values, state, given[state], unset)))  # fmt: skip
    found: list[Piece] = []
    varying = wanted | {state for state in chosen if np.any(chosen[state])}
    if rest_masks:
        rest = RestPiece(values, parameters, rest_masks, wanted)
        if rest.reads & wanted:
            found.append(rest)
            varying |= rest_masks.keys()
    for state, reads, make in _sorted(order):
        if reads & varying:
            varying |= {state}
            found.append(make(varying))
    return found


def _sorted(order: list[Any]) -> list[Any]:
    """Return the rules of states after those of the states they read."""
    done: list[Any] = []
    names = {state for state, _, _ in order}
    left = list(order)
    while left:
        open_ = {state for state, _, _ in left}
        ready = [one for one in left if not (one[1] & names & open_ - {one[0]})] or left
        done += ready
        left = [one for one in left if one not in ready]
    return done


def _given_text(values: CellValues, state: str, text: Any, cells: Any,
                inside: Any) -> Callable[[frozenset[str]], Piece]:  # fmt: skip
    def make(varying: frozenset[str]) -> Piece:
        mask = np.zeros(values.size, dtype=bool)
        mask[cells[inside]] = True
        ascending = np.argsort(cells[inside])
        places = np.flatnonzero(inside)[ascending]
        return TextPiece(values, state, text.expression, mask, places=places, count=cells.size,
                         draws=values.draws(np.flatnonzero(mask), *text.stream),
                         frozen=text.frozen, follows=varying)  # fmt: skip

    return make


def _model_text(values: CellValues, state: str, expression: Expr,
                unset: Any) -> Callable[[frozenset[str]], Piece]:  # fmt: skip
    def make(varying: frozenset[str]) -> Piece:
        cells = np.flatnonzero(unset)
        return TextPiece(values, state, expression, unset, places=cells, count=values.size,
                         draws=values.draws(cells, "initial", state), frozen={},
                         follows=varying)  # fmt: skip

    return make
