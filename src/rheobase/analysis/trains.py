"""What the statistics of spikes take: spike trains, a result, or lists of times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rheobase.errors import UserError
from rheobase.results import Result, SpikeTrains
from rheobase.results.seconds import seconds, times_in_seconds


def trains_of(source: Any, call: str) -> SpikeTrains:
    """Return the spike trains of a source.

    Parameters
    ----------
    source
        SpikeTrains; a Result of one population; the times of one cell; or a list of those of
        several (quantities, or plain numbers in seconds), which cover the time from 0 to the
        last spike.
    call : str
        The function that asks, for the error.

    Raises
    ------
    UserError
        It is none of these, or a result of several populations.
    UnitError
        The times are no times.
    """
    if isinstance(source, SpikeTrains):
        return source
    if isinstance(source, Result):
        names = list(source.spikes)
        if len(names) == 1:
            return source.spikes[names[0]]
        raise UserError(
            f"{call}: the result is of {len(names)} populations; say which",
            expected=f"the spikes of one of: {', '.join(names)}",
            mend=f'write {call}(result.spikes["{names[0] if names else "cells"}"])',
        )
    if isinstance(source, str) or not isinstance(source, Iterable):
        raise UserError(
            f"{call}: these are no spike trains",
            expected='result.spikes["cells"], the times of a cell, or a list of those of several',
            given=repr(source)[:60],
        )
    if hasattr(source, "magnitude") or (isinstance(source, np.ndarray) and source.dtype != object):
        flat = times_in_seconds(source, what=f"{call}: the times")
        return SpikeTrains.from_lists([flat] if flat.ndim < 2 else list(flat))
    items = list(source)
    if items and all(np.ndim(getattr(item, "magnitude", item)) == 0 for item in items):
        items = [times_in_seconds(items, what=f"{call}: the times")]
    return SpikeTrains.from_lists(items)


def positive_time(value: Any, call: str, what: str, paste: str) -> float:
    """Return a time above 0 in seconds: a quantity, a text, or a plain number of seconds."""
    found = seconds(value, what=f"{call}: {what}", paste=paste)
    if not 0 < found < np.inf:
        raise UserError(
            f"{call}: {what} is a time above 0", given=f"{found:g} s", mend=f"write {paste}"
        )
    return found
