"""A balanced random network with plastic excitation, by which large simulations are measured.

9,000 excitatory and 2,250 inhibitory neurons times `scale`, each with 9,000 and 2,250 random
inputs at any scale (pairs may be connected more than once). Currents are alpha functions;
synapses among excitatory neurons follow spike-timing dependent plasticity with a power law of
the weight for potentiation. The network is meant for large scales. With few neurons and all
inputs it fires in step, and then it matters on which side of the synapse a simulator puts the
delay; `scale=1, indegree=0.1` has as many synapses as `scale=0.1` and is asynchronous.

References
----------
A. Morrison, A. Aertsen and M. Diesmann, "Spike-timing-dependent plasticity in balanced random
networks", Neural Computation 19 (2007); `hpc_benchmark.py` of the NEST simulator's examples,
whose parameters are used.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import rheobase as rb

if TYPE_CHECKING:
    from rheobase.simulation import Network

EXCITATORY = 9000
INHIBITORY = 2250
TAU_SYN = 0.32582722403722841
"""ms: the postsynaptic potential rises in 1.700759 ms."""
WEIGHT = 45.60960
"""pA: a postsynaptic potential of 0.14 mV."""
INHIBITION = -5.0
EXTERNAL_RATE = 20_856.04
"""Hz, of all external trains of a neuron together."""
ASYMMETRY, EXPONENT = 0.0513, 0.4


def neuron() -> rb.Model:
    """Return an integrate-and-fire neuron whose current is an alpha function of peak `weight`."""
    return rb.Model(
        """
        dv/dt = (E_L - v)/tau_m + i_syn/C_m : mV (unless refractory)
        di_syn/dt = (rise - i_syn)/tau_syn : pA
        drise/dt = -rise/tau_syn : pA
        """,
        threshold="v >= V_T",
        reset="v = V_r",
        refractory="0.5 ms",
        parameters={
            "E_L": "0 mV",
            "V_T": "20 mV",
            "V_r": "0 mV",
            "tau_m": "10 ms",
            "tau_syn": f"{TAU_SYN} ms",
            "C_m": "250 pF",
        },
        receives={"rise": "rise += exp(1)*weight"},
        name="AlphaLIF",
    )


def hpc(seed: int = 1, scale: float = 1.0, indegree: float = 1.0) -> Network:
    """Build the network.

    Parameters
    ----------
    seed : int
    scale : float
        Of the numbers of neurons.
    indegree : float
        Of the number of inputs a neuron has. Below 1, weights grow with 1/sqrt(indegree); the
        mean of what comes from outside and the weight at which plasticity balances stay in
        proportion.
    """
    net = rb.Network(dt="0.1 ms", seed=seed)
    border = round(scale * EXCITATORY)
    cells = net.add(neuron(), border + round(scale * INHIBITORY), name="cells")
    cells.v = rb.random.normal("5.7 mV", "7.2 mV", high="20 mV")
    excitatory, inhibitory = cells[:border], cells[border:]
    stronger = 1 / math.sqrt(indegree)
    peak = stronger * WEIGHT
    plasticity = rb.synapses.PowerLawSTDP(
        tau_plus="15 ms", tau_minus="30 ms", lam=0.1, mu=EXPONENT, w_0="1 pA",
        alpha=ASYMMETRY * stronger ** (EXPONENT - 1),
    )  # fmt: skip
    rate = EXTERNAL_RATE / stronger
    net.drive(cells, rb.stimuli.poisson(f"{rate} Hz"), weight=f"{peak} pA")
    for pre, post, inputs, weight, synapse in (
        (excitatory, excitatory, EXCITATORY, peak, plasticity),
        (excitatory, inhibitory, EXCITATORY, peak, None),
        (inhibitory, cells, INHIBITORY, INHIBITION * peak, None),
    ):
        rule = rb.rules.fixed_indegree(round(indegree * inputs), autapses=False)
        net.connect(pre, post, rule, weight=f"{weight} pA", delay="1.5 ms", synapse=synapse)
    return net
