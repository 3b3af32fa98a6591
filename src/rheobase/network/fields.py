"""Potentials outside cells, for `net.extracellular`: of a uniform field and of electrodes.

A field says which potential there is at a place for each unit of what makes it; how much of that
there is over time is a waveform, one of the currents of `rb.stimuli`. The medium around electrodes
is unlimited, ohmic and the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rheobase.cables.fields import line_sources
from rheobase.errors import ShapeError, UserError
from rheobase.network.draws import Floats
from rheobase.units import DIMENSIONLESS, UNITS, Dimension, Unit, parse_unit, to_si

CONDUCTIVITY = "0.3 siemens/metre"
"""Of gray matter, at the frequencies of action potentials."""

_METRE, _AMP = UNITS["um"].dimension, UNITS["uA"]
_PER_LENGTH = parse_unit("mV/mm")
_SIGMA = parse_unit("siemens/metre").dimension


@dataclass(frozen=True, eq=False)
class Field:
    """A potential in space, for each unit of what makes it.

    Attributes
    ----------
    unit : Unit
        Of the waveform that goes with it.
    """

    unit: ClassVar[Unit]

    def potential(self, places: Floats, radii: Floats) -> Floats:
        """Return the potential at places, by waveform: V for 1 V/m, or for 1 A.

        Parameters
        ----------
        places : ndarray, shape (n, 3)
            In metres.
        radii : ndarray, shape (n,)
            Of the cell there: no electrode is nearer to its axis.
        """
        raise UserError(f"{type(self).__name__} has no potential")

    @property
    def dimension(self) -> Dimension:
        """The dimension of its waveform."""
        return self.unit.dimension


@dataclass(frozen=True, eq=False)
class UniformField(Field):
    """See `uniform_field`."""

    unit: ClassVar[Unit] = _PER_LENGTH
    direction: Floats

    def potential(self, places: Floats, radii: Floats) -> Floats:
        """Return -E x, for E = 1 V/m."""
        return np.asarray(-(places @ self.direction))

    def __str__(self) -> str:
        return f"uniform_field({_written(self.direction)})"


@dataclass(frozen=True, eq=False)
class PointElectrode(Field):
    """See `point_electrode`."""

    unit: ClassVar[Unit] = _AMP
    position: Floats
    conductivity: float

    def potential(self, places: Floats, radii: Floats) -> Floats:
        """Return 1/(4 pi sigma r), the potential of 1 A."""
        r = np.maximum(np.linalg.norm(places - self.position, axis=1), radii)
        return np.asarray(1.0 / (4.0 * np.pi * self.conductivity * r))

    def __str__(self) -> str:
        return f"point_electrode({_written(self.position * 1e6)}*um{_medium(self.conductivity)})"


@dataclass(frozen=True, eq=False)
class LineElectrode(Field):
    """See `line_electrode`."""

    unit: ClassVar[Unit] = _AMP
    start: Floats
    end: Floats
    conductivity: float

    def potential(self, places: Floats, radii: Floats) -> Floats:
        """Return the potential of 1 A that leaves the line evenly."""
        return line_sources(
            self.start[None], self.end[None], radii[:, None], places, self.conductivity
        )[:, 0]

    def __str__(self) -> str:
        ends = f"{_written(self.start * 1e6)}*um, {_written(self.end * 1e6)}*um"
        return f"line_electrode({ends}{_medium(self.conductivity)})"


def uniform_field(direction: Any = (1, 0, 0)) -> UniformField:
    """A field of the same strength everywhere, along a direction.

    The potential is -E x along it, 0 at the origin. The waveform is E, in mV/mm or V/m: positive
    pushes positive charge along the direction, so that the end of a cell that lies there is
    depolarized.

    Parameters
    ----------
    direction : sequence of three numbers
        Of any length above 0.

    Returns
    -------
    UniformField
        For `net.extracellular`.

    Raises
    ------
    ShapeError
        If it has not three components, or no length.

    Examples
    --------
    >>> net.extracellular(cells, rb.stimuli.uniform_field([0, 1, 0]), rb.stimuli.step(5*mV/mm))
    """
    found = np.asarray(to_si(direction, DIMENSIONLESS, what="uniform_field: direction"))
    length = float(np.linalg.norm(found))
    if found.shape != (3,) or not 0.0 < length < np.inf:
        raise ShapeError(
            "uniform_field: the direction has three components, which are not all 0",
            given=str(direction),
            mend="write rb.stimuli.uniform_field([0, 1, 0])",
        )
    return UniformField(found / length)


def point_electrode(position: Any, conductivity: Any = CONDUCTIVITY) -> PointElectrode:
    """An electrode so small that it is a point; what it injects leaves at a distance.

    The potential of a current I is I/(4 pi sigma r) at the distance r. The waveform is I: negative
    (cathodal) depolarizes what is near.

    Parameters
    ----------
    position : quantity, shape (3,)
        Of the electrode, in the coordinates of the cells.
    conductivity : quantity
        sigma, of the medium; 0.3 S/m if not given.

    Returns
    -------
    PointElectrode
        For `net.extracellular`.

    Raises
    ------
    UnitError, ShapeError, UserError
        The position is no place, or the conductivity is not above 0.

    Examples
    --------
    >>> pulse = rb.stimuli.pulse_train(-50*uA, period=10*ms, width=0.2*ms)
    >>> net.extracellular(cells, rb.stimuli.point_electrode([0, 50, 0]*um), pulse)
    """
    paste = "rb.stimuli.point_electrode([0, 50, 0]*um)"
    place = _place(position, "point_electrode: position", paste)
    return PointElectrode(place, conductivity_si(conductivity, "point_electrode"))


def line_electrode(start: Any, end: Any, conductivity: Any = CONDUCTIVITY) -> LineElectrode:
    """A straight wire from which a current leaves evenly along its length.

    The potential is that of a line source (`rb.analysis.field_potential` has the formula). The
    waveform is the current of the whole wire.

    Parameters
    ----------
    start, end : quantity, shape (3,)
        Of the bare part of the wire.
    conductivity : quantity
        Of the medium; 0.3 S/m if not given.

    Returns
    -------
    LineElectrode
        For `net.extracellular`.

    Raises
    ------
    UnitError, ShapeError, UserError
        An end is no place, both are the same, or the conductivity is not above 0.

    Examples
    --------
    >>> wire = rb.stimuli.line_electrode([0, 50, 0]*um, [0, 250, 0]*um)
    >>> net.extracellular(cells, wire, rb.stimuli.step(-20*uA, start=1*ms, stop=1.2*ms))
    """
    paste = "rb.stimuli.line_electrode([0, 50, 0]*um, [0, 250, 0]*um)"
    first = _place(start, "line_electrode: start", paste)
    last = _place(end, "line_electrode: end", paste)
    if np.array_equal(first, last):
        raise UserError(
            "line_electrode: it ends where it starts",
            given=str(start),
            mend="write rb.stimuli.point_electrode(...), or give it a length",
        )
    return LineElectrode(first, last, conductivity_si(conductivity, "line_electrode"))


def conductivity_si(value: Any, call: str) -> float:
    """Read the conductivity of a medium, S/m."""
    paste = 'conductivity="0.3 siemens/metre"'
    sigma = to_si(value, _SIGMA, what=f"{call}: conductivity", paste=paste)
    if not isinstance(sigma, float) or not 0.0 < sigma < np.inf:
        raise UserError(
            f"{call}: the conductivity is one value above 0",
            given=str(value),
            mend=f"write {paste}",
        )
    return sigma


def places_si(value: Any, what: str, paste: str) -> Floats:
    """Read places in space, in metres, shape (n, 3); one alone is a row."""
    found = np.asarray(to_si(value, _METRE, what=what, paste=paste), np.float64)
    if found.ndim == 1:
        found = found[None]
    if found.ndim != 2 or found.shape[1] != 3 or not found.size or not np.isfinite(found).all():
        raise ShapeError(
            f"{what}: a place has three finite coordinates",
            expected="shape (n, 3) or (3,)",
            given=f"shape {np.shape(getattr(value, 'magnitude', value))}",
            mend=f"write {paste}",
        )
    return found


def _place(value: Any, what: str, paste: str) -> Floats:
    found = places_si(value, what, paste)
    if found.shape[0] != 1:
        raise ShapeError(
            f"{what} is one place",
            given=f"{found.shape[0]} places",
            mend=f"write {paste}; currents of several electrodes add: call net.extracellular for "
            "each",
        )
    return np.asarray(found[0], np.float64)


def _medium(conductivity: float) -> str:
    usual = to_si(CONDUCTIVITY, _SIGMA, what="conductivity")
    return "" if conductivity == usual else f', "{conductivity:.6g} siemens/metre"'


def _written(numbers: Floats) -> str:
    return "[" + ", ".join(f"{number:.6g}" for number in numbers) + "]"
