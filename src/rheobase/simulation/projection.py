"""Projections: who is connected to whom, with what weight and delay; made by `net.connect`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError, WiringError, did_you_mean
from rheobase.network.connecting import Realized, Side, realize
from rheobase.network.distributions import Distribution
from rheobase.network.rules import FromMatrix, OneToOne, Pairs, Ring, Rule
from rheobase.network.synapse_values import delay_steps, is_expression, values
from rheobase.simulation.population import Cells
from rheobase.simulation.reading import read_quantity
from rheobase.simulation.streams import RandomStream
from rheobase.units import UNITS, Dimension, Unit, to_si

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Term:
    """A sum of a continuous connection: weights times `of`, added to the input `to`.

    Attributes
    ----------
    back
        Whether `of` is the target's and `to` the source's.
    """

    of: str
    to: str
    back: bool = False


@dataclass(frozen=True)
class Target:
    """Where a connection arrives, and what its weight must be.

    Attributes
    ----------
    to
        The port of `receives` (spikes), or the input variable (continuous).
    of
        The variable of the source that is read continuously; None: spikes are sent.
    dimension, unit
        Of the weight; the unit is that it is read back in.
    line
        The line that uses the weight.
    terms
        The sums of a coupling, where it is not one sum of `of` to `to`.
    """

    to: str
    of: str | None
    dimension: Dimension
    unit: Unit
    line: str
    terms: tuple[Term, ...] = ()


class Projection:
    """Synapses from some cells to others, in the order (pre, post, draw).

    Attributes
    ----------
    name : str
        Unique in the network.
    pre, post : ndarray of int
        Indices of source and target in their populations, one entry a synapse.
    weights, delays : quantity
        One entry a synapse; settable before a run and between runs, to whatever `net.connect`
        takes.
    """

    def __init__(self, name: str, source: Cells, sink: Cells, rule: Rule, target: Target,
                 weight: Any, delay: Any, dtype: str, seed: int, dt: float) -> None:  # fmt: skip
        self._name = name
        self._source, self._sink, self._rule, self._target = source, sink, rule, target
        self._weight, self._delay, self._dtype = weight, delay, dtype
        self._seed, self._dt = seed, dt
        self._realized: Realized | None = None
        self._weights: float | NDArray[Any] | None = None
        self._delay_steps: int | Ints | None = None
        self._weights_changed = True
        self._delays_changed = True

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in ("weights", "delays"):
            meant = did_you_mean(name, ("weights", "delays"))
            raise UserError(
                f"{self._name}.{name} cannot be set: a projection has weights and delays",
                mend=f"write projection.{meant or 'weights'} = ...",
            )
        object.__setattr__(self, name, value)

    # -- what was asked for ---------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the projection."""
        return self._name

    @property
    def source(self) -> Cells:
        """The cells it comes from."""
        return self._source

    @property
    def sink(self) -> Cells:
        """The cells it goes to."""
        return self._sink

    @property
    def rule(self) -> Rule:
        """The rule that says who is connected to whom."""
        return self._rule

    @property
    def to(self) -> str:
        """The port (or input variable) it arrives at."""
        return self._target.to

    @property
    def of(self) -> str | None:
        """The variable it reads continuously; None where it sends spikes."""
        return self._target.of

    @property
    def _terms(self) -> tuple[Term, ...]:
        """The sums of a continuous connection; none where it sends spikes."""
        if self.of is None:
            return ()
        return self._target.terms or (Term(self.of, self.to),)

    # -- synapses -------------------------------------------------------------------------

    def _synapses(self) -> Realized:
        """Draw the rule, once."""
        if self._realized is None:
            source, sink = self._source, self._sink
            with self._named():
                self._realized = realize(
                    self._rule,
                    source.indices,
                    sink.indices,
                    same=source.population is sink.population,
                    random=self._random("rule"),
                    pre_positions=_positions(source),
                    post_positions=_positions(sink),
                )
        return self._realized

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Let errors begin with the call that asked for it."""
        try:
            yield
        except (ShapeError, WiringError) as error:
            call = f"net.connect({self._source.name}, {self._sink.name}, ...)"
            raise type(error)(f"{call}: {error}") from None

    def _check(self) -> None:
        """Work out at once what is not drawn, so that the call itself is refused."""
        fixed = isinstance(self._rule, (FromMatrix, OneToOne, Pairs, Ring))
        if fixed or _is_array(self._weight) or _is_array(self._delay):
            self._weights_si()
            self._steps()
        elif _is_single(self._delay):
            with self._named():
                delay_steps(self._delay, self._dt, _NO_SYNAPSES, self._random("delay"))

    def _random(self, what: str) -> RandomStream:
        return RandomStream.of(self._seed, self._name, what)

    def _weights_si(self) -> float | NDArray[Any]:
        """Return the weights, one for all synapses or one each, in the precision asked for."""
        if self._weights is None:
            found = self._read_weights(self._weight)
            self._weights = found
        return self._weights

    def _read_weights(self, weight: Any) -> float | NDArray[Any]:
        synapses, dimension = self._synapses(), self._target.dimension
        if weight is None and isinstance(self._rule, FromMatrix):
            found = to_si(synapses.weights, dimension, what="the weight")
        else:
            with self._named():
                found = values(weight, dimension, synapses, self._random("weight"), "the weight")
        if isinstance(found, np.ndarray):
            return np.ascontiguousarray(found, dtype=self._dtype)
        return found

    def _steps(self) -> int | Ints:
        """Return the delays in steps, one for all synapses or one each."""
        if self._delay_steps is None:
            if self._delay is None and self.of is not None:
                self._delay_steps = 0
            else:
                self._delay_steps = self._read_delays(self._delay)
        return self._delay_steps

    def _read_delays(self, delay: Any) -> int | Ints:
        synapses = self._synapses()
        with self._named():
            return delay_steps(delay, self._dt, synapses, self._random("delay"))

    @property
    def pre(self) -> Ints:
        """Index of each synapse's source in its population."""
        return _read_only(self._synapses().pre)

    @property
    def post(self) -> Ints:
        """Index of each synapse's target in its population."""
        return _read_only(self._synapses().post)

    @property
    def weights(self) -> Any:
        """The weight of each synapse, a quantity."""
        held = np.broadcast_to(np.asarray(self._weights_si(), np.float64), (len(self),))
        return read_quantity(held, self._target.unit, self._mend("weights"))

    @weights.setter
    def weights(self, value: Any) -> None:
        self._weights = self._read_weights(value)
        self._weights_changed = True

    @property
    def delays(self) -> Any:
        """The delay of each synapse, a quantity."""
        held = np.broadcast_to(np.asarray(self._steps(), np.float64), (len(self),)) * self._dt
        return read_quantity(held, UNITS["ms"], self._mend("delays"))

    @delays.setter
    def delays(self, value: Any) -> None:
        self._delay_steps = self._read_delays(value)
        self._delays_changed = True

    def _take(self, weights: float | NDArray[Any], steps: int | Ints) -> None:
        """Take back weights and delays that were read before."""
        self._weights_changed |= weights is not self._weights
        self._delays_changed |= steps is not self._delay_steps
        self._weights, self._delay_steps = weights, steps

    def _mend(self, what: str) -> str:
        one = what[0]
        return f"write {one} = projection.{what}.copy(); {one}[0] = ...; projection.{what} = {one}"

    def __len__(self) -> int:
        return len(self._synapses())

    def __repr__(self) -> str:
        counted = ""
        if self._realized is not None:
            counted = f", {len(self):,} synapses"
        what = f"{self.of} to {self.to}" if self.of else f"to {self.to}"
        return (
            f"<Projection {self._name!r}: {self._source.name} -> {self._sink.name}, {what}, "
            f"{self._rule}{counted}>"
        )


_NOBODY = Side(np.zeros(0, np.int64))
_NO_SYNAPSES = Realized(_NOBODY.ids, _NOBODY.ids, _NOBODY, _NOBODY)


def _is_array(given: Any) -> bool:
    """Return whether a weight or delay is given one by one."""
    if given is None or isinstance(given, (str, Distribution)):
        return False
    return isinstance(given, (list, tuple)) or np.ndim(getattr(given, "magnitude", given)) > 0


def _is_single(given: Any) -> bool:
    """Return whether a weight or delay is one value for all synapses."""
    if isinstance(given, str):
        return not is_expression(given)
    return given is not None and not isinstance(given, Distribution) and not _is_array(given)


def _positions(cells: Cells) -> Floats | None:
    held = cells.population._positions
    return None if held is None else held[cells.indices]


def _read_only(values: Ints) -> Ints:
    shown = values.view()
    shown.setflags(write=False)
    return shown
