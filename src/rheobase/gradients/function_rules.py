"""Derivatives of NumPy's functions that move, sum, join or choose elements.

A rule has the arguments of the NumPy function that it knows. It takes plain arrays and returns
the plain result beside, for every argument with a derivative, how the bar of the result (the
derivative of the loss by it) passes on to it: bar in, bar of the argument out; for an argument
that is a sequence of arrays, a list of bars. None: an argument that only chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rheobase.gradients.ufunc_rules import matmul_left, matmul_right, to_shape_of

Array = np.ndarray[Any, Any]
Ruled = tuple[Any, dict[str, Any]]
Rule = Callable[..., Ruled]
Axis = int | tuple[int, ...] | None


class NotKnownError(Exception):
    """A way of calling a function that its rule does not know; its text says which."""


# -- sums and their like ---------------------------------------------------------------------


def _kept(x: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """Put the reduced axes back, of length one."""
    if axis is None or keepdims:
        return np.reshape(x, (1,) * len(shape)) if axis is None else np.asarray(x)
    return np.expand_dims(x, axis)


def _sum(a: Any, axis: Axis = None, keepdims: bool = False) -> Ruled:
    def pull(g: Array) -> Array:
        return np.broadcast_to(_kept(g, np.shape(a), axis, keepdims), np.shape(a))

    return np.sum(a, axis=axis, keepdims=keepdims), {"a": pull}


def _count(a: Any, y: Any) -> float:
    return np.size(a) / max(np.size(y), 1)


def _mean(a: Any, axis: Axis = None, keepdims: bool = False) -> Ruled:
    y = np.mean(a, axis=axis, keepdims=keepdims)
    spread = _sum(a, axis, keepdims)[1]["a"]
    return y, {"a": lambda g: spread(g / _count(a, y))}


def _var(a: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Ruled:
    y = np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)
    from_mean = a - np.mean(a, axis=axis, keepdims=True)
    spread = _sum(a, axis, keepdims)[1]["a"]
    return y, {"a": lambda g: spread(g * (2.0 / (_count(a, y) - ddof))) * from_mean}


def _std(a: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Ruled:
    variance, pulls = _var(a, axis, ddof=ddof, keepdims=keepdims)
    y = np.sqrt(variance)

    def pull(g: Array) -> Array:  # where all are equal 0, as PyTorch
        return np.asarray(pulls["a"](g * np.where(y == 0.0, 0.0, 0.5 / np.where(y == 0.0, 1.0, y))))

    return y, {"a": pull}


def _prod(a: Any, axis: int | None = None, keepdims: bool = False) -> Ruled:
    y = np.prod(a, axis=axis, keepdims=keepdims)
    spread = _sum(a, axis, keepdims)[1]["a"]

    def pull(g: Array) -> Array:  # the product of all the others: before times after
        along = np.ravel(a)[:, None] if axis is None else np.moveaxis(a, axis, 0)
        ones = np.ones_like(along[:1])
        before = np.cumprod(np.concatenate([ones, along[:-1]]), axis=0)
        after = np.cumprod(np.concatenate([ones, along[:0:-1]]), axis=0)[::-1]
        others = before * after
        others = others.reshape(np.shape(a)) if axis is None else np.moveaxis(others, 0, axis)
        return np.asarray(spread(g) * others)

    return y, {"a": pull}


def _extreme(function: Any) -> Rule:
    def rule(a: Any, axis: Axis = None, keepdims: bool = False) -> Ruled:
        y = function(a, axis=axis, keepdims=keepdims)

        def pull(g: Array) -> Array:  # shared evenly between equal entries
            chosen = a == _kept(y, np.shape(a), axis, keepdims)
            share = np.sum(chosen, axis=axis, keepdims=True)
            return np.asarray(chosen * (_kept(g, np.shape(a), axis, keepdims) / share))

        return y, {"a": pull}

    return rule


def _log_sum_exp(a: Any, axis: Any = None, keepdims: Any = False) -> Ruled:
    y = np.logaddexp.reduce(a, axis=axis, keepdims=keepdims)

    def pull(g: Array) -> Array:  # times the softmax
        kept = _kept(y, np.shape(a), axis, keepdims)
        return np.asarray(_kept(g, np.shape(a), axis, keepdims) * np.exp(a - kept))

    return y, {"a": pull}


def _norm(x: Any, ord: None = None, axis: Axis = None, keepdims: bool = False) -> Ruled:
    y = np.linalg.norm(x, axis=axis, keepdims=keepdims)

    def pull(g: Array) -> Array:  # at the zero vector 0, as PyTorch
        kept = _kept(y, np.shape(x), axis, keepdims)
        unit = x / np.where(kept == 0.0, 1.0, kept)
        return np.asarray(_kept(g, np.shape(x), axis, keepdims) * unit)

    return y, {"x": pull}


def _cumsum(a: Any, axis: int | None = None) -> Ruled:
    def pull(g: Array) -> Array:
        along = 0 if axis is None else axis
        back = np.flip(np.cumsum(np.flip(g, along), axis=along), along)
        return back.reshape(np.shape(a))

    return np.cumsum(a, axis=axis), {"a": pull}


def _diff(a: Any, n: int = 1, axis: int = -1) -> Ruled:
    def pull(g: Array) -> Array:
        for _ in range(n):
            pad = [(0, 0)] * g.ndim
            pad[axis] = (1, 1)
            g = -np.diff(np.pad(g, pad), axis=axis)
        return g

    return np.diff(a, n, axis), {"a": pull}


def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Ruled:
    weights = np.zeros(np.shape(y)[axis])
    gaps = np.full(weights.size - 1, dx) if x is None else np.diff(x)
    weights[1:] += 0.5 * gaps
    weights[:-1] += 0.5 * gaps
    shape = [1] * np.ndim(y)
    shape[axis] = -1

    def pull(g: Array) -> Array:
        return np.asarray(np.expand_dims(g, axis) * weights.reshape(shape))

    return np.trapezoid(y, x, dx, axis), {"y": pull}


# -- choosing --------------------------------------------------------------------------------


def _where(condition: Any, x: Any = None, y: Any = None) -> Ruled:
    if x is None:
        return np.where(condition), {"condition": None}
    chosen = np.asarray(condition, dtype=bool)
    return np.where(chosen, x, y), {
        "condition": None,
        "x": lambda g: to_shape_of(np.where(chosen, g, 0.0), x),
        "y": lambda g: to_shape_of(np.where(chosen, 0.0, g), y),
    }


def _clip(
    a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Ruled:
    a_min, a_max = (min if a_min is None else a_min), (max if a_max is None else a_max)
    low = -np.inf if a_min is None else a_min
    high = np.inf if a_max is None else a_max
    below, above = np.less(a, low), np.greater(a, high)
    inside = ~(below | above)  # 1 at the bounds, as PyTorch

    def to_low(g: Array) -> Any:
        return to_shape_of(np.where(below & ~above, g, 0.0), low)

    def to_high(g: Array) -> Any:
        return to_shape_of(np.where(above, g, 0.0), high)

    return np.clip(a, low, high), {
        "a": lambda g: to_shape_of(np.where(inside, g, 0.0), a),
        "a_min": to_low, "min": to_low, "a_max": to_high, "max": to_high,
    }  # fmt: skip


def _gathered(a: Any, index: Array, axis: int) -> Ruled:
    def pull(g: Array) -> Array:
        back = np.zeros(np.shape(a), dtype=g.dtype)
        # entries may be taken twice: add them up along the axis
        columns: list[Array] = list(np.indices(index.shape, sparse=True))
        columns[axis] = index
        np.add.at(back, tuple(columns), g)
        return back

    return np.take_along_axis(a, index, axis), {"a": pull}


def _sort(a: Any, axis: int = -1) -> Ruled:
    return _gathered(a, np.argsort(a, axis=axis, kind="stable"), axis)


def _take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Ruled:
    value, pulls = _gathered(arr, np.asarray(indices), axis)
    return value, {"arr": pulls["a"]}


def _take(a: Any, indices: Any, axis: int | None = None) -> Ruled:
    def pull(g: Array) -> Array:
        back = np.zeros(np.shape(a), dtype=g.dtype)
        if axis is None:
            np.add.at(back.reshape(-1), indices, g)
        else:
            np.add.at(back, (slice(None),) * (axis % back.ndim) + (indices,), g)
        return back

    return np.take(a, indices, axis), {"a": pull}


def _median(a: Any, axis: int | None = None, keepdims: bool = False) -> Ruled:
    along = 0 if axis is None else axis
    flat = np.ravel(a) if axis is None else np.asarray(a)
    order, n = np.argsort(flat, axis=along, kind="stable"), flat.shape[along]
    middle = np.take(order, [(n - 1) // 2, n // 2], axis=along)

    def pull(g: Array) -> Array:
        back = np.zeros(flat.shape, dtype=g.dtype)
        half = 0.5 * (
            g.reshape(1) if axis is None else (g if keepdims else np.expand_dims(g, axis))
        )
        columns: list[Array] = list(np.indices(middle.shape, sparse=True))
        columns[along] = middle
        np.add.at(back, tuple(columns), np.broadcast_to(half, middle.shape))
        return back.reshape(np.shape(a))

    return np.median(a, axis=axis, keepdims=keepdims), {"a": pull}


def _nan_to_num(x: Any, nan: float = 0.0) -> Ruled:
    return np.nan_to_num(x, nan=nan), {"x": lambda g: np.where(np.isfinite(x), g, 0.0)}


# -- moving and joining ------------------------------------------------------------------------


def _moved(function: Any, name: str = "a") -> Rule:
    """Return the rule of a function that only moves every element: its inverse is the scatter."""

    def rule(a: Any, *args: Any, **options: Any) -> Ruled:
        y = function(a, *args, **options)
        shape = np.shape(a)
        if np.size(y) == np.size(a) and function in _SAME_ORDER:
            return y, {"a": lambda g: g.reshape(shape)}
        places = function(np.arange(np.size(a)).reshape(shape), *args, **options)

        def pull(g: Array) -> Array:
            back = np.bincount(places.reshape(-1), np.ravel(g), minlength=int(np.prod(shape)))
            return back.reshape(shape)

        return y, {"a": pull}

    return rule


_SAME_ORDER: tuple[Any, ...] = (
    np.reshape, np.ravel, np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.copy,
)  # fmt: skip


def _broadcast_to(array: Any, shape: Any) -> Ruled:
    return np.broadcast_to(array, shape), {"array": lambda g: to_shape_of(g, array)}


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Ruled:
    if mode != "constant":
        raise NotKnownError(f"mode={mode!r}")
    widths = np.broadcast_to(pad_width, (np.ndim(array), 2))
    inner = tuple(slice(w[0], w[0] + n) for w, n in zip(widths, np.shape(array), strict=True))
    padded = np.pad(array, pad_width, constant_values=constant_values)
    return padded, {"array": lambda g: g[inner]}


def _joined(function: Any) -> Rule:
    """Return the rule of a function of a sequence of arrays that only puts them together."""

    def rule(arrays: Sequence[Any], axis: int | None = None) -> Ruled:
        options = {} if axis is None else {"axis": axis}
        ends = np.cumsum([0, *(np.size(a) for a in arrays)])
        places = function(
            [
                np.arange(start, start + np.size(a)).reshape(np.shape(a))
                for start, a in zip(ends, arrays, strict=False)
            ],
            **options,
        )

        def pull(g: Array) -> list[Array]:
            flat = np.empty(ends[-1], dtype=g.dtype)
            flat[places.reshape(-1)] = g.reshape(-1)
            return [
                flat[start : start + np.size(a)].reshape(np.shape(a))
                for start, a in zip(ends, arrays, strict=False)
            ]

        return function(list(arrays), **options), {"arrays": pull}

    return rule


def _append(arr: Any, values: Any, axis: int | None = None) -> Ruled:
    flat = [np.ravel(arr), np.ravel(values)] if axis is None else [arr, values]
    value, pulls = _joined(np.concatenate)(flat, axis)
    return value, {
        "arr": lambda g: pulls["arrays"](g)[0].reshape(np.shape(arr)),
        "values": lambda g: pulls["arrays"](g)[1].reshape(np.shape(values)),
    }


# -- products ------------------------------------------------------------------------------------


def _dot(a: Any, b: Any) -> Ruled:
    x, z = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or z.ndim == 0:
        return x * z, {
            "a": lambda g: to_shape_of(g * z, x),
            "b": lambda g: to_shape_of(g * x, z),
        }
    if z.ndim > 2:
        raise NotKnownError("an array of more than two dimensions on the right: use matmul")
    rows = x.reshape(-1, x.shape[-1]) if x.ndim > 2 else x  # dot has no stacks: all rows of x

    def bar(g: Array) -> Array:
        return g.reshape((len(rows), *z.shape[1:])) if x.ndim > 2 else g

    return np.dot(x, z), {
        "a": lambda g: matmul_left(bar(g), None, rows, z).reshape(x.shape),
        "b": lambda g: matmul_right(bar(g), None, rows, z),
    }


def _inner(a: Any, b: Any) -> Ruled:
    value, pulls = _dot(a, np.asarray(b).T)
    return value, {"a": pulls["a"], "b": lambda g: pulls["b"](g).T}


def _vdot(a: Any, b: Any) -> Ruled:
    return np.vdot(a, b), {"a": lambda g: g * np.asarray(b), "b": lambda g: g * np.asarray(a)}


def _outer(a: Any, b: Any) -> Ruled:
    return np.outer(a, b), {
        "a": lambda g: (g @ np.ravel(b)).reshape(np.shape(a)),
        "b": lambda g: (np.ravel(a) @ g).reshape(np.shape(b)),
    }


def _convolve(a: Any, v: Any, mode: Any = "full") -> Ruled:
    n, m = np.size(a), np.size(v)
    start = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    y = np.convolve(a, v, mode)

    def full(g: Array) -> Array:  # the bar of the full convolution, of which y is a part
        wide = np.zeros(n + m - 1)
        wide[start : start + y.size] = g
        return wide

    return y, {
        "a": lambda g: np.correlate(full(g), v, "valid")[:n],
        "v": lambda g: np.correlate(full(g), a, "valid")[:m],
    }


def _interp(x: Any, xp: Any, fp: Any) -> Ruled:
    xp, fp = np.asarray(xp), np.asarray(fp)
    right = np.clip(np.searchsorted(xp, x, side="right"), 1, xp.size - 1)
    width = xp[right] - xp[right - 1]
    share = np.clip((x - xp[right - 1]) / width, 0.0, 1.0)
    inside = (np.asarray(x) >= xp[0]) & (np.asarray(x) <= xp[-1])
    slope = np.where(inside, (fp[right] - fp[right - 1]) / width, 0.0)

    def pull(g: Array) -> Array:
        back = np.zeros(fp.shape)
        np.add.at(back, right - 1, g * (1.0 - share))
        np.add.at(back, right, g * share)
        return back

    return np.interp(x, xp, fp), {"x": lambda g: g * slope, "fp": pull}


def _einsum(subscripts: str, *operands: Any) -> Ruled:
    left, _, out = subscripts.replace(" ", "").partition("->")
    names = left.split(",")
    if "->" not in subscripts or "." in left or any(len(set(n)) < len(n) for n in [*names, out]):
        raise NotKnownError("write every index once an operand, and what comes after ->")
    sizes = {i: n for name, x in zip(names, operands, strict=True)
             for i, n in zip(name, np.shape(x), strict=True)}  # fmt: skip

    def pull(g: Array) -> list[Array]:
        bars = []
        for k, mine in enumerate(names):
            others = [n for j, n in enumerate(names) if j != k]
            known = set(out).union(*others)
            reduced = "".join(i for i in mine if i in known)
            arrays = [x for j, x in enumerate(operands) if j != k]
            bar = np.einsum(",".join([out, *others]) + "->" + reduced, g, *arrays)
            shape = [sizes[i] if i in known else 1 for i in mine]
            bars.append(np.broadcast_to(bar.reshape(shape), [sizes[i] for i in mine]))
        return bars

    return np.einsum(subscripts, *operands), {"operands": pull}


# -- what is known ---------------------------------------------------------------------------------

FUNCTIONS: dict[str, Rule] = {
    "sum": _sum, "mean": _mean, "var": _var, "std": _std, "prod": _prod,
    "max": _extreme(np.max), "amax": _extreme(np.max),
    "min": _extreme(np.min), "amin": _extreme(np.min),
    "median": _median, "linalg.norm": _norm,
    "cumsum": _cumsum, "diff": _diff, "trapezoid": _trapezoid,
    "where": _where, "clip": _clip, "sort": _sort, "take": _take,
    "take_along_axis": _take_along_axis, "nan_to_num": _nan_to_num,
    **{f.__name__: _moved(f) for f in (
        np.reshape, np.ravel, np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.copy,
        np.transpose, np.swapaxes, np.moveaxis, np.flip, np.roll, np.tile, np.repeat,
        np.diagonal, np.rot90, np.fliplr, np.flipud, np.delete,
    )},
    "broadcast_to": _broadcast_to, "pad": _pad,
    **{f.__name__: _joined(f) for f in (
        np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.dstack,
    )},
    "append": _append,
    "dot": _dot, "inner": _inner, "vdot": _vdot, "outer": _outer, "einsum": _einsum,
    "convolve": _convolve, "interp": _interp,
}  # fmt: skip

REDUCTIONS: dict[str, Rule] = {
    "add": FUNCTIONS["sum"], "multiply": FUNCTIONS["prod"], "maximum": FUNCTIONS["max"],
    "minimum": FUNCTIONS["min"], "logaddexp": _log_sum_exp,
}  # fmt: skip

FLAT_FUNCTIONS = frozenset((
    "argmax", "argmin", "argsort", "argpartition", "argwhere", "nonzero", "flatnonzero",
    "count_nonzero", "searchsorted", "any", "all", "isclose", "allclose", "array_equal", "shape",
    "size", "ndim", "zeros_like", "ones_like", "full_like", "empty_like", "result_type", "round",
    "around", "digitize", "histogram", "unique", "isin", "iscomplexobj", "isrealobj", "array_repr",
    "array_str", "array2string",
))  # fmt: skip
