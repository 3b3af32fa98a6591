"""What a run leaves: spikes, traces, timing, and how to keep them and look at them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.results.entries import Entries
from rheobase.results.spikes import SpikeTrains
from rheobase.results.timing import Timing
from rheobase.results.traces import TraceData, Traces

if TYPE_CHECKING:
    import neo

# The plots are the next room, which this one does not import: it is looked up by name when a plot
# is asked for, and a result works without it and without Matplotlib.
_PLOTS_OF_A_RESULT = "rheobase.plots.accessor"


class Spikes(Entries[SpikeTrains]):
    """The spike trains of a run by the name of their population, in order of creation.

    ``spikes["cells"]`` and ``spikes[cells]`` are the same; a view, ``spikes[cells[:10]]``, gives
    the trains of its cells only.
    """

    _what = "spikes"
    _remedy = "every population that can spike has them, unless add(..., record_spikes=False)"

    def __init__(self, trains: Mapping[str, SpikeTrains]) -> None:
        super().__init__(trains)
        self._trains = trains

    def _entry(self, name: str) -> SpikeTrains:
        return self._trains[name]

    def __getitem__(self, key: object) -> SpikeTrains:
        trains = super().__getitem__(key)
        indices = getattr(key, "indices", None)
        if indices is None or np.array_equal(indices, trains.cells):
            return trains
        return trains[np.asarray(indices)]

    def __repr__(self) -> str:
        lines = [f"  {trains!r}" for trains in self._trains.values()]
        return "\n".join(["<Spikes", *lines]) + ">" if lines else "<Spikes: none recorded>"


def _by_name(parts: Any) -> Any:
    return parts if isinstance(parts, Mapping) else {part.name: part for part in parts}


class Result:
    """What a run of a network leaves.

    Parameters
    ----------
    spikes : iterable of SpikeTrains, or mapping
        One for each population whose spikes were kept, in order of creation, named after it. A
        mapping by name is looked into when spikes are asked for.
    traces : iterable of TraceData, or mapping, optional
        One for each recording, in order of creation. xarray Datasets are made of these when they
        are looked at.
    dt, start, stop : float
        Step of the run, and the time it covers, start <= t < stop [s].
    seed : int
        The seed of the network.
    populations : mapping of str to int, optional
        Sizes of all populations in order of creation, also of those whose spikes were not
        kept; default those of the spikes.
    timing : mapping, optional
        Seconds: build, compile, connect, run; and peak_memory_bytes.
    description : str, optional
        What was run, as text.
    metadata : mapping of str to str, optional
        Versions, backend, date: whatever is to be kept with the numbers.
    note : str, optional
        Why the run ended early, if it did.

    Attributes
    ----------
    spikes : mapping of str to SpikeTrains
        Found by name or population: ``result.spikes["cells"]``, ``result.spikes[cells]``.
    traces : mapping of str to xarray.Dataset
        ``result.traces["cells"].v[:, 0]``; dimensions (time, cell), ``attrs["units"]``.
    timing : Timing
        ``result.timing["run"]`` or ``result.timing.run`` [s].
    error_check
        What `net.run(..., error_check=True)` found; prints as sentences. None where it was not
        asked for.
    plot
        ``result.plot.raster()``, ``.traces("v")``, ``.population_rate()``, ...
    """

    def __init__(
        self,
        spikes: Iterable[SpikeTrains] | Mapping[str, SpikeTrains] = (),
        traces: Iterable[TraceData] | Mapping[str, TraceData] = (),
        *,
        dt: float,
        start: float = 0.0,
        stop: float,
        seed: int,
        populations: Mapping[str, int] | None = None,
        timing: Mapping[str, float] | None = None,
        description: str = "",
        metadata: Mapping[str, str] | None = None,
        note: str = "",
    ) -> None:
        self.spikes = Spikes(_by_name(spikes))
        self.traces = Traces(_by_name(traces))
        self.dt, self.start, self.stop = float(dt), float(start), float(stop)
        self.seed = int(seed)
        if populations is None:
            populations = {name: trains.size for name, trains in self.spikes.items()}
        self.populations: dict[str, int] = dict(populations)
        self.timing = timing if isinstance(timing, Timing) else Timing(**dict(timing or {}))  # type: ignore[arg-type]
        self.description = description
        self.metadata: dict[str, str] = dict(metadata or {})
        self.note = note
        self.error_check: Any = None

    @property
    def duration(self) -> float:
        """The time the run covers [s]."""
        return self.stop - self.start

    @property
    def plot(self) -> Any:
        """Plots of this result; each takes ``ax`` and returns Matplotlib Axes."""
        return importlib.import_module(_PLOTS_OF_A_RESULT).ResultPlots(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the result to an HDF5 file and return its path.

        The file is written beside its place and moved there when it is whole: a run that is
        stopped leaves the old file or the new, never half of one.

        Parameters
        ----------
        path : path
            Of the file; `Result.load` reads it.

        Raises
        ------
        FileFormatError
            If the file cannot be written there.
        """
        from rheobase.results.files import write_result

        return write_result(self, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Return the result kept in a file, to the bit.

        A file that a run was streamed to (`net.run(..., stream_to=path)`) is read when spikes and
        traces are looked at. If it is unfinished, `note` says so, and to what time it is whole.

        Raises
        ------
        FileFormatError
            If there is no such file, or it is no result, cut short, damaged or of another version.
        """
        from rheobase.results.files import read_result

        return read_result(Path(path))

    def to_neo(self) -> neo.Block:
        """Return a neo.Block of one segment: a SpikeTrain a cell, an AnalogSignal a variable."""
        from rheobase.results.neo_export import neo_block

        return neo_block(self)

    def to_nwb(self, path: str | os.PathLike[str]) -> Path:
        """Write the result as a Neurodata Without Borders file and return its path.

        Raises
        ------
        UserError
            If pynwb is not installed.
        """
        from rheobase.results.nwb_export import write_nwb

        return write_nwb(self, Path(path))

    def __repr__(self) -> str:
        lines = [
            f"<Result: {self.start:g} s to {self.stop:g} s, dt {self.dt * 1e3:g} ms, "
            f"seed {self.seed}"
        ]
        lines += [f"  ended early: {self.note}"] if self.note else []
        lines += [f"  spikes {trains!r}" for trains in self.spikes.values()]
        for name in self.traces:
            lines.append(f"  traces {name!r}: {self.traces.data(name)}")
        return "\n".join([*lines, f"  timing {self.timing}>"])
