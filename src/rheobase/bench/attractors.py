"""Attractor networks of cortex with AMPA, NMDA and GABA: decisions and working memory.

Excitatory cells, of which pools of cells with a common preference excite each other more than
others, inhibitory cells, and a noisy background; everything is connected with everything. The
slow, saturating NMDA currents (`rb.synapses.NMDA`) keep a pool active, or let evidence add up.

- `wang_2002`: X.-J. Wang, Neuron 36 (2002). Two pools race; the one with more evidence wins.
- `brunel_wang_2001`: N. Brunel and X.-J. Wang, Journal of Computational Neuroscience 11 (2001).
  A pool that was shown a stimulus stays active after its end.

Weights that potentiate or depress act on the cells of pools; the other cells receive weights of
factor 1, as in the implementations in common use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import rheobase as rb
from rheobase.units import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rheobase.simulation import Network, Population

_CELL = """
    dv/dt = (g_L*(E_L - v) + I)/C_m : mV (unless refractory)
    I : pA (input)
    """


@dataclass(frozen=True)
class Attractor:
    """The numbers of an attractor network.

    Attributes
    ----------
    excitatory, inhibitory : int
        Numbers of cells.
    pools : int
        Pools, each the fraction `fraction` of the excitatory cells.
    strength
        Factor of the weights within a pool; between pools, and onto pools from other
        excitatory cells, it is such that the mean stays 1.
    tau_gaba : float
        ms.
    external, ampa, nmda, gaba : (float, float)
        nS, onto excitatory and onto inhibitory cells.
    """

    excitatory: int
    inhibitory: int
    pools: int
    fraction: float
    strength: float
    tau_gaba: float
    external: tuple[float, float]
    ampa: tuple[float, float]
    nmda: tuple[float, float]
    gaba: tuple[float, float]

    @property
    def weakness(self) -> float:
        """The factor of weights between pools."""
        return 1 - self.fraction * (self.strength - 1) / (1 - self.fraction)


WANG_2002 = Attractor(
    1600, 400, 2, 0.15, 1.7, 5.0, (2.1, 1.62), (0.05, 0.04), (0.165, 0.13), (1.3, 1.0)
)
BRUNEL_WANG_2001 = Attractor(
    800, 200, 5, 0.1, 2.1, 10.0, (2.08, 1.62), (0.104, 0.081), (0.327, 0.258), (1.25, 0.973)
)


def attractor(numbers: Attractor, seed: int = 1, scale: float = 1.0) -> Network:
    """Return an attractor network with its background, without stimuli.

    Parameters
    ----------
    numbers
        `WANG_2002` or `BRUNEL_WANG_2001`.
    seed
        Of the network.
    scale
        Factor of the numbers of cells; weights between cells are divided by it.

    Returns
    -------
    Network
        With the populations "E" and "I"; `pool(net, numbers, k)` are the cells of pool k.
    """
    net = rb.Network(dt="0.1 ms", seed=seed)
    model = rb.Model(
        _CELL,
        threshold="v >= V_T",
        reset="v = V_r",
        refractory="tau_ref",
        parameters={"C_m": "500 pF", "g_L": "25 nS", "E_L": "-70 mV", "V_T": "-50 mV",
                    "V_r": "-55 mV", "tau_ref": "2 ms"},
        name="Pyramidal",
    )  # fmt: skip
    inter = model(C_m="200 pF", g_L="20 nS", tau_ref="1 ms")
    cells = (
        net.add(model, round(numbers.excitatory * scale), name="E"),
        net.add(inter, round(numbers.inhibitory * scale), name="I"),
    )
    for population in cells:
        population.v = "-60*mV + 8*mV*rand()"
    synapses = _synapses(numbers)
    for k, population in enumerate(cells):
        net.drive(population, rb.stimuli.poisson("2400 Hz"), weight=f"{numbers.external[k]} nS",
                  synapse=synapses["ampa"])  # fmt: skip
        weight = f"{numbers.gaba[k] / scale!r} nS"
        _all(net, cells[1], population, weight, synapses["gaba"])
    for name, weights in (("ampa", numbers.ampa), ("nmda", numbers.nmda)):
        _excite(net, numbers, cells, (weights[0] / scale, weights[1] / scale), synapses[name])
    return net


def _synapses(numbers: Attractor) -> Mapping[str, Any]:
    return {
        "ampa": rb.synapses.Exponential(tau="2 ms", E="0 mV", name="ampa"),
        "gaba": rb.synapses.Exponential(tau=f"{numbers.tau_gaba} ms", E="-70 mV", name="gaba"),
        "nmda": rb.synapses.NMDA(),
    }


def _excite(net: Network, numbers: Attractor, cells: tuple[Population, Population],
            weights: tuple[float, float], synapse: Any) -> None:  # fmt: skip
    """Connect the excitatory cells with each other, pool by pool, and with the others."""
    excitatory, inhibitory = cells
    groups = [pool(net, numbers, k) for k in range(numbers.pools)]
    rest = excitatory[sum(g.size for g in groups) :]
    for target in groups:
        for source in (*groups, rest):
            factor = numbers.strength if source is target else numbers.weakness
            _all(net, source, target, f"{factor * weights[0]!r} nS", synapse)
    _all(net, excitatory, rest, f"{weights[0]!r} nS", synapse)
    _all(net, excitatory, inhibitory, f"{weights[1]!r} nS", synapse)


def _all(net: Network, source: Any, target: Any, weight: str, synapse: Any) -> None:
    net.connect(source, target, rb.rules.all_to_all(), weight=weight, delay="0.5 ms",
                synapse=synapse)  # fmt: skip


def pool(net: Network, numbers: Attractor, k: int) -> Any:
    """Return the cells of a pool, the first or a later one."""
    excitatory = net.populations["E"]
    size = round(numbers.fraction * excitatory.size)
    return excitatory[k * size : (k + 1) * size]


def wang_2002(coherence: float, seed: int = 1, scale: float = 1.0, start: float = 0.5,
              stop: float = 2.0) -> Network:  # fmt: skip
    """Return the decision network with its evidence.

    Parameters
    ----------
    coherence : float
        Percent, from -100 to 100; above 0 it favors the first pool.
    seed, scale
        Of the network.
    start, stop : float
        Seconds between which the pools are shown Poisson spikes of 40 (1 +- c/100) Hz,
        and normal deviations of 4 Hz drawn every 50 ms.
    """
    numbers = WANG_2002
    net = attractor(numbers, seed, scale)
    draw = np.random.default_rng(seed)
    before, steps = round(start / 0.05), round((stop - start) / 0.05)
    for k, sign in enumerate((1, -1)):
        rates = 40 * (1 + sign * coherence / 100) + 4 * draw.standard_normal(steps)
        rates = np.concatenate([np.zeros(before), np.maximum(rates, 0)])
        train = rb.stimuli.poisson(quantity(rates, rb.units.UNITS["Hz"]), dt="50 ms")
        net.drive(pool(net, numbers, k), train, weight=f"{numbers.external[0]} nS", to="ampa")
    return net


def brunel_wang_2001(cue: int = 0, seed: int = 1, start: float = 0.5, stop: float = 0.8,
                     rate: float = 120.0) -> Network:  # fmt: skip
    """Return the memory network in which one pool is shown a stimulus.

    Parameters
    ----------
    cue : int
        The pool that is shown it.
    seed : int
        Of the network.
    start, stop, rate : float
        Seconds; the Poisson spikes a cell of the pool receives meanwhile, in Hz.
    """
    numbers = BRUNEL_WANG_2001
    net = attractor(numbers, seed)
    rates = np.array([0.0] * round(start / 0.05) + [rate] * round((stop - start) / 0.05))
    train = rb.stimuli.poisson(quantity(rates, rb.units.UNITS["Hz"]), dt="50 ms")
    net.drive(pool(net, numbers, cue), train, weight=f"{numbers.external[0]} nS", to="ampa")
    return net
