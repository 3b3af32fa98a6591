"""The cortical microcircuit of Potjans and Diesmann: a square millimetre of early sensory cortex.

77,169 integrate-and-fire neurons in four layers and 298,880,968 synapses, each with a weight and
a delay of its own, drawn with replacement (pairs may be connected more than once); Poisson trains
stand for the rest of the brain.

References
----------
T. C. Potjans and M. Diesmann, Cerebral Cortex 24 (2014), tables 4 and 5, and the authors'
reference implementation (INM-6/microcircuit-PD14-model), whose optimized initial voltages are
used. Rates with Poisson drive: the paper; irregularity and synchrony: C. Romaro et al., Neural
Computation 33 (2021).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import rheobase as rb

if TYPE_CHECKING:
    from rheobase.simulation import Network, Population

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL_INPUTS = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
EXTERNAL_RATE = 8.0
"""Hz, of one input from outside."""

#: Probability that a pair is connected at least once: a row a target, a column a source.
PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),
)

WEIGHT = 87.8084935
"""pA: a postsynaptic potential of 0.15 mV."""
INHIBITION = -4.0
RELATIVE_SPREAD = 0.1
TAU_SYN = 0.5
"""ms."""

#: Mean and standard deviation of the first voltages, mV.
FIRST_VOLTAGES = (
    (-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94),
    (-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46), (-61.43, 4.48),
)  # fmt: skip

#: Spikes/s, coefficient of variation, and variance over mean of counts, with Poisson drive.
RATES = (0.86, 2.80, 4.45, 5.93, 7.59, 8.64, 1.09, 7.88)
IRREGULARITIES = (0.938, 0.916, 0.891, 0.873, 0.847, 0.809, 0.924, 0.819)
SYNCHRONIES = (2.9, 1.8, 3.0, 1.7, 4.4, 1.1, 1.2, 1.0)
CONSTANT_DRIVE_SYNCHRONIES = (5.1, 3.3, 5.5, 2.7, 8.0, 2.0, 1.5, 1.3)

#: In-degree of a tenth of the neurons -> rates and irregularities of the same network in NEST
#: 3.10 (5 s; 3 s with all inputs). With all inputs from a tenth of the cells the correlations
#: are far larger than in the cortex's square millimetre.
TENTH = {
    0.1: (
        (0.552, 2.508, 3.918, 4.856, 6.768, 7.851, 0.814, 6.892),
        (0.796, 0.827, 0.816, 0.820, 0.797, 0.766, 0.790, 0.781),
    ),
    1.0: (
        (1.704, 4.504, 4.218, 6.586, 10.233, 9.937, 1.129, 8.729),
        (0.807, 0.891, 0.791, 0.837, 0.827, 0.793, 0.805, 0.768),
    ),
}


def synapses(target: int, source: int) -> float:
    """Return how many synapses two populations are connected by at full scale.

    K draws with replacement connect a given pair at least once with probability
    C = 1 - (1 - 1/(N_pre N_post))**K.
    """
    pairs = SIZES[target] * SIZES[source]
    # Rounded as in the reference implementation: log1p, more exact, gives two synapses more.
    return float(
        round(math.log(1.0 - PROBABILITIES[target][source]) / math.log((pairs - 1.0) / pairs))
    )


def mean_weight(target: int, source: int) -> float:
    """Return the mean weight between two populations at full scale, pA."""
    if source % 2:
        return INHIBITION * WEIGHT
    return 2 * WEIGHT if (POPULATIONS[target], POPULATIONS[source]) == ("L23E", "L4E") else WEIGHT


def compensation(target: int, indegree: float) -> float:
    """Return the current (pA) that keeps the mean input when there are fewer synapses.

    Weights grow with 1/sqrt(indegree), which keeps the variance; what the mean loses is added,
    at the rates of the full network.
    """
    arriving = WEIGHT * EXTERNAL_INPUTS[target] * EXTERNAL_RATE
    for source, rate in enumerate(RATES):
        inputs = synapses(target, source) / SIZES[target]
        arriving += mean_weight(target, source) * inputs * rate
    return 1e-3 * TAU_SYN * (1 - math.sqrt(indegree)) * arriving


def microcircuit(
    seed: int = 1, scale: float = 1.0, indegree: float = 1.0, storage: str = "stored"
) -> Network:
    """Build the microcircuit.

    Parameters
    ----------
    seed : int
    scale : float
        Of the numbers of neurons.
    indegree : float
        Of the number of inputs a neuron has. Below 1 weights are larger and a current is added,
        so that mean and variance of the input stay.
    storage : str
        How synapses are kept, as for `Network.connect`.
    """
    net = rb.Network(dt="0.1 ms", seed=seed)
    cells = [
        net.add(rb.models.LIF, round(scale * size), name=name)
        for name, size in zip(POPULATIONS, SIZES, strict=True)
    ]
    stronger = 1 / math.sqrt(indegree)
    for target, population in enumerate(cells):
        mean, deviation = FIRST_VOLTAGES[target]
        # Few would begin above threshold; they are drawn again.
        population.v = rb.random.normal(f"{mean} mV", f"{deviation} mV", high="-50 mV")
        rate = indegree * EXTERNAL_INPUTS[target] * EXTERNAL_RATE
        net.drive(population, rb.stimuli.poisson(f"{rate} Hz"), weight=f"{stronger * WEIGHT} pA")
        if indegree != 1:
            net.inject(population, rb.stimuli.step(f"{compensation(target, indegree)} pA"))
    for target, post in enumerate(cells):
        for source, pre in enumerate(cells):
            count = round(scale * indegree * synapses(target, source))
            if count:
                weight = stronger * mean_weight(target, source)
                _connect(net, pre, post, count, weight, storage)
    return net


def _connect(
    net: Network, pre: Population, post: Population, count: int, weight: float, storage: str
) -> None:
    """Draw synapses; signs are kept, and delays are at least one step."""
    size, sign = abs(weight), 1.0 if weight > 0 else -1.0
    delay = 1.5 if weight > 0 else 0.75
    net.connect(
        pre, post, rb.rules.fixed_total(count),
        weight=sign * rb.random.normal(f"{size} pA", f"{RELATIVE_SPREAD * size} pA", low="0 pA"),
        delay=rb.random.normal(f"{delay} ms", f"{delay / 2} ms", low="0.1 ms"),
        weight_dtype="float32", storage=storage, name=f"{pre.name}_to_{post.name}",
    )  # fmt: skip
