"""Readouts: one number a unit from its spikes or from a state over time, and the way back.

====================  =======================================  ==================================
readout               forward                                  backward
====================  =======================================  ==================================
spikes                s(t) itself                              ds(t) = g(t)
count                 n = sum_t s(t)                           ds(t) = g
first                 t_1: time of the first spike, or the     ds(t) = g (t - t_1) before t_1,
                      duration                                 g (t_1 - t_2) at t_1, 0 after
trace                 v(t) itself                              dv(t) = g(t)
max                   v(t*), t* where v is largest             dv(t*) = g
mean                  sum_t v(t)/steps                         dv(t) = g/steps
last                  v at the end                             dv(end) = g
====================  =======================================  ==================================

t_2 is the second spike, or the duration. The line of `first` is the derivative of
sum_t t s(t) prod_{u < t} (1 - s(u)), which is t_1 for spikes that are 0 or 1: a spike at t, were
there one, would move the first spike there, and one at t_1 less would move it to t_2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError, did_you_mean

Floats = NDArray[np.float64]
OF_SPIKES = ("spikes", "count", "first")
OF_STATES = ("trace", "max", "mean", "last")
OVER_TIME = ("spikes", "trace")


def check_readout(readout: str, spiking: bool, model: str) -> str:
    """Return a readout's name.

    Raises
    ------
    UserError
        There is none of that name, or it counts the spikes of cells that have none.
    """
    known = (*OF_SPIKES, *OF_STATES)
    if readout not in known:
        meant = did_you_mean(readout, known)
        raise UserError(
            f"nn.Spiking: there is no readout {readout!r}"
            + (f"; did you mean {meant!r}?" if meant else ""),
            mend="there are: " + ", ".join(known),
        )
    if readout in OF_SPIKES and not spiking:
        raise UserError(
            f"nn.Spiking: {model} has no threshold, so there are no spikes to read out",
            mend='write readout="max", "mean", "last" or "trace", which read a state',
        )
    return readout


def read_spikes(readout: str, spikes: NDArray[np.uint8], dt_ms: float) -> NDArray[Any]:
    """Read spikes (steps, batch, units): (batch, steps, units) bool, or (batch, units)."""
    if readout == "spikes":
        return np.array(spikes.transpose(1, 0, 2), order="C").view(bool)
    if readout == "count":
        return np.asarray(spikes.sum(axis=0, dtype=np.float64))
    return np.asarray(first_steps(spikes)[0] * dt_ms)


def first_steps(spikes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps of first and second spikes; the number of steps where there is none."""
    steps = len(spikes)
    order = np.cumsum(spikes, axis=0, dtype=np.int32)
    found = []
    for nth in (1, 2):
        reached = order >= nth
        found.append(np.where(reached.any(axis=0), reached.argmax(axis=0), steps))
    return found[0], found[1]


def spikes_back(readout: str, g: Floats, spikes: NDArray[np.uint8], dt_ms: float,
                out: Floats) -> None:  # fmt: skip
    """Write d loss/d spike, (steps, batch, units), from d loss/d what was read."""
    if readout == "spikes":
        out[:] = g.transpose(1, 0, 2)
    elif readout == "count":
        out[:] = g
    else:
        first, second = first_steps(spikes)
        t = np.arange(len(spikes))[:, None, None]
        moved = np.where(t < first, t - first, np.where(t == first, first - second, 0))
        out[:] = g * moved * dt_ms


def read_state(readout: str, values: Floats) -> tuple[Floats, Any]:
    """Read a state after each step (steps, batch, units); return also what the way back needs."""
    if readout == "trace":
        return np.array(values.transpose(1, 0, 2), order="C"), None
    if readout == "max":
        where = values.argmax(axis=0)
        return np.take_along_axis(values, where[None], axis=0)[0], where
    return (values.mean(axis=0) if readout == "mean" else values[-1].copy()), None


def state_back(readout: str, g: Floats, steps: int, where: Any) -> Floats:
    """Return d loss/d state after each step, (steps, batch, units)."""
    if readout == "trace":
        return np.array(g.transpose(1, 0, 2), order="C", dtype=float)
    if readout == "mean":
        return np.tile(g / steps, (steps, 1, 1))
    bars = np.zeros((steps, *g.shape))
    if readout == "last":
        bars[-1] = g
    else:
        np.put_along_axis(bars, where[None], g[None], axis=0)
    return bars
