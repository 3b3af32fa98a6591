"""Parameters of the equations as numbers that can be trained.

A positive parameter, such as a time constant, is trained by its logarithm, so that it stays
positive: p = p0 exp(theta). Any other by what is added to it, in the unit it is written in:
p = p0 + theta*unit. Training begins at theta = 0, one number for each unit of the layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UnknownNameError, UserError, did_you_mean
from rheobase.simulation.values import CellValues
from rheobase.units import Unit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """One parameter of the equations that is trained.

    Attributes
    ----------
    name
        In the model.
    start
        Its value before training, SI, one a unit.
    unit
        The unit it is written in.
    logarithmic
        Whether theta is the logarithm of the ratio to the start.
    """

    name: str
    start: Floats
    unit: Unit
    logarithmic: bool

    @property
    def key(self) -> str:
        """The name of theta among the parameters of the layer."""
        return f"log_{self.name}" if self.logarithmic else f"shift_{self.name}"

    def value(self, theta: Floats) -> Floats:
        """Return the parameter, SI."""
        if self.logarithmic:
            return np.asarray(self.start * np.exp(theta), float)
        return np.asarray(self.start + theta * self.unit.scale, float)

    def bar(self, theta: Floats, bar: Floats) -> Floats:
        """Return d loss/d theta from d loss/d the parameter."""
        return bar * (self.value(theta) if self.logarithmic else self.unit.scale)


def find_trained(values: CellValues, names: tuple[str, ...]) -> tuple[Trained, ...]:
    """Return what is to be trained, and give it a value for each unit.

    Raises
    ------
    UnknownNameError
        The model has no parameter of that name.
    UserError
        It is no parameter that stays fixed during a run.
    """
    found = []
    for name in names:
        parameters = [n for n, kind in values.kinds.items() if kind == "parameter"]
        if name not in values.kinds:
            meant = did_you_mean(name, parameters)
            raise UnknownNameError(
                f"nn.Spiking: {values.model.name} has no parameter {name!r} to train"
                + (f"; did you mean {meant}?" if meant else ""),
                mend="there are: " + ", ".join(parameters),
            )
        if name not in parameters:
            raise UserError(
                f"nn.Spiking: {name} of {values.model.name} is no fixed parameter but changes "
                "during a run: it cannot be trained",
                mend="there are: " + ", ".join(parameters),
            )
        start = np.array(np.broadcast_to(values.read(name), values.size), float)
        values.parameters[name] = start
        found.append(Trained(name, start, values.unit(name), bool(np.all(start > 0))))
    return tuple(found)
