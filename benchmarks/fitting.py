"""Fit models to recordings, and write down how well that went.

python benchmarks/fitting.py [--seeds N]

An AdEx with ten free parameters is fitted to three sweeps of each of the two cells that come with
the library, by both searches and from several seeds; what counts are the numbers of spikes in the
two sweeps held out (relative error within 10 %). Three conductances of Hodgkin and Huxley's axon
are looked for in a synthetic trace (within 1 %). Figures are kept in results/fitting.json: the
worst of the seeds, and the median of the seconds of the processor.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import rheobase as rb
from rheobase.bench.measure import Figure, as_json
from rheobase.tour.pages import fitted
from rheobase.units import ms, mV, second

RESULT = Path(__file__).resolve().parent / "results" / "fitting.json"
CELLS = {"b6": rb.fitting.recordings.b6, "b8": rb.fitting.recordings.b8}
SEARCHES = {"differential_evolution": "de", "cma": "cma"}
#: Optimizer, its name in the figures, and how far it goes.
WAYS = (("lbfgs", "lbfgs", {"iterations": 40}), ("cma", "cma", {"iterations": 80}),
        ("differential_evolution", "de", {"iterations": 60, "population": 24}))  # fmt: skip


def cell(name: str, optimizer: str, seeds: int) -> list[Figure]:
    """Fit an AdEx to a cell from several seeds; return its figures."""
    recordings = [one.part(0.5 * second, 2.75 * second) for one in CELLS[name]()]
    worst, coincidence, between, seconds = [], [], [], []
    for seed in range(1, seeds + 1):
        began = time.process_time()
        fit = rb.fit_parameters(
            rb.models.AdEx(V_cut=0 * mV), recordings, fitted.BOUNDS, loss=fitted.LOSS,
            held_out=[1, 3], optimizer=optimizer, iterations=60, population=30, seed=seed,
        )  # fmt: skip
        seconds.append(time.process_time() - began)
        worst.append(max(abs(one.count_error) for one in fit.held_out))
        coincidence.append(np.mean([one.coincidence for one in fit.held_out]))
        between.append(np.mean([one.error_between_spikes for one in fit.held_out]))
        print(f"{name} {optimizer} seed {seed}: {worst[-1]:.3f}", flush=True)
    head = f"{name}.{SEARCHES[optimizer]}"
    return [
        Figure(f"{head}.held_out.error", max(worst), 0.10),
        Figure(f"{head}.held_out.coincidence", float(np.mean(coincidence))),
        Figure(f"{head}.held_out.between_spikes", float(np.mean(between))),
        Figure(f"{head}.cpu", float(np.median(seconds))),
    ]


def axon(seeds: int) -> list[Figure]:
    """Look for conductances along the gradient and without; return the figures."""
    recording = fitted.measured(rb.models.HodgkinHuxley)
    figures = []
    for optimizer, short, options in WAYS:
        errors, seconds = [], []
        for seed in range(1, seeds + 1):
            began = time.process_time()
            fit = rb.fit_parameters(
                rb.models.HodgkinHuxley, recording, fitted.CONDUCTANCES, optimizer=optimizer,
                dt=0.025 * ms, seed=seed, **options,
            )  # fmt: skip
            seconds.append(time.process_time() - began)
            errors.append(max(
                abs(fit.parameters[name].to(fitted.UNIT).magnitude / value - 1)
                for name, value in fitted.PUBLISHED.items()
            ))  # fmt: skip
            print(f"axon {optimizer} seed {seed}: {errors[-1]:.2e}", flush=True)
        figures += [
            Figure(f"axon.{short}.error", max(errors), 0.01),
            Figure(f"axon.{short}.cpu", float(np.median(seconds))),
        ]
    return figures


def main() -> None:
    """Fit everything and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    figures = axon(seeds)
    for name in CELLS:
        for optimizer in SEARCHES:
            figures += cell(name, optimizer, seeds)
    for figure in figures:
        print(figure)
    RESULT.write_text(as_json(figures) + "\n")


if __name__ == "__main__":
    main()
