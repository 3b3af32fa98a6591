"""The cells of the benchmark in Rheobase."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from cells import CABLE, PYRAMID, RING, SQUID, START, Asked, answer, crossings, ring_cells

import rheobase as rb
from rheobase.morphology import per_section
from rheobase.units import Hz, cm, mS, ms, mV, nA, nS, ohm, uF, um


def squid(values: dict[str, float], *others: Any, dense: float = 1.0) -> rb.Membrane:
    """Return a membrane of the squid axon's channels."""
    return rb.Membrane(
        [
            rb.channels.HHSodium(g=1e3 * dense * SQUID["g_Na"] * mS / cm**2,
                                 E=SQUID["E_Na"] * mV),
            rb.channels.HHPotassium(g=1e3 * dense * SQUID["g_K"] * mS / cm**2,
                                    E=SQUID["E_K"] * mV),
            rb.channels.Leak(g=1e3 * values["g_L"] * mS / cm**2, E=values["E_L"] * mV),
            *others,
        ],
        capacitance=values["C_m"] * uF / cm**2,
    )  # fmt: skip


def passive(values: dict[str, float]) -> Any:
    """Return a passive conductance."""
    return rb.channels.Leak(g=1e3 * values["g_pas"] * mS / cm**2, E=values["E_pas"] * mV,
                            name="pas")  # fmt: skip


def start(cells: Any) -> None:
    """Set voltages, and gates to where they go there."""
    cells.v = START * mV
    gates = {"m_Na": 0.052932485257249578, "h_Na": 0.59612075350846028, "n_K": 0.31767691406069737}
    for name, value in gates.items():
        setattr(cells, name, value)


def cables(net: Any, asked: Asked) -> dict[str, Any]:
    """Add Rallpack-3 cables; return their ends."""
    shape = rb.Morphology.cylinder(CABLE["length"] * um, CABLE["diameter"] * um)
    cell = rb.Cell(shape, squid(CABLE), axial_resistivity=CABLE["R_a"] * ohm * cm,
                   max_length=per_section(int(CABLE["compartments"])),
                   method=method(asked))  # fmt: skip
    cells = net.add(cell, asked.copies, name="cables")
    start(cells)
    near = cells.at(fraction=0.0)
    net.inject(near, rb.stimuli.step(CABLE["current"] * nA))
    return {"near": near, "far": cells.at(fraction=1.0)}


def pyramids(net: Any, asked: Asked) -> dict[str, Any]:
    """Add cells of a file; return their somas."""
    shape = rb.Morphology.from_swc(asked.file)
    membranes = {region: rb.Membrane([passive(PYRAMID)]) for region in shape.regions}
    membranes["soma"] = squid(PYRAMID, dense=PYRAMID["dense"])
    cell = rb.Cell(shape, membranes, axial_resistivity=PYRAMID["R_a"] * ohm * cm,
                   max_length=rb.morphology.d_lambda(PYRAMID["d_lambda"], frequency=100 * Hz),
                   method=method(asked))  # fmt: skip
    cells = net.add(cell, asked.copies, name="cells")
    cells.v = START * mV
    soma = cells.at("soma")
    start(soma)
    current = rb.stimuli.step(PYRAMID["current"] * nA, start=PYRAMID["onset"] * ms)
    net.inject(soma, current)
    return {"soma": soma}


def ring_cell(parents: list[int], asked: Asked) -> rb.Cell:
    """Return a cell of the rings."""
    across = RING["diameter"] * um
    sections = [rb.morphology.section("soma", length=RING["soma"] * um,
                                      diameter=RING["soma"] * um)]  # fmt: skip
    for k, parent in enumerate(parents):
        length = (RING["others"] if k else RING["first"]) * um
        sections.append(rb.morphology.section("dendrite", length=length, diameter=across,
                                              parent=parent + 1, at=1.0))  # fmt: skip
    membranes = {"soma": squid(RING), "dendrite": squid(RING, passive(RING))}
    return rb.Cell(rb.Morphology(tuple(sections)), membranes, max_length=per_section(1),
                   name="branched", axial_resistivity=RING["R_a"] * ohm * cm, method=method(asked),
                   spikes=("soma", f"v > {RING['threshold']}*mV"))  # fmt: skip


def rings(net: Any, asked: Asked) -> dict[str, Any]:
    """Add rings of cells, each started by an event."""
    trees, kinds = ring_cells(asked.copies)
    made = {kind: ring_cell(trees[kind], asked) for kind in set(kinds)}
    cells = net.add([made[kind] for kind in kinds], name="cells")
    start(cells)
    places = cells.at(section=1, fraction=RING["place"])
    receptor = rb.synapses.Exponential(tau=RING["tau"] * ms, E=RING["E_syn"] * mV)
    weight, delay = 1e3 * RING["weight"] * nS, RING["delay"] * ms
    size = RING["cells"]
    k = np.arange(len(kinds))
    around = rb.rules.pairs(k, k - k % size + (k + 1) % size)
    net.connect(cells, places, around, weight=weight, delay=delay, synapse=receptor)
    net.drive(places[k[::size]], rb.stimuli.spike_times([RING["delay"]] * ms), weight=weight,
              synapse=receptor)  # fmt: skip
    return {}


def method(asked: Asked) -> str:
    """Return how the voltages are solved for."""
    return "backward_euler" if asked.flavor == "first" else "crank_nicolson"


MODELS = {"cable": cables, "pyramid": pyramids, "ring": rings}


def network(asked: Asked) -> tuple[Any, dict[str, Any]]:
    """Return the network and places to look at."""
    net = rb.Network(dt=asked.dt * ms, seed=1)
    return net, MODELS[asked.model](net, asked)


def checked(asked: Asked) -> tuple[int, dict[str, Any]]:
    """Return the number of compartments, and the spikes of a longer run."""
    net, places = network(asked)
    for name, at in places.items():
        net.record(at[0], "v", every=asked.dt * ms, name=name)
    result = net.run(asked.checked * ms, threads=asked.threads)
    (cells,) = net.populations.values()
    count = cells.everywhere.size
    if asked.model == "ring":
        spikes = result.spikes["cells"]
        pairs = sorted(zip((1e3 * spikes.times).tolist(), spikes.ids.tolist(), strict=True))
        return count, {"spikes": pairs}
    found = {}
    for name in places:
        trace = result.traces[name]
        times, volts = 1e3 * trace["time"].values, trace["v"].values[:, 0]
        found[name] = crossings(times.tolist(), volts.tolist())
    return count, found


def main() -> None:
    """Build, check, run on demand."""
    asked = Asked()
    count, found = checked(asked)
    net, _ = network(asked)

    def run() -> float:
        result = net.run(asked.timed * ms, threads=asked.threads)
        return float(result.timing["run"])

    run()
    answer(rb.__version__, count, found, run)


if __name__ == "__main__":
    sys.exit(main())
