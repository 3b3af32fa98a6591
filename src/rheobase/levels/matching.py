"""Which spike of one train belongs to which of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: Spikes further apart than this are not taken for the same one, unless asked for [s].
WIDEST = 0.010


@dataclass(frozen=True, eq=False)
class Match:
    """Spikes of a train beside those of a reference.

    Attributes
    ----------
    pairs : ndarray, shape (n, 2)
        Times of spikes that belong together [s]: the reference's, the train's.
    missed : ndarray
        Spikes of the reference that the train does not have [s].
    extra : ndarray
        Spikes of the train that the reference does not have [s].
    within : float
        The largest difference allowed in a pair [s].
    """

    pairs: Floats
    missed: Floats
    extra: Floats
    within: float

    @property
    def mean_difference(self) -> float:
        """Mean distance of the spikes of a pair [s]; nan without a pair."""
        if not self.pairs.size:
            return float("nan")
        return float(np.abs(self.pairs[:, 1] - self.pairs[:, 0]).mean())


def usual_window(reference: Floats) -> float:
    """Return half the median interval of a train, at most 10 ms [s]."""
    if reference.size < 2:
        return WIDEST
    return min(WIDEST, 0.5 * float(np.median(np.diff(reference))))


def match(reference: Floats, train: Floats, within: float) -> Match:
    """Match the spikes of two sorted trains in order, at the least cost.

    A spike that is missed or extra costs 1, a pair 2|t - t'|/within, so that no pair is further
    apart than `within`. This is the metric D_spike of Victor and Purpura with their q = 2/within.

    Parameters
    ----------
    reference, train : ndarray
        Times [s], ascending.
    within : float
        The largest difference allowed in a pair [s].

    References
    ----------
    J. D. Victor and K. P. Purpura, Journal of Neurophysiology 76, 1310 (1996).
    """
    came_from = _cheapest(reference, train, within)
    pairs, missed, extra = [], [], []
    i, j = reference.size, train.size
    while i or j:
        move = came_from[i, j]
        if move == _PAIR:
            i, j = i - 1, j - 1
            pairs.append((reference[i], train[j]))
        elif move == _MISSED:
            i -= 1
            missed.append(reference[i])
        else:
            j -= 1
            extra.append(train[j])
    return Match(
        np.array(pairs[::-1], dtype=np.float64).reshape(-1, 2),
        np.array(missed[::-1], dtype=np.float64),
        np.array(extra[::-1], dtype=np.float64),
        within,
    )


_PAIR, _MISSED, _EXTRA = 0, 1, 2


def _cheapest(reference: Floats, train: Floats, within: float) -> NDArray[np.int8]:
    """Return the last move of the cheapest way to every pair of beginnings of the trains."""
    places = np.arange(train.size + 1, dtype=np.float64)
    came_from = np.full((reference.size + 1, train.size + 1), _EXTRA, dtype=np.int8)
    cost = places.copy()
    for i, time in enumerate(reference, start=1):
        paired = np.full(train.size + 1, np.inf)
        paired[1:] = cost[:-1] + 2.0 * np.abs(train - time) / within
        missed = cost + 1.0
        best = np.minimum(paired, missed)
        # A row of extra spikes costs 1 each: the running minimum of what is left without them.
        cost = np.minimum.accumulate(best - places) + places
        came_from[i] = np.where(
            best > cost + 1e-9, _EXTRA, np.where(paired <= missed, _PAIR, _MISSED)
        )
    return came_from


def coincidence_factor(
    found: Match, reference_count: int, train_count: int, duration: float
) -> float:
    """Return the coincidence factor of two trains: 1 for the same, 0 for what chance gives.

    `(n - 2 r w N)/((N + M)/2) / (1 - 2 r w)` of n pairs, N and M spikes in the reference and the
    train, r = M/duration the rate of a Poisson train that would meet them by chance, and w the
    largest difference allowed. It is nan where there are no spikes, or chance meets all.

    References
    ----------
    W. M. Kistler, W. Gerstner and J. L. van Hemmen, Neural Computation 9, 1015 (1997); R. Jolivet,
    T. J. Lewis and W. Gerstner, Journal of Neurophysiology 92, 959 (2004).
    """
    total = 0.5 * (reference_count + train_count)
    chance = 2.0 * found.within * train_count / duration
    if not total or chance >= 1.0:
        return float("nan")
    # In this order equal trains give 1 to the last digit.
    return (len(found.pairs) / total - chance * (reference_count / total)) / (1.0 - chance)
