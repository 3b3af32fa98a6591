"""Your own code beside ours: the first difference, and what is likely its cause."""

from rheobase.check.gradients import gradient
from rheobase.check.networks import network
from rheobase.check.neurons import neuron
from rheobase.check.pass_reports import PassReport
from rheobase.check.passes import equal
from rheobase.check.reports import Report

__all__ = ["PassReport", "Report", "equal", "gradient", "network", "neuron"]
