"""Compute when the cells of the benchmark spike, with small steps in NEURON, and store it.

    PYTHON_WITH_NEURON benchmarks/cables/references.py

NEURON solves by Crank-Nicolson with staggered gates (`secondorder=2`) and without tables of rates,
in steps of 1 us. Of the rings only the spikes after 90 ms are kept, from steps of 1/640 ms (a spike
waits for the end of its step, so that a hop takes half a step too long).
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYRAMIDAL = HERE.parents[1] / "src/rheobase/morphology/files/pyramidal.swc.gz"
RUNS = {"cable": (1, 0.001, 250.0), "pyramid": (1, 0.001, 100.0), "ring": (16, 0.0015625, 100.0)}


def found(model: str, file: str) -> dict:
    """Return what a worker found."""
    copies, dt, duration = RUNS[model]
    words = [model, copies, 1, dt, 1, duration, file, "second"]
    done = subprocess.run(
        [sys.executable, str(HERE / "neuron_worker.py"), *map(str, words)],
        input="", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[0])["found"]


def main() -> None:
    """Write the file."""
    stored = {}
    with tempfile.NamedTemporaryFile(suffix=".swc") as file:
        file.write(gzip.decompress(PYRAMIDAL.read_bytes()))
        file.flush()
        for model in RUNS:
            got = found(model, file.name)
            if model == "ring":
                got = {"spikes": [pair for pair in got["spikes"] if pair[0] > 90]}
            stored[model] = {
                place: [round(t, 5) if isinstance(t, float) else [round(t[0], 5), t[1]] for t in ts]
                for place, ts in got.items()
            }
    (HERE / "references.json").write_text(json.dumps(stored) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
