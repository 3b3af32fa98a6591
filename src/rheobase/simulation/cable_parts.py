"""What a population of cells with a morphology consists of: patches of membrane, and points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.cell import Cell
from rheobase.engine.cables import Layout, layout
from rheobase.engine.trees import Tree
from rheobase.language.model import Model
from rheobase.simulation.cable_values import PatchValues, PointValues, SiteValues
from rheobase.simulation.clock import Clock
from rheobase.simulation.values import CellValues, Floats

Ints: TypeAlias = NDArray[np.int64]


class Part:
    """Elements of one program in compartments of a population's cells.

    Attributes
    ----------
    name : str
        What the plan calls it.
    label : str
        What it is, for people.
    values : CellValues
        Of its elements.
    sites : ndarray
        Of every element, its site.
    element : ndarray
        Of every site, its element; -1 where there is none.
    current : str or None
        Of points, the expression of the current into the compartment; None: a patch of membrane.
    example : str
        What `at` may be called with to find one.
    last : dict or None
        The parameters of the last run; None before the first.
    jumped : list of ndarray
        Elements of which a state was set to another value since.
    """

    def __init__(self, name: str, label: str, values: CellValues, sites: Ints, count: int,
                 current: str | None, example: str) -> None:  # fmt: skip
        self.name, self.label, self.values = name, label, values
        self.current, self.example, self.count = current, example, count
        self.last: dict[str, NDArray[Any]] | None = None
        self.jumped: list[Ints] = []
        self._place(sites)

    def changed(self) -> NDArray[np.bool_]:
        """Return the elements of which a value was set to another since this was last asked."""
        before, jumped = self.last, self.jumped
        self.last = {name: np.array(held) for name, held in self.values.parameters.items()}
        found, self.jumped = np.zeros(self.values.size, bool), []
        for elements in jumped:
            found[elements] = True
        if before is not None:
            for name, held in self.last.items():
                found |= True if name not in before else held != before[name]
        return found

    def _place(self, sites: Ints) -> None:
        self.sites = sites
        self.element = np.full(self.count, -1, np.int64)
        self.element[sites] = np.arange(sites.size)


class Cable:
    """Cells with a morphology: their compartments, as sites, and the parts they have.

    Sites are the compartments of all cells, cell by cell, in the order of `Cell.compartments`.

    Parameters
    ----------
    name
        Of the population.
    cells
        The different cells.
    cell_of
        For each cell of the population, its place in `cells`.
    seed, clock
        Of the network.

    Attributes
    ----------
    layout : Layout
        Which element is which node.
    patches, points : list of Part
    cell, node : ndarray
        Of every site.
    starts : ndarray
        The first site of every cell, and where the last ends.
    """

    def __init__(self, name: str, cells: Sequence[Cell], cell_of: Ints, seed: int,
                 clock: Clock) -> None:  # fmt: skip
        self.name, self.cells, self.cell_of = name, tuple(cells), cell_of
        self.seed, self.clock = seed, clock
        inside = [cell.compartments.membrane for cell in cells]
        self.rank = []  # of nodes among the compartments
        for cell, nodes in zip(cells, inside, strict=True):
            rank = np.full(cell.compartments.nodes, -1, np.int64)
            rank[nodes] = np.arange(nodes.size)
            self.rank.append(rank)
        sizes = np.array([nodes.size for nodes in inside])[cell_of]
        self.starts: Ints = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.cell: Ints = np.repeat(np.arange(cell_of.size), sizes)
        self.node: Ints = np.concatenate([inside[c] for c in cell_of]).astype(np.int64)
        self.values = SiteValues(name, self.size, seed, clock, {
            "distance": self.of_nodes(lambda cell: cell.compartments.path),
            "diameter": self.of_nodes(lambda cell: cell.compartments.diameter),
        }, self.cell)  # fmt: skip
        self._models, patch_of = _grouped(cells)
        trees = [_tree(cell, patch) for cell, patch in zip(cells, patch_of, strict=True)]
        self.layout: Layout = layout(trees, cell_of)
        self.points: list[Part] = []
        self.placed: dict[Part, Any] = {}  # of points, what the user put there
        self.patches = [self._patch(p) for p in range(len(self._models))]
        self.values.take(self.patches)

    @property
    def size(self) -> int:
        """The number of sites."""
        return int(self.cell.size)

    @property
    def parts(self) -> list[Part]:
        """Patches, then points."""
        return [*self.patches, *self.points]

    def of_nodes(self, values: Callable[[Cell], NDArray[Any]]) -> NDArray[Any]:
        """Return, by site, what a function of cells gives by node."""
        found = [values(cell) for cell in self.cells]
        where = [cell.compartments.membrane for cell in self.cells]
        return np.concatenate([found[c][where[c]] for c in self.cell_of])

    def sites_of(self, cell: int, nodes: Any) -> Ints:
        """Return the sites of compartments of one cell."""
        return np.asarray(self.starts[cell] + self.rank[self.cell_of[cell]][nodes], np.int64)

    def regions(self, sites: Ints) -> NDArray[np.str_]:
        """Return the names of the regions of sites."""
        names = self.of_nodes(
            lambda cell: np.array(cell.compartments.regions)[cell.compartments.region]
        )
        return np.asarray(names[sites], np.str_)

    def part(self, name: str) -> Part:
        """Return the part that has a port or a variable; the first of several."""
        for part in self.parts:
            if name in part.values.model.receives:
                return part
        return self.values.homes(name)[0]

    # -- patches --------------------------------------------------------------------------

    def _patch(self, p: int) -> Part:
        model, steady, label, region = self._models[p]
        cells, nodes = self.layout.places(p)
        sites = np.empty(cells.size, np.int64)
        kinds = self.cell_of[cells]
        for kind in np.unique(kinds):
            some = kinds == kind
            sites[some] = self.starts[cells[some]] + self.rank[kind][nodes[some]]
        values = PatchValues(model, self.name, sites.size, self.seed, self.clock, steady)
        for equation in model.parameter_equations:
            if values.kinds.get(equation.name) == "parameter":
                self._paint(values, equation.name, kinds, nodes.astype(np.int64))
        example = f'"{region}"' if region == "soma" else f'"{region}", fraction=0.5'
        plan_name = f"{self.name}/{label}" if p == 0 else f"{self.name}/{label} {p + 1}"
        return Part(plan_name, label, values, sites, self.size, None, example)

    def _paint(self, values: CellValues, name: str, kinds: Ints, nodes: Ints) -> None:
        """Give the elements of a patch the values of a parameter that their cells have."""
        found = np.full(nodes.size, np.nan)
        for kind in np.unique(kinds):
            cell, some = self.cells[kind], kinds == kind
            if name == "area" or any(name in m.defaults for m in cell.patches.values()):
                found[some] = cell.node_values(name)[nodes[some]]
        if np.isnan(found).any():
            return  # which is said, by name, when the network runs
        alike = name != "area" and bool(np.all(found == found[0]))
        values.parameters[name] = float(found[0]) if alike else found

    # -- points ---------------------------------------------------------------------------

    def add_point(self, model: Model, label: str, current: str) -> Part:
        """Add what receives or injects currents at sites, which are none yet."""
        values = PointValues(model, self.name, 0, self.seed, self.clock)
        taken = {part.name for part in self.parts}
        name, number = f"{self.name}/{label}", 2
        while name in taken:
            name, number = f"{self.name}/{label} {number}", number + 1
        part = Part(name, label, values, np.zeros(0, np.int64), self.size, current, "")
        self.points.append(part)
        self._see(part)
        self.values.take(self.parts)
        return part

    def _see(self, part: Part) -> None:
        values = part.values
        assert isinstance(values, PointValues)
        values.sites, values.around = part.sites, self.values

    def grow(self, part: Part, sites: Ints) -> None:
        """Let a point be at more sites; not after the first run."""
        whole = np.union1d(part.sites, sites).astype(np.int64)
        if whole.size == part.sites.size:
            return
        old, model = part.values, part.values.model
        values = PointValues(model, self.name, whole.size, self.seed, self.clock)
        before = np.searchsorted(whole, part.sites)
        values.currents = old.currents
        for name, held in old.parameters.items():
            values.parameters[name] = held
            if isinstance(held, np.ndarray):
                fresh = np.full(whole.size, float(model.defaults.get(name, 0.0)))
                fresh[before] = held
                values.parameters[name] = fresh
        for name in old._states:
            state, chosen = np.zeros(whole.size), np.zeros(whole.size, bool)
            state[before] = old._states[name]
            chosen[before] = old._set.get(name, np.ones(old.size, bool))
            values._states[name], values._set[name] = state, chosen
        part.values = values
        part._place(whole)
        self._see(part)

    # -- membranes of the tree ------------------------------------------------------------

    def compartments(self, sites: Ints) -> tuple[Ints, Ints]:
        """Return cells and nodes of sites."""
        return self.cell[sites], self.node[sites]

    def voltages(self, sites: Ints) -> Floats:
        """Return the voltages of sites now [V]."""
        return np.asarray(self.values.read("v", sites), np.float64)


def _grouped(cells: Sequence[Cell]) -> tuple[list[tuple[Model, Any, str, str]], list[Any]]:
    """Return the different models of membranes, and of every cell the model of each node.

    Membranes whose equations are the same are one: their values are given to each compartment.
    """
    models: list[tuple[Model, Any, str, str]] = []
    places: dict[tuple[Any, ...], int] = {}
    found = []
    for cell in cells:
        compartments = cell.compartments
        patch = np.full(compartments.nodes, -1, np.int32)
        for k, region in enumerate(compartments.regions):
            model, membrane = cell.patches[region], cell.membranes[region]
            key = _key(model)
            if key not in places:
                places[key] = len(models)
                label = " ".join(membrane.channels) if membrane.name == "Membrane" else (
                    membrane.name)  # fmt: skip
                models.append((model, dict(membrane.steady), label, region))
            patch[(compartments.region == k) & ~compartments.is_junction] = places[key]
        found.append(patch)
    return models, found


def _key(model: Model) -> tuple[Any, ...]:
    """Return what two models of membranes have in common that step alike."""
    given = model._arguments
    functions = tuple(str(function) for function in given.functions)
    currents = tuple(id(current) for current in model.currents.values())
    return (given.equations, functions, str(given.receives), currents)


def _tree(cell: Cell, patch: NDArray[np.int32]) -> Tree:
    compartments = cell.compartments
    per_area = np.where(compartments.is_junction, 0.0, cell.node_values("C_m"))
    return Tree(
        compartments.parent.astype(np.int32),
        np.array(compartments.conductance_to_parent, np.float64),
        per_area * compartments.area,
        patch,
    )
