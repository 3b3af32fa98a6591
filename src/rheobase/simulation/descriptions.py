"""What a network was told: injections, drives and recordings, as they were given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.network.currents import Current
from rheobase.network.trains import Train
from rheobase.simulation.population import Cells
from rheobase.simulation.projection import Projection, Target


@dataclass(eq=False)
class Injection:
    """A current into an input variable of some cells.

    Attributes
    ----------
    stream : str
        Names its random numbers: the population, the input, and which injection there it is.
    """

    cells: Cells
    current: Current
    to: str
    stream: str


@dataclass(eq=False)
class Drive:
    """A train to a port of some cells, each its own."""

    cells: Cells
    train: Train
    target: Target
    weight: float | NDArray[np.float64]
    stream: str


@dataclass(eq=False)
class Recording:
    """Variables of some cells, sampled every so many steps.

    Attributes
    ----------
    name : str
        The entry in `result.traces`.
    """

    name: str
    cells: Cells
    every_steps: int
    variables: list[str] = field(default_factory=list)

    def same(self, cells: Cells, every_steps: int) -> bool:
        """Return whether other variables may be sampled along with these."""
        return self.every_steps == every_steps and same_cells(self.cells, cells)


def same_cells(one: Cells, other: Cells) -> bool:
    """Return whether two views show the same cells in the same order."""
    return one.population is other.population and np.array_equal(one.indices, other.indices)


def cells_key(cells: Cells) -> tuple[Any, ...]:
    """Return what tells cells apart, for a dictionary."""
    if cells._where is None:
        return (cells.name, cells.size)
    return (cells.name, cells.size, cells.indices.tobytes())


def connection_key(made: Projection) -> tuple[Any, ...]:
    """Return what tells connections apart that one may have meant to make once."""
    synapse = getattr(made, "synapse", None)
    cells = cells_key(made.source), cells_key(made.sink)
    return (*cells, str(made.rule), made.to, made.of, synapse is not None and repr(synapse))
