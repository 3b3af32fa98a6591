"""Times and the grid of steps: which step a time belongs to, and what is no whole step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rheobase.errors import WiringError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-6  # of a step: nearer than this to a grid point is on it


def nearest_steps(times: npt.ArrayLike, dt: float, start: float = 0.0) -> Ints:
    """Return the grid point nearest to each time, halves up, as a number of steps."""
    return np.floor((np.asarray(times, np.float64) - start) / dt + 0.5 + TOLERANCE).astype(np.int64)


def bin_times(times: npt.ArrayLike, dt: float, start: float = 0.0) -> tuple[Ints, Floats]:
    """Return the step each time belongs to, and the time since that step began.

    A time t belongs to step k with start + k dt <= t < start + (k+1) dt; within 1e-6 of a step of
    a grid point it is on it.

    Parameters
    ----------
    times : array of float
        Seconds.
    dt, start : float
        Step and beginning of the network, in seconds.

    Returns
    -------
    steps : ndarray of int64
    offsets : ndarray of float64
        Seconds in [0, dt); exactly 0 on the grid.
    """
    exact = (np.asarray(times, np.float64) - start) / dt
    near = np.rint(exact)
    on_grid = np.abs(exact - near) <= TOLERANCE
    steps = np.where(on_grid, near, np.floor(exact))
    offsets = np.where(on_grid, 0.0, (exact - steps) * dt)
    return steps.astype(np.int64), offsets


def whole_steps(seconds: float, dt: float, what: str, argument: str = "") -> int:
    """Return a time as a number of steps, refusing what is not a multiple of the step.

    Parameters
    ----------
    seconds, dt : float
        The time and the step, in seconds.
    what : str
        What the time is, for the error: "the delay".
    argument : str
        How it was written, for the line to paste: "delay" gives `delay=0.2*ms`.

    Raises
    ------
    WiringError
        If the time is further than 1e-6 of a step from a grid point; the two nearest multiples
        are named.
    """
    exact = seconds / dt
    near = round(exact) if math.isfinite(exact) else 0
    if math.isfinite(exact) and abs(exact - near) <= TOLERANCE:
        return near
    if not math.isfinite(exact):
        raise WiringError(f"{what} is not finite", given=f"{seconds}")
    below, above = math.floor(exact), math.floor(exact) + 1
    head = f"{argument}=" if argument else ""
    choices = " or ".join(f"{head}{milliseconds(k * dt)}" for k in (below, above))
    raise WiringError(
        f"{what} of {milliseconds(seconds)} is not a multiple of the step, {milliseconds(dt)}",
        mend=f"write {choices}",
    )


def milliseconds(seconds: float) -> str:
    """Write a time as it is pasted: `0.2*ms`."""
    return f"{seconds * 1e3:.9g}*ms"


def window(
    start: float, stop: float | None, dt: float, origin: float, what: str
) -> tuple[int, int]:
    """Return the steps first, end between which a stimulus is on, edges rounded to the grid.

    Parameters
    ----------
    start, stop : float
        Seconds; a stop of None never comes.
    dt, origin : float
        Step and beginning of the network, in seconds.
    what : str
        The stimulus, for the error.

    Raises
    ------
    WiringError
        If it is shorter than half a step, so that it would vanish.
    """
    first = int(nearest_steps(start, dt, origin))
    if stop is None:
        return first, np.iinfo(np.int64).max
    end = int(nearest_steps(stop, dt, origin))
    if end <= first and stop > start:
        raise WiringError(
            f"{what} from {milliseconds(start)} to {milliseconds(stop)} vanishes on the grid",
            expected=f"at least one step of {milliseconds(dt)}",
            given=f"{milliseconds(stop - start)}",
            mend="use a smaller dt: edges are rounded to the nearest step",
        )
    return first, end


def read_only(values: Any) -> Any:
    """Return a copy of an array that cannot be written."""
    held = np.array(values)
    held.setflags(write=False)
    return held
