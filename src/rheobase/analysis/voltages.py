"""What is measured of voltages takes: recorded variables, results, and arrays with their step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rheobase.errors import ShapeError, UserError
from rheobase.results import Result
from rheobase.results.seconds import times_in_seconds
from rheobase.units import DIMENSIONLESS, UNITS, parse_unit, split_quantity

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """A voltage over time, of some cells.

    Attributes
    ----------
    times : ndarray, shape (n,)
        In seconds, evenly spaced.
    columns : tuple of ndarray, shape (n,)
        One for each cell, or for each place on cells with a morphology, in `unit`.
    cells : ndarray, shape (columns,)
        Which cell each is of.
    sites : ndarray, shape (columns,), or None
        Of places, their numbers, as in the recording.
    unit : str
    """

    times: Floats
    columns: tuple[Floats, ...]
    cells: Indices
    sites: Indices | None
    unit: str


def samples_of(source: Any, dt: Any, call: str) -> Samples:
    """Return the samples of a voltage.

    Parameters
    ----------
    source
        A recorded variable, a DataArray over time (and cells or sites); a Result with one
        recording that has v; or numbers, a quantity or plain ones in mV, of shape (n,) or
        (n, cells), with `dt`.
    dt
        Of numbers, the interval of the samples.
    call : str
        The function that asks, for the error.

    Raises
    ------
    UserError, ShapeError, UnitError
        It is none of these.
    """
    example = f'{call}(result.traces["cells"].v)'
    if isinstance(source, Result):
        source = _of_result(source, call)
    if hasattr(source, "dims"):
        if "time" not in source.dims or source.ndim > 2:
            raise ShapeError(
                f"{call}: the trace is no recorded variable over time",
                given=f"dimensions {', '.join(map(str, source.dims)) or 'none'}",
                mend=f"write {example}",
            )
        others = [dim for dim in source.dims if dim != "time"]
        values = np.asarray(source.transpose("time", *others).values, np.float64)
        times = np.asarray(source["time"].values, np.float64)
        cells = _numbers_of(source, "cell", others)
        sites = _numbers_of(source, "site", others) if "site" in source.coords else None
        unit = str(source.attrs.get("units", "mV"))
    else:
        values, unit = _numbers(source, call, example)
        times = np.asarray(np.arange(values.shape[0]) * _interval(dt, call), np.float64)
        cells, sites = np.arange(1 if values.ndim == 1 else values.shape[1]), None
    columns = _checked(times, values.reshape(times.size, -1), unit, call)
    return Samples(times, columns, cells, sites, unit)


def _numbers_of(source: Any, name: str, others: list[Any]) -> Indices:
    """Return the cell, or the site, of each column; they count from 0 if nothing says them."""
    if name in source.coords:
        return np.atleast_1d(np.asarray(source[name].values, np.int64))
    return np.arange(source.sizes[others[0]] if others else 1)


def _of_result(result: Result, call: str) -> Any:
    names = [name for name in result.traces if "v" in result.traces[name]]
    if len(names) != 1:
        seen = f"the result has {len(names)} recordings of v; say which" if names else (
            "nothing of v was recorded in the result")  # fmt: skip
        raise UserError(
            f"{call}: {seen}",
            mend=f'write {call}(result.traces["{names[0]}"].v)'
            if names
            else 'write net.record(cells, "v") before the run',
        )
    return result.traces[names[0]].v


def _numbers(source: Any, call: str, example: str) -> tuple[Floats, str]:
    wrong = ShapeError(
        f"{call}: this is no trace of a voltage",
        expected='a DataArray such as result.traces["cells"].v, a result, or numbers with dt=',
        given=type(source).__name__,
        mend=f"write {example}",
    )
    if isinstance(source, str):
        raise wrong
    try:
        found, unit = split_quantity(source, "the trace")
        values = np.asarray(found, np.float64)
    except (UserError, TypeError, ValueError) as error:
        raise wrong from error
    if values.ndim not in (1, 2):
        raise wrong
    return values, "mV" if unit.dimension == DIMENSIONLESS else unit.text


def _interval(dt: Any, call: str) -> float:
    paste = f"{call}(trace, dt=0.1*ms)"
    if dt is None:
        raise UserError(f"{call}: the interval of the samples is missing", mend=f"write {paste}")
    found = times_in_seconds(dt, what=f"{call}: dt", paste=paste)
    if found.ndim or not found > 0:
        raise UserError(f"{call}: dt is one time above 0", given=str(dt), mend=f"write {paste}")
    return float(found)


def _checked(times: Floats, values: Floats, unit: str, call: str) -> tuple[Floats, ...]:
    if times.size < 3:
        raise ShapeError(f"{call}: the trace has {times.size} samples")
    if parse_unit(unit).dimension != UNITS["mV"].dimension:
        raise UserError(
            f"{call}: the trace is in {unit}, which is no voltage",
            mend='choose v: result.traces["cells"].v',
        )
    if not np.all(np.isfinite(values)):
        raise UserError(f"{call}: some samples are not finite numbers")
    steps = np.diff(times)
    if np.ptp(steps) > 1e-6 * steps.mean():
        raise UserError(f"{call}: the samples are not evenly spaced")
    return tuple(np.ascontiguousarray(column) for column in values.T)
