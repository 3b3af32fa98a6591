"""The benchmark networks in NEST, run in an environment of their own (see ../compare.py).

    python nest_networks.py NAME --threads T --scale X --duration S --warmup S --spikes FILE

Prints one line of JSON: seconds of building (creating, connecting, preparing) and of running,
memory, spikes. Spikes go to FILE: compare.py computes the statistics of all simulators.
Neurons are NEST's own models; where they differ from those of the other simulators it is said.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import sys
import time

import nest
import numpy as np

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")


def review(name: str, scale: float) -> dict[str, object]:
    """CUBA, COBA, COBAHH: 4,000 neurons, every pair connected with probability 0.02.

    hh_cond_exp_traub tells a spike by V_T + 30 mV and a falling voltage, and starts with its
    gates at their steady state and without conductances (its cells fire by themselves, which is
    enough to start the activity); it and iaf_cond_exp integrate with an adaptive method.
    """
    size = round(4000 * scale)
    border = size * 4 // 5
    capacity = dict(C_m=200.0, t_ref=5.0)
    if name == "cuba":
        values = dict(
            capacity, tau_m=20.0, E_L=-49.0, V_th=-50.0, V_reset=-60.0,
            tau_syn_ex=5.0, tau_syn_in=10.0,
        )  # fmt: skip
        cells = nest.Create("iaf_psc_exp", size, values)
        cells.V_m = nest.random.uniform(-60.0, -50.0)
        weights = 16.2, -90.0
    else:
        values = dict(g_L=10.0, E_L=-60.0, E_ex=0.0, E_in=-80.0, tau_syn_ex=5.0, tau_syn_in=10.0)
        if name == "coba":
            values |= dict(capacity, V_th=-50.0, V_reset=-60.0)
            cells = nest.Create("iaf_cond_exp", size, values)
            first = np.random.default_rng(1).normal(-65.0, 5.0, size)
            cells.V_m = list(np.where(first > -50.0, -65.0, first))
            cells.g_ex = nest.random.normal(40.0, 15.0)
            cells.g_in = nest.random.normal(200.0, 120.0)
        else:
            values |= dict(C_m=200.0, t_ref=3.0, V_T=-63.0, g_Na=20000.0, g_K=6000.0)
            values |= dict(E_Na=50.0, E_K=-90.0)
            cells = nest.Create("hh_cond_exp_traub", size, values)
            cells.V_m = nest.random.normal(-65.0, 5.0)
        weights = 6.0, -67.0
    rule = {"rule": "pairwise_bernoulli", "p": 80.0 / size}
    for part, weight in ((cells[:border], weights[0]), (cells[border:], weights[1])):
        nest.Connect(part, cells, rule, {"weight": weight, "delay": 0.1})
    return {"E": cells[:border], "I": cells[border:]}


def brunel(name: str, scale: float) -> dict[str, object]:
    """Sparse random network; one generator stands for an independent train a neuron."""
    g, external, reset = {
        "brunel_a": (3.0, 2.0, 10.0),
        "brunel_b": (6.0, 4.0, 10.0),
        "brunel_c": (5.0, 2.0, 10.0),
        "brunel_d": (4.5, 0.9, 10.0),
        "brunel_delta": (5.0, 2.0, 0.0),
    }[name]
    border, inhibitory = round(10000 * scale), round(2500 * scale)
    values = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=reset, V_m=0.0, V_th=20.0)
    cells = nest.Create("iaf_psc_delta", border + inhibitory, values)
    noise = nest.Create("poisson_generator", params={"rate": external * 10000.0})
    nest.Connect(noise, cells, syn_spec={"weight": 0.1, "delay": 1.5})
    for part, inputs, weight in ((cells[:border], 1000, 0.1), (cells[border:], 250, -g * 0.1)):
        rule = {"rule": "fixed_indegree", "indegree": inputs}
        nest.Connect(part, cells, rule, {"weight": weight, "delay": 1.5})
    return {"E": cells[:border], "I": cells[border:]}


def hpc(name: str, scale: float, indegree: float = 1.0) -> dict[str, object]:
    """Balanced network with power-law plasticity among excitatory neurons.

    NEST puts the delay behind the synapse (dendrite), Rheobase before it (axon).
    """
    stronger = 1 / math.sqrt(indegree)
    border, inhibitory = round(9000 * scale), round(2250 * scale)
    weight = stronger * 45.60960
    tau = 0.32582722403722841
    values = dict(
        E_L=0.0, C_m=250.0, tau_m=10.0, t_ref=0.5, V_th=20.0, V_reset=0.0,
        tau_syn_ex=tau, tau_syn_in=tau, tau_minus=30.0,
    )  # fmt: skip
    cells = nest.Create("iaf_psc_alpha", border + inhibitory, values)
    cells.V_m = nest.random.normal(5.7, 7.2)
    excitatory, inhibiting = cells[:border], cells[border:]
    noise = nest.Create("poisson_generator", params={"rate": 20856.04 / stronger})
    nest.Connect(noise, cells, syn_spec={"weight": weight, "delay": 1.5})
    stdp = {"alpha": 0.0513 * stronger**-0.6, "lambda": 0.1, "mu": 0.4, "tau_plus": 15.0}
    nest.CopyModel("stdp_pl_synapse_hom_hpc", "plastic", stdp)
    nest.CopyModel("static_synapse_hom_w_hpc", "excitation", {"weight": weight})
    nest.CopyModel("static_synapse_hom_w_hpc", "inhibition", {"weight": -5 * weight})
    for pre, post, inputs, model in (
        (excitatory, excitatory, 9000, {"synapse_model": "plastic", "weight": weight}),
        (excitatory, inhibiting, 9000, {"synapse_model": "excitation"}),
        (inhibiting, cells, 2250, {"synapse_model": "inhibition"}),
    ):
        inputs = round(indegree * inputs)
        rule = {"rule": "fixed_indegree", "indegree": inputs, "allow_autapses": False}
        nest.Connect(pre, post, rule, {**model, "delay": 1.5})
    return {"E": excitatory, "I": inhibiting}


def microcircuit(name: str, scale: float, indegree: float = 1.0) -> dict[str, object]:
    """Potjans and Diesmann 2014: fewer neurons if asked for, and fewer inputs of each.

    With fewer inputs weights are larger and a current is added, which keeps mean and variance.
    """
    stronger = 1 / math.sqrt(indegree)
    values = dict(
        C_m=250.0, tau_m=10.0, E_L=-65.0, V_th=-50.0, V_reset=-65.0, t_ref=2.0,
        tau_syn_ex=0.5, tau_syn_in=0.5,
    )  # fmt: skip
    cells = {}
    for k, population in enumerate(POPULATIONS):
        made = nest.Create("iaf_psc_exp", round(SIZES[k] * scale), values)
        made.V_m = nest.random.normal(*FIRST_VOLTAGES[k])
        made.I_e = 0.5e-3 * (1 - math.sqrt(indegree)) * arriving(k)
        rate = 8.0 * indegree * EXTERNAL_INPUTS[k]
        noise = nest.Create("poisson_generator", params={"rate": rate})
        nest.Connect(noise, made, syn_spec={"weight": stronger * WEIGHT, "delay": 1.5})
        cells[population] = made
    for t, target in enumerate(POPULATIONS):
        for s, source in enumerate(POPULATIONS):
            count = round(scale * indegree * synapses(t, s))
            if not count:
                continue
            mean = stronger * mean_weight(t, s)
            low, high = (-np.inf, 0.0) if mean < 0 else (0.0, np.inf)
            delay = 0.75 if s % 2 else 1.5
            drawn = {
                "weight": nest.math.redraw(nest.random.normal(mean, abs(mean) / 10), low, high),
                "delay": nest.math.redraw(nest.random.normal(delay, delay / 2), 0.1, np.inf),
            }
            rule = {"rule": "fixed_total_number", "N": count}
            nest.Connect(cells[source], cells[target], rule, drawn)
    return cells


def synapses(t: int, s: int) -> int:
    """How many connect two populations at full scale."""
    pairs = SIZES[t] * SIZES[s]
    return round(math.log(1.0 - PROBABILITIES[t][s]) / math.log((pairs - 1.0) / pairs))


def mean_weight(t: int, s: int) -> float:
    """At full scale, pA."""
    return WEIGHT * (-4.0 if s % 2 else 2.0 if (t, s) == (0, 2) else 1.0)


def arriving(t: int) -> float:
    """Weight times rate of all that arrives at a neuron at full scale, pA/s."""
    recurrent = sum(
        mean_weight(t, s) * synapses(t, s) / SIZES[t] * RATES[s] for s in range(len(SIZES))
    )
    return recurrent + WEIGHT * EXTERNAL_INPUTS[t] * 8.0


WEIGHT = 87.8084935
RATES = (0.86, 2.80, 4.45, 5.93, 7.59, 8.64, 1.09, 7.88)
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
EXTERNAL_INPUTS = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
FIRST_VOLTAGES = (
    (-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94),
    (-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46), (-61.43, 4.48),
)  # fmt: skip
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
NETWORKS = {
    **dict.fromkeys(("cuba", "coba", "cobahh"), review),
    **dict.fromkeys([f"brunel_{x}" for x in ("a", "b", "c", "d", "delta")], brunel),
    "hpc": hpc,
    "microcircuit": microcircuit,
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(NETWORKS))
    parser.add_argument("--folder", help="not used: NEST compiles nothing")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--duration", type=float, default=1.0)
    parser.add_argument("--warmup", type=float, default=0.0)
    parser.add_argument("--indegree", type=float, help="fraction of inputs")
    parser.add_argument("--spikes", required=True)
    asked = parser.parse_args()
    started = time.perf_counter()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=0.1, local_num_threads=asked.threads, rng_seed=1)
    options = {"indegree": asked.indegree} if asked.indegree else {}
    groups = NETWORKS[asked.name](asked.name, asked.scale, **options)
    recorders = {}
    for name, cells in groups.items():
        recorders[name] = nest.Create("spike_recorder", params={"start": 1000 * asked.warmup})
        nest.Connect(cells, recorders[name])
    nest.Prepare()
    built = time.perf_counter()
    if asked.warmup:
        nest.Run(1000 * asked.warmup)
    warm = time.perf_counter()
    nest.Run(1000 * asked.duration)
    done = time.perf_counter()
    nest.Cleanup()
    arrays, total = {}, 0
    for name, cells in groups.items():
        events = recorders[name].events
        arrays[f"{name}.times"] = np.asarray(events["times"]) * 1e-3
        arrays[f"{name}.ids"] = np.asarray(events["senders"]) - cells[0].global_id
        arrays[f"{name}.size"] = len(cells)
        total += arrays[f"{name}.times"].size
    np.savez(asked.spikes, **arrays)
    figures = {
        "build": built - started,
        "run": done - warm,
        "spikes": int(total),
        "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "synapses": int(nest.num_connections),
        "version": nest.__version__,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
