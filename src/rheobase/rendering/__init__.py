"""Render: a program becomes something that runs, by NumPy or as numba source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.lowering.program import Program
from rheobase.rendering.compiled import CompiledKernels
from rheobase.rendering.interpreter import InterpreterKernels, prepare_values, weigh
from rheobase.rendering.numba_source import source_of
from rheobase.rendering.reverses import reverse_prepare, reverse_weigh

__all__ = [
    "CompiledKernels",
    "InterpreterKernels",
    "Prepared",
    "effective_weights",
    "prepare",
    "reverse_prepare",
    "reverse_weigh",
    "source_of",
]


@dataclass(frozen=True)
class Prepared:
    """What the prepare block of a program made of parameters and dt.

    Attributes
    ----------
    numbers
        One float64 a shared number, in the order of `program.numbers`.
    arrays
        One value a cell: per-cell parameters that the update reads, and what was computed
        from them.
    """

    numbers: NDArray[np.float64]
    arrays: dict[str, NDArray[np.float64]]


def prepare(program: Program, parameters: Mapping[str, Any], dt: float, start: float,
            ) -> Prepared:  # fmt: skip
    """Turn parameters (SI; a number, or an array with a value a cell) and dt into numbers.

    Runs again whenever a parameter or the step changes; nothing is compiled.
    """
    values = prepare_values(program, parameters, dt, start)
    numbers = np.array([float(values.get(name, 0.0)) for name in program.numbers])
    arrays = {
        name: np.ascontiguousarray(value, float)
        for name, value in values.items()
        if name not in program.numbers
    }
    return Prepared(numbers, arrays)


def effective_weights(program: Program, port: str, variable: str, weights: Any,
                      parameters: Mapping[str, Any]) -> Any:  # fmt: skip
    """Return f(weight, parameters) of a summed statement `variable += f(weight, parameters)`.

    Parameters
    ----------
    weights
        A number, or an array with one entry a synapse (SI).
    parameters
        Shared parameters as numbers; per-cell ones gathered at the target of each synapse.

    Returns
    -------
    float or ndarray
        `weights` itself where f is the identity.
    """
    entry = program.ports[port]
    if variable in entry.identity:
        return weights
    result = weigh(entry.weigh[variable], weights, parameters)
    kind = np.asarray(weights).dtype
    return result.astype(kind) if isinstance(result, np.ndarray) and kind == np.float32 else result
