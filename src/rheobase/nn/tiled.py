"""Convolution of several samples at once, in vectors."""

from __future__ import annotations

from rheobase.nn.layers.base import Array


def usable(x: Array) -> bool:
    """Return whether images can be convolved in vectors."""
    return False
