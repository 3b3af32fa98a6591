"""Where cells rest at other parameters, and the derivatives of that.

A rest x solves F(x, p) = 0, the slopes without input. It is followed from where it was found at the
first parameters by Newton's method; where that leads far, or to a point that is not stable, it is
looked for as a new network would. Derivatives are implicit: dx/dp = -J^-1 F_p, with J = dF/dx.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.plan import FloatArray
from rheobase.language.expressions import names_in
from rheobase.language.model import Model
from rheobase.simulation.formulas import BAR, Formulas, Function
from rheobase.simulation.rest import VOLTAGES, Rest, find_rest, is_stable
from rheobase.simulation.slopes import Slopes, solve

if TYPE_CHECKING:
    from rheobase.simulation.values import CellValues

Known = dict[str, Any]
_SAME = 1e-10
"""A step of Newton's method this short (beside 1 + |x|) does not change derivatives."""
_BESIDE = 1e-6
"""One this short may as well be taken with the Jacobian of before."""
_FAR = 0.3
"""A step this long may lead to another fixed point."""
_DEFECTIVE = 1e6
"""Eigenvectors with this condition number are none to compute in."""
_SINGULAR = 1e-12
"""Eigenvalues this small, beside the largest, count as 0."""


@lru_cache(maxsize=64)
def _formulas(model: Model) -> Formulas:
    """Return the slopes of a model in SI units, noise left out."""
    slopes = Slopes(model, {})
    read = {n for e in (*slopes.right, *slopes.computed.values()) for n in names_in(e)}
    leaves = {n for n in read if n in (*model.names, "t", "i", "N") and n not in slopes.computed}
    right = dict(zip(slopes.states, slopes.right, strict=True))
    return Formulas(right, slopes.computed, sorted(leaves | set(slopes.states)),
                    model.time_functions)  # fmt: skip


@lru_cache(maxsize=64)
def _slopes(model: Model) -> Callable[[Known], list[Any]]:
    """Return the slopes and their derivatives by the states, row by row."""
    return _formulas(model).slopes([e.name for e in model.differential])


@lru_cache(maxsize=64)
def _back(model: Model, wanted: frozenset[str]) -> Function:
    """Return the bars of parameters, given those of the slopes."""
    return _formulas(model).back(wanted)


class _System:
    """F(x, p) = 0 for the cells of a model; x in the units of the states.

    F are the slopes, but that of v in cells that do not rest: how far v is from where it is held.

    Parameters
    ----------
    model
        The model.
    parameters
        What its equations read, in SI units.
    size
        Cells.
    home
        Where they begin at these parameters.
    """

    def __init__(self, model: Model, parameters: Known, size: int, home: Rest) -> None:
        slopes = Slopes(model, parameters, size)
        self.fixed, self.cells, self.scales = slopes.fixed, slopes.cells, slopes.scales
        self.model, self.states, self.home = model, home.states, home
        self.places = {name: k for k, name in enumerate(self.states)}
        self.voltage = next((n for n in VOLTAGES if n in self.fixed), "")
        self._slopes = _slopes(model)
        self.singular = False
        self._near: FloatArray | None = None
        self._ratios = self.scales / self.scales[:, None]
        table = self.expand(self.fixed, home.values, ~home.resting)[1]
        self._inverse: FloatArray = np.full_like(table, np.nan)
        if not np.all(np.isfinite(table)):
            self.singular = True
            return
        values, vectors = np.linalg.eig(table)
        size_of = np.abs(values)
        self.singular = bool(np.any(size_of.min(axis=-1) <= _SINGULAR * size_of.max(axis=-1)))
        if not self.singular:
            self._inverse = np.asarray(np.linalg.inv(table))
        if np.all(np.linalg.cond(vectors) < _DEFECTIVE):
            # In its eigenvectors a table that is near is near its diagonal, and by Gershgorin is
            # stable if no entry has changed by more than a share of it.
            moved = np.abs(np.linalg.inv(vectors)) @ np.abs(table) @ np.abs(vectors)
            share = np.min(-values.real / np.maximum(moved.sum(axis=2), 1e-300))
            self._table, self._near = table, float(share) * np.abs(table)

    def one(self, values: FloatArray) -> Any:
        """Return the number that cells share, or their values."""
        return values[0] if self.cells == 1 else values

    def _known(self, fixed: Known, x: FloatArray) -> Known:
        known = dict(fixed)
        for k, name in enumerate(self.states):
            known[name] = self.one(x[:, k]) * self.scales[k]
        return known

    def expand(self, fixed: Known, x: FloatArray, held: Any) -> tuple[FloatArray, FloatArray]:
        """Return F, (cells, states), and its derivatives by the states."""
        found = self._slopes(self._known(fixed, x))
        count = len(self.states)
        if self.cells == 1:
            whole = np.array(found, dtype=float).reshape(1, -1)
        else:
            whole = np.empty((self.cells, count + count * count))
            for k, part in enumerate(found):
                whole[:, k] = part
        slopes = whole[:, :count] / self.scales
        table = whole[:, count:].reshape(self.cells, count, count) * self._ratios
        if held.any():
            v = self.places["v"]
            at = fixed[self.voltage] / self.scales[v] if self.voltage else self.home.values[:, v]
            slopes[held, v] = (x[:, v] - at)[held]
            table[held, v] = np.eye(count)[v]
        return slopes, table

    def solve(self, table: FloatArray, right: FloatArray) -> FloatArray:
        """Solve table x = right; directions in which nothing decays stay as they are."""
        if not self.singular:
            try:
                return np.asarray(np.linalg.solve(table, right[..., None])[..., 0])
            except np.linalg.LinAlgError:
                return solve(table, right)
        return np.stack([_group_inverse(a) @ b for a, b in zip(table, right, strict=True)])

    def beside(self, right: FloatArray) -> FloatArray:
        """Solve with the table of the first parameters; nan where that is singular."""
        return np.asarray((self._inverse @ right[..., None])[..., 0])

    def back(self, fixed: Known, x: FloatArray, held: Any, bars: FloatArray,
             wanted: frozenset[str]) -> Known:  # fmt: skip
        """Return sum_k bars_k dF_k/dp by parameter; of cells that share everything, one number."""
        own = bars / self.scales
        found: Known = {}
        if held.any():
            v = self.places["v"]
            found[self.voltage] = self.one(np.where(held, -own[:, v], 0.0))
            own = own.copy()
            own[held, v] = 0.0
        known = self._known(fixed, x)
        for k, name in enumerate(self.states):
            known[BAR + name] = self.one(own[:, k])
        for name, bar in _back(self.model, wanted)(known).items():
            found[name] = found.get(name, 0.0) + bar
        return {name: bar for name, bar in found.items() if name in wanted}

    def stable(self, table: FloatArray) -> Any:
        """Return in which cells small deviations die away."""
        if self._near is not None and (np.abs(table - self._table) <= self._near).all():
            return np.ones(self.cells, dtype=bool)
        return is_stable(table)


class RestPiece:
    """First values of cells that begin at rest; those that fire by themselves, with v held.

    Attributes
    ----------
    reads : frozenset of str
        The parameters that the rest depends on.
    masks : dict of str to ndarray of bool
        By state, the cells that begin so.
    """

    def __init__(self, values: CellValues, parameters: Mapping[str, Any],
                 masks: dict[str, Any], wanted: frozenset[str]) -> None:  # fmt: skip
        self.model, self.size, self.masks = values.model, values.size, masks
        self._defaults: Known = {n: float(v) for n, v in values.model.defaults.items()}
        self._names = [n for n, kind in values.kinds.items() if kind == "parameter"]
        self.home = self._found(parameters)
        self.values, self.resting = self.home.values, self.home.resting
        self.reads = _formulas(self.model).reads & frozenset(self._names)
        self._system = _System(self.model, self._given(parameters), self.size, self.home)
        if not np.all(self.resting):
            self.reads |= {self._system.voltage} & frozenset(self._names)
        self.wanted = self.reads & wanted
        self._start = {n: parameters[n] for n in self.wanted}
        self._shared = not any(np.ndim(value) for value in self._start.values())
        self._whole = {name: bool(mask.all()) for name, mask in masks.items()}
        self._tangents: dict[str, FloatArray] | None = None
        self._table: FloatArray | None = None  # the derivatives of F by x, where they are known

    def _given(self, parameters: Mapping[str, Any]) -> Known:
        return self._defaults | {n: parameters[n] for n in self._names}

    def _found(self, parameters: Mapping[str, Any]) -> Rest:
        return find_rest(self.model, self._given(parameters), self.size)

    def go_home(self) -> None:
        """Rest where the first parameters let it."""
        self.values, self.resting = self.home.values, self.home.resting
        self._table = None

    def _fixed(self, known: Mapping[str, Any]) -> Known:
        return self._system.fixed | {n: known[n] for n in self.wanted}

    # -- forward --------------------------------------------------------------------------

    def set(self, known: Known, initial: Mapping[str, FloatArray]) -> None:
        """Find the rest at these parameters."""
        found = self._followed(self._fixed(known))
        if found is None:
            rest = self._found(known)
            self.values, self.resting, self._table = rest.values, rest.resting, None
        else:
            self.values, self.resting = found, self.home.resting
        for k, name in enumerate(self.home.states):
            if name in self.masks:
                mask, each = self.masks[name], self.values[:, k] * self._system.scales[k]
                initial[name][mask] = each if self._system.cells == 1 else each[mask]

    def _followed(self, fixed: Known) -> FloatArray | None:
        """Return where the rest has moved to; None where it is better looked for anew."""
        resting = self.home.resting
        found = self._newton(fixed, self._ahead(fixed), ~resting)
        if found is None:
            return None
        x, table = found
        self._table = table
        if resting.all():
            return x if self._system.stable(table).all() else None
        # cells that fire by themselves go on doing so while what they would rest at is unstable
        beside = np.where(resting[:, None], x, self.home.unstable)
        still = self._newton(fixed, beside, np.zeros_like(resting))
        if still is None or not np.array_equal(is_stable(still[1]), resting):
            return None
        return x

    def _ahead(self, fixed: Known) -> FloatArray:
        """Return where the rest moves to, to first order in the parameters."""
        if self._tangents is None:
            self._tangents = self._find_tangents()
            self._stacked = np.stack(list(self._tangents.values()), axis=-1)
        home = self.home.values
        changes = [fixed[name] - self._start[name] for name in self._tangents]
        if self._shared:
            moved = home + self._stacked @ np.array(changes)
        else:
            moved = home.copy()
            for tangent, change in zip(self._tangents.values(), changes, strict=True):
                moved += tangent * (change[:, None] if np.ndim(change) else change)
        return moved if (np.abs(moved - home) < _FAR * (1.0 + np.abs(home))).all() else home

    def _find_tangents(self) -> dict[str, FloatArray]:
        """Return dx/dp = -J^-1 F_p by parameter at home."""
        system, home, held = self._system, self.home.values, ~self.resting
        table = system.expand(system.fixed, home, held)[1]
        slopes = {name: np.zeros_like(home) for name in self.wanted}
        for k in range(home.shape[1]):
            only = np.zeros_like(home)
            only[:, k] = 1.0
            for name, part in system.back(system.fixed, home, held, only, self.wanted).items():
                slopes[name][:, k] = part
        return {name: -system.solve(table, part) for name, part in slopes.items()}

    def _newton(self, fixed: Known, x: FloatArray,
                held: Any) -> tuple[FloatArray, FloatArray] | None:  # fmt: skip
        """Return where F vanishes, and the Jacobian beside it; None where that is far away."""
        for _ in range(20):
            slopes, table = self._system.expand(fixed, x, held)
            move = self._system.beside(slopes)
            size = (np.abs(move) / (1.0 + np.abs(x))).max()
            if not size < _BESIDE:  # nan too
                move = self._system.solve(table, slopes)
                size = (np.abs(move) / (1.0 + np.abs(x))).max()
                if not size < _FAR:
                    return None
            x = x - move
            if size < _SAME:
                return x, table
        return None

    # -- backward -------------------------------------------------------------------------

    def back(self, known: Known, bars: dict[str, Any]) -> None:
        """Pass the bars of the rest on to the parameters."""
        system = self._system
        bar = np.zeros(self.values.shape)
        for k, name in enumerate(self.home.states):
            if name in self.masks:
                mine = bars[name] if self._whole[name] else bars[name] * self.masks[name]
                if system.cells > 1:
                    bar[:, k] = mine
                else:
                    bar[0, k] = mine.sum() if mine.size > 1 else mine[0]
        if not bar.any():
            return
        fixed, held = self._fixed(known), ~self.resting
        if self._table is None:
            self._table = system.expand(fixed, self.values, held)[1]
        table = self._table
        adjoint = system.solve(np.swapaxes(table, 1, 2), -bar * system.scales)
        for name, found in system.back(fixed, self.values, held, adjoint, self.wanted).items():
            add_bar(bars, name, known[name], slice(None), found)


def _group_inverse(table: FloatArray) -> FloatArray:
    """Return the inverse of a matrix where it has one, and 0 on what it takes to 0.

    With P the projection onto the null space along the range it is (A + cP)^-1 - P/c, any c > 0.
    Where the null space is part of the range it is the pseudoinverse.
    """
    if not np.all(np.isfinite(table)):
        return np.full_like(table, np.nan)
    left, sizes, right = np.linalg.svd(table)
    gone = sizes <= _SINGULAR * sizes.max(initial=1e-300)
    if not gone.any():
        return np.asarray(np.linalg.inv(table))
    null, from_left = right[gone].T, left[:, gone].T
    across = from_left @ null
    if np.linalg.cond(across) > 1e8:
        return np.asarray(np.linalg.pinv(table, rcond=_SINGULAR))
    projection = null @ np.linalg.solve(across, from_left)
    size = sizes.max(initial=1e-300)
    return np.asarray(np.linalg.inv(table + size * projection) - projection / size)


def add_bar(bars: dict[str, Any], name: str, value: Any, cells: Any, bar: Any) -> None:
    """Add a bar of some cells to that of a name: in all cells' one number, or one a cell."""
    if np.ndim(value) == 0:
        bars[name] = bars.get(name, 0.0) + float(bar.sum() if np.ndim(bar) else bar)
        return
    if name not in bars or np.ndim(bars[name]) == 0:
        bars[name] = np.full(np.shape(value), bars.get(name, 0.0))
    bars[name][cells] += bar
