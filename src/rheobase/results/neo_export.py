"""Results as Neo objects, for Elephant and whatever else reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rheobase.network.grid import TOLERANCE

if TYPE_CHECKING:
    import neo

    from rheobase.results.result import Result
    from rheobase.results.spikes import SpikeTrains
    from rheobase.results.traces import TraceData


def neo_spike_trains(trains: SpikeTrains) -> list[neo.SpikeTrain]:
    """Return one neo.SpikeTrain a cell; see `SpikeTrains.to_neo`."""
    import neo

    # A crossing interpolated in the last step may round to just past the end.
    stop = max(trains.stop, float(trains.times[-1])) if trains.count else trains.stop
    return [
        neo.SpikeTrain(
            times,
            units="s",
            t_start=trains.start,
            t_stop=stop,
            name=f"{trains.name}[{cell}]",
            population=trains.name,
            cell=int(cell),
        )
        for cell, times in zip(trains.cells, trains, strict=True)
    ]


def neo_block(result: Result) -> neo.Block:
    """Return a neo.Block of one segment; see `Result.to_neo`."""
    import neo

    block = neo.Block(name="rheobase result", description=result.description)
    block.annotate(seed=str(result.seed), dt=result.dt, **result.metadata)
    segment = neo.Segment(name=f"{result.start:g} s to {result.stop:g} s")
    for trains in result.spikes.values():
        segment.spiketrains.extend(neo_spike_trains(trains))
    for name in result.traces:
        data = result.traces.data(name)
        for variable in data.values:
            signal = _signal(data, variable)
            if hasattr(signal, "sampling_rate"):
                segment.analogsignals.append(signal)
            else:
                segment.irregularlysampledsignals.append(signal)
    block.segments.append(segment)
    return block


def _signal(data: TraceData, variable: str) -> neo.AnalogSignal | neo.IrregularlySampledSignal:
    import neo
    import quantities

    unit = data.units[variable]
    try:
        units = quantities.Quantity(1.0, "dimensionless" if unit == "1" else unit).units
    except LookupError:  # a unit that quantities does not know: the numbers stay, named below
        units = quantities.dimensionless
    about = {
        "name": f"{data.name}.{variable}",
        # of places on cells with a morphology: cell, region, path (m) and compartment too
        "array_annotations": {**data.where} if data.over == "site" else {data.over: data.cells},
        "population": data.population,
        "variable": variable,
        "unit": unit,
    }
    intervals = np.diff(data.times)
    if intervals.size and np.ptp(intervals) > TOLERANCE * intervals[0]:
        # Runs that were joined where a sample was not yet due.
        return neo.IrregularlySampledSignal(
            data.times, data.values[variable], units=units, time_units="s", **about
        )
    period = intervals.mean() if intervals.size else 1.0
    return neo.AnalogSignal(
        data.values[variable],
        units=units,
        sampling_period=period * quantities.s,
        t_start=(data.times[0] if data.times.size else 0.0) * quantities.s,
        **about,
    )
