"""The cells of the benchmark as numbers, for all simulators: nothing but Python is needed.

Lengths in um, resistivities in ohm*cm, capacitances in uF/cm**2, conductances in S/cm**2,
voltages in mV, currents in nA, times in ms, weights in uS.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CELSIUS = 6.3
START = -65.0
SQUID = {"g_Na": 0.12, "g_K": 0.036, "E_Na": 50.0, "E_K": -77.0}

# Rallpack 3: a cable of squid membrane whose leak is that of Rallpack 1, and a steady current
CABLE = {
    "length": 1000.0, "diameter": 1.0, "compartments": 1000, "R_a": 100.0, "C_m": 1.0,
    "g_L": 1 / 40_000, "E_L": -65.0, "current": 0.1,
}  # fmt: skip

# NEURON's ring test: somas with dendrites, all of squid membrane, around which a spike runs
RING = {
    "cells": 8, "soma": 12.6157, "first": 200.0, "others": 10.0, "diameter": 1.0, "R_a": 100.0,
    "C_m": 1.0, "g_L": 0.0003, "E_L": -54.3, "g_pas": 0.001, "E_pas": -65.0, "tau": 2.0,
    "E_syn": 0.0, "place": 0.8, "weight": 0.01, "delay": 1.0, "threshold": 10.0,
}  # fmt: skip

# A reconstructed cell with passive neurites; its soma is small for them, so its channels are dense
PYRAMID = {
    "R_a": 100.0, "C_m": 1.0, "d_lambda": 0.055, "dense": 10.0, "g_L": 0.0003, "E_L": -54.3,
    "g_pas": 1 / 20_000, "E_pas": -65.0, "current": 0.8, "onset": 5.0, "extent": 10.25,
}  # fmt: skip


def ring_cells(rings: int) -> tuple[list[list[int]], list[int]]:
    """Return the parents of the dendrites of every type of cell, and the type of each cell."""
    stored = json.loads(Path(__file__).with_name("ring_trees.json").read_text("utf-8"))
    return stored["parents"], stored["kinds"][str(rings)]


def crossings(times: Any, volts: Any, level: float = 0.0) -> list[float]:
    """Return when a sampled voltage rises through a level, on straight lines between samples."""
    found = []
    for k in range(len(volts) - 1):
        low, high = volts[k], volts[k + 1]
        if low < level <= high:
            share = (level - low) / (high - low)
            found.append(float(times[k] + share * (times[k + 1] - times[k])))
    return found


class Asked:
    """What a worker is asked for, on its command line."""

    def __init__(self) -> None:
        self.model = sys.argv[1]
        self.copies, self.threads = int(sys.argv[2]), int(sys.argv[3])
        self.dt, self.timed, self.checked = map(float, sys.argv[4:7])
        self.file = sys.argv[7]
        self.flavor = sys.argv[8] if len(sys.argv) > 8 else ""


def answer(version: str, compartments: int, found: dict[str, Any],
           run: Callable[[], float]) -> None:  # fmt: skip
    """Say what was found, then run once whenever a line comes, and say how long it took.

    Parameters
    ----------
    version : str
        Of the simulator.
    compartments : int
        In all cells together.
    found : dict
        Spike times by name of a place, or pairs of time and cell under "spikes" [ms].
    run : callable
        Runs the time asked for; returns the seconds of its run phase.
    """
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a simulator prints is no answer
    print(json.dumps({"version": version, "compartments": compartments, "found": found}),
          file=out, flush=True)  # fmt: skip
    for _ in sys.stdin:
        began = time.process_time()
        seconds = run()
        print(seconds, time.process_time() - began, file=out, flush=True)
