"""What to do to a model to see how it behaves, written beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Arrivals", "Protocol", "Step", "Variant"]


@dataclass(frozen=True)
class Step:
    """A constant input between two times.

    Attributes
    ----------
    amplitude : str or float
        With the unit of the input ("500 pA").
    start, stop : str
        Times; without a stop it stays on.
    to : str
        The input it is injected into.
    """

    amplitude: str | float
    start: str = "0 ms"
    stop: str | None = None
    to: str = "I"


@dataclass(frozen=True)
class Arrivals:
    """Spikes that arrive at a port.

    Attributes
    ----------
    times : tuple of float
        In milliseconds.
    weight : str or float
        With the unit of the port ("6 nS").
    to : str
        The port.
    """

    times: tuple[float, ...]
    weight: str | float
    to: str


@dataclass(frozen=True)
class Protocol:
    """A stimulus, and what to look at.

    Attributes
    ----------
    caption : str
        What is to be seen, in a sentence or two.
    duration, dt : str
        Times. The step is short enough for the picture to be right.
    stimulus : tuple of Step
        Steps into one input add.
    arrivals : tuple of Arrivals
    draw : tuple of str
        Names of states and subexpressions; each has a panel of its own. Names joined by a
        space share one.
    parameters : mapping of str to (str or float)
        What is set otherwise than in the model.
    """

    caption: str
    duration: str
    dt: str = "0.05 ms"
    stimulus: tuple[Step, ...] = ()
    arrivals: tuple[Arrivals, ...] = ()
    draw: tuple[str, ...] = ("v",)
    parameters: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A published set of parameters.

    Attributes
    ----------
    meaning : str
        What it is, in a few words.
    parameters : mapping of str to (str or float)
        Values as in `describe`.
    protocol : Protocol, optional
        What shows how it behaves, if not what shows the model itself.
    """

    meaning: str
    parameters: Mapping[str, str | float]
    protocol: Protocol | None = None

    @property
    def values(self) -> str:
        """The values as one text: "g_L 10 nS, a 2 nS"."""
        return ", ".join(f"{name} {_short(value)}" for name, value in self.parameters.items())


def _short(value: str | float) -> str:
    """Return a value with at most six digits: "0.0666667 1/ms"."""
    number, _, unit = str(value).partition(" ")
    return f"{float(number):.6g} {unit}".rstrip()
