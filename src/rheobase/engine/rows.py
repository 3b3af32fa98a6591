"""Synapses as the compiled engine stores them: bundles of projections, in rows by source.

A **bundle** merges projections of one source whose weights are individual and summed, so that a
spike finds few long slices instead of many short ones. The synapses of a source are sorted by
(delay, projection, target, draw) and divided among the threads by target. Nothing of what a
projection draws is kept besides.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.checks import check_connectivity
from rheobase.engine.partition import Share
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import (
    AnyArray,
    Connectivity,
    FloatArray,
    Int64Array,
    NetworkPlan,
    ProjectionPlan,
)
from rheobase.engine.workers import Workers
from rheobase.errors import InternalError

NARROW = 1 << 16
"""Sums that indices of 16 bits reach."""

SHORT = 8
"""Synapses a source and distinct delay below which slices are listed in the calendar."""

PLAIN = 1 << 22
"""Synapses up to which rows that are in order as they are drawn are laid out without compiling."""

Key = tuple[object, ...]


@dataclass
class StoredRows:
    """The synapses of a bundle onto the cells of one thread.

    Attributes
    ----------
    starts : ndarray of uint32 or int64, shape (sources * delays + 1,)
        Where slice `source * delays + place` begins.
    targets : ndarray of uint16 or uint32
        By synapse, the sum it is added to (counted from the thread's first), or its cell.
    weights : dict of str to ndarray
        By variable, one weight for each synapse; none where all share one.
    order : ndarray of int64 or None
        By synapse, its place in canonical order; only for synapses with variables of their own.
    delays : ndarray of uint16 or int32, or None
        By synapse, its delay, where slices are listed in the calendar; `starts` are of rows then.
    """

    starts: AnyArray
    targets: AnyArray
    weights: dict[str, AnyArray] = field(default_factory=dict)
    order: Int64Array | None = None
    delays: AnyArray | None = None


@dataclass
class Bundle:
    """Projections that are stored and delivered together.

    Attributes
    ----------
    projections : list of ProjectionPlan
        In order of creation; only one unless their weights are individual and summed.
    delays : ndarray of int64
        The distinct delays in steps, ascending.
    shared : dict of str to ndarray, shape (1,)
        By variable, the weight that all synapses share.
    shares : list of StoredRows
        By thread.
    listed : bool
        Whether slices are listed in the calendar when a source spikes.
    """

    projections: list[ProjectionPlan]
    delays: Int64Array
    shared: dict[str, FloatArray]
    shares: list[StoredRows]
    listed: bool = False

    @property
    def first(self) -> ProjectionPlan:
        """The projection created first."""
        return self.projections[0]


class Sums:
    """Where the sums of the arrivals at a thread's cells stand in its block of memory.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    share : Share
        What the thread owns.
    """

    def __init__(self, plan: NetworkPlan, share: Share) -> None:
        self.first: dict[tuple[int, str], int] = {}
        count = 0
        for place, _ in facts.models(plan):
            lo, hi = share.own(place)
            for variable in facts.accumulated(plan, place):
                self.first[place, variable] = count
                count += -(-(hi - lo) // 8) * 8
        self.count = count
        self.block = np.zeros(columns.AHEAD * max(count, 1))  # more than the first for `Ahead`

    @property
    def narrow(self) -> bool:
        """Whether 16 bits count all of them."""
        return self.count <= NARROW


class Rows:
    """The bundles of a network, laid out again only where something was set.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    shares : list of Share
        What each thread owns.
    workers : Workers
        They lay out, each the synapses onto its cells.
    before : Rows, optional
        Of an engine that this one follows: what is the same is taken over.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        shares: list[Share],
        workers: Workers,
        before: Rows | None = None,
    ) -> None:
        self.shares, self._workers = shares, workers
        self.sums = [Sums(plan, share) for share in shares]
        self.bundles: list[Bundle] = []
        self._held: dict[Key, Bundle] = {}
        if before is not None:  # which lays out again if it is ever to run on
            self._held, before._held, before.bundles = before._held, {}, []
        self.bind(plan)

    def bind(self, plan: NetworkPlan) -> None:
        """Take over weights that were set; lay out what is new."""
        groups = bundled(plan)
        keys = [self._key(plan, group) for group in groups]
        held, self._held = self._held, {}
        self._held = {key: held[key] for key in keys if key in held}
        held.clear()
        missing = [n for n, key in enumerate(keys) if key not in self._held]
        for n in sorted(missing, key=lambda n: -_largest(plan, groups[n])):
            self._held[keys[n]] = self._lay_out(plan, groups[n])
        self.bundles = [self._held[key] for key in keys]
        for bundle in self.bundles:
            for variable, weight in bundle.shared.items():
                now = bundle.first.shared_weights
                if now is not None:
                    weight[0] = now[variable][0]

    def _key(self, plan: NetworkPlan, group: list[ProjectionPlan]) -> Key:
        """Return what the stored rows of a bundle depend on."""
        versions = [(id(p), p.version if p.shared_weights is None else -1) for p in group]
        return (tuple(versions), *(tuple(self._shift(p, t) for p in group)
                                   for t in range(len(self.shares))))  # fmt: skip

    def _shift(self, projection: ProjectionPlan, thread: int) -> tuple[int, int, int, bool]:
        """Return the thread's cells, the place of their sums, and whether it is a narrow one."""
        share, sums = self.shares[thread], self.sums[thread]
        lo, hi = share.own(projection.target)
        if is_by_cell(projection):
            return lo, hi, 0, False
        first = sums.first[projection.target, projection.variables[0]]
        return lo, hi, first - lo, sums.narrow

    # -- laying out -------------------------------------------------------------------------

    def _lay_out(self, plan: NetworkPlan, group: list[ProjectionPlan]) -> Bundle:
        """Draw the synapses of a bundle and sort them, unless their rows are drawn as needed."""
        if is_drawn(group[0]):
            return _unstored(group, len(self.shares))
        drawn = [projection.connectivity() for projection in group]
        for projection, synapses in zip(group, drawn, strict=True):
            check_connectivity(plan, projection, synapses)
        if is_plain(group, drawn):
            return _plain(self, plan, group[0], drawn[0])
        return _Layout(self, plan, group, drawn).bundle()

    def each(self, functions: Iterable[Callable[[], object]]) -> None:
        """Call functions at once, one a thread."""
        self._workers.run(list(functions))


class _Layout:
    """One bundle on its way from canonical order to storage."""

    def __init__(
        self,
        rows: Rows,
        plan: NetworkPlan,
        group: list[ProjectionPlan],
        drawn: list[Connectivity],
    ) -> None:
        self.rows, self.group, self.drawn = rows, group, drawn
        self.threads = range(len(rows.shares))
        self.sources = plan.populations[group[0].source].size
        self.sizes = [plan.populations[p.target].size for p in group]
        self.shared = _shared(group[0], drawn[0]) if len(group) == 1 else {}
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
        self._measure = prototype(address_of("layout", "measure"))
        self._place = prototype(address_of("layout", "place"))
        self.parts = [np.zeros((len(group), columns.Q_WIDTH), np.int64) for _ in self.threads]
        self.jobs = np.zeros((len(self.threads), columns.J_WIDTH), np.int64)
        self._alive: list[AnyArray] = []

    def bundle(self) -> Bundle:
        """Sort the synapses, for every thread at once."""
        longest = [_longest(synapses) for synapses in self.drawn]
        for projection, steps in zip(self.group, longest, strict=True):
            projection.longest_delay = steps
        delays = self._measured(max(longest))
        place_of = np.zeros(max(longest) + 1, np.int32)
        place_of[delays] = np.arange(delays.size)
        count = int(self.jobs[:, columns.J_COUNT].sum())
        listed = (self.group[0].synapse is None and delays.size > 1
                  and count < SHORT * self.sources * delays.size)  # fmt: skip
        stored = [self._room(t, delays, listed) for t in self.threads]
        cursors = [np.zeros(delays.size, np.int64) for _ in self.threads]
        for t, job in enumerate(self.jobs):
            job[columns.J_DELAYS] = delays.size
            job[columns.J_PLACE_OF] = _address(place_of)
            job[columns.J_CURSORS] = _address(cursors[t])
        for name, values in self._weights().items():
            self._placed(stored, name, values)
        return Bundle(self.group, delays, self.shared, stored, listed)

    def _measured(self, longest: int) -> Int64Array:
        """Count the synapses of every thread, and return the distinct delays."""
        seen = [np.zeros(longest + 1, np.uint8) for _ in self.threads]
        for t, job in enumerate(self.jobs):
            self._fill_parts(t)
            job[columns.J_SOURCES], job[columns.J_PARTS] = self.sources, len(self.group)
            job[columns.J_PART] = _address(self.parts[t])
            job[columns.J_SEEN] = _address(seen[t])
        self._run(self._measure)
        if self.jobs[:, columns.J_WRONG].any():
            names = ", ".join(p.name for p in self.group)
            raise InternalError(f"{names}: targets do not ascend within a row")
        for synapses, one in zip(self.drawn, map(_longest, self.drawn), strict=True):
            if not isinstance(synapses.delays, np.ndarray):
                seen[0][one] = 1
        distinct = np.flatnonzero(np.bitwise_or.reduce(seen))
        return distinct.astype(np.int64) if distinct.size else np.zeros(1, np.int64)

    def _fill_parts(self, thread: int) -> None:
        for q, (projection, synapses) in enumerate(zip(self.group, self.drawn, strict=True)):
            row = self.parts[thread][q]
            row[columns.Q_ROWS] = self._keep(synapses.row_start, np.int64)
            row[columns.Q_TARGETS] = self._keep(synapses.targets, np.uint32)
            if isinstance(synapses.delays, np.ndarray):
                row[columns.Q_DELAYS] = self._keep(synapses.delays, synapses.delays.dtype)
                row[columns.Q_DELAY_BYTES] = synapses.delays.itemsize
            else:
                row[columns.Q_DELAYS] = synapses.delays
            lo, hi, shift, _ = self.rows._shift(projection, thread)
            row[columns.Q_LO], row[columns.Q_HI] = lo, hi
            row[columns.Q_SHIFT], row[columns.Q_SIZE] = shift, self.sizes[q]

    def _room(self, thread: int, delays: Int64Array, listed: bool) -> StoredRows:
        """Return memory for the synapses of a thread."""
        job = self.jobs[thread]
        count = int(job[columns.J_COUNT])
        narrow = self.rows._shift(self.group[0], thread)[3]
        places = self.sources * (1 if listed else delays.size) + 1
        wide = listed or count >= 2**32
        starts = np.empty(places, np.int64 if wide else np.uint32)
        targets = np.empty(count, np.uint16 if narrow else np.uint32)
        job[columns.J_STARTS], job[columns.J_START_BYTES] = _address(starts), starts.itemsize
        job[columns.J_TARGETS], job[columns.J_TARGET_BYTES] = _address(targets), targets.itemsize
        stored = StoredRows(starts, targets)
        if listed:
            stored.delays = np.empty(count, np.uint16 if delays[-1] < 2**16 else np.int32)
            job[columns.J_STEPS] = _address(stored.delays)
            job[columns.J_STEP_BYTES] = stored.delays.itemsize
        return stored

    def _weights(self) -> dict[str, list[AnyArray] | None]:
        """Return what goes with the targets into storage, by projection; None for nothing."""
        found: dict[str, list[AnyArray] | None] = {}
        for position, name in enumerate(self.group[0].variables):
            if name in self.shared:
                continue
            arrays = [w.weights[p.variables[position]]
                      for p, w in zip(self.group, self.drawn, strict=True)]  # fmt: skip
            dtype = np.result_type(*arrays)
            counts = [synapses.targets.size for synapses in self.drawn]
            found[name] = [
                np.ascontiguousarray(np.broadcast_to(a, count), dtype)
                for a, count in zip(arrays, counts, strict=True)
            ]
        if self.group[0].synapse is not None:
            found[""] = [np.arange(self.drawn[0].targets.size, dtype=np.int64)]
        return found or {"": None}

    def _placed(self, stored: list[StoredRows], name: str, values: list[AnyArray] | None) -> None:
        """Put targets in place, with the weights of one variable (or the canonical order)."""
        for t, rows in enumerate(stored):
            part = self.parts[t]
            part[:, columns.Q_WEIGHT_BYTES] = 0
            if values is None:
                continue
            room = np.empty(rows.targets.size, values[0].dtype)
            if name:
                rows.weights[name] = room
            else:
                rows.order = room
            for q, array in enumerate(values):
                part[q, columns.Q_WEIGHTS] = self._keep(array, array.dtype)
                part[q, columns.Q_STORED] = _address(room)
                part[q, columns.Q_WEIGHT_BYTES] = array.itemsize
        self._run(self._place)

    def _run(self, function: Callable[..., object]) -> None:
        addresses = [_address(self.jobs[t]) for t in self.threads]
        self.rows.each(partial(function, address, 0, 0, 0, 0) for address in addresses)

    def _keep(self, array: AnyArray, dtype: Any) -> int:
        """Return the address of an array, which must be contiguous and of that type."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise InternalError(f"synapses need a contiguous array of {dtype}, got {array.dtype}")
        self._alive.append(array)
        return _address(array)


def _shared(projection: ProjectionPlan, synapses: Connectivity) -> dict[str, FloatArray]:
    """Return the weights that all synapses of a projection share, if there are any."""
    given = projection.shared_weights
    weights = synapses.weights if given is None else given
    return {name: w.astype(np.float64) for name, w in weights.items() if w.size == 1}


def is_plain(group: list[ProjectionPlan], drawn: list[Connectivity]) -> bool:
    """Return whether the synapses of a bundle are few, and in the order of storage already."""
    return (
        len(group) == 1 and group[0].synapse is None and drawn[0].targets.size <= PLAIN
        and not isinstance(drawn[0].delays, np.ndarray)
    )  # fmt: skip


def _plain(
    rows: Rows, plan: NetworkPlan, projection: ProjectionPlan, synapses: Connectivity
) -> Bundle:
    """Store the rows of a projection of one delay; they only have to be divided."""
    targets, starts = synapses.targets, synapses.row_start
    back = np.flatnonzero(targets[1:] < targets[:-1]) + 1
    size = plan.populations[projection.target].size
    if not np.isin(back, starts).all() or int(targets.max(initial=0)) >= max(size, 1):
        raise InternalError(f"{projection.name}: targets do not ascend within a row")
    delay = _longest(synapses)
    projection.longest_delay = delay
    shared = _shared(projection, synapses)
    shares = []
    for thread in range(len(rows.shares)):
        lo, hi, shift, narrow = rows._shift(projection, thread)
        own = (targets >= lo) & (targets < hi)
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(own)])
        stored = targets[own].astype(np.int64) + shift
        weights = {
            name: np.broadcast_to(synapses.weights[name], targets.shape)[own]
            for name in projection.variables
            if name not in shared
        }
        shares.append(StoredRows(
            before[starts].astype(np.uint32), stored.astype(np.uint16 if narrow else np.uint32),
            weights,
        ))  # fmt: skip
    return Bundle([projection], np.array([delay], np.int64), shared, shares)


def bundled(plan: NetworkPlan) -> list[list[ProjectionPlan]]:
    """Group the projections of a plan into bundles, in the order they are delivered in.

    A projection goes into the first bundle of its source that comes after every other one whose
    arrivals its own are to follow.

    Returns
    -------
    list of list of ProjectionPlan
        The projections of each bundle, in order of creation.
    """
    groups: list[list[ProjectionPlan]] = []
    after: dict[tuple[int, str], int] = {}  # by sum: the first bundle that may add to it
    for projection in plan.projections:
        sums = _written(plan, projection)
        place = len(groups)
        if _merges(projection):
            least = max(after.get(key, 0) for key in sums)
            for n in range(least, len(groups)):
                first = groups[n][0]
                if _merges(first) and _alike(first, projection):
                    place = n
                    break
        if place == len(groups):
            groups.append([])
        groups[place].append(projection)
        for key in sums:
            after[key] = max(after.get(key, 0), place + 1)
    return groups


def is_drawn(projection: ProjectionPlan) -> bool:
    """Return whether rows of a projection are drawn whenever their source spikes."""
    return projection.rows is not None and not is_by_cell(projection)


def _unstored(group: list[ProjectionPlan], threads: int) -> Bundle:
    """Return the bundle of a projection whose rows are drawn."""
    recipe = group[0].rows
    assert recipe is not None
    group[0].longest_delay = recipe.longest_delay
    nothing = np.zeros(1, np.int64), np.zeros(0, np.uint32)
    shares = [StoredRows(*nothing) for _ in range(threads)]
    return Bundle(group, np.zeros(0, np.int64), {}, shares, True)


def is_by_cell(projection: ProjectionPlan) -> bool:
    """Return whether synapses are stored with the cells they are onto instead of their sums."""
    return facts.is_event(projection) or projection.synapse is not None


def _written(plan: NetworkPlan, projection: ProjectionPlan) -> list[tuple[int, str]]:
    """Return what the arrivals of a projection are added to, "" standing for events."""
    target = projection.target
    if not is_by_cell(projection):
        return [(target, variable) for variable in projection.variables]
    return [(target, ""), *((target, name) for name in facts.accumulated(plan, target))]


def _merges(projection: ProjectionPlan) -> bool:
    """Return whether a projection may share a bundle with others."""
    return (
        not is_by_cell(projection)
        and not is_drawn(projection)
        and projection.shared_weights is None
        and len(projection.variables) == 1
    )


def _alike(one: ProjectionPlan, other: ProjectionPlan) -> bool:
    """Return whether the spikes that two projections deliver are the same."""
    return (one.source, one.since, one.until) == (other.source, other.since, other.until)


def _largest(plan: NetworkPlan, group: list[ProjectionPlan]) -> int:
    """Return how many synapses there may be in a bundle, for an order."""
    size = plan.populations[group[0].source].size
    return size * sum(plan.populations[p.target].size for p in group)


def _longest(synapses: Connectivity) -> int:
    """Return the longest delay in steps."""
    delays = synapses.delays
    return int(delays.max(initial=0)) if isinstance(delays, np.ndarray) else int(delays)


def _address(array: AnyArray) -> int:
    return int(array.__array_interface__["data"][0])
