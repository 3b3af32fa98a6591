"""The activation of a layer, forward and backward, and as a file of a network has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.errors import ShapeError
from rheobase.nn.activations import LIBRARY, Activation, activation
from rheobase.nn.elementwise import Loops, loops_of
from rheobase.nn.layers.base import Array
from rheobase.nn.tiled import empty as aligned
from rheobase.nn.tiled import in_vectors
from rheobase.nn.vector_activations import VECTOR_LIBRARY, VectorActivation

_COMPILED_FROM = 4096
"""Numbers for which compiled loops are worth their call (and compiling them the first time)."""


def resolve(given: Any) -> Any:
    """Return the activation that is meant; also from what `configured` made of one.

    Raises
    ------
    UnknownNameError, EquationError
        If it is none.
    """
    if not isinstance(given, dict):
        return activation(given)
    if "options" in given:
        return VECTOR_LIBRARY[given["name"]](**given["options"])
    return Activation(given["text"], name=given["name"], **given["parameters"])


def elementwise(layer: str, given: Any) -> Activation:
    """Return the activation that is meant, if it is one of single numbers.

    Raises
    ------
    ShapeError
        If it is one of vectors.
    """
    found = resolve(given)
    if isinstance(found, VectorActivation):
        raise ShapeError(
            f"nn.{layer} has an activation of single numbers",
            given=found.name,
            mend=f'Put {found.name} into an nn.Dense: nn.Dense(64, 10, "{found.name}")',
        )
    return found  # type: ignore[no-any-return]


def output_size(used: Any, units: int) -> int:
    """Return how many outputs units have after an activation."""
    return used.size_of_output(units) if isinstance(used, VectorActivation) else units


def configured(used: Activation | VectorActivation) -> str | dict[str, Any]:
    """Return an activation as a file of a network has it: its name, or all that makes it."""
    if LIBRARY.get(used.name) is used or VECTOR_LIBRARY.get(used.name) is used:
        return str(used.name)
    if isinstance(used, VectorActivation):
        return {"name": used.name, "options": dict(used.options)}
    return {"name": used.name, "text": used.text, "parameters": used.parameters}


def activate(used: Any, z: Array) -> Array:
    """y = f(z), in the type of z."""
    if used is LIBRARY["linear"]:
        return z
    row, loops = _row_and_loops(used, z)
    if loops is None:
        return np.asarray(used(z), z.dtype)
    y = aligned(row.shape, row.dtype)
    loops.values(row.ctypes.data, y.ctypes.data, row.size)
    return _as(z, y)


def activate_reverse(used: Any, g: Array, z: Array | None) -> Array:
    """Chain rule: dL/dz is dL/dy times f'(z).

    Without z, `g` is dL/dz already.
    """
    if z is None or used is LIBRARY["linear"]:
        return g
    row, loops = _row_and_loops(used, z)
    if loops is None:
        return np.asarray(used.backward(z, g), z.dtype)
    gradient = np.ascontiguousarray(g.transpose(1, 2, 3, 0) if in_vectors(z) else g, z.dtype)
    g_z = aligned(row.shape, row.dtype)
    loops.back(row.ctypes.data, gradient.ctypes.data, g_z.ctypes.data, row.size)
    return _as(z, g_z)


def _row_and_loops(used: Any, z: Array) -> tuple[Array, Loops | None]:
    """Return the numbers of z in the order of memory, and compiled loops if they are worth it."""
    if z.size < _COMPILED_FROM or not isinstance(used, Activation) or z.dtype.itemsize < 4:
        return z, None
    loops = loops_of(used, 8 * z.dtype.itemsize)
    return (z.transpose(1, 2, 3, 0) if in_vectors(z) else np.ascontiguousarray(z)), loops


def _as(z: Array, result: Array) -> Array:
    """Return a result that stands in memory as z does, in the axes of z."""
    return result.transpose(3, 0, 1, 2) if in_vectors(z) else result
