"""What a loss is a function of: the states and spikes of a run, as arrays that remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.gradients.cells import Cells
from rheobase.gradients.tracked import Tracked
from rheobase.units import Unit

if TYPE_CHECKING:
    from rheobase.gradients.from_network import NetworkTape

SPIKES = "spikes"


class PopulationRun:
    """States and spikes of one population in a run.

    Every state is an attribute: an array of shape (steps + 1, cells), the values before each step
    and after the last, in the unit of its equation (as in `result.traces`). `spikes`, shape (steps,
    cells), is 1 where a cell spiked in a step and else 0; the surrogate stands for its derivative.
    """

    def __init__(self, run: Run, name: str) -> None:
        self._run, self._name = run, name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._run._array(self._name, name)

    def __dir__(self) -> list[str]:
        return self._run._names(self._name)


class Run:
    """A run as a loss sees it: `run["cells"].v`, `run["cells"].spikes`, `run.times`.

    Attributes
    ----------
    times : ndarray, shape (steps + 1,)
        The time before each step and after the last, in ms.
    dt : float
        Length of a step in ms.
    """

    def __init__(self, made: NetworkTape) -> None:
        self._made = made
        self._arrays: dict[tuple[str, str], Tracked] = {}
        self._views: dict[str, PopulationRun] = {}
        tape = made.tape
        self.dt = tape.dt * 1e3
        self.times = (tape.start + (tape.first + np.arange(made.steps + 1)) * tape.dt) * 1e3

    def __getitem__(self, population: Any) -> PopulationRun:
        name = population if isinstance(population, str) else getattr(population, "name", None)
        known = [n for n, c in self._made.populations.items() if isinstance(c, Cells)]
        if name not in known:
            meant = did_you_mean(str(name), known)
            raise UnknownNameError(
                f"the run has no population {name!r} of model cells"
                + (f"; did you mean {meant!r}?" if meant else ""),
                mend="there are: " + ", ".join(known),
            )
        if name not in self._views:
            self._views[name] = PopulationRun(self, name)
        return self._views[name]

    def _names(self, population: str) -> list[str]:
        cells = self._made.populations[population]
        assert isinstance(cells, Cells)
        return [*cells.states, *([SPIKES] if cells.program.spiking else [])]

    def unit(self, population: str, name: str) -> Unit:
        """Return the unit that a state is given in."""
        values = self._made.net._told.populations[population]._cell_values
        assert values is not None
        return values.unit(name)

    def _array(self, population: str, name: str) -> Tracked:
        key = (population, name)
        if key not in self._arrays:
            self._arrays[key] = Tracked(self._values(population, name))
        return self._arrays[key]

    def _values(self, population: str, name: str) -> Any:
        cells = self._made.populations[population]
        assert isinstance(cells, Cells)
        known = self._names(population)
        if name not in known:
            meant = did_you_mean(name, known)
            raise UnknownNameError(
                f"run[{population!r}] has no {name!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend="a loss reads states and spikes: " + ", ".join(known),
            )
        tape = self._made.tape
        if name == SPIKES:
            return tape.spike_array(cells)[:, 0]
        return self.unit(population, name).from_si(tape.states(cells, name)[:, 0])

    def sources(self) -> dict[tuple[str, str], Tracked]:
        """Return the arrays that the loss has looked at."""
        return self._arrays
