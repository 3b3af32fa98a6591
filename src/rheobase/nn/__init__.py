"""Idealised units: activations, a neuron by hand, layers, and networks trained by gradients."""

__all__: list[str] = []
