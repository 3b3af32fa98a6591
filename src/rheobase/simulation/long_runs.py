"""Long runs: results that are streamed to a file, and checkpoints on the way.

At a checkpoint the stream is flushed first, then the checkpoint is written, before whatever is
called at that step (`net.every`). So a network loaded from it stands where its stream can be
cut, and goes on as the run would have.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.logs import has_offsets
from rheobase.engine.run import Engine
from rheobase.errors import WiringError
from rheobase.results import Result
from rheobase.results.stream_reading import read_stream
from rheobase.results.streaming import (
    FLUSH_BYTES,
    SpikeColumn,
    StreamHeader,
    StreamWriter,
    TraceColumn,
    continued_stream,
    new_stream,
)
from rheobase.results.writing import check_folder
from rheobase.simulation import saving
from rheobase.simulation.assembly import Assembly, Seconds
from rheobase.simulation.cable_building import together
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.checkpoint_files import refuse_other_files
from rheobase.simulation.clock import Clock
from rheobase.simulation.collecting import describe, peak_memory_bytes, versions

if TYPE_CHECKING:
    from rheobase.simulation.network import Network


@dataclass(frozen=True)
class Kept:
    """What a run is to leave on disk while it goes on, as the user asked for it.

    Attributes
    ----------
    stream : Path or None
        Where results are streamed to.
    overwrite : bool
        Whether a file there may be replaced.
    every : int
        Steps from checkpoint to checkpoint; 0: none.
    checkpoint : Path or None
        Where they are written.
    """

    stream: Path | None = None
    overwrite: bool = False
    every: int = 0
    checkpoint: Path | None = None

    def next_after(self, step: int, end: int) -> int:
        """Return the first step after `step` at which a checkpoint is due, at most `end`."""
        return min(end, (step // self.every + 1) * self.every) if self.every else end


def read_kept(clock: Clock, stream_to: Any, overwrite: bool, checkpoint_every: Any,
              checkpoint_to: Any) -> Kept | None:  # fmt: skip
    """Check what `net.run` was told about files, before anything runs.

    Raises
    ------
    UnitError, WiringError
        The interval is no time, or not a multiple of dt; or arguments do not go together.
    FileFormatError
        A file cannot be written there.
    """
    stream = None if stream_to is None else _path(stream_to, "stream_to", "run.h5")
    if overwrite and stream is None:
        raise WiringError(
            "net.run: overwrite is for the file of stream_to, and none is given",
            mend='write net.run(1*second, stream_to="run.h5", overwrite=True)',
        )
    if checkpoint_every is None:
        if checkpoint_to is not None:
            raise WiringError(
                "net.run: checkpoint_to says where checkpoints go, and checkpoint_every is missing",
                mend=f"write net.run(..., checkpoint_every=10*second, checkpoint_to="
                f"{os.fspath(checkpoint_to)!r})",
            )
        return None if stream is None else Kept(stream, bool(overwrite))
    paste = "net.run(100*second, checkpoint_every=10*second)"
    every = clock.steps_of(checkpoint_every, "the interval of checkpoints", "checkpoint_every",
                           paste, 1)  # fmt: skip
    place = _default_checkpoint(stream) if checkpoint_to is None else (
        _path(checkpoint_to, "checkpoint_to", "run.checkpoint.h5")
    )  # fmt: skip
    if stream is not None and place.absolute() == stream.absolute():
        raise WiringError(
            f"net.run: the stream and the checkpoints would be one file, {stream}",
            mend="give them different names",
        )
    check_folder(place, "the checkpoint")
    refuse_other_files(place)
    return Kept(stream, bool(overwrite), every, place)


def _path(given: Any, argument: str, example: str) -> Path:
    try:
        return Path(given)
    except TypeError:
        raise WiringError(
            f"net.run: {argument} is the path of a file",
            given=repr(given),
            mend=f'write {argument}="{example}"',
        ) from None


def _default_checkpoint(stream: Path | None) -> Path:
    """Return where checkpoints go if it is not said: beside the stream, or beside the script."""
    if stream is not None:
        return stream.with_name(f"{stream.stem}.checkpoint.h5")
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script is None or not Path(script).parent.is_dir():
        return Path("rheobase.checkpoint.h5")
    return Path(script).with_name(f"{Path(script).stem}.checkpoint.h5")


class Keeper:
    """What one run leaves on disk while it goes on.

    Parameters
    ----------
    network, assembly
        What runs, already built.
    kept
        What was asked for.
    """

    def __init__(self, network: Network, assembly: Assembly, kept: Kept) -> None:
        self._network, self._assembly, self._kept = network, assembly, kept
        self._clock = assembly.clock
        self._first = assembly.clock.step
        self.writer = None if kept.stream is None else self._open(kept.stream)
        self._most_steps = self._steps_of_memory()

    def _open(self, path: Path) -> StreamWriter:
        header = stream_header(self._assembly)
        step, mark = self._clock.step, self._network._stream
        if path.exists() and not self._kept.overwrite and mark.get("id"):
            writer = continued_stream(path, header, step, mark["id"], bool(mark.get("loaded")))
        else:
            writer = new_stream(path, header, step, self._kept.overwrite)
        self._network._stream = {"id": writer.id}
        return writer

    def _steps_of_memory(self) -> int:
        """Return how many steps may run until samples have to be written."""
        assert self._assembly.engine is not None
        plan = self._assembly.engine.plan
        a_step = sum(8 * r.cells.size / r.every_steps for r in plan.records)
        return max(1, int(FLUSH_BYTES / max(a_step, 1e-3)))

    # -- while it runs --------------------------------------------------------------------

    def next_look(self, step: int, end: int) -> int:
        """Return until when to run before looking again."""
        until = self._kept.next_after(step, end)
        return min(until, step + self._most_steps) if self.writer is not None else until

    def stops_slice(self, engine: Engine) -> bool:
        """Return whether what an engine keeps is to be written now."""
        if self.writer is None:
            return False
        waiting = sum(log.count() for log in engine.logs.spikes)
        return self.writer.due() or 12 * waiting >= FLUSH_BYTES

    def take(self, engine: Engine) -> None:
        """Write what an engine has kept so far, and flush it where it is time."""
        if self.writer is None:
            return
        self.append(engine)
        if self.writer.due():
            self.writer.flush(engine.step)

    def append(self, engine: Engine) -> None:
        """Append what an engine has kept so far."""
        assert self.writer is not None
        plan, told = engine.plan, self._assembly.description
        places = {column.name: n for n, column in enumerate(self.writer.header.spikes)}
        for place, population in enumerate(plan.populations):
            if population.record_spikes:
                taken = engine.take_spikes(place)
                self.writer.add_spikes(places[population.name], *taken)
        recorded: dict[str, dict[str, list[Any]]] = {}
        steps: dict[str, Any] = {}
        for place, record in enumerate(plan.records):
            samples = engine.take_samples(place)
            parts = recorded.setdefault(record.name, {}).setdefault(record.variable, [])
            parts.append(samples.values)
            steps[record.name] = samples.steps
        names = [column.name for column in self.writer.header.traces]
        for name, found in recorded.items():
            cells = told.recordings[name].cells
            values = {
                variable: cells._values(variable).unit(variable).from_si(
                    together(cells, variable, parts))
                for variable, parts in found.items()
            }  # fmt: skip
            self.writer.add_samples(names.index(name), steps[name], values)
        for name, recording in told.synapse_recordings.items():
            trace = recording.trace()
            if trace is not None:
                self.writer.add_samples(names.index(name), np.array(recording._steps), trace.values)
                recording.clear()

    def at_step(self, step: int, end: int) -> None:
        """Write a checkpoint if one is due at a step of the run."""
        kept = self._kept
        if not kept.every or step == self._first or (step % kept.every and step != end):
            return
        assert kept.checkpoint is not None and self._assembly.engine is not None
        if self.writer is not None:
            self.append(self._assembly.engine)
            self.writer.flush(step, to_disk=True)
        saving.save(self._network, kept.checkpoint, {"stream": self._network._stream})

    # -- at the end -----------------------------------------------------------------------

    def result(self, backend: str, seconds: Seconds, run_seconds: float, note: str,
               extra: Mapping[str, str]) -> Result:  # fmt: skip
        """Close the stream, and return the result of this run, which reads from it."""
        assert self.writer is not None
        timing = {"build": seconds.build, "compile": seconds.compile, "connect": seconds.connect,
                  "run": run_seconds, "peak_memory_bytes": peak_memory_bytes()}  # fmt: skip
        self.writer.finish(self._clock.step, note, timing)
        made = read_stream(self.writer.path, self.writer.began, self.writer.began_step)
        made.metadata |= {"backend": backend, **extra}
        return made

    def abandon(self) -> None:
        """Close the files of a run that an error ended before its result."""
        if self.writer is not None:
            self.writer.close()


def stream_header(assembly: Assembly) -> StreamHeader:
    """Return what a stream of a network says at its beginning."""
    told, clock, engine = assembly.description, assembly.clock, assembly.engine
    assert engine is not None
    spikes = tuple(SpikeColumn(p.name, p.size, has_offsets(p))
                   for p in engine.plan.populations if p.record_spikes)  # fmt: skip
    traces = tuple(
        TraceColumn(
            r.name, r.cells.name, tuple(np.asarray(r.cells.indices).tolist()), r.every_steps,
            {v: r.cells._values(v).unit(v).text for v in r.variables},
            sites={k: held.tolist() for k, held in r.cells.coordinates().items()}
            if isinstance(r.cells, Sites) else {},
        )
        for r in told.recordings.values()
    )  # fmt: skip
    traces += tuple(
        TraceColumn(
            r.name, r.projection.name, (), r.every_steps,
            {v: r.projection._unit_of(v).text for v in r.variables}, len(r.projection),
        )
        for r in told.synapse_recordings.values()
    )  # fmt: skip
    sizes = {name: p.size for name, p in told.populations.items()}
    return StreamHeader(clock.dt, clock.start, assembly.seed, sizes, spikes, traces,
                        describe(told), versions())  # fmt: skip
