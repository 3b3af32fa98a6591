"""How the cells of a network reach each other: ours, and the ways in which others do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rheobase.check.cells import Cell, Kind
from rheobase.check.faults import Fault, known_faults
from rheobase.check.fitting import Knob, cell_fault, knobs_of, times
from rheobase.check.habits import RIGHT, Habits

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wiring:
    """How a network goes about a step; the defaults are right, everything else is a known fault.

    Attributes
    ----------
    transposed
        Whether weights[i][j] is taken for that from j to i.
    delay
        Steps from a spike to its arrival.
    order
        "at once", or "in order": a spike reaches the neurons that come later in the same step.
    autapses
        Whether a neuron is connected with itself.
    spikes
        Spikes are delivered "once", "never", or "always" again in every step after; "refractory":
        as long as the cell is.
    several
        Of several neurons that spiked, "all" are delivered, or the "first", or the "last".
    outside
        What comes from outside reaches the "cell" it is for, "all" of them, or "none"; the "next",
        or the one "before".
    weights
        Between cells, "given", their "size", or the "positive" ones alone.
    factor
        They count so many times.
    zeros
        Whether a weight of 0 is received, too.
    deaf, mute
        A cell that no other reaches, or that reaches no other.
    cell
        The habits of its neurons.
    """

    transposed: bool = False
    delay: int = 1
    order: str = "at once"
    autapses: bool = True
    spikes: str = "once"
    several: str = "all"
    outside: str = "cell"
    weights: str = "given"
    factor: float = 1.0
    zeros: bool = False
    deaf: int | None = None
    mute: int | None = None
    cell: Habits = RIGHT


PROPER = Wiring()


class Ours:
    """Our network, with habits."""

    def __init__(self, kind: Kind, dt: float, weights: Floats, wiring: Wiring) -> None:
        self.port = next(iter(kind.model.receives))
        self.wiring, self.inputs = wiring, {e.name: 0.0 for e in kind.model.inputs}
        own = weights.T.copy() if wiring.transposed else weights.copy()
        if not wiring.autapses:
            np.fill_diagonal(own, 0.0)
        changed = {"size": np.abs(own), "positive": np.maximum(own, 0.0)}
        own = changed.get(wiring.weights, own) * wiring.factor
        if wiring.deaf is not None:
            own[:, wiring.deaf] = 0.0
        if wiring.mute is not None:
            own[wiring.mute] = 0.0
        self.weights = own
        self.cells = [Cell(kind, dt, wiring.cell) for _ in weights]
        self.under_way: list[list[int]] = [[] for _ in range(max(wiring.delay, 1))]
        self.ever: list[int] = []

    def step(self, outside: Sequence[Sequence[tuple[str, float]]]) -> list[list[tuple[str, float]]]:
        """Go one step; return what arrived at each cell."""
        due = self._due()
        told, spiked = [], list[int]()
        for j, cell in enumerate(self.cells):
            others = due
            if self.wiring.order == "in order":  # those before this one have been heard already
                others = [i for i in due if i >= j] + spiked
            mine = self._from_outside(outside, j) + self._from(others, j)
            told.append(mine)
            fires = cell.step(mine, self.inputs)
            if fires or (self.wiring.spikes == "refractory" and cell.left > 0):
                spiked.append(j)
        if self.wiring.delay == 0:
            for j, cell in enumerate(self.cells):
                now = self._from(spiked, j)
                cell.receive(now)
                told[j] += now
        self.under_way.append(spiked)
        return told

    def _due(self) -> list[int]:
        """Return the cells whose spikes arrive in this step at all cells."""
        due = self.under_way.pop(0)
        if self.wiring.delay == 0 or self.wiring.spikes == "never":
            return []
        if self.wiring.spikes == "always":
            self.ever += due
            return self.ever
        chosen = {"first": slice(0, 1), "last": slice(-1, None)}.get(self.wiring.several)
        return due if chosen is None else due[chosen]

    def _from_outside(self, outside: Sequence[Sequence[tuple[str, float]]],
                      cell: int) -> list[tuple[str, float]]:  # fmt: skip
        match self.wiring.outside:
            case "none":
                return []
            case "all":
                return [arrival for one in outside for arrival in one]
        shift = {"next": -1, "before": 1}.get(self.wiring.outside, 0)
        return list(outside[(cell + shift) % len(self.cells)])

    def _from(self, sources: Sequence[int], cell: int) -> list[tuple[str, float]]:
        weights = self.weights[:, cell]
        return [
            (self.port, float(weights[i]))
            for i in sources
            if self.wiring.zeros or weights[i] != 0.0
        ]


def network_faults(kind: Kind, size: int) -> Iterator[Fault]:
    """Yield the faults that a network can have, and those of its neurons."""
    w = "weights[i][j]"
    yield Fault({"transposed": True}, f"your network takes {w} for the weight from j to i; it is "
                "that from i to j (the matrix is transposed)")  # fmt: skip
    yield Fault({"delay": 0}, "your network delivers spikes in the very step in which they are "
                "fired; they arrive in the next one")  # fmt: skip
    yield Fault({"delay": 2}, "your network delivers spikes one step too late; they arrive in the "
                "step after the one in which they are fired")  # fmt: skip
    yield Fault({"order": "in order"}, "what your network does depends on the order of its "
                "neurons: a spike reaches those that are stepped after it in the same step, the "
                "others in the next one. Collect the spikes of a step first")  # fmt: skip
    yield Fault({"autapses": False}, "your network loses the connections of neurons with "
                f"themselves: {w} with i = j count too")  # fmt: skip
    yield Fault({"spikes": "never"}, "the neurons of your network do not reach each other: no "
                "spike is delivered")  # fmt: skip
    yield Fault({"spikes": "always"}, "your network delivers spikes again in every step after: "
                "forget those of a step once they are delivered")  # fmt: skip
    for which in ("first", "last"):
        yield Fault({"several": which}, f"of several neurons that spike in one step, your network "
                    f"delivers only the {which}")  # fmt: skip
    yield Fault({"outside": "all"}, "what comes from outside for one neuron reaches all neurons of "
                "your network")  # fmt: skip
    yield Fault({"outside": "none"}, "what comes from outside, by receive(cell, weight), does not "
                "reach the neurons of your network")  # fmt: skip
    yield Fault({"spikes": "refractory"}, "your network delivers a spike in every step in which "
                "its neuron is refractory; it is delivered once")  # fmt: skip
    for way, which in (("next", "after"), ("before", "before")):
        yield Fault({"outside": way}, "what comes from outside for one neuron reaches the one "
                    f"{which} it")  # fmt: skip
    yield Fault({"weights": "size"}, "your network takes the size of the weights between neurons "
                "without their sign; negative weights inhibit")  # fmt: skip
    yield Fault({"weights": "positive"}, "your network ignores negative weights between neurons; "
                "they inhibit")  # fmt: skip
    for cell in (0, size - 1):
        yield Fault({"deaf": cell}, f"neuron {cell} of your network is not reached by the spikes "
                    "of the neurons; does a loop leave it out?")  # fmt: skip
        yield Fault({"mute": cell}, f"spikes of neuron {cell} of your network are not delivered; "
                    "does a loop leave it out?")  # fmt: skip
    yield Fault({"zeros": True, "cell": replace(RIGHT, several="last")}, "each of your neurons "
                "keeps only the last of several arrivals in a step, weights of 0 among them; they "
                "add")  # fmt: skip
    yield from (cell_fault(fault) for fault in known_faults(kind))


def network_knobs(kind: Kind) -> Iterator[tuple[Knob, Callable[[Fault], Fault]]]:
    """Yield the numbers that a network or its neurons may have otherwise, and whose they are."""
    yield times("factor", "the weights between your neurons count {seen} times what they should"
                ), lambda fault: fault  # fmt: skip
    yield from ((knob, cell_fault) for knob in knobs_of(kind))
