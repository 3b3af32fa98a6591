"""Putting the results of consecutive runs together."""

from __future__ import annotations

import numpy as np

from rheobase.errors import UserError
from rheobase.network.grid import TOLERANCE
from rheobase.results.result import Result
from rheobase.results.spikes import SpikeTrains
from rheobase.results.traces import TraceData


def join(first: Result, second: Result, *more: Result) -> Result:
    """Return the result of consecutive runs of one network as of one run.

    Parameters
    ----------
    first, second, *more : Result
        Each begins where the one before ended.

    Returns
    -------
    Result
        Spikes and traces one after the other; timing added up.

    Raises
    ------
    UserError
        If a run does not begin where the one before ended, or they are not of one network: the
        text says in what they differ.
    """
    for given in (first, second, *more):
        if not isinstance(given, Result):
            raise UserError(
                "join takes results, what net.run returns",
                given=type(given).__name__,
                mend="write rb.join(first, second)",
            )
    for follower in (second, *more):
        first = _join_two(first, follower)
    return first


def _join_two(first: Result, second: Result) -> Result:
    difference = _difference(first, second)
    if difference:
        raise UserError(
            f"these results cannot be joined: {difference}",
            mend="join(first, second) takes consecutive runs of one network, in their order",
        )
    spikes = [_joined_trains(first.spikes[name], second.spikes[name]) for name in first.spikes]
    traces = [
        _joined_traces(first.traces.data(name), second.traces.data(name)) for name in first.traces
    ]
    return Result(
        spikes,
        traces,
        dt=first.dt,
        start=first.start,
        stop=second.stop,
        seed=first.seed,
        populations=first.populations,
        timing=first.timing + second.timing,
        description=first.description,
        metadata=first.metadata,
        note=second.note,
    )


def _difference(first: Result, second: Result) -> str | None:
    """Return in what two results are not consecutive runs of one network."""
    if first.dt != second.dt:
        return f"the steps differ: {first.dt * 1e3:g} ms and {second.dt * 1e3:g} ms"
    if first.seed != second.seed:
        return f"they are of networks with other seeds: {first.seed} and {second.seed}"
    if first.populations != second.populations:
        return (
            f"they are of other populations: {_listed(first.populations)} and "
            f"{_listed(second.populations)}"
        )
    for what, one, other in (
        ("the spikes kept", list(first.spikes), list(second.spikes)),
        ("the recordings", list(first.traces), list(second.traces)),
    ):
        if one != other:
            return f"{what} differ: {_listed(one)} and {_listed(other)}"
    for name in first.traces:
        a, b = first.traces.data(name), second.traces.data(name)
        if dict(a.units) != dict(b.units) or not np.array_equal(a.cells, b.cells):
            return f"the recording {name!r} holds other variables or cells in the second"
    gap = second.start - first.stop
    if abs(gap) <= TOLERANCE * first.dt:
        return None
    between = "there is a gap between them" if gap > 0 else "they overlap"
    return f"{between}: the first ends at {first.stop:g} s, the second begins at {second.start:g} s"


def _listed(names: object) -> str:
    if isinstance(names, dict):
        return ", ".join(f"{name!r} of {size}" for name, size in names.items()) or "none"
    assert isinstance(names, list)
    return ", ".join(map(repr, names)) or "none"


def _joined_trains(a: SpikeTrains, b: SpikeTrains) -> SpikeTrains:
    steps = None
    if a.steps is not None and b.steps is not None:
        steps = np.concatenate([a.steps, b.steps])
    return SpikeTrains(
        np.concatenate([a.times, b.times]),
        np.concatenate([a.ids, b.ids]),
        a.population_size,
        name=a.name,
        start=a.start,
        stop=b.stop,
        dt=a.dt,
        steps=steps,
        cells=a.cells,
    )


def _joined_traces(a: TraceData, b: TraceData) -> TraceData:
    return TraceData(
        a.name,
        a.population,
        np.concatenate([a.times, b.times]),
        a.cells,
        {
            variable: np.concatenate([a.values[variable], b.values[variable]])
            for variable in a.values
        },
        a.units,
        a.over,
        a.where,
    )
