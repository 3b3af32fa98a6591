"""Run the kernels of a model without a network: what tests of lowering and rendering share."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.language.model import Model
from rheobase.lowering import lower
from rheobase.rendering import CompiledKernels, InterpreterKernels, prepare


def arrays_for(program: Any, size: int, prepared: Any, seed: int = 1) -> dict[str, np.ndarray]:
    """Return all arrays of a program for `size` cells, states at 0."""
    arrays: dict[str, np.ndarray] = {}
    for array in program.arrays:
        arrays[array.name] = np.zeros(size, array.dtype)
        if array.role == "key":
            arrays[array.name] = np.arange(seed, seed + 1 + len(program.draws), dtype="uint64")
        if array.role == "last_spike":
            arrays[array.name][:] = -np.inf
    for name, values in prepared.arrays.items():
        arrays[name][:] = values
    return arrays


class Cells:
    """Cells of one model that step alone.

    Parameters
    ----------
    backend
        "interpreter" or "numba".
    """

    def __init__(self, model: Model, dt: float, size: int = 1, method: str | None = None,
                 backend: str = "interpreter", per_cell: dict[str, Any] | None = None,
                 observed: frozenset[str] = frozenset()) -> None:  # fmt: skip
        per_cell = per_cell or {}
        self.program = lower(model, frozenset(per_cell), observed, method)
        values = {**model.defaults, "N": float(size), **per_cell}
        self.prepared = prepare(self.program, values, dt, 0.0)
        self.arrays = arrays_for(self.program, size, self.prepared)
        self.size, self.step_count, self.backend = size, 0, backend
        self.spikes: list[tuple[int, int]] = []
        if backend == "numba":
            self.compiled = CompiledKernels(self.program)
            self.table = np.array(
                [self.arrays[n].ctypes.data for n in self.compiled.array_names], np.int64
            )
        else:
            self.kernels = InterpreterKernels(self.program)

    def step(self, lo: int = 0, hi: int | None = None) -> None:
        """Run one step: update, then the reset of the cells that spiked."""
        hi = self.size if hi is None else hi
        numbers = self.prepared.numbers
        if self.backend == "numba":
            from ctypes import CFUNCTYPE, c_int64

            call = CFUNCTYPE(None, *[c_int64] * 5)
            update = call(self.compiled.update_address)
            update(self.table.ctypes.data, numbers.ctypes.data, lo, hi, self.step_count)
        else:
            self.kernels.update(self.arrays, numbers, lo, hi, self.step_count)
        ids = np.flatnonzero(self.arrays["spiked"] & 1).astype(np.int32)
        if ids.size and self.program.on_spike is not None:
            if self.backend == "numba":
                on_spike = call(self.compiled.on_spike_address)
                on_spike(self.table.ctypes.data, numbers.ctypes.data, ids.ctypes.data, ids.size,
                         self.step_count)  # fmt: skip
            else:
                self.kernels.on_spike(self.arrays, numbers, ids, self.step_count)
        self.spikes += [(self.step_count, int(i)) for i in ids]
        self.step_count += 1

    def run(self, steps: int) -> Cells:
        """Run some steps."""
        for _ in range(steps):
            self.step()
        return self
