"""Make `*_neuron.json` here: cells in NEURON, that tests compare ours with.

    PYTHON_WITH_NEURON tests/oracles/data/cables_in_neuron.py

Of every cell there are two runs. "fine": Crank-Nicolson (secondorder 2) in steps of 1 us, sampled
every 0.1 ms, and the times of rising through 0 mV. "coarse": backward Euler in steps of 0.025 ms,
as NEURON does it unless told otherwise, sampled every 2 ms. Rates are computed, not tabulated.
The rings are those of `benchmarks/cables`, in steps of 0.025 ms; their spikes are those published
as reference data at https://github.com/neuronsimulator/ringtest.

Voltages in mV, times in ms. Made with NEURON 9.0.2.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path

import neuron
import numpy as np
from neuron import h

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "benchmarks" / "cables"))
KEPT = []

h.load_file("stdrun.hoc")
h.load_file("import3d.hoc")


def inject(segment, current, start, stop):
    clamp = h.IClamp(segment)
    clamp.delay, clamp.dur, clamp.amp = start, stop - start, current
    KEPT.append(clamp)


def ball_and_stick():
    """Squid membrane on a ball and on a stick: 0.3 nA into the ball."""
    soma, stick = h.Section(name="soma"), h.Section(name="stick")
    soma.L = soma.diam = 20
    stick.L, stick.diam, stick.nseg = 500, 2, 25
    stick.connect(soma(1))
    for section in (soma, stick):
        section.Ra, section.cm = 100, 1
        section.insert("hh")
        section.el_hh = -54.3
    inject(soma(0.5), 0.3, 5, 95)
    KEPT.extend([soma, stick])
    return {"soma": soma(0.5), "dendrite": stick(0.98)}, 6.3


def tapered():
    """A squid soma at 6.3 degrees, one tapering passive dendrite with two at its end."""
    soma, trunk = h.Section(name="s"), h.Section(name="t")
    soma.L = soma.diam = 20
    left, right = h.Section(name="l"), h.Section(name="r")
    shapes = ((trunk, 300, 4, 1.5, 15), (left, 200, 1.5, 0.5, 11), (right, 100, 1, 1, 7))
    for section, length, first, last, count in shapes:
        section.pt3dclear()
        section.pt3dadd(0, 0, 0, first)
        section.pt3dadd(length, 0, 0, last)
        section.nseg = count
        section.insert("pas")
        section.g_pas, section.e_pas = 1 / 20_000, -65
    trunk.connect(soma(1))
    left.connect(trunk(1))
    right.connect(trunk(1))
    soma.insert("hh")
    soma.el_hh = -54.3
    for section in (soma, trunk, left, right):
        section.Ra, section.cm = 150, 0.9
    inject(left(0.5 / 11), 0.5, 5, 95)
    KEPT.extend([soma, trunk, left, right])
    return {"soma": soma(0.5), "left": left(10.5 / 11), "right": right(6.5 / 7)}, 6.3


class Cell:
    """What `Import3d_GUI` puts sections into."""


def pyramidal():
    """A reconstructed cell: a soma with ten times the squid's channels, all else passive."""
    text = gzip.decompress((ROOT / "src/rheobase/morphology/files/pyramidal.swc.gz").read_bytes())
    reader, cell = h.Import3d_SWC_read(), Cell()
    with tempfile.NamedTemporaryFile(suffix=".swc") as file:
        file.write(text)
        file.flush()
        reader.quiet = 1
        reader.input(file.name)
        h.Import3d_GUI(reader, 0).instantiate(cell)
    soma = cell.soma[0]
    for section in cell.all:
        section.Ra, section.cm = 100, 1
        section.nseg = int((section.L / (0.1 * h.lambda_f(100, sec=section)) + 0.9) / 2) * 2 + 1
        if section == soma:
            section.insert("hh")
            section.gnabar_hh, section.gkbar_hh, section.el_hh = 1.2, 0.36, -54.3
        else:
            section.insert("pas")
            section.g_pas, section.e_pas = 1 / 20_000, -65
    inject(soma(0.5), 0.8, 5, 95)
    segments = [segment for section in cell.all for segment in section]
    far = max(segments, key=lambda segment: h.distance(soma(0.5), segment))
    KEPT.append(cell)
    return {"soma": soma(0.5), "far": far}, 6.3


def clamped():
    """The ball and stick at 16.3 degrees, its ball held through 10 megohm: -65, -20, -65 mV."""
    places, _ = ball_and_stick()
    KEPT[0].amp = 0
    clamp = h.SEClamp(places["soma"])
    clamp.rs = 10
    clamp.dur1, clamp.amp1, clamp.dur2, clamp.amp2, clamp.dur3, clamp.amp3 = (
        5,
        -65,
        40,
        -20,
        55,
        -65,
    )
    KEPT.append(clamp)
    return places, 16.3


def run(places, celsius, dt, order, every):
    """Return samples, and when each place rises through 0 mV."""
    h.celsius, h.secondorder, h.usetable_hh = celsius, order, 0
    h.dt, h.steps_per_ms = dt, 1 / dt
    traces = {name: h.Vector().record(at._ref_v) for name, at in places.items()}
    h.finitialize(-65)
    h.ParallelContext().psolve(100)
    step = round(every / dt)
    sampled, spikes = {}, {}
    for name, trace in traces.items():
        v = np.array(trace)
        sampled[name] = [round(float(x), 4 if order else 8) for x in v[::step]]
        up = np.flatnonzero((v[:-1] < 0) & (v[1:] >= 0))
        share = -v[up] / (v[up + 1] - v[up])
        spikes[name] = [round(float(t), 5) for t in dt * (up + share)]
    return {"every": every, "v": sampled, "spikes": spikes}


def stored(make):
    places, celsius = make()
    h.ParallelContext().set_maxstep(10)
    found = {
        "fine": run(places, celsius, 0.001, 2, 0.1),
        "coarse": run(places, celsius, 0.025, 0, 2),
    }
    found["compartments"] = sum(section.nseg for section in h.allsec())
    KEPT.clear()
    return found


def ring():
    """Return the spikes of 16 rings of 8 cells: times, and cells."""
    import neuron_worker as worker

    h.celsius, h.secondorder, h.usetable_hh, h.dt, h.steps_per_ms = 6.3, 0, 0, 0.025, 40
    context = h.ParallelContext()
    worker.rings(context, 16)
    times, cells = h.Vector(), h.Vector()
    context.spike_record(-1, times, cells)
    context.set_maxstep(10)
    h.finitialize(-65)
    context.psolve(100)
    pairs = sorted(zip((round(t, 3) for t in times), map(int, cells), strict=True))
    context.gid_clear()
    worker.KEPT.clear()
    return {"times": [t for t, _ in pairs], "cells": [cell for _, cell in pairs]}


def write(name, content):
    path = Path(__file__).with_name(name)
    text = json.dumps({"NEURON": neuron.__version__, **content}, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    if len(sys.argv) > 1:  # of these cells only
        makers = [globals()[name] for name in sys.argv[1:]]
    else:
        makers = [ball_and_stick, tapered, clamped, pyramidal]
        write("ring_neuron.json", ring())
    for make in makers:
        write(f"{make.__name__}_neuron.json", stored(make))
