"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients."""

from rheobase.nn import datasets, plots
from rheobase.nn.layers import Dense, Layer
from rheobase.nn.saving import load
from rheobase.nn.sequential import Sequential

__all__ = [
    "Dense",
    "Layer",
    "Sequential",
    "datasets",
    "load",
    "plots",
]
