"""Results as Neurodata Without Borders files, through pynwb."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rheobase.errors import UserError

if TYPE_CHECKING:
    from rheobase.results.result import Result
    from rheobase.results.traces import TraceData


def write_nwb(result: Result, path: Path) -> Path:
    """Write an NWB file: spikes as units, traces as time series; see `Result.to_nwb`."""
    try:
        from pynwb import NWBHDF5IO, NWBFile
    except ImportError as error:
        raise UserError(
            "to_nwb needs the package pynwb, which is not installed; install it with\n"
            "    pip install 'rheobase[nwb]'"
        ) from error
    written = datetime.now(UTC)
    file = NWBFile(
        session_description=result.description or "a simulation run by Rheobase",
        identifier=str(uuid.uuid4()),
        session_start_time=written,
        notes=f"simulated; dt {result.dt:g} s, seed {result.seed}",
        source_script_file_name="rheobase",
        source_script="\n".join(f"{key}: {text}" for key, text in result.metadata.items()),
    )
    _add_units(file, result)
    _add_traces(file, result)
    unfinished = path.with_name(f".unfinished.{path.name}")
    try:
        with NWBHDF5IO(str(unfinished), "w") as io:
            io.write(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _add_units(file: Any, result: Result) -> None:
    if not result.spikes:
        return
    file.add_unit_column("population", "name of the population of the cell")
    file.add_unit_column("cell", "index of the cell in its population")
    interval = [[result.start, result.stop]]
    for name, trains in result.spikes.items():
        for cell, times in zip(trains.cells, trains, strict=True):
            file.add_unit(
                spike_times=times, obs_intervals=interval, population=name, cell=int(cell)
            )


def _columns(data: TraceData) -> str:
    """Return what the columns are of: the numbers of cells, or places on them."""
    if data.over != "site":
        return f"{data.over}s {data.cells.tolist()}"
    where = zip(data.where["cell"], data.where["region"], data.where["path"],
                data.where["compartment"], strict=True)  # fmt: skip
    return "; ".join(
        f"cell {cell}, {region}, {1e6 * path:.6g} um from the soma, compartment {compartment}"
        for cell, region, path, compartment in where
    )


def _add_traces(file: Any, result: Result) -> None:
    from pynwb import TimeSeries

    for name in result.traces:
        data = result.traces.data(name)
        for variable, values in data.values.items():
            series = TimeSeries(
                name=f"{name}.{variable}",
                data=values,
                timestamps=data.times,
                unit=data.units[variable],
                description=f"{variable} of {_columns(data)} of {data.population}",
                comments=f"columns are {data.over}s",
            )
            file.add_acquisition(series)
