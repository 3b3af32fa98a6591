"""What `rheobase run MODEL.toml` does and prints."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from rheobase.errors import RheobaseWarning
from rheobase.modelfiles.describing import counted
from rheobase.modelfiles.experiment import read
from rheobase.modelfiles.running import RESULTS, run


def check_file(path: str | os.PathLike[str], settings: Sequence[str],
               say: Callable[[str], None] = print) -> None:  # fmt: skip
    """Read and build what a file describes, and print it; nothing is run or written."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RheobaseWarning)
        experiment = read(path, settings)
        experiment.prepare()
        text = experiment.describe()
    say(text)
    for one in caught:
        say(f"Warning: {one.message}")


def run_file(path: str | os.PathLike[str], out: str | os.PathLike[str] | None,
             settings: Sequence[str], say: Callable[[str], None] = print) -> Path:  # fmt: skip
    """Run a file, print what came of it, and return the path of the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RheobaseWarning)  # told below, without a line of ours
        finished = run(path, out, settings)
    populations = finished.experiment.network.populations
    for name, trains in finished.result.spikes.items():
        if not populations[name].spiking:
            continue
        say(f"{name}: {counted(trains.count, 'spike')} of {counted(trains.size, 'cell')}, "
            f"{trains.mean_rate():.4g} Hz a cell")  # fmt: skip
    if finished.result.note:
        say(f"Ended early: {finished.result.note}")
    for text in finished.warnings:
        say(f"Warning: {text}")
    say(f"The results are {finished.folder / RESULTS}")
    say(f"The report is {finished.report}")
    return finished.report
