"""The clock of a network: whole steps from its start, and durations as whole steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rheobase.errors import ShapeError, UserError
from rheobase.network.grid import whole_steps
from rheobase.units import UNITS, quantity, to_si

SECOND = UNITS["second"].dimension


@dataclass
class Clock:
    """Where a network stands: step k of length dt, counted from the start of the network.

    Attributes
    ----------
    dt, start
        Length of a step and time of step 0, in seconds.
    step
        The number of steps done.
    """

    dt: float
    start: float = 0.0
    step: int = 0

    @property
    def time(self) -> float:
        """The time of the network in seconds, computed from the whole number of steps."""
        return self.start + self.step * self.dt

    def steps_of(self, value: Any, what: str, argument: str, paste: str, least: int = 0) -> int:
        """Return a time the user gave as a whole number of steps.

        Parameters
        ----------
        value
            A time.
        what
            How an error names it: "the duration".
        argument
            The name of the argument, for the line to paste if it is off the grid.
        paste
            The line to paste if it is no time: "net.run(1*second)".
        least
            The smallest number of steps that makes sense.

        Raises
        ------
        UnitError
            The value is not a time.
        ShapeError
            It is several.
        WiringError
            It is not a multiple of dt; the two nearest are named.
        UserError
            It is not finite, or too short.
        """
        seconds = one_time(value, what, paste)
        if not math.isfinite(seconds) or seconds < 0:
            raise UserError(
                f"{what} is not a time that can be waited for",
                expected="a finite time, 0 or longer",
                given=f"{seconds:g} second",
                mend=f"write {paste}",
            )
        steps = whole_steps(seconds, self.dt, what, argument)
        if steps < least:
            raise UserError(
                f"{what} is shorter than a step",
                expected=f"{least * self.dt * 1e3:g} ms or longer",
                given=f"{seconds * 1e3:g} ms",
                mend=f"write {paste}",
            )
        return steps


def one_time(value: Any, what: str, paste: str) -> float:
    """Return one time the user gave, in seconds."""
    found = to_si(value, SECOND, what=what, paste=paste)
    if not isinstance(found, float):
        raise ShapeError(f"{what} is one time", given=f"{found.size} times", mend=f"write {paste}")
    return found


def milliseconds_quantity(seconds: Any) -> Any:
    """Return seconds as a quantity in ms."""
    return quantity(seconds, UNITS["ms"])
