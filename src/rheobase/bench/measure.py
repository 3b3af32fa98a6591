"""Time fresh processes, cold and warm, and set the figures beside their limits."""

from __future__ import annotations

import compileall
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rheobase.bench import FAMILIES, FULL_SCALE_LIMITS, LIMITS
from rheobase.errors import RheobaseError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rheobase.bench.catalog import Expected


#: Last word of a figure's name -> its unit; seconds for all others.
UNITS = {
    "memory": "B", "spikes": "count", "neurons": "count", "synapses": "count",
    "rate": "Hz", "frequency": "Hz", "cv": "1", "synchrony": "1", "peak": "1", "realtime": "1",
    "estimated_memory": "1", "estimated_time": "1", "growth": "1", "accuracy": "1",
    "error": "1", "coincidence": "1", "between_spikes": "mV",
    "bandwidth": "GB/s", "latency": "ns", "exp": "ns", "step": "ns", "event": "ns",
    "floor": "ns",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a measurement was asked for; None: what the benchmark has.

    Attributes
    ----------
    repetitions : int or None
        Processes after the first, of which the median counts.
    scale, indegree : float or None
        Fractions of the numbers of neurons, and of the inputs of a neuron.
    duration : float or None
        Simulated seconds that are measured.
    threads : int
    storage : str or None
    """

    repetitions: int | None = None
    scale: float | None = None
    indegree: float | None = None
    duration: float | None = None
    threads: int = 1
    storage: str | None = None

    @property
    def usual(self) -> bool:
        """Whether the network is the one the limits are for."""
        return self.scale is None and self.indegree is None and self.duration is None

    def arguments(self) -> list[str]:
        """What the measured process is told."""
        told = [f"--threads={self.threads}"]
        for key in ("scale", "indegree", "duration", "storage"):
            value = getattr(self, key)
            if value is not None:
                told.append(f"--{key}={value}")
        return told


class BenchmarkError(RheobaseError):
    """A measured process failed; the text holds what it printed."""


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    name : str
        Benchmark and quantity, as in ``"cuba.cold"`` or ``"brunel_c.E.rate"``.
    value : float
        Seconds, bytes for memory, a count for spikes, and so on; see `unit`.
    limit : float or None
        The largest value that is fine, where one is set.
    low : float or None
        The smallest value that is fine, where one is set.
    """

    name: str
    value: float
    limit: float | None = None
    low: float | None = None

    @property
    def fine(self) -> bool:
        """Whether the value keeps its limits; a statistic without spikes (nan) does not."""
        if self.limit is not None and not self.value <= self.limit:
            return False
        return self.low is None or self.value >= self.low

    @property
    def unit(self) -> str:
        """The unit of the value, from the last word of the name."""
        return UNITS.get(self.name.rsplit(".", 1)[-1], "s")

    def text(self, value: float) -> str:
        """Write a value of this figure for people."""
        if self.unit == "B":
            return f"{value / 1e6:,.0f} MB"
        if self.unit == "count":
            return f"{value:,.0f}"
        digits = f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"
        return digits if self.unit == "1" else f"{digits} {self.unit}"

    def __str__(self) -> str:
        row = f"{self.name:<26}{self.text(self.value):>14}"
        if self.limit is None:
            return row
        if self.low is None:
            asked = f"at most {self.text(self.limit)}"
        else:
            asked = f"{self.text(self.low)} to {self.text(self.limit)}"
        return f"{row}   {asked:<26} {'ok' if self.fine else 'MISSED'}"


def run_process(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[float, str]:
    """Wall time (seconds) and standard output of one process.

    The process may keep compiled Python files, whatever the caller's environment says: an
    installed package has them.

    Raises
    ------
    BenchmarkError
        If the process fails.
    """
    variables = {**os.environ, **(environment or {})}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    wall = time.perf_counter() - started
    if done.returncode != 0:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return wall, done.stdout


@cache
def compile_python() -> None:
    """Compile the package's own Python files, as installing it does."""
    compileall.compile_dir(Path(__file__).parent.parent, quiet=2)


def cache_environment(folder: str) -> dict[str, str]:
    """Environment variables that put every compiled kernel into `folder`."""
    return {"RHEOBASE_CACHE": folder, "NUMBA_CACHE_DIR": os.path.join(folder, "numba")}


def run_network(name: str, folder: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """One process that runs network `name` with its kernels cached in `folder`.

    Returns
    -------
    dict
        ``wall`` (seconds, from the start of the interpreter to its end), and what
        `process.run` returns.
    """
    compile_python()
    command = [sys.executable, "-m", "rheobase.bench.process", name, *arguments]
    wall, printed = run_process(command, cache_environment(folder))
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {"wall": wall, **figures}


def measure_network(name: str, asked: Asked) -> Iterator[Figure]:
    """Cold process, warm processes, run phase and activity of one network."""
    from rheobase.bench.catalog import CATALOG

    benchmark = CATALOG[name]
    for option in ("indegree", "storage"):
        if getattr(asked, option) is not None and option not in benchmark.options:
            raise UserError(
                f"the benchmark {name} cannot be told its {option}",
                mend=f"leave --{option} away, or write rheobase bench microcircuit",
            )
    repetitions = benchmark.repetitions if asked.repetitions is None else asked.repetitions
    with tempfile.TemporaryDirectory() as folder:
        cold = run_network(name, folder, asked.arguments())
        warm = [run_network(name, folder, asked.arguments()) for _ in range(repetitions)]
    limits = LIMITS if asked.usual else {}
    scale = benchmark.scale if asked.scale is None else asked.scale
    if name == "microcircuit" and scale >= 1:
        limits = FULL_SCALE_LIMITS
    yield from _times(name, cold, warm, limits)
    expected = benchmark.expected(
        scale, benchmark.indegree if asked.indegree is None else asked.indegree
    )
    yield from _activity(name, cold["statistics"], expected)


def _times(
    name: str, cold: dict[str, Any], warm: list[dict[str, Any]], limits: Mapping[str, float]
) -> Iterator[Figure]:
    every = warm or [cold]

    def figure(quantity: str, value: float) -> Figure:
        return Figure(f"{name}.{quantity}", float(value), limits.get(f"{name}.{quantity}"))

    def middle(part: str) -> float:
        return float(median(one["timing"][part] for one in every))

    yield figure("neurons", cold["neurons"])
    yield figure("synapses", cold["synapses"])
    yield figure("cold", cold["wall"])
    if warm:
        yield figure("warm", median(one["wall"] for one in warm))
    yield figure("compile", cold["timing"]["compile"])
    yield figure("build", middle("build") + middle("connect"))
    yield figure("run", middle("run"))
    yield figure("realtime", middle("run") / cold["seconds"])
    memory = max(one["timing"]["peak_memory_bytes"] for one in [cold, *warm])
    if memory:  # 0 where the platform does not tell
        yield figure("memory", memory)
        # Compiling needs memory of its own, of which an estimate knows nothing.
        ready = max(one["timing"]["peak_memory_bytes"] for one in every)
        ratio = cold["estimate"]["memory_bytes"] / ready
        yield Figure(f"{name}.estimated_memory", ratio, 1.15, 0.85)
    spent = middle("build") + middle("connect") + middle("run")
    yield Figure(f"{name}.estimated_time", cold["estimate"]["seconds"] / spent, 2.0, 0.5)
    yield figure("spikes", cold["spikes"])


def _activity(
    name: str, statistics: Mapping[str, Mapping[str, float]], expected: Sequence[Expected]
) -> Iterator[Figure]:
    """Every statistic that is a number, beside what is expected of it."""
    asked = {one.statistic: one for one in expected}
    for group, values in statistics.items():
        for statistic, value in values.items():
            one = asked.get(f"{group}.{statistic}")
            full = f"{name}.{group}.{statistic}"
            if one is not None:
                yield Figure(full, value, one.high, one.low)
            elif not math.isnan(value):
                yield Figure(full, value)


def measure_startup(repetitions: int) -> Iterator[Figure]:
    """Time to import the library with its units, and to print the command's help."""
    commands = {
        "startup.import": [sys.executable, "-c", "import rheobase; from rheobase.units import ms"],
        "startup.help": [sys.executable, "-m", "rheobase", "--help"],
    }
    for name, command in commands.items():
        run_process(command)  # the first one fills the caches of the disk and of the units
        yield _figure(name, median(run_process(command)[0] for _ in range(repetitions)))


def measure(names: Sequence[str], asked: Asked, say: Callable[[str], None] = print) -> list[Figure]:
    """Measure the named benchmarks, saying every figure as it is found."""
    figures = []
    for name in names:
        for part in FAMILIES.get(name, (name,)):
            for figure in _measured(part, asked):
                say(str(figure))
                figures.append(figure)
    return figures


def _measured(name: str, asked: Asked) -> Iterator[Figure]:
    if name == "startup":
        return measure_startup(asked.repetitions or 3)
    if name == "machine":
        from rheobase.bench.machine import measure_machine

        return measure_machine(asked)
    return measure_network(name, asked)


def as_json(figures: Sequence[Figure]) -> str:
    """The figures, and the machine they were found on, as JSON text."""
    import platform
    from importlib.metadata import version

    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "numba": version("numba"),
        "numpy": version("numpy"),
    }
    rows = [asdict(figure) for figure in figures]
    return json.dumps({"machine": machine, "figures": rows}, indent=2)


def _figure(name: str, value: float) -> Figure:
    return Figure(name, float(value), LIMITS.get(name))
