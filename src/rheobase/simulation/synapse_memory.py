"""The memory that synapses take, while they are laid out and afterwards.

What a rule, weights and delays are drawn into (canonical order) passes: the engine sorts it into
rows of its own and lets it go, one bundle of projections after the other, largest first. Only
small projections keep what was drawn. So the most memory is needed while one of the bundles is
laid out: what is stored until then, and what that bundle is drawn into.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rheobase.connectivity.values import reach
from rheobase.engine.rows import PLAIN
from rheobase.network.distributions import Distribution
from rheobase.simulation.projection import Projection
from rheobase.simulation.synapses import KEPT_UP_TO, is_single

TARGET_DRAWN, DELAY_DRAWN = 4.0, 2.0
NARROW_SUMS = 1 << 16
PLASTIC_INDEX = 8.0
"""By which the synapses of a target cell are found: place and slice, of 32 bits each."""
PLASTIC_SORTING = 4.0
"""While they are sorted by target."""
DIVIDING = 20.0
CONTINUOUS = 4.0 + 8.0 + 8.0
"""Source, weight and delay of a synapse that is read in every step."""
PROCEDURAL_ROW = 24.0
ROW = 8.0


@dataclass(frozen=True)
class Bytes:
    """What the synapses of one projection need.

    Attributes
    ----------
    stays : float
        As long as the network is there.
    passes : float
        Besides, while they are laid out.
    """

    stays: float
    passes: float


def bytes_of(projection: Projection, sums: int = NARROW_SUMS + 1, threads: int = 1) -> Bytes:
    """Return what the synapses of a projection need.

    Parameters
    ----------
    projection
        As it was connected; nothing is drawn.
    sums : int
        Accumulators of one thread: up to 65,536 are named with two bytes.
    threads : int
        Each has beginnings of slices of its own.
    """
    sources = float(projection.source.population.size)
    if projection.storage == "procedural":
        return Bytes(PROCEDURAL_ROW * sources, 0.0)
    count = projection._drawn.expected
    weight, delays = _own_weight(projection), distinct_delays(projection)
    drawn = count * (TARGET_DRAWN + weight + (DELAY_DRAWN if delays > 1 else 0.0)) + ROW * sources
    if projection.of is not None:
        return Bytes(count * CONTINUOUS + ROW * projection.sink.size, drawn)
    if plastic_values(projection):
        each = TARGET_DRAWN + PLASTIC_INDEX + 8.0 * plastic_values(projection)
        each += 4.0 if delays > 1 or threads > 1 else 0.0  # the order they were drawn in
        stored, sorting = count * each, count * PLASTIC_SORTING
    else:
        each = (2.0 if sums <= NARROW_SUMS else 4.0) + weight
        stored = count * each
        # Few, of one delay, are divided by NumPy rather than sorted.
        sorting = count * DIVIDING if delays == 1 and count <= PLAIN else 0.0
    stored += 4.0 * sources * delays * threads
    if count <= KEPT_UP_TO:
        return Bytes(stored + drawn, sorting)
    return Bytes(stored, drawn + sorting)


def most_bytes(projections: Iterable[Projection], sums: int, threads: int) -> float:
    """Return the most memory that all synapses need at one time."""
    bundles: dict[object, list[Projection]] = {}
    for projection in projections:
        merges = projection.of is None and not plastic_values(projection)
        alone = not merges or _own_weight(projection) == 0 or projection.storage != "stored"
        key = projection.name if alone else ("merged", projection.source.name)
        bundles.setdefault(key, []).append(projection)
    most = held = 0.0
    for bundle in sorted(bundles.values(), key=_pairs, reverse=True):
        needs = [bytes_of(projection, sums, threads) for projection in bundle]
        held += sum(one.stays for one in needs)
        most = max(most, held + sum(one.passes for one in needs))
    return most


def distinct_delays(projection: Projection) -> float:
    """Return about how many different delays in steps the synapses have."""
    drawn = projection._drawn
    if drawn.delay is None or is_single(drawn.delay):
        return 1.0
    if isinstance(drawn.delay, Distribution):
        low, high = reach(drawn.delay)
        # Five in seven of the reach of a normal distribution: what a million draws find.
        return float(np.clip((high - low) / drawn.dt * 5 / 7, 1.0, 1e4))
    return 50.0  # given one by one or as a text: not known before they are worked out


def plastic_values(projection: Projection) -> int:
    """Return how many values of its own each synapse has; none if it does not change."""
    synapse = getattr(projection, "synapse", None)
    if synapse is None:
        return 0
    per_synapse = len(getattr(synapse, "per_synapse", ()))
    return 1 + per_synapse


def _own_weight(projection: Projection) -> float:
    """Return the bytes of the weight of a synapse; none if all share one."""
    drawn = projection._drawn
    return 0.0 if is_single(drawn.weight) else float(np.dtype(drawn.dtype).itemsize)


def _pairs(bundle: list[Projection]) -> int:
    return bundle[0].source.population.size * sum(p.sink.population.size for p in bundle)
