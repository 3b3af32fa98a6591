"""Where a cell spikes, and above which voltage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import EquationError, WiringError
from rheobase.language.definitions import Source
from rheobase.language.dimension_check import check_dimension
from rheobase.language.evaluating import evaluate
from rheobase.language.expressions import Compare, Name, names_in
from rheobase.language.names import check_names
from rheobase.language.parsing import parse_expression
from rheobase.morphology import Compartments
from rheobase.units import UNITS

if TYPE_CHECKING:
    from rheobase.cables.cell import Cell

NEVER = float("inf")
_EXAMPLE = 'spikes=("soma", "v > -20*mV")'


@dataclass(frozen=True)
class Site:
    """The node whose voltage is compared with a threshold [V]; infinite where it never is."""

    node: int
    threshold: float

    def told(self, compartments: Compartments) -> str:
        """Return it as a sentence."""
        if self.threshold == NEVER:
            return "never spikes"
        region = compartments.regions[compartments.region[self.node]]
        return (
            f"spikes where v of {region}, {compartments.path[self.node] * 1e6:.4g} um from "
            f"{compartments.morphology.path_origin}, rises above {self.threshold * 1e3:g} mV"
        )


def read_site(given: Any, cell: Cell) -> Site:
    """Return where and when a cell spikes.

    Raises
    ------
    WiringError, EquationError, UnitError, UserError
        It is no place with a condition, or there is no such place.
    """
    if given is None:
        return Site(_usual(cell.compartments), NEVER)
    if isinstance(given, str):
        return Site(_usual(cell.compartments), threshold_of(given))
    if not (isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[1], str)):
        raise WiringError(
            "Cell: spikes is a condition, or a place and a condition",
            given=repr(given),
            mend=f"write {_EXAMPLE}",
        )
    place, text = given
    at = cell.compartments.at
    nodes = at(**place) if isinstance(place, Mapping) else at(place)
    if nodes.size > 1 and not isinstance(place, Mapping):
        raise WiringError(
            f"Cell: spikes: {place!r} is {nodes.size} compartments, and spikes are looked for in "
            "one",
            mend=f'write spikes=(dict(region="{place}", fraction=0.0), "{text}"), or path=50*um',
        )
    if nodes.size != 1:
        raise WiringError(
            f"Cell: spikes: the place is {nodes.size} compartments, and spikes are looked for in "
            "one",
            mend='write spikes=(dict(section=0, fraction=0.5), "v > -20*mV")',
        )
    return Site(int(nodes[0]), threshold_of(text))


def _usual(compartments: Compartments) -> int:
    """Return the middle of the soma; the beginning of the first section where there is none."""
    if "soma" in compartments.regions:
        return int(compartments.at("soma")[0])
    return int(np.asarray(compartments.at(section=0, fraction=0.0))[0])


def threshold_of(text: str, label: str = "Cell: spikes", example: str = _EXAMPLE) -> float:
    """Return the voltage of a condition such as "v > -20*mV".

    Raises
    ------
    EquationError, UnitError
        It is no such condition.
    """
    source = Source(text)
    expression = parse_expression(text, what=label)
    if isinstance(expression, Compare) and expression.operator in ("<", "<="):
        swapped = {"<": ">", "<=": ">="}[expression.operator]
        expression = Compare(swapped, expression.right, expression.left, expression.span)
    fits = isinstance(expression, Compare) and expression.operator in (">", ">=")
    if not fits or not isinstance(expression, Compare) or expression.left != Name("v"):
        raise EquationError(
            f"{label}: the condition compares v with a voltage",
            given=text,
            mend=f"write {example}",
        )
    volt = UNITS["mV"]
    check_names(expression, ["v"], source=source, label=label)
    if "v" in names_in(expression.right):
        raise EquationError(
            f"{label}: the condition compares v with a voltage",
            given=text,
            mend=f"write {example}",
        )
    check_dimension(expression.right, {}, volt, text=text, what=label)
    return float(evaluate(expression.right, {}))
