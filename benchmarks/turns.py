"""Contenders in processes of their own that take turns: a machine that slows down slows all.

A contender is a script called with ``--worker NAME``. It prints ``ready VERSION``, and for every
line it reads trains for a while and prints the seconds that an epoch took, and the loss.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median


class Worker:
    """A process that trains whenever it is told to."""

    def __init__(self, script: str, name: str) -> None:
        self.name, self.seconds, self.loss = name, [], float("nan")
        threads = name.rpartition("-")[2]
        environment = {**os.environ, "OMP_NUM_THREADS": threads if threads.isdigit() else "1"}
        self.process = subprocess.Popen(
            [sys.executable, script, "--worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            raise SystemExit(f"{name} did not start: {line}")
        self.version = line.split()[1]
        self.turn()
        self.seconds.clear()  # the first compiles

    def turn(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, self.loss = map(float, self.process.stdout.readline().split())
        self.seconds.append(seconds)

    def close(self) -> dict:
        self.process.stdin.close()
        self.process.wait()
        return {
            "seconds": median(self.seconds),
            "least": min(self.seconds),
            "most": max(self.seconds),
            "turns": len(self.seconds),
            "loss": self.loss,
            "version": self.version,
        }


def serve(version: str, train: Callable[[], tuple[float, float]]) -> None:
    """Train on demand: `train` returns seconds of an epoch, and the loss."""
    print("ready", version, flush=True)
    for _ in sys.stdin:
        print(*train(), flush=True)


def compare(script: str, names: list[str], rounds: int) -> dict[str, dict]:
    """Let all contenders train by turns; return what each needed."""
    workers = [Worker(script, name) for name in names]
    for number in range(rounds):
        for worker in workers:
            worker.turn()
        last = ", ".join(f"{w.name} {1e3 * w.seconds[-1]:.4g} ms" for w in workers)
        print(f"round {number + 1} of {rounds}: {last}", flush=True)
    return {worker.name: worker.close() for worker in workers}


def report(rows: dict[str, dict], ours: str, wanted: float, about: str, out: Path | None) -> bool:
    """Print a table and the ratio of the fastest peer to ours; return whether it is reached."""
    fastest = min(row["seconds"] for name, row in rows.items() if not name.startswith(ours))
    mine = min(row["seconds"] for name, row in rows.items() if name.startswith(ours))
    print(f"{about}: one epoch")
    for name, row in rows.items():
        print(
            f"  {name:<12} {1e3 * row['seconds']:10.4f} ms  ({1e3 * row['least']:.4g} to "
            f"{1e3 * row['most']:.4g}; loss {row['loss']:.4f}; {row['version']})"
        )
    ratio = fastest / mine
    print(f"  {ratio:.3g} times as fast as the fastest peer (wanted: {wanted:g})")
    if out is not None:
        kept = json.loads(out.read_text()) if out.exists() else {}
        kept[about] = {"ratio": ratio, "wanted": wanted, "rows": rows,
                       "machine": platform.processor() or platform.machine()}  # fmt: skip
        out.write_text(json.dumps(kept, indent=1) + "\n")
    return ratio >= wanted


def arguments(description: str, rounds: int) -> argparse.ArgumentParser:
    """The options that all comparisons have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser
