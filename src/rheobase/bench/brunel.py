"""Sparse random networks of excitatory and inhibitory neurons (Brunel 2000).

10,000 excitatory and 2,500 inhibitory neurons, 1,000 and 250 random inputs each; a spike moves
the voltage of its targets by 0.1 mV, or by -g times that, after 1.5 ms. From outside each
neuron receives 1,000 Poisson trains of `external` times the rate that alone would just reach
threshold.

Reference: N. Brunel, "Dynamics of sparsely connected networks of excitatory and inhibitory
spiking neurons", Journal of Computational Neuroscience 8 (2000), figure 8; the variant with
another reset is `brunel_delta_nest.py` of the NEST simulator's examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rheobase as rb

if TYPE_CHECKING:
    from rheobase.simulation import Network

EXCITATORY = 10_000
INHIBITORY = 2_500
INPUTS = 1_000
JUMP = 0.1
"""mV, of an excitatory spike."""
THRESHOLD_RATE = 10_000.0
"""Hz, of all external trains of a neuron together: threshold/(jump*tau_m)."""

#: Panel of figure 8 -> (g, external rate over that which just reaches threshold).
PANELS = {"a": (3.0, 2.0), "b": (6.0, 4.0), "c": (5.0, 2.0), "d": (4.5, 0.9)}


def brunel(
    g: float, external: float, seed: int = 1, scale: float = 1.0, reset: float = 10.0
) -> Network:
    """Build one network.

    Parameters
    ----------
    g : float
        Inhibition over excitation.
    external : float
        Rate from outside over that which just reaches threshold.
    seed : int
    scale : float
        Of the number of neurons; the number of inputs a neuron stays.
    reset : float
        Voltage after a spike, mV.
    """
    net = rb.Network(dt="0.1 ms", seed=seed)
    model = rb.models.DeltaLIF(
        E_L="0 mV", V_T="20 mV", V_r=f"{reset} mV", tau_m="20 ms", tau_ref="2 ms"
    )
    border = round(scale * EXCITATORY)
    cells = net.add(model, border + round(scale * INHIBITORY), name="cells")
    cells.v = "0 mV"
    net.drive(cells, rb.stimuli.poisson(f"{external * THRESHOLD_RATE} Hz"), weight=f"{JUMP} mV")
    net.connect(
        cells[:border], cells, rb.rules.fixed_indegree(INPUTS),
        weight=f"{JUMP} mV", delay="1.5 ms", name="excitation",
    )  # fmt: skip
    net.connect(
        cells[border:], cells, rb.rules.fixed_indegree(INPUTS // 4),
        weight=f"{-g * JUMP} mV", delay="1.5 ms", name="inhibition",
    )  # fmt: skip
    return net


def panel(letter: str, seed: int = 1, scale: float = 1.0) -> Network:
    """Build the network of one panel of figure 8."""
    return brunel(*PANELS[letter], seed=seed, scale=scale)


def brunel_delta(seed: int = 1, scale: float = 1.0) -> Network:
    """Build NEST's example: g = 5, twice the rate, reset to 0 mV."""
    return brunel(5.0, 2.0, seed=seed, scale=scale, reset=0.0)
