"""Reverses of programs, made once each; derivatives by prepared numbers turned into parameters'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rheobase.gradients.cells import Cells
from rheobase.gradients.preparing import Again
from rheobase.lowering.adjoint import Reverse, reverse
from rheobase.lowering.adjoint_blocks import GIVEN, reverse_block
from rheobase.lowering.program import Array, Level, Node, Program, Write
from rheobase.lowering.surrogates import Surrogate
from rheobase.rendering.reverses import reverse_weigh

if TYPE_CHECKING:
    from rheobase.gradients.links import Drive, Link

Reset = Literal["detached", "through"]


def reversed_program(program: Program, surrogate: Surrogate | None, reset: Reset,
                     with_respect_to: frozenset[str]) -> Reverse:  # fmt: skip
    """Return the reverse of a step; the same program and wishes give the same object."""
    inputs = frozenset(a.name for a in program.arrays if a.role == "input")
    key = (id(program), surrogate, reset, with_respect_to)
    if key not in _made:
        found = reverse(program, surrogate=surrogate or Surrogate(), reset=reset,
                        with_respect_to=with_respect_to, inputs=inputs)  # fmt: skip
        name = found.program.name.replace(" ", "_")
        found = replace(found, program=replace(found.program, name=name))
        _made[key] = (program, found)  # the program is kept, so that its id is not used again
    return _made[key][1]


_made: dict[Any, tuple[Program, Reverse]] = {}


def reversed_reading(program: Program, name: str, with_respect_to: frozenset[str]) -> Reverse:
    """Return the reverse of reading a subexpression r: bar(x) += dr/dx bar(r) for every state x.

    It is that of a step in which all states stay as they are, and a state of its own becomes r.
    """
    block = program.observe[name]
    nodes = list(block.nodes)
    writes = [w for w in block.writes if w.target == f"observed_{name}"]
    for state in program.states:
        nodes.append(Node("element", (), state, level=Level.ELEMENT, hint=state))
        writes.append(Write(state, len(nodes) - 1))
    arrays = tuple(Array(a.name, "state") if a.name == f"observed_{name}" else a
                   for a in program.arrays)  # fmt: skip
    step = replace(program, arrays=arrays, spiking=False, on_spike=None, ports={}, observe={},
                   update=replace(block, nodes=tuple(nodes), writes=tuple(writes)))  # fmt: skip
    return reversed_program(step, None, "detached", with_respect_to)


def parameter_bars(cells: Cells) -> dict[str, Any]:
    """Turn the totals of prepared numbers into derivatives by parameters.

    Returns
    -------
    dict
        By parameter, a number, or for a parameter of each cell one value a cell; SI units.
    """
    if not cells.totals:
        return {}
    shared = set(cells.program.numbers)
    bars: dict[str, Any] = {}
    for name, total in cells.totals.items():
        each = total.reshape(cells.batch, cells.size)
        bars[name] = float(each.sum()) if name in shared else each.sum(axis=0)
    if cells.back_to_parameters is None:
        block = reverse_block(cells.program.prepare, frozenset(bars), cells.with_respect_to)
        cells.back_to_parameters = Again(block)
    names = cells.known_values() | {GIVEN + name: bar for name, bar in bars.items()}
    found = cells.back_to_parameters(names)
    return {
        name.removeprefix(GIVEN): _as_given(value, cells.parameters[name.removeprefix(GIVEN)])
        for name, value in found.items()
    }


def _as_given(bar: Any, value: Any) -> Any:
    """Return a derivative in the shape of what it is by."""
    if isinstance(value, float) or np.ndim(value) == 0:
        return float(bar if isinstance(bar, float) else np.sum(bar))
    return np.array(np.broadcast_to(bar, np.shape(value)))


def weight_bars(link: Link) -> tuple[Any, dict[str, Any]]:
    """Turn derivatives by effective weights f(weight, parameters) into those by both.

    Returns
    -------
    (ndarray, dict)
        By weights, of their shape; by the parameters of the target that f reads and that are
        wanted.
    """
    cells = link.target
    entry = cells.program.ports[link.port]
    weights = np.zeros_like(link.weights)
    parameters: dict[str, Any] = {}
    for variable in entry.weigh:
        bar = link.bar_effective(variable)
        if variable in entry.identity:
            weights += bar
            continue
        found = reverse_weigh(cells.program, link.port, variable, link.weights,
                              link.parameters(), bar)  # fmt: skip
        weights += np.broadcast_to(found.pop("weight", 0.0), weights.shape)
        for name, value in found.items():
            if name not in cells.with_respect_to:
                continue
            given = cells.parameters[name]
            if np.ndim(given):
                value = _by_target(link, np.broadcast_to(value, link.weights.shape))
            else:
                value = np.sum(np.broadcast_to(value, link.weights.shape))
            parameters[name] = parameters.get(name, 0.0) + _as_given(value, given)
    return weights, parameters


def _by_target(link: Link, values: Any) -> Any:
    """Sum values of synapses onto their target cells."""
    if link.targets is None:
        return np.sum(values, axis=0)
    found = np.zeros(link.target.size)
    np.add.at(found, link.targets, values)
    return found


def drive_bars(drive: Drive) -> dict[str, Any]:
    """Return the derivatives by parameters that the effective weights of a drive depend on."""
    cells = drive.target
    found = reverse_weigh(cells.program, drive.port, drive.variable, drive.raw,
                          drive.parameters(), drive.bar_weights)  # fmt: skip
    return {
        name: _as_given(np.broadcast_to(value, drive.raw.shape), cells.parameters[name])
        for name, value in found.items()
        if name in cells.with_respect_to
    }
