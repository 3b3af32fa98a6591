"""Measure this machine: known networks, and how long starting takes.

Every figure comes from fresh processes, so that a cold start is really cold and
nothing measured before helps. ``rheobase bench NAME`` prints the figures beside
the limits below, and the statistics of the activity beside those published; the
scripts in ``benchmarks/`` of the source use the same networks beside other
simulators.
"""

from __future__ import annotations

from typing import Final

#: Benchmark -> what it is, for the command line and the documentation.
BENCHMARKS: Final = {
    "cuba": "4,000 current-based integrate-and-fire neurons, 1 s",
    "coba": "4,000 conductance-based integrate-and-fire neurons, 1 s",
    "cobahh": "4,000 Hodgkin-Huxley neurons, 1 s",
    "cubadv": "4,000 integrate-and-fire neurons whose voltage jumps, at exact times, 1 s",
    "brunel": "12,500 neurons in four regimes (Brunel 2000, figure 8, A to D), 2 s each",
    "brunel_delta": "the same network with the reset of NEST's example, 1 s",
    "hpc": "balanced network with plastic synapses: 11,250 neurons, a tenth of the inputs, 0.5 s",
    "microcircuit": "cortical microcircuit, scale 0.1: 7,717 neurons, 30 million synapses, 5 s",
    "machine": "memory and arithmetic of this machine, and what steps and events cost beside them",
    "startup": "importing the library, and the help of the command line",
}

#: A benchmark of several networks -> their names in the catalog.
FAMILIES: Final = {"brunel": ("brunel_a", "brunel_b", "brunel_c", "brunel_d")}

#: Figure -> the largest value that is fine (seconds, or bytes for memory).
LIMITS: Final = {
    "startup.import": 0.5,
    "startup.help": 0.5,
    "cuba.cold": 4.0,
    "cuba.warm": 1.3,
    "cuba.memory": 350e6,
}

#: The same for the microcircuit at full scale on two threads.
FULL_SCALE_LIMITS: Final = {
    "microcircuit.build": 60.0,
    "microcircuit.memory": 4e9,
    "microcircuit.realtime": 3.0,
}
