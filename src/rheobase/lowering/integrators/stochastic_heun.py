"""The stochastic Heun method, which converges in the sense of Stratonovich for any noise."""

from __future__ import annotations

from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, refuse_unclipped, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt/2*(f(x) + f(y)) + 1/2*(g(x) + g(y))*dW, with y = x + dt*f(x) + g(x)*dW."""
    x, dt = system.x, system.dt
    f1 = system.slopes()
    g1 = {n: system.noise_terms(n) for n in x}
    y: dict[str, Value] = {}
    for n in x:
        y[n] = x[n] + dt * f1[n]
        noise = g1[n]
        if noise is not None:
            y[n] = y[n] + noise
    f2 = system.slopes(y, 1.0)
    scope = system.at(y, 1.0)
    new: dict[str, Value] = {}
    for n in x:
        new[n] = x[n] + (0.5 * dt) * (f1[n] + f2[n])
        first, second = g1[n], system.noise_terms(n, scope)
        if first is not None and second is not None:
            new[n] = new[n] + 0.5 * (first + second)
    return new


STOCHASTIC_HEUN = register(Method(
    "stochastic_heun", 2, "stochastic Heun: slopes and noise factors at both ends of a step",
    step, refuses=refuse_unclipped, noise="any", strong_order=1.0,
))  # fmt: skip
