"""A student's function beside ours, and a student's backward pass beside differences."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from rheobase.check import function_faults
from rheobase.check.function_faults import Arguments, Mistake
from rheobase.check.pass_reports import PassReport, mismatch, same, told
from rheobase.check.students import StudentError, guarded
from rheobase.errors import UserError

_OVERFLOW = (
    "your function overflows for large inputs: exp(x) is infinite above 709, and inf/inf is no "
    "number; take exp of nothing above 0, as in exp(-abs(x)) or exp(z - max(z))"
)
_LARGE = 500.0
"""Inputs beyond it are there to see whether exp overflows."""


def equal(
    mine: Callable[..., Any], theirs: Callable[..., Any], inputs: Any = None, *,
    tolerance: float = 1e-9, seed: int = 0,
) -> PassReport:  # fmt: skip
    """Compare a function of yours with one of ours on the same inputs.

    Parameters
    ----------
    mine : callable
        Yours. It is called as ours is; of keywords (``stride``, ``padding``, ...) it is given
        those that it takes.
    theirs : callable
        Ours: ``nn.conv2d``, an activation such as ``nn.relu``, its ``derivative``, ``nn.softmax``,
        ``nn.net_input``, ``nn.angle``, a loss; ``torch.conv2d``; or, with `inputs`, any other
        function.
    inputs : list of tuple, or callable, optional
        Arguments to call both with, one tuple a trial; or ``f(rng)`` that yields them. For the
        functions above they are known.
    tolerance : float
        How far entries may differ, relative to the largest of ours.
    seed : int
        Of the random inputs.

    Returns
    -------
    PassReport
        ``.passed``; printed, it names the first difference and its likely cause: mistakes that
        are known are built into our function, and one is named if that then does what yours does
        in every trial.

    Raises
    ------
    UserError
        One of both is no function, or the inputs are not known.

    Examples
    --------
    >>> import rheobase as rb
    >>> from rheobase import nn
    >>> rb.check.equal(lambda a, w: sum(a*w)/len(a), nn.net_input).causes
    ('you take the mean; it is the sum',)
    """
    for function, which in ((mine, "first"), (theirs, "second")):
        if not callable(function):
            raise UserError(
                f"check.equal: the {which} argument is no function",
                given=repr(function)[:80],
                mend="write rb.check.equal(my_conv2d, nn.conv2d), without parentheses behind them",
            )
    tried, mistakes = _inputs(theirs, inputs, seed)
    name = _name(theirs)
    trials: list[Arguments] = []
    results: list[Any] = []
    for args, kwargs in tried:
        if not _takes(mine, kwargs):
            continue
        shown, copies = _shown(args, kwargs), _copied(args)
        try:
            with np.errstate(all="ignore"):  # what is infinite is seen in the result
                result = _array(guarded(partial(mine, **kwargs), shown, copies))
        except StudentError as error:
            if any(isinstance(value, tuple) for value in kwargs.values()):
                continue  # (down, right) is more than is asked of a student
            text = f"Your function stopped: {error}{_advice(str(error))}"
            return PassReport(False, text, where="error", trial=shown)
        if not all(same(a, b, 0.0) for a, b in zip(copies, args, strict=True)):
            text = "your function changes its inputs; work on a copy: x = x.copy()"
            return PassReport(False, f"Cause: {text}.\nIt was called with {shown}.", (text,),
                              "inputs", trial=shown)  # fmt: skip
        trials.append((args, kwargs))
        results.append(result)
    reference = _taking_arrays(theirs, tried[0])
    return _compared(reference, trials, results, mistakes, name, tolerance)


def _taking_arrays(theirs: Callable[..., Any], trial: Arguments) -> Callable[..., Any]:
    """Return a function that takes arrays: PyTorch's get tensors of them."""
    torch = sys.modules.get("torch")
    if torch is None:
        return theirs
    try:
        theirs(*trial[0], **trial[1])
    except TypeError:
        return partial(_with_tensors, torch, theirs)
    return theirs


def _with_tensors(torch: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    def tensor(value: Any) -> Any:
        array = isinstance(value, np.ndarray)
        return torch.tensor(np.ascontiguousarray(value)) if array else value

    return _array(function(*map(tensor, args), **{k: tensor(v) for k, v in kwargs.items()}))


def _compared(
    theirs: Callable[..., Any], trials: Sequence[Any], results: Sequence[Any],
    mistakes: Sequence[Mistake], name: str, tolerance: float,
) -> PassReport:  # fmt: skip
    ours = [_array(theirs(*args, **kwargs)) for args, kwargs in trials]
    found = [mismatch(a, b, tolerance) for a, b in zip(results, ours, strict=True)]
    first = next((n for n, one in enumerate(found) if one is not None), None)
    if first is None:
        text = f"Your function does what {name} does, in {len(trials)} trials."
        return PassReport(True, text)
    difference = found[first]
    assert difference is not None
    causes, how = _causes(theirs, trials, results, ours, mistakes, tolerance)
    trial = _shown(*trials[first])
    text = told(f"Your function does not do what {name} does.", trial, difference, causes, "ours",
                how)  # fmt: skip
    return PassReport(False, text, tuple(causes), difference.where, difference.yours,
                      difference.ours, trial)  # fmt: skip


def _inputs(theirs: Any, inputs: Any, seed: int) -> tuple[list[Arguments], Sequence[Mistake]]:
    found = function_faults.known(theirs)
    rng = np.random.default_rng(seed)
    if inputs is None:
        if found is None:
            raise UserError(
                "check.equal: it is not known what to call these functions with",
                given=_name(theirs),
                mend="give inputs: rb.check.equal(mine, theirs, inputs=[(x, y), ...]), one tuple "
                "of arguments a trial",
            )
        return list(found[0](rng)), found[1]
    rows: Iterable[Any] = inputs(rng) if callable(inputs) else inputs
    listed = [row if isinstance(row, tuple) else (row,) for row in rows]
    if not listed:
        raise UserError("check.equal: inputs is empty", mend="give one tuple of arguments a trial")
    arguments: list[Arguments] = [(tuple(map(_array_if_list, row)), {}) for row in listed]
    return arguments, function_faults.GENERAL if found is None else found[1]


def _array_if_list(value: Any) -> Any:
    return np.asarray(value, np.float64) if isinstance(value, list) else value


def _name(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    name = getattr(function, "name", None) or getattr(function, "__name__", None)
    if owner is not None and hasattr(owner, "formula"):
        return f"{owner.name}.{name}"
    return str(name or "ours")


def _advice(error: str) -> str:
    """Return how to mend what students' functions often stop with; "" if that is not known."""
    if "is ambiguous" in error or "only 0-dimensional arrays" in error or "only length-1" in error:
        return (
            "\nIt works for one number, and is called with an array: write "
            "np.where(x > 0, ..., ...) for `if x > 0`, np.exp for math.exp; or check "
            "np.vectorize(yours)."
        )
    return ""


def _takes(mine: Callable[..., Any], kwargs: dict[str, Any]) -> bool:
    """Whether the student's function takes these keywords; what cannot be seen is tried."""
    if not kwargs:
        return True
    try:
        parameters = inspect.signature(mine).parameters
    except (TypeError, ValueError):
        return True
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return anything or kwargs.keys() <= parameters.keys()


def _copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def _array(value: Any) -> np.ndarray:
    if value is None:
        raise StudentError("it returned None: does it end with `return`?")
    if hasattr(value, "detach"):  # a tensor of PyTorch
        value = value.detach().numpy()
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise StudentError(f"it returned {value!r}, which is no array of numbers"[:200]) from None


def _shown(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    parts = [_brief(a) for a in args] + [f"{k}={_brief(v)}" for k, v in kwargs.items()]
    return f"inputs {', '.join(parts)}"


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.size <= 6 and value.ndim <= 2:
            return str(np.round(value, 4).tolist())
        return f"of shape {value.shape}"
    return repr(value)


# -- causes ------------------------------------------------------------------------------------


def _causes(
    theirs: Callable[..., Any], trials: Sequence[Any], results: Sequence[Any],
    ours: Sequence[Any], mistakes: Sequence[Mistake], tolerance: float,
) -> tuple[list[str], str]:  # fmt: skip
    """Return what explains the student's results in every trial, and how that is known."""
    if _single(results, ours):
        return ["your function computes in single precision (float32), with 7 digits; use "
                "float64"], "seen"  # fmt: skip
    overflow = _overflow(trials, results, ours, tolerance)
    if overflow:
        return [overflow], "seen"
    close = max(tolerance, 1e-7)
    single = [m.text for m in mistakes if _explains(m, theirs, trials, results, close)]
    if single:
        return single[:3], ""
    for a, b in combinations(mistakes, 2):
        together = Mistake(f"{a.text}; and {b.text}", _one_in_the_other(a, b))
        if _explains(together, theirs, trials, results, close):
            return [a.text, b.text], "together"
    return [], ""


def _one_in_the_other(a: Mistake, b: Mistake) -> Callable[..., Any]:
    def make(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return a.make(lambda *more, **given: b.make(f, more, given), args, kwargs)

    return make


def _explains(
    mistake: Mistake, theirs: Callable[..., Any], trials: Sequence[Any], results: Sequence[Any],
    tolerance: float,
) -> bool:  # fmt: skip
    for (args, kwargs), result in zip(trials, results, strict=True):
        try:
            with np.errstate(all="ignore"):
                made = np.asarray(mistake.make(theirs, args, kwargs), np.float64)
        except Exception:  # the mistake cannot be made with these inputs
            return False
        if not same(result, made, tolerance):
            return False
    return True


def _single(results: Sequence[Any], ours: Sequence[Any]) -> bool:
    """Whether all agree to the seven digits of float32, and not to more."""
    if not all(same(a, b, 1e-5) for a, b in zip(results, ours, strict=True)):
        return False
    return all(np.array_equal(a, a.astype(np.float32)) for a in results)


def _overflow(
    trials: Sequence[Any], results: Sequence[Any], ours: Sequence[Any], tolerance: float
) -> str:
    """Return what to say if it is only where inputs are large that the result is no number."""
    lost = False
    for (args, _), a, b in zip(trials, results, ours, strict=True):
        large = any(isinstance(x, np.ndarray) and np.abs(x).max(initial=0) > _LARGE for x in args)
        if not large and not same(a, b, tolerance):
            return ""
        if large and a.shape == b.shape:
            wrong = ~np.isfinite(a)
            if not same(np.where(wrong, 0, a), np.where(wrong, 0, b), tolerance):
                return ""
            lost |= bool(wrong.any())
    if not lost:
        return ""
    return _OVERFLOW
