"""Measure this machine: known networks, and how long starting takes.

Every figure comes from fresh processes, so that a cold start is really cold and
nothing measured before helps. ``rheobase bench NAME`` prints the figures beside
the limits below; the scripts in ``benchmarks/`` of the source use the same
networks beside other simulators.
"""

from __future__ import annotations

from typing import Final

#: Benchmark -> what it is, for the command line and the documentation.
BENCHMARKS: Final = {
    "cuba": "4,000 current-based integrate-and-fire neurons, 1 s",
    "coba": "4,000 conductance-based integrate-and-fire neurons, 1 s",
    "cobahh": "4,000 Hodgkin-Huxley neurons, 1 s",
    "startup": "importing the library, and the help of the command line",
}

#: Figure -> the largest value that is fine (seconds, or bytes for memory).
LIMITS: Final = {
    "startup.import": 0.5,
    "startup.help": 0.5,
    "cuba.cold": 4.0,
    "cuba.warm": 1.3,
    "cuba.memory": 350e6,
}
