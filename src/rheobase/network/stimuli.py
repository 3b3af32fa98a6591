"""What is sent into a network: trains of spikes, currents over time, potentials outside cells."""

from rheobase.network.currents import (
    Current,
    from_array,
    noise,
    pulse_train,
    ramp,
    sine,
    step,
)
from rheobase.network.fields import Field, line_electrode, point_electrode, uniform_field
from rheobase.network.trains import Train, poisson, regular_spikes, spike_times

__all__ = [
    "Current",
    "Field",
    "Train",
    "from_array",
    "line_electrode",
    "noise",
    "point_electrode",
    "poisson",
    "pulse_train",
    "ramp",
    "regular_spikes",
    "sine",
    "spike_times",
    "step",
    "uniform_field",
]
