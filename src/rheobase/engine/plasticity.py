"""Synapses with variables of their own: how they are stored, by the threads that own their cells.

A part holds the synapses onto the cells of one thread, sorted by source and delay (slices), and
beside them a column index: for each cell, where in the storage its synapses are, and in which
slice. Whatever enters or leaves is in the canonical order of `Connectivity`, so that it does
not depend on how many parts there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import (
    AnyArray,
    Connectivity,
    FloatArray,
    Int64Array,
    ProjectionPlan,
    UInt32Array,
)
from rheobase.errors import UserError
from rheobase.lowering.synapse_program import SynapseProgram
from rheobase.rendering.synapse_kernels import InterpretedSynapse

if TYPE_CHECKING:
    from rheobase.engine.rows import Bundle, StoredRows

Jobs: TypeAlias = list[Int64Array]

CHUNK = 1 << 20
"""Synapses that are looked at together."""
MOST = 2**32
"""Synapses onto the cells of one thread that 32 bits can count."""


@dataclass
class PlasticRows:
    """The synapses onto the cells lo <= j < hi, in slices of one source and delay.

    Attributes
    ----------
    order : ndarray of int or None
        The canonical place of every synapse of the storage; None: the same.
    targets : ndarray of uint32
        The cell of every synapse.
    starts : ndarray of int64 or uint32, shape (sources * delays + 1,)
        Where the slices begin: slice i*delays + d is that of source i and the d-th delay.
    column_start : ndarray of int64, shape (hi - lo + 1,)
        Where the synapses of each cell begin in the column index.
    positions, slices : ndarray of uint32
        The column index: places in the storage, and the slices they are in.
    """

    lo: int
    hi: int
    order: AnyArray | None
    targets: UInt32Array
    starts: AnyArray
    column_start: Int64Array
    positions: UInt32Array
    slices: UInt32Array

    @classmethod
    def of(cls, synapses: Connectivity, distinct: Int64Array, lo: int, hi: int,
           size: int) -> PlasticRows:  # fmt: skip
        """Lay out the synapses onto some cells of a population of `size`."""
        slot = _slots(synapses, distinct)
        sources = synapses.row_start.size - 1
        count = sources * max(distinct.size, 1)
        order: AnyArray | None = None
        if lo > 0 or hi < size:
            order = np.flatnonzero((synapses.targets >= lo) & (synapses.targets < hi))
            slot = slot[order]
        if distinct.size > 1:
            sorting = np.argsort(slot, kind="stable")
            slot = slot[sorting]
            order = sorting if order is None else order[sorting]
        if slot.size >= MOST or count >= MOST:
            raise too_many(slot.size)
        targets = synapses.targets if order is None else synapses.targets[order]
        starts = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(slot, minlength=count), out=starts[1:])
        if order is not None and synapses.targets.size < MOST:
            order = order.astype(np.uint32)
        columns = _columns(targets, slot, lo, hi)
        return cls(lo, hi, order, np.ascontiguousarray(targets, np.uint32), starts, *columns)

    @classmethod
    def sorted(cls, stored: StoredRows, lo: int, hi: int) -> PlasticRows:
        """Take over synapses that are in order of source and delay; `index` fills in the rest."""
        count, order = stored.targets.size, stored.order
        if order is not None and np.array_equal(order[:1], [0]) and order[-1] == count - 1:
            in_order = all(
                np.array_equal(order[k : k + CHUNK], np.arange(k, min(k + CHUNK, count)))
                for k in range(0, count, CHUNK)
            )
            order = None if in_order else order
        if count >= MOST or stored.starts.size > MOST:
            raise too_many(count)
        return cls(
            lo, hi, order, stored.targets, stored.starts, np.zeros(hi - lo + 1, np.int64),
            np.empty(count, np.uint32), np.empty(count, np.uint32),
        )  # fmt: skip

    def index_job(self) -> Int64Array:
        """Return the table by which the compiled `index` fills in the column index."""
        starts = self.starts
        arrays = (self.targets, starts, self.column_start, self.positions, self.slices)
        targets, begins, columns, positions, slices = (
            int(a.__array_interface__["data"][0]) for a in arrays
        )
        return np.array([
            targets, self.targets.size, self.lo, self.hi - self.lo, begins, starts.itemsize,
            starts.size - 1, columns, positions, slices,
        ], np.int64)  # fmt: skip


def too_many(count: int) -> UserError:
    """Return the error for more synapses than 32 bits count."""
    return UserError(
        f"{count:,} plastic synapses onto the cells of one thread: at most {MOST - 1:,}",
        mend="run on more threads: net.run(..., threads=2)",
    )


def _slots(synapses: Connectivity, distinct: Int64Array) -> Int64Array:
    """Return the slice of every synapse, in canonical order."""
    rows = synapses.row_start
    source = np.repeat(np.arange(rows.size - 1, dtype=np.int64), np.diff(rows))
    if distinct.size <= 1:
        return source
    return source * distinct.size + np.searchsorted(distinct, synapses.delays)


def _columns(
    targets: UInt32Array, slot: Int64Array, lo: int, hi: int
) -> tuple[Int64Array, UInt32Array, UInt32Array]:
    """Return the column index: the synapses of each cell, in the order of the storage."""
    from scipy.sparse import csr_array

    own = np.asarray(targets, np.int64) - lo
    # of one row: turning it into columns is a stable sort by counting
    matrix = csr_array(
        (np.arange(own.size, dtype=np.int64), own, np.array([0, own.size])),
        shape=(1, max(hi - lo, 1)),
    )
    columns = matrix.tocsc()
    positions = columns.data.astype(np.uint32)
    starts = columns.indptr[: hi - lo + 1].astype(np.int64)
    return starts, positions, slot[columns.data].astype(np.uint32)


def distinct_delays(synapses: Connectivity) -> Int64Array:
    """Return the delays of a projection in steps, ascending, each once."""
    if isinstance(synapses.delays, np.ndarray):
        found = np.unique(synapses.delays).astype(np.int64)
        return found if found.size else np.ones(1, np.int64)
    return np.array([synapses.delays], np.int64)


@dataclass
class PlasticPart:
    """The synapses of one thread with their values, by name."""

    rows: PlasticRows
    arrays: dict[str, FloatArray] = field(default_factory=dict)


class PlasticStore:
    """The values of all synapses of a projection; they outlive engines and numbers of threads.

    Parameters
    ----------
    program : SynapseProgram
        What the synapses do.
    initial : dict of str to ndarray
        What variables and parameters begin at, in canonical order: shape (1,) or (n,).

    Attributes
    ----------
    parts : list of PlasticPart
        One a thread, after `lay_out`.
    delays : ndarray of int64
        The distinct delays.
    """

    def __init__(self, program: SynapseProgram, initial: Mapping[str, NDArray[Any]]) -> None:
        self.program = program
        self.initial = {k: np.asarray(v, np.float64).reshape(-1) for k, v in initial.items()}
        self.parts: list[PlasticPart] = []
        self.delays: Int64Array = np.ones(1, np.int64)
        self.count = 0
        self.version = -1
        self._divided: tuple[tuple[int, int], ...] = ()

    @property
    def laid_out(self) -> bool:
        """Whether the values are in parts."""
        return bool(self.parts)

    # -- storage --------------------------------------------------------------------------

    def lay_out(self, synapses: Connectivity, version: int, bounds: Sequence[tuple[int, int]],
                cells: int, step: int) -> None:  # fmt: skip
        """Divide the synapses between threads, keeping their values.

        Parameters
        ----------
        synapses, version
            Those of the projection; a new version brings new weights.
        bounds
            The cells lo <= j < hi of each thread.
        cells
            The size of the target population.
        step
            The step from which on variables change.
        """
        delays = distinct_delays(synapses)
        rows = [PlasticRows.of(synapses, delays, lo, hi, cells) for lo, hi in bounds]
        weights = np.asarray(synapses.weights["weight"], np.float64).reshape(-1)
        self.take(rows, delays, synapses.targets.size, cells, version, step)
        if version != self.version:
            self.write("weight", weights)
        self.version = version

    def take(self, rows: Sequence[PlasticRows], delays: Int64Array, count: int, cells: int,
             version: int, step: int) -> None:  # fmt: skip
        """Take over a new division of the synapses; values move to their new places.

        Where `version` is new, weights are to be written afterwards.
        """
        held = self.state() if self.parts else None
        self.delays, self.count = delays, count
        self._divided = tuple((r.lo, r.hi) for r in rows)
        shared = {a.name: np.zeros(cells) for a in self.program.arrays if a.domain == "target"}
        self.parts = [self._part(r, shared) for r in rows]
        if held is None:
            self._begin(step)
        else:
            self.restore(held)

    def divided(self, version: int, bounds: Sequence[tuple[int, int]]) -> bool:
        """Whether the synapses are divided in this way already, with weights of this version."""
        return version == self.version and tuple(bounds) == self._divided

    def _part(self, rows: PlasticRows, shared: Mapping[str, FloatArray]) -> PlasticPart:
        sizes = {"row": rows.starts.size - 1, "synapse": rows.targets.size}
        arrays = dict(shared)
        for array in self.program.arrays:
            if array.domain in sizes:
                arrays[array.name] = np.zeros(sizes[array.domain])
        return PlasticPart(rows, arrays)

    def _begin(self, step: int) -> None:
        for array in self.program.arrays:
            if array.role == "last":
                for part in self.parts:
                    part.arrays[array.name][:] = float(step)
            elif array.name in self.initial and array.name != "weight":
                self.write(array.name, self.initial[array.name])

    # -- values ---------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """Return the names of all values that are kept."""
        return self.program.of_domain("row", "target", "synapse")

    def read(self, name: str) -> FloatArray:
        """Return the stored values of a name, one a synapse in canonical order."""
        domain = self.program.array(name).domain
        found = np.empty(self.count)
        for part in self.parts:
            rows, values = part.rows, part.arrays[name]
            if domain == "row":
                values = np.repeat(values, np.diff(rows.starts))
            elif domain == "target":
                values = values[rows.targets]
            if rows.order is None:
                found[:] = values
            else:
                found[rows.order] = values
        return found

    def write(self, name: str, values: FloatArray) -> None:
        """Set a name from values in canonical order, shape (1,) or (n,).

        Raises
        ------
        UserError
            Synapses that share one value are given different ones.
        """
        domain = self.program.array(name).domain
        for part in self.parts:
            rows, array = part.rows, part.arrays[name]
            own = values if values.size == 1 or rows.order is None else values[rows.order]
            if domain == "synapse":
                array[:] = own
                continue
            index = rows.targets
            if domain == "row":
                index = np.repeat(
                    np.arange(rows.starts.size - 1, dtype=np.uint32), np.diff(rows.starts)
                )
            array[index] = own
            if values.size > 1 and np.any(array[index] != own):
                raise UserError(_shared(name, domain))
            if values.size == 1 and domain == "row":
                array[:] = own
            if values.size == 1 and domain == "target":
                array[rows.lo : rows.hi] = own

    def set_now(self, name: str, values: FloatArray, numbers: FloatArray, step: int) -> None:
        """Set a variable at the beginning of a step; what is coupled with it is brought there."""
        group = self.program.groups.get(name)
        if group is None:
            self.write(name, values)
            return
        members = [v for v, g in self.program.groups.items() if g == group and v != name]
        for other, held in {v: self.current(v, numbers, step) for v in members}.items():
            self.write(other, held)
        self.write(name, values)
        self.write(group, np.array([float(step)]))

    def current(self, name: str, numbers: FloatArray, step: int) -> FloatArray:
        """Return a variable as it is at the beginning of a step, in canonical order.

        Parameters
        ----------
        numbers
            The prepared numbers of the program.
        """
        if name not in self.program.groups:
            return self.read(name)
        kernels = InterpretedSynapse(self.program)
        found = kernels.now({n: self.read(n) for n in self.names()}, numbers, step)
        return np.array(np.broadcast_to(found[name], self.count), np.float64)

    def reward(self, amount: float, numbers: FloatArray, step: int) -> None:
        """Let a reward come to all synapses at the beginning of a step."""
        kernels = InterpretedSynapse(self.program)
        arrays = {n: self.read(n) for n in self.names()}
        found = kernels.reward_all(arrays, numbers, step, amount)
        for name, values in found.items():
            self.write(name, np.array(np.broadcast_to(values, self.count), np.float64))

    def state(self) -> dict[str, FloatArray]:
        """Return a copy of all values, by name; those of cells with one entry a cell."""
        found: dict[str, FloatArray] = {}
        for name in self.names():
            if self.program.array(name).domain == "target":
                found[name] = self.parts[0].arrays[name].copy()
            else:
                found[name] = self.read(name)
        return found

    def restore(self, state: Mapping[str, FloatArray]) -> None:
        """Put back what `state` returned, whatever the number of threads was."""
        for name in self.names():
            values = state.get(name)
            if values is None:
                continue
            if self.program.array(name).domain == "target":
                self.parts[0].arrays[name][:] = values
            else:
                self.write(name, values)


def _shared(name: str, domain: str) -> str:
    who = "of one source and delay" if domain == "row" else "onto one cell"
    return (
        f"{name} is the same for all synapses {who}, since nothing that writes it tells them "
        "apart; the values given differ between them"
    )


def first_step(projection: ProjectionPlan) -> int:
    """Return the step from which on the variables of the synapses of a projection change."""
    return max(projection.since, 0)


def bind_connectivity(
    projection: ProjectionPlan, bounds: Sequence[tuple[int, int]], cells: int
) -> None:
    """Lay out the synapses of a projection by NumPy, where that has not been done."""
    assert projection.synapse is not None
    store: PlasticStore = projection.synapse.store
    if not store.divided(projection.version, bounds):
        synapses = projection.connectivity()
        store.lay_out(synapses, projection.version, bounds, cells, first_step(projection))


def bind_bundle(
    bundle: Bundle, bounds: Sequence[tuple[int, int]], cells: int, index: Callable[[Jobs], None]
) -> None:
    """Lay out the synapses of a projection as the compiled engine has sorted them.

    Parameters
    ----------
    index : callable
        Fills in the column indices of some parts, each a thread's.
    """
    projection = bundle.first
    assert projection.synapse is not None
    store: PlasticStore = projection.synapse.store
    if store.divided(projection.version, bounds):
        return
    rows = [
        PlasticRows.sorted(stored, lo, hi)
        for stored, (lo, hi) in zip(bundle.shares, bounds, strict=True)
    ]
    index([r.index_job() for r in rows])
    count = sum(stored.targets.size for stored in bundle.shares)
    new = projection.version != store.version
    store.take(rows, bundle.delays, count, cells, projection.version, first_step(projection))
    for part, stored in zip(store.parts, bundle.shares, strict=True):
        weights = stored.weights.pop("weight", None)  # they are in the store from now on
        stored.order = None
        if new:
            part.arrays["weight"][:] = bundle.shared["weight"] if weights is None else weights
    store.version = projection.version
