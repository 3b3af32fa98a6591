"""Layers of spiking neurons: any model, with readouts, encoders and tasks to train them on."""

from rheobase.nn.spiking import encode, tasks
from rheobase.nn.spiking.first_spike import FirstSpike
from rheobase.nn.spiking.layer import Spiking
from rheobase.nn.spiking.models import leaky_readout, normalized_lif

__all__ = ["FirstSpike", "Spiking", "encode", "leaky_readout", "normalized_lif", "tasks"]
