"""The definition of a step of cells with a morphology, in NumPy.

With g the conductances between neighboring nodes, C the capacitance of a node, and from the
patches and points dv/dt = a - b*v and the current i - s*v, the voltages v* at the middle of the
step obey, for h = dt/2,

    C*(v* - v)/h = C*(a - b*v*) + i - s*v* + sum over neighbors of g*(v*_neighbor - v*)

(junctions: C = 0), and v(t + dt) = 2*v* - v, which is the trapezoidal rule (Crank-Nicolson). In a
step of backward Euler h = dt and v(t + dt) = v*. The equations are symmetric; they are solved by
elimination from the leaves to the root and back (Hines 1984, Int. J. Biomed. Comput. 15:69-76).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheobase.engine import cable_facts, facts
from rheobase.engine.cables import UNKNOWN, CablePlan, cables
from rheobase.engine.plan import AnyArray, FloatArray, Int64Array, NetworkPlan
from rheobase.engine.trees import Wood, wood_of
from rheobase.rendering.functions import namespace_numpy


@dataclass
class _Clamp:
    """Nodes whose voltage is held in steps first <= k < last."""

    first: int
    last: int
    cells: AnyArray
    nodes: AnyArray
    elements: AnyArray
    voltages: FloatArray
    conductances: FloatArray


class InterpretedCables:
    """The cells with a morphology of a plan.

    Parameters
    ----------
    plan : NetworkPlan
        The plan; patches and points hold `InterpreterKernels`.
    """

    def __init__(self, plan: NetworkPlan) -> None:
        self.plan = plan
        self.owned = cable_facts.owned(plan)
        self.cells = {place: Cells(plan, cable) for place, cable in cables(plan)}

    def bind(self) -> None:
        """Read from the plan again what may have been changed in it."""
        for cells in self.cells.values():
            cells.bind()


class Cells:
    """One population of cells with a morphology, all solved together."""

    def __init__(self, plan: NetworkPlan, cable: CablePlan) -> None:
        self.plan, self.cable = plan, cable
        lay = cable.layout
        self.wood: Wood = wood_of([lay.trees[t] for t in lay.tree_of], len(cable.patches))
        # by patch, then by points: the node of each element
        self.nodes = [self._position(*lay.places(p)) for p in range(len(cable.patches))]
        self.point_nodes = [self._position(p.cells, p.nodes) for p in cable.points]
        self.levels = _levels(self.wood)
        self.sites = self._position(np.arange(cable.size), cable.site)
        self.fma = namespace_numpy()["fma"]
        self.bind()

    def _position(self, cells: AnyArray, nodes: AnyArray) -> Int64Array:
        return np.asarray(self.wood.position[self.wood.offsets[cells] + nodes], np.int64)

    def bind(self) -> None:
        """Read again what jumps, and what is clamped."""
        plan, cable, wood = self.plan, self.cable, self.wood
        self.watched = [(part, cable_facts.watched(plan, part.place))
                        for part in cable_facts.parts(cable)]  # fmt: skip
        self.probed = [(part, cable_facts.probed(plan, part.place))
                       for part in cable_facts.parts(cable)]  # fmt: skip
        self.clamps: list[_Clamp] = []
        for p, place in enumerate(cable.patches):
            v = facts.model(plan, place).arrays[cable_facts.names(plan, place)[0]]
            for clamp in cable_facts.held(plan, place):
                nodes = self.nodes[p][clamp.cells]
                strong = cable_facts.holding(wood.capacitance[nodes], wood.total[nodes], plan.dt)
                cells = cable.layout.places(p)[0][clamp.cells]
                self.clamps.append(
                    _Clamp(clamp.first, clamp.last, cells, nodes, clamp.cells, v, strong)
                )

    # -- a step -----------------------------------------------------------------------------

    def update(self, k: int) -> None:
        """Step patches, points and voltages, and write the mask "spiked"."""
        self.notice(k)
        reciprocal, weight, share = self.choose()
        v = np.zeros(self.wood.parent.size)
        for place, nodes in zip(self.cable.patches, self.nodes, strict=True):
            v[nodes] = self._arrays(place)[0]
        before = v[self.sites]
        diagonal, right = self.put_together(v, reciprocal, k)
        self.hold(diagonal, right, k)
        solved = self.solve(diagonal, right)
        for place, nodes in zip(self.cable.patches, self.nodes, strict=True):
            own, slot = self._arrays(place)[0], self.wood.slot[nodes]
            own[:] = self.fma(weight[slot], solved[nodes], share[slot] * own)
            v[nodes] = own
        for point, nodes in zip(self.cable.points, self.point_nodes, strict=True):
            self._arrays(point.population)[0][:] = v[nodes]  # for what is recorded of them
        self.spike(before, v[self.sites])
        slots = np.unique(self.wood.slot[~np.isfinite(v)])
        self.cable.arrays["spiked"][slots] = facts.NOT_FINITE
        for part, names in self.watched:
            arrays = facts.model(self.plan, part.place).arrays
            for name in names:
                arrays[cable_facts.was(name)][:] = arrays[name]

    def notice(self, k: int) -> None:
        """Find the cells in which something has jumped."""
        damped = self.cable.arrays["damped"]
        for part, names in self.watched:
            arrays = facts.model(self.plan, part.place).arrays
            for name in names:
                changed = arrays[name] != arrays[cable_facts.was(name)]
                damped[part.cells[changed]] = cable_facts.EULER_STEPS
        for part, inputs in self.probed:
            arrays = facts.model(self.plan, part.place).arrays
            for name, elements in inputs.items():
                were, slopes = arrays[cable_facts.was(name)], arrays[cable_facts.slope(name)]
                change = arrays[name][elements] - were[elements]
                jumped = np.abs(change - slopes[elements]) > np.abs(slopes[elements])
                damped[part.cells[elements[jumped]]] = cable_facts.EULER_STEPS
                were[elements] = arrays[name][elements]
                slopes[elements] = change
        for clamp in self.clamps:
            if k in (clamp.first, clamp.last):
                damped[clamp.cells] = cable_facts.EULER_STEPS

    def choose(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return by cell 1/h, and the factors of v* and of v in v(t + dt)."""
        damped, dt = self.cable.arrays["damped"], self.plan.dt
        euler = (damped > 0) | self.cable.backward_euler
        damped[damped > 0] -= np.uint8(1)
        return (
            np.where(euler, 1 / dt, 2 / dt),
            np.where(euler, 1.0, 2.0),
            np.where(euler, 0.0, -1.0),
        )

    def _arrays(self, place: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        arrays = facts.model(self.plan, place).arrays
        voltage, source, rate = cable_facts.names(self.plan, place)
        return arrays[voltage], arrays[source], arrays[rate]

    def _run(self, place: int, k: int) -> None:
        population = facts.model(self.plan, place)
        population.kernels.update(population.arrays, population.numbers, 0, population.size, k)

    def put_together(self, v: FloatArray, reciprocal: FloatArray, k: int
                     ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """Run the kernels; return the diagonal and the right-hand side of the equations."""
        wood = self.wood
        diagonal, right = wood.total.copy(), np.zeros(wood.total.size)
        for place, nodes in zip(self.cable.patches, self.nodes, strict=True):
            self._run(place, k)
            own, source, rate = self._arrays(place)
            c, r = wood.capacitance[nodes], reciprocal[wood.slot[nodes]]
            diagonal[nodes] = self.fma(c, r + rate, wood.total[nodes])
            right[nodes] = c * self.fma(own, r, source)
        for point, nodes in zip(self.cable.points, self.point_nodes, strict=True):
            voltage, source, rate = self._arrays(point.population)
            voltage[:] = v[nodes]
            self._run(point.population, k)
            np.add.at(diagonal, nodes, rate)
            np.add.at(right, nodes, source)
        return diagonal, right

    def hold(self, diagonal: FloatArray, right: FloatArray, k: int) -> None:
        """Tie the nodes that are clamped to their voltage."""
        for clamp in self.clamps:
            if clamp.first <= k < clamp.last:
                diagonal[clamp.nodes] += clamp.conductances
                right[clamp.nodes] += clamp.conductances * clamp.voltages[clamp.elements]

    def solve(self, diagonal: FloatArray, right: FloatArray) -> FloatArray:
        """Eliminate from the last level to the first; then substitute from there."""
        wood, fma = self.wood, self.fma
        square = wood.conductance * wood.conductance
        factor = np.zeros(right.size)
        for siblings in reversed(self.levels):
            for nodes in siblings:
                parents = wood.parent[nodes]
                q = 1.0 / diagonal[nodes]
                f = wood.conductance[nodes] * q
                diagonal[parents] = fma(-square[nodes], q, diagonal[parents])
                right[parents] = fma(f, right[nodes], right[parents])
                factor[nodes] = f
                right[nodes] = right[nodes] * q
        roots = slice(0, self.cable.size)
        right[roots] = right[roots] * (1.0 / diagonal[roots])
        for siblings in self.levels:
            for nodes in siblings:
                right[nodes] = fma(factor[nodes], right[wood.parent[nodes]], right[nodes])
        return right

    def spike(self, before: FloatArray, after: FloatArray) -> None:
        """Find the cells that spike: above the threshold, and not so a step before."""
        arrays, threshold = self.cable.arrays, self.cable.threshold
        above = arrays["above"]
        above[:] = np.where(above == UNKNOWN, before > threshold, above)
        cable_facts.mark_crossings(arrays, threshold, before, after, self.plan.dt)


def _levels(wood: Wood) -> list[list[Int64Array]]:
    """Return by level, but for that of the roots, nodes of which no two have one parent.

    In order: the last of siblings come first.
    """
    found = []
    for begin, end in zip(wood.levels[1:-1], wood.levels[2:], strict=True):
        left: dict[int, list[int]] = {}
        seen: dict[int, int] = {}
        for node in range(int(end) - 1, int(begin) - 1, -1):
            parent = int(wood.parent[node])
            seen[parent] = seen.get(parent, -1) + 1
            left.setdefault(seen[parent], []).append(node)
        found.append([np.array(nodes, np.int64) for _, nodes in sorted(left.items())])
    return found
