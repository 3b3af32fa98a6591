"""Exponential Euler: every equation solved exactly with all other variables held."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.exponential import exponential_step
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + (a*x + b)*dt*exprel(a*dt), with dx/dt = a*x + b, and g*dW for additive noise."""
    new: dict[str, Value] = {}
    for name in system.states:
        new[name] = exponential_step(system, name, system.scope, system.dt)
        noise = system.noise_terms(name)
        if noise is not None:
            new[name] = new[name] + noise
    return new


def refuses(system: System) -> str | None:
    """Refuse equations that are not linear in their own variable."""
    name = system.not_own_linear
    return None if name is None else f"d{name}/dt is not linear in {name}"


EXPONENTIAL_EULER = register(Method(
    "exponential_euler", 1, "exponential Euler: each equation exact, the others held", step,
    refuses=refuses, noise="additive", strong_order=1.0,
))  # fmt: skip
