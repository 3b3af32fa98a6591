"""`net.explain_step` of a compartment: its currents, the line of the equations, what comes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.engine.cables import CablePlan
from rheobase.errors import WiringError
from rheobase.simulation.cable_parts import Part
from rheobase.simulation.cable_population import Branched, Sites
from rheobase.simulation.step_watching import copy_of
from rheobase.units import UNITS, parse_unit

if TYPE_CHECKING:
    from rheobase.simulation.network import Network

_NA, _MV = UNITS["nA"], UNITS["mV"]
_AMP = parse_unit("amp").dimension
_PER_AREA = parse_unit("amp/metre**2").dimension


def explain(net: Network, chosen: Branched | Sites, call: str) -> str:
    """Return the next step of one compartment as text; of a cell, that where it spikes.

    Raises
    ------
    WiringError
        It is not one cell or one compartment of this network.
    """
    if net._told.populations.get(chosen.name) is not chosen._owner:
        raise WiringError(
            f"{call}: {chosen.name!r} is of another network",
            mend=f"give a cell of this one: {', '.join(net._told.populations)}",
        )
    if chosen.size != 1:
        raise WiringError(
            f"{call}: one compartment is explained at a time",
            given=f"{chosen.size} of them",
            mend=f"write {call}({chosen.name}[0].at(...)) with a place, or {chosen.name}[0] for "
            "where it spikes",
        )
    cable = chosen._cable
    if isinstance(chosen, Sites):
        site = int(chosen.indices[0])
    else:
        cell = int(chosen.indices[0])
        site = int(cable.sites_of(cell, cable.cells[cable.cell_of[cell]].site.node))
    return _Told(copy_of(net), chosen.name, site).text()


class _Told:
    """One step of a copy of a network, and what it does at one compartment."""

    def __init__(self, copied: Network, name: str, site: int) -> None:
        self.net, self.site = copied, site
        self.cable: Any = copied._told.populations[name]._cable_of
        self.name = name
        self.cell, self.node = int(self.cable.cell[site]), int(self.cable.node[site])
        self.kind = self.cable.cells[self.cable.cell_of[self.cell]]
        self.values = self.cable.values

    def _read(self, name: str) -> float:
        return float(np.asarray(self.values.read(name, np.array([self.site])))[0])

    def text(self) -> str:
        """Run the step, and return what happened."""
        lines = [self._title(), "", *self._neighbors()]
        patch = next(p for p in self.cable.patches if p.element[self.site] >= 0)
        states = [n for n in patch.values.states if n != "v"]
        points = [p for p in self.cable.points if p.element[self.site] >= 0]
        before = {n: self._read(n) for n in ("v", *states)}
        of_points = {(p.name, n): self._of(p, n) for p in points for n in p.values.states}
        membrane = self._currents(patch, -self._read("area"))
        received = [line for p in points for line in self._currents(p, 1.0)]
        engine = self.net._assembly.engine
        assert engine is not None
        engine.advance(1)
        self.net._clock.step = engine.step
        lines += ["", "what the membrane lets in, at these voltages and gates:", *membrane]
        if received:
            lines += ["", "what flows in at this place beside it:", *received]
        lines += ["", self._solved(before["v"])]
        for name in states:
            lines.append(f"  {name}: {before[name]:.6g} -> {self._read(name):.6g}")
        for part in points:
            for name in part.values.states:
                unit = part.values.unit(name)
                was, now = of_points[part.name, name], self._of(part, name)
                lines.append(f"  {name}: {unit.from_si(was):.6g} -> {unit.from_si(now):.6g} "
                             f"{unit.text}")  # fmt: skip
        return "\n".join(lines) + "\n"

    def _of(self, part: Part, name: str) -> float:
        where = np.array([part.element[self.site]])
        return float(np.broadcast_to(np.asarray(part.values.read(name, where)), 1)[0])

    def _title(self) -> str:
        compartments, clock = self.kind.compartments, self.net._clock
        region = compartments.regions[compartments.region[self.node]]
        return (
            f"{self.name}[{self.cell}], compartment {self.node} ({region}, "
            f"{compartments.path[self.node] * 1e6:.4g} um from "
            f"{compartments.morphology.path_origin}, area "
            f"{compartments.area[self.node] * 1e12:.5g} um**2): the step from "
            f"{clock.time * 1e3:.9g} ms to {(clock.time + clock.dt) * 1e3:.9g} ms\n"
            f"v = {self._read('v') * 1e3:.6g} mV"
        )

    def _neighbors(self) -> list[str]:
        """Return the axial currents, from the voltages at the beginning of the step."""
        compartments = self.kind.compartments
        parent, conductance = compartments.parent, compartments.conductance_to_parent
        near = [(int(k), float(conductance[k])) for k in np.flatnonzero(parent == self.node)]
        if parent[self.node] >= 0:
            near.insert(0, (int(parent[self.node]), float(conductance[self.node])))
        v, lines = self._read("v"), ["what flows in from its neighbors, g*(v_neighbor - v):"]
        for node, g in near:
            if compartments.is_junction[node]:
                lines.append(f"  branch point {node}: g = {g * 1e9:.5g} nS; no membrane, its "
                             "voltage follows from those around it")  # fmt: skip
                continue
            site = self.cable.sites_of(self.cell, node)
            other = float(self.cable.voltages(np.array([site]))[0])
            lines.append(f"  compartment {node}: {g * 1e9:.5g} nS*({other * 1e3:.6g} mV - "
                         f"{v * 1e3:.6g} mV) = {g * (other - v) * 1e9:.5g} nA")  # fmt: skip
        return lines if near else ["it has no neighbors"]

    def _currents(self, part: Part, times: float) -> list[str]:
        """Return the currents of a part; those per area are outward, and times the area."""
        found = []
        for equation in part.values.model.subexpressions:
            dimension = equation.unit.dimension
            per_area = part.current is None and dimension == _PER_AREA
            if not per_area and not (part.current is not None and dimension == _AMP):
                continue
            value = self._of(part, equation.name)
            inward = value * times
            shown = f"{equation.unit.from_si(value):.5g} {equation.unit.text}"
            area = f", times the area {inward * 1e9:.5g} nA inward" if per_area else ""
            found.append(f"  {equation.text.partition(' : ')[0]} = {shown}{area}")
        return found

    def _solved(self, before: float) -> str:
        after, dt = self._read("v"), self.net._clock.dt
        engine = self.net._assembly.engine
        assert engine is not None
        plan = engine.plan.populations[self.net._told.places[self.name]]
        assert isinstance(plan, CablePlan)
        spiked = bool(plan.arrays["spiked"][self.cell] & 1)
        told = (
            "all compartments of the cell are solved together, the currents through them as "
            f"linear functions of v:\n  v: {before * 1e3:.6g} mV -> {after * 1e3:.6g} mV "
            f"({(after - before) / dt:.5g} mV/ms)"
        )
        if math.isfinite(self.kind.site.threshold) and self.kind.site.node == self.node:
            told += f"\n  {self.kind.site.told(self.kind.compartments)}: "
            told += "it did in this step" if spiked else "it did not in this step"
        return told


__all__ = ["explain"]
