"""What a check of a function or of its backward pass found, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_SMALL = 1e-3
"""Where all entries are smaller they are taken for as large: 1 - a may have cancelled."""


@dataclass(frozen=True)
class PassReport:
    """What `rb.check.equal` or `rb.check.gradient` found; prints as text.

    Attributes
    ----------
    passed : bool
        Whether yours and ours agree on everything that was tried.
    text : str
        All of it.
    causes : tuple of str
        Why not: each was built into ours, which then did what yours does. Empty if none did.
    where : str
        What differs first: an entry such as "[0, 2]", "shape", or "error".
    yours, ours : float, tuple or None
        The values there; shapes if the shapes differ.
    trial : str
        The inputs with which it differs.
    """

    passed: bool
    text: str
    causes: tuple[str, ...] = ()
    where: str = ""
    yours: Any = None
    ours: Any = None
    trial: str = ""

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True)
class Mismatch:
    """The first difference between two arrays."""

    where: str
    yours: Any
    ours: Any


def same(yours: Any, ours: Any, tolerance: float) -> bool:
    """Whether two arrays agree: shapes, and entries up to a part of the largest of ours."""
    return mismatch(yours, ours, tolerance) is None


def mismatch(yours: Any, ours: Any, tolerance: float) -> Mismatch | None:
    """Return the first difference, in the order of memory; None if there is none."""
    a, b = np.asarray(yours), np.asarray(ours)
    if a.shape != b.shape:
        return Mismatch("shape", a.shape, b.shape)
    with np.errstate(all="ignore"):
        scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        near = np.abs(a - b) <= tolerance * max(float(scale), _SMALL)
        near |= (a == b) | (np.isnan(a) & np.isnan(b))
    if near.all():
        return None
    place = tuple(int(n) for n in np.unravel_index(int(np.argmin(near)), near.shape))
    return Mismatch(str(list(place)) if place else "the number", a[place].item(), b[place].item())


def number(value: Any) -> str:
    """Return a number or a shape as it is printed."""
    return f"{value:.8g}" if isinstance(value, float | int) else str(value)


def told(
    what: str, trial: str, found: Mismatch, causes: Sequence[str], ours: str, how: str = ""
) -> str:  # fmt: skip
    """Return the text of a report of a difference.

    Parameters
    ----------
    what : str
        The headline.
    trial : str
        The inputs.
    found : Mismatch
    causes : sequence of str
        What explains it.
    ours : str
        What the other side is called: "ours", "differences".
    how : str
        "together" if it takes all causes at once, "seen" if one was not built in but seen.
    """
    lines = [what, "", f"First difference: {trial}, {_place(found)}"]
    width = max(len("yours"), len(ours))
    lines.append(f"  {'yours':<{width}}  {number(found.yours)}")
    lines.append(f"  {ours:<{width}}  {number(found.ours)}")
    lines.append("")
    if not causes:
        lines.append("None of the mistakes that are known here explains it: each was built in, and "
                     "the result still differs from yours.")  # fmt: skip
    elif len(causes) == 1:
        lines.append(f"Cause: {causes[0]}.")
        lines += ["(With it built in, ours does what yours does.)"] * (how != "seen")
    elif how == "together":
        lines += ["Two causes together:", *(f"  - {cause}" for cause in causes)]
        lines.append("(With both built in, ours does what yours does.)")
    else:
        lines.append("One of these is the cause; in all that was tried they do the same:")
        lines += [f"  - {cause}" for cause in causes]
    return "\n".join(lines)


def _place(found: Mismatch) -> str:
    return "the shapes" if found.where == "shape" else f"entry {found.where}"
