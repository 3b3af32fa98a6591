"""Projections: who is connected to whom, with what weight and delay; made by `net.connect`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import UserError, did_you_mean
from rheobase.network.connecting import Realized
from rheobase.network.distributions import Distribution
from rheobase.network.rules import FromMatrix, OneToOne, Pairs, Ring, Rule
from rheobase.network.synapse_values import delay_steps, values
from rheobase.simulation import real_time
from rheobase.simulation.population import Cells
from rheobase.simulation.reading import read_quantity
from rheobase.simulation.streams import RandomStream
from rheobase.simulation.synapses import (
    NO_SYNAPSES,
    Given,
    Synapses,
    is_array,
    is_single,
    refuse_one_by_one,
)
from rheobase.simulation.warning import warn
from rheobase.units import UNITS, Dimension, Unit, split_quantity

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
    receptor
        What the receptor or coupling that was placed for it is called in the target, or "".
    signed
        Whether a weight may be negative: that of a gap junction is a conductance.
    """

    to: str
    of: str | None
    dimension: Dimension
    unit: Unit
    line: str
    terms: tuple[Term, ...] = ()
    receptor: str = ""
    signed: bool = True


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
        self._weight, self._delay = weight, delay  # as they were given first
        self._seed = seed  # of what is set from now on; what is there keeps its own
        self._drawn = Synapses(name, source, sink, rule, target.dimension, weight, delay, dtype, dt,
                               target.of is None, seed, seed, seed)  # fmt: skip
        self._weights_changed = True
        self._delays_changed = True
        self._built = False  # whether an engine holds its synapses
        self._storage = "stored"
        self._warn_of_negative(weight)

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
    def storage(self) -> str:
        """How its synapses are kept: "stored", or "procedural", drawn anew at every spike."""
        return self._storage

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
        """Return all synapses as the rules define them; of a large projection it takes memory."""
        return self._drawn.rows().realized()

    def _named(self) -> AbstractContextManager[None]:
        """Let errors begin with the call that asked for it."""
        return self._drawn.named()

    def _random(self, what: str) -> RandomStream:
        """Return the random numbers of something else that belongs to the synapses."""
        return RandomStream.of(self._seed, self._name, what)

    def _check(self) -> None:
        """Work out at once what is not drawn, so that the call itself is refused."""
        drawn = self._drawn
        fixed = isinstance(self._rule, (FromMatrix, OneToOne, Pairs, Ring))
        if not self._target.signed:
            self._refuse_negative(drawn.weights(drawn.rows()))
        if fixed or is_array(drawn.weight) or is_array(drawn.delay):
            rows = drawn.rows()
            weights, steps = drawn.weights(rows), drawn.steps(rows)
            if is_array(drawn.weight):
                drawn = drawn.with_weight(Given(weights), drawn.weight_seed)
            if is_array(drawn.delay):
                drawn = drawn.with_delay(Given(steps), drawn.delay_seed)
            self._drawn = drawn
        elif is_single(drawn.delay):
            with drawn.named():
                random = drawn.origin("delay").random
                if drawn.in_seconds:
                    ends = (self._source, self._sink)
                    real_time.delays(drawn.delay, drawn.dt, NO_SYNAPSES, random, *ends)
                else:
                    delay_steps(drawn.delay, drawn.dt, NO_SYNAPSES, random)

    def _weights_si(self) -> float | NDArray[Any]:
        """Return the weights, one for all synapses or one each, in the precision asked for."""
        return self._drawn.weights(self._drawn.rows())

    def _steps(self) -> float | NDArray[Any]:
        """Return the delays in steps, one for all synapses or one each; in seconds if exact."""
        steps = self._drawn.steps(self._drawn.rows())
        if isinstance(steps, np.ndarray) and steps.dtype != np.float64:
            return steps.astype(np.int64)
        return steps

    @property
    def pre(self) -> Ints:
        """Index of each synapse's source in its population."""
        return _read_only(self._drawn.rows().sources())

    @property
    def post(self) -> Ints:
        """Index of each synapse's target in its population."""
        targets = self._drawn.rows().targets.astype(np.int64)
        return _read_only(self._sink._of_numbers(targets))

    @property
    def weights(self) -> Any:
        """The weight of each synapse, a quantity."""
        held = np.broadcast_to(np.asarray(self._weights_si(), np.float64), (len(self),))
        return read_quantity(held, self._target.unit, self._mend("weights"))

    @weights.setter
    def weights(self, value: Any) -> None:
        self._set_weights(value)

    def _set_weights(self, value: Any) -> None:
        """Take other weights; what is drawn stays a description, what is given is kept."""
        drawn = self._drawn.with_weight(value, self._seed)
        if self._storage == "procedural":
            refuse_one_by_one(value, "weights", self._name)
            with drawn.named():  # is it a weight at all
                values(value, drawn.dimension, NO_SYNAPSES, drawn.origin("weight").random,
                       "the weight")  # fmt: skip
            self._drawn, self._weights_changed = drawn, True
            return
        found = drawn.read_weights(value, drawn.rows(), drawn.origin("weight"))
        if not self._target.signed:
            self._refuse_negative(found)
        self._warn_of_negative(value)
        if not isinstance(value, (str, Distribution)) or isinstance(found, float):
            drawn = drawn.with_weight(Given(found), self._seed)
        self._drawn = drawn
        self._weights_changed = True

    def _warn_of_negative(self, weight: Any) -> None:
        """Warn of a synaptic conductance below 0, which drives v away from its reversal."""
        target = self._target
        if target.of is not None or target.dimension != UNITS["nS"].dimension:
            return
        if not (is_single(weight) or is_array(weight)):
            return
        try:
            worst = np.min(np.asarray(split_quantity(weight, "the weight")[0], np.float64))
        except (UserError, TypeError, ValueError):  # refused where it is read
            return
        if worst < 0:
            warn(
                f"{self._name}: a weight is negative, and a conductance below 0 drives v away from "
                "the reversal potential. What inhibits has a low one: write a positive weight and "
                "synapse=rb.synapses.Exponential(tau=5*ms, E=-80*mV), or to= an inhibitory port"
            )

    def _refuse_negative(self, weights: Any) -> None:
        """Refuse a junction that would let voltages run apart."""
        found = np.atleast_1d(np.asarray(weights, np.float64))
        if np.any(found < 0):
            unit = self._target.unit
            worst = f"{unit.from_si(float(found.min())):g}*{unit.text}"
            raise UserError(
                f"{self._name}: the weight of a gap junction is a conductance, 0 or more",
                given=f"weight={worst}",
                mend=f"write weight=1*{unit.text}; a distribution is bounded by low=0*{unit.text}",
            )

    @property
    def delays(self) -> Any:
        """The delay of each synapse, a quantity."""
        held = np.broadcast_to(np.asarray(self._steps(), np.float64), (len(self),))
        unit = 1.0 if self._drawn.in_seconds else self._drawn.dt
        return read_quantity(held * unit, UNITS["ms"], self._mend("delays"))

    @delays.setter
    def delays(self, value: Any) -> None:
        drawn = self._drawn.with_delay(value, self._seed)
        if self._storage == "procedural":
            refuse_one_by_one(value, "delays", self._name)
            with drawn.named():
                delay_steps(value, drawn.dt, NO_SYNAPSES, drawn.origin("delay").random)
            self._drawn, self._delays_changed = drawn, True
            return
        found = drawn.read_steps(value, drawn.rows(), drawn.origin("delay"))
        if not isinstance(value, (str, Distribution)) or isinstance(found, (int, float)):
            drawn = drawn.with_delay(Given(found), self._seed)
        self._drawn = drawn
        self._delays_changed = True

    def _take(self, drawn: Synapses) -> None:
        """Take back weights and delays that were there before."""
        old = self._drawn
        self._weights_changed |= drawn is not old
        same = drawn.delay is old.delay and drawn.delay_seed == old.delay_seed
        self._delays_changed |= not same
        self._drawn = drawn

    def _mend(self, what: str) -> str:
        one = what[0]
        return f"write {one} = projection.{what}.copy(); {one}[0] = ...; projection.{what} = {one}"

    def __len__(self) -> int:
        return self._drawn.count

    def __repr__(self) -> str:
        counted = ""
        if self._drawn.known:
            counted = f", {len(self):,} synapses"
        what = f"{self.of} to {self.to}" if self.of else f"to {self.to}"
        return (
            f"<Projection {self._name!r}: {self._source.name} -> {self._sink.name}, {what}, "
            f"{self._rule}{counted}>"
        )


def _read_only(values: Ints) -> Ints:
    shown = values.view()
    shown.setflags(write=False)
    return shown
