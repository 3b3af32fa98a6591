"""What several parts need: where the arrays of a step are, which elements spiked."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from rheobase.engine.parts.common import inner
from rheobase.gradients.parts.columns import (
    P_BASE,
    P_BEGIN,
    P_COUNT,
    P_ITEM,
    P_SHIFT,
    P_SLOT,
    P_SLOTS,
    P_STRIDE,
    P_TABLE,
    P_WIDTH,
    WORD,
)
from rheobase.rendering.intrinsics import float64_view, int64_view, uint8_view
from rheobase.rendering.intrinsics import load_address as load
from rheobase.rendering.intrinsics import store_address as store


@inner
def point(pointers, count, step, r):
    """Let the tables of a kernel say where the arrays of a step are."""
    for n in range(count):
        pointer = pointers + WORD * P_WIDTH * n
        slots = load(pointer, P_SLOTS)
        index = r + load(pointer, P_SHIFT)
        if slots > 0:
            index = step % slots
        at = load(pointer, P_BASE) + index * load(pointer, P_STRIDE)
        store(load(pointer, P_TABLE), load(pointer, P_SLOT), at)
        kind, size = load(pointer, P_BEGIN), load(pointer, P_COUNT)
        if kind == 1 and load(pointer, P_ITEM) == 8:
            old, new = int64_view(at - load(pointer, P_STRIDE), 0, size), int64_view(at, 0, size)
            for i in range(size):
                new[i] = old[i]
        elif kind == 1:
            few, more = uint8_view(at - load(pointer, P_STRIDE), 0, size), uint8_view(at, 0, size)
            for i in range(size):
                more[i] = few[i]
        elif kind == 2:
            values = float64_view(at, 0, size)
            for i in range(size):
                values[i] = 0.0


@inner
def scan(marks, words, count, ids):
    """List the elements whose mask says that they spiked; return how many there are."""
    found = 0
    whole = count >> 3
    for w in range(whole):
        if words[w] != 0:
            for i in range(8 * w, 8 * w + 8):
                if marks[i] == 1:
                    ids[found] = i
                    found += 1
    for i in range(8 * whole, count):
        if marks[i] == 1:
            ids[found] = i
            found += 1
    return found
