"""Synapses that are drawn anew at every spike instead of being stored: `storage="procedural"`.

They are the synapses that would be stored, bit for bit. It needs rows that can be drawn each by
itself, and weights and delays that are one value or drawn from a distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rheobase.connectivity.recipe import row_recipe
from rheobase.connectivity.ruletable import drawn_by_row
from rheobase.engine.plan import RowRecipe
from rheobase.errors import InternalError, WiringError
from rheobase.language.model import Model
from rheobase.lowering import Program, lower
from rheobase.lowering.program import Port
from rheobase.network.distributions import Distribution
from rheobase.network.rules import FixedTotal, Rule
from rheobase.network.synapse_values import delay_steps
from rheobase.rendering import effective_weights
from rheobase.rendering.primitives import has_numba
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Projection
from rheobase.simulation.synapses import NO_SYNAPSES, Given, Synapses, is_array, is_single
from rheobase.simulation.values import CellValues

STORED = 'leave storage= away, or write storage="stored"'
_CAN = (
    "all_to_all, one_to_one, ring, fixed_probability, fixed_outdegree, or fixed_total with "
    "multapses"
)


def check_storage(storage: Any, synapse: Any, of: str | None, rule: Rule, weight: Any, delay: Any,
                  call: str) -> None:  # fmt: skip
    """Refuse a storage there is not, and synapses that cannot be drawn anew at every spike.

    Raises
    ------
    WiringError
        With what stands in the way: the synapse, the rule, the weight or the delay.
    """
    if storage == "stored":
        return
    if storage != "procedural":
        raise WiringError(
            f"{call}: there is no storage {storage!r}",
            expected='"stored", or "procedural": drawn anew at every spike',
            mend='write storage="procedural"',
        )
    if getattr(synapse, "kind", "receptor") != "receptor":
        _refuse(call, "synapses with variables of their own are stored")
    if of is not None:
        _refuse(call, "a continuous connection is stored")
    if not drawn_by_row(rule):
        name = f"{rule.name} without multapses" if isinstance(rule, FixedTotal) else rule.name
        _refuse(call, f"rows of {name} cannot be drawn each by itself",
                f"one of the rules {_CAN}")  # fmt: skip
    _check_value(weight, "the weight", "weight", call)
    if delay is not None:
        _check_value(delay, "the delay", "delay", call)


def _check_value(given: Any, what: str, argument: str, call: str) -> None:
    if is_single(given) or isinstance(given, Distribution):
        return
    kind = "an array" if is_array(given) else "a text"
    unit = "ms" if argument == "delay" else "pA"
    raise WiringError(
        f'{call}: {what} is {kind}, and storage="procedural" draws synapses anew at every spike',
        expected="one value, or a distribution of rb.random",
        mend=f"write {argument}=rb.random.normal(1.5*{unit}, 0.5*{unit}, low=0.1*{unit}); or "
        f"{STORED}",
    )


def _refuse(call: str, why: str, expected: str = "") -> None:
    raise WiringError(f'{call}: storage="procedural": {why}', expected=expected, mend=STORED)


def check_port(sink: Cells, port: str, call: str) -> None:
    """Refuse inputs whose statements run spike by spike, or that change several variables."""
    values = sink.population._cell_values
    assert isinstance(sink.model, Model) and values is not None
    _check_entry(lower(sink.model, values.per_cell).ports[port], port, call)


def _check_entry(entry: Port, port: str, call: str) -> None:
    if entry.event:
        _refuse(call, f"the statements of {port!r} run spike by spike, and such synapses are "
                "stored", "an input that adds: x += weight")  # fmt: skip
    if len(entry.weigh) > 1:
        _refuse(call, f"{port!r} adds to several variables, {', '.join(entry.weigh)}",
                "an input that adds to one")  # fmt: skip


def recipe_of(projection: Projection, program: Program, values: CellValues) -> RowRecipe | None:
    """Return how the engine draws a row; None where synapses are to be stored.

    That is also where there is no numba, and where a value drawn is refused: storing them says why.
    """
    if projection.storage != "procedural" or not has_numba():
        return None
    call = f"net.connect({projection.source.name}, {projection.sink.name}, ...)"
    entry = program.ports[projection.to]
    _check_entry(entry, projection.to, call)
    drawn = projection._drawn
    single = drawn.dtype == "float32" and drawn.one_weight() is None
    with drawn.named():
        drawing = drawn.drawing()
        if 0 in drawing.shape:
            return None
        made = row_recipe(
            projection.rule, drawing, projection.source.population.size, drawn.origin("rule"),
            _weight(projection, program, values, call), drawn.origin("weight"), _delay(drawn),
            drawn.origin("delay"), drawn.dt, single, drawn.cores,
        )  # fmt: skip
    if made is None:
        return None
    drawn.tell_count(made.count)
    return RowRecipe(made.function, made.table, made.longest_row, made.shortest_delay,
                     made.longest_delay, made)  # fmt: skip


def _weight(projection: Projection, program: Program, values: CellValues,
            call: str) -> float | Distribution:  # fmt: skip
    """Return what is added to the variable of the port: one value, or what it is drawn from."""
    entry = program.ports[projection.to]
    (variable,) = entry.weigh
    one = projection._drawn.one_weight()
    given = projection._drawn.weight
    if variable in entry.identity:
        return given if one is None else one
    parameters: dict[str, Any] = {
        k: v for k, v in values.parameters.items() if k in entry.weigh[variable].reads()
    }
    if one is None or any(isinstance(v, np.ndarray) for v in parameters.values()):
        _refuse(call, f"{projection.to!r} does not add the weight itself, and what it adds "
                "differs between synapses",
                "one weight, or an input that adds it: x += weight")  # fmt: skip
    parameters |= {"N": float(values.size), "dt": values.clock.dt}
    return float(effective_weights(program, projection.to, variable, one, parameters))


def _delay(drawn: Synapses) -> int | Distribution:
    given = drawn.delay.values if isinstance(drawn.delay, Given) else drawn.delay
    if given is None:
        return 1
    if isinstance(given, Distribution):
        return given
    if isinstance(given, int):
        return given
    steps = delay_steps(given, drawn.dt, NO_SYNAPSES, drawn.origin("delay").random)
    if not isinstance(steps, int):
        raise InternalError("delays that differ reached a recipe of rows")
    return steps
