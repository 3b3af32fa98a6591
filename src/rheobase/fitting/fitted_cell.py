"""A cell with a morphology as what is fitted: a stimulus and a recording at one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.cables.cell import FIXED, Cell
from rheobase.errors import UserError
from rheobase.language.definitions import Equation
from rheobase.language.model import Model
from rheobase.units import Unit, quantity

_EXAMPLE = 'at=dict(region="dendrite", fraction=0.5)'


class FittedCell:
    """What a fit asks of a model, of a cell: its inputs, variables and parameters.

    Parameters go by their name in the membranes, for all regions that know it, or behind a
    region: "dendrite.g_L".

    Parameters
    ----------
    cell : Cell
    at : str, mapping or None
        Where stimuli go and what is recorded: what `cells.at` takes; where it spikes if None.

    Raises
    ------
    UserError
        The place is not one compartment, or there is none such.
    """

    def __init__(self, cell: Cell, at: Any = None) -> None:
        self.cell, self.name = cell, cell.name
        self._place = self._read(at)
        node = self._node()
        compartments = cell.compartments
        self.patch: Model = cell.patches[compartments.regions[compartments.region[node]]]
        self.threshold, self.reset, self.initial = cell.threshold, None, "rest"
        self.time_functions: Sequence[str] = ()
        self.inputs, self.differential = self.patch.inputs, self.patch.differential
        self.subexpressions = self.patch.subexpressions

    def _read(self, at: Any) -> Mapping[str, Any] | None:
        if at is None or isinstance(at, Mapping):
            return at
        if isinstance(at, str):
            return {"region": at}
        raise UserError(
            "fit_parameters: at is a place on the cell", given=repr(at),
            mend=f'write at="soma", or {_EXAMPLE}',
        )  # fmt: skip

    def _node(self) -> int:
        if self._place is None:
            return self.cell.site.node
        nodes = self.cell.compartments.at(**self._place)
        if nodes.size != 1:
            raise UserError(
                f"fit_parameters: at is {nodes.size} compartments, and one is recorded",
                mend=f"write {_EXAMPLE}",
            )
        return int(nodes[0])

    # -- what a model has -----------------------------------------------------------------

    @property
    def parameter_equations(self) -> Sequence[Equation]:
        """The parameters of all membranes."""
        found = {e.name: e for m in self.cell.patches.values() for e in m.parameter_equations}
        return list(found.values())

    def parameter_names(self) -> list[str]:
        """Return the names of what can be fitted, those of single regions last."""
        patches = self.cell.patches
        inputs = {e.name for m in patches.values() for e in m.inputs}
        plain = [e.name for e in self.parameter_equations if e.name not in {*FIXED, *inputs}]
        return plain + [f"{region}.{name}" for region, model in patches.items() for name in plain
                        if name in model.defaults]  # fmt: skip

    def unit_of(self, name: str) -> Unit:
        """Return the unit of a variable or parameter."""
        region, _, plain = name.rpartition(".")
        models = [self.cell.patches[region]] if region else self.cell.patches.values()
        found: Unit = next(m.unit_of(plain) for m in (self.patch, *models) if plain in m.names)
        return found

    def value_of(self, name: str) -> float:
        """Return what the cell has of a parameter, in SI units: the mean over its compartments."""
        region, _, plain = name.rpartition(".")
        held, tree = self.cell.node_values(plain), self.cell.compartments
        if region:
            held = held[tree.region == tree.regions.index(region)]
        return float(np.nanmean(held))

    def __call__(self, **parameters: Any) -> Cell:
        """Return the cell with other values."""
        held = {
            k: dict(v) if isinstance(v, Mapping) else v for k, v in self.cell.parameters.items()
        }
        for name in in_order(parameters):
            region, _, plain = name.rpartition(".")
            if region:
                held[region] = {**held.pop(region, {}), plain: parameters[name]}
            else:
                held.pop(plain, None)
                held[plain] = parameters[name]
        return self.cell(parameters=held)

    # -- candidates -----------------------------------------------------------------------

    def place_on(self, cells: Any) -> Any:
        """Return the place on every cell of a population."""
        if self._place is not None:
            return cells.at(**self._place)
        tree = self.cell.compartments
        node = self.cell.site.node
        where = {"section": int(tree.section[node]), "fraction": float(tree.fraction[node])}
        return cells.at(**where)

    def set_on(self, cells: Any, name: str, values: NDArray[np.float64], unit: Unit) -> None:
        """Give every cell of a population its value of a parameter."""
        region, _, plain = name.rpartition(".")
        sites = cells.everywhere
        if region:
            sites = sites[sites.region == region]
        sites = sites[cells._cable.values.has(plain, sites.indices)]
        setattr(sites, plain, quantity(values[sites.cell], unit))


Fitted: TypeAlias = Model | FittedCell
"""What candidates are of."""


def in_order(names: Any) -> list[str]:
    """Return names of parameters as they are set: those of single regions last."""
    return sorted(names, key=lambda name: "." in name)
