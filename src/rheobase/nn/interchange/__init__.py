"""Networks to and from PyTorch and Keras: the same layers, the same numbers."""

from rheobase.nn.interchange.from_keras import from_keras
from rheobase.nn.interchange.from_torch import from_torch
from rheobase.nn.interchange.to_torch import to_torch

__all__ = ["from_keras", "from_torch", "to_torch"]
