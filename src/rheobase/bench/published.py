"""Small networks of publications, written as a user writes them.

- `izhikevich_2003`: E. M. Izhikevich, IEEE Transactions on Neural Networks 14 (2003): 1,000 cells
  of many kinds, every pair connected, with rhythms of about 10 and 40 Hz.
- `vogels_abbott_2005`: T. P. Vogels and L. F. Abbott, Journal of Neuroscience 25 (2005): cells
  whose irregular activity keeps itself up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import rheobase as rb

if TYPE_CHECKING:
    from rheobase.simulation import Network


def izhikevich_2003(seed: int = 1) -> Network:
    """Return Izhikevich's network, its step of 1 ms as published.

    In a step, cells above 30 are reset and their weights added to the input of this step; then v
    takes two half steps of Euler's method with the same u and input, and u one step with the new
    v. So the slopes below are those of the whole step, and `arrived` is emptied in each.
    """
    model = rb.Model(
        """
        current = noise*randn() + arrived : 1
        first = 0.04*v**2 + 5*v + 140 - u + current : 1
        half = v + first/2 : 1
        second_ = 0.04*half**2 + 5*half + 140 - u + current : 1
        slope = (first + second_)/2 : 1
        dv/dt = slope/ms : 1
        du/dt = a*(b*(v + slope) - u)/ms : 1
        darrived/dt = -arrived/ms : 1
        """,
        threshold="v >= 30",
        reset="v = c; u += d",
        receives="arrived += weight",
        parameters={"a": 0.02, "b": 0.2, "c": -65, "d": 8, "noise": 5},
        initial={"v": "-65", "u": "-65*b"},
        method="euler",
        name="Izhikevich2003",
    )
    net = rb.Network(dt="1 ms", seed=seed)
    cells = net.add(model, 1000, name="cells")
    excitatory, inhibitory = cells[:800], cells[800:]
    r = np.random.default_rng(seed).random(1000)
    excitatory.c, excitatory.d = -65 + 15 * r[:800] ** 2, 8 - 6 * r[:800] ** 2
    inhibitory.a, inhibitory.b = 0.02 + 0.08 * r[800:], 0.25 - 0.05 * r[800:]
    inhibitory.c, inhibitory.d, inhibitory.noise = -65, 2, 2
    for source, low, high in ((excitatory, 0.0, 0.5), (inhibitory, -1.0, 0.0)):
        net.connect(source, cells, weight=rb.random.uniform(low, high), delay="0 ms")
    return net


def vogels_abbott_2005(seed: int = 1, cells: int = 4000,
                       currents: bool = False) -> Network:  # fmt: skip
    """Return a network of Vogels and Abbott, with conductances or with currents.

    Nothing drives it: the random initial state starts what keeps itself up.

    Parameters
    ----------
    seed, cells : int
        Four fifths of the cells are excitatory; a cell has 80 inputs on average.
    currents : bool
        Whether synapses are currents, of 16.2 pA and -90 pA; else conductances of 6 nS and
        67 nS, as given for this size by the review of 2007. (The 4 nS and 51 nS that are also
        handed down for this network keep no activity up, from this state, in 80 or 200 inputs.)
    """
    model = rb.Model(
        "dv/dt = (g_L*(E_L - v) + I)/C_m : mV (unless refractory)\nI : pA (input)",
        threshold="v > V_T",
        reset="v = V_r",
        refractory="5 ms",
        parameters={"C_m": "200 pF", "g_L": "10 nS", "E_L": "-60 mV", "V_T": "-50 mV",
                    "V_r": "-60 mV"},
        name="VogelsAbbott",
    )  # fmt: skip
    net = rb.Network(dt="0.1 ms", seed=seed)
    synapse = rb.synapses.ExponentialCurrent if currents else rb.synapses.Exponential
    potentials = ({}, {}) if currents else ({"E": "0 mV"}, {"E": "-80 mV"})
    weights = ("16.2 pA", "-90 pA") if currents else ("6 nS", "67 nS")
    population = net.add(model(E_L="-49 mV") if currents else model, cells, name="cells")
    split = cells * 4 // 5
    rule = rb.rules.fixed_probability(80 / cells)
    for k, (name, tau, sources) in enumerate((
        ("excitatory", "5 ms", population[:split]), ("inhibitory", "10 ms", population[split:])
    )):  # fmt: skip
        receptor = synapse(tau=tau, name=name, **potentials[k])
        net.connect(sources, population, rule, weight=weights[k], synapse=receptor)
    population.v = "-60*mV + 10*mV*rand()" if currents else "-65*mV + 5*mV*randn()"
    if not currents:
        population.g_excitatory = "(40 + 15*randn())*nS"
        population.g_inhibitory = "(200 + 120*randn())*nS"
    return net
