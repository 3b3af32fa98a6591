"""Networks so small that what they do can be worked out by hand: one step is 1 ms."""

from __future__ import annotations

import numpy as np

import rheobase as rb
from rheobase.units import ms

COUNTER = rb.Model(
    "dv/dt = I/ms : 1 (unless refractory)\nI : 1 (input)",
    threshold="v >= V_T",
    reset="v = 0",
    refractory="tau_ref",
    receives="v += weight",
    parameters=dict(V_T=3.0, tau_ref=2 * ms),
    method="euler",
)
"""v grows by I in every step, spikes at 3, and is then held for two steps."""

INBOX = rb.Model("dx/dt = 0*x/ms : 1", receives="x += weight", method="euler")
"""Adds up what arrives."""

DIGITS = rb.Model("dx/dt = 0*x/ms : 1", receives="x = 10*x + weight", method="euler")
"""Writes down what arrives, one digit after the other: it runs event by event."""


def network(**options):
    """Return a network of steps of 1 ms."""
    return rb.Network(**{"dt": 1 * ms, "seed": 1, **options})


def spikes_at(*steps):
    """Return a train with spikes at these times in ms; one a cell if lists are given."""
    if steps and isinstance(steps[0], (list, tuple)):
        return rb.stimuli.spike_times([np.array(s, float) * ms for s in steps])
    return rb.stimuli.spike_times(np.array(steps, float) * ms)


def values(result, name, variable, cell=0):
    """Return what was recorded of one cell, as a list."""
    return result.traces[name][variable].values[:, cell].tolist()


def steps_of(result, name, cell=0):
    """Return the spikes of one cell in ms."""
    return (result.spikes[name][cell] * 1e3).round(9).tolist()
