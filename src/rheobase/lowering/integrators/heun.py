"""Heun's method: the mean of the slopes at both ends of an Euler step."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, refuse_unclipped, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt/2*(k1 + k2), k2 = f(x + dt*k1)."""
    x, dt = system.x, system.dt
    k1 = system.slopes()
    k2 = system.slopes({n: x[n] + dt * k1[n] for n in x}, 1.0)
    return {n: x[n] + (0.5 * dt) * (k1[n] + k2[n]) for n in x}


HEUN = register(Method(
    "heun", 2, "Heun: the mean of the slopes at both ends of an Euler step", step,
    refuses=refuse_unclipped,
))  # fmt: skip
