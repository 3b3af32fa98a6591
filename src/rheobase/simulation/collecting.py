"""What a run leaves becomes a `Result`: steps become times, SI becomes the units written."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from rheobase.engine.logs import Samples, Spikes
from rheobase.engine.plan import NetworkPlan
from rheobase.engine.run import Engine
from rheobase.results import Result, SpikeTrains
from rheobase.results.traces import TraceData
from rheobase.simulation.assembly import Description, Seconds
from rheobase.simulation.cable_building import together
from rheobase.simulation.cable_population import Sites
from rheobase.simulation.clock import Clock


class Collector:
    """Gathers spikes and samples of one run from the engines it took."""

    def __init__(self, description: Description, clock: Clock, seed: int) -> None:
        self._description, self._clock, self._seed = description, clock, seed
        self._first_step = clock.step
        for recording in description.synapse_recordings.values():
            recording.clear()
        self._spikes: dict[str, list[Spikes]] = {}
        self._samples: dict[tuple[str, str, int], list[Samples]] = {}  # by recording and part

    def take(self, engine: Engine) -> None:
        """Take what an engine has kept so far."""
        plan: NetworkPlan = engine.plan
        for place, population in enumerate(plan.populations):
            if population.record_spikes:
                self._spikes.setdefault(population.name, []).append(engine.take_spikes(place))
        parts: Counter[tuple[str, str]] = Counter()
        for place, record in enumerate(plan.records):
            key = (record.name, record.variable, parts[record.name, record.variable])
            parts[record.name, record.variable] += 1
            self._samples.setdefault(key, []).append(engine.take_samples(place))

    def result(self, backend: str, seconds: Seconds, run_seconds: float, note: str = "",
               extra: Mapping[str, str] | None = None) -> Result:  # fmt: skip
        """Return the result of the steps done since this collector was made."""
        clock, told = self._clock, self._description
        start = clock.start + self._first_step * clock.dt
        return Result(
            [self._trains(name, start) for name in self._spikes],
            [t for t in self._traces() if t is not None],
            dt=clock.dt,
            start=start,
            stop=clock.time,
            seed=self._seed,
            populations={name: p.size for name, p in told.populations.items()},
            timing={
                "build": seconds.build, "compile": seconds.compile, "connect": seconds.connect,
                "run": run_seconds, "peak_memory_bytes": peak_memory_bytes(),
            },
            description=describe(told),
            metadata={**versions(), "backend": backend, **(extra or {})},
            note=note,
        )  # fmt: skip

    def _trains(self, name: str, start: float) -> SpikeTrains:
        clock = self._clock
        parts = self._spikes[name]
        steps = np.concatenate([part.steps for part in parts])
        ids = np.concatenate([part.ids for part in parts])
        times = clock.start + steps * clock.dt
        if parts[0].offsets is not None:
            offsets = [
                p.offsets if p.offsets is not None else np.zeros(p.steps.size) for p in parts
            ]
            times = times + np.concatenate(offsets)
        size = self._description.populations[name].size
        return SpikeTrains(times, ids, size, name=name, start=start, stop=clock.time, dt=clock.dt,
                           steps=steps)  # fmt: skip

    def _traces(self) -> Iterator[TraceData | None]:
        yield from (self._trace(name) for name in self._description.recordings)
        yield from (r.trace() for r in self._description.synapse_recordings.values())

    def _trace(self, name: str) -> TraceData | None:
        recording = self._description.recordings[name]
        values, units, steps = {}, {}, np.zeros(0, np.int64)
        for variable in recording.variables:
            found: list[np.ndarray] = []
            while (parts := self._samples.get((name, variable, len(found)))) is not None:
                steps = np.concatenate([part.steps for part in parts])
                found.append(np.concatenate([part.values for part in parts]))
            if not found:
                continue
            unit = recording.cells._values(variable).unit(variable)
            whole = together(recording.cells, variable, found)  # an array that is ours alone
            values[variable] = (
                unit.turn_from_si(whole) if whole.dtype == np.float64 else unit.from_si(whole)
            )
            units[variable] = unit.text
        if not values:
            return None
        times = self._clock.start + steps * self._clock.dt
        cells = recording.cells
        over, where = "cell", {}
        if isinstance(cells, Sites):
            over, where = "site", cells.coordinates()
        return TraceData(name, cells.name, times, cells.indices, values, units, over, where)


def describe(told: Description) -> str:
    """Return what was run, one line a part."""
    lines = [repr(p) for p in told.populations.values()]
    lines += [repr(p) for p in told.projections.values()]
    lines += [f"<Injection into {i.cells.name}, {i.to}: {i.current}>" for i in told.injections]
    lines += [f"<Drive of {d.cells.name}, {d.target.to}: {d.train}>" for d in told.drives]
    return "\n".join(lines)


def versions() -> dict[str, str]:
    """Return the versions a result depends on."""
    from rheobase import __version__

    return {"rheobase": __version__, "python": platform.python_version(), "numpy": np.__version__}


def peak_memory_bytes() -> int:
    """Return the largest resident memory of the process so far, 0 where it is not known."""
    try:  # getrusage counts what the process had before it became this program
        with open("/proc/self/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
