"""Numbers that describe a morphology: lengths, areas, counts, paths, Sholl's counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UserError
from rheobase.morphology.frusta import Floats, Ints
from rheobase.morphology.sections import length_si
from rheobase.morphology.trees import Morphology
from rheobase.units import parse_unit, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class RegionStatistics:
    """What is measured of a region, or of all (SI units).

    Attributes
    ----------
    sections : int
        Unbranched pieces.
    branch_points : int
        Places where two or more sections of the region leave a neurite of it.
    tips : int
        Ends that nothing leaves; not of a soma.
    length, area, volume : float
        m, m**2, m**3.
    mean_diameter : float
        Averaged over the length, m.
    longest_path : float
        From the soma's center (or the root) to the farthest end, m.
    highest_order : int
        Most branch points on a way from the root; the soma counts as one.
    """

    sections: int
    branch_points: int
    tips: int
    length: float
    area: float
    volume: float
    mean_diameter: float
    longest_path: float
    highest_order: int


_COLUMNS = (
    ("sections", "sections", 1.0, "d"),
    ("branch points", "branch_points", 1.0, "d"),
    ("tips", "tips", 1.0, "d"),
    ("length (um)", "length", 1e6, ".1f"),
    ("area (um**2)", "area", 1e12, ".1f"),
    ("volume (um**3)", "volume", 1e18, ".1f"),
    ("mean diameter (um)", "mean_diameter", 1e6, ".3f"),
    ("longest path (um)", "longest_path", 1e6, ".1f"),
    ("highest order", "highest_order", 1.0, "d"),
)
_UNITS = {
    "length": "um",
    "area": "um**2",
    "volume": "um**3",
    "mean_diameter": "um",
    "longest_path": "um",
}


@dataclass(frozen=True, eq=False, repr=False)
class Statistics:
    """A table of numbers, of all and by region: `Morphology.statistics`.

    ``statistics["length"]`` is that of all, ``statistics["length", "axon"]`` of a region; lengths,
    areas and volumes are quantities. It prints as a table.

    Attributes
    ----------
    rows : dict of str to RegionStatistics
        By region; ``"all"`` is the last.
    extent : ndarray, shape (3,)
        Of the points along x, y and z, m.
    """

    rows: dict[str, RegionStatistics]
    extent: Floats

    def __getitem__(self, key: str | tuple[str, str]) -> Any:
        name, region = (key, "all") if isinstance(key, str) else key
        for what, known in ((name, RegionStatistics.__dataclass_fields__), (region, self.rows)):
            if what not in known:
                raise UserError(
                    f"statistics: no {what!r}",
                    expected=f"one of {', '.join(known)}",
                )
        value = getattr(self.rows[region], name)
        return quantity(value, parse_unit(_UNITS[name])) if name in _UNITS else value

    def __str__(self) -> str:
        names = list(self.rows)
        table = [["", *names]]
        for title, field, scale, form in _COLUMNS:
            values = [getattr(row, field) for row in self.rows.values()]
            table.append([title, *(_written(v * scale if scale != 1 else v, form) for v in values)])
        widths = [max(len(row[c]) for row in table) for c in range(len(names) + 1)]
        lines = []
        for row in table:
            cells = (text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
            lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
        extent = " x ".join(f"{value * 1e6:.1f}" for value in self.extent)
        return "\n".join([*lines, f"extent {extent} um"])

    __repr__ = __str__


def _written(value: float, form: str) -> str:
    return format(int(value) if form == "d" else value, form)


def statistics(morphology: Morphology) -> Statistics:
    """Return the table of a morphology: see `Morphology.statistics`."""
    rows = {}
    count = len(morphology.sections)
    for region in morphology.regions:
        rows[region] = _of(morphology, morphology.sections_of(region))
    rows["all"] = _of(morphology, np.arange(count))
    points = np.concatenate([section.points for section in morphology.sections])
    return Statistics(rows, np.ptp(points, axis=0))


def _of(morphology: Morphology, chosen: Ints) -> RegionStatistics:
    sections = [morphology.sections[k] for k in chosen]
    length = sum(section.length for section in sections)
    paths = [float(np.max(morphology.path_at(int(k), np.array([0.0, 1.0])))) for k in chosen]
    inside = set(chosen.tolist())
    neurites = [k for k in inside if morphology.sections[k].region != "soma"]
    return RegionStatistics(
        sections=len(sections),
        branch_points=_branch_points(morphology, inside),
        tips=sum(not morphology.leaving_end[k] for k in neurites),
        length=length,
        area=sum(section.area for section in sections),
        volume=sum(section.volume for section in sections),
        mean_diameter=sum(float(s.profile.diameter[-1]) for s in sections) / length,
        longest_path=max(paths),
        highest_order=int(morphology.branch_orders[chosen].max()),
    )


def _branch_points(morphology: Morphology, inside: set[int]) -> int:
    """Return the number of places of neurites where at least three ends meet."""
    count = 0
    for k in inside:
        if morphology.sections[k].region == "soma":
            continue
        leaving: dict[float, int] = {}
        for child in morphology.children[k]:
            if child in inside:
                at = morphology.sections[child].parent_fraction
                leaving[at] = leaving.get(at, 0) + 1
        for at, number in leaving.items():
            count += number > 1 or 0.0 < at < 1.0
    return count


@dataclass(frozen=True, eq=False, repr=False)
class Sholl:
    """How often spheres around the soma cut the neurites: `Morphology.sholl`.

    Attributes
    ----------
    radii : ndarray
        Of the spheres, m.
    counts : ndarray of int
        Crossings of each.
    """

    radii: Floats
    counts: Ints

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the counts over the radius.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if none is given.
        """
        from rheobase.morphology.drawing import fresh_axes

        axes = fresh_axes(ax, (5.0, 3.0))
        axes.plot(self.radii * 1e6, self.counts, color="#0072B2", marker=".", markersize=4)
        axes.set_xlabel("distance from the soma (µm)")
        axes.set_ylabel("crossings")
        axes.set_ylim(bottom=0)
        return axes

    def __str__(self) -> str:
        lines = ["radius (um)  crossings"]
        lines += [
            f"{radius * 1e6:11.6g}  {count:9d}"
            for radius, count in zip(self.radii, self.counts, strict=True)
        ]
        return "\n".join(lines)

    __repr__ = __str__


def sholl(morphology: Morphology, step: Any, region: str | None) -> Sholl:
    """Return Sholl's counts: see `Morphology.sholl`.

    A step between two points crosses a sphere as often as a straight line does: once if one end
    is inside, twice or never if both are outside.
    """
    apart = 10e-6 if step is None else length_si(step, "sholl: step", "morphology.sholl(10*um)")
    root = morphology.sections[0]
    center = root.place(0.5) if root.region == "soma" else root.points[0]
    chosen = range(len(morphology.sections)) if region is None else morphology.sections_of(region)
    starts, ends = [], []
    for k in chosen:
        section = morphology.sections[int(k)]
        if section.region != "soma" or region == "soma":
            starts.append(section.points[:-1] - center)
            ends.append(section.points[1:] - center)
    if not starts:
        raise UserError(f"sholl: {morphology.name} has no neurites, only a soma")
    a, b = np.concatenate(starts), np.concatenate(ends)
    farthest = float(np.sqrt((b * b).sum(axis=1).max()))
    radii: Floats = apart * np.arange(1.0, int(farthest / apart) + 2)
    return Sholl(radii, np.array([_crossings(a, b, radius) for radius in radii]))


def _crossings(a: Floats, b: Floats, radius: float) -> int:
    """Return how often the lines from a to b cut a sphere around the origin."""
    inside_a = (a * a).sum(axis=1) < radius * radius
    inside_b = (b * b).sum(axis=1) < radius * radius
    once = int((inside_a != inside_b).sum())
    way = b - a
    square = (way * way).sum(axis=1)
    along = -(a * way).sum(axis=1) / np.where(square > 0, square, 1.0)
    nearest = a + np.clip(along, 0.0, 1.0)[:, None] * way
    through = ~inside_a & ~inside_b & ((nearest * nearest).sum(axis=1) < radius * radius)
    return once + 2 * int(through.sum())
