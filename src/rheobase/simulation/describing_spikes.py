"""What a network is told of spikes at places on cells with a morphology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rheobase.errors import WiringError
from rheobase.simulation import detecting
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.detecting import DetectorPopulation
from rheobase.simulation.naming import new_name
from rheobase.simulation.population import Cells, Population
from rheobase.simulation.synaptic import is_plastic
from rheobase.synapses.gap_junctions import Coupling
from rheobase.synapses.nmda import NMDA

if TYPE_CHECKING:
    from rheobase.simulation.assembly import Description


class Detecting:
    """What a network is told of spikes at places: a part of `Network`."""

    _told: Description

    if TYPE_CHECKING:  # what the rest of a network has

        def _placed(self, value: Any, method: str, what: str) -> Cells: ...

        def _not_while_running(self, what: str) -> None: ...

    def detect(self, places: Cells, condition: str = "v > -20*mV", *, name: str | None = None,
               record_spikes: bool = True) -> Population:  # fmt: skip
        """Look for spikes at places on cells with a morphology, beside those of the cells.

        A place spikes in a step in which v rises above the threshold. Its spikes are in
        `result.spikes`, and it may be the source of connections: an axon terminal, a dendrite.

        Parameters
        ----------
        places
            `cells.at("axon", fraction=1.0)`.
        condition : str
            As of `rb.Cell`.
        name : str
            Unique in the network; made of the name of the cells if not given.
        record_spikes : bool
            Whether `result.spikes` keeps the spikes.

        Returns
        -------
        Population
            One detector a place, cell by cell; `.places` are where they look.

        Raises
        ------
        WiringError, EquationError, UnitError
            They are no places, or it is no condition on v.
        """
        self._not_while_running("detect")
        call = "net.detect"
        chosen = self._placed(places, "detect", "spikes are looked for at places")
        if not isinstance(chosen, Sites):
            raise WiringError(
                f"{call}: {chosen.name!r} are no cells with a morphology",
                mend='give places: net.detect(cells.at("axon", fraction=1.0), "v > -20*mV")',
            )
        level, known = detecting.read_condition(condition, call), self._told.populations
        label = detecting.detector_name(chosen, known) if name is None else name
        made = DetectorPopulation(new_name(label, "population", known), chosen, level,
                                  bool(record_spikes))  # fmt: skip
        self._told.enter(made)
        return made

    def _spiking_places(self, source: Cells, of: str | None, synapse: Any, call: str) -> Cells:
        """Return detectors where places are to be a source of spikes."""
        reads = of is not None or isinstance(synapse, Coupling)
        if reads or not isinstance(source, Sites) or isinstance(synapse, NMDA):
            return source
        levels = detecting.usual_thresholds(source, call)
        return detecting.detectors_at(source, levels, self._told.populations)

    def _post_spikes(self, sink: Cells, condition: str | None, synapse: Any,
                     call: str) -> DetectorPopulation | None:  # fmt: skip
        """Return detectors of the spikes that are postsynaptic at places, None for the cells'."""
        if condition is None:
            return None
        if not isinstance(sink, Sites) or not is_plastic(synapse):
            raise WiringError(
                f"{call}: post_spikes is for synapses that change, at places on cells with a "
                "morphology",
                mend="leave post_spikes away",
            )
        level = detecting.read_condition(condition, f"{call}: post_spikes")
        return detecting.detectors_at(sink._once(), level, self._told.populations)
