"""Recordings that come with the library."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.fitting.recording import Floats, Recording
from rheobase.units import UNITS, quantity, to_si

__all__ = ["b6", "b8"]

_FILES = Path(__file__).with_name("files")


def b6(junction_potential: Any = 0.0) -> list[Recording]:
    """Five sweeps of a cell of rat somatosensory cortex under steps of current.

    3 s each, 2 s of them a step (0.70 to 2.70 s); 4 kHz, so that the shape of a spike is coarse.
    Current at the step 105, 164, 225, 283 and 341 pA, before it -13 pA; rest -69 to -72 mV; 26,
    50, 68, 82 and 89 spikes.

    Parameters
    ----------
    junction_potential : quantity
        Subtracted from the voltages. 14 mV is what the authors of the files take; the files
        themselves are without it.

    Returns
    -------
    list of Recording
        Named "B6 181" to "B6 185", current in pA, voltage in mV.

    References
    ----------
    The cell B6 of the tests of BluePyEfe 2.3.63, Blue Brain Project/EPFL (tests and examples are
    licensed under BSD); see `rheobase/fitting/files/README.md`.

    Examples
    --------
    >>> [one.spikes.size for one in rb.fitting.recordings.b6()]
    [26, 50, 68, 82, 89]
    """
    return _cell("B6", junction_potential)


def b8(junction_potential: Any = 0.0) -> list[Recording]:
    """Five sweeps of a second cell, under the same steps as `b6`.

    42, 87, 131, 176 and 222 pA, before the step -52 pA; 20, 44, 62, 75 and 81 spikes, of which
    late ones stay below 0 mV.

    Parameters
    ----------
    junction_potential : quantity
        Subtracted from the voltages, as in `b6`.

    Returns
    -------
    list of Recording
        Named "B8 145" to "B8 149".

    Examples
    --------
    >>> [one.spikes.size for one in rb.fitting.recordings.b8()]
    [20, 44, 62, 75, 81]
    """
    return _cell("B8", junction_potential)


def _cell(name: str, junction_potential: Any) -> list[Recording]:
    shift = 0.0
    if not (isinstance(junction_potential, float) and junction_potential == 0.0):
        volt = UNITS["volt"].dimension
        shift = float(to_si(junction_potential, volt, what="junction_potential", paste="14*mV"))
    sweeps, current, voltage, dt = _read(name)
    return [
        Recording(
            quantity(i * 1e-12, UNITS["pA"]), quantity(v * 1e-3 - shift, UNITS["mV"]),
            f"{dt} ms", name=f"{name} {sweep}",
        )
        for sweep, i, v in zip(sweeps, current, voltage, strict=True)
    ]  # fmt: skip


@cache
def _read(name: str) -> tuple[list[int], Floats, Floats, float]:
    """Return numbers of the sweeps, currents [pA], voltages [mV] and dt [ms] of a cell.

    The files hold what the converter gave: integers, kept as differences from sample to sample.
    """
    with np.load(_FILES / f"{name.lower()}.npz", allow_pickle=False) as file:
        current = np.cumsum(file["current"].astype(np.int32), axis=1) * float(file["pA"])
        voltage = np.cumsum(file["voltage"].astype(np.int32), axis=1) * float(file["mV"])
        return [int(one) for one in file["sweeps"]], current, voltage, float(file["dt_ms"])
