"""`Cell`: a morphology whose membrane is painted by region, divided into compartments."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from inspect import signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.painting import painted
from rheobase.cables.spiking import NEVER, Site, read_site
from rheobase.channels.membrane import Membrane
from rheobase.errors import ShapeError, UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.morphology import Compartments, Morphology, discretize
from rheobase.morphology.discretization import refuse_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats: TypeAlias = NDArray[np.float64]

METHODS = ("crank_nicolson", "backward_euler")
CROSSINGS = ("grid", "linear")
GEOMETRY = {"distance": "um", "diameter": "um"}
"""What a text of a value may read beside units: path from the soma's center, and diameter."""
_PATCHES: WeakKeyDictionary[Membrane, Model] = WeakKeyDictionary()
FIXED = ("area", "C_m")
"""Parameters that belong to the tree as it is solved."""


class Cell:
    """A morphology with membranes: what `net.add` makes populations of.

    Along the cell v follows the cable equation, C_m dv/dt = (d/(4 R_a)) d2v/dx2 - i_membrane +
    what is injected per area, as currents between the centers of neighboring compartments. Where
    branches meet, the currents add to 0.

    Cells do not change: ``cell(max_length=5*um)`` is another with other arguments, and
    ``cell(g_L=0.1*mS/cm**2)`` one with other values of the membrane.

    Parameters
    ----------
    morphology : Morphology
        Its shape.
    membrane : Membrane or dict of str to Membrane
        For all of it, or by region; every region has one.
    axial_resistivity : quantity or dict of str to quantity
        Of the cytoplasm, for all or by region; 100 ohm*cm if not given.
    max_length : quantity, `rb.morphology.d_lambda`, `per_section`, or dict of these by region
        The rule by which sections are divided: a maximum length, a fraction of the length
        constant at a frequency (d_lambda(0.1, frequency=100*Hz) if not given), or a number of
        compartments in each section, rb.morphology.per_section(5).
    parameters : dict, optional
        Other values of the membrane, for all regions that know the name (``{"g_Na": ...}``) or by
        region (``{"dendrite": {"g_Na": ...}}``). A value is a quantity, a text over `distance`
        (path from the soma's center) and `diameter`, such as
        "0.1*mS/cm**2*exp(-distance/(100*um))", or a function of the distance.
    spikes : str, tuple or None
        When the cell spikes: a condition on v in the middle of the soma, "v > -20*mV", which is
        also the default (at the beginning of the first section where there is no soma); with a
        place, ("axon", "v > 0*mV") or (dict(region="axon", fraction=0.5), "v > 0*mV"); None: it
        never does. A spike is an upward crossing.
    method : {"crank_nicolson", "backward_euler"}
        How the voltages are solved for: of second order, with two steps of backward Euler after
        jumps; or backward Euler in every step.
    crossing : {"grid", "linear"}
        "linear": a spike is placed inside its step, on the straight line between two voltages.
    name : str, optional
        What it is called; the name of the morphology if not given.

    Attributes
    ----------
    morphology : Morphology
    membranes : mapping of str to Membrane
        By region.
    compartments : Compartments
        What is solved for.

    Raises
    ------
    WiringError
        A region has no membrane.
    UnknownNameError
        A membrane or value is for a region or parameter there is none of.
    UnitError, UserError
        A value is of another dimension or is no value.

    Examples
    --------
    >>> import rheobase as rb
    >>> stick = rb.Morphology.cylinder(length="1000 um", diameter="1 um")
    >>> cell = rb.Cell(stick, rb.Membrane([rb.channels.Leak]), max_length="10 um")
    >>> len(cell.compartments)
    100
    """

    morphology: Morphology
    membranes: Mapping[str, Membrane]
    method: str
    crossing: str
    name: str
    axial_resistivity: Any
    max_length: Any
    spikes: Any
    parameters: Mapping[str, Any]

    def __init__(
        self,
        morphology: Morphology,
        membrane: Membrane | Mapping[str, Membrane] | None = None,
        *,
        axial_resistivity: Any = None,
        max_length: Any = None,
        parameters: Mapping[str, Any] | None = None,
        spikes: Any = "v > -20*mV",
        method: str = "crank_nicolson",
        crossing: str = "grid",
        name: str | None = None,
        **others: Any,
    ) -> None:
        for other in others:
            raise _no_argument(other)
        if not isinstance(morphology, Morphology):
            raise WiringError(
                "Cell: the first argument is no morphology",
                given=type(morphology).__name__,
                mend='write rb.Cell(rb.Morphology.from_swc("cell.swc"), membrane)',
            )
        _one_of(method, METHODS, "method")
        _one_of(crossing, CROSSINGS, "crossing")
        refuse_numbers(max_length)
        own = vars(self)
        own["morphology"] = morphology
        own["membranes"] = MappingProxyType(_by_region(morphology, membrane))
        own["axial_resistivity"], own["max_length"] = axial_resistivity, max_length
        own["method"], own["crossing"] = method, crossing
        own["name"] = morphology.name if name is None else str(name)
        own["spikes"] = spikes
        own["parameters"] = MappingProxyType(dict(parameters or {}))
        self._check_models()
        own["_painted"] = painted(self, self.parameters)
        own["_site"] = read_site(spikes, self)

    def __setattr__(self, attribute: str, value: Any) -> None:
        raise UserError(
            f"a Cell does not change: {attribute} cannot be set",
            mend="make another: cell(max_length=5*um), cell(g_Na=...); in a network, values are "
            "set as cells.g_Na = ...",
        )

    def __call__(self, **changes: Any) -> Cell:
        """Return a copy with other arguments, or other values of parameters of the membranes.

        Parameters
        ----------
        **changes
            Arguments of `Cell`, such as max_length: ``parameters=`` replaces all of them. Or
            parameters, such as g_Na, with values for the whole cell.

        Raises
        ------
        UnknownNameError, WiringError, UnitError, UserError
            As for `Cell`.
        """
        arguments = self._arguments
        known = {name for model in self.patches.values() for name in model.defaults}
        values = {k: v for k, v in changes.items() if k in known and k not in arguments}
        others = {k: v for k, v in changes.items() if k not in values}
        if "morphology" in others:  # what followed from the old one follows from the new one
            if self.name == self.morphology.name:
                arguments["name"] = None
            if len({id(m) for m in self.membranes.values()}) == 1:
                arguments["membrane"] = next(iter(self.membranes.values()))
        made = {**arguments, **others}
        if values:
            held = {k: v for k, v in dict(made["parameters"] or {}).items() if k not in values}
            made["parameters"] = {**held, **values}
        return Cell(**made)

    # -- parts ----------------------------------------------------------------------------

    @cached_property
    def compartments(self) -> Compartments:
        """The compartments, with their areas, places and conductances."""
        capacitance = {
            region: f"{membrane.defaults['C_m']!r} farad/metre**2"
            for region, membrane in self.membranes.items()
        }
        return discretize(
            self.morphology, self.max_length,
            axial_resistivity=self.axial_resistivity, capacitance=capacitance,
        )  # fmt: skip

    @cached_property
    def patches(self) -> Mapping[str, Model]:
        """The model of a compartment of each region."""
        return MappingProxyType({region: _patch(m) for region, m in self.membranes.items()})

    @property
    def site(self) -> Site:
        """Where spikes are looked for, and above which voltage."""
        found: Site = vars(self)["_site"]
        return found

    @property
    def threshold(self) -> float | None:
        """The voltage above which the cell spikes [V]; None: it never does."""
        return None if self.site.threshold == NEVER else self.site.threshold

    def values(self, name: str) -> Floats:
        """Return a parameter of every compartment in SI units, nan where there is none of it.

        Parameters
        ----------
        name : str
            Of a parameter of a membrane, such as g_Na.

        Raises
        ------
        UnknownNameError
            No membrane has it.
        """
        return self.node_values(name)[self.compartments.membrane]

    def node_values(self, name: str) -> Floats:
        """Return a parameter by node, as the arrays of `compartments` are: nan at junctions.

        Parameters
        ----------
        name : str
            Of a parameter of a membrane, such as g_Na.

        Raises
        ------
        UnknownNameError
            No membrane has it.
        """
        compartments = self.compartments
        found = np.full(compartments.nodes, np.nan)
        known: set[str] = set()
        for place, region in enumerate(compartments.regions):
            defaults = self.patches[region].defaults
            known |= {*defaults}
            if name in defaults:
                inside = (compartments.region == place) & ~compartments.is_junction
                found[inside] = float(defaults[name])
        if name == "area":
            return np.where(compartments.is_junction, np.nan, compartments.area)
        if name not in known:
            raise self._no_parameter(name, sorted(known))
        for nodes, numbers in self._painting.get(name, ()):
            found[nodes] = numbers
        return found

    @property
    def _painting(self) -> dict[str, list[tuple[Any, Any]]]:
        found: dict[str, list[tuple[Any, Any]]] = vars(self)["_painted"]
        return found

    def _no_parameter(self, name: str, known: list[str]) -> UnknownNameError:
        meant = did_you_mean(name, known)
        return UnknownNameError(
            f"Cell: no membrane has a parameter {name!r}"
            + (f"; did you mean {meant}?" if meant else ""),
            mend=f"there are: {', '.join(known)}",
        )

    def _check_models(self) -> None:
        """Refuse membranes in which one name has two dimensions."""
        seen: dict[str, tuple[str, Any]] = {}
        for region, model in self.patches.items():
            for name in model.names:
                unit = model.unit_of(name)
                other = seen.setdefault(name, (region, unit))
                if other[1].dimension != unit.dimension:
                    raise WiringError(
                        f"Cell: {name} is in {other[1].text} in {other[0]} and in {unit.text} in "
                        f"{region}",
                        mend="give one of the channels another name",
                    )

    # -- looking --------------------------------------------------------------------------

    def plot(self, values: Any = None, **options: Any) -> Axes:
        """Draw the cell in a plane, colored by region or by a value.

        Parameters
        ----------
        values : str, quantity or array, optional
            The name of a parameter ("g_Na", "C_m"), "distance" or "diameter"; or one value for
            every compartment, as recorded.
        **options
            As for `Morphology.plot`.

        Raises
        ------
        ShapeError
            There is not one value for each compartment.
        """
        if isinstance(values, str):
            options.setdefault("label", values)
            values = self._shown(values)
        elif values is not None:
            self._check_shown(values)
        return self.morphology.plot(values, compartments=self.compartments, **options)

    def _shown(self, name: str) -> Any:
        from rheobase.units import UNITS, quantity

        if name in GEOMETRY:
            held = self.compartments.path if name == "distance" else self.compartments.diameter
            return quantity(held[self.compartments.membrane], UNITS["um"])
        unit = next((m.unit_of(name) for m in self.patches.values() if name in m.names), None)
        held = self.values(name)
        assert unit is not None
        return quantity(held, unit)

    def _check_shown(self, values: Any) -> None:
        """Refuse values that are not one for each compartment, those of all nodes too."""
        shape = np.shape(getattr(values, "magnitude", values))
        size, nodes = self.compartments.size, self.compartments.nodes
        if shape and shape[-1] == size:
            return
        of_nodes = bool(shape) and shape[-1] == nodes
        raise ShapeError(
            f"Cell.plot: the values are not one for each compartment of {self.name}"
            + (": they are for all nodes, junctions too" if of_nodes else ""),
            expected=f"{size} values",
            given=f"shape {shape}",
            mend="write cell.plot(values[cell.compartments.membrane])" if of_nodes
            else 'write cell.plot("g_Na"), or cell.plot(row) with a row of a recording of v',
        )  # fmt: skip

    def describe(self) -> str:
        """Return its regions, membranes, compartments and where it spikes, as text."""
        compartments, membranes = self.compartments, self.membranes
        inside = compartments.membrane
        sections = len(self.morphology.sections)
        lines = [f"{self.name}: {_counted(inside.size)} in "
                 f"{sections} section{'s' * (sections > 1)}"]  # fmt: skip
        for place, region in enumerate(compartments.regions):
            nodes = inside[compartments.region[inside] == place]
            area = compartments.area[nodes].sum() * 1e12
            lines.append(
                f"  {region}: {_counted(nodes.size)} of up to "
                f"{compartments.length[nodes].max(initial=0.0) * 1e6:.4g} um, {area:.6g} um**2, "
                f"{membranes[region]!r}"
            )
        for name in self._painting:
            numbers = self.values(name)  # what was painted over, and what was not painted
            numbers = numbers[np.isfinite(numbers)]
            unit = next(m.unit_of(name) for m in self.patches.values() if name in m.names)
            low, high = unit.from_si(numbers.min()), unit.from_si(numbers.max())
            span = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
            lines.append(f"  {name}: {span}" + ("" if unit.text == "1" else f" {unit.text}"))
        lines.append(f"  {self.site.told(compartments)}")
        how = "Crank-Nicolson, damped after jumps" if self.method == METHODS[0] else (
            "backward Euler")  # fmt: skip
        lines.append(f"  solved by {how}; gates half a step beside the voltage")
        return "\n".join(lines)

    __str__ = describe

    def __repr__(self) -> str:
        regions = ", ".join(self.compartments.regions)
        return f"<Cell {self.name}: {_counted(self.compartments.membrane.size)} ({regions})>"

    def __copy__(self) -> Cell:
        return self

    def __deepcopy__(self, memo: Any) -> Cell:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self._arguments,)

    def __eq__(self, other: object) -> bool:
        """Whether another cell has the same shape, membranes, values, compartments and spikes."""
        if self is other or not isinstance(other, Cell):
            return self is other
        mine, theirs = ((c.name, c.method, c.crossing, c.site, c.morphology, dict(c.membranes))
                        for c in (self, other))  # fmt: skip
        return mine == theirs and all(
            np.array_equal(one, two, equal_nan=True)
            for one, two in zip(self._solved(), other._solved(), strict=True)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.method, self.morphology))

    def _solved(self) -> list[Any]:
        """Return the arrays that are solved with: the tree, and the values of each node."""
        names = sorted({name for model in self.patches.values() for name in model.defaults})
        tree = self.compartments
        return [np.array(tree.counts), tree.conductance_to_parent, *map(self.node_values, names)]

    @property
    def _arguments(self) -> dict[str, Any]:
        """What it was made of, by name."""
        return {
            "morphology": self.morphology, "membrane": dict(self.membranes),
            "axial_resistivity": self.axial_resistivity, "max_length": self.max_length,
            "parameters": dict(self.parameters), "spikes": self.spikes, "method": self.method,
            "crossing": self.crossing, "name": self.name,
        }  # fmt: skip


def _patch(membrane: Membrane) -> Model:
    """Return the model of a compartment of a membrane, made once: many cells share membranes."""
    if membrane not in _PATCHES:
        _PATCHES[membrane] = membrane.patch()
    return _PATCHES[membrane]


def _rebuilt(arguments: dict[str, Any]) -> Cell:
    return Cell(**arguments)


def _counted(count: int) -> str:
    return "1 compartment" if count == 1 else f"{count} compartments"


def _no_argument(name: str) -> UnknownNameError:
    """Return the error for an argument there is not."""
    known = [n for n in signature(Cell).parameters if n != "others"]
    meant = did_you_mean(name, [*known, "C_m"])
    return UnknownNameError(
        f"Cell: there is no argument {name!r}" + (f"; did you mean {meant}?" if meant else ""),
        mend=f"there are: {', '.join(known)}; values of the membrane go into parameters={{...}}",
    )


def _one_of(value: Any, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise WiringError(
            f"Cell: there is no {what} {value!r}",
            expected=" or ".join(f'{what}="{name}"' for name in known),
        )


def _by_region(morphology: Morphology, given: Any) -> dict[str, Membrane]:
    """Return the membrane of every region, or refuse what is missing or too much."""
    regions = morphology.regions
    if isinstance(given, Membrane):
        return dict.fromkeys(regions, given)
    if given is None:
        raise WiringError(
            "Cell: it has no membrane",
            expected=f"one for all of it, or one for each of: {', '.join(regions)}",
            mend="write rb.Cell(morphology, rb.Membrane([rb.channels.Leak]))",
        )
    if not isinstance(given, Mapping):
        raise WiringError(
            "Cell: this is no membrane",
            expected="an rb.Membrane, or a dict of them by region",
            given=repr(given) if len(repr(given)) < 60 else type(given).__name__,
            mend="write rb.Cell(morphology, rb.Membrane([rb.channels.Leak(...)]))",
        )
    for region, membrane in given.items():
        if region not in regions:
            meant = did_you_mean(str(region), regions)
            raise UnknownNameError(
                f"Cell: {morphology.name} has no region {region!r}"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend=f"its regions are: {', '.join(regions)}",
            )
        if not isinstance(membrane, Membrane):
            raise WiringError(
                f"Cell: what is given for {region!r} is no membrane",
                given=repr(membrane) if len(repr(membrane)) < 60 else type(membrane).__name__,
                mend="write rb.Membrane([rb.channels.Leak(...)])",
            )
    missing = [region for region in regions if region not in given]
    if missing:
        raise WiringError(
            f"Cell: {'region' if len(missing) == 1 else 'regions'} without a membrane: "
            f"{', '.join(missing)}",
            expected=f"one for each of: {', '.join(regions)}",
            given=", ".join(map(str, given)) or "none",
            mend=f'write {{..., "{missing[0]}": membrane}}, or one membrane for all',
        )
    return {region: given[region] for region in regions}
