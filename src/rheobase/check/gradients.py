"""A student's backward pass beside differences of the forward pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rheobase.check.pass_reports import Mismatch, PassReport, mismatch, same, told
from rheobase.check.students import StudentError, guarded
from rheobase.errors import UserError

_MOST = 400
"""Entries of one array that are checked; of more, so many are drawn."""
_UPSTREAM = frozenset({
    "g", "gradient", "grad", "upstream", "dy", "dout", "da", "dl", "dloss", "delta", "doutput",
    "output_gradient", "grad_output", "gy", "gout", "dl_dy", "dldy", "dl_da", "dlda", "dz",
})  # fmt: skip
"""What students call the gradient that comes back from behind."""


@dataclass(frozen=True)
class _Setting:
    """One point at which a backward pass is checked.

    `args` are the arguments of the forward pass, `which` those with a gradient, `g` the gradient
    that comes back, and `truth` what differences give (nan at kinks).
    """

    args: tuple[Any, ...]
    which: tuple[int, ...]
    y: np.ndarray
    g: np.ndarray
    truth: tuple[np.ndarray, ...]


def gradient(
    backward: Callable[..., Any], forward: Callable[..., Any], x: Any, *, tolerance: float = 1e-6,
    trials: int = 3, seed: int = 0,
) -> PassReport:  # fmt: skip
    """Compare a backward pass of yours with differences of the forward pass.

    Parameters
    ----------
    backward : callable
        Gives the gradient by every argument of `forward`, in their order. It is called as its
        arguments say: ``backward(x)`` gives the derivative; ``backward(g)``, after
        ``forward(x)``, and ``backward(x, g)`` or ``backward(g, x)`` give dL/dx from g = dL/dy
        (so named: g, gradient, grad, dy, dout, upstream, delta, ...).
    forward : callable
        ``forward(x)``: a number or an array y.
    x : array_like, or tuple of them
        Where to begin; several arguments, such as ``(x, w, b)``, as a tuple. Arrays of whole
        numbers (labels) are handed over as they are and have no gradient.
    tolerance : float
        How far entries may differ, relative to the largest.
    trials : int
        How many points are tried: x, and others near it.
    seed : int
        Of the random points and gradients.

    Returns
    -------
    PassReport
        ``.passed``; printed, it names the first entry that differs and its likely cause, which
        has been built into the true gradient and then gives what yours gives.

    Raises
    ------
    UserError
        One of both is no function, there is nothing to differentiate, or forward fails.

    Notes
    -----
    Central differences of fourth order. Entries at a kink (the two one-sided derivatives differ)
    are left out.

    Examples
    --------
    >>> import numpy as np, rheobase as rb
    >>> report = rb.check.gradient(lambda x: -np.sin(x), np.cos, [0.0, 1.0, 2.0])
    >>> report.passed
    True
    """
    args = _arguments(backward, forward, x)
    which = tuple(n for n, a in enumerate(args) if _is_float(a))
    if not which:
        raise UserError(
            "check.gradient: there is nothing to differentiate by",
            given=", ".join(type(a).__name__ for a in args),
            mend="give x as floats: np.array([0.5, -1.0])",
        )
    convention = _convention(backward, args)
    rng = np.random.default_rng(seed)
    settings: list[_Setting] = []
    given: list[tuple[Any, ...]] = []
    for trial in range(trials):
        point = args if trial == 0 else _near(args, which, rng)
        setting = _setting(forward, point, which, convention, rng, trial)
        if setting is None:
            continue
        try:
            given.append(_called(backward, forward, setting, convention))
        except StudentError as error:
            return PassReport(False, f"Your backward pass stopped: {error}", where="error",
                              trial=convention.text)  # fmt: skip
        settings.append(setting)
    names = _names(forward, which)
    return _report(backward, forward, settings, given, names, convention, tolerance)


# -- how it is called ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Convention:
    """How a backward pass is called: `order` of "x" (the arguments) and "g"."""

    order: tuple[str, ...]
    text: str

    @property
    def upstream(self) -> bool:
        """Whether it is given a gradient."""
        return "g" in self.order


def _convention(backward: Callable[..., Any], args: tuple[Any, ...]) -> _Convention:
    """Read from a function's arguments how it is to be called."""
    try:
        parameters = [p for p in inspect.signature(backward).parameters.values()
                      if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]  # fmt: skip
    except (TypeError, ValueError):
        return _Convention(("x",), "backward(x)")
    required = [p.name for p in parameters if p.default is inspect.Parameter.empty]
    every = [p.name for p in parameters]
    hinted = [name.lower() in _UPSTREAM for name in every]
    n = len(args)
    if len(required) == n + 1 or (len(every) == n + 1 and any(hinted)):
        if hinted[0]:
            return _Convention(("g", "x"), "backward(g, x)")
        return _Convention(("x", "g"), "backward(x, g)")
    if len(required) == n and n >= 1 and not (n == 1 and hinted and hinted[0]):
        return _Convention(("x",), "backward(x)")
    if not every or (not required and not any(hinted)):
        return _Convention((), "backward()")
    return _Convention(("g",), "backward(g) after forward(x)")


def _arguments(
    backward: Callable[..., Any], forward: Callable[..., Any], x: Any
) -> tuple[Any, ...]:
    for function, name in ((backward, "backward"), (forward, "forward")):
        if not callable(function):
            raise UserError(
                f"check.gradient: {name} is no function",
                given=repr(function)[:80],
                mend="write rb.check.gradient(my_backward, my_forward, x)",
            )
    given = x if isinstance(x, tuple) else (x,)
    return tuple(np.array(a, np.float64) if _plain(a) else np.array(a) for a in given)


def _plain(a: Any) -> bool:
    """Whether it is a number or a list, of which whole numbers are meant as floats."""
    return not isinstance(a, np.ndarray) and np.asarray(a).dtype.kind in "iuf"


def _is_float(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.size > 0


def _near(args: tuple[Any, ...], which: Sequence[int], rng: np.random.Generator) -> tuple[Any, ...]:
    """Return other arguments of the size of these."""
    point = list(args)
    for n in which:
        spread = 0.3 * (float(np.std(args[n])) or abs(float(np.mean(args[n]))) or 1.0)
        point[n] = np.asarray(args[n] + spread * rng.standard_normal(args[n].shape))
    return tuple(point)


def _names(forward: Callable[..., Any], which: Sequence[int]) -> list[str]:
    try:
        names = [p.name for p in inspect.signature(forward).parameters.values()]
    except (TypeError, ValueError):
        names = []
    return [names[n] if n < len(names) else f"argument {n + 1}" for n in which]


def _setting(
    forward: Callable[..., Any], args: tuple[Any, ...], which: tuple[int, ...],
    convention: _Convention, rng: np.random.Generator, trial: int,
) -> _Setting | None:  # fmt: skip
    """Return a point with its true gradients; None for a later one at which forward fails."""
    try:
        y = _output(forward, args)
        g = np.asarray(rng.standard_normal(y.shape)) if convention.upstream else np.ones(y.shape)
        truth = tuple(_differences(forward, args, n, g, rng) for n in which)
    except StudentError as error:
        if trial:
            return None
        raise UserError(
            f"check.gradient: {error}", mend="forward has to work before backward can be checked"
        ) from error
    return _Setting(args, which, y, g, truth)


def _output(forward: Callable[..., Any], args: tuple[Any, ...]) -> np.ndarray:
    copies = tuple(a.copy() for a in args)
    with np.errstate(all="ignore"):
        y = guarded(forward, "forward", copies)
    try:
        return np.array(y, np.float64)
    except (TypeError, ValueError):
        raise StudentError(f"forward returned {y!r}, which is no number or array"[:200]) from None


def _differences(
    forward: Callable[..., Any], args: tuple[Any, ...], n: int, g: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Return dL/d(argument n) for L = sum(g*y), by central differences; nan where not known."""
    x = args[n]
    found = np.full(x.shape, np.nan)
    places = np.arange(x.size)
    if x.size > _MOST:
        places = np.sort(rng.choice(x.size, _MOST, replace=False))

    def loss(place: int, step: float) -> float:
        moved = x.copy()
        moved.flat[place] += step
        y = _output(forward, (*args[:n], moved, *args[n + 1 :]))
        return float(np.sum(g * y))

    here = loss(0, 0.0)
    for place in places:
        h = 1e-3 * max(1.0, abs(float(x.flat[place])))
        up, down, up_2, down_2 = (loss(place, k * h) for k in (1, -1, 2, -2))
        slope = (8 * (up - down) - (up_2 - down_2)) / (12 * h)
        # beside a kink the two sides differ by far more than the curvature makes them
        sides = [loss(place, k * 1e-6) - here for k in (1, -1)]
        kink = abs(sides[0] + sides[1]) / 1e-6 > 1e-3 * max(1.0, abs(slope))
        near_kink = abs((up - down) / (2 * h) - (up_2 - down_2) / (4 * h)) > 1e-3 * max(
            1.0, abs(slope)
        )
        if near_kink and not kink:
            slope = (loss(place, 1e-6) - loss(place, -1e-6)) / 2e-6
        found.flat[place] = np.nan if kink else slope
    return found


def _called(
    backward: Callable[..., Any], forward: Callable[..., Any], setting: _Setting,
    convention: _Convention,
) -> tuple[Any, ...]:  # fmt: skip
    """Call a backward pass; return one gradient for every argument that has one."""
    copies = tuple(a.copy() for a in setting.args)
    g = setting.g.copy() if setting.y.ndim else float(setting.g)
    arguments: list[Any] = []
    for part in convention.order:
        arguments += list(copies) if part == "x" else [g]
    if "x" not in convention.order:
        guarded(forward, "forward", copies)
    result = guarded(backward, convention.text, tuple(arguments))
    if any(not np.array_equal(a, b) for a, b in zip(copies, setting.args, strict=True)):
        raise StudentError("it changes its inputs; work on a copy: x = x.copy()")
    return _listed(result, forward, setting)


def _listed(result: Any, forward: Callable[..., Any], setting: _Setting) -> tuple[Any, ...]:
    if result is None:
        raise StudentError("it returned None: does it end with `return`?")
    names = _names(forward, setting.which)
    if isinstance(result, Mapping):
        parts = [result.get(name, result.get(f"d{name}")) for name in names]
    elif len(setting.which) == 1 and not isinstance(result, tuple | list):
        parts = [result]
    elif isinstance(result, tuple) or (isinstance(result, list) and len(setting.which) > 1):
        parts = list(result)
        if len(parts) == len(setting.args) > len(setting.which):
            parts = [parts[n] for n in setting.which]
    else:
        parts = [result] if len(setting.which) == 1 else [
            getattr(result, name, None) for name in names
        ]  # fmt: skip
    if len(parts) != len(setting.which) or any(part is None for part in parts):
        raise StudentError(
            f"it has to return {len(setting.which)} gradients, by {', '.join(names)}, in this order"
        )
    try:
        return tuple(np.asarray(part, np.float64) for part in parts)
    except (TypeError, ValueError):
        raise StudentError(f"it returned {result!r}, which is no gradient"[:200]) from None


# -- what is said --------------------------------------------------------------------------


def _report(
    backward: Callable[..., Any], forward: Callable[..., Any], settings: Sequence[_Setting],
    given: Sequence[tuple[Any, ...]], names: Sequence[str], convention: _Convention,
    tolerance: float,
) -> PassReport:  # fmt: skip
    checked = sum(int(np.isfinite(t).sum()) for s in settings for t in s.truth)
    for trial, (setting, gradients) in enumerate(zip(settings, given, strict=True)):
        for k, name in enumerate(names):
            found = _difference(gradients[k], setting.truth[k], tolerance)
            if found is None:
                continue
            causes = list(dict.fromkeys(_causes(backward, forward, settings, given, k, convention,
                                                tolerance)))[:3]  # fmt: skip
            where = f"gradient by {name}" + (f" (trial {trial + 1})" if trial else "")
            text = told(
                f"Your backward pass does not give the gradient; called as {convention.text}.",
                where, found, causes, "differences",
            )  # fmt: skip
            return PassReport(False, text, tuple(causes), found.where, found.yours, found.ours,
                              where)  # fmt: skip
    left = sum(int(np.isnan(t).sum()) for s in settings for t in s.truth)
    text = f"Your backward pass gives the gradient: {checked} entries in {len(settings)} trials"
    at_kinks = f"; {left} at kinks, or beyond the first {_MOST}, were left out" if left else ""
    return PassReport(True, f"{text}{at_kinks}.")


def _difference(yours: np.ndarray, truth: np.ndarray, tolerance: float) -> Mismatch | None:
    """Return the first difference where the truth is known."""
    if yours.shape != truth.shape:
        return mismatch(yours, truth, tolerance)
    known = ~np.isnan(truth)
    if not known.any():
        return None
    scale = max(1e-6, float(np.abs(truth[known]).max()))
    with np.errstate(all="ignore"):
        far = known & ~(np.abs(yours - truth) <= tolerance * scale)
    if not far.any():
        return None
    place = tuple(int(n) for n in np.unravel_index(int(np.argmax(far)), far.shape))
    where = str(list(place)) if place else "the number"
    return Mismatch(where, yours[place].item(), truth[place].item())


def _causes(
    backward: Callable[..., Any], forward: Callable[..., Any], settings: Sequence[_Setting],
    given: Sequence[tuple[Any, ...]], k: int, convention: _Convention, tolerance: float,
) -> Iterator[str]:  # fmt: skip
    """Yield what explains the gradient by the k-th argument in every trial."""
    again = _accumulates(backward, forward, settings[-1], given[-1], k, convention)
    if again:
        yield again
    listed = [dict(_mistaken(forward, setting, k, convention)) for setting in settings]
    for text in listed[0]:
        pairs = [(one[text], gradients[k]) if text in one else None
                 for one, gradients in zip(listed, given, strict=True)]  # fmt: skip
        if all(pair is not None and _fits(*pair, max(tolerance, 1e-6)) for pair in pairs):
            yield text


def _fits(made: np.ndarray, yours: np.ndarray, tolerance: float) -> bool:
    return made.shape == yours.shape and _difference(yours, made, tolerance) is None


def _accumulates(
    backward: Callable[..., Any], forward: Callable[..., Any], setting: _Setting,
    first: tuple[Any, ...], k: int, convention: _Convention,
) -> str:  # fmt: skip
    """Say so if a second call adds to the first."""
    try:
        second = _called(backward, forward, setting, convention)
    except StudentError:
        return ""
    truth = setting.truth[k]
    if same(second[k], first[k], 1e-9) or second[k].shape != truth.shape:
        return ""
    return ("your gradients are not set back to 0: calling backward again adds to what was there; "
            "begin it with zeros")  # fmt: skip


def _mistaken(
    forward: Callable[..., Any], setting: _Setting, k: int, convention: _Convention
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield known mistakes, and the gradient that each gives."""
    truth, x, n = setting.truth[k], setting.args[setting.which[k]], setting.which[k]
    yield "the sign is wrong: yours points downhill", -truth
    yield "yours is always 0", np.zeros_like(truth)
    yield from _of_chain(forward, setting, k, convention)
    yield from _of_affine(setting, n)
    yield from _of_batch(forward, setting, k)
    yield ("yours is twice the gradient", 2 * truth)
    yield ("yours is half the gradient: the derivative of u**2 is 2*u", truth / 2)
    if truth.ndim == 2:
        yield "yours is transposed", truth.T
    for other, name in enumerate(_names(forward, setting.which)):
        if other != k and setting.truth[other].shape == x.shape:
            yield f"yours is the gradient by {name}: the order is another one", setting.truth[other]


def _of_chain(
    forward: Callable[..., Any], setting: _Setting, k: int, convention: _Convention
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what forgets a factor of the chain rule."""
    n, rng = setting.which[k], np.random.default_rng(0)
    x, y, g = setting.args[n], setting.y, setting.g
    if convention.upstream:
        ones = _differences(forward, setting.args, n, np.ones_like(g), rng)
        yield "yours is not multiplied by the gradient that comes back, g", ones
    if y.shape != x.shape or len(setting.which) > 1:
        return
    yield "yours is the gradient that comes back, unchanged: the derivative is missing", 1.0 * g
    yield "yours is the function, not its derivative", y * g
    try:
        at_output = _differences(forward, (*setting.args[:n], y, *setting.args[n + 1 :]), n, g, rng)
        yield "your derivative is taken at the output y; it has to be taken at x", at_output
    except StudentError:
        pass
    yield "x*(1 - x) is yours; y*(1 - y) is to be taken, of the output", g * x * (1 - x)
    yield "1 - x**2 is yours; 1 - y**2 is to be taken, of the output", g * (1 - x**2)
    masked = "yours is 0 where g is negative; where x is negative it has to be 0"
    yield masked, np.where(g > 0, g, 0.0)


def _of_affine(setting: _Setting, n: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield gradients of x @ w + b: what is left if an activation's derivative is forgotten."""
    shapes = [np.shape(a) for a in setting.args[:3]]
    g = setting.g
    if len(shapes) < 2 or len(shapes[1]) not in (1, 2) or len(shapes[0]) not in (1, 2):
        return
    x, w = setting.args[:2]
    if shapes[0][-1] != shapes[1][0] or np.shape(x @ w) != g.shape:
        return
    columns = np.atleast_2d(x)
    back = g.reshape(len(columns), -1)
    of_bias = back.sum(axis=0)
    if len(shapes) > 2 and np.prod(shapes[2]) == of_bias.size:
        of_bias = of_bias.reshape(shapes[2])
    of_x = back @ w.reshape(len(w), -1).T
    gradients = [of_x.reshape(x.shape), (columns.T @ back).reshape(w.shape), of_bias]
    if n < 3:
        yield "the derivative of the activation is missing: dL/dz = g*f'(z)", gradients[n]


def _of_batch(
    forward: Callable[..., Any], setting: _Setting, k: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what treats the samples wrongly."""
    truth, n, y = setting.truth[k], setting.which[k], setting.y
    samples = np.shape(setting.args[0])[:1]
    counts = {"samples": samples[0] if samples else 1, "entries": setting.args[0].size,
              "outputs": max(y.size, 1)}  # fmt: skip
    for name, count in {count: (name, count) for name, count in reversed(counts.items())}.values():
        if count > 1:
            yield f"yours is summed over the {name}; it has to be the mean", truth * count
            yield f"yours is the mean over the {name}; it has to be the sum", truth / count
    if y.ndim < 1 or len(y) < 2 or n == 0:
        return
    parts = []
    for sample in range(len(y)):
        g = np.zeros_like(setting.g)
        g[sample] = setting.g[sample]
        parts.append(_differences(forward, setting.args, n, g, np.random.default_rng(0)))
    yield "yours is that of the last sample (= instead of +=); they are summed", parts[-1]
    yield "yours is that of the first sample; they are summed", parts[0]
    yield "yours has one gradient a sample: sum over the batch, .sum(axis=0)", np.array(parts)
