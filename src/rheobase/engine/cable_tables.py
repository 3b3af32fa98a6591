"""The tables of one thread for cells with a morphology; columns in `parts/cable_columns.py`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rheobase.engine import cable_facts, facts
from rheobase.engine.addresses import Addresses, as_table
from rheobase.engine.cables import CablePlan, Chunk
from rheobase.engine.detectors import DetectorPlan, looked_at
from rheobase.engine.parts import address_of
from rheobase.engine.parts import cable_columns as columns
from rheobase.engine.plan import AnyArray, Int64Array, NetworkPlan, new_array
from rheobase.engine.trees import Wood

WORD = 8
SHORTEST_STRETCH = 4
"""Members in a stretch on average, for stretches to be worth it."""


class CableTables:
    """The tables of one population of cells.

    Parameters
    ----------
    addresses : Addresses
        Of the thread.
    place : int
        Of the cells.
    cable : CablePlan
        The cells.

    Attributes
    ----------
    address : int
        Of the row of the cells.
    """

    def __init__(self, addresses: Addresses, place: int, cable: CablePlan) -> None:
        self.addresses, self.cable = addresses, cable
        self.plan: NetworkPlan = addresses.plan
        self._of = addresses.of
        lo, hi = addresses.share.own(place)
        own = [(c, chunk) for c, chunk in enumerate(cable.layout.chunks) if lo <= chunk.first < hi]
        self._woods: dict[int, list[int]] = {}
        self._members: dict[tuple[int, int], list[int]] = {}
        self._parts = cable_facts.parts(cable)
        self._watched = [cable_facts.watched(self.plan, p.place) for p in self._parts]
        self._probed = [cable_facts.probed(self.plan, p.place) for p in self._parts]
        self._sites = self._voltages(np.arange(cable.size), cable.site)
        self._points = [(self._voltages(p.cells, p.nodes), cable.layout.scratch(p.cells, p.nodes))
                        for p in cable.points]  # fmt: skip
        rows = as_table([self._chunk(c, chunk) for c, chunk in own], columns.H_WIDTH)
        row = [0] * columns.B_WIDTH
        row[columns.B_CHUNKS], row[columns.B_COUNT] = self._table(rows), len(rows)
        dt = self.plan.dt
        row[columns.B_TIMES] = self._of(np.array([dt, 1 / dt, 2 / dt]))
        row[columns.B_EULER] = int(cable.backward_euler)
        arrays = cable.arrays
        for name, column in (("spiked", columns.B_SPIKED), ("above", columns.B_ABOVE),
                             ("damped", columns.B_DAMPED)):  # fmt: skip
            row[column] = self._of(arrays[name], np.uint8)
        row[columns.B_OFFSET] = self._of(arrays["offset"]) if "offset" in arrays else 0
        row[columns.B_THRESHOLD] = self._of(cable.threshold)
        nodes = max((cable.layout.woods[c.wood].parent.size * c.lanes for _, c in own), default=1)
        for column in (columns.B_DIAGONAL, columns.B_RIGHT, columns.B_FACTOR):
            row[column] = self._of(new_array(nodes))
        cells = max((chunk.count for _, chunk in own), default=1)
        row[columns.B_COEFFICIENTS] = self._of(new_array(4 * cells))
        self.address = self._table(np.array([row], np.int64))

    # -- helpers ----------------------------------------------------------------------------

    def _table(self, rows: Int64Array) -> int:
        return self._of(rows, np.int64) if rows.size else 0

    def _array(self, place: int, name: str) -> int:
        return self._of(facts.model(self.plan, place).arrays[name])

    def _voltages(self, cells: AnyArray, nodes: AnyArray) -> Int64Array:
        """Return the addresses of the voltages of compartments."""
        patches, elements = self.cable.layout.elements(cells, nodes)
        bases = [self._array(p, cable_facts.names(self.plan, p)[0]) for p in self.cable.patches]
        return np.array(bases, np.int64)[patches] + WORD * elements

    # -- chunks -----------------------------------------------------------------------------

    def _chunk(self, c: int, chunk: Chunk) -> list[int]:
        row = [0] * columns.H_WIDTH
        row[columns.H_FIRST], row[columns.H_CELLS] = chunk.first, chunk.count
        lanes = chunk.lanes if chunk.lanes > 1 or chunk.count == 1 else 0
        row[columns.H_LANES] = lanes
        part = f"lanes_{lanes}" if lanes else "woods"
        row[columns.H_PUT_TOGETHER] = address_of(part, "put_together")
        row[columns.H_SOLVE] = address_of(part, "solve")
        row[columns.H_NODES : columns.H_SITES] = self._wood(chunk.wood)
        row[columns.H_SITES] = self._table(self._sites[chunk.first : chunk.first + chunk.count])
        for rows, width, column in (
            (self._patches(c, chunk), columns.M_WIDTH, columns.H_PATCHES),
            (self._point_rows(chunk), columns.T_WIDTH, columns.H_POINTS),
            (self._watches(c, chunk), columns.W_WIDTH, columns.H_WATCHES),
            (self._probes(c, chunk), columns.R_WIDTH, columns.H_PROBES),
            (self._clamps(c, chunk), columns.Z_WIDTH, columns.H_CLAMPS),
        ):
            table = as_table(list(rows), width)
            row[column], row[column + 1] = self._table(table), len(table)
        return row

    def _wood(self, w: int) -> list[int]:
        """Return the columns from H_NODES to before H_SITES."""
        if w not in self._woods:
            wood = self.cable.layout.woods[w]
            junctions = np.flatnonzero(wood.capacitance == 0.0).astype(np.int32)
            self._woods[w] = [
                wood.parent.size, self._of(wood.parent, np.int32), self._of(wood.conductance),
                self._of(wood.conductance * wood.conductance), self._of(wood.slot, np.int32),
                self._of(junctions, np.int32), junctions.size, self._of(wood.total[junctions]),
                *self._runs(wood),
            ]  # fmt: skip
        return self._woods[w]

    def _runs(self, wood: Wood) -> list[int]:
        runs = wood.runs()
        return [self._table(runs), len(runs)]

    def _patches(self, c: int, chunk: Chunk) -> Iterable[list[int]]:
        for p, place in enumerate(self.cable.patches):
            lo, hi = map(int, self.cable.layout.starts[c : c + 2, p])
            if lo == hi:
                continue
            voltage, source, rate = cable_facts.names(self.plan, place)
            kernels = facts.model(self.plan, place).kernels
            yield [kernels.update_address, *self.addresses.models[place], lo, hi,
                   *(self._array(place, name) + WORD * lo for name in (voltage, source, rate)),
                   *self._members_of(chunk.wood, p)]  # fmt: skip

    def _members_of(self, w: int, p: int) -> list[int]:
        """Return the columns from M_MEMBERS on."""
        if (w, p) not in self._members:
            wood: Wood = self.cable.layout.woods[w]
            members = wood.members[p]
            stretches = _stretches(members)
            self._members[w, p] = [
                self._of(members, np.int32), members.size, self._table(stretches),
                len(stretches),
                self._of(wood.capacitance[members]), self._of(wood.total[members]),
            ]  # fmt: skip
        return self._members[w, p]

    def _point_rows(self, chunk: Chunk) -> Iterable[list[int]]:
        for point, (voltages, nodes) in zip(self.cable.points, self._points, strict=True):
            lo, hi = map(
                int, np.searchsorted(point.cells, [chunk.first, chunk.first + chunk.count])
            )
            if lo == hi:
                continue
            place = point.population
            kernels = facts.model(self.plan, place).kernels
            names = cable_facts.names(self.plan, place)
            yield [kernels.update_address, *self.addresses.models[place], lo, hi,
                   *(self._array(place, name) + WORD * lo for name in names),
                   self._table(np.ascontiguousarray(voltages[lo:hi])),
                   self._of(nodes[lo:hi].astype(np.int32), np.int32)]  # fmt: skip

    def _ranges(self, c: int, chunk: Chunk) -> list[tuple[int, int]]:
        """Return the elements of the chunk, in each part."""
        found = [(int(lo), int(hi)) for lo, hi in self.cable.layout.starts[c : c + 2].T]
        ends = [chunk.first, chunk.first + chunk.count]
        for point in self.cable.points:
            lo, hi = map(int, np.searchsorted(point.cells, ends))
            found.append((lo, hi))
        return found

    def _watches(self, c: int, chunk: Chunk) -> Iterable[list[int]]:
        ranges = self._ranges(c, chunk)
        for part, names, (lo, hi) in zip(self._parts, self._watched, ranges, strict=True):
            for name in names if lo < hi else []:
                yield [self._array(part.place, name) + WORD * lo,
                       self._array(part.place, cable_facts.was(name)) + WORD * lo,
                       self._of(part.cells[lo:hi], np.int32), hi - lo]  # fmt: skip

    def _probes(self, c: int, chunk: Chunk) -> Iterable[list[int]]:
        ranges = self._ranges(c, chunk)
        for part, inputs, (lo, hi) in zip(self._parts, self._probed, ranges, strict=True):
            for name, every in inputs.items():
                elements = every[np.searchsorted(every, lo) : np.searchsorted(every, hi)]
                if elements.size:
                    arrays = (name, cable_facts.was(name), cable_facts.slope(name))
                    yield [*(self._array(part.place, a) for a in arrays),
                           self._of(elements, np.int32),
                           self._of(part.cells[elements], np.int32), elements.size]  # fmt: skip

    def _clamps(self, c: int, chunk: Chunk) -> Iterable[list[int]]:
        lay = self.cable.layout
        wood = lay.woods[chunk.wood]
        for p, place in enumerate(self.cable.patches):
            lo, hi = map(int, lay.starts[c : c + 2, p])
            cells, nodes = lay.places(p)
            v = self._array(place, cable_facts.names(self.plan, place)[0])
            for clamp in cable_facts.held(self.plan, place):
                for e in clamp.cells[(clamp.cells >= lo) & (clamp.cells < hi)]:
                    node = int(lay.scratch(cells[e : e + 1], nodes[e : e + 1])[0])
                    position = node // chunk.lanes
                    strong = cable_facts.holding(
                        wood.capacitance[position], wood.total[position], self.plan.dt
                    )
                    bits = int(np.float64(strong).view(np.int64))
                    yield [clamp.first, clamp.last, v + WORD * int(e), node, int(cells[e]), bits]


def detector_row(addresses: Addresses, found: DetectorPlan) -> int:
    """Return the address of the row of a population of detectors."""
    plan, row = addresses.plan, [0] * columns.D_WIDTH
    places, elements = looked_at(plan, found)
    bases = {int(p): addresses.of(facts.model(plan, int(p)).arrays[cable_facts.names(plan, p)[0]])
             for p in np.unique(places)}  # fmt: skip
    held = np.array([bases[int(p)] for p in places], np.int64) + WORD * elements
    row[columns.D_VOLTAGES] = addresses.of(held, np.int64)
    row[columns.D_THRESHOLD] = addresses.of(found.threshold)
    for name, column in (("above", columns.D_ABOVE), ("spiked", columns.D_SPIKED)):
        row[column] = addresses.of(found.arrays[name], np.uint8)
    row[columns.D_BEFORE] = addresses.of(found.arrays["before"])
    offset = found.arrays.get("offset")
    row[columns.D_OFFSET] = 0 if offset is None else addresses.of(offset)
    row[columns.D_TIME] = addresses.of(np.array([plan.dt]))
    return addresses.of(np.array(row, np.int64), np.int64)


def _stretches(members: AnyArray) -> Int64Array:
    """Return what stands one after the other: position, member, how many; none if it is short."""
    begins = np.flatnonzero(np.diff(members, prepend=-2) != 1)
    lengths = np.diff(np.append(begins, members.size))
    if members.size < SHORTEST_STRETCH * begins.size:
        return np.zeros((0, columns.RUN), np.int64)
    return np.stack([members[begins], begins, lengths], axis=1).astype(np.int64)
