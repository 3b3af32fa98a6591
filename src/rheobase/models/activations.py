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
        "elu": "where(x > 0, x, expm1(x))",
        # log(1 + exp(x)) without overflow: exp is taken of nothing above 0. (x + abs(x))/2 is
        # maximum(x, 0) with the derivative 1/2 at 0, as it has to be here.
        "softplus": "(x + abs(x))/2 + log1p(exp(-abs(x)))",
        "softsign": "x/(1 + abs(x))",
        "gelu": "0.5*x*(1 + erf(x/sqrt(2)))",
        "step": "heaviside(x)",
    }
)
