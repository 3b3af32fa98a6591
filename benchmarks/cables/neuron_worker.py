"""The cells of the benchmark in NEURON.

Flavors: "core" is CoreNEURON; "second" is of second order, with rates that are computed and not
tabulated.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from typing import Any

import neuron
from cells import CABLE, CELSIUS, PYRAMID, RING, SQUID, START, Asked, answer, crossings, ring_cells
from neuron import h

h.load_file("stdrun.hoc")
h.load_file("import3d.hoc")
KEPT: list[Any] = []  # NEURON's objects live as long as Python holds them


def squid(section: Any, values: dict[str, float], dense: float = 1.0) -> None:
    """Insert the squid axon's channels."""
    section.insert("hh")
    section.gnabar_hh, section.gkbar_hh = dense * SQUID["g_Na"], dense * SQUID["g_K"]
    section.ena, section.ek = SQUID["E_Na"], SQUID["E_K"]
    section.gl_hh, section.el_hh = values["g_L"], values["E_L"]


def passive(section: Any, values: dict[str, float]) -> None:
    """Insert a passive conductance."""
    section.insert("pas")
    section.g_pas, section.e_pas = values["g_pas"], values["E_pas"]


def inject(segment: Any, current: float, onset: float) -> None:
    """Inject a current from a time on."""
    clamp = h.IClamp(segment)
    clamp.delay, clamp.dur, clamp.amp = onset, 1e9, current
    KEPT.append(clamp)


def cable(number: int) -> dict[str, Any]:
    """Make a Rallpack-3 cable; return its ends."""
    made = h.Section(name=f"cable{number}")
    made.L, made.diam, made.nseg = CABLE["length"], CABLE["diameter"], CABLE["compartments"]
    made.Ra, made.cm = CABLE["R_a"], CABLE["C_m"]
    squid(made, CABLE)
    half = 0.5 / made.nseg
    inject(made(half), CABLE["current"], 0.0)
    KEPT.append(made)
    return {"near": made(half), "far": made(1 - half)}


class Holder:
    """What `Import3d_GUI` puts sections into."""


def pyramid(file: str) -> dict[str, Any]:
    """Make a cell of a file; return its soma."""
    reader = h.Import3d_SWC_read()
    reader.quiet = 1
    reader.input(file)
    cell = Holder()
    h.Import3d_GUI(reader, 0).instantiate(cell)
    for section in cell.all:
        section.Ra, section.cm = PYRAMID["R_a"], PYRAMID["C_m"]
        spans = section.L / (PYRAMID["d_lambda"] * h.lambda_f(100, sec=section))
        section.nseg = int((spans + 0.9) / 2) * 2 + 1
    soma = cell.soma[0]
    for section in cell.all:
        if section == soma:
            squid(section, PYRAMID, PYRAMID["dense"])
        else:
            passive(section, PYRAMID)
    inject(soma(0.5), PYRAMID["current"], PYRAMID["onset"])
    KEPT.append(cell)
    return {"soma": soma(0.5)}


def ring_cell(number: int, parents: list[int]) -> tuple[Any, Any]:
    """Make a cell of the rings; return its soma and its synapse."""
    sections = [h.Section(name=f"soma{number}")]
    sections[0].L = sections[0].diam = RING["soma"]
    squid(sections[0], RING)
    for k, parent in enumerate(parents):
        made = h.Section(name=f"dendrite{number}_{k}")
        made.L = RING["others"] if k else RING["first"]
        made.diam = RING["diameter"]
        passive(made, RING)
        squid(made, RING)
        made.connect(sections[parent + 1](1))
        sections.append(made)
    for made in sections:
        made.Ra, made.cm = RING["R_a"], RING["C_m"]
    synapse = h.ExpSyn(sections[1](RING["place"]))
    synapse.tau, synapse.e = RING["tau"], RING["E_syn"]
    KEPT.extend([sections, synapse])
    return sections[0], synapse


def detect(context: Any, number: int, segment: Any, threshold: float) -> None:
    """Make a segment the place where a cell spikes."""
    context.set_gid2node(number, context.id())
    watch = h.NetCon(segment._ref_v, None, sec=segment.sec)
    watch.threshold = threshold
    context.cell(number, watch)
    KEPT.append(watch)


def rings(context: Any, count: int) -> None:
    """Make rings of cells, each started by an event."""
    trees, kinds = ring_cells(count)
    made = [ring_cell(k, trees[kind]) for k, kind in enumerate(kinds)]
    for k, (soma, _) in enumerate(made):
        detect(context, k, soma(1), RING["threshold"])
    size = RING["cells"]
    for k in range(len(made)):
        first = k - k % size
        joined = context.gid_connect(k, made[first + (k + 1) % size][1])
        joined.delay, joined.weight[0] = RING["delay"], RING["weight"]
        KEPT.append(joined)
        if k == first:
            source = h.NetStim()
            source.number, source.start = 1, 0
            kick = h.NetCon(source, made[k][1])
            kick.delay, kick.weight[0] = RING["delay"], RING["weight"]
            KEPT.extend([source, kick])


class Run:
    """Runs from the start, as often as asked."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.context = asked, h.ParallelContext()
        self.times, self.cells = h.Vector(), h.Vector()
        self.core = asked.flavor == "core"
        h.celsius = CELSIUS
        second = asked.flavor == "second"
        h.secondorder, h.usetable_hh = (2, 0) if second else (0, 1)
        places: dict[str, Any] = {}
        if asked.model == "ring":
            rings(self.context, asked.copies)
        for k in range(asked.copies if asked.model != "ring" else 0):
            made = cable(k) if asked.model == "cable" else pyramid(asked.file)
            detect(self.context, k, next(iter(made.values())), 0.0)
            places = places or made
        self.compartments = sum(section.nseg for section in h.allsec())
        self.context.set_maxstep(10)
        self.context.nthread(asked.threads, 1)
        self.context.spike_record(-1, self.times, self.cells)
        found = self.check(places)
        if self.core:
            from neuron import coreneuron

            coreneuron.enable, coreneuron.verbose = True, 2
            if asked.model == "ring":
                coreneuron.cell_permute = 1
        version = neuron.__version__
        answer(version, self.compartments, found, self.timed)

    def check(self, places: dict[str, Any]) -> dict[str, Any]:
        """Return the spikes of a longer run."""
        traces = {name: h.Vector().record(at._ref_v) for name, at in places.items()}
        self.once(self.asked.checked)
        if self.asked.model == "ring":
            pairs = sorted(
                zip(self.times.to_python(), map(int, self.cells.to_python()), strict=True)
            )
            return {"spikes": pairs}
        times = [k * self.asked.dt for k in range(int(next(iter(traces.values())).size()))]
        return {name: crossings(times, trace.to_python()) for name, trace in traces.items()}

    def once(self, duration: float) -> float:
        """Run; return the seconds of the steps."""
        h.dt = self.asked.dt
        h.steps_per_ms = 1 / self.asked.dt
        h.finitialize(START)
        began = time.perf_counter()
        self.context.psolve(duration)
        return time.perf_counter() - began

    def timed(self) -> float:
        """Run the time asked for; of CoreNEURON what it says of its solver."""
        if not self.core:
            return self.once(self.asked.timed)
        with tempfile.TemporaryFile() as said:
            kept = os.dup(1)
            os.dup2(said.fileno(), 1)
            self.once(self.asked.timed)
            os.dup2(kept, 1)
            os.close(kept)
            said.seek(0)
            text = said.read().decode()
        line = next(line for line in text.splitlines() if line.startswith("Solver Time"))
        return float(line.split(":")[1])


if __name__ == "__main__":
    Run(Asked())
    sys.exit(0)
