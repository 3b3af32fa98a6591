"""Arrays that remember how a number was computed from them, through NumPy itself.

A loss is a plain function written with NumPy. Called on `Tracked` arrays, every operation is
done by NumPy as ever (forward) and leaves a note of how a derivative passes through it
(backward); the notes read from the end to the beginning are the chain rule. The rules stand in
`rheobase.gradients.ufunc_rules` (element by element) and `rheobase.gradients.function_rules`
(everything that moves, sums or joins elements); what has no rule is refused by name.
"""

from __future__ import annotations

import inspect
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from rheobase.errors import RheobaseWarning, UserError
from rheobase.gradients.composed import COMPOSED
from rheobase.gradients.function_rules import (
    FLAT_FUNCTIONS,
    FUNCTIONS,
    REDUCTIONS,
    NotKnownError,
)
from rheobase.gradients.nodes import Array, Link, Node, Pull, bars_of
from rheobase.gradients.ufunc_rules import FLAT_UFUNCS, UFUNCS, to_shape_of

_DETACH = "or rheobase.gradients.detach(x) for its plain values, which are then constants"


class Tracked(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that remembers how it was computed.

    It behaves as the NumPy array of its values: operators, NumPy's functions and methods, slices.
    Comparisons, `argmax`, `sign`, `floor` and their like give plain arrays: their derivative is
    zero. Work in place (`x += 1`, `x[0] = 1`, `x[1:] *= 2`) is NumPy's, but an array that shares
    its numbers with one that was changed so cannot be used any more.

    At kinks the derivative is PyTorch's: 0 for `abs` at 0, shared evenly between equal entries for
    `max`, `min`, `maximum` and `minimum`, 1 at the bounds of `clip`. A derivative of zero stays
    zero through an infinite slope (the branch of a `where` that was not taken).

    Parameters
    ----------
    value : array_like
        Real numbers.

    Raises
    ------
    UserError
        Something that is no array of real numbers, or is tracked already.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.gradients import Tracked, gradients_of
    >>> x = Tracked([1.0, 2.0, 4.0])
    >>> loss = np.sum(np.log(x) ** 2)
    >>> gradients_of(loss, [x])[0].round(4).tolist()  # 2*log(x)/x
    [0.0, 0.6931, 0.6931]
    """

    __slots__ = ("__weakref__", "_array", "_family", "_node", "_outdated")
    __hash__ = None  # type: ignore[assignment]  # equality is element by element

    def __init__(self, value: Any) -> None:
        if isinstance(value, Tracked):
            raise UserError(
                "this array is tracked already",
                mend="A derivative of a derivative is not made; give plain numbers.",
            )
        self._array = _plain_numbers(value)
        self._node = Node(())
        # those that may share its numbers
        self._family: list[weakref.ref[Tracked]] | None = None
        self._outdated: tuple[Tracked, Array] | None = None  # who was changed; its numbers before

    @property
    def _value(self) -> Array:
        if self._outdated is not None:
            raise UserError(
                "a tracked array of which a slice or a view was changed in place (or the array "
                "it is a view of)",
                mend="It would have to change with the other one: write x = x + y for x += y.",
            )
        return self._array

    # -- what it is -----------------------------------------------------------------------

    @property
    def value(self) -> Array:
        """Its plain values."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:
        """As NumPy's."""
        return tuple(self._value.shape)

    @property
    def ndim(self) -> int:
        """As NumPy's."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """As NumPy's."""
        return self._value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """As NumPy's."""
        kind: np.dtype[Any] = self._value.dtype
        return kind

    @property
    def T(self) -> Any:
        """As NumPy's."""
        return np.transpose(self)

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self._value)))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Tracked({np.array2string(self._value, separator=', ', threshold=20)})"

    def __format__(self, specification: str) -> str:
        return format(self._value[()], specification)

    # -- operations -----------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        name = f"np.{ufunc.__name__}"
        if method == "reduce" and ufunc.__name__ in REDUCTIONS:
            options.setdefault("axis", 0)  # a reduction of a ufunc is along the first axis
            return _call(f"{name}.reduce", REDUCTIONS[ufunc.__name__], inputs, options)
        if method == "accumulate" and ufunc is np.add:
            return _call(f"{name}.accumulate", FUNCTIONS["cumsum"], inputs, {"axis": 0} | options)
        if method != "__call__":
            raise _unknown(f"{name}.{method}")
        if options:
            raise _unknown(f"{name} with {next(iter(options))}=")
        plain = [_operand(x, name) for x in inputs]
        if ufunc.__name__ in FLAT_UFUNCS:
            return ufunc(*plain)
        rules = UFUNCS.get(ufunc.__name__)
        if rules is None:
            raise _unknown(name)
        value = ufunc(*plain)
        links = [
            (x._node, x._value, _pull_of(rule, value, plain, position, ufunc), None)
            for position, (x, rule) in enumerate(zip(inputs, rules, strict=True))
            if isinstance(x, Tracked)
        ]
        return _made(value, links)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> Any:
        module = function.__module__.removeprefix("numpy").lstrip(".")
        key = f"{module}.{function.__name__}".lstrip(".")
        if key in FLAT_FUNCTIONS:
            return function(*_stripped(args), **_stripped(options))
        if key in COMPOSED:
            return _compose(f"np.{key}", COMPOSED[key], args, options)
        if key not in FUNCTIONS:
            raise _unknown(f"np.{key}")
        return _call(f"np.{key}", FUNCTIONS[key], args, options)

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Tracked) for part in parts):
            raise UserError(
                "a tracked array was used as an index",
                mend="An index has no derivative: index by plain integers or comparisons.",
            )
        value = self._value[index]
        repeats = any(
            isinstance(part, list | np.ndarray) and np.asarray(part).dtype != bool for part in parts
        )

        def scatter(g: Array, into: Array) -> None:
            if repeats:
                np.add.at(into, index, g)
            else:
                into[index] += g

        return _made(value, [(self._node, self._value, None, scatter)], views_of=(self,))

    def __setitem__(self, index: Any, new: Any) -> None:
        if self._outdated is not None and self._outdated[0] is new:  # x[1:] *= 2 ends so
            self._outdated = (
                None if _same_place(self._array[index], self._outdated[1]) else self._outdated
            )
        value = self._value.copy()
        plain = _operand(new, "x[...] = y")
        value[index] = plain

        def keep(g: Array) -> Array:
            kept = g.copy()
            kept[index] = 0.0
            return kept

        links: list[Any] = [(self._node, self._value, keep, None)]
        if isinstance(new, Tracked):
            pull: Pull = lambda g: to_shape_of(g[index], plain)  # noqa: E731
            links.append((new._node, new._value, pull, None))
        self._become(_made(value, links))

    def _in_place(self, other: Any, operation: np.ufunc) -> Tracked:
        self._become(operation(self, other))
        return self

    def _become(self, made: Any) -> None:
        if made.shape != self.shape:
            raise UserError(
                "work in place cannot change a shape",
                expected=str(self.shape),
                given=str(made.shape),
            )
        for reference in self._family or ():
            relative = reference()
            if relative is None or relative is self:
                continue
            if np.may_share_memory(relative._array, self._array):
                relative._outdated = (self, self._array)
        self._array, self._node, self._family = made._array, made._node, None

    def __iadd__(self, other: Any) -> Tracked:
        return self._in_place(other, np.add)

    def __isub__(self, other: Any) -> Tracked:
        return self._in_place(other, np.subtract)

    def __imul__(self, other: Any) -> Tracked:
        return self._in_place(other, np.multiply)

    def __itruediv__(self, other: Any) -> Tracked:
        return self._in_place(other, np.divide)

    def __ipow__(self, other: Any) -> Tracked:
        return self._in_place(other, np.power)

    # -- what would lose the derivative ----------------------------------------------------

    def _lost(self, what: str) -> NoReturn:
        raise UserError(
            f"{what} of a tracked array would lose how it was computed",
            mend="Use NumPy's functions on it (np.exp for math.exp, np.stack of a list for "
            f"np.array, np.max for max of numbers), {_DETACH}.",
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        self._lost("a plain array")

    def __float__(self) -> NoReturn:
        self._lost("a plain number")

    def __int__(self) -> NoReturn:
        self._lost("a plain number")

    def item(self, *index: int) -> NoReturn:
        """Refused: a plain number would lose how it was computed."""
        self._lost("a plain number")

    def tolist(self) -> NoReturn:
        """Refused: plain numbers would lose how they were computed."""
        self._lost("a list")

    # -- NumPy's methods ------------------------------------------------------------------

    def reshape(self, *shape: Any) -> Any:
        """As NumPy's."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """As NumPy's."""
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As NumPy's: tracked where the type is one of real numbers, plain where of integers."""
        kind = np.dtype(dtype)
        if kind.kind != "f":
            return self._value.astype(kind)
        pull: Pull = lambda g: g  # noqa: E731
        return _made(self._value.astype(kind), [(self._node, self._value, pull, None)])


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Tracked, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__, method.__doc__ = name, "As NumPy's."
    return method


for _name in (
    "sum", "mean", "prod", "max", "min", "std", "var", "cumsum", "clip", "dot", "ravel",
    "squeeze", "swapaxes", "repeat", "take", "argmax", "argmin", "argsort", "any", "all",
    "nonzero", "round", "diagonal", "copy",
):  # fmt: skip
    setattr(Tracked, _name, _method(_name))
Tracked.flatten = Tracked.ravel  # type: ignore[attr-defined]


# -- making nodes -------------------------------------------------------------------------


def _plain_numbers(value: Any) -> Array:
    try:  # np.asarray of a quantity would drop its unit
        array = np.asarray(None if hasattr(value, "to_base_units") else value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise UserError(
            "only arrays of real numbers are tracked",
            given=type(value).__name__,
            mend='Give plain numbers in a unit of your choice: x.to("mV").magnitude.',
        )
    return array


def _operand(x: Any, where: str) -> Any:
    """Return the plain value of an operand; refuse what NumPy would wrap or box."""
    if isinstance(x, Tracked):
        return x._value
    if isinstance(x, bool | int | float | np.ndarray | np.generic):
        return x
    if isinstance(x, list | tuple) and not any(isinstance(entry, Tracked) for entry in x):
        return np.asarray(x)
    mend = "np.stack makes one array of a list of tracked ones."
    if not isinstance(x, list | tuple):
        mend = 'Give plain numbers in the unit of the array: x.to("mV").magnitude.'
    raise UserError(
        f"{where} of a tracked array and something that is no array of numbers",
        given=type(x).__name__,
        mend=mend,
    )


def _made(value: Any, links: Sequence[Any], views_of: Sequence[Tracked] = ()) -> Any:
    made = Tracked.__new__(Tracked)
    made._array = np.asarray(value)
    made._node = Node(links)
    made._family = made._outdated = None
    for source in views_of:
        if np.may_share_memory(made._array, source._array):
            family = source._family
            if family is None:
                family = source._family = [weakref.ref(source)]
            family.append(weakref.ref(made))
            made._family = family
    return made


def _same_place(a: Array, b: Array) -> bool:
    return bool(a.__array_interface__["data"] == b.__array_interface__["data"]) and (
        (a.shape, a.strides) == (b.shape, b.strides)
    )


def _pull_of(rule: Any, value: Any, plain: list[Any], position: int, ufunc: np.ufunc) -> Pull:
    def pull(g: Array) -> Any:
        with np.errstate(all="ignore"):  # the slope may be infinite; it then says so itself
            through = rule(g, value, *plain)
        return through if ufunc is np.matmul else to_shape_of(through, plain[position])

    return pull


def _stripped(x: Any) -> Any:
    if isinstance(x, Tracked):
        return x._value
    if isinstance(x, list | tuple):
        return type(x)(_stripped(entry) for entry in x)
    if isinstance(x, dict):
        return {name: _stripped(entry) for name, entry in x.items()}
    return x


_signature = lru_cache(maxsize=None)(inspect.signature)


def _call(name: str, rule: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Call a function's rule on plain values and link its pulls to what was tracked."""
    try:
        bound = _signature(rule).bind(*args, **options)
    except TypeError as error:
        raise _unknown(f"{name} called so ({error})") from None
    given = bound.arguments
    bound.arguments = {key: _stripped(x) for key, x in given.items()}
    try:
        value, pulls = rule(*bound.args, **bound.kwargs)
    except NotKnownError as unknown:
        raise _unknown(f"{name} called so ({unknown})") from None
    links: list[Link] = []
    sources = []
    for key, x in given.items():
        tracked = [(n, e) for n, e in enumerate(_entries(x)) if isinstance(e, Tracked)]
        if not tracked:
            continue
        if key not in pulls:
            raise _unknown(f"{name} by its argument {key}")
        pull = pulls[key]
        if pull is None:  # a condition: no derivative, and none wanted
            continue
        for n, entry in tracked:
            one = pull if isinstance(x, Tracked) else _entry_of(pull, n)
            links.append((entry._node, entry._value, one, None))
            sources.append(entry)
    return _made(value, links, views_of=sources) if links else value


def _compose(name: str, function: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Call a function that is written in others."""
    try:
        _signature(function).bind(*args, **options)
        return function(*args, **options)
    except (TypeError, NotKnownError) as error:
        raise _unknown(f"{name} called so ({error})") from None


def _entries(x: Any) -> Sequence[Any]:
    if isinstance(x, dict):  # keywords of a function that only moves elements
        return list(x.values())
    return x if isinstance(x, list | tuple) else (x,)


def _entry_of(pull: Callable[[Array], Sequence[Array]], n: int) -> Pull:
    return lambda g: pull(g)[n]


def _unknown(what: str) -> UserError:
    return UserError(
        f"{what} has no derivative here",
        expected="operators, slices, and NumPy's " + ", ".join(sorted({*FUNCTIONS, *COMPOSED})),
        mend=f"Write it with those, {_DETACH}.",
    )


# -- the way back --------------------------------------------------------------------------


def detach(x: Any) -> Any:
    """Plain values of a tracked array, a constant for derivatives; anything else as it is.

    Examples
    --------
    >>> from rheobase.gradients import Tracked, detach
    >>> detach(Tracked([1.0, 2.0]))
    array([1., 2.])
    """
    return x.value if isinstance(x, Tracked) else x


def handed_out(source: Tracked) -> Tracked:
    """Return an array equal to another one, which stays as it is if this one is changed in place.

    What a function gets whose derivative by the other one is wanted: ``v -= 60`` in it would
    otherwise take the derivative by what is left.
    """
    made: Tracked = _made(source.value, [(source._node, source.value, _same, None)])
    return made


def _same(g: Array) -> Array:
    return g


def gradients_of(result: Any, sources: Sequence[Tracked]) -> list[Array]:
    """Derivative of one number by every entry of some tracked arrays.

    The notes are read from the result back, each once and after all that were made of it.

    Parameters
    ----------
    result : Tracked
        One number computed from the sources. A plain number depends on none of them: a warning
        says so, and the derivatives are zero.
    sources : sequence of Tracked
        Arrays as they were made (not changed in place since).

    Returns
    -------
    list of numpy.ndarray
        One a source, of its shape.

    Raises
    ------
    UserError
        A result that is not one number.
    """
    if not isinstance(result, Tracked):
        _one_number(np.asarray(result))
        warnings.warn(
            "the loss does not depend on what it is differentiated by (comparisons, floor, sign, "
            "argmax and detached values have no derivative): all derivatives are 0",
            RheobaseWarning,
            stacklevel=3,
        )
        return [np.zeros_like(source.value) for source in sources]
    _one_number(result.value)
    bars = bars_of(result._node, result.value, {id(source._node) for source in sources})
    return [
        np.array(bars[id(s._node)]) if id(s._node) in bars else np.zeros_like(s.value)
        for s in sources
    ]


def check_finite(bars: Sequence[Array]) -> None:
    """Refuse derivatives of a loss that are no numbers.

    Raises
    ------
    UserError
        One is nan or infinite.
    """
    if not all(np.isfinite(bar).all() for bar in bars):
        raise UserError(
            "the derivative of the loss is not finite",
            mend="a root or a logarithm of 0? Add a small number under it.",
        )


def _one_number(value: Array) -> None:
    if value.size != 1 or value.dtype.kind not in "fiub":
        raise UserError(
            "a loss is one number",
            given=f"an array of shape {value.shape} of {value.dtype}",
            mend="Reduce it: np.mean(...) or np.sum(...).",
        )


def value_and_gradient(
    function: Callable[..., Any], *arrays: Any
) -> tuple[float, tuple[Array, ...]]:
    """Value of a function written in NumPy, and its derivative by every entry of its arguments.

    The reverse mode of differentiation: one call of the function, then its operations from the
    last to the first; the cost is a few calls, whatever the number of entries.

    Parameters
    ----------
    function : callable
        Takes as many arrays, gives one number. Plain NumPy inside.
    *arrays : array_like
        Where to evaluate.

    Returns
    -------
    value : float
    gradient : tuple of numpy.ndarray
        One an argument, of its shape.

    Raises
    ------
    UserError
        A function of NumPy that has no derivative here (named), a result that is not one number.

    Examples
    --------
    >>> import numpy as np
    >>> from rheobase.gradients import value_and_gradient
    >>> v, target = np.array([-64.0, -60.0]), np.array([-65.0, -65.0])
    >>> value, (by_v, by_target) = value_and_gradient(
    ...     lambda a, b: np.mean((a - b) ** 2), v, target
    ... )
    >>> value, by_v.tolist()
    (13.0, [1.0, 5.0])
    """
    sources = [Tracked(x) for x in arrays]
    result = function(*[handed_out(source) for source in sources])
    gradient = gradients_of(result, sources)
    return float(np.asarray(detach(result)).reshape(())), tuple(gradient)
