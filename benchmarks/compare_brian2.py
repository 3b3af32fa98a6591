"""CUBA and COBAHH beside Brian 2, in one run.

Brian 2 runs in a virtual environment of its own, made by this script under
.cache/brian2 unless another is given. Its C++ standalone mode, one thread, is its
fastest. The two simulators take turns, so that a machine that slows down slows both.

    python benchmarks/compare_brian2.py [--brian2 PYTHON] [--repetitions N] [--out FILE]

For each network and simulator: the whole process with nothing cached (cold) and with
everything cached (warm), the run phase (the compiled loop alone, as each simulator
measures it itself) and the largest memory of the process. Medians of the repetitions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rheobase.bench.measure import run_network, run_process

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ("cuba", "cobahh")
#: Run phase of Rheobase as a fraction of Brian 2's: the most that is fine.
LIMITS = {"cuba": 0.5, "cobahh": 0.2}


@dataclass
class Series:
    """What one simulator did with one network."""

    cold: float = 0.0
    warm: list[float] = field(default_factory=list)
    run: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    spikes: int = 0

    def summary(self) -> dict[str, float]:
        return {
            "cold": self.cold,
            "warm": median(self.warm),
            "run": median(self.run),
            "run_min": min(self.run),
            "run_max": max(self.run),
            "memory": max(self.memory),
            "spikes": self.spikes,
        }


def prepare_brian2(folder: Path) -> Path:
    """A Python with Brian 2, in a virtual environment made on first use."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"Making a virtual environment with Brian 2 in {folder} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        requirements = Path(__file__).with_name("brian2-requirements.txt")
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True
        )
    return python


def run_ours(name: str, folder: str) -> dict[str, float]:
    figures = run_network(name, folder)
    timing = figures["timing"]
    return {
        "wall": figures["wall"],
        "run": timing["run"],
        "memory": timing["peak_memory_bytes"],
        "spikes": figures["spikes"],
    }


def run_brian2(python: Path, name: str, folder: str) -> dict[str, float]:
    script = Path(__file__).with_name("brian2_networks.py")
    started = time.perf_counter()
    _, printed = run_process([str(python), str(script), name, folder])
    wall = time.perf_counter() - started
    return {"wall": wall, **json.loads(printed.splitlines()[-1])}


def compare(name: str, python: Path, repetitions: int) -> dict[str, Series]:
    """Run both simulators by turns; the first run of each is the cold one."""
    series = {"rheobase": Series(), "brian2": Series()}
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        for repetition in range(repetitions + 1):
            for simulator, one in series.items():
                if simulator == "rheobase":
                    figures = run_ours(name, ours)
                else:
                    figures = run_brian2(python, name, theirs)
                if repetition == 0:
                    one.cold = figures["wall"]
                    one.spikes = int(figures["spikes"])
                else:
                    one.warm.append(figures["wall"])
                    # The cold run of the peer would count its C++ compiler's memory.
                    one.memory.append(int(figures["memory"]))
                one.run.append(figures["run"])
                print(
                    f"  {name} {simulator:<9} {'cold' if repetition == 0 else 'warm'} "
                    f"process {figures['wall']:7.2f} s   run phase {figures['run']:7.3f} s",
                    flush=True,
                )
    return series


def report(name: str, series: dict[str, Series]) -> tuple[dict[str, object], bool]:
    """Print one network's table; return it as data, and whether the limit is kept."""
    rows = {simulator: one.summary() for simulator, one in series.items()}
    ours, theirs = rows["rheobase"], rows["brian2"]
    ratios = {key: ours[key] / theirs[key] for key in ("cold", "warm", "run", "memory")}
    print(f"\n{name:<10}{'cold':>10}{'warm':>10}{'run phase':>12}{'memory':>10}{'spikes':>10}")
    for simulator, row in rows.items():
        print(
            f"{simulator:<10}{row['cold']:>8.2f} s{row['warm']:>8.2f} s{row['run']:>10.3f} s"
            f"{row['memory'] / 1e6:>7.0f} MB{row['spikes']:>10,.0f}"
        )
    kept = ratios["run"] <= LIMITS[name]
    print(
        f"{'ratio':<10}{ratios['cold']:>10.2f}{ratios['warm']:>10.2f}{ratios['run']:>12.2f}"
        f"{ratios['memory']:>10.2f}   run phase at most {LIMITS[name]}: "
        f"{'ok' if kept else 'MISSED'}\n"
    )
    return {"figures": rows, "ratios": ratios, "limit": LIMITS[name], "kept": kept}, kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brian2", type=Path, metavar="PYTHON", help="a Python that has Brian 2")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "brian2.json", metavar="FILE"
    )
    options = parser.parse_args()
    python = options.brian2 or prepare_brian2(ROOT / ".cache" / "brian2")
    tables, all_kept = {}, True
    for name in NETWORKS:
        tables[name], kept = report(name, compare(name, python, options.repetitions))
        all_kept = all_kept and kept
    _, brian2 = run_process([str(python), "-c", "import brian2; print(brian2.__version__)"])
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rheobase": version("rheobase"),
        "numba": version("numba"),
        "brian2": brian2.strip(),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, "networks": tables}, indent=2)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(f"Written to {options.out}")
    return 0 if all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
