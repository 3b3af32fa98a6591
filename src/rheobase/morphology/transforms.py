"""Morphologies moved, turned and scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rheobase.errors import UserError
from rheobase.morphology.frusta import Floats
from rheobase.morphology.sections import METRE, lengths_si
from rheobase.morphology.trees import Morphology
from rheobase.units import to_si


def moved(morphology: Morphology, by: Any) -> Morphology:
    """Return a morphology at another place: see `Morphology.moved`."""
    paste = "by=(100, 0, 0)*um"
    shift = lengths_si(by, "moved: by", paste)
    if shift.shape != (3,) or not np.isfinite(shift).all():
        raise UserError("moved: by is a way along x, y and z", given=str(by), mend=f"write {paste}")
    return _with_points(morphology, lambda points: points + shift)


def turned(morphology: Morphology, angle: Any, axis: Any) -> Morphology:
    """Return a morphology turned around its soma: see `Morphology.turned`."""
    radians = to_si(angle, METRE / METRE, what="turned: angle", paste="angle=np.pi/2")
    if not isinstance(radians, float) or not np.isfinite(radians):
        raise UserError("turned: angle is one angle in radians", given=str(angle),
                        mend="write np.pi/2, or np.radians(90)")  # fmt: skip
    about = np.asarray(
        {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}.get(axis, axis)
        if isinstance(axis, str)
        else axis
    )
    if about.dtype.kind not in "if" or about.shape != (3,) or not np.linalg.norm(about) > 0:
        raise UserError(
            "turned: axis is x, y, z or a direction of three numbers",
            given=repr(axis),
            mend='write axis="z" or axis=(0, 1, 1)',
        )
    x, y, z = about / np.linalg.norm(about)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])  # Rodrigues
    turn = np.eye(3) + np.sin(radians) * cross + (1 - np.cos(radians)) * cross @ cross
    center = _center(morphology)
    return _with_points(morphology, lambda points: (points - center) @ turn.T + center)


def scaled(morphology: Morphology, factor: float, diameters: float | None) -> Morphology:
    """Return a larger or smaller morphology: see `Morphology.scaled`."""
    wider = factor if diameters is None else diameters
    for name, value in (("factor", factor), ("diameters", wider)):
        if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)) or not (
            0 < value < np.inf
        ):  # fmt: skip
            raise UserError(
                f"scaled: {name} is a number above 0",
                given=str(value),
                mend="write cell.scaled(1.2), or cell.scaled(1, diameters=1.2)",
            )
    center = _center(morphology)
    larger = _with_points(morphology, lambda points: (points - center) * float(factor) + center)
    sections = [replace(s, radii=s.radii * float(wider)) for s in larger.sections]
    return replace(larger, sections=tuple(sections))


def _center(morphology: Morphology) -> Floats:
    """Return the middle of the soma, or the start of the root."""
    root = morphology.sections[0]
    return root.place(0.5) if root.region == "soma" else root.points[0]


def _with_points(morphology: Morphology, change: Any) -> Morphology:
    sections = [replace(s, points=change(s.points)) for s in morphology.sections]
    return replace(morphology, sections=tuple(sections))
