"""Gradients of any model: what to change in a network so that a number of its run changes."""
