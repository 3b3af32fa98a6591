"""The cells of the benchmark in Arbor."""

from __future__ import annotations

import sys
import time
from typing import Any

import arbor as A
from arbor import units as U
from cells import CABLE, CELSIUS, PYRAMID, RING, SQUID, START, Asked, answer, crossings, ring_cells

SOMA, DENDRITE = 1, 3


def squid(values: dict[str, float], dense: float = 1.0) -> Any:
    """Return the squid axon's channels."""
    return A.density("hh", {
        "gnabar": dense * SQUID["g_Na"], "gkbar": dense * SQUID["g_K"], "gl": values["g_L"],
        "el": values["E_L"],
    })  # fmt: skip


def passive(values: dict[str, float]) -> Any:
    """Return a passive conductance."""
    return A.density(f"pas/e={values['E_pas']}", {"g": values["g_pas"]})


def electric(values: dict[str, float]) -> Any:
    """Return a decor with resistivity and capacitance."""
    decor = A.decor()
    kelvin = (273.15 + CELSIUS) * U.Kelvin
    decor.set_property(Vm=START * U.mV, cm=values["C_m"] * U.uF / U.cm2,
                       rL=values["R_a"] * U.Ohm * U.cm, tempK=kelvin)  # fmt: skip
    return decor


def cable() -> tuple[Any, dict[str, str]]:
    """Return a Rallpack-3 cable and its ends."""
    tree, radius = A.segment_tree(), CABLE["diameter"] / 2
    tree.append(A.mnpos, (0, 0, 0, radius), (CABLE["length"], 0, 0, radius), tag=DENDRITE)
    half = 0.5 / CABLE["compartments"]
    near, far = f"(location 0 {half})", f"(location 0 {1 - half})"
    decor = electric(CABLE).paint("(all)", squid(CABLE))
    decor.place(near, A.i_clamp(CABLE["current"] * U.nA))
    decor.place(near, A.threshold_detector(0 * U.mV), "detector")
    policy = A.cv_policy_fixed_per_branch(CABLE["compartments"])
    return A.cable_cell(tree, decor, A.label_dict({}), policy), {"near": near, "far": far}


def pyramid(file: str) -> tuple[Any, dict[str, str]]:
    """Return a cell of a file, and its soma."""
    shape = A.load_swc_neuron(file)
    decor = electric(PYRAMID)
    soma = "(distal (segment 0))"
    decor.paint(f"(tag {SOMA})", squid(PYRAMID, PYRAMID["dense"]))
    decor.paint(f"(complement (tag {SOMA}))", passive(PYRAMID))
    clamp = A.i_clamp(PYRAMID["onset"] * U.ms, 1e9 * U.ms, PYRAMID["current"] * U.nA)
    decor.place(soma, clamp)
    decor.place(soma, A.threshold_detector(0 * U.mV), "detector")
    policy = A.cv_policy_max_extent(PYRAMID["extent"] * U.um)
    return A.cable_cell(shape.morphology, decor, shape.labels, policy), {"soma": soma}


def ring_cell(parents: list[int]) -> Any:
    """Return a cell of the rings."""
    tree = A.segment_tree()
    size = RING["soma"]
    soma = tree.append(A.mnpos, (0, 0, 0, size / 2), (size, 0, 0, size / 2), tag=SOMA)
    ends = [(soma, size)]
    radius = RING["diameter"] / 2
    for k, parent in enumerate(parents):
        segment, x = ends[parent + 1]
        end = x + (RING["others"] if k else RING["first"])
        made = tree.append(segment, (x, 0, 0, radius), (end, 0, 0, radius), tag=DENDRITE)
        ends.append((made, end))
    decor = electric(RING).paint("(all)", squid(RING))
    decor.paint(f"(tag {DENDRITE})", passive(RING))
    place = f"(on-components {RING['place']} (segment 1))"
    synapse = A.synapse("expsyn", {"tau": RING["tau"], "e": RING["E_syn"]})
    decor.place(place, synapse, "synapse")
    decor.place(
        "(on-components 0.5 (segment 0))",
        A.threshold_detector(RING["threshold"] * U.mV),
        "detector",
    )
    return A.cable_cell(tree, decor, A.label_dict({}), A.cv_policy_every_segment())


def with_membrane(cell: Any) -> int:
    """Return the number of compartments but for points where branches meet."""
    data = A.cv_data(cell)
    return sum(any(part.dist > part.prox for part in data.cables(k)) for k in range(data.num_cv))


class Recipe(A.recipe):
    """The network."""

    def __init__(self, asked: Asked) -> None:
        A.recipe.__init__(self)
        self.asked, self.places = asked, {}
        self.props = A.neuron_cable_properties()
        self.props.set_ion("na", rev_pot=SQUID["E_Na"] * U.mV)
        self.props.set_ion("k", rev_pot=SQUID["E_K"] * U.mV)
        if asked.model == "ring":
            trees, kinds = ring_cells(asked.copies)
            made = {kind: ring_cell(trees[kind]) for kind in set(kinds)}
            self.cells = [made[kind] for kind in kinds]
        else:
            one, self.places = cable() if asked.model == "cable" else pyramid(asked.file)
            self.cells = [one] * asked.copies
        counts = {id(cell): with_membrane(cell) for cell in self.cells}
        self.compartments = sum(counts[id(cell)] for cell in self.cells)

    def num_cells(self) -> int:
        return len(self.cells)

    def cell_kind(self, gid: int) -> Any:
        return A.cell_kind.cable

    def cell_description(self, gid: int) -> Any:
        return self.cells[gid]

    def global_properties(self, kind: Any) -> Any:
        return self.props

    def connections_on(self, gid: int) -> list[Any]:
        if self.asked.model != "ring":
            return []
        size = RING["cells"]
        source = gid - gid % size + (gid - 1) % size
        return [A.connection((source, "detector"), "synapse", RING["weight"],
                             RING["delay"] * U.ms)]  # fmt: skip

    def event_generators(self, gid: int) -> list[Any]:
        if self.asked.model != "ring" or gid % RING["cells"]:
            return []
        return [A.event_generator("synapse", RING["weight"],
                                  A.explicit_schedule([RING["delay"] * U.ms]))]  # fmt: skip

    def probes(self, gid: int) -> list[Any]:
        if gid:
            return []
        return [A.cable_probe_membrane_voltage(at, name) for name, at in self.places.items()]


def checked(asked: Asked) -> tuple[Recipe, dict[str, Any]]:
    """Return the network, and the spikes of a longer run."""
    recipe = Recipe(asked)
    simulation = A.simulation(recipe, A.context(threads=asked.threads))
    simulation.record(A.spike_recording.all)
    every = A.regular_schedule(asked.dt * U.ms)
    handles = {name: simulation.sample((0, name), every) for name in recipe.places}
    simulation.run(asked.checked * U.ms, asked.dt * U.ms)
    if asked.model == "ring":
        pairs = [(float(t), int(source["gid"])) for source, t in simulation.spikes()]
        return recipe, {"spikes": sorted(pairs)}
    found = {}
    for name, handle in handles.items():
        samples = simulation.samples(handle)[0][0]
        found[name] = crossings(samples[:, 0], samples[:, 1])
    return recipe, found


def main() -> None:
    """Build, check, run on demand."""
    asked = Asked()
    recipe, found = checked(asked)
    simulation = A.simulation(recipe, A.context(threads=asked.threads))

    def run() -> float:
        simulation.reset()
        began = time.perf_counter()
        simulation.run(asked.timed * U.ms, asked.dt * U.ms)
        return time.perf_counter() - began

    answer(A.__version__, recipe.compartments, found, run)


if __name__ == "__main__":
    sys.exit(main())
