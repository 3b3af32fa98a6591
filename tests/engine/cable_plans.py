"""Plans of cells with a morphology, made by hand: trees, membranes as text, a current."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rheobase.engine.cables import PointPlan, cable_plan, layout
from rheobase.engine.plan import (
    ContinuousPlan,
    DrivePlan,
    InputPlan,
    NetworkPlan,
    PopulationPlan,
    RecordPlan,
    new_array,
)
from rheobase.engine.run import Engine
from rheobase.engine.trees import Tree
from rheobase.language.model import Model
from rheobase.lowering.cable import lower_patch, lower_point
from rheobase.rendering import CompiledKernels, InterpreterKernels, prepare

PASSIVE = Model(
    """
    dv/dt = (I/area - g_L*(v - E_L))/C_m : mV
    I : nA (input)
    """,
    name="passive",
    parameters=dict(area="1 um**2", g_L="0.025 mS/cm**2", E_L="-65 mV", C_m="1 uF/cm**2"),
)  # fmt: skip

SQUID = Model(
    """
    dv/dt = (I/area + g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v))/C_m : mV
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : 1/ms
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : 1/ms
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : 1/ms
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1/ms
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : 1/ms
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : 1/ms
    I : nA (input)
    """,
    name="squid",
    parameters=dict(
        area="1 um**2", g_L="0.3 mS/cm**2", E_L="-54.3 mV", g_Na="120 mS/cm**2", E_Na="50 mV",
        g_K="36 mS/cm**2", E_K="-77 mV", C_m="1 uF/cm**2",
    ),
)  # fmt: skip
REST = {"v": -0.065, "m": 0.05293248525724958, "h": 0.5961207535084603, "n": 0.3176769140606974}
"""Gates at their steady state for -65 mV."""

RECEPTOR = Model(
    """
    v : mV (input)
    dg/dt = -g/tau : nS
    I = g*(E - v) : nA
    """,
    name="receptor", parameters=dict(tau="2 ms", E="0 mV"), receives="g += weight",
)  # fmt: skip


class Shape:
    """A tree of cylinders or cones being put together, in micrometres, ohm cm and uF/cm2."""

    def __init__(self, R_a: float = 100.0, C_m: float = 1.0) -> None:
        self.R_a, self.C_m = R_a * 1e-2, C_m * 1e-2
        self.parent: list[int] = []
        self.conductance: list[float] = []
        self.area: list[float] = []

    def branch(self, length: float, start: float, end: float | None = None, pieces: int = 1,
               parent: int = -1) -> list[int]:  # fmt: skip
        """Add an unbranched section behind a junction (-1: the beginning); return its nodes.

        The last of them is the junction at its end; the others are its compartments.
        """
        end = start if end is None else end
        if parent < 0 and not self.parent:
            parent = self._node(-1, 0.0, 0.0)
        at = np.linspace(0, 1, 2 * pieces + 1)
        radius = (start + (end - start) * at) * 0.5e-6
        half = length * 1e-6 / (2 * pieces)
        # of a cone: resistance R_a*l/(pi*r1*r2), area pi*(r1 + r2)*slant
        resistance = self.R_a * half / (np.pi * radius[:-1] * radius[1:])
        slant = np.hypot(half, np.diff(radius))
        area = np.pi * (radius[:-1] + radius[1:]) * slant
        nodes, before, missing = [], parent, 0.0
        for k in range(pieces):
            whole = missing + resistance[2 * k]
            before = self._node(before, 1 / whole, area[2 * k] + area[2 * k + 1])
            nodes.append(before)
            missing = resistance[2 * k + 1]
        return [*nodes, self._node(before, 1 / missing, 0.0)]

    def _node(self, parent: int, conductance: float, area: float) -> int:
        self.parent.append(parent)
        self.conductance.append(conductance)
        self.area.append(area)
        return len(self.parent) - 1

    def tree(self, patch: Sequence[int] | int = 0) -> Tree:
        """Return the tree; `patch` is the membrane of each node, or of all."""
        area = np.array(self.area)
        membrane = np.where(area > 0, patch, -1)
        return Tree(
            np.array(self.parent, np.int32), np.array(self.conductance), area * self.C_m,
            membrane.astype(np.int32),
        )  # fmt: skip


def cable(length: float, diameter: float, pieces: int, end: float | None = None, **electric: float
          ) -> Shape:  # fmt: skip
    """Return one cylinder or cone; its compartments are nodes 1 ... pieces."""
    shape = Shape(**electric)
    shape.branch(length, diameter, end, pieces)
    return shape


def population(name: str, program: Any, model: Model, size: int, dt: float, backend: str,
               per_cell: dict[str, Any], states: dict[str, Any]) -> PopulationPlan:  # fmt: skip
    values = {**model.defaults, "N": float(size), **per_cell}
    prepared = prepare(program, values, dt, 0.0)
    arrays = {a.name: new_array(size, a.dtype) for a in program.arrays}
    for key, value in (prepared.arrays | states).items():
        if key in arrays:
            arrays[key][:] = value
    kernels = CompiledKernels(program) if backend == "numba" else InterpreterKernels(program)
    return PopulationPlan(name, size, program, kernels, arrays, prepared.numbers, False)


class Net:
    """A network of cells with a morphology: a plan, and where its nodes are.

    Parameters
    ----------
    shapes
        The different shapes; `shape_of` gives that of each cell.
    membranes
        By patch, the model.
    states
        Their states at the beginning.
    """

    def __init__(self, shapes: Sequence[Shape | tuple[Shape, Any]], membranes: Sequence[Model],
                 dt: float, backend: str = "interpreter", shape_of: Sequence[int] = (0,),
                 states: dict[str, Any] = REST, observed: frozenset[str] = frozenset(),
                 **options: Any) -> None:  # fmt: skip
        both = [s if isinstance(s, tuple) else (s, 0) for s in shapes]
        self.shapes = [s for s, _ in both]
        self.layout = layout([s.tree(p) for s, p in both], shape_of)
        self.shape_of, self.dt, self.backend = np.array(shape_of), dt, backend
        self.plan = NetworkPlan(dt, 0.0, 1, [])
        for p, model in enumerate(membranes):
            cells, nodes = self.layout.places(p)
            area = np.array([self.shapes[self.shape_of[c]].area[n]
                             for c, n in zip(cells, nodes, strict=True)])  # fmt: skip
            program = lower_patch(model, frozenset({"area"}), observed)
            self.plan.populations.append(population(
                f"patch {p}", program, model, cells.size, dt, backend, {"area": area}, states
            ))  # fmt: skip
        options.setdefault("site", np.full(len(shape_of), 1))
        options.setdefault("threshold", np.full(len(shape_of), -0.02))
        self.cable = cable_plan("cells", self.layout, range(len(membranes)), **options)
        self.plan.populations.append(self.cable)
        self.place = len(membranes)

    def where(self, cell: int, node: int) -> tuple[int, int]:
        patch, element = self.layout.elements(cell, node)
        return int(patch), int(element)

    def inject(self, cell: int, node: int, waveform: Any) -> None:
        """Inject a current [A], a function of the steps."""
        patch, element = self.where(cell, node)
        self.plan.inputs.append(InputPlan(
            patch, "I", cells=np.array([element], np.int32),
            waveform=lambda k, n: np.asarray(waveform(np.arange(k, k + n)), float)[:, None],
        ))  # fmt: skip

    def record(self, cell: int, node: int, every: int = 1, variable: str = "v") -> int:
        patch, element = self.where(cell, node)
        record = RecordPlan(f"record {len(self.plan.records)}", patch, variable,
                            np.array([element], np.int32), every)  # fmt: skip
        self.plan.records.append(record)
        return len(self.plan.records) - 1

    def points(self, model: Model, cells: Any, nodes: Any, **values: Any) -> int:
        """Put points at nodes; return their place."""
        program = lower_point(model, frozenset(values))
        made = population(f"points {len(self.plan.populations)}", program, model, len(cells),
                          self.dt, self.backend, values, {})  # fmt: skip
        self.plan.populations.append(made)
        place = len(self.plan.populations) - 1
        self.cable.points.append(
            PointPlan(place, np.array(cells, np.int32), np.array(nodes, np.int32))
        )
        return place

    def drive(self, place: int, steps: Sequence[int], ids: Sequence[int], weight: float) -> None:
        """Let events arrive at points at given steps."""
        size = self.plan.populations[place].size
        self.plan.drives.append(DrivePlan(
            place, "g", np.arange(size, dtype=np.int32), {"g": np.array([weight])}, "times",
            steps=np.array(steps, np.int64), ids=np.array(ids, np.int32),
        ))  # fmt: skip

    def couple(self, source: tuple[int, int], place: int, target: int, name: str, weight: float,
               delay: int) -> None:  # fmt: skip
        patch, element = self.where(*source)
        size = self.plan.populations[place].size
        rows = np.zeros(size + 1, np.int64)
        rows[target + 1 :] = 1
        self.plan.continuous.append(ContinuousPlan(
            f"coupling {len(self.plan.continuous)}", patch, place, "v", name, rows,
            np.array([element], np.int32), np.array([weight]), np.array([delay], np.int64),
        ))  # fmt: skip

    def engine(self, threads: int = 1) -> Engine:
        return Engine(self.plan, self.backend, threads=threads)  # type: ignore[arg-type]

    def run(self, duration: float, threads: int = 1) -> list[np.ndarray]:
        """Run; return what was recorded, one column each, in SI units."""
        self.last = engine = self.engine(threads)
        engine.advance(round(duration / self.dt))
        return [engine.take_samples(n).values[:, 0] for n in range(len(self.plan.records))]
