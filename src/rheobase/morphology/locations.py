"""Where a place of a morphology lies: which compartments hold it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rheobase.errors import ShapeError, UserError
from rheobase.morphology.frusta import Ints
from rheobase.morphology.sections import METRE
from rheobase.units import to_si

if TYPE_CHECKING:
    from rheobase.morphology.compartments import Compartments
    from rheobase.morphology.trees import Morphology

Regions: TypeAlias = str | Sequence[str] | None


def locate(
    compartments: Compartments,
    region: Regions,
    fraction: Any,
    path: Any,
    branch_order: int | None,
    section: Any,
    near: Any = None,
) -> Ints:
    """Return the compartments at a place: see `Compartments.at`."""
    morphology = compartments.morphology
    chosen = _sections(morphology, region, branch_order, section)
    along = None if fraction is None else _fractions(fraction)
    given = {"fraction": fraction, "path": path, "near": near}
    ways = [name for name, value in given.items() if value is not None]
    if len(ways) > 1:
        raise UserError(
            f"at: a place is given by {ways[0]} or by {ways[1]}, not by both",
            mend="leave out one of them",
        )
    if near is not None:
        return _nearest(compartments, chosen, near)
    if path is not None:
        return _on_path(compartments, chosen, path, region)
    explicit = branch_order is not None or section is not None
    if along is None:
        if region is None and not explicit:
            raise UserError(
                "at: say where",
                expected="a region, a fraction, a path, a branch order, a section or near, a point",
                mend='write at("soma"), at("dendrite", fraction=0.5) or at(path=300*um)',
            )
        if region == "soma" and not explicit:
            return np.array([_node(compartments, int(chosen[0]), 0.5)])
        return _all_of(compartments, chosen)
    if explicit:
        nodes = [_node(compartments, int(k), f) for f in along for k in chosen]
    else:
        chain = _chain(morphology, chosen, region)
        nodes = [_along_chain(compartments, chain, f) for f in along]
    if len(set(nodes)) < len(nodes):
        raise UserError(
            "at: two of the fractions lie in one compartment",
            given=", ".join(f"{f:g}" for f in along),
            mend="leave one out, or divide the cell into shorter compartments: max_length=5*um",
        )
    return np.array(nodes)


def _sections(
    morphology: Morphology, region: Regions, branch_order: int | None, section: Any
) -> Ints:
    """Return the sections of a region, an order and a choice, ascending."""
    count = len(morphology.sections)
    chosen = np.arange(count)
    if section is not None:
        wanted = np.atleast_1d(np.asarray(section))
        if wanted.dtype.kind not in "iu" or ((wanted < -count) | (wanted >= count)).any():
            raise ShapeError(
                f"at: {morphology.name} has no section {section!r}",
                expected=f"0 to {count - 1}",
                mend="for k, s in enumerate(morphology.sections): print(k, s)",
            )
        chosen = np.unique(wanted % count)
    if region is not None:
        names = [region] if isinstance(region, str) or not np.iterable(region) else [*region]
        found = [morphology.sections_of(name) for name in names]
        chosen = chosen[np.isin(chosen, np.concatenate([np.zeros(0, np.int64), *found]))]
    if branch_order is not None:
        orders = morphology.branch_orders
        chosen = chosen[orders[chosen] == branch_order]
        if not len(chosen):
            raise UserError(
                f"at: nothing has the branch order {branch_order}"
                + (f" in {_listed(region)}" if region else ""),
                expected=f"0 to {orders.max()}",
            )
    if not len(chosen):
        if not region:
            raise UserError("at: the list of regions is empty", mend='write at("dendrite")')
        raise UserError(f"at: section {section!r} is not of region {_listed(region)}")
    return chosen


def _listed(region: Regions) -> str:
    return str(region) if isinstance(region, str) or region is None else ", ".join(region)


def _region(region: Regions) -> str:
    """Return what to call a region, or several; "" for none."""
    several = region is not None and not isinstance(region, str) and len(region) > 1
    return f"{'all of' if several else 'the region'} {_listed(region)}" if region else ""


def _fractions(fraction: Any) -> list[float]:
    found = np.atleast_1d(to_si(fraction, METRE / METRE, what="at: fraction", paste="fraction=0.5"))
    if found.ndim != 1 or not found.size or not ((found >= 0.0) & (found <= 1.0)).all():
        raise UserError(
            "at: a fraction lies between 0 and 1",
            given=str(fraction),
            mend="write fraction=0.5, or fraction=[0.2, 0.8] for several places",
        )
    return [float(f) for f in found]


def _node(compartments: Compartments, section: int, fraction: float) -> int:
    """Return the compartment that holds a fraction of a section."""
    n = compartments.counts[section]
    return int(compartments.first[section]) + min(int(fraction * n + 1e-9), n - 1)


def _all_of(compartments: Compartments, sections: Ints) -> Ints:
    firsts = compartments.first
    return np.concatenate(
        [np.arange(firsts[k], firsts[k] + compartments.counts[k]) for k in sections]
    )


def _chain(morphology: Morphology, chosen: Ints, region: Regions) -> Ints:
    """Return sections that follow each other, or refuse: a fraction would mean many places."""
    sections = morphology.sections
    linked = all(
        sections[b].parent == a and sections[b].parent_fraction == 1.0
        for a, b in pairwise(chosen.tolist())
    )
    leaving = [sum(c in chosen for c in morphology.children[k]) for k in chosen]
    if not linked or max(leaving, default=0) > 1:
        where = f"{region!r}, ".replace("'", '"') if region else ""
        what = _region(region) or morphology.name
        raise UserError(
            f"at: {what} has {len(chosen)} sections that branch: a fraction of it is no one place",
            mend=f"write at({where}path=100*um), at({where}branch_order=1, fraction=0.5) or "
            f"at(section={chosen[min(1, len(chosen) - 1)]}, fraction=0.5)",
        )
    return chosen


def _along_chain(compartments: Compartments, chain: Ints, fraction: float) -> int:
    """Return the compartment at a fraction of the whole length of sections in a row."""
    sections = compartments.morphology.sections
    if len(chain) == 1:  # no lengths: the fraction as it was given
        return _node(compartments, int(chain[0]), fraction)
    ends = np.cumsum([sections[k].length for k in chain])
    place = fraction * ends[-1]
    k = min(int(np.searchsorted(ends, place * (1 + 1e-12), side="right")), len(chain) - 1)
    length = sections[chain[k]].length
    return _node(compartments, int(chain[k]), min(max(1 - (ends[k] - place) / length, 0.0), 1.0))


def _on_path(compartments: Compartments, chosen: Ints, path: Any, region: Regions) -> Ints:
    """Return the compartments at a path from the soma, or with centers between two paths."""
    pair = isinstance(path, (list, tuple)) or np.ndim(getattr(path, "magnitude", path)) > 0
    found = np.atleast_1d(to_si(path, METRE, what="at: path", paste="path=300*um"))
    if not np.isfinite(found).all() or (found < 0).any() or len(found) != (2 if pair else 1):
        raise UserError(
            f"at: path is one length from {compartments.morphology.path_origin}, or two to be "
            "between",
            given=str(path),
            mend="write path=300*um or path=(100*um, 300*um)",
        )
    places = (
        _between(compartments, chosen, found)
        if pair
        else _across(compartments, chosen, float(found[0]))
    )
    if not len(places):
        ends = [
            compartments.morphology.path_at(int(k), f) for k in chosen for f in (0.0, 0.5, 1.0)
        ]  # paths begin in the middle of a soma
        where = _region(region) or compartments.morphology.name
        raise UserError(
            f"at: {where} has no place at a path of {path} from "
            f"{compartments.morphology.path_origin}",
            expected=f"from {min(ends) * 1e6:.4g}*um to {max(ends) * 1e6:.4g}*um",
        )
    return places


def _nearest(compartments: Compartments, chosen: Ints, near: Any) -> Ints:
    """Return the compartment of each point that is nearest to it, from membrane to point."""
    found = np.asarray(to_si(near, METRE, what="at: near", paste="near=(0, 100, 0)*um"))
    if found.shape[-1:] != (3,) or found.ndim > 2 or not found.size or not np.isfinite(found).all():
        raise ShapeError(
            "at: near is a point, or a row of points",
            expected="x, y and z of each, in the coordinates of the morphology",
            given=f"shape {found.shape}" if np.isfinite(found).all() else str(near),
            mend="write near=(0, 100, 0)*um or near=[(0, 100, 0), (0, 200, 0)]*um",
        )
    sections = [compartments.morphology.sections[k] for k in chosen]
    starts = np.concatenate([s.points[:-1] for s in sections])
    ways = np.concatenate([np.diff(s.points, axis=0) for s in sections])
    radii = np.concatenate([s.radii[:-1] for s in sections])
    widening = np.concatenate([np.diff(s.radii) for s in sections])
    before = np.concatenate([s.positions[:-1] / s.length for s in sections])
    spans = np.concatenate([np.diff(s.positions) / s.length for s in sections])
    owner = np.repeat(chosen, [len(s.radii) - 1 for s in sections])
    square = np.maximum((ways * ways).sum(axis=1), np.finfo(float).tiny)
    nodes = []
    for point in np.atleast_2d(found):
        along = np.clip(((point - starts) * ways).sum(axis=1) / square, 0.0, 1.0)
        away = np.sqrt(((starts + along[:, None] * ways - point) ** 2).sum(axis=1))
        k = int((away - radii - along * widening).argmin())
        nodes.append(_node(compartments, int(owner[k]), float(before[k] + along[k] * spans[k])))
    if len(set(nodes)) < len(nodes):
        raise UserError(
            "at: two of the points are nearest to one compartment",
            mend="leave one out, or divide the cell into shorter compartments: max_length=5*um",
        )
    return np.array(nodes, dtype=np.int64)


def _between(compartments: Compartments, chosen: Ints, ends: Any) -> Ints:
    nodes = _all_of(compartments, chosen)
    path = compartments.path[nodes]
    inside: Ints = nodes[(path >= ends.min()) & (path <= ends.max())]
    return inside


def _across(compartments: Compartments, chosen: Ints, path: float) -> Ints:
    """Return one compartment of every branch that a path crosses."""
    morphology = compartments.morphology
    inside = set(chosen.tolist())
    nodes: set[int] = set()
    for k in inside:
        length = morphology.sections[k].length
        start, end = morphology.path_at(k, 0.0), morphology.path_at(k, 1.0)
        slack = 1e-9 * length
        if k == 0 and start > slack:  # the soma, where paths begin in the middle
            fractions = {0.5 + path / length, 0.5 - path / length} if path else {0.5}
            nodes |= {
                _node(compartments, 0, min(f, 1.0)) for f in fractions if -1e-9 <= f <= 1 + 1e-9
            }
            continue
        # a place on a boundary belongs to what begins there, and at a tip to what ends there
        last = not inside & set(morphology.leaving_end[k])
        if start - slack <= path < end - slack or (last and abs(path - end) <= slack):
            nodes.add(_node(compartments, k, min(max((path - start) / length, 0.0), 1.0)))
    return np.array(sorted(nodes), dtype=np.int64)
