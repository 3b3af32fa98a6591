"""NumPy's functions that are made of others: their derivative follows from theirs.

Each has the arguments of the NumPy function that it knows, and is written in functions that have a
rule in `rheobase.gradients.function_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rheobase.gradients.function_rules import NotKnownError


def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    if np.ndim(weights) == 1 and np.ndim(a) > 1 and isinstance(axis, int):
        shape = [1] * np.ndim(a)
        shape[axis] = -1
        weights = np.reshape(weights, shape)
    total = np.sum(weights * np.ones(np.shape(a)), axis=axis, keepdims=keepdims)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / total


def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _nansum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims)


def _nanmean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    count = np.sum(~np.isnan(a), axis=axis, keepdims=keepdims)
    return _nansum(a, axis, keepdims=keepdims) / count


def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    rows = np.atleast_2d(m) if rowvar or np.ndim(m) == 1 else np.transpose(m)
    if y is not None:
        rows = np.concatenate([rows, _cov_rows(y, rowvar)])
    away = rows - np.mean(rows, axis=1, keepdims=True)
    less = (0 if bias else 1) if ddof is None else ddof
    return np.squeeze(away @ np.transpose(away) / (np.shape(rows)[1] - less))


def _cov_rows(y: Any, rowvar: bool) -> Any:
    return np.atleast_2d(y) if rowvar or np.ndim(y) == 1 else np.transpose(y)


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    shared = _cov(x, y, rowvar)
    size = np.sqrt(np.diagonal(shared))
    return shared / size[:, None] / size[None, :]


def _quantile(a: Any, q: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    ordered = np.sort(np.ravel(a)) if axis is None else np.sort(a, axis=axis)
    along = 0 if axis is None else axis
    place = np.asarray(q, float) * (np.shape(ordered)[along] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.shape(ordered)[along] - 1)
    ordered = np.moveaxis(ordered, along, -1)
    low, high = np.take(ordered, below, axis=-1), np.take(ordered, above, axis=-1)
    found = low + (high - low) * (place - below)
    if np.ndim(q) == 1:  # quantiles come first
        found = np.moveaxis(found, -1, 0)
    if not keepdims:
        return found
    one = [1] * np.ndim(a) if axis is None else list(np.shape(a))
    one[along] = 1
    return np.reshape(found, (*np.shape(q), *one))


def _percentile(a: Any, q: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    return _quantile(a, np.asarray(q, float) / 100.0, axis, keepdims=keepdims)


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    size = np.shape(ary)[axis]
    places = np.array_split(np.arange(size), indices_or_sections)
    before = (slice(None),) * (axis % np.ndim(ary))
    return [ary[(*before, slice(p[0], p[-1] + 1) if p.size else slice(0, 0))] for p in places]


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    np.split(np.arange(np.shape(ary)[axis]), indices_or_sections)  # refuses parts that differ
    return _array_split(ary, indices_or_sections, axis)


def _gradient(f: Any, h: float = 1.0, *, axis: int | None = None) -> Any:
    if axis is None and np.ndim(f) > 1:
        raise NotKnownError("write axis= for more than one dimension")
    rows = np.moveaxis(f, 0 if axis is None else axis, 0)
    slopes = np.concatenate([
        rows[1:2] - rows[:1], 0.5 * (rows[2:] - rows[:-2]), rows[-1:] - rows[-2:-1],
    ])  # fmt: skip
    return np.moveaxis(slopes, 0, 0 if axis is None else axis) / h


def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    return np.convolve(a, np.flip(v), mode)


def _tensordot(a: Any, b: Any, axes: int = 2) -> Any:
    first, last = np.shape(a)[: np.ndim(a) - axes], np.shape(b)[axes:]
    size = int(np.prod(np.shape(b)[:axes]))
    return np.reshape(np.reshape(a, (-1, size)) @ np.reshape(b, (size, -1)), (*first, *last))


COMPOSED: Mapping[str, Callable[..., Any]] = {
    "average": _average, "ptp": _ptp, "nansum": _nansum, "nanmean": _nanmean, "cov": _cov,
    "corrcoef": _corrcoef, "quantile": _quantile, "percentile": _percentile, "split": _split,
    "array_split": _array_split, "gradient": _gradient, "correlate": _correlate,
    "tensordot": _tensordot,
}  # fmt: skip
"""The functions by name."""
