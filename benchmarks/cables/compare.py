"""Cables and cells with a morphology beside NEURON, CoreNEURON, Arbor and Jaxley, in one run.

    python benchmarks/cables/compare.py [--neuron PYTHON] [--arbor PYTHON] [--jaxley PYTHON]
        [--case NAME ...] [--rounds 9] [--out FILE]

Every simulator builds the same cells (`cells.py`), in a process of its own, and all take turns, so
that a machine that slows down slows all. Given are nanoseconds a compartment and step of the run
phase, as each simulator measures it itself, and how far its spikes are from those of small steps
(`references.json`).

Exits with 1 if ours is not 1.5 times as fast as the fastest of the others for one cell and twice as
fast for many.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
PYRAMIDAL = HERE.parents[1] / "src/rheobase/morphology/files/pyramidal.swc.gz"
ONE, MANY = 1.5, 2.0
WIDE = "ours, longer steps"


@dataclass(frozen=True)
class Case:
    """A network and how long it runs: model, copies (of rings: rings), threads, and ms.

    `wide` is how many times longer our steps may be and our spikes still nearer than others'.
    """

    model: str
    copies: int
    threads: int
    dt: float
    timed: float
    checked: float
    wide: int = 1

    @property
    def target(self) -> float:
        return ONE if self.threads == 1 else MANY

    def words(self, file: str, flavor: str, wide: int = 1) -> list[str]:
        dt = self.dt * wide
        values = [self.model, self.copies, self.threads, dt, self.timed, self.checked]
        return [*map(str, values), file, flavor]


CASES = {
    "rallpack 3, one cable": Case("cable", 1, 1, 0.01, 50, 250, 5),
    "rallpack 3, 8 cables": Case("cable", 8, 2, 0.01, 10, 50),
    "ring test, 16 x 8": Case("ring", 16, 2, 0.025, 50, 100),
    "ring test, 128 x 8": Case("ring", 128, 2, 0.025, 10, 20),
    "pyramidal cell, one": Case("pyramid", 1, 1, 0.025, 200, 100, 4),
    "pyramidal cell, 64": Case("pyramid", 64, 2, 0.025, 5, 25),
}


class Worker:
    """A process that runs whenever it is told to."""

    def __init__(self, name: str, command: list[str], case: Case) -> None:
        self.name, self.case = name, case
        self.seconds: list[float] = []
        self.used: list[float] = []
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=environment,
        )  # fmt: skip
        line = self._line()
        while line and not line.startswith("{"):
            line = self._line()
        if not line:
            raise SystemExit(f"{name} did not start: run {' '.join(command)}")
        self.said = json.loads(line)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def turn(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, used = map(float, self._line().split())
        self.seconds.append(seconds)
        self.used.append(used)

    def close(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        wide = self.case.wide if self.name == WIDE else 1
        each = 1e9 / (self.case.timed / self.case.dt / wide) / self.said["compartments"]
        return {
            "nanoseconds": each * median(self.seconds), "least": each * min(self.seconds),
            "of_all_cores": each * median(self.used), "runs": len(self.seconds),
            "compartments": self.said["compartments"], "version": self.said["version"],
            **error(self.case, self.said["found"]),
        }  # fmt: skip


def error(case: Case, found: dict[str, Any]) -> dict[str, Any]:
    """Return how many spikes there are, and how far they are from those of small steps [ms]."""
    stored = json.loads((HERE / "references.json").read_text("utf-8"))[case.model]
    if case.model == "ring":
        times = [t for t, _ in found["spikes"]]
        if case.copies != 16 or case.checked < 100:
            return {"spikes": len(times), "largest error ms": None}
        last = {cell: t for t, cell in found["spikes"]}
        true = {cell: t for t, cell in stored["spikes"]}
        gaps = [abs(last[cell] - t) for cell, t in true.items() if abs(last[cell] - t) < 5]
        return {"spikes": len(times), "largest error ms": max(gaps)}
    gaps, count = [0.0], 0
    for place, times in found.items():
        true = [t for t in stored[place] if t <= case.checked]
        count += len(times)
        gaps += [abs(a - b) for a, b in zip(times, true, strict=False)]
        if abs(len(times) - len(true)) > 1:
            return {"spikes": count, "largest error ms": float("nan")}
    return {"spikes": count, "largest error ms": max(gaps)}


def commands(case: Case, asked: argparse.Namespace, file: str) -> dict[str, list[str]]:
    """Return how the workers are started."""
    found = {"ours": [sys.executable, str(HERE / "our_worker.py"), *case.words(file, "")]}
    if case.wide > 1:
        words = case.words(file, "", case.wide)
        found[WIDE] = [sys.executable, str(HERE / "our_worker.py"), *words]
    if asked.neuron:
        script = str(HERE / "neuron_worker.py")
        found["NEURON"] = [asked.neuron, script, *case.words(file, "")]
        if case.threads == 1:
            found["NEURON, second order"] = [asked.neuron, script, *case.words(file, "second")]
        found["CoreNEURON"] = [asked.neuron, script, *case.words(file, "core")]
    if asked.arbor:
        found["Arbor"] = [asked.arbor, str(HERE / "arbor_worker.py"), *case.words(file, "")]
    if asked.jaxley and case.model == "cable":
        found["Jaxley"] = [asked.jaxley, str(HERE / "jaxley_worker.py"), *case.words(file, "")]
    return found


def measured(name: str, case: Case, asked: argparse.Namespace, file: str) -> dict[str, Any]:
    """Let all take turns in a case; print and return the figures."""
    workers = [Worker(who, line, case) for who, line in commands(case, asked, file).items()]
    for worker in workers:
        worker.turn()
        worker.seconds.clear()
        worker.used.clear()
    for _ in range(asked.rounds):
        for worker in workers:
            worker.turn()
    found = {worker.name: worker.close() for worker in workers}
    print(
        f"{name}: ns a compartment and step, steps of {case.dt * 1e3:g} us, {case.threads} threads"
    )
    for who, figures in found.items():
        off = figures["largest error ms"]
        far = "" if off is None else f", spikes at most {off:.4f} ms off"
        print(
            f"  {who:22}{figures['nanoseconds']:8.1f} (least {figures['least']:.1f}, of all cores "
            f"{figures['of_all_cores']:.1f}), {figures['compartments']} compartments, "
            f"{figures['spikes']} spikes{far}"
        )
    others = [figures for who, figures in found.items() if not who.startswith("ours")]
    result: dict[str, Any] = {
        "target": case.target, "dt ms": case.dt, "threads": case.threads, "ms": case.timed,
        "packages": found,
    }  # fmt: skip
    for figure in ("nanoseconds", "least", "of_all_cores") if others else ():
        least = min(each[figure] for each in others)
        result[f"ratio, {figure}"] = least / found["ours"][figure]
    if others and case.wide > 1:
        result["steps longer by"] = case.wide
        for figure in ("nanoseconds", "least"):
            least = min(each[figure] for each in others)
            result[f"ratio at their accuracy, {figure}"] = least * case.wide / found[WIDE][figure]
        print(f"  at their accuracy {result['ratio at their accuracy, nanoseconds']:.1f} times")
    if others:
        print(
            f"  the fastest of the others takes {result['ratio, nanoseconds']:.2f} times as long "
            f"as ours; by the least of each {result['ratio, least']:.2f}, by processor time "
            f"{result['ratio, of_all_cores']:.2f} (asked for: {case.target})",
            flush=True,
        )
    return result


def machine() -> dict[str, Any]:
    """Return on what was measured."""
    return {
        "python": platform.python_version(), "machine": platform.machine(),
        "cores": os.cpu_count(), "load at the start": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> int:
    """Measure all cases; print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for peer in ("neuron", "arbor", "jaxley"):
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"the Python that has {peer}")
    parser.add_argument("--case", action="append", choices=list(CASES), help="all if not given")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results: dict[str, Any] = {"machine": machine(), "cases": {}}
    if asked.out and asked.out.exists():
        results["cases"] = json.loads(asked.out.read_text("utf-8"))["cases"]
    good = True
    with tempfile.NamedTemporaryFile(suffix=".swc") as file:
        file.write(gzip.decompress(PYRAMIDAL.read_bytes()))
        file.flush()
        for name in asked.case or CASES:
            found = measured(name, CASES[name], asked, file.name)
            good &= found.get("ratio, nanoseconds", 99.0) >= CASES[name].target
            results["cases"][name] = found
            if asked.out:
                asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
