"""Gradients of any model: what to change in a network so that a number of its run changes."""

from rheobase.gradients.tracked import Tracked, detach, gradients_of, value_and_gradient

__all__ = ["Tracked", "detach", "gradients_of", "value_and_gradient"]
