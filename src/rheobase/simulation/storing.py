"""Snapshots of a network in memory, for repeated trials without building again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rheobase.engine.plan import ProjectionPlan
from rheobase.engine.run import EngineState
from rheobase.errors import WiringError
from rheobase.simulation.assembly import Assembly
from rheobase.simulation.synapses import Synapses

if TYPE_CHECKING:
    from rheobase.simulation.running import Hook


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the next step of a network depends on.

    Attributes
    ----------
    state
        Of the engine: arrays, spikes under way, noise, the step.
    parameters
        By population.
    synapses
        What those of each projection are drawn from, with weights and delays that were set.
    since
        From which step on projections deliver, and those that were replaced.
    seed
        That of the noise.
    called
        When the functions that are called between slices were called last.
    """

    state: EngineState
    parameters: dict[str, dict[str, Any]]
    currents: dict[str, dict[str, Any]]
    synapses: dict[str, Synapses]
    since: tuple[dict[str, int], list[ProjectionPlan]]
    seed: int
    called: list[int]

    @classmethod
    def of(cls, assembly: Assembly, seed: int, hooks: Sequence[Hook]) -> Snapshot:
        """Copy the state of a built network."""
        assert assembly.engine is not None
        told = assembly.description
        values = dict(assembly._model_values())
        assembly.notice_changes()
        return cls(
            assembly.engine.state(),
            {name: v.snapshot() for name, v in values.items()},
            {name: dict(v.currents) for name, v in values.items()},
            {name: p._drawn for name, p in told.projections.items()},
            assembly.since(),
            seed,
            [hook.last_step for hook in hooks],
        )

    def bring_back(self, assembly: Assembly, seed: int, hooks: Sequence[Hook]) -> None:
        """Put a network back to this state; `seed` is that of the noise from now on.

        Raises
        ------
        WiringError
            Populations or projections were added since.
        """
        told = assembly.description
        if set(told.projections) != set(self.synapses) or len(told.places) != len(
            assembly.engine.plan.populations if assembly.engine else ()
        ):
            raise WiringError(
                "net.restore: populations or projections were added since net.store",
                mend="call net.store again after the last net.add and net.connect",
            )
        for name, values in assembly._model_values():
            values.restore(self.parameters[name])
            values.currents = dict(self.currents[name])
        for name, projection in told.projections.items():
            projection._take(self.synapses[name])
        assert assembly.engine is not None
        assembly.clock.step = self.state.step
        assembly.prepare(assembly.engine.backend)
        assembly.set_since(*self.since)
        assembly.engine.restore(self.state)
        assembly.reseed(seed)
        for place, hook in enumerate(hooks):  # those added since have not been called
            hook.last_step = self.called[place] if place < len(self.called) else -1
