"""The equations of one cell."""
# The types of this file are those of numba.
# mypy: ignore-errors

from __future__ import annotations

from numba import cfunc

from rheobase.engine.parts.columns import PART
from rheobase.engine.parts.sides import side_by_side
from rheobase.rendering.intrinsics import wide_vectors

PUT_TOGETHER, SOLVE, WRITE_BACK = side_by_side(1)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def put_together(cable, chunk, column, table_row, step):
    """Put the equations of a chunk together."""
    wide_vectors()
    PUT_TOGETHER(cable, chunk)


@cfunc(PART, cache=True, error_model="numpy", _nrt=False)
def solve(cable, chunk, column, table_row, step):
    """Solve them, and write the voltages of the next step back."""
    wide_vectors()
    SOLVE(cable, chunk)
    WRITE_BACK(cable, chunk)
