"""Your own neuron or network beside ours: the first difference, and what is likely its cause."""

from rheobase.check.networks import network
from rheobase.check.neurons import neuron
from rheobase.check.reports import Report

__all__ = ["Report", "network", "neuron"]
