"""The benchmark networks beside other simulators, in one run.

    python benchmarks/compare.py [NETWORK ...] [--brian2 PYTHON] [--nest PYTHON] [--annarchy PYTHON]
        [--threads 1 2] [--repetitions N] [--scale X] [--duration S] [--out FILE]

Each peer runs in a virtual environment of its own, made by this script under .cache/ unless the
Python of another is given; its side of the networks is a script in peers/. All simulators take
turns, so that a machine that slows down slows all. For each: the whole process with nothing
cached (cold) and with everything cached (warm), the run phase (the compiled loop alone, as each
simulator measures it itself), the set-up (all of the warm process but the run phase and the
warm-up) and the largest memory. Medians of the repetitions. The rates of all groups of cells
are set beside ours; a peer that does something else is no peer.

Exits with 1 if a target is missed or the activities disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

import rheobase
from rheobase.bench.catalog import CATALOG
from rheobase.bench.measure import Asked, run_network, run_process
from rheobase.bench.statistics import describe
from rheobase.results import SpikeTrains

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache"

#: Network -> the peers that run it, with their threads; those that compile count for cold starts.
PEERS = {
    **dict.fromkeys(("cuba", "coba"), (("brian2", 1), ("brian2", 2), ("nest", 2), ("annarchy", 1))),
    "cobahh": (("brian2", 1), ("brian2", 2), ("nest", 2)),
    "brunel_delta": (("brian2", 1), ("nest", 2)),
    **dict.fromkeys([f"brunel_{x}" for x in "abcd"], (("nest", 2),)),
    "hpc": (("nest", 2),),
    "microcircuit": (("nest", 2),),
}
COMPILES = ("brian2", "annarchy")
MODULES = {"annarchy": "ANNarchy"}
USUAL = ("cuba", "coba", "cobahh", "brunel_delta", "hpc", "microcircuit")
#: Simulated seconds, where the benchmark's own would take a peer too long.
DURATIONS = {"microcircuit": 1.0}
#: How far rates may differ. Without noise from outside two random networks differ by a tenth;
#: exponential Euler, Brian 2's method for COBAHH, loses another tenth with steps of 0.1 ms.
TOLERANCES = {"cuba": 0.15, "coba": 0.25, "cobahh": 0.25, "hpc": 0.2, "microcircuit": 0.25}
#: Times faster than the fastest peer (cold and warm: than the fastest that compiles).
TARGETS = {
    "cuba": {"run": 3.0, "cold": 4.0, "warm": 3.0},
    "cobahh": {"run": 10.0, "cold": 4.0, "warm": 3.0},
    "coba": {"cold": 4.0, "warm": 3.0},
    "hpc": {"run": 3.0},
    "microcircuit": {"run": 15.0},
}


@dataclass
class Series:
    """What one simulator, with its number of threads, did with one network."""

    simulator: str
    threads: int
    cold: float = 0.0
    warm: list[float] = field(default_factory=list)
    run: list[float] = field(default_factory=list)
    setup: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    spikes: int = 0
    statistics: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, figures: dict, first: bool) -> None:
        if first:
            self.cold = figures["wall"]
            self.spikes = figures["spikes"]
            self.statistics = figures["statistics"]
        else:
            self.warm.append(figures["wall"])
            self.setup.append(figures["wall"] - figures["run"])
        # A cold run of a peer would count its C++ compiler's memory.
        if not first or self.simulator not in COMPILES:
            self.memory.append(int(figures["memory"]))
        self.run.append(figures["run"])

    def summary(self) -> dict:
        run = median(self.run)
        return {
            "simulator": self.simulator,
            "threads": self.threads,
            "cold": self.cold,
            "warm": median(self.warm) if self.warm else self.cold,
            "run": run,
            "run_min": min(self.run),
            "run_max": max(self.run),
            "setup": median(self.setup) if self.setup else self.cold - run,
            "memory": max(self.memory, default=0),
            "spikes": self.spikes,
            "statistics": self.statistics,
        }


def prepare(peer: str) -> Path:
    """A Python with that peer, in a virtual environment made on first use."""
    folder = CACHE / peer
    python = folder / "bin" / "python"
    works = (
        python.exists()
        and not subprocess.run(
            [str(python), "-c", f"import {MODULES.get(peer, peer)}"], capture_output=True
        ).returncode
    )
    if not works:
        print(f"Making a virtual environment with {peer} in {folder} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        requirements = HERE / "peers" / f"{peer}-requirements.txt"
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True
        )
    return python


def run_ours(name: str, folder: Path, asked: Asked) -> dict:
    figures = run_network(name, str(folder), asked.arguments())
    timing = figures["timing"]
    return {**figures, "run": timing["run"], "memory": timing["peak_memory_bytes"]}


def run_peer(peer: str, python: Path, name: str, folder: Path, asked: Asked) -> dict:
    benchmark = CATALOG[name]
    spikes = folder / "spikes.npz"
    command = [
        str(python), str(HERE / "peers" / f"{peer}_networks.py"), name,
        f"--folder={folder / 'build'}", f"--threads={asked.threads}", f"--scale={asked.scale}",
        f"--duration={asked.duration}", f"--warmup={benchmark.warmup}", f"--spikes={spikes}",
        *([f"--indegree={asked.indegree}"] if asked.indegree is not None else []),
    ]  # fmt: skip
    wall, printed = run_process(command)
    return {
        "wall": wall,
        **json.loads(printed.splitlines()[-1]),
        "statistics": statistics(spikes, benchmark.warmup, benchmark.settle, asked.duration),
    }


def statistics(file: Path, start: float, settle: float, duration: float) -> dict:
    """The statistics of a peer's spikes, computed as ours are."""
    found = {}
    with np.load(file) as stored:
        for name in sorted({key.rsplit(".", 1)[0] for key in stored}):
            times, ids = stored[f"{name}.times"], stored[f"{name}.ids"]
            stop = start + duration
            inside = (times >= start - 1e-9) & (times < stop - 1e-9)
            trains = SpikeTrains(
                times[inside], ids[inside], int(stored[f"{name}.size"]),
                start=start, stop=stop, dt=1e-4,
            )  # fmt: skip
            found[name] = describe(trains.between(min(max(settle, start), stop)))
    return found


def take_turns(
    name: str, contenders: list[Series], pythons: dict[str, Path], repetitions: int, asked: dict
) -> None:
    """Run all simulators by turns; the first run of each is the cold one."""
    with tempfile.TemporaryDirectory() as folder:
        places = {id(one): Path(folder) / f"{one.simulator}-{one.threads}" for one in contenders}
        for place in places.values():
            place.mkdir()
        for repetition in range(repetitions + 1):
            for one in contenders:
                told = Asked(threads=one.threads, **asked)
                place = places[id(one)]
                if one.simulator == "rheobase":
                    figures = run_ours(name, place, told)
                else:
                    figures = run_peer(one.simulator, pythons[one.simulator], name, place, told)
                one.add(figures, repetition == 0)
                print(
                    f"  {name} {one.simulator:<9} {one.threads} thread(s) "
                    f"{'cold' if repetition == 0 else 'warm'} process {figures['wall']:8.2f} s"
                    f"   run phase {figures['run']:8.3f} s",
                    flush=True,
                )


def ratios(rows: list[dict]) -> dict[str, float]:
    """How many times faster we are than the fastest peer, each with its best threads."""
    ours = [row for row in rows if row["simulator"] == "rheobase"]
    peers = [row for row in rows if row["simulator"] != "rheobase"]
    found = {}
    for quantity in ("run", "setup", "cold", "warm"):
        rivals = peers
        if quantity in ("cold", "warm"):
            rivals = [row for row in peers if row["simulator"] in COMPILES] or peers
        if rivals:
            found[quantity] = min(r[quantity] for r in rivals) / min(r[quantity] for r in ours)
    if peers and all(row["memory"] for row in rows):
        found["memory"] = min(r["memory"] for r in peers) / min(r["memory"] for r in ours)
    return found


def disagreements(name: str, rows: list[dict]) -> list[str]:
    """Groups of cells whose rate in a peer is not ours, within the tolerance of the network."""
    ours, tolerance, found = rows[0]["statistics"], TOLERANCES.get(name, 0.1), []
    for row in rows[1:]:
        for group, values in row["statistics"].items():
            mine, theirs = ours[group]["rate"], values["rate"]
            # A hundred spikes play by a tenth, whatever the tolerance.
            if abs(theirs - mine) > tolerance * max(mine, theirs, 0.1):
                found.append(f"{group}: {theirs:.2f} Hz in {row['simulator']}, {mine:.2f} here")
    return found


def report(name: str, contenders: list[Series]) -> dict:
    """Print one network's table and return it as data."""
    rows = [one.summary() for one in contenders]
    print(f"\n{name:<22}{'cold':>10}{'warm':>10}{'set-up':>10}{'run phase':>12}{'memory':>12}"
          f"{'spikes':>11}")  # fmt: skip
    for row in rows:
        print(
            f"{row['simulator']:<10}{row['threads']} threads   {row['cold']:>8.2f} s"
            f"{row['warm']:>8.2f} s{row['setup']:>8.2f} s{row['run']:>10.3f} s"
            f"{row['memory'] / 1e6:>9,.0f} MB{row['spikes']:>11,}"
        )
    faster, targets = ratios(rows), TARGETS.get(name, {})
    for quantity, ratio in faster.items():
        target = targets.get(quantity)
        verdict = "" if target is None else (
            f"   at least {target:g}: {'ok' if ratio >= target else 'MISSED'}"
        )  # fmt: skip
        print(f"  fastest peer / ours, {quantity:<7}{ratio:8.2f}{verdict}")
    wrong = disagreements(name, rows)
    print("  activity: " + ("; ".join(wrong) if wrong else "rates agree") + "\n", flush=True)
    kept = all(faster.get(key, np.inf) >= value for key, value in targets.items())
    return {"figures": rows, "ratios": faster, "targets": targets, "disagreements": wrong,
            "kept": kept}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(PEERS))
    parser.add_argument("--brian2", type=Path, metavar="PYTHON", help="a Python that has Brian 2")
    parser.add_argument("--nest", type=Path, metavar="PYTHON", help="a Python that has NEST")
    parser.add_argument("--annarchy", type=Path, metavar="PYTHON", help="one that has ANNarchy")
    parser.add_argument(
        "--peers", nargs="*", default=["brian2", "nest", "annarchy"], metavar="PEER",
        help="which of them (default: all)",
    )  # fmt: skip
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of ours")
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--scale", type=float, help="fraction of the number of neurons")
    parser.add_argument("--indegree", type=float, help="fraction of the inputs of a neuron")
    parser.add_argument("--duration", type=float, help="simulated seconds")
    parser.add_argument(
        "--out", type=Path, default=HERE / "results" / "peers.json", metavar="FILE",
        help="networks that are in it already and are not measured now stay",
    )  # fmt: skip
    options = parser.parse_args()
    names = options.networks or list(USUAL)
    if unknown := [name for name in names if name not in PEERS]:
        parser.error(f"no such network: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    pythons = {peer: getattr(options, peer) or prepare(peer) for peer in options.peers}
    stored = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    tables = stored.get("networks", {})
    good = True
    for name in names:
        benchmark = CATALOG[name]
        asked = {
            "scale": benchmark.scale if options.scale is None else options.scale,
            "indegree": options.indegree
            or (benchmark.indegree if "indegree" in benchmark.options else None),
            "duration": options.duration or DURATIONS.get(name, benchmark.duration),
        }
        contenders = [Series("rheobase", threads) for threads in options.threads]
        contenders += [Series(p, threads) for p, threads in PEERS[name] if p in pythons]
        take_turns(name, contenders, pythons, options.repetitions, asked)
        tables[name] = {**report(name, contenders), **asked}
        good = good and tables[name]["kept"] and not tables[name]["disagreements"]
        write(options.out, tables, pythons)
    print(f"Written to {options.out}")
    return 0 if good else 1


def write(file: Path, tables: dict, pythons: dict[str, Path]) -> None:
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rheobase": rheobase.__version__,
        "numba": version("numba"),
    }
    for peer, python in pythons.items():
        module = MODULES.get(peer, peer)
        command = [str(python), "-c", f"import {module}; print({module}.__version__)"]
        machine[peer] = run_process(command)[1].splitlines()[-1]
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, "networks": tables}, indent=2)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
