"""The midpoint rule, the classical second-order Runge-Kutta method."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, refuse_unclipped, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt*k2, k2 = f(x + dt/2*k1)."""
    x, dt = system.x, system.dt
    k1 = system.slopes()
    k2 = system.slopes({n: x[n] + (0.5 * dt) * k1[n] for n in x}, 0.5)
    return {n: x[n] + dt * k2[n] for n in x}


RK2 = register(Method(
    "rk2", 2, "midpoint: the slope in the middle of the step", step, refuses=refuse_unclipped,
))  # fmt: skip
