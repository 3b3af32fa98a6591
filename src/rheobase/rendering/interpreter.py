"""The definition: a program run with NumPy, node by node.

Whatever a program means, it means what this module computes. The numba source of the same
program gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import InternalError
from rheobase.lowering.program import Block, Node, Program
from rheobase.rendering.functions import namespace_numpy
from rheobase.rendering.refining import Draws

Array: TypeAlias = NDArray[Any]
Leaf: TypeAlias = Callable[[Node], Any]

_INFIX: dict[str, Callable[..., Any]] = {
    "neg": np.negative, "add": np.add, "sub": np.subtract, "mul": np.multiply,
    "div": np.divide, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal, "and": np.logical_and,
    "or": np.logical_or, "not": np.logical_not, "select": np.where,
}  # fmt: skip


def propagate(size: int, entries: list[Any], dt: Any) -> tuple[Array, Array]:
    """Return exp(A*dt) and the integral of exp(A*s) over the step.

    Parameters
    ----------
    size
        Number n of coupled equations.
    entries
        The n*n entries of A*dt, row by row: numbers, or arrays with a value a cell.
    dt
        The step, s.

    Returns
    -------
    (ndarray, ndarray)
        P and Q of shape (..., n, n); both by the exponential of [[A*dt, 1], [0, 0]].
    """
    from scipy.linalg import expm

    parts = np.broadcast_arrays(*entries)
    matrix = np.stack(parts, axis=-1).reshape(*parts[0].shape, size, size)
    whole = np.zeros((*parts[0].shape, 2 * size, 2 * size))
    whole[..., :size, :size] = matrix
    whole[..., :size, size:] = np.eye(size)
    result = np.asarray(expm(whole))
    return result[..., :size, :size], result[..., :size, size:] * dt


def propagate_back(size: int, entries: list[Any], dt: Any, bars: list[Any]) -> Array:
    """Return the bars of the entries of A*dt, given those of P and Q of `propagate`.

    With E = [[A*dt, 1], [0, 0]] and F the bar of exp(E), the bar of E is the Frechet derivative of
    the exponential at E' in the direction F: the upper right block of exp([[E', F], [0, E']])
    (N. J. Higham, Functions of Matrices, SIAM 2008, section 10.6).

    Parameters
    ----------
    size, entries, dt
        As those of `propagate`.
    bars
        The n*n bars of P, then those of Q, row by row.

    Returns
    -------
    ndarray
        Of shape (..., n, n).
    """
    from scipy.linalg import expm

    parts = np.broadcast_arrays(*entries, *bars, dt)
    shape, count = parts[0].shape, size * size

    def square(items: Sequence[Any]) -> Array:
        return np.stack(items, axis=-1).reshape(*shape, size, size)

    turned, bar = np.zeros((2, *shape, 2 * size, 2 * size))
    turned[..., :size, :size] = np.swapaxes(square(parts[:count]), -1, -2)
    turned[..., size:, :size] = np.eye(size)
    bar[..., :size, :size] = square(parts[count : 2 * count])
    bar[..., :size, size:] = square(parts[2 * count : 3 * count]) * parts[-1][..., None, None]
    whole = np.zeros((*shape, 4 * size, 4 * size))
    whole[..., : 2 * size, : 2 * size] = whole[..., 2 * size :, 2 * size :] = turned
    # the exponential of a small direction: the method would scale for a large one, and lose digits
    largest = np.maximum(np.abs(bar).max(axis=(-1, -2), keepdims=True), 1e-300)
    whole[..., : 2 * size, 2 * size :] = bar / largest
    result = np.asarray(expm(whole))[..., :size, 2 * size : 3 * size]
    return np.asarray(result * largest)


def evaluate(block: Block, leaf: Leaf, values: list[Any] | None = None) -> list[Any]:
    """Compute every node of a block; `leaf` supplies what is read from outside.

    A list that is given is filled node by node, so that `leaf` can look up what was computed.
    """
    functions = namespace_numpy()
    values = [] if values is None else values
    with np.errstate(all="ignore"):
        for node in block.nodes:
            operands = [values[o] for o in node.operands]
            if node.operation == "constant":
                values.append(node.payload)
            elif node.operation in _INFIX:
                values.append(_INFIX[node.operation](*operands))
            elif node.operation == "fma":
                values.append(functions["fma"](*operands))
            elif node.operation == "call":
                values.append(functions[str(node.payload)](*operands))
            elif node.operation == "mask":
                spike, bad = (np.asarray(o, np.uint8) for o in operands)
                values.append(spike | (bad << np.uint8(1)))
            elif node.operation == "flag":
                values.append(np.asarray(operands[0], np.uint8) << np.uint8(1))
            elif node.operation == "propagator":
                values.append(propagate(int(node.payload[0]), operands[:-1], operands[-1]))
            elif node.operation == "entry":
                which, i, j = node.payload
                matrices = operands[0]
                matrix = matrices if which == "A" else matrices["PQ".index(str(which))]
                values.append(matrix[..., i, j])
            elif node.operation == "frechet":
                size = int(node.payload[0])
                count = size * size
                values.append(
                    propagate_back(size, operands[:count], operands[count], operands[count + 1 :])
                )
            else:
                values.append(leaf(node))
    return values


class InterpreterKernels:
    """The kernels of a program, run by the interpreter.

    Parameters
    ----------
    program
        The program; its text is the definition of what these methods do.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.draws = Draws()
        self._number = {name: k for k, name in enumerate(program.numbers)}
        self._stream = {d.array: k + 1 for k, d in enumerate(program.draws)}
        self._laws = {d.array: d for d in program.draws}
        self._roles = {a.name: a.role for a in program.arrays}

    def update(self, arrays: dict[str, Array], numbers: Array, lo: int, hi: int,
               step: int) -> None:  # fmt: skip
        """Integrate cells lo..hi over step `step`, and write the mask of spikes."""
        self._fill_draws(arrays, lo, hi, step)
        self._map(self.program.update, arrays, numbers, slice(lo, hi), step)

    def on_spike(self, arrays: dict[str, Array], numbers: Array, ids: Array, step: int) -> None:
        """Reset the cells that spiked and start their refractory period."""
        if self.program.on_spike is None or len(ids) == 0:
            return
        self._map(self.program.on_spike, arrays, numbers, np.asarray(ids), step)

    def arrive(self, port: str, arrays: dict[str, Array], numbers: Array, targets: Array,
               weights: Any, step: int) -> None:  # fmt: skip
        """Run the statements of a port for arriving events, one after another."""
        block = self.program.ports[port].block
        if block is None:
            raise InternalError(f"port {port!r} accumulates; it has no events")
        each = np.broadcast_to(np.asarray(weights, float), (len(targets),))
        held = self._held_writes(block)
        for target, weight in zip(targets, each, strict=True):
            where = slice(int(target), int(target) + 1)
            refractory = bool(held) and self._refractory(arrays, int(target), step)
            skip = held if refractory else frozenset()
            self._map(block, arrays, numbers, where, step, weight, skip)

    def anchor(self, arrays: dict[str, Array], numbers: Array, lo: int, hi: int,
               step: int) -> None:  # fmt: skip
        """Exact crossings: let cells lo..hi go on from what stands in their arrays."""
        if self.program.anchor is not None:
            self._map(self.program.anchor, arrays, numbers, slice(lo, hi), step)

    def predict(self, arrays: dict[str, Array], numbers: Array, lo: int, hi: int,
                step: int) -> None:  # fmt: skip
        """Exact crossings: find when cells lo..hi cross their threshold."""
        if self.program.predict is not None:
            self._map(self.program.predict, arrays, numbers, slice(lo, hi), step)

    def observe(self, name: str, arrays: dict[str, Array], numbers: Array, lo: int, hi: int,
                step: int) -> Array:  # fmt: skip
        """Return the values of a recorded subexpression for cells lo..hi."""
        block = self.program.observe[name]
        self._map(block, arrays, numbers, slice(lo, hi), step)
        return arrays[f"observed_{name}"][lo:hi]

    # -- one block ------------------------------------------------------------------------

    def _held_writes(self, block: Block) -> frozenset[str]:
        return frozenset(w.target for w in block.writes) & self.program.held

    def _refractory(self, arrays: dict[str, Array], cell: int, step: int) -> bool:
        if "release" in arrays:
            return bool(step < arrays["release"][cell])
        if "left" in arrays:
            return bool(arrays["left"][cell] > 0.0)
        return bool(arrays["refractory"][cell] != 0) if "refractory" in arrays else False

    def _fill_draws(self, arrays: dict[str, Array], lo: int, hi: int, step: int) -> None:
        if not self._laws:
            return
        for name, draw in self._laws.items():
            key = arrays["key"]
            arrays[name][lo:hi] = self.draws.of_site(
                draw.law, draw.site, int(key[0]), int(key[self._stream[name]]), lo, hi, step
            )

    def _map(self, block: Block, arrays: dict[str, Array], numbers: Array,
             where: slice | Array, step: int, weight: float = 0.0,
             skip: frozenset[str] = frozenset()) -> None:  # fmt: skip
        def leaf(node: Node) -> Any:
            if node.operation == "number":
                return numbers[self._number[str(node.payload)]]
            if node.operation == "element":
                return arrays[str(node.payload)][where]
            if node.operation == "draw":
                return arrays[str(node.payload[0])][where]
            return self._scalar(str(node.payload), where, step, weight)

        values = evaluate(block, leaf)
        for write in block.writes:
            if write.target in skip:
                continue
            target, value = arrays[write.target], values[write.node]
            if self._roles[write.target] == "release" and block.kind == "on-event":
                steps = np.broadcast_to(value, target[where].shape).astype(np.int64)
                value = np.where(steps > 0, step + 1 + steps, target[where])
            target[where] = value

    def _scalar(self, name: str, where: slice | Array, step: int, weight: float) -> Any:
        if name == "step":
            return np.int64(step)
        if name == "step_number":
            return np.float64(step)
        if name == "zero":
            return np.uint8(0)
        if name == "weight":
            return np.float64(weight)
        if name == "i":
            if isinstance(where, slice):
                return np.arange(where.start, where.stop, dtype=float)
            return where.astype(float)
        raise InternalError(f"no scalar {name!r}")


def prepare_values(program: Program, parameters: Mapping[str, Any], dt: float, start: float,
                   ) -> dict[str, Any]:  # fmt: skip
    """Compute everything the prepare block of a program writes."""
    return values_of_prepare(program.prepare, parameters, dt, start)


def values_of_prepare(prepare: Block, parameters: Mapping[str, Any], dt: float, start: float,
                      ) -> dict[str, Any]:  # fmt: skip
    """Compute everything a prepare block writes."""

    def leaf(node: Node) -> Any:
        name = str(node.payload)
        fixed = {"dt": dt, "start": start}
        value = fixed[name] if name in fixed else parameters[name]
        return np.asarray(value, float) if np.ndim(value) else np.float64(value)

    values = evaluate(prepare, leaf)
    return {w.target: values[w.node] for w in prepare.writes}


def weigh(block: Block, weights: Any, parameters: Mapping[str, Any]) -> Any:
    """Compute f(weight, parameters) of a summed statement."""

    def leaf(node: Node) -> Any:
        if node.operation == "scalar":
            return weights
        return parameters[str(node.payload)]

    return evaluate(block, leaf)[block.writes[0].node]
