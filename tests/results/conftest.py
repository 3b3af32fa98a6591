"""Results as a run leaves them, for the tests of what is done with them."""

import numpy as np
import pytest
from hypothesis import settings

from rheobase.results import Result, SpikeTrains, TraceData

# The first example imports xarray or h5py; no test is a race.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture
def make_result():
    """Return a function that gives the result of a run of a small network."""

    def make(start=0.0, stop=0.1, *, seed=7, dt=1e-4, cells=(0, 2), every=1e-3, **keywords):
        rng = np.random.default_rng([seed, round(start * 1e4)])
        steps = np.sort(rng.integers(round(start / dt), round(stop / dt), 40))
        ids = rng.integers(0, 5, 40)
        window = dict(start=start, stop=stop, dt=dt)
        spikes = [
            SpikeTrains(steps * dt, ids, 5, name="cells", steps=steps, **window),
            SpikeTrains([], [], 3, name="quiet/%one", **window),
        ]
        times = start + np.arange(round((stop - start) / every)) * every
        values = {"v": rng.normal(-60, 5, (times.size, len(cells))),
                  "m": rng.random((times.size, len(cells))).astype(np.float32)}  # fmt: skip
        units = {"v": "mV", "m": "1"}
        traces = [TraceData("near", "cells", times, np.array(cells), values, units)]
        rest = dict(
            populations={"cells": 5, "quiet/%one": 3, "unseen": 9},
            timing=dict(build=0.1, compile=0.2, connect=0.3, run=0.4, peak_memory_bytes=2**28),
            description="dv/dt = -v/tau_m : mV   # τ",
            metadata={"rheobase": "0.1.0"},
        )
        return Result(spikes, traces, seed=seed, **window, **{**rest, **keywords})

    return make
