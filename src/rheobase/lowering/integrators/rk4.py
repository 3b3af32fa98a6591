"""The classical fourth-order Runge-Kutta method."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, refuse_unclipped, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt/6*(k1 + 2*k2 + 2*k3 + k4)."""
    x, dt = system.x, system.dt
    k1 = system.slopes()
    k2 = system.slopes({n: x[n] + (0.5 * dt) * k1[n] for n in x}, 0.5)
    k3 = system.slopes({n: x[n] + (0.5 * dt) * k2[n] for n in x}, 0.5)
    k4 = system.slopes({n: x[n] + dt * k3[n] for n in x}, 1.0)
    return {n: x[n] + (dt / 6.0) * (k1[n] + 2.0 * (k2[n] + k3[n]) + k4[n]) for n in x}


RK4 = register(Method(
    "rk4", 4, "classical Runge-Kutta of fourth order", step, refuses=refuse_unclipped,
))  # fmt: skip
