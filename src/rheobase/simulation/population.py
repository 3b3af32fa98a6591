"""Populations and views of them: named cells whose variables are attributes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError, WiringError, did_you_mean
from rheobase.language.model import Model
from rheobase.network.trains import Train
from rheobase.simulation.reading import read_quantity
from rheobase.simulation.values import CellValues, NoSuchVariableError
from rheobase.units import UNITS

Ints: TypeAlias = NDArray[np.int64]


class NoSuchCellError(ShapeError, IndexError):
    """A population has no cell of that number."""

    __str__ = Exception.__str__


class StateTable(Mapping[str, Any]):
    """The variables of some cells now: a mapping of name to quantity that prints as a table."""

    _ROWS: ClassVar[int] = 20

    def __init__(self, name: str, cells: Ints, values: Mapping[str, Any], word: str = "cell",
                 where: Mapping[str, Ints] | None = None) -> None:  # fmt: skip
        self._name, self._cells, self._values, self._word = name, cells, dict(values), word
        self._where = where or {}  # of places on cells: what tells them apart instead of numbers

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        shown = self._cells[: self._ROWS]
        told = self._where or {self._word: self._cells}
        heads = [*told, *(_head(name, value) for name, value in self._values.items())]
        rows = [[str(each) for each in column[: self._ROWS]] for column in told.values()]
        for value in self._values.values():
            numbers = np.broadcast_to(value.magnitude, self._cells.shape)[: self._ROWS]
            none = np.isneginf(numbers) | np.isnan(numbers) & bool(self._where)
            rows.append(["-" if no else f"{x:.6g}" for x, no in zip(numbers, none, strict=True)])
        widths = [max(map(len, [h, *column])) for h, column in zip(heads, rows, strict=True)]
        lines = ["  ".join(h.rjust(w) for h, w in zip(heads, widths, strict=True))]
        for row in zip(*rows, strict=True):
            lines.append("  ".join(x.rjust(w) for x, w in zip(row, widths, strict=True)))
        left = self._cells.size - shown.size
        if left:
            lines.append(f"... and {left} more")
        return "\n".join([f"{self._name}:", *lines])

    __repr__ = __str__


def _head(name: str, value: Any) -> str:
    unit = f"{value.units:~}" if str(value.units) != "dimensionless" else ""
    return f"{name} ({unit})" if unit else name


class Cells(ABC):
    """What a population and a view have in common: cells with variables as attributes."""

    _own: ClassVar[tuple[str, ...]] = ("name", "size", "model", "indices", "positions", "state")

    # -- what they are --------------------------------------------------------------------

    @property
    @abstractmethod
    def population(self) -> Population:
        """The population the cells are of."""

    @property
    @abstractmethod
    def indices(self) -> Ints:
        """The cells' indices in the population, in order."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of cells."""

    @property
    @abstractmethod
    def _where(self) -> Ints | None:
        """The indices, None for all cells in order."""

    @property
    def _numbers(self) -> Ints:
        """What connections name the cells by: different for each, ascending as the indices are."""
        return self.indices

    def _of_numbers(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the indices of cells from what connections name them by."""
        return numbers

    @property
    def _owner(self) -> Population:
        """The population as the network knows it."""
        return self.population

    @property
    def name(self) -> str:
        """The name of the population."""
        return self.population._name

    @property
    def model(self) -> Model | Train:
        """The model of the cells, or the spike train they replay."""
        return self.population._model

    @property
    def positions(self) -> Any:
        """Where the cells are, a quantity of shape (cells, dimensions), or None."""
        held = self.population._positions
        if held is None:
            return None
        mend = f"write {self.name}.positions = ... with all of them"
        return read_quantity(held[self.indices], UNITS["um"], mend)

    @positions.setter
    def positions(self, value: Any) -> None:
        self._set_positions(value)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[View]:
        for index in self.indices:
            yield View(self.population, np.array([index]))

    def __getitem__(self, key: Any) -> View:
        return View(self.population, self.indices[_places(key, self.size, self.name)])

    # -- variables ------------------------------------------------------------------------

    def _values(self, name: str) -> CellValues:
        values = self.population._cell_values
        if values is None:
            raise NoSuchVariableError(
                f"{self.name!r} {self.population._nature} and has no variables, so none called "
                f"{name!r}",
                mend="variables belong to populations of a model: net.add(rb.models.LIF, 10)",
            )
        return values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        values = self._values(name)
        if values.kind(name) == "current":
            if name not in values.currents:
                raise values._missing(name)
            return values.currents[name]
        own = self._written
        mend = f"write {own}[3].{name} = ... for one cell, {own}.{name} = ... for all"
        return read_quantity(values.read(name, self._where), values.unit(name), mend)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "positions":
            object.__setattr__(self, name, value)
        elif name in self._own or name in ("population", "i"):
            raise UserError(
                f"{self.name}.{name} cannot be set: it is fixed when the population is added"
            )
        else:
            self._values(name)
            self.population._assign(name, value, self._where)

    def __setitem__(self, chosen: Any, value: Any) -> None:
        raise UserError(
            f"{self.name}[...] = ... says not which variable to set",
            mend=f"write {self._written}[:10].v = -60*mV, with the name of a variable",
        )

    @abstractmethod
    def _set_positions(self, value: Any) -> None:
        """Set the positions of all cells of a population."""

    @property
    @abstractmethod
    def _written(self) -> str:
        """How the cells are written in a script, for a line to paste."""

    def __dir__(self) -> list[str]:
        values = self.population._cell_values
        return sorted({*object.__dir__(self), *(values.kinds if values else ())})

    def state(self) -> StateTable:
        """Return the states of the cells now, and what is left of their refractory time.

        Returns
        -------
        StateTable
            A mapping of name to quantity; it prints as a table.
        """
        values = self._values("state")
        names = list(values.states)
        if values.model.threshold is not None:
            if values.model.refractory_kind == "duration":
                names.append("refractory_left")
            names.append("last_spike")
        found = {name: getattr(self, name) for name in names}
        return StateTable(self.name, self.indices, found, values._word, self._told_apart())

    def _told_apart(self) -> dict[str, Any]:
        """Return the columns a table of states begins with in place of the numbers, if any."""
        return {}


class Population(Cells):
    """Cells of one model, or trains of spikes; made by `net.add`.

    Variables and parameters are attributes: reading gives a quantity in the unit of the equation,
    setting takes quantities, arrays with one value a cell, texts such as "20 ms" or
    "E_L + rand()*(V_T - E_L)", and distributions of `rb.random`. A text is worked out with the
    values that variables and parameters have at its place in the order of assignments; states
    nobody set follow the model's `initial` with the parameters of the first run. `cells[:10]`,
    masks and arrays of indices give views.

    Attributes
    ----------
    name : str
        Unique in the network.
    size : int
        Number of cells.
    positions : quantity or None
        Where the cells are, settable.
    """

    _nature: ClassVar[str] = "replays spikes"  # of one without variables, for errors

    def __init__(self, name: str, size: int, model: Model | Train, values: CellValues | None,
                 record_spikes: bool) -> None:  # fmt: skip
        self._name, self._size, self._model = name, size, model
        self._cell_values = values
        self._record_spikes = record_spikes
        self._own_model = model  # before receptors were placed in the cells
        self._pieces: dict[tuple[Any, ...], tuple[str, Any]] = {}
        self._positions: NDArray[np.float64] | None = None

    @property
    def population(self) -> Population:
        """The population itself."""
        return self

    @property
    def size(self) -> int:
        """The number of cells."""
        return self._size

    @property
    def indices(self) -> Ints:
        """0, 1, ... size - 1."""
        return np.arange(self._size, dtype=np.int64)

    @property
    def _where(self) -> None:
        return None

    @property
    def _written(self) -> str:
        return self._name if self._name.isidentifier() else "cells"

    @property
    def spiking(self) -> bool:
        """Whether the cells can spike."""
        return isinstance(self._model, Train) or self._model.threshold is not None

    def _assign(self, name: str, value: Any, where: Ints | None) -> None:
        assert self._cell_values is not None
        self._cell_values.assign(name, value, where)

    def _set_positions(self, value: Any) -> None:
        from rheobase.network.positions import positions_si

        self._positions = None if value is None else positions_si(value, self._size)

    def __repr__(self) -> str:
        cells = "1 cell" if self._size == 1 else f"{self._size:,} cells"
        what = self._model.name if isinstance(self._model, Model) else str(self._model)
        return f"<Population {self._name!r}: {cells} of {what}>"


class View(Cells):
    """Some cells of a population; made by indexing. `i` in texts counts within the view."""

    def __init__(self, population: Population, indices: Ints) -> None:
        self._population = population
        indices.setflags(write=False)
        self._indices = indices

    @property
    def population(self) -> Population:
        """The population the cells are of."""
        return self._population

    @property
    def indices(self) -> Ints:
        """The cells' indices in the population, in the order of the view."""
        return self._indices

    @property
    def size(self) -> int:
        """The number of cells."""
        return int(self._indices.size)

    @property
    def spiking(self) -> bool:
        """Whether the cells can spike."""
        return self._population.spiking

    @property
    def _where(self) -> Ints:
        return self._indices

    @property
    def _written(self) -> str:
        return f"{self._population._written}[{_brief(self._indices)}]"

    def _set_positions(self, value: Any) -> None:
        raise UserError(
            "positions are set for a whole population",
            mend=f"write {self.name}.positions = array*um",
        )

    def __repr__(self) -> str:
        cells = "1 cell" if self.size == 1 else f"{self.size:,} cells"
        return f"<View {self.name}[{_brief(self._indices)}]: {cells}>"


def _brief(indices: Ints) -> str:
    """Write indices as one would in a script."""
    if indices.size == 0:
        return "[]"
    if indices.size == 1:
        return str(int(indices[0]))
    steps = np.diff(indices)
    if np.all(steps == steps[0]) and steps[0] > 0:
        first, last, step = int(indices[0]), int(indices[-1]), int(steps[0])
        return f"{first}:{last + 1}" + (f":{step}" if step > 1 else "")
    shown = ", ".join(str(int(k)) for k in indices[:4])
    return f"[{shown}{', ...' if indices.size > 4 else ''}]"


def _places(key: Any, size: int, name: str) -> Ints:
    """Return what an index chooses of `size` cells."""
    if isinstance(key, slice):
        try:
            return np.arange(size, dtype=np.int64)[key]
        except TypeError:
            raise _not_an_index(key, name) from None
    if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
        if not -size <= key < size:
            raise NoSuchCellError(
                f"{name}[{key}]: there is no such cell",
                expected=f"0 to {size - 1}: {name!r} has {size} cells" if size else "no cell",
            )
        return np.array([int(key) % size], dtype=np.int64)
    if isinstance(key, (str, bytes, float, complex)) or key is None or key is Ellipsis:
        raise _not_an_index(key, name)
    chosen = np.asarray(key)
    if chosen.dtype == bool:
        if chosen.shape != (size,):
            raise ShapeError(
                f"{name}[mask]: the mask has shape {chosen.shape}",
                expected=f"one entry for each of {size} cells",
            )
        return np.flatnonzero(chosen).astype(np.int64)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise _not_an_index(key, name)
    places = chosen.astype(np.int64)
    wrong = places[(places < -size) | (places >= size)]
    if wrong.size:
        raise NoSuchCellError(
            f"{name}[...]: there is no cell {wrong[0]}",
            expected=f"0 to {size - 1}: {name!r} has {size} cells",
        )
    places = np.where(places < 0, places + size, places)
    values, counts = np.unique(places, return_counts=True)
    if np.any(counts > 1):
        raise ShapeError(
            f"{name}[...]: cell {values[counts > 1][0]} is chosen twice",
            mend="a view holds each cell at most once: write np.unique(indices)",
        )
    return places


def _not_an_index(key: Any, name: str) -> WiringError:
    variable = isinstance(key, str) and key.isidentifier()
    shown = repr(key) if len(repr(key)) < 40 else type(key).__name__
    return WiringError(
        f"{name}[{shown}]: this chooses no cells",
        expected="a number, a slice, a mask, or an array of indices",
        mend=f"a variable is an attribute: {name}.{key}" if variable else f"write {name}[:10]",
    )


def check_names(model: Model, name: str) -> None:
    """Refuse a model whose variables would hide what every population has."""
    taken = [n for n in (*Cells._own, "population", "spiking") if n in model.names]
    if taken:
        raise WiringError(
            f"{name!r}: the model has a variable called {taken[0]}, which every population has",
            mend=f"rename it: {taken[0]}_1",
        )


def cells_of(value: Any, call: str, argument: str, names: Mapping[str, Any]) -> Cells:
    """Return cells a user gave, or refuse what is none."""
    if isinstance(value, Cells):
        return value
    if isinstance(value, str) and value in names:
        raise WiringError(
            f"{call}: {argument} is a name, {value!r}",
            expected="a population or a view of one",
            mend=f"give what net.add returned, or net.populations[{value!r}]",
        )
    meant = did_you_mean(value, names) if isinstance(value, str) else None
    shown = repr(value) if len(repr(value)) < 60 else type(value).__name__
    raise WiringError(
        f"{call}: {argument} is no population",
        expected="what net.add returned, or a view of it such as cells[:10]",
        given=shown,
        mend=f"did you mean net.populations[{meant!r}]?"
        if meant
        else "add it first: cells = net.add(..., 10)",
    )
