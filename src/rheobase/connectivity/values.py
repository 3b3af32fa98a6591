"""Weights and delays for the rows of a connection: drawn by compiled code, or worked out in chunks.

What the values are is said in `network/synapse_values.py` and `network/distributions.py`; their
errors are raised from there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheobase.connectivity.parts import at_hand, function_of
from rheobase.connectivity.parts import columns as c
from rheobase.connectivity.rows import Rows
from rheobase.connectivity.ruletable import address, bits
from rheobase.connectivity.threads import divide, each
from rheobase.errors import InternalError
from rheobase.network.distributions import MOST_ATTEMPTS, Distribution, log_mean_and_std
from rheobase.network.draws import Ints, RandomSource
from rheobase.network.synapse_values import (
    SECOND,
    Spec,
    check_delays,
    delay_steps,
    reader,
    steps_of,
)
from rheobase.units import Dimension

CHUNK = 1 << 20  # synapses worked out at a time: some 8 MB an array
COMPILED_FROM = 10_000  # synapses: NumPy draws fewer before compiled code is loaded
COMPILED_FROM_WHEN_COLD = 1_000_000  # and these before it is compiled
LONGEST_SHORT = np.iinfo(np.uint16).max
_LAWS = {
    "normal": c.NORMAL,
    "uniform": c.UNIFORM,
    "lognormal": c.LOGNORMAL,
    "exponential": c.EXPONENTIAL,
}
_KINDS: dict[Any, int] = {
    np.dtype(np.float64): c.FLOAT64,
    np.dtype(np.float32): c.FLOAT32,
    np.dtype(np.uint16): c.UINT16,
    np.dtype(np.int32): c.INT32,
}


@dataclass(frozen=True)
class Source:
    """Where the random numbers of some values come from.

    Attributes
    ----------
    seed, stream
        Of the numbers.
    random
        The same, as NumPy functions.
    """

    seed: int
    stream: int
    random: RandomSource


def value_table(
    law: Distribution | float, source: Source, dt: float = 1.0, single: bool = False
) -> NDArray[np.int64]:
    """Return the table of a distribution, or of one value for all.

    Parameters
    ----------
    law
        What is drawn, or the value, in SI units.
    source
        The random numbers.
    dt
        Of delays: the step in seconds.
    single
        Whether a row drawn alone is rounded to float32.
    """
    from rheobase.rendering.random import fill_address

    table = np.zeros(c.V_SIZE, np.int64)
    table[c.V_SEED], table[c.V_STREAM] = source.seed, source.stream
    table[c.V_STEP], table[c.V_SINGLE] = bits(dt), single
    if not isinstance(law, Distribution):
        table[c.V_LAW], table[c.V_FIRST] = c.CONSTANT, bits(law)
        table[c.V_FACTOR] = bits(1.0)
        return table
    table[c.V_LAW] = _LAWS[law.name]
    first, second = _arguments(law)
    table[c.V_FIRST], table[c.V_SECOND] = bits(first), bits(second)
    table[c.V_LOW], table[c.V_HIGH] = bits(law.low), bits(law.high)
    table[c.V_BOUNDED] = bool(np.isfinite(law.low) or np.isfinite(law.high))
    table[c.V_FACTOR], table[c.V_MOST] = bits(law.factor), MOST_ATTEMPTS
    normal = law.name in ("normal", "lognormal")
    table[c.V_FILL] = fill_address("normal" if normal else "uniform")
    return table


def _arguments(law: Distribution) -> tuple[float, float]:
    """Return the two numbers that values are made with."""
    given = law.arguments
    if law.name == "normal":
        return given["mean"], given["std"]
    if law.name == "uniform":
        return given["low"], given["high"] - given["low"]
    if law.name == "lognormal":
        return log_mean_and_std(given["mean"], given["std"])
    return given["mean"], 0.0


def reach(law: Distribution) -> tuple[float, float]:
    """Return bounds that no value of a distribution lies beyond.

    Uniform numbers are at least 2**-33, so that normal ones are at most 6.77 in size and the
    logarithms of uniform ones at most 22.9.
    """
    first, second = _arguments(law)
    if law.name == "uniform":
        low, high = first, first + second
    elif law.name == "exponential":
        low, high = 0.0, 23.0 * first
    else:
        low, high = first - 6.8 * second, first + 6.8 * second
        if law.name == "lognormal":
            with np.errstate(over="ignore"):
                low, high = float(np.exp(low)), float(np.exp(high))
    ends = law.factor * max(low, law.low), law.factor * min(high, law.high)
    return min(ends), max(ends)


def weights_of(
    spec: Spec, dimension: Dimension, rows: Rows, source: Source, what: str, dtype: Any,
    threads: int, compiled: bool,
) -> float | NDArray[Any]:  # fmt: skip
    """Return one weight for all synapses, or one for each.

    Parameters
    ----------
    spec, dimension, what
        As of `synapse_values.values`.
    rows
        The synapses.
    source
        The random numbers of the weights.
    dtype
        float64, or float32: drawn in double precision and rounded.
    threads
        How many threads draw; the weights are the same for any number.
    compiled
        Whether compiled code may be used.

    Raises
    ------
    UnitError, ShapeError, EquationError, UnknownNameError, WiringError
        As `synapse_values.values`.
    """
    if isinstance(spec, Distribution) and compiled and _pays(len(rows)):
        spec.check(dimension, what)
        found, _, _, wrong = _drawn(value_table(spec, source), rows, dtype, threads)
        if wrong:
            _say_why(spec, dimension, rows, source, what)
        return found
    read = reader(spec, dimension, source.random, what)
    made: NDArray[Any] | None = None
    for part, realized in rows.chunks(CHUNK):
        values = read(realized)
        if isinstance(values, float):
            return values
        if made is None:
            made = np.empty(len(rows), dtype)
        made[part] = values
    if made is None:
        nothing = read(rows.realized())
        return nothing if isinstance(nothing, float) else nothing.astype(dtype)
    return made


def steps(
    spec: Spec | None, dt: float, rows: Rows, source: Source, what: str, threads: int,
    compiled: bool,
) -> int | NDArray[Any]:  # fmt: skip
    """Return delays as numbers of steps: one for all synapses, or one for each.

    Parameters
    ----------
    spec, dt, what
        As of `synapse_values.delay_steps`.
    rows, source, threads, compiled
        As of `weights_of`.

    Returns
    -------
    int or ndarray
        Of uint16, or of int32 where that is too short.

    Raises
    ------
    WiringError
        As `synapse_values.delay_steps`, and what `weights_of` raises.
    """
    if spec is None or not len(rows):
        # Which synapses there are does not matter: none is looked at.
        return delay_steps(spec, dt, rows.realized(0, 0), source.random, what)
    if isinstance(spec, Distribution) and compiled and _pays(len(rows)):
        spec.check(SECOND, what)
        short = reach(spec)[1] / dt < LONGEST_SHORT - 1
        table = value_table(spec, source, dt)
        dtype = np.uint16 if short else np.int32
        found, lowest, highest, wrong = _drawn(table, rows, dtype, threads)
        if wrong:
            _say_why(spec, SECOND, rows, source, what)
        check_delays(lowest, highest, dt, spec, what)
        return found
    return _steps_in_chunks(spec, dt, rows, source, what)


def _pays(count: int) -> bool:
    """Return whether compiled code draws so many values sooner than NumPy."""
    return count >= COMPILED_FROM and (count >= COMPILED_FROM_WHEN_COLD or at_hand("values"))


def _steps_in_chunks(
    spec: Spec, dt: float, rows: Rows, source: Source, what: str
) -> int | NDArray[Any]:
    read = reader(spec, SECOND, source.random, what)
    made = np.empty(len(rows), np.int32)
    lowest, longest = np.inf, 0.0
    for part, realized in rows.chunks(CHUNK):
        seconds = read(realized)
        if isinstance(seconds, float):
            return delay_steps(spec, dt, realized, source.random, what)
        lowest = min(lowest, float(np.min(seconds, initial=np.inf)))
        longest = max(longest, float(np.max(seconds, initial=0.0)))
        if lowest >= 0 and longest / dt < np.iinfo(np.int32).max:
            made[part] = steps_of(seconds, dt, isinstance(spec, Distribution))
    check_delays(lowest, longest, dt, spec, what)
    return made.astype(np.uint16) if made.max() <= LONGEST_SHORT else made


def _drawn(
    table: NDArray[np.int64], rows: Rows, dtype: Any, threads: int
) -> tuple[NDArray[Any], float, float, bool]:
    """Draw a value for every synapse; return also what `seen` does."""
    made = np.empty(len(rows), dtype)
    return made, *seen(table, rows.row_start, threads, made)


def seen(
    table: NDArray[np.int64], row_start: Ints, threads: int, made: NDArray[Any] | None = None
) -> tuple[float, float, bool]:
    """Draw all values of a table, into `made` or to look at them only.

    Returns
    -------
    lowest, highest
        Before they are rounded.
    wrong
        Whether any is not finite, or too rare to be drawn.
    """
    lengths = np.diff(row_start)
    longest = int(lengths.max(initial=0))
    found = np.zeros((threads, c.S_SIZE))
    found[:, c.S_LOWEST], found[:, c.S_HIGHEST] = np.inf, -np.inf
    fill = function_of("values", "fill", 8)
    kind, out = (c.NOTHING, 0) if made is None else (_KINDS[made.dtype], address(made))

    def work(number: int, lo: int, hi: int) -> None:
        room = np.empty(longest)
        fill(address(table), lo, hi, address(row_start), kind, out, address(room),
             address(found[number]))  # fmt: skip

    each(work, divide(lengths, threads))
    lowest, highest = found[:, c.S_LOWEST].min(), found[:, c.S_HIGHEST].max()
    return float(lowest), float(highest), bool(found[:, c.S_WRONG].any())


def _say_why(spec: Spec, dimension: Dimension, rows: Rows, source: Source, what: str) -> None:
    """Let the definition raise the error about values that are not finite, or too rare."""
    read = reader(spec, dimension, source.random, what)
    for _, realized in rows.chunks(CHUNK):
        read(realized)
    raise InternalError(f"{what}: compiled code and its definition do not agree")
