"""What is sent into a network: spike trains (`trains.py`) and currents (`currents.py`)."""

from rheobase.network.currents import (
    Current,
    from_array,
    noise,
    pulse_train,
    ramp,
    sine,
    step,
)
from rheobase.network.trains import Train, poisson, regular_spikes, spike_times

__all__ = [
    "Current",
    "Train",
    "from_array",
    "noise",
    "poisson",
    "pulse_train",
    "ramp",
    "regular_spikes",
    "sine",
    "spike_times",
    "step",
]
