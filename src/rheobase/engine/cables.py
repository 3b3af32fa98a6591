"""What the engine runs for cells with a morphology: trees, chunks of cells, patches, points.

A cell is a tree of **nodes**: compartments, which have a capacitance, and junctions, which have
none. What its membrane does is not written here but in **patches**: all compartments of all cells
that have one membrane are the elements of one `PopulationPlan`, whose program (of
`rheobase.lowering.cable.lower_patch`) steps the gates and computes ``dv/dt = a - b*v``. **Points**
(receptors, gap junctions, clamps) are populations as well, whose program (`lower_point`) computes
the current into one node, ``a - b*v``. The `CablePlan` is the population of the cells: its update
runs the kernels of its patches and points, solves for the voltages of the next step, writes them
to "v" of the patches and finds the cells that spiked. Everything else (inputs, arrivals,
recordings, clamps) is addressed to elements of the patches and points, as with any population.

`layout` decides which element of which patch is which node of which cell: call it first, then
make the patches, each element with the values of its node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import (
    AnyArray,
    FloatArray,
    Int32Array,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    new_array,
)
from rheobase.engine.trees import Tree, Wood, wood_of
from rheobase.errors import InternalError

LANES = (8, 4)
"""How many cells of equal trees are solved side by side."""
MOST_NODES = 4096
"""Nodes of different trees that are solved together, unless one alone has more."""
UNKNOWN = 2
"""In the array "above" of cells: no step has been made yet."""


@dataclass(frozen=True)
class Chunk:
    """Cells that are next to each other and solved together.

    Attributes
    ----------
    first, count : int
        The cells first <= i < first + count.
    lanes : int
        1: the wood has one tree for each of the cells. Else the number of cells, all with the one
        tree of the wood.
    wood : int
        Place in `Layout.woods`.
    """

    first: int
    count: int
    lanes: int
    wood: int


@dataclass(frozen=True, eq=False)
class Layout:
    """Where every node of every cell is found.

    Attributes
    ----------
    trees : tuple of Tree
        The different trees.
    tree_of : ndarray of int32
        The tree of each cell.
    chunks : tuple of Chunk
        The cells, in order.
    woods : tuple of Wood
        The trees of chunks, in order of solving.
    starts : ndarray of int64, shape (chunks + 1, patches)
        Where the elements of each chunk begin in each patch, and where the last ends.
    """

    trees: tuple[Tree, ...]
    tree_of: Int32Array
    chunks: tuple[Chunk, ...]
    woods: tuple[Wood, ...]
    starts: Int64Array

    @property
    def sizes(self) -> list[int]:
        """The number of elements of each patch."""
        return [int(n) for n in self.starts[-1]]

    @cached_property
    def chunk_of(self) -> Int64Array:
        """The chunk of each cell."""
        firsts = [chunk.first for chunk in self.chunks]
        return np.searchsorted(firsts, np.arange(self.tree_of.size), side="right") - 1

    def elements(self, cells: Any, nodes: Any) -> tuple[Int64Array, Int64Array]:
        """Return patches and elements of nodes; both -1 for junctions.

        Parameters
        ----------
        cells, nodes : array_like of int
            Cells of the population and nodes of their trees, of one shape.
        """
        cells, nodes = np.broadcast_arrays(np.asarray(cells, np.int64), np.asarray(nodes, np.int64))
        patches, elements = np.full(cells.shape, -1), np.full(cells.shape, -1)
        chunks = self.chunk_of[cells]
        for c in np.unique(chunks):
            some = chunks == c
            chunk = self.chunks[c]
            wood, lanes = self.woods[chunk.wood], cells[some] - chunk.first
            alone = chunk.lanes == 1
            place = wood.offsets[lanes if alone else 0] + nodes[some]
            patch = wood.patch_of[place]
            own = wood.rank[place] * chunk.lanes + (0 if alone else lanes)
            patches[some] = patch
            elements[some] = np.where(patch >= 0, self.starts[c, patch] + own, -1)
        return patches, elements

    def scratch(self, cells: AnyArray, nodes: AnyArray) -> Int64Array:
        """Return where nodes stand among all of their chunk: by position, then by lane."""
        found = np.full(cells.shape, -1, np.int64)
        chunks = self.chunk_of[cells]
        for c in np.unique(chunks):
            some = chunks == c
            chunk = self.chunks[c]
            wood, lanes = self.woods[chunk.wood], cells[some] - chunk.first
            if chunk.lanes == 1:
                found[some] = wood.position[wood.offsets[lanes] + nodes[some]]
            else:
                found[some] = wood.position[nodes[some]] * chunk.lanes + lanes
        return found

    def places(self, patch: int) -> tuple[Int32Array, Int32Array]:
        """Return the cell and the node of every element of a patch, in order."""
        return self._places[patch]

    @cached_property
    def _places(self) -> list[tuple[Int32Array, Int32Array]]:
        return [self._places_of(patch) for patch in range(self.starts.shape[1])]

    def _places_of(self, patch: int) -> tuple[Int32Array, Int32Array]:
        cells: list[AnyArray] = [np.zeros(0, np.int32)]
        nodes: list[AnyArray] = [np.zeros(0, np.int32)]
        for chunk in self.chunks:
            wood = self.woods[chunk.wood]
            members = wood.members[patch]
            if chunk.lanes == 1:
                cells.append(wood.slot[members] + chunk.first)
                nodes.append(wood.node[members])
            else:
                lanes = np.arange(chunk.first, chunk.first + chunk.lanes)
                cells.append(np.tile(lanes, members.size))
                nodes.append(np.repeat(wood.node[members], chunk.lanes))
        return (np.concatenate(cells).astype(np.int32), np.concatenate(nodes).astype(np.int32))

    def chunk_bounds(self, threads: int) -> Int64Array:
        """Return where the chunks of each thread begin, about as many elements for each."""
        work = self.starts.sum(axis=1)
        wanted = work[-1] * np.arange(threads + 1) / threads
        bounds = np.searchsorted(work, wanted, side="left")
        nearer = np.maximum(bounds - 1, 0)
        bounds = np.where(wanted - work[nearer] < work[bounds] - wanted, nearer, bounds)
        bounds[0], bounds[-1] = 0, len(self.chunks)
        return np.maximum.accumulate(bounds)


@dataclass
class PointPlan:
    """Elements that add currents to nodes: one population of receptors, clamps or the like.

    Attributes
    ----------
    population : int
        Place in `NetworkPlan.populations`, of a population of `lower_point`.
    cells, nodes : ndarray of int32
        The cell and the compartment of each of its elements; by cell, ascending. Several elements
        may be at one node; their currents are added in their order.
    """

    population: int
    cells: Int32Array
    nodes: Int32Array


@dataclass(frozen=True)
class CellArray:
    """An array of the cells themselves."""

    name: str
    role: str
    dtype: str


@dataclass(frozen=True)
class CableArrays:
    """What stands for a lowered model where the engine itself says what is done."""

    crossing: str = "grid"
    numbers: tuple[str, ...] = ()
    spiking: bool = True
    refractory_kind: str = "none"
    mutable: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    name: str = "cell"

    def _with(self, own: CellArray) -> tuple[CellArray, ...]:
        """Return the arrays of what spikes, and one of its own."""
        found = [CellArray("spiked", "spiked", "uint8"), CellArray("above", "refractory", "uint8"),
                 own]  # fmt: skip
        if self.crossing == "linear":
            found.append(CellArray("offset", "offset", "float64"))
        return tuple(found)


@dataclass(frozen=True)
class CellProgram(CableArrays):
    """What stands for a lowered model where the cells themselves are concerned."""

    @property
    def arrays(self) -> tuple[CellArray, ...]:
        """The arrays of a population of cells."""
        return self._with(CellArray("damped", "damped", "uint8"))


@dataclass(frozen=True)
class CellKernels:
    """What stands for the kernels of a model: the engine's own solve updates the cells."""

    array_names: tuple[str, ...] = ()
    update_address: int = 0
    on_spike_address: int = 0
    arrive_addresses: dict[str, int] = field(default_factory=dict)
    observe_addresses: dict[str, int] = field(default_factory=dict)


@dataclass
class CablePlan(PopulationPlan):
    """Cells with a morphology; make it by `cable_plan`.

    A cell spikes in step k where v of its site is above the threshold at (k + 1)*dt and was not
    at k*dt.

    Attributes
    ----------
    layout : Layout
        Trees and chunks.
    patches : list of int
        Place in `NetworkPlan.populations` of each of the layout's patches. They must come before
        no other than this: every patch and point belongs to one `CablePlan`.
    points : list of PointPlan
        In the order in which their currents are added.
    site : ndarray of int32
        The compartment of each cell whose voltage is compared with the threshold.
    threshold : ndarray of float64
        In volts; infinite for a cell that never spikes.
    backward_euler : bool
        Whether every step is one of backward Euler, instead of those after a jump only.
    """

    layout: Layout = field(kw_only=True)
    patches: list[int] = field(kw_only=True)
    points: list[PointPlan] = field(kw_only=True)
    site: Int32Array = field(kw_only=True)
    threshold: FloatArray = field(kw_only=True)
    backward_euler: bool = field(kw_only=True)


def cable_plan(
    name: str,
    layout: Layout,
    patches: Sequence[int],
    site: Int32Array,
    threshold: FloatArray,
    points: Sequence[PointPlan] = (),
    *,
    backward_euler: bool = False,
    crossing: str = "grid",
    record_spikes: bool = True,
) -> CablePlan:
    """Return the plan of cells with a morphology; see `CablePlan` for the arguments.

    Parameters
    ----------
    crossing : {"grid", "linear"}
        "linear": a spike is placed inside its step, on the straight line between the voltages.
    """
    program = CellProgram(crossing)
    size = layout.tree_of.size
    arrays = {a.name: new_array(size, a.dtype) for a in program.arrays}
    arrays["above"][:] = UNKNOWN
    return CablePlan(
        name, size, program, CellKernels(tuple(a.name for a in program.arrays)),
        arrays, np.zeros(0), record_spikes,
        layout=layout, patches=list(patches), points=list(points),
        site=np.ascontiguousarray(np.broadcast_to(site, size), np.int32),
        threshold=np.ascontiguousarray(np.broadcast_to(threshold, size), np.float64),
        backward_euler=backward_euler,
    )  # fmt: skip


def cables(plan: NetworkPlan) -> list[tuple[int, CablePlan]]:
    """Return the populations of cells with a morphology, with their places."""
    return [(p, c) for p, c in enumerate(plan.populations) if isinstance(c, CablePlan)]


def layout(trees: Sequence[Tree], tree_of: NDArray[Any] | Sequence[int]) -> Layout:
    """Lay out cells: which are solved together, and which element is which node.

    Neighboring cells of one tree are solved side by side; those of different trees together, as
    one wood, up to `MOST_NODES`. The result of a cell does not depend on it.

    Parameters
    ----------
    trees : sequence of Tree
        The different trees.
    tree_of : sequence of int
        For each cell, its place in `trees`.
    """
    places = np.ascontiguousarray(tree_of, np.int32)
    if not trees or places.size == 0:
        raise InternalError("a population of cells with a morphology is empty")
    patches = max(int(tree.patch.max(initial=-1)) for tree in trees) + 1
    groups = _groups(trees, places)
    woods: dict[tuple[int, ...], int] = {}
    made: list[Wood] = []
    chunks: list[Chunk] = []
    starts = [np.zeros(patches, np.int64)]
    for first, count, lanes in groups:
        key = (int(places[first]),) if lanes > 1 else tuple(map(int, places[first : first + count]))
        if key not in woods:
            woods[key] = len(made)
            made.append(wood_of([trees[t] for t in key], patches))
        wood = made[woods[key]]
        chunks.append(Chunk(first, count, lanes, woods[key]))
        sizes = [members.size * lanes for members in wood.members]
        starts.append(starts[-1] + np.array(sizes, np.int64))
    return Layout(tuple(trees), places, tuple(chunks), tuple(made), np.array(starts))


def _groups(trees: Sequence[Tree], places: Int32Array) -> list[tuple[int, int, int]]:
    """Divide cells into chunks: (first, count, lanes), two at least where there are two cells."""
    size = places.size
    widths = [w for w in LANES if w <= size // 2]
    nodes = np.array([tree.parent.size for tree in trees])[places]
    most = min(MOST_NODES, -(-int(nodes.sum()) // 2))
    alike = np.ones(size, np.int64)  # how many cells from each on have its tree
    for i in range(size - 2, -1, -1):
        if places[i] == places[i + 1]:
            alike[i] += alike[i + 1]
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < size:
        width = next((w for w in widths if w <= alike[at]), 1)
        end, total = at + width, int(nodes[at])
        if width == 1:
            while end < size and total + nodes[end] <= most and alike[end] < min(widths, default=9):
                total += int(nodes[end])
                end += 1
        found.append((at, end - at, width))
        at = end
    return found
