"""`write_swc`: a morphology as an SWC file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence

import numpy as np

from rheobase.errors import FileFormatError
from rheobase.morphology.frusta import Floats, between
from rheobase.morphology.sections import REGIONS, Section
from rheobase.morphology.swc_text import file_at
from rheobase.morphology.trees import Morphology

_LABELS = {region: label for label, region in REGIONS.items()}


def write_swc(morphology: Morphology, path: str | os.PathLike[str]) -> None:
    """Write an SWC file, in micrometres, at once or not at all.

    A soma that is a cylinder as long as wide, which neurites leave in the middle, is written as
    one point. Regions with names of their own get a number from 5 on, and a comment
    ``label 5 is spine``, which `read_swc` reads.

    Parameters
    ----------
    morphology : Morphology
        What is written.
    path : path
        The file.
    """
    text = swc_text(morphology)
    file = file_at(path, "to_swc")
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise FileFormatError(
            f"{file.name}: cannot be written: {error.strerror}", given=str(file)
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def swc_text(morphology: Morphology) -> str:
    """Return the text of an SWC file."""
    labels = _labels(morphology.regions)
    writer = _Writer(morphology, labels)
    writer.run()
    named = [f"# label {n} is {region}" for region, n in labels.items() if _own_name(region)]
    head = [f"# {morphology.name}", "# id type x y z radius parent, in micrometres", *named]
    return "\n".join([*head, *writer.lines]) + "\n"


def _own_name(region: str) -> bool:
    return region not in _LABELS and _custom(region) is None


def _custom(region: str) -> int | None:
    number = region.removeprefix("custom_")
    return int(number) if region.startswith("custom_") and number.isdecimal() else None


def _labels(regions: Sequence[str]) -> dict[str, int]:
    """Return the number of every region."""
    labels: dict[str, int] = {}
    for region in regions:
        custom = _custom(region)
        number = _LABELS.get(region, custom)
        if number is not None:
            labels[region] = number
    free = 5
    for region in regions:
        if region not in labels:
            while free in labels.values():
                free += 1
            labels[region] = free
    return labels


class _Writer:
    """Writes the points, section by section."""

    def __init__(self, morphology: Morphology, labels: dict[str, int]) -> None:
        self.morphology, self.labels = morphology, labels
        self.lines: list[str] = []
        self.ids: list[dict[float, int]] = []  # of the points others leave, by fraction

    def run(self) -> None:
        """Write all sections."""
        for k, section in enumerate(self.morphology.sections):
            left = {
                self.morphology.sections[c].parent_fraction for c in self.morphology.children[k]
            }
            if k == 0 and self._is_sphere(section, left):
                middle, width = section.place(0.5), section.radii[0]
                self.ids.append(dict.fromkeys((0.0, 0.5, 1.0), self._point(0, middle, width, -1)))
            else:
                self._section(k, section, left)

    def _is_sphere(self, section: Section, left: set[float]) -> bool:
        straight = len(section.radii) == 2 and section.radii[0] == section.radii[1]
        long = abs(section.length / (2 * section.radii[0]) - 1) < 1e-9
        below = [self.morphology.sections[c].region for c in self.morphology.children[0]]
        alone = "soma" not in below and left <= {0.5}
        return section.region == "soma" and straight and long and alone

    def _section(self, k: int, section: Section, left: set[float]) -> None:
        points, radii, fractions = _with_places(section, left)
        parent = -1
        if k:
            parent = self.ids[section.parent][section.parent_fraction]
            owner = self.morphology.sections[section.parent]
            place = owner.place(section.parent_fraction)
            width = owner.profile.radius(np.array([section.parent_fraction * owner.length]))[0]
            # what leaves a soma is read with a width of its own, and begins with its own point
            own = owner.region == "soma" != section.region
            near = np.allclose(points[0], place, rtol=0, atol=1e-15)
            if near and np.isclose(width, radii[0], rtol=1e-9, atol=0) and not own:
                points, radii, fractions = points[1:], radii[1:], fractions[1:]
        found: dict[float, int] = {}
        for point, radius, fraction in zip(points, radii, fractions, strict=True):
            parent = self._point(k, point, radius, parent)
            found[float(fraction)] = parent
        self.ids.append(found)

    def _point(self, k: int, point: Floats, radius: float, parent: int) -> int:
        number = len(self.lines) + 1
        label = self.labels[self.morphology.sections[k].region]
        x, y, z, r = (f"{value * 1e6:.12g}" for value in (*point, radius))
        self.lines.append(f"{number} {label} {x} {y} {z} {r} {parent}")
        return number


def _with_places(section: Section, left: set[float]) -> tuple[Floats, Floats, Floats]:
    """Return the points of a section, with those that others leave put in between."""
    fractions = section.positions / section.length
    fractions[-1] = 1.0
    added = np.array([f for f in sorted(left) if not (fractions == f).any()])
    if not len(added):
        return section.points, section.radii, fractions
    places = added * section.length
    fractions = np.concatenate([fractions, added])
    order = np.argsort(fractions, kind="stable")
    points = np.concatenate([section.points, between(section.points, section.positions, places)])
    radii = np.concatenate([section.radii, section.profile.radius(places)])
    return points[order], radii[order], fractions[order]
