"""`Morphology`: a tree of sections, and how one is made, read, written, divided and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.morphology.frusta import Floats, Ints
from rheobase.morphology.sections import Section, linked

if TYPE_CHECKING:
    import os

    from matplotlib.axes import Axes
    from xarray import Dataset

    from rheobase.morphology.compartments import Compartments
    from rheobase.morphology.page import Page
    from rheobase.morphology.statistics import Sholl, Statistics

# What other tools call the regions.
_OTHER_REGIONS = {
    "apical": "apical_dendrite",
    "apic": "apical_dendrite",
    "basal": "dendrite",
    "basal_dendrite": "dendrite",
    "dend": "dendrite",
    "dendrites": "dendrite",
    "somatic": "soma",
    "axonal": "axon",
}


@dataclass(frozen=True, eq=False, repr=False)
class Morphology:
    """The shape of a cell: a tree of unbranched sections, each of one region.

    Read from files (`from_swc`, `from_asc`, `from_neuroml`), built (`cylinder`, `frustum`,
    `ball_and_stick`, `tree`), or put together from sections (`rb.morphology.section`, `join`).
    It does not change; what changes it gives another one.

    Attributes
    ----------
    sections : tuple of Section
        The first is the root; every other comes after its parent.
    name : str
        For pictures and messages.
    """

    sections: tuple[Section, ...]
    name: str = "morphology"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sections", linked(self.sections))

    def __eq__(self, other: object) -> bool:
        """Whether another morphology has the same name and the same sections."""
        if self is other or not isinstance(other, Morphology):
            return self is other
        return self.name == other.name and self.sections == other.sections

    def __hash__(self) -> int:
        return hash((self.name, len(self.sections), self.sections[0]))

    # --- made ---------------------------------------------------------------------------------

    @classmethod
    def cylinder(cls, length: Any, diameter: Any, region: str = "dendrite") -> Morphology:
        """Return one cylinder.

        Parameters
        ----------
        length, diameter : quantity
            Lengths.
        region : str
            What it is.
        """
        from rheobase.morphology.shapes import cylinder

        return cylinder(length, diameter, region)

    @classmethod
    def frustum(
        cls, length: Any, start_diameter: Any, end_diameter: Any, region: str = "dendrite"
    ) -> Morphology:
        """Return one frustum, a cone without its tip.

        Parameters
        ----------
        length, start_diameter, end_diameter : quantity
            Lengths.
        region : str
            What it is.
        """
        from rheobase.morphology.shapes import frustum

        return frustum(length, start_diameter, end_diameter, region)

    @classmethod
    def ball_and_stick(
        cls, soma_diameter: Any, dendrite_length: Any, dendrite_diameter: Any
    ) -> Morphology:
        """Return a soma and one dendrite.

        The soma is a cylinder as long as wide, which has the area of the sphere; the dendrite
        leaves its end.

        Parameters
        ----------
        soma_diameter, dendrite_length, dendrite_diameter : quantity
            Lengths.
        """
        from rheobase.morphology.shapes import ball_and_stick

        return ball_and_stick(soma_diameter, dendrite_length, dendrite_diameter)

    @classmethod
    def tree(cls, description: Mapping[str, Any] | None = None, **binary: Any) -> Morphology:
        """Return a tree: from nested descriptions, or a symmetric binary one.

        Parameters
        ----------
        description : dict, optional
            Of the root: ``length`` and ``diameter`` (or ``diameters``, start and end), or
            ``points`` and ``diameters``; ``region`` (that of its parent, if not given; dendrite
            below a soma); ``at``, where it leaves its parent (1.0, the end); ``children``, a list
            of descriptions.
        levels : int
            Of a binary tree: 1 is the root alone.
        length, diameter : quantity
            Of its root.
        length_factor, diameter_factor : float
            From a branch to each of its two daughters. Those of Rallpack 2, 2**(-1/3) and
            2**(-2/3), if not given: such a tree acts as one cylinder.
        region : str
            Of all.
        """
        from rheobase.morphology.shapes import any_tree

        return any_tree(description, binary)

    @classmethod
    def from_swc(
        cls,
        path: str | os.PathLike[str],
        *,
        unit: Any = None,
        minimum_radius: Any = None,
        pieces: str = "largest",
    ) -> Morphology:
        """Read an SWC file.

        Every convention for the soma is understood, and what is repaired is said in a warning:
        see `rb.morphology.read_swc`.

        Parameters
        ----------
        path : path
            The file; one packed by gzip, bzip2 or xz is unpacked.
        unit : quantity or str, optional
            Of its numbers, such as ``8*nm``; micrometres unless the file says otherwise.
        minimum_radius : quantity, optional
            What thinner points are widened to; without it a radius of 0 is refused.
        pieces : {"largest", "join"}
            Of a file in several pieces: the one with the soma, or with the most points, alone;
            or all, each joined at the nearest point.
        """
        from rheobase.morphology.swc import read_swc

        return read_swc(path, unit=unit, minimum_radius=minimum_radius, pieces=pieces)

    @classmethod
    def from_asc(cls, path: str | os.PathLike[str], *, minimum_radius: Any = None) -> Morphology:
        """Read a Neurolucida ASC file, through the package morphio.

        Parameters
        ----------
        path : path
            The file.
        minimum_radius : quantity, optional
            What thinner points are widened to; without it a diameter of 0 is refused.
        """
        from rheobase.morphology.other_files import read_asc

        return read_asc(path, minimum_radius)

    @classmethod
    def from_neuroml(
        cls,
        path: str | os.PathLike[str],
        cell: str | None = None,
        *,
        minimum_radius: Any = None,
    ) -> Morphology:
        """Read the morphology of a cell in a NeuroML 2 file, through the package libNeuroML.

        Parameters
        ----------
        path : path
            The file.
        cell : str, optional
            The id of the cell, if there are several.
        minimum_radius : quantity, optional
            What thinner ends are widened to; without it a diameter of 0 is refused.
        """
        from rheobase.morphology.other_files import read_neuroml

        return read_neuroml(path, cell, minimum_radius)

    def to_swc(self, path: str | os.PathLike[str]) -> None:
        """Write an SWC file, at once or not at all.

        Parameters
        ----------
        path : path
            The file.
        """
        from rheobase.morphology.swc_writing import write_swc

        write_swc(self, path)

    def join(
        self, other: Morphology, *, section: int | None = None, fraction: float = 1.0
    ) -> Morphology:
        """Return this morphology with another one that leaves one of its sections.

        Parameters
        ----------
        other : Morphology
            It is moved to where it is joined.
        section : int, optional
            The section it leaves; the soma (or root) if not given.
        fraction : float
            Where along that section.
        """
        from rheobase.morphology.shapes import joined

        return joined(self, other, 0 if section is None else section, fraction)

    # --- asked --------------------------------------------------------------------------------

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions there are, in order of appearance."""
        return tuple(dict.fromkeys(section.region for section in self.sections))

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """The sections that leave each section."""
        leaving: list[list[int]] = [[] for _ in self.sections]
        for k, section in enumerate(self.sections[1:], start=1):
            leaving[section.parent].append(k)
        return tuple(map(tuple, leaving))

    @cached_property
    def leaving_end(self) -> tuple[tuple[int, ...], ...]:
        """Of the sections that leave each section, those that leave its end; none at a tip."""
        return tuple(
            tuple(c for c in children if self.sections[c].parent_fraction == 1.0)
            for children in self.children
        )

    @cached_property
    def tips(self) -> Ints:
        """The numbers of the sections whose end nothing leaves; not those of a soma."""
        ends = [
            k
            for k, section in enumerate(self.sections)
            if section.region != "soma" and not self.leaving_end[k]
        ]
        found = np.array(ends, dtype=np.int64)
        found.setflags(write=False)
        return found

    @cached_property
    def path_starts(self) -> Floats:
        """Path from the soma's center to the start of every section, m.

        Without a soma, from the start of the root. A neurite that leaves the middle of a soma
        starts at 0. Inside the root section itself see `path_at`.
        """
        starts = np.zeros(len(self.sections))
        for k, section in enumerate(self.sections[1:], start=1):
            starts[k] = self.path_at(section.parent, section.parent_fraction, starts)
        starts[0] = self.path_at(0, 0.0)
        starts.setflags(write=False)
        return starts

    def path_at(self, section: int, fraction: Any, starts: Floats | None = None) -> Any:
        """Return the path from the soma's center to a place, m.

        Parameters
        ----------
        section : int
            By its number.
        fraction : float or ndarray
            Of its length.
        """
        along = np.asarray(fraction) * self.sections[section].length
        if section == 0:
            found = np.abs(along - self._origin * self.sections[0].length)
        else:
            found = (self.path_starts if starts is None else starts)[section] + along
        return found if np.ndim(fraction) else float(found)

    @property
    def path_origin(self) -> str:
        """Where paths begin, in words: the soma's center, or the start of the root without one."""
        return "the soma's center" if self._origin else "the start of the first section"

    @property
    def _origin(self) -> float:
        """The fraction of the root from which paths are measured."""
        return 0.5 if self.sections[0].region == "soma" else 0.0

    @cached_property
    def branch_orders(self) -> Ints:
        """How many branch points lie between the root and every section; a soma counts as one."""
        orders = np.zeros(len(self.sections), dtype=np.int64)
        for k, section in enumerate(self.sections[1:], start=1):
            parent = self.sections[section.parent]
            at_end = [c for c in self.children[section.parent]
                      if self.sections[c].parent_fraction == section.parent_fraction]  # fmt: skip
            leaves_soma = parent.region == "soma" and section.region != "soma"
            branches = len(at_end) > 1 or 0.0 < section.parent_fraction < 1.0
            both_soma = parent.region == "soma" and section.region == "soma"
            orders[k] = orders[section.parent] + (leaves_soma or (branches and not both_soma))
        orders.setflags(write=False)
        return orders

    def sections_of(self, region: str) -> Ints:
        """Return the numbers of the sections of a region.

        Parameters
        ----------
        region : str
            One of `regions`.

        Raises
        ------
        UnknownNameError
            If there is none of that name.
        """
        if region not in self.regions:
            meant = _OTHER_REGIONS.get(str(region).lower())
            meant = meant if meant in self.regions else did_you_mean(str(region), self.regions)
            raise UnknownNameError(
                f"{self.name} has no region {region!r}",
                expected=f"one of {', '.join(self.regions)}",
                mend=f'did you mean "{meant}"?' if meant else "print(morphology) lists them",
            )
        return np.array([k for k, s in enumerate(self.sections) if s.region == region])

    def relabeled(self, **regions: str) -> Morphology:
        """Return the morphology with other names of regions: ``relabeled(custom_5="spine")``."""
        for old in regions:
            self.sections_of(old)
        changed = [replace(s, region=regions.get(s.region, s.region)) for s in self.sections]
        return replace(self, sections=tuple(changed))

    def without(self, *regions: str) -> Morphology:
        """Return the morphology without the sections of some regions, and what hangs on them.

        Parameters
        ----------
        *regions : str
            Such as "axon".
        """
        gone = {int(k) for region in regions for k in self.sections_of(region)}
        if 0 in gone:
            raise UserError(
                f"{self.name}: the root is of region {self.sections[0].region}, and stays",
                mend='leave out others, such as morphology.without("axon")',
            )
        places: dict[int, int] = {}
        kept: list[Section] = []
        for k, section in enumerate(self.sections):
            if k in gone or section.parent in gone:
                gone.add(k)
                continue
            places[k] = len(kept)
            kept.append(replace(section, parent=places.get(section.parent, -1)))
        return replace(self, sections=tuple(kept))

    def moved(self, by: Any) -> Morphology:
        """Return the morphology at another place.

        Parameters
        ----------
        by : quantity, shape (3,)
            Along x, y and z.
        """
        from rheobase.morphology.transforms import moved

        return moved(self, by)

    def turned(self, angle: float, axis: Any = "z") -> Morphology:
        """Return the morphology turned around its soma's center (or the start of its root).

        Parameters
        ----------
        angle : float
            In radians, against the clock as seen from the tip of the axis.
        axis : {"x", "y", "z"} or three numbers
            The direction of the axis.
        """
        from rheobase.morphology.transforms import turned

        return turned(self, angle, axis)

    def scaled(self, factor: float, diameters: float | None = None) -> Morphology:
        """Return the morphology larger or smaller, about the center of its soma.

        Parameters
        ----------
        factor : float
            Of all lengths, and of diameters too.
        diameters : float, optional
            Of the diameters, if another: ``scaled(1, diameters=1.2)`` only widens.
        """
        from rheobase.morphology.transforms import scaled

        return scaled(self, factor, diameters)

    def measures(self) -> Dataset:
        """Return what is measured of every section, as a table with units.

        Region, parent, length, area, volume, mean diameter, path at start and end, branch order,
        Strahler's order, tortuosity (length over distance of the ends), whether it ends in a tip.
        ``plot`` colors by any column: ``cell.plot(cell.measures().strahler_order)``.
        """
        from rheobase.morphology.measures import measures

        return measures(self)

    @cached_property
    def _statistics(self) -> Statistics:
        from rheobase.morphology.statistics import statistics

        return statistics(self)

    def statistics(self) -> Statistics:
        """Return lengths, areas, counts and paths, of all and by region; prints as a table."""
        return self._statistics

    def sholl(self, step: Any = None, region: str | None = None) -> Sholl:
        """Return how often spheres around the soma cut the neurites (Sholl 1953).

        Parameters
        ----------
        step : quantity, optional
            Between the radii; 10 um if not given.
        region : str, optional
            Of these neurites only.
        """
        from rheobase.morphology.statistics import sholl

        return sholl(self, step, region)

    def discretize(
        self,
        rule: Any = None,
        *,
        axial_resistivity: Any = None,
        capacitance: Any = None,
    ) -> Compartments:
        """Divide every section into compartments of equal length: see `rb.morphology.discretize`.

        Parameters
        ----------
        rule : quantity, DLambda, int, or dict or sequence of these, optional
            A maximum length, `rb.morphology.d_lambda(...)`, or a number of compartments; by
            region if a dict, by section if a sequence.
        axial_resistivity, capacitance : quantity or dict of quantities, optional
            For all, or by region.
        """
        from rheobase.morphology.discretization import discretize

        return discretize(self, rule, axial_resistivity=axial_resistivity, capacitance=capacitance)

    def plot(
        self,
        values: Any = None,
        *,
        compartments: Compartments | None = None,
        label: str | None = None,
        unit: str | None = None,
        plane: str = "xy",
        colormap: str = "viridis",
        limits: tuple[float, float] | None = None,
        scale_bar: Any = True,
        color_bar: bool = True,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the morphology in a plane, colored by region or by a value of each compartment.

        Parameters
        ----------
        values : quantity or array, optional
            One a section; or one a node (or compartment) of ``compartments``.
        compartments : Compartments, optional
            What `discretize` gave.
        label : str, optional
            What the values are.
        unit : str, optional
            Of values without one, such as a row of recorded traces.
        plane : str
            Two of x, y, z.
        colormap : str
            Of Matplotlib.
        limits : tuple of float or quantity, optional
            Values of the ends of the color bar.
        scale_bar : bool or quantity
            Whether there is one, or its length.
        color_bar : bool
            Whether there is one for values.
        ax : matplotlib Axes, optional
            Where to draw; a new figure if none is given.
        """
        from rheobase.morphology.drawing import draw

        return draw(
            self, values, compartments, label, unit, plane, colormap, limits, scale_bar, ax,
            color_bar,
        )  # fmt: skip

    def page(
        self,
        values: Any = None,
        *,
        compartments: Compartments | None = None,
        label: str | None = None,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        title: str | None = None,
        times: Any = None,
        colormap: str = "viridis",
    ) -> Page:
        """Return a page that shows the morphology in three dimensions, to be turned.

        In a notebook it shows itself; ``.save("cell.html")`` writes one file that needs no
        server and nothing from elsewhere.

        Parameters
        ----------
        values : quantity or array, optional
            One a section, or one a node (or compartment) of ``compartments``; or rows of these, one
            for each time, which the page plays: recorded traces, for example.
        compartments : Compartments, optional
            What `discretize` gave.
        label, unit : str, optional
            What the values are, and the unit of values without one.
        limits : tuple of float or quantity, optional
            Values of the ends of the color bar.
        title : str, optional
            Heading; the name if not given.
        times : quantity or array of float [s], optional
            Of the rows of values; those of recorded traces are known.
        colormap : str
            Of Matplotlib.
        """
        from rheobase.morphology.page import page

        return page(self, values, compartments, label, unit, limits, title, times, colormap)

    def __repr__(self) -> str:
        length = sum(section.length for section in self.sections)
        return (
            f"<Morphology {self.name}: {len(self.sections)} sections "
            f"({', '.join(self.regions)}), {length * 1e6:.6g} um>"
        )

    def __str__(self) -> str:
        return f"{self.name}\n{self.statistics()}"
