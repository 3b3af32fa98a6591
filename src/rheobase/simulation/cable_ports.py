"""Where spikes arrive on cells with a morphology."""

from __future__ import annotations

import numpy as np

from rheobase.errors import UnknownNameError, WiringError, did_you_mean
from rheobase.simulation.cable_parts import Part
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.projection import Target


def port_target(part: Part, port: str) -> Target:
    """Return where spikes arrive at points."""
    model = part.values.model
    unit = model.receives_unit(port)
    line = "; ".join(statement.text for statement in model.receives[port])
    return Target(port, None, unit.dimension, unit, line, receptor=part.label)


def spike_target(sites: Sites, to: str | None, call: str, plastic: bool = False) -> Target:
    """Return the receptor that spikes arrive at without one being given.

    Raises
    ------
    WiringError, UnknownNameError
        There is none of that name, or none is named.
    """
    ports = {port: part for part in sites._cable.points for port in part.values.model.receives}
    receptor = "synapse=rb.synapses.Exponential(tau=2*ms, E=0*mV)"
    if plastic:
        receptor = f"to={receptor.removeprefix('synapse=')}"
    if to is None:
        given = f"{receptor} beside synapse=" if plastic else receptor
        raise WiringError(
            f"{call}: a spike acts on a membrane through a receptor, and none is given",
            mend=f"write {given}" + (f', or to="{next(iter(ports))}"' if ports else ""),
        )
    if to not in ports:
        meant = did_you_mean(str(to), ports)
        raise UnknownNameError(
            f"{call}: {sites.name!r} has no receptor {to!r}"
            + (f"; did you mean to={meant!r}?" if meant else ""),
            mend=f"it has: {', '.join(ports)}" if ports else f"write {receptor}",
        )
    part = ports[to]
    missing = int(np.count_nonzero(part.element[sites.indices] < 0))
    if missing:
        raise WiringError(
            f"{call}: {missing} of {sites.size} places have no receptor {to!r}",
            mend=f"give the receptor instead of its name: {receptor}",
        )
    return port_target(part, to)
