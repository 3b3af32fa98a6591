"""Layers of networks: each a forward and a backward pass."""

from rheobase.nn.layers.base import Gradient as Gradient
from rheobase.nn.layers.base import Layer as Layer
from rheobase.nn.layers.base import generator as generator
from rheobase.nn.layers.dense import Dense as Dense

__all__ = ["Dense", "Gradient", "Layer", "generator"]
