"""The synapses of a projection as a description: drawn when they are asked for, not kept.

Of a large projection only what a user gave one by one is held; everything else is drawn anew, in
compiled code, by the engine and by whoever reads it. The synapses are always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity import parts
from rheobase.connectivity import values as drawn_values
from rheobase.connectivity.rows import Rows, count_of, draw_rows, from_realized, part_of
from rheobase.connectivity.ruletable import drawn_by_row
from rheobase.connectivity.threads import usable_cores
from rheobase.connectivity.values import CHUNK, Source
from rheobase.errors import ShapeError, WiringError
from rheobase.network.connecting import Realized, Side, drawing_of, expected_synapses, realized
from rheobase.network.distributions import Distribution
from rheobase.network.drawing import IN_PIECES
from rheobase.network.rules import FromMatrix, Rule
from rheobase.network.synapse_values import is_expression
from rheobase.rendering.primitives import has_numba
from rheobase.rendering.random import stream_of
from rheobase.simulation import real_time
from rheobase.simulation.population import Cells
from rheobase.simulation.streams import RandomStream
from rheobase.units import Dimension, to_si

Floats: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = float | NDArray[Any]
Steps: TypeAlias = float | NDArray[Any]

COMPILED_FROM = 20_000
"""Synapses of a projection: NumPy draws fewer before compiled code is loaded."""
COMPILED_FROM_WHEN_COLD = 1_500_000
"""And so many before it is compiled."""
KEPT_UP_TO = 300_000
"""Synapses of a projection that are kept once they were drawn."""


@dataclass(frozen=True)
class Given:
    """Values as they were read from the user: one, or one a synapse in canonical order."""

    values: Any


@dataclass(frozen=True, eq=False)
class Synapses:
    """Everything that the synapses of a projection are drawn from.

    Attributes
    ----------
    name : str
        Of the projection; streams of random numbers are named by it.
    source, sink : Cells
        The cells that are connected.
    rule : Rule
        Who is connected to whom.
    dimension : Dimension
        Of the weight.
    weight, delay
        What `net.connect` was given, or `Given` values.
    dtype : str
        Of weights that differ between synapses.
    dt : float
        The step, in seconds.
    delayed : bool
        Whether a delay that was not given is one step, as that of spikes, or none.
    rule_seed, weight_seed, delay_seed : int
        Seeds of what is drawn.
    """

    name: str
    source: Cells
    sink: Cells
    rule: Rule
    dimension: Dimension
    weight: Any
    delay: Any
    dtype: str
    dt: float
    delayed: bool
    rule_seed: int
    weight_seed: int
    delay_seed: int
    _shared: dict[str, Any] = field(default_factory=dict)  # of one rule: rows that are kept ...
    _kept: dict[str, Any] = field(default_factory=dict, init=False)

    def with_weight(self, weight: Any, seed: int) -> Synapses:
        """Return the same synapses with other weights."""
        return replace(self, weight=weight, weight_seed=seed)

    def with_delay(self, delay: Any, seed: int) -> Synapses:
        """Return the same synapses with other delays."""
        return replace(self, delay=delay, delay_seed=seed)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let errors begin with the call that asked for it."""
        try:
            yield
        except (ShapeError, WiringError) as error:
            call = f"net.connect({self.source.name}, {self.sink.name}, ...)"
            raise type(error)(f"{call}: {error}") from None

    # -- who is connected to whom -----------------------------------------------------------

    @property
    def expected(self) -> float:
        """About how many synapses there are: exactly, once they were drawn."""
        if "count" in self._shared:
            return float(self._shared["count"])
        return expected_synapses(self.rule, self.source.size, self.sink.size)

    @property
    def count(self) -> int:
        """The number of synapses."""
        if "count" not in self._shared and self._pays() and drawn_by_row(self.rule):
            origin = self.origin("rule")
            with self.named():
                found = count_of(self.rule, self.drawing(), origin.seed, origin.stream, self.cores)
            self.tell_count(found)
        if "count" not in self._shared:
            self.rows()
        return int(self._shared["count"])

    @property
    def known(self) -> bool:
        """Whether they were drawn before, so that their number is known."""
        return "count" in self._shared

    def drawing(self) -> Any:
        """Return what the rule is drawn from."""
        source, sink = self.source, self.sink
        if "positions" not in self._shared:  # those of the first time, whatever is set later
            self._shared["positions"] = _positions(source), _positions(sink)
        here, there = self._shared["positions"]
        return drawing_of(
            self.rule, source._numbers, sink._numbers, source.population is sink.population,
            self.origin("rule").random, here, there,
        )  # fmt: skip

    def rows(self) -> Rows:
        """Return the synapses in rows by source."""
        if "rows" in self._shared:
            held: Rows = self._shared["rows"]
            return held
        size = self.source.population.size
        with self.named():
            drawing = self.drawing()
            if self.compiled:
                origin = self.origin("rule")
                rows = draw_rows(self.rule, drawing, size, origin.seed, origin.stream, self.cores)
            else:
                rows = from_realized(self.rule, realized(self.rule, drawing), drawing, size)
        self._shared["count"] = len(rows)
        if len(rows) <= KEPT_UP_TO:
            self._shared["rows"] = rows
        return rows

    def tell_count(self, count: int) -> None:
        """Say how many synapses there are, where they were counted without being drawn here."""
        self._shared["count"] = count

    @property
    def compiled(self) -> bool:
        """Whether compiled code draws the rule, for which numba is loaded."""
        return isinstance(self.rule, IN_PIECES) or self._pays()

    def _pays(self) -> bool:
        """Whether compiled code draws the rule sooner than NumPy."""
        expected = self.expected
        if not has_numba() or expected < COMPILED_FROM:
            return False
        return expected >= COMPILED_FROM_WHEN_COLD or parts.at_hand(part_of(self.rule))

    def use_threads(self, threads: int) -> None:
        """Draw with so many threads from now on; before, it is as many as there are cores."""
        self._shared["threads"] = threads

    @property
    def cores(self) -> int:
        """How many threads draw."""
        return int(self._shared.get("threads", 0)) or usable_cores()

    def origin(self, what: str) -> Source:
        """Return where the random numbers of the rule, the weight or the delay come from."""
        seed = {"rule": self.rule_seed, "weight": self.weight_seed, "delay": self.delay_seed}[what]
        stream = stream_of(self.name, what)
        return Source(seed, stream, RandomStream(seed, stream))

    # -- weights and delays ------------------------------------------------------------------

    def weights(self, rows: Rows) -> Weights:
        """Return the weights in SI units: one for all synapses, or one each."""
        if isinstance(self.weight, Given):
            given: Weights = self.weight.values
            return given
        return self._once(
            "weights", rows, lambda: self.read_weights(self.weight, rows, self.origin("weight"))
        )

    def _once(self, what: str, rows: Rows, read: Callable[[], Weights]) -> Weights:
        """Return what was read before; of large projections it is read anew."""
        if what not in self._kept:
            found = read()
            if len(rows) > KEPT_UP_TO:
                return found
            self._kept[what] = found
        held: Weights = self._kept[what]
        return held

    def read_weights(self, weight: Any, rows: Rows, origin: Source) -> Weights:
        """Return what a weight stands for, one for all synapses or one each."""
        if weight is None and isinstance(self.rule, FromMatrix):
            found = np.empty(len(rows), self.dtype)
            for part, synapses in rows.chunks(CHUNK):
                found[part] = to_si(synapses.weights, self.dimension, what="the weight")
            return found
        with self.named():
            return drawn_values.weights_of(
                weight, self.dimension, rows, origin, "the weight", np.dtype(self.dtype),
                self.cores, has_numba(),
            )  # fmt: skip

    @property
    def in_seconds(self) -> bool:
        """Whether delays are not in steps but in seconds, as exact crossings need them."""
        return self.delayed and real_time.in_seconds(self.source, self.sink)

    def steps(self, rows: Rows) -> Steps:
        """Return the delays in steps (or seconds): one for all synapses, or one each."""
        if isinstance(self.delay, Given):
            given: Steps = self.delay.values
            return given
        if self.delay is None and not self.delayed:
            return 0
        return self._once(
            "steps", rows, lambda: self.read_steps(self.delay, rows, self.origin("delay"))
        )

    def read_steps(self, delay: Any, rows: Rows, origin: Source) -> Steps:
        """Return what a delay stands for, one for all synapses or one each."""
        with self.named():
            if self.in_seconds:
                return real_time.delays(
                    delay, self.dt, rows.realized(), origin.random, self.source, self.sink
                )
            return drawn_values.steps(
                delay, self.dt, rows, origin, "the delay", self.cores, has_numba()
            )

    def one_weight(self) -> float | None:
        """Return the weight of all synapses in SI units, None where they may differ."""
        if isinstance(self.weight, Given):
            held = self.weight.values
            return held if isinstance(held, float) else None
        if is_single(self.weight):
            found = to_si(self.weight, self.dimension, what="the weight")
            return found if isinstance(found, float) else None
        return None


_NOBODY = Side(np.zeros(0, np.int64))
NO_SYNAPSES = Realized(_NOBODY.ids, _NOBODY.ids, _NOBODY, _NOBODY)
"""What a single value is read for before anything is drawn."""


def is_array(given: Any) -> bool:
    """Return whether a weight or delay is given one by one."""
    if given is None or isinstance(given, (str, Distribution, Given)):
        return False
    return isinstance(given, (list, tuple)) or np.ndim(getattr(given, "magnitude", given)) > 0


def is_single(given: Any) -> bool:
    """Return whether a weight or delay is one value for all synapses."""
    if isinstance(given, str):
        return not is_expression(given)
    return given is not None and not isinstance(given, Distribution) and not is_array(given)


def refuse_one_by_one(value: Any, what: str, name: str) -> None:
    """Refuse to give synapses that are not stored values of their own.

    Raises
    ------
    WiringError
        The value is neither one for all nor drawn from a distribution.
    """
    if is_single(value) or isinstance(value, Distribution):
        return
    unit = "ms" if what == "delays" else "pA"
    raise WiringError(
        f"{name}.{what}: these synapses are drawn anew at every spike, and cannot be given {what} "
        "one by one",
        expected="one value, or a distribution of rb.random",
        mend=f'write {name}.{what} = 1.5*{unit}, or connect with storage="stored"',
    )


def _positions(cells: Cells) -> Floats | None:
    held = cells.population._positions
    return None if held is None else held[cells.indices]
