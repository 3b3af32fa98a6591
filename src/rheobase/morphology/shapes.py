"""Morphologies that are built: cylinders, cones, trees, and sections put together by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, did_you_mean
from rheobase.morphology.frusta import Floats
from rheobase.morphology.sections import Section, length_si, lengths_si
from rheobase.morphology.trees import Morphology

_ALONG_X = np.array([1.0, 0.0, 0.0])


def _straight(start: Floats, direction: Floats, length: float, radii: Sequence[float]) -> Floats:
    """Return points along a straight line, as many as there are radii, evenly apart."""
    return start + np.linspace(0.0, length, len(radii))[:, None] * direction


def cylinder(length: Any, diameter: Any, region: str) -> Morphology:
    """Return a cylinder along x."""
    paste = "rb.Morphology.cylinder(length=1000*um, diameter=1*um)"
    span = length_si(length, "cylinder: length", paste)
    radius = length_si(diameter, "cylinder: diameter", paste) / 2
    points = _straight(np.zeros(3), _ALONG_X, span, [radius] * 2)
    return Morphology((Section(region, -1, points, np.array([radius] * 2)),), "cylinder")


def frustum(length: Any, start_diameter: Any, end_diameter: Any, region: str) -> Morphology:
    """Return a frustum along x."""
    paste = "rb.Morphology.frustum(length=1000*um, start_diameter=1*um, end_diameter=2*um)"
    span = length_si(length, "frustum: length", paste)
    start = length_si(start_diameter, "frustum: start_diameter", paste) / 2
    end = length_si(end_diameter, "frustum: end_diameter", paste) / 2
    points = _straight(np.zeros(3), _ALONG_X, span, [start, end])
    return Morphology((Section(region, -1, points, np.array([start, end])),), "frustum")


def ball_and_stick(soma_diameter: Any, dendrite_length: Any, dendrite_diameter: Any) -> Morphology:
    """Return a soma around the origin, and a dendrite along x that leaves its end."""
    paste = (
        "rb.Morphology.ball_and_stick(soma_diameter=20*um, dendrite_length=500*um, "
        "dendrite_diameter=2*um)"
    )
    radius = length_si(soma_diameter, "ball_and_stick: soma_diameter", paste) / 2
    length = length_si(dendrite_length, "ball_and_stick: dendrite_length", paste)
    thin = length_si(dendrite_diameter, "ball_and_stick: dendrite_diameter", paste) / 2
    soma = np.array([[-radius, 0.0, 0.0], [radius, 0.0, 0.0]])
    dendrite = _straight(soma[1], _ALONG_X, length, [thin] * 2)
    return Morphology(
        (
            Section("soma", -1, soma, np.array([radius] * 2)),
            Section("dendrite", 0, dendrite, np.array([thin] * 2)),
        ),
        "ball and stick",
    )


def binary_tree(
    *,
    levels: int = 10,
    length: Any = None,
    diameter: Any = None,
    length_factor: float = 2 ** (-1 / 3),
    diameter_factor: float = 2 ** (-2 / 3),
    region: str = "dendrite",
) -> Morphology:
    """Return a symmetric binary tree in a plane, its sections level by level."""
    paste = "rb.Morphology.tree(levels=10, length=32*um, diameter=16*um)"
    if length is None or diameter is None:
        raise UserError(
            "tree: describe it, or say its levels and the length and diameter of its root",
            mend=f"write {paste}\nor rb.Morphology.tree(dict(length=100*um, diameter=2*um, "
            "children=[...]))",
        )
    span = length_si(length, "tree: length", paste)
    radius = length_si(diameter, "tree: diameter", paste) / 2
    if not isinstance(levels, (int, np.integer)) or not 1 <= levels <= 20:
        raise UserError(
            "tree: levels is not a number of levels",
            expected="a whole number from 1 (the root alone) to 20",
            given=repr(levels),
            mend=f"write {paste}",
        )
    if not (length_factor > 0 and diameter_factor > 0):
        raise UserError("tree: the factors from a branch to its daughters are above 0")
    sections: list[Section] = []
    wedges = [(-1, 0.0, np.pi)]  # parent, direction, and the angle its subtree may take
    for _ in range(levels):
        daughters = []
        for parent, direction, width in wedges:
            start = sections[parent].points[-1] if parent >= 0 else np.zeros(3)
            heading = np.array([np.cos(direction), np.sin(direction), 0.0])
            points = _straight(start, heading, span, [radius] * 2)
            own = len(sections)
            sections.append(Section(region, parent, points, np.array([radius] * 2)))
            turn = width / 4
            daughters += [(own, direction - turn, width / 2), (own, direction + turn, width / 2)]
        wedges = daughters
        span, radius = span * length_factor, radius * diameter_factor
    return Morphology(tuple(sections), "tree")


_BINARY = ("levels", "length", "diameter", "length_factor", "diameter_factor", "region")


def any_tree(description: Mapping[str, Any] | None, told: Mapping[str, Any]) -> Morphology:
    """Return a tree, described or binary: see `Morphology.tree`."""
    known = _BINARY if description is None else ("name",)
    for key in told:
        if key not in known:
            meant = did_you_mean(key, known)
            of = "of a binary tree" if description is None else "beside a description"
            raise UnknownNameError(
                f"tree: there is no {key}",
                expected=f"{of}: {', '.join(known)}",
                mend=f"did you mean {meant}?" if meant else "",
            )
    return binary_tree(**told) if description is None else tree(description, **told)


_KEYS = ("length", "diameter", "diameters", "points", "region", "at", "children")


_MOST = 200_000  # sections of nested descriptions


@dataclass(frozen=True)
class _Branch:
    """A description and where it grows."""

    description: Any
    parent: int
    direction: float
    wedge: float
    region: str
    number: int  # among the children of its parent
    above: _Branch | None

    def __str__(self) -> str:
        words: list[str] = []
        here = self
        while here.above is not None and len(words) < 4:
            words.append(f"child {here.number} of ")
            here = here.above
        return "".join(words) + ("the root" if here.above is None else "...")


def tree(description: Mapping[str, Any], name: str = "tree") -> Morphology:
    """Return the tree of nested descriptions; straight pieces fan out in a plane."""
    sections: list[Section] = []
    waiting = [_Branch(description, -1, 0.0, 2 * np.pi / 3, "dendrite", 0, None)]
    while waiting:
        waiting += _grow(sections, waiting.pop())[::-1]
        if len(sections) > _MOST:
            raise UserError(
                f"tree: more than {_MOST} sections",
                mend="does a description hold itself among its children?",
            )
    return Morphology(tuple(sections), name)


def _grow(sections: list[Section], branch: _Branch) -> list[_Branch]:
    """Add a section; return what leaves it."""
    description = branch.description
    if not isinstance(description, Mapping):
        raise UserError(
            f"tree: {branch} is not described by a dict",
            given=repr(description)[:80],
            mend="write dict(length=100*um, diameter=2*um, children=[...])",
        )
    for key in description:
        if key not in _KEYS:
            meant = did_you_mean(str(key), _KEYS)
            raise UnknownNameError(
                f"tree: {branch} has the key {key!r}",
                expected=f"of {', '.join(_KEYS)}",
                mend=f"did you mean {meant}?" if meant else "",
            )
    told = {key: description[key] for key in _KEYS[:4] if key in description}
    region = description.get("region", branch.region)
    at, start = 1.0, None
    if branch.parent >= 0:
        at = description.get("at", 1.0)
        if not isinstance(at, (int, float, np.floating, np.integer)) or not 0.0 <= at <= 1.0:
            raise UserError(
                f"tree: {branch} leaves its parent at no fraction of it",
                expected="at=1.0, the end; at=0.0, the start; or between",
                given=repr(at),
            )
        start = sections[branch.parent].place(float(at))
    heading = np.array([np.cos(branch.direction), np.sin(branch.direction), 0.0])
    points, radii = _piece(told, f"tree: {branch}", start, heading)
    own = len(sections)
    sections.append(Section(region, branch.parent, points, radii, float(at)))
    children = description.get("children", ())
    if isinstance(children, (Mapping, str)) or not isinstance(children, Iterable):
        raise UserError(
            f"tree: the children of {branch} are no list",
            given=repr(children)[:80],
            mend="write children=[dict(length=100*um, diameter=2*um)]",
        )
    below = "dendrite" if region == "soma" else region
    return [
        _Branch(child, own, branch.direction + turn, width, below, k, branch)
        for k, (child, turn, width) in enumerate(_fanned(list(children), branch.wedge))
    ]


def _fanned(children: list[Any], wedge: float) -> list[tuple[Any, float, float]]:
    """Return for every child how far it turns from its parent, and the wedge it may take.

    Those of the end go on in a fan, those of the start the other way, those between to the sides.
    """
    places = [c.get("at", 1.0) if isinstance(c, Mapping) else 1.0 for c in children]
    groups = [1 if place == 1.0 else -1 if place == 0.0 else 0 for place in places]
    found, seen = [], {-1: 0, 0: 0, 1: 0}
    for child, group in zip(children, groups, strict=True):
        count, k = groups.count(group), seen[group]
        seen[group] += 1
        if group:
            turn = wedge * ((k + 0.5) / count - 0.5) + (0.0 if group > 0 else np.pi)
            width = wedge / count
        else:
            turn = (np.pi / 2) * (1 if k % 2 == 0 else -1) * (1 + 0.3 * (k // 2))
            width = wedge / 4
        found.append((child, turn, width))
    return found


def section(
    region: str = "dendrite",
    *,
    length: Any = None,
    diameter: Any = None,
    diameters: Any = None,
    points: Any = None,
    parent: int = -1,
    at: float = 1.0,
) -> Section:
    """Return a section to put into ``rb.Morphology([...])``.

    Parameters
    ----------
    region : str
        What it is.
    length, diameter : quantity
        Of a cylinder. It lies along x; give points where the place matters.
    diameters : quantity
        Instead of one: at every point, or evenly along the length.
    points : quantity, shape (n, 3)
        Instead of a length.
    parent : int
        The section it leaves, by its place in the list; -1 for the root.
    at : float
        Where it leaves it: 1.0 at the end, 0.0 at the start, 0.5 in the middle.
    """
    told = {"length": length, "diameter": diameter, "diameters": diameters, "points": points}
    given = {key: value for key, value in told.items() if value is not None}
    found, radii = _piece(given, "section", None, _ALONG_X)
    return Section(region, parent, found, radii, at)


def _piece(
    told: Mapping[str, Any], where: str, start: Floats | None, heading: Floats
) -> tuple[Floats, Floats]:
    """Return the points and radii of a piece, from a length or from points."""
    paste = "length=100*um, diameter=2*um"
    if ("diameter" in told) == ("diameters" in told) or ("length" in told) == ("points" in told):
        raise UserError(
            f"{where}: say how long and how thick it is",
            expected="length or points, and diameter or diameters",
            given=", ".join(told) or "neither",
            mend=f"write {paste}",
        )
    if "diameter" in told:
        widths = np.atleast_1d(length_si(told["diameter"], f"{where}: diameter", paste))
    else:
        widths = lengths_si(told["diameters"], f"{where}: diameters", "diameters=[2, 1]*um")
        widths = np.atleast_1d(widths)
    if "points" in told:
        points = lengths_si(told["points"], f"{where}: points", "points=[[0, 0, 0], [9, 0, 0]]*um")
        if points.ndim != 2 or points.shape[1] != 3 or len(widths) not in (1, len(points)):
            raise ShapeError(
                f"{where}: not three coordinates for every point, and one diameter for each or all",
                given=f"points of shape {points.shape}, {len(widths)} diameters",
            )
        radii = np.broadcast_to(widths, len(points)) / 2
        if start is not None and not np.allclose(points[0], start, rtol=0, atol=1e-12):
            points, radii = np.concatenate([start[None], points]), np.append(radii[0], radii)
        return points, radii
    radii = np.repeat(widths, 2) / 2 if len(widths) == 1 else widths / 2
    length = length_si(told["length"], f"{where}: length", paste)
    begin = np.zeros(3) if start is None else start
    return _straight(begin, heading, length, list(radii)), radii


def joined(first: Morphology, other: Morphology, section: int, fraction: float) -> Morphology:
    """Return two morphologies as one: `other` leaves a section of `first`."""
    if not isinstance(other, Morphology):
        raise UserError(
            "join: what is joined is a morphology",
            given=repr(other)[:80],
            mend="write cell.join(rb.Morphology.cylinder(length=100*um, diameter=1*um))",
        )
    if not -len(first.sections) <= section < len(first.sections):
        raise ShapeError(
            f"join: {first.name} has no section {section}",
            expected=f"0 to {len(first.sections) - 1}",
        )
    section %= len(first.sections)
    if not 0.0 <= fraction <= 1.0:
        raise UserError("join: fraction lies between 0 and 1", given=str(fraction))
    shift = first.sections[section].place(fraction) - other.sections[0].points[0]
    count = len(first.sections)
    added = [
        replace(s, points=s.points + shift, parent=s.parent + count)
        if k
        else replace(s, points=s.points + shift, parent=section, parent_fraction=fraction)
        for k, s in enumerate(other.sections)
    ]
    for k, each in enumerate(added[1:], start=1):
        if each.parent == count and each.parent_fraction == 0.0:
            # what left the start of the root leaves where the root does now
            added[k] = replace(each, parent=section, parent_fraction=fraction)
    return Morphology((*first.sections, *added), f"{first.name} and {other.name}")
