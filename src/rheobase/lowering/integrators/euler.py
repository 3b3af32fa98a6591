"""Forward Euler; with additive noise, Euler-Maruyama."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt*f(x) + g*dW."""
    slopes = system.slopes()
    new: dict[str, Value] = {}
    for name, x in system.x.items():
        new[name] = x + system.dt * slopes[name]
        noise = system.noise_terms(name)
        if noise is not None:
            new[name] = new[name] + noise
    return new


EULER = register(Method(
    "euler", 1, "forward Euler: x + dt*f(x), and g*dW for additive noise", step,
    noise="additive", strong_order=1.0,
))  # fmt: skip
