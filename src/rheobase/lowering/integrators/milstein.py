"""Milstein's method for noise in the sense of Stratonovich.

Strong order 1 where every noise belongs to one variable and its factor reads no other.
"""

from __future__ import annotations

from rheobase.language.expressions import names_in
from rheobase.lowering.builder import Value
from rheobase.lowering.integrators.registry import Method, register
from rheobase.lowering.system import System


def step(system: System) -> dict[str, Value]:
    """x + dt*f(x) + g(x)*dW + 1/2*g(x)*g'(x)*dW**2."""
    slopes = system.slopes()
    new: dict[str, Value] = {}
    for name, x in system.x.items():
        new[name] = x + system.dt * slopes[name]
        terms = system.noise_terms(name)
        if terms is not None:
            new[name] = new[name] + terms
        for noise in system.noise_factors(name):
            product = system.noise_derivative(name, noise)
            if product is not None:
                dw = system.increment(noise)
                new[name] = new[name] + (0.5 * product) * (dw * dw)
    return new


def refuses(system: System) -> str | None:
    """Refuse noise that variables share and noise factors that read other variables."""
    for noise in system.noises:
        users = [n for n in system.states if noise in system.noise_factors(n)]
        factors = [system.noise_factors(n)[noise] for n in users]
        multiplies = any(names_in(f) & system.names for f in factors)
        if multiplies and len(users) > 1:
            return f"{noise} multiplies more than one variable ({', '.join(users)})"
    for name in system.states:
        multiplicative = [
            f for f in system.noise_factors(name).values() if names_in(f) & system.names
        ]
        if len(multiplicative) > 1:
            return f"d{name}/dt has several multiplicative noises"
        for factor in system.noise_factors(name).values():
            if names_in(factor) & (system.names - {name}):
                return f"the noise of d{name}/dt is multiplied by another variable"
    return None


MILSTEIN = register(Method(
    "milstein", 1, "Milstein (Stratonovich): Euler-Maruyama and 1/2*g*g'*dW**2", step,
    refuses=refuses, noise="any", strong_order=1.0,
))  # fmt: skip
