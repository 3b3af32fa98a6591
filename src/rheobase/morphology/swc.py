"""`read_swc`: SWC files of every convention, repaired where it is known how."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any

import numpy as np

from rheobase.errors import FileFormatError, UserError, warn
from rheobase.morphology.frusta import Floats, Ints
from rheobase.morphology.point_trees import SOMA, PointTree, Sectioning, rooted_at
from rheobase.morphology.sections import length_si
from rheobase.morphology.swc_text import SWCPoints, read_points
from rheobase.morphology.trees import Morphology

_MICROMETRE = 1e-6
_FORK, _END = 5, 6  # labels by which navis and others mark branch points and tips


def read_swc(
    path: str | os.PathLike[str],
    *,
    unit: Any = None,
    minimum_radius: Any = None,
    pieces: str = "largest",
) -> Morphology:
    """Read an SWC file.

    **Regions** by the second column: 1 soma, 2 axon, 3 dendrite, 4 apical_dendrite, any other
    number N ``custom_N``.

    **The soma.** One point is a sphere: a cylinder as long as wide, of equal area. So are three
    points of NeuroMorpho's convention (the first in the center, the others one radius away on
    both sides), and a contour, a closed line of points around the soma (the mean distance from
    its center is the radius). Other points of a soma are frusta like any others. Neurites that
    leave a sphere, or the inside of a soma, leave its middle and begin with their own first
    point; those at its ends begin there, with their own width. So does NEURON's
    `Import3d_SWC_read`.

    **Repaired**, each with a warning that says where: a root marked by 0 or by itself; several
    roots (one within the soma's surface is joined to it); a tree with a soma and another root;
    nanometres, millimetres or voxels, if comments say so; 5 and 6 that mark branch points and
    tips; branches without length. **Refused**, with the line: a line that is not seven numbers, an
    id that comes twice, a missing parent, a cycle, a radius of 0, sizes that are not micrometres.

    Parameters
    ----------
    path : path
        The file; one packed by gzip, bzip2 or xz is unpacked.
    unit : quantity or str, optional
        Of its numbers, such as ``8*nm`` or ``"nm"``.
    minimum_radius : quantity, optional
        What thinner points are widened to.
    pieces : {"largest", "join"}
        Of several pieces: the one with the soma, or with the most points, alone; or all, each
        joined to the nearest point of that one.

    Raises
    ------
    FileFormatError
        As above.
    """
    if pieces not in ("largest", "join"):
        raise UserError('from_swc: pieces is "largest" or "join"', given=repr(pieces))
    found = read_points(path)
    repairs: list[str] = []
    parents = _parents(found, repairs)
    _check_cycles(found, parents)
    scale = _scale(found, unit, repairs)
    radii = _radii(found, parents, scale, minimum_radius, repairs)
    labels = _labels(found, parents, repairs)
    tree = PointTree(found.points * scale, radii, labels, parents)
    tree, lines = _one_piece(found, tree, pieces, repairs)
    tree, lines = _without_copies(tree, lines)
    morphology = _morphology(found, tree, lines, repairs)
    for repair in repairs:
        warn(f"{found.name}: {repair}")
    return morphology


def _parents(found: SWCPoints, repairs: list[str]) -> Ints:
    """Return the index of every point's parent; -1 for roots."""
    order = np.argsort(found.ids, kind="stable")
    twice = np.flatnonzero(np.diff(found.ids[order]) == 0)
    if len(twice):
        same = sorted(order[twice[0] : twice[0] + 2].tolist())
        raise found.refused(
            same[1],
            f"the id {found.ids[same[1]]} stands on line {found.line[same[0]]} already",
            "id",
        )
    places = np.searchsorted(found.ids[order], found.parents)
    places = order[np.minimum(places, len(order) - 1)]
    known = found.ids[places] == found.parents
    own = known & (places == np.arange(len(places)))
    zero = ~known & (found.parents == 0)
    for index in np.flatnonzero(own | zero):
        mark = "itself" if own[index] else "0"
        repairs.append(f"line {found.line[index]}: a point whose parent is {mark} taken as a root")
    missing = ~known & (found.parents > 0)
    if missing.any():
        lost = int(np.flatnonzero(missing)[0])
        raise found.refused(
            lost,
            f"the parent {found.parents[lost]} of point {found.ids[lost]} is not in the file",
            "parent",
            "a root has the parent -1",
        )
    return np.where(known & ~own, places, -1)


def _check_cycles(found: SWCPoints, parents: Ints) -> None:
    """Refuse points whose way up never ends."""
    if (parents >= 0).all():
        raise found.refused(
            0,
            "the file has no root: every point has a parent",
            "parent",
            "the parent of the root, best the soma's center, is -1",
        )
    # Jump up 1, 2, 4 ... points: after log2(n) rounds everyone is at a root, or in a cycle.
    up = parents.copy()
    for _ in range(int(np.log2(len(up))) + 2):
        inner = up >= 0
        up[inner] = up[up[inner]]
    if (up >= 0).any():
        here, seen = int(np.flatnonzero(up >= 0)[0]), []
        while here not in seen:
            seen.append(here)
            here = int(parents[here])
        ring = seen[seen.index(here) :]
        raise found.refused(
            min(ring),
            f"a cycle of {len(ring)} points: {found.ids[min(ring)]} is its own ancestor",
            "parent",
        )


# --- units --------------------------------------------------------------------------------------

_SAID = re.compile(
    r"units?\W{1,6}(?P<number>\d+(?:\.\d+)?)?\s*\W?\s*"
    r"(?P<unit>nanomet(?:er|re)s?|nm|millimet(?:er|re)s?|mm|microns?|micromet(?:er|re)s?|[uµμ]m)\b",
    re.IGNORECASE,
)
_METRES = {"nm": 1e-9, "na": 1e-9, "mm": 1e-3, "mil": 1e-3}  # by how a unit begins
_NAMED = re.compile(r"^ label (\d+) is (\S.*?)\s*$", re.MULTILINE)  # as `to_swc` writes it
_LIKELY_EXTENT = 20_000.0  # um: a neuron 2 cm across
_LIKELY_RADIUS = 5.0  # um: half of all points of neurites this thick
_THINNEST = 1e-10  # m: the radius of an atom
_SMALL_EXTENT, _SMALL_RADIUS = 5.0, 0.05  # um: less across than a cell, thinner than all axons


def _scale(found: SWCPoints, unit: Any, repairs: list[str]) -> float:
    """Return the unit of the numbers in metres."""
    if unit is not None:
        paste = 'unit=8*nm, or unit="nm"'
        given = f"1 {unit}" if isinstance(unit, str) and not unit[:1].isdigit() else unit
        return length_si(given, "from_swc: unit", paste)
    said = _SAID.search(found.header)
    if said is not None:
        number = float(said["number"] or 1)
        word = said["unit"].lower()
        factor = next((m for start, m in _METRES.items() if word.startswith(start)), _MICROMETRE)
        if number > 0 and number * factor != _MICROMETRE:
            repairs.append(
                f"its comments say {said[0].strip()!r}: sizes are taken in units of "
                + (f"{number:g} mm" if factor == 1e-3 else f"{number * factor * 1e9:g} nm")
            )
            return number * factor
        return _MICROMETRE
    extent = float(np.ptp(found.points, axis=0).max())
    neurites = found.radii[found.labels != SOMA]
    thick = len(neurites) >= 20 and float(np.median(neurites)) > _LIKELY_RADIUS
    small = extent < _SMALL_EXTENT and 0 < found.radii.max() < _SMALL_RADIUS
    if small or extent > _LIKELY_EXTENT or (thick and extent > _LIKELY_EXTENT / 10):
        far = int(np.argmax(np.linalg.norm(found.points - found.points[0], axis=1)))
        raise found.refused(
            far,
            f"sizes that are not micrometres: it is {extent:.4g} across up to here, its neurites "
            f"are {2 * float(np.median(found.radii)):.3g} thick",
            "x",
            'say what they are: rb.Morphology.from_swc(path, unit="nm"), unit="mm", unit=8*nm for '
            "voxels of 8 nanometres, unit=um if it is of that size; or say it in a comment of the "
            "file, # unit: nm",
        )
    if len(neurites) >= 20 and float(np.median(neurites)) > extent / 20:
        repairs.append(
            f"its neurites are {2 * float(np.median(neurites)):.3g} thick, and it is {extent:.4g} "
            "across: are radii and coordinates in the same unit?"
        )
    return _MICROMETRE


def _radii(
    found: SWCPoints, parents: Ints, scale: float, minimum: Any, repairs: list[str]
) -> Floats:
    """Return the radii in metres, widened where they are too thin."""
    radii = found.radii * scale
    somas = np.flatnonzero(found.labels == SOMA)
    if len(somas) and not radii[somas].any():  # a line around a soma has no width
        drawn = PointTree(found.points * scale, radii.copy(), found.labels, parents)
        drawn.radii[somas] = _THINNEST
        if found.labels[drawn.root] == SOMA and _is_contour(drawn, somas):
            radii[somas] = _THINNEST
    least = 0.0
    if minimum is not None:
        least = length_si(minimum, "from_swc: minimum_radius", "minimum_radius=0.1*um")
    thin = np.flatnonzero(radii < (_THINNEST if minimum is None else least))
    if not len(thin):
        return radii
    if minimum is None:
        index = int(thin[0])
        more = f", and {len(thin) - 1} others" if len(thin) > 1 else ""
        raise found.refused(
            index,
            f"the radius of point {found.ids[index]} is {found.radii[index]:g}{more}",
            "radius",
            "to widen what is thinner: rb.Morphology.from_swc(path, minimum_radius=0.1*um)",
        )
    repairs.append(
        f"line {found.line[thin[0]]}"
        + (f" and {len(thin) - 1} others" if len(thin) > 1 else "")
        + f": widened to a radius of {least * 1e6:g} um"
    )
    return np.maximum(radii, least)


def _labels(found: SWCPoints, parents: Ints, repairs: list[str]) -> Ints:
    """Return the labels; where 5 and 6 mark branch points and tips, those around them."""
    labels = found.labels
    counts = np.bincount(parents[parents >= 0], minlength=len(parents))
    forks, ends = labels == _FORK, labels == _END
    marks = (forks | ends).any() and (counts[forks] > 1).all() and (counts[ends] == 0).all()
    if not marks or (forks.any() and not ends.any() and forks.sum() < 2):
        return labels
    marked = forks | ends
    others = labels[~marked & (labels != SOMA)]
    usual = int(np.bincount(others).argmax()) if len(others) and others.min() >= 0 else 0
    repaired = labels.copy()
    for index in np.flatnonzero(marked):
        here = int(parents[index])
        while here >= 0 and (marked[here] or labels[here] == SOMA):
            here = int(parents[here])
        repaired[index] = labels[here] if here >= 0 else usual
    repairs.append(
        "5 and 6 mark its branch points and tips; they are taken as of the region they lie in"
    )
    return repaired


# --- several roots ------------------------------------------------------------------------------


def _one_piece(
    found: SWCPoints, tree: PointTree, pieces: str, repairs: list[str]
) -> tuple[PointTree, Ints]:
    """Return the tree in one piece, rooted at its soma, and the lines of its points."""
    roots = np.flatnonzero(tree.parents < 0)
    lines = found.line
    if len(roots) > 1:
        tree, lines = _joined(found, tree, roots, pieces, repairs)
    somas = np.flatnonzero(tree.labels == SOMA)
    if len(somas) and tree.labels[tree.root] != SOMA:
        # the point of the soma nearest to the root's side has its parent outside the soma
        outside = tree.labels[tree.parents[somas]] != SOMA
        repairs.append(
            f"line {lines[tree.root]}: the root is no point of the soma; the tree is rooted at "
            f"the soma on line {lines[somas[outside][0]]}"
        )
        tree = rooted_at(tree, int(somas[outside][0]))
    return tree, lines


def _joined(
    found: SWCPoints, tree: PointTree, roots: Ints, pieces: str, repairs: list[str]
) -> tuple[PointTree, Ints]:
    """Join pieces to the main one where that is right, and leave out the others."""
    piece = np.arange(len(tree.parents))
    up = np.where(tree.parents >= 0, tree.parents, piece)
    while (up[up] != up).any():
        up = up[up]
    sizes = np.bincount(up, minlength=len(up))[roots]
    with_soma = np.array([(tree.labels[up == r] == SOMA).any() for r in roots])
    main = int(roots[np.lexsort((-sizes, ~with_soma))[0]])
    body = np.flatnonzero(up == main)
    soma = body[tree.labels[body] == SOMA]
    parents = tree.parents.copy()
    kept = up == main
    for root, size in zip(roots.tolist(), sizes.tolist(), strict=True):
        if root == main:
            continue
        where = f"line {found.line[root]}: a second root, of a piece of {size} points"
        near = _nearest(tree, soma, root)
        touches = near >= 0 and _apart(tree, near, root) <= 1.5 * tree.radii[near]
        if touches or pieces == "join":
            near = near if touches else _nearest(tree, body, root)
            parents[root] = near
            kept |= up == root
            gap = _apart(tree, near, root) * 1e6
            repairs.append(
                f"{where}, joined to {'the soma' if touches else 'the nearest point'} on line "
                f"{found.line[near]}, {gap:.3g} um away"
            )
        else:
            repairs.append(f'{where}, left out; pieces="join" would join it to the nearest point')
    keep = np.flatnonzero(kept)
    joined = PointTree(tree.points, tree.radii, tree.labels, parents)
    return joined.chosen(keep), found.line[keep]


def _nearest(tree: PointTree, among: Ints, point: int) -> int:
    if not len(among):
        return -1
    return int(among[((tree.points[among] - tree.points[point]) ** 2).sum(axis=1).argmin()])


def _apart(tree: PointTree, a: int, b: int) -> float:
    return float(np.sqrt(((tree.points[a] - tree.points[b]) ** 2).sum()))


def _without_copies(tree: PointTree, lines: Ints) -> tuple[PointTree, Ints]:
    """Leave out points that repeat their parent, in place, width and label."""
    up = tree.parents
    same = (
        (up >= 0)
        & (tree.points == tree.points[up]).all(axis=1)
        & (tree.radii == tree.radii[up])
        & (tree.labels == tree.labels[up])
    )
    if not same.any():
        return tree, lines
    parents = up.copy()
    while (again := (parents >= 0) & same[parents]).any():
        parents[again] = up[parents[again]]
    keep = np.flatnonzero(~same)
    return replace(tree, parents=parents).chosen(keep), lines[keep]


# --- the soma -----------------------------------------------------------------------------------


def _morphology(found: SWCPoints, tree: PointTree, lines: Ints, repairs: list[str]) -> Morphology:
    """Return the sections of a tree, its soma understood."""
    tree, sphere = _soma(tree, lines, repairs)
    children = np.bincount(tree.parents[tree.parents >= 0], minlength=1)
    if sphere is None and len(tree.parents) == 1:
        sphere = tree.root  # a single point of whatever kind
    elif sphere is None and tree.labels[tree.root] == SOMA and children.sum():
        below = tree.labels[tree.parents == tree.root]
        sphere = tree.root if not (below == SOMA).any() else None
    sectioning = Sectioning(tree, sphere)
    sections = sectioning.run()
    if not sections or sections[0].parent >= 0 or any(s.parent < 0 for s in sections[1:]):
        raise FileFormatError(
            f"{found.name}, line {lines[tree.root]}: the section that begins at the root has no "
            "length"
        )
    if sectioning.lost:
        repairs.append(
            f"line {lines[min(sectioning.lost)]}"
            + (f" and {len(sectioning.lost) - 1} others" if len(sectioning.lost) > 1 else "")
            + ": a branch without length, left out"
        )
    name = re.sub(r"(\.swc)?(\.gz|\.bz2|\.xz)?$", "", found.name, flags=re.IGNORECASE)
    morphology = Morphology(sections, name)
    named = {f"custom_{n}": own for n, own in _NAMED.findall(found.header)}
    there = {old: own for old, own in named.items() if old in morphology.regions}
    return morphology.relabeled(**there) if there else morphology


def _soma(tree: PointTree, lines: Ints, repairs: list[str]) -> tuple[PointTree, int | None]:
    """Replace three points of NeuroMorpho's convention, or a contour, by one point."""
    root = tree.root
    if tree.labels[root] != SOMA:
        return tree, None
    somas = np.flatnonzero(tree.labels == SOMA)
    others = somas[somas != root]
    if _is_neuromorpho(tree, root, others):
        keep = np.setdiff1d(np.arange(len(tree.parents)), others)
        smaller = tree.chosen(keep)
        return smaller, smaller.root
    if not _is_contour(tree, somas):
        return tree, None
    center = tree.points[somas].mean(axis=0)
    radius = float(np.sqrt(((tree.points[somas] - center) ** 2).sum(axis=1)).mean())
    points, radii, parents = tree.points.copy(), tree.radii.copy(), tree.parents.copy()
    points[root], radii[root] = center, radius
    parents[np.isin(parents, others)] = root
    repairs.append(
        f"line {lines[root]}: {len(somas)} points around the soma, taken as a sphere of radius "
        f"{radius * 1e6:.4g} um"
    )
    keep = np.setdiff1d(np.arange(len(parents)), others)
    smaller = PointTree(points, radii, tree.labels, parents).chosen(keep)
    return smaller, smaller.root


def _is_neuromorpho(tree: PointTree, root: int, others: Ints) -> bool:
    """Return whether the soma is a center and two points one radius away, without children."""
    if len(others) != 2 or (tree.parents[others] != root).any():
        return False
    if np.isin(tree.parents, others).any():
        return False
    radius = tree.radii[root]
    span = np.sqrt(((tree.points[others] - tree.points[root]) ** 2).sum(axis=1)).sum()
    alike = bool((np.abs(tree.radii[others] - radius) <= 1e-6 * radius).all())
    return alike and abs(span / (2 * radius) - 1) < 0.01


def _is_contour(tree: PointTree, somas: Ints) -> bool:
    """Return whether the points of the soma are a closed line around it.

    Six or more, one after the other, all of one radius, less than a third of the distance from
    their center; and the last as near to the first as neighbors are.
    """
    if len(somas) < 6:
        return False
    inside = np.isin(tree.parents, somas) & (tree.labels == SOMA)
    if (np.bincount(tree.parents[inside]) > 1).any() or inside.sum() != len(somas) - 1:
        return False
    chain = [tree.root]
    following = {int(tree.parents[k]): int(k) for k in np.flatnonzero(inside)}
    while chain[-1] in following:
        chain.append(following[chain[-1]])
    points, radii = tree.points[chain], tree.radii[chain]
    steps = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    away = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1))
    closing = np.sqrt(((points[-1] - points[0]) ** 2).sum())
    return bool(
        np.ptp(radii) <= 1e-6 * radii[0]
        and radii[0] < away.mean() / 3
        and closing <= 1.5 * steps.max()
    )
