"""Results that grow on disk while a network runs.

Layout, version 1, after 512 bytes that begin with "rheostrm" and the size at the last flush::

    /                  attributes: format, version, id, dt, start [s], seed, first_step
    /header            JSON, as bytes: populations, spikes, traces, description, metadata
    /progress          one row a flush: step, finished, the number of spikes of each population,
                       the number of samples of each recording, a check number
    /ending            JSON, as bytes: note and timing of the runs that ended
    /spikes/N          datasets: steps, ids, and offsets [s] where spikes lie inside steps
    /traces/N          datasets: cell, steps, and one (sample, cell) for each variable

The file is in HDF5's single-writer mode, in which it can be read at every moment, also when the
process that wrote it is no more. A flush writes spikes and samples first and the row of
`/progress` after them: what lies behind the last whole row counts as not written.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rheobase.errors import FileFormatError
from rheobase.results.reading import telling_damage
from rheobase.results.writing import check_folder, place_beside, why_not_written

FORMAT = "rheobase stream"
VERSION = 1
FLUSH_SECONDS = 1.0
"""Wall time from flush to flush."""
FLUSH_BYTES = 1 << 26
"""What is flushed earlier, so that memory stays small."""
SPARED_BYTES = 1 << 24
"""What is left free on the disk, so that the file can be closed properly."""

_CHUNK_BYTES = 1 << 18
_ROWS = 1 << 14  # of a chunk of spikes
_BLOCK = 512  # bytes before what is HDF5: the mark, and the size at the last flush
_MARK = b"rheostrm"
_FLAGS = 11  # of the superblock: where HDF5 notes that a file is open for writing
_MULTIPLIER = 1_000_003


@dataclass(frozen=True)
class SpikeColumn:
    """The spikes of one population in a stream.

    Attributes
    ----------
    name : str
        Of the population.
    size : int
        Number of cells.
    offsets : bool
        Whether spikes lie inside steps.
    """

    name: str
    size: int
    offsets: bool


@dataclass(frozen=True)
class TraceColumn:
    """One recording in a stream.

    Attributes
    ----------
    name, population : str
    cells : tuple of int
        Indices in the population.
    every : int
        Steps from sample to sample.
    units : dict of str to str
        Variable to unit.
    synapses : int
        For a recording of the synapses of a projection: how many there are; it has no cells, and
        `population` is the projection.
    sites : dict of str to list
        For a recording of places on cells with a morphology: more about each of `cells`.
    """

    name: str
    population: str
    cells: tuple[int, ...]
    every: int
    units: dict[str, str]
    synapses: int = 0
    sites: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def columns(self) -> np.ndarray:
        """The indices of the cells, or of the synapses."""
        return np.arange(self.synapses) if self.synapses else np.array(self.cells, np.int64)


@dataclass(frozen=True)
class StreamHeader:
    """What a stream is of: fixed when it begins.

    Attributes
    ----------
    dt, start : float
        Step and time of step 0 of the network [s].
    seed : int
    populations : dict of str to int
        Sizes of all populations.
    spikes, traces : tuples
        What is kept, in order of creation.
    description : str
    metadata : dict of str to str
    """

    dt: float
    start: float
    seed: int
    populations: dict[str, int]
    spikes: tuple[SpikeColumn, ...] = ()
    traces: tuple[TraceColumn, ...] = ()
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    def difference(self, other: StreamHeader) -> str:
        """Return in what another stream differs, "" where one can go on with it."""
        for what in ("dt", "start", "seed", "populations", "spikes", "traces"):
            if getattr(self, what) != getattr(other, what):
                return {"spikes": "the spikes kept", "traces": "the recordings"}.get(what, what)
        return ""

    def to_json(self) -> bytes:
        """Return the header as text."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> StreamHeader:
        """Return the header of a text."""
        given = json.loads(text)
        given["spikes"] = tuple(SpikeColumn(**column) for column in given["spikes"])
        given["traces"] = tuple(
            TraceColumn(**{**column, "cells": tuple(column["cells"])}) for column in given["traces"]
        )
        return cls(**given)


def check_number(row: np.ndarray) -> int:
    """Return the number that tells a whole row of progress from a torn one."""
    total = 17
    for value in row.tolist():
        total = (total * _MULTIPLIER + int(value)) % (1 << 61)
    return total


class StreamWriter:
    """Appends spikes and samples to a file.

    Made by `new_stream` or `continued_stream`.

    Attributes
    ----------
    path : Path
    id : str
        Tells this stream from any other.
    counts : ndarray of int64
        Spikes of each population and samples of each recording that were appended.
    began : ndarray of int64
        The counts this writer began with.
    """

    def __init__(self, path: Path, file: Any, header: StreamHeader, identity: str, step: int,
                 counts: np.ndarray) -> None:  # fmt: skip
        self.path, self.id, self.header, self.step = path, identity, header, step
        self.began_step = step
        self.counts, self.began = counts.copy(), counts.copy()
        self._file = file
        # Kept open: a dataset that is closed writes what it holds, and HDF5 hides if that fails.
        self._spikes = [_growing(file[f"spikes/{n}"]) for n in range(len(header.spikes))]
        self._traces = [_growing(file[f"traces/{n}"]) for n in range(len(header.traces))]
        self._progress, self._ending = file["progress"], file["ending"]
        self._flushed = time.perf_counter()
        self._waiting = 0
        self._failed = False
        self._rows = int(self._progress.shape[0])
        self.flush(step)

    def add_spikes(self, place: int, steps: Any, ids: Any, offsets: Any) -> None:
        """Append the spikes of one population; `place` as in the header."""
        parts = {"steps": steps, "ids": ids}
        if self.header.spikes[place].offsets:
            parts["offsets"] = np.zeros(steps.size) if offsets is None else offsets
        self._append(self._spikes[place], parts, place)

    def add_samples(self, place: int, steps: Any, values: Mapping[str, Any]) -> None:
        """Append the samples of one recording, in the units of the header."""
        units = self.header.traces[place].units
        parts = {str(n): values[variable] for n, variable in enumerate(units)}
        self._append(self._traces[place], {"steps": steps, **parts},
                     len(self.header.spikes) + place)  # fmt: skip

    def _append(self, group: Any, parts: Mapping[str, Any], column: int) -> None:
        begin = int(self.counts[column])
        count = len(parts["steps"])
        if not count:
            return
        self._refuse_full_disk(sum(array.nbytes for array in parts.values()))
        with self._telling():
            for name, array in parts.items():
                held = group[name]
                if held.shape[0] < begin + count:
                    held.resize(begin + count, axis=0)
                held[begin : begin + count] = array
                self._waiting += array.nbytes
        self.counts[column] = begin + count

    def _refuse_full_disk(self, needed: int) -> None:
        """Stop while the file can still be closed: HDF5 does not recover from a failed write."""
        if shutil.disk_usage(self.path.parent).free >= needed + SPARED_BYTES:
            return
        self._failed = True
        self.close()
        raise self._told("the disk is full")

    def _give_up(self) -> None:
        """Close the file after a failed write.

        HDF5 would try to write what it holds again and again, until the end of the process, and
        crash there. So it is left with nothing to write to; the file keeps what it has.
        """
        self._failed = True
        with suppress(OSError, RuntimeError, ValueError):
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, self._file.id.get_vfd_handle())
            os.close(nowhere)
        self.close()

    def _told(self, reason: str) -> FileFormatError:
        until = (self.header.start + self.step * self.header.dt) * 1e3
        return FileFormatError(
            f"cannot go on writing {self.path}: {reason}",
            mend=f"it holds everything up to its last flush, at {until:.9g} ms: "
            f"rb.Result.load({str(self.path)!r})",
        )

    def due(self) -> bool:
        """Return whether it is time to flush."""
        waited = time.perf_counter() - self._flushed
        return waited >= FLUSH_SECONDS or self._waiting >= FLUSH_BYTES

    def flush(self, step: int, *, finished: bool = False, to_disk: bool = False) -> None:
        """Let readers see everything until a step; `to_disk` waits for the disk too."""
        self.step = step
        with self._telling():
            for group in (*self._spikes, *self._traces):
                for held in group.values():
                    held.flush()
            row = np.array([step, int(finished), *self.counts.tolist()], np.int64)
            self._progress.resize(self._rows + 1, axis=0)
            self._progress[self._rows] = np.append(row, check_number(row))
            self._progress.flush()
            self._rows += 1
            _mark(self.path)
            if to_disk:
                self._file.flush()
                os.fsync(self._file.id.get_vfd_handle())
        self._flushed, self._waiting = time.perf_counter(), 0

    def finish(self, step: int, note: str, timing: Mapping[str, float]) -> None:
        """Write how the run ended, flush, and close the file."""
        if self._failed:
            return
        with self._telling():
            held = read_ending(self._ending)
            spent = {part: timing[part] + held["timing"].get(part, 0.0) for part in timing}
            if "peak_memory_bytes" in timing:
                peaks = timing["peak_memory_bytes"], held["timing"].get("peak_memory_bytes", 0)
                spent["peak_memory_bytes"] = max(peaks)
            text = np.frombuffer(json.dumps({"note": note, "timing": spent}).encode(), np.uint8)
            self._ending.resize(text.size, axis=0)
            self._ending[:] = text
            self._ending.flush()
        self.flush(step, finished=True)
        self.close()

    def close(self) -> None:
        """Close the file; what was not flushed since the last row of progress does not count."""
        if self._file:
            with suppress(OSError, RuntimeError):  # the disk is full: readers have the last flush
                self._file.close()

    def _telling(self) -> _Telling:
        return _Telling(self)


class _Telling:
    """Turns what HDF5 raises into an error that names the file, and how far it is whole."""

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, (OSError, RuntimeError, ValueError)):
            return
        writer = self._writer
        writer._give_up()
        raise writer._told(why_not_written(error)) from error


# -- beginning and going on -----------------------------------------------------------------


def new_stream(path: Path, header: StreamHeader, step: int, overwrite: bool) -> StreamWriter:
    """Begin a stream.

    Raises
    ------
    FileFormatError
        There is a file already, or none can be written there.
    """
    check_folder(path, "the stream")
    if path.exists() and not overwrite:
        raise FileFormatError(
            f"net.run: there is a file {path} already",
            mend="write net.run(..., stream_to=..., overwrite=True) to replace it, or give "
            "another name",
        )
    identity = secrets.token_hex(8)
    file = _created(path, header, step, identity)
    counts = np.zeros(len(header.spikes) + len(header.traces), np.int64)
    return StreamWriter(path, file, header, identity, step, counts)


def _created(path: Path, header: StreamHeader, step: int, identity: str) -> Any:
    """Return a new file with all its datasets, open for a single writer."""
    import h5py

    try:
        file = h5py.File(path, "w", libver=("v110", "v110"), userblock_size=_BLOCK)
        file.attrs.update(format=FORMAT, version=VERSION, id=identity, dt=header.dt,
                          start=header.start, seed=str(header.seed), first_step=step)  # fmt: skip
        file["header"] = np.frombuffer(header.to_json(), np.uint8)
        columns = len(header.spikes) + len(header.traces) + 3
        file.create_dataset("progress", (0, columns), np.int64, maxshape=(None, columns),
                            chunks=(max(1, 4096 // columns), columns), fillvalue=-1)  # fmt: skip
        file.create_dataset("ending", (0,), np.uint8, maxshape=(None,), chunks=(1024,))
        for n, spikes in enumerate(header.spikes):
            group = file.create_group(f"spikes/{n}")
            group.attrs["name"] = spikes.name
            for name, kind in (("steps", np.int64), ("ids", np.int32), ("offsets", np.float64)):
                if name != "offsets" or spikes.offsets:
                    group.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(_ROWS,))
        for n, traces in enumerate(header.traces):
            _create_traces(file.create_group(f"traces/{n}"), traces)
        file.swmr_mode = True
        _mark(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise FileFormatError(
            f"cannot write the stream to {path}: {why_not_written(error)}"
        ) from error
    return file


def _growing(group: Any) -> dict[str, Any]:
    """Return the datasets of a group that rows are appended to."""
    return {name: held for name, held in group.items() if held.maxshape[0] is None}


def _create_traces(group: Any, traces: TraceColumn) -> None:
    group.attrs["name"] = traces.name
    group["cell"] = traces.columns
    count = traces.columns.size
    group.create_dataset("steps", (0,), np.int64, maxshape=(None,), chunks=(_ROWS,))
    across = min(max(1, count), _CHUNK_BYTES)
    chunks = (max(1, _CHUNK_BYTES // (8 * across)), across)
    for n, (variable, unit) in enumerate(traces.units.items()):
        held = group.create_dataset(str(n), (0, count), np.float64, maxshape=(None, count),
                                    chunks=chunks)  # fmt: skip
        held.attrs.update(variable=variable, units=unit)


def continued_stream(path: Path, header: StreamHeader, step: int, identity: str,
                     may_cut: bool) -> StreamWriter:  # fmt: skip
    """Go on with a stream where a network stands.

    Parameters
    ----------
    path, header
        The file, and what the network has to write.
    step
        Where the network stands.
    identity
        Of the stream the network has written before.
    may_cut
        Whether what the file holds from that step on is given up: it was written after the
        checkpoint the network comes from, and is written again to the bit.

    Raises
    ------
    FileFormatError
        It is another stream, or ends elsewhere.
    """
    with opened(path) as file:
        held, found = read_header(file), str(file.attrs["id"])
        rows = whole_rows(file)
    if found != identity:
        raise FileFormatError(
            f"net.run: {path} is the stream of another run, not the one this network wrote",
            mend="give another name, or write net.run(..., overwrite=True) to replace it",
        )
    different = header.difference(held)
    if different:
        raise FileFormatError(
            f"net.run: {path} cannot be gone on with: {different} changed since it was begun",
            mend="give this run a file of its own",
        )
    there = rows[rows[:, 0] == step]
    if not there.size or (rows[-1, 0] != step and not may_cut):
        until = (header.start + int(rows[-1, 0]) * header.dt) * 1e3
        raise FileFormatError(
            f"net.run: {path} goes until {until:.9g} ms, and the network stands at "
            f"{(header.start + step * header.dt) * 1e3:.9g} ms",
            mend="give this run a file of its own, or overwrite=True to begin the file again",
        )
    counts = np.array(there[-1, 2:-1], np.int64)
    file = _opened_to_append(path)
    if file is None:
        file = _copied(path, held, step, counts, identity)
    return StreamWriter(path, file, held, identity, step, counts)


def _opened_to_append(path: Path) -> Any:
    """Return the file open for its single writer, or None if it was not closed properly."""
    import h5py

    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
    try:
        return h5py.File(h5py.h5f.open(os.fsencode(path), flags, access))
    except OSError:
        return None


def _copied(path: Path, header: StreamHeader, step: int, counts: np.ndarray,
            identity: str) -> Any:  # fmt: skip
    """Copy a stream that was not closed, up to a step, and put the copy in its place.

    HDF5 does not let a file be written that it does not know to be closed.
    """
    unfinished = place_beside(path)
    try:
        with opened(path) as old:
            new = _created(unfinished, header, int(old.attrs["first_step"]), identity)
            columns = [*(f"spikes/{n}" for n in range(len(header.spikes))),
                       *(f"traces/{n}" for n in range(len(header.traces)))]  # fmt: skip
            for column, count in zip(columns, counts.tolist(), strict=True):
                for name, target in new[column].items():
                    if target.maxshape[0] is None:
                        _copy_rows(old[column][name], target, count)
            rows = whole_rows(old)
            kept = rows[: int(np.flatnonzero(rows[:, 0] == step)[-1]) + 1]
            new["progress"].resize(len(kept), axis=0)
            new["progress"][:] = kept
        new.close()
        os.replace(unfinished, path)
    except (OSError, RuntimeError) as error:
        raise FileFormatError(
            f"cannot go on with {path}: {why_not_written(error)}", mend="the file is as it was"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return _opened_to_append(path)


def _copy_rows(source: Any, target: Any, count: int) -> None:
    """Copy rows some at a time."""
    target.resize(count, axis=0)
    width = max(1, int(np.prod(source.shape[1:], dtype=np.int64)))
    most = max(1, FLUSH_BYTES // (8 * width))
    for begin in range(0, count, most):
        end = min(begin + most, count)
        target[begin:end] = source[begin:end]


# -- reading --------------------------------------------------------------------------------


def opened(path: Path) -> Any:
    """Return a stream open for reading, also while it is written.

    Raises
    ------
    ValueError
        It is no stream, or is shorter than at its last flush. HDF5 must not be asked: it would
        wait for what is missing as for something that is being written.
    """
    import h5py

    with open(path, "rb") as plain:
        block = plain.read(_BLOCK + _FLAGS + 1)
    if not block.startswith(_MARK) or len(block) <= _BLOCK + _FLAGS:
        raise ValueError("it is no stream")
    writing = bool(block[_BLOCK + _FLAGS])
    if writing and path.stat().st_size < int.from_bytes(block[8:16], "little"):
        raise ValueError("it is shorter than when it was written")
    return h5py.File(path, "r", libver=("v110", "v110"), swmr=writing)


def _mark(path: Path) -> None:
    """Note the size of a stream at a flush, before the part of the file that HDF5 knows of."""
    with open(path, "r+b") as plain:
        plain.write(_MARK + os.fstat(plain.fileno()).st_size.to_bytes(8, "little"))


def read_header(file: Any) -> StreamHeader:
    """Return what a stream is of."""
    return StreamHeader.from_json(bytes(file["header"][()]))


def whole_rows(file: Any) -> np.ndarray:
    """Return the rows of progress up to the last whole one."""
    rows: np.ndarray = file["progress"][()]
    last = len(rows)
    while last and (
        rows[last - 1, 0] < 0 or check_number(rows[last - 1, :-1]) != rows[last - 1, -1]
    ):
        last -= 1
    if not last:
        raise ValueError("nothing was flushed to it")
    return rows[:last]


def read_ending(ending: Any) -> dict[str, Any]:
    """Return note and timing of the runs that ended."""
    text = bytes(ending[()])
    found: dict[str, Any] = json.loads(text) if text else {"note": "", "timing": {}}
    return found


def reading(path: Path, read: Callable[[Any], Any]) -> Any:
    """Return what `read` takes from the open file.

    Raises
    ------
    FileFormatError
        It is damaged.
    """
    with telling_damage(path), opened(path) as file:
        return read(file)
