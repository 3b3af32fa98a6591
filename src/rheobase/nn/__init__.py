"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients."""

from rheobase.nn import datasets

__all__ = [
    "datasets",
]
