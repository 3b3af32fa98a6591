"""`Compartments`: a morphology divided into pieces of one voltage each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rheobase.morphology.frusta import Floats, Ints

if TYPE_CHECKING:
    from rheobase.morphology.trees import Morphology


@dataclass(frozen=True, eq=False, repr=False)
class Compartments:
    """The compartments of a morphology and how they are connected; arrays over nodes, SI units.

    A node is a compartment, or a junction: a place without membrane where branches meet. The
    length counts compartments; ``nodes`` is the length of the arrays, and ``area[membrane]`` has
    one value for each compartment.
    Every node comes after its parent; those of a section are contiguous, from its start to its
    end, its junction behind them. Made by `Morphology.discretize`.

    Attributes
    ----------
    morphology : Morphology
        What was divided.
    counts : tuple of int
        Compartments of every section.
    first : ndarray of int64
        Node of the first compartment of every section.
    parent : ndarray of int32
        Node a node is connected to; -1 for the root.
    conductance_to_parent : ndarray
        S; 0 for the root.
    area : ndarray
        Of the membrane, m**2; 0 at junctions.
    volume : ndarray
        m**3; 0 at junctions.
    diameter : ndarray
        m: the mean over the length.
    length : ndarray
        m; 0 at junctions.
    region : ndarray of int32
        Index into ``regions``.
    section : ndarray of int32
        Index into ``morphology.sections``; of a junction, the section that ends there.
    fraction : ndarray
        Of the section's length, at the center.
    path : ndarray
        From the soma's center, m.
    position, start, end : ndarray, shape (nodes, 3)
        Coordinates of the center and of both ends, m.
    """

    morphology: Morphology
    counts: tuple[int, ...]
    first: Ints
    parent: NDArray[np.int32]
    conductance_to_parent: Floats
    area: Floats
    volume: Floats
    diameter: Floats
    length: Floats
    region: NDArray[np.int32]
    section: NDArray[np.int32]
    fraction: Floats
    path: Floats
    position: Floats
    start: Floats
    end: Floats

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def regions(self) -> tuple[str, ...]:
        """The names that `region` counts."""
        return self.morphology.regions

    @property
    def nodes(self) -> int:
        """The number of nodes: compartments and junctions, the length of the arrays."""
        return len(self.parent)

    @property
    def size(self) -> int:
        """The number of compartments, which is also the length."""
        return int(np.count_nonzero(self.area))

    @property
    def is_junction(self) -> NDArray[np.bool_]:
        """Which nodes have no membrane."""
        return np.asarray(self.area == 0.0)

    @property
    def membrane(self) -> Ints:
        """The nodes that are compartments."""
        return np.flatnonzero(self.area > 0.0)

    def __len__(self) -> int:
        return self.size

    def at(
        self,
        region: str | Sequence[str] | None = None,
        *,
        fraction: Any = None,
        path: Any = None,
        branch_order: int | None = None,
        section: Any = None,
        near: Any = None,
    ) -> Ints:
        """Return the compartments at a place, as node indices.

        - ``at("soma")``: the middle of the soma. Any other region alone: all of its compartments;
          ``at(["dendrite", "apical_dendrite"])``: those of several.
        - ``at("dendrite", fraction=0.5)``: along a region that does not branch;
          ``at(fraction=0.5)`` along a morphology that does not.
        - ``at(path=300*um)``: every place at that path from the soma's center, in a region
          if one is given; ``path=(100*um, 300*um)``: every compartment with its center between.
        - ``at(branch_order=2)``: the sections behind two branch points (the soma is one),
          with ``fraction`` at a fraction of each.
        - ``at(section=7, fraction=0.3)``: a section by its number, or several;
          ``at(section=morphology.tips, fraction=1)``: all tips.
        - ``at(near=(10, 250, 0)*um)``: what is nearest to a point, in a region if one is given.

        Parameters
        ----------
        region : str or sequence of str, optional
            Of ``regions``.
        fraction : float or sequence of float, optional
            From 0 (start) to 1 (end); several are several places.
        path : quantity or pair of quantities, optional
            From the soma's center.
        branch_order : int, optional
            As in `Morphology.branch_orders`.
        section : int or sequence of int, optional
            Index into ``morphology.sections``.
        near : quantity, shape (3,) or (points, 3), optional
            In the coordinates of the morphology: the compartment whose membrane is nearest.

        Returns
        -------
        ndarray of int64
            Ascending; of several fractions or points in their order.

        Raises
        ------
        UserError
            If there is no such place, or a fraction of something that branches.
        """
        from rheobase.morphology.locations import locate

        return locate(self, region, fraction, path, branch_order, section, near)

    def __repr__(self) -> str:
        return (
            f"<Compartments of {self.morphology.name}: {self.size} in {len(self.counts)} sections, "
            f"{self.nodes - self.size} junctions>"
        )
