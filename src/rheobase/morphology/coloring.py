"""What pictures of morphologies show: pieces with colors by region or by a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.morphology.frusta import Floats, Ints, between
from rheobase.morphology.trees import Morphology
from rheobase.units import parse_unit, split_quantity

if TYPE_CHECKING:
    from rheobase.morphology.compartments import Compartments

#: Colors of regions, on white. Source: M. Okabe, K. Ito (2008), "Color universal design".
REGION_COLORS = {
    "soma": "#000000",
    "axon": "#0072B2",
    "dendrite": "#D55E00",
    "apical_dendrite": "#CC79A7",
}
_OTHER_COLORS = ("#009E73", "#E69F00", "#56B4E9", "#7F7F7F", "#8C6BB1", "#A6761D")


def region_colors(morphology: Morphology) -> dict[str, str]:
    """Return the color of every region of a morphology."""
    others = count()
    return {
        region: REGION_COLORS.get(region) or _OTHER_COLORS[next(others) % len(_OTHER_COLORS)]
        for region in morphology.regions
    }


@dataclass(frozen=True, eq=False)
class Pieces:
    """Straight frusta to be drawn, m.

    Attributes
    ----------
    starts, ends : ndarray, shape (pieces, 3)
        Coordinates.
    start_radii, end_radii : ndarray, shape (pieces,)
        Radii; 0 of the lines from the middle of a soma to where its neurites begin.
    section, node : ndarray of int
        The section of each, and its compartment (the section again without compartments).
    balls : list of tuple
        Center, radius, section and node of what is drawn as a ball: a soma as long as wide.
    """

    starts: Floats
    ends: Floats
    start_radii: Floats
    end_radii: Floats
    section: Ints
    node: Ints
    balls: list[tuple[Floats, float, int, int]]


def pieces_of(morphology: Morphology, compartments: Compartments | None) -> Pieces:
    """Return the frusta of a morphology, cut where compartments end."""
    columns: list[list[Any]] = [[] for _ in range(6)]
    balls = []
    for k, section in enumerate(morphology.sections):
        n = 1 if compartments is None else compartments.counts[k]
        first = k if compartments is None else int(compartments.first[k])
        if _is_ball(morphology, k):
            balls.append((section.place(0.5), section.length / 2, k, first + n // 2))
            continue
        cuts = section.length * np.arange(1, n) / n
        places = np.concatenate([section.positions, cuts])
        order = np.argsort(places, kind="stable")
        places = places[order]
        points = np.concatenate([section.points, between(section.points, section.positions, cuts)])[
            order
        ]
        radii = np.concatenate([section.radii, section.profile.radius(cuts)])[order]
        middles = (places[1:] + places[:-1]) / 2
        inside = np.minimum((middles / section.length * n).astype(np.int64), n - 1)
        numbers = np.full(len(middles), k)
        found: list[Any] = [points[:-1], points[1:], radii[:-1], radii[1:], numbers, first + inside]
        if (wire := _wire(morphology, k)) is not None:
            thin: tuple[Any, ...] = (wire[None], points[:1], np.zeros(1), np.zeros(1), [k], [first])
            found = [np.concatenate(pair) for pair in zip(thin, found, strict=True)]
        for column, part in zip(columns, found, strict=True):
            column.append(part)
    empty = (np.zeros((0, 3)), np.zeros((0, 3)), *[np.zeros(0)] * 4)
    joined: list[Any] = [
        np.concatenate(column) if column else none
        for column, none in zip(columns, empty, strict=True)
    ]
    starts, ends, start_radii, end_radii, numbers, nodes = joined
    return Pieces(
        starts,
        ends,
        start_radii,
        end_radii,
        numbers.astype(np.int64),
        nodes.astype(np.int64),
        balls,
    )


def _wire(morphology: Morphology, k: int) -> Floats | None:
    """Return where a section leaves its parent, if it begins elsewhere: a line, no membrane."""
    section = morphology.sections[k]
    if not k:
        return None
    place = morphology.sections[section.parent].place(section.parent_fraction)
    return None if np.allclose(place, section.points[0], rtol=0, atol=1e-9) else place


def _is_ball(morphology: Morphology, k: int) -> bool:
    section = morphology.sections[k]
    if section.region != "soma" or len(section.radii) != 2:
        return False
    alike = section.radii[0] == section.radii[1]
    return bool(alike and abs(section.length / (2 * section.radii[0]) - 1) < 1e-6)


@dataclass(frozen=True, eq=False)
class Values:
    """A value of every section or node, and what it is called.

    Attributes
    ----------
    numbers : ndarray, shape (frames, places)
        In the unit.
    label : str
        With the unit: "v (mV)".
    low, high : float
        Ends of the scale.
    """

    numbers: Floats
    label: str
    low: float
    high: float


def values_of(
    morphology: Morphology,
    values: Any,
    compartments: Compartments | None,
    label: str | None,
    unit: str | None,
    limits: tuple[float, float] | None,
) -> Values | None:
    """Read what a picture is colored by; None where it is the region.

    Raises
    ------
    ShapeError
        If there is not one value for every section, or for every node of the compartments.
    """
    if values is None:
        return None
    attributes = getattr(values, "attrs", {})
    label = label or (getattr(values, "name", None) if attributes else None) or "value"
    if attributes:
        own, values = attributes.get("units", ""), np.asarray(values)
        magnitude = split_quantity(values, "values")[0]
    else:
        magnitude, found = split_quantity(values, "values")
        own = found.text
    if unit is None:
        unit = own
    elif own not in ("", "1", unit):
        magnitude = _converted(magnitude, own, unit, "values")
    numbers = np.atleast_2d(np.asarray(magnitude, dtype=np.float64))
    places = len(morphology.sections) if compartments is None else compartments.nodes
    if compartments is not None and numbers.shape[1] == len(compartments) != places:
        full = np.full((len(numbers), places), np.nan)
        full[:, compartments.membrane] = numbers
        numbers = full
    if numbers.ndim != 2 or numbers.shape[1] != places:
        what = "section" if compartments is None else "compartment"
        raise ShapeError(
            f"values: not one for each {what}",
            expected=f"{places if compartments is None else len(compartments)} values",
            given=f"shape {np.shape(magnitude)}",
            mend="" if compartments is not None else
            "for values of compartments say which: compartments=morphology.discretize(...)",
        )  # fmt: skip
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        raise UserError("values: none of them is finite")
    low, high = (finite.min(), finite.max()) if limits is None else _limits(limits, unit)
    if not low < high:
        low, high = low - 0.5, low + 0.5
    return Values(numbers, _with_unit(label, unit), float(low), float(high))


def _converted(values: Any, own: str, unit: str, what: str) -> Floats:
    """Return values of one unit in another."""
    have, want = parse_unit(own), parse_unit(unit or "1")
    if have.dimension != want.dimension:
        raise UnitError(
            f"{what}: they are in {own}, and the picture is in {unit or 'plain numbers'}",
            mend=f'write unit="{own}"' if what == "values" else f"write limits in {unit}",
        )
    return np.asarray(want.from_si(have.to_si(np.asarray(values, dtype=np.float64))))


def _limits(limits: Any, unit: str) -> tuple[float, float]:
    """Return the ends of the scale, in the unit of the values."""
    given, own = split_quantity(limits, "limits")
    found = np.asarray(given, dtype=np.float64)
    if own.text not in ("", "1", unit):
        found = _converted(found, own.text, unit, "limits")
    if found.shape != (2,) or not found[0] < found[1] or not np.isfinite(found).all():
        raise UserError(
            "limits: the lowest and the highest value of the colors",
            given=str(limits),
            mend="write limits=(-70, 30)",
        )
    return float(found[0]), float(found[1])


_MICRO = re.compile(r"\bu(?=[A-Za-z])")
_POWERS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _with_unit(label: str, unit: str) -> str:
    """Return "v (mV)"."""
    if unit in ("", "1"):
        return label
    raised = re.sub(r"\*\*(-?\d+)", lambda power: power.group(1).translate(_POWERS), unit)
    return f"{label} ({_MICRO.sub('µ', raised).replace('*', '·')})"
