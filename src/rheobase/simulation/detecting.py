"""Detectors: populations that look for spikes at places on cells with a morphology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.spiking import threshold_of
from rheobase.engine.detectors import DetectorPlan, detector_plan
from rheobase.errors import WiringError
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.population import Population

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Detector:
    """What stands for a model where spikes are looked for.

    Attributes
    ----------
    threshold : ndarray
        In volts, one a place.
    crossing : str
        As that of the cells: "grid" or "linear".
    """

    threshold: Floats
    crossing: str

    def __str__(self) -> str:
        levels = np.unique(self.threshold) * 1e3
        return f"v > {levels[0]:g} mV" if levels.size == 1 else "thresholds of their cells"


class DetectorPopulation(Population):
    """Places that are looked at for spikes; made by `net.detect`.

    Attributes
    ----------
    places : Sites
        Cell by cell. Detector k looks at places[k].
    """

    _nature = "looks for spikes at places"

    def __init__(self, name: str, places: Sites, threshold: Any, record_spikes: bool) -> None:
        order = np.argsort(places.cell, kind="stable")
        levels = np.broadcast_to(np.asarray(threshold, np.float64), order.shape)[order]
        self._sites = places if np.all(np.diff(order) == 1) else places[order]
        model: Any = Detector(levels, places._cable.cells[0].crossing)
        Population.__init__(self, name, places.size, model, None, record_spikes)

    @property
    def places(self) -> Sites:
        """Where spikes are looked for."""
        return self._sites

    @property
    def _positions(self) -> Floats | None:
        """Where the places are, if their cells have positions."""
        held = self._sites._site_population._positions
        return None if held is None else held[self._sites.indices]

    @_positions.setter
    def _positions(self, value: Any) -> None:
        if value is not None:
            raise WiringError(
                f"{self.name}.positions cannot be set: they are those of its places",
                mend=f"set those of the cells: {self._sites.name}.positions = ...",
            )

    @property
    def spiking(self) -> bool:
        """Detectors spike."""
        return True

    @property
    def _threshold(self) -> Floats:
        detector: Any = self._model
        return np.asarray(detector.threshold, np.float64)

    def same(self, places: Sites, threshold: Any) -> bool:
        """Return whether this looks at the same places with the same thresholds."""
        one, other = self._sites, places
        alike = one.population is other.population and np.array_equal(one.indices, other.indices)
        return alike and bool(np.all(self._threshold == threshold))

    def plan(self, places: Mapping[str, int]) -> DetectorPlan:
        """Return what the engine runs."""
        cells, nodes = self._sites._cable.compartments(self._sites.indices)
        detector: Any = self._model
        return detector_plan(self.name, places[self._sites.name], cells, nodes, self._threshold,
                             crossing=detector.crossing,
                             record_spikes=self._record_spikes)  # fmt: skip

    def __repr__(self) -> str:
        places = "1 place" if self.size == 1 else f"{self.size:,} places"
        return f"<Detectors {self.name!r}: {places} of {self._sites.name!r}, {self._model}>"


def read_condition(condition: Any, call: str) -> float:
    """Return the voltage of a condition such as "v > -20*mV".

    Raises
    ------
    WiringError, EquationError, UnitError
        It is no such condition.
    """
    if not isinstance(condition, str):
        raise WiringError(
            f"{call}: the condition is a text",
            given=repr(condition),
            mend='write "v > -20*mV"',
        )
    return threshold_of(condition, call, '"v > -20*mV"')


def usual_thresholds(sites: Sites, call: str) -> Floats:
    """Return for each place the threshold of its cell.

    Raises
    ------
    WiringError
        A cell never spikes, and has none.
    """
    cable = sites._cable
    found = np.array([cell.site.threshold for cell in cable.cells])[cable.cell_of[sites.cell]]
    if not np.all(np.isfinite(found)):
        raise WiringError(
            f"{call}: {sites.name!r} never spikes, so that it has no threshold for its places",
            mend=f'write terminals = net.detect({sites._written}, "v > -20*mV"), and connect those',
        )
    return found


def detector_name(sites: Sites, taken: Mapping[str, object]) -> str:
    """Return a name for detectors that are made by a connection."""
    stem = chosen = f"{sites.name}_detector"
    number = 2
    while chosen in taken:
        chosen, number = f"{stem}_{number}", number + 1
    return chosen


def detectors_at(sites: Sites, threshold: Any, populations: Mapping[str, Population]
                 ) -> DetectorPopulation:  # fmt: skip
    """Return detectors at places: those there are, or new ones, which are in no network yet."""
    for population in populations.values():
        if isinstance(population, DetectorPopulation) and population.same(sites, threshold):
            return population
    return DetectorPopulation(detector_name(sites, populations), sites, threshold, True)
