"""Potentials outside cells with a morphology, from what was recorded inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.fields import line_sources
from rheobase.errors import ShapeError, UserError, WiringError
from rheobase.network.fields import CONDUCTIVITY, conductivity_si, places_si
from rheobase.results import Result
from rheobase.simulation.cable_fields import axial_currents, centers, in_space, radii
from rheobase.simulation.cable_population import Branched, Sites
from rheobase.synapses.gap_junctions import GapJunction
from rheobase.units import UNITS, parse_unit

if TYPE_CHECKING:
    import xarray as xr

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

SOURCES = ("line", "point")
_CALL = "rb.analysis.field_potential"


def field_potential(traces: Any, cells: Any, electrodes: Any, conductivity: Any = CONDUCTIVITY,
                    *, sources: str = "line") -> xr.DataArray:  # fmt: skip
    """Return the potential outside that the membrane currents of cells make at electrodes.

    In a medium that is unlimited, ohmic and the same everywhere, the currents out of all
    compartments add up,

        phi = sum_k I_k/(4 pi sigma l_k) (asinh((h_k + l_k)/r_k) - asinh(h_k/r_k)),

    each compartment a straight line of the length l_k from which its current I_k leaves evenly;
    h_k is how far the electrode lies behind its end, along it, and r_k how far from its axis (no
    nearer than its radius). Compartments of the region "soma" are spheres, with the potential
    I/(4 pi sigma r) around the center. I_k is that of `membrane_currents`.

    Parameters
    ----------
    traces, cells
        As for `membrane_currents`. The cells lie where their morphology and the positions of
        their population say.
    electrodes : quantity, shape (electrodes, 3) or (3,)
        Places.
    conductivity : quantity
        sigma; 0.3 S/m if not given.
    sources : {"line", "point"}
        "point": all compartments are points in their middle, good at a distance.

    Returns
    -------
    xarray.DataArray, shape (times, electrodes)
        In uV, against a ground far away; coordinates "time" [s], and "x", "y", "z" [m] of the
        electrodes. Potentials of several populations add. What a stimulating electrode itself
        makes, `net.extracellular`, is not in it.

    Raises
    ------
    WiringError, UserError, ShapeError, UnitError
        As for `membrane_currents`; or a place or the conductivity is none.

    Source: G. R. Holt and C. Koch, Journal of Computational Neuroscience 6 (1999) 169-184.

    Examples
    --------
    >>> net.record(cells, "v", "I")
    >>> result = net.run(50*ms)
    >>> phi = rb.analysis.field_potential(result, cells, [[0, 50, 0], [0, 100, 0]]*um)
    """
    import xarray as xr

    places = places_si(electrodes, f"{_CALL}: electrodes", "electrodes=[[0, 50, 0]]*um")
    sigma = conductivity_si(conductivity, _CALL)
    if sources not in SOURCES:
        raise UserError(
            f"{_CALL}: there are no sources {sources!r}",
            expected=" or ".join(f'sources="{name}"' for name in SOURCES),
        )
    several = isinstance(cells, (list, tuple))
    held: _Recorded | None = None
    total: Floats | None = None
    for some in cells if several else [cells]:
        recorded = _recorded(traces, some, _CALL)
        found = recorded.potential(_resistances(recorded.sites, places, sigma, sources))
        if held is None or total is None:
            held, total = recorded, found
            continue
        if not np.array_equal(held.times, recorded.times):
            raise ShapeError(
                f"{_CALL}: {held.cells.name!r} and {recorded.cells.name!r} were recorded at "
                "different times",
                mend="record them with the same `every`",
            )
        total = total + found
    if held is None or total is None:
        raise WiringError(f"{_CALL}: no cells are given", mend=f"write {_CALL}(result, cells, ...)")
    axes = {name: ("electrode", places[:, k], {"units": "m"}) for k, name in enumerate("xyz")}
    return xr.DataArray(
        UNITS["uV"].from_si(total),
        {"time": ("time", held.times, {"units": "s"}), **axes},
        ("time", "electrode"), name="potential", attrs={"units": "uV", "sources": sources},
    )  # fmt: skip


def membrane_currents(traces: Any, cells: Any) -> xr.DataArray:
    """Return the current that leaves every compartment through its membrane, over time.

    It is what flows in from the neighbors, sum_j g_kj (v_j - v_k) at the recorded voltages, and
    what is injected from outside: by `net.inject`, by electrodes, through gap junctions. Synaptic,
    ionic and capacitive currents are all in it; so is what a potential outside drives along the
    cell. Over a cell into which nothing is injected it adds up to 0.

    Parameters
    ----------
    traces : Result, or Dataset of its traces
        With v of all compartments, ``net.record(cells, "v")``; and, at the same times, with
        everything that is injected: ``net.record(cells, "v", "I")`` of `net.inject` and
        `net.extracellular`, and the currents of electrodes and gap junctions by their names.
    cells
        A population of cells with a morphology, or some of its cells.

    Returns
    -------
    xarray.DataArray, shape (times, compartments)
        In nA, outward positive; coordinates as of the traces of compartments.

    Raises
    ------
    WiringError, UserError, ShapeError
        These are no such cells, or something that is needed was not recorded.
    """
    import xarray as xr

    recorded = _recorded(traces, cells, "rb.analysis.membrane_currents")
    sites = recorded.sites
    found = axial_currents(recorded.cells, recorded.v) + recorded.injected
    where = {name: ("site", values) for name, values in sites.coordinates().items()}
    return xr.DataArray(
        UNITS["nA"].from_si(found),
        {"time": ("time", recorded.times, {"units": "s"}), "site": sites.indices, **where},
        ("time", "site"), name="membrane_current", attrs={"units": "nA"},
    )  # fmt: skip


def _resistances(sites: Sites, places: Floats, sigma: float, sources: str) -> Floats:
    """Return the potential at places of 1 A from each compartment, shape (places, sites)."""
    start = in_space(sites, lambda cell: cell.compartments.start)
    end = in_space(sites, lambda cell: cell.compartments.end)
    point = (sites.region == "soma") | (sources == "point")
    middle = centers(sites)[point]
    start[point], end[point] = middle, middle
    return line_sources(start, end, radii(sites), places, sigma)


# -- what was recorded ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Recorded:
    """Voltages and injected currents of all compartments of some cells, (times, sites), SI."""

    cells: Branched
    sites: Sites
    times: Floats
    v: Floats
    injected: Floats

    def potential(self, resistances: Floats) -> Floats:
        """Return the potential at places, shape (times, places) [V].

        Axial conductances are symmetric, so that they may act on the resistances, which are few,
        instead of the voltages.
        """
        along = axial_currents(self.cells, resistances)
        # what all compartments have in common drives nothing, and would cost digits
        return np.asarray((self.v - self.v[:, :1]) @ along.T + self.injected @ resistances.T)


def _recorded(traces: Any, cells: Any, call: str) -> _Recorded:
    if not isinstance(cells, Branched):
        raise WiringError(
            f"{call}: potentials outside are those of whole cells with a morphology",
            given=repr(cells) if len(repr(cells)) < 80 else type(cells).__name__,
            mend="give what net.add(rb.Cell(...)) returned, or some of its cells",
        )
    name, sites = cells.population.name, cells.everywhere
    found = _datasets(traces, name, call)
    first = next((one for one in found if "v" in one.data_vars), None)
    if first is None:
        raise WiringError(
            f"{call}: v of {name!r} is not in the recordings",
            mend=f'write net.record({cells._written}, "v", "I") before the run',
        )
    times = np.asarray(first["time"].values)
    found = [one for one in found if np.array_equal(one["time"].values, times)]
    v = _values(found, "v", sites.indices)
    if np.isnan(v).any():
        missing = int(np.isnan(v).any(axis=0).sum())
        raise WiringError(
            f"{call}: {missing} of {sites.size} compartments of {cells._written} have no v in the "
            "recordings",
            mend=f'write net.record({cells._written}, "v", "I") before the run',
        )
    injected = np.zeros_like(v)
    column = np.full(sites._cable.size, -1)
    column[sites.indices] = np.arange(sites.size)
    for variable, where in _injected(cells, sites, call):
        held = _values(found, variable, where)
        if np.isnan(held).any():
            raise _not_recorded(cells, variable, len(where) == sites.size, call)
        injected[:, column[where]] += held
    return _Recorded(cells, sites, times, v, injected)


def _datasets(traces: Any, name: str, call: str) -> list[Any]:
    """Return the recordings of compartments of a population."""
    if isinstance(traces, Result):
        given: Sequence[Any] = [traces.traces[entry] for entry in traces.traces]
    else:
        given = traces if isinstance(traces, (list, tuple)) else [traces]
    for one in given:
        if not hasattr(one, "data_vars"):
            raise WiringError(
                f"{call}: this is no recording",
                expected='a Result, or result.traces["cells"]',
                given=type(one).__name__,
                mend=f"write {call}(result, cells, ...)",
            )
    return [one for one in given if one.attrs.get("population") == name and "site" in one.dims]


def _values(found: Sequence[Any], variable: str, where: Ints) -> Floats:
    """Return a variable at sites, shape (times, sites), SI; nan where it was not recorded."""
    size = found[0]["time"].size
    whole = np.full((size, where.size), np.nan)
    for one in found:
        if variable not in one.data_vars:
            continue
        values, sites = one[variable], one["site"].values
        order = np.argsort(sites, kind="stable")
        place = np.minimum(np.searchsorted(sites[order], where), sites.size - 1)
        there = sites[order][place] == where
        unit = parse_unit(values.attrs["units"])
        whole[:, there] = unit.to_si(values.values[:, order[place[there]]])
    return whole


def _injected(cells: Branched, sites: Sites, call: str) -> list[tuple[str, Ints]]:
    """Return which variables hold what is injected into cells, and at which sites."""
    population: Any = cells.population
    told, cable = population._told, population._cable_of
    found = []
    if any(clamp.variable == "v" and _of(clamp.cells, population, sites).size
           for clamp in told.clamps):  # fmt: skip
        raise UserError(
            f"{call}: the current of an ideal voltage clamp is not known, and it flows through "
            f"the membranes of {cells._written}",
            mend="hold the voltage with net.voltage_clamp(..., series_resistance=1*Mohm), and "
            "record its current",
        )
    into = [_of(one.cells, population, sites) for one in told.injections if one.to == "I"]
    if any(one.size for one in into):
        found.append(("I", np.unique(np.concatenate(into))))
    for part in cable.points:
        synapse = cable.placed.get(part)
        where = np.intersect1d(part.sites, sites.indices)
        if where.size and (synapse is None or isinstance(synapse, GapJunction)):
            found.append((part.current, where))
    return found


def _of(places: Any, population: Any, sites: Sites) -> Ints:
    """Return which of the sites are among places that something acts on."""
    if not isinstance(places, Sites) or places._owner is not population:
        return np.zeros(0, np.int64)
    return np.intersect1d(places.indices, sites.indices)


def _not_recorded(cells: Branched, variable: str, everywhere: bool, call: str) -> WiringError:
    line = f'net.record({cells._written}, "v", "I")'
    if variable != "I" and not everywhere:
        line = f'net.record({cells._written}.at(...), "{variable}", name="{variable}")'
    return WiringError(
        f"{call}: {variable}, which is injected into {cells._written}, is not in the recordings",
        expected="everything that is injected: it leaves through the membrane",
        mend=f"write {line} before the run, with the `every` of v",
    )
