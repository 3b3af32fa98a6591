"""The reverse of what is computed once, with NumPy: from prepared numbers back to parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from rheobase.lowering.adjoint_blocks import GIVEN, reverse_block
from rheobase.lowering.program import Block, Node, Program
from rheobase.rendering.interpreter import evaluate


def reverse_prepare(program: Program, parameters: Mapping[str, Any], dt: float, start: float,
                    bars: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
    """Return the derivatives of a loss by parameters, given those by prepared values.

    Parameters
    ----------
    program
        A forward program.
    parameters
        As for `rheobase.rendering.prepare`: SI; numbers, or arrays with a value a cell.
    dt, start
        The step and the time of the beginning, s.
    bars
        d loss/d value for prepared numbers and arrays, by the names of `program.numbers` and
        `program.arrays`: a number, or an array with a value a cell. An array for a shared
        number gives each cell's part of the derivative.

    Returns
    -------
    dict
        d loss/d parameter, in SI units, for the parameters that have influence. Those that are
        one number while others have a value a cell get each cell's part; sum it.
    """
    given = {GIVEN + name: bar for name, bar in bars.items()}
    block = _reversed(program.prepare, frozenset(bars), frozenset(parameters))
    names = {**parameters, "dt": dt, "start": start, **given}
    return _evaluated(block, names)


def reverse_weigh(program: Program, port: str, variable: str, weights: Any,
                  parameters: Mapping[str, Any], bars: Any) -> dict[str, Any]:  # fmt: skip
    """Return the derivatives of a loss by weights and parameters, given those by effective weights.

    Parameters
    ----------
    program, port, variable, weights, parameters
        As for `rheobase.rendering.effective_weights`.
    bars
        d loss/d effective weight, of the shape of the weights.

    Returns
    -------
    dict
        "weight": d loss/d weight; and d loss/d parameter for parameters that have influence, a
        value for each synapse.
    """
    entry = program.ports[port]
    if variable in entry.identity:
        return {"weight": bars}
    block = _reversed(entry.weigh[variable], frozenset({variable}),
                      frozenset(parameters) | {"weight"})  # fmt: skip
    return _evaluated(block, {**parameters, "weight": weights, GIVEN + variable: bars})


@lru_cache(maxsize=256)
def _reversed(block: Block, given: frozenset[str], wanted: frozenset[str]) -> Block:
    return reverse_block(block, given, wanted)


def _evaluated(block: Block, names: Mapping[str, Any]) -> dict[str, Any]:
    def leaf(node: Node) -> Any:
        value = names[str(node.payload)]
        return np.asarray(value, float) if np.ndim(value) else np.float64(value)

    values = evaluate(block, leaf)
    return {w.target.removeprefix(GIVEN): values[w.node] for w in block.writes}
