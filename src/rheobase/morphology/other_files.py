"""Neurolucida ASC and NeuroML files, through packages that read them."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from rheobase.errors import FileFormatError, UnknownNameError, UserError, warn
from rheobase.morphology.frusta import Floats, between
from rheobase.morphology.point_trees import region_name
from rheobase.morphology.sections import Section, length_si
from rheobase.morphology.swc_text import file_at, read_text
from rheobase.morphology.trees import Morphology

_SLICES = 20  # of a soma drawn as a contour


def _needed(package: str, what: str) -> UserError:
    return UserError(
        f"{what} are read through the package {package}, which is not installed",
        mend=f"python -m pip install {package}",
    )


def _widened(radii: Floats, points: Floats, least: float, where: str) -> Floats:
    """Return radii, all at least so wide; refuse those of no width if that is 0."""
    thin = np.flatnonzero(~(radii > least))
    if least > 0:
        return np.maximum(radii, least)
    if len(thin):
        x, y, z = (f"{value * 1e6:.6g}" for value in points[thin[0]])
        call = "from_neuroml" if ", segment" in where else "from_asc"
        raise FileFormatError(
            f"{where}: the diameter at x {x}, y {y}, z {z} is {2e6 * radii[thin[0]]:g}",
            mend=f"to widen what is thinner: rb.Morphology.{call}(path, minimum_radius=0.1*um)",
        )
    return radii


def _least(minimum: Any, call: str) -> float:
    paste = "minimum_radius=0.1*um"
    return 0.0 if minimum is None else length_si(minimum, f"{call}: minimum_radius", paste)


# --- Neurolucida ---------------------------------------------------------------------------------

_COLORS = re.compile(r"\x1b\[[\d;]*m")
_LINE = re.compile(r":(\d+):(?:error|warning)")
_BARE_POINT = re.compile(r"(?<![\w.])(-?)\.(?=\d)")  # morphio reads 0.5, and not .5


def read_asc(path: str | os.PathLike[str], minimum_radius: Any = None) -> Morphology:
    """Read a Neurolucida ASC file.

    A soma drawn as a contour is cut into slices along its longest axis, each as wide as the
    contour is there; neurites leave its middle and begin with their own first point, as in NEURON.
    What morphio warns of, and branches of one point, which are left out, are said in warnings.

    Parameters
    ----------
    path : path
        The file.
    minimum_radius : quantity, optional
        What thinner points are widened to; without it a diameter of 0 is refused.

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
    least = _least(minimum_radius, "from_asc")
    name, text = read_text(path, "from_asc")
    said = morphio.WarningHandlerCollector()
    try:
        found = morphio.Morphology(_BARE_POINT.sub(r"\g<1>0.", text), "asc", warning_handler=said)
    except Exception as error:  # morphio has errors of its own, and those of what it is made of
        words, where = _plain(str(error))
        raise FileFormatError(f"{name}{where}: morphio cannot read it: {words}") from None
    if not found.soma.points.size and not found.root_sections:
        raise FileFormatError(
            f"{name}: it holds no soma and no neurite",
            expected='a Neurolucida file in text: ("CellBody" ...) ((Dendrite) (x y z d) ...)',
        )
    sections, lost = _asc_sections(name, found, least)
    for warning in said.get_all():
        words, where = _plain(warning.warning.msg())
        warn(f"{name}{where}: {words}")
    if lost:
        warn(f"{name}: {lost} {'branch' if lost == 1 else 'branches'} without length, left out")
    return Morphology(tuple(sections), re.sub(r"(?i)\.asc(\.\w+)?$", "", name))


def _plain(message: str) -> tuple[str, str]:
    """Return what morphio says without colors, and where it says it is."""
    plain = _COLORS.sub("", message)
    line = _LINE.search(plain)
    words = " ".join(plain[line.end() :].split()) if line else " ".join(plain.split())
    words = words.removeprefix("Warning: ").replace(": $STRING$", "")
    return words, f", line {line[1]}" if line and line[1] != "0" else ""


def _asc_sections(name: str, found: Any, least: float) -> tuple[list[Section], int]:
    """Return the sections, and how many branches had no length."""
    sections: list[Section] = []
    soma = np.asarray(found.soma.points, dtype=np.float64) * 1e-6
    if len(soma) > 2:
        sections.append(_contour(name, soma))
    elif len(soma):
        widths = np.asarray(found.soma.diameters[:1], dtype=np.float64) * 0.5e-6
        radius = float(_widened(widths, soma, least, name)[0])
        ends = soma[0] + np.array([[0.0, -radius, 0.0], [0.0, radius, 0.0]])
        sections.append(Section("soma", -1, ends, np.array([radius, radius])))
    elif len(found.root_sections) != 1:
        raise FileFormatError(
            f"{name}: it has no soma, and {len(found.root_sections)} neurites that do not meet"
        )
    root = (0, 0.5) if sections else (-1, 1.0)
    places: dict[int, tuple[int, float]] = {}
    lost = 0
    for each in found.iter():
        points = np.asarray(each.points, dtype=np.float64) * 1e-6
        radii = np.asarray(each.diameters, dtype=np.float64) * 0.5e-6
        parent, fraction = root if each.is_root else places[each.parent.id]
        if len(points) < 2 or not np.ptp(points, axis=0).any():
            if parent < 0:
                raise FileFormatError(f"{name}: the section that begins at the root has no length")
            places[each.id] = (parent, fraction)
            lost += 1
            continue
        places[each.id] = (len(sections), 1.0)
        radii = _widened(radii, points, least, name)
        sections.append(Section(region_name(int(each.type)), parent, points, radii, fraction))
    return sections, lost


def _contour(name: str, points: Floats) -> Section:
    """Return the slices of a closed line around a soma.

    The line is divided into equal steps; its axes are those of greatest and smallest spread. At
    21 places along the longest axis the width is the distance between the two sides, at the very
    ends that a quarter of a slice inside.
    """
    ring = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(ring, axis=0) ** 2).sum(axis=1)))])
    even = between(ring, along, along[-1] * np.arange(200) / 200)
    center = even.mean(axis=0)
    _, spread, axes = np.linalg.svd(even - center, full_matrices=False)
    if spread[1] < 1e-3 * spread[0] or not spread[0]:
        raise FileFormatError(f"{name}: the line around the soma encloses nothing")
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


def read_neuroml(
    path: str | os.PathLike[str], cell: str | None = None, minimum_radius: Any = None
) -> Morphology:
    """Read a morphology from a NeuroML 2 file.

    Regions are those of its groups of segments (soma_group, axon_group, dendrite_group,
    apical_dendrite...). What leaves a segment inside (``fractionAlong``) leaves it there.

    Parameters
    ----------
    path : path
        The file.
    cell : str, optional
        The id of the cell, or of the morphology, if there are several.
    minimum_radius : quantity, optional
        What thinner ends are widened to; without it a diameter of 0 is refused.

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
    least = _least(minimum_radius, "from_neuroml")
    file = file_at(path, "from_neuroml")
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "there is no such file"
        raise FileFormatError(f"{file.name or file}: {what}", given=str(file))
    try:
        with redirect_stderr(io.StringIO()):  # it prints what it finds odd, and refuses nothing
            document = loaders.read_neuroml2_file(str(file))
    except Exception as error:  # of lxml, of libNeuroML
        words = str(error.args[0] if error.args else error)
        words = words.replace(f" ({file})", "").replace(f"{file} ", "it ")
        raise FileFormatError(f"{file.name}: libNeuroML cannot read it: {words}") from None
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
    return Morphology(tuple(_Segments(file.name, found[name], least).sections()), name)


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

    def __init__(self, file: str, morphology: Any, least: float) -> None:
        self.file, self.least = file, least
        self.segments: dict[int, _Segment] = {}
        ordered = list(_parents_first(file, morphology.segments))
        parents = {int(each.id): _parent_of(each) for each in ordered}
        regions = _regions(morphology, parents)
        for each in ordered:
            where = f"{file}, segment {each.id}"
            parent, fraction = parents[int(each.id)], 1.0
            if each.parent is not None and each.parent.fraction_along is not None:
                fraction = float(each.parent.fraction_along)
            if not 0.0 <= fraction <= 1.0:
                raise FileFormatError(
                    f"{where}: it leaves its parent at {fraction:g}",
                    expected="fractionAlong between 0, the start, and 1, the end",
                )
            if each.proximal is not None:
                start = self._end(each.proximal, where)
            elif parent >= 0:
                above = self.segments[parent]
                start = above.start + fraction * (above.end - above.start)
            else:
                raise FileFormatError(f"{where}: neither parent nor proximal")
            if each.distal is None:
                raise FileFormatError(f"{where}: no distal end")
            self.segments[int(each.id)] = _Segment(
                parent,
                fraction,
                start,
                self._end(each.distal, where),
                regions.get(int(each.id), "custom_0"),
            )
        self.children: dict[int, list[int]] = {number: [] for number in self.segments}
        for number, segment in self.segments.items():
            if segment.parent >= 0:
                self.children[segment.parent].append(number)

    def _end(self, point: Any, where: str) -> Floats:
        """Return x, y, z and radius, m."""
        values = np.array([float(v) for v in (point.x, point.y, point.z, point.diameter / 2)])
        if not np.isfinite(values).all():
            raise FileFormatError(f"{where}: a number is not finite")
        end = values * 1e-6
        end[3:] = _widened(end[3:], end[None, :3], self.least, where)
        return end

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


def _parent_of(segment: Any) -> int:
    """Return the id of the parent of a segment, or -1."""
    return -1 if segment.parent is None else int(segment.parent.segments)


def _parents_first(file: str, segments: Any) -> Iterator[Any]:
    """Yield segments after their parents."""
    known: dict[int, Any] = {}
    below: dict[int, list[int]] = {}
    for each in segments:
        if int(each.id) in known:
            raise FileFormatError(f"{file}: two segments have the id {each.id}")
        known[int(each.id)] = each
        below.setdefault(_parent_of(each), []).append(int(each.id))
    waiting, done = below.get(-1, [])[::-1], 0
    while waiting:
        number = waiting.pop()
        yield known[number]
        done += 1
        waiting += below.get(number, [])[::-1]
    if done < len(known):
        lost = next(n for n, each in known.items() if not _has_root(n, known))
        raise FileFormatError(
            f"{file}: segment {lost} has a parent that is missing, or is its own ancestor"
        )


def _has_root(number: int, known: dict[int, Any]) -> bool:
    seen = set()
    while number in known and number not in seen:
        seen.add(number)
        number = _parent_of(known[number])
    return number == -1


def _members(group: Any, parents: dict[int, int]) -> set[int]:
    """Return the segments that a group names one by one, as paths or as subtrees."""
    own = {int(member.segments) for member in group.members}
    for path in group.paths:
        here = int(path.to.segments) if path.to is not None else -1
        stop = int(path.from_.segments) if path.from_ is not None else -1
        while here >= 0:
            own.add(here)
            here = parents.get(here, -1) if here != stop else -1
    for subtree in group.sub_trees:
        if subtree.from_ is not None:
            tops = {int(subtree.from_.segments)}
            for number, parent in parents.items():  # parents come first
                if parent in tops:
                    tops.add(number)
            own |= tops
    return own


def _regions(morphology: Any, parents: dict[int, int]) -> dict[int, str]:
    """Return the region of every segment that lies in a group."""
    groups = {group.id: group for group in morphology.segment_groups}
    members: dict[str, set[int]] = {}

    def of(name: str, above: tuple[str, ...] = ()) -> set[int]:
        if name not in members:
            group = groups.get(name)
            if group is None or name in above:
                return set()
            own = _members(group, parents)
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
