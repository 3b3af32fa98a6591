"""Time fresh processes, cold and warm, and set the figures beside their limits."""

from __future__ import annotations

import compileall
import json
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

from rheobase.bench import LIMITS
from rheobase.errors import RheobaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class BenchmarkError(RheobaseError):
    """A measured process failed; the text holds what it printed."""


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    name : str
        Benchmark and quantity, as in ``"cuba.cold"``.
    value : float
        Seconds, bytes for memory, a count for spikes; the median of the repetitions.
    limit : float or None
        The largest value that is fine, where one is set.
    """

    name: str
    value: float
    limit: float | None = None

    @property
    def fine(self) -> bool:
        """Whether the value keeps its limit."""
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        row = f"{self.name:<18}{self._text(self.value):>12}"
        if self.limit is None:
            return row
        return f"{row}   at most {self._text(self.limit):>9}  {'ok' if self.fine else 'MISSED'}"

    def _text(self, value: float) -> str:
        if self.name.endswith("memory"):
            return f"{value / 1e6:.0f} MB"
        if self.name.endswith("spikes"):
            return f"{value:,.0f}"
        return f"{value:.3f} s"


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


def run_network(name: str, folder: str) -> dict[str, Any]:
    """One process that runs network `name` with its kernels cached in `folder`.

    Returns
    -------
    dict
        ``wall`` (seconds, from the start of the interpreter to its end), ``timing`` (as
        of the result, with ``peak_memory_bytes``) and ``spikes`` (their number).
    """
    compile_python()
    command = [sys.executable, "-m", "rheobase.bench.process", name]
    wall, printed = run_process(command, cache_environment(folder))
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {"wall": wall, **figures}


def measure_network(name: str, repetitions: int) -> Iterator[Figure]:
    """Cold process, warm processes and run phase of one network."""
    with tempfile.TemporaryDirectory() as folder:
        cold = run_network(name, folder)
        warm = [run_network(name, folder) for _ in range(repetitions)]
    yield _figure(f"{name}.cold", cold["wall"])
    yield _figure(f"{name}.warm", median(one["wall"] for one in warm))
    yield _figure(f"{name}.run", median(one["timing"]["run"] for one in warm))
    memory = max(one["timing"]["peak_memory_bytes"] for one in [cold, *warm])
    if memory:  # 0 where the platform does not tell
        yield _figure(f"{name}.memory", memory)
    yield _figure(f"{name}.spikes", cold["spikes"])


def measure_startup(repetitions: int) -> Iterator[Figure]:
    """Time to import the library with its units, and to print the command's help."""
    commands = {
        "startup.import": [sys.executable, "-c", "import rheobase; from rheobase.units import ms"],
        "startup.help": [sys.executable, "-m", "rheobase", "--help"],
    }
    for name, command in commands.items():
        run_process(command)  # the first one fills the caches of the disk and of the units
        yield _figure(name, median(run_process(command)[0] for _ in range(repetitions)))


def measure(
    names: Sequence[str], repetitions: int, say: Callable[[str], None] = print
) -> list[Figure]:
    """Measure the named benchmarks, saying every figure as it is found."""
    figures = []
    for name in names:
        found = (
            measure_startup(repetitions)
            if name == "startup"
            else measure_network(name, repetitions)
        )
        for figure in found:
            say(str(figure))
            figures.append(figure)
    return figures


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
