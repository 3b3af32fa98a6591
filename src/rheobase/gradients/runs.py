"""What a loss is a function of: the states and spikes of a run, as arrays that remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rheobase.engine.plan import FloatArray
from rheobase.errors import UnknownNameError, did_you_mean
from rheobase.gradients.cells import Cells
from rheobase.gradients.tracked import Tracked, handed_out
from rheobase.units import Unit

if TYPE_CHECKING:
    from rheobase.gradients.from_network import NetworkTape

SPIKES = "spikes"
Source: TypeAlias = tuple[str, str, bool]


class PopulationRun:
    """States and spikes of one population in a run.

    Every state is an attribute: an array of shape (steps + 1, cells), the values before each step
    and after the last, in the unit of its equation (as in `result.traces`). `spikes`, shape (steps,
    cells), is 1 where a cell spiked in a step and else 0; the surrogate stands for its derivative.

    Attributes
    ----------
    last : PopulationRun
        The same with the states after the last step only, shape (cells,): of a long run these
        take no memory.
    """

    def __init__(self, run: Run, name: str, whole: bool = True) -> None:
        self._run, self._name, self._whole = run, name, whole

    @property
    def last(self) -> PopulationRun:
        """The states after the last step only."""
        return PopulationRun(self._run, self._name, whole=False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._run._array(self._name, name, self._whole)

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
        self._arrays: dict[Source, Tracked] = {}
        self._seen: dict[Source, Tracked] = {}  # the same for the loss, which may change them
        self._views: dict[str, PopulationRun] = {}
        self.dt = made.tape.dt * 1e3

    @property
    def times(self) -> FloatArray:
        """The time before each step and after the last, in ms."""
        tape = self._made.tape
        steps = tape.first + np.arange(self._made.steps + 1)
        return np.asarray((tape.start + steps * tape.dt) * 1e3)

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

    def _array(self, population: str, name: str, whole: bool) -> Tracked:
        key = (population, name, whole)
        if key not in self._arrays:
            self._arrays[key] = Tracked(self._values(*key))
            self._seen[key] = handed_out(self._arrays[key])
        return self._seen[key]

    def _values(self, population: str, name: str, whole: bool) -> Any:
        cells = self._made.populations[population]
        assert isinstance(cells, Cells)
        known = [n for n in self._names(population) if whole or n != SPIKES]
        if name not in known:
            meant = did_you_mean(name, known)
            raise UnknownNameError(
                f"run[{population!r}]{'' if whole else '.last'} has no {name!r}"
                + (f"; did you mean {meant}?" if meant else ""),
                mend=f"a loss reads states and spikes, {', '.join(known)}, and works out the rest",
            )
        tape = self._made.tape
        if name == SPIKES:
            return tape.spike_array(cells)[:, 0]
        values = tape.states(cells, name)[:, 0] if whole else tape.last(cells, name)[0]
        return self.unit(population, name).from_si(values)

    def sources(self) -> dict[Source, Tracked]:
        """Return what the loss has looked at, by population, name, all steps (or the last)."""
        return self._arrays
