"""The result that a stream holds: spikes and samples are read when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from rheobase.errors import FileFormatError
from rheobase.results.result import Result
from rheobase.results.spikes import SpikeTrains
from rheobase.results.streaming import (
    FORMAT,
    VERSION,
    SpikeColumn,
    StreamHeader,
    TraceColumn,
    read_ending,
    read_header,
    reading,
    whole_rows,
)
from rheobase.results.traces import TraceData, coordinates

if TYPE_CHECKING:
    import xarray as xr

Entry = TypeVar("Entry")


class Lazy(Mapping[str, Entry], Generic[Entry]):
    """A mapping whose entries are read when they are asked for."""

    def __init__(self, names: list[str], read: Callable[[str], Entry], *, keep: bool) -> None:
        self._names, self._read = names, read
        self._kept: dict[str, Entry] | None = {} if keep else None

    def __getitem__(self, name: str) -> Entry:
        if name not in self._names:
            raise KeyError(name)
        if self._kept is None:
            return self._read(name)
        if name not in self._kept:
            self._kept[name] = self._read(name)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class StreamedTrace(TraceData):
    """One recording of a stream: arrays are read when they are taken, datasets by parts."""

    def __post_init__(self) -> None:
        """There is nothing to be checked: nothing is read yet."""

    def dataset(self) -> xr.Dataset:
        """Return an xarray.Dataset that reads from the file what is taken of it."""
        import xarray as xr

        from rheobase.results.lazy_arrays import lazy_variable

        variables = {
            variable: lazy_variable(
                self.values[variable], self.over, {"units": self.units[variable]}
            )
            for variable in self.units
        }
        return xr.Dataset(variables, *coordinates(self))


class Rows:
    """Rows of one dataset of a stream, read when they are taken: `rows[10:20, 0]`.

    Attributes
    ----------
    shape, dtype, ndim
        Of the rows.
    """

    def __init__(self, path: Path, name: str, begin: int, end: int, across: int) -> None:
        self._path, self._name, self._begin, self._end = path, name, begin, end
        self.shape = (end - begin, across)
        self.dtype = np.dtype(np.float64)
        self.ndim = 2
        self.size = self.shape[0] * across

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        taken = np.arange(self._begin, self._end)[rows]
        if isinstance(rows, slice) and (rows.step or 1) > 0:
            first, last = (int(taken[0]), int(taken[-1]) + 1) if taken.size else (0, 0)
            wanted: Any = slice(first, last, rows.step or 1)
        else:
            wanted = int(taken) if np.ndim(taken) == 0 else taken
        found: np.ndarray = reading(
            self._path, lambda file: np.asarray(file[self._name][wanted, columns])
        )
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:, :], dtype)


def read_stream(path: Path, since: np.ndarray | None = None,
                since_step: int | None = None) -> Result:  # fmt: skip
    """Return the result that a stream holds.

    Parameters
    ----------
    path
        The file.
    since, since_step
        How many spikes and samples to pass over, and the step at which they end; all are
        returned if not given.

    Raises
    ------
    FileFormatError
        It is damaged, or of another version.
    """

    def facts(file: Any) -> tuple[Any, ...]:
        if file.attrs.get("format") != FORMAT or int(file.attrs.get("version", 0)) != VERSION:
            raise FileFormatError(
                f"{path} is a stream of file version {file.attrs.get('version', 0)}; this "
                f"Rheobase reads version {VERSION}",
                mend="load it with the release of Rheobase that wrote it",
            )
        first = int(file.attrs["first_step"])
        return read_header(file), whole_rows(file)[-1], first, read_ending(file["ending"])

    header, row, first, ending = reading(path, facts)
    step, finished, counts = int(row[0]), bool(row[1]), row[2:-1]
    begin = np.zeros(len(counts), np.int64) if since is None else since
    stop = header.start + step * header.dt
    note = ending["note"] if finished else (
        f"unfinished: it holds everything until {stop * 1e3:.9g} ms; what wrote it was stopped, "
        "or still runs"
    )  # fmt: skip
    made = _Parts(path, header, begin, counts, first if since_step is None else since_step, step)
    return Result(
        Lazy([column.name for column in header.spikes], made.trains, keep=True),
        Lazy([column.name for column in header.traces], made.trace, keep=False),
        dt=header.dt,
        start=made.start,
        stop=stop,
        seed=header.seed,
        populations=header.populations,
        timing={k: v for k, v in ending["timing"].items()} if finished else {},
        description=header.description,
        metadata=header.metadata,
        note=note,
    )  # fmt: skip


class _Parts:
    """Reads populations and recordings of a stream."""

    def __init__(self, path: Path, header: StreamHeader, begin: np.ndarray, end: np.ndarray,
                 first: int, step: int) -> None:  # fmt: skip
        self.path, self.header, self.begin, self.end = path, header, begin, end
        self.start = header.start + first * header.dt
        self.stop = header.start + step * header.dt

    def _rows(self, group: str, name: str, column: int) -> np.ndarray:
        chosen = slice(int(self.begin[column]), int(self.end[column]))
        found: np.ndarray = reading(self.path, lambda file: file[group][name][chosen])
        return found

    def trains(self, name: str) -> SpikeTrains:
        """Return the spikes of a population."""
        place = [column.name for column in self.header.spikes].index(name)
        column: SpikeColumn = self.header.spikes[place]
        header, group = self.header, f"spikes/{place}"
        steps = self._rows(group, "steps", place)
        times = header.start + steps * header.dt
        if column.offsets:
            times = times + self._rows(group, "offsets", place)
        return SpikeTrains(times, self._rows(group, "ids", place), column.size, name=name,
                           start=self.start, stop=self.stop, dt=header.dt,
                           steps=steps)  # fmt: skip

    def trace(self, name: str) -> StreamedTrace:
        """Return a recording; its values stay in the file."""
        place = [column.name for column in self.header.traces].index(name)
        column: TraceColumn = self.header.traces[place]
        header, group, where = self.header, f"traces/{place}", len(self.header.spikes) + place
        begin, end = int(self.begin[where]), int(self.end[where])
        times = header.start + self._rows(group, "steps", where) * header.dt
        values: dict[str, Any] = {
            variable: Rows(self.path, f"{group}/{n}", begin, end, column.columns.size)
            for n, variable in enumerate(column.units)
        }
        over = "synapse" if column.synapses else "site" if column.sites else "cell"
        sites = {key: np.array(held) for key, held in column.sites.items()}
        return StreamedTrace(name, column.population, times, column.columns, values, column.units,
                             over, sites)  # fmt: skip
