"""The step loops: one function forward and one back for every tape, over a table of calls."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.gradients.parts.columns import F_FUNCTION, F_ROW, F_WIDTH, WORD
from rheobase.rendering.intrinsics import call_kernel5
from rheobase.rendering.intrinsics import load_address as load

LOOP = "void(int64, int64, int64, int64, int64, int64)"


@cfunc(LOOP, cache=True, error_model="numpy", _nrt=False)
def forward(calls, count, first, begin, end, last):
    """Run steps begin <= place < end of the tape, each a list of calls."""
    for place in range(begin, end):
        for c in range(count):
            call = calls + WORD * F_WIDTH * c
            call_kernel5(
                load(call, F_FUNCTION), load(call, F_ROW), first + place, place - begin, place, last
            )


@cfunc(LOOP, cache=True, error_model="numpy", _nrt=False)
def back(calls, count, first, begin, end, last):
    """Go back through steps begin <= place < end, the last first."""
    for n in range(end - begin):
        place = end - 1 - n
        for c in range(count):
            call = calls + WORD * F_WIDTH * c
            call_kernel5(
                load(call, F_FUNCTION), load(call, F_ROW), first + place, place - begin, place, last
            )
