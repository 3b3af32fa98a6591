"""Connections from and to cells with exact crossings, whose delays are kept in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import WiringError
from rheobase.language.model import Model
from rheobase.network.connecting import Realized
from rheobase.network.draws import RandomSource
from rheobase.network.synapse_values import Spec, values
from rheobase.simulation.clock import SECOND
from rheobase.simulation.population import Cells

Delays = float | np.ndarray[Any, Any]


def is_exact(cells: Cells) -> bool:
    """Whether cells spike at the times at which their closed form crosses the threshold."""
    return isinstance(cells.model, Model) and cells.model.crossing == "exact"


def in_seconds(source: Cells, sink: Cells) -> bool:
    """Whether spikes from one population to another arrive at real times."""
    return is_exact(source) or is_exact(sink)


def delays(spec: Spec | None, dt: float, synapses: Realized, random: RandomSource, source: Cells,
           sink: Cells) -> Delays:  # fmt: skip
    """Return delays in seconds, as they were given: one for all synapses, or one each.

    Parameters
    ----------
    spec
        What `net.connect` was given; None: one step.
    dt
        The step, in seconds.
    synapses, random
        As of `rheobase.network.synapse_values.values`.
    source, sink
        The cells that are connected.

    Raises
    ------
    WiringError
        A delay is 0 or less, or shorter than a step where the source is on the grid.
    """
    found = dt if spec is None else values(spec, SECOND, synapses, random, "the delay")
    shortest = float(np.min(found, initial=np.inf))
    if shortest <= 0:
        raise WiringError(
            f"the delay is {'0' if shortest == 0 else 'negative'}, and cells with "
            'crossing="exact" have events in order of their times',
            expected="a time above 0",
            given=f"{shortest * 1e3:g}*ms",
            mend="write delay=0.1*ms",
        )
    if not is_exact(source) and shortest < dt * (1 - 1e-9):
        raise WiringError(
            f"the delay is shorter than a step, and {source.name!r} sends its spikes on the grid",
            expected=f"at least dt, {dt * 1e3:g} ms",
            given=f"{shortest * 1e3:g}*ms",
            mend=f"write rb.Network(dt={shortest * 1e3:g}*ms), or a longer delay",
        )
    return found


def refuse(source: Cells, sink: Cells, synapse: Any, storage: str, call: str) -> None:
    """Refuse what cells with exact crossings cannot be connected by.

    Raises
    ------
    WiringError
        Synapses with variables of their own, or synapses that are not stored.
    """
    if not in_seconds(source, sink):
        return
    exact = source if is_exact(source) else sink
    if getattr(synapse, "kind", "") == "plastic":
        raise WiringError(
            f'{call}: {exact.name!r} has crossing="exact", and synapses with variables of their '
            "own are updated step by step",
            mend='write crossing="linear" in the model, or leave synapse away',
        )
    if storage != "stored":
        raise WiringError(
            f'{call}: {exact.name!r} has crossing="exact", whose synapses have delays in seconds '
            "and are stored",
            mend="leave storage away",
        )
