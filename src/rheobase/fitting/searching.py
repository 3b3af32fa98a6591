"""Searches that need no gradient: many candidates a generation, all run at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import UserError
from rheobase.fitting.recording import Floats

#: Coordinates of candidates, shape (candidates, parameters), to the loss of each.
Evaluate: TypeAlias = Callable[[Floats], Floats]

#: A loss that is not finite is this to the search, which compares and averages them.
_HOPELESS = 1e30


@dataclass
class Tracker:
    """What a search has seen: the best candidate so far, and how it came to it.

    Attributes
    ----------
    best_place : ndarray, shape (parameters,), or None
        Coordinates of the best candidate.
    best : float
        Its loss.
    evaluations : list of int
        Candidates run by the end of each generation.
    history : list of float
        The best loss by the end of each generation.
    told : callable or None
        Called with the number of generations that are done.
    """

    best_place: Floats | None = None
    best: float = float("inf")
    evaluations: list[int] = field(default_factory=list)
    history: list[float] = field(default_factory=list)
    told: Callable[[int], None] | None = None

    def see(self, places: Floats, losses: Floats) -> None:
        """Take in a generation."""
        place = int(np.argmin(losses))
        if losses[place] < self.best:
            self.best, self.best_place = float(losses[place]), places[place].copy()
        done = self.evaluations[-1] if self.evaluations else 0
        self.evaluations.append(done + len(losses))
        self.history.append(self.best)
        if self.told is not None:
            self.told(len(self.history))


@dataclass(frozen=True)
class Effort:
    """How much a search may do.

    Attributes
    ----------
    size : int
        Parameters.
    iterations, population : int
        Generations, and candidates in each.
    tolerance : float
        It ends when the losses of a generation differ by less than this share.
    """

    size: int
    iterations: int
    population: int
    tolerance: float


def generator(seed: int) -> np.random.Generator:
    """Return the random numbers of a fit: Philox with the seed as its key."""
    return np.random.Generator(np.random.Philox(key=seed))


def scattered(size: int, count: int, random: np.random.Generator) -> Floats:
    """Return points spread evenly over the unit box (Latin hypercube), (count, size)."""
    order = np.stack([random.permutation(count) for _ in range(size)], axis=1)
    return np.asarray((order + random.random((count, size))) / count)


def differential_evolution(
    evaluate: Evaluate, effort: Effort, start: Floats | None, seed: int, tracker: Tracker
) -> None:
    """Search by differential evolution; what it finds is in the tracker.

    SciPy's, with the strategy current-to-best and a recombination of 0.95, which suit parameters
    that depend on each other.

    References
    ----------
    R. Storn and K. Price, Journal of Global Optimization 11, 341 (1997).
    """
    from scipy.optimize import differential_evolution as search

    random = generator(seed)
    first = scattered(effort.size, max(effort.population, 5), random)
    if start is not None:
        first[0] = start

    def difference(columns: Floats) -> Floats:
        places = np.asarray(columns.T)
        losses = evaluate(places)
        tracker.see(places, losses)
        return np.where(np.isfinite(losses), losses, _HOPELESS)

    search(
        difference, [(0.0, 1.0)] * effort.size, init=first, rng=random,
        strategy="currenttobest1bin", recombination=0.95, maxiter=effort.iterations - 1,
        vectorized=True, updating="deferred", polish=False, tol=effort.tolerance,
    )  # fmt: skip


def cma(
    evaluate: Evaluate, effort: Effort, start: Floats | None, seed: int, tracker: Tracker
) -> None:
    """Search by evolution with an adapted covariance matrix (CMA-ES), by the library pycma.

    Parameters are kept inside their bounds by a smooth change of coordinates. The first step is
    0.3 of every range.

    Raises
    ------
    UserError
        The library is not installed.

    References
    ----------
    N. Hansen and A. Ostermeier, Evolutionary Computation 9, 159 (2001).
    """
    library = _pycma()
    random = generator(seed)
    if start is None:
        # The best of as many points as a generation has is a better beginning than the middle.
        places = scattered(effort.size, effort.population, random)
        losses = evaluate(places)
        tracker.see(places, losses)
        start = places[int(np.argmin(losses))]
    options = {
        "bounds": [0.0, 1.0], "popsize": effort.population, "verbose": -10,
        "maxiter": effort.iterations,
        # No global random state: its own numbers come from ours, and it seeds none.
        "seed": np.nan, "randn": lambda *shape: random.standard_normal(shape),
        "tolfunrel": effort.tolerance, "tolfun": 0.0, "tolflatfitness": 20,
    }  # fmt: skip
    search = library.CMAEvolutionStrategy(start, 0.3, options)
    while not search.stop() and len(tracker.history) < effort.iterations:
        places = np.array(search.ask())
        losses = evaluate(places)
        tracker.see(places, losses)
        search.tell(list(places), list(np.where(np.isfinite(losses), losses, _HOPELESS)))


def _pycma() -> Any:
    try:
        import cma as library
    except ImportError:
        raise UserError(
            'fit_parameters: optimizer="cma" needs the library pycma, which is not installed',
            mend='install it: pip install cma; or write optimizer="differential_evolution"',
        ) from None
    return library
