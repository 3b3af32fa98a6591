"""The activations a rate unit can have, as texts of the language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "linear": "x",
        "sigmoid": "1/(1 + exp(-x))",
        "tanh": "tanh(x)",
        "relu": "maximum(x, 0)",
        "leaky_relu": "where(x > 0, x, 0.01*x)",
        "elu": "where(x > 0, x, expm1(minimum(x, 0)))",
        # log(1 + exp(x)) without overflow: exp is taken of nothing above 0.
        "softplus": "maximum(x, 0) + log1p(exp(-abs(x)))",
        "softsign": "x/(1 + abs(x))",
        "gelu": "0.5*x*(1 + erf(x/sqrt(2)))",
        "step": "heaviside(x)",
    }
)
