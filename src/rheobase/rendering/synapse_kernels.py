"""The kernels of a synapse: compiled, or run by NumPy, which defines them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import InternalError
from rheobase.lowering.program import Block, Node
from rheobase.lowering.synapse_program import POWERS, Coupled, SynapseProgram
from rheobase.rendering.interpreter import evaluate, propagate
from rheobase.rendering.synapse_source import source_of_synapse

Floats: TypeAlias = NDArray[np.float64]
Where: TypeAlias = Mapping[str, Any]


class CompiledSynapse:
    """Addresses of the compiled events of a synapse.

    Both are C functions `void(table, numbers, where, begin, count, step, 0)` of int64: `on_pre`
    with `where` the slice and begin, count its synapses; `on_post` with `where` the cell and begin,
    count its synapses in the column index. `table` is the address of the addresses of `FIXED`
    and then of the program's arrays.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program: SynapseProgram) -> None:
        from rheobase.rendering.cache import functions_from_source

        self.program = program
        module = functions_from_source(self.source, f"synapse_{_identifier(program.name)}")
        self.on_pre_address = int(module.on_pre_at.address)
        self.on_post_address = int(module.on_post_at.address) if program.has_post else 0
        self.on_reward_address = int(module.on_reward_at.address) if program.on_reward.writes else 0

    @cached_property
    def source(self) -> str:
        """The generated module."""
        return source_of_synapse(self.program)


def _identifier(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)


class InterpretedSynapse:
    """The events of a synapse, run by the interpreter.

    Parameters
    ----------
    program
        The program; its text is the definition of what these methods do.
    """

    def __init__(self, program: SynapseProgram) -> None:
        self.program = program
        self._number = {name: k for k, name in enumerate(program.numbers)}
        self._coupled = {g.name: g for g in program.coupled}

    def on_pre(self, arrays: Mapping[str, Floats], numbers: Floats, where: int, synapses: slice,
               targets: NDArray[Any], step: int) -> dict[str, Floats]:  # fmt: skip
        """Let a spike arrive at a slice.

        Parameters
        ----------
        arrays
            By name; those of domain "sum" have one entry a cell.
        where
            The slice.
        synapses
            Its synapses in the order of storage.
        targets
            The cell of each of them.
        step
            The present step.

        Returns
        -------
        dict
            What is delivered to a port that runs event by event, by "delivered".
        """
        index: Where = {"row": where, "synapse": synapses, "target": targets, "cell": targets}
        delivered: dict[str, Floats] = {}
        program = self.program
        count = synapses.stop - synapses.start
        values = self._evaluate(program.on_pre, arrays, numbers, index, step)
        for write in program.on_pre.writes:
            value, domain = values[write.node], program.array(write.target).domain
            if domain == "sum":
                np.add.at(arrays[write.target], targets, value)
            elif domain == "event":
                delivered[write.target] = np.array(np.broadcast_to(value, count))
            else:
                arrays[write.target][synapses] = value
        self._once(program.after_pre, arrays, numbers, index, step, where)
        return delivered

    def on_post(self, arrays: Mapping[str, Floats], numbers: Floats, where: int,
                positions: NDArray[Any], slices: NDArray[Any], step: int) -> None:  # fmt: skip
        """Let a cell spike: its synapses are at `positions` of the storage, in these slices."""
        index: Where = {"row": slices, "synapse": positions, "target": where, "cell": where}
        program = self.program
        values = self._evaluate(program.on_post, arrays, numbers, index, step)
        for write in program.on_post.writes:
            place = index[program.array(write.target).domain]
            arrays[write.target][place] = values[write.node]
        self._once(program.after_post, arrays, numbers, index, step, where)

    def on_reward(self, arrays: Mapping[str, Floats], numbers: Floats, where: int,
                  synapses: slice, targets: NDArray[Any], step: int,
                  reward: float) -> None:  # fmt: skip
        """Let a reward come to a slice; arguments as those of `on_pre`."""
        index: Where = {"row": where, "synapse": synapses, "target": targets, "cell": targets}
        block = self.program.on_reward
        values = self._evaluate(block, arrays, numbers, index, step, reward)
        for write in block.writes:
            arrays[write.target][synapses] = values[write.node]

    def reward_all(self, arrays: Mapping[str, Floats], numbers: Floats, step: int,
                   reward: float) -> dict[str, Floats]:  # fmt: skip
        """Return what a reward makes of synapses; arrays with one value a synapse."""
        index: Where = dict.fromkeys(("row", "synapse", "target", "cell"), slice(None))
        values = self._evaluate(self.program.on_reward, arrays, numbers, index, step, reward)
        return {w.target: values[w.node] for w in self.program.on_reward.writes}

    def now(self, arrays: Mapping[str, Floats], numbers: Floats, step: int) -> dict[str, Floats]:
        """Return the variables with equations at a step; arrays with one value a synapse."""
        whole = slice(None)
        index: Where = dict.fromkeys(("row", "synapse", "target", "cell"), whole)
        values = self._evaluate(self.program.now, arrays, numbers, index, step)
        return {w.target: values[w.node] for w in self.program.now.writes}

    def _once(self, block: Block, arrays: Mapping[str, Floats], numbers: Floats, index: Where,
              step: int, where: int) -> None:  # fmt: skip
        if block.writes:
            values = self._evaluate(block, arrays, numbers, index, step)
            for write in block.writes:
                arrays[write.target][where] = values[write.node]

    def _evaluate(self, block: Block, arrays: Mapping[str, Floats], numbers: Floats, index: Where,
                  step: int, reward: float = 0.0) -> list[Any]:  # fmt: skip
        if not block.writes:
            return []
        computed: list[Any] = []

        def leaf(node: Node) -> Any:
            if node.operation == "number":
                return numbers[self._number[str(node.payload)]]
            if node.operation == "element":
                name = str(node.payload)
                # a copy: what is written must not change what was read
                return np.array(arrays[name][index[self.program.array(name).domain]])[()]
            if node.operation == "scalar":
                return np.float64(reward if node.payload == "reward" else step)
            if node.operation == "advance":
                operands = [computed[o] for o in node.operands]
                return self._advance(str(node.payload[0]), operands, numbers)
            if node.operation == "component":
                return computed[node.operands[0]][int(node.payload[0])]
            raise InternalError(f"no {node.operation!r} in a synapse")

        return evaluate(block, leaf, computed)

    def _advance(self, name: str, operands: list[Any], numbers: Floats) -> list[Any]:
        """Integrate coupled variables over as many steps as the first operand says."""
        from rheobase.rendering.synapse_source import first_power

        group = self._coupled[name]
        n, place = len(group.variables), first_power(self.program, group)
        steps = np.asarray(operands[0]).astype(np.int64)
        values = [np.asarray(v, np.float64) for v in operands[1:]]
        while np.any(steps > 0):
            odd = (steps & 1) == 1
            new = []
            for i in range(n):
                row = numbers[place + i * (n + 1) : place + (i + 1) * (n + 1)]
                total = row[0] * values[0]
                for j in range(1, n):
                    total = total + row[j] * values[j]
                new.append(np.where(odd, total + row[n], values[i]))
            values = new
            steps = steps >> 1
            place += group.width
        return [v[()] for v in values]


def prepare_synapse(program: SynapseProgram, parameters: Mapping[str, float], dt: float,
                    start: float) -> Floats:  # fmt: skip
    """Turn the shared parameters (SI) and dt into the numbers of a synapse; nothing is compiled.

    Parameters
    ----------
    parameters
        Those of the synapse by name, and those of the cell that are shared, as `E_L_post`.
    """
    fixed = {"dt": dt, "start": start}

    def leaf(node: Node) -> Any:
        name = str(node.payload)
        return np.float64(fixed[name] if name in fixed else parameters[name])

    values = evaluate(program.prepare, leaf)
    by_name = {w.target: float(values[w.node]) for w in program.prepare.writes}
    found = [by_name[name] for name in program.numbers]
    for group in program.coupled:
        found += _powers(group, by_name)
    return np.array(found or [0.0])


def _powers(group: Coupled, numbers: Mapping[str, float]) -> list[float]:
    """Return exp(A dt) with what the constant parts add in a step, and its squares."""
    n = len(group.variables)
    entries = [
        numbers[group.matrix[a, b]] if (a, b) in group.matrix else 0.0
        for a in group.variables for b in group.variables
    ]  # fmt: skip
    p, q = propagate(n, entries, 1.0)
    rest = np.array([numbers[group.rest[a]] if a in group.rest else 0.0 for a in group.variables])
    whole = np.eye(n + 1)
    whole[:n, :n], whole[:n, n] = p, q @ rest
    found: list[float] = []
    with np.errstate(all="ignore"):
        for _ in range(POWERS):
            found += whole[:n].ravel().tolist()
            whole = whole @ whole
    return found
