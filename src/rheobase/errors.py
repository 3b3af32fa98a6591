"""What can go wrong, in two trees: the user's model (`UserError`) and our bugs (`InternalError`).

Every message of a `UserError` says what is wrong, shows where the user wrote it, says what was
expected and what was given, and ends with a way to mend it.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable

_PACKAGE = __name__.partition(".")[0]

UNITS_PAGE = "docs/five-lines-about-units.md"

# How other tools and papers write the names of this library, in lower case and without
# underscores, so that V_th, v_th and Vth are one entry.
_OTHER_NAMES = {
    "E_L": "vrest urest erest el eleak vleak veq vl",
    "V_T": "vth vthresh vthreshold vthr vt ut uth threshold thresh theta vthreshhold",
    "V_r": "vreset vres vr ureset ereset reset",
    "tau_ref": "tref taurefrac taurefractory trefrac trefractory refractory taurp trp refperiod",
    "axial_resistivity": "ra ri rhoa rhoi raxial axialresistance axialresistivity",
    "C_m": "cm c cmem capacitance membranecapacitance",
    "g_L": "gl gleak gpas gl0 leakconductance",
    "tau_m": "taum tau taumem taumembrane membranetau",
    "tau_syn": "tausyn tausynapse tausynaptic taus tausynex",
    "Delta_T": "deltat deltath slopefactor",
    "I": "iext ie iinj iinput iapp istim iin current",
    "v": "vm u vmem voltage membranepotential",
    "t": "time",
    "g": "gbar gmax gpeak",
    "g_Na": "gnabar gnamax",
    "g_K": "gkbar gkmax",
    "temperature": "celsius temp temperatur",
    "max_length": "nseg ncomp dlambda cvlength cvpolicy dx",
    "diameter": "diam d",
}


class RheobaseError(Exception):
    """Anything this library raises on purpose."""


class UserError(RheobaseError):
    """Something in the user's model or call; the message says how to mend it.

    Parameters
    ----------
    what : str
        What is wrong, in one line.
    place : str, optional
        Where the user wrote it, as `point_at` draws it.
    expected, given : str, optional
        What should stand there, and what does.
    mend : str, optional
        How to mend it, best as a line to paste.
    """

    def __init__(
        self,
        what: str,
        *,
        place: str = "",
        expected: str = "",
        given: str = "",
        mend: str = "",
    ) -> None:
        lines = [what]
        if place:
            lines.append(place)
        if expected:
            lines.append(f"expected: {expected}")
        if given:
            lines.append(f"given: {given}")
        if mend:
            lines.append(mend)
        super().__init__("\n".join(lines))


class UnitError(UserError):
    """A quantity of the wrong dimension, a unit that is none, a unit that is missing.

    The message ends with the page of the documentation that explains units in five lines.
    """

    def __init__(
        self,
        what: str,
        *,
        place: str = "",
        expected: str = "",
        given: str = "",
        mend: str = "",
    ) -> None:
        pointer = f"Five lines about units: {UNITS_PAGE}"
        if not what.endswith(pointer):  # an unpickled message has its pointer already
            mend = f"{mend}\n{pointer}" if mend else pointer
        super().__init__(what, place=place, expected=expected, given=given, mend=mend)


class EquationError(UserError):
    """Text of a model that cannot be read, or does not make a model."""


class UnknownNameError(UserError):
    """A name that stands for nothing here."""


class ShapeError(UserError):
    """Sizes that do not match."""


class WiringError(UserError):
    """Populations, connections, inputs and recordings that do not go together."""


class FileFormatError(UserError):
    """A file that is not what it should be."""


class InternalError(RheobaseError):
    """A bug in Rheobase, not in the user's model. Please report it with the message."""


class RheobaseWarning(UserWarning):
    """Something allowed that is probably not meant."""


def warn(text: str) -> None:
    """Warn at the nearest line outside this library."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(text, RheobaseWarning, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


_KNOWN_AS = {
    other: ours for ours, others in _OTHER_NAMES.items() for other in others.split()
}  # fmt: skip


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that was probably meant by `name`, or None.

    In this order: a candidate that differs in case and underscores only, the name this library
    uses for what another tool calls `name` (if it is a candidate), one of the same letters in
    another order, the closest spelling.

    Parameters
    ----------
    name : str
        What was written.
    candidates : iterable of str
        What could have been written.
    """
    names = list(dict.fromkeys(candidates))
    plain = _plain(name)
    same = [candidate for candidate in names if _plain(candidate) == plain]
    if same:
        return same[0]
    ours = _KNOWN_AS.get(plain)
    if ours in names:
        return ours
    swapped = [c for c in names if sorted(_plain(c)) == sorted(plain)]
    if swapped:
        return swapped[0]
    spelled = {_plain(candidate): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(plain, list(spelled), n=1, cutoff=0.6)
    return spelled[close[0]] if close else None


def point_at(text: str, start: int, end: int, line_no: int | None = None) -> str:
    """Draw a caret under a place of a text.

    Parameters
    ----------
    text : str
        One line or several. Of several, the one that holds `start` is shown with its number.
    start, end : int
        The place, `text[start:end]`.
    line_no : int, optional
        The number of the first line of `text` where it was written; without one a single
        line is shown without a number.

    Returns
    -------
    str
        The line, indented, and under it as many carets as the place is long.
    """
    start = min(max(start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    number = text.count("\n", 0, line_start) + (line_no or 1)
    numbered = line_no is not None or "\n" in text.strip("\n")
    line = text[line_start:line_end].expandtabs(1)
    margin = len(line) - len(line.lstrip())
    head = f"  line {number}: " if numbered else "  "
    width = max(1, min(end, line_end) - start)
    indent = " " * (len(head) + start - line_start - margin)
    return f"{head}{line[margin:].rstrip()}\n{indent}{'^' * width}"
