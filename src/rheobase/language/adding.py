"""What two models are together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rheobase.errors import EquationError
from rheobase.language.building import Arguments


def add(first: Arguments, second: Arguments) -> Arguments:
    """Return the arguments of the sum of two models.

    Equations, values, inputs and functions of both; of threshold, reset, refractory, method
    and crossing the one that is given.

    Raises
    ------
    EquationError
        If both say something about the same thing, and not the same.
    """
    return Arguments(
        equations=first.equations + second.equations,
        threshold=_either("threshold", first.threshold, second.threshold),
        reset=_either("reset", first.reset, second.reset),
        refractory=_either("refractory", first.refractory, second.refractory),
        parameters=_both("parameters", first.parameters, second.parameters),
        initial=_initial(first.initial, second.initial),
        receives=_both("receives", first.receives, second.receives),
        method=_either("method", first.method, second.method, "auto"),
        crossing=_either("crossing", first.crossing, second.crossing, "grid"),
        functions=tuple(dict.fromkeys(first.functions + second.functions)),
        name=first.name,
        doc=first.doc,
    )


def _same(first: Any, second: Any) -> bool:
    return first is second or str(first) == str(second)


def _either(what: str, first: Any, second: Any, unset: Any = None) -> Any:
    if second == unset or _same(first, second):
        return first
    if first == unset:
        return second
    raise EquationError(
        f"cannot add: both models have a {what}, {first!r} and {second!r}",
        mend=f"give {what} in one of them only",
    )


def _both(what: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    for name in first.keys() & second.keys():
        if not _same(first[name], second[name]):
            raise EquationError(
                f"cannot add: {what} of both models name {name}, as {first[name]} and as"
                f" {second[name]}",
                mend="give it in one of them only, or give one another name",
            )
    return {**first, **second}


def _initial(first: Any, second: Any) -> Any:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return _both("initial", first, second)
    return _either("initial", first or None, second or None)
