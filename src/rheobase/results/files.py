"""Results as HDF5 files.

Layout, version 1 (names with a slash, or of dots only, are percent-encoded)::

    /                    attributes: format, version, dt, start, stop [s], seed, note
    /header              text, JSON: populations, timing, metadata
    /description         text
    /spikes/NAME         attributes: size, start, stop, dt; datasets: times [s], ids, cells, steps
    /traces/NAME         attribute: population; datasets: time [s], cell
    /traces/NAME/values  a dataset (time, cell) for each variable, attribute units
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np

from rheobase.errors import FileFormatError
from rheobase.results.reading import DAMAGE, check_hdf5, telling_damage
from rheobase.results.result import Result
from rheobase.results.spikes import SpikeTrains
from rheobase.results.traces import TraceData
from rheobase.results.writing import place_beside

if TYPE_CHECKING:
    import h5py

FORMAT = "rheobase result"
VERSION = 1

_SAVED = "results are written by result.save(path)"


def write_result(result: Result, path: Path) -> Path:
    """Write a result; see `Result.save`."""
    import h5py

    if not path.parent.is_dir():
        raise FileFormatError(
            f"cannot write the result to {path}: there is no directory {path.parent}"
        )
    unfinished = place_beside(path)
    try:
        # Format 1.10 of HDF5 guards its own bookkeeping with checksums, the older one does not.
        with h5py.File(unfinished, "w", libver=("v110", "v110"), track_order=True) as file:
            _write(file, result)
        os.replace(unfinished, path)
    except OSError as error:
        raise FileFormatError(f"cannot write the result to {path}: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def read_result(path: Path) -> Result:
    """Read a result; see `Result.load`."""
    import h5py

    check_hdf5(path, "result", _SAVED)
    if _is_stream(path):
        from rheobase.results.stream_reading import read_stream

        return read_stream(path)
    with telling_damage(path), h5py.File(path, "r") as file:
        _check_format(file, path)
        return _read(file)


def _is_stream(path: Path) -> bool:
    """Return whether a file is one that a run was streamed to, also if it is unfinished."""
    from rheobase.results.streaming import FORMAT as STREAM
    from rheobase.results.streaming import opened

    try:
        with opened(path) as file:
            return bool(file.attrs.get("format") == STREAM)
    except DAMAGE:
        return False


def _check_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != FORMAT:
        raise FileFormatError(
            f"{path} is no result: it is an HDF5 file of something else", mend=_SAVED
        )
    version = int(file.attrs.get("version", 0))
    if version != VERSION:
        raise FileFormatError(
            f"{path} is a result of file version {version}; this Rheobase reads version {VERSION}",
            mend="load it with the release of Rheobase that wrote it",
        )


# ---------------------------------------------------------------------- writing


def _write(file: h5py.File, result: Result) -> None:
    file.attrs.update(
        format=FORMAT,
        version=VERSION,
        dt=result.dt,
        start=result.start,
        stop=result.stop,
        seed=str(result.seed),
        note=result.note,
    )
    header = {
        "populations": result.populations,
        "timing": dict(result.timing),
        "metadata": result.metadata,
    }
    file["header"] = json.dumps(header)
    file["description"] = result.description
    spikes = file.create_group("spikes", track_order=True)
    for name, trains in result.spikes.items():
        _write_trains(spikes.create_group(_encoded(name)), trains)
    traces = file.create_group("traces", track_order=True)
    for name in result.traces:
        _write_traces(traces.create_group(_encoded(name)), result.traces.data(name))


def _write_trains(group: h5py.Group, trains: SpikeTrains) -> None:
    group.attrs.update(size=trains.population_size, start=trains.start, stop=trains.stop)
    if trains.dt is not None:
        group.attrs["dt"] = trains.dt
    _write_array(group, "times", trains.times).attrs["units"] = "s"
    _write_array(group, "ids", trains.ids)
    _write_array(group, "cells", trains.cells)
    if trains.steps is not None:
        _write_array(group, "steps", trains.steps)


def _write_traces(group: h5py.Group, data: TraceData) -> None:
    group.attrs["population"] = data.population
    if data.over != "cell":
        group.attrs["over"] = data.over
    _write_array(group, "time", data.times).attrs["units"] = "s"
    _write_array(group, "cell", data.cells)
    for name, array in data.where.items():
        text = array.dtype.kind == "U"
        _write_array(group, f"where {name}", np.char.encode(array, "utf-8") if text else array)
    values = group.create_group("values", track_order=True)
    for variable, array in data.values.items():
        _write_array(values, _encoded(variable), array).attrs["units"] = data.units[variable]


def _write_array(group: h5py.Group, name: str, array: np.ndarray) -> h5py.Dataset:
    if not array.size:  # has no chunks to compress or to guard
        return group.create_dataset(name, data=array)
    return group.create_dataset(
        name, data=array, compression="gzip", compression_opts=1, shuffle=True, fletcher32=True
    )


def _encoded(name: str) -> str:
    """Return a name as HDF5 can hold it: there "/" parts a path and "." is the group itself."""
    encoded = name.replace("%", "%25").replace("/", "%2F")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


# ---------------------------------------------------------------------- reading


def _read(file: h5py.File) -> Result:
    header = json.loads(file["header"][()])
    return Result(
        [_read_trains(unquote(name), group) for name, group in file["spikes"].items()],
        [_read_traces(unquote(name), group) for name, group in file["traces"].items()],
        dt=file.attrs["dt"],
        start=file.attrs["start"],
        stop=file.attrs["stop"],
        seed=int(file.attrs["seed"]),
        populations=header["populations"],
        timing=header["timing"],
        description=file["description"][()].decode(),
        metadata=header["metadata"],
        note=file.attrs["note"],
    )


def _read_trains(name: str, group: h5py.Group) -> SpikeTrains:
    return SpikeTrains(
        group["times"][()],
        group["ids"][()],
        int(group.attrs["size"]),
        name=name,
        start=group.attrs["start"],
        stop=group.attrs["stop"],
        dt=group.attrs.get("dt"),
        steps=group["steps"][()] if "steps" in group else None,
        cells=group["cells"][()],
    )


def _read_traces(name: str, group: h5py.Group) -> TraceData:
    values: dict[str, Any] = {unquote(key): data for key, data in group["values"].items()}
    return TraceData(
        name,
        str(group.attrs["population"]),
        group["time"][()],
        group["cell"][()],
        {variable: data[()] for variable, data in values.items()},
        {variable: str(data.attrs["units"]) for variable, data in values.items()},
        str(group.attrs.get("over", "cell")),
        {name[6:]: _read_where(held[()]) for name, held in group.items()
         if name.startswith("where ")},
    )  # fmt: skip


def _read_where(held: np.ndarray) -> np.ndarray:
    return np.char.decode(held, "utf-8") if held.dtype.kind == "S" else held
