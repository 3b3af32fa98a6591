"""Weights and delays of synapses: from numbers, arrays, texts and distributions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from rheobase.errors import ShapeError, WiringError
from rheobase.network.connecting import Realized
from rheobase.network.distributions import Distribution
from rheobase.network.draws import Floats, Ints, RandomSource
from rheobase.network.evaluate import Draws, evaluate
from rheobase.network.grid import TOLERANCE, nearest_steps, whole_steps
from rheobase.network.texts import PairText, pair_text
from rheobase.units import Dimension, describe, to_si, usual_unit

Spec: TypeAlias = Any
"""A quantity, "20 ms", an array, a text over i and j, or a distribution."""

MAX_DELAY_STEPS = 2**22
"""The longest delay: seven minutes at 0.1 ms, for which a queue takes 32 MiB."""
SECOND = Dimension(second=1.0)
# A number, and then nothing or a unit: an expression never has a name right after a number.
_QUANTITY = re.compile(r"\s*[-+]?\s*(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*($|(?!and\b|or\b)[^\W\d])")


def is_expression(text: str) -> bool:
    """Return whether a text is an expression rather than a quantity such as "20 pA"."""
    return _QUANTITY.match(text) is None


def values(
    spec: Spec, dimension: Dimension, realized: Realized, random: RandomSource, what: str
) -> float | Floats:
    """Return one value for all synapses, or one for each, in SI units.

    Parameters
    ----------
    spec
        One quantity (or "20 pA"): it stays one number. An array with one entry a synapse in the
        order (pre, post, draw), for `pairs` in the order of the pairs; or of shape (N_pre,
        N_post). A text over i, j, N_pre, N_post, distance, units, rand() and randn(). A
        distribution.
    dimension
        What is expected.
    realized
        The synapses.
    random
        Random numbers of this value of this connection.
    what
        What the value is, for errors: "the weight".

    Returns
    -------
    float or ndarray, shape (synapses,)

    Raises
    ------
    UnitError
        If it is of another dimension.
    ShapeError
        If an array fits neither the synapses nor the cells.
    EquationError, UnknownNameError
        If a text cannot be read.
    WiringError
        If a value is not finite.
    """
    return reader(spec, dimension, random, what)(realized)


def reader(
    spec: Spec, dimension: Dimension, random: RandomSource, what: str
) -> Callable[[Realized], float | Floats]:
    """Read what values are to be; the function returned is `values` for any whole rows.

    Parameters and errors as of `values`; what does not need the synapses is read only once.
    """
    find: Callable[[Realized], float | Floats]
    if isinstance(spec, Distribution):
        spec.check(dimension, what)

        def find(realized: Realized) -> float | Floats:
            return spec.sample(realized.place_in_row, realized.pre, random)

    elif isinstance(spec, str) and is_expression(spec):
        text = pair_text(spec, dimension, what)

        def find(realized: Realized) -> float | Floats:
            return _from_text(text, realized, random)

    else:
        paste = f"{what.split()[-1]}=20*{usual_unit(dimension)}"
        si = to_si(spec, dimension, what=what, paste=paste)

        def find(realized: Realized) -> float | Floats:
            return si if isinstance(si, float) else _per_synapse(si, realized, what)

    def finite(realized: Realized) -> float | Floats:
        found = find(realized)
        wrong = np.flatnonzero(~np.isfinite(found))
        if wrong.size:
            place = "" if isinstance(found, float) else (
                f" from {realized.pre[wrong[0]]} to {realized.post[wrong[0]]}"
            )  # fmt: skip
            given = f"{np.atleast_1d(found)[wrong[0]]}"
            raise WiringError(f"{what}{place} is not finite", given=given)
        return found

    return finite


def _from_text(read: PairText, realized: Realized, random: RandomSource) -> float | Floats:
    names: dict[str, Any] = {
        "N_pre": float(realized.shape[0]),
        "N_post": float(realized.shape[1]),
    }
    if "i" in read.names:
        names["i"] = realized.i.astype(np.float64)
    if "j" in read.names:
        names["j"] = realized.j.astype(np.float64)
    if "distance" in read.names:
        names["distance"] = realized.distance
    found = evaluate(read.expression, names, Draws(random, realized.place_in_row, realized.pre))
    return found if isinstance(found, float) else np.asarray(found, np.float64)


def _per_synapse(si: Floats, realized: Realized, what: str) -> float | Floats:
    """Give each synapse its entry of an array."""
    if si.shape == realized.shape:
        return np.asarray(si[realized.i, realized.j])
    total = len(realized) if realized.total is None else realized.total
    if si.shape == (total,):
        own = slice(realized.first, realized.first + len(realized))
        return np.array(si[own if realized.order is None else realized.order])
    if si.size == 1:
        return float(si.reshape(()))
    raise ShapeError(
        f"{what}: an array of shape {si.shape} does not fit",
        expected=f"{total} values, one for each synapse, or shape {realized.shape}, "
        "sources by targets",
        given=f"shape {si.shape}",
    )


def delay_steps(
    spec: Spec | None, dt: float, realized: Realized, random: RandomSource, what: str = "the delay"
) -> int | Ints:
    """Return delays as numbers of steps: one for all synapses, or one for each.

    Parameters
    ----------
    spec
        As in `values`; None: one step.
    dt
        The step, in seconds.
    realized, random, what
        As in `values`.

    Returns
    -------
    int or ndarray of int64
        A single delay must be a multiple of the step; 0 is one. Of several, those on the grid
        stay as they are; the others are rounded to the nearest step, at least one.

    Raises
    ------
    WiringError
        If a delay is negative or longer than MAX_DELAY_STEPS, or a single one no multiple of the
        step.
    """
    if spec is None:
        return 1
    seconds = values(spec, SECOND, realized, random, what)
    lowest, longest = np.min(seconds, initial=np.inf), np.max(seconds, initial=0.0)
    check_delays(float(lowest), float(longest), dt, spec, what)
    if isinstance(seconds, float):
        return whole_steps(seconds, dt, what, "delay")
    return steps_of(seconds, dt, isinstance(spec, Distribution))


def check_delays(lowest: float, longest: float, dt: float, spec: Spec, what: str) -> None:
    """Refuse delays (in seconds) that are negative or too long.

    Raises
    ------
    WiringError
        With the lowest or longest of them.
    """
    if lowest < 0:
        raise WiringError(
            f"{what} is negative",
            expected=f"{describe(SECOND)}, 0 or more",
            given=f"{lowest * 1e3:g}*ms",
            mend=_positive_line(spec),
        )
    if longest / dt > MAX_DELAY_STEPS:
        raise WiringError(
            f"{what} is {longest / dt:.3g} steps: spikes under way that long are not held",
            expected=f"at most {MAX_DELAY_STEPS:,} steps, {MAX_DELAY_STEPS * dt:g} s here",
            given=f"{longest * 1e3:g}*ms",
            mend="write delay=1.5*ms",
        )


def steps_of(seconds: Floats, dt: float, drawn: bool) -> Ints:
    """Return delays as numbers of steps: the nearest, and at least one unless given on the grid."""
    steps = nearest_steps(seconds, dt)
    if drawn:
        return np.maximum(steps, 1)
    exact = seconds / dt
    on_grid = np.abs(exact - np.rint(exact)) <= TOLERANCE
    return np.where(on_grid, steps, np.maximum(steps, 1))


def _positive_line(spec: Spec) -> str:
    if isinstance(spec, Distribution) and spec.name in ("normal", "uniform"):
        return "write delay=rb.random.normal(1.5*ms, 0.5*ms, low=0.1*ms)"
    return ""
