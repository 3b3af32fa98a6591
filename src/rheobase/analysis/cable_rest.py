"""Where a cell with a morphology rests, and how small currents spread from there.

In the steady state of a cable the current between neighboring compartments is that through their
membranes. With everything but the voltages settled, gates and concentrations among it, that is
one equation a node: sum over neighbors of g (v_j - v_i) = A i(v_i), solved by implicit steps that
grow (pseudo-transient continuation), so that the end is Newton's method. The Jacobian there is
the conductance matrix of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.cell import Cell
from rheobase.errors import EquationError, UserError, WiringError
from rheobase.simulation.slopes import Slopes, expand, solve
from rheobase.units import UNITS

Floats: TypeAlias = NDArray[np.float64]

_BEGIN = -0.065
"""Volts from which rest is looked for."""
_TRACE = 1e-4
"""The concentration from which rest is looked for [mM]."""
_STEPS = 300
_LONGEST = 0.01
"""Longest change of a voltage in one step [V]."""
_SETTLED = 1e-11
"""Volts: a smaller step, of an interval without end, is the last."""
_SLOWEST = 1e-4
"""The lowest angular frequency looked at [1/s]."""
_FINER = 12
"""How often intervals of frequencies are halved."""


@dataclass(frozen=True)
class Linear:
    """How the membrane of one region follows small changes of v.

    Attributes
    ----------
    nodes : ndarray
        Of its compartments.
    place : int
        Of v among the states.
    table : ndarray, shape (compartments, states, states)
        Derivatives of the slopes [1/s], states in units of their own.
    """

    nodes: NDArray[np.int64]
    place: int
    table: Floats

    def response(self, s: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Return the slope of v by v with the others following exp(s t), (compartments, s)."""
        others = [k for k in range(self.table.shape[-1]) if k != self.place]
        found = np.repeat(self.table[:, self.place, self.place, None], s.size, axis=1) + 0j
        if others:
            inner = self.table[:, others][:, :, others]
            by_v = self.table[:, others, self.place][..., None]
            of = self.table[:, self.place, others]
            for k, one in enumerate(s):
                follow = np.linalg.solve(one * np.eye(len(others)) - inner, by_v + 0j)[..., 0]
                found[:, k] += np.sum(of * follow, axis=1)
        return np.asarray(found)


@dataclass(frozen=True)
class CableRest:
    """The steady state of a cell without input, and its linear response.

    Attributes
    ----------
    cell : Cell
    voltage : ndarray, shape (nodes,)
        In volts, of junctions too.
    states : mapping of str to ndarray, shape (nodes,)
        All other states in SI units, nan where there is none.
    steady, frozen : ndarray, shape (nodes,)
        Derivative of the slope of v by v [1/s], with the other states settled and with the others
        held; 0 at junctions.
    capacitance : ndarray, shape (nodes,)
        Of the compartments [F], 0 at junctions.
    linear : tuple of Linear
        What the membranes do near rest, one for each region.
    """

    cell: Cell
    voltage: Floats
    states: Mapping[str, Floats]
    steady: Floats
    frozen: Floats
    capacitance: Floats
    linear: tuple[Linear, ...]

    def conductances(self, steady: bool = True) -> Any:
        """Return the matrix of conductances [S]: of it the voltages are the inverse."""
        from scipy.sparse import diags_array

        slopes = self.steady if steady else self.frozen
        return (_axial(self.cell) - diags_array(self.capacitance * slopes)).tocsc()

    def growing(self) -> int:
        """Return how many modes of small disturbances grow; 0 if the rest is stable.

        They are the zeros with a positive real part of the determinant of s C + G - C j(s), G the
        axial conductances and j how the slopes of v follow v. By the argument principle the
        determinant of n compartments turns, from s = 0 to s = i infinity, by pi (n/2 - zeros),
        where membranes whose voltage is held settle (so that j has no such poles). It is followed
        as the product of the pivots of the elimination, on a grid made finer where they turn fast.
        """
        farad = self.capacitance[self.capacitance > 0]
        fastest = np.max(_axial(self.cell).diagonal()[self.capacitance > 0] / farad)
        fastest = max(fastest, *(np.abs(one.table).max() for one in self.linear))
        omega = np.geomspace(_SLOWEST, 1e3 * fastest, 200)
        angles = self._angles(omega)
        for _ in range(_FINER):
            turned = np.abs(np.diff(np.unwrap(angles, axis=0), axis=0)).max(axis=1)
            wide = np.flatnonzero(turned > 0.5)
            if not wide.size:
                break
            between = np.sqrt(omega[wide] * omega[wide + 1])
            omega = np.insert(omega, wide + 1, between)
            angles = np.insert(angles, wide + 1, self._angles(between), axis=0)
        turns = np.unwrap(angles, axis=0)
        turn = float(np.sum(turns[-1] - turns[0]))
        return round(farad.size / 2 - turn / np.pi)

    def _angles(self, omega: Floats) -> Floats:
        """Return the angles of the pivots at s = i omega, shape (omega, nodes)."""
        tree, s = self.cell.compartments, np.asarray(1j * omega, np.complex128)
        pivots = np.zeros((tree.nodes, omega.size), np.complex128)
        pivots += _axial(self.cell).diagonal()[:, None]
        for one in self.linear:
            own = self.capacitance[one.nodes][:, None]
            pivots[one.nodes] += own * (s - one.response(s))
        for node in range(tree.nodes - 1, 0, -1):  # every node comes after its parent
            square = tree.conductance_to_parent[node] ** 2
            pivots[tree.parent[node]] -= square / pivots[node]
        return np.angle(pivots).T


def cable_rest(cell: Cell, call: str) -> CableRest:
    """Return the steady state of a cell without input.

    Whether it is stable is not looked at: see `CableRest.growing`.

    Raises
    ------
    EquationError
        None was found.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import spsolve

    axial, patches = _axial(cell), _Patches(cell)
    capacitance = np.nan_to_num(cell.node_values("C_m")) * cell.compartments.area
    voltage = np.full(cell.compartments.nodes, _BEGIN)
    step, size = 1e-3, np.inf
    for _ in range(_STEPS):
        slope, steady, frozen = patches.respond(voltage)
        missing = axial @ voltage - capacitance * slope
        matrix = axial + diags_array(capacitance * (1.0 / step - steady))
        move = spsolve(matrix.tocsc(), -missing)
        largest = float(np.max(np.abs(move)))
        if not np.isfinite(largest) or largest > _LONGEST:
            step *= 0.25
            if step < 1e-12:
                break
            continue
        voltage = voltage + move
        if largest < _SETTLED and step > 1.0:
            return CableRest(
                cell, voltage, patches.states(), steady, frozen, capacitance, patches.linear()
            )
        now = float(np.max(np.abs(missing)))
        step = min(step * min(max(size / max(now, 1e-300), 2.0), 10.0), 1e9)
        size = now
    raise EquationError(
        f"{call}: no voltages were found at which {cell.name} rests without input",
        expected="a steady state",
        mend="look where it goes: run it without input, and record v",
    )


def site_of(cell: Cell, at: Any, call: str) -> dict[str, Any]:
    """Return the arguments of `cells.at` for a place that is one compartment.

    Raises
    ------
    WiringError
        It is no place, or several compartments.
    """
    return _place(cell, at, call)[0]


def node_of(cell: Cell, at: Any, call: str) -> int:
    """Return the node of a place that is one compartment; errors as of `site_of`."""
    return _place(cell, at, call)[1]


def _place(cell: Cell, at: Any, call: str) -> tuple[dict[str, Any], int]:
    if at is None:
        somatic = "soma" in cell.compartments.regions
        at = {"region": "soma"} if somatic else {"section": 0, "fraction": 0.0}
    elif isinstance(at, str):
        at = {"region": at}
    example = 'at="soma", or at=dict(region="dendrite", fraction=0.5)'
    if not isinstance(at, Mapping):
        raise WiringError(f"{call}: this is no place", given=repr(at)[:60], mend=f"write {example}")
    try:
        nodes = np.asarray(cell.compartments.at(**at))
    except TypeError as error:
        raise WiringError(
            f"{call}: this is no place", given=repr(dict(at))[:60], mend=f"write {example}"
        ) from error
    if nodes.size != 1:
        raise WiringError(
            f"{call}: the place is {nodes.size} compartments, and one is meant",
            given=f"at={dict(at)!r}"[:80],
            mend=f"write {example}",
        )
    return dict(at), int(nodes[0])


def refuse_place(at: Any, name: str, call: str) -> None:
    """Refuse a place on a model, which has none."""
    if at is not None:
        raise UserError(
            f"{call}: {name} is one point: there are no places on it",
            given=f"at={at!r}"[:60],
            mend="leave out at=, or give an rb.Cell",
        )


def _axial(cell: Cell) -> Any:
    """Return the matrix of axial conductances [S]: the currents that leave each node."""
    from scipy.sparse import coo_array, diags_array

    tree = cell.compartments
    child = np.flatnonzero(tree.parent >= 0)
    parent, g = tree.parent[child].astype(np.int64), tree.conductance_to_parent[child]
    places = (np.concatenate([child, parent]), np.concatenate([parent, child]))
    links = coo_array((np.concatenate([g, g]), places), shape=(tree.nodes, tree.nodes)).tocsr()
    return diags_array(np.asarray(links.sum(axis=1)).ravel()) - links


class _Patches:
    """The membranes of a cell, each with the slopes of all of its compartments."""

    def __init__(self, cell: Cell) -> None:
        tree = cell.compartments
        self.size = tree.nodes
        self.slopes: list[Slopes] = []
        self.nodes: list[NDArray[np.int64]] = []
        self.x: list[Floats] = []
        self.tables: dict[int, Floats] = {}
        inside = tree.membrane
        for region, number in zip(tree.regions, range(len(tree.regions)), strict=True):
            nodes = inside[tree.region[inside] == number]
            if not nodes.size:
                continue
            model = cell.patches[region]
            names = [e.name for e in model.parameter_equations if e not in model.inputs]
            values: dict[str, float | Floats] = {
                name: cell.node_values(name)[nodes] for name in names if name != "area"
            }
            slopes = Slopes(model, {**values, "area": tree.area[nodes]}, nodes.size)
            x = np.zeros((nodes.size, len(slopes.states)))
            for place, state in enumerate(slopes.states):
                if model.unit_of(state).dimension == UNITS["mM"].dimension:
                    x[:, place] = _TRACE / slopes.scales[place]
            self.slopes.append(slopes)
            self.nodes.append(nodes)
            self.x.append(x)

    def respond(self, voltage: Floats) -> tuple[Floats, Floats, Floats]:
        """Return dv/dt at voltages with all else settled [V/s], and its two derivatives [1/s]."""
        slope, steady, frozen = (np.zeros(self.size) for _ in range(3))
        for number, (slopes, nodes) in enumerate(zip(self.slopes, self.nodes, strict=True)):
            at = slopes.states.index("v")
            others = [k for k in range(len(slopes.states)) if k != at]
            x = self.x[number]
            x[:, at] = voltage[nodes] / slopes.scales[at]
            x = self.x[number] = slopes.settle(x, others, rounds=30)
            found, table = expand(slopes, x)
            self.tables[number] = table
            slope[nodes] = found[:, at] * slopes.scales[at]
            frozen[nodes] = steady[nodes] = table[:, at, at]
            if others:
                inner, by_v = table[:, others][:, :, others], -table[:, others, at]
                slopes.bind(inner, by_v, others)
                follow = solve(inner, by_v)
                steady[nodes] += np.sum(table[:, at, others] * follow, axis=1)
        return slope, steady, frozen

    def linear(self) -> tuple[Linear, ...]:
        """Return what each did at the last voltages."""
        return tuple(
            Linear(nodes, slopes.states.index("v"), self.tables[number])
            for number, (slopes, nodes) in enumerate(zip(self.slopes, self.nodes, strict=True))
        )

    def states(self) -> dict[str, Floats]:
        """Return all states but v by name, in SI units, nan where there is none."""
        found: dict[str, Floats] = {}
        for slopes, nodes, x in zip(self.slopes, self.nodes, self.x, strict=True):
            for name, values in slopes.named(x).items():
                if name != "v":
                    found.setdefault(name, np.full(self.size, np.nan))[nodes] = values
        return found
