"""Kernels of a program, compiled and found again on disk by the next process."""

from __future__ import annotations

from functools import cached_property

from rheobase.lowering.program import Program
from rheobase.rendering.numba_source import source_of


class CompiledKernels:
    """Addresses of the compiled kernels of a program.

    Making the object compiles what is not in the cache yet. The C functions take int64
    arguments only: `update(table, numbers, lo, hi, step)`, `on_spike(table, numbers, ids, count,
    step)`, `arrive(table, numbers, targets, weights, count, step, scalar_weight)`,
    `observe(table, numbers, lo, hi, step)`, and for exact crossings `anchor` and `predict` with
    the arguments of `observe`; `table` is the address of the array addresses in the
    order of `array_names`.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program: Program) -> None:
        from rheobase.rendering.cache import functions_from_source

        self.program = program
        self.array_names = tuple(a.name for a in program.arrays)
        self._module = functions_from_source(self.source, program.name)
        self.update_address = self._address("update_at")
        self.on_spike_address = self._address("on_spike_at") if program.on_spike else 0
        self.anchor_address = self._address("anchor_at") if program.anchor else 0
        self.predict_address = self._address("predict_at") if program.predict else 0
        self.arrive_addresses = {
            name: self._address(f"arrive_{name}_at")
            for name, port in program.ports.items()
            if port.event
        }
        self.observe_addresses = {
            name: self._address(f"observe_{name}_at") for name in program.observe
        }

    def _address(self, name: str) -> int:
        return int(getattr(self._module, name).address)

    @cached_property
    def source(self) -> str:
        """The generated module."""
        return source_of(self.program)
