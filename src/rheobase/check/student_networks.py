"""A student's network as something that receives, steps, and can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.check.students import StudentError, guarded, made, missing, number
from rheobase.errors import UserError
from rheobase.language.model import Model
from rheobase.units import UNITS

CALL = "rb.check.network"
Floats = NDArray[np.float64]

NETWORK = """\
class Network:
    def __init__(self, weights): ...     # weights[i][j] is that from neuron i to neuron j
    def receive(self, cell, weight): ... # a spike from outside arrives in this step
    def step(self, dt): ...              # all neurons; dt in seconds
    neurons = []                         # each with v and spikes"""


class StudentNetwork:
    """A student's network.

    Parameters
    ----------
    make
        Gives an object, from the matrix of weights.
    weights
        In the unit of the model.
    model
        Of its neurons.

    Raises
    ------
    UserError
        It is no such thing.
    """

    def __init__(self, make: Any, weights: Floats, model: Model) -> None:
        self.model, self.size = model, len(weights)
        self.made = made(make, CALL, weights.copy())
        for name in ("receive", "step"):
            if not callable(getattr(self.made, name, None)):
                raise _no(self.made, name)
        self.parts = self._parts()
        first, spiking = model.differential[0].name, model.threshold is not None
        for name in [first, *(["spikes"] * spiking)]:
            if not self._has(name):
                raise _no(self.made if self.parts is None else self.parts[0], name)
        self.names = tuple(e.name for e in model.differential if self._has(e.name))
        self.counted = [len(self._spikes(j)) for j in range(self.size)]

    def _parts(self) -> list[Any] | None:
        """Return the neurons, None where the network itself holds lists."""
        found = getattr(self.made, "neurons", None)
        if found is None:
            return None
        parts = list(found)
        if len({id(part) for part in parts}) < len(parts):
            raise UserError(
                f"{CALL}: several of your neurons are one and the same object",
                given=f"{len(parts)} neurons, {len({id(part) for part in parts})} objects",
                mend="[Neuron()] * n repeats one neuron; write [Neuron() for _ in weights]",
            )
        if len(parts) != self.size:
            raise UserError(
                f"{CALL}: your network has {len(parts)} neurons",
                expected=f"one for each row of the weights: {self.size}",
                mend=f"write a network like\n{NETWORK}",
            )
        return parts

    def _has(self, name: str) -> bool:
        return hasattr(self.made if self.parts is None else self.parts[0], name)

    def _of(self, name: str, cell: int) -> Any:
        if self.parts is not None:
            return getattr(self.parts[cell], name)
        try:
            return getattr(self.made, name)[cell]
        except (IndexError, TypeError, KeyError) as error:
            raise StudentError(
                f"`{name}` of your network has no entry for neuron {cell}"
            ) from error

    def _spikes(self, cell: int) -> list[Any]:
        if self.model.threshold is None:
            return []
        try:
            return list(self._of("spikes", cell))
        except TypeError as error:
            raise StudentError(f"`spikes` of neuron {cell} is no list of times") from error

    def step(self, dt: float, outside: Sequence[Sequence[tuple[str, float]]]) -> None:
        """Let what comes from outside arrive, and the network take a step."""
        for cell, arrivals in enumerate(outside):
            for port, weight in arrivals:
                value = float(self.model.receives_unit(port).from_si(weight))
                guarded(self.made.receive, f"receive({cell}, {value!r})", (cell, value))
        guarded(self.made.step, f"step({dt:g})", (dt,))

    def values(self, cell: int) -> dict[str, float]:
        """Return the states of a neuron in SI units."""
        return {
            name: number(self._of(name, cell), self.model.unit_of(name),
                         f"`{name}` of your neuron {cell}")
            for name in self.names
        }  # fmt: skip

    def new_spikes(self, cell: int) -> list[float]:
        """Return the times in seconds of the spikes a neuron had since it was asked last."""
        spikes = self._spikes(cell)
        new = [number(t, UNITS["second"], f"a spike of neuron {cell}")
               for t in spikes[self.counted[cell] :]]  # fmt: skip
        self.counted[cell] = len(spikes)
        return new


def _no(thing: Any, name: str) -> UserError:
    return missing(thing, name, CALL, NETWORK)
