"""The NumPy side of the primitives that the elementary functions are written in.

Each has an equal in `intrinsics.py` that compiled code uses, with the same bits: what is not
an IEEE 754 operation is a bit cast, an integer operation or a select. Everything works on
float64 scalars and arrays (`float_to_bits` gives int64).

`fma` of arrays is compiled where numba is installed (and found again on disk by the next
process). Where it is not, it is `a*b + c`, and results agree with compiled code to rounding
only; `fma_exact`, for the few places where the single rounding carries the meaning, then finds
the lost digits by splitting the factors. Of scalars, both are exact without numba.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any
"""A float64 (or its bits): a scalar or an array."""

_FMA_SOURCE = '''\
"""a*b + c with one rounding, of arrays: each is gone through in steps of 0 or 1."""

from numba import cfunc

from rheobase.rendering.intrinsics import float64_view
from rheobase.rendering.intrinsics import fma as fma_instruction


@cfunc("void(int64,int64,int64,int64,int64,int64,int64,int64)", cache=True, error_model="numpy")
def fma_at(a, a_step, b, b_step, c, c_step, out, count):
    first = float64_view(a, 0, count)
    second = float64_view(b, 0, count)
    third = float64_view(c, 0, count)
    result = float64_view(out, 0, count)
    for k in range(count):
        result[k] = fma_instruction(first[k * a_step], second[k * b_step], third[k * c_step])
'''

_UFUNC_SOURCE = '''\
"""a*b + c with one rounding, as a NumPy ufunc."""

from numba import vectorize

from rheobase.rendering.intrinsics import fma as fma_instruction


@vectorize(["float64(float64, float64, float64)"], cache=True)
def fma(a, b, c):
    return fma_instruction(a, b, c)
'''

_FEW_CALLS = 20_000
SCRATCH = 1024  # numbers of scratch: 8 KB, of which the nearest cache holds several
_SPLITTER = 2.0**27 + 1.0


def has_numba() -> bool:
    """Whether numba can be imported."""
    return not why_no_numba()


@cache
def why_no_numba() -> str:
    """Return "", or why there is no compiled code: numba is not installed, or fails to load.

    It is imported to find out: an installed one that does not fit the installed NumPy says so
    only then. Where it could be imported before, a file in the cache folder says that for these
    versions; a process that finds all it runs compiled then does without.
    """
    note = _note_of_import()
    if note is not None and note.exists():
        return ""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        missing = (error.name or "numba").partition(".")[0]
        if missing in ("numba", "llvmlite"):
            return "numba is not installed"
        return f"numba cannot be imported: {error}"
    except ImportError as error:
        return f"numba cannot be imported: {error}"
    if note is not None:
        with suppress(OSError):
            note.touch()
    return ""


def _note_of_import() -> Path | None:
    """Return the file that is there if numba could be imported; None where none can be found."""
    from rheobase.rendering.cache import cache_folder

    try:
        found = [find_spec(name) for name in ("numba", "llvmlite", "numpy")]
        versions = [metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    except (ImportError, ValueError):
        return None
    if None in found:
        return None
    places = [str(spec.origin) for spec in found if spec is not None]
    text = "\0".join([*places, *versions, sys.version])
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return cache_folder() / f"rheobase_numba_{digest}"


@cache
def _compiled_fma() -> Callable[[Value, Value, Value], Value] | None:
    """The fma of arrays, or None where there is no numba."""
    return _ArrayFma() if has_numba() else None


class _ArrayFma:
    """`a*b + c` of arrays with one rounding.

    A ufunc of numba's is called sooner than a C function, but to load numba takes as long as
    thousands of calls: only who makes so many gets one. The bits are the same.
    """

    def __init__(self) -> None:
        from rheobase.rendering.cache import functions_from_source

        address = functions_from_source(_FMA_SOURCE, "fma").fma_at.address
        self._function = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 8)(address)
        self._ufunc: Callable[[Value, Value, Value], Value] | None = None
        self._calls = 0

    def __call__(self, a: Value, b: Value, c: Value) -> Value:
        if self._ufunc is not None:
            return self._ufunc(a, b, c)
        self._calls += 1
        if self._calls > _FEW_CALLS:
            from rheobase.rendering.cache import module_from_source

            self._ufunc = module_from_source(_UFUNC_SOURCE, "fma_ufunc").fma
        first, second, third = np.asarray(a), np.asarray(b), np.asarray(c)
        out = np.empty(np.broadcast(first, second, third).shape)
        x, y, z = _spread(first, out), _spread(second, out), _spread(third, out)
        self._function(
            x.ctypes.data, x.size != 1, y.ctypes.data, y.size != 1, z.ctypes.data, z.size != 1,
            out.ctypes.data, out.size,
        )  # fmt: skip
        return out[()]


def _spread(x: Value, out: Value) -> Value:
    """Return float64 side by side, as many as in `out` or one."""
    if x.size != 1 and x.shape != out.shape:
        x = np.broadcast_to(x, out.shape)
    return np.ascontiguousarray(x, np.float64)


def fma(a: Value, b: Value, c: Value) -> Value:
    """`a*b + c` with one rounding (with two, for arrays where numba is not installed)."""
    if isinstance(a, float) and isinstance(b, float) and isinstance(c, float):
        return _scalar_fma(a, b, c)
    compiled = _compiled_fma()
    return a * b + c if compiled is None else compiled(a, b, c)


def fma_exact(a: Value, b: Value, c: Value) -> Value:
    """`a*b + c` with all digits of the product taken into account, with or without numba."""
    if isinstance(a, float) and isinstance(b, float) and isinstance(c, float):
        return _scalar_fma(a, b, c)
    compiled = _compiled_fma()
    return _split_fma(a, b, c) if compiled is None else compiled(a, b, c)


def _scalar_fma(a: float, b: float, c: float) -> np.float64:
    """`a*b + c` with one rounding, by exact integers; for a few numbers it spares loading numba."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return np.float64(a * b + c)
    if not math.isfinite(c):
        return np.float64(c)
    (p, q), (r, s), (t, u) = a.as_integer_ratio(), b.as_integer_ratio(), c.as_integer_ratio()
    numerator = p * r * u + t * q * s
    if numerator == 0:
        # zeros add up to -0 only if both are negative; an exact cancellation is +0
        exact = p * r == 0 and t == 0
        return np.float64(math.copysign(0.0, a) * math.copysign(1.0, b) + c if exact else 0.0)
    try:
        return np.float64(numerator / (q * s * u))
    except OverflowError:
        return np.float64(math.inf if numerator > 0 else -math.inf)


def _split_fma(a: Value, b: Value, c: Value) -> Value:
    """`a*b + c` in float64 alone: product and sum each with their rounding errors (Dekker)."""
    product = a * b
    scaled = _SPLITTER * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = _SPLITTER * b
    b_high = scaled - (scaled - b)
    b_low = b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    part = total - product
    error = error + ((product - (total - part)) + (c - part))
    # where splitting overflowed the plain sum is as good as any
    return select(np.isfinite(error), total + error, total)


def select(condition: Value, if_true: Value, if_false: Value) -> Value:
    """`if_true` where the condition holds, else `if_false`."""
    chosen: Value = np.where(condition, if_true, if_false)
    return chosen[()]


def float_to_bits(x: Value) -> Value:
    """The 64 bits of a float64 as an int64."""
    return np.asarray(x, dtype=np.float64).view(np.int64)[()]


def bits_to_float(bits: Value) -> Value:
    """The float64 whose bits are those of an int64 or uint64."""
    return np.asarray(bits).view(np.float64)[()]


def shift_right(bits: Value, places: int) -> Value:
    """An int64 shifted right, zeros coming in from the left."""
    return (np.asarray(bits).view(np.uint64) >> np.uint64(places)).view(np.int64)[()]


def unsigned(x: Value) -> Value:
    """An integer as a uint64; a negative one modulo 2**64."""
    return np.asarray(x).astype(np.uint64)[()]


def floor(x: Value) -> Value:
    """The largest integer <= x."""
    return np.floor(x)


def ceil(x: Value) -> Value:
    """The smallest integer >= x."""
    return np.ceil(x)


def trunc(x: Value) -> Value:
    """The integer part of x."""
    return np.trunc(x)


def rint(x: Value) -> Value:
    """The integer nearest to x, halves to even."""
    return np.rint(x)


def sqrt(x: Value) -> Value:
    """The square root, correctly rounded; NaN below 0."""
    return np.sqrt(x)


def fabs(x: Value) -> Value:
    """The absolute value."""
    return np.fabs(x)


def copysign(size: Value, sign: Value) -> Value:
    """`size` with the sign bit of `sign`."""
    return np.copysign(size, sign)


def scratch() -> Value:
    """An array of `SCRATCH` float64 with anything in it (on the stack in compiled code)."""
    return np.empty(SCRATCH, np.float64)


def scratch_words() -> Value:
    """`SCRATCH` words of 32 bits with anything in them, and the same in pairs of uint64."""
    pairs = np.empty(SCRATCH // 2, np.uint64)
    return pairs.view(np.uint32), pairs


def wide_vectors() -> None:
    """Nothing; in compiled code, leave to use the widest vectors in the calling function."""
