"""Integrators: one file a method, each a textbook step, all found through the registry."""

from rheobase.lowering.integrators import (
    euler,
    exact,
    exponential_euler,
    heun,
    membrane,
    milstein,
    rk2,
    rk4,
    staggered,
    stochastic_heun,
)
from rheobase.lowering.integrators.registry import METHODS, Method, choose

__all__ = [
    "METHODS",
    "Method",
    "choose",
    "euler",
    "exact",
    "exponential_euler",
    "heun",
    "membrane",
    "milstein",
    "rk2",
    "rk4",
    "staggered",
    "stochastic_heun",
]
