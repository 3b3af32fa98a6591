"""`Section`: an unbranched piece of a morphology."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.morphology.frusta import Floats, Profile, between, profile
from rheobase.units import Dimension, to_si

METRE = Dimension(metre=1.0)

#: What the labels of SWC files stand for; any other number N is the region ``custom_N``.
REGIONS = {1: "soma", 2: "axon", 3: "dendrite", 4: "apical_dendrite"}


@dataclass(frozen=True, eq=False, repr=False)
class Section:
    """An unbranched piece of a morphology, of one region: a chain of frusta.

    Made by the readers and constructors of `rb.Morphology`, and by `rb.morphology.section`.

    Attributes
    ----------
    region : str
        soma, axon, dendrite, apical_dendrite, custom_N or a name of yours.
    parent : int
        The section it leaves, by its number; -1 for the first.
    points : ndarray, shape (points, 3)
        m.
    radii : ndarray, shape (points,)
        m.
    parent_fraction : float
        Where it leaves its parent: 1 at the end, 0.5 in the middle (neurites that leave a soma).
    """

    region: str
    parent: int
    points: Floats
    radii: Floats
    parent_fraction: float = 1.0

    def __post_init__(self) -> None:
        for name in ("points", "radii"):
            held = np.array(getattr(self, name), dtype=np.float64)
            held.setflags(write=False)
            object.__setattr__(self, name, held)
        _check(self)

    def __eq__(self, other: object) -> bool:
        """Whether another section has the same region, place in the tree, points and radii."""
        return isinstance(other, Section) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        arrays = (self.points.tobytes(), self.radii.tobytes())
        return (self.region, self.parent, float(self.parent_fraction), *arrays)

    @cached_property
    def profile(self) -> Profile:
        """Area, resistance and volume as functions of the path."""
        return profile(self.points, self.radii)

    @property
    def positions(self) -> Floats:
        """Path from the start to every point, m."""
        return self.profile.positions

    @property
    def length(self) -> float:
        """Path from start to end, m."""
        return float(self.profile.positions[-1])

    @property
    def area(self) -> float:
        """Membrane area (lateral: the ends are closed by no membrane), m**2."""
        return float(self.profile.area[-1])

    @property
    def volume(self) -> float:
        """Volume, m**3."""
        return float(self.profile.volume[-1])

    @property
    def resistance(self) -> float:
        """Integral of dx/(pi r**2) from start to end, 1/m: times a resistivity it is ohms."""
        return float(self.profile.resistance[-1])

    def place(self, fraction: float) -> Floats:
        """Return the coordinates at a fraction of the path, m."""
        where: Floats = between(self.points, self.positions, np.array([fraction * self.length]))[0]
        return where

    def __repr__(self) -> str:
        return (
            f"<Section: {self.region}, {self.length * 1e6:.4g} um, "
            f"{len(self.radii)} points, parent {self.parent}>"
        )


def _check(section: Section) -> None:
    points, radii = section.points, section.radii
    if not isinstance(section.region, str) or not section.region.strip():
        raise UserError(
            "a region has a name",
            expected='a text such as "dendrite"',
            given=repr(section.region),
        )
    if points.ndim != 2 or points.shape[1] != 3 or radii.shape != points.shape[:1]:
        raise ShapeError(
            "a section has one radius for every point",
            expected="points of shape (n, 3), radii of shape (n,)",
            given=f"{points.shape} and {radii.shape}",
        )
    if len(radii) < 2:
        raise ShapeError("a section has at least two points", given=f"{len(radii)}")
    if not (np.isfinite(points).all() and np.isfinite(radii).all()):
        raise UserError(f"a section of region {section.region}: a coordinate is not finite")
    if not (radii > 0).all():
        raise UserError(
            f"a section of region {section.region}: every radius is above 0",
            given=f"{radii.min() * 1e6:g}*um at point {int(radii.argmin())}",
        )
    if not (points != points[0]).any():
        raise UserError(f"a section of region {section.region} has no length")
    if not 0.0 <= section.parent_fraction <= 1.0:
        raise UserError(
            "a section leaves its parent at a fraction between 0 and 1",
            given=str(section.parent_fraction),
        )


def linked(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Check the order, and let what leaves the start of a section leave where that one does."""
    if not sections:
        raise UserError("a morphology has at least one section")
    found: list[Section] = []
    for k, section in enumerate(sections):
        if (k == 0) != (section.parent == -1) or section.parent >= k:
            raise UserError(
                f"section {k} has the parent {section.parent}",
                expected="-1 for the first section, for any other a section before it",
            )
        parent, fraction = section.parent, section.parent_fraction
        if k and parent and fraction == 0.0:  # `found` has no such parent any more
            parent, fraction = found[parent].parent, found[parent].parent_fraction
            section = replace(section, parent=parent, parent_fraction=fraction)
        found.append(section)
    return tuple(found)


def lengths_si(values: Any, what: str, paste: str) -> Floats:
    """Read lengths, in metres."""
    return np.asarray(to_si(values, METRE, what=what, paste=paste), dtype=np.float64)


def length_si(value: Any, what: str, paste: str) -> float:
    """Read one length above 0, in metres."""
    found = lengths_si(value, what, paste)
    if found.ndim or not 0.0 < float(found) < np.inf:
        raise UserError(
            f"{what} is not a positive length",
            expected="one length above 0",
            given=str(value),
            mend=f"write {paste}",
        )
    return float(found)
