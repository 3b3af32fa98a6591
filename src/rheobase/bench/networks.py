"""The benchmark networks of Brette et al. (2007), as the library's user writes them.

4,000 neurons, four fifths of them excitatory; every ordered pair is connected with
probability 0.02; a random initial state starts an activity that keeps itself up,
and nothing else drives the networks. Larger networks keep the mean number of 80 inputs a
cell: `scale=10` has 40,000 neurons. Weights, time constants and reversal
potentials are the paper's; the initial states are those in common use, with which
the published rates of other implementations were found.

Reference: R. Brette et al., "Simulation of networks of spiking neurons: a review of
tools and strategies", Journal of Computational Neuroscience 23 (2007), appendix B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rheobase as rb

if TYPE_CHECKING:
    from rheobase.simulation import Network, Population

N = 4000
PROBABILITY = 0.02


def cuba(seed: int = 1, scale: float = 1.0) -> Network:
    """Benchmark 2: currents with exponential decay, written as voltages (R I).

    Weights 1.62 mV and -9 mV; initial v uniform between reset and threshold.
    """
    model = rb.Model(
        """
        dv/dt   = (g_e + g_i - (v - E_L))/tau_m : mV (unless refractory)
        dg_e/dt = -g_e/tau_e : mV
        dg_i/dt = -g_i/tau_i : mV
        """,
        threshold="v > V_T",
        reset="v = V_r",
        refractory="5 ms",
        parameters={
            "E_L": "-49 mV",
            "V_T": "-50 mV",
            "V_r": "-60 mV",
            "tau_m": "20 ms",
            "tau_e": "5 ms",
            "tau_i": "10 ms",
        },
        receives={"excitatory": "g_e += weight", "inhibitory": "g_i += weight"},
        name="CUBA",
    )
    net = rb.Network(dt="0.1 ms", seed=seed)
    cells = net.add(model, round(scale * N), name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    _connect(net, cells, "1.62 mV", "-9 mV")
    return net


def coba(seed: int = 1, scale: float = 1.0) -> Network:
    """Benchmark 1: synaptic conductances. Weights 6 nS and 67 nS."""
    net = rb.Network(dt="0.1 ms", seed=seed)
    cells = net.add(rb.models.ConductanceLIF, round(scale * N), name="cells")
    # Drawn again where it would lie above the threshold.
    cells.v = rb.random.normal("-65 mV", "5 mV", high="-50 mV")
    cells.g_e = "(40 + 15*randn())*nS"
    cells.g_i = "(200 + 120*randn())*nS"
    _connect(net, cells, "6 nS", "67 nS")
    return net


def cobahh(seed: int = 1, method: str = "auto", scale: float = 1.0) -> Network:
    """Benchmark 3: synaptic conductances on Traub-Miles Hodgkin-Huxley neurons."""
    model = hodgkin_huxley(method)
    net = rb.Network(dt="0.1 ms", seed=seed)
    cells = net.add(model, round(scale * N), name="cells")
    cells.v = "E_L + (randn() - 1)*5*mV"
    cells.g_e = "(40 + 15*randn())*nS"
    cells.g_i = "(200 + 120*randn())*nS"
    _connect(net, cells, "6 nS", "67 nS")
    return net


def cubadv(seed: int = 1, scale: float = 1.0) -> Network:
    """Benchmark 4: jumps of the voltage by 0.25 mV and -2.25 mV, at exact times.

    Initial v uniform between reset and threshold; the delay, 0 in the paper, is 0.1 ms.
    """
    net = rb.Network(dt="0.1 ms", seed=seed)
    cells = net.add(rb.models.DeltaLIF(crossing="exact"), round(scale * N), name="cells")
    cells.v = "V_r + rand()*(V_T - V_r)"
    _connect(net, cells, "0.25 mV", "-2.25 mV", ("v", "v"))
    return net


def hodgkin_huxley(method: str = "auto") -> rb.Model:
    """Return the neuron of benchmark 3."""
    return rb.Model(
        """
        dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v)
                 + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v))/C_m : mV
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dg_e/dt = -g_e/tau_e : nS
        dg_i/dt = -g_i/tau_i : nS
        u = (v - V_T)/mV : 1
        alpha_m = 1.28/exprel((13 - u)/4)/ms : 1/ms
        beta_m = 1.4/exprel((u - 40)/5)/ms : 1/ms
        alpha_h = 0.128*exp((17 - u)/18)/ms : 1/ms
        beta_h = 4/(1 + exp((40 - u)/5))/ms : 1/ms
        alpha_n = 0.16/exprel((15 - u)/5)/ms : 1/ms
        beta_n = 0.5*exp((10 - u)/40)/ms : 1/ms
        """,
        threshold="v > -20*mV",
        refractory="3 ms",
        parameters={
            "C_m": "200 pF",
            "g_L": "10 nS",
            "E_L": "-60 mV",
            "g_Na": "20 uS",
            "E_Na": "50 mV",
            "g_K": "6 uS",
            "E_K": "-90 mV",
            "V_T": "-63 mV",
            "E_e": "0 mV",
            "E_i": "-80 mV",
            "tau_e": "5 ms",
            "tau_i": "10 ms",
        },
        receives={"excitatory": "g_e += weight", "inhibitory": "g_i += weight"},
        method=method,
        name="COBAHH",
    )


def excitatory(cells: Population) -> int:
    """Return how many of the cells are excitatory: the first four fifths."""
    return len(cells) * 4 // 5


def _connect(
    net: Network,
    cells: Population,
    excitation: str,
    inhibition: str,
    ports: tuple[str, str] = ("excitatory", "inhibitory"),
) -> None:
    """Bernoulli connections, 80 a cell, delay one step (the default)."""
    rule = rb.rules.fixed_probability(PROBABILITY * N / len(cells))
    border = excitatory(cells)
    net.connect(cells[:border], cells, rule, weight=excitation, to=ports[0])
    net.connect(cells[border:], cells, rule, weight=inhibition, to=ports[1])
