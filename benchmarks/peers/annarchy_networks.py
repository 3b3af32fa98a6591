"""The benchmark networks in ANNarchy, run in an environment of its own (see ../compare.py).

    python annarchy_networks.py NAME --folder BUILD_FOLDER --threads T --duration S --spikes FILE

ANNarchy generates and compiles C++ for every network; a build folder that was used before makes
a warm run. Prints one line of JSON; spikes go to FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time

import ANNarchy as ann
import numpy as np

CUBA = """
    tau_m * dv/dt = (E_L - v) + g_exc - g_inh
    tau_e * dg_exc/dt = -g_exc
    tau_i * dg_inh/dt = -g_inh
"""
COBA = """
    C_m * dv/dt = leak*(E_L - v) + g_exc*(E_e - v) + g_inh*(E_i - v)
    tau_e * dg_exc/dt = -g_exc
    tau_i * dg_inh/dt = -g_inh
"""
REVIEW = dict(C_m=200.0, leak=10.0, E_L=-60.0, E_e=0.0, E_i=-80.0, tau_e=5.0, tau_i=10.0)
NETWORKS = {
    "cuba": (CUBA, dict(tau_m=20.0, E_L=-49.0, tau_e=5.0, tau_i=10.0), 1.62, 9.0),
    "coba": (COBA, REVIEW, 6.0, 67.0),
}


def review(net: ann.Network, name: str, scale: float) -> tuple[object, int]:
    """CUBA and COBA: 4,000 neurons, every pair connected with probability 0.02; Euler."""
    size = round(4000 * scale)
    border = size * 4 // 5
    equations, parameters, excitation, inhibition = NETWORKS[name]
    neuron = ann.Neuron(
        parameters=parameters, equations=equations,
        spike="v > -50.0", reset="v = -60.0", refractory=5.0,
    )  # fmt: skip
    cells = net.create(geometry=size, neuron=neuron, name="cells")
    random = np.random.default_rng(1)
    if name == "cuba":
        cells.v = random.uniform(-60.0, -50.0, size)
    else:
        first = random.normal(-65.0, 5.0, size)
        cells.v = np.where(first > -50.0, -65.0, first)
        cells.g_exc = random.normal(40.0, 15.0, size)
        cells.g_inh = random.normal(200.0, 120.0, size)
    for part, target, weight in (
        (cells[:border], "exc", excitation),
        (cells[border:], "inh", inhibition),
    ):
        projection = net.connect(part, cells, target)
        projection.fixed_probability(weights=weight, probability=80 / size)
    return cells, border


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
    net = ann.Network(dt=0.1, seed=1)
    net.config(num_threads=asked.threads)
    cells, border = review(net, asked.name, asked.scale)
    monitor = net.monitor(cells, ["spike"])
    # Its build system looks for the Python of the active environment.
    os.environ["VIRTUAL_ENV"] = sys.prefix
    os.environ["PATH"] = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
    net.compile(directory=asked.folder, silent=True)
    if asked.warmup:
        net.simulate(1000 * asked.warmup)
    started = time.perf_counter()
    net.simulate(1000 * asked.duration)
    run = time.perf_counter() - started
    times, ids = monitor.raster_plot(monitor.get("spike"))
    times, ids = np.asarray(times) * 1e-3, np.asarray(ids)
    late = times >= asked.warmup - 1e-9
    arrays, size = {}, len(cells)
    for group, first, end in (("E", 0, border), ("I", border, size)):
        chosen = late & (ids >= first) & (ids < end)
        arrays |= {f"{group}.times": times[chosen], f"{group}.ids": ids[chosen] - first}
        arrays[f"{group}.size"] = end - first
    np.savez(asked.spikes, **arrays)
    figures = {
        "run": run,
        "spikes": int(late.sum()),
        "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "version": ann.__version__,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
