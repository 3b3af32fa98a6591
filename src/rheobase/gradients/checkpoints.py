"""Segments of a run: how long they are, and what each begins with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rheobase.engine.plan import FloatArray

if TYPE_CHECKING:
    from rheobase.gradients.bars import Key
    from rheobase.gradients.tape import Tape


@dataclass
class Checkpoint:
    """Everything that the steps from one on depend on, copied."""

    arrays: dict[Key, Any]
    rings: list[tuple[FloatArray, bool]]

    @classmethod
    def of(cls, tape: Tape) -> Checkpoint:
        """Copy what the next segment begins with: row 0 of every past."""
        arrays = {(c, n): v[0].copy() for c in tape.populations for n, v in c.history.items()}
        return cls(arrays, [(m.ring.copy(), m.fresh) for m in tape.remembered])

    def restore(self, tape: Tape) -> None:
        """Put everything back."""
        for (cells, name), values in self.arrays.items():
            cells.history[name][0] = values
        for memory, (ring, fresh) in zip(tape.remembered, self.rings, strict=True):
            memory.ring[...] = ring
            memory.fresh = fresh


def segment_length(steps: int, row_bytes: int, memory: int) -> int:
    """Return how many steps are kept at a time: all, or as many as sqrt(steps) asks for."""
    if steps < 4 or steps * row_bytes <= memory:
        return max(steps, 1)
    return math.ceil(math.sqrt(steps))
