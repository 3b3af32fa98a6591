"""Random numbers that belong to a place: (seed, stream, element, step, draw).

Counter-based: Philox 4x32-10 (`philox.py`) with the counter ``(element // 4, step low 32,
(step high 16) << 16 | draw, stream low 32)`` and the key ``(seed low 32, (seed high 32) xor
(stream high 32))``; an element takes word ``element % 4``. Nothing is remembered from number to
number, so a run does not depend on how it was divided, and any part of it can be drawn again.

- uniform: ``(word + 1/2) / 2**32``
- normal: Box-Muller on words (0, 1) and (2, 3) of each group of four elements
- Poisson: inverse of the cumulative distribution (in float64) from one uniform number of 64
  bits, its lower half the word of draw ``draw + 2**15``, for expected counts up to 32; beyond that
  the sum of several draws, numbered `draw`, `draw + 1` ...

The functions here are NumPy and need no numba. `compiled` gives loops with the same bits.
"""

from __future__ import annotations

import hashlib
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheobase.errors import InternalError
from rheobase.rendering import counts, fills, philox
from rheobase.rendering.exponential import exp
from rheobase.rendering.philox import LOW_32, MOST_A_DRAW, MOST_EXPECTED

__all__ = [
    "MOST_A_DRAW",
    "MOST_EXPECTED",
    "compiled",
    "fill_address",
    "normal",
    "normal_at",
    "poisson",
    "stream_of",
    "uniform",
    "uniform_at",
    "words",
    "words_of_rows",
]

_CHUNK = 1 << 14  # places at a time: what is in between stays in the cache


def stream_of(*names: object) -> int:
    """A number for a use of random numbers, from the names of what uses them.

    Stable between processes and machines: a hash (BLAKE2b) of the names' text. It has 63 bits,
    so that it fits signed and unsigned integers.
    """
    text = "\0".join(str(name) for name in names)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _unsigned64(value: int) -> np.uint64:
    """A Python integer modulo 2**64."""
    return np.uint64(int(value) & 0xFFFFFFFFFFFFFFFF)


def _group_words(
    seed: int, stream: int, groups: Any, step: Any, draw: int
) -> tuple[NDArray[np.uint64], ...]:
    """The four words of each group of four elements; groups and step broadcast."""
    with np.errstate(over="ignore"):
        where = philox.place(_unsigned64(seed), _unsigned64(stream), step, draw)
        found: tuple[NDArray[np.uint64], ...] = philox.philox(
            np.asarray(groups).astype(np.uint64) & LOW_32, *where
        )
    return found


def _range_words(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int
) -> tuple[NDArray[np.uint64], ...]:
    """The words of the groups that elements lo .. hi belong to."""
    if lo % 4:
        raise InternalError(f"random numbers start at a multiple of 4, not at element {lo}")
    return _group_words(seed, stream, np.arange(lo >> 2, (hi + 3) >> 2), step, draw)


def uniform(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int = 0
) -> NDArray[np.float64]:
    """Numbers uniform in (0, 1) for elements lo .. hi; `lo` is a multiple of 4."""
    rows = [philox.unit(w) for w in _range_words(seed, stream, lo, hi, step, draw)]
    return np.stack(rows, axis=1).reshape(-1)[: hi - lo]


def normal(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int = 0
) -> NDArray[np.float64]:
    """Standard normal numbers for elements lo .. hi; `lo` is a multiple of 4."""
    u = [philox.unit(w) for w in _range_words(seed, stream, lo, hi, step, draw)]
    rows = [*philox.normal_pair(u[0], u[1]), *philox.normal_pair(u[2], u[3])]
    return np.stack(rows, axis=1).reshape(-1)[: hi - lo]


def normal_of_steps(
    seed: int, stream: int, lo: int, hi: int, first: int, count: int
) -> NDArray[np.float64]:
    """The numbers of `normal` for the steps first .. first + count, shape (count, hi - lo)."""
    if lo % 4:
        raise InternalError(f"random numbers start at a multiple of 4, not at element {lo}")
    groups, steps = np.arange(lo >> 2, (hi + 3) >> 2), np.arange(first, first + count)[:, None]
    u = [philox.unit(w) for w in _group_words(seed, stream, groups, steps, 0)]
    rows = [*philox.normal_pair(u[0], u[1]), *philox.normal_pair(u[2], u[3])]
    return np.stack(rows, axis=-1).reshape(count, -1)[:, : hi - lo]


def poisson(
    seed: int, stream: int, lo: int, hi: int, step: int, draw: int, expected: ArrayLike
) -> NDArray[np.int64]:
    """Poisson counts for elements lo .. hi; `lo` is a multiple of 4.

    Parameters
    ----------
    expected : float or array of 1 or hi - lo
        The expected counts. Beyond `MOST_A_DRAW` (32) a count is the sum of draws numbered
        `draw`, `draw + 1` ...; above `MOST_EXPECTED` (2**20) it is drawn for that. Negative
        ones and NaN count as 0.
    """
    means = np.broadcast_to(np.asarray(expected, dtype=np.float64).reshape(-1), (hi - lo,))
    totals = np.zeros(hi - lo, np.int64)
    with np.errstate(all="ignore"):
        draws, share = philox.shares(means)
        for k in range(int(draws.max(initial=0.0))):
            upper = _range_words(seed, stream, lo, hi, step, draw + k)
            lower = _range_words(seed, stream, lo, hi, step, draw + k + counts.LOWER_BITS)
            number = [(u << philox.SHIFT_32) | v for u, v in zip(upper, lower, strict=True)]
            each = np.stack(number, axis=1).reshape(-1)[: hi - lo]
            totals += _poisson_counts(each, np.where(draws > k, share, 0.0))
    return totals


def _poisson_counts(number: NDArray[np.uint64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many values of the cumulative distribution numbers of 64 bits reach; shares up to 32.

    Values that round to 1, or to the one before, are reached by none: from there on there is
    less than 1e-15 of the law.
    """
    found = np.zeros(number.size, np.int64)
    term = exp(-share)
    before, below = np.zeros(share.size), term
    k = 0
    while True:
        open_ = (before < below) & (below < 1.0)
        open_ &= number >= (np.where(open_, below, 0.0) * counts.WHOLE).astype(np.uint64)
        if not open_.any():
            return found
        found += open_
        k += 1
        term = term * (share * (1.0 / k))
        before, below = below, below + term


def words(
    seed: int, stream: int, elements: ArrayLike, step: ArrayLike = 0, draw: int = 0
) -> NDArray[np.uint32]:
    """The random word of each element, for elements (and steps) in any order.

    `elements` and `step` are integers or integer arrays that broadcast against each other.
    """
    return _at(seed, stream, elements, step, draw, np.uint32)


def words_of_rows(
    seed: int, stream: int, first: int, count: int, steps: NDArray[np.int64], draw: int = 0
) -> NDArray[np.uint32]:
    """The words of neighboring elements, for several steps: four times as quick as `words`.

    Parameters
    ----------
    first, count : int
        The elements first .. first + count; `first` is a multiple of 4.
    steps : ndarray of int64, shape (rows,)

    Returns
    -------
    ndarray of uint32, shape (rows, count)
    """
    if first % 4:
        raise InternalError(f"random numbers start at a multiple of 4, not at element {first}")
    groups = np.arange(first >> 2, (first + count + 3) >> 2)
    out = np.empty((steps.size, groups.size, 4), np.uint32)
    rows = max(1, _CHUNK // max(groups.size, 1))
    for begin in range(0, steps.size, rows):
        part = slice(begin, begin + rows)
        for lane, found in enumerate(_group_words(seed, stream, groups, steps[part, None], draw)):
            out[part, :, lane] = found
    return out.reshape(steps.size, -1)[:, :count]


def uniform_at(
    seed: int, stream: int, elements: ArrayLike, step: ArrayLike = 0, draw: int = 0
) -> NDArray[np.float64]:
    """The numbers of `uniform` for elements (and steps) in any order."""
    found: NDArray[np.float64] = philox.unit(
        words(seed, stream, elements, step, draw).astype(np.uint64)
    )
    return found


def normal_at(
    seed: int, stream: int, elements: ArrayLike, step: ArrayLike = 0, draw: int = 0
) -> NDArray[np.float64]:
    """The numbers of `normal` for elements (and steps) in any order."""
    return _at(seed, stream, elements, step, draw, np.float64)


def _at(
    seed: int, stream: int, elements: ArrayLike, step: ArrayLike, draw: int, dtype: Any
) -> NDArray[Any]:
    """Words, or normal numbers, of places in any order, some at a time."""
    which, when = np.broadcast_arrays(np.asarray(elements, np.int64), np.asarray(step, np.int64))
    shape = which.shape
    which, when = which.reshape(-1), when.reshape(-1)
    out = np.empty(which.size, dtype)
    for begin in range(0, which.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        lane = which[part] & 3
        found = _group_words(seed, stream, which[part] >> 2, when[part], draw)
        if dtype is np.uint32:
            out[part] = np.choose(lane, found)
        else:
            first = lane < 2
            u = philox.unit(np.where(first, found[0], found[2]))
            v = philox.unit(np.where(first, found[1], found[3]))
            out[part] = np.where((lane & 1) == 0, *philox.normal_pair(u, v))
    return out.reshape(shape)


# ------------------------------------------------------------------------------- compiled


@cache
def compiled() -> SimpleNamespace:
    """The loops for compiled code: `fill_uniform`, `fill_normal`, `fill_poisson`.

    They are numba functions, to be called from others: ``fill(seed, stream, lo, hi, step, draw,
    out)``, and for Poisson ``fill_poisson(seed, stream, lo, hi, step, draw, expected, out)``.
    ``out[0]`` belongs to element `lo`, a multiple of 4; `expected` has 1 or hi - lo entries.
    They compile into whatever calls them; where that costs too much, see `fill_address`.
    """
    from numba import njit

    from rheobase.rendering.functions import bind_to_numba, compiled_twins

    def separate(function: Any) -> Any:
        compile_separately: Any = njit
        options = {"error_model": "numpy", "nogil": True}
        return compile_separately(**options, no_cpython_wrapper=True, no_cfunc_wrapper=True)(
            function
        )

    bound = dict(compiled_twins())
    bind_to_numba(philox, bound)
    bind_to_numba(fills, bound, separate)
    bind_to_numba(counts, bound, separate)
    return SimpleNamespace(
        fill_uniform=bound[fills.fill_uniform],
        fill_normal=bound[fills.fill_normal],
        fill_poisson=bound[counts.fill_poisson],
        fill_poisson_sum=bound[counts.add_poisson],
    )


_SOURCE = '''\
"""Fill an array with random numbers, to be called by address (void, all int64)."""

from numba import cfunc

from rheobase.rendering.intrinsics import float64_view, int64_view
from rheobase.rendering.random import compiled

fill = compiled().fill_{law}


@cfunc("void({types})", cache=True, nopython=True, error_model="numpy")
def fill_at(seed, stream, lo, hi, step, draw{more}, out):
    fill(seed, stream, lo, hi, step, draw{views})
'''


@cache
def fill_address(law: str) -> int:
    """The address of a C function (void, all int64) that fills an array with random numbers.

    Compiled by itself, found again on disk, and only when it is asked for. Call it with
    `intrinsics.call_kernel7` or `call_kernel9`.

    Parameters
    ----------
    law : {"uniform", "normal", "poisson", "poisson_sum"}
        ``fill(seed, stream, lo, hi, step, draw, out)`` with the address of hi - lo float64;
        for Poisson ``fill(seed, stream, lo, hi, step, draw, expected, columns, out)`` with the
        addresses of `columns` (1 or hi - lo) float64 and of hi - lo int64. For a Poisson sum
        ``fill(seed, stream, lo, hi, step, draw, expected, columns, weights, number, out)``: the
        same counts, times weights (`number` of them, 1 or hi - lo), are added to hi - lo float64.
    """
    from rheobase.rendering.cache import functions_from_source

    if law == "poisson_sum":
        more = ", expected, columns, weights, number"
        views = (
            ", float64_view(expected, 0, columns), float64_view(weights, 0, number)"
            ", float64_view(out, 0, hi - lo)"
        )
        count = 11
    elif law == "poisson":
        more = ", expected, columns"
        views = ", float64_view(expected, 0, columns), int64_view(out, 0, hi - lo)"
        count = 9
    elif law in ("uniform", "normal"):
        more, views, count = "", ", float64_view(out, 0, hi - lo)", 7
    else:
        raise InternalError(f"no law of random numbers is called {law!r}")
    source = _SOURCE.format(law=law, more=more, views=views, types=", ".join(["int64"] * count))
    address: int = functions_from_source(source, f"fill_{law}").fill_at.address
    return address


@cache
def external(law: str) -> Any:
    """The same C function for a generated kernel to call by name.

    The address is another in every process; a name that the linker knows lets the kernel's
    machine code be cached all the same.

    Parameters
    ----------
    law : {"uniform", "normal"}
        As for `fill_address`.
    """
    from numba import types

    return types.ExternalFunction(symbol_of(law), types.void(*[types.int64] * 7))


@cache
def symbol_of(law: str) -> str:
    """Tell the linker where the C function of a law is, and return its name there."""
    from llvmlite import binding

    symbol = f"rheobase_fill_{law}"
    binding.add_symbol(symbol, fill_address(law))
    return symbol
