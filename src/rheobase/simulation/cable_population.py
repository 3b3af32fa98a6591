"""Populations of cells with a morphology, views of them, and places on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.cell import Cell
from rheobase.errors import ShapeError, UserError, WiringError
from rheobase.language.model import Model
from rheobase.simulation import cable_fields, cable_places
from rheobase.simulation.cable_parts import Cable, Part
from rheobase.simulation.cable_values import SiteValues
from rheobase.simulation.population import Cells, Population, StateTable, View, _brief, _places
from rheobase.simulation.reading import read_quantity
from rheobase.simulation.values import NoSuchVariableError
from rheobase.units import UNITS, split_quantity

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Description
    from rheobase.simulation.clock import Clock

Ints: TypeAlias = NDArray[np.int64]

RESERVED = ("at", "scatter", "cells", "everywhere", "region", "distance", "diameter", "compartment")


class Branched(Cells):
    """What populations of cells with a morphology and views of them have in common.

    Variables are attributes, one value for every compartment of every cell.
    """

    @property
    def _cable(self) -> Cable:
        found: Cable = self.population._cable_of
        return found

    @property
    def model(self) -> Any:
        """The description of the first cell."""
        return self.cells[0]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The description of each cell."""
        cable = self._cable
        return tuple(cable.cells[k] for k in cable.cell_of[self.indices])

    @property
    def everywhere(self) -> Sites:
        """All compartments of the cells."""
        cable = self._cable
        parts = [np.arange(cable.starts[k], cable.starts[k + 1]) for k in self.indices]
        return self._sites(np.concatenate(parts), f"{self._written}.everywhere")

    def at(self, region: Any = None, *misplaced: Any, fraction: Any = None, path: Any = None,
           branch_order: Any = None, section: Any = None, near: Any = None,
           each: bool = False, **unknown: Any) -> Sites:  # fmt: skip
        """Return a place on every cell, to inject, record, connect and clamp.

        Parameters
        ----------
        region : str or sequence of str, optional
            A region; "soma" alone is its middle, any other alone, and several, all compartments.
        fraction : float or sequence of float, optional
            From 0 to 1, along a region (or morphology) that does not branch; several are several
            places on each cell, in their order.
        path : quantity or pair of quantities, optional
            Every place at that path from the soma's center, or between two.
        branch_order : int, optional
            Sections behind that many branch points.
        section : int or sequence of int, optional
            By number.
        near : quantity, shape (3,) or (points, 3), optional
            What is nearest to a point, in the coordinates of the morphology.
        each : bool
            Whether sequences have one entry for each cell: another place on each.
        *misplaced, **unknown
            Refused: all but the region are named.

        Returns
        -------
        Sites
            The compartments that hold the place, cell by cell.

        Raises
        ------
        UserError, UnknownNameError
            There is no such place, or no such argument.
        """
        if misplaced or unknown:
            cable_places.refuse_words(self._written, region, misplaced, unknown)
        given = {"region": region, "fraction": fraction, "path": path,
                 "branch_order": branch_order, "section": section, "near": near}  # fmt: skip
        written = f"{self._written}.at({_arguments(given)}{', each=True' if each else ''})"
        cable, nodes = self._cable, {}
        if each:
            sites = cable_places.each_of(cable, self.indices, self._written, given)
            return self._sites(sites, written)
        found = []
        for cell in self.indices:
            kind = int(cable.cell_of[cell])
            if kind not in nodes:
                nodes[kind] = cable.cells[kind].compartments.at(**given)
            found.append(cable.sites_of(int(cell), nodes[kind]))
        return self._sites(np.concatenate(found), written)

    def scatter(self, count: int, region: str | None = None, *, path: Any = None,
                branch_order: int | None = None, section: Any = None, by: str = "length",
                seed: int | None = None) -> Sites:  # fmt: skip
        """Return random places on every cell, for synapses spread over it.

        Parameters
        ----------
        count : int
            Places on each cell, drawn independently: two may be in one compartment.
        region, path, branch_order, section
            Among the compartments that `at` returns for them; among all if none is given.
        by : "length", "area" or "compartment"
            What the places are uniform over.
        seed : int
            Of this drawing; that of the network if not given, with other places at every call.

        Returns
        -------
        Sites
            Cell by cell, `count` of each.

        Raises
        ------
        UserError, WiringError
            There are no such places, or it is no number of them.
        """
        given = {"region": region, "path": path, "branch_order": branch_order, "section": section}
        sites = cable_places.scattered(
            self._cable, self.indices, count, by, seed, self._written, given
        )
        more = _arguments(given)
        written = f"{self._written}.scatter({count}{', ' if more else ''}{more})"
        return self._sites(sites, written, repeated=True)

    def _sites(self, sites: Ints, written: str, repeated: bool = False) -> Sites:
        owner = self.population
        assert isinstance(owner, CellPopulation)
        return Sites(owner._site_population, sites.astype(np.int64), written, repeated)

    # -- variables ------------------------------------------------------------------------

    def _values(self, name: str) -> SiteValues:
        return self._cable.values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        shapes = [cell.morphology for cell in self._cable.cells]
        if name not in self._cable.values.kinds and any(name in s.regions for s in shapes):
            raise NoSuchVariableError(
                f"{self.name!r} has no variable {name!r}, which is a region",
                mend=f'write {self._written}.at("{name}")',
            )
        return getattr(self.everywhere, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "positions" or name in Cells._own:
            Cells.__setattr__(self, name, value)
        elif name in ("population", "i", *RESERVED):
            raise UserError(
                f"{self.name}.{name} cannot be set: it is fixed when the population is added"
            )
        else:
            self._cable.values.assign(name, value, self.everywhere._where)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._cable.values.kinds})

    def state(self) -> StateTable:
        """Return the states of all compartments now."""
        return self.everywhere.state()

    def __getitem__(self, key: Any) -> CellView:
        if isinstance(key, str):
            raise WiringError(
                f"{self.name}[{key!r}]: this chooses no cells",
                expected="a number, a slice, a mask, or an array of indices",
                mend=f'a place on the cells is {self._written}.at("{key}")',
            )
        return CellView(self.population, self.indices[_places(key, self.size, self.name)])

    def __iter__(self) -> Iterator[CellView]:
        for index in self.indices:
            yield CellView(self.population, np.array([index]))


class CellPopulation(Branched, Population):
    """Cells with a morphology; made by `net.add`.

    `cells.at(...)` is a place on every cell, for `net.inject`, `record`, `connect` and `clamp`;
    `cells` itself is the source of the spikes. Variables and parameters are attributes, one value
    a compartment: `cells.v`, `cells.at("dendrite").g_L = "0.1*mS/cm**2*exp(-distance/(100*um))"`.

    Attributes
    ----------
    name : str
    size : int
        Number of cells.
    cells : tuple of Cell
        The description of each.
    """

    def __init__(self, name: str, cells: Sequence[Cell], cell_of: Ints, seed: int, clock: Clock,
                 record_spikes: bool) -> None:  # fmt: skip
        cable = Cable(name, cells, cell_of, seed, clock)
        self._cable_of = cable
        self._told: Description | None = None
        first: Any = cells[0]
        Population.__init__(self, name, int(cell_of.size), first, None, record_spikes)
        self._site_population = SitePopulation(self)

    @property
    def spiking(self) -> bool:
        """Whether a cell can spike."""
        return any(cell.threshold is not None for cell in self._cable_of.cells)

    def _set_positions(self, value: Any) -> None:
        Population._set_positions(self, value)
        self._move_sites()

    def _move_sites(self) -> None:
        """Let compartments lie where their cells do, for rules over space."""
        held, cable = self._positions, self._cable_of
        self._site_population._positions = None
        if held is not None:
            own = cable.of_nodes(lambda cell: cell.compartments.position)
            moved = held[cable.cell]
            self._site_population._positions = moved + own if held.shape[1] == 3 else moved

    def __repr__(self) -> str:
        cells = "1 cell" if self._size == 1 else f"{self._size:,} cells"
        kinds = self._cable_of.cells
        what = kinds[0].name if len(kinds) == 1 else f"{len(kinds)} morphologies"
        count = self._cable_of.size
        compartments = "1 compartment" if count == 1 else f"{count:,} compartments"
        return f"<Population {self._name!r}: {cells} of {what}, {compartments}>"


class CellView(Branched, View):
    """Some cells with a morphology; made by indexing."""


class SitePopulation(Population):
    """All compartments of a population of cells with a morphology, as what views are of."""

    def __init__(self, owner: CellPopulation) -> None:
        cable = owner._cable_of
        self._owner_of = owner
        Population.__init__(
            self, owner.name, cable.size, cable.patches[0].values.model, cable.values, False
        )

    @property
    def _owner(self) -> Population:
        return self._owner_of

    @property
    def spiking(self) -> bool:
        """Compartments do not spike: cells do."""
        return False


class Sites(View):
    """Places on cells with a morphology; made by `cells.at(...)`."""

    def __init__(self, population: SitePopulation, indices: Ints, written: str,
                 repeated: bool = False) -> None:  # fmt: skip
        super().__init__(population, indices)
        self._said, self._repeated = written, repeated
        _, counts = np.unique(indices, return_counts=True)
        if np.any(counts > 1) and not repeated:
            raise ShapeError(
                f"{written}: a compartment is chosen twice",
                mend="choose places further apart, or make the cell of shorter compartments: "
                "cell(max_length=5*um)",
            )

    def _once(self) -> Sites:
        """Return the places, each compartment once."""
        if not self._repeated:
            return self
        return Sites(self._site_population, np.unique(self._indices), self._said)

    @property
    def _numbers(self) -> Ints:
        """Indices; ranks among the places where some may be the same."""
        if not self._repeated:
            return self._indices
        ranks = np.empty(self.size, np.int64)
        ranks[np.argsort(self._indices, kind="stable")] = np.arange(self.size)
        return ranks

    def _of_numbers(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the compartments of numbers."""
        if not self._repeated:
            return numbers
        return np.asarray(np.sort(self._indices)[numbers], numbers.dtype)

    @property
    def _cable(self) -> Cable:
        population = self._population
        assert isinstance(population, SitePopulation)
        return population._owner_of._cable_of

    @property
    def _owner(self) -> Population:
        return self._population._owner

    @property
    def model(self) -> Model:
        """The membrane at the first of the places, as a model."""
        cable = self._cable
        if not self.size:
            return cable.patches[0].values.model
        return next(p.values.model for p in cable.patches if p.element[self._indices[0]] >= 0)

    @property
    def cell(self) -> Ints:
        """The cell of each place."""
        return self._cable.cell[self._indices]

    @property
    def compartment(self) -> Ints:
        """The compartment of each place: its node in `Cell.compartments`."""
        return self._cable.node[self._indices]

    @property
    def region(self) -> NDArray[np.str_]:
        """The region of each place."""
        return self._cable.regions(self._indices)

    @property
    def path(self) -> Any:
        """The path of each place from the soma's center, a quantity."""
        held = self._cable.values.geometry["distance"][self._indices]
        return read_quantity(held, UNITS["um"], "it is fixed by the morphology")

    @property
    def positions(self) -> Any:
        """Where the places are, the middles of their compartments: a quantity, shape (size, 3).

        In the coordinates of the morphology, moved by the positions of the population if it has
        any.
        """
        mend = f"set {self._owner._written}.positions: one place for each cell"
        return read_quantity(cable_fields.centers(self), UNITS["um"], mend)

    @positions.setter
    def positions(self, value: Any) -> None:
        self._set_positions(value)

    def coordinates(self) -> dict[str, NDArray[Any]]:
        """Return where each place is, for traces: cell, region, path [m] and compartment."""
        where = self._indices
        return {
            "cell": self.cell,
            "region": self.region,
            "path": self._cable.values.geometry["distance"][where],
            "compartment": self.compartment,
        }

    def _told_apart(self) -> dict[str, Any]:
        where = self.coordinates()
        path = [f"{1e6 * one:.4g}" for one in where["path"]]
        return {"cell": where["cell"], "region": where["region"], "path (um)": np.array(path),
                "compartment": where["compartment"]}  # fmt: skip

    @property
    def _written(self) -> str:
        return self._said

    def __getitem__(self, key: Any) -> Sites:
        chosen = self._indices[_places(key, self.size, self._said)]
        written = f"{self._said}[{_short(key)}]"
        return Sites(self._site_population, chosen, written, self._repeated)

    def __add__(self, other: Sites) -> Sites:
        """Return these places, then others of the same population."""
        if not isinstance(other, Sites) or other._population is not self._population:
            raise WiringError(
                f"{self._said} + ...: places are added to places of the same population",
                given=repr(other) if isinstance(other, Cells) else type(other).__name__,
                mend=f'write {self._said} + {self.name}[1].at("soma")',
            )
        both = np.concatenate([self._indices, other._indices])
        repeated = self._repeated or other._repeated
        return Sites(self._site_population, both, f"{self._said} + {other._said}", repeated)

    def __iter__(self) -> Iterator[Sites]:
        for k in range(self.size):
            yield self[k]

    @property
    def _site_population(self) -> SitePopulation:
        assert isinstance(self._population, SitePopulation)
        return self._population

    def _has(self, name: str, call: str, *, some: bool = False) -> None:
        """Refuse places of which some have no such variable; if `some` may have it, all."""
        has = self._cable.values.has(name, self._indices)
        if has.all() or (some and has.any()):
            return
        part = self._cable.values.homes(name)[0]
        missing = int((~has).sum())
        region = self.region[np.argmin(has)]
        raise WiringError(
            f"{call}: {missing} of {self.size} places have no {name}, the first of them in "
            f"{region}",
            expected=f"places of {part.label}",
            mend=f"choose others: {self.name}.at({part.example or '...'})",
        )

    def _split(self, name: str) -> list[tuple[Part, Ints, Ints]]:
        """Return the parts that have a variable: elements in each, and their places in the view."""
        found = []
        for part in self._cable.values.homes(name):
            elements = part.element[self._indices]
            places = np.flatnonzero(elements >= 0)
            if places.size:
                found.append((part, elements[places], places))
        return found

    def __repr__(self) -> str:
        places = "1 compartment" if self.size == 1 else f"{self.size:,} compartments"
        return f"<Sites {self._said}: {places}>"


def _arguments(given: Mapping[str, Any]) -> str:
    """Write the arguments of `at` as in a script."""
    found = []
    for name, value in given.items():
        if value is not None:
            shown = f'"{value}"' if isinstance(value, str) else _pasted(value)
            found.append(shown if name == "region" else f"{name}={shown}")
    return ", ".join(found)


def _pasted(value: Any) -> str:
    """Write a value as in a script."""
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_pasted, value))})"
    if not hasattr(value, "magnitude"):
        return repr(value.tolist() if isinstance(value, np.ndarray) else value)
    number, unit = split_quantity(value, "path")
    return f"{np.asarray(number).tolist()}*{unit.text}"


def _short(key: Any) -> str:
    if isinstance(key, slice):
        ends = ["" if k is None else str(k) for k in (key.start, key.stop)]
        return ":".join(ends if key.step is None else [*ends, str(key.step)])
    text = repr(key)
    return text if len(text) < 20 else _brief(np.atleast_1d(np.asarray(key)).astype(np.int64))


def refuse_whole(cells: Cells, call: str, what: str) -> Cells:
    """Return places; of cells without one, all compartments if each has one only.

    Raises
    ------
    WiringError
        Where on the cells is not said.
    """
    if not isinstance(cells, Branched):
        return cells
    everywhere = cells.everywhere
    if everywhere.size == cells.size:
        return everywhere
    regions = cells._cable.cells[0].compartments.regions
    place = '"soma"' if "soma" in regions else f'"{regions[0]}", fraction=0.5'
    raise WiringError(
        f"{call}: {what}, and {cells.name!r} has {everywhere.size:,} compartments: say where",
        mend=f"write {cells._written}.at({place})",
    )
