"""Division of a morphology into compartments: rules for how many, and the exact integrals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import ShapeError, UnitError, UserError
from rheobase.morphology.compartments import Compartments
from rheobase.morphology.frusta import Floats, between
from rheobase.morphology.sections import METRE, Section, length_si
from rheobase.morphology.trees import Morphology
from rheobase.units import Dimension, parse_unit, quantity, to_si
from rheobase.units.dimensions import AREA, FARAD, HERTZ, OHM

_RESISTIVITY = OHM * METRE
_CAPACITANCE = FARAD / AREA
_MOST = 10_000_000  # compartments of one morphology


@dataclass(frozen=True)
class DLambda:
    """At most a fraction of the length constant at a frequency: see `d_lambda`.

    Attributes
    ----------
    fraction : float
        Of the length constant.
    frequency : float
        Hz.
    """

    fraction: float
    frequency: float

    def count(self, section: Section, resistivity: float, capacitance: float) -> int:
        """Return the number of compartments of a section, an odd one."""
        spans = section.length / self.length_constant(section, resistivity, capacitance)
        return int((spans / self.fraction + 0.9) / 2) * 2 + 1

    def length_constant(self, section: Section, resistivity: float, capacitance: float) -> float:
        """Return the length constant of a section at the frequency, m.

        `L / integral of dx/lambda_f`, with the mean diameter of each frustum.
        """
        per_root = np.sqrt(4 * np.pi * self.frequency * resistivity * capacitance)
        return section.length / float(section.profile.root[-1] * per_root)

    def __repr__(self) -> str:
        return f"rb.morphology.d_lambda({self.fraction:g}, frequency={self.frequency:g}*Hz)"


@dataclass(frozen=True)
class MaxLength:
    """At most a length, m."""

    length: float

    def count(self, section: Section, resistivity: float, capacitance: float) -> int:
        """Return the number of compartments of a section."""
        return max(1, int(np.ceil(section.length / self.length * (1 - 1e-9))))

    def __repr__(self) -> str:
        return f"{self.length * 1e6:g}*um"


@dataclass(frozen=True)
class Count:
    """A number of compartments for every section: see `per_section`."""

    number: int

    def count(self, section: Section, resistivity: float, capacitance: float) -> int:
        """Return that number."""
        return self.number

    def __repr__(self) -> str:
        return f"rb.morphology.per_section({self.number})"


Rule: TypeAlias = DLambda | MaxLength | Count


def d_lambda(fraction: float = 0.1, frequency: Any = None) -> DLambda:
    """Compartments no longer than a fraction of the frequency-dependent length constant.

    `lambda_f = sqrt(d/(4 pi f R_a C_m))` is the length constant at a frequency f so high that
    the membrane's current is capacitive; for tapering sections it is averaged as NEURON's
    `lambda_f` does. The number of compartments is NEURON's, `int((L/(fraction lambda_f) + 0.9)/2)*2
    + 1`: the smallest odd one, but for a tenth. Odd, so that one has its center in the middle of
    the section.

    Parameters
    ----------
    fraction : float
        Of the length constant.
    frequency : quantity, optional
        100 Hz if not given.

    Source: M. L. Hines, N. T. Carnevale (2001), "NEURON: a tool for neuroscientists".
    """
    paste = "rb.morphology.d_lambda(0.1, frequency=100*Hz)"
    if not isinstance(fraction, (int, float)) or not 0 < fraction < np.inf:
        raise UserError(
            "d_lambda: not a fraction of the length constant",
            expected="a number above 0, such as 0.1",
            given=repr(fraction),
            mend=f"write {paste}",
        )
    given = to_si("100 Hz" if frequency is None else frequency, HERTZ,
                  what="d_lambda: frequency", paste=paste)  # fmt: skip
    if not isinstance(given, float) or not 0 < given < np.inf:
        raise UserError("d_lambda: frequency is above 0", given=str(frequency), mend=paste)
    return DLambda(float(fraction), given)


def per_section(number: Any) -> Any:
    """A number of compartments in each section: for `max_length` of a cell.

    Parameters
    ----------
    number : int, or sequence of int
        For every section; a sequence has one for each, in order.

    Returns
    -------
    rule, or tuple of rules
        For ``rb.Cell(..., max_length=)``, where a number alone could be meant as a length.

    Raises
    ------
    UserError
        If a number is no integer, or below 1.
    """
    if isinstance(number, (list, tuple, np.ndarray)):
        return tuple(per_section(one) for one in number)
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise UserError(
            "per_section: not a whole number of compartments", given=repr(number),
            mend="write rb.morphology.per_section(5)",
        )  # fmt: skip
    return as_rule(number)


def refuse_numbers(rule: Any) -> None:
    """Refuse a number alone as `max_length`: it is no length."""
    if isinstance(rule, Mapping):
        for one in rule.values():
            refuse_numbers(one)
    elif isinstance(rule, (list, tuple)):
        for one in rule:
            refuse_numbers(one)
    elif isinstance(rule, (int, float, np.number, np.ndarray)):
        raise UnitError(
            "Cell: max_length is a length, and a number has no unit",
            given=repr(rule),
            mend=f"write max_length={rule}*um; for so many compartments in each section, "
            f"max_length=rb.morphology.per_section({rule})",
        )


def as_rule(value: Any) -> Rule:
    """Read a rule: a length, `d_lambda(...)`, a number of compartments."""
    if value is None:
        return DLambda(0.1, 100.0)
    if isinstance(value, (DLambda, MaxLength, Count)):
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if value < 1:
            raise UserError("a section has at least one compartment", given=str(value))
        return Count(int(value))
    return MaxLength(
        length_si(value, "max_length", "max_length=10*um, or rb.morphology.d_lambda(0.1)")
    )


def discretize(
    morphology: Morphology,
    rule: Any = None,
    *,
    axial_resistivity: Any = None,
    capacitance: Any = None,
) -> Compartments:
    """Divide every section into compartments of equal length.

    Area, volume and axial resistance are the exact integrals over the frusta, also where a section
    tapers within a compartment: the conductance between two neighbors is one over the integral
    of `R_a dx/(pi r**2)` from center to center. Where branches meet at the end of a section stands
    a node without area, a junction; a section that is alone there is connected directly. What
    leaves the inside of a section (neurites the middle of a soma) is connected to the center of the
    compartment that holds the place. All this is as NEURON does it: equal numbers of compartments
    give equal compartments.

    Parameters
    ----------
    morphology : Morphology
        What is divided.
    rule : quantity, DLambda, int, or dict or sequence of these, optional
        A maximum length, `d_lambda(...)`, or a number of compartments for every section; by
        region if a dict, by section if a sequence. ``d_lambda(0.1, frequency=100*Hz)`` if not
        given. By maximum length, sections that others leave in the middle get an odd number.
    axial_resistivity : quantity or dict of quantities, optional
        For all or by region; 100 ohm*cm if not given.
    capacitance : quantity or dict of quantities, optional
        Of the membrane per area, for all or by region, which `d_lambda` needs; 1 uF/cm**2 if not
        given.

    Returns
    -------
    Compartments
    """
    resistivity = _by_region(
        morphology, axial_resistivity, "100 ohm*cm", _RESISTIVITY, "axial_resistivity"
    )
    farads = _by_region(morphology, capacitance, "1 uF/cm**2", _CAPACITANCE, "capacitance")
    counts = compartment_counts(morphology, rule, resistivity, farads)
    return _Division(morphology, counts, resistivity).compartments()


def compartment_counts(
    morphology: Morphology, rule: Any, resistivity: Floats, capacitance: Floats
) -> tuple[int, ...]:
    """Return the number of compartments of every section."""
    sections = morphology.sections
    if isinstance(rule, Mapping):
        for region in rule:
            morphology.sections_of(region)
        by_region = {region: as_rule(rule.get(region)) for region in morphology.regions}
        rules = [by_region[section.region] for section in sections]
    elif isinstance(rule, (list, tuple, np.ndarray)):
        if len(rule) != len(sections):
            raise ShapeError(
                "one rule for every section",
                expected=f"{len(sections)} numbers of compartments",
                given=str(len(rule)),
            )
        rules = [as_rule(one) for one in rule]
    else:
        rules = [as_rule(rule)] * len(sections)
    counts = [
        each.count(section, float(resistivity[k]), float(capacitance[k]))
        for k, (each, section) in enumerate(zip(rules, sections, strict=True))
    ]
    for section in sections[1:]:
        parent = section.parent
        inside = 0.0 < section.parent_fraction < 1.0
        if inside and isinstance(rules[parent], MaxLength) and counts[parent] % 2 == 0:
            counts[parent] += 1
    if sum(counts) > _MOST:
        raise UserError(
            f"{sum(counts)} compartments are more than a cell can have",
            mend="choose a larger max_length",
        )
    return tuple(counts)


def _by_region(
    morphology: Morphology, value: Any, default: str, dimension: Dimension, what: str
) -> Floats:
    """Return a value of every section, from one for all or one by region."""
    unit = default.split(" ", 1)[1]
    paste = f"{what}={default.replace(' ', '*')}"
    given = value if isinstance(value, Mapping) else dict.fromkeys(morphology.regions, value)
    found = {}
    for region, one in given.items():
        morphology.sections_of(region)
        si = to_si(default if one is None else one, dimension, what=what, paste=paste)
        if not isinstance(si, float) or not 0.0 < si < np.inf:
            raise UserError(
                f"{what} is not a positive value",
                given=str(one),
                mend=f"write {paste}",
            )
        found[region] = si
    missing = [region for region in morphology.regions if region not in found]
    if missing:
        raise UserError(
            f"{what} says nothing of the region {missing[0]}",
            given=", ".join(map(str, given)),
            mend=f"write {what}={{..., {missing[0]!r}: {default.split()[0]}*{unit}}}",
        )
    return np.array([found[section.region] for section in morphology.sections])


class _Division:
    """Makes the arrays of `Compartments`, section by section."""

    def __init__(self, morphology: Morphology, counts: Sequence[int], resistivity: Floats) -> None:
        self.morphology, self.counts, self.resistivity = morphology, tuple(counts), resistivity
        count = len(counts)
        self.first = np.zeros(count, dtype=np.int64)  # node of each section's first compartment
        self.end_node = np.full(count, -1, dtype=np.int64)  # junctions
        self.start_node = -1  # junction at the start of the root
        self.start_ohm, self.end_ohm = np.zeros(count), np.zeros(count)  # from the outer centers
        self.rows: dict[str, list[Floats]] = {}
        self.nodes = 0
        at_start = [s for s in morphology.sections[1:] if not s.parent and s.parent_fraction == 0]
        self.branches_at_start = len(at_start) > 1

    def compartments(self) -> Compartments:
        for k in range(len(self.counts)):
            self._section(k)
        columns = {name: np.concatenate(parts) for name, parts in self.rows.items()}
        for name in ("parent", "region", "section"):
            columns[name] = columns[name].astype(np.int32)
        held: dict[str, Any] = dict(columns)
        return Compartments(
            morphology=self.morphology, counts=self.counts, first=self.first, **held
        )

    def _section(self, k: int) -> None:
        section, n = self.morphology.sections[k], self.counts[k]
        halves = section.length * np.arange(2 * n + 1) / (2 * n)
        edges, centers = halves[::2], halves[1::2]
        area, diameter, volume = section.profile.parts(edges)
        ohms = section.profile.resistance_to(centers) * self.resistivity[k]
        self.start_ohm[k] = ohms[0]
        self.end_ohm[k] = section.resistance * self.resistivity[k] - ohms[-1]
        self.first[k] = self.nodes
        parents = np.arange(self.nodes - 1, self.nodes + n - 1)
        conductances = np.zeros(n)
        conductances[1:] = 1.0 / (ohms[1:] - ohms[:-1])
        parents[0], conductances[0] = self._attachment(k)
        places = between(section.points, section.positions, halves)
        self._add(
            k,
            parent=parents,
            conductance_to_parent=conductances,
            area=area,
            volume=volume,
            diameter=diameter,
            length=np.full(n, section.length / n),
            fraction=(np.arange(n) + 0.5) / n,
            position=places[1::2],
            start=places[:-1:2],
            end=places[2::2],
        )
        if k == 0 and self.branches_at_start:
            self.start_node = self.nodes
            self._junction(0, 0.0, int(self.first[0]), self.start_ohm[0])
        if len(self.morphology.leaving_end[k]) > 1:
            last = int(self.first[k]) + n - 1
            self.end_node[k] = self.nodes
            self._junction(k, 1.0, last, self.end_ohm[k])

    def _attachment(self, k: int) -> tuple[int, float]:
        """Return the node a section's first compartment is connected to, and the conductance."""
        section = self.morphology.sections[k]
        if k == 0:
            return -1, 0.0
        p, at = section.parent, section.parent_fraction
        first, n = int(self.first[p]), self.counts[p]
        if at == 1.0:
            if self.end_node[p] >= 0:
                return int(self.end_node[p]), 1.0 / self.start_ohm[k]
            return first + n - 1, 1.0 / (self.end_ohm[p] + self.start_ohm[k])
        if at == 0.0:
            if self.start_node >= 0:
                return self.start_node, 1.0 / self.start_ohm[k]
            return first, 1.0 / (self.start_ohm[p] + self.start_ohm[k])
        return first + min(int(at * n + 1e-9), n - 1), 1.0 / self.start_ohm[k]

    def _junction(self, k: int, at: float, parent: int, ohm: float) -> None:
        section = self.morphology.sections[k]
        where = section.place(at)[None]
        self._add(
            k,
            parent=np.array([parent]),
            conductance_to_parent=np.array([1.0 / ohm]),
            area=np.zeros(1),
            volume=np.zeros(1),
            diameter=2 * section.radii[[-1 if at else 0]],
            length=np.zeros(1),
            fraction=np.array([at]),
            position=where,
            start=where,
            end=where,
        )

    def _add(self, k: int, **columns: Any) -> None:
        n = len(columns["parent"])
        region = self.morphology.regions.index(self.morphology.sections[k].region)
        columns["region"], columns["section"] = np.full(n, region), np.full(n, k)
        columns["path"] = self.morphology.path_at(k, columns["fraction"])
        for name, column in columns.items():
            self.rows.setdefault(name, []).append(column)
        self.nodes += n


def length_constant(diameter: Any, axial_resistivity: Any, capacitance: Any, frequency: Any) -> Any:
    """Return the length constant at a frequency, `sqrt(d/(4 pi f R_a C_m))`, as a quantity.

    Parameters
    ----------
    diameter, axial_resistivity, capacitance, frequency : quantity
        Of a cylinder, and of the frequency.
    """
    paste = "rb.morphology.length_constant(1*um, 100*ohm*cm, 1*uF/cm**2, 100*Hz)"
    d = to_si(diameter, METRE, what="diameter", paste=paste)
    ra = to_si(axial_resistivity, _RESISTIVITY, what="axial_resistivity", paste=paste)
    cm = to_si(capacitance, _CAPACITANCE, what="capacitance", paste=paste)
    f = to_si(frequency, HERTZ, what="frequency", paste=paste)
    return quantity(np.sqrt(d / (4 * np.pi * f * ra * cm)), parse_unit("um"))
