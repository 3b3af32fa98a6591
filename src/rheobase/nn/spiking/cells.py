"""The cells of a layer: programs of a step and of its reverse, and the numbers they run with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.engine.plan import new_array
from rheobase.language.model import Model
from rheobase.lowering import Program, lower
from rheobase.rendering import CompiledKernels, InterpreterKernels, Prepared, prepare
from rheobase.rendering.random import stream_of

Floats = NDArray[np.float64]
Number = float | Floats


class Programs:
    """What a step of a model is, and its reverse; structure only, so compiled once.

    Parameters
    ----------
    model
        The model of the cells.
    per_cell
        Parameters with a value for each unit.
    trained
        Parameters the loss is differentiated by.
    inputs
        Input variables it is differentiated by.
    surrogate, reset
        How spikes are differentiated.
    """

    def __init__(self, model: Model, per_cell: frozenset[str], trained: frozenset[str],
                 inputs: frozenset[str], surrogate: Any, reset: Any) -> None:  # fmt: skip
        self.model = model
        self.program: Program = lower(model, per_cell)
        self._asked = trained, inputs, surrogate, reset

    def __getstate__(self) -> dict[str, Any]:
        """Copies find the kernels again: machine code stays where it is."""
        kernels = ("kernels", "reverse_kernels", "interpreter", "reverse_interpreter")
        return {name: value for name, value in vars(self).items() if name not in kernels}

    @cached_property
    def reverse(self) -> Any:
        """The reverse of a step."""
        from rheobase.lowering.adjoint import reverse

        trained, inputs, surrogate, reset = self._asked
        return reverse(self.program, surrogate=surrogate, reset=reset,
                       with_respect_to=trained, inputs=inputs)  # fmt: skip

    @cached_property
    def kernels(self) -> CompiledKernels:
        """The step, compiled."""
        return CompiledKernels(self.program)

    @cached_property
    def reverse_kernels(self) -> CompiledKernels:
        """Its reverse, compiled."""
        named = replace(self.reverse.program, name=f"{self.program.name}_reversed")
        return CompiledKernels(named)

    @cached_property
    def interpreter(self) -> InterpreterKernels:
        """The step with NumPy."""
        return InterpreterKernels(self.program)

    @cached_property
    def reverse_interpreter(self) -> InterpreterKernels:
        """Its reverse with NumPy."""
        return InterpreterKernels(self.reverse.program)


@dataclass(frozen=True, eq=False)
class Cells:
    """Programs with the values of parameters: what a course runs.

    Attributes
    ----------
    programs
        Of a step and its reverse.
    units
        Cells of one sample.
    parameters
        SI, by name: one number for all units, or one a unit.
    initial
        Initial states, SI, one number a unit.
    dt
        The step, s.
    """

    programs: Programs
    units: int
    parameters: Mapping[str, Number]
    initial: Mapping[str, Floats]
    dt: float

    @property
    def program(self) -> Program:
        """The program of a step."""
        return self.programs.program

    @property
    def reverse(self) -> Any:
        """The reverse of a step."""
        return self.programs.reverse

    @property
    def kernels(self) -> CompiledKernels:
        """The step, compiled."""
        return self.programs.kernels

    @property
    def reverse_kernels(self) -> CompiledKernels:
        """Its reverse, compiled."""
        return self.programs.reverse_kernels

    @property
    def interpreter(self) -> InterpreterKernels:
        """The step with NumPy."""
        return self.programs.interpreter

    @property
    def reverse_interpreter(self) -> InterpreterKernels:
        """Its reverse with NumPy."""
        return self.programs.reverse_interpreter

    @cached_property
    def _prepared(self) -> Prepared:
        values = {**self.parameters, "N": float(self.units)}
        return prepare(self.program, values, self.dt, 0.0)

    @property
    def numbers(self) -> Floats:
        """The prepared numbers of a step."""
        return self._prepared.numbers

    @cached_property
    def reverse_prepared(self) -> Prepared:
        """The prepared numbers and arrays of the reverse."""
        values = {**self.parameters, "N": float(self.units)}
        return prepare(self.reverse.program, values, self.dt, 0.0)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the arrays that change from step to step and are kept for the way back."""
        roles = ("state", "release", "left", "refractory")
        return tuple(a.name for a in self.program.arrays if a.role in roles)

    def arrays(self, batch: int) -> dict[str, NDArray[Any]]:
        """Return the arrays of a step for a part of a batch, as they are before the first."""
        lanes = batch * self.units
        prepared = self._prepared.arrays
        found: dict[str, NDArray[Any]] = {}
        for array in self.program.arrays:
            name = array.name
            if array.role == "key":
                streams = [stream_of("layer", d.law, d.site) for d in self.program.draws]
                found[name] = np.array([0, *streams], dtype=np.uint64)
                continue
            found[name] = new_array(lanes, array.dtype)
            if name in prepared:
                found[name][:] = self.tiled(prepared[name], batch)
            elif name in self.initial:
                found[name][:] = self.tiled(self.initial[name], batch)
            elif array.role == "last_spike":
                found[name][:] = -np.inf
        return found

    def tiled(self, values: Any, batch: int) -> Floats:
        """Return a value of each unit for every sample."""
        each = np.broadcast_to(np.asarray(values, float), (self.units,))
        return np.tile(each, batch)

    def bars_of_parameters(self, totals: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return d loss/d parameters from d loss/d what was prepared from them."""
        from rheobase.rendering.reverses import reverse_prepare

        shared = set(self.program.numbers)
        bars = {n: g.sum() if n in shared else g for n, g in totals.items()}
        values = {**self.parameters, "N": float(self.units)}
        found = reverse_prepare(self.program, values, self.dt, 0.0, bars)
        return {n: np.asarray(g, float) for n, g in found.items()}
