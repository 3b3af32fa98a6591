"""The cables of the benchmark in Jaxley, in double precision."""

from __future__ import annotations

import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import jaxley as jx
from cells import CABLE, SQUID, START, Asked, answer, crossings
from jaxley.channels import HH

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")


def network(copies: int) -> tuple[Any, dict[str, Any]]:
    """Return Rallpack-3 cables, and the ends of the first."""
    count = int(CABLE["compartments"])
    branch = jx.Branch(jx.Compartment(), ncomp=count)
    cell = jx.Cell(branch, parents=[-1])
    cell.set("length", CABLE["length"] / count)
    cell.set("radius", CABLE["diameter"] / 2)
    cell.set("axial_resistivity", CABLE["R_a"])
    cell.set("capacitance", CABLE["C_m"])
    cell.insert(HH())
    values = {
        "HH_gNa": SQUID["g_Na"], "HH_gK": SQUID["g_K"], "HH_gLeak": CABLE["g_L"],
        "HH_eNa": SQUID["E_Na"], "HH_eK": SQUID["E_K"], "HH_eLeak": CABLE["E_L"],
    }  # fmt: skip
    for name, value in values.items():
        cell.set(name, value)
    cell.set("v", START)
    cell.init_states()
    if copies == 1:
        return cell, {"near": cell.branch(0).comp(0), "far": cell.branch(0).comp(count - 1)}
    made = jx.Network([cell] * copies)
    first = made.cell(0).branch(0)
    return made, {"near": first.comp(0), "far": first.comp(count - 1)}


def runner(asked: Asked, duration: float) -> Any:
    """Return a compiled function that runs and gives the voltages of the ends."""
    made, places = network(asked.copies)
    for at in places.values():
        at.record("v")
    steps = round(duration / asked.dt)
    current = jnp.full(steps, CABLE["current"])
    data = None
    for k in range(asked.copies):
        end = made.branch(0) if asked.copies == 1 else made.cell(k).branch(0)
        data = end.comp(0).data_stimulate(current, data)
    return jax.jit(lambda: jx.integrate(made, data_stimuli=data, delta_t=asked.dt))


def main() -> None:
    """Build, check, run on demand."""
    asked = Asked()
    if asked.model != "cable":
        raise SystemExit("only the cables are written for Jaxley")
    check = runner(asked, asked.checked)
    places = ("near", "far")
    times = [k * asked.dt for k in range(round(asked.checked / asked.dt) + 1)]
    traces = check().tolist()
    found = {name: crossings(times, trace) for name, trace in zip(places, traces, strict=True)}
    timed = runner(asked, asked.timed)
    timed().block_until_ready()

    def run() -> float:
        began = time.perf_counter()
        timed().block_until_ready()
        return time.perf_counter() - began

    answer(jx.__version__, asked.copies * int(CABLE["compartments"]), found, run)


if __name__ == "__main__":
    sys.exit(main())
