"""Delivery a few steps ahead: where it pays, and its tables (see `parts/ahead.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rheobase.engine.addresses import Addresses, as_table
from rheobase.engine.parts import columns
from rheobase.engine.plan import Int64Array
from rheobase.engine.rows import Bundle, Sums, is_by_cell

LARGE = 1 << 25
"""Bytes of synapses of a thread from which waiting for memory is what delivery costs."""
MANY = 8
"""Distinct delays from which slices due in neighboring steps stand side by side."""


def pays(bundles: Sequence[Bundle], thread: int) -> bool:
    """Return whether to deliver ahead: large tables of summed synapses with many delays."""
    if any(b.first.synapse is not None or is_by_cell(b.first) for b in bundles):
        return False
    stored = [b.shares[thread] for b in bundles]
    size = sum(s.targets.nbytes + sum(w.nbytes for w in s.weights.values()) for s in stored)
    return size >= LARGE and max((b.delays.size for b in bundles), default=0) >= MANY


class Ahead:
    """The tables for one thread.

    Parameters
    ----------
    addresses : Addresses
        Keeps them alive.
    sums : Sums
        The sums of the thread, `AHEAD` times.
    due : list of rows
        The table of entries, oldest emission first.
    delays : mapping
        By line, the distinct delays of its synapses.
    lines, drives, applies : ndarray of int64
        The tables of a step whose sums are the first.

    Attributes
    ----------
    address : int
        Where the row is.
    """

    def __init__(
        self,
        addresses: Addresses,
        sums: Sums,
        due: Sequence[Sequence[int]],
        delays: Mapping[int, Int64Array],
        lines: Int64Array,
        drives: Int64Array,
        applies: Int64Array,
    ) -> None:
        self._stride = columns.WORD * sums.count
        self._block = sums.block
        chunks = self._chunks(addresses, due, delays)
        tables: list[int] = []
        for table, column in (
            (lines, columns.L_SUM), (drives, columns.V_SUM), (applies, columns.A_SUM),
        ):  # fmt: skip
            copies = self._shifted(table, column)
            tables += [addresses.of(copies, np.int64), table.nbytes]
        self.row = np.array(
            [-1, 0, addresses.of(chunks, np.int64), len(chunks), self._stride, *tables], np.int64
        )
        self.address = addresses.of(self.row, np.int64)

    def clear(self) -> None:
        """Begin anew: a slice may have ended within a block."""
        self._block[:] = 0.0
        self.row[columns.B_FIRST], self.row[columns.B_LENGTH] = -1, 0

    def _shifted(self, table: Int64Array, column: int) -> Int64Array:
        """Return a table for each step of a block, one behind the other."""
        copies = np.tile(table, (columns.AHEAD, 1, 1))
        used = table[:, column] != 0
        for later in range(columns.AHEAD):
            copies[later, used, column] += later * self._stride
        return copies

    def _chunks(
        self,
        addresses: Addresses,
        due: Sequence[Sequence[int]],
        delays: Mapping[int, Int64Array],
    ) -> Int64Array:
        """Return what spikes of each age bring about, oldest first, then in order of creation."""
        rows = []
        first_entry = {entry[columns.E_LINE]: entry for entry in due}
        for line in sorted(first_entry):
            entry, own = first_entry[line], np.ascontiguousarray(delays[line], np.int64)
            for age in range(1, int(own[-1]) + 1):
                place, end = np.searchsorted(own, [age, age + columns.AHEAD])
                if end > place:
                    rows.append([
                        age, entry[columns.E_SOURCE], line, int(place), int(end - place),
                        addresses.of(own, np.int64), entry[columns.E_SINCE],
                        entry[columns.E_UNTIL],
                    ])  # fmt: skip
        rows.sort(key=lambda row: -row[columns.U_AGE])
        return as_table(rows, columns.U_WIDTH)
