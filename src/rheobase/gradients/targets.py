"""What a derivative can be with respect to: names and objects the user writes, found on a tape."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from rheobase.errors import ShapeError, UnknownNameError, UserError, WiringError, did_you_mean
from rheobase.gradients.bars import Bars
from rheobase.gradients.cells import Cells
from rheobase.gradients.currents import Injection
from rheobase.gradients.from_network import NetworkTape
from rheobase.gradients.links import Link
from rheobase.network.waveforms import Noise, Samples, Shape
from rheobase.simulation.cable_population import CellPopulation
from rheobase.units import DIMENSIONLESS, UNITS, Unit, to_si

if TYPE_CHECKING:
    from rheobase.engine.plan import AnyArray
    from rheobase.simulation import Network
    from rheobase.simulation.values import CellValues

_MEND = (
    'write with_respect_to=["g_Na"], a parameter\'s name; (cells, "g_Na"); (cells, "v") for '
    'initial values; (projection, "weight") or "delay"; (cells, "I") for what is injected'
)
_OF_PROJECTIONS = ("weight", "weights", "delay", "delays")


class Target(ABC):
    """One thing that derivatives are wanted with respect to.

    Attributes
    ----------
    key : object
        What the user wrote for it.
    label : str
        Its name: "cells.g_Na".
    unit : Unit
        What its values are given in.
    shape : tuple of int
        () for a number shared by all, else one value a cell or synapse.
    """

    def __init__(self, key: Any, label: str, unit: Unit) -> None:
        self.key, self.label, self.unit = key, label, unit
        self.kept: AnyArray = np.zeros(())  # the values of the last evaluation
        self.shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return math.prod(self.shape)

    @abstractmethod
    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Say what the tape has to go back to."""

    @abstractmethod
    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""

    @abstractmethod
    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""

    @abstractmethod
    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""

    @abstractmethod
    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""

    def si(self, value: Any) -> AnyArray:
        """Return a value the user gave in SI units; plain numbers are in `unit`.

        Raises
        ------
        UnitError, ShapeError
            It has another dimension or shape.
        """
        if isinstance(value, (int, float, np.ndarray, list, tuple)) and not hasattr(value, "units"):
            found = np.asarray(self.unit.to_si(np.asarray(value, float)))
        else:
            paste = f"1*{self.unit.text}"
            found = np.asarray(to_si(value, self.unit.dimension, what=self.label, paste=paste))
        if found.shape not in ((), self.shape):
            raise ShapeError(
                f"{self.label} has {self.size} values",
                expected=f"one, or shape {self.shape}",
                given=f"shape {found.shape}",
            )
        return np.array(np.broadcast_to(found, self.shape))


class Parameter(Target):
    """A parameter of some cells: one number where all share it, else one a cell."""

    def __init__(self, key: Any, values: CellValues, name: str, where: Any) -> None:
        super().__init__(key, f"{values.name}.{name}", values.unit(name))
        self.population, self.name, self.where = values.name, name, where

    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Say what the tape has to go back to."""
        values = net._told.populations[self.population]._cell_values
        assert values is not None
        held = values.read(self.name)
        if self.where is not None and np.ndim(held) == 0:  # some cells: each has its own
            values.parameters[self.name] = np.full(values.size, float(held))
            values.stale = True
        parameters.setdefault(self.population, set()).add(self.name)

    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""
        cells = made.populations[self.population]
        assert isinstance(cells, Cells)
        self.cells = cells
        self.shape = self.read().shape

    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""
        held = np.asarray(self.cells.parameters[self.name], float)
        return held if self.where is None else held[self.where]

    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""
        if self.where is not None:
            whole = np.array(self.cells.parameters[self.name])
            whole[self.where] = values
            values = whole
        self.cells.set_parameter(self.name, float(values) if values.ndim == 0 else values)

    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""
        found = np.asarray(bars.parameters[self.cells].get(self.name, 0.0), float)
        held = np.asarray(self.cells.parameters[self.name])
        found = np.broadcast_to(found, held.shape)
        return found if self.where is None else found[self.where]


class Initial(Target):
    """Initial values of a state: one a cell."""

    def __init__(self, key: Any, values: CellValues, name: str, where: Any) -> None:
        super().__init__(key, f"{values.name}.{name}", values.unit(name))
        self.population, self.name = values.name, name
        self.where = slice(None) if where is None else where

    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Initial values need nothing besides."""

    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""
        cells = made.populations[self.population]
        assert isinstance(cells, Cells)
        self.cells = cells
        self.shape = self.read().shape

    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""
        return np.array(self.cells.initial[self.name][self.where])

    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""
        self.cells.initial[self.name][self.where] = values

    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""
        return np.asarray(bars.initial[self.cells, self.name][0][self.where])


def chosen_states(net: Network, targets: Iterable[Target]) -> dict[str, dict[str, AnyArray]]:
    """Return by population and state the cells whose initial values are targets, as masks."""
    found: dict[str, dict[str, AnyArray]] = {}
    for target in targets:
        if isinstance(target, Initial):
            size = net._told.populations[target.population].size
            masks = found.setdefault(target.population, {})
            masks.setdefault(target.name, np.zeros(size, dtype=bool))[target.where] = True
    return found


class Weight(Target):
    """Weights of a projection: one number where all synapses share it, else one a synapse."""

    def __init__(self, key: Any, net: Network, name: str, each: bool) -> None:
        projection = net._told.projections[name]
        super().__init__(key, f"{name}.weight", projection._target.unit)
        self.name = name
        shared = np.ndim(projection._weights_si()) == 0 and not each
        self.shape = () if shared else (len(projection),)

    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Say what the tape has to go back to."""
        projections.setdefault(self.name, set()).add("weight")

    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""
        self.link = made.links.get(self.name)
        self.couplings = made.couplings.get(self.name, [])

    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""
        if self.link is not None:
            found = self.link.weights.reshape(-1)
        else:
            coupling, order = self.couplings[0]
            found = np.empty(order.size)
            found[order] = coupling.weights
        return np.array(found if self.shape else found[0])

    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""
        if self.link is not None:
            self.link.set_weights(values.reshape(self.link.weights.shape) if self.shape else values)
        for coupling, order in self.couplings:
            coupling.weights[:] = values[order] if self.shape else values

    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""
        if self.link is not None:
            found = bars.weights[self.link].reshape(-1)
        else:
            found = np.zeros(self.couplings[0][1].size)
            for coupling, order in self.couplings:
                assert coupling.bar_weights is not None
                found[order] += coupling.bar_weights
        return found if self.shape else np.asarray(np.sum(found))


class Delay(Target):
    """Delays of a projection: one where all synapses share it, else one a synapse."""

    def __init__(self, key: Any, net: Network, name: str, each: bool) -> None:
        projection = net._told.projections[name]
        super().__init__(key, f"{name}.delay", UNITS["ms"])
        self.name, self.dt = name, net._clock.dt
        if projection.of is not None:
            raise UserError(
                f"{name!r} reads {projection.of} continuously; its delays are not differentiated",
                mend=f'write (projection, "weight"), or let {name!r} send spikes',
            )
        shared = np.ndim(projection._steps()) == 0 and not each
        self.shape = () if shared else (len(projection),)

    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Say what the tape has to go back to."""
        projections.setdefault(self.name, set()).update(("weight", "delay"))

    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""
        self.link: Link = made.links[self.name]

    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""
        steps = np.broadcast_to(np.asarray(self.link.delays, float), self.link.weights.shape)
        return np.array(steps.reshape(-1) if self.shape else steps.flat[0]) * self.dt

    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""
        steps = values / self.dt
        whole = np.rint(steps)
        steps = np.where(np.abs(steps - whole) < 1e-6, whole, steps)  # on a step, as of any time
        if np.any(steps < 0):
            raise UserError(
                f"{self.label} is negative", given=f"{steps.min() * self.dt * 1e3:g} ms"
            )
        shaped = steps.reshape(self.link.weights.shape) if self.shape else float(steps)
        if not np.array_equal(shaped, self.link.delays):
            self.link.set_delays(shaped)

    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""
        found = bars.delays[self.link].reshape(-1) / self.dt
        return found if self.shape else np.asarray(np.sum(found))


class Amplitude(Target):
    """The amplitude of what is injected into an input: one for all cells, or one a cell."""

    def __init__(self, key: Any, values: CellValues, name: str, number: int | None) -> None:
        super().__init__(key, f"{values.name}.{name}", values.unit(name))
        self.population, self.name, self.number = values.name, name, number

    def wish(self, net: Network, parameters: dict[str, set[str]],
             projections: dict[str, set[str]]) -> None:  # fmt: skip
        """Look whether there is one."""
        shapes = [
            shape
            for injection in net._told.injections
            if injection.cells.population.name == self.population and injection.to == self.name
            for shape in injection.current.shapes
            for _ in shape.terms(net._clock.dt, net._clock.start)
        ]
        if self.number is not None and 0 <= self.number < len(shapes):
            shapes = shapes[self.number : self.number + 1]
        if len(shapes) == 1 and _is_scaled(shapes[0]):
            self.unit = Unit("1", 1.0, DIMENSIONLESS)

    def one_of(self, amplitudes: list[Any]) -> Any:
        """Return the amplitude that is meant of all that are injected into the cells.

        Raises
        ------
        UserError
            There is none, there are several and it is not said which, or none of that number.
        """
        if not amplitudes:
            raise UserError(
                f"nothing is injected into {self.label}, so there is no amplitude",
                mend=f"net.inject({self.population}, rb.stimuli.step(1*{self.unit.text}))",
            )
        if self.number is None and len(amplitudes) > 1:
            raise UserError(
                f"what is injected into {self.label} has {len(amplitudes)} amplitudes",
                mend=f'say which, in order: ({self.population}, "{self.name}", 0)',
            )
        if self.number is not None and not 0 <= self.number < len(amplitudes):
            raise UserError(
                f"what is injected into {self.label} has no amplitude {self.number}",
                expected=f"0 to {len(amplitudes) - 1}",
            )
        return amplitudes[self.number or 0]

    def bind(self, made: NetworkTape) -> None:
        """Find it on the tape."""
        mine = [
            pair for pair in made.injections
            if pair[0].target.name == self.population and pair[0].array == self.name
        ]  # fmt: skip
        self.item: Injection
        self.item, plan = self.one_of(mine)
        if self.item.bar_amplitude is None:
            self.item.bar_amplitude = np.zeros(self.item.cells.size)
        self.shape = () if plan.amplitude.size == 1 else (self.item.cells.size,)

    def read(self) -> AnyArray:
        """Return the values on the tape in SI units."""
        return np.array(self.item.amplitude if self.shape else self.item.amplitude[0])

    def write(self, values: AnyArray) -> None:
        """Set the values on the tape, in SI units."""
        self.item.amplitude[:] = values

    def bar(self, bars: Bars) -> AnyArray:
        """Return the derivatives by it per SI unit."""
        assert self.item.bar_amplitude is not None
        found = self.item.bar_amplitude
        return found.copy() if self.shape else np.asarray(np.sum(found))


def _is_scaled(shape: Shape) -> bool:
    """Whether the amplitude of a current is a factor of given or drawn values, without unit."""
    if isinstance(shape, Noise):
        return np.ndim(shape.std) == 0 and np.ndim(shape.mean) == 0
    return isinstance(shape, Samples)


# -- reading what the user wrote ----------------------------------------------------------------


def targets_of(net: Network, wanted: Any) -> list[Target]:
    """Read `with_respect_to`.

    Raises
    ------
    UnknownNameError, UserError, WiringError
        A name is not known, or belongs to several populations, or cannot be differentiated by.
    """
    if isinstance(wanted, str) or _is_pair(net, wanted):
        wanted = [wanted]
    if not isinstance(wanted, Iterable) or hasattr(wanted, "units"):
        raise WiringError(f"with_respect_to: {wanted!r} names nothing", mend=_MEND)
    found = [_target(net, item) for item in wanted]
    if not found:
        raise WiringError("with_respect_to is empty", mend=_MEND)
    labels = [target.label for target in found]
    twice = sorted({label for label in labels if labels.count(label) > 1 and _whole(found, label)})
    if twice:
        raise WiringError(f"with_respect_to names {twice[0]} twice", mend="leave one out")
    return found


def _whole(found: list[Target], label: str) -> bool:
    """Whether a label stands for the same thing wherever it is used."""
    same = [t for t in found if t.label == label]
    return all(getattr(t, "where", None) is None and getattr(t, "number", None) is None
               for t in same)  # fmt: skip


def _is_pair(net: Network, item: Any) -> bool:
    """Whether something is (cells, name), (projection, name) or (cells, name, number)."""
    if not isinstance(item, tuple) or len(item) not in (2, 3) or not isinstance(item[1], str):
        return False
    if len(item) == 3 and not isinstance(item[2], int):
        return False
    owner, told = item[0], net._told
    return not isinstance(owner, (str, tuple)) or owner in (*told.populations, *told.projections)


def _target(net: Network, item: Any) -> Target:
    if isinstance(item, str):
        return _by_name(net, item)
    if isinstance(item, tuple) and item and isinstance(item[0], str):
        _check_owner(net, item[0])
    if not _is_pair(net, item):
        raise WiringError(f"with_respect_to: {item!r} names nothing", mend=_MEND)
    owner, name = item[0], item[1]
    number = item[2] if len(item) == 3 else None
    owner_name = owner if isinstance(owner, str) else getattr(owner, "name", None)
    told = net._told
    if hasattr(owner, "population"):
        where = owner._where
        return _of_cells(net, item, owner.population.name, name, where, number)
    if owner_name in told.projections:
        return _of_projection(net, item, str(owner_name), name)
    if owner_name in told.populations:
        return _of_cells(net, item, str(owner_name), name, None, number)
    raise WiringError(f"with_respect_to: {owner!r} is no part of the network", mend=_MEND)


def _check_owner(net: Network, owner: str) -> None:
    known = [*net._told.populations, *net._told.projections]
    if owner not in known:
        meant = did_you_mean(owner, known)
        raise UnknownNameError(
            f"with_respect_to: there is no population or projection {owner!r}"
            + (f"; did you mean {meant!r}?" if meant else ""),
            mend="there are: " + ", ".join(known),
        )


def _by_name(net: Network, item: str) -> Target:
    """Find a name: "g_Na" of the only population that has it, "cells.g_Na", "synapses.weight"."""
    owner, dot, name = item.rpartition(".")
    if dot:
        _check_owner(net, owner)
        found = _target(net, (owner, name))
        found.key = item
        return found
    populations = {p: c._cell_values for p, c in net._told.populations.items() if c._cell_values}
    having = [p for p, values in populations.items() if values.kinds.get(item) == "parameter"]
    if len(having) == 1:
        return _of_cells(net, item, having[0], item, None, None)
    if having:
        listed = " or ".join(f'"{p}.{item}"' for p in having)
        raise WiringError(
            f"with_respect_to: {item} is a parameter of {', '.join(having)}", mend=f"write {listed}"
        )
    names = [f"{p}.{n}" for p, values in populations.items() for n, kind in values.kinds.items()
             if kind in ("parameter", "state")]  # fmt: skip
    plain = sorted({n.split(".", 1)[1] for n in names})
    meant = did_you_mean(item, plain)
    branched = [p for p, c in net._told.populations.items() if isinstance(c, CellPopulation)]
    if branched and meant is None:
        _refuse_branched(branched[0])
    raise UnknownNameError(
        f"with_respect_to: no population has a parameter {item!r}"
        + (f"; did you mean {meant}?" if meant else ""),
        mend="there are: " + ", ".join(plain),
    )


def _of_projection(net: Network, key: Any, owner: str, name: str) -> Target:
    if name not in _OF_PROJECTIONS:
        raise UnknownNameError(
            f"with_respect_to: a projection has no {name!r}",
            mend=f'write ({owner}, "weight") or ({owner}, "delay"); "weights" and "delays" are of '
            "every synapse",
        )
    kind = Weight if name.startswith("weight") else Delay
    return kind(key, net, owner, name.endswith("s"))


def _refuse_branched(owner: str) -> NoReturn:
    raise UserError(
        f"{owner!r} are cells with a morphology, which have no derivative here",
        mend="use the point model of the membrane: net.add(membrane.point(area))",
    )


def _of_cells(net: Network, key: Any, owner: str, name: str, where: Any,
              number: int | None) -> Target:  # fmt: skip
    values = net._told.populations[owner]._cell_values
    if isinstance(net._told.populations[owner], CellPopulation):
        _refuse_branched(owner)
    if values is None:
        raise UserError(
            f"{owner!r} replays spikes and has no parameters",
            mend="differentiate by the weights of its connections",
        )
    kind = values.kind(name)
    if kind == "parameter":
        return Parameter(key, values, name, where)
    if kind == "state":
        return Initial(key, values, name, where)
    if kind in ("input", "current"):
        return Amplitude(key, values, name, number)
    raise UserError(
        f"{owner}.{name} is computed from others, so nothing can be differentiated by it",
        mend=f"differentiate by one of: {values.listing('parameter', 'state')}",
    )
