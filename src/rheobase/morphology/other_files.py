"""Neurolucida ASC and NeuroML files, through packages that read them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.errors import FileFormatError, UnknownNameError, UserError
from rheobase.morphology.frusta import Floats, between
from rheobase.morphology.point_trees import region_name
from rheobase.morphology.sections import Section
from rheobase.morphology.trees import Morphology

_SLICES = 20  # of a soma drawn as a contour


def _needed(package: str, what: str) -> UserError:
    return UserError(
        f"{what} are read through the package {package}, which is not installed",
        mend=f"python -m pip install {package}",
    )


def _existing(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    if not file.is_file():
        raise FileFormatError(f"{file.name}: there is no such file", given=str(file))
    return file


# --- Neurolucida ---------------------------------------------------------------------------------


def read_asc(path: str | os.PathLike[str]) -> Morphology:
    """Read a Neurolucida ASC file.

    A soma drawn as a contour is cut into slices along its longest axis, each as wide as the
    contour is there; neurites leave its middle and begin with their own first point, as in NEURON.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    FileFormatError
        If morphio cannot read it, or if there is no soma and several neurites.
    UserError
        If morphio is not installed.
    """
    try:
        morphio = import_module("morphio")
    except ImportError:
        raise _needed("morphio", "ASC files") from None
    file = _existing(path)
    try:
        found = morphio.Morphology(str(file))
    except Exception as error:  # morphio has errors of its own, and those of what it is made of
        raise FileFormatError(f"{file.name}: morphio cannot read it: {error}") from None
    sections: list[Section] = []
    soma = np.asarray(found.soma.points, dtype=np.float64) * 1e-6
    if len(soma) > 2:
        sections.append(_contour(soma))
    elif len(soma):
        radius = float(found.soma.diameters[0]) * 0.5e-6
        ends = soma[0] + np.array([[0.0, -radius, 0.0], [0.0, radius, 0.0]])
        sections.append(Section("soma", -1, ends, np.array([radius, radius])))
    elif len(found.root_sections) != 1:
        raise FileFormatError(
            f"{file.name}: it has no soma, and {len(found.root_sections)} neurites that do not meet"
        )
    has_soma = bool(sections)
    places: dict[int, int] = {}
    for each in found.iter():
        points = np.asarray(each.points, dtype=np.float64) * 1e-6
        radii = np.asarray(each.diameters, dtype=np.float64) * 0.5e-6
        region = region_name(int(each.type))
        places[each.id] = len(sections)
        if not each.is_root:
            sections.append(Section(region, places[each.parent.id], points, radii))
        else:
            sections.append(Section(region, 0 if has_soma else -1, points, radii, 0.5))
    return Morphology(tuple(sections), file.stem)


def _contour(points: Floats) -> Section:
    """Return the slices of a closed line around a soma.

    The line is divided into equal steps; its axes are those of greatest and smallest spread. At
    21 places along the longest axis the width is the distance between the two sides, at the very
    ends that a quarter of a slice inside.
    """
    ring = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(ring, axis=0) ** 2).sum(axis=1)))])
    even = between(ring, along, along[-1] * np.arange(200) / 200)
    center = even.mean(axis=0)
    axes = np.linalg.svd(even - center, full_matrices=False)[2]
    if axes[0][np.abs(axes[0]).argmax()] < 0:
        axes = -axes
    t, across = (even - center) @ axes[0], (even - center) @ axes[1]
    low, high = int(t.argmin()), int(t.argmax())
    turned = np.roll(np.arange(len(t)), -low)
    split = int(np.flatnonzero(turned == high)[0])
    sides = turned[: split + 1], np.append(turned[split:], turned[0])[::-1]
    places = np.linspace(t[low], t[high], _SLICES + 1)
    inside = places.copy()
    quarter = (places[1] - places[0]) / 4
    inside[0], inside[-1] = places[0] + quarter, places[-1] - quarter
    # where a side runs back, its outermost course counts
    levels = [np.interp(inside, np.maximum.accumulate(t[side]), across[side]) for side in sides]
    widths = np.abs(levels[0] - levels[1])
    middles = (levels[0] + levels[1]) / 2
    middle = center + places[:, None] * axes[0] + float(middles.mean()) * axes[1]
    return Section("soma", -1, middle, np.maximum(widths / 2, 1e-9))


# --- NeuroML -------------------------------------------------------------------------------------

# What groups of segments are called, or annotated with, in order of precedence.
_GROUPS = (
    ("apical_dendrite", ("apical_dendrite_group", "apical_dendrite", "apical_dendrites"), ()),
    ("soma", ("soma_group", "soma"), ("GO:0043025", "sao1044911821")),
    ("axon", ("axon_group", "axon"), ("GO:0030424", "sao1770195789")),
    (
        "dendrite",
        ("dendrite_group", "dendrite", "dendrites", "basal_dendrite", "basal_dendrite_group"),
        ("GO:0030425", "sao1211023249"),
    ),
)

_SECTIONS = re.compile(r"(soma|axon|dend|apic|myelin)_?\d*$")
_KINDS = {
    "soma": "soma",
    "axon": "axon",
    "dend": "dendrite",
    "apic": "apical_dendrite",
    "myelin": "myelin",
}


def read_neuroml(path: str | os.PathLike[str], cell: str | None) -> Morphology:
    """Read a morphology from a NeuroML 2 file.

    Regions are those of its groups of segments (soma_group, axon_group, dendrite_group,
    apical_dendrite...). What leaves a segment inside (``fractionAlong``) leaves it there.

    Parameters
    ----------
    path : path
        The file.
    cell : str, optional
        The id of the cell, or of the morphology, if there are several.

    Raises
    ------
    FileFormatError
        If libNeuroML cannot read it, or if it has no morphology of segments.
    UserError
        If libNeuroML is not installed.
    """
    try:
        loaders = import_module("neuroml.loaders")
    except ImportError:
        raise _needed("libneuroml", "NeuroML files") from None
    file = _existing(path)
    try:
        document = loaders.read_neuroml2_file(str(file))
    except Exception as error:  # of lxml, of libNeuroML
        raise FileFormatError(f"{file.name}: libNeuroML cannot read it: {error}") from None
    found = {each.id: each.morphology for each in document.cells if each.morphology is not None}
    found |= {each.id: each for each in document.morphology}
    if not found:
        raise FileFormatError(f"{file.name}: no cell in it has a morphology")
    if cell is None and len(found) > 1:
        raise UserError(
            f"{file.name}: it has {len(found)} cells: {', '.join(found)}",
            mend=f'write rb.Morphology.from_neuroml(path, cell="{next(iter(found))}")',
        )
    name = next(iter(found)) if cell is None else cell
    if name not in found:
        raise UnknownNameError(f"{file.name}: no cell {name!r}", expected=", ".join(found))
    return Morphology(tuple(_Segments(file.name, found[name]).sections()), name)


@dataclass(frozen=True, eq=False)
class _Segment:
    """One segment: from its proximal to its distal end."""

    parent: int  # id, or -1
    fraction: float
    start: Floats  # x, y, z, radius; m
    end: Floats
    region: str


class _Segments:
    """Joins segments to sections."""

    def __init__(self, file: str, morphology: Any) -> None:
        self.file = file
        regions = _regions(morphology)
        self.segments: dict[int, _Segment] = {}
        for each in _parents_first(file, morphology.segments):
            parent = int(each.parent.segments) if each.parent is not None else -1
            fraction = 1.0
            if each.parent is not None and each.parent.fraction_along is not None:
                fraction = float(each.parent.fraction_along)
            if each.proximal is not None:
                start = _end(each.proximal)
            elif parent >= 0:
                above = self.segments[parent]
                start = above.start + fraction * (above.end - above.start)
            else:
                raise FileFormatError(f"{file}: segment {each.id} has neither parent nor proximal")
            self.segments[int(each.id)] = _Segment(
                parent, fraction, start, _end(each.distal), regions.get(int(each.id), "custom_0")
            )
        self.children: dict[int, list[int]] = {number: [] for number in self.segments}
        for number, segment in self.segments.items():
            if segment.parent >= 0:
                self.children[segment.parent].append(number)

    def sections(self) -> Iterator[Section]:
        """Yield sections, parents first."""
        roots = [number for number, each in self.segments.items() if each.parent < 0]
        if len(roots) != 1:
            raise FileFormatError(f"{self.file}: {len(roots)} segments without a parent, not one")
        # of every segment: its section, and the path there at its start and end
        place: dict[int, tuple[int, float, float]] = {}
        made: list[Section] = []
        starts = [roots[0]]
        while starts:
            chain = [starts.pop()]
            while (following := self._following(chain[-1])) is not None:
                chain.append(following)
            first = self.segments[chain[0]]
            parent, fraction = -1, 1.0
            if first.parent >= 0:
                parent, low, high = place[first.parent]
                at = low + first.fraction * (high - low)
                fraction = min(at / made[parent].length, 1.0)
                fraction = round(fraction, 12)
            section, ends = _joined([self.segments[n] for n in chain], parent, fraction)
            for k, number in enumerate(chain):
                place[number] = (len(made), ends[k], ends[k + 1])
            made.append(section)
            yield section
            inside = set(chain)
            leaving = [c for n in chain for c in self.children[n] if c not in inside]
            starts += leaving[::-1]

    def _following(self, number: int) -> int | None:
        """Return the segment with which the section of this one goes on."""
        here, children = self.segments[number], self.children[number]
        same = [
            c
            for c in children
            if self.segments[c].region == here.region and self.segments[c].fraction == 1.0
        ]
        alone = len(children) == 1 or here.region == "soma"
        return same[0] if len(same) == 1 and alone else None


def _joined(chain: list[_Segment], parent: int, fraction: float) -> tuple[Section, list[float]]:
    """Return segments in a row as a section, and the paths of their ends."""
    rows, ends = [chain[0].start], [0]
    for segment in chain:
        if not np.allclose(segment.start, rows[-1], rtol=0, atol=1e-12):
            rows.append(segment.start)  # it begins with a width of its own
        rows.append(segment.end)
        ends.append(len(rows) - 1)
    table = np.array(rows)
    points, radii = table[:, :3], table[:, 3]
    if not np.ptp(points, axis=0).any():  # a sphere
        radius = float(radii.max())
        points = points[0] + np.array([[0.0, -radius, 0.0], [0.0, radius, 0.0]])
        section = Section(chain[0].region, parent, points, np.array([radius, radius]), fraction)
        return section, [0.5 * section.length] * (len(chain) + 1)
    section = Section(chain[0].region, parent, points, radii, fraction)
    return section, [float(section.positions[k]) for k in ends]


def _end(point: Any) -> Floats:
    """Return x, y, z and radius, m."""
    values = (point.x, point.y, point.z, point.diameter / 2)
    return np.array([float(value) for value in values]) * 1e-6


def _parents_first(file: str, segments: Any) -> Iterator[Any]:
    """Yield segments after their parents."""
    waiting = {int(each.id): each for each in segments}
    done: set[int] = set()
    while waiting:
        ready = [
            number
            for number, each in waiting.items()
            if each.parent is None or int(each.parent.segments) in done
        ]
        if not ready:
            raise FileFormatError(
                f"{file}: segment {min(waiting)} has a parent that is missing, or is its own "
                "ancestor"
            )
        for number in ready:
            done.add(number)
            yield waiting.pop(number)


def _regions(morphology: Any) -> dict[int, str]:
    """Return the region of every segment that lies in a group."""
    groups = {group.id: group for group in morphology.segment_groups}
    members: dict[str, set[int]] = {}

    def of(name: str, above: tuple[str, ...] = ()) -> set[int]:
        if name not in members:
            group = groups.get(name)
            if group is None or name in above:
                return set()
            own = {int(member.segments) for member in group.members}
            for include in group.includes:
                own |= of(include.segment_groups, (*above, name))
            members[name] = own
        return members[name]

    regions: dict[int, str] = {}
    for name in groups:  # sections of NEURON, which come without groups of regions
        kind = _SECTIONS.match(name)
        if kind is not None:
            regions.update(dict.fromkeys(of(name), _KINDS[kind[1]]))
    for region, names, marks in reversed(_GROUPS):
        for name, group in groups.items():
            if name in names or group.neuro_lex_id in marks:
                regions.update(dict.fromkeys(of(name), region))
    return regions
