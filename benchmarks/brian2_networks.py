"""The peer's side of compare_brian2.py; runs under a Python that has Brian 2.

    python brian2_networks.py {cuba,cobahh} BUILD_FOLDER

The networks are those of rheobase.bench.networks in Brian 2's terms: C++ standalone
mode, one thread. A build folder that was used before makes a warm run: what did not
change is not compiled again.
"""

from __future__ import annotations

import json
import resource
import sys

import brian2 as b2
from brian2 import Hz, ms, mV, nS, pF, second, uS  # noqa: F401

CUBA = """
dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt
"""

COBAHH = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v)
         + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v))/C_m : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
u = (v - V_T)/mV : 1
alpha_m = 1.28/exprel((13 - u)/4)/ms : Hz
beta_m = 1.4/exprel((u - 40)/5)/ms : Hz
alpha_h = 0.128*exp((17 - u)/18)/ms : Hz
beta_h = 4/(1 + exp((40 - u)/5))/ms : Hz
alpha_n = 0.16/exprel((15 - u)/5)/ms : Hz
beta_n = 0.5*exp((10 - u)/40)/ms : Hz
"""


def cuba() -> tuple[b2.NeuronGroup, object, object]:
    constants = dict(
        E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms, tau_e=5 * ms, tau_i=10 * ms
    )
    cells = b2.NeuronGroup(
        4000,
        CUBA,
        threshold="v > V_T",
        reset="v = V_r",
        refractory=5 * ms,
        method="exact",
        namespace=constants,
    )
    cells.v = "V_r + rand()*(V_T - V_r)"
    return cells, 1.62 * mV, -9 * mV


def cobahh() -> tuple[b2.NeuronGroup, object, object]:
    constants = dict(
        C_m=200 * pF,
        g_L=10 * nS,
        E_L=-60 * mV,
        g_Na=20 * uS,
        E_Na=50 * mV,
        g_K=6 * uS,
        E_K=-90 * mV,
        V_T=-63 * mV,
        E_e=0 * mV,
        E_i=-80 * mV,
        tau_e=5 * ms,
        tau_i=10 * ms,
    )
    cells = b2.NeuronGroup(
        4000,
        COBAHH,
        threshold="v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
        namespace=constants,
    )
    cells.v = "E_L + (randn() - 1)*5*mV"
    cells.g_e = "(40 + 15*randn())*nS"
    cells.g_i = "(200 + 120*randn())*nS"
    return cells, 6 * nS, 67 * nS


def main() -> int:
    name, folder = sys.argv[1:]
    b2.set_device("cpp_standalone", directory=folder, build_on_run=True)
    b2.prefs.devices.cpp_standalone.openmp_threads = 0
    b2.defaultclock.dt = 0.1 * ms
    b2.seed(1)
    cells, excitation, inhibition = {"cuba": cuba, "cobahh": cobahh}[name]()
    excitatory = b2.Synapses(
        cells[:3200], cells, on_pre="g_e_post += w_e", namespace={"w_e": excitation}
    )
    inhibitory = b2.Synapses(
        cells[3200:], cells, on_pre="g_i_post += w_i", namespace={"w_i": inhibition}
    )
    excitatory.connect(p=0.02)
    inhibitory.connect(p=0.02)
    spikes = b2.SpikeMonitor(cells)
    # Only what is named here runs: no magic.
    net = b2.Network(cells, excitatory, inhibitory, spikes)
    net.run(1 * second)
    own = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures = {
        "run": b2.device._last_run_time,
        "spikes": int(spikes.num_spikes),
        "memory": 1024 * max(own, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
