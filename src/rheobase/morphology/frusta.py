"""Integrals along a section: a chain of frusta (truncated cones) between its points.

Between two points the radius is linear in the path x, r(x) = r_1 + k x. Then

- lateral area: the integral of 2 pi r sqrt(1 + k**2) dx = pi (r_1 + r(x)) x sqrt(1 + k**2);
- resistance for resistivity 1: the integral of dx/(pi r**2) = x/(pi r_1 r(x));
- volume: the integral of pi r**2 dx = pi x (r_1**2 + r_1 r(x) + r(x)**2)/3;
- electrotonic measure: dx/sqrt(d) at the mean diameter of the frustum, as NEURON takes it.

A step of length zero, a sudden change of the radius within a section, is the limit of ever
steeper cones: a ring of membrane, without resistance. NEURON does the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Profile:
    """A section as a function of the path from its start.

    Attributes
    ----------
    positions, radii : ndarray, shape (points,)
        Path from the start, and radius there, m.
    area, diameter, resistance, volume, root : ndarray, shape (points,)
        Integrals from the start up to each point: of the area (m**2), of d dx (m**2), of
        dx/(pi r**2) (1/m; times a resistivity it is ohms), of the volume (m**3), of dx/sqrt(d).
    """

    positions: Floats
    radii: Floats
    area: Floats
    diameter: Floats
    resistance: Floats
    volume: Floats
    root: Floats

    def parts(self, edges: Floats) -> tuple[Floats, Floats, Floats]:
        """Return area, mean diameter and volume of the parts between edges, first to last."""
        k, x, r1, r2, slant = self._inside(edges)
        sums = (
            self.area[k] + np.pi * (r1 + r2) * x * slant,
            self.diameter[k] + (r1 + r2) * x,
            self.volume[k] + np.pi * x * (r1 * r1 + r1 * r2 + r2 * r2) / 3,
        )
        for total, integral in zip(sums, (self.area, self.diameter, self.volume), strict=True):
            total[0], total[-1] = 0.0, integral[-1]  # rings at the very ends belong to them
        area, diameter, volume = (total[1:] - total[:-1] for total in sums)
        return area, diameter / (edges[1:] - edges[:-1]), volume

    def resistance_to(self, places: Floats) -> Floats:
        """Return the integral of dx/(pi r**2) from the start to places."""
        k, x, r1, r2, _ = self._inside(places)
        return self.resistance[k] + x / (np.pi * r1 * r2)

    def radius(self, places: Floats) -> Floats:
        """Return the radius at places."""
        return self._inside(places)[3]

    def _inside(self, places: Floats) -> tuple[Ints, Floats, Floats, Floats, Floats]:
        """Return for each place its frustum, the path into it, both radii and the slant."""
        s = self.positions
        k = np.minimum(np.maximum(s.searchsorted(places, side="right") - 1, 0), len(s) - 2)
        width = s[k + 1] - s[k]
        # The last frustum may have no length: a jump of the radius at the very end.
        safe = np.where(width > 0, width, 1.0)
        slope = np.where(width > 0, (self.radii[k + 1] - self.radii[k]) / safe, 0.0)
        x = np.minimum(np.maximum(places - s[k], 0.0), width)
        r1 = self.radii[k]
        return k, x, r1, r1 + slope * x, np.sqrt(1.0 + slope * slope)


def profile(points: Floats, radii: Floats) -> Profile:
    """Return the profile of a chain of points.

    Parameters
    ----------
    points : ndarray, shape (points, 3)
        m.
    radii : ndarray, shape (points,)
        m.
    """
    steps = points[1:] - points[:-1]
    widths = np.sqrt((steps * steps).sum(axis=1))
    r1, r2 = radii[:-1], radii[1:]
    parts = np.empty((6, len(widths)))
    parts[0] = widths
    parts[1] = np.pi * (r1 + r2) * np.hypot(widths, r2 - r1)
    parts[2] = widths * (r1 + r2)
    parts[3] = widths / (np.pi * r1 * r2)
    parts[4] = np.pi * widths * (r1 * r1 + r1 * r2 + r2 * r2) / 3
    parts[5] = widths / np.sqrt(r1 + r2)
    sums = np.zeros((6, len(radii)))
    np.cumsum(parts, axis=1, out=sums[:, 1:])
    positions, area, diameter, resistance, volume, root = sums
    return Profile(positions, radii, area, diameter, resistance, volume, root)


def between(points: Floats, positions: Floats, places: Floats) -> Floats:
    """Return the coordinates at places along a chain of points, shape (places, 3)."""
    found = np.empty((len(places), 3))
    for axis in range(3):
        found[:, axis] = np.interp(places, positions, points[:, axis])
    return found
