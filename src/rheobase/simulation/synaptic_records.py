"""Recording variables of synapses: looked at between slices, since they are there anyway."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UnknownNameError, WiringError, did_you_mean
from rheobase.results.traces import TraceData
from rheobase.simulation.clock import Clock
from rheobase.simulation.projection import Projection
from rheobase.simulation.running import Hook
from rheobase.simulation.synaptic import PlasticProjection


@dataclass(eq=False)
class SynapseRecording:
    """Variables of the synapses of a projection, sampled every so many steps.

    Attributes
    ----------
    name : str
        The entry in `result.traces`.
    """

    name: str
    projection: PlasticProjection
    every_steps: int
    clock: Clock
    variables: list[str] = field(default_factory=list)
    _steps: list[int] = field(default_factory=list)
    _values: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def sample(self) -> None:
        """Keep the values of now."""
        self._steps.append(self.clock.step)
        count = len(self.projection)
        for name in self.variables:
            held = np.broadcast_to(self.projection._now(name), (count,))
            self._values.setdefault(name, []).append(np.array(held))

    def clear(self) -> None:
        """Forget what was kept for a run before."""
        self._steps.clear()
        self._values.clear()

    def trace(self) -> TraceData | None:
        """Return what was kept since `clear`."""
        if not self._steps:
            return None
        projection, clock = self.projection, self.clock
        units = {n: projection._unit_of(n) for n in self._values}
        values = {n: units[n].from_si(np.array(rows)) for n, rows in self._values.items()}
        times = clock.start + np.array(self._steps, np.int64) * clock.dt
        synapses = np.arange(len(projection), dtype=np.int64)
        texts = {n: unit.text for n, unit in units.items()}
        return TraceData(self.name, projection.name, times, synapses, values, texts, "synapse")

    def hook(self) -> Hook:
        """Return what lets a run call `sample`."""
        return Hook(self.every_steps, self.sample, takes_network=False, changes=False)


def record_synapses(
    told: dict[str, SynapseRecording], taken: Any, projection: Projection,
    variables: tuple[str, ...], steps: int, name: str, clock: Clock,
) -> SynapseRecording | None:  # fmt: skip
    """Add variables to a recording; return it if it is new.

    Raises
    ------
    WiringError, UnknownNameError
        The projection has no such variables, or the name has another recording.
    """
    call = f"net.record({projection.name}, ...)"
    if not isinstance(projection, PlasticProjection):
        raise WiringError(
            f"{call}: the synapses of {projection.name!r} do not change",
            mend=f"read them with {projection.name}.weights; synapses that change are made with "
            "net.connect(..., synapse=rb.synapses.STDP(...))",
        )
    known = ("weight", *projection.synapse.variables)
    for variable in variables:
        if variable not in known:
            meant = did_you_mean(str(variable), known)
            hint = f"; did you mean {meant!r}?" if meant else ""
            raise UnknownNameError(
                f"{call}: its synapses have no variable {variable!r}{hint}",
                mend=f"they have: {', '.join(known)}",
            )
    held = told.get(name)
    if name in taken or (
        held is not None and (held.projection is not projection or held.every_steps != steps)
    ):
        raise WiringError(
            f"{call}: there is a recording {name!r} already, of something else or with another "
            "interval",
            mend=f'give this one a name of its own: net.record(..., name="{name}_2")',
        )
    made = held or SynapseRecording(name, projection, steps, clock)
    told[name] = made
    made.variables += [v for v in dict.fromkeys(variables) if v not in made.variables]
    return made if held is None else None
