"""Tables of addresses, and keeping alive what they point to."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.engine import facts
from rheobase.engine.partition import Share
from rheobase.engine.parts import address_of, columns
from rheobase.engine.plan import (
    AnyArray,
    DrivePlan,
    Int64Array,
    NetworkPlan,
    PopulationPlan,
    SourcePlan,
)
from rheobase.errors import InternalError
from rheobase.rendering import random

ALIGNED = 32
"""Random numbers are drawn from elements on that are multiples of this."""


class Addresses:
    """Addresses of the arrays of a plan for one thread; they live as long as this object.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    share : Share
        What the thread owns.
    """

    def __init__(self, plan: NetworkPlan, share: Share) -> None:
        self.plan, self.share = plan, share
        self._alive: list[AnyArray] = []
        self.models = {p: self._model(m) for p, m in facts.models(plan)}

    def of(self, array: AnyArray, dtype: Any = np.float64) -> int:
        """Return the address of an array, which must be contiguous and of that type."""
        if array.dtype != dtype or not array.flags.c_contiguous:
            raise InternalError(
                f"the engine needs a contiguous array of {np.dtype(dtype)}, "
                f"got {array.dtype} with strides {array.strides}"
            )
        self._alive.append(array)
        return int(array.__array_interface__["data"][0])

    def own(self, place: int, array: AnyArray, dtype: Any = np.float64) -> int:
        """Return the address of the first of the thread's cells in an array of a population."""
        return self.of(array, dtype) + self.share.own(place)[0] * array.itemsize

    def row(self, table: Int64Array, n: int) -> int:
        """Return the address of a row of a table."""
        return self.of(table, np.int64) + n * table.strides[0]

    def calls(self, part: str, function: str, table: Int64Array) -> Int64Array:
        """Return the calls of a part, one a row of a table."""
        rows = [[address_of(part, function), self.row(table, n)] for n in range(len(table))]
        return as_table(rows, columns.F_WIDTH)

    def _model(self, population: PopulationPlan) -> tuple[int, int]:
        """Return the addresses of a population's table of arrays and of its numbers."""
        for array in population.program.arrays:
            own = population.arrays[array.name]
            if array.role != "key" and own.shape != (population.size,):
                raise InternalError(
                    f"array {array.name!r} of {population.name!r} has shape {own.shape} "
                    f"for {population.size} cells"
                )
        dtypes = {array.name: array.dtype for array in population.program.arrays}
        table = [
            self.of(population.arrays[name], dtypes.get(name, "float64"))
            for name in population.kernels.array_names
        ]
        numbers = np.ascontiguousarray(population.numbers)
        return self.of(np.array(table, np.int64), np.int64), self.of(numbers)

    def draw(self, part: SourcePlan | DrivePlan, begin: int, end: int, law: str = "poisson") -> int:
        """Return the address of a row for the counts of trains begin <= m < end of a part."""
        counts, lo = part.counts, begin // ALIGNED * ALIGNED
        return self.of(np.array([
            random.fill_address(law) if part.kind == "poisson" else 0,
            as_int64(facts.seed_of(self.plan, part)), as_int64(part.stream),
            self.of(counts), counts.shape[0], counts.shape[1], part.interval_steps, lo, end,
            begin - lo, self.of(np.zeros(max(end - lo, 1), np.int64), np.int64),
        ]), np.int64)  # fmt: skip

    def given_times(
        self, part: SourcePlan | DrivePlan, begin: int, end: int
    ) -> tuple[int, int, int, int]:
        """Return steps, trains and offsets of the given times of some trains, and their number.

        Trains of a drive are counted from `begin`.
        """
        chosen = (part.ids >= begin) & (part.ids < end)
        steps, ids = part.steps[chosen], part.ids[chosen]
        if isinstance(part, DrivePlan):
            ids = ids - np.int32(begin)
        offsets = None if part.offsets is None else np.ascontiguousarray(part.offsets[chosen])
        return (
            self.of(np.ascontiguousarray(steps, np.int64), np.int64),
            self.of(np.ascontiguousarray(ids, np.int32), np.int32),
            0 if offsets is None else self.of(offsets),
            steps.size,
        )


def as_table(rows: list[list[int]], width: int) -> Int64Array:
    """Return rows as a table; no rows make an empty one."""
    if any(len(row) != width for row in rows):
        raise InternalError(f"a table has rows of {[len(r) for r in rows]} for {width} columns")
    return np.array(rows, np.int64).reshape(len(rows), width)


def as_int64(number: int) -> int:
    """Return the int64 with the lowest 64 bits of a number."""
    return (int(number) + 2**63) % 2**64 - 2**63
