"""Where a model rests: the stable fixed point without input, for `initial="rest"`.

The fixed point is approached by pseudo-transient continuation (C. T. Kelley and D. E. Keyes,
SIAM Journal on Numerical Analysis 35, 508 (1998)): implicit Euler steps that grow as the slopes
vanish, so that the beginning follows the model's own dynamics, away from unstable points, and
the end is Newton's method. All cells are solved at once. The point counts only if the
eigenvalues of the Jacobian there, found numerically, have no positive real part.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import EquationError
from rheobase.language.model import Model
from rheobase.simulation.slopes import Floats, Slopes, expand, solve
from rheobase.simulation.warning import warn
from rheobase.units import UNITS

VOLTAGES = ("E_L", "V_r", "c", "E_leak")
"""Parameters that v begins at, the first there is, where a cell does not rest."""

_STEPS = 400
_PLACES = 121
_SETTLED = 1e-10
"""Largest Newton step, in units of the scale of each variable, at a fixed point."""
_TRACE = 1e-4
"""The concentration that is begun from [mM, which is mole/metre**3]: calcium at rest."""


class NoRestError(EquationError):
    """A model has no stable fixed point, and nowhere else to begin."""


@dataclass(frozen=True)
class Rest:
    """Where cells of a model rest, or begin where they do not.

    Attributes
    ----------
    states : tuple of str
        The states of the model.
    scales : ndarray, shape (states,)
        Their units in SI units.
    values : ndarray, shape (cells, states)
        Each in its own unit; one row where all cells are alike.
    resting : ndarray of bool, shape (cells,)
        False where no stable fixed point was found: these begin with v held, the others settled.
    unstable : ndarray, shape (cells, states)
        A fixed point that is not stable, of those that do not rest; nan where none was seen.
    """

    states: tuple[str, ...]
    scales: Floats
    values: Floats
    resting: NDArray[np.bool_]
    unstable: Floats


def resting_state(
    model: Model, parameters: Mapping[str, float | Floats], size: int, population: str = ""
) -> dict[str, Floats]:
    """Return the stable fixed point of a model without input, noise left out.

    A neuron that fires by itself has none. If it has a threshold and a v, it starts where its
    other states settle with v held at E_L (or what comes nearest to it), and a warning says so.

    Parameters
    ----------
    model
        The model.
    parameters
        Values in SI units, one number or one a cell.
    size
        Number of cells.
    population
        Name of the population, for the error.

    Returns
    -------
    dict of ndarray, shape (1,) or (size,)
        Every state of the model, in SI units; one entry where all cells are alike.

    Raises
    ------
    EquationError
        No stable fixed point was found, and there is no threshold.
    """
    rest = find_rest(model, parameters, size, population)
    if not np.all(rest.resting):
        _warn_of_firing(model, rest, population)
    return {name: rest.values[:, k] * rest.scales[k] for k, name in enumerate(rest.states)}


def find_rest(
    model: Model, parameters: Mapping[str, float | Floats], size: int, population: str = ""
) -> Rest:
    """Return where the cells of a model rest; the last that were asked for are kept.

    Parameters and errors are those of `resting_state`.
    """
    key = (model, size, *((n, _frozen(parameters[n])) for n in sorted(parameters)))
    found = _kept.pop(key, None) or _search(model, parameters, size, population)
    _kept[key] = found  # the last one used stands last
    while len(_kept) > _KEEP:
        _kept.pop(next(iter(_kept)), None)
    return found


_KEEP = 64
_kept: dict[Hashable, Rest] = {}


def _frozen(value: float | Floats) -> Hashable:
    return value.tobytes() if isinstance(value, np.ndarray) else float(value)


def _search(model: Model, parameters: Mapping[str, float | Floats], size: int,
            population: str) -> Rest:  # fmt: skip
    problem = _Problem(model, parameters, size)
    open_ = np.ones(problem.cells, dtype=bool)
    found = np.zeros((problem.cells, len(problem.states)))
    unstable = np.full_like(found, np.nan)
    for guess in problem.guesses():
        candidate, settled = problem.solve(guess)
        stable = problem.stable(candidate)
        good = open_ & settled & stable
        found[good] = candidate[good]
        open_ &= ~good
        if not np.any(open_):
            break
        seen = open_ & settled & ~stable & np.isnan(unstable[:, 0])
        unstable[seen] = candidate[seen]
    else:
        start = problem.guesses()[0]
        if model.threshold is None or "v" not in problem.states or not np.all(np.isfinite(start)):
            raise NoRestError(
                f'initial="rest": no stable fixed point of {model.name} was found without input'
                + _which(problem, open_, size, population),
                expected="a state in which every slope is 0 and small deviations die away",
                mend=f"give the states to start from: {_paste(problem.states)}",
            )
        found[open_] = start[open_]
        lost = open_ & np.isnan(unstable[:, 0])
        if np.any(lost):
            unstable[lost] = problem.unstable(start)[lost]
    for array in (found, unstable):
        array.setflags(write=False)
    return Rest(tuple(problem.states), problem.slopes.scales, found, ~open_, unstable)


def _which(problem: _Problem, cells: NDArray[np.bool_], size: int, population: str) -> str:
    return f" for {int(cells.sum())} of {size} cells of {population!r}" if problem.cells > 1 else ""


def _paste(states: Sequence[str]) -> str:
    return f"initial=dict({', '.join(f'{name}=...' for name in states)})"


def _warn_of_firing(model: Model, rest: Rest, population: str) -> None:
    """Say that some cells have no rest, and where they start instead."""
    started = rest.values[~rest.resting]
    unit = model.unit_of("v").text
    v = f"{started[0, rest.states.index('v')]:.6g}" + ("" if unit == "1" else f" {unit}")
    whose = f" of {population!r}" if population else ""
    warn(
        f"{model.name}{whose} has no stable fixed point without input: it fires by itself."
        f" It starts at v = {v} with its other states settled there; to start elsewhere, give"
        f" {_paste(rest.states)}"
    )


class _Problem:
    """A model without input, and where to look for its rest."""

    def __init__(self, model: Model, parameters: Mapping[str, float | Floats], size: int) -> None:
        self.model = model
        self.slopes = Slopes(model, parameters, size)
        self.states, self.cells = self.slopes.states, self.slopes.cells

    def named(self, x: Floats) -> dict[str, Floats]:
        """Return states of shape (cells, states) by name, in SI units."""
        return self.slopes.named(x)

    def guesses(self) -> list[Floats]:
        """Return states to begin from: E_L, what v is reset to, -65 mV, 0.

        Where there is no v, all states at 0, and then the first at some values with the others
        settled.
        """
        if "v" not in self.states:
            zero = np.zeros((self.cells, len(self.states)))
            first, others = np.eye(len(self.states))[0], list(range(1, len(self.states)))
            moved = [self.slopes.settle(zero + x * first, others) for x in (-1.0, 1.0, -2.0, 2.0)]
            return [zero, *moved]
        place = self.states.index("v")
        fixed = self.slopes.fixed
        voltages: list[float | Floats] = [fixed[n] for n in VOLTAGES if n in fixed]
        voltages.append(-0.065 if self._is_voltage() else 0.0)
        voltages += [-0.075] if self._is_voltage() else [-65.0, -1.0, 1.0]
        others = [k for k in range(len(self.states)) if k != place]
        made = []
        for voltage in voltages:
            guess = np.zeros((self.cells, len(self.states)))
            guess[:, self._concentrations] = _TRACE / self.slopes.scales[self._concentrations]
            guess[:, place] = voltage / self.slopes.scales[place]
            made.append(self.slopes.settle(guess, others))
        return made

    @cached_property
    def _concentrations(self) -> list[int]:
        """Places of the concentrations: potentials are logarithms of them, so none begins at 0."""
        mM = UNITS["mM"].dimension
        units = [self.model.unit_of(name) for name in self.states]
        return [k for k, unit in enumerate(units) if unit.dimension == mM]

    def _is_voltage(self) -> bool:
        return self.model.unit_of("v").dimension == UNITS["volt"].dimension

    def solve(self, x: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return where the continuation ends, and which cells have settled there."""
        x = x.copy()
        step = np.full(self.cells, 1e-5)
        size = _size(self.slopes(x))
        settled = np.zeros(self.cells, dtype=bool)
        eye = np.eye(len(self.states))
        for _ in range(_STEPS):
            slopes, table = expand(self.slopes, x)
            move = solve(eye / step[:, None, None] - table, slopes)
            relative = np.max(np.abs(move) / (1.0 + np.abs(x)), axis=1)
            trusted = np.isfinite(relative) & (relative < 0.3)
            settled = (trusted & (relative < _SETTLED) & (step > 1.0)) | ~np.any(slopes, axis=1)
            if np.all(settled):
                break
            x = np.where((trusted & ~settled)[:, None], x + move, x)
            new = _size(self.slopes(x))
            with np.errstate(invalid="ignore"):
                shrunk = size / np.maximum(new, 1e-300)
            growth = np.clip(np.nan_to_num(shrunk, nan=0.5), 1.2, 10.0)
            step = np.where(trusted, np.minimum(step * growth, 1e12), step * 0.25)
            size = new
        return x, settled & np.all(np.isfinite(x), axis=1)

    def unstable(self, start: Floats) -> Floats:
        """Return fixed points that are not stable, nan where none is seen, (cells, states).

        With v held at many values and the others settled, dv/dt changes its sign between two.
        """
        place, cells = self.states.index("v"), np.arange(self.cells)
        others = [k for k in range(len(self.states)) if k != place]
        wide = 0.06 / self.slopes.scales[place] if self._is_voltage() else 3.0
        grid = np.broadcast_to(start, (_PLACES, *start.shape)).copy()
        grid[..., place] += np.linspace(-wide, wide, _PLACES)[:, None]
        grid = self.slopes.settle(grid, others)
        slope = self.slopes(grid)[..., place]
        crossed = slope[:-1] * slope[1:] < 0
        first = np.argmax(crossed, axis=0)
        low, high = slope[first, cells], slope[first + 1, cells]
        with np.errstate(all="ignore"):
            share = (low / (low - high))[:, None]
        begin = grid[first, cells] * (1 - share) + grid[first + 1, cells] * share
        found = self.slopes.settle(begin, [*others, place], rounds=20)
        good = crossed.any(axis=0) & ~self.stable(found)
        good &= np.abs(found - begin)[:, place] < wide
        return np.where(good[:, None], found, np.nan)

    def stable(self, x: Floats) -> NDArray[np.bool_]:
        """Return where no eigenvalue of the Jacobian has a positive real part."""
        return is_stable(self.slopes.jacobian(x))


def is_stable(tables: Floats) -> NDArray[np.bool_]:
    """Return which of some Jacobians, (cells, n, n), have no eigenvalue of positive real part."""
    finite = np.all(np.isfinite(tables), axis=(1, 2))
    values = np.linalg.eigvals(np.where(finite[:, None, None], tables, 0.0))
    tolerance = 1e-6 * np.maximum(np.max(np.abs(values), axis=1), 1e-3)
    return np.asarray(finite & (np.max(values.real, axis=1) <= tolerance))


def _size(slopes: Floats) -> Floats:
    return np.asarray(np.linalg.norm(slopes, axis=1))
