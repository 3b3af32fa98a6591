"""The synapses of a projection in rows by source, sorted by delay, as NumPy defines them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheobase.engine.checks import check_connectivity
from rheobase.engine.plan import (
    AnyArray,
    Connectivity,
    Int64Array,
    NetworkPlan,
    ProjectionPlan,
    UInt32Array,
)


@dataclass
class StoredRows:
    """Rows by source, the synapses of each sorted by (delay, target, draw).

    Attributes
    ----------
    targets : ndarray of uint32, shape (n,)
        Target cell of every synapse.
    delays : ndarray of int64
        The distinct delays in steps, ascending.
    starts : ndarray of int64, shape (source size, len(delays) + 1)
        Where the synapses of each delay begin in each row.
    weights : dict of str to ndarray
        As those of `Connectivity`.
    """

    targets: UInt32Array
    delays: Int64Array
    starts: Int64Array
    weights: dict[str, AnyArray]

    @classmethod
    def of(cls, synapses: Connectivity) -> StoredRows:
        """Sort the synapses of a projection by delay within their rows."""
        rows, delays = synapses.row_start, synapses.delays
        if not isinstance(delays, np.ndarray):
            starts = np.stack([rows[:-1], rows[1:]], axis=1)
            single = np.array([delays], np.int64)
            return cls(synapses.targets, single, starts, dict(synapses.weights))
        distinct, place = np.unique(delays, return_inverse=True)
        size, count = rows.size - 1, max(distinct.size, 1)
        slot = np.repeat(np.arange(size), np.diff(rows)) * count + place
        order = np.argsort(slot, kind="stable")
        bounds = np.zeros(size * count + 1, np.int64)
        np.cumsum(np.bincount(slot, minlength=size * count), out=bounds[1:])
        starts = np.empty((size, count + 1), np.int64)
        starts[:, :count] = bounds[:-1].reshape(size, count)
        starts[:, count] = rows[1:]
        weights = {
            name: w if w.size == 1 else np.ascontiguousarray(w[order])
            for name, w in synapses.weights.items()
        }
        if not distinct.size:
            distinct = np.ones(1, np.int64)
        return cls(synapses.targets[order], distinct.astype(np.int64), starts, weights)


class Store:
    """The rows of all projections of a plan, sorted again only where one has a new version."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[ProjectionPlan, int, StoredRows]] = {}

    def bind(self, plan: NetworkPlan) -> None:
        """Draw what is new in a plan, and forget what is no longer in it."""
        held = self._held
        self._held = {}
        for projection in plan.projections:
            before = held.get(id(projection))
            if before is not None and _is_current(projection, before[1], before[2]):
                self._held[id(projection)] = before
                continue
            synapses = projection.connectivity()
            check_connectivity(plan, projection, synapses)
            rows = StoredRows.of(synapses)
            projection.longest_delay = int(rows.delays[-1])
            self._held[id(projection)] = (projection, projection.version, rows)

    def rows(self, projection: ProjectionPlan) -> StoredRows:
        """Return the rows of a projection."""
        return self._held[id(projection)][2]

    def weights(self, projection: ProjectionPlan) -> dict[str, AnyArray]:
        """Return its weights by variable, in the order of storage."""
        shared = projection.shared_weights
        return self.rows(projection).weights if shared is None else shared


def _is_current(projection: ProjectionPlan, version: int, rows: StoredRows) -> bool:
    """Return whether rows still hold: nothing was set, or one shared weight is now another."""
    if version == projection.version:
        return True
    return projection.shared_weights is not None and all(w.size == 1 for w in rows.weights.values())
