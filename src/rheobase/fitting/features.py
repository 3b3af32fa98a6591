"""Features of a sweep: a few numbers that say how a cell fires."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rheobase.fitting.recording import Floats, Recording
from rheobase.units import DIMENSIONLESS, UNITS, Dimension

if TYPE_CHECKING:
    from rheobase.fitting.losses import Sweeps

_SECOND = Dimension(second=1.0)
_VOLT = UNITS["volt"].dimension

#: Name and dimension of every feature.
DIMENSIONS: dict[str, Dimension] = {
    "count": DIMENSIONLESS,
    "latency": _SECOND,
    "first_interval": _SECOND,
    "last_interval": _SECOND,
    "mean_interval": _SECOND,
    "baseline": _VOLT,
    "trough": _VOLT,
}
USUAL = ("count", "latency", "first_interval", "last_interval")
_OF_VOLTAGE = ("baseline", "trough")
#: A tenth of the data's value is the tolerance if none is given; of a voltage, this [V].
_USUAL_VOLTAGE = 1e-3
#: `last_interval` is the mean of so many.
_LAST = 3


def need_voltage(names: Mapping[str, object]) -> bool:
    """Return whether one of some features is read from the voltage."""
    return any(name in _OF_VOLTAGE for name in names)


def usual_tolerance(name: str, value: float) -> float:
    """Return what counts as one unit off, where nothing is said."""
    if name in _OF_VOLTAGE:
        return _USUAL_VOLTAGE
    return max(0.1 * abs(value), 1.0 if name == "count" else 1e-3)


def of_recording(recording: Recording, names: Mapping[str, object]) -> dict[str, float]:
    """Return features of the data; nan where it has none."""
    values = recording.values_si()[None] if need_voltage(names) else None
    found = _of(recording, values, [recording.spikes], names)
    return {name: float(value[0]) for name, value in found.items()}


def of_sweeps(
    recording: Recording, sweeps: Sweeps, names: Mapping[str, object]
) -> dict[str, Floats]:
    """Return features of all candidates, shape (candidates,); nan where one has none."""
    return _of(recording, sweeps.voltage, sweeps.spikes, names)


def _of(
    recording: Recording,
    voltage: Floats | None,
    trains: object,
    names: Mapping[str, object],
) -> dict[str, Floats]:
    onset = recording.onset
    rows = []
    assert isinstance(trains, list | tuple)
    for place, train in enumerate(trains):
        row = _of_train(train, onset)
        if voltage is not None:
            row |= _of_voltage(recording, voltage[place], train, onset)
        rows.append([row[name] for name in names])
    table = np.array(rows, dtype=np.float64).reshape(-1, len(names))
    return {name: table[:, column] for column, name in enumerate(names)}


def _of_train(train: Floats, onset: float) -> dict[str, float]:
    intervals = np.diff(train)
    after = train[train >= onset]
    some = intervals.size > 0
    return {
        "count": float(train.size),
        "latency": float(after[0] - onset) if after.size else np.nan,
        "first_interval": float(intervals[0]) if some else np.nan,
        "last_interval": float(intervals[-_LAST:].mean()) if some else np.nan,
        "mean_interval": float(intervals.mean()) if some else np.nan,
    }


def _of_voltage(
    recording: Recording, values: Floats, train: Floats, onset: float
) -> dict[str, float]:
    first = recording.samples_inside().start
    before = values[: max(round(onset / recording.dt) - first, 0)]
    places = np.round(train / recording.dt).astype(int) - first
    places = places[(places >= 0) & (places < values.size)]
    lowest = [
        values[left : right + 1].min()
        for left, right in pairwise(places)
    ]  # fmt: skip
    return {
        "baseline": float(before.mean()) if before.size else np.nan,
        "trough": float(np.mean(lowest)) if lowest else np.nan,
    }
