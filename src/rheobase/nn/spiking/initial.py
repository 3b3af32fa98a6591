"""How strong a weight must be: measured on the model itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rheobase.errors import UserError
from rheobase.language.expressions import Compare, names_in

if TYPE_CHECKING:
    from rheobase.nn.spiking.layer import Spiking

STEPS = 300
SMALL = 1e-3


def weight_of_threshold(layer: Spiking) -> float:
    """Return the weight whose arrival, alone, would take a unit from rest to threshold.

    One arrival of a small weight is run through the model, and what it changes in the state is
    scaled up: exact for linear models, a guess at the right size for the others. For a model
    without a threshold it is the weight that changes the state by 1 of its written unit.

    Raises
    ------
    UserError
        The state does not react, or the threshold is no comparison: `weight_std` has to say.
    """
    cells = layer.cells()
    responses, state = [], _state(layer)
    for size in (0.0, SMALL):
        course = layer.course(cells, 1, STEPS, connected=False)
        weights = np.full((1, layer.units), size)
        effective = layer.target.effective(cells.program, weights, cells.parameters)
        last = STEPS if layer.target.is_input else 1
        for variable, arriving in zip(layer.target.variables, effective, strict=True):
            course.arriving[variable][:last] = arriving
        course.forward()
        responses.append(course.kept[state].copy())
    peak = float(np.abs(responses[1] - responses[0]).max(axis=0).mean()) / SMALL
    if not (np.isfinite(peak) and peak > 0):
        raise _unknown(layer, f"what arrives does not change {state}")
    return _distance(layer) / peak


def _state(layer: Spiking) -> str:
    """Return the state whose response counts: the one the threshold looks at."""
    condition = layer.model.threshold
    names = set() if condition is None else names_in(condition)
    return next((e.name for e in layer.model.differential if e.name in names), layer.of)


def _distance(layer: Spiking) -> float:
    """Return how far the threshold is from the initial state, SI."""
    condition = layer.model.threshold
    if condition is None:
        return layer.model.unit_of(layer.of).scale
    if not isinstance(condition, Compare):
        raise _unknown(layer, "the threshold is no comparison")
    sides = [layer._values.evaluate_expression(e) for e in (condition.left, condition.right)]
    gap = float(np.mean(np.abs(np.asarray(sides[0]) - np.asarray(sides[1]))))
    if not (np.isfinite(gap) and gap > 0):
        raise _unknown(layer, "the cells begin at their threshold")
    return gap


def _unknown(layer: Spiking, why: str) -> UserError:
    return UserError(
        f"nn.Spiking: how strong the weights of {layer.model.name} should be at first cannot be "
        f"measured: {why}",
        mend=f"say it: nn.Spiking(..., weight_std=1.0), in {layer.weight_unit.text}, times "
        "sqrt(inputs)",
    )
