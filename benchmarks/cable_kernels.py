"""What a compartment and step cost: cables with squid or passive membrane, solved by the engine.

    python benchmarks/cable_kernels.py [--compartments 1000] [--threads 2]

Prints nanoseconds a compartment and step, the least of several runs of each, and what of that are
the kernel of the membrane alone and the rest (solving for the voltages, and all else). Nothing is
recorded.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from typing import Any

import numpy as np

from rheobase.engine.cables import cable_plan, layout
from rheobase.engine.plan import InputPlan, NetworkPlan, PopulationPlan, new_array
from rheobase.engine.run import Engine
from rheobase.engine.trees import Tree
from rheobase.language.model import Model
from rheobase.lowering.cable import lower_patch
from rheobase.rendering import CompiledKernels, prepare

PASSIVE = Model(
    "dv/dt = (I/area - g_L*(v - E_L))/C_m : mV\nI : nA (input)", name="passive",
    parameters=dict(area="1 um**2", g_L="0.025 mS/cm**2", E_L="-65 mV", C_m="1 uF/cm**2"),
)  # fmt: skip
SQUID = Model(
    """
    dv/dt = (I/area + g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v))/C_m : mV
    dm/dt = (1 - m)/exprel(-(v + 40*mV)/(10*mV))/ms - 4*exp(-(v + 65*mV)/(18*mV))/ms*m : 1
    dh/dt = 0.07*exp(-(v + 65*mV)/(20*mV))/ms*(1 - h) - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
    dn/dt = 0.1*(1 - n)/exprel(-(v + 55*mV)/(10*mV))/ms - 0.125*exp(-(v + 65*mV)/(80*mV))/ms*n : 1
    I : nA (input)
    """,
    name="squid",
    parameters=dict(
        area="1 um**2", g_L="0.025 mS/cm**2", E_L="-65 mV", g_Na="120 mS/cm**2", E_Na="50 mV",
        g_K="36 mS/cm**2", E_K="-77 mV", C_m="1 uF/cm**2",
    ),
)  # fmt: skip
STATES = {"v": -0.065, "m": 0.0529, "h": 0.596, "n": 0.318}
DT = 1e-5


def network(model: Model, compartments: int, cells: int) -> NetworkPlan:
    """Return cables of 1 um each, as in the third Rallpack, with a current into their ends."""
    radius, length = 0.5e-6, 1e-6
    area = 2 * np.pi * radius * length
    parent = np.arange(-1, compartments - 1, dtype=np.int32)
    axial = np.full(compartments, np.pi * radius**2 / length)
    capacitance = np.full(compartments, 0.01 * area)
    tree = Tree(parent, axial * (parent >= 0), capacitance, np.zeros(compartments, np.int32))
    lay = layout([tree], [0] * cells)
    program = lower_patch(model, frozenset({"area"}))
    size = cells * compartments
    prepared = prepare(program, {**model.defaults, "N": size, "area": np.full(size, area)}, DT, 0.0)
    arrays = {a.name: new_array(size, a.dtype) for a in program.arrays}
    for name, value in (prepared.arrays | STATES).items():
        if name in arrays:
            arrays[name][:] = value
    patch = PopulationPlan("membrane", size, program, CompiledKernels(program), arrays,
                           prepared.numbers, record_spikes=False)  # fmt: skip
    ends = np.sort(lay.elements(np.arange(cells), 0)[1]).astype(np.int32)
    current = InputPlan(0, "I", cells=ends, waveform=lambda k, n: np.full((n, 1), 1e-10))
    cable = cable_plan("cables", lay, [0], np.zeros(cells, np.int32), np.full(cells, -0.02))
    return NetworkPlan(DT, 0.0, 1, [patch, cable], inputs=[current])


def least(work: Any, runs: int) -> float:
    """Return the shortest time of some runs, seconds."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def whole(plan: NetworkPlan, threads: int, runs: int) -> float:
    """Return ns a compartment and step of the whole engine."""
    size = plan.populations[0].size
    steps = max(2_000_000 // size, 50)
    engine = Engine(plan, "numba", threads=threads)
    engine.advance(2 * steps)
    return least(lambda: engine.advance(steps), runs) / steps / size * 1e9


def membrane(plan: NetworkPlan, runs: int) -> float:
    """Return ns a compartment and step of the kernel of the membrane alone, on one thread."""
    patch: Any = plan.populations[0]
    names = patch.kernels.array_names
    table = np.array([patch.arrays[n].ctypes.data for n in names], np.int64)
    update = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(patch.kernels.update_address)
    arguments = (table.ctypes.data, patch.numbers.ctypes.data, 0, patch.size, 1)
    calls = max(500_000 // patch.size, 10)

    def work() -> None:
        for _ in range(calls):
            update(*arguments)

    work()
    return least(work, 3 * runs) / calls / patch.size * 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compartments", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2, help="of many cells")
    parser.add_argument("--runs", type=int, default=9)
    given = parser.parse_args()
    print(f"ns a compartment and step; cables of {given.compartments} compartments, dt 10 us")
    print(f"{'membrane':10}{'cells':>6}{'threads':>9}{'all':>8}{'membrane':>10}{'rest':>8}")
    for name, model in (("squid", SQUID), ("passive", PASSIVE)):
        for cells, threads in ((1, 1), (8, 1), (8, given.threads), (64, given.threads)):
            plan = network(model, given.compartments, cells)
            total = whole(plan, threads, given.runs)
            own = membrane(plan, given.runs)
            parts = f"{own:10.2f}{total - own:8.2f}" if threads == 1 else ""
            print(f"{name:10}{cells:6}{threads:9}{total:8.2f}{parts}", flush=True)


if __name__ == "__main__":
    main()
