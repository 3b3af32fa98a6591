"""The third Rallpack beside the traces distributed with it, by its own measure.

Spiking traces are compared by three differences: of the intervals between spikes and of the heights
from trough to peak in each interval, as 2 (a - b)/(a + b), and of the shapes, with every interval
scaled to the same length, over the range of the voltage. Each is a root mean square; their sum is
the srms of Bhalla, Bilitch and Bower (1992), Trends Neurosci. 15:453-458.

The references, two columns of seconds and volts, are in the distribution (`ref_axon.0.neuron`,
`ref_axon.x.neuron`); Brian 2 installs them in `brian2/tests/rallpack_data`:

    python benchmarks/cables/rallpack_3.py --files DIRECTORY
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import rheobase as rb
from rheobase.units import cm, mS, ms, mV, nA, ohm, um

STEPS = (0.001, 0.01, 0.025, 0.05)
POINTS = 400
"""To which every interval is scaled."""


def traces(dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times (ms) and the voltages (mV) of the first and the last of 1,000 compartments."""
    rest = -65 * mV
    leak = rb.channels.Leak(g=0.025 * mS / cm**2, E=rest)
    membrane = rb.Membrane([rb.channels.HHSodium, rb.channels.HHPotassium, leak])
    cable = rb.Morphology.cylinder(length=1000 * um, diameter=1 * um)
    cell = rb.Cell(cable, membrane, axial_resistivity=100 * ohm * cm, max_length=1 * um)
    net = rb.Network(dt=dt * ms)
    cells = net.add(cell, name="cable")
    cells.v = rest
    ends = cells.everywhere[[0, cells.everywhere.size - 1]]
    net.inject(ends[0], rb.stimuli.step(0.1 * nA))
    net.record(ends, "v")
    v = net.run(250 * ms).traces["cable"].v
    return 1e3 * v.time.values, v.values


def crossings(t: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return when v rises through 0 mV, between samples."""
    k = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
    return t[k] - (t[k + 1] - t[k]) * v[k] / (v[k + 1] - v[k])


def intervals(t: np.ndarray, v: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Return v in every interval at the same number of points, of shape (intervals, points)."""
    phase = np.arange(POINTS) / POINTS
    return np.interp(spikes[:-1, None] + phase * np.diff(spikes)[:, None], t, v)


def differences(
    ours: tuple[np.ndarray, np.ndarray], reference: tuple[np.ndarray, np.ndarray]
) -> list[float]:
    """Return the rms differences of intervals, heights and shapes, and their sum, in %."""
    spikes = [crossings(*trace) for trace in (ours, reference)]
    if len(spikes[0]) != len(spikes[1]):
        raise SystemExit(f"{len(spikes[0])} spikes here, {len(spikes[1])} in the reference")
    a, b = (intervals(*trace, at) for trace, at in zip((ours, reference), spikes, strict=True))
    span = max(a.max(), b.max()) - min(a.min(), b.min())
    parts = [fractional(*map(np.diff, spikes)), fractional(np.ptp(a, 1), np.ptp(b, 1)),
             (a - b) / span]  # fmt: skip
    found = [100 * float(np.sqrt(np.mean(part**2))) for part in parts]
    return [*found, sum(found)]


def fractional(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return 2 (a - b)/(a + b)."""
    return 2 * (a - b) / (a + b)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="The third Rallpack, by its own measure.")
    parser.add_argument("--files", type=Path, required=True, help="the folder with the references")
    folder = parser.parse_args().files
    references = [np.loadtxt(folder / f"ref_axon.{end}.neuron").T for end in "0x"]
    print("dt, us  end   intervals  heights  shapes    srms, %")
    for dt in STEPS:
        t, v = traces(dt)
        for end, (when, volts) in enumerate(references):
            found = differences((t, v[:, end]), (1e3 * when, 1e3 * volts))
            print(f"{1e3 * dt:6g}  {('near', 'far')[end]:<4}"
                  f"{found[0]:11.3f}{found[1]:9.3f}{found[2]:8.3f}{found[3]:11.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
