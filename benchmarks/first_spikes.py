"""Yin-Yang answered by first spikes, trained by exact gradients: no surrogate, no steps.

    python benchmarks/first_spikes.py [--seeds N] [--out FILE]

Nothing is downloaded. 4 coordinates and one bias spike, 60 hidden neurons, 3 that answer; the
published sets of 5,000, 1,000 and 1,000 points; 40 epochs of Adam. Exits with 1 if the mean test
accuracy is below 0.96.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean

import numpy as np

from rheobase import nn

HIDDEN, EPOCHS, RATE = 60, 40, 0.005


def times(points: np.ndarray) -> np.ndarray:
    """Coordinates 0 ... 1 as spike times 0.15 ... 2, in synaptic time constants."""
    return 0.15 + 1.85 * points


def train(seed: int) -> dict:
    sets = [nn.tasks.yin_yang(n, seed=s) for n, s in ((5000, 42), (1000, 41), (1000, 40))]
    (x, y), held, test = [(times(points), labels) for points, labels in sets]
    net = nn.Sequential(
        nn.FirstSpike(4, HIDDEN, tau_m=10, end=4, bias_at=0.9, mean=1.5, std=0.8, wake=1),
        nn.FirstSpike(HIDDEN, 3, tau_m=10, end=6, mean=15 / HIDDEN, std=0.8 * (30 / HIDDEN) ** 0.5,
                      wake=10, temperature=0.05),
        seed=seed,
    )  # fmt: skip
    history = nn.fit(
        net, x, y, loss="cross_entropy", optimizer=nn.Adam(RATE), epochs=EPOCHS, batch_size=150,
        schedule={24: 0.3 * RATE, 34: 0.1 * RATE}, validation=held, seed=seed, progress=False,
    )  # fmt: skip
    right = (net(test[0]).argmax(axis=1) == test[1]).mean()
    return {
        "training": float(history.accuracy[-1]),
        "validation": float(history.validation_accuracy[-1]),
        "test": float(right),
        "seconds": history.seconds,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = []
    for seed in range(asked.seeds):
        found.append(train(seed))
        print(f"seed {seed}: {found[-1]}", flush=True)
        if asked.out:
            asked.out.write_text(json.dumps({"yin_yang": found}, indent=1) + "\n")
    return int(mean(run["test"] for run in found) < 0.96)


if __name__ == "__main__":
    sys.exit(main())
