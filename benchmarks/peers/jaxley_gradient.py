"""A gradient of a Hodgkin-Huxley trace by Jaxley, whenever a line comes in: for gradient_hh.py."""

from __future__ import annotations

import sys
import time

import jax
import jax.numpy as jnp
import jaxley
import jaxley as jx
from jaxley.channels import HH

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")

SIX = ("HH_gNa", "HH_gK", "HH_gLeak", "HH_eNa", "HH_eK", "HH_eLeak")


def main(duration: float, dt: float) -> None:
    """Build one compartment; say how long the first gradient took; then one a line."""
    cell = jx.Compartment()
    cell.insert(HH())
    cell.stimulate(jx.step_current(2.0, duration, 0.1, dt, duration), verbose=False)
    cell.record(verbose=False)
    for name in SIX:
        cell.make_trainable(name, verbose=False)
    parameters = cell.get_parameters()
    begin = time.perf_counter()

    def loss(values: list) -> jax.Array:
        v = jx.integrate(cell, params=values, delta_t=dt)
        return jnp.mean((v + 60.0) ** 2)

    gradient = jax.jit(jax.value_and_grad(loss))
    jax.block_until_ready(gradient(parameters))
    print("ready", jaxley.__version__, time.perf_counter() - begin, flush=True)
    for n, _ in enumerate(sys.stdin):
        changed = [{k: v * (1 + 1e-6 * n) for k, v in p.items()} for p in parameters]
        begin = time.perf_counter()
        value, _ = jax.block_until_ready(gradient(changed))
        print(time.perf_counter() - begin, float(value), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
