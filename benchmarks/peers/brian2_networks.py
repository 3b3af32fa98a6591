"""The benchmark networks in Brian 2, run in an environment of its own (see ../compare.py).

    python brian2_networks.py NAME --folder BUILD_FOLDER --threads T --duration S --spikes FILE

C++ standalone mode. A build folder that was used before makes a warm run: what did not change
is not compiled again. Prints one line of JSON; spikes go to FILE: compare.py computes the
statistics of all simulators.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys

import brian2 as b2
import numpy as np
from brian2 import Hz, ms, mV, nS, pF, second, uS

CUBA = """
dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt
"""

COBA = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v))/C_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
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


Groups = dict[str, tuple[int, int]]
CONDUCTANCES = dict(
    C_m=200 * pF, g_L=10 * nS, E_L=-60 * mV, E_e=0 * mV, E_i=-80 * mV, tau_e=5 * ms, tau_i=10 * ms
)


def connect(cells, part, rule, statement, **options) -> b2.Synapses:
    synapses = b2.Synapses(cells[part], cells, on_pre=statement, **options)
    rule(synapses)
    return synapses


def review(name: str, scale: float) -> tuple[list[object], Groups]:
    """CUBA, COBA, COBAHH: 4,000 neurons, every pair connected with probability 0.02."""
    size = round(4000 * scale)
    border = size * 4 // 5
    if name == "cuba":
        constants = dict(
            E_L=-49 * mV, V_T=-50 * mV, V_r=-60 * mV, tau_m=20 * ms, tau_e=5 * ms, tau_i=10 * ms
        )
        cells = b2.NeuronGroup(
            size, CUBA, threshold="v > V_T", reset="v = V_r", refractory=5 * ms,
            method="exact", namespace=constants,
        )  # fmt: skip
        cells.v = "V_r + rand()*(V_T - V_r)"
        weights = 1.62 * mV, -9 * mV
    elif name == "coba":
        cells = b2.NeuronGroup(
            size, COBA, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms,
            method="exponential_euler", namespace=CONDUCTANCES,
        )  # fmt: skip
        cells.v = "-65*mV + clip(randn(), -10, 2.9)*5*mV"
        weights = 6 * nS, 67 * nS
    else:
        constants = dict(g_Na=20 * uS, E_Na=50 * mV, g_K=6 * uS, E_K=-90 * mV, V_T=-63 * mV)
        cells = b2.NeuronGroup(
            size, COBAHH, threshold="v > -20*mV", refractory=3 * ms,
            method="exponential_euler", namespace=CONDUCTANCES | constants,
        )  # fmt: skip
        cells.v = "E_L + (randn() - 1)*5*mV"
        weights = 6 * nS, 67 * nS
    if name != "cuba":
        cells.g_e = "(40 + 15*randn())*nS"
        cells.g_i = "(200 + 120*randn())*nS"

    def rule(synapses: b2.Synapses) -> None:
        synapses.connect(p=80 / size)

    excitatory = connect(
        cells, slice(0, border), rule, "g_e_post += w_e", namespace={"w_e": weights[0]}
    )
    inhibitory = connect(
        cells, slice(border, size), rule, "g_i_post += w_i", namespace={"w_i": weights[1]}
    )
    return [cells, excitatory, inhibitory], {"E": (0, border), "I": (border, size)}


def brunel(name: str, scale: float) -> tuple[list[object], Groups]:
    """Sparse random network, 1,000 and 250 inputs a neuron drawn with replacement."""
    g, external, reset = {
        "brunel_a": (3.0, 2.0, 10.0),
        "brunel_b": (6.0, 4.0, 10.0),
        "brunel_c": (5.0, 2.0, 10.0),
        "brunel_d": (4.5, 0.9, 10.0),
        "brunel_delta": (5.0, 2.0, 0.0),
    }[name]
    border, inhibitors = round(10000 * scale), round(2500 * scale)
    size = border + inhibitors
    cells = b2.NeuronGroup(
        size, "dv/dt = -v/tau_m : volt (unless refractory)",
        threshold="v >= 20*mV", reset="v = V_r", refractory=2 * ms, method="exact",
        namespace={"tau_m": 20 * ms, "V_r": reset * mV},
    )  # fmt: skip
    random = np.random.default_rng(1)

    def drawn(sources: int, inputs: int):
        def rule(synapses: b2.Synapses) -> None:
            i = random.integers(0, sources, size * inputs)
            synapses.connect(i=i, j=np.repeat(np.arange(size), inputs))

        return rule

    excitatory = connect(
        cells, slice(0, border), drawn(border, 1000), "v_post += w_e",
        delay=1.5 * ms, namespace={"w_e": 0.1 * mV},
    )  # fmt: skip
    inhibitory = connect(
        cells, slice(border, size), drawn(inhibitors, 250), "v_post += w_i",
        delay=1.5 * ms, namespace={"w_i": -g * 0.1 * mV},
    )  # fmt: skip
    noise = b2.PoissonInput(cells, "v", 1000, external * 10 * Hz, weight=0.1 * mV)
    return [cells, excitatory, inhibitory, noise], {"E": (0, border), "I": (border, size)}


NETWORKS = {
    **dict.fromkeys(("cuba", "coba", "cobahh"), review),
    **dict.fromkeys([f"brunel_{x}" for x in ("a", "b", "c", "d", "delta")], brunel),
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(NETWORKS))
    parser.add_argument("--folder", required=True, help="of the C++ code")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--warmup", type=float, default=0.0)
    parser.add_argument("--spikes", required=True)
    asked = parser.parse_args()
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = asked.threads if asked.threads > 1 else 0
    b2.defaultclock.dt = 0.1 * ms
    b2.seed(1)
    objects, groups = NETWORKS[asked.name](asked.name, asked.scale)
    monitor = b2.SpikeMonitor(objects[0])
    # Only what is named here runs: no magic.
    net = b2.Network(*objects, monitor)
    if asked.warmup:
        net.run(asked.warmup * second)
    net.run(asked.duration * second)
    b2.device.build(directory=asked.folder, compile=True, run=True)
    times, ids = np.asarray(monitor.t), np.asarray(monitor.i)
    late = times >= asked.warmup - 1e-9
    arrays, total = {}, 0
    for name, (first, end) in groups.items():
        chosen = late & (ids >= first) & (ids < end)
        arrays |= {f"{name}.times": times[chosen], f"{name}.ids": ids[chosen] - first}
        arrays[f"{name}.size"] = end - first
        total += int(chosen.sum())
    np.savez(asked.spikes, **arrays)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    figures = {
        # Of the last run: the warm-up is one of its own.
        "run": b2.device._last_run_time,
        "spikes": total,
        "memory": 1024 * max(children, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        "version": b2.__version__,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
