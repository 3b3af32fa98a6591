"""What a neuron is given in a check: random arrivals and inputs, strong enough to make it fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rheobase.check.cells import Arrivals, Cell, Kind

Inputs = dict[str, float]

CHANCE = 0.1
"""Of an arrival, by port and step."""
INHIBITORY = 0.25
"""The fraction of arrivals with a negative weight, where one port takes both signs."""
HOLD = 25
"""Steps for which an input keeps its value."""
_FEW, _MANY = 3, 0.12
"""Spikes that are enough, and the fraction of steps with a spike that is too much."""


@dataclass(frozen=True)
class Trial:
    """What is given to a neuron, step by step.

    Attributes
    ----------
    name
        For the report: "one strong input".
    arrivals
        For each step what arrives, in SI units.
    inputs
        For each step the values of the input variables, in SI units.
    """

    name: str
    arrivals: Sequence[Arrivals]
    inputs: Sequence[Inputs]

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return len(self.arrivals)


class Trials:
    """Makes trials for a kind of neuron.

    Parameters
    ----------
    kind
        The model.
    dt
        The step, in seconds.
    steps
        The length of a trial.
    rng
        Where everything random is drawn from.
    driven
        The input variables that are given values.
    weight
        Mean size of the weights in SI units, None to find it.
    """

    def __init__(self, kind: Kind, dt: float, steps: int, rng: np.random.Generator,
                 driven: Sequence[str], weight: float | None) -> None:  # fmt: skip
        self.kind, self.dt, self.steps, self.rng = kind, dt, steps, rng
        self.driven = tuple(driven)
        self.ports = tuple(kind.model.receives)
        self.signed = len(self.ports) == 1
        self.weights: dict[str, float] = {}
        self.amplitudes: dict[str, float] = {}
        if weight is not None:
            self.weights = dict.fromkeys(self.ports, weight)
        self._find_sizes()

    def made(self, count: int) -> list[Trial]:
        """Return so many trials, the simple one first."""
        return [self.simple(), *(self.random(f"random input {n + 1}") for n in range(count - 1))]

    # -- sizes ----------------------------------------------------------------------------

    def _find_sizes(self) -> None:
        """Find weights and amplitudes that make the neuron fire, but not in every step."""
        model = self.kind.model
        for port in self.ports:
            if port not in self.weights:
                found = self._sized({port: model.receives_unit(port).scale}, {})
                if found:
                    self.weights[port] = found
        known = list(self.weights.values())
        for port in self.ports:  # what cannot make it fire inhibits it
            self.weights.setdefault(port, known[0] if known else model.receives_unit(port).scale)
        for name in self.driven:
            self.amplitudes[name] = self._sized({}, {name: model.unit_of(name).scale})
        for name, value in self.amplitudes.items():
            self.amplitudes[name] = value or model.unit_of(name).scale

    def _sized(self, weights: Inputs, amplitudes: Inputs) -> float:
        """Return the size at which a port or input makes the neuron fire, 0 if none does."""
        size = next(iter((*weights.values(), *amplitudes.values())))
        spiking = self.kind.model.threshold is not None
        if not spiking:
            return size
        factor, grown, best = 1.0, False, 0.0
        for _ in range(16):
            state = np.random.default_rng(1)
            trial = self._drawn(
                "", {p: w * factor for p, w in weights.items()},
                {n: a * factor for n, a in amplitudes.items()}, state, self.steps,
            )  # fmt: skip
            much = int(max(_MANY * trial.steps, _FEW))
            count = count_spikes(Cell(self.kind, self.dt), trial, much + 1)
            if count >= _FEW:
                best = factor
                if count <= much or grown:
                    break
                factor /= 2
            elif best:
                break
            else:
                grown, factor = True, factor * 3
        return best * size

    # -- trials ---------------------------------------------------------------------------

    def random(self, name: str, times: float = 1.0) -> Trial:
        """Return a trial of random arrivals and inputs, so many times the size that is found."""
        weights = {port: times * weight for port, weight in self.weights.items()}
        amplitudes = {input: times * size for input, size in self.amplitudes.items()}
        return self._drawn(name, weights, amplitudes, self.rng, self.steps)

    def _drawn(self, name: str, weights: Inputs, amplitudes: Inputs, rng: np.random.Generator,
               steps: int) -> Trial:  # fmt: skip
        arrivals: list[list[tuple[str, float]]] = [[] for _ in range(steps)]
        for port, weight in weights.items():
            for k in np.flatnonzero(rng.random(steps) < CHANCE).tolist():
                for _ in range(1 + (rng.random() < 0.15)):
                    sign = -1 if self.signed and rng.random() < INHIBITORY else 1
                    arrivals[k].append((port, float(sign * weight * rng.uniform(0.5, 1.5))))
        inputs = []
        for k in range(steps):
            if k % HOLD == 0:
                now = {n: float(a * rng.uniform(-0.5, 1.5)) for n, a in amplitudes.items()}
            inputs.append(now)
        return Trial(name, arrivals, inputs)

    def simple(self) -> Trial:
        """Return one strong input at the start, in the simplest conditions there are."""
        nothing: list[Arrivals] = [[] for _ in range(self.steps)]
        off = dict.fromkeys(self.driven, 0.0)
        best, most = None, -1
        for factor in (2, 5, 10, 20, 50, 100):
            if self.ports:
                port = self.ports[0]
                arrivals = [[(port, factor * self.weights[port])], *nothing[1:]]
                trial = Trial("one strong input", arrivals, [off] * self.steps)
            else:
                on = {n: a * factor / 5 for n, a in self.amplitudes.items()}
                inputs = [on] * (self.steps // 2) + [off] * (self.steps - self.steps // 2)
                trial = Trial("a constant input", nothing, inputs)
            count = count_spikes(Cell(self.kind, self.dt), trial, 2)
            if count > most:
                best, most = trial, count
            if count == 2:
                break
        assert best is not None
        return best

    def at_threshold(self) -> Trial | None:
        """Return a trial that brings v to the threshold exactly, None where there is none."""
        thresholds = self.kind.thresholds
        if thresholds is None or not self.ports or self.kind.model.threshold is None:
            return None
        name, level = thresholds
        port, off = self.ports[0], dict.fromkeys(self.driven, 0.0)
        unit = self.kind.model.receives_unit(port)
        low, high = 0.0, 1e6 * self.weights[port]

        def reached(weight: float) -> float:
            cell = Cell(self.kind, self.dt)
            cell.step([(port, weight)], off)
            cell.left = 0.0
            cell._run()
            return float(cell.arrays[name])

        if "left" not in self.kind.plan.arrays or not reached(low) < level <= reached(high):
            return None
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if reached(middle) < level else (low, middle)
        for digits in range(1, 12):
            weight = float(unit.to_si(float(f"{unit.from_si(high):.{digits}g}")))
            if reached(weight) == level:
                break
        else:
            return None
        arrivals: list[Arrivals] = [[(port, weight)], [], []]
        return Trial("an input that brings v to its threshold exactly", arrivals, [off] * 3)


def count_spikes(cell: Cell, trial: Trial, enough: int = 10**9) -> int:
    """Return how often a cell spikes in a trial; stop counting at `enough`."""
    count = 0
    for arrivals, inputs in zip(trial.arrivals, trial.inputs, strict=True):
        count += cell.step(arrivals, inputs)
        if count >= enough:
            break
    return count
